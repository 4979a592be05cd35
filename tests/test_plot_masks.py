import numpy as np
import pytest
from matplotlib.colors import to_rgb

from spamlab import plot
from spamlab.masks import Mask
from spamlab.plot.picture import BOUNDARY, HIGHLIGHT

FLAT = np.full((60, 90), 200, np.uint8)
HALF = np.indices(FLAT.shape)[1] < 40
COLOURED = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)


def near(rgb, colour, most=12):
    """Return where pixels have nearly a colour, as a mask."""
    return (np.abs(rgb.astype(int) - np.multiply(to_rgb(colour), 255)) < most).all(axis=2)


def hues(rgb):
    """Return how many different colours a picture has."""
    return len(np.unique(rgb.reshape(-1, 3), axis=0))


@pytest.mark.parametrize("point", [(30, 45), (10, 70), (59, 0)])
def test_prompts_draw_a_dot_at_the_point_and_a_larger_one_if_chosen(point):
    others = [(20, 20), (40, 20)]
    drawn = [plot.prompts(FLAT, [point, *others], chosen=chosen, scale=8) for chosen in ((), (0,))]
    assert drawn[0].shape == (480, 720, 3) and drawn[0].dtype == np.uint8
    blue, yellow = near(drawn[0], HIGHLIGHT), near(drawn[1], BOUNDARY)
    row, col = (8 * at + 4 for at in point)
    assert blue[row, col] and yellow[row, col] and not near(drawn[0], BOUNDARY).any()
    box = (slice(max(row - 40, 0), row + 40), slice(max(col - 40, 0), col + 40))
    assert yellow[box].sum() > blue[box].sum() and not yellow[20 * 8 + 4, 20 * 8 + 4]


def test_a_chosen_prompt_lies_on_top():
    drawn = plot.prompts(FLAT, [(30, 45), (30, 45)], chosen=[0], scale=8)
    assert near(drawn, BOUNDARY)[244, 364] and not near(drawn, HIGHLIGHT).any()


def test_prompts_check_their_points():
    with pytest.raises(ValueError, match=r"points have shape \(2,\), expected \(n, 2\)"):
        plot.prompts(FLAT, [3, 4])
    with pytest.raises(ValueError, match="finite"):
        plot.prompts(FLAT, [(np.nan, 4)])


def test_a_cutout_keeps_the_picture_where_the_mask_is():
    drawn = plot.cutout(COLOURED, HALF, scale=3)[1::3, 1::3]
    assert np.array_equal(drawn[:, :39], COLOURED[:, :39])
    grey = drawn[:, 41:]
    assert np.array_equal(grey[..., 0], grey[..., 1]) and np.array_equal(grey[..., 0], grey[..., 2])
    assert np.array_equal(plot.cutout(COLOURED, Mask(HALF), scale=3), plot.cutout(COLOURED, HALF, scale=3))


def test_a_cutout_of_everything_is_the_picture_and_other_shapes_are_refused():
    assert np.array_equal(plot.cutout(COLOURED, np.ones((60, 90), bool), scale=1), COLOURED)
    with pytest.raises(ValueError, match=r"masks\[0\] has shape \(60, 89\), expected \(60, 90\)"):
        plot.cutout(COLOURED, HALF[:, 1:])


def test_outlines_lie_inside_their_mask_and_not_along_the_frame():
    drawn = plot.outlines(FLAT, [HALF], scale=2)
    changed = (drawn != plot.paint(FLAT, {})[0, 0]).any(axis=2)
    cols = np.flatnonzero(changed.any(axis=0))
    assert changed[:, cols].all() and cols.max() == 79 and cols.min() >= 74
    assert not (plot.outlines(FLAT, [np.ones_like(HALF)]) != plot.outlines(FLAT, [])).any()


def test_each_outline_has_a_colour_of_its_own_and_small_masks_lie_on_top():
    small = np.zeros_like(HALF)
    small[20:30, 30:40] = True  # its right side is a part of the border of HALF
    for order in ([small, HALF], [HALF, small]):
        drawn = plot.outlines(FLAT, order)
        assert hues(drawn) == 3 and (drawn[50, 79] != drawn[80, 79]).any()
        assert (drawn[50, 79] == drawn[40, 64]).all()


def test_tint_gives_each_object_one_colour_and_hatches_what_is_uncertain():
    objects = np.zeros(FLAT.shape, int)
    objects[:, :30], objects[:, 30:60] = 1, 2
    drawn = plot.tint(FLAT, objects)
    assert hues(drawn[:, :30]) == hues(drawn[:, 30:60]) == 1 and hues(drawn[:, :60]) == 2
    assert {tuple(c) for c in np.unique(drawn[:, 60:].reshape(-1, 3), axis=0)} == {(30,) * 3, (245,) * 3}
    assert np.array_equal(drawn, plot.tint(FLAT, np.where(objects == 0, -1, objects)))


def test_tint_keeps_light_and_dark_of_the_picture():
    image = np.where(HALF, 40, 220).astype(np.uint8)
    drawn = plot.tint(image, np.ones(FLAT.shape, int)).mean(axis=2)
    assert drawn[:, 50].min() > drawn[:, 10].max() + 30


@pytest.mark.parametrize("n", [2, 12, 60])
def test_colours_of_neighbouring_numbers_differ(n):
    objects = np.arange(1, n + 1)[None].repeat(4, axis=0)
    drawn = plot.tint(np.full(objects.shape, 128, np.uint8), objects)[0].astype(int)
    assert hues(drawn[None]) == n and np.abs(np.diff(drawn, axis=0)).sum(axis=1).min() > 40


def test_tint_checks_the_map():
    with pytest.raises(ValueError, match=r"objects are float64 of shape \(60, 90\), expected integers"):
        plot.tint(FLAT, np.ones(FLAT.shape))
    with pytest.raises(ValueError, match="make the map from this picture"):
        plot.tint(FLAT, np.ones((3, 4), int))
