"""The steps from masks to an object map: known answers, and an independent opening."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.ndimage import binary_opening

from spamlab import objects
from spamlab.regions import components

MAPS = arrays(np.int32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(-1, 3))
WINDOWS = st.sampled_from([1, 3, 5])


def test_the_smallest_mask_wins():
    large, middle, small = np.zeros((3, 6, 8), bool)
    large[:, :6], middle[1:5, 1:5], small[2:4, 3:8] = True, True, True
    expected = np.full((6, 8), -1)
    expected[large], expected[middle], expected[small] = 2, 0, 1
    np.testing.assert_array_equal(objects.smallest_wins([middle, small, large]), expected)


def test_of_equal_areas_the_first_pixel_wins():
    first, second = np.zeros((2, 4, 6), bool)
    first[0:2, 1:4], second[1:3, 0:3] = True, True  # they share (1, 1) and (1, 2)
    assert (objects.smallest_wins([first, second])[first] == 0).all()
    assert (objects.smallest_wins([second, first])[first] == 1).all()
    same_start = first.copy()
    same_start[1, 3], same_start[2, 1] = False, True  # (1, 3) is the first pixel that only one holds
    owner = objects.smallest_wins([same_start, first])
    assert (owner[first] == 1).all() and owner[2, 1] == 0


@given(MAPS, WINDOWS)
def test_opening_is_that_of_each_region(labels, opening):
    found = objects.opened(labels, opening)
    for k in np.unique(labels):
        pad = opening  # the region goes on beyond the border
        wide = np.pad(labels == k, pad, constant_values=True)
        alone = binary_opening(wide, np.ones((opening, opening)), border_value=0)
        expected = alone[pad:-pad, pad:-pad] if k >= 0 else np.zeros(labels.shape, bool)
        np.testing.assert_array_equal(found[labels == k], expected[labels == k])


@given(MAPS, WINDOWS, st.data())
def test_cutting_the_picture_opens_no_pixel(labels, opening, data):
    rows, cols = (slice(*sorted(data.draw(st.tuples(*[st.integers(0, n)] * 2)))) for n in labels.shape)
    if labels[rows, cols].size:
        assert (
            objects.opened(labels[rows, cols], opening) >= objects.opened(labels, opening)[rows, cols]
        ).all()


def test_the_band_does_not_wrap_around():
    halves = np.ones((12, 20), int)
    halves[:, 10:] = 2
    band = objects.uncertain_band(halves, 5)
    assert (np.flatnonzero(band[0]) == [8, 9, 10, 11]).all() and (band == band[0]).all()
    halves[:, 6:14] = 0
    assert not objects.uncertain_band(halves, 5, ignore=0).any()
    assert objects.uncertain_band(halves, 5)[:, 4:16].sum() == 12 * 8


@given(MAPS, st.sampled_from([0, 2, 5]))
def test_steps_do_not_depend_on_numbers(labels, min_area):
    other = np.where(labels < 0, -1, 7 * (3 - labels))
    for step in (
        lambda m: objects.open_and_split(m, 3, min_area),
        lambda m: objects.large_pieces(m, min_area),
        lambda m: objects.uncertain_band(m, 3, ignore=-1),
        lambda m: objects.add_artefacts(components(m) + 1, 3, min_area),
    ):
        np.testing.assert_array_equal(step(labels), step(other))


@given(MAPS, st.integers(1, 5))
def test_largest(labels, n_objects):
    given = components(labels) + 1
    found = objects.largest(given, n_objects)
    area = np.bincount(given.ravel())[1:]
    order = sorted(range(1, len(area) + 1), key=lambda k: (-area[k - 1], k))[:n_objects]
    expected = np.zeros_like(given)
    for new, old in enumerate(order, start=1):
        expected[given == old] = new
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(objects.largest(np.where(given > 0, given * 3, 0), n_objects), expected)


def test_an_object_map_holds_no_negative_number():
    for step in (objects.add_artefacts, lambda m: objects.largest(m, 3)):
        with pytest.raises(ValueError, match="expected 0"):
            step(np.full((3, 3), -1))
