"""How good superpixels are: one contingency table and one boundary map, and every score from them.

S is the superpixel map with regions S_i, G the ground truth with regions G_j, n_ij = |S_i and G_j| their
contingency table, a_i and b_j its row and column sums, N the number of pixels. All sums are exact integers
or float64. Scores are taken after connectivity, at the number of superpixels obtained. Pixels labelled -1
in either map (outside a mask) are left out of the table.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage, sparse

from spamlab.features import as_image
from spamlab.regions import as_labels, region_means, relabel


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
    if labels.shape != truth.shape:
        raise ValueError(f"labels have shape {labels.shape} and truth {truth.shape}, expected the same")
    both = (labels >= 0) & (truth >= 0)
    if not both.any():
        raise ValueError("labels and truth have no pixel in common, expected at least one")
    ones = np.ones(int(both.sum()), np.int64)
    shape = (int(labels.max()) + 1, int(truth.max()) + 1)
    return sparse.coo_array((ones, (labels[both], truth[both])), shape).tocsr()


def asa(labels: ArrayLike, truth: ArrayLike) -> float:
    """Achievable segmentation accuracy: the share of pixels right if each superpixel takes its best label.

    ASA = 1/N sum_i max_j n_ij (Liu et al. 2011); from max_j b_j / N to 1, larger is better.
    """
    table = contingency(labels, truth)
    return float(table.max(axis=1).sum() / table.sum())


def undersegmentation_error(labels: ArrayLike, truth: ArrayLike, form: str = "np") -> float:
    """Undersegmentation error: how far superpixels leak over the regions of the truth; smaller is better.

    Parameters
    ----------
    labels, truth : (H, W) int array_like
        Superpixels and ground truth.
    form : {"np", "cue"}
        "np": 1/N sum_ij min(n_ij, a_i - n_ij) (Neubert and Protzel 2012), at most 2 (1 - ASA).
        "cue": 1/N sum_i (a_i - max_j n_ij) (van den Bergh et al. 2012), which is 1 - ASA and says
        nothing new beside it.
    """
    if form not in ("np", "cue"):
        raise ValueError(f"form={form!r}, expected 'np' or 'cue'")
    table = contingency(labels, truth)
    if form == "cue":
        return float((table.sum() - table.max(axis=1).sum()) / table.sum())
    size = np.repeat(table.sum(axis=1), np.diff(table.indptr))  # a_i beside each stored n_ij
    return float(np.minimum(table.data, size - table.data).sum() / table.sum())


def boundaries(labels: ArrayLike) -> NDArray[np.bool_]:
    """Mark the pixels with a 4-neighbour of another label: the two-sided boundary map B2, (H, W) bool."""
    labels = as_labels(labels)
    marked = np.zeros(labels.shape, bool)
    down, across = labels[1:] != labels[:-1], labels[:, 1:] != labels[:, :-1]
    marked[1:] |= down
    marked[:-1] |= down
    marked[:, 1:] |= across
    marked[:, :-1] |= across
    return marked


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
    """
    found, wanted = boundaries(labels), boundaries(truth)
    if found.shape != wanted.shape:
        raise ValueError(f"labels have shape {found.shape} and truth {wanted.shape}, expected the same")
    r = tolerance(wanted.shape) if r is None else r
    near = ndimage.maximum_filter(found, size=2 * r + 1, mode="constant")
    return float(near[wanted].mean()) if wanted.any() else float("nan")


def boundary_precision(labels: ArrayLike, truth: ArrayLike, r: int | None = None) -> float:
    """Boundary precision: the share of superpixel boundary pixels near a boundary of the truth.

    It is `boundary_recall` with the maps exchanged. Superpixels cut on purpose where the truth does not, so
    it is low for all of them.
    """
    return boundary_recall(truth, labels, r)


def perimeters(labels: ArrayLike) -> NDArray[np.int64]:
    """Return each region's perimeter (n,): the pixel edges around it, the picture's frame included."""
    labels = np.pad(relabel(labels), 1, constant_values=-1)
    across, down = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
    sides = [labels[:, 1:][across], labels[:, :-1][across], labels[1:][down], labels[:-1][down]]
    return np.bincount(np.concatenate(sides) + 1)[1:]


def compactness(labels: ArrayLike) -> float:
    """Compactness CO: how near to circles the superpixels are (Schick et al. 2012); larger is more regular.

    CO = sum_i a_i / N * 4 pi a_i / P_i^2. With the perimeter P_i counted in pixel edges it is at most
    pi / 4 = .785, reached by squares. Other programs estimate shorter perimeters and report more.
    """
    labels = relabel(labels)
    area = np.bincount(labels.ravel() + 1)[1:].astype(np.float64)
    return float((area / area.sum() * 4 * np.pi * area / perimeters(labels) ** 2).sum())


def explained_variation(labels: ArrayLike, image: ArrayLike) -> float:
    """Explained variation EV: the share of the colour variance kept when regions take their mean colour.

    EV = sum_i a_i |mu_i - mu|^2 / sum_p |I_p - mu|^2 over RGB (Moore et al. 2008), in [0, 1], larger is
    better. It needs no truth. NaN for a picture of one colour.
    """
    labels, image = relabel(labels), as_image(image).astype(np.float64)
    if labels.shape != image.shape[:2]:
        raise ValueError(f"labels have shape {labels.shape}, expected that of the image, {image.shape[:2]}")
    seen = labels >= 0
    mean = image[seen].mean(axis=0)
    total = ((image[seen] - mean) ** 2).sum()
    between = ((region_means(labels, image)[labels[seen]] - mean) ** 2).sum()
    return float(between / total) if total > 0 else float("nan")
