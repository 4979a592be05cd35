"""Fetching BSDS500, from a server on this computer that holds tiny archives."""

import functools
import hashlib
import io
import socket
import tarfile
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from spamlab.data import fetch_bsds500

FILES = {
    f"{kind}/{split}/{split}1.{suffix}": f"{kind} {split}".encode() * 50
    for kind, suffix in (("images", "jpg"), ("groundTruth", "mat"))
    for split in ("train", "val", "test")
}


def write_zip(file, files=FILES, top="BSDS500-a04b7c/BSDS500/data/"):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("BSDS500-a04b7c/", "")  # a folder's own entry
        archive.writestr("BSDS500-a04b7c/bench/evaluate.m", "a program")
        for path, content in files.items():
            archive.writestr(top + path, content)


def write_tgz(file, files=FILES, top="BSR/BSDS500/data/"):
    with tarfile.open(file, "w:gz") as archive:
        link = tarfile.TarInfo(top + "images/train/train1.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        for path, content in {**files, "images/train/Thumbs.db": b"-"}.items():
            entry = tarfile.TarInfo(top + path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


class Server:
    """A web server over a folder; it remembers what was asked for."""

    def __init__(self, folder):
        asked = self.asked = []

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, *_):
                asked.append(self.path)

        handler = functools.partial(Handler, directory=folder)
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.folder = folder
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def address(self, name):
        return f"http://127.0.0.1:{self.http.server_port}/{name}"


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("time.sleep", lambda _: None)  # no pause before the second try
    (tmp_path / "served").mkdir()
    server = Server(tmp_path / "served")
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def fetch(tmp_path):
    """Return fetch_bsds500 with the tiny list of checksums, into tmp_path/cache/BSDS500."""
    sums = tmp_path / "sums"
    lines = (f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in FILES.items())
    sums.write_text("".join(lines))
    return functools.partial(fetch_bsds500, tmp_path / "cache" / "BSDS500", checksums=sums)


def contents(folder):
    found = (file for file in folder.rglob("*") if not file.is_dir())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in found}


@pytest.mark.parametrize("write", [write_zip, write_tgz])
def test_fetch(server, fetch, tmp_path, capsys, write):
    write(server.folder / "archive")
    folder = fetch(addresses=[server.address("archive")])
    assert folder == tmp_path / "cache" / "BSDS500"
    assert contents(folder) == FILES
    assert [child.name for child in folder.parent.iterdir()] == ["BSDS500"], "nothing left over"
    printed = capsys.readouterr().out
    assert "70 MB" in printed and "non-commercial" in printed and server.address("") in printed


def test_second_call_downloads_nothing(server, fetch):
    write_zip(server.folder / "archive")
    folder = fetch(addresses=[server.address("archive")])
    asked = len(server.asked)
    assert asked == 1
    assert fetch(addresses=[server.address("archive")]) == folder
    assert len(server.asked) == asked


def test_default_place_is_the_cache(server, fetch, tmp_path, monkeypatch):
    monkeypatch.setenv("SPAMLAB_CACHE", str(tmp_path / "mine"))
    write_zip(server.folder / "archive")
    sums = fetch.keywords["checksums"]
    folder = fetch_bsds500(addresses=[server.address("archive")], checksums=sums)
    assert folder == tmp_path / "mine" / "BSDS500" and contents(folder) == FILES


def test_default_list_is_the_shipped_one(tmp_path):
    (tmp_path / "images").mkdir()
    with pytest.raises(ValueError, match=r"groundTruth/test/100007\.mat is missing"):
        fetch_bsds500(tmp_path, addresses=[])


def test_empty_folder_is_filled(server, fetch, tmp_path):
    (tmp_path / "cache" / "BSDS500").mkdir(parents=True)
    write_zip(server.folder / "archive")
    assert contents(fetch(addresses=[server.address("archive")])) == FILES


def test_second_address_helps(server, fetch):
    write_tgz(server.folder / "good")
    (server.folder / "page").write_text("<html>we moved</html>")
    addresses = [server.address(name) for name in ("gone", "page", "good")]
    assert contents(fetch(addresses=addresses)) == FILES


@pytest.mark.parametrize("path", ["images/val/val1.jpg", "groundTruth/test/test1.mat"])
def test_folder_that_is_not_complete(server, fetch, path):
    write_zip(server.folder / "archive")
    folder = fetch(addresses=[server.address("archive")])
    (folder / path).write_bytes(b"changed")
    with pytest.raises(ValueError, match=f"{path} .* has SHA-256 .*expected.*empty folder"):
        fetch(addresses=[server.address("archive")])
    (folder / path).unlink()
    with pytest.raises(ValueError, match=f"{path} is missing .*empty folder"):
        fetch(addresses=[server.address("archive")])


def bad_archives():
    changed = {**FILES, "images/val/val1.jpg": b"changed"}
    lacking = {path: content for path, content in FILES.items() if path != "images/val/val1.jpg"}
    return [
        (lambda file: write_zip(file, changed), r"images/val/val1\.jpg .*has SHA-256"),
        (lambda file: write_tgz(file, lacking), r"images/val/val1\.jpg is missing"),
        (lambda file: file.write_bytes(b"no archive"), "broken archive"),
        (lambda file: cut(write_zip, file), "broken archive"),
        (lambda file: cut(write_tgz, file), "broken archive"),
    ]


def cut(write, file):
    write(file)
    file.write_bytes(file.read_bytes()[:-60])


@pytest.mark.parametrize(("write", "words"), bad_archives())
def test_bad_archive_installs_nothing(server, fetch, tmp_path, write, words):
    write(server.folder / "archive")
    with pytest.raises(ValueError, match=words):
        fetch(addresses=[server.address("archive")])
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("write", [write_zip, write_tgz])
def test_paths_of_the_archive_are_not_trusted(server, fetch, tmp_path, write):
    evil = {f"../../../{path}": content for path, content in FILES.items()}
    evil |= {"../../../evil.txt": b"evil", f"{tmp_path}/absolute.txt": b"evil"}
    write(server.folder / "archive", evil, top="")
    before = set(tmp_path.iterdir()) | {tmp_path / "cache"}
    assert contents(fetch(addresses=[server.address("archive")])) == FILES
    assert set(tmp_path.iterdir()) == before


def test_no_network(fetch, tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("time.sleep", lambda _: None)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}/archive.zip"
    with pytest.raises(ConnectionError) as caught:
        fetch(addresses=[address])
    message = str(caught.value)
    assert address in message and str(tmp_path / "cache" / "BSDS500.zip") in message
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(("write", "suffix"), [(write_zip, ".zip"), (write_tgz, ".tgz")])
def test_archive_saved_by_hand(fetch, tmp_path, write, suffix):
    (tmp_path / "cache").mkdir()
    saved = tmp_path / "cache" / f"BSDS500{suffix}"
    write(saved)
    assert contents(fetch(addresses=[])) == FILES
    assert saved.exists(), "it is the reader's"


def test_broken_archive_saved_by_hand(fetch, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "BSDS500.zip").write_bytes(b"PK no archive")
    with pytest.raises(ValueError, match=r"broken archive.*delete .*BSDS500\.zip"):
        fetch(addresses=[])
