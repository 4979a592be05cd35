"""Density where one looks: which objects are attended, and how densely superpixels lie at each pixel."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spamlab._arguments import number
from spamlab._otsu import otsu
from spamlab.regions import region_means
from spamlab.spam.budgets import as_density

LEAST = 0.1  # an object with less of the attention than this is never attended
SAME = 1e-9  # values that differ by less are equal but for rounding


def object_attention(attention: ArrayLike, objects: NDArray[np.int32]) -> NDArray[np.float64]:
    """Average a map over each object, and stretch what comes out to 0 to 1.

    Parameters
    ----------
    attention : (H, W) or (n,) array_like
        What draws the eye, in [0, 1]: a value per pixel, or one per object, in the order of their numbers.
    objects : (H, W) int32 ndarray
        `numbered`: 0 = uncertain, 1 to n = objects. Uncertain pixels do not count.

    Returns
    -------
    (n,) float64 ndarray
        0 for the least attended object, 1 for the most; 1 for all where all are equal.

    Raises
    ------
    ValueError
        If there are as many values neither as pixels nor as objects, or one is not in [0, 1].
    """
    n = int(objects.max())
    values = np.asarray(attention, np.float64)
    if values.shape not in ((n,), objects.shape):
        raise ValueError(
            f"attention has shape {values.shape}, expected {objects.shape}, a value per pixel, or ({n},), "
            "one per object of the map, in the order of their numbers"
        )
    if not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(
            f"attention goes from {values.min()} to {values.max()}, expected 0 to 1; subtract the smallest "
            "value and divide by the largest"
        )
    if values.shape == objects.shape:
        values = region_means(objects - 1, values)[:, 0]
    low, span = values.min(), np.ptp(values)
    return np.ones(n) if span < SAME else (values - low) / span


def attended(
    attention: ArrayLike, objects: NDArray[np.int32], threshold: float | None = None
) -> NDArray[np.bool_]:
    """Tell which objects are attended: those whose `object_attention` lies above the threshold.

    Parameters
    ----------
    attention, objects
        See `object_attention`.
    threshold : float, optional
        By default Otsu's over the objects, which each count once, but at least 0.1.

    Returns
    -------
    (n,) bool ndarray
        All of them without `threshold` if all are equal; so too if there is one object.
    """
    values = object_attention(attention, objects)
    if threshold is None:
        threshold = max(LEAST, otsu(values))
    return values > number("threshold", threshold, "a number from 0 to 1; None finds one", low=0, high=1)


def density_map(
    density: float | ArrayLike | None,
    objects: NDArray[np.int32],
    attended: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64] | None:
    """Turn any kind of density into how densely superpixels should lie at each pixel, 1 on average.

    Parameters
    ----------
    density : float or array_like, optional
        A factor for attended objects; or a weight per object, (n,); or one per pixel, (H, W). Above 0.
    objects : (H, W) int32 ndarray
        `numbered`, then `spread`: 1 to n = objects. An uncertain pixel has the density of the object it
        counts with.
    attended : (n,) bool ndarray, optional
        Which objects are attended, wanted with a factor.

    Returns
    -------
    (H, W) float64 ndarray or None
        None where it is the same everywhere, and nothing depends on it.

    Raises
    ------
    TypeError, ValueError
        If a weight is not above 0 and finite, there are as many neither as pixels nor as objects, or a
        factor comes without `attended`.
    """
    if density is None:
        return None
    if np.ndim(density) == 0:
        density = _times(density, attended)
    if np.ndim(density) == 1:
        density = _of_objects(density, objects)
    density = as_density(density, objects)
    return None if density.min() == density.max() else density / density.mean()


def local_radius(radius: float, density: NDArray[np.float64] | None) -> float | NDArray[np.float64]:
    """Divide a radius by the square root of the density, so that it shrinks as superpixels do.

    The density is rounded to a power of sqrt(2), so that a map has few radii, each off by 9% at most.
    """
    return radius if density is None else radius / 2 ** (np.round(2 * np.log2(density)) / 4)


def _times(factor: float, attended: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    """Return the weight of each object: the factor where it is attended, else 1."""
    factor = number("density", factor, "a factor above 0; 1 changes nothing", above=0)
    if attended is None:
        raise ValueError(
            f"density={factor:g} is a factor for attended objects, expected attention with it; pass "
            "attention=, a map or a value per object"
        )
    return np.where(attended, factor, 1.0)


def _of_objects(weights: ArrayLike, objects: NDArray[np.int32]) -> NDArray[np.float64]:
    """Give each pixel the weight of its object."""
    weights, n = np.asarray(weights, np.float64), int(objects.max())
    if weights.shape != (n,):
        raise ValueError(
            f"density has {len(weights)} weights, expected {n}, one per object of the map, in the order of "
            "their numbers"
        )
    return weights[objects - 1]
