"""The benchmark on three tiny pictures: rows, resuming, the summary, the sweep, every registered method."""

import inspect
import json
import math
import shutil
import time

import numpy as np
import pytest
from PIL import Image
from test_bsds import write_sample

from spamlab.benchmark import (
    METHODS,
    Case,
    Method,
    at_counts,
    code,
    curves,
    cut,
    interpolate,
    load,
    measure,
    measure_around,
    settings,
    summarise,
    sweep,
    table,
    write,
)
from spamlab.benchmark.code import fingerprint
from spamlab.benchmark.methods import select
from spamlab.benchmark.summary import averages, merged
from spamlab.data import bsds500, load_image, scene
from spamlab.regions import components
from spamlab.spam import spam

SIZE = (48, 64)
NAMES = ("1", "2", "3")


def make_bsds(root):
    """Write three scenes with their truth, twice coarser for a second annotator, laid out like BSDS500."""
    for turn, name in enumerate(NAMES):
        image, truth = scene(turn, SIZE)[:2]
        write_sample(root, "val", name, [truth + 1, truth // 2 + 1], size=SIZE)
        pixels = np.rint(np.asarray(image) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(root / "images" / "val" / f"{name}.jpg", quality=95)
    return root


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return bsds500(make_bsds(tmp_path_factory.mktemp("bsds")))


CASES = [Case("slic", 10, (6, 12)), Case("grid", None, (6, 12)), Case("felzenszwalb", 0.8, (6,))]


def timeless(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


@pytest.fixture(scope="module")
def rows(data):
    return measure(data, CASES)


def test_rows(rows):
    assert len(rows) == 3 * 5
    assert [row["image"] for row in rows[:5]] == ["1"] * 5
    first = rows[0]
    assert (first["method"], first["setting"], first["value"], first["n_asked"]) == (
        "slic",
        "compactness",
        10,
        6,
    )
    assert first["n_obtained"] >= 1 and first["seconds"] > 0 and 0 < first["asa_mean"] <= 1
    assert {"asa_best", "asa_worst", "br_r1_mean", "br_r2_mean", "co", "gr", "ev", "cd"} <= first.keys()
    assert "n" not in first


def test_rows_are_the_same_in_two_processes(data, rows, tmp_path):
    assert timeless(measure(data, CASES, tmp_path / "rows.jsonl", jobs=2)) == timeless(rows)
    assert len((tmp_path / "rows.jsonl").read_text().splitlines()) == len(rows)


def test_a_list_of_samples_will_do(data, rows):
    assert timeless(measure(list(data), CASES)) == timeless(rows)


@pytest.mark.parametrize("cut_off", [1, 40, 10**6])
def test_resume_after_a_kill(data, rows, tmp_path, cut_off):
    file = tmp_path / "rows.jsonl"
    measure(data, CASES, file)
    whole = file.read_bytes()
    end = len(whole) - 1 if cut_off == 1 else min(len(whole) // 2 + cut_off, len(whole) - 5)
    file.write_bytes(whole[:end])  # the last line lacks its end, or only the line break
    assert timeless(measure(data, CASES, file)) == timeless(rows)
    kept = [json.loads(line) for line in file.read_text().splitlines()]
    keys = {(row["method"], row["value"], row["image"], row["n_asked"]) for row in kept}
    assert len(kept) == len(keys) == len(rows)


def test_nothing_is_measured_twice(data, tmp_path):
    calls = []
    methods = {"mine": Method(lambda image, k, _: calls.append(k) or np.zeros(image.shape[:2], int))}
    file = tmp_path / "rows.jsonl"
    measure(data[:1], [Case("mine", None, (6,))], file, methods=methods)
    before, content = len(calls), file.read_bytes()
    measure(data[:1], [Case("mine", None, (6,))], file, methods=methods)
    assert len(calls) == before and file.read_bytes() == content
    measure(data[:1], [Case("mine", None, (6, 7))], file, methods=methods)
    assert calls[before:] == [7] and file.read_bytes().startswith(content)


def test_a_file_of_something_else(data, tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"a": 1}\n')
    with pytest.raises(ValueError, match=r"line 1 of .*rows\.jsonl is no row"):
        measure(data, CASES, file)


def test_rows_of_other_code_are_refused(data, tmp_path, monkeypatch):
    file = tmp_path / "rows.jsonl"
    case = Case("grid", None, (6,))
    (row,) = measure(data[:1], [case], file)
    assert "code" not in row and json.loads(file.read_text())["code"] == fingerprint()
    content = file.read_bytes()
    monkeypatch.setattr("spamlab.benchmark.rows.fingerprint", lambda: "other")
    with pytest.raises(ValueError, match=r"rows\.jsonl were made with other code; .* with --rows"):
        measure(data[:1], [case], file)
    assert file.read_bytes() == content
    file.write_text(json.dumps(row | {"value": None}) + "\n")  # a line without a fingerprint
    with pytest.raises(ValueError, match="other code"):
        measure(data[:1], [case], file)


def test_the_fingerprint_is_of_what_rows_depend_on(tmp_path, monkeypatch):
    package = tmp_path / "spamlab"
    shutil.copytree(code.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    assert fingerprint(package) == fingerprint()
    for name in ("benchmark/summary.py", "cli/bench.py", "plot/charts.py", "training/loop.py", "data.py"):
        (package / name).write_text("changed")
    assert fingerprint(package) == fingerprint()
    seen = {fingerprint()}
    for name in ("slic.py", "regions/maps.py", "metrics/table.py", "_bsds.py", "benchmark/rows.py", "new.py"):
        (package / name).write_text("changed")
        seen.add(fingerprint(package))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "ssn.safetensors").write_text("other weights")
    monkeypatch.setattr(code, "data_dir", lambda: tmp_path)
    seen.add(fingerprint(package))
    monkeypatch.setattr(code, "PACKAGES", ())
    assert len(seen | {fingerprint(package)}) == 9


def test_nan_survives_the_file(data, tmp_path):
    file = tmp_path / "rows.jsonl"
    options = {"score": lambda labels, image, truths: {"n": 1.0, "f1_mean": math.nan}}
    for _ in range(2):
        (row,) = measure(data[:1], [Case("grid", None, (6,))], file, **options)
        assert math.isnan(row["f1_mean"]) and row["value"] is None
    assert "NaN" not in file.read_text()


def test_a_method_that_fails_is_named(data):
    def broken(image, n_segments, value):
        raise IndexError("no luck")

    with pytest.raises(RuntimeError, match=r"broken \(3\) failed on 1: no luck"):
        measure(data, [Case("broken", 3, (6,))], methods={"broken": Method(broken, "luck", (3,))})


# ---- methods


def test_registering_takes_one_line(data, monkeypatch):
    rows_of_two = lambda image, k, m: np.arange(image.shape[0])[:, None] // 2 + np.zeros(image.shape[:2], int)  # noqa: E731
    monkeypatch.setitem(METHODS, "mine", Method(rows_of_two, "m", (1, 2, 3)))
    (row,) = measure(data[:1], [Case("mine", 2, (20,))])
    assert row["n_obtained"] == SIZE[0] // 2 and row["setting"] == "m"
    (two,) = measure(data[:1], [Case("mine", 2, (20,))], jobs=2)
    assert timeless([two]) == timeless([row])


@pytest.mark.parametrize("name", METHODS)
def test_every_method_covers_the_picture_near_k(name):
    if METHODS[name].needs == "cv2":
        pytest.importorskip("cv2")
    image = load_image("chelsea", 200)
    if METHODS[name].needs == "sam" and not select(["all"], {name: METHODS[name]}):
        pytest.skip("needs weights that are not shipped")
    halves = np.indices(image.shape[:2])[1] // 100
    labels, seconds = cut(METHODS[name], image, 60, truth=halves)
    assert labels.shape == image.shape[:2] and labels.dtype == np.int32 and seconds > 0
    np.testing.assert_array_equal(labels, components(labels))
    assert labels.min() == 0 and 30 <= labels.max() + 1 <= 120
    again, _ = cut(METHODS[name], image, 60, truth=halves)
    np.testing.assert_array_equal(labels, again)


def test_methods_with_a_setting_have_equally_many_values():
    for name, method in METHODS.items():
        assert len(method.values) == (6 if method.setting else 0), name
        assert list(method.values) == sorted(set(method.values)), name
    assert METHODS["slic"].default == 10 and METHODS["grid"].default is None
    assert METHODS["spam"].default == inspect.signature(spam).parameters["compactness"].default


def test_labels_are_split_before_counting():
    halves = Method(lambda image, k, _: (np.arange(image.shape[1]) // 8 % 2) + np.zeros(image.shape[:2], int))
    labels, _ = cut(halves, np.zeros((16, 64, 3), np.float32), 2)
    assert labels.max() + 1 == 8


def test_small_pieces_are_merged_where_a_method_asks():
    def dots(image, n_segments, value):
        labels = np.zeros(image.shape[:2], int)
        labels[::4, ::4] = 1
        return labels

    image = np.zeros((16, 16, 3), np.float32)
    assert cut(Method(dots), image, 4)[0].max() == 16
    assert cut(Method(dots, merge=True), image, 4)[0].max() == 0


def test_lab_for_merging_is_not_timed(monkeypatch):
    def slow(image):
        time.sleep(0.3)
        return image

    monkeypatch.setattr("spamlab.benchmark.methods.lab", slow)
    zeros = Method(lambda image, k, _: np.zeros(image.shape[:2], int), merge=True)
    image = np.zeros((16, 16, 3), np.float32)
    cut(zeros, image, 4)
    assert min(cut(zeros, image, 4)[1] for _ in range(3)) < 0.3


@pytest.mark.parametrize("asked", [0, 48 * 64 + 1, 2.5])
def test_absurd_k(asked):
    with pytest.raises((TypeError, ValueError), match=f"n_segments={asked}"):
        cut(METHODS["grid"], np.zeros((*SIZE, 3), np.float32), asked)


def test_labels_of_another_size():
    with pytest.raises(ValueError, match=r"shape \(2, 2\), expected \(48, 64\)"):
        cut(Method(lambda *_: np.zeros((2, 2), int)), np.zeros((*SIZE, 3), np.float32), 4)


def test_select():
    assert select(["grid", "slic", "grid"]) == ["slic", "grid"]
    with pytest.raises(ValueError, match="no method 'slick', expected 'all' or some of: slic, slico"):
        select(["slick"])


def test_without_opencv(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    with pytest.raises(ModuleNotFoundError, match=r'opencv-lsc: .*pip install "spamlab\[bench\]"'):
        select(["slic", "opencv-lsc"])
    with pytest.raises(ModuleNotFoundError, match=r'pip install "spamlab\[bench\]"'):
        cut(METHODS["opencv-slic"], np.zeros((*SIZE, 3), np.float32), 4)
    assert select(["slic"]) == ["slic"]


# ---- the summary


def test_interpolation_is_linear_in_the_logarithm():
    found = interpolate([100, 200, 400], [400, 100], [0.9, 0.5])
    np.testing.assert_allclose(found, [0.5, 0.7, 0.9])
    np.testing.assert_allclose(interpolate([10], [1, 100, 1000], [0, 2, 5]), [1])


def test_no_extrapolation():
    found = interpolate([99, 100, 401], [100, 400], [0.5, 0.9])
    assert math.isnan(found[0]) and found[1] == 0.5 and math.isnan(found[2])
    assert np.isnan(interpolate([100, 200], [], [])).all()


def test_nan_scores_are_left_out():
    np.testing.assert_allclose(interpolate([200], [100, 200, 400], [0.5, math.nan, 0.9]), [0.7])


def row(image, n_asked, n_obtained, seconds, asa):
    head = {"method": "mine", "setting": "m", "value": 3, "image": image, "n_asked": n_asked}
    return {**head, "n_obtained": n_obtained, "seconds": seconds, "asa_mean": asa}


MADE = [row("a", 100, 90, 1, 0.5), row("b", 100, 110, 2, math.nan), row("c", 100, 100, 9, 0.7)]
MADE += [row("a", 400, 400, 3, 0.8), row("b", 400, 400, 3, 0.8), row("c", 400, 400, 3, 0.8)]


def test_averages_and_medians():
    first, second = averages(MADE)
    assert (first["n_asked"], first["n_obtained"], first["images"], first["seconds"]) == (100, 100, 3, 2)
    assert first["asa_mean"] == pytest.approx(0.6) and second["asa_mean"] == pytest.approx(0.8)
    low, high = at_counts(averages(MADE), (200, 800))
    assert low["n"] == 200 and low["asa_mean"] == pytest.approx(0.7) and low["seconds"] == pytest.approx(2.5)
    assert math.isnan(high["asa_mean"]) and (high["method"], high["value"]) == ("mine", 3)


@pytest.fixture
def summary():
    chosen = {"mine": {"setting": "m", "value": 3, "how": "at will"}}
    return summarise(MADE, chosen, {"command": "spamlab", "data": {"name": "Made"}}, (100, 200, 800))


def test_written_and_read_back(summary, tmp_path):
    json_file, csv_file = write(summary, tmp_path / "new" / "made.json")
    assert "NaN" not in json_file.read_text()
    back = load(json_file)
    assert back["command"] == "spamlab" and back["methods"] == summary["methods"]
    assert {"python", "numpy", "scikit-image"} <= back["versions"].keys()
    assert back["table"][1]["asa_mean"] == pytest.approx(0.7) and math.isnan(back["table"][2]["asa_mean"])
    lines = csv_file.read_text().splitlines()
    assert lines[0] == "method,setting,value,n,seconds,asa_mean" and lines[2] == "mine,m,3,200,2.5,0.7"
    assert lines[3] == "mine,m,3,800,,"
    with pytest.raises(FileNotFoundError, match="no results 'nowhere'"):
        load("nowhere")


def test_methods_are_put_into_an_old_summary(summary, tmp_path):
    other = [{**made, "method": "other"} for made in MADE]
    chosen = {"other": {"setting": "m", "value": 3, "how": "at will"}}
    about = {"command": "spamlab again", "jobs": 2, "data": {"name": "Made"}}
    counts = (100, 200, 800)
    both = merged(summary, summarise(other, chosen, about, counts))
    assert list(both["methods"]) == ["mine", "other"] and both["command"] == "spamlab"
    assert both["methods"]["other"]["made"]["command"] == "spamlab again"
    assert [row["method"] for row in both["table"]] == ["mine"] * 3 + ["other"] * 3
    better = [{**made, "asa_mean": 1.0} for made in other]
    both = merged(both, summarise(better, chosen, about, counts))  # in place of those it had
    assert [row["asa_mean"] for row in both["table"][3:5]] == [1, 1]
    assert len(both["measured"]) == 4 and both["table"][1] == summary["table"][1]
    write(both, tmp_path / "both.json")
    for wrong, said in (
        ({"data": {"name": "Else"}}, "have the data"),
        ({"counts": (100,)}, "have the counts"),
    ):
        new = summarise(
            better, chosen, {**about, "data": wrong.get("data", about["data"])}, wrong.get("counts", counts)
        )
        with pytest.raises(ValueError, match=said):
            merged(summary, new)


def test_printed_table(summary):
    lines = table(summary, ("asa_mean",)).splitlines()
    assert lines[3] == "| 200 | mine | m 3 | 0.700 |" and lines[4] == "| 800 | mine | m 3 | - |"


def test_curves(summary):
    picture = curves(summary, highlight="mine")
    assert picture.mime == "image/png"
    assert picture.text == "ASA (mean of annotators) at 200 superpixels obtained: mine 0.700."
    with pytest.raises(ValueError, match="score is 'asa', expected one of seconds, asa_mean"):
        curves(summary, "asa")


# ---- the sweep


def stripes(image, n_segments, value):
    """Cut into `n_segments` / `value` upright stripes."""
    n = max(1, round(n_segments / value))
    return np.arange(image.shape[1]) * n // image.shape[1] + np.zeros(image.shape[:2], int)


def test_further_k_are_asked_for(data):
    methods = {"few": Method(stripes, "share", (2,))}
    case = Case("few", 2, (10,))
    found = measure_around(data, [case], (4, 9), methods=methods)
    assert sorted({r["n_asked"] for r in found}) == [7, 10, 15, 22]
    assert len(measure_around(data, [case], (5,), methods=methods)) == 3
    assert {r["n_asked"] for r in measure_around(data, [case], (9,), methods=methods, rounds=1)} == {10, 15}


def test_sweep_takes_the_best_at_the_count_obtained(data):
    def score(labels, image, truths):  # value 2 cuts half as many, and is the best where that counts
        n = labels.max() + 1
        return {"n": float(n), "asa_mean": 0.5 + 0.01 * n + (0.1 if n % 2 == 0 else 0)}

    methods = {"stripes": Method(stripes, "share", (1, 2)), "grid": METHODS["grid"]}
    options = {"target": 8, "asked": (8, 12), "methods": methods, "score": score}
    found = sweep(data, ["stripes", "grid"], where="made pictures", **options)
    assert found.keys() == {"stripes"}
    one, two = found["stripes"]["swept"]
    assert one["n_obtained"] == [8, 12] and two["n_asked"] == [8, 12, 18] and two["n_obtained"] == [4, 6, 9]
    assert one["asa_mean"] == pytest.approx(0.68) and two["asa_mean"] < 0.68
    assert found["stripes"]["value"] == 1
    assert found["stripes"]["how"] == (
        "chosen on made pictures by a sweep of 2 values (1, 2): best asa_mean at 8 obtained, "
        "at the end of the range"
    )


@pytest.mark.parametrize(("best", "end"), [(1, True), (2, False), (3, True)])
def test_the_end_of_the_range_is_said(data, best, end):
    def score(labels, image, truths):
        return {"n": 8.0, "asa_mean": 0.9 if labels.max() + 1 == 24 // best else 0.5}

    methods = {"stripes": Method(stripes, "share", (1, 2, 3))}
    found = sweep(data, ["stripes"], target=8, asked=(24,), methods=methods, score=score)["stripes"]
    assert found["value"] == best and found["how"].endswith(", at the end of the range") is end


def test_settings_come_from_a_sweep(tmp_path):
    entry = {"setting": "compactness", "value": 7.5, "how": "swept", "swept": []}
    (tmp_path / "sweep.json").write_text(json.dumps({"methods": {"slic": entry}}))
    found = settings(["slic", "snic", "grid"], tmp_path / "sweep.json")
    assert (found["slic"]["value"], found["slic"]["how"]) == (7.5, "swept")
    assert (found["snic"]["value"], found["snic"]["how"]) == (
        METHODS["snic"].default,
        "the default, not swept",
    )
    assert found["grid"]["value"] is None and "no setting" in found["grid"]["how"]
    assert "0.25 N / K" in settings(["quickshift"], tmp_path / "sweep.json")["quickshift"]["pieces"]
