"""What is background: it reaches the border of the picture along paths on which colour hardly changes."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from spamlab._otsu import otsu

SIGMA_BORDER = 1.0
SIGMA_POSITION = 0.4  # the authors' program; the paper says 0.25
_NOTHING = 1e-6  # a smaller range is rounding


def geodesic(difference: NDArray[np.float64], links: NDArray[np.bool_], clip: float) -> NDArray[np.float64]:
    """Return the length of the shortest path between every two superpixels (Dijkstra).

    A step along a link costs max(0, difference - clip): noise does not add up on a long way.

    Parameters
    ----------
    difference : (n, n) float64 ndarray
        Of colours, in Lab units.
    links : (n, n) bool ndarray
        Where a path may go, both ways.
    clip : float
        In Lab units; see `Scales`.

    Returns
    -------
    (n, n) float64 ndarray
        In Lab units; inf where no path leads.
    """
    a, b = np.argwhere(links).astype(np.int32).T  # csgraph wants 32 bits
    cost = np.maximum(difference[a, b] - clip, 0)
    return dijkstra(csr_array((cost, (a, b)), shape=links.shape))  # a stored 0 is a step that costs nothing


def border_connectivity(
    length: NDArray[np.float64], border: NDArray[np.bool_], sigma: float
) -> NDArray[np.float64]:
    """Return how much of the outline of the area around each superpixel lies at the border of the picture.

    Superpixel j belongs to the area of i by T_ij = exp(-length_ij^2 / 2 sigma^2). The sum of T_ij over all j
    is Area_i, that over all j at the border Len_i, and Len_i / sqrt(Area_i) is returned. Twice as many
    superpixels each way change it little.

    Parameters
    ----------
    length : (n, n) float64 ndarray
        What `geodesic` returned.
    border : (n,) bool ndarray
        What `on_border` returned.
    sigma : float
        In Lab units; see `Scales`.

    Returns
    -------
    (n,) float64 ndarray
        0 = an island; above 1 = background, as a rule.
    """
    belongs = np.exp(-np.square(length) / (2 * sigma**2))
    return belongs[:, border].sum(axis=1) / np.sqrt(belongs.sum(axis=1))


def background_weight(connectivity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn border connectivity into a probability of background, 1 - exp(-c^2 / 2): (n,), in [0, 1]."""
    return -np.expm1(-np.square(connectivity) / (2 * SIGMA_BORDER**2))


def contrast(
    difference: NDArray[np.float64],
    distance: NDArray[np.float64],
    background: NDArray[np.float64],
    sigma: float = SIGMA_POSITION,
) -> NDArray[np.float64]:
    """Sum the differences of colour to all superpixels, those that are background and near above all.

    sum_j difference_ij exp(-distance_ij^2 / 2 sigma^2) b_j

    Parameters
    ----------
    difference : (n, n) float64 ndarray
        Of colours, in Lab units.
    distance : (n, n) float64 ndarray
        Of positions, 1 = a side of the picture.
    background : (n,) float64 ndarray
        b, what `background_weight` returned. All ones give plain contrast.
    sigma : float
        How far a superpixel looks, as a share of the side.

    Returns
    -------
    (n,) float64 ndarray
        In Lab units, 0 or more; it grows with n.
    """
    return (difference * np.exp(-np.square(distance) / (2 * sigma**2))) @ background


def foreground_weight(contrast: NDArray[np.float64]) -> NDArray[np.float64]:
    """Stretch contrast to [0, 1] and set Otsu's lower group to 0: (n,) -> (n,) float64."""
    weight = stretch(contrast)
    return np.where(weight > otsu(weight), weight, 0.0)


def stretch(values: NDArray) -> NDArray[np.float64]:
    """Map the range of values to [0, 1]; where all are the same, nothing stands out and all become 0."""
    values = np.asarray(values, np.float64)
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high - low > _NOTHING else np.zeros_like(values)
