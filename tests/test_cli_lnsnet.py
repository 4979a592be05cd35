"""``spamlab train lnsnet``: its options, what it says, and one picture learned for real."""

from dataclasses import fields

import pytest
import torch
from test_cli_train import LOG, helped

from spamlab.cli import main
from spamlab.lnsnet import Network, load, save
from spamlab.training.lnsnet_recipe import LNSNetRecipe


@pytest.fixture
def called(monkeypatch):
    """Return what the training is called with."""
    given = {}

    def train(samples, validation, folder, recipe, every):
        given.update(samples=samples, validation=validation, folder=folder, recipe=recipe, every=every)
        folder.mkdir(exist_ok=True)
        return LOG

    monkeypatch.setattr("spamlab.training.lnsnet.train", train)
    return given


def test_help_is_quick_and_whole():
    said = helped("lnsnet")
    for field in fields(LNSNetRecipe):
        assert f"--{field.name.replace('_', '-')} " in said, field.name
    assert all(f"--{name} " in said for name in ("data", "scenes", "every", "adapt", "times"))
    assert not any(f"--{name} " in said for name in ("budget", "steps", "widths", "compactness"))
    assert " lnsnet Train LNS-Net" in helped()


def test_nothing_given_is_the_default(called, tmp_path, capsys):
    assert main(["train", "lnsnet", "-o", str(tmp_path / "out")]) == 0
    assert called["recipe"] == LNSNetRecipe() and called["every"] == 25
    captured = capsys.readouterr()
    for words in (
        "learns from:  100 synthetic scenes",
        "validates on: 25 other scenes",
        "50 steps, with sides of 1 of its own",
        "LNS-3, 11,218 parameters",
        "out, a new training",
    ):
        assert words in captured.err, words
    assert f'lnsnet(image, weights="{tmp_path / "out" / "best.safetensors"}")' in captured.out


def test_every_option_arrives(called, tmp_path):
    given = {"variant": 1, "contours": "canny", "embedder": "paper", "start": "w", "scale": 0.5, "near": 4}
    given |= {"n_segments": 60, "features": 3, "seeds": 2, "passes": 2, "rate": 0.01, "beta": 2.0, "phi": 0.5}
    given |= {"share": 0.25, "threshold": 0.5, "average": 0.9, "seed": 7}
    assert set(given) == {field.name for field in fields(LNSNetRecipe)}
    words = [word for name, v in given.items() for word in (f"--{name.replace('_', '-')}", str(v))]
    assert main(["train", "lnsnet", "-o", str(tmp_path), *words, "--every", "3"]) == 0
    assert called["recipe"] == LNSNetRecipe(**given) and called["every"] == 3


def test_one_picture_more(tmp_path, capsys):
    torch.manual_seed(0)
    network = Network()
    save(network, tmp_path / "start.safetensors")
    words = ["--features", "2", "--seeds", "1", "--n-segments", "6", "--scale", "0.2", "--times", "2"]
    start = ["--start", str(tmp_path / "start.safetensors")]
    assert main(["train", "lnsnet", "-o", str(tmp_path / "out"), "--adapt", "coins", *start, *words]) == 0
    captured, file = capsys.readouterr(), tmp_path / "out" / "coins.safetensors"
    assert "coins, 2 times" in captured.err and f'lnsnet(image, weights="{file}")' in captured.out
    assert "6/6" in captured.err  # the bar
    learned = load(file)
    assert (learned.memory != 1).any()
    for part in ("embedder.branches.0", "decoder", "seeds.last"):
        old, new = (one.get_submodule(part).weight for one in (network, learned))
        assert torch.isfinite(new).all() and (old != new).any(), part


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--adapt", "coins", "--scenes", "3"], "--adapt learns one picture; expected neither --data nor"),
        (["--adapt", "no-such-picture"], "no-such-picture"),
        (["--adapt", "coins", "--times", "0"], "times=0, expected 1 or more"),
        (["--times", "2"], "--times 2 without --adapt IMAGE"),
        (["--scale", "1.5"], "scale=1.5, expected a share above 0, 1 at most"),
        (["--variant", "4"], "variant=4, expected 1, 2 or 3"),
        (["--every", "0"], "every=0, expected 1 or more pictures"),
        (["--data", "nowhere"], "no train split of BSDS500 in nowhere"),
    ],
)
def test_what_cannot_be(tmp_path, capsys, words, said):
    assert main(["train", "lnsnet", "-o", str(tmp_path / "out"), *words]) == 1
    error = capsys.readouterr().err
    assert "spamlab train: error: " in error and said in error
    assert not (tmp_path / "out").exists()


def test_several_processes_are_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    assert main(["train", "lnsnet", "-o", str(tmp_path / "out")]) == 1
    assert "2 processes, expected 1: pictures are learned one after another" in capsys.readouterr().err
