"""Accuracy over regularity: ``python benchmarks/tradeoff.py --data DIR`` -> data/results/tradeoff_val.json.

Each method runs over a range of its compactness on pictures of a split; mean ASA and CO are read off at 200
superpixels obtained, interpolated as in the benchmark. "spam-plain" is SPAM without objects and without the
vote that smooths borders (``smooth=0``).
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from spamlab.benchmark import METHODS, Case, Method, at_counts, measure_around
from spamlab.benchmark.code import versions
from spamlab.benchmark.summary import averages
from spamlab.data import BSDS, bsds500
from spamlab.paths import data_dir

COUNT = 200
ASKED = (150, 200, 280)
RANGES = {
    "slic": (5, 7.5, 10, 15, 20, 30, 50, 80),
    "ssn": (5, 10, 15, 20, 30, 50, 80, 120),
    "spam": (10, 15, 20, 28.8, 40, 60, 85, 120),
    "spam-plain": (10, 15, 20, 28.8, 40, 60, 85, 120),
}


def plain(image, n_segments, compactness):
    """Run SPAM without objects and without the vote."""
    from spamlab._threads import one_thread
    from spamlab.spam import spam

    with one_thread():
        return spam(image, n_segments, compactness=compactness, smooth=0)


def curves(data: BSDS, names: Sequence[str], file: Path | None, jobs: int) -> dict[str, list[dict]]:
    """Return value, mean ASA and CO of each point of each method's curve; None where COUNT is not reached."""
    methods = {**METHODS, "spam-plain": Method(plain, "compactness", RANGES["spam-plain"])}
    cases = [Case(name, value, ASKED) for name in names for value in RANGES[name]]
    options = {"jobs": jobs, "progress": True, "methods": methods}
    read = at_counts(averages(measure_around(data, cases, (COUNT,), file, **options)), (COUNT,))
    found = {name: [] for name in names}
    for row in read:
        scores = {short: row[short] for short in ("asa_mean", "co")}
        known = {name: round(score, 5) if score == score else None for name, score in scores.items()}
        found[row["method"]].append({"value": row["value"], **known})
    return found


def main() -> None:
    """Measure, and write the curves."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", required=True, help="the folder of BSDS500")
    add("--split", default="val", help="which pictures (val)")
    add("--every", type=int, default=4, help="only every Nth picture (4)")
    add("--methods", nargs="+", default=list(RANGES), choices=list(RANGES), help="which curves (all)")
    add("--jobs", type=int, default=1, help="processes at the same time (1)")
    add("--rows", type=Path, help="where rows are kept to go on from (nowhere)")
    add("-o", "--output", type=Path, help="data/results/tradeoff_SPLIT.json")
    options = parser.parse_args()
    data = bsds500(options.data, options.split)[:: options.every]
    found = curves(data, options.methods, options.rows, options.jobs)
    command = f"python benchmarks/tradeoff.py --data BSDS500 --split {options.split} --every {options.every}"
    about = {
        "command": f"{command} --methods {' '.join(options.methods)}",
        "data": {"name": "BSDS500", "split": options.split, "every": options.every, "pictures": len(data)},
        "count": COUNT,
        "versions": versions(),
    }
    output = options.output or data_dir() / "results" / f"tradeoff_{options.split}.json"
    output.write_text(json.dumps({**about, "curves": found}, indent=1) + "\n", encoding="utf-8")
    print(f"written: {output}")


if __name__ == "__main__":
    main()
