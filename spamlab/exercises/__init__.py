"""Exercises that say what is wrong, and give hints; the solution comes only when asked for.

In a lesson: ``check("01.1", distance)`` after the function you wrote, ``hint("01.1")`` for the next hint,
``solution("01.1")`` for one way to write it.

=============  ===========================================================================
`exercise`     `Task`: how an exercise is written; `Exercise`: what the checker needs
`checking`     `check`, `hint`, `solution`
`judges`       what an exercise that many answers solve asks of each
`lesson_01`    the exercises of lesson 01, and so on
`build`        ``python -m spamlab.exercises build``: copies for students and for teachers
=============  ===========================================================================
"""

from spamlab.exercises.checking import Result, check, hint, solution

__all__ = ["Result", "check", "hint", "solution"]
