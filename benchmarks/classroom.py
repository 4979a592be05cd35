"""What one student needs of a machine; ``python benchmarks/classroom.py --write`` measures it.

Every lesson is run from top to bottom, in a kernel of its own, with one thread and without compiled
functions kept from earlier, as on a student's first day. Memory is the most that the kernel and its workers
held together, looked at twenty times per second. The processor's seconds are theirs, too. JupyterLab's row is
its server until it answered, with no notebook open. Memory is resident pages; those that two processes share
count twice. All times are longer on a machine that has other things to do.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
EVERY = 0.05  # seconds between two looks
SERVER = "JupyterLab"


class Watch(threading.Thread):
    """Note the most memory and processor time that the children of this process had together."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.done = threading.Event()
        self.megabytes = 0.0
        self.times: dict[int, float] = {}  # process -> seconds of the processor so far

    def run(self) -> None:
        """Look until `done` is set."""
        while not self.done.wait(EVERY):
            self.look()

    def look(self) -> None:
        """Look once."""
        held = 0
        for process in psutil.Process().children(recursive=True):
            try:
                held += process.memory_info().rss
                used = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            self.times[process.pid] = used.user + used.system
        self.megabytes = max(self.megabytes, held / 1e6)


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Give a dict that holds the megabytes and both kinds of seconds once the block is left."""
    watch, cost, begin = Watch(), {}, time.perf_counter()
    watch.start()
    try:
        yield cost
    finally:
        watch.done.set()
        watch.join()
        seconds = time.perf_counter() - begin
        cost |= {"megabytes": watch.megabytes, "cpu": sum(watch.times.values()), "seconds": seconds}


def environment(folder: str) -> dict[str, str]:
    """Return the environment of a first day: one thread, nothing compiled, no progress bars."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return os.environ | threads | {"NUMBA_CACHE_DIR": folder, "TQDM_DISABLE": "1"}


def lesson(path: Path) -> dict[str, float]:
    """Run a lesson and return its cost."""
    place = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(nbformat.read(path, as_version=4), timeout=600, resources=place)
    with tempfile.TemporaryDirectory() as folder, watched() as cost:
        client.execute(env=environment(folder))
    return cost


def server() -> dict[str, float]:
    """Start JupyterLab, wait for its answer, and return its cost."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token="]
    with tempfile.TemporaryDirectory() as folder, watched() as cost:
        program = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *words], cwd=folder, stderr=subprocess.DEVNULL
        )
        try:
            wait(f"http://127.0.0.1:{port}/api", program)
        finally:
            program.terminate()
            program.wait()
    return cost


def wait(address: str, program: subprocess.Popen, limit: float = 300) -> None:
    """Wait until a server answers."""
    begin = time.monotonic()
    while program.poll() is None and time.monotonic() - begin < limit:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab gave no answer at {address}; start it by hand and read what it says")


def table(costs: dict[str, dict[str, float]]) -> str:
    """Return a row for each thing measured, and the largest need of one student."""
    lines = ["| what runs | memory (MB) | processor (s) | time (s) |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {cost['megabytes']:.0f} | {cost['cpu']:.0f} | {cost['seconds']:.0f} |"
        for name, cost in costs.items()
    ]
    lessons = [cost["megabytes"] for name, cost in costs.items() if name != SERVER]
    need = (max(lessons) + costs[SERVER]["megabytes"]) / 1000
    return "\n".join([*lines, "", f"One student, one lesson open: at most {need:.1f} GB."])


def main() -> None:
    """Measure, print the table, and write it with ``--write``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write classroom.md beside this file")
    options = parser.parse_args()
    costs = {SERVER: server()}
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")):
        costs[path.stem] = lesson(path)
        print(path.stem, costs[path.stem], flush=True)
    method = __doc__.split("\n\n")[1].strip().replace("\n", " ")
    made = "Made by `python benchmarks/classroom.py --write`."
    report = "\n\n".join(["# What one student needs", method, table(costs), made]) + "\n"
    print(report)
    if options.write:
        Path(__file__).with_suffix(".md").write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
