import numpy as np
import pytest
from matplotlib.colors import to_rgb

from spamlab import plot
from spamlab.plot.picture import BOUNDARY, HIGHLIGHT

FLAT = np.full((60, 90), 200, np.uint8)
SEEDS = np.array([[10, 10], [10, 80], [50, 10], [50, 80]])
LEFT = 1 + (np.indices(FLAT.shape)[1] >= 30)  # two objects: 30 columns and 60


def near(rgb, colour, most=12):
    """Return where pixels have nearly a colour, as a mask."""
    return (np.abs(rgb.astype(int) - np.multiply(to_rgb(colour), 255)) < most).all(axis=2)


def at(mask, point, scale, corner=(0, 0), reach=4):
    """Return whether a mask holds a pixel of the picture, or one close by, after the enlargement."""
    row, col = ((np.subtract(point, corner) + 0.5) * scale).astype(int)
    return mask[max(0, row - reach) : row + reach, max(0, col - reach) : col + reach].any()


@pytest.mark.parametrize("ids", [[0, 3], [2, -1, -1], []])
def test_joins_draws_chosen_seeds_in_blue_the_others_not_and_the_pixel_in_yellow(ids):
    drawn = plot.joins(FLAT, SEEDS, (30, 45), ids, scale=4)
    assert drawn.shape == (240, 360, 3) and drawn.dtype == np.uint8
    blue = near(drawn, HIGHLIGHT)
    assert [k for k in range(4) if at(blue, SEEDS[k], 4)] == [k for k in ids if k >= 0]
    assert near(drawn, BOUNDARY)[122, 182]


def test_joins_draws_a_line_to_each_chosen_seed_and_to_no_other():
    drawn = plot.joins(FLAT, SEEDS, (30, 45), [0], scale=4)
    half = [(20, 28), (20, 62), (40, 28), (40, 62)]  # between the pixel and each seed
    assert [at(near(drawn, "white"), point, 4) for point in half] == [True, False, False, False]


def test_joins_keeps_places_in_a_crop():
    drawn = plot.joins(FLAT, SEEDS, (30, 45), [3], crop=(20, 40, 40, 50), scale=5)
    assert drawn.shape == (200, 250, 3)
    assert at(near(drawn, HIGHLIGHT), (50, 80), 5, (20, 40)) and at(
        near(drawn, BOUNDARY), (30, 45), 5, (20, 40)
    )


def test_joins_draws_borders_of_labels():
    plain = plot.joins(FLAT, SEEDS, (30, 45), [], scale=4)
    lined = plot.joins(FLAT, SEEDS, (30, 45), [], labels=LEFT, scale=4)
    changed = np.flatnonzero((plain != lined).any(axis=(0, 2)))
    assert changed.min() >= 118 and changed.max() <= 122


@pytest.mark.parametrize(("seeds", "ids"), [(SEEDS, [4]), (SEEDS, [-2]), (SEEDS[:, :1], [0])])
def test_joins_refuses_seeds_that_do_not_exist(seeds, ids):
    with pytest.raises(ValueError, match=r"expected \(K, 2\) positions"):
        plot.joins(FLAT, seeds, (30, 45), ids)


def test_numbered_writes_in_the_middle_of_each_object():
    plain = plot.numbered(FLAT, LEFT, [1, 2], smallest=1000)
    drawn = plot.numbered(FLAT, LEFT, [1, 2])
    assert drawn.shape == (120, 180, 3)
    white = near(drawn, "white", 40) & ~near(plain, "white", 40)
    columns = np.flatnonzero(white.any(axis=0))
    first, second = columns[columns < 60], columns[columns >= 60]
    assert abs(first.mean() - 30) < 6 and abs(np.flatnonzero(white.any(axis=1)).mean() - 60) < 30
    assert len(second) and second.min() > 60 + 20 and second.max() < 180 - 20
    assert np.array_equal(plain, plot.numbered(FLAT, LEFT, [3, 4], smallest=1000))


def test_numbered_leaves_out_what_has_no_room_and_writes_more_digits_smaller():
    thin = np.ones((60, 90), int)
    thin[:, 44] = 2
    both, none = plot.numbered(FLAT, thin, [7, 7]), plot.numbered(FLAT, thin, [7, 7], smallest=1000)
    touched = np.flatnonzero((both != none).any(axis=(0, 2)))
    assert len(touched) and not ((touched > 86) & (touched < 92)).any()
    narrow = np.where(np.abs(np.indices(FLAT.shape)[1] - 45) < 8, 2, 1)
    long = plot.numbered(FLAT, narrow, [1, 888888])
    before = plot.numbered(FLAT, narrow, [1, 888888], smallest=1000)
    changed = np.flatnonzero((long != before)[:, 60:].any(axis=(0, 2))) + 60
    assert len(changed) and changed.min() >= 70 and changed.max() <= 110


def test_numbered_checks_that_each_object_has_a_number():
    with pytest.raises(ValueError, match="3 numbers, expected one for each of 2 objects"):
        plot.numbered(FLAT, LEFT, [1, 2, 3])
    with pytest.raises(ValueError, match="make the map from this picture"):
        plot.numbered(FLAT, LEFT[:, 1:], [1, 2])


POINTS = {"old": (0.2, 0.94), "new": (0.4, 0.95)}
PATHS = {"old": ([0.2, 0.3], [0.94, 0.93]), "line alone": ([0.3, 0.5], [0.95, 0.93])}
SAID = "Two methods and two lines: at 0.2 and 0.4 of regularity."


def pixels(picture):
    import io

    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB"))


def test_tradeoff_draws_highlights_in_blue_and_nothing_else():
    plain = pixels(plot.tradeoff(POINTS, PATHS, "CO", "ASA", SAID))
    drawn = plot.tradeoff(POINTS, PATHS, "CO", "ASA", SAID, highlight=["new"])
    assert drawn.text == SAID and drawn.mime == "image/png"
    assert not near(plain, HIGHLIGHT).any() and near(pixels(drawn), HIGHLIGHT).sum() > 40


def test_tradeoff_places_points_by_their_scores():
    def middle(name):
        drawn = pixels(plot.tradeoff(POINTS, {}, "CO", "ASA", SAID, highlight=[name]))
        dot = near(drawn, HIGHLIGHT)[:, :780]
        rows, cols = np.nonzero(dot)
        return rows.mean(), cols.min()

    (low, left), (high, right) = middle("old"), middle("new")
    assert high < low and left < right


def test_tradeoff_names_each_path_that_is_no_point():
    named = pixels(plot.tradeoff(POINTS, PATHS, "CO", "ASA", SAID, highlight=["line alone"]))
    alone = pixels(plot.tradeoff({**POINTS, "line alone": (0.5, 0.93)}, PATHS, "CO", "ASA", SAID))
    assert near(named, HIGHLIGHT).sum() > 200 and not near(alone, HIGHLIGHT).any()


def test_tradeoff_draws_paths_alone():
    found = pixels(plot.tradeoff({}, PATHS, "CO", "ASA", SAID, highlight=["line alone"]))
    assert near(found, HIGHLIGHT).sum() > 200


def test_tradeoff_refuses_names_that_nobody_has():
    with pytest.raises(ValueError, match=r"highlight names \['newest'\]"):
        plot.tradeoff(POINTS, PATHS, "CO", "ASA", SAID, highlight=["newest", "new"])
    with pytest.raises(ValueError, match="0 points, 0 paths"):
        plot.tradeoff({}, {}, "CO", "ASA", SAID)
