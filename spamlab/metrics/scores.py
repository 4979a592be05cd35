"""All scores of one picture against all its annotators, as flat dictionaries: the rows of a table.

Each score is taken against every annotator and then named ``_mean``, ``_best`` or ``_worst``: the best (or
worst) annotator is chosen for each score on its own. The gap is large, so name which one a number is.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spamlab.metrics.boundary import boundaries, check_r, f_measure, share_near, widen
from spamlab.metrics.matching import boundary_counts
from spamlab.metrics.segments import (
    covering_from,
    global_consistency_error_from,
    rand_index_from,
    variation_of_information_from,
)
from spamlab.metrics.shapes import compactness, regularity
from spamlab.metrics.superpixels import (
    asa_from,
    explained_variation,
    intracluster_variation,
    undersegmentation_error_from,
)
from spamlab.metrics.table import as_truths, contingency
from spamlab.regions import relabel

SMALLER_IS_BETTER = ("ue_np", "voi", "gce")


def superpixel_scores(
    labels: ArrayLike, image: ArrayLike, truths: Sequence[ArrayLike], r: int | None = None
) -> dict[str, float]:
    """Score superpixels against all annotators of a picture.

    Parameters
    ----------
    labels : (H, W) int array_like
        Superpixels after connectivity.
    image : array_like
        The picture, anything `spamlab.features.as_image` accepts.
    truths : sequence of (H, W) int array_like
        One or more truths.
    r : int, optional
        The boundary tolerance; `tolerance` of the picture by default (1 for 321 x 481).

    Returns
    -------
    dict of str to float
        ``n``: how many superpixels there are. ``co``, ``src``, ``smf``, ``gr``, ``ev``, ``icv``, ``cd``:
        see `compactness`, `regularity`, `explained_variation`, `intracluster_variation`,
        `contour_density`. Each with ``_mean``, ``_best`` and ``_worst`` over the annotators: ``asa``,
        ``ue_np``; ``br_r1``, ``bp_r1``, ``f1``, ``f4`` (F with beta 1 and 4) at the tolerance r = 1, whose
        number stands in the key; and ``br_r2``, the recall at 2. An annotator without boundary is skipped
        in those that need one; NaN if none is left.

    Raises
    ------
    ValueError
        If there is no truth, or the maps and the picture differ in size.
    """
    labels, truths = relabel(labels), as_truths(truths)
    r = check_r(r, labels.shape)
    found = boundaries(labels)
    near = {radius: widen(found, radius) for radius in (r, 2)}
    rows = [_against(labels, truth, found, near, r) for truth in truths]
    shape = regularity(labels)
    return {
        "n": float(labels.max() + 1),
        **_over_annotators(rows),
        "co": compactness(labels),
        "src": shape.src,
        "smf": shape.smf,
        "gr": shape.gr,
        "ev": explained_variation(labels, image),
        "icv": intracluster_variation(labels, image),
        "cd": float(found.mean()),
    }


def _against(
    labels: NDArray[np.int32],
    truth: ArrayLike,
    found: NDArray[np.bool_],
    near: dict[int, NDArray[np.bool_]],
    r: int,
) -> dict[str, float]:
    """Score superpixels against one annotator; `near` is their boundary map `found`, widened."""
    table, wanted = contingency(labels, truth), boundaries(truth)
    recalls = {f"br_r{radius}": share_near(wanted, wide) for radius, wide in near.items()}
    recall, precision = recalls[f"br_r{r}"], share_near(found & (np.asarray(truth) >= 0), widen(wanted, r))
    return {
        "asa": asa_from(table),
        "ue_np": undersegmentation_error_from(table),
        **recalls,
        f"bp_r{r}": precision,
        "f1": f_measure(precision, recall),
        "f4": f_measure(precision, recall, 4),
    }


def segmentation_scores(labels: ArrayLike, truths: Sequence[ArrayLike]) -> dict[str, float]:
    """Score a segmentation of few regions against all annotators of a picture.

    Parameters
    ----------
    labels : (H, W) int array_like
        A segmentation.
    truths : sequence of (H, W) int array_like
        One or more truths.

    Returns
    -------
    dict of str to float
        ``n``: how many regions. ``pri``; ``voi``, ``gce`` and ``covering`` with ``_mean``, ``_best`` and
        ``_worst`` over the annotators; ``bf``, the boundary F of this picture, and the four fields of its
        `BoundaryCounts`, to be added over a data set.

    Raises
    ------
    ValueError
        If there is no truth, or the maps differ in size.
    """
    truths = as_truths(truths)
    tables = [contingency(labels, truth) for truth in truths]
    rows = [
        {
            "voi": variation_of_information_from(table),
            "gce": global_consistency_error_from(table),
            "covering": covering_from(table),
        }
        for table in tables
    ]
    counts = boundary_counts(labels, truths)
    return {
        "n": float(relabel(labels).max() + 1),
        "pri": float(np.mean([rand_index_from(table) for table in tables])),
        **_over_annotators(rows),
        "bf": counts.f,
        **{name: float(value) for name, value in vars(counts).items()},
    }


def _over_annotators(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return mean, best and worst of each score, annotators with NaN left out."""
    scores = {}
    for name in rows[0]:
        values = [row[name] for row in rows if not np.isnan(row[name])] or [float("nan")]
        best, worst = (min, max) if name in SMALLER_IS_BETTER else (max, min)
        scores[f"{name}_mean"] = float(np.mean(values))
        scores[f"{name}_best"], scores[f"{name}_worst"] = best(values), worst(values)
    return scores
