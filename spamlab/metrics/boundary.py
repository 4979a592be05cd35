"""Do superpixel boundaries lie where the truth's do? One boundary map; a tolerance of r pixels.

A pixel is near a boundary if the square of (2r + 1)^2 pixels around it holds a boundary pixel. This is the
usual measure for superpixels; `spamlab.metrics.matching` holds the one-to-one measure for segmentations.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spamlab.metrics.table import check_shapes
from spamlab.regions import as_labels


def boundaries(labels: ArrayLike) -> NDArray[np.bool_]:
    """Mark the pixels with a 4-neighbour of another label: the two-sided boundary map B2, (H, W) bool.

    The outline of a mask (label -1 beyond it) is no boundary.
    """
    down, across = edges(labels)
    marked = np.zeros((down.shape[0] + 1, down.shape[1]), bool)
    marked[1:] |= down
    marked[:-1] |= down
    marked[:, 1:] |= across
    marked[:, :-1] |= across
    return marked


def edges(labels: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell between which pixels two labels meet: (H - 1, W) downwards and (H, W - 1) to the right."""
    labels = as_labels(labels)
    down, across = labels[1:] != labels[:-1], labels[:, 1:] != labels[:, :-1]
    if labels.min() < 0:
        inside = labels >= 0
        down &= inside[1:] & inside[:-1]
        across &= inside[:, 1:] & inside[:, :-1]
    return down, across


def tolerance(shape: tuple[int, int]) -> int:
    """Return the usual boundary tolerance r = round(0.0025 * diagonal) in pixels; 1 for 321 x 481."""
    return int(0.0025 * float(np.hypot(*shape)) + 0.5)


def boundary_recall(labels: ArrayLike, truth: ArrayLike, r: int | None = None) -> float:
    """Boundary recall: the share of truth's boundary pixels near a superpixel boundary; larger is better.

    Parameters
    ----------
    labels, truth : (H, W) int array_like
        Superpixels and ground truth.
    r : int, optional
        Near means inside the square of (2r + 1)^2 pixels; `tolerance` of the picture by default.

    Returns
    -------
    float
        In [0, 1]; NaN if the truth has no boundary.

    Raises
    ------
    ValueError
        If the maps differ in shape, or r is no whole number of at least 0.
    """
    found, wanted = boundaries(labels), boundaries(truth)
    check_shapes(found.shape, wanted.shape)
    return share_near(wanted, widen(found, check_r(r, wanted.shape)))


def boundary_precision(labels: ArrayLike, truth: ArrayLike, r: int | None = None) -> float:
    """Boundary precision: the share of superpixel boundary pixels near a boundary of the truth.

    It is `boundary_recall` with the maps exchanged. Superpixels cut on purpose where the truth does not, so
    it is low for all of them. Where the truth is not known, -1, no boundary is judged. In [0, 1], larger is
    better; NaN if no boundary of the superpixels is judged.
    """
    found, wanted = boundaries(labels), boundaries(truth)
    check_shapes(found.shape, wanted.shape)
    return share_near(found & (np.asarray(truth) >= 0), widen(wanted, check_r(r, wanted.shape)))


def boundary_f(labels: ArrayLike, truth: ArrayLike, r: int | None = None, beta: float = 1.0) -> float:
    """F-measure of boundary precision P and recall R: between the two; larger is better.

    F = (1 + beta^2) P R / (beta^2 P + R). A large beta weighs recall: 4 is usual for superpixels.

    Parameters
    ----------
    labels, truth : (H, W) int array_like
        Superpixels and ground truth.
    r : int, optional
        The tolerance in pixels, as in `boundary_recall`.
    beta : float
        How many times as important recall is as precision, above 0.

    Returns
    -------
    float
        In [0, 1]; NaN if the truth has no boundary.
    """
    if not (np.isfinite(beta) and beta > 0):
        raise ValueError(f"beta={beta}, expected a number above 0; 1 and 4 are usual")
    return f_measure(boundary_precision(labels, truth, r), boundary_recall(labels, truth, r), beta)


def contour_density(labels: ArrayLike) -> float:
    """Contour density CD: the share of the picture's pixels on the boundary map B2, in [0, 1].

    Neither good nor bad: many boundary pixels make any recall high, so compare recall at equal density
    (Machairas et al. 2015; two-sided as in Stutz et al. 2018, the picture's frame not counted).
    """
    return float(boundaries(labels).mean())


def f_measure(precision: float, recall: float, beta: float = 1.0) -> float:
    """Combine P and R: 0 if nothing is found, NaN if the recall is (the truth has no boundary)."""
    if np.isnan(recall) or recall == 0:
        return recall
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def share_near(wanted: NDArray[np.bool_], near: NDArray[np.bool_]) -> float:
    """Return the share of the wanted pixels that are near; NaN if none is wanted."""
    count = int(np.count_nonzero(wanted))
    return int(np.count_nonzero(wanted & near)) / count if count else float("nan")


def widen(marked: NDArray[np.bool_], r: int) -> NDArray[np.bool_]:
    """Mark every pixel whose square of (2r + 1)^2 pixels holds a marked one."""
    for _ in range(2):  # along the rows, then along the columns
        wide = marked.copy()
        for shift in range(1, min(r, len(marked) - 1) + 1):
            wide[shift:] |= marked[:-shift]
            wide[:-shift] |= marked[shift:]
        marked = np.ascontiguousarray(wide.T)
    return marked


def check_r(r: int | None, shape: tuple[int, int]) -> int:
    """Return the tolerance in pixels, that of the picture's size if None."""
    if r is None:
        return tolerance(shape)
    if not isinstance(r, int | np.integer) or r < 0:
        raise ValueError(f"r={r!r}, expected a whole number of pixels, 0 or more; 1 and 2 are usual")
    return int(r)
