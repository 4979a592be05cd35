"""Clicks: where superpixels should lie densely, which of them make an object, and how many clicks it takes.

A click is (row, col) in pixels of the picture.

=============  ==================================================================
`weights`      `click_weights`: a weight per object, for the density of SPAM
`annotation`   `Annotation`: an object built by clicks on superpixels; saved as PNG or JSON
`simulate`     a user who picks whole superpixels, and the best IoU they allow
=============  ==================================================================
"""

from spamlab.clicks.annotation import Annotation
from spamlab.clicks.simulate import best_iou, clicks_to, overlap, simulate
from spamlab.clicks.weights import click_weights

__all__ = ["Annotation", "best_iou", "click_weights", "clicks_to", "overlap", "simulate"]
