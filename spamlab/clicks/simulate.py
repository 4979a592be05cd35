"""A simulated user who builds an object of whole superpixels, and the best that anybody can reach.

IoU is the number of pixels that the picked superpixels share with the target, divided by the number of pixels
in either. A click picks a superpixel or takes one back.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spamlab._arguments import number
from spamlab.masks import Mask
from spamlab.regions import as_labels, same_shape


def overlap(labels: ArrayLike, target: Mask | ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the pixels of each superpixel inside and outside a target.

    Parameters
    ----------
    labels : (H, W) int array_like
        Superpixels; -1 = outside, which belongs to none.
    target : (H, W) bool array_like or Mask

    Returns
    -------
    inside, outside : (K,) int64 ndarrays
        For labels 0 to K - 1.

    Raises
    ------
    TypeError, ValueError
        If `labels` is no label map, or `target` is no mask of this picture, or holds no pixel.
    """
    return _counts(labels, target)[:2]


def simulate(labels: ArrayLike, target: Mask | ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Click again and again where it raises the IoU most, until no click raises it.

    The last IoU is `best_iou`: where no click raises J, all superpixels with a / b > J are picked and none
    with a / b < J, as in the proof there, and no other set is better. Of clicks that raise it equally, the
    one with more pixels inside comes first, then the smaller label; so the IoUs do not depend on how
    superpixels are numbered.

    Parameters
    ----------
    labels, target
        See `overlap`.

    Returns
    -------
    ious : (n + 1,) float64 ndarray
        The IoU after 0 clicks, which is 0, after 1, and so on; it rises with each.
    picked : (n,) int64 ndarray
        The label of each click; one that comes again is taken back.

    Raises
    ------
    TypeError, ValueError
        As of `overlap`.
    """
    inside, outside, area = _counts(labels, target)
    shared, union = 0, area
    ious, picked = [0.0], []
    while inside.size:  # the two hold what a click on each superpixel would add, below 0 where it is picked
        after = (shared + inside) / (union + outside)
        if after.max() <= ious[-1]:
            break
        best = int(np.where(after == after.max(), inside, -math.inf).argmax())
        shared, union = shared + inside[best], union + outside[best]
        inside[best], outside[best] = -inside[best], -outside[best]
        ious.append(float(after[best]))
        picked.append(best)
    return np.array(ious), np.array(picked, np.int64)


def clicks_to(ious: ArrayLike, threshold: float) -> float:
    """Return after how many clicks the IoU is at least `threshold`; infinity if it never is.

    Parameters
    ----------
    ious : (n + 1,) float array_like
        See `simulate`: the IoU after 0 clicks, after 1, and so on.
    threshold : float
        Above 0, at most 1.

    Raises
    ------
    TypeError, ValueError
        If the threshold is no such number.
    """
    threshold = number("threshold", threshold, "an IoU above 0 and at most 1; 0.8 is usual", above=0)
    if threshold > 1:
        raise ValueError(f"threshold={threshold}, expected an IoU above 0 and at most 1; 0.8 is usual")
    reached = np.flatnonzero(np.asarray(ious) >= threshold)
    return float(reached[0]) if len(reached) else math.inf


def best_iou(labels: ArrayLike, target: Mask | ArrayLike) -> float:
    """Return the highest IoU that any set of whole superpixels has with the target.

    Adding a superpixel with a pixels inside and b outside to a set of IoU J raises it where a > J b, and
    taking one out raises it where a < J b. So where J is the highest, the set holds each superpixel with
    a / b > J and none with a / b < J (those at J change nothing): it is one of the K + 1 sets that hold the
    first few in falling order of a / b, and all of these are tried.

    Parameters
    ----------
    labels, target
        See `overlap`.

    Raises
    ------
    TypeError, ValueError
        As of `overlap`.
    """
    inside, outside, area = _counts(labels, target)
    order = np.argsort(-inside / np.maximum(inside + outside, 1), kind="stable")
    ious = np.cumsum(inside[order]) / (area + np.cumsum(outside[order]))
    return float(ious.max(initial=0.0))


def _counts(labels, target) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return what `overlap` does, and the pixels of the target."""
    labels = as_labels(labels)
    mask = same_shape((target if isinstance(target, Mask) else Mask(target)).mask, labels, "target")
    if not mask.any():
        raise ValueError("target holds no pixel, expected at least one; IoU with nothing says nothing")
    n = int(labels.max()) + 2
    inside = np.bincount(labels[mask] + 1, minlength=n)[1:]
    outside = np.bincount(labels[~mask] + 1, minlength=n)[1:]
    return inside, outside, int(mask.sum())
