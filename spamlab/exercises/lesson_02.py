"""The exercises of lesson 02: achievable segmentation accuracy, boundary recall and compactness."""

import numpy as np

from spamlab.exercises.exercise import Task


def asa_score(labels, truth):
    """Return ASA: the share of pixels right when each superpixel takes the object that fills most of it."""
    ### BEGIN SOLUTION
    right = 0
    for k in np.unique(labels):
        _, counts = np.unique(truth[labels == k], return_counts=True)
        right += counts.max()
    return right / labels.size
    ### END SOLUTION


def recall_score(labels, truth, r):
    """Return the share of truth's boundary pixels with one of labels' in the square of side 2r + 1."""
    ### BEGIN SOLUTION
    H, W = labels.shape
    borders = []
    for regions in (labels, truth):
        x = np.pad(regions, 1, mode="edge")
        sides = x[:-2, 1:-1], x[2:, 1:-1], x[1:-1, :-2], x[1:-1, 2:]
        borders.append(np.any([side != regions for side in sides], axis=0))
    x = np.pad(borders[0], r)
    shifts = [x[i : i + H, j : j + W] for i in range(2 * r + 1) for j in range(2 * r + 1)]
    return np.any(shifts, axis=0)[borders[1]].mean()
    ### END SOLUTION


def compactness_score(labels):
    """Return CO: the mean over all pixels of 4 pi a / P^2 of their superpixel, P in pixel edges."""
    ### BEGIN SOLUTION
    total = 0
    for k in np.unique(labels):
        x = np.pad(labels == k, 1)
        a = x.sum()
        P = (x[1:] != x[:-1]).sum() + (x[:, 1:] != x[:, :-1]).sum()
        total += a * 4 * np.pi * a / P**2
    return total / labels.size
    ### END SOLUTION


