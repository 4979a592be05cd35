"""What does a cut cost? ``python benchmarks/cost.py --write``.

Every method of the registry that runs on this computer cuts the same picture into K superpixels, with the
settings of the shipped sweep, on one thread.

Parameters are those of all networks that run in the call, as stored, once each; 0 where none runs. FLOPs are
what PyTorch's FlopCounterMode counts in the real call: the products of convolutions and matrices, 2 for a
multiplication with its addition. Loops outside PyTorch and all else, such as distances to centres, are not
counted; so a method without a network has a dash, which does not mean that it is free. Networks and FLOPs
include what a method prepares, such as an object map. The last digits of published FLOPs cannot be compared:
papers seldom say whether a multiplication with its addition counts once or twice, nor for which picture.
LNS-Net's paper (Zhu et al., CVPR 2021, table 1) states 214.5 K parameters and 13.85 GFLOPs for SSN, 11.22 K
and 1.15 G for LNS-Net.

Time is that of the method as the benchmark takes it, what it prepares stands beside it. Runs of all methods
are interleaved, so that a busy moment hits all of them; "over slic" divides the medians.

Memory is measured in a fresh process for each method, after a tiny picture was cut, so that code and weights
are loaded. It is by how much the resident set grows at its peak during the call, preparations included:
NumPy's, numba's and PyTorch's arrays alike, which no tracer sees together. Freed memory is given back
and the peak reset before the call (Linux alone tells it; elsewhere there is a dash). Whole pages
of the system count, so the smallest values tell little.
"""

import argparse
import ctypes
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from soft import high_water, picture
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from spamlab.benchmark import METHODS, Method, cut, settings
from spamlab.benchmark.code import versions
from spamlab.benchmark.methods import select, warm_up
from spamlab.data import load_truth
from spamlab.paths import data_dir

SHAPE, K, PICTURE = (321, 481), 200, "coffee"
COLUMNS = {
    "parameters": "parameters",
    "gflops": "GFLOPs",
    "ms": "ms",
    "over_slic": "over slic",
    "prepared_ms": "prepared (ms)",
    "peak_mb": "peak (MB)",
}


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """Count the parameters of the networks that run inside, and their FLOPs; yield what will hold both.

    SSN's network, which is SPAM's too, runs as it is stored: no BatchNorm is folded into its convolution.
    """
    seen, found = {}, {"parameters": 0, "flops": 0}
    hook = register_module_forward_pre_hook(
        lambda module, _: seen.update((id(weight), weight) for weight in module.parameters())
    )
    try:
        unfolded = mock.patch("spamlab.ssn.network.fold", lambda network: network)
        with unfolded, FlopCounterMode(display=False) as counter:
            yield found
    finally:
        hook.remove()
    found["parameters"] = sum(weight.numel() for weight in seen.values())
    found["flops"] = counter.get_total_flops()


def peak(call: Callable[[], object]) -> float | None:
    """Return by how many MB the resident set grows at its peak during a call; None if no one can tell."""
    reset = Path("/proc/self/clear_refs")
    if not reset.exists():
        return None
    gc.collect()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
    reset.write_text("5")  # the peak is now what is resident
    before = high_water()
    call()
    return (high_water() - before) * 2**20 / 1e6


def truth() -> np.ndarray:
    """Return the truth of the picture, drawn by hand, at its size here."""
    drawn = load_truth(PICTURE)[0]
    rows, cols = (((np.arange(n) + 0.5) * m / n).astype(int) for n, m in zip(SHAPE, drawn.shape, strict=True))
    return drawn[np.ix_(rows, cols)]


def timed(method: Method) -> tuple[Method, list[float]]:
    """Return the method, and a list to which each call adds the seconds of what is prepared."""
    spent: list[float] = []
    if method.prepare is None:
        return method, spent

    def prepare(*given):
        begin = time.perf_counter()
        made = method.prepare(*given)
        spent.append(time.perf_counter() - begin)
        return made

    return replace(method, prepare=prepare), spent


