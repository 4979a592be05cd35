"""Rows around stated numbers of superpixels: further K are asked for where a method does not reach them."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from spamlab.benchmark.rows import Case, Row, measure
from spamlab.data import BSDS, Sample

SMALLEST = 16  # pixels: no K is added that would ask for smaller superpixels


def measure_around(
    data: BSDS | Sequence[Sample],
    cases: Iterable[Case],
    counts: Sequence[int],
    file: str | Path | None = None,
    *,
    rounds: int = 4,
    **options,
) -> list[Row]:
    """Measure cases, and ask for further K until the mean numbers obtained reach around `counts`.

    A further K is half as large again as the largest, or two thirds of the smallest.

    Parameters
    ----------
    data, cases, file, **options
        As in `measure`.
    counts : sequence of int
        The smallest and the largest number of superpixels to reach, among others.
    rounds : int
        How many further K a case may ask for on each side.

    Returns
    -------
    list of dict
        As from `measure`.
    """
    cases = list(cases)
    for turn in range(rounds + 1):
        rows = measure(data, cases, file, **options)
        further = [_further(_obtained(rows, case), min(counts), max(counts)) for case in cases]
        if turn == rounds or not any(further):
            break
        most = min(sample.image.shape[0] * sample.image.shape[1] for sample in data) // SMALLEST
        further = [tuple(k for k in added if k <= most) for added in further]
        pairs = zip(cases, further, strict=True)
        cases = [replace(case, n_asked=case.n_asked + added) for case, added in pairs]
    return rows


def _obtained(rows: list[Row], case: Case) -> dict[int, float]:
    """Return the mean number obtained for each K of a case."""
    mine = [row for row in rows if (row["method"], row["value"]) == (case.method, case.value)]
    asked = {row["n_asked"] for row in mine}
    return {k: statistics.mean(row["n_obtained"] for row in mine if row["n_asked"] == k) for k in asked}


def _further(obtained: dict[int, float], low: int, high: int) -> tuple[int, ...]:
    added = []
    if min(obtained.values()) > low and min(obtained) > 1:
        added.append(max(1, round(min(obtained) / 1.5)))
    if max(obtained.values()) < high:
        added.append(round(max(obtained) * 1.5))
    return tuple(added)
