"""Every demo of every lesson is swept: a kernel runs the cells it needs, then moves all of its controls."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from demo_cells import only_demos
from nbclient import NotebookClient
from notebook_rules import ROOT, code_cells

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
SWEEP = """
import gc
from spamlab.testing import sweep
from spamlab.widgets import Demo
print([sweep(demo) for demo in gc.get_objects() if issubclass(type(demo), Demo)])
"""


@pytest.fixture(scope="module")
def swept(request):
    """Begin with all lessons whose test was chosen, two at a time; a key is a path, a value a future."""
    tests = [item for item in request.session.items if "swept" in item.fixturenames]
    with ThreadPoolExecutor(2) as pool:
        yield {(path := test.callspec.params["path"]): pool.submit(sweep_demos, path) for test in tests}


def sweep_demos(path):
    """Return how many demos are written in a lesson, and how many states each of them was in."""
    notebook = nbformat.read(path, as_version=4)
    written = sum(len(re.findall(r"(?<![\w.])Demo\(", cell.source)) for cell in code_cells(notebook))
    notebook, _ = only_demos(notebook)
    notebook.cells.append(nbformat.v4.new_code_cell(SWEEP))
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}})
    alone = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}  # two kernels share the cores
    client.execute(env=os.environ | alone | {"CI": "1", "TQDM_DISABLE": "1", "SPAMLAB_TEST": "1"})
    return written, eval(notebook.cells[-1].outputs[0].text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_every_demo_survives_a_sweep(path, swept):
    written, visited = swept[path].result()
    assert len(visited) == written > 0, f"{written} demos are written and {len(visited)} were found"
    assert min(visited) > 10
