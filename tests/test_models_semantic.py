"""Classes of pixels by tiny random networks, against the same by hand; what is kept; what goes wrong."""

import json
import sys

import numpy as np
import pytest
import tiny_networks
import torch
import transformers
from PIL import Image
from skimage.transform import resize

from spamlab import models
from spamlab.data import load_image
from spamlab.features import as_image
from spamlab.models import hub, pictures
from spamlab.refine import refine

HOW = {"size": {"shortest_edge": 96}, "resample": 2, **tiny_networks.COLOURS}
KINDS = ("mobilenet_v2", "segformer")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    top = tmp_path_factory.mktemp("networks")
    return {kind: tiny_networks.save(kind, top / kind, HOW, seed=1) for kind in KINDS}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAMLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "segments"


@pytest.fixture(scope="module")
def image():
    return load_image("coffee", 91)  # 61 x 91


def by_hand(kind, image, size):
    """Return the logits of a tiny network at each pixel of a picture, (H, W, C)."""
    picture = Image.fromarray(np.rint(image * 255).astype(np.uint8)).resize(size[::-1], Image.BILINEAR)
    pixels = (np.asarray(picture) / 255 - tiny_networks.COLOURS["image_mean"]) / tiny_networks.COLOURS[
        "image_std"
    ]
    with torch.no_grad():
        answer = tiny_networks.network(kind, seed=1)(torch.tensor(pixels).permute(2, 0, 1)[None].float())
    coarse = answer.logits[0].permute(1, 2, 0).numpy()
    assert coarse.shape[0] < image.shape[0] / 2, "the network answers in cells"
    return resize(coarse, image.shape[:2], order=1, mode="edge", anti_aliasing=False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("turned", "size"), [(False, (96, 143)), (True, (143, 96))])
def test_classes_are_those_by_hand(folders, image, kind, turned, size):
    image = np.swapaxes(image, 0, 1) if turned else image
    classes, names = models.semantic(image, folders[kind])
    assert classes.shape == image.shape[:2] and classes.dtype == np.int32
    assert names == tiny_networks.NAMES
    logits = by_hand(kind, image, size)
    last, best = np.sort(logits, axis=2)[..., -2:].transpose(2, 0, 1)
    clear = best - last > 1e-3 * np.ptp(logits)
    assert clear.mean() > 0.98 and len(np.unique(classes)) > 2
    np.testing.assert_array_equal(classes[clear], logits.argmax(axis=2)[clear])


@pytest.mark.parametrize("shape", [(33, 57), (200, 31), (1, 9)])
@pytest.mark.parametrize("kind", KINDS)
def test_any_size(folders, kind, shape):
    image = np.random.default_rng(0).random((*shape, 3))
    classes, _ = models.semantic(image, folders[kind])
    assert classes.shape == shape and 0 <= classes.min() <= classes.max() < 5
    grey, _ = models.semantic(image[..., 0], folders[kind])
    assert grey.shape == shape


def test_logits_are_enlarged_before_the_largest_wins():
    """Between a cell of class 0 and one of class 1 with half its certainty, the border moves."""

    class Network:
        def __call__(self, pixel_values):
            return type("Answer", (), {"logits": torch.tensor([[[[4.0, 0.0]], [[0.0, 2.0]]]])})

    classes = models_semantic().classify(Network(), torch.zeros(1, 3, 1, 12), (1, 12))
    # at column x the first logit is 4 (1 - t), the second 2 t, t = (x + 0.5) / 6 - 0.5 between the cells
    t = np.clip((np.arange(12) + 0.5) / 6 - 0.5, 0, 1)
    np.testing.assert_array_equal(classes[0], 2 * t > 4 * (1 - t))
    assert classes[0].sum() == 5, "enlarging the winners would give 6"


def test_the_lowest_class_wins_a_tie():
    logits = torch.tensor([1.0, 3.0, 3.0, 2.0])[None, :, None, None].expand(1, 4, 2, 2)
    network = lambda pixel_values: type("Answer", (), {"logits": logits})  # noqa: E731
    assert (models_semantic().classify(network, torch.zeros(1, 3, 8, 8), (5, 7)) == 1).all()


