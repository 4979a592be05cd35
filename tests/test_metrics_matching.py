"""Boundary F by matching: the number of pairs is the largest possible, by three other ways to count it."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.spatial.distance import cdist
from skimage import data

from spamlab import metrics
from spamlab.metrics import BoundaryCounts
from spamlab.metrics.matching import match
from spamlab.slic import slic

shapes = st.shared(array_shapes(min_dims=2, max_dims=2, max_side=9), key="shape")
label_maps = shapes.flatmap(lambda shape: arrays(np.int32, shape, elements=st.integers(0, 3)))
marks = shapes.flatmap(lambda shape: arrays(bool, shape))
few_marks = arrays(bool, (4, 4), elements=st.sampled_from([False, False, True]))
distances = st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.2])


def distance(a, b):
    return cdist(np.argwhere(a), np.argwhere(b))


def exhaustive(near):
    """Try for every pixel of the first map to leave it out or to give it any free partner."""
    if near.shape[0] == 0:
        return 0
    partners = [1 + exhaustive(np.delete(near[1:], j, axis=1)) for j in np.flatnonzero(near[0])]
    return max([exhaustive(near[1:]), *partners])


@given(marks, marks, distances)
def test_a_matching_is_one_to_one_near_and_of_maximum_size(a, b, max_distance):
    partner = match(a, b, max_distance)
    assert len(partner) == a.sum()
    used = partner[partner >= 0]
    assert len(np.unique(used)) == len(used)
    away = distance(a, b)
    assert (away[partner >= 0, used] <= max_distance).all()
    far = away > max_distance
    for cost in (
        far.astype(float),
        np.where(far, 1e4, away),
    ):  # fewest misses; least distance, misses dearest
        row, col = linear_sum_assignment(cost)
        assert len(used) == (~far[row, col]).sum()


@given(marks, marks)
def test_a_pixel_once_matched_stays_matched_at_larger_distances(a, b):
    kept = np.zeros(a.sum(), bool)
    for max_distance in (0, 1, 1.5, 2, 2.5, 3):
        partner = match(a, b, max_distance)
        assert (partner[kept] >= 0).all()
        kept = partner >= 0
        if a.any() and b.any():
            near = csr_array(distance(a, b) <= max_distance)
            assert kept.sum() == (maximum_bipartite_matching(near) >= 0).sum()


@given(few_marks, few_marks, distances)
def test_no_choice_of_pairs_is_larger(a, b, max_distance):
    assume(a.sum() <= 6)
    assert (match(a, b, max_distance) >= 0).sum() == exhaustive(distance(a, b) <= max_distance)


def test_greedy_pairing_would_lose_one():
    a, b = np.zeros((1, 6), bool), np.zeros((1, 6), bool)
    a[0, [1, 3]] = b[0, [2, 4]] = True  # 3 is as near to 2 as to 4; 1 reaches 2 only
    assert match(a, b, 1).tolist() == [0, 1]
    assert match(a[:, ::-1], b[:, ::-1], 1).tolist() == [0, 1]


@given(label_maps)
def test_thin_boundaries_lie_on_the_boundary_and_never_vanish(labels):
    thin, thick = metrics.thin_boundaries(labels), metrics.boundaries(labels)
    assert not (thin & ~thick).any()
    assert thin.any() == thick.any()


def test_borders_are_one_pixel_wide():
    row, col = np.indices((9, 12))
    straight, slope = metrics.thin_boundaries(col > 4), metrics.thin_boundaries(col > row)
    assert np.argwhere(straight).tolist() == [[i, 4] for i in range(9)]
    assert not (slope[:-1, :-1] & slope[1:, :-1] & slope[:-1, 1:]).any() and slope.sum() <= 10


@given(st.lists(label_maps, min_size=2, max_size=4), distances)
def test_counts_follow_their_definition(maps, max_distance):
    labels, *truths = maps
    counts = metrics.boundary_counts(labels, truths, max_distance)
    found, wanted = metrics.thin_boundaries(labels), [metrics.thin_boundaries(t) for t in truths]
    sizes = [(match(found, w, max_distance) >= 0).sum() for w in wanted]
    assert counts.matched_truth == sum(sizes)
    assert counts.total_truth == sum(w.sum() for w in wanted)
    assert counts.total_labels == found.sum()
    assert max(sizes) <= counts.matched_labels <= min(sum(sizes), found.sum())
    near = [(distance(found, w) <= max_distance).any(axis=1) for w in wanted]
    assert counts.matched_labels <= np.any(near, axis=0).sum()  # tolerance alone sees at least as many
    if len(truths) == 1:  # with one annotator the two sides of the pairs are equally many
        assert counts.matched_labels == counts.matched_truth
        back = metrics.boundary_counts(truths[0], [labels], max_distance)
        assert back.matched_truth == counts.matched_truth


@given(label_maps)
def test_a_map_matches_itself(labels):
    counts = metrics.boundary_counts(labels, [labels, labels], 0)
    if metrics.boundaries(labels).any():
        assert counts.precision == counts.recall == counts.f == 1
    else:
        assert counts == BoundaryCounts() and np.isnan(counts.f)


def test_the_default_distance_is_a_share_of_the_diagonal():
    truth = np.zeros((300, 400), int)
    truth[:, 200:] = 1  # diagonal 492: 3.7 pixels
    for shift, expected in ((3, 1), (4, 0)):
        assert metrics.boundary_counts(np.roll(truth, shift, axis=1)[:, 10:], [truth[:, 10:]]).f == expected


def test_matched_pixels_are_nearly_those_of_the_cheapest_matching():
    a, b = np.zeros((9, 40), bool), np.zeros((9, 40), bool)
    a[[0, 3, 6]], b[4] = True, True  # three lines found, one wanted: all reach it, the middle one is nearest
    partner = match(a, b, 4.5)
    assert (partner[40:80] == np.arange(40)).all() and (partner >= 0).sum() == 40


def test_superpixels_hold_most_of_a_boundary_but_most_of_theirs_is_no_boundary():
    image = data.coffee()[40:232, 130:330]
    coarse, fine = slic(image, 12), slic(image, 150)
    counts = metrics.boundary_counts(fine, [coarse])
    assert counts.recall > 0.7 > 0.3 > counts.precision


def test_counts_add_up():
    a, b = BoundaryCounts(1, 2, 3, 4), BoundaryCounts(5, 6, 7, 8)
    assert a + b == BoundaryCounts(6, 8, 10, 12)
    assert (a.recall, a.precision, a.f) == (0.5, 0.75, pytest.approx(0.6))
    nothing_found, nothing_true = BoundaryCounts(0, 9, 0, 0), BoundaryCounts(0, 0, 0, 9)
    assert nothing_found.f == 0 and np.isnan(nothing_found.precision)
    assert np.isnan(nothing_true.f) and nothing_true.precision == 0


def test_ods_fixes_the_parameter_and_ois_does_not():
    good, poor = BoundaryCounts(9, 10, 9, 10), BoundaryCounts(1, 10, 1, 10)
    fair = BoundaryCounts(6, 10, 6, 10)
    found = metrics.ods_ois([[good, poor, fair], [poor, good, fair]])
    assert found.parameter == 2
    assert found.ods == pytest.approx(0.6) and found.ois == pytest.approx(0.9)
    large = BoundaryCounts(90, 100, 90, 100)  # counts are added: a long boundary weighs more
    assert metrics.ods_ois([[poor], [large]])[:2] == (pytest.approx(91 / 110),) * 2
    empty = BoundaryCounts(0, 0, 0, 5)
    assert np.isnan(metrics.ods_ois([[empty, empty]]).ods)
    found = metrics.ods_ois([[empty, good]])
    assert found.parameter == 1 and found.ods == found.ois == good.f


def test_bad_input():
    labels = np.zeros((4, 4), int)
    with pytest.raises(ValueError, match="max_distance=-1"):
        metrics.boundary_counts(labels, [labels], -1)
    with pytest.raises(ValueError, match=r"\(4, 4\).*\(3, 4\)"):
        metrics.boundary_counts(labels, [labels[1:]])
    with pytest.raises(ValueError, match="truths is empty"):
        metrics.boundary_counts(labels, [])
    for counts in ([], [[]], [[BoundaryCounts()], []]):
        with pytest.raises(ValueError, match="one per parameter for every image"):
            metrics.ods_ois(counts)
