"""The picture in the browser that is clicked on; the only file that needs anywidget."""

from pathlib import Path

import anywidget
import traitlets

_SOURCE = Path(__file__).with_name("canvas.js")


class Stage(anywidget.AnyWidget):
    """The browser's half of `Canvas`: shows a picture and marks, and sends clicks as messages.

    Attributes
    ----------
    value, format
        The encoded picture, and "png" or "jpeg", as for `ipywidgets.Image`.
    shape : (2,) list of int
        Height and width of the pixels that are clicked on; the picture may draw each of them larger.
    points : list of [row, col, i]
        Clicks to mark, in these pixels; i = 0 or 1 is the place of their kind.
    mode : int
        Kind of a click with the left button, and of Enter.
    label, help, said : str
        For screen readers: the name, the keys, and what happened last.
    """

    _esm = _SOURCE.read_text(encoding="utf-8")
    value = traitlets.Bytes().tag(sync=True)
    format = traitlets.Unicode("png").tag(sync=True)
    shape = traitlets.List([0, 0]).tag(sync=True)
    points = traitlets.List().tag(sync=True)
    mode = traitlets.Int(0).tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    help = traitlets.Unicode().tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)
