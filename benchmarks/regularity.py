"""What a term of the loss does: ``python benchmarks/regularity.py --data DIR NAME=WEIGHTS ...``.

SPAM without objects runs with each file of weights on pictures of a split, with and without the vote that
smooths borders; mean ASA and CO are read off at 100 and 200 superpixels obtained, interpolated as in the
benchmark. Prints a table.
"""

import argparse
from collections.abc import Callable

from spamlab._threads import one_thread
from spamlab.benchmark import Case, Method, at_counts, measure_around
from spamlab.benchmark.summary import averages
from spamlab.data import BSDS, bsds500

COUNTS, ASKED = (100, 200), (80, 130, 220)


def method(weights: str, smooth: float) -> Callable:
    """Return SPAM with these weights as the registry calls a method."""

    def cut(image, n_segments, compactness):
        from spamlab.spam import spam

        with one_thread():
            return spam(image, n_segments, compactness=compactness, weights=weights, smooth=smooth)

    return cut


def table(data: BSDS, weights: dict[str, str], jobs: int, m: float) -> str:
    """Return mean ASA and CO of every file of weights, as Markdown."""
    methods = {
        (name, share): Method(method(file, share), "compactness", (m,))
        for name, file in weights.items()
        for share in (0.0, 0.2)
    }
    cases = [Case(key, m, ASKED) for key in methods]
    rows = averages(measure_around(data, cases, COUNTS, methods=methods, jobs=jobs, progress=True))
    lines = ["| weights | smooth | n | ASA mean | CO |", "|---|---|---|---|---|"]
    for row in sorted(at_counts(rows, COUNTS), key=lambda row: (row["n"], row["method"])):
        name, share = row["method"]
        lines.append(f"| {name} | {share:g} | {row['n']} | {row['asa_mean']:.4f} | {row['co']:.3f} |")
    return "\n".join(lines)


def main() -> None:
    """Read the words of the command and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("weights", nargs="+", metavar="NAME=WEIGHTS", help="a name for the table, and a file")
    add("--data", required=True, help="the folder of BSDS500")
    add("--split", default="val", help="which pictures (val)")
    add("--every", type=int, default=4, help="only every Nth picture (4)")
    add("--jobs", type=int, default=1, help="processes at the same time (1)")
    add("--compactness", type=float, default=28.8, help="SLIC's m (28.8)")
    options = parser.parse_args()
    data = bsds500(options.data, options.split)[:: options.every]
    weights = dict(word.split("=", 1) for word in options.weights)
    print(table(data, weights, options.jobs, options.compactness))


if __name__ == "__main__":
    main()
