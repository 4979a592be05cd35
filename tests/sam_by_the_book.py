"""SAM's automatic mask generation, straightforward: every mask is enlarged, every filter sees whole pictures.

Written from the description of the procedure, with nothing of spamlab: the yardstick of `spamlab.models` in
the tests and in benchmarks/sam.py. Also networks of random weights, since no test needs others.
"""

import numpy as np
import torch
from PIL import Image
from skimage.measure import label, regionprops
from torch.nn.functional import interpolate
from transformers import SamConfig, SamModel

SLIMSAM = {"vision_config": {"hidden_size": 168, "mlp_dim": 696}}
TINY = {
    "vision_config": {
        "hidden_size": 24,
        "mlp_dim": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "global_attn_indexes": [1],
        "image_size": 256,
        "output_channels": 32,
        "num_pos_feats": 16,
        "window_size": 7,
    },
    "prompt_encoder_config": {"hidden_size": 32, "image_size": 256},
    "mask_decoder_config": {
        "hidden_size": 32,
        "mlp_dim": 64,
        "num_attention_heads": 4,
        "iou_head_hidden_dim": 16,
    },
}


def random_slimsam():
    """Return a SamModel of SlimSAM's size, see `random_sam`."""
    return random_sam(SLIMSAM, shift=(0, 0.23, -0.74, 2.03), varying=0.5, constant=5)


def random_sam(config=None, seed=0, contrast=200.0, shift=0.4, varying=1.0, constant=1.0):
    """Return a SamModel of random weights whose masks are smooth spots that depend on the prompt.

    With random weights alone they are noise over the whole picture. So the embedding shows where a place is,
    more than the picture, in random waves; the token of the point outweighs the constant ones; the four
    pixels of a cell are alike; and `shift`, one number or one per mask, lowers the logits, which `contrast`
    scales. `varying` and `constant` scale what depends on the prompt, and what does not. Predicted IoU are
    spread around 0.9.
    """
    model = SamModel(SamConfig(**(TINY if config is None else config))).eval()
    random = torch.Generator().manual_seed(seed)
    for name, weights in model.named_parameters():
        if "norm" not in name:
            matrix = weights.ndim > 1 and not any(word in name for word in ("_embed", "token", "rel_pos"))
            scale = weights[0].numel() ** -0.5 if matrix else 0.1
            weights.data = torch.randn(weights.shape, generator=random) * scale
    decoder, places = model.mask_decoder, model.shared_image_embedding.positional_embedding
    places.data = 3 * torch.randn(places.shape, generator=random)
    model.prompt_encoder.shared_embedding.positional_embedding.data = places.data
    _, height, width, channels = model.vision_encoder.pos_embed.shape
    row, col = torch.linspace(0, 1, height)[:, None, None], torch.linspace(0, 1, width)[:, None]
    a, b, c = torch.randn(3, channels, generator=random)
    model.vision_encoder.pos_embed.data = 3 * torch.sin(4 * (row * a + col * b) + 6 * c)[None]
    model.vision_encoder.patch_embed.projection.weight.data *= 0.1
    for layer in (decoder.upscale_conv1, decoder.upscale_conv2):
        layer.weight.data[:] = 2 * layer.weight.data[:, :, :1, :1]
    decoder.upscale_conv2.weight.data[:, 0] = 0  # one channel of the pixels is constant
    decoder.upscale_conv2.bias.data[0] = 3
    for network, each in zip(decoder.output_hypernetworks_mlps, np.broadcast_to(shift, 4), strict=True):
        last = network.proj_out
        for value, size in ((last.weight, varying), (last.bias, constant)):
            value.data = contrast * size * (value.data - value.data[1:].mean(0))  # no sum over the channels
            value.data[0] = 0
        last.bias.data[0] = -float(each) * contrast / 3
    head = decoder.iou_prediction_head.proj_out
    head.weight.data *= 0.3
    head.bias.data = 0.9 + head.bias.data
    return model


