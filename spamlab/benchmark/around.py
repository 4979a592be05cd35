"""Stated numbers of superpixels: `measure_around` asks for further K, `obtain` looks for one on a picture."""

import math
import statistics
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spamlab.benchmark.methods import Method, cut
from spamlab.benchmark.rows import Case, Row, measure
from spamlab.data import Sample, Split

SMALLEST = 16  # pixels: no K is added that would ask for smaller superpixels


def measure_around(
    data: Split | Sequence[Sample],
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
    cases, most = list(cases), None
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "rows.jsonl" if file is None else file  # no round makes rows a second time
        for turn in range(rounds + 1):
            rows = measure(data, cases, file, **options)
            further = [_further(_obtained(rows, case), min(counts), max(counts)) for case in cases]
            if turn == rounds or not any(further):
                break
            most = most or min(sample.image.shape[0] * sample.image.shape[1] for sample in data) // SMALLEST
            further = [tuple(k for k in added if k <= most) for added in further]
            if not any(further):
                break
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


def obtain(
    method: Method,
    image: NDArray[np.float32],
    count: int,
    value: float | None = None,
    *,
    tolerance: float = 0.02,
    tries: int = 8,
) -> tuple[NDArray[np.int32], int]:
    """Cut one picture into a stated number of superpixels: look for the K that makes it come out.

    Parameters
    ----------
    method : Method
    image : (H, W, 3) float32 ndarray
        RGB in [0, 1].
    count : int
        The number wanted, at least 1.
    value : float, optional
        The setting; the method's default if None.
    tolerance : float
        The share of `count` by which the number may differ.
    tries : int
        How often the method may run. Some methods skip numbers: the nearest that was found is returned.

    Returns
    -------
    labels : (H, W) int32 ndarray
    n_asked : int
        The K that was asked for.
    """
    found: dict[int, NDArray] = {}
    asked = count
    while len(found) < tries and asked not in found:
        found[asked] = cut(method, image, asked, value)[0]
        if abs(_missing(found[asked], count)) <= tolerance * count:
            break
        asked = _next(sorted((k, labels.max() + 1) for k, labels in found.items()), count)
    best = min(found, key=lambda k: abs(_missing(found[k], count)))
    return found[best], best


def _missing(labels: NDArray, count: int) -> int:
    return count - (int(labels.max()) + 1)


def _next(tried: list[tuple[int, int]], count: int) -> int:
    """Return the K between the nearest that gave too few and too many; beyond all, in proportion."""
    below = [pair for pair in tried if pair[1] < count]
    above = [pair for pair in tried if pair[1] > count]
    if not below or not above:
        k, n = max(below) if below else min(above)
        return max(1, round(k * count / n))
    (low, fewer), (high, more) = max(below), min(above)
    share = math.log(count / fewer) / math.log(more / fewer)
    return round(low * (high / low) ** share)
