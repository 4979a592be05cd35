"""Where things lie: shipped data in a clone or in a wheel, and the user's own cache.

Nothing is created and nothing is downloaded here. Two environment variables override the places:
``SPAMLAB_DATA`` for the shipped data, ``SPAMLAB_CACHE`` for downloads and computed proposals.
"""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_dir() -> Path:
    """Return the folder of the shipped data.

    A clone keeps it in the top-level ``data/``, a wheel in ``spamlab/_data/``.

    Raises
    ------
    FileNotFoundError
        If ``SPAMLAB_DATA`` names no folder, or neither place exists.
    """
    override = os.environ.get("SPAMLAB_DATA")
    if override:
        if not Path(override).is_dir():
            raise FileNotFoundError(
                f"SPAMLAB_DATA is {override!r}, which is no folder; correct the variable or unset it"
            )
        return Path(override)
    for place in (_PACKAGE / "_data", _PACKAGE.parent / "data"):
        if (place / "README.md").is_file():
            return place
    raise FileNotFoundError(
        f"no shipped data beside {_PACKAGE}; install spamlab again, or set SPAMLAB_DATA to its data/ folder"
    )


def cache_dir() -> Path:
    """Return the folder for downloads and computed files: ``SPAMLAB_CACHE``, else the system's cache folder.

    The folder need not exist yet.
    """
    override = os.environ.get("SPAMLAB_CACHE")
    if override:
        return Path(override).expanduser()
    import pooch  # here, so that reading shipped data does not load it

    return Path(pooch.os_cache("spamlab"))
