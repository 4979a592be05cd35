"""The registry of methods, and how one of them cuts one picture.

Every method gives a map whose labels are split into 4-connected components before anything is counted or
scored. Methods that keep no promise about small pieces (quickshift, Felzenszwalb's, whose regions hang
together by corners, and OpenCV's MSLIC, LSC and SEEDS) first get `regions.enforce_connectivity`, which
merges pieces below 0.25 N / K: ``merge=True``. The others have a connectivity step of their own, which runs
as its authors set it, or need none.
"""

import importlib.util
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spamlab.benchmark import learned, opencv, others
from spamlab.features import lab
from spamlab.regions import components, enforce_connectivity
from spamlab.seeds import check_n_segments, grid
from spamlab.slic import slic
from spamlab.snic import snic

MERGE = 0.25  # pieces below this share of N / K are merged where a method asks for it
PIECES = (0.03, 0.06, 0.1, 0.15, 0.25, 0.5)  # the same share, for LNS-Net, which has no other setting


@dataclass(frozen=True)
class Method:
    """A way to cut pictures, as the benchmark calls it.

    Attributes
    ----------
    function : callable
        ``function(image, n_segments, value)`` with an (H, W, 3) float32 image in [0, 1], the number K asked
        for and the value of the setting (None without one); returns (H, W) integer labels.
    setting : str
        The name of the one setting that is swept; "" for none.
    values : tuple of float
        The values to sweep, rising; the upper middle one is the default.
    merge : bool
        Whether small pieces are merged afterwards, see the module. It counts as part of the method's time,
        the conversion to Lab that it needs does not: most methods have made their own.
    prepare : callable, optional
        ``prepare(image, n_segments, value)`` is called before the clock starts; what it returns is the
        fourth argument of `function`.
    needs : str
        A module it needs besides spamlab's own requirements: "cv2".
    """

    function: Callable[..., NDArray]
    setting: str = ""
    values: tuple[float, ...] = ()
    merge: bool = False
    prepare: Callable | None = None
    needs: str = ""

    @property
    def default(self) -> float | None:
        """The upper middle value, or None for a method without a setting."""
        return self.values[len(self.values) // 2] if self.values else None


METHODS: dict[str, Method] = {
    "slic": Method(lambda image, k, m: slic(image, k, m), "compactness", (2.5, 5, 7.5, 10, 15, 20)),
    "slico": Method(lambda image, k, _: slic(image, k, slico=True)),
    "snic": Method(lambda image, k, m: snic(image, k, m), "compactness", (1, 2.5, 5, 10, 15, 20)),
    "ssn-pixel": Method(learned.ssn_pixel, "compactness", (2.5, 5, 7.5, 10, 15, 20)),
    "ssn": Method(learned.ssn, "compactness", (5, 7.5, 10, 15, 20, 30)),
    "segments-superpixels": Method(learned.segments_superpixels, "compactness", (5, 7.5, 10, 15, 20, 30)),
    "lnsnet": Method(learned.lnsnet, "min_size_factor", PIECES),
    "lnsnet-1": Method(learned.lnsnet_1, "min_size_factor", PIECES),
    "lnsnet-2": Method(learned.lnsnet_2, "min_size_factor", PIECES),
    "grid": Method(lambda image, k, _: grid(image.shape[:2], k)[1]),
    "skimage-slic": Method(others.slic, "compactness", (5, 10, 15, 20, 30, 40)),
    "felzenszwalb": Method(
        others.felzenszwalb, "sigma", (0.2, 0.4, 0.6, 0.8, 1, 1.3), True, others.felzenszwalb_scale
    ),
    "quickshift": Method(others.quickshift, "ratio", (0.2, 0.3, 0.4, 0.5, 0.75, 1), True),
    "compact-watershed": Method(others.watershed, "compactness", (0, 0.03, 0.07, 0.15, 0.3, 1)),
    "opencv-slic": Method(opencv.slic, "compactness", (2.5, 5, 7.5, 10, 15, 20), needs="cv2"),
    "opencv-slico": Method(opencv.slico, needs="cv2"),
    "opencv-mslic": Method(opencv.mslic, "compactness", (5, 10, 15, 20, 30, 40), True, needs="cv2"),
    "opencv-lsc": Method(opencv.lsc, "ratio", (0.01, 0.025, 0.05, 0.075, 0.1, 0.15), True, needs="cv2"),
    "opencv-seeds": Method(opencv.seeds, "prior", (0, 1, 2, 3, 4, 5), True, needs="cv2"),
}


def cut(
    method: Method, image: NDArray[np.float32], n_segments: int, value: float | None = None
) -> tuple[NDArray[np.int32], float]:
    """Cut one picture and time it.

    Parameters
    ----------
    method : Method
    image : (H, W, 3) float32 ndarray
        RGB in [0, 1].
    n_segments : int
        The number K asked for.
    value : float, optional
        The setting; the method's default if None.

    Returns
    -------
    labels : (H, W) int32 ndarray
        Labels 0 to n - 1, each 4-connected.
    seconds : float
        Time of the method with its connectivity, without what it prepares and without Lab for merging.

    Raises
    ------
    TypeError, ValueError
        If K does not fit the picture, or the method returns no label map of the picture's size.
    """
    shape = image.shape[:2]
    n_segments = check_n_segments(n_segments, shape[0] * shape[1])
    value = method.default if value is None else value
    extra = () if method.prepare is None else (method.prepare(image, n_segments, value),)
    colour = lab(image) if method.merge else None
    begin = time.perf_counter()
    labels = method.function(image, n_segments, value, *extra)
    if method.merge:
        labels = enforce_connectivity(labels, MERGE * shape[0] * shape[1] / n_segments, colour)
    seconds = time.perf_counter() - begin
    if np.shape(labels) != shape:
        raise ValueError(f"the method returned labels of shape {np.shape(labels)}, expected {shape}")
    return components(labels), seconds


def warm_up(method: Method) -> None:
    """Cut a tiny picture, so that compiling and loading is not timed later."""
    ramp = np.linspace(0, 1, 48 * 64 * 3, dtype=np.float32)
    cut(method, ramp.reshape(48, 64, 3), 12)


def select(names: Iterable[str], methods: Mapping[str, Method] = METHODS) -> list[str]:
    """Return the methods that `names` mean ("all" means every one), each once, in the registry's order.

    Raises
    ------
    ValueError
        If a name is not registered.
    ModuleNotFoundError
        If a method needs a package that is not installed.
    """
    names = list(names)
    unknown = [name for name in names if name not in methods and name != "all"]
    if unknown:
        raise ValueError(f"no method {unknown[0]!r}, expected 'all' or some of: {', '.join(methods)}")
    chosen = [name for name in methods if name in names or "all" in names]
    lacking = [n for n in chosen if methods[n].needs and importlib.util.find_spec(methods[n].needs) is None]
    if lacking:
        raise ModuleNotFoundError(f"{', '.join(lacking)}: {opencv.MISSING}, or name the methods without")
    return chosen
