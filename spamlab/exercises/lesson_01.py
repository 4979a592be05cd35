"""The exercises of lesson 01: SLIC's distance, its window, and the compactness that SLICO adapts."""

import numpy as np

from spamlab.exercises.exercise import Task


def distance(pixel, centre, S, m):
    """Return SLIC's distance D between a pixel and a centre, both (L, a, b, row, col)."""
    ### BEGIN SOLUTION
    d_c = np.linalg.norm(pixel[:3] - centre[:3])
    d_s = np.linalg.norm(pixel[3:] - centre[3:])
    return np.sqrt(d_c**2 + (m / S) ** 2 * d_s**2)
    ### END SOLUTION


def joinable(pixel, centres, S):
    """Return the indices of the centres, rows (L, a, b, row, col), that a pixel (row, col) may join."""
    ### BEGIN SOLUTION
    off = np.abs(centres[:, 3:] - pixel)
    return np.flatnonzero(off.max(axis=1) <= S)
    ### END SOLUTION


def raise_m(colour, centres, labels, m):
    """Return SLICO's new m_k, (K,), from colours (H, W, 3), centres (K, 5), labels (H, W) and old m (K,)."""
    ### BEGIN SOLUTION
    new = m.copy()
    for k in np.unique(labels):
        d_c = np.linalg.norm(colour[labels == k] - centres[k, :3], axis=1)
        new[k] = max(m[k], d_c.max())
    return new
    ### END SOLUTION


# ---- 01.1


def _parts(pixel, centre):
    return np.linalg.norm(pixel[:3] - centre[:3]), np.linalg.norm(pixel[3:] - centre[3:])


def _halves(off, weights):
    """Return the weighted lengths of the first two and of the last three numbers."""
    return weights[0] * np.linalg.norm(off[:2]), weights[1] * np.linalg.norm(off[2:])


def _distance_mistake(formula):
    return lambda pixel, centre, S, m: formula(*_parts(pixel, centre), S, m)


def _distance_inputs():
    rows = [
        ([50, 0, 0, 0, 0], [53, 4, 0, 6, 8], 20, 10),
        ([50, 0, 0, 0, 0], [50, 0, 0, 3, 4], 10, 10),
        ([50, 5, 9, 7, 7], [48, 6, 7, 7, 7], 10, 20),
        ([20, -8, 31, 12, 40], [61, 10, 4, 30, 11], 29.5, 1),
        ([20, -8, 31, 12, 40], [61, 10, 4, 30, 11], 29.5, 40),
    ]
    return [
        {"pixel": np.array(p, float), "centre": np.array(c, float), "S": float(S), "m": float(m)}
        for p, c, S, m in rows
    ]


DISTANCE = Task(
    name="01.1",
    title="the distance",
    function=distance,
    inputs=_distance_inputs,
    hints=(
        "D has two parts: how far the colours are apart, and how far the positions are apart. "
        "Slices take them from a row: pixel[:3] and pixel[3:].",
        "d_c and d_s are the lengths of two differences; np.linalg.norm gives the length of a vector.",
        "The equation of section 3 gives D squared: add d_c squared and (m / S) squared times d_s squared.",
    ),
    mistakes={
        "You return D squared. The square root is missing.": _distance_mistake(
            lambda d_c, d_s, S, m: d_c**2 + (m / S) ** 2 * d_s**2
        ),
        "You add the two distances, as a report of 2010 did. The paper adds squares and takes the root.": (
            _distance_mistake(lambda d_c, d_s, S, m: d_c + m / S * d_s)
        ),
        "You do not divide by S. Position then outweighs colour as soon as superpixels are large.": (
            _distance_mistake(lambda d_c, d_s, S, m: np.hypot(d_c, m * d_s))
        ),
        "The weight m / S is not squared, though d_s is.": _distance_mistake(
            lambda d_c, d_s, S, m: np.sqrt(d_c**2 + m / S * d_s**2)
        ),
        "m and S are exchanged: you weigh the position by S / m.": _distance_mistake(
            lambda d_c, d_s, S, m: np.hypot(d_c, S / m * d_s)
        ),
        "You weigh the colours by m / S. It is the position that m / S weighs.": _distance_mistake(
            lambda d_c, d_s, S, m: np.hypot(m / S * d_c, d_s)
        ),
        "You treat all five numbers alike, so a pixel counts as much as a Lab unit. m / S is missing.": (
            _distance_mistake(lambda d_c, d_s, S, m: np.hypot(d_c, d_s))
        ),
        "You use the lightness L alone. Colour is L, a and b.": lambda pixel, centre, S, m: np.hypot(
            pixel[0] - centre[0], m / S * _parts(pixel, centre)[1]
        ),
        "You take two numbers as the colour, [:2]. L, a and b are [:3], row and col are [3:].": (
            lambda pixel, centre, S, m: np.hypot(*_halves(pixel - centre, (1, m / S)))
        ),
        "You take the position from the front, [:2]. The colour comes first: (L, a, b, row, col).": (
            lambda pixel, centre, S, m: np.hypot(*_halves(pixel - centre, (m / S, 1)))
        ),
    },
)


