"""Weights: fetched when asked, found, loaded; masks that are kept. The hub is a server on this computer."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import numpy as np
import pytest
import sam_by_the_book as book

from spamlab import masks, models
from spamlab.models import cache, hub, kinds, probing

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NAME = "someone/sam"
GIVEN = {"points_per_side": 3, "min_iou": 0, "min_stability": 0, "progress": False, "precision": "float32"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    book.random_sam().save_pretrained(folder)
    return folder


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAMLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "proposals"


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


class Handler(BaseHTTPRequestHandler):
    """What the client asks of the hub for one network."""

    def do_GET(self):
        path = urlsplit(self.path).path
        self.server.asked.append((self.command, path))
        if path.startswith(f"/api/models/{NAME}"):
            self.describe()
        elif path.startswith(f"/{NAME}/resolve/main/") and path.split("/")[-1] in self.server.files:
            self.give(self.server.files[path.split("/")[-1]])
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.end_headers()

    do_HEAD = do_GET

    def describe(self):
        files = [{"rfilename": name, "size": len(content)} for name, content in self.server.files.items()]
        about = {"id": NAME, "sha": COMMIT, "siblings": files, "tags": ["license:apache-2.0"]}
        self.answer(json.dumps(about).encode(), {"Content-Type": "application/json"})

    def give(self, content):
        tag = hashlib.sha256(content).hexdigest()
        self.answer(content, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT})

    def answer(self, content, headers):
        self.send_response(200)
        for name, value in {**headers, "Content-Length": len(content)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(folder):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files = {name: (folder / name).read_bytes() for name in kinds.FILES}
    server.asked = []
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


PROGRAM = """
import sys
from spamlab.models import fetch, hub, load, locate
try:
    folder = fetch(sys.argv[1])
    print("FOLDER", folder)
    assert locate(sys.argv[1]) == folder
    print("IDENTITY", hub.identity(sys.argv[1]), type(load(sys.argv[1])).__name__)
except Exception as error:
    print(type(error).__name__, error)
