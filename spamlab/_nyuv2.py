"""NYUv2, labelled: 1449 pictures of rooms, 480 x 640 pixels, with objects and their classes.

Reference: N. Silberman, D. Hoiem, P. Kohli and R. Fergus, "Indoor segmentation and support inference from
RGBD images", ECCV 2012. There is no address that lasts, and nothing of it is shipped.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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
from spamlab.features import as_image

SPLITS = ("all", "train", "test")
TRUTHS = ("instances", "classes")
MISSING = 'h5py is not installed, which reads nyu_depth_v2_labeled.mat; pip install "spamlab[nyuv2]"'
_FILE, _LISTS = "nyu_depth_v2_labeled.mat", "splits.mat"
_PLACES = ("", "NYUv2", "nyu_depth_v2", "*/NYUv2", "*/nyu_depth_v2")
_REMEDY = (
    "get nyu_depth_v2_labeled.mat (and splits.mat, for train and test) from the page of its authors, "
    '"NYU Depth Dataset V2", which has no stable address, and name their folder'
)


@dataclass(frozen=True)
class NYUv2(Split):
    """One split of NYUv2, in the order of the file. A picture is read when it is asked for.

    ``len(split)``, ``split[3]``, ``split[:10]`` (again a NYUv2) and ``for sample in split`` work. Names are
    numbers from "0001".
    """

    truth: str = "instances"

    def read(self, name: str) -> Sample:
        """Read the picture of a name, and its truth."""
        file = self.root / _FILE
        image, classes, instances = _arrays(file, int(name) - 1)
        labels = classes * 65536 + instances if self.truth == "instances" else classes
        return Sample(name, as_image(image), [as_truth(labels, image.shape[:2], file, classes > 0)])


@dataclass(frozen=True)
class NYUv2Pairs(Split):
    """The same from pairs of PNG files, in the order of the names."""

    def read(self, name: str) -> Sample:
        """Read the picture of a name, and its truth."""
        image = read_image(_part(self.root, "images", self.split) / f"{name}.png")
        file = _part(self.root, "labels", self.split) / f"{name}.png"
        labels = read_numbers(file)
        return Sample(name, image, [as_truth(labels, image.shape[:2], file, labels > 0)])


def nyuv2(folder: str | Path, split: str = "all", truth: str = "instances") -> NYUv2 | NYUv2Pairs:
    """Find one split of NYUv2 on this computer.

    Parameters
    ----------
    folder : str or Path
        The folder that holds ``nyu_depth_v2_labeled.mat`` (read with h5py), or PNG pairs of equal names in
        ``images/`` and ``labels/``, with folders ``train/`` and ``test/`` in both unless the split is "all";
        or one above it.
    split : {"all", "train", "test"}
        Which pictures. For the .mat file ``splits.mat`` beside it says which are for training and testing.
    truth : {"instances", "classes"}
        Instances tell two chairs apart, classes do not. PNG files hold what they hold: numbers of regions. In
        all of them 0 means not labelled, and becomes -1.

    Returns
    -------
    NYUv2 or NYUv2Pairs
        A sequence of `Sample`, each with one truth.

    Raises
    ------
    FileNotFoundError
        If the split is not there, or a picture has no truth.
    ModuleNotFoundError
        If h5py is needed and not installed.
    ValueError
        If `split` or `truth` is none of those, or a file is broken.
    """
    check_choice(split, SPLITS)
    check_choice(truth, TRUTHS, "truth")
    below = "" if split == "all" else f"{split}/"
    root = find_root(
        folder,
        _PLACES,
        lambda place: (place / _FILE).is_file() or _is_pairs(place, split),
        f"{split} split of NYUv2",
        f"{_FILE}, or images/{below}*.png and labels/{below}*.png",
        _REMEDY,
    )
    if (root / _FILE).is_file():
        return NYUv2(root, split, _names(root, split), truth)
    names = tuple(sorted(file.stem for file in _part(root, "images", split).glob("*.png")))
    check_files(_part(root, "labels", split), names, ".png")
    return NYUv2Pairs(root, split, names)


def _part(root: Path, kind: str, split: str) -> Path:
    return root / kind if split == "all" else root / kind / split


def _is_pairs(root: Path, split: str) -> bool:
    return _part(root, "labels", split).is_dir() and any(_part(root, "images", split).glob("*.png"))


def _names(root: Path, split: str) -> tuple[str, ...]:
    with _opened(root / _FILE) as content:
        if "images" not in content:
            raise ValueError(f"{root / _FILE} holds no images; get it again")
        n = len(content["images"])
    if split == "all":
        return tuple(f"{number:04d}" for number in range(1, n + 1))
    from scipy.io import loadmat  # here, because it takes a quarter of a second

    file = root / _LISTS
    if not file.is_file():
        raise FileNotFoundError(
            f"no {file}, which says what the {split} split is; {_REMEDY}, or take split='all'"
        )
    try:
        numbers = np.sort(np.asarray(loadmat(file)[f"{split}Ndxs"], np.int64).ravel())
    except Exception as error:  # loadmat raises whatever its bytes lead to
        raise ValueError(f"{file} holds no {split}Ndxs ({error!r}); get it again") from error
    if not len(numbers) or numbers[0] < 1 or numbers[-1] > n:
        raise ValueError(f"{file} names other pictures than the {n} of {_FILE}; get both again")
    return tuple(f"{number:04d}" for number in numbers)


def _opened(file: Path):
    try:
        import h5py  # here, for it is an extra; scipy reads no MATLAB files of version 7.3
    except ImportError as error:
        raise ModuleNotFoundError(MISSING) from error
    try:
        return h5py.File(file)
    except OSError as error:
        raise ValueError(f"{file} is broken ({error}); get it again") from error


def _arrays(file: Path, index: int) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Return a picture (H, W, 3), its classes and its instances, (H, W); MATLAB stores all axes reversed."""
    with _opened(file) as content:
        try:
            found = [content[name][index] for name in ("images", "labels", "instances")]
        except (KeyError, OSError, IndexError) as error:
            raise ValueError(f"{file} is not what it should be ({error}); get it again") from error
    image, classes, instances = (array.T for array in found)
    return image, classes.astype(np.int64), instances.astype(np.int64)
