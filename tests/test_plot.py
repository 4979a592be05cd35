import base64
import dataclasses
import io
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from spamlab import plot
from spamlab.metrics import boundary_recall
from spamlab.plot import charts
from spamlab.plot.picture import BOUNDARY, ERROR, HIGHLIGHT, INK, WIDTH, from_figure

SENTENCE = "A picture of 4 x 4 pixels with 2 regions, left and right."
LIGHT, DARK, WRONG = (np.rint(np.multiply(to_rgb(c), 255)) for c in (BOUNDARY, INK, ERROR))


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)


@pytest.fixture
def labels():
    return np.add.outer(np.arange(60) // 20 * 3, np.arange(90) // 30).astype(np.int32)


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB"))


# ---- the sentence


@pytest.mark.parametrize("text", ["", "Too short, 2.", "A long sentence that says no number at all, none."])
def test_picture_without_a_telling_sentence_is_refused(text):
    with pytest.raises(ValueError, match="expected one line of at least 40 characters with a number"):
        plot.Picture(b"", "image/png", text)
    with pytest.raises(ValueError, match="sentence is"):
        plot.show(np.zeros((4, 4, 3), np.uint8), text=text)


def test_sentence_is_one_line():
    with pytest.raises(ValueError, match="one line"):
        plot.Picture(b"", "image/png", SENTENCE + "\n" + SENTENCE)


def test_other_formats_are_refused():
    with pytest.raises(ValueError, match="image/svg"):
        plot.Picture(b"", "image/svg+xml", SENTENCE)


def test_bundle_holds_image_and_sentence_and_the_sentence_is_printed(capsys, monkeypatch, tmp_path):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *a, **k: shown.append((a, k)))
    picture = plot.Picture(b"bytes", "image/png", SENTENCE)
    picture._ipython_display_()
    (data,), options = shown[0]
    assert data == {"image/png": base64.b64encode(b"bytes").decode(), "text/plain": SENTENCE}
    assert options == {"metadata": {"image/png": {"alt": SENTENCE}}, "raw": True}
    assert capsys.readouterr().out == SENTENCE + "\n"
    assert repr(picture) == SENTENCE
    assert picture.save(tmp_path / "a.png").read_bytes() == b"bytes"
    with pytest.raises(dataclasses.FrozenInstanceError):
        picture.text = "another"


def test_drawings_are_png_and_photographs_jpeg(photo):
    assert plot.encode(photo)[1] == "image/jpeg"
    assert plot.encode(np.zeros((9, 9, 3), np.uint8))[1] == "image/png"
    assert plot.encode(photo, drawing=True)[1] == "image/png"


