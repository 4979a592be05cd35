"""Does a superpixel of SPAM hold two objects? ``python benchmarks/containment.py --data DIR``.

For every prior and K, superpixels are counted that hold certain pixels of more than one object of the map as
it was given, and superpixels that are not 4-connected: both should be 0. SPAM is called as the benchmark
calls it. What is certain is worked out again, from the map alone: objects are the 4-connected pieces that
scipy.ndimage finds, and a pixel is uncertain where the window around it holds another one. The control counts
superpixels of two objects where SPAM was not given the map: there the same count must not be 0.
"""

import argparse
import inspect
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from scipy import ndimage
from tqdm import tqdm

from spamlab.benchmark import METHODS
from spamlab.benchmark.methods import select
from spamlab.benchmark.rows import judges
from spamlab.benchmark.with_objects import ARGUMENTS
from spamlab.data import BSDS, bsds500
from spamlab.spam import spam

UNCERTAIN = inspect.signature(spam).parameters["uncertain"].default
HEAD = ("method", "K", "pictures", "objects", "superpixels", "of two objects", "in pieces", "control")


def pieces(labels: np.ndarray) -> np.ndarray:
    """Return the 4-connected pieces of each label above 0, numbered from 1; 0 stays 0."""
    found, n = np.zeros(labels.shape, np.int64), 0
    for value in np.unique(labels[labels > 0]):
        parts, count = ndimage.label(labels == value)
        found[parts > 0] = parts[parts > 0] + n
        n += count
    return found


def certain(objects: np.ndarray, uncertain: int) -> np.ndarray:
    """Return the pieces of the objects, 0 where the window around a pixel holds another piece."""
    whole, r = pieces(objects), uncertain // 2
    wide = np.pad(whole, r)
    doubt = np.zeros(whole.shape, bool)
    for row in range(uncertain):
        for col in range(uncertain):
            other = wide[row : row + whole.shape[0], col : col + whole.shape[1]]
            doubt |= (other > 0) & (other != whole)
    return np.where(doubt, 0, whole)


def of_two_objects(labels: np.ndarray, sure: np.ndarray) -> int:
    """Return how many labels hold pixels of more than one certain object."""
    pairs = np.unique(np.stack([labels[sure > 0], sure[sure > 0]]), axis=1)
    return int((np.bincount(pairs[0]) > 1).sum())


def in_pieces(labels: np.ndarray) -> int:
    """Return how many labels are not 4-connected."""
    boxes = ndimage.find_objects(labels + 1)
    counts = [ndimage.label(labels[box] == n)[1] for n, box in enumerate(boxes) if box is not None]
    return sum(count != 1 for count in counts)


def check(data: BSDS, index: int, n_segments: int, names: list[str]) -> list[tuple[int, ...]]:
    """Return for each method, of one picture, what stands below HEAD from "objects" on."""
    sample, found = data[index], []
    value = METHODS["spam"].default
    freely = METHODS["spam"].function(sample.image, n_segments, value, None)
    for name in names:
        method = METHODS[name]
        truth = (judges(sample)[0],) if method.annotated else ()
        objects = method.prepare(sample.image, n_segments, value, *truth)
        labels = method.function(sample.image, n_segments, value, objects)
        sure = certain(objects, ARGUMENTS[name.removeprefix("spam-")]["spam"].get("uncertain", UNCERTAIN))
        counts = len(np.unique(sure[sure > 0])), len(np.unique(labels))
        found.append((*counts, of_two_objects(labels, sure), in_pieces(labels), of_two_objects(freely, sure)))
    return found


def table(found: dict[tuple[str, int], list[tuple[int, ...]]]) -> str:
    """Return a Markdown table of sums over the pictures."""
    lines = [f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"]
    for (name, n_segments), rows in found.items():
        cells = [name, n_segments, len(rows), *np.sum(rows, axis=0)]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def main() -> None:
    """Count, print the table, and write it with ``--write``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="the folder of BSDS500")
    parser.add_argument("--split", default="val", help="which pictures (val)")
    parser.add_argument("--every", type=int, default=1, help="only every Nth picture (1)")
    parser.add_argument(
        "--n-segments", type=int, nargs="+", default=[100, 200, 400], help="numbers to ask for"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes at the same time (1)")
    parser.add_argument("--write", action="store_true", help="write containment.md beside this file")
    options = parser.parse_args()
    data = bsds500(options.data, options.split)[:: options.every]
    names = select(["all"], {name: method for name, method in METHODS.items() if name.startswith("spam-")})
    tasks = [(index, k) for k in options.n_segments for index in range(len(data))]
    run = Parallel(n_jobs=options.jobs, return_as="generator")(
        delayed(check)(data, *task, names) for task in tasks
    )
    found = {(name, k): [] for name in names for k in options.n_segments}
    for (_, k), rows in tqdm(zip(tasks, run, strict=True), total=len(tasks), unit="picture"):
        for name, row in zip(names, rows, strict=True):
            found[name, k].append(row)
    about = f"BSDS500 {options.split}, {len(data)} pictures" + (
        f", every {options.every}" * (options.every > 1)
    )
    parts = [
        "# Containment",
        __doc__.split("\n\n", 1)[1].strip().replace("\n", " "),
        f"{about}.",
        table(found),
    ]
    text = "\n\n".join(parts) + "\n"
    print(text)
    if options.write:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
