"""What every lesson must be. Each rule takes a notebook and yields its problems as sentences."""

import base64
import re
import socket
import sys
from pathlib import Path

import nbformat
from prose_numbers import numbers_come_from_cells

ROOT = Path(__file__).resolve().parent.parent
HEADINGS = (
    "Goals",
    "What you need",
    "Theory",
    "Code",
    "Experiment",
    "Exercise",
    "Takeaways",
    "Questions",
    "References",
)
NUMBERS = ("minutes", "core_minutes", "cpu_s", "max_cell_s", "rss_mb")
LISTS = ("after", "needs")  # lessons to read first, and what is needed besides the installation
CORE_MINUTES = 20
FILE_BYTES = 3_000_000
PNG_BYTES = 150_000
PLACES = re.compile(
    r"(?<![\w.])/(home|root|Users|tmp|opt|work|mnt|srv|var)/\w|[A-Z]:\\+Users|site-packages|ipykernel_\d"
)


def problems(path, notebook=None):
    """Return the problems of a notebook file, as sentences that name the file and the cell."""
    path = Path(path)
    notebook = notebook or nbformat.read(path, as_version=4)
    found = [problem for rule in RULES for problem in rule(notebook)]
    found += [f"the file has {path.stat().st_size} bytes"] * (path.stat().st_size > FILE_BYTES)
    found += links(notebook, path.parent)
    return [f"{path.name}: {problem}" for problem in found]


def code_cells(notebook):
    """Return the cells of code."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell):
    """Return the tags of a cell."""
    return cell.metadata.get("tags", [])


def name(cell):
    """Name a cell by its first line; positions change too easily."""
    return repr((cell.source.splitlines() or ["(an empty cell)"])[0][:60])


def text(value):
    """Return a stored text, which may be a list of lines."""
    return "".join(value) if isinstance(value, list) else str(value)


def texts(cell):
    """Return the visible text of the stored outputs of a cell."""
    parts = []
    for output in cell.outputs:
        parts.append(text(output.get("text", "")))
        parts.append(text(output.get("data", {}).get("text/plain", "")))
    return "\n".join(filter(None, parts))


def images(cell):
    """Yield the type and the bytes of the stored images of a cell."""
    for output in cell.outputs:
        for mime, data in output.get("data", {}).items():
            if mime.startswith("image/"):
                yield mime, text(data).encode() if "svg" in mime else base64.b64decode(text(data))


def sections(notebook):
    """Return the text below each level-2 heading."""
    lines, found, current, fenced = [], {}, None, False
    for cell in notebook.cells:
        lines += cell.source.splitlines() if cell.cell_type == "markdown" else ["(code)"]
    for line in lines:
        fenced ^= line.startswith("```")
        if line.startswith("## ") and not fenced:
            current = line[3:].strip()
            found[current] = ""
        elif current:
            found[current] += line + "\n"
    return found


def is_valid(notebook):
    """The notebook follows the format, and its kernel is any Python 3."""
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        yield f"is not a valid notebook: {error}"
    kernel = notebook.metadata.get("kernelspec", {}).get("name")
    if kernel != "python3":
        yield f"the kernel is {kernel!r}, expected 'python3'"


def has_skeleton(notebook):
    """The headings of a lesson are there, in order, and say something."""
    first = notebook.cells[0] if notebook.cells else None
    if first is None or not first.source.startswith("# "):
        yield "the first cell does not start with a title (# ...)"
    found = sections(notebook)
    order = [heading for heading in found if heading in HEADINGS]
    if order != list(HEADINGS):
        yield f"the level-2 headings are {order}, expected {list(HEADINGS)}"
    for heading in order:
        if not found[heading].strip():
            yield f"the section {heading!r} is empty"


def says_what_it_promises(notebook):
    """Goals can be done, the core path is named, questions have answers, references have links."""
    found = {**dict.fromkeys(HEADINGS, ""), **sections(notebook)}
    goals = re.findall(r"^(?:[-*]|\d+\.) +(.*)", found["Goals"], re.M)
    if len(goals) < 3:
        yield f"'Goals' lists {len(goals)} goals, expected at least 3"
    for goal in goals:
        if re.match(r"(learn|understand|know|get to know|be aware|appreciate)\b", goal.lower()):
            yield f"the goal {goal[:40]!r} is nothing one can do"
    minutes = notebook.metadata.get("spamlab", {}).get("minutes")
    if not re.search(rf"\b{minutes} minutes", found["What you need"]):
        yield f"'What you need' does not say '{minutes} minutes', the number in the metadata"
    if "core path" not in found["What you need"].lower():
        yield "'What you need' does not explain the core path"
    if "- " not in found["Takeaways"]:
        yield "'Takeaways' is no list"
    opened, closed = (found["Questions"].count(tag) for tag in ("<details>", "</details>"))
    if opened == 0 or opened != closed:
        yield f"'Questions' has {opened} <details> and {closed} </details>, expected one per answer"
    if "http" not in found["References"]:
        yield "'References' has no link"


def marks_core_path(notebook):
    """Cells of the core path carry the tag `core`, and their headings say so to the reader."""
    core = [cell for cell in notebook.cells if "core" in tags(cell)]
    if not core:
        yield "no cell has the tag 'core'"
    for cell in core:
        if re.match(r"##+ ", cell.source) and "core path" not in cell.source.lower():
            yield f"the cell {name(cell)} has the tag 'core' but does not say 'core path'"


def has_budget(notebook):
    """The metadata state minutes, budgets and needs."""
    stated = notebook.metadata.get("spamlab", {})
    for key in NUMBERS:
        value = stated.get(key)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or value <= 0:
            yield f"metadata.spamlab.{key} is {value!r}, expected a number above 0"
    for key in LISTS:
        if not isinstance(stated.get(key), list):
            yield f"metadata.spamlab.{key} is {stated.get(key)!r}, expected a list of texts"
    core = stated.get("core_minutes")
    if isinstance(core, (int, float)) and core > CORE_MINUTES:
        yield f"the core path takes {core} minutes, expected at most {CORE_MINUTES}"


def ran_in_order(notebook):
    """The stored outputs are those of one run from top to bottom, without errors."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"the execution counts are {counts}, expected 1 to {len(counts)}; run all and save"
    for cell in code_cells(notebook):
        failed = any(output.output_type == "error" for output in cell.outputs)
        if failed and "raises-exception" not in tags(cell):
            yield f"the cell {name(cell)} stores an error"


