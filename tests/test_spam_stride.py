"""Rounds that look at some pixels only, and density: by parts of the loop, and by distances written out."""

import numpy as np
import pytest
import torch
from skimage import data
from test_spam import COFFEE, NETWORK, assert_contained
from test_training_ssn import pytestmark  # noqa: F401 (one thread: sums are the same bits)

from spamlab.cluster import cluster, group_means
from spamlab.features import lab
from spamlab.spam import budgets, candidate_lists, certain_objects, pieces, place, spam
from spamlab.ssn import all_features, pixel_features

BLOCKS = (np.indices((96, 100)) // 40 * [[[3]], [[1]]]).sum(0) + 1  # nine objects
SLOPE = np.linspace(1, 6, 100) * np.ones((96, 1))


def by_parts(objects, uncertain, density, n_iter):
    """Run SPAM's loop over all pixels at once; return what it found, and what it looked at."""
    density = None if density is None else density / density.mean()
    whole, certain = pieces(objects, (96, 100)), certain_objects(objects, (96, 100), uncertain)
    budget = budgets(whole, 60, density)
    seeds, cells = place(whole, budget, 0, density)
    owner = np.repeat(np.arange(1, len(budget) + 1), budget)
    candidates, group = candidate_lists(np.where(certain > 0, cells, -1), seeds, owner)
    F = all_features(lab(COFFEE), float(np.sqrt(96 * 100 / 60)), 28.8, NETWORK)
    cell = torch.from_numpy(cells.ravel()).long()
    S = group_means(F, cell, torch.zeros(60, F.shape[1]))
    weight = None
    if density is not None:
        rho = torch.from_numpy(density).float().view(-1, 1)
        weight = group_means(rho, cell, torch.ones(60, 1))[:, 0]
    candidates, group = torch.from_numpy(candidates), torch.from_numpy(group.ravel())
    return cluster(F, S, candidates, group, n_iter, weight=weight)


@pytest.mark.parametrize("n_iter", [1, 2, 10])
@pytest.mark.parametrize("density", [None, SLOPE])
@pytest.mark.parametrize(("objects", "uncertain"), [(None, 1), (BLOCKS, 1), (BLOCKS, 5)])
def test_stride_1_looks_at_all_pixels(objects, uncertain, density, n_iter):
    with torch.inference_mode():
        expected = by_parts(objects, uncertain, density, n_iter)
    _, found = spam(
        COFFEE,
        60,
        objects,
        uncertain=uncertain,
        weights=NETWORK,
        density=density,
        n_iter=n_iter,
        stride=1,
        details=True,
    )
    assert (found.assignment.ravel() == expected.labels().numpy()).mean() > 0.9999  # sums may round
    np.testing.assert_allclose(found.centres, expected.S.numpy(), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("weights", "least"), [(None, 0.9), ("spam", 0.8)])
@pytest.mark.parametrize("picture", [data.astronaut()[:160, 100:300], data.chelsea()[:160, 100:300]])
def test_stride_2_gives_nearly_the_same(picture, weights, least):
    found = {n: spam(picture, 120, weights=weights, stride=n, details=True)[1].assignment for n in (1, 2, 8)}
    share = {n: (found[n] == found[1]).mean() for n in (2, 8)}
    assert 1 > share[2] > least and share[2] > share[8]


@pytest.mark.parametrize("stride", [2, 3, 7, 1000])
def test_objects_that_no_stride_meets_keep_their_superpixels(stride):
    objects = np.ones((96, 100), int)
    objects[1::24, 1::20] = np.arange(2, 22).reshape(4, 5)  # one pixel each
    objects[71, 1:99] = 22  # a line between the rows that are seen
    objects[:, 99] = 23
    labels, found = spam(COFFEE, 60, objects, weights=NETWORK, stride=stride, details=True)
    assert_contained(labels, objects)
    assert len(found.budget) == 23 and set(found.owner) == set(range(1, 24))
    for value in range(2, 24):
        n = len(np.unique(labels[objects == value]))
        assert n == 1 if value < 22 else n >= 1
        assert not np.isin(labels[objects == 1], labels[objects == value]).any()
    F = all_features(lab(COFFEE), found.step, 28.8, NETWORK).numpy().reshape(96, 100, -1)
    for value in range(2, 22):  # the centre of a pixel that is alone is that pixel
        (place_of,) = np.argwhere(objects == value)
        seed = found.assignment[tuple(place_of)]
        assert (found.seeds[seed] == place_of).all()
        np.testing.assert_allclose(found.centres[seed], F[tuple(place_of)], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 2)])
