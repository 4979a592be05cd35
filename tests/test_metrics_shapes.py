"""Global regularity against its definition, recomputed with tools of scikit-image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage import data
from skimage.measure import perimeter
from skimage.morphology import convex_hull_image

from spamlab import metrics
from spamlab.regions import components
from spamlab.slic import slic

connected_maps = array_shapes(min_dims=2, max_dims=2, max_side=14).flatmap(
    lambda shape: arrays(np.int32, shape, elements=st.integers(0, 2)).map(components)
)


def line(mask):
    return perimeter(np.pad(mask, 1), neighborhood=4)


def naive_src(labels):
    total = 0
    for k in np.unique(labels):
        row, col = np.nonzero(labels == k)
        shape = np.pad(labels == k, 1)
        hull = convex_hull_image(shape) if len(row) > 1 else shape
        convexity = 1.0
        if line(shape) > 0:
            convexity = min(1.0, (line(hull) / hull.sum()) / (line(shape) / shape.sum()))
        low, high = sorted([row.std(), col.std()])
        total += len(row) / labels.size * convexity * (np.sqrt(low / high) if high > 0 else 1)
    return total


def naive_smf(labels):
    """1 - 1/2 sum_k |S_k| / N |M - S_k / |S_k||_1, every superpixel drawn on one canvas."""
    H, W = labels.shape
    drawn = []
    for k in np.unique(labels):
        canvas = np.zeros((2 * H + 1, 2 * W + 1))
        row, col = np.nonzero(labels == k)
        canvas[row - int(row.mean() + 0.5) + H, col - int(col.mean() + 0.5) + W] = 1
        drawn.append(canvas)
    M = sum(drawn) / labels.size
    return 1 - sum(c.sum() / labels.size * np.abs(M - c / c.sum()).sum() for c in drawn) / 2


@given(connected_maps)
def test_regularity_follows_its_definition(labels):
    found = metrics.regularity(labels)
    assert found.src == pytest.approx(naive_src(labels))
    assert found.smf == pytest.approx(naive_smf(labels))
    assert found.gr == found.src * found.smf
    assert 0 <= found.src <= 1 + 1e-12 and 0 < found.smf <= 1 + 1e-12


def test_regularity_of_superpixels():
    labels = slic(data.coffee()[40:232, 130:330], 80)
    found = metrics.regularity(labels)
    assert found.src == pytest.approx(naive_src(labels))
    assert found.smf == pytest.approx(naive_smf(labels))


@given(connected_maps, st.integers(0, 2**32 - 1))
def test_names_and_turning_change_nothing(labels, seed):
    found = metrics.regularity(labels)
    names = np.random.default_rng(seed).permutation(labels.max() + 1) * 7
    for same in (names[labels], labels.T):
        again = metrics.regularity(same)
        assert (again.src, again.smf) == (pytest.approx(found.src), pytest.approx(found.smf))


def test_squares_and_single_pixels_are_perfectly_regular():
    squares = np.kron(np.arange(12).reshape(3, 4), np.ones((5, 5), int))
    for labels in (squares, np.arange(12).reshape(3, 4), np.zeros((1, 1), int)):
        found = metrics.regularity(labels)
        assert (found.src, found.smf, found.gr) == (pytest.approx(1),) * 3


def test_stripes_are_alike_but_not_regular():
    stripes = np.repeat(np.arange(4)[:, None], 20, axis=1)
    found = metrics.regularity(stripes)
    assert found.src == 0 and found.smf == pytest.approx(1)
    mixed = np.zeros((10, 20), int)  # a square beside ten stripes
    mixed[:, 10:] = np.arange(1, 11)[:, None]
    assert metrics.regularity(mixed).src == pytest.approx(0.5)
    assert metrics.regularity(mixed).smf < 0.7


def test_a_notch_costs_convexity():
    labels = np.zeros((20, 20), int)
    labels[5:15, 5:15] = 1
    ring, square = labels == 0, labels == 1
    found = metrics.regularity(labels)
    ratio = (line(np.ones((20, 20), bool)) / 400) / (line(ring) / ring.sum())
    assert found.src == pytest.approx(0.75 * ratio + 0.25) and ratio < 0.6
    labels[square] = -1
    assert metrics.regularity(labels).src == pytest.approx(ratio)  # outside a mask nothing counts


def test_a_label_in_two_pieces_is_one_shape():
    labels = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    assert metrics.regularity(labels).src == pytest.approx(naive_src(labels))
    rows = np.array([[0, 0], [1, 1], [1, 1], [0, 0]])  # rows without a pixel in between
    assert metrics.regularity(rows).src == pytest.approx(naive_src(rows))


def test_nothing_to_measure_is_refused():
    with pytest.raises(ValueError, match="-1 everywhere"):
        metrics.regularity(np.full((2, 2), -1))
