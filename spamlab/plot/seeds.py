"""Seeds that walk, `walks`; many features as colours, `principal`; what a network paints, `from_lab`."""

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import ImageDraw
from skimage.color import lab2rgb

from spamlab.plot.picture import HIGHLIGHT, INK
from spamlab.plot.pixels import FINER, RGB, as_uint8, draw_finely, draw_lines

_RADIUS = 0.11  # of a dot, as a share of the distance of two seeds


def walks(
    image: ArrayLike,
    start: ArrayLike,
    end: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    scale: int | None = None,
) -> RGB:
    """Draw where seeds start, as grey dots, and where their walks end, as blue ones.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
    start, end : (K, 2) array_like of float
        (row, col) in pixels.
    labels : (H, W) array_like of int, optional
        Regions whose borders are drawn.
    scale : int, optional
        As in `overlay`.

    Returns
    -------
    (H * scale, W * scale, 3) uint8 ndarray

    Raises
    ------
    ValueError
        If `start` and `end` are not both (K, 2), or a number is not finite.
    """
    start, end = np.asarray(start, float), np.asarray(end, float)
    if start.ndim != 2 or start.shape[1] != 2 or start.shape != end.shape:
        raise ValueError(
            f"start has shape {start.shape} and end {end.shape}, expected (K, 2) for both: (row, col)"
        )
    if not (np.isfinite(start).all() and np.isfinite(end).all()):
        raise ValueError("a seed is not finite, expected positions in pixels")
    rgb = as_uint8(image)
    no_borders = np.zeros(rgb.shape[:2], int)
    big = draw_lines(rgb, no_borders if labels is None else np.asarray(labels), scale)
    whole = big.shape[0] // rgb.shape[0] * FINER
    places = [((points + 0.5) * whole)[:, ::-1] for points in (start, end)]  # (x, y)
    height, width = big.shape[0] * FINER, big.shape[1] * FINER
    apart = min((height * width / max(1, len(start))) ** 0.5, max(height, width) / 8)
    return draw_finely(big, lambda canvas: _draw(canvas, *places, max(_RADIUS * apart, 3)))


def _draw(draw: ImageDraw.ImageDraw, start: NDArray, end: NDArray, radius: float) -> None:
    for a, b in zip(start, end, strict=True):
        for colour, width in ((INK, radius), ("white", radius / 2)):
            draw.line([*a, *b], fill=colour, width=max(1, round(width)))
    for points, colour, r in ((start, "#b9bdc5", 0.7 * radius), (end, HIGHLIGHT, radius)):
        for x, y in points:
            draw.ellipse([x - r, y - r, x + r, y + r], fill=colour, outline="white", width=round(r / 3))


def principal(F: ArrayLike) -> tuple[NDArray[np.float32], float]:
    """Show many features as three colours: red, green and blue are where they vary most.

    Parameters
    ----------
    F : (H, W, C) array_like of float
        Features of pixels, at least 3.

    Returns
    -------
    colours : (H, W, 3) float32 ndarray
        The first three principal components, each from its 2nd percentile (0) to its 98th (1). The largest
        weight of each is positive, so that equal features give equal colours on every machine.
    share : float
        The share of the variance that the three hold; 1 if nothing varies.

    Raises
    ------
    ValueError
        If F does not have three axes and at least three features.
    """
    F = np.asarray(F, float)
    if F.ndim != 3 or F.shape[2] < 3:
        raise ValueError(f"F has shape {F.shape}, expected (H, W, C) with C of 3 or more")
    x = F.reshape(-1, F.shape[2])
    x = x - x.mean(axis=0)
    variances, directions = np.linalg.eigh(x.T @ x)
    directions = directions[:, :-4:-1]
    directions = directions * np.sign(directions[abs(directions).argmax(axis=0), range(3)])
    y = x @ directions
    low, high = np.percentile(y, (2, 98), axis=0)
    unit = np.clip((y - low) / np.where(high > low, high - low, 1), 0, 1)
    total = variances.sum()
    share = float(variances[-3:].sum() / total) if total > 0 else 1.0
    return unit.reshape(*F.shape[:2], 3).astype(np.float32), share


def from_lab(colour: ArrayLike) -> NDArray[np.float32]:
    """Turn Lab, such as a network paints, into a picture; what no screen can show is cut off.

    Parameters
    ----------
    colour : (H, W, 3) array_like of float

    Returns
    -------
    (H, W, 3) float32 ndarray
        RGB in [0, 1].

    Raises
    ------
    ValueError
        If `colour` does not have three channels, or a number is not finite.
    """
    colour = np.asarray(colour, float)
    if colour.ndim != 3 or colour.shape[2] != 3 or not np.isfinite(colour).all():
        raise ValueError(f"colour has shape {colour.shape}, expected (H, W, 3) finite Lab values")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Conversion from CIE-LAB", UserWarning)  # it also cuts off
        rgb = lab2rgb(np.clip(colour, (0, -128, -128), (100, 127, 127)))
    return np.clip(rgb, 0, 1).astype(np.float32)
