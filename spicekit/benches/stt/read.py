"""Read of one STT-MRAM cell (1T1MTJ) with its disturbance."""

from __future__ import annotations

import functools
from typing import Any, Literal

import numpy as np
from scipy.interpolate import PchipInterpolator

from spicekit.analysis import Analysis, DcAnalysis
from spicekit.benches.stt.cell import V_READ, CellParameters, SttCell
from spicekit.measures import Python, i, v
from spicekit.measures.measure import Margin, Measure
from spicekit.parameters import quantity, voltage
from spicekit.physics.fokker_planck import FLOOR, populations
from spicekit.physics.macromodel import overdrive
from spicekit.point import VariationPoint
from spicekit.waves import Array

VARIED = ("v(ra_c0)", "v(tmr_c0)", "v(cd_c0)")  # of the junction at risk


class ReadParameters(CellParameters):
    v_read: float = voltage(V_READ, "bit-line voltage during a read", ge=1e-3, le=2)
    t_read: float = quantity(5e-9, "s", "time for which the read voltage is applied", ge=1e-12, le=1e-3)


class SttRead(SttCell[ReadParameters]):
    """DC read at a constant bit-line voltage; the current tells the state."""

    name = "stt-read"
    summary = "DC read of one 1T1MTJ cell: currents of both states, energy, read disturbance"
    template = "benches/stt-read.cir.j2"
    at_rest = True

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.junction.field(self._at_risk)  # one that the equation does not take is said now

    @property
    def _at_risk(self) -> Literal["p", "ap"]:
        """The state that the read current pulls at."""
        return "ap" if self.p.free_to == "bl" else "p"

    def points(self) -> tuple[VariationPoint, ...]:
        return (*self.junction.points("c0"), *self.transistor("c0", self.p.w_access, self.l_access))

    def analysis(self) -> Analysis:
        return DcAnalysis(save=("i(vbl_p)", "i(vbl_ap)", "v(n_p)", "v(n_ap)", *VARIED))

    def measures(self) -> tuple[Measure, ...]:
        current = {state: -i(f"vbl_{state}") for state in ("p", "ap")}
        volts = {state: self.p.v_read - v(f"n_{state}") for state in ("p", "ap")}
        r_p, r_ap = volts["p"] / current["p"], volts["ap"] / current["ap"]
        unit = self.p.v_read * self.p.t_read
        risk = f"i(vbl_{'ap' if self.p.free_to == 'bl' else 'p'})"
        disturb = Python(
            lambda waves: self.disturb(-waves(risk), *(waves(name) for name in VARIED)),
            (risk, *VARIED),
            f"Fokker-Planck equation of the trial's own junction at -{risk} for t_read",
        )
        return (
            Measure("i_p", "A", "bit-line current, cell parallel", current["p"]),
            Measure("i_ap", "A", "bit-line current, cell antiparallel", current["ap"]),
            Measure("di", "A", "read signal, i_p - i_ap", current["p"] - current["ap"]),
            Measure("v_mtj_p", "V", "voltage over the junction, parallel", volts["p"]),
            Measure("v_mtj_ap", "V", "voltage over the junction, antiparallel", volts["ap"]),
            Measure("r_p", "ohm", "junction resistance at its operating point, parallel", r_p),
            Measure("r_ap", "ohm", "junction resistance at its operating point, antiparallel", r_ap),
            Measure("tmr_read", "", "TMR at the operating points", r_ap / r_p - 1),
            Measure("e_p", "J", "energy from the bit line in t_read, parallel", current["p"] * unit),
            Measure("e_ap", "J", "energy from the bit line in t_read, antiparallel", current["ap"] * unit),
            Measure("disturb", "", "probability that one read flips the state which its current pulls at", disturb),
        )

    def disturb(self, current: Array, ra: Array, tmr: Array, cd: Array) -> Array:
        """Read-disturb probability for each current in A through a junction of that RA (ohm um2), TMR and relative diameter, from
        the Fokker-Planck equation: barrier and critical current go with the area, the current too, so that a larger junction
        keeps its state longer; less so than the area alone would say, since its anisotropy field is lower.

        The read current flows from BL to SL.  With the free layer at BL it favours P, so an antiparallel cell is at risk;
        with the free layer at the transistor a parallel one.
        """
        i, ra, tmr, cd = np.broadcast_arrays(np.abs(current), ra, tmr, cd)
        good = np.isfinite(i) & (ra > 0) & (tmr > 0) & (cd > 0)
        found = np.full(i.shape, np.nan)
        drive = overdrive(self.junction.varied(ra[good], tmr[good], cd[good]), i[good], self._at_risk)
        # linear in the diameter between fixed ones, a sixteenth of the nominal one apart: a trial's value is its own
        place = 16 * cd[good]
        below = np.floor(place)
        logarithm = np.empty(drive.shape)
        for step in np.unique(below):
            at = below == step
            share = place[at] - step
            lower, upper = max(step, 1.0), step + 1 if np.any(share) else max(step, 1.0)
            logarithm[at] = (1 - share) * self._disturb_table(lower)(drive[at]) + share * self._disturb_table(upper)(drive[at])
        found[good] = np.exp(logarithm)
        return found

    @functools.cache  # noqa: B019 - a bench lives as long as its run
    def _disturb_table(self, sixteenths: float) -> PchipInterpolator:
        """ln of the disturb probability over the overdrive, of a diameter of ``sixteenths`` of the nominal one, with the barrier
        and the anisotropy field of that size: on a fixed grid.  An applied field counts over the nominal anisotropy field.

        256 cells put it within 6 % of the limit of many; the current's own uncertainty moves it by orders of magnitude.
        """
        nominal, cd = self.junction, np.float64(sixteenths / 16)
        k = nominal.varied(np.float64(nominal.ra), np.float64(nominal.tmr), cd)
        delta, tau = float(k.delta), np.array([self.p.t_read / float(k.tau_d)])
        field = nominal.field(self._at_risk)
        grid = (1 + field) * np.concatenate([np.linspace(0, 1, 9), np.linspace(1.25, 4, 12), [8.0]])
        flips = [float(populations(delta, drive, tau, field=field, cells=256)[1][0]) for drive in grid]
        # far above the critical current the cell flips for certain
        ends = np.log(np.maximum(flips, FLOOR)), np.log(max(flips[-1], 0.999))
        return PchipInterpolator(np.append(grid, 1e3), np.append(*ends))

    def margins(self) -> tuple[Margin, ...]:
        return (Margin("read", low="i_ap", high="i_p"),)
