"""One source for an exercise: a function with its solution between two markers.

The stub that stands in the notebook is made from it, so exercise and solution cannot drift apart. The
markers are those of nbgrader (for otter, write one # instead of three).
"""

import importlib
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from spamlab.exercises.judges import JUDGES

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
HERE = "...  # your code here"
LESSONS = Path(__file__).parent


@dataclass(frozen=True)
class Task:
    """An exercise as a lesson's file defines it.

    Parameters
    ----------
    name : str
        Lesson and number, "01.2".
    title : str
        What it is about, in a few words.
    function : callable
        The solution. Its body stands between the two markers.
    inputs : callable
        Takes nothing and returns the inputs to try, the smallest first: dicts of arguments in their order.
    hints : sequence of str
        From gentle to strong.
    mistakes : mapping of str to callable
        What to tell a learner, and the wrong function it is told for.
    none : str
        What to add for a function that returns None; "" for nothing.
    nan : str
        What to add for a function that returns NaN; "" for the usual cause, a number that does not occur.
    judge : str
        If many answers are right: a name in `judges.JUDGES`. What the judge says of the answer is then
        compared, instead of what the answer returns; inputs named _... are for the judge alone.
    """

    name: str
    title: str
    function: Callable
    inputs: Callable[[], Sequence[dict[str, Any]]]
    hints: Sequence[str]
    mistakes: Mapping[str, Callable]
    none: str = ""
    nan: str = ""
    judge: str = ""

    def exercise(self) -> "Exercise":
        """Run the solution and the planted mistakes on the inputs."""
        source, inputs = inspect.getsource(self.function), list(self.inputs())
        return Exercise(
            name=self.name,
            title=self.title,
            function=self.function.__name__,
            stub=stub(source),
            hints=list(self.hints),
            inputs=inputs,
            expected=outputs(self.function, inputs, self.judge),
            mistakes={text: outputs(wrong, inputs, self.judge) for text, wrong in self.mistakes.items()},
            none=self.none,
            nan=self.nan,
            judge=self.judge,
            marked=source,
        )


@dataclass(frozen=True)
class Exercise:
    """An exercise as the checker needs it: outputs instead of functions, so it can do without the solution.

    `marked` is the solution with its markers; None in a copy for students.
    """

    name: str
    title: str
    function: str
    stub: str
    hints: list[str]
    inputs: list[dict[str, Any]]
    expected: list[Any]
    mistakes: dict[str, list[Any]]
    none: str = ""
    nan: str = ""
    judge: str = ""
    marked: str | None = None

    @property
    def solution(self) -> str | None:
        """The solution as a learner reads it, without the markers."""
        if self.marked is None:
            return None
        return "\n".join(line for line in self.marked.splitlines() if line.strip() not in (BEGIN, END)) + "\n"

    @property
    def cell(self) -> str:
        """The code of the exercise's cell in the notebook: the stub, and the check."""
        return f'{self.stub}\n\ncheck("{self.name}", {self.function})'


def stub(source: str) -> str:
    """Replace what stands between the markers by a line that says where to write."""
    lines = source.splitlines()
    marks = [line.strip() for line in lines]
    begin, end = marks.index(BEGIN), marks.index(END)
    indent = lines[begin][: -len(lines[begin].lstrip())]
    return "\n".join([*lines[:begin], indent + HERE, *lines[end + 1 :]]) + "\n"


def outputs(function: Callable, inputs: Sequence[dict[str, Any]], judge: str = "") -> list[Any]:
    """Return what a function makes of each of the inputs, or what a judge says of it."""
    return [output(function, given, judge) for given in inputs]


def output(function: Callable, given: dict[str, Any], judge: str = "") -> Any:
    """Call a function by position, on copies that it may change; or let a judge call it."""
    values = deepcopy(list(given.values()))
    return JUDGES[judge](function, *values) if judge else function(*values)


@cache
def book() -> dict[str, Exercise]:
    """Return all exercises by name, from lesson_NN.py, or lesson_NN.json in a copy without solutions."""
    found = []
    for file in sorted(LESSONS.glob("lesson_[0-9][0-9].*")):
        if file.suffix == ".json":
            found += load(file.read_text(encoding="utf-8"))
        elif file.suffix == ".py":
            tasks = importlib.import_module(f"spamlab.exercises.{file.stem}").TASKS
            found += [task.exercise() for task in tasks]
    return {exercise.name: exercise for exercise in found}


def find(name: str) -> Exercise:
    """Return an exercise, or say which ones there are."""
    if name not in book():
        raise ValueError(
            f'there is no exercise {name!r}, expected one of {", ".join(book())}, as in hint("01.1")'
        )
    return book()[name]


def dump(exercises: Sequence[Exercise]) -> str:
    """Write exercises as JSON, without their solutions."""
    rows = [{key: value for key, value in asdict(e).items() if key != "marked"} for e in exercises]
    return json.dumps(rows, default=_encode, indent=1) + "\n"


def load(text: str) -> list[Exercise]:
    """Read exercises that `dump` wrote."""
    return [Exercise(**row) for row in json.loads(text, object_hook=_decode)]


def _encode(value: Any) -> Any:
    value = np.asarray(value)
    return {"dtype": str(value.dtype), "array": value.tolist()} if value.ndim else value.item()


def _decode(value: dict) -> Any:
    return np.array(value["array"], value["dtype"]) if set(value) == {"dtype", "array"} else value
