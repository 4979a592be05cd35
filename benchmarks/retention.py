"""What LNS-Net learned, and what it kept: ``python benchmarks/retention.py --data DIR FOLDER ...``.

Each FOLDER is that of a training by ``spamlab train lnsnet``. Its last weights cut the pictures that it
learned first, those learned last, and pictures of val that it never saw; the latter are cut with its best
weights, too, and with those before the first step. Printed are means of ASA at 100 and 200 superpixels
obtained, interpolated as in the benchmark, and the score, their mean. A network that forgets does worse on
the first than on the last.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import torch
from tqdm import tqdm

from spamlab.data import Sample, bsds500
from spamlab.lnsnet import Network, load
from spamlab.training.lnsnet import new, order, validate
from spamlab.training.lnsnet_recipe import LNSNetRecipe


def last(folder: Path) -> tuple[Network, dict]:
    """Return the last weights of a training, and its recipe."""
    recipe = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    network = Network(recipe["embedder"], float(recipe["variant"] > 1))
    state = torch.load(folder / "state.pt", weights_only=True)
    network.load_state_dict(state["network"])
    return network.eval(), recipe | {"learned": state["step"]}


def rows(
    folder: Path, samples: Sequence[Sample], unseen: Sequence[Sample], count: int
) -> Iterator[list[str]]:
    """Yield the rows of one training."""
    network, recipe = last(folder)
    places = [order(i, len(samples), recipe["seed"]) for i in range(recipe["learned"])]
    name = f"LNS-{recipe['variant']}" + (f", {recipe['contours']}" if recipe["variant"] == 3 else "")
    for pictures, weights, some in (
        ("learned first", network, [samples[i] for i in places[:count]]),
        ("learned last", network, [samples[i] for i in places[-count:]]),
        ("of val", network, unseen),
        ("of val, with its best weights", load(folder / "best.safetensors"), unseen),
        ("of val, untrained", untrained(recipe), unseen),
    ):
        scores = validate(weights, tqdm(some, desc=f"{name}, {pictures}", leave=False))
        values = (f"{scores[key]:.4f}" for key in ("asa_100", "asa_200", "score"))
        yield [name, f"{len(some)} {pictures}", *values]


def untrained(recipe: dict) -> Network:
    """Return the weights that a training begins with."""
    known = {field.name for field in fields(LNSNetRecipe)}
    return new(LNSNetRecipe(**{name: value for name, value in recipe.items() if name in known})).eval()


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="of trainings")
    parser.add_argument("--data", required=True, help="the folder of BSDS500")
    parser.add_argument("--count", type=int, default=50, help="pictures learned first, and last (50)")
    parser.add_argument("--every", type=int, default=4, help="every Nth picture of val (4)")
    options = parser.parse_args()
    samples, unseen = bsds500(options.data, "train"), bsds500(options.data, "val")[:: options.every]
    names = ["training", "pictures", "ASA at 100", "ASA at 200", "score"]
    print(f"| {' | '.join(names)} |\n{'|---' * len(names)}|")
    for folder in options.folders:
        for row in rows(folder, samples, unseen, options.count):
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
