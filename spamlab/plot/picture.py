"""`Picture`: an encoded image with one visible sentence, and the palette of the course.

A notebook shows only the richest form of an output, so words inside the bundle of an image stay
hidden. `Picture` therefore displays the image and then prints its sentence as a line of its own: it
is read by everybody, by a screen reader, and by tests that compare printed text but not pixels.
"""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

BOUNDARY = "#ffe34d"  # light tone of every superpixel border
INK = "#16161d"  # dark tone beside it, and text
ERROR = "#d55e00"  # wrong pixels, in the whole course, and nothing else
HIGHLIGHT = "#0072b2"  # what to look at
MUTED = "#7d828a"  # what may be overlooked
SERIES = (HIGHLIGHT, "#e69f00", "#009e73", "#cc79a7", "#56b4e9", INK)  # safe for colour-blind eyes

DPI = 100
WIDTH = 950  # pixels: a notebook column
MIN_SENTENCE = 40  # characters
LARGEST_PNG = 150_000  # bytes


def check_sentence(text: str) -> str:
    """Return `text` without outer blanks if it is one line of 40 or more characters with a number.

    Raises
    ------
    ValueError
        If the sentence is too short, has no digit, or has more than one line.
    """
    text = text.strip()
    if len(text) < MIN_SENTENCE or not any(c.isdigit() for c in text) or "\n" in text:
        raise ValueError(
            f"sentence is {text!r} ({len(text)} characters), expected one line of at least "
            f"{MIN_SENTENCE} characters with a number; say in words what the picture shows"
        )
    return text


@dataclass(frozen=True)
class Picture:
    """An image for a notebook and the sentence that says what it shows.

    Parameters
    ----------
    data : bytes
        The encoded image.
    mime : str
        "image/jpeg" or "image/png".
    text : str
        One sentence, at least 40 characters, with a number; the same at every run.

    Raises
    ------
    ValueError
        If `mime` or `text` is not as described.
    """

    data: bytes
    mime: str
    text: str

    def __post_init__(self):
        if self.mime not in ("image/jpeg", "image/png"):
            raise ValueError(f"mime is {self.mime!r}, expected 'image/jpeg' or 'image/png'")
        object.__setattr__(self, "text", check_sentence(self.text))

    def __repr__(self) -> str:
        return self.text

    def save(self, path: str | Path) -> Path:
        """Write the encoded image as it is (no second compression) and return its path."""
        path = Path(path)
        path.write_bytes(self.data)
        return path

    def _repr_mimebundle_(self, include=None, exclude=None):
        encoded = base64.b64encode(self.data).decode("ascii")
        return {self.mime: encoded, "text/plain": self.text}, {self.mime: {"alt": self.text}}

    def _ipython_display_(self):
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
        print(self.text)


def encode(rgb: NDArray[np.uint8], drawing: bool | None = None) -> tuple[bytes, str]:
    """Encode pixels: PNG for drawings, JPEG of quality 80 with full colour for photographs.

    Parameters
    ----------
    rgb : (H, W, 3) uint8 ndarray
    drawing : bool, optional
        By default, a picture of few colours is a drawing, unless its PNG would be large.

    Returns
    -------
    data : bytes
    mime : str
        "image/png" or "image/jpeg".
    """
    buffer = io.BytesIO()
    if _is_drawing(rgb) if drawing is None else drawing:
        Image.fromarray(rgb).save(buffer, "PNG", compress_level=6)
        if drawing or buffer.tell() <= LARGEST_PNG:
            return buffer.getvalue(), "image/png"
        buffer = io.BytesIO()  # grey textures have few colours, too
    Image.fromarray(rgb).save(buffer, "JPEG", quality=80, subsampling=0)
    return buffer.getvalue(), "image/jpeg"


def _is_drawing(rgb: NDArray[np.uint8], most_colours: int = 400) -> bool:
    sample = rgb.reshape(-1, 3)[:: max(1, rgb.shape[0] * rgb.shape[1] // 20_000)].astype(np.uint32)
    packed = (sample[:, 0] << 16) | (sample[:, 1] << 8) | sample[:, 2]
    return len(np.unique(packed)) <= most_colours


def render(figure: Figure) -> NDArray[np.uint8]:
    """Return the pixels, (H, W, 3), of a matplotlib figure that no backend knows."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[:, :, :3].copy()


def from_figure(figure: Figure, text: str, drawing: bool | None = None) -> Picture:
    """Render a figure, encode it, and let it go."""
    return Picture(*encode(render(figure), drawing), text)
