import io

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from PIL import Image
from torch.nn.functional import conv1d

from spamlab import plot
from spamlab.plot.picture import ERROR, HIGHLIGHT
from spamlab.plot.refining import NEWLY_WRONG

GREY = np.full((40, 80), 128, np.uint8)
COLUMN = np.indices(GREY.shape)[1] // 20  # four strips of 20 columns
COLOURS = (HIGHLIGHT, ERROR, NEWLY_WRONG)
MIDDLES = [(20, 10), (20, 30), (20, 50), (20, 70)]


def colour_at(rgb, point, scale):
    return rgb[tuple(np.multiply(point, scale) + scale // 2)].tolist()


def nearest(rgb):
    """Return which of the colours of `changes` a pixel has nearly: they are laid over a pale picture."""
    apart = {colour: np.abs(np.multiply(to_rgb(colour), 255) - rgb).max() for colour in COLOURS}
    best = min(apart, key=apart.get)
    return best if apart[best] < 25 else None


def test_changes_tells_mended_still_wrong_and_newly_wrong_apart():
    truth = np.zeros(GREY.shape, int)
    before = np.isin(COLUMN, [1, 2]).astype(int)
    after = np.isin(COLUMN, [2, 3]).astype(int)
    drawn = plot.changes(GREY, before, after, truth, scale=3)
    assert drawn.shape == (120, 240, 3) and drawn.dtype == np.uint8
    found = [nearest(colour_at(drawn, middle, 3)) for middle in MIDDLES]
    assert found == [None, *COLOURS]  # right before and after: no colour


def test_changes_counts_a_pixel_that_went_from_one_wrong_class_to_another_as_still_wrong():
    truth = np.zeros(GREY.shape, int)
    drawn = plot.changes(GREY, truth + 1, truth + 2, truth, scale=2)
    assert nearest(colour_at(drawn, MIDDLES[0], 2)) == ERROR


def test_changes_draws_the_borders_of_the_truth_alone():
    plain = plot.changes(GREY, COLUMN, COLUMN, COLUMN, scale=4)
    rows_differ = (plain != plain[:, :1]).any(axis=(0, 2))
    assert sorted({column // 4 for column in np.flatnonzero(rows_differ)}) == [19, 20, 39, 40, 59, 60]


@pytest.mark.parametrize("which", range(3))
def test_changes_refuses_maps_of_another_size(which):
    maps = [COLUMN, COLUMN, COLUMN]
    maps[which] = COLUMN[:20]
    with pytest.raises(ValueError, match=r"expected the shape of image \(40, 80\)"):
        plot.changes(GREY, *maps)


PLANS = {
    "plain": [(1, 1), (1, 1), (1, 1)],
    "stride": [(2, 1), (2, 1), (1, 1)],
    "dilated": [(1, 1), (1, 2), (1, 4)],
    "holes": [(1, 3)],
    "long": [(2, 1), (2, 2), (2, 1)],
}


def seen_and_answered(plan, n):
    """Run the layers on a row, and ask the middle answer for its gradient."""
    row = torch.zeros(1, 1, n, requires_grad=True)
    out = row
    for stride, dilation in plan:
        out = conv1d(out, torch.ones(1, 1, 3), stride=stride, dilation=dilation, padding=dilation)
    spacing = int(np.prod([stride for stride, _ in plan]))
    out[0, 0, n // 2 // spacing].backward()
    return int((row.grad != 0).sum()), out.shape[2]


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("n", [17, 33, 12])
def test_convolutions_say_what_a_convolution_of_torch_sees(name, n):
    sees, answers = seen_and_answered(PLANS[name], n)
    drawn = plot.convolutions({name: PLANS[name]}, n)
    assert drawn.text == (
        f"A row of {n} pixels. {name}: an answer sees {sees} pixels, and there are {answers} answers."
    )


def test_convolutions_name_every_stack_in_turn():
    drawn = plot.convolutions(PLANS)
    places = [drawn.text.index(f"{name}: an answer sees") for name in PLANS]
    assert places == sorted(places) and drawn.mime == "image/png"


@pytest.mark.parametrize("plans", [{}, {"zero": [(1, 0)]}, {"zero": [(1, 1), (0, 1)]}])
def test_convolutions_refuse_nothing_and_steps_of_zero(plans):
    with pytest.raises(ValueError, match="1 or more"):
        plot.convolutions(plans)


SCORES = {"one": [0.9, 30.0, 1.0], "two": [0.8, 20.0, 1.0], "three": [0.7, 10.0, 0.0]}
BEST = {"accuracy": "{:.1f}", "time": "-{:.0f} ms", "points": "{:.0f}"}
SENTENCE = "Three methods and their 3 scores, the best of each in blue."


def blue_cells(drawn, n_rows, n_columns):
    """Return the (row, column) of cells of the table with blue ink."""
    rgb = np.asarray(Image.open(io.BytesIO(drawn.data)).convert("RGB")).astype(int)
    blue = (rgb[..., 2] - rgb[..., 0] > 90) & (rgb[..., 1] > 60)
    height, width = blue.shape
    tall, wide = height / (n_rows + 1.8), 0.98 * width / (n_columns + 1.4)
    places = zip(*np.nonzero(blue), strict=True)
    return {(int(y / tall - 1.4), int((x - 0.01 * width) / wide - 1.4)) for y, x in places}


def test_bests_are_blue_and_ties_share_it():
    drawn = plot.bests(SCORES, BEST, SENTENCE)
    assert blue_cells(drawn, 3, 3) == {(0, 0), (2, 1), (0, 2), (1, 2)}


@pytest.mark.parametrize("rows", [{}, {"one": [1.0]}, SCORES | {"four": [1.0, 2.0]}])
def test_bests_refuse_rows_without_one_score_per_column(rows):
    with pytest.raises(ValueError, match="3 in each"):
        plot.bests(rows, BEST, SENTENCE)
