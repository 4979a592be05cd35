"""The exercises of lesson 07 agree with `spamlab.spam`, and name mistakes as learners write them.

What every exercise must keep is in test_exercises.py, which finds those of this lesson by itself.
"""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from test_exercises import solved, written

from spamlab.exercises import check
from spamlab.spam import budgets, of_same_object, owners, spam

# ---- they agree with the library


@pytest.mark.parametrize("largest", [3, 30, 1000])
def test_the_budget_is_that_of_the_library(largest):
    rng = np.random.default_rng(largest)
    for _ in range(100):
        areas = rng.integers(1, largest + 1, rng.integers(1, 12))
        K = int(rng.integers(len(areas), areas.sum() + 1))
        objects = np.repeat(np.arange(1, len(areas) + 1), areas)[None].astype(np.int32)
        found = solved("07.1")(areas, K)
        assert found.sum() == K and found.min() >= 1
        assert np.array_equal(found, budgets(objects, K))


@pytest.mark.parametrize("n", [1, 7, 60])
def test_the_candidates_are_those_of_the_library(n):
    rng = np.random.default_rng(n)
    owner = rng.integers(1, 5, n)
    free = rng.random((n, 2)) * (30, 40)  # no two distances are equal
    assert np.array_equal(solved("07.2")(free, owner), of_same_object(free, owner, (30, 40)))
    whole = np.column_stack(np.divmod(rng.permutation(30 * 40)[:n], 40))
    mine, its = solved("07.2")(whole, owner), of_same_object(whole, owner, (30, 40))
    assert np.array_equal(mine < 0, its < 0) and np.array_equal(mine[:, 0], np.arange(n))
    away = [np.where(c < 0, 0, np.linalg.norm(whole[c] - whole[:, None], axis=2)) for c in (mine, its)]
    assert np.array_equal(*away), "seeds at equal distances may change places, others may not"


@pytest.mark.parametrize("seed", range(4))
def test_the_owners_are_those_of_the_library(seed):
    rng = np.random.default_rng(seed)
    image = gaussian_filter(rng.random((40, 50, 3)), (3, 3, 0))
    height = gaussian_filter(rng.normal(size=(40, 50)), 4)
    objects = np.digitize(height, np.quantile(height, [0.2, 0.6]))  # a fifth is uncertain
    regions, about = spam(image, 40, objects, uncertain=3, weights=None, details=True)
    inherited = np.repeat(np.arange(1, len(about.budget) + 1), about.budget)[about.assignment]
    assert np.array_equal(solved("07.3")(regions, about.certain, inherited), about.owner)
    votes = rng.integers(1, 4, regions.shape).astype(np.int32)  # and with pixels that disagree
    assert np.array_equal(
        solved("07.3")(regions, about.certain, votes), owners(regions, about.certain, votes)
    )
    nothing = np.zeros_like(about.certain)
    assert np.array_equal(solved("07.3")(regions, nothing, votes), owners(regions, nothing, votes))


# ---- mistakes as learners write them

