"""The exercises of lesson 06: the smallest mask wins, opening and components, the largest objects."""

from collections.abc import Callable

import numpy as np

from spamlab.exercises.exercise import Task


def give_to_smallest(masks):
    """Return (H, W): the index in masks (n, H, W) of the smallest one that covers each pixel; -1 = none."""
    ### BEGIN SOLUTION
    owner = np.full(masks.shape[1:], -1)
    for index in np.argsort(-masks.sum(axis=(1, 2))):  # the largest first: later ones paint over it
        owner[masks[index]] = index
    return owner
    ### END SOLUTION


def open_and_number(region, min_area):
    """Return (H, W): region (H, W) opened by 3 x 3; its pieces of > min_area pixels are 1, 2, ..., else 0."""
    ### BEGIN SOLUTION
    h, w = region.shape
    beyond = np.pad(region, 2, constant_values=True)  # the region may go on behind the border
    fits = np.all([beyond[r : r + h + 2, c : c + w + 2] for r in range(3) for c in range(3)], axis=0)
    opened = np.any([fits[r : r + h, c : c + w] for r in range(3) for c in range(3)], axis=0)
    far = region.size
    first = np.where(opened, np.arange(far).reshape(h, w), far)
    for _ in range(far):  # until all pixels of a piece know which of them comes first
        wide = np.pad(first, 1, constant_values=far)
        near = first, wide[2:, 1:-1], wide[:-2, 1:-1], wide[1:-1, 2:], wide[1:-1, :-2]
        first = np.where(opened, np.min(near, axis=0), far)
    names, areas = np.unique(first[opened], return_counts=True)
    large = names[areas > min_area]
    return np.where(np.isin(first, large), np.searchsorted(large, first) + 1, 0)
    ### END SOLUTION


def keep_largest(objects, n):
    """Return objects (H, W), the n largest as 1, 2, ... by falling area, at equal areas the lower first."""
    ### BEGIN SOLUTION
    numbers, areas = np.unique(objects[objects > 0], return_counts=True)
    kept = np.zeros_like(objects)
    for new, old in enumerate(numbers[np.argsort(-areas, kind="stable")][:n], start=1):
        kept[objects == old] = new
    return kept
    ### END SOLUTION


# ---- 06.1


def _painted(order: Callable, empty: int = -1, name: Callable = lambda index, place: index) -> Callable:
    """Return a wrong owner: masks painted in another order, or under other names."""

    def wrong(masks):
        owner = np.full(masks.shape[1:], empty)
        for place, index in enumerate(order(masks)):
            owner[masks[index]] = name(index, place)
        return owner

    return wrong


def _areas(masks):
    return masks.sum(axis=(1, 2))


def _right_order(masks):
    return np.argsort(-_areas(masks))


def _boxes(masks):
    return np.array([np.ptp(np.nonzero(m)[0] + 1) * np.ptp(np.nonzero(m)[1] + 1) for m in masks])


def _alone(masks):
    return np.where(masks.sum(axis=0) == 1, masks.argmax(axis=0), -1)


def _area_of_winner(masks):
    owner = give_to_smallest(masks)
    return np.where(owner < 0, -1, _areas(masks)[owner])


def _visible_smallest(masks):
    """Return the owner if masks were judged by the pixels that no mask painted before has."""
    owner = np.full(masks.shape[1:], -1)
    free = [m & (masks[:k].sum(axis=0) == 0) for k, m in enumerate(masks)]
    for index in np.argsort([-f.sum() for f in free], kind="stable"):
        owner[masks[index]] = index
    return owner


def _mask(shape, *boxes):
    mask = np.zeros(shape, bool)
    for top, left, bottom, right in boxes:
        mask[top:bottom, left:right] = True
    return mask


