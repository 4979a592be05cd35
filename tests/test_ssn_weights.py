import json
import os
import pickle

import numpy as np
import pytest
import torch
from safetensors import safe_open
from skimage import data
from test_ssn import random_network
from torch import nn
from torch.nn import functional

from spamlab._checkpoint import about
from spamlab.features import lab
from spamlab.seeds import grid
from spamlab.ssn import deep_features, load, network, pixel_features, save, ssn
from spamlab.ssn.network import Network, fold, run

COFFEE = data.coffee()[40:136, 130:226]  # 96 x 96


def picture(*shape, seed=0):
    return torch.randn(1, *shape, generator=torch.Generator().manual_seed(seed)) * 10


def released_state(spam=False, seed=0):
    """Return a state dict of random numbers, laid out as the released programs do."""
    rng = np.random.default_rng(seed)
    state = {}

    def convolution(name, inputs, outputs):
        size = (outputs, inputs, 3, 3)
        state[name + ".weight"] = rng.normal(0, (2 / (9 * inputs)) ** 0.5, size)

    def norm(name, outputs):
        state[name + ".weight"], state[name + ".bias"] = (
            rng.uniform(0.5, 1.5, outputs),
            rng.normal(size=outputs),
        )
        state[name + ".running_mean"] = rng.normal(size=outputs)
        state[name + ".running_var"] = rng.uniform(0.5, 2, outputs)
        state[name + ".num_batches_tracked"] = np.array(7)

    for first, second, inputs in [("1.0", "1.1", 5), ("2.1", "2.2", 64), ("3.1", "3.2", 64)]:
        for layer, channels in ((first, inputs), (second, 64)):
            convolution(f"scale{layer}.0", channels, 64)
            norm(f"scale{layer}.1", 64)
    convolution("output_conv.0", 5 + 3 * 64, 15)
    if spam:
        norm("output_conv.1", 15)
    else:
        state["output_conv.0.bias"] = rng.normal(size=15)
    kept = {k: v if "tracked" in k else v.astype(np.float32) for k, v in state.items()}
    return {name: torch.from_numpy(value) for name, value in kept.items()}


def reference(state, x, mode="constant"):
    """The network written out for sides that are multiples of 4; `mode` is how a picture goes on beyond."""

    def convolution(x, name):
        bias = state.get(name + ".bias")
        return functional.conv2d(functional.pad(x, (1, 1, 1, 1), mode), state[name + ".weight"], bias)

    def norm(x, name):
        names = ("running_mean", "running_var", "weight", "bias")
        return functional.batch_norm(x, *(state[f"{name}.{n}"] for n in names))

    def block(x, name):
        return torch.relu(norm(convolution(x, name + ".0"), name + ".1"))

    def pool(x):
        return functional.max_pool2d(functional.pad(x, (1, 1, 1, 1), value=-torch.inf), 3, 2)

    def enlarge(x, factor):
        return functional.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)

    s1 = block(block(x, "scale1.0"), "scale1.1")
    s2 = block(block(pool(s1), "scale2.1"), "scale2.2")
    s3 = block(block(pool(s2), "scale3.1"), "scale3.2")
    y = convolution(torch.cat([x, s1, enlarge(s2, 2), enlarge(s3, 4)], dim=1), "output_conv.0")
    return torch.relu(norm(y, "output_conv.1") if "output_conv.1.weight" in state else y)


def assert_close(found, expected, share=1e-4):
    assert expected.abs().max() > 1  # features of a size that means something
    assert (found - expected).abs().max() <= share * expected.abs().max()


# ---- the network


@pytest.mark.parametrize("last_norm", [False, True])
def test_folding_changes_nothing_but_the_speed(last_norm):
    made = random_network(1, 5, (6, 7, 8), last_norm=last_norm, padding="replicate" if last_norm else "zeros")
    before = {name: value.clone() for name, value in made.state_dict().items()}
    folded, x = fold(made), picture(5, 21, 30)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in folded.modules())
    with torch.no_grad():
        assert_close(folded(x), made(x))
    assert all(torch.equal(before[name], value) for name, value in made.state_dict().items())


@pytest.mark.parametrize("side", range(1, 14))
def test_sides_need_not_be_multiples_of_four(side):
    made = random_network(2)
    for height, width in ((side, 9), (9, side)):
        x = picture(3, height, width)
        whole = functional.pad(x, (0, -width % 4, 0, -height % 4), "replicate")
        with torch.no_grad():
            expected = reference(made.state_dict(), whole)[:, :, :height, :width]
            assert made(x).shape == (1, 15, height, width)
            assert_close(made(x), expected)
            assert_close(run(made, x), expected)


