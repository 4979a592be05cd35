"""Draw data/proposals/*.json: overlapping masks by hand, as an automatic mask generator would give.

Every contour of contours.txt was placed by hand on the enlarged picture, without data/truth and without
any segmentation algorithm. The file has a part for each picture, which begins with `# name`: contours
in the form of data/contours.py, then masks. A mask is a line `= shapes : flaws`. Shapes are names of
contours joined from left to right by `+` and `-`; `all` is the whole picture. Flaws, in pixels or in
pieces, imitate those of generated masks:

    grow D     moves the border outwards by D, inwards if negative (default 0)
    rough A    shifts the border to and fro by up to about A, smoothly along it (1), half of it alike in all
               masks of the picture
    round S    rounds corners: the width of a Gaussian on the signed distance (1)
    crumbs N   adds N tiny islands just outside (0)
    holes N    cuts N tiny holes just inside (0)

Chance is drawn from the text of the line, so that the files are the same each time. So are the
predicted IoU and the stability score, which mean nothing.

    python data/proposals/make_proposals.py [FOLDER]
"""

import re
import sys
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_edt, gaussian_filter, zoom

from spamlab.masks import Mask, write

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import contours

HERE = Path(__file__).resolve().parent
STEP = 6  # pixels between the random shifts of a border
MARGIN = 16  # pixels around a mask that its flaws may need
GRID = 32  # points per side of the grid of prompts
FLAWS = {"grow": 0.0, "rough": 1.0, "round": 1.0, "crumbs": 0, "holes": 0}
ABOUT = (
    "Hand-made: drawn for spamlab on the picture alone, with the flaws of generated masks; not the output of "
    "a model. predicted_iou, stability_score and point_coords are made up."
)


def parts():
    """Return {picture: its part of contours.txt}."""
    pieces = re.split(r"^# (\w+)\n", (HERE / "contours.txt").read_text(encoding="utf-8"), flags=re.M)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def joined(shapes, drawn):
    """Return the (H, W) bool mask of `a + b - c`, from left to right."""
    mask = None
    for sign, name in re.findall(r"([+-]?) *(\w+)", shapes):
        if mask is None:
            mask = drawn[name].copy()
        else:
            mask = mask & ~drawn[name] if sign == "-" else mask | drawn[name]
    return mask


def window(mask):
    """Return the two slices of the bounding box of `mask`, MARGIN wider on each side."""
    spans = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return tuple(slice(max(0, found[0] - MARGIN), found[-1] + 1 + MARGIN) for found in spans)


def signed_distance(mask):
    """Return the (H, W) distance in pixels to the border of `mask`, positive inside."""
    return np.where(mask, distance_transform_edt(mask) - 0.5, 0.5 - distance_transform_edt(~mask))


def shifts(shape, random):
    """Return a smooth random (H, W) field in about [-1, 1]."""
    coarse = [-(-side // STEP) + 1 for side in shape]
    values = np.reshape([random.uniform(-1, 1) for _ in range(coarse[0] * coarse[1])], coarse)
    return zoom(values, STEP, order=2)[: shape[0], : shape[1]]


def specks(distance, n, random):
    """Return an (H, W) bool mask of `n` discs, 1 to 3 pixels wide, where `distance` is 3 to 10 pixels."""
    rows, cols = np.indices(distance.shape)
    places = np.argwhere((distance > 3) & (distance < 10))
    mask = np.zeros(distance.shape, bool)
    for _ in range(n if len(places) else 0):
        row, col = places[int(random.random() * len(places))]
        mask |= np.hypot(rows - row, cols - col) <= random.uniform(0.5, 1.6)
    return mask


def flawed(mask, flaws, common, random):
    """Return the (H, W) bool `mask` with the flaws asked for; `common` are the shifts of the picture."""
    words = flaws.split()
    asked = FLAWS | dict(zip(words[::2], map(float, words[1::2]), strict=True))
    if unknown := asked.keys() - FLAWS:
        raise ValueError(f"flaws {sorted(unknown)} are unknown, expected some of {', '.join(FLAWS)}")
    part, result = window(mask), np.zeros_like(mask)
    own = np.roll(common, [int(random.random() * side) for side in mask.shape], axis=(0, 1))
    distance = gaussian_filter(signed_distance(mask[part]), asked["round"])
    distance += asked["grow"] + asked["rough"] * (common + own)[part] / 2
    islands = specks(-distance, int(asked["crumbs"]), random)
    result[part] = ((distance > 0) | islands) & ~specks(distance, int(asked["holes"]), random)
    return result


def prompt(mask):
    """Return the point (row, col) of the grid deepest in `mask`, or the deepest pixel if none lies inside."""
    part, depth, on_grid = window(mask), np.zeros(mask.shape), np.zeros(mask.shape)
    depth[part] = distance_transform_edt(mask[part])
    points = np.ix_(*[((np.arange(GRID) + 0.5) * side / GRID).astype(int) for side in mask.shape])
    on_grid[points] = depth[points]
    deepest = (on_grid if on_grid.any() else depth).argmax()
    return tuple(float(x) for x in np.unravel_index(deepest, mask.shape))


def proposals(name, text, shape):
    """Return the list of Mask of the picture `name`."""
    drawn = contours.masks(text, shape, density=0.5) | {"all": np.ones(shape, bool)}
    common = shifts(shape, Random(name))
    found = []
    for line in re.findall(r"^= (.+)$", text, flags=re.M):
        random = Random(f"{name} {line}")
        shapes, _, flaws = line.partition(":")
        mask = flawed(joined(shapes, drawn), flaws, common, random)
        if not mask.any():
            raise ValueError(f"{name}: the mask '{line}' is empty; enlarge its contour or lower its `round`")
        scores = round(random.uniform(0.88, 1), 4), round(random.uniform(0.95, 1), 4)
        found.append(Mask(mask, *scores, prompt(mask)))
    return found


def main(folder=HERE):
    """Write the masks of every picture into `folder`."""
    for name, text in parts().items():
        with Image.open(HERE.parent / "images" / f"{name}.png") as image:
            shape = image.height, image.width
        write(Path(folder) / f"{name}.json", proposals(name, text, shape), image=f"{name}.png", about=ABOUT)


if __name__ == "__main__":
    main(*sys.argv[1:2])
