"""Pictures that carry their own sentence: what is drawn is also said, in words and numbers.

`Picture` is what every drawing function returns. Functions that return an array (`overlay`,
`mean_colours`, `errors`) are quick enough for a slider and can be panels of `show`.

=============  ==================================================================
`picture`      `Picture`, the palette, encoding
`pixels`       label maps drawn on pixels: `overlay`, `mean_colours`, `errors`, `recall`, ...
`panels`       `show`: the same crop side by side; `channels` of features; maps `beside` a picture
`charts`       `curve`, `plane` and `bars`
`diagrams`     `centres`, `candidates` of one pixel, the `four_questions`
`learned`      `weights` of candidates, `arrows` of a gradient, `scales` of a network
`graphs`       `graph` of superpixels, `balance` of its pairs in the loss
`trees`        `dendrogram` of merging
`seeds`        `walks` of seeds, `principal` colours of many features, `from_lab`
`lifelong`     three `ways` to train, `factors` of gradients
`masks`        where a network is asked, `prompts`; a `cutout`; a pile as `outlines`; `tint` of an object map
`priors`       what a pixel may join, `joins`; objects that are `numbered`; the `tradeoff` of two scores
`density`      `routes` over superpixels, objects `ranked` by a value, a picture beside its `shares`
`clicking`     what a user does: superpixels `clicked`, objects `pointed` at, `strokes`
`refining`     what became of wrong pixels, `changes`; what `convolutions` see; the `bests` of a table
`planes`       methods compared: `trails`, a `front`, `ranges`, `multiples`, a picture `with_chart`
=============  ==================================================================
"""

from spamlab.plot.charts import bars, curve, plane
from spamlab.plot.clicking import clicked, pointed, strokes
from spamlab.plot.density import ranked, routes, shares
from spamlab.plot.diagrams import candidates, centres, four_questions
from spamlab.plot.graphs import balance, graph
from spamlab.plot.learned import arrows, scales, weights
from spamlab.plot.lifelong import factors, ways
from spamlab.plot.masks import cutout, outlines, prompts, tint
from spamlab.plot.panels import beside, channels, show
from spamlab.plot.picture import Picture, check_sentence, encode
from spamlab.plot.pixels import errors, mean_colours, overlay, paint, recall, wrong_share
from spamlab.plot.planes import front, multiples, ranges, trails, with_chart
from spamlab.plot.priors import joins, numbered, tradeoff
from spamlab.plot.refining import bests, changes, convolutions
from spamlab.plot.seeds import from_lab, principal, walks
from spamlab.plot.trees import dendrogram

__all__ = [
    "Picture",
    "arrows",
    "balance",
    "bars",
    "beside",
    "bests",
    "candidates",
    "centres",
    "changes",
    "channels",
    "check_sentence",
    "clicked",
    "convolutions",
    "curve",
    "cutout",
    "dendrogram",
    "encode",
    "errors",
    "factors",
    "four_questions",
    "from_lab",
    "front",
    "graph",
    "joins",
    "mean_colours",
    "multiples",
    "numbered",
    "outlines",
    "overlay",
    "paint",
    "plane",
    "pointed",
    "principal",
    "prompts",
    "ranked",
    "ranges",
    "recall",
    "routes",
    "scales",
    "shares",
    "show",
    "strokes",
    "tint",
    "tradeoff",
    "trails",
    "walks",
    "ways",
    "weights",
    "with_chart",
    "wrong_share",
]
