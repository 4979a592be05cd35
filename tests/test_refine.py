"""Refinement: what may change, who votes, and that borders come out better."""

import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from test_slic import random_image
from test_spam import NETWORK

from spamlab import metrics
from spamlab.data import scene
from spamlab.refine import coarse, refine, vote
from spamlab.slic import slic
from spamlab.spam import spam

numbers = st.integers(0, 2**32 - 1)


def blocks(rng, shape, side=4, classes=(0, 1, 2, 7)):
    """Return a random class map of squares."""
    small = rng.choice(classes, [-(-length // side) for length in shape])
    return np.kron(small, np.ones((side, side), int))[: shape[0], : shape[1]]


def window(values, row, col, r):
    return values[max(0, row - r) : row + r + 1, max(0, col - r) : col + r + 1]


def in_doubt(label_map, band):
    """Two classes in the window, pixel by pixel; 255 is none."""
    found = np.zeros(label_map.shape, bool)
    for row, col in np.argwhere(label_map != 255):
        found[row, col] = len(set(window(label_map, row, col, band // 2).flat) - {255}) > 1
    return found


@settings(max_examples=60)
@given(numbers, st.sampled_from(["spam", "slic", "labels"]))
def test_only_classes_in_the_band_change_and_certain_pixels_of_a_superpixel_of_spam_agree(seed, kind):
    rng = np.random.default_rng(seed)
    shape, band = rng.integers(4, 30, 2), int(rng.choice([1, 3, 5, 7]))
    label_map = blocks(rng, shape, classes=(0, 1, 2, 7, 255))
    label_map[0, 0] = 1
    image = random_image(rng, tuple(shape))
    method = {"spam": spam, "slic": slic, "labels": rng.integers(0, 9, shape)}[kind]
    options = {"weights": None} if kind == "spam" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # more objects than 8
        found, details = refine(label_map, image, method, band, 8, True, **options)
    assert (details.band == in_doubt(label_map, band)).all()
    assert (found == label_map)[~details.band].all() and (details.changed == (found != label_map)).all()
    assert set(found[details.band]) <= set(label_map.flat) - {255}
    assert ((details.objects == 0) == (details.band | (label_map == 255))).all() or not (
        ~details.band & (label_map != 255)
    ).any()
    assert details.n_obtained == len(details.classes) == details.labels.max() + 1
    sure = ~details.band & (label_map != 255)
    assert (details.classes == vote(details.labels, np.where(label_map == 255, -1, label_map), sure)).all()
    assert (found == np.where(details.band, details.classes[details.labels], label_map)).all()
    if kind == "spam":
        for label in range(details.n_obtained):
            assert len(set(label_map[sure & (details.labels == label)])) <= 1


@given(numbers)
def test_the_vote_is_that_of_certain_pixels_or_of_all(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 12, 2))
    labels = np.unique(rng.integers(0, 6, shape), return_inverse=True)[1].reshape(shape).astype(np.int32)
    label_map, certain = rng.choice([-1, 0, 3, 900], shape).astype(np.int32), rng.random(shape) < 0.3
    label_map[0, 0] = 3
    found = vote(labels, label_map, certain)
    for label in range(labels.max() + 1):
        mine = (labels == label) & (label_map >= 0)
        voters = label_map[mine & certain] if (mine & certain).any() else label_map[mine]
        counts = {c: int((voters == c).sum()) for c in np.unique(voters)}
        assert found[label] == (min(counts, key=lambda c: (-counts[c], c)) if counts else -1)


def test_a_vote_in_which_nobody_votes_and_pixels_outside():
    assert vote([[0, 1, 1]], [[-1, -1, -1]], [[True, False, True]]).tolist() == [-1, -1]
    assert vote([[0, -1, 2]], [[4, 4, -1]], [[False, True, True]]).tolist() == [4, -1, -1]


def test_certain_pixels_may_be_marked_by_numbers():
    labels, label_map = [[0, 0, 0, 1]], np.uint8([[5, 5, 2, 3]])
    assert vote(labels, label_map, [[0, 0, 1, 0]]).tolist() == [2, 3]
    assert vote(labels, label_map, np.zeros((1, 4), np.uint8)).tolist() == [5, 3]


def test_a_vote_wants_maps_of_one_picture():
    with pytest.raises(ValueError, match=r"label_map has shape \(1, 2\), expected .*\(1, 3\)"):
        vote([[0, 0, 1]], [[5, 5]], [[1, 0, 0]])
    with pytest.raises(ValueError, match=r"certain has shape \(3,\), expected .*\(1, 3\)"):
        vote([[0, 0, 1]], [[5, 5, 2]], [1, 0, 0])


def test_what_another_method_is_given():
    """The number and the options go to it; its numbers need not be those from 0 on."""
    label_map, image = blocks(np.random.default_rng(0), (20, 24)), np.zeros((20, 24, 3))
    asked = []

    def halves(picture, n_segments, **options):
        asked.append((picture.shape, picture.dtype, n_segments, options))
        return np.where(np.arange(24) < 12, 7, 2000)[None].repeat(20, axis=0)

    found, details = refine(label_map, image, halves, n_segments=9, details=True, rng=3)
    refine(label_map, image, halves)
    usual = (20, 24, 3), np.float32
    assert asked == [(*usual, 9, {"rng": 3}), (*usual, 500, {})]
    assert details.n_obtained == 2 and set(np.unique(details.labels)) == {0, 1}
    assert set(found[details.band]) <= set(details.classes)


def test_spam_is_given_the_certain_pixels_and_the_options(monkeypatch):
    label_map, image = blocks(np.random.default_rng(0), (20, 24), 12), np.zeros((20, 24, 3))
    asked = []

    def watched(picture, n_segments, objects, **options):
        asked.append((n_segments, objects, options))
        return np.zeros((20, 24), np.int32)

    monkeypatch.setattr(sys.modules["spamlab.refine.method"], "spam", watched)
    _, details = refine(label_map, image, watched, n_segments=30, details=True, compactness=3)
    ((n_segments, objects, options),) = asked
    assert n_segments == 30 and options == {"compactness": 3}
    assert (objects == details.objects).all() and ((objects == 0) == in_doubt(label_map, 5)).all()
    pieces = {(number, kind) for number, kind in zip(objects.flat, label_map.flat, strict=True) if number}
    assert len(pieces) == objects.max(), "each piece holds one class, also class 0"


def test_another_number_may_mean_unknown():
    label_map = blocks(np.random.default_rng(4), (24, 30), 6, (0, 1, 2, 9))
    image, squares = np.zeros((24, 30, 3)), blocks(np.random.default_rng(5), (24, 30), 5, range(9))
    usual, details = refine(np.where(label_map == 9, 255, label_map), image, squares, details=True)
    assert details.changed.any()
    found = refine(label_map, image, squares, ignore=9)
    assert (found == np.where(label_map == 9, 9, usual)).all()
    as_class = refine(np.where(label_map == 9, 255, label_map), image, squares, ignore=None)
    assert (as_class == np.where((named := refine(label_map, image, squares)) == 9, 255, named)).all()


@pytest.mark.parametrize("kind", ["list", "uint8", "bool"])
def test_a_map_of_any_integers(kind):
    label_map = blocks(np.random.default_rng(6), (20, 24), 6, (0, 1))
    image, squares = np.zeros((20, 24, 3)), blocks(np.random.default_rng(7), (20, 24), 5, range(9))
    as_kind = {"list": label_map.tolist(), "uint8": label_map.astype(np.uint8), "bool": label_map > 0}[kind]
    found = refine(as_kind, image, squares)
    assert found.dtype == np.int32 and (found == refine(label_map, image, squares)).all()


@pytest.mark.parametrize("label_map", [[[5]], [[7] * 6] * 4, [[3, 3, 4, 4]]])
def test_a_map_without_a_band_comes_back(label_map):
    image = np.random.default_rng(0).random((*np.shape(label_map), 3))
    n_segments, band = len(np.unique(label_map)), 1 if len(label_map) == 1 else 5
    found = refine(label_map, image, n_segments=n_segments, weights=None, band=band)
    assert (found == label_map).all()


def test_superpixels_with_the_true_borders_restore_them():
    truth = np.zeros((60, 80), int)
    truth[:, 37:] = 4
    truth[20:45, 50:] = 9
    image = np.random.default_rng(0).random((60, 80, 3))
    given_map = coarse(truth, 8)
    found, details = refine(given_map, image, truth, band=13, details=True)
    wrong = given_map != truth
    assert wrong.any() and details.band[wrong].all()
    assert (found == truth).all() and (details.changed == wrong).all()


@pytest.mark.parametrize("r", [1, 2.5, 4])
def test_a_trimap_holds_what_is_near_a_border(r):
    truth = blocks(np.random.default_rng(1), (20, 24), 6)
    border = np.argwhere(metrics.boundaries(truth))
    away = cdist(np.argwhere(np.ones_like(truth)), border).min(axis=1).reshape(truth.shape)
    assert (metrics.trimap(truth, r) == (away < r)).all()
    assert not metrics.trimap(np.zeros((5, 6), int), r).any()
    with pytest.raises(ValueError, match="width=0, expected a width above 0"):
        metrics.trimap(truth, 0)


def test_borders_of_scenes_come_out_better():
    tables = np.zeros((2, 13, 13), int)
    for seed in range(4):
        image, truth = scene(seed)
        given_map = coarse(truth, 16)
        found = refine(given_map, image, band=15, n_segments=300, weights=NETWORK)
        near = np.where(metrics.trimap(truth, 3), truth, 255)
        for table, one in zip(tables, (given_map, found), strict=True):
            table += metrics.confusion(one, near, 13)
    before, after = map(metrics.mean_iou, tables)
    assert after > before + 0.05


def test_names_of_classes_mean_nothing():
    image, truth = scene(2, (60, 80))
    given_map = coarse(truth, 8)
    names = np.random.default_rng(0).permutation(40)[: truth.max() + 1]
    first = refine(given_map, image, slic, n_segments=40)
    renamed = refine(names[given_map], image, slic, n_segments=40)
    assert (renamed == names[first]).mean() > 0.99  # ties may be settled otherwise


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"label_map": np.zeros((5, 6), int)},
            ValueError,
            r"image has shape .*expected .*\(5, 6\)",
        ),
        ({"label_map": np.full((20, 24), 255)}, ValueError, "255 .ignored. everywhere, expected a"),
        (
            {"label_map": np.full((20, 24), -1)},
            ValueError,
            "holds -1, expected classes 0 and above",
        ),
        ({"band": 4}, ValueError, "band=4, expected an odd window in pixels, such as 5"),
        ({"method": np.zeros((5, 6), int)}, ValueError, r"method has shape \(5, 6\), expected"),
        ({"method": np.full((20, 24), -1)}, ValueError, "method left pixels out"),
        (
            {"method": np.zeros((20, 24), int), "compactness": 3},
            ValueError,
            "compactness: options of a",
        ),
        ({"method": "spam"}, TypeError, "method='spam', expected a function"),
        ({"method": None}, TypeError, "method=None, expected a function"),
    ],
)
def test_mistakes_are_named(options, error, message):
    usual = {"label_map": blocks(np.random.default_rng(0), (20, 24)), "image": np.zeros((20, 24, 3))}
    with pytest.raises(error, match=message):
        refine(**(usual | options))
