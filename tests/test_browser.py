"""The demos where readers use them: JupyterLab in a real browser, without a network."""

import browser
import nbformat
import pytest
from browser import Shown, opened, severe
from demo_cells import only_demos
from nbformat import v4
from notebook_rules import ROOT
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
# words in the labels of sliders
MOVED = {"07": ["compactness"], "08": ["density", "compactness"], "10": ["band", "compactness"]}
CLICKED = {"09"}
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    browser.need()
    with browser.Server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def driver(server):
    with browser.chromium(server.folder) as driver:
        yield driver


def made(*sources):
    """Return a notebook of these cells."""
    return v4.new_notebook(cells=[v4.new_code_cell(s) for s in sources], metadata={"kernelspec": KERNEL})


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_demos_work_in_jupyterlab(path, server, driver, capsys):
    number = path.stem[:2]
    notebook, places = only_demos(nbformat.read(path, as_version=4))
    assert places, f"{path.name} has no demo"
    spent = []
    with opened(driver, server, notebook, path.name):
        for place in places:
            demo = Shown(driver, place)
            assert any(c.isdigit() for c in demo.sentence())
            # twice: the first move may compile, load or draw what the second finds ready
            spent += [(word, demo.move(word)) for word in MOVED.get(number, []) for _ in range(2)]
            if number in CLICKED:
                spent += [("click", demo.click(0.5, 0.5)), ("right", demo.click(0.3, 0.6, "contextmenu"))]
        assert severe(driver) == []
    assert server.attempts() == []
    with capsys.disabled():
        said = ", ".join(f"{what} {ms:.0f}" for what, ms in spent)
        print(f"\n{path.name}: ms from the event to the new picture: {said}" if said else "", end="")


# ---- the canvas

CANVAS = """
import numpy as np
from spamlab.widgets import Demo, Photo, Points

def draw(photo, points):
    picture = photo.copy()
    for row, col, kind in points:
        picture[row, col] = 255 if kind == "more" else 0
    said = "; ".join(f"{kind} {row} {col}" for row, col, kind in points) or "nothing"
    return picture.repeat(5, axis=0).repeat(5, axis=1), f"On a photograph of 60 x 90 pixels: {said}."

grey = Photo("grey", lambda name: np.full((60, 90, 3), 90, np.uint8), ["grey"])
Demo(draw, title="Dots", photo=grey, points=Points())
"""
NO_ANYWIDGET = "import sys; sys.modules['anywidget'] = None  # as if it were not installed"


def clicked(demo):
    """Return what the demo's sentence says of the clicks."""
    return demo.sentence().partition("pixels: ")[2].rstrip(".").split("; ")


def hears(demo, words):
    """Wait until a screen reader is told these words first."""
    live = demo.cell.find_element(By.CSS_SELECTOR, ".spamlab-unseen[aria-live=polite]")
    browser.until(
        lambda: live.get_attribute("textContent").startswith(words),
        lambda: f"told {live.get_attribute('textContent')!r}, expected {words!r}",
        10,
    )


@pytest.fixture
def canvas(server, driver):
    with opened(driver, server, made(CANVAS), "canvas.ipynb"):
        yield Shown(driver, 0)
        assert severe(driver) == [] == server.attempts()


def at(row, col):
    """Return the middle of a pixel as shares of the picture."""
    return (row + 0.5) / 60, (col + 0.5) / 90


def test_canvas_in_the_browser(canvas, driver):
    mouse_finds_pixels(canvas, driver)
    keys_do_the_same(canvas, driver)
    notebook_keeps_its_own(canvas, driver)


def mouse_finds_pixels(canvas, driver):
    stage = canvas.cell.find_element(By.CSS_SELECTOR, ".spamlab-stage")
    canvas.click(*at(10, 20))
    canvas.click(*at(59, 89), "contextmenu")
    assert clicked(canvas) == ["more 10 20", "less 59 89"]
    hears(canvas, "2 clicks, the last: less at row 59, column 89. On a photo")
    for css in ("width: 300px", "width: 450px; height: 300px; transform: scale(0.8)", "zoom: 1.25"):
        driver.execute_script("arguments[0].style = arguments[1]", stage, css)
        canvas.click(*at(31, 47))
        assert clicked(canvas)[-1] == "more 31 47", css
        canvas.after("keydown", lambda: stage.send_keys("u"))
    driver.execute_script("arguments[0].style = ''", stage)
    less = canvas.cell.find_element(By.XPATH, ".//button[normalize-space()='less']")
    less.click()  # for touch pads
    canvas.click(*at(5, 6))
    assert clicked(canvas)[-1] == "less 5 6"
    canvas.after("keydown", lambda: stage.send_keys("r"))
    assert clicked(canvas) == ["nothing"]
    canvas.cell.find_element(By.XPATH, ".//button[normalize-space()='more']").click()


