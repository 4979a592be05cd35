"""From labels to superpixels: each in one piece, each of one object."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spamlab.regions import components, enforce_connectivity


def connect(
    labels: NDArray[np.int32],
    objects: NDArray[np.int32],
    min_size: float,
    features: ArrayLike | None = None,
    density: ArrayLike | None = None,
) -> NDArray[np.int32]:
    """Make every label 4-connected without joining certain pixels of two objects.

    A piece that is too small joins a neighbour of the same object, or one of uncertain pixels alone. A piece
    of uncertain pixels alone may join any. One that may join none stays.

    Parameters
    ----------
    labels : (H, W) int32 ndarray
        A label map whose labels hold certain pixels of one object each, or of none.
    objects : (H, W) int32 ndarray
        An object map: 0 = uncertain, 1 to n = objects.
    min_size : float
        Pieces with fewer pixels are merged; with `density`, pieces with a smaller sum of it.
    features : (H, W, C) array_like, optional
        Features that settle ties, see `regions.enforce_connectivity`.
    density : (H, W) array_like, optional
        How much each pixel counts, above 0.

    Returns
    -------
    (H, W) int32 ndarray
        Labels 0 to n - 1, each 4-connected.
    """
    parts = components(labels)
    held = np.zeros(int(parts.max()) + 1, np.int32)
    held[parts[objects > 0]] = objects[objects > 0]
    return enforce_connectivity(labels, min_size, features, held[parts], density)


def owners(
    regions: NDArray[np.int32], objects: NDArray[np.int32], inherited: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return the object of each superpixel: that of its certain pixels; without any, that of most pixels.

    Parameters
    ----------
    regions : (H, W) int32 ndarray
        Superpixels 0 to n - 1.
    objects : (H, W) int32 ndarray
        An object map: 0 = uncertain.
    inherited : (H, W) int32 ndarray
        The object of the seed that each pixel joined, without zeros.

    Returns
    -------
    (n,) int32 ndarray
        With it, ``owners[regions]`` is an object map without zeros. The lower number wins a tie.
    """
    believed = np.where(objects > 0, objects, inherited).astype(np.int64)
    votes = np.where(objects > 0, objects.size + 1, 1)
    base = int(believed.max()) + 1
    pairs, index = np.unique(regions * base + believed, return_inverse=True)
    region, candidate = np.divmod(pairs, base)
    order = np.lexsort((candidate, -np.bincount(index.ravel(), votes.ravel()), region))
    _, first = np.unique(region[order], return_index=True)
    return candidate[order][first].astype(np.int32)
