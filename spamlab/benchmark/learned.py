"""Learned methods as the registry calls them: (image, K, value of the setting) -> labels.

torch is loaded when one of them runs, on one thread, as all methods of the benchmark run.
"""

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Labels = NDArray[np.integer]


def ssn(image: Image, n_segments: int, compactness: float) -> Labels:
    """Run SSN with the shipped weights, the network included."""
    return _ssn(image, n_segments, compactness, "ssn")


def ssn_pixel(image: Image, n_segments: int, compactness: float) -> Labels:
    """Run SSN on colour and position alone."""
    return _ssn(image, n_segments, compactness, None)


def _ssn(image: Image, n_segments: int, compactness: float, weights: str | None) -> Labels:
    import torch

    from spamlab.ssn import ssn as cut

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return cut(image, n_segments, compactness, weights=weights)
    finally:
        torch.set_num_threads(threads)
