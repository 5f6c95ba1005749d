"""Parameters that the integrate-and-fire neurons share: the train, the row behind its source line, sizes, trims."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import field_validator, model_validator

from spicekit.benches.noise import ThermalNoise
from spicekit.designs import Designed
from spicekit.devices.spread import DEFAULT, Spread
from spicekit.parameters import BenchParameters, channel_length, channel_width, named_file, option, quantity, voltage
from spicekit.physics.quantities import LEAST_BIAS
from spicekit.rails import RailSupply

Kind = Literal["real", "ideal"]
GROUPS = ("phases", "switches", "amplifier", "subtractor", "comparator")


# real-row: what `stt-bnn-row` has by its defaults, for 128 rows: access transistors, 24 ohm between either rail and the row (bit
# lines with their drivers), and junctions whose TMR falls with their bias; compared in tests/spicekit/benches/test_neuron_row.py
DESIGNS: Mapping[str, Mapping[str, Any]] = {
    "ideal-row": {},
    "real-row": {"r_access": 2.5e3, "r_lines": 7.0e3, "roll_off": "on"},
}


class NeuronParameters(Designed, BenchParameters, ThermalNoise, RailSupply):
    DESIGNS: ClassVar = DESIGNS
    design: Literal["ideal-row", "real-row"] = option(
        "ideal-row", "named design: a row on ideal rails, of junctions without roll-off; or as stt-bnn-row simulates it"
    )
    technology: str = named_file("ptm65", "CMOS technology: a shipped one or the path of a TOML file")
    frequency: float = quantity(285e6, "Hz", "time steps a second", ge=1e5, le=2e9)
    steps: int = quantity(8, "", "time steps T of a train", ge=1, le=4096)
    measure: Literal["train", "linearity", "threshold"] = option(
        "train", "T steps; or step, INL, leak and rho, firing disabled; or the threshold of the comparator"
    )
    n1: str | None = option(None, "matches of each step, separated by commas; drawn for each step and trial if not given")
    weights: str | None = option(None, "the synapses' weights, a character 1 (+1) or 0 (-1) each; with spikes, in place of n1")
    spikes: str | None = option(None, "input spikes, for each step a word like weights, separated by commas")
    p_match: float = quantity(0.5, "", "probability of a match, where matches are drawn", gt=0, lt=1)
    seed: int = quantity(1, "", "seed of the drawn matches of a nominal run", ge=0, le=2**31)
    rho: int = quantity(140, "", "subtracted in each step, in matches", ge=0, le=512)
    integrate: int = quantity(0, "", "first steps in which firing is disabled", ge=0, le=4096)
    floor: float = quantity(-math.inf, "", "lowest membrane of the ideal neuron that trains are compared with", le=0)
    span: int = quantity(64, "", "linearity is measured for rho - span to rho + span matches", ge=8, le=256)

    synapses: int = quantity(288, "", "products of the row, N", ge=8, le=512)
    row: Literal["closed-form", "table", "cells"] = option(
        "closed-form", "V_SL: divider of the junctions, row_table, or every cell of the row in the netlist"
    )
    row_table: str | None = named_file(
        None, "CSV file with a line n1,v_sl for each number of matches: V_SL of row=table, what row=cells is referred to"
    )
    v_high: float = voltage(0.6, "rail V_H of the row", gt=0, le=5)
    v_low: float = voltage(0.2, "rail V_L of the row", ge=1e-9, le=5)
    ra: float = quantity(100.0, "ohm um2", "resistance-area product of the junctions", ge=0.1, le=1e5)
    tmr: float = quantity(2.5, "", "TMR (250% or 2.5)", gt=0, le=20)
    diameter: float = quantity(60e-9, "m", "diameter of the junctions", gt=0, le=1e-6)
    r_access: float = quantity(3e3, "ohm", "resistance of each access transistor", ge=0, le=1e6)
    r_lines: float = quantity(
        0.0, "ohm", "row=closed-form: resistance of a bit line with its driver, as much of it as is a row's", ge=0, le=1e6
    )
    roll_off: Literal["off", "on"] = option("off", "row=closed-form: TMR of junctions at half of the row's voltage, by v_half")
    v_half: float = quantity(0.5, "V", "bias at which TMR is halved (row=cells, roll_off=on), inf: none", ge=LEAST_BIAS)
    w_access: float = channel_width(300e-9, "width of the access transistors (row=cells, word_line=toggle)", le=1e-5)
    r_sl: float = quantity(0.3, "ohm", "row=cells: resistance of SL a cell", ge=1e-3, le=1e4)
    c_sl: float = quantity(0.1e-15, "F", "row=cells: wire capacitance of SL a cell", ge=0, le=1e-12)
    sigma_ra: float = quantity(DEFAULT.ra, "", "relative local sigma of RA, for the default sigma of V_SL", ge=0, le=0.3)
    sigma_tmr: float = quantity(DEFAULT.tmr, "", "relative local sigma of TMR, for the default sigma of V_SL", ge=0, le=0.3)
    sigma_cd: float = quantity(
        DEFAULT.cd, "", "relative local sigma of the diameter, for the default sigma of V_SL", ge=0, le=0.3
    )

    word_line: Literal["static", "toggle"] = option(
        "static", "word line of the row: always on, the bit lines alone switch; or on while V_SL is taken"
    )
    rows: int = quantity(128, "", "rows of the array, which share the drivers of the bit lines", ge=1, le=4096)
    w_driver: float = channel_width(20e-6, "width of the NMOS of a bit line's driver; PMOS twice that", le=1e-3, least=4)
    w_word: float = channel_width(4e-6, "width of the NMOS of the word line's driver; PMOS twice that", le=1e-3)
    c_bl: float = quantity(0.1e-15, "F", "wire capacitance of BL a row", ge=0, le=1e-12)
    c_word: float = quantity(0.1e-15, "F", "wire capacitance of WL a cell", ge=0, le=1e-12)

    subtract: int = quantity(8, "", "what M_s5 subtracts of rho, in matches; V_ref holds the rest", ge=1, le=288)
    c_s: float = quantity(100e-15, "F", "sampling capacitor", ge=1e-17, le=1e-11)
    c_1: float = quantity(50e-15, "F", "capacitor of the membrane", ge=1e-17, le=1e-11)
    c_2: float | None = quantity(None, "F", "capacitor of rho; from `subtract` if not given", ge=1e-17, le=1e-11)
    c_c: float = quantity(20e-15, "F", "from the amplifier's output to the comparator", ge=1e-17, le=1e-11)
    c_density: float = quantity(2e-3, "F/m2", "capacitance an area, for the mismatch of capacitors", gt=0, le=1)
    i_amp: float = quantity(80e-6, "A", "current of the amplifier", gt=0, le=1e-2)
    i_replica: float = quantity(0.3e-6, "A", "current at which the replica of M_s5 sets its gate", gt=0, le=1e-3)
    w_amp: float = channel_width(6e-6, "width of the amplifier's NMOS", le=1e-4, least=28)
    w_load: float = channel_width(6e-6, "width of its PMOS", le=1e-4, least=40)
    l_amp: float = channel_length(100e-9, "length of both", le=1e-5)
    w_s5: float = channel_width(1e-6, "width of M_s5", le=1e-4)
    l_s5: float = channel_length(400e-9, "length of M_s5", le=1e-5)
    w_switch: float = channel_width(1e-6, "width of a switch", le=1e-4)
    w_inverter: float = channel_width(300e-9, "width of the NMOS of the comparator's inverters; PMOS twice that", le=1e-4)
    l_inverter: float = channel_length(100e-9, "their length", le=1e-5)
    neurons: int = quantity(16, "", "neurons that share the phase generator and the bias branches", ge=1, le=4096)

    trim_bits: int = quantity(
        0,
        "",
        "bits by which each neuron trims its threshold, a step each before the first: it compares a known membrane",
        ge=0,
        le=8,
    )
    trim_step: float = quantity(0.25, "", "matches by which the lowest of these bits moves the threshold", gt=0, le=16)

    components: Kind = option("real", "transistors, or ideal components, where the five below do not say otherwise")
    phases: Kind | None = option(None, "phase generator")
    switches: Kind | None = option(None, "switches")
    amplifier: Kind | None = option(None, "amplifier and its bias")
    subtractor: Kind | None = option(None, "M_s5 and its bias")
    comparator: Kind | None = option(None, "comparator, latch and reset logic")
    trim_gain: float | None = quantity(
        None, "", "membrane step over LSB C_S / C_1; that of the default design if not given", ge=0.1, le=10
    )
    trim_rho: float | None = quantity(None, "", "matches by which V_ref is moved; likewise", ge=-100, le=100)
    trim_theta: float | None = quantity(None, "", "matches by which the threshold is moved; likewise", ge=-100, le=100)
    trim_start: float | None = quantity(
        None, "", "matches by which the first step, which starts from an operating point, is too large; likewise", ge=-100, le=100
    )
    hold_ratio: float | None = quantity(
        None, "", "PMOS over NMOS of the switch between C_1 and the amplifier's output; likewise", ge=0.05, le=10
    )
    theta: int = quantity(16, "", "threshold in matches: a spike if u > theta", ge=-128, le=127)

    @field_validator("n1", mode="before")
    @classmethod
    def _as_text(cls, given: Any) -> Any:
        """A sequence of numbers, from Python, becomes text."""
        if isinstance(given, list | tuple | np.ndarray):
            return ",".join(str(value) for value in np.asarray(given).tolist())
        return given

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.v_low >= self.v_high:
            raise ValueError(f"v_low: {self.v_low:g} V given; allowed: below v_high, {self.v_high:g} V")
        if self.rho > self.synapses:
            raise ValueError(f"rho: {self.rho} given; allowed: 0 to {self.synapses}, the number of synapses")
        if self.n1 is not None:
            words = self.n1.split(",")
            if len(words) != self.steps:
                raise ValueError(f"n1: {len(words)} numbers given; allowed: {self.steps}, one a step")
            for word in words:
                if not (word.strip().isdecimal() and int(word) <= self.synapses):
                    raise ValueError(f"n1: '{word}' given; allowed: whole numbers from 0 to {self.synapses}, separated by commas")
        self._check_pattern()
        if self.row == "table" and self.row_table is None:
            raise ValueError("row_table: none given; row=table needs a file")
        if self.row == "closed-form" and self.row_table is not None:
            raise ValueError("row_table: given with row=closed-form; allowed: with row=table or row=cells")
        if self.row == "cells" and self.trim_bits:
            raise ValueError(f"trim_bits: {self.trim_bits} given with row=cells; allowed: 0, the trim needs a half match")
        if self.row == "cells" and self.measure == "threshold":
            raise ValueError(
                "row: cells given with measure=threshold; allowed: closed-form or table, the search needs half matches"
            )
        return self

    @property
    def spread(self) -> Spread:
        """Of the junctions."""
        return Spread(ra=self.sigma_ra, tmr=self.sigma_tmr, cd=self.sigma_cd)

    def _check_pattern(self) -> None:
        if (self.weights is None) != (self.spikes is None):
            raise ValueError(
                f"{'spikes' if self.weights is None else 'weights'}: given alone; allowed: weights and spikes together"
            )
        if self.weights is None or self.spikes is None:
            return
        if self.n1 is not None:
            raise ValueError("n1: given with weights and spikes; allowed: one of them")
        words = self.spikes.split(",")
        if len(words) != self.steps:
            raise ValueError(f"spikes: {len(words)} words given; allowed: {self.steps}, one a step")
        for name, word in (("weights", self.weights), *(("spikes", word) for word in words)):
            if len(word) != self.synapses or set(word) - set("01"):
                shown = word if len(word) <= 20 else f"{word[:20]}... ({len(word)} characters)"
                raise ValueError(f"{name}: '{shown}' given; allowed: {self.synapses} characters, each 0 or 1")
