"""The registry of segmenters: methods that give few large regions, as the benchmark calls them.

A segmenter prepares once per picture, and then gives a segmentation for each setting quickly. All of them
have grids of at least as many settings as "segments", see `Segmenter`. Regions are judged as they come:
Felzenszwalb's hang together by corners, and no truth is split either.

Three of the four merge superpixels by the same rule. They differ in the superpixels, and in what these are
compared by. Where that was not trained for the rule, it is multiplied by a scale: at one scale the thresholds
reach over a factor of 8 in the distance.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from skimage import segmentation

from spamlab._threads import one_thread
from spamlab.features import lab
from spamlab.slic import slic

if TYPE_CHECKING:
    from spamlab.segments import Graph

Image = NDArray[np.float32]
Setting = dict[str, float | str]


@dataclass(frozen=True)
class Segmenter:
    """A way to segment pictures, and the grid of its settings.

    Attributes
    ----------
    prepare : callable
        ``prepare(image, **values)`` with an (H, W, 3) float32 image in [0, 1] and the values of the settings
        named in `fixed`; returns whatever `cut` needs.
    cut : callable
        ``cut(state, setting)`` with what `prepare` returned and a value for every setting; returns (H, W)
        integer labels. It must not change the state: each cut is timed as if it were the first.
    settings : mapping of str to tuple
        The values of each setting. The last setting is the one that precision-recall curves run along.
    fixed : tuple of str
        The settings that `prepare` takes.
    coarse : mapping of str to tuple
        Fewer values of a setting, for the first grid of the sweep; all values of those not named.
    files : tuple of Path
        Files that it reads besides the shipped weights; rows are kept apart by their contents.
    needs : str
        A module it needs besides spamlab's own requirements.
    """

    prepare: Callable[..., Any]
    cut: Callable[[Any, Setting], NDArray]
    settings: Mapping[str, tuple]
    fixed: tuple[str, ...] = ()
    coarse: Mapping[str, tuple] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    needs: str = ""

    @property
    def curve(self) -> str:
        """The setting that precision-recall curves run along."""
        return list(self.settings)[-1]

    def grid(self, **values: tuple) -> list[Setting]:
        """Return every setting of the grid, with other values where some are given."""
        axes = {**self.settings, **values}
        return [dict(zip(axes, chosen, strict=True)) for chosen in product(*axes.values())]


def _graph(image: Image, n_segments: int, weights: Any = "segments") -> "Graph":
    """Prepare "segments": superpixels of the network, compared by its second head."""
    from spamlab.segments import graph

    with one_thread():
        return graph(image, n_segments, weights=_load("segments", weights))


def _colour_graph(image: Image, n_segments: int, scale: float) -> "Graph":
    """Prepare "slic-colour": superpixels of SLIC, compared by their mean Lab colour."""
    from spamlab.segments import Graph

    return Graph.of(slic(image, n_segments), lab(image) * scale)


def _ssn_graph(image: Image, n_segments: int, scale: float) -> "Graph":
    """Prepare "ssn-merged": superpixels of SSN, compared by what its pixels are clustered by, but place."""
    from spamlab.segments import Graph
    from spamlab.ssn import deep_features, ssn
    from spamlab.ssn.method import COLOUR

    network = _load("ssn", "ssn")
    with one_thread():
        deep = deep_features(image, network)
        superpixels = ssn(image, n_segments, weights=network, features=deep)
    return Graph.of(superpixels, np.concatenate([deep, lab(image) * COLOUR], axis=2) * scale)


def _merge(graph: "Graph", setting: Setting) -> NDArray[np.int32]:
    from spamlab.segments import merge

    fresh = replace(graph)  # without the tree that a graph keeps, which would make later cuts look quick
    return merge(fresh, setting["threshold"], setting["min_size"], setting["mode"])


def _felzenszwalb(image: Image, setting: Setting) -> NDArray[np.integer]:
    return segmentation.felzenszwalb(image, **setting)


@cache
def _load(kind: str, weights: Any) -> Any:
    """Load a network once per process."""
    from spamlab import segments, ssn

    return {"segments": segments.weights, "ssn": ssn.weights}[kind].as_network(weights)


THRESHOLDS = tuple(round(0.01 + 0.02 * step, 2) for step in range(35))
MERGING = {
    "n_segments": (100, 200, 400),
    "mode": ("components", "grow", "update"),
    "min_size": tuple(range(1, 11)),  # superpixels
    "threshold": THRESHOLDS,
}
MERGING_COARSE = {"min_size": (2, 5), "threshold": THRESHOLDS[2::6]}
SCALED = {"n_segments": MERGING["n_segments"], "scale": (0.05, 0.1, 0.2), **MERGING}
SCALED_COARSE = {"scale": (0.1,), **MERGING_COARSE}
SCALES = tuple(float(f"{scale:.3g}") for scale in np.geomspace(30, 5000, len(THRESHOLDS)))

SEGMENTERS: dict[str, Segmenter] = {
    "segments": Segmenter(_graph, _merge, MERGING, ("n_segments",), MERGING_COARSE),
    "felzenszwalb": Segmenter(
        lambda image: image,
        _felzenszwalb,
        {
            "sigma": (0.2, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0),  # pixels
            "min_size": (20, 50, 100, 150, 250, 400, 600, 900, 1400, 2000),  # pixels
            "scale": SCALES,
        },
        coarse={"min_size": (100, 400), "scale": SCALES[2::6]},
    ),
    "slic-colour": Segmenter(_colour_graph, _merge, SCALED, ("n_segments", "scale"), SCALED_COARSE),
    "ssn-merged": Segmenter(_ssn_graph, _merge, SCALED, ("n_segments", "scale"), SCALED_COARSE),
}


def with_weights(file: str | Path) -> Segmenter:
    """Return "segments" with the weights of a file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    file = Path(file)
    if not file.is_file():
        raise FileNotFoundError(f"{file}: no such file, expected one that `spamlab train segments` wrote")
    return replace(SEGMENTERS["segments"], prepare=partial(_graph, weights=file), files=(file,))
