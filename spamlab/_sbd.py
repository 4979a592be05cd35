"""SBD, the Semantic Boundaries data: 8498 pictures to train, 2857 to validate, objects of 20 classes.

Reference: B. Hariharan, P. Arbelaez, L. Bourdev, S. Maji and J. Malik, "Semantic contours from inverse
detectors", ICCV 2011. The pictures are those of PASCAL VOC 2011, from flickr, and are not shipped.
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

SPLITS = ("train", "val")
TRUTHS = {
    "instances": ("inst", "GTinst"),
    "classes": ("cls", "GTcls"),
}  # the folder, and the variable in its files
_PLACES = ("", "dataset", "benchmark_RELEASE/dataset", "*/benchmark_RELEASE/dataset")


@dataclass(frozen=True)
class SBD(Split):
    """One split of SBD, in the order of its list. A picture is read when it is asked for.

    ``len(split)``, ``split[3]``, ``split[:10]`` (again an SBD) and ``for sample in split`` work.
    """

    truth: str = "instances"

    def read(self, name: str) -> Sample:
        """Read the picture of a name, and its truth."""
        image = read_image(self.root / "img" / f"{name}.jpg")
        folder, variable = TRUTHS[self.truth]
        file = self.root / folder / f"{name}.mat"
        (labels,) = read_struct(file, variable, "Segmentation")
        return Sample(name, image, [as_truth(labels, image.shape[:2], file)])


def sbd(folder: str | Path, split: str = "val", truth: str = "instances") -> SBD:
    """Find one split of SBD on this computer.

    Parameters
    ----------
    folder : str or Path
        The folder that holds ``img/``, ``inst/``, ``cls/``, ``train.txt`` and ``val.txt``, or one above it:
        the top of the unpacked archive will do.
    split : {"train", "val"}
        Which pictures, by the list of that name.
    truth : {"instances", "classes"}
        Instances tell two people side by side apart, classes do not: only by instances is a superpixel that
        lies in both a mistake. All that belongs to no object of the 20 classes is one region.

    Returns
    -------
    SBD
        A sequence of `Sample`, each with one truth.

    Raises
    ------
    FileNotFoundError
        If the split is not there, or a picture or a truth of its list is missing.
    ValueError
        If `split` or `truth` is none of those.
    """
    check_choice(split, SPLITS)
    check_choice(truth, tuple(TRUTHS), "truth")
    root = find_root(
        folder,
        _PLACES,
        lambda place: (place / f"{split}.txt").is_file() and (place / "img").is_dir(),
        f"{split} split of SBD",
        f"{split}.txt and img/ (inst/ and cls/ lie beside them)",
        f"{UNPACKED}, or get it with fetch_sbd()",
    )
    names = tuple((root / f"{split}.txt").read_text(encoding="utf-8").split())
    check_files(root / "img", names, ".jpg")
    check_files(root / TRUTHS[truth][0], names, ".mat")
    return SBD(root, split, names, truth)
