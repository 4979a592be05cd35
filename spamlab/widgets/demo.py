"""`Demo`: pure function -> state -> view.

The function knows nothing of widgets. The state is the values of the controls. The view is an image
replaced in place, and the sentence of that image in a status line. When displayed, one output holds
the live view, a still picture and the sentence; the sentence is then printed as "At the start: ...",
which stays true while the sliders move. Baking (`spamlab.testing.bake`) drops the live view, and the
still picture with the printed sentence remains for readers without a kernel.
"""

import asyncio
import base64
import html
import math
import os
import time
import traceback
from collections import OrderedDict, deque
from collections.abc import Callable
from statistics import median
from typing import Any

import ipywidgets as w
import numpy as np
from numpy.typing import NDArray

from spamlab.plot import check_sentence, encode
from spamlab.plot.pixels import as_uint8, fit_width
from spamlab.widgets.canvas import WIDEST, fix_size, put, shown_width
from spamlab.widgets.controls import Choice, Photo, Slider, Toggle
from spamlab.widgets.points import Points
from spamlab.widgets.upload import status_line

LIVE, SLOW = 0.1, 0.5  # seconds: below, follow the slider; above, wait until it is let go
WAIT = 0.2  # seconds without a change before the next picture that takes 0.1 to 0.5 s is computed
KEPT = 32  # results in memory


