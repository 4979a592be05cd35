"""Weights of others: what is downloaded, how large it is and under which licence; nothing comes unasked.

Files come from the Hugging Face hub into its own folder (``HF_HOME``). Only `fetch` uses a network, and it
only receives: no picture, click or mask is sent.
"""

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from spamlab.models.kinds import FILES, HOW, KINDS, SAM, TOKENS, WORDS, advice, types_of

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel


def fetch(model: str = SAM) -> Path:
    """Download a network, after saying what, how large and under which licence.

    Parameters
    ----------
    model : str
        A name on the Hugging Face hub, "owner/name". Its ``config.json`` and ``model.safetensors`` are
        taken, 39 MB, Apache-2.0, for the default; and, where there are any, the small files that say how
        pictures and words are prepared. Pickles are not.

    Returns
    -------
    Path
        The folder that holds them.

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
            wanted = [name for name in (*FILES, HOW, *TOKENS) if name in sizes]
            megabytes = sum(sizes[name] for name in wanted) / 1e6
            print(f"{model}: a download of {megabytes:.0f} MB, licence: {_licence(info)}")
            print(f"from {hub.constants.ENDPOINT}\nto   {hub.constants.HF_HUB_CACHE}")
            return [Path(hub.hf_hub_download(model, name)) for name in wanted][0].parent
    except hub.errors.RepositoryNotFoundError as error:
        raise ValueError(
            f"model={model!r}: the hub has no such network open to all; {_advice(model)}"
        ) from error
    except Exception as error:  # the client raises what the library below it raises, and that one changes
        raise ConnectionError(f"{model} could not be fetched ({error}).\n{_advice(model)}") from error
    raise ValueError(f"{model} holds {sorted(sizes)}, expected {' and '.join(FILES)}; {_advice(model)}")


def locate(model: str | Path = SAM, kind: str = "sam") -> Path:
    """Return the folder of a network that is on this computer; nothing is downloaded.

    Parameters
    ----------
    model : str or Path
        A folder with ``config.json`` and ``model.safetensors``, and for segmentation with
        ``preprocessor_config.json``; or a name on the hub that was fetched.
    kind : {"sam", "vit", "semantic", "panoptic"}
        What it is for: the message says what to use instead.

    Raises
    ------
    ImportError
        If transformers is not installed.
    FileNotFoundError
        If it is not here; the message says how to get it, and what to use instead.
    """
    if Path(model).is_dir():
        missing = [name for name in KINDS[kind].files if not (Path(model) / name).is_file()]
        if missing:
            raise FileNotFoundError(f"{model} has no {' and no '.join(missing)}; {_advice(model, kind)}")
        return Path(model)
    if _is_name(model):
        hub = _library("huggingface_hub")
        files = [_cached(hub, str(model), name) for name in KINDS[kind].files]
        if all(files):
            return files[0].parent
    raise FileNotFoundError(f"{model} is not on this computer.\n{_advice(model, kind)}")


def load(model: str | Path = SAM, kind: str = "sam") -> "PreTrainedModel":
    """Load a network that is on this computer; the last one is kept.

    Parameters
    ----------
    model, kind
        See `locate`.

    Returns
    -------
    PreTrainedModel
        Of transformers, float32, in evaluation mode: a SamModel, a ViTModel whose attention is computed step
        by step, so that it can be read, or a network for segmentation.

    Raises
    ------
    ImportError, FileNotFoundError
        See `locate`.
    ValueError
        If it is of another kind, or its weights are incomplete.
    """
    folder = locate(model, kind)
    return _load(folder, _stamp(folder, kind), kind)


def identity(model: str | Path, kind: str = "sam") -> str:
    """Return what tells weights from all others: the hub's commit, or the SHA-256 of the files."""
    folder = locate(model, kind)
    if folder.parent.name == "snapshots" and len(folder.name) == 40:
        return f"{folder.parent.parent.name}@{folder.name}"
    return _digest(folder, _stamp(folder, kind), kind)


def class_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the classes of a network that `locate` found, from 0 on."""
    config = _library("transformers").AutoConfig.from_pretrained(folder, local_files_only=True)
    return tuple(config.id2label.get(number, str(number)) for number in range(max(config.id2label) + 1))


def tokens(folder: Path, words: str, length: int) -> "Tensor":
    """Return words as numbers, (1, length) int64, filled up with 0, by the tokenizer beside a network.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    """
    if not any(all((folder / name).is_file() for name in names) for names in WORDS):
        missing = " nor ".join(" and ".join(names) for names in WORDS)
        raise FileNotFoundError(
            f"{folder} has neither {missing}, and this network is told its task in words; fetch it again, or "
            "add these files from its page"
        )
    tokenizer = _library("transformers").AutoTokenizer.from_pretrained(folder, local_files_only=True)
    said = tokenizer(words, padding="max_length", max_length=length, truncation=True, return_tensors="pt")
    return said["input_ids"] * said["attention_mask"]


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


def _advice(model: str | Path, kind: str | None = None) -> str:
    return advice(model, kind, _is_name(model))


def _stamp(folder: Path, kind: str) -> tuple:
    found = ((folder / name).stat() for name in KINDS[kind].files)
    return tuple((file.st_mtime_ns, file.st_size) for file in found)


@lru_cache(maxsize=8)
def _digest(folder: Path, stamp: tuple, kind: str) -> str:
    digest = hashlib.sha256()
    for name in KINDS[kind].files:
        with open(folder / name, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


_STRICT = {"local_files_only": True, "use_safetensors": True, "dtype": "float32", "output_loading_info": True}


@lru_cache(maxsize=1)
def _load(folder: Path, stamp: tuple, kind: str) -> "PreTrainedModel":
    transformers = _library("transformers")
    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    if config.model_type not in types_of(kind):
        expected = " or ".join(map(repr, types_of(kind)))
        raise ValueError(
            f"{folder} holds a model of type {config.model_type!r}, expected {expected}; "
            f"{_advice(folder, kind)}"
        )
    loader, options = getattr(transformers, KINDS[kind].loader), KINDS[kind].options
    logging, bars = transformers.utils.logging, transformers.utils.logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        model, report = loader.from_pretrained(folder, **options, **_STRICT)
    finally:
        if bars:
            logging.enable_progress_bar()
    if report["missing_keys"]:
        raise ValueError(
            f"{folder} lacks weights of {sorted(report['missing_keys'])[:3]}; fetch or save it again"
        )
    return model.eval()
