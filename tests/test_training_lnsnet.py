"""Training of LNS-Net on one picture after another: what is kept, how it goes on, and one picture more."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from test_lnsnet_weights import random_network
from test_training_lnsnet_steps import QUICK, changed, state_of

from spamlab._checkpoint import about
from spamlab.data import Sample
from spamlab.features import lab
from spamlab.lnsnet import lnsnet, load, save
from spamlab.training import lnsnet as training
from spamlab.training.lnsnet import adapt, train, validate
from spamlab.training.lnsnet_recipe import LNSNetRecipe
from spamlab.training.lnsnet_steps import learn, loss, step, view
from spamlab.training.samples import scenes

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def samples():
    return list(scenes(range(4), (48, 64)))


# ---- one picture more


def test_adapting_learns_one_picture_and_leaves_the_weights_alone(samples, tmp_path):
    network = random_network(9)
    before, memory = state_of(network), network.memory.clone()
    image = samples[1].image
    adapted = adapt(image, network, QUICK)
    assert changed(before, network) == set() and not adapted.training
    assert changed(before, adapted) == {"embedder", "seeds", "decoder", "memory"}
    assert not torch.equal(adapted.memory, memory)
    twin = copy.deepcopy(network)
    learn(twin, torch.optim.Adam(twin.parameters(), QUICK.rate), view(lab(image)), QUICK)
    assert changed(state_of(twin), adapted) == set()
    save(network, tmp_path / "a.safetensors")
    assert changed(state_of(adapted), adapt(image, tmp_path / "a.safetensors", QUICK)) == set()
    more = adapt(image, network, QUICK, times=3)
    seen = view(lab(image))
    with torch.no_grad():
        values = [float(loss(one, seen, QUICK)) for one in (network, adapted, more)]
    assert values == sorted(values, reverse=True)
    assert lnsnet(image, 20, weights=adapted).shape == image.shape[:2]


def test_adapting_checks_its_arguments(samples):
    with pytest.raises(TypeError, match="weights=None, expected 'lnsnet'"):
        adapt(samples[0].image, None, QUICK)
    with pytest.raises(ValueError, match="times=0, expected 1 or more"):
        adapt(samples[0].image, random_network(), QUICK, times=0)
    with pytest.raises(ValueError, match="n_segments=16, expected 1 to 15"):
        adapt(np.zeros((3, 5, 3), np.uint8), random_network(), QUICK)


# ---- one picture after another


def trained(folder, samples, recipe=QUICK, every=2):
    log = train(samples, samples[:1], folder, recipe, every, progress=False)
    return (
        log,
        state_of(load(folder / "best.safetensors")),
        torch.load(folder / "state.pt", weights_only=True),
    )


def timeless(log):
    return [{k: v for k, v in entry.items() if k != "minutes"} for entry in log]


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_every_picture_comes_once(samples, tmp_path, monkeypatch):
    came = []
    monkeypatch.setattr(training, "view", lambda colour, *_: came.append(colour) or view(colour))
    log, _, state = trained(tmp_path, samples, replace(QUICK, passes=2, seeds=0), every=3)
    order = [next(i for i, one in enumerate(samples) if (lab(one.image) == c).all()) for c in came]
    assert sorted(order[:4]) == sorted(order[4:]) == [0, 1, 2, 3] and order[:4] != order[4:]
    assert [entry["step"] for entry in log] == [3, 6, 8] and state["step"] == 8
    assert all(0.5 < entry[name] <= 1 for entry in log for name in ("asa_100", "asa_200", "score"))
    assert [training.order(i, 4, 1) for i in range(8)] != order


def test_smaller_copies_are_learned(samples, tmp_path, monkeypatch):
    came = []
    monkeypatch.setattr(training, "view", lambda colour, *_: came.append(colour) or view(colour))
    trained(tmp_path, samples[:1], replace(QUICK, scale=0.5))
    (colour,), whole = came, lab(samples[0].image)
    assert colour.shape == (24, 32, 3) and colour.dtype == np.float32
    blocks = whole.reshape(24, 2, 32, 2, 3).mean((1, 3))
    assert abs(colour - blocks).mean() < abs(whole[::2, ::2] - blocks).mean() / 2  # smooth, not every second
    adapt(samples[0].image, random_network(), replace(QUICK, scale=0.25))
    assert came[1].shape == (12, 16, 3)


def stop_at(number, monkeypatch):
    """Let the learning of one picture end in Ctrl-C after its first step."""
    count = []

    def learn_or_stop(network, optimizer, seen, recipe):
        count.append(1)
        if len(count) == number:
            step(network, optimizer, seen, recipe)
            raise KeyboardInterrupt
        return learn(network, optimizer, seen, recipe)

    monkeypatch.setattr(training, "learn", learn_or_stop)


@pytest.mark.parametrize("at", [1, 2, 4])
def test_a_training_that_was_stopped_goes_on_as_if_it_was_not(samples, tmp_path, monkeypatch, at):
    whole = trained(tmp_path / "whole", samples)
    with monkeypatch.context() as patch:
        stop_at(at, patch)
        with pytest.raises(KeyboardInterrupt):
            trained(tmp_path / "stopped", samples)
    state = tmp_path / "stopped" / "state.pt"
    assert state.is_file() == (at > 1)  # what is lost is one picture, and not those since a validation
    assert at == 1 or torch.load(state, weights_only=True)["step"] == at - 1
    again = trained(tmp_path / "stopped", samples)
    assert timeless(again[0]) == timeless(whole[0])
    assert same(again[1], whole[1]) and same(again[2]["network"], whole[2]["network"])
    assert again[2]["losses"] == whole[2]["losses"] == []
    once_more = trained(tmp_path / "stopped", samples)  # nothing is left to do
    assert timeless(once_more[0]) == timeless(whole[0])


def test_truths_are_not_looked_at(samples, tmp_path):
    blind = [Sample(one.name, one.image, [np.zeros_like(one.truths[0])]) for one in samples]
    states = []
    for name, pictures in (("a", samples), ("b", blind)):
        train(pictures, samples[:1], tmp_path / name, QUICK, 9, progress=False)
        states.append(torch.load(tmp_path / name / "state.pt", weights_only=True)["network"])
    assert same(*states)


def test_variants_differ_as_they_should(samples, tmp_path):
    found = {}
    for variant in (1, 2, 3):
        for contours in ("sobel", "canny"):
            recipe = replace(QUICK, variant=variant, contours=contours)
            found[variant, contours] = trained(tmp_path / f"{variant}{contours}", samples[:2], recipe)[1]
    assert same(found[1, "sobel"], found[1, "canny"]) and same(found[2, "sobel"], found[2, "canny"])
    assert not same(found[3, "sobel"], found[3, "canny"]) and not same(found[2, "sobel"], found[3, "sobel"])
    assert [load(tmp_path / f"{v}sobel" / "best.safetensors").shift for v in (1, 2, 3)] == [0, 1, 1]
    with torch.random.fork_rng():
        torch.manual_seed(QUICK.seed)
        start = training.Network()
    assert torch.equal(found[1, "sobel"]["seeds.conv.weight"], start.seeds.conv.weight)
    assert not torch.equal(found[2, "sobel"]["seeds.conv.weight"], start.seeds.conv.weight)


def test_averaged_weights(samples, tmp_path):
    with torch.random.fork_rng():
        torch.manual_seed(QUICK.seed)
        start = training.Network().decoder.weight.detach()
    state = trained(tmp_path / "a", samples[:1], replace(QUICK, average=0.75))[2]
    new, old = (state[name]["decoder.weight"] for name in ("network", "averaged"))
    torch.testing.assert_close(old, 0.75 * start + 0.25 * new)
    state = trained(tmp_path / "b", samples[:1])[2]
    assert same(state["network"], state["averaged"])


def test_the_weights_tell_how_they_were_made(samples, tmp_path):
    log, _, _ = trained(tmp_path / "first", samples[:1])
    recipe = replace(QUICK, start=str(tmp_path / "first" / "best.safetensors"), seed=3)
    trained(tmp_path / "second", samples[:1], recipe)
    known = about(tmp_path / "second" / "best.safetensors")
    assert known["recipe"]["start"] == "best.safetensors" and known["recipe"]["seed"] == 3
    assert known["entry"]["step"] == 1 and known["embedder"] == "released"
    assert log[0]["score"] == validate(load(tmp_path / "first" / "best.safetensors"), samples[:1])["score"]
    with pytest.raises(ValueError, match=r"start=.*best\.safetensors' is a network of other"):
        trained(tmp_path / "third", samples[:1], replace(recipe, embedder="paper"))


def test_another_recipe_or_other_data_are_refused(samples, tmp_path):
    trained(tmp_path, samples[:2])
    with pytest.raises(ValueError, match="near is 4, but the training in .* has 9"):
        trained(tmp_path, samples[:2], replace(QUICK, near=4))
    with pytest.raises(ValueError, match="data is 3 pictures"):
        trained(tmp_path, samples[:3])
    with pytest.raises(ValueError, match="there are 0 pictures to learn from"):
        train([], samples[:1], tmp_path / "none", QUICK)
    with pytest.raises(ValueError, match="every=0, expected 1 or more pictures"):
        train(samples, samples[:1], tmp_path / "none", QUICK, every=0)


def test_several_processes_are_refused(samples, tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="2 processes, expected 1: pictures are learned one after another"):
        train(samples, samples[:1], tmp_path, QUICK)


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        ({"variant": 4}, ValueError, "variant=4, expected 1, 2 or 3"),
        ({"contours": "pb"}, ValueError, "contours='pb', expected one of sobel, canny"),
        ({"embedder": "big"}, ValueError, "embedder='big', expected one of released, paper"),
        ({"n_segments": 1}, ValueError, "n_segments=1, expected 2 or more"),
        ({"features": 0}, ValueError, "features=0, expected 1 or more"),
        ({"seeds": -1}, ValueError, "seeds=-1, expected 0 or more"),
        ({"rate": 0}, ValueError, "rate=0, expected a learning rate above 0"),
        ({"beta": -1}, ValueError, "beta=-1, expected a weight of 0 or more"),
        ({"share": 1.5}, ValueError, "share=1.5, expected a share from 0 to 1"),
        ({"passes": 1.5}, TypeError, "passes=1.5"),
    ],
)
def test_bad_recipes_are_refused(bad, error, says):
    with pytest.raises(error, match=says):
        LNSNetRecipe(**bad)
