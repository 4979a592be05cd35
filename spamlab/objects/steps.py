"""The steps from overlapping masks to an object map, each a function of maps.

All work on label maps, (H, W) int32 with -1 = no region, or on object maps, 0 = uncertain. The opening and
the uncertain band ask the same of a window: does it hold one label, or several? So they treat all regions at
once, and their time does not depend on how many there are.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import maximum_filter, minimum_filter

from spamlab._arguments import number, whole_number, window
from spamlab.masks import Mask, as_masks, common_shape
from spamlab.regions import as_labels, components, relabel, sizes

_BEYOND = np.iinfo(np.int32).max


def smallest_area(shape: tuple[int, int]) -> float:
    """Return the area in pixels that an object must exceed: a quarter of N / sqrt(N), both cut to integers.

    98.25 for 321 x 481 (SPAM).
    """
    n = shape[0] * shape[1]
    return n // int(n**0.5) / 4


def smallest_wins(
    masks: Iterable[Mask | ArrayLike], shape: tuple[int, int] | None = None
) -> NDArray[np.int32]:
    """Give each pixel to the smallest mask that covers it.

    Of two masks of one area wins the one that holds the first pixel, in raster order, that the other lacks:
    so the order of the masks plays no part.

    Parameters
    ----------
    masks : iterable of Mask or (H, W) bool array_like
    shape : (int, int), optional
        (H, W) of the picture; needed where there is no mask.

    Returns
    -------
    (H, W) int32 ndarray
        The index of the mask in `masks`; -1 where there is none.

    Raises
    ------
    TypeError, ValueError
        If a mask is none or has another shape, or there is no mask and no shape.
    """
    masks = as_masks(masks, shape)
    owner = np.full(common_shape(masks, shape), -1, np.int32)
    for index in _painting_order(masks):
        owner[masks[index].box][masks[index].inside] = index
    return owner


def _painting_order(masks: list[Mask]) -> list[int]:
    """Return the indices of masks such that whoever wins comes later."""
    areas = [mask.area for mask in masks]
    shared = {area for area, count in zip(*np.unique(areas, return_counts=True), strict=True) if count > 1}

    def key(index: int) -> tuple[int, bytes]:
        bits = np.packbits(masks[index].mask).tobytes() if areas[index] in shared else b""
        return -areas[index], bits

    return sorted(range(len(masks)), key=key)


def opened(labels: ArrayLike, opening: int = 5) -> NDArray[np.bool_]:
    """Open every region with a square: find the pixels that lie in a window which holds one label only.

    What is thinner than the window is lost. Beyond the border of the picture a region may go on: there a
    window counts what it sees, so a strip along the border stays, and cutting a picture loses no pixel.

    Parameters
    ----------
    labels : (H, W) int array_like
        A label map; -1 = no region.
    opening : int
        The side of the square in pixels, odd; 1 keeps all.

    Returns
    -------
    (H, W) bool ndarray
        True = stays.
    """
    labels, r = as_labels(labels), window("opening", opening) // 2
    low, high = _extremes(labels, labels, r, beyond=r)
    whole = (low == high) & (low >= 0)
    reached = maximum_filter(whole, 2 * r + 1, mode="constant", cval=0)
    return reached[r : r + labels.shape[0], r : r + labels.shape[1]] & (labels >= 0)


def open_and_split(labels: ArrayLike, opening: int = 5, min_area: float | None = None) -> NDArray[np.int32]:
    """Open every region and keep its large pieces.

    Parameters
    ----------
    labels : (H, W) int array_like
        Regions; -1 = none.
    opening : int
        See `opened`.
    min_area : float, optional
        See `large_pieces`.

    Returns
    -------
    (H, W) int32 ndarray
        An object map.
    """
    labels = as_labels(labels)
    return large_pieces(np.where(opened(labels, opening), labels, -1), min_area)


def add_artefacts(objects: ArrayLike, opening: int = 5, min_area: float | None = None) -> NDArray[np.int32]:
    """Open what no object took, all of it together, and add its large pieces as objects.

    Parameters
    ----------
    objects : (H, W) int array_like
        An object map; its pixels of 0 are the artefacts.
    opening, min_area
        See `open_and_split`.

    Returns
    -------
    (H, W) int32 ndarray
        An object map, numbered by first pixel in raster order.
    """
    objects = _as_objects(objects)
    more = open_and_split(-(objects > 0).astype(np.int32), opening, min_area)
    return components(np.where(more > 0, more + objects.max(), objects) - 1) + 1


def uncertain_band(labels: ArrayLike, uncertain: int, ignore: int | None = None) -> NDArray[np.bool_]:
    """Find the pixels that have another label within a window around them.

    Parameters
    ----------
    labels : (H, W) int array_like
        A label map or an object map.
    uncertain : int
        The side of the window in pixels, odd: 1 finds none, 3 finds two pixels where two labels meet. At the
        border of the picture the window ends.
    ignore : int, optional
        A label that counts as no other one, such as 0 of an object map.

    Returns
    -------
    (H, W) bool ndarray
        True = in doubt. A pixel of the ignored label is if two others lie in its window.
    """
    labels, r = as_labels(labels), window("uncertain", uncertain) // 2
    if r == 0:
        return np.zeros(labels.shape, bool)
    if ignore is None:
        low, high = _extremes(labels, labels, r)
    else:
        low, high = _extremes(*(np.where(labels == ignore, far, labels) for far in (_BEYOND, -2)), r)
    return low < high


def large_pieces(labels: ArrayLike, min_area: float | None = None) -> NDArray[np.int32]:
    """Return the 4-connected pieces of each label that have more than `min_area` pixels, as an object map.

    Parameters
    ----------
    labels : (H, W) int array_like
        A label map; -1 becomes uncertain.
    min_area : float, optional
        In pixels; by default `smallest_area` of the picture.

    Returns
    -------
    (H, W) int32 ndarray
        An object map, numbered by first pixel in raster order; 0 everywhere if no piece is large enough.
    """
    labels = as_labels(labels)
    min_area = area_limit(min_area, labels.shape)
    parts = components(labels)
    area = np.append(sizes(parts), 0)  # the last one is that of pixels outside, -1
    return relabel(np.where(area[parts] > min_area, parts, -1)) + 1


def largest(objects: ArrayLike, n_objects: int) -> NDArray[np.int32]:
    """Keep the largest objects; the others become uncertain.

    Parameters
    ----------
    objects : (H, W) int array_like
        An object map.
    n_objects : int
        How many at most; of two of one area the one with the lower number goes first.

    Returns
    -------
    (H, W) int32 ndarray
        An object map, numbered from the largest object to the smallest.
    """
    objects = _as_objects(objects)
    n_objects = whole_number("n_objects", n_objects, "1 or more objects, or None for all", 1)
    area = sizes(objects - 1)
    kept = np.argsort(-area, kind="stable")[: min(n_objects, np.count_nonzero(area))]
    new = np.zeros(len(area) + 1, np.int32)
    new[kept + 1] = np.arange(1, len(kept) + 1)
    return new[objects]


def or_one(objects: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return an object map; where it holds no object, one that is object 1 everywhere."""
    return objects if objects.any() else np.ones_like(objects)


def area_limit(min_area: float | None, shape: tuple[int, int]) -> float:
    """Check a smallest area in pixels; None stands for `smallest_area`."""
    if min_area is None:
        return smallest_area(shape)
    return number("min_area", min_area, "0 or more pixels", low=0)


def _as_objects(objects: ArrayLike) -> NDArray[np.int32]:
    objects = as_labels(objects, "objects")
    if objects.min() < 0:
        raise ValueError(f"objects hold {objects.min()}, expected 0 (uncertain) or the number of an object")
    return objects


def _extremes(
    low: NDArray[np.int32], high: NDArray[np.int32], r: int, beyond: int = 0
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the minimum of `low` and the maximum of `high` in the window of radius r around each pixel.

    With `beyond` also around as many pixels outside the picture, where nothing is.
    """
    low = np.pad(low, beyond, constant_values=_BEYOND)
    high = np.pad(high, beyond, constant_values=-2)
    return (
        minimum_filter(low, 2 * r + 1, mode="constant", cval=_BEYOND),
        maximum_filter(high, 2 * r + 1, mode="constant", cval=-2),
    )