def positive_network(widths):
    """A network in which nothing cancels: what rises in one pixel rises wherever it can reach."""
    made = Network(widths=widths).double().eval()
    with torch.no_grad():
        for layer in made.modules():
            if isinstance(layer, nn.Conv2d):
                layer.weight.fill_(1 / layer.weight[0].numel())
    return made


@pytest.mark.parametrize(("scales", "farthest"), [(1, 3), (2, 10), (3, 23), (4, 49)])
def test_a_pixel_reaches_fewer_rows_than_bands_overlap(scales, farthest):
    made, rows = positive_network((1,) * scales), []
    x = torch.ones(1, 3, 256, 12, dtype=torch.float64)
    with torch.no_grad():
        before = made(x)
        for row in range(124, 124 + 2 ** (scales - 1)):  # pooling depends on where a row lies
            x[:, :, row] += 1e6
            changed = (made(x) != before).any(dim=(0, 1, 3)).nonzero().flatten()
            rows += [row - changed.min().item(), changed.max().item() - row]
            x[:, :, row] -= 1e6
    assert max(rows) == farthest < network.reach((2,) * scales)


@pytest.mark.parametrize(
    ("make", "bands"),
    [
        (lambda: random_network(3).double(), [64 + 32, 32 + 64 + 32, 32 + 39]),
        (lambda: positive_network((2, 2, 2)), [64 + 32, 32 + 64 + 32, 32 + 39]),
        (lambda: positive_network((2, 2, 2, 2)), [64 + 64, 64 + 64 + 39, 64 + 39]),
    ],
)
def test_bands_equal_the_whole(make, bands, monkeypatch):
    made, heights = make(), []
    made.register_forward_hook(lambda _, inputs, output: heights.append(output.shape[2]))
    x = picture(3, 167, 20).double()
    x[:, :, 31::32] += 1e3  # the rows at the rims of the bands weigh most
    whole = run(made, x)
    monkeypatch.setattr(network, "LARGEST", 20 * 70)
    assert_close(run(made, x), whole, 1e-12)
    assert heights == [167, *bands]
    monkeypatch.setattr(network, "LARGEST", 1)
    assert_close(run(made, x), whole, 1e-12)
    monkeypatch.setattr(network, "reach", lambda widths: 16)  # too little, and seen
    assert (run(made, x) - whole).abs().max() > 1e-3


# ---- our files


def test_saved_networks_come_back(tmp_path):
    for made in (
        random_network(4, widths=(32, 64, 96), compactness=17.5),
        random_network(5, 5, (4, 6), last_norm=True, padding="replicate"),
        random_network(6, padding="replicate"),
        random_network(7, rectify=False),
    ):
        save(made, tmp_path / "a.safetensors", entry={"score": 0.9})
        back = load(tmp_path / "a.safetensors")
        assert not back.training and back.widths == made.widths and back.inputs == made.inputs
        assert back.compactness == made.compactness
        assert about(tmp_path / "a.safetensors")["entry"] == {"score": 0.9}
        x = picture(made.inputs, 12, 16)
        with torch.no_grad():
            assert torch.equal(back(x), made(x))
            assert (back(x).min() >= 0) == made.rectify


def test_a_file_is_as_good_as_its_network(tmp_path):
    made = random_network(7, compactness=23.0)
    save(made, tmp_path / "a.safetensors")
    expected = ssn(COFFEE, 40, weights=made)
    for weights in (tmp_path / "a.safetensors", str(tmp_path / "a.safetensors")):
        np.testing.assert_array_equal(ssn(COFFEE, 40, weights=weights), expected)
        np.testing.assert_array_equal(deep_features(COFFEE, weights), deep_features(COFFEE, made))


def test_the_header_is_plain_json_and_may_be_missing(tmp_path):
    made = random_network(8, compactness=11.0)
    save(made, tmp_path / "a.safetensors")
    with safe_open(tmp_path / "a.safetensors", "pt") as opened:
        assert json.loads(opened.metadata()["spamlab"])["compactness"] == 11.0
    from safetensors.torch import save_file

    save_file(made.state_dict(), tmp_path / "b.safetensors")
    assert about(tmp_path / "b.safetensors") == {}
    assert load(tmp_path / "b.safetensors").compactness == pytest.approx(2.5 / 0.26)


