"""Which seeds a pixel may join: the nearest of its object; uncertain pixels the nearest of any."""

import numpy as np
from numpy.typing import NDArray

from spamlab.candidates import nearest


def of_same_object(
    seeds: NDArray[np.int64], owner: NDArray[np.int64], shape: tuple[int, int], n: int = 9
) -> NDArray[np.int64]:
    """List, for each seed, the nearest seeds of its object, itself first.

    Parameters
    ----------
    seeds : (K, 2) int64 ndarray
        (row, col) in pixels.
    owner : (K,) int64 ndarray
        The object of each seed.
    shape : (int, int)
        (H, W) of the picture.
    n : int
        How many to list.

    Returns
    -------
    (K, n) int64 ndarray
        Seeds from near to far; -1 where the object has no more.
    """
    lifted = lift(seeds, owner, shape)
    found = nearest(lifted, lifted, n)
    return np.where(owner[found] == owner[:, None], found, -1)


def candidate_lists(
    cells: NDArray[np.int32], seeds: NDArray[np.int64], owner: NDArray[np.int64], n: int = 9
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List what every pixel may join.

    Parameters
    ----------
    cells : (H, W) int32 ndarray
        The seed whose cell each certain pixel lies in, -1 for uncertain ones; see `place`.
    seeds : (K, 2) int64 ndarray
        (row, col) in pixels.
    owner : (K,) int64 ndarray
        The object of each seed.
    n : int
        How many seeds a list has.

    Returns
    -------
    candidates : (G, n) int64 ndarray
        The lists, -1 = empty slot. The first K are those of the cells, see `of_same_object`. The others
        serve uncertain pixels: the n nearest seeds of any object, in the order of their numbers.
    group : (H, W) int64 ndarray
        The list of each pixel.
    """
    candidates = of_same_object(seeds, owner, cells.shape, n)
    group = cells.astype(np.int64)
    doubt = np.argwhere(cells < 0)
    if len(doubt) == 0:
        return candidates, group
    lists = np.sort(nearest(doubt, seeds, n), axis=1)
    order = np.lexsort(lists.T)  # pixels with the same list side by side
    new = np.append(False, (np.diff(lists[order], axis=0) != 0).any(axis=1))
    number = np.empty(len(doubt), np.int64)
    number[order] = np.cumsum(new)
    new[0] = True
    group[cells < 0] = len(seeds) + number
    return np.concatenate([candidates, lists[order][new]]), group


def lift(points: NDArray, owner: NDArray, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Add to (row, col) a height for each object, so far apart that the nearest are of the same object."""
    return np.column_stack([points, owner.astype(np.float64) * sum(shape)])
