"""The exercises of lesson 08 agree with `spamlab.spam` and `spamlab.saliency`, and name likely mistakes.

What every exercise must keep is in test_exercises.py, which finds those of this lesson by itself.
"""

import numpy as np
import pytest
from test_exercises import solved, written

from spamlab import saliency as parts
from spamlab.data import load_image
from spamlab.exercises import check
from spamlab.slic import slic
from spamlab.spam import budgets, density_map, object_attention, spam

# ---- they agree with the library


@pytest.mark.parametrize("r", [1 / 8, 1 / 3, 1 / 2, 1, 2, 3, 8])
def test_the_budget_is_that_of_the_library(r):
    rng = np.random.default_rng(8)
    for _ in range(100):
        n = rng.integers(1, 12)
        areas, attended = rng.integers(1, 200, n), rng.random(n) < rng.random()
        objects = np.repeat(np.arange(1, n + 1), areas)[None].astype(np.int32)
        least = np.where(attended, r, 1) / max(r, 1)  # no quota is above its area up to this K
        K = int(rng.integers(n, max(n, (least * areas).sum()) + 1))
        found = solved("08.1")(areas, attended, r, K)
        assert found.sum() == K and found.min() >= 1
        assert np.array_equal(found, budgets(objects, K, density_map(float(r), objects, attended)))


def test_the_budget_is_what_spam_gave_its_objects():
    objects = np.repeat([1, 2, 3, 4], [30, 50, 5, 15]) * np.ones((60, 1), int)
    image = np.random.default_rng(8).random((60, 100, 3))
    areas, attended = np.bincount(objects.ravel())[1:], np.array([False, True, True, False])
    for r in (0.25, 1, 4):
        about = spam(image, 80, objects, weights=None, attention=attended, density=r, details=True)[1]
        assert np.array_equal(solved("08.1")(areas, attended, r, 80), about.budget)


@pytest.mark.parametrize("seed", range(5))
def test_attention_is_that_of_the_library(seed):
    rng = np.random.default_rng(seed)
    objects = rng.permutation(np.arange(600) % (seed + 2)).reshape(20, 30).astype(np.int32)
    for look in (rng.random((20, 30)), np.full((20, 30), 1 / 3), objects / objects.max()):
        np.testing.assert_allclose(solved("08.2")(look, objects), object_attention(look, objects), atol=1e-9)


@pytest.mark.parametrize("clip", [0.0, 3.0, 20.0])
def test_the_way_to_the_border_is_that_of_the_library(clip):
    labels = slic(load_image("coffee", max_side=200), 120)
    colour, _ = parts.nodes(labels, load_image("coffee", max_side=200))
    links, border = parts.touching(labels), parts.on_border(labels)
    far = solved("08.3")(colour, links, border, clip)
    length = parts.geodesic(parts.differences(colour), links, clip)
    np.testing.assert_allclose(far, length[:, border].min(axis=1), atol=1e-9)
    assert not far[border].any() and far.max() > 0
    np.testing.assert_allclose(far, solved("08.3")(colour, parts.link_border(links, border), border, clip))


def test_what_no_path_reaches_is_infinitely_far_as_in_the_library():
    colour, links = np.eye(4, 3) * 10, np.zeros((4, 4), bool)
    links[0, 1] = links[1, 0] = links[2, 3] = links[3, 2] = True
    border = np.array([True, False, False, False])
    expected = parts.geodesic(parts.differences(colour), links, 0)[0]
    np.testing.assert_allclose(solved("08.3")(colour, links, border, 0.0), expected)
    assert np.isinf(expected[2:]).all()


# ---- answers as learners write them

