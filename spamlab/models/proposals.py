"""From a grid of points to masks: the steps of SAM's automatic generation, each a function.

A. Kirillov et al., "Segment Anything", ICCV 2023, section 5 and appendix B, with the thresholds of the
program that came with it: ask for three masks at each point of a grid; keep those whose predicted IoU is high
and that hardly change with the threshold; of boxes that overlap much keep the best; fill small holes and drop
small islands.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from spamlab.models.decoder import Decoder
from spamlab.models.filters import THRESHOLD, Filters, stable_box
from spamlab.models.upsampling import Cut, Frame

SETTLED = 8  # prompts at a time


@dataclass(frozen=True, eq=False)
class Candidate:
    """A mask that passed the filters.

    Attributes
    ----------
    cut : Cut
        Its logits.
    predicted_iou : float
    point : (float, float)
        (row, col) of its prompt.
    number : int
        Which one of the three masks of its prompt it is.
    box : (int, int, int, int)
        First row, first column, last row, last column; all 0 for a mask without pixels.
    """

    cut: Cut
    predicted_iou: float
    point: tuple[float, float]
    number: int
    box: tuple[int, int, int, int]


def grid(shape: tuple[int, int], points_per_side: int) -> NDArray[np.float64]:
    """Return points in the middle of n x n equal cells of a picture, (n^2, 2) as (row, col), row by row."""
    middle = (np.arange(points_per_side) + 0.5) / points_per_side
    rows, cols = np.meshgrid(middle * shape[0], middle * shape[1], indexing="ij")
    return np.stack([rows.ravel(), cols.ravel()], 1)


def ask(
    decoder: Decoder, frame: Frame, points: NDArray[np.float64], filters: Filters
) -> list[tuple[int, Candidate]]:
    """Ask for three masks at each of B points, (B, 2) as (row, col); return those that pass the filters.

    A point is not drawn if the predicted IoU of none of its masks is high enough.

    Returns
    -------
    list of (int, Candidate)
        With the number of the point, in the order of points and masks.
    """
    tokens = decoder.prompt(as_xy(frame, points)[:, None], torch.ones(len(points), 1), None)
    quality, masks, keys = decoder.look(tokens)
    quality = quality[:, 1:]
    good = quality > filters.min_iou if filters.min_iou > 0 else torch.ones_like(quality, dtype=torch.bool)
    found = []
    for index in good.any(1).nonzero()[:, 0].tolist():
        logits = decoder.draw(masks[index : index + 1, 1:], keys[index : index + 1])[0].numpy()
        for k in good[index].nonzero()[:, 0].tolist():
            point = tuple(points[index].tolist())
            cut = Cut.of(logits[k], THRESHOLD - filters.offset, decoder.doubt)
            again = partial(_again, decoder, frame, point, k, filters) if decoder.doubt else None
            box = stable_box(frame, cut, filters, again)
            if box is not None:
                found.append((index, Candidate(cut, float(quality[index, k]), point, k, box)))
    return found


def _again(decoder: Decoder, frame: Frame, point: tuple[float, float], number: int, filters: Filters) -> Cut:
    logits = decoder.again(as_xy(frame, np.array([point]))[:, None])[0, number]
    return Cut.of(logits.numpy(), THRESHOLD - filters.offset)


def settle(decoder: Decoder, frame: Frame, found: list[Candidate], filters: Filters) -> list[Candidate]:
    """Where rounding could decide a pixel of a mask, let transformers compute its logits again."""
    low, found = THRESHOLD - filters.offset, list(found)

    def in_doubt(each: Candidate) -> bool:
        return bool((np.abs(frame.full(each.cut, low) - THRESHOLD) < each.cut.slack).any())

    asked = [i for i, each in enumerate(found) if decoder.doubt and in_doubt(each)]
    for start in range(0, len(asked), SETTLED):
        part = asked[start : start + SETTLED]
        points = np.array([found[i].point for i in part])
        for i, logits in zip(part, decoder.again(as_xy(frame, points)[:, None]), strict=True):
            found[i] = replace(found[i], cut=Cut.of(logits[found[i].number].numpy(), low))
    return found


def as_xy(frame: Frame, points: NDArray) -> torch.Tensor:
    """Turn (row, col) in the picture, (..., 2), into (x, y) in the square that the encoder saw, float64."""
    scale = np.divide(frame.seen, frame.shape)
    return torch.from_numpy(np.ascontiguousarray((points * scale)[..., ::-1]))
