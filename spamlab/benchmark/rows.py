"""One row of scores per picture, method, setting and K, kept in a file of JSON lines as they come.

A line is written when its row is known, and flushed. After a kill the last line may be cut off: it is removed
and its row is made again; all other rows are kept. A row is known by (method, value, image, n_asked), so
settings may share a file. Each line also holds a fingerprint of the code that made it (`code`): rows of other
code are refused, not mixed with new ones.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spamlab.benchmark.code import fingerprint
from spamlab.benchmark.methods import METHODS, Method, cut, warm_up
from spamlab.benchmark.workers import spread
from spamlab.data import Sample, Split
from spamlab.metrics import superpixel_scores

Row = dict[str, float | str | None]
KEY = ("method", "value", "image", "n_asked")
_warm: set[str] = set()  # methods that have run in this process


def scores(labels: ArrayLike, image: ArrayLike, truths: Sequence[ArrayLike]) -> dict[str, float]:
    """Return `metrics.superpixel_scores` with boundaries at r = 1 and 2, whatever the size of the picture."""
    return superpixel_scores(labels, image, truths, r=1)


@dataclass(frozen=True)
class Case:
    """What to run on every picture: a method, the value of its setting, and the numbers K to ask for."""

    method: str
    value: float | None
    n_asked: tuple[int, ...]


def measure(
    data: Split | Sequence[Sample],
    cases: Iterable[Case],
    file: str | Path | None = None,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    progress: bool = False,
    methods: Mapping[str, Method] = METHODS,
    score: Callable[..., Mapping[str, float]] = scores,
) -> list[Row]:
    """Run methods over pictures and score what comes out.

    Parameters
    ----------
    data : Split or sequence of Sample
    cases : iterable of Case
    file : str or Path, optional
        Where rows are kept: those found there are not made again, new ones are appended as they come.
    jobs : int
        How many processes work at the same time.
    scheduler : str, optional
        The address of a Dask scheduler whose workers do the work instead, see `workers`.
    progress : bool
        Whether to show how far it is and how long it will take.
    methods : mapping of str to Method
    score : callable
        ``score(labels, image, truths)`` returns the scores by name, among them "n", the number of labels.

    Returns
    -------
    list of dict
        method, setting, value, image, n_asked, n_obtained, seconds, and the scores; in the order of the
        pictures, then of the cases, then of K.

    Raises
    ------
    ValueError
        If the file holds something else than rows, or rows that were made with other code.
    RuntimeError
        If a method fails on a picture, or a worker cannot do the work; the rows so far are kept.
    ConnectionError
        If no scheduler or no worker is there.
    """
    cases = list(cases)
    code = fingerprint()
    found = {} if file is None else read(Path(file), code, _key)
    tasks, wanted = _plan(data, cases, found, methods, score)
    total = len(set(wanted))
    sizes = total, sum(len(task[5]) for task in tasks)
    options = {"jobs": jobs, "scheduler": scheduler, "progress": progress, "file": file, "code": code}
    for row in work(_rows, tasks, sizes, **options):
        found[_key(row)] = row
    return [found[key] for key in wanted]


def _plan(data, cases, found, methods, score) -> tuple[list[tuple], list[tuple]]:
    """Return what is left to do, one task per picture and case, and the keys of all rows wanted."""
    names = data.names if isinstance(data, Split) else [sample.name for sample in data]
    tasks, wanted = [], []
    for index, image in enumerate(names):
        for case in cases:
            keys = {k: (case.method, case.value, image, k) for k in case.n_asked}
            left = tuple(k for k, key in keys.items() if key not in found)
            wanted += keys.values()
            if left:
                source = data if isinstance(data, Split) else data[index : index + 1]
                at = index if isinstance(data, Split) else 0
                tasks.append((source, at, case.method, methods[case.method], case.value, left, score))
    return tasks, wanted


def work(
    function: Callable[..., list[Row]],
    tasks: Sequence[tuple],
    sizes: tuple[int, int],
    *,
    jobs: int,
    progress: bool,
    file: str | Path | None,
    code: str,
    scheduler: str | None = None,
) -> Iterator[Row]:
    """Yield new rows as they come, after writing them.

    Parameters
    ----------
    function : callable
        ``function(*task)`` makes the rows of one task.
    tasks : sequence of tuple
    sizes : (int, int)
        How many rows are wanted, and how many of them the tasks will make.
    jobs, progress, file, scheduler
        As in `measure`.
    code : str
        What each line says about the code that made it.
    """
    from tqdm import tqdm  # here, for it is needed only now

    total, left = sizes
    makers = spread(function, tasks, scheduler, code) if scheduler else _here(function, tasks, jobs)
    with tqdm(total=total, initial=total - left, unit="row", smoothing=0.02, disable=not progress) as bar:
        for rows in makers if tasks else ():
            if file is not None:
                _append(Path(file), rows, code)
            bar.update(len(rows))
            yield from rows


def _here(function: Callable[..., list[Row]], tasks: Sequence[tuple], jobs: int) -> Iterator[list[Row]]:
    """Yield the rows of each task in the order in which processes of this computer finish."""
    from joblib import Parallel, delayed  # here, for it is needed only now

    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch="4 * n_jobs")
    yield from parallel(delayed(function)(*task) for task in tasks)


def _rows(
    data: Sequence[Sample], index: int, name: str, method: Method, value: float | None, asked: tuple, score
) -> list[Row]:
    """Cut one picture at every K asked for and score it."""
    sample = data[index]
    try:
        if name not in _warm:
            warm_up(method)
            _warm.add(name)
        return [_row(sample, name, method, value, k, score) for k in asked]
    except Exception as error:
        raise RuntimeError(f"{name} ({value}) failed on {sample.name}: {error}") from error


def _row(sample: Sample, name: str, method: Method, value: float | None, n_asked: int, score) -> Row:
    truth, others = judges(sample) if method.annotated else (None, sample.truths)
    labels, seconds = cut(method, sample.image, n_asked, value, truth)
    found = dict(score(labels, sample.image, others))
    head = {"method": name, "setting": method.setting, "value": value, "image": sample.name}
    counts = {"n_asked": n_asked, "n_obtained": int(found.pop("n")), "seconds": round(seconds, 5)}
    return {**head, **counts, **found}


def judges(sample: Sample) -> tuple[NDArray[np.int32], list[NDArray[np.int32]]]:
    """Return what one annotator drew, and what all others drew.

    Which one follows from the checksum of the picture's name, so that it does not depend on the other
    pictures that are measured.

    Raises
    ------
    ValueError
        If there are no others.
    """
    truths = list(sample.truths)
    if len(truths) < 2:
        raise ValueError(f"{len(truths)} annotator, expected at least 2: one is given, the others judge")
    given = truths.pop(zlib.crc32(sample.name.encode()) % len(truths))
    return given, truths


def _key(row: Row) -> tuple:
    return tuple(row[name] for name in KEY)


def _append(file: Path, rows: list[Row], code: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8", newline="\n") as stream:
        for row in rows:
            # JSON has no NaN; a score that does not exist is null
            known = {name: None if value != value else value for name, value in row.items()}
            stream.write(json.dumps({**known, "code": code}) + "\n")
            stream.flush()


def read(file: Path, code: str, key: Callable[[Row], tuple]) -> dict[tuple, Row]:
    """Return the rows of a file by their keys, after removing a last line that was cut off."""
    if not file.exists():
        return {}
    content = file.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with file.open("r+b") as stream:
            stream.truncate(whole)
    rows, made_with = {}, set()
    for number, line in enumerate(content[:whole].splitlines(), 1):
        try:
            row = json.loads(line)
            made_with.add(row.pop("code", None))
            rows[key(row)] = {k: float("nan") if v is None and k != "value" else v for k, v in row.items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"line {number} of {file} is no row of a benchmark ({error!r}); delete it or name another"
            ) from error
    if made_with - {code}:
        raise ValueError(
            f"rows in {file} were made with other code; delete the file or name another with --rows"
        )
    return rows
