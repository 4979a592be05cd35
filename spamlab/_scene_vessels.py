"""Scenes of vessels: a retina seen through the pupil, with trees of vessels that leave the optic disc.

All trees have their root in one point of the disc, so all vessels hang together. A vessel has one width along
its length; where it branches, both children are thinner. The thinner a vessel, the nearer its colour to what
lies behind it. The dark spot beside the disc, the macula, has no border and so no label; no vessel enters it.

Places are relative to the middle of the picture, lengths in units of sqrt(H * W). A vessel is never drawn
thinner than 1.5 pixels: no pixel that its line passes through is left out, so that no vessel is torn.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

FIELD, DISC, MACULA = 0.54, 0.058, 0.085  # radii
WIDEST, THINNEST = 0.019, 0.0038
_STEP = 0.012  # between two points of a line
_THIN = 0.75  # pixels: the smallest radius drawn
_BLOOD = ((26.0, 28.0, 15.0), (32.0, 40.0, 24.0))  # Lab of veins and of arteries
_SURROUND = (1.0, 0.0, 0.0)  # Lab


@dataclass(frozen=True)
class Vessel:
    """A vessel between two branchings: its line, (n, 2) row, col, and its width."""

    line: NDArray
    width: float


@dataclass(frozen=True)
class _Eye:
    """Where things lie, (2,) row, col: the disc, the macula, the lower right corner of the picture.

    `side` is 1 if the macula lies on the right of the disc, else -1.
    """

    disc: NDArray
    macula: NDArray
    corner: NDArray
    side: int


def vessels(
    rng: np.random.Generator, size: tuple[int, int], n_trees: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Draw a retina, without blur and noise.

    Parameters
    ----------
    rng : Generator
    size : (int, int)
        Height and width in pixels.
    n_trees : int
        Trees of vessels, at least 0.

    Returns
    -------
    lab : (H, W, 3) float64 ndarray
        Colours in CIE Lab.
    truth : (H, W) int32 ndarray
        0 what lies outside the round field of view, 1 the retina, 2 the disc, 3 and more one tree each, from
        back to front, the widest in front.
    """
    side = int(rng.choice((-1, 1)))
    disc, macula = (np.array([rng.uniform(-0.03, 0.03), side * at]) for at in (-0.2, 0.13))
    unit = np.sqrt(size[0] * size[1])
    eye = _Eye(disc, macula, np.array(size) / (2 * unit), side)
    place = (np.stack(np.mgrid[: size[0], : size[1]], axis=-1) + 0.5 - np.array(size) / 2) / unit
    truth, ground = _ground(rng, place, eye)
    labels, lab = truth.copy(), ground.copy()
    for k in range(n_trees):
        rank = n_trees - 1 - k
        strength, profile = _drawn(tree(rng, eye, rank), size)
        inside = (strength > 0) & (truth > 0)
        labels[inside] = 3 + k
        share = 0.7 * (strength * profile)[inside][:, None]
        lab[inside] = (1 - share) * ground[inside] + share * np.array(_BLOOD[rank % 2])
    loose = (labels > 2) & ~_hanging(labels > 2, (eye.disc + eye.corner) * unit)
    labels[loose], lab[loose] = truth[loose], ground[loose]
    return lab, labels


def _hanging(drawn: NDArray[np.bool_], root: NDArray) -> NDArray[np.bool_]:
    """Return what is 4-connected to the root; a vessel that winds along the rim leaves crumbs."""
    pieces = label(drawn)[0]
    row, col = np.clip(root, 0, np.array(drawn.shape) - 1).astype(int)
    return drawn & (pieces == pieces[row, col])


def _ground(rng: np.random.Generator, place: NDArray, eye: _Eye) -> tuple[NDArray, NDArray]:
    """Return the truth without vessels, and its colours."""
    radius, away = np.linalg.norm(place, axis=-1), np.linalg.norm(place - eye.disc, axis=-1)
    lab = np.tile(rng.normal((56, 27, 37), (4, 3, 3)), (*radius.shape, 1))
    for waves in np.exp(rng.uniform(np.log(2), np.log(25), 12)):
        turn, phase = rng.uniform(0, 2 * np.pi, 2)
        wave = np.sin(2 * np.pi * waves * (place @ (np.cos(turn), np.sin(turn))) + phase)
        lab[..., 0] += 1.6 / np.sqrt(waves) * wave
    lab[..., 0] *= 1 - 0.32 * (radius / FIELD) ** 2
    lab[..., 0] += 5 * np.exp(-((away / 0.16) ** 2))
    to_macula = np.linalg.norm(place - eye.macula, axis=-1)
    lab -= np.array([13.0, 1.0, 7.0]) * np.exp(-((to_macula / (0.8 * MACULA)) ** 2))[..., None]
    disc = away < DISC * (1 + 0.05 * rng.uniform(-1, 1))
    lab[disc] = rng.normal((80, 7, 35), (3, 2, 3))
    lab[..., 0] += disc * 9 * np.exp(-((away / (0.5 * DISC)) ** 2))
    lab[radius >= FIELD] = _SURROUND
    truth = (radius < FIELD) + (disc & (radius < FIELD)).astype(np.int32)
    return truth.astype(np.int32), lab


