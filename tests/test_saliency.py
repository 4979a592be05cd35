import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data
from skimage.color import rgb2gray

from spamlab import saliency as parts
from spamlab.features import lab
from spamlab.saliency import saliency
from spamlab.slic import slic

METHODS = ("rbd", "spectral")


def scene(shape=(120, 160), noise=6, seed=0):
    """Return a noisy grey-green ground, (H, W, 3) uint8, and its rows and columns."""
    rng = np.random.default_rng(seed)
    image = np.array([100, 120, 95]) + rng.normal(0, noise, (*shape, 3))
    return image.clip(0, 255).astype(np.uint8), *np.indices(shape)


def with_disc(noise=6, radius=24, colour=(190, 60, 50)):
    image, row, col = scene(noise=noise)
    disc = (row - 55) ** 2 + (col - 70) ** 2 < radius**2
    image[disc] = image[disc] // 8 + np.array(colour) * 7 // 8 if noise else colour
    return image, disc


def blocks(seed, shape):
    """Blocks of a few colours with noise or without it, as small as a pixel."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 4, (shape[0] // 5 + 1, shape[1] // 5 + 1, 3)) * 80
    image = np.kron(coarse, np.ones((5, 5, 1), int))[: shape[0], : shape[1]]
    return (image + rng.integers(0, rng.choice([1, 15]), image.shape)).clip(0, 255).astype(np.uint8)


def assert_a_map(found, shape):
    assert found.shape == shape and found.dtype == np.float32 and np.isfinite(found).all()
    assert found.min() == 0 and found.max() in (0, 1)


# ---- where a person would point


@pytest.mark.parametrize("noise", [0, 6])
@pytest.mark.parametrize("colour", [(190, 60, 50), (30, 30, 40), (235, 235, 235)])
def test_a_disc_on_plain_ground_is_salient_and_the_ground_is_not(noise, colour):
    image, disc = with_disc(noise, colour=colour)
    found = saliency(image)
    assert (found[disc] > 0.8).mean() > 0.98 and found[disc].mean() > 0.9
    assert (found[~disc] < 0.2).mean() > 0.98 and found[~disc].mean() < 0.05


@pytest.mark.parametrize("turns", range(4))
def test_an_object_that_touches_one_border_is_found(turns):
    image, row, col = scene((140, 140))
    inside = (row > 60) & (abs(col - 65) < 22)
    image[inside] = [60, 70, 190]
    image, inside = np.rot90(image, turns), np.rot90(inside, turns)
    found, details = saliency(image, details=True)
    assert details.border[details.labels[inside]].any()
    assert found[inside].mean() > 0.8 and found[~inside].mean() < 0.1


def test_the_ground_remains_one_when_an_object_cuts_it_in_two():
    image, row, col = scene()
    pole = abs(col - 80) < 5
    image[pole] = [200, 180, 40]
    found = saliency(image)
    assert found[pole].mean() > 0.8
    assert found[:, :70].mean() < 0.05 and found[:, 90:].mean() < 0.05


@pytest.mark.parametrize("seed", range(3))
def test_a_small_odd_thing_stands_out_of_a_natural_spectrum(seed):
    shape, rng = (96, 128), np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(96)[:, None], np.fft.fftfreq(128))
    frequency[0, 0] = 1
    clouds = np.fft.ifft2(np.fft.fft2(rng.normal(size=shape)) / frequency).real  # as in photographs
    image = 0.1 + 0.4 * parts.stretch(clouds)
    row, col = np.indices(shape)
    odd = (row - 55) ** 2 + (col - 90) ** 2 < 25
    image[odd] = 1
    found = saliency(image, "spectral")
    assert odd.ravel()[found.argmax()] and found[odd].mean() > 0.7 and found[~odd].mean() < 0.1


def test_both_methods_see_grey_as_its_three_channel_copy():
    grey = data.coins()[:150, :200]
    for method in METHODS:
        np.testing.assert_array_equal(saliency(grey, method), saliency(np.dstack([grey] * 3), method))


# ---- what must hold for every picture


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.tuples(st.integers(1, 30), st.integers(1, 30)), st.integers(1, 90))
def test_any_picture_gives_a_map_that_reaches_both_ends_or_is_zero(seed, shape, n):
    image = blocks(seed, shape)
    found, details = saliency(image, "rbd", n, details=True)
    assert_a_map(found, shape)
    assert_a_map(saliency(image, "spectral"), shape)
    assert details.values.min() > -1e-9 and details.values.max() < 1 + 1e-9
    assert all(np.ptp(found[details.labels == k]) == 0 for k in range(details.labels.max() + 1))


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (3, 1), (2, 2), (1, 70), (70, 1), (5, 300)])
@pytest.mark.parametrize("method", METHODS)
def test_tiny_and_thin_pictures(method, shape):
    assert_a_map(saliency(blocks(1, shape), method), shape)


@pytest.mark.parametrize("value", [0, 77, 255])
@pytest.mark.parametrize("method", METHODS)
def test_in_a_picture_of_one_colour_nothing_stands_out(method, value):
    found = saliency(np.full((60, 90, 3), value, np.uint8), method)
    assert not found.any()


def test_one_superpixel_and_two():
    image, disc = with_disc()
    assert not saliency(image, n_segments=1).any()
    halves = (np.indices(disc.shape)[1] > 80).astype(int)
    assert_a_map(saliency(image, labels=halves), disc.shape)


def test_where_all_superpixels_touch_the_border_the_small_odd_one_stands_out():
    image, _, col = scene((40, 200))
    stripes = col // 20
    image[stripes == 4] = [200, 50, 50]
    found, details = saliency(image, labels=stripes, details=True)
    assert details.border.all()
    assert (found[stripes == 4] == 1).all() and found[stripes != 4].max() < 0.2


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.rot90], ids=lambda turn: turn.__name__)
def test_a_turned_picture_gives_the_turned_map(turn):
    image = data.coffee()[40:232, 130:330]
    labels = slic(image, 120)
    same = saliency(turn(image), labels=turn(labels))
    np.testing.assert_allclose(same, turn(saliency(image, labels=labels)), atol=1e-5)
    spectral = turn(saliency(image, "spectral"))
    np.testing.assert_allclose(saliency(turn(image), "spectral"), spectral, atol=1e-4)
    image, disc = with_disc()  # SLIC itself is not quite the same on a turned picture
    assert abs(saliency(turn(image)) - turn(saliency(image))).mean() < 0.03


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_darker_picture_still_reaches_both_ends(method, share):
    image = data.coffee()[40:232, 130:330] / 255
    found = saliency(image * share, method)
    assert found.max() == 1 and found.min() == 0
    assert np.corrcoef(found.ravel(), saliency(image, method).ravel())[0, 1] > 0.7


def test_the_numbers_of_the_superpixels_play_no_part():
    image, _ = with_disc()
    labels = slic(image, 80)
    new = np.random.default_rng(3).permutation(labels.max() + 1) * 7  # with gaps
    np.testing.assert_allclose(saliency(image, labels=new[labels]), saliency(image, labels=labels), atol=1e-6)


def test_the_picture_stays_untouched_and_the_result_is_the_same():
    image, _ = with_disc()
    before = image.copy()
    np.testing.assert_array_equal(saliency(image), saliency(image))
    np.testing.assert_array_equal(image, before)


# ---- details and errors


def test_details_hold_the_steps_in_order():
    image, disc = with_disc()
    found, d = saliency(image, n_segments=100, details=True)
    n = d.labels.max() + 1
    difference = parts.differences(d.colour)
    np.testing.assert_array_equal(d.linked, parts.link_border(d.touching, d.border))
    np.testing.assert_array_equal(d.geodesic, parts.geodesic(difference, d.linked, d.scales.clip))
    np.testing.assert_array_equal(
        d.connectivity, parts.border_connectivity(d.geodesic, d.border, d.scales.geodesic)
    )
    np.testing.assert_allclose(d.background, 1 - np.exp(-(d.connectivity**2) / 2), atol=1e-12)
    seen = parts.contrast(difference, parts.differences(d.position), d.background)
    np.testing.assert_array_equal(d.contrast, seen)
    np.testing.assert_array_equal(d.foreground, parts.foreground_weight(seen))
    pull = parts.pull(difference, d.touching, d.border, d.scales.smoothness)
    sure = parts.sure_background(d.background, d.connectivity)
    assert (sure != d.background).any() and d.scales.smoothness != d.scales.geodesic
    np.testing.assert_array_equal(d.values, parts.optimise(sure, d.foreground, pull))
    middle, corner = d.labels[55, 70], d.labels[0, 0]
    assert d.connectivity[middle] < 0.1 and d.connectivity[corner] > 2
    assert d.values.shape == d.contrast.shape == (n,)
    np.testing.assert_allclose(found, parts.stretch(d.values)[d.labels], atol=1e-6)


def test_details_of_the_spectrum():
    image, _ = with_disc()
    found, steps = saliency(image, "spectral", details=True)
    assert found.shape == (120, 160) and steps.grey.shape == (48, 64)
    assert abs(steps.grey.mean() - rgb2gray(image).mean()) < 0.01
    assert steps.log_amplitude.argmax() == 0  # frequency 0: the mean
    np.testing.assert_allclose(np.exp(steps.log_amplitude[0, 0]), steps.grey.sum())
    ring = np.roll(steps.log_amplitude, (1, 1), (0, 1))[:3, :3]
    np.testing.assert_allclose(steps.residual[0, 0], steps.log_amplitude[0, 0] - ring.mean())


def test_superpixels_of_ones_own_replace_those_of_slic():
    image, _ = with_disc()
    labels = slic(image, 60)
    _, details = saliency(image, labels=labels, details=True)
    np.testing.assert_array_equal(details.labels, labels)
    np.testing.assert_allclose(details.colour[5], lab(image)[labels == 5].mean(axis=0), atol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"method": "RBD"}, ValueError, "'RBD'"),
        ({"n_segments": 0}, ValueError, "n_segments=0"),
        ({"n_segments": 2001}, ValueError, "2000"),
        ({"n_segments": 2.5}, TypeError, "2.5"),
        ({"labels": np.zeros((5, 5), int)}, ValueError, r"\(5, 5\)"),
        ({"labels": np.zeros((120, 160))}, TypeError, "float64"),
        ({"labels": np.full((120, 160), -1)}, ValueError, "-1"),
        ({"labels": np.arange(120 * 160).reshape(120, 160)}, ValueError, "19200"),
    ],
)
def test_errors_say_what_was_given(arguments, error, text):
    with pytest.raises(error, match=text):
        saliency(with_disc()[0], **arguments)
