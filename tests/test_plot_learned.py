import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from spamlab import plot
from spamlab.plot.picture import ERROR, HIGHLIGHT, WIDTH

SENTENCE = "A picture of 4 x 4 pixels with 2 regions, left and right."


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)


@pytest.fixture
def labels():
    return np.add.outer(np.arange(60) // 20 * 3, np.arange(90) // 30).astype(np.int32)


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB"))


def near(picture, colour, most=12):
    """Return where a picture has nearly a colour, as a mask."""
    return (np.abs(pixels(picture) - np.multiply(to_rgb(colour), 255)) < most).all(axis=2)


def test_arrows_point_where_the_moves_go():
    flat = np.full((60, 90), 200, np.uint8)
    for move in ((0, 20), (0, -20), (20, 0), (-20, 0)):
        drawn = near(plot.arrows(flat, [[30, 45]], [move], text=SENTENCE), HIGHLIGHT)
        blue = np.argwhere(drawn) / drawn.shape * (60, 90)
        low, high = (
            blue.min(axis=0) - 30.5,
            blue.max(axis=0) - 45.5 * np.array([0, 1]) - 30.5 * np.array([1, 0]),
        )
        ends = np.array([low[0], high[0], blue.min(axis=0)[1] - 45.5, high[1]])  # up, down, left, right
        wanted = np.array([min(move[0], 0), max(move[0], 0), min(move[1], 0), max(move[1], 0)])
        assert np.abs(ends - wanted).max() < 2.5, (move, ends)


def test_arrows_without_a_move_are_dots_and_with_truth_show_errors(photo, labels):
    still = plot.arrows(photo, [[30, 45]], [[0, 0]], text=SENTENCE)
    assert 0 < near(still, HIGHLIGHT).mean() < 0.01
    truth = (np.indices((60, 90))[1] > 50).astype(np.int32)
    assert near(
        plot.arrows(photo, [[1, 1]], [[0, 0]], labels=labels, truth=truth, text=SENTENCE), ERROR, 40
    ).any()
    assert not near(
        plot.arrows(photo // 4, [[1, 1]], [[0, 0]], labels=labels, text=SENTENCE), ERROR, 40
    ).any()


def test_arrows_checks(photo):
    with pytest.raises(ValueError, match=r"points have shape \(1, 2\) and moves \(2, 2\)"):
        plot.arrows(photo, [[1, 2]], [[1, 2], [3, 4]], text=SENTENCE)
    with pytest.raises(ValueError, match="not finite"):
        plot.arrows(photo, [[1, 2]], [[np.nan, 0]], text=SENTENCE)


def test_weights_are_bars_as_long_as_they_are_large():
    flat = np.full((60, 90), 200, np.uint8)
    centres = [(10, 15), (10, 45), (30, 15)]

    def bars(shares):
        picture = plot.weights(flat, centres, (20, 30), {"T = 1": shares}, text=SENTENCE)
        right = near(picture, HIGHLIGHT)[:, -300:]
        rows = np.flatnonzero(right.sum(axis=1) > 2)
        groups = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
        return [right[group].any(axis=0).sum() for group in groups if len(group) > 5]

    large, middle, small = bars([0.6, 0.3, 0.1])
    assert large - middle == pytest.approx(1.5 * (middle - small), abs=4) and large == pytest.approx(
        2 * middle, abs=4
    )
    assert len(bars([0.5, 0.5, 0])) == 2


def test_weights_checks_and_stays_narrow(photo, labels):
    columns = {f"T = {t}": [0.5, 0.5] for t in (1, 10, 100)}
    drawn = plot.weights(photo, [(1, 2), (3, 4)], (5, 6), columns, labels=labels, text=SENTENCE)
    assert pixels(drawn).shape[1] <= WIDTH
    for wrong in ([0.5], [0.5, 1.5], [[0.5, 0.5]]):
        with pytest.raises(ValueError, match="one share from 0 to 1 for each"):
            plot.weights(photo, [(1, 2), (3, 4)], (5, 6), {"T = 1": wrong}, text=SENTENCE)


def test_scales_draws_a_stack_for_each_scale():
    few, many = plot.scales((16, 16), 15, text=SENTENCE), plot.scales((16, 16, 16), 15, text=SENTENCE)
    assert few != many and pixels(few).shape[1] == WIDTH
    assert plot.scales((16, 16), 20, text=SENTENCE) != few
    with pytest.raises(ValueError, match="0 widths"):
        plot.scales((), 15, text=SENTENCE)