def prepare(model, image):
    """Return the pixels the encoder takes, and (height, width) of the picture in them."""
    side = model.config.vision_config.image_size
    height, width = image.shape[:2]
    scale = side / max(height, width)
    seen = int(height * scale + 0.5), int(width * scale + 0.5)
    picture = Image.fromarray(image).resize(seen[::-1], Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float()
    mean, deviation = torch.tensor([123.675, 116.28, 103.53]), torch.tensor([58.395, 57.12, 57.375])
    square = torch.zeros(1, 3, side, side)
    square[0, :, : seen[0], : seen[1]] = (pixels - mean[:, None, None]) / deviation[:, None, None]
    return square, seen


@torch.no_grad()
def predict(model, image, n, batch=64):
    """Yield points (x, y) in the picture, predicted IoU and logits of their masks, batch by batch."""
    pixels, seen = prepare(model, image)
    embedding = model.get_image_embeddings(pixels)
    height, width = image.shape[:2]
    steps = [(i + 0.5) / n for i in range(n)]
    points = torch.tensor([(x * width, y * height) for y in steps for x in steps], dtype=torch.float64)
    for some in points.split(batch):
        asked = some * torch.tensor([seen[1] / width, seen[0] / height], dtype=torch.float64)
        output = model(image_embeddings=embedding, input_points=asked[None, :, None], multimask_output=True)
        yield some.numpy(), output.iou_scores[0], output.pred_masks[0], seen


def enlarge(logits, side, seen, shape):
    """Resize (n, m, m) logits to the square of the encoder, cut, and resize to the picture."""
    square = interpolate(logits[None], (side, side), mode="bilinear", align_corners=False)
    return interpolate(square[:, :, : seen[0], : seen[1]], shape, mode="bilinear", align_corners=False)[0]


def boxes_of(masks):
    """Return x of the first, y of the first, x of the last, y of the last pixel of each mask, (n, 4)."""
    found = []
    for mask in masks:
        y, x = torch.nonzero(mask, as_tuple=True)
        found.append([int(v) for v in (x.min(), y.min(), x.max(), y.max())] if len(x) else [0] * 4)
    return torch.tensor(found, dtype=torch.float32).reshape(-1, 4)


def suppress(boxes, scores, limit):
    """Return the numbers of the boxes that stay, one after the other."""
    stay = []
    for i in sorted(range(len(boxes)), key=lambda i: -float(scores[i])):
        if all(not overlap(boxes[i], boxes[j]) > limit for j in stay):
            stay.append(i)
    return stay


def overlap(a, b):
    wide = max(0.0, float(min(a[2], b[2]) - max(a[0], b[0])))
    high = max(0.0, float(min(a[3], b[3]) - max(a[1], b[1])))
    areas = [float((c[2] - c[0]) * (c[3] - c[1])) for c in (a, b)]
    union = areas[0] + areas[1] - wide * high
    return np.float32(wide * high) / np.float32(union) if union > 0 else 0.0


def clean(mask, least):
    """Fill holes of fewer than `least` pixels, drop islands of fewer; the largest island stays."""
    mask, touched = mask.copy(), False
    holes = label(~mask, connectivity=2)
    for part in regionprops(holes):
        if part.area < least:
            mask[holes == part.label] = True
            touched = True
    islands = label(mask, connectivity=2)
    parts = regionprops(islands)
    small = [part for part in parts if part.area < least]
    if small and len(small) == len(parts):
        small.remove(max(small, key=lambda part: part.area))
        touched = True
    for part in small:
        mask[islands == part.label] = False
        touched = True
    return mask, touched


def generate(
    model,
    image,
    n=32,
    iou=0.88,
    stability=0.95,
    offset=1.0,
    nms=0.7,
    least=0,
    batch=64,
    predictions=None,
):
    """Return the masks of a uint8 picture as a list of dicts, and how many each step removed.

    `predictions` are those of `predict`, if they are at hand.
    """
    side, shape = model.config.vision_config.image_size, image.shape[:2]
    kept, removed = [], {"iou": 0, "stability": 0, "nms": 0, "second nms": 0, "cleaned": 0}
    for points, scores, small, seen in predictions or predict(model, image, n, batch):
        points, scores = np.repeat(points, scores.shape[1], 0), scores.flatten()
        logits = enlarge(small.flatten(0, 1), side, seen, shape)
        good = scores > iou if iou > 0 else torch.ones(len(scores), dtype=torch.bool)
        inner = (logits > offset).sum((1, 2), dtype=torch.int32)
        outer = (logits > -offset).sum((1, 2), dtype=torch.int32)
        steady = inner / outer
        stable = steady >= stability if stability > 0 else torch.ones_like(good)
        removed["iou"] += int((~good).sum())
        removed["stability"] += int((good & ~stable).sum())
        chosen = good & stable
        masks = logits[chosen] > 0
        rows = zip(masks, boxes_of(masks), scores[chosen], steady[chosen], points[chosen], strict=True)
        kept += [
            {"mask": m.numpy(), "box": b, "iou": float(s), "stability": float(t), "point": (p[1], p[0])}
            for m, b, s, t, p in rows
        ]
    stay = suppress([each["box"] for each in kept], [each["iou"] for each in kept], nms)
    removed["nms"] = len(kept) - len(stay)
    kept = [kept[i] for i in stay]
    if least > 0:
        cleaned = [clean(each["mask"], least) for each in kept]
        kept = [each | {"mask": mask} for each, (mask, _) in zip(kept, cleaned, strict=True)]
        boxes = boxes_of([torch.from_numpy(each["mask"]) for each in kept])
        stay = suppress(boxes, [float(not touched) for _, touched in cleaned], nms)
        removed["cleaned"] = sum(touched for _, touched in cleaned)
        removed["second nms"] = len(kept) - len(stay)
        kept = [kept[i] for i in stay]
    return kept, removed
