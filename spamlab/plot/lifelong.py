"""Learning that goes on: three `ways` to train, and the `factors` of rescaled gradients."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from numpy.typing import ArrayLike

from spamlab.plot.charts import PALE
from spamlab.plot.diagrams import GREY, NEW, OLD, arrow
from spamlab.plot.picture import DPI, HIGHLIGHT, INK, MUTED, Picture, from_figure

_ROW = 100  # pixels of a row of `ways`


def ways(pictures: Sequence[str], *, text: str) -> Picture:
    """Draw three ways to train on the same pictures: all together, a restart for each, one after another.

    Parameters
    ----------
    pictures : sequence of str
        Short names of two or three pictures.
    text : str
        The sentence under the figure.

    Raises
    ------
    ValueError
        If there are fewer than two pictures, or more than three.
    """
    if not 2 <= len(pictures) <= 3:
        raise ValueError(f"there are {len(pictures)} pictures, expected 2 or 3")
    figure = Figure(figsize=(9.5, 3 * _ROW / DPI), dpi=DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 950), ylim=(3 * _ROW, 0))
    axes.set_axis_off()
    names = ("all together", "restart\nfor each", "one after\nanother")
    said = (
        "one network,\nevery picture often",
        "a new network\nfor every picture",
        "one network,\nno way back",
    )
    for row, (name, words) in enumerate(zip(names, said, strict=True)):
        y = (row + 0.5) * _ROW
        axes.text(16, y, name, va="center", fontsize=12.5, fontweight="bold", color=INK, linespacing=1.2)
        axes.text(936, y, words, ha="right", va="center", fontsize=11, color=GREY, linespacing=1.3)
    _together(axes, pictures, 0.5 * _ROW)
    _restart(axes, pictures, 1.5 * _ROW)
    _chain(axes, pictures, 2.5 * _ROW)
    for y in (_ROW, 2 * _ROW):
        axes.plot([16, 934], [y, y], color="#e6e6ea", lw=1)
    return from_figure(figure, text, drawing=True)


def _together(axes: Axes, pictures: Sequence[str], y: float) -> None:
    joined = _chip(axes, 140, y, ", ".join(pictures), 34 + 44 * len(pictures))
    _network(axes, joined + 60, y)
    arrow(axes, [(joined + 10, y), (joined + 50, y)])


def _restart(axes: Axes, pictures: Sequence[str], y: float) -> None:
    for i, name in enumerate(pictures):
        left = 140 + i * 600 / len(pictures)
        end = _chip(axes, left, y, name, 44)
        arrow(axes, [(end + 8, y), (end + 34, y)])
        _network(axes, end + 42, y, 80)


def _chain(axes: Axes, pictures: Sequence[str], y: float) -> None:
    left = 140.0
    for i, name in enumerate(pictures):
        end = _chip(axes, left, y, name, 44)
        arrow(axes, [(end + 8, y), (end + 30, y)])
        left = _network(axes, end + 38, y, 80)
        if i < len(pictures) - 1:
            arrow(axes, [(left + 8, y), (left + 30, y)])
        left += 38


def _chip(axes: Axes, left: float, y: float, name: str, width: float) -> float:
    """Draw a picture by its name; return the right edge."""
    style = "round,pad=3,rounding_size=5"
    axes.add_patch(FancyBboxPatch((left + 3, y - 17), width - 6, 34, style, fc=OLD[1], ec=OLD[0], lw=1.2))
    axes.text(left + width / 2, y, name, ha="center", va="center", fontsize=12, color=INK)
    return left + width


def _network(axes: Axes, left: float, y: float, width: float = 96) -> float:
    """Draw a network; return the right edge."""
    style = "round,pad=3,rounding_size=14"
    axes.add_patch(FancyBboxPatch((left + 3, y - 19), width - 6, 38, style, fc=NEW[1], ec=NEW[0], lw=1.8))
    axes.text(left + width / 2, y, "network", ha="center", va="center", fontsize=11, color=INK)
    return left + width


def factors(columns: Mapping[str, ArrayLike], *, text: str, label: str = "factor") -> Picture:
    """Draw one or two columns per channel, from 0 to 1, with lines at full and at half speed.

    Parameters
    ----------
    columns : mapping of str to (C,) array_like of float
        What the gradient of each channel is multiplied by, under one name or two; the last one is blue.
    text : str
        The sentence under the figure.
    label : str
        What the values are.

    Raises
    ------
    ValueError
        If there is not one name or two, or values are no rows of C numbers from 0 to 1.
    """
    rows = [np.asarray(values, float) for values in columns.values()]
    shapes = {row.shape for row in rows}
    if len(rows) not in (1, 2) or len(shapes) > 1 or rows[0].ndim != 1 or not rows[0].size:
        raise ValueError(f"columns have shapes {[row.shape for row in rows]}, expected (C,) once or twice")
    if not all(((row >= 0) & (row <= 1)).all() for row in rows):
        raise ValueError("a factor is not in [0, 1], expected shares of a gradient")
    figure = Figure(figsize=(8.4, 3), dpi=DPI)
    axes = figure.add_axes((0.08, 0.18, 0.72, 0.7))
    channels, wide = np.arange(len(rows[0])) + 1, 0.8 / len(rows)
    colours = (PALE, HIGHLIGHT)[-len(rows) :]
    for i, (name, row, colour) in enumerate(zip(columns, rows, colours, strict=True)):
        axes.bar(channels + wide * (i - (len(rows) - 1) / 2), row, width=wide, color=colour, label=name)
    _speeds(axes)
    axes.set(xlim=(0.3, len(rows[0]) + 0.7), ylim=(0, 1.02), xlabel="channel", ylabel=label, xticks=channels)
    axes.tick_params(labelsize=9.5, colors=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=10.5)
    return from_figure(figure, text, drawing=True)


def _speeds(axes: Axes) -> None:
    for level, said in ((1, "1: full speed"), (0.5, "1/2: half speed"), (0, "0: stays as it is")):
        axes.axhline(level, color=MUTED, lw=1, ls=(0, (4, 3)) if level else "-", zorder=0)
        beside = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
        axes.annotate(said, (1, level), (8, 0), va="center", fontsize=10, color=INK, **beside)
