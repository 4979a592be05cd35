"""Where superpixels lie densely: `routes` over superpixels, objects `ranked`, a picture with its `shares`."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray
from PIL import ImageDraw

from spamlab.plot.charts import PALE, blank_axes
from spamlab.plot.masks import tint
from spamlab.plot.picture import BOUNDARY, DPI, HIGHLIGHT, INK, MUTED, Picture, from_figure
from spamlab.plot.pixels import FINER, RGB, as_uint8, draw_finely, enlarge
from spamlab.plot.priors import widest

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TALL, _GAP, _BARS = 400, 90, 320  # pixels of `shares`: the picture at most, the gap beside it, the bars


def routes(image: ArrayLike, labels: ArrayLike, ways: Sequence[Sequence[int]], *, scale: int = 2) -> RGB:
    """Draw ways over superpixels as lines through their middles, with a dot at the start.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        A photograph, or values of superpixels in [0, 1].
    labels : (H, W) array_like of int
        Superpixels 0 to n - 1.
    ways : sequence of sequences of int
        The superpixels along each way.
    scale : int
        Whole factor of enlargement.

    Returns
    -------
    (H * scale, W * scale, 3) uint8 ndarray

    Raises
    ------
    ValueError
        If a way is empty or names no superpixel, or `labels` do not have the shape of the image.
    """
    rgb, labels = as_uint8(image), np.asarray(labels)
    n = int(labels.max()) + 1
    ways = [np.asarray(way, int) for way in ways]
    wrong = [way.tolist() for way in ways if not len(way) or way.min() < 0 or way.max() >= n]
    if wrong or labels.shape != rgb.shape[:2]:
        raise ValueError(
            f"ways {wrong} and labels of shape {labels.shape}, expected ways over superpixels 0 to {n - 1} "
            f"and labels of shape {rgb.shape[:2]}"
        )
    middles = [_middles(labels, way) * scale * FINER for way in ways]
    return draw_finely(enlarge(rgb, scale), lambda canvas: _lines(canvas, middles, 1.6 * scale * FINER))


def _middles(labels: NDArray, way: NDArray) -> NDArray[np.float64]:
    """Return the mean position of each superpixel of a way as (x, y), from the corner of the picture."""
    return np.array([np.argwhere(labels == i).mean(axis=0)[::-1] + 0.5 for i in way])


def _lines(draw: ImageDraw.ImageDraw, middles: list[NDArray], width: float) -> None:
    for colour, wide in ((INK, 1.9 * width), (BOUNDARY, width)):
        for places in middles:
            draw.line([tuple(place) for place in places], fill=colour, width=round(wide), joint="curve")
    for places in middles:
        (x, y), r = places[0], 2.6 * width
        draw.ellipse([x - r, y - r, x + r, y + r], fill=HIGHLIGHT, outline="white", width=round(r / 4))


def ranked(
    values: ArrayLike, threshold: float, label: str, text: str, *, least: float | None = None, title: str = ""
) -> Picture:
    """Draw one upright bar per value, from high to low; those above the threshold are blue.

    Parameters
    ----------
    values : (n,) array_like of float
        0 to 1.
    threshold : float
        Drawn as a line.
    label : str
        What the values are.
    text : str
        The sentence under the figure.
    least : float, optional
        A lower line: the threshold never lies below it.
    title : str
        A short title.

    Raises
    ------
    ValueError
        If there are no values, or one is not in [0, 1].
    """
    values = np.sort(np.asarray(values, float).ravel())[::-1]
    if not len(values) or not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(f"{len(values)} values, expected at least one, and all from 0 to 1")
    figure, axes = blank_axes(6.6, 2.6, title, right=1.5)
    colours = [HIGHLIGHT if value > threshold else PALE for value in values]
    axes.bar(np.arange(len(values)), np.maximum(values, 0.008), width=0.8, color=colours)  # 0 is a line
    axes.set(ylim=(0, 1.02), xlim=(-0.8, len(values) - 0.2), xticks=[])
    axes.set_ylabel(label, color=INK)
    axes.set_xlabel("objects, each one bar", color=INK)
    _level(axes, threshold, f"threshold {threshold:.2f}", INK)
    if least is not None:
        _level(axes, least, f"never below {least:g}", MUTED)
    return from_figure(figure, text, drawing=True)


def _level(axes: Axes, height: float, name: str, colour: str) -> None:
    axes.axhline(height, color=colour, lw=1.6, ls="--", zorder=0.5)
    axes.annotate(
        name, (1, height), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
        va="center", fontsize=10.5, color=colour, annotation_clip=False,
    )  # fmt: skip


def shares(
    image: ArrayLike,
    objects: ArrayLike,
    seeds: Mapping[str, ArrayLike],
    text: str,
    *,
    most: int = 8,
    marked: ArrayLike | None = None,
    label: str = "seeds",
) -> Picture:
    """Draw the largest objects with letters on a picture, and beside it what each of them gets, as bars.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    objects : (H, W) int array_like
        0 = uncertain, 1 to n = objects.
    seeds : mapping of str to (n,) array_like
        Two ways to share out: the first is drawn grey, the second blue.
    text : str
        The sentence under the figure.
    most : int
        How many objects are drawn, at most 26; the others are summed up in one row.
    marked : (n,) array_like of bool, optional
        Objects with a star behind their letter.
    label : str
        What is shared out.

    Raises
    ------
    ValueError
        If there are not two ways with a number for each object, or `most` is not 1 to 26.
    """
    objects = np.asarray(objects)
    n, parts = int(objects.max()), {name: np.asarray(part) for name, part in seeds.items()}
    marked = np.zeros(n, bool) if marked is None else np.asarray(marked, bool)
    found = [part.shape for part in parts.values()]
    if found != [(n,)] * 2 or marked.shape != (n,) or not 1 <= most <= len(_LETTERS):
        raise ValueError(
            f"seeds have shapes {found}, marked {marked.shape}, most is {most}; expected two of shape "
            f"({n},), marked likewise, and 1 to {len(_LETTERS)} objects drawn"
        )
    order = np.argsort(-np.bincount(objects.ravel(), minlength=n + 1)[1:], kind="stable")
    drawn, rest = order[:most], order[most:]
    names = [_LETTERS[i] + " *" * bool(marked[o]) for i, o in enumerate(drawn)]
    rows = {name: [*part[drawn], *([part[rest].sum()] if len(rest) else [])] for name, part in parts.items()}
    names += [f"{len(rest)} others"] * bool(len(rest))
    figure, left, right = _two(np.shape(image)[:2])
    left.imshow(tint(image, objects), interpolation="nearest", aspect="auto")
    for name, number in zip(names, drawn, strict=False):
        _letter(left, objects == number + 1, name)
    _double_bars(right, names, rows, label)
    return from_figure(figure, text)


def _two(shape: tuple[int, int]) -> tuple[Figure, Axes, Axes]:
    """Return a figure with axes for a picture and for bars beside it."""
    height, width = shape
    zoom = min(_TALL / height, (950 - _GAP - _BARS - 10) / width)
    tall, wide = max(height * zoom, 330), width * zoom + _GAP + _BARS + 10
    figure = Figure(figsize=(wide / DPI, tall / DPI), dpi=DPI)
    left = figure.add_axes((0, (tall - height * zoom) / tall, width * zoom / wide, height * zoom / tall))
    left.set_axis_off()
    right = figure.add_axes(((width * zoom + _GAP) / wide, 46 / tall, _BARS / wide, 1 - 80 / tall))
    return figure, left, right


def _letter(axes: Axes, mask: NDArray[np.bool_], name: str) -> None:
    row, col, _ = widest(mask)
    box = {"boxstyle": "round,pad=0.2", "fc": "white", "ec": INK, "lw": 1}
    axes.text(col, row, name, ha="center", va="center", fontsize=10.5, fontweight="bold", color=INK, bbox=box)


def _double_bars(axes: Axes, names: list[str], rows: Mapping[str, list], label: str) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    at = np.arange(len(names))
    for (name, values), colour, aside in zip(rows.items(), (PALE, HIGHLIGHT), (-0.2, 0.2), strict=True):
        axes.barh(at + aside, values, height=0.38, color=colour, label=name)
        for y, value in zip(at + aside, values, strict=True):
            axes.annotate(
                f"{value:g}", (value, y), (4, 0), textcoords="offset points", va="center", fontsize=9
            )
    axes.set_yticks(at, names, fontsize=10.5)
    axes.invert_yaxis()
    axes.margins(x=0.14)
    axes.tick_params(left=False, colors=INK)
    axes.set_xlabel(label, color=INK)
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 0.985), ncols=2, frameon=False, fontsize=10.5, handlelength=1
    )
