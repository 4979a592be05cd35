"""``spamlab benchmark --dataset``: data sets other than BSDS500, small ones laid out like the real ones."""

import json
from argparse import Namespace

import pytest
from test_datasets import write_drive, write_stanford

from spamlab.cli import bench, main
from spamlab.data import DATASETS


def test_the_benchmark_scores_another_data_set(tmp_path):
    write_stanford(tmp_path / "iccv09Data")
    words = ["benchmark", "--dataset", "stanford", "--data", str(tmp_path), "--split", "all"]
    words += ["--methods", "grid", "--n-segments", "4", "12", "--counts", "6", "-o", str(tmp_path / "x.json")]
    assert main(words) == 0
    found = json.loads((tmp_path / "x.json").read_text())
    assert found["data"] == {"name": "Stanford Background", "split": "all", "every": 1, "pictures": 2}
    assert "--dataset stanford --data 'Stanford Background' --split all" in found["command"]
    assert 0 < found["table"][0]["asa_mean"] <= 1


def test_a_method_that_needs_two_annotators_is_left_out_where_there_is_one():
    words = {"task": "superpixels", "sweep": False}
    for dataset, there in (("bsds500", True), ("stanford", False)):
        assert ("spam-truth" in bench._chosen(Namespace(methods=["all"], dataset=dataset, **words))) == there
    asked = Namespace(methods=["spam-truth"], dataset="stanford", **words)
    assert bench._chosen(asked) == ["spam-truth"], "who asks for it is told what is missing"


@pytest.mark.parametrize(
    ("dataset", "usual"),
    [("bsds500", "val"), ("nyuv2", "test"), ("stanford", "all"), ("sbd", "val"), ("drive", "test")],
)
def test_the_split_that_is_meant_where_none_is_named(dataset, usual):
    assert DATASETS[dataset].usual == usual


def test_without_a_split_the_usual_one_is_scored(tmp_path, capsys):
    write_drive(tmp_path)
    words = ["benchmark", "--dataset", "drive", "--data", str(tmp_path), "--methods", "grid"]
    words += ["--n-segments", "4", "12", "--counts", "6", "-o", str(tmp_path / "x.json")]
    assert main(words) == 0
    assert json.loads((tmp_path / "x.json").read_text())["data"]["split"] == "test"
    assert main([*words, "--split", "val"]) == 1
    assert "split is 'val', expected one of training, test" in capsys.readouterr().err
