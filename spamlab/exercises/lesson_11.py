"""The exercises of lesson 11: a score at equal count, the front, a method of one's own."""

from collections.abc import Callable

import numpy as np

from spamlab.exercises.exercise import Task


def at_count(counts, obtained, scores):
    """Return the score at each of counts, read off over the logarithm of the number; NaN outside."""
    ### BEGIN SOLUTION
    known = ~np.isnan(scores)
    order = np.argsort(obtained[known])
    n, y = obtained[known][order], scores[known][order]
    return np.interp(np.log(counts), np.log(n), y, left=np.nan, right=np.nan)
    ### END SOLUTION


def pareto_front(scores):
    """Return (n,) bool: no other row of scores (n, d) is as good in every score and better in one."""
    ### BEGIN SOLUTION
    on_front = []
    for own in scores:
        as_good = (scores >= own).all(axis=1)
        better = (scores > own).any(axis=1)
        on_front.append(not (as_good & better).any())
    return np.array(on_front)
    ### END SOLUTION


def own_method(image, n_segments):
    """Return (H, W) labels of about n_segments superpixels of an (H, W, 3) image in [0, 1]."""
    ### BEGIN SOLUTION
    step = (image.shape[0] * image.shape[1] / n_segments) ** 0.5
    rows, cols = (np.arange(step / 2, side, step).astype(int) for side in image.shape[:2])
    labels, cost = np.full(image.shape[:2], -1), np.full(image.shape[:2], 10**9)
    labels[np.ix_(rows, cols)] = np.arange(len(rows) * len(cols)).reshape(len(rows), len(cols))
    cost[labels >= 0] = 0
    before = None
    while not np.array_equal(before, cost):  # costs are whole, so that every way leads back to its seed
        before = cost.copy()
        for a, b in (
            (np.s_[:-1], np.s_[1:]),
            (np.s_[1:], np.s_[:-1]),
            (np.s_[:, :-1], np.s_[:, 1:]),
            (np.s_[:, 1:], np.s_[:, :-1]),
        ):
            toll = cost[a] + 1 + (100 * np.abs(image[a] - image[b]).sum(axis=2)).astype(int)
            nearer = toll < cost[b]
            cost[b][nearer], labels[b][nearer] = toll[nearer], labels[a][nearer]
    return labels
    ### END SOLUTION


# ---- 11.1


def _read(scale: Callable = np.log, **ends) -> Callable:
    """Return a wrong reading: over another scale, or with other values outside."""
    ends = ends or {"left": np.nan, "right": np.nan}

    def wrong(counts, obtained, scores):
        known = ~np.isnan(scores)
        order = np.argsort(obtained[known])
        n, y = obtained[known][order], scores[known][order]
        return np.interp(scale(counts), scale(n), y, **ends)

    return wrong


def _extended(counts, obtained, scores):
    """Prolong the first and the last line."""
    known = ~np.isnan(scores)
    order = np.argsort(obtained[known])
    x, y = np.log(obtained[known][order]), scores[known][order]
    if len(x) < 2:
        return np.full(len(counts), y[0])
    i = np.clip(np.searchsorted(x, np.log(counts)), 1, len(x) - 1)
    return y[i - 1] + (np.log(counts) - x[i - 1]) / (x[i] - x[i - 1]) * (y[i] - y[i - 1])


def _nearest(counts, obtained, scores):
    known = ~np.isnan(scores)
    n, y = obtained[known], scores[known]
    found = y[np.abs(np.log(counts)[:, None] - np.log(n)).argmin(axis=1)]
    return np.where((counts < n.min()) | (counts > n.max()), np.nan, found)


def _unsorted(counts, obtained, scores):
    known = ~np.isnan(scores)
    n, y = obtained[known], scores[known]
    return np.interp(np.log(counts), np.log(n), y, left=np.nan, right=np.nan)


def _zero_for_nan(counts, obtained, scores):
    return at_count(counts, obtained, np.nan_to_num(scores))


def _sorted_apart(counts, obtained, scores):
    known = ~np.isnan(scores)
    n, y = np.sort(obtained[known]), np.sort(scores[known])
    return np.interp(np.log(counts), np.log(n), y, left=np.nan, right=np.nan)


def _count_inputs():
    n, y = np.array([80.0, 160, 320, 640]), np.array([0.90, 0.93, 0.95, 0.96])
    shuffled = [0, 2, 1, 3]
    gap = np.where(n == 160, np.nan, y)
    rows = (
        ([100.0, 200.0, 400.0], n, y),
        ([160.0, 226.0, 500.0], n[shuffled], y[shuffled]),
        ([50.0, 100.0, 800.0], n, y),
        ([100.0, 200.0, 320.0], n[shuffled], gap[shuffled]),
        ([79.0, 80.0, 641.0], n[shuffled], np.array([0.9, 0.4, 0.5, 0.2])),
        ([100.0, 205.0, 310.0], np.array([97.0, 311.0, 204.0]), np.array([0.40, np.nan, 0.70])),
    )
    return [dict(zip(("counts", "obtained", "scores"), map(np.array, row), strict=True)) for row in rows]


