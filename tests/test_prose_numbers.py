"""The rule on numbers in prose finds wrong numbers, and leaves alone what is no result."""

import pytest
from nbformat import v4
from notebook_rules import RULES
from prose_numbers import numbers_come_from_cells

OUTPUT = "asked for 200, obtained 213 superpixels; CO 0.27, 5,900 pieces, 36% of the pixels"


def found(*markdown, checked=True):
    cell = v4.new_code_cell("K = 200\nm = 12.5", outputs=[v4.new_output("stream", text=OUTPUT)])
    cell.metadata["tags"] = ["nbval-check-output"] if checked else []
    texts = [v4.new_markdown_cell(text) for text in markdown]
    return list(numbers_come_from_cells(v4.new_notebook(cells=[*texts, cell])))


RIGHT = [
    "We obtained 213 superpixels with CO 0.27.",
    "About 5900 pieces, that is 5,900, hold 36 % of the pixels: 36%.",
    "With K = 200 and m = 12.5 in the code.",
    "Round: 500, 6000 and 90. Small: 13. All: 100%.",
    "In 2012 and in 1998.",
    "Is it 314 or 0.314?",
    "**How many: 20, 217 or 2,345?**",
    "Code: `x[118:346]`, formula: $0.96\\,m^2$, and $$x = 189$$",
    "```\ny = 118.5\n```",
    "A [link](https://example.org/10.1109/12.34) and https://doi.org/10.1109/TPAMI.2012.120",
    "### 1.5 A heading with 123\n\n314. An item\n",
    "Version 3.11.2 and v2.25 and TPAMI34.",
    "## Exercise\n\nAbove 14.03.\n\n## References\n\n274 pages.",
    "A threshold of 0.075<!-- van den Bergh 2012 -->.",
    "We obtained 213<!-- obtained # superpixels --> of them, CO 0.27<!-- CO #, -->.",
]
WRONG = {
    "We obtained 214 superpixels.": "'214'",
    "CO is 0.28.": "'0.28'",
    "CO is 0.270.": "'0.270'",
    "From 0.27-0.29 it is little.": "'0.29'",
    "It is 37% of all.": "'37%'",
    "About 5,901 pieces.": "'5901'",
    "A table:\n\n| a | 0.91 |\n|---|---|": "'0.91'",
    "- A list with 0.91": "'0.91'",
    "## Exercise\n\n14.03\n\n## Takeaways\n\n- 14.04": "'14.04'",
    "<details><summary>Answer</summary>\n\nIt is 14.05.\n\n</details>": "'14.05'",
    "We asked for 213<!-- asked for # -->.": "bound to an output 'asked for 213'",
    "CO 0.27<!-- EV # -->": "bound to an output 'EV 0.27'",
}


@pytest.mark.parametrize("markdown", RIGHT)
def test_what_a_cell_computed_or_nothing_computes_is_left_alone(markdown):
    assert found(markdown) == []


@pytest.mark.parametrize("markdown", WRONG)
def test_a_wrong_number_is_found(markdown):
    (problem,) = found(markdown)
    assert WRONG[markdown] in problem


def test_it_is_one_of_the_rules_for_lessons():
    assert numbers_come_from_cells in RULES


def test_only_checked_outputs_count():
    assert len(found("We obtained 213 superpixels.", checked=False)) == 1


def test_a_free_section_goes_on_over_cells_until_the_next_heading():
    assert found("## Exercise", "### 1\n\n14.03") == []
    assert len(found("## Exercise", "14.03", "## Takeaways", "14.03")) == 1
