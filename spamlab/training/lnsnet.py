"""Training of LNS-Net: one picture after another, each once, without labels; and one picture more, later.

It goes on where it stopped with the same weights, bit by bit (on one thread of a CPU): the state is saved
after each picture, and a stop inside one forgets the steps on that picture alone.
"""

import copy
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike
from tqdm import tqdm

from spamlab._arguments import whole_number
from spamlab.data import Sample
from spamlab.features import as_image, lab
from spamlab.lnsnet import Network, deep_features, lnsnet, load, save
from spamlab.lnsnet.method import smaller
from spamlab.lnsnet.weights import as_network
from spamlab.training import processes
from spamlab.training.folder import settle
from spamlab.training.lnsnet_recipe import LNSNetRecipe
from spamlab.training.lnsnet_steps import learn, view
from spamlab.training.loop import State, begin, progress_bar, validate_and_save
from spamlab.training.ssn import asa_at_counts, fingerprint
from spamlab.training.ssn import begin as new_network
from spamlab.training.stop import Stop

ASKED = (20, 40, 80, 160)  # in a validation; up to three times as many superpixels come out


def adapt(
    image: ArrayLike,
    weights: str | Path | Network = "lnsnet",
    recipe: LNSNetRecipe = LNSNetRecipe(),  # noqa: B008 (frozen)
    times: int = 1,
    progress: bool = False,
) -> Network:
    """Learn one picture more: what a network that is used among unfamiliar pictures does.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts.
    weights : str, Path or Network
        Where to begin; it stays as it is.
    recipe : LNSNetRecipe
        How to learn; embedder, start, passes, average and seed play no part, and the network knows whether
        its seeds walk.
    times : int
        How often to learn it, 50 steps each by default.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    Network
        A new one, in evaluation mode, on the CPU. `lnsnet(image, weights=...)` takes it.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range, or the image is not a picture.
    FileNotFoundError
        If there are no such weights.
    """
    times = whole_number("times", times, "1 or more", 1)
    colour = smaller(lab(as_image(image)), recipe.scale)
    network = copy.deepcopy(as_network(weights)).to(processes.device())
    optimizer = torch.optim.Adam(network.parameters(), recipe.rate)
    seen = view(colour, recipe.contours, network.memory.device)
    steps = times * (recipe.features + recipe.seeds * (network.shift > 0))
    with tqdm(total=steps, unit="step", disable=not progress) as bar:
        for _ in range(times):
            learn(network, optimizer, seen, recipe, bar.update)
    return network.cpu().eval()


def train(
    samples: Iterable[Sample],
    validation: Iterable[Sample],
    folder: str | Path,
    recipe: LNSNetRecipe = LNSNetRecipe(),  # noqa: B008 (frozen)
    every: int = 25,
    progress: bool = True,
) -> list[dict]:
    """Train LNS-Net on one picture after another, or go on with a training.

    Parameters
    ----------
    samples : iterable of Sample
        What to learn from; the truths are not looked at. The recipe's seed decides the order.
    validation : iterable of Sample
        What chooses the best weights.
    folder : str or Path
        Where the training lives: see `folder`.
    recipe : LNSNetRecipe
    every : int
        Pictures between validations; there is one at the end, too.
    progress : bool
        Whether to show a bar (in a terminal) and a line for each validation.

    Returns
    -------
    list of dict
        The log: step (pictures learned), minutes, loss (the mean over the steps on features since the last
        entry), asa_100, asa_200 (at obtained counts) and score, their mean.

    Raises
    ------
    ValueError
        If the folder holds a training with another recipe or other data, there is no picture, or several
        processes are started: pictures come one after another.
    KeyboardInterrupt
        If it was stopped; the same call goes on with the picture that it was at.
    """
    every = whole_number("every", every, "1 or more pictures", 1)
    if processes.count() > 1:
        raise ValueError(f"{processes.count()} processes, expected 1: pictures are learned one after another")
    folder, chosen = Path(folder), list(validation)
    source = [(one.name, smaller(lab(one.image), recipe.scale)) for one in samples]
    if not source:
        raise ValueError("there are 0 pictures to learn from, expected at least 1")
    names = [(name, colour.shape) for name, colour in source]
    data = {"data": names, "validation": [(one.name, one.image.shape) for one in chosen]}
    settle(folder, {**asdict(recipe), **{name: fingerprint(values) for name, values in data.items()}})
    state = begin(new(recipe).to(processes.device()), folder)
    kept = {**asdict(recipe), "start": Path(recipe.start).name}  # folders are nobody's business
    with Stop() as stop:
        finish = partial(
            validate_and_save,
            state,
            lambda averaged: validate(averaged, chosen),
            lambda averaged, file, entry: save(averaged, file, recipe=kept, entry=entry),
            folder,
            stop,
            partial(tqdm.write, file=sys.stderr) if progress else None,
        )
        _go_on(state, source, recipe, folder, every, finish, stop, progress_bar(progress))
    return state.log


def new(recipe: LNSNetRecipe) -> Network:
    """Return the network that a training begins with."""
    return new_network(lambda: Network(recipe.embedder, float(recipe.variant > 1)), load, recipe)


def _go_on(
    state: State, source: list, recipe: LNSNetRecipe, folder: Path, every: int, finish, stop: Stop, bar: tqdm
) -> None:
    for group in state.optimizer.param_groups:
        group["lr"] = recipe.rate
    total = recipe.passes * len(source)
    device = state.network.memory.device
    with bar:
        while True:
            bar.update(state.step / total - bar.n)
            if state.losses and (state.step == total or state.step % every == 0):
                finish()
            if state.step == total:
                return
            began = time.monotonic()
            with stop.at_once():  # the file still holds what was before this picture
                _, colour = source[order(state.step, len(source), recipe.seed)]
                losses = learn(state.network, state.optimizer, view(colour, recipe.contours, device), recipe)
            _average(state, recipe.average)
            state.losses += losses[: recipe.features]
            state.seconds += time.monotonic() - began
            state.step += 1
            state.save(folder)
            bar.set_postfix_str(f"picture {state.step}, loss {state.losses[-1]:.4f}", refresh=False)


def order(number: int, count: int, seed: int) -> int:
    """Return which of `count` pictures comes at a place: each once in each pass, in an order of its own."""
    turn, place = divmod(number, count)
    return int(np.random.default_rng((seed, turn)).permutation(count)[place])


def _average(state: State, share: float) -> None:
    new = state.network.state_dict()
    with torch.no_grad():
        for name, old in state.averaged.state_dict().items():
            old.lerp_(new[name], 1 - share)


@torch.no_grad()
def validate(network: Network, samples: Sequence[Sample]) -> dict[str, float]:
    """Return the mean ASA at equal numbers of superpixels obtained, and their mean as "score"."""
    network = copy.deepcopy(network).cpu()

    def cut(image, asked, features):
        return lnsnet(image, asked, weights=network, features=features)

    return asa_at_counts(samples, cut, lambda image: deep_features(image, network), ASKED)