def is_baked(notebook):
    """No widget state is stored: a dead widget would hide the picture."""
    if "widgets" in notebook.metadata:
        yield "stores metadata.widgets; run python -m spamlab.testing bake"
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if any("jupyter.widget" in mime for mime in output.get("data", {})):
                yield f"the cell {name(cell)} stores a widget view; run python -m spamlab.testing bake"


def is_checked(notebook):
    """Checked cells have something to compare, and every picture is checked through its sentence."""
    for cell in code_cells(notebook):
        checked, sentence = "nbval-check-output" in tags(cell), texts(cell)
        if checked and not sentence.strip():
            yield f"the cell {name(cell)} is checked but stores no text"
        if "nbval-skip" in tags(cell) and not cell.metadata.get("reason"):
            yield f"the cell {name(cell)} is skipped without metadata.reason"
        if not any(images(cell)):
            continue
        if not checked:
            yield f"the cell {name(cell)} shows a picture but lacks the tag nbval-check-output"
        if len(sentence.strip()) < 40 or not re.search(r"\d", sentence):
            yield f"the picture of the cell {name(cell)} has no sentence of 40 characters with a number"


def has_small_pictures(notebook):
    """Photographs are JPEG or palette PNG, line art is a small PNG, nothing is SVG."""
    for cell in code_cells(notebook):
        for mime, data in images(cell):
            if mime not in ("image/png", "image/jpeg"):
                yield f"the cell {name(cell)} stores {mime}, expected image/png or image/jpeg"
            palette = data[25:26] == b"\x03"  # the colour type in a PNG's header
            if mime == "image/png" and not palette and len(data) > PNG_BYTES:
                yield (
                    f"the cell {name(cell)} stores a PNG of {len(data)} bytes in full colour, expected "
                    f"JPEG, a palette PNG, or at most {PNG_BYTES} bytes"
                )


def names_no_place(notebook):
    """Nothing in the file names a folder or the machine it was made on."""
    own = [str(Path.home()), str(ROOT), socket.gethostname()]
    own = [place for place in own if len(place) > 8]  # a short one may be any word
    for cell in notebook.cells:
        seen = cell.source
        if cell.cell_type == "code":
            traces = [text(output.get("traceback", "")) for output in cell.outputs]
            seen = "\n".join([seen, texts(cell), *traces])
        match = PLACES.search(seen)
        named = [match.group()] if match else [place for place in own if place in seen]
        if named:
            yield f"the cell {name(cell)} names a place on a machine: {named[0]!r}"


def links(notebook, folder):
    """Return what is wrong with pictures and links to files in the text."""
    found = []
    for cell in (cell for cell in notebook.cells if cell.cell_type == "markdown"):
        for alt, target in re.findall(r"(!\[[^\]]*\]|\[[^\]]+\])\(([^)\s]+)", cell.source):
            if alt == "![]":
                found.append(f"the picture {target} has no text in its brackets")
            if re.match(r"https?:|mailto:|#|attachment:", target):
                continue
            if not (folder / target.split("#")[0]).exists():
                found.append(f"the link to {target} leads nowhere")
    return found


def table_row(path, notebook):
    """Return the row of a lesson in README's table."""
    stated = notebook.metadata["spamlab"]
    title = notebook.cells[0].source.splitlines()[0].removeprefix("# ").strip()
    after, needs = (", ".join(stated[key]) or "nothing" for key in LISTS)
    link = f"[{title}](notebooks/{path.name})"
    numbers = f"{stated['minutes']} | {stated['core_minutes']}"
    return f"| {path.name[:2]} | {link} | {numbers} | {after} | {needs} |"


RULES = (
    is_valid,
    has_skeleton,
    says_what_it_promises,
    marks_core_path,
    has_budget,
    ran_in_order,
    is_baked,
    is_checked,
    has_small_pictures,
    names_no_place,
    numbers_come_from_cells,
)


if __name__ == "__main__":
    raise SystemExit("\n".join(line for path in sys.argv[1:] for line in problems(path)) or 0)
