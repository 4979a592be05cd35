"""The website and the page for teachers: what is there, where links lead, that no network is needed."""

import importlib.util
import json
import re
import runpy
import subprocess
import sys
from fnmatch import fnmatch
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import browser
import nbformat
import pytest
from notebook_rules import ROOT

from spamlab.exercises.exercise import book

CONF = runpy.run_path(str(ROOT / "conf.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TEACHING = (ROOT / "notebooks" / "teaching.md").read_text(encoding="utf-8")
SET = """const all = n => document.querySelectorAll(n).length;
return all('.math') > 3 && all('.math') == all('.math:has(mjx-container)')"""
TOOLS = ("sphinx", "myst_nb", "sphinx_book_theme", "sphinx-mathjax-offline")


def pages(folder=ROOT):
    """Return the files that become pages."""
    return sorted({path for pattern in CONF["include_patterns"] for path in folder.glob(pattern)})


def listed():
    """Return the lines of the table of contents that name pages."""
    return [line for line in CONF["CONTENTS"].splitlines() if re.match(r"[\w/]", line)]


def prose(path):
    """Return the Markdown of a page."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


# ---- without building


def test_every_notebook_and_text_is_in_the_table_of_contents():
    names = [path.relative_to(ROOT).with_suffix("").as_posix() for path in pages()]
    assert set(NOTEBOOKS) | set((ROOT / "notebooks").glob("*.md")) <= set(pages())
    for name in names:
        assert name == CONF["root_doc"] or [line for line in listed() if fnmatch(name, line)], name
    for line in listed():
        assert [name for name in names if fnmatch(name, line)], f"{line} names no page"


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_relative_links_lead_somewhere(path):
    text = re.sub(r"^```.*?^```|`[^`\n]*`", "", prose(path), flags=re.S | re.M)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:|mailto:|#", target):
            continue
        goal = (path.parent / target.partition("#")[0]).resolve()
        assert goal.exists(), f"the link to {target} leads nowhere"
        if goal.suffix in (".md", ".ipynb"):
            assert goal in pages(), f"{target} is no page of the website"


def test_a_lesson_says_its_number_and_which_demos_stand_still():
    picture = {"output_type": "display_data", "data": {}, "metadata": {"image/png": {"alt": "A cup."}}}
    code = {"cell_type": "code", "id": "b", "metadata": {}, "source": ["Demo(draw)\n"], "outputs": [picture]}
    code["execution_count"] = 1
    title = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Why # ?\n", "# Not this"]}
    lesson = {"cells": [title, code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    made = json.loads(CONF["prepare"]("notebooks/01_x", json.dumps(lesson)))
    nbformat.validate(nbformat.from_dict(made))
    assert made["cells"][0]["source"] == "# 01 Why # ?\n# Not this"
    assert made["cells"][1]["metadata"] == {"mystnb": {"image": {"alt": "A cup."}}}
    assert [cell["source"] for cell in made["cells"][2:]] == [CONF["STILL"]]


def test_rows_of_the_glossary_link_to_the_lessons_that_are_there():
    rows = "| a | 01 | x | 01 |\n| b | m | s | 77 |\n| c | lesson 01 |\n"
    made = CONF["prepare"]("notebooks/glossary", rows)
    assert made == rows.replace("x | 01 |", "x | [01](01_slic.ipynb) |")


# ---- the page for teachers


def routes():
    """Return {hours: text} of the page's routes."""
    parts = re.split(
        r"^### (One|Three|Six) hours?:.*$", TEACHING.partition("## Where students")[0], flags=re.M
    )
    return {
        {"One": 1, "Three": 3, "Six": 6}[name]: text
        for name, text in zip(*[iter(parts[1:])] * 2, strict=True)
    }


def test_routes_fill_their_hours_with_the_minutes_of_the_lessons():
    stated = {path.name[:2]: nbformat.read(path, as_version=4).metadata["spamlab"] for path in NOTEBOOKS}
    assert sorted(routes()) == [1, 3, 6]
    for hours, text in routes().items():
        rows = re.findall(r"^\| (.*) \| (\d+) \|$", text, re.M)
        assert sum(int(minutes) for _, minutes in rows) == 60 * hours
        cores = [
            (re.findall(r"\b\d\d\b", what), int(minutes)) for what, minutes in rows if "core path" in what
        ]
        assert cores
        for lessons, minutes in cores:
            assert minutes == sum(stated[lesson]["core_minutes"] for lesson in lessons)


def test_sections_and_exercises_that_the_page_names_exist():
    found = []
    for line in re.sub(r"\n(?!\n|[|#-])", " ", TEACHING).splitlines():
        row = re.match(r"\| (\d\d) \|", line)
        pairs = re.findall(r"\b(\d\d), sections? (\d+)(?: and (\d+))?", line)
        pairs += re.findall(r"\b(\d\d)'s section (\d+)()", line)
        pairs += [(row[1], number, "") for number in re.findall(r"[Ss]ection (\d+)", line)] if row else []
        found += [(lesson, n) for lesson, *numbers in pairs for n in numbers if n]
    assert len(found) > 20
    for lesson, number in found:
        (path,) = [path for path in NOTEBOOKS if path.name.startswith(lesson)]
        assert re.search(rf"^### {number}\. ", prose(path), re.M), f"lesson {lesson} has no section {number}"
    named = set(re.findall(r"\b\d\d\.\d\b", TEACHING.partition("## Copies")[0]))
    assert named and named <= set(book())


def test_the_memory_of_the_page_is_the_measured_one():
    measured = (ROOT / "benchmarks" / "classroom.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"^One student, .* at most ([\d.]+) GB\.$", measured, re.M)
    assert re.findall(r"One student, one lesson open: at most ([\d.]+) GB\.", TEACHING) == [said]
    (limit,) = re.findall(r'mem_limit = "(\d+)G"', TEACHING)
    assert float(said) < int(limit)
    rows = dict(re.findall(r"^\| (\w+) \| (\d+) \|", measured, re.M))
    largest = max(int(megabytes) for name, megabytes in rows.items() if name != "JupyterLab")
    assert float(said) == pytest.approx((largest + int(rows["JupyterLab"])) / 1000, abs=0.06)
    assert {path.stem for path in NOTEBOOKS} == rows.keys() - {"JupyterLab"}


# ---- the pages as built


class Page(HTMLParser):
    """The links, the anchors and the alternative texts of a built page, and what it loads."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors, self.loads, self.alts = [], set(), [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors.add(found.get("id"))
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag in ("script", "link", "img", "iframe") and found.get("rel") != "canonical":
            self.loads += [found[key] for key in ("src", "href") if key in found]
        if tag == "img":
            self.alts.append(found.get("alt"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    lacking = [name for name in TOOLS if importlib.util.find_spec(name) is None]
    if lacking:
        pytest.skip(f"no {', no '.join(lacking)}; python -m pip install -c constraints.txt -e '.[site]'")
    folder = tmp_path_factory.mktemp("site") / "below" / "a path"
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", ".", str(folder)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-5000:]
    return folder


@pytest.fixture(scope="module")
def built(site):
    own = [path for path in site.rglob("*.html") if "_static" not in path.parts]  # there are the theme's
    return {path: Page(path) for path in own}


def test_every_page_is_built_and_links_lead_somewhere(site, built):
    for path in pages():
        assert (site / path.relative_to(ROOT)).with_suffix(".html") in built
    for path, page in built.items():
        for target in page.links + page.loads:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert goal.exists(), f"{path.name}: {target} leads nowhere"
            if parts.fragment and goal in built:
                assert unquote(parts.fragment) in built[goal].anchors | {""}, f"{path.name}: {target}"


def test_pages_load_nothing_from_elsewhere(built):
    loads = {target for page in built.values() for target in page.loads}
    assert loads and not [target for target in loads if urlsplit(target).netloc]


def test_pictures_keep_their_alternative_texts(site, built):
    for path in NOTEBOOKS:
        outputs = [o for c in nbformat.read(path, as_version=4).cells for o in c.get("outputs", [])]
        alts = [m["alt"] for o in outputs for m in o.get("metadata", {}).values() if "alt" in m]
        shown = built[(site / path.relative_to(ROOT)).with_suffix(".html")].alts
        assert alts and [alt for alt in shown if alt in alts] == alts
        assert len(shown) == sum(mime.startswith("image/") for o in outputs for mime in o.get("data", {}))


def test_search_and_formulas_work_without_a_server(site, tmp_path):
    browser.need()
    with browser.chromium(tmp_path) as driver:
        driver.get((site / "search.html").as_uri() + "?q=compactness")
        found = "return [...document.querySelectorAll('#search-results li a')].map(a => a.pathname)"
        goal = urlsplit((site / "notebooks" / "01_slic.html").as_uri()).path
        browser.until(lambda: goal in driver.execute_script(found), "lesson 01 is not found")
        for name in ("01_slic", "08_adaptive"):  # 08 has the most formulas
            driver.get((site / "notebooks" / f"{name}.html").as_uri())
            browser.until(lambda: driver.execute_script(SET), f"formulas of {name} are not set")
            assert not driver.execute_script("return document.querySelectorAll('mjx-merror').length")
