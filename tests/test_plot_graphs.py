import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex, to_rgb
from PIL import Image
from skimage.color import rgb2lab

from spamlab import plot
from spamlab.plot import graphs, trees
from spamlab.plot.picture import MUTED, SERIES, WIDTH
from spamlab.regions import adjacency
from spamlab.segments import Graph, merge, similarity

SENTENCE = "A picture of 60 x 90 pixels with 9 regions, three in a row."
LABELS = np.add.outer(np.arange(60) // 20 * 3, np.arange(90) // 30).astype(np.int32)
PAIRS = adjacency(LABELS)[0]
PHOTO = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
MIDDLES = [(14.5 + 30 * (i % 3), 9.5 + 20 * (i // 3)) for i in range(9)]  # (col, row)
GREY = np.full((60, 90), 128, np.uint8)


def size(picture):
    return Image.open(io.BytesIO(picture.data)).size


def figure_of(draw, *arguments, **options):
    """Return the figure that a function draws, before it becomes a picture."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (graphs, trees):
            patch.setattr(module, "from_figure", lambda figure, *_, **__: figure)
        return draw(*arguments, **options, text=SENTENCE)


def lines(axes, zorder):
    return next(c for c in axes.collections if isinstance(c, LineCollection) and c.zorder == zorder)


def texts(axes):
    return [text.get_text() for text in axes.texts]


def key(ends):
    return tuple(np.sort(np.asarray(ends).tolist(), axis=0).ravel())


def drawn_pairs(axes):
    """Return {pair: (width, lightness)} of the lines of a graph."""
    names = {key([MIDDLES[a], MIDDLES[b]]): (int(a), int(b)) for a, b in PAIRS}
    found = lines(axes, 4)
    light = rgb2lab(found.get_colors()[:, :3])[:, 0]
    return {
        names[key(ends)]: looks
        for ends, looks in zip(
            found.get_segments(), zip(found.get_linewidths(), light, strict=True), strict=True
        )
    }


# ---- graph


def test_graph_joins_the_middles_of_superpixels_that_touch():
    (axes,) = figure_of(plot.graph, PHOTO, LABELS, PAIRS).axes
    found = {key(ends) for ends in lines(axes, 4).get_segments()}
    assert found == {key([MIDDLES[a], MIDDLES[b]]) for a, b in PAIRS}
    dots = next(c for c in axes.collections if len(c.get_offsets()) == 9)
    np.testing.assert_allclose(dots.get_offsets(), MIDDLES)


def test_graph_draws_high_values_lighter_and_wider_and_says_what_they_are():
    values = np.random.default_rng(1).permutation(len(PAIRS)) / len(PAIRS)
    axes, bar = figure_of(plot.graph, PHOTO, LABELS, PAIRS, values, label="likeness").axes
    looks = drawn_pairs(axes)
    rising = np.array([looks[tuple(pair)] for pair in PAIRS[np.argsort(values)].tolist()])
    assert (np.diff(rising, axis=0) > 0).all()
    assert bar.get_ylabel() == "likeness" and bar.get_ylim() == (0, 1)


def test_graph_leaves_out_nan_and_clips_to_its_limits():
    values = np.full(len(PAIRS), np.nan)
    values[:4] = -9, 0.2, 0.8, np.inf
    axes, bar = figure_of(plot.graph, PHOTO, LABELS, PAIRS, values, limits=(0.2, 0.8)).axes
    looks = drawn_pairs(axes)
    low, also_low, high, also_high = (looks[tuple(pair)] for pair in PAIRS[:4].tolist())
    assert len(looks) == 4 and low == also_low and high == also_high and low < high
    assert bar.get_ylim() == (0.2, 0.8)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_borders_are_the_pixel_edges_between_two_labels(seed, n):
    labels = np.random.default_rng(seed).integers(0, n, (4, 5))
    found = {tuple(np.ravel(ends)) for ends in graphs.borders(labels)}
    expected = set()
    for row, col in np.ndindex(labels.shape):
        if col < 4 and labels[row, col] != labels[row, col + 1]:
            expected.add((col + 0.5, row - 0.5, col + 0.5, row + 0.5))
        if row < 3 and labels[row, col] != labels[row + 1, col]:
            expected.add((col - 0.5, row + 0.5, col + 0.5, row + 0.5))
    assert found == expected and len(graphs.borders(labels)) == len(expected)


def test_graph_stays_within_a_notebook_column():
    labels = np.add.outer(np.arange(321) // 33 * 10, np.arange(481) // 49).astype(np.int32)
    image = np.random.default_rng(0).integers(0, 256, (321, 481, 3), dtype=np.uint8)
    pairs = adjacency(labels)[0]
    for crop in (None, (30, 40, 120, 160), (0, 0, 300, 60)):
        for values in (None, np.linspace(0, 1, len(pairs))):
            picture = plot.graph(image, labels, pairs, values, text=SENTENCE, crop=crop)
            assert size(picture)[0] <= WIDTH and size(picture)[1] <= 600 and picture.text == SENTENCE


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"superpixels": LABELS[:-1]}, r"int32 of shape \(59, 90\), expected integers of shape \(60, 90\)"),
        ({"superpixels": LABELS / 2}, "superpixels are float64"),
        ({"superpixels": LABELS * 2}, "superpixels hold 9 labels from 0 to 16, expected each from 0 to 16"),
        ({"superpixels": LABELS - 1}, "from -1 to 7, expected each from 0 to 7"),
        ({"pairs": PAIRS[:, 0]}, r"pairs have shape \(12,\), expected \(E, 2\)"),
        ({"pairs": PAIRS + 1}, "pairs hold 1 to 9, expected superpixels 0 to 8"),
        ({"values": [1, 2]}, r"values have shape \(2,\), expected one for each of 12 pairs"),
        ({"limits": (1, 1)}, r"limits are \(1, 1\), expected"),
    ],
)
def test_graph_checks(changed, message):
    given = {"superpixels": LABELS, "pairs": PAIRS, "values": np.ones(len(PAIRS))} | changed
    with pytest.raises(ValueError, match=message):
        plot.graph(PHOTO, **given, text=SENTENCE)


# ---- dendrogram


def some_graph(seed, side=5):
    """Return a graph of side x side superpixels with random features."""
    labels = np.arange(side**2, dtype=np.int32).reshape(side, side).repeat(4, axis=0).repeat(6, axis=1)
    v = np.random.default_rng(seed).normal(size=(side**2, 2)) * 0.4
    return Graph.of(labels, v[labels])


def tree_of(graph, mode, threshold=None, **options):
    joined, at = graph.tree(mode)
    return figure_of(
        plot.dendrogram, joined, similarity(at), len(graph.v), threshold=threshold, **options
    ).axes


def branches(axes):
    """Return (x, y) of the four corners of each step, (n - 1, 4, 2): up, across, down."""
    return np.array(next(c for c in axes.collections if isinstance(c, LineCollection)).get_segments())


modes = pytest.mark.parametrize("mode", ["components", "update"])


@modes
@pytest.mark.parametrize("seed", range(3))
def test_dendrogram_is_a_tree_of_which_no_branches_cross(mode, seed):
    graph = some_graph(seed)
    corners = branches(tree_of(graph, mode)[0])
    heights = np.minimum.accumulate(similarity(graph.tree(mode)[1]))
    np.testing.assert_allclose(corners[:, 1:3, 1], np.stack([heights, heights], axis=1))
    feet = sorted(map(tuple, corners[:, [0, 3]].reshape(-1, 2).tolist()))
    tops = [((a + b) / 2, y) for (a, y), (b, _) in corners[:-1, 1:3].tolist()]
    assert feet == sorted([*((i, 1.0) for i in range(len(graph.v))), *tops])
    left, right = np.sort(corners[:, 1:3, 0], axis=1).T
    for x, low, high in zip(*(corners[:, [0, 3], i].ravel() for i in (0, 1)), heights.repeat(2), strict=True):
        crossed = (left < x) & (x < right) & (high < heights) & (heights < low)
        assert not crossed.any()


@modes
@pytest.mark.parametrize("threshold", [0, 0.35, 0.5, 0.62, 0.8, 1, "a step"])
def test_dendrogram_says_and_colours_what_the_threshold_leaves(mode, threshold):
    graph = some_graph(4, side=7)
    s = np.minimum.accumulate(similarity(graph.tree(mode)[1]))
    threshold = s[len(s) // 2] + 1e-12 if threshold == "a step" else threshold
    picture, tree = tree_of(graph, mode, threshold, image=GREY[:28, :42], superpixels=graph.superpixels)
    segments = merge(graph, threshold, mode=mode)
    n = segments.max() + 1
    assert texts(tree) == [f"T = {threshold:g}\n{n} segment{'' if n == 1 else 's'}"]
    shown = picture.images[0].get_array()
    assert all(len(np.unique(shown[segments == i], axis=0)) == 1 for i in range(n))
    members = np.bincount(segments[::4, ::6].ravel())
    coloured = [i for i in range(n) if np.ptp(shown[segments == i][0].astype(int)) > 0]
    assert len({tuple(shown[segments == i][0]) for i in coloured}) == len(coloured)
    assert len(coloured) == min(5, (members > 1).sum())
    assert sorted(members[coloured]) == sorted(members)[::-1][: len(coloured)][::-1]
    edges = next(c for c in picture.collections if isinstance(c, LineCollection)).get_segments()
    assert sorted(map(key, edges)) == sorted(map(key, graphs.borders(segments)))
    steps = next(c for c in tree.collections if isinstance(c, LineCollection)).get_colors()[:, :3]
    names = [to_hex(colour) for colour in steps]
    for i, colour in zip(np.argsort(-members, kind="stable"), SERIES[:5], strict=False):
        if members[i] > 1 and (members == members[i]).sum() == 1:  # not one of two that are as large
            assert names.count(colour) == members[i] - 1
    assert set(names[(s > threshold).sum() :]) <= {to_hex(MUTED)}


def test_dendrogram_takes_a_chain_of_any_length_and_a_rising_similarity():
    n = 1500
    chain = np.stack([np.arange(n - 1), np.arange(1, n)], axis=1)
    picture = plot.dendrogram(chain, np.linspace(1, 0, n - 1), n, text=SENTENCE)
    assert size(picture)[0] <= WIDTH and picture.mime == "image/png"
    (axes,) = figure_of(plot.dendrogram, chain[:3], [0.5, 0.75, 0.25], 4, threshold=0.6).axes
    assert branches(axes)[:, 1, 1].tolist() == [0.5, 0.5, 0.25] and texts(axes) == ["T = 0.6\n4 segments"]


@pytest.mark.parametrize("threshold", [0, 0.5, 1])
@pytest.mark.parametrize("beside", [False, True])
def test_the_words_of_a_dendrogram_lie_inside(threshold, beside):
    graph = some_graph(0)
    more = {"image": GREY[:20, :30], "superpixels": graph.superpixels} if beside else {}
    *_, axes = tree_of(graph, "components", threshold, **more)
    figure = axes.figure
    figure.draw_without_rendering()
    for words in (*axes.texts, axes.yaxis.label, *axes.get_yticklabels()):
        box = words.get_window_extent()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
    assert figure.bbox.x1 <= WIDTH


STEPS, LIKE = [[0, 1], [1, 2]], [0.75, 0.5]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n": 4}, r"n is 4, joined has shape \(2, 2\) and s \(2,\), expected"),
        ({"n": 1, "joined": np.empty((0, 2)), "s": []}, "expected n of at least 2"),
        ({"s": [0.5]}, r"s \(1,\), expected"),
        ({"joined": [[0, 1], [1, 3]]}, "joined holds 0 to 3, expected superpixels 0 to 2"),
        ({"joined": [[0, 1], [1, 0]]}, "step 1 joins 1 and 0, expected two segments"),
        ({"s": [0.5, 7]}, "s and threshold go from 0.5 to 7, .* turn distances into similarities first"),
        ({"s": [np.nan, 0.5]}, "s and threshold go from nan"),
        ({"threshold": 1.5}, "go from 0.5 to 1.5, expected 0 to 1"),
        (
            {"image": GREY, "threshold": 0.5},
            r"given: \['image'\], threshold=0.5; expected image, superpixels",
        ),
        ({"image": GREY, "superpixels": LABELS // 3}, r"threshold=None; expected image, superpixels and"),
        ({"image": GREY, "superpixels": LABELS, "threshold": 0.5}, "from 0 to 8, expected each from 0 to 2"),
        (
            {"image": GREY[1:], "superpixels": LABELS // 3, "threshold": 0.5},
            r"expected integers of shape \(59, 90\)",
        ),
    ],
)
def test_dendrogram_checks(changed, message):
    with pytest.raises(ValueError, match=message):
        plot.dendrogram(**{"joined": STEPS, "s": LIKE, "n": 3, "text": SENTENCE} | changed)


# ---- balance


def parts(axes):
    """Return left, right and colour of the parts of the upper and of the lower bar."""
    found = {}
    for patch in axes.patches:
        x, y = patch.get_xy().T
        if patch.get_alpha() is None:
            found.setdefault(y.min(), []).append((x.min(), x.max(), to_hex(patch.get_facecolor())))
    return [sorted(found[y]) for y in sorted(found)]


@pytest.mark.parametrize(("alike", "other"), [(3, 1), (229, 34), (2, 2), (1, 9)])
def test_balance_draws_counts_above_and_equal_weights_below(alike, other):
    same = np.random.default_rng(0).permutation([1.0] * alike + [0.0] * other + [np.nan] * 5)
    (axes,) = figure_of(plot.balance, same).axes
    above, below = parts(axes)
    left, right = above[0][0], above[-1][1]
    assert (above[0][1] - left) / (right - left) == pytest.approx(alike / (alike + other))
    assert below[0][:2] == (left, (left + right) / 2) and below[1][:2] == ((left + right) / 2, right)
    assert above[0][1] == above[1][0] and [p[2] for p in above] == [p[2] for p in below]
    n, said = alike + other, texts(axes)
    assert f"same segment: {alike} pair{'s' * (alike > 1)}, {alike / n:.0%}" in said
    assert f"different: {other} pair{'s' * (other > 1)}, {other / n:.0%}" in said
    assert f"{alike} \u00d7 {other}/{n} = {alike * other / n:.1f}" in said and said.count("50%") == 2


def test_balance_is_a_picture_of_a_real_graph():
    picture = plot.balance([1, 1, 0], text=SENTENCE)
    assert size(picture)[0] <= WIDTH and picture.mime == "image/png" and picture.text == SENTENCE
    ink = np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB")).reshape(-1, 3) / 255
    for colour in SERIES[:2]:
        assert (np.abs(ink - to_rgb(colour)).max(axis=1) < 0.02).mean() > 0.05


@pytest.mark.parametrize(
    ("same", "message"),
    [
        ([1, 1, np.nan], "2 of 1, 0 of 0 and 0 other values, expected 0 and 1"),
        ([], "0 of 1, 0 of 0"),
        ([1, 0, 2], "1 of 1, 1 of 0 and 1 other values"),
    ],
)
def test_balance_checks(same, message):
    with pytest.raises(ValueError, match=message):
        plot.balance(same, text=SENTENCE)
