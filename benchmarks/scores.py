"""How long scoring takes, and what known methods score: ``python benchmarks/scores.py --data BSDS500``.

The first part times `superpixel_scores` and the exact boundary matching on one process, so let nothing else
run. The second prints the scores of a plain grid and of scikit-image's SLIC, to compare with other programs.
"""

import argparse
import statistics
import time

import numpy as np
from joblib import Parallel, delayed
from skimage.segmentation import slic as skimage_slic
from tqdm import tqdm

from spamlab.data import BSDS, Sample, bsds500
from spamlab.metrics import boundary_counts, superpixel_scores
from spamlab.regions import components
from spamlab.seeds import grid
from spamlab.slic import slic

COLUMNS = ("n", "asa_mean", "asa_best", "asa_worst", "ue_np_mean", "ue_np_best", "br_r1_mean", "br_r1_best")
COLUMNS += ("br_r2_mean", "bp_r1_mean", "f4_mean", "f4_best", "co", "ev", "cd", "src", "smf", "gr")
METHODS = {
    "grid": lambda image, k: grid(image.shape[:2], k)[1],
    "skimage-slic m=10": lambda image, k: skimage_slic(image, k, compactness=10, start_label=0),
    "skimage-slic m=20": lambda image, k: skimage_slic(image, k, compactness=20, start_label=0),
}


def seconds(data: BSDS) -> dict[str, list[float]]:
    """Time the scores of 200 superpixels against all annotators, one run per picture after a warm-up."""
    found = {"superpixel_scores": [], "boundary_counts": []}
    for sample in tqdm([data[0], *data], desc="timing"):
        labels = slic(sample.image, 200)
        begin = time.perf_counter()
        superpixel_scores(labels, sample.image, sample.truths)
        middle = time.perf_counter()
        boundary_counts(labels, sample.truths)
        found["superpixel_scores"].append(middle - begin)
        found["boundary_counts"].append(time.perf_counter() - middle)
    return {name: values[1:] for name, values in found.items()}


def scores(sample: Sample, name: str, n_segments: int) -> list[float]:
    """Score one method on one picture, its labels split into connected pieces."""
    labels = components(METHODS[name](sample.image, n_segments))
    found = superpixel_scores(labels, sample.image, sample.truths, r=1)
    return [found[column] for column in COLUMNS]


def main() -> None:
    """Print the times and the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder of BSDS500")
    parser.add_argument("--split", default="val")
    parser.add_argument("--every", type=int, default=1, help="take every so many pictures")
    parser.add_argument("--first", type=int, default=0, help="the number of the first picture")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    data = bsds500(options.data, options.split)[options.first :: options.every]
    for name, values in seconds(data).items():
        median, most = 1000 * statistics.median(values), 1000 * max(values)
        print(f"{name}: median {median:.0f} ms, largest {most:.0f} ms over {len(values)} pictures")
    print("| method | K |", " | ".join(COLUMNS), "|")
    print("|---" * (2 + len(COLUMNS)) + "|")
    for name in METHODS:
        for k in (100, 300, 600):
            rows = Parallel(options.jobs)(delayed(scores)(sample, name, k) for sample in data)
            mean = np.nanmean(rows, axis=0)
            print(
                f"| {name} | {k} | {mean[0]:.0f} |", " | ".join(f"{v:.3f}" for v in mean[1:]), "|", flush=True
            )


if __name__ == "__main__":
    main()
