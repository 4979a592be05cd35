"""Robust background detection as a whole: a second computation without graphs; things known to stand out."""

import numpy as np
import pytest
from skimage import data
from skimage.color import rgb2lab
from test_saliency import blocks, with_disc
from test_saliency import scene as ground

from spamlab.data import load_image, load_truth, scene
from spamlab.saliency import saliency
from spamlab.slic import slic

# ---- the twin: dense matrices, loops where they are clearer


def neighbours(labels):
    """Return (n, n) bool: pairs of pixels one step apart with two labels."""
    links = np.zeros((labels.max() + 1,) * 2, bool)
    for one, other in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        for a, b in zip(one.ravel(), other.ravel(), strict=True):
            links[a, b] = links[b, a] = a != b
    return links


def apart(values):
    return np.sqrt(((values[:, None] - values) ** 2).sum(axis=2))


def shortest(costs):
    """Floyd and Warshall."""
    length = costs.copy()
    np.fill_diagonal(length, 0)
    for k in range(len(length)):
        length = np.minimum(length, length[:, [k]] + length[[k]])
    return length


def least_energy(background, foreground, pull):
    """Return the s with the least sum of squares: one row of a long system for each term of the energy."""
    n = len(background)
    i, j = np.nonzero(np.triu(pull))
    pairs = np.sqrt(pull[i, j])[:, None] * (np.eye(n)[i] - np.eye(n)[j])
    rows = [np.sqrt(5 * background)[:, None] * np.eye(n), np.sqrt(foreground)[:, None] * np.eye(n), pairs]
    wanted = [np.zeros(n), np.sqrt(foreground), np.zeros(len(i))]
    return np.linalg.lstsq(np.vstack(rows), np.concatenate(wanted))[0]


def upper_group(values):
    """Return which values lie in the upper of the two groups with the least variance inside."""
    cuts = np.unique(values)[1:]
    inside = [sum(v.var() * v.size for v in (values[values >= c], values[values < c])) for c in cuts]
    return values >= cuts[np.argmin(inside)]


def stretched(values):
    return (values - values.min()) / np.ptp(values)


def twin(image, labels):
    """Return the values of all superpixels, by the formulas of the paper and the numbers of its program."""
    n = labels.max() + 1
    pixels, (rows, cols) = rgb2lab(image), np.indices(labels.shape)
    last = np.array(labels.shape) - 1
    colour = np.array([pixels[labels == k].mean(axis=0) for k in range(n)])
    place = np.array([[rows[labels == k].mean(), cols[labels == k].mean()] for k in range(n)]) / last
    edge = (rows == 0) | (cols == 0) | (rows == last[0]) | (cols == last[1])
    border = np.array([(edge & (labels == k)).any() for k in range(n)])
    other = ~np.eye(n, dtype=bool)
    near = neighbours(labels)
    wide = other & (near | ((near[:, :, None] & near[None]).any(axis=1)))
    d = apart(colour)
    clip = np.where(wide, d, np.inf).min(axis=1).mean()
    least = 3 * np.where(near, d, np.inf).min(axis=1).mean()
    steps = np.sort(d[near])[::-1]
    top = steps[: max(1, round(len(steps) / 100))].mean()
    same_area, alike = max(5, min(10, least, top / 10)), max(1, min(20, least, top / 5))

    linked = other & (near | (border[:, None] & border))
    length = shortest(np.where(linked, np.maximum(0, d - clip), np.inf))
    belongs = np.exp(-(length**2) / (2 * same_area**2))
    connectivity = belongs[:, border].sum(axis=1) / np.sqrt(belongs.sum(axis=1))
    background = 1 - np.exp(-(connectivity**2) / 2)
    contrast = (d * np.exp(-(apart(place) ** 2) / (2 * 0.4**2)) * background).sum(axis=1)
    foreground = np.where(upper_group(contrast), stretched(contrast), 0)

    pull = np.where(other & (wide | (border[:, None] & border)), np.exp(-(d**2) / (2 * alike**2)), 0)
    return least_energy(np.where(connectivity > 3, 1000, background), foreground, pull + 0.1 * near)


PICTURES = {
    "disc": lambda: with_disc()[0],
    "coffee": lambda: data.coffee()[40:232, 130:330],
    "chelsea": lambda: data.chelsea()[60:200, 80:300],
    "scene": lambda: scene(3, (90, 120), 4)[0],
    "blocks": lambda: blocks(0, (60, 80)),
}


@pytest.mark.parametrize("make", PICTURES.values(), ids=PICTURES)
def test_a_computation_without_graphs_gives_the_same_map(make):
    image = make()
    labels = slic(image, 70)
    found, details = saliency(image, labels=labels, details=True)
    expected = twin(image, labels)
    np.testing.assert_allclose(details.values, expected, atol=1e-4)
    np.testing.assert_allclose(found, stretched(expected)[labels], atol=1e-3)


# ---- things known to stand out

STAND_OUT = {"coins": range(1, 25), "coffee": (2, 3, 4, 5), "rocket": (7, 8, 9, 10)}  # objects of the truth


@pytest.mark.parametrize("name", STAND_OUT)
def test_the_main_things_of_a_photograph_are_salient_and_the_rest_is_not(name):
    truth, _ = load_truth(name)
    inside = np.isin(truth, STAND_OUT[name])
    for method, times in (("rbd", 10), ("spectral", 1.5)):
        found = saliency(load_image(name), method)
        assert found[inside].mean() > times * found[~inside].mean()
    found = saliency(load_image(name))
    assert found[inside].mean() > 0.55 and found[~inside].mean() < 0.05


@pytest.mark.parametrize("seed", range(8))
def test_shapes_in_front_of_a_backdrop_are_salient(seed):
    image, truth = scene(seed, (120, 160), 2)
    assert (truth == 0).mean() > 0.7
    found = saliency(image)
    assert found[truth > 0].mean() > 0.45 and found[truth == 0].mean() < 0.01


def test_the_more_of_its_outline_lies_at_the_border_the_less_a_thing_stands_out():
    """The same square: an island, at a side, in a corner."""
    seen = []
    for row, col in ((40, 60), (0, 60), (0, 0)):
        image, *_ = ground((120, 160))
        inside = np.zeros(image.shape[:2], bool)
        inside[row : row + 40, col : col + 40] = True
        image[inside] = [60, 70, 190]
        found, details = saliency(image, details=True)
        seen.append(
            (found[inside].mean(), found[~inside].mean(), details.connectivity[details.labels[inside]])
        )
    island, side, corner = seen
    assert island[0] > side[0] > corner[0] > 0.8 and max(rest for _, rest, _ in seen) < 0.01
    assert island[2].max() < 0.3 and 0.6 < side[2].mean() < 1.3 and 1.5 < corner[2].mean() < 2.3
