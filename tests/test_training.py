"""The loop of training on a toy network: it learns, stops anywhere, and goes on as if it had not stopped."""

import os
import signal
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from spamlab._threads import one_thread
from spamlab.training import loop
from spamlab.training.loop import State, fit, log
from spamlab.training.recipe import Schedule

STEPS = 6


@pytest.fixture(autouse=True, scope="module")
def on_one_thread():
    """Compute the same bits twice; the module's own fixtures, too."""
    with one_thread():
        yield


def toy(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))


def numbers(step, count=16):
    x = np.random.default_rng((7, step)).standard_normal((count, 3)).astype(np.float32)
    return torch.from_numpy(x), torch.from_numpy(np.sin(x).sum(1, keepdims=True))


def toy_loss(network, step):
    x, y = numbers(step)
    return (network(x) - y).square().mean()


@torch.no_grad()
def toy_validate(averaged):
    assert not averaged.training
    x, y = numbers(10**6, 256)
    return {"score": -float((averaged(x) - y).square().mean())}


def toy_keep(averaged, file, entry):
    save_file({**averaged.state_dict(), "step": torch.tensor(entry["step"])}, file)


def train(folder, steps=STEPS, minutes=0.0, seed=0, rate=1e-2, **changed):
    """Train the toy, with a validation after every step or after so many minutes."""
    parts = {"loss": toy_loss, "validate": toy_validate, "keep": toy_keep, **changed}
    schedule = Schedule(rate=rate, steps=steps, validate=minutes, warm_up=3)
    return fit(toy(seed), **parts, folder=folder, schedule=schedule, progress=False)


def content(folder):
    """Return what a training has made, as plain values, without what it took in time."""
    state = torch.load(folder / "state.pt", weights_only=True)
    state = {name: state[name] for name in ("network", "averaged", "optimizer", "step", "losses", "log")}
    found = plain({**state, "best": load_file(folder / "best.safetensors"), "lines": log(folder)})
    for entry in found["log"] + found["lines"]:
        entry.pop("minutes")
    return found


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


@pytest.fixture(scope="module", params=[0.0, 99.0], ids=["many validations", "one validation"])
def whole(request, tmp_path_factory):
    """Return minutes between validations, and what a training without a stop makes."""
    folder = tmp_path_factory.mktemp("whole")
    train(folder, minutes=request.param)
    return request.param, content(folder)


# ---- it learns


def test_the_loss_falls_and_the_best_is_kept(tmp_path):
    entries = train(tmp_path, 60)
    errors = [-entry["score"] for entry in entries]
    assert errors[-1] < 0.5 * errors[0]
    assert entries[0]["loss"] == pytest.approx(float(toy_loss(toy(), 0).detach()), abs=1e-5)
    assert [entry["step"] for entry in entries] == list(range(1, 61))
    best = max(entries, key=lambda entry: entry["score"])
    assert load_file(tmp_path / "best.safetensors")["step"] == best["step"]
    assert log(tmp_path) == entries


def test_averaged_weights(tmp_path):
    seen = []

    def loss(network, step):
        seen.append(network[0].weight.detach().clone())
        return toy_loss(network, step)

    train(tmp_path, loss=loss, steps=40)
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    seen.append(state["network"]["0.weight"])
    expected = seen[0]
    for step, new in enumerate(seen[1:], 1):
        share = min(0.998, step / (step + 10))
        expected = share * expected + (1 - share) * new
    torch.testing.assert_close(state["averaged"]["0.weight"], expected)
    assert not torch.allclose(seen[-1], expected, atol=1e-4)


def test_the_learning_rate_reaches_adam(tmp_path):
    train(tmp_path)
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    expected = Schedule(rate=1e-2, warm_up=3).rate_at(STEPS - 1, (STEPS - 1) / STEPS)
    assert state["optimizer"]["param_groups"][0]["lr"] == expected


