"""The vote that smooths borders: by a slow twin, by what it must leave alone, and by known answers."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data

from spamlab.regions import smooth
from spamlab.spam import connect, spam

COFFEE = data.coffee()[40:136, 130:230]
numbers = st.integers(0, 2**32 - 1)
radii = st.one_of(st.sampled_from([1.0, 2.0**0.5, 2.0, 5.0**0.5, 3.0]), st.floats(1, 6))


def problem(rng, side=16):
    """Return labels in patches, an object map that respects them, and the owners of the labels."""
    shape = tuple(rng.integers(1, side, 2))
    n = int(rng.integers(1, 12))
    coarse = int(rng.integers(1, 6))
    labels = np.kron(rng.integers(0, n, shape), np.ones((coarse, coarse), int))[: shape[0], : shape[1]]
    stray = rng.random(shape) < rng.choice([0, 0.2])
    labels = np.where(stray, rng.integers(0, n, shape), labels).astype(np.int32)
    owner = rng.integers(1, rng.integers(2, 5), n)
    objects = np.where(rng.random(shape) < rng.choice([0, 0.3, 1]), 0, owner[labels])
    return labels, objects.astype(np.int32), owner


def twin(labels, objects, owner, radius):
    """Vote pixel by pixel; return the new labels, and where the winner had no equal."""
    places = np.argwhere(labels >= 0)
    result, alone = labels.copy(), np.ones(labels.shape, bool)
    for row, col in places:
        near = places[np.square(places - (row, col)).sum(axis=1) <= radius**2]
        votes = Counter(labels[tuple(near.T)].tolist())
        if objects[row, col]:
            votes = {name: n for name, n in votes.items() if owner[name] == objects[row, col]}
        best = [name for name, n in votes.items() if n == max(votes.values())]
        alone[row, col] = len(best) == 1
        if labels[row, col] not in best:
            result[row, col] = min(best)
    return result, alone


@settings(max_examples=150)
@given(numbers, radii)
def test_the_vote_is_that_of_a_slow_twin(seed, radius):
    labels, objects, owner = problem(np.random.default_rng(seed))
    before = labels.copy()
    found = smooth(labels, radius, objects, owner)
    assert found.dtype == np.int32 and (labels == before).all()
    np.testing.assert_array_equal(found, twin(labels, objects, owner, radius)[0])


@settings(max_examples=60)
@given(numbers, st.lists(radii | st.just(0.5), min_size=2, max_size=4))
def test_each_pixel_has_a_disc_of_its_own(seed, few):
    rng = np.random.default_rng(seed)
    labels, objects, owner = problem(rng)
    radius = rng.choice(few, labels.shape)
    expected = labels.copy()
    for one in few:
        expected[radius == one] = twin(labels, objects, owner, one)[0][radius == one]
    np.testing.assert_array_equal(smooth(labels, radius, objects, owner), expected)


@settings(max_examples=60)
@given(numbers, radii)
def test_names_decide_nothing_but_ties(seed, radius):
    rng = np.random.default_rng(seed)
    labels, objects, owner = problem(rng, 12)
    new = rng.permutation(len(owner)).astype(np.int32)
    found = new[smooth(labels, radius, objects, owner)]
    renamed = smooth(new[labels], radius, objects, owner[np.argsort(new)])
    alone = twin(labels, objects, owner, radius)[1]
    assert (found == renamed)[alone].all()


@settings(max_examples=100)
@given(numbers, radii)
def test_certain_pixels_keep_their_object_and_others_join_what_is_near(seed, radius):
    rng = np.random.default_rng(seed)
    labels, objects, owner = problem(rng, 30)
    found = smooth(labels, radius, objects, owner)
    certain = objects > 0
    assert (owner[found] == objects)[certain].all()
    for label in np.unique(found):
        away = ndimage.distance_transform_edt(labels != label)
        assert away[found == label].max() <= radius + 1e-9


@pytest.mark.parametrize("radius", [0, 0.5, 0.999])
def test_a_disc_of_one_pixel_changes_nothing(radius):
    labels, objects, owner = problem(np.random.default_rng(3), 30)
    assert len(np.unique(labels)) > 1
    assert (smooth(labels, radius, objects, owner) == labels).all()


@given(st.floats(0, 2 * np.pi), radii, st.floats(-3, 3))
def test_a_straight_border_stays(angle, radius, shift):
    rows, cols = np.indices((25, 27)) - np.array([12, 13])[:, None, None]
    labels = (np.cos(angle) * rows + np.sin(angle) * cols > shift).astype(np.int32)
    found = smooth(labels, radius, np.ones_like(labels), np.array([1, 1]))
    inner = slice(6, -6), slice(6, -6)  # the frame cuts the discs of the others
    assert (found == labels)[inner].all()


@pytest.mark.parametrize("radius", [2, 3, 4, 5.5])
def test_a_spur_falls_to_its_foot_and_then_to_nothing(radius):
    border = np.repeat(np.arange(30) < 12, 31).reshape(30, 31).astype(np.int32)
    objects, owner, labels = np.ones_like(border), np.array([1, 1]), border.copy()
    labels[:20, 15] = 1
    labels = smooth(labels, radius, objects, owner)
    assert labels[12, 15] == 1 and not labels[13:].any()  # the foot has one vote more than half of the disc
    for _ in range(2):
        labels = smooth(labels, radius, objects, owner)
    np.testing.assert_array_equal(labels, border)


def test_ties():
    objects, owner = np.ones((3, 3), np.int32), np.ones(5, int)
    two = np.array([[4, 2, 4], [3, 0, 3], [4, 2, 4]], np.int32)  # around the middle: 2 and 3, twice each
    assert smooth(two, 1, objects, owner)[1, 1] == 2
    assert smooth(two, 2, objects, owner)[1, 1] == 4  # the corners come in, four of one label
    even = np.array([[4, 0, 4], [3, 0, 3], [4, 1, 4]], np.int32)
    assert smooth(even, 1, objects, owner)[1, 1] == 0  # two for its own, two for 3
    forbidden = np.where(two == 2, 3, two)
    assert smooth(forbidden, 1, objects, np.array([1, 1, 1, 2, 1]))[1, 1] == 0
    objects[1, 1] = 0
    assert smooth(forbidden, 1, objects, np.array([1, 1, 1, 2, 1]))[1, 1] == 3


# ---- within SPAM


@pytest.mark.parametrize("objects", [None, (np.indices((96, 100)) // 40 * [[[3]], [[1]]]).sum(0) + 1])
def test_spam_smooths_before_it_connects(objects):
    options = {"objects": objects, "uncertain": 1 if objects is None else 5, "weights": None, "details": True}
    _, raw = spam(COFFEE, 40, smooth=0, min_size_factor=0, **options)
    owner = np.repeat(np.arange(1, len(raw.budget) + 1), raw.budget)
    results = {}
    for share in (0, 0.2, 0.5):
        results[share], found = spam(COFFEE, 40, smooth=share, min_size_factor=0, **options)
        assert (found.assignment == raw.assignment).all()
        voted = smooth(raw.assignment, share * raw.step, raw.certain, owner)
        assert (results[share] == connect(voted, raw.certain, 0)).all()
    border = [sum((np.diff(one, axis=axis) != 0).sum() for axis in (0, 1)) for one in results.values()]
    assert border == sorted(border, reverse=True) and border[0] > border[1]


@pytest.mark.parametrize("wrong", [-0.1, np.nan, np.inf])
def test_a_share_that_makes_no_sense_is_named(wrong):
    with pytest.raises(ValueError, match=r"smooth=.*, expected 0 or more"):
        spam(COFFEE, weights=None, smooth=wrong)
