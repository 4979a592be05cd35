"""DRIVE: 20 pictures of the retina to train and 20 to test, 584 x 565 pixels, with the vessels drawn by hand.

Reference: J. Staal, M. Abramoff, M. Niemeijer, M. Viergever and B. van Ginneken, "Ridge-based vessel
segmentation in color images of the retina", IEEE TMI 23(4), 2004. One registers to get it; it is not shipped.
"""

from dataclasses import dataclass
from pathlib import Path

from spamlab._splits import (
    Sample,
    Split,
    as_truth,
    check_choice,
    check_files,
    find_root,
    read_image,
    read_numbers,
)

SPLITS = ("training", "test")
_PLACES = ("", "DRIVE", "*/DRIVE")


@dataclass(frozen=True)
class DRIVE(Split):
    """One split of DRIVE, in the order of the names. A picture is read when it is asked for.

    ``len(split)``, ``split[3]``, ``split[:10]`` (again a DRIVE) and ``for sample in split`` work.
    """

    def read(self, name: str) -> Sample:
        """Read the picture of a name, and its vessels: 0 beside them, 1 in them."""
        image = read_image(self.root / self.split / "images" / f"{name}.tif")
        file = self.root / self.split / "1st_manual" / f"{_manual(name)}.gif"
        vessels = read_numbers(file) > 0
        return Sample(name, image, [as_truth(vessels, image.shape[:2], file)])


def drive(folder: str | Path, split: str = "test") -> DRIVE:
    """Find one split of DRIVE on this computer.

    Parameters
    ----------
    folder : str or Path
        The folder that holds ``training/`` and ``test/``, or one above it.
    split : {"training", "test"}
        Which pictures. Some copies of the data hold no vessels of the test pictures.

    Returns
    -------
    DRIVE
        A sequence of `Sample`, each with the vessels of the first person.

    Raises
    ------
    FileNotFoundError
        If the split is not there, or the vessels of a picture are missing.
    ValueError
        If `split` is none of the two.
    """
    check_choice(split, SPLITS)
    root = find_root(
        folder,
        _PLACES,
        lambda place: (
            (place / split / "1st_manual").is_dir() and any((place / split / "images").glob("*.tif"))
        ),
        f"{split} split of DRIVE",
        f"{split}/images/*.tif and {split}/1st_manual/*_manual1.gif",
        "register for it at https://drive.grand-challenge.org, unpack it and name its folder",
    )
    names = tuple(sorted(file.stem for file in (root / split / "images").glob("*.tif")))
    check_files(root / split / "1st_manual", [_manual(name) for name in names], ".gif")
    return DRIVE(root, split, names)


def _manual(name: str) -> str:
    """Return the name of what was drawn on a picture: 21_manual1 for 21_training."""
    return f"{name.split('_')[0]}_manual1"
