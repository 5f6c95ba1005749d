"""Where the device models and netlist templates are: in a checkout beside the packages, in a wheel inside this one."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path

OWN_KIND = r"(.+\.py):(\w+):(.+)"  # a device of a kind in a user's file: that file, the class in it, the card


def data_root() -> Path:
    """The folder that holds ``models/`` and ``netlists/``, in an editable install and in a wheel alike."""
    package = Path(__file__).resolve().parent
    packed = package / "_data"
    return packed if packed.is_dir() else package.parent


def own_folder(defined: type) -> Path | None:
    """Folder of the file that defines a class of a user's own, which holds its templates; None for a class of spicekit."""
    if defined.__module__.startswith("spicekit."):
        return None
    return Path(str(sys.modules[defined.__module__].__file__)).resolve().parent


def user_path(text: str) -> Path:
    """A path that a user gave, with ``~`` and ``~name`` resolved where there is such a home."""
    path = Path(text.replace("\0", ""))  # which no file's name can hold
    with contextlib.suppress(RuntimeError):
        path = path.expanduser()
    return path


def absolute(name: str) -> str:
    """The path in ``name`` as one that is valid from any folder; the name of something shipped stays as it is.

    In ``FILE.py:KIND:CARD``, a device of a user's own kind, both paths.
    """
    own = re.fullmatch(OWN_KIND, name, re.DOTALL)
    if own is not None:
        return f"{os.path.abspath(user_path(own[1]))}:{own[2]}:{absolute(own[3])}"  # noqa: PTH100 - as below
    if "/" not in name and not Path(name).suffix:
        return name
    return os.path.abspath(user_path(name))  # noqa: PTH100 - resolve() would follow links, and the link is what was named
