import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from spamlab.spam import budgets, candidate_lists, connect, of_same_object, owners, place, scatter
from spamlab.spam.inside import _medians

numbers = st.integers(0, 2**32 - 1)


def random_objects(rng, holes=True):
    """Return an object map of rectangles on rectangles, with uncertain pixels, each object in one piece."""
    H, W = rng.integers(1, 24, 2)
    values = np.ones((H, W), int)
    for value in range(2, rng.integers(2, 9)):
        r, c = rng.integers(H), rng.integers(W)
        values[r : r + rng.integers(1, 12), c : c + rng.integers(1, 12)] = value * (rng.random() < 0.8)
    if holes:
        values[rng.random((H, W)) < rng.choice([0, 0.1, 0.5])] = 0
    objects, n = np.zeros((H, W), np.int32), 0
    for value in np.unique(values[values > 0]):
        found, more = ndimage.label(values == value)
        objects[found > 0] = found[found > 0] + n
        n += more
    if n == 0:
        objects[0, 0] = 1
    return objects


def areas(objects):
    return np.bincount(objects.ravel())[1:]


def quiet(*arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return budgets(*arguments)


# ---- budgets


def twin_budgets(share, K):
    """Hamilton's method in fractions, for shares that all deserve a seed: no lower and no upper bound."""
    quota = [Fraction(int(s) * K, int(share.sum())) for s in share]
    got = [q.numerator // q.denominator for q in quota]
    for i in sorted(range(len(got)), key=lambda i: got[i] - quota[i])[: K - sum(got)]:
        got[i] += 1
    return got


def strips(area):
    """Return an object map of one row with objects of these sizes."""
    return np.repeat(np.arange(1, len(area) + 1, dtype=np.int32), area)[None]


@given(st.lists(st.integers(20, 200), min_size=1, max_size=9), st.integers(0, 60))
def test_budgets_are_those_of_the_largest_remainder(area, more):
    area = np.array(area)
    K = 10 * len(area) + more  # so that each is worth a seed: an area is at least a tenth of any other
    K = min(K, int(area.sum()))
    assert budgets(strips(area), K).tolist() == twin_budgets(area, K)


@settings(max_examples=200)
@given(numbers, st.floats(0, 1.2), st.booleans())
def test_budgets_sum_to_what_was_asked(seed, share, weighted):
    rng = np.random.default_rng(seed)
    objects = random_objects(rng)
    area = areas(objects)
    K = int(np.clip(share * area.sum(), 1, objects.size))
    density = rng.uniform(0.01, 10, objects.shape) if weighted else None
    if len(area) <= K <= area.sum():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            budget = budgets(objects, K, density)
        assert budget.sum() == K
    else:
        come_out = len(area) if len(area) > K else area.sum()
        with pytest.warns(UserWarning, match=f"n_segments={K}, .* {come_out} seeds come out"):
            budget = budgets(objects, K, density)
        assert budget.sum() == come_out
    assert (budget >= 1).all() and (budget <= area).all()


@given(numbers, st.integers(1, 60))
def test_larger_objects_get_no_fewer_seeds_and_scale_of_density_is_nothing(seed, K):
    rng = np.random.default_rng(seed)
    objects = random_objects(rng)
    K = min(K, objects.size)
    budget = quiet(objects, K)
    order = np.argsort(areas(objects), kind="stable")
    assert (np.diff(budget[order]) >= 0)[np.diff(areas(objects)[order]) > 0].all()
    assert (quiet(objects, K, np.full(objects.shape, 4.0)) == budget).all()


def test_small_objects_get_one_seed_and_the_others_share_the_rest():
    assert budgets(strips([1, 1, 1, 300, 600]), 12).tolist() == [1, 1, 1, 3, 6]
    assert budgets(strips([100, 100]), 5).tolist() == [3, 2]  # the first in a tie
    objects = strips([100, 100])
    assert budgets(objects, 12, np.where(objects == 1, 3.0, 1.0)).tolist() == [9, 3]
    assert budgets(objects, 180, np.where(objects == 1, 1e6, 1.0)).tolist() == [100, 80]  # no room for more


@pytest.mark.parametrize(
    ("density", "message"),
    [(np.ones((2, 2)), "shape"), (np.zeros((1, 4)), "above 0"), (np.full((1, 4), np.nan), "above 0")],
)
def test_density_that_makes_no_sense_is_refused(density, message):
    with pytest.raises(ValueError, match=message):
        budgets(strips([2, 2]), 3, density)


# ---- seeds


@settings(max_examples=100)
@given(numbers, st.floats(0, 1), st.booleans())
def test_seeds_lie_in_their_objects_and_cells_are_the_nearest_of_the_same_object(seed, share, weighted):
    rng = np.random.default_rng(seed)
    objects = random_objects(rng)
    density = rng.uniform(0.01, 10, objects.shape) if weighted else None
    budget = quiet(objects, max(1, int(share * objects.size)), density)
    owner = np.repeat(np.arange(1, len(budget) + 1), budget)
    first = scatter(objects, budget, 3, density)
    seeds, cells = place(objects, budget, 3, density)
    for points in (first, seeds):
        assert (objects[tuple(points.T)] == owner).all()
        assert len(np.unique(points, axis=0)) == len(owner)
    assert ((cells < 0) == (objects == 0)).all()
    assert (cells[tuple(seeds.T)] == np.arange(len(seeds))).all()  # so no cell is empty
    for row, col in np.argwhere(objects > 0):
        away = np.square(seeds - (row, col)).sum(axis=1).astype(float)
        away[owner != objects[row, col]] = np.inf
        assert away[cells[row, col]] == away.min()


def test_one_seed_is_the_pixel_nearest_to_the_centroid():
    square = np.zeros((9, 11), np.int32)
    square[2:7, 3:10] = 1
    assert place(square, np.array([1]))[0].tolist() == [[4, 6]]
    ring = np.ones((9, 9), np.int32)
    ring[2:7, 2:7] = 0  # the centroid lies in the hole; the nearest pixels are those in the middle of a side
    assert place(ring, np.array([1]))[0].tolist() == [[1, 4]]


def test_seeds_are_the_same_again_and_others_with_another_number():
    objects = np.ones((60, 80), np.int32)
    one, again, other = (place(objects, np.array([30]), rng)[0] for rng in (5, 5, 6))
    assert (one == again).all() and (one != other).any()


def test_seeds_share_an_object_evenly():
    objects = np.ones((120, 160), np.int32)
    cells = place(objects, np.array([48]))[1]  # 400 pixels each
    sizes = np.bincount(cells.ravel())
    assert sizes.min() > 150 and sizes.max() < 800
    density = np.where(np.arange(160) < 80, 3.0, 1.0) * np.ones((120, 1))
    seeds = scatter(objects, np.array([48]), 0, density)
    assert (seeds[:, 1] < 80).sum() == pytest.approx(36, abs=1)


def test_medians_follow_the_weights():
    pixels = np.array([[0, 0], [0, 1], [0, 2], [0, 3]])
    assert _medians(pixels, np.zeros(4, int), np.array([1.0, 1, 1, 12]), 1).tolist() == [[0, 3]]


# ---- candidates


@settings(max_examples=60)
@given(numbers, st.integers(1, 60), st.integers(1, 9))
def test_lists_are_the_nearest_by_brute_force(seed, K, n):
    objects = random_objects(np.random.default_rng(seed))
    budget = quiet(objects, min(K, objects.size))
    owner = np.repeat(np.arange(1, len(budget) + 1), budget)
    seeds, cells = place(objects, budget)
    candidates, group = candidate_lists(cells, seeds, owner, n)
    assert len(np.unique(group)) == len(candidates)  # no list is kept twice, none in vain
    for row, col in np.argwhere(cells >= -1):
        certain = objects[row, col] > 0
        start = seeds[cells[row, col]] if certain else (row, col)
        away = np.square(seeds - start).sum(axis=1)
        may = np.flatnonzero(owner == objects[row, col]) if certain else np.arange(len(seeds))
        found = candidates[group[row, col]]
        found = found[found >= 0]
        assert len(found) == len(set(found)) == min(n, len(may)) and set(found) <= set(may)
        assert sorted(away[found]) == sorted(away[may])[: len(found)]


def test_a_seed_is_the_first_of_its_list():
    seeds = np.array([[0, 0], [0, 5], [0, 1]])
    lists = of_same_object(seeds, np.array([1, 1, 2]), (1, 6), 3)
    assert lists.tolist() == [[0, 1, -1], [1, 0, -1], [2, -1, -1]]


# ---- connectivity and owners


def test_pieces_join_along_the_longest_border_that_is_allowed():
    labels = np.array([[0, 0, 0, 1, 1], [0, 0, 2, 1, 1], [0, 0, 0, 1, 1]])
    objects = np.array([[1, 1, 1, 2, 2], [1, 1, 2, 2, 2], [1, 1, 1, 2, 2]], np.int32)
    assert (connect(labels, objects, 2) == np.where(objects == 1, 0, 1)).all()  # three edges to the wrong one
    objects[1, 2] = 0
    assert (connect(labels, objects, 2) == np.where(labels == 2, 0, labels)).all()  # in doubt: the longest


def test_an_object_smaller_than_the_limit_stays():
    labels = np.zeros((5, 5), np.int32)
    labels[2, 2] = 1
    assert (connect(labels, labels + 1, 10) == labels).all()


def test_doubt_cut_off_from_its_superpixel_joins_what_is_around_it():
    labels = np.array([[0, 1, 1, 1], [0, 1, 0, 1], [0, 1, 1, 1]])
    objects = np.array([[1, 2, 2, 2], [1, 2, 0, 2], [1, 2, 2, 2]], np.int32)
    regions = connect(labels, objects, 2)
    assert regions.tolist() == [[0, 1, 1, 1]] * 3
    assert owners(regions, objects, labels.astype(np.int32) + 1).tolist() == [1, 2]


def test_superpixels_in_doubt_belong_to_the_object_most_pixels_joined():
    regions = np.array([[0, 0, 0, 1, 1, 1, 2, 2]], np.int32)
    objects = np.array([[3, 0, 0, 0, 0, 0, 0, 0]], np.int32)
    inherited = np.array([[3, 1, 1, 1, 2, 2, 2, 1]], np.int32)
    assert owners(regions, objects, inherited).tolist() == [3, 2, 1]
