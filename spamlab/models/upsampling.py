"""Logits of masks at the size of the picture: exactly, or only what filters need, which is faster.

The procedure enlarges the logits of a mask bilinearly to the square that the encoder saw, cuts its padding
off, and resizes the rest bilinearly to the picture. Both steps are linear and treat rows and columns apart: a
pixel is a sum over at most three rows and three columns of the logits. `Frame.measure` takes these sums in
double precision and never stores the picture. The two steps in float32 round; where a sum is so close to a
threshold that this could matter, `measure` says so, and the two steps decide.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from spamlab.models.encoder import seen_shape

# Of the largest logit: twice what rounding can do. A step takes two products and a sum along the rows, and
# along the columns: at most 6 roundings of 2^-24, so 12 in both, below 2^-20.
SLACK = 2.0**-19
OUTSIDE = 1e4  # below the threshold, where a mask stores no logits


@dataclass(frozen=True)
class Cut:
    """Logits of one mask, as far as they matter: beyond, no pixel comes near the mask.

    Attributes
    ----------
    logits : (h, w) float32 ndarray
    row, col : int
        Where they start.
    slack : float
        How near to a threshold a pixel is in doubt.
    """

    logits: NDArray[np.float32]
    row: int
    col: int
    slack: float

    @classmethod
    def of(cls, logits: NDArray[np.float32], low: float, doubt: float = 0.0) -> "Cut":
        """Keep what any pixel above `low` is made of; (n, n) float32 logits are copied.

        `doubt` says by how much logits may be wrong, as a share of the largest one.
        """
        slack = max(SLACK, doubt) * float(np.abs(logits).max())
        inside = logits > low - slack
        if not inside.any():
            return cls(np.empty((0, 0), np.float32), 0, 0, slack)
        (top, bottom), (left, right) = (_extent(inside.any(1 - axis)) for axis in (0, 1))
        return cls(logits[top:bottom, left:right].copy(), top, left, slack)


@dataclass(frozen=True)
class Frame:
    """The picture, and how large the encoder and the decoder see it.

    Attributes
    ----------
    shape : (int, int)
        (H, W) of the picture.
    side : int
        Of the square that the encoder takes, in pixels.
    small : int
        Of the square of logits.
    """

    shape: tuple[int, int]
    side: int
    small: int

    @property
    def seen(self) -> tuple[int, int]:
        """(height, width) of the picture within the square."""
        return seen_shape(self.shape, self.side)

    def enlarge(self, logits: Tensor) -> Tensor:
        """Do both steps: (n, small, small) float32 -> (n, H, W) float32."""
        square = functional.interpolate(
            logits[:, None], (self.side, self.side), mode="bilinear", align_corners=False
        )
        height, width = self.seen
        seen = square[:, :, :height, :width]
        return functional.interpolate(seen, self.shape, mode="bilinear", align_corners=False)[:, 0]

    def full(self, cut: Cut, low: float) -> NDArray[np.float32]:
        """Return the logits of one mask at the size of the picture, (H, W); exact wherever above `low`."""
        logits = torch.full((1, self.small, self.small), low - OUTSIDE)
        height, width = cut.logits.shape
        logits[0, cut.row : cut.row + height, cut.col : cut.col + width] = torch.from_numpy(cut.logits)
        return self.enlarge(logits)[0].numpy()

    @cached_property
    def taps(self) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """For rows and for columns: the first logit that each pixel is made of, (n,), and weights, (n, 3)."""
        return [_taps(self.small, self.side, *sizes) for sizes in zip(self.seen, self.shape, strict=True)]

    def measure(self, cut: Cut, low: float, middle: float, high: float) -> NDArray[np.int64]:
        """Return what is known of a mask at the size of the picture, (2, 6): at least, and at most.

        Columns: pixels above `high`, pixels above `low`; first and last row and column above `middle`, where
        "at most" is the larger box. A mask without pixels has last < first. Both rows are equal unless a
        pixel is too close to a threshold.
        """
        if cut.logits.size == 0:
            return np.tile(np.int64([0, 0, *_NOWHERE]), (2, 1))
        (rows, row_weights), (cols, col_weights) = self.taps
        place = (rows - cut.row, cols - cut.col)
        levels = float(low), float(middle), float(high)
        return _measure(cut.logits, *place, row_weights, col_weights, levels, cut.slack)


_FAR = 2**31
_NOWHERE = (_FAR, -_FAR, _FAR, -_FAR)
_MARGIN = 3  # a pixel is made of at most three logits in a row


def _extent(present: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the first and one after the last True, and the margin around."""
    at = np.flatnonzero(present)
    return max(int(at[0]) - _MARGIN, 0), min(int(at[-1]) + 1 + _MARGIN, len(present))


def _taps(small: int, side: int, seen: int, size: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return what one axis of both steps amounts to, from the weights that PyTorch uses: it enlarges a 1."""

    def weights(n: int, size: int) -> NDArray[np.float64]:
        ones = torch.eye(n)[None, :, :, None]
        found = functional.interpolate(ones, (size, 1), mode="bilinear", align_corners=False)
        return found[0, :, :, 0].T.double().numpy()  # (size, n)

    both = weights(seen, size) @ weights(small, side)[:seen]
    first = np.minimum((both != 0).argmax(1), small - _MARGIN)
    return first, np.take_along_axis(both, first[:, None] + np.arange(_MARGIN), 1)


@njit(cache=True, nogil=True)
def _line(logits, i, weights, line):
    """Write the sum of three rows of logits, from row i on, into `line`; return its largest value."""
    largest = -np.inf
    for col in range(len(line)):
        line[col] = (
            weights[0] * logits[i, col] + weights[1] * logits[i + 1, col] + weights[2] * logits[i + 2, col]
        )
        largest = max(largest, line[col])
    return largest


@njit(cache=True, nogil=True)
def _measure(logits, rows, cols, row_weights, col_weights, levels, slack):
    """See `Frame.measure`; `rows` and `cols` count from the first logit that is stored."""
    low, middle, high = levels
    found = np.array([[0, 0, _FAR, -_FAR, _FAR, -_FAR], [0, 0, _FAR, -_FAR, _FAR, -_FAR]])
    height, width = logits.shape
    line = np.empty(width)
    for row in range(len(rows)):
        i = rows[row]
        if i < 0 or i + 3 > height:
            continue  # beyond what is stored nothing comes near the mask
        largest = _line(logits, i, row_weights[row], line)
        if largest < low - slack:
            continue
        for col in range(len(cols)):
            j = cols[col]
            if j < 0 or j + 3 > width:
                continue
            a, b, c = col_weights[col]
            value = a * line[j] + b * line[j + 1] + c * line[j + 2]
            if value < low - slack:
                continue
            for k in range(2):
                sure = value - slack if k == 0 else value + slack
                found[k, 0] += sure > high
                found[k, 1] += sure > low
                if sure > middle:
                    found[k, 2] = min(found[k, 2], row)
                    found[k, 3] = row
                    found[k, 4] = min(found[k, 4], col)
                    found[k, 5] = max(found[k, 5], col)
    return found
