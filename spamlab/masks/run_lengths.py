"""The run-length coding of COCO, which SA-1B uses.

The mask is read column by column. Its code is the lengths of the runs of equal pixels: outside, inside,
outside, and so on; the first one is 0 if the mask starts inside. In the short form a length after the third
is replaced by its difference to the last but one. Numbers are cut into groups of 5 bits, the lowest first.
Each group is one character: its value, plus 32 if more groups follow, plus 48. A negative number ends with a
group whose highest bit (16) is set.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spamlab.masks.mask import Mask

_LONGEST = 7  # groups of 5 bits: more than any picture needs, and no sum of theirs leaves 64 bits


def encode(mask: Mask | ArrayLike) -> dict[str, Any]:
    """Return a mask as COCO's run lengths.

    Parameters
    ----------
    mask : Mask or (H, W) bool array_like

    Returns
    -------
    dict
        "size": [H, W], "counts": the run lengths in their short form, a string.
    """
    mask = mask if isinstance(mask, Mask) else Mask(mask)
    height, width = mask.mask.shape
    return {"size": [height, width], "counts": _to_text(_runs(mask))}


def decode(segmentation: dict[str, Any]) -> NDArray[np.bool_]:
    """Return the mask that run lengths stand for.

    Parameters
    ----------
    segmentation : dict
        "size": [H, W], "counts": the run lengths, as a string or as a list of numbers.

    Returns
    -------
    (H, W) bool ndarray

    Raises
    ------
    ValueError
        If an entry is missing or malformed, or the run lengths do not sum to H * W.
    """
    height, width, counts = _checked(segmentation)
    mask = np.zeros((height, width), bool)
    ends = np.cumsum(counts)
    start, stop = ends[:-1:2], ends[1::2]  # of the runs inside
    start, stop = start[stop > start], stop[stop > start]
    if start.size == 0:
        return mask
    left, right = start[0] // height, (stop[-1] - 1) // height + 1
    changes = np.zeros((right - left) * height + 1, np.int8)
    np.add.at(changes, start - left * height, 1)
    np.add.at(changes, stop - left * height, -1)
    columns = np.cumsum(changes[:-1], dtype=np.int8).view(bool).reshape(-1, height)
    mask[:, left:right] = columns.T
    return mask


def _runs(mask: Mask) -> NDArray[np.int64]:
    """Return the lengths of the runs, column by column; only the bounding box is looked at."""
    height, width = mask.mask.shape
    top, left, bottom, right = mask.bbox
    padded = np.zeros((right - left, bottom - top + 2), np.int8)
    padded[:, 1:-1] = mask.inside.T
    change = np.diff(padded, axis=1)
    at = (np.arange(left, right) * height + top)[:, None] + np.arange(bottom - top + 1)
    start, stop = at[change == 1], at[change == -1]
    apart = start[1:] != stop[:-1]  # a run may go on in the next column
    start, stop = start[np.append(True, apart)[: len(start)]], stop[np.append(apart, True)[: len(stop)]]
    edges = np.stack([start, stop], axis=1).ravel()
    lengths = np.diff(edges, prepend=0, append=height * width)
    return lengths[: len(lengths) - int(len(lengths) > 1 and lengths[-1] == 0)]


def _to_text(counts: NDArray[np.int64]) -> str:
    values = counts.copy()
    values[3:] -= counts[1:-2]
    powers = 1 << (5 * np.arange(1, _LONGEST + 1) - 1)  # g groups hold -2^(5g-1) to 2^(5g-1) - 1
    groups = 1 + np.searchsorted(powers, np.where(values < 0, ~values, values), side="right")
    turn = np.arange(groups.max())
    parts = (values[:, None] >> (5 * turn)) & 31
    parts += 48 + 32 * (turn < groups[:, None] - 1)
    return parts[turn < groups[:, None]].astype(np.uint8).tobytes().decode("ascii")


def _from_text(text: str) -> NDArray[np.int64]:
    parts = np.frombuffer(text.encode("utf-8"), np.uint8).astype(np.int64) - 48
    if parts.size == 0 or parts.min() < 0 or parts.max() > 63 or parts[-1] & 32:
        raise ValueError(
            f"counts {_short(text)} are no run lengths in the short form of COCO: characters '0' to 'o', the "
            "last one below 'P'"
        )
    last = np.flatnonzero(parts < 32)
    first = np.append(0, last[:-1] + 1)
    groups = last - first + 1
    if groups.max() > _LONGEST:
        raise ValueError(
            f"counts {_short(text)} hold a number of {groups.max()} characters, expected at most {_LONGEST}"
        )
    place = np.arange(len(parts)) - np.repeat(first, groups)
    values = np.add.reduceat((parts & 31) << (5 * place), first)
    values -= np.where(parts[last] & 16, 1 << (5 * groups), 0)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def _checked(segmentation: Any) -> tuple[int, int, NDArray[np.int64]]:
    """Return height, width and run lengths, or say what is wrong."""
    if not isinstance(segmentation, dict) or not {"size", "counts"} <= set(segmentation):
        raise ValueError(
            f"segmentation is {_short(segmentation)}, expected {{'size': [H, W], 'counts': run lengths}}; "
            "polygons have to be turned into run lengths first"
        )
    size, counts = segmentation["size"], segmentation["counts"]
    if not _whole(size) or len(size) != 2 or min(size) < 1:
        raise ValueError(f"size is {_short(size)}, expected [H, W], two numbers of at least 1")
    if isinstance(counts, bytes):
        counts = counts.decode("ascii", errors="replace")
    if not isinstance(counts, str) and not _whole(counts):
        raise ValueError(f"counts are {_short(counts)}, expected a string or a list of whole numbers")
    runs = _from_text(counts).tolist() if isinstance(counts, str) else counts
    if sum(runs) != size[0] * size[1] or min(runs) < 0:
        raise ValueError(
            f"counts sum to {sum(runs)} (the smallest is {min(runs, default=0)}), expected run lengths of 0 "
            f"or more that sum to H * W = {size[0]} * {size[1]} = {size[0] * size[1]}; encode the mask again"
        )
    return *size, np.array(runs, np.int64)


def _whole(values: Any) -> bool:
    return isinstance(values, Sequence) and all(type(value) is int for value in values)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
