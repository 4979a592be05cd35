import os
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from nbformat import v4

from spamlab import testing
from spamlab.widgets import Choice, Demo, Photo, Slider, Toggle


def draw(n, wide=40, tint="red"):
    picture = np.zeros((20, 40, 3), np.uint8)
    picture[:, : max(1, min(n, 39)), 0 if tint == "red" else 2] = 255
    return picture, f"A {tint} stripe of {n} columns in a picture of 20 x {wide} pixels."


def make(function=draw, **controls):
    return Demo(function, title="A stripe", **controls)


# ---- sweep


def test_sweep_visits_ends_defaults_all_options_and_pairs():
    seen = set()
    demo = make(
        lambda n, wide, tint: seen.add((n, wide, tint)) or draw(n, wide, tint),
        n=Slider(50, 0, 100),
        wide=Slider(3, 1, 5),
        tint=Choice("red", ["red", "green", "blue"]),
    )
    demo.set(n=60)
    count = testing.sweep(demo)
    assert {(0, 3, "red"), (50, 3, "red"), (100, 3, "red"), (50, 3, "green")} <= seen
    assert {(50, w, "red") for w in range(1, 6)} <= seen  # few stops: all of them
    assert {(n, w, "red") for n in (0, 100) for w in (1, 5)} <= seen
    assert {(n, 3, t) for n in (0, 100) for t in ("red", "blue")} <= seen
    assert 15 <= count <= len(seen)
    assert demo.values == demo.defaults and demo.strict == (os.environ.get("SPAMLAB_TEST") == "1")


def test_sweep_visits_every_picture_and_both_positions():
    def look(photo, on):
        return photo, f"A picture whose first value is {photo[0, 0, 0]}, and the switch is {on}."

    def load(name):
        return np.arange(12, dtype=np.uint8).reshape(2, 2, 3) + len(name)

    demo = make(look, photo=Photo("a", load, ["a", "bb", "ccc"]), on=Toggle(False))
    assert testing.sweep(demo) == 5  # three pictures, the switch, and one more pair of ends


def fail_at(bad):
    def function(n):
        if n == bad:
            raise RuntimeError(f"planted at {n}")
        return draw(n)

    return function


@pytest.mark.parametrize("slider", [Slider(5, 1, 10), Slider(30, 7, 90), Slider(1, 1, 7), Slider(7, 1, 99)])
def test_sweep_finds_a_planted_bug(slider):
    demo = make(fail_at(7), n=slider)
    with pytest.raises(AssertionError, match=r"at n=7 the demo raised RuntimeError\('planted at 7'\)"):
        testing.sweep(demo)
    if slider.value != 7:
        assert demo.values == demo.defaults and draw(slider.value)[1] in demo.status.value


def test_sweep_finds_a_bug_that_needs_two_controls():
    def function(n, wide):
        if (n, wide) == (90, 80):
            raise RuntimeError("planted")
        return draw(n, wide)

    with pytest.raises(AssertionError, match="n=90, wide=80"):
        testing.sweep(make(function, n=Slider(5, 1, 90), wide=Slider(40, 1, 80)))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ((np.full((4, 4, 3), 9, np.uint8), draw(1)[1]), "n=3 the picture is blank"),
        ((np.zeros((4, 4)), draw(1)[1]), r"n=3 .*shape \(4, 4\)"),
        ((np.zeros((4, 4, 3), int), draw(1)[1]), "n=3 .*int64"),
        ((draw(1)[0], ""), "n=3 .*sentence is ''"),
        ((draw(1)[0], "A sentence of more than forty characters, but no number."), "n=3 .*with a number"),
    ],
)
def test_sweep_finds_wrong_pictures_and_sentences(wrong, message):
    with pytest.raises(AssertionError, match=message):
        testing.sweep(make(lambda n: wrong if n == 3 else draw(n), n=Slider(1, 1, 3)))


# ---- bake

