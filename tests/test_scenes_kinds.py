"""Scenes of other kinds: exact truths, repeatable, the same at every size, each with what it stands for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label

from spamlab import _scene_vessels
from spamlab.data import scene

KINDS = ("grey", "noisy", "layers", "vessels")


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 10_000),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    n_objects=st.integers(0, 15),
)
def test_a_scene_is_an_image_and_a_partition(kind, seed, height, width, n_objects):
    image, truth = scene(seed, (height, width), n_objects, kind=kind)
    assert image.shape == (height, width, 3) and image.dtype == np.float32
    assert image.min() >= 0 and image.max() <= 1
    assert truth.shape == (height, width) and truth.dtype == np.int32
    np.testing.assert_array_equal(np.unique(truth), np.arange(truth.max() + 1))
    assert truth.max() <= n_objects + 2 * (kind == "vessels")
    image[0, 0] = 0  # it can be written to


@pytest.mark.parametrize("kind", KINDS)
def test_a_scene_repeats_and_varies(kind):
    first, again, other = (scene(seed, (60, 80), kind=kind) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[1] != other[1]).mean() > 0.05 and np.abs(first[0] - other[0]).mean() > 0.01


@pytest.mark.parametrize("kind", ["layers", "vessels"])
@pytest.mark.parametrize("seed", range(3))
def test_a_scene_keeps_its_composition_at_another_size(kind, seed):
    image, small = scene(seed, (160, 240), kind=kind, noise=0, blur=0)
    fine, large = scene(seed, (480, 720), kind=kind, noise=0, blur=0)
    assert small.max() == large.max()
    centres = large[1::3, 1::3]  # the points in the middle of the small pixels
    same = small == centres
    if kind == "layers":
        assert same.mean() > 0.999
    else:  # the thinnest vessels are wider than in proportion where pixels are large
        assert same.mean() > 0.95 and same[small < 3].mean() > 0.995
        assert (centres[small > 2] > 2).mean() > 0.6
    assert np.median(np.abs(image - fine.reshape(160, 3, 240, 3, 3).mean((1, 3)))) < 0.02


def test_grey_is_the_scene_without_colour():
    for seed in range(3):
        colour, truth = scene(seed, (60, 80), noise=0)
        grey, same = scene(seed, (60, 80), kind="grey", noise=0)
        np.testing.assert_array_equal(truth, same)
        assert (grey == grey[..., :1]).all() and grey.std() > 0.05
        weights = (0.2126, 0.7152, 0.0722)  # of linear light; the two agree but for the curve of the values
        assert np.corrcoef((colour @ np.array(weights)).ravel(), grey[..., 0].ravel())[0, 1] > 0.97


def test_noisy_counts_photons():
    clean, truth = scene(2, (200, 240), kind="noisy", noise=0)
    noisy, same = scene(2, (200, 240), kind="noisy", noise=0.1)
    np.testing.assert_array_equal(clean, scene(2, (200, 240), noise=0)[0])
    np.testing.assert_array_equal(truth, same)
    for low, high in ((0.1, 0.2), (0.4, 0.5)):  # bright values are not cut off at 1
        chosen = (clean > low) & (clean < high)
        assert chosen.sum() > 1000
        assert noisy[chosen].mean() == pytest.approx(clean[chosen].mean(), rel=0.02)
        expected = 0.1 * np.sqrt(clean[chosen].mean())
        assert (noisy - clean)[chosen].std() == pytest.approx(expected, rel=0.1)
    default = scene(2, (200, 240), kind="noisy")[0]
    assert (default - clean).std() > 3 * (scene(2, (200, 240))[0] - clean).std()


@pytest.mark.parametrize("seed", range(4))
def test_layers_are_ordered_from_top_to_bottom(seed):
    image, truth = scene(seed, (120, 160), kind="layers")
    assert (np.diff(truth, axis=0) >= 0).all(), "no layer lies above the one before it"
    assert (truth[0] == 0).all() and (truth[-1] == truth.max()).all() and truth.max() == 12
    assert (image == image[..., :1]).all()


def test_layers_that_meet_differ_in_brightness():
    steps = []
    for seed in range(6):
        image, truth = scene(seed, (240, 320), kind="layers", noise=0, blur=0)
        means = np.array([np.median(image[truth == k]) for k in range(truth.max() + 1)])
        assert means[0] < 0.12, "the top is dark"
        steps += list(np.abs(np.diff(means)))
    assert np.min(steps) > 0.01 and np.mean(np.array(steps) > 0.08) > 0.8


def test_shadows_are_in_the_picture_alone():
    image, truth = scene(0, (240, 320), kind="layers", noise=0, blur=0)
    light = (image[..., 0] * (truth == truth.max() - 1)).max(axis=0)  # of each column of the bright layer
    assert light.min() < 0.7 * np.median(light), "some columns are dark"
    assert image[truth == 0].std() < 0.01, "above the layers there is no shadow"


def test_speckle_grows_with_the_value():
    clean = scene(1, (240, 320), kind="layers", noise=0)[0][..., 0]
    noisy = scene(1, (240, 320), kind="layers", noise=0.2)[0][..., 0]
    for low, high in ((0.0, 0.1), (0.3, 0.4)):
        factors = (noisy / clean)[(clean > low) & (clean < high)]
        assert factors.mean() == pytest.approx(1, abs=0.02) and factors.std() == pytest.approx(0.2, rel=0.1)


@pytest.mark.parametrize("shape", [(90, 120), (160, 160), (200, 320)])
@pytest.mark.parametrize("seed", range(3))
def test_vessels_hang_together(seed, shape):
    truth = scene(seed, shape, kind="vessels")[1]
    assert truth.max() == 14, "what is outside, the retina, the disc, twelve trees"
    assert label(truth > 2)[1] == 1
    one = scene(seed, shape, 1, kind="vessels")[1]
    assert label(one == 3)[1] == 1 and 0.002 < (one == 3).mean() < 0.2


def test_a_vessel_is_thinner_after_each_branching_and_begins_where_its_parent_ends():
    eye = _scene_vessels._Eye(np.array([0.0, -0.2]), np.array([0.0, 0.13]), np.array([0.4, 0.6]), 1)
    for rank in (0, 3, 6):
        grown = _scene_vessels.tree(np.random.default_rng(rank), eye, rank)
        assert len(grown) > 3
        np.testing.assert_array_equal(grown[0].line[0], eye.disc)
        parents = [_parent(vessel, grown) for vessel in grown[1:]]
        assert np.bincount(parents).max() == 2
        for vessel, parent in zip(grown[1:], parents, strict=True):
            assert _scene_vessels.THINNEST <= vessel.width < grown[parent].width


def _parent(vessel, grown):
    ends = [k for k, other in enumerate(grown) if np.array_equal(other.line[-1], vessel.line[0])]
    assert len(ends) == 1, "a vessel begins where exactly one other ends"
    return ends[0]


def test_thin_vessels_are_fainter_than_wide_ones():
    differences = {"wide": [], "thin": []}
    for seed in range(4):
        image, truth = scene(seed, (320, 320), kind="vessels", noise=0, blur=0)
        empty = scene(seed, (320, 320), 0, kind="vessels", noise=0, blur=0)[0]  # drawn before the vessels
        contrast = np.abs(image - empty).sum(axis=2)
        vessel = truth > 2
        np.testing.assert_array_equal(contrast > 0, vessel)  # to the pixel: the truth is exact
        centre = np.zeros_like(vessel)
        centre[2:-2, 2:-2] = np.all([np.roll(vessel, s, a)[2:-2, 2:-2] for a in (0, 1) for s in (-2, 2)], 0)
        differences["wide"].append(contrast[vessel & centre & (truth != 2)].mean())
        differences["thin"].append(contrast[vessel & ~centre].mean())
    assert np.mean(differences["wide"]) > 1.4 * np.mean(differences["thin"])


def test_vessels_and_the_disc_look_like_a_retina():
    image, truth = scene(0, (240, 320), kind="vessels")
    outside, retina, disc = (image[truth == k].mean(axis=0) for k in range(3))
    assert outside.max() < 0.05
    assert retina[0] > retina[1] > retina[2], "orange"
    assert disc.min() > 1.2 * retina.min() and disc.sum() > 1.3 * retina.sum()
    assert image[truth > 2].mean() < retina.mean()


def test_a_kind_that_is_not_there():
    with pytest.raises(
        ValueError, match="kind is 'leaf', expected one of leaves, grey, noisy, layers, vessels"
    ):
        scene(0, (8, 8), kind="leaf")
