"""Does density go where one looks? ``python benchmarks/adaptive.py``.

Attended objects are asked to have r times as many superpixels per pixel as the others; K = 200 stays. What
comes out is counted, and divided by r: 1 is what was asked for. Objects are 4-connected pieces. Of attended
objects, those count that are asked to have at least 10 superpixels; they are compared with others of at least
10, and with all others. An object keeps one seed, however small, so scraps are denser than asked for.

"one object": the objects of a scene are given exactly, and attended one after the other. "with parts": a
scene of 40 shapes is given coarsely, small objects joined to the neighbour with which they share the longest
border, and an object is attended whose largest part covers at most 95% of it. Superpixels find parts by their
looks alone, so ASA on the exact truth, inside the attended object and outside, can rise with r; were the
truth the map, it would be 1 for every r. "salient": the coarse map, and robust background detection tells
what is attended. "photographs": the shipped pictures with truths drawn by hand, objects given, their parts
judged.

All runs are checked: no superpixel holds two objects of the map, each is 4-connected. The control counts
superpixels of two objects where SPAM was not given the map, and must not be 0. Last, scenes with shapes in
front of a backdrop tell how often saliency attends what is known to lie in front: a hit where the backdrop is
not attended, found the share of shapes that are. A hit is easy: averaged over a large backdrop, the map is
low.
"""

import argparse
import json
from itertools import product
from pathlib import Path

import numpy as np
from attending import FACTORS, IN_FRONT, SHAPE, K, in_front, of_parts, of_photograph, of_scene
from joblib import Parallel, delayed
from tqdm import tqdm

from spamlab.benchmark.code import versions
from spamlab.data import truth_names
from spamlab.paths import data_dir

WITHIN = 0.15  # of the ratio asked for
ATTENDED = ("one object", "with parts", "salient", "photographs")
QUANTILES = (0, 0.25, 0.5, 0.75, 1)
FEW = 60  # scenes of few shapes


def densities(found: list[dict]) -> list[dict]:
    """Return for each kind and r how near the ratio obtained comes to the one asked for."""
    table = []
    for kind, r in product(ATTENDED, FACTORS):
        row = {"kind": kind, "r": r}
        for name in ("large", "all"):
            chosen = (row[name] for row in found if (row["kind"], row.get("r")) == (kind, r))
            known = np.array([value for value in chosen if value == value])
            row[f"{name}: n"] = len(known)
            if len(known):
                row[f"{name}: quantiles"] = np.quantile(known, QUANTILES).round(4).tolist()
                row[f"{name}: within"] = round(float((np.abs(known - 1) <= WITHIN).mean()), 4)
        table.append(row)
    return table


def accuracies(found: list[dict]) -> list[dict]:
    """Return for each kind and r mean ASA inside and outside, and the numbers of superpixels obtained."""
    table = []
    for kind in ATTENDED[1:]:
        cases = [[row for row in found if (row["kind"], row.get("r")) == (kind, r)] for r in FACTORS]
        usual = np.array([row["inside"] for row in cases[FACTORS.index(1)]])
        for r, rows in zip(FACTORS, cases, strict=True):
            inside, outside, n = (
                np.array([row[key] for row in rows]) for key in ("inside", "outside", "obtained")
            )
            means = {"inside": inside.mean(), "outside": outside.mean(), "n mean": n.mean()}
            row = {"kind": kind, "r": r, "n": len(rows)} | {k: round(float(v), 5) for k, v in means.items()}
            row["better than at 1"] = round(float((inside > usual).mean()), 4)
            table.append(row | {"n least": int(n.min()), "n most": int(n.max())})
    return table


def saliencies(found: list[dict]) -> list[dict]:
    """Return how often each kind of saliency attends what lies in front."""
    table = []
    for method, shapes in product(("rbd", "spectral"), IN_FRONT):
        rows = [row for row in found if (row.get("method"), row.get("shapes")) == (method, shapes)]
        means = {key: round(float(np.mean([row[key] for row in rows])), 4) for key in ("hit", "found")}
        table.append({"method": method, "shapes": shapes, "scenes": len(rows), **means})
    return table


def markdown(table: list[dict]) -> str:
    """Return a table as Markdown; of quantiles the median and the one furthest from 1, as a ratio."""
    lines = []
    for row in table:
        cells = {}
        for key, value in row.items():
            if key.endswith("quantiles"):
                worst = max(value[0], value[-1], key=lambda ratio: abs(np.log(ratio)))
                cells |= {
                    key.replace("quantiles", "median"): value[2],
                    key.replace("quantiles", "worst"): worst,
                }
            else:
                cells[key] = value
        lines.append(cells)
    head = max(lines, key=len)
    texts = [[_cell(cells.get(key, "")) for key in head] for cells in lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in [list(head), ["---"] * len(head), *texts])


def _cell(value: float | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def measure(n_scenes: int, jobs: int) -> list[dict]:
    """Return all rows: scenes, photographs, and scenes of few shapes, which come after the others."""
    tasks = [delayed(of)(seed) for of in (of_scene, of_parts) for seed in range(n_scenes)]
    tasks += [delayed(of_photograph)(name) for name in truth_names()]
    tasks += [delayed(in_front)(n_scenes + seed) for seed in range(FEW)]
    run = Parallel(n_jobs=jobs, return_as="generator")(tasks)
    return [row for rows in tqdm(run, total=len(tasks), unit="picture") for row in rows]


def report(about: dict) -> str:
    """Return the report in Markdown."""
    data, checked = about["data"], about["containment"]
    said = (
        f"{data['scenes']} scenes of {SHAPE[0]} x {SHAPE[1]}, {data['photographs']} photographs, "
        f"{checked['runs']} results, K = {K}. Superpixels of two objects, or in pieces: {checked['wrong']}; "
        f"control: {checked['control']} in {checked['controls']} pictures."
    )
    parts = ["# Adaptive SPAM", __doc__.split("\n\n", 1)[1].strip(), said]
    parts += ["## Obtained over asked for", markdown(about["densities"])]
    parts += ["## ASA and the number obtained", markdown(about["accuracies"])]
    parts += ["## Does saliency attend what lies in front?", markdown(about["saliencies"])]
    return "\n\n".join([*parts, f"Made by `{about['command']}`."]) + "\n"


def main() -> None:
    """Measure, print the report, and write it with ``--write``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=12, help="how many of each kind (12)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at the same time (1)")
    parser.add_argument("--write", action="store_true", help="write adaptive.md, data/results/adaptive.json")
    options = parser.parse_args()
    found = measure(options.scenes, options.jobs)
    runs = [row for row in found if "r" in row]
    controls = [row["wrong"] for row in found if row["kind"] == "control"]
    wrong = {"runs": len(runs), "wrong": sum(row["wrong"] for row in runs)}
    about = {
        "command": f"python benchmarks/adaptive.py --scenes {options.scenes} --write",
        "data": {"scenes": options.scenes, "photographs": len(truth_names()), "scenes of few shapes": FEW},
        "versions": versions(),
        "n_segments": K,
        "containment": {**wrong, "control": sum(controls), "controls": len(controls)},
        "densities": densities(found),
        "accuracies": accuracies(found),
        "saliencies": saliencies(found),
    }
    text = report(about)
    print(text)
    if options.write:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
        file = data_dir() / "results" / "adaptive.json"
        file.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
