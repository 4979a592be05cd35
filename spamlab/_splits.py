"""What readers of data sets share: a split is a sequence of pictures, each read when it is asked for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spamlab.features import as_image

UNPACKED = "name the folder of the unpacked archive"


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture and its segmentations.

    Attributes
    ----------
    name : str
        The name of the file, without suffix.
    image : (H, W, 3) float32 ndarray
        RGB in [0, 1].
    truths : list of (H, W) int32 ndarrays
        One label map per person, labels 0 to n - 1; -1 where the truth is not known, which no score counts.
        A label need not be connected.
    """

    name: str
    image: NDArray[np.float32]
    truths: list[NDArray[np.int32]]


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


def check_choice(value: str, choices: Sequence[str], name: str = "split") -> None:
    """Refuse what is none of the choices."""
    if value not in choices:
        raise ValueError(f"{name} is {value!r}, expected one of {', '.join(choices)}")


def find_root(
    folder: str | Path,
    places: Sequence[str],
    holds: Callable[[Path], bool],
    what: str,
    wanted: str,
    remedy: str,
) -> Path:
    """Return the first folder that holds a data set.

    Parameters
    ----------
    folder : str or Path
        What the reader named.
    places : sequence of str
        Where to look below it, as patterns; "" is the folder itself.
    holds : callable
        ``holds(root)`` says whether the data lie there.
    what, wanted, remedy : str
        For the message: what was looked for ("val split of BSDS500"), the files, and what to do.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    folder = Path(folder).expanduser()
    for place in places:
        for root in sorted(folder.glob(place)) if place else [folder]:
            if holds(root):
                return root
    beyond = ", ".join(filter(None, places))
    raise FileNotFoundError(
        f"no {what} in {folder}: looked for {wanted} in it"
        + (f" and in its {beyond}" if beyond else "")
        + f"; {remedy}"
    )


def check_files(folder: Path, names: Sequence[str], suffix: str) -> None:
    """Refuse a folder that lacks ``NAME + suffix`` for one of the names.

    Raises
    ------
    FileNotFoundError
        If one is missing; it says how many are.
    """
    here = {file.name for file in folder.glob(f"*{suffix}")}
    missing = [name for name in names if name + suffix not in here]
    if missing:
        raise FileNotFoundError(
            f"{folder} has no {missing[0]}{suffix} ({len(missing)} of {len(names)} are missing); get "
            "the data set again"
        )


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
    except (OSError, SyntaxError) as error:  # Pillow calls a broken PNG a syntax error
        raise ValueError(f"{file} is broken ({error}); get it again") from error


def read_numbers(file: Path) -> NDArray:
    """Read a picture whose values are numbers of regions or classes, not colours: (H, W) ints.

    Raises
    ------
    ValueError
        If the file is broken or holds colours.
    """
    try:
        with Image.open(file) as image:
            mode, values = image.mode, np.asarray(image)
    except (OSError, SyntaxError) as error:
        raise ValueError(f"{file} is broken ({error}); get it again") from error
    if mode not in ("P", "L", "1") and not mode.startswith("I"):
        raise ValueError(f"{file} holds colours (mode {mode}), expected numbers of regions in one channel")
    return values.astype(np.int64)


def read_struct(file: Path, variable: str, field: str) -> list[NDArray[np.int64]]:
    """Read a field of MATLAB structures in a .mat file, one map for each structure.

    Raises
    ------
    ValueError
        If the file is broken or holds something else.
    """
    from scipy.io import loadmat  # here, because it takes a quarter of a second

    try:
        found = loadmat(file)[variable][0]
        return [
            np.asarray(each[field] if found.dtype.names else each[field][0, 0], np.int64) for each in found
        ]
    except Exception as error:  # loadmat raises whatever its bytes lead to
        raise ValueError(
            f"{file} is no segmentation: no {variable} with a {field} ({error!r}); get it again"
        ) from error


def as_truth(
    labels: NDArray, size: tuple[int, int], file: Path, known: NDArray | None = None
) -> NDArray[np.int32]:
    """Give the regions of a truth the numbers 0 to n - 1, and -1 to what is not known.

    Parameters
    ----------
    labels : (H, W) int ndarray
    size : (int, int)
        Of the picture.
    file : Path
        What the truth was read from, for the message.
    known : (H, W) bool ndarray, optional
        Where the truth is known; by default everywhere.

    Raises
    ------
    ValueError
        If the picture has another size.
    """
    if labels.shape != size:
        raise ValueError(
            f"{file} has a segmentation of {labels.shape}, its picture is {size}; get both again"
        )
    known = np.ones(size, bool) if known is None else known
    truth = np.full(size, -1, np.int32)
    truth[known] = np.unique(labels[known], return_inverse=True)[1]
    return truth
