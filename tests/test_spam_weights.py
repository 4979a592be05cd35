"""Weights of SPAM: a file of the released program's layout, and the shipped network."""

import numpy as np
import pytest
import torch
from skimage import data
from test_slic import assert_partition
from torch import nn
from torch.nn import functional

from spamlab.features import lab
from spamlab.spam import spam
from spamlab.ssn import deep_features, load, pixel_features, ssn
from spamlab.ssn.network import run

COFFEE = data.coffee()[40:136, 130:226]  # 96 x 96: sides that can be halved twice


def convolution(inputs, outputs):
    layer = nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="replicate", bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU())


class Released(nn.Module):
    """A network with the layers of the released program: each convolution is followed by norm and ReLU."""

    def __init__(self):
        super().__init__()
        self.scale1 = nn.Sequential(convolution(5, 64), convolution(64, 64))
        self.scale2 = nn.Sequential(nn.MaxPool2d(3, 2, 1), convolution(64, 64), convolution(64, 64))
        self.scale3 = nn.Sequential(nn.MaxPool2d(3, 2, 1), convolution(64, 64), convolution(64, 64))
        self.output_conv = convolution(5 + 3 * 64, 15)

    def forward(self, x):
        one = self.scale1(x)
        two = self.scale2(one)
        three = self.scale3(two)
        large = [functional.interpolate(y, x.shape[2:], mode="bilinear") for y in (two, three)]
        return self.output_conv(torch.cat([x, one, *large], dim=1))


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """Return such a network after a few steps of training, and the file that the program would write."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Released()
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
        for _ in range(3):
            optimizer.zero_grad()
            network(10 * torch.randn(2, 5, 16, 24)).square().mean().backward()
            optimizer.step()
    file = tmp_path_factory.mktemp("released") / "spam_checkpoint.pt"
    state = {"model_state_dict": network.state_dict(), "optimizer_state_dict": optimizer.state_dict()}
    torch.save({"iter": 3, **state}, file)
    return network.eval(), file


def test_the_layout_is_the_released_one(released):
    shapes = {name: tuple(value.shape) for name, value in released[0].state_dict().items()}
    assert shapes["scale1.0.0.weight"] == (64, 5, 3, 3) and shapes["scale3.2.0.weight"] == (64, 64, 3, 3)
    assert shapes["output_conv.0.weight"] == (15, 197, 3, 3) and shapes["output_conv.1.running_var"] == (15,)
    assert not any(name.endswith(".0.bias") for name in shapes) and len(shapes) == 7 * 6


def test_a_released_network_gives_the_same_features(released):
    network, file = released
    made = load(file)
    assert (made.inputs, made.padding, made.compactness) == (5, "replicate", pytest.approx(28.8))
    x = 10 * torch.randn(1, 5, 32, 44, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = network(x)
        assert expected.max() > 1 and expected.min() == 0
        for found in (made(x), run(made, x)):
            torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_spam_runs_with_a_released_network(released):
    network, file = released
    for K in (30, 90):
        labels, found = spam(COFFEE, K, weights=file, details=True)
        assert_partition(labels, COFFEE.shape[:2])
        x = pixel_features(lab(COFFEE), (96 * 96 / K) ** 0.5, 28.8).T.reshape(1, 5, 96, 96)
        with torch.no_grad():
            features = network(x)[0].permute(1, 2, 0).numpy()
        same = spam(COFFEE, K, features=features, weights=None, details=True)[1]
        assert (same.assignment == found.assignment).mean() > 0.999
        assert (spam(COFFEE, K, weights=None) != labels).any()


def test_the_shipped_network():
    shipped, other = load("spam"), load("ssn")
    x = torch.from_numpy(lab(COFFEE)).permute(2, 0, 1)[None] * 0.26
    with torch.no_grad():
        assert shipped(x).shape == (1, 15, 96, 96) and (shipped(x) - other(x)).abs().max() > 0.1
    default, named, without = (
        spam(COFFEE, 40),
        spam(COFFEE, 40, weights="spam"),
        spam(COFFEE, 40, weights=None),
    )
    assert (default == named).all() and (default != without).any()
    assert (spam(COFFEE, 40, weights="ssn") != default).any()
    assert_partition(ssn(COFFEE, 40, weights="spam"), (96, 96))


def test_features_of_the_shipped_network_can_be_kept():
    features = deep_features(COFFEE, "spam")
    assert np.ptp(features, axis=(0, 1)).min() > 0  # none is lost
    for options in ({"n_segments": 20}, {"n_segments": 70, "compactness": 10.0, "rng": 4}):
        assert (spam(COFFEE, features=features, **options) == spam(COFFEE, **options)).all()
