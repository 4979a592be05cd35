"""The command line: what it writes, what it says, and its exit status."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_benchmark import make_bsds

from spamlab.benchmark import METHODS, Method
from spamlab.cli import main
from spamlab.cli.bench import _command, _nth
from spamlab.cli.segment import unique_names
from spamlab.data import load_image
from spamlab.slic import slic

ROOT = Path(__file__).parent.parent


def spamlab(*words, **options):
    """Run the command in a Python of its own."""
    command = [sys.executable, "-m", "spamlab.cli", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, **options)
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """Return the path of a small picture."""
    file = tmp_path_factory.mktemp("pictures") / "cat.png"
    Image.fromarray((load_image("chelsea", 120) * 255).astype(np.uint8)).save(file)
    return file


def test_the_script_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"spamlab": "spamlab.cli:main"}


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom spamlab.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit as end:\n"
        "    print(end.code, {'numba', 'skimage', 'matplotlib', 'torch', 'joblib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.endswith("0 set()\n") and "benchmark" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("command", ["segment", "benchmark"])
def test_help_names_the_methods(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    said = capsys.readouterr().out.replace("-\n", "-")  # help breaks lines at hyphens
    assert end.value.code == 0 and all(name in said.replace(" ", "") for name in METHODS)


@pytest.mark.parametrize(
    "words",
    [[], ["cut"], ["segment"], ["segment", "a.png"], ["segment", "a.png", "-o", "x", "--method", "no"]],
)
def test_a_wrong_command_line(words, capsys):
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2 and "usage: spamlab" in capsys.readouterr().err


# ---- segment


def test_segment(picture, tmp_path):
    out = tmp_path / "new" / "out"
    done = spamlab("segment", picture, "--n-segments", 40, "--compactness", 12, "-o", out)
    assert done.returncode == 0 and done.stderr == ""
    labels = slic(load_image(picture), 40, 12)
    with Image.open(out / "cat_labels.png") as stored:
        assert stored.mode.startswith("I;16")
        np.testing.assert_array_equal(np.asarray(stored), labels)
    with Image.open(out / "cat_overlay.png") as stored:
        assert stored.mode == "RGB" and stored.width % labels.shape[1] == 0
    size = f"{labels.shape[0]} x {labels.shape[1]}"
    assert done.stdout.startswith(f"cat: {size}, asked 40, obtained {labels.max() + 1}, CO 0.")
    assert ", EV 0." in done.stdout and done.stdout.endswith(" s\n")


def test_the_others_are_still_done(picture, tmp_path):
    (tmp_path / "broken.png").write_bytes(picture.read_bytes()[:200])
    words = ["segment", tmp_path / "broken.png", "nowhere.png", tmp_path, picture]
    done = spamlab(*words, "-o", tmp_path / "out", "--overlay", "none", "--n-segments", 40)
    assert done.returncode == 1
    errors = done.stderr.splitlines()
    assert len(errors) == 3 and all(line.startswith("spamlab segment: error: ") for line in errors)
    for line, name in zip(errors, ("broken.png", "nowhere.png", tmp_path.name), strict=True):
        assert name in line
    assert done.stdout.startswith("cat: ") and len(done.stdout.splitlines()) == 1
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["cat_labels.png"]


def test_a_name_is_said_once(picture, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.png").touch()
    (tmp_path / "notes.txt").write_text("no picture")
    words = ["empty.png", "./notes.txt", "nowhere.png", "./nowhere.png", "."]
    assert main(["segment", *words, "-o", "out"]) == 1
    lines = capsys.readouterr().err.splitlines()
    said = ["is no readable image; expected a whole JPEG"] * 2 + ["no such file; give a path that exists"] * 2
    for line, word, text in zip(lines, words, [*said, "is a folder"], strict=True):
        assert line.startswith(f"spamlab segment: error: {word}: {text}"), line
        assert "BytesIO" not in line


def test_names_that_meet():
    assert unique_names(["a/x.png", "b/x.jpg", "c/X.png", "x-2.png"]) == ["x", "x-2", "X-3", "x-2-2"]


def test_same_name_from_two_folders(picture, tmp_path, capsys):
    (tmp_path / "cat.png").write_bytes(picture.read_bytes())
    words = [str(picture), str(tmp_path / "cat.png"), "--method", "grid", "--overlay", "jpg"]
    assert main(["segment", *words, "-o", str(tmp_path / "out")]) == 0
    found = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert found == ["cat-2_labels.png", "cat-2_overlay.jpg", "cat_labels.png", "cat_overlay.jpg"]
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["cat", "cat-2"]


def test_a_result_never_replaces_a_picture(picture, tmp_path, capsys):
    content = picture.read_bytes()
    for name in ("a.png", "a_labels.png"):
        (tmp_path / name).write_bytes(content)
    words = [str(tmp_path / "a.png"), str(tmp_path / "a_labels.png"), "--n-segments", "9"]
    assert main(["segment", *words, "-o", str(tmp_path)]) == 1
    assert "a_labels.png would replace one of the pictures or maps" in capsys.readouterr().err
    assert (tmp_path / "a_labels.png").read_bytes() == content


def test_too_many_labels(tmp_path, monkeypatch, capsys):
    each = Method(lambda image, k, _: np.arange(image[..., 0].size).reshape(image.shape[:2]))
    monkeypatch.setitem(METHODS, "pixels", each)
    Image.new("L", (300, 300)).save(tmp_path / "grey.png")
    words = ["segment", str(tmp_path / "grey.png"), "--method", "pixels", "-o", str(tmp_path / "out")]
    assert main(words) == 1
    assert "grey.png: 90000 superpixels came out, expected at most 65535" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--n-segments", "0"], "n_segments=0"),
        (["--n-segments", "999999"], "n_segments=999999"),
        (["--compactness", "-1"], "compactness=-1"),
        (["--compactness", "nan"], "compactness=nan"),
        (["--compactness", "3", "--method", "grid"], "grid has no compactness (it has no setting)"),
        (["--compactness", "3", "--method", "quickshift"], "(its setting is ratio, 0.5)"),
    ],
)
def test_absurd_numbers(picture, tmp_path, capsys, words, said):
    assert main(["segment", str(picture), *words, "-o", str(tmp_path / "out")]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("place", ["out", "out/in", "out/in/it"])
def test_output_is_a_file(picture, tmp_path, capsys, place):
    (tmp_path / "out").touch()
    assert main(["segment", str(picture), "-o", str(tmp_path / place)]) == 1
    said = f"-o {tmp_path / place} is, or lies in, a file; expected a folder"
    assert capsys.readouterr().err == f"spamlab segment: error: {said}\n"


def test_without_opencv(picture, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert main(["segment", str(picture), "--method", "opencv-slic", "-o", str(tmp_path / "out")]) == 1
    assert 'pip install "spamlab[bench]"' in capsys.readouterr().err


# ---- benchmark


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_bsds(tmp_path_factory.mktemp("bsds") / "BSDS500")


def test_sweep_then_benchmark(folder, tmp_path):
    words = ["benchmark", "--data", folder, "--methods", "slic", "grid", "--n-segments", "6", "150", "190"]
    sweep_file, file = tmp_path / "sweep.json", tmp_path / "out" / "val.json"
    done = spamlab(*words, "--sweep", "--every", 2, "-o", sweep_file)
    assert done.returncode == 0, done.stderr
    swept = json.loads(sweep_file.read_text())
    assert swept["target"] == 200 and swept["data"]["pictures"] == 2 and swept["methods"].keys() == {"slic"}
    assert len(swept["methods"]["slic"]["swept"]) == 6
    words += ["--counts", "20", "100", "--settings", sweep_file, "--jobs", "2", "--plot", "asa_mean"]
    done = spamlab(*words, "-o", file)
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())
    assert found["command"].startswith("spamlab benchmark --data BSDS500 --methods slic grid ")
    assert found["command"].endswith("--settings sweep.json --jobs 2 --plot asa_mean -o val.json")
    assert swept["jobs"] == 1 and found["jobs"] == 2 and "'jobs'" in found["notes"]["seconds"]
    assert found["methods"]["slic"]["value"] == swept["methods"]["slic"]["value"]
    assert "every 2nd picture (2)" in found["methods"]["slic"]["how"]
    assert [row["n"] for row in found["table"]] == [20, 100, 20, 100]
    assert (file.with_name("val_asa_mean.png")).is_file() and file.with_suffix(".csv").is_file()
    assert str(folder) not in file.read_text() and "| 100 | grid | - |" in done.stdout
    again = spamlab(*words, "-o", file)  # all rows are there
    assert again.returncode == 0 and json.loads(file.read_text()) == found
    words[words.index("slic") : words.index("grid") + 1] = ["snic"]
    assert spamlab(*words, "--update", "-o", file).returncode == 0
    both = json.loads(file.read_text())
    assert both["methods"].keys() == {"slic", "grid", "snic"} and both["command"] == found["command"]
    assert "--methods snic" in both["methods"]["snic"]["made"]["command"]
    assert [row for row in both["table"] if row["method"] != "snic"] == found["table"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "x.json"], "no val split of BSDS500"),
        (["-o", "x.json", "--methods", "slick"], "no method 'slick'"),
        (["-o", "x.json", "--jobs", "0"], "--jobs 0, expected at least 1"),
        (["-o", "x.json", "--n-segments", "-5"], "--n-segments -5, expected at least 1"),
        (["-o", "x.json", "--settings", "none.json"], "--settings none.json: no such file"),
        (["-o", "x.json", "--update"], "--update needs -o FILE that exists"),
    ],
)
def test_wrong_benchmarks(tmp_path, capsys, words, said):
    assert main(["benchmark", "--data", str(tmp_path), *words]) == 1
    assert said in capsys.readouterr().err


def test_where_the_summary_goes(folder, capsys):
    assert main(["benchmark", "--data", str(folder), "--methods", "grid"]) == 1
    assert "no -o FILE" in capsys.readouterr().err
    assert main(["benchmark", "--data", str(folder), "--methods", "grid", "--sweep"]) == 1
    assert "no -o FILE" in capsys.readouterr().err
    assert main(["benchmark", "--data", str(folder), "--methods", "grid", "-o", "x.csv"]) == 1
    assert "a name that ends in .json" in capsys.readouterr().err


def test_the_command_is_stored_without_places(tmp_path):
    words = [
        "benchmark",
        "--data",
        str(tmp_path),
        "-o",
        "data/results/val.json",
        "--rows",
        str(tmp_path / "r"),
    ]
    stored = "spamlab benchmark --data BSDS500 -o data/results/val.json --rows r"
    assert _command(words) == stored
    joined = ["benchmark", f"--data={tmp_path}", "-o", "data/results/val.json", f"--rows={tmp_path / 'r'}"]
    assert _command(joined) == stored.replace("--data ", "--data=").replace("--rows ", "--rows=")


def test_ordinals():
    assert [_nth(n) for n in (2, 3, 4, 11, 12, 21, 112)] == [
        "2nd",
        "3rd",
        "4th",
        "11th",
        "12th",
        "21st",
        "112th",
    ]


# ---- fetch


def test_fetch(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("spamlab.data.fetch_bsds500", lambda folder: folder or "cache")
    monkeypatch.setattr("spamlab.data.fetch_voc2012", lambda folder: f"classes in {folder}")
    assert main(["fetch", "voc2012", "--to", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"classes in {tmp_path}\n"
    assert main(["fetch", "bsds500", "--to", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path}\n"

    def offline(folder):
        raise ConnectionError("no address answers")

    monkeypatch.setattr("spamlab.data.fetch_bsds500", offline)
    assert main(["fetch", "bsds500"]) == 1
    assert capsys.readouterr().err == "spamlab fetch: error: no address answers\n"


def test_stopped_by_hand(monkeypatch, capsys):
    def stop(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr("spamlab.data.fetch_bsds500", stop)
    assert main(["fetch", "bsds500"]) == 130
