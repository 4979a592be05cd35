"""From masks to an object map: a slow oracle, what is true of every map, and known answers."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spamlab import objects
from spamlab.masks import Mask
from spamlab.objects import object_map
from spamlab.regions import components, relabel

numbers = st.integers(0, 2**32 - 1)
WINDOWS = st.sampled_from([1, 3, 5])


def random_masks(seed, shape, n):
    """Return boxes, discs, noise, turned copies: (n, H, W) bool; many touch the border or share an area."""
    rng = np.random.default_rng(seed)
    rows, cols = np.indices(shape)
    found = np.zeros((n, *shape), bool)
    for k in range(n):
        a, b = rng.integers(-2, np.array(shape) + 2), rng.integers(1, np.array(shape) + 2)
        kind = rng.integers(4)
        if kind == 0:
            found[k] = (rows >= a[0]) & (rows < a[0] + b[0]) & (cols >= a[1]) & (cols < a[1] + b[1])
        elif kind == 1:
            found[k] = (rows - a[0]) ** 2 + (cols - a[1]) ** 2 < b[0] * b[1]
        elif kind == 2 and k > 0:
            found[k] = found[rng.integers(k)][:: rng.choice([-1, 1]), :: rng.choice([-1, 1])]
        found[k] ^= rng.random(shape) < 0.05 * (kind == 3)
    return found


# ---- the oracle: sets of pixels, one pixel at a time


def fits(corner, side, region, shape):
    """Say whether a square lies in a region, or outside the picture."""
    square = product(*(range(c, c + side) for c in corner))
    return all(p in region or not (0 <= p[0] < shape[0] and 0 <= p[1] < shape[1]) for p in square)


def slow_opening(region, side, shape):
    return {
        (i, j)
        for i, j in region
        if any(
            fits(c, side, region, shape)
            for c in product(range(i - side + 1, i + 1), range(j - side + 1, j + 1))
        )
    }


def slow_pieces(region, min_area):
    """Return the 4-connected pieces of a region that are large enough."""
    left, found = set(region), []
    while left:
        piece, waiting = set(), [left.pop()]
        while waiting:
            i, j = waiting.pop()
            piece.add((i, j))
            near = {(i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)} & left
            left -= near
            waiting += near
        found.append(piece)
    return [piece for piece in found if len(piece) > min_area]


def slow_object_map(masks, shape, min_area, opening, uncertain, n_objects):
    every = set(product(*map(range, shape)))
    masks = sorted((m for m in masks if m.sum() > min_area), key=lambda m: (m.sum(), (~m).ravel().tolist()))
    regions = [set() for _ in range(len(masks) + 1)]
    for p in every:
        regions[next((k for k, m in enumerate(masks) if m[p]), -1)].add(p)
    found = [q for r in regions for q in slow_pieces(slow_opening(r, opening, shape), min_area)]
    artefacts = every.difference(*found)
    found += slow_pieces(slow_opening(artefacts, opening, shape), min_area)
    r, certain = uncertain // 2, []
    for piece in found:
        others = set().union(*(q for q in found if q is not piece))
        steps = list(product(range(-r, r + 1), repeat=2))
        seen = {(i + di, j + dj) for i, j in others for di, dj in steps}
        certain += slow_pieces(piece - seen, min_area)
    certain.sort(key=min)
    if n_objects is not None:
        certain = sorted(certain, key=len, reverse=True)[:n_objects]
    objects = np.zeros(shape, np.int32)
    for k, piece in enumerate(certain or [every], start=1):
        objects[tuple(zip(*piece, strict=True))] = k
    return objects


@settings(max_examples=150)
@given(
    numbers,
    st.tuples(st.integers(1, 11), st.integers(1, 11)),
    st.integers(0, 6),
    st.integers(0, 8),
    WINDOWS,
    WINDOWS,
    st.sampled_from([None, 1, 2]),
)
def test_object_map_is_that_of_the_oracle(seed, shape, n, min_area, opening, uncertain, n_objects):
    masks = random_masks(seed, shape, n)
    options = {"min_area": min_area, "opening": opening, "uncertain": uncertain, "n_objects": n_objects}
    expected = slow_object_map(masks, shape, **options)
    np.testing.assert_array_equal(object_map(masks, shape, **options), expected)


# ---- what is true of every object map


def assert_objects(found, min_area):
    """Fail unless objects are 1 to n, 4-connected and larger than min_area; all ones stands for none."""
    assert found.dtype == np.int32 and found.min() >= 0
    n = found.max()
    assert n > 0 and components(found - 1).max() == n - 1
    area = np.bincount(found.ravel(), minlength=n + 1)[1:]
    assert area.min() > min_area or (found == 1).all()


SCENES = (numbers, st.tuples(st.integers(20, 60), st.integers(20, 60)), st.integers(0, 30))


@settings(max_examples=50)
@given(*SCENES, st.sampled_from([1, 3, 5, 9]), st.sampled_from([None, 0, 40]), WINDOWS)
def test_what_an_object_map_is(seed, shape, n, uncertain, min_area, opening):
    masks = random_masks(seed, shape, n)
    found, details = object_map(
        masks, shape, uncertain=uncertain, min_area=min_area, opening=opening, details=True
    )
    assert_objects(found, objects.smallest_area(shape) if min_area is None else min_area)
    first = [np.flatnonzero(found == k)[0] for k in range(1, found.max() + 1)]
    assert first == sorted(first) and details.n_obtained == found.max()
    if not (found == 1).all():
        assert not details.band[found > 0].any() and (details.whole[found > 0] > 0).all()
        assert all(len(np.unique(details.whole[found == k])) == 1 for k in range(1, found.max() + 1))


@settings(max_examples=50)
@given(*SCENES, st.randoms(use_true_random=False), st.sampled_from([0, 40]))
def test_the_order_of_the_masks_does_not_matter(seed, shape, n, shuffled, min_area):
    masks = list(random_masks(seed, shape, n))
    found = object_map(masks, shape, min_area=min_area)
    shuffled.shuffle(masks)
    np.testing.assert_array_equal(object_map(map(Mask, masks), shape, min_area=min_area), found)


@settings(max_examples=40)
@given(*SCENES)
def test_flipping_flips_where_no_areas_tie(seed, shape, n):
    masks = random_masks(seed, shape, n)
    masks = masks[np.unique(masks.sum(axis=(1, 2)), return_index=True)[1]]
    found = object_map(masks, shape, uncertain=3)
    for turn in (np.s_[::-1], np.s_[:, ::-1]):
        flipped = object_map([m[turn] for m in masks], shape, uncertain=3)[turn]
        np.testing.assert_array_equal(components(flipped - 1), components(found - 1))


@settings(max_examples=40)
@given(*SCENES, st.integers(1, 8))
def test_the_largest_objects_stay(seed, shape, n, n_objects):
    masks = random_masks(seed, shape, n)
    every, some = (object_map(masks, shape, min_area=5, n_objects=limit) for limit in (None, n_objects))
    area = np.sort(np.bincount(every.ravel())[1:])[::-1]
    np.testing.assert_array_equal(np.bincount(some.ravel())[1:], area[:n_objects])
    assert all(len(np.unique(every[some == k])) == 1 for k in range(1, some.max() + 1))


@given(numbers, st.integers(1, 12), st.integers(1, 12))
def test_masks_are_not_touched(seed, height, width):
    masks = random_masks(seed, (height, width), 4)
    before = masks.copy()
    object_map(masks, min_area=0)
    np.testing.assert_array_equal(masks, before)


# ---- none, one, a thousand


def test_no_mask_is_one_object():
    assert (object_map([], (40, 30)) == 1).all()
    with pytest.raises(ValueError, match=r"give shape=\(H, W\)"):
        object_map([])


def test_one_mask_and_what_it_leaves():
    mask = np.zeros((40, 50), bool)
    mask[10:30, 10:40] = True
    found = object_map([mask])
    np.testing.assert_array_equal(found, 1 + mask)


def test_a_thousand_masks():
    masks = random_masks(3, (120, 100), 1000)
    found, details = object_map(masks, min_area=10, details=True)
    assert_objects(found, 10)
    assert found.max() > 20 and len(details.masks) > 500


def test_nothing_large_enough_is_one_object():
    masks = random_masks(0, (20, 20), 5)
    found, details = object_map(masks, min_area=1000, details=True)
    assert (found == 1).all() and details.n_obtained == 1
    assert details.masks == [] and (details.split == 0).all()


# ---- known answers


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("turns", range(4))
def test_a_strip_along_the_border_stays(width, turns):
    strip = np.zeros((150, 120), bool)
    strip[:width] = True
    strip = np.rot90(strip, turns)
    found = object_map([strip], min_area=100)
    assert len(np.unique(found[strip])) == 1 and (found > 0).all() and found.max() == 2


def test_a_strip_inside_does_not_stay():
    strip = np.zeros((100, 120), bool)
    strip[50:54] = True
    found, details = object_map([strip], details=True)
    assert details.owner[52, 60] == 0 and (found[strip] == 0).all() and found.max() == 2


def test_pieces_and_artefacts():
    masks = np.zeros((2, 60, 90), bool)
    masks[0, 5:25, 5:25] = masks[0, 5:25, 40:60] = masks[0, 14:16, 25:40] = True  # two squares on a string
    masks[1, 35:39, 10:80] = True  # two slivers side by side: together they are thick enough
    masks = np.concatenate([masks, np.roll(masks[1:], 4, axis=1)])
    found, details = object_map(masks, details=True)
    assert (details.split[14:16, 25:40] == 0).all() and (details.split[35:43, 10:80] == 0).all()
    assert (found[14:16, 25:40] == 0).all()
    assert len(np.unique(found[35:43, 10:80])) == 1 and found[36, 11] > 0
    assert found.max() == 4  # two squares, the rest, and the slivers as one


def test_what_no_mask_covers_may_be_several_objects():
    bar = np.zeros((40, 60), bool)
    bar[:, 28:34] = True
    found, details = object_map([bar], details=True)
    assert found.max() == 3 and (details.owner[~bar] == -1).all()


def test_a_band_may_cut_an_object():
    mask = np.zeros((30, 50), bool)
    mask[10:20, 5:45] = True
    mask[13:17, 20:30] = False  # arms of three pixels above and below
    whole = object_map([mask], min_area=20, opening=3)
    cut = object_map([mask], min_area=20, opening=3, uncertain=5)
    inside = mask & (cut > 0)
    assert len(np.unique(whole[mask])) == 1 and len(np.unique(cut[inside])) == 2


def test_the_maps_between_the_steps():
    masks = [Mask(m) for m in random_masks(5, (60, 70), 12)]
    found, details = object_map(masks, uncertain=3, details=True)
    assert details.min_area == objects.smallest_area((60, 70))
    assert details.masks == [m for m in masks if m.area > details.min_area] != masks
    np.testing.assert_array_equal(details.owner, objects.smallest_wins(details.masks))
    np.testing.assert_array_equal(details.split, objects.open_and_split(details.owner + 1))
    np.testing.assert_array_equal(details.whole, objects.add_artefacts(details.split))
    np.testing.assert_array_equal(details.band, objects.uncertain_band(details.whole, 3, ignore=0))
    np.testing.assert_array_equal(found, relabel(np.where(details.band, 0, found) - 1) + 1)
    np.testing.assert_array_equal(object_map(masks, uncertain=3), found)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"uncertain": 4}, ValueError, "uncertain=4, expected an odd window in pixels, such as 5"),
        ({"opening": 4}, ValueError, "opening=4, expected an odd window"),
        ({"opening": 0}, ValueError, "opening=0"),
        ({"min_area": -1}, ValueError, "min_area=-1"),
        ({"n_objects": 0}, ValueError, "n_objects=0, expected 1 or more"),
        ({"n_objects": 1.5}, TypeError, "whole number"),
        ({"shape": (8, 9)}, ValueError, r"masks\[0\] has shape \(8, 8\), expected \(8, 9\)"),
        ({"masks": np.ones((2, 8, 8))}, TypeError, "use mask > 0"),
    ],
)
def test_bad_input(arguments, error, said):
    with pytest.raises(error, match=said):
        object_map(**{"masks": np.ones((2, 8, 8), bool), **arguments})
