"""Batches: the picture and its annotations stay together under every cut, flip and scaling."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import maximum_filter, minimum_filter

from spamlab.data import Sample
from spamlab.features import lab
from spamlab.training.samples import Picture, batch, pictures, scenes

SIZE = 32
ORDERS = list(permutations(range(3)))


def blocks(height, width, side, shift):
    """Return segments of side x side pixels, in a wild order of numbers."""
    row, col = np.indices((height, width)) // side
    return (row * 37 + col * 101 + shift) % 997


def told_apart(height=70, width=90, annotators=3):
    """Return a picture whose channel c shows the segments of annotator c."""
    truths = np.stack([blocks(height, width, side, 5 * side) for side in (11, 14, 18)])
    colour = torch.from_numpy(truths.astype(np.float32))
    return Picture("blocks", colour, torch.from_numpy(truths[:annotators].astype(np.int16)))


def ramp(height=70, width=90):
    """Return a picture whose colour is the place: row, column, and the larger of them."""
    place = np.indices((height, width)).astype(np.float32)
    return Picture("ramp", torch.from_numpy(np.stack([*place, place.max(0)])), torch.zeros(1, height, width))


def shown(colour, truth, margin=0):
    """Return the channels (annotators) that fit segments (size, size): one colour each, and no two the same.

    Pixels within `margin` of another segment take no part: there a scaled picture blends colours.
    """
    window = 2 * margin + 1
    same = minimum_filter(truth, window) == maximum_filter(truth, window)
    assert np.array_equal(np.unique(truth), np.arange(truth.max() + 1))
    found = []
    for channel, values in enumerate(colour):
        pairs = np.unique(np.stack([truth[same], np.round(values[same], 2)]), axis=1)
        if all(len(np.unique(row)) == pairs.shape[1] for row in pairs):
            found.append(channel)
    return found


@given(st.integers(0, 10**6), st.sampled_from([(0.0, 1.0, 1.0), (0.75, 0.75, 3.0), (0.0, 0.75, 0.75)]))
def test_colour_and_segments_match(seed, scale):
    colour, truth = batch([told_apart()], SIZE, 2, 3, scale, (seed, 0, 0))
    assert colour.shape == (2, 3, SIZE, SIZE) and truth.shape == (2 * SIZE * SIZE, 3)
    assert colour.dtype == torch.float32 and truth.dtype == torch.int64
    margin = 0 if scale[2] == 1 else 3
    for piece, segments in zip(colour.numpy(), truth.view(2, SIZE, SIZE, 3).numpy(), strict=True):
        fits = [shown(piece, segments[..., a], margin) for a in range(3)]
        each_once = (all(c in fit for c, fit in zip(order, fits, strict=True)) for order in ORDERS)
        assert any(each_once), fits


def test_annotators_are_drawn_without_replacement():
    drawn = set()
    for seed in range(30):
        colour, truth = batch([told_apart()], SIZE, 1, 2, (0, 1, 1), (seed,))
        segments = truth.view(SIZE, SIZE, 2).numpy()
        fits = [shown(colour[0].numpy(), segments[..., a]) for a in range(2)]
        assert [len(fit) for fit in fits] == [1, 1]
        drawn.add((*fits[0], *fits[1]))
    assert drawn == {(a, b) for a in range(3) for b in range(3) if a != b}


def test_fewer_annotators_leave_minus_ones():
    one = replace(told_apart(annotators=1), colour=torch.full((3, 70, 90), -5.0))
    colour, truth = batch([one, told_apart()], SIZE, 20, 2, (0, 1, 1), (0,))
    truth = truth.view(20, SIZE * SIZE, 2)
    single = (colour == -5).flatten(1).all(1)
    assert 2 < single.sum() < 18
    assert (truth[single, :, 1] == -1).all()
    assert (truth[single, :, 0] >= 0).all() and (truth[~single] >= 0).all()
    assert batch([one], SIZE, 3, 2, (0, 1, 1), (0,))[1].shape == (3 * SIZE * SIZE, 1)


def place(seed, scale, size=SIZE, source=None):
    """Return factor, flipped, and the first and last column shown by a piece of the ramp."""
    colour = batch([source or ramp()], size, 1, 1, scale, (seed,))[0][0].numpy()
    rows, cols = colour[0], colour[1]
    assert np.allclose(rows, rows[:, :1], atol=1e-3) and np.allclose(cols, cols[:1], atol=1e-3)
    inner = slice(size // 4, -size // 4)
    across, down = np.diff(cols[0, inner]).mean(), np.diff(rows[inner, 0]).mean()
    assert abs(across) == pytest.approx(down, rel=1e-3)  # the same factor in both directions
    return 1 / down, across < 0, cols[0].min(), cols[0].max()


def test_the_factor_is_in_range_and_varies():
    found = [place(seed, (0.75, 0.75, 3.0)) for seed in range(200)]
    factors = np.array([factor for factor, *_ in found])
    rounding = 1.06  # a window has whole pixels: 10.67 pixels become 11
    assert factors.min() >= 0.75 / rounding and factors.max() <= 3 * rounding
    assert 0.2 < np.mean(factors < 0.8) < 0.55  # a normal around 1, cut off: 37% at the lowest
    assert 0.3 < np.mean(factors > 1) < 0.7
    assert 0.3 < np.mean([flipped for _, flipped, *_ in found]) < 0.7
    assert min(low for *_, low, _ in found) < 1 and max(high for *_, high in found) > 88


def test_without_scaling_a_piece_is_a_window():
    colour = batch([ramp()], SIZE, 5, 1, (0, 1, 1), (3,))[0]
    assert torch.equal(colour, colour.round())
    for piece in colour:
        rows, cols = piece[0, :, 0], piece[1, 0]
        assert (rows.diff() == 1).all() and (cols.diff().abs() == 1).all()
        assert torch.equal(piece[2], torch.maximum(piece[0], piece[1]))


@pytest.mark.parametrize("seed", range(4))
def test_a_segment_is_that_of_the_nearest_colour(seed):
    columns = torch.arange(90).expand(1, 70, 90)
    colour, truth = batch([replace(ramp(), truths=columns)], SIZE, 1, 1, (0, 2.6, 2.6), (seed,))
    shown = colour[0, 1] - colour[0, 1].min()
    assert (shown - truth.view(SIZE, SIZE)).abs().max() < 0.5 + 1e-4


@pytest.mark.parametrize("shape", [(30, 90), (90, 31), (8, 9), (32, 32)])
def test_small_pictures_are_enlarged(shape):
    factor, _, low, high = place(1, (0.75, 0.75, 3.0), source=ramp(*shape))
    assert factor >= SIZE / min(shape) / 1.06 and high - low <= min(shape)
    colour, truth = batch([told_apart(*shape)], SIZE, 2, 3, (0, 1, 1), (0,))
    assert colour.shape == (2, 3, SIZE, SIZE) and int(truth.min()) == 0


def test_the_seed_decides():
    source = [told_apart(), ramp()]
    first, same, step, rank = (
        batch(source, SIZE, 2, 2, (0.75, 0.75, 3), seed)
        for seed in ((0, 5, 0), (0, 5, 0), (0, 6, 0), (0, 5, 1))
    )
    assert torch.equal(first[0], same[0]) and torch.equal(first[1], same[1])
    assert not torch.equal(first[0], step[0]) and not torch.equal(first[0], rank[0])


def test_pictures_are_what_samples_say():
    sample = next(iter(scenes([7], (20, 30))))
    coarse = sample.truths[0] // 2
    (found,) = pictures([Sample("name", sample.image, [sample.truths[0], coarse])])
    assert found.name == "name" and found.truths.dtype == torch.int16
    np.testing.assert_array_equal(found.colour.permute(1, 2, 0), lab(sample.image))
    np.testing.assert_array_equal(found.truths, np.stack([sample.truths[0], coarse]))


def test_scenes_follow_their_seeds():
    a, b = scenes([3, 4], (20, 30))
    assert a.image.shape == (20, 30, 3) and not np.array_equal(a.image, b.image)
    np.testing.assert_array_equal(next(iter(scenes([4], (20, 30)))).image, b.image)


def test_no_pictures():
    with pytest.raises(ValueError, match="0 pictures to learn from"):
        pictures([])
