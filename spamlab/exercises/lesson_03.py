"""The exercises of lesson 03: SSN's soft assignment, its centres, and the loss it learns from."""

import numpy as np

from spamlab.exercises.exercise import Task


def soft_assignment(pixel, centres, present, temperature):
    """Return Q (M,) of a pixel (C,) for centres (M, C): a softmax of -d^2 / temperature, 0 if not present."""
    ### BEGIN SOLUTION
    d2 = ((centres - pixel) ** 2).sum(axis=1)
    d2[~present] = np.inf
    Q = np.exp((d2.min() - d2) / temperature)  # d2.min() cancels; without it all may round to 0
    return Q / Q.sum()
    ### END SOLUTION


def update_centres(F, Q, centres):
    """Return new centres (K, C), the means of F (N, C) weighted by Q (N, K); one without weight stays."""
    ### BEGIN SOLUTION
    Z = Q.sum(axis=0)
    used = Z > 0
    new = centres.copy()
    new[used] = (Q.T @ F)[used] / Z[used, None]
    return new
    ### END SOLUTION


def reconstruction_loss(Q, truth):
    """Return the mean over pixels of -log R* at truth (N,): R* = Q (column-normalised Q)^T R, Q is (N, K)."""
    ### BEGIN SOLUTION
    R = np.eye(1 + truth.max())[truth]
    Z = Q.sum(axis=0)
    shares = Q.T @ R / np.where(Z > 0, Z, 1)[:, None]
    kept = (Q @ shares)[np.arange(len(truth)), truth]
    return np.mean(-np.log(kept))
    ### END SOLUTION


def _random_weights(rng, N, K, spread):
    """Return (N, K) weights of pixels; rows sum to 1."""
    Q = np.exp(spread * rng.normal(size=(N, K)))
    return Q / Q.sum(axis=1, keepdims=True)


def _hard(Q):
    return np.eye(Q.shape[1])[Q.argmax(axis=1)]


# ---- 03.1


def _soft_undivided(pixel, centres, present, temperature, weigh=lambda d2, T: np.exp(-d2 / T)):
    return weigh(((centres - pixel) ** 2).sum(axis=1), temperature) * present


def _soft_mistake(weigh):
    def wrong(*given):
        Q = _soft_undivided(*given, weigh)
        return Q / Q.sum()

    return wrong


def _soft_without_slots(pixel, centres, present, temperature):
    return soft_assignment(pixel, centres, np.ones_like(present), temperature)


def _soft_at_no_distance(pixel, centres, present, temperature):
    return _soft_without_slots(pixel, np.where(present[:, None], centres, pixel), present, temperature)


def _soft_emptied_late(pixel, centres, present, temperature):
    return _soft_without_slots(pixel, centres, present, temperature) * present


def _soft_of_means(pixel, centres, present, temperature):
    return soft_assignment(pixel, centres, present, temperature * len(pixel))


def _soft_twice(*given):
    Q = np.exp(_soft_undivided(*given))
    return Q / Q.sum()


def _soft_inputs():
    rng = np.random.default_rng(4)
    inside, border = np.array([[1, 4], [2, 2], [3, 3]]), np.array([[0, 0], [1, 1], [0, 0], [2, 4]])
    corner = np.zeros((9, 5))
    taken = np.array([0, 0, 0, 0, 1, 1, 0, 1, 1], bool)  # the candidates of a cell in the upper left corner
    corner[taken] = rng.integers(0, 8, (4, 5)) / 4
    doubled = np.where(taken[:, None], corner, corner[4])  # the row of another centre in each empty slot
    rows = [
        ([1, 2], inside, [True] * 3, 1),
        ([1, 2], border, [False, True, False, True], 2),
        ([1, 0.5, 0, 1, 1.5], corner, taken, 1.5),
        ([1, 0.5, 0, 1, 1.5], doubled, taken, 0.5),
    ]
    return [
        {
            "pixel": np.array(pixel, float),
            "centres": centres.astype(float),
            "present": np.array(present),
            "temperature": float(temperature),
        }
        for pixel, centres, present, temperature in rows
    ]


