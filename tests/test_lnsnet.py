import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates
from skimage import data
from test_lnsnet_weights import random_network
from test_slic import assert_partition, random_image

from spamlab.benchmark import Method, cut, learned
from spamlab.candidates import nearest
from spamlab.features import as_image, lab
from spamlab.lnsnet import deep_features, lnsnet, method, save
from spamlab.regions import components, enforce_connectivity, scan_connectivity, sizes

COFFEE = data.coffee()[40:104, 130:226]  # 64 x 96
WHOLE = data.coffee()[:321, :481]
numbers = st.integers(0, 2**32 - 1)
shapes = st.tuples(st.integers(1, 20), st.integers(1, 20))
NETWORK = random_network()


def run(image, n, **options):
    """Return labels and details with a network of random weights."""
    return lnsnet(image, n, **{"weights": NETWORK, "details": True, **options})


# ---- what comes out


@settings(max_examples=25)
@given(numbers, shapes, st.floats(0, 1), st.floats(0, 1), st.sampled_from(["paper", "authors"]))
def test_any_picture_gives_a_partition_of_connected_labels(seed, shape, share, shift, mode):
    n = 1 + int(share * (shape[0] * shape[1] - 1))
    labels, details = run(random_image(seed, shape), n, shift=shift, mode=mode)
    assert_partition(labels, shape)
    assert details.n_obtained == labels.max() + 1
    assert (details.end >= 0).all() and (details.end <= np.array(shape) - 1).all()


@pytest.mark.parametrize("mode", ["paper", "authors"])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 9), (9, 1), (31, 17), (17, 31)])
def test_pictures_of_any_size(shape, mode):
    image = random_image(3, shape)
    n = shape[0] * shape[1]
    for n_segments in {1, min(n, 2), n}:
        assert_partition(lnsnet(image, n_segments, weights=NETWORK, mode=mode), shape)
    assert lnsnet(image, 1, weights=NETWORK).max() == 0


@pytest.mark.parametrize("mode", ["paper", "authors"])
def test_a_hundred_on_a_picture_of_bsds(mode):
    features = deep_features(WHOLE, NETWORK)
    labels, details = run(WHOLE, 100, features=features, mode=mode)
    assert len(details.start) == len(details.end) == len(details.centres) == 117
    assert_partition(labels, WHOLE.shape[:2])
    assert details.assignment.max() < 117 <= components(details.assignment).max()  # split labels: more pieces
    size = labels.size / 100
    if mode == "paper":
        again = enforce_connectivity(details.assignment, 0.06 * size, lab(WHOLE))
        assert sizes(labels).min() >= 0.06 * size
    else:
        again = scan_connectivity(details.assignment, 0.06 * size, 3 * size)
        assert sizes(labels).min() >= int(0.06 * size) and details.n_obtained == labels.max() + 1
    np.testing.assert_array_equal(labels, again)


def test_the_assignment_equals_its_twin():
    """Features at the seeds by SciPy, and every distance in one matrix."""
    for near in (None, 1000):
        _, details = run(COFFEE, 30, near=near)
        Z = deep_features(COFFEE, NETWORK).astype(float)
        S = np.stack([map_coordinates(plane, details.end.T, order=1) for plane in Z.transpose(2, 0, 1)], 1)
        np.testing.assert_allclose(details.centres, S, atol=1e-3)
        d = ((Z[:, :, None] - S) ** 2).sum(3)
        assert np.abs(details.end - details.start).max() > 1 and (details.end % 1 > 0.01).any()
        assert (details.assignment == d.argmin(2)).mean() > 0.999


@pytest.mark.parametrize("mode", ["paper", "authors"])
def test_a_portrait_picture_is_cut_as_its_transpose(mode):
    lying, standing = COFFEE, COFFEE.transpose(1, 0, 2)
    labels, a = run(lying, 24, mode=mode)
    turned, b = run(standing, 24, mode=mode)
    assert turned.shape == labels.T.shape
    np.testing.assert_array_equal(b.assignment, a.assignment.T)
    np.testing.assert_array_equal(b.end, a.end[:, ::-1])
    np.testing.assert_array_equal(b.start, a.start[:, ::-1])
    np.testing.assert_array_equal(
        deep_features(standing, NETWORK), deep_features(lying, NETWORK).transpose(1, 0, 2)
    )


