"""The loop that trains any network of the course: it stops when told, and goes on where it stopped.

A training lives in a folder, see `folder`. Nothing is lost by a stop: a training that went on has the same
network, averaged weights and log as one that was never stopped (bit by bit where torch computes the same
twice: one thread of a CPU).
"""

import copy
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from spamlab.training import processes
from spamlab.training.folder import make, replace
from spamlab.training.recipe import Schedule
from spamlab.training.stop import Stop

MODULES = ("network", "averaged", "optimizer")
VALUES = ("step", "seconds", "validated", "losses", "log")


@dataclass
class State:
    """Where a training stands.

    Attributes
    ----------
    network, averaged, optimizer
        What learns, its averaged weights, and Adam.
    step : int
        Steps that were taken.
    seconds : float
        Time they took, validations not counted.
    validated : float
        The seconds at the last validation.
    losses : list of float
        Of the steps since then.
    log : list of dict
        One entry per validation.
    """

    network: nn.Module
    averaged: nn.Module
    optimizer: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0
    validated: float = 0.0
    losses: list[float] = field(default_factory=list)
    log: list[dict] = field(default_factory=list)

    def save(self, folder: Path) -> None:
        """Write everything needed to go on, then the log for readers."""
        modules = {name: getattr(self, name).state_dict() for name in MODULES}
        values = {name: getattr(self, name) for name in VALUES}
        replace(folder / "state.pt", partial(torch.save, {**modules, **values}))
        self._write_log(folder)

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        found = torch.load(folder / "state.pt", map_location="cpu", weights_only=True)
        for name in MODULES:
            getattr(self, name).load_state_dict(found[name])
        for name in VALUES:
            setattr(self, name, found[name])
        if processes.first():
            self._write_log(folder)  # it may have stopped between the two files

    def _write_log(self, folder: Path) -> None:
        text = "".join(json.dumps(entry) + "\n" for entry in self.log)
        replace(folder / "log.jsonl", lambda new: new.write_text(text, encoding="utf-8"))


def fit(
    network: nn.Module,
    loss: Callable[[nn.Module, int], Tensor],
    validate: Callable[[nn.Module], dict[str, float]],
    keep: Callable[[nn.Module, Path, dict], None],
    folder: Path,
    schedule: Schedule,
    progress: bool = True,
) -> list[dict]:
    """Train until the schedule ends; with a state in `folder`, go on from it.

    Ctrl-C and SIGTERM let the step end, save the state and raise KeyboardInterrupt. Under ``torchrun`` every
    process calls this with the same arguments: gradients are averaged, and the first process validates,
    writes and measures the time for all.

    Parameters
    ----------
    network : Module
        What to train, in place.
    loss : callable
        ``loss(network, step)`` returns the loss of one batch; it must depend on nothing else.
    validate : callable
        ``validate(averaged)`` returns numbers for the log; "score" is the one to be large.
    keep : callable
        ``keep(averaged, file, entry)`` writes the weights that validated best.
    folder : Path
        Where the training lives.
    schedule : Schedule
    progress : bool
        Whether to show a bar (in a terminal) and a line for each validation.

    Returns
    -------
    list of dict
        The log, one entry per validation; its loss is the mean over the steps before. Empty in other
        processes than the first.

    Raises
    ------
    ValueError
        If the schedule has no end.
    KeyboardInterrupt
        If it was stopped; the state is saved.
    """
    if schedule.steps is None and schedule.budget is None:
        raise ValueError("neither steps nor a budget is given, so the training would never end; give one")
    state = begin(network, folder)
    say = partial(tqdm.write, file=sys.stderr) if progress and processes.first() else None
    with Stop() as stop:
        finish = partial(validate_and_save, state, validate, keep, folder, stop, say)
        try:
            _train(state, loss, schedule, finish, stop, progress_bar(say is not None))
        except KeyboardInterrupt:
            if processes.first():
                state.save(folder)
            raise
    return state.log


