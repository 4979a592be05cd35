"""How fast SSN and its clustering are; ``python benchmarks/speed.py --of ssn`` runs it.

The peer of the clustering is the same algorithm with a gather per pixel: every pixel fetches the features of
its nine candidates. That both give the same labels is checked in each run. SSN is timed from image to labels,
and for a new number of superpixels with the features kept. All take the threads that torch takes by default;
runs are interleaved and medians are compared. Let nothing else run meanwhile.
``python benchmarks/soft.py HEIGHT WIDTH K`` prints the megabytes that cutting one picture of this size takes.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from skimage.transform import resize
from tqdm import tqdm

from spamlab import seeds
from spamlab.cluster import cluster
from spamlab.data import load_image
from spamlab.ssn import deep_features, load, ssn, start

USUAL = ((321, 481), 200)
PIXELS = [
    ((shape, 500)) for shape in ((258, 387), (516, 775), (1155, 1732), (2310, 3465))
]  # 0.1 to 8 megapixels
COUNTS = [((321, 481), k) for k in (50, 200, 1000, 5000)]
FEATURES = 20


def gathered(F: torch.Tensor, S: torch.Tensor, candidates: torch.Tensor, group: torch.Tensor, n_iter: int):
    """Cluster as `spamlab.cluster.cluster` does, with a gather per pixel; return the labels."""
    slots = candidates[group]  # (N, 9)
    at = slots.clamp(min=0)
    for turn in range(n_iter):
        d2 = (F[:, None] - S[at]).square().sum(2).masked_fill(slots < 0, torch.inf)
        Q = torch.softmax(-d2, dim=1)
        if turn < n_iter - 1:
            sums = torch.zeros_like(S).index_add(0, at.flatten(), (Q[:, :, None] * F[:, None]).flatten(0, 1))
            total = S.new_zeros(len(S)).index_add(0, at.flatten(), Q.flatten())
            S = torch.where(total[:, None] > 0, sums / total[:, None].clamp(min=1e-12), S)
    return slots.gather(1, Q.argmax(1, keepdim=True))[:, 0]


def picture(shape: tuple[int, int]) -> np.ndarray:
    """Return a photograph of this size."""
    return resize(load_image("coffee"), shape, anti_aliasing=True).astype(np.float32).clip(0, 1)


def medians(runs: dict[str, Callable], repeats: int) -> dict[str, float]:
    """Return the median milliseconds of each, over interleaved runs after one that warms up."""
    times = {name: [] for name in runs}
    for turn in range(repeats + 1):
        for name, function in runs.items():
            begin = time.perf_counter()
            function()
            if turn:
                times[name].append(1000 * (time.perf_counter() - begin))
    return {name: statistics.median(values) for name, values in times.items()}


def clustering(shape: tuple[int, int], n_segments: int) -> dict[str, Callable]:
    """Return what runs the clustering on random features: in tiles, and with a gather per pixel."""
    _, cells, step = seeds.grid(shape, n_segments)
    F = torch.randn(cells.size, FEATURES, generator=torch.Generator().manual_seed(0))
    F[:, -2:] = torch.from_numpy(np.argwhere(cells >= 0) * np.float32(2.6 / step))
    given = (F, *start(F, cells), 10)
    with torch.inference_mode():
        agree = (cluster(*given).labels() == gathered(*given)).float().mean()
    if agree < 0.999:
        raise AssertionError(f"tiles and gather agree on {agree:.2%} of the labels only")
    runs = {"tiles": lambda: cluster(*given).labels(), "gather": lambda: gathered(*given)}
    return {name: torch.inference_mode()(run) for name, run in runs.items()}


def steps(shape: tuple[int, int], n_segments: int) -> dict[str, Callable]:
    """Return what runs SSN with the network, with features kept, and without a network."""
    image, network = picture(shape), load()
    features = deep_features(image, network)
    return {
        "image to labels": lambda: ssn(image, n_segments, weights=network),
        "features kept": lambda: ssn(image, n_segments, weights=network, features=features),
        "without a network": lambda: ssn(image, n_segments, weights=None),
    }


def high_water() -> float:
    """Return the most megabytes that this process has held; unlike getrusage, not those of its parent."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("/proc/self/status tells no VmHWM; memory is measured on Linux only")


def peak(shape: tuple[int, int], n_segments: int) -> float:
    """Return by how many megabytes the peak of this process grows while it cuts one picture."""
    image = picture(shape)
    ssn(picture((40, 60)), 6)
    before = high_water()
    ssn(image, n_segments)
    return high_water() - before


def table(rows: dict[tuple, dict[str, float]]) -> str:
    """Return a Markdown table of milliseconds per picture and K."""
    names = list(next(iter(rows.values())))
    lines = [f"| picture | K | {' | '.join(names)} |", "|---" * (2 + len(names)) + "|"]
    for (shape, n_segments), row in rows.items():
        cells = [f"{row[name]:.{1 if '/' in name or row[name] < 10 else 0}f}" for name in names]
        lines.append(f"| {shape[0]} x {shape[1]} | {n_segments} | {' | '.join(cells)} |")
    return "\n".join(lines)


def report(repeats: int) -> str:
    """Measure, and return the report in Markdown."""
    alone, whole = {}, {}
    for case in tqdm(dict.fromkeys([USUAL, *COUNTS]), unit="case"):
        found = medians(clustering(*case), repeats)
        alone[case] = {f"{n} (ms)": v for n, v in found.items()} | {
            "gather / tiles": found["gather"] / found["tiles"]
        }
    for case in tqdm(dict.fromkeys([USUAL, *COUNTS, *PIXELS]), unit="case"):
        large = case[0][0] * case[0][1] > 1_000_000
        found = medians(steps(*case), max(3, repeats // 4) if large else repeats)
        whole[case] = {f"{n} (ms)": v for n, v in found.items()}
    parts = ["# Speed of SSN", __doc__.split("\n\n", 1)[1].strip().replace("\n", " ")]
    parts.append(
        f"{torch.get_num_threads()} threads, torch {torch.__version__}, network of widths {load().widths}."
    )
    parts += ["## The clustering alone", f"Ten rounds, {FEATURES} features.", table(alone)]
    parts += ["## SSN, image to labels", table(whole)]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    height, width, n_segments = map(int, sys.argv[1:])
    print(peak((height, width), n_segments))
