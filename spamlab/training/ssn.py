"""Training of SSN: batches with every annotator's view, random K and compactness, and its validation."""

import copy
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from spamlab.benchmark.summary import interpolate
from spamlab.data import Sample
from spamlab.metrics import asa
from spamlab.ssn import Network, deep_features, load, save, ssn
from spamlab.training import processes
from spamlab.training.folder import settle
from spamlab.training.loop import fit
from spamlab.training.pieces import Layout, draw, on_grid, soft_superpixels, superpixel_loss
from spamlab.training.recipe import Common, Recipe, Schedule
from spamlab.training.samples import Picture, pictures

COUNTS = (100, 200)  # superpixels obtained at which ASA is compared
ASKED = (80, 130, 220)  # the numbers asked for, around them


def train(
    samples: Iterable[Sample],
    validation: Iterable[Sample],
    folder: str | Path,
    recipe: Recipe = Recipe(),  # noqa: B008 (frozen)
    schedule: Schedule = Schedule(),  # noqa: B008
    progress: bool = True,
) -> list[dict]:
    """Train SSN, or go on with a training.

    Parameters
    ----------
    samples : iterable of Sample
        What to learn from.
    validation : iterable of Sample
        What chooses the best weights.
    folder : str or Path
        Where the training lives: see `folder`.
    recipe, schedule, progress
        See `Recipe` and `fit`.

    Returns
    -------
    list of dict
        The log: step, minutes, loss, asa_100, asa_200 (at obtained counts) and score, their mean.

    Raises
    ------
    ValueError
        If the folder holds a training with another recipe or other data, or the schedule has no end.
    KeyboardInterrupt
        If it was stopped; the state is saved, and the same call goes on.
    """
    how = How(make, loss, validate, save)
    return run(how, samples, validation, Path(folder), recipe, schedule, progress)


class How(NamedTuple):
    """What a method brings to `run`.

    Attributes
    ----------
    network : callable
        ``network(recipe)`` returns what to train.
    loss : callable
        ``loss(network, source, recipe, seed, device)``; see `loss`.
    validate : callable
        ``validate(averaged, samples)``; see `validate`.
    save : callable
        ``save(averaged, file, **about)`` writes weights.
    """

    network: Callable
    loss: Callable
    validate: Callable
    save: Callable


def run(
    how: How,
    samples: Iterable[Sample],
    validation: Iterable[Sample],
    folder: Path,
    recipe: Common,
    schedule: Schedule,
    progress: bool,
) -> list[dict]:
    """Train a network of any method; the arguments and errors are those of `train`."""
    with processes.joined() as device:
        rates = {name: getattr(schedule, name) for name in ("rate", "warm_up", "average")}
        _settle(folder, {**asdict(recipe), **rates})
        source, chosen = pictures(samples), list(validation)
        truths = [(one.name, tuple(one.truths.shape)) for one in source]
        names = [(one.name, one.image.shape) for one in chosen]
        _settle(folder, {"data": fingerprint(truths), "validation": fingerprint(names)})
        network = how.network(recipe).to(device, memory_format=torch.channels_last)
        kept = {**asdict(recipe), "start": Path(recipe.start).name}  # folders are nobody's business
        about = {"recipe": kept, "schedule": asdict(schedule), "processes": processes.count()}
        return fit(
            network,
            lambda run, step: how.loss(run, source, recipe, (recipe.seed, step, processes.rank()), device),
            lambda averaged: how.validate(averaged, chosen),
            lambda averaged, file, entry: how.save(averaged, file, **about, entry=entry),
            folder,
            schedule,
            progress,
        )


def _settle(folder: Path, given: dict) -> None:
    if processes.first():
        settle(folder, given)
    processes.wait()


def fingerprint(pictures: list[tuple]) -> str:
    """Return what tells one set of pictures from another: their number, and a hash of names and sizes."""
    return f"{len(pictures)} pictures ({hashlib.sha256(repr(pictures).encode()).hexdigest()[:8]})"


