"""Get BSDS500: download, unpack, check every file, and only then put it in its place.

The archives hold other files too, and the mirror's archive has no stable checksum. So the list of
files and their SHA-256 (shipped as ``bsds500.sha256``) says what is taken, and where it is written:
no path from the archive is ever used.
"""

import hashlib
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from spamlab.paths import cache_dir, data_dir

ADDRESSES = (
    "https://github.com/BIDS/BSDS500/archive/a04b7c6c3a9f0ace74bf205c72a43d32e1c72722.zip",
    "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/BSR/BSR_bsds500.tgz",
)
_TERMS = """BSDS500 (Arbelaez, Maire, Fowlkes and Malik; UC Berkeley): a download of about 70 MB.
It is for non-commercial research and teaching. Cite IEEE TPAMI 33(5), 2011."""


def fetch_bsds500(
    folder: str | Path | None = None,
    *,
    addresses: Sequence[str] = ADDRESSES,
    checksums: str | Path | None = None,
) -> Path:
    """Download BSDS500, unless it is there, and check every file.

    Parameters
    ----------
    folder : str or Path, optional
        Where ``images/`` and ``groundTruth/`` are put: a new or an empty folder. By default
        ``BSDS500`` in `spamlab.paths.cache_dir`. An archive saved by hand beside it, named like
        the folder with ``.zip`` or ``.tgz`` at the end, is used instead of a download.
    addresses : sequence of str
        Addresses of the archive (zip or tar), tried in turn.
    checksums : str or Path, optional
        The list of files to take: lines of a SHA-256 and a path. By default the shipped list.

    Returns
    -------
    Path
        The folder, complete; `bsds500` reads it.

    Raises
    ------
    ValueError
        If a file is missing or differs from its SHA-256, in the folder or in the archive.
    ConnectionError
        If no address answers.
    """
    folder = cache_dir() / "BSDS500" if folder is None else Path(folder).expanduser()
    wanted = _read_sums(data_dir() / "bsds500.sha256" if checksums is None else Path(checksums))
    if folder.exists() and any(folder.iterdir()):
        _verify(folder, wanted, "name an empty folder, or move this one away")
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    saved = [file for file in _by_hand(folder) if file.exists()]
    if saved:
        _install(saved[0], folder, wanted, f"delete {saved[0]} and get it again")
    else:
        _download(addresses, folder, wanted)
    return folder


def _by_hand(folder: Path) -> list[Path]:
    return [folder.with_name(folder.name + suffix) for suffix in (".zip", ".tgz", ".tar.gz")]


def _read_sums(file: Path) -> dict[str, str]:
    """Return {path: SHA-256} of a list in the form of sha256sum."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return {path.lstrip("*"): digest for digest, path in (line.split() for line in lines if line)}


def _verify(folder: Path, wanted: dict[str, str], remedy: str) -> None:
    for path, digest in wanted.items():
        file = folder / path
        if not file.is_file():
            raise ValueError(f"{path} is missing in {folder}; {remedy}")
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != digest:
            raise ValueError(f"{path} in {folder} has SHA-256 {found}, expected {digest}; {remedy}")


def _download(addresses: Sequence[str], folder: Path, wanted: dict[str, str]) -> None:
    """Try each address until one gives a complete archive."""
    print(_TERMS)
    problems: list[Exception] = []
    for address in addresses:
        print(f"from {address}\nto   {folder}")
        try:
            with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
                archive = _retrieve(address, Path(scratch))
                _install(archive, folder, wanted, "try again, or another address")
            return
        except (OSError, ValueError) as error:
            problems.append(error)
    last = problems[-1] if problems else None
    kind = ValueError if isinstance(last, ValueError) else ConnectionError
    raise kind(_advice(addresses, folder, problems)) from last


def _retrieve(address: str, scratch: Path) -> Path:
    import pooch  # here, so that reading pictures does not load it

    # one second try; the sums of the files are checked after unpacking
    registry = pooch.create(
        path=scratch,
        base_url="",
        registry={"archive": None},
        urls={"archive": address},
        retry_if_failed=1,
    )
    return Path(registry.fetch("archive", downloader=pooch.HTTPDownloader(progressbar=True)))


def _advice(addresses: Sequence[str], folder: Path, problems: list[Exception]) -> str:
    tried = "\n".join(f"  {a}: {p}" for a, p in zip(addresses, problems, strict=True))
    zipped, tarred, _ = _by_hand(folder)
    return (
        f"BSDS500 could not be fetched:\n{tried}\n"
        "Get one of these files by hand, in a browser or on another computer. Save it as\n"
        f"  {zipped} (or {tarred.name} if it is a .tgz)\n"
        "and call fetch_bsds500 again. Or unpack it anywhere and name that folder to bsds500()."
    )


def _install(archive: Path, folder: Path, wanted: dict[str, str], remedy: str) -> None:
    """Unpack beside `folder`, check, then rename: the folder is complete or not there."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        try:
            _unpack(archive, fresh, wanted)
        except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error) as error:
            raise ValueError(f"{archive.name} is a broken archive ({error}); {remedy}") from error
        _verify(fresh, wanted, remedy)
        if folder.exists():
            folder.rmdir()  # empty, as fetch_bsds500 found
        fresh.rename(folder)


def _unpack(archive: Path, target: Path, wanted: dict[str, str]) -> None:
    for name, stream in members(archive):
        path = "/".join(name.replace("\\", "/").split("/")[-3:])  # images/train/12003.jpg
        if path in wanted:
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            with open(target / path, "wb") as file:
                shutil.copyfileobj(stream, file)


def members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the name and the content of each regular file in a zip or tar archive."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for entry in opened.infolist():
                if not entry.is_dir():
                    yield entry.filename, opened.open(entry)
        return
    if not tarfile.is_tarfile(archive):
        raise tarfile.ReadError("it is neither zip nor tar, or its end is missing")
    with tarfile.open(archive) as opened:
        for entry in opened:
            if entry.isfile():
                yield entry.name, opened.extractfile(entry)
