"""The benchmark: a method over a data set, scored at the number of superpixels that came out.

A method registers in one line: ``METHODS["mine"] = Method(lambda image, k, m: ..., "compactness", (5, 10))``.

=============  =====================================================================
`methods`      `Method`, the registry `METHODS`, and `cut`: one picture, timed
`others`       scikit-image's methods as the registry calls them
`learned`      the methods that learn
`opencv`       OpenCV's methods, with ``pip install "spamlab[bench]"``
`code`         the versions and a fingerprint of what makes the rows
`rows`         `measure`: one row per picture, method and K, kept in a file as they come
`around`       `measure_around`: further K where a method does not reach the counts wanted
`summary`      means, interpolated at stated counts; JSON, CSV and a printed table
`sweep`        each method's setting, chosen by the same sweep
`curves`       a picture of one score over the number obtained
=============  =====================================================================
"""

from spamlab.benchmark.around import measure_around
from spamlab.benchmark.curves import curves
from spamlab.benchmark.methods import METHODS, Method, cut
from spamlab.benchmark.rows import Case, measure
from spamlab.benchmark.summary import at_counts, interpolate, load, summarise, table, write
from spamlab.benchmark.sweep import settings, sweep

__all__ = [
    "METHODS",
    "Case",
    "Method",
    "at_counts",
    "curves",
    "cut",
    "interpolate",
    "load",
    "measure",
    "measure_around",
    "settings",
    "summarise",
    "sweep",
    "table",
    "write",
]
