"""How fast adaptive SPAM is; ``python benchmarks/speed.py --of adaptive`` runs it.

The picture is a photograph, its object map a truth drawn by hand, both resized. Saliency is timed from the
picture to the map, its superpixels included. A move is what a slider does: SPAM with the features of the
network, the objects and the attention kept, and another density; a move of the compactness is the same with
another compactness. "r = 1" is the move without a density. Attended are the objects that saliency finds.
Stages are timed inside whole moves. All take the threads that torch takes by default; runs are interleaved
and medians are compared. Let nothing else run meanwhile.
"""

from collections.abc import Callable
from functools import partial

import torch
from soft import USUAL, medians, picture, table
from stages import USUAL_COUNTS, objects, stages_of
from tqdm import tqdm

from spamlab.saliency import saliency
from spamlab.spam import spam
from spamlab.ssn import deep_features, load

SHAPE = USUAL[0]
FACTORS = (1, 1 / 8, 1 / 2, 2, 8)
SHOWN = ("r = 1", "r = 2", "r = 8")  # moves whose stages are shown
TARGETS = {"rbd": 300, "spectral": 300, "r = 2": 150, "compactness": 150}  # ms, two cores


def moves(shape: tuple[int, int], n_segments: int) -> dict[str, Callable]:
    """Return what runs a move to each density, and one of the compactness."""
    image, network = picture(shape), load("spam")
    kept = {"weights": network, "features": deep_features(image, network), "attention": saliency(image)}
    move = partial(spam, image, n_segments, objects(shape), **kept)
    found = {f"r = {r:g}": partial(move, density=r) for r in FACTORS}
    return found | {"compactness": partial(move, density=2, compactness=15)}


def report(repeats: int) -> str:
    """Measure, and return the report in Markdown."""
    image = picture(SHAPE)
    seen = medians({name: partial(saliency, image, name) for name in ("rbd", "spectral")}, repeats)
    found, inside = {}, {}
    for n_segments in tqdm(USUAL_COUNTS, unit="case"):
        runs = moves(SHAPE, n_segments)
        found[n_segments] = medians(runs, repeats)
        inside |= {(SHAPE, f"{n_segments}, {r}"): stages_of(runs[r], repeats) for r in SHOWN}
    reached = {**seen, **found[USUAL[1]]}
    goals = [f"{name} {reached[name]:.0f} ms (at most {most})" for name, most in TARGETS.items()]
    parts = ["# Speed of adaptive SPAM", __doc__.split("\n\n", 1)[1].strip().replace("\n", " ")]
    parts.append(f"{torch.get_num_threads()} threads, torch {torch.__version__}.")
    parts += ["## Saliency", table({(SHAPE, "-"): {f"{name} (ms)": value for name, value in seen.items()}})]
    usual = {(SHAPE, k): {f"{n} (ms)": value for n, value in row.items()} for k, row in found.items()}
    parts += ["## A move", table(usual)]
    parts.append(f"Targets at {SHAPE[0]} x {SHAPE[1]}, K = {USUAL[1]}, on 2 cores: {', '.join(goals)}.")
    parts += ["## Stages of a move", table(inside)]
    return "\n\n".join(parts) + "\n"
