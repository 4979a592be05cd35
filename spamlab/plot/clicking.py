"""What a user does to a picture: superpixels `clicked` in order, objects `pointed` at, `strokes` drawn."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from PIL import ImageDraw, ImageFont

from spamlab._arguments import pixel_points
from spamlab.plot.picture import BOUNDARY, HIGHLIGHT, INK
from spamlab.plot.pixels import FINER, RGB, as_uint8, draw_finely, enlarge, overlay
from spamlab.plot.priors import widest

SIGNS = {"more": "+", "less": "\u2212"}
_SHARE = 46  # a mark is this many times smaller than the longer side
_PAPER = "#ffffff"
Mark = tuple[float, float, str, bool]  # row and column in pixels of the picture, a sign, whether it is filled


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
    marks = [
        (*widest(labels == label)[:2], ", ".join(said), label in picked) for label, said in numbers.items()
    ]
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
    marks = [(*place, " ".join(said), SIGNS["less"] not in said) for place, said in signs.items()]
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
    """Draw each mark as a disc with its sign; a long one gets a wider disc."""
    radius = max(9, max(big.shape) / _SHARE) * FINER
    font = ImageFont.load_default(1.25 * radius)

    def draw(canvas: ImageDraw.ImageDraw) -> None:
        for row, col, sign, filled in marks:
            x, y = (col + 0.5) * scale * FINER, (row + 0.5) * scale * FINER
            wide = max(radius, canvas.textlength(sign, font=font) / 2 + 0.5 * radius)
            fill, ink = (HIGHLIGHT, _PAPER) if filled else (_PAPER, INK)
            box = (x - wide, y - radius, x + wide, y + radius)
            edge = {"outline": ink, "width": max(1, round(radius / 7))}
            canvas.rounded_rectangle(box, radius, fill=fill, **edge)
            canvas.text((x, y), sign, fill=ink, font=font, anchor="mm")

    return draw_finely(big, draw)
