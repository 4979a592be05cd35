"""Superpixels and segments from one network, which learns both at the same time.

K. Wang, L. Li, J. Zhang, "End-to-end trainable network for superpixel and image segmentation", Pattern
Recognition Letters 140, 2020. Lesson 04 derives it.

==========  ====================================================================
`method`    `segments`; `graph` and `merge`, its two halves
`pairs`     pooling, similarity, and the loss of neighbouring superpixels
`merging`   three ways to merge
`network`   the trunk and its two heads
`weights`   `load`
==========  ====================================================================
"""

from spamlab.segments.method import Details, Graph, deep_features, graph, merge, segments
from spamlab.segments.network import Network
from spamlab.segments.pairs import distance, distance_at, pair_loss, pool, same_segment, similarity, soft_pool
from spamlab.segments.weights import load, save

__all__ = [
    "Details",
    "Graph",
    "Network",
    "deep_features",
    "distance",
    "distance_at",
    "graph",
    "load",
    "merge",
    "pair_loss",
    "pool",
    "same_segment",
    "save",
    "segments",
    "similarity",
    "soft_pool",
]
