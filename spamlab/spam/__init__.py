"""SPAM: superpixels that respect objects, whatever says what an object is.

The Superpixel Anything Model (Walther et al., BMVC 2025). Each object gets seeds in proportion to its area,
and a pixel may join only seeds of its own object. Pixels in doubt may join any. Without objects the whole
picture is one.

Where we differ from the paper's program, and why:

- Seeds are shared out by largest remainder, so that exactly K come out.
- A seed is a pixel of its object, even where the mean of its cluster lies outside.
- A pixel may join the nine nearest seeds of its object, however far they are. The program leaves out those
  beyond 1.65 sqrt(N / K).
- Empty slots of a candidate list weigh nothing, instead of counting a seed twice.
- Local density scales the difference of positions, not the position: neighbours stay neighbours.
- A factor for attended objects has no cap; the other objects keep a seed each, however small.
- Attention is stretched over objects, not over pixels; what is attended is found by Otsu's threshold.
- Uncertain pixels count with the nearest object when seeds are shared out, so that seeds lie everywhere.
- Borders are smoothed by a vote before connectivity; the paper has no such step. ``smooth=0`` leaves it out.
- All rounds but the last look at one pixel in four, and at the seeds. ``stride=1`` lets them look at all.
- Connectivity merges small pieces into the neighbour with the longest shared border and never splits large
  ones, so no cut depends on the direction of a scan.

===========  ==========================================================
`method`     `spam`: all steps in a row
`objects`    which pixels are certain, and which object the others are counted with
`adaptive`   which objects are attended, and the density of seeds at each pixel
`budgets`    how many seeds each object gets
`inside`     where they lie
`lists`      which seeds a pixel may join
`whole`      connectivity inside objects; the object of each superpixel
===========  ==========================================================
"""

from spamlab.spam.adaptive import attended, density_map, object_attention
from spamlab.spam.budgets import budgets
from spamlab.spam.inside import place, scatter
from spamlab.spam.lists import candidate_lists, of_same_object
from spamlab.spam.method import Details, spam
from spamlab.spam.objects import certain_objects, numbered, pieces, spread
from spamlab.spam.whole import connect, owners

__all__ = [
    "Details",
    "attended",
    "budgets",
    "candidate_lists",
    "certain_objects",
    "connect",
    "density_map",
    "numbered",
    "object_attention",
    "of_same_object",
    "owners",
    "pieces",
    "place",
    "scatter",
    "spam",
    "spread",
]