# ---- 01.2


def _joinable_mistake(inside):
    def wrong(pixel, centres, S):
        row, col = np.abs(centres[:, 3:] - pixel).T
        return np.flatnonzero(inside(row, col, S))

    return wrong


def _joinable_inputs():
    small = np.array([[60, 0, 0, 2, 2], [50, 0, 0, 2, 6], [40, 0, 0, 6, 2], [30, 0, 0, 6, 6]], float)
    place = np.stack(np.meshgrid(np.arange(2, 20, 4), np.arange(1, 30, 5), indexing="ij"), -1).reshape(-1, 2)
    colour = np.stack([np.arange(30) * 7 % 23, np.arange(30) * 5 % 19, np.arange(30)], axis=1)
    many = np.concatenate([colour, place], axis=1).astype(float)
    rows = [((3, 4), small, 4), ((0, 0), small, 4)]
    rows += [((10, 16), many, 5), ((6, 11), many, 4.5), ((17, 2), many, 6)]
    return [{"pixel": np.array(p), "centres": c.copy(), "S": float(S)} for p, c, S in rows]


JOINABLE = Task(
    name="01.2",
    title="the window",
    function=joinable,
    inputs=_joinable_inputs,
    hints=(
        "Turn the question round: a centre's window holds the pixel when the pixel's holds the centre.",
        "The window is a square of side 2S: at most S rows up or down, and at most S columns left or right. "
        "Its edge belongs to it.",
        "centres[:, 3:] - pixel gives all differences at once. np.flatnonzero turns True into indices.",
    ),
    mistakes={
        "Your window is a disc. It is a square: compare rows and columns one by one.": _joinable_mistake(
            lambda row, col, S: np.hypot(row, col) <= S
        ),
        "Your window is a diamond, because you add the differences. Compare rows and columns one by one.": (
            _joinable_mistake(lambda row, col, S: row + col <= S)
        ),
        "Your window has side S. It has side 2S: it reaches S to each side.": _joinable_mistake(
            lambda row, col, S: np.maximum(row, col) <= S / 2
        ),
        "Your window has side 4S, which is scikit-image's. The paper's reaches S to each side.": (
            _joinable_mistake(lambda row, col, S: np.maximum(row, col) <= 2 * S)
        ),
        "The edge belongs to the window: a centre exactly S away may be joined. Use <=.": _joinable_mistake(
            lambda row, col, S: np.maximum(row, col) < S
        ),
        "Near in rows or in columns is not enough. It must be near in both.": _joinable_mistake(
            lambda row, col, S: np.minimum(row, col) <= S
        ),
        "You compare signed differences, so centres far to one side count as near. Take np.abs first.": (
            lambda pixel, centres, S: np.flatnonzero((centres[:, 3:] - pixel <= S).all(axis=1))
        ),
        "Rows and columns are exchanged. Everything here is (row, col).": lambda pixel, centres, S: (
            np.flatnonzero((np.abs(centres[:, :2:-1] - pixel) <= S).all(axis=1))
        ),
        "You compare the pixel with L and a. The position stands in the last two columns, centres[:, 3:].": (
            lambda pixel, centres, S: np.flatnonzero((np.abs(centres[:, :2] - pixel) <= S).all(axis=1))
        ),
        "You return truth values. np.flatnonzero makes indices of them.": lambda pixel, centres, S: (
            np.abs(centres[:, 3:] - pixel) <= S
        ).all(axis=1),
        "np.where returns a tuple. Take its first entry.": lambda *given: (joinable(*given),),
        "You count from 1. The first centre has index 0.": lambda *given: joinable(*given) + 1,
    },
)


