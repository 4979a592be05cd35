"""Merging superpixels into segments, three ways to read algorithm 1 of the paper.

All of them work on distances d; s > T means d < `distance_at`(T).
"""

import heapq

import numpy as np
from numba import njit
from numpy.typing import NDArray

from spamlab.segments.pairs import distance

MODES = ("components", "grow", "update")


@njit(cache=True)
def root(parent: NDArray[np.int64], i: int) -> int:
    """Return the representative of i in a union-find forest, and shorten the way to it."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True)
def by_edges(
    n: int, pairs: NDArray[np.int32], d: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Mode "components": go through the edges, the most similar first, and join what they connect.

    Cut off at a threshold, that leaves the connected components of all edges above it (Kruskal 1956).

    Parameters
    ----------
    n : int
        How many superpixels there are.
    pairs : (E, 2) int32 ndarray
        Superpixels that touch.
    d : (E,) float64 ndarray
        Their distances.

    Returns
    -------
    joined : (m, 2) int64 ndarray
        The superpixels at both ends of the edge, for each step that joined two segments.
    at : (m,) float64 ndarray
        Its distance.
    """
    parent = np.arange(n)
    joined, at = [(0, 0)], [0.0]
    for e in np.argsort(d, kind="mergesort"):
        a, b = root(parent, pairs[e, 0]), root(parent, pairs[e, 1])
        if a != b:
            parent[max(a, b)] = min(a, b)
            joined.append((pairs[e, 0], pairs[e, 1]))
            at.append(d[e])
    return np.array(joined)[1:], np.array(at)[1:]


@njit(cache=True)
def grow(
    start: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    v: NDArray[np.float64],
    limit: float,
    order: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Mode "grow", algorithm 1 as printed: each superpixel in turn absorbs what is like itself.

    A superpixel that nobody has absorbed yet starts a segment. Its neighbours join if they are like it, their
    neighbours are asked in turn, and everybody is compared with the one that started. So the order counts.

    Parameters
    ----------
    start, neighbours : (n + 1,) int64 and (2 E,) int32 ndarray
        The neighbours of i are ``neighbours[start[i]:start[i + 1]]``.
    v : (n, C) float64 ndarray
    limit : float
    order : (n,) int64 ndarray
        Who comes first.

    Returns
    -------
    (n,) int64 ndarray
        The superpixel that started each one's segment.
    """
    segment = np.full(len(v), -1)
    for seed in order:
        if segment[seed] >= 0:
            continue
        segment[seed] = seed
        waiting = [seed]
        while len(waiting) > 0:
            i = waiting.pop()
            for j in neighbours[start[i] : start[i + 1]]:
                if segment[j] < 0 and np.abs(v[seed] - v[j]).sum() < limit:
                    segment[j] = seed
                    waiting.append(j)
    return segment


def by_means(
    pairs: NDArray[np.int32], v: NDArray[np.float64], size: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Mode "update": join the two most similar segments, renew their mean, and so on to the end.

    Parameters
    ----------
    pairs : (E, 2) int32 ndarray
        Superpixels that touch.
    v : (n, C) float64 ndarray
    size : (n,) int64 ndarray
        Pixels; the mean of a new segment is weighted by them.

    Returns
    -------
    joined : (m, 2) int64 ndarray
        One superpixel of each segment, for each step.
    at : (m,) float64 ndarray
        The distance of both means. It may fall from one step to the next.
    """
    v, size = v.copy(), size.copy()
    around = [set() for _ in v]
    for a, b in pairs.tolist():
        around[a].add(b)
        around[b].add(a)
    queue = [(d, a, b) for d, (a, b) in zip(distance(v, pairs).tolist(), pairs.tolist(), strict=True)]
    newest = {(a, b): d for d, a, b in queue}  # an entry with another distance is out of date
    heapq.heapify(queue)
    joined, at = [], []
    while queue:
        d, a, b = heapq.heappop(queue)
        if newest.get((a, b)) != d:
            continue
        joined.append((a, b))
        at.append(d)
        v[a] = (v[a] * size[a] + v[b] * size[b]) / (size[a] + size[b])
        size[a] += size[b]
        for c in around[b]:
            newest.pop((min(b, c), max(b, c)))
            around[c].discard(b)
            around[c].add(a)
        around[a] = (around[a] | around[b]) - {a, b}
        others = np.array(sorted(around[a]), np.int64)
        for c, new in zip(others.tolist(), abs(v[a] - v[others]).sum(1).tolist(), strict=True):
            pair = min(a, c), max(a, c)
            newest[pair] = new
            heapq.heappush(queue, (new, *pair))
    return np.array(joined, np.int64).reshape(-1, 2), np.array(at)


@njit(cache=True)
def replay(n: int, joined: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the segment of each of n superpixels after the steps `joined`: its smallest member, (n,)."""
    parent = np.arange(n)
    for step in range(len(joined)):
        a, b = root(parent, joined[step, 0]), root(parent, joined[step, 1])
        parent[max(a, b)] = min(a, b)
    return np.array([root(parent, i) for i in range(n)])


@njit(cache=True)
def absorb(
    segment: NDArray[np.int64], pairs: NDArray[np.int32], d: NDArray[np.float64], min_size: int
) -> NDArray[np.int64]:
    """Let segments of fewer than `min_size` superpixels join a neighbour, the smallest one first.

    Parameters
    ----------
    segment : (n,) int64 ndarray
        One of the members of each superpixel's segment.
    pairs, d : (E, 2) int32 and (E,) float64 ndarray
        Superpixels that touch, and their distances. The most similar pair across decides who is joined.
    min_size : int

    Returns
    -------
    (n,) int64 ndarray
        A new `segment`. One that has no neighbour stays.
    """
    segment = segment.copy()
    count = np.bincount(segment, minlength=len(segment))
    while True:
        small = -1
        for i in range(len(count)):
            if 0 < count[i] < min_size and (small < 0 or count[i] < count[small]):
                small = i
        if small < 0:
            return segment
        best = -1
        for e in range(len(pairs)):
            a, b = segment[pairs[e, 0]], segment[pairs[e, 1]]
            if a != b and (a == small or b == small) and (best < 0 or d[e] < d[best]):
                best = e
        if best < 0:
            return segment  # it is alone in the picture
        other = segment[pairs[best, 0]] + segment[pairs[best, 1]] - small
        segment[segment == small] = other
        count[other] += count[small]
        count[small] = 0
