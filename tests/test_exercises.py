"""Every exercise is proved: its solution passes, its stub is not attempted, its planted mistakes are named.

In a lesson, an exercise is a code cell with the tag "exercise" that holds `Exercise.cell`: the stub, and the
check. The first code cell imports NumPy as np, and check, hint and solution.
"""

import itertools
import os
from textwrap import indent

import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient
from notebook_rules import ROOT, code_cells, tags
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spamlab import metrics
from spamlab.candidates import grid_neighbours
from spamlab.cluster import cluster
from spamlab.exercises import check, checking, exercise, hint, solution
from spamlab.exercises.build import fill
from spamlab.exercises.checking import same
from spamlab.exercises.exercise import BEGIN, END, HERE, book, dump, load, stub
from spamlab.features import lab_xy
from spamlab.lnsnet import Network, boundary_factor, estimate, rescale, student_t
from spamlab.objects import largest, open_and_split, smallest_wins
from spamlab.segments import distance, distance_at, merging, pair_loss, similarity
from spamlab.slic import assign, widen
from spamlab.ssn import reconstruction

BOOK = book()
LESSONS = sorted({name[:2] for name in BOOK})
every = pytest.mark.parametrize("name", BOOK)
rng = np.random.default_rng(3)


def function(name, source):
    """Return the function that a piece of code for an exercise defines."""
    space = {"np": np}
    exec(compile(source, f"<answer {name}>", "exec"), space)
    return space[BOOK[name].function]


def solved(name):
    return function(name, BOOK[name].solution)


def planted(name):
    """Return the planted mistakes of an exercise as {message: function}."""
    lesson = __import__(f"spamlab.exercises.lesson_{name[:2]}", fromlist=["TASKS"])
    return next(task.mistakes for task in lesson.TASKS if task.name == name)


# ---- every exercise


@every
def test_the_solution_passes(name):
    result = check(name, solved(name))
    assert result.status == "correct"
    assert str(result).startswith(f"Exercise {name}, {BOOK[name].title}: correct.")


@every
def test_the_untouched_stub_is_not_attempted(name):
    result = check(name, function(name, BOOK[name].stub))
    assert result.status == "not attempted" and f'hint("{name}")' in str(result)


@every
def test_each_planted_mistake_is_named(name):
    mistakes = planted(name)
    assert len(mistakes) >= 3
    for message, wrong in mistakes.items():
        result = check(name, wrong)
        assert (result.status, result.message) == ("wrong", message)


@every
def test_planted_mistakes_are_plausible_and_differ(name):
    expected = BOOK[name].expected
    for outputs in BOOK[name].mistakes.values():
        for found, right in zip(outputs, expected, strict=True):
            assert np.asarray(found).dtype.kind in "bif"
            if np.asarray(right).dtype.kind == "f":  # for indices number and form are part of the answer
                assert np.asarray(found).dtype.kind in "if"
                assert np.shape(found) == np.shape(right)
                assert np.isfinite(np.asarray(found)[np.isfinite(right)]).all()
    for one, other in itertools.combinations([expected, *BOOK[name].mistakes.values()], 2):
        assert not all(map(same, one, other))


@every
def test_hints_go_from_first_to_last_and_none_is_the_solution(name, monkeypatch):
    monkeypatch.setattr(checking, "_hints_given", {})
    hints, code = BOOK[name].hints, [line.strip() for line in BOOK[name].solution.splitlines()[2:]]
    assert len(hints) >= 3
    given = [hint(name) for _ in range(len(hints) + 1)]
    assert given[0].startswith(f"Hint 1 of {len(hints)}: {hints[0]}") and given[-1] == given[-2]
    assert f'solution("{name}")' in given[-1] and f'solution("{name}")' not in given[0]
    assert hint(name, 2) == given[1]
    assert not [line for line in code if len(line) > 10 and any(line in text for text in given)]


@every
def test_the_check_never_shows_the_solution(name):
    code = [line.strip() for line in BOOK[name].solution.splitlines()[2:]]
    wrong = [check(name, lambda *_: 0), check(name, None), check(name, function(name, BOOK[name].stub))]
    assert not [line for line in code if len(line) > 10 and any(line in str(result) for result in wrong)]


@every
def test_solution_has_no_markers_and_stub_no_solution(name):
    own = BOOK[name]
    assert repr(solution(name)) == own.solution and BEGIN not in own.solution and END not in own.solution
    assert own.marked.count(BEGIN) == own.marked.count(END) == 1
    assert HERE in own.stub and own.stub.splitlines()[0] == own.marked.splitlines()[0]
    assert len(own.stub.splitlines()) == 3 and max(map(len, own.marked.splitlines())) <= 110


# ---- they agree with the library


