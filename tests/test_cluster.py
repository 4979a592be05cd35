from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from torch import Tensor
from torch.profiler import profile

from spamlab.candidates import grid_neighbours, nearest
from spamlab.cluster import (
    assign,
    cluster,
    distances,
    group_means,
    tile,
    to_centres,
    to_pixels,
    update,
)
from spamlab.cluster.steps import EMPTY
from spamlab.features import positions
from spamlab.seeds import grid

numbers = st.integers(0, 2**32 - 1)
temperatures = st.sampled_from([0.0, 1e-40, 0.3, 1.0, 5.0])


def twin(F, S, candidates, group, n_iter=10, temperature=1.0, weight=None):
    """The loop with all N x K distances in memory; pixels may not join a centre that is not listed."""
    allowed = np.zeros((len(F), len(S) + 1), bool)
    np.put_along_axis(allowed, candidates[group], True, axis=1)  # -1 is the column too many
    weight = np.ones(len(S)) if weight is None else weight
    for i in range(n_iter):
        difference = np.square(F[:, None] - S)  # (N, K, C)
        D = difference[..., :-2].sum(axis=2) + weight * difference[..., -2:].sum(axis=2)
        D = np.where(allowed[:, :-1], D, np.inf)
        D -= D.min(axis=1, keepdims=True)
        Q = np.exp(-D / temperature) if temperature else (D == 0).astype(float)
        Q /= Q.sum(axis=1, keepdims=True)
        if i < n_iter - 1:
            total = Q.sum(axis=0)[:, None]
            S = np.where(total < EMPTY, S, Q.T @ F / np.maximum(total, EMPTY))
    return Q, S


def dense(weights, candidates, group, n_centres):
    """Spread the weights of candidates, (N, M), over all centres, (N, K)."""
    Q = np.zeros((len(weights), n_centres + 1))
    np.add.at(Q, (np.arange(len(weights))[:, None], candidates[group]), weights)
    return Q[:, :-1]


@dataclass
class Problem:
    """Arrays to cluster: cells of a grid, or Voronoi cells of random points and centres elsewhere."""

    F: Tensor
    S: Tensor
    candidates: Tensor
    group: Tensor
    weight: Tensor

    def run(self, n_iter=4, weighted=False, **options):
        weight = self.weight if weighted else None
        return cluster(self.F, self.S, self.candidates, self.group, n_iter, weight=weight, **options)

    def twin(self, n_iter=4, temperature=1.0, weighted=False):
        arrays = (x.numpy() for x in (self.F, self.S, self.candidates, self.group))
        return twin(*arrays, n_iter, temperature, self.weight.numpy() if weighted else None)


def problem(seed, irregular, n_features=5, shape=(9, 12)):
    rng = np.random.default_rng(seed)
    if irregular:
        points, centres = (rng.random((rng.integers(1, 12), 2)) * shape for _ in range(2))
        group = cdist(positions(shape), points).argmin(axis=1)
        candidates = nearest(points, centres, rng.integers(1, 7))
    else:
        centres, cells, _ = grid(shape, rng.integers(1, min(20, shape[0] * shape[1])))
        group, candidates = cells.ravel().astype(np.int64), grid_neighbours(cells)
    candidates = rng.permuted(candidates, axis=1)
    holes = rng.random(candidates.shape) < 0.2
    holes[np.arange(len(candidates)), candidates.argmax(axis=1)] = False  # each row keeps one
    place = positions(shape) / 4 + rng.normal(0, 0.02, (len(group), 2))  # no ties
    F = np.concatenate([rng.normal(size=(len(group), n_features - 2)), place], axis=1)
    S = np.concatenate([rng.normal(size=(len(centres), n_features - 2)), centres / 4], axis=1)
    weight = rng.uniform(0.2, 3, len(S))
    return Problem(*map(torch.from_numpy, (F, S, np.where(holes, -1, candidates), group, weight)))


def assert_same(found, expected, atol=1e-9):
    for new, old in zip(found, expected, strict=True):
        np.testing.assert_allclose(new, old, rtol=1e-7, atol=atol)


