"""Segments of whole pictures: a partition from any picture, network, K and threshold."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data
from test_slic import assert_partition, random_image
from torch import nn

from spamlab.features import lab
from spamlab.segments import Network, deep_features, graph, merge, method, pool, segments
from spamlab.segments.merging import MODES
from spamlab.ssn import ssn

COFFEE = data.coffee()[40:102, 130:194]  # 62 x 64


def lively_network(seed=0, norm="group8", widths=(16, 16, 16), **options):
    """Return a network that does something: weights of He's size in the last layers, too."""
    network = Network(norm, widths=widths, **options).eval()
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                layer.weight.normal_(0, (2 / layer.weight[0].numel()) ** 0.5, generator=rng)
                layer.bias.normal_(generator=rng)
            elif isinstance(layer, nn.BatchNorm2d):
                layer.running_var.uniform_(0.5, 2, generator=rng)
                layer.running_mean.normal_(generator=rng)
        if not network.shared:
            network.last.weight *= 0.1  # distances around 1, where thresholds make a difference
    return network


NETWORK = lively_network()


def middle(found):
    """Return a threshold that merges some pairs and leaves others."""
    return float(np.median(found.similarity)) if len(found.pairs) else 0.5


@settings(max_examples=25)
@given(
    st.integers(0, 2**32 - 1),
    st.tuples(st.integers(1, 26), st.integers(1, 26)),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from(MODES),
    st.sampled_from([1, 3]),
)
def test_any_picture_gives_segments_of_whole_superpixels(seed, shape, share, threshold, mode, min_size):
    n = 1 + int(share * (shape[0] * shape[1] - 1))
    options = {"weights": NETWORK, "mode": mode, "min_size": min_size}
    labels, details = segments(random_image(seed, shape), n, threshold, **options, details=True)
    assert_partition(labels, shape)
    assert_partition(details.graph.superpixels, shape)
    both = np.unique(np.stack([details.graph.superpixels.ravel(), labels.ravel()]), axis=1)
    assert both.shape[1] == len(details.graph.v) and details.n_obtained == labels.max() + 1


SHAPES = [(2, 2), (1, 9), (9, 1), (3, 4), (31, 17), (17, 31)]
NORMS = ["group8", "group32", "batch"]


# One pixel is left out of GroupNorm 32: one value in a group cannot be normalised.
@pytest.mark.parametrize(("norm", "shape"), [("group8", (1, 1)), ("batch", (1, 1)), *product(NORMS, SHAPES)])
def test_pictures_of_any_size(shape, norm):
    network = lively_network(norm=norm, widths=(32, 64, 64))
    for n_segments in {1, min(4, shape[0] * shape[1]), shape[0] * shape[1]}:
        assert_partition(segments(random_image(3, shape), n_segments, 0.5, weights=network), shape)
    assert segments(random_image(3, shape), 1, weights=network).max() == 0


@pytest.mark.parametrize("options", [{}, {"shared": True}, {"concat": False}, {"norm": "batch"}])
def test_the_network_matters(options):
    """Otherwise the tests here would prove nothing."""
    network = lively_network(**options)
    F, V = deep_features(COFFEE, network)
    assert F.shape == (62, 64, 30) and V.shape == (16, 16, 30 if network.shared else 64)
    assert F.dtype == V.dtype == np.float32 and F.std() > 0.5 and V.std() > 0.05
    found = graph(COFFEE, 40, 10, weights=network)
    assert (found.superpixels != ssn(COFFEE, 40, 10, weights=None)).mean() > 0.2
    assert np.ptp(found.similarity) > 0.1
    counts = [merge(found, threshold).max() + 1 for threshold in (1, middle(found), 0)]
    assert counts[0] == len(found.v) > counts[1] > counts[2] == 1


