"""Opening pictures: files of every kind, uploads, arrays, and what is no picture."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from spamlab.data import image_names, load_image, load_proposals, proposal_names
from spamlab.masks import about
from spamlab.paths import data_dir

rng = np.random.default_rng(0)
RGB = rng.integers(0, 256, (6, 9, 3), dtype=np.uint8)


def encoded(image, form="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def png16(values):
    """Encode (H, W) or (H, W, 3) uint16 as a 16-bit PNG, chunk by chunk (Pillow writes no RGB16)."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width = values.shape[:2]
    colour_type = 2 if values.ndim == 3 else 0
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


# --- files ------------------------------------------------------------------------------------


def test_path_bytes_and_array_agree(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(Image.fromarray(RGB)))
    expected = RGB / np.float32(255)
    content = (tmp_path / "a.png").read_bytes()
    for source in (tmp_path / "a.png", str(tmp_path / "a.png"), content, memoryview(content), RGB):
        np.testing.assert_allclose(load_image(source), expected, atol=1e-7)


def test_float_array_is_copied():
    source = np.full((2, 3, 3), 0.25, np.float32)
    load_image(source)[:] = 1
    assert (source == 0.25).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation):
    upright = Image.fromarray(np.kron(RGB, np.ones((8, 8, 1), np.uint8)))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = load_image(encoded(stored, exif=exif))
    np.testing.assert_allclose(found, load_image(np.asarray(upright)), atol=1e-7)


def test_grey_and_alpha_and_palette():
    grey, alpha = RGB[:, :, 0], RGB[:, :, 1]
    three = load_image(np.dstack([grey] * 3))
    np.testing.assert_array_equal(load_image(encoded(Image.fromarray(grey))), three)
    both = Image.merge("LA", [Image.fromarray(grey), Image.fromarray(alpha)])
    np.testing.assert_array_equal(load_image(encoded(both)), three)
    rgba = Image.fromarray(np.dstack([RGB, alpha]))
    np.testing.assert_array_equal(load_image(encoded(rgba)), load_image(RGB))
    palette = Image.fromarray(RGB).quantize(256)  # 54 colours fit in 256
    np.testing.assert_array_equal(load_image(encoded(palette)), load_image(RGB))
    one_bit = Image.fromarray(grey > 127)
    np.testing.assert_array_equal(load_image(encoded(one_bit))[..., 0], grey > 127)


def test_16_bits():
    values = rng.integers(0, 65536, (5, 7, 3), dtype=np.uint16)
    grey = load_image(png16(values[:, :, 0]))
    np.testing.assert_allclose(grey[..., 2], values[:, :, 0] / 65535, atol=1e-6)
    # Pillow keeps the upper 8 of 16 bits per colour
    np.testing.assert_allclose(load_image(png16(values)), values / 65535, atol=1 / 255)


def test_16_bit_tiff_of_either_byte_order():
    values = rng.integers(0, 65536, (5, 7), dtype=np.uint16)
    for mode, order in (("I;16", "<u2"), ("I;16B", ">u2")):
        image = Image.frombytes(mode, (7, 5), values.astype(order).tobytes())
        found = load_image(encoded(image, "TIFF"))
        np.testing.assert_allclose(found[..., 0], values / 65535, atol=1e-6)


def test_32_bit_grey():
    image = Image.fromarray(np.array([[0, 65535]], np.int32))
    np.testing.assert_array_equal(load_image(encoded(image, "TIFF"))[0, :, 0], [0, 1])
    with pytest.raises(ValueError, match="70000"):
        load_image(encoded(Image.fromarray(np.array([[0, 70000]], np.int32)), "TIFF"))


def test_cmyk_jpeg():
    flat = Image.new("RGB", (16, 16), (200, 100, 30)).convert("CMYK")
    found = load_image(encoded(flat, "JPEG", quality=98))
    assert np.abs(found * 255 - (200, 100, 30)).max() < 6


def test_float_tiff():
    inside = Image.fromarray(np.array([[0, 0.5, 1]], np.float32))
    np.testing.assert_array_equal(load_image(encoded(inside, "TIFF"))[0, :, 1], [0, 0.5, 1])
    nan = Image.fromarray(np.array([[0, np.nan]], np.float32))
    with pytest.raises(ValueError, match="NaN"):
        load_image(encoded(nan, "TIFF"))