def test_a_stride_larger_than_the_picture(shape):
    image = np.random.default_rng(0).random(shape)
    for K in (1, shape[0] * shape[1]):
        labels = spam(image, K, weights=None, stride=50, min_size_factor=0, smooth=0)
        assert labels.shape == shape and labels.max() + 1 == K


@pytest.mark.parametrize(("wrong", "error"), [(0, ValueError), (1.5, TypeError), (True, TypeError)])
def test_a_stride_that_makes_no_sense_is_named(wrong, error):
    with pytest.raises(error, match=f"stride={wrong}, expected .*1 or more pixels"):
        spam(COFFEE, stride=wrong)


# ---- density


def squares(found, weighted, step, m, density):
    """Return d^2 of each pixel to each centre, (N, K); that of the position times the density there."""
    F = pixel_features(lab(COFFEE), step, m).numpy().astype(float)
    rho = np.ones(len(found.seeds))
    if weighted:
        local = density / density.mean()
        rho = np.array([local[found.cells == k].mean() for k in range(len(found.seeds))])
    d2 = np.square(F[:, None, :3] - found.centres[None, :, :3]).sum(2)
    return d2 + rho * np.square(F[:, None, 3:] - found.centres[None, :, 3:]).sum(2)


def test_density_scales_the_difference_of_positions():
    density = np.where(np.arange(100) < 60, 1.0, 6.0) * np.ones((96, 1))
    objects = np.where(np.arange(100) < 60, 1, 2) * np.ones((96, 1), int)
    _, found = spam(COFFEE, 60, objects, uncertain=9, weights=None, density=density, stride=1, details=True)
    doubt = found.certain.ravel() == 0
    cells = np.where(found.certain > 0, found.cells, -1)
    candidates, group = candidate_lists(cells, found.seeds, np.repeat([1, 2], found.budget))
    lists = candidates[group.ravel()]
    best = {}
    for weighted in (True, False):
        d2 = squares(found, weighted, found.step, 28.8, density)
        d2 = np.where(lists < 0, np.inf, np.take_along_axis(d2, np.maximum(lists, 0), axis=1))
        best[weighted] = np.take_along_axis(lists, d2.argmin(1)[:, None], axis=1)[:, 0]
    right = (best[True] == found.assignment.ravel()).mean()
    assert right > 0.999 > 0.97 > (best[False] == found.assignment.ravel()).mean()
    assert doubt.sum() == 96 * 8


@pytest.mark.parametrize("side", ["left", "right"])
def test_pixels_in_doubt_can_join_an_object_that_is_dense(side):
    """They lie between two objects of one colour; most next to the dense one join it, wherever that lies."""
    columns = np.arange(120) if side == "left" else np.arange(120)[::-1]
    objects = (1 + (columns >= 60)) * np.ones((80, 1), int)
    density = np.where(columns < 60, 8.0, 1.0) * np.ones((80, 1))
    _, found = spam(
        np.full((80, 120), 0.5), 80, objects, uncertain=9, weights=None, density=density, details=True
    )
    dense = found.certain[:, columns == 0].max()
    assert found.budget[dense - 1] > 4 * found.budget.sum() / 5
    assert (found.certain[:, (columns >= 56) & (columns < 64)] == 0).all()
    joined = found.objects == dense
    assert joined[:, columns == 56].mean() > 0.5 and joined[:, columns == 63].mean() < 0.2
