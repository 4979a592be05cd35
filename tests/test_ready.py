import importlib
import importlib.metadata
import sys

import numpy as np
import pytest

from spamlab import data, ready


def test_this_installation_is_ready():
    report = ready.ready()
    assert report.ready, str(report)
    names = {check.name for check in report.checks}
    assert {"Python", "torch", "numba", "shipped pictures", "compiled SLIC", "compiled SNIC"} <= names
    assert "transformers" not in names  # an extra
    assert str(report).endswith("All is ready.")


def test_no_problem_hides_the_ones_after_it(monkeypatch):
    versions = {"numpy": "1.0", "torch": None}

    def version(name, real=importlib.metadata.version):
        if versions.get(name, "") is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions.get(name) or real(name)

    def broken(name, real=data.load_image):
        if name == "coffee":
            raise ValueError("half a file")
        return real(name)

    monkeypatch.setattr(ready.metadata, "version", version)
    monkeypatch.setattr(data, "load_image", broken)
    report = ready.ready()
    problems = {check.name: check.found for check in report.checks if not check.ready}
    assert set(problems) == {"numpy", "torch", "shipped pictures"}
    assert "1.0, expected" in problems["numpy"]
    assert f'in a terminal: "{sys.executable}" -m pip install "numpy' in problems["numpy"]
    assert problems["torch"].startswith("missing")
    assert "coffee (half a file)" in problems["shipped pictures"]
    assert "3 to mend" in str(report)


def test_a_package_that_does_not_load(monkeypatch):
    def load(name, real=importlib.import_module):
        if name in ("torch", "skimage"):
            raise OSError(f"lib{name}.so:\n  cannot open shared object file")
        return real(name)

    monkeypatch.setattr(ready.importlib, "import_module", load)
    problems = {check.name: check.found for check in ready.ready().checks if not check.ready}
    assert set(problems) == {"torch", "scikit-image"}
    assert " does not load (OSError: libtorch.so: cannot open shared object file); " in problems["torch"]
    assert f'"{sys.executable}" -m pip install --force-reinstall "torch' in problems["torch"]


@pytest.mark.parametrize("missing", ["spamlab", "packaging"])
def test_requirements_that_cannot_be_read(monkeypatch, missing):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    if missing == "spamlab":
        monkeypatch.setattr(ready.metadata, "distribution", absent)
    else:
        monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    report = ready.ready()
    (line,) = [check for check in report.checks if not check.ready]
    assert line.name == "spamlab" and [check.name for check in report.checks][-1] == "compiled SNIC"
    said = {
        "spamlab": "not installed; start the course with python -m spamlab.start",
        "packaging": "install the course again",
    }
    assert said[missing] in line.found


@pytest.mark.parametrize("name", ["slic", "snic"])
def test_loops_that_do_not_compile(monkeypatch, name):
    monkeypatch.setattr(f"spamlab.{name}.{name}", lambda image, k: np.zeros((2, 2), int))
    (line,) = [check for check in ready.ready().checks if not check.ready]
    assert line.name == f"compiled {name.upper()}" and line.found.startswith("1 superpixels where about 100")


def test_an_unexpected_error_becomes_a_line(monkeypatch):
    monkeypatch.setattr(data, "image_names", lambda: 1 / 0)
    line = next(check for check in ready.ready().checks if check.name == "shipped pictures")
    assert not line.ready and "ZeroDivisionError" in line.found


@pytest.mark.parametrize("found", ["0", "3.99"])
def test_an_old_python_is_named(monkeypatch, found):
    monkeypatch.setattr(ready.sys, "version", f"{found} (main)")
    line = ready.ready().checks[0]
    assert line.name == "Python" and not line.ready and found in line.found