def test_lesson_01_agrees_with_slic():
    colour = rng.integers(0, 256, (8, 9, 3), np.uint8)
    F, S, m = lab_xy(colour, 4.0, 15.0).astype(float), 4.0, 15.0
    rows = np.concatenate([F[:, :3], F[:, 3:] * S / m], axis=1)
    for p, q in rng.integers(0, len(F), (20, 2)):
        assert np.isclose(solved("01.1")(rows[p], rows[q], S, m), np.linalg.norm(F[p] - F[q]), rtol=1e-5)
    lab, centres, labels = (
        rows[:, :3].reshape(8, 9, 3).astype(np.float32),
        rows[::7],
        np.full((8, 9), 99, np.int32),
    )
    for pixel in np.ndindex(8, 9):
        inside = [assign(lab, row[None], labels, S, m)[pixel] == 0 for row in centres]
        assert np.array_equal(solved("01.2")(np.array(pixel), centres, S), np.flatnonzero(inside))
    labels, own = rng.integers(0, 9, (8, 9), np.int32), rng.uniform(5, 50, len(centres))
    np.testing.assert_allclose(solved("01.3")(lab, centres, labels, own), widen(lab, centres, labels, own))


@pytest.mark.parametrize("seed", range(5))
def test_lesson_02_agrees_with_metrics(seed):
    rng = np.random.default_rng(seed)
    labels, truth = rng.integers(0, 4, (2, 9, 11)).repeat(2, axis=1).repeat(3, axis=2)
    assert np.isclose(solved("02.1")(labels, truth), metrics.asa(labels, truth))
    assert np.isclose(solved("02.3")(labels), metrics.compactness(labels))
    labels = np.arange(33) // 5 + 7 * (np.arange(18) // 4)[:, None]
    for r in range(4):
        assert np.isclose(solved("02.2")(labels, truth, r), metrics.boundary_recall(labels, truth, r))


@pytest.mark.parametrize("temperature", [0.001, 0.3, 1, 20])
def test_lesson_03_agrees_with_ssn_at_each_border_of_the_grid(temperature):
    cells = np.arange(12).reshape(3, 4).repeat(2, axis=0).repeat(3, axis=1)
    F, centres = rng.normal(size=(cells.size, 5)), rng.normal(size=(12, 5))
    slots = grid_neighbours(cells)[cells.ravel()]
    arguments = torch.from_numpy(grid_neighbours(cells)), torch.from_numpy(cells.ravel())
    found = cluster(*map(torch.from_numpy, (F, centres)), *arguments, 1, temperature=temperature)
    own = [
        solved("03.1")(pixel, centres[row], row >= 0, temperature)
        for pixel, row in zip(F, slots, strict=True)
    ]
    np.testing.assert_allclose(own, found.weights().numpy(), rtol=1e-8, atol=1e-12)
    assert (slots < 0).any() and not np.array(own)[slots < 0].any()


def soft_clusters(F, S, candidates, n_iter=1):
    """Cluster pixels of one group, so that all have the same candidates; return this and Q, (N, K)."""
    slots, group = torch.tensor([candidates]), torch.zeros(len(F), dtype=torch.int64)
    found = cluster(torch.from_numpy(F), torch.from_numpy(S), slots, group, n_iter)
    Q = np.zeros((len(F), len(S)))
    Q[:, candidates] = found.weights()
    return found, Q


