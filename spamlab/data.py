"""Pictures and data sets: what is shipped, what readers bring, what is drawn, what is fetched.

`load_image` opens everything a reader may have in hand. `scene` draws a picture whose truth is
exact; `load_truth` opens what was drawn by hand on a shipped picture, and `load_proposals` masks that
overlap. `bsds500`, `nyuv2`, `stanford`, `sbd` and `drive` read data sets of pictures with regions
(`open_dataset` by name), `voc2012` the classes of PASCAL VOC. What begins with `fetch_` gets them: nothing
else here needs a network.
"""

import difflib
import io
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from spamlab._bsds import BSDS, bsds500
from spamlab._datasets import DATASETS, DataSet, open_dataset
from spamlab._drive import DRIVE, drive
from spamlab._fetch import fetch_bsds500
from spamlab._fetch_more import fetch_sbd, fetch_stanford
from spamlab._fetch_voc import fetch_voc2012
from spamlab._nyuv2 import NYUv2, NYUv2Pairs, nyuv2
from spamlab._sbd import SBD, sbd
from spamlab._scenes import SCENE_KINDS, scene
from spamlab._splits import Sample, Split
from spamlab._stanford import Stanford, stanford
from spamlab._voc import VOC, VOC_CLASSES, Classified, voc2012
from spamlab.features import as_image
from spamlab.masks import Mask, read
from spamlab.paths import data_dir

__all__ = [
    "BSDS",
    "Classified",
    "DATASETS",
    "DRIVE",
    "DataSet",
    "NYUv2",
    "NYUv2Pairs",
    "SBD",
    "SCENE_KINDS",
    "Sample",
    "Split",
    "Stanford",
    "VOC",
    "VOC_CLASSES",
    "bsds500",
    "drive",
    "fetch_bsds500",
    "fetch_sbd",
    "fetch_stanford",
    "fetch_voc2012",
    "image_names",
    "load_image",
    "load_proposals",
    "load_truth",
    "nyuv2",
    "open_dataset",
    "proposal_names",
    "sbd",
    "scene",
    "stanford",
    "truth_names",
    "voc2012",
]


def image_names() -> tuple[str, ...]:
    """Return the names of the shipped pictures, sorted; `load_image` opens each."""
    return tuple(sorted(file.stem for file in (data_dir() / "images").glob("*.png")))


def load_image(source: str | Path | bytes | ArrayLike, max_side: int | None = None) -> NDArray[np.float32]:
    """Open a picture: a shipped one, a file, an upload or an array.

    Parameters
    ----------
    source : str, Path, bytes or array_like
        A shipped name ("chelsea", see `image_names`), the path of a file, the bytes of a file (an
        upload in the browser), or whatever `as_image` takes. A file is turned upright as its EXIF
        data say. Palettes and CMYK become RGB, 16 bits are scaled, alpha is dropped; of an
        animation the first picture is taken.
    max_side : int, optional
        The longest side wanted, in pixels. Larger pictures are reduced to it (and smoothed, so
        that fine patterns do not alias); smaller ones stay as they are.

    Returns
    -------
    (H, W, 3) float32 ndarray
        RGB in [0, 1], a new array.

    Raises
    ------
    FileNotFoundError
        If there is no such file, and no shipped picture of this name.
    ValueError
        If the file is no picture or is broken, or the array is no picture (see `as_image`).
    """
    if max_side is not None and not max_side >= 1:
        raise ValueError(f"max_side is {max_side}, expected a number of pixels of at least 1, or None")
    if isinstance(source, str | Path):
        file = _find(source)
        image = _decode(file.read_bytes(), str(file))
    elif isinstance(source, bytes | bytearray | memoryview):
        image = _decode(bytes(source), f"source ({len(source)} bytes)")
    else:
        image = as_image(source)
    return image if max_side is None else _reduce(image, max_side)


def truth_names() -> tuple[str, ...]:
    """Return the names of the shipped pictures that have truths, sorted; `load_truth` opens each."""
    files = (data_dir() / "truth").glob("*_fine.png")
    return tuple(sorted(file.stem.removesuffix("_fine") for file in files))


