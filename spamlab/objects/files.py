"""Object maps from files: masks as SA-1B has them, pictures of labels."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spamlab.masks import read, shape
from spamlab.objects.method import object_map
from spamlab.objects.sources import from_classes

LABEL_FORMATS = ("PNG", "TIFF", "BMP", "GIF")  # they keep every value


def from_file(
    file: str | Path,
    ignore: int | Iterable[int] = (),
    uncertain: int = 1,
    min_area: float | None = None,
) -> NDArray[np.int32]:
    """Read an object map from a file of masks or of labels.

    Parameters
    ----------
    file : str or Path
        Masks as SA-1B has them (.json), see `spamlab.masks.read` and `object_map`; or a picture of labels
        (PNG, TIFF, BMP or GIF), see `from_classes`. Of a palette its indices are the labels; of a coloured
        picture R + 256 G + 65536 B, as in panoptic maps of COCO.
    ignore : int or iterable of int
        Labels that become uncertain; masks have none.
    uncertain, min_area
        See `from_segments`.

    Returns
    -------
    (H, W) int32 ndarray
        The object map.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is neither.
    """
    if Path(file).suffix.lower() == ".json":
        return object_map(read(file), shape(file), uncertain=uncertain, min_area=min_area)
    return from_classes(_label_picture(file), ignore, uncertain, min_area)


def _label_picture(file: str | Path) -> NDArray:
    try:
        with Image.open(file) as image:
            kind, mode, values = image.format, image.mode, np.asarray(image)
    except FileNotFoundError:
        raise
    except Exception as error:  # broken bytes make Pillow raise nearly anything
        raise ValueError(
            f"{file} is no readable picture, expected labels as PNG, or masks as .json"
        ) from error
    if kind not in LABEL_FORMATS or mode.startswith("F"):
        raise ValueError(
            f"{file} is {kind} of mode {mode}, expected labels, which must be whole numbers in a format that "
            f"keeps them: {', '.join(LABEL_FORMATS)}"
        )
    if values.ndim == 3:  # alpha, where there is any, comes last and says nothing
        colours = values.shape[2] - 1 + values.shape[2] % 2
        return (values[:, :, :colours].astype(np.int64) << 8 * np.arange(colours)).sum(axis=2)
    return values
