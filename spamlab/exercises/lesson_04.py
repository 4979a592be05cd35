"""The exercises of lesson 04: similarity of superpixels, the balanced loss of pairs, merging."""

import numpy as np

from spamlab.exercises.exercise import Task


def pair_similarity(v, pairs):
    """Return s = 2 / (1 + exp(d)), d = |v_i - v_j|_1, (E,) of pairs (E, 2) of superpixels with v (n, C)."""
    ### BEGIN SOLUTION
    d = np.abs(v[pairs[:, 0]] - v[pairs[:, 1]]).sum(axis=1)
    return 2 * np.exp(-d) / (1 + np.exp(-d))  # both parts of the fraction times exp(-d): no overflow
    ### END SOLUTION


def balanced_loss(d, same):
    """Return the mean of -(1 - a) l log s - a (1 - l) log(1 - s) over pairs with d (E,) and l = same (E,)."""
    ### BEGIN SOLUTION
    a = same.mean()
    near, far = d[same == 1], d[same == 0]
    inside = (1 - a) * (np.logaddexp(0, near) - np.log(2))  # -log s
    across = -a * np.log(np.tanh(far / 2))  # 1 - s = tanh(d / 2)
    return (inside.sum() + across.sum()) / len(d)
    ### END SOLUTION


def merge_pairs(n, pairs, s, T):
    """Join pairs (E, 2) with s (E,) > T; return the segment (n,) of each superpixel: its smallest member."""
    ### BEGIN SOLUTION
    above = np.arange(n)  # who stands above each; itself at a root

    def root(i):
        while above[i] != i:
            i = above[i]
        return i

    for i, j in pairs[s > T]:
        i, j = root(i), root(j)
        above[max(i, j)] = min(i, j)
    return np.array([root(i) for i in range(n)])
    ### END SOLUTION


# ---- 04.1


def _of_distance(distance, similarity=lambda d: 1 - np.tanh(d / 2)):  # eq. (6) for any d, also below 0
    """Return a wrong similarity: of another distance, or another function of it."""

    def wrong(v, pairs):
        return similarity(distance(v[pairs[:, 0]] - v[pairs[:, 1]]))

    return wrong


def _of_similarity(similarity):
    return _of_distance(lambda x: np.abs(x).sum(axis=1), similarity)


def _similarity_inputs():
    rng = np.random.default_rng(4)
    few = np.array([[0, 0], [1, 0], [0.5, -1], [0.5, -1]])
    many = rng.integers(-4, 5, (6, 3)) / 4
    far = np.array([[0, 0], [300, 500], [0.25, 0.5]])  # exp(800) is no float any more
    return [
        {"v": few, "pairs": np.array([[0, 1], [1, 2], [2, 3]])},
        {"v": many, "pairs": np.array([[0, 1], [0, 3], [1, 2], [2, 5], [3, 4]])},
        {"v": far, "pairs": np.array([[0, 1], [0, 2]])},
    ]


SIMILARITY = Task(
    name="04.1",
    title="the similarity of eq. (6)",
    function=pair_similarity,
    inputs=_similarity_inputs,
    hints=(
        "Equal superpixels have s = 1, unlike ones nearly 0. How far apart are two rows of v if each feature "
        "counts with its absolute difference?",
        "v[pairs[:, 0]] is (E, C): the features of the first superpixel of each pair. Do the same with the "
        "second, subtract, np.abs, and sum over the features.",
        "np.exp(800) is too large for a float and warns; np.exp(-800) is 0 and does not. Multiply numerator "
        "and denominator of the equation by exp(-d).",
    ),
    mistakes={
        "You take the Euclidean distance. |v_i - v_j|_1 sums absolute differences.": _of_distance(
            lambda x: np.sqrt((x**2).sum(axis=1))
        ),
        "You square the differences. |v_i - v_j|_1 sums their absolute values.": _of_distance(
            lambda x: (x**2).sum(axis=1)
        ),
        "You average over the features. |v_i - v_j|_1 is a sum.": _of_distance(
            lambda x: np.abs(x).mean(axis=1)
        ),
        "You take the largest difference. |v_i - v_j|_1 sums those of all features.": _of_distance(
            lambda x: np.abs(x).max(axis=1)
        ),
        "The absolute values are missing, so that differences cancel and s exceeds 1.": _of_distance(
            lambda x: x.sum(axis=1)
        ),
        "You sum first and take the absolute value then, so that differences cancel.": _of_distance(
            lambda x: np.abs(x.sum(axis=1))
        ),
        "The factor 2 is missing: equal superpixels have s = 0.5 in your code. It is 1.": _of_similarity(
            lambda d: (1 - np.tanh(d / 2)) / 2
        ),
        "The sign of the exponent is wrong: your s grows with the distance, up to 2.": _of_similarity(
            lambda d: 1 + np.tanh(d / 2)
        ),
        "You return exp(-d). The equation has 2 / (1 + exp(d)).": _of_similarity(lambda d: np.exp(-d)),
        "You return 2 exp(-d). If you multiply by exp(-d), the denominator becomes 1 + exp(-d).": (
            _of_similarity(lambda d: 2 * np.exp(-d))
        ),
        "You return 1 - s: 0 for equal superpixels. That is how unlike they are.": _of_similarity(
            lambda d: np.tanh(d / 2)
        ),
        "You return the distance d. Turn it into a similarity from 0 to 1.": _of_similarity(lambda d: d),
    },
)


