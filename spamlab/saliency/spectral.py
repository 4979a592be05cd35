"""Spectral residual: what is unusual in the spectrum of a picture stands out in the picture.

X. Hou, L. Zhang, "Saliency detection: a spectral residual approach", CVPR 2007. It takes milliseconds and
finds small odd things; of a large object it finds the outline.

Where we differ from the authors' script: the longer side becomes 64 pixels instead of the width, so that a
turned picture gives the turned map; and the spectrum is averaged across its ends, as it is periodic.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import fft2, ifft2
from scipy.ndimage import gaussian_filter, uniform_filter
from skimage.color import rgb2gray
from skimage.transform import resize

from spamlab.features import as_image

SIDE = 64  # pixels
_SIGMA = 2.5  # pixels of the small picture
_FLAT = 1e-4  # a smaller range of grey is none


@dataclass(frozen=True)
class Spectrum:
    """The steps of the spectral residual, all of the size (h, w) of the small picture, float64.

    Attributes
    ----------
    grey : ndarray
        The small picture, in [0, 1].
    log_amplitude : ndarray
        Of its Fourier transform; frequency 0 comes first.
    residual : ndarray
        ``log_amplitude`` minus its mean over 3 x 3 frequencies.
    response : ndarray
        The residual, turned back into a picture with the old phase, squared and blurred.
    """

    grey: NDArray[np.float64]
    log_amplitude: NDArray[np.float64]
    residual: NDArray[np.float64]
    response: NDArray[np.float64]


def spectrum(image: ArrayLike) -> Spectrum:
    """Compute the spectral residual of a picture.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts. A smaller picture than 64 pixels keeps its size.

    Returns
    -------
    Spectrum
        Of a picture without contrast, ``response`` is 0.
    """
    grey = _small(rgb2gray(as_image(image)).astype(np.float64))
    F = fft2(grey)
    log_amplitude = np.log(np.abs(F) + 1e-8)
    residual = log_amplitude - uniform_filter(log_amplitude, 3, mode="wrap")
    back = ifft2(np.exp(residual + 1j * np.angle(F)))
    response = gaussian_filter(np.square(np.abs(back)), _SIGMA, mode="constant")
    return Spectrum(grey, log_amplitude, residual, response * (np.ptp(grey) > _FLAT))


def _small(grey):
    share = min(1.0, SIDE / max(grey.shape))
    shape = [max(1, round(share * side)) for side in grey.shape]
    return resize(grey, shape, order=1, anti_aliasing=share < 1)
