"""The command line: ``spamlab segment``, ``benchmark``, ``train`` and ``fetch``.

==============  ==========================================================
`segment`       cut image files, write label maps and overlays
`maps`          objects and attention that come with the files
`bench`         run the benchmark, or sweep the settings for it; beside it its other tasks
`learning`      the options of ``train``
`train`         train a network, or go on with a training
`learn_lnsnet`  the same for LNS-Net, and one picture more
==============  ==========================================================

Exit status: 0 done; 1 something could not be done, and the message says what; 2 a wrong command line; 130
stopped by Ctrl-C. What a command needs is loaded when it runs, so that ``spamlab --help`` is quick.
"""

import argparse
import sys
from collections.abc import Sequence

from spamlab.cli.learning import ABOUT, add_train

OBJECTS = (
    "for --method spam: objects as labels (PNG) or masks (JSON), or a folder that holds such a file for each "
    "picture, under its name; NAME_objects.png then says which object each superpixel is of"
)

ATTENTION = (
    "with --objects: what draws the eye, a grey picture (0 to 255) or a folder of such, or how to find it: "
    "saliency, spectral, or dino, whose weights you fetch first"
)

TASKS = ("superpixels", "segmentations", "refinement")


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
    add_train(_add(commands, "train", ABOUT, _train))
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
    add("--objects", metavar="MAP", help=OBJECTS)
    add("--ignore", type=int, metavar="N", help="the label of MAP that stands for not known")
    add("--attention", metavar="A", help=ATTENTION)
    add("--density", type=float, metavar="R", help="R times as dense in attended objects as in others")
    add("--overlay", default="png", choices=["png", "jpg", "none"], help="how to draw (png)")
    add("-o", "--output", required=True, metavar="DIR", help="folder, made if need be")


def _add_benchmark(commands, methods: list[str]) -> None:
    about = (
        "Score methods on a data set at the number of superpixels obtained, sweep their settings, or score "
    )
    about += "segmentations, or the refinement of class maps."
    parser = _add(commands, "benchmark", about, _benchmark)
    add, others, data_sets = parser.add_argument, "", None
    if methods:
        from spamlab.benchmark import SEGMENTERS
        from spamlab.cli.bench_refinement import COURSE
        from spamlab.data import DATASETS

        data_sets = list(DATASETS)
        others = f"; of segmentations: {', '.join(SEGMENTERS)}; of refinement all means "
        others += ", ".join(COURSE)
    add("--task", default=TASKS[0], choices=TASKS, help=f"what is scored ({TASKS[0]})")
    add("--data", metavar="DIR", help="the folder of the data set; see: spamlab fetch")
    add("--dataset", default="bsds500", choices=data_sets, help="which one it is (bsds500)")
    add("--split", metavar="S", help="which pictures, such as train or test (val, where there is one)")
    add("--every", type=int, metavar="N", help="only every Nth picture (1; 4 for a sweep)")
    add("--methods", nargs="+", default=["all"], metavar="M", help=_one_of(methods, "all") + others)
    add("--n-segments", type=int, nargs="+", metavar="K", help="numbers to ask for (50 100 200 400 800 1200)")
    add("--counts", type=int, nargs="+", metavar="N", help="numbers obtained in the table (100 200 400 800)")
    add("--sweep", action="store_true", help="choose the settings instead: best mean ASA at 200 obtained")
    add("--settings", metavar="FILE", help="what a sweep wrote (the shipped sweep on val)")
    add("--jobs", type=int, default=1, metavar="N", help="processes at the same time (1)")
    add("--scheduler", metavar="ADDRESS", help="spread the pictures over a Dask cluster instead")
    add("--rows", metavar="FILE", help="where rows are kept to go on from (beside the output)")
    add("--plot", nargs="+", default=[], metavar="SCORE", help="also draw these scores, such as asa_mean")
    add("-o", "--output", metavar="FILE", help="the summary, FILE.json, with FILE.csv beside it")
    add("--update", action="store_true", help="keep the other methods that FILE holds")
    add = parser.add_argument_group("--task segmentations: few large regions").add_argument
    add("--segmentations", action="store_const", dest="task", const=TASKS[1], help="the same as this task")
    add("--weights", metavar="FILE", help="a network for the method segments (the shipped one)")
    add("--coarse-every", type=int, metavar="N", help="pictures of the first stage of the sweep (4)")
    add = parser.add_argument_group("--task refinement: the borders of class maps").add_argument
    add("--bands", type=int, nargs="+", metavar="B", help="windows in pixels, odd, around borders (3 5 9)")
    add("--strides", type=int, nargs="+", metavar="S", help="of the networks that are stood in for (8 16)")
    add("--scenes", type=int, metavar="N", help="refine N synthetic scenes instead of --data")
    add("--network", metavar="MODEL", help="refine its maps; --data is then the folder of PASCAL VOC 2012")


def _add_fetch(commands) -> None:
    parser = _add(commands, "fetch", "Download a data set and check every file.", _fetch)
    parser.add_argument("dataset", choices=["bsds500", "voc2012", "sbd", "stanford"], help="which one")
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
    if arguments.method == "lnsnet":
        from spamlab.cli.learn_lnsnet import run
    else:
        from spamlab.cli.train import run
    return run(arguments)


def _fetch(arguments: argparse.Namespace) -> int:
    from spamlab import data

    print(getattr(data, f"fetch_{arguments.dataset}")(arguments.to))
    return 0
