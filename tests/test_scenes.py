"""Synthetic scenes: a partition, exact, repeatable, the same at every size, with hard borders."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spamlab.data import scene


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    n_objects=st.integers(0, 25),
)
def test_scene_is_an_image_and_a_partition(seed, height, width, n_objects):
    image, truth = scene(seed, (height, width), n_objects)
    assert image.shape == (height, width, 3) and image.dtype == np.float32
    assert image.min() >= 0 and image.max() <= 1
    assert truth.shape == (height, width) and truth.dtype == np.int32
    np.testing.assert_array_equal(np.unique(truth), np.arange(truth.max() + 1))
    assert truth.max() <= n_objects


def test_scene_repeats_and_varies():
    first, again, other = scene(3, (30, 40)), scene(3, (30, 40)), scene(4, (30, 40))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[1] != other[1]).mean() > 0.2


def test_scene_does_not_touch_the_global_generator():
    np.random.seed(5)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    scene(0, (8, 8))
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("seed", range(4))
def test_scene_keeps_its_composition_at_another_size(seed):
    _, small = scene(seed, (60, 80))
    _, large = scene(seed, (180, 240))
    centres = large[1::3, 1::3]  # the points in the middle of the small pixels
    same = [np.bincount(centres[small == k]).max() for k in range(small.max() + 1)]
    assert small.max() > 5 and sum(same) > small.size - 3  # a point on a rim may round either way
    image, _ = scene(seed, (60, 80), noise=0, blur=0)
    reduced = scene(seed, (180, 240), noise=0, blur=0)[0].reshape(60, 3, 80, 3, 3).mean((1, 3))
    assert np.median(np.abs(image - reduced)) < 0.03


def test_scene_has_objects_that_can_be_seen_and_some_that_hardly_can():
    contrast = []
    for seed in range(12):
        image, truth = scene(seed, (90, 120), noise=0)
        means = [image[truth == k].mean(0) for k in range(truth.max() + 1)]
        right = np.stack([truth[:, :-1], truth[:, 1:]], -1)
        pairs = np.unique(np.sort(right[right[..., 0] != right[..., 1]]), axis=0)
        contrast += [np.abs(means[a] - means[b]).max() for a, b in pairs]
    assert len(contrast) > 120
    assert np.mean(np.array(contrast) < 0.12) > 0.1, "some borders are hard"
    assert np.mean(np.array(contrast) > 0.3) > 0.3, "some borders are clear"


def test_scene_of_no_objects_is_one_region():
    image, truth = scene(1, (20, 30), n_objects=0)
    assert truth.max() == 0 and image.std() > 0


def test_scene_noise_and_blur():
    clean = scene(2, (60, 80), noise=0, blur=0)[0]
    noisy = scene(2, (60, 80), noise=0.05, blur=0)[0]
    assert 0.04 < (noisy - clean)[(clean > 0.2) & (clean < 0.8)].std() < 0.06
    blurred = scene(2, (60, 80), noise=0, blur=2)[0]
    assert np.abs(np.diff(blurred, axis=1)).mean() < 0.6 * np.abs(np.diff(clean, axis=1)).mean()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"shape": (0, 5)}, "shape"),
        ({"shape": (5,)}, "shape"),
        ({"n_objects": -1}, "n_objects is -1"),
        ({"noise": -0.1}, "noise"),
        ({"blur": float("nan")}, "blur"),
    ],
)
def test_scene_says_what_is_wrong(arguments, words):
    with pytest.raises(ValueError, match=words):
        scene(0, **arguments)
