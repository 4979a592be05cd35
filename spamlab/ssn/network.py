"""The network of SSN: a small CNN that turns the colours of a picture into features worth clustering."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

LARGEST = 500_000  # pixels; larger pictures go through the network in bands


class Network(nn.Module):
    """Three scales of two convolutions each, brought back to full size, and one convolution over all.

    Each scale halves the sides of the one before. Layers bear the names of the PyTorch program for SSN whose
    checkpoints `load` reads.

    Parameters
    ----------
    inputs : int
        Channels of the input: 3 for colour alone (ours), 5 for colour and position (the paper).
    widths : tuple of int
        Channels of each scale; the paper has 64 at each.
    outputs : int
        Learned features per pixel; 15 in the paper.
    last_norm : bool
        A BatchNorm after the last convolution instead of a bias (SPAM's network).
    padding : {"zeros", "replicate"}
        What lies beyond the picture.
    compactness : float
        SLIC's m at which the features work best; what `ssn` takes where none is given.
    rectify : bool
        Whether the features end in a ReLU, as in the paper. Ours do not: a feature that is 0 for every pixel
        has no gradient and never comes back, and a fast training lost 9 of 15 so.
    """

    def __init__(
        self,
        inputs: int = 3,
        widths: tuple[int, ...] = (64, 64, 64),
        outputs: int = 15,
        last_norm: bool = False,
        padding: str = "zeros",
        compactness: float = 10.0,
        rectify: bool = True,
    ):
        super().__init__()
        self.inputs, self.widths, self.outputs = inputs, tuple(widths), outputs
        self.padding, self.compactness = padding, compactness
        self.rectify = rectify or last_norm
        before = inputs
        for number, width in enumerate(widths):
            layers = [_convolution(before, width, padding), _convolution(width, width, padding)]
            if number:
                layers.insert(0, nn.MaxPool2d(3, stride=2, padding=1))
            setattr(self, f"scale{number + 1}", nn.Sequential(*layers))
            before = width
        last = _convolution(inputs + sum(widths), outputs, padding, bias=not last_norm)
        if not last_norm:
            last = nn.Sequential(last[0], last[2]) if rectify else nn.Sequential(last[0])
        self.output_conv = last
        for name, layer in self.named_modules():
            if isinstance(layer, nn.Conv2d):
                _begin(layer, last=name.startswith("output_conv"))

    def forward(self, x: Tensor) -> Tensor:
        """Turn (B, inputs, H, W) into (B, outputs, H, W) features."""
        height, width = x.shape[2:]
        multiple = 2 ** (len(self.widths) - 1)
        x = functional.pad(x, (0, -width % multiple, 0, -height % multiple), mode="replicate")
        found, y = [x], x
        for number in range(len(self.widths)):
            y = getattr(self, f"scale{number + 1}")(y)
            found.append(functional.interpolate(y, size=x.shape[2:], mode="bilinear") if number else y)
        return self.output_conv(torch.cat(found, dim=1))[:, :, :height, :width]


def _convolution(inputs: int, outputs: int, padding: str, bias: bool = False) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias, padding_mode=padding),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def _begin(layer: nn.Conv2d, last: bool) -> None:
    """Set the weights that training starts from: the last layer's near 0, so that SSN without a CNN is first.

    The paper's are all near 0. BatchNorm hides that from the result but not from Adam, whose first steps are
    then far larger than the weights.
    """
    if last:
        nn.init.normal_(layer.weight, std=0.001)
    else:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def fold(network: Network) -> Network:
    """Return a copy for inference with every BatchNorm folded into its convolution: the same, but faster."""
    folded = copy.deepcopy(network).eval()
    for block in [*folded.modules()]:
        if isinstance(block, nn.Sequential) and len(block) > 1 and isinstance(block[1], nn.BatchNorm2d):
            block[0] = fuse_conv_bn_eval(block[0], block[1])
            block[1] = nn.Identity()
    return folded.to(memory_format=torch.channels_last)


def reach(widths: tuple[int, ...]) -> int:
    """Return a number of rows, a multiple of the coarsest pixel's side, that no pixel's influence exceeds."""
    return 2 ** (len(widths) + 2)


def run(network: Network, x: Tensor) -> Tensor:
    """Return the features of one picture: (1, inputs, H, W) to (1, outputs, H, W), without gradients.

    Large pictures go through in bands of rows that overlap by what can reach a pixel, so memory stays
    bounded and the result is the same.
    """
    network = fold(network)
    x = x.to(memory_format=torch.channels_last)
    halo = reach(network.widths)
    with torch.inference_mode():
        rows = max(halo, LARGEST // x.shape[3] // halo * halo)
        if x.shape[2] <= rows:
            return network(x)
        bands = []
        for top in range(0, x.shape[2], rows):
            start = max(0, top - halo)
            band = network(x[:, :, start : top + rows + halo])
            bands.append(band[:, :, top - start :][:, :, :rows])
        return torch.cat(bands, dim=2)