SETUP = """import numpy as np
from spamlab.plot import overlay, show
from spamlab.widgets import Demo, Slider
labels = np.repeat([[0] * 8 + [1] * 8], 8, axis=0)
def cut(at):
    picture = overlay(np.full((8, 16, 3), 90, np.uint8), labels, scale=at)
    return picture, f"The picture of 8 x 16 pixels is enlarged {at} times and shows 2 regions."
"""
DEMO = "Demo(cut, title='Scale', at=Slider(4, 1, 8))"
SHOW = """picture = np.zeros((8, 16, 3), np.uint8)
sizes = np.bincount(labels.ravel())
said = f"{len(sizes)} regions of {sizes.min()} to {sizes.max()} pixels on a black picture."
show((picture, labels), text=said)"""


def write(path, *sources):
    cells = [v4.new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    cells[-1].metadata["tags"] = ["kept"]
    nbformat.write(v4.new_notebook(cells=cells, metadata={"spamlab": {"minutes": 5}, "widgets": {}}), path)
    return path


def nbval(folder):
    command = [sys.executable, "-m", "pytest", "-v", "--nbval", "--nbval-current-env", str(folder)]
    command += ["-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def baked(tmp_path_factory):
    path = write(tmp_path_factory.mktemp("bake") / "90_made.ipynb", SETUP, DEMO, SHOW)
    return path, testing.bake(path)


def test_bake_keeps_pictures_and_sentences_and_drops_live_views(baked):
    path, report = baked
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.read(path, as_version=4)
    demo, line = notebook.cells[1].outputs
    assert set(demo.data) == {"image/png", "text/plain"}
    sentence = "The picture of 8 x 16 pixels is enlarged 4 times and shows 2 regions."
    assert demo.data["text/plain"] == sentence and line.text == f"At the start: {sentence}\n"
    assert "widget-view" not in text and "widgets" not in notebook.metadata
    assert text.startswith('{\n "cells"') and text.endswith("}\n") and "iopub" not in text
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info == {"name": "python"}
    assert notebook.metadata.spamlab == {"minutes": 5} and notebook.cells[2].metadata.tags == ["kept"]
    assert [cell.id for cell in notebook.cells] == ["cell-0", "cell-1", "cell-2"]
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3]
    assert report.size == len(text.encode()) and report.slow == {} and "kB" in str(report)
    assert os.listdir(path.parent) == [path.name]


def test_baked_notebook_passes_nbval_and_one_changed_label_fails_it(baked):
    path, _ = baked
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].source = SHOW.replace("sizes =", "labels[0, 0] = 1\nsizes =")
    changed = path.with_name("91_changed.ipynb")
    nbformat.write(notebook, changed)
    output = nbval(path.parent)
    changed.unlink()
    for name, outcomes in (("90_made", "PPP"), ("91_changed", "PPF")):
        lines = [line for line in output.splitlines() if line.startswith(f"{name}::ipynb::Cell")]
        assert "".join(line.split()[2][0] for line in lines) == outcomes, output
    assert "2 regions of 63 to 65 pixels" in output


def test_bake_twice_gives_the_same_file(baked):
    path, _ = baked
    before = path.read_bytes()
    testing.bake(path)
    assert path.read_bytes() == before


def test_the_command_reports_what_cannot_be_baked_and_leaves_the_file(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(testing, "_LONG", 0.2)
    noisy = write(tmp_path / "noisy.ipynb", "import sys\nprint('careful', file=sys.stderr)")
    broken = write(tmp_path / "broken.ipynb", "1 / 0")
    slow = write(tmp_path / "slow.ipynb", "import os, time\ntime.sleep(0.3)\nprint(os.environ['CI'])")
    before = [noisy.read_bytes(), broken.read_bytes()]
    assert testing.main(["bake", str(noisy), str(broken), str(slow)]) == 1
    out, err = capsys.readouterr()
    assert "cell 0 wrote to the error stream: 'careful'" in err and "ZeroDivisionError" in err
    assert [noisy.read_bytes(), broken.read_bytes()] == before
    assert "cell 0: 0." in out and nbformat.read(slow, 4).cells[0].outputs[0].text == "1\n"
    assert sorted(os.listdir(tmp_path)) == ["broken.ipynb", "noisy.ipynb", "slow.ipynb"]
