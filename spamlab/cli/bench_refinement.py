"""``spamlab benchmark --task refinement``: class maps made coarse, or a network's, mended by each method."""

import argparse
from pathlib import Path

from spamlab.benchmark import measure_refinement, refinement_table, settings, summarise_refinement, write
from spamlab.benchmark.methods import select
from spamlab.benchmark.refinement import CERTAIN, KNOWN, PIXEL, STRIDES, Refinement, scenes
from spamlab.data import DATASETS, Sample, Split, open_dataset, voc2012

DATASET = "bsds500"  # unless another one is named
COURSE = ("grid", "slic", "slico", "snic", "ssn", "segments-superpixels", "lnsnet", "spam", CERTAIN, PIXEL)
ASKED = (200, 500, 1000, 2000)
BANDS = (3, 5, 9)
NOTES = {
    "maps": "with a stride: the truth (of one annotator, its regions given classes) averaged over cells of "
    "stride x stride pixels, enlarged bilinearly, the largest taken; stride 0: what the network said",
    "methods": "'none' is the map as it was; 'spam-certain' is SPAM that gets the pixels outside the band as "
    "its object map, 'spam-certain-pixel' the same on colour and position alone, with the compactness of "
    "ssn-pixel and smooth=0; all others cut the picture alone, and the same vote mends the band",
    "scores": "mIoU of one table over all pictures, 'plain' of all pixels, 'trimap_W' of those within W "
    "pixels of a true border; 'gained_' against 'none', in points of 100",
    "best": "for each method and stride the K and the band with the best trimap_3, chosen on these pictures",
    "ms": "median over the pictures, superpixels and vote, on one thread, as many processes as 'jobs' says",
}


def run(
    data: Split | list[Sample],
    names: list[str],
    about: dict,
    output: Path,
    given: argparse.Namespace,
    options: dict,
) -> int:
    """Refine every picture in every way and write what comes out."""
    chosen = settings(names, given.settings, KNOWN)
    cases = [
        Refinement(name, chosen[name]["value"], k, band)
        for name in names
        for k in dict.fromkeys(given.n_segments or ASKED)
        for band in dict.fromkeys(given.bands or BANDS)
    ]
    how = {"strides": tuple(dict.fromkeys(given.strides or STRIDES)), "network": given.network}
    rows = measure_refinement(data, cases, **how, **options)
    summary = summarise_refinement(rows, chosen, {**about, "notes": NOTES})
    written = write(summary, output)
    print(refinement_table(summary))
    print("written:", *written)
    return 0


def choose(words: list[str]) -> list[str]:
    """Return the methods that words mean; "all" means those of the course."""
    return select([name for word in words for name in (COURSE if word == "all" else (word,))], KNOWN)


def open_data(given: argparse.Namespace) -> tuple[Split | list[Sample], dict]:
    """Return the pictures, and what to store about them.

    Raises
    ------
    ValueError
        If options do not go together.
    """
    every = given.every or 1
    if given.scenes:
        if given.data or given.network or given.every or given.dataset != DATASET:
            raise ValueError(
                "--scenes draws pictures and makes their maps; leave --data, --dataset, --every and --network"
            )
        return scenes(given.scenes), {"scenes": given.scenes}
    if given.network and (given.strides or given.dataset != DATASET):
        raise ValueError("--network makes the maps of PASCAL VOC; leave --strides and --dataset")
    if given.network:
        name, data = "PASCAL VOC 2012", voc2012(given.data, given.split)[::every]
    else:
        name = DATASETS[given.dataset].title
        data = open_dataset(given.dataset, given.data, given.split)[::every]
    about = {"name": name, "split": given.split, "every": every, "pictures": len(data)}
    return data, about | ({"network": given.network} if given.network else {})
