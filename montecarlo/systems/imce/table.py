"""The standard table of IMCE's 2T1R SOT cell in 45 nm: read, AND and OR, sense amplifier, write in both directions, area."""

from __future__ import annotations

from montecarlo.systems.compute import constants, layout
from montecarlo.systems.system import Part, SystemTable
from spicekit.area.rule import Rule
from spicekit.export.roles import SOT_2T1R
from spicekit.technology import load_technology

TECHNOLOGY = load_technology("ptm45")
RULE = Rule(TECHNOLOGY)
VDD = TECHNOLOGY.vdd
W_READ, W_WRITE = 150e-9, 540e-9  # m
I_READ, I_LOGIC = 7e-6, 10e-6  # A
T_SENSE = 1e-9  # s, for which the DC benches count the read current's energy
V_WRITE, T_PULSE = 0.135, 1e-9  # V, s
CELL = {"technology": "ptm45", "w_read": W_READ, "w_write": W_WRITE}
COLUMN = CELL | {"i_read": I_READ}
SENSED = COLUMN | {"i_logic": I_LOGIC}
WRITE = CELL | {"device": "imce-45nm", "v_write": V_WRITE, "t_pulse": T_PULSE, "rails": "pump"}
AROUND = ("vdd", "temperature", "corner")  # the rail's current does not pass the barrier: writing does not depend on TMR
LOGIC = ("margin_read", "margin_and", "margin_or", "e_read", "e_and", "e_or")

TABLE = SystemTable(
    name="sot-2t1r",
    cell=SOT_2T1R,
    summary="2T1R SOT-MRAM cell with in-memory logic (IMCE), 45 nm: read, AND, OR, sensing, write",
    over={
        "tmr": (1.0, 1.5, 2.0, 2.5, 3.0),
        "vdd": tuple(round(factor * VDD, 6) for factor in (0.9, 1.0, 1.1)),
        "temperature": (-40.0, 27.0, 85.0),
        "corner": ("tt", "ff", "ss"),
    },
    nominal={"tmr": 2.5, "vdd": VDD, "temperature": 27.0, "corner": "tt", "fan_in": 2},
    parts=(
        Part("read", "sot-read", COLUMN | {"t_sense": T_SENSE}, trials=500),
        Part("logic", "sot-logic", SENSED | {"t_sense": T_SENSE}, own={"fan_in": range(2, 7)}, trials=500, measures=LOGIC),
        Part("sense_read", "sot-sense", SENSED | {"operation": "read"}, trials=20),
        Part("sense_and", "sot-sense", SENSED | {"operation": "and"}, trials=20),
        Part("sense_or", "sot-sense", SENSED | {"operation": "or"}, trials=20),
        Part("sense", "sot-sense", SENSED | {"measure": "offset"}, over=AROUND, trials=20, measures=("offset", "in_range")),
        Part("set", "sot-write", WRITE | {"direction": "ap-p"}, over=AROUND, trials=20),
        Part("reset", "sot-write", WRITE | {"direction": "p-ap"}, over=AROUND, trials=20),
    ),
    computed=(
        layout(RULE, RULE.sot_cell(W_READ, W_WRITE, TECHNOLOGY.l_min), W_READ),
        constants(
            {
                "i_read": (I_READ, "A", "current into RBL of a read"),
                "i_logic": (I_LOGIC, "A", "current into RBL for AND and OR"),
                "t_sense": (T_SENSE, "s", "time for which it flows in read_e_* and logic_e_*"),
                "t_pulse": (T_PULSE, "s", "length of the write pulse"),
                "v_write": (V_WRITE, "V", "magnitude of V_WP and V_WN on WBL"),
            }
        ),
    ),
)
