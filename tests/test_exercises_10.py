"""The exercises of lesson 10 agree with `spamlab.refine` and `spamlab.metrics`, and name likely mistakes.

What every exercise must keep is in test_exercises.py, which finds those of this lesson by itself.
"""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from test_exercises import solved, written

from spamlab.data import scene
from spamlab.exercises import check
from spamlab.metrics import boundaries, confusion, mean_iou, trimap
from spamlab.objects.steps import uncertain_band
from spamlab.refine import coarse, refine, vote
from spamlab.slic import slic

# ---- they agree with the library


def classes_at(seed, shape=(40, 60)):
    """Return a class map of large areas, lines and pixels of 255."""
    rng = np.random.default_rng(seed)
    classes = np.repeat(np.repeat(rng.integers(0, 4, (4, 6)), 10, axis=0), 10, axis=1)
    classes[rng.random(shape) < 0.05] = 255
    classes[rng.integers(0, 40)] = rng.choice([7, 255])
    return classes


@pytest.mark.parametrize("side", [1, 3, 5, 9])
@pytest.mark.parametrize("seed", range(4))
def test_the_band_is_that_of_the_library(side, seed):
    classes = classes_at(seed)
    expected = uncertain_band(classes, side, 255) & (classes != 255)
    assert np.array_equal(solved("10.1")(classes, side), expected)
    image = np.random.default_rng(seed).random((*classes.shape, 3))
    about = refine(classes, image, slic, side, 30, details=True)[1]
    assert np.array_equal(about.band, expected)


@pytest.mark.parametrize("seed", range(4))
def test_the_vote_is_that_of_the_library(seed):
    rng = np.random.default_rng(seed)
    classes = classes_at(seed)
    for labels in (
        slic(rng.random((*classes.shape, 3)), 60),
        rng.permutation(np.arange(2400)).reshape(40, 60),
    ):
        certain = rng.random(classes.shape) < 0.5
        expected = vote(labels, np.where(classes == 255, -1, classes), certain)
        assert np.array_equal(solved("10.2")(labels, classes, certain), np.where(expected < 0, 255, expected))


def test_band_and_vote_make_a_refinement():
    image, truth = scene(10, (120, 160))
    classes = coarse(truth, 16)
    labels = slic(image, 200)
    band = solved("10.1")(classes, 9)
    elected = solved("10.2")(labels, classes, ~band)[labels]
    expected = refine(classes, image, labels, 9)
    assert np.array_equal(np.where(band, elected, classes), expected)
    assert (expected != classes).any()


@pytest.mark.parametrize("width", [1, 2, 3.5, 10])
def test_miou_near_borders_is_that_of_the_library(width):
    truth = np.stack([classes_at(seed) for seed in range(3)])
    found = np.stack([coarse(each, 8) for each in truth])
    table = sum(
        confusion(a[trimap(b, width)], b[trimap(b, width)], 8) for a, b in zip(found, truth, strict=True)
    )
    distance = np.stack([distance_transform_edt(~boundaries(each)) for each in truth])
    assert solved("10.3")(found, truth, distance, width) == pytest.approx(mean_iou(table))
    assert 0 < mean_iou(table) < 1


# ---- answers as learners write them

RIGHT = {
    "two loops": (
        "10.1",
        """r = side // 2
doubt = np.zeros(classes.shape, bool)
for row in range(classes.shape[0]):
    for col in range(classes.shape[1]):
        window = classes[max(0, row - r) : row + r + 1, max(0, col - r) : col + r + 1]
        names = set(window.ravel().tolist()) - {255}
        doubt[row, col] = classes[row, col] != 255 and len(names) > 1
return doubt""",
    ),
    "another class than the pixel's own": (
        "10.1",
        """r = side // 2
height, width = classes.shape
wide = np.pad(classes, r, constant_values=255)
doubt = np.zeros(classes.shape, bool)
for y in range(side):
    for x in range(side):
        other = wide[y : y + height, x : x + width]
        doubt |= (other != classes) & (other != 255)
return doubt & (classes != 255)""",
    ),
    "np.unique": (
        "10.2",
        """result = np.full(labels.max() + 1, 255)
for k in np.unique(labels):
    for mask in ((labels == k) & certain, labels == k):
        names, counts = np.unique(classes[mask & (classes != 255)], return_counts=True)
        if len(names):
            result[k] = names[np.argmax(counts)]
            break
return result""",
    ),
    "a list": (
        "10.2",
        """out = []
for k in range(labels.max() + 1):
    sure = [c for c, l, s in zip(classes.flat, labels.flat, certain.flat) if l == k and s and c != 255]
    all_ = [c for c, l in zip(classes.flat, labels.flat) if l == k and c != 255]
    votes = sure or all_
    out.append(max(sorted(set(votes)), key=votes.count) if votes else 255)
return out""",
    ),
    "a table": (
        "10.3",
        """keep = (distance < width) & (truth != 255)
table = np.zeros((256, 256))
np.add.at(table, (truth[keep], found[keep]), 1)
tp = np.diag(table)
union = table.sum(0) + table.sum(1) - tp
return (tp[union > 0] / union[union > 0]).mean()""",
    ),
}


@pytest.mark.parametrize("kind", RIGHT)
def test_other_ways_are_right(kind):
    name, body = RIGHT[kind]
    assert check(name, written(name, body)).status == "correct"


