"""Panels side by side: the same crop, the same size, pixel for pixel."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from spamlab.plot.picture import DPI, HIGHLIGHT, INK, WIDTH, Picture, encode, render
from spamlab.plot.pixels import (
    RGB,
    TRUE_LINES,
    as_uint8,
    draw_lines,
    enlarge,
    fit_width,
    overlay,
    paint_errors,
)

Crop = tuple[int, int, int, int]
GAP = 12  # pixels between panels
TITLE = 26  # pixels above a panel that has a title


def show(
    *panels: ArrayLike | tuple,
    text: str,
    titles: Sequence[str] | None = None,
    crop: Crop | None = None,
    where: bool = False,
    columns: int | None = None,
    cmap: str = "viridis",
    limits: tuple[float, float] | None = None,
) -> Picture:
    """Compare pictures side by side.

    Parameters
    ----------
    *panels : array or tuple
        (H, W, 3) picture, (H, W) map of numbers, ``(image, labels)`` drawn with its borders, or
        ``(image, labels, truth)`` drawn as an error map.
    text : str
        The sentence printed under the figure; at least 40 characters, with a number.
    titles : sequence of str, optional
        One short title per panel.
    crop : (row, col, height, width), optional
        The same part of every panel, in pixels, enlarged without smoothing.
    where : bool
        Put the whole first picture before the crops, with a frame around the part they show.
    columns : int, optional
        Panels in a row; by default all up to 3, two for 4, else 3.
    cmap : str
        Colour map of the maps of numbers.
    limits : (low, high), optional
        Values at the ends of the colour map; by default the extremes of each map.

    Returns
    -------
    Picture
        At most 950 pixels wide.

    Raises
    ------
    ValueError
        If there is no panel, the titles are not as many, `crop` leaves a panel, or `where` has
        no crop.
    """
    if not panels or (titles is not None and len(titles) != len(panels)):
        raise ValueError(
            f"{len(panels)} panels and {len(titles or ())} titles, expected at least one panel "
            "and one title for each"
        )
    if where and crop is None:
        raise ValueError("where is True but crop is None, expected a crop (row, col, height, width)")
    titles = list(titles or [""] * len(panels))
    columns = columns or _columns(len(panels) + where)
    room = (WIDTH - GAP * (columns - 1)) // columns
    drawn = [_draw(panel, crop, room, cmap, limits) for panel in panels]
    if where:
        drawn.insert(0, _whole(panels[0], crop, drawn[0].shape, cmap, limits))
        titles.insert(0, "the whole picture")
    page = _compose(drawn, titles, min(columns, len(drawn)))
    return Picture(*encode(page), text)


def channels(
    F: ArrayLike,
    shape: tuple[int, int],
    names: Sequence[str],
    *,
    text: str,
    columns: int | None = None,
) -> Picture:
    """Show features of pixels as small maps, each from its 1st (dark) to 99th percentile (light).

    Parameters
    ----------
    F : (N, C) array_like of float
        Features in raster order.
    shape : (H, W)
        The picture's shape, H * W = N.
    names : sequence of str
        One name per channel.
    text : str
        The sentence under the figure.
    columns : int, optional
        Maps in a row; by default up to 5.

    Raises
    ------
    ValueError
        If F does not fit `shape` or `names`.
    """
    F = np.asarray(F, float)
    if F.shape != (shape[0] * shape[1], len(names)):
        raise ValueError(
            f"F has shape {F.shape}, expected ({shape[0]} * {shape[1]}, {len(names)}): "
            "one row per pixel and one column per name"
        )
    low, high = np.percentile(F, [1, 99], axis=0)
    unit = np.clip((F - low) / np.where(high > low, high - low, 1), 0, 1)
    maps = [unit[:, c].reshape(shape) for c in range(len(names))]
    columns = columns or (min(5, len(names)) if len(names) != 6 else 3)
    return show(*maps, titles=names, text=text, columns=columns, cmap="gray", limits=(0, 1))


def beside(picture: ArrayLike, *maps: ArrayLike) -> RGB:
    """Put small maps beside a picture, one below the other; quick enough for a slider.

    Parameters
    ----------
    picture : (H, W, 3) array_like
    *maps : (h, w) or (h, w, 3) array_like
        What `spamlab.features.as_image` takes; numbers in [0, 1] become grey, 1 is white.

    Returns
    -------
    (H, W', 3) uint8 ndarray
        The picture as it is, and the maps in equal parts of its height.

    Raises
    ------
    ValueError
        If there is no map.
    """
    if not maps:
        raise ValueError("there are 0 maps, expected at least one beside the picture")
    rgb, room = as_uint8(picture), (len(picture) - GAP * (len(maps) - 1)) // len(maps)
    small = [Image.fromarray(as_uint8(each)) for each in maps]
    small = [each.resize((max(1, round(room * each.width / each.height)), room)) for each in small]
    page = np.full((len(rgb), rgb.shape[1] + GAP + max(each.width for each in small), 3), 255, np.uint8)
    page[:, : rgb.shape[1]] = rgb
    for i, each in enumerate(small):
        top, left = i * (room + GAP), rgb.shape[1] + GAP
        page[top : top + room, left : left + each.width] = each
    return page


def _columns(n: int) -> int:
    return n if n <= 3 else 2 if n == 4 else 3


def _draw(panel, crop: Crop | None, room: int, cmap: str, limits) -> RGB:
    parts = _parts(panel)
    wrong = len(parts) == 3
    if wrong:  # the majority is that of the whole picture, so paint before the crop
        parts = (paint_errors(*parts), parts[2])
    first, *labels = (_cropped(part, crop) for part in parts)
    scale = max(1, room // max(first.shape[:2]))
    if wrong:
        return fit_width(draw_lines(first, *labels, scale, *TRUE_LINES), room)
    if labels:
        return fit_width(overlay(first, *labels, scale=scale), room)
    return fit_width(enlarge(_coloured(first, cmap, limits), scale), room)


def _parts(panel) -> tuple[NDArray, ...]:
    parts = tuple(np.asarray(p) for p in (panel if isinstance(panel, tuple) else (panel,)))
    if not 1 <= len(parts) <= 3 or any(part.ndim not in (2, 3) for part in parts):
        raise ValueError(
            f"a panel has {len(parts)} parts of shapes {[p.shape for p in parts]}, expected an "
            "array, (image, labels) or (image, labels, truth)"
        )
    return parts


def _cropped(array: NDArray, crop: Crop | None) -> NDArray:
    if crop is None:
        return array
    row, col, height, width = crop
    inside = row >= 0 and col >= 0 and height > 0 and width > 0
    if not inside or row + height > array.shape[0] or col + width > array.shape[1]:
        raise ValueError(
            f"crop is {crop} (row, col, height, width), expected a part of {array.shape[:2]} pixels"
        )
    return array[row : row + height, col : col + width]


def _coloured(array: NDArray, cmap: str, limits) -> RGB:
    if array.ndim == 3:
        return as_uint8(array)
    low, high = limits or (float(array.min()), float(array.max()))
    unit = (array.astype(float) - low) / ((high - low) or 1)
    return colormaps[cmap](unit, bytes=True)[:, :, :3]


def _whole(panel, crop: Crop, shape: tuple, cmap: str, limits) -> RGB:
    rgb = _coloured(_parts(panel)[0], cmap, limits)
    share = min(shape[0] / rgb.shape[0], shape[1] / rgb.shape[1])
    size = (round(rgb.shape[1] * share), round(rgb.shape[0] * share))
    small = np.array(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))
    top, left, bottom, right = (
        round(share * v) for v in (crop[0], crop[1], crop[0] + crop[2], crop[1] + crop[3])
    )
    blue = np.multiply(to_rgb(HIGHLIGHT), 255).astype(np.uint8)
    for colour, edge in ((0, 5), (255, 4), (blue, 3)):  # seen on dark and on light
        frame = np.zeros(small.shape[:2], bool)
        frame[max(0, top - edge) : bottom + edge, max(0, left - edge) : right + edge] = True
        frame[top:bottom, left:right] = False
        small[frame] = colour
    return small


def _compose(drawn: list[RGB], titles: list[str], columns: int) -> RGB:
    rows = [drawn[i : i + columns] for i in range(0, len(drawn), columns)]
    above = TITLE if any(titles) else 0
    heights = [max(p.shape[0] for p in row) + above for row in rows]
    cell = max(p.shape[1] for p in drawn)
    width, height = columns * (cell + GAP) - GAP, sum(heights) + GAP * (len(rows) - 1)
    figure = Figure(figsize=((width + 0.1) / DPI, (height + 0.1) / DPI), dpi=DPI)
    places = []
    for i, (panel, title) in enumerate(zip(drawn, titles, strict=True)):
        row, column = divmod(i, columns)
        left = column * (cell + GAP) + (cell - panel.shape[1]) // 2
        places.append((sum(heights[:row]) + row * GAP + above, left))
        at = ((left + panel.shape[1] / 2) / width, 1 - (places[-1][0] - 7) / height)
        figure.text(*at, title, ha="center", va="bottom", fontsize=10.5, color=INK)
    page = render(figure)  # the titles; panels are put down pixel for pixel
    for panel, (top, left) in zip(drawn, places, strict=True):
        page[top : top + panel.shape[0], left : left + panel.shape[1]] = panel
    return page
