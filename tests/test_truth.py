"""The truths drawn by hand: whole, listed, and those that their script draws."""

import runpy

import numpy as np
import pytest
from PIL import Image
from skimage.measure import label

from spamlab.data import image_names, load_image, load_truth, truth_names
from spamlab.paths import data_dir

NAMES = ["astronaut", "camera", "chelsea", "coffee", "coins", "rocket"]


def test_names():
    assert truth_names() == tuple(NAMES)
    assert set(truth_names()) <= set(image_names())


@pytest.mark.parametrize("name", NAMES)
def test_truths_of_a_picture(name):
    coarse, fine = load_truth(name)
    for truth in (coarse, fine):
        assert truth.dtype == np.int32 and truth.shape == load_image(name).shape[:2]
        sizes = np.bincount(truth.ravel())
        assert len(sizes) > 1 and sizes.min() >= 30  # hence every label from 0 to n - 1 occurs
        assert label(truth + 1, connectivity=1).max() == len(sizes)
    assert fine.max() > coarse.max()


def test_coins_are_counted():
    assert load_truth("coins")[0].max() == 24


@pytest.mark.parametrize("name", ["gravel", "Coffee", "coffee_coarse", "../images/coffee", ""])
def test_picture_without_truths(name):
    with pytest.raises(ValueError, match="astronaut, camera, chelsea, coffee, coins, rocket"):
        load_truth(name)


def test_script_draws_the_shipped_truths(tmp_path):
    script = runpy.run_path(str(data_dir() / "truth" / "make_truth.py"))
    script["main"](tmp_path)
    made = sorted(file.name for file in tmp_path.iterdir())
    assert made == sorted(file.name for file in (data_dir() / "truth").glob("*.png"))
    for name in made:  # the pixels: compressors differ
        with Image.open(tmp_path / name) as new, Image.open(data_dir() / "truth" / name) as shipped:
            assert new.mode == shipped.mode == "L"
            np.testing.assert_array_equal(np.asarray(new), np.asarray(shipped), err_msg=name)


def test_script_refuses_a_crumb():
    script = runpy.run_path(str(data_dir() / "truth" / "make_truth.py"))
    script["CONTOURS"]["coffee"] = "speck - 10 10, 10 12, 12 12, 12 10"
    with pytest.raises(ValueError, match=r"coffee: a region of \d+ pixels at \[1[01], 1[01]\] in speck"):
        script["paint"]("coffee", "wood; speck", (40, 40))


@pytest.mark.parametrize("name", NAMES)
def test_readme_mentions_each(name):
    text = (data_dir() / "README.md").read_text(encoding="utf-8")
    for kind, truth in zip(("coarse", "fine"), load_truth(name), strict=True):
        assert f"| truth/{name}_{kind}.png |" in text
        row = next(line for line in text.splitlines() if f"truth/{name}_{kind}.png" in line)
        assert f"{truth.max() + 1} regions" in row