# ---- files of released programs


@pytest.fixture(params=["ssn.pth", "spam.pt"])
def released(request, tmp_path):
    """Return the file, its state dict, what its pictures go on with beyond the frame, and its m."""
    spam = request.param == "spam.pt"
    state, file = released_state(spam), tmp_path / request.param
    optimizer = {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 1e-4, "params": [0]}]}
    whole = {"iter": 10, "model_state_dict": state, "optimizer_state_dict": optimizer}
    torch.save(whole if spam else state, file)
    return file, state, "replicate" if spam else "constant", 28.8 if spam else 2.5 / 0.26


def test_released_networks_compute_what_their_layout_says(released):
    file, state, beyond, m = released
    made = load(file)
    assert (made.inputs, made.widths, made.outputs) == (5, (64, 64, 64), 15)
    assert made.compactness == pytest.approx(m) and not made.training
    x = picture(5, 24, 32)
    with torch.no_grad():
        assert_close(made(x), reference(state, x, beyond))
    assert_close(run(made, x), reference(state, x, beyond))


def test_released_networks_see_positions_that_scale_with_the_number(released):
    file, state, beyond, m = released
    features = {}
    for n in (20, 60):
        _, _, step = grid(COFFEE.shape[:2], n)
        x = pixel_features(lab(COFFEE), step, m).T.reshape(1, 5, 96, 96)
        features[n] = reference(state, x, beyond)[0].permute(1, 2, 0).numpy()
    for n, other in ((20, 60), (60, 20)):
        _, found = ssn(COFFEE, n, weights=file, details=True)
        for source, lowest, highest in ((n, 0.999, 1), (other, 0, 0.98)):
            _, given = ssn(COFFEE, n, m, weights=None, features=features[source], details=True)
            assert lowest <= (given.assignment == found.assignment).mean() <= highest
    with pytest.raises(ValueError, match=r"sees colour alone.*others for each n_segments.*ssn\(weights="):
        deep_features(COFFEE, file)


# ---- files of another kind


class Code:
    """What a pickle with malice holds: a call that is made when it is opened."""

    def __init__(self, made):
        self.made = made

    def __reduce__(self):
        return os.mkdir, (str(self.made),)


@pytest.mark.parametrize("write", [torch.save, lambda value, file: file.write_bytes(pickle.dumps(value, 2))])
def test_code_in_a_checkpoint_is_not_run(write, tmp_path):
    write({**released_state(), "extra": Code(tmp_path / "made")}, tmp_path / "bad.pth")
    with pytest.raises(ValueError, match="bad.pth is no PyTorch checkpoint of plain tensors"):
        load(tmp_path / "bad.pth")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a.pth", "a.pth is no PyTorch checkpoint of plain tensors.*expected the .pth of ssn-pytorch"),
        ("a.safetensors", "a.safetensors is no safetensors file.*fetch or train it again"),
    ],
)
@pytest.mark.parametrize("content", [b"", b"a text, not a checkpoint\n", b"\0" * 64])
def test_a_file_with_another_content(name, says, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=says):
        load(tmp_path / name)


def other_states():
    state = released_state()
    yield nn.Linear(3, 2).state_dict()
    yield {"model_state_dict": nn.Linear(3, 2).state_dict()}
    yield {"model_state_dict": [1, 2]}
    yield [torch.zeros(3)]
    yield torch.zeros(3)
    yield {name: value for name, value in state.items() if name != "scale2.2.0.weight"}
    yield state | {"scale9.0.weight": torch.zeros(3)}
    yield state | {"output_conv.0.weight": torch.zeros(15, 60, 3, 3)}
    yield state | {"scale1.0.0.weight": torch.zeros(())}
    yield state | {"scale1.0.0.weight": 3}


@pytest.mark.parametrize("state", list(other_states()))
def test_a_checkpoint_of_something_else(state, tmp_path):
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(
        ValueError, match="(?s)other.pth is no checkpoint of SSN or SPAM: .*expected layers named"
    ):
        load(tmp_path / "other.pth")


@pytest.mark.parametrize("name", ["missing.pth", "missing.safetensors", "."])
def test_a_missing_file(name, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file; expected one, or 'ssn'"):
        load(tmp_path / name)
