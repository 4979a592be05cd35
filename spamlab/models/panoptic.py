"""Things and stuff apart: the segments of Mask2Former, OneFormer and DETR, as class maps and as objects.

B. Cheng et al., "Masked-attention mask transformer for universal image segmentation", CVPR 2022; J. Jain et
al., "OneFormer", CVPR 2023; N. Carion et al., "End-to-end object detection with transformers", ECCV 2020.
These networks answer a fixed number of queries, each with a class and a mask. Masks overlap; what is
most certain at a pixel takes it, and a mask that loses too many of its pixels is dropped.

Where we differ from transformers: logits are enlarged to the picture before anything is decided, and a pixel
that no mask holds is nobody's, as in Mask2Former's own program.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from spamlab._arguments import number, whole_number
from spamlab.features import as_image
from spamlab.models import cache, hub, kinds
from spamlab.models.pictures import enlarge, how_of, prepare
from spamlab.objects import from_classes

if TYPE_CHECKING:
    from transformers import PreTrainedModel

VERSION = 1  # of what the same settings mean; the cache keeps versions apart
TASK = "the task is panoptic"  # what OneFormer is told


@dataclass(frozen=True, eq=False)
class Panoptic:
    """What a panoptic network says about a picture.

    Attributes
    ----------
    segments : (H, W) int32 ndarray
        Segments 0 to n - 1, the most certain first; -1 = nobody's.
    classes : (n,) int32 ndarray
        The class of each segment.
    scores : (n,) float32 ndarray
        How certain the network is of that class, 0 to 1; of joined segments the largest.
    names : tuple of str
        The name of each class, from 0 on.
    """

    segments: NDArray[np.int32]
    classes: NDArray[np.int32]
    scores: NDArray[np.float32]
    names: tuple[str, ...]

    def class_map(self, ignore: int = 255) -> NDArray[np.int32]:
        """Return the class of each pixel, (H, W) int32; nobody's pixels are `ignore`, which no class has."""
        if 0 <= ignore < len(self.names):
            raise ValueError(
                f"ignore={ignore} is {self.names[ignore]!r} here, expected a number that no class has; give "
                f"{len(self.names)} or more"
            )
        return np.append(self.classes, np.int32(ignore))[self.segments]

    def objects(self, uncertain: int = 1, min_area: float | None = None) -> NDArray[np.int32]:
        """Return the object map, (H, W) int32: `spamlab.objects.from_classes` of the segments."""
        return from_classes(self.segments, uncertain=uncertain, min_area=min_area)


def panoptic(
    image: ArrayLike,
    model: str | Path = kinds.MASK2FORMER,
    *,
    min_score: float = 0.5,
    min_share: float = 0.8,
    join: Iterable[int] = (),
    keep: bool = True,
) -> Panoptic:
    """Return the segments of a picture, and their classes.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts. It is resized as the network wants it.
    model : str or Path
        A name on the hub that was fetched, see `fetch`, or a local folder with a Mask2Former, OneFormer or
        DETR with masks. Nothing is downloaded here, and the picture stays on this computer.
    min_score : float
        Queries must be more certain of their class than this.
    min_share : float
        Masks must keep more than this share of their pixels.
    join : iterable of int
        Numbers of classes whose segments are one: sky, grass and other stuff. By default all stay apart.
    keep : bool
        Keep the result in `spamlab.paths.cache_dir`, and read it if it is there.

    Returns
    -------
    Panoptic
        Segments, their classes, scores and names.

    Raises
    ------
    ImportError, FileNotFoundError, ValueError
        If transformers or the weights are not here, or are of another kind; the message says what to do.
    """
    image = as_image(image)
    for name, value in {"min_score": min_score, "min_share": min_share}.items():
        number(name, value, "a share from 0 to 1", low=0, high=1)
    joined = {whole_number("join", each, "numbers of classes; see Panoptic.names", 0) for each in join}
    limits = {"min_score": float(min_score), "min_share": float(min_share), "join": sorted(joined)}
    folder = hub.locate(model, "panoptic")

    def compute() -> dict[str, NDArray]:
        answer = ask(hub.load(folder, "panoptic"), prepare(image, how_of(folder)), folder)
        return settle(*answer, image.shape[:2], **limits)

    if keep:
        settings = {"made by": "spamlab.models.panoptic", "version": VERSION} | limits
        settings |= {"weights": hub.identity(folder, "panoptic")}
        found = cache.remember_arrays(image, settings, compute, ("segments", "classes", "scores"))
    else:
        found = compute()
    return Panoptic(**found, names=hub.class_names(folder))


