"""SAM's mask decoder for many prompts on one picture: what does not depend on the prompt is done once.

A. Kirillov et al., "Segment Anything", ICCV 2023, appendix A. Two layers of attention let a few tokens (the
prompt, one for the quality, four for masks) and N tokens of the picture look at each other; then the tokens
of the picture become four times as wide and high, and each mask is a product with them.

The weights are those of transformers' SamModel, and so is the result but for rounding. The order of the work
differs, because N = 4096 and a prompt has about seven tokens:

- The first layer sees the same picture for every prompt, so its projections of it are made once.
- A projection W of N tokens, multiplied by few vectors q, is ``(x W) q = x (W q)``: few vectors are projected
  instead. The bias of keys adds the same to all scores of a softmax, and drops out.
- Quality comes first: a prompt whose masks are all predicted to be poor is not drawn.
- Pixels stay in the order (row, col, row in the cell, col in the cell) until the masks are finished.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

# Float32 logits differ from those of transformers by at most 0.6e-5 of the largest one of a mask, in networks
# of random weights; between batches of 4 and of 24, those of transformers differ by 0.14e-5.
DOUBT = 2.0**-16

if TYPE_CHECKING:
    from transformers import SamModel


class Decoder:
    """SAM's decoder on the embedding of one picture.

    Parameters
    ----------
    model : SamModel
    embedding : (1, C, h, w) Tensor
        What the encoder made of the picture.
    dtype : torch.dtype
        Of everything that has as many values as the picture has tokens: float32 or bfloat16. Prompts and
        tokens stay float32, since bfloat16 would move a point by up to four pixels of 1024.
    """

    def __init__(self, model: "SamModel", embedding: Tensor, dtype: torch.dtype = torch.float32):
        self.model, self.embedding, self.dtype = model, embedding, dtype
        self.prompts, self.parts = model.prompt_encoder, model.mask_decoder
        self.doubt = DOUBT if dtype == torch.float32 else 0.0
        self.side = embedding.shape[-2:]
        nothing = self.prompts.no_mask_embed.weight.reshape(1, -1, 1, 1)
        self.keys = _tokens(embedding.float() + nothing).to(dtype)
        self.places = _tokens(model.get_image_wide_positional_embeddings()).to(dtype)
        self.placed = self.keys + self.places
        self.upscale = _upscaling(self.parts, dtype)

    def prompt(self, points: Tensor | None, labels: Tensor | None, boxes: Tensor | None) -> Tensor:
        """Return the tokens of B prompts, (B, T, C) float32: one for quality, one per mask, the prompt's own.

        Parameters
        ----------
        points : (B, P, 2) Tensor or None
            (x, y) in pixels of the picture as the encoder saw it.
        labels : (B, P) Tensor or None
            1 = in the object, 0 = outside.
        boxes : (B, 4) Tensor or None
            x, y of two corners.
        """
        given = [None if value is None else value[None] for value in (points, labels, boxes)]
        sparse, _ = self.prompts(*given, None)
        own = torch.cat([self.parts.iou_token.weight, self.parts.mask_tokens.weight])
        return torch.cat([own.expand(sparse.shape[1], -1, -1), sparse[0]], 1)

    def look(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Let B prompts and the picture look at each other.

        Returns
        -------
        quality : (B, M) Tensor
            The predicted IoU of each mask; the first one is for prompts that leave nothing open.
        masks : (B, M, c) Tensor
            What each mask looks for in the pixels that `draw` makes.
        keys : (B, N, C) Tensor
            The picture as these prompts see it.
        """
        asked, keys, placed = tokens, self.keys, self.placed
        transformer = self.parts.transformer
        for layer in transformer.layers:
            asked = _ask_themselves(layer, asked, tokens)
            asked = layer.layer_norm2(
                asked + _ask(layer.cross_attn_token_to_image, asked + tokens, keys, placed)
            )
            asked = layer.layer_norm3(asked + layer.mlp(asked))
            answer = _tell(layer.cross_attn_image_to_token, placed, asked + tokens, asked)
            keys = _normalise(layer.layer_norm4, answer.add_(keys))
            placed = keys + self.places
        asked = asked + _ask(transformer.final_attn_token_to_image, asked + tokens, keys, placed)
        asked = transformer.layer_norm_final_attn(asked)
        networks = self.parts.output_hypernetworks_mlps
        masks = torch.stack([network(asked[:, 1 + i]) for i, network in enumerate(networks)], 1)
        return self.parts.iou_prediction_head(asked[:, 0]), masks, keys

    def draw(self, masks: Tensor, keys: Tensor) -> Tensor:
        """Return the logits of masks, (B, m, 4 h, 4 w) float32.

        Parameters
        ----------
        masks : (B, m, c) Tensor
            Those of `look` that are wanted.
        keys : (B, N, C) Tensor
            From `look`.
        """
        (first, first_bias), norm, (second, second_bias) = self.upscale
        x = (keys.flatten(0, 1) @ first).add_(first_bias)
        x = functional.gelu(_normalise(norm, x.unflatten(1, (4, -1))))
        x = functional.gelu((x.flatten(0, 1) @ second).add_(second_bias))
        x = x.view(len(keys), -1, masks.shape[2]) @ masks.to(self.dtype).mT  # (B, 16 N, m)
        height, width = self.side
        x = x.view(len(keys), height, width, 2, 2, 2, 2, -1).permute(0, 7, 1, 3, 5, 2, 4, 6)
        return x.reshape(len(keys), -1, 4 * height, 4 * width).float()

    def again(self, points: Tensor) -> Tensor:
        """Return the logits that transformers computes for three masks at each of B points, (B, 3, 4 h, 4 w).

        Slow, but right to the last digit: for where rounding decides. `doubt` says by how much float32 logits
        of `draw` may differ, as a share of the largest one; it is 0 for bfloat16, which is not exact anyway.

        Parameters
        ----------
        points : (B, 1, 2) Tensor
            See `prompt`.
        """
        return self.model(image_embeddings=self.embedding, input_points=points[None]).pred_masks[0]


