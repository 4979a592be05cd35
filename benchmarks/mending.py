"""How fast refinement is; ``python benchmarks/speed.py --of refine`` runs it.

The picture is a synthetic scene, the class map what the stand-in for a network of stride 16 makes of its
truth; the band is 5. Timed are the way from class map to refined map with the features of SPAM's network
kept, the same on colour and position alone, and with superpixels that are there, so that the vote alone is
left. Beside them stand SPAM itself, with the certain pixels as its object map and features kept, SPAM's
network, and the way from picture to scikit-image's SLIC with ten iterations. A ratio tells how many
refinements fit into it. The network that made the class map is not timed. All take the threads that torch
takes by default; runs are interleaved and medians are compared. Let nothing else run meanwhile.
"""

from collections.abc import Callable
from functools import partial

import torch
from skimage.segmentation import slic
from soft import USUAL, medians, table
from tqdm import tqdm

from spamlab.benchmark.refinement import PIXEL_OPTIONS
from spamlab.data import scene
from spamlab.refine import coarse, refine
from spamlab.spam import spam
from spamlab.ssn import deep_features, load

SHAPE = USUAL[0]
COUNTS = (200, 500, 1000)
STRIDE, BAND = 16, 5
MOST = 600  # milliseconds at K = 500 on two cores, both networks excluded


def runs(n_segments: int) -> dict[str, Callable]:
    """Return what is timed."""
    (image, truth), network = scene(0, SHAPE), load("spam")
    given = coarse(truth, STRIDE)
    kept = {"weights": network, "features": deep_features(image, network)}
    mend = partial(refine, given, image, band=BAND, n_segments=n_segments)
    _, made = mend(details=True, **kept)
    return {
        "refine": partial(mend, **kept),
        "on colour": partial(mend, **PIXEL_OPTIONS, compactness=10),
        "vote alone": partial(mend, method=made.labels),
        "spam itself": partial(spam, image, n_segments, made.objects, **kept),
        "its network": partial(deep_features, image, network),
        "skimage slic": partial(slic, image, n_segments, max_num_iter=10, start_label=0),
    }


def report(repeats: int) -> str:
    """Measure, and return the report in Markdown."""
    found = {k: medians(runs(k), repeats) for k in tqdm(COUNTS, unit="case")}
    rows = {
        (SHAPE, k): {f"{name} (ms)": value for name, value in row.items()}
        | {"skimage slic / refine": row["skimage slic"] / row["refine"]}
        for k, row in found.items()
    }
    parts = ["# Speed of refinement", __doc__.split("\n\n", 1)[1].strip().replace("\n", " ")]
    parts.append(f"{torch.get_num_threads()} threads, torch {torch.__version__}.")
    goal = f"{found[500]['refine']:.0f} ms (at most {MOST})"
    said = f"Target at {SHAPE[0]} x {SHAPE[1]}, K = 500, on 2 cores, networks excluded: {goal}."
    return "\n\n".join([*parts, table(rows), said]) + "\n"
