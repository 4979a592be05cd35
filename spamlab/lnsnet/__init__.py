"""LNS-Net: superpixels without labels and without iterations, by a small network that keeps learning.

L. Zhu, Q. She, B. Zhang, Y. Lu, Z. Lu, D. Li, J. Hu, "Learning the superpixel in a non-iterative and
lifelong manner", CVPR 2021. Lesson 05 derives it.

============  =======================================================================
`method`      `lnsnet`; `deep_features`, what does not depend on the number asked for
`network`     the embedder, two of them, and what belongs to it
`shift`       where seeds start, how far they walk, and what they find there
`assignment`  how pixels join seeds: Student's t, in chunks
`losses`      what the network learns from: the picture, and its own sharpened opinion
`gradients`   the two layers that rescale gradients, and the memory between pictures
`weights`     `load`: our checkpoints, and the released one
============  =======================================================================

==============  =================================================================================
here            in the paper
==============  =================================================================================
`Z`             Z, the embedded features, (N, 20) or (B, 20, H, W)
`S`             Z at the seeds S, (K, 20)
`P`             P, the soft assignment (eq. (6)); only its near entries are kept where it is large
`near`          V_i, the nearest seeds of a pixel; the paper's M is 1 at them (see `losses`)
`memory`        m, how much each channel mattered for the pictures before
`contours`      B, the contour map
==============  =================================================================================
"""

from spamlab.lnsnet.assignment import near_seeds, student_t
from spamlab.lnsnet.gradients import adaptive_factor, boundary_factor, contour_map, importance, rescale
from spamlab.lnsnet.losses import clustering, reconstruction, sharpen
from spamlab.lnsnet.method import Details, deep_features, lnsnet
from spamlab.lnsnet.network import Network, standardise
from spamlab.lnsnet.shift import Seeds, estimate, sample
from spamlab.lnsnet.weights import load, save

__all__ = [
    "Details",
    "Network",
    "Seeds",
    "adaptive_factor",
    "boundary_factor",
    "clustering",
    "contour_map",
    "deep_features",
    "estimate",
    "importance",
    "lnsnet",
    "load",
    "near_seeds",
    "reconstruction",
    "rescale",
    "sample",
    "save",
    "sharpen",
    "standardise",
    "student_t",
]
