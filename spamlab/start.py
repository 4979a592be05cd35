"""Set everything up and open the course, test it, or build its website. One command for every system.

::

    python -m spamlab.start            set up, then open JupyterLab on notebooks/
    python -m spamlab.start test       set up with the test tools, then run the tests
    python -m spamlab.start site       set up with Sphinx, then build the website in build/site

Options before ``test`` and ``site`` go to pip (``--no-index --find-links wheels``), options after them to
pytest and to Sphinx.
A virtual or conda environment that is active is used; otherwise `.venv` is made in the clone. A second
start installs nothing as long as `pyproject.toml` and `constraints.txt` stay the same.

This file runs before anything is installed: it uses the standard library alone.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = (3, 11), (3, 13)  # the oldest and the newest Python; pyproject.toml says the same
EXTRAS = {"course": "clicks", "test": "test", "site": "site"}  # what pyproject.toml calls what each needs
FREE_GB = 4  # about 2 for the packages with a CPU build of PyTorch, and room for the downloads


def main(arguments: list) -> int:
    """Set up, then open the course, test it or build its website. Return the exit status."""
    if {"-h", "--help"} & set(arguments):
        print(__doc__)
        return 0
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is for the program we started; we wait for it
    check_place()
    if not in_environment():
        command = [environment_python(), "-m", "spamlab.start", *arguments]
        return subprocess.run(command, cwd=ROOT).returncode
    at = next((i for i, word in enumerate(arguments) if word in ("test", "site")), len(arguments))
    aim, options = (arguments[at:] or ["course"])[0], arguments[at + 1 :]
    install(aim, arguments[:at])
    programs = {
        "course": ["jupyterlab", "notebooks", *as_root()],
        "test": ["pytest", *options],
        "site": ["sphinx", "-b", "html", *options, ".", "build/site"],
    }
    return subprocess.run([sys.executable, "-m", *programs[aim]], cwd=ROOT).returncode


def as_root() -> list:
    """Return the option without which JupyterLab does not run for root, the usual user of a container."""
    return ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []


def check_place() -> None:
    """Stop unless this is a supported Python in a clone of the repository."""
    low, high = (".".join(map(str, version)) for version in VERSIONS)
    if not VERSIONS[0] <= sys.version_info[:2] <= VERSIONS[1]:
        ours = Path(sys.prefix).resolve() == (ROOT / ".venv").resolve()  # any other Python comes back to it
        advice = "Delete the folder .venv, then start again with" if ours else "Start with another one:"
        stop(
            f"This is Python {sys.version.split()[0]}, spamlab needs {low} to {high}.",
            f"{advice} python3.12 -m spamlab.start (Windows: py -3.12 -m spamlab.start).",
        )
    missing = [
        name for name in ("pyproject.toml", "constraints.txt", "notebooks") if not (ROOT / name).exists()
    ]
    if missing:
        stop(
            f"{ROOT} holds no {', no '.join(missing)}: it is not a clone of the repository.",
            "Clone or unpack the whole repository, change into its folder, and start again.",
        )


def in_environment() -> bool:
    """Tell whether this Python is that of a virtual environment, or of a conda one other than base."""
    if sys.prefix != sys.base_prefix:
        return True
    prefix = Path(sys.prefix)
    return (prefix / "conda-meta").is_dir() and not (prefix / "condabin").is_dir()


def environment_python() -> str:
    """Return the Python of `.venv` in the clone; make the environment if there is none."""
    folder = ROOT / ".venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        print(f"Making a virtual environment in {folder}", flush=True)
        try:
            import venv

            venv.create(folder, with_pip=True)
        except (ImportError, subprocess.CalledProcessError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            stop(
                f"Python could not make a virtual environment ({error}).",
                "On Debian and Ubuntu install it first: sudo apt install python3-venv.",
            )
    return str(python)


def install(aim: str, options: list) -> None:
    """Install the package and what the aim needs into this environment, unless that was done before."""
    stamp = Path(sys.prefix) / "spamlab-setup.txt"
    done = served(stamp)
    if aim in done:
        if options:
            print(f"All is installed; {' '.join(options)} is not used. To install again, delete {stamp}")
        return
    if importlib.util.find_spec("pip") is None:
        stop(
            f"The environment {sys.prefix} has no pip.",
            "Add it with: python -m ensurepip. Or delete the environment and start again.",
        )
    free = shutil.disk_usage(sys.prefix).free / 1e9
    if free < FREE_GB:
        print(f"Warning: {free:.1f} GB are free on this disk, {FREE_GB} GB are better. PyTorch with CUDA,")
        print("which pip takes on Linux, needs more still; README names the smaller one without.")
    print("Installing spamlab and what it needs. This happens once and takes minutes.", flush=True)
    target = f".[{EXTRAS[aim]}]"
    pip = [sys.executable, "-m", "pip", "install", "-c", "constraints.txt", *options, "-e", target]
    if subprocess.run(pip, cwd=ROOT).returncode != 0:
        stop(
            "pip could not install what the course needs; its own message is above.",
            "Check the network and the disk, then start again: what was downloaded is kept.",
            "Without a network, install from a folder of wheels: README, 'A lab without a network'.",
        )
    stamp.write_text(f"{' '.join(sorted({aim, *done}))} {fingerprint()}\n", encoding="utf-8")


def served(stamp: Path) -> set:
    """Return the aims whose needs this environment holds, as its stamp says, for this clone as it stands."""
    try:
        importlib.metadata.version("spamlab")
        *aims, seen = stamp.read_text(encoding="utf-8").split()
    except (importlib.metadata.PackageNotFoundError, OSError, ValueError):
        return set()
    if seen != fingerprint():
        return set()
    return {*aims, "course"} if "test" in aims else set(aims)  # the tests need all that the course needs


def fingerprint() -> str:
    """Return a hash of what decides an installation: the place, the ranges and the pins."""
    files = (ROOT / "pyproject.toml", ROOT / "constraints.txt")
    parts = [str(ROOT).encode(), *(file.read_bytes() for file in files)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def stop(*lines: str) -> None:
    """End with a message: what is, and what to do."""
    raise SystemExit("\n".join(lines))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
