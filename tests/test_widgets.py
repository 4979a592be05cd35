import asyncio
import html
import io
import time
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from spamlab.widgets import Choice, Demo, Photo, Slider, Toggle, upload
from spamlab.widgets.demo import KEPT


def draw(n, tint="red", on=True):
    """Draw a stripe of n columns; 7 is a planted bug."""
    if n == 7:
        raise RuntimeError("<planted> at 7")
    picture = np.zeros((20, 40, 3), np.uint8)
    picture[:, :n, 0 if tint == "red" else 2] = 255 if on else 100
    return picture, f"A {tint} stripe of {n} columns in a picture of 20 x 40 pixels."


def make(function=draw, **other):
    controls = {"n": Slider(5, 1, 10), "tint": Choice("red", ["red", "blue"]), "on": Toggle(True)}
    return Demo(function, title="A stripe", **(other or controls))


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    monkeypatch.delenv("SPAMLAB_TEST", raising=False)


def shown(demo):
    return np.asarray(Image.open(io.BytesIO(demo.image.value)))


def said(demo):
    return html.unescape(demo.status.value)


def typed(demo, name):
    return demo.handles[name].row.children[1]


def test_moving_a_slider_changes_picture_and_sentence_in_place():
    demo = make()
    image = demo.image
    demo.handles["n"].holder.value = 9
    assert demo.image is image and image.format == "png"
    np.testing.assert_array_equal(shown(demo), draw(9)[0])
    assert draw(9)[1] in said(demo)
    demo.handles["tint"].holder.value = "blue"
    demo.handles["on"].holder.value = False
    np.testing.assert_array_equal(shown(demo), draw(9, "blue", False)[0])


def test_values_set_render_and_reset():
    demo = make()
    demo.set(n=3, tint="blue")
    assert demo.values == {"n": 3, "tint": "blue", "on": True}
    picture, sentence = demo.render()
    np.testing.assert_array_equal(picture, draw(3, "blue")[0])
    assert sentence == draw(3, "blue")[1]
    button = demo.widget.children[0].children[1]
    button.click()
    assert demo.values == {"n": 5, "tint": "red", "on": True}
    assert draw(5)[1] in said(demo)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"n": 11}, "11 is no value of this slider, expected 1 to 10"),
        ({"n": 2.5}, "in whole numbers"),
        ({"tint": "green"}, "'green' is no option, expected one of"),
        ({"on": 1}, "expected True or False"),
        ({"other": 1}, "no control 'other', expected one of"),
    ],
)
def test_set_refuses_what_a_control_cannot_take(values, message):
    demo = make()
    with pytest.raises(ValueError, match=message):
        demo.set(**values)
    assert demo.values == demo.defaults


def test_set_calls_the_function_once():
    calls = []
    demo = make(lambda **values: calls.append(values) or draw(**values))
    demo.set(n=3, tint="blue", on=False)
    assert calls == [{"n": 3, "tint": "blue", "on": False}]


@pytest.mark.parametrize("slider", [Slider(5, 1, 10), Slider(0.5, 0.0, 1.0, 0.1)])
def test_slider_and_typed_number_stay_equal(slider):
    demo = make(
        lambda n: (np.zeros((2, 2, 3)), f"The number that was chosen with the slider is {n}."), n=slider
    )
    holder = demo.handles["n"].holder
    holder.value = slider.high
    assert typed(demo, "n").value == slider.high
    typed(demo, "n").value = slider.low
    assert holder.value == slider.low and str(slider.low) in said(demo)


def test_logarithmic_slider_has_round_stops_and_typing_finds_the_nearest():
    slider = Slider(10.0, 1.0, 100.0, log=True)
    assert slider.values() == [1, 1.5, 2.2, 3.2, 4.6, 6.8, 10, 15, 22, 32, 46, 68, 100]
    demo = make(
        lambda n: (np.zeros((2, 2, 3)), f"The number that was chosen with the slider is {n}."), n=slider
    )
    typed(demo, "n").value = 50
    assert demo.values == {"n": 46} and typed(demo, "n").value == 46
    demo.handles["n"].holder.value = 100
    assert typed(demo, "n").value == 100
    assert Slider(30, 10, 500, log=True).values()[:4] == [10, 15, 22, 30]
    assert Slider(2.0, 1 / 8, 8.0, 2, log=True).values() == [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8]
    assert Slider(9, 1, 100, 3, log=True).values() == [1, 3, 9, 27, 81, 100]
    with pytest.raises(ValueError, match="its|one of"):
        demo.set(n=50)


