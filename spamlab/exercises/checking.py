"""Check an answer: run it on small inputs, compare, and name the likely mistake."""

import dis
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spamlab.exercises.exercise import Exercise, find, output

IDLE = {"RESUME", "NOP", "LOAD_CONST", "LOAD_SMALL_INT", "RETURN_CONST", "RETURN_VALUE"}
NONE = "It returns None. Does it end with return and a value? print shows a value, but does not return it."
OVERFLOW = "A number gets too large for a float. Can you write it so that nothing large comes in?"
UNUSED = "Do all numbers occur? np.unique lists those that do."
NAN = "It returns NaN: a mean of no pixels, or 0 / 0."
_hints_given: dict[str, int] = {}


class Text(str):
    """A text that a notebook shows as it is, without quotes."""

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, repr=False)
class Result:
    """What `check` found. As text it is a sentence or two.

    Attributes
    ----------
    name : str
        The exercise, "01.2".
    title : str
        What it is about.
    status : {"not attempted", "correct", "wrong"}
        The verdict.
    message : str
        What to do next.
    """

    name: str
    title: str
    status: str
    message: str

    def __repr__(self) -> str:
        return f"Exercise {self.name}, {self.title}: {self.status}. {self.message}"


def check(name: str, answer: Callable | None) -> Result:
    """Say whether a function solves an exercise, and if not, what is likely wrong with it.

    Parameters
    ----------
    name : str
        Lesson and number of the exercise, "01.2".
    answer : callable
        The function itself, without parentheses. It runs on small inputs; what it raises is reported.

    Returns
    -------
    Result
        Never with the solution.

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    exercise = find(name)
    if answer is None or answer is ...:
        return _untouched(exercise)
    if not callable(answer):
        call = f'check("{name}", {exercise.function})'
        kind = type(answer).__name__
        return _wrong(exercise, f"check takes the function itself, not the {kind} it returned: {call}.")
    found = []
    for given in exercise.inputs:
        try:
            with np.errstate(over="raise"):  # NumPy would only warn
                found.append(output(answer, given, exercise.judge))
        except NotImplementedError:
            return _untouched(exercise)
        except Exception as error:  # the learner's mistake, whatever it is, is told and not raised
            return _wrong(exercise, _failure(error, answer, given))
    return _judge(exercise, answer, found)


def hint(name: str, number: int | None = None) -> Text:
    """Give the next hint to an exercise; the first call gives the gentlest.

    Parameters
    ----------
    name : str
        Lesson and number of the exercise, "01.2".
    number : int, optional
        Which hint, from 1 on, instead of the next one.

    Raises
    ------
    ValueError
        If there is no such exercise, or no such hint.
    """
    exercise = find(name)
    hints = exercise.hints
    if number is None:
        number = _hints_given[name] = min(_hints_given.get(name, 0) + 1, len(hints))
    if number not in range(1, len(hints) + 1):
        raise ValueError(f"number={number!r}, expected 1 to {len(hints)}; without it you get the next hint")
    last = ""
    if number == len(hints):
        last = f'; solution("{name}") shows a solution.' if exercise.solution else "."
        last = f" It is the last one{last}"
    return Text(f"Hint {number} of {len(hints)}: {hints[number - 1]}{last}")


def solution(name: str) -> Text:
    """Show one way to solve an exercise.

    Parameters
    ----------
    name : str
        Lesson and number of the exercise, "01.2".

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    source = find(name).solution
    return Text(source or "This copy of the course holds no solutions. Ask who gave it to you.")


def same(found: Any, expected: Any) -> bool:
    """Tell whether two values are equal: the shape exactly, the numbers to five digits."""
    found, expected = _array(found), _array(expected)
    if found is None or found.shape != expected.shape:
        return False
    return np.allclose(found, expected, rtol=1e-5, atol=1e-8, equal_nan=True)


