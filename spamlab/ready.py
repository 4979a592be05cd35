"""Is this installation ready? Every check runs, whatever the ones before it found; lesson 00 shows them.

Each check is a function that returns what it found, or raises `NotReady` with the remedy.
"""

import importlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata

MODULES = {"scikit-image": "skimage"}  # packages that are imported by another name


class NotReady(Exception):
    """A check failed: what was found, and the remedy."""


@dataclass(frozen=True)
class Check:
    """One line of the report.

    Attributes
    ----------
    name : str
        What was looked at.
    ready : bool
        Whether it is as it should be.
    found : str
        What was found; where it is not ready, with the remedy.
    """

    name: str
    ready: bool
    found: str

    def __str__(self) -> str:
        return f"{'ready  ' if self.ready else 'PROBLEM'}  {self.name}: {self.found}"


@dataclass(frozen=True)
class Report:
    """All checks; it displays as one line each and a verdict."""

    checks: tuple[Check, ...]

    @property
    def ready(self) -> bool:
        """Whether every check passed."""
        return all(check.ready for check in self.checks)

    def __str__(self) -> str:
        problems = sum(not check.ready for check in self.checks)
        verdict = "All is ready." if self.ready else f"{problems} to mend, each with its remedy above."
        return "\n".join([*map(str, self.checks), verdict])

    __repr__ = __str__


def ready() -> Report:
    """Check Python, the packages, the shipped data and the compiled loops; never stops at a problem.

    It loads every package, and the first run compiles SLIC and SNIC: that takes some seconds. What was
    compiled is kept on disk.
    """
    return Report(tuple(_run(name, look) for name, look in _looks()))


def _looks() -> Iterator[tuple[str, Callable[[], str]]]:
    yield "Python", _python
    yield from _packages()
    yield "shipped pictures", _pictures
    yield "compiled SLIC", _slic
    yield "compiled SNIC", _snic


def _packages() -> Iterator[tuple[str, Callable[[], str]]]:
    try:
        needs = _requirements()
    except Exception:
        yield "spamlab", _requirements  # it raises again, and that becomes a line
        return
    for requirement in needs:
        yield requirement.name, lambda requirement=requirement: _package(requirement)


def _run(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except NotReady as problem:
        return Check(name, False, str(problem))
    except Exception as error:  # a broken package raises anything; the checks after it still run
        return Check(name, False, f"{type(error).__name__}: {error}; install the course again (README)")


def _requirements() -> list:
    """Return what the installed spamlab needs, without its extras."""
    from packaging.requirements import Requirement

    try:
        needs = [Requirement(line) for line in metadata.requires("spamlab") or ()]
    except metadata.PackageNotFoundError:
        raise NotReady("not installed; start the course with python -m spamlab.start") from None
    return [need for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]


def _python() -> str:
    from packaging.specifiers import SpecifierSet

    version = sys.version.split()[0]
    try:
        wanted = metadata.metadata("spamlab")["Requires-Python"]
    except metadata.PackageNotFoundError:  # a line of its own says so
        return version
    if not SpecifierSet(wanted).contains(version, prereleases=True):
        raise NotReady(f"{version}, expected {wanted}; install such a Python and start the course with it")
    return version


def _package(requirement) -> str:
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        version = None
    if version is None or not requirement.specifier.contains(version, prereleases=True):
        found = f"{version or 'missing'}, expected {requirement.specifier}"
        raise NotReady(f"{found}; in a terminal: {_pip(requirement)}")
    try:
        importlib.import_module(MODULES.get(requirement.name, requirement.name))
    except Exception as error:  # a library that does not load raises anything
        found = " ".join(f"{version} does not load ({type(error).__name__}: {error})".split())
        remedy = _pip(requirement, "--force-reinstall ")  # pip takes what is there for good
        raise NotReady(f"{found}; in a terminal: {remedy}") from error
    return version


def _pip(requirement, options: str = "") -> str:
    return f'"{sys.executable}" -m pip install {options}"{requirement}"'


def _pictures() -> str:
    from spamlab.data import image_names, load_image

    names = image_names()
    broken = []
    for name in names:
        try:
            load_image(name)
        except Exception as error:  # report all of them
            broken.append(f"{name} ({error})")
    if broken or not names:
        raise NotReady(f"{', '.join(broken) or 'none found'}; get a fresh copy of the course")
    return f"{len(names)} can be opened"


def _slic() -> str:
    from spamlab.slic import slic

    return _compiled(slic)


def _snic() -> str:
    from spamlab.snic import snic

    return _compiled(snic)


def _compiled(method: Callable) -> str:
    from spamlab.data import load_image

    picture = load_image("chelsea")
    begin = time.perf_counter()
    method(picture, 100)
    compiled, begin = time.perf_counter() - begin, time.perf_counter()
    found = method(picture, 100).max() + 1
    if not 50 < found < 200:
        raise NotReady(f"{found} superpixels where about 100 are expected; install the course again (README)")
    return f"first call {compiled:.1f} s, next call {time.perf_counter() - begin:.2f} s"
