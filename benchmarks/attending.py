"""The results that adaptive.py counts: SPAM with a density on scenes and photographs, and saliency."""

import numpy as np
from containment import in_pieces, of_two_objects

from spamlab._threads import one_thread
from spamlab.data import load_image, load_truth, scene
from spamlab.metrics import asa
from spamlab.objects import from_truth
from spamlab.regions import enforce_connectivity
from spamlab.saliency import saliency
from spamlab.spam import attended, spam
from spamlab.ssn import deep_features, load

FACTORS = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8)
K = 200
SHAPE = (240, 320)  # of scenes, in pixels
COARSE = 0.06  # smaller objects of a scene are joined, as a share of the picture
UNDIVIDED = 0.95  # an object whose largest part covers more has no parts
LEAST = 10  # superpixels asked for in a large object
IN_FRONT = (1, 3)  # shapes in front of the backdrop
MANY = 40  # shapes in a scene whose objects have parts


def asked(objects: np.ndarray, look: np.ndarray, r: float) -> np.ndarray:
    """Return how many superpixels each object is asked to have, (n,) real numbers."""
    weight = np.where(look, r, 1) * np.bincount(objects.ravel())[1:]
    return K * weight / weight.sum()


def is_large(objects: np.ndarray, look: np.ndarray, r: float) -> bool:
    """Tell whether an attended object is asked to have enough superpixels."""
    return bool((asked(objects, look, r)[look] >= LEAST).any())


def ratio(labels: np.ndarray, objects: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> float:
    """Return superpixels per pixel in some objects over that in others; NaN where there are none."""
    first = np.unique(labels, return_index=True)[1]
    n = np.bincount(objects.ravel()[first], minlength=len(inside) + 1)[1:]
    area = np.bincount(objects.ravel())[1:]
    if not (inside.any() and outside.any()):
        return np.nan
    return n[inside].sum() / area[inside].sum() / (n[outside].sum() / area[outside].sum())


def run(given: dict, objects: np.ndarray, truth: np.ndarray, look: np.ndarray, r: float) -> dict:
    """Return what is known of one result: ratios over r, ASA inside and outside, counts."""
    labels, found = spam(**given, objects=objects, attention=look, density=r, details=True)
    if found.attended.tolist() != look.tolist():
        raise AssertionError(f"attended are {found.attended}, expected {look}")
    large, seen = asked(objects, look, r) >= LEAST, look[objects - 1]
    return {
        "r": r,
        "obtained": found.n_obtained,
        "wrong": of_two_objects(labels, objects) + in_pieces(labels),
        "large": ratio(labels, objects, look & large, ~look & large) / r,
        "all": ratio(labels, objects, look & large, ~look) / r,
        "inside": asa(np.where(seen, labels, -1), truth),
        "outside": asa(np.where(seen, -1, labels), truth),
    }


def with_parts(objects: np.ndarray, truth: np.ndarray) -> list[np.ndarray]:
    """Return ways to attend one object, of those that are large enough and that the truth divides."""
    found = []
    for look in np.eye(int(objects.max()), dtype=bool):
        own = truth[look[objects - 1]]
        wide = len(own) >= COARSE * truth.size and not look.all()
        if wide and np.bincount(own).max() <= UNDIVIDED * len(own):
            found.append(look)
    return found


def of_scene(seed: int) -> list[dict]:
    """Return the rows of one scene whose objects are given exactly."""
    image, truth = scene(seed, SHAPE)
    objects = from_truth(truth)
    with one_thread():
        given = _given(image)
        looks = np.eye(int(objects.max()), dtype=bool)
        cases = [("one object", look, r) for look in looks for r in FACTORS if is_large(objects, look, r)]
        return [_control(given, objects), *_rows(given, objects, truth, cases)]


def of_parts(seed: int) -> list[dict]:
    """Return the rows of one scene whose objects are given coarsely."""
    image, truth = scene(seed, SHAPE, MANY)
    objects = enforce_connectivity(truth, COARSE * truth.size) + 1
    with one_thread():
        given = _given(image)
        cases = [("with parts", look, r) for look in with_parts(objects, truth) for r in FACTORS]
        seen = attended(saliency(image), objects)
        cases += [("salient", seen, r) for r in FACTORS if not seen.all()]
        return _rows(given, objects, truth, cases)


def of_photograph(name: str) -> list[dict]:
    """Return the rows of one shipped picture."""
    truth, fine = load_truth(name)
    objects = from_truth(truth)
    with one_thread():
        given = _given(load_image(name))
        looks = with_parts(objects, fine)
        cases = [("photographs", look, r) for look in looks for r in FACTORS]
        return [_control(given, objects), *_rows(given, objects, fine, cases)]


def _given(image: np.ndarray) -> dict:
    features, network = deep_features(image, load("spam")), load("spam")
    return {"image": image, "n_segments": K, "weights": network, "features": features}


def _control(given: dict, objects: np.ndarray) -> dict:
    return {"kind": "control", "wrong": of_two_objects(spam(**given), objects)}


def _rows(given: dict, objects: np.ndarray, truth: np.ndarray, cases: list[tuple]) -> list[dict]:
    return [{"kind": kind, **run(given, objects, truth, look, r)} for kind, look, r in cases]


def in_front(seed: int) -> list[dict]:
    """Return for each kind of saliency whether the backdrop is left out, and the share of shapes found."""
    found = []
    for shapes in IN_FRONT:
        image, truth = scene(seed, SHAPE, shapes)
        for method in ("rbd", "spectral"):
            seen = attended(saliency(image, method), truth + 1)
            row = {"kind": "in front", "method": method, "shapes": shapes}
            found.append({**row, "hit": not seen[0], "found": seen[1:].mean()})
    return found
