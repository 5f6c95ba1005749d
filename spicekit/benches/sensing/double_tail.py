"""Double-tail sense amplifier: input pair and latch have a tail of their own each (Schinkel et al., ISSCC 2007).

Between reset and START two nodes hold both outputs; the input pair lets them go, the side with more current first, and what
opens first wins the latch.  So the pair's tail can be small, for a large gain of the first stage, and the latch's large, for its
speed; neither stage has more than two transistors between the rails beside its tail, and the input is two stages away from the
swing of the outputs.  What the transistors between the stages add to the offset counts by the first stage's gain.
"""

from __future__ import annotations

from typing import ClassVar

from spicekit.benches.sensing.clocked import ClockedPair, PairParameters
from spicekit.benches.sensing.source import Sized
from spicekit.parameters import channel_length, channel_width


class DoubleTailParameters(PairParameters):
    w_input: float = channel_width(13.5e-6, "width of each transistor of the input pair", le=1e-4)
    l_input: float = channel_length(120e-9, "length of the input pair", le=1e-5)
    w_tail: float = channel_width(0.5e-6, "width of the input pair's tail", le=1e-4)
    w_mid: float = channel_width(1.5e-6, "width of the NMOS, or half that of the PMOS, between the stages", le=1e-4)
    w_latch: float = channel_width(0.3e-6, "width of the cross-coupled NMOS; PMOS twice that", le=1e-4)
    l_latch: float = channel_length(130e-9, "length of both", le=1e-5)
    w_open: float = channel_width(0.4e-6, "width of the latch's tail", le=1e-4)
    w_reset: float = channel_width(500e-9, "width of the reset transistors of the first stage", le=1e-4)
    w_hold: float = channel_width(160e-9, "half the width of the output latch's NMOS; PMOS twice that", le=1e-4)


class DoubleTail(ClockedPair[DoubleTailParameters]):
    name = "double-tail"
    summary = "double-tail sense amplifier, input pair and latch in two stages: decision, delay, offset, energy"
    template = "benches/double-tail.cir.j2"
    supplies: ClassVar = {"amplifier": "both stages and output latch", "drive": "drivers of the clock"}
    scaled: ClassVar = ("w_driver", "w_input", "w_tail", "w_mid", "w_latch", "w_open", "w_reset", "w_hold")
    quiet: ClassVar = ("clock", "open", "hold")
    inner: ClassVar = {"dp": "D+", "dn": "D-"}

    def amplifier_devices(self) -> dict[str, Sized]:
        """`near` transistors are of the inputs' type, `far` ones of the other; p is the side whose output is high for a 1."""
        p, short = self.p, self.technology.l_min
        near, far = ("nmos", "pmos") if self.rising else ("pmos", "nmos")
        wide = {"nmos": 1, "pmos": 2}
        found: dict[str, Sized] = {"tail": (near, p.w_tail, short), "tail2": (far, p.w_open, short)}
        for driver in ("clock", "open"):
            found[f"{driver}_n"] = ("nmos", p.w_driver, short)
            found[f"{driver}_p"] = ("pmos", 2 * p.w_driver, short)
        for side in ("p", "n"):
            found[f"input_{side}"] = (near, p.w_input, p.l_input)
            found[f"reset_{side}"] = (far, p.w_reset, short)
            found[f"mid_{side}"] = (near, wide[near] * p.w_mid, short)
            found[f"near_{side}"] = (near, wide[near] * p.w_latch, p.l_latch)
            found[f"far_{side}"] = (far, wide[far] * p.w_latch, p.l_latch)
            found |= self.output_latch(side, far, near, p.w_hold)
        return found
