"""Do superpixels respect regions and colours? ASA, undersegmentation error, explained variation, ICV.

What needs only the contingency table stands in a function `..._from(table)`, so that a table serves all.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from spamlab.features import as_image
from spamlab.metrics.table import contingency
from spamlab.regions import region_means, relabel, sizes

FORMS = ("np", "cue", "achanta")


def asa(labels: ArrayLike, truth: ArrayLike) -> float:
    """Achievable segmentation accuracy: the share of pixels right if each superpixel takes its best label.

    ASA = 1/N sum_i max_j n_ij (Liu et al. 2011); from max_j b_j / N to 1, larger is better.
    """
    return asa_from(contingency(labels, truth))


def asa_from(table: sparse.csr_array) -> float:
    """Return `asa` of a contingency table."""
    return float(table.max(axis=1).sum() / table.sum())


def undersegmentation_error(labels: ArrayLike, truth: ArrayLike, form: str = "np") -> float:
    """Undersegmentation error: how far superpixels leak over the regions of the truth; smaller is better.

    Parameters
    ----------
    labels, truth : (H, W) int array_like
        Superpixels and ground truth.
    form : {"np", "cue", "achanta"}
        "np": 1/N sum_ij min(n_ij, a_i - n_ij) (Neubert and Protzel 2012), at most 2 (1 - ASA).
        "cue": 1/N sum_i (a_i - max_j n_ij) (van den Bergh et al. 2012), which is 1 - ASA and says
        nothing new beside it.
        "achanta": 1/N (sum of a_i over all i, j with n_ij > B a_i, minus N), B = 0.05 (Achanta et al.
        2012): a superpixel counts once for every region it enters by more than a twentieth of itself.

    Returns
    -------
    float
        At least 0. "np" and "cue" stay below 1; "achanta" may exceed it, and is below 19.

    Raises
    ------
    ValueError
        If the form is none of these, or the maps do not fit (see `contingency`).

    Notes
    -----
    Levinshtein's form (2009), the mean over j of (sum of a_i over n_ij > 0, minus b_j) / b_j, is left out:
    it has no tolerance and divides by the size of each region, so one tiny region of the truth decides it.
    """
    return undersegmentation_error_from(contingency(labels, truth), form)


def undersegmentation_error_from(table: sparse.csr_array, form: str = "np") -> float:
    """Return `undersegmentation_error` of a contingency table."""
    if form not in FORMS:
        raise ValueError(f"form={form!r}, expected one of {', '.join(map(repr, FORMS))}")
    total = table.sum()
    if form == "cue":
        return float((total - table.max(axis=1).sum()) / total)
    size = np.repeat(table.sum(axis=1), np.diff(table.indptr))  # a_i beside each stored n_ij
    if form == "achanta":
        return float((size[20 * table.data > size].sum() - total) / total)  # 1 / B = 20, in integers
    return float(np.minimum(table.data, size - table.data).sum() / total)


def explained_variation(labels: ArrayLike, image: ArrayLike) -> float:
    """Explained variation EV: the share of the colour variance kept when regions take their mean colour.

    EV = sum_i a_i |mu_i - mu|^2 / sum_p |I_p - mu|^2 over RGB (Moore et al. 2008), in [0, 1], larger is
    better. It needs no truth. NaN for a picture of one colour.
    """
    within, between, _ = scatter(labels, image)
    total = within.sum() + between.sum()
    return float(between.sum() / total) if total > 0 else float("nan")


def intracluster_variation(labels: ArrayLike, image: ArrayLike) -> float:
    """Intra-cluster variation ICV: how much colours spread inside a superpixel; smaller is better.

    ICV = 1/K sum_i sqrt(sum_p |I_p - mu_i|^2 / a_i) (Benesova and Kottman 2014, in the form of Stutz et al.
    2018): the standard deviation in RGB, here in [0, 1] per channel, averaged over superpixels of any size
    alike. It grows with the contrast of the picture, so compare only on the same pictures.
    """
    within, _, area = scatter(labels, image)
    return float(np.sqrt(within / area).mean())


def scatter(
    labels: ArrayLike, image: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return per region sum_p |I_p - mu_i|^2, a_i |mu_i - mu|^2 and a_i, each (n,)."""
    labels, image = relabel(labels), as_image(image)
    if labels.shape != image.shape[:2]:
        raise ValueError(f"labels have shape {labels.shape}, expected that of the image, {image.shape[:2]}")
    seen = labels >= 0
    if not seen.any():
        raise ValueError("labels are -1 everywhere, expected at least one superpixel")
    index, colours, area = labels[seen], image[seen].astype(np.float64), sizes(labels)
    means = region_means(labels, image)
    within = np.bincount(index, np.square(colours - means[index]).sum(axis=1))
    between = area * np.square(means - colours.mean(axis=0)).sum(axis=1)
    return within, between, area
