"""Refinement over a data set: the same tables as a confusion of all pixels, and rows that are kept."""

import json
import warnings
from dataclasses import astuple

import numpy as np
import pytest
from test_voc import root as voc  # noqa: F401  (a fixture: a tiny PASCAL VOC)

from spamlab import metrics, models
from spamlab._threads import one_thread
from spamlab.benchmark import refinement
from spamlab.benchmark.refinement import (
    CERTAIN,
    N_CLASSES,
    PIXEL,
    Refinement,
    classes,
    mean_ious,
    measure_refinement,
    scenes,
)
from spamlab.benchmark.refinement_summary import summarise_refinement
from spamlab.cli import main
from spamlab.data import VOC_CLASSES, Sample, voc2012
from spamlab.refine import coarse, refine
from spamlab.slic import slic

SHAPE = (72, 96)
CASES = [Refinement("slic", 10, 60, 5), Refinement(CERTAIN, 28.8, 60, 5)]


@pytest.fixture(scope="module")
def rows():
    return measure_refinement(scenes(2, SHAPE), CASES, strides=(4, 8))


def test_scores_are_those_of_all_pixels_together(rows):
    table = {name: np.zeros((N_CLASSES, N_CLASSES), int) for name in ("plain", "trimap_3")}
    for sample in scenes(2, SHAPE):
        truth = classes(sample)
        found = refine(coarse(truth, 8), sample.image, slic(sample.image, 60, 10))
        near = np.where(metrics.trimap(truth, 3), truth, 255)
        table["plain"] += metrics.confusion(found, truth, N_CLASSES)
        table["trimap_3"] += metrics.confusion(found, near, N_CLASSES)
    for name in table:
        assert mean_ious(rows, name)["slic", 10, 60, 5, 8] == pytest.approx(metrics.mean_iou(table[name]))


def test_none_is_the_coarse_map_and_a_larger_stride_is_worse(rows):
    plain = mean_ious(rows, "plain")
    assert plain["none", None, 0, 1, 8] < plain["none", None, 0, 1, 4] < 1
    assert all(row["changed"] == 0 and row["n_obtained"] == 0 for row in rows if row["method"] == "none")
    assert all(row["changed"] > 0 and row["n_obtained"] > 0 for row in rows if row["method"] != "none")
    assert len(rows) == 2 * 2 * 3


def test_numbers_of_classes_keep_regions_apart_and_the_largest_is_background():
    for sample in scenes(3, SHAPE):
        (truth,), drawn = sample.truths, classes(sample)
        assert (metrics.boundaries(drawn) == metrics.boundaries(truth)).all()
        assert (drawn == 0).sum() == np.bincount(truth.ravel()).max()
        assert (classes(sample) == drawn).all() and drawn.max() < N_CLASSES


def test_rows_are_kept_and_go_on_where_they_stopped(tmp_path, rows):
    file = tmp_path / "rows.jsonl"
    first = measure_refinement(scenes(2, SHAPE)[:1], CASES, file, strides=(4, 8))
    kept = file.read_bytes()
    again = measure_refinement(scenes(2, SHAPE), CASES, file, strides=(4, 8))
    assert file.read_bytes().startswith(kept) and [row["seconds"] for row in again[:6]] == [
        row["seconds"] for row in first
    ]
    assert mean_ious(again, "trimap_1") == mean_ious(rows, "trimap_1")


def test_scores_of_classes_are_added_before_they_are_divided():
    """1 of 2 and 2 of 6 pixels are 3 of 8; the second class is nowhere, the third never right."""
    case = {"method": "it", "value": 2, "n_asked": 9, "band": 5, "stride": 8}
    counts = ([[1, 0, 0], [2, 0, 4]], [[2, 0, 0], [6, 0, 1]])
    made = [{**case, "image": str(number), "plain": each} for number, each in enumerate(counts)]
    assert mean_ious(made, "plain") == {("it", 2, 9, 5, 8): pytest.approx((3 / 8 + 0) / 2)}


