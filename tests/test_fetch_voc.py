"""Fetching PASCAL VOC 2012, from a server on this computer that holds a tiny archive."""

import functools
import hashlib
import socket
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from test_voc import truth_of, write_lists, write_sample

from spamlab.data import fetch_voc2012, voc2012


@pytest.fixture
def archive(tmp_path):
    """Return the bytes of a tiny archive in the layout of the real one."""
    root = tmp_path / "made" / "VOCdevkit" / "VOC2012"
    for name, classes in (("2007_9", (0, 1)), ("2008_1", (15, 15)), ("2009_2", (0, 0))):
        write_sample(root, name, truth_of(*classes))
    write_lists(root, train=["2008_1"], val=["2007_9"], trainval=["2008_1", "2007_9"])
    (root / "ImageSets" / "Main").mkdir()
    (root / "ImageSets" / "Main" / "train.txt").write_text("2009_2\n")
    (root / "Annotations").mkdir()
    (root / "Annotations" / "2007_9.xml").write_text("<annotation/>")
    with tarfile.open(tmp_path / "made.tar", "w") as made:
        made.add(tmp_path / "made" / "VOCdevkit", "VOCdevkit")
    return (tmp_path / "made.tar").read_bytes()


EXPECTED = {
    *(f"ImageSets/Segmentation/{split}.txt" for split in ("train", "val", "trainval")),
    *(f"JPEGImages/{name}.jpg" for name in ("2007_9", "2008_1")),
    *(f"SegmentationClass/{name}.png" for name in ("2007_9", "2008_1")),
}


