"""How fast SPAM is, and where its time goes; ``python benchmarks/speed.py --of spam`` runs it.

The picture is a photograph, its object map a truth drawn by hand, both resized. Timed are the way from image
and object map to labels, a move of a slider (the same with the features of the network kept), and image to
labels without a map. Peers are scikit-image's SLIC with ten iterations, and SSN with and without kept
features. A ratio tells how many runs of ours fit into one of theirs. Stages are timed inside whole runs;
"rest" is Lab, checks and the pieces of the object map. All take the threads that torch takes by default; runs
are interleaved and medians are compared (one run of each on large pictures). Let nothing else run meanwhile.
"""

import statistics
import time
from collections.abc import Callable
from unittest import mock

import numpy as np
import torch
from skimage.segmentation import slic
from soft import USUAL, medians, picture, table
from tqdm import tqdm

from spamlab.data import load_truth
from spamlab.objects import from_truth
from spamlab.spam import method, spam
from spamlab.ssn import deep_features, load, ssn

SHAPE = USUAL[0]
USUAL_COUNTS = (100, 200, 1000)
GROWTH = ((SHAPE, 50), (SHAPE, 5000), ((1000, 1000), 650), ((2448, 3264), 5000))
TARGETS = {"image to labels": 400, "slider move": 150}  # milliseconds at USUAL, on two cores
STAGES = {  # functions of `spamlab.spam.method`, in the order of their calls
    "network": "all_features",
    "seeds": "place",
    "clustering": "_cluster",
    "smoothing": "smooth_borders",
    "connectivity": "connect",
}


def objects(shape: tuple[int, int]) -> np.ndarray:
    """Return the object map of `soft.picture`."""
    truth = load_truth("coffee")[0]
    rows, cols = (np.arange(new) * old // new for new, old in zip(shape, truth.shape, strict=True))
    return from_truth(truth[np.ix_(rows, cols)])


def whole(shape: tuple[int, int], n_segments: int) -> dict[str, Callable]:
    """Return what runs from image to labels, ours and the peers'."""
    image, given, network, other = picture(shape), objects(shape), load("spam"), load("ssn")
    features, theirs = deep_features(image, network), deep_features(image, other)
    return {
        "image to labels": lambda: spam(image, n_segments, given, weights=network),
        "slider move": lambda: spam(image, n_segments, given, weights=network, features=features),
        "without a map": lambda: spam(image, n_segments, weights=network),
        "ssn": lambda: ssn(image, n_segments, weights=other),
        "ssn slider": lambda: ssn(image, n_segments, weights=other, features=theirs),
        "skimage slic": lambda: slic(image, n_segments, max_num_iter=10, start_label=0),
    }


def row(case: tuple, repeats: int) -> dict[str, float]:
    """Return the milliseconds and the ratios of one line of a table."""
    found = medians(whole(*case), repeats)
    ratios = {
        "ssn / ours": found["ssn"] / found["image to labels"],
        "ssn slider / ours": found["ssn slider"] / found["slider move"],
        "skimage slic / ours": found["skimage slic"] / found["image to labels"],
    }
    return {f"{name} (ms)": value for name, value in found.items()} | ratios


def stages(shape: tuple[int, int], n_segments: int, repeats: int) -> dict[str, float]:
    """Return the median milliseconds of each stage inside runs from image to labels."""
    image, given, network = picture(shape), objects(shape), load("spam")
    return stages_of(lambda: spam(image, n_segments, given, weights=network), repeats)


def stages_of(run: Callable, repeats: int) -> dict[str, float]:
    """Return the median milliseconds of each stage inside a call of `spam`, after one that warms up."""
    runs = [_stages(run) for _ in range(repeats + 1)][1:]
    return {f"{name} (ms)": statistics.median(run[name] for run in runs) for name in runs[0]}


def _stages(run: Callable) -> dict[str, float]:
    spent = dict.fromkeys(STAGES, 0.0)

    def timed(stage: str, function: Callable) -> Callable:
        def wrapped(*args, **options):
            begin = time.perf_counter()
            try:
                return function(*args, **options)
            finally:
                spent[stage] += 1000 * (time.perf_counter() - begin)

        return wrapped

    patches = {name: timed(stage, getattr(method, name)) for stage, name in STAGES.items()}
    begin = time.perf_counter()
    with mock.patch.multiple(method, **patches):
        run()
    total = 1000 * (time.perf_counter() - begin)
    return {**spent, "rest": total - sum(spent.values())}


def report(repeats: int) -> str:
    """Measure, and return the report in Markdown."""
    usual = {(SHAPE, k): row((SHAPE, k), repeats) for k in tqdm(USUAL_COUNTS, unit="case")}
    inside = {(SHAPE, k): stages(SHAPE, k, repeats) for k in tqdm(USUAL_COUNTS, unit="case")}
    growth = {}
    for case in tqdm(GROWTH, unit="case"):
        large = case[0][0] * case[0][1] >= 1_000_000
        growth[case] = row(case, 1 if large else repeats)
    parts = ["# Speed of SPAM", __doc__.split("\n\n", 1)[1].strip().replace("\n", " ")]
    threads = torch.get_num_threads()
    parts.append(f"{threads} threads, torch {torch.__version__}, network of widths {load('spam').widths}.")
    goals = [
        f"{name} {usual[USUAL][f'{name} (ms)']:.0f} ms (at most {most})" for name, most in TARGETS.items()
    ]
    said = f"Targets at {SHAPE[0]} x {SHAPE[1]}, K = {USUAL[1]}, on 2 cores: {', '.join(goals)}."
    parts += ["## Usual sizes", table(usual), said, "## Stages, image to labels", table(inside)]
    parts += ["## Growth with the picture and with K", table(growth)]
    return "\n\n".join(parts) + "\n"
