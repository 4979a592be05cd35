"""scikit-image's methods as the registry calls them: (image, K, value of the setting) -> labels."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage import segmentation

from spamlab.features import lab
from spamlab.regions import enforce_connectivity
from spamlab.seeds import grid, nearest_pixels

Image = NDArray[np.float32]
Labels = NDArray[np.integer]


def slic(image: Image, n_segments: int, compactness: float) -> Labels:
    """Run scikit-image's SLIC with ten iterations and its own connectivity."""
    return segmentation.slic(image, n_segments, compactness, max_num_iter=10, start_label=0)


def watershed(image: Image, n_segments: int, compactness: float) -> Labels:
    """Run the compact watershed (Neubert and Protzel 2014) on the gradient, from the centres of a grid.

    The gradient is the length of the Sobel gradient of all three Lab channels, in Lab units per pixel.
    """
    slopes = [ndimage.sobel(lab(image), axis=axis) / 8 for axis in (0, 1)]
    gradient = np.sqrt(sum((slope**2).sum(axis=2) for slope in slopes))
    centres = nearest_pixels(grid(gradient.shape, n_segments)[0], gradient.shape)
    markers = np.zeros(gradient.shape, np.int32)
    markers[tuple(centres.T)] = np.arange(len(centres)) + 1
    return segmentation.watershed(gradient, markers, compactness=compactness) - 1


def quickshift(image: Image, n_segments: int, ratio: float) -> Labels:
    """Run quickshift with a kernel of 0.15 S, S = sqrt(N / K), and links up to twice that long.

    It has no K; these lengths bring it near K once pieces below 0.25 N / K are merged.
    """
    kernel = 0.15 * np.sqrt(image.shape[0] * image.shape[1] / n_segments)
    return segmentation.quickshift(image, ratio=ratio, kernel_size=kernel, max_dist=2 * kernel)


def felzenszwalb(image: Image, n_segments: int, sigma: float, scale: float) -> Labels:
    """Run Felzenszwalb's method at a scale from `felzenszwalb_scale`, with regions of at least 0.25 N / K."""
    size = _smallest(image, n_segments)
    return segmentation.felzenszwalb(image, scale=scale, sigma=sigma, min_size=int(size))


def felzenszwalb_scale(image: Image, n_segments: int, sigma: float, steps: int = 7) -> float:
    """Find the scale whose number of regions is nearest to K: go down until there are K, then bisect.

    From very small scales on the number rises a little, then it falls; so the search starts at large ones,
    and the best of all scales tried is kept. Where no scale gives K regions, it is the nearest below.
    """
    found: dict[float, int] = {}

    def count(scale: float) -> int:
        labels = felzenszwalb(image, n_segments, sigma, scale)
        found[scale] = int(enforce_connectivity(labels, _smallest(image, n_segments)).max()) + 1
        return found[scale]

    low = 3000.0
    while count(low) < n_segments and low > 1:
        low /= 3
    high = 3 * low
    for _ in range(steps if found[low] > n_segments else 0):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if count(middle) > n_segments else (low, middle)
    return min(found, key=lambda scale: abs(found[scale] - n_segments))


def _smallest(image: Image, n_segments: int) -> float:
    return 0.25 * image.shape[0] * image.shape[1] / n_segments