"""


def fetch(port, home, name=NAME):
    """Fetch in a fresh Python, since the client reads its settings when it is imported."""
    own = {"HF_ENDPOINT": f"http://127.0.0.1:{port}", "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    env = {**os.environ, **own, "NO_PROXY": "127.0.0.1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    env.pop("HF_HUB_OFFLINE", None)
    command = [sys.executable, "-c", PROGRAM, name]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=300).stdout


def test_fetch_says_what_comes_and_loads(server, tmp_path):
    server.files["pytorch_model.bin"] = b"a pickle"
    said = fetch(server.server_port, tmp_path)
    assert f"{NAME}: a download of 0 MB, licence: apache-2.0" in said and str(server.server_port) in said
    assert f"IDENTITY models--someone--sam@{COMMIT} SamModel" in said, said
    paths = {path for _, path in server.asked}
    assert not any("pytorch_model" in path for path in paths), "only the safe file is taken"
    assert {command for command, _ in server.asked} <= {"GET", "HEAD"}, "nothing is sent"
    (place,) = tmp_path.rglob("model.safetensors")
    assert place.read_bytes() == server.files["model.safetensors"]


def test_fetch_takes_how_pictures_and_words_are_prepared(server, tmp_path):
    small = {"preprocessor_config.json": b"{}", "vocab.json": b"{}", "merges.txt": b""}
    server.files |= small | {"flax_model.msgpack": b"-", "README.md": b"-"}
    said = fetch(server.server_port, tmp_path)
    assert "SamModel" in said, said
    taken = {file.name for file in (tmp_path / "hub").rglob("snapshots/*/*")}
    assert taken == {*kinds.FILES, *small}


def test_fetch_refuses_what_it_cannot_use(server, tmp_path):
    del server.files["model.safetensors"]
    said = fetch(server.server_port, tmp_path)
    assert "ValueError" in said and "expected config.json and model.safetensors" in said
    said = fetch(server.server_port, tmp_path, "someone/unknown")
    assert "ValueError" in said and "no such network" in said


def test_fetch_without_a_network(server, tmp_path):
    port = server.server_port
    server.shutdown()
    server.server_close()
    said = fetch(port, tmp_path)
    assert "ConnectionError" in said and "could not be fetched" in said and "another computer" in said


def test_what_is_not_here_is_not_downloaded(tmp_path, monkeypatch, own_cache, image):
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    for name in (kinds.SAM, "no/such-model-anywhere"):
        with pytest.raises(FileNotFoundError) as caught:
            models.sam_masks(image, name)
        said = str(caught.value)
        assert f"spamlab.models.fetch({name!r})" in said and f"huggingface.co/{name} " in said
        assert "proposals" in said and "spamlab.masks.read" in said
    with pytest.raises(FileNotFoundError, match=r"39 MB, Apache-2\.0"):
        models.load()
    with pytest.raises(FileNotFoundError, match="no config.json and no model.safetensors"):
        models.load(tmp_path)
    with pytest.raises(FileNotFoundError, match="is not on this computer"):
        models.load(tmp_path / "missing")


def test_transformers_missing(monkeypatch, folder):
    monkeypatch.setitem(sys.modules, "transformers", None)
    hub._load.cache_clear()
    with pytest.raises(ImportError, match=r"pip install 'spamlab\[models\]'"):
        models.load(folder)


def test_load(folder):
    model = models.load(folder)
    assert model is models.load(str(folder)) and not model.training
    assert {str(weights.dtype) for weights in model.parameters()} == {"torch.float32"}


def test_load_says_what_is_wrong(folder, tmp_path):
    from safetensors.numpy import load_file, save_file

    state = load_file(folder / "model.safetensors")
    del state["mask_decoder.iou_token.weight"]
    save_file(state, tmp_path / "model.safetensors", {"format": "pt"})
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    with pytest.raises(ValueError, match=r"lacks weights of .*iou_token"):
        models.load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "vit"}')
    with pytest.raises(ValueError, match="type 'vit', expected 'sam'"):
        models.load(tmp_path)


def test_masks_are_kept(folder, own_cache, image, monkeypatch):
    first = models.sam_masks(image, folder, **GIVEN)
    (file,) = own_cache.iterdir()
    assert masks.about(file)["weights"] == hub.identity(folder) and masks.shape(file) == (20, 30)
    with monkeypatch.context() as patch:
        patch.setattr("spamlab.models.sam.Sam", None)  # the second time nothing is computed
        second = models.sam_masks(image, folder, **GIVEN)
    assert len(first) == len(second) > 0
    for a, b in zip(first, second, strict=True):
        assert (a.mask == b.mask).all()
        assert (a.predicted_iou, a.point) == (b.predicted_iou, b.point)


def test_what_keeps_masks_apart(folder, own_cache, image, tmp_path):
    models.sam_masks(image, folder, **GIVEN)
    other = image.copy()
    other[0, 0, 0] ^= 1
    models.sam_masks(other, folder, **GIVEN)
    models.sam_masks(image, folder, **GIVEN | {"min_iou": 0.1})
    models.sam_masks(image, folder, **GIVEN | {"precision": "bfloat16"})
    elsewhere = tmp_path / "other"
    book.random_sam(seed=1).save_pretrained(elsewhere)
    models.sam_masks(image, elsewhere, **GIVEN)
    assert len(list(own_cache.iterdir())) == 5
    models.sam_masks(image, folder, **GIVEN, batch=2)
    models.sam_masks(image / 255, folder, **GIVEN)
    models.sam_masks(image, models.load(folder), **GIVEN)
    models.sam_masks(image, folder, **GIVEN | {"min_iou": 0.2}, keep=False)
    assert len(list(own_cache.iterdir())) == 5


@pytest.mark.parametrize("content", ["", "{}", '{"image": {"height": 9, "width": 9}, "annotations": []}'])
def test_a_broken_file_is_computed_again(folder, own_cache, image, content):
    first = models.sam_masks(image, folder, **GIVEN)
    (file,) = own_cache.iterdir()
    good = file.read_bytes()
    file.write_text(content)
    with pytest.warns(UserWarning, match="computed again"):
        second = models.sam_masks(image, folder, **GIVEN)
    assert len(second) == len(first) and file.read_bytes() == good


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SPAMLAB_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="could not be kept"):
        assert cache.remember(np.zeros((2, 3, 3), np.float32), {}, list) == []


def test_precision_and_batches():
    assert probing.precision_of("float32") == "float32"
    assert probing.precision_of() in ("float32", "bfloat16")
    with pytest.raises(ValueError, match="'float16', expected 'auto'"):
        probing.precision_of("float16")
    left = list(range(40))

    def take(n):
        return [left.pop(0) for _ in range(min(n, len(left)))]

    batches = list(probing.in_batches(take, (1, 4)))
    assert [len(batch) for batch in batches[:3]] == [1, 1, 4] and sum(batches, []) == list(range(40))
    assert len({len(batch) for batch in batches[3:-1]}) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"points_per_side": 0},
        {"batch": 0},
        {"min_iou": -1},
        {"min_area": float("nan")},
        {"precision": "half"},
    ],
)
def test_wrong_arguments(image, wrong):
    with pytest.raises(ValueError, match="expected"):
        models.sam_masks(image, **wrong)
