"""Synthetic scenes whose truth is exact: shapes that overlap, like leaves on the ground, and other kinds.

The first of the leaves is a backdrop that fills the picture. The others are laid over it one after the
other, from the largest to the smallest. Each has its own colour, texture and shading. About one in
three takes nearly the colour of what lies behind it, so some borders are clear and some are hard
to see.

Places are relative to the height and the width, lengths to the unit sqrt(H * W): a scene of twice
the size shows the same objects. All colours are mixed in CIE Lab. Layers and vessels are drawn in modules of
their own, and so is what the camera adds to all kinds.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spamlab._scene_camera import NOISE, photograph
from spamlab._scene_layers import layers
from spamlab._scene_vessels import vessels

SHAPES = ("ellipse", "blob", "box", "polygon", "bar", "ring")
SCENE_KINDS = tuple(NOISE)
TEXTURES = ("smooth", "stripes", "checks", "noise", "grain")
_WAVES = 16  # plane waves in one noise texture


@dataclass(frozen=True)
class _Leaf:
    """One object. Lengths are in units of sqrt(H * W), angles in radians, colours in Lab."""

    shape: str
    centre: NDArray  # (2,) row, col in [0, 1]
    radii: NDArray  # (2,) along, across
    angle: float
    bend: float
    phases: NDArray  # (_WAVES,) whatever the outline and the texture need
    texture: str = "smooth"
    frequency: float = 0.0  # cycles per unit
    strength: float = 0.0  # amplitude of the texture in L
    slope: tuple[float, float] = (0.0, 0.0)  # shading from side to side, along and across
    roundness: float = 0.0  # shading from the middle to the rim
    colour: NDArray | None = None  # (3,) Lab


def scene(
    seed: int = 0,
    shape: tuple[int, int] = (240, 320),
    n_objects: int = 12,
    *,
    noise: float | None = None,
    blur: float = 0.6,
    kind: str = "leaves",
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Draw a random scene and its exact truth.

    Parameters
    ----------
    seed : int
        The same seed gives the same scene.
    shape : (int, int)
        Height and width in pixels, each at least 1. Scenes of one seed and one aspect ratio show
        the same objects at every size.
    n_objects : int
        Shapes laid over the backdrop, borders between layers, or trees of vessels; at least 0. A shape that
        ends up hidden gets no label.
    noise : float, optional
        Strength of the noise, for values in [0, 1]; 0.01 for leaves, grey and vessels, 0.2 for noisy, 0.4 for
        layers. For noisy it is the standard deviation at white and falls with the square root of the value;
        for layers it is relative to the value; for the others it is the same everywhere.
    blur : float
        Standard deviation of the lens blur in pixels. It softens the image, not the truth.
    kind : str
        "leaves": shapes that overlap, in colour. "grey": the same without colour. "noisy": the same in little
        light, photons are counted. "layers": wavy layers with speckle and shadows, as an OCT scan shows
        them, grey. "vessels": a retina with trees of vessels that get thinner and fainter as they branch.

    Returns
    -------
    image : (H, W, 3) float32 ndarray
        RGB in [0, 1].
    truth : (H, W) int32 ndarray
        Labels 0 to n - 1, each present: from back to front, layers from top to bottom. An object cut in two
        by another keeps one label, so a label need not be connected.

    Raises
    ------
    ValueError
        If a size is below 1, a number is negative, or there is no such kind.
    """
    if kind not in NOISE:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(NOISE)}")
    noise = NOISE[kind] if noise is None else noise
    size = _checked(shape, n_objects, noise, blur)
    rng = np.random.default_rng(seed)
    draw = {"layers": layers, "vessels": vessels}.get(kind, _leaves)
    drawn, truth = draw(rng, size, n_objects)
    truth = np.unique(truth, return_inverse=True)[1].reshape(size).astype(np.int32)
    return photograph(drawn, kind, noise, blur, rng), truth


