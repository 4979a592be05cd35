"""Annotation: an object built by clicks on superpixels. A click picks one, a second takes it back."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spamlab import masks
from spamlab.features import pixel_points
from spamlab.regions import as_labels

ABOUT = "superpixels picked by hand"


@dataclass(frozen=True, eq=False)
class Annotation:
    """What has been picked so far. It never changes: `toggle` and `undo` return another one.

    Attributes
    ----------
    labels : (H, W) int32 ndarray
        The superpixels, a copy that cannot be written to; -1 = outside.
    clicks : tuple of int
        The label of each click, in order.

    Raises
    ------
    TypeError, ValueError
        If `labels` is no label map.
    """

    labels: NDArray[np.int32]
    clicks: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        labels = as_labels(self.labels)
        labels.flags.writeable = False
        object.__setattr__(self, "labels", labels)

    def toggle(self, point: tuple[int, int]) -> "Annotation":
        """Pick the superpixel at a point, or take it back if it is picked.

        Parameters
        ----------
        point : (int, int)
            (row, col) in pixels.

        Raises
        ------
        ValueError
            If no superpixel lies there.
        """
        ((row, col),) = pixel_points(point, self.labels.shape)
        label = int(self.labels[row, col])
        if label < 0:
            raise ValueError(
                f"point (row, col) = ({row}, {col}) has label {label}, expected a superpixel there"
            )
        return replace(self, clicks=(*self.clicks, label))

    def undo(self) -> "Annotation":
        """Leave out the last click, if there is one."""
        return replace(self, clicks=self.clicks[:-1])

    @property
    def picked(self) -> tuple[int, ...]:
        """The labels clicked an odd number of times, ascending."""
        labels, times = np.unique(np.array(self.clicks, np.int64), return_counts=True)
        return tuple(labels[times % 2 == 1].tolist())

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The pixels of what is picked, (H, W)."""
        return np.isin(self.labels, self.picked)

    def save(self, file: str | Path, image: str = "") -> None:
        """Write the mask; an interruption leaves the old file or the new one.

        ``spamlab.objects.from_file`` reads it as an object map: what is picked, piece by piece, and the rest.
        Pieces below its `min_area` become uncertain; from a .json also what is thinner than 5 pixels, as in
        all masks of SA-1B.

        Parameters
        ----------
        file : str or Path
            A .png is white where picked and black elsewhere. A .json holds one mask in the format of SA-1B,
            none where nothing is picked.
        image : str
            The file name of the picture, kept in a .json.

        Raises
        ------
        ValueError
            If the name ends in anything else.
        """
        file, mask = Path(file), self.mask
        kind = file.suffix.lower()
        if kind not in (".png", ".json"):
            raise ValueError(f"{file.name} ends in {kind!r}, expected .png, or .json for the format of SA-1B")
        if kind == ".json":
            masks.write(file, [mask] if mask.any() else [], image, ABOUT, mask.shape)
            return
        partial = file.with_name(f".{file.name}.partial")
        Image.fromarray(np.where(mask, np.uint8(255), np.uint8(0))).save(partial, "PNG")
        os.replace(partial, file)
