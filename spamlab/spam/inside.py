"""Seeds inside objects: k-means on the position, with seeds that always are pixels of their object."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from spamlab.candidates import nearest


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
    owner = np.repeat(np.arange(1, len(budget) + 1), budget)
    pixels = np.argwhere(objects > 0)
    weight = np.ones(len(pixels)) if density is None else density[objects > 0]
    lifted = lift(pixels, objects[objects > 0], objects.shape)
    seeds = scatter(objects, budget, rng, density)
    for _ in range(n_iter):
        cells = nearest(lifted, lift(seeds, owner, objects.shape), 1)[:, 0]
        seeds = _medians(pixels, cells, weight, len(seeds))
    whole = np.full(objects.shape, -1, np.int32)
    whole[objects > 0] = nearest(lifted, lift(seeds, owner, objects.shape), 1)[:, 0]
    return seeds, whole


def lift(points: NDArray, owner: NDArray, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Add to (row, col) a height for each object, so far apart that the nearest are of the same object."""
    return np.column_stack([points, owner.astype(np.float64) * sum(shape)])


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
    rng = np.random.default_rng(rng)
    pixels = np.argwhere(objects > 0)
    owner = objects[objects > 0] - 1
    order = np.lexsort((_z_order(pixels), owner))
    weight = np.ones(len(pixels)) if density is None else density[objects > 0][order]
    last = np.cumsum(np.bincount(owner))  # the pixels of each object end here
    first = np.append(0, last[:-1])
    cumulated = np.append(0.0, np.cumsum(weight))
    which = np.repeat(np.arange(len(budget)), budget)  # the object of each seed
    number = np.arange(len(which)) - np.repeat(np.cumsum(budget) - budget, budget)  # within its object
    part = (number + rng.random(len(which))) / budget[which]
    height = cumulated[first[which]] + part * (cumulated[last[which]] - cumulated[first[which]])
    chosen = np.searchsorted(cumulated, height, side="right") - 1
    return pixels[order[_apart(chosen, number, first[which], last[which], budget[which])]]


@njit(cache=True)
def _apart(chosen, number, first, last, budget):
    """Move increasing places within an object so that no two are the same and room is left for the rest."""
    for k in range(len(chosen)):
        low = first[k] if number[k] == 0 else chosen[k - 1] + 1
        chosen[k] = min(max(chosen[k], low), last[k] - budget[k] + number[k])
    return chosen


def _z_order(pixels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each (row, col) on the Z-order curve: the bits of both, interleaved."""
    code = np.zeros(len(pixels), np.int64)
    for bit in range(int(pixels.max(initial=0)).bit_length()):
        row, col = (pixels >> bit & 1).T
        code |= row << 2 * bit + 1 | col << 2 * bit
    return code


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
