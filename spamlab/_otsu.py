"""Otsu's threshold of a list of values, which need no histogram."""

import numpy as np
from numpy.typing import ArrayLike
from skimage.filters import threshold_otsu


def otsu(values: ArrayLike) -> float:
    """Return the highest value of the lower of the two groups that differ most (N. Otsu, 1979).

    Every value is a level of its own: the bins of a histogram may mix the two groups.

    Parameters
    ----------
    values : array_like
        Of any shape, at least one.

    Returns
    -------
    float
        ``values > otsu(values)`` is the upper group. -inf where all are the same: there is no lower group.
    """
    levels, counts = np.unique(values, return_counts=True)
    return float(threshold_otsu(hist=(counts, levels))) if len(levels) > 1 else -np.inf
