"""Methods compared: what is drawn lies where its numbers say, and what is asked for wrongly is refused."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from spamlab import plot
from spamlab.plot import planes
from spamlab.plot.picture import HIGHLIGHT, MUTED, SERIES

TEXT = "Three methods at 100 and at 200 superpixels, made up for a test."
PATHS = {"a": ([0, 1], [0, 1]), "b": ([1, 2], [3, 2]), "c": ([2, 3], [np.nan, 5])}
POINTS = {"one": (1, 4), "two": (2, 3), "low": (1.5, 1), "given": (3, 5)}


@pytest.fixture
def axes(monkeypatch):
    """Return the axes of each figure that is drawn."""
    found = []

    def keep(figure, text, drawing=None):
        found.extend(figure.axes)
        return kept(figure, text, drawing)

    kept = planes.from_figure
    monkeypatch.setattr(planes, "from_figure", keep)
    return found


def colour_of(line):
    return to_rgb(line.get_color())


def test_trails_draw_each_method_where_its_scores_are(axes):
    picture = plot.trails(PATHS, (100, 200), "x", "y", TEXT, highlight="b")
    lines = axes[0].lines
    for line, (x, y) in zip(lines, PATHS.values(), strict=True):
        np.testing.assert_array_equal(line.get_xydata(), np.transpose([x, y]))
    assert [colour_of(line) == to_rgb(HIGHLIGHT) for line in lines] == [False, True, False]
    assert picture.text == TEXT and picture.mime == "image/png"


def test_trails_write_the_numbers_at_the_method_to_look_at_and_name_all(axes):
    plot.trails(PATHS, (100, 200), "x", "y", TEXT, highlight="b")
    places = {text.get_text(): text.xy for text in axes[0].texts}
    assert places["100"] == (1, 3) and places["200"] == (2, 2)
    assert {"a", "b", "c"} <= set(places) and places["c"] == (3, 5), "named at its last point"


def test_trails_leave_out_the_number_of_a_gap(axes):
    plot.trails(PATHS, (100, 200), "x", "y", TEXT, highlight="c")
    written = [text.get_text() for text in axes[0].texts]
    assert "200" in written and "100" not in written


def test_trails_without_one_to_look_at_are_in_colour(axes):
    plot.trails(PATHS, (100, 200), "x", "y", TEXT)
    assert [colour_of(line) for line in axes[0].lines] == [to_rgb(colour) for colour in SERIES[:3]]
    assert {text.get_text() for text in axes[0].texts} == set(PATHS)


def test_trails_put_a_ring_around_a_point(axes):
    plot.trails(PATHS, (100, 200), "x", "y", TEXT, highlight="b", mark=(1.5, 2.5))
    ring = axes[0].lines[-1]
    assert ring.get_xydata().tolist() == [[1.5, 2.5]] and ring.get_markerfacecolor() == "none"
    plot.trails(PATHS, (100, 200), "x", "y", TEXT, mark=((1, 2), (3, 4)))
    assert axes[1].lines[-1].get_xydata().tolist() == [[1, 3], [2, 4]]


def test_trails_name_whom_they_are_told(axes):
    plot.trails(PATHS, (100, 200), "x", "y", TEXT, named=["a"])
    assert [text.get_text() for text in axes[0].texts] == ["a"]


@pytest.mark.parametrize(
    ("paths", "highlight", "told"),
    [
        (PATHS, "d", "highlight is 'd', expected one of"),
        ({}, None, "nothing to draw"),
        ({"a": ([0], [1])}, None, "expected 2 of each"),
    ],
)
def test_trails_refuse_strangers_and_other_lengths(paths, highlight, told):
    with pytest.raises(ValueError, match=told):
        plot.trails(paths, (100, 200), "x", "y", TEXT, highlight=highlight)


def test_front_joins_the_best_in_blue_and_rings_who_does_not_compete(axes):
    plot.front(POINTS, "x", "y", TEXT, best=["two", "one"], ring=["given"])
    joined, *dots = axes[0].lines
    assert joined.get_xydata().tolist() == [[1, 4], [2, 3]], "from left to right"
    faces = {tuple(dot.get_xydata()[0]): dot.get_markerfacecolor() for dot in dots}
    assert faces == {(1, 4): HIGHLIGHT, (2, 3): HIGHLIGHT, (1.5, 1): MUTED, (3, 5): "white"}
    bold = {text.get_text() for text in axes[0].texts if text.get_fontweight() == "bold"}
    assert bold == {"one", "two"}


def test_front_has_a_logarithmic_axis_where_asked(axes):
    plot.front(POINTS, "x", "y", TEXT, best=["one"], log=True)
    assert axes[0].get_xscale() == "log" and axes[0].get_yscale() == "linear"


@pytest.mark.parametrize(("best", "ring"), [([], []), (["nobody"], []), (["one"], ["nobody"])])
def test_front_refuses_strangers_and_an_empty_front(best, ring):
    with pytest.raises(ValueError, match="expected at least one of the best"):
        plot.front(POINTS, "x", "y", TEXT, best=best, ring=ring)


def test_ranges_reach_from_the_lowest_to_the_highest(axes):
    plot.ranges({"a": (0.1, 0.2, 0.5), "b": (0.3, 0.3, 0.4)}, "score", TEXT)
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes[0].patches]
    np.testing.assert_allclose(bars, [(0.1, 0.5), (0.3, 0.4)])
    assert axes[0].lines[0].get_xdata().tolist() == [0.2, 0.3]


@pytest.mark.parametrize("rows", [{}, {"a": (0.2, 0.1, 0.5)}])
def test_ranges_refuse_what_is_not_in_order(rows):
    with pytest.raises(ValueError, match="lowest, middle, highest"):
        plot.ranges(rows, "score", TEXT)


def test_multiples_draw_one_chart_for_each_score_in_the_same_colours(axes):
    scores = {
        "ASA": {"a": [1, 2], "b": [2, 3]},
        "CO": {"a": [5, 4], "b": [4, 3]},
        "EV": {"a": [0, 0], "b": [1, 1]},
    }
    plot.multiples((100, 200), scores, "superpixels", TEXT)
    shown = [chart for chart in axes if chart.get_visible()]
    assert [chart.get_title(loc="left") for chart in shown] == list(scores)
    for chart, series in zip(shown, scores.values(), strict=True):
        assert [line.get_ydata().tolist() for line in chart.lines] == list(series.values())
        assert [colour_of(line) for line in chart.lines] == [to_rgb(colour) for colour in SERIES[:2]]
        assert chart.get_xscale() == "log"


@pytest.mark.parametrize(
    "scores",
    [{}, {"ASA": {}}, {"ASA": {"a": [1, 2]}, "CO": {"b": [1, 2]}}, {"ASA": {k: [1, 2] for k in "abcdefg"}}],
)
def test_multiples_refuse_other_methods_or_too_many(scores):
    with pytest.raises(ValueError, match="expected the same 1 to 6 for each"):
        plot.multiples((100, 200), scores, "superpixels", TEXT)


def test_a_chart_keeps_its_size_beside_a_picture():
    chart = plot.trails(PATHS, (100, 200), "x", "y", TEXT, size=(3, 3))
    drawn = np.asarray(Image.open(io.BytesIO(chart.data)).convert("RGB"))
    red = np.full((40, 60, 3), (200, 0, 0), np.uint8)
    page = plot.with_chart(red, chart, 900)
    assert page.shape == (len(drawn), 900, 3)
    np.testing.assert_array_equal(page[:, -drawn.shape[1] :], drawn)
    left = (page[:, : -drawn.shape[1]] == (200, 0, 0)).all(axis=2)
    height, width = (np.ptp(np.flatnonzero(left.any(axis=axis))) + 1 for axis in (1, 0))
    assert abs(width / height - 1.5) < 0.02 and width > 400, "as large as the room allows"
    assert abs(np.flatnonzero(left.any(axis=1)).mean() - (len(drawn) - 1) / 2) < 1.5, "in the middle"


def test_a_chart_too_wide_is_refused():
    chart = plot.trails(PATHS, (100, 200), "x", "y", TEXT)
    with pytest.raises(ValueError, match="expected fewer than 286"):
        plot.with_chart(np.zeros((4, 4, 3)), chart, 300)
