"""Maps that come with the pictures of ``spamlab segment``: objects, and attention."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spamlab.data import load_image
from spamlab.objects import from_file
from spamlab.saliency import saliency

OBJECTS = (".png", ".json", ".tif", ".tiff", ".bmp", ".gif")  # what `from_file` reads
PICTURES = (".png", ".tif", ".tiff", ".bmp", ".gif", ".jpg", ".jpeg")
METHODS = {"saliency": "rbd", "spectral": "spectral"}  # of `saliency`, besides "dino"


def check_objects(arguments: argparse.Namespace) -> None:
    """Raise an error where ``--objects`` and ``--ignore`` do not go with the other words."""
    objects = arguments.objects
    if objects is None:
        if arguments.ignore is not None:
            raise ValueError(f"--ignore {arguments.ignore}: it is about labels of --objects; leave it out")
        return
    if arguments.method != "spam":
        raise ValueError(f"--objects {objects}: {arguments.method} takes no objects; add --method spam")
    _check_path("--objects", objects, arguments.images)


def check_attention(arguments: argparse.Namespace) -> None:
    """Raise an error where ``--attention`` and ``--density`` do not go with the other words."""
    attention, density, method = arguments.attention, arguments.density, arguments.method
    if attention is None and density is None:
        return
    if attention is None:
        raise ValueError(f"--density {density:g}: it is about attended objects; add --attention saliency")
    if density is None:
        raise ValueError(f"--attention {attention}: it changes nothing alone; add --density 2, or another")
    if not method.startswith("spam"):
        raise ValueError(f"--density {density:g}: {method} has no density; add --method spam --objects MAP")
    if method == "spam" and arguments.objects is None:
        raise ValueError(
            f"--density {density:g}: without objects all of the picture is attended; add --objects MAP, or "
            "take --method spam-segments"
        )
    if attention == "dino":
        from spamlab.models import hub, kinds

        hub.locate(kinds.DINO, "vit")
    elif attention not in METHODS:
        _check_path("--attention", attention, arguments.images, "; or one of saliency, spectral, dino")


def object_map(arguments: argparse.Namespace, source: str, inputs: set[Path]) -> NDArray[np.int32] | None:
    """Read the object map of a picture; None without ``--objects``. Its file is added to `inputs`."""
    if arguments.objects is None:
        return None
    file = _beside(arguments.objects, source, OBJECTS, inputs)
    return from_file(file, () if arguments.ignore is None else arguments.ignore)


def attention(
    arguments: argparse.Namespace, source: str, image: NDArray[np.float32], inputs: set[Path]
) -> NDArray[np.float32] | None:
    """Read or compute what draws the eye in a picture; None without ``--attention``.

    A file that is read is added to `inputs`.
    """
    given = arguments.attention
    if given is None:
        return None
    if given in METHODS:
        return saliency(image, METHODS[given])
    if given == "dino":
        from spamlab.models import dino_attention

        return dino_attention(image)
    file = _beside(given, source, PICTURES, inputs)
    seen = load_image(file)
    if (seen != seen[..., :1]).any():
        raise ValueError(f"--attention {file} is in colour, expected grey: 0 (black) to 255 (most attended)")
    return seen[..., 0]


def _check_path(word: str, path: str, images: Sequence[str], or_else: str = "") -> None:
    if not Path(path).exists():
        raise FileNotFoundError(f"{word} {path}: no such file or folder; give a path that exists{or_else}")
    if len(images) > 1 and not Path(path).is_dir():
        raise ValueError(
            f"{word} {path} is one map, but there are {len(images)} pictures; give a folder that holds a map "
            "for each, under the picture's name"
        )


def _beside(path: str, source: str, endings: Sequence[str], inputs: set[Path]) -> Path:
    """Return the file, or the one of a folder that has the picture's name; no result may replace it."""
    file = Path(path)
    if file.is_dir():
        stem = Path(source).stem
        found = sorted(f for f in file.iterdir() if f.stem == stem and f.suffix.lower() in endings)
        if len(found) != 1:
            names = " and ".join(f.name for f in found) or "none"
            raise ValueError(f"{names} in {file}, expected one map: {stem}{f' or {stem}'.join(endings)}")
        file = found[0]
    inputs.add(file.resolve())
    return file
