"""Object maps from other sources: one contract, and what each of them says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image
from skimage.draw import line
from skimage.segmentation import felzenszwalb

from spamlab import masks, objects
from spamlab.regions import components

MAPS = arrays(np.int32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(-1, 3))
WINDOWS = st.sampled_from([1, 3, 5])


def halves():
    """Return a picture of two halves, (40, 60, 3), and its label map."""
    labels = np.zeros((40, 60), np.int32)
    labels[:, 25:] = 1
    return np.array([[0.9, 0.2, 0.1], [0.1, 0.3, 0.9]], np.float32)[labels], labels


# ---- classes and truths


@given(MAPS, WINDOWS, st.integers(0, 5), st.permutations(range(4)))
def test_numbers_of_classes_do_not_matter(labels, uncertain, min_area, order):
    other = np.append(np.array(order) * 9, 255)[labels]
    expected = objects.from_segments(labels, uncertain, min_area)
    np.testing.assert_array_equal(objects.from_classes(other, 255, uncertain, min_area), expected)


@given(MAPS, st.sets(st.integers(0, 3)))
def test_what_is_ignored_is_uncertain(labels, ignore):
    found = objects.from_classes(labels, ignore, min_area=0)
    known = (labels >= 0) & ~np.isin(labels, list(ignore))
    np.testing.assert_array_equal(found > 0, known | ~known.any())


def test_each_piece_of_a_class_is_an_object():
    labels = np.full((30, 60), 255, np.uint8)  # as PASCAL VOC stores them
    labels[2:28, 2:20] = labels[2:28, 40:58] = 7
    labels[2:28, 22:38] = 0
    found = objects.from_classes(labels, ignore=255)
    assert [found[10, c] for c in (0, 10, 30, 50)] == [0, 1, 2, 3]
    wider = objects.from_classes(labels, ignore=255, uncertain=3)
    assert (wider[3:27, 3:19] == 1).all() and (wider == 1).sum() == 24 * 16


@given(MAPS)
def test_a_truth_keeps_every_piece(truth):
    found = objects.from_truth(truth)
    expected = components(truth) + 1
    np.testing.assert_array_equal(found, expected if expected.any() else np.ones_like(expected))


@given(MAPS, st.sampled_from([3, 5]))
def test_a_band_leaves_no_crumbs_of_a_truth(truth, uncertain):
    pieces, found = components(truth), objects.from_truth(truth, uncertain)
    if found.min() > 0:  # no piece is wide enough, or there is but one
        assert found.max() == 1
        return
    for k in range(pieces.max() + 1):
        inside = pieces == k
        left = np.unique(found[inside & (found > 0)])
        sure = components(np.where(inside & ~objects.uncertain_band(pieces, uncertain), 0, -1))
        assert len(left) == (sure.max() >= 0)
        if len(left):
            assert (found == left[0]).sum() == np.bincount(sure[sure >= 0]).max()
            assert not (found == left[0])[~inside].any()


def test_a_wider_band_leaves_less():
    labels = components(np.indices((60, 60)).sum(axis=0) // 20)
    certain = [(objects.from_truth(labels, uncertain=w) > 0).sum() for w in (1, 3, 5, 7)]
    assert certain[0] == 3600 and certain == sorted(certain, reverse=True) and len(set(certain)) == 4


def test_smooth_takes_the_teeth_off_a_border():
    labels = np.zeros((40, 60), int)
    labels[20:] = 1
    labels[17:20, ::4] = 1  # a comb
    rough, fine = objects.from_segments(labels), objects.from_segments(labels, smooth=6)
    assert (rough[16:20] == 2).sum() == 45 and fine.max() == 2
    flips = [(found[:, 1:] != found[:, :-1])[:, 6:-6].sum() for found in (rough, fine)]
    assert flips[1] == 0 < flips[0]
    assert (objects.from_segments(labels, smooth=0.9) == rough).all()
    with pytest.raises(ValueError, match="smooth=-1"):
        objects.from_segments(labels, smooth=-1)


def test_what_is_outside_stays_outside_where_it_is_broad():
    labels = np.zeros((40, 40), int)
    labels[:, 20:] = -1
    found = objects.from_segments(labels, smooth=5)
    assert (found[:, :15] == 1).all() and (found[:, 25:] == 0).all()


def test_felzenszwalb():
    image, labels = halves()
    np.testing.assert_array_equal(objects.from_felzenszwalb(image), labels + 1)
    noisy = np.clip(image + np.random.default_rng(0).normal(0, 0.2, image.shape), 0, 1).astype(np.float32)
    cut = felzenszwalb(noisy, scale=50, sigma=0.4, min_size=10)
    found = objects.from_felzenszwalb(noisy, 50, 0.4, 10, uncertain=3, min_area=5)
    np.testing.assert_array_equal(found, objects.from_segments(cut, 3, 5))
    assert found.max() > 2


# ---- files


def test_a_file_of_masks(tmp_path):
    rng = np.random.default_rng(0)
    proposals = np.repeat(np.repeat(rng.random((6, 5, 6)) < 0.4, 12, axis=1), 12, axis=2)
    masks.write(tmp_path / "proposals.json", proposals)
    found = objects.from_file(tmp_path / "proposals.json", uncertain=3, min_area=20)
    np.testing.assert_array_equal(found, objects.object_map(proposals, uncertain=3, min_area=20))
    assert found.max() > 3
    masks.write(tmp_path / "none.json", [], shape=(4, 5))
    assert (objects.from_file(tmp_path / "none.json") == np.ones((4, 5))).all()


def label_map():
    """Return blocks with numbers up to 255, (32, 48)."""
    values = np.array([[0, 3, 255], [3, 17, 0]])
    return np.repeat(np.repeat(values, 16, axis=0), 16, axis=1)


def saved(folder, labels, mode):
    """Save labels as a picture of a mode; return the file."""
    if mode == "RGB":  # as panoptic maps of COCO: 1000 and more need a second channel
        labels = np.stack([labels * 1000 >> 8 * c & 255 for c in range(3)], axis=2)
    image = Image.fromarray(labels.astype({"I;16": np.uint16, "I": np.int32}.get(mode, np.uint8)))
    if mode == "P":
        image.putpalette(np.random.default_rng(0).integers(0, 256, 768).tolist())
    elif mode in ("RGBA", "LA"):
        image = image.convert(mode)
    assert image.mode == mode
    file = folder / f"labels.{'tif' if mode == 'I' else 'png'}"
    image.save(file)
    return file


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "I;16", "I", "RGBA", "LA"])
def test_pictures_of_labels(tmp_path, mode):
    labels = label_map()
    expected = objects.from_classes(labels, uncertain=3)
    np.testing.assert_array_equal(objects.from_file(saved(tmp_path, labels, mode), uncertain=3), expected)
    assert expected.max() == 6


def test_labels_of_a_file_can_be_ignored(tmp_path):
    labels = label_map()
    found = objects.from_file(saved(tmp_path, labels, "P"), ignore=(0, 255), min_area=10)
    np.testing.assert_array_equal(found > 0, np.isin(labels, (3, 17)))
    coloured = objects.from_file(saved(tmp_path, labels, "RGB"), ignore=17_000)
    np.testing.assert_array_equal(coloured == 0, labels == 17)


def test_files_that_hold_no_labels(tmp_path):
    grey = Image.fromarray(label_map().astype(np.uint8))
    grey.save(tmp_path / "labels.jpg")
    with pytest.raises(ValueError, match="JPEG of mode L, expected labels"):
        objects.from_file(tmp_path / "labels.jpg")
    grey.convert("F").save(tmp_path / "float.tif")
    with pytest.raises(ValueError, match="whole numbers"):
        objects.from_file(tmp_path / "float.tif")
    whole = saved(tmp_path, label_map(), "L").read_bytes()
    for content in (b"text", whole[: len(whole) // 2]):
        (tmp_path / "broken.png").write_bytes(content)
        with pytest.raises(ValueError, match="no readable picture"):
            objects.from_file(tmp_path / "broken.png")
    for name in ("none.png", "none.json"):
        with pytest.raises(FileNotFoundError):
            objects.from_file(tmp_path / name)


# ---- clicks


def tiles():
    """Return a map of 4 x 6 tiles of 5 x 5 pixels, numbered row by row."""
    rows, cols = np.indices((20, 30)) // 5
    return 6 * rows + cols


def test_clicked_regions_become_objects():
    regions = tiles()
    clicks = [("cat", (2, 2)), ("sky", (2, 27)), ("cat", (2, 7)), ("cat", (17, 2))]
    found = objects.from_clicks(regions, clicks)
    expected = np.zeros((20, 30), int)
    expected[np.isin(regions, (0, 1))], expected[regions == 5], expected[regions == 18] = 1, 2, 3
    np.testing.assert_array_equal(found, expected)  # the cat's third tile does not touch the others
    narrow = objects.from_clicks(regions, clicks, uncertain=3)
    assert (narrow > 0).sum() == 4 * 9 + 4 * 4 + 4 * 4  # at the border of the picture nothing is lost


def test_a_stroke_takes_what_it_passes():
    regions = tiles()
    stroke = [(2, 2), (2, 27), (17, 27)]
    passed = np.union1d(regions[line(2, 2, 2, 27)], regions[line(2, 27, 17, 27)])
    np.testing.assert_array_equal(objects.from_clicks(regions, [(1, stroke)]) > 0, np.isin(regions, passed))


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 19), st.integers(0, 29)), max_size=12))
def test_what_clicks_say(clicks):
    regions = tiles()
    names = [{name for name, row, col in clicks if regions[row, col] == k} for k in range(24)]
    found = objects.from_clicks(regions, [(name, (row, col)) for name, row, col in clicks])
    if not any(len(said) == 1 for said in names):
        assert (found == 1).all()
        return
    key = np.array([min(said) if len(said) == 1 else -1 for said in names])[regions]
    np.testing.assert_array_equal(found, components(key) + 1)


def test_clicks_outside_a_mask_say_nothing():
    regions = np.where(tiles() < 12, tiles(), -1)
    found = objects.from_clicks(regions, [("a", (15, 3)), ("b", (2, 2))])
    np.testing.assert_array_equal(found > 0, regions == 0)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ((20, 3), r"\(20, 3\) lies outside the picture of 20 x 30"),
        ([(1, 1), (-1, 4)], r"\(-1, 4\) lies outside"),
        ((1.5, 2), "whole numbers"),
        ((1, 2, 3), "shape"),
    ],
)
def test_bad_clicks(points, said):
    with pytest.raises(ValueError, match=said):
        objects.from_clicks(tiles(), [("a", points)])
