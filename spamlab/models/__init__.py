"""The only door to pretrained networks of others, through transformers (``spamlab[models]``).

A. Kirillov et al., "Segment Anything", ICCV 2023; SlimSAM, the default, is a small copy of it (Z. Chen et
al., NeurIPS 2024). DINO: see its module. Points are (row, col) here as everywhere; SAM's (x, y) appears in
these files only. Nothing is downloaded unasked, and no picture, click or mask leaves the computer.

=============  ==================================================================
`sam`          `sam_masks`, masks of everything; `Sam`, masks of a chosen object
`dino`         `dino_attention`, where a network that was trained without labels looks
`semantic`     `semantic`, a class for every pixel: DeepLabV3+, SegFormer and others
`panoptic`     `panoptic`, segments and their classes: Mask2Former, OneFormer, DETR
`hub`          `fetch`, `locate`, `load`: weights, their size and their licence
`kinds`        what networks are for, and what to use instead
`pictures`     a picture as a segmentation network takes it
`generate`     a grid of points to masks, the whole way
`proposals`    its steps: `grid`, `ask`, `settle`
`filters`      `Filters`, and what a mask must be like
`cleaning`     `suppress` boxes that overlap, `clean` a mask
`upsampling`   logits at the size of the picture, and what the filters need of them
`encoder`      a picture to its embedding
`decoder`      prompts to the quality and the logits of masks
`probing`      which precision and which batch are fastest here
`cache`        masks and maps that were computed once
=============  ==================================================================
"""

from spamlab.models.dino import dino_attention
from spamlab.models.filters import Filters
from spamlab.models.hub import fetch, load, locate
from spamlab.models.panoptic import Panoptic, panoptic
from spamlab.models.sam import Sam, sam_masks
from spamlab.models.semantic import semantic

__all__ = [
    "Filters",
    "Panoptic",
    "Sam",
    "dino_attention",
    "fetch",
    "load",
    "locate",
    "panoptic",
    "sam_masks",
    "semantic",
]
