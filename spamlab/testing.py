"""What the tests of notebooks share: `sweep` the controls of a demo, and `bake` a notebook.

``python -m spamlab.testing bake notebooks/01_slic.ipynb`` runs a notebook from top to bottom and
stores it so that it is complete without a kernel: pictures and sentences stay, live views go.
"""

import argparse
import html
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np

from spamlab.widgets import Demo

VIEW = "application/vnd.jupyter.widget-view+json"
_LONG = 2.0  # seconds of a cell that are reported


def sweep(demo: Demo) -> int:
    """Visit the ends, the default and, where there are few, all values of every control.

    All pairs of controls are also set to their ends. Values are set through the traits of the
    widgets, so the same callbacks run as in a browser. The defaults are restored.

    Parameters
    ----------
    demo : Demo

    Returns
    -------
    int
        How many different settings were visited.

    Raises
    ------
    AssertionError
        Naming the values, if the demo raised, drew a picture of one colour, or said nothing
        with a number.
    """
    strict, demo.strict = demo.strict, False
    demo.reset()  # a first picture, if none was drawn yet
    demo.strict, visited = True, set()
    try:
        for values in _settings(demo):
            key = tuple(values.values())
            if key not in visited:
                visited.add(key)
                _visit(demo, values)
    finally:
        demo.strict = False
        demo.reset()
        demo.strict = strict
    return len(visited)


def _settings(demo: Demo) -> Iterator[dict[str, Any]]:
    yield demo.defaults
    for name, handle in demo.handles.items():
        for value in handle.stops:
            yield demo.defaults | {name: value}
    for one, other in combinations(demo.handles, 2):
        for pair in product(demo.handles[one].ends, demo.handles[other].ends):
            yield demo.defaults | {one: pair[0], other: pair[1]}


def _visit(demo: Demo, values: dict[str, Any]) -> None:
    try:
        for name, value in values.items():
            demo.handles[name].holder.value = value
        picture, sentence = demo.render()
    except Exception as reason:
        raise AssertionError(f"at {_said(demo)} the demo raised {reason!r}") from reason
    if not np.ptp(picture.reshape(-1, 3), axis=0).any():
        raise AssertionError(f"at {_said(demo)} the picture is blank, all {picture[0, 0]}")
    shown = html.unescape(demo.status.value)
    if not any(c.isdigit() for c in sentence) or sentence not in shown:
        raise AssertionError(f"at {_said(demo)} the status line is {shown!r}, not {sentence!r}")


def _said(demo: Demo) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in demo.values.items())


@dataclass(frozen=True)
class Baked:
    """What `bake` reports: the size in bytes, and the seconds of the cells above 2 s by number."""

    path: Path
    size: int
    slow: dict[int, float]

    def __str__(self) -> str:
        slow = ", ".join(f"cell {i}: {s:.1f} s" for i, s in self.slow.items()) or "none"
        return f"{self.path}: {self.size / 1000:.0f} kB; cells above {_LONG:g} s: {slow}"


def bake(path: str | Path, *, timeout: int = 600) -> Baked:
    """Run a notebook in its folder and store it with still outputs only, for readers without a kernel.

    Live views, widget state and times are removed; cell ids are kept. Nothing is written if a cell
    fails or writes to the error stream.

    Parameters
    ----------
    path : str or Path
        A notebook, replaced in one step.
    timeout : int
        Seconds a cell may take.

    Raises
    ------
    RuntimeError
        If a cell wrote to the error stream: cure the cause, or silence it where it arises.
    nbclient.exceptions.CellExecutionError
        If a cell raised.
    """
    import nbformat
    from nbclient import NotebookClient

    path = Path(path)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.resolve().parent)}},
        store_widget_state=False,
        coalesce_streams=True,
    )
    client.execute(env=os.environ | {"CI": "1", "TQDM_DISABLE": "1"})
    slow = {i: s for i, s in _seconds(notebook) if s > _LONG}
    _still(notebook)
    nbformat.validate(notebook)
    _write(path, nbformat.writes(notebook).rstrip("\n") + "\n")
    return Baked(path, path.stat().st_size, slow)


def _seconds(notebook: Any) -> Iterator[tuple[int, float]]:
    for i, cell in enumerate(notebook.cells):
        times = cell.metadata.pop("execution", {})
        if "iopub.execute_input" in times and "shell.execute_reply" in times:
            begin, end = times["iopub.execute_input"], times["shell.execute_reply"]
            read = datetime.fromisoformat
            yield i, (read(end) - read(begin)).total_seconds()


def _still(notebook: Any) -> None:
    """Keep what needs no kernel, and one form of the metadata."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    notebook.metadata["language_info"] = {"name": "python"}
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _keep(output, i)]


def _keep(output: Any, i: int) -> bool:
    if output.output_type == "stream" and output.name == "stderr":
        raise RuntimeError(
            f"cell {i} wrote to the error stream: {output.text.strip()!r}; expected nothing there, "
            "so cure the cause or silence it where it arises"
        )
    if "data" in output:
        output.data.pop(VIEW, None)
        return bool(output.data)
    return True


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns 1 if a notebook could not be baked."""
    parser = argparse.ArgumentParser(prog="python -m spamlab.testing")
    bakery = parser.add_subparsers(required=True).add_parser("bake", help="run and store notebooks")
    bakery.add_argument("notebooks", nargs="+", type=Path)
    failed = False
    for path in parser.parse_args(arguments).notebooks:
        try:
            print(bake(path), flush=True)
        except Exception as reason:  # report it and go on with the other notebooks
            print(f"{path}: not baked. {reason}", file=sys.stderr, flush=True)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
