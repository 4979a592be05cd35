"""The rows of a table: every number is that of the function with its name, and says whose truth it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from spamlab import metrics

maps = st.shared(array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=9), key="shape").flatmap(
    lambda shape: arrays(np.int32, shape, elements=st.integers(0, 3))
)


def expected(name, values):
    """Return mean, best and worst of the values that are numbers."""
    values = [v for v in values if not np.isnan(v)] or [np.nan]
    smaller = name in ("ue_np", "voi", "gce")
    best, worst = (min, max) if smaller else (max, min)
    return {f"{name}_mean": np.mean(values), f"{name}_best": best(values), f"{name}_worst": worst(values)}


@given(maps, st.lists(maps, min_size=1, max_size=3), st.sampled_from([None, 1, 2]))
def test_superpixel_scores_are_those_of_the_functions(labels, truths, r):
    image = np.random.default_rng(labels.size).random((*labels.shape, 3))
    scores = metrics.superpixel_scores(labels, image, truths, r)
    r = metrics.tolerance(labels.shape) if r is None else r
    shape = metrics.regularity(labels)
    wanted = {
        "n": len(np.unique(labels)),
        "co": metrics.compactness(labels),
        "src": shape.src,
        "smf": shape.smf,
        "gr": shape.gr,
        "ev": metrics.explained_variation(labels, image),
        "icv": metrics.intracluster_variation(labels, image),
        "cd": metrics.contour_density(labels),
    }
    per_truth = {
        "asa": metrics.asa,
        "ue_np": metrics.undersegmentation_error,
        f"br_r{r}": lambda S, G: metrics.boundary_recall(S, G, r),
        "br_r2": lambda S, G: metrics.boundary_recall(S, G, 2),
        f"bp_r{r}": lambda S, G: metrics.boundary_precision(S, G, r),
        "f1": lambda S, G: metrics.boundary_f(S, G, r),
        "f4": lambda S, G: metrics.boundary_f(S, G, r, 4),
    }
    for name, score in per_truth.items():
        wanted |= expected(name, [score(labels, truth) for truth in truths])
    assert scores == pytest.approx(wanted, nan_ok=True)
    assert all(type(value) is float for value in scores.values())


def test_best_and_worst_are_chosen_for_each_score():
    labels = np.repeat([[0, 0, 1, 1, 2, 2]], 6, axis=0)
    fits, cuts = labels // 2, np.repeat([[0, 1, 1, 1, 1, 1]], 6, axis=0).T
    scores = metrics.superpixel_scores(labels, np.zeros((6, 6)), [fits, cuts], r=1)
    assert scores["asa_best"] == 1 > scores["asa_mean"] > scores["asa_worst"]
    assert scores["ue_np_best"] == 0 < scores["ue_np_mean"] < scores["ue_np_worst"]
    assert scores["br_r1_best"] == 1 and np.isnan(scores["ev"])


def test_a_truth_without_boundary_is_skipped():
    labels = np.repeat([[0, 0, 1, 1]], 4, axis=0)
    scores = metrics.superpixel_scores(labels, np.zeros((4, 4)), [labels * 0, labels], r=1)
    assert scores["br_r1_mean"] == scores["f4_worst"] == 1
    assert scores["bp_r1_mean"] == 0.5  # precision needs no boundary of the truth
    alone = metrics.superpixel_scores(labels, np.zeros((4, 4)), [labels * 0], r=1)
    assert np.isnan([alone[f"{name}_mean"] for name in ("br_r1", "br_r2", "f1", "f4")]).all()


@given(maps, st.lists(maps, min_size=1, max_size=3))
def test_segmentation_scores_are_those_of_the_functions(labels, truths):
    scores = metrics.segmentation_scores(labels, truths)
    counts = metrics.boundary_counts(labels, truths)
    wanted = {
        "n": len(np.unique(labels)),
        "pri": metrics.probabilistic_rand_index(labels, truths),
        "bf": counts.f,
        "matched_truth": counts.matched_truth,
        "total_truth": counts.total_truth,
        "matched_labels": counts.matched_labels,
        "total_labels": counts.total_labels,
    }
    per_truth = {
        "voi": metrics.variation_of_information,
        "gce": metrics.global_consistency_error,
        "covering": metrics.covering,
    }
    for name, score in per_truth.items():
        wanted |= expected(name, [score(labels, truth) for truth in truths])
    assert scores == pytest.approx(wanted, nan_ok=True)
    assert all(type(value) is float for value in scores.values())


def test_bad_input():
    labels, image = np.zeros((4, 4), int), np.zeros((4, 4))
    for score in (
        lambda truths: metrics.superpixel_scores(labels, image, truths),
        lambda truths: metrics.segmentation_scores(labels, truths),
    ):
        with pytest.raises(ValueError, match="truths is empty"):
            score([])
        with pytest.raises(ValueError, match=r"use \[truth\]"):
            score(labels)
        with pytest.raises(ValueError, match=r"\(4, 4\).*\(3, 4\)"):
            score([labels[1:]])
    with pytest.raises(ValueError, match="that of the image"):
        metrics.superpixel_scores(labels, image[1:], [labels])
    with pytest.raises(ValueError, match="r=-1"):
        metrics.superpixel_scores(labels, image, [labels], r=-1)