SOFT = Task(
    name="03.1",
    title="the soft assignment",
    function=soft_assignment,
    inputs=_soft_inputs,
    hints=(
        "A near candidate gets much weight, a far one little, an empty slot none; together they make 1. "
        "What stands in the row of an empty slot means nothing.",
        "A squared distance is a sum over the features: axis=1 leaves one number per candidate. A slot at "
        "distance 0 gets the largest weight of all. Which distance gets none?",
        "Softmax: np.exp of minus the squared distance over the temperature, then divide by the sum. np.exp("
        "-np.inf) is 0, and ~present marks the empty slots.",
    ),
    mistakes={
        "An empty slot has distance 0 in your code, so the pixel prefers a centre that does not exist. Its "
        "distance is infinite.": _soft_at_no_distance,
        "You do not look at present. What stands in the row of an empty slot is no centre.": (
            _soft_without_slots
        ),
        "You empty the slots after you divided by the sum of all, so the weights sum to less than 1. Empty "
        "them first.": _soft_emptied_late,
        "You do not square the distance. Its square stands in the exponent.": _soft_mistake(
            lambda d2, T: np.exp(-np.sqrt(d2) / T)
        ),
        "The minus sign is missing: the farthest centre gets the largest weight.": _soft_mistake(
            lambda d2, T: np.exp(d2 / T)
        ),
        "The weights do not sum to 1. Divide them by their sum.": _soft_undivided,
        "You multiply by the temperature. Divide by it: a high one makes the weights more even.": (
            _soft_mistake(lambda d2, T: np.exp(-d2 * T))
        ),
        "The temperature changes nothing. Divide the squared distances by it.": _soft_mistake(
            lambda d2, T: np.exp(-d2)
        ),
        "You divide by 2 T^2, as if T were the width of a Gaussian. Divide by the temperature itself.": (
            _soft_mistake(lambda d2, T: np.exp(-d2 / (2 * T**2)))
        ),
        "You average the squared differences over the features. A squared distance is their sum.": (
            _soft_of_means
        ),
        "You apply np.exp twice, so that an empty slot gets exp(0) = 1. After the first np.exp only divide "
        "by the sum.": _soft_twice,
        "You give the nearest centre all the weight. That is SLIC's hard assignment, without a gradient.": (
            lambda *given: _hard(soft_assignment(*given)[None])[0]
        ),
    },
)


# ---- 03.2


def _update_mistake(weigh=lambda Q: Q, divisor=lambda W: W.sum(axis=0)):
    """Return a wrong update: other weights, or another divisor; where that is 0, a centre keeps its value."""

    def wrong(F, Q, centres):
        W = weigh(Q)
        by = divisor(W)[:, None]
        return np.where(by > 0, W.T @ F / np.where(by > 0, by, 1), centres)

    return wrong


def _update_inputs():
    rng = np.random.default_rng(3)
    few = np.array([[1, 0], [0.5, 0.5], [0.25, 0.75]])
    empty = np.array([[0.875, 0, 0.125], [0.75, 0, 0.25], [1, 0, 0], [0.75, 0, 0.25]])
    many = np.insert(_random_weights(rng, 8, 4, 1.5), 2, 0, axis=1)
    rows = [([[4, 0], [2, 6], [8, 4]], few), ([[4, 0], [2, 6], [8, 4], [1, 1]], empty)]
    rows.append((rng.integers(0, 9, (8, 3)), many))
    return [
        {
            "F": np.array(F, float),
            "Q": Q,
            "centres": rng.integers(1, 9, (Q.shape[1], len(F[0]))).astype(float),
        }
        for F, Q in rows
    ]


UPDATE = Task(
    name="03.2",
    title="the centre update",
    function=update_centres,
    inputs=_update_inputs,
    hints=(
        "A column of Q says how much each pixel belongs to one centre. The new centre is the mean of all "
        "pixels with these weights. What if they are all 0?",
        "Q.T @ F sums the weighted features for each centre, (K, C). To make means of sums, divide them by "
        "the sums of the weights.",
        "The weights of a centre sum to Q.sum(axis=0). Index a (K,) array with [:, None] to divide rows by "
        "it. Begin with a copy of centres, and write only into rows whose weights do not sum to 0.",
    ),
    none="Changing centres in place is not enough.",
    nan="A centre without weight is 0 / 0; it keeps its row of centres.",
    mistakes={
        "A centre without weight becomes 0, as it does when a tiny number is added to the divisor. It keeps "
        "its row of centres.": lambda F, Q, centres: update_centres(F, Q, np.zeros_like(centres)),
        "You return weighted sums. Divide by the sum of each column of Q; the rows sum to 1 already.": (
            lambda F, Q, centres: Q.T @ F
        ),
        "You divide by the number of pixels. Divide each centre's sum by its own weights, summed.": (
            lambda F, Q, centres: Q.T @ F / len(F)
        ),
        "You divide by how many pixels like a centre best. Divide by the sum of its weights.": (
            _update_mistake(divisor=lambda W: _hard(W).sum(axis=0))
        ),
        "You give each pixel to its best centre, as SLIC does. Here every pixel counts by its weight.": (
            _update_mistake(weigh=_hard)
        ),
        "Any weight counts as 1 in your mean. A pixel counts by its weight.": _update_mistake(
            weigh=lambda Q: (Q > 0).astype(float)
        ),
        "You square the weights. A pixel counts by its weight as it is.": _update_mistake(weigh=np.square),
        "You divide by at least 1. Divide by the weight however small it is; only at 0 does a centre stay.": (
            lambda F, Q, centres: Q.T @ F / np.maximum(Q.sum(axis=0), 1)[:, None]
        ),
        "You count the old centre as one more pixel. It matters only where there is no weight at all.": (
            lambda F, Q, centres: (Q.T @ F + centres) / (Q.sum(axis=0)[:, None] + 1)
        ),
    },
)


