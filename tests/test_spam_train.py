"""``spamlab train spam`` from end to end, nothing replaced."""

from spamlab import ssn
from spamlab.cli import main
from spamlab.data import scene
from spamlab.spam import spam
from spamlab.training.recipe import SPAMRecipe

SMALL = {
    "scenes": [2],
    "validation-every": [99],
    "steps": [2],
    "size": [48],
    "count": [1],
    "widths": [4, 4, 4],
}


def command(folder, **options):
    words = ["train", "spam", "-o", str(folder)]
    for name, values in (SMALL | options).items():
        words += [f"--{name}", *map(str, values)]
    return words


def test_spam_learns_from_scenes(tmp_path, capsys, one_thread):
    out = tmp_path / "out"
    assert main(command(out)) == 0
    said = capsys.readouterr()
    assert "learns from:  2 synthetic scenes\nvalidates on: 2 other scenes\n" in said.err
    assert f'use them:     spam(image, weights="{out / "best.safetensors"}")' in said.out
    names, values = (line.split() for line in said.out.splitlines()[:2])
    found = dict(zip(names, map(float, values), strict=True))
    assert found["step"] == 2 and 0.5 < found["score"] < 1
    made = ssn.load(out / "best.safetensors")
    assert made.widths == (4, 4, 4) and made.compactness == sum(SPAMRecipe().compactness) / 2
    image = scene(3)[0]
    assert spam(image, 60, weights=out / "best.safetensors").shape == image.shape[:2]
    assert main(command(out)) == 0  # there is nothing left to do
    assert "goes on with the training there" in capsys.readouterr().err


def test_a_start_that_is_missing(tmp_path, capsys):
    assert main(command(tmp_path / "out", start=[tmp_path / "no.pt"])) == 1
    assert "no.pt: no such file" in capsys.readouterr().err
