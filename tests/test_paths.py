"""Places: shipped data in a clone, the cache, and the two variables that move them."""

from pathlib import Path

import pytest

from spamlab import paths


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    monkeypatch.delenv("SPAMLAB_DATA", raising=False)
    monkeypatch.delenv("SPAMLAB_CACHE", raising=False)


def _package(tmp_path, monkeypatch, *folders):
    """Pretend that the package lies in tmp_path/spamlab, with data in these folders."""
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "README.md").touch()
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "spamlab")


def test_data_of_this_clone():
    assert (paths.data_dir() / "images" / "chelsea.png").is_file()
    assert (paths.data_dir() / "README.md").is_file()


def test_data_in_a_clone(tmp_path, monkeypatch):
    _package(tmp_path, monkeypatch, "data")
    assert paths.data_dir() == tmp_path / "data"


def test_data_in_a_wheel_comes_first(tmp_path, monkeypatch):
    _package(tmp_path, monkeypatch, "data", "spamlab/_data")
    assert paths.data_dir() == tmp_path / "spamlab" / "_data"


def test_a_data_folder_of_somebody_else_is_not_ours(tmp_path, monkeypatch):
    _package(tmp_path, monkeypatch)
    (tmp_path / "data").mkdir()  # beside an installed package, without our README.md
    with pytest.raises(FileNotFoundError, match="SPAMLAB_DATA"):
        paths.data_dir()


def test_variable_moves_the_data(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAMLAB_DATA", str(tmp_path))
    assert paths.data_dir() == tmp_path


def test_variable_that_names_no_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAMLAB_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="nowhere.*unset"):
        paths.data_dir()


def test_variable_moves_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAMLAB_CACHE", str(tmp_path / "new"))
    assert paths.cache_dir() == tmp_path / "new"
    assert not (tmp_path / "new").exists(), "asking for the place must not create it"


def test_variable_may_begin_with_a_tilde(monkeypatch):
    monkeypatch.setenv("SPAMLAB_CACHE", "~/here")
    assert paths.cache_dir() == Path.home() / "here"


def test_cache_is_the_systems_by_default():
    assert paths.cache_dir().is_absolute()
    assert "spamlab" in paths.cache_dir().parts
