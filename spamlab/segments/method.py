"""Segments: a picture to superpixels, superpixels to a graph, the graph to segments."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch.nn import functional

from spamlab import regions
from spamlab._arguments import number, whole_number
from spamlab.features import as_image, lab
from spamlab.regions import adjacency, as_labels, relabel, sizes
from spamlab.segments import merging
from spamlab.segments.network import STRIDE, Network
from spamlab.segments.pairs import distance, distance_at, pool, similarity
from spamlab.segments.weights import as_network
from spamlab.ssn.method import COLOUR, ssn

LARGEST = 1_000_000  # pixels; the network sees a smaller copy of a larger picture


@dataclass(frozen=True)
class Graph:
    """Superpixels, which of them touch, and how alike those are. Make one with `graph` or `Graph.of`.

    Attributes
    ----------
    superpixels : (H, W) int32 ndarray
        Labels 0 to n - 1, each 4-connected.
    v : (n, C) float64 ndarray
        What each superpixel looks like.
    pairs : (E, 2) int32 ndarray
        Superpixels a < b that touch.
    lengths : (E,) int64 ndarray
        The number of pixel edges they share.
    distance : (E,) float64 ndarray
        d = |v_a - v_b|_1 of each pair.
    """

    superpixels: NDArray[np.int32]
    v: NDArray[np.float64]
    pairs: NDArray[np.int32]
    lengths: NDArray[np.int64]
    distance: NDArray[np.float64]

    @classmethod
    def of(cls, superpixels: ArrayLike, features: ArrayLike, stride: float = 1) -> "Graph":
        """Make the graph of any superpixels by any features.

        Parameters
        ----------
        superpixels : (H, W) int array_like
            Labels 0 to n - 1, each 4-connected.
        features, stride
            See `pool`: 1 for features of every pixel, 4 for those of the network.

        Raises
        ------
        TypeError, ValueError
            If `superpixels` is no label map or has pixels without a label, or the features do not fit.
        """
        superpixels = as_labels(superpixels, "superpixels")
        if superpixels.min() < 0:
            raise ValueError("superpixels hold -1, expected a label at every pixel")
        superpixels = relabel(superpixels)
        v = pool(features, superpixels, stride).astype(np.float64)
        pairs, lengths = adjacency(superpixels)
        return cls(superpixels, v, pairs, lengths, distance(v, pairs))

    @property
    def similarity(self) -> NDArray[np.float64]:
        """s_ab of each pair, in (0, 1] (eq. (6))."""
        return similarity(self.distance)

    @cached_property
    def _trees(self) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
        return {}

    def tree(self, mode: str = "components") -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return who joins whom if nothing stops them, and at which distance; kept after the first call.

        See `merging.by_edges` and `merging.by_means`.
        """
        _check_mode(mode, ("components", "update"))
        if mode not in self._trees:
            if mode == "components":
                found = merging.by_edges(len(self.v), self.pairs, self.distance)
            else:
                found = merging.by_means(self.pairs, self.v, sizes(self.superpixels))
            self._trees[mode] = found
        return self._trees[mode]


@dataclass(frozen=True)
class Details(regions.Details):
    """What `segments` knows besides its label map; `n_obtained` counts the segments.

    Attributes
    ----------
    graph : Graph
        Superpixels, pairs, similarities: what `merge` needs for another threshold.
    """

    graph: Graph | None = None


def segments(
    image: ArrayLike,
    n_segments: int = 400,
    threshold: float | None = None,
    compactness: float | None = None,
    *,
    weights: str | Path | Network = "segments",
    features: tuple[ArrayLike, ArrayLike] | None = None,
    mode: str = "components",
    min_size: int = 2,
    n_iter: int = 10,
    details: bool = False,
) -> NDArray[np.int32] | tuple[NDArray[np.int32], Details]:
    """Cut a picture into superpixels and merge them into segments.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts.
    n_segments : int
        The number K of superpixels asked for. How many segments come of them, the threshold decides. The
        threshold, the mode and the smallest size below were chosen for the default, on BSDS500 val.
    threshold : float, optional
        Superpixels more similar than this are merged, in [0, 1]; by default what the weights were tuned to.
    compactness : float, optional
        SLIC's m of the superpixels; by default the one the weights were made for.
    weights : str, Path or Network
        "segments" (shipped), a file, or what `load` returns.
    features : pair of array_like, optional
        What `deep_features` returned for this picture and these weights.
    mode, min_size
        See `merge`.
    n_iter : int
        Rounds of assignment of the superpixels.
    details : bool
        Also return the graph.

    Returns
    -------
    labels : (H, W) int32 ndarray
        Segments 0 to n - 1, each 4-connected, made of whole superpixels.
    details : Details
        Only with ``details=True``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range, or the image is not a picture.
    FileNotFoundError
        If there are no such weights.
    """
    network = as_network(weights)
    threshold = network.threshold if threshold is None else threshold
    _check(threshold, min_size, mode)
    found = graph(image, n_segments, compactness, weights=network, features=features, n_iter=n_iter)
    labels = merge(found, threshold, min_size, mode)
    return (labels, Details(int(labels.max()) + 1, graph=found)) if details else labels


