"""`python -m spamlab.start`, with every program it would start replaced by a note."""

import ast
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from spamlab import start

ROOT = Path(__file__).parent.parent


@pytest.fixture
def world(monkeypatch, tmp_path):
    """A clone and an environment in tmp_path. `world.ran` lists the programs that would have run."""
    clone, prefix = tmp_path / "clone", tmp_path / "environment"
    (clone / "notebooks").mkdir(parents=True)
    prefix.mkdir()
    for name in ("pyproject.toml", "constraints.txt"):
        (clone / name).write_text(name)
    world = SimpleNamespace(clone=clone, prefix=prefix, ran=[], status={})

    def run(command, cwd):
        assert cwd == clone
        world.ran.append(command)
        return SimpleNamespace(returncode=world.status.get(command[2], 0))

    monkeypatch.setattr(start, "ROOT", clone)
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path / "system"))
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)  # Windows has none
    return world


PIP = [sys.executable, "-m", "pip", "install", "-c", "constraints.txt"]
LAB = [sys.executable, "-m", "jupyterlab", "notebooks"]


def test_it_installs_and_opens_the_course(world):
    assert start.main([]) == 0
    assert world.ran == [[*PIP, "-e", ".[clicks]"], LAB]


def test_root_may_open_the_course_too(world, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    start.main([])
    assert world.ran[-1] == [*LAB, "--allow-root"]
    monkeypatch.delattr(os, "geteuid")
    start.main([])
    assert world.ran[-1] == LAB


def test_the_second_start_installs_nothing(world):
    start.main([])
    world.ran.clear()
    start.main([])
    assert world.ran == [LAB]


def test_the_tests_need_more_than_the_course(world):
    start.main([])
    world.ran.clear()
    start.main(["test", "-x", "-k", "slic"])
    pytest_command = [sys.executable, "-m", "pytest", "-x", "-k", "slic"]
    assert world.ran == [[*PIP, "-e", ".[test]"], pytest_command]
    world.ran.clear()
    start.main([])
    assert world.ran == [LAB]


def test_the_website_needs_sphinx_and_leaves_the_rest_installed(world):
    sphinx = [sys.executable, "-m", "sphinx", "-b", "html", "-W", ".", "build/site"]
    start.main(["test"])
    world.ran.clear()
    start.main(["site", "-W"])
    assert world.ran == [[*PIP, "-e", ".[site]"], sphinx]
    world.ran.clear()
    start.main(["site", "-W"])
    start.main(["test"])
    start.main([])
    assert world.ran == [sphinx, [sys.executable, "-m", "pytest"], LAB]


def test_the_website_alone_is_not_the_course(world):
    start.main(["site"])
    world.ran.clear()
    start.main([])
    assert world.ran == [[*PIP, "-e", ".[clicks]"], LAB]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_new_ranges_or_pins_install_again(world, name):
    start.main([])
    world.ran.clear()
    (world.clone / name).write_text("changed")
    start.main([])
    assert world.ran == [[*PIP, "-e", ".[clicks]"], LAB]


def test_a_stamp_without_the_package_counts_for_nothing(world, monkeypatch):
    start.main([])
    world.ran.clear()

    def absent(name):
        raise start.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(start.importlib.metadata, "version", absent)
    start.main([])
    assert world.ran[0][2] == "pip"


def test_options_go_to_pip(world, capsys):
    options = ["--no-index", "--find-links", "wheels"]
    start.main([*options, "test", "-x"])
    assert world.ran == [[*PIP, *options, "-e", ".[test]"], [sys.executable, "-m", "pytest", "-x"]]
    start.main(options)
    assert "--no-index --find-links wheels is not used" in capsys.readouterr().out


def test_the_exit_status_is_that_of_pytest(world):
    world.status["pytest"] = 5
    assert start.main(["test"]) == 5


def test_a_failed_installation_says_what_to_try_and_leaves_no_stamp(world):
    world.status["pip"] = 1
    with pytest.raises(SystemExit, match=r"(?s)network.*A lab without a network"):
        start.main([])
    assert len(world.ran) == 1 and not list(world.prefix.iterdir())


def test_outside_an_environment_it_makes_one_and_starts_again_in_it(world, monkeypatch):
    made = []
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    monkeypatch.setattr("venv.create", lambda folder, with_pip: made.append((folder, with_pip)))
    world.status["spamlab.start"] = 3
    assert start.main(["test", "-x"]) == 3
    assert made == [(world.clone / ".venv", True)]
    python = world.clone / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    assert world.ran == [[str(python), "-m", "spamlab.start", "test", "-x"]]


def test_an_environment_that_exists_is_used(world, monkeypatch):
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    monkeypatch.setattr(os, "name", "posix")
    monkeypatch.setattr("venv.create", lambda *_, **__: pytest.fail("made a second environment"))
    (world.clone / ".venv" / "bin").mkdir(parents=True)
    (world.clone / ".venv" / "bin" / "python").touch()
    assert start.main([]) == 0


def test_without_the_venv_module_it_names_the_package(world, monkeypatch):
    def create(folder, with_pip):
        folder.mkdir()
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    monkeypatch.setattr("venv.create", create)
    with pytest.raises(SystemExit, match="python3-venv"):
        start.main([])
    assert not (world.clone / ".venv").exists()


@pytest.mark.parametrize(("folders", "used"), [([], False), (["conda-meta"], True)])
def test_a_conda_environment_is_used_unless_it_is_base(world, monkeypatch, folders, used):
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    for folder in folders:
        (world.prefix / folder).mkdir()
    assert start.in_environment() is used
    (world.prefix / "condabin").mkdir()
    assert start.in_environment() is False


@pytest.mark.parametrize("version", [(3, 10, 12), (3, 14, 0)])
def test_another_python_is_refused(world, monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit, match=r"needs 3\.11 to 3\.13"):
        start.main([])


def test_an_environment_of_another_python_is_to_be_deleted(world, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 12))
    with pytest.raises(SystemExit, match=r"\nStart with another one: python3\.12 -m spamlab\.start"):
        start.main([])
    monkeypatch.setattr(sys, "prefix", str(world.clone / ".venv"))
    advice = r"\nDelete the folder \.venv, then start again with python3\.12 -m spamlab\.start"
    with pytest.raises(SystemExit, match=advice):
        start.main([])


def test_a_folder_that_is_no_clone_is_refused(world):
    (world.clone / "constraints.txt").unlink()
    with pytest.raises(SystemExit, match=r"no constraints\.txt: it is not a clone"):
        start.main([])


def test_an_environment_without_pip_is_refused(world, monkeypatch):
    monkeypatch.setattr(start.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="ensurepip"):
        start.main([])


def test_a_full_disk_is_announced(world, monkeypatch, capsys):
    monkeypatch.setattr(start.shutil, "disk_usage", lambda path: SimpleNamespace(free=1.5e9))
    assert start.main([]) == 0
    assert "1.5 GB are free" in capsys.readouterr().out


def test_help_starts_nothing(world, capsys):
    assert start.main(["--help"]) == 0
    assert "python -m spamlab.start test" in capsys.readouterr().out and world.ran == []


def test_the_versions_are_those_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (low, high), top = start.VERSIONS, start.VERSIONS[1][1] + 1
    assert project["requires-python"] == f">={low[0]}.{low[1]},<{high[0]}.{top}"


def test_it_runs_on_a_bare_clone():
    """An old Python must be able to read the file, and nothing but the standard library is there."""
    source = (ROOT / "spamlab" / "start.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))
    command = [sys.executable, "-S", "-m", "spamlab.start", "--help"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0 and "JupyterLab" in result.stdout, result.stderr
