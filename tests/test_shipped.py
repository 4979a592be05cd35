"""The shipped files: each listed in data/README.md with its true checksum, each readable."""

import hashlib
import json
import re
import runpy
from inspect import signature

import numpy as np
import pytest
from PIL import Image

from spamlab import lnsnet, segments
from spamlab._checkpoint import about
from spamlab.data import image_names, load_image, load_truth
from spamlab.metrics import compactness, rand_index
from spamlab.paths import data_dir
from spamlab.slic import slic
from spamlab.spam import spam
from spamlab.ssn import deep_features, load, ssn

NAMES = ["astronaut", "camera", "chelsea", "coffee", "coins", "gravel", "retina", "rocket"]
NAMES += ["tissue"]
GREY = {"camera", "coins", "gravel"}


def table():
    """Return {file: cells} of the table in data/README.md."""
    text = (data_dir() / "README.md").read_text(encoding="utf-8")
    rows = [line.strip("| \n").split(" | ") for line in text.splitlines() if line[:2] == "| "]
    return {cells[0]: cells for cells in rows if cells[0] != "file"}


def test_table_lists_every_file_and_no_other():
    made = {"__pycache__", "results"}  # results are made again by the command stored in each of them
    files = [file.relative_to(data_dir()) for file in data_dir().rglob("*") if file.is_file()]
    found = {file.as_posix() for file in files if not made & set(file.parts) and file.name != "README.md"}
    assert set(table()) == found


@pytest.mark.parametrize("file", sorted(table()))
def test_table_is_true(file):
    cells = table()[file]
    assert len(cells) == 8 and all(cells), "each file needs its source, author and licence"
    content = (data_dir() / file).read_bytes()
    assert cells[7] == f"`{hashlib.sha256(content).hexdigest()}`"
    if file.endswith(".png"):
        with Image.open(data_dir() / file) as image:
            assert cells[3] == f"{image.height} x {image.width}"


def test_results_say_how_they_were_made():
    for file in (data_dir() / "results").glob("*.json"):
        result = json.loads(file.read_text(encoding="utf-8"))
        assert {"versions", "data"} <= result.keys(), file.name
        made = result["data"].get("name") is None  # scenes and shipped photographs need no data set
        said = r"(spamlab benchmark|python benchmarks/\w+\.py) " + ("" if made else "(.* )?--data BSDS500 ")
        assert re.match(said, result["command"]), file.name
        ours = result["data"].get("scenes") or result["data"].get("picture")
        assert ours if made else result["data"]["name"] == "BSDS500", file.name


def test_readme_says_what_is_not_shipped():
    assert "BSDS500 is not redistributed" in (data_dir() / "README.md").read_text(encoding="utf-8")


