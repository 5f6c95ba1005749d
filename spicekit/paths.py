"""Where the device models and netlist templates are: in a checkout beside the packages, in a wheel inside this one."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def data_root() -> Path:
    """The folder that holds ``models/`` and ``netlists/``, in an editable install and in a wheel alike."""
    package = Path(__file__).resolve().parent
    packed = package / "_data"
    return packed if packed.is_dir() else package.parent


def user_path(text: str) -> Path:
    """A path that a user gave, with ``~`` and ``~name`` resolved where there is such a home."""
    path = Path(text.replace("\0", ""))  # which no file's name can hold
    with contextlib.suppress(RuntimeError):
        path = path.expanduser()
    return path


def absolute(name: str) -> str:
    """The path in ``name`` as one that is valid from any folder; the name of something shipped stays as it is."""
    if "/" not in name and not Path(name).suffix:
        return name
    return os.path.abspath(user_path(name))  # noqa: PTH100 - resolve() would follow links, and the link is what was named
