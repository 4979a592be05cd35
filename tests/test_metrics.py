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
    assert metrics.undersegmentation_error(S, G, "achanta") == 0.5
    assert metrics.boundaries(S).tolist() == [[False, True, True, False]] * 2
    assert metrics.boundary_recall(S, G, r=0) == 0.5
    assert metrics.boundary_recall(S, G, r=1) == 1
    assert metrics.boundary_precision(S, G, r=0) == 0.5
    assert metrics.boundary_f(S, G, r=0) == 0.5
    assert metrics.boundary_f(S, G, r=1, beta=4) == 1
    assert metrics.contour_density(S) == 0.5
    assert metrics.perimeters(S).tolist() == [8, 8]
    assert metrics.compactness(S) == pytest.approx(np.pi / 4)
    image = np.zeros((2, 4, 3))
    image[:, 3] = 1
    assert metrics.explained_variation(G, image) == 1
    assert metrics.explained_variation(S, image) == pytest.approx(1 / 3)
    assert metrics.intracluster_variation(G, image) == 0
    assert metrics.intracluster_variation(S, image) == pytest.approx(np.sqrt(3) / 4)
    assert metrics.tolerance((321, 481)) == metrics.tolerance((481, 321)) == 1


@given(pairs)
def test_asa_and_ue_follow_their_definitions(pair):
    labels, truth = pair
    best = leak = cue = entered = 0
    for i in np.unique(labels):
        inside = truth[labels == i]
        n = [int((inside == j).sum()) for j in np.unique(truth)]
        best += max(n)
        cue += len(inside) - max(n)
        leak += sum(min(x, len(inside) - x) for x in n)
        entered += sum(len(inside) for x in n if x > len(inside) / 20)
    N = labels.size
    assert metrics.asa(labels, truth) == pytest.approx(best / N)
    assert metrics.undersegmentation_error(labels, truth) == pytest.approx(leak / N)
    assert metrics.undersegmentation_error(labels, truth, "cue") == pytest.approx(cue / N)
    assert metrics.undersegmentation_error(labels, truth, "achanta") == pytest.approx(entered / N - 1)


def test_achantas_form_forgives_a_twentieth():
    labels, truth = np.zeros((1, 40), int), np.zeros((1, 40), int)
    truth[0, :2] = 1
    assert metrics.undersegmentation_error(labels, truth, "achanta") == 0  # 2 of 40 is just forgiven
    truth[0, 2] = 1
    assert metrics.undersegmentation_error(labels, truth, "achanta") == 1


@given(pairs)
def test_contingency_counts_pixels(pair):
    many = np.arange(pair[0].size).reshape(pair[0].shape) // 2 * 3  # so many that pairs are sorted instead
    for labels, truth in (pair, (many, pair[1]), (many, many)):
        expected = [
            [int(((labels == i) & (truth == j)).sum()) for j in np.unique(truth)] for i in np.unique(labels)
        ]
        assert metrics.contingency(labels, truth).toarray().tolist() == expected


@given(label_maps, st.integers(0, 2**32 - 1))
def test_colour_scores_follow_their_definitions(labels, seed):
    image = np.random.default_rng(seed).random((*labels.shape, 3)).astype(np.float32)
    colours = [image[labels == k].astype(float) for k in np.unique(labels)]
    deviations = [np.sqrt(c.var(axis=0).sum()) for c in colours]
    assert metrics.intracluster_variation(labels, image) == pytest.approx(np.mean(deviations))
    total = labels.size * image.reshape(-1, 3).astype(float).var(axis=0).sum()
    within = sum(len(c) * c.var(axis=0).sum() for c in colours)
    expected = 1 - within / total if total > 0 else np.nan
    assert metrics.explained_variation(labels, image) == pytest.approx(expected, abs=1e-9, nan_ok=True)


