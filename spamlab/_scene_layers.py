"""Scenes of layers: near-horizontal bands as an OCT scan of a retina shows them, grey, with shadows.

The borders are stacked from the lowest upwards, each by a thickness that is above 0 everywhere, so they never
cross. A pit thins the upper layers. Vessels, which are not drawn, throw shadows down from the
second border (the first, if there is no other): they are in the picture, not in the truth.

Places and lengths are relative to the height and the width.
"""

import numpy as np
from numpy.typing import NDArray

_WAVES = 4  # sine waves in one border
_PITTED = 0.45  # of the bounded layers that the pit thins


def layers(
    rng: np.random.Generator, size: tuple[int, int], n_borders: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Draw layers, without blur and noise.

    Parameters
    ----------
    rng : Generator
    size : (int, int)
        Height and width in pixels.
    n_borders : int
        Borders between layers, at least 0.

    Returns
    -------
    grey : (H, W) float64 ndarray
        Grey values in [0, 1].
    truth : (H, W) int32 ndarray
        The number of borders above each pixel: 0 on top, `n_borders` at the bottom.
    """
    y, x = (np.arange(n) + 0.5 for n in size)
    y, x = y[:, None] / size[0], x / size[1]
    heights = _borders(rng, x, n_borders)
    truth = np.zeros(size, np.int32)
    for height in heights:
        truth += y >= height
    grey = _levels(rng, n_borders)[truth]
    if n_borders:
        # what lies below the lowest border fades with depth
        grey *= np.exp(-np.maximum(0, y - heights[-1]) / rng.uniform(0.1, 0.2))
    return 0.03 + 0.97 * grey * _shadows(rng, y, x, heights[min(1, n_borders - 1)] if n_borders else 1), truth


def _borders(rng: np.random.Generator, x: NDArray, n_borders: int) -> NDArray:
    """Return the heights of the borders at each column, (n, W), from top to bottom."""
    lowest = rng.uniform(0.68, 0.78) + rng.uniform(-0.1, 0.1) * (x - 0.5)
    lowest = lowest + rng.uniform(-0.25, 0.25) * (x - 0.5) ** 2 + _wave(rng, x, 0.012)
    pit = np.exp(-(((x - rng.uniform(0.3, 0.7)) / rng.uniform(0.07, 0.12)) ** 2))
    bounded = max(n_borders - 1, 0)
    shares = np.exp(rng.normal(0, 0.5, bounded))
    shares *= rng.uniform(0.36, 0.48) / max(shares.sum(), 1e-9)
    thick = np.empty((bounded, len(x)))
    for k, share in enumerate(shares):
        thick[k] = share * np.exp(_wave(rng, x, 0.22))
    thick[: int(_PITTED * bounded)] *= 1 - rng.uniform(0.75, 0.92) * pit
    above = np.cumsum(thick[::-1], axis=0)[::-1]
    return np.concatenate([lowest - above, lowest[None]])[:n_borders]


def _wave(rng: np.random.Generator, x: NDArray, strength: float) -> NDArray:
    phases = rng.uniform(0, 2 * np.pi, _WAVES)
    counts = np.exp(rng.uniform(np.log(1), np.log(7), _WAVES))  # in the width of the picture
    waves = np.sin(2 * np.pi * counts[:, None] * x + phases[:, None]) / np.sqrt(counts)[:, None]
    return strength * waves.sum(axis=0)


def _levels(rng: np.random.Generator, n_borders: int) -> NDArray:
    """Return the grey value of each layer: the top is dark, then bright and dark take turns."""
    levels = [rng.uniform(0.02, 0.06)]
    for k in range(1, n_borders + 1):
        bright = k % 2 == 1
        levels.append(rng.uniform(0.42, 0.72) if bright else rng.uniform(0.16, 0.36))
    if n_borders > 2:
        levels[-2], levels[-3] = rng.uniform(0.8, 0.95), rng.uniform(0.16, 0.5)
    if n_borders:
        levels[-1] = rng.uniform(0.35, 0.5)
    return np.array(levels)


def _shadows(rng: np.random.Generator, y: NDArray, x: NDArray, onset: NDArray | float) -> NDArray:
    """Return the light that is left, (H, W): vertical shadows with soft edges that begin below `onset`."""
    light = np.ones((len(y), len(x)))
    begun = 1 / (1 + np.exp(-np.clip((y - onset) / 0.008, -50, 50)))
    for _ in range(rng.integers(3, 7)):
        place, width, depth = rng.uniform(0.02, 0.98), rng.uniform(0.005, 0.018), rng.uniform(0.4, 0.75)
        light *= 1 - depth * begun * np.exp(-(((x - place) / width) ** 2))
    return light
