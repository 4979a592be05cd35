"""The `dendrogram` of merging: who joins whom, at which similarity, and what a threshold leaves."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from spamlab.plot.graphs import borders, check_superpixels
from spamlab.plot.picture import DPI, INK, MUTED, SERIES, WIDTH, Picture, from_figure
from spamlab.plot.pixels import as_uint8

_PANEL, _HIGH = 410, 330  # pixels: the picture beside the tree, the height of both
_COLOURS = SERIES[:-1]  # of the largest segments; INK is the line


def dendrogram(
    joined: ArrayLike,
    s: ArrayLike,
    n: int,
    *,
    text: str,
    threshold: float | None = None,
    image: ArrayLike | None = None,
    superpixels: ArrayLike | None = None,
) -> Picture:
    """Draw who joins whom, from n superpixels at the bottom to one segment at the top.

    Parameters
    ----------
    joined : (n - 1, 2) array_like of int
        A superpixel of each of the two segments that a step joins.
    s : (n - 1,) array_like of float
        The similarity, 0 to 1, at which it does. Where it rises again the lowest so far is drawn, for a step
        waits for those before it.
    n : int
        How many superpixels there are.
    text : str
        The sentence under the figure.
    threshold : float, optional
        Draw a line here with the number of segments it leaves. The five with most superpixels get colours.
    image, superpixels : (H, W) or (H, W, 3), and (H, W) array_like, optional
        Draw the picture beside the tree, its segments in the same colours. Labels 0 to n - 1.

    Raises
    ------
    ValueError
        If there are not n - 1 steps, a step joins nothing, a similarity lies outside [0, 1], or picture,
        superpixels and threshold do not belong together.
    """
    joined, s = np.asarray(joined), np.asarray(s, float)
    _check_steps(joined, s, n, threshold)
    _check_picture(image, superpixels, n, threshold)
    s = np.minimum.accumulate(s)
    children = _children(joined, n)
    across = _places(children)
    whole = n if threshold is None else n + int((s > threshold).sum())  # nodes below the line
    owner = _owners(children, whole)
    colours = _colours(owner, n)
    left, total = (58, 750) if image is None else (_PANEL + 66, WIDTH)
    figure = Figure(figsize=(total / DPI, _HIGH / DPI), dpi=DPI)
    if image is not None:
        _picture(figure, _PANEL / total, image, np.asarray(superpixels), owner, colours)
    axes = figure.add_axes((left / total, 0.055, (total - left - 116) / total, 0.89))
    _branches(axes, children, s, across, colours)
    if threshold is not None:
        _line(axes, threshold, 2 * n - whole)
    return from_figure(figure, text, drawing=image is None)


def _check_steps(joined: NDArray, s: NDArray, n: int, threshold: float | None) -> None:
    if n < 2 or joined.shape != (n - 1, 2) or s.shape != (n - 1,):
        raise ValueError(
            f"n is {n}, joined has shape {joined.shape} and s {s.shape}, expected n of at least 2, and n - 1 "
            "steps that join all superpixels"
        )
    if joined.min() < 0 or joined.max() >= n:
        raise ValueError(f"joined holds {joined.min()} to {joined.max()}, expected superpixels 0 to {n - 1}")
    numbers = s if threshold is None else np.append(s, threshold)
    if not ((numbers >= 0) & (numbers <= 1)).all():
        raise ValueError(
            f"s and threshold go from {numbers.min():g} to {numbers.max():g}, expected 0 to 1; "
            "turn distances into similarities first"
        )


def _check_picture(image, superpixels, n: int, threshold: float | None) -> None:
    given = [name for name, value in (("image", image), ("superpixels", superpixels)) if value is not None]
    if len(given) == 1 or (given and threshold is None):
        raise ValueError(f"given: {given}, threshold={threshold}; expected image, superpixels and threshold")
    if given:
        check_superpixels(np.asarray(superpixels), np.shape(image), n)


def _children(joined: NDArray, n: int) -> NDArray[np.int64]:
    """Return the nodes that each step joins, (n - 1, 2), the larger first; step i makes node n + i."""
    above, size, children = np.arange(2 * n - 1), np.ones(2 * n - 1, int), []
    for node, ends in enumerate(joined, n):
        tops = [_top(above, end) for end in ends]
        if tops[0] == tops[1]:
            raise ValueError(f"step {node - n} joins {ends[0]} and {ends[1]}, expected two segments")
        above[tops], size[node] = node, size[tops].sum()
        children.append(sorted(tops, key=lambda top: -size[top]))
    return np.array(children)


def _top(above: NDArray, node: int) -> int:
    while above[node] != node:
        above[node] = above[above[node]]
        node = above[node]
    return node


def _places(children: NDArray) -> NDArray[np.float64]:
    """Return x of each node: superpixels in a row so that no branches cross, others in between."""
    n = len(children) + 1
    across, waiting, place = np.empty(2 * n - 1), [2 * n - 2], 0
    while waiting:
        node = waiting.pop()
        if node < n:
            across[node], place = place, place + 1
        else:
            waiting += children[node - n][::-1].tolist()
    for node, pair in enumerate(children, n):
        across[node] = across[pair].mean()
    return across


def _owners(children: NDArray, whole: int) -> NDArray[np.int64]:
    """Return the node of each node's segment, (2 n - 1,); itself for a node from `whole` on."""
    n = len(children) + 1
    owner = np.arange(2 * n - 1)
    for node in reversed(range(n, whole)):
        owner[children[node - n]] = owner[node]
    return owner