WRITTEN = {
    "astype(int)": (
        "07.1",
        "return np.maximum(1, K * areas / areas.sum()).astype(int)",
        "You cut the first quotas off",
    ),
    "floors of the right quotas": (
        "07.1",
        """small = areas < 0
for _ in range(len(areas)):
    q = (K - small.sum()) * areas / areas[~small].sum()
    small = q < 1
return [1 if a < 1 else int(a) for a in q]""",
        "You cut the quotas off",
    ),
    "ceil": ("07.1", "return -(-areas * K // areas.sum())", "You round each quota up"),
    "Hamilton": (
        "07.1",
        """q = K * areas / sum(areas)
n = np.floor(q).astype(int)
for i in sorted(range(len(q)), key=lambda i: n[i] - q[i])[: K - sum(n)]:
    n[i] += 1
return n""",
        "Small objects get no seed",
    ),
    "Hamilton and a maximum": (
        "07.1",
        """q = K * areas / sum(areas)
n = np.floor(q).astype(int)
n[np.argsort(-(q - n), kind="stable")[: K - sum(n)]] += 1
return np.maximum(n, 1)""",
        "You raise small quotas to 1 and take nothing",
    ),
    "one seed after the other": (
        "07.1",
        """q = K * areas / areas.sum()
n = [max(1, int(a)) for a in q]
while sum(n) > K:
    i = min((i for i in range(len(n)) if n[i] > 1), key=lambda i: q[i] - n[i])
    n[i] -= 1
while sum(n) < K:
    n[max(range(len(n)), key=lambda i: q[i] - n[i])] += 1
return n""",
        "You take what small objects need from the others seed by seed.",
    ),
    "the largest pays": (
        "07.1",
        """q = K * areas / sum(areas)
n = np.floor(q).astype(int)
n[np.argsort(-(q - n), kind="stable")[: K - sum(n)]] += 1
n[n == 0] = 1
n[areas.argmax()] -= sum(n) - K
return n""",
        "The largest object alone pays",
    ),
    "an if": (
        "07.1",
        """q = K * areas / sum(areas)
small = q < 1
if small.any():
    q = (K - small.sum()) * areas / areas[~small].sum()
    q[small] = 1
n = np.floor(q).astype(int)
n[np.argsort(n - q, kind="stable")[: K - n.sum()]] += 1
return n""",
        "You share out again once.",
    ),
    "one for each": (
        "07.1",
        """q = (K - len(areas)) * areas / areas.sum()
n = np.floor(q).astype(int)
n[np.argsort(n - q, kind="stable")[: K - len(areas) - n.sum()]] += 1
return n + 1""",
        "You give one seed to each",
    ),
    "quotas without rounding": (
        "07.1",
        """small = np.zeros(len(areas), bool)
while True:
    q = np.where(small, 1, (K - small.sum()) * areas / areas[~small].sum())
    if not (q < 1).any():
        return q
    small |= q < 1""",
        "You return the quotas.",
    ),
    "all sorted": (
        "07.2",
        """order = cdist(seeds, seeds).argsort(axis=1, kind="stable")[:, :9]
return np.pad(order, [(0, 0), (0, 9 - order.shape[1])], constant_values=-1)""",
        "Your candidates may belong to other objects",
    ),
    "emptied afterwards": (
        "07.2",
        """order = cdist(seeds, seeds).argsort(axis=1, kind="stable")[:, :9]
order = np.pad(order, [(0, 0), (0, 9 - order.shape[1])], constant_values=-1)
return np.where(owner[order] == owner[:, None], order, -1)""",
        "You take the nine nearest of any object and empty the slots",
    ),
    "filtered afterwards": (
        "07.2",
        """out = []
for k in range(len(seeds)):
    near = np.argsort(np.linalg.norm(seeds - seeds[k], axis=1), kind="stable")[:9]
    near = [j for j in near if owner[j] == owner[k]]
    out.append(near + [-1] * (9 - len(near)))
return out""",
        "You take the nine nearest of any object and drop the others.",
    ),
    "far, not forbidden": (
        "07.2",
        """d = cdist(seeds, seeds) + 1e6 * (owner[:, None] != owner)
order = d.argsort(axis=1, kind="stable")[:, :9]
return np.pad(order, [(0, 0), (0, 9 - order.shape[1])], constant_values=-1)""",
        "Where an object has fewer than nine seeds, you fill up with others.",
    ),
    "eight neighbours": (
        "07.2",
        """out = np.full((len(seeds), 9), -1)
for k in range(len(seeds)):
    own = [j for j in range(len(seeds)) if owner[j] == owner[k] and j != k]
    own = sorted(own, key=lambda j: ((seeds[j] - seeds[k]) ** 2).sum())[:9]
    out[k, :len(own)] = own
return out""",
        "You leave out the seed itself.",
    ),
    "padded as the reference": (
        "07.2",
        """out = np.repeat(np.arange(len(seeds))[:, None], 9, axis=1)
for k in range(len(seeds)):
    own = np.flatnonzero(owner == owner[k])
    own = own[np.argsort(cdist(seeds[own], seeds[[k]])[:, 0], kind="stable")][:9]
    out[k, :len(own)] = own
return out""",
        "You fill empty slots with the seed itself.",
    ),
    "zeros": (
        "07.2",
        """out = np.zeros((len(seeds), 9), int)
for k in range(len(seeds)):
    own = np.flatnonzero(owner == owner[k])
    own = own[np.argsort(cdist(seeds[own], seeds[[k]])[:, 0], kind="stable")][:9]
    out[k, :len(own)] = own
return out""",
        "You fill empty slots with 0",
    ),
    "places": (
        "07.2",
        """out = np.full((len(seeds), 9), -1)
for k in range(len(seeds)):
    near = cdist(seeds[owner == owner[k]], seeds[[k]])[:, 0].argsort(kind="stable")[:9]
    out[k, :len(near)] = near
return out""",
        "Your numbers count within the object.",
    ),
    "city blocks": (
        "07.2",
        """out = np.full((len(seeds), 9), -1)
for k in range(len(seeds)):
    own = np.flatnonzero(owner == owner[k])
    near = own[np.abs(seeds[own] - seeds[k]).sum(axis=1).argsort(kind="stable")][:9]
    out[k, :len(near)] = near
return out""",
        "You add the differences of row and column.",
    ),
    "turned round": (
        "07.2",
        """out = np.full((len(seeds), 9), -1)
for k in range(len(seeds)):
    own = np.flatnonzero(owner == owner[k])
    near = own[(-cdist(seeds[own], seeds[[k]])[:, 0]).argsort(kind="stable")][:9]
    out[k, :len(near)] = near
return out""",
        "You list the farthest.",
    ),
    "unsorted": (
        "07.2",
        """out = np.full((len(seeds), 9), -1)
for k in range(len(seeds)):
    own = np.flatnonzero(owner == owner[k])[:9]
    out[k, :len(own)] = own
return out""",
        "You list the first nine of the object.",
    ),
    "votes of all": (
        "07.3",
        "return [np.bincount(inherited[regions == k]).argmax() for k in np.unique(regions)]",
        "You let certain and uncertain pixels vote together.",
    ),
    "one map of both": (
        "07.3",
        """both = np.where(objects > 0, objects, inherited)
return [np.bincount(both[regions == k]).argmax() for k in range(regions.max() + 1)]""",
        "You let certain and uncertain pixels vote together.",
    ),
    "zero votes": (
        "07.3",
        "return [np.bincount(objects[regions == k]).argmax() for k in range(regions.max() + 1)]",
        "You let 0 vote.",
    ),
    "maximum of a label": (
        "07.3",
        "return maximum(objects, regions, range(regions.max() + 1))",
        "Superpixels without certain pixels stay 0.",
    ),
    "paint": (
        "07.3",
        """out = np.full(regions.max() + 1, -1)
out[regions[objects > 0]] = objects[objects > 0]
return out""",
        "Superpixels without certain pixels are -1",
    ),
    "paint over": (
        "07.3",
        """out = np.zeros(regions.max() + 1, int)
for k in range(len(out)):
    out[k] = inherited[regions == k][0]
out[regions[objects > 0]] = objects[objects > 0]
return out""",
        "Without certain pixels you take what the first pixel inherited.",
    ),
    "the median of names": (
        "07.3",
        """out = []
for k in range(regions.max() + 1):
    sure = objects[(regions == k) & (objects > 0)]
    out.append(sure[0] if len(sure) else round(inherited[regions == k].mean()))
return out""",
        "You average the numbers of objects.",
    ),
    "a map": (
        "07.3",
        """out = inherited.copy()
for k in range(regions.max() + 1):
    inside = regions == k
    sure = objects[inside & (objects > 0)]
    out[inside] = np.bincount(sure if len(sure) else inherited[inside]).argmax()
return out""",
        "You return one number per pixel.",
    ),
    "counts from 1": (
        "07.3",
        """out = []
for k in range(regions.max() + 1):
    sure = objects[(regions == k) & (objects > 0)]
    out.append(np.bincount(sure if len(sure) else inherited[regions == k])[1:].argmax())
return out""",
        "Your numbers are one too low",
    ),
    "the last of a tie": (
        "07.3",
        """out = []
for k in range(regions.max() + 1):
    sure = objects[(regions == k) & (objects > 0)]
    names, votes = np.unique(sure if len(sure) else inherited[regions == k], return_counts=True)
    out.append(max(zip(votes, names))[1])
return out""",
        "At equal votes the higher number wins",
    ),
    "min": (
        "07.3",
        """out = []
for k in range(regions.max() + 1):
    sure = objects[(regions == k) & (objects > 0)]
    out.append(min(sure) if len(sure) else min(inherited[regions == k]))
return out""",
        "Without certain pixels you take the lowest number",
    ),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_likely_mistakes_are_named_as_learners_write_them(kind):
    name, body, message = WRITTEN[kind]
    result = check(name, written(name, f"from scipy.ndimage import maximum\n{body}"))
    assert result.status == "wrong" and result.message.startswith(message), result
