"""Training of SSN: batches with every annotator's view, random K and compactness, and its validation."""

import copy
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spamlab import seeds
from spamlab.benchmark.summary import interpolate
from spamlab.candidates import grid_neighbours
from spamlab.cluster import cluster, group_means
from spamlab.data import Sample
from spamlab.features import positions
from spamlab.metrics import asa
from spamlab.ssn import Network, compactness, deep_features, load, reconstruction, save, ssn
from spamlab.ssn.method import COLOUR
from spamlab.training import processes
from spamlab.training.folder import settle
from spamlab.training.loop import fit
from spamlab.training.recipe import Recipe, Schedule
from spamlab.training.samples import Picture, batch, pictures

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
    folder = Path(folder)
    with processes.joined() as device:
        rates = {name: getattr(schedule, name) for name in ("rate", "warm_up", "average")}
        _settle(folder, {**asdict(recipe), **rates})
        source, chosen = pictures(samples), list(validation)
        truths = [(one.name, tuple(one.truths.shape)) for one in source]
        names = [(one.name, one.image.shape) for one in chosen]
        _settle(folder, {"data": _fingerprint(truths), "validation": _fingerprint(names)})
        network = _network(recipe).to(device, memory_format=torch.channels_last)
        kept = {**asdict(recipe), "start": Path(recipe.start).name}  # folders are nobody's business
        about = {"recipe": kept, "schedule": asdict(schedule), "processes": processes.count()}
        return fit(
            network,
            lambda run, step: loss(run, source, recipe, (recipe.seed, step, processes.rank()), device),
            lambda averaged: validate(averaged, chosen),
            lambda averaged, file, entry: save(averaged, file, **about, entry=entry),
            folder,
            schedule,
            progress,
        )


def _settle(folder: Path, given: dict) -> None:
    if processes.first():
        settle(folder, given)
    processes.wait()


def _fingerprint(pictures: list[tuple]) -> str:
    """Return what tells one set of pictures from another: their number, and a hash of names and sizes."""
    return f"{len(pictures)} pictures ({hashlib.sha256(repr(pictures).encode()).hexdigest()[:8]})"


def _network(recipe: Recipe) -> Network:
    """Return the network to begin with; the seed of others' random numbers stays as it is."""
    middle = sum(recipe.compactness) / 2
    options = {"padding": "replicate", "compactness": middle, "rectify": recipe.ending == "relu"}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = Network(recipe.inputs, recipe.widths, **options)
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
    network: nn.Module, source: list[Picture], recipe: Recipe, seed: tuple, device: torch.device
) -> Tensor:
    """Return the loss of one batch: reconstruction and, a little, compactness (SSN, section 4.2)."""
    rng = np.random.default_rng((*seed, 1))
    step, m = rng.uniform(*recipe.step), rng.uniform(*recipe.compactness)
    colour, truth = batch(source, recipe.size, recipe.count, recipe.annotators, recipe.scale, seed)
    colour = (colour.to(device) * COLOUR).contiguous(memory_format=torch.channels_last)
    shape = (recipe.size, recipe.size)
    _, cells, step = seeds.grid(shape, max(1, round(recipe.size**2 / step**2)))
    position = torch.from_numpy(positions(shape) * np.float32(COLOUR * m / step)).to(device)
    seen = colour
    if recipe.inputs == 5:
        where = position.T.reshape(1, 2, *shape).expand(recipe.count, -1, -1, -1)
        seen = torch.cat([colour, where], dim=1)
    with torch.autocast(device.type, torch.bfloat16, enabled=in_bfloat16(recipe.precision, device)):
        deep = network(seen)
    F = batch_features(deep.float(), colour, position)
    found = cluster(F, *batch_start(F, cells, recipe.count), recipe.n_iter)
    value = reconstruction(found, truth.to(device))
    if recipe.regular:
        value = value + recipe.regular * compactness(found, F[:, -2:], recipe.reduction)
    return value


def batch_features(deep: Tensor, colour: Tensor, position: Tensor) -> Tensor:
    """Return F of a batch, the pictures one after the other: (B * H * W, C + 5).

    Parameters
    ----------
    deep, colour : (B, C, H, W) and (B, 3, H, W) Tensor
        Learned features, and Lab as scaled in F.
    position : (H * W, 2) Tensor
        As scaled in F, the same for all.
    """
    both = torch.cat([deep, colour], dim=1).permute(0, 2, 3, 1).flatten(0, 2)
    return torch.cat([both, position.repeat(len(deep), 1)], dim=1)


def batch_start(F: Tensor, cells: NDArray[np.int32], count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return centres, candidates and groups as `ssn.start` does, for `count` pictures with the same cells.

    The cells of each picture are numbered on from those before, so pictures share no candidate.
    """
    own = grid_neighbours(cells)
    offsets = np.arange(count)[:, None, None] * len(own)
    candidates = np.where(own < 0, -1, own + offsets).reshape(-1, 9)
    group = torch.from_numpy((cells + offsets).ravel()).to(F.device)
    S = group_means(F, group, F.new_zeros(len(candidates), F.shape[1]))
    return S, torch.from_numpy(candidates).to(F.device), group


@torch.no_grad()
def validate(network: Network, samples: Sequence[Sample], m: float | None = None) -> dict[str, float]:
    """Return the mean ASA at equal numbers of superpixels obtained, and their mean as "score".

    Raises
    ------
    ValueError
        If the pictures are too small for so many superpixels.
    """
    network = copy.deepcopy(network).cpu()
    obtained, scores = [], []
    for sample in samples:
        deep = deep_features(sample.image, network) if network.inputs == 3 else None
        for asked in ASKED:
            labels = ssn(sample.image, asked, m or network.compactness, weights=network, features=deep)
            obtained.append(int(labels.max()) + 1)
            scores.append(np.mean([asa(labels, truth) for truth in sample.truths]))
    obtained, scores = (np.reshape(v, (-1, len(ASKED))).mean(0) for v in (obtained, scores))
    values = interpolate(COUNTS, obtained, scores)
    if not np.isfinite(values).all():
        raise ValueError(
            f"validation pictures were cut into {obtained.min():.0f} to {obtained.max():.0f} superpixels, "
            f"expected to span {COUNTS[0]} to {COUNTS[1]}; take larger pictures"
        )
    found = {f"asa_{n}": round(float(v), 5) for n, v in zip(COUNTS, values, strict=True)}
    return {**found, "score": round(float(values.mean()), 5)}
