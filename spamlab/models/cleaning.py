"""Masks among themselves and on their own: of overlapping boxes the best, without small holes and islands."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from spamlab.models.filters import box_of


def suppress(boxes: NDArray, scores: NDArray, max_overlap: float) -> NDArray[np.int64]:
    """Of boxes that overlap much keep the best: non-maximum suppression.

    The box of the highest score stays, and all whose IoU with it is greater than `max_overlap` go; so on with
    the rest. Of equal scores the first comes first. A box from pixel a to pixel b is b - a long, as in the
    program of SAM: a box of one row has no area, and overlaps with nothing.

    Parameters
    ----------
    boxes : (n, 4) array_like
        First row, first column, last row, last column.
    scores : (n,) array_like
    max_overlap : float

    Returns
    -------
    (m,) int64 ndarray
        Who stays, the best first.
    """
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    order = np.argsort(-np.asarray(scores, np.float32), kind="stable")
    kept = []
    while order.size:
        best, order = order[0], order[1:]
        kept.append(best)
        first = np.maximum(boxes[best, :2], boxes[order, :2])
        last = np.minimum(boxes[best, 2:], boxes[order, 2:])
        common = np.maximum(last - first, 0).prod(1)
        union = area[best] + area[order] - common
        overlap = np.divide(common, union, out=np.zeros_like(union), where=union > 0)
        order = order[~(overlap.astype(np.float64) > max_overlap)]
    return np.array(kept, np.int64)


def clean(mask: NDArray[np.bool_], min_area: float) -> tuple[NDArray[np.bool_], bool]:
    """Fill small holes, then drop small islands; pieces are 8-connected, and the largest island stays.

    Parameters
    ----------
    mask : (H, W) bool ndarray
    min_area : float
        Holes and islands of fewer pixels are small. What lies around the mask is a hole if it is small.

    Returns
    -------
    mask : (H, W) bool ndarray
    touched : bool
        Whether there was a small piece; the mask is the same if it is the only island.
    """
    top, left, bottom, right = box_of(mask)
    if min_area <= 0 or not mask.any():
        return mask, False
    # rows and columns without the mask become one on each side, which counts as many times
    rows, cols = (
        np.array([n for n in (first, *[1] * (last + 1 - first), size - 1 - last) if n > 0])
        for first, last, size in ((top, bottom, mask.shape[0]), (left, right, mask.shape[1]))
    )
    weight = np.outer(rows, cols)
    kept = mask[np.ix_(np.cumsum(rows) - rows, np.cumsum(cols) - cols)]
    around, holes = _without_small(~kept, weight, min_area, keep_largest=False)
    kept, islands = _without_small(~around, weight, min_area, keep_largest=True)
    if not (holes or islands):
        return mask, False
    return np.repeat(np.repeat(kept, rows, 0), cols, 1), True


def _without_small(
    mask: NDArray[np.bool_], weight: NDArray[np.int64], min_area: float, keep_largest: bool
) -> tuple[NDArray[np.bool_], bool]:
    """Drop the small pieces of a mask; if all are small, all or all but the largest, the first of equals.

    Also tell whether there was a small piece.
    """
    pieces, n = label(mask, np.ones((3, 3)))
    area = np.bincount(pieces.ravel(), weight.ravel(), n + 1)
    large = area >= min_area
    large[0] = False
    small = n - np.count_nonzero(large)
    if keep_largest and small == n > 0:
        large[1 + np.argmax(area[1:])] = True
    return large[pieces], small > 0
