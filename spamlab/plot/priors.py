"""What a pixel may join, `joins`; objects that are `numbered`; the `tradeoff` of two scores."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray
from PIL import ImageDraw, ImageFont
from scipy.ndimage import distance_transform_edt

from spamlab.plot.charts import PALE, blank_axes, name_ends
from spamlab.plot.masks import tint
from spamlab.plot.picture import BOUNDARY, HIGHLIGHT, INK, MUTED, Picture, from_figure
from spamlab.plot.pixels import FINER, RGB, as_uint8, draw_finely, draw_lines

_STAR = [(1, 0), (0.42, 36), (1, 72), (0.42, 108), (1, 144), (0.42, 180), (1, 216), (0.42, 252)]
_STAR += [(1, 288), (0.42, 324)]  # radius, degrees from the top
_ROOM = 1.8  # half the width of a number needs this many heights of a digit at most
Crop = tuple[int, int, int, int]
Paths = Mapping[str, tuple[ArrayLike, ArrayLike]]


def joins(
    image: ArrayLike,
    seeds: ArrayLike,
    pixel: tuple[int, int],
    ids: Sequence[int],
    *,
    labels: ArrayLike | None = None,
    crop: Crop | None = None,
    scale: int = 3,
) -> RGB:
    """Draw a pixel as a star, with lines to the seeds it may join; other seeds are grey.

    It is `candidates` as an array, to be a panel of `show`.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    seeds : (K, 2) array_like of float
        (row, col) in pixels.
    pixel : (row, col)
    ids : sequence of int
        Rows of `seeds`; -1 is an empty slot.
    labels : (H, W) array_like of int, optional
        Regions whose borders are drawn.
    crop : (row, col, height, width), optional
        The part to show, in pixels.
    scale : int
        Whole factor of enlargement.

    Returns
    -------
    (height * scale, width * scale, 3) uint8 ndarray

    Raises
    ------
    ValueError
        If `seeds` are not (K, 2), or a candidate is no row of them.
    """
    seeds, ids = np.asarray(seeds, float), np.asarray([i for i in ids if i != -1], int)
    if seeds.ndim != 2 or seeds.shape[1] != 2 or np.any((ids < 0) | (ids >= len(seeds))):
        raise ValueError(
            f"seeds have shape {seeds.shape} and candidates are {ids.tolist()}, expected (K, 2) positions "
            "(row, col) and candidates from 0 to K - 1"
        )
    rgb = as_uint8(image)
    row, col, height, width = crop or (0, 0, *rgb.shape[:2])
    part = slice(row, row + height), slice(col, col + width)
    borders = np.zeros(rgb.shape[:2], int) if labels is None else np.asarray(labels)
    big = draw_lines(rgb[part], borders[part], scale)
    places = ((seeds - (row, col) + 0.5) * scale * FINER)[:, ::-1]  # (x, y)
    star = (np.subtract(pixel, (row, col)) + 0.5)[::-1] * scale * FINER
    radius = max(3, max(big.shape[:2]) / 75) * FINER
    return draw_finely(big, lambda canvas: _joined(canvas, places, star, ids, radius))


def _joined(draw: ImageDraw.ImageDraw, places: NDArray, star: NDArray, ids: NDArray, radius: float) -> None:
    for colour, width in ((INK, radius), ("white", radius / 2)):
        for place in places[ids]:
            draw.line([*star, *place], fill=colour, width=max(1, round(width)))
    for i, (x, y) in enumerate(places):
        chosen = i in ids
        r = radius * (1.25 if chosen else 0.8)
        fill, edge = (HIGHLIGHT, "white") if chosen else ("#d9dbe0", INK)
        draw.ellipse([x - r, y - r, x + r, y + r], fill=fill, outline=edge, width=max(1, round(r / 4)))
    size, angle = 2.4 * radius * np.array(_STAR)[:, 0], np.deg2rad(np.array(_STAR)[:, 1])
    corners = np.stack([star[0] + size * np.sin(angle), star[1] - size * np.cos(angle)], axis=1)
    draw.polygon([tuple(corner) for corner in corners], fill=BOUNDARY, outline=INK, width=round(radius / 3))


def numbered(
    image: ArrayLike, objects: ArrayLike, numbers: ArrayLike, *, scale: int = 2, smallest: int = 9
) -> RGB:
    """Tint each object and write a number where it is widest, as large as there is room.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    objects : (H, W) int array_like
        An object map: 0 = uncertain, 1 to n = objects.
    numbers : (n,) array_like of int
        A number for each object.
    scale : int
        Whole factor of enlargement.
    smallest : int
        Numbers that would be less than this many pixels high are left out.

    Returns
    -------
    (H * scale, W * scale, 3) uint8 ndarray

    Raises
    ------
    ValueError
        If there is not one number for each object, or `objects` does not have the shape of the image.
    """
    objects, numbers = np.asarray(objects), np.asarray(numbers)
    big = draw_lines(tint(image, objects), objects, scale)
    if len(numbers) != objects.max():
        raise ValueError(
            f"there are {len(numbers)} numbers, expected one for each of {objects.max()} objects"
        )
    places = [widest(objects == number) for number in range(1, len(numbers) + 1)]

    def draw(canvas: ImageDraw.ImageDraw) -> None:
        for (row, col, room), number in zip(places, numbers, strict=True):
            height = min(1.1 * room, 17) * scale
            if height < smallest:
                continue
            font = ImageFont.load_default(height * FINER * min(1, _ROOM / len(str(number))))
            at = ((col + 0.5) * scale * FINER, (row + 0.5) * scale * FINER)
            edge = {"stroke_width": 2 * FINER, "stroke_fill": INK}
            canvas.text(at, str(number), fill="white", font=font, anchor="mm", **edge)

    return draw_finely(big, draw)


def widest(mask: NDArray[np.bool_]) -> tuple[int, int, float]:
    """Return the pixel that is farthest from the border of a mask, and how far that is."""
    far = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    row, col = np.unravel_index(far.argmax(), far.shape)
    return int(row), int(col), float(far[row, col])


def tradeoff(
    points: Mapping[str, tuple[float, float]],
    paths: Paths,
    xlabel: str,
    ylabel: str,
    text: str,
    *,
    highlight: Collection[str] = (),
    title: str = "",
) -> Picture:
    """Draw what two scores ask of methods: a dot for a method, a line for one over its settings.

    Parameters
    ----------
    points : mapping of str to (x, y)
        Name of a method and its scores.
    paths : mapping of str to ((n,), (n,)) array_like of float
        Scores over the settings of a method; named at its last point, if the name is no point's.
    xlabel, ylabel : str
        The scores, both better when larger.
    text : str
        The sentence under the figure.
    highlight : collection of str
        The points and paths to look at; the others are grey.
    title : str
        A short title.

    Raises
    ------
    ValueError
        If there is neither a point nor a path, or `highlight` names neither a point nor a path.
    """
    strangers = set(highlight) - {*points, *paths}
    if strangers or not (points or paths):
        raise ValueError(
            f"{len(points)} points, {len(paths)} paths, and highlight names {sorted(strangers)} besides; "
            f"expected at least one of them, and names among {[*points, *paths]}"
        )
    figure, axes = blank_axes(6.6, 4.4, title, right=1.6)
    ends = []
    for name, (x, y) in paths.items():
        look = {"color": HIGHLIGHT, "lw": 2.4} if name in highlight else {"color": PALE, "lw": 1.8}
        axes.plot(x, y, **look, zorder=2)
        if name not in points:
            ends.append((name, look["color"], float(np.asarray(x)[-1]), float(np.asarray(y)[-1])))
    for name, (x, y) in points.items():
        new = name in highlight
        style = {"s": 80, "c": HIGHLIGHT} if new else {"s": 42, "c": MUTED}
        axes.scatter(x, y, **style, ec="white", lw=1.2, zorder=4, clip_on=False)
        ends.append((name, HIGHLIGHT if new else PALE, x, y))
    axes.set_xlabel(xlabel, color=INK)
    axes.set_ylabel(ylabel, color=INK)
    axes.grid(color="#e6e6ea", lw=0.8)
    _better(axes)
    name_ends(axes, sorted(ends, key=lambda end: end[0] not in highlight))
    return from_figure(figure, text, drawing=True)


def _better(axes: Axes) -> None:
    """Say beside the axes where better lies."""
    style = {"arrowstyle": "-|>", "color": MUTED, "lw": 1.8, "mutation_scale": 14}
    corner = {"xycoords": "axes fraction", "textcoords": "axes fraction", "annotation_clip": False}
    axes.annotate("", (1.15, 0.16), (1.07, 0.06), arrowprops=style, **corner)
    axes.text(
        1.11, 0.045, "better", transform=axes.transAxes, ha="center", va="top", color=MUTED, fontsize=10.5
    )