def make(recipe: Recipe) -> Network:
    """Return the network that a training begins with."""
    return begin(lambda: untrained(recipe), load, recipe)


def untrained(recipe: Recipe) -> Network:
    """Return a new network with the layers of a recipe; `start` is not read."""
    middle = sum(recipe.compactness) / 2
    options = {"padding": "replicate", "compactness": middle, "rectify": recipe.ending == "relu"}
    return Network(recipe.inputs, recipe.widths, last_norm=recipe.ending == "norm", **options)


def begin(make: Callable[[], nn.Module], load: Callable, recipe: Common) -> nn.Module:
    """Return the network to begin with; the seed of others' random numbers stays as it is."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = make()
    if recipe.start:
        try:
            network.load_state_dict(load(recipe.start).state_dict())
        except RuntimeError as error:
            raise ValueError(
                f"start={recipe.start!r} is a network of other widths or inputs: {error}"
            ) from error
    return network


def in_bfloat16(precision: str, device: torch.device) -> bool:
    """Tell whether the network runs in bfloat16: "auto" does on a GPU."""
    return precision == "bfloat16" or (precision == "auto" and device.type == "cuda")


def loss(
    network: nn.Module,
    source: list[Picture],
    recipe: Recipe,
    seed: tuple,
    device: torch.device,
    layout: Layout = on_grid,
) -> Tensor:
    """Return the loss of one batch: reconstruction and, a little, compactness (SSN, section 4.2)."""
    piece = draw(source, recipe, seed, device, layout)
    seen = piece.colour
    if recipe.inputs == 5:
        shape = (recipe.size, recipe.size)
        where = piece.position.T.reshape(1, 2, *shape).expand(recipe.count, -1, -1, -1)
        seen = torch.cat([seen, where], dim=1)
    with torch.autocast(device.type, torch.bfloat16, enabled=in_bfloat16(recipe.precision, device)):
        deep = network(seen)
    return superpixel_loss(piece, *soft_superpixels(piece, deep.float(), recipe), recipe)


@torch.no_grad()
def validate(network: Network, samples: Sequence[Sample], m: float | None = None) -> dict[str, float]:
    """Return the mean ASA at equal numbers of superpixels obtained, and their mean as "score".

    Raises
    ------
    ValueError
        If the pictures are too small for so many superpixels.
    """
    network = copy.deepcopy(network).cpu()
    m = m or network.compactness

    def cut(image, asked, deep):
        return ssn(image, asked, m, weights=network, features=deep)

    return asa_at_counts(
        samples, cut, lambda image: deep_features(image, network) if network.inputs == 3 else None
    )


def asa_at_counts(
    samples: Sequence[Sample], cut: Callable, features: Callable, numbers: Sequence[int] = ASKED
) -> dict[str, float]:
    """Return what `validate` does: ``cut(image, n_segments, features(image))`` gives the superpixels."""
    obtained, scores = [], []
    for sample in samples:
        deep = features(sample.image)
        for asked in numbers:
            labels = cut(sample.image, asked, deep)
            obtained.append(int(labels.max()) + 1)
            scores.append(np.mean([asa(labels, truth) for truth in sample.truths]))
    obtained, scores = (np.reshape(v, (-1, len(numbers))).mean(0) for v in (obtained, scores))
    values = interpolate(COUNTS, obtained, scores)
    if not np.isfinite(values).all():
        raise ValueError(
            f"validation pictures were cut into {obtained.min():.0f} to {obtained.max():.0f} superpixels, "
            f"expected to span {COUNTS[0]} to {COUNTS[1]}; take larger pictures"
        )
    found = {f"asa_{n}": round(float(v), 5) for n, v in zip(COUNTS, values, strict=True)}
    return {**found, "score": round(float(values.mean()), 5)}
