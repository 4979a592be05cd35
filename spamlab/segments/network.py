"""The network of Wang, Li and Zhang: a trunk, a head to cluster pixels, a head to compare superpixels."""

from torch import Tensor, nn
from torch.nn import functional

NORMS = ("group8", "group32", "batch")
STRIDE = 4  # pixels between two values of the second head, the scale of the coarsest convolutions


class Network(nn.Module):
    """A trunk of six convolutions at three scales, and two heads (section 3 of the paper).

    Where we differ, and why. The paper leaves open what the network sees: ours sees colour alone, so that its
    features serve any number of superpixels. Each head is a convolution over all three scales; ours is taken
    at each scale and then summed, instead of bringing the scales to full size first: a third of the
    multiplications, and the same but for the order of a convolution and an enlargement. The second head is
    averaged over superpixels anyway, so it is computed at every fourth pixel of every fourth row. A norm and
    a ReLU follow its hidden layer; nothing follows the last layers.

    Parameters
    ----------
    norm : {"group8", "group32", "batch"}
        After each convolution of the trunk: GroupNorm of 8 groups (the paper's choice) or 32, or BatchNorm.
    shared : bool
        Compare superpixels by the features they were clustered with; no second head ("conv7" in the paper).
    concat : bool
        Whether the heads see all three scales, or the coarsest alone.
    widths : tuple of int
        Channels at each scale, multiples of the groups; 64 each in the paper.
    compactness : float
        SLIC's m at which the features work best; what `segments` takes where none is given.
    threshold : float
        The similarity above which `segments` merges where none is given.

    Raises
    ------
    ValueError
        If there is no such norm, or the groups do not divide the widths.
    """

    inputs = 3
    features = 30  # per pixel, of the first head
    hidden = 256
    embedding = 64  # per superpixel, of the second head

    def __init__(
        self,
        norm: str = "group8",
        shared: bool = False,
        concat: bool = True,
        widths: tuple[int, int, int] = (32, 64, 64),
        compactness: float = 10.0,
        threshold: float = 0.5,
    ):
        super().__init__()
        if norm not in NORMS:
            raise ValueError(f"norm={norm!r}, expected one of {', '.join(NORMS)}")
        self.groups = 1 if norm == "batch" else int(norm.removeprefix("group"))
        if len(widths) != 3 or any(width % self.groups for width in widths):
            raise ValueError(f"widths={tuple(widths)}, expected three, multiples of {self.groups} ({norm})")
        self.norm, self.shared, self.concat, self.widths = norm, shared, concat, tuple(widths)
        self.compactness, self.threshold = compactness, threshold
        before = self.inputs
        for number in range(6):
            width = self.widths[number // 2]
            setattr(self, f"conv{number + 1}", self._convolution(before, width))
            before = width
        self.superpixel_head = _Head(self._joined(), self.features)
        _nearly_zero(self.superpixel_head)
        if not shared:
            self.segment_head = _Head(self._joined(), self.hidden, STRIDE)
            self.hidden_norm = self._norm(self.hidden)
            self.last = nn.Conv2d(self.hidden, self.embedding, 1)
            _nearly_zero(self.last)

    def _joined(self) -> dict[int, int]:
        """Return the scales that the heads see, as {side of their pixels: channels}."""
        scales = dict(zip((1, 2, 4), self.widths, strict=True))
        return scales if self.concat else {4: self.widths[2]}

    def _convolution(self, inputs: int, outputs: int) -> nn.Sequential:
        return nn.Sequential(_conv(inputs, outputs), *self._norm(outputs))

    def _norm(self, width: int) -> nn.Sequential:
        norm = nn.BatchNorm2d(width) if self.norm == "batch" else nn.GroupNorm(self.groups, width)
        return nn.Sequential(norm, nn.ReLU())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Turn (B, 3, H, W) colours into the features of both heads.

        Returns
        -------
        F : (B, 30, H, W) Tensor
            What pixels are clustered by.
        V : (B, 64, ceil(H / 4), ceil(W / 4)) Tensor
            What superpixels are compared by, at pixels 0, 4, 8 and so on ((B, 30, ...) if shared).
        """
        fine = self.conv2(self.conv1(x))
        middle = self.conv4(self.conv3(_halve(fine)))
        coarse = self.conv6(self.conv5(_halve(middle)))
        scales = {1: fine, 2: middle, 4: coarse}
        F = self.superpixel_head(scales)
        F = F if F.shape[2:] == x.shape[2:] else functional.interpolate(F, size=x.shape[2:], mode="bilinear")
        if self.shared:
            return F, F[:, :, ::STRIDE, ::STRIDE]
        return F, self.last(self.hidden_norm(self.segment_head(scales)))


class _Head(nn.Module):
    """A convolution over several scales: the sum of one at each, brought to the finest, or to a stride."""

    def __init__(self, scales: dict[int, int], outputs: int, stride: int = 1):
        super().__init__()
        self.stride = stride
        parts = {str(side): _conv(width, outputs, max(1, stride // side)) for side, width in scales.items()}
        self.parts = nn.ModuleDict(parts)

    def forward(self, scales: dict[int, Tensor]) -> Tensor:
        found = [part(scales[int(side)]) for side, part in self.parts.items()]
        total = found[0]
        for y in found[1:]:
            same = y.shape == total.shape
            total = total + (y if same else functional.interpolate(y, size=total.shape[2:], mode="bilinear"))
        return total


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    conv = nn.Conv2d(inputs, outputs, 3, stride, padding=1, padding_mode="replicate")
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    nn.init.zeros_(conv.bias)
    return conv


def _nearly_zero(layer: nn.Module) -> None:
    """Let training start from superpixels of colour and place, all of them alike."""
    for name, parameter in layer.named_parameters():
        if name.endswith("weight"):
            nn.init.normal_(parameter, std=0.001)


def _halve(y: Tensor) -> Tensor:
    return functional.max_pool2d(y, 3, stride=2, padding=1)
