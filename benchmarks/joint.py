"""How fast segments are; ``python benchmarks/speed.py --of segments`` runs it.

Timed are the way from image to segments, the same with the features kept, and a new threshold on a graph that
is kept, in the three modes. The peers are Felzenszwalb's segmentation and, for a new threshold,
``skimage.graph.cut_threshold`` on the same graph: that mode "components" and it give the same number of
segments is checked in each run. All take the threads that torch takes by default; runs are interleaved and
medians are compared. Let nothing else run meanwhile.
"""

from collections.abc import Callable

import numpy as np
import torch
from skimage.graph import RAG, cut_threshold
from skimage.segmentation import felzenszwalb
from soft import USUAL, medians, picture, table
from tqdm import tqdm

from spamlab.segments import deep_features, distance_at, graph, load, merge, segments

SHAPE = USUAL[0]
COUNTS = (100, 200, 600)


def whole(shape: tuple[int, int], n_segments: int) -> dict[str, Callable]:
    """Return what runs from image to segments."""
    image, network = picture(shape), load()
    features = deep_features(image, network)
    return {
        "image to segments": lambda: segments(image, n_segments, weights=network),
        "features kept": lambda: segments(image, n_segments, weights=network, features=features),
        "felzenszwalb": lambda: felzenszwalb(image, scale=200),
    }


def merging(shape: tuple[int, int], n_segments: int) -> dict[str, Callable]:
    """Return what merges again at a new threshold."""
    found, turn = graph(picture(shape), n_segments), iter(range(10**6))

    def threshold() -> float:
        return 0.3 + 0.002 * (next(turn) % 200)

    drawn = RAG()
    drawn.add_nodes_from((i, {"labels": [i]}) for i in range(len(found.v)))
    drawn.add_weighted_edges_from((*pair, d) for pair, d in zip(found.pairs, found.distance, strict=True))

    def peer(threshold: float) -> np.ndarray:
        return cut_threshold(found.superpixels, drawn, distance_at(threshold), in_place=False)

    ours, theirs = merge(found, 0.3), peer(0.3)
    if ours.max() != len(np.unique(theirs)) - 1:
        raise AssertionError(f"{ours.max() + 1} segments here, {len(np.unique(theirs))} in scikit-image")
    runs = {
        mode: lambda mode=mode: merge(found, threshold(), 1, mode)
        for mode in ("components", "grow", "update")
    }
    return {**runs, "skimage.graph": lambda: peer(threshold())}


def report(repeats: int) -> str:
    """Measure, and return the report in Markdown."""
    steps, again = {}, {}
    for n_segments in tqdm(COUNTS, unit="case"):
        case = (SHAPE, n_segments)
        found = medians(whole(*case), repeats)
        ratio = found["felzenszwalb"] / found["image to segments"]
        steps[case] = {f"{n} (ms)": v for n, v in found.items()} | {"felzenszwalb / ours": ratio}
        found = medians(merging(*case), repeats)
        ratio = found["skimage.graph"] / found["components"]
        again[case] = {f"{n} (ms)": v for n, v in found.items()} | {"skimage.graph / components": ratio}
    parts = ["# Speed of segments", __doc__.split("\n\n", 1)[1].strip().replace("\n", " ")]
    parts.append(f"{torch.get_num_threads()} threads, torch {torch.__version__}.")
    parts += ["## Image to segments", table(steps), "## A new threshold", table(again)]
    return "\n\n".join(parts) + "\n"
