"""The exercises of lesson 08: a budget with a factor, attention per object, the way to the frame."""

from collections.abc import Callable

import numpy as np

from spamlab.exercises import lesson_07
from spamlab.exercises.exercise import Task


def share_with_factor(areas, attended, r, K):
    """Return (n,): K seeds shared out by areas (n,), attended ones times r. Quotas below 1 become 1."""
    ### BEGIN SOLUTION
    weights = np.where(attended, r * areas, areas)
    small = np.zeros(len(areas), bool)
    for _ in areas:  # what the small ones take may push others below 1
        left, total = K - small.sum(), weights[~small].sum()
        small = left * weights < total
    seeds = np.where(small, 1, left * weights // total).astype(int)
    remainders = np.where(small, -1, left * weights % total)
    seeds[np.argsort(-remainders, kind="stable")[: K - seeds.sum()]] += 1
    return seeds
    ### END SOLUTION


def attention_of_each(attention, objects):
    """Return (n,): the mean of attention (H, W) over objects 1 to n of objects (H, W), from 0 to 1."""
    ### BEGIN SOLUTION
    numbers = range(1, objects.max() + 1)
    means = np.array([attention[objects == number].mean() for number in numbers])
    means = means - means.min()
    if means.max() < 1e-9:  # equal but for rounding
        return np.ones(len(means))
    return means / means.max()
    ### END SOLUTION


def to_border(colour, links, border, clip):
    """Return (n,): the cost of the cheapest way from each of n superpixels to one at the frame (border)."""
    ### BEGIN SOLUTION
    difference = np.sqrt(((colour[:, None] - colour) ** 2).sum(axis=2))
    cost = np.where(links, np.maximum(difference - clip, 0), np.inf)
    away = np.where(border, 0.0, np.inf)
    for _ in away:  # no cheapest path has more than n - 1 steps
        away = np.minimum(away, (cost + away).min(axis=1))
    return away
    ### END SOLUTION


# ---- 08.1


def _share(weights, K):
    return share_with_factor(weights, np.zeros(len(weights), bool), 1, K)


def _weights(areas, attended, r):
    return np.where(attended, r * areas, areas)


def _weighed(wrong: Callable, weights: Callable = _weights) -> Callable:
    """Return a wrong budget: another way to share out, or to weigh."""
    return lambda areas, attended, r, K: wrong(weights(areas, attended, r), K)


def _times_the_seeds(areas, attended, r, K):
    return np.floor(np.where(attended, r, 1) * _share(areas, K)).astype(int)


def _others_take_the_rest(areas, attended, r, K):
    """Multiply the quotas of attended objects, and give what is left to the others."""
    many = min(K - (~attended).sum(), round(r * K * areas[attended].sum() / areas.sum()))
    return _in_groups(areas, attended, max(many, attended.sum()), K)


def _groups_without_areas(areas, attended, r, K):
    """Give attended objects together r times as many as the others together, whatever their areas."""
    if attended.all() or not attended.any():
        return _share(areas, K)
    return _in_groups(areas, attended, max(attended.sum(), round(K * r / (1 + r))), K)


def _in_groups(areas, attended, many, K):
    seeds = np.zeros(len(areas), int)
    for group, budget in ((attended, many), (~attended, K - many)):
        if group.any():
            seeds[group] = _share(areas[group], max(budget, group.sum()))
    return seeds


def _area_inputs():
    rows = (
        ([40, 40, 40], [0, 1, 0], 2, 12),
        ([20, 50, 30], [1, 0, 0], 4, 9),
        ([60, 60, 60, 60], [0, 1, 0, 1], 0.5, 11),  # a tie
        ([600, 1200, 40, 10, 10, 10], [0, 1, 1, 0, 0, 0], 0.25, 9),
        ([1, 2, 78, 22, 129, 11], [0, 0, 0, 0, 0, 1], 4, 8),  # the last falls below 1 in the second round
        ([240, 76, 8, 133], [0, 1, 0, 0], 0.25, 20),  # a small one just below 1
        ([500, 200, 300], [1, 1, 1], 8, 17),
        ([500, 200, 300], [0, 0, 0], 8, 17),
        ([37], [1], 3, 5),
    )
    names = ("areas", "attended", "r", "K")
    return [
        dict(zip(names, (np.array(areas), np.array(attended, bool), r, K), strict=True))
        for areas, attended, r, K in rows
    ]


BUDGET = Task(
    name="08.1",
    title="a budget with a factor",
    function=share_with_factor,
    inputs=_area_inputs,
    hints=(
        "Density is seeds per pixel. Twice as dense means: each pixel of an attended object counts as two. "
        "What, then, does the whole object count?",
        "The weight of an object is its area, times r if it is attended: np.where(attended, r * areas, "
        "areas). With weights in place of areas it is exercise 07.1. All share K, so the others pay.",
        "left seeds, and the weight of those that remain, total: the quota is left * weights / total. Those "
        "below 1 get 1 and leave, again and again. Then // gives whole parts and % what remains, and "
        'np.argsort of the negative remainders with kind="stable" puts the first object first in a tie. '
        "astype(int) makes whole numbers.",
    ),
    mistakes={
        "The factor changes nothing in your code. An attended object counts r times its area.": (
            _weighed(_share, lambda areas, attended, r: areas)
        ),
        "You have the factor the wrong way round: above 1 it makes attended objects denser. Multiply their "
        "areas by it.": _weighed(_share, lambda areas, attended, r: _weights(areas, ~attended, r)),
        "You weigh objects by the factor alone. Areas count, too: a large object needs more seeds.": _weighed(
            _share, lambda areas, attended, r: np.where(attended, r, 1)
        ),
        "You take the square root of the factor. It says how many seeds a pixel gets, not how far apart they "
        "lie.": _weighed(_share, lambda areas, attended, r: _weights(areas, attended, np.sqrt(r))),
        "You square the factor. It says how many seeds a pixel gets: multiply the area once.": _weighed(
            _share, lambda areas, attended, r: _weights(areas, attended, r * r)
        ),
        "You share out first and multiply afterwards: K seeds no longer come out. Multiply the areas.": (
            _times_the_seeds
        ),
        "Attended objects get r times what they had without the factor, and the others the rest. Then the "
        "ratio of densities is not r. Multiply the areas, and share out K among all.": _others_take_the_rest,
        "All attended objects together get r times as many seeds as the others together. r is a ratio of "
        "densities: areas count.": _groups_without_areas,
    }
    | {text: _weighed(wrong) for text, wrong in lesson_07.BUDGET.mistakes.items()},
)


# ---- 08.2


def _values(attention, objects, measure: Callable = np.mean):
    return np.array([measure(attention[objects == k]) for k in range(1, objects.max() + 1)])


def _stretched(values):
    span = np.ptp(values)
    return np.ones(len(values)) if span < 1e-9 else (values - values.min()) / span


def _of(measure: Callable) -> Callable:
    """Return a wrong attention: another number of each object in place of its mean."""
    return lambda attention, objects: _stretched(_values(attention, objects, measure))


def _within(ends: Callable, equal: float = 1.0) -> Callable:
    """Return a wrong attention: the means are stretched between other ends."""

    def wrong(attention, objects):
        means = _values(attention, objects)
        low, high = ends(attention, objects, means)
        return np.full(len(means), equal) if high - low < 1e-9 else (means - low) / (high - low)

    return wrong


def _with_zero(attention, objects, means):
    """Return the ends when the uncertain pixels count as one more object."""
    doubt = attention[objects == 0]
    every = np.append(means, doubt.mean()) if doubt.size else means
    return every.min(), every.max()


def _rounding_counts(attention, objects):
    means = _values(attention, objects)
    return np.ones(len(means)) if not np.ptp(means) else (means - means.min()) / np.ptp(means)


def _ends(attention, objects, means):
    return means.min(), means.max()


def _attention_inputs():
    look = np.array([[0.1, 0.3, 0.5, 0.5, 0.9], [0.1, 0.3, 0.5, 1.0, 0.9], [0.3, 0.3, 0.6, 0.8, 0.7]])
    objects = np.array([[1, 1, 2, 2, 3], [1, 1, 2, 0, 0], [1, 1, 2, 3, 3]])
    rng = np.random.default_rng(8)
    many = rng.permutation(np.arange(60) % 6).reshape(6, 10)
    bright = np.round(rng.random((6, 10)), 2)
    plain = np.array([[1, 1, 1, 2], [2, 2, 3, 0]])
    rows = (
        (look, objects),
        (bright, many),
        (1 - bright, np.where(many == 5, 1, many + 1)),  # all are certain
        (np.full((2, 4), 0.1), plain),  # the means differ in the last digit of a float
        (np.zeros((2, 3)), np.array([[1, 2, 2], [1, 2, 0]])),
        (look, np.full((3, 5), 1)),
    )
    return [{"attention": look, "objects": objects} for look, objects in rows]


ATTENTION = Task(
    name="08.2",
    title="attention per object",
    function=attention_of_each,
    inputs=_attention_inputs,
    hints=(
        "Two steps: a mean for each object, then a stretch of these means. Object 0 is no object: it stands "
        "for uncertain pixels, which do not count.",
        "attention[objects == number] are the values of one object, for number from 1 to the highest in the "
        "map. Stretching takes away the lowest mean and divides by what is then the highest.",
        "Before you divide: where all means are equal there is nothing to divide by. Rounding may leave a "
        "difference of 1e-17 between equal means, so ask whether the highest is below 1e-9, and return "
        "np.ones, one per object.",
    ),
    mistakes={
        "You return the means themselves. Stretch them: the lowest becomes 0, the highest 1.": _values,
        "You divide by the highest mean and take nothing away. The lowest becomes 0: subtract it first.": (
            _within(lambda attention, objects, means: (0, means.max()))
        ),
        "You take away the lowest mean and do not divide. The highest becomes 1.": _within(
            lambda attention, objects, means: (means.min(), means.min() + (np.ptp(means) > 1e-9))
        ),
        "You stretch between the lowest and the highest pixel. Average first, then stretch the means.": (
            _within(lambda attention, objects, means: (attention.min(), attention.max()))
        ),
        "Uncertain pixels count as an object in your stretch. Leave 0 out.": _within(_with_zero),
        "You add up the values. Take the mean: a large object is not attended for its size.": _of(np.sum),
        "You take the largest value of each object. One bright pixel is no attended object: take the mean.": (
            _of(np.max)
        ),
        "You take the median of each object. Take the mean.": _of(np.median),
        "Where all means are equal you return 0. No object is preferred, so all are attended: return 1.": (
            _within(_ends, 0.0)
        ),
        "Where all means are equal you return one half. All are attended: return 1.": _within(_ends, 0.5),
        "Rounding makes equal means differ by 1e-17, and you stretch that. Below 1e-9 all are equal: "
        "return 1.": _rounding_counts,
        "Your attention is turned round: the most attended object gets 0. It gets 1.": (
            lambda attention, objects: 1 - attention_of_each(attention, objects)
        ),
    },
    nan="The means may all be equal. Then there is nothing to divide by, and each object gets 1.",
)


# ---- 08.3


def _difference(colour):
    return np.sqrt(((colour[:, None] - colour) ** 2).sum(axis=2))


def _steps(colour, clip):
    return np.maximum(_difference(colour) - clip, 0)


def _paths(cost, links, border, add: Callable = np.add):
    """Return the cheapest way to the frame where step i, j costs cost[i, j]."""
    away = np.where(border, 0.0, np.inf)
    for _ in away:
        away = np.minimum(away, np.where(links, add(cost, away), np.inf).min(axis=1))
    return away


def _costing(cost: Callable) -> Callable:
    """Return a wrong distance: another cost of a step."""
    return lambda colour, links, border, clip: _paths(cost(colour, clip), links, border)


def _to_each(cost, links, border):
    """Return the cheapest way from each superpixel to each one at the border, (n, borders)."""
    ends = np.eye(len(links), dtype=bool)[border]
    return np.column_stack([_paths(cost, links, end) for end in ends])


def _among(choose: Callable) -> Callable:
    """Return a wrong distance: not to the nearest superpixel at the border."""
    return lambda colour, links, border, clip: choose(_to_each(_steps(colour, clip), links, border))


def _one_pass(colour, links, border, clip):
    """Look at every superpixel once, in the order of their numbers."""
    cost, away = _steps(colour, clip), np.where(border, 0.0, np.inf)
    for i in range(len(away)):
        away[i] = min([away[i], *(cost[i] + away)[links[i]]])
    return away


def _most_alike(colour, links, border, clip):
    """Walk to the neighbour that was not yet visited and costs least, until the border is reached."""
    cost, away = _steps(colour, clip), np.zeros(len(links))
    for i in range(len(away)):
        at, left = i, np.ones(len(away), bool)
        while not border[at]:
            left[at] = False
            free = links[at] & left
            if not free.any():
                break
            towards = np.where(free, cost[at], np.inf).argmin()
            away[i] += cost[at, towards]
            at = towards
    return away


def _grid(height, width):
    """Return the links of a grid, numbered row by row, and which of it lie at the border."""
    rows, cols = np.divmod(np.arange(height * width), width)
    links = np.abs(rows[:, None] - rows) + np.abs(cols[:, None] - cols) == 1
    return links, (rows % (height - 1) == 0) | (cols % (width - 1) == 0)


def _graph_inputs():
    names = ("colour", "links", "border", "clip")
    line = np.array([[50, 0, 0], [53, 4, 0], [53, 10, 8], [56, 6, 8], [60, 6, 11], [62, 9, 17]])
    chain = np.eye(6, k=1, dtype=bool) | np.eye(6, k=-1, dtype=bool)
    first = np.arange(6) == 0
    rng = np.random.default_rng(8)
    spiral = np.where(rng.random((49, 1)) < 0.5, [[20, 10, 30]], [[80, 40, 10]])
    rows = [(line, chain, first, 0.0), (line, chain, first | (np.arange(6) == 5), 2.0)]
    rows += [(rng.integers(-40, 60, (25, 3)), *_grid(5, 5), clip) for clip in (0.0, 12.0)]
    rows.append((spiral + rng.integers(-3, 4, (49, 3)), *_grid(7, 7), 2.0))
    rows.append((line, ~np.eye(6, dtype=bool), np.ones(6, bool), 2.0))
    return [dict(zip(names, (row[0].astype(float), *row[1:]), strict=True)) for row in rows]


BORDER = Task(
    name="08.3",
    title="the way to the frame",
    function=to_border,
    inputs=_graph_inputs,
    hints=(
        "Begin with what you know: 0 at the border, infinitely far elsewhere. A superpixel next to one that "
        "is x away is at most x and one step away. Say this again and again until nothing changes.",
        "What a step costs: the Euclidean distance of the two colours, less clip, but never below 0, as an "
        "(n, n) matrix; colour[:, None] - colour gives all differences. Where no link is, np.inf.",
        "cost + away is, in row i and column j, the way from i over its neighbour j. The smallest of each "
        "row competes with what you had. No cheapest path visits a superpixel twice, so n rounds suffice.",
    ),
    mistakes={
        "You compare each superpixel with the border directly. Walk along the links, and add up the steps.": (
            lambda colour, links, border, clip: np.where(border, 0.0, _steps(colour, clip)[:, border].min(1))
        ),
        "You walk where no link is. Only neighbours can be reached in one step.": (
            lambda colour, links, border, clip: _paths(_steps(colour, clip), np.ones_like(links), border)
        ),
        "You count steps. What a step costs depends on the colours.": _costing(
            lambda colour, clip: np.ones((len(colour), len(colour)))
        ),
        "You keep the largest step of a path. Add up all of them.": lambda colour, links, border, clip: (
            _paths(_steps(colour, clip), links, border, np.maximum)
        ),
        "You visit every superpixel once. A better path may turn up later: go on until nothing changes.": (
            _one_pass
        ),
        "You always walk on to the most similar neighbour. The cheapest path may begin with a dear step.": (
            _most_alike
        ),
        "You do not use clip. It is taken off each step.": _costing(lambda colour, clip: _difference(colour)),
        "You take clip off the whole path. It is taken off each step: small ones cost nothing.": (
            lambda colour, links, border, clip: np.maximum(
                _paths(_difference(colour), links, border) - clip, 0
            )
        ),
        "Some steps cost less than 0 in your code, and a path gets cheaper by going on. They cost at least "
        "0.": _costing(lambda colour, clip: _difference(colour) - clip),
        "Steps above clip cost all of their difference in your code. Take clip off.": _costing(
            lambda colour, clip: np.where(_difference(colour) > clip, _difference(colour), 0)
        ),
        "Steps cost at least clip in your code. Take clip off, and cut at 0.": _costing(
            lambda colour, clip: np.maximum(_difference(colour), clip)
        ),
        "You add squares and take no root. Take the Euclidean distance of the colours.": _costing(
            lambda colour, clip: np.maximum(_difference(colour) ** 2 - clip, 0)
        ),
        "You add the absolute differences of the channels. Take the Euclidean distance.": _costing(
            lambda colour, clip: np.maximum(np.abs(colour[:, None] - colour).sum(axis=2) - clip, 0)
        ),
        "You look at one channel. Colours have three: add their squares.": _costing(
            lambda colour, clip: np.maximum(np.abs(colour[:, None, 0] - colour[:, 0]) - clip, 0)
        ),
        "You go to the farthest superpixel at the border. Take the nearest.": _among(lambda far: far.max(1)),
        "You average over the superpixels at the border. Take the nearest.": _among(lambda far: far.mean(1)),
        "You go to the first superpixel at the border. Take the nearest.": _among(lambda far: far[:, 0]),
    },
    nan="inf - inf and 0 * inf are not numbers: put np.inf where no link is with np.where.",
)

TASKS = (BUDGET, ATTENTION, BORDER)
