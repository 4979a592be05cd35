"""Object maps from whatever shows objects: segmentations, class maps, truths, clicks."""

from collections.abc import Hashable, Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from skimage.draw import line

from spamlab._arguments import number
from spamlab.features import as_image, pixel_points
from spamlab.objects.steps import area_limit, large_pieces, or_one, uncertain_band
from spamlab.regions import as_labels, components, relabel, sizes
from spamlab.regions import smooth as vote


def from_segments(
    labels: ArrayLike, uncertain: int = 1, min_area: float | None = None, smooth: float = 0.0
) -> NDArray[np.int32]:
    """Turn a segmentation into an object map.

    Parameters
    ----------
    labels : (H, W) int array_like
        A segmentation, such as `spamlab.segments.segments` returns; -1 = outside, which becomes uncertain.
    uncertain : int
        Pixels that have another segment within this window become uncertain: an odd number of pixels, 1
        leaves none, 3 makes the borders two pixels wide. Outside counts as another segment.
    min_area : float, optional
        Objects must have more pixels than this; smaller pieces become uncertain. By default
        `smallest_area` of the picture.
    smooth : float
        Radius in pixels of the disc in `regions.smooth`, for segments with rough borders; below 1 for none.
        11 helps SPAM with the segments of lesson 04.

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
    area_limit(min_area, labels.shape)
    number("smooth", smooth, "a radius of 0 or more pixels; 10 is much", low=0)
    if smooth >= 1:
        labels = vote(components(labels) + 1, smooth) - 1
    return or_one(large_pieces(np.where(uncertain_band(labels, uncertain), -1, labels), min_area))


def from_classes(
    labels: ArrayLike,
    ignore: int | Iterable[int] = (),
    uncertain: int = 1,
    min_area: float | None = None,
) -> NDArray[np.int32]:
    """Turn a semantic or panoptic map into an object map: each connected piece of a class is an object.

    Two things of one class that touch are one object; a panoptic map keeps them apart.

    Parameters
    ----------
    labels : (H, W) int array_like
        One class, or one segment, per pixel. 0 is a class as any other.
    ignore : int or iterable of int
        Classes that stand for "not known" and become uncertain: 255 in PASCAL VOC, 0 in a panoptic map of
        COCO.
    uncertain, min_area
        See `from_segments`; what is ignored counts as outside.

    Returns
    -------
    (H, W) int32 ndarray
        The object map, as of `from_segments`.

    Raises
    ------
    TypeError, ValueError
        As for `from_segments`.
    """
    labels = as_labels(labels)
    ignored = list(ignore) if isinstance(ignore, Iterable) else [ignore]
    unknown = np.isin(labels, ignored)
    return from_segments(np.where(unknown, -1, labels), uncertain, min_area)


def from_truth(truth: ArrayLike, uncertain: int = 1) -> NDArray[np.int32]:
    """Turn a truth drawn by hand into an object map, however small its pieces are.

    Parameters
    ----------
    truth : (H, W) int array_like
        A label map; -1 = outside.
    uncertain : int
        See `from_segments`. Where the band cuts a piece, the largest part stays an object and the others
        become uncertain.

    Returns
    -------
    (H, W) int32 ndarray
        The object map, as of `from_segments`; with ``uncertain=1`` its objects are the pieces of the truth.

    Raises
    ------
    TypeError, ValueError
        As for `from_segments`.
    """
    pieces = components(as_labels(truth, "truth"))
    sure = np.where(uncertain_band(pieces, uncertain), -1, pieces)
    parts = components(sure)
    owner = np.full(int(parts.max()) + 1, -1)
    owner[parts[sure >= 0]] = sure[sure >= 0]
    order = np.argsort(-sizes(parts), kind="stable")
    _, first = np.unique(owner[order], return_index=True)
    kept = np.append(np.isin(np.arange(len(owner)), order[first]), False)  # the last one: outside, -1
    return or_one(relabel(np.where(kept[parts], parts, -1)) + 1)


def from_felzenszwalb(
    image: ArrayLike,
    scale: float = 387.0,
    sigma: float = 1.0,
    min_size: int = 100,
    uncertain: int = 1,
    min_area: float | None = None,
    smooth: float = 0.0,
) -> NDArray[np.int32]:
    """Turn the segments of Felzenszwalb and Huttenlocher (2004) into an object map.

    The defaults follow the boundaries of BSDS500 val best, see data/results/segments_val.json.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts.
    scale, sigma, min_size
        Of `skimage.segmentation.felzenszwalb`: the larger the scale the larger the segments; smoothing in
        pixels; the smallest segment in pixels.
    uncertain, min_area, smooth
        See `from_segments`.

    Returns
    -------
    (H, W) int32 ndarray
        The object map, as of `from_segments`.

    Raises
    ------
    TypeError, ValueError
        If the image is no picture, or as for `from_segments`.
    """
    from skimage.segmentation import felzenszwalb  # here, because it takes a while to load

    labels = felzenszwalb(as_image(image), scale=scale, sigma=sigma, min_size=min_size)
    return from_segments(labels, uncertain, min_area, smooth)


def from_clicks(
    regions: ArrayLike,
    clicks: Iterable[tuple[Hashable, ArrayLike]],
    uncertain: int = 1,
) -> NDArray[np.int32]:
    """Make objects of the regions that were clicked.

    Parameters
    ----------
    regions : (H, W) int array_like
        Superpixels or segments; -1 = outside.
    clicks : iterable of (name, points)
        The name of an object, whatever it is, and where it lies: one point (row, col), or a stroke, (n, 2),
        whose points are joined by straight lines; whole numbers of pixels. All regions touched by one name
        are one object, or several if they do not hang together. A region that two names touch is uncertain,
        as is one that none touches.
    uncertain : int
        See `from_segments`.

    Returns
    -------
    (H, W) int32 ndarray
        The object map, as of `from_segments`.

    Raises
    ------
    TypeError, ValueError
        If `regions` is no label map, or a point is none or lies outside the picture.
    """
    regions = as_labels(regions)
    numbers: dict[Hashable, int] = {}
    object_of = np.full(int(regions.max()) + 2, -1)  # the last one is that of pixels outside
    for name, points in clicks:
        number = numbers.setdefault(name, len(numbers))
        touched = np.unique(regions[_stroke(points, regions.shape)])
        taken = ~np.isin(object_of[touched], (-1, number))
        object_of[touched] = np.where(taken, -2, number)
    object_of[-1] = -1
    return from_truth(np.maximum(object_of, -1)[regions], uncertain)


def _stroke(points: ArrayLike, shape: tuple[int, int]) -> tuple[NDArray, NDArray]:
    """Return the rows and columns that a stroke passes."""
    points = pixel_points(points, shape)
    lines = [line(*a, *b) for a, b in zip(points[:-1], points[1:], strict=True)]
    rows, cols = zip(*lines, strict=True) if lines else ((points[:, 0],), (points[:, 1],))
    return np.concatenate(rows), np.concatenate(cols)
