"""Weights of others: what is downloaded, how large it is and under which licence; nothing comes unasked.

Files come from the Hugging Face hub into its own folder (``HF_HOME``). Only `fetch` uses a network, and it
only receives: no picture, click or mask is sent.
"""

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from spamlab.paths import data_dir

if TYPE_CHECKING:
    from transformers import SamModel, ViTModel

DEFAULT = "nielsr/slimsam-77-uniform"
FILES = ("config.json", "model.safetensors")
KNOWN = {  # megabytes of FILES, licence
    DEFAULT: (39, "Apache-2.0"),
    "facebook/sam-vit-base": (375, "Apache-2.0"),
    "facebook/sam-vit-large": (1249, "Apache-2.0"),
    "facebook/sam-vit-huge": (2565, "Apache-2.0"),
}

DINO = "facebook/dino-vits8"
KINDS = {  # as config.json names them: class of transformers, options of its loading
    "sam": ("SamModel", {}),
    "vit": ("ViTModel", {"add_pooling_layer": False, "attn_implementation": "eager"}),
}


def fetch(model: str = DEFAULT) -> Path:
    """Download a network, after saying what, how large and under which licence.

    Parameters
    ----------
    model : str
        A name on the Hugging Face hub, "owner/name". Its ``config.json`` and ``model.safetensors`` are
        taken: 39 MB, Apache-2.0, for the default. Pickles are not.

    Returns
    -------
    Path
        The folder that holds both.

    Raises
    ------
    ImportError
        If transformers is not installed.
    ConnectionError
        If the hub does not answer.
    ValueError
        If it has no such files.
    """
    hub = _library("huggingface_hub")
    try:
        info = hub.HfApi().model_info(model, files_metadata=True)
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
        complete = set(FILES) <= set(sizes)
        if complete:
            megabytes = sum(sizes[name] for name in FILES) / 1e6
            print(f"{model}: a download of {megabytes:.0f} MB, licence: {_licence(info)}")
            print(f"from {hub.constants.ENDPOINT}\nto   {hub.constants.HF_HUB_CACHE}")
            return [Path(hub.hf_hub_download(model, name)) for name in FILES][-1].parent
    except hub.errors.RepositoryNotFoundError as error:
        raise ValueError(
            f"model={model!r}: the hub has no such network open to all; {_advice(model)}"
        ) from error
    except Exception as error:  # the client raises what the library below it raises, and that one changes
        raise ConnectionError(f"{model} could not be fetched ({error}).\n{_advice(model)}") from error
    raise ValueError(f"{model} holds {sorted(sizes)}, expected {' and '.join(FILES)}; {_advice(model)}")


def locate(model: str | Path = DEFAULT, kind: str = "sam") -> Path:
    """Return the folder of a network that is on this computer; nothing is downloaded.

    Parameters
    ----------
    model : str or Path
        A folder with ``config.json`` and ``model.safetensors``, or a name on the hub that was fetched.
    kind : {"sam", "vit"}
        What it is for: the message says what to use instead.

    Raises
    ------
    ImportError
        If transformers is not installed.
    FileNotFoundError
        If it is not here; the message says how to get it, and what to use instead.
    """
    if Path(model).is_dir():
        missing = [name for name in FILES if not (Path(model) / name).is_file()]
        if missing:
            raise FileNotFoundError(f"{model} has no {' and no '.join(missing)}; {_advice(model, kind)}")
        return Path(model)
    if _is_name(model):
        hub = _library("huggingface_hub")
        files = [_cached(hub, str(model), name) for name in FILES]
        if all(files):
            return files[0].parent
    raise FileNotFoundError(f"{model} is not on this computer.\n{_advice(model, kind)}")


def load(model: str | Path = DEFAULT, kind: str = "sam") -> "SamModel | ViTModel":
    """Load a network that is on this computer; the last one is kept.

    Parameters
    ----------
    model, kind
        See `locate`.

    Returns
    -------
    SamModel or ViTModel
        Of transformers, float32, in evaluation mode; attention of a ViTModel is computed step by step, so
        that it can be read.

    Raises
    ------
    ImportError, FileNotFoundError
        See `locate`.
    ValueError
        If it is of another kind, or its weights are incomplete.
    """
    folder = locate(model, kind)
    return _load(folder, _stamp(folder), kind)


def identity(model: str | Path) -> str:
    """Return what tells weights from all others: the hub's commit, or the SHA-256 of the files."""
    folder = locate(model)
    if folder.parent.name == "snapshots" and len(folder.name) == 40:
        return f"{folder.parent.parent.name}@{folder.name}"
    return _digest(folder, _stamp(folder))


def _library(name: str):
    """Import transformers or what comes with it."""
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{name} is not installed, and this network needs it: python -m pip install 'spamlab[models]'"
        ) from error


def _is_name(model: str | Path) -> bool:
    return isinstance(model, str) and re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", model) is not None


def _cached(hub, model: str, name: str) -> Path | None:
    found = hub.try_to_load_from_cache(model, name)
    return Path(found) if isinstance(found, str) else None


def _licence(info) -> str:
    tags = [tag.removeprefix("license:") for tag in info.tags or () if tag.startswith("license:")]
    return tags[0] if tags else "not stated, see its page"


def _advice(model: str | Path, kind: str = "sam") -> str:
    size, licence = KNOWN.get(str(model), (None, None))
    what = f" ({size} MB, {licence})" if size else ""
    vit = kind == "vit" or model == DINO
    page = model if _is_name(model) else DINO if vit else DEFAULT
    instead = "Or use spamlab.saliency.saliency, which needs no weights."
    if not vit:
        instead = (
            "Or use stored masks instead: those of shipped pictures lie in "
            f"{data_dir() / 'proposals'}; spamlab.masks.read opens them, and any file of SA-1B."
        )
    return (
        f"To get it{what}: spamlab.models.fetch({str(model)!r}). Without a network here, save "
        f"{' and '.join(FILES)} of https://huggingface.co/{page} on another computer into a folder, and give "
        f"that folder as model=. {instead}"
    )


def _stamp(folder: Path) -> tuple:
    return tuple(((folder / name).stat().st_mtime_ns, (folder / name).stat().st_size) for name in FILES)


@lru_cache(maxsize=8)
def _digest(folder: Path, stamp: tuple) -> str:
    digest = hashlib.sha256()
    for name in FILES:
        with open(folder / name, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


_STRICT = {"local_files_only": True, "use_safetensors": True, "dtype": "float32", "output_loading_info": True}


@lru_cache(maxsize=1)
def _load(folder: Path, stamp: tuple, kind: str) -> "SamModel | ViTModel":
    transformers = _library("transformers")
    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    if config.model_type != kind:
        raise ValueError(
            f"{folder} holds a model of type {config.model_type!r}, expected {kind!r}; "
            f"{_advice(folder, kind)}"
        )
    name, options = KINDS[kind]
    logging, bars = transformers.utils.logging, transformers.utils.logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        model, report = getattr(transformers, name).from_pretrained(folder, **options, **_STRICT)
    finally:
        if bars:
            logging.enable_progress_bar()
    if report["missing_keys"]:
        raise ValueError(
            f"{folder} lacks weights of {sorted(report['missing_keys'])[:3]}; fetch or save it again"
        )
    return model.eval()
