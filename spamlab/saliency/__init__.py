"""Saliency without training: where people look, as a map in [0, 1].

W. Zhu, S. Liang, Y. Wei, J. Sun, "Saliency optimization from robust background detection", CVPR 2014. The
border of a picture is mostly background. So is what reaches it along paths on which colour hardly changes.
An object that touches the border touches it with a short part of its outline, so it remains an object.
The constants are those of the authors' program, which reads some of them from the picture.
The second method, the spectral residual (Hou and Zhang, 2007), needs no superpixels.

Where we differ from the authors' program, and why:

- Colours within 1 Lab unit always pull each other. On a plain background their scale would be 0.
- A picture in which nothing stands out gives 0 everywhere, not stretched rounding errors.
- The picture is cut into 250 superpixels, not into one for every 600 pixels.
- Otsu's threshold splits the values themselves, not a histogram of them.
- A frame around a picture is not cut off.

===============  =================================================================
`method`         `saliency` and `background_detection`: all steps in a row
`graph`          superpixels as a graph, the links of the border, scales of colour
`background`     geodesic distance, border connectivity, contrast
`optimisation`   the energy and its minimum
`spectral`       the spectral residual
===============  =================================================================
"""

from spamlab.saliency.background import (
    background_weight,
    border_connectivity,
    contrast,
    foreground_weight,
    geodesic,
    stretch,
)
from spamlab.saliency.graph import (
    Scales,
    differences,
    link_border,
    nodes,
    on_border,
    scales,
    touching,
    two_rings,
)
from spamlab.saliency.method import Details, background_detection, saliency
from spamlab.saliency.optimisation import energy, optimise, pull, sure_background
from spamlab.saliency.spectral import Spectrum, spectrum

__all__ = [
    "Details",
    "Scales",
    "Spectrum",
    "background_detection",
    "background_weight",
    "border_connectivity",
    "contrast",
    "differences",
    "energy",
    "foreground_weight",
    "geodesic",
    "link_border",
    "nodes",
    "on_border",
    "optimise",
    "pull",
    "saliency",
    "scales",
    "spectrum",
    "stretch",
    "sure_background",
    "touching",
    "two_rings",
]
