"""The canvas without a browser: messages in, clicks and traits out. tests/test_browser.py has the rest."""

import html
import io
import sys

import numpy as np
import pytest
from PIL import Image

from spamlab.testing import sweep
from spamlab.widgets import Canvas, Demo, Photo, Points, Slider

BLANK = np.full((6, 9, 3), 90, np.uint8)


@pytest.fixture(params=["anywidget", "number fields"])
def either(request, monkeypatch):
    """Whatever is tested with it holds with anywidget and without."""
    if request.param == "number fields":
        monkeypatch.setitem(sys.modules, "anywidget", None)
        monkeypatch.delitem(sys.modules, "spamlab.widgets.stage", raising=False)
    return request.param == "anywidget"


def button(canvas, name):
    (found,) = [b for b in canvas.bar.children[0].children if getattr(b, "description", "") == name]
    return found


def send(canvas, **message):
    """Do what the browser does: send a message."""
    canvas.image._handle_custom_msg(message, [])


def test_clicks_undo_and_reset(either):
    heard = []
    canvas = Canvas(BLANK, lambda *click: heard.append(click), value=[(1, 2)])
    assert canvas.live == either and canvas.clicks == [(1, 2, "more")]
    canvas.click(5, 8, "less")
    canvas.click(np.int64(0), 0)
    assert canvas.clicks == [(1, 2, "more"), (5, 8, "less"), (0, 0, "more")]
    assert heard == [(5, 8, "less"), (0, 0, "more")]
    assert "3 clicks, the last: more at row 0, column 0." in canvas.note.value
    canvas.undo()
    assert canvas.clicks[-1] == (5, 8, "less")
    canvas.reset()
    assert canvas.clicks == [(1, 2, "more")]
    canvas.value = ()
    canvas.undo()
    assert canvas.clicks == [] and "No clicks." in canvas.note.value


def test_typed_numbers_and_buttons_do_the_same(either):
    canvas = Canvas(BLANK)
    canvas.row.value, canvas.col.value, canvas.mode.value = 4, 7, 1
    button(canvas, "Click").click()
    canvas.row.value, canvas.col.value, canvas.mode.value = 99, 99, 0
    button(canvas, "Click").click()
    assert canvas.clicks == [(4, 7, "less"), (5, 8, "more")]  # the fields end with the picture
    button(canvas, "Undo").click()
    assert canvas.clicks == [(4, 7, "less")]
    button(canvas, "Reset clicks").click()
    assert canvas.clicks == []
    assert ("install anywidget" in canvas.bar.children[1].value) != either


def test_messages_of_the_browser():
    canvas = Canvas(BLANK, kinds=("add", "take"))
    send(canvas, do="click", row=3, col=4, kind=0)
    send(canvas, do="click", row=5, col=0, kind=1)
    assert canvas.clicks == [(3, 4, "add"), (5, 0, "take")]
    assert canvas.image.points == [[3, 4, 0], [5, 0, 1]]
    canvas.say("Now 2 pieces.")
    assert canvas.image.said == "2 clicks, the last: take at row 5, column 0. Now 2 pieces."
    assert "Backspace clicks take" in canvas.image.help
    send(canvas, do="undo")
    assert canvas.image.points == [[3, 4, 0]]
    send(canvas, do="reset")
    assert canvas.clicks == canvas.image.points == []


def test_the_picture_is_replaced_and_clicks_stay(either):
    canvas = Canvas(BLANK)
    canvas.click(2, 2)
    canvas.show(np.zeros((20, 10, 3)))
    shown = np.asarray(Image.open(io.BytesIO(canvas.image.value)))
    np.testing.assert_array_equal(shown, np.zeros((20, 10, 3)))
    assert canvas.shape == (20, 10) and canvas.clicks == [(2, 2, "more")]
    canvas.click(19, 9)


@pytest.mark.parametrize("point", [(6, 0), (0, 9), (0, 0, "other"), (-1, 0), (0.5, 0), ("0", 0)])
def test_what_is_no_click_is_refused(point):
    canvas = Canvas(BLANK)
    with pytest.raises(ValueError, match="expected"):
        canvas.click(*point)
    assert canvas.clicks == []


