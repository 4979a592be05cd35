"""Numbers quoted in the text of a lesson are those its cells computed.

A number that needs a source: one with a decimal point, with a percent sign, or of three digits and more that
is not round (one digit, then zeros). It must occur in the text of a checked output or in the code of the same
notebook. Code, formulas, links, questions, headings, years, and the sections "Exercise" and "References" are
free.

A comment right behind a number binds it; readers do not see it:

- with a # it quotes the output, the # in place of the number: `213<!-- asked for 200, obtained # -->`;
- without, it names where a number comes from that no cell computes: `0.075<!-- van den Bergh 2012 -->`.
"""

import re

FREE_SECTIONS = ("Exercise", "References")
NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?(?:\s?%)?"
TOKEN = re.compile(rf"(?<![\w.,]){NUMBER}(?![\w]|\.\d)")
BOUND = re.compile(rf"({NUMBER})\s*<!--\s*(.*?)\s*-->", re.S)
FREE = [
    re.compile(r"^```.*?^```", re.S | re.M),  # code
    re.compile(r"`[^`\n]*`"),
    re.compile(r"\$\$.*?\$\$|\$[^$\n]*\$", re.S),  # formulas
    re.compile(r"<!--.*?-->|</?\w[^>\n]*>", re.S),  # comments, tags
    re.compile(r"\]\([^)]*\)|https?://\S+"),  # where links lead
    re.compile(r"^\s*(?:#+ .*|\d+\. )", re.M),  # headings, and the numbers of a list
]


def numbers_come_from_cells(notebook):
    """Numbers in the text occur in a checked output or in the code."""
    outputs = [
        shown(cell) for cell in notebook.cells if "nbval-check-output" in cell.metadata.get("tags", [])
    ]
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    known = {token for text in outputs + code for token in tokens(text)}
    for prose in sections(notebook):
        for number, source in BOUND.findall(prose):
            quoted = " ".join(source.replace("#", number).split())
            if "#" in source and not any(quoted in " ".join(text.split()) for text in outputs):
                yield f"the text says {number!r}, bound to an output {quoted!r} that no checked cell stores"
        for number, sentence in loose(BOUND.sub(" ", prose)):
            if number not in known:
                yield f"the number {number!r} in {sentence[:60]!r} is in no checked output and no code"


def shown(cell):
    """Return the text of the stored outputs of a cell."""
    parts = []
    for output in cell.get("outputs", []):
        data = output.get("text") or output.get("data", {}).get("text/plain", "")
        parts.append("".join(data))
    return "\n".join(parts)


def sections(notebook):
    """Yield the Markdown of each cell, cut at level-2 headings, without the free sections."""
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        for part in re.split(r"^(?=## )", cell.source, flags=re.M):
            if part.startswith("## "):
                heading = part.splitlines()[0][3:].strip()
            if heading not in FREE_SECTIONS:
                yield part


def tokens(text):
    """Return the numbers in a text, in one form: 5,900 is 5900, 36 % is 36% and also 36."""
    found = {re.sub(r"[,\s]", "", token) for token in re.findall(NUMBER, text)}
    return found | {token.rstrip("%") for token in found}


def loose(prose):
    """Yield the numbers in a text that need a source, each with its sentence."""
    for pattern in FREE:
        prose = pattern.sub(" ", prose)
    for sentence in re.split(r"(?<=[.?!:])\s+|\n\s*\n", prose):
        for token in TOKEN.findall("" if sentence.rstrip("*_ ").endswith("?") else sentence):
            number = re.sub(r"[,\s]", "", token)
            if needs_source(number):
                yield number, " ".join(sentence.split())


def needs_source(number):
    """Tell a number that looks computed from one that is round, small, or a year."""
    if "." in number or (number.endswith("%") and number not in ("0%", "100%")):
        return True
    return len(number) > 2 and bool(number[1:].strip("0%")) and not re.fullmatch(r"(19|20)\d\d", number)
