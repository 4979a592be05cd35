"""BSDS500 on this computer: a tiny one is made here, laid out like the real one."""

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from spamlab.data import BSDS, Sample, bsds500

SIZE = (6, 9)
rng = np.random.default_rng(0)


def write_sample(root, split, name, maps, size=SIZE):
    for kind in ("images", "groundTruth"):
        (root / kind / split).mkdir(parents=True, exist_ok=True)
    pixels = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(root / "images" / split / f"{name}.jpg")
    people = np.empty((1, len(maps)), object)
    for k, labels in enumerate(maps):
        person = np.empty((1, 1), [("Segmentation", object), ("Boundaries", object)])
        person[0, 0] = (labels.astype(np.uint16), np.zeros(SIZE, np.uint8))
        people[0, k] = person
    savemat(root / "groundTruth" / split / f"{name}.mat", {"groundTruth": people})


def halves(low, high):
    """Return a label map: `low` above, `high` below."""
    return np.repeat([low] * 3 + [high] * 3, SIZE[1]).reshape(SIZE)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "given" / "BSR" / "BSDS500" / "data"
    write_sample(root, "val", "200", [halves(1, 2)])
    write_sample(root, "val", "30", [halves(1, 2), halves(7, 3), halves(5, 5)])
    write_sample(root, "train", "4", [halves(1, 2)])
    (root / "images" / "val" / "Thumbs.db").touch()
    return root


def test_split_is_a_sequence(root):
    split = bsds500(root, "val")
    assert isinstance(split, BSDS) and len(split) == 2
    assert [sample.name for sample in split] == ["200", "30"] == list(split.names)
    assert split[-1].name == "30"
    assert isinstance(split[:1], BSDS) and [sample.name for sample in split[:1]] == ["200"]
    with pytest.raises(IndexError):
        split[2]
    assert len(bsds500(root, "train")) == 1


def test_sample(root):
    sample = bsds500(root)[1]
    assert isinstance(sample, Sample)
    assert sample.image.shape == (*SIZE, 3) and sample.image.dtype == np.float32
    assert 0 <= sample.image.min() < sample.image.max() <= 1
    assert [truth.dtype for truth in sample.truths] == [np.int32] * 3
    for found, expected in zip(sample.truths, [(0, 1), (1, 0), (0, 0)], strict=True):
        np.testing.assert_array_equal(found, halves(*expected))


@pytest.mark.parametrize("above", ["", "..", "../..", "../../.."])
def test_found_from_any_folder_above(root, above):
    assert bsds500(root / above)[0].name == "200"


def test_found_in_the_folder_of_the_mirror(tmp_path):
    write_sample(tmp_path / "BSDS500-a04b7c" / "BSDS500" / "data", "val", "1", [halves(1, 2)])
    assert len(bsds500(tmp_path)) == 1 == len(bsds500(str(tmp_path / "BSDS500-a04b7c")))


def test_nothing_there(root, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"images/val/\*\.jpg.*BSR/BSDS500/data.*fetch"):
        bsds500(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="no test split"):
        bsds500(root, "test")
    with pytest.raises(ValueError, match="'vall', expected one of train, val, test"):
        bsds500(root, "vall")


def test_missing_truth(root):
    (root / "groundTruth" / "val" / "30.mat").unlink()
    with pytest.raises(FileNotFoundError, match=r"30\.mat \(1 of 2"):
        bsds500(root)


@pytest.mark.parametrize("content", [b"", b"no matrix", b"MATLAB 5.0" + bytes(200)])
def test_broken_truth(root, content):
    (root / "groundTruth" / "val" / "30.mat").write_bytes(content)
    with pytest.raises(ValueError, match=r"30\.mat is no segmentation"):
        bsds500(root)[1]


def test_truth_of_another_kind(root):
    savemat(root / "groundTruth" / "val" / "30.mat", {"labels": np.zeros(SIZE)})
    with pytest.raises(ValueError, match=r"30\.mat is no segmentation.*groundTruth"):
        bsds500(root)[1]


def test_truth_of_another_size(root):
    write_sample(root, "val", "30", [halves(1, 2)], size=(9, 6))
    with pytest.raises(ValueError, match=r"30\.mat.*\(6, 9\).*\(9, 6\)"):
        bsds500(root)[1]


def test_broken_picture(root):
    file = root / "images" / "val" / "30.jpg"
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r"30\.jpg is broken"):
        bsds500(root)[1]
