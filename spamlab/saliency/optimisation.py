"""The last step: one value per superpixel that agrees with the weights and with its neighbours."""

import numpy as np
from numpy.typing import NDArray

from spamlab.saliency.graph import link_border, two_rings

LAMBDA = 5.0  # of the background, against the foreground: the authors' program; the paper says 1
MU = 0.1  # neighbours pull each other at least so much
SURE = 3.0  # background beyond doubt above this border connectivity: the program, not the paper
_FIXED = 1000.0  # the weight of what is beyond doubt


def pull(
    difference: NDArray[np.float64],
    links: NDArray[np.bool_],
    border: NDArray[np.bool_],
    sigma: float,
) -> NDArray[np.float64]:
    """Return how strongly two superpixels want the same value.

    exp(-difference^2 / 2 sigma^2) between neighbours, the neighbours of neighbours, and all at the border;
    neighbours get 0.1 on top, which erases specks.

    Parameters
    ----------
    difference : (n, n) float64 ndarray
        Of colours, in Lab units.
    links : (n, n) bool ndarray
        What `touching` returned.
    border : (n,) bool ndarray
    sigma : float
        In Lab units; see `Scales`.

    Returns
    -------
    (n, n) float64 ndarray
        Symmetric, 0 on the diagonal.
    """
    linked = link_border(two_rings(links), border)
    return np.where(linked, np.exp(-np.square(difference) / (2 * sigma**2)), 0) + MU * links


def sure_background(
    background: NDArray[np.float64], connectivity: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Raise the weight of what is background beyond doubt far above 1, so that its value stays near 0.

    Parameters
    ----------
    background, connectivity : (n,) float64 ndarray
        What `background_weight` and `border_connectivity` returned.

    Returns
    -------
    (n,) float64 ndarray
    """
    return np.where(connectivity > SURE, _FIXED, background)


def energy(
    values: NDArray[np.float64],
    background: NDArray[np.float64],
    foreground: NDArray[np.float64],
    pull: NDArray[np.float64],
) -> float:
    """Return what `optimise` minimises, with lambda = 5.

    lambda sum_i b_i s_i^2 + sum_i f_i (s_i - 1)^2 + sum_(i < j) w_ij (s_i - s_j)^2

    Parameters
    ----------
    values : (n,) float64 ndarray
        The saliency s of each superpixel.
    background, foreground : (n,) float64 ndarray
        b wants 0, f wants 1.
    pull : (n, n) float64 ndarray
        w, symmetric.
    """
    alike = np.square(values[:, None] - values) * pull
    wanted = LAMBDA * background * np.square(values) + foreground * np.square(values - 1)
    return float(wanted.sum() + alike.sum() / 2)


def optimise(
    background: NDArray[np.float64], foreground: NDArray[np.float64], pull: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the values with the least `energy`, where its gradient is 0: one linear system.

    (D - W + lambda diag(b) + diag(f)) s = f, D the sums of the rows of W.

    Parameters
    ----------
    background, foreground : (n,) float64 ndarray
        At least one above 0 in each part of the graph.
    pull : (n, n) float64 ndarray
        Symmetric.

    Returns
    -------
    (n,) float64 ndarray
        In [0, 1].
    """
    system = np.diag(pull.sum(axis=1) + LAMBDA * background + foreground) - pull
    return np.linalg.solve(system, foreground)
