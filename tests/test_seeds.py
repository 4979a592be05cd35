from math import isqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt
from scipy.spatial.distance import cdist

from spamlab.features import positions
from spamlab.seeds import check_n_segments, gradient, grid, spread, to_lowest_gradient

shapes = st.tuples(st.integers(1, 40), st.integers(1, 40))


@given(shapes, st.floats(0, 1), st.sampled_from(["paper", "authors"]))
def test_cells_are_the_nearest_centres_and_none_is_empty(shape, share, mode):
    n = 1 + int(share * (shape[0] * shape[1] - 1))
    centres, cells, step = grid(shape, n, mode)
    distance = cdist(positions(shape), centres)
    np.testing.assert_allclose(
        distance[np.arange(cells.size), cells.ravel()], distance.min(axis=1), atol=1e-9
    )
    assert np.unique(cells).tolist() == list(range(len(centres)))
    if mode == "paper":  # a window of one step around each centre holds its whole cell: no pixel is left out
        assert np.abs(positions(shape) - centres[cells.ravel()]).max() <= step


def test_the_count_is_near_the_one_asked_for():
    assert [len(grid((321, 481), n)[0]) for n in (1, 100, 200, 600)] == [1, 96, 204, 600]
    assert [len(grid((1, 50), n)[0]) for n in (1, 7, 50)] == [1, 7, 50]
    assert [len(grid((50, 2), n)[0]) for n in (1, 2, 5)] == [1, 2, 5]


def test_the_grid_of_a_turned_picture_is_the_turned_grid():
    centres, cells, step = grid((30, 47), 20)
    turned, turned_cells, turned_step = grid((47, 30), 20)
    assert sorted(map(tuple, centres[:, ::-1])) == sorted(map(tuple, turned))
    assert step == turned_step


def test_the_authors_count_is_the_published_one():
    asked = (100, 200, 300, 400, 600, 1000)
    assert [len(grid((321, 481), n, "authors")[0]) for n in asked] == [96, 187, 294, 384, 580, 950]
    centres, _, step = grid((321, 481), 100, "authors")
    assert [len(np.unique(axis)) for axis in centres.T] == [8, 12]
    assert step == 481 / 12  # the shorter side of a cell: 321 / 8 is longer


@given(shapes, st.floats(0, 1))
def test_the_authors_cut_off_exactly_and_never_exceed_the_number_asked_for(shape, share):
    """n_w = floor(sqrt(K W / H)) in whole numbers, where no rounding error can lose a cell."""
    n = 1 + int(share * (shape[0] * shape[1] - 1))
    counts = [isqrt(n * side // other) for side, other in (shape, shape[::-1])]
    counts = [min(max(count, 1), n) for count in counts]
    centres, _, step = grid(shape, n, "authors")
    assert [len(np.unique(axis)) for axis in centres.T] == counts
    assert len(centres) <= n
    assert step == min(shape[0] / counts[0], shape[1] / counts[1])


@pytest.mark.parametrize(("side", "n"), [(9, 49), (51, 100), (201, 100), (200, 400)])
def test_square_numbers_of_authors_cells_on_square_pictures(side, n):
    assert len(grid((side, side), n, "authors")[0]) == n


def test_the_mode_is_named():
    with pytest.raises(ValueError, match="mode='Paper', expected 'paper' or 'authors'"):
        grid((9, 9), 3, "Paper")


@pytest.mark.parametrize("bad", [0, -3, 13])
def test_too_few_or_too_many_segments(bad):
    with pytest.raises(ValueError, match=f"n_segments={bad}, expected 1 to 12"):
        check_n_segments(bad, 12)


@pytest.mark.parametrize("bad", [2.5, float("nan"), float("inf"), "7", None, True])
def test_segments_are_counted_in_whole_numbers(bad):
    with pytest.raises(TypeError, match="whole number"):
        check_n_segments(bad, 12)


@pytest.mark.parametrize("good", [3, 3.0, np.int64(3), np.float32(3)])
def test_any_whole_number_will_do(good):
    assert check_n_segments(good, 12) == 3


def test_gradient_of_a_ramp_and_at_the_frame():
    ramp = np.zeros((4, 5, 3), np.float32)
    ramp[..., 0] = np.arange(5)
    assert gradient(ramp, np.array([[1, 2], [2, 0], [0, 4]])).tolist() == [4, 1, 1]


def test_centres_leave_an_edge_and_stay_on_flat_ground():
    picture = np.zeros((9, 9, 3), np.float32)
    assert to_lowest_gradient(np.array([[4.5, 4.0]]), picture).tolist() == [[4.5, 4.0]]
    picture[:, 5:] = 50  # the edge is felt in columns 4 and 5
    assert to_lowest_gradient(np.array([[4.0, 4.0]]), picture).tolist() == [[3.0, 3.0]]
    assert to_lowest_gradient(np.array([[0.0, 0.0]]), picture).tolist() == [[0.0, 0.0]]


def slow_spread(mask, n):
    """The seeding of maskSLIC with a whole distance transform per centre."""
    free, centres = np.pad(mask, 1), []
    for _ in range(n):
        distance = distance_transform_edt(free)
        centres.append(np.unravel_index(distance.argmax(), free.shape))
        free[centres[-1]] = False
    return np.array(centres) - 1


@given(st.integers(0, 2**32 - 1), shapes, st.integers(1, 12))
def test_spread_equals_one_distance_transform_per_centre(seed, shape, n):
    mask = np.random.default_rng(seed).random(shape) < 0.8
    mask[0, 0] = True
    n = min(n, mask.sum())
    centres = spread(mask, n)
    np.testing.assert_array_equal(centres, slow_spread(mask, n))
    assert mask[tuple(centres.T)].all() and len(np.unique(centres, axis=0)) == n
