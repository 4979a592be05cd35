"""The exercises of lesson 09: the best click, the IoU that superpixels allow, weights from clicks."""

import numpy as np

from spamlab.exercises.exercise import Task


def best_click(inside, outside, picked):
    """Return whose click raises IoU most, -1 if none; pixels inside and outside the object, picked: (K,)."""
    ### BEGIN SOLUTION
    area = inside.sum()
    now = inside[picked].sum() / (area + outside[picked].sum())
    change = np.where(picked, -1, 1)  # a second click takes a superpixel back
    shared = inside[picked].sum() + change * inside
    union = area + outside[picked].sum() + change * outside
    ious = shared / union
    return ious.argmax() if ious.max() > now else -1
    ### END SOLUTION


def reachable(regions, target):
    """Return the best IoU of whole superpixels, regions (H, W) from 0 on, with an object (H, W) of bool."""
    ### BEGIN SOLUTION
    size = np.bincount(regions.ravel())
    inside = np.bincount(regions[target], minlength=len(size))
    order = np.argsort(-inside / size)
    shared = np.cumsum(inside[order])
    union = target.sum() + np.cumsum((size - inside)[order])
    return (shared / union).max()
    ### END SOLUTION


def weights_of(clicks, objects):
    """Return (n,): clicks (m, 3) of row, col, +1 to double or -1 to halve; objects (H, W), 0 = uncertain."""
    ### BEGIN SOLUTION
    power = np.zeros(objects.max())
    rows, cols = np.nonzero(objects)
    for row, col, step in clicks:
        near = ((rows - row) ** 2 + (cols - col) ** 2).argmin()
        power[objects[rows[near], cols[near]] - 1] += step
    return 2.0**power
    ### END SOLUTION


# ---- 09.1


def _ious(inside, outside, picked, back=-1):
    """Return the IoU after each click, and that of now; `back` is what a click on a picked one counts."""
    change, shared = np.where(picked, back, 1), inside[picked].sum()
    union = inside.sum() + outside[picked].sum()
    return (shared + change * inside) / (union + change * outside), shared / union


def _highest(score):
    """Return a wrong answer: the superpixel not yet picked with the highest score, whatever the IoU."""
    return lambda inside, outside, picked: np.where(picked, -np.inf, score(inside, outside)).argmax()


def _only_adding(inside, outside, picked):
    ious, now = _ious(inside, outside, picked)
    ious = np.where(picked, 0, ious)
    return ious.argmax() if ious.max() > now else -1


def _picked_again(inside, outside, picked):
    ious, now = _ious(inside, outside, picked, back=1)
    return ious.argmax() if ious.max() > now else -1


def _ends(answer):
    """Return a wrong answer: another number where no click raises the IoU."""

    def wrong(inside, outside, picked):
        ious, now = _ious(inside, outside, picked)
        return ious.argmax() if ious.max() > now else answer(ious)

    return wrong


def _alone(inside, outside, picked):
    return best_click(inside, outside, np.zeros_like(picked))


def _recall(inside, outside, picked):
    """Divide by the object instead of the union: whatever shares a pixel raises it."""
    left = np.where(picked, 0, inside)
    return left.argmax() if left.any() else -1


def _precision(inside, outside, picked):
    change, shared, size = np.where(picked, -1, 1), inside[picked].sum(), inside + outside
    taken = size[picked].sum()
    after = (shared + change * inside) / np.maximum(taken + change * size, 1)
    return after.argmax() if after.max() > shared / max(taken, 1) else -1


def _accuracy(inside, outside, picked):
    """Raise the number of pixels that are right, instead of the IoU."""
    gain = np.where(picked, -1, 1) * (inside - outside)
    return gain.argmax() if gain.max() > 0 else -1


def _lowest(inside, outside, picked):
    ious, now = _ious(inside, outside, picked)
    return ious.argmin() if ious.max() > now else -1


def _click_inputs():
    rows = (
        ([6, 3, 5], [20, 0, 6], [0, 0, 0]),
        ([6, 3, 5], [20, 0, 6], [0, 1, 0]),
        ([12, 9, 8, 7, 0], [30, 2, 1, 0, 9], [1, 1, 1, 0, 0]),
        ([12, 9, 8, 7, 0], [30, 2, 1, 0, 9], [1, 1, 1, 1, 0]),  # the first must go
        ([12, 9, 8, 7, 0], [30, 2, 1, 0, 9], [0, 1, 1, 1, 0]),  # the end
        ([10, 40, 0, 22], [0, 35, 17, 8], [0, 0, 1, 0]),  # one was picked by mistake
        ([10, 40, 0, 22], [0, 45, 17, 8], [1, 0, 0, 1]),
        ([5, 8], [0, 7], [1, 1]),
        ([10, 10], [5, 30], [1, 0]),
    )
    names = ("inside", "outside", "picked")
    return [dict(zip(names, (np.array(a), np.array(b), np.array(c, bool)), strict=True)) for a, b, c in rows]


