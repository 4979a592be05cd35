"""Make README's results, table and picture, from data/results: ``python .github/make_readme_results.py``.

The table reads val.json, and cost.json if it is there; the picture reads val.json, and carries its checksum.
"""

import hashlib
import io
import math
import re
import textwrap
from pathlib import Path

from PIL import Image, PngImagePlugin

from spamlab.benchmark import load
from spamlab.benchmark.summary import COUNTS, undominated
from spamlab.paths import data_dir
from spamlab.plot import Picture, front

HERE = Path(__file__).parent
README, PICTURE = HERE.parent / "README.md", HERE / "results.png"
BEGIN, END = "<!-- results: python .github/make_readme_results.py -->", "<!-- end of results -->"
COURSE = {
    "slic": "SLIC, lesson 01",
    "slico": "SLICO, lesson 01",
    "snic": "SNIC, lesson 02",
    "ssn": "SSN, lesson 03",
    "segments-superpixels": "superpixels of lesson 04",
    "lnsnet": "LNS-Net, lesson 05",
    "spam": "SPAM, no objects, lesson 07",
    "spam-felzenszwalb": "SPAM, Felzenszwalb's regions",
    "spam-segments": "SPAM, segments of lesson 04",
    "spam-truth": "*SPAM, objects a person drew*",
}
PEERS = {
    "grid": "plain grid",
    "skimage-slic": "SLIC, scikit-image",
    "opencv-slic": "SLIC, OpenCV",
    "opencv-slico": "SLICO, OpenCV",
    "opencv-mslic": "MSLIC, OpenCV",
    "opencv-lsc": "LSC, OpenCV",
    "opencv-seeds": "SEEDS, OpenCV",
    "felzenszwalb": "Felzenszwalb, scikit-image",
    "quickshift": "quickshift, scikit-image",
    "compact-watershed": "compact watershed, scikit-image",
}
GIVEN = "spam-truth"
SHORT = {"grid", "segments-superpixels"}  # not in the picture: far away, and nearly SSN
ABOUT = """
The methods of the course and their peers at the number of superpixels *obtained*, after connectivity, on
{name} {split}, {pictures} pictures, as the mean over annotators. ASA is the share of pixels that are right
when each superpixel takes one object, at {counts} superpixels. At {count}: BR, boundary recall within 1
pixel; CO and GR, compactness and global regularity. Where a method has a setting, it was chosen on every
fourth of these pictures; SPAM's is that of its paper. A dash: not reached. In italics: it was given what
one annotator drew, and the others judged. The picture leaves out the grid, which is far away, and the
superpixels of lesson 04, which are nearly SSN.
"""
PRICES = """
Time is in multiples of SLIC's, on one thread, without what a method prepares; parameters and GFLOPs are those
of networks, and a dash says that there is none; MB is the peak of memory; all for a picture of {} x {} pixels
and K = {}.
"""
MADE = """
The first command made data/results/val.json; it needs a copy of BSDS500, the extra `bench` (OpenCV), and 50
minutes on 2 cores. The second made this section.
"""
COUNT = 200
AT_COUNT = {"br_r1_mean": "BR", "co": "CO", "gr": "GR"}
COST = {"over_slic": "time", "parameters": "parameters", "gflops": "GFLOPs", "peak_mb": "MB"}