def _pile_inputs():
    shape = (6, 8)
    nested = [_mask(shape, (1, 1, 3, 3)), _mask(shape, (0, 0, 5, 6)), _mask(shape, (1, 1, 4, 5))]
    crossing = [
        _mask(shape, (2, 0, 4, 8)),  # 16
        _mask(shape, (0, 3, 6, 5)),  # 12
        _mask(shape, (0, 0, 1, 7), (0, 0, 6, 1), (2, 3, 3, 4)),  # a hook with a large box, 13
        _mask(shape, (0, 0, 5, 3)),  # 15
    ]
    rng = np.random.default_rng(6)
    many = np.stack([rng.random(shape) < share for share in (0.5, 0.1, 0.3, 0.2)])
    return [{"masks": np.stack(nested)}, {"masks": np.stack(crossing)}, {"masks": many}]


SMALLEST = Task(
    name="06.1",
    title="the smallest mask wins",
    function=give_to_smallest,
    inputs=_pile_inputs,
    hints=(
        "Think of paper: lay the largest mask down first, then the next one, the smallest last. What you see "
        "from above is the answer.",
        "masks.sum(axis=(1, 2)) are the areas, and np.argsort gives the indices from small to large. Turn "
        "the order round, by a minus or by [::-1].",
        "Start with a map full of -1. Then, mask by mask, write the index of the mask where it is True: a "
        "mask is an index into the map. Later masks write over earlier ones.",
    ),
    mistakes={
        "The largest mask wins. Paint from large to small, so that the small ones end on top.": _painted(
            lambda masks: np.argsort(_areas(masks))
        ),
        "The last mask of the list wins. Sort by area first: the order of the list means nothing.": _painted(
            lambda masks: range(len(masks))
        ),
        "The first mask of the list wins. It must be the smallest, wherever it stands in the list.": _painted(
            lambda masks: range(len(masks))[::-1]
        ),
        "You number the masks by size. The answer holds the index in the list that you were given.": _painted(
            _right_order, name=lambda index, place: place
        ),
        "Pixels without a mask are 0 in your map, and so are those of the first mask. They are -1.": _painted(
            _right_order, empty=0
        ),
        "Your indices are one too high: pixels without a mask are -1, and the first mask is 0.": _painted(
            _right_order, empty=0, name=lambda index, place: index + 1
        ),
        "You compare bounding boxes. A thin hook has a large box and few pixels: count pixels.": _painted(
            lambda masks: np.argsort(-_boxes(masks), kind="stable")
        ),
        "You give a pixel to nobody where two masks overlap. It goes to the smaller one.": _alone,
        "You return the area of the mask that wins. Return its index.": _area_of_winner,
        "You return how many masks cover each pixel. Return the index of the smallest one.": lambda masks: (
            masks.sum(axis=0)
        ),
        "You return where any mask is. Return which one: the index of the smallest.": lambda masks: masks.any(
            axis=0
        ),
        "You count only the pixels of a mask that earlier masks left free. Its area is all its pixels.": (
            _visible_smallest
        ),
    },
)


# ---- 06.2


def _windows(map_, side):
    return np.lib.stride_tricks.sliding_window_view(map_, (side, side))


def _opened(region, beyond=True):
    """Open by 3 x 3; beyond the border all is `beyond`."""
    fits = _windows(np.pad(region, 2, constant_values=beyond), 3).all(axis=(2, 3))
    return _windows(fits, 3).any(axis=(2, 3))


def _cross(region):
    """Open by a cross of five pixels, as SciPy does when no structure is given; border as in `_opened`."""
    fits = _of_cross(_windows(np.pad(region, 2, constant_values=True), 3)).all(axis=-1)
    return _of_cross(_windows(fits, 3)).any(axis=-1)


def _of_cross(windows):
    return windows[..., [0, 1, 1, 1, 2], [1, 0, 1, 2, 1]]


def _eroded(region):
    return _windows(np.pad(region, 1, constant_values=True), 3).all(axis=(2, 3))


def _closed(region):
    wide = _windows(np.pad(region, 2), 3).any(axis=(2, 3))
    return _windows(wide, 3).all(axis=(2, 3))