# ---- 04.2


def _minus_log(d, same):
    """Return -log s of pairs in the same segment, and -log(1 - s) of the others."""
    return np.logaddexp(0, d[same == 1]) - np.log(2), -np.log(np.tanh(d[same == 0] / 2))


def _loss_mistake(score=_minus_log, weigh=lambda a: (1 - a, a), end=lambda near, far, n: (near + far) / n):
    """Return a wrong loss: other terms, other weights, or another way to add up the two sums."""

    def wrong(d, same):
        terms, weights = score(d, same), weigh(same.mean())
        return float(end(*(w * x.sum() for w, x in zip(weights, terms, strict=True)), len(d)))

    return wrong


def _each_mean(d, same):
    near, far = _minus_log(d, same)
    return float(near.mean() + far.mean())


def _share_as_count(d, same):
    return _loss_mistake(weigh=lambda a: (1 - a * len(d), a * len(d)))(d, same)


def _with_tiny(tiny):
    def score(d, same):
        s = 1 - np.tanh(d / 2)
        return -np.log(s[same == 1] + tiny), -np.log(1 - s[same == 0] + tiny)

    return score


def _without_logarithm(d, same):
    s = 1 - np.tanh(d / 2)
    return -s[same == 1], -(1 - s[same == 0])


def _loss_inputs():
    rng = np.random.default_rng(2)
    rows = [
        ([0.5, 1, 3], [1, 1, 0]),
        (rng.integers(1, 24, 9) / 8, [1, 1, 0, 1, 1, 1, 0, 1, 1]),
        ([0, 2, 800, 800, 0.25], [1, 0, 1, 0, 1]),  # s = 1 in the first pair, 0 where d = 800
    ]
    return [{"d": np.array(d, float), "same": np.array(same, float)} for d, same in rows]


LOSS = Task(
    name="04.2",
    title="the balanced loss of eq. (7)",
    function=balanced_loss,
    inputs=_loss_inputs,
    hints=(
        "A pair has one term: -log s if it lies in one segment, -log(1 - s) if not. There are more of the "
        "first kind, so each of them gets less weight. a is the share of the first kind.",
        "s is 0 for a large d, and 1 - s is 0 at d = 0. Take the logarithms of d instead: log s = log 2 - "
        "log(1 + exp(d)), and 1 - s = tanh(d / 2).",
        "np.logaddexp(0, d) is log(1 + exp(d)) and does not overflow. d[same == 1] and d[same == 0] part the "
        "two kinds, so that no logarithm of 0 is ever taken. Divide both sums by the number of all pairs.",
    ),
    nan="Or 0 * log(0), as here: s is 0 at d = 800, and 1 - s is 0 at d = 0. A pair needs only the logarithm "
    "of its own kind, and log s = log 2 - log(1 + exp(d)).",
    mistakes={
        "The weights are swapped. a is the share of pairs in the same segment. They get 1 - a, others a.": (
            _loss_mistake(weigh=lambda a: (a, 1 - a))
        ),
        "You return the sum. Divide by the number of pairs, so that the loss does not grow with it.": (
            _loss_mistake(end=lambda near, far, n: near + far)
        ),
        "The loss is not balanced: every pair has weight 1. Those in the same segment get 1 - a, others a.": (
            _loss_mistake(weigh=lambda a: (1, 1))
        ),
        "Every pair has weight 0.5. a is the share of pairs in the same segment.": (
            _loss_mistake(weigh=lambda a: (0.5, 0.5))
        ),
        "Your a is a number of pairs. It is a share: divide by how many pairs there are.": _share_as_count,
        "The minus sign is missing. A loss falls as the similarities get better.": (
            _loss_mistake(end=lambda near, far, n: -(near + far) / n)
        ),
        "Your logarithm has base 2. np.log has base e.": (
            _loss_mistake(end=lambda near, far, n: (near + far) / n / np.log(2))
        ),
        "You weigh s and 1 - s. The loss has their logarithms.": _loss_mistake(_without_logarithm),
        "The factor 2 of s is missing: at d = 0 your s is 0.5, like a sigmoid. s = 2 / (1 + exp(d)) is 1.": (
            _loss_mistake(lambda d, same: (np.logaddexp(0, d[same == 1]), np.logaddexp(0, -d[same == 0])))
        ),
        "You average both kinds apart. Weigh the terms, and divide by the number of all pairs once.": (
            _each_mean
        ),
        "You average both kinds apart, and weigh the means. Weigh the terms, and divide by all pairs once.": (
            lambda d, same: balanced_loss(d, same) / same.mean() / (1 - same.mean()) / 2
        ),
        "You leave out the pairs of different segments.": _loss_mistake(weigh=lambda a: (1 - a, 0)),
        "You leave out the pairs of the same segment.": _loss_mistake(weigh=lambda a: (0, a)),
    }
    | {
        f"You add {tiny:g} before the logarithm. At d = 800 the loss is then too small, and its gradient 0. "
        "Take log s = log 2 - log(1 + exp(d)).": _loss_mistake(_with_tiny(tiny))
        for tiny in (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)
    },
)


