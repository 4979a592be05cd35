"""The parts of LNS-Net: seeds, assignment, losses and rescaled gradients, against dense twins and by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from spamlab.features import lab
from spamlab.lnsnet import (
    Network,
    adaptive_factor,
    boundary_factor,
    clustering,
    contour_map,
    estimate,
    importance,
    near_seeds,
    reconstruction,
    rescale,
    sample,
    sharpen,
    student_t,
)
from spamlab.lnsnet.assignment import labels, near_and_far, near_labels
from spamlab.lnsnet.gradients import remember
from spamlab.lnsnet.shift import grid

COFFEE = data.coffee()[40:104, 130:226]
BSDS = 321, 481
numbers = st.integers(0, 2**32 - 1)
shapes = st.tuples(st.integers(1, 24), st.integers(1, 24))


def random(seed, *shape, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


# ---- the grid


def test_seeds_at_the_size_of_bsds():
    for mode in ("paper", "authors"):
        assert len(grid(BSDS, 100, mode)[0]) == 117
    assert grid(BSDS, 100)[1] == (9, 13) and grid(BSDS, 100, "authors")[1:] == ((13, 9), (26, 59))
    for asked, found in ((200, 216), (300, 330), (400, 425), (600, 660), (1000, 1066)):
        assert len(grid(BSDS, asked, "authors")[0]) == found
    assert len(grid(BSDS, 200)[0]) == 216


@given(shapes, st.floats(0, 1))
def test_the_grid_fills_the_picture(shape, share):
    n = 1 + int(share * (shape[0] * shape[1] - 1))
    start, counts, cell = grid(shape, n)
    assert len(start) == counts[0] * counts[1] and max(counts) <= n
    start = start.view(*counts, 2)
    for axis, (total, count, side) in enumerate(zip(shape, counts, cell, strict=True)):
        assert count * side == pytest.approx(total)
        line = start.select(1 - axis, 0)[:, axis]
        np.testing.assert_allclose(line, (np.arange(count) + 0.5) * side - 0.5, atol=1e-4)
    assert grid(shape, 1)[1] == (1, 1)


def test_the_released_grid_by_hand():
    start, counts, cell = grid((7, 12), 5, "authors")  # S = 4.099, so 2 rows, and 8 columns of 16.8 pixels
    assert counts == (4, 2) and cell == (2, 8)
    rows, cols = (0.5, 2.5, 4.5, 6.0), (3.5, 9.5)
    expected = [divmod(np.floor(row * 12 + col), 12) for row in rows for col in cols]
    np.testing.assert_array_equal(start, expected)
    assert expected[0] == (0, 9) and expected[1] == (1, 3) and expected[6] == (6, 3)  # half a row wraps


def test_seeds_walk_from_the_grid_in_proportion():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = Network().seeds.double()
    Z = random(0, 1, 20, 40, 60).abs()
    full = estimate(layer, Z, 12)
    with torch.no_grad():
        walk = layer(Z, full.counts)
    assert 0 < walk.abs().max() < 1 and walk.std() > 0.1
    for shift in (0, 0.25, 0.5, 1):
        expected = full.start + shift * torch.tensor(full.cell) * walk
        expected = torch.minimum(expected.clamp(min=0), torch.tensor([39.0, 59]))
        np.testing.assert_allclose(estimate(layer, Z, 12, shift).end.detach(), expected, atol=1e-4)
    whole = estimate(layer, Z, 12, 1, "authors")
    assert (whole.end == whole.end.round()).all() and not (whole.end == whole.start).all()
    with torch.no_grad():
        layer.last.bias[1:] = torch.tensor([50.0, -50.0])  # as far as can be: a cell down, a cell to the left
    far = estimate(layer, Z, 12)
    expected = far.start + torch.tensor(far.cell) * torch.tensor([1, -1])
    end = far.end.detach()
    np.testing.assert_allclose(end[:, 0], expected[:, 0].clamp(max=39), atol=1e-4)
    np.testing.assert_allclose(end[:, 1], expected[:, 1].clamp(min=0), atol=1e-4)


def test_features_between_pixels():
    Z = random(1, 1, 3, 4, 5)
    points = torch.tensor([[1.25, 2.5], [3.0, 4.0], [0.0, 3.5], [2.0, 1.0]], dtype=torch.float64)
    found = sample(Z, points)
    z = Z[0]
    middle = (z[:, 1, 2] + z[:, 1, 3]) * 0.375 + (z[:, 2, 2] + z[:, 2, 3]) * 0.125
    torch.testing.assert_close(found[0], middle)
    torch.testing.assert_close(found[1], z[:, 3, 4])
    torch.testing.assert_close(found[2], (z[:, 0, 3] + z[:, 0, 4]) / 2)
    torch.testing.assert_close(found[3], z[:, 2, 1])
    inside = points[[0, 2]] + 0.1
    assert torch.autograd.gradcheck(sample, (Z.requires_grad_(), inside.requires_grad_()))


# ---- the assignment


def dense_student(Z, S):
    u = 1 / (1 + ((Z[:, None] - S[None]) ** 2).sum(2))
    return u / u.sum(axis=1, keepdims=True)


@given(numbers, st.integers(1, 40), st.integers(1, 12), st.integers(1, 60))
def test_chunks_equal_the_whole(seed, n, k, chunk):
    Z, S = random(seed, n, 5), random(seed + 1, k, 5)
    P = dense_student(Z.numpy(), S.numpy())
    np.testing.assert_allclose(student_t(Z, S), P, rtol=1e-9)
    np.testing.assert_array_equal(labels(Z, S, chunk), P.argmax(1))
    m = min(4, k)
    near = torch.from_numpy(
        np.random.default_rng(seed).permuted(np.tile(np.arange(k), (n, 1)), axis=1)[:, :m]
    )
    found, far = near_and_far(Z, S, near, chunk)
    np.testing.assert_allclose(found, np.take_along_axis(P, near.numpy(), 1), rtol=1e-9)
    np.testing.assert_allclose(far, 1 - found.sum(1), atol=1e-9)


def test_the_kernel_by_hand():
    Z, S = torch.tensor([[0.0, 0.0], [1.0, 0.0]]), torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    expected = [[6 / 7, 1 / 7], [5 / 7, 2 / 7]]  # u = 1 and 1/6; 1/2 and 1/5
    torch.testing.assert_close(student_t(Z, S), torch.tensor(expected))


@settings(max_examples=30)
@given(numbers, shapes, st.integers(1, 12), st.integers(1, 9), st.integers(1, 200))
def test_near_seeds_are_the_nearest(seed, shape, k, n, chunk):
    seeds = torch.rand(k, 2, generator=torch.Generator().manual_seed(seed)) * torch.tensor(shape)
    found = near_seeds(shape, seeds, n, chunk)
    row, col = np.indices(shape).reshape(2, -1, 1)
    d = abs(row - seeds[:, 0].numpy()) + abs(col - seeds[:, 1].numpy())
    assert found.shape == (shape[0] * shape[1], min(n, k))
    chosen = np.sort(np.take_along_axis(d, found.numpy(), 1), axis=1)
    np.testing.assert_allclose(chosen, np.sort(d, axis=1)[:, :n], atol=1e-4)
    assert all(len(set(row)) == min(n, k) for row in found.tolist())


@given(numbers)
def test_few_candidates_or_all(seed):
    rng = np.random.default_rng(seed)
    Z, S = random(seed, 50, 4), random(seed + 1, 6, 4)
    group = torch.from_numpy(rng.integers(0, 3, 50))
    every = torch.from_numpy(rng.permuted(np.tile(np.arange(6), (3, 1)), axis=1))
    np.testing.assert_array_equal(near_labels(Z, S, every, group), labels(Z, S))
    few = torch.cat([every[:, :2], torch.full((3, 1), -1)], dim=1)
    P = dense_student(Z.numpy(), S.numpy())
    for i, found in enumerate(near_labels(Z, S, few, group).tolist()):
        pair = few[group[i], :2].tolist()
        assert found in pair and P[i, found] == P[i, pair].max()


# ---- the losses


def dense_clustering(Z, S, near):
    """L_c with whole matrices and the mask M, 1 at the near seeds."""
    P = dense_student(Z, S)
    M = np.zeros(P.shape)
    np.put_along_axis(M, near, 1, axis=1)
    kept = P * M
    sharp = kept**2 / np.where(kept.sum(0) > 0, kept.sum(0), 1)
    Q = sharp / sharp.sum(1, keepdims=True)
    inside = M > 0
    divergence = (Q[inside] * np.log(Q[inside] / P[inside])).sum() / len(Z)
    return divergence + ((P * (1 - M)).sum(1) / kept.sum(1)).mean(), Q


@given(numbers, st.integers(1, 12), st.integers(1, 9))
def test_the_clustering_loss_equals_that_of_whole_matrices(seed, k, n):
    seeds = torch.rand(k, 2, generator=torch.Generator().manual_seed(seed)) * torch.tensor([5, 7])
    near = near_seeds((5, 7), seeds, n)
    Z, S = random(seed, 35, 4), random(seed + 1, k, 4)
    value, Q = dense_clustering(Z.numpy(), S.numpy(), near.numpy())
    assert clustering(Z, S, near).item() == pytest.approx(value, rel=1e-9)
    P, _ = near_and_far(Z, S, near)
    targets = sharpen(P, near, k)
    np.testing.assert_allclose(targets, np.take_along_axis(Q, near.numpy(), 1), atol=1e-12)
    np.testing.assert_allclose(targets.sum(1), 1)
    assert not sharpen(P.requires_grad_(), near, k).requires_grad


def test_gradients_of_the_clustering_loss(monkeypatch):
    Z, S = random(2, 12, 3).requires_grad_(), random(3, 5, 3).requires_grad_()
    near = near_seeds((3, 4), torch.rand(5, 2) * 3, 3)
    P, _ = near_and_far(Z, S, near)
    fixed = sharpen(P, near, 5)  # as in training, the target is no function of Z
    monkeypatch.setattr("spamlab.lnsnet.losses.sharpen", lambda *_: fixed)
    assert torch.autograd.gradcheck(lambda Z, S: clustering(Z, S, near), (Z, S))


def test_the_reconstruction_by_hand():
    x, Y = torch.zeros(1, 5, 2, 1), torch.zeros(1, 5, 2, 1)
    Y[0, 0], Y[0, 3, 0] = 3.0, 2.0  # one of three colours is off by 3, one of four positions by 2
    assert reconstruction(Y, x).item() == pytest.approx(9 / 3 + 4 / 4)
    assert reconstruction(Y, x, 0.5).item() == pytest.approx(9 / 3 + 4 / 8)


# ---- the gradients


WEIGHTS = torch.tensor([[1.0, -2, 0], [0, 2, 0], [-2, 2, 3], [4, -1, 0], [0, 3, 0]])[..., None, None]


def test_importance_and_memory_by_hand():
    torch.testing.assert_close(importance(WEIGHTS), torch.tensor([1 * 2.0, 2 * 2, 1 * 0]))
    memory = torch.tensor([1.0, 12, 0])
    psi = adaptive_factor(WEIGHTS, memory)
    torch.testing.assert_close(psi.flatten(), torch.tensor([2 / 3, 1 / 4, 0]))
    torch.testing.assert_close(remember(WEIGHTS, memory), torch.tensor([1.5, 8, 0]))
    torch.testing.assert_close(remember(WEIGHTS, memory, 0.25), torch.tensor([1.25, 10, 0]))


def test_backward_of_the_adaptive_layer_by_hand():
    Z = random(4, 1, 3, 2, 2, dtype=torch.float32).requires_grad_()
    weight = random(5, 1, 3, 2, 2, dtype=torch.float32)
    out = rescale(Z, adaptive_factor(WEIGHTS, torch.tensor([1.0, 12, 1])))
    assert torch.equal(out, Z)
    (out * weight).sum().backward()
    expected = weight * torch.tensor([2 / 3, 1 / 4, 0]).view(1, 3, 1, 1)
    torch.testing.assert_close(Z.grad, expected)


def test_backward_of_the_bidirectional_layer_by_hand():
    B = torch.tensor([[0.0, 0.7, 0.8], [1.0, 0.3, 0.71]])
    Y = random(6, 1, 5, 2, 3, dtype=torch.float32).requires_grad_()
    weight = random(7, 1, 5, 2, 3, dtype=torch.float32)
    out = rescale(Y, boundary_factor(B))
    assert torch.equal(out, Y)
    (out * weight).sum().backward()
    sign = torch.tensor([[1, 1, -0.8], [-1, 1, -0.71]])
    torch.testing.assert_close(Y.grad[:, :3], weight[:, :3])
    torch.testing.assert_close(Y.grad[:, 3:], weight[:, 3:] * sign)


@pytest.mark.parametrize("kind", ["sobel", "canny"])
def test_contours(kind):
    halves = np.zeros((20, 30, 3), np.float32)
    halves[:, 15:, 0] = 80
    B = contour_map(halves, kind)
    assert B.dtype == np.float32 and B.max() == 1
    assert set(np.flatnonzero(B.max(0) > 1e-6)) <= {14, 15} and (B[2:-2].max(1) == 1).all()
    assert contour_map(halves[:, 15:], kind).max() < 1e-6  # flat
    B = contour_map(lab(COFFEE), kind)
    assert B.min() >= 0 and B.max() == 1 and 0 < (B > 0.7).mean() < 0.5


def test_names_are_checked():
    with pytest.raises(ValueError, match="contours='bdcn', expected one of 'sobel', 'canny'"):
        contour_map(lab(COFFEE), "bdcn")
    with pytest.raises(ValueError, match="mode='code', expected 'paper' or 'authors'"):
        grid((9, 9), 4, "code")
