"""How LNS-Net learns one picture: what the loss is, where its gradients go, what learns when."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_lnsnet_weights import random_network

from spamlab.features import lab
from spamlab.lnsnet import (
    adaptive_factor,
    clustering,
    estimate,
    importance,
    near_seeds,
    reconstruction,
    sample,
)
from spamlab.training.lnsnet_recipe import LNSNetRecipe
from spamlab.training.lnsnet_steps import View, learn, loss, step, view
from spamlab.training.samples import scenes

QUICK = LNSNetRecipe(n_segments=16, features=3, seeds=2, rate=3e-3)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def samples():
    return list(scenes(range(4), (48, 64)))


@pytest.fixture(scope="module")
def seen(samples):
    return view(lab(samples[0].image))


def state_of(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def changed(before, network):
    """Return the parts of a network that are not what they were: "embedder", "seeds", "decoder", "memory"."""
    return {k.split(".")[0] for k, v in network.state_dict().items() if not torch.equal(before[k], v)}


def gradients(network, seen, recipe, Z=None):
    """Return the gradient at the output of the embedder, and those of all parameters."""
    kept = []

    def keep(module, inputs, output):
        output.retain_grad()
        kept.append(output)

    handle = network.embedder.register_forward_hook(keep)
    network.zero_grad()
    loss(network, seen, recipe, Z).backward()
    handle.remove()
    return kept[0].grad if kept else None, {k: p.grad for k, p in network.named_parameters()}


# ---- the loss and its gradients


@pytest.mark.parametrize("variant", [1, 2, 3])
@pytest.mark.parametrize("kind", ["released", "paper"])
def test_the_loss_is_the_sum_of_its_parts(seen, variant, kind):
    network = random_network(1, kind, shift=float(variant > 1))
    recipe = replace(QUICK, variant=variant, beta=3.0, phi=0.5, near=4)
    with torch.no_grad():
        Z = network(seen.x)
        seeds = estimate(network.seeds, Z, 16, network.shift)
        near = near_seeds((48, 64), seeds.end, 4)
        clusters = clustering(Z[0].flatten(1).T, sample(Z, seeds.end), near)
        paints = reconstruction(network.decoder(Z), seen.x, 0.5)
        torch.testing.assert_close(loss(network, seen, recipe), clusters + 3 * paints)
        torch.testing.assert_close(loss(network, seen, recipe, Z), clusters)
    assert clusters > 0.1 and paints > 0.1 and torch.equal(seeds.start, seeds.end) == (variant == 1)


@pytest.mark.parametrize("kind", ["released", "paper"])
def test_the_clustering_loss_teaches_the_embedder(seen, kind):
    """The released layer lets nothing through."""
    network = random_network(2, kind)
    at_Z, found = gradients(network, seen, replace(QUICK, beta=0.0))
    assert (at_Z.abs().amax((0, 2, 3)) > 0).all()
    for name, gradient in found.items():
        if name.startswith("embedder") and name.endswith("weight"):
            assert gradient.abs().max() > 1e-6, name
    assert all(g.abs().max() == 0 for n, g in found.items() if n.startswith("decoder"))


def test_the_adaptive_layer_rescales_the_clustering_alone(seen):
    network = random_network(3)
    without, _ = gradients(network, seen, replace(QUICK, variant=2, beta=0.0))
    rescaled, _ = gradients(network, seen, replace(QUICK, variant=3, beta=0.0))
    psi = adaptive_factor(network.decoder.weight, network.memory)
    assert 0 < psi.min() < psi.max() < 1 and psi.std() > 0.05
    torch.testing.assert_close(rescaled, psi * without)
    calm = View(seen.x, torch.zeros_like(seen.contours))  # without contours, painting passes as it is
    plain, _ = gradients(network, calm, replace(QUICK, variant=2))
    both, _ = gradients(network, calm, replace(QUICK, variant=3))
    torch.testing.assert_close(both - rescaled, plain - without, atol=1e-5, rtol=1e-3)


def test_the_bidirectional_layer_turns_position_gradients_on_contours(seen):
    network = random_network(4)
    everywhere = View(seen.x, torch.full_like(seen.contours, 0.9))
    _, plain = gradients(network, everywhere, replace(QUICK, variant=2))
    _, turned = gradients(network, everywhere, replace(QUICK, variant=3))
    for name in ("decoder.weight", "decoder.bias"):
        torch.testing.assert_close(turned[name][:3], plain[name][:3])
        torch.testing.assert_close(turned[name][3:], -0.9 * plain[name][3:])
        assert plain[name][3:].abs().max() > 0.01
    _, below = gradients(network, everywhere, replace(QUICK, variant=3, threshold=0.95))
    torch.testing.assert_close(below["decoder.weight"], plain["decoder.weight"])


def test_gradients_reach_the_seed_layer_through_continuous_places(seen):
    network = random_network(5)
    with torch.no_grad():
        Z = network(seen.x)
    _, found = gradients(network, seen, QUICK, Z)
    assert found["seeds.conv.weight"].abs().max() > 1e-6
    assert (found["seeds.last.weight"].abs().amax((1, 2, 3)) > 0).tolist() == [False, True, True]
    assert all(g is None for n, g in found.items() if not n.startswith("seeds"))


# ---- one picture


def test_a_portrait_picture_is_learned_as_its_transpose(samples):
    colour = lab(samples[0].image)
    standing = view(np.ascontiguousarray(colour.transpose(1, 0, 2)), "canny")
    lying = view(colour, "canny")
    assert torch.equal(standing.x, lying.x) and torch.equal(standing.contours, lying.contours)


def test_features_learn_first_then_seeds(seen):
    network = random_network(6)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    before = state_of(network)
    step(network, optimizer, seen, QUICK)
    assert changed(before, network) == {"embedder", "decoder"}
    with torch.no_grad():
        Z = network(seen.x)
    before = state_of(network)
    step(network, optimizer, seen, QUICK, Z)
    assert changed(before, network) == {"seeds"}
    before = state_of(network)
    step(network, optimizer, seen, QUICK)  # Adam's momentum does not move what is frozen
    assert changed(before, network) == {"embedder", "decoder"}
    assert all(p.requires_grad for p in network.parameters())


@pytest.mark.parametrize(("variant", "count"), [(1, 3), (2, 5), (3, 5)])
def test_a_picture_is_learned_and_remembered(seen, variant, count):
    network = random_network(7, shift=float(variant > 1))
    before, memory = state_of(network), network.memory.clone()
    losses = learn(
        network, torch.optim.Adam(network.parameters(), 1e-3), seen, replace(QUICK, variant=variant)
    )
    assert len(losses) == count and losses[2] < losses[0]
    learned = {"embedder", "decoder", "memory"} | ({"seeds"} if variant > 1 else set())
    assert changed(before, network) == learned
    expected = 0.5 * importance(network.decoder.weight) + 0.5 * memory
    torch.testing.assert_close(network.memory, expected)


def test_learning_lowers_both_losses(seen):
    network = random_network(8)
    learn(network, torch.optim.Adam(network.parameters(), 3e-3), seen, replace(QUICK, features=1, seeds=1))
    recipe = replace(QUICK, features=25, seeds=25, rate=3e-3)
    losses = learn(network, torch.optim.Adam(network.parameters(), 3e-3), seen, recipe)
    assert losses[24] < 0.7 * losses[0] and losses[49] < losses[25]
