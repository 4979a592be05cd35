"""Learned methods as the registry calls them: (image, K, value of the setting) -> labels.

torch is loaded when one of them runs, on one thread, as all methods of the benchmark run.
"""

import numpy as np
from numpy.typing import NDArray

from spamlab._threads import one_thread

Image = NDArray[np.float32]
Labels = NDArray[np.integer]


def ssn(image: Image, n_segments: int, compactness: float) -> Labels:
    """Run SSN with the shipped weights, the network included."""
    return _ssn(image, n_segments, compactness, "ssn")


def ssn_pixel(image: Image, n_segments: int, compactness: float) -> Labels:
    """Run SSN on colour and position alone."""
    return _ssn(image, n_segments, compactness, None)


def segments_superpixels(image: Image, n_segments: int, compactness: float) -> Labels:
    """Return the superpixels that `spamlab.segments.segments` merges, the network included."""
    from spamlab.segments import graph

    with one_thread():
        return graph(image, n_segments, compactness).superpixels


def lnsnet(image: Image, n_segments: int, min_size_factor: float) -> Labels:
    """Run LNS-Net with the shipped weights: seeds that walk, learned with rescaled gradients (LNS-3)."""
    return _lnsnet(image, n_segments, min_size_factor, "lnsnet")


def lnsnet_1(image: Image, n_segments: int, min_size_factor: float) -> Labels:
    """Run LNS-Net as learned with the seeds of the grid (LNS-1)."""
    return _lnsnet(image, n_segments, min_size_factor, "lnsnet-1")


def lnsnet_2(image: Image, n_segments: int, min_size_factor: float) -> Labels:
    """Run LNS-Net as learned with seeds that walk, without rescaled gradients (LNS-2)."""
    return _lnsnet(image, n_segments, min_size_factor, "lnsnet-2")


def _ssn(image: Image, n_segments: int, compactness: float, weights: str | None) -> Labels:
    from spamlab.ssn import ssn as cut

    with one_thread():
        return cut(image, n_segments, compactness, weights=weights)


def _lnsnet(image: Image, n_segments: int, min_size_factor: float, weights: str) -> Labels:
    from spamlab.lnsnet import lnsnet as cut

    with one_thread():
        return cut(image, n_segments, weights=weights, min_size_factor=min_size_factor)
