"""``python -m spamlab.exercises build FOLDER --without-solutions``: see `spamlab.exercises.build`."""

import sys

from spamlab.exercises.build import main

if __name__ == "__main__":
    sys.exit(main())
