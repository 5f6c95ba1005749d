"""Nondestructive self-reference: the cell is its own reference, read twice with two currents (Chen et al., DATE 2010).

R_AP falls with the bias, R_P does not.  The first read's voltage V1, of ``i_read``, is stored; the second read has ``ratio``
times the current, and a divider gives alpha V2 of it.  With alpha a little above 1/ratio, V1 is above alpha V2 for AP and below
for P: of the cell's own resistance, whose spread is that of RA and diameter, only the roll-off is left.

That signal is a hundredth of the voltages.  A comparator with an offset would decide in the cell's place; here the auto-zeroed
amplifier (:mod:`spicekit.benches.sensing.auto_zero`) is zeroed with the first read, which is its store, and then has the divided
second one.  No reference, no line of one, and no write: the conventional scheme, which overwrites the cell and reads it again,
has the whole TMR as its signal, and for it two writes, their errors and energy, and a bit that is lost with the supply.  It
needs a junction that switches; these benches have one at rest.

``alpha`` is found by simulating (without mismatch, with the conditions of the bench): it puts 0 midway between the signals of
both states.  With ``source=voltage`` the line has ``v_in`` first and then the voltage of which alpha is ``v_mid``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, ClassVar

from spicekit.analysis import TranAnalysis
from spicekit.bench import Calibration, Panel, Simulate
from spicekit.benches.sensing.auto_zero import ZeroingSizes, zeroing_devices
from spicekit.benches.sensing.searched import Searched, SearchedParameters
from spicekit.benches.sensing.source import T_START, Sized
from spicekit.errors import UserError
from spicekit.measures import At, Largest, maximum, v
from spicekit.measures.measure import Margin, Measure
from spicekit.parameters import channel_width, quantity, voltage
from spicekit.point import VariationPoint
from spicekit.units import format_value

DECIMALS = 4  # of alpha: a netlist does not depend on the last digits of a machine
LINES = {"sl": "line", "div": "divided"}
INNER = {"in1": "in 1", "out1": "out 1", "out2": "out 2", "outn": "OUT+", "outp": "OUT-"}
TURNED = 0.85  # of t_window: the search moves the input; the latch must have the answer by then


class SelfReferenceParameters(SearchedParameters, ZeroingSizes):
    v_mid: float = voltage(0.12, "first read's voltage at which the decision shall turn", gt=0, le=2)
    v_source: float = voltage(0.0, "the cell's source line during the read", ge=0, le=2)
    t_zero: float = quantity(2e-9, "s", "before START: first read, both inverters at their switching points", ge=1e-11, le=1e-6)
    t_amplify: float = quantity(4e-9, "s", "from START, when the second read begins, until the answer", ge=1e-11, le=1e-6)
    t_window: float = quantity(5e-9, "s", "time in which the amplifier must decide", ge=1e-11, le=1e-6)
    ratio: float = quantity(3.0, "", "current of the second read over that of the first, i_read", ge=1.1, le=20)
    alpha: float | None = quantity(
        None, "", "the divider's; if not given 1/ratio, with source=cell midway between both states", gt=0.02, lt=0.98
    )
    r_divider: float = quantity(100e3, "ohm", "resistance of the divider, from the line down", gt=1e3, le=1e9)
    sigma_r: float = quantity(3e-3, "", "relative standard deviation of each of its resistors (poly, some 10 um2)", ge=0, le=1)
    c_divider: float = quantity(5e-15, "F", "wire of the divider's tap", ge=0, le=1e-11)
    w_pass: float = channel_width(2e-6, "width of the PMOS that let the second current onto the line, or past it", le=1e-4)


class SelfReference(Searched[SelfReferenceParameters]):
    name = "self-reference"
    summary = "nondestructive self-reference, two reads of one cell: decision, delay, offset, energy"
    template = "benches/self-reference.cir.j2"
    supplies: ClassVar = {
        "amplifier": "both inverters, from zeroing until the answer",
        "latch": "latch and output gates",
        "drive": "drivers of switches, inverters and the second read",
    }
    latch: ClassVar = ("outn", "outp")  # the amplifier compares the second read with the first: its 1 is the cell's 0
    scaled: ClassVar = ("w_driver", "w_amplify", "w_switch", "w_latch", "c_sample", "c_couple")
    noise_dt: ClassVar = 5e-12
    quiet: ClassVar = ("zero", "unzero", "sel", "unsel", "amp_", "hold_", "gate", "second", "steer", "pass", "dump")
    turned: ClassVar = TURNED

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.p.measure == "offset" and self.p.t_amplify > (TURNED - 0.05) * self.p.t_window * (1 + 1e-9):
            raise UserError(
                f"bench '{self.name}': parameter t_amplify: {self.p.t_amplify:g} s given; allowed with measure=offset: at most "
                f"{TURNED - 0.05:g} of t_window = {self.p.t_window:g} s"
            )
        if self.v_second > self.vdd:
            by = "ratio" if self.p.alpha is None else "alpha"
            raise UserError(
                f"bench '{self.name}': parameter v_mid: {self.p.v_mid:g} V given with {by} = {getattr(self.p, by):g}, "
                f"{self.v_second:g} V in the second read; allowed: at most vdd = {self.vdd:g} V there"
            )

    def calibrations(self) -> tuple[Calibration, ...]:
        if not self.cells or self.p.alpha is not None:
            return ()
        target = "the signals of P and AP are as far below 0 as above it, without mismatch"
        return (Calibration("alpha", "", "of the divider", target, self._reads, self._midway, parameter="alpha"),)

    def _reads(self) -> SelfReference:
        """Both states with another divider: its load on the line is the same."""
        return SelfReference(**self.p.model_dump() | {"alpha": 1 / self.p.ratio, "measure": "decision", "noise": "off"})

    def _midway(self, simulate: Simulate) -> float:
        alpha = 1 / self.p.ratio
        for _ in range(2):  # the divided voltages are linear in it but for what the amplifier's input takes
            found = simulate(alpha=alpha).measures
            first = [found[f"v_{tag}"] - self.v_bottom for tag in self.cells]
            divided = [found[f"v_{tag}"] - found[f"signal_{tag}"] - self.v_bottom for tag in self.cells]
            if not sum(divided) > 0:
                raise UserError(f"bench '{self.name}': parameter alpha: the reads find no solution: give alpha{self.because}")
            alpha = round(alpha * sum(first) / sum(divided), DECIMALS)
        return alpha

    @functools.cached_property
    def alpha(self) -> float:
        """What of the second read's voltage is compared with the first one's."""
        if self.p.alpha is not None:
            return self.p.alpha
        return self.calibrated("alpha") if self.cells else 1 / self.p.ratio

    @property
    def bottom(self) -> str:
        """Node at the divider's lower end."""
        return "source" if self.cells else "0"

    @property
    def v_bottom(self) -> float:
        return self.p.v_source if self.cells else 0.0

    @property
    def v_second(self) -> float:
        """Voltage of the second read of which the divider makes v_mid."""
        alpha = self.p.alpha or 1 / self.p.ratio
        return self.v_bottom + (self.p.v_mid - self.v_bottom) / alpha

    @property
    def t_on(self) -> float:
        """When the inverters are switched on, in seconds."""
        return T_START

    @property
    def t_start(self) -> float:
        return self.t_on + self.p.t_zero + self.p.t_skip

    @property
    def t_answer(self) -> float:
        """When the latch takes the answer, in seconds."""
        return self.t_start + self.p.t_amplify

    @property
    def edges_of_cells(self) -> bool:
        return bool(self.cells)

    @property
    def period(self) -> float:
        return self.p.t_window + self.t_start

    @property
    def gate_area(self) -> float:
        return sum(width * length for _, width, length in self.amplifier_devices().values())

    @property
    def inputs(self) -> dict[str, float]:
        return {}  # lines of its own, with two voltages

    def source_devices(self) -> dict[str, Sized]:
        more = {
            "ma": ("pmos", self.p.w_mirror * (self.p.ratio - 1), self.p.l_mirror),
            "pass": ("pmos", self.p.w_pass, self.technology.l_min),
            "dump": ("pmos", self.p.w_pass, self.technology.l_min),
        }
        return super().source_devices() | more

    def amplifier_devices(self) -> dict[str, Sized]:
        short = self.technology.l_min
        second: dict[str, Sized] = {}
        for driver in ("second", "steer"):
            second[f"{driver}_n"] = ("nmos", self.p.w_driver, short)
            second[f"{driver}_p"] = ("pmos", 2 * self.p.w_driver, short)
        return zeroing_devices(self.p, self.p.w_driver, short) | second

    def amplifier_points(self) -> tuple[VariationPoint, ...]:
        """Relative deviations of the divider's resistors."""
        return tuple(VariationPoint(name, "r", 0.0, "", sigma=self.p.sigma_r, low=-1.0) for name in ("r_top", "r_bottom"))

    def analysis(self) -> TranAnalysis:
        if self.p.measure == "offset":
            nodes = ("dv", "div_off", "out2_off", "outp_off", "outn_off", *(f"sl_{tag}" for tag in self.cells))
            return self.comparison(tuple(f"v({node})" for node in nodes), self.t_start + self.comparisons * self.period)
        inner = ("div", "zero1", "sel", "in1", "out1", "out2", "hold")
        save = (*self.decision_save(), *(f"v({node}_{tag})" for tag in self.amplifiers for node in inner))
        return self.comparison(save, self.t_off + self.p.t_recover)

    def spent(self) -> tuple[Measure, ...]:
        return self.energy_measures({})

    def measures(self) -> tuple[Measure, ...]:
        found = super().measures()
        if self.p.measure == "offset":
            return found
        names = {tag: (f"_{tag}", f", cell {tag.upper()}") if self.cells else ("", "") for tag in self.amplifiers}
        more: list[Measure] = []
        for tag, (name, which) in names.items():
            second, divided = (At(v(f"{node}_{tag}"), self.t_answer) for node in ("sl", "div"))
            more.append(Measure(f"v2{name}", "V", f"input at the end of the second read{which}", second))
            signal = At(v(f"sl_{tag}"), self.t_start) - divided
            more.append(Measure(f"signal{name}", "V", f"first read less alpha of the second{which}", signal))
        return (*found, *more)

    def kickback(self) -> Measure:
        """Until START: then the second read moves the input."""
        moved = [abs(line - At(line, self.t_on)) for line in (v(f"sl_{tag}") for tag in self.amplifiers)]
        return Measure(
            "kick", "V", "largest movement of the input before START", maximum(*(Largest(x, self.t_start) for x in moved))
        )

    def margins(self) -> tuple[Margin, ...]:
        return (Margin("read", low="signal_p", high="signal_ap"),) if self.cells and self.p.measure == "decision" else ()

    def notes(self, measures: Mapping[str, float]) -> tuple[str, ...]:
        if not measures.get("wrong", 0.0) > 0.5:
            return ()
        return (
            f"{self.name}: decided the other way: by its mismatch; or the latch takes the answer, "
            f"{format_value(self.p.t_amplify, 's')} after START, before the second read is through, as where channels "
            "are longer: raise t_amplify, and t_window with it",
        )

    def panels(self) -> tuple[Panel, ...]:
        if self.p.measure == "offset":
            inner = {"v(out2_off)": "second inverter", "v(outn_off)": "OUT+", "v(outp_off)": "OUT-"}
            return (Panel("applied", "V", {"v(dv)": "first read - v_mid"}), Panel("outputs", "V", inner))
        names = {"in": "", "p": " (P)", "ap": " (AP)"}
        first = next(iter(self.amplifiers))
        lines = {f"v({node}_{tag})": f"{text}{names[tag]}" for tag in self.amplifiers for node, text in LINES.items()}
        return (
            Panel("inputs", "V", lines),
            Panel("control", "V", {f"v({n}_{first})": t for n, t in (("zero1", "zero"), ("sel", "select"), ("hold", "hold"))}),
            *(
                Panel(f"amplifier{names[tag]}", "V", {f"v({node}_{tag})": text for node, text in INNER.items()})
                for tag in self.amplifiers
            ),
            Panel("supply", "A", {f"i(vdd_{name}_{first})": meaning for name, meaning in self.supplies.items()}),
        )
