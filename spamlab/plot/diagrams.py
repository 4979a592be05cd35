"""Diagrams that return in every lesson: centres, the candidates of one pixel, the four questions."""

import textwrap
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from numpy.typing import ArrayLike

from spamlab.plot.picture import BOUNDARY, DPI, HIGHLIGHT, INK, MUTED, Picture, from_figure
from spamlab.plot.pixels import as_uint8, errors, overlay

QUESTIONS = (
    "What describes a pixel?",
    "Where do centres start?",
    "Which centres may a pixel join?",
    "How does it join?",
)
GREY = "#5a5f68"
NEW = (HIGHLIGHT, "#e3f0f9", 2.4, "bold")  # edge, face, width of the edge, weight of the answer
OLD = ("#b9bdc5", "#f6f6f8", 1.2, "normal")


def candidates(
    image: ArrayLike,
    centres: ArrayLike,
    pixel: tuple[float, float],
    candidate_ids: Sequence[int],
    window: float | None = None,
    *,
    text: str,
    around: str = "pixel",
    labels: ArrayLike | None = None,
    crop: tuple[int, int, int, int] | None = None,
) -> Picture:
    """Draw one pixel and the centres it may join.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    centres : (K, 2) array_like of float
        Positions (row, col) in pixels.
    pixel : (row, col)
        The pixel that is followed, drawn as a star.
    candidate_ids : sequence of int
        Rows of `centres` it may join; -1 is an empty slot.
    window : float, optional
        Side in pixels of the square to draw (2 * step in SLIC).
    text : str
        The sentence under the figure.
    around : "pixel" or "centres"
        Where the squares lie: one around the pixel, or one around each candidate.
    labels : (H, W) array_like of int, optional
        Regions whose borders are drawn.
    crop : (row, col, height, width), optional
        The part to show, in pixels.

    Raises
    ------
    ValueError
        If `centres` is not (K, 2), a candidate is no row of it, or `around` is another word.
    """
    centres = np.asarray(centres, float)
    ids = np.asarray([i for i in candidate_ids if i != -1], int)
    if centres.ndim != 2 or centres.shape[1] != 2 or np.any((ids < 0) | (ids >= len(centres))):
        raise ValueError(
            f"centres have shape {centres.shape} and candidates are {ids.tolist()}, expected "
            "(K, 2) positions (row, col) and candidates from 0 to K - 1"
        )
    if around not in ("pixel", "centres"):
        raise ValueError(f"around is {around!r}, expected 'pixel' or 'centres'")
    figure, axes = canvas(image, labels, crop)
    middles = [pixel] if around == "pixel" else centres[ids]
    for row, col in middles if window else ():
        corner = (col - window / 2, row - window / 2)
        for colour, width in ((INK, 3.4), ("white", 1.6)):
            axes.add_patch(Rectangle(corner, window, window, fill=False, ec=colour, lw=width))
    _marks(axes, centres, ids, pixel)
    return from_figure(figure, text)


def centres(
    image: ArrayLike,
    before: ArrayLike,
    after: ArrayLike | None = None,
    *,
    text: str,
    labels: ArrayLike | None = None,
    crop: tuple[int, int, int, int] | None = None,
) -> Picture:
    """Draw centres on the picture, and where they moved.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    before, after : (K, 2) array_like of float
        Positions (row, col) in pixels. With `after`, `before` is grey and a line joins the two.
    text : str
        The sentence under the figure.
    labels : (H, W) array_like of int, optional
        Regions whose borders are drawn.
    crop : (row, col, height, width), optional
        The part to show, in pixels.
    """
    figure, axes = canvas(image, labels, crop)
    before = np.asarray(before, float)
    if after is not None:
        after = np.asarray(after, float)
        axes.scatter(before[:, 1], before[:, 0], s=45, c="#d9dbe0", ec=INK, lw=1, zorder=4)
        for (r, c), (row, col) in zip(before, after, strict=True):
            axes.plot([c, col], [r, row], color=INK, lw=2, zorder=4)
    last = before if after is None else after
    axes.scatter(last[:, 1], last[:, 0], s=90, c=HIGHLIGHT, ec="white", lw=1.6, zorder=5)
    return from_figure(figure, text)


def canvas(
    image: ArrayLike, labels: ArrayLike | None, crop, truth: ArrayLike | None = None, aside: int = 0
) -> tuple[Figure, Axes]:
    """Return a figure with the picture, its axes in pixels (col, row), and `aside` pixels free at the right.

    Borders of `labels` are drawn; with `truth` the picture is an error map, as in `show`.
    """
    rgb = as_uint8(image)
    row, col, height, width = crop or (0, 0, *rgb.shape[:2])
    zoom = min((760 - 0.5 * aside) / width, 560 / height)
    scale = max(1, round(zoom))
    if truth is not None and labels is not None:
        picture = errors(image, labels, truth, scale=scale)
    else:
        picture = rgb if labels is None else overlay(image, labels, scale=scale)
    wide = width * zoom + aside
    figure = Figure(figsize=(wide / DPI, height * zoom / DPI), dpi=DPI)
    axes = figure.add_axes((0, 0, width * zoom / wide, 1))
    extent = (-0.5, rgb.shape[1] - 0.5, rgb.shape[0] - 0.5, -0.5)
    axes.imshow(picture, extent=extent, interpolation="nearest", aspect="auto")
    axes.set(xlim=(col - 0.5, col + width - 0.5), ylim=(row + height - 0.5, row - 0.5))
    axes.set_axis_off()
    return figure, axes


