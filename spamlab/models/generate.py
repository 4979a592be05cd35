"""Everything in a picture: the steps of `proposals` in a row, for a whole grid of points."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm.auto import tqdm

from spamlab._threads import one_thread
from spamlab.masks import Mask
from spamlab.models.cleaning import clean, suppress
from spamlab.models.decoder import Decoder
from spamlab.models.filters import THRESHOLD, Filters, box_of, stability
from spamlab.models.probing import BATCHES, in_batches
from spamlab.models.proposals import Candidate, ask, grid, settle
from spamlab.models.upsampling import Frame


def generate(
    decoder: Decoder,
    frame: Frame,
    points_per_side: int,
    filters: Filters,
    *,
    batch: int | None = None,
    fast: bool = False,
    progress: bool = False,
) -> list[Mask]:
    """Return masks of everything, see `spamlab.models.sam_masks`."""
    points = grid(frame.shape, points_per_side)
    waiting = Waiting(frame, points, points_per_side, fast)
    found: list[tuple[int, Candidate]] = []
    bar = tqdm(total=len(points), unit="point", desc="SAM", disable=not progress)
    with bar, one_thread() as workers, ThreadPoolExecutor(workers) as pool:

        @torch.inference_mode()
        def asked(numbers: list[int]) -> list[tuple[int, Candidate]]:
            return [(numbers[i], each) for i, each in ask(decoder, frame, points[numbers], filters)]

        sizes = [workers * size for size in (BATCHES if batch is None else (batch,))]
        for chosen in in_batches(waiting.take, sizes):
            parts = [chosen[i::workers] for i in range(min(workers, len(chosen)))]
            new = [each for part in pool.map(asked, parts) for each in part]
            waiting.cover(new)
            found += new
            bar.update(len(points) - len(waiting.points) - bar.n)
    found.sort(key=lambda each: each[0])
    return list(finish(decoder, frame, [each for _, each in found], filters))


def finish(decoder: Decoder, frame: Frame, found: list[Candidate], filters: Filters) -> Iterator[Mask]:
    """Suppress boxes, draw what is left at the size of the picture, clean it, and suppress again.

    The second time, masks that had nothing to clean come first.
    """
    scores = [each.predicted_iou for each in found]
    kept = suppress([each.box for each in found], scores, filters.max_overlap)
    masks, touched = [], []
    for each in settle(decoder, frame, [found[i] for i in kept], filters):
        logits = frame.full(each.cut, THRESHOLD - filters.offset)
        mask, changed = clean(logits > THRESHOLD, filters.min_area)
        steady = float(stability(logits, filters.offset))
        masks.append(Mask(mask, each.predicted_iou, steady, each.point))
        touched.append(changed)
    order = range(len(masks))
    if filters.min_area > 0:
        boxes = [box_of(each.mask) for each in masks]
        order = suppress(boxes, np.logical_not(touched), filters.max_overlap)
    yield from (masks[i] for i in order)


class Waiting:
    """Points that were not yet asked for; with `fast`, without those that masks found so far cover.

    Parameters
    ----------
    frame : Frame
    points : (n^2, 2) ndarray
        From `grid`.
    points_per_side : int
    fast : bool
    """

    def __init__(self, frame: Frame, points: NDArray[np.float64], points_per_side: int, fast: bool):
        self.fast, self.covered = fast, np.zeros((frame.small, frame.small), bool)
        self.at = (points * np.divide(frame.seen, frame.shape) * frame.small / frame.side).astype(int)
        row, col = np.divmod(np.arange(len(points)), points_per_side)
        # every second row and column first, so that one mask can spare many points; lexsort is stable
        order = np.lexsort([2 * (row % 2) + (row + col) % 2]) if fast else np.arange(len(points))
        self.points = deque(order.tolist())

    def take(self, n: int) -> list[int]:
        """Return the numbers of up to n points; none = the end."""
        taken: list[int] = []
        while self.points and len(taken) < n:
            point = self.points.popleft()
            if not self.covered[tuple(self.at[point])]:
                taken.append(point)
        return taken

    def cover(self, found: list[tuple[int, Candidate]]) -> None:
        """Remember the smallest mask found at each point, if `fast`."""
        smallest: dict[int, tuple[int, Candidate]] = {}
        for point, each in found if self.fast else ():
            area = np.count_nonzero(each.cut.logits > THRESHOLD)
            if point not in smallest or area < smallest[point][0]:
                smallest[point] = area, each
        for _, each in smallest.values():
            (height, width), row, col = each.cut.logits.shape, each.cut.row, each.cut.col
            self.covered[row : row + height, col : col + width] |= each.cut.logits > THRESHOLD