def test_positions_weigh_the_same_for_every_size():
    """Standardised positions: a picture of pixels twice as large gives nearly the same superpixels."""
    large = COFFEE.repeat(2, 0).repeat(2, 1)
    (_, a), (_, b) = (run(image, 24, shift=0) for image in (COFFEE, large))
    np.testing.assert_allclose((b.end + 0.5) / 2, a.end + 0.5)
    assert (a.assignment == b.assignment[::2, ::2]).mean() > 0.5


# ---- near seeds


@pytest.mark.parametrize("near", [1, 4, 9, 20])
@pytest.mark.parametrize("image", [COFFEE, COFFEE.transpose(1, 0, 2)], ids=["lying", "standing"])
def test_near_and_all_agree_where_the_winner_is_near(image, near):
    _, all_of_them = run(image, 30)
    _, few = run(image, 30, near=near)
    start, end = all_of_them.start, all_of_them.end
    listed = nearest(start, end, near)  # per cell, from its middle
    rows, cols = np.indices(image.shape[:2])
    steps = [np.diff(np.unique(line)).min() / 2 for line in start.T]
    inside = (abs(rows[..., None] - start[:, 0]) < steps[0]) & (abs(cols[..., None] - start[:, 1]) < steps[1])
    sure = inside.sum(2) == 1  # pixels between two cells are left out
    cell = inside.argmax(2)
    is_listed = (listed[cell] == all_of_them.assignment[..., None]).any(2)
    agree = few.assignment == all_of_them.assignment
    assert sure.mean() > 0.8 and (agree == is_listed)[sure].mean() > 0.999
    assert (listed[cell] == few.assignment[..., None]).any(2)[sure].all()
    assert 0 < agree.mean() < 1


def test_as_many_near_seeds_as_there_are_change_nothing():
    expected = lnsnet(COFFEE, 30, weights=NETWORK)
    np.testing.assert_array_equal(lnsnet(COFFEE, 30, weights=NETWORK, near=1000), expected)


# ---- switches


def test_without_shift_seeds_stay_on_the_grid():
    _, details = run(COFFEE, 30, shift=0)
    np.testing.assert_array_equal(details.start, details.end)
    _, moved = run(COFFEE, 30)
    _, half = run(COFFEE, 30, shift=0.5)
    inside = ((moved.end > 0) & (moved.end < [63, 95])).all(1)
    np.testing.assert_allclose(half.end[inside], (moved.start + moved.end)[inside] / 2, atol=1e-4)
    assert (details.assignment != moved.assignment).mean() > 0.05


def test_the_shift_of_the_network_is_the_one_taken():
    still = random_network(shift=0.25)
    expected = lnsnet(COFFEE, 30, weights=NETWORK, shift=0.25)
    np.testing.assert_array_equal(lnsnet(COFFEE, 30, weights=still), expected)


def test_kept_features_serve_every_number_and_shift():
    features = deep_features(COFFEE, NETWORK)
    assert features.shape == (64, 96, 20) and features.dtype == np.float32
    features.flags.writeable = False  # as a file in memory is
    for n, shift in ((2, 1), (30, 0), (30, 1), (300, 0.5)):
        options = {"weights": NETWORK, "shift": shift}
        kept = lnsnet(COFFEE, n, features=features, **options)
        np.testing.assert_array_equal(kept, lnsnet(COFFEE, n, **options))
        standing = lnsnet(
            COFFEE.transpose(1, 0, 2), n, features=features.transpose(1, 0, 2), **options, details=True
        )[1]
        np.testing.assert_array_equal(
            standing.assignment.T, lnsnet(COFFEE, n, **options, details=True)[1].assignment
        )


