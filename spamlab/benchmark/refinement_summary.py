"""What the rows of a refinement say: mIoU over the pictures, points gained, each method's best setting."""

import statistics
from collections.abc import Mapping, Sequence

from spamlab.benchmark.code import versions
from spamlab.benchmark.refinement import CASE, NETWORK, NONE, WIDTHS, mean_ious
from spamlab.benchmark.rows import Row

SCORES = ("plain", *(f"trimap_{width}" for width in WIDTHS))
CHOSEN_BY = "trimap_3"


def summarise_refinement(rows: Sequence[Row], chosen: Mapping[str, Mapping], about: Mapping) -> dict:
    """Put together all that a table of refinements has to say.

    Parameters
    ----------
    rows : sequence of dict
        From `measure_refinement`.
    chosen : mapping
        The setting of each method and how it was chosen, from `settings`.
    about : mapping
        What else to store: the command, the data.

    Returns
    -------
    dict
        `about`, "versions", "methods"; "table": one row per case and stride with mIoU as "plain" and
        "trimap_W", the same as "none" has it subtracted ("gained_", in points, hundredths), the number of
        superpixels, the share of pixels changed, and milliseconds; "best": of each method and stride the
        row with the largest `CHOSEN_BY`.
    """
    scores = {name: mean_ious(rows, name) for name in SCORES}
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in CASE), []).append(row)
    table = [_case(key, group, scores) for key, group in groups.items()]
    best: dict[tuple, Row] = {}
    for row in table:
        key = row["stride"], row["method"]
        best[key] = max(best.get(key, row), row, key=lambda row: row[CHOSEN_BY])
    ordered = sorted(best.values(), key=lambda row: (row["stride"], -row[CHOSEN_BY]))
    return {**about, "versions": versions(), "methods": dict(chosen), "table": table, "best": ordered}


def _case(key: tuple, group: list[Row], scores: Mapping[str, Mapping[tuple, float]]) -> Row:
    none = (NONE, None, 0, 1, key[-1])
    row = {**dict(zip(CASE, key, strict=True)), "images": len(group)}
    row["n_obtained"] = statistics.fmean(one["n_obtained"] for one in group)
    row["changed"] = statistics.fmean(one["changed"] for one in group)
    row["ms"] = 1e3 * statistics.median(one["seconds"] for one in group)
    row |= {name: found[key] for name, found in scores.items()}
    return row | {f"gained_{name}": 100 * (found[key] - found[none]) for name, found in scores.items()}


def refinement_table(summary: Mapping) -> str:
    """Return each method's best rows as Markdown, one line per stride and method, the best first."""
    head = "stride", "method", "K", "obtained", "band", "mIoU", "points", "trimap mIoU (3 px)", "points"
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in summary["best"]:
        made_by = "network" if row["stride"] == NETWORK else row["stride"]
        cells = [made_by, row["method"], row["n_asked"], f"{row['n_obtained']:.0f}", row["band"]]
        for score in ("plain", CHOSEN_BY):
            cells += [f"{row[score]:.3f}", f"{row['gained_' + score]:+.1f}"]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)
