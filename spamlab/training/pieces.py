"""What one step learns from: pieces of pictures with cells laid out on them, and their soft superpixels."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spamlab import seeds
from spamlab.candidates import grid_neighbours
from spamlab.cluster import Clusters, cluster, group_means
from spamlab.features import positions
from spamlab.ssn import compactness, reconstruction
from spamlab.ssn.method import COLOUR
from spamlab.training.recipe import Common
from spamlab.training.samples import Picture, batch

Layout = Callable[[tuple[int, int], int, np.random.Generator], tuple[NDArray, NDArray, float]]


def on_grid(shape: tuple[int, int], n_segments: int, rng: np.random.Generator) -> tuple:
    """Lay out cells as SSN does: a grid, with no chance in it; see `Piece` for what is returned."""
    _, cells, step = seeds.grid(shape, n_segments)
    return cells, grid_neighbours(cells), step


class Piece(NamedTuple):
    """A batch of B pieces of pictures of the same size, and the grid that was drawn for them.

    Attributes
    ----------
    colour : (B, 3, H, W) Tensor
        Lab as scaled in F.
    truth : (B * H * W, A) int64 Tensor
        Segments from 0; -1 = not annotated.
    position : (H * W, 2) Tensor
        As scaled in F, the same for all.
    cells : (H, W) int32 ndarray
        The cell of each pixel, the same for all.
    candidates : (K, 9) int64 ndarray
        The cells that a pixel of each cell may join, -1 = empty slot.
    """

    colour: Tensor
    truth: Tensor
    position: Tensor
    cells: NDArray[np.int32]
    candidates: NDArray[np.int64]


def draw(
    source: list[Picture], recipe: Common, seed: tuple, device: torch.device, layout: Layout = on_grid
) -> Piece:
    """Draw a batch, an interval and a compactness; lay out the cells."""
    rng = np.random.default_rng((*seed, 1))
    step, m = rng.uniform(*recipe.step), rng.uniform(*recipe.compactness)
    colour, truth = batch(source, recipe.size, recipe.count, recipe.annotators, recipe.scale, seed)
    colour = (colour.to(device) * COLOUR).contiguous(memory_format=torch.channels_last)
    shape = (recipe.size, recipe.size)
    cells, candidates, step = layout(shape, max(1, round(recipe.size**2 / step**2)), rng)
    position = torch.from_numpy(positions(shape) * np.float32(COLOUR * m / step)).to(device)
    return Piece(colour, truth.to(device), position, cells, candidates)


def soft_superpixels(piece: Piece, deep: Tensor, recipe: Common) -> tuple[Clusters, Tensor]:
    """Cluster a batch by learned features (B, C, H, W), colour and position; return it and the features F."""
    F = batch_features(deep, piece.colour, piece.position)
    return cluster(F, *batch_start(F, piece, recipe.count), recipe.n_iter), F


def superpixel_loss(piece: Piece, found: Clusters, F: Tensor, recipe: Common) -> Tensor:
    """Return reconstruction loss and, weighted, compactness loss."""
    value = reconstruction(found, piece.truth)
    if recipe.regular:
        value = value + recipe.regular * compactness(found, F[:, -2:], recipe.reduction)
    return value


def batch_features(deep: Tensor, colour: Tensor, position: Tensor) -> Tensor:
    """Return F of a batch, the pictures one after the other: (B * H * W, C + 5).

    Parameters
    ----------
    deep, colour : (B, C, H, W) and (B, 3, H, W) Tensor
        Learned features, and Lab as scaled in F.
    position : (H * W, 2) Tensor
        As scaled in F, the same for all.
    """
    both = torch.cat([deep, colour], dim=1).permute(0, 2, 3, 1).flatten(0, 2)
    return torch.cat([both, position.repeat(len(deep), 1)], dim=1)


def batch_start(F: Tensor, piece: Piece, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return centres, candidates and groups as `ssn.start` does, for `count` pictures with the same cells.

    The cells of each picture are numbered on from those before, so pictures share no candidate.
    """
    own = piece.candidates
    offsets = np.arange(count)[:, None, None] * len(own)
    candidates = np.where(own < 0, -1, own + offsets).reshape(-1, 9)
    group = torch.from_numpy((piece.cells + offsets).ravel()).to(F.device)
    S = group_means(F, group, F.new_zeros(len(candidates), F.shape[1]))
    return S, torch.from_numpy(candidates).to(F.device), group
