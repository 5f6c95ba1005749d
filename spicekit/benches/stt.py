"""One STT-MRAM cell (1T1MTJ): read with its disturbance, and write through real drivers."""

from __future__ import annotations

import functools
from typing import Any, Literal

import numpy as np
from scipy.interpolate import PchipInterpolator

from spicekit.analysis import Analysis, DcAnalysis, TranAnalysis
from spicekit.bench import (
    Margin,
    Measure,
    Panel,
    VariationPoint,
    channel_length,
    channel_width,
    named_file,
    option,
    quantity,
    voltage,
)
from spicekit.benches.junction_parameters import JunctionParameters
from spicekit.benches.mtj import JunctionBench
from spicekit.benches.switching import switching
from spicekit.errors import UserError
from spicekit.measures import At, Integral, Python, i, v
from spicekit.physics.fokker_planck import FLOOR, populations
from spicekit.physics.macromodel import overdrive
from spicekit.waves import Array


class CellParameters(JunctionParameters):
    technology: str = named_file("ptm65", "CMOS technology: a shipped one or the path of a TOML file")
    w_access: float = channel_width(300e-9, "width of the access transistor", le=1e-5)
    l_access: float | None = channel_length(None, "its length; the technology's shortest if not given", le=1e-6)
    free_to: Literal["bl", "sl"] = option(
        "bl", "terminal of the free layer: bl (pinned layer on the transistor), or the transistor"
    )


class SttCell(JunctionBench):
    """What the benches of the cell share."""

    Parameters = CellParameters

    @property
    def l_access(self) -> float:
        """Length of the access transistor in metres."""
        return float(self.technology.l_min if self.p.l_access is None else self.p.l_access)

    def context(self) -> dict[str, Any]:
        return super().context() | {"l_access": self.l_access}


VARIED = ("v(ra_c0)", "v(tmr_c0)", "v(area_c0)")  # of the junction at risk


class ReadParameters(CellParameters):
    v_read: float = voltage(0.15, "bit-line voltage during a read", ge=1e-6, le=2)
    t_read: float = quantity(5e-9, "s", "time for which the read voltage is applied", ge=1e-12, le=1e-3)


class SttRead(SttCell):
    """DC read at a constant bit-line voltage; the current tells the state."""

    name = "stt-read"
    summary = "DC read of one 1T1MTJ cell: currents of both states, energy, read disturbance"
    template = "benches/stt-read.cir.j2"
    Parameters = ReadParameters
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

    def disturb(self, current: Array, ra: Array, tmr: Array, area: Array) -> Array:
        """Read-disturb probability for each current in A through a junction of that RA (ohm um2), TMR and relative area, from the
        Fokker-Planck equation: barrier and critical current go with the area, the current too, so that a larger junction keeps
        its state longer.

        The read current flows from BL to SL.  With the free layer at BL it favours P, so an antiparallel cell is at risk;
        with the free layer at the transistor a parallel one.
        """
        i, ra, tmr, area = np.broadcast_arrays(np.abs(current), ra, tmr, area)
        good = np.isfinite(i) & (ra > 0) & (tmr > 0) & (area > 0)
        found = np.full(i.shape, np.nan)
        drive = overdrive(self.junction.varied(ra[good], tmr[good], area[good]), i[good], self._at_risk)
        # linear in the barrier between fixed ones, an eighth of the nominal one apart: a trial's value is its own
        place = 8 * area[good]
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
    def _disturb_table(self, eighths: float) -> PchipInterpolator:
        """ln of the disturb probability over the overdrive, of a barrier of ``eighths`` of the nominal one: on a fixed grid.

        256 cells put it within 6 % of the limit of many; the current's own uncertainty moves it by orders of magnitude.
        """
        k = self.junction.numbers
        tau = np.array([self.p.t_read / k.tau_d])
        field = self.junction.field(self._at_risk)
        grid = (1 + field) * np.concatenate([np.linspace(0, 1, 9), np.linspace(1.25, 4, 12), [8.0]])
        delta = k.delta * eighths / 8
        flips = [float(populations(delta, drive, tau, field=field, cells=256)[1][0]) for drive in grid]
        # far above the critical current the cell flips for certain
        ends = np.log(np.maximum(flips, FLOOR)), np.log(max(flips[-1], 0.999))
        return PchipInterpolator(np.append(grid, 1e3), np.append(*ends))

    def margins(self) -> tuple[Margin, ...]:
        return (Margin("read", low="i_ap", high="i_p"),)