RIGHT = {
    "a common factor": (
        "08.1",
        """w = areas * np.where(attended, float(r), 1.0)
low, high = 0.0, K / w.min()
for _ in range(100):
    mid = (low + high) / 2
    low, high = (mid, high) if np.maximum(1, mid * w).sum() < K else (low, mid)
q = np.maximum(1, high * w)
n = np.floor(q + 1e-9).astype(int)
n[np.argsort(-np.round(q - n, 6), kind="stable")[: K - n.sum()]] += 1
return n""",
    ),
    "sums and counts": (
        "08.2",
        """counts = np.bincount(objects.ravel())[1:]
m = np.bincount(objects.ravel(), attention.ravel())[1:] / counts
if np.allclose(m, m[0]):
    return [1.0] * len(m)
return (m - min(m)) / (max(m) - min(m))""",
    ),
    "Dijkstra": (
        "08.3",
        """away = np.where(border, 0, np.inf)
todo = set(range(len(away)))
while todo:
    i = min(todo, key=lambda k: away[k])
    todo.remove(i)
    for j in np.flatnonzero(links[i]):
        step = max(0, np.linalg.norm(colour[i] - colour[j]) - clip)
        away[j] = min(away[j], away[i] + step)
return away""",
    ),
    "passes until nothing changes": (
        "08.3",
        """away = [0 if b else 1e9 for b in border]
before = None
while before != away:
    before = list(away)
    for i, j in np.argwhere(links):
        d = max(0.0, float(np.sqrt(sum((colour[i] - colour[j]) ** 2))) - clip)
        away[i] = min(away[i], away[j] + d)
return away""",
    ),
}


@pytest.mark.parametrize("kind", RIGHT)
def test_other_ways_are_right(kind):
    name, body = RIGHT[kind]
    assert check(name, written(name, body)).status == "correct"


WEIGHED = """
small = np.zeros(len(w), bool)
for _ in w:
    small = (K - small.sum()) * w / w[~small].sum() < 1
q = np.where(small, 1, (K - small.sum()) * w / w[~small].sum())
n = np.floor(q + 1e-9).astype(int)
n[np.argsort(n - q, kind="stable")[: K - n.sum()]] += 1
return n"""
STRETCH = """
if m.max() - m.min() < 1e-9:
    return np.ones(len(m))
return (m - m.min()) / (m.max() - m.min())"""
RELAX = """
away = np.where(border, 0.0, np.inf)
for _ in range(len(away)):
    for i, j in np.argwhere(links):
        away[i] = min(away[i], away[j] + cost[i, j])
return away"""

