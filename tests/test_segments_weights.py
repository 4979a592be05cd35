"""The two-headed network, its variants, and their files."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from test_segments import COFFEE, lively_network
from test_ssn import random_network
from torch.nn import functional

from spamlab._checkpoint import about
from spamlab.segments import Network, deep_features, load, save
from spamlab.ssn import save as save_ssn

VARIANTS = {
    "group8": {},
    "group32": {"norm": "group32", "widths": (32, 64, 32)},
    "batch": {"norm": "batch", "widths": (5, 6, 7)},
    "shared": {"shared": True},
    "coarse": {"concat": False},
    "both": {"shared": True, "concat": False, "widths": (8, 16, 24)},
}


@pytest.fixture(params=VARIANTS)
def network(request):
    return lively_network(1, **VARIANTS[request.param])


def picture(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * 5


@pytest.mark.parametrize("shape", [(5, 5), (16, 16), (17, 30), (30, 17), (19, 33), (6, 41)])
def test_the_shapes_of_the_features(network, shape):
    coarse = tuple(-(-side // 4) for side in shape)
    with torch.no_grad():
        F, V = network(picture(2, 3, *shape))
    assert F.shape == (2, 30, *shape)
    assert V.shape == (2, 30 if network.shared else 64, *coarse)
    assert F.isfinite().all() and V.isfinite().all()
    if network.shared:
        assert torch.equal(V, F[:, :, ::4, ::4])


def test_pictures_of_a_batch_do_not_mix(network):
    x = picture(3, 3, 20, 23)
    with torch.no_grad():
        together = network(x)
        for i in range(3):
            for found, alone in zip(together, network(x[i : i + 1]), strict=True):
                torch.testing.assert_close(found[i : i + 1], alone, rtol=1e-4, atol=1e-4)


def joined(network, head, scales):
    """Bring the scales that a head sees to full size, join them, and convolve: the paper's order."""
    weights, parts = [], []
    for side, part in head.parts.items():
        weights.append(part.weight)
        parts.append(functional.interpolate(scales[int(side)], scale_factor=int(side), mode="nearest"))
    whole = functional.pad(torch.cat(parts, dim=1), (1, 1, 1, 1), "replicate")
    return functional.conv2d(whole, torch.cat(weights, dim=1), sum(part.bias for part in head.parts.values()))


def test_a_head_is_one_convolution_over_all_scales():
    """Where every scale is constant, the order of convolution and enlargement plays no part."""
    network = lively_network(2)
    scales = {
        side: picture(1, 16, 1, 1, seed=side).expand(1, 16, 24 // side, 24 // side) for side in (1, 2, 4)
    }
    with torch.no_grad():
        expected = joined(network, network.superpixel_head, scales)
        torch.testing.assert_close(network.superpixel_head(scales), expected, rtol=1e-4, atol=1e-4)
        expected = joined(network, network.segment_head, scales)[:, :, ::4, ::4]
        torch.testing.assert_close(network.segment_head(scales), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("concat", "channels"), [(True, 8 + 16 + 24), (False, 24)])
def test_what_the_heads_see(concat, channels):
    network = lively_network(concat=concat, widths=(8, 16, 24))
    for head in (network.superpixel_head, network.segment_head):
        assert sum(part.in_channels for part in head.parts.values()) == channels
    names = {name.split(".")[0] for name in lively_network(shared=True).state_dict()}
    assert names == {*(f"conv{i}" for i in range(1, 7)), "superpixel_head"}  # no second head


def test_a_new_network_sees_next_to_nothing():
    """Training starts from superpixels of colour and place, all of them alike."""
    F, V = deep_features(COFFEE, Network())
    assert 0 < abs(F).max() < 0.2 and 0 < abs(V).max() < 0.2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"norm": "layer"}, "norm='layer', expected one of group8, group32, batch"),
        ({"norm": "group8", "widths": (8, 12, 8)}, "expected three, multiples of 8"),
        ({"norm": "group32", "widths": (16, 32, 32)}, "expected three, multiples of 32"),
    ],
)
def test_networks_that_cannot_be(options, says):
    with pytest.raises(ValueError, match=says):
        Network(**options)


# ---- files


def test_saved_networks_come_back(network, tmp_path):
    network.compactness, network.threshold = 17.5, 0.35
    file = tmp_path / "a.safetensors"
    save(network, file, entry={"score": 0.9})
    back = load(file)
    assert not back.training and about(file)["entry"] == {"score": 0.9}
    for name in ("norm", "shared", "concat", "widths", "compactness", "threshold"):
        assert getattr(back, name) == getattr(network, name)
    with torch.no_grad():
        x = picture(1, 3, 21, 18)
        assert all(torch.equal(new, old) for new, old in zip(back(x), network(x), strict=True))
    for source in (file, str(file)):
        for new, old in zip(deep_features(COFFEE, source), deep_features(COFFEE, network), strict=True):
            assert (new == old).all()


def test_the_header_is_plain_json(tmp_path):
    save(lively_network(threshold=0.25), tmp_path / "a.safetensors")
    with safe_open(tmp_path / "a.safetensors", "pt") as opened:
        assert json.loads(opened.metadata()["spamlab"])["threshold"] == 0.25


@pytest.mark.parametrize("content", [b"", b"a text, not a checkpoint\n", b"\0" * 64])
def test_a_file_with_another_content(content, tmp_path):
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match="a.safetensors is no safetensors file"):
        load(tmp_path / "a.safetensors")


def test_networks_of_another_kind(tmp_path):
    file = tmp_path / "other.safetensors"
    says = (
        "(?s)other.safetensors holds no network for segments: .*expected what `spamlab train segments` wrote"
    )
    save_ssn(random_network(), file)
    with pytest.raises(ValueError, match=says):
        load(file)
    save_file(lively_network().state_dict(), file)  # without what it was made with
    with pytest.raises(ValueError, match=says):
        load(file)
    known = {name: getattr(lively_network(), name) for name in ("norm", "shared", "concat", "widths")}
    for wrong in ({"widths": (8, 8, 8)}, {"shared": True}, {"concat": False}, {"norm": "batch"}):
        header = {**known, "compactness": 10.0, "threshold": 0.5, **wrong}
        save_file(lively_network().state_dict(), file, {"spamlab": json.dumps(header)})
        with pytest.raises(ValueError, match=says):
            load(file)


@pytest.mark.parametrize("name", ["missing.safetensors", "."])
def test_a_missing_file(name, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file; expected one, or 'segments'"):
        load(tmp_path / name)


def test_the_shipped_name_is_looked_up_in_the_data(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAMLAB_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"segments\.safetensors: no such file"):
        load()
    (tmp_path / "checkpoints").mkdir()
    made = lively_network(3, threshold=0.7)
    save(made, tmp_path / "checkpoints" / "segments.safetensors")
    assert load().threshold == 0.7