CLICK = Task(
    name="09.1",
    title="the best superpixel to click next",
    function=best_click,
    inputs=_click_inputs,
    hints=(
        "IoU is the number of shared pixels divided by those of the union. Both change with a click: which "
        "of them by the pixels inside, which by those outside? The object has as many pixels as all "
        "superpixels have inside.",
        "Now: the picked ones share inside[picked].sum(); the union has the pixels of the object and "
        "those that the picked ones have outside. A click on superpixel k adds its numbers to both.",
        "A click on a picked superpixel takes its numbers away. np.where(picked, -1, 1) holds the signs; so "
        "all IoUs come out at once. Compare the highest with the IoU of now before you return its index.",
    ),
    mistakes={
        "You never take a superpixel back. A click on a picked one takes its pixels away.": _only_adding,
        "A click on a picked superpixel adds it once more in your code. It takes it back.": _picked_again,
        "You return a superpixel even where no click raises the IoU. Return -1 there.": _ends(np.argmax),
        "Where no click raises the IoU you return the number of superpixels. Return -1 there.": _ends(len),
        "You look at each superpixel alone. Those already picked count, too.": _alone,
        "You take the superpixel with most pixels inside. What lies outside enlarges the union.": _highest(
            lambda inside, outside: inside
        ),
        "You take the superpixel with the largest share inside. A small pure one raises the IoU little.": (
            _highest(lambda inside, outside: inside / (inside + outside))
        ),
        "You take the superpixel with fewest pixels outside. How many are inside counts, too.": _highest(
            lambda inside, outside: -outside
        ),
        "You divide by the pixels of the object. The union also has those picked outside of it.": _recall,
        "You divide by the picked pixels. The union also has those of the object not yet picked.": _precision,
        "You raise the number of right pixels. A pixel inside and one outside weigh differently in IoU.": (
            _accuracy
        ),
        "You return the click that lowers the IoU most. argmax finds the highest.": _lowest,
        "Your numbers are one too high: the first superpixel is 0.": lambda *given: best_click(*given) + 1,
    },
)


# ---- 09.2


def _counted(regions, target):
    size = np.bincount(regions.ravel())
    return np.bincount(regions[target], minlength=len(size)), size, int(target.sum())


def _of_set(taken):
    """Return a wrong answer: the IoU of one set of superpixels, the same rule for each of them."""

    def wrong(regions, target):
        inside, size, area = _counted(regions, target)
        chosen = taken(inside, size)
        return float(inside[chosen].sum() / (area + (size - inside)[chosen].sum()))

    return wrong


def _of_best_prefix(order=lambda inside, size: np.argsort(-inside / size, kind="stable"), score=None):
    """Return a wrong answer: another order, or another score than the IoU."""

    def wrong(regions, target):
        inside, size, area = _counted(regions, target)
        at = order(inside, size)
        shared, taken = np.cumsum(inside[at]), np.cumsum(size[at])
        ious = shared / (area + taken - shared) if score is None else score(shared, taken, area)
        return float(ious.max())

    return wrong


def _never_back(regions, target):
    inside, size, area = _counted(regions, target)
    chosen, best = np.zeros(len(size), bool), 0.0
    for _ in size:
        shared = inside[chosen].sum() + inside
        ious = np.where(chosen, 0, shared / (area + (size - inside)[chosen].sum() + size - inside))
        if ious.max() <= best:
            break
        best, chosen[ious.argmax()] = float(ious.max()), True
    return best


def _single(regions, target):
    inside, size, area = _counted(regions, target)
    return float((inside / (area + size - inside)).max())


def _region_inputs():
    def given(inside, outside):
        """Return superpixels side by side with these counts, in two rows."""
        counts = np.column_stack([inside, outside]).ravel()
        regions = np.repeat(np.arange(len(inside)), np.sum([inside, outside], axis=0))
        target = np.repeat(np.tile([True, False], len(inside)), counts)
        return {"regions": regions.reshape(2, -1), "target": target.reshape(2, -1)}

    return [
        given([4, 3, 0], [0, 2, 3]),
        given([3, 6, 3], [3, 2, 7]),
        given([9, 4, 4, 4], [21, 0, 0, 0]),  # the first pick is one to take back
        given([10, 5, 5, 4], [40, 0, 0, 0]),  # the largest must stay out
        given([5, 4, 1, 0], [6, 1, 3, 6]),  # more than half outside, and yet worth it?
        given([9, 2, 7, 0, 3], [11, 0, 2, 8, 4]),
        given([6], [4]),
        given([2, 3, 4], [9, 8, 10]),  # none is mostly inside
    ]