def tree(rng: np.random.Generator, eye: _Eye, rank: int) -> list[Vessel]:
    """Grow a tree: the first four arch around the macula, two on each side; others go anywhere."""
    outward = 0.0 if eye.side == 1 else np.pi  # angles are those of (col, row)
    up = eye.side * (-1 if rank % 4 < 2 else 1)
    if rank < 4:
        heading, goal = outward + up * rng.uniform(1.4, 1.75), outward + up * rng.uniform(0.05, 0.4)
        width = WIDEST * rng.uniform(0.75, 1.0)
    else:
        heading = outward + np.pi + rng.uniform(-1.7, 1.7)
        goal, width = heading + rng.normal(0, 0.3), WIDEST * rng.uniform(0.3, 0.6)
    found: list[Vessel] = []
    open_ends = [(eye.disc, heading, goal, width)]
    while open_ends:
        start, heading, goal, width = open_ends.pop(0)
        line, heading = _line(rng, start, heading, goal, eye)
        found.append(Vessel(line, width))
        if not _free(line[-1], eye):
            continue
        turn = rng.choice((-1, 1)) * rng.uniform(0.55, 1.0)
        for share, by in ((rng.uniform(0.8, 0.9), -0.15 * turn), (rng.uniform(0.4, 0.65), turn)):
            if width * share >= THINNEST:
                ends = heading + by, goal + (by if by == turn else 0)
                open_ends.append((line[-1], *ends, width * share))
    return found


def _line(
    rng: np.random.Generator, start: NDArray, heading: float, goal: float, eye: _Eye
) -> tuple[NDArray, float]:
    """Return a line that winds and turns to its goal, until its length is reached or its way is not free."""
    points, winding = [start], 0.0
    for _ in range(int(rng.uniform(0.05, 0.13) / _STEP)):
        winding = 0.7 * winding + rng.normal(0, 0.07)
        heading += winding + 5 * _STEP * np.sin(goal - heading)
        points.append(points[-1] + _STEP * np.array([np.sin(heading), np.cos(heading)]))
        if not _free(points[-1], eye):
            break
    return np.array(points), heading


def _free(point: NDArray, eye: _Eye) -> bool:
    inside = math.hypot(*point) < FIELD and all(abs(point) < eye.corner)
    return inside and math.hypot(*(point - eye.macula)) > MACULA


def _drawn(grown: Sequence[Vessel], size: tuple[int, int]) -> tuple[NDArray, NDArray]:
    """Return for each pixel how strong the vessel over it is, 0 without one, and its shading across.

    Both are (H, W). Of several vessels the widest counts.
    """
    strength, profile = np.zeros(size), np.zeros(size)
    unit, middle = np.sqrt(size[0] * size[1]), np.array(size) / 2
    for vessel in sorted(grown, key=lambda vessel: vessel.width):
        radius = max(_THIN, vessel.width * unit / 2)
        line = vessel.line * unit + middle
        low = np.clip(np.floor(line.min(0) - radius), 0, size).astype(int)
        high = np.clip(np.ceil(line.max(0) + radius), 0, size).astype(int)
        window = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        pixels = np.stack(np.mgrid[window], axis=-1) + 0.5
        if not pixels.size:
            continue
        distance = _distance(pixels, line)
        inside = distance <= radius
        strength[window][inside] = min(1.0, (vessel.width / WIDEST) ** 0.6)
        profile[window][inside] = 1 - 0.35 * (distance[inside] / radius) ** 2
    return strength, profile


def _distance(pixels: NDArray, line: NDArray) -> NDArray:
    """Return the distance of pixels (h, w, 2) to a line of points (n, 2), all in pixels."""
    steps = np.diff(line, axis=0)
    away = pixels[:, :, None] - line[:-1]
    along = np.clip((away * steps).sum(-1) / (steps**2).sum(-1), 0, 1)
    return np.linalg.norm(away - along[..., None] * steps, axis=-1).min(axis=2)
