"""What the variables of a table are of one memory cell, or of a macro that computes: recorded with the table for the formats.

A system says them with its table (``SystemTable.cell``, ``.macro``); an exporter knows no system.
"""

from __future__ import annotations

from typing import Literal

from spicekit.records import Record

Sense = Literal["read", "and", "or"]


class Write(Record):
    """One direction of writing; the values are names of variables."""

    current: tuple[str, ...]  # A; where it changes during the pulse both ends, of which the larger counts
    energy: str  # J
    switched: str  # share of the pulses that switched the cell; the table may be without
    error: str | None = None  # probability that a write fails, with heat; None: nothing says it


class Roles(Record):
    """Names of a table's variables, or of its coordinates, by what they are of its cell.  Pairs: parallel, antiparallel."""

    terminals: Literal[2, 3]
    forced: Literal["voltage", "current"]  # in a read; the other one is sensed
    v_read: str  # V; of a read by a current the voltage that a parallel cell takes
    i_read: str  # A; of a read by a voltage the current of a parallel cell
    t_read: str  # s, in which the energy of a read is spent
    sensed: tuple[str, str]
    resistance: tuple[str, str] = ("read_r_p", "read_r_ap")  # ohm, of the junction in the read
    current: str = "read_i_p"  # A, through a parallel junction in the read
    junction: str = "read_v_mtj_p"  # V, over a parallel junction in the read; the table may be without
    e_read: tuple[str, str] = ("read_e_p", "read_e_ap")  # J
    settle: tuple[tuple[str, str], str] | None = None  # J, s: a read through drivers and lines; the table may be without
    leak: str = "cell_leak"  # W, of an idle cell; the table may be without
    set: Write  # to parallel
    reset: Write  # to antiparallel
    v_write: str  # V; the table may be without
    t_pulse: str = "t_pulse"  # s, of a write
    disturb: str = "read_disturb"  # probability that a read turns the state; the table may be without
    mistake: str = "sense_read_error"  # share of reads that the sense amplifier answers wrongly or late; may be without
    senses: dict[Sense, tuple[str, str]] = {}  # noqa: RUF012 - operation -> energy in J, latency in s, sense amplifier included
    offset: str = "sense_offset"  # of the sense amplifier, in what is sensed; the table may be without
    offset_count: str = "sense_count"
    area: str = "cell_area"  # F^2
    aspect_ratio: str = "cell_aspect_ratio"  # the table may be without
    access_width: str = "access_width"  # F
    feature_size: str = "feature_size"  # m


class Operation(Record):
    """What one row, column or neuron does at once; names of variables or coordinates."""

    meaning: str
    cells: str | int  # that take part, one multiplication each: their number, or what holds it
    energy: str  # J
    latency: str  # s; with 1/ before it a frequency in Hz


class Macro(Record):
    """Operations of a compute-in-memory macro by the name of the action that they are for other tools."""

    operations: dict[str, Operation]


STT_1T1MTJ = Roles(
    terminals=2,
    forced="voltage",
    v_read="v_read",
    i_read="read_i_p",
    t_read="t_read",
    sensed=("read_i_p", "read_i_ap"),
    settle=(("settle_e_p", "settle_e_ap"), "settle_t_settle"),
    set=Write(current=("set_i_start", "set_i_end"), energy="set_e_write", switched="set_switched", error="wer_set"),
    reset=Write(current=("reset_i_start", "reset_i_end"), energy="reset_e_write", switched="reset_switched", error="wer_reset"),
    v_write="vdd",
)

SOT_2T1R = Roles(
    terminals=3,
    forced="current",
    v_read="read_v_p",
    i_read="i_read",
    t_read="t_sense",
    sensed=("read_v_p", "read_v_ap"),
    set=Write(current=("set_i_write",), energy="set_e_write", switched="set_switched"),
    reset=Write(current=("reset_i_write",), energy="reset_e_write", switched="reset_switched"),
    v_write="v_write",
    senses={
        "read": ("sense_read_e_total", "sense_read_t_sense"),
        "and": ("sense_and_e_total", "sense_and_t_sense"),
        "or": ("sense_or_e_total", "sense_or_t_sense"),
    },
)

BY_SYSTEM = {"stt-1t1mtj": STT_1T1MTJ, "sot-2t1r": SOT_2T1R}
"""Roles in tables that were written before these were recorded with them."""

NOMINAL_BY_SYSTEM = {"sot-2t1r": {"fan_in": 2}}
"""What tables from before their operating point was recorded take where the middle of the grid is not meant."""
