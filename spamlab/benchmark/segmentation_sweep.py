"""The setting of each segmenter, chosen by a sweep of two stages, the same for all of them.

The first stage takes every Nth picture: a thinned grid of all settings together; then, through the best of
these, the full range of every setting that was thinned, one at a time, but for the last setting. The second
takes all pictures, and the full range of the last setting, with the others as they are. The best is always
the one with the largest boundary F at one setting for all pictures (ODS).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from spamlab.benchmark.rows import Row
from spamlab.benchmark.segmentation import COUNTS, measure_segmentations
from spamlab.benchmark.segmenters import SEGMENTERS, Segmenter, Setting
from spamlab.data import Sample, Split
from spamlab.metrics import BoundaryCounts, ods_ois

COARSE_EVERY = 4


def sweep_segmentations(
    data: Split | Sequence[Sample],
    names: Sequence[str],
    file: str | Path | None = None,
    *,
    coarse_every: int = COARSE_EVERY,
    segmenters: Mapping[str, Segmenter] = SEGMENTERS,
    **options,
) -> tuple[list[Row], list[Row]]:
    """Run both stages of the sweep, see the module.

    Parameters
    ----------
    data : Split or sequence of Sample
    names : sequence of str
        Which segmenters.
    file, segmenters, **options
        As in `measure_segmentations`.
    coarse_every : int
        The first stage takes every Nth picture.

    Returns
    -------
    coarse, full : list of dict
        The rows of each stage.
    """
    known = {name: segmenters[name] for name in names}
    few, options = data[::coarse_every], {**options, "segmenters": segmenters}
    plans = {name: segmenter.grid(**segmenter.coarse) for name, segmenter in known.items()}
    coarse = measure_segmentations(few, plans, file, **options)
    lines = {name: _lines(segmenter, best(coarse, name)) for name, segmenter in known.items()}
    plans = {name: _once(plans[name] + lines[name]) for name in names}
    coarse = measure_segmentations(few, plans, file, rows=coarse, **options)
    plans = {name: along_curve(segmenter, best(coarse, name)) for name, segmenter in known.items()}
    return coarse, measure_segmentations(data, plans, file, rows=coarse, **options)


def _lines(segmenter: Segmenter, at: Setting) -> list[Setting]:
    """Return the full range of every thinned setting but the last, with the others as in `at`."""
    here = {name: (value,) for name, value in at.items()}
    here[segmenter.curve] = segmenter.coarse.get(segmenter.curve, segmenter.settings[segmenter.curve])
    thinned = [name for name in segmenter.coarse if name != segmenter.curve]
    return [s for name in thinned for s in segmenter.grid(**{**here, name: segmenter.settings[name]})]


def _once(settings: Sequence[Setting]) -> list[Setting]:
    return list({tuple(setting.items()): setting for setting in settings}.values())


def along_curve(segmenter: Segmenter, at: Setting) -> list[Setting]:
    """Return the full range of the last setting, with the others as in `at`."""
    return [{**at, segmenter.curve: value} for value in segmenter.settings[segmenter.curve]]


def best(rows: Sequence[Row], name: str) -> Setting:
    """Return the setting of a method with the largest boundary F over all pictures."""
    settings, counts = counts_of(rows, name)
    return settings[ods_ois(counts).parameter]


def counts_of(rows: Sequence[Row], name: str) -> tuple[list[Setting], list[list[BoundaryCounts]]]:
    """Return the settings of a method, and its counts as ``counts[image][setting]``."""
    mine = [row for row in rows if row["method"] == name]
    settings = {tuple(row["setting"].items()): row["setting"] for row in mine}
    images: dict[str, dict[tuple, BoundaryCounts]] = {}
    for row in mine:
        counts = BoundaryCounts(*(int(row[field]) for field in COUNTS))
        images.setdefault(row["image"], {})[tuple(row["setting"].items())] = counts
    return list(settings.values()), [[image[key] for key in settings] for image in images.values()]
