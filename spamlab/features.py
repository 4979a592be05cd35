"""What describes a pixel: the one door for pictures, and the features of SLIC (colour and position).

Features are a matrix F of shape (N, C), one row per pixel in raster order (row by row), N = H * W. The
last two columns are always the position (row, col), scaled, so that squared Euclidean distance in F is
the squared distance of the method.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from skimage.color import rgb2lab

from spamlab._arguments import number

_ROUNDING = 1e-6  # as much as resizing may leave the range by


def as_image(image: ArrayLike) -> NDArray[np.float32]:
    """Turn whatever shows a picture into RGB in [0, 1]. Every method calls this first, and nothing else.

    Parameters
    ----------
    image : (H, W), (H, W, 1), (H, W, 2), (H, W, 3) or (H, W, 4) array_like
        Grey, grey and alpha, RGB, or RGB and alpha. uint8 (0 to 255), uint16 (0 to 65535), bool, or float
        in [0, 1]. Grey is copied to three channels; alpha is dropped.

    Returns
    -------
    (H, W, 3) float32 ndarray
        RGB in [0, 1], a new array.

    Raises
    ------
    TypeError
        If the values are of another kind (int64, complex, text): their range is not known.
    ValueError
        If the shape is not a picture's, the picture is empty, or a float is NaN, infinite or outside [0, 1].
    """
    if isinstance(image, str):
        raise TypeError(f"image is the text {image!r}; open it with spamlab.data.load_image({image!r})")
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[2] in (1, 2):
        image = image[:, :, 0]
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (3, 4)):
        channels_first = image.ndim == 3 and image.shape[0] in (1, 3, 4)
        remedy = "; move the channels last with image.transpose(1, 2, 0)" if channels_first else ""
        raise ValueError(f"image has shape {image.shape}, expected (H, W), (H, W, 3) or (H, W, 4){remedy}")
    if image.size == 0:
        raise ValueError(f"image is empty: shape {image.shape}, expected at least 1 x 1 pixels")
    if image.ndim == 2:
        image = np.repeat(image[:, :, None], 3, axis=2)
    return _unit_range(image[:, :, :3])


def _unit_range(image: NDArray) -> NDArray[np.float32]:
    if image.dtype == np.uint8 or image.dtype == np.uint16:
        return image.astype(np.float32) / np.float32(np.iinfo(image.dtype).max)
    if image.dtype == np.bool_:
        return image.astype(np.float32)
    if not np.issubdtype(image.dtype, np.floating):
        raise TypeError(
            f"image has dtype {image.dtype}, expected uint8, uint16, bool or float in [0, 1]; "
            "for values from 0 to 255 use image.astype(np.uint8)"
        )
    low, high = float(image.min()), float(image.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError("image holds NaN or infinite values, expected floats in [0, 1]; see np.nan_to_num")
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise ValueError(
            f"image holds floats from {low:.9g} to {high:.9g}, expected [0, 1]; divide by the largest "
            "possible value (255 for 8 bits), or use np.clip(image, 0, 1)"
        )
    return np.clip(image, 0, 1).astype(np.float32)


def lab(image: ArrayLike) -> NDArray[np.float32]:
    """Convert a picture to CIE Lab (D65), in which Euclidean distance is near to seen difference.

    Parameters
    ----------
    image : array_like
        Anything `as_image` accepts.

    Returns
    -------
    (H, W, 3) float32 ndarray
        L in [0, 100], a and b about [-128, 127]. Not stretched: a dull picture stays dull.
    """
    planes = rgb2lab(as_image(image)).transpose(2, 0, 1)
    # In memory plane after plane: loops over one channel after the other run twice as fast.
    return np.ascontiguousarray(planes, np.float32).transpose(1, 2, 0)


def positions(shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return (row, col) of every pixel in raster order: (H * W, 2) float32, in pixels."""
    rows, cols = np.indices(shape, dtype=np.float32)
    return np.stack([rows.ravel(), cols.ravel()], axis=1)


def pixel_points(points: ArrayLike, shape: tuple[int, int]) -> NDArray[np.integer]:
    """Return points of a picture as (n, 2), (row, col) in whole pixels; (2,) is one point.

    Parameters
    ----------
    points : (2,) or (n, 2) int array_like
    shape : (int, int)
        (H, W) of the picture.

    Raises
    ------
    ValueError
        If they are no such points, or one lies outside the picture.
    """
    points = np.atleast_2d(points)
    if points.ndim != 2 or points.shape[1] != 2 or points.dtype.kind not in "iu":
        raise ValueError(
            f"points have shape {points.shape} and dtype {points.dtype}, expected whole numbers: (row, col) "
            "or (n, 2)"
        )
    inside = (points >= 0) & (points < shape)
    if not inside.all():
        row, col = points[~inside.all(axis=1)][0]
        raise ValueError(
            f"point (row, col) = ({row}, {col}) lies outside the picture of {shape[0]} x {shape[1]} pixels"
        )
    return points


def lab_xy(image: ArrayLike, step: float, compactness: float = 10.0) -> NDArray[np.float32]:
    """Return SLIC's five features: colour, and position scaled by compactness / step.

    With them D^2 = d_c^2 + (m / S)^2 d_s^2 (Achanta et al. 2012, the distance D of section 3.2) is the
    squared Euclidean distance between rows.

    Parameters
    ----------
    image : array_like
        Anything `as_image` accepts.
    step : float
        The grid interval S in pixels, sqrt(N / K).
    compactness : float
        SLIC's m in Lab units: the colour difference that weighs as much as a distance of one step.

    Returns
    -------
    (N, 5) float32 ndarray
        Columns L, a, b, row * m / S, col * m / S.
    """
    colour = lab(image)
    position = positions(colour.shape[:2]) * np.float32(compactness / step)
    return np.concatenate([colour.reshape(-1, 3), position], axis=1)


def check_compactness(compactness: float) -> float:
    """Refuse a compactness that is no number above 0; every method asks here."""
    return number("compactness", compactness, "a number above 0; 1 to 40 are usual", above=0)
