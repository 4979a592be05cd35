"""The steps of the loop: distances, assignment, sums and means over candidates."""

import torch
from torch import Tensor

EMPTY = 1e-12  # a centre with less weight than this, in pixels, is empty
HARD = 1e-9  # below this temperature a softmax in float32 would overflow


def distances(F: Tensor, S: Tensor, slots: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return d^2 = |F_p - S_i|^2 of every pixel to its candidates, less |F_p|^2, which all candidates share.

    Parameters
    ----------
    F : (T, C, P) Tensor
        Features of pixels in tiles.
    S : (K, C) Tensor
        Centres; or (T, M, C), already picked by `slots`.
    slots : (T, M) int64 Tensor
        Candidates of each tile, -1 = empty.
    weight : (K,) Tensor, optional
        What the squared difference of the position, the last two columns, is multiplied by for each
        centre. (Scaling the difference, not the coordinates, keeps places comparable.)

    Returns
    -------
    (T, M, P) Tensor
        Infinite at empty slots. With `weight` the share of the position in |F_p|^2 is not left out.
    """
    empty = (slots < 0).unsqueeze(2)
    centres = S[slots.clamp(min=0)] if S.dim() == 2 else S  # (T, M, C)
    if weight is None:
        scaled = centres
    else:
        w = weight[slots.clamp(min=0)].unsqueeze(2)  # (T, M, 1)
        scaled = torch.cat([centres[..., :-2], centres[..., -2:] * w], dim=2)
    bias = (scaled * centres).sum(2, keepdim=True).masked_fill(empty, torch.inf)
    d2 = torch.baddbmm(bias, scaled, F, alpha=-2)  # (T, M, 1) - 2 (T, M, C) x (T, C, P)
    if weight is not None:
        d2.addcmul_(w, F[:, -2:].square().sum(1, keepdim=True))
    return d2


def assign(d2: Tensor, temperature: float = 1.0) -> Tensor:
    """Return Q = softmax over the candidates of -d^2 / temperature (SSN eq. (5), normalised).

    Parameters
    ----------
    d2 : (T, M, P) Tensor
        Squared distances, infinite at empty slots.
    temperature : float
        1 is the paper's; towards 0 the weight gathers on the nearest candidate, and 0 (or less than 1e-9)
        gives it all to it, the first one in a tie.

    Returns
    -------
    (T, M, P) Tensor
        Weights that sum to 1 over the candidates; exactly 0 at empty slots.
    """
    if temperature < HARD:
        return torch.zeros_like(d2).scatter(1, first_largest(-d2).unsqueeze(1), 1.0)
    return torch.softmax(d2 / -temperature, dim=1)


def first_largest(Q: Tensor) -> Tensor:
    """Return the slot with the largest of (T, M, P) values for each pixel, (T, P); the first in a tie."""
    return Q.transpose(1, 2).contiguous().argmax(2)  # argmax(1) takes ten times as long


def to_centres(Q: Tensor, X: Tensor, slots: Tensor, n_centres: int) -> Tensor:
    """Sum values of pixels into centres, weighted by Q: (T, C, P) in tiles to (K, C), Q^T X of SSN."""
    return collect(torch.bmm(Q, X.transpose(1, 2)), slots, n_centres)


def collect(sums: Tensor, slots: Tensor, n_centres: int) -> Tensor:
    """Add the sums (T, M, C) of all tiles that share a centre, (K, C)."""
    into = torch.where(slots < 0, n_centres, slots).flatten()  # empty slots go into one row more
    rows = sums.new_zeros(n_centres + 1, sums.shape[2])
    return rows.index_add(0, into, sums.flatten(0, 1))[:-1]


def to_pixels(Q: Tensor, values: Tensor, slots: Tensor) -> Tensor:
    """Average values of centres over the candidates of each pixel: (K, C) to (T, C, P) in tiles."""
    return torch.bmm(values[slots.clamp(min=0)].transpose(1, 2), Q)  # an empty slot has Q = 0


def update(sums: Tensor, total: Tensor, S: Tensor) -> Tensor:
    """Return S_i = sum_p Q_pi F_p / sum_p Q_pi (SSN eq. (6)); a centre without weight keeps its value.

    Parameters
    ----------
    sums : (K, C) Tensor
        sum_p Q_pi F_p, see `to_centres`.
    total : (K, 1) Tensor
        sum_p Q_pi, in pixels.
    S : (K, C) Tensor
        The centres so far.
    """
    empty = total < EMPTY
    return torch.where(empty, S, sums / total.masked_fill(empty, 1.0))


def group_means(F: Tensor, group: Tensor, S: Tensor) -> Tensor:
    """Return the mean (K, C) of the features of each group; where a group is empty, the row of `S`."""
    ones = torch.cat([F, F.new_ones(len(F), 1)], dim=1)
    sums = F.new_zeros(len(S), F.shape[1] + 1).index_add(0, group, ones)
    return update(sums[:, :-1], sums[:, -1:], S)
