"""The data sets that superpixels are scored on, by name."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from spamlab import _bsds, _drive, _nyuv2, _sbd, _stanford
from spamlab._splits import Split


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


DATASETS: dict[str, DataSet] = {
    "bsds500": DataSet("BSDS500", _bsds.bsds500, _bsds.SPLITS),
    "nyuv2": DataSet("NYUv2", _nyuv2.nyuv2, _nyuv2.SPLITS),
    "stanford": DataSet("Stanford Background", _stanford.stanford, _stanford.SPLITS),
    "sbd": DataSet("Semantic Boundaries", _sbd.sbd, _sbd.SPLITS),
    "drive": DataSet("DRIVE", _drive.drive, _drive.SPLITS),
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
