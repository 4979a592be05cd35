"""What networks are for: the class of transformers, the files, and what to use where they cannot be had."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spamlab.paths import data_dir

SAM = "nielsr/slimsam-77-uniform"
DINO = "facebook/dino-vits8"
DEEPLAB = "google/deeplabv3_mobilenet_v2_1.0_513"
MASK2FORMER = "facebook/mask2former-swin-tiny-coco-panoptic"

FILES = ("config.json", "model.safetensors")
HOW = "preprocessor_config.json"  # how a picture is prepared
WORDS = ("tokenizer.json",), ("vocab.json", "merges.txt")  # either makes numbers of words
TOKENS = (*WORDS[0], *WORDS[1], "tokenizer_config.json", "special_tokens_map.json")
KNOWN = {  # megabytes of FILES, licence
    SAM: (39, "Apache-2.0"),
    "facebook/sam-vit-base": (375, "Apache-2.0"),
    "facebook/sam-vit-large": (1249, "Apache-2.0"),
    "facebook/sam-vit-huge": (2565, "Apache-2.0"),
}


@dataclass(frozen=True)
class Kind:
    """What a network is for.

    Attributes
    ----------
    default : str
        The name on the hub of a network of this kind.
    loader : str
        The class of transformers that loads it.
    types : tuple of str
        As config.json names them; empty for all that transformers knows for semantic segmentation.
    instead : str
        What needs no weights.
    files : tuple of str
        What must be there.
    options : dict
        Of the loading.
    """

    default: str
    loader: str
    types: tuple[str, ...]
    instead: str
    files: tuple[str, ...] = FILES
    options: dict[str, Any] = field(default_factory=dict)


KINDS = {
    "sam": Kind(
        SAM,
        "SamModel",
        ("sam",),
        "Or use stored masks instead: those of shipped pictures lie in {proposals}; spamlab.masks.read opens "
        "them, and any file of SA-1B.",
    ),
    "vit": Kind(
        DINO,
        "ViTModel",
        ("vit",),
        "Or use spamlab.saliency.saliency, which needs no weights.",
        options={"add_pooling_layer": False, "attn_implementation": "eager"},
    ),
    "semantic": Kind(
        DEEPLAB,
        "AutoModelForSemanticSegmentation",
        (),
        "Or take a class map from elsewhere: spamlab.refine.refine takes any, and spamlab.refine.coarse "
        "makes a stand-in from a truth.",
        (*FILES, HOW),
    ),
    "panoptic": Kind(
        MASK2FORMER,
        "AutoModelForUniversalSegmentation",
        ("detr", "mask2former", "oneformer"),
        "Or make objects with spamlab.objects.from_felzenszwalb, which needs no weights.",
        (*FILES, HOW),
    ),
}


def types_of(kind: str) -> tuple[str, ...]:
    """Return the types of networks of a kind, as config.json names them."""
    if KINDS[kind].types:
        return KINDS[kind].types
    from transformers import MODEL_FOR_SEMANTIC_SEGMENTATION_MAPPING as mapping

    return tuple(sorted({config.model_type for config in mapping}))


def advice(model: str | Path, kind: str | None, is_name: bool) -> str:
    """Return how a network can be had, and what to use instead.

    Parameters
    ----------
    model : str or Path
        Its name on the hub or its folder.
    kind : {"sam", "vit", "semantic", "panoptic"}, optional
        What it is for; None if only its name can tell.
    is_name : bool
        Whether `model` is a name that the hub may have.
    """
    defaults = {known.default: name for name, known in KINDS.items()} | dict.fromkeys(KNOWN, "sam")
    kind = defaults.get(str(model)) if kind is None else kind
    size, licence = KNOWN.get(str(model), (None, None))
    what = f" ({size} MB, {licence})" if size else ""
    about = KINDS[kind or "sam"]
    files = ", ".join(about.files[:-1]) + f" and {about.files[-1]}"
    page = model if is_name else about.default
    instead = about.instead.format(proposals=data_dir() / "proposals") if kind else ""
    return (
        f"To get it{what}: spamlab.models.fetch({str(model)!r}). Without a network here, save {files} of "
        f"https://huggingface.co/{page} on another computer into a folder, and give that folder as model=. "
        f"{instead}"
    ).rstrip()
