"""Training of SSN: its loss, what it learns, its precision and its validation."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from spamlab import seeds
from spamlab._checkpoint import about
from spamlab.data import Sample
from spamlab.features import lab
from spamlab.metrics import asa
from spamlab.ssn import Network, load, save, ssn
from spamlab.ssn.method import pixel_features, start
from spamlab.training import pieces as steps
from spamlab.training import ssn as training
from spamlab.training.recipe import Recipe, Schedule
from spamlab.training.samples import pictures, scenes
from spamlab.training.ssn import in_bfloat16, loss, train, validate

CPU = torch.device("cpu")
SMALL = Recipe(widths=(4, 4, 4), size=48, count=2)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def samples():
    return list(scenes(range(4), (64, 64)))


def lively(recipe=SMALL, seed=0):
    """Return a network whose features are far from zero, unlike those of an untrained one."""
    torch.manual_seed(seed)
    network = Network(recipe.inputs, recipe.widths)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
    return network


# ---- a batch


def pieces(count, annotators, size=48):
    """Return what `batch` may return: colours, and segments (B, size * size, A)."""
    rng = np.random.default_rng(5)
    found = list(scenes(range(20, 20 + count), (size, size)))
    colour = torch.from_numpy(np.stack([lab(one.image).transpose(2, 0, 1) for one in found]))
    truth = np.stack(
        [[(one.truths[0] + rng.integers(9)) // (1 + a) for a in range(annotators)] for one in found]
    )
    return colour, torch.from_numpy(truth).long().flatten(2).transpose(1, 2)


def loss_of(monkeypatch, network, recipe, colour, truth):
    """Return the loss of given pieces; step and m are drawn alike for any number of them."""
    monkeypatch.setattr(steps, "batch", lambda *_: (colour, truth.flatten(0, 1)))
    return float(loss(network, [], replace(recipe, count=len(colour)), (3, 1, 0), CPU).detach())


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_batch_is_the_mean_of_its_pictures(monkeypatch, reduction):
    recipe = replace(SMALL, regular=0.01 if reduction == "mean" else 1e-5, reduction=reduction)
    network = lively().eval()
    colour, truth = pieces(3, 2)
    alone = [loss_of(monkeypatch, network, recipe, colour[i : i + 1], truth[i : i + 1]) for i in range(3)]
    without = loss_of(monkeypatch, network, replace(recipe, regular=0.0), colour, truth)
    together = loss_of(monkeypatch, network, recipe, colour, truth)
    more = (together - without) * (1 if reduction == "mean" else 1 / 3)
    assert without + more == pytest.approx(np.mean(alone), rel=1e-5)
    assert more > 1e-3 and np.ptp(alone) > 0.01  # both losses count, and the pictures differ


def test_missing_annotations_do_not_count(monkeypatch):
    colour, truth = pieces(2, 2)
    network, recipe = lively().eval(), replace(SMALL, regular=0.0)
    first = loss_of(monkeypatch, network, recipe, colour[:1], truth[:1])
    second = loss_of(monkeypatch, network, recipe, colour[1:], truth[1:, :, :1])
    truth[1, :, 1] = -1
    together = loss_of(monkeypatch, network, recipe, colour, truth)
    assert together == pytest.approx((2 * first + second) / 3, rel=1e-5)


@pytest.mark.parametrize("inputs", [3, 5])
def test_training_sees_what_inference_sees(monkeypatch, inputs):
    """The features, centres and candidates of each picture in a batch are those of `ssn`."""
    colour, truth = pieces(2, 1)
    recipe = replace(SMALL, inputs=inputs, step=(9, 9), compactness=(12, 12))
    seen, network = {}, lively(recipe).eval()

    def stop(F, S, candidates, group, n_iter):
        seen.update(F=F, S=S, candidates=candidates, group=group)
        raise StopIteration

    monkeypatch.setattr(steps, "cluster", stop)
    with pytest.raises(StopIteration):
        loss_of(monkeypatch, network, recipe, colour, truth)
    _, cells, step = seeds.grid((48, 48), round(48 * 48 / 81))
    n = int(cells.max()) + 1
    for i in range(2):
        F = pixel_features(colour[i].permute(1, 2, 0).numpy(), step, 12)
        deep = network(F[:, :inputs].T.view(1, inputs, 48, 48))[0].flatten(1).T
        F = torch.cat([deep, F], dim=1)
        S, candidates, group = start(F, cells)
        own, rows = slice(i * n, (i + 1) * n), slice(i * 48 * 48, (i + 1) * 48 * 48)
        torch.testing.assert_close(seen["F"][rows], F, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(seen["S"][own], S, rtol=1e-4, atol=1e-4)
        assert torch.equal(seen["group"][rows], group + i * n)
        assert torch.equal(seen["candidates"][own], torch.where(candidates < 0, -1, candidates + i * n))


def test_precision(samples):
    assert in_bfloat16("auto", torch.device("cuda")) and not in_bfloat16("auto", CPU)
    assert in_bfloat16("bfloat16", CPU) and not in_bfloat16("float32", torch.device("cuda"))
    source, values = pictures(samples), []
    for precision in ("float32", "bfloat16"):
        network = lively()
        value = loss(network, source, replace(SMALL, precision=precision), (0, 1, 0), CPU)
        value.backward()
        assert all(bool(p.grad.isfinite().all()) for p in network.parameters())
        values.append(float(value.detach()))
    exact, low = values
    assert low != exact and low == pytest.approx(exact, rel=0.05)


# ---- a training


def textured(seed, size=64):
    """Return a blob of upright stripes on level stripes: both sides have the same colours."""
    rng = np.random.default_rng(seed)
    truth = (gaussian_filter(rng.standard_normal((size, size)), 6) > 0).astype(np.int32)
    row, col = np.indices((size, size)) // 2 % 2
    grey = np.where(truth == 0, row, col) * 0.6 + 0.2
    image = grey[..., None] + 0.02 * rng.standard_normal((size, size, 3))
    return Sample(f"stripes-{seed}", np.clip(image, 0, 1).astype(np.float32), [truth])


def mean_asa(found, weights):
    scores = [asa(ssn(one.image, k, 10, weights=weights), one.truths[0]) for one in found for k in (16, 36)]
    return np.mean(scores)


def test_it_learns_what_colour_does_not_show(tmp_path, monkeypatch):
    losses = []

    def noted(*arguments):
        value = loss(*arguments)
        losses.append(float(value.detach()))
        return value

    monkeypatch.setattr(training, "loss", noted)
    monkeypatch.setattr(training, "validate", lambda *_: {"score": 0.0})
    recipe = Recipe(widths=(8, 8, 8), size=48, count=2, scale=(0, 1, 1), step=(8, 16))
    schedule = Schedule(rate=1e-2, warm_up=10, average=0.9, steps=80, validate=99)
    train((textured(seed) for seed in range(6)), [], tmp_path, recipe, schedule, progress=False)
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:10])
    unseen = [textured(seed) for seed in range(100, 104)]
    untrained = mean_asa(unseen, training.make(recipe).eval())
    assert untrained == pytest.approx(mean_asa(unseen, None), abs=0.01) and untrained < 0.86
    assert mean_asa(unseen, str(tmp_path / "best.safetensors")) > 0.9


def weights(folder):
    return {name: value.tolist() for name, value in load(folder / "best.safetensors").state_dict().items()}


def interrupted(run, source, recipe, seed, device):
    value = loss(run, source, recipe, seed, device)
    if seed[1] == 2:
        raise KeyboardInterrupt
    return value


def test_train(samples, tmp_path, monkeypatch):
    """One seed, one network; a stop changes nothing; the file tells how it was made."""

    def run(name, seed):
        schedule = Schedule(steps=4, validate=99)
        return train(
            samples, samples[:1], tmp_path / name, replace(SMALL, seed=seed), schedule, progress=False
        )

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "loss", interrupted)
        run("stopped", 0)
    assert run("whole", 0)[0]["score"] == run("stopped", 0)[0]["score"]
    (entry,) = run("other", 1)
    assert entry["step"] == 4 and 0.8 < entry["score"] < 1
    assert weights(tmp_path / "whole") == weights(tmp_path / "stopped") != weights(tmp_path / "other")
    file = tmp_path / "other" / "best.safetensors"
    told = about(file)
    assert told["recipe"]["seed"] == 1 and told["recipe"]["widths"] == [4, 4, 4]
    assert told["schedule"]["steps"] == 4 and told["entry"] == entry and told["processes"] == 1
    assert load(file).compactness == told["compactness"] == 15
    assert ssn(samples[0].image, 30, weights=str(file)).max() > 20


def test_weights_to_begin_with(samples, tmp_path):
    """A training that begins with weights and hardly learns ends with nearly these weights."""
    made = lively(SMALL)
    save(made, tmp_path / "made.safetensors")
    recipe = replace(SMALL, start=str(tmp_path / "made.safetensors"), ending="relu", seed=5)
    train(samples, samples[:1], tmp_path / "next", recipe, Schedule(rate=1e-9, steps=1), progress=False)
    file = tmp_path / "next" / "best.safetensors"
    told, back = about(file), load(file)
    assert told["recipe"]["start"] == "made.safetensors" and back.rectify and back.padding == "replicate"
    for old, new in zip(made.parameters(), back.parameters(), strict=True):
        torch.testing.assert_close(new, old, rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match="made.safetensors' is a network of other widths or inputs"):
        wide = replace(recipe, widths=(8, 8, 8))
        train(samples, samples[:1], tmp_path / "wide", wide, Schedule(steps=1), progress=False)


def test_other_pictures_do_not_go_on(samples, tmp_path):
    schedule = Schedule(steps=1)
    train(samples, samples[:1], tmp_path, SMALL, schedule, progress=False)
    for name, parts in (("data", (samples[1:], samples[:1])), ("validation", (samples, samples[1:2]))):
        with pytest.raises(ValueError, match=rf"{name} is . pictures \(.*\), but the training in"):
            train(*parts, tmp_path, SMALL, schedule, progress=False)
    with pytest.raises(ValueError, match="size is 50, but the training in .* has 48; give the same"):
        train(samples, samples[:1], tmp_path, replace(SMALL, size=50), schedule, progress=False)
    with pytest.raises(ValueError, match=r"rate is 0\.1, but"):
        train(samples, samples[:1], tmp_path, SMALL, replace(schedule, rate=0.1), progress=False)


def test_training_leaves_the_random_numbers_of_others_alone(samples, tmp_path):
    torch.manual_seed(3)
    expected = torch.rand(5)
    torch.manual_seed(3)
    train(samples, samples[:1], tmp_path, SMALL, Schedule(steps=1), progress=False)
    assert torch.equal(torch.rand(5), expected)


@pytest.mark.parametrize("inputs", [3, 5])
def test_validation_reads_scores_off_at_obtained_counts(samples, inputs):
    network = lively(replace(SMALL, inputs=inputs)).eval()
    points = []
    for asked in training.ASKED:
        cuts = [ssn(one.image, asked, network.compactness, weights=network) for one in samples[:2]]
        scores = [asa(cut, one.truths[0]) for cut, one in zip(cuts, samples, strict=False)]
        points.append((np.log(np.mean([cut.max() + 1 for cut in cuts])), np.mean(scores)))
    expected = np.interp(np.log([100, 200]), *zip(*points, strict=True))
    found = validate(network, samples[:2])
    assert [found["asa_100"], found["asa_200"]] == pytest.approx(expected, abs=2e-5)
    assert found["score"] == pytest.approx(expected.mean(), abs=2e-5)


def test_pictures_too_small_to_validate_on(samples, monkeypatch):
    monkeypatch.setattr(training, "COUNTS", (100, 10_000))
    with pytest.raises(
        ValueError, match="cut into .* superpixels, expected to span 100 to 10000; take larger"
    ):
        validate(lively().eval(), samples[:1])
