"""Checks of arguments that several methods share: the value, what was expected, the remedy."""

import math
import numbers


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


def window(name: str, value: int) -> int:
    """Return `value`, the side of a window in pixels, if it is odd and above 0; raise as `whole_number`."""
    value = whole_number(name, value, "an odd window in pixels; 1 leaves no pixel out", 1)
    if value % 2 == 0:
        raise ValueError(f"{name}={value}, expected an odd window in pixels, such as {value + 1}")
    return value
