"""How good superpixels are: one contingency table and one boundary map, and every score from them.

S is the superpixel map with regions S_i, G the ground truth with regions G_j, n_ij = |S_i and G_j| their
contingency table, a_i and b_j its row and column sums, N the number of pixels. All sums are exact integers
or float64. Scores are taken after connectivity, at the number of superpixels obtained. Pixels labelled -1
in either map (outside a mask) are left out of the table.

===============  ========================================================================
`table`          the `contingency` table
`superpixels`    ASA, undersegmentation error, explained variation, ICV
`boundary`       the boundary map, recall, precision, F and contour density
`shapes`         compactness CO, global regularity GR
`segments`       segmentations: Rand, VoI, GCE, covering, mean IoU, `trimap`
`matching`       boundary F by one-to-one matching, ODS and OIS
`scores`         all of them for one picture and its annotators
===============  ========================================================================
"""

from spamlab.metrics.boundary import (
    boundaries,
    boundary_f,
    boundary_precision,
    boundary_recall,
    contour_density,
    tolerance,
)
from spamlab.metrics.matching import BoundaryCounts, OdsOis, boundary_counts, ods_ois, thin_boundaries
from spamlab.metrics.scores import segmentation_scores, superpixel_scores
from spamlab.metrics.segments import (
    confusion,
    covering,
    global_consistency_error,
    mean_iou,
    probabilistic_rand_index,
    rand_index,
    trimap,
    variation_of_information,
)
from spamlab.metrics.shapes import Regularity, compactness, perimeters, regularity
from spamlab.metrics.superpixels import (
    asa,
    explained_variation,
    intracluster_variation,
    undersegmentation_error,
)
from spamlab.metrics.table import contingency

__all__ = [
    "BoundaryCounts",
    "OdsOis",
    "Regularity",
    "asa",
    "boundaries",
    "boundary_counts",
    "boundary_f",
    "boundary_precision",
    "boundary_recall",
    "compactness",
    "confusion",
    "contingency",
    "contour_density",
    "covering",
    "explained_variation",
    "global_consistency_error",
    "intracluster_variation",
    "mean_iou",
    "ods_ois",
    "perimeters",
    "probabilistic_rand_index",
    "rand_index",
    "regularity",
    "segmentation_scores",
    "superpixel_scores",
    "thin_boundaries",
    "tolerance",
    "trimap",
    "undersegmentation_error",
    "variation_of_information",
]