WINDOWS = """
doubt = np.zeros(classes.shape, bool)
for row in range(classes.shape[0]):
    for col in range(classes.shape[1]):
        window = classes[max(0, row - r) : row + r + 1, max(0, col - r) : col + r + 1]
        doubt[row, col] = RULE
return doubt"""
KNOWN = "classes[row, col] != 255 and len(np.unique(window[window != 255])) > 1"
LOOP = """out = []
for k in range(labels.max() + 1):
    VOTES
    out.append(np.bincount(v).argmax() if len(v) else 255)
return np.array(out)"""
SURE = "v = classes[(labels == k) & certain & (classes != 255)]"
EACH = """f, t = found[m], truth[m]
return np.mean([((f == k) & (t == k)).sum() / SIZE for k in np.union1d(f, t)])"""
UNION = EACH.replace("SIZE", "((f == k) | (t == k)).sum()")

WRITTEN = {
    "255 in the window": (
        "10.1",
        "r = side // 2" + WINDOWS.replace("RULE", "classes[row, col] != 255 and len(np.unique(window)) > 1"),
        "255 counts as a class in your code. It",
    ),
    "255 everywhere": (
        "10.1",
        "r = side // 2" + WINDOWS.replace("RULE", "len(np.unique(window)) > 1"),
        "255 counts as a class in your code, and",
    ),
    "unknown pixels": (
        "10.1",
        "r = side // 2" + WINDOWS.replace("RULE", "len(np.unique(window[window != 255])) > 1"),
        "Pixels of 255 are in doubt",
    ),
    "a radius": ("10.1", "r = side" + WINDOWS.replace("RULE", KNOWN), "Your window reaches side pixels"),
    "a slice too short": (
        "10.1",
        "r = side // 2"
        + WINDOWS.replace("RULE", KNOWN)
        .replace("row + r + 1", "row + max(r, 1)")
        .replace("col + r + 1", "col + max(r, 1)"),
        "Your window lacks its last row and column",
    ),
    "np.roll": (
        "10.1",
        """r, doubt = side // 2, np.zeros(classes.shape, bool)
for y in range(-r, r + 1):
    for x in range(-r, r + 1):
        other = np.roll(classes, (y, x), (0, 1))
        doubt |= (other != classes) & (other != 255)
return doubt & (classes != 255)""",
        "Your window leaves the picture at one side",
    ),
    "zeros outside": (
        "10.1",
        """r = side // 2
wide = np.pad(classes, r)
doubt = np.zeros(classes.shape, bool)
for y in range(side):
    for x in range(side):
        other = wide[y : y + classes.shape[0], x : x + classes.shape[1]]
        doubt |= (other != classes) & (other != 255)
return doubt & (classes != 255)""",
        "What lies outside the picture counts as class 0",
    ),
    "everybody": (
        "10.2",
        LOOP.replace("VOTES", "v = classes[(labels == k) & (classes != 255)]"),
        "All pixels vote",
    ),
    "the certain ones alone": ("10.2", LOOP.replace("VOTES", SURE), "Superpixels without certain pixels"),
    "no way out": (
        "10.2",
        LOOP.replace(
            "VOTES", "v = classes[(labels == k) & certain]\n    if not len(v): v = classes[labels == k]"
        ),
        "255 votes in your code.",
    ),
    "asked too early": (
        "10.2",
        LOOP.replace(
            "VOTES",
            "m = (labels == k) & certain\n    m = m if m.any() else labels == k\n"
            "    v = classes[m & (classes != 255)]",
        ),
        "You ask whether pixels are certain before",
    ),
    "an average": (
        "10.2",
        LOOP.replace(
            "VOTES", f"{SURE}\n    if not len(v): v = classes[(labels == k) & (classes != 255)]"
        ).replace("np.bincount(v).argmax()", "int(np.round(np.mean(v)))"),
        "You take the mean of the class numbers.",
    ),
    "argmax of nothing": (
        "10.2",
        LOOP.replace(
            "VOTES", f"{SURE}\n    if not len(v): v = classes[(labels == k) & (classes != 255)]"
        ).replace("else 255", "else 0"),
        "A superpixel without any vote gets class 0",
    ),
    "everywhere": ("10.3", f"m = truth != 255\n{UNION}", "All pixels count in your code."),
    "255 too": ("10.3", f"m = distance < width\n{UNION}", "255 is a class in your code."),
    "at most": (
        "10.3",
        f"m = (distance <= width) & (truth != 255)\n{UNION}",
        "Pixels as far away as width count",
    ),
    "one by one": (
        "10.3",
        """scores = []
for a, b, d in zip(found, truth, distance):
    m = (d < width) & (b != 255)
    f, t = a[m], b[m]
    masks = [(f == k, t == k) for k in np.union1d(f, t)]
    scores.append(np.mean([(x & y).sum() / (x | y).sum() for x, y in masks]))
return np.mean(scores)""",
        "You score every picture and average.",
    ),
    "of the truth": (
        "10.3",
        f"m = (distance < width) & (truth != 255)\n{UNION.replace('np.union1d(f, t)', 'np.unique(t)')}",
        "You average over the classes of the truth alone.",
    ),
    "right pixels": (
        "10.3",
        "m = (distance < width) & (truth != 255)\nreturn (found[m] == truth[m]).mean()",
        "You return the share of right pixels.",
    ),
    "Dice": (
        "10.3",
        "m = (distance < width) & (truth != 255)\n"
        + EACH.replace("SIZE", "(((f == k).sum() + (t == k).sum()) / 2)"),
        "You divide by the mean of both areas",
    ),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_likely_mistakes_are_named_as_learners_write_them(kind):
    name, body, message = WRITTEN[kind]
    result = check(name, written(name, body))
    assert result.status == "wrong" and result.message.startswith(message), result
