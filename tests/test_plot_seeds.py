import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image
from skimage.color import rgb2lab

from spamlab import plot
from spamlab.plot.charts import PALE
from spamlab.plot.picture import HIGHLIGHT, WIDTH

SENTENCE = "A picture of 4 x 4 pixels with 2 regions, left and right."
FLAT = np.full((60, 90), 200, np.uint8)


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB"))


def near(rgb, colour, most=12):
    """Return where pixels have nearly a colour, as a mask."""
    return (np.abs(rgb.astype(int) - np.multiply(to_rgb(colour), 255)) < most).all(axis=2)


@pytest.mark.parametrize("end", [(30, 45), (10, 45), (45, 80), (59, 0)])
def test_walks_end_in_a_blue_dot(end):
    drawn = plot.walks(FLAT, [(30, 45)], [end], scale=8)
    assert drawn.shape == (480, 720, 3) and drawn.dtype == np.uint8
    middle = np.argwhere(near(drawn, HIGHLIGHT)).mean(axis=0) / 8 - 0.5
    inside = all(5 < at < side - 5 for at, side in zip(end, FLAT.shape, strict=True))
    assert not inside or np.abs(middle - end).max() < 0.5


def test_walks_leave_a_line_from_the_start():
    drawn = plot.walks(FLAT, [(30, 20)], [(30, 70)], scale=4)
    changed = (drawn != 200).any(axis=2)
    assert changed[30 * 4 + 2, 22 * 4 : 66 * 4].all() and not changed[: 25 * 4].any()
    still = plot.walks(FLAT, [(30, 20)], [(30, 20)], scale=4)
    assert 0 < (still != 200).any(axis=2).sum() < changed.sum()


def test_walks_draw_borders_only_with_labels_and_dots_shrink_with_their_number():
    labels = (np.indices(FLAT.shape)[1] > 44).astype(int)
    far = [(5, 5)]
    plain, cut = plot.walks(FLAT, far, far, scale=4), plot.walks(FLAT, far, far, labels=labels, scale=4)
    assert np.array_equal(np.flatnonzero((plain != cut).any(axis=(0, 2))), [179, 180])
    many = np.stack(np.meshgrid(np.arange(2, 60, 4), np.arange(2, 90, 4), indexing="ij"), -1).reshape(-1, 2)
    few = near(plot.walks(FLAT, many[::40], many[::40], scale=8), HIGHLIGHT).sum() / len(many[::40])
    assert near(plot.walks(FLAT, many, many, scale=8), HIGHLIGHT).sum() / len(many) < few / 2


def test_walks_checks():
    with pytest.raises(ValueError, match=r"start has shape \(1, 2\) and end \(2, 2\)"):
        plot.walks(FLAT, [(1, 2)], [(1, 2), (3, 4)])
    with pytest.raises(ValueError, match="not finite"):
        plot.walks(FLAT, [(1, 2)], [(np.nan, 2)])


def test_principal_finds_where_features_vary():
    rng = np.random.default_rng(0)
    signal = rng.normal(size=(20, 30, 3)) * (9, 5, 2)
    turned = np.linalg.qr(rng.normal(size=(7, 7)))[0]
    F = np.concatenate([signal, np.zeros((20, 30, 4))], axis=2) @ turned
    colours, share = plot.principal(F)
    assert colours.shape == (20, 30, 3) and share == pytest.approx(1)
    for c in range(3):
        found = np.corrcoef(
            np.clip(signal[..., c], *np.percentile(signal[..., c], (2, 98))).ravel(), colours[..., c].ravel()
        )
        assert abs(found[0, 1]) > 0.97
    assert colours.min() == 0 and colours.max() == 1


def test_principal_does_not_depend_on_the_origin_and_knows_its_share():
    F = np.random.default_rng(1).normal(size=(9, 11, 5)) * (8, 4, 2, 1, 1)
    colours, share = plot.principal(F)
    moved, same = plot.principal(F + 100)
    np.testing.assert_allclose(colours, moved, atol=1e-6)
    x = F.reshape(-1, 5) - F.mean(axis=(0, 1))
    spread = np.linalg.svd(x, compute_uv=False) ** 2
    assert share == pytest.approx(spread[:3].sum() / spread.sum()) == same
    flat, whole = plot.principal(np.ones((4, 5, 3)))
    assert not flat.any() and whole == 1
    for wrong in (np.ones((4, 5)), np.ones((4, 5, 2))):
        with pytest.raises(ValueError, match="with C of 3 or more"):
            plot.principal(wrong)


def test_from_lab_comes_back_and_cuts_off_quietly(recwarn):
    rgb = np.random.default_rng(2).random((6, 7, 3))
    np.testing.assert_allclose(plot.from_lab(rgb2lab(rgb)), rgb, atol=1e-4)
    wild = plot.from_lab(np.array([[[50, 400, -900], [-20, 0, 0], [0, 0, 128]]]))
    assert wild.min() >= 0 and wild.max() <= 1 and not recwarn.list
    for wrong in (np.ones((4, 5)), np.full((2, 2, 3), np.nan)):
        with pytest.raises(ValueError, match="finite Lab values"):
            plot.from_lab(wrong)


def test_ways_draws_a_network_for_each_restart():
    two, three = (pixels(plot.ways(names, text=SENTENCE)) for names in ("AB", "ABC"))
    assert two.shape == three.shape == (300, WIDTH, 3)

    def networks(rgb, row):  # blue frames, along a line through the middle of a row
        line = near(rgb, HIGHLIGHT, 60)[row * 100 + 40 : row * 100 + 60].all(axis=0)
        return (np.diff(np.flatnonzero(line)) > 20).sum() // 2 + 1

    assert [networks(two, row) for row in range(3)] == [1, 2, 2]
    assert [networks(three, row) for row in range(3)] == [1, 3, 3]
    for wrong in ("A", "ABCD"):
        with pytest.raises(ValueError, match="expected 2 or 3"):
            plot.ways(wrong, text=SENTENCE)


def test_factors_are_columns_as_high_as_they_are_large():
    drawn = pixels(plot.factors({"one": [0.2, 0.4, 0.8]}, text=SENTENCE))
    blue = near(drawn, HIGHLIGHT)[40:]  # without the legend
    columns = np.flatnonzero(blue.any(axis=0))
    groups = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    small, middle, large = (blue[:, group].any(axis=1).sum() for group in groups)
    assert middle == pytest.approx(2 * small, abs=5) and large == pytest.approx(4 * small, abs=8)


def test_factors_of_two_names_stand_side_by_side():
    drawn = pixels(plot.factors({"before": [0.5] * 20, "after": [0.5] * 20}, text=SENTENCE))
    blue, pale = (near(drawn, colour)[40:].sum() for colour in (HIGHLIGHT, PALE))
    assert blue > 1000 and pale == pytest.approx(blue, rel=0.25) and drawn.shape[1] <= WIDTH
    wrong = ({}, {"a": [0.5], "b": [0.5, 0.1]}, {"a": [[0.5]]}, {"a": []})
    for columns in wrong:
        with pytest.raises(ValueError, match="once or twice"):
            plot.factors(columns, text=SENTENCE)
    for row in ([1.2], [-0.1], [np.nan]):
        with pytest.raises(ValueError, match="not in"):
            plot.factors({"a": row}, text=SENTENCE)
