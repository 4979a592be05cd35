"""The masks drawn by hand: those their script draws, and a pile with what a mask generator gets wrong."""

import functools
import json
import runpy

import numpy as np
import pytest
from pycocotools import mask as coco
from scipy.ndimage import maximum_filter, minimum_filter
from skimage.measure import label

from spamlab import masks
from spamlab.data import image_names, load_image
from spamlab.paths import data_dir

NAMES = ["astronaut", "camera", "chelsea", "coffee", "coins", "retina", "rocket"]
FOLDER = data_dir() / "proposals"


@functools.cache
def script():
    return runpy.run_path(str(FOLDER / "make_proposals.py"))


@functools.cache
def pile(name):
    """Return the masks of a picture, (n, H, W) bool."""
    return np.stack([found.mask for found in masks.read(FOLDER / f"{name}.json")])


@functools.cache
def overlaps(name):
    """Return the pixels that two masks share, (n, n); on the diagonal their areas."""
    flat = pile(name).reshape(len(pile(name)), -1).astype(np.float32)
    return flat @ flat.T


def document(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def slivers(owner):
    """Return the values of `owner` of its 4-connected pieces of at least 10 pixels without a 5 x 5 square."""
    pieces = label(owner, background=-1, connectivity=1)
    square = maximum_filter(owner, 5) == minimum_filter(owner, 5)
    broad = np.bincount(pieces.ravel(), weights=square.ravel()) > 0
    thin = np.flatnonzero((np.bincount(pieces.ravel()) >= 10) & ~broad)
    return np.array([owner.ravel()[np.argmax(pieces.ravel() == piece)] for piece in thin])


def crumbs(mask):
    """Return how many 4-connected pieces of `mask` have 1 to 12 pixels and do not touch the frame."""
    pieces = label(mask, connectivity=1)
    sizes = np.bincount(pieces.ravel())
    inner = ~np.isin(np.arange(len(sizes)), np.r_[pieces[[0, -1]].ravel(), pieces[:, [0, -1]].ravel()])
    return int(np.sum((sizes <= 12) & inner))


def test_one_file_per_picture():
    assert sorted(file.stem for file in FOLDER.glob("*.json")) == NAMES == sorted(script()["parts"]())
    assert set(NAMES) <= set(image_names())


@pytest.mark.parametrize("name", NAMES)
def test_script_draws_the_shipped_masks(name):
    shape = load_image(name).shape[:2]
    drawn = script()["proposals"](name, script()["parts"]()[name], shape)
    shipped = masks.read(FOLDER / f"{name}.json")
    assert len(drawn) == len(shipped)
    for new, old in zip(drawn, shipped, strict=True):
        np.testing.assert_array_equal(new.mask, old.mask)
        assert (new.predicted_iou, new.stability_score) == (old.predicted_iou, old.stability_score)
        assert new.point == old.point


@pytest.mark.parametrize("name", NAMES)
def test_file_says_what_it_is(name):
    found, file = document(name), FOLDER / f"{name}.json"
    assert found["about"] == script()["ABOUT"] and found["about"].startswith("Hand-made")
    assert "not the output of a model" in found["about"] and "made up" in found["about"]
    assert found["image"]["file_name"] == f"{name}.png"
    assert masks.shape(file) == load_image(name).shape[:2] == pile(name).shape[1:]
    assert file.stat().st_size < 100_000


@pytest.mark.parametrize("name", NAMES)
def test_cocos_own_program_reads_them(name):
    for entry, mask in zip(document(name)["annotations"], pile(name), strict=True):
        np.testing.assert_array_equal(coco.decode(entry["segmentation"]) > 0, mask)
        assert coco.area(entry["segmentation"]) == entry["area"]
        (x, y), crop = entry["point_coords"][0], entry["crop_box"]
        assert mask[int(y), int(x)] and crop == [0, 0, *mask.shape[::-1]]
        assert 0.88 <= entry["predicted_iou"] <= 1 and 0.95 <= entry["stability_score"] <= 1


@pytest.mark.parametrize("name", NAMES)
def test_a_pile_is_no_segmentation(name):
    shared, count = overlaps(name), pile(name).sum(axis=0)
    areas = np.diag(shared)
    assert 15 <= len(areas) <= 60
    assert (count == 0).sum() > 0.01 * count.size  # gaps
    assert (count > 1).mean() > 0.25  # overlaps
    inside = (shared > 0.95 * areas[:, None]) & (areas[:, None] < 0.7 * areas)
    assert inside.sum() >= 20  # parts in wholes
    assert (inside.astype(int) @ inside).max() > 0  # of parts
    ious = shared / (areas[:, None] + areas - shared)
    twins = (ious > 0.7) & (ious < 1)
    assert np.triu(twins, 1).sum() >= 3  # nearly the same
    assert len({mask.tobytes() for mask in pile(name)}) == len(areas)  # and none twice


@pytest.mark.parametrize("name", NAMES)
def test_slivers_islands_and_holes(name):
    owner = np.zeros(pile(name).shape[1:], int)
    for k in np.argsort(-np.diag(overlaps(name)), kind="stable"):
        owner[pile(name)[k]] = k + 1  # the smallest mask wins
    found = slivers(owner)
    assert len(found) >= 20 and np.sum(found == 0) >= 3  # of masks, of gaps
    assert sum(crumbs(mask) for mask in pile(name)) >= 10  # islands
    assert sum(crumbs(~mask) for mask in pile(name)) >= 3  # holes


def test_readme_counts_them():
    text = (data_dir() / "README.md").read_text(encoding="utf-8")
    for name in NAMES:
        row = next(line for line in text.splitlines() if line.startswith(f"| proposals/{name}.json |"))
        assert f": {len(pile(name))} masks |" in row


def test_script_refuses_what_it_does_not_know():
    contour = "spot - 4 4, 4 12, 12 12, 12 4\n\n= spot : "
    with pytest.raises(ValueError, match="flaws .*'fuzzy'.* are unknown, expected some of grow, rough"):
        script()["proposals"]("coffee", contour + "fuzzy 2\n", (40, 40))
    with pytest.raises(ValueError, match="coffee: the mask 'spot : grow -9' is empty"):
        script()["proposals"]("coffee", contour + "grow -9\n", (40, 40))


@pytest.mark.parametrize(("asked", "low", "high"), [("grow 2", 2, 3), ("grow -2", -3, -2), ("", -1, 1)])
def test_borders_move_as_asked(asked, low, high):
    contour = "spot - 10 10, 10 50, 50 50, 50 10\n\n= spot : rough 0.5 round 0.1 " + asked + "\n"
    (found,) = script()["proposals"]("coffee", contour, (60, 60))
    middle = found.mask[15:46, 15:46]
    assert middle.all()
    sides = [found.mask[30, :30].sum() - 20, found.mask[:30, 30].sum() - 20]
    assert all(low - 0.5 <= side <= high + 0.5 for side in sides)
