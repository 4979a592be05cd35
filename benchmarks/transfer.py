"""Does it work on pictures of another kind? ``python benchmarks/transfer.py --write``.

The networks learned on colour photographs, and settings were chosen on them, but for SPAM's, which is its
paper's. Nothing is learned or chosen here. Every method cuts the same scenes, whose truth is exact, of each
kind that `spamlab.data.scene` draws. "leaves" are the scenes nearest to photographs: objects in colour.
"grey" are the same without colour, "noisy" the same in little light, "layers" look like an OCT scan,
"vessels" like a picture of a retina.

All scores are read off at 200 superpixels obtained, interpolated as in the benchmark; a dash stands where a
method does not reach 200 on scenes of a kind. ASA counts pixels, so it is high wherever the truth has large
regions: compare methods within a kind, not kinds. "over slic" and "over snic" count the scenes on which a
method's ASA is above that method's, among those on which both reach 200. Of "vessels", "thin" is the share of
the pixels of thin vessels (those that hold no 3 x 3 square) in superpixels that are mostly vessel.

Two methods of the registry stay apart. spam-truth is given what one annotator drew and judged by the others;
a scene has one truth, which would judge itself. spam-sam needs a network that is not shipped, which learned
on pictures of many more kinds.
"""

import argparse
import json
import math
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_opening

from spamlab.benchmark import Case, at_counts, interpolate, measure_around, settings
from spamlab.benchmark.code import versions
from spamlab.benchmark.methods import select
from spamlab.benchmark.rows import Row, scores
from spamlab.benchmark.summary import averages
from spamlab.data import SCENE_KINDS, Sample, scene
from spamlab.paths import data_dir

APART = ("spam-truth", "spam-sam")
SHAPE, COUNT, ASKED = (321, 481), 200, (150, 200, 280)
RIVALS = ("slic", "snic")
COLUMNS = {"asa_mean": "asa", "br_r1_mean": "br_r1", "co": "co", "thin": "thin"}
FIRST_VESSEL = 3  # labels of a scene of vessels: what is outside, the retina, the disc, then the trees


def scenes(kind: str, n: int) -> list[Sample]:
    """Return scenes of a kind, named with a checksum of them and of this file: no row outlives a change."""
    found, own = [], zlib.crc32(Path(__file__).read_bytes())
    for seed in range(n):
        image, truth = scene(seed, SHAPE, kind=kind)
        check = zlib.crc32(truth.tobytes(), zlib.crc32(image.tobytes(), own))
        found.append(Sample(f"{kind} {seed} {check:08x}", image, [truth]))
    return found


def thin_recall(labels: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of the pixels of thin vessels that lie in superpixels which are mostly vessel."""
    vessel = truth >= FIRST_VESSEL
    thin = vessel & ~binary_opening(vessel, np.ones((3, 3)))
    mostly = np.bincount(labels.ravel(), vessel.ravel()) > 0.5 * np.bincount(labels.ravel())
    return float(mostly[labels][thin].mean()) if thin.any() else math.nan


def judge(kind: str, labels: np.ndarray, image: np.ndarray, truths: Sequence[np.ndarray]) -> dict[str, float]:
    """Return the scores of the benchmark, and for vessels "thin"."""
    found = scores(labels, image, truths)
    return {**found, "thin": thin_recall(labels, truths[0])} if kind == "vessels" else found


def by_scene(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Return for each method and picture the ASA at COUNT, NaN where a picture's rows do not reach it."""
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        groups.setdefault((row["method"], row["image"]), []).append(row)
    found: dict[str, dict[str, float]] = {}
    for (method, image), group in groups.items():
        points = zip(*((row["n_obtained"], row["asa_mean"]) for row in group), strict=True)
        found.setdefault(method, {})[image] = float(interpolate([COUNT], *points)[0])
    return found


def table(kind: str, rows: Sequence[Row]) -> list[dict]:
    """Return one row per method: the mean scores at COUNT, and on how many scenes it beats each rival."""
    each, found = by_scene(rows), []
    for row in at_counts(averages(rows), (COUNT,)):
        said = {"kind": kind, "method": row["method"], "n": COUNT}
        said |= {
            short: None if math.isnan(row[name]) else round(row[name], 5)
            for name, short in COLUMNS.items()
            if name in row
        }
        for rival in RIVALS:
            if rival in each and rival != row["method"]:
                pairs = [(asa, each[rival][image]) for image, asa in each[row["method"]].items()]
                known = [ours > theirs for ours, theirs in pairs if ours == ours and theirs == theirs]
                said[f"over {rival}"] = [sum(known), len(known)]
        found.append(said)
    return found


def markdown(found: Sequence[dict]) -> str:
    """Return the rows of one kind as a Markdown table."""
    head = [name for name in ("method", *COLUMNS.values()) if name in found[0]]
    counts = [name for name in (f"over {rival}" for rival in RIVALS) if any(name in row for row in found)]
    lines = [[*head, *counts], ["---"] * (len(head) + len(counts))]
    for row in found:
        cells = [_cell(row[name]) for name in head]
        lines.append(cells + [" of ".join(map(str, row[name])) if name in row else "-" for name in counts])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: float | str | None) -> str:
    return value if isinstance(value, str) else "-" if value is None else f"{value:.3f}"