def test_what_the_network_sees_and_what_the_graph_holds():
    F, V = deep_features(COFFEE, NETWORK)
    seen = torch.from_numpy(0.26 * lab(COFFEE)).permute(2, 0, 1)[None]
    with torch.no_grad():
        for found, expected in zip((F, V), NETWORK(seen), strict=True):
            np.testing.assert_allclose(found, expected[0].permute(1, 2, 0), atol=1e-3)
    found = graph(COFFEE, 40, 12, weights=NETWORK)
    superpixels = ssn(COFFEE, 40, 12, weights=None, features=F)
    np.testing.assert_array_equal(found.superpixels, superpixels)
    np.testing.assert_array_equal(found.v, pool(V, superpixels, 4))
    expected = 2 / (1 + np.exp(np.abs(found.v[found.pairs[:, 0]] - found.v[found.pairs[:, 1]]).sum(axis=1)))
    np.testing.assert_allclose(found.similarity, expected)


def test_segments_are_the_graph_merged():
    for mode in MODES:
        found = graph(COFFEE, 50, 14, weights=NETWORK, n_iter=4)
        T = middle(found)
        options = {"weights": NETWORK, "mode": mode, "min_size": 2, "n_iter": 4}
        labels, details = segments(COFFEE, 50, T, 14, **options, details=True)
        np.testing.assert_array_equal(labels, merge(found, T, 2, mode))
        np.testing.assert_array_equal(details.graph.superpixels, found.superpixels)
        np.testing.assert_array_equal(segments(COFFEE, 50, T, 14, **options), labels)
        np.testing.assert_array_equal(merge(details.graph, 0.9, mode=mode), merge(found, 0.9, mode=mode))


def test_kept_features_serve_every_number_and_compactness():
    kept = deep_features(COFFEE, NETWORK)
    for n, m in ((1, 10), (20, 10), (60, 3), (60, 30), (300, None)):
        whole = graph(COFFEE, n, m, weights=NETWORK)
        again = graph(COFFEE, n, m, weights=NETWORK, features=kept)
        np.testing.assert_array_equal(whole.superpixels, again.superpixels)
        np.testing.assert_array_equal(whole.distance, again.distance)
        T = middle(whole)
        labels = segments(COFFEE, n, T, m, weights=NETWORK, features=kept)
        np.testing.assert_array_equal(labels, segments(COFFEE, n, T, m, weights=NETWORK))


def test_the_compactness_and_threshold_of_the_network_are_those_taken():
    T = middle(graph(COFFEE, 40, 35, weights=NETWORK))
    network = lively_network(compactness=35.0, threshold=T)
    expected = segments(COFFEE, 40, T, 35, weights=NETWORK)
    np.testing.assert_array_equal(segments(COFFEE, 40, weights=network), expected)
    assert expected.max() > 0
    for other in (segments(COFFEE, 40, T, 3, weights=network), segments(COFFEE, 40, T / 2, weights=network)):
        assert (other != expected).any()


