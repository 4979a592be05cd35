"""Files of masks, in the JSON format of SA-1B."""

import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from spamlab.masks.mask import Mask, as_masks, common_shape
from spamlab.masks.run_lengths import decode, encode


def read(file: str | Path) -> list[Mask]:
    """Read the masks of a file.

    `area` and `bbox` are counted from the pixels; what the file says of them is not used (SA-1B's boxes are
    one pixel narrower and lower than the mask). Of several points the first is taken.

    Parameters
    ----------
    file : str or Path
        A file of SA-1B or one that `write` wrote. Run lengths may be strings or lists of numbers.

    Returns
    -------
    list of Mask
        In the order of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such file; the message names the entry.
    """
    document = _document(file)
    size = _size(document)
    found = []
    for number, entry in enumerate(document["annotations"]):
        try:
            found.append(_mask(entry, size))
        except ValueError as error:
            raise ValueError(f"{file}, annotations[{number}]: {error}") from error
    return found


def write(
    file: str | Path,
    masks: Iterable[Mask | ArrayLike],
    image: str = "",
    about: str | dict[str, Any] = "",
    shape: tuple[int, int] | None = None,
) -> None:
    """Write masks of one picture to a file. An interruption leaves the old file or the new one.

    Parameters
    ----------
    file : str or Path
    masks : iterable of Mask or (H, W) bool array_like
    image : str
        The file name of the picture, "chelsea.png".
    about : str or dict
        Where the masks come from, such as "drawn by hand" or the settings of a program; see `about`.
    shape : (int, int), optional
        (H, W) of the picture; needed where there is no mask.

    Raises
    ------
    TypeError, ValueError
        If a mask is none or has another shape, there is no mask and no shape, or `about` is nothing that
        JSON can hold.
    """
    masks = as_masks(masks, shape)
    height, width = common_shape(masks, shape)
    document = {
        "about": about,
        "image": {"image_id": 0, "file_name": image, "width": width, "height": height},
        "annotations": [_entry(number, mask) for number, mask in enumerate(masks, start=1)],
    }
    file = Path(file)
    partial = file.with_name(f".{file.name}.partial")
    partial.write_text(json.dumps(document, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(partial, file)


def about(file: str | Path) -> str | dict[str, Any]:
    """Return what a file says about where its masks come from, "" if nothing; errors as for `read`."""
    return _document(file).get("about", "")


def shape(file: str | Path) -> tuple[int, int]:
    """Return (H, W) of the picture that a file of masks belongs to; errors as for `read`."""
    return _size(_document(file))


def _document(file: str | Path) -> dict[str, Any]:
    try:
        document = json.loads(Path(file).read_text(encoding="utf-8"))
    except ValueError as error:  # bytes that are no text, or text that is no JSON
        raise ValueError(f"{file} is no JSON ({error}), expected a file of masks as SA-1B has") from error
    parts = document if isinstance(document, dict) else {}
    if not isinstance(parts.get("image"), dict) or not isinstance(parts.get("annotations"), list):
        raise ValueError(
            f"{file} holds no masks, expected {{'image': {{...}}, 'annotations': [...]}} as in SA-1B; "
            "write one with spamlab.masks.write"
        )
    try:
        _size(parts)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error
    return parts


def _size(document: dict[str, Any]) -> tuple[int, int]:
    size = tuple(document["image"].get(side) for side in ("height", "width"))
    if not all(type(side) is int and side > 0 for side in size):
        raise ValueError(f"image has height, width = {size}, expected two whole numbers of at least 1")
    return size


def _mask(entry: Any, size: tuple[int, int]) -> Mask:
    if not isinstance(entry, dict):
        raise ValueError(f"it is {entry!r}, expected an object with a segmentation")
    found = entry.get("segmentation")
    mask = decode(found)
    if mask.shape != size:
        raise ValueError(
            f"segmentation has size {found['size']}, expected {list(size)}, [height, width] of the image; "
            "take the masks of this picture"
        )
    scores = (_score(entry, name) for name in ("predicted_iou", "stability_score"))
    return Mask(mask, *scores, _point(entry.get("point_coords")))


def _score(entry: dict[str, Any], name: str) -> float:
    value = entry.get(name)
    if value is not None and not _is_number(value):
        raise ValueError(f"{name} is {value!r}, expected a number, or null if it is not known")
    return math.nan if value is None else float(value)


def _point(points: Any) -> tuple[float, float] | None:
    if points is None or points == []:
        return None
    first = points[0] if isinstance(points, list) else points
    if not (isinstance(first, list) and len(first) == 2 and all(map(_is_number, first))):
        raise ValueError(f"point_coords is {points!r}, expected [[x, y]], or [] if there is none")
    x, y = map(float, first)
    return y, x


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _entry(number: int, mask: Mask) -> dict[str, Any]:
    height, width = mask.mask.shape
    top, left, bottom, right = mask.bbox
    scores = {"predicted_iou": mask.predicted_iou, "stability_score": mask.stability_score}
    return {
        "id": number,
        "segmentation": encode(mask),
        "bbox": [left, top, right - left, bottom - top],
        "area": mask.area,
        **{name: None if math.isnan(value) else float(value) for name, value in scores.items()},
        "crop_box": [0, 0, width, height],
        "point_coords": [] if mask.point is None else [list(mask.point[::-1])],
    }
