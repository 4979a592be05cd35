import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from spamlab.candidates import grid_neighbours, nearest
from spamlab.seeds import grid

shapes = st.tuples(st.integers(1, 40), st.integers(1, 40))
shares = st.floats(0, 1)
numbers = st.integers(0, 2**32 - 1)


def test_a_small_grid_is_listed_by_hand():
    cells = np.repeat(np.repeat(np.arange(6).reshape(2, 3), 4, axis=0), 5, axis=1)
    assert grid_neighbours(cells).tolist() == [
        [-1, -1, -1, -1, 0, 1, -1, 3, 4],
        [-1, -1, -1, 0, 1, 2, 3, 4, 5],
        [-1, -1, -1, 1, 2, -1, 4, 5, -1],  # 3 opens the next row: no neighbour of 2
        [-1, 0, 1, -1, 3, 4, -1, -1, -1],
        [0, 1, 2, 3, 4, 5, -1, -1, -1],
        [1, 2, -1, 4, 5, -1, -1, -1, -1],
    ]


@given(shapes, shares, st.sampled_from(["paper", "authors"]))
def test_slots_are_the_3_x_3_window_of_cell_centres(shape, share, mode):
    centres, cells, _ = grid(shape, 1 + int(share**2 * (shape[0] * shape[1] - 1)), mode)
    counts = [len(np.unique(axis)) for axis in centres.T]
    sides = np.array(shape) / counts
    offset = np.rint((centres[None] - centres[:, None]) / sides).astype(int)  # (K, K, 2), in cells
    oracle = np.full((len(centres), 9), -1)
    k, i = np.nonzero((abs(offset) <= 1).all(axis=2))
    oracle[k, 3 * (offset[k, i, 0] + 1) + offset[k, i, 1] + 1] = i
    found = grid_neighbours(cells)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, oracle)
    np.testing.assert_array_equal(found[:, 4], np.arange(len(centres)))


@settings(max_examples=25)
@given(shapes, shares)
def test_candidates_are_the_cells_that_touch(shape, share):
    _, cells, _ = grid(shape, 1 + int(share**2 * (shape[0] * shape[1] - 1)))
    padded = np.pad(cells, 1, constant_values=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).reshape(-1, 9)
    touching = set(zip(np.repeat(cells, 9), windows.ravel(), strict=True))
    found = grid_neighbours(cells)
    listed = set(zip(np.repeat(np.arange(len(found)), 9), found.ravel(), strict=True))
    assert {pair for pair in listed if pair[1] >= 0} == {pair for pair in touching if pair[1] >= 0}


@given(numbers, st.integers(0, 30), st.integers(1, 20), st.integers(1, 12))
def test_nearest_equals_a_sort_of_all_distances(seed, n_points, n_centres, n):
    rng = np.random.default_rng(seed)
    points, centres = rng.integers(0, 9, (n_points, 2)), rng.integers(0, 9, (n_centres, 2))  # ties occur
    found = nearest(points, centres, n)
    assert found.shape == (n_points, n) and found.dtype == np.int64
    there = min(n, n_centres)
    assert (found[:, :there] >= 0).all() and (found[:, there:] == -1).all()
    assert all(len(set(row)) == there for row in found[:, :there])
    distance = cdist(points, centres)
    at = np.take_along_axis(distance, found[:, :there], axis=1)
    np.testing.assert_allclose(at, np.sort(distance, axis=1)[:, :there])


def test_nearest_by_hand():
    assert nearest([[0, 0], [0, 9]], [[0, 8], [0, 1]], 3).tolist() == [[1, 0, -1], [0, 1, -1]]
    assert nearest([[0, 0], [0, 9]], [[0, 8], [0, 1]], 1).tolist() == [[1], [0]]


def test_the_centre_of_a_cell_is_the_nearest_of_its_candidates():
    centres, cells, _ = grid((60, 90), 24)
    assert nearest(centres, centres)[:, 0].tolist() == list(range(len(centres)))
    inner = (grid_neighbours(cells) >= 0).all(axis=1)  # the cells are square: 9 nearest = 3 x 3 window
    np.testing.assert_array_equal(
        np.sort(nearest(centres, centres)[inner]), np.sort(grid_neighbours(cells)[inner])
    )


@pytest.mark.parametrize(
    ("n", "centres", "error", "says"),
    [
        (0, np.zeros((3, 2)), ValueError, "n=0, expected 1 or more"),
        (2.5, np.zeros((3, 2)), TypeError, "n=2.5, expected a whole number"),
        (9, np.zeros((0, 2)), ValueError, "0 centres, expected at least 1"),
    ],
)
def test_bad_arguments_are_refused(n, centres, error, says):
    with pytest.raises(error, match=says):
        nearest(np.zeros((4, 2)), centres, n)
