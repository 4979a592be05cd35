"""One mask and what is known of it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Mask:
    """A proposal: some pixels, and how sure its source is of them.

    Attributes
    ----------
    mask : (H, W) bool ndarray
        The pixels. A view that cannot be written to; the array given stays as it is.
    predicted_iou : float
        The overlap with the true object as the network guesses it, 0 to 1; NaN = not known.
    stability_score : float
        The overlap of the masks at a lower and a higher threshold, 0 to 1; NaN = not known.
    point : (float, float) or None
        (row, col) of the point that asked for this mask, in pixels.

    Raises
    ------
    TypeError
        If the values of `mask` are not bool.
    ValueError
        If `mask` is not two-dimensional or is empty, or `point` is no pair.
    """

    mask: NDArray[np.bool_]
    predicted_iou: float = math.nan
    stability_score: float = math.nan
    point: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        mask = np.asarray(self.mask).view()
        if mask.dtype != bool:
            raise TypeError(f"mask has dtype {mask.dtype}, expected bool; use mask > 0")
        if mask.ndim != 2 or mask.size == 0:
            raise ValueError(f"mask has shape {mask.shape}, expected (H, W) with at least one pixel")
        mask.flags.writeable = False  # area and box are kept after the first call
        object.__setattr__(self, "mask", mask)
        if self.point is not None:
            point = tuple(map(float, self.point))
            if len(point) != 2:
                raise ValueError(f"point={self.point}, expected (row, col) or None")
            object.__setattr__(self, "point", point)

    @cached_property
    def area(self) -> int:
        """The number of pixels."""
        return int(np.count_nonzero(self.inside))

    @cached_property
    def bbox(self) -> tuple[int, int, int, int]:
        """(top, left, bottom, right), the last two excluded: mask[top:bottom, left:right]; 0 for no pixel."""
        rows = np.flatnonzero(self.mask.any(axis=1))
        if rows.size == 0:
            return 0, 0, 0, 0
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        cols = np.flatnonzero(self.mask[top:bottom].any(axis=0))
        return top, int(cols[0]), bottom, int(cols[-1]) + 1

    @property
    def box(self) -> tuple[slice, slice]:
        """The bounding box as a pair of slices, to cut it out of any map: ``labels[mask.box]``."""
        top, left, bottom, right = self.bbox
        return slice(top, bottom), slice(left, right)

    @property
    def inside(self) -> NDArray[np.bool_]:
        """The mask within its bounding box, (bottom - top, right - left) bool."""
        return self.mask[self.box]


def as_masks(masks: Iterable[Mask | ArrayLike], shape: tuple[int, int] | None = None) -> list[Mask]:
    """Check masks of one picture and return them as a list of `Mask`.

    Parameters
    ----------
    masks : iterable of Mask or (H, W) bool array_like
        An (n, H, W) array will do.
    shape : (int, int), optional
        (H, W) of the picture; by default that of the first mask.

    Raises
    ------
    TypeError, ValueError
        If one of them is no mask, or has another shape.
    """
    found = [mask if isinstance(mask, Mask) else Mask(mask) for mask in masks]
    shape = found[0].mask.shape if shape is None and found else shape
    for number, mask in enumerate(found):
        if mask.mask.shape != tuple(shape):
            raise ValueError(
                f"masks[{number}] has shape {mask.mask.shape}, expected {tuple(shape)} as the picture has; "
                "take the masks of one picture at one size"
            )
    return found


def common_shape(masks: list[Mask], shape: tuple[int, int] | None = None) -> tuple[int, int]:
    """Return (H, W) of the picture that masks belong to; `shape` is needed where there is no mask.

    Raises
    ------
    ValueError
        If there is no mask and no shape, or the shape is none.
    """
    if masks:
        return masks[0].mask.shape
    if shape is None:
        raise ValueError("there is no mask, and shape is None; give shape=(H, W) of the picture")
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"shape={shape}, expected (H, W), two numbers of at least 1")
    return int(shape[0]), int(shape[1])


def from_labels(labels: ArrayLike) -> list[Mask]:
    """Turn a label map into masks, one per label in ascending order.

    A label in several pieces gives one mask. For a mask per piece give
    ``spamlab.regions.components(labels)``.

    Parameters
    ----------
    labels : (H, W) int array_like
        A label map; -1 = outside, which gets no mask.

    Returns
    -------
    list of Mask
        Disjoint masks that cover all pixels but those outside.

    Raises
    ------
    TypeError, ValueError
        If `labels` is no label map.
    """
    from spamlab.regions import as_labels, relabel  # here, because it loads numba

    labels = relabel(as_labels(labels))
    return [Mask(labels == k) for k in range(int(labels.max()) + 1)]
