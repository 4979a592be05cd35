"""Are superpixels regular? Compactness CO, and global regularity GR with its two factors SRC and SMF.

R. Giraud, V.-T. Ta, N. Papadakis, "Evaluation framework of superpixel methods with a global regularity
measure", Journal of Electronic Imaging 26(6), 2017. None of these needs a truth.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from spamlab.regions import relabel, sizes

# How much a border pixel adds to the length of a line through the centres of border pixels, by how many of
# its [4 side][4 corner] neighbours are border pixels: half of the steps to the next and the last pixel
# (K. Benkrid and D. Crookes 2000). The values that many toolboxes call "perimeter".
_BOTH, _DIAGONAL = (1 + np.sqrt(2)) / 2, np.sqrt(2)
_LENGTH = np.array(
    [
        [0, 0, _DIAGONAL, 0, 0],
        [0, _BOTH, _BOTH, _DIAGONAL, 0],
        [1, 1, 1, 0, 0],
        [1, 1, 1, 0, 0],
        [0, 0, 0, 0, 0],
    ]
)


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
    if labels.max() < 0:
        raise ValueError("labels are -1 everywhere, expected at least one superpixel")
    area = sizes(labels).astype(np.float64)
    return float((area / area.sum() * 4 * np.pi * area / perimeters(labels) ** 2).sum())


@dataclass(frozen=True)
class Regularity:
    """How regular superpixels are, each value in [0, 1], larger is more regular.

    Attributes
    ----------
    src : float
        Shape regularity: convex, smooth, as wide as high.
    smf : float
        Smooth matching factor: how alike the shapes are.
    """

    src: float
    smf: float

    @property
    def gr(self) -> float:
        """Global regularity, SRC * SMF."""
        return self.src * self.smf


def regularity(labels: ArrayLike) -> Regularity:
    """Global regularity GR = SRC * SMF (Giraud et al. 2017); larger is more regular, squares reach 1.

    SRC = sum_i a_i / N * CR_i * V_i, with CR_i = (perimeter / area of the convex hull) / (perimeter / area
    of S_i), at most 1, and V_i = sqrt(min(s_r, s_c) / max(s_r, s_c)) of the standard deviations of the rows
    and columns. SMF = sum_i a_i / N * sum_p min(M(p), S_i(p)), every superpixel shifted so that its rounded
    barycentre lies at 0: S_i is 1 / a_i on its pixels, and M is the mean of all S_i weighted by a_i.

    Parameters
    ----------
    labels : (H, W) int array_like
        Superpixels, each 4-connected; -1 is left out.

    Returns
    -------
    Regularity
        ``src``, ``smf`` and ``gr``.

    Notes
    -----
    The hull of a region is all pixels whose centres lie in the convex hull of the middles of its pixels'
    sides. Both perimeters are lengths of the line through the centres of the border pixels; where it is 0
    (one or two pixels) CR is 1. A single pixel counts as perfectly regular.
    """
    labels = relabel(labels)
    row, col = np.nonzero(labels >= 0)
    if len(row) == 0:
        raise ValueError("labels are -1 everywhere, expected at least one superpixel")
    index, area = labels[row, col], sizes(labels)
    centre = np.stack([np.bincount(index, x) / area for x in (row, col)])
    spread = np.stack([np.bincount(index, np.square(x - centre[i][index])) for i, x in enumerate((row, col))])
    low, high = spread.min(axis=0), spread.max(axis=0)
    V = np.divide(low, high, out=np.ones(len(area)), where=high > 0) ** 0.25  # root of a ratio of roots
    src = (area * _convexity(labels, _boxes(index, row, col)) * V).sum() / len(row)
    shifted = np.stack([row, col]) - np.floor(centre + 0.5).astype(np.int64)[:, index]
    return Regularity(float(src), _matching(shifted, index, area))


def _matching(shifted: NDArray[np.int64], index: NDArray[np.int32], area: NDArray[np.int64]) -> float:
    """Return SMF, exactly: a_i / N * min(M, 1 / a_i) summed is min(a_i M, 1) / N summed over all pixels."""
    row, col = shifted - shifted.min(axis=1, keepdims=True)
    place = row * (col.max() + 1) + col
    share = np.bincount(place)[place] / len(place)  # M at each pixel
    return float(np.minimum(share * area[index], 1).sum() / len(place))


def _boxes(index: NDArray, row: NDArray, col: NDArray) -> NDArray[np.int64]:
    """Return (top, bottom, left, right) of each region, (n, 4), the ends not included."""
    n = int(index.max()) + 1
    boxes = np.empty((n, 4), np.int64)
    for axis, x in enumerate((row, col)):
        low, high = np.full(n, x.max()), np.zeros(n, np.int64)
        np.minimum.at(low, index, x)
        np.maximum.at(high, index, x)
        boxes[:, 2 * axis], boxes[:, 2 * axis + 1] = low, high + 1
    return boxes


@njit(cache=True)
def _convexity(labels, boxes):
    """Return CR of every region."""
    ratio = np.ones(len(boxes))
    for k in range(len(boxes)):
        top, bottom, left, right = boxes[k]
        shape = np.zeros((bottom - top + 2, right - left + 2), np.bool_)  # with a frame of one pixel
        shape[1:-1, 1:-1] = labels[top:bottom, left:right] == k
        hull = _hull(shape)
        length = _length(shape) * hull.sum()
        if length > 0:
            ratio[k] = min(1.0, _length(hull) * shape.sum() / length)
    return ratio


@njit(cache=True)
def _length(shape):
    """Return the length of the line through the centres of the pixels that have a side outside."""
    H, W = shape.shape
    border, length = np.zeros((H, W), np.int64), 0.0
    for i in range(1, H - 1):
        for j in range(1, W - 1):
            inner = shape[i - 1, j] and shape[i + 1, j] and shape[i, j - 1] and shape[i, j + 1]
            border[i, j] = shape[i, j] and not inner
    for i in range(1, H - 1):
        for j in range(1, W - 1):
            if border[i, j]:
                sides = border[i - 1, j] + border[i + 1, j] + border[i, j - 1] + border[i, j + 1]
                around = border[i - 1 : i + 2, j - 1 : j + 2].sum() - 1
                length += _LENGTH[sides, around - sides]
    return length


@njit(cache=True)
def _hull(shape):
    """Fill the convex hull of a shape that leaves the frame of its array free."""
    H, W = shape.shape
    first, last = np.full(H - 2, 4 * W), np.full(H - 2, -4 * W)  # an empty row is far outside
    for i in range(H - 2):
        for j in range(W):
            if shape[i + 1, j]:
                first[i], last[i] = min(first[i], j), j
    hull, first, last = np.zeros_like(shape), _left_side(first), -_left_side(-last)
    for i in range(H - 2):
        hull[i + 1, first[i] : last[i] + 1] = True
    return hull


@njit(cache=True)
def _left_side(first):
    """Return where each row of the hull begins if the rows of the shape begin at `first`, in integers."""
    edge = np.empty(2 * len(first) + 1, np.int64)  # in half pixels, also between the rows
    edge[1::2] = 2 * first - 1
    edge[0], edge[-1] = 2 * first[0], 2 * first[-1]
    edge[2:-1:2] = 2 * np.minimum(first[1:], first[:-1])
    corners = [0]
    for y in range(1, len(edge)):
        while len(corners) > 1:
            a, b = corners[-2], corners[-1]
            if (edge[b] - edge[a]) * (y - a) < (edge[y] - edge[a]) * (b - a):
                break  # b lies left of the line from a to y: a corner
            corners.pop()
        corners.append(y)
    begin = first.copy()
    for c in range(len(corners) - 1):
        a, b = corners[c], corners[c + 1]
        for y in range(a + 1 - a % 2, b + 1, 2):  # the odd ones are the middles of rows
            begin[y // 2] = -((-edge[a] * (b - a) - (edge[b] - edge[a]) * (y - a)) // (2 * (b - a)))
    return begin