def test_numbers_of_classes_are_drawn_for_each_picture_and_one_annotator_is_taken():
    truths = [np.repeat([[0, 0, 0, 1, 1, 2]], 3, axis=0), np.repeat([[0, 1, 1, 1, 1, 2]], 3, axis=0)]
    borders = [metrics.boundaries(truth).tolist() for truth in truths]
    taken, drawn = set(), set()
    for name in "abcdefghijklmnop":
        found = classes(Sample(name, np.zeros((3, 6, 3), np.float32), truths))
        taken.add(borders.index(metrics.boundaries(found).tolist()))
        drawn.add(tuple(np.unique(found)))
    assert taken == {0, 1} and len(drawn) > 4 and all(numbers[0] == 0 for numbers in drawn)


def test_every_setting_of_a_case_counts():
    (sample,) = scenes(1, (48, 64))
    cases = [Refinement("slic", *rest) for rest in ((2.5, 40, 5), (20, 40, 5), (20, 15, 5), (20, 15, 9))]
    cases += [Refinement(CERTAIN, *rest) for rest in ((28.8, 40, 5), (3, 40, 5), (3, 15, 5), (3, 15, 9))]
    cases += [Refinement(PIXEL, *rest) for rest in ((10, 40, 5), (3, 40, 5), (3, 15, 9))]
    scores = mean_ious(measure_refinement([sample], cases, strides=(8,)), "plain")
    truth = classes(sample)
    for case in cases:
        asked = {"band": case.band, "n_segments": case.n_asked}
        with one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # more objects than superpixels
            if case.method == CERTAIN:
                found = refine(coarse(truth, 8), sample.image, compactness=case.value, **asked)
            elif case.method == PIXEL:
                plain = {"weights": None, "smooth": 0, "compactness": case.value}
                found = refine(coarse(truth, 8), sample.image, **plain, **asked)
            else:
                labels = slic(sample.image, case.n_asked, case.value)
                found = refine(coarse(truth, 8), sample.image, labels, **asked)
        expected = metrics.mean_iou(metrics.confusion(found, truth, N_CLASSES))
        assert scores[(*astuple(case), 8)] == pytest.approx(expected)
    assert len(set(scores.values())) == 1 + len(cases), "otherwise this compares nothing"


def test_the_time_of_superpixels_counts_for_every_map(monkeypatch):
    (sample,) = scenes(1, (48, 64))
    monkeypatch.setattr(refinement, "cut", lambda _, image, *__: (np.zeros(image.shape[:2], np.int32), 100))
    rows = measure_refinement([sample], CASES[:1], strides=(4, 8))
    assert [row["seconds"] > 100 for row in rows if row["method"] == "slic"] == [True, True]


# ---- the summary and the command


@pytest.fixture(scope="module")
def summary(rows):
    return summarise_refinement(rows, {"slic": {}}, {"command": "it"})


def test_gains_are_points_against_no_refinement(summary, rows):
    at = {(row["method"], row["stride"]): row for row in summary["table"]}
    assert len(at) == 6 and all(row["images"] == 2 for row in at.values())
    for stride in (4, 8):
        none = at["none", stride]
        assert none["gained_plain"] == 0 == none["gained_trimap_3"]
        for method in ("slic", CERTAIN):
            row = at[method, stride]
            assert row["gained_trimap_3"] == pytest.approx(100 * (row["trimap_3"] - none["trimap_3"]))
            mine = [r for r in rows if (r["method"], r["stride"]) == (method, stride)]
            assert row["changed"] == pytest.approx(sum(r["changed"] for r in mine) / 2)


def test_each_method_has_its_best_case_and_they_are_in_order(rows):
    worse = [{**row, "band": 9, "trimap_3": [[0] * N_CLASSES, row["trimap_3"][1]]} for row in rows]
    best = summarise_refinement(worse[3:6] + rows + worse, {}, {})["best"]
    assert [(row["stride"], row["method"]) for row in best if row["stride"] == 4].count((4, "slic")) == 1
    assert all(row["band"] != 9 for row in best) and len(best) == 6
    for stride in (4, 8):
        scores = [row["trimap_3"] for row in best if row["stride"] == stride]
        assert scores == sorted(scores, reverse=True)


