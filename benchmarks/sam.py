"""How fast SAM's masks of everything are: ``python benchmarks/sam.py``, into speed_sam.md with ``--write``.

The peer is the straightforward procedure (tests/sam_by_the_book.py): transformers' SamModel on batches of 64
prompts, every mask enlarged to the picture, every filter on whole pictures. All get the same photograph and
the same random weights of SlimSAM's size, so masks mean nothing, but times do. The threshold of predicted IoU
is set such that half of the masks pass; how many prompts are drawn at all depends on it. Times go from the
picture to the masks, embedding included, on the threads that PyTorch takes by default. Runs are interleaved
and medians are compared; memory is the peak of a process that does nothing else. Let nothing else run.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from soft import high_water
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import sam_by_the_book as book

from spamlab.benchmark.summary import versions
from spamlab.data import load_image
from spamlab.masks import Mask
from spamlab.models import Sam, sam_masks
from spamlab.models.decoder import Decoder

CUTS = {"min_stability": 0.8, "max_overlap": 0.9, "min_area": 98.25}
NAMES = ("straightforward", "float32", "bfloat16", "bfloat16, fast")


def picture() -> np.ndarray:
    """Return a photograph, (341, 512, 3) uint8."""
    return np.rint(load_image("coffee") * 255).astype(np.uint8)


def run(name: str, model: object, points: int, iou: float, batch: int = 64) -> list[Mask]:
    """Return the masks that one of NAMES makes."""
    if name == "straightforward":
        limits = {"stability": CUTS["min_stability"], "nms": CUTS["max_overlap"], "least": CUTS["min_area"]}
        found, _ = book.generate(model, picture(), points, iou, **limits, batch=batch)
        return [Mask(each["mask"], each["iou"], each["stability"], each["point"]) for each in found]
    given = {"precision": name.split(",")[0], "fast": "fast" in name, "min_iou": iou, **CUTS}
    return sam_masks(picture(), model, points, **given, progress=False)


@torch.inference_mode()
def half(model: object) -> float:
    """Return the predicted IoU that half of the masks exceed, from 64 prompts."""
    sam = Sam(picture(), model, "float32")
    decoder: Decoder = sam.decoder
    side = (torch.arange(8) + 0.5) / 8
    points = torch.cartesian_prod(side, side)[:, None].double() * torch.tensor(sam.frame.seen[::-1])
    quality = [decoder.look(decoder.prompt(p[None], torch.ones(1, 1), None))[0][:, 1:] for p in points]
    return float(torch.cat(quality).median())


def measure(
    model: object, points: int, iou: float, repeats: int
) -> tuple[dict[str, float], dict[str, list[Mask]]]:
    """Return median seconds of each, over interleaved runs, and the masks of the last run."""
    run("float32", model, 2, iou)  # compiles
    seconds, found = {name: [] for name in NAMES}, {}
    for _ in tqdm(range(repeats), unit="turn"):
        for name in NAMES:
            begin = time.perf_counter()
            found[name] = run(name, model, points, iou)
            seconds[name].append(time.perf_counter() - begin)
    return {name: statistics.median(values) for name, values in seconds.items()}, found


def peak(name: str, points: int, iou: float) -> float:
    """Return the megabytes that a process takes which does nothing but this."""
    command = [sys.executable, __file__, "--peak", name, "--points", str(points), "--iou", str(iou)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def differences(reference: list[Mask], found: list[Mask]) -> str:
    """Return a row: masks, and how far each of the reference is from what is most like it."""
    pixels, overlaps = 0, []
    for one in reference:
        best = max(found, key=lambda other: _overlap(one, other), default=None)
        overlaps.append(_overlap(one, best) if best else 0)
        pixels += int((one.mask != best.mask).sum()) if best else one.area
    alike = sum(value >= 0.9 for value in overlaps)
    share = pixels / sum(one.mask.size for one in reference)
    return f"{len(found)} | {sum(value == 1 for value in overlaps)} | {alike} | {pixels} ({share:.1e}) |"


def _overlap(one: Mask, other: Mask) -> float:
    union = np.count_nonzero(one.mask | other.mask)
    return np.count_nonzero(one.mask & other.mask) / union if union else 1.0


def prompts(model: object) -> str:
    """Return a sentence about one prompt on an embedding that is there."""
    parts = []
    for precision in ("float32", "bfloat16"):
        sam, seconds = Sam(picture(), model, precision), []
        for row in range(0, 340, 17):
            begin = time.perf_counter()
            sam.masks((row, 200))
            seconds.append(time.perf_counter() - begin)
        parts.append(f"{1000 * statistics.median(seconds):.0f} ms in {precision}")
    return f"Three masks of a chosen point, with the embedding there: {', '.join(parts)}."


def section(model: object, points: int, iou: float, repeats: int) -> list[str]:
    """Measure one grid, and return paragraphs of Markdown."""
    median, found = measure(model, points, iou, repeats)
    reference = found["straightforward"]
    lines = [
        "| | seconds | straightforward / this | peak memory (MB) |\n|---|---|---|---|",
        *(
            f"| {name} | {median[name]:.1f} | {median[NAMES[0]] / median[name]:.1f} | "
            f"{peak(name, points, iou):.0f} |"
            for name in NAMES
        ),
    ]
    compared = {name: found[name] for name in NAMES[1:]}
    compared["straightforward, batches of 8"] = run(NAMES[0], model, points, iou, batch=8)
    head = (
        f"| {len(reference)} masks against | masks | the same | IoU of 0.9 or more | pixels that differ |\n"
        "|---|---|---|---|---|"
    )
    rows = [f"| {name} | {differences(reference, masks)}" for name, masks in compared.items()]
    return [f"## {points} x {points} points", "\n".join(lines), "\n".join([head, *rows])]


def main() -> None:
    """Measure, print the report, and write it with ``--write``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, nargs="+", default=[16], help="per side, such as 16 32 (16)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each (3)")
    parser.add_argument("--write", action="store_true", help="write speed_sam.md beside this file")
    parser.add_argument("--peak", choices=NAMES, help=argparse.SUPPRESS)
    parser.add_argument("--iou", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    model = book.random_slimsam()
    if options.peak:
        run(options.peak, model, options.points[0], options.iou)
        print(high_water())
        return
    iou = half(model)
    parts = ["# Speed of SAM's masks", __doc__.split("\n\n")[1].replace("\n", " ")]
    for points in options.points:
        parts += section(model, points, iou, options.repeats)
    used = ", ".join(f"{name} {number}" for name, number in versions().items())
    parts += [prompts(model), f"{torch.get_num_threads()} threads, {options.repeats} runs of each, {used}."]
    report = "\n\n".join(parts) + "\n"
    print(report)
    if options.write:
        Path(__file__).with_name("speed_sam.md").write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
