"""Where centres start: a regular grid, or spread over a mask."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from spamlab._arguments import whole_number


def check_n_segments(n_segments: int, n_pixels: int) -> int:
    """Return `n_segments` as an int, or say what is wrong with it.

    Raises
    ------
    TypeError
        If it is no whole number.
    ValueError
        If it is below 1 or above the number of pixels.
    """
    expected = f"1 to {n_pixels}, the number of pixels to share out"
    return whole_number("n_segments", n_segments, expected, 1, n_pixels)


def grid(
    shape: tuple[int, int], n_segments: int, mode: str = "paper"
) -> tuple[NDArray[np.float64], NDArray[np.int32], float]:
    """Place centres in the middle of the cells of a regular grid.

    Each axis gets n = max(1, round(side / S)) cells with S = sqrt(N / K), so the count is near K, rarely K.
    A picture thinner than half a step has one line of exactly K cells, and the step is their length.

    Parameters
    ----------
    shape : (H, W)
        Sides in pixels.
    n_segments : int
        The number K asked for, 1 to H * W.
    mode : {"paper", "authors"}
        "authors" counts and measures as the program of SSN does: n = max(1, floor(side / S)) cells per axis,
        never more than K, and the step is the shorter side of a cell.

    Returns
    -------
    centres : (K', 2) float64 ndarray
        (row, col) in pixels, in raster order. The middle of the first pixel is (0, 0).
    cells : (H, W) int32 ndarray
        The cell of each pixel: the nearest centre, the first one in a tie.
    step : float
        The grid interval S in pixels.
    """
    n_segments = check_n_segments(n_segments, shape[0] * shape[1])
    step = float(np.sqrt(shape[0] * shape[1] / n_segments))
    if mode not in ("paper", "authors"):
        raise ValueError(f"mode={mode!r}, expected 'paper' or 'authors'")
    if mode == "authors":  # counted in whole numbers: a rounding error must not cost a row of cells
        counts = [math.isqrt(n_segments * side // other) for side, other in (shape, shape[::-1])]
        counts = [min(max(1, count), n_segments) for count in counts]
        step = min(side / n for n, side in zip(counts, shape, strict=True))
    elif min(shape) < step / 2:
        counts = [n_segments, 1] if shape[0] > shape[1] else [1, n_segments]
        step = max(shape) / n_segments
    else:
        counts = [max(1, int(side / step + 0.5)) for side in shape]
    rows, cols = ((np.arange(n) + 0.5) * side / n - 0.5 for n, side in zip(counts, shape, strict=True))
    row_cell, col_cell = (
        np.ceil((np.arange(side) + 0.5) * n / side).astype(np.int32) - 1
        for n, side in zip(counts, shape, strict=True)
    )
    centres = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1).reshape(-1, 2)
    return centres, row_cell[:, None] * np.int32(counts[1]) + col_cell, step


def gradient(lab: NDArray[np.float32], pixels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return SLIC's gradient G of a Lab picture at some pixels.

    G(r, c) = |I(r, c + 1) - I(r, c - 1)|^2 + |I(r + 1, c) - I(r - 1, c)|^2; beyond the picture the border
    pixel is repeated.

    Parameters
    ----------
    lab : (H, W, 3) ndarray
        The picture in Lab.
    pixels : (..., 2) int ndarray
        (row, col) of pixels inside the picture.
    """
    row, col = pixels[..., 0], pixels[..., 1]
    bottom, right = lab.shape[0] - 1, lab.shape[1] - 1
    across = lab[row, np.minimum(col + 1, right)] - lab[row, np.maximum(col - 1, 0)]
    down = lab[np.minimum(row + 1, bottom), col] - lab[np.maximum(row - 1, 0), col]
    return (across.astype(np.float64) ** 2 + down.astype(np.float64) ** 2).sum(axis=-1)


def to_lowest_gradient(centres: NDArray[np.float64], lab: NDArray[np.float32]) -> NDArray[np.float64]:
    """Move each centre to the lowest gradient of its 3 x 3 neighbourhood, away from edges and noise.

    Equal values keep the centre where it is, so a grid on a flat picture stays a grid.

    Parameters
    ----------
    centres : (K, 2) float64 ndarray
        (row, col) in pixels.
    lab : (H, W, 3) ndarray
        The picture in Lab.

    Returns
    -------
    (K, 2) float64 ndarray
        The moved centres, a new array.
    """
    moves = np.array([(0, 0)] + [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j])
    around = nearest_pixels(centres, lab.shape[:2])[:, None, :] + moves  # (K, 9, 2)
    inside = np.clip(around, 0, np.array(lab.shape[:2]) - 1)
    steepness = np.where((inside == around).all(axis=2), gradient(lab, inside), np.inf)
    return centres + moves[steepness.argmin(axis=1)]


def nearest_pixels(centres: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.int64]:
    """Return the pixel (row, col) under each centre, (K, 2) int64; halves go down and to the right."""
    pixels = np.floor(centres[:, :2] + 0.5).astype(np.int64)
    return np.clip(pixels, 0, np.array(shape) - 1)


def spread(mask: NDArray[np.bool_], n_segments: int) -> NDArray[np.int64]:
    """Place centres in a mask, each as far as can be from the border and from those before it.

    The seeding of maskSLIC (Irving 2016): repeatedly the pixel with the largest distance to the nearest
    obstacle, where obstacles are the outside of the mask, the picture's frame and all earlier centres. Ties
    go to the first pixel in raster order. A new centre changes distances only within the distance it had
    itself, so each costs an update of those rows instead of a distance transform.

    Parameters
    ----------
    mask : (H, W) bool ndarray
        True where centres may lie.
    n_segments : int
        How many, 1 to the number of True pixels.

    Returns
    -------
    (K, 2) int64 ndarray
        (row, col) in pixels, in the order they were placed.
    """
    from scipy.ndimage import distance_transform_edt

    if mask.dtype != bool:
        raise TypeError(f"mask has dtype {mask.dtype}, expected bool; use mask > 0")
    n_segments = check_n_segments(n_segments, int(mask.sum()))
    return _spread(distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1].copy(), n_segments)


@njit(cache=True)
def _spread(distance, n_segments):
    H, W = distance.shape
    centres = np.empty((n_segments, 2), np.int64)
    where = np.array([distance[i].argmax() for i in range(H)])  # the farthest pixel of each row
    farthest = np.array([distance[i, where[i]] for i in range(H)])
    for k in range(n_segments):
        row = farthest.argmax()
        col = where[row]
        centres[k] = row, col
        reach = int(np.ceil(distance[row, col]))
        for i in range(max(0, row - reach), min(H, row + reach + 1)):
            for j in range(max(0, col - reach), min(W, col + reach + 1)):
                away = np.sqrt((i - row) ** 2 + (j - col) ** 2)
                distance[i, j] = min(distance[i, j], away)
            where[i] = distance[i].argmax()
            farthest[i] = distance[i, where[i]]
    return centres