@settings(max_examples=60)
@given(numbers, st.booleans(), st.integers(2, 9), st.integers(1, 5), temperatures, st.booleans())
def test_equals_the_dense_twin(seed, irregular, n_features, n_iter, temperature, weighted):
    p = problem(seed, irregular, n_features)
    found = p.run(n_iter, weighted, temperature=temperature)
    Q, S = p.twin(n_iter, temperature, weighted)
    assert_same([dense(found.weights().numpy(), p.candidates, p.group, len(S)), found.S], [Q, S])
    sure = np.sort(np.pad(Q, ((0, 0), (1, 0))))[:, -2:] @ [-1, 1] > 1e-9  # the largest weight stands out
    np.testing.assert_array_equal(found.labels()[sure], Q.argmax(axis=1)[sure])


@pytest.mark.parametrize("n_features", [1, 2])
def test_few_features(n_features):
    p = problem(0, True)
    F, S = p.F[:, -n_features:], p.S[:, -n_features:]
    found = cluster(F, S, p.candidates, p.group, 3)
    wide = [
        torch.nn.functional.pad(x, (3 - n_features, 0)) for x in (F, S)
    ]  # columns of zeros change nothing
    Q, S = twin(*(x.numpy() for x in (*wide, p.candidates, p.group)), 3)
    weights = dense(found.weights().numpy(), p.candidates, p.group, len(S))
    assert_same([weights, found.S], [Q, S[:, -n_features:]])


@given(numbers, st.booleans(), st.booleans())
def test_weights_sum_to_one_and_empty_slots_have_none(seed, irregular, weighted):
    p = problem(seed, irregular)
    weights = p.run(weighted=weighted).weights()
    np.testing.assert_allclose(weights.sum(1), 1)
    assert (weights[p.candidates[p.group] < 0] == 0).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("seed", "irregular", "n_iter"), [(1, False, 1), (2, False, 2), (6, True, 3)])
def test_gradients(seed, irregular, n_iter, weighted):
    p = problem(seed, irregular, 4, (3, 4))

    def run(F, S, weight=None):
        found = cluster(F, S, p.candidates, p.group, n_iter, temperature=0.7, weight=weight)
        return found.weights(), found.S

    inputs = [p.F, p.S, p.weight][: 2 + weighted]
    assert torch.autograd.gradcheck(run, [x.requires_grad_() for x in inputs])


@given(numbers, st.booleans(), st.booleans())
def test_towards_temperature_0_all_weight_gathers_on_the_nearest_candidate(seed, irregular, weighted):
    p = problem(seed, irregular)
    hard = p.run(weighted=weighted, temperature=0)
    assert set(hard.Q.unique().tolist()) <= {0, 1}
    found = [
        (cold.weights(), cold.S, cold.labels()) for cold in (hard, p.run(4, weighted, temperature=1e-12))
    ]
    assert_same(*found)
    assert_same([hard.labels()], [p.twin(4, 0, weighted)[0].argmax(axis=1)])


def test_a_tie_goes_to_the_first_candidate():
    S = torch.tensor([[-1.0, 0, 0], [1, 0, 0]])
    for row in ([0, 1], [1, 0], [-1, 1, 0]):
        for temperature in (0, 1):
            group = torch.zeros(1, dtype=torch.int64)
            found = cluster(torch.zeros(1, 3), S, torch.tensor([row]), group, 1, temperature=temperature)
            assert found.labels().item() == next(k for k in row if k >= 0)


