"""SPAM with each prior in the benchmark: who gives a truth and who judges, what is timed, what is missing."""

import time
from argparse import Namespace
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from test_benchmark import SIZE, make_bsds

from spamlab.benchmark import METHODS, Case, Method, cut, measure, settings, with_objects
from spamlab.benchmark.methods import select
from spamlab.cli import bench
from spamlab.data import bsds500, scene
from spamlab.masks import Mask
from spamlab.regions import components

FREE = {name: method for name, method in METHODS.items() if method.needs != "cv2"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return bsds500(make_bsds(tmp_path_factory.mktemp("bsds")))


def test_who_gives_a_truth_does_not_judge(data):
    seen = []

    def prepare(image, n_segments, value, truth):
        seen.append(truth)
        return truth

    def score(labels, image, truths):
        np.testing.assert_array_equal(labels, components(seen[-1]))
        return {"n": labels.max() + 1, "truths": truths}

    given = Method(lambda image, k, value, truth: truth, prepare=prepare, annotated=True)
    methods = {"given": given, "not": Method(lambda image, k, value: np.zeros(image.shape[:2], int))}
    samples = [replace(sample, truths=[*sample.truths, sample.truths[0] + 0]) for sample in data]
    rows = measure(samples, [Case("given", None, (6,))], methods=methods, score=score)
    turns = set()
    for row, sample, truth in zip(rows, samples, seen[1:], strict=True):  # the first one warms up
        (turn,) = (i for i, one in enumerate(sample.truths) if one is truth)
        turns.add(turn)
        others = [one for one in sample.truths if one is not truth]
        assert len(others) == 2 and all(a is b for a, b in zip(row["truths"], others, strict=True))
    assert len(turns) > 1, "not the same annotator for every picture"
    alone = measure(samples[2:], [Case("given", None, (6,))], methods=methods, score=score)
    assert [id(one) for one in alone[0]["truths"]] == [id(one) for one in rows[2]["truths"]]
    (row,) = measure(
        samples[:1], [Case("not", None, (6,))], methods=methods, score=lambda *a: {"n": len(a[2])}
    )
    assert row["n_obtained"] == 3


def test_a_truth_that_is_not_there(data):
    case, sample = Case("spam-truth", 28.8, (6,)), data[0]
    with pytest.raises(RuntimeError, match=r"failed on 1: 1 annotator, expected at least 2"):
        measure([replace(sample, truths=sample.truths[:1])], [case])
    with pytest.raises(ValueError, match="truth=None, expected what an annotator drew"):
        cut(METHODS["spam-truth"], sample.image, 6)


def test_a_truth_keeps_superpixels_apart(data):
    image, (truth, _) = data[0].image, data[0].truths
    for name in ("spam", "spam-truth"):
        labels, _ = cut(METHODS[name], image, 40, truth=truth)
        pairs = np.unique(np.stack([labels.ravel(), components(truth).ravel()]), axis=1)
        assert (pairs.shape[1] == labels.max() + 1) == (name == "spam-truth")


def test_objects_are_made_before_the_clock():
    def slow(prior, image, *_):
        time.sleep(0.5)
        return np.ones(image.shape[:2], int)

    method = replace(METHODS["spam-segments"], prepare=partial(slow, "segments"))
    cut(method, np.zeros((*SIZE, 3), np.float32), 4)
    assert min(cut(method, np.zeros((*SIZE, 3), np.float32), 4)[1] for _ in range(3)) < 0.5


def test_without_sam(monkeypatch):
    def nowhere():
        raise FileNotFoundError("SAM is not on this computer; fetch it")

    monkeypatch.setattr(with_objects, "locate_sam", nowhere)
    assert select(["all"], FREE) == [name for name in FREE if name != "spam-sam"]
    with pytest.raises(FileNotFoundError, match="spam-sam: SAM is not on this computer; fetch it"):
        select(["slic", "spam-sam"])
    monkeypatch.setattr(with_objects, "locate_sam", lambda: None)
    assert select(["all"], FREE) == list(FREE) and select(["spam-sam"]) == ["spam-sam"]


def test_masks_of_sam_become_objects(monkeypatch):
    half = np.indices(SIZE)[1] < 32
    monkeypatch.setattr("spamlab.models.sam_masks", lambda image, **options: [Mask(half), Mask(~half)])
    image = scene(0, SIZE)[0]
    labels, _ = cut(METHODS["spam-sam"], image, 12)
    pairs = np.unique(np.stack([labels.ravel(), half.ravel()]), axis=1)
    assert pairs.shape[1] == labels.max() + 1


def test_the_setting_of_spam_is_the_papers():
    found = settings(["spam", "spam-truth"])
    assert (found["spam"]["value"], found["spam"]["how"]) == (28.8, "the paper's, not swept")
    assert "judges" not in found["spam"] and "but the one" in found["spam-truth"]["judges"]


def test_a_sweep_leaves_the_papers_setting_alone_unless_it_is_named(monkeypatch):
    monkeypatch.setattr(bench, "METHODS", FREE)

    def chosen(*names, sweep=True):
        return bench._chosen(
            Namespace(methods=list(names), sweep=sweep, task="superpixels", dataset="bsds500")
        )

    swept = chosen("all")
    assert {"slic", "ssn"} <= set(swept) and not any(name.startswith("spam") for name in swept)
    assert set(chosen("all", "spam-truth")) - set(swept) == {"spam-truth"}
    assert chosen("spam", "slic") == ["slic", "spam"] and "spam" in chosen("all", sweep=False)
