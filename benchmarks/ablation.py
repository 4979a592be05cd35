"""What the parts of the two-headed network are worth: the variants of the paper, and the pair loss detached.

``python benchmarks/ablation.py --data DIR --steps 250 -o FOLDER`` trains each for the same number of steps,
in a folder of its own, and writes segments_ablation.json into FOLDER. A stop loses nothing: the same
command goes on. The first variant is trained twice, from another seed the second time: two rows that differ
by less than these two do not differ.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import torch

from spamlab.benchmark.code import versions
from spamlab.data import bsds500
from spamlab.training.recipe import Schedule, SegmentsRecipe
from spamlab.training.segments import train

DATA = {"name": "BSDS500", "split": "val", "every": 4}
VARIANTS = {
    "GroupNorm 8": {},
    "GroupNorm 8, another seed": {"seed": 1},
    "GroupNorm 32": {"norm": "group32"},
    "BatchNorm": {"norm": "batch"},
    "one head": {"shared": True},
    "no concatenation": {"concat": False},
    "pair loss detached": {"detached": True},
}


def main() -> None:
    """Train every variant, then write what the last validation of each found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, metavar="DIR", help="the folder of BSDS500")
    parser.add_argument("--steps", type=int, default=250, metavar="N", help="of each variant (250)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="of torch (1)")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FOLDER")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data = bsds500(options.data, "train"), bsds500(options.data, "val")[::4]
    recipe = SegmentsRecipe(scale=(0.3, 0.7, 2.0), compactness=(7.0, 13.0), precision="bfloat16")
    schedule = Schedule(steps=options.steps, average=0.99, validate=1e6)
    rows = []
    for name, changed in VARIANTS.items():
        folder = options.output / name.replace(", ", "_").replace(" ", "_")
        log = train(*data, folder, replace(recipe, **changed), schedule)
        rows.append({"variant": name, **log[-1]})
        print(rows[-1], flush=True)
        command = f"python benchmarks/ablation.py --data BSDS500 --steps {options.steps}"
        found = {"command": command, "versions": versions(), "data": DATA, "rows": rows}
        text = json.dumps(found, indent=1) + "\n"
        (options.output / "segments_ablation.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
