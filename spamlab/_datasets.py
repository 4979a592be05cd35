"""The data sets that superpixels are scored on, by name."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from spamlab._bsds import SPLITS as BSDS500_SPLITS
from spamlab._bsds import bsds500
from spamlab._drive import SPLITS as DRIVE_SPLITS
from spamlab._drive import drive
from spamlab._nyuv2 import SPLITS as NYUV2_SPLITS
from spamlab._nyuv2 import nyuv2
from spamlab._sbd import SPLITS as SBD_SPLITS
from spamlab._sbd import sbd
from spamlab._splits import Split
from spamlab._stanford import SPLITS as STANFORD_SPLITS
from spamlab._stanford import stanford


class DataSet(NamedTuple):
    """How a data set is opened.

    Attributes
    ----------
    title : str
        What people call it.
    reader : callable
        ``reader(folder, split)`` returns a `Split` of `Sample`.
    splits : tuple of str
        The names of its splits.
    """

    title: str
    reader: Callable[..., Split]
    splits: tuple[str, ...]

    @property
    def usual(self) -> str:
        """The split that is meant where none is named: "val", or the last where there is none."""
        return "val" if "val" in self.splits else self.splits[-1]


DATASETS: dict[str, DataSet] = {
    "bsds500": DataSet("BSDS500", bsds500, BSDS500_SPLITS),
    "nyuv2": DataSet("NYUv2", nyuv2, NYUV2_SPLITS),
    "stanford": DataSet("Stanford Background", stanford, STANFORD_SPLITS),
    "sbd": DataSet("Semantic Boundaries", sbd, SBD_SPLITS),
    "drive": DataSet("DRIVE", drive, DRIVE_SPLITS),
}


def open_dataset(name: str, folder: str | Path, split: str) -> Split:
    """Find one split of a data set on this computer.

    Parameters
    ----------
    name : str
        One of `DATASETS`.
    folder : str or Path
        Where it lies.
    split : str
        One of its splits.

    Returns
    -------
    Split
        A sequence of `Sample`.

    Raises
    ------
    FileNotFoundError
        If it is not there, or not all of it; the message says what was looked for and where to get it.
    ValueError
        If there is no such data set or split.
    """
    if name not in DATASETS:
        raise ValueError(f"no data set {name!r}, expected one of {', '.join(DATASETS)}")
    return DATASETS[name].reader(folder, split)
