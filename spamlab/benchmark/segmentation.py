"""One row of scores per picture, segmenter and setting, kept in a file as those of superpixels are (`rows`).

Boundary matching takes most of the time. So label maps of the same regions are scored once per picture,
whichever method and setting they came from. The others cost no more than the cut.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spamlab.benchmark.code import fingerprint
from spamlab.benchmark.rows import Row, read, work
from spamlab.benchmark.segmenters import SEGMENTERS, Segmenter, Setting
from spamlab.data import Sample, Split
from spamlab.metrics import BoundaryCounts, segmentation_scores
from spamlab.regions import relabel

HEAD = ("method", "files", "image", "setting", "map", "seconds_prepare", "seconds")
COUNTS = tuple(field.name for field in fields(BoundaryCounts))
SCORES = ("n", "pri", "voi_mean", "gce_mean", "covering_mean", *COUNTS)
_warm: set[str] = set()  # methods that have run in this process


def scores(labels: ArrayLike, truths: Sequence[ArrayLike]) -> dict[str, float]:
    """Return what a row keeps of `metrics.segmentation_scores`: means over the annotators, and counts."""
    found = segmentation_scores(labels, truths)
    return {name: found[name] for name in SCORES}


def measure_segmentations(
    data: Split | Sequence[Sample],
    plans: Mapping[str, Sequence[Setting]],
    file: str | Path | None = None,
    *,
    rows: Iterable[Row] = (),
    jobs: int = 1,
    scheduler: str | None = None,
    progress: bool = False,
    segmenters: Mapping[str, Segmenter] = SEGMENTERS,
    score: Callable[..., Mapping[str, float]] = scores,
) -> list[Row]:
    """Segment pictures at many settings and score what comes out.

    Parameters
    ----------
    data : Split or sequence of Sample
    plans : mapping of str to sequence of dict
        The settings to run of each segmenter.
    file : str or Path, optional
        Where rows are kept: those found there are not made again, new ones are appended as they come.
    rows : iterable of dict
        Rows that are there besides.
    jobs : int
        How many processes work at the same time, each on a picture of its own.
    scheduler : str, optional
        As in `measure`.
    progress : bool
        Whether to show how far it is and how long it will take.
    segmenters : mapping of str to Segmenter
    score : callable
        ``score(labels, truths)`` returns the scores by name.

    Returns
    -------
    list of dict
        method, files (a hash of those it read), image, setting, map (a hash of the regions), seconds_prepare,
        seconds, and the scores; in the order of the pictures, then of the plans.

    Raises
    ------
    ValueError
        If the file holds something else than rows, or rows that were made with other code.
    RuntimeError
        If a segmenter fails on a picture; the rows so far are kept.
    """
    code = fingerprint()
    found = {_key(row): row for row in rows} | ({} if file is None else read(Path(file), code, _key))
    tasks, wanted = _plan(data, plans, found, segmenters, score)
    sizes = len(wanted), sum(len(part[3]) for task in tasks for part in task[2])
    options = {"jobs": jobs, "scheduler": scheduler, "progress": progress, "file": file, "code": code}
    for row in work(_rows, tasks, sizes, **options):
        found[_key(row)] = row
    return [found[key] for key in wanted]


def _key(row: Row) -> tuple:
    return row["method"], row["files"], row["image"], tuple(row["setting"].items())


def _plan(data, plans, found, segmenters, score) -> tuple[list[tuple], list[tuple]]:
    """Return what is left to do, one task per picture, and the keys of all rows wanted."""
    names = data.names if isinstance(data, Split) else [sample.name for sample in data]
    read_by = {name: hash_of(segmenters[name].files) for name in plans}
    known: dict[str, dict[str, Row]] = {name: {} for name in names}
    for row in found.values():
        if row["image"] in known:
            known[row["image"]][row["map"]] = {k: v for k, v in row.items() if k not in HEAD}
    tasks, wanted = [], []
    for index, image in enumerate(names):
        parts = []
        for name, settings in plans.items():
            keys = [(name, read_by[name], image, tuple(setting.items())) for setting in settings]
            left = [setting for setting, key in zip(settings, keys, strict=True) if key not in found]
            wanted += keys
            parts += [(name, read_by[name], segmenters[name], left)] if left else []
        if parts:
            source = data if isinstance(data, Split) else data[index : index + 1]
            tasks.append((source, index if isinstance(data, Split) else 0, parts, known[image], score))
    return tasks, wanted


def hash_of(files: Iterable[Path]) -> str:
    """Return a short hash of what is in some files, "" of none."""
    contents = [Path(file).read_bytes() for file in files]
    return hashlib.sha256(b"".join(contents)).hexdigest()[:12] if contents else ""


def _rows(data: Sequence[Sample], index: int, parts: list[tuple], known: dict, score) -> list[Row]:
    """Segment one picture with all methods at all their settings; `known` holds scores by map."""
    sample, known, rows = data[index], dict(known), []
    for name, files, segmenter, settings in parts:
        head = {"method": name, "files": files, "image": sample.name}
        try:
            if name not in _warm:
                _warm_up(segmenter)
                _warm.add(name)
            for setting, labels, seconds in _cuts(segmenter, sample.image, settings):
                regions = in_order(labels, sample.image.shape[:2])
                digest = hashlib.sha256(regions.tobytes()).hexdigest()[:20]
                if digest not in known:
                    known[digest] = dict(score(regions, sample.truths))
                rows.append({**head, "setting": setting, "map": digest, **seconds, **known[digest]})
        except Exception as error:
            raise RuntimeError(f"{name} failed on {sample.name}: {error}") from error
    return rows


def _cuts(segmenter: Segmenter, image: NDArray[np.float32], settings: Sequence[Setting]):
    """Yield each setting, its labels, and the seconds; settings that share a preparation come together."""
    groups: dict[tuple, list[Setting]] = {}
    for setting in settings:
        groups.setdefault(tuple(setting[name] for name in segmenter.fixed), []).append(setting)
    for fixed, group in groups.items():
        begin = time.perf_counter()
        state = segmenter.prepare(image, **dict(zip(segmenter.fixed, fixed, strict=True)))
        prepared = time.perf_counter() - begin
        for setting in group:
            begin = time.perf_counter()
            labels = segmenter.cut(state, setting)
            seconds = time.perf_counter() - begin
            yield setting, labels, {"seconds_prepare": round(prepared, 5), "seconds": round(seconds, 5)}


def _warm_up(segmenter: Segmenter) -> None:
    """Segment a tiny picture, so that compiling and loading is not timed later."""
    ramp = np.linspace(0, 1, 48 * 64 * 3, dtype=np.float32).reshape(48, 64, 3)
    list(_cuts(segmenter, ramp, segmenter.grid(**segmenter.coarse)[:1]))


def in_order(labels: ArrayLike, shape: tuple[int, int]) -> NDArray[np.int32]:
    """Renumber regions by their first pixel, so that maps of the same regions are equal.

    Raises
    ------
    ValueError
        If the map is not of the picture's shape, or leaves pixels without a label.
    """
    labels = relabel(labels)
    if labels.shape != shape:
        raise ValueError(f"the method returned labels of shape {labels.shape}, expected {shape}")
    if labels.min() < 0:
        raise ValueError("the method returned labels that hold -1, expected a region at every pixel")
    first = np.empty(labels.max() + 1, np.int64)
    first[labels.ravel()[::-1]] = np.arange(labels.size)[::-1]  # of several values the last one stays
    rank = np.empty(len(first), np.int32)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[labels]
