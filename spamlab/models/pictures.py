"""A picture as a segmentation network takes it: its size and its colours, as the network's own file says.

Where we differ from the programs that come with such networks: nothing is cut off, so that every pixel gets
a class. Some of them take the middle of the picture alone.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from spamlab.models.kinds import HOW

LONGEST = 1333  # pixels of the longer side, where the file names only the shorter one


def how_of(folder: Path) -> dict[str, Any]:
    """Read how the network in a folder wants its pictures.

    Raises
    ------
    ValueError
        If the file is broken, or names no size although pictures are to be resized.
    """
    file = folder / HOW
    try:
        how = json.loads(file.read_text(encoding="utf-8"))
        if how.get("do_resize", True):
            wanted_shape((64, 64), how)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{file} does not say how pictures are prepared ({error!r}); fetch or save the network again"
        ) from error
    return how


def wanted_shape(shape: tuple[int, int], how: dict[str, Any]) -> tuple[int, int]:
    """Return (height, width) that a picture of this (height, width) gets.

    The file names height and width, whatever the proportions; or the shorter side and at most the longer one,
    rounded to whole pixels, or up to multiples of ``size_divisor``. Older files have one number: both sides,
    or with ``max_size`` the shorter one.
    """
    if not how.get("do_resize", True):
        return shape
    size = how["size"]
    if not isinstance(size, dict):
        old = {"shortest_edge": size, "longest_edge": how.get("max_size")}
        size = old if "max_size" in how else {"height": size, "width": size}
    if "height" in size:
        return int(size["height"]), int(size["width"])
    shortest, longest = size["shortest_edge"], size.get("longest_edge") or how.get("max_size") or LONGEST
    scale, step = min(shortest / min(shape), longest / max(shape)), how.get("size_divisor") or 1
    height, width = (max(1, math.ceil(round(side * scale) / step)) * step for side in shape)
    return height, width


def prepare(image: NDArray[np.float32], how: dict[str, Any]) -> Tensor:
    """Resize a picture and normalise its colours.

    Parameters
    ----------
    image : (H, W, 3) float32 ndarray
        From `spamlab.features.as_image`.
    how : dict
        From `how_of`.

    Returns
    -------
    (1, 3, h, w) float32 Tensor
    """
    height, width = wanted_shape(image.shape[:2], how)
    picture = Image.fromarray(np.rint(image * 255).astype(np.uint8))
    resample = Image.Resampling(how.get("resample", Image.Resampling.BILINEAR))
    seen = np.asarray(picture.resize((width, height), resample), np.float32)
    if how.get("do_rescale", True):
        seen = seen * np.float32(how.get("rescale_factor", 1 / 255))
    mean = how.get("image_mean")
    if how.get("do_normalize", True) and mean is not None:  # MobileViT's file has no mean: it takes colours
        seen = (seen - np.float32(mean)) / np.float32(how["image_std"])
    if how.get("do_flip_channel_order"):
        seen = seen[..., ::-1]
    return torch.from_numpy(np.ascontiguousarray(seen.transpose(2, 0, 1)))[None]


def enlarge(logits: Tensor, shape: tuple[int, int]) -> Tensor:
    """Enlarge logits, (h, w), bilinearly to the picture, (H, W)."""
    return interpolate(logits[None, None].float(), shape, mode="bilinear", align_corners=False)[0, 0]
