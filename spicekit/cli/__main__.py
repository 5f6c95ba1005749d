"""``python -m spicekit.cli``."""

from spicekit.cli import main

main()