def measure(n: int, chosen: dict[str, dict], kinds: Sequence[str], **options) -> list[dict]:
    """Return the tables of all kinds, one after the other."""
    cases = [Case(name, chosen[name]["value"], ASKED) for name in chosen]
    found = []
    for kind in kinds:
        print(f"{kind}:", flush=True)
        rows = measure_around(scenes(kind, n), cases, (COUNT,), score=partial(judge, kind), **options)
        found += table(kind, rows)
    return found


def report(about: dict) -> str:
    """Return the report in Markdown."""
    shape, n = about["data"]["shape"], about["data"]["scenes"]
    said = f"{n} scenes of each kind, {shape[0]} x {shape[1]} pixels, {about['count']} superpixels obtained."
    parts = ["# Transfer", __doc__.split("\n\n", 1)[1].strip(), said]
    for kind in about["data"]["kinds"]:
        parts += [f"## {kind}", markdown([row for row in about["table"] if row["kind"] == kind])]
    return "\n\n".join([*parts, f"Made by `{about['command']}`."]) + "\n"


def main() -> None:
    """Measure, print the report, and write it with ``--write``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--scenes", type=int, default=20, help="how many of each kind (20)")
    add("--kinds", nargs="+", default=list(SCENE_KINDS), choices=SCENE_KINDS, help="which kinds (all)")
    add("--methods", nargs="+", default=["all"], help="which methods (all but spam-truth and spam-sam)")
    add("--jobs", type=int, default=1, help="processes at the same time (1)")
    add("--rows", type=Path, help="where rows are kept to go on from (nowhere)")
    add("--write", action="store_true", help="write transfer.md and data/results/transfer.json")
    options = parser.parse_args()
    if apart := set(APART) & set(options.methods):
        parser.error(f"{' and '.join(sorted(apart))} cannot be compared here: see the head of this file")
    chosen = settings([name for name in select(options.methods) if name not in APART])
    go_on = {"file": options.rows, "jobs": options.jobs, "progress": True}
    said = "" if options.methods == ["all"] else f" --methods {' '.join(chosen)}"
    kinds = "" if options.kinds == list(SCENE_KINDS) else f" --kinds {' '.join(options.kinds)}"
    about = {
        "command": f"python benchmarks/transfer.py --scenes {options.scenes}{kinds}{said} --write",
        "data": {"scenes": options.scenes, "kinds": options.kinds, "shape": SHAPE},
        "count": COUNT,
        "versions": versions(),
        "methods": chosen,
        "table": measure(options.scenes, chosen, options.kinds, **go_on),
    }
    text = report(about)
    print(text)
    if options.write:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
        file = data_dir() / "results" / "transfer.json"
        file.write_text(json.dumps(about, indent=1, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
