import numpy as np
import pytest
from skimage.color import rgb2lab

from spamlab.features import as_image, lab, lab_xy, positions

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "same",
    [
        RGB / 255,
        (RGB / 255).astype(np.float32),
        RGB.astype(np.uint16) * 257,
        np.dstack([RGB, np.full((5, 7), 3, np.uint8)]),
        np.asfortranarray(RGB),
    ],
    ids=["float64", "float32", "uint16", "alpha", "fortran order"],
)
def test_one_picture_in_many_forms_gives_the_same_image(same):
    expected = RGB.astype(np.float32) / np.float32(255)
    assert as_image(same).dtype == np.float32
    np.testing.assert_allclose(as_image(same), expected, atol=1e-6)


def test_grey_equals_its_three_channel_copy():
    grey = RGB[..., 0]
    expected = as_image(np.dstack([grey] * 3))
    for form in (grey, grey[..., None], np.dstack([grey, grey // 2])):
        np.testing.assert_array_equal(as_image(form), expected)
    np.testing.assert_array_equal(as_image(grey > 99), as_image((grey > 99) * np.uint8(255)))


def test_rounding_a_little_out_of_range_is_forgiven():
    assert as_image(np.array([[-1e-7, 1 + 1e-7]])).tolist() == [[[0] * 3, [1] * 3]]


def test_as_image_returns_a_copy():
    image = np.zeros((2, 2, 3), np.float32)
    as_image(image)[:] = 1
    assert image.max() == 0


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (np.zeros((0, 4, 3)), ValueError, "empty"),
        (np.zeros(4), ValueError, r"\(4,\)"),
        (np.zeros((3, 8, 9)), ValueError, "transpose"),
        (np.zeros((8, 9, 5)), ValueError, r"\(8, 9, 5\)"),
        (np.zeros((2, 8, 9, 3)), ValueError, r"\(2, 8, 9, 3\)"),
        (RGB.astype(np.int64), TypeError, "astype"),
        (RGB * 1j, TypeError, "complex"),
        (np.array([["a", "b"]]), TypeError, "U1"),
        ("coffee", TypeError, r"load_image\('coffee'\)"),
        (np.full((2, 2), 1.001), ValueError, "1.001.*np.clip"),
        (RGB.astype(float), ValueError, "255"),
        (np.full((2, 2), -0.5), ValueError, "-0.5"),
        (np.full((2, 2), np.nan), ValueError, "NaN"),
        (np.array([[0, np.inf]]), ValueError, "infinite"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_remedy(bad, error, says):
    with pytest.raises(error, match=says):
        as_image(bad)


def test_lab_has_its_known_corners():
    corners = lab(np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0]]], np.uint8))[0]
    np.testing.assert_allclose(corners, [[0, 0, 0], [100, 0, 0], [53.24, 80.09, 67.20]], atol=0.05)


def test_a_dull_picture_stays_dull():
    dull = np.full((4, 4), 100, np.uint8)
    dull[:, 2:] = 102
    assert np.ptp(lab(dull)[..., 0]) < 1


def test_positions_are_row_then_col_in_raster_order():
    assert positions((2, 3)).tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]


def test_distance_between_features_is_the_distance_of_slic():
    step, m = 6.0, 20.0
    F = lab_xy(RGB, step, m)
    colour = rgb2lab(RGB)
    p, q = (1, 2), (4, 6)
    d_c, d_s = np.linalg.norm(colour[p] - colour[q]), np.hypot(3, 4)
    found = np.linalg.norm(F[1 * 7 + 2] - F[4 * 7 + 6])
    assert found == pytest.approx(np.hypot(d_c, m * d_s / step), rel=1e-5)