def models_semantic():
    return sys.modules["spamlab.models.semantic"]  # the name below models is that of the function


def test_a_class_map_can_be_refined(folders, image):
    classes, _ = models.semantic(image, folders["mobilenet_v2"])
    refined = refine(classes, image, n_segments=40)
    assert refined.shape == classes.shape and set(np.unique(refined)) <= set(np.unique(classes))


def test_maps_are_kept(folders, own_cache, image, monkeypatch):
    folder = folders["segformer"]
    first, names = models.semantic(image, folder)
    (file,) = own_cache.iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(models_semantic(), "classify", None)  # the second time nothing is computed
        again, same_names = models.semantic(image, folder)
    np.testing.assert_array_equal(again, first)
    assert again.dtype == np.int32 and same_names == names
    models.semantic(image[:, ::-1], folder, keep=False)
    assert list(own_cache.iterdir()) == [file]
    for content in (file.read_bytes()[:100], b"", b"no archive"):
        file.write_bytes(content)
        with pytest.warns(UserWarning, match="the maps are computed again"):
            np.testing.assert_array_equal(models.semantic(image, folder)[0], first)


def test_what_keeps_maps_apart(folders, own_cache, image, tmp_path):
    models.semantic(image, folders["segformer"])
    models.semantic(image, folders["mobilenet_v2"])
    models.semantic(image[::-1], folders["segformer"])
    other = tiny_networks.save("segformer", tmp_path / "other", HOW | {"image_mean": [0, 0, 0]}, seed=1)
    models.semantic(image, other)
    assert len(list(own_cache.iterdir())) == 4
    models.semantic(image, other)
    assert len(list(own_cache.iterdir())) == 4


def test_other_weights_in_the_same_folder_are_another_network(own_cache, image, tmp_path):
    folder = tiny_networks.save("segformer", tmp_path / "one", HOW, seed=1)
    first, _ = models.semantic(image, folder)
    tiny_networks.save("segformer", folder, HOW, seed=2)
    second, _ = models.semantic(image, folder)
    assert (first != second).any() and len(list(own_cache.iterdir())) == 2
    np.testing.assert_array_equal(second, models.semantic(image, folder, keep=False)[0])


# ---- how a picture is prepared


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"size": {"shortest_edge": 513}}, (513, 769)),
        ({"size": {"shortest_edge": 800, "longest_edge": 1000}}, (667, 1000)),
        ({"size": {"height": 512, "width": 512}}, (512, 512)),
        ({"size": 512}, (512, 512)),
        ({"size": 800, "max_size": 1333}, (800, 1199)),
        ({"size": 1000, "max_size": 1333}, (890, 1333)),
        ({"do_resize": False}, (321, 481)),
        ({"size": {"shortest_edge": 1200}}, (890, 1333)),  # no wider than LONGEST
        ({"size": {"shortest_edge": 800, "longest_edge": 1333}, "size_divisor": 32}, (800, 1216)),
    ],
)
def test_sizes(how, expected):
    assert pictures.wanted_shape((321, 481), how) == expected
    assert pictures.wanted_shape((481, 321), how) == expected[::-1]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("SegformerImageProcessor", {}),
        ("MobileNetV2ImageProcessor", {"size": {"shortest_edge": 513}, "do_center_crop": False}),
        ("Mask2FormerImageProcessor", {}),
        ("DetrImageProcessor", {}),
    ],
)
def test_pictures_are_prepared_as_by_transformers(image, tmp_path, name, settings):
    """With torchvision, transformers resizes by it, which may round a colour to the next one of 256."""
    processor = getattr(transformers, name)(**settings)
    processor.save_pretrained(tmp_path)
    given = np.rint(image * 255).astype(np.uint8)
    expected = processor(images=given, return_tensors="pt")["pixel_values"]
    found = pictures.prepare(image, pictures.how_of(tmp_path))
    np.testing.assert_allclose(found, expected, atol=2 / 255 / 0.2)


def test_the_whole_picture_is_seen():
    how = HOW | {"do_center_crop": True, "crop_size": {"height": 96, "width": 96}}
    picture = np.zeros((60, 120, 3), np.float32)
    plain = pictures.prepare(picture, how)
    assert plain.shape == (1, 3, 96, 192)
    picture[-3:, -3:] = 1
    assert (pictures.prepare(picture, how) - plain)[0, :, -1, -1].min() > 0.9


