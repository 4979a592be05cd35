"""SAM's image encoder: a picture to its embedding, in little memory."""

from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from transformers import SamModel

MEAN = (123.675, 116.28, 103.53)  # of ImageNet, RGB from 0 to 255
DEVIATION = (58.395, 57.12, 57.375)
ROWS = 512  # queries at a time in global attention: their scores, 512 x 4096, stay near the processor


def seen_shape(shape: tuple[int, int], side: int) -> tuple[int, int]:
    """Return (height, width) of a picture as the encoder sees it: the longer side is `side`, half is up."""
    scale = side / max(shape)
    return int(shape[0] * scale + 0.5), int(shape[1] * scale + 0.5)


def prepare(image: NDArray[np.float32], side: int) -> Tensor:
    """Resize, normalise, and fill up with zeros below and to the right.

    Parameters
    ----------
    image : (H, W, 3) float32 ndarray
        From `spamlab.features.as_image`.
    side : int
        What the encoder takes, 1024.

    Returns
    -------
    (1, 3, side, side) Tensor
    """
    height, width = seen_shape(image.shape[:2], side)
    picture = Image.fromarray(np.rint(image * 255).astype(np.uint8))
    seen = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR), np.float32)
    filled = np.zeros((side, side, 3), np.float32)
    filled[:height, :width] = (seen - np.float32(MEAN)) / np.float32(DEVIATION)
    return torch.from_numpy(filled).permute(2, 0, 1)[None].contiguous()


def embed(model: "SamModel", pixels: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return the embedding of a picture, (1, C, h, w) float32, h = w = side / 16.

    As `SamModel.get_image_embeddings`, but global attention never holds all N x N scores of all heads: 600
    megabytes are enough where 2 gigabytes were taken, and it is faster.

    Parameters
    ----------
    model : SamModel
    pixels : (1, 3, side, side) Tensor
        From `prepare`.
    dtype : torch.dtype
        Of the products: float32, which gives the same bits as transformers, or bfloat16.
    """
    encoder = model.vision_encoder
    low = nullcontext() if dtype == torch.float32 else torch.autocast("cpu", dtype)
    with low:
        x = encoder.patch_embed(pixels)
        if encoder.pos_embed is not None:
            x = x + encoder.pos_embed
        for layer in encoder.layers:
            if layer.window_size > 0:
                x = layer(x)
            else:
                x = x + _attend(layer.attn, layer.layer_norm1(x))
                x = x + layer.mlp(layer.layer_norm2(x))
        return encoder.neck(x).float()


def _attend(attention: nn.Module, x: Tensor) -> Tensor:
    """Global attention with relative positions, (1, h, w, C) -> (1, h, w, C), one head after the other."""
    _, height, width, _ = x.shape
    heads = attention.num_attention_heads
    q, k, v = attention.qkv(x).view(height * width, 3, heads, -1).permute(1, 2, 0, 3)
    seen = torch.empty_like(q)
    for head in range(heads):
        biases = _biases(attention, q[head].view(height, width, -1))
        for part in (slice(start, start + ROWS) for start in range(0, height * width, ROWS)):
            bias = None if biases is None else (biases[0][part] + biases[1][part]).flatten(1)[None, None]
            given = (each[None, None] for each in (q[head, part], k[head], v[head]))
            seen[head, part] = functional.scaled_dot_product_attention(*given, attn_mask=bias)[0, 0]
    return attention.proj(seen.transpose(0, 1).reshape(1, height, width, -1))


def _biases(attention: nn.Module, q: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return what each place of q, (h, w, c), adds to the score of each row and of each column.

    (h w, h, 1) and (h w, 1, w), or None for an encoder without relative positions.
    """
    if not attention.use_rel_pos:
        return None
    height, width, _ = q.shape
    rows = attention.get_rel_pos(height, height, attention.rel_pos_h).to(q.dtype)
    cols = attention.get_rel_pos(width, width, attention.rel_pos_w).to(q.dtype)
    by_row = torch.einsum("hwc,hkc->hwk", q, rows).reshape(-1, height, 1)
    by_col = torch.einsum("hwc,wkc->hwk", q, cols).reshape(-1, 1, width)
    return by_row, by_col
