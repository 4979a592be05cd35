"""Label maps: components, connectivity, adjacency, region means, relabelling.

A label map is (H, W) int32. Labels are 0 to n - 1; -1 marks pixels outside a mask. Neighbours are always
the four that share an edge.
"""

import heapq
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from skimage.measure import label as connected_labels


@dataclass(frozen=True)
class Details:
    """What a method knows besides its label map; a method fills in the fields it has.

    Attributes
    ----------
    n_obtained : int
        How many superpixels came out (`n_segments` is what was asked for).
    centres : (K, C) float64 ndarray
        The final centres, before connectivity.
    assignment : (H, W) int32 ndarray
        The centre each pixel joined, before connectivity.
    step : float
        The grid interval in pixels.
    residuals : tuple of float
        How far the centres moved in each iteration, as the method defines it.
    """

    n_obtained: int
    centres: NDArray | None = None
    assignment: NDArray | None = None
    step: float | None = None
    residuals: tuple[float, ...] = ()


def as_labels(labels: ArrayLike, name: str = "labels") -> NDArray[np.int32]:
    """Check a label map and return it as int32; `name` is what an error calls it.

    Raises
    ------
    TypeError
        If the values are no integers.
    ValueError
        If the map is not two-dimensional, is empty, or holds values below -1 or above 2^31 - 1.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iub":
        raise TypeError(f"{name} has dtype {labels.dtype}, expected integers; use {name}.astype(int)")
    if labels.ndim != 2 or labels.size == 0:
        raise ValueError(f"{name} has shape {labels.shape}, expected (H, W) with at least one pixel")
    if labels.min() < -1 or labels.max() > np.iinfo(np.int32).max:
        raise ValueError(
            f"{name} goes from {labels.min()} to {labels.max()}, expected -1 (outside) to 2147483647"
        )
    return labels.astype(np.int32)


def relabel(labels: ArrayLike) -> NDArray[np.int32]:
    """Renumber the labels to 0 to n - 1 in their old order; -1 stays -1."""
    labels = as_labels(labels)
    if labels.max() > 4 * labels.size:  # a table of all numbers up to the largest would not pay
        present, new = np.unique(labels, return_inverse=True)
        return (new.reshape(labels.shape) - int(present[0] == -1)).astype(np.int32)
    present = np.bincount(labels.ravel() + 1) > 0
    present[0] = False
    return (np.cumsum(present, dtype=np.int32) - 1)[labels + 1]


def components(labels: ArrayLike, within: ArrayLike | None = None) -> NDArray[np.int32]:
    """Split every label into its 4-connected components.

    Parameters
    ----------
    labels : (H, W) int array_like
        A label map; -1 = outside.
    within : (H, W) int array_like, optional
        A second map: a component then holds one label and one value of `within`.

    Returns
    -------
    (H, W) int32 ndarray
        Components 0 to n - 1, numbered by their first pixel in raster order; -1 = outside.
    """
    labels = relabel(labels)
    key = labels.astype(np.int64) + 1
    if within is not None:
        key = key * (int(np.max(within)) + 2) + np.where(labels < 0, 0, np.asarray(within) + 1)
    return connected_labels(key, background=0, connectivity=1).astype(np.int32) - 1


def sizes(labels: NDArray[np.int32]) -> NDArray[np.int64]:
    """Count the pixels of each label: (n,) int64 for labels 0 to n - 1; -1 is not counted."""
    return np.bincount(labels.ravel() + 1)[1:]


def region_means(labels: NDArray[np.int32], values: ArrayLike) -> NDArray[np.float64]:
    """Average values over each region.

    Parameters
    ----------
    labels : (H, W) int32 ndarray
        A label map; -1 is left out.
    values : (H, W), (H, W, C) or (H * W, C) array_like
        One value or feature vector per pixel.

    Returns
    -------
    (n, C) float64 ndarray
        The mean of each label 0 to n - 1 (NaN for a label without pixels), C = 1 for a single value.
    """
    values = np.asarray(values, np.float64).reshape(labels.size, -1)
    index, n = labels.ravel() + 1, int(labels.max()) + 2
    sums = np.stack([np.bincount(index, column, n) for column in values.T], axis=1)[1:]
    with np.errstate(invalid="ignore"):
        return sums / np.bincount(index, minlength=n)[1:, None]


def adjacency(labels: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """List which regions touch, and along how many pixel edges.

    Returns
    -------
    pairs : (E, 2) int32 ndarray
        Labels a < b of touching regions, sorted; -1 takes no part.
    lengths : (E,) int64 ndarray
        The number of pixel edges they share.
    """
    across = np.stack([labels[:, :-1].ravel(), labels[:, 1:].ravel()])
    down = np.stack([labels[:-1].ravel(), labels[1:].ravel()])
    a, b = np.sort(np.concatenate([across, down], axis=1), axis=0).astype(np.int64)
    crossing = (a != b) & (a >= 0)
    n = int(labels.max()) + 1
    keys, lengths = np.unique(a[crossing] * n + b[crossing], return_counts=True)
    return np.stack(np.divmod(keys, max(n, 1)), axis=1).astype(np.int32), lengths


def enforce_connectivity(
    labels: ArrayLike,
    min_size: float,
    features: ArrayLike | None = None,
    within: ArrayLike | None = None,
) -> NDArray[np.int32]:
    """Make every label 4-connected and merge the components that are too small.

    The smallest component goes first (ties: the one that starts first in raster order). It joins the
    eligible neighbour with the longest shared border (ties: the nearest mean feature, then the one that
    starts first). Large components are never split, so the result does not depend on the direction of a
    scan, unlike the usual procedure (Achanta et al. 2012), which takes the last neighbour it met.

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

    Returns
    -------
    (H, W) int32 ndarray
        Labels 0 to n - 1, each 4-connected, numbered by their first pixel in raster order.

    Raises
    ------
    ValueError
        If `within` or `features` belongs to a picture of another size.
    """
    labels = as_labels(labels)
    if within is not None:
        within = as_labels(within, "within")
        if within.shape != labels.shape:
            raise ValueError(f"within has shape {within.shape}, expected that of labels, {labels.shape}")
    parts = components(labels, within)
    size = sizes(parts)
    values = np.zeros((labels.size, 1)) if features is None else np.asarray(features, np.float64)
    if values.size % labels.size:
        raise ValueError(f"features have shape {values.shape}, expected one row per pixel of {labels.shape}")
    means = region_means(parts, values)
    objects = np.zeros(len(size), np.int32)
    if within is not None:
        objects[parts[parts >= 0]] = within[parts >= 0]
    # Pixels of each component side by side, so that a merge walks only the component it moves.
    order = np.argsort(parts.ravel(), kind="stable")[labels.size - int(size.sum()) :]
    joined = _merge_small(parts, order, size, means, objects, float(min_size))
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
def _best_neighbour(c, neighbours, border, means, objects):
    best, best_distance = -1, np.inf
    for other in neighbours:
        if objects[c] != 0 and objects[other] != 0 and objects[c] != objects[other]:
            continue
        distance = ((means[c] - means[other]) ** 2).sum()
        longer = best < 0 or border[other] > border[best]
        tie = best >= 0 and border[other] == border[best]
        if longer or (tie and (distance, other) < (best_distance, best)):
            best, best_distance = other, distance
    return best


@njit(cache=True)
def _merge_small(parts, order, size, means, objects, min_size):
    n = len(size)
    start = np.zeros(n + 1, np.int64)
    start[1:] = np.cumsum(size)
    parent = np.arange(n)
    following = np.full(n, -1)  # the components merged into one form a list ...
    last = np.arange(n)  # ... and this is its end
    border = np.zeros(n, np.int64)
    queue = [(size[c], c) for c in range(n) if size[c] < min_size]
    heapq.heapify(queue)
    while len(queue) > 0:
        pixels, c = heapq.heappop(queue)
        if parent[c] != c or pixels != size[c]:
            continue  # merged away, or grown and queued again
        neighbours = _shared_borders(parts, order, start, following, parent, c, border)
        best = _best_neighbour(c, neighbours, border, means, objects)
        for other in neighbours:
            border[other] = 0
        if best < 0:
            continue
        kept, gone = (
            min(c, best),
            max(c, best),
        )  # so that an index always tells which one starts first
        means[kept] = (means[c] * size[c] + means[best] * size[best]) / (size[c] + size[best])
        size[kept] += size[gone]
        objects[kept] = max(objects[c], objects[best])
        parent[gone] = kept
        following[last[kept]] = gone
        last[kept] = last[gone]
        if size[kept] < min_size:
            heapq.heappush(queue, (size[kept], kept))
    return np.array([_root(parent, c) for c in range(n)])
