"""The lessons: they follow the rules, run without a network and an empty cache, and keep their budgets."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from notebook_rules import HEADINGS, ROOT, code_cells, problems, table_row

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
GUARD = ROOT / "tests" / "offline"
CELL_TIMEOUT = 600
# Budgets are stated for two cores with nothing else to do. A machine may be this much slower or busier.
SLACK = 3


def offline(folder: Path) -> dict:
    """Return the environment of a process that has no network and caches that are empty."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(GUARD), os.environ.get("PYTHONPATH")))),
        "OFFLINE_LOG": str(folder / "network.log"),
        "SPAMLAB_CELL_LOG": str(folder / "cells.log"),
        "SPAMLAB_CACHE": str(folder / "cache"),
        "NUMBA_CACHE_DIR": str(folder / "numba"),
        "SPAMLAB_TEST": "1",
        "CI": "1",
        "OMP_NUM_THREADS": "1",
    }


def run_nbval(notebooks: Sequence[Path], folder: Path):
    """Run nbval on notebooks of one folder; return (its result, cells as dicts, network attempts)."""
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-q"]
    command += [f"--nbval-cell-timeout={CELL_TIMEOUT}", "-p", "no:cacheprovider", *map(str, notebooks)]
    result = subprocess.run(
        command, cwd=notebooks[0].parents[1], env=offline(folder), capture_output=True, text=True
    )
    cells = [json.loads(line) for line in lines(folder / "cells.log")]
    return result, cells, lines(folder / "network.log")


def lines(file: Path) -> list:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def costs(cells: list) -> dict:
    """Return what each notebook cost, in the units of its budget."""
    by_notebook = defaultdict(list)
    for cell in cells:
        by_notebook[cell["notebook"]].append(cell)
    return {
        notebook: {
            "cells": len(own),
            "max_cell_s": max(durations(own)),
            "cpu_s": max(cell["cpu_s"] for cell in own),
            "rss_mb": max(cell["rss_mb"] for cell in own),
        }
        for notebook, own in by_notebook.items()
    }


def durations(own: list):
    """Yield what each cell of a notebook took, at most its processor time: others may use the machine."""
    before = 0
    for cell in own:
        yield min(cell["seconds"], cell["cpu_s"] - before)
        before = cell["cpu_s"]


def over_budget(cost: dict, budget: dict) -> list:
    """Return a sentence for each budget that is exceeded. Memory gets no slack for a slow machine."""
    allowed = {"max_cell_s": SLACK, "cpu_s": SLACK, "rss_mb": 1}
    return [
        f"{key} is {cost[key]:.1f}, the metadata allow {budget[key]} (times {slack})"
        for key, slack in allowed.items()
        if cost[key] > slack * budget[key]
    ]


def test_there_are_lessons():
    assert NOTEBOOKS, "notebooks/ holds no lesson named like 01_slic.ipynb"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_lesson_follows_the_rules(path):
    assert problems(path) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_readme_lists_the_lesson(path):
    row = table_row(path, nbformat.read(path, as_version=4))
    assert row in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


