"""Methods compared: `trails` in a plane of two scores, a `front` nobody beats, `ranges`, `multiples`."""

import io
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike
from PIL import Image

from spamlab.plot.charts import GRID, PALE, blank_axes, check_names, line_colours, name_axes, name_ends
from spamlab.plot.picture import DPI, HIGHLIGHT, INK, MUTED, SERIES, WIDTH, Picture, from_figure
from spamlab.plot.pixels import RGB, as_uint8

_GAP = 14  # pixels between a picture and its chart


def trails(
    paths: Mapping[str, tuple[ArrayLike, ArrayLike]],
    labels: Sequence[object],
    xlabel: str,
    ylabel: str,
    text: str,
    *,
    highlight: str | None = None,
    named: Collection[str] | None = None,
    mark: tuple[ArrayLike, ArrayLike] | None = None,
    title: str = "",
    size: tuple[float, float] = (6.6, 4.6),
) -> Picture:
    """Draw the way of each method through a plane of two scores, with a dot at each stated number.

    Parameters
    ----------
    paths : mapping of str to ((n,), (n,)) array_like of float
        x and y of each method; NaN leaves a gap.
    labels : sequence of n
        What to write at the dots of the method to look at.
    xlabel, ylabel, text, title : str
        The scores, the sentence under the figure, a short title.
    highlight : str, optional
        The method to look at; all are in colour if there is none.
    named : collection of str, optional
        Which methods are named, at their last points; all by default.
    mark : (x, y), optional
        A point to put a ring around, or the x and the y of several.
    size : (float, float)
        Width and height of the axes in inches.

    Raises
    ------
    ValueError
        If `highlight` names no path, or a path has not as many points as there are labels.
    """
    _check(paths, labels, highlight)
    figure, axes = blank_axes(*size, title, right=0.25 + 0.09 * max(map(len, paths)))
    ends = []
    for (name, path), colour in zip(paths.items(), line_colours(paths, highlight), strict=True):
        x, y = (np.asarray(values, float) for values in path)
        axes.plot(x, y, color=colour, lw=2, marker="o", ms=4, zorder=2 + (name == highlight), clip_on=False)
        if np.isfinite(x + y).any() and (named is None or name in named):
            last = np.flatnonzero(np.isfinite(x + y))[-1]
            ends.append((name, colour, x[last], y[last]))
    if highlight is not None:
        _write(axes, labels, *paths[highlight])
    if mark is not None:
        axes.plot(*mark, "o", ms=15, mfc="none", mec=INK, mew=2, zorder=5, clip_on=False)
    name_axes(axes, xlabel, ylabel)
    _name(axes, ends, [highlight])
    return from_figure(figure, text, drawing=True)


def _check(paths: Mapping, labels: Sequence, highlight: str | None) -> None:
    check_names(paths, highlight)
    for name, (x, y) in paths.items():
        if not np.shape(x) == np.shape(y) == (len(labels),):
            raise ValueError(
                f"the path of {name!r} has {np.shape(x)} and {np.shape(y)} points, expected {len(labels)} "
                "of each, one for each label"
            )


def _write(axes: Axes, labels: Sequence[object], x: ArrayLike, y: ArrayLike) -> None:
    for label, *point in zip(labels, x, y, strict=True):
        if np.isfinite(point).all():
            style = {"textcoords": "offset points", "ha": "right", "fontsize": 9, "color": HIGHLIGHT}
            axes.annotate(str(label), point, (-6, 4), **style, zorder=6)


def _name(axes: Axes, ends: list[tuple[str, str, float, float]], first: Collection[str]) -> None:
    """Write the names on white, those of `first` where they belong."""
    name_ends(axes, sorted(ends, key=lambda end: end[0] not in first))
    for text in axes.texts:
        text.set_path_effects([withStroke(linewidth=3, foreground="white")])


def front(
    points: Mapping[str, tuple[float, float]],
    xlabel: str,
    ylabel: str,
    text: str,
    *,
    best: Collection[str],
    ring: Collection[str] = (),
    log: bool = False,
    title: str = "",
) -> Picture:
    """Draw a dot for each method; those that no other beats in both scores are blue and joined.

    Parameters
    ----------
    points : mapping of str to (x, y)
        Name of a method and its two scores.
    xlabel, ylabel, text, title : str
        The scores, the sentence under the figure, a short title.
    best, ring : collection of str
        The methods on the front; those shown as rings, which do not compete.
    log : bool
        Whether x is logarithmic.

    Raises
    ------
    ValueError
        If `best` is empty, or `best` or `ring` name a stranger.
    """
    if not best or {*best, *ring} - set(points):
        raise ValueError(
            f"best is {sorted(best)} and ring {sorted(ring)}, expected at least one of the best, and names "
            f"among {list(points)}"
        )
    winners = sorted(best, key=points.get)
    figure, axes = blank_axes(6.4, 4.6, title, right=1.9)
    axes.plot(*zip(*(points[name] for name in winners), strict=True), color=HIGHLIGHT, lw=1.6, zorder=2)
    for name, (x, y) in points.items():
        colour = HIGHLIGHT if name in winners else MUTED
        face = "white" if name in ring else colour
        axes.plot(x, y, "o", ms=8, mfc=face, mec=colour if name in ring else "white", zorder=4, clip_on=False)
    if log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    name_axes(axes, xlabel, ylabel)
    ends = [(name, HIGHLIGHT if name in winners else PALE, *point) for name, point in points.items()]
    _name(axes, ends, winners)
    return from_figure(figure, text, drawing=True)


