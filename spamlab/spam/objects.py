"""Objects as SPAM sees them: in one piece, certain or in doubt."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import distance_transform_edt

from spamlab.objects import uncertain_band
from spamlab.objects.steps import or_one
from spamlab.regions import as_labels, components


def numbered(objects: ArrayLike | None, shape: tuple[int, int]) -> NDArray[np.int32]:
    """Check an object map, and close the gaps between its numbers.

    Parameters
    ----------
    objects : (H, W) int array_like, optional
        0 = uncertain, anything above = an object. Without a map the whole picture is one.
    shape : (int, int)
        (H, W) of the picture.

    Returns
    -------
    (H, W) int32 ndarray
        0 = uncertain, 1 to n = objects in their old order; 1 everywhere if all of the map is uncertain.

    Raises
    ------
    TypeError, ValueError
        If `objects` is no object map or that of another picture.
    """
    if objects is None:
        return np.ones(shape, np.int32)
    objects = as_labels(objects, "objects")
    if objects.shape != shape:
        raise ValueError(
            f"objects has shape {objects.shape}, expected that of the image, {shape}; make the map from this "
            "picture, or resize it with the nearest neighbour"
        )
    if objects.min() < 0:
        raise ValueError(f"objects holds {objects.min()}, expected 0 (uncertain) or the number of an object")
    present = np.unique(objects[objects > 0])
    return or_one(np.where(objects > 0, np.searchsorted(present, objects) + 1, 0).astype(np.int32))


def pieces(objects: ArrayLike | None, shape: tuple[int, int]) -> NDArray[np.int32]:
    """Split the objects of a map into 4-connected pieces, which get seeds one by one.

    Parameters
    ----------
    objects, shape
        See `numbered`.

    Returns
    -------
    (H, W) int32 ndarray
        0 = uncertain, 1 to n = pieces, numbered by first pixel; 1 everywhere if all of the map is uncertain.

    Raises
    ------
    TypeError, ValueError
        If `objects` is no object map or that of another picture.
    """
    return split(numbered(objects, shape))


def split(objects: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return `pieces` of what `numbered` returned."""
    return components(objects - 1) + 1


def certain_objects(
    objects: ArrayLike | None, shape: tuple[int, int], uncertain: int = 1
) -> NDArray[np.int32]:
    """Return `pieces` without the band where two of them meet.

    Parameters
    ----------
    objects, shape
        See `pieces`.
    uncertain : int
        Pixels with another object in this window become uncertain: an odd number of pixels, 1 for none.

    Returns
    -------
    (H, W) int32 ndarray
        0 = uncertain, above = the number that the object has in `pieces`. One too thin has no certain pixel.

    Raises
    ------
    TypeError, ValueError
        As of `pieces`; or if `uncertain` is even or below 1.
    """
    return without_band(pieces(objects, shape), uncertain)


def without_band(objects: NDArray[np.int32], uncertain: int) -> NDArray[np.int32]:
    """Return `certain_objects` of what `pieces` returned."""
    return np.where(uncertain_band(objects, uncertain, ignore=0), 0, objects)


def spread(objects: NDArray[np.int32]) -> NDArray[np.int32]:
    """Count every uncertain pixel with the nearest object, so that seeds are shared out over all pixels.

    Parameters
    ----------
    objects : (H, W) int32 ndarray
        0 = uncertain; at least one pixel is not.

    Returns
    -------
    (H, W) int32 ndarray
        The map without zeros.
    """
    if objects.all():
        return objects
    at = distance_transform_edt(objects == 0, return_distances=False, return_indices=True)
    return objects[tuple(at)]