def _tokens(image: Tensor) -> Tensor:
    """(1, C, h, w) -> (h w, C)."""
    return image[0].flatten(1).T.contiguous()


def _upscaling(parts: nn.Module, dtype: torch.dtype) -> tuple:
    """Return both transposed convolutions, whose windows do not overlap, as matrices and biases."""

    def matrix(layer: nn.ConvTranspose2d) -> tuple[Tensor, Tensor]:
        return layer.weight.permute(0, 2, 3, 1).flatten(1).to(dtype), layer.bias.repeat(4).to(dtype)

    return matrix(parts.upscale_conv1), parts.upscale_layer_norm, matrix(parts.upscale_conv2)


def _normalise(norm: nn.LayerNorm, x: Tensor) -> Tensor:
    weight, bias = norm.weight.to(x.dtype), norm.bias.to(x.dtype)
    return functional.layer_norm(x, x.shape[-1:], weight, bias, norm.eps)


def _ask_themselves(layer: nn.Module, asked: Tensor, tokens: Tensor) -> Tensor:
    """Self-attention of the tokens, (B, T, C); the first layer has no residual."""
    first = layer.skip_first_layer_pe
    query = (asked if first else asked + tokens)[None]
    answer = layer.self_attn(query=query, key=query, value=asked[None])[0][0]
    return layer.layer_norm1(answer if first else asked + answer)


def _heads(weight: Tensor, n: int) -> Tensor:
    """(D, C) -> (n, D / n, C)."""
    return weight.view(n, -1, weight.shape[1])


def _ask(attention: nn.Module, query: Tensor, keys: Tensor, placed: Tensor) -> Tensor:
    """Attention of tokens (B, T, C) on the picture, (N, C) or (B, N, C): what they see, (B, T, C)."""
    n = attention.num_attention_heads
    q = attention.q_proj(query).unflatten(-1, (n, -1)) * attention.scaling
    q = torch.einsum("bthd,hdc->bhtc", q, _heads(attention.k_proj.weight, n)).flatten(1, 2).to(keys.dtype)
    seen = torch.softmax(q @ placed.mT, -1) @ keys  # (B, n T, C)
    seen = seen.float().unflatten(1, (n, -1))
    values = torch.einsum("bhtc,hdc->bthd", seen, _heads(attention.v_proj.weight, n)).flatten(2)
    return attention.out_proj(values + attention.v_proj.bias)


def _tell(attention: nn.Module, placed: Tensor, told: Tensor, value: Tensor) -> Tensor:
    """Attention of the picture on tokens (B, T, C): what each place learns, (B, N, C)."""
    n, dtype = attention.num_attention_heads, placed.dtype
    k = attention.k_proj(told).unflatten(-1, (n, -1)) * attention.scaling
    bias = torch.einsum("bthd,hd->bht", k, attention.q_proj.bias.view(n, -1))
    k = torch.einsum("bthd,hdc->bhtc", k, _heads(attention.q_proj.weight, n)).flatten(1, 2).to(dtype)
    scores = (k @ placed.mT).unflatten(1, (n, -1)).add_(bias[..., None].to(dtype))
    v = attention.v_proj(value).unflatten(-1, (n, -1))
    v = torch.einsum("bthd,chd->bhtc", v, attention.out_proj.weight.unflatten(1, (n, -1)))
    v = (v + attention.out_proj.bias / n).flatten(1, 2).to(dtype)  # the weights of each head sum to one
    return torch.softmax(scores, 2).flatten(1, 2).mT @ v
