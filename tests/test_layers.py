"""Who may import whom, read from the syntax tree; and importing a module does nothing else."""

import ast
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "spamlab"

# Each row may import the rows named before it, and what stands to its left in its own row.
LAYERS = {
    1: "_arguments _otsu _threads paths _checkpoint features seeds candidates cluster regions masks objects "
    "metrics",
    2: "slic snic ssn segments lnsnet saliency spam refine clicks hierarchy",
    3: "models _splits _bsds _voc _nyuv2 _stanford _sbd _drive _datasets _fetch _archive _fetch_voc "
    "_fetch_more _scene_camera _scene_layers _scene_vessels _scenes data",
    4: "plot widgets exercises testing",
    5: "benchmark training cli ready",
}
BELOW = {1: (), 2: (1,), 3: (1,), 4: (1,), 5: (1, 2, 3, 4)}
ALONE = {"start"}  # runs before anything is installed

# Only these import a heavy library at their top; what imports one of them at its top loads it too.
HEAVY = {
    "numba": {"seeds", "regions", "metrics", "slic", "snic", "segments", "models", "spam"},
    "torch": {"_checkpoint", "cluster", "ssn", "segments", "lnsnet", "spam", "training", "models", "refine"},
}


def modules():
    """Return {name: files} for the modules of the package; a module may be a folder."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        if parts != ("__init__",) and parts[0] != "_data":
            found.setdefault(parts[0], []).append(file)
    return found


MODULES = modules()


def allowed(module):
    """Return the modules of ours that a module may import."""
    if module in ALONE:
        return set()
    layer = next(number for number, row in LAYERS.items() if module in row.split())
    row = LAYERS[layer].split()
    below = {name for number in BELOW[layer] for name in LAYERS[number].split()}
    return below | set(row[: row.index(module)]) | {module}


def imported(tree, package=("spamlab",)):
    """Yield the full names that a piece of code imports, wherever in it: `spamlab.regions.relabel`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from (a.value for a in node.args[:1] if isinstance(a, ast.Constant))


def package_of(file):
    return ("spamlab", *file.relative_to(PACKAGE).parent.parts)


def ours(tree, package=("spamlab",)):
    """Return the modules of ours that a piece of code imports."""
    names = (name.split(".") for name in imported(tree, package))
    return {parts[1] for parts in names if parts[0] == "spamlab" and len(parts) > 1}


def private(tree):
    """Return what a piece of code uses of other libraries' private names."""
    roots, found = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            roots |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    names = [name for name in imported(tree) if not name.startswith("spamlab")]
    for node in ast.walk(tree):
        chain = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
        if chain.split(".")[0] in roots:
            names.append(chain)
    for name in names:
        if any(part.startswith("_") and not part.startswith("__") for part in name.split(".")):
            found.add(name)
    return found


def parse(file):
    return ast.parse(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", MODULES)
def test_module_stands_in_the_map_and_in_a_layer(module):
    assert module in ALONE or any(module in row.split() for row in LAYERS.values())
    docstring = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    assert module.startswith("_") or f"\n`{module}` " in docstring


def test_the_map_lists_only_what_exists():
    tree = parse(PACKAGE / "__init__.py")
    assert len(tree.body) == 1, "spamlab/__init__.py holds more than its docstring"
    rows = [line for line in ast.get_docstring(tree).splitlines() if line.startswith("`")]
    missing = {row.split("`")[1] for row in rows} - set(MODULES)
    assert not missing


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_only_what_is_below_it(module):
    for file in MODULES[module]:
        found = ours(parse(file), package_of(file))
        assert found <= allowed(module), f"{file.name} imports {found - allowed(module)}"


@pytest.mark.parametrize("module", MODULES)
def test_module_uses_public_names_of_other_libraries(module):
    for file in MODULES[module]:
        assert not private(parse(file)), file.name


def test_start_needs_the_standard_library_alone():
    names = {name.split(".")[0] for name in imported(parse(PACKAGE / "start.py"))}
    assert names <= set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import spamlab.plot as p", {"plot"}),
        ("from spamlab import plot, slic", {"plot", "slic"}),
        ("def f():\n    from spamlab.plot import overlay", {"plot"}),
        ("from .plot import overlay", {"plot"}),
        ("from . import plot", {"plot"}),
        ("import importlib\nimportlib.import_module('spamlab.plot')", {"plot"}),
        ("import numpy", set()),
    ],
)
def test_every_way_to_import_is_seen(source, found):
    assert ours(ast.parse(source)) == found


def test_imports_inside_a_folder_are_seen():
    tree = ast.parse("from . import text\nfrom .. import regions")
    assert ours(tree, ("spamlab", "plot")) == {"plot", "regions"}


def test_layers_are_ordered():
    assert "regions" in allowed("slic") and "slic" not in allowed("regions")
    assert "slic" in allowed("snic") and "snic" not in allowed("slic")
    assert "slic" not in allowed("plot") and "plot" in allowed("cli")


@pytest.mark.parametrize(
    "source",
    [
        "from skimage.segmentation._slic import _enforce_label_connectivity_cython",
        "from numpy import _core",
        "import skimage.segmentation\nskimage.segmentation._slic.f()",
        "import numpy as np\nnp._core.multiarray",
    ],
)
def test_private_names_are_seen(source):
    assert private(ast.parse(source))
    assert not private(ast.parse("import numpy as np\nnp.linalg.norm\nself._x\nnp.__version__"))


