"""Merging superpixels: each mode against a slow oracle, and what is true of all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.cluster.hierarchy import linkage
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial.distance import pdist
from test_slic import assert_partition, random_image

from spamlab.regions import adjacency, components, sizes
from spamlab.segments import Graph, distance, distance_at, merge
from spamlab.segments.merging import MODES, by_edges, by_means

numbers = st.integers(0, 2**32 - 1)
shapes = st.tuples(st.integers(1, 14), st.integers(1, 14))
thresholds = st.floats(0, 1)
modes = st.sampled_from(MODES)


def graph_of(superpixels, v):
    """Return the graph of superpixels with these features, (n, C)."""
    superpixels, v = np.asarray(superpixels, np.int32), np.asarray(v, float)
    pairs, lengths = adjacency(superpixels)
    return Graph(superpixels, v, pairs, lengths, distance(v, pairs))


def random_graph(seed, shape, ties=False):
    """Return blocks and single pixels as superpixels; with `ties`, many are equally similar."""
    rng = np.random.default_rng(seed)
    superpixels = components(random_image(seed, shape)[..., 0])
    size = superpixels.max() + 1, rng.integers(1, 4)
    return graph_of(superpixels, rng.integers(0, 3, size) if ties else rng.normal(0, 0.7, size))


def segment_of(graph, labels):
    """Return the segment of each superpixel, (n,); fail unless segments are made of whole ones."""
    n = len(graph.v)
    first = np.unique(graph.superpixels, return_index=True)[1]
    found = labels.ravel()[first]
    np.testing.assert_array_equal(found[graph.superpixels], labels)
    assert len(found) == n
    return found


def as_sets(segment):
    """Return a partition as a set of sets, free of numbers."""
    return {frozenset(np.flatnonzero(segment == k).tolist()) for k in np.unique(segment)}


def refines(fine, coarse):
    return all(any(one <= other for other in coarse) for one in fine)


# ---- what is true of all modes


@settings(max_examples=80)
@given(numbers, shapes, thresholds, modes, st.sampled_from([1, 2, 3, 7, 1000]), st.booleans())
def test_segments_are_connected_and_made_of_whole_superpixels(seed, shape, threshold, mode, min_size, ties):
    graph = random_graph(seed, shape, ties)
    labels = merge(graph, threshold, min_size, mode)
    assert_partition(labels, shape)
    count = np.bincount(segment_of(graph, labels))
    assert len(count) == 1 or count.min() >= min_size


@given(numbers, shapes, modes, st.booleans())
def test_the_ends_of_the_threshold(seed, shape, mode, ties):
    graph = random_graph(seed, shape, ties)
    np.testing.assert_array_equal(merge(graph, 1.0, mode=mode), graph.superpixels)  # s = 1 is not above 1
    assert merge(graph, 0.0, mode=mode).max() == 0


@given(numbers, shapes, st.tuples(thresholds, thresholds), st.sampled_from(["components", "update"]))
def test_segments_are_nested_as_the_threshold_falls(seed, shape, both, mode):
    graph = random_graph(seed, shape, seed % 2)
    high, low = (as_sets(segment_of(graph, merge(graph, T, mode=mode))) for T in sorted(both, reverse=True))
    assert refines(high, low)


@given(numbers, shapes, thresholds, st.sampled_from(["components", "update"]))
def test_the_numbering_of_superpixels_plays_no_part(seed, shape, threshold, mode):
    graph = random_graph(seed, shape)
    new = np.random.default_rng(seed).permutation(len(graph.v))
    v = np.empty_like(graph.v)
    v[new] = graph.v
    other = graph_of(new[graph.superpixels], v)
    found, turned = (merge(one, threshold, mode=mode) for one in (graph, other))
    assert as_sets(found.ravel()) == as_sets(turned.ravel())


@given(numbers, shapes, thresholds, modes)
def test_merging_again_gives_the_same(seed, shape, threshold, mode):
    """A graph serves many thresholds, and keeps what it was."""
    graph = random_graph(seed, shape, seed % 2)
    before = {name: getattr(graph, name).copy() for name in graph.__dataclass_fields__}
    first = merge(graph, threshold, 2, mode)
    for other in (0.2, 0.9):
        merge(graph, other, 3, mode)
    np.testing.assert_array_equal(merge(graph, threshold, 2, mode), first)
    for name, old in before.items():
        np.testing.assert_array_equal(getattr(graph, name), old)


# ---- each mode


@settings(max_examples=80)
@given(numbers, shapes, thresholds, st.booleans())
def test_components_are_those_of_the_edges_above_the_threshold(seed, shape, threshold, ties):
    graph = random_graph(seed, shape, ties)
    n, (a, b) = len(graph.v), graph.pairs[graph.similarity > threshold].T
    expected = connected_components(sparse.coo_array((np.ones(len(a)), (a, b)), (n, n)), directed=False)[1]
    assert as_sets(segment_of(graph, merge(graph, threshold))) == as_sets(expected)


@given(numbers, st.integers(2, 25))
def test_joining_by_edges_is_single_linkage(seed, n):
    v = np.random.default_rng(seed).normal(size=(n, 3))
    pairs = np.stack(np.triu_indices(n, 1), axis=1).astype(np.int32)  # all touch
    np.testing.assert_allclose(
        by_edges(n, pairs, distance(v, pairs))[1], linkage(pdist(v, "cityblock"))[:, 2]
    )


@given(numbers, shapes)
def test_the_edges_that_join_are_a_minimum_spanning_tree(seed, shape):
    graph = random_graph(seed, shape)
    joined, at = graph.tree()
    n = len(graph.v)
    assert joined.shape == (n - 1, 2) and at.shape == (n - 1,)
    tree = minimum_spanning_tree(sparse.coo_array((graph.distance, graph.pairs.T), (n, n)))
    np.testing.assert_allclose(at, np.sort(tree.data))
    np.testing.assert_array_equal(distance(graph.v, joined), at)


def naive_growth(graph, threshold, order):
    """Algorithm 1 word by word, with every s from the formula."""
    neighbours = {i: set() for i in range(len(graph.v))}
    for a, b in graph.pairs.tolist():
        neighbours[a].add(b)
        neighbours[b].add(a)
    free, found = set(neighbours), set()
    for i in order:
        if i not in free:
            continue
        free.remove(i)
        segment, asked = {i}, set()
        while around := set().union(*(neighbours[j] for j in segment)) & free - asked:
            j = min(around)
            asked.add(j)
            if 2 / (1 + np.exp(np.abs(graph.v[i] - graph.v[j]).sum())) > threshold:
                segment.add(j)
                free.remove(j)
        found.add(frozenset(segment))
    return found


@settings(max_examples=80)
@given(numbers, shapes, thresholds, st.booleans())
def test_growth_is_algorithm_1(seed, shape, threshold, ties):
    graph = random_graph(seed, shape, ties)
    order = np.random.default_rng(seed).permutation(len(graph.v))
    for given_, taken in ((None, range(len(graph.v))), (order, order.tolist())):
        found = merge(graph, threshold, mode="grow", order=given_)
        assert as_sets(segment_of(graph, found)) == naive_growth(graph, threshold, taken)


def naive_means(graph, threshold):
    """Join the most similar pair of touching segments, as long as s > T; everything is computed anew."""
    size, groups = sizes(graph.superpixels), [{i} for i in range(len(graph.v))]
    while len(groups) > 1:
        means = [np.average(graph.v[list(one)], axis=0, weights=size[list(one)]) for one in groups]
        of = {i: g for g, one in enumerate(groups) for i in one}
        touching = {tuple(sorted((of[a], of[b]))) for a, b in graph.pairs.tolist() if of[a] != of[b]}
        d, a, b = min((np.abs(means[a] - means[b]).sum(), a, b) for a, b in touching)
        if 2 / (1 + np.exp(d)) <= threshold:
            break
        groups[a] |= groups.pop(b)
    return {frozenset(one) for one in groups}


@settings(max_examples=60)
@given(numbers, st.tuples(st.integers(1, 9), st.integers(1, 7)), thresholds)
def test_update_joins_the_most_similar_pair_with_its_means_renewed(seed, shape, threshold):
    graph = random_graph(seed, shape)
    assert as_sets(segment_of(graph, merge(graph, threshold, mode="update"))) == naive_means(graph, threshold)


@given(numbers, shapes, st.booleans())
def test_update_joins_all(seed, shape, ties):
    graph = random_graph(seed, shape, ties)
    v, size = graph.v.copy(), sizes(graph.superpixels)
    joined, at = by_means(graph.pairs, v, size)
    assert joined.shape == (len(v) - 1, 2) and len(at) == len(v) - 1 and (at >= 0).all()
    np.testing.assert_array_equal(v, graph.v)
    np.testing.assert_array_equal(size, sizes(graph.superpixels))


# ---- by hand


CHAIN = graph_of([[0, 1, 2]], [[0.0], [1.0], [2.2]])  # each looks like the next, the ends do not
T = 0.35  # merges up to d = 1.55


def test_modes_differ_on_a_chain():
    assert 1.2 < distance_at(T) < 1.7
    assert merge(CHAIN, T).tolist() == [[0, 0, 0]]
    assert merge(CHAIN, T, mode="update").tolist() == [[0, 0, 1]]  # 0.5 and 2.2
    assert merge(CHAIN, T, mode="grow").tolist() == [[0, 0, 1]]


def test_growth_depends_on_the_order():
    found = [
        merge(CHAIN, T, mode="grow", order=order).tolist() for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2])
    ]
    assert found == [[[0, 0, 1]], [[0, 1, 1]], [[0, 0, 0]]]
    assert merge(CHAIN, T, order=[2, 1, 0]).max() == 0  # only "grow" asks who comes first


def test_means_are_weighted_by_pixels():
    superpixels = [[0, 0, 0, 1, 2]]
    graph = graph_of(superpixels, [[0.0], [1.0], [1.9]])  # 1 and 2 join first: 1.45; then 0 is too far
    assert merge(graph, 0.4, mode="update").tolist() == [[0, 0, 0, 1, 1]]  # d < 1.39
    graph = graph_of(superpixels, [[0.0], [0.8], [1.7]])  # 0 and 1 join at (3 * 0 + 0.8) / 4 = 0.2; 2 is far
    assert merge(graph, 0.4, mode="update").tolist() == [[0, 0, 0, 0, 1]]
    graph = graph_of([[0, 1, 1, 1, 2]], [[0.0], [0.8], [1.7]])  # the mean is 0.6 now
    assert merge(graph, 0.4, mode="update").tolist() == [[0, 0, 0, 0, 0]]


def test_a_pair_at_the_threshold_stays_apart():
    graph = graph_of([[0, 1]], [[0.0], [distance_at(0.5)]])
    for mode in MODES:
        assert merge(graph, 0.5, mode=mode).max() == 1
        assert merge(graph, 0.4999, mode=mode).max() == 0


@pytest.mark.parametrize(("middle", "joined"), [(1.0, [[0, 0, 1, 1, 1]]), (0.5, [[0, 0, 0, 1, 1]])])
def test_small_segments_join_their_most_similar_neighbour(middle, joined):
    graph = graph_of([[0, 1, 2, 3, 4]], [[0.0], [0.1], [middle], [1.4], [1.5]])
    assert merge(graph, 0.9).tolist() == [[0, 0, 1, 2, 2]]
    assert merge(graph, 0.9, 2).tolist() == joined
    assert merge(graph, 0.9, 3).max() == 0  # the other one is too small now


def test_the_smallest_goes_first():
    """Superpixel 3 is alone and joins {1, 2}, which is large enough then; the other way, {1, 2} would go."""
    graph = graph_of([[0, 0, 1, 2, 3], [4, 5, 1, 2, 3]], [[0.0], [1], [1.1], [2.5], [0.1], [0.2]])
    assert merge(graph, 0.9).tolist() == [[0, 0, 1, 1, 2], [0, 0, 1, 1, 2]]
    assert merge(graph, 0.9, 3).tolist() == [[0, 0, 1, 1, 1], [0, 0, 1, 1, 1]]


@given(numbers, shapes, thresholds, modes, st.integers(2, 9))
def test_a_minimum_only_joins(seed, shape, threshold, mode, min_size):
    graph = random_graph(seed, shape)
    before, after = (as_sets(segment_of(graph, merge(graph, threshold, n, mode))) for n in (1, min_size))
    assert refines(before, after)
    large = {one for one in before if len(one) >= min_size}
    assert all(sum(one <= other for one in large) <= 1 for other in after)  # only small ones move


# ---- wrong input


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        ({"threshold": 1.5}, ValueError, "threshold=1.5, expected a similarity from 0 to 1"),
        ({"threshold": -0.1}, ValueError, "threshold=-0.1, expected a similarity from 0 to 1"),
        ({"threshold": float("nan")}, ValueError, "threshold=nan"),
        ({"threshold": "0.5"}, TypeError, "threshold='0.5'"),
        ({"threshold": None}, TypeError, "threshold=None"),
        ({"min_size": 0}, ValueError, "min_size=0, expected 1 or more superpixels"),
        ({"min_size": 1.5}, TypeError, "min_size=1.5, expected a whole number"),
        ({"mode": "chain"}, ValueError, "mode='chain', expected one of 'components', 'grow', 'update'"),
        ({"mode": "grow", "order": [0, 1]}, ValueError, "expected each superpixel 0 to 2 once"),
        ({"mode": "grow", "order": [0, 1, 1]}, ValueError, "expected each superpixel 0 to 2 once"),
        ({"mode": "grow", "order": [1, 2, 3]}, ValueError, "expected each superpixel 0 to 2 once"),
        ({"mode": "grow", "order": [[0, 1, 2]]}, ValueError, r"order has shape \(1, 3\), expected each"),
    ],
)
def test_bad_arguments_are_refused(bad, error, says):
    with pytest.raises(error, match=says):
        merge(CHAIN, **{"threshold": 0.5, **bad})


def test_growth_leaves_no_tree():
    with pytest.raises(ValueError, match="mode='grow', expected one of 'components', 'update'"):
        CHAIN.tree("grow")


@pytest.mark.parametrize(
    ("superpixels", "error", "says"),
    [
        ([[0, -1]], ValueError, "superpixels hold -1, expected a label at every pixel"),
        ([[0.0, 1.0]], TypeError, "superpixels has dtype float64, expected integers"),
        ([0, 1], ValueError, r"superpixels has shape \(2,\)"),
    ],
)
def test_superpixels_that_are_none(superpixels, error, says):
    with pytest.raises(error, match=says):
        Graph.of(superpixels, np.zeros((1, 2, 3)))


def test_labels_with_gaps_are_renumbered():
    graph = Graph.of([[7, 7, 2, 9]], np.array([[[1.0], [3], [5], [9]]]))
    assert graph.superpixels.tolist() == [[1, 1, 0, 2]] and graph.v.tolist() == [[5], [2], [9]]
    assert graph.pairs.tolist() == [[0, 1], [0, 2]] and graph.lengths.tolist() == [1, 1]
    assert graph.distance.tolist() == [3, 4]
