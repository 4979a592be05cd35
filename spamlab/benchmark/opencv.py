"""OpenCV's methods as the registry calls them: (image, K, value of the setting) -> labels.

They need the `bench` extra. As OpenCV's documentation advises, they start from Lab after a small Gaussian
blur (3 x 3); Lab is kept as float32, in true Lab units, with which all of them score better than with 8 bits.
They run on one thread, as the others do. Where OpenCV offers a connectivity step, it runs with its default
of 25 %; for MSLIC and LSC it leaves many small pieces, and SEEDS has none, so theirs are merged afterwards
(`methods.MERGE`).
"""

import numpy as np
from numpy.typing import NDArray

MISSING = 'OpenCV with its contributed modules is not installed; get it with: pip install "spamlab[bench]"'
Image = NDArray[np.float32]
Labels = NDArray[np.int32]


def slic(image: Image, n_segments: int, compactness: float) -> Labels:
    """Run OpenCV's SLIC."""
    return _slic("SLIC", image, n_segments, compactness)


def slico(image: Image, n_segments: int, _: None = None) -> Labels:
    """Run OpenCV's SLICO, which has no setting."""
    return _slic("SLICO", image, n_segments, 10)


def mslic(image: Image, n_segments: int, compactness: float) -> Labels:
    """Run OpenCV's MSLIC (manifold SLIC)."""
    return _slic("MSLIC", image, n_segments, compactness)


def lsc(image: Image, n_segments: int, ratio: float) -> Labels:
    """Run OpenCV's LSC (Li and Chen 2015)."""
    method = _ximgproc().createSuperpixelLSC(_lab(image), _step(image, n_segments), ratio)
    return _run(method)


def seeds(image: Image, n_segments: int, prior: float) -> Labels:
    """Run OpenCV's SEEDS (van den Bergh et al. 2012), ten iterations.

    It has three levels of blocks instead of the usual four, which could not give 800 superpixels here. It
    builds histograms of 8-bit channels.
    """
    height, width = image.shape[:2]
    method = _ximgproc().createSuperpixelSEEDS(width, height, 3, n_segments, 3, int(prior))
    method.iterate(_lab(image, 8), 10)
    return method.getLabels()


def _slic(kind: str, image: Image, n_segments: int, compactness: float) -> Labels:
    library = _ximgproc()
    step = _step(image, n_segments)
    return _run(library.createSuperpixelSLIC(_lab(image), getattr(library, kind), step, float(compactness)))


def _run(method) -> Labels:
    method.iterate(10)
    method.enforceLabelConnectivity(25)
    return method.getLabels()


def _ximgproc():
    try:
        import cv2

        library = cv2.ximgproc
    except (ImportError, AttributeError) as error:  # opencv-python lacks the contributed modules
        raise ModuleNotFoundError(MISSING) from error
    cv2.setNumThreads(1)
    return library


def _step(image: Image, n_segments: int) -> int:
    return max(1, round(float(np.sqrt(image.shape[0] * image.shape[1] / n_segments))))


def _lab(image: Image, bits: int = 32) -> NDArray:
    import cv2

    smooth = cv2.GaussianBlur(np.ascontiguousarray(image), (3, 3), 0)
    if bits == 8:
        smooth = np.rint(smooth * 255).astype(np.uint8)
    return cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB)
