"""How nbval runs the lessons. tests/test_notebooks.py starts it; `pytest --nbval-lax notebooks` works too."""

import json
import os

import psutil
import pytest


def is_cell(item) -> bool:
    """Tell a cell of a notebook from any other test."""
    return hasattr(item, "output_timeout")


def pytest_collection_modifyitems(items):
    """Wait a minute for the next output; nbval's own 5 seconds are short for a busy machine."""
    for cell in filter(is_cell, items):
        cell.output_timeout = 60


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """After a cell fails, expect the next ones to fail: one report names the cause, not forty."""
    report = yield
    if is_cell(item) and call.when == "call":
        if report.failed:
            item.parent.timed_out = True
        log(item, call, report)
    return report


def log(item, call, report) -> None:
    """Append what a cell cost to the file that SPAMLAB_CELL_LOG names, if it names one."""
    if not os.environ.get("SPAMLAB_CELL_LOG"):
        return
    cost = {
        "notebook": item.path.name,
        "cell": item.name,
        "outcome": report.outcome,
        "seconds": call.duration,
        **kernel_cost(),
    }
    with open(os.environ["SPAMLAB_CELL_LOG"], "a", encoding="utf-8") as file:
        file.write(json.dumps(cost) + "\n")


def kernel_cost() -> dict:
    """Return the CPU seconds the kernel used so far and the memory it holds now, with its workers."""
    cpu = memory = 0
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
            memory += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
        cpu += times.user + times.system
    return {"cpu_s": cpu, "rss_mb": memory / 2**20}
