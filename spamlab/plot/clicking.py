"""What a user does to a picture: superpixels `clicked` in order, objects `pointed` at, `strokes` drawn."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from PIL import ImageDraw, ImageFont

from spamlab.features import pixel_points
from spamlab.plot.picture import BOUNDARY, HIGHLIGHT, INK
from spamlab.plot.pixels import FINER, RGB, as_uint8, draw_finely, enlarge, overlay
from spamlab.plot.priors import widest

SIGNS = {"more": "+", "less": "-"}
_SHARE, _LEAST = 46, 0.6  # a mark is this many times smaller than the longer side; where it is narrow, less
_PAPER = "#ffffff"
Mark = tuple[float, float, float, str, bool]  # row, column and room in pixels of the picture, sign, filled


def clicked(image: ArrayLike, labels: ArrayLike, clicks: Sequence[int], *, scale: int = 2) -> RGB:
    """Draw superpixels with those that are picked in blue, and number the clicks in their order.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    labels : (H, W) int array_like
        Superpixels.
    clicks : sequence of int
        The label of each click, as of `spamlab.clicks.simulate` or ``Annotation.clicks``. One that comes an
        even number of times is taken back: its mark is white.
    scale : int
        Whole factor of enlargement.

    Returns
    -------
    (H * scale, W * scale, 3) uint8 ndarray

    Raises
    ------
    ValueError
        If a click is no label, or `labels` does not have the shape of the image.
    """
    labels, numbers = np.asarray(labels), {}
    for number, label in enumerate(clicks, 1):
        numbers.setdefault(int(label), []).append(str(number))
    strangers = sorted(set(numbers) - set(np.unique(labels[labels >= 0]).tolist()))
    if strangers:
        raise ValueError(f"clicks hold {strangers}, expected labels from 0 to {labels.max()} that are there")
    picked = [label for label, said in numbers.items() if len(said) % 2]
    big = overlay(image, labels, scale=scale, highlight=picked)
    marks = [(*widest(labels == label), ", ".join(said), label in picked) for label, said in numbers.items()]
    return _marked(big, marks, scale)


def pointed(
    image: ArrayLike,
    points: Iterable[tuple[int, int, str]],
    *,
    labels: ArrayLike | None = None,
    scale: int = 2,
) -> RGB:
    """Mark clicks that ask for more with a plus, and those that ask for less with a minus.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    points : iterable of (row, col, kind)
        Whole pixels; "more" or "less", see `spamlab.clicks.click_weights`. Several at one place stand side by
        side.
    labels : (H, W) int array_like, optional
        Regions whose borders are drawn.
    scale : int
        Whole factor of enlargement.

    Returns
    -------
    (H * scale, W * scale, 3) uint8 ndarray

    Raises
    ------
    ValueError
        If a kind is unknown, or a point lies outside the picture.
    """
    big = enlarge(as_uint8(image), scale) if labels is None else overlay(image, labels, scale=scale)
    signs: dict[tuple[int, int], list[str]] = {}
    for row, col, kind in points:
        if kind not in SIGNS:
            raise ValueError(f"click ({row}, {col}) is of kind {kind!r}, expected one of {list(SIGNS)}")
        ((row, col),) = pixel_points((row, col), np.shape(image)[:2]).tolist()
        signs.setdefault((row, col), []).append(SIGNS[kind])
    marks = [(*place, math.inf, "".join(said), SIGNS["less"] not in said) for place, said in signs.items()]
    return _marked(big, marks, scale)


def strokes(
    image: ArrayLike,
    lines: Iterable[ArrayLike],
    *,
    labels: ArrayLike | None = None,
    highlight: Sequence[int] = (),
    scale: int = 2,
) -> RGB:
    """Draw lines that a user drew, in yellow.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    lines : iterable of (n, 2) array_like of int
        (row, col) in pixels of each corner, n >= 2.
    labels, highlight
        Regions whose borders are drawn, and those to tint in blue; see `overlay`.
    scale : int
        Whole factor of enlargement.

    Returns
    -------
    (H * scale, W * scale, 3) uint8 ndarray

    Raises
    ------
    ValueError
        If a corner lies outside the picture.
    """
    shape = np.shape(image)[:2]
    regions = np.zeros(shape, int) if labels is None else labels
    big = overlay(image, regions, scale=scale, highlight=highlight)
    places = [(pixel_points(line, shape) + 0.5)[:, ::-1] * scale * FINER for line in lines]
    wide = max(4, round(max(big.shape) / 110)) * FINER

    def draw(canvas: ImageDraw.ImageDraw) -> None:
        for colour, width in ((INK, wide), (BOUNDARY, round(0.6 * wide))):
            for place in places:
                canvas.line([tuple(xy) for xy in place], fill=colour, width=width, joint="curve")

    return draw_finely(big, draw)


def _marked(big: RGB, marks: Iterable[Mark], scale: int) -> RGB:
    """Draw each mark as a disc with its sign, smaller where there is little room, wider for a long sign."""
    usual = max(9, max(big.shape) / _SHARE) * FINER

    def draw(canvas: ImageDraw.ImageDraw) -> None:
        for row, col, room, sign, filled in marks:
            radius = min(usual, max(_LEAST * usual, 0.9 * room * scale * FINER))
            x, y = (col + 0.5) * scale * FINER, (row + 0.5) * scale * FINER
            _mark(canvas, x, y, radius, sign, (HIGHLIGHT, _PAPER) if filled else (_PAPER, INK))

    return draw_finely(big, draw)


def _mark(canvas: ImageDraw.ImageDraw, x: float, y: float, radius: float, sign: str, colours: tuple) -> None:
    fill, ink = colours
    bars = set(sign) <= set(SIGNS.values())
    font = ImageFont.load_default(1.25 * radius)
    length = 1.3 * radius * len(sign) if bars else canvas.textlength(sign, font=font)
    wide = max(radius, length / 2 + (0.35 if bars else 0.5) * radius)
    edge = {"outline": ink, "width": max(1, round(radius / 7))}
    canvas.rounded_rectangle((x - wide, y - radius, x + wide, y + radius), radius, fill=fill, **edge)
    if not bars:
        canvas.text((x, y), sign, fill=ink, font=font, anchor="mm")
        return
    reach, style = 0.5 * radius, {"fill": ink, "width": max(2, round(radius / 4))}
    for i, one in enumerate(sign):  # the font that Pillow brings has no minus
        at = x + 1.3 * radius * (i - (len(sign) - 1) / 2)
        canvas.line((at - reach, y, at + reach, y), **style)
        if one == SIGNS["more"]:
            canvas.line((at, y - reach, at, y + reach), **style)
