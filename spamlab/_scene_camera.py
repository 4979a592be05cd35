"""What the camera makes of a scene: colours, blur, and the noise of its kind."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

# the kinds of scenes, and the usual strength of their noise
NOISE = {"leaves": 0.01, "grey": 0.01, "noisy": 0.2, "layers": 0.4, "vessels": 0.01}


def photograph(
    drawn: NDArray, kind: str, noise: float, blur: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Blur what was drawn and add noise.

    Parameters
    ----------
    drawn : (H, W, 3) or (H, W) float64 ndarray
        CIE Lab; of layers, grey values in [0, 1]. It is changed.
    kind : str
        A key of NOISE.
    noise, blur : float
        As in `spamlab.data.scene`.
    rng : Generator

    Returns
    -------
    (H, W, 3) float32 ndarray
        RGB in [0, 1].
    """
    from skimage.color import lab2rgb

    if kind == "layers":
        image = drawn[..., None]
    else:
        drawn[..., 0] = np.clip(drawn[..., 0], 2, 98)
        drawn[..., 1:] *= kind != "grey"
        image = lab2rgb(drawn)[..., : 1 if kind == "grey" else 3]
    image = gaussian_filter(image, (blur, blur, 0), mode="nearest")
    if kind == "noisy" and noise > 1e-6:  # NumPy draws no numbers of photons beyond 1e18
        image = noise**2 * rng.poisson(np.clip(image, 0, 1) / noise**2)
    elif kind == "layers":
        image = image * _speckle(rng, image.shape[:2], noise)[..., None]
    elif kind != "noisy":
        image = image + noise * rng.standard_normal(image.shape)
    return np.broadcast_to(np.clip(image, 0, 1), (*image.shape[:2], 3)).astype(np.float32)


def _speckle(rng: np.random.Generator, size: tuple[int, int], noise: float) -> NDArray:
    """Return factors of mean 1 and standard deviation `noise`, alike over about two pixels of a row."""
    filters = {"sigma": (0.5, 0.9), "mode": "wrap"}
    grain = gaussian_filter(rng.standard_normal(size), **filters)
    dot = np.zeros((15, 15))
    dot[7, 7] = 1
    grain /= np.linalg.norm(gaussian_filter(dot, **filters))  # to a standard deviation of 1
    spread = np.sqrt(np.log1p(noise**2))
    return np.exp(spread * grain - spread**2 / 2)