def ranges(
    rows: Mapping[str, tuple[float, float, float]], label: str, text: str, *, title: str = ""
) -> Picture:
    """Draw what one result may be called: a bar from the lowest to the highest score, and a dot between.

    Parameters
    ----------
    rows : mapping of str to (lowest, middle, highest)
    label, text, title : str
        The score, the sentence under the figure, a short title.

    Raises
    ------
    ValueError
        If there is no row, or the three are not in order.
    """
    if not rows or any(list(row) != sorted(row) for row in rows.values()):
        raise ValueError(f"rows are {dict(rows)}, expected at least one, each (lowest, middle, highest)")
    figure, axes = blank_axes(6.0, 0.34 * len(rows), title, left=0.3 + 0.095 * max(map(len, rows)))
    low, middle, high = np.array(list(rows.values()), float).T
    at = np.arange(len(rows))
    axes.barh(at, high - low, left=low, height=0.5, color="#c9d9e8")
    axes.plot(middle, at, "o", color=HIGHLIGHT, ms=8)
    axes.set_yticks(at, list(rows))
    axes.invert_yaxis()
    axes.use_sticky_edges = False  # room before the first bar begins
    axes.margins(x=0.04)
    axes.tick_params(left=False)
    axes.set_xlabel(label, color=INK)
    axes.grid(axis="x", **GRID)
    axes.set_axisbelow(True)
    return from_figure(figure, text, drawing=True)


def multiples(x: ArrayLike, scores: Mapping[str, Mapping[str, ArrayLike]], xlabel: str, text: str) -> Picture:
    """Draw small charts, two in a row: one for each score, the same methods in the same colours.

    Parameters
    ----------
    x : (n,) array_like of float
        Drawn on a logarithmic axis.
    scores : mapping of str to mapping of str to (n,) array_like of float
        Name of a score, and the values of each method; NaN leaves a gap. Six methods at most.
    xlabel, text : str
        Name of the common axis; the sentence under the figure.

    Raises
    ------
    ValueError
        If there is no score, or the methods are not the same six or fewer for each.
    """
    names = {tuple(series) for series in scores.values()}
    if len(names) != 1 or not 0 < len(next(iter(names))) <= len(SERIES):
        raise ValueError(f"scores have the methods {names}, expected the same 1 to {len(SERIES)} for each")
    lines = -(-len(scores) // 2)
    figure = Figure(figsize=(WIDTH / DPI, 2.75 * lines + 0.35), dpi=DPI, layout="constrained")
    grid = figure.subplots(lines, 2, squeeze=False).ravel()
    for axes, (score, series) in zip(grid, scores.items(), strict=False):
        for (name, y), colour in zip(series.items(), SERIES, strict=False):
            axes.plot(x, y, color=colour, lw=2, marker="o", ms=3.5, label=name)
        axes.set_xscale("log")
        axes.set_xticks(x, [f"{value:g}" for value in np.asarray(x, float)], fontsize=9)
        axes.minorticks_off()
        axes.set_title(score, loc="left", fontsize=11, color=INK)
        axes.grid(**GRID)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in grid[len(scores) :]:
        axes.remove()
    figure.supxlabel(xlabel, fontsize=10, color=INK)
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=6, frameon=False)
    return from_figure(figure, text, drawing=True)


def with_chart(picture: ArrayLike, chart: Picture, width: int = WIDTH) -> RGB:
    """Put a chart beside a picture of the same height; the chart keeps its size, so that it can be read.

    Parameters
    ----------
    picture : (H, W, 3) array_like
        It is made to fit the room that the chart leaves.
    chart : Picture
    width : int
        Of both together, in pixels.

    Returns
    -------
    (H', width, 3) uint8 ndarray

    Raises
    ------
    ValueError
        If the chart leaves no room.
    """
    drawn = np.asarray(Image.open(io.BytesIO(chart.data)).convert("RGB"))
    rgb, room = as_uint8(picture), width - drawn.shape[1] - _GAP
    if room < 1:
        raise ValueError(f"the chart is {drawn.shape[1]} pixels wide, expected fewer than {width - _GAP}")
    scale = min(room / rgb.shape[1], len(drawn) / len(rgb))
    fitted = Image.fromarray(rgb).resize([max(1, round(scale * n)) for n in rgb.shape[1::-1]], Image.LANCZOS)
    page = np.full((len(drawn), width, 3), 255, np.uint8)
    top = (len(drawn) - fitted.height) // 2
    page[top : top + fitted.height, : fitted.width] = fitted
    page[:, width - drawn.shape[1] :] = drawn
    return page
