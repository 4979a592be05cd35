import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage import data
from skimage.segmentation import slic
from test_regions import is_connected

from spamlab.regions import components, relabel, scan_connectivity, sizes

maps = arrays(np.int32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 3))
COFFEE = data.coffee()[40:160, 130:310]


@pytest.mark.parametrize(
    ("smallest", "largest"), [(0.5, 3), (0.06, 3), (0.9, 1.1), (0, 0.3), (0.2, 0.2), (3, 3)]
)
@pytest.mark.parametrize("noise", [0, 0.2])
def test_equals_scikit_images(smallest, largest, noise):
    image = np.clip(COFFEE / 255 + noise * np.random.default_rng(0).standard_normal(COFFEE.shape), 0, 1)
    options = {"n_segments": 60, "compactness": 1, "start_label": 0}
    labels = slic(image, enforce_connectivity=False, **options)
    expected = slic(image, min_size_factor=smallest, max_size_factor=largest, **options)
    size = labels.size / (labels.max() + 1)  # its size of a cell: noise leaves no centre without a pixel
    assert len(np.unique(labels)) == labels.max() + 1 and components(labels).max() > labels.max()
    found = scan_connectivity(labels, smallest * size, largest * size)
    np.testing.assert_array_equal(found, relabel(expected))


@given(maps, st.integers(0, 12), st.integers(0, 12))
def test_any_map_becomes_a_partition_of_connected_labels(labels, smallest, largest):
    before = labels.copy()
    found = scan_connectivity(labels, smallest, largest)
    assert found.dtype == np.int32 and (labels == before).all()
    np.testing.assert_array_equal(np.unique(found), np.arange(found.max() + 1))
    assert is_connected(found)


@given(maps)
def test_without_bounds_it_gives_the_components(labels):
    np.testing.assert_array_equal(scan_connectivity(labels, 0, labels.size), components(labels))


@given(maps, st.integers(1, 12))
def test_no_piece_is_larger_than_the_bound(labels, largest):
    found = scan_connectivity(labels, 0, largest)
    assert sizes(found).max() <= largest
    assert (components(labels, found) == components(found)).all()  # nothing is joined, only cut


def test_by_hand():
    labels = np.array([[0, 0, 0, 0, 1], [2, 2, 0, 0, 1]])
    cut = [[0, 0, 0, 1, 2], [3, 3, 1, 1, 2]]  # three pixels at most, grown to the right, left and down
    np.testing.assert_array_equal(scan_connectivity(labels, 0, 3), cut)
    merged = [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]  # two pixels are too few
    np.testing.assert_array_equal(scan_connectivity(labels, 3, 9), merged)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="labels hold -1, expected a label at every pixel"):
        scan_connectivity(np.array([[0, -1]]), 0, 9)
    with pytest.raises(ValueError, match="min_size=-1, expected 0 or more pixels"):
        scan_connectivity(np.array([[0, 1]]), -1, 9)
