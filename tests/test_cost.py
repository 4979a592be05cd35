"""The cost of a cut: FLOPs and parameters of networks that are known, memory of an array that is known."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from spamlab.benchmark import METHODS, Method
from spamlab.paths import data_dir

FOLDER = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def cost():
    """Return benchmarks/cost.py, which reads modules that stand beside it."""
    sys.path.insert(0, str(FOLDER))
    try:
        import cost

        yield cost
    finally:
        sys.path.remove(str(FOLDER))


def stored(name):
    """Return the number of values in the tensors of a shipped file, without the buffers."""
    with safe_open(data_dir() / "checkpoints" / f"{name}.safetensors", "pt") as file:
        shapes = {key: file.get_slice(key).get_shape() for key in file.keys()}  # noqa: SIM118
    buffers = ("running_mean", "running_var", "num_batches_tracked", "memory", "shift")
    return sum(int(np.prod(shape)) for key, shape in shapes.items() if not key.endswith(buffers))


def test_flops_of_a_known_convolution(cost):
    convolution = torch.nn.Conv2d(3, 8, 5, padding=2)
    with cost.counted() as found, torch.inference_mode():
        convolution(torch.zeros(1, 3, 20, 30))
    assert found["flops"] == 2 * (20 * 30) * 8 * (3 * 5 * 5)
    assert found["parameters"] == 8 * 3 * 5 * 5 + 8


def test_a_network_that_runs_twice_has_its_parameters_once(cost):
    inner = torch.nn.Linear(4, 6, bias=False)
    both = torch.nn.Sequential(inner, torch.nn.Linear(6, 4, bias=False), inner)
    with cost.counted() as found:
        both(torch.zeros(7, 4))
    assert found == {"parameters": 48, "flops": 3 * 2 * 7 * 4 * 6}
    with cost.counted() as nothing:
        torch.zeros(3) + 1
    assert nothing == {"parameters": 0, "flops": 0}


@pytest.mark.parametrize(
    ("method", "files"),
    [
        ("slic", []),
        ("ssn-pixel", []),
        ("ssn", ["ssn"]),
        ("lnsnet", ["lnsnet"]),
        ("segments-superpixels", ["segments"]),
        ("spam-segments", ["spam", "segments"]),
    ],
)
def test_parameters_are_those_of_the_shipped_files(cost, monkeypatch, method, files):
    monkeypatch.setattr(cost, "SHAPE", (64, 96))
    monkeypatch.setattr(cost, "K", 40)
    found = cost.counts(method, METHODS[method].default)
    assert found["parameters"] == sum(map(stored, files))
    assert (found["gflops"] is None) == (not files)
    if files:  # most weights belong to convolutions, which use each of them at every fourth pixel at least
        assert found["gflops"] * 1e9 > 2 * found["parameters"] * 64 * 96 / 16


def test_ssn_counts_what_its_layers_do(cost, monkeypatch):
    monkeypatch.setattr(cost, "SHAPE", (64, 96))
    small = cost.counts("ssn", 10)["gflops"]
    monkeypatch.setattr(cost, "SHAPE", (128, 96))
    assert cost.counts("ssn", 10)["gflops"] == pytest.approx(2 * small, rel=0.02)


@pytest.mark.parametrize("megabytes", [40, 160])
def test_the_peak_is_that_of_what_is_held_at_the_same_time(cost, megabytes):
    def hold():
        for _ in range(3):
            np.ones(megabytes * 1_000_000, np.uint8)  # gone before the next

    found = cost.peak(hold)
    if sys.platform != "linux":
        assert found is None
    else:
        assert found == pytest.approx(megabytes, abs=6)
        assert cost.peak(lambda: None) < 6, "what was freed does not count"


def test_the_memory_of_a_method_is_that_of_a_fresh_process():
    command = [sys.executable, str(FOLDER / "cost.py"), "--memory-of", "grid"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    found = json.loads(done.stdout.splitlines()[-1])
    # its map, 321 x 481 int32, at least; far less than importing PyTorch
    assert found is None if sys.platform != "linux" else 0.6 < found < 60


def test_preparing_is_timed_apart(cost):
    method = Method(lambda image, k, value, made: made, prepare=lambda *given: time.sleep(0.05) or given[1])
    wrapped, spent = cost.timed(method)
    assert wrapped.prepare(None, 7, None) == 7 and spent[0] >= 0.05
    plain, none = cost.timed(METHODS["slic"])
    assert plain is METHODS["slic"] and none == []


def test_times_are_of_each_method(cost, monkeypatch):
    slow = Method(lambda image, k, value: time.sleep(0.1) or np.zeros(image.shape[:2], int), merge=False)
    quick = Method(lambda image, k, value: np.zeros(image.shape[:2], int))
    monkeypatch.setattr(cost, "METHODS", {"slow": slow, "quick": quick})
    found = cost.times({name: {"value": None} for name in ("slow", "quick")}, 3)
    assert 100 <= found["slow"]["ms"] < 1000 and found["quick"]["ms"] < 0.8 * found["slow"]["ms"]
    assert found["slow"]["prepared_ms"] == 0


def test_the_truth_has_the_size_of_the_picture(cost):
    assert cost.truth().shape == cost.SHAPE and len(np.unique(cost.truth())) > 3


def test_table_has_a_dash_for_what_is_not_known(cost):
    row = {"method": "a", "parameters": 1234, "gflops": None, "ms": 12.3, "over_slic": 0.5}
    text = cost.markdown([{**row, "prepared_ms": 0.0, "peak_mb": None}])
    assert text.splitlines()[-1] == "| a | 1,234 | - | 12 | 0.50 | 0.00 | - |"
