import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data

from spamlab import slic as parts
from spamlab.features import lab
from spamlab.slic import slic

COFFEE = data.coffee()[40:232, 130:330]


def twin_assign(colour, centres, labels, step, m, m_space=None):
    """Algorithm 1 with every distance of every centre in memory; ties to the lowest index."""
    H, W = labels.shape
    row, col = np.indices((H, W))
    best, new = np.full((H, W), np.inf), labels.copy()
    for k, (l, a, b, r, c) in enumerate(centres):
        dl, da, db = colour[..., 0] - l, colour[..., 1] - a, colour[..., 2] - b
        d_colour = dl * dl + da * da + db * db
        d_space = (row - r) * (row - r) + (col - c) * (col - c)
        if m_space is None:
            D = d_colour + np.square(m / step) * d_space
        else:  # SLICO
            D = 1 / np.square(m[k]) * d_colour + 1 / np.square(step) * d_space
        window = (row >= r - step) & (row <= r + step) & (col >= c - step) & (col <= c + step)
        seen = window & (labels >= 0) & np.less(D, best)
        best[seen], new[seen] = D[seen], k
    return new


def twin_update(colour, labels, centres):
    row, col = np.indices(labels.shape)
    columns = [*np.moveaxis(colour.astype(float), 2, 0), row, col]
    inside, n = labels >= 0, len(centres)
    count = np.bincount(labels[inside], minlength=n)
    sums = np.stack([np.bincount(labels[inside], c[inside], n) for c in columns], axis=1)
    return np.where(count[:, None] > 0, sums / np.maximum(count, 1)[:, None], centres)


def twin_slic(image, n_segments, m, n_iter=10, mask=None, slico=False):
    colour = lab(image)
    centres, labels, step = parts.start(colour, n_segments, mask)
    own = np.full(len(centres), float(m))
    for _ in range(n_iter):
        adapted = slico and own.min() < own.max()
        labels = twin_assign(colour, centres, labels, step, own if adapted else own[0], adapted or None)
        if slico:
            for k in range(len(centres)):
                distance = np.sqrt(((colour[labels == k] - centres[k, :3]) ** 2).sum(axis=1))
                own[k] = max(own[k], distance.max(initial=0))
        moved = twin_update(colour, labels, centres)
        stop = (moved == centres).all()
        centres = moved
        if stop:
            break
    return labels


