"""SSN: SLIC made differentiable, with features that a small network learns.

V. Jampani, D. Sun, M.-Y. Liu, M.-H. Yang, J. Kautz, "Superpixel sampling networks", ECCV 2018,
doi:10.1007/978-3-030-01234-2_22. Lesson 03 derives it.

==========  ==========================================================
`method`    `ssn`: features, grid, soft clustering, connectivity
`network`   the CNN
`weights`   `load`: our checkpoints, and those of released programs
`losses`    what the network learns from
==========  ==========================================================
"""

from spamlab.ssn.losses import compactness, reconstruction
from spamlab.ssn.method import all_features, deep_features, pixel_features, ssn, start
from spamlab.ssn.network import Network
from spamlab.ssn.weights import load, save

__all__ = [
    "Network",
    "all_features",
    "compactness",
    "deep_features",
    "load",
    "pixel_features",
    "reconstruction",
    "save",
    "ssn",
    "start",
]