def keys_do_the_same(canvas, driver):
    stage = canvas.cell.find_element(By.CSS_SELECTOR, ".spamlab-stage")
    assert (stage.aria_role, stage.accessible_name) == ("application", "Picture to click on")
    for words in ("arrows", "Enter", "Backspace", "U takes", "R resets"):
        name = stage.get_attribute("aria-describedby")
        assert words in driver.find_element(By.ID, name).get_attribute("textContent")
    canvas.click(*at(30, 40))
    stage.send_keys(Keys.ARROW_UP, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    hears(canvas, "row 29, column 42")
    assert "solid" in stage.value_of_css_property("outline")
    assert stage.find_element(By.CSS_SELECTOR, ".cross").value_of_css_property("visibility") == "visible"
    canvas.after("keydown", lambda: stage.send_keys(Keys.ENTER))
    stage.send_keys(*[Keys.ARROW_LEFT] * 3)
    canvas.after("keydown", lambda: stage.send_keys(Keys.BACKSPACE))
    assert clicked(canvas) == ["more 30 40", "more 29 42", "less 29 39"]
    chain = ActionChains(driver).key_down(Keys.SHIFT).send_keys(Keys.ARROW_DOWN).key_up(Keys.SHIFT)
    chain.perform()
    hears(canvas, "row 34, column 39")  # a twentieth of the longer side
    canvas.after("keydown", lambda: stage.send_keys(Keys.SPACE))
    canvas.after("keydown", lambda: stage.send_keys("u"))
    assert clicked(canvas)[-1] == "less 29 39"
    hears(canvas, "3 clicks, the last: less")
    stage.send_keys(Keys.TAB)
    assert driver.switch_to.active_element != stage


def notebook_keeps_its_own(canvas, driver):
    """Keys and the right button did nothing to the notebook; elsewhere JupyterLab has them."""
    cells = "return window.panel.model.toJSON().cells.map((cell) => [cell.cell_type, cell.source])"
    assert driver.execute_script(cells) == [["code", CANVAS]]
    assert not driver.find_elements(By.CSS_SELECTOR, ".lm-Menu")
    ActionChains(driver).context_click(driver.find_element(By.CSS_SELECTOR, ".jp-InputPrompt")).perform()
    browser.until(lambda: driver.find_elements(By.CSS_SELECTOR, ".lm-Menu"), "no menu of JupyterLab")


def test_clicks_are_typed_where_anywidget_is_missing(server, driver):
    with opened(driver, server, made(NO_ANYWIDGET, CANVAS), "typed.ipynb"):
        demo = Shown(driver, 1)
        assert not demo.cell.find_elements(By.CSS_SELECTOR, ".spamlab-stage")
        row, col = demo.cell.find_elements(By.CSS_SELECTOR, "input[type=number]")
        for field, value in ((row, "12"), (col, "34")):
            field.send_keys(Keys.CONTROL, "a", Keys.NULL, value, Keys.TAB)
        press = demo.cell.find_element(By.XPATH, ".//button[normalize-space()='Click']")
        demo.after("click", press.click)
        assert clicked(demo) == ["more 12 34"]
        assert severe(driver) == []


# ---- the checks above can fail

BROKEN = """
import numpy as np
from spamlab.widgets import Demo, Slider

def broken(n):
    if n < 5:
        raise ValueError("planted")
    return np.full((60, 90, 3), 20 * n, np.uint8), f"A grey picture of 60 x 90 pixels, its value is {n}."

Demo(broken, title="Breaks", n=Slider(5, 1, 9))
"""


def test_a_broken_demo_and_a_console_error_are_seen(server, driver, monkeypatch):
    with opened(driver, server, made(BROKEN), "broken.ipynb"):
        demo = Shown(driver, 0)
        monkeypatch.setattr(browser, "PICTURE_WAIT", 3)
        with pytest.raises(AssertionError, match="no new picture"):
            demo.move("n")
        assert severe(driver) == []
        driver.execute_script("setTimeout(() => { throw new Error('planted') })")
        browser.until(lambda: "planted" in str(severe(driver)), "the error is not seen")
    with pytest.raises(AssertionError, match="NameError"), opened(driver, server, made("gone"), "g.ipynb"):
        pass


def test_without_a_browser_ci_fails_and_others_skip(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMEWEBDRIVER", raising=False)
    monkeypatch.setenv("CI", "1")
    with pytest.raises(pytest.fail.Exception, match="no chromedriver"):
        browser.need()
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="no chromedriver"):
        browser.need()


def test_cells_that_a_demo_needs():
    sources = [
        "import numpy as np\nfrom spamlab.widgets import Demo",
        "a = 1",
        "unused = [a for a in range(3)]\nnp.random.seed(1)",
        "a = 2",
        "class C:\n    pass\nnet = C()",
        "net.deep = {}\nprint(a)",
        "net.deep.update(b=2)",
        "def f(a):\n    b = 3\n    return net, b",
        "Demo(f, title=str(a))",
        "f = None",
    ]
    copy, places = only_demos(made(*sources))
    assert [cell.source for cell in copy.cells] == [sources[i] for i in (0, 3, 4, 5, 6, 7, 8)]
    assert places == [6]
