"""Masks on pixels: `prompts`, one mask as a `cutout`, a pile as `outlines`; `tint` of an object map."""

from collections.abc import Collection, Iterable
from colorsys import hls_to_rgb

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import ImageDraw

from spamlab.masks import Mask, as_masks
from spamlab.plot.picture import BOUNDARY, HIGHLIGHT, INK
from spamlab.plot.pixels import FINER, RGB, as_uint8, draw_finely, draw_lines, enlarge, paint

_GOLDEN = 0.618034  # of a turn of hue from one number to the next: neighbours in number differ most
_WIDE = 3  # pixels of an outline, after the enlargement
_HATCH = 5  # pixels from one line to the next where a map is uncertain


def prompts(
    image: ArrayLike,
    points: ArrayLike,
    *,
    chosen: Collection[int] = (),
    scale: int | None = None,
) -> RGB:
    """Draw points at which a network is asked, the chosen ones larger and in yellow.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    points : (n, 2) array_like of float
        (row, col) in pixels.
    chosen : collection of int
        Rows of `points`.
    scale : int, optional
        As in `overlay`.

    Returns
    -------
    (H * scale, W * scale, 3) uint8 ndarray

    Raises
    ------
    ValueError
        If `points` are not (n, 2), or not finite.
    """
    points = np.asarray(points, float)
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise ValueError(f"points have shape {points.shape}, expected (n, 2) finite numbers: (row, col)")
    rgb = as_uint8(image)
    big = draw_lines(rgb, np.zeros(rgb.shape[:2], int), scale)
    whole = big.shape[0] // rgb.shape[0] * FINER
    height, width = big.shape[0] * FINER, big.shape[1] * FINER
    apart = (width * height / max(1, len(points))) ** 0.5
    small = min(max(0.13 * apart, 3), max(height, width) / 100)
    order = sorted(range(len(points)), key=lambda i: i in chosen)  # the chosen ones on top

    def draw(canvas: ImageDraw.ImageDraw) -> None:
        for number in order:
            y, x = (points[number] + 0.5) * whole
            fill, r = (BOUNDARY, 2.4 * small) if number in chosen else (HIGHLIGHT, small)
            edge = INK if number in chosen else "white"
            box, wide = [x - r, y - r, x + r, y + r], max(1, round(r / 4))
            canvas.ellipse(box, fill=fill, outline=edge, width=wide)

    return draw_finely(big, draw)


def cutout(image: ArrayLike, mask: Mask | ArrayLike, *, scale: int | None = None) -> RGB:
    """Show the picture where a mask is, with its outline; the rest is pale grey.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    mask : Mask or (H, W) bool array_like
    scale : int, optional
        As in `overlay`.

    Returns
    -------
    (H * scale, W * scale, 3) uint8 ndarray

    Raises
    ------
    ValueError
        If the mask does not have the shape of the image.
    """
    rgb = as_uint8(image)
    (mask,) = as_masks([mask], rgb.shape[:2])
    pale = paint(image, {})
    pale[mask.mask] = rgb[mask.mask]
    return draw_lines(pale, mask.mask.astype(int), scale)


def outlines(image: ArrayLike, masks: Iterable[Mask | ArrayLike], *, scale: int = 2) -> RGB:
    """Draw the outline of every mask in a colour of its own on the pale grey picture, small masks on top.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    masks : iterable of Mask or (H, W) bool array_like
    scale : int
        Whole factor of enlargement.

    Returns
    -------
    (H * scale, W * scale, 3) uint8 ndarray

    Raises
    ------
    ValueError
        If a mask does not have the shape of the image.
    """
    rgb = enlarge(paint(image, {}), scale)
    found = as_masks(masks, rgb[::scale, ::scale].shape[:2])
    for number in np.argsort([-mask.area for mask in found], kind="stable"):
        rgb[_outline(enlarge(found[number].mask, scale))] = _colour(int(number))
    return rgb


def tint(image: ArrayLike, objects: ArrayLike) -> RGB:
    """Tint each object in a colour of its own; uncertain pixels are hatched.

    A panel ``(tint(image, objects), objects)`` of `show` has borders too.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    objects : (H, W) int array_like
        An object map: 0 and less = uncertain.

    Returns
    -------
    (H, W, 3) uint8 ndarray

    Raises
    ------
    ValueError
        If `objects` does not have the shape of the image.
    """
    rgb, objects = as_uint8(image), np.asarray(objects)
    if objects.shape != rgb.shape[:2] or not np.issubdtype(objects.dtype, np.integer):
        raise ValueError(
            f"objects are {objects.dtype} of shape {objects.shape}, expected integers of shape "
            f"{rgb.shape[:2]}; make the map from this picture"
        )
    sure = np.maximum(objects, 0)
    colours = np.array([_colour(number) for number in range(sure.max() + 1)])
    grey = rgb.mean(axis=2, keepdims=True)
    drawn = (0.45 * colours[sure] + 0.55 * (60 + 0.75 * grey)).astype(np.uint8)
    drawn[sure == 0] = np.where(_lines(objects.shape), 30, 245)[sure == 0, None]
    return drawn


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of a mask that lie near what is outside; the frame is no outside."""
    core, wide = mask.copy(), np.pad(mask, _WIDE, mode="edge")
    height, width = mask.shape
    for far in range(2 * _WIDE + 1):
        core &= wide[far : far + height, _WIDE : _WIDE + width]
        core &= wide[_WIDE : _WIDE + height, far : far + width]
    return mask & ~core


def _colour(number: int) -> RGB:
    """Return the colour of a number: hues far apart, in three lightnesses."""
    rgb = hls_to_rgb(number * _GOLDEN % 1, (0.5, 0.66, 0.38)[number % 3], 0.75)
    return np.rint(np.multiply(rgb, 255)).astype(np.uint8)


def _lines(shape: tuple[int, int]) -> NDArray[np.bool_]:
    row, col = np.indices(shape)
    return (row + col) % _HATCH == 0
