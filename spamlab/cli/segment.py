"""``spamlab segment``: many pictures in one process; one that fails does not stop the others."""

import argparse
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spamlab.benchmark.methods import METHODS, TRUTHLESS, cut, select, warm_up
from spamlab.cli import maps
from spamlab.data import load_image
from spamlab.metrics import compactness, explained_variation
from spamlab.plot import overlay

MOST = 65_535  # the largest label that 16 bits hold, and the number of labels allowed


def run(arguments: argparse.Namespace) -> int:
    """Cut every picture; return 0, or 1 if one could not be cut."""
    select([arguments.method])
    value = _setting(arguments.method, arguments.compactness)
    if METHODS[arguments.method].annotated:
        raise ValueError(f"--method {arguments.method}: {TRUTHLESS}")
    maps.check_objects(arguments)
    maps.check_attention(arguments)
    folder = _folder(arguments.output)
    warm_up(METHODS[arguments.method])
    inputs = {Path(source).resolve() for source in arguments.images}
    failed = 0
    for source, name in zip(arguments.images, unique_names(arguments.images), strict=True):
        try:
            print(_segment(source, folder / name, arguments, value, inputs), flush=True)
        except Exception as error:  # whatever is wrong with one picture, the others are still cut
            print(f"spamlab segment: error: {source}: {_said(error, source)}", file=sys.stderr, flush=True)
            failed += 1
    return int(failed > 0)


def unique_names(sources: list[str]) -> list[str]:
    """Return a name for the results of each file: its stem, with -2, -3, ... where it is taken."""
    names, taken = [], set()
    for source in sources:
        stem = name = Path(source).stem
        turn = 1
        while name.lower() in taken:  # some file systems do not tell a from A
            turn += 1
            name = f"{stem}-{turn}"
        taken.add(name.lower())
        names.append(name)
    return names


def _folder(output: str) -> Path:
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ValueError(f"-o {output} is, or lies in, a file; expected a folder") from error
    return folder


def _segment(
    source: str, target: Path, arguments: argparse.Namespace, value: float | None, inputs: set[Path]
) -> str:
    """Cut one picture, write the results, and return its line."""
    image, objects = load_image(source), maps.object_map(arguments, source, inputs)
    seen = maps.attention(arguments, source, image, inputs)
    method = METHODS[arguments.method]
    if seen is not None:
        given = {"attention": seen, "density": arguments.density}
        method = replace(method, function=partial(method.function, **given))
    if objects is not None:
        method = replace(method, prepare=lambda *_: objects)
    labels, seconds = cut(method, image, arguments.n_segments, value)
    n = int(labels.max()) + 1
    if n > MOST:
        raise ValueError(f"{n} superpixels came out, expected at most {MOST} in 16 bits; ask for fewer")
    _save(labels.astype(np.uint16), f"{target}_labels.png", inputs)
    if arguments.overlay != "none":
        _save(overlay(image, labels), f"{target}_overlay.{arguments.overlay}", inputs)
    if objects is not None:
        _save(_owners(labels, objects).astype(np.uint16), f"{target}_objects.png", inputs)
    size = f"{image.shape[0]} x {image.shape[1]}, asked {arguments.n_segments}, obtained {n}"
    scores = f"CO {compactness(labels):.3f}, EV {explained_variation(labels, image):.3f}"
    return f"{target.name}: {size}, {scores}, {seconds:.3f} s"


def _owners(labels: NDArray[np.int32], objects: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the object of each superpixel, at each of its pixels; 0 where all of them are uncertain."""
    owner = np.zeros(int(labels.max()) + 1, np.int32)
    np.maximum.at(owner, labels, objects)  # besides 0 there is one number in each
    return owner[labels]


def _save(pixels: NDArray, file: str, inputs: set[Path]) -> None:
    if Path(file).resolve() in inputs:
        raise ValueError(
            f"its result {file} would replace one of the pictures or maps; name another folder with -o"
        )
    Image.fromarray(pixels).save(file, **({"quality": 92} if file.endswith(".jpg") else {}))


def _setting(name: str, compactness: float | None) -> float | None:
    setting = METHODS[name].setting
    if compactness is not None and setting != "compactness":
        has = f"its setting is {setting}, {METHODS[name].default:g}" if setting else "it has no setting"
        raise ValueError(f"--compactness {compactness:g}: {name} has no compactness ({has}); leave it out")
    return METHODS[name].default if compactness is None else compactness


def _said(error: Exception, source: str) -> str:
    """Return the message of an error without the name of the file, which is said before."""
    text = str(error)
    for name in (source, str(Path(os.path.expanduser(source)))):  # as the library may write it
        text = text.removeprefix(f"{name} ").removeprefix(f"{name}: ")
    text = text or "no reason given"
    return text if isinstance(error, (OSError, ValueError, TypeError)) else f"{type(error).__name__}: {text}"
