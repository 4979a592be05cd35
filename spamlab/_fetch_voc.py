"""Get PASCAL VOC 2012: of its archive, which holds the pictures of all tasks, those of the segmentation."""

import re
from pathlib import Path

from spamlab._archive import Archive, fetch, take
from spamlab._voc import voc2012

ADDRESS = "http://host.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar"
MD5 = "6cd6e144f989b92b3379bac3b3de84fd"
_TERMS = """PASCAL VOC 2012 (Everingham et al.): pictures from flickr, whose terms of use hold.
Cite IJCV 111(1), 2015."""
_LIST = re.compile(r"(?:.*/)?VOC2012/(ImageSets/Segmentation)/((?:train|val|trainval)\.txt)")
_PICTURE = re.compile(r"(?:.*/)?VOC2012/(JPEGImages|SegmentationClass)/(\w+\.(?:jpg|png))")


def fetch_voc2012(folder: str | Path | None = None, *, address: str = ADDRESS, md5: str = MD5) -> Path:
    """Download the segmentation data of PASCAL VOC 2012, unless they are there.

    A download that was stopped goes on where it stopped.

    Parameters
    ----------
    folder : str or Path, optional
        Where ``JPEGImages/``, ``SegmentationClass/`` and ``ImageSets/`` are put: a new or an empty folder. By
        default ``VOC2012`` in `spamlab.paths.cache_dir`. An archive saved by hand beside it, named like the
        folder with ``.tar`` at the end, is used instead of a download.
    address : str
        Of the archive.
    md5 : str
        The MD5 of the archive.

    Returns
    -------
    Path
        The folder, complete; `voc2012` reads it.

    Raises
    ------
    ValueError
        If the archive differs from its MD5, or the folder holds something else.
    ConnectionError
        If the archive cannot be had, or not all of it.
    """
    return fetch(_ABOUT, folder, address, md5)


def _verify(folder: Path) -> None:
    for split in ("train", "val"):
        voc2012(folder, split)


def _unpack(archive: Path, target: Path) -> None:
    take(archive, target, _LIST)
    lists = target.glob("ImageSets/Segmentation/*.txt")
    take(archive, target, _PICTURE, {name for file in lists for name in file.read_text().split()})


_ABOUT = Archive("PASCAL VOC 2012", _TERMS, "VOC2012", ".tar", "voc2012", _unpack, _verify)
