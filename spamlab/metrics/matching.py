"""Boundary F of segmentations (the BSDS benchmark): boundary pixels are matched one to one.

P. Arbelaez, M. Maire, C. Fowlkes, J. Malik, "Contour detection and hierarchical image segmentation", TPAMI
33(5), 2011. Pixels of two thin boundary maps may be matched if they lie within 0.0075 of the diagonal.

Where we differ, and why: the benchmark finds a matching of minimum cost among a random sample of the pairs,
where leaving a pixel out costs more than any distance. We take all pairs and a matching of maximum
cardinality, found by augmenting paths (Berge 1957): it matches at least as many pixels, and is exact and
repeatable. Many matchings are that large, and precision asks which pixels of the segmentation they hold. So
the distance grows from 0 in steps, the matching is completed at each of them, and a pixel once matched stays
so: at every smaller distance, too, no matching is larger. That ends close to the matching of minimum cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from skimage.morphology import skeletonize

from spamlab.metrics.boundary import edges, f_measure
from spamlab.metrics.table import as_truths, check_shapes


@dataclass(frozen=True)
class BoundaryCounts:
    """Counts of boundary pixels. Add those of many pictures with ``+``, then ask for the scores.

    Attributes
    ----------
    matched_truth, total_truth : int
        Boundary pixels of the truths, summed over the annotators: matched, and all.
    matched_labels, total_labels : int
        Boundary pixels of the segmentation: matched to at least one annotator, and all.
    """

    matched_truth: int = 0
    total_truth: int = 0
    matched_labels: int = 0
    total_labels: int = 0

    def __add__(self, other: "BoundaryCounts") -> "BoundaryCounts":
        names = (field.name for field in fields(self))
        return BoundaryCounts(*(getattr(self, name) + getattr(other, name) for name in names))

    @property
    def recall(self) -> float:
        """Matched share of the truths' boundary pixels; NaN if there are none."""
        return self.matched_truth / self.total_truth if self.total_truth else float("nan")

    @property
    def precision(self) -> float:
        """Matched share of the segmentation's boundary pixels; NaN if there are none."""
        return self.matched_labels / self.total_labels if self.total_labels else float("nan")

    @property
    def f(self) -> float:
        """F = 2 P R / (P + R), in [0, 1], larger is better; NaN if the truths have no boundary."""
        return f_measure(self.precision, self.recall)


class OdsOis(NamedTuple):
    """F over a data set: one parameter for all (`ods`, at index `parameter`), the best for each (`ois`)."""

    ods: float
    ois: float
    parameter: int


def thin_boundaries(labels: ArrayLike) -> NDArray[np.bool_]:
    """Return a boundary map about one pixel wide, (H, W) bool.

    The skeleton of the pixels that differ from their right or lower neighbour. On truths of BSDS500 it has
    as many pixels as the thin maps that come with them, to 1 %.
    """
    down, across = edges(labels)
    marked = np.zeros((down.shape[0] + 1, down.shape[1]), bool)
    marked[:-1] |= down
    marked[:, :-1] |= across
    return skeletonize(marked)


def boundary_counts(
    labels: ArrayLike, truths: Sequence[ArrayLike], max_distance: float | None = None
) -> BoundaryCounts:
    """Match the boundary of a segmentation to that of each annotator, one pixel to one.

    Parameters
    ----------
    labels : (H, W) int array_like
        A segmentation.
    truths : sequence of (H, W) int array_like
        One or more truths.
    max_distance : float, optional
        The largest distance of a pair, in pixels; 0.0075 of the diagonal by default.

    Returns
    -------
    BoundaryCounts
        A pixel of the segmentation counts as matched if any annotator's matching holds it. How many pixels
        a matching holds is unique, and so is recall. Which ones it holds is not, so a turned picture may
        change precision in the third digit.

    Raises
    ------
    ValueError
        If the maps differ in shape, there is no truth, or the distance is negative.
    """
    found = thin_boundaries(labels)
    if max_distance is None:
        max_distance = 0.0075 * float(np.hypot(*found.shape))
    if not max_distance >= 0:
        raise ValueError(f"max_distance={max_distance}, expected 0 or more pixels")
    matched, recalled, total = np.zeros(np.count_nonzero(found), bool), 0, 0
    for truth in as_truths(truths):
        wanted = thin_boundaries(truth)
        check_shapes(found.shape, wanted.shape)
        hit = match(found, wanted, max_distance) >= 0
        matched |= hit
        recalled += int(hit.sum())
        total += int(wanted.sum())
    return BoundaryCounts(recalled, total, int(matched.sum()), len(matched))


