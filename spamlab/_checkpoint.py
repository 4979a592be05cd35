"""Checkpoints: ours in safetensors, with what else should be known in the header, and released pickles."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from spamlab.paths import data_dir

Network = TypeVar("Network", bound=nn.Module)


def locate(source: str | Path, shipped: tuple[str, ...]) -> Path:
    """Return the file of a shipped network, or the file that is named.

    Raises
    ------
    FileNotFoundError
        If it does not exist.
    """
    file = data_dir() / "checkpoints" / f"{source}.safetensors" if source in shipped else Path(source)
    if not file.is_file():
        raise FileNotFoundError(f"{file}: no such file; expected one, or {' or '.join(map(repr, shipped))}")
    return file


def accept(
    weights: object, kind: type[Network], load: Callable[[str | Path], Network], names: str
) -> Network:
    """Return the network that `weights` means: a name or file is loaded, a network of this kind stays.

    Raises
    ------
    TypeError
        If it is anything else; `names` says what else is taken.
    """
    if isinstance(weights, str | os.PathLike):
        return load(weights)
    if not isinstance(weights, kind):
        raise TypeError(f"weights={weights!r:.80}, expected {names}, a file, or what load() returns")
    return weights


def write(network: nn.Module, file: str | Path, known: dict) -> None:
    """Write the state of a network, and what is known about it as JSON in the header."""
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(state, file, {"spamlab": json.dumps(known)})


def about(file: str | Path) -> dict:
    """Return what `write` was told about a network, {} where it was told nothing."""
    with safe_open(file, "pt") as opened:
        return json.loads((opened.metadata() or {}).get("spamlab", "{}"))


def read(file: str | Path) -> tuple[dict[str, Tensor], dict]:
    """Return the state of a network, and what `about` returns.

    Raises
    ------
    ValueError
        If it is no safetensors file.
    """
    try:
        with safe_open(file, "pt") as opened:
            return {name: opened.get_tensor(name) for name in opened.keys()}, about(file)  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{file} is no safetensors file ({error}); fetch or train it again") from error


def unpickle(file: str | Path, expected: str) -> object:
    """Return what a PyTorch checkpoint of plain tensors holds; ``weights_only=True`` refuses to run code.

    Raises
    ------
    ValueError
        If it is none; `expected` says what it should be.
    """
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # an unpickler raises whatever the bytes lead to
        raise ValueError(
            f"{file} is no PyTorch checkpoint of plain tensors ({type(error).__name__}); expected {expected}"
        ) from error
