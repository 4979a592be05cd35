"""What many rows say: means over the pictures, at stated numbers of superpixels that came out.

Methods obtain different numbers for the same K, so scores at the same K cannot be compared. For each K asked
for, the number obtained and each score are averaged over the pictures (seconds: the median). These points are
joined by lines over the logarithm of the number obtained, and read off at stated counts. Outside the points
of a method the result is NaN, never an extrapolation.
"""

import csv
import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spamlab.benchmark.code import versions
from spamlab.benchmark.rows import Row
from spamlab.paths import data_dir

COUNTS = (100, 200, 400, 800)
PRINTED = ("asa_mean", "asa_best", "br_r1_mean", "br_r2_mean", "co", "gr", "ev", "seconds")


def interpolate(counts: ArrayLike, obtained: ArrayLike, scores: ArrayLike) -> NDArray[np.float64]:
    """Read scores off at stated numbers of superpixels, linearly in the logarithm of the number.

    Parameters
    ----------
    counts : (n,) array_like of float
        Where to read.
    obtained, scores : (m,) array_like of float
        The points known, in any order; those whose score is NaN are left out.

    Returns
    -------
    (n,) float64 ndarray
        NaN outside the numbers obtained.
    """
    obtained, scores = np.asarray(obtained, float), np.asarray(scores, float)
    order = np.argsort(obtained, kind="stable")
    order = order[np.isfinite(scores[order])]
    if not len(order):
        return np.full(len(np.atleast_1d(counts)), np.nan)
    x, y = np.log(obtained[order]), scores[order]
    return np.interp(np.log(np.atleast_1d(np.asarray(counts, float))), x, y, left=np.nan, right=np.nan)


def averages(rows: Iterable[Row]) -> list[Row]:
    """Average rows over the pictures: one row per method, value and K asked for, in order of appearance."""
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        groups.setdefault((row["method"], row["value"], row["n_asked"]), []).append(row)
    return [_average(group) for group in groups.values()]


def _average(group: list[Row]) -> Row:
    head = {name: group[0][name] for name in ("method", "setting", "value", "n_asked")}
    columns = [name for name in group[0] if name not in head and name != "image"]
    seconds = statistics.median(row["seconds"] for row in group)
    means = {name: _mean(group, name) for name in columns}
    return {**head, "images": len(group), **means, "seconds": seconds}


def _mean(group: list[Row], name: str) -> float:
    known = [row[name] for row in group if math.isfinite(row[name])]
    return math.fsum(known) / len(known) if known else math.nan


def at_counts(averaged: Sequence[Row], counts: Sequence[int] = COUNTS) -> list[Row]:
    """Interpolate what `averages` returned at stated counts: one row per method, value and count."""
    groups: dict[tuple, list[Row]] = {}
    for row in averaged:
        groups.setdefault((row["method"], row["value"]), []).append(row)
    found = []
    for group in groups.values():
        head = {name: group[0][name] for name in ("method", "setting", "value")}
        obtained = [row["n_obtained"] for row in group]
        columns = [name for name in group[0] if name not in (*head, "n_asked", "images", "n_obtained")]
        read = {name: interpolate(counts, obtained, [row[name] for row in group]) for name in columns}
        for i, count in enumerate(counts):
            found.append({**head, "n": count, **{name: float(read[name][i]) for name in columns}})
    return found


def undominated(scores: ArrayLike, larger: Sequence[bool] | None = None) -> NDArray[np.bool_]:
    """Tell which points no other point beats: as good in all scores, and better in one.

    Parameters
    ----------
    scores : (n, d) array_like of float
        NaN loses to every number.
    larger : sequence of d bool, optional
        Whether the larger is the better; True by default.

    Returns
    -------
    (n,) bool ndarray
        Equal points do not beat each other.
    """
    scores = np.atleast_2d(np.asarray(scores, float))
    signed = scores * np.where([True] * scores.shape[1] if larger is None else larger, 1.0, -1.0)
    signed = np.where(np.isnan(signed), -np.inf, signed)
    as_good = (signed[None] >= signed[:, None]).all(axis=2)  # [i, j]: j is as good as i
    ahead = (signed[None] > signed[:, None]).any(axis=2)
    return ~(as_good & ahead).any(axis=1)


