"""How many seeds each object gets: in proportion, at least one each, exactly as many as asked for."""

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spamlab.regions import per_pixel, sizes
from spamlab.seeds import check_n_segments


def budgets(
    objects: NDArray[np.int32], n_segments: int, density: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Share out the seeds among objects by largest remainder.

    An object's quota is its share of the pixels above 0 times one common factor, at least 1 and at most its
    pixels. The factor is such that the quotas sum to K. Everyone gets the whole part of the quota; what
    is left goes to the largest remainders, to the first object in a tie.

    Parameters
    ----------
    objects : (H, W) int32 ndarray
        An object map: 0 = uncertain, 1 to n = objects, each with at least one pixel.
    n_segments : int
        The number K asked for, 1 to H * W.
    density : (H, W) array_like, optional
        How much each pixel counts, above 0; by default all the same.

    Returns
    -------
    (n,) int64 ndarray
        Seeds of each object. They sum to K where n <= K <= the pixels above 0; elsewhere a warning tells.
    """
    K = check_n_segments(n_segments, objects.size)
    area = sizes(objects - 1)
    fewest, most = len(area), int(area.sum())
    if not fewest < K < most:
        if not fewest <= K <= most:
            _warn(K, fewest, most)
        return np.ones_like(area) if fewest >= K else area
    weight = as_density(density, objects).ravel()
    share = np.bincount(objects.ravel(), weight)[1:]
    quota = np.clip(_factor(share, area, K) * share, 1, area)
    budget = np.floor(quota + 1e-9).astype(np.int64)
    remainder = np.round(quota - budget, 9)  # so that rounding errors decide no tie
    budget[np.argsort(-remainder, kind="stable")[: K - budget.sum()]] += 1
    return budget


def as_density(density: ArrayLike | None, objects: NDArray[np.int32]) -> NDArray[np.float64]:
    """Check how much each pixel counts; None stands for 1 everywhere.

    Raises
    ------
    ValueError
        If it belongs to a picture of another size, or is not above 0 and finite everywhere.
    """
    if density is None:
        return np.ones(objects.shape)
    density = per_pixel(density, objects, "density")
    if density.shape[1] != 1 or not (np.isfinite(density).all() and density.min() > 0):
        raise ValueError(
            f"density goes from {density.min()} to {density.max()} in {density.shape[1]} channels, expected "
            "one finite number above 0 per pixel; np.maximum(density, 0.01) leaves no zeros"
        )
    return density.reshape(objects.shape)


def _factor(share: NDArray[np.float64], area: NDArray[np.int64], K: int) -> float:
    """Find the factor for which quotas between 1 and the area sum to K, by halving an interval."""
    low, high = 0.0, float((area / share).max())
    for _ in range(200):
        middle = (low + high) / 2
        if np.clip(middle * share, 1, area).sum() < K:
            low = middle
        else:
            high = middle
    return high


def _warn(K: int, n_objects: int, n_certain: int) -> None:
    if n_objects > K:
        reason = f"the map has {n_objects} objects, and each gets one seed: {n_objects} seeds come out. Keep "
        reason += "fewer of them with spamlab.objects.largest, or ask for more"
    else:
        reason = f"objects have only {n_certain} certain pixels: {n_certain} seeds come out. Ask for fewer, "
        reason += "or leave less uncertain"
    warnings.warn(f"n_segments={K}, but {reason}", stacklevel=4)
