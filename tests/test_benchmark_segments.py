"""The benchmark of segmentations: rows, each map scored once, the sweep, the summary.

The segmenters here draw upright stripes, whose boundaries are counted by hand.
"""

import json
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spamlab.benchmark import (
    Segmenter,
    load,
    measure_segmentations,
    pr_curves,
    segmentation_table,
    summarise_segmentations,
    sweep_segmentations,
    write,
)
from spamlab.benchmark.segmentation import hash_of, in_order, scores
from spamlab.benchmark.segmentation_sweep import best
from spamlab.benchmark.summary import merged
from spamlab.data import Sample
from spamlab.metrics import contingency, probabilistic_rand_index

HEIGHT, WIDTH = 12, 20  # 0.0075 of the diagonal is below a pixel: only pixels in place are matched


def stripes(*columns):
    """Return upright stripes that begin at 0 and at `columns`."""
    return np.searchsorted(columns, np.arange(WIDTH), side="right") + np.zeros((HEIGHT, WIDTH), int)


def sample(name, *truths):
    return Sample(name, np.zeros((HEIGHT, WIDTH, 3), np.float32), list(truths))


PICTURES = [sample("a", stripes(5)), sample("b", stripes(5, 10))]
# What `lines` are drawn at each value; "none" draws one region.
LINES = {"none": (), "one": (5,), "two": (5, 10), "three": (5, 10, 15)}


def drawing(**settings):
    """Return a segmenter that draws `LINES`; its setting "number" only changes the numbers of the regions."""

    def cut(_, setting):
        labels = stripes(*LINES[setting["lines"]])
        return labels if setting.get("number", 1) == 1 else 7 * (labels.max() - labels)

    return Segmenter(lambda image: None, cut, settings)


def numbered(rows):
    return [{k: v for k, v in row.items() if not k.startswith("seconds")} for row in rows]


def counting(calls):
    def score(labels, truths):
        calls.append(labels)
        return scores(labels, truths)

    return score


# ---- F over the data set, by hand


@pytest.fixture
def by_hand():
    known = {"drawing": drawing(lines=tuple(LINES))}
    rows = sweep_segmentations(PICTURES, ["drawing"], coarse_every=1, segmenters=known)
    about = {"command": "spamlab", "jobs": 1, "data": {"name": "Made", "split": "up"}}
    return summarise_segmentations(*rows, about, segmenters=known)


def test_ods_and_ois_by_hand(by_hand):
    # a true line has 12 pixels; "one" finds 12 of 12 in a and 12 of 24 in b, and nothing false:
    # P = 24 / 24, R = 24 / 36. "two" finds all 36, and 48 pixels are drawn in a and b: P = 36 / 48.
    none, one, two, three = by_hand["curve"]
    assert (one["precision"], one["recall"]) == (1, pytest.approx(2 / 3)) and one["f"] == pytest.approx(0.8)
    assert (two["precision"], two["recall"]) == (0.75, 1) and two["f"] == pytest.approx(6 / 7)
    assert (three["precision"], three["recall"]) == (0.5, 1) and three["f"] == pytest.approx(2 / 3)
    assert np.isnan(none["precision"]) and none["recall"] == none["f"] == 0 and none["regions"] == 1
    (row,) = by_hand["table"]
    assert row["ods"] == two["f"] and (row["precision"], row["recall"], row["images"]) == (0.75, 1, 2)
    assert row["ois"] == 1 and row["setting"] == "lines=two"  # "one" for a, "two" for b
    assert by_hand["methods"]["drawing"]["setting"] == {"lines": "two"}


def test_region_scores_are_means_over_pictures(by_hand):
    first, second = (probabilistic_rand_index(stripes(5, 10), p.truths) for p in PICTURES)
    (row,) = by_hand["table"]
    assert second == 1 and row["pri"] == pytest.approx((first + 1) / 2) and row["regions"] == 3
    # in a, two regions of 5 and 15 columns are cut into 5, 5 and 10: covering 5/20 + 15/20 * 10/15
    assert row["covering"] == pytest.approx((0.75 + 1) / 2) and row["gce"] == 0
    # in a, VoI = H(10/15) * 15/20
    share = -(1 / 3 * np.log2(1 / 3) + 2 / 3 * np.log2(2 / 3)) * 0.75
    assert row["voi"] == pytest.approx(share / 2)
    assert row["best_pri"] == max(point["pri"] for point in by_hand["curve"])


def test_annotators_add_to_the_counts():
    (row,) = measure_segmentations(
        [sample("c", stripes(5), stripes(10))], {"drawing": [{"lines": "one"}]}, segmenters=drawn()
    )
    counts = [row[name] for name in ("matched_truth", "total_truth", "matched_labels", "total_labels")]
    assert counts == [12, 24, 12, 12]


def drawn():
    return {"drawing": drawing(lines=tuple(LINES)), "again": drawing(number=(1, 2), lines=tuple(LINES))}


PLAN = {"drawing": drawn()["drawing"].grid(), "again": drawn()["again"].grid()}


# ---- a map is scored once