def summarise(
    rows: Sequence[Row], chosen: Mapping[str, Mapping], about: Mapping, counts: Sequence[int] = COUNTS
) -> dict:
    """Put together all that a table of results has to say.

    Parameters
    ----------
    rows : sequence of dict
        From `measure`.
    chosen : mapping
        The setting of each method and how it was chosen, from `settings`.
    about : mapping
        What else to store: the command, the data.
    counts : sequence of int
        Where to interpolate.

    Returns
    -------
    dict
        `about`, "versions", "methods", "measured" (see `averages`) and "table" (see `at_counts`).
    """
    averaged = averages(rows)
    body = {"methods": dict(chosen), "measured": averaged, "table": at_counts(averaged, counts)}
    return {**about, "versions": versions(), **body}


def merged(old: Mapping, new: Mapping) -> dict:
    """Put the methods of a new summary, or sweep, into an old one; those of the same name are replaced.

    Each method put in keeps the command and the versions that made it.

    Raises
    ------
    ValueError
        If the two were not measured on the same pictures, or not read off at the same counts.
    """
    for name, value in (("data", old["data"]), ("counts", _counts(old))):
        other = new["data"] if name == "data" else _counts(new)
        if value != other:
            raise ValueError(f"the results to update have the {name} {value}, the new ones {other}")
    made = {name: new[name] for name in ("command", "jobs", "versions")}
    methods = {name: {**entry, "made": made} for name, entry in new["methods"].items()}
    both = {**old, "methods": {**old["methods"], **methods}}
    for part in _tables({**old, **new}):
        kept = [row for row in both.pop(part, []) if row["method"] not in methods]
        if part in new:
            both[part] = kept + list(new[part])
    return both


def _tables(summary: Mapping) -> list[str]:
    """Return the parts of a summary that are lists of rows; a sweep has none."""
    return [
        name
        for name, value in summary.items()
        if isinstance(value, list) and all(isinstance(row, Mapping) for row in value)
    ]


def _counts(summary: Mapping) -> list[int]:
    return sorted({row["n"] for row in summary.get("table", []) if "n" in row})


def write(summary: Mapping, file: str | Path) -> list[Path]:
    """Write a summary as JSON, its table as CSV beside it, NaN as null or empty; return the paths."""
    file = Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_json(summary) + "\n", encoding="utf-8", newline="\n")
    if not summary.get("table"):
        return [file]
    rows = [_null(_rounded(row)) for row in summary["table"]]  # None is written as an empty cell
    with file.with_suffix(".csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return [file, file.with_suffix(".csv")]


def _json(summary: Mapping) -> str:
    """Return JSON with one line per row of a table, so that changes can be read."""
    lines = []
    for name, value in summary.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n  ".join(json.dumps(_null(_rounded(row))) for row in value)
            lines.append(f'"{name}": [\n  {rows}\n]')
        else:
            lines.append(f"{json.dumps(name)}: {json.dumps(value, indent=1, ensure_ascii=False)}")
    return "{\n" + ",\n".join(lines) + "\n}"


def _rounded(row: Mapping) -> dict:
    return {k: round(v, 5) if isinstance(v, float) and math.isfinite(v) else v for k, v in row.items()}


def _null(row: Mapping) -> dict:
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}


def load(source: str | Path = "val") -> dict:
    """Read a summary: a shipped one ("val") or a file that `write` made; null becomes NaN in its tables.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    shipped = data_dir() / "results" / f"{source}.json"
    file = shipped if shipped.is_file() else Path(source)
    if not file.is_file():
        raise FileNotFoundError(
            f"no results {str(source)!r}: neither {shipped} nor a file of that name; "
            "make them with: spamlab benchmark"
        )
    summary = json.loads(file.read_text(encoding="utf-8"))
    for name in _tables(summary):
        summary[name] = [
            {k: math.nan if v is None and k != "value" else v for k, v in row.items()}
            for row in summary[name]
        ]
    return summary


def table(summary: Mapping, scores: Sequence[str] = PRINTED) -> str:
    """Return the table of a summary as Markdown, one line per count and method; a dash stands for NaN."""
    lines = [f"| n | method | setting | {' | '.join(scores)} |", "|---" * (3 + len(scores)) + "|"]
    for row in sorted(summary["table"], key=lambda row: row["n"]):
        setting = f"{row['setting']} {row['value']:g}" if row["setting"] else "-"
        cells = ["-" if math.isnan(row[name]) else f"{row[name]:.3f}" for name in scores]
        lines.append(f"| {row['n']} | {row['method']} | {setting} | {' | '.join(cells)} |")
    return "\n".join(lines)
