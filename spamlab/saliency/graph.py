"""The graph of the superpixels: its nodes, its links, and the scales that the picture itself sets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from spamlab.features import lab, positions
from spamlab.regions import adjacency, region_means, same_shape


@dataclass(frozen=True)
class Scales:
    """What counts as a small difference of colour in this picture, in Lab units.

    Attributes
    ----------
    clip : float
        A step between neighbours up to this costs a path nothing.
    geodesic : float
        How far a path may go and still count as the same area.
    smoothness : float
        How far neighbours may differ and still pull each other.
    """

    clip: float
    geodesic: float
    smoothness: float


def nodes(labels: NDArray[np.int32], image: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean colour and the mean position of each superpixel.

    Parameters
    ----------
    labels : (H, W) int32 ndarray
        Superpixels 0 to n - 1.
    image : array_like
        Anything `spamlab.features.as_image` accepts, of the same size.

    Returns
    -------
    colour : (n, 3) float64 ndarray
        L, a, b.
    position : (n, 2) float64 ndarray
        (row, col), each from 0 at the first pixel to 1 at the last one of its axis.
    """
    colour = lab(image)
    same_shape(colour[..., 0], labels, "image")
    sides = np.maximum(np.array(labels.shape) - 1, 1)
    return region_means(labels, colour), region_means(labels, positions(labels.shape)) / sides


def differences(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Euclidean distance of every two rows: (n, C) -> (n, n)."""
    return cdist(values, values)


def touching(labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return which superpixels share an edge: (n, n) bool, symmetric, False on the diagonal."""
    n = int(labels.max()) + 1
    links = np.zeros((n, n), bool)
    a, b = adjacency(labels)[0].T
    links[a, b] = links[b, a] = True
    return links


def on_border(labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return which superpixels hold a pixel at the border of the picture: (n,) bool."""
    border = np.zeros(int(labels.max()) + 1, bool)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        border[side] = True
    return border


def link_border(links: NDArray[np.bool_], border: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Add a link between every two superpixels at the border, so that the background is one area.

    A tree that cuts the sky in two no longer separates its halves.

    Parameters
    ----------
    links : (n, n) bool ndarray
    border : (n,) bool ndarray

    Returns
    -------
    (n, n) bool ndarray
        A new matrix, False on the diagonal.
    """
    return _without_self(links | np.outer(border, border))


def two_rings(links: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Link neighbours and the neighbours of neighbours: (n, n) bool, False on the diagonal."""
    return _without_self(links | (links.astype(np.float32) @ links > 0))


def scales(difference: NDArray[np.float64], links: NDArray[np.bool_]) -> Scales:
    """Read the scales from the differences between neighbours, as the authors' program does.

    Parameters
    ----------
    difference : (n, n) float64 ndarray
        Of colours, in Lab units.
    links : (n, n) bool ndarray
        What `touching` returned.

    Returns
    -------
    Scales
        ``smoothness`` is at least 1, about the smallest difference one sees: a plain background would
        make it 0.
    """
    near, wide = _mean_least(difference, links), _mean_least(difference, two_rings(links))
    between = np.sort(difference[links])
    largest = between[-max(1, round(0.01 * len(between))) :]
    top = float(largest.mean()) if len(largest) else 0.0
    return Scales(
        clip=wide,
        geodesic=max(5.0, min(10.0, 3 * near, top / 10)),
        smoothness=max(1.0, min(20.0, 3 * near, top / 5)),
    )


def _mean_least(difference, links):
    """Average over the nodes the smallest difference to a linked one; 0 if nothing is linked."""
    linked = links.any(axis=1)
    least = np.where(links, difference, np.inf).min(axis=1)[linked]
    return float(least.mean()) if linked.any() else 0.0


def _without_self(links):
    return links & ~np.eye(len(links), dtype=bool)