def test_readme_lists_only_lessons_that_exist():
    named = re.findall(r"notebooks/(\d\d_\w+\.ipynb)", (ROOT / "README.md").read_text("utf-8"))
    assert sorted(set(named)) == [path.name for path in NOTEBOOKS]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run all lessons, two at a time; return what `run_nbval` returns, the results of both in a list."""
    halves, cost = ([], []), [0, 0]
    for path in sorted(NOTEBOOKS, key=cpu_budget, reverse=True):
        half = cost.index(min(cost))
        halves[half].append(path)
        cost[half] += cpu_budget(path)
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(run_nbval, halves, [tmp_path_factory.mktemp("run") for _ in halves]))
    results, cells, attempts = zip(*done, strict=True)
    return results, sum(cells, []), sum(attempts, [])


def cpu_budget(path: Path) -> float:
    return nbformat.read(path, as_version=4).metadata["spamlab"]["cpu_s"]


def test_lessons_pass_nbval(run, capsys):
    results, cells, _ = run
    with capsys.disabled():
        for notebook, cost in sorted(costs(cells).items()):
            numbers = ", ".join(f"{key} {value:.0f}" for key, value in cost.items())
            print(f"\n{notebook}: {numbers}", end="")
    for result in results:
        assert result.returncode == 0, result.stdout[-20000:] + result.stderr
    expected = sum(len(code_cells(nbformat.read(path, as_version=4))) for path in NOTEBOOKS)
    assert len(cells) == expected > 0, f"nbval ran {len(cells)} cells of {expected}"


def test_lessons_never_try_the_network(run):
    assert run[2] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_lesson_keeps_its_budget(path, run):
    budget = nbformat.read(path, as_version=4).metadata["spamlab"]
    assert over_budget(costs(run[1])[path.name], budget) == []


# ---- the checks above can fail: each is shown a notebook with its mistake


def good_notebook():
    """Return a small notebook that follows every rule."""
    body = {
        "Goals": "You will be able to\n\n- draw a grid,\n- count its cells,\n- name its interval.",
        "What you need": "Python. 12 minutes; the **core path** takes 5 minutes.",
        "Takeaways": "- A grid has an interval.",
        "Questions": "Why?\n\n<details><summary>Answer</summary>Because.</details>",
        "References": "[CC BY](https://creativecommons.org/licenses/by/4.0/)",
    }
    cells = [v4.new_markdown_cell("# A made lesson")]
    for heading in HEADINGS:
        cells.append(v4.new_markdown_cell(f"## {heading}\n\n{body.get(heading, 'Some text.')}"))
    cells[3].metadata["tags"] = ["core"]
    cells[3].source = "## Theory\n\n*Core path.* Some text."
    sentence = "A grid of 4 x 4 cells on a picture of 8 x 8 pixels."
    output = v4.new_output("display_data", {"image/jpeg": "AAAA", "text/plain": sentence})
    source = f"print({sentence!r})"
    cells.insert(5, v4.new_code_cell(source, execution_count=1, outputs=[output]))
    cells[5].metadata["tags"] = ["nbval-check-output"]
    budget = {"minutes": 12, "core_minutes": 5, "cpu_s": 9, "max_cell_s": 5, "rss_mb": 500}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    stated = {"kernelspec": kernel, "spamlab": {**budget, "after": [], "needs": []}}
    return v4.new_notebook(cells=cells, metadata=stated)


def full_colour_png(n_bytes: int) -> str:
    header = b"\x89PNG\r\n\x1a\n" + bytes(17) + b"\x02"  # colour type 2: RGB
    return base64.b64encode(header.ljust(n_bytes, b"\0")).decode()


def code(notebook):
    return notebook.cells[5]


def data(notebook):
    return code(notebook).outputs[0]["data"]


MISTAKES = {
    "kernel": lambda n: n.metadata.kernelspec.update(name="my-env"),
    "does not start with a title": lambda n: n.cells[0].update(source="A made lesson"),
    "level-2 headings": lambda n: n.cells.pop(4),
    "'Takeaways' is no list": lambda n: n.cells[8].update(source="## Takeaways\n\nA grid."),
    "section 'Experiment' is empty": lambda n: n.cells[6].update(source="## Experiment"),
    "lists 1 goals": lambda n: n.cells[1].update(source="## Goals\n\n- draw a grid"),
    "nothing one can do": lambda n: n.cells[1].update(source=n.cells[1].source.replace("draw", "understand")),
    "does not say '13 minutes'": lambda n: n.metadata.spamlab.update(minutes=13),
    "explain the core path": lambda n: n.cells[2].update(source="## What you need\n\n12 minutes"),
    "</details>, expected": lambda n: n.cells[9].update(source="## Questions\n\nWhy? <details>"),
    "has no link": lambda n: n.cells[10].update(source="## References\n\nA book."),
    "no cell has the tag 'core'": lambda n: n.cells[3].metadata.update(tags=[]),
    "does not say 'core path'": lambda n: n.cells[3].update(source="## Theory\n\nSome text."),
    "metadata.spamlab.cpu_s is None": lambda n: n.metadata.spamlab.pop("cpu_s"),
    "metadata.spamlab.needs is None": lambda n: n.metadata.spamlab.pop("needs"),
    "takes 21 minutes": lambda n: n.metadata.spamlab.update(core_minutes=21),
    "execution counts": lambda n: code(n).update(execution_count=7),
    "stores an error": lambda n: code(n).outputs.append(v4.new_output("error", ename="E")),
    "metadata.widgets": lambda n: n.metadata.update(widgets={}),
    "widget view": lambda n: data(n).update({"application/vnd.jupyter.widget-view+json": {}}),
    "checked but stores no text": lambda n: code(n).update(outputs=[]),
    "skipped without": lambda n: code(n).metadata.tags.append("nbval-skip"),
    "lacks the tag nbval-check-output": lambda n: code(n).metadata.update(tags=[]),
    "has no sentence": lambda n: data(n).update({"text/plain": "A grid."}),
    "stores image/svg+xml": lambda n: data(n).update({"image/svg+xml": "<svg/>"}),
    "in full colour": lambda n: data(n).update({"image/png": full_colour_png(200_000)}),
    "names a place": lambda n: code(n).update(source="open('/home/ada/picture.png')"),
    "no text in its brackets": lambda n: n.cells[4].update(
        source="## Code\n\n![](https://example.org/a.png)"
    ),
    "leads nowhere": lambda n: n.cells[4].update(source="## Code\n\n[next](02_none.ipynb)"),
    "bytes": lambda n: n.cells[4].update(source="## Code\n\n" + "long " * 700_000),
}


def write(notebook, path: Path) -> Path:
    nbformat.write(notebook, path)
    return path


def test_a_good_notebook_has_no_problems(tmp_path):
    assert problems(write(good_notebook(), tmp_path / "90_made.ipynb")) == []


@pytest.mark.parametrize("problem", MISTAKES)
def test_each_mistake_is_found(problem, tmp_path):
    notebook = good_notebook()
    MISTAKES[problem](notebook)
    (tmp_path / "90_made.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    found = problems(tmp_path / "90_made.ipynb", notebook)
    assert any(problem in sentence for sentence in found), found


def test_budgets_can_be_exceeded():
    budget = {"max_cell_s": 1, "cpu_s": 10, "rss_mb": 100}
    assert over_budget({"max_cell_s": 2.9, "cpu_s": 29, "rss_mb": 99}, budget) == []
    assert len(over_budget({"max_cell_s": 3.1, "cpu_s": 31, "rss_mb": 101}, budget)) == 3


def test_a_busy_machine_makes_no_cell_slow_but_work_does():
    cells = [{"seconds": s, "cpu_s": cpu} for s, cpu in ((1, 2), (90, 8), (7, 20), (0, 20))]
    assert list(durations(cells)) == [1, 6, 7, 0]


def run_sources(folder: Path, *sources: str):
    """Run made cells as the lessons are run; the last one is compared with a stored output."""
    cells = [v4.new_code_cell(s, execution_count=i) for i, s in enumerate(sources, start=1)]
    cells[-1].metadata["tags"] = ["nbval-check-output"]
    cells[-1].outputs = [v4.new_output("stream", text="4 x 4 cells\n")]
    (folder / "notebooks").mkdir()
    write(v4.new_notebook(cells=cells), folder / "notebooks" / "90_made.ipynb")
    shutil.copy(ROOT / "notebooks" / "conftest.py", folder / "notebooks")
    return run_nbval([folder / "notebooks" / "90_made.ipynb"], folder)


def test_a_made_notebook_passes_and_its_network_attempt_is_noticed(tmp_path):
    hidden = (
        "import urllib.request\n"
        "try:\n    urllib.request.urlopen('http://192.0.2.1', timeout=9)\n"
        "except OSError:\n    pass"
    )
    result, cells, attempts = run_sources(tmp_path, hidden, "print('4 x 4 cells')")
    assert result.returncode == 0, result.stdout
    assert [cell["outcome"] for cell in cells] == ["passed", "passed"]
    assert costs(cells)["90_made.ipynb"]["rss_mb"] > 10
    assert len(attempts) == 1 and "192.0.2.1" in attempts[0]


def test_a_failed_cell_is_reported_once_and_a_changed_output_fails(tmp_path):
    result, cells, _ = run_sources(tmp_path, "1 / 0", "undefined_name", "print('5 x 5 cells')")
    assert result.returncode == 1
    assert [cell["outcome"] for cell in cells] == ["failed", "skipped", "skipped"]  # xfail counts as skipped
    (tmp_path / "again").mkdir()
    result, cells, _ = run_sources(tmp_path / "again", "1", "print('5 x 5 cells')")
    assert result.returncode == 1
    assert [cell["outcome"] for cell in cells] == ["passed", "failed"]
