"""The readers of NYUv2, Stanford Background, SBD and DRIVE, on small folders laid out like the real ones."""

import sys

import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat
from test_bsds import write_sample

from spamlab.benchmark import Case, measure
from spamlab.data import DATASETS, Sample, drive, nyuv2, open_dataset, sbd, stanford

SIZE = (12, 18)
COLOUR = np.array([200, 100, 50])
TRUTH = np.zeros(SIZE, int)  # two objects of one class, side by side, and one of another class below
TRUTH[2:6, 2:6], TRUTH[2:6, 6:10], TRUTH[8:11, 4:12] = 1, 2, 3
CLASSES = np.array([0, 15, 15, 7])[TRUTH]


def write_picture(file, size=SIZE):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.broadcast_to(COLOUR, (*size, 3)).astype(np.uint8)).save(file)


def write_numbers(file, numbers, dtype=np.uint8):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(numbers, dtype)).save(file)


def write_sbd(root, train=("2008_3",), val=("2009_2", "2008_1")):
    for kind in ("cls", "inst"):
        (root / kind).mkdir(parents=True, exist_ok=True)
    for name in (*train, *val):
        write_picture(root / "img" / f"{name}.jpg")
        content = {"Boundaries": np.zeros((2, 2)), "Categories": np.array([[15], [15], [7]])}
        savemat(
            root / "inst" / f"{name}.mat", {"GTinst": {**content, "Segmentation": TRUTH.astype(np.uint8)}}
        )
        savemat(
            root / "cls" / f"{name}.mat", {"GTcls": {**content, "Segmentation": CLASSES.astype(np.uint8)}}
        )
    for split, names in (("train", train), ("val", val)):
        (root / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))


def write_stanford(root, names=("6000", "0047")):
    (root / "labels").mkdir(parents=True, exist_ok=True)
    for name in names:
        write_picture(root / "images" / f"{name}.jpg")
        for kind, numbers in (("regions", CLASSES - 1), ("layers", TRUTH), ("surfaces", TRUTH - 1)):
            np.savetxt(root / "labels" / f"{name}.{kind}.txt", numbers, "%d")


def write_drive(root):
    for split, numbers in (("training", (22, 21)), ("test", (1,))):
        for number in numbers:
            write_picture(root / split / "images" / f"{number:02d}_{split}.tif")
            write_numbers(root / split / "1st_manual" / f"{number:02d}_manual1.gif", (TRUTH > 0) * 255)


def write_nyuv2(root, lists=True):
    """Write three pictures; MATLAB's axes come reversed from HDF5."""
    root.mkdir(parents=True, exist_ok=True)
    pixels = np.broadcast_to(COLOUR[:, None, None], (3, 3, *SIZE[::-1]))
    instances = np.array([0, 1, 2, 1])[TRUTH]  # counted within each class
    with h5py.File(root / "nyu_depth_v2_labeled.mat", "w") as file:
        file["images"] = pixels.astype(np.uint8)
        file["labels"] = np.broadcast_to(CLASSES.T, (3, *SIZE[::-1])).astype(np.uint16)
        file["instances"] = np.broadcast_to(instances.T, (3, *SIZE[::-1])).astype(np.uint8)
    if lists:
        savemat(root / "splits.mat", {"trainNdxs": [[3], [1]], "testNdxs": [[2]]})


def write_pairs(root, split=""):
    for name in ("b", "a"):
        write_picture(root / "images" / split / f"{name}.png")
        write_numbers(root / "labels" / split / f"{name}.png", TRUTH * 300, np.uint16)


def write_bsds(root):
    write_sample(root, "val", "1", [TRUTH + 1], size=SIZE)


# name: how a small one is made, where it lies below the folder named, its split, its names, its truth
UNKNOWN = np.where(TRUTH == 0, -1, TRUTH - 1)  # 0 means not labelled
MADE = {
    "sbd": (write_sbd, "benchmark_RELEASE/dataset", "val", ("2009_2", "2008_1"), TRUTH),
    "stanford": (write_stanford, "iccv09Data", "all", ("0047", "6000"), TRUTH),
    "drive": (write_drive, "DRIVE", "training", ("21_training", "22_training"), TRUTH > 0),
    "nyuv2": (write_nyuv2, "NYUv2", "train", ("0001", "0003"), np.array([-1, 1, 2, 0])[TRUTH]),
    "bsds500": (write_bsds, "BSR/BSDS500/data", "val", ("1",), TRUTH),
}
NEW = [name for name in MADE if name != "bsds500"]


