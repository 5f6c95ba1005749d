"""Where the device models and netlist templates are: in a checkout beside the packages, in a wheel inside this one."""

from __future__ import annotations

from pathlib import Path


def data_root() -> Path:
    """The folder that holds ``models/`` and ``netlists/``, in an editable install and in a wheel alike."""
    package = Path(__file__).resolve().parent
    packed = package / "_data"
    return packed if packed.is_dir() else package.parent
