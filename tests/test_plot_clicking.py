import numpy as np
import pytest
from matplotlib.colors import to_rgb

from spamlab import plot
from spamlab.plot.picture import BOUNDARY, HIGHLIGHT

GREY = np.full((60, 90), 128, np.uint8)
THIRDS = np.indices(GREY.shape)[1] // 30  # three superpixels of 30 columns
SQUARES, LOW = THIRDS[:30], GREY[:30]
MIDDLES = [(14, 14), (14, 44), (14, 74)]


def near(rgb, colour, most=12):
    """Return where pixels have nearly a colour, as a mask."""
    return (np.abs(rgb.astype(int) - np.multiply(to_rgb(colour), 255)) < most).all(axis=2)


def around(mask, point, scale=4, reach=10):
    """Return how many pixels of a mask lie near a pixel of the picture, after the enlargement."""
    row, col = (int((n + 0.5) * scale) for n in point)
    return int(mask[row - reach : row + reach, col - reach : col + reach].sum())


def blue(rgb):
    """Return where the blue channel is clearly above the red one."""
    return rgb[..., 2].astype(int) - rgb[..., 0] > 40


@pytest.mark.parametrize(
    ("clicks", "picked", "back"),
    [([], [], []), ([1], [1], []), ([2, 0], [0, 2], []), ([0, 1, 0], [1], [0]), ([1, 1, 1], [1], [])],
)
def test_clicked_tints_what_is_picked_and_marks_in_white_what_is_taken_back(clicks, picked, back):
    drawn = plot.clicked(LOW, SQUARES, clicks, scale=4)
    assert drawn.shape == (120, 360, 3) and drawn.dtype == np.uint8
    corners = [(3, 15), (3, 45), (3, 75)]  # beside the marks
    assert [k for k in range(3) if around(blue(drawn), corners[k])] == picked
    white = [k for k in range(3) if around(near(drawn, "white"), MIDDLES[k]) > 100]
    assert white == back


def test_clicked_writes_the_number_of_each_click():
    first = plot.clicked(LOW, SQUARES, [0, 1], scale=4)
    second = plot.clicked(LOW, SQUARES, [1, 0], scale=4)
    differ = (first != second).any(axis=2)
    assert around(differ, MIDDLES[0]) and around(differ, MIDDLES[1])
    assert not differ[:, 240:].any()


def test_clicked_gives_several_numbers_a_wider_mark():
    once, thrice = (plot.clicked(LOW, SQUARES, clicks, scale=4) for clicks in ([1], [1, 1, 1]))
    wide = [int(near(drawn, HIGHLIGHT)[54:62].any(axis=0).sum()) for drawn in (once, thrice)]
    assert wide[1] > 1.5 * wide[0]


@pytest.mark.parametrize("clicks", [[3], [0, -1]])
def test_clicked_refuses_labels_that_are_not_there(clicks):
    with pytest.raises(ValueError, match="expected labels from 0 to 2"):
        plot.clicked(LOW, SQUARES, clicks)


def test_pointed_marks_more_in_blue_and_less_in_white_where_they_are():
    drawn = plot.pointed(GREY, [(20, 20, "more"), (40, 70, "less")], scale=4)
    assert drawn.shape == (240, 360, 3)
    assert around(near(drawn, HIGHLIGHT), (20, 20)) > 100 and not around(near(drawn, HIGHLIGHT), (40, 70))
    white = near(drawn, "white")
    assert around(white, (40, 70)) > around(white, (20, 20)) > 0  # a white disc, and a white plus
    untouched = near(drawn, (128 / 255,) * 3, 2)
    assert untouched[:40].all() and untouched[200:].all()


def test_pointed_shows_how_often_one_place_is_clicked():
    wide = [
        int(near(plot.pointed(GREY, [(30, 45, "more")] * n, scale=4), HIGHLIGHT).sum()) for n in (1, 2, 3)
    ]
    assert wide[0] < wide[1] < wide[2]


def test_pointed_draws_borders_of_labels():
    plain, lined = plot.pointed(GREY, [], scale=4), plot.pointed(GREY, [], labels=THIRDS, scale=4)
    changed = np.flatnonzero((plain != lined).any(axis=(0, 2)))
    assert set(changed) <= {*range(118, 123), *range(238, 243)} and len(changed)


@pytest.mark.parametrize(
    ("point", "said"), [((3, 3, "most"), "expected one of"), ((60, 0, "more"), "outside the picture")]
)
def test_pointed_refuses_other_kinds_and_places(point, said):
    with pytest.raises(ValueError, match=said):
        plot.pointed(GREY, [point])


def test_strokes_follow_their_corners():
    drawn = plot.strokes(GREY, [[(10, 10), (10, 80), (50, 80)]], scale=4)
    yellow = near(drawn, BOUNDARY)
    on = [(10, 10), (10, 45), (10, 80), (30, 80), (50, 80)]
    assert all(around(yellow, point) for point in on)
    assert not any(around(yellow, point) for point in [(30, 45), (50, 10), (50, 45)])


def test_strokes_tint_superpixels():
    drawn = plot.strokes(GREY, [[(10, 10), (50, 10)]], labels=THIRDS, highlight=[0], scale=4)
    assert [bool(around(blue(drawn), point)) for point in [(30, 22), (30, 52), (30, 82)]] == [
        True,
        False,
        False,
    ]


def test_strokes_refuse_corners_outside():
    with pytest.raises(ValueError, match="outside the picture"):
        plot.strokes(GREY, [[(0, 0), (0, 90)]])
