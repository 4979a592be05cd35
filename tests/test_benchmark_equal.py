"""A stated number of superpixels is obtained on one picture; the front is who nobody beats."""

import numpy as np
import pytest

from spamlab.benchmark import METHODS, Case, Method, measure_around
from spamlab.benchmark.around import obtain
from spamlab.benchmark.summary import undominated
from spamlab.data import Sample, scene
from spamlab.seeds import grid

IMAGE = scene(2, (120, 160))[0]


def counting(made):
    """Return a method that makes `made(K)` pieces, and the list of K it was asked for."""
    asked = []

    def strips(image, k, _):
        asked.append(k)
        return np.broadcast_to(np.arange(image.shape[1]) * made(k) // image.shape[1], image.shape[:2])

    return Method(strips), asked


@pytest.mark.parametrize("name", ["slic", "ssn-pixel", "felzenszwalb", "grid"])
@pytest.mark.parametrize("count", [40, 110])
def test_the_number_wanted_comes_out_where_a_method_has_it(name, count):
    labels, asked = obtain(METHODS[name], IMAGE, count)
    assert labels.shape == IMAGE.shape[:2]
    room = 0.16 if name == "grid" else 0.05  # a grid has rows times columns
    assert abs(len(np.unique(labels)) - count) <= room * count
    assert asked > 0


@pytest.mark.parametrize(
    "made", [lambda k: k, lambda k: max(1, k // 2), lambda k: 2 * k, lambda k: k**2 // 40]
)
def test_too_many_and_too_few_are_both_corrected(made):
    method, asked = counting(made)
    labels, k = obtain(method, IMAGE, 50, tolerance=0.05)
    assert abs(labels.max() + 1 - 50) <= 2.5 and made(k) == labels.max() + 1
    assert len(asked) <= 8


def test_what_comes_out_at_once_is_not_made_again():
    method, asked = counting(lambda k: k + 1)
    assert obtain(method, IMAGE, 100)[1] == 100 and asked == [100]


def test_numbers_that_are_skipped_end_at_the_nearest():
    method, asked = counting(lambda k: 20 if k < 60 else 64)
    labels, k = obtain(method, IMAGE, 50)
    assert labels.max() + 1 == 64 and k >= 60 and len(asked) <= 8
    assert len(set(asked)) == len(asked), "no K is asked for twice"


def test_a_method_that_cannot_is_asked_no_more_often_than_stated():
    method, asked = counting(lambda k: 7)
    labels, _ = obtain(method, IMAGE, 50, tries=3)
    assert labels.max() + 1 == 7 and len(asked) <= 3


def test_the_front_is_who_nobody_beats():
    scores = [[1, 5], [2, 4], [1, 4], [3, 1], [2, 4], [0, 5]]
    assert undominated(scores).tolist() == [True, True, False, True, True, False]
    assert undominated(scores, [False, True]).tolist() == [False, False, False, False, False, True]
    assert undominated([[np.nan, 9], [1, 1]]).tolist() == [True, True]
    assert undominated([[np.nan, 1], [1, 1]], [False, True]).tolist() == [False, True]


def test_the_front_as_its_definition_says():
    scores = np.random.default_rng(4).integers(0, 4, (60, 3))
    for i, on_front in enumerate(undominated(scores)):
        beaten = any(
            all(other >= own) and any(other > own) for other, own in ((row, scores[i]) for row in scores)
        )
        assert on_front != beaten


def test_a_grid_of_squares_is_what_it_says():
    labels, _ = obtain(METHODS["grid"], IMAGE, 48)
    np.testing.assert_array_equal(labels, grid(IMAGE.shape[:2], 48)[1])


def test_infinity_wins_and_nan_loses():
    assert undominated([[np.inf], [1], [np.nan]]).tolist() == [True, False, False]
    assert undominated([[-np.inf], [1]], [False]).tolist() == [True, False]


def test_no_round_measures_what_an_earlier_one_did(monkeypatch):
    seen = []

    def counted(image, n_segments, _):
        seen.append(n_segments)
        return grid(image.shape[:2], n_segments)[1]

    sample = Sample("flat", np.zeros((60, 80, 3), np.float32), [np.zeros((60, 80), int)])
    measure_around([sample], [Case("mine", None, (30,))], (20, 60), methods={"mine": Method(counted)})
    assert len(seen) > 2
    made = [k for k in seen if k != 12]  # 12 is the tiny picture of the warming up
    assert len(made) == len(set(made))
