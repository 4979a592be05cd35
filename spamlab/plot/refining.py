"""What became of wrong pixels, `changes`; what layers see, `convolutions`; a table with its `bests`."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from spamlab.plot.picture import DPI, ERROR, HIGHLIGHT, INK, MUTED, WIDTH, Picture, from_figure
from spamlab.plot.pixels import RGB, TRUE_LINES, draw_lines, paint

NEWLY_WRONG = "#cc79a7"
TAPS = (-1, 0, 1)  # what one unit of a layer reads, in units of the layer below
Layers = Sequence[tuple[int, int]]  # stride and dilation of each layer, the lowest first


def changes(
    image: ArrayLike, before: ArrayLike, after: ArrayLike, truth: ArrayLike, *, scale: int = 2
) -> RGB:
    """Draw what a refinement did: mended in blue, still wrong in the error colour, newly wrong in pink.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    before, after, truth : (H, W) int array_like
        Classes. Borders of the truth are drawn.
    scale : int
        Whole factor of enlargement.

    Returns
    -------
    (H * scale, W * scale, 3) uint8 ndarray

    Raises
    ------
    ValueError
        If the three maps do not have the shape of the image.
    """
    before, after, truth = (np.asarray(each) for each in (before, after, truth))
    shapes = [each.shape for each in (before, after, truth)]
    if set(shapes) != {np.shape(image)[:2]}:
        raise ValueError(f"before, after, truth: {shapes}, expected the shape of image {np.shape(image)[:2]}")
    was, is_wrong = before != truth, after != truth
    colours = {HIGHLIGHT: was & ~is_wrong, ERROR: was & is_wrong, NEWLY_WRONG: ~was & is_wrong}
    return draw_lines(paint(image, colours), truth, scale, *TRUE_LINES)


def convolutions(plans: Mapping[str, Layers], n: int = 17) -> Picture:
    """Draw what one answer of a stack of convolutions sees, and where there are answers, in one dimension.

    Parameters
    ----------
    plans : mapping of str to sequence of (stride, dilation)
        A name and the layers of each stack, the lowest first. Each unit reads three of the layer below.
    n : int
        Pixels in the row.

    Returns
    -------
    Picture
        Its sentence says for each stack how many pixels an answer sees, and at how many it answers.

    Raises
    ------
    ValueError
        If there is no stack, or a stride or dilation is below 1.
    """
    if not plans or any(min(layer) < 1 for plan in plans.values() for layer in plan):
        raise ValueError(f"plans are {dict(plans)}, expected names and strides and dilations of 1 or more")
    share = 1 / len(plans)
    figure = Figure(figsize=(WIDTH / DPI, 2.9), dpi=DPI)
    said = []
    for i, (name, plan) in enumerate(plans.items()):
        axes = figure.add_axes(((i + 0.06) * share, 0.04, 0.88 * share, 0.76))
        sees, answers = _stack(axes, plan, n)
        axes.set_title(f"{name}\nsees {sees}, answers at {answers}", fontsize=11, color=INK)
        said.append(f"{name}: an answer sees {sees} pixels, and there are {answers} answers")
    return from_figure(figure, f"A row of {n} pixels. {'; '.join(said)}.", drawing=True)


def _stack(axes: Axes, plan: Layers, n: int) -> tuple[int, int]:
    """Draw the layers and the way down from a middle answer; return the pixels it sees, and the answers."""
    spacings = np.cumprod([1, *(stride for stride, _ in plan)])
    top = len(plan)
    middle = n // 2 // spacings[-1] * spacings[-1]
    used = {middle}
    for level in range(top, -1, -1):
        units = np.arange(0, n, spacings[level])
        colours = [HIGHLIGHT if unit in used else "#d9dbe0" for unit in units]
        axes.scatter(units, np.full(len(units), level), s=46, c=colours, edgecolors=MUTED, lw=0.7, zorder=3)
        if level == 0:
            break
        step = plan[level - 1][1] * spacings[level - 1]
        ways = [(unit, unit + tap * step) for unit in sorted(used) for tap in TAPS]
        ways = [(above, below) for above, below in ways if 0 <= below < n]
        for above, below in ways:
            axes.plot([above, below], [level, level - 1], color=INK, lw=0.9, zorder=2)
        used = {int(below) for _, below in ways}
    axes.set(xlim=(-1, n), ylim=(-0.35, top + 0.35))
    axes.axis("off")
    return len(used), len(range(0, n, spacings[-1]))


def bests(rows: Mapping[str, Sequence[float]], columns: Mapping[str, str], text: str) -> Picture:
    """Draw a table of scores with the best of each column in blue.

    Parameters
    ----------
    rows : mapping of str to sequence of float
        The name of a method, and a score for each column.
    columns : mapping of str to str
        The name of a score, and how to write it, such as "{:.3f}"; with a minus before it, less is better.
    text : str
        The sentence under the figure.

    Raises
    ------
    ValueError
        If there is no row, or a row has not one score for each column.
    """
    table = [list(scores) for scores in rows.values()]
    if not table or {len(scores) for scores in table} != {len(columns)}:
        raise ValueError(
            f"rows have {[len(scores) for scores in table]} scores, expected at least one row and "
            f"{len(columns)} in each"
        )
    signs = np.array([-1.0 if how.startswith("-") else 1.0 for how in columns.values()])
    best = (np.array(table, float) * signs).max(axis=0)
    figure = Figure(figsize=(WIDTH / DPI, 0.34 * (len(rows) + 2)), dpi=DPI)
    axes = figure.add_axes((0.01, 0, 0.98, 1))
    axes.set(xlim=(0, len(columns) + 1.4), ylim=(len(rows) + 0.9, -0.9))
    axes.axis("off")
    for y, (name, scores) in enumerate(rows.items(), 1):
        axes.text(0, y, name, va="center", fontsize=11, color=INK)
        for x, (score, how) in enumerate(zip(scores, columns.values(), strict=True)):
            wins = score * signs[x] == best[x]
            style = {"color": HIGHLIGHT, "fontweight": "bold"} if wins else {"color": INK}
            axes.text(
                x + 1.9, y, how.lstrip("-").format(score), ha="center", va="center", fontsize=11, **style
            )
    for x, name in enumerate(columns):
        axes.text(x + 1.9, 0, textwrap.fill(name, 16), ha="center", va="center", fontsize=10.5, color=MUTED)
    axes.axhline(0.55, color=MUTED, lw=0.8)
    return from_figure(figure, text, drawing=True)
