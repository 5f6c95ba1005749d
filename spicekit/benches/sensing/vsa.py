"""The conventional sense amplifier beside time-based sensing: a latch-type voltage comparator of equal total gate area.

A StrongARM comparator with output latch compares the input with a reference (:mod:`spicekit.benches.sensing.comparing`).
"""

from __future__ import annotations

from typing import Any, ClassVar

from spicekit.benches.sensing.clocked import ClockedPair, PairParameters
from spicekit.benches.sensing.source import Sized
from spicekit.benches.sensing.tbs import TbsSense
from spicekit.errors import UserError
from spicekit.parameters import channel_length, channel_width, quantity


class VsaParameters(PairParameters):
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


class VsaSense(ClockedPair[VsaParameters]):
    name = "vsa-sense"
    summary = "latch-type voltage sense amplifier of the same gate area: decision, delay, offset, energy"
    template = "benches/vsa-sense.cir.j2"
    supplies: ClassVar = {"amplifier": "comparator and output latch", "drive": "driver of the clock"}
    scaled: ClassVar = ("w_driver", "w_tail", "w_latch", "w_reset")
    quiet: ClassVar = ("clock", "hold")

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.w_input < self.technology.w_min:
            raise UserError(
                f"bench '{self.name}': parameter gate_area: {self.total_area:g} m2 leaves no room for the input pair: allowed: "
                f"above {self.others_area + 2 * self.technology.w_min * self.p.l_input:g} m2, the sum of what w_driver, w_tail, "
                "w_latch, l_latch, w_reset and l_input ask for"
            )

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
            found |= self.output_latch(side, near, far, small)
        return found
