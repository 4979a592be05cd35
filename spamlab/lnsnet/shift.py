"""Where seeds start, how far they walk, and the features they find there."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from spamlab.lnsnet.network import SeedLayer
from spamlab.seeds import check_n_segments


class Seeds(NamedTuple):
    """The seeds of one picture.

    Attributes
    ----------
    start, end : (K, 2) Tensor
        (row, col) in pixels, on the grid and after the walk.
    counts : (int, int)
        Rows and columns of cells.
    cell : (float, float)
        Sides of a cell in pixels; a seed may walk this far.
    """

    start: Tensor
    end: Tensor
    counts: tuple[int, int]
    cell: tuple[float, float]


def estimate(layer: SeedLayer, Z: Tensor, n_segments: int, shift: float = 1.0, mode: str = "paper") -> Seeds:
    """Let seeds walk from the grid to where the network wants them (eq. (4)).

    A seed ends at its start + shift * side of a cell * what `SeedLayer` says. So it can reach the middle of
    each cell around its own, as in the released program (the paper's text: it stays in its cell). Its end is
    a place between pixels, and depends on the weights without a jump: gradients reach the layer. The released
    program cuts it off to a whole pixel, and no gradient passes.

    Parameters
    ----------
    layer : SeedLayer
    Z : (1, 20, H, W) Tensor
        Features of one picture.
    n_segments : int
        The number K asked for.
    shift : float
        From 0 (the grid) to 1.
    mode : {"paper", "authors"}
        "authors": the cells and whole pixels of the released program, see `grid`.

    Returns
    -------
    Seeds
    """
    shape = tuple(Z.shape[2:])
    start, counts, cell = grid(shape, n_segments, mode)
    start = start.to(Z.device)
    end = start
    if shift:
        end = start + shift * start.new_tensor(cell) * layer(Z, counts)
    if mode == "authors":
        end = end.floor()
    last = start.new_tensor(shape) - 1
    return Seeds(start, torch.minimum(end.clamp(min=0), last), counts, cell)


def grid(
    shape: tuple[int, int], n_segments: int, mode: str = "paper"
) -> tuple[Tensor, tuple[int, int], tuple[float, float]]:
    """Place seeds in the middle of cells.

    With S = sqrt(N / K), an axis gets ceil(side / floor(S)) cells of equal sides, and never more than K: more
    than K in all (117 for K = 100 on 321 x 481). The cells are those that `SeedLayer` averages over.

    Parameters
    ----------
    shape : (H, W)
    n_segments : int
    mode : {"paper", "authors"}
        "authors": cells of floor(S H / W) rows and floor(S^2 / rows) columns, the last ones cut off by the
        border. The aspect of the picture enters upside down, so cells lie flat (26 x 59 for K = 100). The row
        and column of a seed are those of the pixel whose number is floor(row * W + col): where a cell has an
        even number of rows, its middle lies between two, and half a row becomes half a picture to the right.

    Returns
    -------
    start : (K', 2) float32 Tensor
        (row, col) in pixels, in raster order of the cells.
    counts : (int, int)
        Rows and columns of cells.
    cell : (float, float)
        Rows and columns of pixels in a cell.
    """
    n_segments = check_n_segments(n_segments, shape[0] * shape[1])
    if mode == "authors":
        return _released_grid(shape, n_segments)
    if mode != "paper":
        raise ValueError(f"mode={mode!r}, expected 'paper' or 'authors'")
    side = math.isqrt(shape[0] * shape[1] // n_segments)  # floor(S)
    counts = tuple(min(math.ceil(total / side), n_segments) for total in shape)
    middles = ((torch.arange(n) + 0.5) * (total / n) - 0.5 for n, total in zip(counts, shape, strict=True))
    cell = tuple(total / n for n, total in zip(counts, shape, strict=True))
    return torch.cartesian_prod(*middles), counts, cell


def _released_grid(shape: tuple[int, int], n_segments: int):
    S = math.sqrt(shape[0] * shape[1] / n_segments)
    rows = max(1, math.floor(S * shape[0] / shape[1]))
    cell = rows, max(1, math.floor(S**2 / rows))
    counts = tuple(math.ceil(total / side) for total, side in zip(shape, cell, strict=True))
    middles = []
    for total, side in zip(shape, cell, strict=True):
        first = torch.arange(0, total, side, dtype=torch.float64)
        middles.append((first + (first + side).clamp(max=total) - 1) / 2)
    row, col = torch.cartesian_prod(*middles).T
    number = (row * shape[1] + col).floor().long()
    row, col = number // shape[1], number % shape[1]
    return torch.stack([row, col], dim=1).float(), counts, cell


def sample(Z: Tensor, points: Tensor) -> Tensor:
    """Return the features at places between pixels, bilinearly: gradients flow to both.

    Parameters
    ----------
    Z : (1, C, H, W) Tensor
    points : (K, 2) Tensor
        (row, col) in pixels, inside the picture.

    Returns
    -------
    (K, C) Tensor
    """
    height, width = Z.shape[2:]
    first = points.detach().floor().long()
    beyond = points - first  # in [0, 1)
    found = 0
    for down in (0, 1):
        for right in (0, 1):
            row = (first[:, 0] + down).clamp(max=height - 1)
            col = (first[:, 1] + right).clamp(max=width - 1)
            w = _share(beyond[:, 0], down) * _share(beyond[:, 1], right)
            found = found + w * Z[0, :, row, col]
    return found.T


def _share(beyond: Tensor, second: int) -> Tensor:
    """Return the weight of the first or the second of two pixels around a place."""
    return beyond if second else 1 - beyond
