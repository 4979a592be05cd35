"""Label maps: checking, components, sizes, means, adjacency, relabelling.

A label map is (H, W) int32. Labels are 0 to n - 1; -1 marks pixels outside a mask. Neighbours are always
the four that share an edge.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from skimage.measure import label as connected_labels


@dataclass(frozen=True)
class Details:
    """What a method knows besides its label map; a method fills in the fields it has.

    Attributes
    ----------
    n_obtained : int
        How many superpixels came out (`n_segments` is what was asked for).
    centres : (K, C) float64 ndarray
        The final centres, before connectivity.
    assignment : (H, W) int32 ndarray
        The centre each pixel joined, before connectivity.
    step : float
        The grid interval in pixels.
    residuals : tuple of float
        How far the centres moved in each iteration, as the method defines it.
    """

    n_obtained: int
    centres: NDArray | None = None
    assignment: NDArray | None = None
    step: float | None = None
    residuals: tuple[float, ...] = ()


def as_labels(labels: ArrayLike, name: str = "labels") -> NDArray[np.int32]:
    """Check a label map and return it as int32; `name` is what an error calls it.

    Raises
    ------
    TypeError
        If the values are no integers.
    ValueError
        If the map is not two-dimensional, is empty, or holds values below -1 or above 2^31 - 1.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iub":
        raise TypeError(f"{name} has dtype {labels.dtype}, expected integers; use {name}.astype(int)")
    if labels.ndim != 2 or labels.size == 0:
        raise ValueError(f"{name} has shape {labels.shape}, expected (H, W) with at least one pixel")
    if labels.min() < -1 or labels.max() > np.iinfo(np.int32).max:
        raise ValueError(
            f"{name} goes from {labels.min()} to {labels.max()}, expected -1 (outside) to 2147483647"
        )
    return labels.astype(np.int32)


def same_shape(other: NDArray, labels: NDArray, name: str) -> NDArray:
    """Return `other` if it has the shape of `labels`; `name` is what an error calls it."""
    if other.shape != labels.shape:
        raise ValueError(f"{name} has shape {other.shape}, expected that of labels, {labels.shape}")
    return other


def per_pixel(values: ArrayLike, labels: NDArray, name: str = "values") -> NDArray[np.float64]:
    """Return values of pixels, (H, W), (H, W, C) or (H * W, C), as (H * W, C) float64.

    Raises
    ------
    ValueError
        If they belong to a picture of another size, or hold nothing.
    """
    values = np.asarray(values, np.float64)
    fits = values.shape[:2] == labels.shape or (values.ndim == 2 and len(values) == labels.size)
    if not fits or values.size == 0:
        raise ValueError(
            f"{name} have shape {values.shape}, expected (H, W), (H, W, C) or (H * W, C) with "
            f"(H, W) = {labels.shape}"
        )
    return values.reshape(labels.size, -1)


def relabel(labels: ArrayLike) -> NDArray[np.int32]:
    """Renumber the labels to 0 to n - 1 in their old order; -1 stays -1."""
    labels = as_labels(labels)
    if labels.max() > 4 * labels.size:  # a table of all numbers up to the largest would not pay
        present, new = np.unique(labels, return_inverse=True)
        return (new.reshape(labels.shape) - int(present[0] == -1)).astype(np.int32)
    present = np.bincount(labels.ravel() + 1) > 0
    present[0] = False
    return (np.cumsum(present, dtype=np.int32) - 1)[labels + 1]


def components(labels: ArrayLike, within: ArrayLike | None = None) -> NDArray[np.int32]:
    """Split every label into its 4-connected components.

    Parameters
    ----------
    labels : (H, W) int array_like
        A label map; -1 = outside.
    within : (H, W) int array_like, optional
        A second map: a component then holds one label and one value of `within`.

    Returns
    -------
    (H, W) int32 ndarray
        Components 0 to n - 1, numbered by their first pixel in raster order; -1 = outside.
    """
    labels = relabel(labels)
    key = labels.astype(np.int64) + 1
    if within is not None:
        within = relabel(same_shape(as_labels(within, "within"), labels, "within"))
        key = key * (int(within.max()) + 2) + np.where(labels < 0, 0, within + 1)
    return connected_labels(key, background=0, connectivity=1).astype(np.int32) - 1


def sizes(labels: NDArray[np.int32]) -> NDArray[np.int64]:
    """Count the pixels of each label: (n,) int64 for labels 0 to n - 1; -1 is not counted."""
    return np.bincount(labels.ravel() + 1)[1:]


def region_means(labels: NDArray[np.int32], values: ArrayLike) -> NDArray[np.float64]:
    """Average values over each region.

    Parameters
    ----------
    labels : (H, W) int32 ndarray
        A label map; -1 is left out.
    values : (H, W), (H, W, C) or (H * W, C) array_like
        One value or feature vector per pixel.

    Returns
    -------
    (n, C) float64 ndarray
        The mean of each label 0 to n - 1 (NaN for a label without pixels), C = 1 for a single value.
    """
    values = per_pixel(values, labels)
    index, n = labels.ravel() + 1, int(labels.max()) + 2
    sums = np.stack([np.bincount(index, column, n) for column in values.T], axis=1)[1:]
    with np.errstate(invalid="ignore"):
        return sums / np.bincount(index, minlength=n)[1:, None]


def adjacency(labels: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """List which regions touch, and along how many pixel edges.

    Returns
    -------
    pairs : (E, 2) int32 ndarray
        Labels a < b of touching regions, sorted; -1 takes no part.
    lengths : (E,) int64 ndarray
        The number of pixel edges they share.
    """
    across = np.stack([labels[:, :-1].ravel(), labels[:, 1:].ravel()])
    down = np.stack([labels[:-1].ravel(), labels[1:].ravel()])
    a, b = np.sort(np.concatenate([across, down], axis=1), axis=0).astype(np.int64)
    crossing = (a != b) & (a >= 0)
    n = int(labels.max()) + 1
    keys, lengths = np.unique(a[crossing] * n + b[crossing], return_counts=True)
    return np.stack(np.divmod(keys, max(n, 1)), axis=1).astype(np.int32), lengths
