"""LNS-Net on one picture: features, seeds that move once, one assignment, connectivity."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn import functional

from spamlab import regions
from spamlab._arguments import number, whole_number
from spamlab.candidates import nearest
from spamlab.features import as_image, lab
from spamlab.lnsnet import assignment
from spamlab.lnsnet.network import CHANNELS, Network, standardise
from spamlab.lnsnet.shift import Seeds, estimate, sample
from spamlab.lnsnet.weights import as_network
from spamlab.regions import enforce_connectivity, scan_connectivity

LARGEST = 1_000_000  # pixels; the network sees a smaller copy of a larger picture


@dataclass(frozen=True)
class Details(regions.Details):
    """What `lnsnet` knows besides its label map; `centres` are the features at the seeds.

    Attributes
    ----------
    start, end : (K', 2) float64 ndarray
        (row, col) in pixels where the seeds stand on the grid, and after their walk. Seed k is the one that
        `assignment` names k.
    """

    start: NDArray | None = None
    end: NDArray | None = None


def lnsnet(
    image: ArrayLike,
    n_segments: int = 200,
    *,
    weights: str | Path | Network = "lnsnet",
    features: ArrayLike | None = None,
    shift: float | None = None,
    near: int | None = None,
    mode: str = "paper",
    min_size_factor: float = 0.06,
    details: bool = False,
) -> NDArray[np.int32] | tuple[NDArray[np.int32], Details]:
    """Cut a picture into LNS-Net superpixels.

    A portrait picture is cut as its transpose, as in the released program, so that both give the same.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts.
    n_segments : int
        The number K asked for. More come out: the grid has a few more cells, and superpixels in several
        pieces are split. `Details.n_obtained` says how many.
    weights : str, Path or Network
        "lnsnet" (shipped), a file, or what `load` returns.
    features : (H, W, 20) array_like, optional
        What `deep_features` returned for this picture and these weights.
    shift : float, optional
        How far seeds walk from the grid, 0, to where the network wants them, 1; by default what the weights
        were trained with.
    near : int, optional
        Let only so many seeds compete for a pixel: those nearest to the middle of its cell. A short cut: the
        paper lets all compete, and so does None. ``(a.assignment == b.assignment).mean()`` of both `Details`
        tells how far they agree.
    mode : {"paper", "authors"}
        "authors": the grid, the whole pixels and the connectivity of the released program, see `shift.grid`
        and `regions.scan_connectivity`.
    min_size_factor : float
        Pieces smaller than this share of N / K are merged; 0 keeps every connected piece. The released
        program has 0.06, and cuts pieces off at 3 N / K; so does mode "authors".
    details : bool
        Also return seeds, features there, and the labels before connectivity.

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
    FileNotFoundError
        If there are no such weights.
    """
    image, network = as_image(image), as_network(weights)
    shift = _check_shift(network.shift if shift is None else shift)
    if near is not None:
        near = whole_number("near", near, "1 or more seeds, or None for all; 9 is usual", 1)
    min_size_factor = number("min_size_factor", min_size_factor, "0 or more; 0.06 is usual", low=0)
    F = deep_features(image, network) if features is None else _as_features(features, image.shape[:2])
    portrait = image.shape[0] > image.shape[1]
    Z = torch.from_numpy(F.transpose(1, 0, 2) if portrait else F).permute(2, 0, 1)[None]
    with torch.inference_mode():
        seeds = estimate(network.seeds, Z, n_segments, shift, mode)
        S = sample(Z, seeds.end)
        joined = _join(Z, S, seeds, near).numpy().astype(np.int32)
    joined = np.ascontiguousarray(joined.T) if portrait else joined
    size = joined.size / n_segments
    if mode == "authors":
        labels = scan_connectivity(joined, min_size_factor * size, 3 * size)
    else:
        labels = enforce_connectivity(joined, min_size_factor * size, lab(image))
    if not details:
        return labels
    start, end = (p.double().numpy()[:, :: -1 if portrait else 1] for p in (seeds.start, seeds.end))
    step = float(np.sqrt(size))
    return labels, Details(
        int(labels.max()) + 1, S.double().numpy(), joined, step, start=start.copy(), end=end.copy()
    )


def deep_features(image: ArrayLike, weights: str | Path | Network = "lnsnet") -> NDArray[np.float32]:
    """Return what the embedder makes of a picture, to be used for any number of superpixels and any shift.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts. Of a picture with more than 1,000,000 pixels the network
        sees a smaller copy (its norms need the whole picture at once), and the features are enlarged again.
    weights : str, Path or Network
        As for `lnsnet`.

    Returns
    -------
    (H, W, 20) float32 ndarray
        Z.
    """
    image, network = as_image(image), as_network(weights)
    portrait = image.shape[0] > image.shape[1]
    colour = lab(image.transpose(1, 0, 2) if portrait else image)
    shape, shrink = colour.shape[:2], (LARGEST / colour[..., 0].size) ** 0.5
    with torch.inference_mode():
        Z = network(standardise(smaller(colour, shrink) if shrink < 1 else colour))
        Z = _resized(Z, shape) if shrink < 1 else Z
    F = Z[0].permute(1, 2, 0).contiguous().numpy()
    return np.ascontiguousarray(F.transpose(1, 0, 2)) if portrait else F


def smaller(colour: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Return a picture in Lab, (H, W, 3), with sides of a share of what they were, smoothed before."""
    size = tuple(max(1, round(side * share)) for side in colour.shape[:2])
    x = torch.from_numpy(colour).permute(2, 0, 1)[None]
    return _resized(x, size, antialias=True)[0].permute(1, 2, 0).contiguous().numpy()


def _resized(x: Tensor, size: tuple[int, int], **options: bool) -> Tensor:
    return functional.interpolate(x, size=size, mode="bilinear", **options)


def _join(Z: Tensor, S: Tensor, seeds: Seeds, near: int | None) -> Tensor:
    """Return the seed that each pixel joins, (H, W) int64."""
    shape, Z = Z.shape[2:], Z[0].flatten(1).T.contiguous()
    if near is None or near >= len(S):
        return assignment.labels(Z, S).view(shape)
    row, col = (
        ((torch.arange(side) + 0.5) * n / side).ceil().long() - 1
        for side, n in zip(shape, seeds.counts, strict=True)
    )
    cells = row[:, None] * seeds.counts[1] + col
    found = torch.from_numpy(nearest(seeds.start.numpy(), seeds.end.numpy(), near))
    return assignment.near_labels(Z, S, found, cells.flatten()).view(shape)


def _check_shift(shift: float) -> float:
    shift = number("shift", shift, "a share from 0 (the grid) to 1", low=0)
    if shift > 1:
        raise ValueError(f"shift={shift}, expected a share from 0 (the grid) to 1")
    return shift


def _as_features(features: ArrayLike, shape: tuple[int, int]) -> NDArray[np.float32]:
    features = np.require(features, np.float32, "W")  # torch takes no read-only array
    if features.shape != (*shape, CHANNELS):
        raise ValueError(f"features have shape {features.shape}, expected {(*shape, CHANNELS)}")
    if not np.isfinite(features).all():
        raise ValueError("features hold NaN or infinite values, expected finite ones; see np.nan_to_num")
    return features
