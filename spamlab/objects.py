"""Object maps: (H, W) int32, 0 = uncertain, 1 to n = objects, each of them 4-connected."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import maximum_filter, minimum_filter

from spamlab._arguments import number, whole_number
from spamlab.regions import as_labels, components, relabel, sizes


def smallest_area(shape: tuple[int, int]) -> float:
    """Return the area in pixels that an object must exceed: a quarter of N / sqrt(N), both cut to integers.

    98.25 for 321 x 481 (SPAM).
    """
    n = shape[0] * shape[1]
    return n // int(n**0.5) / 4


def from_segments(labels: ArrayLike, uncertain: int = 1, min_area: float | None = None) -> NDArray[np.int32]:
    """Turn a segmentation into an object map.

    Parameters
    ----------
    labels : (H, W) int array_like
        A segmentation, such as `spamlab.segments.segments` returns; -1 = outside, which becomes uncertain.
    uncertain : int
        Pixels that have another segment within this window become uncertain: an odd number of pixels, 1
        leaves none, 3 makes the borders two pixels wide.
    min_area : float, optional
        Objects must have more pixels than this; smaller pieces become uncertain. By default
        `smallest_area` of the picture.

    Returns
    -------
    (H, W) int32 ndarray
        The object map, numbered by first pixel in raster order. Where no object is left, all pixels are
        object 1: nothing is known, so nothing is kept apart.

    Raises
    ------
    TypeError, ValueError
        If `labels` is no label map, `uncertain` is even or below 1, or `min_area` is negative.
    """
    labels = as_labels(labels)
    if whole_number("uncertain", uncertain, "an odd window in pixels; 1 leaves no pixel out", 1) % 2 == 0:
        raise ValueError(f"uncertain={uncertain}, expected an odd window in pixels, such as {uncertain + 1}")
    if min_area is None:
        min_area = smallest_area(labels.shape)
    number("min_area", min_area, "0 or more pixels", low=0)
    mixed = maximum_filter(labels, uncertain, mode="nearest") != minimum_filter(
        labels, uncertain, mode="nearest"
    )
    parts = components(np.where(mixed, -1, labels))
    area = np.append(sizes(parts), 0)  # the last one is that of pixels outside, -1
    objects = relabel(np.where(area[parts] > min_area, parts, -1)) + 1
    return objects if objects.any() else np.ones_like(objects)
