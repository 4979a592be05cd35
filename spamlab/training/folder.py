"""The folder of a training: files are replaced whole, and two recipes never mix.

==================  =================================================================
state.pt            everything needed to go on, the log included
log.jsonl           the log for readers, written from the state: one line per validation
best.safetensors    the averaged weights that validated best
recipe.json         what decides the training
==================  =================================================================
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path


def make(folder: Path) -> None:
    """Make the folder if need be.

    Raises
    ------
    ValueError
        If it is a file, or lies in one.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ValueError(f"{folder} is, or lies in, a file; expected a folder") from error


def replace(file: Path, write: Callable[[Path], object]) -> None:
    """Let ``write(path)`` make a file; an old one is replaced only by a whole one."""
    new = file.with_name(file.name + ".new")
    write(new)
    os.replace(new, file)


def settle(folder: Path, given: Mapping[str, object]) -> None:
    """Keep in recipe.json what decides a training; refuse to go on with anything else.

    Parameters
    ----------
    folder : Path
        Where the training lives.
    given : mapping of str to object
        What decides it now, in values that JSON can hold.

    Raises
    ------
    ValueError
        If there is a state that was trained with another value.
    """
    make(folder)
    file = folder / "recipe.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    now = json.loads(json.dumps(given))  # tuples become lists, as in the file
    if (folder / "state.pt").is_file():
        for name, value in now.items():
            if known.get(name, value) != value:
                raise ValueError(
                    f"{name} is {_said(value)}, but the training in {folder} has {_said(known[name])}; "
                    "give the same to go on, or name another folder"
                )
    text = json.dumps({**known, **now}, indent=1) + "\n"
    replace(file, lambda new: new.write_text(text, encoding="utf-8"))


def _said(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