@pytest.mark.parametrize("wrong", [(5, 6, 9), (5, 1, 4)])
def test_slider_starts_between_its_ends(wrong):
    with pytest.raises(ValueError, match="low <= value <= high"):
        Slider(*wrong)
    with pytest.raises(ValueError, match="low > 0"):
        Slider(1, 0, 10, log=True)
    with pytest.raises(ValueError, match="'c' is no option"):
        Choice("c", ["a", "b"])


def test_an_error_is_shown_in_full_and_the_picture_stays():
    demo = make()
    demo.set(n=5)
    before = demo.image.value
    demo.handles["n"].holder.value = 7
    assert "RuntimeError: <planted> at 7" in said(demo) and "<planted>" not in demo.status.value
    assert demo.image.value == before
    demo.handles["n"].holder.value = 8
    assert draw(8)[1] in said(demo)


def test_an_error_is_raised_again_under_test(monkeypatch):
    monkeypatch.setenv("SPAMLAB_TEST", "1")
    demo = make()
    with pytest.raises(RuntimeError, match="planted"):
        demo.handles["n"].holder.value = 7
    assert "planted" in said(demo)
    assert typed(demo, "n").value == 7


@pytest.mark.parametrize(
    ("picture", "sentence", "message"),
    [
        (np.zeros((4, 4)), "A good sentence with the number 4 and forty characters.", r"shape \(4, 4\)"),
        (np.zeros((4, 4, 3), int), "A good sentence with the number 4 and forty characters.", "int64"),
        (np.full((4, 4, 3), 2.0), "A good sentence with the number 4 and forty characters.", "from 2 to 2"),
        (np.zeros((4, 4, 3)), "", "expected one line"),
        (np.zeros((4, 4, 3)), "A sentence of more than forty characters, but no number.", "with a number"),
    ],
)
def test_wrong_pictures_and_sentences_are_refused(picture, sentence, message):
    with pytest.raises(ValueError, match=message):
        make(lambda n: (picture, sentence), n=Slider(1, 0, 2)).render()


def test_results_are_kept_but_not_for_ever():
    calls = []

    def count(n):
        calls.append(n)
        return np.zeros((2, 2, 3), np.uint8), f"The number that was chosen with the slider is {n}."

    demo = make(count, n=Slider(0, 0, 100))
    for n in (1, 2, 1, 2):
        demo.set(n=n)
    assert calls == [1, 2]
    for n in range(KEPT + 5):
        demo.set(n=n)
    assert len(demo._cache) == KEPT
    demo.set(n=1)
    assert calls[-1] == 1 and calls.count(1) == 2


# ---- the pace


def pace(demo, seconds):
    demo._seconds.extend([seconds] * 5)


def test_a_quick_function_follows_and_a_slow_one_waits_for_the_end():
    demo = make()
    slider = demo.handles["n"].holder
    demo.set(n=2)
    assert slider.continuous_update
    pace(demo, 0.9)
    texts = []
    demo.status.observe(lambda change: texts.append(html.unescape(change["new"])), "value")
    demo.set(n=3)
    assert not slider.continuous_update
    assert "computing ..." in texts[0] and draw(3)[1] in texts[1]
    demo.set(n=2)  # known: nothing to compute
    assert len(texts) == 3


