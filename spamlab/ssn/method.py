"""SSN on one picture: features, a grid of centres, ten soft rounds, connectivity."""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from spamlab import seeds
from spamlab._arguments import number, whole_number
from spamlab.candidates import grid_neighbours
from spamlab.cluster import cluster, group_means
from spamlab.features import as_image, check_compactness, lab, positions
from spamlab.regions import Details, enforce_connectivity
from spamlab.ssn.network import Network, run
from spamlab.ssn.weights import as_network

COLOUR = 0.26  # what Lab is multiplied by in F, so that exp(-d^2) is neither 0 nor 1 for most pixels
PIXEL_COMPACTNESS = 10.0  # m of SSN without a network


def ssn(
    image: ArrayLike,
    n_segments: int = 200,
    compactness: float | None = None,
    *,
    weights: str | Network | None = "ssn",
    features: ArrayLike | None = None,
    n_iter: int = 10,
    temperature: float = 1.0,
    mode: str = "paper",
    min_size_factor: float = 0.25,
    details: bool = False,
) -> NDArray[np.int32] | tuple[NDArray[np.int32], Details]:
    """Cut a picture into SSN superpixels.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts.
    n_segments : int
        The number K asked for. The number obtained differs: see `Details.n_obtained`.
    compactness : float, optional
        SLIC's m in Lab units, above 0; by default the one the weights were made for. The paper's eta is
        0.26 m.
    weights : str, Network or None
        The network: "ssn" (shipped), a file, or what `load` returns. None clusters colour and position
        alone, SSN_pix of the paper.
    features : (H, W, C) array_like, optional
        What `deep_features` returned for this picture and these weights, so that the network does not run
        again while `n_segments` and `compactness` change.
    n_iter : int
        Rounds of assignment, at least 1.
    temperature : float
        Distances are divided by it: 1 is the paper's, 0 assigns every pixel wholly to the nearest centre.
    mode : {"paper", "authors"}
        How the grid is counted: cells per axis rounded, or cut off as in the authors' program.
    min_size_factor : float
        Pieces smaller than this share of N / K are merged; 0 keeps every connected piece.
    details : bool
        Also return the centres and the labels before connectivity.

    Returns
    -------
    labels : (H, W) int32 ndarray
        Labels 0 to n - 1, each 4-connected.
    details : Details
        Only with ``details=True``. Centres are rows of F: deep features, then L, a, b, row, col as scaled.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range, or the image is not a picture.
    FileNotFoundError
        If there are no such weights.
    """
    image = as_image(image)
    network = as_network(weights)
    if compactness is None:
        compactness = PIXEL_COMPACTNESS if network is None else network.compactness
    compactness = check_compactness(compactness)
    n_iter = whole_number("n_iter", n_iter, "1 or more; 10 is usual", 1)
    temperature = number("temperature", temperature, "0 or more; 1 is the paper's", low=0)
    min_size_factor = number("min_size_factor", min_size_factor, "0 or more; 0.25 is usual", low=0)
    colour = lab(image)
    shape = colour.shape[:2]
    _, cells, step = seeds.grid(shape, n_segments, mode)
    with torch.inference_mode():
        F = all_features(colour, step, compactness, network, features)
        found = cluster(F, *start(F, cells), n_iter, temperature=temperature)
        labels = found.labels().numpy().astype(np.int32).reshape(shape)
    result = enforce_connectivity(labels, min_size_factor * labels.size / n_segments, colour)
    if not details:
        return result
    return result, Details(int(result.max()) + 1, found.S.double().numpy(), labels, step)


