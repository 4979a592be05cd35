import inspect
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data
from test_slic import assert_partition, random_image
from test_ssn import random_network

from spamlab.spam import certain_objects, spam, spread
from spamlab.ssn import deep_features

COFFEE = data.coffee()[40:136, 130:230]
NETWORK = random_network()
numbers = st.integers(0, 2**32 - 1)


def quiet(*arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return spam(*arguments, **options)


# ---- the guarantee, on the map as it was given

MAPS = {
    "checkerboard": lambda r, c, rng: (r + c) % 2 + 1,
    "checkers": lambda r, c, rng: (r // 3 + c // 3) % 2 + 1,
    "one pixel": lambda r, c, rng: 1 + ((r == r.max() // 2) & (c == c.max() // 2)),
    "one pixel in doubt": lambda r, c, rng: ((r == r.max() // 2) & (c == c.max() // 2)).astype(int),
    "rings": lambda r, c, rng: np.maximum(abs(r - r.max() // 2), abs(c - c.max() // 2)) // 2 % 3,
    "comb": lambda r, c, rng: np.where((r == 0) | (c % 4 == 0), 2, 1),
    "comb in doubt": lambda r, c, rng: np.where((r == 0) | (c % 4 == 0), 2, (c % 4 == 2) * 1),
    "noise": lambda r, c, rng: rng.integers(0, 4, r.shape),
    "large numbers": lambda r, c, rng: rng.choice([0, 7, 2**31 - 1], r.shape),
    "sparse": lambda r, c, rng: rng.integers(1, 9, r.shape) * (rng.random(r.shape) < 0.05),
    "all in doubt": lambda r, c, rng: np.zeros(r.shape, int),
    "all one": lambda r, c, rng: np.full(r.shape, 5),
    "rectangles": lambda r, c, rng: (r > rng.integers(20)) * 2 + (c > rng.integers(20)) * rng.integers(0, 3),
}


def in_doubt(given_map, uncertain):
    """Return the certain pixels of a map: those without another piece of an object in the window."""
    pieces = pieces_of(given_map)
    r = uncertain // 2
    certain = given_map > 0
    for row, col in np.argwhere(certain):
        window = pieces[max(0, row - r) : row + r + 1, max(0, col - r) : col + r + 1]
        certain[row, col] = len(set(window[window > 0])) == 1
    return certain, pieces


def pieces_of(given_map):
    """Number the 4-connected pieces of a map, value by value."""
    pieces, n = np.zeros(given_map.shape, int), 0
    for value in np.unique(given_map[given_map > 0]):
        found, more = ndimage.label(given_map == value)
        pieces[found > 0] = found[found > 0] + n
        n += more
    return pieces


def assert_contained(labels, given_map, uncertain=1):
    """Each superpixel is 4-connected and holds certain pixels of one piece of the map at most."""
    assert_partition(labels, given_map.shape)
    certain, pieces = in_doubt(given_map, uncertain)
    for label in range(labels.max() + 1):
        assert len(np.unique(pieces[certain & (labels == label)])) <= 1, label


@settings(max_examples=300)
@given(numbers, st.sampled_from(list(MAPS)), st.sampled_from([1, 1, 3, 5]), st.booleans())
def test_no_superpixel_holds_certain_pixels_of_two_objects(seed, kind, uncertain, weighted):
    rng = np.random.default_rng(seed)
    image = random_image(rng, (int(rng.integers(1, 20)), int(rng.integers(1, 20))))
    rows, cols = np.indices(image.shape[:2])
    objects = np.asarray(MAPS[kind](rows, cols, rng))
    K = int(objects.size ** rng.random())  # few superpixels as often as many
    options = {
        "compactness": float(rng.choice([0.1, 28.8, 1000.0])),
        "density": rng.uniform(0.1, 5, objects.shape) if weighted else None,
        "min_size_factor": float(rng.choice([0, 0.15, 3])),
        "smooth": float(
            rng.choice([0, 0.2, 0.7, 2])
        ),  # at 2 the disc has pixels around its middle, whatever K
        "stride": int(rng.choice([1, 2, 3, 50])),
        "weights": None if rng.random() < 0.5 else NETWORK,
    }
    labels, found = quiet(image, K, objects, uncertain=uncertain, details=True, **options)
    assert_contained(labels, objects, uncertain)
    certain, pieces = in_doubt(objects, uncertain)
    if certain.any():
        assert ((found.certain > 0) == certain).all()
    assert found.objects.min() >= 1 and (found.objects == found.owner[labels]).all()
    assert (found.objects == found.certain)[found.certain > 0].all()
    assert found.n_obtained == labels.max() + 1 == len(found.owner)
    assert found.budget.sum() == len(found.seeds) == len(found.centres)


@pytest.mark.parametrize("options", [{}, {"smooth": 2.0, "stride": 3, "uncertain": 3}])
@pytest.mark.parametrize("kind", MAPS)
def test_containment_on_large_maps(kind, options):
    rng = np.random.default_rng(0)
    rows, cols = np.indices(COFFEE.shape[:2])
    objects = np.asarray(MAPS[kind](rows, cols, rng))
    labels = quiet(COFFEE, 60, objects, weights=NETWORK, **options)
    assert_contained(labels, objects, options.get("uncertain", 1))


@pytest.mark.parametrize("kind", ["rings", "large numbers", "noise", "sparse", "rectangles", "all in doubt"])
def test_smoothing_is_at_work_where_the_guarantee_is_tested(kind):
    rows, cols = np.indices(COFFEE.shape[:2])
    objects = np.asarray(MAPS[kind](rows, cols, np.random.default_rng(0)))
    plain, smoothed = (quiet(COFFEE, 60, objects, weights=NETWORK, smooth=share) for share in (0, 2))
    assert (plain != smoothed).any()


def test_the_check_sees_what_it_should():
    given_map = np.array([[1, 1, 2, 2]])
    for labels in ([[0, 0, 0, 1]], [[0, 1, 1, 2]]):
        with pytest.raises(AssertionError):
            assert_contained(np.array(labels, np.int32), given_map)
    assert_contained(np.array([[0, 1, 1, 2]], np.int32), given_map, uncertain=3)


# ---- what a map does, and what it does not


def test_without_a_map_it_is_one_object():
    plain = spam(COFFEE, 50)
    assert_partition(plain, COFFEE.shape[:2])
    assert (spam(COFFEE, 50, np.full(COFFEE.shape[:2], 9)) == plain).all()
    assert (spam(COFFEE, 50, np.zeros(COFFEE.shape[:2], int)) == plain).all()


def test_numbers_of_objects_mean_nothing():
    rows, cols = np.indices(COFFEE.shape[:2])
    objects = (rows // 30) * 4 + cols // 30 + 1
    new = np.random.default_rng(0).permutation(100)[objects] + 1
    assert (spam(COFFEE, 80, objects) == spam(COFFEE, 80, new)).all()


def test_two_pieces_of_one_number_are_two_objects():
    objects = np.ones(COFFEE.shape[:2], int)
    objects[:, 50] = 2
    found = spam(COFFEE, 40, objects, details=True)[1]
    assert len(found.budget) == 3 and found.certain.max() == 3


@given(numbers)
@settings(max_examples=30)
def test_a_truth_as_map_is_kept_without_a_mistake(seed):
    rng = np.random.default_rng(seed)
    rows, cols = np.indices((24, 30))
    truth = (rows > rng.integers(24)) * 2 + (cols > rng.integers(30)) + 1
    labels = spam(random_image(rng, (24, 30)), 40, truth)
    assert len(np.unique(labels * 9 + truth)) == labels.max() + 1


def test_more_objects_than_seeds_drops_none_and_says_so():
    rows, cols = np.indices((12, 12))
    objects = (rows // 2) * 6 + cols // 2 + 1
    with pytest.warns(UserWarning, match="36 seeds come out"):
        labels = spam(np.zeros((12, 12)), 5, objects)
    assert len(np.unique(labels)) == len(np.unique(labels * 99 + objects)) == 36


def test_pixels_in_doubt_follow_their_colour():
    image = np.zeros((40, 40))
    image[:, 20:] = 1
    objects = np.where(np.arange(40) < 14, 1, 2) * np.ones((40, 1), int)  # the border is 6 pixels off
    wrong = spam(image, 16, objects, 10.0, weights=None)
    repaired = spam(image, 16, objects, 10.0, uncertain=15, weights=None, smooth=0)

    def crossing(labels):
        return (labels[:, 13] == labels[:, 14]).sum()

    assert crossing(wrong) == 0 < crossing(repaired)
    assert all(np.ptp(image[repaired == label]) == 0 for label in range(repaired.max() + 1))


def test_density_puts_superpixels_where_it_is_high():
    density = np.where(np.arange(100) < 50, 8.0, 1.0) * np.ones((96, 1))
    plain, dense = spam(COFFEE, 90), spam(COFFEE, 90, density=density)
    left = [len(np.unique(labels[:, :50])) for labels in (plain, dense)]
    assert left[1] > 1.3 * left[0]
    assert (spam(COFFEE, 90, density=np.full(COFFEE.shape[:2], 3.0)) == plain).mean() > 0.99


# ---- the rest of the arguments


def test_features_kept_give_what_the_network_gives():
    features = deep_features(COFFEE, NETWORK)
    for K in (20, 80):
        assert (spam(COFFEE, K, features=features) == spam(COFFEE, K, weights=NETWORK)).all()


def test_same_number_same_superpixels():
    one, again, other = (spam(COFFEE, 50, rng=rng) for rng in (1, 1, 2))
    assert (one == again).all() and (one != other).any()


def test_compactness_makes_superpixels_round():
    def border(labels):
        return (np.diff(labels, axis=0) != 0).sum() + (np.diff(labels, axis=1) != 0).sum()

    lengths = [border(spam(COFFEE, 50, compactness=m)) for m in (3.0, 28.8, 300.0)]
    assert lengths == sorted(lengths, reverse=True)


def test_signature_is_the_documented_one():
    names = ["image", "n_segments", "objects", "compactness", "uncertain", "features", "weights", "rng"]
    assert list(inspect.signature(spam).parameters)[:9] == [*names, "details"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"objects": np.ones((5, 7), int)}, ValueError, r"\(5, 7\), expected that of the image, \(96, 100\)"),
        ({"objects": np.ones((96, 100))}, TypeError, "objects has dtype float64"),
        ({"objects": np.full((96, 100), -1)}, ValueError, "objects holds -1"),
        ({"uncertain": 2}, ValueError, "odd"),
        ({"n_segments": 0}, ValueError, "n_segments=0"),
        ({"compactness": 0}, ValueError, "compactness=0"),
        ({"features": np.ones((5, 7, 3))}, ValueError, "features have shape"),
        ({"density": np.ones((5, 7))}, ValueError, "density have shape"),
        ({"n_iter": 0}, ValueError, "n_iter=0"),
        ({"weights": 3}, TypeError, "weights=3"),
    ],
)
def test_mistakes_are_named(options, error, message):
    with pytest.raises(error, match=message):
        spam(COFFEE, **options)


def test_objects_that_the_band_wipes_out_are_in_doubt():
    objects = np.ones((20, 20), int)
    objects[10, 10] = 2
    assert certain_objects(objects, (20, 20), 3).max() == 1
    assert certain_objects(objects, (20, 20), 1).max() == 2


def test_an_object_too_thin_for_the_band_keeps_its_seeds():
    objects = np.ones((60, 80), int)
    objects[28:32] = 2  # four rows, all of them in the band
    _, found = spam(np.zeros((60, 80)), 60, objects, uncertain=9, weights=None, details=True)
    assert not (found.certain == 2).any() and found.budget[1] == 60 * 4 // 60
    rows = found.seeds[np.repeat([1, 2, 3], found.budget) == 2, 0]
    assert ((rows >= 28) & (rows < 32)).all()


def test_seeds_lie_everywhere_though_little_is_known():
    objects = np.zeros((96, 100), int)
    objects[40:56, 40:60] = 1  # all that is known: 3% of the pixels
    labels, found = spam(COFFEE, 60, objects, weights=None, details=True)
    assert len(found.seeds) == 60
    assert len(np.unique(labels[:32])) > 10 and len(np.unique(labels[64:])) > 10


def test_spread_counts_a_pixel_with_the_nearest_object():
    rng = np.random.default_rng(5)
    objects = np.where(rng.random((17, 23)) < 0.1, rng.integers(1, 5, (17, 23)), 0)
    found, known = spread(objects), np.argwhere(objects > 0)
    for row, col in np.ndindex(objects.shape):
        away = np.square(known - (row, col)).sum(axis=1)
        assert found[row, col] in objects[tuple(known[away == away.min()].T)]