def table(val: dict, cost: dict | None) -> str:
    """Return the table in Markdown: a row for each method, with what it costs if that is known."""
    scores = {(row["method"], row["n"]): row for row in val["table"]}
    prices = {row["method"]: row for row in cost["table"]} if cost else {}
    head = ["method", *(f"ASA {n}" for n in COUNTS), *AT_COUNT.values(), *(COST.values() if cost else ())]
    lines = [head, ["---", *["--:"] * (len(head) - 1)]]
    for name, said in {**COURSE, **PEERS}.items():
        if (name, COUNT) not in scores:
            continue
        cells = [_number(scores[name, n]["asa_mean"]) for n in COUNTS]
        cells += [_number(scores[name, COUNT][score]) for score in AT_COUNT]
        cells += [_price(score, prices.get(name, {}).get(score)) for score in COST] if cost else []
        lines.append([said, *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _price(score: str, value: float | None) -> str:
    if value is None or math.isnan(value):
        return "-"
    if score == "parameters":
        return f"{value:,}" if value else "0"
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def plane(val: dict) -> Picture:
    """Return the plane of accuracy and regularity at 200 superpixels obtained, with the front."""
    at_200 = {row["method"]: row for row in val["table"] if row["n"] == COUNT}
    said = {name: text.split(", lesson")[0].strip("*") for name, text in {**COURSE, **PEERS}.items()}
    points = {
        said[name]: (at_200[name]["gr"], at_200[name]["asa_mean"])
        for name in said
        if name in at_200 and name not in SHORT and math.isfinite(at_200[name]["asa_mean"])
    }
    if said[GIVEN] not in points:
        raise SystemExit(f"val.json lacks {GIVEN}, expected it; run its benchmark with --update")
    race = [name for name in points if name != said[GIVEN]]
    wins = undominated([points[name] for name in race])
    best = [name for name, won in zip(race, wins, strict=True) if won]
    named = "; ".join(f"{name} (ASA {points[name][1]:.3f}, GR {points[name][0]:.2f})" for name in best)
    data = val["data"]
    text = (
        f"Accuracy over regularity of {len(points)} methods at {COUNT} superpixels obtained, "
        f"{data['name']} {data['split']}, {data['pictures']} pictures, without the grid and the superpixels "
        f"of lesson 04. No other has more of both than: {named}. "
        f"The ring, SPAM with objects that a person drew, has ASA {points[said[GIVEN]][1]:.3f}."
    )
    labels = "regularity: GR", f"accuracy: mean ASA at {COUNT} superpixels obtained"
    title = f"{data['name']} {data['split']}, {data['pictures']} pictures"
    return front(points, *labels, text, best=best, ring=[said[GIVEN]], title=title)


def section(val: dict, cost: dict | None) -> str:
    """Return what stands between the two comments of README."""
    about = [ABOUT.format(**val["data"], count=COUNT, counts=", ".join(map(str, COUNTS)))]
    about += [PRICES.format(*cost["data"]["shape"], cost["n_segments"])] if cost else []
    own = any("made" in method for method in val["methods"].values())
    others = " Some methods were measured by other commands, which are kept in the file." * own
    made = f"{MADE.strip()}{others}"
    return f"""{textwrap.fill(" ".join(" ".join(about).split()), 118)}

![{plane(val).text}](.github/results.png)

{table(val, cost)}

{made}

```
{val["command"]}
python .github/make_readme_results.py
```

Lesson 11 reads this table with you: what it shows, what it does not, and how yours gets into it.
"""


def checksum() -> str:
    """Return the SHA-256 of val.json."""
    return hashlib.sha256((data_dir() / "results" / "val.json").read_bytes()).hexdigest()


def inputs() -> tuple[dict, dict | None]:
    """Return val.json, and cost.json or None."""
    there = (data_dir() / "results" / "cost.json").is_file()
    return load("val"), load("cost") if there else None


def main() -> None:
    """Write the section and the picture."""
    val, cost = inputs()
    note = PngImagePlugin.PngInfo()
    note.add_text("val.json", checksum())
    with Image.open(io.BytesIO(plane(val).data)) as drawn:
        drawn.convert("P", palette=Image.Palette.ADAPTIVE).save(PICTURE, pnginfo=note, optimize=True)
    before = README.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.S)
    if not pattern.search(before):
        raise SystemExit(f"README.md holds no {BEGIN} and {END}, expected both around its results")
    after = pattern.sub(lambda _: f"{BEGIN}\n{section(val, cost)}{END}", before)
    README.write_text(after, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
