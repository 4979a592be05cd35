"""Settings all tests share."""

import os

from hypothesis import settings

# No deadline: the first call of a numba function compiles. In CI the examples are the same in every run.
settings.register_profile("spamlab", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("spamlab")
os.environ["SPAMLAB_TEST"] = "1"  # errors inside widgets are raised, not only shown