def test_large_pictures_are_seen_smaller(monkeypatch):
    whole = deep_features(COFFEE, NETWORK)
    monkeypatch.setattr(method, "LARGEST", 64 * 96 // 2)
    smaller = deep_features(COFFEE, NETWORK)
    assert smaller.shape == whole.shape and (smaller != whole).any()
    assert np.corrcoef(smaller.ravel(), whole.ravel())[0, 1] > 0.8
    assert_partition(lnsnet(COFFEE, 30, weights=NETWORK), (64, 96))


def test_the_same_picture_gives_the_same_labels_and_stays_untouched():
    before = COFFEE.copy(), {k: v.clone() for k, v in NETWORK.state_dict().items()}
    torch.manual_seed(0)
    first = lnsnet(COFFEE, 50, weights=NETWORK)
    torch.manual_seed(1)
    np.testing.assert_array_equal(lnsnet(COFFEE, 50, weights=NETWORK), first)
    assert (before[0] == COFFEE).all()
    assert all(torch.equal(before[1][k], v) for k, v in NETWORK.state_dict().items())


def test_grey_and_float_pictures_equal_their_copies():
    grey = COFFEE[..., 1]
    expected = lnsnet(np.dstack([grey] * 3), 50, weights=NETWORK)
    np.testing.assert_array_equal(lnsnet(grey, 50, weights=NETWORK), expected)
    np.testing.assert_array_equal(lnsnet(grey.astype(np.float32) / 255, 50, weights=NETWORK), expected)


def test_missing_weights_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAMLAB_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"lnsnet\.safetensors: no such file"):
        lnsnet(COFFEE, 40)
    for call in (lnsnet, deep_features):
        with pytest.raises(TypeError, match=r"weights=None, expected 'lnsnet', a file"):
            call(COFFEE, weights=None)


def test_the_benchmark_runs_each_of_the_shipped_weights(tmp_path, monkeypatch):
    (tmp_path / "checkpoints").mkdir()
    monkeypatch.setenv("SPAMLAB_DATA", str(tmp_path))
    threads, image = torch.get_num_threads(), as_image(COFFEE)
    names = {"lnsnet": learned.lnsnet, "lnsnet-1": learned.lnsnet_1, "lnsnet-2": learned.lnsnet_2}
    for seed, (name, function) in enumerate(names.items()):
        network = random_network(seed, shift=float(seed != 1))
        save(network, tmp_path / "checkpoints" / f"{name}.safetensors")
        for value in (0.06, 0.5):
            found, _ = cut(Method(function), image, 30, value)
            expected = lnsnet(COFFEE, 30, weights=network, min_size_factor=value)
            np.testing.assert_array_equal(components(found), components(expected))
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        ({"n_segments": 0}, ValueError, "n_segments=0, expected 1 to 6144"),
        ({"n_segments": 2.5}, TypeError, "n_segments=2.5, expected a whole number"),
        ({"shift": 1.5}, ValueError, r"shift=1.5, expected a share from 0 \(the grid\) to 1"),
        ({"shift": -1}, ValueError, "shift=-1, expected a share from 0"),
        ({"near": 0}, ValueError, "near=0, expected 1 or more seeds, or None for all; 9 is usual"),
        ({"near": 2.5}, TypeError, "near=2.5"),
        ({"min_size_factor": -1}, ValueError, "min_size_factor=-1, expected 0 or more; 0.06 is usual"),
        ({"mode": "code"}, ValueError, "mode='code', expected 'paper' or 'authors'"),
        ({"features": np.zeros((64, 96, 15))}, ValueError, r"\(64, 96, 15\), expected \(64, 96, 20\)"),
        ({"features": np.full((64, 96, 20), np.nan)}, ValueError, "features hold NaN"),
    ],
)
def test_bad_arguments_are_refused(bad, error, says):
    with pytest.raises(error, match=says):
        lnsnet(COFFEE, **{"weights": NETWORK, **bad})
