"""The wheel: built from this clone, installed elsewhere, used without the clone."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]

SNIPPET = """
import sys
from pathlib import Path
site, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
sys.path.insert(0, str(site))

import spamlab
assert site in Path(spamlab.__file__).resolve().parents, spamlab.__file__
from spamlab.data import bsds500, image_names, load_image, scene
from spamlab.paths import data_dir
assert site in data_dir().parents, data_dir()
shapes = {name: load_image(name).shape for name in image_names()}
assert len(shapes) >= 9 and shapes["chelsea"] == (300, 451, 3), shapes
assert len((data_dir() / "bsds500.sha256").read_text().splitlines()) == 1000
assert (data_dir() / "README.md").is_file()
assert scene(0, (24, 32))[1].max() > 3
sample = bsds500(folder)[0]
assert sample.image.shape == (6, 9, 3) and sample.truths[0].max() == 1
print("ok")
"""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    run(*PIP, "wheel", *options, str(ROOT))
    (file,) = folder.glob("spamlab-*.whl")
    return file


def test_contents(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert all(name.startswith(("spamlab/", "spamlab-")) for name in names)
    assert not [name for name in names if name.endswith((".ipynb", ".pyc"))]
    assert not [name for name in names if "tests" in Path(name).parts]
    for folder, inside in (("data", "spamlab/_data"), ("spamlab", "spamlab")):
        files = [file for file in (ROOT / folder).rglob("*") if file.is_file()]
        files = [file for file in files if "__pycache__" not in file.parts]
        assert len(files) > 5
        for file in files:
            assert f"{inside}/{file.relative_to(ROOT / folder).as_posix()}" in names


def test_wheel_works_without_the_clone(wheel, tmp_path):
    from test_bsds import halves, write_sample

    write_sample(tmp_path / "bsds" / "data", "val", "1", [halves(1, 2)])
    site = tmp_path / "site"
    run(*PIP, "install", "--no-deps", "--target", str(site), str(wheel))
    # -I: no PYTHONPATH, no current folder; the snippet puts the site first itself
    command = [sys.executable, "-I", "-c", SNIPPET, str(site), str(tmp_path / "bsds")]
    assert run(*command, cwd=tmp_path) == "ok\n"