def match(a: NDArray[np.bool_], b: NDArray[np.bool_], max_distance: float) -> NDArray[np.int64]:
    """Match as many pixels of two maps as possible, one to one: the partner in b of each in a, or -1."""
    pixels = [np.argwhere(marked) for marked in (b, a)]  # rows of the graph are pixels of b
    shape = tuple(map(len, pixels))
    if min(shape) == 0:
        return np.full(shape[1], -1)
    rows, columns = (cKDTree(points) for points in pixels)
    pairs = rows.sparse_distance_matrix(columns, max_distance, output_type="ndarray")
    pairs = pairs[np.lexsort((pairs["v"], pairs["i"]))]  # within a row the nearest first
    starts = np.searchsorted(pairs["i"], np.arange(shape[0] + 1))
    return _match(starts, pairs["j"].copy(), pairs["v"].copy(), shape[1])


@njit(cache=True)
def _match(starts, columns, distance, n_columns):
    """Row i may take columns[starts[i] : starts[i + 1]], the nearest first; return the row of each column."""
    column_of, row_of = np.full(len(starts) - 1, -1), np.full(n_columns, -1)
    for radius in np.unique(distance):
        found = True
        while found:
            found = False
            reached_from = np.full(n_columns, -1)  # kept for all rows: what led nowhere once, does so again
            for row in np.flatnonzero(column_of < 0):
                column = _free_column(row, starts, columns, distance, radius, row_of, reached_from)
                found = found or column >= 0
                while column >= 0:  # back along the path: each row hands its old column on
                    row = reached_from[column]
                    row_of[column] = row
                    column, column_of[row] = column_of[row], column
    return row_of


@njit(cache=True)
def _free_column(row, starts, columns, distance, radius, row_of, reached_from):
    """Find a free column from a free row, over columns whose rows could take another; -1 if there is none."""
    rows = [row]
    for row in rows:  # grows while we walk along it
        for edge in range(starts[row], starts[row + 1]):
            column = columns[edge]
            if distance[edge] > radius:
                break
            if reached_from[column] < 0:
                reached_from[column] = row
                if row_of[column] < 0:
                    return column
                rows.append(row_of[column])
    return -1


def ods_ois(counts: Sequence[Sequence[BoundaryCounts]]) -> OdsOis:
    """Summarise boundary F over a data set: at the best fixed parameter, and at the best one per picture.

    Parameters
    ----------
    counts : sequence of sequences of BoundaryCounts
        ``counts[image][parameter]``, equally many parameters for every image.

    Returns
    -------
    OdsOis
        F of the counts summed over the images, not the mean of F. A picture without true boundary adds to
        the precision only.

    Raises
    ------
    ValueError
        If there are no counts, or the images have different numbers of them.
    """
    lengths = {len(row) for row in counts}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError(f"images have {sorted(lengths)} counts, expected one per parameter for every image")
    whole = [sum(column, BoundaryCounts()).f for column in zip(*counts, strict=True)]
    best = [max(row, key=lambda c: -1 if np.isnan(c.f) else c.f) for row in counts]
    parameter = int(np.nanargmax(whole)) if not np.isnan(whole).all() else 0
    return OdsOis(whole[parameter], sum(best, BoundaryCounts()).f, parameter)
