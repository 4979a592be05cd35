"""Refinement of a semantic segmentation: superpixels mend its borders.

==========  ================================================================
`method`    `refine`: the band in doubt, superpixels, a vote inside the band
`coarse`    what a network of a given stride can say at best, as a stand-in
==========  ================================================================
"""

from spamlab.refine.coarse import coarse
from spamlab.refine.method import Details, refine, vote

__all__ = ["Details", "coarse", "refine", "vote"]
