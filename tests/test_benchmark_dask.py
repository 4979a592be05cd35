"""The benchmark on a Dask cluster: two worker processes on this computer stand in for other machines."""

import json
import os
import sys
import threading
import time
from functools import partial
from pathlib import Path

import distributed
import numpy as np
import psutil
import pytest
from test_benchmark import CASES, SIZE, make_bsds, timeless

from spamlab.benchmark import Case, Method, measure, workers
from spamlab.benchmark.code import fingerprint
from spamlab.benchmark.workers import n_workers, spread
from spamlab.cli import main
from spamlab.data import bsds500


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_bsds(tmp_path_factory.mktemp("bsds"))


@pytest.fixture(scope="module")
def data(folder):
    return bsds500(folder)


def cluster_of(n, **options):
    options = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 60, **options}
    return distributed.LocalCluster(n_workers=n, protocol="tcp", host="127.0.0.1", **options)


@pytest.fixture(scope="module")
def cluster():
    with cluster_of(2) as cluster:
        yield cluster


@pytest.fixture
def address(cluster):
    cluster.wait_for_workers(2)  # one may have been killed in the test before
    return cluster.scheduler_address


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(workers, "TIMEOUT", 0.3)


def asked(address, question):
    """Return what each worker answers to a function."""
    with distributed.Client(address, set_as_default=False) as client:
        return list(client.run(question).values())


def columns(image, n_segments, _):
    return np.arange(image.shape[1]) * n_segments // image.shape[1] + np.zeros(image.shape[:2], int)


def mortal(marker, image, n_segments, _):
    """Cut into columns; the first worker that comes to a whole picture is killed in the middle of it."""
    time.sleep(0.02)
    try:
        if image.shape[:2] == SIZE and n_segments == 8:
            Path(marker).touch(exist_ok=False)
            Path(marker).write_text(str(os.getpid()))
            psutil.Process().kill()  # SIGKILL, where there is one
    except FileExistsError:
        pass
    return columns(image, n_segments, _)


def always_dies(*_):
    psutil.Process().kill()


# ---- the same rows


def test_the_rows_are_those_of_one_process(data, address, tmp_path):
    expected = timeless(measure(data, CASES))
    file = tmp_path / "rows.jsonl"
    assert timeless(measure(data, CASES, file, scheduler=address)) == expected
    assert len(file.read_text().splitlines()) == len(expected)
    before = file.read_bytes()
    assert timeless(measure(data, CASES, file, scheduler="nowhere:1")) == expected, "nothing is left to do"
    assert file.read_bytes() == before
    assert timeless(measure(list(data), CASES[:1], scheduler=address)) == [
        row for row in expected if row["method"] == "slic"
    ]


def test_both_workers_work(address):
    pids = set(asked(address, os.getpid))
    assert len(pids) == n_workers(address) == 2
    tasks = [(number,) for number in range(20)]
    found = [pid for pids in spread(slowly, tasks, address, fingerprint()) for pid in pids]
    assert set(found) == pids and os.getpid() not in pids


def slowly(number):
    time.sleep(0.05)
    return [os.getpid()]


def test_methods_that_only_this_process_knows(data, address):
    methods = {"mine": Method(lambda image, k, _: columns(image, k, _))}
    cases = [Case("mine", None, (4, 8))]
    expected = timeless(measure(data, cases, methods=methods))
    assert timeless(measure(data, cases, methods=methods, scheduler=address)) == expected


def test_a_relative_folder(folder, address, monkeypatch):
    monkeypatch.chdir(folder.parent)
    (row,) = measure(bsds500(folder.name)[:1], [Case("grid", None, (6,))], scheduler=address)
    assert row["image"] == "1"


def test_the_command(folder, address, tmp_path, capsys):
    output = tmp_path / "out.json"
    words = ["benchmark", "--data", str(folder), "--methods", "grid", "--n-segments", "6", "12"]
    assert main([*words, "--counts", "8", "--scheduler", address, "-o", str(output)]) == 0
    found = json.loads(output.read_text())
    assert found["jobs"] == 2 and f"--scheduler ADDRESS -o {output.name}" in found["command"]
    assert main([*words, "--scheduler", address, "--jobs", "2", "-o", str(output)]) == 1
    assert "--jobs 2 does not go with --scheduler" in capsys.readouterr().err


# ---- what may be lost