@given(numbers, st.booleans(), st.booleans(), temperatures)
def test_what_must_not_matter(seed, irregular, weighted, temperature):
    p, rng = problem(seed, irregular), np.random.default_rng(seed)
    before = p.run(weighted=weighted, temperature=temperature)
    weights, S = before.weights(), before.S
    order, slots = (torch.from_numpy(rng.permutation(n)) for n in (len(p.F), p.candidates.shape[1]))
    shift = torch.from_numpy(rng.normal(size=p.F.shape[1]) * 50)
    padded = torch.cat([p.candidates, torch.full((len(p.candidates), 2), -1)], dim=1)
    size = int(rng.integers(1, 40))
    for case, F, start, candidates, group, expected in [
        ("order of pixels", p.F[order], p.S, p.candidates, p.group[order], weights[order]),
        ("order of candidates", p.F, p.S, p.candidates[:, slots], p.group, weights[:, slots]),
        ("empty slots", p.F, p.S, padded, p.group, torch.nn.functional.pad(weights, (0, 2))),
        ("size of tiles", p.F, p.S, p.candidates, tile(p.group, size), weights),
        ("origin of features", p.F + shift, p.S + shift, p.candidates, p.group, weights),
    ]:
        weight = p.weight if weighted else None
        found = cluster(F, start, candidates, group, 4, temperature=temperature, weight=weight)
        moved = shift if case == "origin of features" else 0
        assert_same([found.weights(), found.S - moved], [expected, S], 1e-8)


@pytest.mark.parametrize("temperature", [0, 1])
def test_an_empty_centre_keeps_its_value(temperature):
    p = problem(4, False)
    far = torch.full((1, 5), 1e3)  # listed, but its weight is 0 in floating point
    unlisted = torch.full((1, 5), 7.0)
    S = torch.cat([p.S, far, unlisted]).requires_grad_()
    candidates = torch.nn.functional.pad(p.candidates, (0, 1), value=len(p.S))
    found = cluster(p.F.requires_grad_(), S, candidates, p.group, 5, temperature=temperature)
    assert torch.equal(found.S[-2:], S[-2:])
    assert_same([found.weights().detach()[:, :-1]], [p.run(5, temperature=temperature).weights().detach()])
    (found.S.square().sum() + found.Q.square().sum()).backward()
    assert S.grad.isfinite().all() and p.F.grad.isfinite().all() and S.grad[-2:].abs().min() > 0


def test_large_coordinates_lose_no_digits():
    """Position 800 away, as in a picture of 8 megapixels: |S|^2 - 2 F S alone has an error near 0.1 there."""
    p = problem(5, False, 8)
    quarters = [torch.round(x * 64) / 64 for x in (p.F, p.S)]  # exact in float32, here and far away
    far = torch.tensor([0, 0, 0, 0, 0, 0, 768.0, 1024.0])
    near, away = (
        cluster(*((x + offset).float() for x in quarters), p.candidates, p.group) for offset in (0, far)
    )
    Q, S = twin(*(x.numpy() for x in (*quarters, p.candidates, p.group)))
    for found, offset in ((near, 0), (away, far)):
        weights = dense(found.weights().numpy(), p.candidates, p.group, len(S))
        np.testing.assert_allclose(weights, Q, atol=2e-3)
        np.testing.assert_allclose(found.S - offset, S, atol=5e-4)


def allocated(run):
    """Return the bytes that the operations of a function allocated, added up: no less than its peak."""
    with profile(profile_memory=True) as watched:
        run()
    return sum(max(event.self_cpu_memory_usage, 0) for event in watched.events())


def test_no_matrix_of_all_pixels_and_all_centres():
    _, cells, _ = grid((300, 500), 4000)
    candidates, group = torch.from_numpy(grid_neighbours(cells)), torch.from_numpy(cells.ravel()).long()
    F = torch.rand(150_000, 5).requires_grad_()
    S = group_means(F, group, torch.zeros(len(candidates), 5))
    whole = 4 * len(F) * len(S)
    assert len(S) > 3900 and whole > 2e9
    used = allocated(lambda: cluster(F, S, candidates, group, 3).S.sum().backward())
    assert 4 * F.numel() < used < whole / 5
    small = F[:1000].detach()
    assert allocated(lambda: torch.cdist(small, S)) >= 4 * len(small) * len(S)  # the meter would see it


