"""Copies of the course: for students without solutions, for teachers with the solutions filled in.

``python -m spamlab.exercises build FOLDER --without-solutions`` writes the expected outputs in place of the
solutions, so that `check` and `hint` work as before, and drops the answers of the sections "Exercise" and
"Questions". With ``--with-solutions`` each stub is filled in, markers included, as nbgrader reads them.
Neither copy holds the tests, so its README does not name them.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from spamlab.exercises.exercise import LESSONS, Exercise, book, dump

ROOT = LESSONS.parents[1]
# No tests: they hold answers too. The rest is what README needs to set up and open the course.
COPIED = ["notebooks", "spamlab", "data", ".github/readme.jpg", "README.md", "CONTRIBUTING.md", "LICENSE"]
COPIED += ["LICENSE-CC-BY-4.0.md", "CITATION.cff", "pyproject.toml", "constraints.txt", "environment.yml"]
# the website, and what the page for teachers links to
COPIED += [".github/results.png", "conf.py", "benchmarks/classroom.md"]
NOT_COPIED = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", ".*.partial")
ANSWERED = ("Exercise", "Questions")  # sections whose <details> are answers, unless they are called a hint
DETAILS = re.compile(r"\s*<details>\s*<summary>(.*?)</summary>.*?</details>", re.S)

TESTS = [  # what README says of the tests, and what a copy says instead
    (r"\*\*Test it\.\*\*.*?```\n.*?```\n\n", ""),
    (r"^python -m (?:pytest|spamlab\.start .*\btest)\n", ""),
    (r"Both lines are the same in", "The line is the same in"),
    (r"Start there with one of:", "Start there with:"),
]


def build(folder: str | Path, solutions: bool) -> Path:
    """Write a copy of the course.

    Parameters
    ----------
    folder : str or Path
        Where to: a new folder, or an empty one.
    solutions : bool
        Fill the stubs with the solutions, or take all solutions and answers out.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ValueError
        If the folder holds something, or this is no clone of the repository with solutions.
    """
    folder = Path(folder)
    _check(folder)
    for name in COPIED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=NOT_COPIED)
        else:
            shutil.copy(source, target)
    for path in sorted((folder / "notebooks").glob("*.ipynb")):
        _change(path, solutions)
    readme = folder / "README.md"
    text = drop_tests(readme.read_text(encoding="utf-8"))
    readme.write_text(text, encoding="utf-8", newline="\n")
    if not solutions:
        _take_out(folder / "spamlab" / "exercises")
    return folder


def fill(notebook: Any, exercises: dict[str, Exercise]) -> None:
    """Put the solutions into the cells of a notebook that hold stubs; their old outputs go."""
    for cell in notebook.cells:
        for exercise in exercises.values():
            if cell.cell_type == "code" and exercise.stub in cell.source + "\n":
                cell.source = cell.source.replace(exercise.stub.rstrip(), exercise.marked.rstrip())
                cell.outputs, cell.execution_count = [], None


def drop_answers(notebook: Any) -> None:
    """Take the folded answers out of the sections that ask something."""
    section = ""
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        parts = re.split(r"^(?=## )", cell.source, flags=re.M)
        for i, part in enumerate(parts):
            if part.startswith("## "):
                section = part.splitlines()[0][3:].strip()
            if section in ANSWERED:
                parts[i] = DETAILS.sub(lambda m: m[0] if m[1].startswith("Hint") else "", part)
        cell.source = "".join(parts)


def drop_tests(readme: str) -> str:
    """Take out of README what it says of the tests."""
    for pattern, instead in TESTS:
        readme = re.sub(pattern, instead, readme, flags=re.M | re.S if "```" in pattern else re.M)
    return readme


def _check(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} exists and is not empty, expected a new folder; name another one")
    if any((ROOT / name).resolve() in folder.resolve().parents for name in COPIED):
        raise ValueError(f"{folder} lies in a folder that is copied, expected one outside; name another one")
    missing = [name for name in COPIED if not (ROOT / name).exists()]
    if missing:
        raise ValueError(f"{ROOT} holds no {missing[0]}, expected a clone of the repository; build from one")
    if any(exercise.marked is None for exercise in book().values()):
        raise ValueError(f"{ROOT} is a copy without solutions, expected a clone of the repository")


def _change(path: Path, solutions: bool) -> None:
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    if solutions:
        fill(notebook, book())
    else:
        drop_answers(notebook)
    path.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8", newline="\n")


def _take_out(package: Path) -> None:
    """Replace each lesson's file by the expected outputs of its exercises."""
    for file in sorted(package.glob("lesson_*.py")):
        number = file.stem.removeprefix("lesson_")
        own = [exercise for name, exercise in book().items() if name.startswith(f"{number}.")]
        file.with_suffix(".json").write_text(dump(own), encoding="utf-8", newline="\n")
        file.unlink()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m spamlab.exercises")
    command = parser.add_subparsers(required=True).add_parser("build", help="write a copy of the course")
    command.add_argument("folder", type=Path, help="a new folder")
    switch = command.add_mutually_exclusive_group(required=True)
    switch.add_argument("--without-solutions", dest="solutions", action="store_false", help="for students")
    switch.add_argument("--with-solutions", dest="solutions", action="store_true", help="for teachers")
    options = parser.parse_args(arguments)
    try:
        build(options.folder, options.solutions)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{options.folder}: {len(book())} exercises, {'with' if options.solutions else 'without'} solutions"
    )
    return 0
