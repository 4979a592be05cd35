"""How alike are two segmentations? Rand index, variation of information, GCE, covering, mean IoU.

These compare few large regions. With hundreds of superpixels GCE is near 0 and the Rand index near a
constant for any method, so they say nothing about superpixels.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.ndimage import distance_transform_edt

from spamlab._arguments import number
from spamlab.metrics.boundary import boundaries
from spamlab.metrics.table import as_truths, contingency


def rand_index(labels: ArrayLike, truth: ArrayLike) -> float:
    """Rand index RI: the share of pairs of pixels on which both maps agree (together, or apart).

    RI = (C(N) + 2 sum_ij C(n_ij) - sum_i C(a_i) - sum_j C(b_j)) / C(N), C(n) = n (n - 1) / 2 (Rand 1971);
    symmetric, in [0, 1], larger is better. One pixel has no pairs: 1.
    """
    return rand_index_from(contingency(labels, truth))


def rand_index_from(table: sparse.csr_array) -> float:
    """Return `rand_index` of a contingency table."""
    total = _pairs(table.sum())
    agree = total + 2 * _pairs(table.data) - _pairs(table.sum(axis=1)) - _pairs(table.sum(axis=0))
    return float(agree / total) if total else 1.0


def _pairs(counts):
    return int((counts * (counts - 1) // 2).sum())


def probabilistic_rand_index(labels: ArrayLike, truths: Sequence[ArrayLike]) -> float:
    """PRI: the mean of `rand_index` over several truths (Unnikrishnan et al. 2007); larger is better."""
    return float(np.mean([rand_index(labels, truth) for truth in as_truths(truths)]))


def variation_of_information(labels: ArrayLike, truth: ArrayLike) -> float:
    """Variation of information VoI in bits: what either map does not tell about the other.

    VoI = 2 H(S, G) - H(S) - H(G), H the entropy with log2 (Meila 2007); a distance (symmetric, 0 for equal
    maps, with triangle inequality), at most log2 N, smaller is better.
    """
    return variation_of_information_from(contingency(labels, truth))


def variation_of_information_from(table: sparse.csr_array) -> float:
    """Return `variation_of_information` of a contingency table."""
    joint, S, G = (_entropy(counts) for counts in (table.data, table.sum(axis=1), table.sum(axis=0)))
    return max(0.0, 2 * joint - S - G)


def _entropy(counts: NDArray) -> float:
    share = counts[counts > 0] / counts.sum()
    return -float((share * np.log2(share)).sum())


def global_consistency_error(labels: ArrayLike, truth: ArrayLike) -> float:
    """Global consistency error GCE: 0 if either map refines the other; smaller is better, in [0, 1].

    GCE = 1/N min(sum_ij n_ij (a_i - n_ij) / a_i, sum_ij n_ij (b_j - n_ij) / b_j) (Martin et al. 2001). One
    region and one region per pixel both reach 0, so it says little alone.
    """
    return global_consistency_error_from(contingency(labels, truth))


def global_consistency_error_from(table: sparse.csr_array) -> float:
    """Return `global_consistency_error` of a contingency table."""
    n, a, b = _entries(table)
    return float(min((n * (a - n) / a).sum(), (n * (b - n) / b).sum()) / n.sum())


def covering(labels: ArrayLike, truth: ArrayLike) -> float:
    """Covering of the truth by the labels: the mean overlap of each true region with its best region.

    1/N sum_j b_j max_i n_ij / (a_i + b_j - n_ij) (Arbelaez et al. 2011); in (0, 1], larger is better, not
    symmetric. With several truths take the mean (the benchmark of BSDS pools the sums instead).
    """
    return covering_from(contingency(labels, truth))


def covering_from(table: sparse.csr_array) -> float:
    """Return `covering` of a contingency table."""
    n, a, b = _entries(table)
    best, size = np.zeros(table.shape[1]), table.sum(axis=0)
    np.maximum.at(best, table.indices, n / (a + b - n))
    return float((size * best).sum() / size.sum())


def _entries(table: sparse.csr_array) -> tuple[NDArray, NDArray, NDArray]:
    """Return n_ij, a_i and b_j side by side for every n_ij > 0."""
    a = np.repeat(table.sum(axis=1), np.diff(table.indptr))
    return table.data, a, table.sum(axis=0)[table.indices]


def confusion(
    prediction: ArrayLike, truth: ArrayLike, n_classes: int, ignore: int | None = 255
) -> NDArray[np.int64]:
    """Count how often each class was taken for each other; add the tables of a data set together.

    Parameters
    ----------
    prediction, truth : int array_like of the same shape
        Classes 0 to n_classes - 1.
    n_classes : int
        How many classes there are, whether they occur or not.
    ignore : int, optional
        Pixels with this truth do not count, whatever the prediction there.

    Returns
    -------
    (n_classes, n_classes) int64 ndarray
        Rows are the true classes, columns the predicted ones.

    Raises
    ------
    TypeError, ValueError
        If the shapes differ, or the classes are no integers or out of range.
    """
    prediction, truth = np.asarray(prediction), np.asarray(truth)
    if prediction.shape != truth.shape:
        raise ValueError(f"prediction: {prediction.shape}, truth: {truth.shape}, expected the same shape")
    counted = np.ones(truth.shape, bool) if ignore is None else truth != ignore
    prediction = _as_classes(prediction[counted], n_classes, "prediction")
    truth = _as_classes(truth[counted], n_classes, "truth")
    pairs = truth * n_classes + prediction
    return np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)


def trimap(truth: ArrayLike, width: float) -> NDArray[np.bool_]:
    """Mark the pixels near borders of a class map: (H, W) bool; scores over them show what borders are worth.

    A pixel is near if a pixel of `boundaries` is nearer than `width` pixels: 1 marks those pixels alone, one
    on each side of a border. An ignored region has borders as any other; leave its pixels out in `confusion`.

    Parameters
    ----------
    truth : (H, W) int array_like
        Classes.
    width : float
        In pixels, above 0; 1 to 10 are usual.
    """
    width = number("width", width, "a width above 0; 1 to 10 pixels are usual", above=0)
    border = boundaries(truth)
    return distance_transform_edt(~border) < width if border.any() else border


def _as_classes(classes: NDArray, n_classes: int, name: str) -> NDArray[np.int64]:
    if classes.dtype.kind not in "iub":
        raise TypeError(f"{name} has dtype {classes.dtype}, expected integers; use {name}.astype(int)")
    if classes.size and not 0 <= classes.min() <= classes.max() < n_classes:
        raise ValueError(
            f"{name} goes from {classes.min()} to {classes.max()}, expected 0 to {n_classes - 1}; "
            "set ignore to the number that marks pixels without truth"
        )
    return classes.astype(np.int64)


def mean_iou(table: ArrayLike) -> float:
    """Mean intersection over union of a table of `confusion`, summed over the data set, not per picture.

    IoU_c = TP / (TP + FP + FN), averaged over the classes that occur in truth or prediction; in [0, 1],
    larger is better, NaN if no class occurs.
    """
    table = np.asarray(table)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ValueError(f"table has shape {table.shape}, expected a square one; see confusion")
    union = table.sum(axis=0) + table.sum(axis=1) - np.diag(table)
    occurs = union > 0
    return float(np.mean(np.diag(table)[occurs] / union[occurs])) if occurs.any() else float("nan")
