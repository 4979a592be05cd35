"""Checks of arguments that several methods share: the value, what was expected, the remedy."""

import math
import numbers

import numpy as np
from numpy.typing import ArrayLike, NDArray


def number(
    name: str,
    value: float,
    expected: str,
    low: float = -math.inf,
    above: float = -math.inf,
    high: float = math.inf,
) -> float:
    """Return `value` as a float from `low` to `high` and greater than `above`.

    Raises
    ------
    TypeError
        If it is no real number.
    ValueError
        If it is NaN, infinite or outside the range.
    """
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise TypeError(f"{name}={value!r}, expected {expected}")
    if not (math.isfinite(value) and low <= value <= high and value > above):
        raise ValueError(f"{name}={value}, expected {expected}")
    return float(value)


def whole_number(name: str, value: int, expected: str, low: float, high: float = math.inf) -> int:
    """Return `value` as an int from `low` to `high`; 3.0 will do for 3.

    Raises
    ------
    TypeError
        If it is no whole number.
    ValueError
        If it is outside the range.
    """
    whole = isinstance(value, numbers.Real) and float(value).is_integer()
    if isinstance(value, bool) or not whole:
        raise TypeError(f"{name}={value!r}, expected a whole number: {expected}")
    if not low <= value <= high:
        raise ValueError(f"{name}={value}, expected {expected}")
    return int(value)


def pixel_points(points: ArrayLike, shape: tuple[int, int]) -> NDArray[np.integer]:
    """Return points of a picture as (n, 2), (row, col) in whole pixels; (2,) is one point.

    Parameters
    ----------
    points : (2,) or (n, 2) int array_like
    shape : (int, int)
        (H, W) of the picture.

    Raises
    ------
    ValueError
        If they are no such points, or one lies outside the picture.
    """
    points = np.atleast_2d(points)
    if points.ndim != 2 or points.shape[1] != 2 or points.dtype.kind not in "iu":
        raise ValueError(
            f"points have shape {points.shape} and dtype {points.dtype}, expected whole numbers: (row, col) "
            "or (n, 2)"
        )
    inside = (points >= 0) & (points < shape)
    if not inside.all():
        row, col = points[~inside.all(axis=1)][0]
        raise ValueError(
            f"point (row, col) = ({row}, {col}) lies outside the picture of {shape[0]} x {shape[1]} pixels"
        )
    return points
