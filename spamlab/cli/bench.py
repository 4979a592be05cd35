"""``spamlab benchmark``: from the words of the command to the files of a summary.

Segmentations and refinements have modules of their own, `bench_segments` and `bench_refinement`.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from spamlab.benchmark import (
    METHODS,
    SEGMENTERS,
    Case,
    Method,
    curves,
    measure_around,
    settings,
    summarise,
    sweep,
    table,
    write,
)
from spamlab.benchmark.methods import select
from spamlab.benchmark.summary import COUNTS, load, merged, versions
from spamlab.benchmark.sweep import SCORE, TARGET
from spamlab.benchmark.workers import n_workers
from spamlab.cli import bench_refinement, bench_segments
from spamlab.cli.bench_refinement import DATASET
from spamlab.data import DATASETS, Split, open_dataset
from spamlab.paths import data_dir

# options that do not go with all tasks, and those that they go with
TASKS = dict.fromkeys(("sweep", "counts"), ("superpixels",))
TASKS |= dict.fromkeys(("n_segments", "settings"), ("superpixels", "refinement"))
TASKS |= dict.fromkeys(("plot", "update"), ("superpixels", "segmentations"))
TASKS |= dict.fromkeys(("weights", "coarse_every"), ("segmentations",))
TASKS |= dict.fromkeys(("bands", "strides", "scenes", "network"), ("refinement",))
ASKED = (50, 100, 200, 400, 800, 1200)
NOTES = {
    "table": "scores at the number of superpixels obtained, interpolated linearly in its logarithm between "
    "the means of 'measured'; null where a method does not reach",
    "annotators": "_mean, _best and _worst are over the annotators of a picture, then averaged over "
    "pictures; 'judges' in 'methods' says where not all of them judge",
    "seconds": "median over the pictures of one run each, on one thread, connectivity included, what the "
    "method prepares beforehand excluded; as many processes as 'jobs' says ran at the same time",
}


def run(arguments: argparse.Namespace) -> int:
    """Run the sweep or the benchmark and write what comes out."""
    _check(arguments)
    arguments.split = arguments.split or DATASETS[arguments.dataset].usual
    output = _output(arguments)
    names = _chosen(arguments)
    data, described = _open(arguments)
    jobs = n_workers(arguments.scheduler) if arguments.scheduler else arguments.jobs
    about = {"command": _command(arguments.argv, described.get("name", "")), "data": described, "jobs": jobs}
    rows = Path(arguments.rows) if arguments.rows else output.with_suffix(".rows.jsonl")
    print(f"{len(names)} methods, {len(data)} pictures; rows are kept in {rows}", file=sys.stderr)
    options = {"file": rows, "jobs": arguments.jobs, "scheduler": arguments.scheduler, "progress": True}
    if arguments.task == "segmentations":
        return bench_segments.run(data, names, about, output, arguments, options)
    if arguments.task == "refinement":
        return bench_refinement.run(data, names, about, output, arguments, options)
    if arguments.sweep:
        return _sweep(data, names, about, output, arguments, options)
    return _run(data, names, about, output, arguments, options)


def _open(arguments: argparse.Namespace) -> tuple[Sequence, dict]:
    """Return the pictures, and what to store about them."""
    if arguments.task == "refinement":
        return bench_refinement.open_data(arguments)
    every = arguments.every or (4 if arguments.sweep else 1)
    data = open_dataset(arguments.dataset, arguments.data, arguments.split)[::every]
    name = DATASETS[arguments.dataset].title
    return data, {"name": name, "split": arguments.split, "every": every, "pictures": len(data)}


def _sweep(
    data: Split, names: list[str], about: dict, output: Path, arguments: argparse.Namespace, options: dict
) -> int:
    every = about["data"]["every"]
    which = f"every {_nth(every) + ' ' if every > 1 else ''}picture ({len(data)})"
    where = f"{about['data']['name']} {data.split}, {which}"
    asked = {"asked": arguments.n_segments} if arguments.n_segments else {}
    chosen = sweep(data, names, where=where, **asked, **options)
    found = {**about, "versions": versions(), "target": TARGET, "score": SCORE, "methods": chosen}
    write(_kept(found, output, arguments.update), output)
    for name, entry in chosen.items():
        print(f"{name}: {entry['setting']} {entry['value']:g}, {entry['how']}")
    print(f"written: {output}")
    return 0


def _run(
    data: Split, names: list[str], about: dict, output: Path, arguments: argparse.Namespace, options: dict
) -> int:
    chosen = settings(names, arguments.settings)
    asked = tuple(dict.fromkeys(arguments.n_segments or ASKED))
    counts = sorted(set(arguments.counts or COUNTS))
    cases = [Case(name, chosen[name]["value"], asked) for name in names]
    rows = measure_around(data, cases, counts, rounds=2, **options)
    summary = _kept(summarise(rows, chosen, {**about, "notes": NOTES}, counts), output, arguments.update)
    written = write(summary, output)
    for score in arguments.plot:
        picture = curves(summary, score)
        written.append(picture.save(output.with_name(f"{output.stem}_{score}.png")))
        print(picture.text)
    print(table(summary))
    print("written:", *written)
    return 0


def _kept(found: dict, output: Path, update: bool) -> dict:
    """Return what was found, with ``--update`` among the methods that the file holds already."""
    return merged(load(output), found) if update else found


def _chosen(arguments: argparse.Namespace) -> list[str]:
    """Return the methods asked for; "all" in a sweep leaves out those whose setting is the paper's."""
    if arguments.task == "refinement":
        return bench_refinement.choose(arguments.methods)
    if arguments.task == "segmentations":
        return select(arguments.methods, SEGMENTERS)
    names = select(arguments.methods, METHODS)
    return [name for name in names if name in arguments.methods or _belongs(METHODS[name], arguments)]


