"""How fast SLIC is, here and elsewhere: ``python benchmarks/speed.py``, into speed.md with ``--write``.

With ``--of``, how fast a learned method is: ssn, see soft.py; segments, see joint.py; lnsnet, see once.py;
spam, see stages.py; adaptive, see moves.py; refine, see mending.py. Into speed_ssn.md and so on.

All methods get the same picture, the same K and one thread, connectivity included; SLIC runs ten iterations.
Each is called as the benchmark of scores calls it. Runs are interleaved, so that a busy moment of the machine
hits all of them, and medians are compared. A ratio tells how many runs of ours fit into one of theirs. Let
nothing else run meanwhile.
"""

import argparse
import importlib
import statistics
import time
from pathlib import Path

import numpy as np
from skimage.transform import resize
from tqdm import tqdm

from spamlab.benchmark import METHODS
from spamlab.benchmark.summary import versions
from spamlab.data import load_image
from spamlab.plot import plane

# methods, and modules beside this one
LEARNED = {"ssn": "soft", "segments": "joint", "lnsnet": "once", "spam": "stages", "adaptive": "moves"}
LEARNED |= {"refine": "mending"}
NAMES = ("slic", "snic", "skimage-slic", "opencv-slic")
SIZES = [((321, 481), 200), ((720, 1280), 500), ((1080, 1920), 1000)]
PIXELS = [
    ((258, 387), 500),
    ((516, 775), 500),
    ((1155, 1732), 500),
    ((2310, 3465), 500),
]  # 0.1 to 8 megapixels
COUNTS = [((720, 1280), k) for k in (50, 200, 1000, 5000)]
SECONDS = 20  # per case and method at most, once three runs are done


def measure(shape: tuple[int, int], n_segments: int, repeats: int) -> dict[str, float]:
    """Return the median seconds of each method over interleaved runs, after one run that warms up."""
    image = resize(load_image("coffee"), shape, anti_aliasing=True).astype(np.float32).clip(0, 1)
    seconds = {name: [] for name in NAMES}
    for turn in range(repeats + 1):
        for name in NAMES:
            begin = time.perf_counter()
            METHODS[name].function(image, n_segments, 10)
            if turn > 0:
                seconds[name].append(time.perf_counter() - begin)
        if turn >= 3 and max(map(sum, seconds.values())) > SECONDS:
            break
    return {name: statistics.median(values) for name, values in seconds.items()}


def table(found: dict[tuple, dict[str, float]]) -> str:
    """Return a Markdown table: milliseconds of each method, and ratios of the others' to ours."""
    ratios = [f"{name} / slic" for name in NAMES[1:]]
    head = ["picture", "K", *(f"{name} (ms)" for name in NAMES), *ratios]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for (shape, n_segments), median in found.items():
        cells = [f"{shape[0]} x {shape[1]}", str(n_segments)]
        cells += [f"{1000 * median[name]:.0f}" for name in NAMES]
        cells += [f"{median[name] / median['slic']:.2f}" for name in NAMES[1:]]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def picture(found: dict[tuple, dict[str, float]]):
    """Draw seconds over megapixels, both on logarithmic axes."""
    sizes = [case[0][0] * case[0][1] / 1e6 for case in PIXELS]
    paths = {name: (sizes, [found[case][name] for case in PIXELS]) for name in NAMES}
    small, large = (found[PIXELS[i]]["slic"] for i in (0, -1))
    text = (
        f"From {sizes[0]:.1f} to {sizes[-1]:.0f} megapixels at K = 500 our SLIC goes from {1000 * small:.0f} "
        f"to {1000 * large:.0f} ms: {large / small:.0f} times as long for {sizes[-1] / sizes[0]:.0f} times "
        "the pixels."
    )
    return plane(paths, "megapixels", "seconds", text, log="xy", highlight="slic")


def _learned(options: argparse.Namespace) -> None:
    text = importlib.import_module(LEARNED[options.of]).report(options.repeats)  # here: it loads torch
    print(text)
    if options.write:
        Path(__file__).with_name(f"speed_{options.of}.md").write_text(text, encoding="utf-8")


def main() -> None:
    """Measure, print the tables, and write them with ``--write``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15, help="timed runs per method and case")
    parser.add_argument("--write", action="store_true", help="write speed.md and speed.png beside this file")
    parser.add_argument("--of", choices=["slic", *LEARNED], default="slic", help="what to time (slic)")
    options = parser.parse_args()
    if options.of != "slic":
        _learned(options)
        return
    cases = dict.fromkeys(SIZES + PIXELS + COUNTS)
    found = {case: measure(*case, options.repeats) for case in tqdm(cases, unit="case")}
    drawn = picture(found)
    parts = ["# Speed", __doc__.split("\n\n")[2].replace("\n", " ")]
    for title, chosen in (
        ("Usual sizes", SIZES),
        ("Growth with the picture", PIXELS),
        ("Growth with K", COUNTS),
    ):
        parts += [f"## {title}", table({case: found[case] for case in chosen})]
    parts += [f"![{drawn.text}](speed.png)", drawn.text]
    used = ", ".join(f"{name} {number}" for name, number in versions().items())
    parts.append(f"Made by `python benchmarks/speed.py --write` with {used}.")
    report = "\n\n".join(parts) + "\n"
    print(report)
    if options.write:
        Path(__file__).with_suffix(".md").write_text(report, encoding="utf-8")
        drawn.save(Path(__file__).with_suffix(".png"))


if __name__ == "__main__":
    main()
