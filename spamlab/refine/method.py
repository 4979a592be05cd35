"""Refinement of a class map: what is doubtful near borders is decided by superpixels.

The application of SPAM (Walther et al., BMVC 2025). A network that sees the picture through a coarse grid
knows what is where, but not where it ends. So its borders are put in doubt, superpixels find the borders of
the picture there, and each superpixel takes the class that its certain pixels have.

Where we differ from the paper, and why:

- Other superpixel methods get the same vote, so that they can be compared.
- A superpixel without certain pixels takes the class most frequent in it; the paper does not say.
- Ignored pixels keep their label and have no vote.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spamlab._arguments import window
from spamlab.features import as_image
from spamlab.objects.steps import large_pieces, uncertain_band
from spamlab.regions import as_labels, relabel, same_shape
from spamlab.spam import spam

BAND = 5  # pixels
IGNORE = 255


@dataclass(frozen=True)
class Details:
    """What a refinement was made from.

    Attributes
    ----------
    n_obtained : int
        The number of superpixels.
    band : (H, W) bool ndarray
        The pixels in doubt; nothing else may change.
    objects : (H, W) int32 ndarray
        The connected pieces of each class outside the band; 0 = in doubt or ignored.
    labels : (H, W) int32 ndarray
        The superpixels.
    classes : (n_obtained,) int32 ndarray
        What each superpixel voted for; -1 if all its pixels are ignored.
    changed : (H, W) bool ndarray
        The pixels with a new class.
    """

    n_obtained: int
    band: NDArray[np.bool_]
    objects: NDArray[np.int32]
    labels: NDArray[np.int32]
    classes: NDArray[np.int32]
    changed: NDArray[np.bool_]


def refine(
    label_map: ArrayLike,
    image: ArrayLike,
    method: Callable[..., NDArray[np.int32]] | ArrayLike = spam,
    band: int = BAND,
    n_segments: int = 500,
    details: bool = False,
    *,
    ignore: int | None = IGNORE,
    **options,
) -> NDArray[np.int32] | tuple[NDArray[np.int32], Details]:
    """Draw the borders of a class map anew, where the picture has them.

    Parameters
    ----------
    label_map : (H, W) int array_like
        A class per pixel, 0 and above. The background is a class as any other.
    image : array_like
        Anything `spamlab.features.as_image` accepts, of the same size.
    method : callable or (H, W) int array_like
        `spamlab.spam.spam`, which gets the certain pixels as its object map; or another function of a
        picture and a number of superpixels; or superpixels, for every pixel. A `functools.partial` of SPAM
        is another function and gets no map: give settings as `options`.
    band : int
        The side of a window in pixels, odd: a pixel with two classes in the window around it is in doubt.
    n_segments : int
        The number of superpixels asked for.
    details : bool
        Also return what the result was made from.
    ignore : int, optional
        Pixels of this class keep it, and have no vote.
    **options
        Go to `method`.

    Returns
    -------
    refined : (H, W) int32 ndarray
        The class map; outside the band it is the old one.
    details : Details
        Only with ``details=True``.

    Raises
    ------
    TypeError, ValueError
        If `label_map` holds no classes or belongs to another picture, `band` is even, or `method` is neither
        a function nor superpixels of this picture.
    """
    image, label_map = as_image(image), _as_classes(label_map, ignore)
    same_shape(image[..., 0], label_map, "image")
    known = np.ones(label_map.shape, bool) if ignore is None else label_map != ignore
    doubt = known & uncertain_band(label_map, window("band", band), ignore)
    objects = large_pieces(np.where(known & ~doubt, label_map, -1), 0)
    labels = _superpixels(method, image, n_segments, objects, options)
    classes = vote(labels, np.where(known, label_map, -1), objects > 0)
    elected = classes[labels]
    refined = np.where(doubt & (elected >= 0), elected, label_map).astype(np.int32)
    if not details:
        return refined
    return refined, Details(len(classes), doubt, objects, labels, classes, refined != label_map)


def vote(labels: ArrayLike, label_map: ArrayLike, certain: ArrayLike) -> NDArray[np.int32]:
    """Return the class most frequent among the certain pixels of each superpixel; among all if none is.

    Parameters
    ----------
    labels : (H, W) int array_like
        Superpixels 0 to n - 1; -1 = outside.
    label_map : (H, W) int array_like
        Classes 0 and above; -1 has no vote.
    certain : (H, W) bool array_like
        The pixels that decide alone where a superpixel has any.

    Returns
    -------
    (n,) int32 ndarray
        The lowest class in a tie; -1 if no pixel has a vote.

    Raises
    ------
    TypeError, ValueError
        If `labels` or `label_map` is no label map, or shapes differ.
    """
    labels = as_labels(labels)
    label_map = same_shape(as_labels(label_map, "label_map"), labels, "label_map")
    certain = same_shape(np.asarray(certain, bool), labels, "certain")
    voters, n = (labels >= 0) & (label_map >= 0), int(labels.max()) + 1
    if not voters.any():
        return np.full(n, -1, np.int32)
    names, number = np.unique(label_map[voters], return_inverse=True)
    pairs = labels[voters].astype(np.int64) * len(names) + number
    sure, every = (
        np.bincount(votes, minlength=n * len(names)).reshape(n, -1)
        for votes in (pairs[certain[voters]], pairs)
    )
    table = np.where(sure.any(axis=1, keepdims=True), sure, every)
    return np.where(table.any(axis=1), names[table.argmax(axis=1)], -1).astype(np.int32)


def _superpixels(method, image, n_segments, objects, options) -> NDArray[np.int32]:
    """Return superpixels 0 to n - 1."""
    if not callable(method):
        if method is None or isinstance(method, str):
            raise TypeError(
                f"method={method!r}, expected a function such as spamlab.slic.slic, or a map of superpixels"
            )
        if options:
            raise ValueError(
                f"{', '.join(options)}: options of a method, but method is a label map; leave them out"
            )
        labels = method
    elif method is spam:
        labels = spam(image, n_segments, objects, **options)
    else:
        labels = method(image, n_segments, **options)
    labels = relabel(as_labels(labels, "method"))
    same_shape(labels, objects, "method")
    if labels.min() < 0:
        raise ValueError("method left pixels out (-1), expected a superpixel for every pixel")
    return labels


def _as_classes(label_map: ArrayLike, ignore: int | None) -> NDArray[np.int32]:
    label_map = as_labels(label_map, "label_map")
    if label_map.min() < 0:
        raise ValueError(
            f"label_map holds {label_map.min()}, expected classes 0 and above; mark what is unknown by "
            f"{IGNORE if ignore is None else ignore}, the number given as ignore"
        )
    if ignore is not None and (label_map == ignore).all():
        raise ValueError(
            f"label_map is {ignore} (ignored) everywhere, expected at least one pixel of a class"
        )
    return label_map