AT_COUNT = Task(
    name="11.1",
    title="a score at equal count",
    function=at_count,
    inputs=_count_inputs,
    hints=(
        "Three things before you read: leave out runs without a score, sort the rest by the number obtained "
        "(the scores with it), and take logarithms of the numbers and of the counts.",
        "np.argsort gives an order that you can use for both arrays. np.isnan finds runs without a score.",
        "np.interp reads between points; its arguments left and right say what stands outside of them.",
    ),
    mistakes={
        "You read off over the number itself. Take logarithms, of the counts and of the numbers.": (
            _read(lambda n: n)
        ),
        "Outside of the runs you return the score at the end. Nothing is known there: NaN.": _read(
            np.log, left=None, right=None
        ),
        "Outside of the runs you return 0. That is a score, and a bad one: NaN says that nothing is known.": (
            _read(np.log, left=0.0, right=0.0)
        ),
        "You prolong the line beyond the runs. Nothing is known there: NaN.": _extended,
        "You take the nearest run. Read off between the two.": _nearest,
        "You do not sort the runs. np.interp wants rising numbers, and says nothing if they are not.": (
            _unsorted
        ),
        "You sort numbers and scores apart. A score belongs to its number: use one order for both.": (
            _sorted_apart
        ),
        "A run without a score counts as 0 in your code. Leave it out, its number too.": _zero_for_nan,
    },
    nan="Between the runs there is an answer. Are they sorted, and those whose score is NaN left out?",
)


# ---- 11.2


def _each(beaten: Callable) -> Callable:
    """Return a wrong front; `beaten` takes all scores and one row."""
    return lambda scores: np.array([not beaten(scores, own) for own in scores])


def _best_of_a_column(scores):
    return (scores == scores.max(axis=0)).any(axis=1)


def _once_each(scores):
    """Keep the first of equal rows alone."""
    kept = pareto_front(scores)
    return np.array([kept[i] and not (scores[:i] == scores[i]).all(axis=1).any() for i in range(len(scores))])


def _without_equals(scores):
    """Let equals beat each other."""
    as_good = (scores[None] >= scores[:, None]).all(axis=2)
    return as_good.sum(axis=1) == 1  # the method itself


def _first_two(scores):
    return pareto_front(scores[:, :2])


def _front_inputs():
    rows = (
        [[1, 5], [2, 4], [1, 4], [3, 1], [2, 4]],
        [[0.94, 0.27], [0.95, 0.27], [0.94, 0.44], [0.93, 0.54], [0.90, 0.99]],
        [[1, 1], [1, 1], [1, 1]],
        [[3, 3], [1, 1], [2, 3], [3, 2]],
        [[1, 2, 3], [1, 2, 4], [3, 0, 0], [2, 2, 2], [0, 3, 0], [2, 2, 1]],
        [[-5, 3], [-9, 3], [-5, 2], [-7, 4], [-6, 3.5]],
    )
    return [{"scores": np.array(row, float)} for row in rows]


FRONT = Task(
    name="11.2",
    title="the front",
    function=pareto_front,
    inputs=_front_inputs,
    hints=(
        "Take one method after the other, and ask whether anybody beats it. Two conditions, both on the same "
        "rival: as good in all scores, better in at least one.",
        "scores >= own compares all rivals with one row at once. all(axis=1) asks each rival for all scores, "
        "any(axis=1) for at least one.",
        "Join the two conditions with & before you ask whether any rival meets them. The method itself, and "
        "its equals, fail the second one, so they need no special care.",
    ),
    mistakes={
        "You return those that are beaten. Turn it round.": lambda scores: ~pareto_front(scores),
        "A method is beaten in your code only if a rival is better in every score. As good in all and better "
        "in one is enough.": _each(lambda scores, own: (scores > own).all(axis=1).any()),
        "Every method is beaten in your code, by itself. A rival must be better in some score.": _each(
            lambda scores, own: (scores >= own).all(axis=1).any()
        ),
        "A method is beaten in your code if a rival is better in one score. It must be as good in all.": (
            _each(lambda scores, own: (scores > own).any())
        ),
        "You take the best of each score. A method that is second in all of them may be on the front.": (
            _best_of_a_column
        ),
        "Of equal methods you keep one. Equals do not beat each other: keep all.": _once_each,
        "Equal methods beat each other in your code. A rival must be better in at least one score.": (
            _without_equals
        ),
        "You look at the first two scores. There may be more.": _first_two,
        "You take the smaller for the better. The larger is.": lambda scores: pareto_front(-scores),
        "You take the sum of the scores. A front does not weigh one against the other.": lambda scores: (
            scores.sum(axis=1) == scores.sum(axis=1).max()
        ),
    },
)