def _judge(exercise: Exercise, answer: Callable, found: list[Any]) -> Result:
    right = [same(a, b) for a, b in zip(found, exercise.expected, strict=True)]
    if all(right):
        return Result(exercise.name, exercise.title, "correct", f"It is right on all {len(right)} inputs.")
    if all(value is None for value in found):
        if _is_idle(answer):
            return _untouched(exercise)
        return _wrong(exercise, f"{NONE} {exercise.none}".rstrip())
    for given, value, expected in zip(exercise.inputs, found, exercise.expected, strict=True):
        if _has_nan(value) and not _has_nan(expected):
            return _wrong(exercise, f"{NAN} {exercise.nan or UNUSED} This was for\n{_show_all(given)}")
    first = right.index(False)
    for message, outputs in exercise.mistakes.items():
        if _is_like(exercise, found, outputs, first):
            return _wrong(exercise, message)
    given, value, expected = (part[first] for part in (exercise.inputs, found, exercise.expected))
    return _wrong(
        exercise,
        f"It differs on {right.count(False)} of {len(right)} inputs. The first of them:\n{_show_all(given)}\n"
        f"It returned {_describe(value, expected)},\nexpected {_describe(expected, value)}.",
    )


def _is_like(exercise: Exercise, found: list[Any], outputs: list[Any], first: int) -> bool:
    """Tell whether an answer fails as a planted mistake does: everywhere, or, if judged, where first."""
    if exercise.judge:
        broken = [b for b, right in zip(outputs, exercise.expected, strict=True) if not same(b, right)]
        return any(same(found[first], b) for b in broken)
    return all(same(a, b) for a, b in zip(found, outputs, strict=True))


def _untouched(exercise: Exercise) -> Result:
    text = f'Write the body of {exercise.function} and run the cell again; hint("{exercise.name}") helps.'
    return Result(exercise.name, exercise.title, "not attempted", text)


def _wrong(exercise: Exercise, message: str) -> Result:
    return Result(exercise.name, exercise.title, "wrong", message)


def _is_idle(function: Callable) -> bool:
    """Tell whether a function computes nothing, like an untouched stub, `pass` or `return None`."""
    code = getattr(function, "__code__", None)
    return code is not None and {step.opname for step in dis.get_instructions(code)} <= IDLE


def _failure(error: Exception, function: Callable, given: dict[str, Any]) -> str:
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    what = f"{type(error).__name__}: {error}"
    if not lines:
        names = ", ".join(name for name in given if not name.startswith("_"))
        return f"It cannot be called with ({names}): {what}. Keep the first line of the stub."
    source = f", {lines[-1].line}" if lines[-1].line else ""
    causes = {"zero-size array": UNUSED, "overflow": OVERFLOW}
    cause = "".join(f"\n{text}" for sign, text in causes.items() if sign in what)
    return f"It stops with {what}\nat line {lines[-1].lineno}{source}\nfor {_show_all(given)}{cause}"


def _array(value: Any) -> np.ndarray | None:
    """Return numbers as an array, anything else as None."""
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError):  # lists of unequal lengths, tensors that need a gradient
        return None
    return array if array.dtype.kind in "biuf" else None


def _has_nan(value: Any) -> bool:
    array = _array(value)
    return array is not None and bool(np.isnan(array).any())


def _describe(value: Any, other: Any) -> str:
    """Show a value, and its shape where that is what differs."""
    array, against = _array(value), _array(other)
    if array is None:
        return f"{value!r:.60} ({type(value).__name__})"
    if against is None or array.shape == against.shape:
        return _show(value)
    return f"{_show(value)} of shape {array.shape}" if array.ndim else f"the number {_show(value)}"


def _show(value: Any) -> str:
    array = np.asarray(value)
    if not array.ndim:
        return f"{array.item():.6g}" if array.dtype.kind == "f" else str(array.item())
    text = np.array2string(array, precision=4, separator=", ", suppress_small=True, threshold=200)
    return f"\n{text}" if "\n" in text else text


def _show_all(given: dict[str, Any]) -> str:
    shown = {name: value for name, value in given.items() if not name.startswith("_")}
    parts = [f"{name} = {_show(value)}".replace("= \n", "=\n") for name, value in shown.items()]
    return "\n".join(parts) if any("\n" in part for part in parts) else ", ".join(parts)
