"""Masks that were computed once are kept as SA-1B JSON, named by picture, network and settings."""

import hashlib
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spamlab import masks
from spamlab.masks import Mask
from spamlab.paths import cache_dir


def place(image: NDArray[np.float32], settings: dict[str, Any]) -> Path:
    """Return the file for a picture, (H, W, 3) float32, and settings that JSON can hold."""
    digest = hashlib.sha256(json.dumps([image.shape, settings], sort_keys=True).encode())
    digest.update(np.ascontiguousarray(image).tobytes())
    return cache_dir() / "proposals" / f"{digest.hexdigest()[:32]}.json"


def remember(
    image: NDArray[np.float32], settings: dict[str, Any], compute: Callable[[], list[Mask]]
) -> list[Mask]:
    """Read the masks of a picture under these settings, or compute and write them.

    A file that cannot be read is computed again, with a warning; so is one that cannot be written.
    """
    file = place(image, settings)
    if file.exists():
        try:
            if masks.shape(file) != image.shape[:2]:
                raise ValueError(f"{file} is of another picture")
            return masks.read(file)
        except (OSError, ValueError) as error:
            warnings.warn(f"{error}; the masks are computed again", stacklevel=3)
    found = compute()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        masks.write(file, found, about=settings, shape=image.shape[:2])
    except OSError as error:
        warnings.warn(f"the masks could not be kept for the next time: {error}", stacklevel=3)
    return found