def log(folder: str | Path) -> list[dict]:
    """Return the entries of the training in a folder, one per validation."""
    file = Path(folder) / "log.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def begin(network: nn.Module, folder: Path) -> State:
    """Return the state of a new training, or of the one in the folder; Adam's rate is set by the loop."""
    if processes.first():
        make(folder)
    state = State(network, copy.deepcopy(network).eval(), torch.optim.Adam(network.parameters()))
    if (folder / "state.pt").is_file():
        state.load(folder)
    processes.wait()  # no process writes before all have read
    return state


def progress_bar(shown: bool) -> tqdm:
    """Return a bar from 0 to 1, hidden where nothing is to be shown or there is no terminal."""
    return tqdm(total=1.0, disable=None if shown else True, bar_format="{l_bar}{bar}| {elapsed}{postfix}")


def _train(state: State, loss, schedule: Schedule, finish: Callable[[], None], stop: Stop, bar: tqdm) -> None:
    run = DistributedDataParallel(state.network) if processes.count() > 1 else state.network
    began = time.monotonic() - state.seconds
    with bar:
        while True:
            done = schedule.progress(state.step, state.seconds)
            due = done >= 1 or state.seconds - state.validated >= 60 * schedule.validate
            if due and state.losses:
                finish()
                began = time.monotonic() - state.seconds  # validation does not count as training
            if done >= 1:
                return
            for group in state.optimizer.param_groups:
                group["lr"] = schedule.rate_at(state.step, done)
            state.losses.append(_step(state, run, loss, schedule.average))
            state.seconds, stopping = processes.agree(time.monotonic() - began, stop.asked)
            bar.set_postfix_str(f"step {state.step}, loss {state.losses[-1]:.4f}", refresh=False)
            bar.update(schedule.progress(state.step, state.seconds) - bar.n)
            if stopping:
                raise KeyboardInterrupt


def _step(state: State, run: nn.Module, loss: Callable, average: float) -> float:
    buffers = [buffer.clone() for buffer in state.network.buffers()]
    try:
        run.train()
        value = loss(run, state.step)
        state.optimizer.zero_grad(set_to_none=True)
        value.backward()
    except KeyboardInterrupt:  # so far the step has changed nothing but the averages of BatchNorm
        for buffer, before in zip(state.network.buffers(), buffers, strict=True):
            buffer.copy_(before)
        raise
    state.optimizer.step()
    state.step += 1
    share = 1 - min(average, state.step / (state.step + 10))
    with torch.no_grad():
        new = state.network.state_dict()
        for name, old in state.averaged.state_dict().items():
            if old.is_floating_point():
                old.lerp_(new[name], share)
            else:
                old.copy_(new[name])
    return float(value.detach())


def validate_and_save(
    state: State, validate: Callable, keep: Callable, folder: Path, stop: Stop, say: Callable | None
) -> None:
    """Let the first process validate and save; the others wait. The arguments are those of `fit`.

    ``say(line)`` prints a line, if there is one; a stop that `stop` notes ends the validation at once.
    """
    if processes.first():
        state.save(folder)  # a stop from here on loses nothing: the validation is made when it goes on
        with stop.at_once():
            found = validate(state.averaged)
        loss = round(sum(state.losses) / len(state.losses), 5)
        entry = {"step": state.step, "minutes": round(state.seconds / 60, 2), "loss": loss, **found}
        if entry["score"] > max((one["score"] for one in state.log), default=-math.inf):
            replace(folder / "best.safetensors", lambda new: keep(state.averaged, new, entry))
        state.log.append(entry)
    state.losses, state.validated = [], state.seconds
    if processes.first():
        state.save(folder)
        if say is not None:
            say(", ".join(f"{name} {value}" for name, value in entry.items()))
    try:
        processes.wait()
    except RuntimeError as error:  # the first process is gone
        if stop.asked:
            raise KeyboardInterrupt from error
        raise
