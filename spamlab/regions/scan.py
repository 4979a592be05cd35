"""Connectivity as released programs have it: one scan, which caps large pieces."""

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from spamlab._arguments import number
from spamlab.regions.maps import as_labels, relabel


def scan_connectivity(labels: ArrayLike, min_size: float, max_size: float) -> NDArray[np.int32]:
    """Make every label 4-connected in one scan, as scikit-image does and many released programs with it.

    From the first pixel on that has no piece yet, in raster order, a piece grows over pixels of the same
    label until it has `max_size` pixels; what is left of the label will be a piece of its own. A piece below
    `min_size` joins the piece that its growth met last. So the result depends on the direction of the scan,
    unlike that of `enforce_connectivity`; it is here to give the labels that released programs give.

    Parameters
    ----------
    labels : (H, W) int array_like
        A label map without -1.
    min_size, max_size : float
        Pixels, cut off to whole numbers.

    Returns
    -------
    (H, W) int32 ndarray
        Labels 0 to n - 1, each 4-connected, numbered by their first pixel in raster order.

    Raises
    ------
    TypeError, ValueError
        If `labels` is no label map or holds -1, or a size is out of its range.
    """
    labels = as_labels(labels)
    if labels.min() < 0:
        raise ValueError("labels hold -1, expected a label at every pixel")
    min_size = int(number("min_size", min_size, "0 or more pixels", low=0))
    max_size = max(1, int(number("max_size", max_size, "0 or more pixels", low=0)))
    return relabel(_scan(labels, min_size, max_size))


@njit(cache=True)
def _scan(labels, min_size, max_size):
    H, W = labels.shape
    piece = np.full((H, W), -1, np.int32)
    queue = np.empty((labels.size, 2), np.int64)
    new = 0
    for row in range(H):
        for col in range(W):
            if piece[row, col] < 0:
                size, met = _grow(labels, piece, queue, row, col, new, max_size)
                if size < min_size:
                    for at in range(size):
                        piece[queue[at, 0], queue[at, 1]] = met
                else:
                    new += 1
    return piece


@njit(cache=True)
def _grow(labels, piece, queue, row, col, new, max_size):
    """Grow the piece `new` from a pixel; return its size, and another piece that it met last (0 if none)."""
    H, W = labels.shape
    piece[row, col] = new
    queue[0] = row, col
    size, done, met = 1, 0, 0
    while done < size < max_size:
        i, j = queue[done]
        for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            r, c = i + down, j + right
            if not (0 <= r < H and 0 <= c < W):
                continue
            if piece[r, c] < 0 and labels[r, c] == labels[row, col]:
                piece[r, c] = new
                queue[size] = r, c
                size += 1
                if size == max_size:
                    break
            elif piece[r, c] >= 0 and piece[r, c] != new:
                met = piece[r, c]
        done += 1
    return size, met
