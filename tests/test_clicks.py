"""Clicks: weights of objects, annotation with superpixels, and the simulated user."""

import itertools
import math
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from spamlab import masks, objects
from spamlab.clicks import Annotation, best_iou, click_weights, clicks_to, overlap, simulate
from spamlab.data import load_image
from spamlab.spam import numbered, pieces, spam

SHAPE = (8, 9)
LABELS = arrays(np.int32, SHAPE, elements=st.integers(-1, 5))
TARGETS = arrays(bool, SHAPE).filter(np.any)
OBJECTS = arrays(np.int32, array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.integers(0, 4))


def iou(mask, target):
    return (mask & target).sum() / (mask | target).sum()


def squares():
    """Return a map of 12 squares of 10 x 10 pixels, 30 x 40."""
    rows, cols = np.indices((30, 40)) // 10
    return rows * 4 + cols


# ---- weights


@st.composite
def clicked(draw):
    """Draw an object map and some clicks on it."""
    given = draw(OBJECTS)
    row, col = (st.integers(0, side - 1) for side in given.shape)
    return given, draw(st.lists(st.tuples(row, col, st.sampled_from(["more", "less"])), max_size=8))


@given(clicked(), st.randoms())
def test_the_order_of_clicks_plays_no_part(drawn, random):
    given, points = drawn
    found = click_weights(points, given)
    assert found.shape == (numbered(given, given.shape).max(),)
    shuffled = random.sample(points, len(points))
    np.testing.assert_array_equal(click_weights(shuffled, given), found)


@given(clicked())
def test_opposite_clicks_take_each_other_back(drawn):
    given, points = drawn
    other = {"more": "less", "less": "more"}
    back = [(row, col, other[kind]) for row, col, kind in points]
    np.testing.assert_array_equal(click_weights(back, given), 1 / click_weights(points, given))
    assert (click_weights(points + back, given) == 1).all() and (click_weights([], given) == 1).all()


@given(clicked())
def test_one_more_click_changes_the_nearest_object_alone(drawn):
    given, points = drawn
    for row, col, _ in points[:1]:
        before, after = click_weights(points, given), click_weights([*points, (row, col, "more")], given)
        (changed,) = np.flatnonzero(after != before)
        assert after[changed] == 2 * before[changed]
        whole = numbered(given, given.shape)
        away = np.hypot(*(np.indices(given.shape) - np.array([row, col])[:, None, None]))
        assert away[whole == changed + 1].min() == away[whole > 0].min()


def test_weights_count_objects_in_the_order_of_their_numbers():
    given = np.array([[7, 7, 0, 3, 3, 3]])
    points = [(0, 0, "more"), (0, 1, "more"), (0, 5, "less"), (0, 2, "more")]
    np.testing.assert_array_equal(click_weights(points[:3], given), [0.5, 4])
    assert click_weights(points, given).prod() == 4, "a click in doubt counts once, for one of the two"


def test_a_click_gives_its_object_more_superpixels():
    image = load_image("coffee")[:120, :160]
    halves = np.where(np.arange(160) < 80, 4, 9) * np.ones((120, 1), int)
    counts = []
    for points in ([], [(5, 100, "more")], [(5, 100, "less"), (5, 100, "less")]):
        density = click_weights(points, halves)
        labels = spam(image, 60, halves, weights=None, density=density)
        counts.append(len(np.unique(labels[:, 80:])))
    assert pieces(halves, halves.shape).max() == 2
    assert counts[2] < counts[0] < counts[1]
    np.testing.assert_allclose(np.array(counts) / 60, [1 / 2, 2 / 3, 1 / 5], atol=0.08)


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ((30, 0, "more"), r"\(30, 0\) lies outside the picture of 30 x 40"),
        ((0, -1, "more"), r"\(0, -1\) lies outside"),
        ((0, 1.5, "more"), "expected whole numbers"),
        ((0, 0, "left"), "kind 'left', expected 'more' or 'less'"),
        ((0, 0, None), "kind None, expected"),
    ],
)
def test_wrong_clicks_are_named(point, said):
    with pytest.raises(ValueError, match=said):
        click_weights([(0, 0, "more"), point], squares())


