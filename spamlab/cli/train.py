"""``spamlab train``: what will happen, the training, and what came of it.

Under ``torchrun`` each process runs this, and the first one prints.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from spamlab.cli.learning import BUDGET, SCENES
from spamlab.data import Sample, bsds500
from spamlab.segments import Network as TwoHeads
from spamlab.ssn import Network
from spamlab.training import processes, segments, spam, ssn
from spamlab.training.recipe import Common, Recipe, Schedule, SegmentsRecipe, SPAMRecipe
from spamlab.training.samples import scenes

TRAINING, VALIDATION = 1000, 2000  # seeds of the first scenes
CURVES = {"asa_100": "ASA at 100", "asa_200": "ASA at 200", "f": "F", "pri": "PRI"}  # numbers of a log


class Method(NamedTuple):
    """What can be trained.

    Attributes
    ----------
    training : module
        Its `train` does the work.
    recipe : type
        What decides a training.
    network : callable
        ``network(recipe)`` returns what will learn, without weights of a file.
    use : str
        How to use the weights; braces hold the file, and numbers of the log.
    """

    training: ModuleType
    recipe: type[Common]
    network: Callable[[Common], Network | TwoHeads]
    use: str


METHODS = {
    "ssn": Method(
        ssn,
        Recipe,
        ssn.untrained,
        'ssn(image, weights="{file}")',
    ),
    "spam": Method(
        spam,
        SPAMRecipe,
        ssn.untrained,
        'spam(image, weights="{file}")',
    ),
    "segments": Method(
        segments,
        SegmentsRecipe,
        lambda recipe: TwoHeads(recipe.norm, recipe.shared, recipe.concat, recipe.widths),
        'segments(image, weights="{file}")',
    ),
}


def run(arguments: argparse.Namespace) -> int:
    """Train and report; return 0, or 130 if it was stopped."""
    method = METHODS[arguments.method]
    recipe = method.recipe(**chosen(method.recipe, arguments))
    schedule = Schedule(**chosen(Schedule, arguments))
    by_default = schedule.steps is None and schedule.budget is None
    if by_default:
        schedule = replace(schedule, budget=BUDGET)
    folder = Path(arguments.output)
    samples, validation, plan = data(arguments)
    plan += _plan(method.network(recipe), recipe, schedule, folder, by_default)
    learn = partial(method.training.train, samples, validation, folder, recipe, schedule)
    return follow(plan, folder, method.use, learn)


def follow(plan: list[str], folder: Path, use: str, train: Callable[[], list[dict]]) -> int:
    """Say what will happen, train, and report; return 0, or 130 if it was stopped."""
    if processes.first():
        print("\n".join(plan), file=sys.stderr, flush=True)
    try:
        log = train()
    except KeyboardInterrupt:
        if processes.first():
            saved = (folder / "state.pt").is_file()
            said = f"{folder} holds the state, nothing is lost" if saved else "before the first step"
            print(f"\nstopped: {said}; the same command goes on", file=sys.stderr)
        return 130
    if processes.first():
        print("\n".join([_table(log), *_files(log, folder, use)]))
    return 0


def chosen(recipe: type, arguments: argparse.Namespace) -> dict:
    """Return the values of the fields of a recipe."""
    values = {field.name: getattr(arguments, field.name) for field in fields(recipe)}
    return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}


def data(arguments: argparse.Namespace) -> tuple[Iterable[Sample], Iterable[Sample], list[str]]:
    """Return what to learn from, what to validate on, and lines that say so."""
    folder, count, every = arguments.data, arguments.scenes, arguments.validation_every
    for name, value in (("scenes", count), ("validation-every", every)):
        if value is not None and value < 1:
            raise ValueError(f"--{name} {value}, expected at least 1")
    if folder is None:
        count = count or SCENES
        seeds = range(VALIDATION, VALIDATION + SCENES, every)
        samples, validation = scenes(range(TRAINING, TRAINING + count)), scenes(seeds)
        what = f"{count} synthetic scenes", f"{len(seeds)} other scenes"
    elif count is not None:
        raise ValueError(f"--scenes {count} with --data {folder}, expected one of them: scenes replace data")
    else:
        samples, validation = bsds500(folder, "train"), bsds500(folder, "val")[::every]
        what = f"{len(samples)} pictures of BSDS500 train", f"{len(validation)} pictures of val"
    return samples, validation, [f"learns from:  {what[0]}", f"validates on: {what[1]}"]


def _plan(
    network: Network | TwoHeads, recipe: Common, schedule: Schedule, folder: Path, by_default: bool
) -> list[str]:
    """Say what will happen."""
    device, together = processes.device(), processes.count()
    numbers = sum(parameter.numel() for parameter in network.parameters())
    precision = "bfloat16" if ssn.in_bfloat16(recipe.precision, device) else "float32"
    where = f"{together} processes on {device.type}" if together > 1 else f"1 process on {device.type}"
    end = f"{schedule.steps} steps" if schedule.steps else f"{schedule.budget:g} minutes"
    end += " (give --budget or --steps for another end)" if by_default else ""
    each = f"{recipe.size} x {recipe.size} pixels, up to {recipe.annotators} annotators each"
    return [
        f"in each step: {recipe.count * together} pieces of {each}",
        f"network:      {numbers:,} parameters, {precision}, {where}",
        f"until:        {end}; validates every {schedule.validate:g} minutes",
        where_it_lives(folder),
    ]


def where_it_lives(folder: Path) -> str:
    """Return the line that tells whether a training goes on."""
    old = (folder / "state.pt").is_file()
    return f"folder:       {folder}, {'goes on with the training there' if old else 'a new training'}"


def _table(log: list[dict]) -> str:
    """Return the validations, one per line, under the names of their numbers."""
    names = list(log[0])
    rows = [names, *([f"{entry[name]:g}" for name in names] for entry in log)]
    return "\n".join("  ".join(f"{cell:>9}" for cell in row) for row in rows)


def _files(log: list[dict], folder: Path, use: str) -> list[str]:
    """Draw the curve; return lines that say what there is and how to use it."""
    best = max(log, key=lambda entry: entry["score"])
    weights = folder / "best.safetensors"
    return [
        f"best weights: {weights} (score {best['score']:.4f} at step {best['step']})",
        f"use them:     {use.format(file=weights, **best)}",
        f"curve:        {_curve(log, best, folder / 'curve.png')}",
    ]


def _curve(log: list[dict], best: dict, file: Path) -> str:
    """Draw the scores over the steps; return where, or why not."""
    try:
        from spamlab.plot import curve
    except ImportError as error:
        return f"not drawn, for {error.name} is missing"
    drawn = {name: said for name, said in CURVES.items() if name in log[0]}
    series = {said: [entry[name] for entry in log] for name, said in drawn.items()}
    values = (f"{said} {log[0][name]:.3f} and {best[name]:.3f}" for name, said in drawn.items())
    text = (
        f"The averaged weights on validation pictures over {log[-1]['step']} steps; at first and at best: "
        f"{', '.join(values)}."
    )
    return str(curve([entry["step"] for entry in log], series, "step", "score", text).save(file))