class WriteParameters(CellParameters):
    direction: Literal["ap-p", "p-ap"] = option("ap-p", "written state: antiparallel to parallel, or back")
    t_pulse: float = quantity(10e-9, "s", "length of the write pulse", gt=1e-11, le=1e-6)
    t_stop: float | None = quantity(None, "s", "end of the simulation; 2 ns after the pulse if not given", gt=1e-11, le=1e-5)
    w_driver: float = channel_width(2e-6, "width of the NMOS of the bit-line and source-line drivers; PMOS twice that", le=1e-4)
    v_wl: float | None = voltage(None, "word-line high level; the supply if not given", gt=0, le=5)
    c_line: float = quantity(30e-15, "F", "capacitance of the bit line, and of the source line", ge=0, le=1e-11)
    step: float | None = quantity(None, "s", "largest time step; 0.12 rad of the precession if not given", ge=1e-14, le=1e-9)


START = 0.5e-9  # the write pulse begins here, after the word line has risen


class SttWrite(SttCell):
    """A write pulse through the bit-line and source-line drivers and the access transistor.

    One direction has the transistor's source at ground, in the other it follows the junction's voltage: v_gs shows it.
    """

    name = "stt-write"
    summary = "write of one 1T1MTJ cell through its drivers: switching, energy, fraction not switched"
    template = "benches/stt-write.cir.j2"
    Parameters = WriteParameters

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.t_stop < START + self.p.t_pulse:
            raise UserError(
                f"bench '{self.name}': parameter t_stop: {self.t_stop:g} s given; allowed: at least "
                f"{START + self.p.t_pulse:g} s, the end of the write pulse"
            )

    @property
    def t_stop(self) -> float:
        """End of the simulation in seconds."""
        return float(START + self.p.t_pulse + 2e-9 if self.p.t_stop is None else self.p.t_stop)

    @property
    def v_wl(self) -> float:
        """Word-line high level in volts."""
        return float(self.vdd if self.p.v_wl is None else self.p.v_wl)

    @property
    def from_bl(self) -> bool:
        """Whether the write current flows from BL to SL."""
        return bool((self.p.direction == "ap-p") == (self.p.free_to == "bl"))

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "start": START,
            "end": START + self.p.t_pulse,
            "from_bl": self.from_bl,
            "v_wl": self.v_wl,
            "l_min": float(self.technology.l_min),
        }

    def points(self) -> tuple[VariationPoint, ...]:
        points = [*self.junction.points("c0"), *self.transistor("c0", self.p.w_access, self.l_access)]
        for line in ("bl", "sl"):
            points += self.transistor(f"{line}n", self.p.w_driver, self.technology.l_min)
            points += self.transistor(f"{line}p", 2 * self.p.w_driver, self.technology.l_min)
        return tuple(points)

    def analysis(self) -> Analysis:
        return TranAnalysis(
            save=(
                "v(mx)", "v(my)", "v(mz)", "v(wl)", "v(bl)", "v(sl)", "v(n0)", "i(vcell)",
                "i(vdd_bl)", "i(vdd_sl)", "i(vdd_wl)", "v(vdd)",
            ),
            # coarser than a switching time alone would have it: within 2e-3 of a ten times finer step (see the tests)
            step=2 * self.junction.step if self.p.step is None else self.p.step,
            stop=self.t_stop,
        )  # fmt: skip

    def measures(self) -> tuple[Measure, ...]:
        early, end = START + 0.3e-9, START + self.p.t_pulse
        cell, junction = abs(i("vcell")), abs(v("bl") - v("n0"))
        gate_source = v("wl") - (v("sl") if self.from_bl else v("n0"))
        e_wl = Integral(-i("vdd_wl")) * self.v_wl
        return (
            *switching(self.easy_axis, START, self.t_stop, "raise t_pulse or v_wl"),
            Measure("i_start", "A", "cell current 0.3 ns into the pulse", At(cell, early)),
            Measure("i_end", "A", "cell current at the end of the pulse", At(cell, end)),
            Measure("v_gs", "V", "gate-source voltage of the access transistor 0.3 ns into the pulse", At(gate_source, early)),
            Measure("v_mtj", "V", "voltage over the junction 0.3 ns into the pulse", At(junction, early)),
            Measure(
                "e_write",
                "J",
                "energy from all supplies for the whole write",
                Integral(-(i("vdd_bl") + i("vdd_sl"))) * self.vdd + e_wl,
            ),
            Measure("e_wl", "J", "of it, the word line's", e_wl),
        )

    def works(self) -> str:
        return "switched > 0.5"

    def panels(self) -> tuple[Panel, ...]:
        return (
            Panel("magnetisation", "", {"v(mx)": "m_x", "v(my)": "m_y", "v(mz)": "m_z"}),
            Panel("lines", "V", {"v(wl)": "WL", "v(bl)": "BL", "v(sl)": "SL", "v(n0)": "junction | transistor"}),
            Panel("cell current", "A", {"i(vcell)": "BL to SL"}),
        )
