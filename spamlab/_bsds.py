"""BSDS500, the Berkeley segmentation data: 200 pictures to train, 100 to validate, 200 to test.

Each picture was segmented by several people (usually 4 to 9). Reference: P. Arbelaez, M. Maire,
C. Fowlkes and J. Malik, "Contour detection and hierarchical image segmentation", IEEE TPAMI 33(5),
2011. The data are for non-commercial research and teaching, and are not shipped.
"""

from dataclasses import dataclass
from pathlib import Path

from spamlab._splits import (
    UNPACKED,
    Sample,
    Split,
    as_truth,
    check_choice,
    check_files,
    find_root,
    read_image,
    read_struct,
)

SPLITS = ("train", "val", "test")
# where the data lie below the folder that a reader names: itself, or the layouts of the archives
_PLACES = ("", "data", "BSDS500", "BSDS500/data", "BSR/BSDS500/data", "*/BSDS500/data")


@dataclass(frozen=True)
class BSDS(Split):
    """One split of BSDS500, in the order of the names. A picture is read when it is asked for.

    ``len(split)``, ``split[3]``, ``split[:10]`` (again a BSDS) and ``for sample in split`` work.
    """

    def read(self, name: str) -> Sample:
        """Read the picture of a name, and its segmentations."""
        image = read_image(self.root / "images" / self.split / f"{name}.jpg")
        truth_file = self.root / "groundTruth" / self.split / f"{name}.mat"
        maps = read_struct(truth_file, "groundTruth", "Segmentation")
        return Sample(name, image, [as_truth(labels, image.shape[:2], truth_file) for labels in maps])


def bsds500(folder: str | Path, split: str = "val") -> BSDS:
    """Find one split of BSDS500 on this computer.

    Parameters
    ----------
    folder : str or Path
        The folder that holds ``images/`` and ``groundTruth/``, or one above it: the top of the
        unpacked archive will do.
    split : {"train", "val", "test"}
        Which pictures.

    Returns
    -------
    BSDS
        A sequence of `Sample`.

    Raises
    ------
    FileNotFoundError
        If the split is not there, or a picture has no segmentation.
    ValueError
        If `split` is none of the three.
    """
    check_choice(split, SPLITS)
    root = find_root(
        folder,
        _PLACES,
        lambda place: (
            (place / "groundTruth" / split).is_dir() and any((place / "images" / split).glob("*.jpg"))
        ),
        f"{split} split of BSDS500",
        f"images/{split}/*.jpg and groundTruth/{split}/*.mat",
        f"{UNPACKED}, or get it with fetch_bsds500()",
    )
    names = tuple(sorted(file.stem for file in (root / "images" / split).glob("*.jpg")))
    check_files(root / "groundTruth" / split, names, ".mat")
    return BSDS(root, split, names)
