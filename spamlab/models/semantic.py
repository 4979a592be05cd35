"""A class for every pixel, by a segmentation network: DeepLabV3+, SegFormer and what else transformers knows.

L.-C. Chen et al., "Encoder-decoder with atrous separable convolution for semantic image segmentation",
ECCV 2018, on MobileNetV2 (M. Sandler et al., CVPR 2018), is the default: 21 classes, those of PASCAL VOC.
Such a network answers once per cell of several pixels. Its logits are enlarged to the picture, and then the
largest wins: the other way round, borders would be stairs.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from spamlab.features import as_image
from spamlab.models import cache, hub, kinds
from spamlab.models.pictures import enlarge, how_of, prepare

if TYPE_CHECKING:
    from transformers import PreTrainedModel

VERSION = 1  # of what the same settings mean; the cache keeps versions apart


def semantic(
    image: ArrayLike, model: str | Path = kinds.DEEPLAB, *, keep: bool = True
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Return the class of each pixel, and the names of the classes: ``names[classes[row, col]]``.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts. It is resized as the network wants it.
    model : str or Path
        A name on the hub that was fetched, see `fetch`, or a local folder with any network that transformers
        loads for semantic segmentation. Nothing is downloaded here, and the picture stays on this computer.
    keep : bool
        Keep the map in `spamlab.paths.cache_dir`, and read it if it is there.

    Returns
    -------
    classes : (H, W) int32 ndarray
        At the size of the picture; the lowest class in a tie.
    names : tuple of str
        The name of each class, from 0 on.

    Raises
    ------
    ImportError, FileNotFoundError, ValueError
        If transformers or the weights are not here, or are of another kind; the message says what to do.
    """
    image = as_image(image)
    folder = hub.locate(model, "semantic")

    def compute() -> dict[str, NDArray]:
        network = hub.load(folder, "semantic")
        return {"classes": classify(network, prepare(image, how_of(folder)), image.shape[:2])}

    if keep:
        settings = {"made by": "spamlab.models.semantic", "version": VERSION}
        settings |= {"weights": hub.identity(folder, "semantic")}
        found = cache.remember_arrays(image, settings, compute, ("classes",))
    else:
        found = compute()
    return found["classes"], hub.class_names(folder)


@torch.inference_mode()
def classify(network: "PreTrainedModel", pixels: Tensor, shape: tuple[int, int]) -> NDArray[np.int32]:
    """Return the class of the largest logit at each pixel of a picture, (H, W) int32.

    Parameters
    ----------
    network : PreTrainedModel
        Whose answer has logits, (1, C, h, w).
    pixels : (1, 3, h', w') Tensor
        From `prepare`.
    shape : tuple of int
        (H, W).
    """
    logits = network(pixel_values=pixels).logits[0]
    best, classes = torch.full(shape, -torch.inf), torch.zeros(shape, dtype=torch.int32)
    for number, coarse in enumerate(logits):  # one class at a time: all of them, enlarged, take gigabytes
        fine = enlarge(coarse, shape)
        better = fine > best
        best[better], classes[better] = fine[better], number
    return classes.numpy()
