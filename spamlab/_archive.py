"""A data set that is one archive at one address: download what is missing, check it, take what is needed.

Each data set says what is unpacked; no path from an archive is ever used.
"""

import gzip
import hashlib
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from spamlab._fetch import members
from spamlab.paths import cache_dir

_BLOCK = 2**20


@dataclass(frozen=True)
class Archive:
    """What to know about a data set to get it.

    Attributes
    ----------
    name, terms : str
        What people call it; what to know before a download.
    folder, suffix : str
        Its folder in the cache; how the name of the archive ends.
    reader : str
        The function that reads it; ``fetch_`` before it is the one that gets it.
    unpack : callable
        ``unpack(archive, target)`` writes what is needed below a folder.
    verify : callable
        ``verify(folder)`` raises FileNotFoundError or ValueError unless all is there.
    """

    name: str
    terms: str
    folder: str
    suffix: str
    reader: str
    unpack: Callable[[Path, Path], None]
    verify: Callable[[Path], None]


def fetch(about: Archive, folder: str | Path | None, address: str, md5: str | None) -> Path:
    """Download a data set, unless it is there. A download that was stopped goes on where it stopped.

    Parameters
    ----------
    about : Archive
    folder : str or Path, optional
        A new or an empty folder; by default one in `spamlab.paths.cache_dir`. An archive saved by hand beside
        it, named like the folder with the suffix at the end, is used instead of a download.
    address : str
        Of the archive.
    md5 : str, optional
        The MD5 of the archive; None if none is known.

    Returns
    -------
    Path
        The folder, complete.

    Raises
    ------
    ValueError
        If the archive differs from its MD5 or is broken, or the folder holds something else.
    ConnectionError
        If the archive cannot be had, or not all of it.
    """
    folder = cache_dir() / about.folder if folder is None else Path(folder).expanduser()
    if folder.exists() and any(folder.iterdir()):
        _verify(about, folder, "name an empty folder, or move this one away")
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    saved = folder.with_name(folder.name + about.suffix)
    part = folder.with_name(saved.name + ".part")
    if saved.exists():
        _install(about, saved, folder, md5)
    else:
        _download(about, address, part, saved)
        _install(about, part, folder, md5)
        part.unlink()
    return folder


def take(archive: Path, target: Path, pattern: re.Pattern, wanted: set[str] | None = None) -> None:
    """Unpack the files whose path fits: to the folder and under the name that the pattern's two groups say.

    `wanted` are names without suffix; None means all.
    """
    for path, stream in members(archive):
        fits = pattern.fullmatch(path)
        if fits and (wanted is None or Path(fits[2]).stem in wanted):
            (target / fits[1]).mkdir(parents=True, exist_ok=True)
            with open(target / fits[1] / fits[2], "wb") as file:
                shutil.copyfileobj(stream, file)


def _verify(about: Archive, folder: Path, remedy: str) -> None:
    try:
        about.verify(folder)
    except (FileNotFoundError, ValueError) as error:
        raise ValueError(f"{error}; {remedy}") from error


def _download(about: Archive, address: str, part: Path, saved: Path) -> None:
    """Get what `part` lacks of the file at an address; say its size first."""
    print(f"{about.terms}\nfrom {address}\nto   {part}")
    try:
        with urlopen(_ask(address, part), timeout=60) as answer:
            _receive(about, answer, part)
    except HTTPError as error:
        if error.code != 416 or not part.exists():  # 416: nothing is missing
            raise ConnectionError(_advice(about, address, saved, error)) from error
    except (OSError, HTTPException) as error:
        raise ConnectionError(_advice(about, address, saved, error)) from error


def _ask(address: str, part: Path) -> Request:
    have = part.stat().st_size if part.exists() else 0
    return Request(address, headers={"Range": f"bytes={have}-"} if have else {})


def _receive(about: Archive, answer, part: Path) -> None:
    from tqdm.auto import tqdm

    goes_on = answer.status == 206  # a server that cannot go on sends all of it, with 200
    have = part.stat().st_size if goes_on else 0
    left = int(answer.headers["Content-Length"] or 0)
    print(f"a download of {(have + left) / 1e6:.0f} MB" + (f", {have / 1e6:.0f} MB are here" if have else ""))
    bar = tqdm(total=have + left or None, initial=have, unit="B", unit_scale=True, desc=about.folder)
    with bar, open(part, "ab" if goes_on else "wb") as file:
        while block := answer.read(_BLOCK):
            file.write(block)
            bar.update(len(block))
        if file.tell() < have + left:
            raise OSError(f"the connection ended after {file.tell()} of {have + left} bytes")


def _advice(about: Archive, address: str, saved: Path, problem: Exception) -> str:
    return (
        f"{about.name} could not be fetched:\n  {address}: {problem}\n"
        f"Call fetch_{about.reader} again: it goes on where it stopped. Or get the file by hand, in a "
        f"browser or on another computer, save it as\n  {saved}\nand call fetch_{about.reader} again. Or "
        f"unpack it anywhere and name that folder to {about.reader}()."
    )


def _install(about: Archive, archive: Path, folder: Path, md5: str | None) -> None:
    """Check, unpack beside `folder`, then rename: the folder is complete or not there."""
    remedy = f"delete {archive} and get it again"
    if md5 is not None:
        with open(archive, "rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if found != md5:
            raise ValueError(f"{archive} has MD5 {found}, expected {md5}; {remedy}")
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        fresh = Path(scratch) / "fresh"
        try:
            about.unpack(archive, fresh)
        except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"{archive} is a broken archive ({error}); {remedy}") from error
        _verify(about, fresh, remedy)
        if folder.exists():
            folder.rmdir()  # empty, as fetch found
        fresh.rename(folder)
