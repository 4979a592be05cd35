"""PASCAL VOC 2012 on this computer: a tiny one is made here, laid out like the real one."""

import numpy as np
import pytest
from PIL import Image

from spamlab.data import VOC, VOC_CLASSES, Classified, voc2012
from spamlab.metrics import confusion, mean_iou

SIZE = (6, 9)
PALETTE = [value for index in range(256) for value in ((index * 67) % 256, (index * 29) % 256, index)]


def truth_of(low, high):
    """Return classes: `low` above, `high` below, and a line that does not count between."""
    truth = np.repeat([low] * 3 + [255] + [high] * 2, SIZE[1]).reshape(SIZE)
    return truth.astype(np.uint8)


def write_truth(root, name, truth, mode="P"):
    image = Image.fromarray(truth, "L")
    if mode == "P":
        image = image.copy()
        image.putpalette(PALETTE)  # an L image with a palette becomes a P image of the same indices
    (root / "SegmentationClass").mkdir(parents=True, exist_ok=True)
    image.save(root / "SegmentationClass" / f"{name}.png")


def write_sample(root, name, truth):
    (root / "JPEGImages").mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((*truth.shape, 3), np.uint8) + [[[200, 100, 50]]]
    Image.fromarray(pixels.astype(np.uint8)).save(root / "JPEGImages" / f"{name}.jpg")
    write_truth(root, name, truth)


def write_lists(root, **lists):
    (root / "ImageSets" / "Segmentation").mkdir(parents=True, exist_ok=True)
    for split, names in lists.items():
        (root / "ImageSets" / "Segmentation" / f"{split}.txt").write_text("".join(f"{n}\n" for n in names))


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "given" / "VOCdevkit" / "VOC2012"
    for name, classes in (("2007_9", (0, 1)), ("2007_33", (20, 0)), ("2008_1", (15, 15))):
        write_sample(root, name, truth_of(*classes))
    write_sample(root, "2009_of_another_task", truth_of(0, 0))
    write_lists(root, train=["2008_1"], val=["2007_9", "2007_33"], trainval=["2008_1", "2007_9", "2007_33"])
    return root


def test_split_is_a_sequence(root):
    split = voc2012(root)
    assert isinstance(split, VOC) and len(split) == 2 and split.split == "val"
    assert [name for name, _, _ in split] == ["2007_9", "2007_33"], "in the order of the list"
    assert isinstance(split[0], Classified) and split[-1].name == "2007_33"
    assert isinstance(split[1:], VOC) and split[1:].names == ("2007_33",)
    with pytest.raises(IndexError):
        split[2]
    assert len(voc2012(root, "train")) == 1 and len(voc2012(root, "trainval")) == 3


def test_a_sample(root):
    _, image, truth = voc2012(root)[1]
    assert image.shape == (*SIZE, 3) and image.dtype == np.float32
    np.testing.assert_allclose(image.mean((0, 1)), np.array([200, 100, 50]) / 255, atol=0.02)
    assert truth.dtype == np.int32
    np.testing.assert_array_equal(truth, truth_of(20, 0))


def test_truths_are_indices_not_colours(root):
    with Image.open(root / "SegmentationClass" / "2007_9.png") as image:
        assert image.mode == "P" and len(np.unique(np.asarray(image.convert("L")))) == 3
        assert set(np.unique(np.asarray(image.convert("L")))) != {0, 1, 255}, "grey values are no classes"
    write_truth(root, "2007_33", truth_of(7, 3), mode="L")  # without a palette they are the same
    np.testing.assert_array_equal(voc2012(root)[1].truth, truth_of(7, 3))


def test_classes():
    assert len(VOC_CLASSES) == len(set(VOC_CLASSES)) == 21
    assert (VOC_CLASSES[0], VOC_CLASSES[1], VOC_CLASSES[15], VOC_CLASSES[20]) == (
        "background",
        "aeroplane",
        "person",
        "tvmonitor",
    )


def test_truths_go_into_the_scores(root):
    table = sum(confusion(truth * 0, truth, 21) for _, _, truth in voc2012(root))
    assert table.sum() == 2 * 45, "9 pixels of each picture do not count"
    assert mean_iou(table) == pytest.approx((27 + 18) / 90 / 3)  # of the classes 0, 1 and 20


@pytest.mark.parametrize("above", ["", "..", "../..", "../../.."])
def test_found_from_any_folder_above(root, above):
    assert voc2012(root / above)[0].name == "2007_9"


def test_nothing_there(root, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        voc2012(tmp_path / "nowhere")
    said = str(caught.value)
    assert "ImageSets/Segmentation/val.txt" in said and "VOCdevkit/VOC2012" in said
    assert "fetch_voc2012()" in said and str(tmp_path / "nowhere") in said
    with pytest.raises(ValueError, match="'test', expected one of train, val, trainval"):
        voc2012(root, "test")


@pytest.mark.parametrize(("kind", "suffix"), [("JPEGImages", "jpg"), ("SegmentationClass", "png")])
def test_missing_file(root, kind, suffix):
    (root / kind / f"2007_33.{suffix}").unlink()
    with pytest.raises(FileNotFoundError, match=rf"{kind} has no 2007_33\.{suffix} \(1 of 2 are"):
        voc2012(root)
    assert len(voc2012(root, "train")) == 1, "the other split is whole"


@pytest.mark.parametrize(("kind", "suffix"), [("JPEGImages", "jpg"), ("SegmentationClass", "png")])
@pytest.mark.parametrize("keep", [0, 60, -30])
def test_broken_file(root, kind, suffix, keep):
    file = root / kind / f"2007_9.{suffix}"
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(ValueError, match=rf"2007_9\.{suffix} is broken"):
        voc2012(root)[0]


def test_truth_of_another_kind(root):
    write_truth(root, "2007_9", truth_of(0, 21))
    with pytest.raises(ValueError, match="holds class 21, expected 0 to 20 and 255; take SegmentationClass"):
        voc2012(root)[0]
    write_truth(root, "2007_9", np.zeros((9, 6), np.uint8))
    with pytest.raises(ValueError, match=r"2007_9\.png is \(9, 6\), its picture is \(6, 9\)"):
        voc2012(root)[0]
    Image.new("RGB", SIZE[::-1]).save(root / "SegmentationClass" / "2007_9.png")
    with pytest.raises(ValueError, match=r"holds colours \(mode RGB\), expected indices"):
        voc2012(root)[0]
