"""The transistors of a neuron that have mismatch."""

from __future__ import annotations

from spicekit.benches.neurons.parameters import NeuronParameters
from spicekit.technology import Technology

SWITCHES = ("ref", "take", "az", "hold", "zero", "empty", "sub")  # devices without a variation of their current factor


def devices(p: NeuronParameters, technology: Technology, hold_ratio: float) -> dict[str, tuple[str, float, float]]:
    """Name -> type, width and length in metres.

    With ``hold_ratio``, PMOS over NMOS, what C_1's switch injects after a reset is what it injects in any step, and the trim of
    rho covers it.
    """
    short, small, w = technology.l_min, 2 * technology.w_min, p.w_switch
    found = {
        "amp": ("nmos", p.w_amp, p.l_amp),
        "ampc": ("nmos", p.w_amp, p.l_amp),
        "load": ("pmos", p.w_load, p.l_amp),
        "loadc": ("pmos", p.w_load, p.l_amp),
        "s5": ("nmos", p.w_s5, p.l_s5),
        "ref": ("nmos", w, short),
        "empty": ("nmos", small, short),
        "sub": ("nmos", small, short),
    }
    for gate, width, ratio in (("take", w, 1.0), ("az", 1.5 * w, 1.0), ("hold", w, hold_ratio), ("zero", small, 1.0)):
        found[f"{gate}_n"] = ("nmos", width, short)
        found[f"{gate}_p"] = ("pmos", ratio * width, short)
    for stage in ("z1", "z2"):
        found[f"{stage}_n"] = ("nmos", p.w_inverter, p.l_inverter)
        found[f"{stage}_p"] = ("pmos", 2 * p.w_inverter, p.l_inverter)
    return found
