"""Get SBD (Semantic Boundaries) and Stanford Background, each from one archive."""

import re
from pathlib import Path

from spamlab._archive import Archive, fetch, take
from spamlab._sbd import sbd
from spamlab._stanford import TRUTHS, stanford

SBD_ADDRESS = (
    "http://www.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/semantic_contours/benchmark.tgz"
)
SBD_MD5 = "82b4d87ceb2ed10f6038a1cba92111cb"
STANFORD_ADDRESS = "http://dags.stanford.edu/data/iccv09Data.tar.gz"
_SBD_TERMS = """SBD (Hariharan et al.): pictures from flickr, whose terms of use hold.
Cite "Semantic contours from inverse detectors", ICCV 2011."""
_STANFORD_TERMS = """Stanford Background (Gould, Fulton and Koller).
Cite "Decomposing a scene into geometric and semantically consistent regions", ICCV 2009.
No checksum is known: nothing is checked but that every file opens."""
_SBD_FILE = re.compile(r"(?:.*/)?dataset/(img/|cls/|inst/|)(\w+\.(?:jpg|mat|txt))")
_STANFORD_FILE = re.compile(r"(?:.*/)?(images|labels)/(\w+\.(?:jpg|(?:regions|surfaces|layers)\.txt))")


def fetch_sbd(folder: str | Path | None = None, *, address: str = SBD_ADDRESS, md5: str = SBD_MD5) -> Path:
    """Download SBD (Semantic Boundaries, 1.4 GB), unless it is there.

    A download that was stopped goes on where it stopped.

    Parameters
    ----------
    folder : str or Path, optional
        Where ``img/``, ``inst/``, ``cls/`` and the lists are put: a new or an empty folder. By default
        ``SBD`` in `spamlab.paths.cache_dir`. An archive saved by hand beside it, named like the folder with
        ``.tgz`` at the end, is used instead of a download.
    address : str
        Of the archive.
    md5 : str
        The MD5 of the archive.

    Returns
    -------
    Path
        The folder, complete; `sbd` reads it.

    Raises
    ------
    ValueError
        If the archive differs from its MD5, or the folder holds something else.
    ConnectionError
        If the archive cannot be had, or not all of it.
    """
    return fetch(_SBD, folder, address, md5)


def fetch_stanford(
    folder: str | Path | None = None, *, address: str = STANFORD_ADDRESS, md5: str | None = None
) -> Path:
    """Download Stanford Background, unless it is there. Its address is old and may no longer answer.

    Parameters
    ----------
    folder : str or Path, optional
        Where ``images/`` and ``labels/`` are put: a new or an empty folder. By default ``Stanford`` in
        `spamlab.paths.cache_dir`. An archive saved by hand beside it, named like the folder with ``.tar.gz``
        at the end, is used instead of a download.
    address : str
        Of the archive.
    md5 : str, optional
        The MD5 of the archive. None is known: nothing is checked but that every file opens.

    Returns
    -------
    Path
        The folder; `stanford` reads it.

    Raises
    ------
    ValueError
        If a file of the archive does not open, or the folder holds something else.
    ConnectionError
        If the archive cannot be had, or not all of it.
    """
    return fetch(_STANFORD, folder, address, md5)


def _unpack_sbd(archive: Path, target: Path) -> None:
    take(archive, target, _SBD_FILE)


def _verify_sbd(folder: Path) -> None:
    for split in ("train", "val"):
        for truth in ("instances", "classes"):
            sbd(folder, split, truth)


def _unpack_stanford(archive: Path, target: Path) -> None:
    take(archive, target, _STANFORD_FILE)


def _verify_stanford(folder: Path) -> None:
    for truth in TRUTHS:
        for _ in stanford(folder, truth=truth):  # each is read
            pass


_SBD = Archive("SBD", _SBD_TERMS, "SBD", ".tgz", "sbd", _unpack_sbd, _verify_sbd)
_STANFORD = Archive(
    "Stanford Background",
    _STANFORD_TERMS,
    "Stanford",
    ".tar.gz",
    "stanford",
    _unpack_stanford,
    _verify_stanford,
)
