"""Training of SPAM: the layout of its cells, what it learns, how its features end, its validation."""

import copy
from dataclasses import fields, replace
from functools import partial

import numpy as np
import pytest
import torch
from test_training_ssn import CPU, SMALL, lively, pieces, pytestmark, textured  # noqa: F401
from torch import nn

from spamlab.metrics import asa
from spamlab.spam import method, spam
from spamlab.ssn import load
from spamlab.training import pieces as steps
from spamlab.training import spam as training
from spamlab.training import ssn as base
from spamlab.training.recipe import Recipe, Schedule, SPAMRecipe
from spamlab.training.samples import scenes
from spamlab.training.spam import scattered, train, validate

TINY = SPAMRecipe(widths=(4, 4, 4), size=48, count=2)


@pytest.fixture(scope="module")
def samples():
    return list(scenes(range(3), (64, 64)))


# ---- cells


@pytest.mark.parametrize(("shape", "K"), [((48, 48), 30), ((20, 33), 1), ((7, 5), 35), ((40, 40), 5)])
def test_scattered_cells_share_out_the_piece(shape, K):
    cells, candidates, step = scattered(shape, K, np.random.default_rng(0))
    assert cells.shape == shape and (np.unique(cells) == np.arange(K)).all()
    assert step == pytest.approx((shape[0] * shape[1] / K) ** 0.5)
    assert candidates.shape == (K, 9) and (candidates[:, 0] == np.arange(K)).all()
    for row in candidates:
        there = row[row >= 0]
        assert (
            len(there) == len(set(there)) == min(9, K) and there.max() < K and (row[len(there) :] == -1).all()
        )


def test_scattered_cells_are_drawn():
    one, again, other = (scattered((48, 48), 30, np.random.default_rng(seed))[0] for seed in (1, 1, 2))
    assert (one == again).all() and (one != other).any()
    rng = np.random.default_rng(1)
    assert (scattered((48, 48), 30, rng)[0] != scattered((48, 48), 30, rng)[0]).any()
    drawn = [base.draw(base.pictures(scenes(range(1), (64, 64))), TINY, (0, step, 0), CPU, scattered)
             for step in (1, 1, 2)]  # fmt: skip
    assert (drawn[0].cells == drawn[1].cells).all()
    assert drawn[0].cells.max() != drawn[2].cells.max() or (drawn[0].cells != drawn[2].cells).any()


