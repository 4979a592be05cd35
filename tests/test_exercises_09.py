"""The exercises of lesson 09 agree with `spamlab.clicks`, and name mistakes as learners write them.

What every exercise must keep is in test_exercises.py, which finds those of this lesson by itself.
"""

import numpy as np
import pytest
from test_exercises import solved, written

from spamlab.clicks import best_iou, click_weights, overlap, simulate
from spamlab.exercises import check

# ---- they agree with the library


def blocks(rng):
    """Return superpixels, (120, 100), and a target, with as many pixels in common as chance gives."""
    regions = np.arange(12).reshape(3, 4).repeat(40, axis=0).repeat(25, axis=1)
    share = rng.random(12) ** 2
    return regions, rng.random(regions.shape) < share[regions]


@pytest.mark.parametrize("seed", range(6))
def test_one_best_click_after_the_other_is_the_simulated_user(seed):
    regions, target = blocks(np.random.default_rng(seed))
    inside, outside = overlap(regions, target)
    picked, clicks = np.zeros(12, bool), []
    while (k := solved("09.1")(inside, outside, picked)) >= 0:
        clicks.append(int(k))
        picked[k] ^= True
    ious, expected = simulate(regions, target)
    assert clicks == expected.tolist() and len(clicks) > 1
    assert np.isclose((np.isin(regions, np.flatnonzero(picked)) & target).sum(), inside[picked].sum())
    assert np.isclose(solved("09.2")(regions, target), ious[-1])


def test_the_best_click_takes_back():
    regions = np.repeat([0, 1, 2, 3], [28, 4, 4, 4])[None]
    inside, outside = overlap(regions, (np.arange(40) >= 20)[None])
    assert solved("09.1")(inside, outside, np.ones(4, bool)) == 0
    assert solved("09.1")(inside, outside, np.array([0, 1, 1, 1], bool)) == -1


@pytest.mark.parametrize("seed", range(20))
def test_the_reachable_iou_is_that_of_the_library(seed):
    rng = np.random.default_rng(seed)
    regions, target = rng.integers(0, 6, (5, 8)), rng.random((5, 8)) < 0.3
    regions.flat[:6], target[0, 0] = np.arange(6), True  # every number occurs, and the target holds a pixel
    assert np.isclose(solved("09.2")(regions, target), best_iou(regions, target))


@pytest.mark.parametrize("seed", range(20))
def test_the_weights_are_those_of_the_library(seed):
    rng = np.random.default_rng(seed)
    objects = rng.integers(1, 5, (9, 11)) * (rng.random((9, 11)) < 0.2)
    objects[0, :4] = [1, 2, 3, 4]
    rows, cols = np.nonzero(objects)
    points = []
    for row, col in rng.integers(0, (9, 11), (60, 2)):
        away = (rows - row) ** 2 + (cols - col) ** 2
        if len(np.unique(objects[rows, cols][away == away.min()])) == 1:  # no tie of two objects
            points.append((row, col, int(rng.choice([1, -1]))))
    kinds = {1: "more", -1: "less"}
    expected = click_weights([(row, col, kinds[step]) for row, col, step in points], objects)
    assert (objects[tuple(np.array(points)[:, :2].T)] == 0).any()
    np.testing.assert_array_equal(solved("09.3")(np.array(points), objects), expected)


# ---- mistakes as learners write them

