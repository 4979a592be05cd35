import heapq

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data

from spamlab import seeds
from spamlab.features import lab
from spamlab.snic import snic

COFFEE = data.coffee()[40:232, 130:330]


def twin(image, n_segments, m):
    """The algorithm with lists and the standard library alone."""
    colour = lab(image).astype(float).tolist()
    H, W = len(colour), len(colour[0])
    points, _, step = seeds.grid((H, W), n_segments)
    owned, labels, queue, found = [], [[-1] * W for _ in range(H)], [], 0
    for row, col in seeds.nearest_pixels(points, (H, W)).tolist():
        queue.append((0.0, found, (row, col), found))
        owned.append([0.0] * 6)
        found += 1
    while queue:
        _, _, (i, j), k = heapq.heappop(queue)
        if labels[i][j] != -1:
            continue
        labels[i][j] = k
        owned[k] = [a + b for a, b in zip(owned[k], [*colour[i][j], i, j, 1], strict=True)]
        centre = [x / owned[k][5] for x in owned[k][:5]]
        for y, x in ((i - 1, j), (i, j - 1), (i, j + 1), (i + 1, j)):
            if y in range(H) and x in range(W) and labels[y][x] == -1:
                d = [a - b for a, b in zip([*colour[y][x], y, x], centre, strict=True)]
                D2 = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]) + (m / step) ** 2 * (d[3] * d[3] + d[4] * d[4])
                heapq.heappush(queue, (D2, found, (y, x), k))
                found += 1
    return np.array(labels)


def random_image(seed, shape):
    """Blocks of colour with noise: flat ground, edges and exact ties all occur."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 4, (shape[0] // 5 + 1, shape[1] // 5 + 1, 3)) * 80
    image = np.kron(coarse, np.ones((5, 5, 1), int))[: shape[0], : shape[1]]
    return (image + rng.integers(0, rng.choice([1, 15]), image.shape)).clip(0, 255).astype(np.uint8)


def assert_partition(labels, shape, n):
    assert labels.shape == shape and labels.dtype == np.int32
    assert np.unique(labels).tolist() == list(range(n))
    assert all(ndimage.label(labels == k)[1] == 1 for k in range(n))


shapes = st.tuples(st.integers(1, 25), st.integers(1, 25))
numbers = st.integers(0, 2**32 - 1)


@given(numbers, shapes, st.floats(0, 1), st.sampled_from([0.01, 0.5, 10.0, 1e6]))
def test_equals_the_twin_and_is_a_partition_of_connected_labels(seed, shape, share, m):
    image = random_image(seed, shape)
    n = 1 + int(share**3 * (shape[0] * shape[1] - 1))
    labels = snic(image, n, m)
    np.testing.assert_array_equal(labels, twin(image, n, m))
    assert_partition(labels, shape, len(seeds.grid(shape, n)[0]))


def test_equals_the_twin_on_a_photograph():
    np.testing.assert_array_equal(snic(COFFEE, 60), twin(COFFEE, 60, 10.0))


def test_every_seed_keeps_its_own_superpixel():
    points, _, _ = seeds.grid(COFFEE.shape[:2], 60)
    row, col = seeds.nearest_pixels(points, COFFEE.shape[:2]).T
    assert snic(COFFEE, 60, 0.1)[row, col].tolist() == list(range(len(points)))


def test_one_segment_is_the_whole_picture():
    assert snic(COFFEE, 1).max() == 0
    assert snic(COFFEE[:1, :1], 1).tolist() == [[0]]


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (2, 2), (3, 50)])
def test_thin_pictures(shape):
    n = shape[0] * shape[1]
    assert snic(np.zeros(shape), n).tolist() == np.arange(n).reshape(shape).tolist()  # one pixel each
    assert_partition(snic(random_image(3, shape), 2), shape, 2 if shape != (2, 2) else 1)


def test_half_planes_are_cut_exactly():
    image = np.zeros((20, 41, 3), np.uint8)
    image[:, 17:] = 200
    np.testing.assert_array_equal(snic(image, 2), image[..., 0] > 0)


def test_a_step_in_colour_of_m_weighs_as_much_as_one_step_of_space():
    """Two seeds, 10 apart; a ramp of lightness between them moves the border exactly where D says."""
    image = np.zeros((1, 20), np.uint8)
    image[0, 13:] = 255
    assert snic(image, 2, 1.0).tolist() == [[0] * 13 + [1] * 7]
    assert snic(image, 2, 1e4).tolist() == [[0] * 10 + [1] * 10]


@pytest.mark.parametrize("image", [np.full((60, 90, 3), 90, np.uint8), COFFEE], ids=["flat", "coffee"])
def test_without_colour_or_with_huge_compactness_cells_stay_near_the_grid(image):
    labels = snic(image, 24, 1e6)
    _, cells, _ = seeds.grid(image.shape[:2], 24)
    assert (labels == cells).mean() > 0.8
    size = np.bincount(labels.ravel())
    assert size.min() > 0.6 * labels.size / len(size) and size.max() < 1.5 * labels.size / len(size)


def test_details_tell_what_happened():
    labels, details = snic(COFFEE, 50, details=True)
    np.testing.assert_array_equal(labels, snic(COFFEE, 50))
    assert details.n_obtained == labels.max() + 1 == len(details.centres)
    assert details.step == pytest.approx(np.sqrt(labels.size / 50))
    values = np.dstack([lab(COFFEE), *np.indices(labels.shape)]).astype(float)
    means = [values[labels == k].mean(axis=0) for k in range(details.n_obtained)]
    np.testing.assert_allclose(details.centres, means)


def test_the_same_picture_gives_the_same_labels_and_stays_untouched():
    before = COFFEE.copy()
    np.testing.assert_array_equal(snic(COFFEE, 50), snic(COFFEE, 50))
    np.testing.assert_array_equal(COFFEE, before)
    grey = COFFEE[..., 1]
    np.testing.assert_array_equal(snic(grey, 50), snic(np.dstack([grey] * 3), 50))


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        ({"n_segments": 0}, ValueError, "n_segments=0"),
        ({"n_segments": 10**6}, ValueError, "expected 1 to 38400"),
        ({"n_segments": 2.5}, TypeError, "whole number"),
        ({"compactness": 0}, ValueError, "compactness=0"),
        ({"compactness": float("inf")}, ValueError, "above 0"),
    ],
)
def test_bad_arguments_are_refused(bad, error, says):
    with pytest.raises(error, match=says):
        snic(COFFEE, **bad)
