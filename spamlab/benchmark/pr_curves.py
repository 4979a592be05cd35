"""A picture of boundary precision over recall, one line per segmenter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from spamlab.plot import Picture

LEVELS = (0.4, 0.5, 0.6, 0.7, 0.8)  # of F, the pale lines
GAP = 0.045  # between the heights of two names


def pr_curves(
    summary: Mapping, *, methods: Sequence[str] | None = None, highlight: str | None = "segments"
) -> Picture:
    """Draw boundary precision over recall while the last setting of each method goes through its range.

    Pale lines join points of equal F, a dot marks the setting chosen (ODS).

    Parameters
    ----------
    summary : mapping
        From `summarise_segmentations` or `load`.
    methods : sequence of str, optional
        Which methods; all by default.
    highlight : str, optional
        The line to look at, if it is among them: it is drawn thicker.

    Raises
    ------
    ValueError
        If the summary has no such method, or is none of segmentations.
    """
    from matplotlib.figure import Figure  # here, so that processes that only measure need not load it

    from spamlab.plot.picture import DPI, INK, MUTED, SERIES, from_figure

    table = {row["method"]: row for row in summary["table"] if "ods" in row}
    names = list(table) if methods is None else list(methods)
    if not names or set(names) - set(table):
        raise ValueError(f"methods are {names}, expected some of: {', '.join(table) or 'none are there'}")
    colours = {name: SERIES[i % len(SERIES)] for i, name in enumerate(names)}
    figure = Figure(figsize=(6.6, 4.6), dpi=DPI)
    axes = figure.add_axes((0.11, 0.13, 0.63, 0.74))
    _levels(axes, MUTED)
    for name in names:
        recall, precision = _path(summary, name)
        look = {"zorder": 3 + (name == highlight), "color": colours[name]}
        axes.plot(recall, precision, lw=3 if name == highlight else 1.8, **look)
        axes.plot(table[name]["recall"], table[name]["precision"], "o", ms=8, mec="white", **look)
    _name(axes, {name: table[name]["ods"] for name in names}, summary, colours)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_xlabel("boundary recall", color=INK)
    axes.set_ylabel("boundary precision", color=INK)
    axes.set_title(_origin(summary), loc="left", fontsize=12, color=INK, pad=16)
    axes.spines[["top", "right"]].set_visible(False)
    return from_figure(figure, _sentence(summary, [table[name] for name in names]), drawing=True)


def _path(summary: Mapping, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return recall and precision of a method along its curve."""
    points = [(row["recall"], row["precision"]) for row in summary["curve"] if row["method"] == name]
    return tuple(np.asarray(points, float).T)


def _levels(axes: Axes, ink: str) -> None:
    """Draw lines of equal F: precision = F recall / (2 recall - F)."""
    for f in LEVELS:
        recall = np.linspace(f / (2 - f) + 1e-6, 1, 200)  # from precision 1 on
        axes.plot(recall, f * recall / (2 * recall - f), color="#e0e0e6", lw=1, zorder=1)
        axes.annotate(f"F {f:g}", (f / (2 - f), 1), ha="center", va="bottom", fontsize=8, color=ink)


def _name(axes: Axes, ods: Mapping[str, float], summary: Mapping, colours: Mapping[str, str]) -> None:
    """Write names with their F at the right, as high as their lines end, or higher where they would touch."""
    ends = {}
    for name in ods:
        recall, precision = _path(summary, name)
        ends[name] = float(np.nan_to_num(precision[np.nanargmax(recall)]))
    height = -np.inf
    for name in sorted(ends, key=ends.get):
        height = max(height + GAP, ends[name])
        text = f"{name} {ods[name]:.3f}"
        style = {"va": "center", "fontsize": 10, "color": colours[name], "annotation_clip": False}
        axes.annotate(text, (1.02, height), **style)


def _origin(summary: Mapping) -> str:
    data = summary.get("data", {})
    return (
        f"{data.get('name', '')} {data.get('split', '')} ({summary['table'][0]['images']} pictures)".strip()
    )


def _sentence(summary: Mapping, rows: Sequence[Mapping]) -> str:
    order = sorted(rows, key=lambda row: -row["ods"])
    said = [f"{r['method']} {r['ods']:.3f} (P {r['precision']:.3f}, R {r['recall']:.3f})" for r in order]
    return f"Boundary F at one setting for all (ODS), {_origin(summary)}: {', '.join(said)}."
