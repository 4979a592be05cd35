"""The tasks of a benchmark on an existing Dask cluster, with ``pip install "spamlab[dask]"``.

Tasks go to `distributed` itself. joblib's backend for it spreads them as well and survives a killed worker,
but waits for ever once Dask gives a task up, as it does when several workers died of it (joblib 1.6).
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from itertools import islice

from spamlab.benchmark.code import fingerprint
from spamlab.data import Split

AHEAD = 4  # tasks per worker that are handed out at a time
TIMEOUT = 5  # seconds to wait for the scheduler, and for its first worker
MISSING = 'Dask is not installed; pip install "spamlab[dask]", here and on the workers'
OTHER = "has other code or other versions of its packages than this computer; install the same on both"


def n_workers(address: str) -> int:
    """Return how many workers a cluster has, after looking whether they can do the work.

    Parameters
    ----------
    address : str
        Where the scheduler listens, such as "tcp://10.0.0.1:8786".

    Raises
    ------
    ModuleNotFoundError
        If Dask is not installed.
    ConnectionError
        If nothing answers at the address, or no worker is there.
    RuntimeError
        If a worker lacks spamlab or has another version of it, or works at several tasks at a time.
    """
    with _connected(address) as client:
        return len(_checked(client, fingerprint(), ()))


def spread(function: Callable[..., list], tasks: Sequence[tuple], address: str, code: str) -> Iterator[list]:
    """Yield ``function(*task)`` of each task once, in the order in which the workers finish.

    A task whose worker is lost goes to another one. Where all are lost, new ones are waited for.

    Parameters
    ----------
    function : callable
    tasks : sequence of tuple
        A `Split` among them is read by the workers, from the same folder as here.
    address : str
        Where the scheduler listens.
    code : str
        The fingerprint that the workers must have.

    Raises
    ------
    ModuleNotFoundError, ConnectionError, RuntimeError
        As `n_workers`; also if a task fails, a worker does not see the folder of a `Split`, or the scheduler
        is lost.
    """
    tasks = [_absolute(task) for task in tasks]
    folders = {str(part.root) for task in tasks for part in task if isinstance(part, Split)}
    with _connected(address) as client:
        ahead = AHEAD * len(_checked(client, code, sorted(folders)))
        # a partial, so that Dask does not look for its own things among the arguments
        calls = (partial(_run, function, task, code) for task in tasks)
        yield from _finished(client, calls, ahead)


def _finished(client, calls: Iterator[Callable[[], list]], ahead: int) -> Iterator[list]:
    """Yield what the calls return; so many are under way at a time."""
    from distributed import KilledWorker, as_completed
    from distributed.client import CancelledError

    going = as_completed(loop=client.loop, with_results=True)
    going.update([client.submit(call, pure=False) for call in islice(calls, ahead)])
    try:
        for _, found in going:
            going.update([client.submit(call, pure=False) for call in islice(calls, 1)])
            yield found
    except (KilledWorker, CancelledError) as error:
        raise RuntimeError(f"the cluster gave up: {error}") from error


def _absolute(task: tuple) -> tuple:
    return tuple(
        replace(part, root=part.root.absolute()) if isinstance(part, Split) else part for part in task
    )


def _run(function: Callable[..., list], task: tuple, code: str) -> list:
    """Run a task on a worker, which may have come after the others were looked at."""
    if _own() != code:
        raise RuntimeError(f"a worker that came later {OTHER}")
    return function(*task)


_own = cache(fingerprint)


@contextmanager
def _connected(address: str):
    """Yield a client of the scheduler at an address."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ModuleNotFoundError(MISSING) from error
    try:
        client = Client(address, timeout=TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        client, told = None, str(error)
    if client is None:
        # Close what was begun here and now: a later collection may run in the thread of the next client,
        # which then waits for itself (distributed 2026.8).
        gc.collect()
        raise ConnectionError(
            f"no Dask scheduler answers at {address} ({told}); start one with: dask scheduler"
        )
    with client:
        yield client


def _checked(client, code: str, folders: Sequence[str]) -> list[str]:
    """Return the addresses of the workers, if each can do the work."""
    address = client.scheduler.address
    start = f"dask worker {address} --nworkers 4 --nthreads 1"
    try:
        client.wait_for_workers(1, timeout=TIMEOUT)
    except TimeoutError as error:
        raise ConnectionError(f"no worker at {address}; start some with: {start}") from error
    for worker, threads in client.nthreads().items():
        if threads != 1:
            raise RuntimeError(
                f"worker {worker} works at {threads} tasks at a time, expected 1, or times would be those of "
                f"a crowd; start it with: {start}"
            )
    answers = client.run(_question(folders), on_error="return")
    for worker, answer in answers.items():
        if isinstance(answer, Exception):
            raise RuntimeError(
                f"worker {worker} cannot load spamlab ({answer!r}); install it there"
            ) from answer
        found, unseen = answer
        if found != code:
            raise RuntimeError(f"worker {worker} {OTHER}")
        if unseen:
            raise RuntimeError(
                f"worker {worker} sees no folder {unseen[0]}; put the data there under that name"
            )
    return list(answers)


def _question(folders: Sequence[str]) -> Callable[[], tuple[str, list[str]]]:
    """Return what each worker is asked; it travels as it is, for spamlab may be missing there."""

    def answer():
        from pathlib import Path

        from spamlab.benchmark.code import fingerprint

        return fingerprint(), [folder for folder in folders if not Path(folder).is_dir()]

    return answer
