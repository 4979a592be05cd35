"""SPAM with objects from each source, as the registry calls it: (image, K, compactness, objects) -> labels.

`object_map` makes the map before the clock starts. torch is loaded when one of them runs, on one thread.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spamlab._threads import one_thread
from spamlab.objects import from_felzenszwalb, from_segments, from_truth
from spamlab.objects import object_map as from_masks

Image = NDArray[np.float32]
Labels = NDArray[np.integer]

COMPACTNESS = (10, 15, 20, 28.8, 40, 60)  # in the middle the paper's
# For each prior the functions that it calls, with the arguments that differ from their defaults (chosen by
# ASA and CO at 100 superpixels on pictures of val).
ARGUMENTS: dict[str, dict[str, dict[str, Any]]] = {
    "none": {"spam": {}},
    "felzenszwalb": {"from_felzenszwalb": {"scale": 1000, "smooth": 8}, "spam": {"uncertain": 5}},
    "segments": {
        "segments": {},
        "from_segments": {"smooth": 11, "min_area": 400},
        "spam": {"uncertain": 3},
    },
    "truth": {"from_truth": {}, "spam": {}},
    "sam": {"sam_masks": {}, "object_map": {}, "spam": {}},
}


def spam(
    prior: str,
    image: Image,
    n_segments: int,
    compactness: float,
    objects: Labels | None = None,
    **options: Any,
) -> Labels:
    """Run SPAM with the shipped weights, the network included, on an object map, where there is one.

    More `options` of SPAM come after those of the prior.
    """
    from spamlab.spam import spam as cut

    with one_thread():
        return cut(image, n_segments, objects, compactness, **ARGUMENTS[prior]["spam"], **options)


def object_map(
    prior: str, image: Image, n_segments: int, compactness: float, truth: Labels | None = None
) -> Labels | None:
    """Return the object map of a prior, the same for every K and compactness; None for the prior "none".

    Parameters
    ----------
    prior : str
        A name in ARGUMENTS.
    image, n_segments, compactness
        As `spam` takes them.
    truth : (H, W) int array_like, optional
        What the annotator drew; only for the prior "truth".
    """
    given = ARGUMENTS[prior]
    with one_thread():
        if prior == "felzenszwalb":
            return from_felzenszwalb(image, **given["from_felzenszwalb"])
        if prior == "truth":
            return from_truth(truth, **given["from_truth"])
        return _learned[prior](image, given) if prior in _learned else None


def locate_sam() -> None:
    """Raise an error that says what to do where SAM's weights are not on this computer."""
    from spamlab.models import locate

    locate()


def _segments(image: Image, given: Mapping[str, Mapping]) -> Labels:
    from spamlab.segments import segments

    return from_segments(segments(image, **given["segments"]), **given["from_segments"])


def _sam(image: Image, given: Mapping[str, Mapping]) -> Labels:
    from spamlab.models import sam_masks

    masks = sam_masks(image, progress=False, **given["sam_masks"])
    return from_masks(masks, image.shape[:2], **given["object_map"])


_learned: dict[str, Callable[[Image, Mapping[str, Mapping]], Labels]] = {"segments": _segments, "sam": _sam}