# ---- 11.3


def _blocks(height, width, n_segments):
    """Return the cells of a grid with about n_segments cells."""
    side = (height * width / n_segments) ** 0.5
    down, across = max(1, round(height / side)), max(1, round(width / side))
    row, col = np.arange(height) * down // height, np.arange(width) * across // width
    return row[:, None] * across + col


def _squares(image, n_segments):
    return _blocks(*image.shape[:2], n_segments)


def _by_chance(image, n_segments):
    centres = np.random.default_rng().random((n_segments, 2)) * image.shape[:2]
    place = np.stack(np.indices(image.shape[:2]), axis=2)
    return ((place[:, :, None] - centres) ** 2).sum(axis=3).argmin(axis=2)


def _in_pieces(image, n_segments):
    """Colours alone, in about as many steps: what looks alike is one label wherever it lies."""
    grey = image.mean(axis=2)
    return np.minimum((grey - grey.min()) / np.ptp(grey) * n_segments, n_segments - 1).astype(int)


def _spoiling(image, n_segments):
    labels = own_method(image, n_segments)
    image[:] = 0
    return labels


def _scene(seed, shape, n_objects=5):
    """Return a picture of discs on a ground, with a little noise, and its truth."""
    rng = np.random.default_rng(seed)
    row, col = np.indices(shape)
    truth, colours = np.zeros(shape, int), rng.random((n_objects + 1, 3))
    for number in range(1, n_objects + 1):
        middle, radius = rng.random(2) * shape, rng.uniform(0.12, 0.3) * min(shape)
        truth[np.hypot(row - middle[0], col - middle[1]) < radius] = number
    return np.clip(colours[truth] + rng.normal(0, 0.01, (*shape, 3)), 0, 1), truth


def _own_inputs():
    rows = ((3, (40, 50), 30), (5, (60, 45), 24), (8, (64, 96), 80))
    found = []
    for seed, shape, n_segments in rows:
        image, truth = _scene(seed, shape)
        found.append({"image": image, "n_segments": n_segments, "_truth": truth})
    return found


OWN = Task(
    name="11.3",
    title="a method of your own",
    function=own_method,
    inputs=_own_inputs,
    judge="partition",
    hints=(
        "Begin with a grid of seeds, one for each superpixel, as all methods of the course do. Which pixel "
        "joins which seed? Colour must have a say, or a grid is all you get.",
        "Connected pieces are the hard part. Either mend them at the end, or grow them: a pixel may take the "
        "label of one of its four neighbours, and no other.",
        "Growing in NumPy: keep a cost for each pixel, 0 at the seeds. A step to a neighbour costs 1, and "
        "more for a change of colour. As long as anything changes, let each pixel take a cheaper offer of a "
        "neighbour, with its label. Or use what the course has: from spamlab.slic import slic, and change "
        "what it sees.",
    ),
    mistakes={
        "It returns no map of the picture's height and width: one number for each pixel is expected.": (
            lambda image, n_segments: _squares(image, n_segments).ravel()
        ),
        "The labels are no whole numbers. Use astype(int) once they are whole.": lambda image, n_segments: (
            own_method(image, n_segments) * 1.0
        ),
        "It changes the picture it is given. Work on a copy.": _spoiling,
        "The same call gives another map. Leave chance out, or give np.random.default_rng a fixed number.": (
            _by_chance
        ),
        "A label lies in several pieces that do not touch. Give each piece its own label, and join small "
        "ones to a neighbour; or let superpixels grow from their seeds.": _in_pieces,
        "Too few come out: less than two thirds of n_segments. The area of each is H * W / n_segments.": (
            lambda image, n_segments: _blocks(*image.shape[:2], n_segments / 3)
        ),
        "Too many come out: more than four thirds of n_segments. Is n_segments a number of pieces in your "
        "code, or the size of one?": lambda image, n_segments: _blocks(*image.shape[:2], 3 * n_segments),
        "It is no better than a plain grid of as many squares. Does it look at the colours?": _squares,
        "Some pixels have a negative label. Every pixel belongs to a superpixel, and labels start at 0.": (
            lambda image, n_segments: own_method(image, n_segments) - 1
        ),
    },
    none="Does every way through your function end with return labels?",
)

TASKS = (AT_COUNT, FRONT, OWN)
