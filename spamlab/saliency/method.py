"""Saliency of one picture: the steps in a row."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from skimage.transform import resize

from spamlab._arguments import whole_number
from spamlab.features import as_image
from spamlab.regions import as_labels, relabel
from spamlab.saliency.background import (
    background_weight,
    border_connectivity,
    contrast,
    foreground_weight,
    geodesic,
    stretch,
)
from spamlab.saliency.graph import Scales, differences, link_border, nodes, on_border, scales, touching
from spamlab.saliency.optimisation import optimise, pull, sure_background
from spamlab.saliency.spectral import Spectrum, spectrum
from spamlab.slic import slic

COMPACTNESS = 20.0  # Lab units
MOST = 2000  # superpixels: every pair of them takes 8 bytes, several times


@dataclass(frozen=True)
class Details:
    """What robust background detection knows of each of the n superpixels, step by step.

    Attributes
    ----------
    labels : (H, W) int32 ndarray
        The superpixels.
    colour, position : (n, 3) and (n, 2) float64 ndarray
        See `nodes`.
    touching, linked : (n, n) bool ndarray
        Without and with the links of the border.
    border : (n,) bool ndarray
        See `on_border`.
    scales : Scales
        What counts as a small difference of colour here.
    geodesic : (n, n) float64 ndarray
        In Lab units.
    connectivity, background, contrast, foreground : (n,) float64 ndarray
        See the functions of these names.
    values : (n,) float64 ndarray
        What `optimise` returned, before it is stretched to [0, 1].
    """

    labels: NDArray[np.int32]
    colour: NDArray[np.float64]
    position: NDArray[np.float64]
    touching: NDArray[np.bool_]
    linked: NDArray[np.bool_]
    border: NDArray[np.bool_]
    scales: Scales
    geodesic: NDArray[np.float64]
    connectivity: NDArray[np.float64]
    background: NDArray[np.float64]
    contrast: NDArray[np.float64]
    foreground: NDArray[np.float64]
    values: NDArray[np.float64]


def saliency(
    image: ArrayLike,
    method: str = "rbd",
    n_segments: int = 250,
    details: bool = False,
    *,
    labels: ArrayLike | None = None,
) -> NDArray[np.float32] | tuple[NDArray[np.float32], Details | Spectrum]:
    """Estimate where people look in a picture, without training.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts.
    method : {"rbd", "spectral"}
        Robust background detection on superpixels, or the spectral residual.
    n_segments : int
        The number of SLIC superpixels asked for ("rbd"), 1 to 2000; never more than there are pixels.
    details : bool
        Also return the steps.
    labels : (H, W) int array_like, optional
        Superpixels to use instead of SLIC's ("rbd"), at most 2000, one for every pixel.

    Returns
    -------
    map : (H, W) float32 ndarray
        In [0, 1]. It reaches both ends, or it is 0 everywhere because nothing stands out.
    details : Details or Spectrum
        Only with ``details=True``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range, or `labels` do not belong to this picture.
    """
    if method not in ("rbd", "spectral"):
        raise ValueError(f"method={method!r}, expected 'rbd' (superpixels) or 'spectral'")
    image = as_image(image)
    if method == "spectral":
        steps = spectrum(image)
        result = stretch(resize(steps.response, image.shape[:2], order=1))
    else:
        steps = background_detection(image, _superpixels(image, n_segments, labels))
        result = stretch(steps.values)[steps.labels]
    result = result.astype(np.float32)
    return (result, steps) if details else result


def background_detection(image: ArrayLike, labels: NDArray[np.int32]) -> Details:
    """Run robust background detection on superpixels 0 to n - 1 that cover the picture.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts.
    labels : (H, W) int32 ndarray

    Returns
    -------
    Details
        Every step; ``stretch(details.values)[labels]`` is the map.
    """
    colour, position = nodes(labels, image)
    neighbours, border = touching(labels), on_border(labels)
    linked = link_border(neighbours, border)
    difference = differences(colour)
    scale = scales(difference, neighbours)
    length = geodesic(difference, linked, scale.clip)
    connectivity = border_connectivity(length, border, scale.geodesic)
    background = background_weight(connectivity)
    seen = contrast(difference, differences(position), background)
    foreground = foreground_weight(seen)
    alike = pull(difference, neighbours, border, scale.smoothness)
    values = optimise(sure_background(background, connectivity), foreground, alike)
    graph = (labels, colour, position, neighbours, linked, border, scale)
    return Details(*graph, length, connectivity, background, seen, foreground, values)


def _superpixels(image, n_segments, labels):
    if labels is None:
        n_segments = whole_number("n_segments", n_segments, f"1 to {MOST} superpixels; 250 is usual", 1, MOST)
        return slic(image, min(n_segments, image.shape[0] * image.shape[1]), COMPACTNESS)
    labels = relabel(as_labels(labels))
    if labels.min() < 0:
        raise ValueError(f"labels hold {labels.min()}, expected a superpixel for every pixel, 0 or above")
    if labels.max() >= MOST:
        raise ValueError(
            f"labels hold {labels.max() + 1} superpixels, expected at most {MOST}; ask for fewer"
        )
    return labels
