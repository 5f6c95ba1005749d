"""The standard table of the 1T1MTJ cell in 65 nm: read, write in both directions, settling, write error rate, area."""

from __future__ import annotations

import numpy as np

from montecarlo.systems.compute import constants, layout, write_errors
from montecarlo.systems.system import Part, System, SystemTable
from spicekit.area.rule import Rule
from spicekit.benches.stt.cell import V_READ
from spicekit.export.roles import STT_1T1MTJ
from spicekit.technology import load_technology

TECHNOLOGY = load_technology("ptm65")
RULE = Rule(TECHNOLOGY)
VDD = TECHNOLOGY.vdd
W_ACCESS = 300e-9  # m
T_READ = 5e-9  # s
T_PULSE = 10e-9  # s
CELL = {"device": "stt-bnn-65nm", "technology": "ptm65", "w_access": W_ACCESS}
READ = CELL | {"v_read": V_READ, "t_read": T_READ}
WRITE = CELL | {"t_pulse": T_PULSE}
NOMINAL = {"tmr": 2.5, "vdd": VDD, "temperature": 27.0, "corner": "tt"}

TABLE = SystemTable(
    name="stt-1t1mtj",
    cell=STT_1T1MTJ,
    summary="1T1MTJ STT-MRAM cell, 65 nm: read, write, settling, write error rate",
    over={
        "tmr": (1.0, 1.5, 2.0, 2.5, 3.0),
        "vdd": tuple(round(factor * VDD, 6) for factor in (0.9, 1.0, 1.1)),
        "temperature": (-40.0, 27.0, 85.0),
        "corner": ("tt", "ff", "ss"),
    },
    nominal=NOMINAL | {"pulse": T_PULSE},
    parts=(
        Part("read", "stt-read", READ, trials=500),
        Part("settle", "stt-settle", READ, trials=20),
        Part("set", "stt-write", WRITE | {"direction": "ap-p"}, trials=20),
        Part("reset", "stt-write", WRITE | {"direction": "p-ap"}, trials=20),
    ),
    computed=(
        write_errors("stt-bnn-65nm", np.round(np.arange(1e-9, 30.01e-9, 0.25e-9), 12), NOMINAL),
        layout(RULE, RULE.stt_cell(W_ACCESS, TECHNOLOGY.l_min), W_ACCESS),
        constants(
            {
                "v_read": (V_READ, "V", "bit-line voltage of a read"),
                "t_read": (T_READ, "s", "time for which it is applied"),
                "t_pulse": (T_PULSE, "s", "length of the write pulse"),
            }
        ),
    ),
)

SYSTEM = System(TABLE.name, TABLE)