@pytest.mark.parametrize("points", [[(1,)], [(1, 2, "more", 3)], [(1, 2, "most")], [(1.0, 2)], [3], ["ab"]])
def test_clicks_have_one_form(points):
    with pytest.raises(ValueError, match="is no click, expected"):
        Points(points)
    with pytest.raises(ValueError, match="is no click, expected"):
        Canvas(BLANK).value = points


# ---- in a demo


def draw(points, n, photo=BLANK):
    picture = photo.copy()
    for row, col, kind in points:
        picture[row, col] = 255 if kind == "more" else 0
    picture[0, 0] = n
    said = f"Clicked: {points!r} on {photo.shape[0]} x {photo.shape[1]} pixels, n = {n}."
    return picture.repeat(2, axis=0).repeat(2, axis=1), said.ljust(40, ".")


def demo(points=(), **other):
    return Demo(draw, title="Dots", points=Points(points), n=Slider(1, 1, 20), **other)


def photos():
    pictures = {"low": BLANK, "high": np.full((9, 6, 3), 50, np.uint8)}
    return Photo("low", pictures.get, list(pictures))


def said(demo):
    return html.unescape(demo.status.value)


def test_clicks_reach_the_function_from_browser_and_code(either):
    shown = demo(photo=photos())
    shown.reset()
    shown.canvas.click(5, 8, "less")
    assert "((5, 8, 'less'),) on 6 x 9" in said(shown)
    picture = np.asarray(Image.open(io.BytesIO(shown.image.value)))
    np.testing.assert_array_equal(picture, shown.render()[0])
    assert (picture[10:, 16:] == 0).all()
    shown.set(points=[(1, 2), [3, 4, "less"]], n=7)
    assert shown.values["points"] == (
        (1, 2, "more"),
        (3, 4, "less"),
    ) and "'less')) on 6 x 9 pixels, n = 7." in said(shown)
    if either:
        assert shown.image.points == [[1, 2, 0], [3, 4, 1]] and "on 6 x 9 pixels, n = 7." in shown.image.said
    shown.canvas.undo()
    assert "((1, 2, 'more'),) on 6 x 9 pixels, n = 7." in said(shown)
    shown.reset()
    assert shown.values == shown.defaults
    with pytest.raises(ValueError, match="is no click"):
        shown.set(points=[(1, 2, "most")])


def test_clicks_are_pixels_of_the_photograph_or_of_the_picture():
    shown, alone = demo(photo=photos()), demo()
    for each in (shown, alone):
        each.reset()
    assert shown.canvas.shape == (6, 9) and alone.canvas.shape == (12, 18)
    assert shown.image.shape == [6, 9] and shown.image.layout.width == "18px"


def test_another_photograph_takes_the_clicks_away(either):
    shown = demo([(5, 8)], photo=photos())
    shown.reset()
    shown.handles["photo"].holder.value = "high"
    assert shown.values["points"] == () and shown.canvas.shape == (9, 6)
    shown.set(points=[(2, 8)], photo="low")
    assert "((2, 8, 'more'),) on 6 x 9" in said(shown)
    shown.set(photo="high")
    assert "() on 9 x 6" in said(shown)
    shown.reset()
    assert "((5, 8, 'more'),) on 6 x 9" in said(shown)


def test_an_error_is_told_in_one_line():
    def fail(points):
        if points:
            raise RuntimeError("planted")
        return draw(points, 1)

    shown = Demo(fail, title="Dots", points=Points())
    shown.strict = False
    shown.reset()
    shown.canvas.click(0, 0)
    assert "Traceback" in said(shown) and shown.image.said.endswith("row 0, column 0. planted")


def test_a_demo_has_one_canvas():
    with pytest.raises(ValueError, match="2 controls are Points, expected at most one"):
        demo(other=Points())


def test_a_sweep_clicks(either):
    clicks = set()

    def function(points, n):
        clicks.update(points)
        return draw(points, n)

    assert sweep(Demo(function, title="Dots", points=Points(), n=Slider(1, 1, 20))) > 5
    assert clicks == {(0, 0, "more"), (0, 0, "less")}


def test_it_is_displayed_with_a_sentence(either):
    data = Canvas(BLANK)._repr_mimebundle_()
    assert data["text/plain"] == "A picture of 6 x 9 pixels to click on, 0 clicks."
    assert "application/vnd.jupyter.widget-view+json" in data
