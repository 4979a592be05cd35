import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from spamlab import metrics
from spamlab.regions import components

label_maps = st.shared(array_shapes(min_dims=2, max_dims=2, max_side=9), key="shape").flatmap(
    lambda shape: arrays(np.int32, shape, elements=st.integers(0, 4))
)
pairs = st.tuples(label_maps, label_maps)
S = np.array([[0, 0, 1, 1], [0, 0, 1, 1]])
G = np.array([[5, 5, 5, 9], [5, 5, 5, 9]])


def test_known_answers():
    assert metrics.contingency(S, G).toarray().tolist() == [[4, 0], [2, 2]]
    assert metrics.asa(S, G) == 0.75
    assert metrics.undersegmentation_error(S, G) == 0.5
    assert metrics.undersegmentation_error(S, G, "cue") == 0.25
    assert metrics.boundaries(S).tolist() == [[False, True, True, False]] * 2
    assert metrics.boundary_recall(S, G, r=0) == 0.5
    assert metrics.boundary_recall(S, G, r=1) == 1
    assert metrics.boundary_precision(S, G, r=0) == 0.5
    assert metrics.perimeters(S).tolist() == [8, 8]
    assert metrics.compactness(S) == pytest.approx(np.pi / 4)
    image = np.zeros((2, 4, 3))
    image[:, 3] = 1
    assert metrics.explained_variation(G, image) == 1
    assert metrics.explained_variation(S, image) == pytest.approx(1 / 3)
    assert metrics.tolerance((321, 481)) == metrics.tolerance((481, 321)) == 1


@given(pairs)
def test_asa_and_ue_follow_their_definitions(pair):
    labels, truth = pair
    best = leak = cue = 0
    for i in np.unique(labels):
        inside = truth[labels == i]
        n = [int((inside == j).sum()) for j in np.unique(truth)]
        best += max(n)
        cue += len(inside) - max(n)
        leak += sum(min(x, len(inside) - x) for x in n)
    N = labels.size
    assert metrics.asa(labels, truth) == pytest.approx(best / N)
    assert metrics.undersegmentation_error(labels, truth) == pytest.approx(leak / N)
    assert metrics.undersegmentation_error(labels, truth, "cue") == pytest.approx(cue / N)


@given(pairs)
def test_identities(pair):
    labels, truth = pair
    asa, np_error = metrics.asa(labels, truth), metrics.undersegmentation_error(labels, truth)
    assert metrics.undersegmentation_error(labels, truth, "cue") == pytest.approx(1 - asa)
    assert np_error <= 2 * (1 - asa) + 1e-12
    assert asa >= np.bincount(truth.ravel()).max() / truth.size - 1e-12
    assert metrics.asa(truth, truth) == 1 and metrics.undersegmentation_error(truth, truth) == 0
    pixels = np.arange(labels.size).reshape(labels.shape)
    assert metrics.asa(pixels, truth) == 1 and metrics.undersegmentation_error(pixels, truth) == 0
    whole = np.zeros_like(labels)
    assert metrics.asa(whole, truth) == np.bincount(truth.ravel()).max() / truth.size
    if metrics.boundaries(truth).any():
        assert metrics.boundary_recall(truth, truth, 0) == metrics.boundary_recall(pixels, truth, 0) == 1
        assert metrics.boundary_recall(whole, truth, 2) == 0
        recalls = [metrics.boundary_recall(labels, truth, r) for r in range(4)]
        assert recalls == sorted(recalls)
        assert metrics.boundary_precision(truth, labels, 1) == recalls[1]
    else:
        assert np.isnan(metrics.boundary_recall(labels, truth))


@given(pairs, st.permutations(range(5)))
def test_names_and_turning_change_nothing(pair, names):
    labels, truth = pair
    renamed, turned = np.array(names, np.int32)[labels], (labels.T.copy(), truth.T.copy())
    for score in (metrics.asa, metrics.undersegmentation_error, metrics.boundary_recall):
        expected = pytest.approx(score(labels, truth), nan_ok=True)
        assert score(renamed, truth) == expected
        assert score(*turned) == expected
    assert metrics.compactness(renamed) == pytest.approx(metrics.compactness(labels))
    assert metrics.compactness(turned[0]) == pytest.approx(metrics.compactness(labels))


@given(pairs)
def test_refining_never_hurts(pair):
    labels, truth = pair
    finer = labels * 5 + truth  # an arbitrary refinement of labels
    image = np.random.default_rng(0).random((*labels.shape, 3))
    assert metrics.asa(finer, truth) >= metrics.asa(labels, truth)
    before, after = (metrics.explained_variation(x, image) for x in (labels, finer))
    assert np.isnan(before) or after >= before - 1e-12
    if metrics.boundaries(truth).any():
        assert metrics.boundary_recall(finer, truth, 0) >= metrics.boundary_recall(labels, truth, 0)


@given(label_maps)
def test_compactness_stays_below_that_of_squares(labels):
    assert 0 < metrics.compactness(components(labels)) <= np.pi / 4 + 1e-12


@given(label_maps)
def test_perimeters_count_pixel_edges(labels):
    for k, found in zip(np.unique(labels), metrics.perimeters(labels), strict=True):
        inside = np.pad(labels == k, 1)
        neighbours = ndimage.convolve(inside.astype(int), [[0, 1, 0], [1, 0, 1], [0, 1, 0]], mode="constant")
        assert found == (4 - neighbours[inside]).sum()


@given(label_maps, st.integers(0, 3))
def test_boundary_recall_is_a_square_search(labels, r):
    truth = np.kron(np.eye(2, dtype=int), np.ones((5, 5), int))[: labels.shape[0], : labels.shape[1]]
    found, wanted = metrics.boundaries(labels), metrics.boundaries(truth)
    hits = [found[max(0, i - r) : i + r + 1, max(0, j - r) : j + r + 1].any() for i, j in np.argwhere(wanted)]
    assert metrics.boundary_recall(labels, truth, r) == pytest.approx(
        np.mean(hits) if hits else np.nan, nan_ok=True
    )


def test_outside_a_mask_does_not_count():
    labels, truth = S.copy(), G.copy()
    labels[:, 3] = -1
    assert metrics.asa(labels, truth) == 1
    truth[0, 0] = -1
    assert metrics.contingency(labels, truth).sum() == 5


@pytest.mark.parametrize("score", [metrics.asa, metrics.undersegmentation_error, metrics.boundary_recall])
def test_maps_of_two_sizes_are_refused(score):
    with pytest.raises(ValueError, match=r"\(2, 4\).*\(3, 3\)"):
        score(S, np.zeros((3, 3), int))


def test_other_bad_input():
    with pytest.raises(ValueError, match="form='x'"):
        metrics.undersegmentation_error(S, G, "x")
    with pytest.raises(ValueError, match="no pixel in common"):
        metrics.asa(np.full((2, 2), -1), np.zeros((2, 2), int))
    with pytest.raises(ValueError, match="that of the image"):
        metrics.explained_variation(S, np.zeros((3, 3)))
    assert np.isnan(metrics.explained_variation(S, np.zeros((2, 4))))
