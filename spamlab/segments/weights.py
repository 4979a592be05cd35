"""Checkpoints of the two-headed network."""

from pathlib import Path

from spamlab._checkpoint import accept, locate, read, write
from spamlab.segments.network import Network

SHIPPED = ("segments",)
OPTIONS = ("norm", "shared", "concat", "widths", "compactness", "threshold")


def load(source: str | Path = "segments") -> Network:
    """Load a network.

    Parameters
    ----------
    source : str or Path
        "segments": weights that are shipped, see data/checkpoints/README.md. Or a ``.safetensors`` file as
        ``spamlab train segments`` writes it.

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
    state, about = read(file)
    try:
        network = Network(**{name: about[name] for name in OPTIONS})
        network.load_state_dict(state)
    except (KeyError, RuntimeError, TypeError) as error:
        raise ValueError(
            f"{file} holds no network for segments: {error}; expected what `spamlab train segments` wrote"
        ) from error
    return network.eval()


def as_network(weights: str | Path | Network) -> Network:
    """Return the network that `weights` means: a name or file is loaded, a network stays.

    Raises
    ------
    TypeError
        If it is anything else.
    """
    return accept(weights, Network, load, "'segments'")


def save(network: Network, file: str | Path, **about: object) -> None:
    """Write a network as safetensors, with what else should be known about it in the header."""
    write(network, file, {**{name: getattr(network, name) for name in OPTIONS}, **about})
