"""The steps of robust background detection, each against a second route or a result by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from skimage import data

from spamlab import saliency as parts
from spamlab.slic import slic

GRID = np.arange(9).reshape(3, 3).astype(np.int32)
SQUARES = np.kron(GRID, np.ones((4, 5), np.int32))
seeds = st.integers(0, 2**32 - 1)


def random_graph(seed, n):
    """Return differences of n random colours and symmetric links; parts of it may be apart."""
    rng = np.random.default_rng(seed)
    links = np.triu(rng.random((n, n)) < 0.3, 1)
    return parts.differences(rng.integers(0, 5, (n, 3)) * 7.0), links | links.T


# ---- graph


@pytest.mark.parametrize("labels", [GRID, SQUARES], ids=["pixels", "squares"])
def test_a_grid_has_four_neighbours_and_a_centre_off_the_border(labels):
    links, border = parts.touching(labels), parts.on_border(labels)
    assert links.sum(axis=1).tolist() == [2, 3, 2, 3, 4, 3, 2, 3, 2]
    assert np.flatnonzero(links[4]).tolist() == [1, 3, 5, 7]
    assert np.flatnonzero(~border).tolist() == [4]
    linked = parts.link_border(links, border)
    assert linked.sum(axis=1).tolist() == [7, 8, 7, 8, 4, 8, 7, 8, 7]
    rings = parts.two_rings(links)
    assert np.flatnonzero(rings[0]).tolist() == [1, 2, 3, 4, 6]
    for matrix in (links, linked, rings):
        assert (matrix == matrix.T).all() and not matrix.diagonal().any()


@given(seeds, st.integers(1, 15))
def test_two_rings_are_what_two_steps_reach(seed, n):
    _, links = random_graph(seed, n)
    hops = dijkstra(coo_array(links.astype(float)).tocsr(), unweighted=True)
    np.testing.assert_array_equal(parts.two_rings(links), (hops > 0) & (hops <= 2))


def test_nodes_know_their_colour_and_their_place():
    image = np.zeros((12, 15, 3), np.uint8)
    image[SQUARES == 4] = 255
    colour, position = parts.nodes(SQUARES, image)
    np.testing.assert_allclose(colour[4], [100, 0, 0], atol=0.02)
    np.testing.assert_allclose(colour[0], 0, atol=1e-6)
    np.testing.assert_allclose(position[4], [0.5, 0.5])
    np.testing.assert_allclose(position[0], [1.5 / 11, 2 / 14])
    corners = parts.nodes(GRID, np.zeros((3, 3)))[1]
    np.testing.assert_allclose(corners[[0, 8]], [[0, 0], [1, 1]])


def test_scales_of_a_chain_by_hand():
    difference = parts.differences(np.array([[0.0], [4], [10], [40]]))
    chain = np.eye(4, k=1, dtype=bool) | np.eye(4, k=-1, dtype=bool)
    found = parts.scales(difference, chain)  # least in one ring 4 4 6 30, in two 4 4 6 30, at most 30
    assert found.clip == 11 and found.geodesic == 5 and found.smoothness == 6
    steep = parts.scales(4 * difference, chain)
    assert steep.clip == 44 and steep.geodesic == 10 and steep.smoothness == 20
    plain = parts.scales(np.zeros((4, 4)), chain)
    assert (plain.clip, plain.geodesic, plain.smoothness) == (0, 5, 1)
    alone = parts.scales(np.zeros((1, 1)), np.zeros((1, 1), bool))
    assert (alone.clip, alone.geodesic, alone.smoothness) == (0, 5, 1)


def test_the_second_ring_may_hold_a_closer_colour():
    difference = parts.differences(np.array([[0.0], [9], [0], [9]]))
    chain = np.eye(4, k=1, dtype=bool) | np.eye(4, k=-1, dtype=bool)
    assert parts.scales(difference, chain).clip == 0
    assert parts.scales(difference, chain).smoothness == pytest.approx(1.8)  # a fifth of the largest


# ---- background


def floyd_warshall(costs):
    """Allow one more superpixel on the way, round after round."""
    length = costs.copy()
    np.fill_diagonal(length, 0)
    for k in range(len(length)):
        length = np.minimum(length, length[:, k, None] + length[k])
    return length


@given(seeds, st.integers(1, 20), st.sampled_from([0.0, 7.0, 12.0]))
def test_geodesic_distance_equals_that_of_floyd_and_warshall(seed, n, clip):
    difference, links = random_graph(seed, n)
    expected = floyd_warshall(np.where(links, np.maximum(difference - clip, 0), np.inf))
    np.testing.assert_allclose(parts.geodesic(difference, links, clip), expected, atol=1e-9)


def test_geodesic_distance_of_a_photograph_is_a_metric_below_the_direct_difference():
    image = data.coffee()[40:232, 130:330]
    labels = slic(image, 60)
    colour, _ = parts.nodes(labels, image)
    difference, links = parts.differences(colour), parts.touching(labels)
    length = parts.geodesic(difference, links, 0)
    assert np.allclose(length, length.T) and not length.diagonal().any()
    assert (length >= difference - 1e-9).all()  # the triangle inequality of colours
    assert (length[links] <= difference[links] + 1e-9).all()
    assert (length[:, None] <= length[:, :, None] + length[None] + 1e-9).all()


def test_border_connectivity_of_a_grid_by_hand():
    border = parts.on_border(GRID)
    for d in (0.0, 6.0, 30.0):  # the colour of the middle differs by d from that of the other eight
        colour = np.where(GRID.ravel() == 4, d, 0.0)[:, None]
        links = parts.link_border(parts.touching(GRID), border)
        length = parts.geodesic(parts.differences(colour), links, 0)
        found = parts.border_connectivity(length, border, 10)
        t = np.exp(-d * d / 200)
        np.testing.assert_allclose(found[4], 8 * t / np.sqrt(8 * t + 1))
        np.testing.assert_allclose(np.delete(found, 4), 8 / np.sqrt(8 + t))


@pytest.mark.parametrize("n", [2, 3, 8])
def test_border_connectivity_of_a_square_area_is_four_sides_less_corners_over_one_side(n):
    labels = np.arange(n * n).reshape(n, n).astype(np.int32)
    found = parts.border_connectivity(np.zeros((n * n, n * n)), parts.on_border(labels), 10)
    np.testing.assert_allclose(found, (4 * n - 4) / n)


def test_background_weight_grows_from_zero_to_one():
    weight = parts.background_weight(np.array([0, 1e-9, 0.5, 1, 3, 50]))
    assert weight[0] == 0 and weight[-1] == 1 and (np.diff(weight) > 0).all()
    np.testing.assert_allclose(weight[3], 1 - np.exp(-0.5))


def test_contrast_equals_its_double_sum_and_ignores_what_is_no_background():
    rng = np.random.default_rng(0)
    difference, distance = (parts.differences(rng.random((6, 2))) for _ in range(2))
    background = np.array([0, 1, 0.5, 0, 0.2, 1])
    found = parts.contrast(difference, distance, background, sigma=0.3)
    for i in range(6):
        near = np.exp(-(distance[i] ** 2) / 0.18)
        assert found[i] == pytest.approx(sum(difference[i, j] * near[j] * background[j] for j in range(6)))
    assert not parts.contrast(difference, distance, np.zeros(6)).any()


@given(st.lists(st.integers(0, 50), min_size=2, max_size=12).filter(lambda values: len(set(values)) > 1))
def test_foreground_is_the_upper_group_of_the_split_that_varies_least_inside(values):
    values = np.array(values, float)

    def inside(upper):
        return sum(((group - group.mean()) ** 2).sum() for group in (values[upper], values[~upper]))

    found = parts.foreground_weight(values)
    least = min(inside(values >= value) for value in values[values > values.min()])
    assert inside(found > 0) <= least * (1 + 1e-4) + 1e-4
    np.testing.assert_allclose(found[found > 0], parts.stretch(values)[found > 0])


def test_foreground_weight_keeps_the_upper_of_two_groups():
    found = parts.foreground_weight(np.array([1.0, 2, 1, 90, 101, 2]))
    np.testing.assert_allclose(found, [0, 0, 0, 0.89, 1, 0])
    assert not parts.foreground_weight(np.full(5, 3.0)).any()


def test_stretch_reaches_both_ends_and_leaves_rounding_alone():
    assert parts.stretch([2, 4, 3]).tolist() == [0, 1, 0.5]
    assert parts.stretch([2, 2 + 1e-9]).tolist() == [0, 0] and parts.stretch([5]).tolist() == [0]


# ---- optimisation


def problem(seed, n=7):
    rng = np.random.default_rng(seed)
    w = np.triu(rng.random((n, n)) * (rng.random((n, n)) < 0.5), 1)
    return rng.random(n) + 0.01, rng.random(n), w + w.T


def test_the_energy_by_hand():
    w = np.array([[0, 3.0], [3, 0]])
    background, foreground = np.array([1, 0.0]), np.array([0, 2.0])
    found = parts.energy(np.array([0.5, 0.25]), background, foreground, w)
    assert found == pytest.approx(5 * 0.25 + 2 * 0.75**2 + 3 * 0.25**2)


@given(seeds)
def test_no_other_values_have_less_energy(seed):
    given = problem(seed)
    best = parts.optimise(*given)
    least = parts.energy(best, *given)
    rng = np.random.default_rng(seed)
    for size in (1, 0.1, 0.001):
        assert parts.energy(best + size * rng.normal(size=len(best)), *given) > least
    assert best.min() >= -1e-12 and best.max() <= 1 + 1e-12


def test_a_general_minimiser_finds_the_same_values():
    given = problem(4)
    found = minimize(parts.energy, np.full(7, 0.5), given, tol=1e-10)
    np.testing.assert_allclose(parts.optimise(*given), found.x, atol=1e-4)


def test_without_neighbours_each_value_weighs_its_two_wishes():
    background, foreground = np.array([0, 1, 1.0]), np.array([1, 0, 5.0])
    np.testing.assert_allclose(parts.optimise(background, foreground, np.zeros((3, 3))), [1, 0, 0.5])


def test_neighbours_of_one_colour_pull_and_strangers_hardly_do():
    colour = np.array([[0.0], [0], [80], [0], [80]])
    chain = np.eye(5, k=1, dtype=bool) | np.eye(5, k=-1, dtype=bool)
    border = np.array([True, False, False, False, True])
    w = parts.pull(parts.differences(colour), chain, border, 10)
    assert w[0, 1] == pytest.approx(1.1) and w[1, 3] == 1  # a neighbour; the second ring
    assert w[1, 2] == pytest.approx(0.1) and w[0, 3] == 0  # another colour; too far
    assert 0 < w[0, 4] < 1e-9 and (w == w.T).all() and not w.diagonal().any()  # both at the border


def test_what_is_background_beyond_doubt_stays_at_zero():
    weight = parts.sure_background(np.array([0.5, 0.9, 0.99]), np.array([1.0, 3, 3.1]))
    assert weight[0] == 0.5 and weight[1] == 0.9 and weight[2] > 100
