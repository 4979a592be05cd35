"""Seeds inside objects: k-means on the position, with seeds that always are pixels of their object."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from spamlab.spam.lists import of_same_object

NEAR = 33  # seeds around each that are searched before all are


def place(
    objects: NDArray[np.int32],
    budget: NDArray[np.int64],
    rng: int | np.random.Generator = 0,
    density: NDArray[np.float64] | None = None,
    n_iter: int = 5,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Place the seeds of all objects by k-means on (row, col), in each object on its own.

    A round gives every certain pixel to the nearest seed of its object and moves each seed to the pixel of
    its cluster that is nearest to the mean. So a seed never leaves its object, however hollow that is, and
    always keeps its own pixel: no cluster is empty.

    Parameters
    ----------
    objects : (H, W) int32 ndarray
        An object map: 0 = uncertain, 1 to n = objects.
    budget : (n,) int64 ndarray
        Seeds of each object, from 1 to the number of its pixels.
    rng : int or Generator
        Draws the first seeds, see `scatter`.
    density : (H, W) float64 ndarray, optional
        How much each pixel counts, above 0.
    n_iter : int
        Rounds of k-means.

    Returns
    -------
    seeds : (K, 2) int64 ndarray
        (row, col) in pixels, object by object: the owners are ``np.repeat(np.arange(1, n + 1), budget)``.
    cells : (H, W) int32 ndarray
        The nearest seed of the same object for each certain pixel, -1 for uncertain ones.
    """
    pixels, owner, weight, chosen = _start(objects, budget, rng, density)
    seeds = pixels[chosen]
    owner_of_seed = np.repeat(np.arange(1, len(budget) + 1), budget)
    last = np.cumsum(budget)  # the seeds of each object end here
    before = np.searchsorted(chosen, np.arange(len(pixels)), side="right") - 1  # on the curve
    cells = np.maximum(before, (last - budget)[owner])
    for i in range(n_iter + 1):
        near = of_same_object(seeds, owner_of_seed, objects.shape, NEAR)
        gaps = np.square(seeds[:, None] - seeds[near]).sum(axis=2)
        _to_nearest(pixels, cells, seeds, near, gaps, owner, last)
        if i < n_iter:
            seeds = _medians(pixels, cells, weight, len(seeds))
    whole = np.full(objects.shape, -1, np.int32)
    whole[tuple(pixels.T)] = cells
    return seeds, whole


def scatter(
    objects: NDArray[np.int32],
    budget: NDArray[np.int64],
    rng: int | np.random.Generator = 0,
    density: NDArray[np.float64] | None = None,
) -> NDArray[np.int64]:
    """Draw the first seeds: an object is cut into pieces of equal weight, and each gets a random pixel.

    The pieces follow one another along a curve that fills the picture (Z-order), so seeds spread evenly.

    Parameters
    ----------
    objects, budget, rng, density
        See `place`.

    Returns
    -------
    (K, 2) int64 ndarray
        (row, col) of pixels, all different, object by object.
    """
    pixels, _, _, chosen = _start(objects, budget, rng, density)
    return pixels[chosen]


def _start(objects, budget, rng, density):
    """Sort the certain pixels object by object along the curve; choose the first seeds among them.

    Returns the pixels (n, 2), their objects counted from 0, their weights, and the places of the seeds.
    """
    rng = np.random.default_rng(rng)
    pixels = np.argwhere(objects > 0)
    owner = objects[objects > 0] - 1
    order = np.lexsort((_z_order(pixels), owner))
    pixels, owner = pixels[order], owner[order]
    weight = np.ones(len(pixels)) if density is None else density[tuple(pixels.T)]
    last = np.cumsum(np.bincount(owner))  # the pixels of each object end here
    first = np.append(0, last[:-1])
    cumulated = np.append(0.0, np.cumsum(weight))
    which = np.repeat(np.arange(len(budget)), budget)  # the object of each seed
    number = np.arange(len(which)) - np.repeat(np.cumsum(budget) - budget, budget)  # within its object
    part = (number + rng.random(len(which))) / budget[which]
    height = cumulated[first[which]] + part * (cumulated[last[which]] - cumulated[first[which]])
    chosen = np.searchsorted(cumulated, height, side="right") - 1
    return pixels, owner, weight, _apart(chosen, number, first[which], last[which], budget[which])


@njit(cache=True)
def _apart(chosen, number, first, last, budget):
    """Move increasing places within an object so that no two are the same and room is left for the rest."""
    for k in range(len(chosen)):
        low = first[k] if number[k] == 0 else chosen[k - 1] + 1
        chosen[k] = min(max(chosen[k], low), last[k] - budget[k] + number[k])
    return chosen


def _z_order(pixels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each (row, col) on the Z-order curve: the bits of both, interleaved."""
    numbers = np.arange(int(pixels.max(initial=0)) + 1)
    apart = np.zeros_like(numbers)  # the bits of each number, with a gap after each
    for bit in range(int(numbers[-1]).bit_length()):
        apart |= (numbers >> bit & 1) << 2 * bit
    row, col = pixels.T
    return apart[row] << 1 | apart[col]


@njit(cache=True)
def _to_nearest(pixels, cells, seeds, near, gaps, owner, last):
    """Move each pixel from its cell to the nearest seed of its object, the first one in a tie.

    `near` lists the seeds around each, `gaps` their squared distances. One that is more than twice as far
    from the pixel's seed as the pixel itself cannot be nearer to the pixel, so the search ends there. Where
    the list ends first, the search goes on from the best seed in it, and if that is the same, through all.
    """
    for p in range(len(pixels)):
        best, least = _nearer(pixels[p], seeds, cells[p], cells[p], np.inf)
        old, done = -1, False
        while not done and best != old:
            old, limit = best, 4 * least
            for i in range(1, near.shape[1]):
                done = near[old, i] < 0 or gaps[old, i] > limit
                if done:
                    break
                best, least = _nearer(pixels[p], seeds, near[old, i], best, least)
        if not done:
            for t in range(0 if owner[p] == 0 else last[owner[p] - 1], last[owner[p]]):
                best, least = _nearer(pixels[p], seeds, t, best, least)
        cells[p] = best


@njit(cache=True, inline="always")
def _nearer(pixel, seeds, t, best, least):
    away = float((pixel[0] - seeds[t, 0]) ** 2 + (pixel[1] - seeds[t, 1]) ** 2)
    return (t, away) if away < least or (away == least and t < best) else (best, least)


@njit(cache=True)
def _medians(pixels, cells, weight, n_seeds):
    """Return the pixel of each cluster that is nearest to its weighted mean; the first one in a tie."""
    sums = np.zeros((n_seeds, 3))
    for p in range(len(pixels)):
        k, w = cells[p], weight[p]
        sums[k, 0] += w * pixels[p, 0]
        sums[k, 1] += w * pixels[p, 1]
        sums[k, 2] += w
    best = np.full(n_seeds, np.inf)
    seeds = np.empty((n_seeds, 2), np.int64)
    for p in range(len(pixels)):
        k = cells[p]
        down, right = pixels[p, 0] - sums[k, 0] / sums[k, 2], pixels[p, 1] - sums[k, 1] / sums[k, 2]
        if down * down + right * right < best[k]:
            best[k] = down * down + right * right
            seeds[k] = pixels[p]
    return seeds