def _blocks(shape, rows, columns, first=0):
    row, col = (np.arange(side) * n // side for side, n in zip(shape, (rows, columns), strict=True))
    return first + row[:, None] * columns + col


# ---- 02.1


def _asa_inputs():
    rng = np.random.default_rng(2)
    return [
        {"labels": np.array([[0, 0, 1, 1, 1]]), "truth": np.array([[1, 1, 1, 2, 2]])},
        {"labels": _blocks((3, 6), 1, 2), "truth": np.array([[0] * 5 + [1]] * 2 + [[0, 2, 2, 2, 1, 1]])},
        {"labels": _blocks((6, 6), 3, 2), "truth": rng.integers(1, 4, (6, 6))},
        {"labels": _blocks((6, 9), 2, 2), "truth": rng.integers(0, 18, (6, 9))},
        {"labels": np.full((4, 4), 7), "truth": _blocks((4, 4), 1, 2)},
    ]


def _asa_mistake(formula):
    def wrong(labels, truth):
        rows, columns = np.unique(labels), np.unique(truth)
        table = [[((labels == i) & (truth == j)).sum() for j in columns] for i in rows]
        return float(formula(np.array(table)))

    return wrong


def _asa_ten_bins(labels, truth):
    counts = [np.histogram(truth[labels == k])[0].max() for k in np.unique(labels)]
    return sum(counts) / labels.size


ASA = Task(
    name="02.1",
    title="ASA",
    function=asa_score,
    inputs=_asa_inputs,
    hints=(
        "Give every superpixel the object that fills most of it, and count the pixels that come out right.",
        "For one superpixel k: truth[labels == k] are the objects of its pixels. Which occurs most often?",
        "np.unique(..., return_counts=True) counts them. Sum the largest counts, divide by all pixels.",
    ),
    mistakes={
        "You take the largest superpixel of each object. Take the largest object of each superpixel.": (
            _asa_mistake(lambda n: n.max(axis=0).sum() / n.sum())
        ),
        "You average over superpixels, so a small one counts as much as a large one. Count pixels.": (
            _asa_mistake(lambda n: (n.max(axis=1) / n.sum(axis=1)).mean())
        ),
        "You return the share of wrong pixels, 1 - ASA, also called undersegmentation error.": (
            _asa_mistake(lambda n: 1 - n.max(axis=1).sum() / n.sum())
        ),
        "You return a number of pixels. Divide it by the number of all pixels.": (
            _asa_mistake(lambda n: n.max(axis=1).sum())
        ),
        "np.histogram sorts objects into ten bins, so that different ones fall together. Use np.unique.": (
            _asa_ten_bins
        ),
        "The numbers of superpixels and objects are only names; do not compare them.": (
            lambda labels, truth: (labels == truth).mean()
        ),
        "You return a percentage. ASA is a share, from 0 to 1.": _asa_mistake(
            lambda n: 100 * n.max(axis=1).sum() / n.sum()
        ),
    },
)


# ---- 02.2


def _border(x, moves=((1, 0), (-1, 0), (0, 1), (0, -1)), mode="edge"):
    """Mark the pixels that differ from one of their neighbours; mode="wrap" is what np.roll does."""
    H, W = x.shape
    y = np.pad(x, 1, mode=mode)
    return np.any([y[1 + i : 1 + i + H, 1 + j : 1 + j + W] != x for i, j in moves], axis=0)


def _near(mark, reach):
    """Tell for every pixel whether `mark` holds within a reach: a function of the offsets (row, col)."""
    at, every = np.argwhere(mark), np.argwhere(np.ones(mark.shape, bool))
    row, col = (at - every[:, None]).transpose(2, 0, 1)
    return reach(row, col).any(axis=1).reshape(mark.shape)


def _recall_mistake(
    border=_border,
    reach=lambda row, col, r: np.maximum(row, col) <= r,
    score=lambda near, of_truth, of_labels: near[of_truth].mean(),
):
    def wrong(labels, truth, r):
        of_labels, of_truth = border(labels), border(truth)
        near = _near(of_labels, lambda row, col: reach(np.abs(row), np.abs(col), r))
        return float(score(near, of_truth, of_labels))

    return wrong


def _recall_side(side):
    """Return a wrong recall whose square has side `side(r)`, placed as scipy.ndimage does if it is even."""

    def wrong(labels, truth, r):
        first, last = -(side(r) // 2), (side(r) - 1) // 2
        near = _near(_border(labels), lambda *off: np.all([(first <= x) & (x <= last) for x in off], axis=0))
        return float(near[_border(truth)].mean())

    return wrong


def _recall_inputs():
    left, right = _blocks((6, 9), 1, 2), _blocks((6, 9), 1, 3) // 2
    grid = _blocks((9, 12), 2, 3)
    blob, corner = np.zeros((2, 9, 12), int)
    blob[3:7, 2:5], blob[1:4, 7:10] = 1, 2
    corner[:3, :3], corner[6:, 9:] = 1, 2
    rows = [(left, right, 1), (grid, blob, 0), (grid, blob, 1), (corner, blob, 1)]
    rows += [(corner, blob, 2), (blob, corner, 2), (corner, blob, 3)]
    return [{"labels": labels, "truth": truth, "r": r} for labels, truth, r in rows]


RECALL = Task(
    name="02.2",
    title="boundary recall",
    function=recall_score,
    inputs=_recall_inputs,
    hints=(
        "Mark the boundary pixels of both maps, then all pixels near those of labels. Of truth's boundary "
        "pixels, how many lie there?",
        "A boundary pixel has at least one of its four neighbours in another region. Compare x[1:] with "
        "x[:-1] and mark both sides; likewise for columns.",
        "scipy.ndimage.maximum_filter(mark, size=2 * r + 1, mode='constant') widens a boundary map by r. The "
        "mean of the wide map over truth's boundary pixels is the recall.",
    ),
    mistakes={
        "You return boundary precision: of labels' boundary pixels, how many lie near one of truth's.": (
            lambda labels, truth, r: _recall_mistake()(truth, labels, r)
        ),
        "You compare with the right and the lower neighbour only. Mark the pixels on both sides.": (
            _recall_mistake(lambda x: _border(x, [(1, 0), (0, 1)]))
        ),
        "Diagonal neighbours count in your boundary. Compare with the four neighbours only.": (
            _recall_mistake(lambda x: _border(x, [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]))
        ),
        "np.roll wraps round: the first row meets the last one, and the frame becomes a boundary.": (
            _recall_mistake(lambda x: _border(x, mode="wrap"))
        ),
        "Your tolerance is a disc. It is a square: r rows and r columns to each side.": (
            _recall_mistake(reach=lambda row, col, r: np.hypot(row, col) <= r)
        ),
        "Your tolerance is a diamond, as r steps to the four neighbours make it. It is a square.": (
            _recall_mistake(reach=lambda row, col, r: row + col <= r)
        ),
        "The tolerance r changes nothing. Boundaries may lie up to r pixels apart.": (
            _recall_mistake(reach=lambda row, col, r: row + col == 0)
        ),
        "Your square reaches 2r to each side. Its side is 2r + 1, so it reaches r.": (
            _recall_mistake(reach=lambda row, col, r: np.maximum(row, col) <= 2 * r)
        ),
        "Your square has side 2r. Its side is 2r + 1: r to each side, and the pixel itself.": (
            _recall_side(lambda r: max(2 * r, 1))
        ),
        "Your square has side 2r, so it is empty at r = 0. Its side is 2r + 1.": (
            _recall_side(lambda r: 2 * r)
        ),
        "Your square has side r. Its side is 2r + 1: r to each side, and the pixel itself.": (
            _recall_side(lambda r: max(r, 1))
        ),
        "binary_dilation with iterations=0 goes on until nothing changes. Treat r = 0 apart.": (
            _recall_mistake(reach=lambda row, col, r: np.maximum(row, col) <= (r or np.inf))
        ),
        "Your tolerance is a diamond, not a square; and with iterations=0 binary_dilation goes on until "
        "nothing changes. Treat r = 0 apart.": (
            _recall_mistake(reach=lambda row, col, r: row + col <= (r or np.inf))
        ),
        "You divide by the number of labels' boundary pixels. Divide by that of truth's.": (
            _recall_mistake(score=lambda near, of_truth, of_labels: near[of_truth].sum() / of_labels.sum())
        ),
        "You return a number of pixels. Divide it by the number of truth's boundary pixels.": (
            _recall_mistake(score=lambda near, of_truth, of_labels: near[of_truth].sum())
        ),
    },
)


# ---- 02.3


def _compactness_mistake(formula, pad="constant"):
    def wrong(labels):
        masks = [np.pad(labels == k, 1, mode=pad) for k in np.unique(labels)]
        a = np.array([x[1:-1, 1:-1].sum() for x in masks])
        P = np.array([(x[1:] != x[:-1]).sum() + (x[:, 1:] != x[:, :-1]).sum() for x in masks])
        return float(formula(a, P, labels.size))

    return wrong


def _compactness_of_pixels(labels):
    masks = [np.pad(labels == k, 1) for k in np.unique(labels)]
    return sum(4 * np.pi * (x.sum() / (_border(x) & x).sum()) ** 2 for x in masks) / labels.size


def _compactness_smoothed(labels):
    from skimage.measure import perimeter

    masks = [labels == k for k in np.unique(labels)]
    return sum(4 * np.pi * (x.sum() / perimeter(x)) ** 2 for x in masks) / labels.size


def _compactness_inputs():
    ring = _blocks((6, 8), 1, 2)
    ring[2:4, 1:7] = 2
    ragged = _blocks((5, 7), 1, 2)
    ragged[::2, 4] = 0
    return [{"labels": x} for x in (_blocks((4, 6), 1, 2), _blocks((4, 6), 2, 2, first=3), ring, ragged)]


COMPACTNESS = Task(
    name="02.3",
    title="compactness",
    function=compactness_score,
    inputs=_compactness_inputs,
    hints=(
        "For each superpixel: its area a in pixels and its perimeter P in pixel edges. A square has "
        "4 pi a / P^2 = pi / 4.",
        "Surround the mask of a superpixel by False on each side, with np.pad: then edges on the picture's "
        "frame count like the others.",
        "P is how often the padded mask changes from one row to the next, or from one column to the next. "
        "Weigh each superpixel by a / N.",
    ),
    mistakes={
        "The edges on the picture's frame are missing from P. Pad the mask with False first.": (
            _compactness_mistake(lambda a, P, N: (a / N * 4 * np.pi * a / P**2).sum(), pad="edge")
        ),
        "You count boundary pixels. P counts pixel edges, and a pixel in a corner has two.": (
            _compactness_of_pixels
        ),
        "P is not squared. Without that CO depends on the size of the picture.": (
            _compactness_mistake(lambda a, P, N: (a / N * 4 * np.pi * a / P).sum())
        ),
        "The factor 4 pi is missing; with it a circle scores 1.": (
            _compactness_mistake(lambda a, P, N: (a / N * a / P**2).sum())
        ),
        "You average over superpixels, so a small one counts as much as a large one. Weigh by a / N.": (
            _compactness_mistake(lambda a, P, N: (4 * np.pi * a / P**2).mean())
        ),
        "You sum over superpixels without weights, so CO grows with their number. Weigh by a / N.": (
            _compactness_mistake(lambda a, P, N: (4 * np.pi * a / P**2).sum())
        ),
        "Each edge counts twice in your P. Count it once, from inside or from outside.": (
            _compactness_mistake(lambda a, P, N: (a / N * np.pi * a / P**2).sum())
        ),
        "You return after the first superpixel. Put return behind the loop, indented like for.": (
            _compactness_mistake(lambda a, P, N: (a / N * 4 * np.pi * a / P**2)[0])
        ),
        "Your P is smoothed, as skimage.measure.perimeter measures it. Count pixel edges.": (
            _compactness_smoothed
        ),
    },
)

TASKS = (ASA, RECALL, COMPACTNESS)
