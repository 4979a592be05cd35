"""The network of LNS-Net against its layers written out, and its checkpoints."""

import os

import numpy as np
import pytest
import torch
from skimage import data
from torch import nn
from torch.nn import functional

from spamlab._checkpoint import about
from spamlab.features import lab
from spamlab.lnsnet import Network, deep_features, lnsnet, load, save, standardise

COFFEE = data.coffee()[40:104, 130:226]  # 64 x 96


def random_network(seed=0, embedder="released", **options):
    """Return a network whose norms and biases are far from where training starts."""
    rng = torch.Generator().manual_seed(seed)
    network = Network(embedder, **options).eval()
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                layer.weight.normal_(0, (2 / layer.weight[0].numel()) ** 0.5, generator=rng)
                layer.bias.normal_(0, 0.3, generator=rng)
            elif isinstance(layer, nn.InstanceNorm2d):
                layer.weight.uniform_(0.5, 1.5, generator=rng)
                layer.bias.normal_(0, 0.3, generator=rng)
        network.memory.uniform_(0, 1, generator=rng)
    return network


def released_state(seed=0):
    """Return a state dict of random numbers with the names and shapes of the released checkpoint."""
    rng = torch.Generator().manual_seed(seed)
    shapes = {"embedder.c1_1": (10, 5, 3, 3), "embedder.c1_2": (10, 5, 3, 3), "embedder.c1_3": (10, 5, 3, 3)}
    shapes |= {"embedder.c1_4.0": (35,), "embedder.c1_4.3": (10, 35, 3, 3), "embedder.inorm_1": (10,)}
    shapes |= {"embedder.c2": (20, 15, 3, 3), "embedder.inorm_2": (20,), "generater.c3_inorm_1": (20,)}
    shapes |= {"generater.c3_seeds_1": (20, 20, 3, 3), "generater.c3_seeds_2": (3, 20, 1, 1)}
    shapes |= {"grm.recons": (5, 20, 1, 1)}
    state = {}
    for name, shape in shapes.items():
        size = torch.tensor(shape[1:]).prod().item() if len(shape) > 1 else 1
        state[name + ".weight"] = torch.randn(shape, generator=rng) * size**-0.5 + (len(shape) == 1)
        state[name + ".bias"] = torch.randn(shape[0], generator=rng) * 0.3
    return state


def convolution(state, x, name, **options):
    return functional.conv2d(x, state[name + ".weight"], state[name + ".bias"], **options)


def norm(state, x, name):
    """Return the instance norm of (1, C, H, W), written out, and a ReLU."""
    mean, variance = x.mean((2, 3), keepdim=True), x.var((2, 3), correction=0, keepdim=True)
    weight, bias = (state[f"{name}.{n}"].view(1, -1, 1, 1) for n in ("weight", "bias"))
    return torch.relu((x - mean) / torch.sqrt(variance + 1e-5) * weight + bias)


def reference(state, x):
    """Return what the released embedder computes, layer after layer."""

    def reflect(x):
        return functional.pad(x, (1, 1, 1, 1), "reflect")

    around = reflect(x)
    wide = functional.pad(around, (1, 1, 1, 1))
    branches = [convolution(state, around, f"embedder.c1_{i}") for i in (1, 2)]
    branches.append(convolution(state, wide, "embedder.c1_3", dilation=2))
    y = norm(state, torch.cat([*branches, x], 1), "embedder.c1_4.0")
    y = norm(state, convolution(state, reflect(y), "embedder.c1_4.3"), "embedder.inorm_1")
    return norm(state, convolution(state, reflect(torch.cat([y, x], 1)), "embedder.c2"), "embedder.inorm_2")


