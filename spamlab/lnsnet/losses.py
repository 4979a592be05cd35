"""What LNS-Net learns from, without a label: the picture itself, and its own opinion, sharpened.

The loss is L = L_c + beta L_r with beta = 10. The paper does not say over what sums run: both are
means over pixels here. M of eq. (15) is read as 1 at the near seeds and 0 elsewhere, as its use demands.
"""

import torch
from torch import Tensor

from spamlab.lnsnet.assignment import near_and_far

SMALLEST = 1e-12


def reconstruction(Y: Tensor, x: Tensor, phi: float = 1.0) -> Tensor:
    """Return L_r: the mean squared error in colour, and phi times that in position.

    Parameters
    ----------
    Y, x : (B, 5, H, W) Tensor
        What the decoder paints, and what `standardise` gave.
    phi : float
    """
    squared = (Y - x).square()
    return squared[:, :3].mean() + phi * squared[:, 3:].mean()


def sharpen(P: Tensor, near: Tensor, n_seeds: int) -> Tensor:
    """Return the targets Q_ik = (P_ik^2 / f_k) / sum_j (P_ij^2 / f_j), f_k = sum_i P_ik (eq. (16)).

    Squaring makes a pixel's favourite more so; dividing by f_k keeps large superpixels from taking all. The
    outer sum of the printed equation runs over seeds. No gradient passes.

    Parameters
    ----------
    P : (N, n) Tensor
        P at the near seeds; it counts as 0 at the others.
    near : (N, n) int64 Tensor
        The near seeds.
    n_seeds : int
        K.

    Returns
    -------
    (N, n) Tensor
        Rows sum to 1.
    """
    P = P.detach()
    f = P.new_zeros(n_seeds).index_add(0, near.flatten(), P.flatten())
    sharp = P.square() / f[near].clamp(min=SMALLEST)
    return sharp / sharp.sum(1, keepdim=True)


def clustering(Z: Tensor, S: Tensor, near: Tensor) -> Tensor:
    """Return L_c = KL(Q || P) over the near seeds, and the far mass of P over its near mass (eq. (17)).

    Parameters
    ----------
    Z : (N, C) Tensor
        Features of the pixels.
    S : (K, C) Tensor
        Features of the seeds.
    near : (N, n) int64 Tensor
        See `near_seeds`. If all seeds are near, there is no far mass.
    """
    P, far = near_and_far(Z, S, near)
    Q = sharpen(P, near, len(S))
    divergence = (torch.xlogy(Q, Q) - Q * P.clamp(min=SMALLEST).log()).sum(1)
    return (divergence + far / P.sum(1)).mean()
