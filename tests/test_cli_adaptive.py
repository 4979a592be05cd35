"""``spamlab segment --attention --density``: a map in a file, a method, and what goes wrong."""

import numpy as np
import pytest
from PIL import Image

from spamlab.benchmark.with_objects import object_map
from spamlab.cli import main
from spamlab.data import load_image, scene
from spamlab.models import hub
from spamlab.objects import from_file
from spamlab.saliency import saliency
from spamlab.spam import attended, spam

SIZE = (60, 80)
WORDS = ["--method", "spam", "--n-segments", "40", "--overlay", "none"]


@pytest.fixture
def folder(tmp_path):
    """Write two scenes, their objects, and attention that is high on the left."""
    (tmp_path / "maps").mkdir()
    (tmp_path / "looks").mkdir()
    look = np.broadcast_to(np.linspace(255, 0, SIZE[1]), SIZE).astype(np.uint8)
    for turn, name in enumerate("ab"):
        image, truth = scene(turn, SIZE, 5)
        Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(tmp_path / f"{name}.png")
        Image.fromarray(truth.astype(np.uint8)).save(tmp_path / "maps" / f"{name}.png")
        Image.fromarray(look if name == "a" else look[:, ::-1]).save(tmp_path / "looks" / f"{name}.png")
    return tmp_path


def segment(folder, names, *words):
    pictures = (str(folder / f"{name}.png") for name in names)
    return main(["segment", *pictures, *words, "-o", str(folder / "out")])


def stored(file):
    with Image.open(file) as image:
        return np.asarray(image)


def expected(folder, name, look, density):
    """Return the labels that SPAM gives, and that it would give without a density."""
    objects = from_file(folder / "maps" / f"{name}.png")
    return (
        spam(stored(folder / f"{name}.png"), 40, objects, attention=look, density=r) for r in (density, 1)
    )


def with_objects(folder, *words):
    return [*WORDS, "--objects", str(folder / "maps"), *words]


def test_a_folder_of_grey_pictures(folder):
    words = with_objects(folder, "--attention", str(folder / "looks"), "--density", "4")
    assert segment(folder, "ab", *words) == 0
    for name in "ab":
        look = stored(folder / "looks" / f"{name}.png") / 255
        labels, plain = expected(folder, name, look, 4)
        np.testing.assert_array_equal(stored(folder / "out" / f"{name}_labels.png"), labels)
        assert (labels != plain).any()


@pytest.mark.parametrize(("word", "method"), [("saliency", "rbd"), ("spectral", "spectral")])
def test_attention_that_is_computed(folder, word, method):
    assert segment(folder, "a", *with_objects(folder, "--attention", word, "--density", "0.25")) == 0
    look = saliency(stored(folder / "a.png"), method)
    labels, plain = expected(folder, "a", look, 0.25)
    np.testing.assert_array_equal(stored(folder / "out" / "a_labels.png"), labels)
    assert (labels != plain).any()
    assert not attended(look, from_file(folder / "maps" / "a.png")).all()


def test_dino(folder, monkeypatch, capsys):
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    words = with_objects(folder, "--attention", "dino", "--density", "4")
    assert segment(folder, "a", *words) == 1
    said = capsys.readouterr().err
    assert "facebook/dino-vits8 is not on this computer" in said and "a.png" not in said
    look = stored(folder / "looks" / "a.png") / 255
    monkeypatch.setattr(hub, "locate", lambda *_: folder)
    monkeypatch.setattr("spamlab.models.dino_attention", lambda image: look)
    assert segment(folder, "a", *words) == 0
    labels, _ = expected(folder, "a", look, 4)
    np.testing.assert_array_equal(stored(folder / "out" / "a_labels.png"), labels)


def test_objects_of_a_method_will_do(folder):
    words = ["--method", "spam-felzenszwalb", *WORDS[2:], "--attention", "saliency", "--density", "8"]
    assert segment(folder, "a", *words) == 0
    image = load_image(folder / "a.png")
    objects = object_map("felzenszwalb", image, 40, 28.8)
    given = {"uncertain": 5, "attention": saliency(image), "density": 8}
    np.testing.assert_array_equal(stored(folder / "out" / "a_labels.png"), spam(image, 40, objects, **given))


def test_a_result_never_replaces_a_map(folder, capsys):
    file = folder / "a_labels.png"
    file.write_bytes((folder / "looks" / "a.png").read_bytes())
    content = file.read_bytes()
    words = with_objects(folder, "--attention", str(file), "--density", "4")
    assert main(["segment", str(folder / "a.png"), *words, "-o", str(folder)]) == 1
    assert "a_labels.png would replace one of the pictures or maps" in capsys.readouterr().err
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--density", "4"], "--density 4: it is about attended objects; add --attention saliency"),
        (["--attention", "saliency"], "--attention saliency: it changes nothing alone; add --density 2"),
        (
            ["--attention", "none.png", "--density", "4"],
            "none.png: no such file or folder; give a path that exists; or one of saliency, spectral, dino",
        ),
        (
            ["--attention", "looks/a.png", "--density", "4"],
            "--attention looks/a.png is one map, but there are 2 pictures; give a folder",
        ),
        (["--attention", "saliency", "--density", "0"], "density=0.0, expected a factor above 0"),
        (["--attention", "saliency", "--density", "nan"], "density=nan, expected a factor above 0"),
    ],
)
def test_words_that_do_not_go_together(folder, monkeypatch, capsys, words, said):
    monkeypatch.chdir(folder)
    assert segment(folder, "ab", *with_objects(folder, *words)) == 1
    assert said in capsys.readouterr().err and not list((folder / "out").glob("*"))


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("slic", "--density 4: slic has no density; add --method spam --objects MAP"),
        ("spam", "without objects all of the picture is attended; add --objects MAP, or"),
    ],
)
def test_methods_without_objects(folder, capsys, method, said):
    words = ["--method", method, "--attention", "saliency", "--density", "4"]
    assert segment(folder, "a", *words) == 1
    assert said in capsys.readouterr().err


def test_a_map_that_does_not_fit(folder, capsys):
    Image.new("L", (10, 20)).save(folder / "small.png")
    for file, said in (
        ("small.png", "attention has shape (20, 10), expected (60, 80), a value per pixel"),
        ("b.png", "b.png is in colour, expected grey: 0 (black) to 255"),
    ):
        words = with_objects(folder, "--attention", str(folder / file), "--density", "4")
        assert segment(folder, "a", *words) == 1
        assert said in capsys.readouterr().err
