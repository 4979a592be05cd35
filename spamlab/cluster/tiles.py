"""Pixels sorted by group into tiles: the layout that makes clustering a product of small matrices."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Tiles:
    """Where the pixels lie once they are sorted by group and cut into tiles.

    Attributes
    ----------
    place : (N,) int64 Tensor
        The place of each pixel among the T * P places.
    group : (T,) int64 Tensor
        The group of each tile.
    size : int
        P, places per tile. Places without a pixel hold zeros.
    """

    place: Tensor
    group: Tensor
    size: int

    def arrange(self, values: Tensor) -> Tensor:
        """Sort (N, C) values of pixels into tiles, (T, C, P); zeros where a place is empty."""
        places = values.new_zeros(len(self.group) * self.size, values.shape[1])
        places = places.index_copy(0, self.place, values)
        return places.view(len(self.group), self.size, -1).transpose(1, 2).contiguous()

    def flatten(self, tiled: Tensor) -> Tensor:
        """Undo `arrange`: (T, M, P) values in tiles to (N, M), in the order of the pixels."""
        return tiled.transpose(1, 2).reshape(-1, tiled.shape[1])[self.place]


def tile(group: Tensor, size: int | None = None) -> Tiles:
    """Sort pixels by group into tiles.

    Parameters
    ----------
    group : (N,) int64 Tensor
        The group of each pixel, from 0; a group may be empty.
    size : int, optional
        Places per tile; by default from 16 to 256, near half a group, so that few places stay empty.
    """
    counts = torch.bincount(group)
    if size is None:
        size = 2 ** int(len(group) / len(counts) / 2 + 1).bit_length()
        size = min(max(size, 16), 256)
    tiles = (counts + size - 1) // size  # per group
    order = torch.argsort(group, stable=True)
    sorted_group = group[order]
    first_place = (tiles.cumsum(0) - tiles) * size
    first_pixel = counts.cumsum(0) - counts
    within = torch.arange(len(group), device=group.device) - first_pixel[sorted_group]
    place = torch.empty_like(order)
    place[order] = first_place[sorted_group] + within
    return Tiles(place, torch.repeat_interleave(torch.arange(len(counts), device=group.device), tiles), size)
