"""Masks: proposals that may overlap and leave gaps, and their files in the JSON format of SA-1B.

A mask is (H, W) bool. Inside spamlab points are (row, col); SA-1B writes (x, y), turned round here.

=============  ==================================================================
`mask`         `Mask`; `as_masks`, `common_shape`, `from_labels`
`run_lengths`  `encode`, `decode`: the run-length coding of COCO
`files`        `read`, `write`; `about`, `shape`: what else a file says
=============  ==================================================================
"""

from spamlab.masks.files import about, read, shape, write
from spamlab.masks.mask import Mask, as_masks, common_shape, from_labels
from spamlab.masks.run_lengths import decode, encode

__all__ = [
    "Mask",
    "about",
    "as_masks",
    "common_shape",
    "decode",
    "encode",
    "from_labels",
    "read",
    "shape",
    "write",
]
