"""The stand-in for a segmentation network: cells, shares, bilinear interpolation, the largest share wins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spamlab.data import scene
from spamlab.refine import coarse

numbers = st.integers(0, 2**32 - 1)


def by_the_book(labels, stride, ignore=255):
    """Shares per cell and bilinear weights, pixel by pixel."""
    height, width = labels.shape
    classes = [c for c in np.unique(labels) if c != ignore]
    cells = {}
    for i in range(-(-height // stride)):
        for j in range(-(-width // stride)):
            cell = labels[i * stride : (i + 1) * stride, j * stride : (j + 1) * stride]
            cells[i, j] = np.array([(cell == c).mean() for c in classes])
    last = max(cells)
    result = np.empty_like(labels)
    gap = np.empty(labels.shape)  # between the two largest shares
    for row in range(height):
        for col in range(width):
            y, x = (
                np.clip((at + 0.5) / stride - 0.5, 0, end) for at, end in zip((row, col), last, strict=True)
            )
            i, j = int(y), int(x)
            value = sum(
                wy * wx * cells[min(i + a, last[0]), min(j + b, last[1])]
                for a, wy in ((0, i + 1 - y), (1, y - i))
                for b, wx in ((0, j + 1 - x), (1, x - j))
            )
            result[row, col] = classes[int(np.argmax(value))]
            gap[row, col] = np.diff(np.sort(value)[-2:])[0] if len(classes) > 1 else 1
    return result, gap


@given(numbers)
def test_it_is_what_the_text_says(seed):
    rng = np.random.default_rng(seed)
    shape, stride = rng.integers(1, 20, 2), int(rng.integers(1, 7))
    blocks = rng.choice([0, 1, 3, 7, 255], tuple(-(-shape // 3)))
    labels = np.kron(blocks, np.ones((3, 3), int))[: shape[0], : shape[1]]
    labels[0, 0] = 1
    expected, gap = by_the_book(labels, stride)
    assert (coarse(labels, stride) == expected)[gap > 1e-5].all()


@pytest.mark.parametrize("stride", [8, 16])
def test_it_errs_near_borders_alone_and_more_with_a_larger_stride(stride):
    truth = scene(3)[1]
    wrong = coarse(truth, stride) != truth
    side = 3 * stride // 2
    for row, col in np.argwhere(wrong):
        window = truth[max(0, row - side) : row + side + 1, max(0, col - side) : col + side + 1]
        assert len(np.unique(window)) > 1
    assert 0 < wrong.mean() < (coarse(truth, 2 * stride) != truth).mean()


def test_a_straight_border_between_cells_stays_and_a_thin_thing_goes():
    labels = np.zeros((64, 64), int)
    labels[:, 32:] = 5
    assert (coarse(labels, 16) == labels).all()
    labels[:, 8:12] = 9
    assert 9 not in coarse(labels, 16) and 9 in coarse(labels, 4)


def test_stride_1_changes_nothing_but_ignored_pixels():
    labels = np.random.default_rng(0).integers(0, 4, (9, 11))
    assert (coarse(labels, 1) == labels).all()
    labels[2:4, 5] = 255
    found = coarse(labels, 1)
    assert (found == labels)[labels != 255].all() and 255 not in found


def test_another_number_may_mean_unknown_or_none():
    labels = np.kron(np.random.default_rng(1).choice([0, 1, 3, 255], (5, 6)), np.ones((5, 5), int))
    found = coarse(labels, 4)
    assert 255 not in found
    assert (coarse(np.where(labels == 255, 9, labels), 4, ignore=9) == found).all()
    as_class = coarse(labels, 4, ignore=None)
    assert 255 in as_class
    assert (np.where(as_class == 255, 300, as_class) == coarse(np.where(labels == 255, 300, labels), 4)).all()


@pytest.mark.parametrize("kind", [np.uint8, np.int64, list])
def test_a_map_of_any_integers(kind):
    labels = np.random.default_rng(2).integers(0, 4, (9, 11))
    given_map = labels.tolist() if kind is list else labels.astype(kind)
    found = coarse(given_map, 3)
    assert found.dtype == np.int32 and (found == coarse(labels.astype(np.int32), 3)).all()


def test_a_picture_smaller_than_a_cell_has_one_class():
    assert (coarse([[2, 7, 7], [2, 7, 255]], 16) == 7).all()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.zeros((4, 4)), 8), TypeError, "label_map has dtype float64"),
        ((np.zeros((4, 4), int), 0), ValueError, "stride=0, expected 1 or more pixels"),
        ((np.full((4, 4), 255), 8), ValueError, "not 255 .ignored. everywhere"),
        ((np.full((4, 4), -1), 8), ValueError, "label_map goes from -1 to -1, expected classes 0 and above"),
    ],
)
def test_mistakes_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        coarse(*arguments)
