"""Training of superpixels and segments together: the balanced loss of neighbours on top of SSN's."""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from spamlab.cluster import Clusters
from spamlab.data import Sample
from spamlab.metrics import boundary_counts, ods_ois, probabilistic_rand_index
from spamlab.regions import adjacency
from spamlab.segments import (
    Graph,
    Network,
    deep_features,
    distance,
    load,
    merge,
    pair_loss,
    same_segment,
    save,
)
from spamlab.segments.network import STRIDE
from spamlab.segments.pairs import soft_pool, spread
from spamlab.ssn import ssn
from spamlab.training.pieces import Piece, draw, soft_superpixels, superpixel_loss
from spamlab.training.recipe import Schedule, SegmentsRecipe
from spamlab.training.samples import Picture
from spamlab.training.ssn import How, asa_at_counts, begin, in_bfloat16, run

ASKED = 150  # superpixels that are merged in a validation ...
THRESHOLDS = tuple(np.arange(0.05, 0.95, 0.1).round(2).tolist())  # ... at each of these


def train(
    samples: Iterable[Sample],
    validation: Iterable[Sample],
    folder: str | Path,
    recipe: SegmentsRecipe = SegmentsRecipe(),  # noqa: B008 (frozen)
    schedule: Schedule = Schedule(),  # noqa: B008
    progress: bool = True,
) -> list[dict]:
    """Train superpixels and segments, or go on with a training.

    The arguments and errors are those of `spamlab.training.ssn.train`. The log holds asa_100 and asa_200 of
    the superpixels, boundary F, the threshold that gave it, PRI there, and score, the mean of F and asa_100.
    """
    how = How(_network, loss, validate, _save)
    return run(how, samples, validation, Path(folder), recipe, schedule, progress)


def _network(recipe: SegmentsRecipe) -> Network:
    middle = sum(recipe.compactness) / 2
    options = {name: getattr(recipe, name) for name in ("norm", "shared", "concat", "widths")}
    return begin(lambda: Network(**options, compactness=middle), load, recipe)


def _save(network: Network, file: Path, entry: dict, **about: object) -> None:
    """Keep the threshold that validated best with the weights."""
    save(network, file, entry=entry, **{**about, "threshold": entry["threshold"]})


def loss(
    network: nn.Module, source: list[Picture], recipe: SegmentsRecipe, seed: tuple, device: torch.device
) -> Tensor:
    """Return the loss of one batch: neighbours (eq. (7)), and SSN's reconstruction."""
    piece = draw(source, recipe, seed, device)
    with torch.autocast(device.type, torch.bfloat16, enabled=in_bfloat16(recipe.precision, device)):
        deep, V = network(piece.colour)
    found, F = soft_superpixels(piece, deep.float(), recipe)
    value = recipe.superpixels * superpixel_loss(piece, found, F, recipe)
    if recipe.detached:
        found = replace(found, Q=found.Q.detach())
    return value + recipe.pairs * neighbour_loss(piece, found, V.float(), recipe.count)


def neighbour_loss(piece: Piece, found: Clusters, V: Tensor, count: int) -> Tensor:
    """Return `pair_loss`, the mean over the pictures of a batch and their annotators.

    Parameters
    ----------
    piece : Piece
        B pictures, whose superpixels are numbered one picture after the other.
    found : Clusters
        Their superpixels.
    V : (B, C, h, w) Tensor
        What superpixels are compared by.
    count : int
        B.
    """
    shape = piece.cells.shape
    v = soft_pool(found, spread(V, shape, STRIDE))
    labels = found.labels()
    maps = labels.view(count, *shape).cpu().numpy()
    pairs = [torch.from_numpy(adjacency(one)[0]).long().to(v.device) for one in maps]
    values = []
    for truth in piece.truth.unbind(1):
        same = same_segment(labels, truth, torch.cat(pairs), len(v)).split([len(p) for p in pairs])
        values += [
            pair_loss(distance(v, p), l) for p, l in zip(pairs, same, strict=True) if not l.isnan().all()
        ]
    return torch.stack(values).mean() if values else v.sum() * 0


@torch.no_grad()
def validate(network: Network, samples: Sequence[Sample]) -> dict[str, float]:
    """Return ASA of the superpixels at equal counts, and boundary F and PRI of segments at one threshold.

    The threshold is the one with the largest F over all pictures; 150 superpixels are asked for.
    """
    network = copy.deepcopy(network).cpu()
    rows = []

    def features(image):
        return deep_features(image, network)

    def cut(image, asked, found):
        return ssn(image, asked, network.compactness, weights=None, features=found[0])

    for sample in samples:
        F, V = features(sample.image)
        graph = Graph.of(cut(sample.image, ASKED, (F, V)), V, STRIDE)
        maps = [merge(graph, threshold) for threshold in THRESHOLDS]
        rows.append(
            [(boundary_counts(m, sample.truths), probabilistic_rand_index(m, sample.truths)) for m in maps]
        )
    found = ods_ois([[counts for counts, _ in row] for row in rows])
    best = found.parameter
    superpixels = asa_at_counts(samples, cut, features)
    return {
        "asa_100": superpixels["asa_100"],
        "asa_200": superpixels["asa_200"],
        "f": round(found.ods, 5),
        "threshold": THRESHOLDS[best],
        "pri": round(float(np.mean([row[best][1] for row in rows])), 5),
        "score": round((found.ods + superpixels["asa_100"]) / 2, 5),
    }
