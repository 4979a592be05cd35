"""PASCAL VOC 2012, semantic segmentation: 1464 pictures to train, 1449 to validate, 21 classes.

Reference: M. Everingham et al., "The PASCAL visual object classes challenge: a retrospective", IJCV 111(1),
2015. The pictures come from flickr, whose terms of use hold, and are not shipped.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spamlab._splits import UNPACKED, Split, check_choice, check_files, find_root, read_image

SPLITS = ("train", "val", "trainval")
IGNORE = 255  # borders of things, and what is hard to tell
VOC_CLASSES = (
    "background",
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable"),
    *("dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)
# where the data lie below the folder that a reader names: itself, or the layout of the archive
_PLACES = ("", "VOC2012", "VOCdevkit/VOC2012", "*/VOCdevkit/VOC2012")


class Classified(NamedTuple):
    """A picture and the class of each of its pixels.

    Attributes
    ----------
    name : str
        The name of the file, without suffix.
    image : (H, W, 3) float32 ndarray
        RGB in [0, 1].
    truth : (H, W) int32 ndarray
        Classes 0 to 20, see `VOC_CLASSES`; 255 = does not count.
    """

    name: str
    image: NDArray[np.float32]
    truth: NDArray[np.int32]


@dataclass(frozen=True)
class VOC(Split):
    """One split of PASCAL VOC 2012, in the order of its list. A picture is read when it is asked for.

    ``len(split)``, ``split[3]``, ``split[:10]`` (again a VOC) and ``for name, image, truth in split`` work.
    """

    def read(self, name: str) -> Classified:
        """Read the picture of a name, and its classes."""
        image = read_image(self.root / "JPEGImages" / f"{name}.jpg")
        return Classified(name, image, _read_truth(_truth_file(self.root, name), image.shape[:2]))


def voc2012(folder: str | Path, split: str = "val") -> VOC:
    """Find one split of PASCAL VOC 2012 on this computer.

    Parameters
    ----------
    folder : str or Path
        The folder that holds ``JPEGImages/``, ``SegmentationClass/`` and ``ImageSets/Segmentation/``, or one
        above it: the top of the unpacked archive will do.
    split : {"train", "val", "trainval"}
        Which pictures, by the list of that name. The truths of the test pictures are not public.

    Returns
    -------
    VOC
        A sequence of `Classified`.

    Raises
    ------
    FileNotFoundError
        If the split is not there, or a picture or a truth of its list is missing.
    ValueError
        If `split` is none of the three.
    """
    check_choice(split, SPLITS)
    root = find_root(
        folder,
        _PLACES,
        lambda place: _list_file(place, split).is_file(),
        f"{split} split of PASCAL VOC 2012",
        f"ImageSets/Segmentation/{split}.txt (JPEGImages and SegmentationClass lie beside ImageSets)",
        f"{UNPACKED}, or get it with fetch_voc2012()",
    )
    names = tuple(_list_file(root, split).read_text(encoding="utf-8").split())
    check_files(root / "JPEGImages", names, ".jpg")
    check_files(root / "SegmentationClass", names, ".png")
    return VOC(root, split, names)


def _list_file(root: Path, split: str) -> Path:
    return root / "ImageSets" / "Segmentation" / f"{split}.txt"


def _truth_file(root: Path, name: str) -> Path:
    return root / "SegmentationClass" / f"{name}.png"


def _read_truth(file: Path, size: tuple[int, int]) -> NDArray[np.int32]:
    """Read the indices of a palette: its colours are for people."""
    try:
        with Image.open(file) as image:
            mode, truth = image.mode, np.asarray(image)
    except (OSError, SyntaxError) as error:  # Pillow calls a broken PNG a syntax error
        raise ValueError(f"{file} is broken ({error}); get it again") from error
    if mode not in ("P", "L"):
        raise ValueError(f"{file} holds colours (mode {mode}), expected indices of classes; unpack it again")
    if truth.shape != size:
        raise ValueError(f"{file} is {truth.shape}, its picture is {size}; get it again")
    wrong = truth[(truth >= len(VOC_CLASSES)) & (truth != IGNORE)]
    if wrong.size:
        raise ValueError(
            f"{file} holds class {wrong[0]}, expected 0 to {len(VOC_CLASSES) - 1} and {IGNORE}; take "
            "SegmentationClass, not SegmentationObject"
        )
    return truth.astype(np.int32)
