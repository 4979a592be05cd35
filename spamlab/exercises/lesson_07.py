"""The exercises of lesson 07: seeds shared out among objects, candidates of the same object, owners."""

from collections.abc import Callable

import numpy as np

from spamlab.exercises.exercise import Task


def share_out(areas, K):
    """Return (n,): K seeds shared out by areas (n,). Quotas below 1 become 1; then, largest remainders."""
    ### BEGIN SOLUTION
    small = np.zeros(len(areas), bool)
    for _ in areas:  # what the small ones take may push others below 1
        left, area = K - small.sum(), areas[~small].sum()
        small = left * areas < area
    seeds = np.where(small, 1, left * areas // area)
    remainders = np.where(small, -1, left * areas % area)
    seeds[np.argsort(-remainders, kind="stable")[: K - seeds.sum()]] += 1
    return seeds
    ### END SOLUTION


def same_object(seeds, owner):
    """Return (K, 9): the seeds (K, 2) nearest to each that have its owner (K,), itself first; -1 = none."""
    ### BEGIN SOLUTION
    slots = np.full((len(seeds), 9), -1)
    for k, seed in enumerate(seeds):
        mates = np.flatnonzero(owner == owner[k])
        away = ((seeds[mates] - seed) ** 2).sum(axis=1)
        listed = mates[np.argsort(away, kind="stable")[:9]]
        slots[k, : len(listed)] = listed
    return slots
    ### END SOLUTION


def owner_of_each(regions, objects, inherited):
    """Return (n,): for regions (H, W) from 0 on, the one object > 0 in each; if none, the most inherited."""
    ### BEGIN SOLUTION
    owner = np.zeros(regions.max() + 1, int)
    for k in range(len(owner)):
        sure = (regions == k) & (objects > 0)
        names = objects[sure] if sure.any() else inherited[regions == k]
        owner[k] = np.bincount(names).argmax()
    return owner
    ### END SOLUTION


# ---- 07.1


def _quotas(areas, K):
    """Return the quotas of all objects, with those below 1 raised to 1 and the others shared out again."""
    low = np.zeros(len(areas), bool)
    for _ in areas:
        quota = (K - low.sum()) * areas / areas[~low].sum()
        low = quota < 1
    return np.where(low, 1, quota)


def _proportional(areas, K):
    return K * areas / areas.sum()


def _one_round(areas, K):
    low = _proportional(areas, K) < 1
    return np.where(low, 1, (K - low.sum()) * areas / areas[~low].sum())


def _floor(quota):
    return np.floor(quota + 1e-9).astype(int)


def _filled(quotas=_quotas, order=lambda quota, areas: np.argsort(_floor(quota) - quota, kind="stable")):
    """Return a wrong budget: other quotas, or what is left goes to others."""

    def wrong(areas, K):
        quota = quotas(areas, K)
        seeds = _floor(quota)
        seeds[order(quota, areas)[: max(0, K - seeds.sum())]] += 1
        return seeds

    return wrong


def _not_shared_again(areas, K):
    """Raise quotas below 1, then add and take single seeds until the sum is right."""
    quota = _proportional(areas, K)
    seeds = np.maximum(1, _floor(quota))
    while seeds.sum() > K:
        seeds[np.argmin(np.where(seeds > 1, quota - seeds, np.inf))] -= 1
    while seeds.sum() < K:
        seeds[np.argmax(quota - seeds)] += 1
    return seeds


def _taken_from_the_largest(areas, K):
    seeds = np.maximum(1, _filled(_proportional)(areas, K))
    seeds[np.argmax(areas)] -= seeds.sum() - K
    return seeds


def _one_each_first(areas, K):
    return 1 + _filled(_proportional)(areas, K - len(areas))


def _all_to_the_largest(areas, K):
    seeds = _floor(_quotas(areas, K))
    seeds[np.argmax(areas)] += K - seeds.sum()
    return seeds


def _evenly(areas, K):
    return K // len(areas) + (np.arange(len(areas)) < K % len(areas))


def _area_inputs():
    rows = (
        ([20, 50, 30], 9),  # quotas 1.8, 4.5, 2.7
        ([10, 10, 10, 10], 6),  # a tie
        ([600, 300, 10, 10, 10, 10], 9),
        ([1, 2, 78, 22, 129, 44], 8),  # the last has a quota above 1 until the small ones have theirs
        ([240, 19, 8, 133], 20),  # a small one just below 1
        ([5, 90, 1, 4], 4),
        ([37], 5),
    )
    return [{"areas": np.array(areas), "K": K} for areas, K in rows]


BUDGET = Task(
    name="07.1",
    title="seeds for each object",
    function=share_out,
    inputs=_area_inputs,
    hints=(
        "A quota is the share of the area times the seeds there are: 4.5 of 9 for half of the area. Begin "
        "with inputs where no quota is below 1: whole parts first, then one more for the largest remainders.",
        "An object with a quota below 1 gets 1 and leaves, with its seed and its area. The others share out "
        "what is left, by new quotas. Again one of them may be below 1: repeat until none is.",
        "left seeds, and the area of those that remain: the quota is left * areas / area. In whole numbers "
        "// gives its whole part and % what remains, without rounding errors. np.argsort of the negative "
        'remainders with kind="stable" puts the first object first in a tie.',
    ),
    mistakes={
        "You cut the quotas off and stop there. The seeds left over go to the largest remainders.": (
            lambda areas, K: _floor(_quotas(areas, K))
        ),
        "You cut the first quotas off and raise them to 1, and stop there. The sum must be K.": (
            lambda areas, K: np.maximum(1, _floor(_proportional(areas, K)))
        ),
        "You round each quota, so the seeds need not sum to K. Take whole parts, then share out the rest.": (
            lambda areas, K: np.rint(_quotas(areas, K)).astype(int)
        ),
        "You round each quota up: more than K seeds come out.": lambda areas, K: np.ceil(
            _proportional(areas, K) - 1e-9
        ).astype(int),
        "Small objects get no seed in your code. A quota below 1 becomes 1.": _filled(_proportional),
        "You raise small quotas to 1 and take nothing from the others: more than K seeds come out.": (
            lambda areas, K: np.maximum(1, _filled(_proportional)(areas, K))
        ),
        "You take what small objects need from the others seed by seed. That bends their proportion: without "
        "the small ones, share out the seeds left by new quotas.": _not_shared_again,
        "The largest object alone pays for the small ones. All others share the seeds left, by new quotas.": (
            _taken_from_the_largest
        ),
        "You share out again once. The new quotas may be below 1, too: repeat until none is.": _filled(
            _one_round
        ),
        "You give one seed to each and share out the others. Small objects then get more than their quota.": (
            _one_each_first
        ),
        "What is left goes to the first objects in your code. It goes to the largest remainders.": _filled(
            order=lambda quota, areas: np.arange(len(areas))
        ),
        "What is left goes to the largest objects in your code. It goes to the largest remainders.": _filled(
            order=lambda quota, areas: np.argsort(-areas, kind="stable")
        ),
        "What is left goes to the largest object alone. Give one each, to the largest remainders.": (
            _all_to_the_largest
        ),
        "What is left goes to the smallest remainders in your code. Turn the order round.": _filled(
            order=lambda quota, areas: np.argsort(quota - _floor(quota), kind="stable")
        ),
        "At equal remainders the last object wins in your code. The first one does.": _filled(
            order=lambda quota, areas: np.argsort(quota - _floor(quota), kind="stable")[::-1]
        ),
        "You share out evenly. Seeds are given in proportion to the areas.": _evenly,
        "You return the quotas. Seeds are whole numbers.": _quotas,
    },
)


# ---- 07.2


def _squares(seeds):
    return ((seeds[:, None] - seeds) ** 2).sum(axis=2)


def _sums(seeds):
    return np.abs(seeds[:, None] - seeds).sum(axis=2)


def _maxima(seeds):
    return np.abs(seeds[:, None] - seeds).max(axis=2)


def _nearest(away: Callable = _squares, start: int = 0, later_first: bool = False, n: int = 9) -> Callable:
    """Return a wrong row of candidates: another distance, without itself, other ties, other length."""

    def row(seeds, owner, k):
        mates = np.flatnonzero(owner == owner[k])[:: -1 if later_first else 1]
        return mates[np.argsort(away(seeds)[k, mates], kind="stable")][start : start + n]

    return row


_right = _nearest()


def _of_any(seeds, owner, k):
    return _right(seeds, np.zeros_like(owner), k)


def _dropped(seeds, owner, k):
    found = _of_any(seeds, owner, k)
    return found[owner[found] == owner[k]]


def _dropped_in_place(seeds, owner, k):
    found = _of_any(seeds, owner, k)
    return np.where(owner[found] == owner[k], found, -1)


def _others_too(seeds, owner, k):
    """List those of the same object first, then fill up with others."""
    order = np.lexsort((_squares(seeds)[k], owner != owner[k]))
    return order[:9]


def _first_nine(seeds, owner, k):
    return np.flatnonzero(owner == owner[k])[:9]


def _by_place(seeds, owner, k):
    return np.searchsorted(np.flatnonzero(owner == owner[k]), _right(seeds, owner, k))


def _farthest(seeds, owner, k):
    return _nearest(lambda seeds: -_squares(seeds))(seeds, owner, k)


def _table(row: Callable, empty: Callable = lambda k: -1, n: int = 9, add: int = 0) -> Callable:
    """Return a wrong `same_object` that lists `row` for each seed."""

    def wrong(seeds, owner):
        slots = np.array([np.full(n, empty(k)) for k in range(len(seeds))])
        for k in range(len(seeds)):
            listed = row(seeds, owner, k)
            slots[k, : len(listed)] = listed + add
        return slots

    return wrong


def _distances(seeds, owner):
    found = same_object(seeds, owner)
    return np.where(found < 0, -1, np.sqrt(_squares(seeds)[np.arange(len(seeds))[:, None], found]))


def _seed_inputs():
    few = np.array([[2, 2], [2, 6], [5, 2], [7, 7], [3, 3]]), np.array([1, 1, 2, 1, 2])
    grid = np.stack(np.meshgrid(np.arange(2, 20, 5), np.arange(1, 28, 6), indexing="ij"), axis=-1)
    even = grid.reshape(-1, 2), np.array([1, 1, 1, 2, 2] * 4)
    rng = np.random.default_rng(7)
    free = rng.permutation(30 * 40)[:26]
    made = np.column_stack(np.divmod(free, 40)), np.sort(rng.integers(1, 4, 26))
    mixed = even[0][::-1].copy(), np.array([4, 4, 4, 4, 4, 1, 4, 4, 4, 4, 1, 4, 4, 2, 4, 4, 4, 4, 2, 4])
    return [{"seeds": seeds, "owner": owner} for seeds, owner in (few, even, made, mixed)]


CANDIDATES = Task(
    name="07.2",
    title="candidates of the same object",
    function=same_object,
    inputs=_seed_inputs,
    hints=(
        "Go seed by seed. First, which seeds belong to the same object? Only among those, which are nearest?",
        "np.flatnonzero(owner == owner[k]) lists the seeds of the object. Squared distances sort as well as "
        'distances do, and np.argsort with kind="stable" keeps the order of the numbers in a tie.',
        "Begin with a table full of -1, nine slots per seed. A seed is at distance 0 from itself, so sorting "
        "puts it first. Write the sorted list into the first slots of its row: it may be shorter than nine.",
    ),
    mistakes={
        "Your candidates may belong to other objects: owner is not used.": _table(_of_any),
        "You take the nine nearest of any object and drop the others. Take nine of the same object.": _table(
            _dropped
        ),
        "You take the nine nearest of any object and empty the slots of others. Look at the object first.": (
            _table(_dropped_in_place)
        ),
        "Where an object has fewer than nine seeds, you fill up with others. Empty slots are -1.": _table(
            _others_too
        ),
        "You leave out the seed itself. It comes first.": _table(_nearest(start=1)),
        "You list eight others and itself: ten slots. Itself is one of the nine.": _table(
            _nearest(n=10), n=10
        ),
        "You list eight. Nine slots: itself and eight others.": _table(_nearest(n=8), n=8),
        "Only eight of your slots are ever used. Itself is one of nine.": _table(_nearest(n=8)),
        "You fill empty slots with the seed itself. It would then weigh more than once: write -1.": _table(
            _right, empty=lambda k: k
        ),
        "You fill empty slots with 0, and 0 is a seed. Write -1.": _table(_right, empty=lambda k: 0),
        "At equal distances you list the higher number first. The lower one goes first.": _table(
            _nearest(later_first=True)
        ),
        "Your rows are sorted by number. Sort them by distance, the seed itself first.": _table(
            lambda seeds, owner, k: np.sort(_right(seeds, owner, k))
        ),
        "You list the first nine of the object. List the nearest nine.": _table(_first_nine),
        "You list the farthest. Sort by rising distance.": _table(_farthest),
        "You add the differences of row and column. Take the straight distance: add their squares.": _table(
            _nearest(_sums)
        ),
        "You take the larger difference of row and column. Take the straight distance: add squares.": _table(
            _nearest(_maxima)
        ),
        "Your numbers count within the object. Return those of the whole list: look them up in it.": _table(
            _by_place
        ),
        "Your numbers are one too high. The first seed is 0.": _table(_right, add=1),
        "You return distances. Return the numbers of the seeds.": _distances,
    },
)


# ---- 07.3


def _each(choose: Callable) -> Callable:
    """Return a wrong owner of each superpixel: `choose` sees its objects and what its pixels inherited."""

    def wrong(regions, objects, inherited):
        parts = [regions == k for k in range(regions.max() + 1)]
        return np.array([choose(objects[part], inherited[part]) for part in parts])

    return wrong


def _most(numbers):
    return np.bincount(numbers).argmax() if len(numbers) else 0


def _last_of_most(numbers):
    votes = np.bincount(numbers)
    return np.flatnonzero(votes == votes.max())[-1]


def _unless_sure(choose: Callable) -> Callable:
    """Return a wrong owner: `choose` sees what was inherited by superpixels without certain pixels."""
    return _each(lambda found, given: found.max() or choose(given))


def _owner_inputs():
    regions = np.array([[0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2], [3, 3, 3, 3, 2, 2]])
    objects = np.array([[1, 1, 0, 0, 2, 2], [1, 0, 0, 0, 2, 2], [1, 0, 0, 0, 2, 2]])
    inherited = np.array([[1, 1, 1, 2, 2, 2], [1, 2, 2, 2, 2, 2], [1, 2, 2, 2, 2, 2]])
    first = regions, objects, inherited
    regions = np.repeat([[0, 1, 2, 3, 4]], [2, 2, 2, 2, 2], axis=1).repeat(2, axis=0)
    objects = np.array([[0, 0, 0, 5, 0, 0, 0, 0, 3, 3], [0, 0, 0, 0, 0, 0, 0, 0, 0, 3]])
    inherited = np.array([[5, 3, 1, 5, 4, 5, 1, 4, 3, 3], [3, 5, 1, 1, 5, 2, 4, 4, 1, 3]])
    rng = np.random.default_rng(7)
    whole = rng.integers(1, 5, 12)
    many = rng.permutation(np.arange(84) % 12).reshape(7, 12)
    sure = np.where((rng.random((7, 12)) < 0.3) & (many < 8), whole[many], 0)
    rest = np.where(sure > 0, sure, rng.integers(1, 5, (7, 12)))
    rows = (first, (regions, objects, inherited), (many, sure, rest))
    return [dict(zip(("regions", "objects", "inherited"), row, strict=True)) for row in rows]


OWNERS = Task(
    name="07.3",
    title="the owner of each superpixel",
    function=owner_of_each,
    inputs=_owner_inputs,
    hints=(
        "Two cases for each superpixel. If one of its pixels is certain, that object owns it, whatever the "
        "others inherited. If none is, its pixels vote.",
        "objects[(regions == k) & (objects > 0)] are the certain pixels of superpixel k. All of them name "
        "the same object. It may be an empty list.",
        "np.bincount counts how often each number occurs, and argmax of that is the number that occurs most, "
        "the lower one in a tie.",
    ),
    mistakes={
        "You let certain and uncertain pixels vote together. One certain pixel outvotes all others.": _each(
            lambda found, given: _most(given)
        ),
        "You let 0 vote. It stands for uncertain pixels and is no object.": _each(
            lambda found, given: _most(found)
        ),
        "Superpixels without certain pixels stay 0. There, what their pixels inherited decides.": _each(
            lambda found, given: found.max()
        ),
        "Superpixels without certain pixels are -1 in your code. There, what pixels inherited decides.": (
            _unless_sure(lambda given: -1)
        ),
        "At equal votes the higher number wins in your code. The lower one does.": _unless_sure(
            _last_of_most
        ),
        "Without certain pixels you take what the first pixel inherited. Let all of them vote.": (
            _unless_sure(lambda given: given[0])
        ),
        "Without certain pixels you take the lowest number inherited. Take the one that occurs most.": (
            _unless_sure(np.min)
        ),
        "Without certain pixels you take the highest number inherited. Take the one that occurs most.": (
            _unless_sure(np.max)
        ),
        "You average the numbers of objects. They are names: take the one that occurs most.": _unless_sure(
            lambda given: round(given.mean())
        ),
        "You take the object of the first pixel. Look at all of them: certain ones first.": _each(
            lambda found, given: found[0] or given[0]
        ),
        "You return one number per pixel. Return one per superpixel, (n,).": lambda regions, *others: (
            owner_of_each(regions, *others)[regions]
        ),
        "Your numbers are one too low: index 0 of the counts belongs to object 0.": lambda *given: (
            owner_of_each(*given) - 1
        ),
        "You return how many pixels vote for the winner. Return its number.": _each(
            lambda found, given: np.bincount(found[found > 0] if found.any() else given).max()
        ),
        "You return which superpixels have certain pixels. Return which object owns them.": _each(
            lambda found, given: found.any()
        ),
    },
)

TASKS = (BUDGET, CANDIDATES, OWNERS)
