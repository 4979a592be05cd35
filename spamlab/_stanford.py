"""Stanford Background: 715 outdoor pictures of about 240 x 320 pixels, in regions and classes.

Reference: S. Gould, R. Fulton and D. Koller, "Decomposing a scene into geometric and semantically consistent
regions", ICCV 2009. Papers on superpixels also call it SBD. The pictures are not shipped.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spamlab._splits import (
    UNPACKED,
    Sample,
    Split,
    as_truth,
    check_choice,
    check_files,
    find_root,
    read_image,
)

SPLITS = ("all",)
TRUTHS = ("layers", "regions", "surfaces")
_PLACES = ("", "iccv09Data", "*/iccv09Data")


@dataclass(frozen=True)
class Stanford(Split):
    """The pictures of Stanford Background, in the order of the names. Each is read when it is asked for.

    ``len(split)``, ``split[3]``, ``split[:10]`` (again a Stanford) and ``for sample in split`` work.
    """

    truth: str = "layers"

    def read(self, name: str) -> Sample:
        """Read the picture of a name, and its truth."""
        image = read_image(self.root / "images" / f"{name}.jpg")
        file = self.root / "labels" / f"{name}.{self.truth}.txt"
        labels = _read_text(file)
        return Sample(name, image, [as_truth(labels, image.shape[:2], file, labels >= 0)])


def stanford(folder: str | Path, split: str = "all", truth: str = "layers") -> Stanford:
    """Find Stanford Background on this computer.

    Parameters
    ----------
    folder : str or Path
        The folder that holds ``images/`` and ``labels/``, or one above it: the top of the unpacked archive
        will do.
    split : {"all"}
        The archive holds no lists of splits.
    truth : {"layers", "regions", "surfaces"}
        Which of the files of a picture: its distinct regions ("layers"), so that two cows are two; their
        class (sky, tree, road, ...; the file is called "regions"); or the direction of their surface.
        Negative numbers mean not known, and become -1.

    Returns
    -------
    Stanford
        A sequence of `Sample`, each with one truth.

    Raises
    ------
    FileNotFoundError
        If the data are not there, or a picture has no truth.
    ValueError
        If `split` or `truth` is none of those.
    """
    check_choice(split, SPLITS)
    check_choice(truth, TRUTHS, "truth")
    root = find_root(
        folder,
        _PLACES,
        lambda place: (place / "labels").is_dir() and any((place / "images").glob("*.jpg")),
        "Stanford Background",
        f"images/*.jpg and labels/*.{truth}.txt",
        f"{UNPACKED}, or get it with fetch_stanford()",
    )
    names = tuple(sorted(file.stem for file in (root / "images").glob("*.jpg")))
    check_files(root / "labels", names, f".{truth}.txt")
    return Stanford(root, split, names, truth)


def _read_text(file: Path) -> NDArray[np.int64]:
    """Read rows of numbers."""
    try:
        return np.array(
            [line.split() for line in file.read_text(encoding="ascii").splitlines() if line], np.int64
        )
    except ValueError as error:
        raise ValueError(f"{file} is broken ({error}); get it again") from error
