"""The conventional sense amplifier beside time-based sensing: a latch-type voltage comparator of equal total gate area.

A StrongARM comparator with output latch compares the input with a reference (:mod:`spicekit.benches.sensing.comparing`).
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from spicekit.analysis import TranAnalysis
from spicekit.bench import Panel
from spicekit.benches.sensing.comparing import Comparing, ComparingParameters
from spicekit.benches.sensing.source import T_START, Sized
from spicekit.benches.sensing.tbs import TbsSense
from spicekit.errors import UserError
from spicekit.parameters import channel_length, channel_width, option, quantity


class VsaParameters(ComparingParameters):
    inputs: Literal["pmos", "nmos"] | None = option(
        None, "type of the input pair; if not given pmos for v_mid below half the supply, nmos above"
    )
    gate_area: float | None = quantity(
        None,
        "m2",
        "total gate area, reached by the width of the inputs; that of tbs-sense at its defaults if not given",
        gt=0,
        le=1e-9,
    )
    l_input: float = channel_length(120e-9, "length of the input pair", le=1e-5)
    w_tail: float = channel_width(0.5e-6, "width of the tail transistor", le=1e-4)
    w_latch: float = channel_width(1e-6, "width of the cross-coupled NMOS; PMOS twice that", le=1e-4)
    l_latch: float = channel_length(65e-9, "length of both", le=1e-5)
    w_reset: float = channel_width(300e-9, "width of the reset transistors of the outputs", le=1e-4)


class VsaSense(Comparing[VsaParameters]):
    name = "vsa-sense"
    summary = "latch-type voltage sense amplifier of the same gate area: decision, delay, offset, energy"
    template = "benches/vsa-sense.cir.j2"
    supplies: ClassVar = {"amplifier": "comparator and output latch", "drive": "driver of the clock"}
    latch: ClassVar = ("outp", "outn")
    scaled: ClassVar = ("w_driver", "w_tail", "w_latch", "w_reset")
    held: ClassVar = "q"
    noise_dt: ClassVar = 5e-12
    quiet: ClassVar = ("clock", "hold")

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.w_input < self.technology.w_min:
            raise UserError(
                f"bench '{self.name}': parameter gate_area: {self.total_area:g} m2 leaves no room for the input pair: allowed: "
                f"above {self.others_area + 2 * self.technology.w_min * self.p.l_input:g} m2, the sum of what w_driver, w_tail, "
                "w_latch, l_latch, w_reset and l_input ask for"
            )

    @property
    def rising(self) -> bool:
        """Whether the inputs are NMOS and the clock rises to start."""
        return (self.p.v_mid > self.vdd / 2) if self.p.inputs is None else self.p.inputs == "nmos"

    def at_area(self, area: float) -> dict[str, float]:
        return super().at_area(area) | {"gate_area": area}  # the input pair takes what the others leave

    @property
    def total_area(self) -> float:
        """Total gate area asked for, in m2."""
        return TbsSense(technology=self.p.technology).gate_area if self.p.gate_area is None else self.p.gate_area

    @property
    def others_area(self) -> float:
        """Gate area of all transistors but the input pair, in m2."""
        return self.shared_area + sum(width * length for _, width, length in self.other_devices().values())

    @property
    def w_input(self) -> float:
        """Width of each input transistor in metres."""
        return (self.total_area - self.others_area) / (2 * self.p.l_input)

    def amplifier_devices(self) -> dict[str, Sized]:
        role = "nmos" if self.rising else "pmos"
        return {f"input_{side}": (role, self.w_input, self.p.l_input) for side in ("p", "n")} | self.other_devices()

    def other_devices(self) -> dict[str, Sized]:
        """All but the input pair; `near` and `series` transistors are of its type, the others of the other."""
        p, short, small = self.p, self.technology.l_min, self.technology.w_min
        near, far = ("nmos", "pmos") if self.rising else ("pmos", "nmos")
        wide = {"nmos": 1, "pmos": 2}
        found: dict[str, Sized] = {
            "tail": (near, p.w_tail, short),
            "clock_n": ("nmos", p.w_driver, short),
            "clock_p": ("pmos", 2 * p.w_driver, short),
        }
        for side in ("p", "n"):  # p is the side whose output is high for a 1
            found[f"near_{side}"] = (near, wide[near] * p.w_latch, p.l_latch)
            found[f"far_{side}"] = (far, wide[far] * p.w_latch, p.l_latch)
            found[f"resetx_{side}"] = (far, 2 * small, short)
            found[f"reset_{side}"] = (far, p.w_reset, short)
            for pin in ("a", "b"):  # of the output latch: series and parallel transistor of each input
                found[f"hold{pin}s_{side}"] = (near, 2 * wide[near] * small, short)
                found[f"hold{pin}p_{side}"] = (far, 2 * wide[far] * small, short)
        return found

    def context(self) -> dict[str, Any]:
        return super().context() | {"rising": self.rising}

    def analysis(self) -> TranAnalysis:
        if self.p.measure == "offset":
            nodes = ("dv", "clock_off", "outp_off", "outn_off", "q_off", *(f"sl_{tag}" for tag in self.cells))
            save: tuple[str, ...] = tuple(f"v({node})" for node in nodes)
            stop = T_START + self.comparisons * self.period
        else:
            save = (*self.decision_save(), *(f"v({node}_{tag})" for tag in self.amplifiers for node in ("clock", "ref")))
            save += self.reference_save()
            stop = self.t_off + self.p.t_recover
        return self.comparison(save, stop)

    def panels(self) -> tuple[Panel, ...]:
        if self.p.measure == "offset":
            return (
                Panel("applied", "V", {"v(dv)": "input - v_mid"}),
                Panel("outputs", "V", {"v(clock_off)": "clock", "v(outp_off)": "OUT+", "v(outn_off)": "OUT-", "v(q_off)": "Q"}),
            )
        names = {"in": "", "p": " (P)", "ap": " (AP)"}
        inputs = {f"v(sl_{tag})": f"input{names[tag]}" for tag in self.amplifiers}
        first = next(iter(self.amplifiers))
        return (
            Panel("inputs", "V", inputs | {f"v(ref_{first})": f"reference{names[first]}"}),
            *(
                Panel(
                    f"outputs{names[tag]}",
                    "V",
                    {f"v(clock_{tag})": "clock", f"v(outp_{tag})": "OUT+", f"v(outn_{tag})": "OUT-", f"v(q_{tag})": "Q"},
                )
                for tag in self.amplifiers
            ),
            Panel("supply", "A", {f"i(vdd_{name}_{first})": meaning for name, meaning in self.supplies.items()}),
        )
