"""ngspice's shared library: which file it is, and loading it where no init file of the user's is found."""

from __future__ import annotations

import contextlib
import ctypes.util
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from spicekit.errors import SpicekitError

INSTALL_HINT = "install it with: sudo apt-get install libngspice0 ngspice (other systems: see `spicekit doctor`)"


def find_library() -> str | None:
    """Path or soname of libngspice: ``NGSPICE_LIBRARY_PATH`` if set, else what the loader finds."""
    given = os.environ.get("NGSPICE_LIBRARY_PATH")
    if given:
        return str(Path(given).absolute()) if Path(given).is_file() else None
    return ctypes.util.find_library("ngspice")


def try_to_load(library: str) -> None:
    """Load a library that the user names in a process of its own: one that breaks off takes the process with it."""
    program = "import ctypes, sys; ctypes.CDLL(sys.argv[1])"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program, library], capture_output=True, check=False)
    if done.returncode < 0:
        raise SpicekitError(f"{library} crashed while it was loaded ({signal.Signals(-done.returncode).name})")


@contextlib.contextmanager
def no_init_files() -> Iterator[None]:
    """Let ngspice start where its search for an init file ends at an empty one.

    All versions look in the working folder before the home (which is that of the user data base, whatever ``HOME`` says), newer
    ones first in ``SPICE_USERINIT_DIR``.  ``ngSpice_nospiceinit`` is not in ngspice 39, and the fallback to ``./spinit`` is not
    governed by it.
    """
    given = os.environ.get("SPICE_USERINIT_DIR")
    try:
        with elsewhere() as folder:
            (folder / ".spiceinit").write_text("* none\n")
            os.environ["SPICE_USERINIT_DIR"] = str(folder)
            yield
    finally:
        os.environ.pop("SPICE_USERINIT_DIR", None)
        if given is not None:
            os.environ["SPICE_USERINIT_DIR"] = given


@contextlib.contextmanager
def elsewhere() -> Iterator[Path]:
    """A new folder that is the working folder within, and gone after."""
    back = os.open(".", getattr(os, "O_PATH", os.O_RDONLY))  # holds even if the folder was deleted meanwhile
    try:
        with tempfile.TemporaryDirectory(prefix="spicekit-") as folder:
            os.chdir(folder)
            try:
                yield Path(folder)
            finally:
                os.fchdir(back)
    finally:
        os.close(back)