def test_equal_maps_are_scored_once_per_picture(tmp_path):
    calls, file = [], tmp_path / "rows.jsonl"
    options = {"segmenters": drawn(), "score": counting(calls)}
    rows = measure_segmentations(PICTURES, PLAN, file, **options)
    assert len(rows) == 2 * (4 + 8) and len(calls) == 2 * len(LINES)
    for row in rows:
        twin = next(r for r in rows if (r["image"], r["map"]) == (row["image"], row["map"]))
        assert twin["matched_labels"] == row["matched_labels"] and twin["pri"] == row["pri"]
    assert len({(row["image"], row["map"]) for row in rows}) == len(calls)
    other = {"other": drawing(number=(3,), lines=tuple(LINES))}  # a later call, the same maps
    options["segmenters"] = other
    assert len(measure_segmentations(PICTURES, {"other": other["other"].grid()}, file, **options)) == 8
    assert len(calls) == 2 * len(LINES)


@given(arrays(np.int64, (5, 6), elements=st.integers(0, 4)), st.permutations(range(5)))
@settings(max_examples=50)
def test_numbers_of_regions_do_not_matter(labels, order):
    one = in_order(labels, (5, 6))
    np.testing.assert_array_equal(one, in_order(np.array(order)[labels] * 7, (5, 6)))
    table = contingency(one, labels)
    assert table.nnz == table.shape[0] == table.shape[1] == len(np.unique(labels))  # the same regions
    _, first = np.unique(one, return_index=True)
    assert (np.diff(first) > 0).all() and one.min() == 0


def test_maps_that_do_not_fit():
    with pytest.raises(ValueError, match=r"shape \(5, 6\), expected \(6, 5\)"):
        in_order(np.zeros((5, 6), int), (6, 5))
    with pytest.raises(ValueError, match="hold -1"):
        in_order(np.full((5, 6), -1), (5, 6))


# ---- rows in a file


@pytest.mark.parametrize("jobs", [1, 2])
def test_rows_survive_a_kill(tmp_path, jobs):
    whole = measure_segmentations(PICTURES, PLAN, segmenters=drawn())
    file = tmp_path / "rows.jsonl"
    assert numbered(measure_segmentations(PICTURES, PLAN, file, segmenters=drawn(), jobs=jobs)) == numbered(
        whole
    )
    content = file.read_bytes()
    file.write_bytes(content[:-30])  # the last line lacks its end
    calls = []
    again = measure_segmentations(PICTURES, PLAN, file, segmenters=drawn(), score=counting(calls))
    assert numbered(again) == numbered(whole) and not calls  # its regions are known from another row
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(lines) == len(whole) and {line["image"] for line in lines} == {"a", "b"}
    before = file.read_bytes()
    measure_segmentations(PICTURES, PLAN, file, segmenters=drawn())
    assert file.read_bytes() == before


def test_rows_of_other_code_or_of_superpixels_are_refused(tmp_path, monkeypatch):
    file = tmp_path / "rows.jsonl"
    measure_segmentations(PICTURES, PLAN, file, segmenters=drawn())
    row = json.loads(file.read_text().splitlines()[0])
    monkeypatch.setattr("spamlab.benchmark.segmentation.fingerprint", lambda: "other")
    with pytest.raises(ValueError, match=r"rows\.jsonl were made with other code"):
        measure_segmentations(PICTURES, PLAN, file, segmenters=drawn())
    file.write_text(json.dumps({**row, "setting": "compactness", "value": 3}) + "\n")
    with pytest.raises(ValueError, match="line 1 of .* is no row"):
        measure_segmentations(PICTURES, PLAN, file, segmenters=drawn())


def test_rows_are_kept_apart_by_the_files_they_read(tmp_path):
    rows, weights = tmp_path / "rows.jsonl", tmp_path / "w"
    for content, lines in (("one", 1), ("other", 2), ("one", 2)):
        weights.write_text(content)
        known = {"drawing": replace(drawing(lines=("one",)), files=(weights,))}
        (row,) = measure_segmentations(PICTURES[:1], {"drawing": [{"lines": "one"}]}, rows, segmenters=known)
        assert row["files"] == hash_of([weights]) and len(rows.read_text().splitlines()) == lines
    assert hash_of([]) == ""


def test_a_picture_is_prepared_once_for_settings_that_share_it():
    prepared = []

    def prepare(image, step):
        prepared.append(image.shape)
        time.sleep(0.05)
        return step

    values = {"step": (1, 2), "at": (3, 4)}
    known = {"slow": Segmenter(prepare, lambda step, s: stripes(step * s["at"]), values, ("step",))}
    rows = measure_segmentations(PICTURES, {"slow": known["slow"].grid()}, segmenters=known)
    assert prepared.count((HEIGHT, WIDTH, 3)) == 2 * 2  # the warm-up shows another size
    assert min(row["seconds_prepare"] for row in rows) >= 0.05 > min(row["seconds"] for row in rows)
    assert [row["setting"] for row in rows[:4]] == known["slow"].grid()


