"""The contingency table: how many pixels each pair of regions has in common."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from spamlab.regions import relabel


def contingency(labels: ArrayLike, truth: ArrayLike) -> sparse.csr_array:
    """Count the pixels each pair of regions has in common.

    Parameters
    ----------
    labels, truth : (H, W) int array_like
        Two label maps of the same picture. The numbers need not be contiguous.

    Returns
    -------
    (n_S, n_G) sparse int64 array
        n_ij; rows and columns in the order of the old numbers.

    Raises
    ------
    ValueError
        If the maps differ in shape, or have no pixel in common.
    """
    labels, truth = relabel(labels), relabel(truth)
    check_shapes(labels.shape, truth.shape)
    both = (labels >= 0) & (truth >= 0)
    if not both.any():
        raise ValueError("labels and truth have no pixel in common, expected at least one")
    shape = (int(labels.max()) + 1, int(truth.max()) + 1)
    pairs = labels[both].astype(np.int64) * shape[1] + truth[both]
    if shape[0] * shape[1] <= 4 * labels.size:  # one counter for every pair that can occur
        counts = np.bincount(pairs)
        pairs = np.flatnonzero(counts)
        counts = counts[pairs]
    else:
        pairs, counts = np.unique(pairs, return_counts=True)
    return sparse.coo_array((counts, np.divmod(pairs, shape[1])), shape).tocsr()


def check_shapes(labels: tuple[int, ...], truth: tuple[int, ...]) -> None:
    """Refuse a truth that belongs to a picture of another size."""
    if labels != truth:
        raise ValueError(f"labels have shape {labels} and truth {truth}, expected the same")


def as_truths(truths: Sequence[ArrayLike]) -> list[ArrayLike]:
    """Return the truths of several annotators as a list with at least one map."""
    if isinstance(truths, np.ndarray) and truths.ndim == 2:
        raise ValueError(f"truths is one map of shape {truths.shape}, expected a list of maps; use [truth]")
    if len(truths) == 0:
        raise ValueError("truths is empty, expected at least one label map")
    return list(truths)
