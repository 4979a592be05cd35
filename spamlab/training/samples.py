"""Pictures to learn from: kept in memory, cut and turned into batches.

Every random choice comes from the number of the step, so a training that goes on after a stop sees what it
would have seen.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from spamlab.data import Sample, scene
from spamlab.features import lab


@dataclass(frozen=True)
class Picture:
    """A picture in Lab, (3, H, W) float32, and its annotations, (A, H, W) int16, segments from 0."""

    name: str
    colour: Tensor
    truths: Tensor


def pictures(samples: Iterable[Sample]) -> list[Picture]:
    """Convert samples once, so that a step only cuts and scales."""
    found = []
    for sample in samples:
        colour = torch.from_numpy(np.ascontiguousarray(lab(sample.image).transpose(2, 0, 1)))
        truths = torch.from_numpy(np.stack(sample.truths).astype(np.int16))
        found.append(Picture(sample.name, colour, truths))
    if not found:
        raise ValueError("there are 0 pictures to learn from, expected at least 1")
    return found


def scenes(seeds: Iterable[int], shape: tuple[int, int] = (240, 240)) -> Iterator[Sample]:
    """Draw synthetic scenes with exact truth, for training without a data set."""
    for seed in seeds:
        image, truth = scene(seed, shape)
        yield Sample(f"scene-{seed}", image, [truth])


def batch(
    source: list[Picture],
    size: int,
    count: int,
    annotators: int,
    scale: tuple[float, float, float],
    seed: tuple,
) -> tuple[Tensor, Tensor]:
    """Cut random pieces out of random pictures.

    Parameters
    ----------
    source : list of Picture
    size : int
        Side of a piece in pixels, after scaling. Smaller pictures are enlarged to it, whatever `scale` says.
    count : int
        Pieces.
    annotators : int
        Annotations of each piece, drawn without replacement; all if it has fewer.
    scale : (float, float, float)
        Spread, lowest and highest value of the factor by which a picture is enlarged: a normal distribution
        around 1, cut off.
    seed : tuple of int
        What the choices are drawn from.

    Returns
    -------
    colour : (B, 3, size, size) float32 Tensor
        Lab.
    truth : (B * size * size, A) int64 Tensor
        Segments from 0; -1 where a picture has fewer annotators than A.
    """
    rng = np.random.default_rng(seed)
    pieces = [_piece(source[rng.integers(len(source))], size, annotators, scale, rng) for _ in range(count)]
    most = max(len(truth) for _, truth in pieces)
    truth = torch.stack([functional.pad(t, (0, 0, 0, most - len(t)), value=-1) for _, t in pieces])
    return torch.stack([colour for colour, _ in pieces]), truth.transpose(1, 2).flatten(0, 1)


def _piece(
    picture: Picture, size: int, annotators: int, scale: tuple, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Return one piece, (3, size, size) Lab and (A, size * size) segments."""
    height, width = picture.colour.shape[1:]
    spread, low, high = scale
    factor = np.clip(rng.normal(1, spread), low, high)
    side = min(round(size / factor), height, width)
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    window = (slice(None), slice(top, top + side), slice(left, left + side))
    order = rng.permutation(len(picture.truths))[:annotators]
    colour, truth = picture.colour[window], picture.truths[order][window]
    if rng.random() < 0.5:
        colour, truth = colour.flip(2), truth.flip(2)
    if side != size:
        colour = functional.interpolate(colour[None], size=(size, size), mode="bilinear")[0]
        at = torch.from_numpy(((np.arange(size) + 0.5) * side / size).astype(np.int64))  # nearest
        truth = truth[:, at][:, :, at]
    return colour, torch.stack([_from_zero(one) for one in truth])


def _from_zero(truth: Tensor) -> Tensor:
    return torch.unique(truth, return_inverse=True)[1].flatten()
