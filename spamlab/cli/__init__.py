"""The command line: ``spamlab segment``, ``benchmark``, ``train`` and ``fetch``.

=============  ==========================================================
`segment`      cut image files, write label maps and overlays
`bench`        run the benchmark, or sweep the settings for it
`train`        train a network, or go on with a training
=============  ==========================================================

Exit status: 0 done; 1 something could not be done, and the message says what; 2 a wrong command line; 130
stopped by Ctrl-C. What a command needs is loaded when it runs, so that ``spamlab --help`` is quick.
"""

import argparse
import sys
from collections.abc import Sequence

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
    "ending": ("HOW", "how the features end: linear or relu"),
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


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; `argv` are the words after ``spamlab``."""
    argv = sys.argv[1:] if argv is None else list(argv)
    arguments = _parser(_methods() if argv[:1] in (["segment"], ["benchmark"]) else []).parse_args(argv)
    arguments.argv = argv
    try:
        return arguments.run(arguments)
    except KeyboardInterrupt:
        print("\nstopped; a benchmark keeps its rows, and the same command goes on", file=sys.stderr)
        return 130
    except (OSError, ValueError, TypeError, ImportError, RuntimeError) as error:
        print(f"spamlab {arguments.command}: error: {error}", file=sys.stderr)
        return 1


def _methods() -> list[str]:
    from spamlab.benchmark import METHODS

    return list(METHODS)


def _parser(methods: list[str]) -> argparse.ArgumentParser:
    about = "Superpixels: cut pictures, compare methods, train networks, get data."
    parser = argparse.ArgumentParser(prog="spamlab", description=about, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_segment(commands, methods)
    _add_benchmark(commands, methods)
    _add_train(commands)
    _add_fetch(commands)
    return parser


def _add(commands, name: str, about: str, run) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
    parser.set_defaults(run=run)
    return parser


def _add_segment(commands, methods: list[str]) -> None:
    about = "Cut image files into superpixels: NAME_labels.png (16 bits) and NAME_overlay.png for each."
    parser = _add(commands, "segment", about, _segment)
    add, known = parser.add_argument, methods or None
    add("images", nargs="+", metavar="IMAGE", help="a file, or a shipped name such as chelsea")
    add("--method", default="slic", choices=known, metavar="M", help=_one_of(methods, "slic"))
    add("--n-segments", type=int, default=200, metavar="K", help="how many to ask for (200)")
    add("--compactness", type=float, metavar="m", help="of methods that have one")
    add("--overlay", default="png", choices=["png", "jpg", "none"], help="how to draw (png)")
    add("-o", "--output", required=True, metavar="DIR", help="folder, made if need be")


def _add_benchmark(commands, methods: list[str]) -> None:
    about = "Score methods on BSDS500 at the number of superpixels obtained, sweep their settings, or score "
    parser = _add(commands, "benchmark", about + "segmentations.", _benchmark)
    add, segmenters = parser.add_argument, ""
    if methods:
        from spamlab.benchmark import SEGMENTERS

        segmenters = f"; with --segmentations: {', '.join(SEGMENTERS)}"
    add("--data", required=True, metavar="DIR", help="the folder of BSDS500; see: spamlab fetch")
    add("--split", default="val", choices=["train", "val", "test"], help="which pictures (val)")
    add("--every", type=int, metavar="N", help="only every Nth picture (1; 4 for a sweep)")
    add("--methods", nargs="+", default=["all"], metavar="M", help=_one_of(methods, "all") + segmenters)
    add("--n-segments", type=int, nargs="+", metavar="K", help="numbers to ask for (50 100 200 400 800 1200)")
    add("--counts", type=int, nargs="+", metavar="N", help="numbers obtained in the table (100 200 400 800)")
    add("--sweep", action="store_true", help="choose the settings instead: best mean ASA at 200 obtained")
    add("--settings", metavar="FILE", help="what a sweep wrote (the shipped sweep on val)")
    add("--jobs", type=int, default=1, metavar="N", help="processes at the same time (1)")
    add("--rows", metavar="FILE", help="where rows are kept to go on from (beside the output)")
    add("--plot", nargs="+", default=[], metavar="SCORE", help="also draw these scores, such as asa_mean")
    add("-o", "--output", metavar="FILE", help="the summary, FILE.json, with FILE.csv beside it")
    add("--update", action="store_true", help="keep the other methods that FILE holds")
    add = parser.add_argument_group("few large regions").add_argument
    add("--segmentations", action="store_true", help="sweep and score methods that give few large regions")
    add("--weights", metavar="FILE", help="a network for the method segments (the shipped one)")
    add("--coarse-every", type=int, metavar="N", help="pictures of the first stage of the sweep (4)")


def _add_train(commands) -> None:
    from spamlab.training.recipe import Recipe, SegmentsRecipe

    about = "Train a network, or go on: a stop by Ctrl-C loses nothing, the same command goes on."
    methods = _add(commands, "train", about, _train).add_subparsers(
        dest="method", required=True, metavar="METHOD"
    )
    _add_training(methods, "ssn", "Train SSN: superpixels.", Recipe, OF_SSN)
    about = "Train superpixels and segments from one network."
    _add_training(methods, "segments", about, SegmentsRecipe, OF_SEGMENTS)


def _add_training(methods, name: str, about: str, recipe: type, own: dict[str, tuple]) -> None:
    from spamlab.training.recipe import Schedule

    parser = _add(methods, name, about, _train)
    add, end = parser.add_argument, parser.add_mutually_exclusive_group()
    add("-o", "--output", required=True, metavar="FOLDER", help="where the training lives, made if need be")
    add("--data", metavar="DIR", help="the folder of BSDS500, see: spamlab fetch (without: scenes)")
    add("--scenes", type=int, metavar="N", help=f"synthetic scenes to learn from, without --data ({SCENES})")
    add("--validation-every", type=int, default=4, metavar="N", help="every Nth picture of val (4)")
    end.add_argument(
        "--budget", type=float, metavar="MINUTES", help=f"of training in all, over every stop ({BUDGET:g})"
    )
    end.add_argument("--steps", type=int, metavar="N", help="or the number of steps")
    _add_fields(parser.add_argument_group("learning"), Schedule, LEARNING)
    _add_fields(parser.add_argument_group("what is learned"), recipe, {**own, **RECIPE})


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


def _add_fetch(commands) -> None:
    parser = _add(commands, "fetch", "Download a data set and check every file.", _fetch)
    parser.add_argument("dataset", choices=["bsds500"], help="which one")
    parser.add_argument("--to", metavar="DIR", help="a new or empty folder (the cache)")


def _one_of(methods: list[str], default: str) -> str:
    return f"{', '.join(methods)} ({default})" if methods else f"a method ({default})"


def _segment(arguments: argparse.Namespace) -> int:
    from spamlab.cli.segment import run

    return run(arguments)


def _benchmark(arguments: argparse.Namespace) -> int:
    from spamlab.cli.bench import run

    return run(arguments)


def _train(arguments: argparse.Namespace) -> int:
    from spamlab.cli.train import run

    return run(arguments)


def _fetch(arguments: argparse.Namespace) -> int:
    from spamlab.data import fetch_bsds500

    print(fetch_bsds500(arguments.to))
    return 0
