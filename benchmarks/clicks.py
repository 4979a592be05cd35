"""How many clicks make an object? ``python benchmarks/clicks.py --data DIR --write``.

A target is a region of one annotator that covers 2 to 8 % of the picture: all pixels of one label, in one
piece or several. A simulated user picks whole superpixels, each time the one that raises the IoU with the
target most, and may take one back; nothing ends it but that no click raises the IoU. So it ends at the best
IoU that whole superpixels allow. Each picture has 200 superpixels of each method, as nearly as the number
asked for can be chosen. One annotator's drawing is what "spam-truth" is given; the targets of all methods are
those of the other annotators, so that the rows can be compared. Each target counts once. One that never
reaches an IoU counts as infinitely many clicks in the median, and as not reached within 20.
"""

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median

import numpy as np

from spamlab.benchmark import METHODS, settings
from spamlab.benchmark.code import fingerprint, versions
from spamlab.benchmark.methods import Method
from spamlab.benchmark.rows import judges, read, work
from spamlab.clicks import clicks_to, simulate
from spamlab.data import BSDS, bsds500
from spamlab.paths import data_dir
from spamlab.regions import components, sizes

NAMES = ("slic", "ssn", "spam", "spam-segments", "spam-truth")
COUNT, CLOSE, TRIES = 200, 1, 10  # superpixels; how far from it is near enough; cuts of one picture
SHARES = (0.02, 0.08)  # of the picture that a target covers
IOUS, CLICKS = (0.8, 0.9), 20
NOTES = {
    "clicks": "median over the targets; one that never reaches the IoU counts as infinity; null (in the "
    "table: never) = infinity, where half of them or more never do",
    "within": f"share of the targets that reach the IoU within {CLICKS} clicks",
    "reached": "share of the targets that reach the IoU at all",
    "best": "the best IoU that whole superpixels allow, which is also where the simulated user ends",
    "obtained": "superpixels per picture: mean, and how far the furthest picture is from 'count'",
    "targets": "labels of single annotators; never of the one whose drawing spam-truth is given",
}