def _first(mask, diagonal=False):
    """Return the first pixel, in raster order, of the piece that each pixel belongs to; -1 = outside."""
    far = mask.size
    first = np.where(mask, np.arange(far).reshape(mask.shape), far)
    while True:
        windows = _windows(np.pad(first, 1, constant_values=far), 3)
        near = (windows.reshape(*mask.shape, 9) if diagonal else _of_cross(windows)).min(axis=-1)
        grown = np.where(mask, near, far)
        if np.array_equal(grown, first):
            return np.where(mask, first, -1)
        first = grown


def _pieces(opening=_opened, diagonal=False, large=lambda area, least: area > least, number="new"):
    """Return a wrong `open_and_number`: another opening, other neighbours, another limit, other numbers."""

    def wrong(region, min_area):
        first = _first(opening(region), diagonal)
        names, areas = np.unique(first[first >= 0], return_counts=True)
        kept = large(areas, min_area)
        numbers = {"new": np.cumsum(kept), "all": np.arange(len(names)) + 1}[number]
        new = np.append(np.where(kept, numbers, 0), 0)
        return new[np.where(first >= 0, np.searchsorted(names, first), -1)]

    return wrong


def _limit_before(region, min_area):
    first = _first(region)
    names, areas = np.unique(first[first >= 0], return_counts=True)
    return _pieces()(np.isin(first, names[areas > min_area]), 0)


def _from_zero(region, min_area):
    return open_and_number(region, min_area) - 1


def _region(*rows):
    return np.array([[pixel == "#" for pixel in row] for row in rows])


def _region_inputs():
    bridge = _region(  # two rooms and a thin bridge; a strip along the border; a small room of 9
        "####.......#",
        "####.......#",
        "#########..#",
        "####..###..#",
        "......###...",
        "###.........",
        "###.....####",
        "###.....####",
        "........####",
    )
    corner = _region(  # two rooms that touch at a corner; a cross, which no square fits into
        "......#....",
        ".....###...",
        "###...#....",
        "###.......#",
        "###......##",
        "...###..###",
        "...###.###.",
        "...###..#..",
    )
    holes = _region(
        "#########.##",
        "#########.##",
        "####.####.##",
        "#########...",
        "#########.##",
        "..........##",
        "####.....###",
        "####....####",
        "####.....###",
    )
    limits = ((bridge, 9), (corner, 8), (holes, 3), (bridge, 11), (holes, 8))
    return [{"region": region, "min_area": least} for region, least in limits]


PIECES = Task(
    name="06.2",
    title="opening and pieces",
    function=open_and_number,
    inputs=_region_inputs,
    hints=(
        "Three steps: where does a 3 x 3 square fit into the region? What do those squares cover? Which "
        "pieces of that hang together by the sides of pixels, and have more than min_area of them?",
        "Pad the region with True, 2 pixels wide, so that it goes on behind the border. A square fits where "
        "all nine shifted copies of the map are True; what squares cover is where any of nine is.",
        "For the pieces, walk the pixels in raster order. From each one without a number, collect all that "
        "you reach by steps up, down, left and right. scipy.ndimage.label does that, too.",
    ),
    mistakes={
        "The border erodes your regions: a strip along it is lost. Outside, let the region go on.": _pieces(
            lambda region: _opened(region, beyond=False)
        ),
        "You open with a cross, SciPy's default. The method takes a square: np.ones((3, 3)).": _pieces(
            _cross
        ),
        "You only erode. After that, widen again: what a fitting square covers, stays.": _pieces(_eroded),
        "You close: first wider, then thinner. Opening is first thinner, then wider.": _pieces(_closed),
        "You do not open: thin bridges still join pieces.": _pieces(lambda region: region),
        "Your pieces hang together by corners. Neighbours are up, down, left and right.": _pieces(
            diagonal=True
        ),
        "You keep a piece of exactly min_area pixels. It must have more.": _pieces(
            large=lambda area, least: area >= least
        ),
        "You keep small pieces: min_area is not used.": _pieces(large=lambda area, least: area > 0),
        "You keep the small pieces and drop the large ones.": _pieces(
            large=lambda area, least: area <= least
        ),
        "Your numbers have gaps: number the pieces that stay, 1, 2, and so on.": _pieces(number="all"),
        "You drop small pieces before the opening, which makes new small ones. Drop them after it.": (
            _limit_before
        ),
        "Your numbers begin at 0. That is where no piece is; pieces are 1, 2, and so on.": _from_zero,
        "All your pieces have one number. Each piece gets its own: 1, 2, ...": lambda region, min_area: (
            open_and_number(region, min_area) > 0
        ),
    },
)