@pytest.mark.parametrize("candidates", [[0, 1, 2, 3, 4], [4, 0, 3]])
def test_lesson_03_agrees_with_ssn_in_its_centres_and_its_loss(candidates):
    F, S = rng.normal(size=(40, 3)), rng.normal(size=(5, 3))  # centres that are no candidates stay empty
    found, Q = soft_clusters(F, S, candidates)
    np.testing.assert_allclose(solved("03.2")(F, Q, S), soft_clusters(F, S, candidates, 2)[0].S, rtol=1e-8)
    for truth in (rng.integers(0, 4, 40), np.arange(40) // 9 * 2, np.zeros(40, int)):
        loss = reconstruction(found, torch.from_numpy(truth))
        assert np.isclose(solved("03.3")(Q, truth), float(loss), rtol=1e-8, atol=1e-12)


def touching(seed, n=30):
    """Return features of n superpixels and pairs of them, each pair once; some are equal, some far apart."""
    rng = np.random.default_rng(seed)
    v = rng.integers(-6, 7, (n, 4)) / 8
    v[0], v[1] = v[2], 500
    pairs = np.unique(np.sort(rng.integers(0, n, (3 * n, 2)), axis=1), axis=0)
    return v, pairs[pairs[:, 0] < pairs[:, 1]]


@pytest.mark.parametrize("seed", range(5))
def test_lesson_04_agrees_with_segments(seed):
    v, pairs = touching(seed)
    d = distance(v, pairs)
    s = similarity(d)
    assert d.max() > 800
    np.testing.assert_allclose(solved("04.1")(v, pairs), s, rtol=1e-12)
    for T in (0.1, 0.3, np.sort(s)[-5], 1):
        found = solved("04.3")(len(v), pairs, s, T)
        joined, at = merging.by_edges(len(v), pairs, d)
        assert np.array_equal(found, merging.replay(len(v), joined[at < distance_at(T) - 1e-12]))
        links = pairs[s > T].T
        table = coo_array((np.ones(len(links.T)), links), (len(v), len(v)))
        parts = connected_components(table, directed=False)[1]
        smallest = np.unique(parts, return_index=True)[1]
        assert np.array_equal(found, smallest[parts])


@pytest.mark.parametrize("seed", range(5))
def test_lesson_04_agrees_with_the_loss_of_segments(seed):
    v, pairs = touching(seed)
    d = distance(v, pairs)
    for kinds in (rng.integers(0, 2, len(d)), np.zeros(len(d)), np.ones(len(d)), np.arange(len(d)) == 3):
        kinds = np.where(d == 0, 1.0, kinds)  # of equal superpixels in two segments the loss is infinite
        loss = float(pair_loss(torch.from_numpy(d), torch.from_numpy(kinds)))
        assert np.isclose(solved("04.2")(d, kinds), loss, rtol=1e-10, atol=1e-14) and np.isfinite(loss)


@pytest.mark.parametrize("seed", range(3))
def test_lesson_05_agrees_with_the_shares_of_lnsnet(seed):
    rng = np.random.default_rng(seed)
    Z, S = 3 * rng.normal(size=(40, 20)), 3 * rng.normal(size=(9, 20))
    P = solved("05.1")(Z, S)
    np.testing.assert_allclose(P, student_t(torch.from_numpy(Z), torch.from_numpy(S)), rtol=1e-9)
    np.testing.assert_allclose(P.sum(axis=1), 1)


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0])
def test_lesson_05_agrees_with_the_walk_of_lnsnet(shift):
    torch.manual_seed(2)
    layer, Z = Network().seeds, 3 * torch.rand(1, 20, 30, 41)
    with torch.no_grad():
        layer.last.weight *= 20  # some seeds walk as far as they can, and at the border into it
        found = estimate(layer, Z, 12, shift)
        output = torch.logit((layer(Z, found.counts).double() + 1) / 2)
    start, cell = found.start.double().numpy(), np.array(found.cell)
    end = solved("05.2")(start, cell, output.numpy(), shift, (30, 41))
    np.testing.assert_allclose(end, found.end, atol=1e-3)
    inside = start + shift * cell * (2 / (1 + np.exp(-output.numpy())) - 1)
    assert (shift < 1) or not np.allclose(end, inside), "no seed wanted to leave"


