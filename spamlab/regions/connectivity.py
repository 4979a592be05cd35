"""Connectivity: every label in one piece, and no piece too small."""

import heapq

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from spamlab._arguments import number
from spamlab.regions.maps import (
    as_labels,
    components,
    per_pixel,
    region_means,
    relabel,
    same_shape,
    sizes,
)


def enforce_connectivity(
    labels: ArrayLike,
    min_size: float,
    features: ArrayLike | None = None,
    within: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> NDArray[np.int32]:
    """Make every label 4-connected and merge the components that are too small.

    The smallest component goes first (ties: the one that starts first in raster order). It joins the
    eligible neighbour with the longest shared border (ties: the nearest mean feature, then the smaller one,
    then the one that starts first). Large components are never split. So the result does not depend on the
    direction of a scan, unlike that of the usual programs, which take a neighbour met by the scan.

    Parameters
    ----------
    labels : (H, W) int array_like
        A label map; -1 = outside, which stays outside and joins nothing.
    min_size : float
        Components with fewer pixels are merged. One that has no eligible neighbour stays.
    features : (H, W, C) or (H * W, C) array_like, optional
        Features that settle ties.
    within : (H, W) int array_like, optional
        An object map that merges may not cross: 1 to n = objects, 0 = uncertain pixels, which may join
        anything. No region of the result holds pixels of two objects.
    weight : (H, W) array_like, optional
        How much each pixel counts; by default 1. A component is as small as its sum, for `min_size` and for
        the order, but not in ties.

    Returns
    -------
    (H, W) int32 ndarray
        Labels 0 to n - 1, each 4-connected, numbered by their first pixel in raster order.

    Raises
    ------
    ValueError
        If `within`, `features` or `weight` belongs to a picture of another size.
    """
    labels = as_labels(labels)
    min_size = number("min_size", min_size, "0 or more pixels", low=0)
    if within is not None:
        within = same_shape(as_labels(within, "within"), labels, "within")
        if within.min() < 0:
            raise ValueError(
                f"within holds {within.min()}, expected 0 (uncertain) or the number of an object"
            )
    parts = components(labels, within)
    size = sizes(parts)
    values = np.zeros(labels.shape) if features is None else per_pixel(features, labels, "features")
    means = region_means(parts, values)
    weight = None if weight is None else per_pixel(weight, labels, "weight").ravel()
    mass = np.bincount(parts.ravel() + 1, weight)[1:].astype(np.float64)
    objects = np.zeros(len(size), np.int32)
    if within is not None:
        objects[parts[parts >= 0]] = within[parts >= 0]
    # Pixels of each component side by side, so that a merge walks only the component it moves.
    order = np.argsort(parts.ravel(), kind="stable")[labels.size - int(size.sum()) :]
    joined = _merge_small(parts, order, size, mass, means, objects, min_size)
    return relabel(np.append(joined, -1)[parts])


@njit(cache=True)
def _root(parent, c):
    while parent[c] != c:
        parent[c] = parent[parent[c]]
        c = parent[c]
    return c


@njit(cache=True)
def _shared_borders(parts, order, start, following, parent, c, border):
    """Count the pixel edges component c shares with each neighbour, in `border`; return the neighbours."""
    H, W = parts.shape
    neighbours = [c]
    piece = c
    while piece >= 0:  # c and all components it has absorbed
        for pixel in order[start[piece] : start[piece + 1]]:
            i, j = divmod(pixel, W)
            for di, dj in ((-1, 0), (0, -1), (0, 1), (1, 0)):
                if 0 <= i + di < H and 0 <= j + dj < W and parts[i + di, j + dj] >= 0:
                    other = _root(parent, parts[i + di, j + dj])
                    if other != c:
                        if border[other] == 0:
                            neighbours.append(other)
                        border[other] += 1
        piece = following[piece]
    return neighbours[1:]


@njit(cache=True)
def _best_neighbour(c, neighbours, border, means, size, objects):
    best, best_tie = -1, (np.inf, 0, 0)
    for other in neighbours:
        if objects[c] != 0 and objects[other] != 0 and objects[c] != objects[other]:
            continue
        tie = (((means[c] - means[other]) ** 2).sum(), size[other], other)
        longer = best < 0 or border[other] > border[best]
        if longer or (border[other] == border[best] and tie < best_tie):
            best, best_tie = other, tie
    return best


@njit(cache=True)
def _merge_small(parts, order, size, mass, means, objects, min_size):
    n = len(size)
    start = np.zeros(n + 1, np.int64)
    start[1:] = np.cumsum(size)
    parent = np.arange(n)
    following = np.full(n, -1)  # the components merged into one form a list ...
    last = np.arange(n)  # ... and this is its end
    border = np.zeros(n, np.int64)
    queue = [(mass[c], c) for c in range(n) if mass[c] < min_size]
    heapq.heapify(queue)
    while len(queue) > 0:
        least, c = heapq.heappop(queue)
        if parent[c] != c or least != mass[c]:
            continue  # merged away, or grown and queued again
        neighbours = _shared_borders(parts, order, start, following, parent, c, border)
        best = _best_neighbour(c, neighbours, border, means, size, objects)
        for other in neighbours:
            border[other] = 0
        if best < 0:
            continue
        kept, gone = min(c, best), max(c, best)  # an index always tells which one starts first
        means[kept] = (means[c] * size[c] + means[best] * size[best]) / (size[c] + size[best])
        size[kept] += size[gone]
        mass[kept] += mass[gone]
        objects[kept] = max(objects[c], objects[best])
        parent[gone] = kept
        following[last[kept]] = gone
        last[kept] = last[gone]
        if mass[kept] < min_size:
            heapq.heappush(queue, (mass[kept], kept))
    return np.array([_root(parent, c) for c in range(n)])
