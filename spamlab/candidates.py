"""Which centres a pixel may join: one short list per group of pixels.

Pixels that start in the same cell may join the same centres, so a list is kept once per cell (a row of
`candidates`), and `group` names the row of each pixel. A row has a fixed number M of slots; -1 is an empty
slot, which the clustering gives a weight of exactly 0.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from spamlab._arguments import whole_number


def grid_neighbours(cells: NDArray[np.int32]) -> NDArray[np.int64]:
    """List, for each cell of a regular grid, the cell and its up to eight neighbours (SSN, section 3.1).

    Parameters
    ----------
    cells : (H, W) int32 ndarray
        The cell of each pixel, numbered in raster order, as `seeds.grid` gives them.

    Returns
    -------
    (K, 9) int64 ndarray
        Candidates of the pixels of each cell, in raster order of the 3 x 3 window, the cell itself in the
        middle; -1 outside the grid. Cells of the last column are no neighbours of the first one's.
    """
    n_cols = int(cells[0, -1]) + 1
    n_rows = int(cells[-1, -1] + 1) // n_cols
    numbers = np.arange(n_rows * n_cols).reshape(n_rows, n_cols)
    padded = np.pad(numbers, 1, constant_values=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    return windows.reshape(-1, 9).copy()


def nearest(points: ArrayLike, centres: ArrayLike, n: int = 9) -> NDArray[np.int64]:
    """List the nearest centres of each point, for cells of any shape.

    Parameters
    ----------
    points : (G, 2) array_like
        (row, col) of each group of pixels, in pixels: the centre of its cell, or the pixel itself.
    centres : (K, 2) array_like
        (row, col) of the centres, in pixels.
    n : int
        How many to list.

    Returns
    -------
    (G, n) int64 ndarray
        Centres from near to far; -1 where there are fewer than n.

    Raises
    ------
    ValueError
        If there is no centre.
    """
    n = whole_number("n", n, "1 or more candidates; 9 is usual", 1)
    centres = np.asarray(centres, np.float64)
    if len(centres) == 0:
        raise ValueError("there are 0 centres, expected at least 1")
    found = cKDTree(centres).query(np.asarray(points, np.float64), k=range(1, n + 1))[1]
    return np.where(found == len(centres), -1, found).astype(np.int64)
