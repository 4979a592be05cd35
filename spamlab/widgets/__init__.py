"""Sliders and clicks over pure functions: values in, a picture and a sentence out, and `Demo` does the rest.

============  ===========================================================================
`controls`    `Slider`, `Choice`, `Toggle`, `Photo`: what a reader may change
`demo`        `Demo`: pure function -> state -> view
`canvas`      `Canvas`: a picture that returns where it is clicked (`stage`: in the browser)
`points`      `Points`: clicks on the picture of a demo
`upload`      `upload`: a photograph of one's own for any lesson
============  ===========================================================================
"""

from spamlab.widgets.canvas import Canvas
from spamlab.widgets.controls import Choice, Photo, Slider, Toggle
from spamlab.widgets.demo import Demo
from spamlab.widgets.points import Points
from spamlab.widgets.upload import upload

__all__ = ["Canvas", "Choice", "Demo", "Photo", "Points", "Slider", "Toggle", "upload"]
