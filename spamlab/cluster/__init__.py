"""The loop of all learned methods: soft k-means over candidate lists, in torch, with gradients.

    while not done:  Q = assign(distances(F, S, slots));  S = update(F, Q, S, slots)

==========  =============================  =====================================================
here        in the papers                  shape
==========  =============================  =====================================================
F           F (SSN), pixel features        (N, C), or (T, C, P) arranged in tiles
S           S (SSN), C (Wang), centres     (K, C)
Q           Q (SSN), association           (T, M, P), one weight per candidate and pixel
candidates  neighbourhood of a pixel       (G, M), -1 = empty slot
group       -                              (N,), the row of `candidates` that a pixel has
==========  =============================  =====================================================

Pixels of one group share their candidates. So they are sorted into tiles of P pixels with one candidate list
each, and distances and sums become products of small matrices: no N x K matrix is made, and nothing is
gathered per pixel. It is the same code for training and inference, on the CPU and the GPU; a batch of
pictures is one longer list of pixels, the groups and candidates of each picture counted on from those before.

V. Jampani, D. Sun, M.-Y. Liu, M.-H. Yang, J. Kautz, "Superpixel sampling networks", ECCV 2018, algorithm 1.
Where we differ from the paper, and why: Q is normalised over the candidates (as in the authors' program; the
paper prints exp(-d^2)), so that the weights of a pixel sum to 1; an empty centre keeps its value instead of
dividing by a small number.

=======  ===================================================
`tiles`  the layout of the pixels
`steps`  distances, assignment, sums, update
`loop`   `cluster`, and what it ends with
=======  ===================================================
"""

from spamlab.cluster.loop import Clusters, cluster
from spamlab.cluster.steps import assign, distances, group_means, to_centres, to_pixels, update
from spamlab.cluster.tiles import Tiles, tile

__all__ = [
    "Clusters",
    "Tiles",
    "assign",
    "cluster",
    "distances",
    "group_means",
    "tile",
    "to_centres",
    "to_pixels",
    "update",
]
