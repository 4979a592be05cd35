import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data
from test_cluster import dense, problem, twin
from test_slic import assert_partition, random_image
from torch import nn

from spamlab.candidates import grid_neighbours
from spamlab.cluster import Clusters, cluster, tile
from spamlab.features import lab, lab_xy, positions
from spamlab.seeds import grid
from spamlab.ssn import (
    Network,
    compactness,
    deep_features,
    pixel_features,
    reconstruction,
    ssn,
    start,
)

COFFEE = data.coffee()[40:136, 130:230]
numbers = st.integers(0, 2**32 - 1)
shapes = st.tuples(st.integers(1, 20), st.integers(1, 20))


def random_network(seed=0, inputs=3, widths=(8, 8, 8), **options):
    """Return a network that does something: weights of He's size, statistics as after some training."""
    network = Network(inputs, widths, **options).eval()
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                layer.weight.normal_(0, (2 / layer.weight[0].numel()) ** 0.5, generator=rng)
                if layer.bias is not None:
                    layer.bias.normal_(generator=rng)
            elif isinstance(layer, nn.BatchNorm2d):
                layer.weight.uniform_(0.5, 1.5, generator=rng)
                layer.running_var.uniform_(0.5, 2, generator=rng)
                layer.running_mean.normal_(generator=rng)
                layer.bias.normal_(generator=rng)
    return network


NETWORK = random_network()


# ---- the losses


def dense_reconstruction(Q, truth):
    """Cross-entropy by eqs. (7) and (8) with whole matrices; pixels without annotation are left out."""
    logs = []
    for one in truth.reshape(len(truth), -1).T:
        there = one >= 0
        R = (one[there, None] == np.unique(one[there])).astype(float)
        total = Q[there].sum(axis=0)[:, None]
        means = Q[there].T @ R / np.where(total > 0, total, 1)
        logs.append(np.log((Q[there] @ means)[R > 0]))
    return -np.concatenate(logs).mean()


def dense_compactness(Q, position, reduction):
    total = Q.sum(axis=0)[:, None]
    centres = Q.T @ position / np.where(total > 0, total, 1)
    squared = np.square(position - centres[Q.argmax(axis=1)]).sum(axis=1)
    return squared.mean() if reduction == "mean" else squared.sum() / 2


@settings(max_examples=50)
@given(numbers, st.booleans(), st.integers(1, 3), st.sampled_from([1, 4, 80]), st.booleans())
def test_losses_equal_those_of_whole_matrices(seed, irregular, n_annotators, n_segments, with_holes):
    p, rng = problem(seed, irregular), np.random.default_rng(seed)
    found = p.run()
    Q = dense(found.weights().numpy(), p.candidates, p.group, len(p.S))
    truth = rng.integers(-1 if with_holes else 0, n_segments, (len(p.F), n_annotators))
    truth[0] = 0
    value = reconstruction(found, torch.from_numpy(truth))
    assert value.item() == pytest.approx(dense_reconstruction(Q, truth))
    for reduction in ("mean", "sum"):
        value = compactness(found, p.F[:, -2:], reduction)
        assert value.item() == pytest.approx(dense_compactness(Q, p.F[:, -2:].numpy(), reduction))


def three_pixels():
    """Three pixels in a row that two superpixels share, 3/4 to 1/4, 1/4 to 3/4 and 0 to 1."""
    tiles = tile(torch.zeros(3, dtype=torch.int64))
    Q = tiles.arrange(torch.tensor([[0.75, 0.25], [0.25, 0.75], [0, 1]]))
    return Clusters(Q, torch.zeros(2, 2), torch.tensor([[0, 1]]), tiles)


def test_losses_by_hand():
    # Superpixel 0 is 3/4 segment 0 and 1/4 segment 1; superpixel 1 is 1/8 and 7/8. So pixel 0 keeps
    # 3/4 * 3/4 + 1/4 * 1/8 of its segment, pixel 1 keeps 1/4 * 1/4 + 3/4 * 7/8, and pixel 2 keeps 7/8.
    kept = np.array([19 / 32, 23 / 32, 7 / 8])
    truth = torch.tensor([0, 1, 1])
    assert reconstruction(three_pixels(), truth).item() == pytest.approx(-np.log(kept).mean())
    assert reconstruction(three_pixels(), torch.tensor([-1, 1, 1])).item() == pytest.approx(0, abs=1e-7)
    # Columns 0, 4, 8: the superpixels have their centres at 1 and 5.5.
    position = torch.tensor([[0.0, 0], [0, 4], [0, 8]])
    assert compactness(three_pixels(), position).item() == pytest.approx((1 + 2.25 + 6.25) / 3)
    assert compactness(three_pixels(), position, "sum").item() == pytest.approx((1 + 2.25 + 6.25) / 2)


@given(numbers, st.booleans())
def test_perfect_superpixels_lose_nothing(seed, irregular):
    rng = np.random.default_rng(seed)
    p = problem(seed, irregular)
    found = p.run(temperature=0)
    truth = torch.from_numpy(rng.integers(0, 70, len(p.S)))[found.labels()]  # unions of superpixels
    truth[torch.from_numpy(rng.random(len(truth)) < 0.2)] = -1
    assert reconstruction(found, truth) == 0
    truth[:] = -1
    assert reconstruction(found, truth) == 0


