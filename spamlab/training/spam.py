"""Training of SPAM: SSN's losses on SPAM's seeds, for superpixels that are more regular."""

import copy
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from spamlab.data import Sample
from spamlab.spam import budgets, of_same_object, place, spam
from spamlab.ssn import Network, deep_features, save
from spamlab.training.recipe import Schedule, SPAMRecipe
from spamlab.training.ssn import How, asa_at_counts, loss, make, run


def train(
    samples: Iterable[Sample],
    validation: Iterable[Sample],
    folder: str | Path,
    recipe: SPAMRecipe = SPAMRecipe(),  # noqa: B008 (frozen)
    schedule: Schedule = Schedule(),  # noqa: B008
    progress: bool = True,
) -> list[dict]:
    """Train the network of SPAM, or go on with a training. No objects are needed.

    The arguments, errors and log are those of `spamlab.training.ssn.train`.
    """
    how = How(make, partial(loss, layout=scattered), validate, save)
    return run(how, samples, validation, Path(folder), recipe, schedule, progress)


def scattered(shape: tuple[int, int], n_segments: int, rng: np.random.Generator) -> tuple:
    """Lay out cells as SPAM does where the whole picture is one object; see `Piece` for what is returned."""
    whole = np.ones(shape, np.int32)
    budget = budgets(whole, n_segments)
    seeds, cells = place(whole, budget, rng)
    owner = np.ones(len(seeds), np.int64)
    return cells, of_same_object(seeds, owner, shape), float(np.sqrt(whole.size / len(seeds)))


@torch.no_grad()
def validate(network: Network, samples: Sequence[Sample]) -> dict[str, float]:
    """Return what `spamlab.training.ssn.validate` does, of SPAM as called by default, without objects."""
    network = copy.deepcopy(network).cpu()

    def cut(image, asked, deep):
        return spam(image, asked, weights=network, features=deep)

    return asa_at_counts(
        samples, cut, lambda image: deep_features(image, network) if network.inputs == 3 else None
    )
