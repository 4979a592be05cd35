"""The reader's own photograph: `upload` stands alone, `Uploads` serves the `Photo` control."""

import html
from collections.abc import Callable
from typing import Any

import ipywidgets as w

PROMISE = "Pictures never leave the machine."
_KEPT = 4  # loaded pictures in memory


def status_line(text: str, kind: str = "said") -> str:
    """Return `text`, escaped, as the HTML of a status line; `kind` is "said", "busy" or "error"."""
    text = html.escape(text)
    if kind == "error":
        body = f'<pre style="color:#a33d00;white-space:pre-wrap;margin:0">{text}</pre>'
    else:
        colour = ' style="color:var(--jp-ui-font-color2,#666)"' if kind == "busy" else ""
        body = f"<span{colour}>{text}</span>"
    return f'<div role="status" aria-live="polite" style="line-height:1.45">{body}</div>'


def _button() -> w.FileUpload:
    return w.FileUpload(
        accept="image/*",
        multiple=False,
        description="your photograph",
        tooltip="Choose a picture of your own",
        layout=w.Layout(width="190px"),
    )


def _read(load: Callable[[bytes], Any], item: dict) -> Any:
    """Load an uploaded file, or raise ValueError with its name and the reason."""
    try:
        return load(bytes(item["content"]))
    except Exception as reason:
        raise ValueError(
            f"{item['name']} ({len(item['content'])} bytes) could not be opened as a picture: "
            f"{reason}. Choose a JPEG or PNG file; the previous picture stays."
        ) from reason


class Uploads:
    """Adds the reader's pictures to a list of names, and loads names and uploads alike."""

    def __init__(self, load: Callable, names: w.Dropdown, own: dict[str, bytes]):
        self.load, self.names, self.own = load, names, own
        self.button = _button()
        self.promise = w.HTML(f'<small style="opacity:.75">{PROMISE}</small>')
        self.fail: Callable[[Exception], None] = lambda reason: None  # a demo shows it instead
        self._loaded: dict[str, Any] = {}
        self.button.observe(self._received, "value")

    def resolve(self, name: str) -> Any:
        """Return what `load` makes of a name or of the upload behind it."""
        if name not in self._loaded:
            while len(self._loaded) >= _KEPT:
                del self._loaded[next(iter(self._loaded))]
            self._loaded[name] = self.load(self.own.get(name, name))
        return self._loaded[name]

    def _received(self, change: dict) -> None:
        for item in change["new"]:
            try:
                loaded = _read(self.load, item)
            except ValueError as reason:
                self.fail(reason)
                return
            name = f"yours, {len(self.own) + 1}: {item['name']}"
            self.own[name], self._loaded[name] = bytes(item["content"]), loaded
            self.names.options = [*self.names.options, name]
            self.names.value = name


class Upload:
    """A button for one photograph; see `upload`."""

    def __init__(self, load: Callable[[bytes], Any], default: Any):
        self.load, self.image, self.own = load, default, False
        self.button, self.status = _button(), w.HTML(status_line(self.sentence))
        self.button.observe(self._received, "value")
        promise = w.HTML(f"<small>{PROMISE}</small>")
        self.widget = w.VBox([w.HBox([self.button, promise]), self.status])

    @property
    def sentence(self) -> str:
        """Which picture is in use, with its size."""
        size = " x ".join(str(n) for n in getattr(self.image, "shape", ())[:2]) or "0"
        which = "your photograph" if self.own else "the picture of the course"
        then = "Run the cells below again." if self.own else "Upload one of yours to replace it."
        return f"In use: {which}, {size} pixels. {then}"

    def _received(self, change: dict) -> None:
        for item in change["new"]:
            try:
                self.image, self.own = _read(self.load, item), True
                self.status.value = status_line(self.sentence)
            except ValueError as reason:
                self.status.value = status_line(str(reason), "error")

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {**self.widget._repr_mimebundle_(), "text/plain": self.sentence}


def upload(load: Callable[[bytes], Any], default: Any = None) -> Upload:
    """Let a reader try a lesson on a photograph of their own.

    Parameters
    ----------
    load : callable
        Turns the bytes of a file into a picture; its errors are shown, not raised.
    default : object, optional
        What `.image` holds until something is uploaded.

    Returns
    -------
    Upload
        Display it as the last line of a cell; later cells read `.image`.
    """
    return Upload(load, default)
