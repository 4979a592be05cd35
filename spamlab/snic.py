"""SNIC: superpixels grown from seeds in one pass, the pixel nearest to any centre first.

R. Achanta, S. Suesstrunk, "Superpixels and polygons using simple non-iterative clustering", CVPR 2017,
doi:10.1109/CVPR.2017.520. A queue holds candidates: a pixel, the superpixel that wants it, and the distance
to that superpixel's centre. The nearest candidate is taken; if its pixel is still free it joins, the centre
moves to the mean of all its pixels, and the free neighbours of the pixel become candidates. A superpixel
grows from one seed through neighbours, so it is 4-connected by construction, and every seed keeps its own.

Where we differ from the paper, and why:

- The key is D^2 = d_c^2 + (m / S)^2 d_s^2, in SLIC's unit. The paper's, sqrt(d_s^2 / s + d_c^2 / m') with
  s = N / K = S^2, is sqrt(D^2) / m for m' = m^2: the same order.
- The grid has round(side / S) cells per axis, as in `spamlab.slic`, and S = sqrt(N / K) for the K asked for.
- Seeds stay where the grid puts them: they are no centres, only the first pixels.
- Of equal distances the candidate that was found first wins, so that the result is the same everywhere.
"""

import heapq

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from spamlab import seeds
from spamlab.features import check_compactness, lab
from spamlab.regions import Details


def snic(
    image: ArrayLike, n_segments: int = 200, compactness: float = 10.0, *, details: bool = False
) -> NDArray[np.int32] | tuple[NDArray[np.int32], Details]:
    """Cut a picture into SNIC superpixels.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts.
    n_segments : int
        The number K asked for. As many come out as the grid has cells: near K, see `spamlab.seeds.grid`.
    compactness : float
        m in Lab units, above 0. Small follows colours, large makes regular cells; 1 to 40 are usual.
    details : bool
        Also return the centres.

    Returns
    -------
    labels : (H, W) int32 ndarray
        Labels 0 to n - 1 in the order of the grid, each 4-connected.
    details : Details
        Only with ``details=True``. There is no connectivity step, so ``assignment`` is the labels.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range, or the image is none.
    """
    colour = lab(image)
    check_compactness(compactness)
    points, _, step = seeds.grid(colour.shape[:2], n_segments)
    labels, centres = _grow(colour, seeds.nearest_pixels(points, colour.shape[:2]), (compactness / step) ** 2)
    if not details:
        return labels
    return labels, Details(len(centres), centres, labels, step)


@njit(cache=True)
def _grow(lab, pixels, space_weight):
    """Grow one superpixel from each of the pixels; return the labels and the centres (L, a, b, row, col)."""
    H, W = lab.shape[:2]
    labels = np.full((H, W), np.int32(-1))
    sums, centres, counts = np.zeros((len(pixels), 5)), np.zeros((len(pixels), 5)), np.zeros(len(pixels))
    queue = [(0.0, k, pixels[k, 0], pixels[k, 1], k) for k in range(len(pixels))]  # sorted: already a heap
    order = len(pixels)
    while len(queue) > 0:
        _, _, i, j, k = heapq.heappop(queue)
        if labels[i, j] >= 0:
            continue  # another superpixel was nearer
        labels[i, j] = k
        counts[k] += 1
        for channel in range(3):
            sums[k, channel] += lab[i, j, channel]
        sums[k, 3] += i
        sums[k, 4] += j
        centres[k] = sums[k] / counts[k]
        l, a, b, row, col = centres[k]
        for y, x in ((i - 1, j), (i, j - 1), (i, j + 1), (i + 1, j)):
            if 0 <= y < H and 0 <= x < W and labels[y, x] < 0:
                d_colour = (lab[y, x, 0] - l) ** 2 + (lab[y, x, 1] - a) ** 2 + (lab[y, x, 2] - b) ** 2
                d_space = (y - row) ** 2 + (x - col) ** 2
                heapq.heappush(queue, (d_colour + space_weight * d_space, order, y, x, k))
                order += 1
    return labels, centres