@torch.inference_mode()
def ask(network: "PreTrainedModel", pixels: Tensor, folder: Path) -> tuple[Tensor, Tensor]:
    """Return what each query says: logits of classes, (Q, C + 1), the last "nothing"; of masks, (Q, h, w).

    Parameters
    ----------
    network : PreTrainedModel
        A Mask2Former, OneFormer or DETR with masks.
    pixels : (1, 3, h', w') Tensor
        From `prepare`.
    folder : Path
        Where the network lies; OneFormer is told its task, in numbers that its tokenizer knows.
    """
    if network.config.model_type == "detr":
        answer = network(pixel_values=pixels)
        return answer.logits[0], answer.pred_masks[0]
    task = {}
    if network.config.model_type == "oneformer":
        task = {"task_inputs": hub.tokens(folder, TASK, network.config.task_seq_len)}
    answer = network(pixel_values=pixels, **task)
    return answer.class_queries_logits[0], answer.masks_queries_logits[0]


def settle(
    logits: Tensor, masks: Tensor, shape: tuple[int, int], min_score: float, min_share: float, join: list[int]
) -> dict[str, NDArray]:
    """Give each pixel to the query that is most certain there: score of the class times that of the mask.

    Parameters
    ----------
    logits, masks
        From `ask`.
    shape : tuple of int
        (H, W) of the picture.
    min_score, min_share, join
        See `panoptic`.

    Returns
    -------
    dict
        Segments, classes and scores, see `Panoptic`.
    """
    scores, classes = logits.float().softmax(-1).max(-1)
    order = torch.argsort(scores, descending=True, stable=True)
    order = order[(classes[order] < logits.shape[1] - 1) & (scores[order] > min_score)]
    best, inside = torch.zeros(shape), torch.zeros(shape, dtype=torch.bool)
    owner, areas = torch.full(shape, -1), []
    for place, query in enumerate(order):  # one at a time: all of them, enlarged, take gigabytes
        chance = enlarge(masks[query], shape).sigmoid()
        better = chance * scores[query] > best
        best[better], owner[better] = (chance * scores[query])[better], place
        inside[better] = chance[better] >= 0.5
        areas.append(int((chance >= 0.5).sum()))
    owner[~inside] = -1
    kept = torch.bincount(owner[inside], minlength=len(order)).numpy() > min_share * np.array(areas, float)
    queries = order[torch.from_numpy(kept)]
    return _number(owner.numpy(), kept, classes[queries].numpy(), scores[queries].numpy(), join)


def _number(
    owner: NDArray, kept: NDArray[np.bool_], classes: NDArray, scores: NDArray, join: list[int]
) -> dict[str, NDArray]:
    """Give the queries that are kept numbers from 0 on; those of a class to be joined get one number."""
    alike = np.where(np.isin(classes, join), classes, -1 - np.arange(len(classes)))  # the others stay apart
    _, first, group = np.unique(alike, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    number_of = np.full(len(kept) + 1, -1, np.int32)  # the last one is that of nobody's pixels, -1
    number_of[:-1][kept] = rank[group]
    first = np.sort(first)
    return {
        "segments": number_of[owner],
        "classes": classes[first].astype(np.int32),
        "scores": scores[first].astype(np.float32),
    }
