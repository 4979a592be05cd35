"""The benchmark: a method over a data set, scored at the number of superpixels that came out.

A method registers in one line: ``METHODS["mine"] = Method(lambda image, k, m: ..., "compactness", (5, 10))``.

==============  =====================================================================
`methods`       `Method`, the registry `METHODS`, and `cut`: one picture, timed
`others`        scikit-image's methods as the registry calls them
`learned`       the methods that learn
`with_objects`  SPAM with objects from each source
`opencv`        OpenCV's methods, with ``pip install "spamlab[bench]"``
`code`          the versions and a fingerprint of what makes the rows
`rows`          `measure`: one row per picture, method and K, kept in a file as they come
`workers`       the tasks of a benchmark on a Dask cluster, with ``pip install "spamlab[dask]"``
`around`        `measure_around`: further K where a method does not reach the counts wanted
`summary`       means, interpolated at stated counts; JSON, CSV and a printed table
`sweep`         each method's setting, chosen by the same sweep
`curves`        a picture of one score over the number obtained
==============  =====================================================================

Few large regions are judged by other scores, and their settings by a sweep of another kind.

======================  ============================================================
`segmenters`            `Segmenter` and the registry `SEGMENTERS`
`segmentation`          `measure_segmentations`: one row per picture, method and setting
`segmentation_sweep`    the sweep of the settings, in two stages
`segmentation_summary`  boundary F at ODS and OIS, its curve, region scores, the setting
`pr_curves`             a picture of precision over recall
======================  ============================================================

So is the refinement of class maps.

======================  ============================================================
`refinement`            `measure_refinement`: one row per picture, way to refine and stride
`refinement_summary`    mIoU over the pictures, and what was gained
======================  ============================================================
"""

from spamlab.benchmark.around import measure_around
from spamlab.benchmark.curves import curves
from spamlab.benchmark.methods import METHODS, Method, cut
from spamlab.benchmark.pr_curves import pr_curves
from spamlab.benchmark.refinement import Refinement, measure_refinement
from spamlab.benchmark.refinement_summary import refinement_table, summarise_refinement
from spamlab.benchmark.rows import Case, measure
from spamlab.benchmark.segmentation import measure_segmentations
from spamlab.benchmark.segmentation_summary import segmentation_table, summarise_segmentations
from spamlab.benchmark.segmentation_sweep import sweep_segmentations
from spamlab.benchmark.segmenters import SEGMENTERS, Segmenter, with_weights
from spamlab.benchmark.summary import at_counts, interpolate, load, summarise, table, write
from spamlab.benchmark.sweep import settings, sweep

__all__ = [
    "METHODS",
    "SEGMENTERS",
    "Case",
    "Method",
    "Refinement",
    "Segmenter",
    "at_counts",
    "curves",
    "cut",
    "interpolate",
    "load",
    "measure",
    "measure_around",
    "measure_refinement",
    "measure_segmentations",
    "pr_curves",
    "refinement_table",
    "segmentation_table",
    "settings",
    "summarise",
    "summarise_refinement",
    "summarise_segmentations",
    "sweep",
    "sweep_segmentations",
    "table",
    "with_weights",
    "write",
]
