"""Superpixels as a `graph` over the picture, and the `balance` of its pairs in the loss."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from spamlab.plot.diagrams import canvas
from spamlab.plot.picture import DPI, HIGHLIGHT, INK, SERIES, Picture, from_figure
from spamlab.plot.pixels import as_uint8

_BAR = 104  # pixels beside the picture for the colour bar
_VIRIDIS = ListedColormap(colormaps["viridis"](np.linspace(0.2, 1, 256)))  # all of it shows on dark grey
_PLAIN = "#56b4e9"  # lines without a value
_LEFT, _WIDE = 108, 636  # pixels: where the bars of `balance` begin, and their length


def graph(
    image: ArrayLike,
    superpixels: ArrayLike,
    pairs: ArrayLike,
    values: ArrayLike | None = None,
    *,
    text: str,
    limits: tuple[float, float] = (0, 1),
    label: str = "similarity",
    crop: tuple[int, int, int, int] | None = None,
) -> Picture:
    """Draw superpixels that touch as a graph over the darkened picture.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    superpixels : (H, W) array_like of int
        Labels 0 to n - 1. A dot stands at the mean position of each.
    pairs : (E, 2) array_like of int
        Superpixels that touch; a line joins their dots.
    values : (E,) array_like of float, optional
        Decides the colour and the width of each line; one with NaN is not drawn.
    text : str
        The sentence under the figure.
    limits : (low, high)
        Values at the ends of the colour bar.
    label : str
        What the values are.
    crop : (row, col, height, width), optional
        The part to show, in pixels.

    Raises
    ------
    ValueError
        If `superpixels` are not as large as the picture, a pair is none of them, there is not one value for
        each pair, or `limits` do not rise.
    """
    superpixels, pairs = np.asarray(superpixels), np.asarray(pairs)
    values = None if values is None else np.asarray(values, float)
    n = int(superpixels.max(initial=-1)) + 1
    check_superpixels(superpixels, np.shape(image), n)
    _check(pairs, n, values, limits)
    from spamlab.regions import region_means  # here, for it loads numba

    dark = (as_uint8(image).mean(axis=2) * 0.6 + 24).astype(np.uint8)
    figure, axes = canvas(dark, None, crop, aside=0 if values is None else _BAR)
    axes.add_collection(LineCollection(borders(superpixels), colors="#d4d7dc", lw=0.6, alpha=0.6))
    dots = region_means(superpixels, np.moveaxis(np.indices(superpixels.shape), 0, -1))[:, ::-1]
    if values is None:
        _lines(axes, dots[pairs], _PLAIN, 1.3)
    else:
        scale = Normalize(*limits, clip=True)
        order = np.argsort(values)[: (~np.isnan(values)).sum()]  # the highest on top
        _lines(axes, dots[pairs[order]], _VIRIDIS(scale(values[order])), 1 + 2.8 * scale(values[order]))
        _colour_bar(figure, axes, scale, label)
    axes.scatter(*dots.T, s=20, c="white", ec=INK, lw=0.9, zorder=5)
    return from_figure(figure, text)


def check_superpixels(superpixels: NDArray, shape: tuple[int, ...], n: int) -> None:
    """Raise a ValueError unless superpixels are as large as a picture and have the labels 0 to n - 1."""
    if superpixels.shape != shape[:2] or superpixels.dtype.kind not in "iu":
        raise ValueError(
            f"superpixels are {superpixels.dtype} of shape {superpixels.shape}, expected integers of shape "
            f"{shape[:2]}; make them from this picture"
        )
    if not np.array_equal(np.unique(superpixels), np.arange(n)):
        raise ValueError(
            f"superpixels hold {len(np.unique(superpixels))} labels from {superpixels.min()} to "
            f"{superpixels.max()}, expected each from 0 to {n - 1}"
        )


def _check(pairs: NDArray, n: int, values: NDArray | None, limits: tuple[float, float]) -> None:
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise ValueError(f"pairs have shape {pairs.shape}, expected (E, 2) superpixels")
    if pairs.min(initial=0) < 0 or pairs.max(initial=0) >= n:
        raise ValueError(f"pairs hold {pairs.min()} to {pairs.max()}, expected superpixels 0 to {n - 1}")
    if values is not None and values.shape != pairs.shape[:1]:
        raise ValueError(f"values have shape {values.shape}, expected one for each of {len(pairs)} pairs")
    if not limits[0] < limits[1]:
        raise ValueError(f"limits are {limits}, expected (low, high) with low < high")


def borders(labels: NDArray) -> NDArray:
    """Return the pixel edges between two labels as (m, 2, 2) ends (col, row)."""
    right, below = labels[:, :-1] != labels[:, 1:], labels[:-1] != labels[1:]
    rows, cols = np.nonzero(right)
    upright = np.array([[cols + 0.5, rows - 0.5], [cols + 0.5, rows + 0.5]])
    rows, cols = np.nonzero(below)
    level = np.array([[cols - 0.5, rows + 0.5], [cols + 0.5, rows + 0.5]])
    return np.concatenate([upright, level], axis=2).transpose(2, 0, 1)


def _lines(axes: Axes, ends: NDArray, colours: NDArray | str, widths: NDArray | float) -> None:
    axes.add_collection(LineCollection(ends, colors=INK, lw=widths + 1.8, capstyle="round", zorder=3))
    axes.add_collection(LineCollection(ends, colors=colours, lw=widths, capstyle="round", zorder=4))


def _colour_bar(figure: Figure, axes: Axes, scale: Normalize, label: str) -> None:
    edge, wide = axes.get_position().x1, figure.get_figwidth() * DPI
    bar = figure.add_axes((edge + 22 / wide, 0.06, 18 / wide, 0.88))
    figure.colorbar(ScalarMappable(scale, _VIRIDIS), cax=bar).outline.set_visible(False)
    bar.tick_params(labelsize=10, colors=INK, length=3)
    bar.set_ylabel(label, fontsize=11, color=INK, rotation=270, labelpad=18)


def balance(same: ArrayLike, *, text: str) -> Picture:
    """Draw how many pairs of a graph are alike, and what both kinds weigh in the balanced loss.

    Two bars of the same length: the pairs, counted; and the pairs, weighted by 1 - a where both superpixels
    carry the same segment and by a where they do not, a the share of the former.

    Parameters
    ----------
    same : (E,) array_like of float
        1 = the same segment, 0 = different segments; NaN takes no part.
    text : str
        The sentence under the figure.

    Raises
    ------
    ValueError
        If there are not both kinds, or another value.
    """
    same = np.asarray(same, float).ravel()
    same = same[~np.isnan(same)]
    counts = np.array([(same == 1).sum(), (same == 0).sum()])
    if not counts.all() or counts.sum() < len(same):
        raise ValueError(
            f"same has {counts[0]} of 1, {counts[1]} of 0 and {len(same) - counts.sum()} other values, "
            "expected 0 and 1, both at least once"
        )
    figure = Figure(figsize=(7.6, 2.5), dpi=DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 760), ylim=(250, 0))
    axes.set_axis_off()
    for y, name in ((62, "pairs"), (188, "weight\nin the loss")):
        axes.text(96, y, name, ha="right", va="center", fontsize=11.5, color=INK)
    middle, total = _LEFT + _WIDE / 2, counts.sum()
    edge = _LEFT + _WIDE * counts[0] / total
    _kind(axes, "same segment", counts, (_LEFT, edge, middle), HIGHLIGHT, "white")
    _kind(axes, "different", counts[::-1], (_LEFT + _WIDE, edge, middle), SERIES[1], INK)
    return from_figure(figure, text, drawing=True)


def _kind(axes: Axes, name: str, counts: NDArray, ends: tuple, colour: str, ink: str) -> None:
    """Draw one kind of pairs: from ends[0] to [1] in the upper bar, to [2] in the lower one."""
    (own, other), (outer, above, below) = counts, ends
    axes.fill([outer, above, above, outer], [44, 44, 80, 80], color=colour, lw=0)
    axes.fill([outer, above, below, outer], [80, 80, 170, 170], color=colour, lw=0, alpha=0.25)
    axes.fill([outer, below, below, outer], [170, 170, 206, 206], color=colour, lw=0)
    style, side = {"va": "center", "fontsize": 11.5}, "left" if outer < above else "right"
    share = f"{name}: {own} pair{'' if own == 1 else 's'}, {own / counts.sum():.0%}"
    axes.text(outer, 31, share, ha=side, color=INK, **style)
    said = f"{own} \u00d7 {other}/{counts.sum()} = {own * other / counts.sum():.1f}"
    axes.text((outer + below) / 2, 188, said, ha="center", color=ink, **style)
    axes.text((outer + below) / 2, 222, "50%", ha="center", color=INK, **style)
