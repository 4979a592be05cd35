"""JupyterLab in a real browser, for tests: one server, one headless Chromium, one lesson at a time.

Everything stays on this machine: the server and its kernels run behind `tests/offline`, and the browser
resolves no name.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

GUARD = Path(__file__).parent / "offline"
TOKEN = "only-for-this-test"
WAIT, PICTURE_WAIT = 120, 30  # seconds until something, and a new picture, must be there
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FOLDERS = (
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "IPYTHONDIR",
    "SPAMLAB_CACHE",
)
IMAGE = ".widget-image, .spamlab-stage img"


def need() -> None:
    """Skip the test where there is no browser; in CI that is a failure."""
    lacking = [] if driver_file() else ["chromedriver"]
    if sys.platform == "linux" and not browser_file():  # elsewhere chromedriver finds it in its usual place
        lacking.append("Chromium")
    if lacking:
        reason = f"no {' and no '.join(lacking)}; on Debian: apt-get install chromium chromium-driver"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


def browser_file() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def driver_file() -> str | None:
    """Return chromedriver; CHROMEWEBDRIVER names its folder where it is not on PATH."""
    return shutil.which("chromedriver") or shutil.which(
        "chromedriver", path=os.environ.get("CHROMEWEBDRIVER", "")
    )


@contextmanager
def chromium(folder: Path):
    """Start headless Chromium without a network and with a profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = browser_file() or ""
    for argument in (
        "--headless=new",
        "--no-sandbox",  # root in a container has none
        "--disable-dev-shm-usage",
        "--window-size=1400,1100",
        "--disable-background-networking",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        f"--user-data-dir={folder / 'profile'}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_file()))
    driver.set_script_timeout(WAIT)
    try:
        yield driver
    finally:
        driver.quit()


def environment(folder: Path) -> dict:
    """Return the environment of a server without downloads, settings and a network."""
    own = {name: folder / name.lower() for name in FOLDERS}
    path = os.pathsep.join(filter(None, (str(GUARD), os.environ.get("PYTHONPATH"))))
    env = {**os.environ, **{name: str(value) for name, value in own.items()}, "PYTHONPATH": path}
    env.pop("SPAMLAB_TEST", None)  # demos keep the pace they have for a reader; errors show all the same
    return {**env, "OFFLINE_LOG": str(folder / "network.log")}


class Server:
    """JupyterLab on a free port of this machine; `folder` holds its notebooks and settings."""

    def __init__(self, folder: Path):
        self.folder, self.notebooks = folder, folder / "notebooks"
        self.notebooks.mkdir()
        settings = folder / "jupyter_config_dir" / "labconfig"
        settings.mkdir(parents=True)
        # asks a new reader about news from the network, in a window above the notebook
        off = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
        (settings / "page_config.json").write_text(json.dumps(off), encoding="utf-8")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"

    def __enter__(self):
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1"]
        command += [f"--ServerApp.port={self.url.rpartition(':')[2]}", "--ServerApp.port_retries=0"]
        command += [f"--ServerApp.root_dir={self.notebooks}", f"--IdentityProvider.token={TOKEN}"]
        command += ["--LabApp.expose_app_in_browser=True", "--ServerApp.allow_root=True"]
        self.log = (self.folder / "server.log").open("w", encoding="utf-8")
        self.process = subprocess.Popen(
            command, cwd=self.notebooks, env=environment(self.folder), stdout=self.log, stderr=self.log
        )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()

    def _wait(self):
        end = time.monotonic() + WAIT
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.ask("status")
                return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(f"JupyterLab did not start:\n{self.said()}")

    def said(self) -> str:
        """Return the end of the server's log."""
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")[-5000:]

    def ask(self, path: str, method: str = "GET"):
        """Return what the server answers under /api."""
        headers = {"Authorization": f"token {TOKEN}"}
        request = urllib.request.Request(f"{self.url}/api/{path}", headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")

    def attempts(self) -> list:
        """Return the attempts of server and kernels to reach the network."""
        log = self.folder / "network.log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


# ---- a notebook in the browser


OPEN = """
const [path, done] = arguments;
(async () => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = window.panel = await app.commands.execute("docmanager:open", {path, factory: "Notebook"});
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.revealed;
  return await app.commands.execute("notebook:run-all-cells");
})().then((ran) => done(ran === false ? "a cell failed" : ""), (reason) => done(String(reason)));
"""
ERRORS = """
return window.panel.content.widgets.flatMap((cell) => cell.model.toJSON().outputs || [])
  .filter((output) => output.output_type === "error").map((output) => `${output.ename}: ${output.evalue}`);
"""
SHOW = """
const [index, done] = arguments;
window.panel.content.activeCellIndex = index;
window.panel.content.scrollToItem(index, "start").then(() => done(window.panel.content.widgets[index].node));
"""
PIXELS = """
const [image, done] = arguments;
image.decode().then(() => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  canvas.getContext("2d").drawImage(image, 0, 0);
  done(canvas.toDataURL());
}, () => done(null));
"""
PLACE = """
const [stage, row, col] = arguments;
const [box, image] = [stage.getBoundingClientRect(), stage.querySelector("img")];
const [width, height] = [image.naturalWidth, image.naturalHeight];
const shown = Math.min(box.width / width, box.height / height);
return [Math.floor(box.left + col * shown * width), Math.floor(box.top + row * shown * height)];
"""
STOPWATCH = """
const [image, event] = arguments;
window.watch = {};
const once = {capture: true, once: true};
document.addEventListener(event, (e) => (window.watch.begin = e.timeStamp), once);
const observer = new MutationObserver(() => image.decode().then(() => {
  if (window.watch.begin === undefined) return;
  window.watch.end = performance.now();
  observer.disconnect();
}, () => 0));
observer.observe(image, {attributes: true, attributeFilter: ["src"]});
"""


def until(ask, what, seconds: float = WAIT):
    """Return what `ask` answers as soon as that is true; an element that was replaced is asked again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if answer := ask():
                return answer
        except StaleElementReferenceException:
            pass
        time.sleep(0.02)
    raise AssertionError(f"after {seconds} s: {what() if callable(what) else what}")


@contextmanager
def opened(driver, server: Server, notebook, name: str):
    """Open a notebook in JupyterLab, run all of its cells, and end its kernel afterwards."""
    nbformat.write(notebook, server.notebooks / name)
    driver.get_log("browser")  # what is older is not of this notebook
    try:
        driver.get(f"{server.url}/lab/workspaces/{Path(name).stem}?token={TOKEN}")
        until(lambda: driver.execute_script("return !!window.jupyterapp"), "JupyterLab did not load")
        said = driver.execute_async_script(OPEN, name)
        assert not said, f"{said}: {driver.execute_script(ERRORS)}\n{server.said()}"
        yield
    finally:
        driver.get("about:blank")
        for session in server.ask("sessions"):
            server.ask(f"sessions/{session['id']}", "DELETE")


def severe(driver) -> list:
    """Return the errors in the console since it was last read."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


class Shown:
    """A demo as the browser shows it, in the cell of this place."""

    def __init__(self, driver, place: int):
        self.driver, self.cell = driver, driver.execute_async_script(SHOW, place)
        self.image = until(lambda: self._visible(IMAGE), "the demo shows no picture")
        self.pixels()

    def _visible(self, selector: str):
        found = self.cell.find_elements(By.CSS_SELECTOR, selector)
        return next((e for e in found if e.is_displayed() and e.size["width"] > 50), None)

    def pixels(self) -> str:
        """Return the picture as PNG text, once it is loaded."""
        return until(lambda: self.driver.execute_async_script(PIXELS, self.image), "the picture is broken")

    def sentence(self) -> str:
        """Return the status line."""
        lines = self.cell.find_elements(By.CSS_SELECTOR, ".widget-html [role=status]")
        return lines[-1].text if lines else ""

    def slider(self, word: str):
        """Return the handle of the slider whose label holds this word."""
        handles = self.cell.find_elements(By.CSS_SELECTOR, ".noUi-handle")
        row = "ancestor::*[contains(@class, 'widget-inline-hbox')][1]"
        found = {h.find_element(By.XPATH, row).text.splitlines()[0]: h for h in handles}
        fitting = [handle for label, handle in found.items() if word in label]
        assert len(fitting) == 1, f"expected one slider with {word!r} in its label, found {list(found)}"
        return fitting[0]

    def after(self, event: str, act) -> float:
        """Do `act`, wait until sentence and picture change; return ms from the event to the picture."""
        sentence, pixels = self.sentence(), self.pixels()
        self.driver.execute_script(STOPWATCH, self.image, event)
        act()
        spent = "return window.watch.end && window.watch.end - window.watch.begin"
        milliseconds = until(
            lambda: self.driver.execute_script(spent),
            lambda: f"no new picture after {event}; the demo says {self.sentence()!r}",
            PICTURE_WAIT,
        )
        until(lambda: self.sentence() not in ("", sentence, "computing ..."), "the sentence stays")
        assert self.pixels() != pixels, "another picture of the same pixels"
        return milliseconds

    def move(self, word: str) -> float:
        """Move the slider with this word in its label by one stop, as a reader does with the keys."""
        return self.after("keydown", lambda: self.slider(word).send_keys(Keys.ARROW_LEFT))

    def click(self, row: float, col: float, kind: str = "click") -> float:
        """Click on the canvas, at a place given as shares of its picture, and wait."""
        return self.after(kind, lambda: self.press(row, col, kind))

    def press(self, row: float, col: float, kind: str = "click") -> None:
        """Press a button of the mouse over the canvas: "click" the left, "contextmenu" the right."""
        stage = self.cell.find_element(By.CSS_SELECTOR, ".spamlab-stage")
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", stage)
        place = self.driver.execute_script(PLACE, stage, row, col)
        mouse = ActionChains(self.driver)
        mouse.w3c_actions.pointer_action.move_to_location(*place)
        (mouse.context_click if kind == "contextmenu" else mouse.click)().perform()
