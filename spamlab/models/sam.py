"""SAM on one picture: masks of a chosen object, and masks of everything."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from spamlab._arguments import number, whole_number
from spamlab._threads import one_thread
from spamlab.features import as_image
from spamlab.masks import Mask
from spamlab.models import cache, hub, kinds
from spamlab.models.decoder import Decoder
from spamlab.models.encoder import embed, prepare
from spamlab.models.filters import THRESHOLD, Filters, stability
from spamlab.models.generate import generate
from spamlab.models.probing import precision_of
from spamlab.models.proposals import as_xy
from spamlab.models.upsampling import Frame
from spamlab.objects import smallest_area

if TYPE_CHECKING:
    from transformers import SamModel

VERSION = 1  # of what the same settings mean; the cache keeps versions apart


class Sam:
    """SAM with the embedding of one picture: that takes seconds, and a prompt then takes hundredths.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts.
    model : str, Path or SamModel
        A name on the hub that was fetched, a local folder, or what `load` returns.
    precision : str
        "float32", "bfloat16", or "auto": bfloat16 where it is faster on this computer.

    Raises
    ------
    ImportError, FileNotFoundError, ValueError
        See `load`.
    """

    def __init__(self, image: ArrayLike, model: "str | Path | SamModel" = kinds.SAM, precision: str = "auto"):
        image, dtype = as_image(image), getattr(torch, precision_of(precision))
        self.model = hub.load(model) if isinstance(model, str | Path) else model
        side = self.model.config.vision_config.image_size
        with torch.inference_mode():
            embedding = embed(self.model, prepare(image, side), dtype)
            self.decoder = Decoder(self.model, embedding, dtype)
        self.frame = Frame(image.shape[:2], side, 4 * embedding.shape[-1])

    @torch.inference_mode()
    def masks(
        self,
        points: ArrayLike | None = None,
        labels: ArrayLike | None = None,
        box: ArrayLike | None = None,
        several: bool | None = None,
    ) -> list[Mask]:
        """Return masks of the object that points or a box choose, the best first.

        Parameters
        ----------
        points : (n, 2) array_like, optional
            (row, col) in pixels; one pair will do.
        labels : (n,) array_like, optional
            1 = in the object, 0 = outside; by default all points are inside.
        box : (4,) array_like, optional
            (top, left, bottom, right) around the object, the last two excluded, as `Mask.bbox`.
        several : bool, optional
            Three masks, such as whole and part, or one. By default three for a point alone, which leaves
            open what is meant, and one otherwise.

        Raises
        ------
        ValueError
            If there is neither point nor box, or they do not lie in the picture.
        """
        given, inside = self._prompt(points, labels, box)
        several = given[2] is None and given[1].shape[1] == 1 if several is None else several
        chosen = slice(1, None) if several else slice(0, 1)
        with one_thread():
            quality, asked, keys = self.decoder.look(self.decoder.prompt(*given))
            logits = self.frame.enlarge(self.decoder.draw(asked[:, chosen], keys)[0]).numpy()
        found = [
            Mask(each > THRESHOLD, iou, float(stability(each, Filters.offset)), inside)
            for each, iou in zip(logits, quality[0, chosen].tolist(), strict=True)
        ]
        return sorted(found, key=lambda mask: -mask.predicted_iou)

    def _prompt(
        self, points: ArrayLike | None, labels: ArrayLike | None, box: ArrayLike | None
    ) -> tuple[list, tuple[float, float] | None]:
        """Return what `Decoder.prompt` takes, and the first point inside."""
        given, inside = [None, None, None], None
        if points is None and (box is None or labels is not None):
            raise ValueError(f"points=None, labels={labels}, box={box}; expected points (row, col), or a box")
        if points is not None:
            points = np.asarray(points, np.float64).reshape(-1, 2)
            labels = np.ones(len(points)) if labels is None else np.asarray(labels).ravel()
            _check_points(points, labels, self.frame.shape)
            given[:2] = as_xy(self.frame, points)[None], torch.from_numpy(labels.astype(np.float32))[None]
            inside = tuple(points[labels == 1][0]) if (labels == 1).any() else None
        if box is not None:
            corners = _corners(box, self.frame.shape)
            given[2] = as_xy(self.frame, corners).reshape(1, 4)
        return given, inside


def _check_points(points: NDArray[np.float64], labels: NDArray, shape: tuple[int, int]) -> None:
    if len(points) == 0 or len(labels) != len(points) or not np.isin(labels, (0, 1)).all():
        raise ValueError(
            f"labels are {labels.tolist()} for {len(points)} points, expected at least one point, and for "
            "each a 1 (in the object) or a 0 (outside)"
        )
    outside = ~((points >= 0) & (points < shape)).all(1)
    if outside.any():
        raise ValueError(
            f"points hold {tuple(points[outside][0].tolist())}, expected (row, col) within a picture of "
            f"{shape[0]} x {shape[1]}; (x, y) has to be turned round"
        )


def _corners(box: ArrayLike, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return the first and the last pixel of a box, (2, 2)."""
    corners = np.asarray(box, np.float64).reshape(-1)
    if corners.size != 4 or not (
        (corners >= 0).all() and (corners[:2] < corners[2:]).all() and (corners[2:] <= shape).all()
    ):
        raise ValueError(
            f"box={corners.tolist()}, expected (top, left, bottom, right) within a picture of {shape[0]} x "
            f"{shape[1]}, top < bottom and left < right"
        )
    return corners.reshape(2, 2) - [[0, 0], [1, 1]]