def test_names():
    assert image_names() == tuple(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_picture(name):
    image = load_image(name)
    assert image.dtype == np.float32 and image.shape[2] == 3
    assert 256 <= max(image.shape) <= 512
    assert image.min() >= 0 and image.max() <= 1 and image.std() > 0.05
    assert (image[..., 0] == image[..., 1]).all() == (name in GREY)
    with Image.open(data_dir() / "images" / f"{name}.png") as stored:
        assert stored.mode == ("L" if name in GREY else "RGB")


def test_shipped_pictures_are_those_of_the_script():
    script = runpy.run_path(str(data_dir() / "make_images.py"))
    assert sorted(script["NAMES"]) == NAMES
    for name in NAMES:  # a JPEG decoder may differ by a little
        made, shipped = load_image(np.asarray(script["picture"](name))), load_image(name)
        assert np.abs(made - shipped).max() <= 4 / 255, name


def test_checksum_list():
    lines = (data_dir() / "bsds500.sha256").read_text().splitlines()
    assert all(re.fullmatch(r"[0-9a-f]{64}  \S+", line) for line in lines)
    paths = [line.split()[1] for line in lines]
    count = {split: sum(f"/{split}/" in path for path in paths) for split in ("train", "val", "test")}
    assert count == {"train": 400, "val": 200, "test": 400}
    assert len(set(paths)) == 1000


# ---- weights


def test_the_shipped_network():
    file = data_dir() / "checkpoints" / "ssn.safetensors"
    network, told = load("ssn"), about(file)
    assert network.inputs == 3 and network.outputs == 15 and not network.training
    assert told["recipe"]["widths"] == list(network.widths) and told["entry"]["score"] > 0.9
    assert not re.search(r"/[a-z]+/", json.dumps(told)), "the header names folders"
    image = load_image("chelsea")
    found = deep_features(image, network)
    assert np.isfinite(found).all() and found.std(axis=(0, 1)).max() > 1
    labels = ssn(image, 200)
    assert 150 < labels.max() + 1 < 280 and (labels != ssn(image, 200, weights=None)).mean() > 0.2


def test_the_card_tells_what_was_measured():
    card = (data_dir() / "checkpoints" / "README.md").read_text(encoding="utf-8")
    table = json.loads((data_dir() / "results" / "val.json").read_text(encoding="utf-8"))["table"]
    columns = ("asa_mean", "asa_best", "br_r1_mean", "br_r2_mean", "co", "gr", "ev")
    lines = re.findall(r"^\| (\d+) \| ([a-z0-9-]+) \| (\S+) \| (.*) \|$", card, re.MULTILINE)
    assert len(lines) == 48
    for n, name, m, cells in lines:
        (row,) = (row for row in table if (row["n"], row["method"]) == (int(n), name))
        assert m == "-" or float(m) == row["value"]
        assert [float(cell) for cell in cells.split(" | ")] == [round(row[c], 3) for c in columns]
    for network in (load("ssn"), load("spam"), segments.load("segments"), lnsnet.load("lnsnet")):
        assert f"{sum(parameter.numel() for parameter in network.parameters()):,} parameters" in card


def test_the_card_tells_what_segments_were_measured():
    card = (data_dir() / "checkpoints" / "README.md").read_text(encoding="utf-8")
    results = data_dir() / "results"
    table = json.loads((results / "segments_val.json").read_text(encoding="utf-8"))["table"]
    columns = ("ods", "precision", "recall", "ois", "pri", "voi", "gce", "covering")
    for row in table:
        cells = " | ".join(f"{row[column]:.3f}".removeprefix("0") for column in columns)
        assert f"| {row['method']} | {cells} | {row['regions']:.1f} |" in card
    (ours,) = (row for row in table if row["method"] == "segments")
    assert ours["setting"] in card
    for row in json.loads((results / "segments_ablation.json").read_text(encoding="utf-8"))["rows"]:
        cells = [f"{row[column]:.{digits}f}" for column, digits in (("f", 3), ("pri", 3), ("asa_100", 4))]
        assert f"| {row['variant']} | {' | '.join(cell.removeprefix('0') for cell in cells)} |" in card


def test_the_shipped_segments():
    file = data_dir() / "checkpoints" / "segments.safetensors"
    network, told = segments.load("segments"), about(file)
    assert (network.norm, network.shared, network.concat) == ("group8", False, True) and not network.training
    assert not re.search(r"/[a-z]+/", json.dumps(told)), "the header names folders"
    results = json.loads((data_dir() / "results" / "segments_val.json").read_text(encoding="utf-8"))
    chosen, options = results["methods"]["segments"]["setting"], signature(segments.segments).parameters
    assert network.threshold == chosen["threshold"]
    for name in ("n_segments", "mode", "min_size"):
        assert options[name].default == chosen[name], "what segments() does by default is what was chosen"
    image, (objects, _) = load_image("coffee"), load_truth("coffee")
    labels = segments.segments(image)
    assert 3 < labels.max() + 1 < 60
    assert rand_index(labels, objects) > rand_index(slic(image, int(labels.max()) + 1), objects)


def test_the_shipped_network_of_spam():
    network, told = load("spam"), about(data_dir() / "checkpoints" / "spam.safetensors")
    assert network.inputs == 3 and network.outputs == 15 and not network.training
    assert told["recipe"]["compactness"] == [25.0, 45.0] and told["entry"]["score"] > 0.94
    assert not re.search(r"/[a-z]+/", json.dumps(told)), "the header names folders"
    results = json.loads((data_dir() / "results" / "val.json").read_text(encoding="utf-8"))
    assert results["methods"]["spam"]["value"] == signature(spam).parameters["compactness"].default
    image = load_image("chelsea")
    labels, plain = spam(image, 200), spam(image, 200, weights=None)
    assert 150 < labels.max() + 1 < 280 and (labels != plain).mean() > 0.2
    assert compactness(labels) > 1.2 * compactness(ssn(image, 200))


@pytest.mark.parametrize(("name", "variant"), [("lnsnet", 3), ("lnsnet-1", 1), ("lnsnet-2", 2)])
def test_the_shipped_lnsnets(name, variant):
    network, told = lnsnet.load(name), about(data_dir() / "checkpoints" / f"{name}.safetensors")
    assert told["recipe"]["variant"] == variant and told["entry"]["score"] > 0.92
    assert not re.search(r"/[a-z]+/", json.dumps(told)), "the header names folders"
    assert network.shift == float(variant > 1) and (network.memory != 1).any() and not network.training
    labels, found = lnsnet.lnsnet(load_image("chelsea"), 100, weights=network, details=True)
    assert 60 < labels.max() + 1 < 300
    assert (found.start != found.end).any() == (variant > 1)