def pixel_features(lab: NDArray[np.float32], step: float, compactness: float) -> Tensor:
    """Return the features of SSN that are not learned: colour and position (section 4.1 of the paper).

    They are SLIC's five times 0.26, so |F_p - F_q| is 0.26 times SLIC's distance D.

    Parameters
    ----------
    lab : (H, W, 3) float32 ndarray
        The picture in Lab.
    step : float
        The grid interval in pixels.
    compactness : float
        SLIC's m; the paper's eta is 0.26 m.

    Returns
    -------
    (N, 5) float32 Tensor
        Columns L, a, b, row, col.
    """
    position = positions(lab.shape[:2]) * np.float32(compactness / step)
    return torch.from_numpy(np.concatenate([lab.reshape(-1, 3), position], axis=1)) * COLOUR


def all_features(
    lab: NDArray[np.float32],
    step: float,
    compactness: float,
    network: Network | None = None,
    features: ArrayLike | None = None,
) -> Tensor:
    """Return what describes each pixel: learned features, where there are any, then colour and position.

    Parameters
    ----------
    lab, step, compactness
        See `pixel_features`.
    network : Network, optional
        What learns them; it runs where `features` are not given.
    features : (H, W, C) array_like, optional
        What the network made of this picture before.

    Returns
    -------
    (N, C + 5) float32 Tensor
    """
    F = pixel_features(lab, step, compactness)
    if features is not None:
        return torch.cat([_as_features(features, lab.shape[:2]), F], dim=1)
    return F if network is None else torch.cat([_run(network, F, lab.shape[:2]), F], dim=1)


def deep_features(image: ArrayLike, weights: str | Network = "ssn") -> NDArray[np.float32]:
    """Return what the network makes of a picture, to be used for any number of superpixels.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts.
    weights : str or Network
        As for `ssn`.

    Returns
    -------
    (H, W, 15) float32 ndarray
        Learned features.

    Raises
    ------
    ValueError
        If the network sees positions, as released ones do: its features depend on `n_segments`.
    """
    network = as_network(weights)
    if network is None or network.inputs != 3:
        raise ValueError(
            f"weights={weights!r:.40}: features can be kept of a network that sees colour alone. One that "
            "sees positions too gives others for each n_segments; hand it to ssn(weights=...)"
        )
    colour = lab(image)
    F = torch.from_numpy(colour.reshape(-1, 3)) * COLOUR
    return _run(network, F, colour.shape[:2]).numpy().reshape(*colour.shape[:2], -1)


def start(F: Tensor, cells: NDArray[np.int32]) -> tuple[Tensor, Tensor, Tensor]:
    """Return what the clustering of one picture starts from.

    Parameters
    ----------
    F : (N, C) float Tensor
        Features of the pixels in raster order.
    cells : (H, W) int32 ndarray
        The cell of each pixel, from `seeds.grid`.

    Returns
    -------
    S : (K, C) Tensor
        The mean features of each cell.
    candidates : (K, 9) int64 Tensor
        The cells around each cell, -1 outside the grid.
    group : (N,) int64 Tensor
        The cell of each pixel.
    """
    candidates = torch.from_numpy(grid_neighbours(cells)).to(F.device)
    group = torch.from_numpy(cells.ravel()).long().to(F.device)
    return group_means(F, group, F.new_zeros(len(candidates), F.shape[1])), candidates, group


def _run(network: Network, F: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return (N, outputs) learned features; `F` begins with the columns that the network sees."""
    seen = F[:, : network.inputs].reshape(1, *shape, -1).permute(0, 3, 1, 2)
    return run(network, seen)[0].permute(1, 2, 0).flatten(0, 1)


def _as_features(features: ArrayLike, shape: tuple[int, int]) -> Tensor:
    features = np.require(features, np.float32, "W")  # torch takes no read-only array
    if features.ndim != 3 or features.shape[:2] != shape:
        raise ValueError(f"features have shape {features.shape}, expected (H, W, C) with (H, W) = {shape}")
    if not np.isfinite(features).all():
        raise ValueError("features hold NaN or infinite values, expected finite ones; see np.nan_to_num")
    return torch.from_numpy(features.reshape(-1, features.shape[2]))