def load_truth(name: str) -> list[NDArray[np.int32]]:
    """Open the two truths drawn by hand on a shipped picture, as if by two annotators.

    Their boundaries lie within about 2 pixels of the contours: score on them with r = 2.

    Parameters
    ----------
    name : str
        The name of a shipped picture that has truths, see `truth_names`.

    Returns
    -------
    list of (H, W) int32 ndarray
        The coarse truth (objects), then the fine one (their parts). Labels 0 to n - 1, each
        4-connected and of at least 30 pixels; H and W are those of `load_image(name)`.

    Raises
    ------
    ValueError
        If the picture has no truths.
    """
    names = truth_names()
    if name not in names:
        raise ValueError(f"no truths of {name!r}, expected one of {', '.join(names)}")
    maps = []
    for kind in ("coarse", "fine"):
        with Image.open(data_dir() / "truth" / f"{name}_{kind}.png") as image:
            maps.append(np.asarray(image).astype(np.int32))
    return maps


def proposal_names() -> tuple[str, ...]:
    """Return the names of the shipped pictures that have stored proposals, sorted."""
    return tuple(sorted(file.stem for file in (data_dir() / "proposals").glob("*.json")))


def load_proposals(name: str) -> list[Mask]:
    """Open the masks drawn by hand on a shipped picture, as a mask generator such as SAM would give them.

    They overlap and leave gaps. They are no output of a model: their scores and points are made up.

    Parameters
    ----------
    name : str
        The name of a shipped picture that has them, see `proposal_names`.

    Returns
    -------
    list of Mask
        In the order of the file; (H, W) is that of `load_image(name)`.

    Raises
    ------
    ValueError
        If the picture has no stored proposals.
    """
    names = proposal_names()
    if name not in names:
        raise ValueError(f"no stored proposals of {name!r}, expected one of {', '.join(names)}")
    return read(data_dir() / "proposals" / f"{name}.json")


def _find(source: str | Path) -> Path:
    if str(source) in image_names():
        return data_dir() / "images" / f"{source}.png"
    file = Path(source).expanduser()
    if file.is_dir():
        raise IsADirectoryError(f"{file} is a folder, expected one image file")
    if not file.exists():
        raise FileNotFoundError(f"{source}: no such file; {_suggestion(file)}")
    return file


def _suggestion(file: Path) -> str:
    names = image_names()
    close = difflib.get_close_matches(file.stem.lower(), names, n=3)
    give = f"did you mean the shipped {' or '.join(map(repr, close))}? Give" if close else "give"
    if file.suffix or len(file.parts) > 1:
        return f"{give} a path that exists from here ({Path.cwd()}), or a whole path"
    return f"{give} a path, or one of the shipped pictures: {', '.join(names)}"


def _decode(content: bytes, name: str) -> NDArray[np.float32]:
    try:
        with Image.open(io.BytesIO(content)) as image:
            return as_image(_pixels(ImageOps.exif_transpose(image)))
    except Exception as error:  # broken bytes make Pillow raise nearly anything
        why = "" if isinstance(error, UnidentifiedImageError) else f" ({error})"  # that one names a buffer
        raise ValueError(
            f"{name} is no readable image{why}; expected a whole JPEG, PNG, TIFF, WebP, BMP or "
            "GIF file: open it in an image program and save it as PNG or JPEG"
        ) from error


def _pixels(image: Image.Image) -> NDArray:
    """Return (H, W) or (H, W, 3) values of a type that `as_image` knows."""
    if image.mode.startswith("I"):  # 16-bit grey comes as "I;16", "I;16B" or 32-bit "I"
        values = np.asarray(image)
        if values.size and (values.min() < 0 or values.max() > 65535):
            raise ValueError(f"grey values from {values.min()} to {values.max()}, expected 16 bits")
        return values.astype(np.uint16)
    if image.mode == "F":
        return np.asarray(image)
    return np.asarray(image.convert("RGB"))


def _reduce(image: NDArray[np.float32], max_side: int) -> NDArray[np.float32]:
    height, width = image.shape[:2]
    factor = max_side / max(height, width)
    if factor >= 1:
        return image
    size = max(1, round(width * factor)), max(1, round(height * factor))
    channels = [Image.fromarray(np.ascontiguousarray(image[:, :, c])) for c in range(3)]
    small = [np.asarray(c.resize(size, Image.Resampling.LANCZOS)) for c in channels]
    return np.clip(np.stack(small, axis=-1), 0, 1)  # Lanczos overshoots at edges
