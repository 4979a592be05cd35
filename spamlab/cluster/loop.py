"""The loop: assignment and update, round after round (SSN algorithm 1)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from spamlab.cluster.steps import assign, collect, distances, first_largest, update
from spamlab.cluster.tiles import Tiles, tile


@dataclass(frozen=True)
class Clusters:
    """What the loop ends with.

    Attributes
    ----------
    Q : (T, M, P) Tensor
        Weight of each candidate for each pixel, in tiles.
    S : (K, C) Tensor
        The centres that Q was computed from.
    slots : (T, M) int64 Tensor
        The candidates of each tile, -1 = empty.
    tiles : Tiles
        Where the pixels lie.
    """

    Q: Tensor
    S: Tensor
    slots: Tensor
    tiles: Tiles

    def labels(self) -> Tensor:
        """Return the candidate with the largest weight for each pixel, (N,) int64; the first in a tie."""
        best = self.slots.gather(1, first_largest(self.Q))  # (T, P)
        return best.flatten()[self.tiles.place]

    def weights(self) -> Tensor:
        """Return the weight of each candidate for each pixel, (N, M), in the order of the pixels."""
        return self.tiles.flatten(self.Q)


def cluster(
    F: Tensor,
    S: Tensor,
    candidates: Tensor,
    group: Tensor | Tiles,
    n_iter: int = 10,
    *,
    temperature: float = 1.0,
    weight: Tensor | None = None,
) -> Clusters:
    """Run `n_iter` rounds of assignment; between them the centres are updated (SSN algorithm 1).

    Parameters
    ----------
    F : (N, C) float Tensor
        Features of the pixels; the last two columns are the position, row and col.
    S : (K, C) float Tensor
        Centres to start from.
    candidates : (G, M) int64 Tensor
        The centres that the pixels of each group may join, -1 = empty slot.
    group : (N,) int64 Tensor or Tiles
        The row of `candidates` that each pixel has; or what `tile(group)` made of it.
    n_iter : int
        Rounds; the last one only assigns. 10 is usual, 5 in training.
    temperature : float
        See `assign`.
    weight : (K,) Tensor, optional
        See `distances`.

    Returns
    -------
    Clusters
        Gradients flow from Q and S to F and to the first S.

    Raises
    ------
    ValueError
        If shapes do not fit, or a group in use has no candidate.
    """
    tiles = _check(F, S, candidates, group, n_iter)
    slots = candidates[tiles.group]
    # Features are measured from a centre nearby: the difference of large numbers would lose digits.
    origin = S[slots.max(1).values].detach().unsqueeze(2)  # (T, C, 1)
    if n_iter == 1:
        seen = tiles.arrange(F).sub_(origin)  # nothing is summed, so empty places may hold anything
    else:
        X = tiles.arrange(torch.cat([F, F.new_ones(len(F), 1)], dim=1))  # (T, C + 1, P), the last row counts
        seen = X[:, :-1] - origin * X[:, -1:]
        X = torch.cat([seen, X[:, -1:]], dim=1)
    for i in range(n_iter):
        near = S[slots.clamp(min=0)] - origin.transpose(1, 2)  # (T, M, C)
        Q = assign(distances(seen, near, slots, weight), temperature)
        if i < n_iter - 1:
            sums = torch.bmm(Q, X.transpose(1, 2))  # (T, M, C + 1), from the origin of each tile
            sums = torch.cat([sums[..., :-1] + sums[..., -1:] * origin.transpose(1, 2), sums[..., -1:]], 2)
            sums = collect(sums, slots, len(S))
            S = update(sums[:, :-1], sums[:, -1:], S)
    return Clusters(Q, S, slots, tiles)


def _check(F: Tensor, S: Tensor, candidates: Tensor, group: Tensor | Tiles, n_iter: int) -> Tiles:
    if n_iter < 1:
        raise ValueError(f"n_iter={n_iter}, expected at least 1; 10 is usual")
    if F.shape[1:] != S.shape[1:]:
        raise ValueError(f"F has shape {tuple(F.shape)} and S {tuple(S.shape)}, expected (N, C) and (K, C)")
    tiles = group if isinstance(group, Tiles) else tile(group)
    if len(tiles.place) != len(F):
        raise ValueError(
            f"group names {len(tiles.place)} pixels, but F has {len(F)}; build both from one image"
        )
    if len(tiles.group) and int(tiles.group.max()) >= len(candidates):
        raise ValueError(
            f"group goes up to {int(tiles.group.max())}, but candidates has {len(candidates)} rows"
        )
    if candidates.numel() and int(candidates.max()) >= len(S):
        raise ValueError(f"candidates go up to {int(candidates.max())}, but there are {len(S)} centres")
    if bool((candidates[tiles.group].max(1).values < 0).any()):
        raise ValueError("a group has only empty slots, expected at least one candidate for every pixel")
    return tiles
