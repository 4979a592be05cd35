"""Training of superpixels and segments: what the pair loss reaches, a batch, what is learned, validation."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from test_segments import lively_network
from test_training_ssn import pieces, textured

from spamlab._checkpoint import about
from spamlab.metrics import boundary_counts, ods_ois, probabilistic_rand_index
from spamlab.segments import load, save, segments
from spamlab.training import pieces as steps
from spamlab.training import segments as training
from spamlab.training import ssn as shared
from spamlab.training.recipe import Schedule, SegmentsRecipe
from spamlab.training.samples import pictures, scenes
from spamlab.training.segments import loss, train, validate

CPU = torch.device("cpu")
SMALL = SegmentsRecipe(widths=(8, 8, 8), size=48, count=2, step=(8, 12), scale=(0, 1, 1))


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def samples():
    return list(scenes(range(4), (64, 64)))


def lively(recipe=SMALL):
    return lively_network(1, recipe.norm, recipe.widths, shared=recipe.shared, concat=recipe.concat)


# ---- what the losses reach


def gradients(samples, recipe):
    """Return the sum of the gradients of each part of a network."""
    network = lively(recipe)
    loss(network, pictures(samples), recipe, (0, 1, 0), CPU).backward()
    found = {}
    for name, parameter in network.named_parameters():
        part = name.split(".")[0]
        value = 0.0 if parameter.grad is None else float(parameter.grad.abs().sum())
        found[part] = found.get(part, 0.0) + value
    assert all(math.isfinite(value) for value in found.values())
    return found


@pytest.mark.parametrize("variant", [{}, {"norm": "batch"}, {"concat": False}])
def test_segmentation_guides_the_superpixels(samples, variant):
    """The claim of the paper: a gradient of the pair loss reaches the head of the superpixels."""
    found = gradients(samples, replace(SMALL, superpixels=0.0, **variant))
    assert all(value > 0 for value in found.values())


def test_detached_segmentation_leaves_the_superpixels_alone(samples):
    found = gradients(samples, replace(SMALL, superpixels=0.0, detached=True))
    assert found.pop("superpixel_head") == 0
    assert all(value > 0 for value in found.values())


def test_detached_superpixels_learn_from_their_own_loss(samples):
    alone = gradients(samples, replace(SMALL, pairs=0.0))
    detached = gradients(samples, replace(SMALL, detached=True))
    both = gradients(samples, SMALL)
    assert alone["segment_head"] == alone["last"] == 0 < detached["last"]
    assert detached["superpixel_head"] == pytest.approx(alone["superpixel_head"], rel=1e-5)
    assert both["superpixel_head"] != pytest.approx(alone["superpixel_head"], rel=1e-3)


def test_detaching_changes_no_value(samples):
    source = pictures(samples)
    values = [
        float(loss(lively(), source, replace(SMALL, detached=detached), (0, 1, 0), CPU).detach())
        for detached in (False, True)
    ]
    assert values[0] == values[1]


def test_the_loss_is_a_weighted_sum(samples):
    source = pictures(samples)

    def value(pairs, superpixels):
        recipe = replace(SMALL, pairs=pairs, superpixels=superpixels)
        return float(loss(lively(), source, recipe, (0, 1, 0), CPU).detach())

    assert value(1, 0) > 0 and value(0, 1) > 0 and value(0, 0) == 0
    assert value(2, 3) == pytest.approx(2 * value(1, 0) + 3 * value(0, 1), rel=1e-5)


# ---- a batch


def loss_of(monkeypatch, network, recipe, colour, truth):
    """Return the loss of given pieces; step and m are drawn alike for any number of them."""
    monkeypatch.setattr(steps, "batch", lambda *_: (colour, truth.flatten(0, 1)))
    return float(loss(network, [], replace(recipe, count=len(colour)), (3, 1, 0), CPU).detach())


@pytest.mark.parametrize("superpixels", [0.0, 1.0])
def test_a_batch_is_the_mean_of_its_pictures(monkeypatch, superpixels):
    """So no superpixel of one picture is a neighbour of one of another."""
    network, recipe = lively(), replace(SMALL, superpixels=superpixels)
    colour, truth = pieces(3, 2)
    alone = [loss_of(monkeypatch, network, recipe, colour[i : i + 1], truth[i : i + 1]) for i in range(3)]
    together = loss_of(monkeypatch, network, recipe, colour, truth)
    assert together == pytest.approx(np.mean(alone), rel=1e-4)
    assert np.ptp(alone) > 0.01  # the pictures differ


def test_the_pair_loss_is_the_mean_over_annotators(monkeypatch):
    network, recipe = lively(), replace(SMALL, superpixels=0.0)
    colour, truth = pieces(1, 3)
    alone = [loss_of(monkeypatch, network, recipe, colour, truth[:, :, i : i + 1]) for i in range(3)]
    assert loss_of(monkeypatch, network, recipe, colour, truth) == pytest.approx(np.mean(alone), rel=1e-5)
    assert np.ptp(alone) > 0.005


def test_missing_annotators_do_not_count(monkeypatch):
    """Pictures with fewer annotators are filled up with -1; that is none of their annotators."""
    network, recipe = lively(), replace(SMALL, superpixels=0.0)
    colour, truth = pieces(2, 2)
    first = loss_of(monkeypatch, network, recipe, colour[:1], truth[:1])
    second = loss_of(monkeypatch, network, recipe, colour[1:], truth[1:, :, :1])
    truth[1, :, 1] = -1
    together = loss_of(monkeypatch, network, recipe, colour, truth)
    by_pictures, by_views = (first + second) / 2, (2 * first + second) / 3
    assert together in (pytest.approx(by_pictures, rel=1e-4), pytest.approx(by_views, rel=1e-4))


def test_precision(samples):
    source, values = pictures(samples), []
    for precision in ("float32", "bfloat16"):
        network = lively()
        value = loss(network, source, replace(SMALL, precision=precision), (0, 1, 0), CPU)
        value.backward()
        assert all(bool(p.grad.isfinite().all()) for p in network.parameters())
        values.append(float(value.detach()))
    assert values[0] != values[1] == pytest.approx(values[0], rel=0.1)


# ---- a training


@pytest.fixture
def quick(monkeypatch):
    """Let validation cost nothing."""
    monkeypatch.setattr(training, "validate", lambda *_: {"score": 0.0, "threshold": 0.5})


def pair_loss_of(network, recipe, source):
    """Return the pair loss of some batches, the same for any network."""
    recipe = replace(recipe, superpixels=0.0, pairs=1.0)
    with torch.no_grad():
        return np.mean([float(loss(network, source, recipe, (9, i, 0), CPU)) for i in range(4)])


@pytest.mark.parametrize("variant", [{}, {"shared": True}])
def test_it_learns_which_superpixels_belong_together(tmp_path, quick, variant):
    """Both sides of a border have the same mean colour, so colour alone does not show it."""
    recipe = replace(SMALL, scale=(0, 1, 1), **variant)
    schedule = Schedule(rate=5e-3, warm_up=5, average=0.5, steps=25, validate=99)
    train([textured(seed) for seed in range(6)], [], tmp_path, recipe, schedule, progress=False)
    unseen = pictures(textured(seed) for seed in range(100, 106))
    before = pair_loss_of(training._network(recipe), recipe, unseen)
    after = pair_loss_of(load(tmp_path / "best.safetensors"), recipe, unseen)
    assert after < 0.8 * before


def weights(folder):
    return {name: value.tolist() for name, value in load(folder / "best.safetensors").state_dict().items()}


def interrupted(run, source, recipe, seed, device):
    value = loss(run, source, recipe, seed, device)
    if seed[1] == 2:
        raise KeyboardInterrupt
    return value


@pytest.mark.parametrize("norm", ["group8", "batch"])
def test_a_stop_changes_nothing(samples, tmp_path, monkeypatch, quick, norm):
    def run(name, seed):
        recipe = replace(SMALL, norm=norm, seed=seed)
        return train(samples, samples[:1], tmp_path / name, recipe, Schedule(steps=4, validate=99), False)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "loss", interrupted)
        run("stopped", 0)
    assert run("whole", 0)[0]["loss"] == run("stopped", 0)[0]["loss"]
    run("other", 1)
    assert weights(tmp_path / "whole") == weights(tmp_path / "stopped") != weights(tmp_path / "other")


def test_the_file_tells_how_it_was_made(samples, tmp_path):
    recipe = replace(SMALL, norm="batch", concat=False, detached=True, widths=(4, 6, 8), seed=3)
    (entry,) = train(samples, samples[:1], tmp_path, recipe, Schedule(steps=2), progress=False)
    names = {"step", "minutes", "loss", "asa_100", "asa_200", "f", "threshold", "pri", "score"}
    assert set(entry) == names and entry["step"] == 2
    file = tmp_path / "best.safetensors"
    told, back = about(file), load(file)
    assert told["recipe"]["detached"] and told["entry"] == entry and told["schedule"]["steps"] == 2
    assert (back.norm, back.concat, back.widths, back.compactness) == ("batch", False, (4, 6, 8), 15)
    labels = segments(samples[0].image, 30, entry["threshold"], weights=str(file))
    assert labels.shape == (64, 64)


def test_weights_to_begin_with(samples, tmp_path, quick):
    made = lively()
    save(made, tmp_path / "made.safetensors")
    recipe = replace(SMALL, start=str(tmp_path / "made.safetensors"), seed=5)
    train(samples, samples[:1], tmp_path / "next", recipe, Schedule(rate=1e-9, steps=1), progress=False)
    for old, new in zip(
        made.parameters(), load(tmp_path / "next/best.safetensors").parameters(), strict=True
    ):
        torch.testing.assert_close(new, old, rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match="made.safetensors' is a network of other widths or inputs"):
        other = replace(recipe, shared=True)
        train(samples, samples[:1], tmp_path / "other", other, Schedule(steps=1), progress=False)


def test_another_variant_does_not_go_on(samples, tmp_path, quick):
    train(samples, samples[:1], tmp_path, SMALL, Schedule(steps=1), progress=False)
    for name, value in (("norm", "batch"), ("shared", True), ("detached", True), ("pairs", 2.0)):
        with pytest.raises(
            ValueError, match=f"{name} is {value}, but the training in .* has .*; give the same"
        ):
            train(samples, samples[:1], tmp_path, replace(SMALL, **{name: value}), Schedule(steps=1), False)


# ---- validation


def test_validation(samples):
    network, two = lively().train(), samples[:2]
    found = validate(network, two)
    assert network.training  # it works on a copy
    network.eval()
    counts, pri = [], []
    for threshold in training.THRESHOLDS:
        options = {"weights": network, "min_size": 1}
        maps = [segments(one.image, training.ASKED, threshold, **options) for one in two]
        both = list(zip(maps, two, strict=True))
        counts.append([boundary_counts(cut, one.truths) for cut, one in both])
        pri.append(np.mean([probabilistic_rand_index(cut, one.truths) for cut, one in both]))
    expected = ods_ois(list(zip(*counts, strict=True)))
    assert found["f"] == pytest.approx(expected.ods, abs=1e-5)
    assert found["threshold"] == training.THRESHOLDS[expected.parameter]
    assert found["pri"] == pytest.approx(pri[expected.parameter], abs=1e-5)
    superpixels = shared.asa_at_counts(
        two,
        lambda image, asked, _: segments(image, asked, 1.0, weights=network, min_size=1),  # nothing merges
        lambda image: None,
    )
    assert (found["asa_100"], found["asa_200"]) == (superpixels["asa_100"], superpixels["asa_200"])
    assert found["score"] == pytest.approx((found["f"] + found["asa_100"]) / 2, abs=2e-5)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"norm": "layer"}, "norm='layer', expected one of group8, group32, batch"),
        ({"widths": (8, 8)}, r"widths=\(8, 8\), expected the channels of three scales"),
        ({"pairs": -1}, "pairs=-1, expected a weight of 0 or more"),
        ({"superpixels": float("inf")}, "superpixels=inf, expected a weight of 0 or more"),
        ({"size": 8}, "size=8, expected 16 or more"),
    ],
)
def test_weird_numbers(values, said):
    with pytest.raises(ValueError, match=said):
        SegmentsRecipe(**values)