def test_in_between_the_first_and_the_last_of_many_changes_are_drawn(monkeypatch):
    monkeypatch.setattr("spamlab.widgets.demo.WAIT", 0.05)
    calls = []

    def function(n):
        calls.append(n)
        return draw(n)

    async def drag():
        demo = make(function, n=Slider(5, 1, 40))
        pace(demo, 0.3)
        for n in range(10, 20):
            demo.handles["n"].holder.value = n
            pace(demo, 0.3)
        assert calls == [10] and draw(10)[1] in said(demo)  # the first one at once
        await asyncio.sleep(0.15)
        assert calls == [10, 19] and draw(19)[1] in said(demo)
        pace(demo, 0.3)
        demo.handles["n"].holder.value = 29
        demo.handles["n"].holder.value = 30
        demo.set(n=31)  # from code: at once, and the waiting change is forgotten
        await asyncio.sleep(0.15)
        assert calls == [10, 19, 29, 31]

    asyncio.run(drag())


def test_without_a_loop_nothing_waits():
    demo = make()
    pace(demo, 0.3)
    begin = time.perf_counter()
    demo.handles["n"].holder.value = 9
    assert draw(9)[1] in said(demo) and time.perf_counter() - begin < 0.2


# ---- photographs


def load(what):
    if isinstance(what, bytes):
        return np.asarray(Image.open(io.BytesIO(what)).convert("RGB"))
    return np.full((4, 6, 3), {"sea": 10, "sky": 200}[what], np.uint8)


def file(name, content):
    then = datetime(2020, 1, 1)
    sent = {"name": name, "type": "image/png", "size": len(content), "last_modified": then}
    return {**sent, "content": memoryview(content)}


def png(value, shape=(5, 7)):
    buffer = io.BytesIO()
    Image.fromarray(np.full((*shape, 3), value, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def look(photo):
    return (
        photo,
        f"A picture of {photo.shape[0]} x {photo.shape[1]} pixels, the first value is {photo[0, 0, 0]}.",
    )


def test_photo_offers_names_and_the_readers_own_picture():
    demo = make(look, photo=Photo("sea", load, ["sea", "sky"]))
    demo.set(photo="sky")
    assert "4 x 6 pixels, the first value is 200" in said(demo)
    button = demo.handles["photo"].upload.button
    button.value = (file("mine.png", png(77)),)
    assert "5 x 7 pixels, the first value is 77" in said(demo)
    assert demo.values == {"photo": "yours, 1: mine.png"}
    demo.set(photo="sea")
    demo.set(photo="yours, 1: mine.png")
    assert "the first value is 77" in said(demo)
    demo.reset()
    assert demo.values == {"photo": "sea"}
    assert "never leave the machine" in demo.handles["photo"].row.children[2].value


def test_a_bad_upload_shows_an_error_and_keeps_the_picture():
    demo = make(look, photo=Photo("sea", load, ["sea", "sky"]))
    demo.set(photo="sky")
    demo.handles["photo"].upload.button.value = (file("notes.txt", b"no picture"),)
    assert "notes.txt (10 bytes) could not be opened as a picture" in said(demo)
    assert demo.values == {"photo": "sky"} and shown(demo)[0, 0, 0] == 200


def test_upload_alone():
    own = upload(load, load("sea"))
    assert own.image.shape == (4, 6, 3)
    assert own._repr_mimebundle_()["text/plain"].startswith("In use: the picture of the course, 4 x 6 pixels")
    own.button.value = (file("notes.txt", b"no picture"),)
    assert "could not be opened" in own.status.value and own.image.shape == (4, 6, 3)
    own.button.value = (file("mine.png", png(77)),)
    assert own.image.shape == (5, 7, 3) and "your photograph, 5 x 7 pixels" in own.status.value


# ---- the output in a notebook


def test_one_output_holds_view_picture_and_sentence(monkeypatch, capsys):
    outputs = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: outputs.append(data))
    demo = make()
    demo._ipython_display_()
    (data,) = outputs
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert data["text/plain"] == draw(5)[1]
    assert capsys.readouterr().out == f"At the start: {draw(5)[1]}\n"
    assert demo.image.layout.width == "40px" and demo.image.layout.height == "20px"


def test_an_error_at_the_start_is_raised():
    with pytest.raises(RuntimeError, match="planted"):
        make(n=Slider(7, 1, 10))._repr_mimebundle_()