# ---- annotation


@given(LABELS, st.lists(st.tuples(st.integers(0, 7), st.integers(0, 8)), max_size=8))
def test_a_pixel_is_in_the_mask_if_its_superpixel_was_clicked_an_odd_number_of_times(labels, points):
    points = [point for point in points if labels[point] >= 0]
    state, expected, before = Annotation(labels), np.zeros(SHAPE, bool), []
    for point in points:
        before.append(state)
        state = state.toggle(point)
        expected ^= labels == labels[point]
        np.testing.assert_array_equal(state.mask, expected)
    assert state.mask.dtype == bool and state.picked == tuple(np.unique(labels[expected]))
    for one in reversed(before):
        state = state.undo()
        assert state.clicks == one.clicks
        np.testing.assert_array_equal(state.mask, one.mask)
    assert not state.mask.any() and state.undo().clicks == ()


def test_the_order_of_picks_plays_no_part_and_two_are_none():
    start = Annotation(squares())
    a, b = (3, 3), (15, 25)
    np.testing.assert_array_equal(start.toggle(a).toggle(b).mask, start.toggle(b).toggle(a).mask)
    assert start.toggle(a).toggle(b).toggle((9, 0)).picked == (6,)
    assert start.picked == (), "the state at the start is as it was"


def test_an_annotation_never_changes():
    labels = squares()
    state = Annotation(labels).toggle((0, 0))
    labels[:] = 0
    assert state.mask.sum() == 100, "a change of the map given does not reach it"
    with pytest.raises(ValueError, match="read-only"):
        state.labels[0] = 3
    with pytest.raises(FrozenInstanceError):
        state.clicks = ()


@given(LABELS, st.sets(st.integers(0, 5)), st.sampled_from(["mask.png", "mask.json", "MASK.PNG"]))
def test_what_is_saved_is_loaded(tmp_path_factory, labels, picked, name):
    folder = tmp_path_factory.mktemp("saved")
    state = Annotation(labels, tuple(picked))
    state.save(folder / name, "chelsea.png")
    assert [file.name for file in folder.iterdir()] == [name], "nothing else is left"
    if name == "mask.json":
        assert masks.shape(folder / name) == SHAPE
        found = masks.read(folder / name)
        assert len(found) == state.mask.any()
        found = found[0].mask if found else np.zeros(SHAPE, bool)
    else:
        with Image.open(folder / name) as image:
            found = np.asarray(image) == 255
    np.testing.assert_array_equal(found, state.mask)


@pytest.mark.parametrize("name", ["mask.png", "mask.json"])
def test_a_saved_mask_is_a_prior_for_the_next_round(tmp_path, name):
    state = Annotation(squares()).toggle((5, 5)).toggle((15, 5)).toggle((15, 15))
    state.save(tmp_path / name)
    found = objects.from_file(tmp_path / name)
    assert found.min() == 1 and found.max() == 2
    np.testing.assert_array_equal(found == found[5, 5], state.mask)
    labels = spam(np.ones((30, 40, 3), np.float32) / 2, 20, found, weights=None)
    assert best_iou(labels, state.mask) == 1


@pytest.mark.parametrize("name", ["mask.jpg", "mask", "mask.npy"])
def test_other_files_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"expected \.png, or \.json"):
        Annotation(squares()).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_points_without_a_superpixel_are_named():
    labels = squares()
    labels[0, 0] = -1
    with pytest.raises(ValueError, match=r"\(0, 0\) has label -1"):
        Annotation(labels).toggle((0, 0))
    with pytest.raises(ValueError, match=r"\(0, 40\) lies outside the picture of 30 x 40"):
        Annotation(labels).toggle((0, 40))


# ---- the simulated user


@given(LABELS, TARGETS)
def test_pixels_are_counted_inside_and_outside(labels, target):
    inside, outside = overlap(labels, target)
    expected = [((labels == k) & target).sum() for k in range(labels.max() + 1)]
    np.testing.assert_array_equal(inside, expected)
    np.testing.assert_array_equal(inside + outside, [(labels == k).sum() for k in range(labels.max() + 1)])


