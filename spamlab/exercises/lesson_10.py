"""The exercises of lesson 10: the band in doubt, the vote of certain pixels, mIoU near borders."""

from collections.abc import Callable

import numpy as np

from spamlab.exercises.exercise import Task


def in_doubt(classes, side):
    """Return (H, W) bool: two classes lie within side x side pixels around a pixel. 255 is no class."""
    ### BEGIN SOLUTION
    known, r = classes != 255, side // 2
    low = np.pad(classes, r, constant_values=255)
    high = np.pad(np.where(known, classes, -1), r, constant_values=-1)
    low, high = (np.lib.stride_tricks.sliding_window_view(each, (side, side)) for each in (low, high))
    return known & (low.min(axis=(2, 3)) < high.max(axis=(2, 3)))
    ### END SOLUTION


def elect(labels, classes, certain):
    """Return (n,): the class of each of n superpixels by a vote of its certain pixels; of all if none is."""
    ### BEGIN SOLUTION
    elected = []
    for number in range(labels.max() + 1):
        inside = (labels == number) & (classes != 255)
        sure = inside & certain
        votes = classes[sure if sure.any() else inside]
        elected.append(np.bincount(votes).argmax() if votes.size else 255)
    return np.array(elected)
    ### END SOLUTION


def miou_near(found, truth, distance, width):
    """Return the mean IoU of a set of pictures (n, H, W), of the pixels nearer to a border than width."""
    ### BEGIN SOLUTION
    counted = (distance < width) & (truth != 255)
    found, truth = found[counted], truth[counted]
    shares = []
    for number in np.union1d(found, truth):
        a, b = found == number, truth == number
        shares.append((a & b).sum() / (a | b).sum())
    return np.mean(shares)
    ### END SOLUTION


# ---- 10.1


def _classes_in(classes, places, wrap: bool = False):
    """Return the classes at places (row, col) around each pixel, (places, H, W); -1 = none."""
    known = np.where(classes == 255, -1, classes)
    if wrap:
        return np.stack([np.roll(known, (-row, -col), (0, 1)) for row, col in places])
    reach = max(max(abs(row), abs(col)) for row, col in places)
    wide, (height, width) = np.pad(known, reach, constant_values=-1), classes.shape
    starts = [(reach + row, reach + col) for row, col in places]
    return np.stack([wide[row : row + height, col : col + width] for row, col in starts])


def _several(seen):
    """Tell where at least two classes are seen; -1 is none."""
    return np.where(seen < 0, 256, seen).min(axis=0) < seen.max(axis=0)


def _square(low, high):
    return [(row, col) for row in range(low, high + 1) for col in range(low, high + 1)]


def _around(places: Callable) -> Callable:
    """Return a wrong band: a window of another form; `places` takes its side."""
    return lambda classes, side: (classes != 255) & _several(_classes_in(classes, places(side)))


def _form(inside: Callable) -> Callable:
    """Return the places of a square window that also lie inside another form."""

    def places(side):
        r = side // 2
        return [place for place in _square(-r, r) if inside(*np.abs(place), r)]

    return _around(places)


def _outside_counts(classes, side):
    r, (height, width) = side // 2, classes.shape
    wide = np.pad(classes, r)  # class 0 outside
    windows = [wide[r + y : r + y + height, r + x : r + x + width] for y, x in _square(-r, r)]
    return (classes != 255) & _several(np.where(np.stack(windows) == 255, -1, windows))


def _inside_alone(classes, side):
    """Give up where the window leaves the picture."""
    r, doubt = side // 2, in_doubt(classes, side)
    kept = np.zeros_like(doubt)
    inner = np.s_[r : doubt.shape[0] - r, r : doubt.shape[1] - r]
    kept[inner] = doubt[inner]
    return kept


def _wrapped(classes, side):
    r = side // 2
    return (classes != 255) & _several(_classes_in(classes, _square(-r, r), wrap=True))


def _also_unknown(classes, side):
    r = side // 2
    return _several(_classes_in(classes, _square(-r, r)))


def _with_255(keep_unknown: bool) -> Callable:
    """Return a wrong band: 255 is a class as any other."""

    def wrong(classes, side):
        r = side // 2
        shifted = np.where(classes == 255, 99, classes)
        return ((classes != 255) | keep_unknown) & _several(_classes_in(shifted, _square(-r, r)))

    return wrong


def _band_inputs():
    step = np.repeat([[0, 0, 0, 0, 3, 3, 3, 3]], 3, axis=0)
    corner = np.zeros((9, 10), int)
    corner[6:, 7:] = 12
    line = np.full((8, 9), 7)
    line[:, 4] = 255
    line[0, 5:], line[6:, :3] = 2, 5
    mixed = np.full((10, 12), 4)
    mixed[2:5, 3:8], mixed[4:7, 7:9], mixed[8:, 10:] = 9, 255, 1
    lonely = np.full((7, 7), 255)
    lonely[3, 3], lonely[0, 0] = 5, 2
    rows = ((step, 3), (corner, 5), (line, 3), (mixed, 5), (mixed, 3), (lonely, 5), (corner, 7), (line, 1))
    return [{"classes": classes, "side": side} for classes, side in rows]