# ---- importing has no effect: a fresh Python imports the modules one by one and compares before and after

WATCH = r"""
import importlib, json, os, random, sys
import matplotlib.font_manager  # lists the fonts when it first runs: its affair, done before we watch
import numpy
events = []
own = os.environ["NUMBA_CACHE_DIR"]  # numba tries whether it can write there

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        events.append(f"{event} {arguments[1:]}")
    writes = event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or event in ("os.mkdir", "os.rename", "os.remove", "subprocess.Popen"):
        place = str(arguments[0])
        if not place.startswith((own, os.devnull)):
            events.append(f"{event} {place}")

def state():
    torch = sys.modules.get("torch")
    seeds = [random.getstate(), numpy.random.get_state()]
    return repr(seeds + ([torch.get_rng_state().tolist()] if torch else []))

if "torch" in sys.argv[2]:
    import torch
numpy.set_printoptions(threshold=10**6)
found, heavy = {}, {"numba", "torch"} - set(sys.argv[2].split(","))
sys.addaudithook(watch)
for name in sys.argv[1].split(","):
    before = state()
    module = importlib.import_module("spamlab." + name)
    found[name] = [f"loads {library}" for library in heavy if library in sys.modules]
    found[name] += ["changes the state of a random generator"] * (state() != before)
    found[name] += [f"compiles {key}" for key, f in vars(module).items() if getattr(f, "signatures", [])]
    found[name] += events
    events.clear()
print("REPORT" + json.dumps(found))
"""


def watch(names, heavy, folder, path=None):
    """Import modules in a fresh Python that may load the libraries `heavy`; return what each one did."""
    own = {"SPAMLAB_CACHE": str(folder / "cache"), "NUMBA_CACHE_DIR": str(folder / "numba")}
    env = {**os.environ, **own, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", WATCH, ",".join(names), ",".join(heavy)]
    result = subprocess.run(command, env=env, cwd=path or PACKAGE.parent, capture_output=True, text=True)
    output, _, report = result.stdout.partition("REPORT")
    assert result.returncode == 0, result.stderr
    found = {name: effects for name, effects in json.loads(report).items() if effects}
    return found | ({"output": output + result.stderr} if output + result.stderr else {})


def importable():
    """Return {name: file} of all that can be imported: `plot`, and `plot.pixels` within it."""
    found = {}
    for file in (file for files in MODULES.values() for file in files if file.stem != "__main__"):
        name = ".".join(file.relative_to(PACKAGE).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = file
    return found


FILES = importable()


@cache
def at_top(file):
    """Return the full names that a file imports at its top."""
    body = [node for node in parse(file).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    return set(imported(ast.Module(body, []), package_of(file)))


def loads(name):
    """Return what of ours loads with a name: it, the folders around it, and all they import at their top."""
    found, waiting = set(), [name]
    while waiting:
        parts = waiting.pop().split(".")
        new = {".".join(parts[:n]) for n in range(1, len(parts) + 1)} & set(FILES) - found
        found |= new
        below = (other for each in new for other in at_top(FILES[each]))
        waiting += [other.removeprefix("spamlab.") for other in below if other.startswith("spamlab.")]
    return found


def uses(library, files):
    return any(name.split(".")[0] == library for file in files for name in at_top(file))


@pytest.mark.parametrize("library", HEAVY)
def test_only_these_import_a_heavy_library_at_their_top(library):
    found = {module for module, files in MODULES.items() if uses(library, files)}
    assert found == HEAVY[library] & set(MODULES)


@cache
def groups():
    """Return {libraries that may load: names}, so that a few fresh Pythons serve for all names."""
    found = {}
    for name in FILES:
        files = [FILES[each] for each in loads(name)]
        found.setdefault(tuple(library for library in HEAVY if uses(library, files)), []).append(name)
    return found


def test_what_must_start_quickly_loads_no_heavy_library():
    assert {"cli", "plot", "features", "data", "exercises"} <= set(groups()[()])
    assert {"cli.train", "ssn", "ssn.losses"} <= set(groups()["numba", "torch"]) and "slic" in groups()[
        "numba",
    ]


@pytest.mark.parametrize("heavy", groups(), ids=lambda heavy: " ".join(heavy) or "light")
def test_importing_has_no_effect(heavy, tmp_path):
    assert watch(groups()[heavy], heavy, tmp_path) == {}
    assert not (tmp_path / "cache").exists()


EFFECTS = {
    "output": "print('hello')",
    "random": "import random; random.seed(1)",
    "numpy": "import numpy; numpy.random.seed(1)",
    "numba": "import numba",
    "file": "open('made.txt', 'w').close()",
    "folder": "import os; os.mkdir('made')",
    "network": "import socket; socket.socket(type=socket.SOCK_DGRAM).connect(('127.0.0.1', 9))",
}


def test_each_effect_is_seen(tmp_path):
    (tmp_path / "spamlab").mkdir()
    (tmp_path / "spamlab" / "__init__.py").touch()
    for name, source in EFFECTS.items():
        (tmp_path / "spamlab" / f"{name}.py").write_text(source)
    names = sorted(EFFECTS, key=lambda name: name == "numba")  # last: once loaded, always loaded
    found = watch(names, (), tmp_path, tmp_path)
    assert set(found) == set(EFFECTS) and "hello" in found["output"], found
