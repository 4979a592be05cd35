"""Settings all tests share."""

import os

import pytest
from hypothesis import settings

from spamlab import _threads as threads

# No deadline: the first call of a numba function compiles. In CI the examples are the same in every run.
settings.register_profile("spamlab", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("spamlab")
os.environ["SPAMLAB_TEST"] = "1"  # errors inside widgets are raised, not only shown


@pytest.fixture
def one_thread(monkeypatch):
    """Compute the same bits twice: one thread, and no GPU."""
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with threads.one_thread():
        yield
