"""Sliders over pure functions: values in, a picture and a sentence out, and `Demo` does the rest.

============  ===========================================================================
`controls`    `Slider`, `Choice`, `Toggle`, `Photo`: what a reader may change
`demo`        `Demo`: pure function -> state -> view
`upload`      `upload`: a photograph of one's own for any lesson
============  ===========================================================================
"""

from spamlab.widgets.controls import Choice, Photo, Slider, Toggle
from spamlab.widgets.demo import Demo
from spamlab.widgets.upload import upload

__all__ = ["Choice", "Demo", "Photo", "Slider", "Toggle", "upload"]