class Demo:
    """Controls around a pure function of their values.

    Parameters
    ----------
    function : callable
        ``function(**values)`` returns ``(picture, sentence)``: an (H, W, 3) array, uint8 or float
        in [0, 1], and one line of at least 40 characters with a number.
    title : str
        What the reader can find out here.
    **controls : Slider, Choice, Toggle, Photo or Points
        One for each argument of the function. With `Points` the picture is clicked on.

    Attributes
    ----------
    strict : bool
        Raise errors of the function again after showing them; True when SPAMLAB_TEST is "1".
    """

    def __init__(
        self,
        function: Callable[..., tuple[NDArray, str]],
        *,
        title: str,
        **controls: Slider | Choice | Toggle | Photo | Points,
    ):
        self.function, self.title, self.controls = function, title, controls
        self.strict = os.environ.get("SPAMLAB_TEST") == "1"
        self.handles = {name: control.build(name) for name, control in controls.items()}
        canvases = [handle.canvas for handle in self.handles.values() if handle.canvas]
        if len(canvases) > 1:
            raise ValueError(f"{len(canvases)} controls are Points, expected at most one per demo")
        self.canvas = canvases[0] if canvases else None
        self._cache: OrderedDict[tuple, tuple[NDArray, str]] = OrderedDict()
        self._seconds: deque[float] = deque(maxlen=5)
        self._timer: asyncio.TimerHandle | None = None
        self._held = self._drawn = False
        self._ended = -math.inf  # when a change was last drawn, seconds
        self._build()

    @property
    def values(self) -> dict[str, Any]:
        """The value of each control; the name of a picture for `Photo`."""
        return {name: handle.holder.value for name, handle in self.handles.items()}

    @property
    def defaults(self) -> dict[str, Any]:
        """The values at the start, which Reset brings back."""
        return {name: control.value for name, control in self.controls.items()}

    def set(self, **values: Any) -> None:
        """Change controls from code, all at once, and draw at once.

        Raises
        ------
        ValueError
            If a name is no control, or a value is none its control can take.
        """
        for name, value in values.items():
            if name not in self.controls:
                raise ValueError(f"no control {name!r}, expected one of {list(self.controls)}")
            self.controls[name].check(value)
        self._held = True
        try:
            # another photograph takes the clicks away, so it comes before clicks that are given
            for name in sorted(values, key=lambda name: self.handles[name].upload is None):
                self.handles[name].holder.value = values[name]
        finally:
            self._held = False
        self._draw()

    def reset(self, *_: Any) -> None:
        """Bring back the values at the start."""
        self.set(**self.defaults)

    def render(self) -> tuple[NDArray[np.uint8], str]:
        """Return the picture, (H, W, 3) uint8, and the sentence for the current values.

        Raises
        ------
        ValueError
            If the function returned no such picture or sentence. Its own errors pass through.
        """
        key = tuple(self.values.values())
        if key not in self._cache:
            begin = time.perf_counter()
            values = {name: h.resolve(h.holder.value) for name, h in self.handles.items()}
            picture, sentence = self.function(**values)
            self._cache[key] = _pixels(picture), check_sentence(sentence)
            self._seconds.append(time.perf_counter() - begin)
        self._cache.move_to_end(key)
        while len(self._cache) > KEPT:
            self._cache.popitem(last=False)
        return self._cache[key]

    def _build(self) -> None:
        self.image = self.canvas.image if self.canvas else w.Image(format="png")
        self.image.layout = w.Layout(max_width="100%", object_fit="contain", object_position="left")
        self.status = w.HTML(layout=w.Layout(min_height="52px", max_height="260px", overflow="auto"))
        reset = w.Button(description="Reset", tooltip="Bring back the values at the start")
        reset.on_click(self.reset)
        reset.layout.width = "84px"
        heading = w.HTML(f"<b style='font-size:115%'>{html.escape(self.title)}</b>")
        rows = [handle.row for handle in self.handles.values()]
        box = w.Layout(display="flex", flex_flow="row wrap", grid_gap="2px 24px")
        for handle in self.handles.values():
            if handle.upload and self.canvas:
                handle.holder.observe(self._forget_clicks, "value")
            handle.holder.observe(self._changed, "value")
            if handle.upload:
                handle.upload.fail = lambda reason: self._fail(reason, str(reason))
        top = w.HBox([heading, reset], layout=w.Layout(justify_content="space-between"))
        parts = [top, w.Box(rows, layout=box), self.image, self.status]
        self.widget = w.VBox(parts, layout=w.Layout(max_width=f"{WIDEST}px"))

    def _changed(self, _: dict) -> None:
        if self._held:
            return
        self._forget_timer()
        pace = median(self._seconds) if self._seconds else 0.0
        idle = time.monotonic() - self._ended > WAIT
        if idle or self.strict or not LIVE < pace <= SLOW:
            self._draw()
            return
        try:
            self._timer = asyncio.get_running_loop().call_later(WAIT, self._draw)
        except RuntimeError:  # no loop: nobody drags a slider, so there is nothing to wait for
            self._draw()

    def _draw(self) -> None:
        try:
            self._bring_up_to_date()
        finally:
            self._ended = time.monotonic()

    def _bring_up_to_date(self) -> None:
        """Draw picture and status line; an error leaves the previous picture."""
        self._forget_timer()
        known = tuple(self.values.values()) in self._cache
        if not known and self._seconds and median(self._seconds) > SLOW:
            self._say("computing ...", "busy")
        try:
            pixels, sentence = self.render()
        except Exception as reason:
            self._fail(reason)
            return
        put(self.image, pixels)
        if not self._drawn:  # the place of the first picture is kept for all
            fix_size(self.image, *pixels.shape[:2])
            self._drawn = True
        if self.canvas:
            self.canvas.shape = self._clicked(pixels)
        self._say(sentence)
        follow = median(self._seconds) <= SLOW
        for handle in self.handles.values():
            if handle.holder.has_trait("continuous_update"):
                handle.holder.continuous_update = follow

    def _fail(self, reason: Exception, told: str = "") -> None:
        told = told or "".join([str(reason), "\n\n", *traceback.format_exception(reason)])
        self._say(told, "error")
        if self.strict:
            raise reason

    def _forget_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _clicked(self, pixels: NDArray) -> tuple[int, int]:
        """Return height and width of what is clicked on: the photograph, however large it is drawn."""
        photos = (h.resolve(h.holder.value) for h in self.handles.values() if h.upload)
        return getattr(next(photos, pixels), "shape", pixels.shape)[:2]

    def _forget_clicks(self, _: dict) -> None:
        """Clicks meant the pixels of the photograph before."""
        held, self._held = self._held, True
        self.canvas.value = ()
        self._held = held

    def _say(self, text: str, kind: str = "said") -> None:
        self.status.value = status_line(text, kind)
        if self.canvas:
            self.canvas.say(text.partition("\n")[0])

    def _repr_mimebundle_(self, include=None, exclude=None):
        self.render()  # an author's error at the start is raised, not drawn
        self._draw()
        pixels, sentence = self.render()
        data, mime = encode(fit_width(pixels, shown_width(*pixels.shape[:2])))
        view = self.widget._repr_mimebundle_()
        view.pop("text/plain", None)
        bundle = {**view, mime: base64.b64encode(data).decode("ascii"), "text/plain": sentence}
        return bundle, {mime: {"alt": sentence}}

    def _ipython_display_(self):
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
        print(f"At the start: {data['text/plain']}")


def _pixels(picture: Any) -> NDArray[np.uint8]:
    array = np.asarray(picture)
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype.kind not in "uf" or not array.size:
        raise ValueError(
            f"the function returned a picture of {array.dtype} and shape {array.shape}, expected "
            "(H, W, 3), uint8 or float in [0, 1]"
        )
    if array.dtype == np.uint8:
        return array
    return as_uint8(array)