REACH = Task(
    name="09.2",
    title="IoU reachable with whole superpixels",
    function=reachable,
    inputs=_region_inputs,
    hints=(
        "Count the pixels of each superpixel, and those inside the object. A set of superpixels shares the "
        "sum of the latter; its union with the object is the object and the pixels that the set has outside.",
        "All sets are too many, but a best one holds the superpixels with the largest share inside: if one "
        "belongs to it, so does each with a larger share. Sort by the share, and try the first, the first "
        "two, the first three ...",
        "np.bincount(regions.ravel()) counts pixels, np.bincount(regions[target], minlength=...) those "
        "inside. np.cumsum of both in the order of the share gives the numbers of all these sets at once.",
    ),
    mistakes={
        "You take the superpixels that lie at least half inside. Fewer or more may be better: try each "
        "number, in the order of the share inside.": _of_set(lambda inside, size: 2 * inside >= size),
        "You take the superpixels that lie more than half inside. Fewer or more may be better: try each "
        "number, in the order of the share inside.": _of_set(lambda inside, size: 2 * inside > size),
        "You take all superpixels that touch the object. Those mostly outside may cost more than they add.": (
            _of_set(lambda inside, size: inside > 0)
        ),
        "You take only superpixels that lie wholly inside. Others may add more than they cost.": _of_set(
            lambda inside, size: inside == size
        ),
        "You end with all superpixels. Sort from the largest share down, and leave out those that cost more "
        "than they add.": _of_set(lambda inside, size: size > 0),
        "You take the best single superpixel. Several together reach more.": _single,
        "You sort by the number of pixels inside. A large superpixel brings many from outside, too: sort by "
        "the share.": _of_best_prefix(lambda inside, size: np.argsort(-inside, kind="stable")),
        "You sort by the number of pixels outside. Sort by the share inside.": _of_best_prefix(
            lambda inside, size: np.argsort(size - inside, kind="stable")
        ),
        "You do not sort: the first superpixels need not be the best. Sort by the share inside.": (
            _of_best_prefix(lambda inside, size: np.arange(len(size)))
        ),
        "You add one superpixel after the other and take none back. The first may do harm in the end.": (
            _never_back
        ),
        "You count shared pixels twice in the union. Subtract them, or add only those outside.": (
            _of_best_prefix(score=lambda shared, taken, area: shared / (area + taken))
        ),
        "You return twice the shared pixels over the sum of both areas: Dice. Divide by the union.": (
            _of_best_prefix(score=lambda shared, taken, area: 2 * shared / (area + taken))
        ),
        "You divide by the pixels of the object. The union also has those taken outside of it.": (
            _of_best_prefix(score=lambda shared, taken, area: shared / area)
        ),
        "You divide by the pixels taken. The union also has those of the object that are not taken.": (
            _of_best_prefix(score=lambda shared, taken, area: shared / taken)
        ),
    },
)


# ---- 09.3


def _squares(rows, cols):
    return rows**2 + cols**2


def _objects_of(clicks, objects, away=_squares):
    """Return the index of the object of each click."""
    rows, cols = np.nonzero(objects)
    nearest = [away(rows - row, cols - col).argmin() for row, col, _ in clicks]
    return objects[rows[nearest], cols[nearest]] - 1


def _with(weight=lambda steps: 2.0 ** sum(steps), away=_squares, found=None):
    """Return wrong weights: another rule for the clicks of one object, or another object."""

    def wrong(clicks, objects):
        at = _objects_of(clicks, objects, away) if found is None else found(clicks, objects)
        of_each = [clicks[at == k, 2] for k in range(objects.max())]
        return np.array([weight(steps) if len(steps) else 1.0 for steps in of_each])

    return wrong


def _one_after_the_other(clicks, objects):
    """Halve what is left of 1, instead of the weight."""
    weight = np.ones(objects.max())
    for k, step in zip(_objects_of(clicks, objects), clicks[:, 2], strict=True):
        weight[k] = weight[k] * 2 if step > 0 else weight[k] - 0.5
    return weight


def _ignored(clicks, objects):
    return objects[clicks[:, 0], clicks[:, 1]] - 1


def _last_object(clicks, objects):
    """Index with -1, where 0 is clicked."""
    return _ignored(clicks, objects) % objects.max()