def sam_masks(
    image: ArrayLike,
    model: "str | Path | SamModel" = kinds.SAM,
    points_per_side: int = 32,
    *,
    min_iou: float = 0.88,
    min_stability: float = 0.95,
    offset: float = 1.0,
    max_overlap: float = 0.7,
    min_area: float | None = None,
    batch: int | None = None,
    precision: str = "auto",
    fast: bool = False,
    keep: bool = True,
    progress: bool = True,
) -> list[Mask]:
    """Return SAM's masks of everything in a picture: they overlap, and leave gaps.

    Parameters
    ----------
    image : array_like
        Anything `spamlab.features.as_image` accepts.
    model : str, Path or SamModel
        A name on the hub that was fetched (39 MB for the default, see `fetch`), a local folder, or what
        `load` returns. Nothing is downloaded here, and the picture stays on this computer.
    points_per_side : int
        Rows, and columns, of the grid of points.
    min_iou, min_stability, offset, max_overlap
        See `Filters`. The defaults are those of SAM's own generator, where they are called pred_iou_thresh,
        stability_score_thresh, stability_score_offset and box_nms_thresh.
    min_area : float, optional
        Smaller holes are filled, smaller islands dropped: min_mask_region_area. By default
        `spamlab.objects.smallest_area` of the picture, as for SPAM; 0, SAM's own default, cleans nothing.
    batch : int, optional
        Prompts at a time in each thread; by default the first ones are used to find out what is fastest.
    precision : str
        "float32", "bfloat16", or "auto": bfloat16 where it is faster on this computer.
    fast : bool
        Do not ask at points that lie in the smallest stable mask of an earlier point. This deviates from
        SAM's generator: masks that only such points would have found are missing.
    keep : bool
        Keep the masks in `spamlab.paths.cache_dir`, and read them if they are there. They are told apart by
        pixels, weights and settings. Masks of a SamModel, whose weights may change, are not kept.
    progress : bool
        Show a bar with the time left.

    Returns
    -------
    list of Mask
        Masks without anything to clean first, and among them the best predicted IoU first.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.
    ImportError, FileNotFoundError
        If transformers or the weights are not here; the message says how to get them.

    Notes
    -----
    The steps are those of SAM's generator with one crop. Given the same logits, masks, boxes and order are
    the same, pixel for pixel: filters and boxes count pixels at the size of the picture, and where rounding
    could decide, the two bilinear steps are done as there. What can differ:

    - Logits. The decoder takes sums in another order, so float32 logits differ in the last digits, as those
      of transformers do between two sizes of a batch. Where that could decide a pixel, a box or the filter of
      stability, transformers computes the logits again. What is left: two predicted IoU that agree to six
      digits may change their order, and one may pass its filter. In bfloat16 logits have three digits,
      borders move by pixels, and the size of the batch plays a part: give `batch` to get the same masks every
      time.
    - Input. The picture is resized by Pillow, as SAM's own program does; transformers resizes by torchvision,
      which may round a colour to the next one of 256.
    - Ties. transformers keeps a mask whose stability exceeds the threshold, SAM's program and this one keep
      it if they are equal. Of several small islands of one size the first in raster order stays.
    """
    image = as_image(image)
    whole_number("points_per_side", points_per_side, "at least 1 point", 1)
    if batch is not None:
        whole_number("batch", batch, "at least 1 prompt at a time", 1)
    min_area = smallest_area(image.shape[:2]) if min_area is None else min_area
    filters = Filters(min_iou, min_stability, offset, max_overlap, min_area)
    for name, value in vars(filters).items():
        number(name, value, "0 or more", low=0)
    precision = precision_of(precision)

    def compute() -> list[Mask]:
        sam = Sam(image, model, precision)
        given = sam.decoder, sam.frame, points_per_side, filters
        with torch.inference_mode():
            return generate(*given, batch=batch, fast=fast, progress=progress)

    if not (keep and isinstance(model, str | Path)):
        return compute()
    settings = {"made by": "spamlab.models.sam_masks", "version": VERSION, "weights": hub.identity(model)}
    settings |= {"points_per_side": int(points_per_side), "precision": precision, "fast": bool(fast)}
    return cache.remember(image, settings | vars(filters), compute)