def random_image(seed, shape):
    """Blocks of colour with noise: flat ground, edges and exact ties all occur."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 4, (shape[0] // 5 + 1, shape[1] // 5 + 1, 3)) * 80
    image = np.kron(coarse, np.ones((5, 5, 1), int))[: shape[0], : shape[1]]
    return (image + rng.integers(0, rng.choice([1, 15]), image.shape)).clip(0, 255).astype(np.uint8)


def assert_partition(labels, shape, mask=None):
    mask = np.ones(shape, bool) if mask is None else mask
    assert labels.shape == shape and labels.dtype == np.int32
    assert ((labels == -1) == ~mask).all()
    assert np.unique(labels[mask]).tolist() == list(range(labels.max() + 1))
    assert all(ndimage.label(labels == k)[1] == 1 for k in range(labels.max() + 1))


shapes = st.tuples(st.integers(1, 30), st.integers(1, 30))
seeds = st.integers(0, 2**32 - 1)


@given(seeds, shapes, st.floats(0, 1), st.sampled_from([0.5, 10.0, 40.0]), st.booleans())
def test_equals_the_brute_force_twin(seed, shape, share, m, slico):
    image = random_image(seed, shape)
    n = 1 + int(share**3 * (shape[0] * shape[1] - 1))
    _, details = slic(image, n, m, slico=slico, details=True)
    np.testing.assert_array_equal(details.assignment, twin_slic(image, n, m, slico=slico))


@given(seeds, shapes, st.integers(1, 9))
def test_equals_the_twin_inside_a_mask(seed, shape, n):
    image = random_image(seed, shape)
    mask = np.random.default_rng(seed).random(shape) < 0.7
    mask[0, 0] = True
    n = min(n, int(mask.sum()))
    labels, details = slic(image, n, mask=mask, details=True)
    np.testing.assert_array_equal(details.assignment, twin_slic(image, n, 10, mask=mask))
    assert_partition(labels, shape, mask)


@pytest.mark.parametrize("slico", [False, True])
def test_equals_the_twin_on_a_photograph(slico):
    _, details = slic(COFFEE, 60, slico=slico, details=True)
    np.testing.assert_array_equal(details.assignment, twin_slic(COFFEE, 60, 10, slico=slico))


@settings(max_examples=40)
@given(seeds, shapes, st.floats(0, 1), st.sampled_from([0.01, 10.0, 1e6]), st.booleans())
def test_any_picture_gives_a_partition_of_connected_labels(seed, shape, share, m, slico):
    n = 1 + int(share * (shape[0] * shape[1] - 1))
    assert_partition(slic(random_image(seed, shape), n, m, slico=slico), shape)


def test_one_segment_is_the_whole_picture():
    assert slic(COFFEE, 1).max() == 0
    assert slic(COFFEE[:1, :1], 1).tolist() == [[0]]


def test_half_planes_are_cut_exactly():
    image = np.zeros((20, 41, 3), np.uint8)
    image[:, 17:] = 200
    labels = slic(image, 2)
    np.testing.assert_array_equal(labels, (image[..., 0] > 0).astype(int))


@pytest.mark.parametrize("image", [np.full((60, 90, 3), 90, np.uint8), COFFEE], ids=["flat", "coffee"])
def test_without_colour_or_with_huge_compactness_cells_stay_near_the_grid(image):
    labels, details = slic(image, 24, 1e6, details=True)
    size = np.bincount(labels.ravel())
    assert size.min() > 0.8 * labels.size / len(size) and size.max() < 1.25 * labels.size / len(size)
    assert details.n_obtained == len(details.centres)


def test_grey_equals_its_three_channel_copy():
    grey = COFFEE[..., 1]
    np.testing.assert_array_equal(slic(grey, 50), slic(np.dstack([grey] * 3), 50))


def test_the_same_picture_gives_the_same_labels_and_stays_untouched():
    before = COFFEE.copy()
    np.testing.assert_array_equal(slic(COFFEE, 50), slic(COFFEE, 50))
    np.testing.assert_array_equal(COFFEE, before)


def test_details_tell_what_happened():
    labels, details = slic(COFFEE, 50, details=True)
    assert details.n_obtained == labels.max() + 1
    assert details.step == pytest.approx(np.sqrt(COFFEE[..., 0].size / 50))
    assert len(details.residuals) == 10 and details.residuals[-1] < details.residuals[0] / 3
    np.testing.assert_array_equal(
        details.centres, parts.update(lab(COFFEE), details.assignment, details.centres)
    )


def test_residual_norms_and_tolerance():
    old, new = np.zeros((2, 5)), np.array([[0, 0, 0, 3, 4], [1, 0, 0, 0, 0.0]])
    assert parts.residual(new, old) == 3
    assert parts.residual(new, old, "l1") == 4
    with pytest.raises(ValueError, match="'L2'"):
        parts.residual(new, old, "L2")
    _, all_ten = slic(COFFEE, 50, details=True)
    _, early = slic(COFFEE, 50, tolerance=all_ten.residuals[4], details=True)
    assert early.residuals == all_ten.residuals[:5]
    _, l1 = slic(COFFEE, 50, norm="l1", details=True)
    assert l1.residuals[0] > all_ten.residuals[0]


def test_an_empty_centre_stays_where_it_is():
    centres = np.array([[1.0, 2, 3, 0, 0], [4, 5, 6, 1, 1]])
    moved = parts.update(np.ones((2, 2, 3), np.float32), np.zeros((2, 2), np.int32), centres)
    assert moved.tolist() == [[1, 1, 1, 0.5, 0.5], [4, 5, 6, 1, 1]]


def test_a_pixel_in_no_window_keeps_its_label_and_ties_go_to_the_first():
    colour = np.zeros((1, 9, 3), np.float32)
    centres = np.array([[0, 0, 0, 0, 1.0], [0, 0, 0, 0, 3.0]])
    labels = np.full((1, 9), 1, np.int32)
    labels[0, 8] = -1
    assert parts.assign(colour, centres, labels, 2.0, 10.0).tolist() == [[0, 0, 0, 1, 1, 1, 1, 1, -1]]
    assert labels[0, 0] == 1


def test_slico_only_widens():
    colour, centres = np.zeros((1, 2, 3), np.float32), np.zeros((2, 5))
    colour[0, 1] = 3, 4, 0
    labels = np.array([[0, 0]], np.int32)
    assert parts.widen(colour, centres, labels, np.array([2.0, 7.0])).tolist() == [5, 7]
    assert parts.widen(colour, centres, labels, np.array([9.0, 7.0])).tolist() == [9, 7]


def test_slico_makes_busy_and_calm_regions_alike():
    """Where the texture is strong SLIC frays and SLICO does not."""
    rng = np.random.default_rng(0)
    image = np.full((120, 240, 3), 120, np.uint8)
    image[:, 120:] = rng.integers(0, 255, (120, 120, 1))

    def border_in_texture(labels):
        return (np.diff(labels[:, 120:], axis=1) != 0).mean()

    plain = slic(image, 72, min_size_factor=0, details=True)[1].assignment
    adapted = slic(image, 72, slico=True, min_size_factor=0, details=True)[1].assignment
    assert border_in_texture(adapted) < 0.5 * border_in_texture(plain)


def test_mask_slic_shares_the_mask_out_evenly():
    row, col = np.indices(COFFEE.shape[:2])
    mask = np.hypot(row - 90, col - 100) < 70
    labels = slic(COFFEE, 30, 1e4, mask=mask)
    assert_partition(labels, mask.shape, mask)
    size = np.bincount(labels[mask])
    assert len(size) == 30 and size.min() > 0.4 * mask.sum() / 30 and size.max() < 2 * mask.sum() / 30


def test_a_mask_of_ones_differs_from_no_mask_only_in_its_seeds():
    labels = slic(COFFEE, 30, mask=np.ones(COFFEE.shape[:2], bool))
    assert_partition(labels, COFFEE.shape[:2])


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        ({"n_segments": 0}, ValueError, "n_segments=0"),
        ({"n_segments": 10**6}, ValueError, "expected 1 to 38400"),
        ({"n_segments": 2.5}, TypeError, "whole number"),
        ({"compactness": 0}, ValueError, "compactness=0"),
        ({"compactness": float("nan")}, ValueError, "above 0"),
        ({"n_iter": 0}, ValueError, "n_iter=0"),
        ({"n_iter": 2.5}, TypeError, "n_iter=2.5"),
        ({"n_iter": True}, TypeError, "n_iter=True"),
        ({"compactness": "10"}, TypeError, "compactness='10'"),
        ({"compactness": None}, TypeError, "compactness=None"),
        ({"compactness": np.ones(3)}, TypeError, "compactness=array"),
        ({"tolerance": None}, TypeError, "tolerance=None"),
        ({"tolerance": -1}, ValueError, "tolerance=-1"),
        ({"norm": "l3"}, ValueError, "'l3'"),
        ({"min_size_factor": -1}, ValueError, "min_size_factor=-1"),
        ({"mask": np.ones((2, 2), bool)}, ValueError, r"\(2, 2\)"),
        ({"mask": np.ones((192, 200))}, TypeError, "mask > 0"),
        ({"mask": np.zeros((192, 200), bool)}, ValueError, "False everywhere"),
    ],
)
def test_bad_arguments_are_refused(bad, error, says):
    with pytest.raises(error, match=says):
        slic(COFFEE, **bad)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 2), (3, 50)])
def test_thin_pictures(shape):
    image = random_image(3, shape)
    n = shape[0] * shape[1]
    for n_segments in {1, min(n, 2), n}:
        labels = slic(image, n_segments)
        assert_partition(labels, shape)
    flat = np.zeros(shape)
    assert slic(flat, n).tolist() == np.arange(n).reshape(shape).tolist()  # one pixel each
