"""Refinement: class maps made coarse, mended by each method, and scored over the data set.

Truths of regions, such as those of BSDS500 and of scenes, have no classes, so numbers stand for them: the
largest region of a truth is 0, the background; the others get numbers from 1 to 20 that are drawn once for
each picture. What is scored is where regions end, not what they are called. A coarse map (`refine.coarse`)
stands for a network of that stride. PASCAL VOC has classes, and what a network makes of its pictures is
refined.

One row per picture, case and stride. A row holds, for all pixels and for those near true borders, how many
pixels of each class prediction and truth share, and how many are in either: added up, these give mIoU over
the data set.
"""

import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spamlab import models
from spamlab._arguments import window
from spamlab._threads import one_thread
from spamlab.benchmark.code import fingerprint
from spamlab.benchmark.methods import METHODS, Method, cut
from spamlab.benchmark.rows import Row, read, work
from spamlab.data import VOC, VOC_CLASSES, Classified, Sample, Split, scene
from spamlab.metrics import confusion, trimap
from spamlab.models import hub
from spamlab.refine import coarse, refine
from spamlab.regions import sizes

N_CLASSES = len(VOC_CLASSES)
STRIDES = (8, 16)
NETWORK = 0  # the stride of rows whose maps a network made
WIDTHS = (1, 2, 3, 5, 10)  # of the trimap, in pixels
NONE = "none"
CERTAIN, PIXEL = "spam-certain", "spam-certain-pixel"  # SPAM gets the certain pixels as its object map
KNOWN: dict[str, Method] = {**METHODS, CERTAIN: METHODS["spam"], PIXEL: METHODS["ssn-pixel"]}  # for settings
PIXEL_OPTIONS = {"weights": None, "smooth": 0}  # colour and position alone, and borders that nothing smooths
KEY = ("method", "value", "n_asked", "band", "image", "stride", "network")
CASE = (*KEY[:4], "stride")


@dataclass(frozen=True)
class Refinement:
    """What to run on every picture: a method, its setting, the number K to ask for, the band in pixels."""

    method: str
    value: float | None
    n_asked: int
    band: int

    def __post_init__(self):
        window("band", self.band)


def measure_refinement(
    data: VOC | Sequence[Sample],
    cases: Iterable[Refinement],
    file: str | Path | None = None,
    *,
    strides: Sequence[int] = STRIDES,
    network: str | None = None,
    jobs: int = 1,
    scheduler: str | None = None,
    progress: bool = False,
) -> list[Row]:
    """Refine the coarse map of each picture in each way; "none" is among them.

    Parameters
    ----------
    data : VOC or sequence of Sample
        Of several annotators one is taken, by the checksum of the picture's name.
    cases : iterable of Refinement
        Names in `KNOWN`: "spam-certain" is SPAM that gets the certain pixels as its object map, and
        "spam-certain-pixel" the same without a network; the others get the picture alone.
    file : str or Path, optional
        Where rows are kept: those found there are not made again.
    strides : sequence of int
        Those of the coarse maps.
    network : str, optional
        For VOC: a model of `spamlab.models.semantic`. Its maps are refined, and the stride is 0.
    jobs, scheduler, progress
        As in `measure`.

    Returns
    -------
    list of dict
        The case, image, stride, n_obtained, seconds (superpixels and vote), changed (share of the pixels),
        and for "plain" and each "trimap_W" two lists of a number per class: pixels in both, and in either.
    """
    cases = [Refinement(NONE, None, 0, 1), *cases]
    strides = strides if network is None else (NETWORK,)
    names = data.names if isinstance(data, Split) else [sample.name for sample in data]
    code = fingerprint()
    found = {} if file is None else read(Path(file), code, _key)
    weights = "" if network is None else hub.identity(network, "semantic")
    ways = [(case, stride) for case in cases for stride in strides]
    wanted = [(*astuple(case), name, stride, weights) for name in names for case, stride in ways]
    tasks = []
    for index, name in enumerate(names):
        left = [(case, at) for case, at in ways if (*astuple(case), name, at, weights) not in found]
        if left:
            whole = isinstance(data, Split)  # others would be copied to each process as a whole
            tasks.append(
                (*((data, index) if whole else (data[index : index + 1], 0)), left, network, weights)
            )
    total = len(wanted), sum(len(task[2]) for task in tasks)
    options = {"jobs": jobs, "scheduler": scheduler, "progress": progress, "file": file, "code": code}
    for row in work(_rows, tasks, total, **options):
        found[_key(row)] = row
    return [found[key] for key in wanted]


