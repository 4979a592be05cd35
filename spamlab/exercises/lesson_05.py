"""The exercises of lesson 05: Student's t-kernel, the walk of seeds, the gradient turned round."""

import numpy as np

from spamlab.exercises.exercise import Task


def join_by_t(Z, S):
    """Return P (N, K) of Z (N, C) and S (K, C): P_ik = u_ik / sum_k u_ik, u_ik = 1 / (1 + |Z_i - S_k|^2)."""
    ### BEGIN SOLUTION
    squares = ((Z[:, None] - S) ** 2).sum(axis=2)
    u = 1 / (1 + squares)
    return u / u.sum(axis=1, keepdims=True)
    ### END SOLUTION


def walk(start, cell, output, shift, shape):
    """Return where seeds end, (K, 2): start (K, 2) + shift * cell (2,) * (2 sigmoid(output (K, 2)) - 1)."""
    ### BEGIN SOLUTION
    far = 2 / (1 + np.exp(-output)) - 1  # cells, from -1 to 1
    return np.clip(start + shift * cell * far, 0, np.array(shape) - 1)
    ### END SOLUTION


def turn_round(gradient, contours, threshold):
    """Return gradient (5, H, W) as GBL passes it on: positions (the last 2) times -B where B > threshold."""
    ### BEGIN SOLUTION
    passed = gradient.astype(float)
    passed[3:] *= np.where(contours > threshold, -contours, 1)
    return passed
    ### END SOLUTION


# ---- 05.1


def _of_squares(
    kernel, squares=lambda x: (x**2).sum(axis=2), share=lambda u: u / u.sum(axis=1, keepdims=True)
):
    """Return a wrong assignment: another kernel, another distance, or another way to make shares."""

    def wrong(Z, S):
        return share(kernel(squares(Z[:, None] - S)))

    return wrong


def _kernel(d2):
    return 1 / (1 + d2)


def _hard(u):
    return (u.argmax(axis=1)[:, None] == np.arange(u.shape[1])).astype(float)


