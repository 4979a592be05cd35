"""Seeds asked for and superpixels obtained: per piece, and per object of the map given."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from test_slic import random_image
from test_spam import COFFEE, MAPS, NETWORK, quiet

from spamlab.spam import numbered, pieces, spam


def counted(labels, objects):
    """Return how many superpixels lie in each object of a map without uncertain pixels."""
    return [len(np.unique(labels[objects == value])) for value in np.unique(objects)]


def test_an_object_in_two_pieces_has_the_superpixels_of_both():
    """Object 7 lies left and right of object 4."""
    side = np.arange(100) * 3 // 100 * np.ones((96, 1), int)
    objects = np.array([7, 4, 7])[side]
    labels, found = spam(COFFEE, 90, objects, weights=NETWORK, density=[1, 3], details=True)
    assert found.given.tolist() == [2, 1, 2]
    assert found.obtained.tolist() == counted(labels, side)
    assert found.per_object(found.obtained).tolist() == counted(labels, objects)
    left, middle, right = found.budget
    assert found.per_object(found.budget).tolist() == [middle, left + right]
    assert found.budget.dtype == found.obtained.dtype == found.per_object(found.budget).dtype == np.int64


def test_an_object_in_doubt_altogether_may_get_a_seed_and_no_superpixel():
    objects = np.ones(COFFEE.shape[:2], int)
    objects[-1, -1] = 2
    _, found = spam(COFFEE, 40, objects, uncertain=3, weights=None, details=True)
    assert found.budget.tolist() == [39, 1]
    assert found.obtained.tolist() == found.per_object(found.obtained).tolist() == [found.n_obtained, 0]


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from(list(MAPS)), st.sampled_from([1, 3]))
def test_counts_per_object_are_those_of_the_map_given(seed, kind, uncertain):
    rng = np.random.default_rng(seed)
    image = random_image(rng, (int(rng.integers(1, 20)), int(rng.integers(1, 20))))
    objects = np.asarray(MAPS[kind](*np.indices(image.shape[:2]), rng))
    K = int(objects.size ** rng.random())
    _, found = quiet(image, K, objects, weights=None, uncertain=uncertain, details=True)
    whole, apart = numbered(objects, objects.shape), pieces(objects, objects.shape)
    assert (found.given[apart[whole > 0] - 1] == whole[whole > 0]).all()
    assert len(found.given) == len(found.budget) == len(found.obtained) == apart.max()
    assert found.obtained.tolist() == [(found.owner == piece + 1).sum() for piece in range(apart.max())]
    for counts, total in ((found.budget, len(found.seeds)), (found.obtained, found.n_obtained)):
        per_object = found.per_object(counts)
        assert len(per_object) == whole.max() and per_object.sum() == counts.sum() == total
        assert (per_object == [counts[found.given == n + 1].sum() for n in range(whole.max())]).all()
