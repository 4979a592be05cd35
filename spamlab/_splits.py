"""What readers of data sets share: a split is a sequence of pictures, each read when it is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spamlab.features import as_image


@dataclass(frozen=True)
class Split:
    """One split of a data set; ``len(split)``, ``split[3]``, ``split[:10]`` and ``for ... in split`` work."""

    root: Path
    split: str
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return replace(self, names=self.names[index])
        return self.read(self.names[index])

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    def read(self, name: str) -> Any:
        """Read what belongs to a name."""
        raise NotImplementedError


def read_image(file: Path) -> NDArray[np.float32]:
    """Read a picture of a data set: (H, W, 3) float32 in [0, 1].

    Raises
    ------
    ValueError
        If the file is broken.
    """
    try:
        with Image.open(file) as image:
            return as_image(np.asarray(image.convert("RGB")))
    except OSError as error:
        raise ValueError(f"{file} is broken ({error}); unpack the archive again") from error