def graph(
    image: ArrayLike,
    n_segments: int = 400,
    compactness: float | None = None,
    *,
    weights: str | Path | Network = "segments",
    features: tuple[ArrayLike, ArrayLike] | None = None,
    n_iter: int = 10,
) -> Graph:
    """Cut a picture into superpixels and compare those that touch; the arguments are those of `segments`."""
    image, network = as_image(image), as_network(weights)
    F, V = deep_features(image, network) if features is None else features
    compactness = network.compactness if compactness is None else compactness
    superpixels = ssn(image, n_segments, compactness, weights=None, features=F, n_iter=n_iter)
    return Graph.of(superpixels, V, STRIDE / _shrink(superpixels.shape))


def deep_features(
    image: ArrayLike, weights: str | Path | Network = "segments"
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what the network makes of a picture, to be used for any number of superpixels.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts. Of a picture with more than 1,000,000 pixels the network
        sees a smaller copy (GroupNorm needs the whole picture at once), and F is enlarged again.
    weights : str, Path or Network
        As for `segments`.

    Returns
    -------
    F : (H, W, 30) float32 ndarray
        What pixels are clustered by, besides colour and position.
    V : (h, w, 64) float32 ndarray
        What superpixels are compared by, at every fourth pixel of every fourth row (of the smaller copy).
    """
    network = as_network(weights)
    colour = torch.from_numpy(lab(as_image(image))).permute(2, 0, 1)[None] * COLOUR
    shape = colour.shape[2:]
    shrink = _shrink(shape)
    network.eval()
    with torch.inference_mode():
        if shrink < 1:
            size = tuple(max(1, round(side * shrink)) for side in shape)
            colour = functional.interpolate(colour, size=size, mode="bilinear", antialias=True)
        F, V = network(colour.to(memory_format=torch.channels_last))
        if shrink < 1:
            F = functional.interpolate(F, size=shape, mode="bilinear")
    return tuple(y[0].permute(1, 2, 0).contiguous().numpy() for y in (F, V))


def _shrink(shape: tuple[int, int]) -> float:
    """Return the factor by which a picture of this size is reduced before the network sees it."""
    return min(1.0, (LARGEST / (shape[0] * shape[1])) ** 0.5)


def merge(
    graph: Graph,
    threshold: float,
    min_size: int = 1,
    mode: str = "components",
    order: ArrayLike | None = None,
) -> NDArray[np.int32]:
    """Merge superpixels into segments (algorithm 1).

    Parameters
    ----------
    graph : Graph
    threshold : float
        T in [0, 1]: pairs with s > T are merged. The paper gives no value.
    min_size : int
        Segments of fewer superpixels then join their most similar neighbour; 1 leaves all as they are.
    mode : {"components", "grow", "update"}
        "components": the connected components of all edges with s > T; no order plays a part, and chains of
        small steps merge what is unlike. "grow": the paper's algorithm as printed, where every superpixel in
        turn absorbs what is like itself. "update": the most similar pair is joined and its mean renewed, as
        long as s > T.
    order : (n,) int array_like, optional
        For "grow": which superpixel comes first; by default in the order of their labels.

    Returns
    -------
    (H, W) int32 ndarray
        Segments 0 to n - 1, each 4-connected.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.
    """
    _check(threshold, min_size, mode)
    n, limit = len(graph.v), distance_at(threshold)
    if mode == "grow":
        segment = merging.grow(*_lists(n, graph.pairs), graph.v, limit, _order(order, n))
    else:
        joined, at = graph.tree(mode)
        segment = merging.replay(n, joined[: np.searchsorted(np.maximum.accumulate(at), limit)])
    if min_size > 1:
        segment = merging.absorb(segment, graph.pairs, graph.distance, min_size)
    return relabel(segment[graph.superpixels])


def _check(threshold: float, min_size: int, mode: str) -> None:
    number("threshold", threshold, "a similarity from 0 to 1", low=0)
    if threshold > 1:
        raise ValueError(f"threshold={threshold}, expected a similarity from 0 to 1")
    whole_number("min_size", min_size, "1 or more superpixels; 1 merges no more", 1)
    _check_mode(mode, merging.MODES)


def _check_mode(mode: str, known: tuple[str, ...]) -> None:
    if mode not in known:
        raise ValueError(f"mode={mode!r}, expected one of {', '.join(map(repr, known))}")


def _lists(n: int, pairs: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return where the neighbours of each superpixel start, and the neighbours."""
    ends = np.concatenate([pairs, pairs[:, ::-1]])
    ends = ends[np.lexsort(ends.T[::-1])]
    return np.searchsorted(ends[:, 0], np.arange(n + 1)), ends[:, 1]


def _order(order: ArrayLike | None, n: int) -> NDArray[np.int64]:
    order = np.arange(n) if order is None else np.asarray(order)
    if order.ndim != 1 or not np.array_equal(np.sort(order), np.arange(n)):
        raise ValueError(f"order has shape {order.shape}, expected each superpixel 0 to {n - 1} once")
    return order.astype(np.int64)
