"""``python -m spicekit.cli``."""

import sys

if not sys.flags.safe_path:  # the working folder, which `python -m` puts there: no place to find modules in
    del sys.path[0]

from spicekit.cli import main

main()