WRITTEN = {
    "last week's answer": ("08.1", f"w = areas{WEIGHED}", "The factor changes nothing"),
    "the others": (
        "08.1",
        f"w = np.where(attended, areas, r * areas){WEIGHED}",
        "You have the factor the wrong",
    ),
    "divided": (
        "08.1",
        f"w = np.where(attended, areas / r, areas){WEIGHED}",
        "You have the factor the wrong",
    ),
    "no areas": (
        "08.1",
        f"w = np.where(attended, r, 1.0){WEIGHED}",
        "You weigh objects by the factor alone.",
    ),
    "a root": ("08.1", f"w = areas * np.where(attended, r**0.5, 1){WEIGHED}", "You take the square root"),
    "squared": ("08.1", f"w = areas * np.where(attended, r**2, 1){WEIGHED}", "You square the factor."),
    "afterwards": (
        "08.1",
        f"""def share(w):{WEIGHED.replace(chr(10), chr(10) + "    ")}
return (share(areas) * np.where(attended, r, 1)).astype(int)""",
        "You share out first and multiply afterwards",
    ),
    "not whole": (
        "08.1",
        f"w = np.where(attended, r * areas, areas){WEIGHED.replace('return n', 'return q')}",
        "You return the quotas.",
    ),
    "no minimum": (
        "08.1",
        """w = np.where(attended, r * areas, areas)
q = K * w / w.sum()
n = q.astype(int)
n[np.argsort(n - q, kind="stable")[: K - n.sum()]] += 1
return n""",
        "Small objects get no seed",
    ),
    "a maximum at the end": (
        "08.1",
        """w = np.where(attended, r * areas, areas)
q = K * w / w.sum()
n = q.astype(int)
n[np.argsort(n - q, kind="stable")[: K - n.sum()]] += 1
return np.maximum(1, n)""",
        "You raise small quotas to 1 and take nothing",
    ),
    "means": (
        "08.2",
        "return [attention[objects == k].mean() for k in range(1, objects.max() + 1)]",
        "You return the means themselves.",
    ),
    "the map is stretched": (
        "08.2",
        """span = attention.max() - attention.min()
if span == 0:
    return np.ones(objects.max())
a = (attention - attention.min()) / span
return [a[objects == k].mean() for k in range(1, objects.max() + 1)]""",
        "You stretch between the lowest and the highest pixel.",
    ),
    "zero too": (
        "08.2",
        f"""m = np.array([attention[objects == k].mean() for k in np.unique(objects)])
if objects.min() > 0:{STRETCH.replace(chr(10), chr(10) + "    ")}
if np.ptp(m) < 1e-9:
    return np.ones(len(m) - 1)
return ((m - m.min()) / np.ptp(m))[1:]""",
        "Uncertain pixels count as an object",
    ),
    "sums": (
        "08.2",
        f"m = np.bincount(objects.ravel(), attention.ravel())[1:]{STRETCH}",
        "You add up the values.",
    ),
    "brightest": (
        "08.2",
        f"m = np.array([attention[objects == k].max() for k in range(1, objects.max() + 1)]){STRETCH}",
        "You take the largest value",
    ),
    "only the maximum": (
        "08.2",
        """m = np.array([attention[objects == k].mean() for k in range(1, objects.max() + 1)])
return m / m.max() if np.ptp(m) > 1e-9 else np.ones(len(m))""",
        "You divide by the highest mean",
    ),
    "equal is 0": (
        "08.2",
        """m = np.array([attention[objects == k].mean() for k in range(1, objects.max() + 1)])
return (m - m.min()) / np.ptp(m) if np.ptp(m) > 1e-9 else 0 * m""",
        "Where all means are equal you return 0.",
    ),
    "exactly equal": (
        "08.2",
        """m = np.array([attention[objects == k].mean() for k in range(1, objects.max() + 1)])
return (m - m.min()) / np.ptp(m) if np.ptp(m) > 0 else np.ones(len(m))""",
        "Rounding makes equal means differ",
    ),
    "0 / 0": (
        "08.2",
        """m = np.array([attention[objects == k].mean() for k in range(1, objects.max() + 1)])
with np.errstate(invalid="ignore"):
    return (m - m.min()) / np.ptp(m)""",
        "It returns NaN: a mean of no pixels, or 0 / 0. The means may all be equal.",
    ),
    "no path": (
        "08.3",
        """d = np.linalg.norm(colour[:, None] - colour[border], axis=2)
return np.where(border, 0, np.maximum(d - clip, 0).min(axis=1))""",
        "You compare each superpixel with the border directly.",
    ),
    "hops": ("08.3", f"cost = links * 1.0{RELAX}", "You count steps."),
    "no clip": (
        "08.3",
        f"cost = np.linalg.norm(colour[:, None] - colour, axis=2){RELAX}",
        "You do not use clip.",
    ),
    "below 0": (
        "08.3",
        """cost = np.where(links, np.linalg.norm(colour[:, None] - colour, axis=2) - clip, np.inf)
away = np.where(border, 0.0, np.inf)
for _ in range(len(away)):
    away = np.minimum(away, (cost + away).min(axis=1))
return away""",
        "Some steps cost less than 0",
    ),
    "clip at the end": (
        "08.3",
        f"cost = np.linalg.norm(colour[:, None] - colour, axis=2){RELAX.replace('return away', '')}"
        "return np.maximum(away - clip, 0)",
        "You take clip off the whole path.",
    ),
    "a threshold": (
        "08.3",
        f"""cost = np.linalg.norm(colour[:, None] - colour, axis=2)
cost[cost <= clip] = 0{RELAX}""",
        "Steps above clip cost all",
    ),
    "squares": (
        "08.3",
        f"cost = np.clip(((colour[:, None] - colour) ** 2).sum(axis=2) - clip, 0, None){RELAX}",
        "You add squares and take no root.",
    ),
    "city blocks": (
        "08.3",
        f"cost = np.clip(abs(colour[:, None] - colour).sum(axis=2) - clip, 0, None){RELAX}",
        "You add the absolute differences",
    ),
    "the worst step": (
        "08.3",
        f"""cost = np.clip(np.linalg.norm(colour[:, None] - colour, axis=2) - clip, 0, None)
{RELAX.replace("away[j] + cost[i, j]", "max(away[j], cost[i, j])")}""",
        "You keep the largest step",
    ),
    "once": (
        "08.3",
        f"""cost = np.clip(np.linalg.norm(colour[:, None] - colour, axis=2) - clip, 0, None)
{RELAX.replace("range(len(away))", "range(1)")}""",
        "You visit every superpixel once.",
    ),
    "everywhere": (
        "08.3",
        f"""links = np.ones(links.shape)
cost = np.clip(np.linalg.norm(colour[:, None] - colour, axis=2) - clip, 0, None){RELAX}""",
        "You walk where no link is.",
    ),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_likely_mistakes_are_named_as_learners_write_them(kind):
    name, body, message = WRITTEN[kind]
    result = check(name, written(name, body))
    assert result.status == "wrong" and result.message.startswith(message), result