@given(LABELS, TARGETS)
def test_the_best_iou_is_that_of_the_best_of_all_subsets(labels, target):
    subsets = itertools.chain.from_iterable(itertools.combinations(range(6), n) for n in range(7))
    assert best_iou(labels, target) == max(iou(np.isin(labels, subset), target) for subset in subsets)


@given(LABELS, TARGETS)
def test_each_click_is_the_best_one_and_none_is_left_at_the_end(labels, target):
    ious, picked = simulate(labels, target)
    assert len(ious) == len(picked) + 1 and ious[0] == 0 and (np.diff(ious) > 0).all()
    state = Annotation(labels)
    for after, label in zip(ious[1:], picked, strict=True):
        every = [iou(Annotation(labels, (*state.clicks, k)).mask, target) for k in range(6)]
        assert after == max(every) == every[label]
        state = Annotation(labels, (*state.clicks, int(label)))
    assert ious[-1] == iou(state.mask, target)
    assert all(iou(Annotation(labels, (*state.clicks, k)).mask, target) <= ious[-1] for k in range(6))
    assert ious[-1] == best_iou(labels, target)


@given(LABELS, TARGETS, st.lists(st.integers(0, 5), max_size=10))
def test_no_sequence_of_clicks_beats_the_best_iou(labels, target, clicks):
    assert iou(Annotation(labels, tuple(clicks)).mask, target) <= best_iou(labels, target)


@given(LABELS, TARGETS, st.permutations(range(6)))
def test_numbers_of_superpixels_do_not_matter(labels, target, order):
    other = np.append(np.array(order, np.int32), -1)[labels]
    np.testing.assert_array_equal(simulate(other, target)[0], simulate(labels, target)[0])
    assert best_iou(other, target) == best_iou(labels, target)


@given(LABELS, TARGETS, arrays(bool, SHAPE))
def test_finer_superpixels_allow_no_less(labels, target, cut):
    finer = np.where(labels < 0, -1, 2 * labels + cut)
    assert best_iou(finer, target) >= best_iou(labels, target)


@given(LABELS.filter(lambda labels: labels.max() >= 0), st.data())
def test_a_segment_takes_one_click(labels, data):
    k = data.draw(st.sampled_from(np.unique(labels[labels >= 0]).tolist()))
    ious, picked = simulate(labels, labels == k)
    assert ious.tolist() == [0, 1] and picked.tolist() == [k] and best_iou(labels, labels == k) == 1


def test_a_pick_is_taken_back_where_that_helps():
    labels = np.repeat([0, 1, 2, 3], [28, 4, 4, 4])[None]
    target = np.zeros((1, 40), bool)
    target[0, 14:] = True  # half of the first, and all of the others
    ious, picked = simulate(labels, target)
    assert picked.tolist() == [0, 1, 2, 3]
    target[0, :20] = False
    ious, picked = simulate(labels, target)
    assert picked[0] == 0 and picked[-1] == 0 and sorted(picked[1:-1].tolist()) == [1, 2, 3]
    assert ious[-1] == 12 / 20
    np.testing.assert_array_equal(simulate(3 - labels, target)[0], ious)  # two begin equally well


def test_clicks_are_counted_to_the_first_that_is_enough():
    ious = [0, 0.5, 0.8, 0.85]
    assert clicks_to(ious, 0.5) == 1 and clicks_to(ious, 0.8) == 2 and clicks_to(ious, 0.81) == 3
    assert clicks_to(ious, 0.9) == math.inf == clicks_to([0], 0.1)


@pytest.mark.parametrize("threshold", [0, -1, 1.01, math.nan])
def test_a_threshold_is_an_iou(threshold):
    with pytest.raises(ValueError, match="above 0"):
        clicks_to([0, 1], threshold)


@pytest.mark.parametrize("function", [overlap, simulate, best_iou])
def test_wrong_targets_are_named(function):
    with pytest.raises(ValueError, match="target holds no pixel"):
        function(squares(), np.zeros((30, 40), bool))
    with pytest.raises(ValueError, match="target has shape"):
        function(squares(), np.ones((30, 41), bool))
    with pytest.raises(TypeError, match="mask > 0"):
        function(squares(), np.ones((30, 40)))
