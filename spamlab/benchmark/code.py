"""What made a row: the versions of the packages, and a fingerprint of them and of our own sources."""

import hashlib
import json
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from spamlab.paths import data_dir

PACKAGE = Path(__file__).parent.parent
PACKAGES = ("spamlab", "numpy", "scipy", "numba", "torch", "scikit-image", "opencv-contrib-python-headless")
# Modules and folders that no row depends on: they draw, teach, fetch, or work on rows that are there.
APART = {"cli", "data", "exercises", "paths", "plot", "ready", "start", "testing"}
APART |= {"training", "widgets"}
APART |= {"_data", "around", "curves", "summary", "sweep", "workers"}
APART |= {"_archive", "_fetch", "_fetch_more", "_fetch_voc"}
APART |= {"pr_curves", "refinement_summary", "segmentation_summary", "segmentation_sweep"}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def fingerprint(package: Path = PACKAGE) -> str:
    """Return a short hash of the sources, the shipped weights and the versions that rows depend on.

    Methods registered from outside the package are not part of it.
    """
    found = hashlib.sha256(json.dumps(versions()).encode())
    for file in sorted(package.rglob("*.py")):
        name = file.relative_to(package).with_suffix("")
        if APART.isdisjoint(name.parts):
            found.update(f"\0{name.as_posix()}\0".encode() + file.read_bytes())
    for file in sorted((data_dir() / "checkpoints").glob("*.safetensors")):
        found.update(f"\0{file.name}\0".encode() + file.read_bytes())
    return found.hexdigest()[:12]
