import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from spamlab.regions import (
    adjacency,
    as_labels,
    components,
    enforce_connectivity,
    region_means,
    relabel,
    sizes,
)

maps = arrays(np.int32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(-1, 3))
full_maps = arrays(np.int32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 3))


def scipy_components(labels):
    """Components of each label by scipy, numbered by their first pixel."""
    found = np.full(labels.shape, -1)
    for value in np.unique(labels[labels >= 0]):
        parts, n = ndimage.label(labels == value)
        for i in range(1, n + 1):
            found[parts == i] = np.flatnonzero(parts == i)[0]
    first = np.unique(found[found >= 0])
    return np.where(found < 0, -1, np.searchsorted(first, found))


def is_connected(labels):
    return (scipy_components(labels).max() == np.unique(labels[labels >= 0]).size - 1) or labels.max() < 0


@given(maps)
def test_components_are_scipys(labels):
    np.testing.assert_array_equal(components(labels), scipy_components(labels))


@given(maps, st.data())
def test_components_within_a_second_map(labels, data):
    within = data.draw(arrays(np.int32, labels.shape, elements=st.integers(0, 2)))
    both = np.where(labels < 0, -1, labels * 3 + within)
    np.testing.assert_array_equal(components(labels, within), scipy_components(both))


@given(maps, st.sampled_from([1, 1000, 100_000_000]))
def test_relabel_keeps_the_order_and_the_outside(labels, spacing):
    new = relabel(np.where(labels < 0, -1, labels * spacing))
    assert new.dtype == np.int32
    for old_a, new_a in zip(labels.ravel(), new.ravel(), strict=True):
        assert (old_a < 0) == (new_a < 0)
    present = np.unique(labels[labels >= 0])
    np.testing.assert_array_equal(new[labels >= 0], np.searchsorted(present, labels[labels >= 0]))


def test_sizes_and_means():
    labels = np.array([[0, 0, 2], [-1, 2, 2]], np.int32)
    assert sizes(labels).tolist() == [2, 0, 3]
    values = np.array([[1.0, 3, 4], [100, 5, 6]])
    np.testing.assert_array_equal(region_means(labels, values), [[2], [np.nan], [5]])
    two = np.stack([values, -values], axis=-1)
    np.testing.assert_array_equal(region_means(labels, two)[2], [5, -5])
    np.testing.assert_array_equal(region_means(labels, two.reshape(-1, 2))[0], [2, -2])


@given(maps)
def test_adjacency_counts_pixel_edges(labels):
    expected = {}
    for (i, j), a in np.ndenumerate(labels):
        for k, l in ((i + 1, j), (i, j + 1)):
            if (
                k < labels.shape[0]
                and l < labels.shape[1]
                and labels[k, l] != a
                and min(a, labels[k, l]) >= 0
            ):
                pair = tuple(sorted((int(a), int(labels[k, l]))))
                expected[pair] = expected.get(pair, 0) + 1
    pairs, lengths = adjacency(labels)
    assert dict(zip(map(tuple, pairs.tolist()), lengths.tolist(), strict=True)) == expected
    assert [tuple(p) for p in pairs.tolist()] == sorted(expected)


def slow_connectivity(labels, min_size, features, within, weight):
    """Merge one component at a time, everything counted anew; the rules of `enforce_connectivity`."""
    parts = scipy_components(np.where(labels < 0, -1, labels * 5 + within))
    stuck = set()
    while True:
        count = {c: (parts == c).sum() for c in np.unique(parts[parts >= 0])}
        mass = {c: weight[parts == c].sum() for c in count}
        small = sorted((m, c) for c, m in mass.items() if m < min_size and c not in stuck)
        if not small:
            return relabel(parts)
        c = small[0][1]
        ranked = []
        for other in count:
            objects = set(within[(parts == c) | (parts == other)]) - {0}
            pair = np.where(parts == c, 1, np.where(parts == other, 2, 0))
            edges = sum(
                (np.abs(np.diff(pair.astype(int), axis=axis)) == 1)[
                    (np.delete(pair, -1, axis) > 0) & (np.delete(pair, 0, axis) > 0)
                ].sum()
                for axis in (0, 1)
            )
            if other != c and edges and len(objects) <= 1:
                distance = ((features[parts == c].mean(0) - features[parts == other].mean(0)) ** 2).sum()
                ranked.append((-edges, round(float(distance), 9), count[other], other))
        if not ranked:
            stuck.add(c)
            continue
        other = min(ranked)[3]
        parts[parts == max(c, other)] = min(c, other)
        stuck.clear()


