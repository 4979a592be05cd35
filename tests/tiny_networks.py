"""Segmentation networks of a few thousand random numbers, saved as their authors save theirs."""

import json
import string

import torch
import transformers

COLOURS = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.25, 0.3]}
NAMES = ("background", "cat", "dog", "tree", "sky")
WORDS = ["<|startoftext|>", "<|endoftext|>", *string.ascii_lowercase]
WORDS += [f"{letter}</w>" for letter in string.ascii_lowercase]
TASK_LENGTH = 24
QUERY = ("queries_embedder.weight", "queries_features.weight", "query_position_embeddings.weight")
SWIN = {"image_size": 64, "embed_dim": 8, "depths": [1] * 4, "num_heads": [1, 1, 2, 2], "window_size": 4}
QUERIES = {
    "num_queries": 12,
    "hidden_dim": 32,
    "encoder_layers": 1,
    "decoder_layers": 2,
    "num_attention_heads": 2,
    "dim_feedforward": 16,
    "encoder_feedforward_dim": 16,
}


def _mobilenet(labels):
    config = transformers.MobileNetV2Config(depth_multiplier=0.25, min_depth=4, output_stride=8, **labels)
    return transformers.MobileNetV2ForSemanticSegmentation(config)


def _segformer(labels):
    sizes = {"hidden_sizes": [8] * 4, "depths": [1] * 4, "num_attention_heads": [1] * 4}
    config = transformers.SegformerConfig(decoder_hidden_size=8, **sizes, **labels)
    return transformers.SegformerForSemanticSegmentation(config)


def _swin():
    return transformers.SwinConfig(out_features=["stage1", "stage2", "stage3", "stage4"], **SWIN)


def _mask2former(labels):
    sizes = {"feature_size": 32, "mask_feature_size": 32}
    config = transformers.Mask2FormerConfig(backbone_config=_swin(), **sizes, **QUERIES, **labels)
    return transformers.Mask2FormerForUniversalSegmentation(config)


def _oneformer(labels):
    sizes = {"conv_dim": 32, "mask_dim": 32, "text_encoder_width": 16, "text_encoder_num_layers": 1}
    sizes |= {"text_encoder_vocab_size": len(WORDS), "query_dec_layers": 1, "task_seq_len": TASK_LENGTH}
    config = transformers.OneFormerConfig(
        backbone_config=_swin(), is_training=False, **sizes, **QUERIES, **labels
    )
    return transformers.OneFormerForUniversalSegmentation(config)


def _detr(labels):
    sizes = {"embedding_size": 8, "hidden_sizes": [8, 8, 16, 16], "depths": [1] * 4, "layer_type": "basic"}
    stages = ["stage1", "stage2", "stage3", "stage4"]
    sides = ("encoder", "decoder")
    own = {f"{side}_{name}": n for side in sides for name, n in (("layers", 1), ("ffn_dim", 16))}
    own |= {f"{side}_attention_heads": 8 for side in sides}
    backbone = transformers.ResNetConfig(out_features=stages, **sizes)
    config = transformers.DetrConfig(backbone_config=backbone, d_model=64, num_queries=12, **own, **labels)
    return transformers.DetrForSegmentation(config)


MAKE = {
    "mobilenet_v2": _mobilenet,
    "segformer": _segformer,
    "mask2former": _mask2former,
    "oneformer": _oneformer,
    "detr": _detr,
}


def network(kind, seed=0):
    """Return a tiny network of random numbers that has opinions: its answers vary over the picture."""
    labels = {"id2label": dict(enumerate(NAMES)), "label2id": {name: i for i, name in enumerate(NAMES)}}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = MAKE[kind](labels)
        for name, weights in model.named_parameters():
            if weights.ndim > 1 and "norm" not in name:
                scale = 20 if name.endswith(QUERY) else 2  # queries must differ to say different things
                weights.data = scale * weights[0].numel() ** -0.5 * torch.randn(weights.shape)
    if (
        kind == "detr"
    ):  # its masks come from features of the picture and a query's attention: let this one count
        head = dict(model.mask_head.named_parameters())
        next(weights for weights in head.values() if weights.ndim == 4).data[:, -8:] *= 300
        for name in (name for name in head if "adapter" in name):
            head[name].data *= 0.05
    return model.eval()


def save(kind, folder, how, seed=0):
    """Write a tiny network and how it wants its pictures; for OneFormer also a tokenizer that spells."""
    network(kind, seed).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(how))
    if kind == "oneformer":
        (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(WORDS)}))
        (folder / "merges.txt").write_text("#version: 0.2\n")
    return folder
