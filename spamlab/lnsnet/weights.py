"""Checkpoints of LNS-Net: ours in safetensors, and the one that its authors released, a pickle."""

from pathlib import Path

import torch
from torch import Tensor

from spamlab._checkpoint import accept, locate, read, unpickle, write
from spamlab.lnsnet.network import CHANNELS, Network

SHIPPED = ("lnsnet", "lnsnet-1", "lnsnet-2")
OPTIONS = {"embedder": "kind", "shift": "shift"}  # of `Network`, and its attributes that hold them

# What the layers are called in the released program (whose spelling this is), and here.
RELEASED = {
    "embedder.c1_1": "embedder.branches.0",
    "embedder.c1_2": "embedder.branches.1",
    "embedder.c1_3": "embedder.branches.2",
    "embedder.c1_4.0": "embedder.norm1",
    "embedder.c1_4.3": "embedder.conv2",
    "embedder.inorm_1": "embedder.norm2",
    "embedder.c2": "embedder.conv3",
    "embedder.inorm_2": "embedder.norm3",
    "generater.c3_seeds_1": "seeds.conv",
    "generater.c3_inorm_1": "seeds.norm",
    "generater.c3_seeds_2": "seeds.last",
    "grm.recons": "decoder",
}


def load(source: str | Path = "lnsnet") -> Network:
    """Load a network.

    Parameters
    ----------
    source : str or Path
        "lnsnet", or "lnsnet-1" and "lnsnet-2", trained with less of the method: weights that are shipped, see
        data/checkpoints/README.md. Or a file: ``.safetensors`` as ``spamlab train lnsnet`` writes it, or the
        released ``.pth``, which knows no memory: it begins at 1.

    Returns
    -------
    Network
        In evaluation mode.

    Raises
    ------
    FileNotFoundError
        If there is no such file, and no shipped network of this name.
    ValueError
        If the file holds something else than such a network.
    """
    file = locate(source, SHIPPED)
    try:
        if file.suffix == ".safetensors":
            state, about = read(file)
            network = Network(**{name: about[name] for name in OPTIONS})
        else:
            state = _renamed(unpickle(file, "the released .pth of LNS-Net, or a .safetensors file"))
            network = Network()
        network.load_state_dict(state)
    except (AttributeError, KeyError, RuntimeError, TypeError) as error:
        raise ValueError(
            f"{file} is no checkpoint of LNS-Net: {error}; expected what `spamlab train lnsnet` wrote, or "
            "layers named embedder.c1_1.weight to grm.recons.bias"
        ) from error
    return network.eval()


def as_network(weights: str | Path | Network) -> Network:
    """Return the network that `weights` means: a name or file is loaded, a network stays.

    Raises
    ------
    TypeError
        If it is anything else.
    """
    return accept(weights, Network, load, "'lnsnet'")


def save(network: Network, file: str | Path, **about: object) -> None:
    """Write a network as safetensors, with what else should be known about it in the header."""
    options = {name: getattr(network, attribute) for name, attribute in OPTIONS.items()}
    write(network, file, {**options, **about})


def _renamed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a released state under our names, with a memory of nothing."""
    found = {"memory": torch.ones(CHANNELS)}
    for name, value in state.items():
        layer, _, parameter = name.rpartition(".")
        found[f"{RELEASED.get(layer, layer)}.{parameter}"] = value
    return found
