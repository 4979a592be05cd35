"""Gradients rescaled: what earlier pictures needed is changed less, and contours are not painted over.

Both layers pass their input on as it is, and multiply the gradient that comes back.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.feature import canny
from skimage.filters import sobel
from torch import Tensor
from torch.autograd import Function

CONTOURS = ("sobel", "canny")


class _Rescale(Function):
    @staticmethod
    def forward(ctx, x: Tensor, factor: Tensor) -> Tensor:
        ctx.save_for_backward(factor)
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        (factor,) = ctx.saved_tensors
        return gradient * factor, None


def rescale(x: Tensor, factor: Tensor) -> Tensor:
    """Return `x` as it is; the gradient that comes back is multiplied by `factor`, which fits by shape."""
    return _Rescale.apply(x, factor)


def importance(W: Tensor) -> Tensor:
    """Return g_c = (mean of |W_colour,c|) (mean of |W_position,c|) of each channel of Z .

    Parameters
    ----------
    W : (5, C, 1, 1) or (5, C) Tensor
        Weights of the decoder: a channel matters if much of colour and of position is painted from it.

    Returns
    -------
    (C,) Tensor
        Without gradient.
    """
    W = abs(W.detach().flatten(1))
    return W[:3].mean(0) * W[3:].mean(0)


def adaptive_factor(W: Tensor, memory: Tensor) -> Tensor:
    """Return psi_c = g_c / (g_c + m_c), the factor of the gradient adaptive layer (GAL, eq. (11)).

    A channel that mattered for the pictures before (m large) and does less for this one (g small) learns
    slowly. The layer stands between Z and the clustering, so that gradient alone is rescaled. The released
    program multiplies by 1 - g / (g + m) with an m that is 0 and never kept: always 0, so its clustering
    loss teaches the embedder nothing.

    Parameters
    ----------
    W : (5, C, 1, 1) Tensor
        Weights of the decoder.
    memory : (C,) Tensor
        m.

    Returns
    -------
    (1, C, 1, 1) Tensor
        From 0 to 1; it fits Z.
    """
    g = importance(W)
    return (g / (g + memory).clamp(min=torch.finfo(g.dtype).tiny)).view(1, -1, 1, 1)


def remember(W: Tensor, memory: Tensor, share: float = 0.5) -> Tensor:
    """Return the memory after a picture, m <- share g + (1 - share) m.

    It begins at 1. The paper gives no share; the released program has 0.5. How often it is renewed is not
    said either: once per picture here, for after every step m would be g, and every factor 1 / 2.

    Parameters
    ----------
    W : (5, C, 1, 1) Tensor
        Weights of the decoder.
    memory : (C,) Tensor
        m after the pictures before.
    share : float
    """
    return torch.lerp(memory, importance(W), share)


def boundary_factor(contours: Tensor, threshold: float = 0.7) -> Tensor:
    """Return the factor of the gradient bidirectional layer (GBL, eqs. (12) and (19)).

    The layer stands behind the decoder. Position gradients are multiplied by 1 where B <= threshold and by
    -B on contours: there, positions may not be painted smoothly. Colour gradients pass as they are.

    Parameters
    ----------
    contours : (H, W) Tensor
        B in [0, 1], see `contour_map`.
    threshold : float
        The paper gives none; the released program has 0.7.

    Returns
    -------
    (1, 5, H, W) Tensor
        It fits what the decoder paints.
    """
    position = torch.where(contours > threshold, -contours, torch.ones_like(contours))
    colour = torch.ones_like(contours)
    return torch.stack([colour, colour, colour, position, position]).unsqueeze(0)


def contour_map(lab: NDArray[np.float32], kind: str = "sobel") -> NDArray[np.float32]:
    """Find contours without a label.

    Parameters
    ----------
    lab : (H, W, 3) float32 ndarray
        The picture in Lab; its lightness is looked at.
    kind : {"sobel", "canny"}
        "sobel": the magnitude of Sobel's gradient, divided by its largest value. "canny": 1 on Canny's
        edges, 0 elsewhere.

    Returns
    -------
    (H, W) float32 ndarray
        B in [0, 1], 0 where there is no contour.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    light = lab[..., 0].astype(np.float64) / 100
    if kind == "canny":
        return canny(light).astype(np.float32)
    if kind != "sobel":
        raise ValueError(f"contours={kind!r}, expected one of {', '.join(map(repr, CONTOURS))}")
    found = sobel(light)
    return (found / max(found.max(), 1e-3)).astype(np.float32)  # a flat picture has none
