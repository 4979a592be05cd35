"""``spamlab segment --objects``: a map in a file, a folder of maps, and what goes wrong."""

import numpy as np
import pytest
from PIL import Image

from spamlab import masks
from spamlab.cli import main
from spamlab.data import scene
from spamlab.objects import from_file
from spamlab.spam import spam

SIZE = (48, 64)
WORDS = ["--method", "spam", "--n-segments", "20", "--overlay", "none"]


@pytest.fixture
def folder(tmp_path):
    """Write two scenes, and their objects in a folder of their own: labels of the one, masks of the other."""
    (tmp_path / "maps").mkdir()
    for turn, name in enumerate(("a", "b")):
        image, truth = scene(turn, SIZE)[:2]
        Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(tmp_path / f"{name}.png")
        if name == "a":
            Image.fromarray(truth.astype(np.uint8)).save(tmp_path / "maps" / "a.png")
        else:
            masks.write(tmp_path / "maps" / "b.json", [truth == value for value in np.unique(truth)])
    return tmp_path


def segment(folder, names, *words):
    return main(
        ["segment", *(str(folder / f"{name}.png") for name in names), *words, "-o", str(folder / "out")]
    )


def stored(folder, name):
    with Image.open(folder / "out" / f"{name}.png") as image:
        return np.asarray(image).astype(np.int32)


def test_a_folder_of_maps(folder, capsys):
    assert segment(folder, "ab", *WORDS, "--objects", str(folder / "maps"), "--compactness", "15") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    for name, file in (("a", "a.png"), ("b", "b.json")):
        objects = from_file(folder / "maps" / file)
        labels, owner = stored(folder, f"{name}_labels"), stored(folder, f"{name}_objects")
        with Image.open(folder / f"{name}.png") as image:
            np.testing.assert_array_equal(labels, spam(np.asarray(image), 20, objects, 15))
        assert objects.max() > 1
        np.testing.assert_array_equal(owner[objects > 0], objects[objects > 0])
        assert len(np.unique(labels * 1000 + owner)) == labels.max() + 1, "one number for each superpixel"


def test_a_label_that_stands_for_not_known(folder):
    file = folder / "maps" / "a.png"
    words = [*WORDS, "--objects", str(file)]
    label = np.bincount(np.asarray(Image.open(file)).ravel()).argmax()
    assert segment(folder, "a", *words, "--ignore", str(label)) == 0
    objects, found = from_file(file, int(label)), stored(folder, "a_objects")
    assert (objects != from_file(file)).any()
    np.testing.assert_array_equal(found[objects > 0], objects[objects > 0])
    assert found.max() == objects.max() < from_file(file).max()


def test_one_map_lacks(folder, capsys):
    (folder / "maps" / "a.png").rename(folder / "maps" / "c.png")
    assert segment(folder, "ab", *WORDS, "--objects", str(folder / "maps")) == 1
    said = capsys.readouterr()
    assert f"a.png: none in {folder / 'maps'}, expected one map: a.png or a.json" in said.err
    assert said.out.startswith("b: ") and (folder / "out" / "b_objects.png").is_file()


def test_two_maps_of_one_picture(folder, capsys):
    (folder / "maps" / "a.json").write_bytes((folder / "maps" / "b.json").read_bytes())
    assert segment(folder, "a", *WORDS, "--objects", str(folder / "maps")) == 1
    assert f"a.json and a.png in {folder / 'maps'}, expected one map" in capsys.readouterr().err


def test_a_map_of_another_size(folder, capsys):
    Image.new("L", (10, 20)).save(folder / "small.png")
    assert segment(folder, "a", *WORDS, "--objects", str(folder / "small.png")) == 1
    assert "objects has shape (20, 10), expected that of the image, (48, 64)" in capsys.readouterr().err


def test_a_result_never_replaces_a_map(folder, capsys):
    file = folder / "a_labels.png"
    file.write_bytes((folder / "maps" / "a.png").read_bytes())
    content = file.read_bytes()
    assert main(["segment", str(folder / "a.png"), *WORDS, "--objects", str(file), "-o", str(folder)]) == 1
    assert "a_labels.png would replace one of the pictures or maps" in capsys.readouterr().err
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--objects", "maps/a.png"], "--objects maps/a.png: slic takes no objects; add --method spam"),
        ([*WORDS, "--objects", "none.png"], "--objects none.png: no such file or folder"),
        (
            [*WORDS, "--objects", "maps/a.png"],
            "maps/a.png is one map, but there are 2 pictures; give a folder",
        ),
        ([*WORDS, "--ignore", "3"], "--ignore 3: it is about labels of --objects"),
        (["--method", "spam-truth"], "--method spam-truth: expected what an annotator drew"),
    ],
)
def test_words_that_do_not_go_together(folder, monkeypatch, capsys, words, said):
    monkeypatch.chdir(folder)
    assert segment(folder, "ab", *words) == 1
    assert said in capsys.readouterr().err and not list((folder / "out").glob("*"))