def targets(truths: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the regions of all truths that cover the share asked for, each (H, W) bool."""
    found = []
    for truth in truths:
        share = sizes(truth) / truth.size
        found += [truth == k for k in np.flatnonzero((share >= SHARES[0]) & (share <= SHARES[1]))]
    return found


def at_count(method: Method, image: np.ndarray, value: float | None, given: tuple) -> tuple[int, np.ndarray]:
    """Return a number to ask for, and the labels it gives: as near to COUNT as is found."""
    prepared = () if method.prepare is None else (method.prepare(image, COUNT, value, *given),)
    found, asked = {}, COUNT
    while asked >= 1 and len(found) < TRIES:
        labels = components(method.function(image, asked, value, *prepared))
        n = int(labels.max()) + 1
        found[asked] = abs(n - COUNT), labels
        if found[asked][0] <= CLOSE:
            break
        asked = max(1, round(asked * COUNT / n))
        while asked in found:
            asked += 1 if n < COUNT else -1
    best = min(found, key=lambda k: found[k][0])
    return best, found[best][1]


def row(data: BSDS, index: int, name: str, value: float | None) -> list[dict]:
    """Return the clicks and the best IoU of each target of one picture, as a row in a list."""
    sample = data[index]
    drawn, others = judges(sample)
    given = (drawn,) if METHODS[name].annotated else ()
    asked, labels = at_count(METHODS[name], sample.image, value, given)
    runs = [simulate(labels, target)[0] for target in targets(others)]
    found = {"method": name, "value": value, "image": sample.name, "n_asked": asked}
    found |= {"n_obtained": int(labels.max()) + 1, "best": [round(float(ious[-1]), 5) for ious in runs]}
    for iou in IOUS:  # JSON has no infinity
        clicks = [clicks_to(ious, iou) for ious in runs]
        found[f"clicks_{iou}"] = [None if math.isinf(n) else int(n) for n in clicks]
    return [found]


def measure(data: BSDS, values: dict[str, float | None], file: Path | None, jobs: int) -> list[dict]:
    """Return a row for each method and picture; those in the file are not made again."""
    code = fingerprint()
    found = {} if file is None else read(file, code, _key)
    wanted = [(name, value, image) for name, value in values.items() for image in data.names]
    left = [key for key in wanted if key not in found]
    tasks = [(data, data.names.index(image), name, value) for name, value, image in left]
    totals = len(wanted), len(left)
    for made in work(row, tasks, totals, jobs=jobs, progress=True, file=file, code=code):
        found[_key(made)] = made
    return [found[key] for key in wanted]


def _key(found: dict) -> tuple:
    return found["method"], found["value"], found["image"]


def summary(rows: Sequence[dict]) -> dict:
    """Return what the rows of one method say; NOTES tells the names."""
    best = [iou for found in rows for iou in found["best"]]
    obtained = [found["n_obtained"] for found in rows]
    said = {"method": rows[0]["method"], "value": rows[0]["value"], "regions": len(best)}
    said |= {"obtained": round(fmean(obtained), 2), "furthest": max(abs(n - COUNT) for n in obtained)}
    for iou in IOUS:
        every = [n for found in rows for n in found[f"clicks_{iou}"]]
        middle = median(math.inf if n is None else n for n in every)
        said[f"clicks_{iou}"] = None if math.isinf(middle) else float(middle)
        said[f"within_{CLICKS}_{iou}"] = round(fmean(n is not None and n <= CLICKS for n in every), 4)
        said[f"reached_{iou}"] = round(fmean(n is not None for n in every), 4)
    return {**said, "best_mean": round(fmean(best), 4), "best_median": round(median(best), 4)}


def table(found: Sequence[dict]) -> str:
    """Return the summaries as a Markdown table."""
    head = list(found[0])
    cells = [
        ["never" if said[name] is None and name != "value" else said[name] for name in head] for said in found
    ]
    lines = [head, ["---"] * len(head), *cells]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def main() -> None:
    """Count, print the table, and write it with ``--write``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", required=True, help="the folder of BSDS500")
    add("--split", default="val", help="which pictures (val)")
    add("--every", type=int, default=1, help="only every Nth picture (1)")
    add("--methods", nargs="+", default=list(NAMES), choices=list(METHODS), help="which methods (all five)")
    add("--jobs", type=int, default=1, help="processes at the same time (1)")
    add("--rows", type=Path, help="where rows are kept to go on from (nowhere)")
    add("--write", action="store_true", help="write clicks.md and data/results/clicks_SPLIT.json")
    options = parser.parse_args()
    data = bsds500(options.data, options.split)[:: options.every]
    chosen = settings(options.methods)
    rows = measure(data, {name: chosen[name]["value"] for name in chosen}, options.rows, options.jobs)
    found = [summary([made for made in rows if made["method"] == name]) for name in chosen]
    print(table(found))
    if options.write:
        write(found, options, data, chosen)


def write(found: Sequence[dict], options: argparse.Namespace, data: BSDS, chosen: dict) -> None:
    """Write the report beside this file, and the numbers among the results."""
    command = f"python benchmarks/clicks.py --data BSDS500 --split {options.split} --every {options.every}"
    about = {
        "command": f"{command} --methods {' '.join(chosen)} --write",
        "data": {"name": "BSDS500", "split": options.split, "every": options.every, "pictures": len(data)},
        "count": COUNT,
        "shares": SHARES,
        "notes": NOTES,
        "versions": versions(),
        "methods": chosen,
        "table": found,
    }
    output = data_dir() / "results" / f"clicks_{options.split}.json"
    output.write_text(json.dumps(about, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    text = __doc__.split("\n\n", 1)[1].strip().replace("\n", " ")
    notes = "\n".join(f"- {name}: {said}" for name, said in NOTES.items())
    parts = ["# Clicks", text, f"BSDS500 {options.split}, {len(data)} pictures.", table(found), notes]
    Path(__file__).with_suffix(".md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
