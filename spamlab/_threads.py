"""How many threads PyTorch takes; it is loaded when it is asked."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[int]:
    """Let each operation of PyTorch take one thread; yield how many it took before, and takes afterwards."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield before
    finally:
        torch.set_num_threads(before)
