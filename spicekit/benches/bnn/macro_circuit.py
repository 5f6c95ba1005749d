"""`stt-bnn-macro`: the row and the time-based amplifier behind it, from the word line to the decision.

The row of :mod:`spicekit.benches.bnn.array` is on for t_row; its sense node, which is the gate of the amplifier's M_ST
(:mod:`spicekit.benches.sensing.tbs`), is then isolated and lifted if asked for, and START opens the race between LOAD and the
delay line.  Meanwhile all bit lines are at V_L and the word line stays on: its fall would take SL below ground, and the
isolation switch would leak.  The line is trimmed so that the nominal amplifier decides halfway between the nominal row's
n/2 - 1 and n/2 matches; the window ends soon after its edge.

The floating gate moves: the drain of M_ST lifts it by some 45 mV when START rises and lets it fall with LOAD.  The trim
takes that up, and what is left, its spread, is in ``measure=offset`` (two copies of sense node and amplifier that share
every device, DELTA below and above the threshold).

``source=thevenin`` puts a voltage behind the row's resistance in the place of its cells: a fifth of the time.  It starts from
where the resting row's SL floats, 37 mV below V_L in 32 nm: at its gate M_ST is then hardly on, its drain keeps what it had, and
with V_L in its place LOAD came 5 % sooner.  The decision's
threshold differs by 0.1 LSB (n = 128; 0.2 LSB with boost 2), as much as the solver errs.

Solver: the largest step does not bind; ``chgtol`` as in tbs-sense, reltol 1e-4.  Against a 50 times smaller largest step at
reltol 1e-5, chgtol 1e-18 and trtol 1 (n = 128, 66 matches): times within 0.02 %, v_sl and v_sense within 10 uV, lead within
1e-4 (LSB/200), e_total within 0.05 % (e_sense and e_latch 0.4 %); n = 32 with boost 2: lead within 2e-3, e_total 0.13 %.
Offsets are 0.04 mV off without lifts and 0.2 mV with two, alike in the search for the trim, which takes that up.
"""

from __future__ import annotations

import functools
from typing import Any

from spicekit.analysis import LongTranAnalysis, TranAnalysis
from spicekit.benches.bnn.array import EDGE, LIFT_DELAY, SECTIONS, RowBench
from spicekit.benches.bnn.macro_parameters import MacroParameters
from spicekit.benches.noise import noise_context, noise_points, with_noise
from spicekit.benches.sensing.tbs import TbsSense, TbsSizes
from spicekit.point import VariationPoint
from spicekit.rails import check_rails

C_DRAIN = 0.3e-9  # F/m, of an access transistor's drain, with which whole rows and source=thevenin agree
DELTA = 5e-3  # V, measure=offset: distance of both inputs from the threshold
RESET = 0.05  # of the supply: LOAD and the delay line are reset when this close to where they start from
SUPPLIES = {"load": "precharge of LOAD", "latch": "inverters behind LOAD and the latch", "drive": "driver of START"}


