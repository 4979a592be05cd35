"""SLIC: k-means on colour and position, each centre searching only its own neighbourhood.

R. Achanta, A. Shaji, K. Smith, A. Lucchi, P. Fua, S. Suesstrunk, "SLIC superpixels compared to
state-of-the-art superpixel methods", TPAMI 34(11), 2012, doi:10.1109/TPAMI.2012.120, with its variant
SLICO (the authors' zero-parameter version), and maskSLIC: B. Irving, "maskSLIC: regional superpixel
generation with application to local pathology characterisation in medical images", arXiv:1606.09518.
Lesson 01 derives it.

Where we differ from the paper, and why:

- The grid has round(side / S) cells per axis, so that cells stay nearly square.
- The residual is averaged over the centres, so that one tolerance serves every K.
- Connectivity merges a small piece into the neighbour with the longest shared border instead of giving it
  the label of the nearest centre (the paper) or of a neighbour met by a scan (its program).

A centre is a row (L, a, b, row, col) in Lab units and pixels, float64.
"""

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from spamlab import seeds
from spamlab._arguments import number, whole_number
from spamlab.features import check_compactness, lab
from spamlab.regions import Details, enforce_connectivity


def slic(
    image: ArrayLike,
    n_segments: int = 200,
    compactness: float = 10.0,
    *,
    n_iter: int = 10,
    tolerance: float = 0.0,
    norm: str = "l2",
    slico: bool = False,
    mask: ArrayLike | None = None,
    min_size_factor: float = 0.25,
    details: bool = False,
) -> NDArray[np.int32] | tuple[NDArray[np.int32], Details]:
    """Cut a picture into SLIC superpixels.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts.
    n_segments : int
        The number K asked for. The number obtained differs: see `Details.n_obtained`.
    compactness : float
        m in Lab units, above 0. Small follows colours, large makes regular cells; 1 to 40 are usual.
    n_iter : int
        The largest number of iterations, at least 1.
    tolerance : float
        Stop when the residual is at most this; 0 stops only where the centres stand still.
    norm : {"l2", "l1"}
        How the residual measures a move: see `residual`.
    slico : bool
        Let each superpixel adapt its own compactness; `compactness` is then only where all start.
    mask : (H, W) bool array_like, optional
        Superpixels only where it is True (maskSLIC); elsewhere the label is -1.
    min_size_factor : float
        Pieces smaller than this share of N / K are merged; 0 keeps every connected piece.
    details : bool
        Also return the centres, the labels before connectivity, and the residuals.

    Returns
    -------
    labels : (H, W) int32 ndarray
        Labels 0 to n - 1, each 4-connected.
    details : Details
        Only with ``details=True``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range, or the image is not a picture.
    """
    colour = lab(image)
    compactness = check_compactness(compactness)
    n_iter = whole_number("n_iter", n_iter, "1 or more; 10 is usual", 1)
    tolerance = number("tolerance", tolerance, "0 or more", low=0)
    min_size_factor = number("min_size_factor", min_size_factor, "0 or more; 0.25 is usual", low=0)
    inside = _as_mask(mask, colour.shape[:2])
    centres, labels, step = start(colour, n_segments, None if mask is None else inside)
    own = np.full(len(centres), compactness)  # m of each centre; SLICO changes it
    residuals = []
    for _ in range(n_iter):
        labels = assign(colour, centres, labels, step, own)
        if slico:
            own = widen(colour, centres, labels, own)
        moved = update(colour, labels, centres)
        residuals.append(residual(moved, centres, norm))
        centres = moved
        if residuals[-1] <= tolerance:
            break
    min_size = min_size_factor * inside.sum() / n_segments
    result = enforce_connectivity(labels, min_size, features=colour)
    if not details:
        return result
    return result, Details(int(result.max()) + 1, centres, labels, step, tuple(residuals))


def start(
    lab: NDArray[np.float32], n_segments: int, mask: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int32], float]:
    """Place the centres and give every pixel to the nearest one.

    Without a mask: a grid, each centre moved to the lowest gradient of its 3 x 3 neighbourhood. With one:
    `seeds.spread`, then ten rounds of SLIC on the position alone, and no such move. A centre takes the colour
    of the pixel under it.

    Returns
    -------
    centres : (K', 5) float64 ndarray
    labels : (H, W) int32 ndarray
        The centre each pixel starts with (its cell, or the nearest centre); -1 outside the mask.
    step : float
        S = sqrt(N / K), N counting the mask only.
    """
    shape = lab.shape[:2]
    if mask is None:
        points, labels, step = seeds.grid(shape, n_segments)
        points = seeds.to_lowest_gradient(points, lab)
    else:
        points = seeds.spread(mask, n_segments).astype(np.float64)
        step = float(np.sqrt(mask.sum() / n_segments))
        labels = _nearest(points, mask)
        flat = np.zeros_like(lab)
        for _ in range(10):
            centres = np.concatenate([np.zeros((len(points), 3)), points], axis=1)
            labels = assign(flat, centres, labels, step, 1.0)
            points = update(flat, labels, centres)[:, 3:]
    at = seeds.nearest_pixels(points, shape)
    return np.concatenate([lab[at[:, 0], at[:, 1]], points], axis=1, dtype=np.float64), labels, step