@pytest.fixture
def made(request, tmp_path):
    name = request.param
    write, place, split, names, truth = MADE[name]
    write(tmp_path / "given" / place)
    return name, tmp_path / "given", place, split, names, truth


@pytest.mark.parametrize("made", NEW, indirect=True)
def test_a_sequence_of_samples(made):
    name, folder, place, split, names, truth = made
    found = open_dataset(name, folder, split)
    assert found.names == names and len(found) == len(names) and found.split == split
    assert type(found[1:]) is type(found) and found[1:].names == names[1:]
    for at, sample in enumerate(found):
        assert isinstance(sample, Sample) and sample.name == names[at]
        assert sample.image.shape == (*SIZE, 3) and sample.image.dtype == np.float32
        np.testing.assert_allclose(sample.image.mean((0, 1)), COLOUR / 255, atol=0.02)
        (labels,) = sample.truths
        assert labels.dtype == np.int32
        np.testing.assert_array_equal(labels, truth)
    for above in (folder / place, str(folder), folder.parent / "given" / place.split("/")[0]):
        assert open_dataset(name, above, split).names == names


@pytest.mark.parametrize("made", MADE, indirect=True)
def test_the_benchmark_runs_on_each(made, monkeypatch):
    name, folder, _, split, names, truth = made
    found = open_dataset(name, folder, split)
    case = Case("grid", None, (6,))
    rows = measure(found, [case])
    assert [row["image"] for row in rows] == list(names)
    known = truth >= 0
    cells = np.indices(SIZE) // np.array([[[6]], [[6]]])  # 2 x 3 cells
    cell = (cells[0] * 3 + cells[1])[known]
    best = sum(np.bincount(np.asarray(truth)[known][cell == c]).max() for c in np.unique(cell))
    assert rows[0]["n_obtained"] == 6 and rows[0]["asa_mean"] == pytest.approx(best / known.sum())
    read = []

    def stop(_, name):
        read.append(name)
        raise KeyboardInterrupt

    monkeypatch.setattr(type(found), "read", stop)
    with pytest.raises(KeyboardInterrupt):
        measure(found, [case])
    assert read == list(names[:1]), "to name the pictures none is read"


@pytest.mark.parametrize("made", NEW, indirect=True)
def test_a_split_that_does_not_exist(made):
    name, folder, *_ = made
    with pytest.raises(
        ValueError, match=f"split is 'vall', expected one of {', '.join(DATASETS[name].splits)}"
    ):
        open_dataset(name, folder, "vall")


LOOKED = {
    "sbd": ("val.txt and img/", "benchmark_RELEASE/dataset", "get it with fetch_sbd()"),
    "stanford": ("images/*.jpg and labels/*.layers.txt", "iccv09Data", "get it with fetch_stanford()"),
    "drive": ("training/images/*.tif and training/1st_manual/*_manual1.gif", "*/DRIVE", "register for it"),
    "nyuv2": ("nyu_depth_v2_labeled.mat, or images/train/*.png and labels/train/*.png", "NYUv2", "no stable"),
}