# ---- 06.3


def _ranked(order, count=lambda n: n, numbered="rank", also_zero=False, start=1):
    """Return a wrong `keep_largest`: another order, number of objects, or way to number them."""

    def wrong(objects, n):
        numbers, areas = np.unique(objects if also_zero else objects[objects > 0], return_counts=True)
        kept = numbers[order(areas)][: count(n)]
        kept = np.sort(kept) if numbered == "old order" else kept
        out = np.zeros_like(objects)
        for new, old in enumerate(kept, start=start):
            out[objects == old] = old if numbered == "old" else new
        return out

    return wrong


def _falling(areas):
    return np.argsort(-areas, kind="stable")


def _zero_is_one_of_them(objects, n):
    out = _ranked(_falling, also_zero=True)(objects, n)
    return np.where(objects == 0, 0, out)


def _object_inputs():
    small = np.array([[1, 1, 2, 2, 0], [1, 3, 2, 2, 0], [3, 3, 3, 2, 0], [3, 0, 4, 4, 0]])
    ties = np.array([[1, 1, 0, 2, 2], [3, 3, 3, 0, 0], [4, 4, 5, 5, 5], [6, 0, 0, 0, 0]])
    gaps = np.array([[9, 9, 9, 0], [4, 7, 7, 0], [4, 7, 7, 0], [2, 0, 0, 0]])
    rows = ((small, 2), (small, 1), (ties, 3), (ties, 4), (gaps, 2), (gaps, 9))
    return [{"objects": objects, "n": n} for objects, n in rows]


LARGEST = Task(
    name="06.3",
    title="at most K objects",
    function=keep_largest,
    inputs=_object_inputs,
    hints=(
        "0 is no object, however many pixels it has. Of the others you need numbers and areas; np.unique "
        "gives both with return_counts=True.",
        'np.argsort of the negative areas gives the largest first. With kind="stable" equal areas stay in '
        "the order they came in, which is that of their numbers.",
        "Start with zeros and write 1 where the largest object is, 2 where the next one is, until n are "
        "written. Slicing with [:n] does no harm if there are fewer.",
    ),
    mistakes={
        "You let 0 take part. It stands for uncertain pixels and is no object.": _ranked(
            _falling, also_zero=True
        ),
        "0 takes one of the n places. Leave the uncertain pixels out before you count.": _zero_is_one_of_them,
        "You keep the smallest objects. Sort by falling area.": _ranked(
            lambda areas: np.argsort(areas, kind="stable")
        ),
        "Your objects keep their old numbers. The largest becomes 1, the next one 2.": _ranked(
            _falling, numbered="old"
        ),
        "You number those kept in their old order. The largest becomes 1, the next one 2.": _ranked(
            _falling, numbered="old order"
        ),
        "At equal areas you take the higher number first. The lower one goes first.": _ranked(
            lambda areas: np.argsort(areas, kind="stable")[::-1]
        ),
        "You keep the first n numbers. Keep those with the largest areas.": _ranked(
            lambda areas: np.arange(len(areas))
        ),
        "You keep one object too many.": _ranked(_falling, lambda n: n + 1),
        "You keep one object too few.": _ranked(_falling, lambda n: n - 1),
        "You keep all objects: n is not used.": _ranked(_falling, lambda n: None),
        "You number from 0, so the largest object becomes uncertain. Begin with 1.": _ranked(
            _falling, start=0
        ),
        "You return where the kept objects are. Number them: 1, 2, and so on.": lambda objects, n: (
            keep_largest(objects, n) > 0
        ),
        "You return the n areas. Return the map with the objects that have them.": lambda objects, n: np.sort(
            np.unique(objects[objects > 0], return_counts=True)[1]
        )[::-1][:n],
    },
)

TASKS = (SMALLEST, PIECES, LARGEST)
