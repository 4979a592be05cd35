"""Charts for numbers: `curve` and `plane` with names at the ends of lines, `bars` with their values."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from spamlab.plot.picture import DPI, HIGHLIGHT, INK, MUTED, SERIES, Picture, from_figure

PALE, GRID = "#b0b4bb", {"color": "#e6e6ea", "lw": 0.8}  # lines and bars beside the one to look at
_LINE = 17  # pixels between two names at the ends of lines


def curve(
    x: ArrayLike,
    series: Mapping[str, ArrayLike],
    xlabel: str,
    ylabel: str,
    text: str,
    *,
    log: bool | str = False,
    highlight: str | None = None,
    title: str = "",
    dots: bool = True,
) -> Picture:
    """Draw lines over a common x, each named at its right end.

    Parameters
    ----------
    x : (n,) array_like of float
    series : mapping of str to (n,) array_like of float
        Name of a line and its values; NaN leaves a gap.
    xlabel, ylabel : str
        Names of the axes, with units.
    text : str
        The sentence under the figure.
    log : bool or str
        True or "x" for a logarithmic x axis; "y" or "xy" likewise.
    highlight : str, optional
        The line to look at; the others become grey.
    title : str
        A short title.
    dots : bool
        Whether each point is marked; for hundreds of points a bare line is clearer.

    Raises
    ------
    ValueError
        If a line is not as long as `x`, or `highlight` names no line.
    """
    x = np.asarray(x, float)
    for name, y in series.items():
        if np.shape(y) != x.shape:
            raise ValueError(f"series {name!r} has shape {np.shape(y)}, expected {x.shape} like x")
    paths = {name: (x, y) for name, y in series.items()}
    return plane(paths, xlabel, ylabel, text, log=log, highlight=highlight, title=title, dots=dots)


def plane(
    paths: Mapping[str, tuple[ArrayLike, ArrayLike]],
    xlabel: str,
    ylabel: str,
    text: str,
    *,
    log: bool | str = False,
    highlight: str | None = None,
    title: str = "",
    dots: bool = True,
) -> Picture:
    """Draw a path of points (x, y) for each name, such as one method over its settings.

    Parameters
    ----------
    paths : mapping of str to ((n,), (n,)) array_like of float
        x and y of each path, which is named at its last point; NaN leaves a gap.
    xlabel, ylabel, text, log, highlight, title, dots
        As in `curve`.
    """
    check_names(paths, highlight)
    figure, axes = blank_axes(5.6, 3.6, title, right=_inches(paths))
    ends = []
    for (name, (x, y)), colour in zip(paths.items(), line_colours(paths, highlight), strict=True):
        x, y = np.asarray(x, float), np.asarray(y, float)
        top = 3 if name == highlight else 2
        axes.plot(x, y, color=colour, lw=2.2, marker="o" * dots, ms=4, zorder=top, clip_on=False)
        if np.isfinite(y).any():
            last = np.flatnonzero(np.isfinite(y))[-1]
            ends.append((name, colour, x[last], y[last]))
    _scale(axes, log, np.asarray(next(iter(paths.values()))[0], float))
    name_axes(axes, xlabel, ylabel)
    name_ends(axes, ends)
    return from_figure(figure, text, drawing=True)


def bars(
    values: Mapping[str, float],
    label: str,
    text: str,
    *,
    highlight: str | None = None,
    number: str = "{:.3g}",
    title: str = "",
) -> Picture:
    """Draw one horizontal bar per name, from top to bottom, with its value at the end.

    Parameters
    ----------
    values : mapping of str to float
        Name and value of each bar, 0 or more.
    label : str
        What the values are, with the unit.
    text : str
        The sentence under the figure.
    highlight : str, optional
        The bar to look at; the others become grey.
    number : str
        Format of the values.
    title : str
        A short title.

    Raises
    ------
    ValueError
        If `highlight` names no bar.
    """
    check_names(values, highlight)
    figure, axes = blank_axes(5.6, 0.36 * len(values), title, left=_inches(values))
    heights = np.asarray(list(values.values()), float)
    colours = [PALE if highlight else HIGHLIGHT] * len(values)
    if highlight:
        colours[list(values).index(highlight)] = HIGHLIGHT
    at = np.arange(len(values))
    axes.barh(at, heights, height=0.66, color=colours)
    for i, value in enumerate(heights):
        axes.annotate(number.format(value), (value, i), (5, 0), textcoords="offset points", va="center")
    axes.set_yticks(at, list(values))
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.tick_params(left=False)
    axes.set_xlabel(label, color=INK)
    axes.spines["left"].set_color(MUTED)
    return from_figure(figure, text, drawing=True)


def check_names(named: Mapping, highlight: str | None) -> None:
    """Refuse nothing, and a name that is not there."""
    if not named:
        raise ValueError("nothing to draw: 0 names, expected at least one name with its values")
    if highlight is not None and highlight not in named:
        raise ValueError(f"highlight is {highlight!r}, expected one of {list(named)}")


def line_colours(series: Mapping, highlight: str | None) -> list[str]:
    """Return the colour of each line: one of a series, or grey but for the one to look at."""
    if highlight is not None:
        return [HIGHLIGHT if name == highlight else PALE for name in series]
    return [SERIES[i % len(SERIES)] for i in range(len(series))]


def name_axes(axes: Axes, xlabel: str, ylabel: str) -> None:
    """Write what the axes are, and draw the grid."""
    axes.set_xlabel(xlabel, color=INK)
    axes.set_ylabel(ylabel, color=INK)
    axes.grid(**GRID)


def _inches(names: Mapping) -> float:
    return 0.3 + 0.095 * max(map(len, names))


def blank_axes(
    width: float, height: float, title: str, *, left: float = 0.85, right: float = 0.3
) -> tuple[Figure, Axes]:
    """Return axes of (width, height) inches with room for tick labels and names beside them."""
    below, above = 0.62, 0.42 if title else 0.18
    total = (left + width + right, below + height + above)
    figure = Figure(figsize=total, dpi=DPI)
    axes = figure.add_axes((left / total[0], below / total[1], width / total[0], height / total[1]))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=10, colors=INK)
    if title:
        axes.set_title(title, loc="left", fontsize=12, color=INK)
    return figure, axes


def _scale(axes: Axes, log: bool | str, x: np.ndarray) -> None:
    which = "x" if log is True else (log or "")
    if set(which) - set("xy"):
        raise ValueError(f"log is {log!r}, expected True, False, 'x', 'y' or 'xy'")
    if "x" in which:
        axes.set_xscale("log")
        if len(x) <= 10:
            axes.set_xticks(x, [f"{float(f'{v:.3g}'):g}" for v in x])
            axes.minorticks_off()
    if "y" in which:
        axes.set_yscale("log")


def name_ends(axes: Axes, ends: list[tuple[str, str, float, float]]) -> None:
    """Write names beside the last points, moved up or down where they would touch."""
    axes.autoscale_view()
    place = axes.transData.transform([(x, y) for *_, x, y in ends])
    aside = np.ptp(place[:, 0]) > 1
    heights = _free_heights(place, [name for name, *_ in ends]) if aside else _spread(place[:, 1], axes)
    points = 72 / DPI
    for (name, colour, x, y), height, (_, own) in zip(ends, heights, place, strict=True):
        axes.annotate(
            name,
            (x, y),
            (8 * points, (height - own) * points),
            textcoords="offset points",
            va="center",
            color=colour if colour != PALE else MUTED,
            fontsize=10.5,
            fontweight="bold" if colour == HIGHLIGHT else "normal",
            annotation_clip=False,
        )


def _free_heights(place: np.ndarray, names: list[str]) -> list[float]:
    """Return heights in pixels for names at different x: the nearest that touch no other name."""
    taken: list[tuple[float, float, float]] = []  # left, right, height
    for (x, y), name in zip(place, names, strict=True):
        tries = (y + sign * step for step in range(0, 400, 4) for sign in (1, -1))
        right = x + 8 + 7.5 * len(name)
        height = next(
            h for h in tries if all(right < l or r < x or abs(h - other) >= _LINE for l, r, other in taken)
        )
        taken.append((x, right, height))
    return [height for *_, height in taken]


def _spread(wished: np.ndarray, axes: Axes) -> np.ndarray:
    """Return heights in pixels for names in one column: isotonic means of the wished ones."""
    order = np.argsort(wished)
    groups: list[list[float]] = []
    for height in wished[order] - _LINE * np.arange(len(order)):
        groups.append([height, 1])
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            mean, n = groups.pop()
            total = groups[-1][1] + n
            groups[-1] = [(groups[-1][0] * groups[-1][1] + mean * n) / total, total]
    heights = np.repeat([mean for mean, _ in groups], [int(n) for _, n in groups])
    heights = heights + _LINE * np.arange(len(order))
    top = axes.bbox.y1 - _LINE * np.arange(len(order))[::-1]
    return np.minimum(heights, top)[np.argsort(order)]