def test_figures_touch_no_global_state():
    code = (
        "import sys, numpy as np\nfrom spamlab import plot\n"
        f"plot.curve([1, 2], {{'a': [1, 2]}}, 'x', 'y', {SENTENCE!r})\n"
        f"plot.show(np.zeros((4, 4, 3), np.uint8), text={SENTENCE!r})\n"
        "print([m for m in ('matplotlib.pyplot', 'numba', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# ---- label maps on pixels


@pytest.mark.parametrize("scale", [1, 2, 3, 8])
def test_overlay_colours_exactly_the_two_sides_of_the_border(scale):
    image, labels = np.full((2, 4, 3), 100, np.uint8), np.array([[0, 0, 1, 1]] * 2)
    out = plot.overlay(image, labels, scale=scale)
    thick = 2 if scale == 8 else 1
    expected = np.full((2 * scale, 4 * scale, 3), 100)
    expected[:, 2 * scale - thick : 2 * scale] = LIGHT
    expected[:, 2 * scale : 2 * scale + thick] = DARK
    assert out.dtype == np.uint8
    np.testing.assert_array_equal(out, expected)


def test_overlay_draws_rows_as_it_draws_columns():
    image, labels = np.full((4, 4, 3), 100, np.uint8), np.repeat([[0], [0], [1], [1]], 4, axis=1)
    across = plot.overlay(image, labels.T, scale=3)
    np.testing.assert_array_equal(plot.overlay(image, labels, scale=3), across.swapaxes(0, 1))


def test_overlay_dims_the_outside_tints_and_leaves_its_input(photo, labels):
    before = photo.copy()
    labels[:20] = -1
    out = plot.overlay(photo, labels, scale=2, highlight=[4])
    assert out[:36].mean() < 70 < out[44:].mean()
    assert out[50:70, 70:110, 2].mean() > out[50:70, 130:170, 2].mean()  # towards blue
    np.testing.assert_array_equal(photo, before)


def test_overlay_enlarges_small_pictures_and_takes_grey_and_float():
    labels = np.zeros((10, 20), int)
    assert plot.overlay(np.zeros((10, 20)), labels).shape == (510, 1020, 3)
    assert plot.overlay(np.zeros((10, 20)), labels, scale=1).shape == (10, 20, 3)


def test_overlay_refuses_other_shapes_and_scales(photo, labels):
    with pytest.raises(ValueError, match=r"\(60, 30\), expected integers of shape \(60, 90\)"):
        plot.overlay(photo, labels[:, :30])
    with pytest.raises(ValueError, match="float64"):
        plot.overlay(photo, labels / 2)
    with pytest.raises(ValueError, match="scale is 0"):
        plot.overlay(photo, labels, scale=0)


def test_mean_colours_of_a_known_map():
    image = np.array([[[0, 0, 0], [10, 20, 30], [7, 7, 7]]], np.uint8)
    out = plot.mean_colours(image, np.array([[0, 0, -1]]))
    assert out.tolist() == [[[5, 10, 15], [5, 10, 15], [40, 40, 40]]]


def test_errors_marks_exactly_the_minority():
    image = np.full((1, 6, 3), 128, np.uint8)
    labels, truth = np.array([[3, 3, 3, 7, 7, 7]]), np.array([[0, 0, 5, 5, 5, -1]])
    out = plot.errors(image, labels, truth, scale=5)
    inner = out[2, 2::5]
    assert [bool(abs(p - WRONG).max() < 20) for p in inner] == [False, False, True, False, False, False]
    assert plot.wrong_share(labels, truth) == pytest.approx(1 / 5)
    assert plot.wrong_share(truth, truth) == 0


# ---- side by side


def test_show_puts_every_pixel_where_it_belongs():
    image = np.zeros((10, 20, 3), np.uint8)
    image[:, 10:] = 200
    shown = pixels(plot.show(image, image, text=SENTENCE))
    assert shown.shape == (230, 932, 3)  # 20 columns enlarged 23 times, twice, and a gap of 12
    assert set(np.unique(shown[:, :460])) == {0, 200}
    assert (shown[:, :230] == 0).all() and (shown[:, 230:460] == 200).all()
    np.testing.assert_array_equal(shown[:, :460], shown[:, 472:])


def test_show_takes_the_same_crop_of_every_panel(photo, labels):
    crop = (10, 20, 30, 40)
    whole = plot.show(
        photo, (photo, labels), (photo, labels, labels.T.reshape(60, 90)), text=SENTENCE, crop=crop
    )
    part = np.s_[10:40, 20:60]
    cut = plot.show(photo[part], (photo[part], labels[part]), text=SENTENCE, columns=3)
    np.testing.assert_array_equal(pixels(whole)[:, :560], pixels(cut)[:, :560])


def test_a_crop_does_not_change_what_is_wrong():
    image, labels = np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), int)
    truth = np.zeros((8, 8), int)
    truth[:, :2] = 1  # the minority of the whole picture, the majority of the crop
    shown = pixels(plot.show((image, labels, truth), text=SENTENCE, crop=(0, 0, 4, 3)))
    assert abs(shown[5, 5].astype(int) - WRONG).max() < 25
    assert abs(shown[5, -5].astype(int) - WRONG).max() > 60


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_show_is_never_wider_than_a_notebook(n, photo, labels):
    big = np.kron(labels, np.ones((20, 20), int))
    picture = plot.show(
        *[big] * n, titles=[f"map {i}" for i in range(n)], text=SENTENCE, where=True, crop=(0, 0, 9, 9)
    )
    assert pixels(picture).shape[1] <= WIDTH


def test_show_refuses_what_it_cannot_draw(photo, labels):
    with pytest.raises(ValueError, match="2 panels and 1 titles"):
        plot.show(photo, photo, titles=["one"], text=SENTENCE)
    with pytest.raises(ValueError, match="crop is"):
        plot.show(photo, crop=(50, 0, 20, 20), text=SENTENCE)
    with pytest.raises(ValueError, match="crop is None"):
        plot.show(photo, where=True, text=SENTENCE)
    with pytest.raises(ValueError, match="a panel has"):
        plot.show((photo, labels, labels, labels), text=SENTENCE)


