"""DINO's attention against the same by hand, on random weights; what is kept; what goes wrong."""

import re
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from skimage.transform import resize
from torch.nn import functional
from transformers import ViTConfig, ViTModel

from spamlab import models
from spamlab.data import load_image
from spamlab.models import dino, hub

SIZES = {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 3, "intermediate_size": 32}
PATCH, GRID = 8, 7  # the side of a patch, and patches in a row of the pictures of the training
OLD = {  # names of weights in the files on the hub
    r"^layers\.": "encoder.layer.",
    r"attention\.q_proj": "attention.attention.query",
    r"attention\.k_proj": "attention.attention.key",
    r"attention\.v_proj": "attention.attention.value",
    r"attention\.o_proj": "attention.output.dense",
    r"mlp\.fc1": "intermediate.dense",
    r"mlp\.fc2": "output.dense",
}


def random_vit(seed=0):
    """Return a tiny ViTModel of random weights whose attention varies."""
    model = ViTModel(ViTConfig(image_size=PATCH * GRID, patch_size=PATCH, **SIZES))
    random = torch.Generator().manual_seed(seed)
    for name, weights in model.named_parameters():
        if "layernorm" not in name:
            scale = weights[0].numel() ** -0.5 if weights.ndim > 1 else 0.1
            weights.data = 2 * scale * torch.randn(weights.shape, generator=random)
    return model.eval()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    random_vit().save_pretrained(folder)
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAMLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "attention"


@pytest.fixture(scope="module")
def image():
    return load_image("coffee", 90)  # 60 x 90: no multiples of 8


def by_the_book(folder, pixels):
    """Return the attention of CLS to patches in the last layer, (h, w), from the stored numbers alone."""
    state = {name: values.double() for name, values in load_file(folder / "model.safetensors").items()}
    for name, old in OLD.items():  # whatever the version of transformers that wrote the file
        state = {re.sub(name, old, key): values for key, values in state.items()}

    def linear(x, name):
        return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]

    def norm(x, name):
        return functional.layer_norm(x, x.shape[-1:], state[f"{name}.weight"], state[f"{name}.bias"], 1e-12)

    _, height, width = pixels.shape
    rows, cols = height // PATCH, width // PATCH
    cut = pixels.reshape(3, rows, PATCH, cols, PATCH).permute(1, 3, 0, 2, 4).reshape(rows * cols, -1)
    kernel = state["embeddings.patch_embeddings.projection.weight"].flatten(1)
    x = cut @ kernel.T + state["embeddings.patch_embeddings.projection.bias"]
    places = state["embeddings.position_embeddings"][0]
    grid = places[1:].T.reshape(1, -1, GRID, GRID)
    grid = functional.interpolate(grid, (rows, cols), mode="bicubic", align_corners=False)
    x = torch.cat([state["embeddings.cls_token"][0] + places[:1], x + grid[0].flatten(1).T])
    heads, width = SIZES["num_attention_heads"], SIZES["hidden_size"] // SIZES["num_attention_heads"]
    for i in range(SIZES["num_hidden_layers"]):
        layer = f"encoder.layer.{i}"
        seen = norm(x, f"{layer}.layernorm_before")
        q, k, v = (linear(seen, f"{layer}.attention.attention.{n}") for n in ("query", "key", "value"))
        found, answers = [], []
        for head in range(heads):
            own = slice(head * width, (head + 1) * width)
            found.append(torch.softmax(q[:, own] @ k[:, own].T / width**0.5, 1))
            answers.append(found[-1] @ v[:, own])
        x = x + linear(torch.cat(answers, 1), f"{layer}.attention.output.dense")
        inner = functional.gelu(linear(norm(x, f"{layer}.layernorm_after"), f"{layer}.intermediate.dense"))
        x = x + linear(inner, f"{layer}.output.dense")
    return torch.stack(found).mean(0)[0, 1:].reshape(rows, cols).numpy()


def test_attention_is_that_of_the_book(folder, image):
    pixels = dino.prepare(image, PATCH)
    assert pixels.shape == (1, 3, 64, 88)  # 60 x 90 to the nearest multiples of 8
    expected = by_the_book(folder, pixels[0].double())
    assert expected.std() / expected.mean() > 0.1
    np.testing.assert_allclose(dino.attention(hub.load(folder, "vit"), image), expected, rtol=1e-4)
    found = models.dino_attention(image, folder)
    large = resize(expected, image.shape[:2], order=1)
    np.testing.assert_allclose(found, (large - large.min()) / np.ptp(large), atol=1e-3)
    assert found.dtype == np.float32 and found.shape == image.shape[:2]
    assert found.min() == 0 and found.max() == 1