def test_lesson_05_agrees_with_the_gradient_that_lnsnet_turns_round():
    contours = torch.rand(6, 7, generator=torch.Generator().manual_seed(4))
    Y = torch.randn(1, 5, 6, 7, generator=torch.Generator().manual_seed(5), requires_grad=True)
    for threshold in (0.2, 0.7):
        passed = rescale(Y, boundary_factor(contours, threshold))
        (found,) = torch.autograd.grad(passed.square().sum(), Y)
        own = solved("05.3")(2 * Y[0].detach().numpy(), contours.numpy(), threshold)
        np.testing.assert_allclose(own, found[0], rtol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_lesson_06_agrees_with_the_steps_of_objects(seed):
    random = np.random.default_rng(seed)
    smooth = gaussian_filter(random.normal(size=(7, 30, 41)), (0, 2, 2))
    masks = smooth > np.quantile(smooth, np.linspace(0.5, 0.9, 7))[:, None, None]
    assert len(set(masks.sum(axis=(1, 2)))) == 7  # with ties the library says more than the exercise
    assert np.array_equal(solved("06.1")(masks), smallest_wins(masks))
    for region, least in ((masks[0], 4), (~masks[1], 0), (masks[6], 20), (random.random((20, 30)) < 0.9, 7)):
        pieces = open_and_split(region.astype(int) - 1, 3, least)
        assert np.array_equal(solved("06.2")(region, least), pieces)
        for n in (1, 3, 100):
            assert np.array_equal(solved("06.3")(pieces, n), largest(pieces, n))


# ---- what else a learner may hand in

ODD = {
    "returned None": ("not attempted", None),
    "an ellipsis": ("not attempted", ...),
    "pass": ("not attempted", "def distance(pixel, centre, S, m):\n    pass"),
    "raise": ("not attempted", "def distance(*_):\n    raise NotImplementedError"),
    "without parentheses": ("check takes the function itself, not the float it returned", 7.07),
    "no return": (
        "print shows a value, but does not return it.",
        "def distance(pixel, centre, S, m):\n    D = m / S",
    ),
    "zero": ("It returned 0,\nexpected 7.07107.", "def distance(*_):\n    return 0"),
    "text": ("It returned 'far' (str)", "def distance(*_):\n    return 'far'"),
    "ragged": ("(list)", "def distance(*_):\n    return [[1], [1, 2]]"),
    "shape": ("[7.] of shape (1,)", "def distance(*_):\n    return np.array([7.0])"),
    "an error": ("ZeroDivisionError", "def distance(pixel, centre, S, m):\n    x = 2\n    return x / 0"),
    "arguments": ("cannot be called with (pixel, centre, S, m)", "def distance(pixel):\n    return 1"),
    "a class": ("cannot be called", "class distance:\n    pass"),
    "nearly": ("differs on 1 of 5", "def distance(p, c, S, m):\n    return ANSWER(p, c, S, m) + (m == 1)"),
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_answers_are_told_not_raised(odd):
    expected, answer = ODD[odd]
    if isinstance(answer, str):
        answer = function("01.1", answer)
        getattr(answer, "__globals__", {}).update(ANSWER=solved("01.1"))
    result = check("01.1", answer)
    assert expected in str(result) and result.status in ("not attempted", "wrong")
    assert (result.status == "not attempted") == (expected == "not attempted")


def test_an_error_is_shown_with_its_line_and_input():
    result = check("01.1", function("01.1", ODD["an error"][1]))
    assert "at line 3" in result.message and "S = 20, m = 10" in result.message


WRITTEN = {  # mistakes as a learner writes them
    "a mask": (
        "01.2",
        "return (np.abs(centres[:, 3:] - pixel) <= S).all(axis=1)",
        "You return truth values.",
    ),
    "where": (
        "01.2",
        "return np.where((np.abs(centres[:, 3:] - pixel) <= S).all(axis=1))",
        "np.where returns a tuple.",
    ),
    "from 1": (
        "01.2",
        """n, found = 0, []
for centre in centres:
    n += 1
    if max(abs(centre[3:] - pixel)) <= S:
        found.append(n)
return found""",
        "You count from 1.",
    ),
    "slices": (
        "01.1",
        "return np.hypot(np.linalg.norm((pixel - centre)[:2]), m / S * np.linalg.norm((pixel - centre)[2:]))",
        "You take two numbers as the colour",
    ),
    "position first": (
        "01.1",
        """d_s, d_c = np.linalg.norm(pixel[:2] - centre[:2]), np.linalg.norm(pixel[2:] - centre[2:])
return (d_c**2 + (m / S * d_s)**2)**0.5""",
        "You take the position from the front",
    ),
    "names": ("02.1", "return (labels == truth).mean()", "The numbers of superpixels and objects are only"),
    "percent": (
        "02.1",
        """n = 0
for k in np.unique(labels):
    n += max(np.unique(truth[labels == k], return_counts=True)[1])
return 100 * n / labels.size""",
        "You return a percentage.",
    ),
    "iterations=0": (
        "02.2",
        "return binary_dilation(mark(labels), np.ones((3, 3)), r)[mark(truth)].mean()",
        "binary_dilation with iterations=0",
    ),
    "steps": (
        "02.2",
        "return binary_dilation(mark(labels), iterations=r)[mark(truth)].mean()",
        "Your tolerance is a diamond, not a square; and with",
    ),
    "denominator": (
        "02.2",
        "near = maximum_filter(mark(labels), 2 * r + 1, mode='constant')\n"
        "return (near & mark(truth)).sum() / mark(labels).sum()",
        "You divide by the number of labels' boundary pixels.",
    ),
    "a count": (
        "02.2",
        "return maximum_filter(mark(labels), 2 * r + 1, mode='constant')[mark(truth)].sum()",
        "You return a number of pixels.",
    ),
    "side 2r": (
        "02.2",
        "return maximum_filter(mark(labels), 2 * r, mode='constant')[mark(truth)].mean()",
        "Your square has side 2r. Its side",
    ),
    "slices of side 2r": (
        "02.2",
        """x = mark(labels)
y = [x[max(i - r, 0) : i + r, max(j - r, 0) : j + r].any() for i, j in np.argwhere(mark(truth))]
return np.mean(y)""",
        "Your square has side 2r, so it is empty at r = 0.",
    ),
    "side r": (
        "02.2",
        "return maximum_filter(mark(labels), r, mode='constant')[mark(truth)].mean()",
        "Your square has side r.",
    ),
    "edges twice": (
        "02.3",
        """total, x = 0, np.pad(labels, 1, constant_values=-1)
for k in np.unique(labels):
    P = sum(((x == k) != (np.roll(x, s, axis) == k)).sum() for s in (1, -1) for axis in (0, 1))
    total += 4 * np.pi * (x == k).sum() ** 2 / P**2
return total / labels.size""",
        "Each edge counts twice",
    ),
    "return in the loop": (
        "02.3",
        """total = 0
for k in np.unique(labels):
    x = np.pad(labels == k, 1)
    P = np.count_nonzero(x[1:] ^ x[:-1]) + np.count_nonzero(x[:, 1:] ^ x[:, :-1])
    total += 4 * np.pi * x.sum() ** 2 / P**2
    return total / labels.size""",
        "You return after the first superpixel.",
    ),
    "perimeter": (
        "02.3",
        """total = 0
for k in np.unique(labels):
    total += 4 * np.pi * (labels == k).sum() ** 2 / perimeter(labels == k)**2
return total / labels.size""",
        "Your P is smoothed",
    ),
    "present as a factor": (
        "03.1",
        """d2 = np.linalg.norm(centres - pixel, axis=1) ** 2 * present
Q = np.exp(-d2 / temperature)
return Q / Q.sum()""",
        "An empty slot has distance 0 in your code",
    ),
    "softmax of all": (
        "03.1",
        "return softmax(-np.sum((pixel - centres) ** 2, axis=1) / temperature)",
        "You do not look at present.",
    ),
    "emptied after softmax": (
        "03.1",
        "return np.where(present, softmax(-np.sum((pixel - centres) ** 2, axis=1) / temperature), 0)",
        "You empty the slots after",
    ),
    "softmax of exp": (
        "03.1",
        """d2 = np.array([((pixel - centre) ** 2).sum() for centre in centres])
d2[~present] = 1e16
return softmax(np.exp(-d2 / temperature))""",
        "You apply np.exp twice",
    ),
    "a tiny divisor": (
        "03.2",
        "return (Q.T @ F) / (Q.sum(axis=0) + 1e-16)[:, None]",
        "A centre without weight becomes 0",
    ),
    "rows": (
        "03.2",
        "return (Q / Q.sum(axis=1, keepdims=True)).T @ F",
        "You return weighted sums.",
    ),
    "hard labels": (
        "03.2",
        """new, labels = centres.copy(), Q.argmax(axis=1)
for k in np.unique(labels):
    new[k] = F[labels == k].mean(axis=0)
return new""",
        "You give each pixel to its best centre",
    ),
    "at least 1": (
        "03.2",
        "return np.einsum('pk,pc->kc', Q, F) / np.maximum(Q.sum(axis=0), 1)[:, None]",
        "You divide by at least 1.",
    ),
    "Q and back": (
        "03.3",
        """R = (truth[:, None] == np.arange(truth.max() + 1)).astype(float)
return -np.log((Q @ Q.T @ R)[R == 1]).mean()""",
        "The columns of Q are not normalised.",
    ),
    "majority": (
        "03.3",
        """labels = Q.argmax(axis=1)
share = [(truth[labels == labels[p]] == truth[p]).mean() for p in range(len(truth))]
return -np.mean(np.log(share))""",
        "You give each pixel to one superpixel first.",
    ),
    "cross_entropy": (
        "03.3",
        """Qhat = Q / np.maximum(Q.sum(axis=0), 1e-9)
R = np.eye(truth.max() + 1)[truth]
return -np.log(softmax(Q @ Qhat.T @ R, axis=1)[range(len(truth)), truth]).mean()""",
        "You apply a softmax to R*",
    ),
    "a table": (
        "03.3",
        """Qhat = Q / np.maximum(Q.sum(axis=0), 1e-9)
R = np.eye(truth.max() + 1)[truth]
return -(R * np.log(Q @ Qhat.T @ R + 1e-16)).mean()""",
        "You average over all entries of R*",
    ),
    "norm": (
        "04.1",
        "d = np.linalg.norm(v[pairs[:, 0]] - v[pairs[:, 1]], axis=1)\nreturn 2 * expit(-d)",
        "You take the Euclidean distance.",
    ),
    "a sigmoid": (
        "04.1",
        "return expit(-abs(v[pairs[:, 0]] - v[pairs[:, 1]]).sum(axis=1))",
        "The factor 2 is missing",
    ),
    "expit(d)": (
        "04.1",
        "return np.array([2 * expit(np.abs(v[i] - v[j]).sum()) for i, j in pairs])",
        "The sign of the exponent is wrong",
    ),
    "a of the others": (
        "04.2",
        """a = (same == 0).mean()
each = np.where(same == 1, (1 - a) * (np.logaddexp(0, d) - np.log(2)), -a * np.log(np.tanh(d / 2) + (d == 0)))
return each.mean()""",
        "The weights are swapped.",
    ),
    "a clipped similarity": (
        "04.2",
        """s, a = np.clip(2 * expit(-d), 1e-12, 1 - 1e-12), same.mean()
return np.mean(-(1 - a) * same * np.log(s) - a * (1 - same) * np.log(1 - s))""",
        "You add 1e-12 before the logarithm.",
    ),
    "a loop that sums": (
        "04.2",
        """a, total = sum(same) / len(same), 0
for x, l in zip(d, same):
    total -= (1 - a) * (np.log(2) - np.logaddexp(0, x)) if l else a * np.log(np.tanh(x / 2))
return total""",
        "You return the sum.",
    ),
    "binary cross-entropy": (
        "04.2",
        """each = np.where(same == 1, np.logaddexp(0, d) - np.log(2), -np.log(np.tanh(d / 2) + (d == 0)))
return each.mean()""",
        "The loss is not balanced",
    ),
    "one round of renaming": (
        "04.3",
        """segment = list(range(n))
for (i, j), x in zip(pairs, s):
    if x > T:
        segment[j] = segment[i]
return segment""",
        "You rename one superpixel of a pair.",
    ),
    "its smallest neighbour": (
        "04.3",
        """near = np.eye(n, dtype=bool)
for i, j in pairs[s > T]:
    near[i, j] = near[j, i] = True
return near.argmax(axis=1)""",
        "A superpixel joins only its direct neighbours.",
    ),
    "parents": (
        "04.3",
        """parent = np.arange(n)
def root(i):
    return i if parent[i] == i else root(parent[i])
for i, j in pairs[s > T]:
    i, j = sorted((root(i), root(j)))
    parent[j] = i
return parent""",
        "You return who stands above each superpixel.",
    ),
    "parents of parents": (
        "04.3",
        """parent = np.arange(n)
def root(i):
    return i if parent[i] == i else root(parent[i])
for i, j in pairs[s > T]:
    i, j = sorted((root(i), root(j)))
    parent[j] = i
return parent[parent]""",
        "You go up two steps.",
    ),
    "no roots": (
        "04.3",
        """parent = np.arange(n)
for i, j in np.sort(pairs[s > T]):
    parent[j] = i
for _ in range(n):
    parent = parent[parent]
return parent""",
        "You join the two superpixels instead of their roots",
    ),
    "at T": (
        "04.3",
        """segment = np.arange(n)
for i, j in pairs[s >= T]:
    both = np.isin(segment, [segment[i], segment[j]])
    segment[both] = segment[both].min()
return segment""",
        "You join pairs with s = T.",
    ),
    "renamed to the first": (
        "04.3",
        """segment = np.arange(n)
for i, j in pairs[s > T]:
    segment[segment == segment[j]] = segment[i]
return segment""",
        "Your segments are right, but a pair keeps the number of its first",
    ),
    "scipy": (
        "04.3",
        """links = pairs[s > T].T
table = coo_array((np.ones(len(links.T)), links), (n, n))
return connected_components(table, directed=False)[1]""",
        "Your segments are right, but numbered 0, 1, 2",
    ),
    "cdist of vectors": (
        "05.1",
        "u = 1 / (1 + cdist(Z, S))\nreturn u / u.sum(axis=1, keepdims=True)",
        "You take the distance.",
    ),
    "softmax": (
        "05.1",
        "return softmax(-cdist(Z, S, 'sqeuclidean'), axis=1)",
        "You take a softmax of -d^2",
    ),
    "a loop over seeds": (
        "05.1",
        """u = np.zeros((len(Z), len(S)))
for k, s in enumerate(S):
    u[:, k] = 1 / (1 + ((Z - s) ** 2).sum(axis=1))
return u / u.sum(axis=0)""",
        "Your columns sum to 1.",
    ),
    "the printed exponent": (
        "05.1",
        "u = (1 + cdist(Z, S) ** 2) ** -0.5\nreturn u / u.sum(axis=1)[:, None]",
        "Your exponent is -1/2",
    ),
    "half a cell": (
        "05.2",
        "end = start + shift * cell * (expit(output) - 0.5)\nreturn np.clip(end, 0, np.array(shape) - 1)",
        "Your seeds walk half as far",
    ),
    "without a border": (
        "05.2",
        "return start + shift * np.tanh(output / 2) * cell",
        "Seeds leave the picture.",
    ),
    "limits by hand": (
        "05.2",
        """end = start + shift * cell * (2 * expit(output) - 1)
end[:, 0] = np.clip(end[:, 0], 0, shape[0])
end[:, 1] = np.clip(end[:, 1], 0, shape[1])
return end""",
        "Your last row is H",
    ),
    "whole pixels": (
        "05.2",
        """end = start + shift * cell * (2 * expit(output) - 1)
return np.clip(end.astype(int), 0, np.array(shape) - 1)""",
        "You cut the end off to whole pixels.",
    ),
    "a sign for a strength": (
        "05.3",
        """passed = gradient.astype(float)
passed[3:, contours > threshold] *= -1
return passed""",
        "Your factor on contours is -1.",
    ),
    "all channels": (
        "05.3",
        "return np.where(contours > threshold, -contours * gradient, gradient)",
        "You turn the colours, too.",
    ),
    "from the threshold on": (
        "05.3",
        """passed = gradient.astype(float)
for c in (3, 4):
    passed[c] = np.where(contours < threshold, passed[c], -contours * passed[c])
return passed""",
        "You count B = threshold as a contour.",
    ),
    "painted from small to large": (
        "06.1",
        """owner = np.full(masks[0].shape, -1)
for k in sorted(range(len(masks)), key=lambda k: masks[k].sum()):
    owner[masks[k]] = k
return owner""",
        "The largest mask wins.",
    ),
    "argmax of a stack": ("06.1", "return np.where(masks.any(0), masks.argmax(0), -1)", "The first mask"),
    "sorted first": (
        "06.1",
        """masks = masks[np.argsort(masks.sum(axis=(1, 2)))[::-1]]
owner = np.full(masks.shape[1:], -1)
for k, mask in enumerate(masks):
    owner[mask] = k
return owner""",
        "You number the masks by size.",
    ),
    "zeros": (
        "06.1",
        """owner = np.zeros(masks.shape[1:], int)
for k in np.argsort(masks.sum(axis=(1, 2)))[::-1]:
    owner[masks[k]] = k
return owner""",
        "Pixels without a mask are 0",
    ),
    "the border of SciPy": (
        "06.2",
        "return large(label(binary_opening(region, np.ones((3, 3))))[0], min_area)",
        "The border erodes your regions",
    ),
    "the cross of SciPy": (
        "06.2",
        """wide = binary_opening(np.pad(region, 2, constant_values=True))[2:-2, 2:-2]
return large(label(wide)[0], min_area)""",
        "You open with a cross",
    ),
    "corners": (
        "06.2",
        """wide = binary_opening(np.pad(region, 2, constant_values=True), np.ones((3, 3)))[2:-2, 2:-2]
return large(label(wide, np.ones((3, 3)))[0], min_area)""",
        "Your pieces hang together by corners.",
    ),
    "gaps in numbers": (
        "06.2",
        """wide = binary_opening(np.pad(region, 2, constant_values=True), np.ones((3, 3)))[2:-2, 2:-2]
pieces, n = label(wide)
for k in range(1, n + 1):
    if (pieces == k).sum() <= min_area:
        pieces[pieces == k] = 0
return pieces""",
        "Your numbers have gaps",
    ),
    "bincount with 0": (
        "06.3",
        """kept = np.zeros_like(objects)
for new, old in enumerate(np.argsort(-np.bincount(objects.ravel()), kind="stable")[:n]):
    kept[objects == old] = new + 1
return kept""",
        "You let 0 take part.",
    ),
    "a filter": (
        "06.3",
        """areas = np.bincount(objects.ravel())
areas[0] = 0
best = np.argsort(-areas, kind="stable")[:n]
return np.where(np.isin(objects, best), objects, 0)""",
        "Your objects keep their old numbers.",
    ),
    "turned round": (
        "06.3",
        """areas = np.bincount(objects.ravel())
areas[0] = 0
kept = np.zeros_like(objects)
for new, old in enumerate(np.argsort(areas, kind="stable")[::-1][:n]):
    kept[objects == old] = new + 1 if areas[old] else 0
return kept""",
        "At equal areas you take the higher number first.",
    ),
}
HELPERS = """from scipy.ndimage import binary_dilation, binary_opening, label, maximum_filter
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist
from scipy.special import expit, softmax
from skimage.measure import perimeter

def mark(x):
    y = np.zeros(x.shape, bool)
    y[1:] |= x[1:] != x[:-1]
    y[:-1] |= x[1:] != x[:-1]
    y[:, 1:] |= x[:, 1:] != x[:, :-1]
    y[:, :-1] |= x[:, 1:] != x[:, :-1]
    return y

def large(x, least):
    y = np.zeros_like(x)
    for k in range(1, x.max() + 1):
        if (x == k).sum() > least:
            y[x == k] = y.max() + 1
    return y

"""


def written(name, body):
    """Return a learner's function: the stub's first line, and a body of their own."""
    return function(name, f"{HELPERS}{BOOK[name].stub.splitlines()[0]}\n{indent(body, '    ')}\n")


@pytest.mark.parametrize("kind", WRITTEN)
def test_likely_mistakes_are_named_as_learners_write_them(kind):
    name, body, message = WRITTEN[kind]
    result = check(name, written(name, body))
    assert result.status == "wrong" and result.message.startswith(message), result


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nan_points_at_centres_without_weight():
    result = check("03.2", written("03.2", "return Q.T @ F / Q.sum(axis=0)[:, None]"))
    assert result.status == "wrong" and "A centre without weight is 0 / 0; it keeps" in result.message


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nan_points_at_numbers_that_do_not_occur():
    body = """total = 0
for k in range(labels.max() + 1):
    x = np.pad(labels == k, 1)
    P = (x[1:] != x[:-1]).sum() + (x[:, 1:] != x[:, :-1]).sum()
    total += 4 * np.pi * x.sum() ** 2 / P**2
return total / labels.size"""
    result = check("02.3", written("02.3", body))
    assert result.status == "wrong" and "labels =\n[[3, 3, 3, 4, 4, 4]" in result.message
    assert result.message.startswith(
        "It returns NaN: a mean of no pixels, or 0 / 0. Do all numbers occur? np.unique lists those that do."
    )


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nan_points_at_zero_times_the_logarithm_of_zero():
    naive = """s, a = 2 * np.exp(-d) / (1 + np.exp(-d)), same.mean()
return np.mean(-(1 - a) * same * np.log(s) - a * (1 - same) * np.log(1 - s))"""
    result = check("04.2", written("04.2", naive))
    assert result.status == "wrong" and "Or 0 * log(0), as here: s is 0 at d = 800" in result.message


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("04.1", "return 2 / (1 + np.exp(np.abs(v[pairs[:, 0]] - v[pairs[:, 1]]).sum(axis=1)))"),
        ("04.2", "s = 2 / (1 + np.exp(d))\nreturn np.mean(np.log(s) + np.log(1 - s))"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_number_too_large_is_an_error_that_says_so(name, body):
    result = check(name, written(name, body))
    assert result.status == "wrong" and "overflow" in result.message
    assert result.message.endswith(checking.OVERFLOW)


def test_a_maximum_of_no_pixels_points_at_numbers_that_do_not_occur():
    body = """new = m.copy()
for k in range(len(m)):
    new[k] = max(m[k], np.linalg.norm(colour[labels == k] - centres[k, :3], axis=1).max())
return new"""
    result = check("01.3", written("01.3", body))
    assert result.status == "wrong" and "zero-size array" in result.message
    assert result.message.endswith("\nDo all numbers occur? np.unique lists those that do.")
    assert "numbers occur" not in check("01.1", function("01.1", ODD["an error"][1])).message


def test_none_says_what_does_not_return_a_value():
    asks = (
        "It returns None. Does it end with return and a value? print shows a value, but does not return it."
    )
    assert check("02.1", written("02.1", "print(1)")).message == asks
    result = check("01.3", written("01.3", "m[:] = 60"))
    assert result.message == f"{asks} Changing m in place is not enough."


def test_the_last_hint_names_a_solution_only_if_there_is_one(monkeypatch):
    assert hint("01.1", 3).endswith('It is the last one; solution("01.1") shows a solution.')
    (without,) = load(dump([BOOK["01.1"]]))
    monkeypatch.setattr(checking, "find", lambda name: without)
    assert hint("01.1", 3).endswith("It is the last one.") and "no solutions" in solution("01.1")


def test_an_answer_may_spoil_its_arguments():
    right = solved("01.1")

    def spoil(pixel, centre, S, m):
        D = right(pixel, centre, S, m)
        pixel[:] = centre[:] = 0
        return D

    assert check("01.1", spoil).status == check("01.1", right).status == "correct"


@pytest.mark.parametrize("call", [lambda: check("99.1", None), lambda: hint("99.1"), lambda: solution("x")])
def test_an_unknown_exercise_is_an_error_that_lists_the_known(call):
    with pytest.raises(ValueError, match=r"there is no exercise .*, expected one of 01\.1, "):
        call()


@pytest.mark.parametrize("number", [0, 4, "2"])
def test_an_unknown_hint_is_an_error(number):
    with pytest.raises(ValueError, match="expected 1 to 3"):
        hint("01.1", number)


def test_the_stub_replaces_what_is_marked():
    source = f"def f():\n    a = 1\n    {BEGIN}\n    b = 2\n    {END}\n    return a\n"
    assert stub(source) == f"def f():\n    a = 1\n    {HERE}\n    return a\n"


def test_exercises_survive_the_file_of_expected_outputs():
    for own in load(dump(list(BOOK.values()))):
        assert own.marked is None and own.solution is None
        again = exercise.outputs(solved(own.name), own.inputs, own.judge)
        assert all(map(same, again, own.expected)) and (own.none, own.nan) == (
            BOOK[own.name].none,
            BOOK[own.name].nan,
        )
        assert own.mistakes.keys() == BOOK[own.name].mistakes.keys()
        for text, found in own.mistakes.items():
            assert all(map(same, found, BOOK[own.name].mistakes[text]))


# ---- the lessons


def lesson(number):
    """Return the notebook of a lesson with exercises; it must exist."""
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    return path, nbformat.read(path, as_version=4)


@pytest.mark.parametrize("number", LESSONS)
def test_the_lesson_holds_the_stubs_word_for_word(number):
    _, notebook = lesson(number)
    cells = [cell for cell in code_cells(notebook) if "exercise" in tags(cell)]
    own = [e for name, e in BOOK.items() if name.startswith(number)]
    assert [cell.source for cell in cells] == [e.cell for e in own]
    assert all("nbval-check-output" in tags(cell) for cell in cells)


@pytest.mark.parametrize("number", LESSONS)
def test_the_lesson_with_its_solutions_is_correct(number):
    path, notebook = lesson(number)
    first = code_cells(notebook)[0]
    notebook.cells = [first, *(cell for cell in code_cells(notebook) if "exercise" in tags(cell))]
    fill(notebook, BOOK)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}})
    client.execute(env=os.environ | {"CI": "1"})
    verdicts = [cell.outputs[-1]["data"]["text/plain"] for cell in notebook.cells[1:]]
    own = [e for name, e in BOOK.items() if name.startswith(number)]
    assert len(verdicts) == len(own) and all(": correct. " in verdict for verdict in verdicts), verdicts
