"""Diagrams of learned methods: `weights` of candidates, `arrows` of a gradient, `scales` of a network."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from spamlab.plot.diagrams import NEW, arrow, canvas
from spamlab.plot.picture import BOUNDARY, DPI, HIGHLIGHT, INK, MUTED, Picture, from_figure

_BARS = 340  # pixels beside the picture
_FULL = 112  # pixels: the side of a full-size channel in `scales`


def arrows(
    image: ArrayLike,
    points: ArrayLike,
    moves: ArrayLike,
    *,
    text: str,
    labels: ArrayLike | None = None,
    truth: ArrayLike | None = None,
    crop: tuple[int, int, int, int] | None = None,
) -> Picture:
    """Draw arrows on a picture, such as the direction in which a loss falls for each centre.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    points : (K, 2) array_like of float
        Where the arrows start: (row, col) in pixels. Each is drawn as a dot.
    moves : (K, 2) array_like of float
        How far they go, in pixels as drawn: scale them so that the longest can be seen.
    text : str
        The sentence under the figure.
    labels : (H, W) array_like of int, optional
        Regions whose borders are drawn.
    truth : (H, W) array_like of int, optional
        True regions; with `labels` the picture becomes an error map with the true borders.
    crop : (row, col, height, width), optional
        The part to show, in pixels.

    Raises
    ------
    ValueError
        If `points` and `moves` are not both (K, 2), or a number is not finite.
    """
    points, moves = np.asarray(points, float), np.asarray(moves, float)
    if points.ndim != 2 or points.shape[1] != 2 or points.shape != moves.shape:
        raise ValueError(
            f"points have shape {points.shape} and moves {moves.shape}, expected (K, 2) for both: (row, col)"
        )
    if not (np.isfinite(points).all() and np.isfinite(moves).all()):
        raise ValueError("a point or a move is not finite, expected numbers of pixels")
    figure, axes = canvas(image, labels, crop, truth)
    axes.scatter(points[:, 1], points[:, 0], s=42, c=HIGHLIGHT, ec="white", lw=1.2, zorder=5)
    down, right = moves.T
    style = {"color": HIGHLIGHT, "ec": "white", "lw": 0.8, "width": 0.007, "zorder": 4}
    axes.quiver(*points.T[::-1], right, down, angles="xy", scale_units="xy", scale=1, **style)
    return from_figure(figure, text)


def weights(
    image: ArrayLike,
    centres: ArrayLike,
    pixel: tuple[float, float],
    shares: Mapping[str, ArrayLike],
    *,
    text: str,
    labels: ArrayLike | None = None,
    crop: tuple[int, int, int, int] | None = None,
) -> Picture:
    """Draw how much one pixel belongs to each of its candidates: where they lie, and a bar for each.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    centres : (M, 2) array_like of float
        Positions (row, col) of the candidates in pixels; they are numbered from 1.
    pixel : (row, col)
        The pixel, drawn as a star.
    shares : mapping of str to (M,) array_like of float
        Weight of each candidate, 0 to 1, under each name: a column of bars.
    text : str
        The sentence under the figure.
    labels : (H, W) array_like of int, optional
        Regions whose borders are drawn.
    crop : (row, col, height, width), optional
        The part to show, in pixels.

    Raises
    ------
    ValueError
        If a name does not have one weight in [0, 1] for each position.
    """
    centres = np.asarray(centres, float)
    columns = {name: np.asarray(share, float) for name, share in shares.items()}
    for name, share in columns.items():
        fits = centres.shape == (*share.shape, 2)
        if not fits or not np.all((share >= 0) & (share <= 1)):
            raise ValueError(
                f"centres have shape {centres.shape} and the shares {name!r} are {share.tolist()}, expected "
                "(M, 2) positions (row, col) and one share from 0 to 1 for each"
            )
    figure, axes = canvas(image, labels, crop, aside=_BARS)
    axes.scatter(pixel[1], pixel[0], s=420, c=BOUNDARY, ec=INK, lw=1.4, marker="*", zorder=4)
    axes.scatter(centres[:, 1], centres[:, 0], s=240, c=HIGHLIGHT, ec="white", lw=2, zorder=5)
    for i, (row, col) in enumerate(centres, 1):
        at = {"ha": "center", "va": "center", "color": "white", "fontweight": "bold", "zorder": 6}
        axes.text(col, row, str(i), fontsize=10, clip_on=True, **at)
    edge = axes.get_position().x1
    room = (1 - edge) / len(columns)
    for i, (name, share) in enumerate(columns.items()):
        _bars(figure.add_axes((edge + (i + 0.24) * room, 0.02, 0.72 * room, 0.9)), name, share)
    return from_figure(figure, text)


def _bars(axes: Axes, name: str, shares: NDArray) -> None:
    """Draw a numbered bar for each share."""
    axes.barh(np.arange(len(shares)), shares, height=0.66, color=HIGHLIGHT)
    for i, share in enumerate(shares):
        beside = {"textcoords": "offset points", "va": "center", "fontsize": 9.5}
        axes.annotate(f"{share:.2f}", (share, i), (3, 0), **beside)
    axes.set_title(name, fontsize=10.5, color=INK)
    axes.set_yticks(np.arange(len(shares)), [str(i + 1) for i in range(len(shares))])
    axes.set(xlim=(0, 1.65), xticks=[])
    axes.invert_yaxis()
    axes.tick_params(left=False, labelsize=10.5, colors=INK)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(MUTED)


def scales(widths: Sequence[int], outputs: int, inputs: int = 3, *, text: str) -> Picture:
    """Draw a network that looks at a picture in several sizes: a stack of channels for each.

    Parameters
    ----------
    widths : sequence of int
        Channels of each scale; each has half the sides of the one before.
    outputs, inputs : int
        Channels that go in and come out, in full size.
    text : str
        The sentence under the figure.

    Raises
    ------
    ValueError
        If there is no scale.
    """
    if not len(widths):
        raise ValueError("there are 0 widths, expected the channels of at least one scale")
    figure = Figure(figsize=(9.5, 2.9), dpi=DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 950), ylim=(290, 0))
    axes.set_axis_off()
    sizes = [1.0, *(0.5**i for i in range(len(widths))), 1.0, 1.0]
    channels = [inputs, *widths, inputs + sum(widths), outputs]
    names = ["colour", "full size", *(f"1/{2**i} of the sides" for i in range(1, len(widths)))]
    names += ["side by side", "features"]
    lefts = np.linspace(18, 950 - _FULL - 34, len(channels))
    for i, (left, size, count, name) in enumerate(zip(lefts, sizes, channels, names, strict=True)):
        right = _stack(axes, left, size, count, last=i == len(channels) - 1)
        axes.text(left + _FULL / 2, 204, f"{count}", ha="center", fontsize=14, fontweight="bold", color=INK)
        axes.text(left + _FULL / 2, 224, name, ha="center", va="center", fontsize=10.5, color=INK)
        if i < len(channels) - 1:
            start = lefts[i + 1] + _FULL * (1 - sizes[i + 1]) / 2
            arrow(axes, [(right + 3, 108), (start - 4, 108)])
    _shortcuts(axes, lefts)
    return from_figure(figure, text, drawing=True)


def _stack(axes: Axes, left: float, size: float, count: int, last: bool) -> float:
    """Draw one sheet per 12 channels, at most 6; return the right edge."""
    side, sheets = _FULL * size, int(np.clip(np.ceil(count / 12), 1, 6))
    edge, face = NEW[:2] if last else ("#8a8f98", "#eef0f3")
    x, y = left + (_FULL - side) / 2, 116 - side / 2
    for k in reversed(range(sheets)):
        axes.add_patch(Rectangle((x + 3 * k, y - 3 * k), side, side, fc=face, ec=edge, lw=1.4))
    return x + side + 3 * (sheets - 1)


def _shortcuts(axes: Axes, lefts: NDArray) -> None:
    """Draw the line by which every scale, and the input, goes into the stack before the last."""
    middles, below = lefts + _FULL / 2, 250
    axes.plot([middles[0], middles[-2]], [below, below], color=MUTED, lw=1.8)
    for x in middles[:-3]:
        axes.plot([x, x], [below - 12, below], color=MUTED, lw=1.8)
    arrow(axes, [(middles[-2], below), (middles[-2], below - 14)])
    middle = (middles[0] + middles[-2]) / 2
    axes.text(
        middle, below + 6, "all brought back to full size", ha="center", va="top", fontsize=10.5, color=INK
    )
