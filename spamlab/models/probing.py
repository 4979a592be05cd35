"""What this computer is fastest with: the precision of products, and prompts at a time."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

import torch

PRECISIONS = ("auto", "float32", "bfloat16")
BATCHES = (1, 2, 4, 8)
GAIN = 1.3  # bfloat16 must be this much faster, since it costs precision

Item = TypeVar("Item")


def precision_of(name: str = "auto") -> str:
    """Return "float32" or "bfloat16"; for "auto", bfloat16 where a product of matrices is faster in it.

    Raises
    ------
    ValueError
        If there is no such precision.
    """
    if name not in PRECISIONS:
        raise ValueError(f"precision={name!r}, expected {', '.join(map(repr, PRECISIONS))}")
    return _faster() if name == "auto" else name


@lru_cache(maxsize=1)
def _faster() -> str:
    seconds = {name: _product(getattr(torch, name)) for name in PRECISIONS[1:]}
    return "bfloat16" if seconds["float32"] > GAIN * seconds["bfloat16"] else "float32"


def _product(dtype: torch.dtype) -> float:
    """Return the seconds of a product as the decoder has them, the best of five."""
    a, b = torch.ones(4096, 256, dtype=dtype), torch.ones(256, 256, dtype=dtype)
    seconds = []
    for _ in range(5):
        begin = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def in_batches(items: Callable[[int], list[Item]], sizes: Sequence[int] = BATCHES) -> Iterator[list[Item]]:
    """Yield batches until there are none; the sizes are tried one after the other, then the fastest is used.

    Parameters
    ----------
    items : callable
        ``items(n)`` returns up to n items that were not yet returned; none = the end.
    sizes : sequence of int
        One size means no trial.
    """
    seconds: dict[int, float] = {}
    waiting = [] if len(sizes) == 1 else [sizes[0], *sizes]  # the first run warms up
    best = sizes[0]
    while batch := items(waiting[0] if waiting else best):
        begin = time.perf_counter()
        yield batch
        if waiting:
            seconds[waiting.pop(0)] = (time.perf_counter() - begin) / len(batch)
            best = min(seconds, key=seconds.__getitem__)