def classes(sample: Sample | Classified) -> NDArray[np.int32]:
    """Return the classes of a picture, or one annotator's regions as classes 0 to 20, (H, W) int32.

    What is not known is 255. Of more than 21 regions, two that touch may get the same class: their border
    then does not count.
    """
    if isinstance(sample, Classified):
        return sample.truth
    seed = zlib.crc32(sample.name.encode())
    truth = sample.truths[seed % len(sample.truths)]
    if truth.max() < 0:
        raise ValueError(f"{sample.name} has no pixel whose region is known, expected some")
    area = sizes(truth)
    rounds = -(-len(area) // (N_CLASSES - 1))
    rng = np.random.default_rng(seed)
    drawn = np.concatenate([1 + rng.permutation(N_CLASSES - 1) for _ in range(rounds)])[: len(area)]
    drawn[area.argmax()] = 0
    return np.where(truth < 0, 255, drawn[truth]).astype(np.int32)


def scenes(n: int, shape: tuple[int, int] = (321, 481)) -> list[Sample]:
    """Return the scenes of seeds 0 to n - 1, each with its exact truth."""
    made = ((f"scene {seed}", *scene(seed, shape)) for seed in range(n))
    return [Sample(name, image, [truth]) for name, image, truth in made]


def mean_ious(rows: Iterable[Row], score: str) -> dict[tuple, float]:
    """Return mIoU over the pictures for each case and stride: {(method, value, K, band, stride): mIoU}.

    Parameters
    ----------
    rows : iterable of dict
        What `measure_refinement` returned.
    score : str
        "plain", or "trimap_3" for the pixels within 3 of a true border.
    """
    added: dict[tuple, NDArray[np.int64]] = {}
    for row in rows:
        key = tuple(row[name] for name in CASE)
        added[key] = added.get(key, 0) + np.array(row[score])
    return {
        key: float(np.mean(both[either > 0] / either[either > 0])) for key, (both, either) in added.items()
    }


def _rows(
    data: Sequence[Sample],
    index: int,
    left: list[tuple[Refinement, int]],
    network: str | None,
    weights: str,
) -> list[Row]:
    sample = data[index]
    truth = classes(sample)
    near = {"plain": truth}
    near |= {f"trimap_{width}": np.where(trimap(truth, width), truth, 255) for width in WIDTHS}
    given = {stride: _given(sample.image, truth, stride, network) for stride in {at for _, at in left}}
    cuts, rows = {}, []
    for case, stride in left:
        try:
            with one_thread():
                found = _refined(case, sample.image, given[stride], cuts)
        except Exception as error:
            raise RuntimeError(f"{case} failed on {sample.name}: {error}") from error
        refined, n_obtained, seconds = found
        row = {"image": sample.name, "stride": stride, "network": weights, "n_obtained": n_obtained}
        row |= {"seconds": round(seconds, 5), "changed": float((refined != given[stride]).mean())}
        row |= {name: _parts(refined, truth) for name, truth in near.items()}
        rows.append({**dict(zip(KEY, astuple(case), strict=False)), **row})
    return rows


def _given(image: NDArray, truth: NDArray, stride: int, network: str | None) -> NDArray[np.int32]:
    """Return the map to refine."""
    if network is None:
        return coarse(truth, stride)
    with one_thread():
        found, names = models.semantic(image, network)
    if len(names) != N_CLASSES:
        raise ValueError(f"{network} knows {len(names)} classes, expected the {N_CLASSES} of PASCAL VOC")
    return found


def _refined(case: Refinement, image: NDArray, given: NDArray, cuts: dict) -> tuple[NDArray, int, float]:
    """Return the refined map, the number of superpixels, and the seconds that both took."""
    if case.method == NONE:
        return given, 0, 0.0
    key = case.method if case.method in (CERTAIN, PIXEL) else (case.method, case.value, case.n_asked)
    if key not in cuts:
        cuts[key] = _before_the_map(case, image)
    begin, (made, spent) = time.perf_counter(), cuts[key]
    asked = {"band": case.band, "n_segments": case.n_asked, "details": True}
    if key == case.method:
        refined, details = refine(given, image, compactness=case.value, **made, **asked)
    else:
        refined, details = refine(given, image, made, **asked)
    return refined, details.n_obtained, spent + time.perf_counter() - begin


def _before_the_map(case: Refinement, image: NDArray) -> tuple[dict | NDArray, float]:
    """Return what does not depend on the map, SPAM's options or superpixels, and the seconds it took."""
    if case.method == PIXEL:
        return PIXEL_OPTIONS, 0.0
    if case.method != CERTAIN:
        return cut(METHODS[case.method], image, case.n_asked, case.value)
    from spamlab.ssn import deep_features

    begin = time.perf_counter()
    return {"features": deep_features(image, "spam")}, time.perf_counter() - begin


def _parts(prediction: NDArray, truth: NDArray) -> list[list[int]]:
    table = confusion(prediction, truth, N_CLASSES)
    both = np.diag(table)
    return [both.tolist(), (table.sum(axis=0) + table.sum(axis=1) - both).tolist()]


def _key(row: Row) -> tuple:
    return tuple(row[name] for name in KEY)