# ---- 03.3


def _shares(Q, R):
    """Return the share (K, L) of each segment in each superpixel."""
    return update_centres(R, Q, np.zeros((Q.shape[1], R.shape[1])))


def _loss_mistake(rebuild=lambda Q, R: Q @ _shares(Q, R), score=lambda right, truth: -np.log(right).mean()):
    def wrong(Q, truth):
        rebuilt = rebuild(Q, np.eye(truth.max() + 1)[truth])
        return float(score(rebuilt[np.arange(len(truth)), truth], truth))

    return wrong


def _softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)


def _mean_of_segments(right, truth):
    return np.mean([-np.log(right[truth == j]).mean() for j in np.unique(truth)])


def _normalised_late(Q, R):
    rebuilt = Q @ (Q.T @ R)
    return rebuilt / rebuilt.sum(axis=1, keepdims=True)


def _normalised_twice(Q, R):
    Z = Q.sum(axis=0)
    return Q / np.where(Z > 0, Z, 1) @ _shares(Q, R)


def _loss_inputs():
    rng = np.random.default_rng(3)
    few = np.array([[1, 0], [0.75, 0.25], [0.25, 0.75], [0.25, 0.75]])
    empty = np.array([[0.75, 0, 0.25], [0.625, 0, 0.375], [1, 0, 0], [0, 0, 1], [0.25, 0, 0.75]])
    rows = [(few, [0, 0, 0, 1]), (empty, [0, 1, 0, 1, 2])]
    rows.append((_random_weights(rng, 9, 4, 2), [0, 1, 3, 3, 3, 1, 0, 1, 3]))  # no pixel of segment 2
    return [{"Q": Q, "truth": np.array(truth)} for Q, truth in rows]


LOSS = Task(
    name="03.3",
    title="the reconstruction loss",
    function=reconstruction_loss,
    inputs=_loss_inputs,
    hints=(
        "Go there and back: a superpixel keeps the share of each segment in it, and a pixel mixes the shares "
        "of its superpixels. How much of the pixel's own segment comes back?",
        "R has a row per pixel, with a 1 at its segment: np.eye(L) indexed by truth. Q.T @ R sums it for "
        "each superpixel; divided by the sum of the superpixel's weights these are shares.",
        "R* is Q @ shares. Take the entry of each row p at truth[p], then np.log, the mean, and the minus "
        "sign. A superpixel without weight has Q = 0, so its shares may be 0.",
    ),
    nan="A superpixel without weight is 0 / 0; divide by 1 there.",
    mistakes={
        "You sum over pixels. Divide by their number, so that the loss does not grow with the picture.": (
            _loss_mistake(score=lambda right, truth: -np.log(right).sum())
        ),
        "The minus sign is missing. A loss falls as R* gets better.": _loss_mistake(
            score=lambda right, truth: np.log(right).mean()
        ),
        "Your logarithm has base 2. np.log has base e.": _loss_mistake(
            score=lambda right, truth: -np.log2(right).mean()
        ),
        "You return the mean of 1 - R*. Cross-entropy is the mean of -log R*.": (
            _loss_mistake(score=lambda right, truth: (1 - right).mean())
        ),
        "You take the logarithm of the mean. Take the mean of the logarithms.": _loss_mistake(
            score=lambda right, truth: -np.log(right.mean())
        ),
        "You average over segments, so a small one counts as much as a large one. Average over pixels.": (
            _loss_mistake(score=_mean_of_segments)
        ),
        "You average over all entries of R*, pixels times segments. Average over pixels: one entry each.": (
            _loss_mistake(score=lambda right, truth: -np.log(right).mean() / (truth.max() + 1))
        ),
        "The columns of Q are not normalised. Divide each superpixel's row of Q^T R by its weights, summed; "
        "the rows of Q sum to 1 already.": _loss_mistake(lambda Q, R: Q @ (Q.T @ R)),
        "You normalise at the end, so a large superpixel counts more than a small one. Normalise the columns "
        "of Q before you multiply by R.": _loss_mistake(_normalised_late),
        "You normalise the columns twice. On the way back a pixel mixes shares with the weights Q.": (
            _loss_mistake(_normalised_twice)
        ),
        "You give each pixel to one superpixel first. An argmax has no gradient; keep the weights Q.": (
            _loss_mistake(lambda Q, R: _hard(Q) @ _shares(_hard(Q), R))
        ),
        "A pixel takes the shares of its best superpixel alone. It mixes those of all, with weights Q.": (
            _loss_mistake(lambda Q, R: _hard(Q) @ _shares(Q, R))
        ),
        "You apply a softmax to R*, as cross_entropy of PyTorch does. Its rows sum to 1 already.": (
            _loss_mistake(lambda Q, R: _softmax(Q @ _shares(Q, R)))
        ),
    },
)

TASKS = (SOFT, UPDATE, LOSS)
