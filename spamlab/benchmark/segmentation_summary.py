"""What the rows of segmentations say: F over the data set, its curve, region scores, the setting chosen."""

import statistics
from collections.abc import Mapping, Sequence

from spamlab.benchmark.code import versions
from spamlab.benchmark.rows import Row
from spamlab.benchmark.segmentation import hash_of
from spamlab.benchmark.segmentation_sweep import best, counts_of
from spamlab.benchmark.segmenters import SEGMENTERS, Segmenter, Setting
from spamlab.metrics import BoundaryCounts, ods_ois

REGIONS = {"pri": "pri", "voi": "voi_mean", "gce": "gce_mean", "covering": "covering_mean", "regions": "n"}
PRINTED = {"ods": 3, "precision": 3, "recall": 3, "ois": 3, "pri": 3, "voi": 3, "gce": 3, "covering": 3}
PRINTED |= {"regions": 1, "best_pri": 3, "ms": 0, "ms_cut": 1}


def summarise_segmentations(
    coarse: Sequence[Row],
    full: Sequence[Row],
    about: Mapping,
    *,
    segmenters: Mapping[str, Segmenter] = SEGMENTERS,
) -> dict:
    """Put together all that a table of segmentations has to say.

    Parameters
    ----------
    coarse, full : sequence of dict
        From `sweep_segmentations`.
    about : mapping
        What else to store: the command, the data.
    segmenters : mapping of str to Segmenter
        Those that made the rows.

    Returns
    -------
    dict
        `about`, "versions"; "methods": for each the "setting" chosen, "how", and the ranges swept; "table":
        one row per method at this setting; "curve": one row per method and value of its last setting;
        "tried": the first stage, one row per method and values of the other settings, at the best last one.
    """
    names = list(dict.fromkeys(row["method"] for row in full))
    curves = {name: _curve([row for row in full if row["method"] == name], name) for name in names}
    return {
        **about,
        "versions": versions(),
        "methods": {name: _method(name, segmenters[name], coarse, full) for name in names},
        "table": [_at_best(curves[name], full, name) for name in names],
        "curve": [
            {"method": name, "parameter": segmenters[name].curve, **point}
            for name in names
            for point in curves[name]
        ],
        "tried": [entry for name in names for entry in _tried(segmenters[name], coarse, name)],
    }


def _curve(mine: Sequence[Row], name: str) -> list[dict[str, float]]:
    """Return scores over the data set for each setting of the second stage."""
    settings, counts = counts_of(mine, name)
    found = []
    for setting, column in zip(settings, zip(*counts, strict=True), strict=True):
        rows = [row for row in mine if row["setting"] == setting]
        whole = sum(column, BoundaryCounts())
        means = {name: statistics.fmean(row[key] for row in rows) for name, key in REGIONS.items()}
        seconds = statistics.median(row["seconds_prepare"] + row["seconds"] for row in rows)
        scores = {"precision": whole.precision, "recall": whole.recall, "f": whole.f, **means}
        found.append({"value": list(setting.values())[-1], **scores, "ms": seconds * 1e3})
    return found


def _at_best(curve: Sequence[Mapping], full: Sequence[Row], name: str) -> dict[str, float | str]:
    """Return the scores of one method at its setting, and the best there are at another one."""
    _, counts = counts_of(full, name)
    found, setting = ods_ois(counts), best(full, name)
    point = {key: value for key, value in curve[found.parameter].items() if key not in ("value", "f")}
    rows = [row for row in full if row["method"] == name and row["setting"] == setting]
    ms = {
        f"ms_{part}": 1e3 * statistics.median(row[column] for row in rows)
        for part, column in (("prepare", "seconds_prepare"), ("cut", "seconds"))
    }
    scores = {"ods": found.ods, "ois": found.ois, **point, "best_pri": max(at["pri"] for at in curve)}
    return {"method": name, "setting": _said(setting), "images": len(counts), **scores, **ms}


def _tried(segmenter: Segmenter, coarse: Sequence[Row], name: str) -> list[dict[str, float | str]]:
    """Return what the first stage found: F of all but the last setting, at the best value of the last."""
    settings, counts = counts_of(coarse, name)
    found: dict[str, dict] = {}
    for setting, column in zip(settings, zip(*counts, strict=True), strict=True):
        others = _said({key: value for key, value in setting.items() if key != segmenter.curve})
        f = sum(column, BoundaryCounts()).f
        if others not in found or f > found[others]["f"]:
            found[others] = {"method": name, "setting": others, "at": setting[segmenter.curve], "f": f}
    return list(found.values())


def _method(name: str, segmenter: Segmenter, coarse: Sequence[Row], full: Sequence[Row]) -> dict:
    """Return the setting of a method, and how it was found."""
    stages = [[row for row in rows if row["method"] == name] for rows in (coarse, full)]
    settings, images = zip(*(map(len, counts_of(rows, name)) for rows in stages), strict=True)
    chosen, scored = best(full, name), {(row["image"], row["map"]) for rows in stages for row in rows}
    ends = [key for key, values in segmenter.settings.items() if _at_the_end(chosen[key], values)]
    how = (
        f"best boundary F (ODS): all but {segmenter.curve} from {settings[0]} settings on {images[0]} "
        f"pictures, {segmenter.curve} from {settings[1]} on {images[1]} pictures"
    )
    return {
        "setting": chosen,
        "how": how + f"; at the end of the range: {', '.join(ends)}" * bool(ends),
        "swept": {key: _range(values) for key, values in segmenter.settings.items()},
        "first_grid": {key: _range(segmenter.coarse.get(key, v)) for key, v in segmenter.settings.items()},
        "scored": len(scored),
        **({"files": {file.name: hash_of([file]) for file in segmenter.files}} if segmenter.files else {}),
    }


def _at_the_end(value: float | str, values: tuple) -> bool:
    return not isinstance(value, str) and len(values) > 1 and value in (values[0], values[-1])


def _range(values: tuple) -> str:
    return f"{', '.join(map(str, values))} ({len(values)})"


def _said(setting: Setting) -> str:
    return " ".join(f"{name}={value}" for name, value in setting.items())


def segmentation_table(summary: Mapping) -> str:
    """Return the table of a summary as Markdown, one line per method, the best F first."""
    lines = [f"| method | setting | {' | '.join(PRINTED)} |", "|---" * (2 + len(PRINTED)) + "|"]
    for row in sorted(summary["table"], key=lambda row: -row["ods"]):
        cells = [f"{row[name]:.{digits}f}" for name, digits in PRINTED.items()]
        lines.append(f"| {row['method']} | {row['setting']} | {' | '.join(cells)} |")
    return "\n".join(lines)