@pytest.mark.parametrize(("seed", "irregular"), [(2, False), (6, True)])
def test_gradients_of_the_losses(seed, irregular):
    p = problem(seed, irregular, 4, (3, 4))
    truth = torch.from_numpy(np.random.default_rng(seed).integers(-1, 3, (12, 2)))

    def losses(F, S):
        found = cluster(F, S, p.candidates, p.group, 3)
        sides = [compactness(found, F[:, -2:], reduction) for reduction in ("mean", "sum")]
        return reconstruction(found, truth), *sides

    assert torch.autograd.gradcheck(losses, (p.F.requires_grad_(), p.S.requires_grad_()))


def test_the_reduction_is_named():
    with pytest.raises(ValueError, match="reduction='none', expected 'mean' or 'sum'"):
        compactness(three_pixels(), torch.zeros(3, 2), "none")


# ---- the method


def test_pixel_features_are_slics_in_another_unit():
    found = pixel_features(lab(COFFEE), 12.5, 20.0)
    np.testing.assert_allclose(found, 0.26 * lab_xy(COFFEE, 12.5, 20.0), rtol=1e-6)


def test_start_is_the_mean_of_each_cell():
    _, cells, _ = grid((9, 14), 6)
    F = torch.rand(9 * 14, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    S, candidates, group = start(F, cells)
    np.testing.assert_allclose(S, [F.numpy()[cells.ravel() == k].mean(axis=0) for k in range(len(S))])
    np.testing.assert_array_equal(candidates, grid_neighbours(cells))
    np.testing.assert_array_equal(group, cells.ravel())


@pytest.mark.parametrize(
    ("network", "mode", "n_iter", "temperature"),
    [(None, "paper", 10, 1), (NETWORK, "paper", 4, 1), (NETWORK, "authors", 3, 4), (None, "authors", 2, 0)],
)
def test_equals_the_dense_twin(network, mode, n_iter, temperature):
    K, m = 30, 15.0
    _, cells, step = grid(COFFEE.shape[:2], K, mode)
    place = positions(COFFEE.shape[:2]) * (0.26 * m / step)
    F = np.concatenate([0.26 * lab(COFFEE).reshape(-1, 3), place], axis=1, dtype=np.float64)
    if network:
        F = np.concatenate([deep_features(COFFEE, network).reshape(len(F), -1), F], axis=1)
    S = np.array([F[cells.ravel() == k].mean(axis=0) for k in range(cells.max() + 1)])
    Q, S = twin(F, S, grid_neighbours(cells), cells.ravel(), n_iter, temperature)
    options = {"weights": network, "mode": mode, "n_iter": n_iter, "temperature": temperature}
    labels, details = ssn(COFFEE, K, m, **options, details=True)
    sure = np.ptp(np.sort(Q, axis=1)[:, -2:], axis=1) > 0.01
    assert sure.mean() > 0.9
    np.testing.assert_array_equal(details.assignment.ravel()[sure], Q.argmax(axis=1)[sure])
    np.testing.assert_allclose(details.centres, S, atol=0.01)
    assert details.step == step and details.n_obtained == labels.max() + 1
    assert details.assignment.dtype == np.int32 and details.centres.shape == (len(S), F.shape[1])
    whole = ssn(COFFEE, K, m, **options, min_size_factor=0)
    assert all(len(np.unique(details.assignment[whole == k])) == 1 for k in np.unique(whole))


@settings(max_examples=25)
@given(
    numbers,
    shapes,
    st.floats(0, 1),
    st.sampled_from([0.1, 10.0, 1e5]),
    st.booleans(),
    st.sampled_from([0, 1]),
)
def test_any_picture_gives_a_partition_of_connected_labels(seed, shape, share, m, deep, temperature):
    n = 1 + int(share * (shape[0] * shape[1] - 1))
    network = NETWORK if deep else None
    labels = ssn(random_image(seed, shape), n, m, weights=network, temperature=temperature)
    assert_partition(labels, shape)


@pytest.mark.parametrize("network", [None, NETWORK], ids=["pixels", "network"])
@pytest.mark.parametrize("mode", ["paper", "authors"])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 9), (9, 1), (31, 17), (17, 31)])
def test_pictures_of_any_size(shape, mode, network):
    image = random_image(3, shape)
    n = shape[0] * shape[1]
    for n_segments in {1, min(n, 2), n}:
        labels = ssn(image, n_segments, weights=network, mode=mode)
        assert_partition(labels, shape)
    assert ssn(image, 1, weights=network, mode=mode).max() == 0


@pytest.mark.parametrize("mode", ["paper", "authors"])
def test_a_constant_picture_gives_the_cells_of_the_grid(mode):
    flat = np.full((36, 60, 3), 90, np.uint8)
    np.testing.assert_array_equal(ssn(flat, 60, weights=None, mode=mode), grid((36, 60), 60, mode)[1])