SETUP = """I, O, A = inside[picked].sum(), outside[picked].sum(), inside.sum()
"""
LOOP = """best, at = I / (A + O), -1
for k in range(len(inside)):
"""
WRITTEN = {
    "candidates not yet picked": (
        "09.1",
        f"""{SETUP}{LOOP}    if not picked[k] and (I + inside[k]) / (A + O + outside[k]) > best:
        best, at = (I + inside[k]) / (A + O + outside[k]), k
return at""",
        "You never take a superpixel back.",
    ),
    "plus only": (
        "09.1",
        f"""{SETUP}ious = (I + inside) / (A + O + outside)
return np.argmax(ious) if max(ious) > I / (A + O) else -1""",
        "A click on a picked superpixel adds it once more",
    ),
    "argmax at the end": (
        "09.1",
        f"""{SETUP}s = 1 - 2 * picked
return np.argmax((I + s * inside) / (A + O + s * outside))""",
        "You return a superpixel even where no click raises the IoU.",
    ),
    "greedy by area": (
        "09.1",
        "return np.argmax(np.where(picked, -1, inside))",
        "You take the superpixel with most pixels inside.",
    ),
    "the purest": (
        "09.1",
        "return np.argmax(np.where(picked, -1, inside / (inside + outside)))",
        "You take the superpixel with the largest share inside.",
    ),
    "recall": (
        "09.1",
        """rest = inside * ~picked
return rest.argmax() if rest.max() > 0 else -1""",
        "You divide by the pixels of the object.",
    ),
    "right minus wrong": (
        "09.1",
        """gain = (inside - outside) * np.where(picked, -1, 1)
return -1 if (gain <= 0).all() else gain.argmax()""",
        "You raise the number of right pixels.",
    ),
    "majority": (
        "09.2",
        """taken = [k for k in np.unique(regions) if target[regions == k].mean() > 0.5]
mask = np.isin(regions, taken)
return (mask & target).sum() / (mask | target).sum()""",
        "You take the superpixels that lie more than half inside.",
    ),
    "all that touch": (
        "09.2",
        """mask = np.isin(regions, regions[target])
return (mask & target).sum() / (mask | target).sum()""",
        "You take all superpixels that touch the object.",
    ),
    "one at a time": (
        "09.2",
        """return max(((regions == k) & target).sum() / ((regions == k) | target).sum()
           for k in range(regions.max() + 1))""",
        "You take the best single superpixel.",
    ),
    "greedy without a way back": (
        "09.2",
        """mask, best = np.zeros_like(target), 0
while True:
    tries = [mask | (regions == k) for k in range(regions.max() + 1)]
    ious = [(m & target).sum() / (m | target).sum() for m in tries]
    if max(ious) <= best:
        return best
    best, mask = max(ious), tries[int(np.argmax(ious))]""",
        "You add one superpixel after the other and take none back.",
    ),
    "sorted by overlap": (
        "09.2",
        """inside = np.array([target[regions == k].sum() for k in range(regions.max() + 1)])
best, mask = 0, np.zeros_like(target)
for k in np.argsort(-inside, kind="stable"):
    mask |= regions == k
    best = max(best, (mask & target).sum() / (mask | target).sum())
return best""",
        "You sort by the number of pixels inside.",
    ),
    "Dice": (
        "09.2",
        """share = np.array([target[regions == k].mean() for k in range(regions.max() + 1)])
best, mask = 0, np.zeros_like(target)
for k in np.argsort(-share, kind="stable"):
    mask |= regions == k
    best = max(best, 2 * (mask & target).sum() / (mask.sum() + target.sum()))
return best""",
        "You return twice the shared pixels over the sum of both areas: Dice.",
    ),
    "ascending": (
        "09.2",
        """share = np.array([target[regions == k].mean() for k in range(regions.max() + 1)])
best, mask = 0, np.zeros_like(target)
for k in np.argsort(share, kind="stable"):
    mask |= regions == k
    best = max(best, (mask & target).sum() / (mask | target).sum())
return best""",
        "You end with all superpixels.",
    ),
    "a list as index, 0 the last": (
        "09.3",
        """w = np.ones(objects.max())
for r, c, s in clicks:
    w[objects[r, c] - 1] *= 2.0 ** s
return w""",
        "Clicks where the map is 0 change the last object",
    ),
    "zero skipped": (
        "09.3",
        """w = np.ones(objects.max())
for r, c, s in clicks:
    if objects[r, c]:
        w[objects[r, c] - 1] *= 2 if s > 0 else 0.5
return w""",
        "Clicks where the map is 0 do nothing",
    ),
    "a power of duplicates": (
        "09.3",
        """y, x = np.nonzero(objects)
d = (clicks[:, :1] - y) ** 2 + (clicks[:, 1:2] - x) ** 2
at = objects[y, x][d.argmin(axis=1)] - 1
p = np.zeros(objects.max())
p[at] += clicks[:, 2]
return 2.0 ** p""",
        "Of several clicks on one object only the last counts",
    ),
    "plus and minus one": (
        "09.3",
        """y, x = np.nonzero(objects)
w = np.ones(objects.max())
for r, c, s in clicks:
    w[objects[y, x][((y - r) ** 2 + (x - c) ** 2).argmin()] - 1] += s
return w""",
        "You add the clicks to 1.",
    ),
    "city blocks": (
        "09.3",
        """y, x = np.nonzero(objects)
w = np.ones(objects.max())
for r, c, s in clicks:
    w[objects[y, x][(abs(y - r) + abs(x - c)).argmin()] - 1] *= 2.0 ** s
return w""",
        "You add the differences of row and column.",
    ),
    "x, y": (
        "09.3",
        """y, x = np.nonzero(objects)
w = np.ones(objects.max())
for c, r, s in clicks:
    w[objects[y, x][((y - r) ** 2 + (x - c) ** 2).argmin()] - 1] *= 2.0 ** s
return w""",
        "You swap row and column",
    ),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_likely_mistakes_are_named_as_learners_write_them(kind):
    name, body, message = WRITTEN[kind]
    result = check(name, written(name, body))
    assert result.status == "wrong" and result.message.startswith(message), result
