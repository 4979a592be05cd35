"""How pixels join seeds: Student's t-kernel, in chunks, so that no N x K matrix lies in memory."""

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from spamlab.cluster import Tiles, distances, tile

CHUNK = 2**21  # numbers in one chunk of an N x K matrix


def kernel(Z: Tensor, S: Tensor) -> Tensor:
    """Return u_ik = 1 / (1 + |Z_i - S_k|^2), (N, K), of features (N, C) and those of the seeds (K, C).

    The kernel of Student's t with one degree of freedom has the exponent -(1 + 1) / 2 = -1, as in the
    released program. The paper prints -1 / 2: the same labels, another loss.
    """
    squares = (Z.square().sum(1, keepdim=True) + 1) + S.square().sum(1)
    return torch.addmm(squares, Z, S.T, alpha=-2).reciprocal()


def student_t(Z: Tensor, S: Tensor) -> Tensor:
    """Return P_ik = u_ik / sum_k u_ik (eq. (6)), (N, K): for a chunk, or a small picture."""
    u = kernel(Z, S)
    return u / u.sum(1, keepdim=True)


def labels(Z: Tensor, S: Tensor, chunk: int = CHUNK) -> Tensor:
    """Return the seed with the largest P for each pixel, (N,) int64: all of them compete. No gradient."""
    rows, squares = _rows(S, chunk), S.square().sum(1)  # P falls with |Z_i - S_k|^2
    d2 = Z.new_empty(min(rows, len(Z)), len(S))  # one for all chunks: freed ones are not always used again
    found = torch.empty(len(Z), dtype=torch.int64, device=Z.device)
    with torch.no_grad():
        for part, into in zip(Z.split(rows), found.split(rows), strict=True):
            torch.addmm(squares, part, S.T, alpha=-2, out=d2[: len(part)])
            torch.argmin(d2[: len(part)], 1, out=into)
    return found


def near_labels(Z: Tensor, S: Tensor, candidates: Tensor, group: Tensor | Tiles) -> Tensor:
    """Return the seed with the largest P among few, (N,) int64: a short cut, which the paper does not take.

    Parameters
    ----------
    Z : (N, C) Tensor
    S : (K, C) Tensor
    candidates : (G, M) int64 Tensor
        The seeds that the pixels of each group may join, -1 = empty slot.
    group : (N,) int64 Tensor or Tiles
        The row of `candidates` that each pixel has.
    """
    tiles = group if isinstance(group, Tiles) else tile(group)
    slots = candidates[tiles.group]
    d2 = distances(tiles.arrange(Z), S, slots)
    best = slots.gather(1, d2.transpose(1, 2).contiguous().argmin(2))
    return best.flatten()[tiles.place]


def near_seeds(shape: tuple[int, int], seeds: Tensor, n: int = 9, chunk: int = CHUNK) -> Tensor:
    """Return V_i, the n seeds nearest to each pixel by |row - row_k| + |col - col_k|.

    Parameters
    ----------
    shape : (H, W)
    seeds : (K, 2) Tensor
        (row, col) in pixels.
    n : int
        How many; all if there are fewer.

    Returns
    -------
    (H * W, min(n, K)) int64 Tensor
        In no particular order.
    """
    rows = torch.arange(shape[0], device=seeds.device).unsqueeze(1) - seeds[:, 0]  # (H, K)
    across = abs(torch.arange(shape[1], device=seeds.device).unsqueeze(1) - seeds[:, 1])  # (W, K)
    n, found = min(n, len(seeds)), []
    for some in abs(rows).split(max(1, _rows(seeds, chunk) // shape[1])):
        d = (some.unsqueeze(1) + across).flatten(0, 1)
        found.append(d.topk(n, dim=1, largest=False, sorted=False).indices)
    return torch.cat(found)


def near_and_far(Z: Tensor, S: Tensor, near: Tensor, chunk: int = CHUNK) -> tuple[Tensor, Tensor]:
    """Return the near entries of P, and what of it lies on all other seeds.

    The rows of the kernel are made in chunks, and made again when gradients go back, so that memory stays
    bounded in training, too.

    Parameters
    ----------
    Z : (N, C) Tensor
    S : (K, C) Tensor
    near : (N, n) int64 Tensor
        See `near_seeds`.

    Returns
    -------
    P : (N, n) Tensor
        P_ik at the near seeds.
    far : (N,) Tensor
        The sum of P_ik over the others.
    """
    rows = _rows(S, chunk)
    parts = [
        checkpoint(_near_and_far, z, S, v, use_reentrant=False, preserve_rng_state=False)
        for z, v in zip(Z.split(rows), near.split(rows), strict=True)
    ]
    return torch.cat([P for P, _ in parts]), torch.cat([far for _, far in parts])


def _near_and_far(Z: Tensor, S: Tensor, near: Tensor) -> tuple[Tensor, Tensor]:
    u = kernel(Z, S)
    P = u.gather(1, near) / u.sum(1, keepdim=True)
    return P, (1 - P.sum(1)).clamp(min=0)


def _rows(S: Tensor, chunk: int) -> int:
    return max(1, chunk // len(S))
