"""The setting of each method, chosen by the same sweep: as many values, the same pictures, the same count.

A setting is judged by the mean ASA at 200 superpixels obtained, interpolated between the numbers that
K = 150, 200 and 300 obtain. Where these do not reach around 200, further K are asked for (`around`).
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from spamlab.benchmark.around import measure_around
from spamlab.benchmark.methods import MERGE, METHODS, Method
from spamlab.benchmark.rows import Case
from spamlab.benchmark.summary import at_counts, averages
from spamlab.data import Sample, Split
from spamlab.paths import data_dir

TARGET = 200
ASKED = (150, 200, 300)
SCORE = "asa_mean"
OURS = f"regions.enforce_connectivity merges those below {MERGE:g} N / K"
OWN = "the method's own step, or none needed"
OTHERS = "all annotators but the one whose truth it is given"


def sweep(
    data: Split | Sequence[Sample],
    names: Sequence[str],
    file: str | Path | None = None,
    *,
    target: int = TARGET,
    asked: Sequence[int] = ASKED,
    where: str = "",
    methods: Mapping[str, Method] = METHODS,
    **options,
) -> dict[str, dict]:
    """Choose the value of each method's setting that scores best at `target` superpixels obtained.

    Parameters
    ----------
    data : Split or sequence of Sample
    names : sequence of str
        Methods; those without a setting are passed over.
    file, methods, **options
        As in `measure_around`.
    target : int
        The number of superpixels at which values are compared.
    asked : sequence of int
        The numbers K to ask for.
    where : str
        The pictures in words, for the record.

    Returns
    -------
    dict
        For each method "setting", "value" (the best), "how" it was chosen (and whether the
        best is the first or the last value tried), and "swept": for each value the K
        asked for, the numbers obtained and the mean ASA at `target`, None if they do not reach it.
    """
    cases = [Case(name, value, tuple(asked)) for name in names for value in methods[name].values]
    averaged = averages(measure_around(data, cases, (target,), file, methods=methods, **options))
    return {
        name: _choose(name, methods[name], averaged, target, where or f"{len(data)} pictures")
        for name in names
        if methods[name].values
    }


def _choose(name: str, method: Method, averaged: list[dict], target: int, where: str) -> dict:
    mine = [row for row in averaged if row["method"] == name]
    swept = [_read([row for row in mine if row["value"] == value], target) for value in method.values]
    known = [entry for entry in swept if entry[SCORE] is not None]
    best = max(known, key=lambda entry: entry[SCORE])["value"] if known else method.default
    values = ", ".join(f"{value:g}" for value in method.values)
    how = f"chosen on {where} by a sweep of {len(swept)} values ({values}): best {SCORE} at {target} obtained"
    if best in (method.values[0], method.values[-1]):
        how += ", at the end of the range"
    if not known:
        how = f"the default: no value of {values} obtains {target} superpixels on {where}"
    return {"setting": method.setting, "value": best, "how": how, "swept": swept}


def _read(rows: list[dict], target: int) -> dict:
    (at,) = at_counts(rows, (target,))
    rows = sorted(rows, key=lambda row: row["n_asked"])
    return {
        "value": at["value"],
        SCORE: None if math.isnan(at[SCORE]) else round(at[SCORE], 5),
        "n_asked": [row["n_asked"] for row in rows],
        "n_obtained": [round(row["n_obtained"], 1) for row in rows],
    }


def settings(
    names: Sequence[str], file: str | Path | None = None, methods: Mapping[str, Method] = METHODS
) -> dict[str, dict]:
    """Return the setting of each method: from a file of a sweep, else the default.

    Parameters
    ----------
    names : sequence of str
    file : str or Path, optional
        What ``spamlab benchmark --sweep`` wrote; the shipped sweep on val if there is one.
    methods : mapping of str to Method

    Returns
    -------
    dict
        For each method "setting", "value", "how" it was chosen, what is done about small "pieces", and who
        "judges", if not all annotators do.

    Raises
    ------
    FileNotFoundError
        If the file is not there.
    """
    shipped = data_dir() / "results" / "sweep_val.json"
    swept = {}
    if file is not None or shipped.is_file():
        swept = json.loads(Path(file or shipped).read_text(encoding="utf-8"))["methods"]
    return {name: {**_setting(methods[name], swept.get(name)), **_about(methods[name])} for name in names}


def _about(method: Method) -> dict[str, str]:
    pieces = {"pieces": OURS if method.merge else OWN}
    return {**pieces, "judges": OTHERS} if method.annotated else pieces


def _setting(method: Method, swept: Mapping | None) -> dict:
    if not method.setting:
        return {"setting": "", "value": None, "how": "it has no setting"}
    if swept is None:
        how = "the default, not swept" if method.swept else "the paper's, not swept"
        return {"setting": method.setting, "value": method.default, "how": how}
    return {name: swept[name] for name in ("setting", "value", "how")}