def test_the_same_picture_gives_the_same_segments_and_stays_untouched():
    kept = deep_features(COFFEE, NETWORK)
    for one in kept:
        one.flags.writeable = False
    before = COFFEE.copy(), {k: v.clone() for k, v in NETWORK.state_dict().items()}
    first, second = (segments(COFFEE, 50, 0.5, weights=NETWORK, features=kept) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (before[0] == COFFEE).all()
    assert all(torch.equal(before[1][k], v) for k, v in NETWORK.state_dict().items())


def test_a_network_in_training_computes_as_in_evaluation():
    network = lively_network(norm="batch")
    expected = deep_features(COFFEE, network)
    state = {k: v.clone() for k, v in network.state_dict().items()}
    for found, one in zip(deep_features(COFFEE, network.train()), expected, strict=True):
        np.testing.assert_array_equal(found, one)
    assert all(torch.equal(state[k], v) for k, v in network.state_dict().items())


def test_grey_and_float_pictures_equal_their_copies():
    grey = COFFEE[..., 1]
    expected = segments(np.dstack([grey] * 3), 50, 0.5, weights=NETWORK)
    np.testing.assert_array_equal(segments(grey, 50, 0.5, weights=NETWORK), expected)
    np.testing.assert_array_equal(segments(grey.astype(np.float32) / 255, 50, 0.5, weights=NETWORK), expected)


@pytest.mark.parametrize("shape", [(62, 64), (64, 50), (64, 3), (1, 64)])
def test_of_a_large_picture_the_network_sees_a_smaller_copy(shape, monkeypatch):
    image, seen = np.resize(COFFEE, (64, 64, 3))[: shape[0], : shape[1]], []
    monkeypatch.setattr(method, "LARGEST", image[..., 0].size / 4)
    network = lively_network(widths=(32, 32, 32))
    handle = network.register_forward_hook(lambda _, x, y: seen.append(x[0].shape[2:]))
    F, V = deep_features(image, network)
    handle.remove()
    (size,) = seen
    assert size == tuple(max(1, round(side / 2)) for side in shape)
    assert F.shape[:2] == shape and V.shape[:2] == tuple(-(-side // 4) for side in size)
    labels, details = segments(image, 20, 0.5, weights=network, features=(F, V), details=True)
    assert_partition(labels, shape)
    assert_partition(details.graph.superpixels, shape)


def test_a_smaller_copy_looks_like_the_picture(monkeypatch):
    """Two halves of a picture stay two halves, whatever the size the network sees."""
    image = np.zeros((48, 48, 3), np.uint8)
    image[:, 24:] = 200
    whole = deep_features(image, NETWORK)
    monkeypatch.setattr(method, "LARGEST", 24 * 24)
    F, V = deep_features(image, NETWORK)
    assert V.shape[:2] == (6, 6) and np.corrcoef(F.ravel(), whole[0].ravel())[0, 1] > 0.9
    found = graph(image, 16, weights=NETWORK)
    left, right = (np.unique(half) for half in (found.superpixels[:, :24], found.superpixels[:, 24:]))
    assert len(np.intersect1d(left, right)) == 0


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        ({"n_segments": 0}, ValueError, "n_segments=0, expected 1 to 3968"),
        ({"n_segments": 2.5}, TypeError, "n_segments=2.5, expected a whole number"),
        ({"compactness": 0}, ValueError, "compactness=0, expected a number above 0"),
        ({"n_iter": 0}, ValueError, "n_iter=0, expected 1 or more"),
        ({"threshold": 1.5}, ValueError, "threshold=1.5, expected a similarity from 0 to 1"),
        ({"threshold": float("nan")}, ValueError, "threshold=nan"),
        ({"mode": "watershed"}, ValueError, "mode='watershed', expected one of 'components', 'grow'"),
        ({"min_size": 0}, ValueError, "min_size=0, expected 1 or more superpixels"),
        ({"weights": 3}, TypeError, r"weights=3, expected 'segments', a file, or what load\(\) returns"),
        ({"weights": None}, TypeError, "weights=None, expected 'segments'"),
        ({"weights": "nothing.safetensors"}, FileNotFoundError, "no such file; expected one, or 'segments'"),
        (
            {"features": (np.zeros((62, 60, 30)), np.zeros((16, 16, 64)))},
            ValueError,
            r"features have shape \(62, 60, 30\)",
        ),
    ],
)
def test_bad_arguments_are_refused(bad, error, says):
    with pytest.raises(error, match=says):
        segments(COFFEE, **{"weights": NETWORK, **bad})


def test_wrong_arguments_are_found_before_the_network_runs():
    network = lively_network()
    network.register_forward_hook(lambda *_: pytest.fail("it ran"))
    for bad in ({"threshold": 2}, {"mode": "x"}, {"min_size": 0}):
        with pytest.raises(ValueError):
            segments(COFFEE, **bad, weights=network)
