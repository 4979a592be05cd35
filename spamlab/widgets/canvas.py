"""A picture that is clicked on, with the mouse, by touch, with keys, or by typed numbers.

`Canvas` holds the clicks; the browser shows the picture and reports what the reader does. Without
anywidget the picture is an ordinary one, and the typed row and column remain.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import ipywidgets as w
import traitlets
from numpy.typing import NDArray

from spamlab.plot import encode
from spamlab.plot.pixels import as_uint8

WIDEST, HIGHEST = 950, 500  # pixels: controls, picture and sentence fit on one screen
KINDS = ("more", "less")
_KEYS = (
    "Click: {0}. Right click, or Shift and click: {1}. With keys: the arrows move a crosshair, faster with "
    "Shift; Enter or Space clicks; Backspace clicks {1}; U takes the last click back; R resets."
)
_TYPED = (
    "Type a row and a column and press Click. To click on the picture itself, install anywidget "
    "(python -m pip install anywidget) and start JupyterLab again."
)

Point = tuple[int, int, str]


def as_points(points: Iterable[Sequence], kinds: Sequence[str] = KINDS) -> tuple[Point, ...]:
    """Return clicks in one form: a tuple of (row, col, kind).

    Parameters
    ----------
    points : iterable of (row, col) or (row, col, kind)
        Whole pixels of the picture. Without a kind, a click is of the first.
    kinds : (2,) sequence of str

    Raises
    ------
    ValueError
        If a click has another form, another kind, or a negative row or column.
    """
    return tuple(_as_point(point, kinds) for point in points)


def _as_point(point: Sequence, kinds: Sequence[str]) -> Point:
    try:
        row, col, kind = point if len(point) == 3 else (*point, kinds[0])
        row, col = operator.index(row), operator.index(col)
        if min(row, col) >= 0 and kind in kinds:
            return row, col, kind
    except (TypeError, ValueError):
        pass  # not three things, or no whole numbers: the same advice helps
    raise ValueError(
        f"{point!r} is no click, expected (row, col) or (row, col, kind) with whole numbers from 0 "
        f"and a kind of {list(kinds)}"
    )


class Canvas(traitlets.HasTraits):
    """A picture that returns where it is clicked.

    Parameters
    ----------
    image : (H, W, 3) ndarray, optional
        uint8, or float in [0, 1]. `show` replaces it.
    on_click : callable, optional
        ``on_click(row, col, kind)`` is called after each click. To hear of `undo` and `reset` too,
        observe the trait `value`.
    value : iterable of (row, col) or (row, col, kind)
        The clicks at the start, which `reset` brings back.
    kinds : (2,) sequence of str
        What a click means; the second one is that of the right button.
    label : str
        Name of the picture for screen readers.

    Attributes
    ----------
    value : tuple of (row, col, kind)
        All clicks in order, in pixels of the picture.
    image, bar, widget : widgets
        The picture, the controls below it, and both.
    """

    value = traitlets.Any(())

    def __init__(
        self,
        image: NDArray | None = None,
        on_click: Callable[[int, int, str], Any] | None = None,
        *,
        value: Iterable[Sequence] = (),
        kinds: Sequence[str] = KINDS,
        label: str = "Picture to click on",
    ):
        self.kinds, self.on_click, self.start = tuple(kinds), on_click, as_points(value, kinds)
        self._shape, self._sentence = (0, 0), ""
        super().__init__()
        self._build(label)
        self.observe(lambda _: self._tell(), "value")
        self.value = self.start
        self._tell()
        if image is not None:
            self.show(image)

    @property
    def clicks(self) -> list[Point]:
        """The clicks as a new list of (row, col, kind)."""
        return list(self.value)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the pixels that are clicked on; the picture may draw each of them larger."""
        return self._shape

    @shape.setter
    def shape(self, shape: tuple[int, int]) -> None:
        self._shape = tuple(shape)
        self.row.max, self.col.max = (max(0, n - 1) for n in shape)
        if self.live:
            self.image.shape = list(shape)

    def show(self, image: NDArray) -> None:
        """Replace the picture; the clicks stay."""
        pixels = as_uint8(image)
        self.shape = pixels.shape[:2]
        put(self.image, pixels)
        fix_size(self.image, *self.shape)

    def say(self, sentence: str) -> None:
        """Tell screen readers what the clicks led to."""
        self._sentence = sentence
        self._tell()

    def click(self, row: int, col: int, kind: str | None = None) -> None:
        """Click from code; the kind is the first unless given.

        Raises
        ------
        ValueError
            If the pixel is outside the picture, or the kind is unknown.
        """
        (point,) = as_points([(row, col, kind or self.kinds[0])], self.kinds)
        if row >= self.shape[0] or col >= self.shape[1]:
            raise ValueError(
                f"row {row}, column {col} is outside a picture of {self.shape[0]} x {self.shape[1]} "
                "pixels, expected a pixel inside"
            )
        self.value = (*self.value, point)
        if self.on_click:
            self.on_click(*point)

    def undo(self, *_: Any) -> None:
        """Take the last click back."""
        self.value = self.value[:-1]

    def reset(self, *_: Any) -> None:
        """Bring back the clicks at the start."""
        self.value = self.start

    @traitlets.validate("value")
    def _valid(self, proposal: dict) -> tuple[Point, ...]:
        return as_points(proposal["value"], self.kinds)

    def _build(self, label: str) -> None:
        self.image, text = _stage(label, _KEYS.format(*self.kinds)) or (w.Image(), _TYPED)
        number = {"min": 0, "max": 0, "style": {"description_width": "48px"}}
        self.row = w.BoundedIntText(description="row", layout=w.Layout(width="120px"), **number)
        self.col = w.BoundedIntText(description="column", layout=w.Layout(width="120px"), **number)
        self.mode = w.ToggleButtons(options=[(kind, i) for i, kind in enumerate(self.kinds)])
        self.mode.style.button_width = "64px"
        self.mode.tooltips = [f"A click means: {kind}" for kind in self.kinds]
        typed = w.Button(description="Click", tooltip="Click at the typed row and column")
        undo = w.Button(description="Undo", tooltip="Take the last click back")
        reset = w.Button(description="Reset clicks", tooltip="Bring back the clicks at the start")
        for button, width in ((typed, 64), (undo, 64), (reset, 100)):
            button.layout.width = f"{width}px"
        typed.on_click(lambda _: self.click(self.row.value, self.col.value, self.kinds[self.mode.value]))
        undo.on_click(self.undo)
        reset.on_click(self.reset)
        self.note = w.HTML(layout=w.Layout(min_width="280px"))
        tools = [self.mode, self.row, self.col, typed, undo, reset, self.note]
        tools = w.HBox(tools, layout=w.Layout(flex_flow="row wrap"))
        self.bar = w.VBox([tools, w.HTML(f'<small style="line-height:1.3;display:block">{text}</small>')])
        self.widget = w.VBox([self.image, self.bar], layout=w.Layout(max_width=f"{WIDEST}px"))
        if self.live:
            w.jslink((self.mode, "index"), (self.image, "mode"))
            self.image.on_msg(lambda _, content, buffers: self._received(content))

    @property
    def live(self) -> bool:
        """Whether the picture itself can be clicked on; False without anywidget."""
        return self.image.has_trait("points")

    def _received(self, content: dict) -> None:
        if content["do"] == "click":
            self.click(content["row"], content["col"], self.kinds[content["kind"]])
        else:
            {"undo": self.undo, "reset": self.reset}[content["do"]]()

    def _tell(self) -> None:
        n = len(self.value)
        said = f"{n} click{'s' * (n > 1)}, the last: " if n else "No clicks."
        if n:
            row, col, kind = self.value[-1]
            said += f"{kind} at row {row}, column {col}."
        self.note.value = f"<span>{said}</span>"
        if self.live:
            self.image.points = [[row, col, self.kinds.index(kind)] for row, col, kind in self.value]
            self.image.said = f"{said} {self._sentence}".strip()

    def _repr_mimebundle_(self, include=None, exclude=None):
        said = f"A picture of {self.shape[0]} x {self.shape[1]} pixels to click on, {len(self.value)} clicks."
        return {**self.widget._repr_mimebundle_(), "text/plain": said}


def put(image: Any, pixels: NDArray) -> None:
    """Show (H, W, 3) uint8 pixels in the widget of a picture, in place."""
    data, mime = encode(pixels)
    with image.hold_sync():
        image.format, image.value = mime.removeprefix("image/"), data


def fix_size(image: Any, height: int, width: int) -> None:
    """Give the widget of a picture a fixed place, so that the page does not jump."""
    shown = shown_width(height, width)
    image.layout.width, image.layout.height = f"{shown}px", f"{round(height * shown / width)}px"


def shown_width(height: int, width: int) -> int:
    """Return the width in CSS pixels at which a picture fits on one screen."""
    return round(width * min(1, WIDEST / width, HIGHEST / height))


def _stage(label: str, text: str) -> tuple | None:
    try:
        from spamlab.widgets.stage import Stage
    except ImportError:
        return None
    return Stage(label=label, help=text), text
