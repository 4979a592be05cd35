"""Masks and their files: run lengths as COCO's own program has them, points turned round, clear errors."""

import json
import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco

from spamlab import masks
from spamlab.masks import Mask
from spamlab.regions import components

SHAPES = array_shapes(min_dims=2, max_dims=2, max_side=12)
PIXELS = arrays(bool, SHAPES)
MAPS = arrays(np.int32, SHAPES, elements=st.integers(-1, 3))
SCORES = st.one_of(st.just(math.nan), st.floats(0, 1))
POINTS = st.none() | st.tuples(st.floats(0, 2000), st.floats(0, 2000))


def blobs(seed, shape):
    """Return noise with runs of many lengths, (H, W) bool."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((shape[0] // 9 + 1, shape[1] // 7 + 1)) < 0.4
    large = np.repeat(np.repeat(coarse, 9, axis=0), 7, axis=1)[: shape[0], : shape[1]]
    return large ^ (rng.random(shape) < 0.01)


# ---- one mask


@given(PIXELS)
def test_area_and_box_are_counted(pixels):
    mask = Mask(pixels)
    assert mask.area == pixels.sum()
    inside = np.argwhere(pixels)
    if len(inside):
        assert mask.bbox == (*inside.min(axis=0), *(inside.max(axis=0) + 1))
    else:
        assert mask.bbox == (0, 0, 0, 0)
    left, top, width, height = coco.toBbox(coco.encode(np.asfortranarray(pixels))).astype(int)
    assert mask.bbox == (top, left, top + height, left + width) or not len(inside)
    assert mask.inside.sum() == mask.area


def test_a_mask_cannot_change():
    pixels = np.ones((2, 3), bool)
    mask = Mask(pixels, point=(1, 2))
    with pytest.raises(ValueError, match="read-only"):
        mask.mask[0, 0] = False
    pixels[0, 0] = False  # that of the caller can
    assert mask.point == (1.0, 2.0) and math.isnan(mask.predicted_iou)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ((np.ones((2, 2)),), TypeError, "use mask > 0"),
        ((np.ones(4, bool),), ValueError, r"shape \(4,\)"),
        ((np.ones((0, 3), bool),), ValueError, "at least one pixel"),
        ((np.ones((2, 2), bool), 0.9, 0.9, (1, 2, 3)), ValueError, r"expected \(row, col\)"),
    ],
)
def test_bad_masks(arguments, error, said):
    with pytest.raises(error, match=said):
        Mask(*arguments)


def test_masks_of_two_pictures():
    with pytest.raises(ValueError, match=r"masks\[1\] has shape \(3, 2\), expected \(2, 3\)"):
        masks.as_masks([np.ones((2, 3), bool), np.ones((3, 2), bool)])


@given(MAPS)
def test_masks_of_a_label_map_share_out_its_pixels(labels):
    found = masks.from_labels(labels)
    assert len(found) == len(np.unique(labels[labels >= 0]))
    covered = np.sum([m.mask for m in found], axis=0) if found else np.zeros(labels.shape)
    np.testing.assert_array_equal(covered, labels >= 0)
    values = [np.unique(labels[m.mask]) for m in found]
    assert all(len(v) == 1 for v in values) and sorted(v[0] for v in values) == [v[0] for v in values]


def test_masks_per_label_or_per_piece():
    labels = np.array([[5, 2, 5]])
    assert [m.area for m in masks.from_labels(labels)] == [1, 2]
    assert [m.area for m in masks.from_labels(components(labels))] == [1, 1, 1]


# ---- run lengths


@given(PIXELS)
def test_run_lengths_are_cocos(pixels):
    found = masks.encode(pixels)
    theirs = coco.encode(np.asfortranarray(pixels))
    assert found == {"size": list(theirs["size"]), "counts": theirs["counts"].decode()}
    np.testing.assert_array_equal(masks.decode(found), pixels)
    np.testing.assert_array_equal(masks.decode(theirs), pixels)  # their bytes too


@given(st.integers(0, 2**32 - 1), st.tuples(st.integers(1, 300), st.integers(1, 300)))
@settings(max_examples=40)
def test_long_runs_are_cocos(seed, shape):
    pixels = blobs(seed, shape)
    found = masks.encode(pixels)
    assert found["counts"] == coco.encode(np.asfortranarray(pixels))["counts"].decode()
    np.testing.assert_array_equal(masks.decode(found), pixels)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.sampled_from([1, 2, 3]))
def test_lists_of_run_lengths_may_hold_zeros(counts, height):
    counts.append(-sum(counts) % height or height)
    width = sum(counts) // height
    flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    found = masks.decode({"size": [height, width], "counts": counts})
    np.testing.assert_array_equal(found, flat.reshape(width, height).T)


def test_known_run_lengths():
    assert masks.encode(np.zeros((4, 4), bool)) == {"size": [4, 4], "counts": "`0"}  # 16 = 16 + 0 * 32
    assert masks.encode(np.ones((3, 5), bool)) == {"size": [3, 5], "counts": "0?"}  # none outside, then 15
    column = np.zeros((2, 4), bool)
    column[:, 1] = column[0, 3] = True  # 2 out, 2 in, 2 out, 1 in (-1 to the last but one), 1 out (-1)
    assert masks.encode(column)["counts"] == "222OO"


def test_a_large_mask():
    pixels = np.zeros((1500, 2000), bool)
    pixels[100:1400, 900:1900] = True
    pixels[:, 1990:] = True
    found = masks.encode(pixels)
    assert found["counts"] == coco.encode(np.asfortranarray(pixels))["counts"].decode()
    np.testing.assert_array_equal(masks.decode(found), pixels)


@pytest.mark.parametrize(
    ("segmentation", "said"),
    [
        ([[1, 2, 3, 4]], "polygons"),
        ({"size": [2, 2]}, "expected {'size'"),
        ({"size": [2, 0], "counts": [0]}, "at least 1"),
        ({"size": [2, 2, 1], "counts": [4]}, "two numbers"),
        ({"size": [2, 2.0], "counts": [4]}, "two numbers"),
        ({"size": [2, 2], "counts": [1, 2]}, r"sum to 3 .* H \* W = 2 \* 2 = 4"),
        ({"size": [2, 2], "counts": [5, -1]}, "the smallest is -1"),
        ({"size": [2, 2], "counts": []}, "sum to 0"),
        ({"size": [2, 2], "counts": [10**30, 4]}, "sum to 1000"),
        ({"size": [2, 2], "counts": [1.5, 2.5]}, "whole numbers"),
        ({"size": [2, 2], "counts": 4}, "string or a list"),
        ({"size": [2, 2], "counts": ""}, "no run lengths"),
        ({"size": [2, 2], "counts": "4 "}, "no run lengths"),
        ({"size": [2, 2], "counts": "4é"}, "no run lengths"),
        ({"size": [2, 2], "counts": "4P"}, "no run lengths"),  # P says that more follows
        ({"size": [2, 2], "counts": "5"}, "sum to 5"),
        ({"size": [2, 2], "counts": "P" * 8 + "0"}, "9 characters"),
    ],
)
def test_bad_run_lengths(segmentation, said):
    with pytest.raises(ValueError, match=said):
        masks.decode(segmentation)


# ---- files


@settings(max_examples=30)
@given(arrays(bool, array_shapes(min_dims=3, max_dims=3, max_side=7)), SCORES, SCORES, POINTS)
def test_a_file_gives_back_what_was_written(stack, predicted_iou, stability_score, point):
    given = [Mask(pixels, predicted_iou, stability_score, point) for pixels in stack]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "masks.json"
        masks.write(file, given)
        found = masks.read(file)
        assert masks.shape(file) == stack.shape[1:] and masks.about(file) == ""
    assert len(found) == len(given)
    for mask, pixels in zip(found, stack, strict=True):
        np.testing.assert_array_equal(mask.mask, pixels)
        scores = (mask.predicted_iou, mask.stability_score)
        np.testing.assert_array_equal(scores, (predicted_iou, stability_score))
        assert mask.point == point


def test_what_a_file_holds(tmp_path):
    pixels = np.zeros((4, 6), bool)
    pixels[1:3, 2:5] = True
    file = tmp_path / "masks.json"
    masks.write(file, [Mask(pixels, 0.9, 0.8, (1, 3)), ~pixels], "chelsea.png", {"drawn": "by hand"})
    document = json.loads(file.read_text(encoding="utf-8"))
    first, second = document.pop("annotations")
    assert document == {
        "about": {"drawn": "by hand"},
        "image": {"image_id": 0, "file_name": "chelsea.png", "width": 6, "height": 4},
    }
    assert masks.about(file) == {"drawn": "by hand"}
    np.testing.assert_array_equal(masks.decode(first.pop("segmentation")), pixels)
    assert first == {
        "id": 1,
        "bbox": [2, 1, 3, 2],  # x, y, width, height
        "area": 6,
        "predicted_iou": 0.9,
        "stability_score": 0.8,
        "crop_box": [0, 0, 6, 4],
        "point_coords": [[3.0, 1.0]],  # x, y
    }
    assert second["id"] == 2 and second["predicted_iou"] is None and second["point_coords"] == []


def entry(pixels, **more):
    """Return an annotation as SA-1B has it; its box is one pixel narrower than the mask."""
    code = coco.encode(np.asfortranarray(pixels))
    x, y, w, h = coco.toBbox(code).tolist()
    known = {"bbox": [x, y, w - 1, h - 1], "area": int(pixels.sum()), "id": 77, "crop_box": [0, 0, 6, 4]}
    scores = {"predicted_iou": 0.98, "stability_score": 0.97, "point_coords": [[2.5, 1.0]]}
    code = {"size": code["size"], "counts": code["counts"].decode()}
    return {"segmentation": code, **known, **scores, **more}


def document(*entries, size=(4, 6)):
    image = {"image_id": 9, "file_name": "sa_9.jpg", "width": size[1], "height": size[0]}
    return {"image": image, "annotations": list(entries)}


def test_a_file_of_sa_1b_is_read(tmp_path):
    pixels = np.zeros((4, 6), bool)
    pixels[1:3, 2:5] = True
    file = tmp_path / "sa_9.json"
    file.write_text(json.dumps(document(entry(pixels))))
    (mask,) = masks.read(file)
    assert mask.bbox == (1, 2, 3, 5) and mask.area == 6 and mask.point == (1.0, 2.5)
    assert (mask.predicted_iou, mask.stability_score) == (0.98, 0.97)
    assert masks.about(file) == "" and masks.shape(file) == (4, 6)


def test_a_file_without_masks(tmp_path):
    file = tmp_path / "none.json"
    masks.write(file, [], shape=(4, 6))
    assert masks.read(file) == [] and masks.shape(file) == (4, 6)
    with pytest.raises(ValueError, match=r"give shape=\(H, W\)"):
        masks.write(file, [])
    with pytest.raises(ValueError, match="two numbers"):
        masks.write(file, [], shape=(4, 0))


def test_what_cannot_be_written_leaves_the_old_file(tmp_path):
    file = tmp_path / "masks.json"
    masks.write(file, [np.ones((2, 2), bool)], about="old")
    for about in ({"what": object()}, {"what": math.nan}):
        with pytest.raises((TypeError, ValueError)):
            masks.write(file, [np.ones((3, 3), bool)], about=about)
    assert masks.about(file) == "old" and [f.name for f in tmp_path.iterdir()] == ["masks.json"]


FULL = np.ones((4, 6), bool)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "no JSON"),
        (b"not json", "no JSON .* expected a file of masks"),
        ([entry(FULL)], "holds no masks"),
        ({"image": {}}, "holds no masks"),
        ({"image": {"width": 6}, "annotations": []}, r"height, width = \(None, 6\)"),
        (document(size=(4, "6")), "two whole numbers"),
        (document(3), r"annotations\[0\]: it is 3"),
        (document(entry(FULL), {}), r"annotations\[1\]: segmentation is None"),
        (document(entry(FULL), size=(6, 4)), r"size \[4, 6\], expected \[6, 4\]"),
        (document(entry(FULL, segmentation={"size": [4, 6], "counts": [23]})), "sum to 23"),
        (document(entry(FULL, predicted_iou="high")), "predicted_iou is 'high'"),
        (document(entry(FULL, stability_score=True)), "stability_score is True"),
        (document(entry(FULL, point_coords=[3, 4])), r"expected \[\[x, y\]\]"),
        (document(entry(FULL, point_coords=[["3", 4]])), r"expected \[\[x, y\]\]"),
    ],
)
def test_bad_files(tmp_path, content, said):
    file = tmp_path / "bad.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(ValueError, match=said) as caught:
        masks.read(file)
    assert str(file) in str(caught.value)


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        masks.read(tmp_path / "none.json")