def reference_walk(state, Z, counts):
    """Return the walk of the seeds in cells; `counts` divide the sides."""
    cells = functional.avg_pool2d(Z, (Z.shape[2] // counts[0], Z.shape[3] // counts[1]))
    y = norm(state, convolution(state, cells, "generater.c3_seeds_1", padding=1), "generater.c3_inorm_1")
    y = convolution(state, y, "generater.c3_seeds_2")[0]
    return (2 * (torch.sigmoid(y) - 0.5))[1:].reshape(2, -1).T


@pytest.fixture
def released(tmp_path):
    torch.save(released_state(), tmp_path / "lnsnet_BSDS_checkpoint.pth")
    return tmp_path / "lnsnet_BSDS_checkpoint.pth"


# ---- the network


def test_parameters():
    assert sum(p.numel() for p in Network().parameters()) == 11_218
    assert sum(p.numel() for p in Network().embedder.parameters()) == 7_390
    assert sum(v.numel() for v in released_state().values()) == 11_218


def test_what_the_network_sees():
    colour = lab(COFFEE)
    x = standardise(colour)
    assert x.shape == (1, 5, 64, 96) and x.dtype == torch.float32
    row, col = np.indices((64, 96))
    for channel, values in zip(x[0].numpy(), (*colour.transpose(2, 0, 1), row, col), strict=True):
        np.testing.assert_allclose(channel, (values - values.mean()) / values.std(ddof=1), atol=1e-4)
    scaled = colour / np.float32([128, 256, 256])  # as some programs do: without effect
    spread = scaled.reshape(-1, 3).std(0, ddof=1)
    again = (scaled - scaled.mean((0, 1))) / spread
    np.testing.assert_allclose(x[0, :3].permute(1, 2, 0), again, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (5, 6)])
def test_flat_and_thin_pictures_stay_finite(shape):
    x = standardise(np.full((*shape, 3), 50, np.float32))
    assert torch.isfinite(x).all() and x[:, :3].abs().max() < 1e-3
    for kind in ("released", "paper"):
        with torch.no_grad():
            Z = random_network(1, kind)(x)
        assert Z.shape == (1, 20, *shape) and torch.isfinite(Z).all()


def test_grey_pictures_show_no_colour():
    grey = lab(COFFEE[..., 1])
    assert standardise(grey)[:, 1:3].abs().max() < 0.1 < standardise(lab(COFFEE))[:, 1:3].abs().max()


def test_the_plain_embedder_by_its_layers():
    network = random_network(2, "paper").double()
    x = standardise(lab(COFFEE)).double()
    state = {f"embedder.{name}": value for name, value in network.embedder.state_dict().items()}
    beyond = functional.pad(x, (1, 1, 1, 1), "reflect")
    y = [
        convolution(state, x, "embedder.branches.0"),
        convolution(state, beyond, "embedder.branches.1"),
        convolution(state, functional.pad(beyond, (1, 1, 1, 1)), "embedder.branches.2", dilation=2),
    ]
    y = functional.pad(torch.relu(torch.cat(y, 1)), (1, 1, 1, 1), "reflect")
    y = functional.pad(torch.relu(convolution(state, y, "embedder.conv2")), (1, 1, 1, 1), "reflect")
    with torch.no_grad():
        torch.testing.assert_close(network(x), convolution(state, y, "embedder.conv3"))
    assert [len(branch.bias) for branch in network.embedder.branches] == [4, 3, 3]


def test_training_and_evaluation_compute_the_same():
    """Statistics are those of the picture, never frozen ones."""
    network, x = random_network(3), standardise(lab(COFFEE))
    with torch.no_grad():
        assert torch.equal(network.train()(x), network.eval()(x))
        assert torch.equal(
            network.seeds.train()(network(x), (2, 3)), network.seeds.eval()(network(x), (2, 3))
        )
    assert not any("running" in name for name in network.state_dict())


def test_an_unknown_embedder_is_refused():
    with pytest.raises(ValueError, match="embedder='bdcn', expected one of 'released', 'paper'"):
        Network("bdcn")


# ---- checkpoints


def test_the_released_layout_computes_what_it_says(released):
    state, network, x = released_state(), load(released), standardise(lab(COFFEE))
    with torch.no_grad():
        Z = network(x)
        torch.testing.assert_close(Z, reference(state, x), rtol=1e-4, atol=1e-4)
        assert Z.max() > 1
        walk = network.seeds(Z, (4, 6))
        torch.testing.assert_close(walk, reference_walk(state, Z, (4, 6)), rtol=1e-4, atol=1e-4)
        assert walk.std() > 0.01
        painted = convolution(state, Z, "grm.recons")
        torch.testing.assert_close(network.decoder(Z), painted)
    assert (network.memory == 1).all() and network.shift == 1 and not network.training


def test_the_labels_of_the_released_program(released):
    """Authors' mode from the equations: flat cells, whole pixels, all seeds, no N x K short cut."""
    state, x = released_state(), standardise(lab(COFFEE))
    S = (64 * 96 / 24) ** 0.5  # 16, so cells of 10 x 25 pixels, which 64 x 96 are no multiple of
    rows, cols = int(S * 64 / 96), int(S**2 / int(S * 64 / 96))
    assert (rows, cols) == (10, 25)
    Z = reference(state, x)
    cells = functional.adaptive_avg_pool2d(Z, (7, 4))
    y = norm(state, convolution(state, cells, "generater.c3_seeds_1", padding=1), "generater.c3_inorm_1")
    d = torch.sigmoid(convolution(state, y, "generater.c3_seeds_2")[0, 1:]) - 0.5
    seeds = []
    for i in range(7):
        for j in range(4):
            row = (10 * i + min(10 * i + 10, 64) - 1) / 2
            col = (25 * j + min(25 * j + 25, 96) - 1) / 2
            row, col = divmod(int(row * 96 + col), 96)
            row = min(max(int(np.floor(row + 2 * 10 * d[0, i, j].item())), 0), 63)
            col = min(max(int(np.floor(col + 2 * 25 * d[1, i, j].item())), 0), 95)
            seeds.append((row, col))
    row, col = np.transpose(seeds)
    distance = ((Z[0, :, :, :, None] - Z[0][:, row, col][:, None, None]) ** 2).sum(0)
    _, details = lnsnet(COFFEE, 24, weights=released, mode="authors", details=True)
    np.testing.assert_array_equal(details.end, seeds)
    assert (details.assignment == distance.argmin(2).numpy()).mean() > 0.999


def test_saved_networks_come_back(tmp_path):
    for made in (random_network(4), random_network(5, "paper", shift=0.0)):
        save(made, tmp_path / "a.safetensors", entry={"score": 0.9})
        back = load(tmp_path / "a.safetensors")
        assert (back.kind, back.shift, back.training) == (made.kind, made.shift, False)
        assert about(tmp_path / "a.safetensors")["entry"] == {"score": 0.9}
        assert torch.equal(back.memory, made.memory) and made.memory.std() > 0.1
        for weights in (tmp_path / "a.safetensors", str(tmp_path / "a.safetensors"), back):
            expected = lnsnet(COFFEE, 20, weights=made)
            np.testing.assert_array_equal(lnsnet(COFFEE, 20, weights=weights), expected)
            np.testing.assert_array_equal(deep_features(COFFEE, weights), deep_features(COFFEE, made))


class Code:
    """What a pickle with malice holds: a call that is made when it is opened."""

    def __init__(self, made):
        self.made = made

    def __reduce__(self):
        return os.mkdir, (str(self.made),)


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    torch.save({**released_state(), "extra": Code(tmp_path / "made")}, tmp_path / "bad.pth")
    with pytest.raises(ValueError, match="bad.pth is no PyTorch checkpoint of plain tensors.*released .pth"):
        load(tmp_path / "bad.pth")
    assert not (tmp_path / "made").exists()


def other_states():
    state = released_state()
    yield nn.Linear(3, 2).state_dict()
    yield [torch.zeros(3)]
    yield torch.zeros(3)
    yield {name: value for name, value in state.items() if name != "grm.recons.bias"}
    yield state | {"grm.more.weight": torch.zeros(3)}
    yield state | {"grm.recons.weight": torch.zeros(5, 10, 1, 1)}
    yield state | {"embedder.c2.weight": 3}


@pytest.mark.parametrize("state", list(other_states()))
def test_a_checkpoint_of_something_else(state, tmp_path):
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(ValueError, match="(?s)other.pth is no checkpoint of LNS-Net: .*embedder.c1_1.weight"):
        load(tmp_path / "other.pth")


def test_files_of_another_kind(tmp_path):
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(3)}, tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match="a.safetensors is no checkpoint of LNS-Net"):
        load(tmp_path / "a.safetensors")
    (tmp_path / "b.safetensors").write_bytes(b"a text")
    with pytest.raises(ValueError, match="b.safetensors is no safetensors file"):
        load(tmp_path / "b.safetensors")
    for name in ("missing.pth", "."):
        with pytest.raises(FileNotFoundError, match="no such file; expected one, or 'lnsnet'"):
            load(tmp_path / name)
