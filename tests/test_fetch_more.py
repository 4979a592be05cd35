"""Fetching SBD and Stanford Background, from a server on this computer that holds tiny archives."""

import functools
import hashlib
import io
import tarfile

import numpy as np
import pytest
from test_datasets import TRUTH, write_sbd, write_stanford
from test_fetch_voc import names, server  # noqa: F401 - a fixture

from spamlab.cli import main
from spamlab.data import fetch_sbd, fetch_stanford, sbd, stanford

SBD_FILES = {f"img/{name}.jpg" for name in ("2008_1", "2008_3", "2009_2")}
SBD_FILES |= {f"{kind}/{name}.mat" for kind in ("cls", "inst") for name in ("2008_1", "2008_3", "2009_2")}
EXPECTED = {
    "sbd": SBD_FILES | {"train.txt", "val.txt"},
    "stanford": {f"images/{name}.jpg" for name in ("0047", "6000")}
    | {f"labels/{n}.{kind}.txt" for n in ("0047", "6000") for kind in ("regions", "layers", "surfaces")},
}
MAKE = {"sbd": (write_sbd, "benchmark_RELEASE/dataset"), "stanford": (write_stanford, "iccv09Data")}
FETCH = {"sbd": (fetch_sbd, "SBD", ".tgz"), "stanford": (fetch_stanford, "Stanford", ".tar.gz")}


def packed(folder, top):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as made:
        made.add(folder, top)
    return content.getvalue()


@pytest.fixture(params=MAKE)
def kind(request):
    return request.param


@pytest.fixture
def archive(kind, tmp_path):
    """Return the bytes of a tiny archive in the layout of the real one, with files that nobody needs."""
    write, place = MAKE[kind]
    root = tmp_path / "made" / place
    write(root)
    (root / "README").write_text("read me")
    (root.parent / "benchmark_code").mkdir()
    (root.parent / "benchmark_code" / "evaluate.m").write_text("a program")
    top = place.split("/")[0]
    return packed(tmp_path / "made" / top, top)


@pytest.fixture
def fetch(kind, server, archive, tmp_path):  # noqa: F811
    function, name, _ = FETCH[kind]
    md5 = {"md5": hashlib.md5(archive, usedforsecurity=False).hexdigest()} if kind == "sbd" else {}
    address = f"http://127.0.0.1:{server.server_port}/voc.tar"
    return functools.partial(function, tmp_path / "cache" / name, address=address, **md5)


def test_fetch(fetch, kind, server, capsys):  # noqa: F811
    folder = fetch()
    assert names(folder) == EXPECTED[kind], "what is read, and nothing else"
    assert list(folder.parent.iterdir()) == [folder], "nothing left over"
    (labels,) = (sbd(folder) if kind == "sbd" else stanford(folder, truth="layers"))[0].truths
    np.testing.assert_array_equal(labels, TRUTH)
    said = capsys.readouterr().out
    assert "Cite " in said and "ICCV 2011" in said if kind == "sbd" else "No checksum is known" in said
    assert fetch() == folder and len(server.asked) == 1, "a second call downloads nothing"


def test_default_place_is_the_cache(fetch, kind, tmp_path, monkeypatch):
    monkeypatch.setenv("SPAMLAB_CACHE", str(tmp_path / "mine"))
    assert FETCH[kind][0](**fetch.keywords) == tmp_path / "mine" / FETCH[kind][1]


def test_a_download_goes_on_where_it_stopped(fetch, kind, server):  # noqa: F811
    server.breaks_at = 1000
    with pytest.raises(ConnectionError, match=f"(?s)ended after 1000 of .*fetch_{kind} again.*name that"):
        fetch()
    server.breaks_at = None
    assert names(fetch()) == EXPECTED[kind] and server.asked == [None, "bytes=1000-"]


def test_archive_saved_by_hand(fetch, kind, server, archive, tmp_path):  # noqa: F811
    (tmp_path / "cache").mkdir()
    saved = tmp_path / "cache" / f"{FETCH[kind][1]}{FETCH[kind][2]}"
    saved.write_bytes(archive)
    assert names(fetch()) == EXPECTED[kind] and saved.exists() and not server.asked


@pytest.mark.parametrize("keep", [0.3, 0.95])
def test_a_broken_archive(fetch, kind, server, tmp_path, keep):  # noqa: F811
    server.content = server.content[: int(len(server.content) * keep)]
    with pytest.raises(
        ValueError, match=r"\.part (has MD5|is a broken archive).*; delete .* and get it again"
    ):
        fetch()
    assert not (tmp_path / "cache" / FETCH[kind][1]).exists()


@pytest.mark.parametrize("kind", ["stanford"], indirect=True)
def test_without_a_checksum_every_file_is_opened(fetch, server, tmp_path):  # noqa: F811
    root = tmp_path / "made" / "iccv09Data"
    for file in (root / "images" / "6000.jpg", root / "labels" / "6000.layers.txt"):
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2])
        server.content = packed(root, "iccv09Data")
        with pytest.raises(ValueError, match=f"{file.name} (is broken|has a segm).*; delete .*part and get"):
            fetch()
        file.write_bytes(content)
        for part in (tmp_path / "cache").iterdir():
            part.unlink()
    server.content = packed(root, "iccv09Data")
    assert len(stanford(fetch())) == 2


def test_a_folder_that_is_not_complete(fetch, kind):
    folder = fetch()
    file = folder / sorted(EXPECTED[kind] - {"train.txt", "val.txt"})[0]
    file.unlink()
    if kind == "stanford":  # a picture that is gone is not missed: no list says that it was there
        file = folder / "labels" / "6000.layers.txt"
        file.unlink()
    with pytest.raises(
        ValueError, match=rf"has no {file.name} .*; name an empty folder, or move this one away"
    ):
        fetch()


def test_paths_of_the_archive_are_not_trusted(fetch, kind, server, tmp_path):  # noqa: F811
    top = MAKE[kind][1].split("/")[0]
    server.content = packed(tmp_path / "made" / top, f"../../{top}")
    md5 = hashlib.md5(server.content, usedforsecurity=False).hexdigest()
    before = set(tmp_path.iterdir()) | {tmp_path / "cache"}
    assert names(fetch(md5=md5)) == EXPECTED[kind] and set(tmp_path.iterdir()) == before


def test_the_command(kind, monkeypatch, capsys):
    monkeypatch.setattr(f"spamlab.data.fetch_{kind}", lambda folder: f"{kind} in {folder}")
    assert main(["fetch", kind, "--to", "there"]) == 0
    assert capsys.readouterr().out == f"{kind} in there\n"
