"""SPAM on one picture: seeds inside objects, ten soft rounds among seeds of one object, connectivity."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from spamlab._arguments import number, whole_number
from spamlab.cluster import cluster, group_means
from spamlab.features import check_compactness, lab
from spamlab.regions import smooth as smooth_borders
from spamlab.seeds import check_n_segments
from spamlab.spam.adaptive import attended, density_map, local_radius
from spamlab.spam.budgets import budgets
from spamlab.spam.inside import place
from spamlab.spam.lists import candidate_lists
from spamlab.spam.objects import numbered, split, spread, without_band
from spamlab.spam.whole import connect, owners
from spamlab.ssn import Network, all_features
from spamlab.ssn.weights import as_network

COMPACTNESS = 28.8  # eta = 7.5 of the paper, divided by the 0.26 of colour
SMOOTH = 0.2  # of the distance of two seeds: the disc that smooths borders


@dataclass(frozen=True)
class Details:
    """What SPAM knows besides its superpixels.

    Attributes
    ----------
    n_obtained : int
        How many superpixels came out.
    owner : (n_obtained,) int32 ndarray
        The piece of an object that each superpixel belongs to, as a number of `pieces`.
    objects : (H, W) int32 ndarray
        ``owner[labels]``: the object map without zeros.
    certain : (H, W) int32 ndarray
        What the superpixels keep to, see `certain_objects`; 0 = uncertain.
    given : (p,) int32 ndarray
        The object of the map given, as a number of `numbered`, in which each of the p `pieces` lies.
    budget : (p,) int64 ndarray
        Seeds of each piece.
    seeds : (K, 2) int64 ndarray
        (row, col) in pixels, object by object.
    cells : (H, W) int32 ndarray
        The nearest seed of the same object; uncertain pixels count with the nearest object.
    centres : (K, C) float64 ndarray
        The final centres, rows of F: deep features, then L, a, b, row, col as scaled.
    assignment : (H, W) int32 ndarray
        The seed each pixel joined, before borders are smoothed and pieces joined.
    step : float
        sqrt(N / K) in pixels, K the number of seeds.
    attended : (n,) bool ndarray or None
        Which objects of the map given are attended, see `numbered`; None without `attention`.
    density : (H, W) float64 ndarray or None
        How densely superpixels were asked to lie, 1 on average; None if the same everywhere.
    """

    n_obtained: int
    owner: NDArray[np.int32]
    objects: NDArray[np.int32]
    certain: NDArray[np.int32]
    given: NDArray[np.int32]
    budget: NDArray[np.int64]
    seeds: NDArray[np.int64]
    cells: NDArray[np.int32]
    centres: NDArray[np.float64]
    assignment: NDArray[np.int32]
    step: float
    attended: NDArray[np.bool_] | None = None
    density: NDArray[np.float64] | None = None

    @property
    def obtained(self) -> NDArray[np.int64]:
        """Superpixels of each piece, (p,), to be compared with its `budget` of seeds."""
        return np.bincount(self.owner, minlength=len(self.budget) + 1)[1:]

    def per_object(self, counts: NDArray) -> NDArray[np.int64]:
        """Sum counts of pieces, `budget` or `obtained`, over the n objects of the map given: (p,) -> (n,)."""
        return np.bincount(self.given, counts)[1:].astype(np.int64)


def spam(
    image: ArrayLike,
    n_segments: int = 200,
    objects: ArrayLike | None = None,
    compactness: float = COMPACTNESS,
    uncertain: int = 1,
    features: ArrayLike | None = None,
    weights: str | Network | None = "spam",
    rng: int | np.random.Generator = 0,
    details: bool = False,
    *,
    attention: ArrayLike | None = None,
    density: float | ArrayLike | None = None,
    n_iter: int = 10,
    stride: int = 2,
    temperature: float = 1.0,
    smooth: float = SMOOTH,
    min_size_factor: float = 0.15,
) -> NDArray[np.int32] | tuple[NDArray[np.int32], Details]:
    """Cut a picture into superpixels none of which holds certain pixels of two objects.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts.
    n_segments : int
        The number K of seeds; see `budgets`. The number obtained differs: see `Details.n_obtained`.
    objects : (H, W) int array_like, optional
        0 = uncertain, anything above = an object; each 4-connected piece counts on its own. Without a map,
        or with one that is uncertain everywhere, the whole picture is one object.
    compactness : float
        SLIC's m in Lab units, above 0; the paper's eta is 0.26 m.
    uncertain : int
        Side of a window in pixels, odd: a pixel with another object in the window around it becomes
        uncertain. 1 makes none. Seeds are shared out as if all pixels were certain.
    features : (H, W, C) array_like, optional
        What ``spamlab.ssn.deep_features(image, weights)`` returned for this picture and these weights; the
        network does not run again.
    weights : str, Network or None
        The network: "spam" (shipped), a file, or what `spamlab.ssn.load` returns. None clusters colour and
        position alone.
    rng : int or Generator
        Draws the first seeds. The same number gives the same superpixels.
    details : bool
        Also return what the superpixels were made from.
    attention : (H, W) or (n,) array_like, optional
        What draws the eye, in [0, 1]: a map, or a value per object, in the order of their numbers. It alone
        changes nothing: see `attended` for what it says, and `density` for what follows.
    density : float or array_like, optional
        How densely superpixels should lie, above 0; only ratios matter, K stays. A number r: r times as
        densely in attended objects as in others. (n,): a weight per object, in the order of their numbers.
        (H, W): a weight per pixel. Objects get seeds in proportion to its sum; in F the squared difference
        of positions to a centre is multiplied by the density there; discs and least sizes shrink as
        superpixels do.
    n_iter, temperature
        As for `spamlab.ssn.ssn`.
    stride : int
        The last round looks at all pixels. Those before look at every `stride`-th pixel of every
        `stride`-th row, and at the seeds. 1 lets them look at all.
    smooth : float
        Radius of the disc that smooths borders, as a share of sqrt(N / K) where density is 1; see
        `spamlab.regions.smooth`. 0 leaves the step out, as the paper does.
    min_size_factor : float
        Pieces smaller than this share of N / K are merged where an object's border does not forbid it. A
        pixel counts as much as its density.

    Returns
    -------
    labels : (H, W) int32 ndarray
        Labels 0 to n - 1, each 4-connected.
    details : Details
        Only with ``details=True``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range, or does not belong to this picture.
    FileNotFoundError
        If there are no such weights.

    Warns
    -----
    UserWarning
        If the map has more objects than K: the text says how many seeds come out.
    """
    compactness = check_compactness(compactness)
    n_iter = whole_number("n_iter", n_iter, "1 or more; 10 is usual", 1)
    stride = whole_number("stride", stride, "1 or more pixels; 2 is usual", 1)
    temperature = number("temperature", temperature, "0 or more; 1 is the paper's", low=0)
    radius = number("smooth", smooth, f"0 or more; {SMOOTH} is usual", low=0)
    min_size_factor = number("min_size_factor", min_size_factor, "0 or more; 0.15 is usual", low=0)
    network = as_network(weights)
    colour = lab(image)
    n_segments = check_n_segments(n_segments, colour.shape[0] * colour.shape[1])
    objects = numbered(objects, colour.shape[:2])
    whole = split(objects)
    certain, counted = without_band(whole, uncertain), spread(whole)
    given, looked_at, density = _asked(attention, density, objects, counted)
    budget = budgets(counted, n_segments, density)
    seeds, cells = place(counted, budget, rng, density)
    step = float(np.sqrt(certain.size / len(seeds)))
    with torch.inference_mode():
        F = all_features(colour, step, compactness, network, features)
        owner = np.repeat(np.arange(1, len(budget) + 1, dtype=np.int32), budget)
        labels, centres = _cluster(F, seeds, owner, cells, certain, density, n_iter, stride, temperature)
    result = smooth_borders(labels, local_radius(radius * step, density), certain, owner)
    result = connect(result, certain, min_size_factor * step**2, colour, density)
    if not details:
        return result
    of_result = owners(result, certain, owner[labels])
    seen = (certain, given, budget, seeds, cells, centres, labels, step, looked_at, density)
    return result, Details(len(of_result), of_result, of_result[result], *seen)


def _asked(attention, density, objects, counted):
    """Return `given`, `attended` and `density` of `Details`.

    A piece has the weight of its object, and an uncertain pixel that of the piece it is counted with.
    """
    given = np.zeros(int(counted.max()), np.int32)
    given[counted[objects > 0] - 1] = objects[objects > 0]
    looked_at = None if attention is None else attended(attention, objects)
    return given, looked_at, density_map(density, given[counted - 1], looked_at)


def _cluster(F, seeds, owner, cells, certain, density, n_iter, stride, temperature):
    """Run the loop; return the seed of each pixel, (H, W) int32, and the centres, (K, C) float64."""
    candidates, group = candidate_lists(np.where(certain > 0, cells, -1), seeds, owner)
    seen = np.zeros(cells.shape, bool)
    seen[::stride, ::stride] = seen[tuple(seeds.T)] = True  # no centre is without pixels
    seen = torch.from_numpy(np.flatnonzero(seen))
    cell, group = (torch.from_numpy(values.ravel()).long() for values in (cells, group))
    few, candidates = F[seen], torch.from_numpy(candidates)
    S = group_means(few, cell[seen], F.new_zeros(len(seeds), F.shape[1]))
    weight = None
    if density is not None:
        local = torch.from_numpy(density.reshape(-1, 1)).to(F)[seen]
        weight = group_means(local, cell[seen], local.new_ones(len(seeds), 1))[:, 0]
    same = {"temperature": temperature, "weight": weight}
    S = cluster(few, S, candidates, group[seen], n_iter, **same).S
    found = cluster(F, S, candidates, group, 1, **same)
    return found.labels().numpy().astype(np.int32).reshape(cells.shape), found.S.double().numpy()
