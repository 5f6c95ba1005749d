"""The program ``spicekit``: the command line of this distribution, spicekit-imc, put together from both packages.

Where another project's ``spicekit`` or ``montecarlo`` is installed too, ``import`` may find theirs: that is found out before
anything is imported.
"""

from __future__ import annotations

import runpy
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

HOME = Path(__file__).resolve().parent


def main() -> NoReturn:
    """Entry point."""
    if not _ours("spicekit"):
        found = runpy.run_path(str(HOME / "spicekit" / "shadows.py"))
        print(f"spicekit: {found['shadows']()[0]}; {found['remedy']()}", file=sys.stderr)
        sys.exit(1)
    from spicekit.cli import command_line

    if not _ours("montecarlo"):  # for `spicekit doctor` to tell
        command_line()
    from montecarlo.cli import register

    command_line(register)


def _ours(package: str) -> bool:
    """Whether ``import package`` finds the one beside this file, without importing it."""
    spec = find_spec(package)
    return spec is not None and spec.origin is not None and Path(spec.origin).resolve() == HOME / package / "__init__.py"


if __name__ == "__main__":
    main()
