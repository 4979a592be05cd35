"""What a mask must be like, judged at the size of the picture."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spamlab.models.upsampling import Cut, Frame

THRESHOLD = 0.0  # a logit above it is inside


@dataclass(frozen=True)
class Filters:
    """What a mask must be like.

    Attributes
    ----------
    min_iou : float
        Its predicted IoU must be greater; 0 keeps all.
    min_stability : float
        Its stability must be at least this; 0 keeps all.
    offset : float
        Stability is the number of pixels whose logit is greater than `offset`, divided by the number of those
        whose logit is greater than ``-offset``.
    max_overlap : float
        Boxes with a greater IoU than this are of one object.
    min_area : float
        Holes and islands of fewer pixels are removed; 0 keeps them.
    """

    min_iou: float = 0.88
    min_stability: float = 0.95
    offset: float = 1.0
    max_overlap: float = 0.7
    min_area: float = 0.0


def stable_box(
    frame: Frame, cut: Cut, filters: Filters, again: Callable[[], Cut] | None = None
) -> tuple[int, int, int, int] | None:
    """Return the box of a mask, or None if the mask is not stable, both at the size of the picture.

    Where pixels in doubt could change either, the logits that `again` returns decide, by default the same.
    """
    low, high = THRESHOLD - filters.offset, THRESHOLD + filters.offset
    found = frame.measure(cut, low, THRESHOLD, high)
    least, most = _ratio(found[0, 0], found[1, 1]), _ratio(found[1, 0], found[0, 1])
    unstable = not passes(most, filters), not passes(least, filters)
    if unstable[0] and unstable[1]:
        return None
    if unstable[1] or (found[0, 2:] != found[1, 2:]).any():
        logits = frame.full(cut if again is None else again(), low)
        if not passes(stability(logits, filters.offset), filters):
            return None
        return box_of(logits > THRESHOLD)
    top, bottom, left, right = found[0, 2:].tolist()
    return (top, left, bottom, right) if bottom >= top else (0, 0, 0, 0)


def passes(stability: np.float32, filters: Filters) -> bool:
    """Tell whether a mask is stable enough; 0 / 0 is not."""
    return filters.min_stability <= 0 or bool(stability >= np.float32(filters.min_stability))


def stability(logits: NDArray[np.float32], offset: float) -> np.float32:
    """Return the stability of a mask from its logits, see `Filters`; NaN if both numbers are 0."""
    inner, outer = (np.count_nonzero(logits > THRESHOLD + sign * offset) for sign in (1, -1))
    return _ratio(inner, outer)


def _ratio(inner: int, outer: int) -> np.float32:
    return (
        np.float32(inner) / np.float32(outer) if outer > 0 else np.float32(np.nan if inner == 0 else np.inf)
    )


def box_of(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return first row, first column, last row and last column of a mask; all 0 if it is empty."""
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (int(rows[0]), int(cols[0]), int(rows[-1]), int(cols[-1])) if rows.size else (0, 0, 0, 0)