def test_bytes_come_back_as_bytes():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)[..., None].repeat(3, axis=2)
    plain = {"do_resize": False, "do_rescale": False, "do_normalize": False}
    for shift in (-0.4, 0, 0.4):  # what lies between bytes is rounded
        picture = as_image(np.clip((levels + shift) / 255, 0, 1).astype(np.float32))
        np.testing.assert_array_equal(pictures.prepare(picture, plain)[0, 0], levels[..., 0])


def test_colours():
    picture = np.broadcast_to(np.float32([0.2, 0.4, 0.6]), (4, 5, 3))
    as_they_are = {"do_resize": False, "do_normalize": True}  # a file without a mean
    pixels = pictures.prepare(picture, as_they_are)[0, :, 0, 0].numpy()
    np.testing.assert_allclose(pixels, [0.2, 0.4, 0.6], atol=1e-6)
    turned = pictures.prepare(picture, as_they_are | {"do_flip_channel_order": True})[0, :, 0, 0].numpy()
    np.testing.assert_allclose(turned, [0.6, 0.4, 0.2], atol=1e-6)
    centred = {"image_mean": [0.1, 0.2, 0.3], "image_std": [0.1, 0.2, 0.1]}
    pixels = pictures.prepare(picture, as_they_are | centred)[0, :, 0, 0].numpy()
    np.testing.assert_allclose(pixels, [1, 1, 3], atol=1e-5)
    bytes_ = {"do_resize": False, "do_rescale": False, "do_normalize": False}
    np.testing.assert_allclose(pictures.prepare(picture, bytes_)[0, :, 0, 0].numpy(), [51, 102, 153])


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"size": {}}', '{"size": "large"}', '{"size": null}'])
def test_a_broken_file(folders, image, tmp_path, content):
    folder = tiny_networks.save("segformer", tmp_path / "broken", HOW)
    (folder / "preprocessor_config.json").write_text(content)
    with pytest.raises(ValueError, match=r"preprocessor_config\.json does not say how .*save .* again"):
        models.semantic(image, folder)


# ---- what goes wrong


def test_what_is_not_here_is_not_downloaded(image, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    with pytest.raises(FileNotFoundError) as caught:
        models.semantic(image)
    said = str(caught.value)
    assert "spamlab.models.fetch('google/deeplabv3_mobilenet_v2_1.0_513')" in said
    assert "huggingface.co/google/deeplabv3_mobilenet_v2_1.0_513 " in said
    assert "config.json, model.safetensors and preprocessor_config.json" in said
    assert "spamlab.refine.coarse" in said and "masks" not in said
    with pytest.raises(FileNotFoundError, match=r"fetch\('nvidia/segformer-b0'\)"):
        models.semantic(image, "nvidia/segformer-b0")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match=r"no model.safetensors and no preprocessor_config.json;"):
        models.semantic(image, tmp_path)


def test_another_kind_of_network(folders, image, tmp_path):
    folder = tiny_networks.save("mask2former", tmp_path / "other", HOW)
    with pytest.raises(ValueError, match=r"type 'mask2former', expected .*'mobilenet_v2' or .*'segformer'"):
        models.semantic(image, folder)
    with pytest.raises(ValueError, match="type 'segformer', expected 'sam'"):
        models.load(folders["segformer"])


def test_a_network_without_a_head(folders, image, tmp_path):
    """A MobileNetV2 that names what is in a picture has the same type; its head says nothing of pixels."""
    from transformers import MobileNetV2ForImageClassification

    tiny = MobileNetV2ForImageClassification(tiny_networks.network("mobilenet_v2").config)
    tiny.save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(HOW))
    with pytest.raises(ValueError, match=r"lacks weights of .*segmentation_head"):
        models.semantic(image, tmp_path)


def test_transformers_missing(monkeypatch, folders, image):
    monkeypatch.setitem(sys.modules, "transformers", None)
    hub._load.cache_clear()
    with pytest.raises(ImportError, match=r"pip install 'spamlab\[models\]'"):
        models.semantic(image, folders["segformer"])