def test_maps_stand_beside_a_picture_from_its_top_to_its_bottom():
    picture = np.random.default_rng(0).integers(0, 256, (112, 90, 3), np.uint8)
    low, high = np.zeros((20, 40)), np.ones((20, 40))
    found = plot.beside(picture, low, high, high / 2)
    assert found.shape == (112, 90 + 12 + 58, 3) and (found[:, :90] == picture).all()
    beside = found[:, 102:, 0]  # three maps of 29 rows, 12 white rows after each but the last
    assert not beside[:29].any() and (beside[29:82] == 255).all() and (beside[82:111] == 128).all()
    one = plot.beside(picture / 255, picture)
    assert (one[:, :90] == picture).all() and (one[:, 102:] == picture).all()
    with pytest.raises(ValueError, match="0 maps, expected at least one"):
        plot.beside(picture)


def test_channels_checks_and_draws(labels):
    F = np.random.default_rng(0).random((60 * 90, 3))
    assert pixels(plot.channels(F, (60, 90), ["a", "b", "c"], text=SENTENCE)).shape[1] <= WIDTH
    with pytest.raises(ValueError, match=r"F has shape \(5400, 3\)"):
        plot.channels(F, (60, 90), ["a", "b"], text=SENTENCE)


# ---- charts and diagrams


def test_curve_draws_and_checks():
    picture = plot.curve([1, 10, 100], {"a": [1, 2, 3], "b": [1, 2, np.nan]}, "x", "y", SENTENCE, log=True)
    assert picture.mime == "image/png" and pixels(picture).shape[1] <= WIDTH
    again = plot.curve([1, 10, 100], {"a": [1, 2, 3], "b": [1, 2, np.nan]}, "x", "y", SENTENCE, log=True)
    assert picture == again
    for wrong, message in (({"log": "z"}, "log is 'z'"), ({"highlight": "c"}, "highlight is 'c'")):
        with pytest.raises(ValueError, match=message):
            plot.curve([1, 2], {"a": [1, 2]}, "x", "y", SENTENCE, **wrong)
    with pytest.raises(ValueError, match="series 'a' has shape"):
        plot.curve([1, 2], {"a": [1, 2, 3]}, "x", "y", SENTENCE)


def test_names_at_the_ends_of_lines_do_not_touch():
    from matplotlib.text import Annotation

    from spamlab.plot import charts

    figure, axes = charts.blank_axes(5, 3, "")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    charts.name_ends(axes, [(f"line {i}", INK, 1, 0.5 + i / 1000) for i in range(5)])
    from_figure(figure, SENTENCE)
    names = [t for t in axes.get_children() if isinstance(t, Annotation)]
    boxes = sorted((t.get_window_extent() for t in names), key=lambda b: b.y0)
    assert all(low.y1 <= high.y0 + 1 for low, high in zip(boxes, boxes[1:], strict=False))


def test_bars_draws_and_checks():
    values = {"SLIC": 0.9, "SNIC": 0.93}
    assert pixels(plot.bars(values, "accuracy", SENTENCE, highlight="SLIC")).ndim == 3
    for wrong, highlight in (({}, None), (values, "SSN")):
        with pytest.raises(ValueError, match="expected"):
            plot.bars(wrong, "accuracy", SENTENCE, highlight=highlight)


@pytest.mark.parametrize("around", ["pixel", "centres"])
def test_candidates_leaves_out_empty_slots(photo, labels, around):
    centres = [(10, 15), (10, 45), (30, 15), (30, 45)]
    kwargs = {"text": SENTENCE, "around": around, "labels": labels}
    full = plot.candidates(photo, centres, (20, 30), [0, 1], 40, **kwargs)
    assert full == plot.candidates(photo, centres, (20, 30), [0, 1, -1], 40, **kwargs)
    assert full != plot.candidates(photo, centres, (20, 30), [0, 2], 40, **kwargs)


def test_candidates_checks(photo):
    with pytest.raises(ValueError, match=r"candidates are \[4\]"):
        plot.candidates(photo, [(1, 2)], (0, 0), [4], text=SENTENCE)
    with pytest.raises(ValueError, match="around is 'seeds'"):
        plot.candidates(photo, [(1, 2)], (0, 0), [0], text=SENTENCE, around="seeds")


ANSWERS = {"features": "Lab", "seeds": "a grid", "candidates": "near ones", "assign": "the nearest"}


def test_four_questions_says_what_changed():
    by_name = plot.four_questions(ANSWERS, changed=["seeds"])
    assert by_name == plot.four_questions(list(ANSWERS.values()), changed=[2])
    assert by_name != plot.four_questions(ANSWERS, changed=[3])
    assert "2. Where do centres start? a grid (new)." in by_name.text
    assert "No loop" in plot.four_questions(ANSWERS, repeat="").text
    assert pixels(by_name).shape[1] == WIDTH