@pytest.mark.parametrize("name", NEW)
def test_nothing_there(name, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        open_dataset(name, tmp_path / "nowhere", MADE[name][2])
    said = str(caught.value)
    assert all(part in said for part in (*LOOKED[name], str(tmp_path / "nowhere"))), said


FILES = {
    "sbd": "inst/2008_1.mat",
    "stanford": "labels/6000.layers.txt",
    "drive": "training/1st_manual/22_manual1.gif",
}


@pytest.mark.parametrize("made", FILES, indirect=True)
def test_a_truth_that_is_missing_or_broken(made):
    name, folder, place, split, *_ = made
    file = folder / place / FILES[name]
    content = file.read_bytes()
    file.unlink()
    with pytest.raises(FileNotFoundError, match=rf"has no {file.name} \(1 of 2 are missing\)"):
        open_dataset(name, folder, split)
    for broken in (b"", content[: len(content) // 3], b"no truth"):
        file.write_bytes(broken)
        with pytest.raises(ValueError, match=f"{file.name} (is|has)"):
            open_dataset(name, folder, split)[1]


def test_a_picture_of_another_size(tmp_path):
    write_stanford(tmp_path)
    write_picture(tmp_path / "images" / "0047.jpg", SIZE[::-1])
    with pytest.raises(ValueError, match=r"0047\.layers\.txt has a segmentation of \(12, 18\), .*\(18, 12\)"):
        stanford(tmp_path)[0]


# ---- what each offers besides


def test_sbd_by_classes(tmp_path):
    write_sbd(tmp_path)
    (labels,) = sbd(tmp_path, "train", "classes")[0].truths
    np.testing.assert_array_equal(labels, np.array([0, 2, 2, 1])[TRUTH])
    (tmp_path / "cls" / "2008_1.mat").unlink()
    assert len(sbd(tmp_path)) == 2, "instances do not need the classes"
    with pytest.raises(FileNotFoundError, match=r"cls has no 2008_1\.mat"):
        sbd(tmp_path, truth="classes")
    with pytest.raises(ValueError, match="truth is 'inst', expected one of instances, classes"):
        sbd(tmp_path, truth="inst")


def test_sbd_with_the_other_variable(tmp_path):
    write_sbd(tmp_path)
    (tmp_path / "cls" / "2009_2.mat").replace(tmp_path / "inst" / "2009_2.mat")
    with pytest.raises(ValueError, match=r"2009_2\.mat is no segmentation: no GTinst with a Segmentation"):
        sbd(tmp_path)[0]


CLASS = np.array([-1, 1, 1, 0])[TRUTH]  # two objects of one class are one


@pytest.mark.parametrize(("truth", "expected"), [("regions", CLASS), ("surfaces", UNKNOWN)])
def test_stanford_by_other_truths(tmp_path, truth, expected):
    write_stanford(tmp_path)
    np.testing.assert_array_equal(stanford(tmp_path, truth=truth)[0].truths[0], expected)


def test_drive_has_both_splits(tmp_path):
    write_drive(tmp_path)
    assert drive(tmp_path).names == ("01_test",)
    for file in (tmp_path / "test" / "1st_manual").iterdir():
        file.unlink()
    with pytest.raises(FileNotFoundError, match=r"1st_manual has no 01_manual1\.gif"):
        drive(tmp_path)
    assert len(drive(tmp_path, "training")) == 2


def test_nyuv2_by_classes_and_without_lists(tmp_path):
    write_nyuv2(tmp_path, lists=False)
    found = nyuv2(tmp_path, truth="classes")
    assert found.names == ("0001", "0002", "0003")
    np.testing.assert_array_equal(found[2].truths[0], np.array([-1, 1, 1, 0])[TRUTH])
    with pytest.raises(FileNotFoundError, match=r"no .*splits\.mat, .* or take split='all'"):
        nyuv2(tmp_path, "test")
    savemat(tmp_path / "splits.mat", {"other": 1})
    with pytest.raises(ValueError, match=r"splits\.mat holds no testNdxs"):
        nyuv2(tmp_path, "test")


def test_nyuv2_from_pairs(tmp_path):
    write_pairs(tmp_path)
    write_pairs(tmp_path, "test")
    for split in ("all", "test"):
        found = nyuv2(tmp_path, split)
        assert found.names == ("a", "b")
        np.testing.assert_array_equal(found[0].truths[0], UNKNOWN)
    Image.new("RGB", SIZE[::-1]).save(tmp_path / "labels" / "a.png")
    with pytest.raises(ValueError, match=r"a\.png holds colours \(mode RGB\), expected numbers of regions"):
        nyuv2(tmp_path)[0]
    (tmp_path / "labels" / "test" / "b.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"has no b\.png \(1 of 2"):
        nyuv2(tmp_path, "test")


def test_nyuv2_that_is_broken(tmp_path):
    write_nyuv2(tmp_path)
    file = tmp_path / "nyu_depth_v2_labeled.mat"
    with h5py.File(file, "a") as content:
        del content["instances"]
    with pytest.raises(ValueError, match=r"labeled\.mat is not what it should be .*instances"):
        nyuv2(tmp_path)[0]
    file.write_bytes(b"MATLAB 7.3" * 30)
    with pytest.raises(ValueError, match=r"labeled\.mat is broken"):
        nyuv2(tmp_path)


def test_nyuv2_without_h5py(tmp_path, monkeypatch):
    write_nyuv2(tmp_path / "file")
    write_pairs(tmp_path / "pairs")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "spamlab\[nyuv2\]"'):
        nyuv2(tmp_path / "file")
    assert len(nyuv2(tmp_path / "pairs")[0].truths) == 1, "pairs need none"


def test_the_registry():
    assert set(DATASETS) == set(MADE) and DATASETS["bsds500"].splits == ("train", "val", "test")
    with pytest.raises(
        ValueError, match="no data set 'nyu', expected one of bsds500, nyuv2, stanford, sbd, drive"
    ):
        open_dataset("nyu", ".", "all")