def _belongs(method: Method, arguments: argparse.Namespace) -> bool:
    """Return whether "all" means this method, too: not where only BSDS500 has the annotators it needs."""
    return (method.swept or not arguments.sweep) and not (method.annotated and arguments.dataset != DATASET)


def _check(arguments: argparse.Namespace) -> None:
    for name in ("every", "jobs", "n_segments", "counts", "coarse_every", "bands", "strides", "scenes"):
        values = getattr(arguments, name)
        for value in values if isinstance(values, list) else [values]:
            if value is not None and value < 1:
                raise ValueError(f"--{name.replace('_', '-')} {value}, expected at least 1")
    if arguments.scheduler and arguments.jobs != 1:
        raise ValueError(
            f"--jobs {arguments.jobs} does not go with --scheduler: each worker there is one process"
        )
    for name in ("weights", "network"):
        if arguments.scheduler and getattr(arguments, name):
            raise ValueError(
                f"--{name} does not go with --scheduler: workers may hold other weights; use --jobs"
            )
    _check_task(arguments)
    if arguments.update and not (arguments.output and Path(arguments.output).is_file()):
        raise FileNotFoundError(f"--update needs -o FILE that exists, not {arguments.output}; run without it")
    if arguments.settings and not Path(arguments.settings).is_file():
        raise FileNotFoundError(f"--settings {arguments.settings}: no such file; make it with --sweep")


def _check_task(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go together."""
    task = arguments.task
    for name, tasks in TASKS.items():
        if getattr(arguments, name) and task not in tasks:
            goes = " or ".join(f"--task {other}" for other in tasks)
            raise ValueError(f"--{name.replace('_', '-')} does not go with --task {task}; it needs {goes}")
    if task == "segmentations" and set(arguments.plot) - {"pr"}:
        raise ValueError(f"--plot {' '.join(arguments.plot)}, expected pr, the only one for segmentations")
    if not (arguments.data or arguments.scenes):
        raise ValueError("no --data DIR, expected the folder of the data set; see: spamlab fetch")


def _output(arguments: argparse.Namespace) -> Path:
    """Return where the summary goes; only a sweep of all methods has a place of its own."""
    whole = arguments.sweep and "all" in arguments.methods and arguments.dataset == DATASET
    if arguments.output is None and not whole:
        raise ValueError("no -o FILE, expected the name of the summary, such as -o results.json")
    if arguments.output is None:
        return data_dir() / "results" / f"sweep_{arguments.split}.json"
    output = Path(arguments.output)
    if output.suffix != ".json":
        raise ValueError(f"-o {output}, expected a name that ends in .json; the CSV goes beside it")
    return output


def _command(argv: list[str], data: str = "BSDS500") -> str:
    """Return the command as others can repeat it: without the places of this computer."""
    words, places = [], {"--data": data, "--scheduler": "ADDRESS"}
    for before, word in zip(["", *argv], argv, strict=False):
        option, sign, value = word.partition("=") if word.startswith("--") else ("", "", word)
        if place := places.get(before) or places.get(option):
            value = value and place
        elif Path(value).is_absolute():
            value = Path(value).name
        words.append(option + sign + value)
    return shlex.join(["spamlab", *words])


def _nth(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number // 10 % 10 != 1 else 0, "th")
    return f"{number}{ending}"
