"""Refinement over a data set: the same tables as a confusion of all pixels, and rows that are kept."""

import numpy as np
import pytest

from spamlab import metrics
from spamlab.benchmark.refinement import (
    CERTAIN,
    N_CLASSES,
    Refinement,
    classes,
    mean_ious,
    measure_refinement,
    scenes,
)
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