def _marks(axes: Axes, centres: np.ndarray, ids: np.ndarray, pixel: tuple[float, float]) -> None:
    row, col = pixel
    for r, c in centres[ids]:
        axes.plot([col, c], [row, r], color=INK, lw=4, zorder=3)
        axes.plot([col, c], [row, r], color="white", lw=2, zorder=3)
    others = np.delete(centres, ids, axis=0)
    axes.scatter(others[:, 1], others[:, 0], s=32, c="#d9dbe0", ec=INK, lw=1, zorder=4)
    joined = centres[ids]
    axes.scatter(joined[:, 1], joined[:, 0], s=120, c=HIGHLIGHT, ec="white", lw=2, zorder=5)
    axes.scatter(col, row, s=420, c=BOUNDARY, ec=INK, lw=1.4, marker="*", zorder=6)


def four_questions(
    answers: Mapping[str, str] | Sequence[str],
    changed: Collection[int | str] = (),
    *,
    repeat: str = "repeat until stable",
) -> Picture:
    """Draw the figure at the top of every lesson: four questions and this method's answers.

    Parameters
    ----------
    answers : 4 strings, or a mapping with 4 values
        The answers in order: features, seeds, candidates, assignment. Keys are names for `changed`.
    changed : collection of int or str
        The questions (1 to 4, or keys of `answers`) whose answer is new in this lesson.
    repeat : str
        What the arrow back says, such as "10 times"; empty for a method without a loop.

    Raises
    ------
    ValueError
        If there are not 4 answers, or `changed` names none of them.
    """
    keys = list(answers) if isinstance(answers, Mapping) else []
    texts = list(answers.values()) if isinstance(answers, Mapping) else list(answers)
    new = {keys.index(c) + 1 if c in keys else c for c in changed}
    if len(texts) != 4 or new - {1, 2, 3, 4}:
        raise ValueError(
            f"{len(texts)} answers, changed {sorted(map(str, new))}; expected 4 answers and "
            "changed questions from 1 to 4"
        )
    figure = Figure(figsize=(9.5, 2.3 if repeat else 1.75), dpi=DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 950), ylim=(230 if repeat else 175, 0))
    axes.set_axis_off()
    for i, answer in enumerate(texts):
        _box(axes, 8 + i * 240, i, answer, i + 1 in new)
    if repeat:
        _loop(axes, repeat)
    return from_figure(figure, _in_words(texts, new, repeat), drawing=True)


def _box(axes: Axes, left: int, i: int, answer: str, new: bool) -> None:
    edge, face, wide, weight = NEW if new else OLD
    style = "round,pad=6,rounding_size=10"
    axes.add_patch(FancyBboxPatch((left + 6, 12), 202, 150, style, fc=face, ec=edge, lw=wide))
    number = {"fontsize": 19, "fontweight": "bold", "color": edge if new else MUTED}
    axes.text(left + 14, 20, str(i + 1), va="top", **number)
    question = {"fontsize": 10.5, "color": GREY, "linespacing": 1.25}
    axes.text(left + 40, 20, textwrap.fill(QUESTIONS[i], 20), va="top", **question)
    words = {"fontsize": 11.5, "color": INK, "fontweight": weight, "linespacing": 1.3}
    axes.text(left + 107, 112, textwrap.fill(answer, 20), ha="center", va="center", **words)
    if i < 3:
        arrow(axes, [(left + 216, 90), (left + 239, 90)])


def arrow(axes: Axes, ends: list[tuple[float, float]]) -> None:
    """Draw a grey arrow between two points (x, y) of a diagram."""
    style = {"arrowstyle": "-|>", "mutation_scale": 14, "color": MUTED, "lw": 1.8}
    axes.add_patch(FancyArrowPatch(*ends, shrinkA=0, shrinkB=0, **style))


def _loop(axes: Axes, repeat: str) -> None:
    axes.plot([835, 835, 595], [170, 196, 196], color=MUTED, lw=1.8, solid_joinstyle="round")
    arrow(axes, [(595, 197), (595, 170)])
    axes.text(715, 207, repeat, ha="center", va="top", fontsize=10.5, color=GREY)


def _in_words(texts: list[str], new: set[int], repeat: str) -> str:
    said = " ".join(
        f"{i}. {question} {answer.rstrip('?.')}{' (new)' if i in new else ''}."
        for i, (question, answer) in enumerate(zip(QUESTIONS, texts, strict=True), 1)
    )
    return f"{said} Loop over 3 and 4: {repeat}." if repeat else f"{said} No loop."