def times(chosen: dict[str, dict], repeats: int) -> dict[str, dict[str, float]]:
    """Return the median milliseconds of each method, and of what it prepares, over interleaved runs."""
    image, drawn = picture(SHAPE), truth()
    methods = {name: timed(METHODS[name]) for name in chosen}
    seconds: dict[str, list[float]] = {name: [] for name in chosen}
    for turn in tqdm(range(repeats + 1), unit="round"):
        for name, (method, _) in methods.items():
            took = cut(method, image, K, chosen[name]["value"], drawn)[1]
            if turn > 0:  # the first warms up
                seconds[name].append(took)
    found = {}
    for name, (_, spent) in methods.items():
        prepared = 1000 * statistics.median(spent[1:]) if spent else 0.0
        found[name] = {"ms": 1000 * statistics.median(seconds[name]), "prepared_ms": prepared}
    return found


def counts(name: str, value: float | None) -> dict[str, float | None]:
    """Return the parameters of a method's networks and its GFLOPs, None without a network."""
    image, drawn = picture(SHAPE), truth()
    with counted() as found:
        cut(METHODS[name], image, K, value, drawn)
    flops = found["flops"] / 1e9 if found["parameters"] else None
    return {"parameters": found["parameters"], "gflops": flops}


def memory(name: str) -> float | None:
    """Return what `peak` tells of a method in a fresh process."""
    command = [sys.executable, __file__, "--memory-of", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def memory_here(name: str) -> float | None:
    """Return what `peak` tells of a method in this process."""
    image, drawn, value = picture(SHAPE), truth(), settings([name])[name]["value"]
    warm_up(METHODS[name])
    return peak(lambda: cut(METHODS[name], image, K, value, drawn))


def measure(chosen: dict[str, dict], repeats: int) -> list[dict]:
    """Return one row per method; COLUMNS tells the names."""
    took, rows = times(chosen, repeats), []
    for name in tqdm(chosen, unit="method"):
        row = {"method": name, "value": chosen[name]["value"], **counts(name, chosen[name]["value"])}
        row |= {**took[name], "over_slic": took[name]["ms"] / took["slic"]["ms"], "peak_mb": memory(name)}
        rows.append({key: round(v, 4) if isinstance(v, float) else v for key, v in row.items()})
    return rows


def markdown(rows: Sequence[dict]) -> str:
    """Return the rows as a Markdown table; a dash stands for what is not known."""
    lines = [["method", *COLUMNS.values()], ["---"] * (1 + len(COLUMNS))]
    lines += [[row["method"], *(_cell(row[name]) for name in COLUMNS)] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.{2 if value < 10 else 0}f}"


def main() -> None:
    """Measure, print the report, and write it with ``--write``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7, help="timed rounds (7)")
    parser.add_argument("--write", action="store_true", help="write cost.md and data/results/cost.json")
    parser.add_argument("--memory-of", choices=list(METHODS), help="print the MB of one method, and end")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.memory_of:
        print(json.dumps(memory_here(options.memory_of)))
        return
    chosen = settings(select(["all"]))
    about = {
        "command": f"python benchmarks/cost.py --repeats {options.repeats} --write",
        "data": {"picture": PICTURE, "shape": SHAPE},
        "n_segments": K,
        "repeats": options.repeats,
        "versions": versions(),
        "table": measure(chosen, options.repeats),
    }
    said = f"The picture is {PICTURE}, {SHAPE[0]} x {SHAPE[1]} pixels; K = {K}, {options.repeats} rounds."
    parts = ["# Cost", __doc__.split("\n\n", 1)[1].strip(), said, markdown(about["table"])]
    text = "\n\n".join([*parts, f"Made by `{about['command']}`."]) + "\n"
    print(text)
    if options.write:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
        file = data_dir() / "results" / "cost.json"
        file.write_text(json.dumps(about, indent=1, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
