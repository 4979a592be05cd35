"""The workflow for public CI: it runs README's command, on the systems and versions that README names."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
SOURCE = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load(SOURCE)
JOBS = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = [line.split()[-1] for line in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", line)]


def runs(job):
    """Return the commands of a job."""
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


def test_it_runs_readmes_test_command_and_nothing_else():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = re.search(r"<!-- test command -->\n```\n(.*)\n```", readme)[1]
    assert runs("tests") == [command]
    assert WORKFLOW["env"]["PIP_EXTRA_INDEX_URL"] in readme  # PyTorch without CUDA, as README says


def test_it_runs_on_three_systems_with_the_oldest_and_the_newest_python():
    matrix = JOBS["tests"]["strategy"]["matrix"]
    assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
    assert matrix["python"] == [PYTHONS[0], PYTHONS[-1]]
    assert all(isinstance(version, str) for version in matrix["python"])  # 3.10 would be the number 3.1


def test_the_weekly_job_takes_the_newest_and_the_oldest_versions():
    rows = JOBS["versions"]["strategy"]["matrix"]["include"]
    assert [(row["resolution"], row["python"]) for row in rows] == [
        ("highest", PYTHONS[-1]),
        ("lowest-direct", PYTHONS[0]),
    ]
    assert "schedule" in JOBS["versions"]["if"] and "--resolution ${{ matrix.resolution }}" in str(
        runs("versions")
    )
    assert "-c constraints.txt" not in str(runs("versions"))
    assert all(re.search(r"[>=]=\s*\d", line) for line in PROJECT["dependencies"]), "a lower bound is missing"


def test_deselected_tests_exist():
    (name,) = re.findall(r'-k "not (\w+)"', SOURCE)
    tests = (ROOT / "tests" / "test_environment.py").read_text(encoding="utf-8")
    assert len(re.findall(rf"def test_\w*{name}\w*\(", tests)) == 1


def test_it_runs_on_push_on_requests_and_weekly():
    events = WORKFLOW[True]  # YAML 1.1 reads the key "on" as true
    assert {"push", "pull_request", "schedule"} <= set(events)
    minute, hour, day, month, weekday = events["schedule"][0]["cron"].split()
    assert minute.isdigit() and hour.isdigit() and (day, month) == ("*", "*") and weekday.isdigit()


def test_it_is_modest():
    assert WORKFLOW["permissions"] == {"contents": "read"} and "concurrency" in WORKFLOW
    assert all(job["timeout-minutes"] <= 90 for job in JOBS.values())
    actions = [step["uses"] for step in STEPS if "uses" in step]
    assert actions and all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in actions)
    assert "secrets." not in SOURCE