class Handler(BaseHTTPRequestHandler):
    """A server of one file. It may know nothing of ranges, or break off."""

    def do_GET(self):
        start, content = self.headers["Range"], self.server.content
        self.server.asked.append(start)
        first = int(start.removeprefix("bytes=").removesuffix("-")) if start and self.server.ranges else 0
        if self.path != "/voc.tar":
            return self.send_error(404)
        if first and first >= len(content):
            return self.send_error(416)
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        self.wfile.write(content[first : self.server.breaks_at])
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def server(archive, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.content, server.asked, server.ranges, server.breaks_at = archive, [], True, None
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def fetch(server, archive, tmp_path):
    address = f"http://127.0.0.1:{server.server_port}/voc.tar"
    given = {"address": address, "md5": hashlib.md5(archive, usedforsecurity=False).hexdigest()}
    return functools.partial(fetch_voc2012, tmp_path / "cache" / "VOC2012", **given)


def names(folder):
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_fetch(fetch, server, tmp_path, capsys):
    folder = fetch()
    assert folder == tmp_path / "cache" / "VOC2012"
    assert names(folder) == EXPECTED, "the segmentation, and nothing of other tasks"
    assert [child.name for child in folder.parent.iterdir()] == ["VOC2012"], "nothing left over"
    ((name, _, truth),) = voc2012(folder)
    assert name == "2007_9"
    np.testing.assert_array_equal(truth, truth_of(0, 1))
    said = capsys.readouterr().out
    assert "flickr" in said and f"127.0.0.1:{server.server_port}" in said
    assert f"a download of {len(server.content) / 1e6:.0f} MB" in said


def test_the_size_is_said_before_anything_comes(fetch, server, capsys):
    server.content, server.breaks_at = bytes(30_000_000), 0
    with pytest.raises(ConnectionError):
        fetch()
    assert "a download of 30 MB\n" in capsys.readouterr().out


def test_second_call_downloads_nothing(fetch, server):
    assert fetch() == fetch()
    assert len(server.asked) == 1


def test_default_place_is_the_cache(fetch, tmp_path, monkeypatch):
    monkeypatch.setenv("SPAMLAB_CACHE", str(tmp_path / "mine"))
    assert fetch_voc2012(**fetch.keywords) == tmp_path / "mine" / "VOC2012"


def test_a_download_goes_on_where_it_stopped(fetch, server, tmp_path, capsys):
    server.breaks_at = 5000
    with pytest.raises(
        ConnectionError, match=f"(?s)ended after 5000 of {len(server.content)} bytes.*goes on"
    ):
        fetch()
    (part,) = (tmp_path / "cache").iterdir()
    assert part.read_bytes() == server.content[:5000]
    server.breaks_at = None
    assert names(fetch()) == EXPECTED
    assert server.asked == [None, "bytes=5000-"]
    assert "are here" in capsys.readouterr().out


def test_a_server_that_cannot_go_on(fetch, server, tmp_path):
    """It sends all of the file again, and all of it is taken."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "VOC2012.tar.part").write_bytes(b"begun")
    server.ranges = False
    assert names(fetch()) == EXPECTED and server.asked == ["bytes=5-"]


def test_a_download_that_was_stopped_at_its_end(fetch, server, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "VOC2012.tar.part").write_bytes(server.content)
    assert names(fetch()) == EXPECTED
    assert server.asked == [f"bytes={len(server.content)}-"], "the server says that nothing is left"


def test_another_archive(fetch, server, tmp_path):
    server.content = server.content[:-1] + b"x"
    with pytest.raises(ValueError, match=r"has MD5 .*, expected .*; delete .*VOC2012\.tar\.part and get"):
        fetch()
    assert not (tmp_path / "cache" / "VOC2012").exists()


def test_empty_folder_is_filled(fetch, tmp_path):
    (tmp_path / "cache" / "VOC2012").mkdir(parents=True)
    assert names(fetch()) == EXPECTED


def test_folder_that_is_not_complete(fetch):
    folder = fetch()
    (folder / "SegmentationClass" / "2008_1.png").unlink()
    with pytest.raises(ValueError, match=r"has no 2008_1\.png .*name an empty folder"):
        fetch()


def test_no_network(fetch, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}/voc.tar"
    with pytest.raises(ConnectionError) as caught:
        fetch(address=address)
    said = str(caught.value)
    assert address in said and str(tmp_path / "cache" / "VOC2012.tar\n") in said and "by hand" in said
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_wrong_address(fetch):
    with pytest.raises(ConnectionError, match="404"):
        fetch(address=fetch.keywords["address"] + ".gz")


def test_archive_saved_by_hand(fetch, server, archive, tmp_path):
    (tmp_path / "cache").mkdir()
    saved = tmp_path / "cache" / "VOC2012.tar"
    saved.write_bytes(archive)
    assert names(fetch()) == EXPECTED
    assert saved.exists() and not server.asked, "it is the reader's"


def test_broken_archive_saved_by_hand(fetch, archive, tmp_path):
    (tmp_path / "cache").mkdir()
    saved = tmp_path / "cache" / "VOC2012.tar"
    saved.write_bytes(archive[:-3000])
    with pytest.raises(ValueError, match=r"has MD5 .*delete .*VOC2012\.tar and get it again"):
        fetch()
    saved.write_bytes(archive[:1500])
    md5 = hashlib.md5(archive[:1500], usedforsecurity=False).hexdigest()
    with pytest.raises(ValueError, match="delete .* and get it again"):
        fetch(md5=md5)
    assert list((tmp_path / "cache").iterdir()) == [saved]


def test_paths_of_the_archive_are_not_trusted(fetch, server, tmp_path):
    with tarfile.open(tmp_path / "evil.tar", "w") as made:
        made.add(tmp_path / "made" / "VOCdevkit", "../../VOCdevkit")
        made.add(tmp_path / "made.tar", "VOC2012/JPEGImages/../../../evil.jpg")
    server.content = (tmp_path / "evil.tar").read_bytes()
    before = set(tmp_path.iterdir()) | {tmp_path / "cache"}
    folder = fetch(md5=hashlib.md5(server.content, usedforsecurity=False).hexdigest())
    assert names(folder) == EXPECTED and set(tmp_path.iterdir()) == before
