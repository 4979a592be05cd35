"""Superpixels as a graph: pooling, similarity, what belongs together, the pair loss."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cluster import dense, problem
from test_slic import random_image

from spamlab.cluster import assign
from spamlab.regions import components
from spamlab.segments import distance, distance_at, pair_loss, pool, same_segment, similarity, soft_pool
from spamlab.segments.pairs import spread

numbers = st.integers(0, 2**32 - 1)
sides = st.integers(1, 20)
NAN = float("nan")


def random_superpixels(seed, shape):
    """Return connected labels 0 to n - 1 of any shape."""
    return components(random_image(seed, shape)[..., 0])


# ---- pooling


@given(numbers, sides, sides, st.integers(1, 4))
def test_pooling_is_a_loop_of_means(seed, height, width, channels):
    labels = random_superpixels(seed, (height, width))
    features = np.random.default_rng(seed).normal(size=(height, width, channels)).astype(np.float32)
    expected = [features[labels == k].mean(axis=0) for k in range(labels.max() + 1)]
    np.testing.assert_allclose(pool(features, labels), expected, rtol=1e-4, atol=1e-5)


def per_pixel(features, shape, stride):
    """Return what each pixel counts with: every pixel is pooled alone."""
    alone = np.arange(shape[0] * shape[1], dtype=np.int32).reshape(shape)
    return pool(features, alone, stride).reshape(*shape, -1)


@given(st.integers(1, 500), st.sampled_from([1, 2, 3, 4]))
def test_pixels_count_with_the_nearest_feature(side, stride):
    """The network has features at pixels 0, 4, 8 and so on, of any picture."""
    places = np.arange(0, side, stride)
    found = per_pixel(places[:, None, None], (side, 1), stride).ravel()
    nearest = abs(np.arange(side)[:, None] - places).min(axis=1)
    np.testing.assert_array_equal(abs(found - np.arange(side)), nearest)


@given(numbers, st.tuples(sides, sides), st.sampled_from([1, 2, 2.5, 4]))
def test_pooling_coarse_features_is_pooling_their_enlargement(seed, shape, stride):
    rng, labels = np.random.default_rng(seed), random_superpixels(seed, shape)
    size = [int(np.ceil(side / stride)) for side in shape]
    features = rng.normal(size=(*size, 3)).astype(np.float32)
    enlarged = per_pixel(features, shape, stride)
    expected = pool(enlarged, labels)
    np.testing.assert_allclose(pool(features, labels, stride), expected, rtol=1e-4, atol=1e-5)
    V = torch.from_numpy(np.stack([features, features + 1])).permute(0, 3, 1, 2)  # training does the same
    expected = np.stack([enlarged, per_pixel(features + 1, shape, stride)]).reshape(-1, 3)
    np.testing.assert_array_equal(spread(V, shape, stride), expected)


@pytest.mark.parametrize(
    ("size", "stride", "says"),
    [
        ((5, 6), 4, "5 features on a side of 10 pixels, expected 3 with stride=4"),
        ((3, 3), 1, "3 features on a side of 10 pixels, expected 10 with stride=1"),
    ],
)
def test_features_that_do_not_fit(size, stride, says):
    with pytest.raises(ValueError, match=says):
        pool(np.zeros((*size, 2)), np.zeros((10, 12), np.int32), stride)
    with pytest.raises(ValueError, match="finite"):
        pool(np.full((10, 12, 2), NAN), np.zeros((10, 12), np.int32))


@given(numbers, st.booleans(), st.integers(1, 3))
def test_soft_pooling_is_a_weighted_mean(seed, irregular, channels):
    p = problem(seed, irregular)
    found, features = p.run(), torch.from_numpy(np.random.default_rng(seed).normal(size=(len(p.F), channels)))
    Q = dense(found.weights().numpy(), p.candidates, p.group, len(p.S))
    there = Q.sum(axis=0) > 1e-9
    expected = (Q.T @ features.numpy())[there] / Q.sum(axis=0)[there, None]
    np.testing.assert_allclose(soft_pool(found, features)[there], expected, rtol=1e-6, atol=1e-9)


@given(numbers)
def test_with_a_hard_assignment_soft_pooling_is_pooling(seed):
    p = problem(seed, False)
    found = p.run(temperature=0)
    features = torch.from_numpy(np.random.default_rng(seed).normal(size=(len(p.F), 3)))
    used, labels = np.unique(found.labels().numpy(), return_inverse=True)
    expected = pool(features.numpy().reshape(9, 12, 3), labels.reshape(9, 12).astype(np.int32))
    np.testing.assert_allclose(soft_pool(found, features)[used], expected, rtol=1e-4, atol=1e-5)


# ---- distance and similarity


def test_distances_by_hand():
    v = np.array([[0.0, 1], [2, -1], [0, 1]])
    pairs = np.array([[0, 1], [1, 2], [0, 2]])
    assert distance(v, pairs).tolist() == [4, 4, 0]
    assert distance(torch.from_numpy(v), torch.from_numpy(pairs)).tolist() == [4, 4, 0]


@given(st.lists(st.floats(0, 40), min_size=1))
def test_similarity_is_the_papers(d):
    s = similarity(d)
    np.testing.assert_allclose(s, 2 / (1 + np.exp(np.array(d, np.longdouble))).astype(float), rtol=1e-12)
    assert (s > 0).all() and (s <= 1).all() and (s[np.array(d) > 1e-15] < 1).all()
    assert (np.diff(similarity(np.sort(d))) <= 0).all() and similarity(0) == 1


def test_similarity_of_what_is_far_apart():
    with np.errstate(all="raise", under="ignore"):
        assert similarity([0, 1e4, 1e300]).tolist() == [1, 0, 0]


@given(st.floats(0, 700))
def test_every_similarity_has_its_distance(d):
    s = float(similarity(d))
    rounding = 4e-16 * max(d, 1) + 2e-16 * 2 / (2 - s)  # s is a rounded number
    assert distance_at(s) == pytest.approx(d, abs=4 * rounding)


def test_distances_at_the_ends():
    assert distance_at(1) == 0 and distance_at(0) == np.inf
    assert distance_at(0.5) == pytest.approx(np.log(3))


@pytest.mark.filterwarnings("error")
@given(st.floats(0, 1))
def test_every_threshold_has_a_distance(threshold):
    assert distance_at(threshold) >= 0


# ---- the pair loss


def naive_loss(d, same):
    """Equation (7) as printed, the mean over known pairs."""
    known = ~np.isnan(same)
    d, same = d[known], same[known]
    if not len(d):
        return 0.0
    s, a = 2 / (1 + np.exp(d)), same.mean()
    terms = [-(1 - a) * np.log(s[i]) if same[i] else -a * np.log(1 - s[i]) for i in range(len(d))]
    return float(np.mean(terms))


def random_pairs(seed, n, known=0.8):
    rng = np.random.default_rng(seed)
    d, same = rng.gamma(1.0, 3.0, n) + 1e-3, (rng.random(n) < rng.random()).astype(float)
    same[rng.random(n) > known] = np.nan
    return torch.from_numpy(d), torch.from_numpy(same)


@given(numbers, st.integers(0, 30))
def test_the_pair_loss_is_the_papers(seed, n):
    d, same = random_pairs(seed, n)
    value = float(pair_loss(d, same))
    assert value == pytest.approx(naive_loss(d.numpy(), same.numpy()), rel=1e-6, abs=1e-12)
    assert value >= 0


@given(numbers, st.integers(1, 30))
def test_what_the_pair_loss_does_not_depend_on(seed, n):
    d, same = random_pairs(seed, n)
    value, order = float(pair_loss(d, same)), torch.from_numpy(np.random.default_rng(seed).permutation(n))
    assert float(pair_loss(d[order], same[order])) == pytest.approx(value)
    assert float(pair_loss(d.repeat(3), same.repeat(3))) == pytest.approx(value)
    known = ~same.isnan()
    assert float(pair_loss(d[known], same[known])) == value
    v = torch.from_numpy(np.random.default_rng(seed).normal(size=(9, 2)))
    pairs = torch.from_numpy(np.random.default_rng(seed).integers(0, 9, (n, 2)))
    turned = [float(pair_loss(distance(v, one), same)) for one in (pairs, pairs.flip(1))]
    assert turned[0] == turned[1]


@pytest.mark.parametrize("joined", [1, 3, 10, 19])
def test_both_kinds_of_pairs_weigh_the_same(joined):
    """However few pairs cross a border, they move as much as the many inside: both parts are a (1 - a)."""
    d = torch.full((20,), float(np.log(3)), dtype=torch.float64)  # s = 1 - s = 1/2
    same = (torch.arange(20) < joined).double()
    apart = [d.clone().requires_grad_() for _ in range(2)]
    for one, kind in zip(apart, (same == 1, same == 0), strict=True):
        pair_loss(torch.where(kind, one, d), same).backward()
    a = joined / 20
    assert float(pair_loss(d, same)) == pytest.approx(2 * a * (1 - a) * np.log(2))
    slopes = [float(one.grad.sum()) for one in apart]
    # d log(s) / dd = -(1 - s / 2) = -3/4; d log(1 - s) / dd = s (2 - s) / (2 (1 - s)) = 3/4
    assert slopes == pytest.approx([0.75 * a * (1 - a), -0.75 * a * (1 - a)])


@pytest.mark.parametrize("same", [[1.0, 1, 1], [0.0, 0, 0], [NAN, NAN, NAN], []])
def test_without_a_border_or_without_an_inside_nothing_is_to_learn(same):
    d = torch.tensor([0.0, 2, 1e4][: len(same)], requires_grad=True)
    value = pair_loss(d, torch.tensor(same))
    value.backward()
    assert value == 0 and (d.grad == 0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_pair_loss_is_finite(dtype):
    d = torch.tensor([0, 0, 1e-12, 1e-12, 1e4, 1e4, 1e30, 1e30], dtype=dtype, requires_grad=True)
    value = pair_loss(d, torch.tensor([0.0, 1] * 4))
    value.backward()
    assert value.isfinite() and d.grad.isfinite().all()
    assert (d.grad[5::2] > 0).all()  # what belongs together is drawn together from any distance


@pytest.mark.parametrize("seed", [2, 6])
def test_gradients_of_the_pair_loss(seed):
    """Through the loss, the distances and soft pooling, to the features and to the assignment."""
    p = problem(seed, False, 4, (3, 4))
    found, rng = p.run(2), np.random.default_rng(seed)
    pairs = torch.from_numpy(np.argwhere(np.triu(np.ones((len(p.S),) * 2), 1)))
    same = torch.from_numpy(rng.integers(0, 2, len(pairs)).astype(float))

    def loss(d2, features):
        v = soft_pool(replace(found, Q=assign(d2)), features)
        return pair_loss(distance(v, pairs), same)

    far = (found.slots < 0).unsqueeze(2)  # not infinitely, where gradcheck cannot take a difference
    d2 = -found.Q.clamp(min=0.05).log().masked_fill(far, -50.0)
    features = torch.from_numpy(rng.normal(size=(12, 3)))
    assert len(pairs) > 2 and 0 < same.mean() < 1
    assert torch.autograd.gradcheck(loss, (d2.requires_grad_(), features.requires_grad_()))


# ---- what belongs together


def naive_same(labels, truth, pairs, n):
    """Loop over the superpixels; None where a tie leaves the answer open."""
    carried = []
    for i in range(n):
        seen = [t for t, l in zip(truth, labels, strict=True) if l == i and t >= 0]
        most = max((seen.count(t) for t in seen), default=0)
        carried.append({t for t in seen if seen.count(t) == most})
    for a, b in pairs:
        if carried[a] and carried[b]:
            open_ = max(len(carried[a]), len(carried[b])) > 1
            yield None if open_ else float(carried[a] == carried[b])
        else:
            yield NAN


@settings(max_examples=60)
@given(numbers, st.integers(1, 60), st.integers(1, 8), st.integers(0, 4))
def test_a_superpixel_carries_the_segment_of_most_of_its_pixels(seed, pixels, n, segments):
    rng = np.random.default_rng(seed)
    labels, truth = rng.integers(0, n, pixels), rng.integers(-1, segments, pixels)
    pairs = rng.integers(0, n, (12, 2))
    found = same_segment(*map(torch.from_numpy, (labels, truth, pairs)), n)
    for one, expected in zip(found.tolist(), naive_same(labels, truth, pairs, n), strict=True):
        assert one in (0, 1) if expected is None else one == pytest.approx(expected, nan_ok=True)


def test_pixels_without_annotation_do_not_vote():
    labels, truth = torch.tensor([0, 0, 0, 1, 2, 2]), torch.tensor([-1, -1, 3, 3, -1, -1])
    found = same_segment(labels, truth, torch.tensor([[0, 1], [1, 2], [0, 2]]), 3)
    assert found[0] == 1 and found[1:].isnan().all()