class MacroCircuit(RowBench[MacroParameters]):
    """The row, the amplifier behind it, and what they are told when."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        check_rails(self.name, self.p, self.vdd, {"v_wl": self.v_wl} | ({"v_lift": self.p.v_lift} if self.p.boost else {}))

    @functools.cached_property
    def amplifier(self) -> TbsSense:
        """The bench of the amplifier alone: its transistors and their sizes."""
        p = self.p
        sizes = {name: getattr(p, name) for name in TbsSizes.model_fields}
        unused = {"trim": 0, "v_mid": min(self.vdd, 1.0)}
        return TbsSense(**sizes | unused | {"temperature": self.temperature}, w_driver=p.w_start)

    @functools.cached_property
    def v_mid(self) -> float:
        """SL at which the decision shall turn, in volts, to a microvolt."""
        return self.calibrated("v_mid") if self.p.v_mid is None else self.p.v_mid

    @functools.cached_property
    def trim(self) -> int:
        """Units of load on the delay line."""
        return int(self.calibrated("trim")) if self.p.trim is None else self.p.trim

    @property
    def trim_units(self) -> list[int]:
        """The same a stage: as evenly as whole units allow."""
        return [(self.trim + k) // self.p.stages for k in range(self.p.stages)]

    @functools.cached_property
    def t_window(self) -> float:
        """Time in which the amplifier must decide, in seconds."""
        if self.p.t_window is not None:
            return self.p.t_window
        t_delay = self.calibrated("t_delay")
        # mismatch moves the line by some 2 %; in an offset search LOAD of the lower input arrives later
        return round(2 * t_delay if self.p.measure == "offset" else 1.1 * t_delay + 0.5e-9, 12)

    @property
    def tags(self) -> tuple[str, ...]:
        """Copies of sense node and amplifier."""
        return ("lo", "hi") if self.p.measure == "offset" else ("in",)

    @functools.cached_property
    def inputs(self) -> dict[str, float]:
        """Voltages of source=thevenin: copy -> V."""
        if self.p.source == "row":
            return {}
        if self.p.measure == "offset":
            return {"lo": self.v_mid - DELTA, "hi": self.v_mid + DELTA}
        return {"in": self.calibrated("v_in") if self.p.v_in is None else self.p.v_in}

    @functools.cached_property
    def v_idle(self) -> float:
        """Voltage of source=thevenin before it is switched on."""
        if self.p.v_idle is not None:
            return self.p.v_idle
        return self.calibrated("v_idle") if self.p.access == "nmos" else self.p.v_low

    @property
    def r_row(self) -> float:
        """Resistance of the row in ohm, at zero bias."""
        g_cell = (1 + 1 / (1 + self.junction.tmr)) / self.junction.r_p
        return 1 / (self.p.n * g_cell)

    @property
    def c_row(self) -> float:
        """Capacitance of the source line in farad."""
        return self.p.n * (self.p.c_sl + 2 * C_DRAIN * self.p.w_access)

    @property
    def t_ready(self) -> float:
        """When START of the amplifier rises, in seconds."""
        return self.t_sample + LIFT_DELAY if self.p.isolation == "switch" and not self.p.boost else super().t_ready

    @property
    def t_from(self) -> float:
        """The middle of that edge."""
        return self.t_ready + EDGE / 2

    @property
    def t_off(self) -> float:
        """When START falls again, in seconds."""
        return self.t_ready + self.t_window

    def points(self) -> tuple[VariationPoint, ...]:
        points = (self.cell_points() if self.p.source == "row" else []) + self.sense_points()
        for name, (role, width, length) in self.amplifier.amplifier_devices().items():
            points += self.transistor(name, width, length, role)
        return (*points, *self.amplifier.amplifier_points(), *noise_points(self.p))

    def context(self) -> dict[str, Any]:
        devices = self.amplifier.amplifier_devices()
        noisy = [name for name in (*devices, "iso") if not name.startswith(TbsSense.quiet)]
        return (
            super().context()
            | noise_context(self.p, TbsSense.noise_dt, noisy)
            | {
                "dynamic": True,
                "cells": self.cells,
                "inputs": self.inputs,
                "tags": self.tags,
                "devices": devices,
                "t_release": self.t_off,
                "row_off": self.t_off if self.p.isolation == "none" else self.t_sample + 5 * EDGE,
                "line_end": f"sl_{self.p.n - 1}",
                "reset": RESET,
                "delta": DELTA,
                "supplies": tuple(SUPPLIES),
            }
        )

    def analysis(self) -> TranAnalysis:
        nodes = ["delayed"]
        currents = ["vdd_line"]
        for tag in self.tags:
            nodes += [f"{node}_{tag}" for node in ("sense", "load", "arrive", "q", "qb")]
            currents += [f"vdd_{name}_{tag}" for name in SUPPLIES]
        if self.p.measure == "decision":
            nodes += [f"d{k}" for k in range(self.p.stages)]
            currents += (["vctl"] if self.sense_devices() else []) + (["vlift_in"] if self.p.boost else [])
        if self.p.source == "row":
            nodes += [f"sl_{self.p.n - 1}", f"wl_{SECTIONS}", *(["matches"] if self.p.data == "trial" else [])]
            currents += ["vhigh", "vword", "vgate"]
        else:
            nodes += [f"sl_{tag}" for tag in self.tags]
        save = (*(f"v({node})" for node in nodes), *(f"i({source})" for source in currents))
        kind = LongTranAnalysis if self.p.source == "row" else TranAnalysis
        until = "done" if self.p.measure == "offset" else None  # else to its end: the energy is that of the whole operation
        # rshunt: near ff, hot and high supply ngspice finds some operating points only with it; it moves an arrival by 1e-6
        options = {"chgtol": 1e-16, "rshunt": 1e13}
        analysis = kind(save=save, step=500e-12, stop=self.t_off + self.p.t_recover, options=options, until=until)
        return with_noise(self.p, analysis)