def test_the_command(tmp_path, capsys):
    file = tmp_path / "refined.json"
    words = ["benchmark", "--task", "refinement", "--scenes", "1", "--methods", "grid", "spam-certain"]
    words += ["--n-segments", "100", "--bands", "3", "5", "--strides", "16", "-o", str(file)]
    assert main(words) == 0
    found = json.loads(file.read_text())
    assert found["data"] == {"scenes": 1} and found["methods"].keys() == {"grid", "spam-certain"}
    assert found["command"].startswith("spamlab benchmark --task refinement --scenes 1 --methods grid")
    assert {(row["method"], row["band"]) for row in found["table"]} == {
        ("none", 1),
        *((name, band) for name in ("grid", "spam-certain") for band in (3, 5)),
    }
    said = capsys.readouterr().out
    assert said.count("\n| 16 | ") == 3 and "| 16 | none | 0 | 0 | 1 |" in said


@pytest.fixture
def network(monkeypatch):
    """Let any name stand for a network that says background; return the names that were asked for."""
    said = []

    def network(image, model):
        said.append(model)
        return np.zeros(image.shape[:2], np.int32), VOC_CLASSES

    monkeypatch.setattr(models, "semantic", network)
    monkeypatch.setattr(models.hub, "identity", lambda model, kind: f"{kind} {model}")
    return said


def test_a_network_is_refined_on_pascal_voc(voc, tmp_path, network):  # noqa: F811
    file = tmp_path / "refined.json"
    words = ["benchmark", "--task", "refinement", "--data", str(voc), "--network", "mine", "--methods"]
    words += ["grid", "--n-segments", "6", "--bands", "3", "--split", "val", "-o", str(file)]
    assert main(words) == 0
    found = json.loads(file.read_text())
    assert found["data"]["name"] == "PASCAL VOC 2012" and found["data"]["network"] == "mine"
    assert network == ["mine"] * found["data"]["pictures"]
    assert {row["stride"] for row in found["table"]} == {0} and found["table"][0]["plain"] < 1
    words[words.index("mine")] = "other"
    assert main(words) == 0 and network.count("other") == found["data"]["pictures"], "rows of another network"


def test_a_network_of_other_classes_is_refused(voc, network, monkeypatch):  # noqa: F811
    monkeypatch.setattr(models, "semantic", lambda image, _: (np.zeros(image.shape[:2], int), ("a", "b")))
    with pytest.raises(ValueError, match="mine knows 2 classes, expected the 21 of PASCAL VOC"):
        measure_refinement(voc2012(voc), [], network="mine")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no --data DIR"),
        (["--scenes", "2", "--data", "x"], "leave --data"),
        (["--data", "x", "--network", "n", "--strides", "8"], "leave --strides and --dataset"),
        (["--scenes", "2", "--sweep"], "--sweep does not go with --task refinement"),
        (["--scenes", "2", "--methods", "slick"], "no method 'slick'"),
        (["--scenes", "2", "--bands", "4"], "band=4, expected an odd window"),
        (["--scenes", "0"], "--scenes 0, expected at least 1"),
    ],
)
def test_wrong_commands(tmp_path, capsys, words, said):
    assert main(["benchmark", "--task", "refinement", *words, "-o", str(tmp_path / "x.json")]) == 1
    assert said in capsys.readouterr().err


def test_scenes_need_the_task(capsys):
    assert main(["benchmark", "--scenes", "2", "-o", "x.json"]) == 1
    assert (
        "--scenes does not go with --task superpixels; it needs --task refinement" in capsys.readouterr().err
    )


def test_what_is_not_known_of_a_truth_does_not_count():
    (sample,) = scenes(1, SHAPE)
    truth = sample.truths[0].copy()
    truth[:, : SHAPE[1] // 2] = -1
    half = Sample("half", sample.image, [truth])
    assert ((classes(half) == 255) == (truth < 0)).all()
    for row in measure_refinement([half], CASES, strides=(8,)):
        both, either = row["plain"]
        assert sum(both) <= (truth >= 0).sum() <= sum(either)
        assert 2 * (truth >= 0).sum() == sum(both) + sum(either), "each known pixel is in two maps"
    with pytest.raises(ValueError, match="none has no pixel whose region is known"):
        classes(Sample("none", sample.image, [np.full(SHAPE, -1)]))
