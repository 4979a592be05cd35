"""How fast our SLIC is beside scikit-image's and OpenCV's, as ratios: ``python benchmarks/speed.py``.

Every method gets the same picture, K and ten iterations, connectivity included. Runs are interleaved, so
that a busy moment of the machine hits all of them, and medians are compared. OpenCV (the `bench` extra)
starts from Lab, as its documentation advises; the conversion is timed. Let nothing else run meanwhile.
"""

import argparse
import statistics
import time

import numpy as np
from skimage.segmentation import slic as skimage_slic
from skimage.transform import resize
from tqdm import tqdm

from spamlab.data import load_image
from spamlab.slic import slic

CASES = [((321, 481), 200), ((720, 1280), 500), ((1080, 1920), 1000)]


def opencv_slic(image: np.ndarray, n_segments: int) -> np.ndarray:
    """Run OpenCV's SLIC with the region size that asks for `n_segments`."""
    import cv2

    step = int(np.sqrt(image.shape[0] * image.shape[1] / n_segments))
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    method = cv2.ximgproc.createSuperpixelSLIC(lab, cv2.ximgproc.SLIC, step, 10.0)
    method.iterate(10)
    method.enforceLabelConnectivity(25)
    return method.getLabels()


METHODS = {
    "spamlab": lambda image, n: slic(image, n),
    "scikit-image": lambda image, n: skimage_slic(image, n, compactness=10, max_num_iter=10, start_label=0),
    "OpenCV": opencv_slic,
}


def measure(image: np.ndarray, n_segments: int, repeats: int) -> dict[str, float]:
    """Return the median seconds of each method over interleaved runs, after one run that warms up."""
    seconds = {name: [] for name in METHODS}
    for turn in tqdm(range(repeats + 1), desc=f"{image.shape[0]} x {image.shape[1]}", leave=False):
        for name, method in METHODS.items():
            begin = time.perf_counter()
            method(image, n_segments)
            if turn > 0:
                seconds[name].append(time.perf_counter() - begin)
    return {name: statistics.median(values) for name, values in seconds.items()}


def main() -> None:
    """Print one line per size: milliseconds, and how many of our runs fit into one of theirs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15, help="timed runs per method and size")
    repeats = parser.parse_args().repeats
    print(
        "| picture | K |",
        " | ".join(f"{name} (ms)" for name in METHODS),
        "| ratio to scikit-image | to OpenCV |",
    )
    print("|---" * (4 + len(METHODS)) + "|")
    for shape, n_segments in CASES:
        photograph = resize(load_image("coffee"), shape, anti_aliasing=True)
        median = measure((photograph * 255).astype(np.uint8), n_segments, repeats)
        times = " | ".join(f"{1000 * median[name]:.0f}" for name in METHODS)
        ratios = " | ".join(f"{median[name] / median['spamlab']:.2f}" for name in list(METHODS)[1:])
        print(f"| {shape[0]} x {shape[1]} | {n_segments} | {times} | {ratios} |")


if __name__ == "__main__":
    main()