BAND = Task(
    name="10.1",
    title="the band in doubt",
    function=in_doubt,
    inputs=_band_inputs,
    hints=(
        "A window holds two classes if the lowest number in it is not the highest. 255 must be neither, and "
        "a pixel of 255 is never in doubt: nothing is known there.",
        "Two maps: one where 255 cannot win the minimum, one where it cannot win the maximum; it is the "
        "largest number already. np.pad does the same for what lies outside the picture.",
        "np.lib.stride_tricks.sliding_window_view(wide, (side, side)) holds all windows, (H, W, side, side), "
        "if the map was widened by side // 2 on each side. Or walk over the pixels with two loops, with "
        "max(0, row - side // 2) as the first row of a window.",
    ),
    mistakes={
        "255 counts as a class in your code. It stands for pixels of which nothing is known.": (
            _with_255(False)
        ),
        "255 counts as a class in your code, and its own pixels are in doubt.": _with_255(True),
        "Pixels of 255 are in doubt in your code. Nothing is known there, so nothing is to be refined.": (
            _also_unknown
        ),
        "You found the certain pixels. Turn it round.": lambda classes, side: (
            (classes != 255) & ~in_doubt(classes, side)
        ),
        "You compare with the four neighbours alone. The window is side x side pixels.": _around(
            lambda side: [(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)]
        ),
        "You compare with the pixels of the same row and column. The window is a square.": _form(
            lambda row, col, r: row == 0 or col == 0
        ),
        "Your window is a disc. It is a square.": _form(lambda row, col, r: row**2 + col**2 <= r**2),
        "Your window is a diamond. It is a square.": _form(lambda row, col, r: row + col <= r),
        "Your window reaches side pixels to each direction. It is side pixels wide: side // 2 to each.": (
            _around(lambda side: _square(-side, side))
        ),
        "Your window begins at the pixel. The pixel is its middle.": _around(
            lambda side: _square(0, side - 1)
        ),
        "Your window lacks its last row and column: a slice ends before its end. Add 1.": _around(
            lambda side: _square(-(side // 2), max(0, side // 2 - 1))
        ),
        "Your window leaves the picture at one side and comes back at the other, as np.roll does. Cut it "
        "off.": _wrapped,
        "What lies outside the picture counts as class 0 in your code. Cut the window off there.": (
            _outside_counts
        ),
        "No pixel is in doubt where the window leaves the picture. Cut the window off there.": _inside_alone,
    },
)


# ---- 10.2


def _voting(voters: Callable, nobody: int = 255, choose: Callable | None = None) -> Callable:
    """Return a wrong election: other pixels vote, or the votes are counted in another way."""
    choose = choose or (lambda votes: np.bincount(votes).argmax())

    def wrong(labels, classes, certain):
        elected = []
        for number in range(labels.max() + 1):
            votes = classes[voters(labels == number, classes != 255, certain)]
            elected.append(choose(votes) if votes.size else nobody)
        return np.array(elected)

    return wrong


def _right(own, known, certain):
    sure = own & known & certain
    return sure if sure.any() else own & known


def _sure_of_255(own, known, certain):
    """Ask whether there are certain pixels before those of 255 are left out."""
    return own & known & certain if (own & certain).any() else own & known


def _doubtful(own, known, certain):
    doubt = own & known & ~certain
    return doubt if doubt.any() else own & known


def _highest(votes):
    counts = np.bincount(votes)
    return len(counts) - 1 - counts[::-1].argmax()


def _twice(labels, classes, certain):
    elected = []
    for number in range(labels.max() + 1):
        inside = (labels == number) & (classes != 255)
        votes = np.concatenate([classes[inside], classes[inside & certain]])
        elected.append(np.bincount(votes).argmax() if votes.size else 255)
    return np.array(elected)


def _vote_inputs():
    labels = np.array([[0, 0, 1, 1, 1], [0, 0, 1, 2, 2], [3, 3, 3, 2, 2]])
    classes = np.array([[1, 1, 0, 4, 4], [1, 0, 0, 4, 0], [6, 255, 2, 4, 4]])
    certain = np.array([[0, 0, 1, 0, 0], [0, 1, 0, 1, 1], [0, 0, 0, 1, 0]], bool)
    rng = np.random.default_rng(10)
    many = rng.permutation(np.arange(80) % 6).reshape(8, 10)
    guesses = rng.integers(0, 4, (8, 10)) * 3
    guesses[rng.random((8, 10)) < 0.2] = 255
    empty, ties = np.where(many == 2, 255, guesses), np.arange(24).reshape(4, 6) % 4
    rows = (
        (labels, classes, certain),
        (many, guesses, rng.random((8, 10)) < 0.3),
        (many, empty, (many % 2 == 0) & (rng.random((8, 10)) < 0.5)),
        (np.arange(24).reshape(4, 6) // 12, np.where(ties > 2, 15, ties), np.ones((4, 6), bool)),
        (np.arange(24).reshape(4, 6) // 8, ties[:, ::-1] + 2, np.zeros((4, 6), bool)),
        (np.array([[0, 0, 0, 1]]), np.array([[255, 8, 8, 255]]), np.array([[1, 0, 0, 1]], bool)),
    )
    return [dict(zip(("labels", "classes", "certain"), row, strict=True)) for row in rows]


VOTE = Task(
    name="10.2",
    title="the vote of certain pixels",
    function=elect,
    inputs=_vote_inputs,
    hints=(
        "One superpixel after the other. Who votes? Its certain pixels; if there are none, all its pixels. "
        "255 is no class and never votes.",
        "Masks are joined by &: labels == number, classes != 255, certain. Ask mask.any() only after 255 is "
        "left out: a certain pixel of 255 is no voter.",
        "np.bincount counts votes, and argmax takes the lowest class in a tie. Of no votes at all it knows "
        "nothing: such a superpixel gets 255.",
    ),
    mistakes={
        "All pixels vote in your code. Where certain ones exist, they alone decide.": _voting(
            lambda own, known, certain: own & known
        ),
        "255 votes in your code. It is no class.": _voting(
            lambda own, known, certain: own & certain if (own & certain).any() else own
        ),
        "You ask whether pixels are certain before you leave out 255. Then those of 255 keep others from "
        "voting.": _voting(_sure_of_255),
        "Superpixels without certain pixels get no class in your code. There all of their pixels vote.": (
            _voting(lambda own, known, certain: own & known & certain)
        ),
        "Doubtful pixels decide in your code. Certain ones do.": _voting(_doubtful),
        "Certain pixels have two votes in your code, and the others one. Where a certain one exists, the "
        "others have none.": _twice,
        "You take the highest class in a tie. Take the lowest.": _voting(_right, choose=_highest),
        "You take the mean of the class numbers. They are names: count votes.": _voting(
            _right, choose=lambda votes: int(np.round(votes.mean()))
        ),
        "You take the median of the class numbers. They are names: count votes.": _voting(
            _right, choose=lambda votes: int(np.median(votes))
        ),
        "You take the first voter. Count all votes.": _voting(_right, choose=lambda votes: votes[0]),
        "You take the highest class that has a vote. Take the most frequent one.": _voting(
            _right, choose=np.max
        ),
        "You take the lowest class that has a vote. Take the most frequent one.": _voting(
            _right, choose=np.min
        ),
        "A superpixel without any vote gets class 0 in your code. It gets 255.": _voting(_right, nobody=0),
        "A superpixel without any vote gets -1 in your code. It gets 255.": _voting(_right, nobody=-1),
    },
)


# ---- 10.3


def _table(found, truth, counted, n: int = 256):
    return np.bincount(truth[counted] * n + found[counted], minlength=n * n).reshape(n, n)


def _scored(score: Callable, counted: Callable | None = None) -> Callable:
    """Return a wrong mIoU: another score of the table (truth, found), or of other pixels."""
    counted = counted or (lambda truth, distance, width: (distance < width) & (truth != 255))
    return lambda found, truth, distance, width: score(_table(found, truth, counted(truth, distance, width)))


def _parts(table):
    """Return what is right, what is true and what was found of each class."""
    return np.diag(table), table.sum(axis=1), table.sum(axis=0)


def _mean_iou(table, among: Callable = np.maximum, weights: Callable | None = None):
    right, true, found = _parts(table)
    occurs = among(true, found) > 0
    shares = right[occurs] / (true + found - right)[occurs]
    return np.average(shares, weights=None if weights is None else weights(true, found)[occurs])


def _ratio(below: Callable) -> Callable:
    """Return a mean over classes of what is right by something else than the union."""

    def score(table):
        right, true, found = _parts(table)
        size = below(true, found)
        return np.mean(right[size > 0] / size[size > 0])

    return score


def _to_the_highest(table):
    """Average over all numbers up to the highest, whether they occur or not."""
    right, true, found = _parts(table)
    n = np.flatnonzero(true + found).max() + 1
    return np.mean(right[:n] / np.maximum(true + found - right, 1)[:n])


def _per_picture(found, truth, distance, width):
    scores = []
    for of_one in zip(found, truth, distance, strict=True):
        if ((of_one[2] < width) & (of_one[1] != 255)).any():
            scores.append(miou_near(*of_one, width))
    return np.mean(scores)


def _all_ious_at_once(table):
    right, true, found = _parts(table)
    return right.sum() / (true + found - right).sum()


def _errors_at_255(found, truth, distance, width):
    """Leave 255 out as a class, and keep its pixels."""
    right, true, seen = _parts(_table(found, truth, distance < width))
    occurs = (np.maximum(true, seen) > 0) & (np.arange(256) != 255)
    return np.mean(right[occurs] / (true + seen - right)[occurs])


def _near_inputs():
    truth = np.array([[[0, 0, 0, 1, 1], [0, 0, 0, 1, 1], [2, 3, 0, 1, 255]]])
    found = np.array([[[0, 0, 1, 1, 1], [0, 0, 0, 0, 1], [0, 2, 0, 1, 7]]])
    distance = np.array([[[3.0, 1, 0, 0, 1], [1, 1, 0, 0, 1], [0, 0, 0, 0, 0]]])
    rng = np.random.default_rng(10)
    rows = [(found, truth, distance, 1.0), (found, truth, distance, 3.0)]
    for n_classes, width in ((4, 2.5), (9, 2.0)):
        truth = rng.integers(0, n_classes, (3, 4, 6))
        found = np.where(rng.random(truth.shape) < 0.6, truth, rng.integers(0, 12, truth.shape))
        truth[rng.random(truth.shape) < 0.15] = 255
        truth[0], found[0, :2] = 3, 3  # pictures differ in what is there
        truth[1, 0, 0], distance = 20, rng.integers(0, 5, truth.shape) * 1.0
        distance[1, 0, 0] = 0  # a class that nobody finds
        rows.append((found, truth, distance, width))
    return [dict(zip(("found", "truth", "distance", "width"), row, strict=True)) for row in rows]


NEAR = Task(
    name="10.3",
    title="mIoU near borders",
    function=miou_near,
    inputs=_near_inputs,
    hints=(
        "Choose the pixels first, over all pictures at once: near enough, and with a truth that is not 255. "
        "found[mask] and truth[mask] are then two long lists.",
        "For one class: how many pixels have it in both lists, and how many in at least one? The share is "
        "its IoU. | joins two masks as & cuts them.",
        "np.union1d(found, truth) names the classes that occur in either list; the others do not count. The "
        "mean over these classes is the answer. Pictures are not averaged.",
    ),
    mistakes={
        "You score every picture and average. Count over the whole set, then divide once per class.": (
            _per_picture
        ),
        "All pixels count in your code. Take those that are nearer to a border than width.": _scored(
            _mean_iou, lambda truth, distance, width: truth != 255
        ),
        "You take the pixels far from borders. Take the near ones.": _scored(
            _mean_iou, lambda truth, distance, width: (distance >= width) & (truth != 255)
        ),
        "Pixels as far away as width count in your code. They must be nearer.": _scored(
            _mean_iou, lambda truth, distance, width: (distance <= width) & (truth != 255)
        ),
        "255 is a class in your code. Leave out pixels whose truth is 255, whatever was found.": _scored(
            _mean_iou, lambda truth, distance, width: distance < width
        ),
        "Pixels whose truth is 255 count as errors of what was found there. Leave them out.": (
            _errors_at_255
        ),
        "You average over the classes of the truth alone. A class that was found and is not there has IoU "
        "0.": _scored(lambda table: _mean_iou(table, lambda true, found: true)),
        "You average over the classes that were found. A class that was not found has IoU 0.": _scored(
            lambda table: _mean_iou(table, lambda true, found: found)
        ),
        "You average over the classes that are in both. The others have IoU 0.": _scored(
            lambda table: _mean_iou(table, np.minimum)
        ),
        "You count classes that occur nowhere. Average over those in the truth or in what was found.": (
            _scored(_to_the_highest)
        ),
        "You return the share of right pixels. IoU is one number per class, then the mean.": _scored(
            lambda table: np.diag(table).sum() / table.sum()
        ),
        "You weigh classes by their pixels. Each class counts alike.": _scored(
            lambda table: _mean_iou(table, weights=lambda true, found: true)
        ),
        "You divide by the pixels of the truth. Divide by the union.": _scored(
            _ratio(lambda true, found: true)
        ),
        "You divide by the pixels that were found. Divide by the union.": _scored(
            _ratio(lambda true, found: found)
        ),
        "You divide by the mean of both areas, which is the Dice score. Divide by the union.": _scored(
            _ratio(lambda true, found: (true + found) / 2)
        ),
        "You add up all intersections and all unions before you divide. Divide per class, then average.": (
            _scored(_all_ious_at_once)
        ),
    },
    nan="A class may be absent from both lists: then there is nothing to divide by. Leave it out.",
)

TASKS = (BAND, VOTE, NEAR)
