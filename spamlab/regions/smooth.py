"""Smooth borders: every pixel asks the disc around it."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


def smooth(
    labels: NDArray[np.int32],
    radius: float | NDArray[np.floating],
    objects: NDArray[np.int32] | None = None,
    owner: NDArray[np.integer] | None = None,
) -> NDArray[np.int32]:
    """Let every pixel join the label that holds most of the disc around it, all pixels at once.

    A straight border stays where it is; a bulge shrinks, the faster the narrower it is. (Many votes of small
    discs move borders by their curvature: B. Merriman, J. Bence, S. Osher, "Diffusion generated motion by
    mean curvature", 1992.) With objects, a certain pixel counts labels of its own object alone.

    Parameters
    ----------
    labels : (H, W) int32 ndarray
        A label map without -1; a certain pixel has a label of its object.
    radius : float or (H, W) ndarray
        Of the disc, in pixels, for all or for each; below 1 nothing changes. Each different one takes a walk
        over the rows that have it.
    objects : (H, W) int32 ndarray, optional
        An object map: 0 = uncertain, 1 to n = objects. By default no pixel is certain.
    owner : (K,) int ndarray, optional
        The object of each label, wanted with `objects`.

    Returns
    -------
    (H, W) int32 ndarray
        The new labels. A pixel keeps its own in a tie; between others the lower number wins.
    """
    if objects is None:
        objects, owner = np.zeros_like(labels), np.zeros(int(labels.max()) + 1, np.int32)
    result, radius = labels.copy(), np.asarray(radius)
    for one in np.unique(radius[radius >= 1]):
        away = np.square(np.arange(-int(one), int(one) + 1))
        halves = (away[:, None] + away <= one**2).sum(axis=1) // 2  # pixels to each side, row by row
        asked = np.broadcast_to(radius == one, labels.shape).copy()
        _vote(labels, objects, owner, halves, asked, result)
    return result


@njit(cache=True)
def _vote(labels, objects, owner, halves, asked, result):
    """Set `result` at the pixels asked.

    The disc moves along each row: at every step a pixel enters and one leaves in each of its rows.
    """
    height, width = labels.shape
    reach, area = len(halves) // 2, 2 * halves.sum() + len(halves)
    votes = np.empty(len(owner), np.int64)
    present = np.empty(len(owner), labels.dtype)  # the n labels that have votes, in any order
    for row in range(height):
        cols = np.flatnonzero(asked[row])
        if len(cols) == 0:
            continue
        left = max(0, cols[0] - reach)  # the disc sees nothing further to the left
        votes[:], n = 0, 0
        for col in range(left - reach, cols[-1] + 1):
            for y in range(max(0, row - reach), min(height, row + reach + 1)):
                half = halves[y - row + reach]
                if left <= col + half < width:
                    n = _enter(labels[y, col + half], votes, present, n)
                if col - half > left:
                    n = _leave(labels[y, col - half - 1], votes, present, n)
            if col >= 0 and asked[row, col] and 2 * votes[labels[row, col]] < area:
                result[row, col] = _winner(labels[row, col], objects[row, col], owner, votes, present[:n])


@njit(cache=True)
def _enter(label, votes, present, n):
    votes[label] += 1
    if votes[label] > 1:
        return n
    present[n] = label
    return n + 1


@njit(cache=True)
def _leave(label, votes, present, n):
    votes[label] -= 1
    if votes[label] > 0:
        return n
    for i in range(n):
        if present[i] == label:
            present[i] = present[n - 1]
    return n - 1


@njit(cache=True)
def _winner(mine, object_here, owner, votes, present):
    """Return the label with most votes among those of the object; `mine` in a tie, then the lower number."""
    best = mine
    for label in present:
        allowed = object_here == 0 or owner[label] == object_here
        tie = votes[label] == votes[best] and best != mine and label < best
        if allowed and (votes[label] > votes[best] or tie):
            best = label
    return best
