"""What decides a training: its numbers, and the folder that keeps them."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spamlab.training.folder import settle
from spamlab.training.recipe import Recipe, Schedule


def test_the_learning_rate():
    schedule = Schedule(rate=1.0, warm_up=4)
    assert [schedule.rate_at(step, 0.0) for step in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert schedule.rate_at(9, 0.5) == pytest.approx(0.505) and schedule.rate_at(9, 1.0) == pytest.approx(
        0.01
    )


@given(st.integers(1, 99), st.floats(0.1, 99), st.integers(0, 99), st.floats(0, 6000))
def test_progress_is_that_of_what_ends_first(steps, budget, step, seconds):
    done = Schedule(steps=steps, budget=budget).progress(step, seconds)
    alone = Schedule(steps=steps).progress(step, seconds), Schedule(budget=budget).progress(step, seconds)
    assert done == max(alone) and 0 <= done <= 1
    assert (done == 1) == (step >= steps or seconds >= 60 * budget)


def test_recipes_do_not_mix(tmp_path):
    settle(tmp_path, {"widths": (4, 4), "rate": 0.1})
    settle(tmp_path, {"widths": (8,), "rate": 0.1})  # nothing was trained yet
    (tmp_path / "state.pt").touch()
    settle(tmp_path, {"widths": (8,), "rate": 0.1})
    settle(tmp_path, {"data": "3 pictures"})
    stored = json.loads((tmp_path / "recipe.json").read_text())
    assert stored == {"widths": [8], "rate": 0.1, "data": "3 pictures"}
    for name, value, said in (("widths", (4, 4), "4 4"), ("rate", 0.2, "0.2"), ("data", "other", "other")):
        with pytest.raises(
            ValueError, match=f"{name} is {said}, but the training in .* has .*; give the same"
        ):
            settle(tmp_path, {**stored, name: value})
    assert json.loads((tmp_path / "recipe.json").read_text()) == stored


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        (Recipe, {"widths": ()}, "widths is empty"),
        (Recipe, {"widths": (8, 0)}, "widths=0, expected 1 or more channels"),
        (Recipe, {"widths": (8, 2.5)}, "widths=2.5, expected a whole number"),
        (Recipe, {"inputs": 4}, "inputs=4, expected 3 .* or 5"),
        (Recipe, {"ending": "tanh"}, "ending='tanh', expected one of linear, relu"),
        (Recipe, {"size": 8}, "size=8, expected 16 or more"),
        (Recipe, {"annotators": 0}, "annotators=0, expected 1 or more"),
        (Recipe, {"scale": (-1, 1, 2)}, "scale=-1"),
        (Recipe, {"scale": (1, 0, 2)}, "scale=0, expected two numbers above 0"),
        (Recipe, {"step": (40, 16)}, "step=40 to 16, expected two numbers of at least 2, the lower first"),
        (Recipe, {"compactness": (1, math.nan)}, "compactness=nan"),
        (Recipe, {"reduction": "max"}, "reduction='max', expected one of mean, sum"),
        (Recipe, {"precision": "half"}, "precision='half', expected one of auto, float32, bfloat16"),
        (Recipe, {"seed": -1}, "seed=-1"),
        (Schedule, {"rate": 0}, "rate=0"),
        (Schedule, {"steps": 0}, "steps=0"),
        (Schedule, {"budget": 0}, "budget=0"),
        (Schedule, {"average": 1}, "average=1, expected a share from 0 to below 1"),
        (Schedule, {"validate": -1}, "validate=-1"),
    ],
)
def test_weird_numbers(kind, values, said):
    with pytest.raises((TypeError, ValueError), match=said):
        kind(**values)