def _turned(clicks, objects):
    return _objects_of(clicks[:, [1, 0, 2]], objects)


def _averaged(clicks, objects):
    weight = weights_of(clicks, objects)
    return weight / weight.mean()


def _others_shrink(clicks, objects):
    weight = weights_of(clicks, objects)
    return weight / weight.max()


def _weight_inputs():
    def given(clicks, objects):
        return {"clicks": np.array(clicks), "objects": np.array(objects)}

    thirds = [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 2, 2], [3, 3, 3, 3]]
    gap = np.zeros((6, 6), int)
    gap[:2, 1:4], gap[4:, :3], gap[1:5, 5] = 2, 1, 3
    far, near = np.zeros((2, 8, 8), int)
    far[0, 0] = near[1, 1] = 1  # from (3, 3): 3 rows and 3 columns away, 2 and 2 ...
    far[3, 7] = near[3, 6] = 2  # ... against 4 columns, 3 columns
    return [
        given([[0, 0, 1]], thirds),
        given([[0, 3, 1], [3, 0, -1], [1, 2, 1]], thirds),
        given([[0, 0, -1], [1, 1, -1], [3, 3, 1], [2, 0, 1], [0, 1, 1]], thirds),
        given([[0, 2, 1], [1, 5, 1], [5, 0, -1], [2, 5, 1]], gap),
        given([[2, 1, 1], [3, 4, -1], [5, 5, 1], [3, 1, -1], [2, 2, 1]], gap),  # between objects
        given([[3, 3, 1], [0, 0, -1]], far),
        given([[3, 3, 1], [3, 6, -1], [1, 1, 1], [3, 6, -1], [3, 6, -1]], near),
    ]


WEIGHTS = Task(
    name="09.3",
    title="weights from a click sequence",
    function=weights_of,
    inputs=_weight_inputs,
    hints=(
        "All weights begin at 1. Each click multiplies one of them by 2 or by 1/2. Try the inputs without 0 "
        "first: objects[row, col] is the object clicked, and its weight stands at this number minus 1.",
        "Where 0 is clicked, the nearest pixel above 0 tells the object: np.nonzero(objects) lists the rows "
        "and columns of all of them. The smallest squared distance of rows and columns finds it.",
        "Each weight is a power of 2: add up the +1 and -1 of each object, in a loop over the clicks. "
        "An array as index counts an object that occurs twice only once; a loop or np.add.at does not.",
    ),
    mistakes={
        "Of several clicks on one object only the last counts in your code. A list of objects as index does "
        "that, too: add one click after the other.": _with(lambda steps: 2.0 ** steps[-1]),
        "Of several clicks on one object only the first counts. Each doubles or halves.": _with(
            lambda steps: 2.0 ** steps[0]
        ),
        "You add the clicks to 1. Each multiplies the weight by 2 or by 1/2, so it stays above 0.": _with(
            lambda steps: 1.0 + sum(steps)
        ),
        "You return the sums of the clicks. The weight is 2 to the power of the sum.": lambda *given: np.log2(
            weights_of(*given)
        ),
        "You multiply by the number of clicks. Each doubles or halves: powers of 2.": _with(
            lambda steps: 2.0 * sum(steps) if sum(steps) > 0 else 0.5 * -sum(steps) if sum(steps) else 1.0
        ),
        "Your -1 takes a half away. It halves the weight.": _one_after_the_other,
        "Your -1 doubles, too. It halves the weight.": _with(lambda steps: 2.0 ** len(steps)),
        "Your -1 does nothing. It halves the weight.": _with(lambda steps: 2.0 ** (steps > 0).sum()),
        "You have doubling and halving the wrong way round.": _with(lambda steps: 2.0 ** -sum(steps)),
        "Clicks where the map is 0 do nothing in your code. They count for the nearest object.": _with(
            found=_ignored
        ),
        "Clicks where the map is 0 change the last object: index 0 - 1 is the last one. They count for the "
        "nearest object.": _with(found=_last_object),
        "You swap row and column: the first number of a click is the row.": _with(found=_turned),
        "You add the differences of row and column. The distance is their squares, added.": _with(
            away=lambda rows, cols: abs(rows) + abs(cols)
        ),
        "You take the larger of the differences of row and column. The distance is their squares, added.": (
            _with(away=lambda rows, cols: np.maximum(abs(rows), abs(cols)))
        ),
        "You divide by the mean. Return the weights as the clicks made them.": _averaged,
        "You divide by the largest. Return the weights as the clicks made them.": _others_shrink,
    },
)

TASKS = (CLICK, REACH, WEIGHTS)
