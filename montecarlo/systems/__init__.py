"""Systems: a standard table and the figures beside the published ones, one declaration each, found by name.

A further system is a module here that declares ``SYSTEM``, a :class:`montecarlo.systems.system.System`, and a line in
:data:`SYSTEMS`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from spicekit.errors import unknown

if TYPE_CHECKING:
    from montecarlo.systems.system import System, SystemTable

SYSTEMS: dict[str, tuple[str, ...]] = {
    "stt-1t1mtj": (),
    "imce": ("sot-2t1r",),
    "stt-bnn": (),
    "c3cim": (),
    "charge-if": (),
    "stt-bsnn": ("dynamic-if",),
    "snn-hierarchy": (),
}  # name -> its other names: that of its cell or bench, which its tables have; the module has the name with _ for -


def known() -> list[str]:
    """Every name that finds a system."""
    return [name for first, others in SYSTEMS.items() for name in (first, *others)]


def choices() -> str:
    """The systems in words, other names in brackets."""
    return ", ".join(f"{name} ({', '.join(others)})" if others else name for name, others in SYSTEMS.items())


def load_system(name: str) -> System:
    """The system that has ``name``.  Raises :class:`UserError` that names the nearest ones for an unknown name."""
    for first, others in SYSTEMS.items():
        if name in (first, *others):
            found: System = importlib.import_module(f"{__name__}.{first.replace('-', '_')}").SYSTEM
            return found
    raise unknown("system", name, known())


def system_table(name: str) -> SystemTable:
    """What the standard table of the system that has ``name`` holds."""
    return load_system(name).table
