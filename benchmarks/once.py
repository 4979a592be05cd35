"""How fast LNS-Net is, and what it takes; ``python benchmarks/speed.py --of lnsnet`` runs it.

Timed are the way from image to labels with all seeds competing and with nine near ones, the same with the
features kept, and SSN as a peer. All take the threads that torch takes by default; runs are interleaved and
medians are compared. Let nothing else run meanwhile. Multiply-adds are counted by torch's `FlopCounterMode`,
which sees convolutions and products of matrices; a multiplication with an addition counts as one.
``python benchmarks/once.py HEIGHT WIDTH K`` prints the megabytes that cutting one picture of this size takes.
"""

import subprocess
import sys
from collections.abc import Callable

import torch
from soft import USUAL, high_water, medians, picture, table
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from spamlab.lnsnet import deep_features, lnsnet, load
from spamlab.ssn import ssn

SHAPE = USUAL[0]
COUNTS = (100, 200, 1000)
NEAR = 9


def runs(n_segments: int) -> dict[str, Callable]:
    """Return what is timed."""
    image, network = picture(SHAPE), load()
    features = deep_features(image, network)
    return {
        "image to labels": lambda: lnsnet(image, n_segments, weights=network),
        "near seeds": lambda: lnsnet(image, n_segments, weights=network, near=NEAR),
        "features kept": lambda: lnsnet(image, n_segments, weights=network, features=features),
        "ssn": lambda: ssn(image, n_segments),
    }


def costs(n_segments: int) -> list[str]:
    """Return K, multiply-adds of the network and in all, megabytes, and how far near and all seeds agree."""
    image, network = picture(SHAPE), load()
    alone, features = _multiply_adds(lambda: deep_features(image, network))
    rest, (_, found) = _multiply_adds(lambda: lnsnet(image, n_segments, features=features, details=True))
    _, near = lnsnet(image, n_segments, features=features, near=NEAR, details=True)
    agree = (near.assignment == found.assignment).mean()
    command = [sys.executable, __file__, *map(str, (*SHAPE, n_segments))]
    memory = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [str(n_segments), f"{alone:.2f}", f"{alone + rest:.2f}", memory.strip(), f"{agree:.1%}"]


def _multiply_adds(run: Callable) -> tuple[float, object]:
    """Return how many thousand millions of them `run` takes, and what it returns."""
    with FlopCounterMode(display=False) as counter:
        found = run()
    return counter.get_total_flops() / 2e9, found


def peak(shape: tuple[int, int], n_segments: int) -> float:
    """Return by how many megabytes the peak of this process grows while it cuts one picture."""
    image = picture(shape)
    lnsnet(picture((40, 60)), 6)
    before = high_water()
    lnsnet(image, n_segments)
    return high_water() - before


def report(repeats: int) -> str:
    """Measure, and return the report in Markdown."""
    times, rows = {}, [["K", "network (10^9)", "in all (10^9)", "memory (MB)", "near agrees"], ["---"] * 5]
    for n_segments in tqdm(COUNTS, unit="case"):
        found = medians(runs(n_segments), repeats)
        times[SHAPE, n_segments] = {f"{name} (ms)": value for name, value in found.items()}
        rows.append(costs(n_segments))
    numbers = sum(parameter.numel() for parameter in load().parameters())
    parts = ["# Speed of LNS-Net", __doc__.split("\n\n", 1)[1].strip().replace("\n", " ")]
    parts.append(f"{torch.get_num_threads()} threads, torch {torch.__version__}, {numbers:,} parameters.")
    parts += [
        "## Time",
        table(times),
        "## Multiply-adds, memory, and the share of pixels that join the same seed",
    ]
    parts.append("\n".join(f"| {' | '.join(row)} |" for row in rows))
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    height, width, k = map(int, sys.argv[1:])
    print(f"{peak((height, width), k):.0f}")
