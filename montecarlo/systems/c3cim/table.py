"""The standard table of C3CIM's column of 64 cells in 45 nm: linearity, errors of the count, settling and energy, by memory.

``count`` holds the decoded count's error against n_hrs with all cells selected; with fewer, the spread of the cells in LRS that
are not there is missing (``random`` has drawn inputs to compare with).  At the column currents of the table all memories
have headroom; at several times as much, which a junction's small step asks for, those of 100 kohm need more than the supply.
"""

from __future__ import annotations

import xarray as xr

from montecarlo.systems.compute import constants
from montecarlo.systems.system import Part, SystemTable
from spicekit.export.roles import Macro, Operation
from spicekit.technology import load_technology

TECHNOLOGY = load_technology("ptm45")
VDD = TECHNOLOGY.vdd
CELLS = 64
T_MAC = 1.4e-6  # s, in which the slowest memory settles
COLUMN = {"technology": "ptm45", "n": CELLS, "t_mac": T_MAC}
ERRORS = ("wrong", "error")
AROUND = ("device", "vdd", "temperature", "corner")


def settled(simulated: xr.Dataset) -> xr.Dataset:
    """``e_mac_settled`` in J: a MAC that lasts ``settle_t_settle``, its currents for that long and its rows as simulated."""
    current = simulated["settle_e_column"] + simulated["settle_e_driver"]
    energy = current * simulated["settle_t_settle"] / T_MAC + simulated["settle_e_gates"]
    meaning = "energy of a MAC of t_settle: currents scaled to it, rows with the leakage of t_mac"
    return xr.Dataset({"e_mac_settled": energy.assign_attrs(units="J", long_name=meaning)})


TABLE = SystemTable(
    name="c3cim",
    summary="constant-current column of 64 2T1R resistive cells (C3CIM), 45 nm: linearity, count errors, settling, energy",
    over={
        "device": ("rram-hfo2", "fefet-like", "stt-bnn-65nm"),
        "i_col": (30e-9, 50e-9, 70e-9),
        "vdd": tuple(round(factor * VDD, 6) for factor in (0.9, 1.0, 1.1)),
        "temperature": (-40.0, 27.0, 125.0),
        "corner": ("tt", "ff", "ss"),
    },
    nominal={"device": "rram-hfo2", "i_col": 50e-9, "vdd": VDD, "temperature": 27.0, "corner": "tt", "n_hrs": 32},
    parts=(
        Part(
            "line",
            "c3cim-column",
            COLUMN | {"transfer": 16},
            own={"placement": ("first", "last")},
            measures=("step", "inl", "usable", "bend", "i_loss"),
        ),
        Part("settle", "c3cim-settle", COLUMN),
        # squares: sigma grows as the root of n_hrs
        Part(
            "count",
            "c3cim-column",
            COLUMN,
            over=("device", "i_col"),
            own={"n_hrs": (0, 4, 16, 36, 64)},
            trials=300,
            measures=ERRORS,
        ),
        Part("uniform", "c3cim-column", COLUMN | {"data": "uniform"}, over=AROUND, trials=40, measures=ERRORS),
        Part("random", "c3cim-column", COLUMN | {"data": "random"}, over=("device",), trials=60, measures=ERRORS),
    ),
    macro=Macro(
        operations={
            "column_mac": Operation(
                meaning="a column counts the cells in LRS among those selected, up to its voltage; the read-out is not in it",
                cells=CELLS,
                energy="e_mac_settled",
                latency="settle_t_settle",
            )
        }
    ),
    computed=(settled, constants({"t_mac": (T_MAC, "s", "length of a MAC, for settle_e_column and settle_e_driver")})),
)
