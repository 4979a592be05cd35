"""The network of LNS-Net: 11,218 numbers that describe pixels, move seeds and paint the picture again."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from spamlab.features import positions

CHANNELS = 20  # of Z
FLAT = 0.1  # in Lab units; what varies less is not stretched: it is the noise of eight bits
EMBEDDERS = ("released", "paper")


def standardise(lab: NDArray[np.float32]) -> Tensor:
    """Return what the network sees: colour and position, each with mean 0 and standard deviation 1.

    Positions are row / H - 0.5 and col / W - 0.5 before that, so their weight depends neither on the number
    of superpixels nor on the size of the picture. A channel without contrast stays near 0.

    Parameters
    ----------
    lab : (H, W, 3) float32 ndarray
        The picture in Lab.

    Returns
    -------
    (1, 5, H, W) float32 Tensor
        Channels L, a, b, row, col.
    """
    shape = lab.shape[:2]
    place = positions(shape) / np.float32(shape) - np.float32(0.5)
    x = torch.from_numpy(np.concatenate([lab.reshape(-1, 3), place], axis=1).T.copy())
    std = x.std(1, correction=min(1, x.shape[1] - 1), keepdim=True)
    return ((x - x.mean(1, keepdim=True)) / std.clamp(min=FLAT)).view(1, 5, *shape)


class Network(nn.Module):
    """An embedder, the layer that moves seeds, and a decoder that only training needs.

    Parameters
    ----------
    embedder : {"released", "paper"}
        "released": the layers of the released program, with norms and skips, 7,390 numbers. "paper": those
        of the text, see `PlainEmbedder`.
    shift : float
        How far `lnsnet` moves seeds where nothing else is asked for, from 0 (the seeds of the grid) to 1.

    Attributes
    ----------
    memory : (20,) Tensor
        m, how much each channel of Z mattered for the pictures before, see `gradients`. It is part of the
        state, so a training that goes on remembers.

    Raises
    ------
    ValueError
        If there is no such embedder.
    """

    def __init__(self, embedder: str = "released", shift: float = 1.0):
        super().__init__()
        if embedder not in EMBEDDERS:
            raise ValueError(f"embedder={embedder!r}, expected one of {', '.join(map(repr, EMBEDDERS))}")
        self.kind, self.shift = embedder, shift
        self.embedder = Embedder() if embedder == "released" else PlainEmbedder()
        self.seeds = SeedLayer()
        self.decoder = nn.Conv2d(CHANNELS, 5, 1)
        self.register_buffer("memory", torch.ones(CHANNELS))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.xavier_normal_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Turn standardised pictures (B, 5, H, W) into features Z, (B, 20, H, W)."""
        height, width = x.shape[2:]
        more = (0, max(0, 2 - width), 0, max(0, 2 - height))  # a line of pixels has nothing to reflect
        return self.embedder(functional.pad(x, more, mode="replicate"))[:, :, :height, :width]


class Embedder(nn.Module):
    """The embedder of the released program: three convolutions side by side, then two, with skips.

    The picture is reflected beyond its border; the dilated convolution sees zeros beyond that.
    """

    def __init__(self):
        super().__init__()
        self.branches = nn.ModuleList([_conv(5, 10), _conv(5, 10), _conv(5, 10, padding=1, dilation=2)])
        self.norm1 = _norm(35)
        self.conv2 = _conv(35, 10)
        self.norm2 = _norm(10)
        self.conv3 = _conv(15, CHANNELS)
        self.norm3 = _norm(CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (B, 5, H, W) into (B, 20, H, W); sides of 2 pixels or more."""
        around = _reflect(x)
        y = torch.cat([*(branch(around) for branch in self.branches), x], dim=1)
        y = self.norm2(self.conv2(_reflect(self.norm1(y).relu_()))).relu_()
        return self.norm3(self.conv3(_reflect(torch.cat([y, x], dim=1)))).relu_()


class PlainEmbedder(nn.Module):
    """The embedder of the paper's text: dilations 0, 1 and 2, then two convolutions; no norm, no skip.

    The paper splits 10 channels in three and does not say how: 4, 3 and 3 here. A dilation of 0 lets all nine
    weights look at one pixel: a 1 x 1 convolution. A ReLU follows each layer but the last, so that no feature
    can die.
    """

    def __init__(self):
        super().__init__()
        self.branches = nn.ModuleList([nn.Conv2d(5, 4, 1), _conv(5, 3), _conv(5, 3, padding=1, dilation=2)])
        self.conv2 = _conv(10, 10)
        self.conv3 = _conv(10, CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (B, 5, H, W) into (B, 20, H, W); sides of 2 pixels or more."""
        here, *wide = self.branches
        around = _reflect(x)
        y = torch.cat([here(x), *(branch(around) for branch in wide)], dim=1).relu_()
        return self.conv3(_reflect(self.conv2(_reflect(y)).relu_()))


class SeedLayer(nn.Module):
    """What moves the seeds: the mean features of each cell, a look at the cells around, two numbers."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
        self.norm = _norm(CHANNELS)
        self.last = nn.Conv2d(CHANNELS, 3, 1)  # the first of three channels is not used, as released

    def forward(self, Z: Tensor, counts: tuple[int, int]) -> Tensor:
        """Return how far each seed walks, in cells, from -1 to 1 (eq. (4)).

        Parameters
        ----------
        Z : (1, 20, H, W) Tensor
            Features of one picture.
        counts : (int, int)
            Rows and columns of cells.

        Returns
        -------
        (K, 2) Tensor
            (row, col), the cells in raster order. A single cell has nothing to compare with: it stays.
        """
        if counts == (1, 1):
            return Z.new_zeros(1, 2)
        cells = functional.adaptive_avg_pool2d(Z, counts)
        d = torch.sigmoid(self.last(self.norm(self.conv(cells)).relu_())) - 0.5
        return 2 * d[0, 1:].flatten(1).T


def _conv(inputs: int, outputs: int, **options: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, **options)


def _norm(width: int) -> nn.InstanceNorm2d:
    return nn.InstanceNorm2d(width, affine=True)


def _reflect(x: Tensor) -> Tensor:
    return functional.pad(x, (1, 1, 1, 1), mode="reflect")
