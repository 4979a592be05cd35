"""The website of the course, for Sphinx: ``python -m spamlab.start site`` builds it in build/site.

The pages are the files of the repository as they stand: README, the notebooks with their stored outputs, the
glossary, the page for teachers, the licences. Nothing is run, and the pages need no network and no server.
`prepare` changes the texts on the way, where a page can say more than a notebook or a file.
"""

import json
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parent
LESSONS = {path.name[:2]: path.name for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))}

project = "spamlab"
author = "The spamlab authors"
html_title = "spamlab"
root_doc = "README"
include_patterns = ["*.md", "data/README.md", "data/checkpoints/README.md", "notebooks/*.md"]
include_patterns += ["benchmarks/classroom.md"]
include_patterns += [f"notebooks/{name}" for name in LESSONS.values()]
exclude_patterns = [".*", "build", "dist", "wheels"]

extensions = ["myst_nb", "sphinx.ext.mathjax", "sphinx-mathjax-offline"]
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]  # a lesson may go from a title to ### in a core path

html_theme = "sphinx_book_theme"
html_show_copyright = False
html_show_search_summary = False  # a summary is fetched, which browsers refuse where there is no server
html_theme_options = {
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the side bar has the search
    "show_toc_level": 1,
    "use_fullscreen_button": False,
    "extra_footer": "Code: BSD-3-Clause. Text: CC BY 4.0. Each photograph has its own licence.",
}

CONTENTS = """
```{toctree}
:hidden:
:glob:
:caption: Lessons
notebooks/[0-9]*
```

```{toctree}
:hidden:
:caption: Beside the lessons
notebooks/glossary
notebooks/teaching
benchmarks/classroom
data/README
data/checkpoints/README
CONTRIBUTING
LICENSE-CC-BY-4.0
```
"""
# Room for a line of code; what a cell prints is wrapped, as in JupyterLab.
STYLE = """<style>
html body .bd-sidebar-primary { flex-basis: 16rem; }
html body .bd-main .bd-content .bd-article-container { max-width: 64rem; }
html body .bd-main .bd-content .bd-sidebar-secondary { max-width: 14rem; padding-inline: 0.5rem; }
html body div.cell div.highlight pre { font-size: 0.75rem; }
html body div.cell div.cell_output pre { white-space: pre-wrap; }
</style>"""
STILL = "*Here this demo stands still. To move its controls, open the lesson in JupyterLab.*"


def setup(app):
    """Connect what changes the texts, and what gives the site its first page."""
    app.connect("source-read", lambda app, name, source: source.append(prepare(name, source.pop())))
    app.connect("html-page-context", add_style)
    app.connect("build-finished", lambda app, failed: failed or name_first_page(Path(app.outdir)))


def add_style(app, name, template, context, doctree):
    """Put the style into the head of a page."""
    context["metatags"] = context.get("metatags", "") + STYLE


def prepare(name: str, text: str) -> str:
    """Return the text of a page: `text`, the file `name` without its suffix, with what a website adds."""
    if name == root_doc:
        return text + CONTENTS
    if name == "notebooks/glossary":
        return link_lessons(text)
    return prepare_lesson(name, text) if text.startswith("{") else text


def link_lessons(glossary: str) -> str:
    """Link the number at the end of each row to its lesson, if the lesson is there."""
    return re.sub(
        r"\| (\d\d) \|$",
        lambda m: f"| [{m[1]}]({LESSONS[m[1]]}) |" if m[1] in LESSONS else m[0],
        glossary,
        flags=re.M,
    )


def prepare_lesson(name: str, text: str) -> str:
    """Put the number before the title, give pictures their alternative text, say which demos stand still."""
    notebook = json.loads(text)
    cells, notebook["cells"] = notebook["cells"], []
    title = "".join(cells[0]["source"])
    cells[0]["source"] = title.replace("# ", f"# {Path(name).name[:2]} ", 1)
    for cell in cells:
        notebook["cells"].append(cell)
        if cell["cell_type"] != "code":
            continue
        if alts := " ".join(alternatives(cell)):
            cell["metadata"]["mystnb"] = {"image": {"alt": alts}}
        if "Demo(" in "".join(cell["source"]):
            notebook["cells"].append(still(cell))
    return json.dumps(notebook)


def still(cell: dict) -> dict:
    """Return the cell to stand below a demo."""
    return {"cell_type": "markdown", "id": f"{cell['id']}-still", "metadata": {}, "source": STILL}


def alternatives(cell: dict) -> list:
    """Return the alternative texts that the stored pictures of a cell have."""
    extras = [extra for output in cell["outputs"] for extra in output.get("metadata", {}).values()]
    return [extra["alt"] for extra in extras if "alt" in extra]


def name_first_page(folder: Path) -> None:
    """Make README the page that a folder of a website opens."""
    shutil.copy(folder / f"{root_doc}.html", folder / "index.html")
