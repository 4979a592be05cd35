"""What a reader may change: `Slider`, `Choice`, `Toggle` and `Photo`.

A control is plain data. `build(name)` makes its widgets once per demo and returns a `Handle`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import ipywidgets as w
import numpy as np
import traitlets

from spamlab.widgets.canvas import Canvas
from spamlab.widgets.upload import Uploads

_WIDE = {"description_width": "125px"}


@dataclass
class Handle:
    """The built widgets of one control.

    Parameters
    ----------
    holder : widget
        Its trait `value` is the state; whoever sets it, from Python or a browser, is observed.
    row : widget
        What is displayed.
    stops : list
        Values worth a visit: all if there are few, else the lowest, the default and the highest.
    ends : list
        The first and the last value.
    resolve : callable
        Turns the holder's value into what the function receives.
    upload : Uploads, optional
        For `Photo`: the pictures of the reader.
    canvas : Canvas, optional
        For `Points`: the picture that is clicked on.
    """

    holder: Any
    row: Any
    stops: list
    ends: list
    resolve: Callable[[Any], Any] = lambda value: value
    upload: Uploads | None = None
    canvas: Canvas | None = None


@dataclass(frozen=True)
class Slider:
    """A number: a slider and a field to type in, always equal.

    Parameters
    ----------
    value, low, high : int or float
        Start, lowest and highest value. Whole numbers give a slider of whole numbers.
    step : int or float
        Distance of two values; with `log`, each stop is `step` times the one before if that is above 1.
    log : bool
        Space the stops evenly on a logarithmic scale, six per decade by default, with two digits; a typed
        number moves to the nearest stop.
    label : str
        Name beside the slider; by default the argument's name.

    Raises
    ------
    ValueError
        If `value` is outside [low, high], or `log` comes with low <= 0.
    """

    value: float
    low: float
    high: float
    step: float = 1
    log: bool = False
    label: str = ""

    def __post_init__(self):
        if not self.low <= self.value <= self.high or (self.log and self.low <= 0):
            raise ValueError(
                f"slider starts at {self.value} between {self.low} and {self.high}, expected "
                "low <= value <= high, and low > 0 on a logarithmic scale"
            )

    @property
    def whole(self) -> bool:
        """Whether all values are whole numbers."""
        return all(isinstance(v, (int, np.integer)) for v in (self.value, self.low, self.high, self.step))

    def values(self) -> list:
        """Return every stop, in order."""
        if not self.log:
            count = int(round((self.high - self.low) / self.step, 6))
            return [round(self.low + i * self.step, 10) for i in range(count + 1)]
        decades = np.log10(self.high / self.low)
        even = np.geomspace(self.low, self.high, 1 + max(1, round(6 * decades)))
        if self.step > 1:
            even = self.low * float(self.step) ** np.arange(1 + int(decades / np.log10(self.step) + 1e-9))
        stops = {float(f"{v:.2g}") for v in even if self.low < float(f"{v:.2g}") < self.high}
        stops = sorted(stops | {self.low, self.value, self.high})
        return sorted({round(v) for v in stops}) if self.whole else stops

    def build(self, name: str) -> Handle:
        """Make the slider, the typed field and their link."""
        style = {"description": self.label or name.replace("_", " "), "style": _WIDE}
        style |= {"layout": w.Layout(width="310px"), "readout": False}
        slider, typed = (self._log if self.log else self._linear)(style)
        typed.layout, typed.tooltip = w.Layout(width="76px"), f"{style['description']}, typed"
        stops = self.values()
        few = stops if len(stops) <= 12 else [stops[0], self.value, stops[-1]]
        return Handle(slider, w.HBox([slider, typed]), few, [stops[0], stops[-1]])

    def check(self, value: Any) -> None:
        """Raise ValueError unless the slider can hold `value`."""
        fits = self.low <= value <= self.high and (not self.whole or value == int(value))
        if not fits or (self.log and value not in self.values()):
            stops = f"one of {self.values()}" if self.log else f"{self.low} to {self.high}"
            kind = " in whole numbers" if self.whole else ""
            raise ValueError(f"{value!r} is no value of this slider, expected {stops}{kind}")

    def _linear(self, style: dict) -> tuple:
        limits = {"value": self.value, "min": self.low, "max": self.high, "step": self.step}
        kinds = (w.IntSlider, w.BoundedIntText) if self.whole else (w.FloatSlider, w.BoundedFloatText)
        slider, typed = kinds[0](**limits, **style), kinds[1](**limits)
        traitlets.link((slider, "value"), (typed, "value"))
        return slider, typed

    def _log(self, style: dict) -> tuple:
        stops = self.values()
        slider = w.SelectionSlider(options=[(f"{v:g}", v) for v in stops], value=self.value, **style)
        kind = w.BoundedIntText if self.whole else w.BoundedFloatText
        typed = kind(value=self.value, min=stops[0], max=stops[-1])

        def move(change):
            nearest = min(stops, key=lambda stop: abs(np.log(stop / change["new"])))
            slider.value = nearest
            typed.value = nearest

        slider.observe(lambda change: setattr(typed, "value", change["new"]), "value")
        typed.observe(move, "value")
        return slider, typed


@dataclass(frozen=True)
class Choice:
    """One of several values, from a list.

    Parameters
    ----------
    value : object
        The one at the start.
    options : sequence
        All values, or pairs (text, value).
    label : str
        Name beside the list; by default the argument's name.
    """

    value: Any
    options: Sequence
    label: str = ""

    def values(self) -> list:
        """Return the values of all options."""
        return [o[1] if isinstance(o, tuple) else o for o in self.options]

    def __post_init__(self):
        self.check(self.value)

    def check(self, value: Any) -> None:
        """Raise ValueError unless `value` is an option."""
        if value not in self.values():
            raise ValueError(f"{value!r} is no option, expected one of {self.values()}")

    def build(self, name: str) -> Handle:
        """Make the list."""
        label = self.label or name.replace("_", " ")
        box = w.Dropdown(
            options=list(self.options),
            value=self.value,
            description=label,
            style=_WIDE,
            layout=w.Layout(width="390px"),
        )
        return Handle(box, box, self.values(), [self.values()[0], self.values()[-1]])


@dataclass(frozen=True)
class Toggle:
    """Yes or no.

    Parameters
    ----------
    value : bool
        The start.
    label : str
        Text beside the box; by default the argument's name.
    """

    value: bool
    label: str = ""

    def check(self, value: Any) -> None:
        """Raise ValueError unless `value` is True or False."""
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is no option, expected True or False")

    def build(self, name: str) -> Handle:
        """Make the box."""
        label = self.label or name.replace("_", " ")
        box = w.Checkbox(value=self.value, description=label, style=_WIDE, indent=True)
        return Handle(box, box, [True, False], [True, False])


@dataclass(frozen=True)
class Photo:
    """A shipped picture by its name, or the reader's own photograph.

    Parameters
    ----------
    value : str
        Name of the picture at the start.
    load : callable
        Given a name or the bytes of a file, returns what the demo's function receives.
    names : sequence of str
        The shipped pictures.
    label : str
        Name beside the list; by default the argument's name.
    """

    value: str
    load: Callable[[str | bytes], Any]
    names: Sequence[str]
    label: str = ""
    own: dict[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self):
        Choice(self.value, self.names)

    def check(self, value: Any) -> None:
        """Raise ValueError unless `value` names a shipped or an uploaded picture."""
        Choice(value, [*self.names, *self.own])

    def build(self, name: str) -> Handle:
        """Make the list and the upload button."""
        handle = Choice(self.value, list(self.names), self.label).build(name)
        handle.holder.layout.width = "310px"
        handle.upload = Uploads(self.load, handle.holder, self.own)
        handle.row = w.HBox([handle.holder, handle.upload.button, handle.upload.promise])
        handle.resolve = handle.upload.resolve
        return handle
