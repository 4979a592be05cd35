"""The copies for students and for teachers: what they hold, and that the students' copy still checks."""

import json
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat import v4

from spamlab.exercises import build as builder
from spamlab.exercises.build import COPIED, TESTS, build, drop_answers, drop_tests, fill, main
from spamlab.exercises.exercise import BEGIN, END, book

ANSWERS = """## Exercise

1. Do it.

<details><summary>Hint</summary>

Think.

</details>

<details><summary>Answer</summary>

Forty-two.

</details>

2. Again."""


def run(folder, source):
    """Run Python in a built copy, so that it imports the copy's package; return what it prints."""
    head = "import pathlib, spamlab\nassert pathlib.Path(spamlab.__file__).parents[1] == pathlib.Path.cwd()\n"
    done = subprocess.run([sys.executable, "-c", head + source], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def students(tmp_path_factory):
    folder = (tmp_path_factory.mktemp("built") / "students").resolve()
    assert main(["build", str(folder), "--without-solutions"]) == 0
    return folder


def test_the_students_copy_is_a_course(students):
    assert not [name for name in COPIED if not (students / name).exists()]
    notebooks = [path.name for path in (builder.ROOT / "notebooks").glob("*.ipynb")]
    assert sorted(path.name for path in (students / "notebooks").glob("*.ipynb")) == sorted(notebooks)
    for path in (students / "notebooks").glob("*.ipynb"):
        nbformat.validate(nbformat.read(path, as_version=4))


def test_the_copied_readme_promises_no_tests(students):
    before = (builder.ROOT / "README.md").read_text(encoding="utf-8")
    after = (students / "README.md").read_text(encoding="utf-8")
    assert all(re.search(pattern, before, re.M | re.S) for pattern, _ in TESTS)
    assert (
        "pytest" not in after and "Test it" not in after and not re.search(r"\btest( command|$)", after, re.M)
    )
    assert "python -m spamlab.start\n```\n\nThe line is the same in bash" in after
    assert after.count("```") == before.count("```") - 2 and "python -m jupyterlab notebooks" in after
    kept = [line for line in after.splitlines() if line not in before.splitlines()]
    assert len(kept) == 2 and drop_tests(after) == after  # two sentences are reworded


def test_the_students_copy_holds_no_solution(students):
    files = [path for path in students.rglob("*") if path.suffix in (".py", ".ipynb", ".md", ".json")]
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    assert len(texts) > 20 and not list(students.rglob("__pycache__"))
    for exercise in book().values():
        marked = exercise.marked.partition(BEGIN)[2].partition(END)[0]
        lines = [line.strip() for line in marked.splitlines() if len(line.strip()) > 20]
        assert lines
        for line in lines:
            assert not [str(path) for path, text in texts.items() if line in text.replace('\\"', '"')], line


def test_the_students_copy_drops_answers_and_keeps_the_rest(students):
    for path in (students / "notebooks").glob("*.ipynb"):
        before = nbformat.read(builder.ROOT / "notebooks" / path.name, as_version=4)
        after = nbformat.read(path, as_version=4)
        assert [c.source for c in after.cells if c.cell_type == "code"] == [
            c.source for c in before.cells if c.cell_type == "code"
        ]
        assert "<summary>Answer</summary>" in str(before) and "<summary>Answer</summary>" not in str(after)


def test_the_students_copy_tells_correct_from_wrong_from_untouched(students):
    sources = {
        name: {"right": e.solution, "stub": e.stub, "function": e.function} for name, e in book().items()
    }
    (students / "answers.json").write_text(json.dumps(sources), encoding="utf-8")
    source = """
import json
import numpy as np
from spamlab.exercises import check, hint, solution
for name, own in json.load(open("answers.json")).items():
    for kind in ("right", "stub"):
        space = {"np": np}
        exec(own[kind], space)
        print(check(name, space[own["function"]]).status, end="; ")
    print(check(name, lambda *_: 0).status, solution(name), hint(name), hint(name, 3), sep="; ")
print(check("01.1", lambda p, c, S, m: ((p - c)[:3] ** 2).sum() + (m / S) ** 2 * ((p - c)[3:] ** 2).sum()))
"""
    try:
        *rows, last = run(students, source).splitlines()
    finally:
        (students / "answers.json").unlink()
    assert len(rows) == len(book())
    for row in rows:
        assert row.startswith("correct; not attempted; wrong; This copy of the course holds no solutions")
        assert "Hint 1 of 3" in row and row.endswith("It is the last one.") and "solution(" not in row
    assert last.endswith("wrong. You return D squared. The square root is missing.")


def test_a_students_copy_builds_no_other(students):
    code = "from spamlab.exercises.build import main; print(main(['build', 'again', '--with-solutions']))"
    assert run(students, code) == "1\n"
    assert not (students / "again").exists()


def test_the_teachers_copy_is_filled_in(tmp_path, monkeypatch):
    monkeypatch.setattr(builder, "COPIED", ["notebooks", "README.md"])
    monkeypatch.setattr(builder, "ROOT", tmp_path / "clone")
    (tmp_path / "clone" / "notebooks").mkdir(parents=True)
    (tmp_path / "clone" / "README.md").touch()
    cells = [v4.new_code_cell(e.cell, metadata={"tags": ["exercise"]}) for e in book().values()]
    notebook = v4.new_notebook(cells=[*cells, v4.new_markdown_cell(ANSWERS)])
    nbformat.write(notebook, tmp_path / "clone" / "notebooks" / "90_made.ipynb")
    build(tmp_path / "teachers", solutions=True)
    built = nbformat.read(tmp_path / "teachers" / "notebooks" / "90_made.ipynb", as_version=4)
    for cell, e in zip(built.cells, book().values(), strict=False):
        assert cell.source == f'{e.marked}\n\ncheck("{e.name}", {e.function})'
    assert built.cells[-1].source == ANSWERS


def test_filling_clears_outputs_of_filled_cells_only():
    own = book()["01.1"]
    cells = [v4.new_code_cell(source, execution_count=1) for source in (own.cell, "print(1)")]
    for cell in cells:
        cell.outputs = [v4.new_output("stream", text="old")]
    fill(notebook := v4.new_notebook(cells=cells), book())
    assert [len(cell.outputs) for cell in notebook.cells] == [0, 1]
    assert [cell.execution_count for cell in notebook.cells] == [None, 1]


def test_answers_go_and_hints_and_other_sections_stay():
    theory = "## Theory\n\n<details><summary>More</summary>Deeper.</details>"
    question = (
        "## Questions\n\nWhy?\n<details>\n<summary>Answer</summary>So.</details>\n\n## References\n\nA."
    )
    more = "**3.** More.\n\n<details><summary>What others found</summary>Much.</details>"
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(s) for s in (theory, ANSWERS, more, question)])
    drop_answers(notebook)
    first, second, third, last = (cell.source for cell in notebook.cells)
    assert first == theory and third == "**3.** More."
    assert "Think." in second and "Forty-two" not in second and second.endswith("2. Again.")
    assert last == "## Questions\n\nWhy?\n\n## References\n\nA."


def test_a_folder_that_holds_something_is_refused(tmp_path, capsys):
    (tmp_path / "mine.txt").touch()
    assert main(["build", str(tmp_path), "--with-solutions"]) == 1
    assert "is not empty, expected a new folder" in capsys.readouterr().err


def test_a_folder_inside_what_is_copied_is_refused():
    with pytest.raises(ValueError, match="expected one outside"):
        build(builder.ROOT / "notebooks" / "students", solutions=False)


def test_an_installed_package_without_a_clone_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(builder, "ROOT", tmp_path)
    with pytest.raises(ValueError, match="expected a clone of the repository"):
        build(tmp_path / "copy", solutions=True)
