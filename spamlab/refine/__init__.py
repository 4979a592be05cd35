"""Refinement of a semantic segmentation: superpixels mend its borders.

==========  ================================================================
`coarse`    what a network of a given stride can say at best, as a stand-in
==========  ================================================================
"""

from spamlab.refine.coarse import coarse

__all__ = ["coarse"]