def test_animation_gives_its_first_picture():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    found = load_image(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    np.testing.assert_array_equal(found, np.broadcast_to(np.float32([1, 0, 0]), (4, 4, 3)))


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        (np.zeros((0, 4, 3)), ValueError, "empty"),
        (np.full((2, 2), np.nan), ValueError, "NaN"),
        (np.full((2, 2), 7.0), ValueError, "255"),
        (np.zeros((2, 2), np.int64), TypeError, "int64"),
        (b"", ValueError, "0 bytes"),
        (b"no picture at all", ValueError, "17 bytes.*PNG"),
    ],
)
def test_bad_content(source, error, words):
    with pytest.raises(error, match=words):
        load_image(source)


@pytest.mark.parametrize("content", [b"", b"text", encoded(Image.fromarray(RGB))[:-60]])
def test_broken_file_is_named(tmp_path, content):
    (tmp_path / "holiday.png").write_bytes(content)
    with pytest.raises(ValueError, match="holiday.png is no readable image"):
        load_image(tmp_path / "holiday.png")


@pytest.mark.parametrize("content", [b"", b"text"])
def test_what_is_no_image_is_said_without_a_buffer(content):
    with pytest.raises(ValueError, match=r"bytes\) is no readable image; expected a whole JPEG"):
        load_image(content)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP"])
def test_damaged_file_is_a_picture_or_a_value_error(form):
    whole = encoded(Image.fromarray(np.kron(RGB, np.ones((5, 5, 1), np.uint8))), form)
    damage = np.random.default_rng(1)
    for _ in range(150):
        content = bytearray(whole[: damage.integers(len(whole)) + 1])
        content[damage.integers(len(content))] = damage.integers(256)
        try:
            assert load_image(content).shape[2] == 3
        except ValueError as error:
            assert "no readable image" in str(error)


def test_missing_file():
    with pytest.raises(FileNotFoundError, match=r"did you mean the shipped 'chelsea'\? Give a path, .*coins"):
        load_image("chelsae")
    with pytest.raises(FileNotFoundError, match="^zebra: no such file; give a path, or .*astronaut.*tissue"):
        load_image("zebra")
    with pytest.raises(FileNotFoundError) as caught:
        load_image("holiday/dscf0042.jpg")
    assert str(caught.value).startswith("holiday/dscf0042.jpg: no such file; give a path that exists from")
    assert "tissue" not in str(caught.value)


def test_folder_is_no_picture(tmp_path):
    with pytest.raises(IsADirectoryError, match="one image file"):
        load_image(tmp_path)


# --- reducing ---------------------------------------------------------------------------------


def test_max_side():
    assert load_image("chelsea", max_side=150).shape == (100, 150, 3)
    assert load_image("chelsea", max_side=451).shape == (300, 451, 3)
    np.testing.assert_array_equal(load_image("chelsea", max_side=9999), load_image("chelsea"))
    assert load_image(np.zeros((1, 1000)), max_side=10).shape == (1, 10, 3)


def test_reducing_does_not_alias_and_keeps_colours_and_range():
    stripes = np.zeros((64, 64, 3))
    stripes[:, ::2] = (1, 0.5, 0)
    small = load_image(stripes, max_side=16)
    np.testing.assert_allclose(small[2:-2, 2:-2].mean((0, 1)), (0.5, 0.25, 0), atol=0.01)
    assert small.std((0, 1)).max() < 0.05
    step = np.repeat([0.0, 1.0], 500).reshape(1, 1000).repeat(30, axis=0)
    small = load_image(step, max_side=99)
    assert small.min() == 0 and small.max() == 1


@pytest.mark.parametrize("side", [0, -3, float("nan")])
def test_max_side_must_be_positive(side):
    with pytest.raises(ValueError, match="max_side"):
        load_image("chelsea", max_side=side)


def test_stored_proposals_fit_their_picture_and_say_that_they_are_hand_made():
    assert len(proposal_names()) >= 6 and set(proposal_names()) <= set(image_names())
    for name in proposal_names():
        found = load_proposals(name)
        assert {mask.mask.shape for mask in found} == {load_image(name).shape[:2]} and len(found) > 20
        assert "not the output of a model" in about(data_dir() / "proposals" / f"{name}.json")


def test_unknown_proposals_are_an_error_that_lists_the_known():
    with pytest.raises(ValueError, match=r"no stored proposals of 'gravel', expected one of astronaut, "):
        load_proposals("gravel")
