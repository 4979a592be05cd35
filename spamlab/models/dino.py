"""Where DINO looks: the attention of a vision transformer that was trained without labels.

M. Caron et al., "Emerging properties in self-supervised vision transformers", ICCV 2021. A picture becomes
patches of 8 x 8 pixels, and one more token, CLS, that stands for all of it. In the last layer CLS looks at
patches of what is in front; this map is what SPAM's authors take as attention.

Where we differ from their program: sides become multiples of 8 by resizing, so that no row and no column is
cut off, and the map is enlarged bilinearly.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from skimage.transform import resize
from torch import Tensor

from spamlab.features import as_image
from spamlab.models import cache, hub, kinds
from spamlab.models.encoder import DEVIATION, MEAN

if TYPE_CHECKING:
    from transformers import ViTModel

VERSION = 1  # of what the same settings mean; the cache keeps versions apart
SIDE = 480  # pixels of the longer side at most: attention takes memory by its fourth power
_SAME = 1e-6  # of the largest value; a smaller range is rounding


def dino_attention(
    image: ArrayLike, model: str | Path = kinds.DINO, *, keep: bool = True
) -> NDArray[np.float32]:
    """Return where DINO looks: attention of CLS to the patches in the last layer, mean over the heads.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts. Its longer side is reduced to 480 pixels.
    model : str or Path
        A name on the hub that was fetched, see `fetch`, or a local folder with a ViT as transformers saves
        it. Nothing is downloaded here, and the picture stays on this computer.
    keep : bool
        Keep the map in `spamlab.paths.cache_dir`, and read it if it is there.

    Returns
    -------
    (H, W) float32 ndarray
        In [0, 1]. It reaches both ends, or it is 0 everywhere because CLS looks at all patches alike.

    Raises
    ------
    ImportError, FileNotFoundError, ValueError
        If transformers or the weights are not here, or are of another kind; the message says what to do.
    """
    image = as_image(image)
    folder = hub.locate(model, "vit")

    def compute() -> NDArray[np.float32]:
        return attention(hub.load(folder, "vit"), image)

    if keep:
        settings = {"made by": "spamlab.models.dino_attention", "version": VERSION, "side": SIDE}
        seen = cache.remember_map(image, settings | {"weights": hub.identity(folder)}, compute)
    else:
        seen = compute()
    large = resize(seen / seen.max(), image.shape[:2], order=1)
    span = np.ptp(large)
    return ((large - large.min()) / span if span > _SAME else np.zeros_like(large)).astype(np.float32)


@torch.inference_mode()
def attention(model: "ViTModel", image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the attention of CLS to each patch, mean over the heads: (h, w) float32, h x w patches.

    Parameters
    ----------
    model : ViTModel
        Whose attention is computed step by step ("eager"), as `hub.load` returns it.
    image : (H, W, 3) float32 ndarray
    """
    patch = model.config.patch_size
    pixels = prepare(image, patch)
    kept = []
    # one layer alone: all of them, as transformers returns them, take twelve times the memory
    last = [module for name, module in model.named_modules() if name.endswith(".attention")][-1]
    hook = last.register_forward_hook(lambda _, given, result: kept.append(result[1][0, :, 0, 1:].mean(0)))
    try:
        model(pixels, interpolate_pos_encoding=True)
    finally:
        hook.remove()
    return kept[0].reshape(pixels.shape[2] // patch, pixels.shape[3] // patch).numpy()


def prepare(image: NDArray[np.float32], patch: int) -> Tensor:
    """Resize so that patches fill the picture and its longer side is at most SIDE; normalise.

    Parameters
    ----------
    image : (H, W, 3) float32 ndarray
    patch : int
        Its side in pixels.

    Returns
    -------
    (1, 3, h, w) Tensor
        h and w are multiples of `patch`, the nearest ones.
    """
    scale = min(1.0, SIDE / max(image.shape[:2]))
    height, width = (max(1, round(side * scale / patch)) * patch for side in image.shape[:2])
    picture = Image.fromarray(np.rint(image * 255).astype(np.uint8))
    seen = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR), np.float32)
    return torch.from_numpy((seen - np.float32(MEAN)) / np.float32(DEVIATION)).permute(2, 0, 1)[None]