# ---- 01.3


def _raise_inputs():
    labels = np.array([[0, 0, 1], [0, 1, 1]])
    colour = np.array([[[50, 0, 0], [53, 4, 0], [20, 0, 0]], [[38, 0, 16], [50, 0, 9], [20, 6, 2]]], float)
    centres = np.array([[50, 0, 0, 0, 1], [30, 1, 2, 1, 2]], float)
    rng = np.random.default_rng(1)
    found = [{"colour": colour, "centres": centres, "labels": labels, "m": np.array([10.0, 10.0])}]
    for m in ([10, 60, 10, 30], [12, 10, 80, 10]):
        found.append(
            {
                "colour": rng.integers(0, 60, (4, 5, 3)).astype(float),
                "centres": rng.integers(0, 60, (4, 5)).astype(float),
                "labels": rng.integers(0, 3, (4, 5)),  # no pixel belongs to the last centre
                "m": np.array(m, float),
            }
        )
    return found


def _raise_mistake(reduce, old=lambda m: m):
    """Return a wrong update that combines the distances of each cluster and the old m in its own way."""

    def wrong(colour, centres, labels, m):
        d_c = np.linalg.norm(colour - centres[labels, :3], axis=2)
        new = np.asarray(old(m), float).copy()
        for k in np.unique(labels):
            new[k] = max(new[k], reduce(d_c[labels == k]))
        return new

    return wrong


def _raise_last(colour, centres, labels, m):
    new = m.copy()
    new[labels] = np.maximum(m[labels], np.linalg.norm(colour - centres[labels, :3], axis=2))
    return new


def _raise_with_position(colour, centres, labels, m):
    row, col = np.indices(labels.shape)
    apart = np.linalg.norm(np.dstack([colour, row, col]) - centres[labels], axis=2)
    return np.array([max(m[k], *apart[labels == k], 0) for k in range(len(m))])


def _raise_all(colour, centres, labels, m):
    return np.maximum(m, np.linalg.norm(colour - centres[labels, :3], axis=2).max())


RAISE = Task(
    name="01.3",
    title="SLICO's update",
    function=raise_m,
    inputs=_raise_inputs,
    hints=(
        "For each k look at its own pixels, labels == k, and at the colour of its centre, centres[k, :3].",
        "m_k is a running maximum: the largest of what it was and of all colour distances in the cluster. "
        "A cluster without pixels keeps its m.",
        "For one k: np.linalg.norm(colour[labels == k] - centres[k, :3], axis=1) are the distances.",
    ),
    none="Changing m in place is not enough.",
    mistakes={
        "m_k may not fall. Keep the larger of the old m_k and the largest distance of this round.": (
            _raise_mistake(np.max, old=np.zeros_like)
        ),
        "You take squared distances. m_k is compared with d_c, in Lab units: take the root.": _raise_mistake(
            lambda d_c: (d_c**2).max()
        ),
        "You take the mean distance of a cluster. SLICO takes the largest.": _raise_mistake(np.mean),
        "You take the smallest distance of a cluster. SLICO takes the largest.": _raise_mistake(np.min),
        "With m[labels] = ... only the last pixel of each cluster counts. Use np.maximum.at or a loop.": (
            _raise_last
        ),
        "Your distance includes the position. m_k measures colours only.": _raise_with_position,
        "You raise all m_k to the largest distance of the picture. Each cluster has its own.": _raise_all,
    },
)

TASKS = (DISTANCE, JOINABLE, RAISE)
