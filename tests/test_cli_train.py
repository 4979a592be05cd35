"""``spamlab train``: its options, what it says, and its exit status; the training itself is replaced."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from test_bsds import write_sample

from spamlab import ssn
from spamlab.cli import main
from spamlab.segments import Network
from spamlab.training.recipe import Recipe, Schedule, SegmentsRecipe, SPAMRecipe

ROOT = Path(__file__).parent.parent
LOG = [
    {"step": 10, "minutes": 1.5, "loss": 0.5, "asa_100": 0.9, "asa_200": 0.92, "score": 0.91},
    {"step": 20, "minutes": 3.0, "loss": 0.4, "asa_100": 0.93, "asa_200": 0.95, "score": 0.94},
    {"step": 30, "minutes": 4.5, "loss": 0.3, "asa_100": 0.92, "asa_200": 0.94, "score": 0.93},
]
MORE = [
    {"f": 0.55, "threshold": 0.45, "pri": 0.75},
    {"f": 0.625, "threshold": 0.35, "pri": 0.8125},
    {"f": 0.6, "threshold": 0.25, "pri": 0.79},
]
LOGS = {"ssn": LOG, "spam": LOG, "segments": [one | more for one, more in zip(LOG, MORE, strict=True)]}
RECIPES = {"ssn": Recipe, "spam": SPAMRecipe, "segments": SegmentsRecipe}


@pytest.fixture
def called(monkeypatch):
    """Return what the training is called with."""
    given = {}

    def replacement(method):
        def train(samples, validation, folder, recipe, schedule):
            given.update(samples=samples, validation=validation, folder=folder)
            given.update(method=method, recipe=recipe, schedule=schedule)
            folder.mkdir(exist_ok=True)
            return LOGS[method]

        return train

    for method in LOGS:
        monkeypatch.setattr(f"spamlab.training.{method}.train", replacement(method))
    return given


def options(recipe=Recipe):
    return [field.name for kind in (recipe, Schedule) for field in fields(kind)]


def helped(*words):
    """Return what ``spamlab train ... --help`` says, once it is sure that nothing heavy was loaded."""
    code = (
        f"import sys\nfrom spamlab.cli import main\ntry:\n    main(['train', *{words}, '--help'])\n"
        "except SystemExit as end:\n"
        "    print(end.code, {'numba', 'skimage', 'matplotlib', 'torch', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.endswith("0 set()\n"), done.stdout + done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    return " ".join(done.stdout.split())


def test_help_names_what_can_be_trained():
    said = helped()
    assert "usage: spamlab train [-h] METHOD" in said and all(f" {name} Train " in said for name in LOGS)


@pytest.mark.parametrize("method", LOGS)
def test_help_is_quick_and_whole(method):
    said = helped(method)
    shown = {name: f"--{name.replace('_', '-')} " for name in options(RECIPES[method])}
    if method == "segments":
        shown["concat"] = "--no-concat "
    assert all(option in said for option in shown.values())
    for default in ("(32 64 64)", "(200)", "(0.75 0.75 3)", "(0.002)", "(1e-05)", "(auto)", "(30)"):
        assert default in said, default
    recipe = RECIPES[method]()
    low, high = recipe.compactness
    assert (
        f"drawn anew in each step ({low:g} {high:g})" in said and f"mean or sum ({recipe.reduction})" in said
    )
    own, others = ("norm", "inputs") if method == "segments" else ("inputs", "norm")
    assert f"--{own} " in said and f"--{others} " not in said


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


@pytest.mark.parametrize("method", ["ssn", "spam"])
def test_every_option_arrives(called, tmp_path, method):
    words = {"widths": (4, 5), "scale": (0.5, 1.0, 2.0), "step": (8.0, 16.0), "compactness": (5.0, 6.0)}
    words |= {"size": 48, "count": 2, "annotators": 1, "n_iter": 3, "regular": 0.1, "reduction": "sum"}
    words |= {"seed": 7, "precision": "float32", "rate": 0.1, "warm_up": 5, "steps": 9, "average": 0.5}
    words |= {"validate": 2.5, "start": "w.safetensors", "ending": "relu", "inputs": 5}
    assert {*words, "budget"} == set(options())
    command = ["train", method, "-o", str(tmp_path)]
    for name, value in words.items():
        command += [f"--{name.replace('_', '-')}", *map(str, value if isinstance(value, tuple) else [value])]
    assert main(command) == 0
    assert called["method"] == method
    for kind, found in ((RECIPES[method], called["recipe"]), (Schedule, called["schedule"])):
        assert found == kind(**{f.name: words[f.name] for f in fields(kind) if f.name in words})
    assert main(["train", method, "-o", str(tmp_path), "--budget", "1.5"]) == 0
    assert called["schedule"] == Schedule(budget=1.5) and called["recipe"] == RECIPES[method]()


def test_every_option_of_segments_arrives(called, tmp_path):
    out = ["train", "segments", "-o", str(tmp_path)]
    assert main(out) == 0
    assert called["method"] == "segments" and called["recipe"] == SegmentsRecipe()
    words = ["--norm", "batch", "--shared", "--no-concat", "--detached", "--pairs", "2", "--superpixels", "0"]
    words += ["--widths", "8", "16", "24", "--seed", "5"]
    assert main([*out, *words]) == 0
    switches = {"shared": True, "concat": False, "detached": True}
    given = {"norm": "batch", **switches, "pairs": 2.0, "superpixels": 0.0, "widths": (8, 16, 24), "seed": 5}
    assert called["recipe"] == SegmentsRecipe(**given)
    common = {field.name for field in fields(SegmentsRecipe)} & {field.name for field in fields(Recipe)}
    assert {*given, *common} == {field.name for field in fields(SegmentsRecipe)}


@pytest.mark.parametrize("words", [[], ["--norm", "batch"], ["--shared"], ["--no-concat"]])
def test_the_network_that_will_learn(called, tmp_path, capsys, words):
    assert main(["train", "segments", "-o", str(tmp_path), *words]) == 0
    recipe = called["recipe"]
    network = Network(recipe.norm, recipe.shared, recipe.concat, recipe.widths)
    numbers = sum(parameter.numel() for parameter in network.parameters())
    assert f"network:      {numbers:,} parameters, " in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--ending", "norm", "--inputs", "5"], ["--start", "of-another.pt"]])
@pytest.mark.parametrize("method", ["ssn", "spam"])
def test_the_network_of_superpixels_that_will_learn(called, tmp_path, capsys, method, words):
    assert main(["train", method, "-o", str(tmp_path), "--widths", "6", "7", *words]) == 0
    network = ssn.Network(5 if "norm" in words else 3, (6, 7), last_norm="norm" in words)
    numbers = sum(parameter.numel() for parameter in network.parameters())
    assert f"network:      {numbers:,} parameters, " in capsys.readouterr().err


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


@pytest.mark.parametrize(
    ("method", "use"),
    [
        ("ssn", 'ssn(image, weights="{}")'),
        ("spam", 'spam(image, weights="{}")'),
        ("segments", 'segments(image, weights="{}")'),
    ],
)
def test_the_report(called, tmp_path, capsys, method, use):
    out, log = tmp_path / "out", LOGS[method]
    assert main(["train", method, "-o", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == list(log[0]) and len({len(line) for line in lines[:4]}) == 1
    assert [list(map(float, line.split())) for line in lines[1:4]] == [list(entry.values()) for entry in log]
    assert lines[4:] == [
        f"best weights: {out / 'best.safetensors'} (score 0.9400 at step 20)",
        f"use them:     {use.format(out / 'best.safetensors')}",
        f"curve:        {out / 'curve.png'}",
    ]
    assert (out / "curve.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("method", LOGS)
def test_the_curve_shows_every_number_that_is_compared(called, tmp_path, monkeypatch, method):
    drawn = {}

    def curve(x, series, xlabel, ylabel, text):
        drawn.update(x=x, series=series, text=text)
        return SimpleNamespace(save=lambda file: file)

    monkeypatch.setattr("spamlab.plot.curve", curve)
    assert main(["train", method, "-o", str(tmp_path)]) == 0
    names = ["asa_100", "asa_200", *(["f", "pri"] if method == "segments" else [])]
    log = LOGS[method]
    assert drawn["x"] == [10, 20, 30]
    assert list(drawn["series"].values()) == [[entry[name] for entry in log] for name in names]
    said = [f"{log[0][name]:.3f} and {log[1][name]:.3f}" for name in names]  # the second is the best
    assert all(one in drawn["text"] for one in said)


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

    monkeypatch.setattr("spamlab.training.ssn.train", train)
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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--norm", "layer"], "norm='layer', expected one of group8, group32, batch"),
        (["--widths", "8", "8"], "widths=(8, 8), expected the channels of three scales"),
        (["--pairs", "-1"], "pairs=-1.0, expected a weight of 0 or more"),
        (["--superpixels", "nan"], "superpixels=nan, expected a weight of 0 or more"),
    ],
)
def test_what_segments_cannot_be(tmp_path, capsys, words, said):
    assert main(["train", "segments", "-o", str(tmp_path / "out"), *words]) == 1
    error = capsys.readouterr().err
    assert error.startswith("spamlab train: error: ") and said in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("ssn", ["--norm", "batch"]),
        ("ssn", ["--detached"]),
        ("spam", ["--norm", "batch"]),
        ("segments", ["--inputs", "5"]),
        ("segments", ["--ending", "relu"]),
        ("segments", ["--concat"]),
    ],
)
def test_options_of_the_other_method(method, words, capsys):
    with pytest.raises(SystemExit) as end:
        main(["train", method, "-o", "x", *words])
    assert end.value.code == 2
    assert f"error: unrecognized arguments: {' '.join(words)}" in capsys.readouterr().err


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