@pytest.mark.parametrize("inputs", [3, 5])
def test_training_sees_what_spam_sees(monkeypatch, inputs):
    """The features, centres and candidates of each picture in a batch are those of `spam`."""
    colour, truth = pieces(2, 1)
    recipe = replace(TINY, inputs=inputs, step=(9, 9), compactness=(30, 30))
    seen, network = [], lively(recipe).eval()

    def stop(F, S, candidates, group, n_iter, **options):
        assert options.get("weight") is None
        seen.append([value.clone() for value in (F, S, candidates, group)])
        raise StopIteration

    monkeypatch.setattr(steps, "cluster", stop)
    monkeypatch.setattr(method, "cluster", stop)
    monkeypatch.setattr(steps, "batch", lambda *_: (colour, truth.flatten(0, 1)))

    def layout(shape, n_segments, rng):
        return scattered(shape, n_segments, np.random.default_rng(4))

    with pytest.raises(StopIteration):
        base.loss(network, [], recipe, (3, 1, 0), CPU, layout)
    n, N = round(48 * 48 / 81), 48 * 48
    for i, one in enumerate(scenes(range(20, 22), (48, 48))):
        with pytest.raises(StopIteration):
            spam(one.image, n, compactness=30, weights=network, rng=4, stride=1)
        F, S, candidates, group = seen[0]
        own, rows = slice(i * n, (i + 1) * n), slice(i * N, (i + 1) * N)
        torch.testing.assert_close(F[rows], seen[-1][0], rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(S[own], seen[-1][1], rtol=1e-4, atol=1e-4)
        there = torch.where(seen[-1][2] < 0, -1, seen[-1][2] + i * n)
        assert torch.equal(candidates[own], there) and torch.equal(group[rows], seen[-1][3] + i * n)


# ---- a training


def test_it_learns_what_colour_does_not_show(tmp_path, monkeypatch):
    losses = []

    def noted(*arguments, **options):
        assert options == {"layout": scattered}
        value = base.loss(*arguments, **options)
        losses.append(float(value.detach()))
        return value

    monkeypatch.setattr(training, "loss", noted)
    monkeypatch.setattr(training, "validate", lambda *_: {"score": 0.0})
    recipe = SPAMRecipe(
        widths=(8, 8, 8), size=48, count=2, scale=(0, 1, 1), step=(8, 16), compactness=(10, 20), regular=1e-6
    )
    schedule = Schedule(rate=1e-2, warm_up=10, average=0.9, steps=40, validate=99)
    train((textured(seed) for seed in range(6)), [], tmp_path, recipe, schedule, progress=False)
    assert np.mean(losses[-10:]) < 0.75 * np.mean(losses[:10])

    def mean_asa(weights):
        unseen = [textured(seed) for seed in range(100, 103)]
        cuts = [(spam(one.image, 25, compactness=15, weights=weights), one.truths[0]) for one in unseen]
        return np.mean([asa(*cut) for cut in cuts])

    untrained = mean_asa(base.untrained(recipe).eval())
    assert mean_asa(str(tmp_path / "best.safetensors")) > untrained + 0.04


@pytest.mark.parametrize("ending", ["linear", "relu", "norm"])
def test_every_ending_comes_back(samples, tmp_path, ending):
    recipe = replace(TINY, ending=ending, inputs=5 if ending == "norm" else 3)
    (entry,) = train(samples, samples[:1], tmp_path, recipe, Schedule(steps=1), progress=False)
    assert entry["step"] == 1 and 0.7 < entry["score"] < 1
    made, begun = load(tmp_path / "best.safetensors"), base.make(recipe)
    assert [*made.state_dict()] == [*begun.state_dict()]
    assert ("output_conv.1.running_var" in made.state_dict()) == (ending == "norm")
    assert ("output_conv.0.bias" in made.state_dict()) == (ending != "norm")
    assert made.rectify == begun.rectify == (ending != "linear") and made.padding == "replicate"
    assert made.compactness == sum(recipe.compactness) / 2
    x = torch.randn(1, recipe.inputs, 12, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert (made(x) >= 0).all() == (ending != "linear")
        begun.load_state_dict(made.state_dict())
        assert torch.equal(begun.eval()(x), made(x))
    kinds = [type(layer) for layer in made.output_conv]
    expected = {"linear": [], "relu": [nn.ReLU], "norm": [nn.BatchNorm2d, nn.ReLU]}
    assert kinds == [nn.Conv2d, *expected[ending]]


def test_the_recipe_is_that_of_ssn_with_other_numbers():
    changed = {f.name for f in fields(Recipe) if getattr(Recipe(), f.name) != getattr(SPAMRecipe(), f.name)}
    assert changed == {"compactness"}
    assert [f.name for f in fields(SPAMRecipe)] == [f.name for f in fields(Recipe)]
    low, high = SPAMRecipe().compactness
    assert low <= method.COMPACTNESS <= high  # what `spam` takes by default is what was learned
    with pytest.raises(ValueError, match="ending='batch', expected one of linear, relu, norm"):
        SPAMRecipe(ending="batch")


def test_loss_takes_the_layout_it_is_given():
    source, network = base.pictures(scenes(range(2), (64, 64))), lively(SMALL).eval()
    laid = []

    def layout(shape, n_segments, rng):
        laid.append(scattered(shape, n_segments, copy.deepcopy(rng)))
        return laid[-1]

    grid, ours = (
        base.loss(network, source, TINY, (0, 1, 0), CPU, one).item() for one in (base.on_grid, layout)
    )
    again = partial(base.loss, layout=scattered)(network, source, TINY, (0, 1, 0), CPU).item()
    assert ours == again != grid and len(laid) == 1


@pytest.mark.parametrize("inputs", [3, 5])
def test_validation_reads_scores_of_spam_off_at_obtained_counts(samples, inputs):
    network = lively(replace(TINY, inputs=inputs)).eval()
    network.compactness = 9.0  # what SPAM does not look at
    points = []
    for asked in base.ASKED:
        cuts = [spam(one.image, asked, weights=network) for one in samples[:2]]
        scores = [asa(cut, one.truths[0]) for cut, one in zip(cuts, samples, strict=False)]
        points.append((np.log(np.mean([cut.max() + 1 for cut in cuts])), np.mean(scores)))
    expected = np.interp(np.log([100, 200]), *zip(*points, strict=True))
    found = validate(network, samples[:2])
    assert [found["asa_100"], found["asa_200"]] == pytest.approx(expected, abs=2e-5)
    assert found["score"] == pytest.approx(expected.mean(), abs=2e-5)
