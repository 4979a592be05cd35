"""The losses of SSN: what of the annotation superpixels keep, and how compact they are.

Both work on pixels in tiles (see `cluster`), where a mean over pixels is the same in any order.
"""

import torch
from torch import Tensor

from spamlab.cluster import Clusters, Tiles, to_centres, to_pixels, update


def reconstruction(found: Clusters, truth: Tensor) -> Tensor:
    """Return the cross-entropy between a segmentation and what soft superpixels keep of it.

    R is averaged over each superpixel and brought back to the pixels, R* = Q (column-normalised Q)^T R
    (SSN eqs. (7) and (8)); the loss is the mean of -log R*_p at the true segment of p. Rows of R* sum to 1,
    so nothing needs to be normalised again, and every segment counts: no limit of 50.

    Parameters
    ----------
    found : Clusters
        The soft assignment of N pixels.
    truth : (N,) or (N, A) int64 Tensor
        Segments of A annotators, from 0; -1 = not annotated, which takes no part.

    Returns
    -------
    () Tensor
        In nats, the mean over annotated pixels and annotators.
    """
    total, counted = 0.0, 0
    for one in truth.view(len(truth), -1).unbind(1):
        segment = _in_tiles(found.tiles, one)  # (T, 1, P)
        R = found.Q.new_zeros(len(segment), max(int(one.max()), 0) + 3, segment.shape[2])
        R = R.scatter(1, segment, 1.0)[:, 2:]  # (T, L, P), a row for each segment
        sums = to_centres(found.Q, R, found.slots, len(found.S))
        R_of_centres = update(sums, sums.sum(1, keepdim=True), torch.zeros_like(sums))
        kept = to_pixels(found.Q, R_of_centres, found.slots).gather(1, (segment - 2).clamp(min=0))
        kept = kept[segment > 1]
        total = total - kept.clamp(min=1e-12).log().sum()
        counted += len(kept)
    return total / max(counted, 1)


def _in_tiles(tiles: Tiles, truth: Tensor) -> Tensor:
    """Return (T, 1, P) numbers: 0 where a place is empty, 1 where there is no annotation, 2 for segment 0."""
    places = truth.new_zeros(len(tiles.group) * tiles.size).index_copy(0, tiles.place, truth + 2)
    return places.view(len(tiles.group), 1, tiles.size)


def compactness(found: Clusters, position: Tensor, reduction: str = "mean") -> Tensor:
    """Return how far pixels lie from the centre of their superpixel.

    The centre of a superpixel is the soft average of positions; a pixel is compared with the centre of its
    *hard* superpixel (SSN eq. (9)).

    Parameters
    ----------
    found : Clusters
        The soft assignment of N pixels.
    position : (N, 2) Tensor
        Positions, in whatever unit the loss should have (the papers: as scaled in F).
    reduction : {"mean", "sum"}
        "mean" averages the squared distance over pixels; "sum" is half its sum over the pixels, as in the
        authors' program, which makes a weight of 1e-5 about N / 2 times as strong.
    """
    if reduction not in ("mean", "sum"):
        raise ValueError(f"reduction={reduction!r}, expected 'mean' or 'sum'")
    ones = position.new_ones(len(position), 1)
    sums = found.tiles.arrange(torch.cat([position, ones], dim=1))
    sums = to_centres(found.Q, sums, found.slots, len(found.S))
    centres = update(sums[:, :2], sums[:, 2:], torch.zeros_like(sums[:, :2]))
    squared = (position - centres[found.labels()]).square().sum(1)
    return squared.mean() if reduction == "mean" else squared.sum() / 2