def assign(
    lab: NDArray[np.float32],
    centres: NDArray[np.float64],
    labels: NDArray[np.int32],
    step: float,
    compactness: float | NDArray[np.float64],
) -> NDArray[np.int32]:
    """Give every pixel to the nearest of the centres whose window holds it (Algorithm 1 of the paper).

    D^2 = d_c^2 + d_s^2 (m / S)^2. The window of a centre is 2S x 2S: r - S <= row <= r + S,
    c - S <= col <= c + S. A tie goes to the centre with the lowest index. A pixel in no window keeps its
    label.

    Parameters
    ----------
    lab : (H, W, 3) float32 ndarray
        The picture in Lab.
    centres : (K, 5) float64 ndarray
        Rows (L, a, b, row, col).
    labels : (H, W) int32 ndarray
        The labels so far; -1 = outside the mask, which stays so.
    step : float
        S in pixels.
    compactness : float or (K,) ndarray
        m, one for all or one per centre. Where they differ, SLICO's D^2 = d_c^2 / m_k^2 + d_s^2 / S^2.

    Returns
    -------
    (H, W) int32 ndarray
        The new labels; `labels` is left as it was.
    """
    m = np.broadcast_to(np.asarray(compactness, np.float64), len(centres))
    if m.min() == m.max():
        colour_weight, space_weight = np.ones_like(m), np.square(m[0] / step)
    else:
        colour_weight, space_weight = 1 / np.square(m), 1 / np.square(step)
    return _assign(_planes(lab), centres, labels, step, colour_weight, space_weight)


@njit(cache=True)
def _assign(planes, centres, labels, step, colour_weight, space_weight):
    H, W = labels.shape
    new, cols = labels.copy(), np.arange(W).astype(np.float64)
    nearest = np.where(labels < 0, -np.inf, np.inf)  # nothing is closer to a pixel outside the mask
    for k in range(len(centres)):
        l, a, b, row, col = centres[k]
        name, m_colour = np.int32(k), colour_weight[k]
        top, bottom = max(0, int(np.ceil(row - step))), min(H - 1, int(np.floor(row + step)))
        left, right = max(0, int(np.ceil(col - step))), min(W - 1, int(np.floor(col + step)))
        for i in range(top, bottom + 1):
            window = slice(left, right + 1)  # slices let the compiler work on several pixels at once
            L, A, B = planes[0, i, window], planes[1, i, window], planes[2, i, window]
            x, best, label = cols[window], nearest[i, window], new[i, window]
            d_row = (i - row) * (i - row)
            for j in range(len(L)):
                dl, da, db, d_col = L[j] - l, A[j] - a, B[j] - b, x[j] - col
                d_colour = dl * dl + da * da + db * db
                distance = m_colour * d_colour + space_weight * (d_row + d_col * d_col)
                closer = distance < best[j]
                best[j] = distance if closer else best[j]
                label[j] = name if closer else label[j]
    return new


def update(
    lab: NDArray[np.float32], labels: NDArray[np.int32], centres: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Move every centre to the mean (L, a, b, row, col) of its pixels; an empty one stays where it is."""
    sums, counts = _sums(_planes(lab), labels, len(centres))
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)


@njit(cache=True)
def _sums(planes, labels, n):
    sums, counts = np.zeros((n, 5)), np.zeros(n, np.int64)
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            k = labels[i, j]
            if k >= 0:
                for channel in range(3):
                    sums[k, channel] += planes[channel, i, j]
                sums[k, 3] += i
                sums[k, 4] += j
                counts[k] += 1
    return sums, counts


def widen(
    lab: NDArray[np.float32],
    centres: NDArray[np.float64],
    labels: NDArray[np.int32],
    compactness: NDArray[np.float64],
) -> NDArray[np.float64]:
    """SLICO: raise m_k to the largest colour distance seen in superpixel k; it never falls.

    Returns
    -------
    (K,) float64 ndarray
        The new m of each centre, in Lab units.
    """
    return np.maximum(compactness, np.sqrt(_largest(_planes(lab), centres, labels)))


@njit(cache=True)
def _largest(planes, centres, labels):
    """Return the largest squared colour distance to its centre in each superpixel."""
    largest = np.zeros(len(centres))
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            k = labels[i, j]
            if k >= 0:
                dl = planes[0, i, j] - centres[k, 0]
                da = planes[1, i, j] - centres[k, 1]
                db = planes[2, i, j] - centres[k, 2]
                largest[k] = max(largest[k], dl * dl + da * da + db * db)
    return largest


def residual(new: NDArray[np.float64], old: NDArray[np.float64], norm: str = "l2") -> float:
    """Return the residual error E: how far a centre (L, a, b, row, col) moved, averaged over the centres.

    The Euclidean length of the move ("l2", the paper) or the sum over its five columns ("l1", the report).
    Lab units and pixels enter together, as in the paper, so it has no unit.

    Raises
    ------
    ValueError
        If `norm` is another word.
    """
    if norm not in ("l1", "l2"):
        raise ValueError(f"norm={norm!r}, expected 'l2' (the paper) or 'l1'")
    return float(np.linalg.norm(new - old, ord=2 if norm == "l2" else 1, axis=1).mean())


def _planes(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (3, H, W), one contiguous plane per channel; no copy of what `lab` returned."""
    return np.ascontiguousarray(lab.transpose(2, 0, 1))


def _nearest(points: NDArray[np.float64], mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    labels = np.full(mask.shape, -1, np.int32)
    labels[mask] = cKDTree(points).query(np.argwhere(mask))[1]
    return labels


def _as_mask(mask: ArrayLike | None, shape: tuple[int, int]) -> NDArray[np.bool_]:
    mask = np.ones(shape, bool) if mask is None else np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"mask has dtype {mask.dtype}, expected bool; use mask > 0")
    if mask.shape != shape:
        raise ValueError(f"mask has shape {mask.shape}, expected that of the image, {shape}")
    if not mask.any():
        raise ValueError("mask is False everywhere, expected at least one True pixel")
    return mask