def test_a_worker_killed_half_way_loses_nothing(data, address, tmp_path):
    marker, file = tmp_path / "killed", tmp_path / "rows.jsonl"
    methods = {"mortal": Method(partial(mortal, str(marker)))}
    cases = [Case("mortal", None, (k,)) for k in (4, 6, 8, 10, 12)]
    before = asked(address, os.getpid)
    rows = measure(data, cases, file, methods=methods, scheduler=address)
    assert int(marker.read_text()) in before, "a worker was killed"
    keys = [(row["image"], row["n_asked"]) for row in rows]
    assert keys == [(name, k) for name in data.names for k in (4, 6, 8, 10, 12)]
    assert [row["n_obtained"] for row in rows] == [row["n_asked"] for row in rows]
    kept = [json.loads(line) for line in file.read_text().splitlines()]
    assert sorted((row["image"], row["n_asked"]) for row in kept) == sorted(keys), "each row once"
    assert timeless(measure(data, cases, methods=methods)) == timeless(rows)


def test_killed_from_outside_while_results_come(address):
    tasks, found = [(number,) for number in range(40)], []
    for rows in spread(number_slowly, tasks, address, fingerprint()):
        if len(found) == 10:
            psutil.Process(asked(address, os.getpid)[0]).kill()
        found += rows
    assert sorted(found) == list(range(40))


def number_slowly(number):
    time.sleep(0.05)
    return [number]


def test_a_task_that_kills_every_worker_ends_the_run(cluster, address, monkeypatch):
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)  # as often as that may it be tried again
    with pytest.raises(RuntimeError, match="the cluster gave up: .*died"):
        list(spread(always_dies, [(1,)], address, fingerprint()))


def test_a_method_that_fails_is_named(data, address):
    def broken(image, n_segments, value):
        raise IndexError("no luck")

    with pytest.raises(RuntimeError, match=r"broken \(3\) failed on \d: no luck"):
        measure(data, [Case("broken", 3, (6,))], methods={"broken": Method(broken)}, scheduler=address)


# ---- what is refused


def test_workers_with_other_code(address):
    with pytest.raises(RuntimeError, match="worker tcp://.* has other code .*install the same on both"):
        next(spread(slowly, [(1,)], address, "other"))


def test_a_worker_with_other_code_that_comes_later(monkeypatch):
    monkeypatch.setattr(workers, "_own", lambda: "other")
    with pytest.raises(RuntimeError, match="a worker that came later has other code"):
        workers._run(slowly, (1,), fingerprint())


def test_workers_without_spamlab(address):
    def lose():
        sys.modules["spamlab.benchmark.code"] = None

    def find():
        del sys.modules["spamlab.benchmark.code"]

    asked(address, lose)
    try:
        with pytest.raises(RuntimeError, match="cannot load spamlab .*install it there"):
            n_workers(address)
    finally:
        asked(address, find)
    assert n_workers(address) == 2


def test_workers_that_do_not_see_the_data(address, folder, tmp_path):
    gone = tmp_path / "gone"
    make_bsds(gone)
    split = bsds500(gone)
    gone.rename(tmp_path / "elsewhere")
    with pytest.raises(RuntimeError, match=r"worker tcp://.* sees no folder .*gone; put the data there"):
        measure(split, [Case("grid", None, (6,))], scheduler=address)


def test_workers_of_several_threads():
    with (
        cluster_of(1, threads_per_worker=2, processes=False) as crowd,
        pytest.raises(RuntimeError, match=r"works at 2 tasks at a time, expected 1, .*--nthreads 1"),
    ):
        n_workers(crowd.scheduler_address)


def test_no_workers(impatient):
    with cluster_of(0) as empty, pytest.raises(ConnectionError, match="no worker at tcp.*dask worker tcp"):
        n_workers(empty.scheduler_address)


def test_nothing_listens(impatient, folder, capsys):
    begin = time.monotonic()
    with pytest.raises(ConnectionError, match="no Dask scheduler answers at 127.0.0.1:9 .*dask scheduler"):
        n_workers("127.0.0.1:9")
    assert time.monotonic() - begin < 5
    words = ["benchmark", "--data", str(folder), "--methods", "grid", "-o", "x.json"]
    assert main([*words, "--scheduler", "127.0.0.1:9"]) == 1
    assert "no Dask scheduler answers" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["nonsense", "tcp://", "http://127.0.0.1:9", "a:b"])
def test_no_address(impatient, wrong):
    with pytest.raises(ConnectionError, match="no Dask scheduler answers at"):
        n_workers(wrong)


def test_no_thread_is_left_when_nobody_answers(impatient):
    before = threading.active_count()
    for _ in range(3):
        with pytest.raises(ConnectionError):
            n_workers("nonsense")
    assert threading.active_count() <= before


def test_without_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ModuleNotFoundError, match=r'Dask is not installed; pip install "spamlab\[dask\]"'):
        n_workers("127.0.0.1:9")