@pytest.mark.parametrize(("answers", "changed"), [(["a"] * 3, []), (["a"] * 4, [5]), (ANSWERS, ["other"])])
def test_four_questions_checks(answers, changed):
    with pytest.raises(ValueError, match="expected 4 answers"):
        plot.four_questions(answers, changed)


# ---- centres, paint, plane


def test_centres_stand_where_they_are_and_where_they_moved():
    flat = np.full((60, 90), 90, np.uint8)
    for picture, place in (
        (plot.centres(flat, [[30, 45]], text=SENTENCE), (30.5 / 60, 45.5 / 90)),
        (plot.centres(flat, [[30, 45]], [[20, 15]], text=SENTENCE), (20.5 / 60, 15.5 / 90)),
    ):
        blue = (pixels(picture) == np.rint(np.multiply(to_rgb(HIGHLIGHT), 255))).all(axis=2)
        assert np.abs(np.argwhere(blue).mean(axis=0) / blue.shape - place).max() < 0.01


def test_paint_colours_exactly_its_masks():
    image, mask = np.full((3, 4), 100, np.uint8), np.zeros((3, 4), bool)
    mask[1, 2] = True
    plain, painted = plot.paint(image, {}), plot.paint(image, {"#000000": mask})
    assert (plain == plain[0, 0, 0]).all()
    assert ((painted != plain).all(axis=2) == mask).all()
    twice = plot.paint(image, {"#000000": mask, "#ffffff": mask})
    assert twice[1, 2].min() > plain[0, 0, 0]


def test_recall_colours_the_found_and_the_missed():
    truth = np.zeros((4, 9), np.int32)
    truth[:, 4:] = 1  # its boundary: columns 3 and 4
    labels = np.zeros((4, 9), np.int32)
    labels[:, 6:] = 1  # its boundary: columns 5 and 6
    drawn = plot.recall(np.full((4, 9), 200, np.uint8), labels, truth, 1)
    blue, orange = (np.multiply(to_rgb(c), 255) for c in (HIGHLIGHT, ERROR))
    assert np.abs(drawn[:, 4] - blue).max() < 30 and np.abs(drawn[:, 3] - orange).max() < 30
    assert np.ptp(drawn[:, [0, 1, 2, 5, 6, 7, 8]].astype(int), axis=2).max() == 0
    assert boundary_recall(labels, truth, 1) == 0.5


def test_plane_takes_a_path_of_its_own_for_each_name():
    paths = {"one": ([1, 2], [3, 4]), "two": ([2, 5, 9], [1, np.nan, 2])}
    assert plot.plane(paths, "x", "y", SENTENCE, highlight="two").mime == "image/png"
    with pytest.raises(ValueError, match="'three'"):
        plot.plane(paths, "x", "y", SENTENCE, highlight="three")


def test_names_in_a_plane_are_drawn_beside_their_points_and_do_not_touch():
    def ink(name):
        drawn = plot.plane({name: ([1.0], [2.0]), "far": ([5.0], [9.0])}, "x", "y", SENTENCE, highlight=name)
        return (pixels(drawn).sum(axis=2) < 600).sum()

    assert ink("a long name of a method") > ink("a") + 300
    heights = charts._free_heights(
        np.array([[10.0, 50], [30, 52], [400, 51]]), ["first one", "second", "third"]
    )
    assert abs(heights[0] - heights[1]) >= charts._LINE and heights[2] == 51


def test_a_line_of_many_points_may_go_without_dots():
    def blue(picture):
        return (pixels(picture) == np.rint(np.multiply(to_rgb(HIGHLIGHT), 255))).all(axis=2).sum()

    x, line = np.arange(300), {"loss": np.sin(np.arange(300) / 20)}
    dotted, bare = (
        plot.curve(x, line, "x", "y", SENTENCE),
        plot.curve(x, line, "x", "y", SENTENCE, dots=False),
    )
    assert blue(bare) < blue(dotted)


def test_a_grey_texture_is_stored_as_a_photograph(photo):
    grey = np.repeat(np.kron(photo[:, :, :1], np.ones((9, 9, 1), np.uint8)), 3, axis=2)
    rng = np.random.default_rng(0)
    noise = np.repeat(rng.integers(0, 256, (500, 800, 1), dtype=np.uint8), 3, axis=2)
    assert plot.encode(grey // 64 * 64)[1] == "image/png"  # few colours, small
    assert plot.encode(noise)[1] == "image/jpeg"  # 256 colours, but its PNG is large
    assert plot.encode(noise, drawing=True)[1] == "image/png"
