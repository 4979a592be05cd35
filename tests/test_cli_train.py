"""``spamlab train``: its options, what it says, and its exit status; the training itself is replaced."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from test_bsds import write_sample

from spamlab.cli import main
from spamlab.training.recipe import Recipe, Schedule

ROOT = Path(__file__).parent.parent
LOG = [
    {"step": 10, "minutes": 1.5, "loss": 0.5, "asa_100": 0.9, "asa_200": 0.92, "score": 0.91},
    {"step": 20, "minutes": 3.0, "loss": 0.4, "asa_100": 0.93, "asa_200": 0.95, "score": 0.94},
    {"step": 30, "minutes": 4.5, "loss": 0.3, "asa_100": 0.92, "asa_200": 0.94, "score": 0.93},
]


@pytest.fixture
def called(monkeypatch):
    """Return what the training is called with."""
    given = {}

    def train(samples, validation, folder, recipe, schedule):
        given.update(samples=samples, validation=validation, folder=folder, recipe=recipe, schedule=schedule)
        folder.mkdir(exist_ok=True)
        return LOG

    monkeypatch.setattr("spamlab.cli.train.train", train)
    return given


def options():
    return [field.name for kind in (Recipe, Schedule) for field in fields(kind)]


def test_help_is_quick_and_whole():
    code = (
        "import sys\nfrom spamlab.cli import main\n"
        "try:\n    main(['train', '--help'])\nexcept SystemExit as end:\n"
        "    print(end.code, {'numba', 'skimage', 'matplotlib', 'torch', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.endswith("0 set()\n"), done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    for name in options():
        assert f"--{name.replace('_', '-')} " in said
    for default in ("(32 64 64)", "(200)", "(0.75 0.75 3)", "(0.002)", "(1e-05)", "(mean)", "(auto)", "(30)"):
        assert default in said, default
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_nothing_given_is_the_default(called, tmp_path, capsys):
    assert main(["train", "ssn", "-o", str(tmp_path / "out")]) == 0
    assert called["recipe"] == Recipe() and called["schedule"] == Schedule(budget=30)
    said = capsys.readouterr().err
    for words in (
        "learns from:  100 synthetic scenes",
        "validates on: 25 other scenes",
        "4 pieces of 200 x 200 pixels, up to 3 annotators each",
        "parameters, ",
        ", 1 process on ",
        "30 minutes (give --budget or --steps for another end)",
        "out, a new training",
    ):
        assert words in said, words


def test_every_option_arrives(called, tmp_path):
    words = {"widths": (4, 5), "scale": (0.5, 1.0, 2.0), "step": (8.0, 16.0), "compactness": (5.0, 6.0)}
    words |= {"size": 48, "count": 2, "annotators": 1, "n_iter": 3, "regular": 0.1, "reduction": "sum"}
    words |= {"seed": 7, "precision": "float32", "rate": 0.1, "warm_up": 5, "steps": 9, "average": 0.5}
    words |= {"validate": 2.5, "start": "w.safetensors", "ending": "relu", "inputs": 5}
    assert {*words, "budget"} == set(options())
    command = ["train", "ssn", "-o", str(tmp_path)]
    for name, value in words.items():
        command += [f"--{name.replace('_', '-')}", *map(str, value if isinstance(value, tuple) else [value])]
    assert main(command) == 0
    for kind, found in ((Recipe, called["recipe"]), (Schedule, called["schedule"])):
        assert found == kind(**{f.name: words[f.name] for f in fields(kind) if f.name in words})
    assert main(["train", "ssn", "-o", str(tmp_path), "--budget", "1.5"]) == 0
    assert called["schedule"] == Schedule(budget=1.5)


def test_scenes(called, tmp_path):
    assert main(["train", "ssn", "-o", str(tmp_path), "--scenes", "2", "--validation-every", "50"]) == 0
    learned, held = ([one.name for one in called[name]] for name in ("samples", "validation"))
    assert learned == ["scene-1000", "scene-1001"] and held == ["scene-2000", "scene-2050"]


def test_bsds(called, tmp_path, capsys):
    for split, names in (("train", "ab"), ("val", "cdefg")):
        for name in names:
            write_sample(tmp_path / "data", split, name, [np.ones((6, 8), int)])
    words = ["train", "ssn", "-o", str(tmp_path / "out"), "--data", str(tmp_path / "data")]
    assert main(words) == 0
    assert called["samples"].names == ("a", "b") and called["validation"].names == ("c", "g")
    said = capsys.readouterr().err
    assert "learns from:  2 pictures of BSDS500 train\nvalidates on: 2 pictures of val\n" in said
    assert main([*words, "--validation-every", "1"]) == 0
    assert called["validation"].names == tuple("cdefg")


def test_the_report(called, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["train", "ssn", "-o", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == list(LOG[0]) and len({len(line) for line in lines[:4]}) == 1
    assert [list(map(float, line.split())) for line in lines[1:4]] == [list(entry.values()) for entry in LOG]
    assert lines[4:] == [
        f"best weights: {out / 'best.safetensors'} (score 0.9400 at step 20)",
        f'use them:     ssn(image, weights="{out / "best.safetensors"}")',
        f"curve:        {out / 'curve.png'}",
    ]
    assert (out / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_only_the_first_process_speaks(called, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(["train", "ssn", "-o", str(tmp_path / "out")]) == 0
    assert capsys.readouterr() == ("", "") and not (tmp_path / "out" / "curve.png").exists()


@pytest.mark.parametrize("saved", [False, True])
def test_stopped(tmp_path, monkeypatch, capsys, saved):
    def train(samples, validation, folder, recipe, schedule):
        if saved:
            (folder / "state.pt").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr("spamlab.cli.train.train", train)
    assert main(["train", "ssn", "-o", str(tmp_path)]) == 130
    where = f"{tmp_path} holds the state, nothing is lost" if saved else "before the first step"
    assert capsys.readouterr().err.endswith(f"\nstopped: {where}; the same command goes on\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "nowhere"], "no train split of BSDS500 in nowhere"),
        (["--data", "nowhere", "--scenes", "3"], "--scenes 3 with --data nowhere, expected one of them"),
        (["--scenes", "0"], "--scenes 0, expected at least 1"),
        (["--validation-every", "0"], "--validation-every 0, expected at least 1"),
        (["--widths", "8", "0"], "widths=0, expected 1 or more channels at each scale"),
        (["--steps", "0"], "steps=0, expected 1 or more steps"),
        (["--budget", "-3"], "budget=-3.0, expected minutes, above 0"),
        (["--precision", "half"], "precision='half', expected one of auto, float32, bfloat16"),
    ],
)
def test_what_cannot_be(tmp_path, capsys, words, said):
    assert main(["train", "ssn", "-o", str(tmp_path / "out"), *words]) == 1
    error = capsys.readouterr().err
    assert error.startswith("spamlab train: error: ") and said in error
    assert not (tmp_path / "out").exists()


def test_the_folder_is_a_file(tmp_path, capsys):
    (tmp_path / "out").touch()
    assert main(["train", "ssn", "-o", str(tmp_path / "out"), "--scenes", "1"]) == 1
    assert "out is, or lies in, a file; expected a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [[], ["ssn"], ["slic", "-o", "x"], ["ssn", "-o", "x", "--steps", "3", "--budget", "3"]]
)
def test_a_wrong_command_line(words, capsys):
    with pytest.raises(SystemExit) as end:
        main(["train", *words])
    assert end.value.code == 2 and "usage: spamlab train" in capsys.readouterr().err
