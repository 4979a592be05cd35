import importlib.metadata

import pytest

from spamlab import data, ready


def test_this_installation_is_ready():
    report = ready.ready()
    assert report.ready, str(report)
    assert {"Python", "torch", "numba", "shipped pictures", "compiled SLIC"} <= {
        c.name for c in report.checks
    }
    assert "transformers" not in {c.name for c in report.checks}  # an extra
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
    assert "1.0, expected" in problems["numpy"] and 'pip install "numpy' in problems["numpy"]
    assert problems["torch"].startswith("missing")
    assert "coffee (half a file)" in problems["shipped pictures"]
    assert "3 to mend" in str(report)


def test_an_unexpected_error_becomes_a_line(monkeypatch):
    monkeypatch.setattr(data, "image_names", lambda: 1 / 0)
    line = next(check for check in ready.ready().checks if check.name == "shipped pictures")
    assert not line.ready and "ZeroDivisionError" in line.found


@pytest.mark.parametrize("found", ["0", "3.99"])
def test_an_old_python_is_named(monkeypatch, found):
    monkeypatch.setattr(ready.sys, "version", f"{found} (main)")
    line = ready.ready().checks[0]
    assert line.name == "Python" and not line.ready and found in line.found
