"""``spamlab benchmark --task segmentations``: methods that give few large regions, swept and scored."""

import argparse
from pathlib import Path

from spamlab.benchmark import (
    SEGMENTERS,
    pr_curves,
    segmentation_table,
    summarise_segmentations,
    sweep_segmentations,
    write,
)
from spamlab.benchmark.segmentation_sweep import COARSE_EVERY
from spamlab.benchmark.segmenters import with_weights
from spamlab.benchmark.summary import load, merged
from spamlab.data import Split

NOTES = {
    "sweep": "for every method the same two stages: every Nth picture (data: coarse_every) with the "
    "'first_grid' of all settings, then with all values of each setting thinned there but the last, the "
    "others at their best; then all pictures with all values of the last setting. 'tried' holds the first "
    "stage, 'scored' counts different maps",
    "boundary F": "pixels are matched one to one within 0.0075 of the diagonal, matched pixels are counted "
    "over the data set; 'ods' at one setting for all pictures, 'ois' at the best value of the last setting "
    "for each",
    "regions": "pri, voi (bits), gce and covering at the ODS setting: means over the annotators of a "
    "picture, then over pictures; 'regions' counts them; 'best_pri' is the largest along the curve",
    "ms": "milliseconds, median over the pictures of one run each, on one thread: 'ms_prepare' once per "
    "picture, 'ms_cut' for one more setting; as many processes as 'jobs' says ran at the same time",
}


def run(
    data: Split, names: list[str], about: dict, output: Path, arguments: argparse.Namespace, options: dict
) -> int:
    """Run both stages of the sweep and write what comes out."""
    segmenters, every = dict(SEGMENTERS), arguments.coarse_every or COARSE_EVERY
    if arguments.weights:
        segmenters["segments"] = with_weights(arguments.weights)
    rows = sweep_segmentations(data, names, coarse_every=every, segmenters=segmenters, **options)
    about = {**about, "data": {**about["data"], "coarse_every": every}, "notes": NOTES}
    summary = summarise_segmentations(*rows, about, segmenters=segmenters)
    if arguments.update:
        summary = merged(load(output), summary)
    written = write(summary, output)
    if arguments.plot:
        picture = pr_curves(summary)
        written.append(picture.save(output.with_name(f"{output.stem}_pr.png")))
        print(picture.text)
    print(segmentation_table(summary))
    print("written:", *written)
    return 0