def _colours(owner: NDArray, n: int) -> NDArray[np.float64]:
    """Return the colour of each node, (2 n - 1, 3): one for each of the largest segments, grey for others."""
    tops, members = np.unique(owner[:n], return_counts=True)
    tops = tops[np.argsort(-members, kind="stable")][: len(_COLOURS)]
    found = np.tile(to_rgb(MUTED), (2 * n - 1, 1))
    for top, colour in zip(tops[tops >= n].tolist(), _COLOURS, strict=False):
        found[owner == top] = to_rgb(colour)
    return found


def _branches(axes: Axes, children: NDArray, s: NDArray, across: NDArray, colours: NDArray) -> None:
    n = len(s) + 1
    height, (a, b) = np.concatenate([np.ones(n), s]), children.T
    x, y = across[[a, a, b, b]], np.stack([height[a], s, s, height[b]])
    lines = np.stack([x, y], axis=2).swapaxes(0, 1)
    axes.add_collection(
        LineCollection(lines, colors=colours[n:], lw=0.8 + 60 / (n + 60), capstyle="projecting")
    )
    axes.set(xlim=(-1, n), ylim=(1, max(0, np.floor(10 * s[-1] - 0.5) / 10)), xticks=[])
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.tick_params(labelsize=10, colors=INK)
    axes.set_ylabel("similarity when joined", fontsize=11, color=INK)


def _line(axes: Axes, threshold: float, n_segments: int) -> None:
    low, high = axes.get_ylim()
    axes.set_ylim(low, min(high, threshold))
    axes.axhline(threshold, color=INK, lw=1.4, ls=(0, (5, 3)))
    said = f"T = {threshold:g}\n{n_segments} segment{'' if n_segments == 1 else 's'}"
    style = {"textcoords": "offset points", "va": "center", "color": INK, "fontsize": 10.5}
    axes.annotate(said, (axes.get_xlim()[1], threshold), (6, 0), annotation_clip=False, **style)


def _picture(
    figure: Figure, wide: float, image, superpixels: NDArray, owner: NDArray, colours: NDArray
) -> None:
    """Draw the picture in pale grey, each pixel tinted with the colour of its superpixel."""
    grey = 95 + 0.6 * as_uint8(image).mean(axis=2, keepdims=True)
    tint = 255 * colours[superpixels]
    plain = (colours[superpixels] == to_rgb(MUTED)).all(axis=2, keepdims=True)
    axes = figure.add_axes((0, 0.055, wide, 0.89))
    axes.imshow(np.where(plain, grey, 0.4 * grey + 0.6 * tint).astype(np.uint8), interpolation="nearest")
    axes.add_collection(LineCollection(borders(owner[superpixels]), colors=INK, lw=0.8))
    axes.set_axis_off()
