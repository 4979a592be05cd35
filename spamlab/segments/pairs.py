"""Superpixels as a graph: what each looks like, which touch, and how alike two are.

Everything here is a short formula; `distance` is what is computed, the similarity is read from it.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from torch import Tensor
from torch.nn import functional

from spamlab.cluster import Clusters, to_centres, update

CLOSEST = 1e-6  # log(1 - s) is taken at this distance at least, where it is -14.5


def pool(features: ArrayLike, labels: NDArray[np.int32], stride: float = 1) -> NDArray[np.float32]:
    """Average features over each superpixel (eq. (5)).

    Parameters
    ----------
    features : (h, w, C) array_like
        Features at pixels 0, `stride`, 2 `stride` and so on of both axes: a pixel counts with the nearest.
    labels : (H, W) int32 ndarray
        Labels 0 to n - 1, each with a pixel.
    stride : float
        Pixels between two features: 4 for those of the network.

    Returns
    -------
    (n, C) float32 ndarray
        v_i, the mean over the pixels of superpixel i.

    Raises
    ------
    ValueError
        If there are more or fewer features than that.
    """
    features = np.asarray(features, np.float32)
    if features.ndim != 3 or not np.isfinite(features).all():
        raise ValueError(f"features have shape {features.shape}, expected finite numbers, (h, w, C)")
    rows, cols = (_nearest(*sides, stride) for sides in zip(labels.shape, features.shape, strict=False))
    source = (rows[:, None] * features.shape[1] + cols).ravel()
    ones = np.ones(labels.size, np.float32)
    shape = (int(labels.max()) + 1, features.shape[0] * features.shape[1])
    counts = sparse.coo_array((ones, (labels.ravel(), source)), shape).tocsr()
    return counts @ features.reshape(shape[1], -1) / counts.sum(axis=1)[:, None]


def _nearest(side: int, has: int, stride: float) -> NDArray[np.int64]:
    """Return which of `has` samples is the nearest to each of `side` pixels."""
    if abs(has - side / stride) > 1:
        raise ValueError(
            f"{has} features on a side of {side} pixels, expected {int(np.ceil(side / stride))} with "
            f"stride={stride:g}; features of the network have stride=4"
        )
    return np.minimum(np.rint(np.arange(side) / stride), has - 1).astype(np.int64)


def spread(V: Tensor, shape: tuple[int, int], stride: float) -> Tensor:
    """Give every pixel the nearest feature, as `pool` does: (B, C, h, w) to (B * H * W, C)."""
    rows, cols = (
        torch.from_numpy(_nearest(*sides, stride)).to(V.device)
        for sides in zip(shape, V.shape[2:], strict=True)
    )
    return V[:, :, rows][:, :, :, cols].permute(0, 2, 3, 1).flatten(0, 2)


def soft_pool(found: Clusters, features: Tensor) -> Tensor:
    """Average features over each superpixel, weighted by the soft assignment.

    ``v_i = sum_p Q_pi F'_p / sum_p Q_pi``. With the hard mean of eq. (5) no gradient of the pair loss would
    reach Q, although the paper says that segmentation guides the superpixels; so training takes this one.

    Parameters
    ----------
    found : Clusters
        The soft assignment of N pixels to K superpixels.
    features : (N, C) Tensor

    Returns
    -------
    (K, C) Tensor
    """
    ones = features.new_ones(len(features), 1)
    tiled = found.tiles.arrange(torch.cat([features, ones], dim=1))
    sums = to_centres(found.Q, tiled, found.slots, len(found.S))
    return update(sums[:, :-1], sums[:, -1:], torch.zeros_like(sums[:, :-1]))


def distance(v: Tensor | NDArray, pairs: Tensor | NDArray) -> Tensor | NDArray:
    """Return d_ij = |v_i - v_j|_1 of each pair, from (n, C) features and (E, 2) pairs: (E,)."""
    return abs(v[pairs[:, 0]] - v[pairs[:, 1]]).sum(1)


def similarity(d: ArrayLike) -> NDArray:
    """Return s = 2 / (1 + exp(d)) of distances d: 1 for equals, towards 0 for strangers (eq. (6))."""
    d = np.asarray(d)
    return 2 * np.exp(-d) / (1 + np.exp(-d))  # the same; exp(d) would overflow


def distance_at(threshold: float) -> float:
    """Return the distance at which `similarity` is T: log(2 / T - 1), 0 at T = 1, infinite at 0."""
    with np.errstate(over="ignore"):  # 2 / T may be infinite
        return float(np.log(np.float64(2) / threshold - 1)) if threshold else np.inf


def same_segment(labels: Tensor, truth: Tensor, pairs: Tensor, n: int) -> Tensor:
    """Return l_ij: whether both superpixels of a pair carry the same true segment.

    A superpixel carries the segment that most of its pixels have.

    Parameters
    ----------
    labels : (N,) int64 Tensor
        The superpixel of each pixel.
    truth : (N,) int64 Tensor
        Segments from 0; -1 = not annotated.
    pairs : (E, 2) int64 Tensor
    n : int
        How many superpixels there are.

    Returns
    -------
    (E,) float32 Tensor
        1 = the same, 0 = different, NaN where one of the two is not annotated.
    """
    width = int(truth.max()) + 2
    counts = torch.bincount(labels * width + truth + 1, minlength=n * width).view(n, width)
    counts[:, 0] = 0
    carried = torch.where(counts.sum(1) > 0, counts.argmax(1), -1)
    a, b = carried[pairs[:, 0]], carried[pairs[:, 1]]
    return torch.where((a < 0) | (b < 0), torch.nan, (a == b).float())


def pair_loss(d: Tensor, same: Tensor) -> Tensor:
    """Return the balanced loss of neighbouring superpixels (eq. (7)), the mean over its pairs.

    ``-(1 - a) l_ij log s_ij - a (1 - l_ij) log(1 - s_ij)``, a the share of pairs with l_ij = 1: the few pairs
    across a border weigh as much as the many inside. With d = |v_i - v_j|_1 the logarithms are log 2 -
    softplus(d) and log tanh(d / 2), which neither overflow nor cancel. The paper sums, and counts each pair
    twice; the mean does not grow with the number of superpixels.

    Parameters
    ----------
    d : (E,) Tensor
        Distances of the pairs of one picture, from `distance`.
    same : (E,) Tensor
        l_ij; NaN takes no part. 0 is returned if none is left.
    """
    known = ~torch.isnan(same)
    d, same = d[known], same[known]
    if not len(d):
        return d.sum()
    log_s = np.log(2) - functional.softplus(d)
    log_not_s = torch.log(torch.tanh(d.clamp(min=CLOSEST) / 2))
    a = same.mean()
    return -((1 - a) * same * log_s + a * (1 - same) * log_not_s).mean()
