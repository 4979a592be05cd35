"""Label maps drawn on pixels, with NumPy alone: quick enough to follow a slider.

Lines run between pixels: the picture is enlarged by a whole factor, and a border colours the last
rows or columns of one pixel light and the first of its neighbour dark, so that it is seen on any
background.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from spamlab.features import as_image
from spamlab.plot.picture import BOUNDARY, ERROR, HIGHLIGHT, INK

RGB = NDArray[np.uint8]
TRUE_LINES = (INK, "#ffffff")  # borders of the truth, on pale grey
FINER = 2  # lines and dots at any angle are drawn on a picture this much larger


def overlay(
    image: ArrayLike,
    labels: ArrayLike,
    *,
    scale: int | None = None,
    highlight: Sequence[int] = (),
) -> RGB:
    """Draw the borders of regions as thin lines between pixels of the enlarged picture.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        What `spamlab.features.as_image` takes.
    labels : (H, W) array_like of int
        Region of each pixel; -1 lies outside a mask and is drawn dimmed.
    scale : int, optional
        Whole factor of enlargement; by default the largest that keeps both sides within 1024.
    highlight : sequence of int
        Labels to tint.

    Returns
    -------
    (H * scale, W * scale, 3) uint8 ndarray

    Raises
    ------
    ValueError
        If `labels` does not have the shape of the image, or `scale` is no whole number above 0.
    """
    rgb, labels = as_uint8(image), _checked(labels, image, "labels")
    dimmed = labels < 0
    if dimmed.any():
        rgb[dimmed] = (rgb[dimmed] // 4) + 30
    if len(highlight):
        _blend(rgb, np.isin(labels, highlight), HIGHLIGHT, 0.55)
    return draw_lines(rgb, labels, scale)


def mean_colours(image: ArrayLike, labels: ArrayLike) -> RGB:
    """Fill each region with its mean colour; pixels of label -1 become dark grey.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    labels : (H, W) array_like of int

    Returns
    -------
    (H, W, 3) uint8 ndarray
    """
    rgb, labels = as_uint8(image), _checked(labels, image, "labels")
    from spamlab.regions import region_means  # here, for it loads numba

    filled = np.full_like(rgb, 40)
    inside = labels >= 0
    filled[inside] = np.rint(np.nan_to_num(region_means(labels, rgb)))[labels[inside]]
    return filled


def errors(image: ArrayLike, labels: ArrayLike, truth: ArrayLike, *, scale: int | None = None) -> RGB:
    """Draw the pixels that leave their superpixel's majority region, and the true borders.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    labels, truth : (H, W) array_like of int
        Superpixels and true regions; pixels below 0 in either are not counted.
    scale : int, optional
        As in `overlay`.

    Returns
    -------
    (H * scale, W * scale, 3) uint8 ndarray
        The picture in pale grey, wrong pixels in the error colour, borders of `truth` as lines.
    """
    return draw_lines(paint_errors(image, labels, truth), np.asarray(truth), scale, *TRUE_LINES)


def paint_errors(image: ArrayLike, labels: ArrayLike, truth: ArrayLike) -> RGB:
    """Return the pale grey picture, (H, W, 3) uint8, with wrong pixels in the error colour."""
    _checked(truth, image, "truth")
    return paint(image, {ERROR: _wrong(labels, truth)})


def paint(image: ArrayLike, masks: Mapping[str, ArrayLike]) -> RGB:
    """Colour some pixels of a pale grey picture.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    masks : mapping of str to (H, W) bool array_like
        Which pixels take which colour, a name or "#rrggbb"; the last one wins.

    Returns
    -------
    (H, W, 3) uint8 ndarray
    """
    grey = as_image(image).mean(axis=2, keepdims=True)
    rgb = np.repeat((95 + 150 * grey).astype(np.uint8), 3, axis=2)
    for colour, mask in masks.items():
        _blend(rgb, np.asarray(mask, bool), colour, 0.9)
    return rgb


def recall(image: ArrayLike, labels: ArrayLike, truth: ArrayLike, r: int) -> RGB:
    """Draw the boundary pixels of the truth: found within r pixels in blue, missed in the error colour.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    labels, truth : (H, W) array_like of int
        Superpixels and true regions.
    r : int
        The tolerance of `spamlab.metrics.boundary_recall`.

    Returns
    -------
    (H, W, 3) uint8 ndarray
        The picture in pale grey with the coloured boundary; the share of found pixels is the recall.
    """
    from spamlab.metrics.boundary import boundaries, widen  # here, for they load numba

    wanted = boundaries(_checked(truth, image, "truth"))
    near = widen(boundaries(_checked(labels, image, "labels")), r)
    return paint(image, {HIGHLIGHT: wanted & near, ERROR: wanted & ~near})


def wrong_share(labels: ArrayLike, truth: ArrayLike) -> float:
    """Return the share of pixels, 0 to 1, outside the majority true region of their superpixel.

    It is one minus the achievable segmentation accuracy. Pixels below 0 are not counted.
    """
    from spamlab.metrics import asa  # here, for it loads numba

    return 1 - float(asa(labels, truth))


def _wrong(labels: ArrayLike, truth: ArrayLike) -> NDArray[np.bool_]:
    from spamlab.metrics import contingency  # here, for they load numba
    from spamlab.regions import relabel

    majority = contingency(labels, truth).argmax(axis=1)
    labels, truth = relabel(labels), relabel(truth)
    return (labels >= 0) & (truth >= 0) & (majority[labels] != truth)


def as_uint8(image: ArrayLike) -> RGB:
    """Return a new (H, W, 3) uint8 picture from anything `as_image` takes."""
    return np.rint(as_image(image) * 255).astype(np.uint8)


def enlarge(rgb: NDArray, scale: int) -> NDArray:
    """Repeat every pixel `scale` times in both directions (nearest neighbour)."""
    return rgb.repeat(scale, axis=0).repeat(scale, axis=1)


def fit_width(rgb: RGB, width: int) -> RGB:
    """Reduce a picture that is wider than `width` pixels, smoothly; others stay as they are."""
    if rgb.shape[1] <= width:
        return rgb
    size = (width, max(1, round(rgb.shape[0] * width / rgb.shape[1])))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))


def draw_lines(
    rgb: RGB,
    labels: NDArray,
    scale: int | None,
    light: str = BOUNDARY,
    dark: str = INK,
) -> RGB:
    """Enlarge pixels by `scale` and draw the borders of `labels` in two tones between them."""
    height, width = labels.shape
    scale = max(1, 1024 // max(height, width)) if scale is None else scale
    if scale != int(scale) or scale < 1:
        raise ValueError(f"scale is {scale}, expected a whole number of at least 1")
    big = enlarge(rgb, scale)
    thick = max(1, round(scale / 5))
    cells = big.reshape(height, scale, width, scale, 3).swapaxes(1, 2)  # a view: (H, W, s, s, 3)
    across = labels[:, :-1] != labels[:, 1:]  # border between a pixel and the one to its right
    down = labels[:-1] != labels[1:]
    cells[:, 1:, :, :thick][across] = _bytes(dark)
    cells[1:, :, :thick][down] = _bytes(dark)
    cells[:, :-1, :, scale - thick :][across] = _bytes(light)
    cells[:-1, :, scale - thick :][down] = _bytes(light)
    return big


def draw_finely(rgb: RGB, draw: Callable[[ImageDraw.ImageDraw], None]) -> RGB:
    """Draw smooth shapes: ``draw(canvas)`` on a picture `FINER` times as large, which is reduced again."""
    canvas = Image.fromarray(enlarge(rgb, FINER))
    draw(ImageDraw.Draw(canvas))
    return np.asarray(canvas.resize(rgb.shape[1::-1], Image.Resampling.BOX))


def _checked(labels: ArrayLike, image: ArrayLike, name: str) -> NDArray:
    labels = np.asarray(labels)
    if labels.shape != np.shape(image)[:2] or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"{name} is {labels.dtype} of shape {labels.shape}, expected integers of shape "
            f"{np.shape(image)[:2]}; make the map from this picture"
        )
    return np.maximum(labels, -1)


def _blend(rgb: RGB, mask: NDArray[np.bool_], colour: str, share: float) -> None:
    rgb[mask] = ((1 - share) * rgb[mask] + share * _bytes(colour)).astype(np.uint8)


def _bytes(colour: str) -> RGB:
    return np.rint(np.multiply(to_rgb(colour), 255)).astype(np.uint8)