def test_the_seed_decides(tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        train(tmp_path / name, seed=seed)
    assert content(tmp_path / "a") == content(tmp_path / "b")
    assert content(tmp_path / "a")["network"] != content(tmp_path / "c")["network"]


# ---- it stops, and goes on as if it had not


def raising(at):
    """Return a loss that is interrupted, after the network has run, in one step."""

    def loss(network, step):
        value = toy_loss(network, step)
        if step == at:
            raise KeyboardInterrupt
        return value

    return {"loss": loss}


def signalled(number, at):
    def loss(network, step):
        if step == at:
            signal.raise_signal(number)
        return toy_loss(network, step)

    return {"loss": loss}


def signalled_in_validation(averaged):
    signal.raise_signal(signal.SIGINT)
    raise AssertionError("it goes on")


# what is interrupted, and the step that must be saved (None: the first that is validated)
STOPS = {
    "raised in the loss": (raising(3), 3),
    "raised in the first step": (raising(0), 0),
    "Ctrl-C": (signalled(signal.SIGINT, 3), 4),
    "SIGTERM": (signalled(signal.SIGTERM, 3), 4),
    "Ctrl-C in a validation": ({"validate": signalled_in_validation}, None),
}


@pytest.mark.parametrize("name", STOPS)
def test_nothing_is_lost_by_a_stop(whole, tmp_path, name):
    changed, step = STOPS[name]
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, minutes=whole[0], **changed)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    if step is None:
        step = 1 if whole[0] == 0 else STEPS
    assert torch.load(tmp_path / "state.pt", weights_only=True)["step"] == step
    train(tmp_path, minutes=whole[0], seed=1)  # another network: all must come from the state
    assert content(tmp_path) == whole[1]


def test_nothing_is_lost_by_many_stops(whole, tmp_path):
    for step in range(STEPS):
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path, minutes=whole[0], seed=step, **raising(step))
    train(tmp_path, minutes=whole[0], seed=9)
    assert content(tmp_path) == whole[1]
    assert train(tmp_path, minutes=whole[0]) == log(tmp_path) and content(tmp_path) == whole[1]  # it is over


def crashing(real, at, half=lambda *_: None):
    """Return a function that raises in one call, `half` done."""
    calls = iter(range(10**6))

    def function(*arguments):
        if next(calls) != at:
            return real(*arguments)
        half(*arguments)
        raise RuntimeError("no power")

    return function


def half_a_file(value, file, *_):
    file.write_bytes(b"half")


CALLS = {"save": 2, "keep": 1, "rename": 5, "log": 2, "validate": 1}  # in the first validations


@pytest.mark.parametrize(("where", "at"), [(name, at) for name, n in CALLS.items() for at in range(n)])
def test_nothing_is_mixed_up_by_a_crash(whole, tmp_path, monkeypatch, where, at):
    """The power fails in the first or the third validation; what was saved before is gone on from."""
    changed, at = {}, at + 2 * CALLS[where] * (whole[0] == 0)
    with monkeypatch.context() as patch:
        if where == "save":
            patch.setattr(torch, "save", crashing(torch.save, at, half_a_file))
        elif where == "rename":
            patch.setattr(os, "replace", crashing(os.replace, at))
        elif where == "log":
            patch.setattr(State, "_write_log", crashing(State._write_log, at))
        elif where == "keep":
            changed = {"keep": crashing(toy_keep, at, half_a_file)}
        else:
            changed = {"validate": crashing(toy_validate, at)}
        with pytest.raises(RuntimeError, match="no power"):
            train(tmp_path, minutes=whole[0], **changed)
    saved = (tmp_path / "state.pt").exists()
    assert saved or (whole[0] > 0 and at == 0)
    train(tmp_path, minutes=whole[0], seed=int(saved))
    assert content(tmp_path) == whole[1]


def test_other_steps_go_on_too(tmp_path):
    train(tmp_path, 3)
    assert [entry["step"] for entry in train(tmp_path, 5)] == [1, 2, 3, 4, 5]


def test_outside_the_main_thread(tmp_path):
    thread = threading.Thread(target=train, args=(tmp_path,))
    thread.start()
    thread.join()
    assert len(log(tmp_path)) == STEPS


# ---- its time


def test_the_budget_leaves_validations_and_pauses_out(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def loss(network, step, at=None):
        now[0] += 60
        if step == at:
            raise KeyboardInterrupt
        return toy_loss(network, step)

    def validate(averaged):
        now[0] += 10_000
        return toy_validate(averaged)

    schedule = Schedule(budget=5, validate=2)
    options = {"folder": tmp_path, "schedule": schedule, "progress": False}
    with pytest.raises(KeyboardInterrupt):
        fit(toy(), lambda n, step: loss(n, step, at=3), validate, toy_keep, **options)
    now[0] += 10_000
    entries = fit(toy(), loss, validate, toy_keep, **options)
    assert [(entry["step"], entry["minutes"]) for entry in entries] == [(2, 2.0), (4, 4.0), (5, 5.0)]


# ---- what cannot be


def test_no_end(tmp_path):
    with pytest.raises(ValueError, match="neither steps nor a budget is given.*give one"):
        fit(toy(), toy_loss, toy_validate, toy_keep, tmp_path, Schedule(), progress=False)


@pytest.mark.parametrize("place", ["file", "file/in"])
def test_the_folder_is_a_file(tmp_path, place):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="file is, or lies in, a file; expected a folder|in is, or lies in"):
        train(tmp_path / place)
