"""``spamlab train lnsnet``: one picture after another; with ``--adapt``, one picture more."""

import argparse
import sys
from functools import partial
from pathlib import Path

from spamlab.cli.train import chosen, data, follow, where_it_lives
from spamlab.data import load_image
from spamlab.lnsnet import Network, save
from spamlab.training import lnsnet, processes
from spamlab.training.folder import make, replace
from spamlab.training.lnsnet_recipe import LNSNetRecipe

USE = 'lnsnet(image, weights="{file}")'


def run(arguments: argparse.Namespace) -> int:
    """Train, or adapt, and report; return 0, or 130 if it was stopped."""
    recipe = LNSNetRecipe(**chosen(LNSNetRecipe, arguments))
    folder = Path(arguments.output)
    if arguments.adapt is not None:
        return _adapt(arguments, recipe, folder)
    if arguments.times != 1:
        raise ValueError(f"--times {arguments.times} without --adapt IMAGE; see --passes")
    samples, validation, plan = data(arguments)
    plan += [*_plan(recipe), f"validates:    after every {arguments.every} pictures", where_it_lives(folder)]
    learn = partial(lnsnet.train, samples, validation, folder, recipe, arguments.every)
    return follow(plan, folder, USE, learn)


def _adapt(arguments: argparse.Namespace, recipe: LNSNetRecipe, folder: Path) -> int:
    if arguments.data is not None or arguments.scenes is not None:
        raise ValueError("--adapt learns one picture; expected neither --data nor --scenes")
    image, start = load_image(arguments.adapt), recipe.start or "lnsnet"
    plan = [f"learns:       {arguments.adapt}, {arguments.times} times, from {start}", *_plan(recipe)]
    print("\n".join(plan), file=sys.stderr, flush=True)
    try:
        network = lnsnet.adapt(image, start, recipe, arguments.times, progress=True)
    except KeyboardInterrupt:
        print("\nstopped: nothing is written", file=sys.stderr)
        return 130
    make(folder)
    file = folder / f"{Path(arguments.adapt).stem}.safetensors"
    replace(file, lambda path: save(network, path))
    print(f"weights:      {file}\nuse them:     {USE.format(file=file)}")
    return 0


def _plan(recipe: LNSNetRecipe) -> list[str]:
    numbers = sum(parameter.numel() for parameter in Network(recipe.embedder).parameters())
    steps = recipe.features + recipe.seeds * (recipe.variant > 1)
    return [
        f"per picture:  {steps} steps, with sides of {recipe.scale:g} of its own",
        f"network:      LNS-{recipe.variant}, {numbers:,} parameters, float32, on {processes.device().type}",
    ]