@given(pairs, st.integers(0, 2))
def test_f_lies_between_precision_and_recall(pair, r):
    P, R = (score(*pair, r) for score in (metrics.boundary_precision, metrics.boundary_recall))
    if np.isnan(R):
        assert np.isnan(metrics.boundary_f(*pair, r))
        return
    if np.isnan(P):  # no superpixel boundary at all
        assert metrics.boundary_f(*pair, r) == 0
        return
    for beta in (0.5, 1.0, 4.0):
        F = metrics.boundary_f(*pair, r, beta)
        assert min(P, R) - 1e-12 <= F <= max(P, R) + 1e-12
        if F > 0:  # a weighted harmonic mean
            assert F * (1 / P + beta**2 / R) == pytest.approx(1 + beta**2)
    if P > 0:
        assert metrics.boundary_f(*pair, r, 1e6) == pytest.approx(R)


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
        assert metrics.boundary_f(truth, truth, 0) == metrics.boundary_precision(truth, truth, 0) == 1
        assert metrics.boundary_recall(whole, truth, 2) == 0
        recalls = [metrics.boundary_recall(labels, truth, r) for r in range(4)]
        assert recalls == sorted(recalls)
        assert metrics.boundary_precision(truth, labels, 1) == recalls[1]
    else:
        assert np.isnan(metrics.boundary_recall(labels, truth))
    image = np.random.default_rng(labels.size).random((*labels.shape, 3))
    if labels.size > 1:
        assert metrics.explained_variation(pixels, image) == pytest.approx(1)
        assert metrics.explained_variation(whole, image) == pytest.approx(0, abs=1e-12)
        assert metrics.contour_density(pixels) == 1
    assert metrics.intracluster_variation(pixels, image) == 0 == metrics.contour_density(whole)


@given(pairs, st.permutations(range(5)))
def test_names_and_turning_change_nothing(pair, names):
    labels, truth = pair
    renamed, turned = np.array(names, np.int32)[labels], (labels.T.copy(), truth.T.copy())
    for score in (metrics.asa, metrics.undersegmentation_error, metrics.boundary_recall, metrics.boundary_f):
        expected = pytest.approx(score(labels, truth), nan_ok=True)
        assert score(renamed, truth) == expected
        assert score(*turned) == expected
    assert metrics.compactness(renamed) == pytest.approx(metrics.compactness(labels))
    assert metrics.compactness(turned[0]) == pytest.approx(metrics.compactness(labels))
    assert metrics.contour_density(renamed) == metrics.contour_density(labels)
    assert metrics.contour_density(turned[0]) == pytest.approx(metrics.contour_density(labels))


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


def test_the_outline_of_a_mask_is_no_boundary():
    labels = np.array([[-1, -1, -1], [-1, 0, 1], [-1, 0, 1]])
    assert metrics.boundaries(labels).tolist() == [[False] * 3, [False, True, True], [False, True, True]]
    whole = np.where(labels < 0, -1, 0)
    assert not metrics.boundaries(whole).any() and not metrics.thin_boundaries(whole).any()
    assert np.isnan(metrics.boundary_recall(labels, whole))
    with pytest.raises(ValueError, match="-1 everywhere"):
        metrics.compactness(np.full((2, 2), -1))


def test_outside_a_mask_does_not_count():
    labels, truth = S.copy(), G.copy()
    labels[:, 3] = -1
    assert metrics.asa(labels, truth) == 1
    truth[0, 0] = -1
    assert metrics.contingency(labels, truth).sum() == 5
    image = np.zeros((2, 4, 3))
    image[:, 3] = 1
    assert metrics.intracluster_variation(labels, image) == 0


@pytest.mark.parametrize(
    "score", [metrics.asa, metrics.rand_index, metrics.boundary_f, metrics.boundary_recall]
)
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
    with pytest.raises(ValueError, match="-1 everywhere"):
        metrics.intracluster_variation(np.full((2, 2), -1), np.zeros((2, 2)))
    for r in (-1, 1.0):
        with pytest.raises(ValueError, match=f"r={r}.*whole number"):
            metrics.boundary_recall(S, G, r)
    with pytest.raises(ValueError, match="beta=0, expected a number above 0"):
        metrics.boundary_f(S, G, 1, beta=0)


def test_boundaries_where_the_truth_is_not_known_are_not_judged():
    """Of four vertical boundaries two lie where nothing is known, one of the others is right."""
    labels = np.repeat(np.arange(5), 4)[None].repeat(3, axis=0)
    truth = np.where(np.arange(20) < 8, 0, 1)[None].repeat(3, axis=0)
    assert metrics.boundary_precision(labels, truth, r=0) == 1 / 4
    truth[:, 14:] = -1  # the boundaries at 8 and 12 are left, and that at 4
    assert metrics.boundary_precision(labels, truth, r=0) == 1 / 3
    scores = metrics.superpixel_scores(labels, np.zeros((3, 20, 3)), [truth], r=1)
    assert scores["bp_r1_mean"] == metrics.boundary_precision(labels, truth, r=1)
    assert np.isnan(metrics.boundary_precision(labels, np.full_like(truth, -1), r=0))
