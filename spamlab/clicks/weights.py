"""Attention by clicks: each click doubles or halves the weight of an object."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spamlab.features import pixel_points
from spamlab.spam import numbered, spread

STEPS = {"more": 1, "less": -1}  # powers of 2


def click_weights(points: Iterable[tuple[int, int, str]], objects: ArrayLike) -> NDArray[np.float64]:
    """Turn clicks into a weight per object: ``spam(image, K, objects, density=click_weights(...))``.

    The order of the clicks plays no part. Undo is to leave out the last one.

    Parameters
    ----------
    points : iterable of (row, col, kind)
        Whole numbers of pixels; "more" doubles the weight of the object there, "less" halves it. A click on
        an uncertain pixel counts for the nearest object, as its superpixels do.
    objects : (H, W) int array_like
        0 = uncertain, anything above = an object.

    Returns
    -------
    (n,) float64 ndarray
        In the order of the objects' numbers; 1 where nobody clicked.

    Raises
    ------
    TypeError, ValueError
        If `objects` is no object map, a point lies outside the picture, or a kind is unknown.
    """
    objects = numbered(objects, np.shape(objects))
    at = spread(objects) - 1
    power = np.zeros(int(objects.max()))
    for row, col, kind in points:
        if kind not in STEPS:
            raise ValueError(f"click ({row}, {col}) is of kind {kind!r}, expected 'more' or 'less'")
        ((row, col),) = pixel_points((row, col), at.shape)
        power[at[row, col]] += STEPS[kind]
    return 2.0**power