def test_a_segmenter_that_fails_is_named():
    known = {"broken": Segmenter(lambda image: image, lambda *_: np.zeros((2, 2), int), {"at": (1,)})}
    with pytest.raises(RuntimeError, match=r"broken failed on a: .*shape \(2, 2\), expected"):
        measure_segmentations(PICTURES, {"broken": [{"at": 1}]}, segmenters=known)


# ---- the sweep


def planted():
    """Return a segmenter that is best at colour b, size 7 of 9; only 2 and 9 are in its first grid."""

    def cut(_, setting):
        wrong = 4 if setting["colour"] == "a" else abs(setting["size"] - 7) // 2
        extra = [12 + 2 * i for i in range(min(wrong, 4))]
        return stripes(*(LINES[setting["lines"]] + tuple(extra)))

    values = {"colour": ("a", "b"), "size": tuple(range(1, 10)), "lines": ("none", "one", "two")}
    return Segmenter(lambda image: None, cut, values, coarse={"size": (2, 9), "lines": ("one",)})


def test_sweep_finds_what_is_planted():
    pictures = [sample(str(i), stripes(5, 10)) for i in range(4)]
    coarse, full = sweep_segmentations(pictures, ["it"], coarse_every=3, segmenters={"it": planted()})
    assert {row["image"] for row in coarse} == {"0", "3"} and len(full) == 4 * 3
    tried = [row["setting"] for row in coarse if row["image"] == "0"]
    assert tried[:4] == [{"colour": c, "size": n, "lines": "one"} for c in ("a", "b") for n in (2, 9)] and {
        (s["colour"], s["size"]) for s in tried[4:]
    } == {("b", n) for n in (1, 3, 4, 5, 6, 7, 8)}
    assert best(full, "it")["lines"] == "two" and best(full, "it")["size"] in (6, 7, 8)  # |d| // 2 is 0
    summary = summarise_segmentations(coarse, full, {}, segmenters={"it": planted()})
    entry = summary["methods"]["it"]
    assert entry["setting"] == best(full, "it") and summary["table"][0]["ods"] == 1
    assert entry["how"] == (
        "best boundary F (ODS): all but lines from 11 settings on 2 pictures, lines from 3 on 4 pictures"
    )
    assert entry["first_grid"] == {"colour": "a, b (2)", "size": "2, 9 (2)", "lines": "one (1)"}
    assert entry["scored"] == len({(r["image"], r["map"]) for r in coarse + full})
    assert len(summary["tried"]) == 11 and max(r["f"] for r in summary["tried"]) == pytest.approx(2 / 3)


def test_the_end_of_a_range_is_said():
    known = {"drawing": drawing(number=(1, 2), lines=tuple(LINES))}
    rows = sweep_segmentations(PICTURES, ["drawing"], segmenters=known)
    how = summarise_segmentations(*rows, {}, segmenters=known)["methods"]["drawing"]["how"]
    assert how.endswith("; at the end of the range: number")


# ---- the summary


def test_written_and_read_back(by_hand, tmp_path):
    json_file, csv_file = write(by_hand, tmp_path / "made.json")
    back = load(json_file)
    assert back["methods"] == by_hand["methods"] and back["table"][0]["ods"] == pytest.approx(6 / 7, abs=1e-5)
    assert np.isnan(back["curve"][0]["precision"]) and "NaN" not in json_file.read_text()
    assert csv_file.read_text().startswith("method,setting,images,ods,ois,precision,recall,pri,")
    lines = segmentation_table(by_hand).splitlines()
    assert len(lines) == 3 and lines[2].startswith("| drawing | lines=two | 0.857 | 0.750 | 1.000 | 1.000 |")


def test_a_method_is_renewed_alone(by_hand, tmp_path):
    known = {"other": drawing(lines=("none", "one"))}
    rows = sweep_segmentations(PICTURES, ["other"], coarse_every=1, segmenters=known)
    about = {"command": "spamlab again", "jobs": 2, "data": {"name": "Made", "split": "up"}}
    new = summarise_segmentations(*rows, about, segmenters=known)
    write(by_hand, tmp_path / "made.json")
    for _ in range(2):
        both = merged(load(tmp_path / "made.json"), new)
        assert [row["method"] for row in both["table"]] == ["drawing", "other"]
        assert len(both["curve"]) == 4 + 2 and len(both["tried"]) == 2
        assert both["methods"]["other"]["made"]["command"] == "spamlab again"
        write(both, tmp_path / "made.json")
    with pytest.raises(ValueError, match="have the data"):
        merged(by_hand, {**new, "data": {"name": "Else"}})


def test_precision_recall_curves(by_hand):
    picture = pr_curves(by_hand)
    assert picture.mime == "image/png" and picture.text == (
        "Boundary F at one setting for all (ODS), Made up (2 pictures): drawing 0.857 (P 0.750, R 1.000)."
    )
    with pytest.raises(ValueError, match=r"methods are \['slic'\], expected some of: drawing"):
        pr_curves(by_hand, methods=["slic"])
    with pytest.raises(ValueError, match="none are there"):
        pr_curves({"table": [{"method": "slic", "n": 100}]})
