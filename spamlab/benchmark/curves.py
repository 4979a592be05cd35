"""A picture of one score over the number of superpixels obtained, one line per method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from spamlab.benchmark.summary import at_counts

if TYPE_CHECKING:
    from spamlab.plot import Picture

NAMES = {"asa": "ASA", "br_r1": "boundary recall, r = 1", "br_r2": "boundary recall, r = 2"}
NAMES |= {"ue_np": "undersegmentation error (NP)", "bp_r1": "boundary precision, r = 1"}
NAMES |= {"co": "compactness CO", "gr": "global regularity GR", "ev": "explained variation EV"}
ANNOTATORS = {"mean": "mean of annotators", "best": "best annotator", "worst": "worst annotator"}


def curves(
    summary: Mapping,
    score: str = "asa_mean",
    *,
    methods: Sequence[str] | None = None,
    highlight: str | None = "slic",
    counts: Sequence[int] = (100, 140, 200, 280, 400, 560, 800),
) -> Picture:
    """Draw a score over the number of superpixels obtained.

    Parameters
    ----------
    summary : mapping
        From `summarise` or `load`.
    score : str
        A column of its tables: "asa_mean", "br_r2_mean", "co", "seconds", ...
    methods : sequence of str, optional
        Which methods; all by default.
    highlight : str, optional
        The line to look at, if it is among them.
    counts : sequence of int
        Where the lines have points, interpolated; a line ends where its method has no value.

    Raises
    ------
    ValueError
        If the summary has no such score.
    """
    from spamlab.plot import curve  # here, so that processes that only measure need not load it

    known = list(summary["table"][0])[4:]
    if score not in known:
        raise ValueError(f"score is {score!r}, expected one of {', '.join(known)}")
    measured = [row for row in summary["measured"] if methods is None or row["method"] in methods]
    series: dict[str, list[float]] = {row["method"]: [] for row in measured}
    for row in at_counts(measured, counts):
        series[row["method"]].append(row[score])
    text = _sentence(series, score, counts)
    look = {"highlight": highlight if highlight in series else None, "title": _origin(summary)}
    return curve(counts, series, "superpixels obtained", _title(score), text, log=True, **look)


def _origin(summary: Mapping) -> str:
    data, pictures = summary.get("data", {}), summary["measured"][0]["images"]
    return f"{data.get('name', '')} {data.get('split', '')} ({pictures} pictures)".strip()


def _title(score: str) -> str:
    base, _, who = score.rpartition("_")
    if who in ANNOTATORS:
        return f"{NAMES.get(base, base)} ({ANNOTATORS[who]})"
    return NAMES.get(score, score)


def _sentence(series: Mapping[str, list[float]], score: str, counts: Sequence[int]) -> str:
    """Say the values at the count nearest to 200, the largest first."""
    at = int(np.argmin(np.abs(np.asarray(counts) - 200)))
    values = {name: line[at] for name, line in series.items() if np.isfinite(line[at])}
    order = sorted(values, key=values.get, reverse=True)
    said = ", ".join(f"{name} {values[name]:.3f}" for name in order) or "no method has a value"
    return f"{_title(score)} at {counts[at]} superpixels obtained: {said}."