def bad(**changes):
    good = {
        "F": torch.zeros(6, 3),
        "S": torch.zeros(2, 3),
        "candidates": torch.tensor([[0, 1], [1, -1]]),
        "group": torch.tensor([0, 0, 0, 1, 1, 1]),
        "n_iter": 2,
    }
    return good | changes


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"n_iter": 0}, "n_iter=0, expected at least 1; 10 is usual"),
        ({"S": torch.zeros(2, 4)}, r"F has shape \(6, 3\) and S \(2, 4\), expected \(N, C\) and \(K, C\)"),
        (
            {"group": torch.zeros(5, dtype=torch.int64)},
            "group names 5 pixels, but F has 6; build both from one",
        ),
        ({"group": tile(torch.zeros(5, dtype=torch.int64))}, "group names 5 pixels, but F has 6"),
        ({"group": torch.tensor([0, 0, 0, 1, 1, 2])}, "group goes up to 2, but candidates has 2 rows"),
        ({"candidates": torch.tensor([[0, 1], [2, -1]])}, "candidates go up to 2, but there are 2 centres"),
        (
            {"candidates": torch.tensor([[0, 1], [-1, -1]])},
            "only empty slots, expected at least one candidate",
        ),
    ],
)
def test_what_does_not_fit_is_refused(changes, says):
    assert cluster(**bad()).labels().shape == (6,)
    with pytest.raises(ValueError, match=says):
        cluster(**bad(**changes))


def test_a_group_without_pixels_needs_no_candidate():
    candidates = torch.tensor([[0, 1], [-1, -1], [1, -1]])
    group = torch.tensor([0, 0, 0, 2, 2, 2])
    assert cluster(**bad(candidates=candidates, group=group)).labels()[3:].tolist() == [1, 1, 1]


@given(numbers, st.booleans(), st.booleans())
def test_the_parts_of_a_round(seed, irregular, weighted):
    p = problem(seed, irregular)
    tiles = tile(p.group)
    slots, X = p.candidates[tiles.group], tiles.arrange(p.F)
    d2 = distances(X, p.S, slots, p.weight if weighted else None)
    Q = tiles.flatten(assign(d2))
    whole = dense(Q.numpy(), p.candidates, p.group, len(p.S))
    np.testing.assert_allclose(whole, p.twin(1, weighted=weighted)[0], atol=1e-12)
    assert torch.equal(tiles.flatten(d2).isinf(), p.candidates[p.group] < 0)
    Q = tiles.arrange(Q)  # zeros where a place holds no pixel
    np.testing.assert_allclose(to_centres(Q, X, slots, len(p.S)), whole.T @ p.F.numpy(), atol=1e-10)
    np.testing.assert_allclose(tiles.flatten(to_pixels(Q, p.S, slots)), whole @ p.S.numpy(), atol=1e-10)


def test_update_and_group_means():
    S = torch.tensor([[5.0, 5], [6, 6], [7, 7]])
    sums, total = torch.tensor([[2.0, 8], [2**-20, 0], [0, 0]]), torch.tensor([[4.0], [2**-20], [0]])
    assert update(sums, total, S).tolist() == [[0.5, 2], [1, 0], [7, 7]]  # a little weight is weight
    F = torch.tensor([[1.0, 2], [3, 4], [5, 9]])
    assert group_means(F, torch.tensor([1, 1, 0]), S).tolist() == [[5, 9], [2, 3], [7, 7]]


@given(numbers, st.integers(1, 200), st.integers(1, 9), st.none() | st.integers(1, 40))
def test_each_pixel_has_one_place_in_a_tile_of_its_group(seed, n, n_groups, size):
    rng = np.random.default_rng(seed)
    group = torch.from_numpy(rng.integers(0, n_groups, n))
    tiles = tile(group, size)
    assert tiles.size == size or (size is None and 16 <= tiles.size <= 256)
    assert tiles.place.unique().shape == (n,) and tiles.place.min() >= 0
    assert torch.equal(tiles.group[tiles.place // tiles.size], group)
    assert len(tiles.group) == (-(-torch.bincount(group) // tiles.size)).sum()  # no tile too many
    values = torch.from_numpy(rng.normal(size=(n, 3)))
    arranged = tiles.arrange(values)
    assert arranged.shape == (len(tiles.group), 3, tiles.size)
    assert torch.equal(tiles.flatten(arranged), values)
    assert arranged.sum().item() == pytest.approx(values.sum().item())  # zeros elsewhere
