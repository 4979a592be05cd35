"""The glossary: every bold term of a lesson is in it, with the lesson where the term is first bold.

Bold text is a term or a label. A label ends with one of . : ? ! or is one letter or number; all other bold
text is a term. What is only to be stressed stands in italics.
"""

import re

import nbformat
import pytest
from notebook_rules import ROOT

GLOSSARY = ROOT / "notebooks" / "glossary.md"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
NO_PROSE = re.compile(r"^```.*?^```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$", re.S | re.M)


def bold(markdown):
    """Return the bold texts that are terms, in order."""
    found = re.findall(r"\*\*(?=\S)(.+?)\*\*", NO_PROSE.sub("", markdown), re.S)
    found = [" ".join(text.split()) for text in found]
    return [text for text in found if text[-1] not in ".:?!" and not re.fullmatch(r"\w|\d+", text)]


def table(text, heading):
    """Return the rows of the table below a heading, as lists of cells without code and math marks."""
    lines = text.partition(f"## {heading}\n")[2].partition("\n## ")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return rows[2:]


def names(term):
    """Return what a term may be called, in lower case: its synonyms, and their plurals."""
    single = [name.strip().lower() for name in term.split(",")]
    return {*single, *(f"{name}s" for name in single)}


def first_uses(notebooks):
    """Return {bold term in lower case: the lesson that has it first} from {lesson: markdown}."""
    found = {}
    for lesson in sorted(notebooks):
        for term in bold(notebooks[lesson]):
            found.setdefault(term.lower(), lesson)
    return found


def problems(glossary, notebooks):
    """Return what does not agree between the rows of a glossary and the texts of lessons, as sentences."""
    used, found = first_uses(notebooks), []
    for term, _, _, lesson in glossary:
        places = [used.pop(name) for name in names(term) & used.keys()]
        if places and min(places) != lesson:
            found.append(f"{term!r} is first bold in lesson {min(places)}; the glossary says {lesson}")
        if not places and lesson in notebooks:
            found.append(f"{term!r} is nowhere bold; the glossary says it is in lesson {lesson}")
    found += [
        f"{term!r}, bold in lesson {lesson}, is not in the glossary; a stress is in italics"
        for term, lesson in used.items()
    ]
    return found


def texts():
    cells = {path.name[:2]: nbformat.read(path, as_version=4).cells for path in NOTEBOOKS}
    return {
        lesson: "\n\n".join(cell.source for cell in own if cell.cell_type == "markdown")
        for lesson, own in cells.items()
    }


def test_every_bold_term_is_in_the_glossary():
    assert problems(table(GLOSSARY.read_text(encoding="utf-8"), "Terms"), texts()) == []


def test_terms_are_complete_and_in_order():
    rows = table(GLOSSARY.read_text(encoding="utf-8"), "Terms")
    assert len(rows) > 20 and {len(row) for row in rows} == {4}
    terms = [row[0].lower() for row in rows]
    assert terms == sorted(set(terms))
    for term, meaning, _, lesson in rows:
        assert re.fullmatch(r"\d\d", lesson) and re.fullmatch(r"[A-Z].{20,}\.", meaning), term
        assert not re.search(r"\w\. [A-Z]", meaning), f"{term}: more than one sentence"


def test_notation_is_one_table_with_each_symbol_once():
    rows = table(GLOSSARY.read_text(encoding="utf-8"), "Notation")
    symbols = [row[0] for row in rows]
    assert {len(row) for row in rows} == {4} and len(set(symbols)) == len(symbols)
    wanted = "$N$ $K$ $S$ $m$ $m_k$ $F$ $Q$ $C_k$ $d_c$ $d_s$ $D$ $E$ $r$ $n_{ij}$ $a_i$ $b_j$ $S_i$ $G_j$"
    assert set(wanted.split()) <= set(symbols)


# ---- the checks can fail

ROWS = [["ASA, achievable accuracy", "", "", "01"], ["grid", "", "", "01"], ["later", "", "", "05"]]
GOOD = {"01": "The **ASA**, then **grids**. **Time:** 3.", "02": "A **grid** and **Why?** and **A**."}
WRONG = {
    "'map', bold in lesson 02, is not in the glossary": {"02": "A **map**."},
    "'grid' is first bold in lesson 00": {"00": "**Grid**"},
    "'grid' is nowhere bold": {"01": "**ASA** and *grid*", "02": ""},
    "'later' is nowhere bold": {"05": "nothing"},
}


def test_a_good_glossary_has_no_problems():
    assert problems(ROWS, GOOD) == []


@pytest.mark.parametrize("problem", WRONG)
def test_each_disagreement_is_found(problem):
    found = problems(ROWS, GOOD | WRONG[problem])
    assert len(found) == 1 and found[0].startswith(problem), found


@pytest.mark.parametrize(
    ("markdown", "terms"),
    [
        ("**a term**", ["a term"]),
        ("**two\nlines** and **SLICO**", ["two lines", "SLICO"]),
        ("**Predict, then look.** **Time:** **Why?** **1.** **B** **12**", []),
        ("`2**3**4` and $a**b**$ and\n```\n**code**\n```", []),
        ("**compactness $m$**", ["compactness"]),
    ],
)
def test_terms_are_told_from_labels(markdown, terms):
    assert bold(markdown) == terms