def test_names_of_the_hub_load(folder, image, tmp_path):
    state = load_file(folder / "model.safetensors")
    for name, old in OLD.items():
        state = {re.sub(name, old, key): values for key, values in state.items()}
    assert "encoder.layer.0.attention.attention.query.weight" in state
    save_file(state, tmp_path / "model.safetensors", {"format": "pt"})
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    expected = models.dino_attention(image, folder, keep=False)
    np.testing.assert_array_equal(models.dino_attention(image, tmp_path, keep=False), expected)


@pytest.mark.parametrize("shape", [(321, 481), (1, 1), (5, 700), (97, 8)])
def test_the_whole_picture_is_seen(shape):
    """A mark in the last row and column changes what the network gets, whatever the sides."""
    picture = np.zeros((*shape, 3), np.float32)
    plain = dino.prepare(picture, PATCH)
    height, width = plain.shape[2:]
    assert height % PATCH == width % PATCH == 0 and max(height, width) <= dino.SIDE
    picture[-max(1, shape[0] // 20) :, -max(1, shape[1] // 20) :] = 1
    assert (dino.prepare(picture, PATCH) - plain)[0, :, -1, -1].min() > 0.5


def test_colours_are_those_of_imagenet():
    picture = np.broadcast_to(np.float32([0.485, 0.456, 0.406]), (16, 16, 3))
    assert dino.prepare(picture, PATCH).abs().max() < 0.01
    picture = np.broadcast_to(np.float32([0.485 + 0.229, 0.456 + 0.224, 0.406 + 0.225]), (16, 16, 3))
    assert (dino.prepare(picture, PATCH) - 1).abs().max() < 0.01


def test_a_picture_of_one_patch_prefers_nothing(folder):
    assert not models.dino_attention(np.full((6, 7, 3), 0.4), folder).any()


def test_maps_are_kept(folder, own_cache, image, monkeypatch):
    first = models.dino_attention(image, folder)
    (file,) = own_cache.iterdir()
    with monkeypatch.context() as patch:
        patch.setattr("spamlab.models.dino.attention", None)  # the second time nothing is computed
        np.testing.assert_array_equal(models.dino_attention(image, folder), first)
    models.dino_attention(image[:, ::-1], folder, keep=False)
    assert list(own_cache.iterdir()) == [file]
    file.write_bytes(file.read_bytes()[:100])
    with pytest.warns(UserWarning, match="the maps are computed again"):
        np.testing.assert_array_equal(models.dino_attention(image, folder), first)


def test_what_keeps_maps_apart(folder, own_cache, image, tmp_path):
    random_vit(seed=1).save_pretrained(tmp_path / "other")
    first = models.dino_attention(image, folder)
    assert (models.dino_attention(image, tmp_path / "other") != first).any()
    models.dino_attention(image[:, ::-1], folder)
    assert len(list(own_cache.iterdir())) == 3


def test_what_is_not_here_is_not_downloaded(image, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    with pytest.raises(FileNotFoundError) as caught:
        models.dino_attention(image)
    said = str(caught.value)
    assert "spamlab.models.fetch('facebook/dino-vits8')" in said
    assert "huggingface.co/facebook/dino-vits8 " in said
    assert "spamlab.saliency.saliency, which needs no weights" in said and "masks" not in said
    with pytest.raises(FileNotFoundError, match="no config.json and no model.safetensors") as caught:
        models.dino_attention(image, tmp_path)
    assert "spamlab.saliency" in str(caught.value)


def test_another_kind_of_network(image, folder, tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "sam"}')
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    with pytest.raises(ValueError, match="type 'sam', expected 'vit'"):
        models.dino_attention(image, tmp_path)
    with pytest.raises(ValueError, match="type 'vit', expected 'sam'"):
        models.load(folder)


def test_transformers_missing(monkeypatch, folder, image):
    monkeypatch.setitem(sys.modules, "transformers", None)
    hub._load.cache_clear()
    with pytest.raises(ImportError, match=r"pip install 'spamlab\[models\]'"):
        models.dino_attention(image, folder)
