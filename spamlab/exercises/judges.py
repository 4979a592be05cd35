"""Judges of exercises that many answers solve: they say which promise an answer breaks, 0 for none.

A judge takes the answer and the inputs of a case, calls it, and returns a whole number; None if the answer
returned None. Inputs whose name begins with _ are for the judge alone.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

KEPT, FORM, NUMBERS, CHANGED, CHANCE, PIECES, FEW, MANY, GRID, GAPS = range(10)
ABOUT = 1 / 3  # by which share the number of pieces may differ from the one asked for


def partition(
    answer: Callable[[NDArray, int], ArrayLike], image: NDArray, n_segments: int, _truth: NDArray
) -> int | None:
    """Judge superpixels by what every method must promise, the first promise that is broken."""
    given = image.copy()
    labels = answer(given, n_segments)
    if labels is None:
        return None
    labels = np.asarray(labels)
    if labels.shape != image.shape[:2]:
        return FORM
    if labels.dtype.kind not in "iu":
        return NUMBERS
    if not np.array_equal(given, image):
        return CHANGED
    if not np.array_equal(labels, answer(image.copy(), n_segments)):
        return CHANCE
    return _pieces(labels, n_segments, _truth)


def _pieces(labels: NDArray, n_segments: int, truth: NDArray) -> int:
    from spamlab.metrics import asa  # here, so that exercises load without numba
    from spamlab.regions import components
    from spamlab.seeds import grid

    if labels.min() < 0:
        return GAPS
    n = len(np.unique(labels))
    if components(labels).max() + 1 > n:
        return PIECES
    if abs(n - n_segments) > ABOUT * n_segments:
        return FEW if n < n_segments else MANY
    return KEPT if asa(labels, truth) > asa(grid(truth.shape, n)[1], truth) else GRID


JUDGES = {"partition": partition}
