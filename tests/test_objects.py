"""Object maps: disjoint, connected, larger than the limit; doubt where segments meet."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from spamlab.objects import from_segments, smallest_area
from spamlab.regions import components

MAPS = arrays(np.int32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(-1, 3))


def test_smallest_area_is_spams():
    assert smallest_area((321, 481)) == pytest.approx(98.25, abs=0.01)


@given(MAPS, st.sampled_from([1, 3, 5]), st.integers(0, 6))
def test_what_an_object_map_is(labels, uncertain, min_area):
    objects = from_segments(labels, uncertain, min_area)
    numbers = np.unique(objects[objects > 0])
    assert objects.dtype == np.int32 and objects.min() >= 0
    assert numbers.tolist() == list(range(1, len(numbers) + 1)) and len(numbers) > 0
    if (objects == 1).all():
        return  # one segment, or nothing was left
    for k in numbers:
        inside = objects == k
        assert inside.sum() > min_area
        assert components(np.where(inside, 0, -1)).max() == 0
        assert len(np.unique(labels[inside])) == 1 and labels[inside][0] >= 0


@given(MAPS, st.sampled_from([3, 5]))
def test_uncertain_pixels_see_another_segment(labels, uncertain):
    objects = from_segments(labels, uncertain, 0)
    r = uncertain // 2
    for row, col in np.argwhere(labels >= 0):
        window = labels[max(0, row - r) : row + r + 1, max(0, col - r) : col + r + 1]
        doubtful = len(np.unique(window)) > 1
        if not (objects == 1).all():
            assert (objects[row, col] == 0) == doubtful


def test_known_answer():
    labels = np.zeros((20, 30), int)
    labels[:, 15:] = 1
    labels[3, 3] = 2  # one pixel: too small
    objects = from_segments(labels, min_area=1)
    assert objects.max() == 2 and objects[3, 3] == 0 and (objects[:, 15:] == 2).all()
    assert (from_segments(labels, 3, 1)[:, 14:16] == 0).all()
    assert (from_segments(labels, 3, 1)[10:, :14] == 1).all()


def test_nothing_left_is_one_object():
    assert (from_segments(np.arange(64).reshape(8, 8)) == 1).all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"uncertain": 2}, "such as 3"),
        ({"uncertain": 0}, "odd window"),
        ({"min_area": -1}, "min_area=-1"),
    ],
)
def test_bad_input(arguments, said):
    with pytest.raises(ValueError, match=said):
        from_segments(np.zeros((4, 4), int), **arguments)
