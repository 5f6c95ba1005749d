"""Systems and what their standard tables hold: one module a system, each a declaration.

A further system is a module here with a :class:`SystemTable` called ``TABLE`` and a line in :data:`SYSTEMS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import xarray as xr

from spicekit.errors import unknown

SYSTEMS = {
    "stt-1t1mtj": "montecarlo.systems.stt_1t1mtj",
    "sot-2t1r": "montecarlo.systems.sot_2t1r",
    "stt-bnn": "montecarlo.systems.stt_bnn",
    "c3cim": "montecarlo.systems.c3cim",
    "charge-if": "montecarlo.systems.charge_if",
    "dynamic-if": "montecarlo.systems.dynamic_if",
}  # name -> module that declares it

Compute = Callable[[xr.Dataset], xr.Dataset]


@dataclass(frozen=True)
class Part:
    """The sweep of one bench.  Its measure ``v`` becomes the variable ``<prefix>_v``."""

    prefix: str
    bench: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    over: tuple[str, ...] | None = None  # those of the system's dimensions that the bench is swept over; None: all
    own: Mapping[str, Sequence[Any]] = field(default_factory=dict)  # further dimensions: parameter -> values
    trials: int = 0  # at each point; 0: the nominal simulation alone
    measures: tuple[str, ...] | None = None  # those to keep; None: all


@dataclass(frozen=True)
class SystemTable:
    """What the standard table of a system holds."""

    name: str
    summary: str
    over: Mapping[str, Sequence[Any]]  # the system's dimensions: parameter -> values
    nominal: Mapping[str, Any]  # the operating point that an exporter takes if the user gives none
    parts: tuple[Part, ...]
    computed: tuple[Compute, ...] = ()  # each makes further variables from the simulated ones


def system_table(name: str) -> SystemTable:
    """The declaration of system ``name``."""
    if name not in SYSTEMS:
        raise unknown("system", name, SYSTEMS)
    found: SystemTable = importlib.import_module(SYSTEMS[name]).TABLE
    return found
