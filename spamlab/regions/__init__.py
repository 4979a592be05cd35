"""Label maps, (H, W) int32 with labels 0 to n - 1 and -1 outside a mask; neighbours share an edge.

==============  ==================================================================
`maps`          checking, components, sizes, means, adjacency, relabelling, `Details`
`connectivity`  `enforce_connectivity`
`scan`          `scan_connectivity`, that of released programs
`smooth`        `smooth`, a vote that makes borders smooth
==============  ==================================================================
"""

from spamlab.regions.connectivity import enforce_connectivity
from spamlab.regions.maps import (
    Details,
    adjacency,
    as_labels,
    components,
    per_pixel,
    region_means,
    relabel,
    same_shape,
    sizes,
)
from spamlab.regions.scan import scan_connectivity
from spamlab.regions.smooth import smooth

__all__ = [
    "Details",
    "adjacency",
    "as_labels",
    "components",
    "enforce_connectivity",
    "per_pixel",
    "region_means",
    "relabel",
    "same_shape",
    "scan_connectivity",
    "sizes",
    "smooth",
]