# ---- 04.3


def _root(parent, i):
    while parent[i] != i:
        i = parent[i]
    return i


def _merge_mistake(joins=lambda s, T: s > T, top=_root, end=_root, order=lambda i, j: (max(i, j), min(i, j))):
    """Return a wrong merging: other pairs, no way to the root before or after, or another root on top."""

    def wrong(n, pairs, s, T):
        parent = list(range(n))
        for i, j in pairs[joins(s, T)].tolist():
            i, j = order(top(parent, i), top(parent, j))
            parent[i] = j
        return np.array([end(parent, i) for i in range(n)])

    return wrong


def _neighbours_only(n, pairs, s, T):
    joined = pairs[s > T].tolist()
    return np.array([min([i, *(min(pair) for pair in joined if i in pair)]) for i in range(n)])


def _renamed_once(n, pairs, s, T):
    segment = np.arange(n)
    for i, j in pairs[s > T]:
        segment[j] = segment[i]
    return segment


def _numbered(*given):
    return np.unique(merge_pairs(*given), return_inverse=True)[1]


def _largest(n, pairs, s, T):
    return n - 1 - merge_pairs(n, n - 1 - pairs, s, T)[::-1]


def _merge_inputs():
    rng = np.random.default_rng(8)
    grid = np.arange(20).reshape(4, 5)
    ends = np.stack([grid[:, :-1], grid[:, 1:]], -1), np.stack([grid[:-1], grid[1:]], -1)
    pairs = np.array(sorted(np.concatenate([x.reshape(-1, 2) for x in ends]).tolist()))
    rows = [
        (5, [[1, 2], [0, 1], [3, 4]], [0.9, 0.8, 0.3], 0.5),
        (6, [[0, 1], [0, 3], [1, 2], [2, 3], [3, 4], [4, 5]], [0.75, 0.75, 1, 0.25, 0.5, 0.75], 0.5),
        (4, [[0, 1], [1, 2], [2, 3]], [0.25, 0.125, 0.25], 0.75),
        (6, [[4, 5], [3, 4], [2, 3], [1, 2], [0, 1]], [0.9, 0.8, 0.7, 0.6, 0.1], 0.25),
        (20, pairs, rng.integers(1, 9, len(pairs)) / 8, 0.5),
    ]
    return [{"n": n, "pairs": np.array(pairs), "s": np.array(s), "T": T} for n, pairs, s, T in rows]


MERGING = Task(
    name="04.3",
    title="merging (algorithm 1)",
    function=merge_pairs,
    inputs=_merge_inputs,
    hints=(
        "At first every superpixel is a segment of its own. A pair with s > T joins two segments with all "
        "their members: if 1 is with 2 and 0 joins 1, then 2 is in the segment of 0, too.",
        "Union-find: an array says who stands above each superpixel, at first itself. For the root, go up "
        "until somebody stands above itself. A pair joins two roots: put one above the other.",
        "Put the smaller root above the larger one: then each root is the smallest member of its segment. In "
        "the end return the root of each superpixel, for who stands above it need not be the root.",
    ),
    mistakes={
        "A superpixel joins only its direct neighbours. Their neighbours belong to its segment, too.": (
            _neighbours_only
        ),
        "You rename one superpixel of a pair. The others of its segment keep their old number.": (
            _renamed_once
        ),
        "You return who stands above each superpixel. That one may stand below another: go up to the root.": (
            _merge_mistake(end=lambda parent, i: parent[i])
        ),
        "You go up two steps. Go on until somebody stands above itself: that is the root.": (
            _merge_mistake(end=lambda parent, i: parent[parent[i]])
        ),
        "You join the two superpixels instead of their roots, so one of them leaves the segment it was in.": (
            _merge_mistake(top=lambda parent, i: i)
        ),
        "You join pairs with s = T. It takes s > T.": _merge_mistake(lambda s, T: s >= T),
        "You join the pairs that are unlike. It takes s > T.": _merge_mistake(lambda s, T: s < T),
        "You do not look at T, and join all pairs.": _merge_mistake(lambda s, T: s >= 0),
        "Your segments are right, but numbered 0, 1, 2, ... Each has the number of its smallest member.": (
            _numbered
        ),
        "Your segments are right, but have the number of their largest member. Take the smallest.": _largest,
        "Your segments are right, but a pair keeps the number of its first superpixel's segment. Keep the "
        "smaller number.": _merge_mistake(order=lambda i, j: (j, i)),
        "Your segments are right, but a pair keeps the number of its second superpixel's segment. Keep the "
        "smaller number.": _merge_mistake(order=lambda i, j: (i, j)),
        "You return how many segments there are. Return the segment of each superpixel.": (
            lambda *given: len(np.unique(merge_pairs(*given)))
        ),
    },
)

TASKS = (SIMILARITY, LOSS, MERGING)