def test_the_learned_features_matter():
    """Otherwise the tests of the network here would prove nothing."""
    features = deep_features(COFFEE, NETWORK)
    assert features.shape == (96, 100, 15) and features.dtype == np.float32 and features.min() >= 0
    with torch.no_grad():
        found = NETWORK(torch.from_numpy(0.26 * lab(COFFEE)).permute(2, 0, 1)[None])[0]
    np.testing.assert_allclose(features, found.permute(1, 2, 0), atol=1e-3)
    assert features.std() > 1
    assert (ssn(COFFEE, 40, 10, weights=NETWORK) != ssn(COFFEE, 40, 10, weights=None)).mean() > 0.2


def test_wrong_weights_and_features_are_named():
    for call in (ssn, deep_features):
        with pytest.raises(TypeError, match=r"weights=3, expected 'ssn', 'spam', None, a file"):
            call(COFFEE, weights=3)
    with pytest.raises(ValueError, match="sees colour alone"):
        deep_features(COFFEE, None)
    features = deep_features(COFFEE, NETWORK)
    features[3, 4, 5] = np.nan
    with pytest.raises(ValueError, match="features hold NaN"):
        ssn(COFFEE, 20, weights=None, features=features)


def test_kept_features_serve_every_number_and_compactness():
    features = deep_features(COFFEE, NETWORK)
    for n, m in ((1, 10), (20, 10), (60, 3), (60, 30), (300, None)):
        kept = ssn(COFFEE, n, m, weights=NETWORK, features=features)
        np.testing.assert_array_equal(kept, ssn(COFFEE, n, m, weights=NETWORK))
    np.testing.assert_array_equal(
        ssn(COFFEE, 60, 3, weights=None, features=features), ssn(COFFEE, 60, 3, weights=NETWORK)
    )


def test_the_compactness_of_the_network_is_the_one_taken():
    network = random_network(compactness=35.0)
    np.testing.assert_array_equal(ssn(COFFEE, 40, weights=network), ssn(COFFEE, 40, 35, weights=network))
    np.testing.assert_array_equal(ssn(COFFEE, 40, weights=None), ssn(COFFEE, 40, 10, weights=None))


def test_the_same_picture_gives_the_same_labels_and_stays_untouched():
    features = deep_features(COFFEE, NETWORK)
    features.flags.writeable = False  # as a file in memory is
    before = COFFEE.copy(), features.copy(), {k: v.clone() for k, v in NETWORK.state_dict().items()}
    options = {"weights": NETWORK, "features": features}
    np.testing.assert_array_equal(ssn(COFFEE, 50, **options), ssn(COFFEE, 50, **options))
    assert (before[0] == COFFEE).all() and (before[1] == features).all()
    assert all(torch.equal(before[2][k], v) for k, v in NETWORK.state_dict().items())


def test_grey_and_float_pictures_equal_their_copies():
    grey = COFFEE[..., 1]
    expected = ssn(np.dstack([grey] * 3), 50, weights=NETWORK)
    np.testing.assert_array_equal(ssn(grey, 50, weights=NETWORK), expected)
    np.testing.assert_array_equal(ssn(grey.astype(np.float32) / 255, 50, weights=NETWORK), expected)


def test_without_weights_no_checkpoint_is_needed(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAMLAB_DATA", str(tmp_path))
    assert ssn(COFFEE, 40, weights=None).max() > 10
    with pytest.raises(FileNotFoundError, match=r"ssn\.safetensors: no such file"):
        ssn(COFFEE, 40)


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        ({"n_segments": 0}, ValueError, "n_segments=0, expected 1 to 9600"),
        ({"n_segments": 2.5}, TypeError, "n_segments=2.5, expected a whole number"),
        ({"compactness": 0}, ValueError, "compactness=0, expected a number above 0"),
        ({"compactness": "10"}, TypeError, "compactness='10'"),
        ({"n_iter": 0}, ValueError, "n_iter=0, expected 1 or more; 10 is usual"),
        ({"n_iter": 1.5}, TypeError, "n_iter=1.5, expected a whole number"),
        ({"temperature": -1}, ValueError, "temperature=-1, expected 0 or more; 1 is the paper's"),
        ({"temperature": float("nan")}, ValueError, "temperature=nan"),
        ({"temperature": None}, TypeError, "temperature=None"),
        ({"min_size_factor": -1}, ValueError, "min_size_factor=-1, expected 0 or more; 0.25 is usual"),
        ({"mode": "caffe"}, ValueError, "mode='caffe', expected 'paper' or 'authors'"),
        (
            {"features": np.zeros((96, 99, 15))},
            ValueError,
            r"\(96, 99, 15\), expected \(H, W, C\).*\(96, 100\)",
        ),
        ({"features": np.zeros((96, 100))}, ValueError, r"features have shape \(96, 100\)"),
        ({"weights": "nothing.pth"}, FileNotFoundError, "nothing.pth: no such file; expected one, or 'ssn'"),
    ],
)
def test_bad_arguments_are_refused(bad, error, says):
    with pytest.raises(error, match=says):
        ssn(COFFEE, **{"weights": None, **bad})