def _leaves(rng: np.random.Generator, size: tuple[int, int], n_objects: int) -> tuple[NDArray, NDArray]:
    """Return the colours, (H, W, 3) Lab, and the truth, where hidden objects still count."""
    height, width = size
    leaves = _coloured(_placed(rng, n_objects), (height, width), rng)
    points = np.stack(np.mgrid[:height, :width], axis=-1) + 0.5
    truth = np.zeros((height, width), np.int32)
    for label, leaf in enumerate(leaves):
        truth[_covers(leaf, points, (height, width))] = label
    lab = np.empty((height, width, 3))
    for label, leaf in enumerate(leaves):
        lab[truth == label] = _paint(leaf, points[truth == label], (height, width))
    return lab, truth


def _checked(shape: tuple[int, int], n_objects: int, noise: float, blur: float) -> tuple[int, int]:
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"shape is {shape}, expected (height, width) of at least 1 pixel each")
    for name, value in (("n_objects", n_objects), ("noise", noise), ("blur", blur)):
        if not value >= 0:
            raise ValueError(f"{name} is {value}, expected a number of at least 0")
    return int(shape[0]), int(shape[1])


def _placed(rng: np.random.Generator, n_objects: int) -> list[_Leaf]:
    """Return the backdrop, sometimes a ground with a wavy edge, and shapes from large to small."""
    backdrop = _leaf(rng, "all", np.array([0.5, 0.5]), np.array([0.7, 0.7]), upright=True)
    edge = np.array([rng.uniform(0.35, 0.8), 0.5])
    ground = _leaf(rng, "ground", edge, np.array([0.7, 0.4]), upright=True)
    n_grounds = int(n_objects > 3 and rng.random() < 0.6)
    sizes = np.sort(np.exp(rng.uniform(np.log(0.06), np.log(0.34), n_objects - n_grounds)))[::-1]
    return [backdrop, *[ground] * n_grounds, *[_shape(rng, size) for size in sizes]]


def _shape(rng: np.random.Generator, size: float) -> _Leaf:
    shape = str(rng.choice(SHAPES, p=(0.2, 0.3, 0.15, 0.15, 0.12, 0.08)))
    across = rng.uniform(0.06, 0.16) if shape == "bar" else rng.uniform(0.45, 1.0)
    along = 2.0 if shape == "bar" else 1.0
    return _leaf(rng, shape, rng.uniform(0.02, 0.98, 2), size * np.array([along, across]))


def _leaf(
    rng: np.random.Generator, shape: str, centre: NDArray, radii: NDArray, upright: bool = False
) -> _Leaf:
    texture = str(rng.choice(TEXTURES, p=(0.25, 0.2, 0.1, 0.25, 0.2)))
    return _Leaf(
        shape=shape,
        centre=centre,
        radii=radii,
        angle=0.0 if upright else rng.uniform(0, np.pi),
        bend=0.0 if upright else rng.uniform(-0.35, 0.35),
        phases=rng.uniform(0, 2 * np.pi, _WAVES),
        texture=texture,
        frequency=np.exp(rng.uniform(np.log(12), np.log(60))),
        strength=rng.uniform(2, 11),
        slope=tuple(rng.uniform(-0.18, 0.18, 2)),
        roundness=rng.uniform(0, 0.35) * (not upright),
    )


def _coloured(leaves: list[_Leaf], size: tuple[int, int], rng: np.random.Generator) -> list[_Leaf]:
    """Give each object a colour: its own, or nearly that of the object behind its centre."""
    done: list[_Leaf] = []
    for leaf in leaves:
        colour, shift = _colour(rng), rng.normal(0, (5, 6, 6))
        if done and rng.random() < 0.35:
            centre = leaf.centre * size
            behind = [below for below in done if _covers(below, centre, size)][-1]
            colour = np.clip(behind.colour + shift, (15, -60, -60), (92, 60, 60))
        done.append(replace(leaf, colour=colour))
    return done


