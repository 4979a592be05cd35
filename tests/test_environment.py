"""pyproject.toml, constraints.txt and environment.yml agree; README's commands are what they say."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))

# What conda-forge calls a package, and what pip calls it.
PIP_NAMES = {
    "pytorch-cpu": "torch",
    "matplotlib-base": "matplotlib",
    "opencv": "opencv-contrib-python-headless",
}


def by_name(requirements):
    """Return {name: versions} of requirement strings; a name stands there once."""
    parsed = [Requirement(requirement) for requirement in requirements]
    names = [canonicalize_name(requirement.name) for requirement in parsed]
    assert len(set(names)) == len(names), f"a package is named twice: {sorted(names)}"
    return {name: requirement.specifier for name, requirement in zip(names, parsed, strict=True)}


def project(without=()):
    """Return the ranges of all direct dependencies, those of the extras included but for some."""
    chosen = [extra for name, extra in PROJECT["optional-dependencies"].items() if name not in without]
    extras = [requirement for extra in chosen for requirement in extra]
    return by_name([*PROJECT["dependencies"], *(r for r in extras if not r.startswith("spamlab["))])


def constraints():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return by_name(line for line in lines if line and not line.startswith("#"))


def environment():
    """Return conda's ranges under pip's names, without Python and pip themselves."""
    packages = [line for line in ENVIRONMENT["dependencies"] if isinstance(line, str)]
    found = by_name(line.replace("python=3", "python==3") for line in packages)
    return {PIP_NAMES.get(name, name): found[name] for name in found if name not in ("python", "pip")}


def pins():
    return {name: Version(str(versions).removeprefix("==")) for name, versions in constraints().items()}


def test_the_test_extra_holds_all_extras():
    others = set(PROJECT["optional-dependencies"]) - {"test"}
    whole = next(r for r in PROJECT["optional-dependencies"]["test"] if r.startswith("spamlab["))
    assert Requirement(whole).extras == others


def test_every_package_is_pinned_inside_its_range():
    assert not project().keys() - pins().keys()
    outside = {name: pins()[name] for name, versions in project().items() if pins()[name] not in versions}
    assert not outside


def test_constraints_are_exact_and_torch_is_the_tested_one():
    inexact = [name for name, versions in constraints().items() if not re.match(r"==[\w.]+$", str(versions))]
    assert not inexact
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()


def test_constraints_hold_what_the_packages_need_in_turn():
    from importlib.metadata import PackageNotFoundError, requires

    seen, todo = set(), list(project())
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            needs = [Requirement(need) for need in requires(name) or []]
        except PackageNotFoundError:
            continue
        here = [n for n in needs if n.marker is None or n.marker.evaluate({"extra": ""})]
        todo += [canonicalize_name(need.name) for need in here]
    # A CUDA build of torch pins its own libraries; some packages are of one system or one Python only.
    free = {name for name in seen if name.startswith(("nvidia-", "cuda-", "triton"))}
    free |= {"colorama", "pywin32", "pywinpty", "appnope", "async-timeout"}
    assert not seen - free - pins().keys()


def test_conda_has_the_same_packages_and_ranges():
    assert environment() == project(without={"site"})
    assert all(pins()[name] in versions for name, versions in environment().items())


def test_conda_uses_conda_forge_alone_and_installs_the_package():
    assert ENVIRONMENT["name"] == "spamlab"
    assert ENVIRONMENT["channels"] == ["conda-forge", "nodefaults"]
    assert {"pip": ["-e ."]} in ENVIRONMENT["dependencies"]


def test_python_is_in_range_everywhere():
    supported = SpecifierSet(PROJECT["requires-python"])
    conda = next(line for line in ENVIRONMENT["dependencies"] if str(line).startswith("python="))
    assert conda.removeprefix("python=") + ".0" in supported  # repo2docker reads "python=3.x", no range
    listed = [c.split()[-1] for c in PROJECT["classifiers"] if "Python :: 3." in c]
    assert listed == [f"3.{minor}" for minor in range(30) if f"3.{minor}.0" in supported]
    assert "Python 3.11, 3.12 or 3.13" in README and listed == ["3.11", "3.12", "3.13"]


def test_citation_agrees():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0" and citation["title"].startswith("spamlab")
    assert str(citation["version"]) == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]


# ---- README


def commands(text=README):
    """Return the lines of the code blocks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
    return [line for block in blocks for line in block.splitlines()]


