"""`Points`: the control of a demo whose picture is clicked on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spamlab.widgets.canvas import KINDS, Canvas, as_points
from spamlab.widgets.controls import Handle


@dataclass(frozen=True)
class Points:
    """Clicks on the demo's own picture; the function receives a tuple of (row, col, kind).

    A demo has at most one. With a `Photo`, clicks are pixels of the photograph, at whatever size the
    demo draws it whole, and they go when another one is chosen; without, they are pixels of the picture.

    Parameters
    ----------
    value : sequence of (row, col) or (row, col, kind)
        The clicks at the start.
    kinds : (2,) sequence of str
        What a click means; the second one is that of the right button.
    label : str
        Name of the picture for screen readers.
    """

    value: Sequence = ()
    kinds: Sequence[str] = KINDS
    label: str = "Picture to click on"

    def __post_init__(self):
        object.__setattr__(self, "value", as_points(self.value, self.kinds))

    def check(self, value: Any) -> None:
        """Raise ValueError unless `value` is a sequence of clicks."""
        as_points(value, self.kinds)

    def build(self, name: str) -> Handle:
        """Make the canvas; the demo shows its picture on it."""
        canvas = Canvas(value=self.value, kinds=self.kinds, label=self.label)
        one, other = ((0, 0, kind) for kind in self.kinds)  # a pixel that every picture has
        stops = list(dict.fromkeys([(), self.value, (one,), (other,), (one, other, one)]))
        return Handle(canvas, canvas.bar, stops, [(), (one,)], canvas=canvas)
