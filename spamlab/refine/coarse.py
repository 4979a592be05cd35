"""A stand-in for a network of a given output stride, where no network can be run: the share of each class."""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch.nn.functional import avg_pool2d, interpolate, one_hot

from spamlab._arguments import whole_number
from spamlab.regions import as_labels


def coarse(label_map: ArrayLike, stride: int = 16, ignore: int | None = 255) -> NDArray[np.int32]:
    """Degrade a class map the way a segmentation network of this output stride does.

    Such a network answers once per cell of stride x stride pixels; its answers are enlarged bilinearly and
    the largest wins. Here the answers are the exact shares of the classes in the cell. A trained network may
    give other scores, some of which draw better borders, and it is wrong elsewhere too; this one errs near
    borders alone.

    Parameters
    ----------
    label_map : (H, W) int array_like
        Classes 0 and above.
    stride : int
        Pixels per cell in either direction; at the right and the lower end cells are cut. 1 changes nothing.
    ignore : int, optional
        Pixels of this class count in no cell.

    Returns
    -------
    (H, W) int32 ndarray
        A class for every pixel, also for ignored ones; the lowest class in a tie.

    Raises
    ------
    TypeError, ValueError
        If `label_map` is no class map or holds ignored pixels alone, or `stride` is below 1.
    """
    stride = whole_number("stride", stride, "1 or more pixels; 8 and 16 are usual", 1)
    label_map = as_labels(label_map, "label_map")
    known = np.ones(label_map.shape, bool) if ignore is None else label_map != ignore
    if not known.any() or label_map[known].min() < 0:
        raise ValueError(
            f"label_map goes from {label_map.min()} to {label_map.max()}, expected classes 0 and above, and "
            f"not {ignore} (ignored) everywhere"
        )
    classes, number = np.unique(label_map[known], return_inverse=True)
    index = np.zeros(label_map.shape, np.int64)
    index[known] = number
    shares = one_hot(torch.from_numpy(index), len(classes)) * torch.from_numpy(known)[..., None]
    shares = shares.permute(2, 0, 1)[None].float()
    cells = avg_pool2d(shares, stride, ceil_mode=True)
    large = interpolate(cells, scale_factor=stride, mode="bilinear", align_corners=False)
    height, width = label_map.shape
    return classes[large[0, :, :height, :width].argmax(dim=0).numpy()].astype(np.int32)