def _colour(rng: np.random.Generator) -> NDArray:
    lightness, hue = rng.uniform(22, 88), rng.uniform(0, 2 * np.pi)
    chroma = rng.uniform(2, 48) * min(1, lightness / 50, (110 - lightness) / 50)
    return np.array([lightness, chroma * np.cos(hue), chroma * np.sin(hue)])


def _local(leaf: _Leaf, points: NDArray, size: tuple[int, int]) -> tuple[NDArray, NDArray]:
    """Turn points (row, col) in pixels into lengths along and across the object."""
    row, col = np.moveaxis((points - leaf.centre * size) / np.sqrt(size[0] * size[1]), -1, 0)
    along = col * np.cos(leaf.angle) + row * np.sin(leaf.angle)
    across = row * np.cos(leaf.angle) - col * np.sin(leaf.angle)
    return along, across + leaf.bend * (along**2 / leaf.radii[0] - leaf.radii[0] / 2)


def _covers(leaf: _Leaf, points: NDArray, size: tuple[int, int]) -> NDArray[np.bool_]:
    along, across = _local(leaf, points, size)
    p, q, waves = along / leaf.radii[0], across / leaf.radii[1], leaf.phases
    if leaf.shape == "all":
        return np.ones(p.shape, bool)
    if leaf.shape == "ground":
        return q > sum(0.16 / k * np.sin(3 * k * p + waves[k]) for k in (1, 2, 4))
    if leaf.shape in ("box", "bar"):
        return p**8 + q**8 < 1
    if leaf.shape == "polygon":
        sides = np.arange(3 + int(waves[0] / 2)) + 0.08 * waves[1]
        turn = 2 * np.pi * sides / len(sides)
        return sum(np.maximum(0, p * np.cos(t) + q * np.sin(t)) ** 14 for t in turn) < 0.6**14
    radius, theta = np.hypot(p, q), np.arctan2(q, p)
    rim = sum(0.28 / k * np.cos(k * theta + waves[k]) for k in (2, 3, 5))
    return (radius < 1 + rim * (leaf.shape == "blob")) & (radius > 0.55 * (leaf.shape == "ring"))


def _paint(leaf: _Leaf, points: NDArray, size: tuple[int, int]) -> NDArray:
    """Return the Lab colours of points (n, 2) on the object: colour, texture, then shading."""
    along, across = _local(leaf, points, size)
    lab = np.tile(leaf.colour, (len(points), 1))
    # a pixel averages the waves that it holds: np.sinc fades what is too fine for it
    fade = np.sinc(min(1.0, leaf.frequency / np.sqrt(size[0] * size[1])))
    lab[:, 0] += leaf.strength * fade * _texture(leaf, along, across)
    p, q = along / leaf.radii[0], across / leaf.radii[1]
    light = 1 + leaf.slope[0] * np.clip(p, -1, 1) + leaf.slope[1] * np.clip(q, -1, 1)
    return lab * (light * (1 - leaf.roundness * np.clip(p**2 + q**2, 0, 1)))[:, None]


def _texture(leaf: _Leaf, along: NDArray, across: NDArray) -> NDArray:
    turn = 2 * np.pi * leaf.frequency
    if leaf.texture == "smooth":
        return np.zeros_like(along)
    if leaf.texture == "stripes":
        return np.tanh(2 * np.sin(turn * along + leaf.phases[0]))
    if leaf.texture == "checks":
        return np.tanh(6 * np.sin(turn / 2 * along) * np.sin(turn / 2 * across))
    spread = 0.06 if leaf.texture == "grain" else 1.0  # waves in all directions, or nearly in one
    angles = np.linspace(-np.pi / 2, np.pi / 2, _WAVES, endpoint=False) * spread
    lengths = np.linspace(0.25, 1, _WAVES)[np.argsort(leaf.phases)]
    waves = np.zeros_like(along)
    for angle, length, phase in zip(angles, lengths, leaf.phases, strict=True):
        waves += np.sin(turn * length * (along * np.cos(angle) + across * np.sin(angle)) + phase)
    return waves / np.sqrt(_WAVES / 2)
