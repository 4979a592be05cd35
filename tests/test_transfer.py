"""The transfer to scenes of other kinds: what is scored, what is counted, what stays apart."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from spamlab.benchmark import METHODS

FOLDER = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def transfer():
    """Return benchmarks/transfer.py."""
    sys.path.insert(0, str(FOLDER))
    try:
        import transfer

        yield transfer
    finally:
        sys.path.remove(str(FOLDER))


def row(method, image, obtained, asa, **scores):
    head = {"method": method, "setting": "", "value": None, "image": image, "n_asked": obtained}
    scores = {"asa_mean": asa, "br_r1_mean": 0.5, "co": 0.25, **scores}
    return {**head, "n_obtained": obtained, "seconds": 0.1, **scores}


def test_scenes_are_named_by_what_they_show(transfer, monkeypatch):
    monkeypatch.setattr(transfer, "SHAPE", (24, 32))
    first, second = transfer.scenes("layers", 2)
    assert first.name.startswith("layers 0 ") and second.name.startswith("layers 1 ")
    assert [s.name for s in transfer.scenes("layers", 2)] == [first.name, second.name]
    drawn = transfer.scene
    monkeypatch.setattr(transfer, "scene", lambda seed, shape, kind: drawn(seed, shape, kind=kind, noise=0))
    assert transfer.scenes("layers", 1)[0].name != first.name


def test_thin_vessels_are_found_where_most_of_a_superpixel_is_vessel(transfer):
    truth = np.ones((40, 40), int)
    truth[5:7] = 3  # two pixels wide: thin
    truth[20:30] = 4  # wide
    exact = np.select([truth == 3, truth == 4], [1, 2], 0)
    assert transfer.thin_recall(exact, truth) == 1
    half = exact.copy()
    half[5:7, 20:] = 0
    assert transfer.thin_recall(half, truth) == 0.5
    wide = np.where(truth == 4, 1, 0)  # what is wide does not count
    assert transfer.thin_recall(wide, truth) == 0
    swollen = exact.copy()
    swollen[4:9] = 1  # two rows of five are vessel: not most of it
    assert transfer.thin_recall(swollen, truth) == 0
    assert math.isnan(transfer.thin_recall(exact, np.where(truth == 3, 1, truth)))


def test_only_vessels_have_a_score_of_thin_ones(transfer):
    labels = np.indices((30, 30))[1] // 10
    truth = (labels > 0).astype(int) * 3
    image = np.zeros((30, 30, 3), np.float32)
    assert "thin" in transfer.judge("vessels", labels, image, [truth])
    assert "thin" not in transfer.judge("layers", labels, image, [truth])


def test_scores_are_read_off_and_scenes_counted(transfer):
    asas = {"slic": (0.8, 0.9), "ssn": (0.85, 0.88), "snic": (0.7, 0.95)}
    rows = []
    for method, both in asas.items():
        for image, asa in zip("ab", both, strict=True):
            rows += [row(method, image, 100, asa - 0.1), row(method, image, 400, asa + 0.1)]
    found = {said["method"]: said for said in transfer.table("grey", rows)}
    assert found["slic"]["asa"] == 0.85 and found["ssn"]["asa"] == 0.865, "half-way in the logarithm"
    assert found["ssn"]["over slic"] == [1, 2] and found["ssn"]["over snic"] == [1, 2]
    assert "over slic" not in found["slic"] and found["slic"]["over snic"] == [1, 2]
    text = transfer.markdown(list(found.values()))
    assert "| ssn | 0.865 | 0.500 | 0.250 | 1 of 2 | 1 of 2 |" in text
    assert "| slic | 0.850 | 0.500 | 0.250 | - | 1 of 2 |" in text


def test_what_does_not_reach_the_count_is_not_made_up(transfer):
    rows = [row("slic", "a", n, 0.9) for n in (150, 250)] + [row("ssn", "a", n, 0.9) for n in (90, 180)]
    slic, ssn = transfer.table("grey", rows)
    assert ssn["asa"] is None and ssn["over slic"] == [0, 0] and slic["asa"] == 0.9
    assert "| ssn | - | - | - | 0 of 0 |" in transfer.markdown([slic, ssn])


def test_what_stays_apart_is_registered(transfer):
    assert set(transfer.APART) <= set(METHODS)


def test_a_small_run(transfer, monkeypatch, tmp_path):
    monkeypatch.setattr(transfer, "SHAPE", (60, 80))
    monkeypatch.setattr(transfer, "COUNT", 40)
    monkeypatch.setattr(transfer, "ASKED", (30, 50))
    chosen = {"slic": {"value": 10}, "grid": {"value": None}}
    file = tmp_path / "rows.jsonl"
    first = transfer.measure(2, chosen, ["layers", "vessels"], file=file)
    lines = file.read_text().splitlines()
    again = transfer.measure(2, chosen, ["layers", "vessels"], file=file)
    assert again == first and file.read_text().splitlines() == lines, "nothing is measured twice"
    assert [(said["kind"], said["method"]) for said in first] == [
        (kind, method) for kind in ("layers", "vessels") for method in ("slic", "grid")
    ]
    reached = [said["asa"] for said in first if said["asa"] is not None]
    assert len(reached) >= 3 and all(0.3 < asa <= 1 for asa in reached)
    assert {"thin" in said for said in first if said["kind"] == "vessels"} == {True}
    shape = {"scenes": 2, "kinds": ["layers", "vessels"], "shape": (60, 80)}
    text = transfer.report({"command": "made here", "data": shape, "count": 40, "table": first})
    assert "## vessels" in text and "2 scenes of each kind" in text
