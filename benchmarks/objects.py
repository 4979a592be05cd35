"""How fast masks become an object map, and how fast they are coded: ``python benchmarks/objects.py``.

The masks are ellipses with wavy rims, from tiny to half the picture, all of one seed. The peer of the object
map does the same steps the plain way: every mask and every region as a whole picture, the opening and the
components one region after the other. That both give the same map is checked in each run. The peer of the
coding is pycocotools, from and to plain arrays. Runs are interleaved and medians are compared. Let nothing
else run meanwhile.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pycocotools import mask as coco
from scipy.ndimage import binary_opening, label
from soft import medians, table
from tqdm import tqdm

from spamlab.masks import Mask, decode, encode
from spamlab.objects import object_map, smallest_area

CASES = [((321, 481), n) for n in (50, 200, 1000)] + [((1024, 1024), n) for n in (50, 200)]
SQUARE = np.ones((5, 5), bool)


def ellipses(shape: tuple[int, int], n: int) -> list[np.ndarray]:
    """Return n masks, each (H, W) bool."""
    rng = np.random.default_rng(0)
    rows, cols = np.indices(shape, dtype=np.float32)
    waves = 0.1 * np.sin(cols / 7) * np.cos(rows / 5)
    found = []
    for _ in range(n):
        a, b = rng.uniform(0, shape)
        r = np.exp(rng.uniform(np.log(0.01), np.log(0.4), 2)) * shape
        found.append(((rows - a) / r[0]) ** 2 + ((cols - b) / r[1]) ** 2 + waves < 1)
    return found


def plainly(masks: list[np.ndarray]) -> np.ndarray:
    """Return the object map."""
    shape = masks[0].shape
    min_area, owner = smallest_area(shape), np.zeros(shape, np.int32)
    kept = [mask for mask in masks if mask.sum() > min_area]
    kept.sort(key=lambda mask: (-mask.sum(), mask.tobytes()))
    for number, mask in enumerate(kept, start=1):
        owner[mask] = number
    objects, n = np.zeros(shape, np.int32), 0
    for number in [*range(len(kept) + 1), None]:
        region = objects == 0 if number is None else owner == number  # None: the artefacts
        wide = binary_opening(np.pad(region, 4, constant_values=True), SQUARE)[4:-4, 4:-4]
        pieces, _ = label(wide)
        for piece in np.flatnonzero(np.bincount(pieces.ravel())[1:] > min_area) + 1:
            n += 1
            objects[pieces == piece] = n
    first = np.unique(objects, return_index=True)
    order = first[0][np.argsort(first[1])]
    new = np.zeros(n + 1, np.int32)
    new[order[order > 0]] = np.arange(1, n + 1)
    return new[objects]


def mapping(shape: tuple[int, int], n: int) -> dict[str, Callable]:
    """Return what makes an object map of n masks: in the library, and the plain way."""
    masks = ellipses(shape, n)
    if not np.array_equal(object_map(masks), plainly(masks)):
        raise AssertionError(f"{shape}, {n} masks: the two object maps differ")
    return {"object_map": lambda: object_map(masks), "plainly": lambda: plainly(masks)}


def coding(shape: tuple[int, int], n: int) -> dict[str, Callable]:
    """Return what writes and reads run lengths of n masks: ours, and pycocotools."""
    masks = ellipses(shape, n)
    codes = [encode(mask) for mask in masks]
    for mask, code in zip(masks, codes, strict=True):
        theirs = coco.encode(np.asfortranarray(mask))["counts"].decode()
        if code["counts"] != theirs or not np.array_equal(decode(code), mask):
            raise AssertionError(f"{shape}, {n} masks: run lengths differ")
    return {
        "encode": lambda: [encode(Mask(mask)) for mask in masks],
        "pycocotools encode": lambda: [coco.encode(np.asfortranarray(mask)) for mask in masks],
        "decode": lambda: [decode(code) for code in codes],
        "pycocotools decode": lambda: [coco.decode(code) for code in codes],
    }


def main() -> None:
    """Measure, print the tables, and write them with ``--write``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="timed runs per case")
    parser.add_argument("--write", action="store_true", help="write objects.md beside this file")
    options = parser.parse_args()
    maps, codes = {}, {}
    for case in tqdm(CASES, unit="case"):
        found = medians(mapping(*case), options.repeats)
        ratio = {"plainly / object_map": found["plainly"] / found["object_map"]}
        maps[case] = {f"{n} (ms)": v for n, v in found.items()} | ratio
        found = medians(coding(*case), options.repeats)
        ratios = {f"pycocotools / {n}": found[f"pycocotools {n}"] / found[n] for n in ("encode", "decode")}
        codes[case] = {f"{n} (ms)": v for n, v in found.items()} | ratios
    parts = ["# Speed of object maps", __doc__.split("\n\n", 1)[1].strip().replace("\n", " ")]
    for title, rows in (("An object map", maps), ("Run lengths", codes)):
        parts += [f"## {title}", table(rows).replace("| K |", "| masks |")]
    text = "\n\n".join(parts) + "\n"
    print(text)
    if options.write:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
