"""The options of ``spamlab train``, taken from the recipes: their names, types and defaults are theirs."""

import argparse

from spamlab.training.lnsnet_recipe import LNSNetRecipe
from spamlab.training.recipe import Recipe, Schedule, SegmentsRecipe, SPAMRecipe

BUDGET, SCENES = 30.0, 100  # of ``train``: minutes, and pictures where there are no data

# Options of ``train`` that are fields of Schedule and of the recipes: a word for the value ("" for a switch),
# and what it is.
LEARNING = {
    "rate": ("RATE", "learning rate after the warm-up; it falls along half a cosine"),
    "warm_up": ("STEPS", "steps in which it rises from 0"),
    "average": ("SHARE", "what the averaged weights keep of themselves in each step"),
    "validate": ("MINUTES", "between validations, which also save"),
}
RECIPE = {
    "start": ("FILE", "weights to begin with"),
    "widths": ("N", "channels of each scale of the network"),
    "size": ("PIXELS", "side of a training piece"),
    "count": ("N", "pieces per step, in each process"),
    "annotators": ("N", "annotations per piece"),
    "scale": (("SPREAD", "LOW", "HIGH"), "enlargement of pictures, normal around 1, cut off"),
    "step": (("LOW", "HIGH"), "grid interval in pixels, drawn anew in each step"),
    "compactness": (("LOW", "HIGH"), "SLIC's m, drawn anew in each step"),
    "n_iter": ("N", "rounds of clustering"),
    "regular": ("WEIGHT", "weight of the compactness loss"),
    "reduction": ("HOW", "of the compactness loss: mean or sum"),
    "seed": ("N", "of the weights and the pieces"),
    "precision": ("P", "auto, float32 or bfloat16; auto is bfloat16 on a GPU"),
}
OF_SSN = {
    "ending": ("HOW", "how the features end: linear, relu or norm"),
    "inputs": ("N", "what the network sees: 3 for colour, 5 for colour and position"),
}
OF_SEGMENTS = {
    "norm": ("NORM", "after each convolution: group8, group32 or batch"),
    "shared": ("", "compare superpixels by the features they were clustered with"),
    "concat": ("", "let the heads see the coarsest scale alone"),
    "detached": ("", "let no gradient of the pair loss go through the assignment"),
    "pairs": ("WEIGHT", "weight of the pair loss"),
    "superpixels": ("WEIGHT", "weight of the reconstruction loss of SSN"),
}
OF_LNSNET = {
    "variant": ("N", "1: seeds of the grid; 2: seeds that walk; 3: and gradients rescaled"),
    "contours": ("HOW", "where gradients turn round: sobel or canny"),
    "embedder": ("WHICH", "layers: released or paper"),
    "start": ("FILE", "weights to begin with"),
    "scale": ("SHARE", "of the sides of pictures, while they are learned"),
    "n_segments": ("K", "superpixels asked for"),
    "near": ("N", "seeds that are near to a pixel"),
    "features": ("STEPS", "per picture, of features and decoder"),
    "seeds": ("STEPS", "per picture after that, of the layer that moves seeds"),
    "passes": ("N", "how often every picture comes"),
    "rate": ("RATE", "learning rate of Adam"),
    "beta": ("WEIGHT", "weight of the reconstruction loss"),
    "phi": ("WEIGHT", "weight of the position in it"),
    "share": ("SHARE", "of the memory that a picture renews"),
    "threshold": ("B", "contours are what is stronger"),
    "average": ("SHARE", "what the averaged weights keep of themselves after each picture"),
    "seed": ("N", "of the weights and the order"),
}
ABOUT = "Train a network, or go on: a stop by Ctrl-C loses nothing, the same command goes on."


def add_train(parser: argparse.ArgumentParser) -> None:
    """Add the methods that can be trained, each with its options, to ``spamlab train``."""
    methods = parser.add_subparsers(dest="method", required=True, metavar="METHOD")
    run = parser.get_default("run")
    of_segments = "Train superpixels and segments from one network."
    for name, about, recipe, own in (
        ("ssn", "Train SSN: superpixels.", Recipe, OF_SSN),
        ("spam", "Train the network of SPAM: regular superpixels.", SPAMRecipe, OF_SSN),
        ("segments", of_segments, SegmentsRecipe, OF_SEGMENTS),
    ):
        method = _add(methods, name, about, run)
        add = method.add_mutually_exclusive_group().add_argument
        text = f"of training in all, over every stop ({BUDGET:g})"
        add("--budget", type=float, metavar="MINUTES", help=text)
        add("--steps", type=int, metavar="N", help="or the number of steps")
        _add_fields(method.add_argument_group("learning"), Schedule, LEARNING)
        _add_fields(method.add_argument_group("what is learned"), recipe, {**own, **RECIPE})
    _add_lnsnet(methods, run)


def _add(methods, name: str, about: str, run) -> argparse.ArgumentParser:
    parser = methods.add_parser(name, help=about, description=about, allow_abbrev=False)
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("-o", "--output", required=True, metavar="FOLDER", help="where the training lives, made if need be")
    add("--data", metavar="DIR", help="the folder of BSDS500, see: spamlab fetch (without: scenes)")
    add("--scenes", type=int, metavar="N", help=f"synthetic scenes to learn from, without --data ({SCENES})")
    add("--validation-every", type=int, default=4, metavar="N", help="every Nth picture of val (4)")
    return parser


def _add_lnsnet(methods, run) -> None:
    parser = _add(methods, "lnsnet", "Train LNS-Net, one picture after another, without truths.", run)
    add = parser.add_argument
    add("--every", type=int, default=25, metavar="N", help="pictures between validations (25)")
    text = "learn this picture alone, from --start or the shipped weights, into FOLDER/IMAGE.safetensors"
    add("--adapt", metavar="IMAGE", help=text)
    add("--times", type=int, default=1, metavar="N", help="how often, with --adapt (1)")
    _add_fields(parser.add_argument_group("what is learned"), LNSNetRecipe, OF_LNSNET)


def _add_fields(group, recipe: type, words: dict[str, tuple]) -> None:
    """Add an option for fields of a recipe: their names, types and defaults are the recipe's.

    A switch has one option, which turns it from its default: ``--shared``, ``--no-concat``.
    """
    for name, (metavar, text) in words.items():
        default, option = getattr(recipe, name), name.replace("_", "-")
        if isinstance(default, bool):
            option, action = ("--no-" + option, "store_false") if default else ("--" + option, "store_true")
            group.add_argument(option, dest=name, action=action, help=text)
            continue
        several = isinstance(default, tuple)
        shown = " ".join(f"{v}".removesuffix(".0") for v in (default if several else [default]))
        group.add_argument(
            f"--{option}",
            type=type(default[0] if several else default),
            nargs=("+" if metavar == "N" else len(default)) if several else None,
            default=default,
            metavar=metavar,
            help=f"{text} ({shown})",
        )
