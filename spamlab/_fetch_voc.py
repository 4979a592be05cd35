"""Get PASCAL VOC 2012: download what is missing of the archive, check it, and take the segmentation from it.

The archive holds the pictures of all tasks of that year. What the lists of the segmentation name is unpacked;
no path from the archive is ever used.
"""

import hashlib
import re
import shutil
import tarfile
import tempfile
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from spamlab._fetch import members
from spamlab._voc import voc2012
from spamlab.paths import cache_dir

ADDRESS = "http://host.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar"
MD5 = "6cd6e144f989b92b3379bac3b3de84fd"
_TERMS = """PASCAL VOC 2012 (Everingham et al.): pictures from flickr, whose terms of use hold.
Cite IJCV 111(1), 2015."""
_LIST = re.compile(r"(?:.*/)?VOC2012/(ImageSets/Segmentation)/((?:train|val|trainval)\.txt)")
_PICTURE = re.compile(r"(?:.*/)?VOC2012/(JPEGImages|SegmentationClass)/(\w+\.(?:jpg|png))")
_BLOCK = 2**20


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
    folder = cache_dir() / "VOC2012" if folder is None else Path(folder).expanduser()
    if folder.exists() and any(folder.iterdir()):
        _verify(folder, "name an empty folder, or move this one away")
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    saved = folder.with_name(folder.name + ".tar")
    part = folder.with_name(folder.name + ".tar.part")
    if saved.exists():
        _install(saved, folder, md5)
    else:
        _download(address, part, saved)
        _install(part, folder, md5)
        part.unlink()
    return folder


def _verify(folder: Path, remedy: str) -> None:
    try:
        for split in ("train", "val"):
            voc2012(folder, split)
    except FileNotFoundError as error:
        raise ValueError(f"{error}; {remedy}") from error


def _download(address: str, part: Path, saved: Path) -> None:
    """Get what `part` lacks of the file at an address; say its size first."""
    print(f"{_TERMS}\nfrom {address}\nto   {part}")
    try:
        with urlopen(_ask(address, part), timeout=60) as answer:
            _receive(answer, part)
    except HTTPError as error:
        if error.code != 416 or not part.exists():  # 416: nothing is missing
            raise ConnectionError(_advice(address, saved, error)) from error
    except (OSError, HTTPException) as error:
        raise ConnectionError(_advice(address, saved, error)) from error


def _ask(address: str, part: Path) -> Request:
    have = part.stat().st_size if part.exists() else 0
    return Request(address, headers={"Range": f"bytes={have}-"} if have else {})


def _receive(answer, part: Path) -> None:
    from tqdm.auto import tqdm

    goes_on = answer.status == 206  # a server that cannot go on sends all of it, with 200
    have = part.stat().st_size if goes_on else 0
    left = int(answer.headers["Content-Length"] or 0)
    print(f"a download of {(have + left) / 1e6:.0f} MB" + (f", {have / 1e6:.0f} MB are here" if have else ""))
    bar = tqdm(total=have + left or None, initial=have, unit="B", unit_scale=True, desc="VOC 2012")
    with bar, open(part, "ab" if goes_on else "wb") as file:
        while block := answer.read(_BLOCK):
            file.write(block)
            bar.update(len(block))
        if file.tell() < have + left:
            raise OSError(f"the connection ended after {file.tell()} of {have + left} bytes")


def _advice(address: str, saved: Path, problem: Exception) -> str:
    return (
        f"PASCAL VOC 2012 could not be fetched:\n  {address}: {problem}\n"
        "Call fetch_voc2012 again: it goes on where it stopped. Or get the file by hand, in a browser or on "
        f"another computer, save it as\n  {saved}\nand call fetch_voc2012 again. Or unpack it anywhere and "
        "name that folder to voc2012()."
    )


def _install(archive: Path, folder: Path, md5: str) -> None:
    """Check, unpack beside `folder`, then rename: the folder is complete or not there."""
    remedy = f"delete {archive} and get it again"
    with open(archive, "rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != md5:
        raise ValueError(f"{archive} has MD5 {found}, expected {md5}; {remedy}")
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        fresh = Path(scratch) / "fresh"
        try:
            _unpack(archive, fresh)
        except (tarfile.TarError, EOFError) as error:
            raise ValueError(f"{archive} is a broken archive ({error}); {remedy}") from error
        _verify(fresh, remedy)
        if folder.exists():
            folder.rmdir()  # empty, as fetch_voc2012 found
        fresh.rename(folder)


def _unpack(archive: Path, target: Path) -> None:
    _take(archive, target, _LIST, None)
    lists = target.glob("ImageSets/Segmentation/*.txt")
    _take(archive, target, _PICTURE, {name for file in lists for name in file.read_text().split()})


def _take(archive: Path, target: Path, pattern: re.Pattern, wanted: set[str] | None) -> None:
    """Unpack the files whose path fits; `wanted` are names without suffix, None = all."""
    for path, stream in members(archive):
        fits = pattern.fullmatch(path)
        if fits and (wanted is None or Path(fits[2]).stem in wanted):
            (target / fits[1]).mkdir(parents=True, exist_ok=True)
            with open(target / fits[1] / fits[2], "wb") as file:
                shutil.copyfileobj(stream, file)
