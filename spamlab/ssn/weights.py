"""Checkpoints: ours in safetensors, and those of released PyTorch programs for SSN and SPAM.

A released checkpoint is a pickle. It is read with ``weights_only=True``, which refuses to run code.
"""

from pathlib import Path

from torch import Tensor

from spamlab._checkpoint import accept, locate, read, unpickle, write
from spamlab.ssn.network import Network

SHIPPED = ("ssn", "spam")


def load(source: str | Path = "ssn") -> Network:
    """Load a network.

    Parameters
    ----------
    source : str or Path
        "ssn" or "spam": weights that are shipped, see data/checkpoints/README.md. Or a file:
        ``.safetensors`` as ``spamlab train ssn`` or ``spamlab train spam`` writes it, or a checkpoint
        (``.pth``, ``.pt``) of ssn-pytorch or of SPAM.

    Returns
    -------
    Network
        In evaluation mode, with `compactness`, the m it was made for.

    Raises
    ------
    FileNotFoundError
        If there is no such file, and no shipped network of this name.
    ValueError
        If the file holds something else than such a network.
    """
    file = locate(source, SHIPPED)
    state, about = _read(file)
    try:
        network = _build(state, about)
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError) as error:
        raise ValueError(
            f"{file} is no checkpoint of SSN or SPAM: {error}; expected layers named scale1.0.0.weight to "
            "output_conv.0.weight"
        ) from error
    return network.eval()


def as_network(weights: str | Path | Network | None) -> Network | None:
    """Return the network that `weights` means: a name or file is loaded, a network or None stays.

    Raises
    ------
    TypeError
        If it is anything else.
    """
    return None if weights is None else accept(weights, Network, load, "'ssn', 'spam', None")


def save(network: Network, file: str | Path, **about: object) -> None:
    """Write a network as safetensors, with what else should be known about it in the header."""
    options = {name: getattr(network, name) for name in ("compactness", "padding", "rectify")}
    write(network, file, {**options, **about})


def _read(file: Path) -> tuple[dict[str, Tensor], dict]:
    if file.suffix == ".safetensors":
        return read(file)
    expected = "the .pth of ssn-pytorch, the .pt of SPAM, or a .safetensors file"
    found = unpickle(file, expected)
    return found.get("model_state_dict", found) if isinstance(found, dict) else {}, {}


def _build(state: dict[str, Tensor], about: dict) -> Network:
    """Make the network whose layers a state dict describes, and fill it."""
    widths = [state["scale1.0.0.weight"].shape[0]]
    while f"scale{len(widths) + 1}.1.0.weight" in state:
        widths.append(state[f"scale{len(widths) + 1}.1.0.weight"].shape[0])
    last_norm = "output_conv.1.weight" in state  # SPAM's
    network = Network(
        inputs=state["scale1.0.0.weight"].shape[1],
        widths=tuple(widths),
        outputs=state["output_conv.0.weight"].shape[0],
        last_norm=last_norm,
        padding=about.get("padding", "replicate" if last_norm else "zeros"),
        compactness=about.get("compactness", 28.8 if last_norm else 2.5 / 0.26),
        rectify=about.get("rectify", True),
    )
    network.load_state_dict(state)
    return network