def test_readme_opens_with_the_two_commands():
    assert commands()[:2] == ["python -m spamlab.start", "python -m spamlab.start test"]


@pytest.mark.parametrize("command", commands())
def test_each_command_is_one_line_for_every_shell(command):
    assert re.match(r"(python|conda|spamlab) ", command)
    assert not re.search(r"[&|;$\\<>`'*~%()]", command), "a shell could read this as its own"


def test_readme_and_wheels_folder_use_the_pins():
    assert all("-c constraints.txt" in c for c in commands() if "pip install" in c or "pip download" in c)


def test_links_of_readme_lead_somewhere():
    targets = re.findall(r"\]\(([^)#\s]+)\)", README)
    local = [target for target in targets if not target.startswith("http")]
    missing = [target for target in local if not (ROOT / target).exists()]
    assert not missing


def extract(readme, tmp_path):
    """Run `.ci/run --print` on a README; return its exit status and its output."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / "README.md").write_text(readme, encoding="utf-8", newline="")
    command = ["bash", str(tmp_path / ".ci" / "run"), "--print"]
    result = subprocess.run(command, capture_output=True, text=True)
    return result.returncode, result.stdout


MARK = "<!-- test command -->\n"
BLOCK = "```\npython -m spamlab.start test\n```\n"
needs_bash = pytest.mark.skipif(
    sys.platform == "win32" or not shutil.which("bash"), reason=".ci/run is a bash program"
)


@needs_bash
@pytest.mark.parametrize("readme", [README, README.replace("\n", "\r\n"), MARK + BLOCK])
def test_ci_runs_the_command_of_readme(readme, tmp_path):
    assert extract(readme, tmp_path) == (0, "python -m spamlab.start test\n")


@needs_bash
@pytest.mark.parametrize(
    "readme",
    [BLOCK, MARK, MARK + "text\n" + BLOCK, 2 * (MARK + BLOCK), MARK + BLOCK.replace("```\n", "```\na\n", 1)],
    ids=["no mark", "no block", "text between", "twice", "two lines"],
)
def test_ci_stops_when_there_is_no_single_command(readme, tmp_path):
    assert extract(readme, tmp_path) == (2, "")


@needs_bash
@pytest.mark.parametrize("works", [True, False])
@pytest.mark.parametrize("present", [True, False])
def test_ci_installs_the_browser_where_it_is_missing_and_goes_on(present, works, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "env", "dirname", "awk", "wc", "rm", "id"):
        (tools / name).symlink_to(shutil.which(name))
    log = tmp_path / "log"
    made = {"apt-get": f'echo "apt-get $*" >> "{log}"; {str(works).lower()}', "sudo": '"$@"'}
    made |= {"python": f'echo "python CI=$CI" >> "{log}"; false'}  # ends the program, after the browser
    made |= dict.fromkeys(["chromium", "chromedriver"], "") if present else {}
    for name, line in made.items():
        (tools / name).write_text(f"#!{shutil.which('bash')}\n{line}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / "README.md").write_text(README, encoding="utf-8")
    env = {"PATH": str(tools), "PYTHON": str(tools / "python")}
    result = subprocess.run([str(tmp_path / ".ci" / "run")], env=env, capture_output=True, text=True)
    *installed, last = log.read_text(encoding="utf-8").splitlines()
    assert last == "python CI=1" and result.returncode == 1
    assert any("install" in line and line.endswith("chromium chromium-driver") for line in installed) == (
        works and not present
    )
    assert ("could not be installed" in result.stderr) == (not works and not present)


@needs_bash
def test_ci_is_executable():
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100
