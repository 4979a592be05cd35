"""All steps in a row: from overlapping masks to an object map.

The steps are those of SPAM (Walther et al., 2025), with these corrections. The smallest area is that of the
picture, not of its last two axes. No window wraps around the border, and the border erodes nothing. What
comes out does not depend on the order of masks of one size. The uncertain band may cut an object; its pieces
are objects only if they are large enough.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spamlab.masks import Mask, as_masks, common_shape
from spamlab.objects.steps import (
    add_artefacts,
    area_limit,
    large_pieces,
    largest,
    open_and_split,
    or_one,
    smallest_wins,
    uncertain_band,
)


@dataclass(frozen=True)
class Details:
    """The maps between the masks and the objects, in the order of the steps.

    Attributes
    ----------
    n_obtained : int
        How many objects came out.
    min_area : float
        Objects have more pixels than this.
    masks : list of Mask
        Those larger than that.
    owner : (H, W) int32 ndarray
        The smallest mask that covers each pixel, as an index into `masks`; -1 = none covers it.
    split : (H, W) int32 ndarray
        The large pieces of every region after the opening; 0 = artefacts.
    whole : (H, W) int32 ndarray
        The same, with the objects found among the artefacts.
    band : (H, W) bool ndarray
        The pixels that have another object within the window.
    """

    n_obtained: int
    min_area: float
    masks: list[Mask]
    owner: NDArray[np.int32]
    split: NDArray[np.int32]
    whole: NDArray[np.int32]
    band: NDArray[np.bool_]


def object_map(
    masks: Iterable[Mask | ArrayLike],
    shape: tuple[int, int] | None = None,
    *,
    min_area: float | None = None,
    opening: int = 5,
    uncertain: int = 1,
    n_objects: int | None = None,
    details: bool = False,
) -> NDArray[np.int32] | tuple[NDArray[np.int32], Details]:
    """Turn masks that overlap and leave gaps into an object map.

    Parameters
    ----------
    masks : iterable of Mask or (H, W) bool array_like
        In any order. Where they overlap the smallest one wins; what none covers is a region like the others.
    shape : (int, int), optional
        (H, W) of the picture; needed where there is no mask.
    min_area : float, optional
        Masks and objects must have more pixels than this, by default `smallest_area` of the picture.
    opening : int
        The side of the square in pixels, odd, that must fit into an object wherever it is; 1 opens nothing.
    uncertain : int
        Pixels that have another object within this window become uncertain: an odd number of pixels, 1
        leaves none, 3 makes the borders two pixels wide. See `uncertain_band`.
    n_objects : int, optional
        Keep at most so many objects, the largest ones; they are then numbered by size.
    details : bool
        Also return the maps between the steps.

    Returns
    -------
    objects : (H, W) int32 ndarray
        The object map, numbered by first pixel in raster order. Where no object is left, all pixels are
        object 1: nothing is known, so nothing is kept apart.
    details : Details
        Only with ``details=True``.

    Raises
    ------
    TypeError, ValueError
        If a mask is none or has another shape, there is no mask and no shape, or an argument is out of its
        range.
    """
    masks = as_masks(masks, shape)
    shape = common_shape(masks, shape)
    min_area = area_limit(min_area, shape)
    kept = [mask for mask in masks if mask.area > min_area]
    owner = smallest_wins(kept, shape)
    split = open_and_split(owner + 1, opening, min_area)  # what no mask covers is a region too
    whole = add_artefacts(split, opening, min_area)
    band = uncertain_band(whole, uncertain, ignore=0)
    objects = large_pieces(np.where(band, 0, whole) - 1, min_area)
    objects = or_one(objects if n_objects is None else largest(objects, n_objects))
    found = Details(int(objects.max()), min_area, kept, owner, split, whole, band)
    return (objects, found) if details else objects
