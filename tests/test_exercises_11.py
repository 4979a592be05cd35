"""The exercises of lesson 11 agree with `spamlab.benchmark`; any method that keeps its promises is right.

What every exercise must keep is in test_exercises.py, which finds those of this lesson by itself.
"""

import numpy as np
import pytest
from test_exercises import BOOK, function, solved, written

from spamlab.benchmark import METHODS, interpolate
from spamlab.benchmark.summary import undominated
from spamlab.exercises import check
from spamlab.exercises.exercise import dump, load
from spamlab.exercises.judges import GRID, KEPT, partition
from spamlab.regions import components
from spamlab.seeds import grid
from spamlab.slic import slic

# ---- they agree with the library


@pytest.mark.parametrize("seed", range(4))
def test_reading_off_is_that_of_the_library(seed):
    rng = np.random.default_rng(seed)
    obtained, scores = rng.uniform(50, 1200, 7), rng.random(7)
    scores[rng.integers(7)] = np.nan
    counts = np.array([60.0, 100, 200, 400, 800, 1500])
    found = solved("11.1")(counts, obtained, scores)
    np.testing.assert_allclose(found, interpolate(counts, obtained, scores))
    assert np.isnan(found[-1]) and np.isfinite(found).any()


@pytest.mark.parametrize("columns", [1, 2, 4])
def test_the_front_is_that_of_the_library(columns):
    scores = np.random.default_rng(columns).integers(0, 5, (40, columns)).astype(float)
    found = solved("11.2")(scores)
    np.testing.assert_array_equal(found, undominated(scores))
    assert found.any() and not found.all()


# ---- a method of one's own


@pytest.mark.parametrize("name", ["slic", "snic", "ssn-pixel", "compact-watershed"])
def test_methods_of_the_course_keep_what_the_check_asks(name):
    method = METHODS[name]
    result = check("11.3", lambda image, n: components(method.function(image, n, method.default)))
    assert result.status == "correct", result


def test_a_grid_breaks_one_promise_alone():
    for given in BOOK["11.3"].inputs:
        assert partition(lambda image, n: grid(image.shape[:2], n)[1], **given) == GRID
        assert partition(slic, **given) == KEPT


def test_the_solution_is_connected_and_close_to_what_was_asked_on_other_pictures():
    rng = np.random.default_rng(7)
    for shape, n in (((37, 53), 12), ((50, 30), 40), ((20, 90), 25)):
        image = rng.random((*shape, 3))
        labels = solved("11.3")(image, n)
        assert labels.min() == 0 and components(labels).max() == labels.max()
        assert abs(len(np.unique(labels)) - n) <= n / 3


def test_the_first_broken_promise_is_named_even_if_others_differ_between_the_pictures():
    def moody(image, n):  # floats on the first picture, a grid on the others
        labels = solved("11.3")(image, n)
        return labels * 1.0 if image.shape[:2] == (40, 50) else labels * 0

    assert check("11.3", moody).message.startswith("The labels are no whole numbers.")


def test_the_truth_stays_with_the_judge():
    wrong = check("11.3", lambda image: image)
    assert "cannot be called with (image, n_segments)" in wrong.message
    stops = check("11.3", function("11.3", written_body("raise KeyError('no')")))
    assert "image =" in stops.message and "_truth" not in stops.message


def written_body(body):
    stub = BOOK["11.3"].stub.rstrip().splitlines()
    return "\n".join([*stub[:-1], f"    {body}"])


def test_a_copy_for_students_judges_as_well():
    copy = load(dump([BOOK["11.3"]]))[0]
    assert copy.judge == "partition" and copy.expected == [KEPT] * len(copy.inputs) and copy.marked is None


# ---- answers as learners write them

RIGHT = {
    "a loop over counts": (
        "11.1",
        """keep = np.isfinite(scores)
pairs = sorted(zip(obtained[keep], scores[keep]))
out = []
for c in counts:
    value = np.nan
    for (a, ya), (b, yb) in zip(pairs, pairs[1:]):
        if a <= c <= b:
            value = ya + (np.log(c) - np.log(a)) / (np.log(b) - np.log(a)) * (yb - ya)
    out.append(value)
return out""",
    ),
    "two loops": (
        "11.2",
        """front = []
for i, a in enumerate(scores):
    beaten = False
    for j, b in enumerate(scores):
        if i != j and np.all(b >= a) and np.any(b > a):
            beaten = True
    front.append(not beaten)
return front""",
    ),
}


@pytest.mark.parametrize("kind", RIGHT)
def test_other_ways_are_right(kind):
    name, body = RIGHT[kind]
    assert check(name, written(name, body)).status == "correct"


WRITTEN = {
    "no logarithm": (
        "11.1",
        """keep = ~np.isnan(scores)
i = np.argsort(obtained[keep])
return np.interp(counts, obtained[keep][i], scores[keep][i], left=np.nan, right=np.nan)""",
        "You read off over the number itself.",
    ),
    "np.interp as it is": (
        "11.1",
        """keep = ~np.isnan(scores)
i = np.argsort(obtained[keep])
return np.interp(np.log(counts), np.log(obtained[keep])[i], scores[keep][i])""",
        "Outside of the runs you return the score at the end.",
    ),
    "sorted one by one": (
        "11.1",
        """keep = ~np.isnan(scores)
x, y = np.sort(np.log(obtained[keep])), np.sort(scores[keep])
return np.interp(np.log(counts), x, y, left=np.nan, right=np.nan)""",
        "You sort numbers and scores apart.",
    ),
    "NaN kept": (
        "11.1",
        """i = np.argsort(obtained)
return np.interp(np.log(counts), np.log(obtained[i]), scores[i], left=np.nan, right=np.nan)""",
        "It returns NaN",
    ),
    "strictly better": (
        "11.2",
        "return np.array([not (scores > a).all(axis=1).any() for a in scores])",
        "A method is beaten in your code only if",
    ),
    "beaten by equals": (
        "11.2",
        """n = len(scores)
return [not any(i != j and (scores[j] >= scores[i]).all() for j in range(n)) for i in range(n)]""",
        "Equal methods beat each other",
    ),
    "the largest": (
        "11.2",
        "return np.any(scores == scores.max(axis=0), axis=1)",
        "You take the best of each score.",
    ),
    "a checkerboard of labels": (
        "11.3",
        """row, col = np.indices(image.shape[:2])
return (row + col) % n_segments""",
        "A label lies in several pieces",
    ),
    "squares": (
        "11.3",
        """side = int((image.shape[0] * image.shape[1] / n_segments) ** 0.5)
row, col = np.indices(image.shape[:2]) // side
return row * (col.max() + 1) + col""",
        "It is no better than a plain grid",
    ),
    "one piece": ("11.3", "return np.zeros(image.shape[:2], int)", "Too few come out"),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_likely_mistakes_are_named_as_learners_write_them(kind):
    name, body, message = WRITTEN[kind]
    result = check(name, written(name, body))
    assert result.status == "wrong" and result.message.startswith(message), result
