import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from spamlab import plot
from spamlab.plot.density import _GAP
from spamlab.plot.picture import BOUNDARY, HIGHLIGHT

FLAT = np.full((40, 90), 60, np.uint8)
THREE = np.indices(FLAT.shape)[1] // 30  # three superpixels, their middles in columns 14.5, 44.5, 74.5
TEXT = "A sentence of forty characters and more with a number: 3."
PALE = "#b0b4bb"


def near(rgb, colour, most=14):
    """Return where pixels have nearly a colour, as a mask."""
    return (np.abs(rgb.astype(int) - np.multiply(to_rgb(colour), 255)) < most).all(axis=2)


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB"))


def runs(line):
    """Return the lengths of runs of True."""
    edges = np.flatnonzero(np.diff(np.r_[False, line, False].astype(int)))
    return (edges[1::2] - edges[::2]).tolist()


# ---- routes


@pytest.mark.parametrize("scale", [2, 4])
def test_routes_leads_from_a_dot_through_the_middles_of_its_superpixels(scale):
    drawn = plot.routes(FLAT, THREE, [[0, 1]], scale=scale)
    assert drawn.shape == (40 * scale, 90 * scale, 3) and drawn.dtype == np.uint8
    yellow = near(drawn, BOUNDARY).any(axis=0)
    assert not yellow[: 10 * scale].any() and not yellow[48 * scale :].any()
    assert yellow[20 * scale : 44 * scale].all()
    assert (
        near(drawn, HIGHLIGHT)[20 * scale, 15 * scale] and not near(drawn, HIGHLIGHT)[:, 30 * scale :].any()
    )


def test_routes_of_one_superpixel_is_a_dot_and_of_none_is_the_picture():
    drawn = plot.routes(FLAT, THREE, [[2]])
    assert near(drawn, HIGHLIGHT)[40, 150] and not near(drawn, HIGHLIGHT)[:, :100].any()
    assert (plot.routes(FLAT, THREE, []) == 60).all()


def test_routes_takes_values_from_0_to_1():
    assert np.unique(plot.routes(THREE / 2, THREE, [])).tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("ways", "labels"), [([[0, 3]], THREE), ([[-1]], THREE), ([[]], THREE), ([[0]], THREE[:9])]
)
def test_routes_refuses_ways_that_do_not_exist(ways, labels):
    with pytest.raises(ValueError, match="expected ways over superpixels"):
        plot.routes(FLAT, labels, ways)


# ---- ranked


@pytest.mark.parametrize(("threshold", "blue"), [(0.05, 4), (0.5, 2), (0.8, 1), (1.0, 0)])
def test_ranked_draws_bars_above_the_threshold_in_blue(threshold, blue):
    drawn = pixels(plot.ranked([0.2, 1.0, 0.1, 0.8], threshold, "attention", TEXT))
    row = drawn.shape[0] - 72  # above the lower ends of the bars
    found = [near(drawn[row : row + 1], colour)[0] for colour in (HIGHLIGHT, PALE)]
    assert [len([n for n in runs(line) if n > 40]) for line in found] == [blue, 4 - blue]


def test_ranked_goes_from_high_to_low_as_high_as_the_values():
    drawn = pixels(plot.ranked([0.25, 1.0, 0.5], 0.0, "attention", TEXT))
    tall = near(drawn, HIGHLIGHT).sum(axis=0)
    tall = tall[tall > 0]
    assert (np.diff(tall.astype(int)) <= 2).all()
    assert tall.max() / np.median(tall) == pytest.approx(2, rel=0.05)
    assert tall.max() / tall.min() == pytest.approx(4, rel=0.05)


def test_ranked_keeps_the_sentence_and_draws_a_second_level_only_when_asked():
    plain, lower = (plot.ranked([0.2, 0.9], 0.5, "attention", TEXT, least=least) for least in (None, 0.1))
    assert plain.text == lower.text == TEXT
    assert (pixels(plain) != pixels(lower)).any()


@pytest.mark.parametrize("values", [[], [1.2], [-0.1, 0.5], [np.nan]])
def test_ranked_refuses_values_outside_0_to_1(values):
    with pytest.raises(ValueError, match="all from 0 to 1"):
        plot.ranked(values, 0.5, "attention", TEXT)


# ---- shares


def bars(seeds, most=8, **more):
    """Return the lengths of the grey and of the blue bars in pixels, from top to bottom."""
    drawn = pixels(plot.shares(FLAT, THREE + 1, seeds, TEXT, most=most, **more))
    right = drawn[60:, drawn.shape[1] - 325 :]  # without the legend and the picture
    found = []
    for colour in (PALE, HIGHLIGHT):
        lengths = near(right, colour, 6).sum(axis=1)
        edges = np.flatnonzero(np.diff(np.r_[False, lengths > 3, False].astype(int)))
        found.append([int(np.median(lengths[a:b])) for a, b in zip(edges[::2], edges[1::2], strict=True)])
    return found


def test_shares_draws_bars_as_long_as_the_numbers():
    grey, blue = bars({"r = 1": [4, 4, 8], "r = 4": [16, 2, 4]})
    assert np.divide(grey, grey[0]) == pytest.approx([1, 1, 2], rel=0.1)
    assert np.divide(blue, grey[0]) == pytest.approx([4, 0.5, 1], rel=0.1)


def test_shares_sums_up_what_is_not_drawn():
    grey, blue = bars({"a": [10, 6, 4], "b": [5, 5, 10]}, most=1)
    assert len(grey) == len(blue) == 2
    assert grey[1] == pytest.approx(grey[0], rel=0.1) and blue[1] == pytest.approx(3 * blue[0], rel=0.1)


def test_shares_draws_the_picture_at_the_left_and_stars_what_is_marked():
    plain = plot.shares(FLAT, THREE + 1, {"a": [1, 1, 1], "b": [1, 1, 1]}, TEXT)
    starred = plot.shares(
        FLAT, THREE + 1, {"a": [1, 1, 1], "b": [1, 1, 1]}, TEXT, marked=[True, False, False]
    )
    left = [pixels(picture)[:, : -(320 + _GAP)] for picture in (plain, starred)]
    assert (left[0][5] < 250).any(axis=1).mean() > 0.95
    third = left[0].shape[1] // 3
    changed = (left[0] != left[1]).any(axis=(0, 2))
    assert changed[:third].any() and not changed[third + 8 :].any()


@pytest.mark.parametrize(
    ("seeds", "more"),
    [
        ({"a": [1, 1, 1]}, {}),
        ({"a": [1, 1, 1], "b": [1, 1]}, {}),
        ({"a": [1, 1, 1], "b": [1, 1, 1]}, {"most": 0}),
        ({"a": [1, 1, 1], "b": [1, 1, 1]}, {"marked": [True]}),
    ],
)
def test_shares_refuses_what_does_not_fit(seeds, more):
    with pytest.raises(ValueError, match="expected two of shape"):
        plot.shares(FLAT, THREE + 1, seeds, TEXT, **more)
