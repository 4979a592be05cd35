"""What was computed once is kept, named by picture, network and settings.

Masks are JSON, a map is NPY, several arrays are NPZ.
"""

import hashlib
import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from spamlab import masks
from spamlab.masks import Mask
from spamlab.paths import cache_dir

Kept = TypeVar("Kept")


def place(image: NDArray[np.float32], settings: dict[str, Any], name: str = "proposals/{}.json") -> Path:
    """Return the file for a picture, (H, W, 3) float32, and settings that JSON can hold."""
    digest = hashlib.sha256(json.dumps([image.shape, settings], sort_keys=True).encode())
    digest.update(np.ascontiguousarray(image).tobytes())
    return cache_dir() / name.format(digest.hexdigest()[:32])


def remember(
    image: NDArray[np.float32], settings: dict[str, Any], compute: Callable[[], list[Mask]]
) -> list[Mask]:
    """Read the masks of a picture under these settings, or compute and write them.

    A file that cannot be read is computed again, with a warning; so is one that cannot be written.
    """
    file = place(image, settings)

    def read() -> list[Mask]:
        if masks.shape(file) != image.shape[:2]:
            raise ValueError(f"{file} is of another picture")
        return masks.read(file)

    def write(found: list[Mask]) -> None:
        masks.write(file, found, about=settings, shape=image.shape[:2])

    return _remember(file, read, write, compute, "masks")


def remember_map(
    image: NDArray[np.float32], settings: dict[str, Any], compute: Callable[[], NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Read a map, (h, w) float32, of a picture under these settings, or compute and write it: `remember`."""
    file = place(image, settings, "attention/{}.npy")

    def read() -> NDArray[np.float32]:
        found = np.load(file, allow_pickle=False)
        if found.ndim != 2 or found.dtype != np.float32 or not np.isfinite(found).all():
            raise ValueError(f"{file} holds no map of numbers")
        return found

    return _remember(file, read, lambda found: np.save(file, found), compute, "maps")


def remember_arrays(
    image: NDArray[np.float32],
    settings: dict[str, Any],
    compute: Callable[[], dict[str, NDArray]],
    names: tuple[str, ...],
) -> dict[str, NDArray]:
    """Read the arrays of these names for a picture under these settings, or compute and write: `remember`."""
    file = place(image, settings, "segments/{}.npz")

    def read() -> dict[str, NDArray]:
        try:
            with np.load(file, allow_pickle=False) as found:
                return {name: found[name] for name in names}
        except (zipfile.BadZipFile, KeyError, TypeError) as error:
            raise ValueError(f"{file} does not hold {', '.join(names)} ({error})") from error

    return _remember(file, read, lambda found: np.savez_compressed(file, **found), compute, "maps")


def _remember(
    file: Path,
    read: Callable[[], Kept],
    write: Callable[[Kept], None],
    compute: Callable[[], Kept],
    what: str,
) -> Kept:
    if file.exists():
        try:
            return read()
        except (OSError, ValueError, EOFError) as error:
            warnings.warn(f"{error}; the {what} are computed again", stacklevel=4)
    found = compute()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write(found)
    except OSError as error:
        warnings.warn(f"the {what} could not be kept for the next time: {error}", stacklevel=4)
    return found
