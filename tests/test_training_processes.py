"""Training in other processes: two that learn together, one that must stop, one on a bare machine."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch.func import functional_call

from spamlab.cli import main
from spamlab.training import processes
from spamlab.training import ssn as training
from spamlab.training.loop import fit, log
from spamlab.training.recipe import Recipe, Schedule
from spamlab.training.samples import pictures, scenes

ROOT = Path(__file__).parent.parent
ALONE = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
RECIPE = Recipe(widths=(4, 4, 4), size=48, count=2)
SMALL = ["--widths", "4", "4", "4", "--size", "48", "--count", "2", "--warm-up", "1"]
WORDS = ["train", "ssn", "--scenes", "3", "--validation-every", "100", *SMALL]
TOGETHER = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

# Runs the command where some packages cannot be found, as on a bare machine with a GPU, and keeps the network
# that the process ends with.
BARE = """
import os, sys
folder, missing = sys.argv[1], sys.argv[2].split()

class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, *rest):
        return None if name.split(".")[0] in missing else self.finder.find_spec(name, *rest)

sys.meta_path = [Without(finder) for finder in sys.meta_path]
import torch
from spamlab.cli import main
from spamlab.training import loop, ssn

def fit(network, *rest):
    found = loop.fit(network, *rest)
    torch.save(network.state_dict(), f"{folder}/network{os.environ['RANK']}.pt")
    return found

ssn.fit = fit
raise SystemExit(main(sys.argv[3:]))
"""
MISSING = (
    "matplotlib joblib pooch ipywidgets IPython jupyterlab cv2 transformers pycocotools anywidget pandas"
)


def run(command, **options):
    done = subprocess.run(
        list(map(str, command)), env=ALONE, cwd=ROOT, capture_output=True, text=True, timeout=240, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def state(folder):
    return torch.load(folder / "state.pt", weights_only=True)


def one_process(folder, steps, ranks):
    """Train with the mean gradient of the batches that these processes would have."""
    source, cpu = pictures(scenes(range(1000, 1003))), torch.device("cpu")

    def loss(network, step):
        total = 0.0
        for rank in ranks:
            own = network if rank == 0 else beside(network)
            total = total + training.loss(own, source, RECIPE, (0, step, rank), cpu)
        return total / len(ranks)

    network = training.make(RECIPE).to(memory_format=torch.channels_last)
    keep, schedule = (
        (lambda averaged, file, entry: file.touch()),
        Schedule(steps=steps, validate=99, warm_up=1),
    )
    fit(network, loss, lambda _: {"score": 0.0}, keep, folder, schedule, progress=False)
    return state(folder)


def beside(network):
    """Return the network with other averages of BatchNorm: those of the first process are kept."""
    averages = {name: buffer.clone() for name, buffer in network.named_buffers()}
    return lambda x: functional_call(network, averages, (x,))


def assert_same(found, expected):
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-5, atol=1e-7, msg=name)


def test_each_process_has_its_own_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert processes.device() == torch.device("cuda", 0)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert processes.device() == torch.device("cuda", 1)
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(ValueError, match="more processes than the 2 GPUs.*give --nproc-per-node 2"):
        processes.device()


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun is made for Linux")
def test_two_processes(tmp_path, one_thread):
    """They learn from the mean of their gradients; they need torch and little more; they go on."""
    (tmp_path / "bare.py").write_text(BARE)
    out, oracle = tmp_path / "out", tmp_path / "oracle"
    done = run([*TOGETHER, tmp_path / "bare.py", tmp_path, MISSING, *WORDS, "--steps", 3, "-o", out])
    assert done.stderr.count("learns from:") == done.stdout.count("best weights:") == 1
    assert "in each step: 4 pieces" in done.stderr and "2 processes on cpu" in done.stderr
    assert "curve:        not drawn, for matplotlib is missing\n" in done.stdout
    first, second = (torch.load(tmp_path / f"network{rank}.pt", weights_only=True) for rank in (0, 1))
    learned = [name for name in first if not name.endswith(("running_mean", "running_var"))]
    assert all(torch.equal(first[name], second[name]) for name in learned)
    expected = one_process(oracle, 3, (0, 1))
    assert_same(first, expected["network"])
    assert_same(state(out)["averaged"], expected["averaged"])
    alone = one_process(tmp_path / "alone", 3, (0,))["network"]
    assert (first["scale1.0.0.weight"] - alone["scale1.0.0.weight"]).abs().max() > 1e-3
    done = run([*TOGETHER, "-m", "spamlab.cli", *WORDS, "--steps", 4, "-o", out])
    assert "goes on with the training there" in done.stderr and done.stdout.count("best weights:") == 1
    assert [entry["step"] for entry in log(out)] == [3, 4] and (out / "curve.png").is_file()
    assert_same(state(out)["network"], one_process(oracle, 4, (0, 1))["network"])


def logged(folder, seconds=60):
    """Wait until there is a log, and return its number of lines."""
    end = time.monotonic() + seconds
    while not (folder / "log.jsonl").exists():
        assert time.monotonic() < end, "no validation came"
        time.sleep(0.05)
    return len(log(folder))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without telling it")
def test_told_to_stop(tmp_path, capsys):
    words = [*WORDS, "-o", str(tmp_path / "out"), "--validate", "0.01"]
    command = [sys.executable, "-m", "spamlab.cli", *words, "--steps", "100000"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=ALONE, cwd=ROOT, **pipes) as process:
        logged(tmp_path / "out")
        process.send_signal(signal.SIGTERM)
        said, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and said == "" and "Traceback" not in errors
    assert "out holds the state, nothing is lost; the same command goes on\n" in errors
    saved = state(tmp_path / "out")
    assert saved["step"] > 0 and saved["log"] == log(tmp_path / "out")
    assert saved["step"] == (saved["log"] or [{"step": 0}])[-1]["step"] + len(saved["losses"])
    assert main([*words, "--steps", str(saved["step"] + 1)]) == 0
    shown = capsys.readouterr()
    assert "goes on with the training there" in shown.err
    after = log(tmp_path / "out")
    assert after[: len(saved["log"])] == saved["log"] and after[-1]["step"] == saved["step"] + 1
    assert f'ssn(image, weights="{tmp_path / "out" / "best.safetensors"}")' in shown.out
