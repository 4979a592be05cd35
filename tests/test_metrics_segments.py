"""Scores of segmentations: definitions recomputed pixel by pixel, identities, and scikit-image's VoI."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.metrics import variation_of_information

from spamlab import metrics

label_maps = st.shared(array_shapes(min_dims=2, max_dims=2, max_side=7), key="shape").flatmap(
    lambda shape: arrays(np.int32, shape, elements=st.integers(0, 4))
)
pairs = st.tuples(label_maps, label_maps)
S = np.array([[0, 0, 1, 1], [0, 0, 1, 1]])
G = np.array([[5, 5, 5, 9], [5, 5, 5, 9]])
SCORES = [
    metrics.rand_index,
    metrics.variation_of_information,
    metrics.global_consistency_error,
    metrics.covering,
]


def test_known_answers():
    # table [[4, 0], [2, 2]]: 4 * 2 + 2 * 2 pixels apart in G but not in S, 4 * 2 the other way round
    assert metrics.rand_index(S, G) == pytest.approx(1 - (4 + 8) / 28)
    assert metrics.variation_of_information(S, G) == pytest.approx(
        2 * 1.5 - 1 - (-0.75 * np.log2(0.75) - 0.25 * np.log2(0.25))
    )
    assert metrics.global_consistency_error(S, G) == pytest.approx(min(2 * 2 * 2 / 4, 2 * 4 * 2 / 6) / 8)
    assert metrics.covering(S, G) == pytest.approx((6 * 4 / 6 + 2 * 2 / 4) / 8)
    assert metrics.probabilistic_rand_index(S, [S, G]) == pytest.approx((1 + 16 / 28) / 2)


@given(pairs)
def test_rand_index_counts_pairs_of_pixels(pair):
    values = list(zip(pair[0].ravel(), pair[1].ravel(), strict=True))
    agree = [(a == c) == (b == d) for (a, b), (c, d) in combinations(values, 2)]
    assert metrics.rand_index(*pair) == pytest.approx(np.mean(agree) if agree else 1)


@given(pairs)
def test_voi_is_that_of_scikit_image(pair):
    expected = sum(variation_of_information(*pair))
    assert metrics.variation_of_information(*pair) == pytest.approx(expected, abs=1e-9)


@given(pairs)
def test_gce_and_covering_follow_their_definitions(pair):
    labels, truth = pair
    errors = np.zeros((2, *labels.shape))
    for pixel in np.ndindex(labels.shape):
        own, true = labels == labels[pixel], truth == truth[pixel]
        errors[0][pixel] = (own & ~true).sum() / own.sum()
        errors[1][pixel] = (true & ~own).sum() / true.sum()
    assert metrics.global_consistency_error(*pair) == pytest.approx(errors.mean(axis=(1, 2)).min())
    covered = 0
    for j in np.unique(truth):
        masks = [(labels == i, truth == j) for i in np.unique(labels)]
        covered += (truth == j).sum() * max((a & b).sum() / (a | b).sum() for a, b in masks)
    assert metrics.covering(*pair) == pytest.approx(covered / labels.size)


@given(pairs, st.permutations(range(5)))
def test_identities(pair, names):
    labels, truth = pair
    assert metrics.rand_index(truth, truth) == metrics.covering(truth, truth) == 1
    assert metrics.variation_of_information(truth, truth) == pytest.approx(0, abs=1e-12)
    assert metrics.global_consistency_error(truth, truth) == 0
    assert metrics.global_consistency_error(labels * 5 + truth, truth) == 0  # a refinement
    whole, pixels = np.zeros_like(truth), np.arange(truth.size).reshape(truth.shape)
    for trivial in (whole, pixels):
        assert metrics.global_consistency_error(trivial, truth) == 0
    assert metrics.variation_of_information(pixels, whole) == pytest.approx(np.log2(truth.size), abs=1e-12)
    for score in SCORES[:3]:
        assert score(labels, truth) == pytest.approx(score(truth, labels), abs=1e-12)
    for score in SCORES:
        assert 0 <= score(labels, truth) <= max(1, np.log2(labels.size)) + 1e-12
        same = pytest.approx(score(labels, truth), abs=1e-12)
        assert score(np.array(names)[labels], truth) == same == score(labels.T, truth.T)


@given(st.tuples(label_maps, label_maps, label_maps))
def test_voi_keeps_the_triangle_inequality(maps):
    a, b, c = maps
    direct = metrics.variation_of_information(a, c)
    assert direct <= sum(map(metrics.variation_of_information, (a, b), (b, c))) + 1e-12


@given(pairs)
def test_mean_iou_of_a_data_set(pair):
    prediction, truth = pair
    table = metrics.confusion(prediction, truth, 6, ignore=4)
    top, bottom = slice(0, prediction.shape[0] // 2), slice(prediction.shape[0] // 2, None)
    parts = [metrics.confusion(prediction[half], truth[half], 6, ignore=4) for half in (top, bottom)]
    np.testing.assert_array_equal(sum(parts), table)
    counted, ious = truth != 4, []
    for c in range(6):
        p, t = (prediction == c) & counted, (truth == c) & counted
        if (p | t).any():
            ious.append((p & t).sum() / (p | t).sum())
    expected = np.mean(ious) if ious else np.nan
    assert metrics.mean_iou(table) == pytest.approx(expected, nan_ok=True)
    assert table.shape == (6, 6) and table.sum() == counted.sum()


def test_confusion_has_true_classes_in_rows():
    table = metrics.confusion([[0, 1, 1, 200]], [[0, 0, 1, 255]], 2)
    assert table.tolist() == [[1, 1], [0, 1]]
    assert metrics.mean_iou(table) == 0.5
    assert np.isnan(metrics.mean_iou(np.zeros((3, 3))))


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (([0, 1], [0], 2), ValueError, r"\(2,\).*\(1,\)"),
        (([0, 2], [0, 1], 2), ValueError, "prediction goes from 0 to 2, expected 0 to 1"),
        (([0, 1], [0, -1], 2), ValueError, "truth goes from -1 to 0.*set ignore"),
        (([0.0, 1.0], [0, 1], 2), TypeError, r"prediction.astype\(int\)"),
    ],
)
def test_confusion_refuses(arguments, error, says):
    with pytest.raises(error, match=says):
        metrics.confusion(*arguments)


def test_other_bad_input():
    with pytest.raises(ValueError, match="expected a square one"):
        metrics.mean_iou(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="truths is empty"):
        metrics.probabilistic_rand_index(S, [])
    with pytest.raises(ValueError, match=r"use \[truth\]"):
        metrics.probabilistic_rand_index(S, G)
