"""Object maps: (H, W) int32, 0 = uncertain, 1 to n = objects, each of them 4-connected.

`object_map` cleans overlapping masks. Whatever else shows objects has its own door; all of them return an
object map, and in all of them ``uncertain=`` widens the doubt where two objects meet.

=========  ==================================================================
`steps`    what an object map is made by, step by step
`method`   `object_map`, all steps in a row, and `Details`
`sources`  `from_segments`, `from_classes`, `from_truth`, `from_felzenszwalb`, `from_clicks`
`files`    `from_file`
=========  ==================================================================
"""

from spamlab.objects.files import from_file
from spamlab.objects.method import Details, object_map
from spamlab.objects.sources import (
    from_classes,
    from_clicks,
    from_felzenszwalb,
    from_segments,
    from_truth,
)
from spamlab.objects.steps import (
    add_artefacts,
    large_pieces,
    largest,
    open_and_split,
    opened,
    smallest_area,
    smallest_wins,
    uncertain_band,
)

__all__ = [
    "Details",
    "add_artefacts",
    "from_classes",
    "from_clicks",
    "from_felzenszwalb",
    "from_file",
    "from_segments",
    "from_truth",
    "large_pieces",
    "largest",
    "object_map",
    "open_and_split",
    "opened",
    "smallest_area",
    "smallest_wins",
    "uncertain_band",
]
