"""Refinement of a semantic segmentation: superpixels mend its borders.

==========  ================================================================
`method`    `refine`: the band in doubt, superpixels, a vote inside the band
`coarse`    a stand-in for a network of a given stride: the share of each class
==========  ================================================================
"""

from spamlab.refine.coarse import coarse
from spamlab.refine.method import Details, refine, vote

__all__ = ["Details", "coarse", "refine", "vote"]
