"""BSDS500, the Berkeley segmentation data: 200 pictures to train, 100 to validate, 200 to test.

Each picture was segmented by several people (usually 4 to 9). Reference: P. Arbelaez, M. Maire,
C. Fowlkes and J. Malik, "Contour detection and hierarchical image segmentation", IEEE TPAMI 33(5),
2011. The data are for non-commercial research and teaching, and are not shipped.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spamlab._splits import Split, read_image

SPLITS = ("train", "val", "test")
# where the data lie below the folder that a reader names: itself, or the layouts of the archives
_PLACES = ("", "data", "BSDS500", "BSDS500/data", "BSR/BSDS500/data", "*/BSDS500/data")


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
        One label map per person, labels 0 to n - 1. A label need not be connected.
    """

    name: str
    image: NDArray[np.float32]
    truths: list[NDArray[np.int32]]


@dataclass(frozen=True)
class BSDS(Split):
    """One split of BSDS500, in the order of the names. A picture is read when it is asked for.

    ``len(split)``, ``split[3]``, ``split[:10]`` (again a BSDS) and ``for sample in split`` work.
    """

    def read(self, name: str) -> Sample:
        """Read the picture of a name, and its segmentations."""
        image = read_image(self.root / "images" / self.split / f"{name}.jpg")
        truth_file = self.root / "groundTruth" / self.split / f"{name}.mat"
        return Sample(name, image, _read_truths(truth_file, image.shape[:2]))


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
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}, expected one of {', '.join(SPLITS)}")
    root = _find_root(Path(folder).expanduser(), split)
    names = tuple(sorted(file.stem for file in (root / "images" / split).glob("*.jpg")))
    truths = {file.stem for file in (root / "groundTruth" / split).glob("*.mat")}
    missing = [name for name in names if name not in truths]
    if missing:
        raise FileNotFoundError(
            f"{root / 'groundTruth' / split} has no {missing[0]}.mat ({len(missing)} of "
            f"{len(names)} pictures lack their segmentation); unpack the archive again"
        )
    return BSDS(root, split, names)


def _find_root(folder: Path, split: str) -> Path:
    for place in _PLACES:
        for root in sorted(folder.glob(place)) if place else [folder]:
            pictures = (root / "images" / split).glob("*.jpg")
            if (root / "groundTruth" / split).is_dir() and any(pictures):
                return root
    raise FileNotFoundError(
        f"no {split} split of BSDS500 in {folder}: looked for images/{split}/*.jpg and "
        f"groundTruth/{split}/*.mat in it and in its {', '.join(filter(None, _PLACES))}; "
        "name the folder of the unpacked archive, or get it with fetch_bsds500()"
    )


def _read_truths(file: Path, size: tuple[int, int]) -> list[NDArray[np.int32]]:
    from scipy.io import loadmat  # here, because it takes a quarter of a second

    try:
        people = loadmat(file)["groundTruth"][0]
        maps = [np.asarray(person["Segmentation"][0, 0], np.int64) for person in people]
    except Exception as error:  # loadmat raises whatever its bytes lead to
        raise ValueError(
            f"{file} is no segmentation of BSDS500 ({error!r}); unpack the archive again"
        ) from error
    for found in maps:
        if found.shape != size:
            raise ValueError(f"{file} has a segmentation of {found.shape}, its picture is {size}")
    return [_from_zero(found) for found in maps]


def _from_zero(labels: NDArray) -> NDArray[np.int32]:
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)