def _softmax_of(u):
    e = np.exp(u - u.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _join_inputs():
    rng = np.random.default_rng(5)
    few = {"Z": np.array([[0.0, 0], [3, 4]]), "S": np.array([[0.0, 0], [3, 4], [0, 2]])}
    many = {"Z": rng.integers(-6, 7, (7, 4)) / 4, "S": rng.integers(-6, 7, (5, 4)) / 4}
    far = {"Z": np.array([[0.0, 40], [30, 0], [0.5, 0.25]]), "S": np.array([[0.0, 0], [50, 50]])}
    return [few, many, far]


JOIN = Task(
    name="05.1",
    title="how pixels join seeds (eq. (6))",
    function=join_by_t,
    inputs=_join_inputs,
    hints=(
        "Each pixel asks each seed how far its features are, squared. At distance 0 the kernel u is 1, far "
        "away nearly 0. Then every pixel shares itself out: its row sums to 1.",
        "Z[:, None] is (N, 1, C), so Z[:, None] - S is (N, K, C): the differences of every pixel and every "
        "seed. Square, and sum over the last axis.",
        "The sum over the seeds is one over each row, axis=1. keepdims=True keeps it (N, 1), so that every "
        "entry is divided by the sum of its own row.",
    ),
    mistakes={
        "You return the kernel u. Divide by its sum over the seeds: rows of P sum to 1.": _of_squares(
            _kernel, share=lambda u: u
        ),
        "Your columns sum to 1. A pixel shares itself out among the seeds: rows of P sum to 1.": _of_squares(
            _kernel, share=lambda u: u / u.sum(axis=0)
        ),
        "You divide by the sum of the whole table. Each pixel has its own sum, over its row.": _of_squares(
            _kernel, share=lambda u: u / u.sum()
        ),
        "You take a softmax of -d^2, as SSN does. The kernel here is 1 / (1 + d^2).": _of_squares(
            lambda d2: np.exp(-(d2 - d2.min(axis=1, keepdims=True)))
        ),
        "You take a softmax of u. The shares are u itself, divided by its sum.": _of_squares(
            _kernel, share=_softmax_of
        ),
        "You take the distance. The kernel has its square: 1 / (1 + d^2).": _of_squares(
            _kernel, lambda x: np.sqrt((x**2).sum(axis=2))
        ),
        "You sum absolute differences. The kernel has the sum of their squares.": _of_squares(
            _kernel, lambda x: np.abs(x).sum(axis=2)
        ),
        "You average the squares over the features. |Z_i - S_k|^2 is their sum.": _of_squares(
            _kernel, lambda x: (x**2).mean(axis=2)
        ),
        "Your exponent is -1/2, as the paper prints it. For one degree of freedom it is -1: 1 / (1 + d^2).": (
            _of_squares(lambda d2: (1 + d2) ** -0.5)
        ),
        "Your u is 1 / (1 + d^2)^2. The exponent is -1.": _of_squares(lambda d2: (1 + d2) ** -2.0),
        "You square the whole of 1 / (1 + d). The square belongs to d alone: 1 / (1 + d^2).": _of_squares(
            lambda d2: (1 + np.sqrt(d2)) ** -2
        ),
        "You turned the kernel over: your shares grow with the distance.": _of_squares(lambda d2: 1 + d2),
        "You give each pixel to one seed. Here it shares itself out among all of them.": _of_squares(
            _kernel, share=_hard
        ),
    },
)


# ---- 05.2


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _walk_mistake(far=lambda x: 2 * _sigmoid(x) - 1, go=lambda cell: cell, end=None):
    """Return a wrong walk: another share of the cell, another cell, or another end."""

    def wrong(start, cell, output, shift, shape):
        place = start + shift * go(cell) * far(output)
        return np.clip(place, 0, np.array(shape) - 1) if end is None else end(place, start, shape)

    return wrong


def _no_shift(start, cell, output, shift, shape):
    return walk(start, cell, output, 1, shape)


def _of_picture(start, cell, output, shift, shape):
    return walk(start, np.array(shape), output, shift, shape)


def _shift_of_output(start, cell, output, shift, shape):
    return walk(start, cell, shift * output, 1, shape)


def _shift_of_all(start, cell, output, shift, shape):
    return shift * walk(start, cell, output, 1, shape)


def _walk_inputs():
    rng = np.random.default_rng(6)
    grid = np.stack(np.meshgrid([4.5, 14.5], [3.5, 11.5, 19.5], indexing="ij"), -1).reshape(-1, 2)
    small = np.array([[4.5, 3.5], [4.5, 11.5]]), np.array([[0.0, 0], [1, -1]])
    cell = np.array([10.0, 8.0])
    many = rng.integers(-12, 13, (6, 2)) / 4
    strong = many * 6  # seeds at the border want to leave the picture
    rows = [(*small, 1.0), (grid, many, 0.5), (grid, strong, 1.0), (grid, many, 0.25)]
    names = ("start", "cell", "output", "shift", "shape")
    return [dict(zip(names, (start, cell, out, shift, (20, 24)), strict=True)) for start, out, shift in rows]


WALK = Task(
    name="05.2",
    title="where seeds end (eq. (4))",
    function=walk,
    inputs=_walk_inputs,
    hints=(
        "The network's output is any number. A sigmoid brings it between 0 and 1, and 2 sigmoid - 1 between "
        "-1 and 1: that many cells the seed walks. An output of 0 means it stays.",
        "sigmoid(x) = 1 / (1 + exp(-x)). cell is (rows, columns) and output (K, 2), so their product walks "
        "in each direction by the side of the cell in that direction.",
        "A seed at the border may want to leave. np.clip(place, 0, last) keeps it: the last row is H - 1, "
        "the last column W - 1, and shape is (H, W).",
    ),
    mistakes={
        "Seeds leave the picture. Keep rows between 0 and H - 1, columns between 0 and W - 1.": _walk_mistake(
            end=lambda place, start, shape: place
        ),
        "Your last row is H and your last column W. They are H - 1 and W - 1.": _walk_mistake(
            end=lambda place, start, shape: np.clip(place, 0, shape)
        ),
        "Your limits are swapped: shape is (H, W), and the first column of start is the row.": _walk_mistake(
            end=lambda place, start, shape: np.clip(place, 0, np.array(shape[::-1]) - 1)
        ),
        "You use the sigmoid itself: an output of 0 walks half a cell, and no seed goes up or left.": (
            _walk_mistake(_sigmoid)
        ),
        "Your seeds walk half as far: sigmoid - 1/2 reaches half a cell. The factor 2 is missing.": (
            _walk_mistake(lambda x: _sigmoid(x) - 0.5)
        ),
        "You use the output without a sigmoid, so a seed may walk any number of cells.": _walk_mistake(
            lambda x: x
        ),
        "You use tanh(x). 2 sigmoid(x) - 1 is tanh(x / 2).": _walk_mistake(np.tanh),
        "Your seeds walk the other way: the sign is wrong.": _walk_mistake(lambda x: 1 - 2 * _sigmoid(x)),
        "You do not look at shift, and all seeds walk all the way.": _no_shift,
        "You multiply the output by shift, before the sigmoid. It is a share of the walk.": _shift_of_output,
        "You multiply the end by shift. It is a share of the walk, not of the position.": _shift_of_all,
        "You multiply by the sides of the picture. A seed walks at most one side of its cell.": _of_picture,
        "You return the walk. Add it to where the seed starts.": _walk_mistake(
            end=lambda place, start, shape: place - start
        ),
        "Rows and columns of the cell are swapped: cell is (rows, columns), as the columns of start.": (
            _walk_mistake(go=lambda cell: cell[::-1])
        ),
        "You cut the end off to whole pixels. Then it no longer depends smoothly on the output.": (
            _walk_mistake(end=lambda place, start, shape: np.clip(np.floor(place), 0, np.array(shape) - 1))
        ),
    },
)


# ---- 05.3


def _turn_mistake(which=slice(3, 5), factor=lambda b, e: np.where(b > e, -b, 1.0)):
    """Return a wrong backward: other channels, or another factor."""

    def wrong(gradient, contours, threshold):
        passed = gradient.astype(float)
        passed[which] = passed[which] * factor(contours, threshold)
        return passed

    return wrong


def _turn_inputs():
    rng = np.random.default_rng(7)
    small = np.arange(1.0, 6).reshape(5, 1, 1) * np.array([1.0, 1, -1, 2])
    steps = np.array([[0.25, 0.75, 1, 0.5]])
    many, b = (
        rng.integers(1, 9, (5, 3, 4)) * rng.choice([-1, 1], (5, 3, 4)) / 2,
        rng.integers(0, 9, (3, 4)) / 8,
    )
    return [
        {"gradient": small, "contours": steps, "threshold": 0.5},
        {"gradient": many, "contours": b, "threshold": 0.7},
        {"gradient": many, "contours": b, "threshold": 0.25},
    ]


TURN = Task(
    name="05.3",
    title="the gradient bidirectional layer (eq. (12))",
    function=turn_round,
    inputs=_turn_inputs,
    hints=(
        "Channels 0, 1 and 2 are colours: they pass. Channels 3 and 4 are positions: the gradient of each "
        "pixel is multiplied by a factor that depends on B (contours) there.",
        "The factor is 1 where B <= threshold and -B where B > threshold: np.where(condition, this, that) "
        "chooses for each pixel.",
        "contours are (H, W) and gradient[3:] is (2, H, W): their product fits as it is. Work on a copy: the "
        "gradient belongs to the caller.",
    ),
    mistakes={
        "The sign is missing: on contours your factor is B, so the gradient shrinks and does not turn.": (
            _turn_mistake(factor=lambda b, e: np.where(b > e, b, 1.0))
        ),
        "Your factor on contours is -1. It is -B: the stronger the contour, the more it turns.": (
            _turn_mistake(factor=lambda b, e: np.where(b > e, -1.0, 1.0))
        ),
        "Your factor on contours is 0, so the gradient vanishes. It is -B.": (
            _turn_mistake(factor=lambda b, e: np.where(b > e, 0.0, 1.0))
        ),
        "Your factor is -B everywhere. Where B is at most the threshold, it is 1.": (
            _turn_mistake(factor=lambda b, e: -b)
        ),
        "Your two cases are swapped: the factor is 1 off the contours and -B on them.": (
            _turn_mistake(factor=lambda b, e: np.where(b > e, 1.0, -b))
        ),
        "You count B = threshold as a contour. It takes B > threshold.": (
            _turn_mistake(factor=lambda b, e: np.where(b >= e, -b, 1.0))
        ),
        "Your factor on contours is 1 - B. It is -B.": (
            _turn_mistake(factor=lambda b, e: np.where(b > e, 1 - b, 1.0))
        ),
        "Off the contours your factor is 0. There the gradient passes: it is 1.": (
            _turn_mistake(factor=lambda b, e: np.where(b > e, -b, 0.0))
        ),
        "You turn the colours, too. Only channels 3 and 4, the positions, are touched.": (
            _turn_mistake(slice(0, 5))
        ),
        "You turn the colours in place of the positions. Channels 0, 1 and 2 pass as they are.": (
            _turn_mistake(slice(0, 3))
        ),
        "You turn the last channel alone. Positions are channels 3 and 4: row and column.": (
            _turn_mistake(slice(4, 5))
        ),
        "You turn channel 3 alone. Positions are channels 3 and 4: row and column.": (
            _turn_mistake(slice(3, 4))
        ),
        "You begin at channel 2, which is a colour. Positions are channels 3 and 4.": (
            _turn_mistake(slice(2, 5))
        ),
        "You return the factor. Multiply the gradient by it.": (
            lambda gradient, contours, threshold: turn_round(np.ones(gradient.shape), contours, threshold)
        ),
        "You return the gradient as it came.": lambda gradient, *_: gradient.astype(float),
    },
)

TASKS = (JOIN, WALK, TURN)
