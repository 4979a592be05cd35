"""README's results are what the JSON files say, and the picture was drawn from the val.json that is there."""

import importlib.util
import math
from copy import deepcopy

import pytest
from notebook_rules import ROOT
from PIL import Image

from spamlab.benchmark import METHODS

SOURCE = ROOT / ".github" / "make_readme_results.py"
COSTS = {"data": {"shape": [321, 481]}, "n_segments": 200, "table": []}
PRICE = {"parameters": 12345, "gflops": 3.21, "over_slic": 20.4, "peak_mb": 1234.5}


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_readme_results", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cells(table, said):
    """Return the cells of the row of a method."""
    line = next(line for line in table.splitlines() if line.startswith(f"| {said} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_readme_says_what_the_results_say(maker):
    readme = maker.README.read_text(encoding="utf-8")
    assert readme.count(maker.BEGIN) == readme.count(maker.END) == 1
    found = readme.partition(maker.BEGIN)[2].partition(maker.END)[0]
    assert found == f"\n{maker.section(*maker.inputs())}", "run python .github/make_readme_results.py"


def test_the_picture_is_that_of_the_results(maker):
    with Image.open(maker.PICTURE) as picture:
        assert picture.info["val.json"] == maker.checksum(), "run python .github/make_readme_results.py"
        assert 700 <= picture.width <= 1000
    assert maker.PICTURE.stat().st_size < 100_000


def test_all_methods_of_the_results_are_shown_or_are_variants(maker):
    val, _ = maker.inputs()
    shown = {*maker.COURSE, *maker.PEERS}
    assert shown <= set(METHODS)
    variants = {"ssn-pixel", "lnsnet-1", "lnsnet-2"}  # without a network; two further trainings
    assert {row["method"] for row in val["table"]} - shown <= variants | {"spam-sam"}


def test_each_cell_is_a_score_of_its_row(maker):
    val, _ = maker.inputs()
    table = maker.table(val, None)
    rows = {row["n"]: row for row in val["table"] if row["method"] == "snic"}
    expected = [rows[n]["asa_mean"] for n in (100, 200, 400, 800)]
    expected += [rows[200][name] for name in ("br_r1_mean", "co", "gr")]
    assert cells(table, maker.COURSE["snic"])[1:] == [f"{value:.3f}" for value in expected]


def test_what_is_not_known_is_a_dash(maker):
    val, _ = maker.inputs()
    val = deepcopy(val)
    for row in val["table"]:
        if row["method"] == "slic" and row["n"] == 100:
            row["asa_mean"] = math.nan
    assert cells(maker.table(val, None), maker.COURSE["slic"])[1:3][0] == "-"
    costs = {**COSTS, "table": [{"method": "ssn", **PRICE}, {"method": "slic", **PRICE, "gflops": math.nan}]}
    table = maker.table(val, costs)
    assert cells(table, maker.COURSE["ssn"])[-4:] == ["20", "12,345", "3.2", "1,234"]
    assert cells(table, maker.COURSE["slic"])[-4:] == ["20", "12,345", "-", "1,234"]
    assert cells(table, maker.PEERS["grid"])[-4:] == ["-"] * 4


def test_costs_are_named_only_where_they_are_known(maker):
    val, _ = maker.inputs()
    assert "GFLOPs" not in maker.section(val, None)
    costs = {**COSTS, "table": [{"method": "ssn", **PRICE}]}
    assert "GFLOPs" in maker.section(val, costs) and "321 x 481" in maker.section(val, costs)


def test_the_front_of_the_picture_is_not_beaten(maker):
    val, _ = maker.inputs()
    text = maker.plane(val).text
    named = text.partition("No other has more of both than: ")[2].partition(". The ring")[0]
    rows = {row["method"]: row for row in val["table"] if row["n"] == 200}
    race = [name for name in {**maker.COURSE, **maker.PEERS} if name not in {*maker.SHORT, maker.GIVEN}]
    for name in race:
        own = rows[name]
        beaten = any(
            rows[other]["asa_mean"] > own["asa_mean"] and rows[other]["gr"] > own["gr"] for other in race
        )
        said = {**maker.COURSE, **maker.PEERS}[name].split(", lesson")[0]
        assert (f"{said} (ASA {own['asa_mean']:.3f}" in named) != beaten


def test_the_section_prints_the_command_of_the_results(maker):
    val, cost = maker.inputs()
    assert f"```\n{val['command']}\n" in maker.section(val, cost)
