"""The registry of segmenters, how many settings each has, and the command that runs them."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage.segmentation import felzenszwalb
from test_benchmark import make_bsds

from spamlab.benchmark import SEGMENTERS, with_weights
from spamlab.benchmark.methods import select
from spamlab.benchmark.segmentation import hash_of
from spamlab.benchmark.segmentation_sweep import along_curve
from spamlab.cli import main
from spamlab.data import scene
from spamlab.features import lab
from spamlab.metrics import contingency
from spamlab.regions import components, region_means
from spamlab.segments import Network, save, segments
from spamlab.segments.merging import MODES
from spamlab.slic import slic
from spamlab.ssn import deep_features, ssn
from spamlab.ssn.method import COLOUR


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    network = Network(widths=(8, 8, 8), compactness=20)
    torch.nn.init.normal_(network.last.weight, std=0.05)
    file = tmp_path_factory.mktemp("weights") / "random.safetensors"
    save(network, file)
    return file


@pytest.fixture(scope="module")
def picture():
    return scene(3, (48, 64))[0]


SETTING = {"n_segments": 100, "mode": "update", "min_size": 2, "threshold": 0.31}


def cut(segmenter, image, setting):
    state = segmenter.prepare(image, **{name: setting[name] for name in segmenter.fixed})
    return segmenter.cut(state, setting)


@pytest.mark.parametrize("name", [name for name in SEGMENTERS if name != "felzenszwalb"])
def test_merging_goes_from_superpixels_to_fewer_regions(name, picture, weights):
    segmenter = with_weights(weights) if name == "segments" else SEGMENTERS[name]
    setting = {"n_segments": 100, "scale": 0.1, "mode": "components", "min_size": 1}
    setting = {key: setting.get(key) for key in segmenter.settings}
    state = segmenter.prepare(picture, **{key: setting[key] for key in segmenter.fixed})
    kept = set(vars(state))
    maps = [segmenter.cut(state, {**setting, "threshold": t}) for t in segmenter.settings["threshold"][::6]]
    for coarse, fine in zip(maps, [*maps[1:], state.superpixels], strict=True):
        assert contingency(fine, coarse).nnz == fine.max() + 1  # each of the finer lies in one region
        np.testing.assert_array_equal(components(coarse).max(), coarse.max())
    again = segmenter.cut(state, {**setting, "threshold": segmenter.settings["threshold"][0]})
    np.testing.assert_array_equal(again, maps[0])
    assert vars(state).keys() == kept  # a cut leaves the state as it was, for the next one is timed too


def test_segments_is_what_the_function_gives(picture, weights):
    found = cut(with_weights(weights), picture, SETTING)
    expected = segments(picture, 100, 0.31, weights=weights, mode="update", min_size=2)
    np.testing.assert_array_equal(found, expected)
    assert 1 < found.max() + 1 < 100 and with_weights(weights).files == (weights,)
    with pytest.raises(FileNotFoundError, match="none.safetensors: no such file, expected one that"):
        with_weights("none.safetensors")


def test_colour_is_compared_in_units_of_the_scale(picture):
    state = SEGMENTERS["slic-colour"].prepare(picture, n_segments=50, scale=0.5)
    plain = SEGMENTERS["slic-colour"].prepare(picture, n_segments=50, scale=1)
    np.testing.assert_array_equal(state.superpixels, slic(picture, 50))
    np.testing.assert_allclose(plain.distance, 2 * state.distance, rtol=1e-5)


def test_ssn_is_compared_by_deep_features_and_colour(picture):
    features = np.concatenate([deep_features(picture), lab(picture) * COLOUR], axis=2)
    state = SEGMENTERS["ssn-merged"].prepare(picture, n_segments=50, scale=0.5)
    np.testing.assert_array_equal(state.superpixels, ssn(picture, 50))
    np.testing.assert_allclose(state.v, region_means(state.superpixels, features) / 2, rtol=1e-3, atol=1e-3)


def test_felzenszwalb_is_that_of_scikit_image(picture):
    setting = {"sigma": 0.8, "min_size": 20, "scale": 100.0}
    expected = felzenszwalb(picture, scale=100, sigma=0.8, min_size=20)
    np.testing.assert_array_equal(cut(SEGMENTERS["felzenszwalb"], picture, setting), expected)


def test_torch_has_its_threads_back(picture, weights):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with_weights(weights).prepare(picture, n_segments=20)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_select_names_segmenters():
    assert select(["all"], SEGMENTERS) == list(SEGMENTERS)
    with pytest.raises(ValueError, match="no method 'slic', expected 'all' or some of: segments, felz"):
        select(["slic"], SEGMENTERS)


# ---- how many settings


def first_stage(segmenter):
    """Return how many settings the first stage tries: the grid, and each thinned setting in full."""
    along = len(segmenter.coarse[segmenter.curve])
    thinned = [name for name in segmenter.coarse if name != segmenter.curve]
    added = sum(len(segmenter.settings[name]) - len(segmenter.coarse[name]) for name in thinned)
    return len(segmenter.grid(**segmenter.coarse)) + along * added


@pytest.mark.parametrize("name", SEGMENTERS)
def test_peers_try_at_least_as_many_settings_as_ours(name):
    peer, ours = SEGMENTERS[name], SEGMENTERS["segments"]
    for each in (peer, ours):
        assert all(set(values) <= set(each.settings[k]) for k, values in each.coarse.items())
        assert all(len(set(values)) == len(values) for values in each.settings.values())
    assert len(peer.grid()) >= len(ours.grid()) == 3 * 3 * 10 * 35
    assert first_stage(peer) >= first_stage(ours)
    assert len(along_curve(peer, peer.grid()[0])) >= len(along_curve(ours, ours.grid()[0])) == 35


def test_the_sweep_is_the_one_of_the_paper_it_follows():
    ours = SEGMENTERS["segments"].settings
    np.testing.assert_allclose(ours["threshold"], np.arange(0.01, 0.7, 0.02))
    assert ours["mode"] == MODES and ours["min_size"] == tuple(range(1, 11))
    for name in ("slic-colour", "ssn-merged"):
        assert {k: v for k, v in SEGMENTERS[name].settings.items() if k != "scale"} == ours


# ---- the command


def few(segmenter):
    """Return a segmenter with fewer values, quick enough for a test of the command."""
    values = {**segmenter.settings, "n_segments": (20,), "mode": ("update",), "min_size": (1, 2)}
    values["threshold"] = segmenter.settings["threshold"][::17]
    return replace(segmenter, settings=values, coarse={"min_size": (1,)})


def test_command(tmp_path, capsys, monkeypatch, weights):
    folder, file = make_bsds(tmp_path / "BSDS500"), tmp_path / "out" / "val.json"
    for name in ("segments", "slic-colour"):
        monkeypatch.setitem(SEGMENTERS, name, few(SEGMENTERS[name]))
    words = ["benchmark", "--segmentations", "--data", str(folder), "--coarse-every", "2", "-o", str(file)]
    assert (
        main([*words, "--methods", "segments", "slic-colour", "--weights", str(weights), "--plot", "pr"]) == 0
    )
    said = capsys.readouterr().out
    assert "| segments | n_segments=20 mode=update min_size=" in said and "val_pr.png" in said
    found = json.loads(file.read_text())
    assert found["command"].endswith("--weights random.safetensors --plot pr") and str(tmp_path) not in str(
        found
    )
    assert found["data"] == {"name": "BSDS500", "split": "val", "every": 1, "pictures": 3, "coarse_every": 2}
    assert found["methods"]["segments"]["setting"].keys() == SETTING.keys()
    assert found["methods"]["segments"]["files"] == {"random.safetensors": hash_of([weights])}
    assert len(found["curve"]) == 2 * 3 and file.with_suffix(".csv").is_file()
    rows = file.with_suffix(".rows.jsonl").read_bytes()
    assert main([*words, "--methods", "slic-colour", "--update"]) == 0  # all rows are there
    assert file.with_suffix(".rows.jsonl").read_bytes() == rows
    both = json.loads(file.read_text())
    assert both["methods"].keys() == {"segments", "slic-colour"} and len(both["curve"]) == 2 * 3
    other = tmp_path / "other.safetensors"
    other.write_bytes(weights.read_bytes()[:100])
    assert main([*words, "--methods", "segments", "--weights", str(other)]) == 1
    assert "segments failed on 1: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--segmentations", "--sweep"], "--sweep does not go with --task segmentations"),
        (["--segmentations", "--n-segments", "9"], "--n-segments does not go with --task segmentations"),
        (["--segmentations", "--plot", "pr", "asa_mean"], "--plot pr asa_mean, expected pr"),
        (["--segmentations", "--coarse-every", "0"], "--coarse-every 0, expected at least 1"),
        (["--segmentations", "--methods", "slic"], "no method 'slic', expected 'all' or some of: segments"),
        (
            ["--weights", "x.safetensors"],
            "--weights does not go with --task superpixels",
        ),
        (["--coarse-every", "2"], "it needs --task segmentations"),
    ],
)
def test_words_that_do_not_go_together(tmp_path, capsys, words, said):
    assert main(["benchmark", "--data", str(tmp_path), *words, "-o", "x.json"]) == 1
    assert said in capsys.readouterr().err
