"""Density where one looks: attention per object, the density asked for, the superpixels that come out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.filters import gaussian
from test_slic import random_image
from test_spam import COFFEE, MAPS, NETWORK, assert_contained, quiet

from spamlab.regions import smooth
from spamlab.spam import (
    attended,
    budgets,
    connect,
    density_map,
    numbered,
    object_attention,
    pieces,
    spam,
    spread,
)
from spamlab.spam.adaptive import local_radius

SHAPE = COFFEE.shape[:2]
FACTORS = [1 / 8, 1 / 4, 1 / 2, 2, 4, 8]
numbers = st.integers(0, 2**32 - 1)


def strips(n, width=10, height=12):
    """Return n objects side by side."""
    return np.repeat(np.arange(1, n + 1, dtype=np.int32), width) * np.ones((height, 1), np.int32)


def texture(shape, seed=0):
    """Return a smooth random picture, with something for colour to say everywhere."""
    noise = np.random.default_rng(seed).random((*shape, 3))
    soft = gaussian(noise, 6, channel_axis=2)
    return (soft - soft.min()) / np.ptp(soft)


# ---- attention


def test_attention_is_the_mean_over_certain_pixels_from_0_to_1():
    objects = np.array([[1, 1, 2, 2, 3, 0]])
    seen = object_attention([[0.2, 0.4, 0.5, 0.5, 0.7, 1.0]], objects)
    np.testing.assert_allclose(seen, [0, 0.5, 1])
    np.testing.assert_allclose(object_attention([0.3, 0.5, 0.7], objects), [0, 0.5, 1])


def best_split(values):
    """Return the values above the split that leaves the least variance within both parts (Otsu)."""
    values, spreads = np.sort(values), {}
    for i in range(1, len(values)):
        if values[i] > values[i - 1]:
            spreads[i] = i * values[:i].var() + (len(values) - i) * values[i:].var()
    return set(values[min(spreads, key=spreads.get) :])


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=12).filter(lambda a: len(set(a)) > 1))
def test_objects_above_otsus_split_are_attended_unless_they_are_below_a_tenth(values):
    values = np.array(values) / 1000
    found = attended(values, strips(len(values)))
    stretched = (values - values.min()) / np.ptp(values)
    upper = best_split(values)
    expected = np.array([value in upper for value in values]) & (stretched > 0.1)
    within = [np.var(values[part]) * part.sum() + np.var(values[~part]) * (~part).sum()
              for part in (found, np.isin(values, list(upper)))]  # fmt: skip
    assert (found == expected).all() or within[0] == pytest.approx(within[1])  # two splits may be as good
    assert found[values.argmax()] and not found[values.argmin()]


def test_an_object_below_a_tenth_is_not_attended_though_otsus_split_lies_lower():
    values = np.repeat([0.0, 0.09, 1.0], [300, 300, 1])  # the split with least variance lies at 0 | 0.09
    assert best_split(values) == {0.09, 1.0}
    assert np.flatnonzero(attended(values, strips(601, 1, 1))).tolist() == [600]


def test_a_threshold_of_your_own():
    values = [0.0, 0.2, 0.4, 1.0]
    assert attended(values, strips(4)).tolist() == [False, False, False, True]
    assert attended(values, strips(4), 0.3).tolist() == [False, False, True, True]
    assert not attended(values, strips(4), 1).any()
    assert attended([0.3, 0.3], strips(2), 0.5).all()
    for wrong in (np.nan, -0.1, 1.1):
        with pytest.raises(ValueError, match=f"threshold={wrong}, expected a number from 0 to 1"):
            attended(values, strips(4), wrong)


def test_numbers_of_objects_mean_nothing_to_attention():
    rng = np.random.default_rng(0)
    seen, order = rng.random(9), rng.permutation(9)
    assert (attended(seen, strips(9))[order] == attended(seen[order], strips(9))).all()
    objects, look = strips(9), rng.random((12, 90))
    renamed = (np.argsort(order) + 1)[objects - 1].astype(np.int32)
    assert (attended(look, objects)[order] == attended(look, renamed)).all()


EQUAL = {
    "all of it": np.ones(SHAPE),
    "none of it": np.zeros(SHAPE),
    "a third, with rounding": np.full(SHAPE, 1 / 3) + 1e-12 * np.random.default_rng(0).random(SHAPE),
}


@pytest.mark.parametrize("look", EQUAL.values(), ids=EQUAL)
def test_attention_that_prefers_no_object_attends_all_and_a_factor_does_nothing(look):
    objects = (np.arange(100) // 30 + 1) * np.ones((96, 1), int)
    plain = spam(COFFEE, 60, objects, weights=NETWORK)
    labels, found = spam(COFFEE, 60, objects, weights=NETWORK, attention=look, density=4, details=True)
    assert found.attended.tolist() == [True] * 4 and found.density is None
    assert (labels == plain).all()


@pytest.mark.parametrize("objects", [None, np.zeros(SHAPE, int), np.full(SHAPE, 3)])
def test_one_object_is_attended_whatever_the_map(objects):
    look = np.random.default_rng(0).random(SHAPE)
    labels, found = spam(COFFEE, 60, objects, weights=NETWORK, attention=look, density=4, details=True)
    assert found.attended.tolist() == [True]
    assert (labels == spam(COFFEE, 60, objects, weights=NETWORK)).all()


# ---- the density asked for


def test_a_factor_weights_attended_objects_and_a_map_has_mean_1():
    objects = strips(4)
    look = np.array([False, True, False, True])
    found = density_map(3, objects, look)
    assert found.mean() == pytest.approx(1)
    assert found[0, [10, 30]] / found[0, [0, 20]] == pytest.approx(3)
    np.testing.assert_allclose(found, density_map([1, 3, 1, 3], objects))
    np.testing.assert_allclose(found, density_map(np.where(look, 30, 10)[objects - 1], objects))
    assert all(
        density_map(same, objects, look) is None for same in (None, 1, [2] * 4, np.full((12, 40), 0.3))
    )


def test_pixels_in_doubt_are_as_dense_as_the_object_they_count_with():
    objects = np.where(np.abs(np.arange(100) - 50) < 5, 0, np.arange(100) // 50 + 1) * np.ones((96, 1), int)
    _, found = spam(COFFEE, 60, objects, weights=NETWORK, attention=[0, 1], density=4, details=True)
    counted = spread(pieces(objects, SHAPE))
    assert set(np.unique(found.density[counted == 1])) == {found.density[0, 0]}
    assert found.density[counted == 2] / found.density[0, 0] == pytest.approx(4)


def test_discs_shrink_with_the_distance_of_seeds():
    density = np.array([[0.2, 0.25, 1.0, 2.0, 3.9, 4.0]])
    found = local_radius(6, density)
    np.testing.assert_allclose(found, 6 / np.sqrt(density), rtol=0.1)
    assert found[0, [1, 2, 5]] == pytest.approx([12, 6, 3]) and local_radius(6, None) == 6
    many = np.exp(np.random.default_rng(0).uniform(-2, 2, 5000))
    assert len(np.unique(local_radius(6, many))) <= 13


# ---- what comes out


def test_values_per_object_follow_the_numbers_of_the_map():
    """Object 7 lies in two pieces, left and right of object 4, and counts as one."""
    objects = np.array([7, 4, 7])[np.arange(100) * 3 // 100] * np.ones((96, 1), int)
    _, found = spam(COFFEE, 90, objects, weights=NETWORK, attention=[0, 1], density=3, details=True)
    assert found.attended.tolist() == [False, True]
    assert found.density[0, [0, 99]] / found.density[0, 50] == pytest.approx(3)
    _, same = spam(COFFEE, 90, objects, weights=NETWORK, density=[1, 3], details=True)
    assert (same.density == found.density).all()
    seen = spam(COFFEE, 90, objects, weights=NETWORK, attention=np.eye(96, 100), details=True)[1].attended
    means = [np.eye(96, 100)[objects == number].mean() for number in (4, 7)]
    assert seen.tolist() == [value == max(means) for value in means]


@pytest.mark.parametrize("weights", [None, NETWORK], ids=["colour", "network"])
@pytest.mark.parametrize("uncertain", [1, 5])
def test_equal_weights_change_no_bit(weights, uncertain):
    objects = (np.indices(SHAPE) // 40 * [[[3]], [[1]]]).sum(0) + 1
    options = {"objects": objects, "uncertain": uncertain, "weights": weights}
    plain = spam(COFFEE, 60, **options)
    look = np.random.default_rng(0).random(SHAPE)
    for density in (None, 1, 1.0, np.full(9, 3.0), np.full(SHAPE, 0.7)):
        labels, found = spam(COFFEE, 60, attention=look, density=density, details=True, **options)
        assert (labels == plain).all()
        assert 0 < found.attended.sum() < 9


def any_density(kind, rng, objects):
    """Return `attention` and `density` of a kind, with ratios from 1/8 to 8."""
    n = int(numbered(objects, objects.shape).max())
    if kind == "factor":
        return rng.random(n if rng.random() < 0.5 else objects.shape), 8 ** rng.uniform(-1, 1)
    return None, 8 ** rng.uniform(-0.5, 0.5, n if kind == "objects" else objects.shape)


@settings(max_examples=150)
@given(numbers, st.sampled_from(list(MAPS)), st.sampled_from(["factor", "objects", "pixels"]))
def test_no_superpixel_holds_certain_pixels_of_two_objects(seed, kind, how):
    rng = np.random.default_rng(seed)
    image = random_image(rng, (int(rng.integers(1, 24)), int(rng.integers(1, 24))))
    rows, cols = np.indices(image.shape[:2])
    objects = np.asarray(MAPS[kind](rows, cols, rng))
    look, density = any_density(how, rng, objects)
    uncertain = int(rng.choice([1, 1, 3, 5]))
    options = {
        "smooth": float(rng.choice([0, 0.2, 0.7, 2])),
        "min_size_factor": float(rng.choice([0, 0.15, 3])),
        "weights": None if rng.random() < 0.5 else NETWORK,
    }
    K = int(objects.size ** rng.random())
    labels, found = quiet(
        image, K, objects, uncertain=uncertain, attention=look, density=density, details=True, **options
    )
    assert_contained(labels, objects, uncertain)
    assert found.budget.sum() == len(found.seeds) == max(K, len(found.budget))
    n = max(1, len(np.unique(objects[objects > 0])))
    assert found.attended is None if look is None else found.attended.shape == (n,)


@pytest.mark.parametrize("r", FACTORS)
@pytest.mark.parametrize("kind", ["rings", "rectangles", "comb in doubt"])
def test_containment_on_large_maps(kind, r):
    rng = np.random.default_rng(1)
    objects = np.asarray(MAPS[kind](*np.indices(SHAPE), rng))
    look = rng.random(SHAPE)
    assert_contained(quiet(COFFEE, 200, objects, weights=NETWORK, attention=look, density=r), objects)


@settings(max_examples=100)
@given(numbers)
def test_attended_objects_get_more_seeds_as_the_factor_grows_and_k_stays(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12))
    objects = np.repeat(np.arange(1, n + 1, dtype=np.int32), rng.integers(1, 60, n))[None]
    K = int(rng.integers(n, objects.size + 1))
    look = np.arange(n) < rng.integers(1, n)
    found = [budgets(objects, K, density_map(r, objects, look)) for r in (*FACTORS[:3], 1, *FACTORS[3:])]
    assert {int(budget.sum()) for budget in found} == {K}
    inside = [budget[look].sum() for budget in found]
    assert inside == sorted(inside)


ROUND = 1 + (
    np.hypot(*(np.indices((200, 300)) - [[[100]], [[120]]])) < 70
)  # a disc: a quarter of the picture
PICTURE = texture(ROUND.shape)


def ratio(found, given_map=ROUND):
    """Return superpixels per pixel of object 2 over those of object 1."""
    n, area = found.obtained, np.bincount(found.objects.ravel())[1:]
    return n[1] / area[1] / (n[0] / area[0])


@pytest.mark.parametrize("uncertain", [1, 9])
@pytest.mark.parametrize("K", [150, 400])
def test_the_ratio_obtained_is_the_one_asked_for(K, uncertain):
    obtained = {}
    for r in (*FACTORS, 1):
        options = {"uncertain": uncertain, "attention": [0, 1], "density": r, "details": True}
        labels, found = spam(PICTURE, K, ROUND, weights=None, **options)
        if found.obtained.min() >= 10:
            obtained[r] = ratio(found) / r
            assert abs(found.n_obtained / K - 1) < 0.05
    assert set(obtained) >= ({1 / 2, 1, 2, 4} if K == 150 else {1 / 4, 1 / 2, 1, 2, 4, 8})
    assert all(abs(value - 1) < 0.15 for value in obtained.values()), obtained


def test_small_pieces_are_small_for_where_they_lie():
    """In noise labels fall apart; the share of scraps that stays is the same in sparse and dense objects."""
    image = np.random.default_rng(0).random((160, 200, 3))
    objects = (np.arange(200) // 100 + 1) * np.ones((160, 1), int)
    options = {"weights": None, "smooth": 0, "compactness": 8.0, "details": True}
    labels, found = spam(image, 160, objects, attention=[0, 1], density=8, min_size_factor=0.5, **options)
    area = np.bincount(labels.ravel())
    for value in (1, 2):
        own = found.density[objects == value][0]
        assert area[found.owner == value].min() >= 0.5 * found.step**2 / own - 1e-6
        assert area[found.owner == value].min() < found.step**2 / own


def test_discs_are_small_where_superpixels_are():
    options = {"attention": [0, 1], "density": 8, "weights": None, "min_size_factor": 0, "details": True}
    labels, found = spam(PICTURE, 200, ROUND, smooth=0.5, **options)
    owner = np.repeat([1, 2], found.budget)
    radius = local_radius(0.5 * found.step, found.density)
    local, same = (smooth(found.assignment, each, ROUND, owner) for each in (radius, 0.5 * found.step))
    assert (connect(local, ROUND, 0) == labels).all() and (connect(same, ROUND, 0) != labels).any()


def test_a_weight_map_puts_superpixels_where_it_is_high():
    rows, cols = np.indices(ROUND.shape)
    density = np.exp(-((rows - 100) ** 2 + (cols - 150) ** 2) / (2 * 60**2)) + 0.1
    labels, found = spam(PICTURE, 300, weights=None, density=density, details=True)
    share = 1 / np.bincount(labels.ravel())[labels]  # superpixels per pixel
    for part in (density < 0.3, (density >= 0.3) & (density < 0.8), density >= 0.8):
        asked = 300 * density[part].sum() / density.sum()
        assert share[part].sum() == pytest.approx(asked, rel=0.2)
    np.testing.assert_allclose(found.density, density / density.mean())


# ---- mistakes


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"density": 2}, ValueError, "density=2 is a factor .* expected attention with it; pass attention="),
        ({"attention": np.ones(2), "density": 0}, ValueError, "density=0, expected a factor above 0"),
        ({"attention": np.ones(2), "density": -1.5}, ValueError, "density=-1.5, expected a factor above 0"),
        ({"attention": np.ones(2), "density": np.inf}, ValueError, "density=inf, expected a factor above 0"),
        (
            {"attention": np.ones(2), "density": "much"},
            TypeError,
            "density='much', expected a factor above 0",
        ),
        (
            {"attention": np.ones(3)},
            ValueError,
            r"shape \(3,\), expected \(96, 100\), .* or \(2,\), one per object of the map",
        ),
        ({"attention": np.ones((5, 7))}, ValueError, r"attention has shape \(5, 7\), expected \(96, 100\)"),
        ({"attention": [0, 255]}, ValueError, "attention goes from 0.0 to 255.0, expected 0 to 1; .*divide"),
        ({"attention": [0, np.nan]}, ValueError, "attention goes from nan to nan, expected 0 to 1"),
        ({"density": [1, 2, 3]}, ValueError, "density has 3 weights, expected 2, one per object of the map"),
        ({"density": [1, 0]}, ValueError, "density goes from 0.0 to 1.0 .* above 0 .* leaves no zeros"),
        ({"density": np.ones((5, 7))}, ValueError, "density have shape"),
    ],
)
def test_mistakes_are_named(options, error, message):
    objects = (np.arange(100) // 50 + 1) * np.ones((96, 1), int)
    with pytest.raises(error, match=message):
        spam(COFFEE, 60, objects, weights=None, **options)
