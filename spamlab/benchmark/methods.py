"""The registry of methods, and how one of them cuts one picture.

Every method gives a map whose labels are split into 4-connected components before anything is counted or
scored. Methods that keep no promise about small pieces (quickshift, Felzenszwalb's, whose regions hang
together by corners, and OpenCV's MSLIC, LSC and SEEDS) first get `regions.enforce_connectivity`, which
merges pieces below 0.25 N / K: ``merge=True``. The others have a connectivity step of their own, which runs
as its authors set it, or need none.
"""

import importlib.util
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from spamlab.benchmark import learned, opencv, others, with_objects
from spamlab.features import lab
from spamlab.regions import components, enforce_connectivity
from spamlab.seeds import check_n_segments, grid
from spamlab.slic import slic
from spamlab.snic import snic

MERGE = 0.25  # pieces below this share of N / K are merged where a method asks for it
TRUTHLESS = "expected what an annotator drew, which only a data set has; see: spamlab benchmark"
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
        What it needs besides spamlab's own requirements: "cv2", a module, or "sam", weights.
    annotated : bool
        Whether `prepare` gets a fourth argument, what one annotator drew, (H, W) int. Only the other
        annotators then judge, see `rows.judges`.
    swept : bool
        Whether a sweep of "all" chooses the setting; otherwise the default is that of the paper.
    """

    function: Callable[..., NDArray]
    setting: str = ""
    values: tuple[float, ...] = ()
    merge: bool = False
    prepare: Callable | None = None
    needs: str = ""
    annotated: bool = False
    swept: bool = True

    @property
    def default(self) -> float | None:
        """The upper middle value, or None for a method without a setting."""
        return self.values[len(self.values) // 2] if self.values else None


def _spam(prior: str, **options) -> Method:
    """Return SPAM with a prior; its default trades accuracy for regularity, which a sweep would undo."""
    run, prepare = partial(with_objects.spam, prior), partial(with_objects.object_map, prior)
    return Method(run, "compactness", with_objects.COMPACTNESS, prepare=prepare, swept=False, **options)


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
    "spam": _spam("none"),
    "spam-felzenszwalb": _spam("felzenszwalb"),
    "spam-segments": _spam("segments"),
    "spam-truth": _spam("truth", annotated=True),
    "spam-sam": _spam("sam", needs="sam"),
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
    method: Method,
    image: NDArray[np.float32],
    n_segments: int,
    value: float | None = None,
    truth: NDArray[np.integer] | None = None,
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
    truth : (H, W) int ndarray, optional
        What one annotator drew, for a method that is given it.

    Returns
    -------
    labels : (H, W) int32 ndarray
        Labels 0 to n - 1, each 4-connected.
    seconds : float
        Time of the method with its connectivity, without what it prepares and without Lab for merging.

    Raises
    ------
    TypeError, ValueError
        If K does not fit the picture, the method returns no label map of the picture's size, or it needs a
        truth and there is none.
    """
    shape = image.shape[:2]
    n_segments = check_n_segments(n_segments, shape[0] * shape[1])
    value = method.default if value is None else value
    extra = _prepared(method, image, n_segments, value, truth)
    colour = lab(image) if method.merge else None
    begin = time.perf_counter()
    labels = method.function(image, n_segments, value, *extra)
    if method.merge:
        labels = enforce_connectivity(labels, MERGE * shape[0] * shape[1] / n_segments, colour)
    seconds = time.perf_counter() - begin
    if np.shape(labels) != shape:
        raise ValueError(f"the method returned labels of shape {np.shape(labels)}, expected {shape}")
    return components(labels), seconds


def _prepared(method: Method, image, n_segments, value, truth) -> tuple:
    """Return what `method.function` takes after its third argument."""
    if not method.annotated:
        return () if method.prepare is None else (method.prepare(image, n_segments, value),)
    if truth is None:
        raise ValueError(f"truth=None, {TRUTHLESS}")
    return (method.prepare(image, n_segments, value, truth),)


def warm_up(method: Method) -> None:
    """Cut a tiny picture, so that compiling and loading is not timed later."""
    ramp = np.linspace(0, 1, 48 * 64 * 3, dtype=np.float32).reshape(48, 64, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a picture that nobody gave
        cut(method, ramp, 12, truth=np.indices(ramp.shape[:2])[1] // 32)


def select(names: Iterable[str], methods: Mapping[str, Method] = METHODS) -> list[str]:
    """Return the methods that `names` mean, each once, in the registry's order.

    "all" means every one, but none that needs SAM where its weights are not on this computer.

    Raises
    ------
    ValueError
        If a name is not registered.
    ModuleNotFoundError
        If a method needs a package that is not installed.
    FileNotFoundError
        If a method needs SAM and it is not here.
    """
    names = list(names)
    unknown = [name for name in names if name not in methods and name != "all"]
    if unknown:
        raise ValueError(f"no method {unknown[0]!r}, expected 'all' or some of: {', '.join(methods)}")
    chosen = [name for name in methods if name in names or "all" in names]
    missing = {name: said for name in chosen if (said := _missing_sam(methods[name]))}
    named = [f"{name}: {missing[name]}" for name in missing if name in names]
    if named:
        raise FileNotFoundError(named[0])
    chosen = [name for name in chosen if name not in missing]
    lacking = [n for n in chosen if methods[n].needs == "cv2" and importlib.util.find_spec("cv2") is None]
    if lacking:
        raise ModuleNotFoundError(f"{', '.join(lacking)}: {opencv.MISSING}, or name the methods without")
    return chosen


def _missing_sam(method: Method) -> str:
    """Return what is missing where a method needs SAM, and what to do; "" if nothing is."""
    try:
        if method.needs == "sam":
            with_objects.locate_sam()
    except (OSError, ImportError) as error:
        return str(error)
    return ""