@given(maps, st.integers(0, 12), st.data())
def test_connectivity_equals_brute_force(labels, min_size, data):
    within = data.draw(arrays(np.int32, labels.shape, elements=st.integers(0, 2)))
    features = data.draw(arrays(np.float64, (*labels.shape, 1), elements=st.sampled_from([0.0, 1, 4])))
    weight = data.draw(arrays(np.float64, labels.shape, elements=st.sampled_from([0.25, 1, 3])))
    for each in (None, weight):
        found = enforce_connectivity(labels, min_size, features, within, each)
        counts = np.ones(labels.shape) if each is None else each
        np.testing.assert_array_equal(found, slow_connectivity(labels, min_size, features, within, counts))


@given(full_maps, st.integers(0, 12), st.data())
def test_connectivity_promises(labels, min_size, data):
    within = data.draw(arrays(np.int32, labels.shape, elements=st.integers(0, 2)))
    found = enforce_connectivity(labels, min_size, within=within)
    assert found.dtype == np.int32
    assert np.unique(found).tolist() == list(range(found.max() + 1))
    assert is_connected(found)
    for region in range(found.max() + 1):
        assert len(set(within[found == region]) - {0}) <= 1
    free = enforce_connectivity(labels, min_size)
    assert sizes(free).min() >= min(min_size, labels.size)
    np.testing.assert_array_equal(enforce_connectivity(free, min_size), free)
    # Nothing is split: components of the input lie inside regions of the output.
    parts = components(labels)
    assert all(len(np.unique(free[parts == part])) == 1 for part in range(parts.max() + 1))


@given(full_maps, st.permutations(range(4)), st.integers(0, 12))
def test_connectivity_ignores_the_names_of_labels(labels, names, min_size):
    renamed = np.array(names, np.int32)[labels]
    np.testing.assert_array_equal(
        enforce_connectivity(labels, min_size), enforce_connectivity(renamed, min_size)
    )


def test_longest_border_then_nearest_feature_decides():
    labels = np.array([[0, 0, 0, 0], [0, 2, 1, 1], [1, 1, 1, 1]])
    assert (enforce_connectivity(labels, 2) == [[0, 0, 0, 0], [0, 0, 1, 1], [1, 1, 1, 1]]).all()
    grey = np.where(labels == 0, 0.0, np.where(labels == 1, 9.0, 8.0))
    assert (enforce_connectivity(labels, 2, grey) == [[0, 0, 0, 0], [0, 1, 1, 1], [1, 1, 1, 1]]).all()


def test_a_merge_may_not_cross_objects():
    labels = np.array([[0, 0, 1, 2, 2]])
    objects = np.array([[1, 1, 2, 2, 2]])
    assert enforce_connectivity(labels, 2, within=objects).tolist() == [[0, 0, 1, 1, 1]]
    alone = np.array([[1, 1, 2, 3, 3]])
    assert enforce_connectivity(labels, 2, within=alone).tolist() == [[0, 0, 1, 2, 2]]


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (np.zeros((3, 3)), TypeError, "float64"),
        (np.zeros(3, int), ValueError, r"\(3,\)"),
        (np.zeros((0, 3), int), ValueError, "at least one pixel"),
        (np.array([[-2, 0]]), ValueError, "-2"),
        (np.array([[0, 2**31]]), ValueError, "2147483648"),
    ],
)
def test_what_is_no_label_map_is_refused(bad, error, says):
    with pytest.raises(error, match=says):
        as_labels(bad)


def test_maps_of_another_size_are_refused():
    labels = np.zeros((3, 4), int)
    with pytest.raises(ValueError, match=r"within has shape \(3, 3\)"):
        enforce_connectivity(labels, 2, within=np.zeros((3, 3), int))
    with pytest.raises(ValueError, match=r"within has shape \(12,\)|within has shape"):
        components(labels, within=np.zeros((1, 4), int))
    for wrong in (np.zeros((5, 2)), np.zeros((6, 2)), np.zeros((12, 0)), np.zeros(12)):
        with pytest.raises(ValueError, match="features have shape"):
            enforce_connectivity(labels, 2, features=wrong)


def test_other_bad_input():
    labels = np.zeros((3, 4), int)
    for bad in (-1, float("nan")):
        with pytest.raises(ValueError, match="0 or more pixels"):
            enforce_connectivity(labels, bad)
    with pytest.raises(ValueError, match="within holds -1"):
        enforce_connectivity(labels, 2, within=np.full((3, 4), -1))
    with pytest.raises(TypeError, match="within has dtype float64"):
        components(labels, within=np.zeros((3, 4)))


def test_noise_does_not_become_one_giant():
    """Ties go to the smaller neighbour; else one region would swallow all the others."""
    noise = np.random.default_rng(0).integers(0, 1000, (200, 200))
    assert sizes(enforce_connectivity(noise, 5)).max() < 200
