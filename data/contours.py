"""Contours placed by hand, as text, and the masks they stand for; for truth/ and proposals/.

A contour is a line `name ~ points` (a smooth curve) or `name - points` (straight edges), closed. A
point is `row col` in pixels, (0, 0) being the centre of the first pixel; a point with `*` is a corner
of a smooth curve. Points are separated by commas and may run over several lines.
"""

import re

import numpy as np
from scipy.interpolate import CubicSpline
from skimage.draw import polygon2mask


def arc(points, closed, density):
    """Return the smooth curve through `points`, (n, 2), at about `density` positions per pixel."""
    if closed:
        points = np.concatenate([points, points[:1]])
    chords = np.linalg.norm(np.diff(points, axis=0), axis=1)
    t = np.concatenate([[0], np.cumsum(np.sqrt(chords))])  # centripetal: no loops where points are close
    curve = CubicSpline(t, points, bc_type="periodic" if closed else "natural")
    return curve(np.linspace(0, t[-1], int(density * chords.sum()) + 2))


def outline(kind, text, density):
    """Return the (m, 2) corners of the polygon that a contour stands for; see `arc`."""
    words = [word.strip() for word in text.split(",")]
    points = np.array([[float(x) for x in word.strip("*").split()] for word in words])
    if kind == "-":
        return points
    corners = [i for i, word in enumerate(words) if word.endswith("*")]
    if not corners:
        return arc(points, True, density)
    points = np.roll(points, -corners[0], axis=0)
    stops = [corner - corners[0] for corner in corners] + [len(points)]
    points = np.concatenate([points, points[:1]])
    return np.concatenate(
        [arc(points[a : b + 1], False, density) for a, b in zip(stops, stops[1:], strict=False)]
    )


def masks(text, shape, density=4):
    """Return {name: (H, W) bool ndarray} of the contours in `text`; fewer positions are quicker to fill."""
    lines = re.findall(r"(\w+) ([~-]) ([-\d., *\n]+)(?=\n|$)", text)
    # Rounded, so that the last digit of a processor decides nothing.
    polygons = {key: np.round(outline(kind, words, density) * 64) / 64 for key, kind, words in lines}
    return {key: polygon2mask(shape, polygon) for key, polygon in polygons.items()}
