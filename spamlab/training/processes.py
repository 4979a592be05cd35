"""One training in several processes, started by ``torchrun``; with one process all of this does nothing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import distributed

PATIENCE = timedelta(hours=6)  # how long the others wait for the first one's validation


@contextmanager
def joined() -> Iterator[torch.device]:
    """Join the processes that ``torchrun`` started, and yield this one's device."""
    here = device()
    if here.type == "cuda":
        torch.cuda.set_device(here)
    if count() > 1:
        distributed.init_process_group("nccl" if here.type == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield here
    finally:
        if count() > 1:
            distributed.destroy_process_group()


def device() -> torch.device:
    """Return this process's device: a GPU of its own where there are GPUs, else the CPU.

    Raises
    ------
    ValueError
        If there are GPUs, but fewer than processes.
    """
    if not torch.cuda.is_available():
        return torch.device("cpu")
    local, gpus = int(os.environ.get("LOCAL_RANK", 0)), torch.cuda.device_count()
    if local >= gpus:
        raise ValueError(
            f"more processes than the {gpus} GPUs of this computer; give --nproc-per-node {gpus}"
        )
    return torch.device("cuda", local)


def count() -> int:
    """Return how many processes train together."""
    return int(os.environ.get("WORLD_SIZE", 1))


def rank() -> int:
    """Return the number of this process, from 0."""
    return int(os.environ.get("RANK", 0))


def first() -> bool:
    """Tell whether this process is the one that validates, writes and prints."""
    return rank() == 0


def wait() -> None:
    """Wait until all processes are here."""
    if count() > 1:
        distributed.barrier()


def agree(seconds: float, stop: bool) -> tuple[float, bool]:
    """Return the first process's time, and whether any process is to stop: the same in all of them."""
    if count() == 1:
        return seconds, stop
    both = torch.tensor([seconds if first() else 0.0, stop], dtype=torch.float64, device=device())
    distributed.all_reduce(both, distributed.ReduceOp.MAX)
    return float(both[0]), bool(both[1])
