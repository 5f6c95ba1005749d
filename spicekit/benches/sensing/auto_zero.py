"""An auto-zeroed sense amplifier: what sets the offset of the others is measured and stored before each decision.

Two inverters are coupled by capacitors.  Before START each is held at its own switching point by a switch from its output to its
input, while the first capacitor has the reference at its other plate: whatever the thresholds are, they are on the capacitors.
START opens the switches, the first one ``t_skip`` before the second, so that the charge which it leaves is amplified and stored
too; then the input takes the place of the reference.  The difference of both, times the gain, moves the output of the second
inverter; ``t_amplify`` later the inverters are switched off and a latch takes the side on which it is.  (The comparator of
flash converters since Dingwall, IEEE JSSC 14, 926 (1979).)

What is left of the offset: the charge of the second switch, over the first inverter's gain, of which a switch of half the size
takes most; the latch over the gain of both; kT/C of the first capacitor with ``noise=on``.  The price is the current of two
inverters at their switching points for ``t_zero`` and ``t_amplify``, and a reference all the same.
"""

from __future__ import annotations

from typing import ClassVar

from spicekit.analysis import TranAnalysis
from spicekit.bench import Panel
from spicekit.benches.sensing.comparing import Comparing, ComparingParameters
from spicekit.benches.sensing.source import T_START, Sized
from spicekit.parameters import Group, channel_length, channel_width, quantity

# Of the inverters, times the shortest: at the lowest supply, cold and slow, both transistors at the switching point are below
# threshold, and 100 nm in 45 nm took longer than any t_zero; at the shortest length the gain is so small that the latch's own
# switching point, some 0.1 V from theirs, is millivolts at the input.
LONGER = 1.54


class ZeroingSizes(Group):
    """Of the amplifier."""

    t_zero: float = quantity(1e-9, "s", "before START: both inverters at their switching points", ge=1e-11, le=1e-6)
    t_skip: float = quantity(0.1e-9, "s", "from when the first switch opens until the second does", ge=1e-12, le=1e-7)
    t_amplify: float = quantity(0.35e-9, "s", "from START until the latch takes the answer", ge=1e-11, le=1e-6)
    c_sample: float = quantity(20e-15, "F", "capacitor at the input, metal", gt=0, le=1e-11)
    c_couple: float = quantity(10e-15, "F", "capacitor between the inverters, metal", gt=0, le=1e-11)
    w_amplify: float = channel_width(1e-6, "width of the NMOS of both inverters; PMOS twice that", le=1e-4)
    l_amplify: float | None = channel_length(None, "length of both; 1.54 times the technology's shortest if not given", le=1e-5)
    w_switch: float = channel_width(240e-9, "width of the switches; those that take their charge half", le=1e-5, least=2)
    w_latch: float = channel_width(0.3e-6, "width of the latch's and gates' NMOS; PMOS twice that", le=1e-4)


def zeroing_devices(p: ZeroingSizes, w_driver: float, short: float) -> dict[str, Sized]:
    """Transistors of the amplifier, with drivers of NMOS ``w_driver`` wide and the technology's shortest length, in metres."""
    found: dict[str, Sized] = {}
    length = LONGER * short if p.l_amplify is None else p.l_amplify
    for driver in ("zero1", "unzero1", "zero2", "sel", "unsel", "amp", "hold"):
        found[f"{driver}_n"] = ("nmos", w_driver, short)
        found[f"{driver}_p"] = ("pmos", 2 * w_driver, short)
    for gate in ("ref", "in"):
        found[f"{gate}_n"] = ("nmos", p.w_switch, short)
        found[f"{gate}_p"] = ("pmos", p.w_switch, short)
    for k in (1, 2):
        found[f"head{k}"] = ("pmos", 2 * p.w_amplify, short)
        found[f"amp{k}_p"] = ("pmos", 2 * p.w_amplify, length)
        found[f"amp{k}_n"] = ("nmos", p.w_amplify, length)
        found[f"foot{k}"] = ("nmos", p.w_amplify, short)
        found[f"switch{k}"] = ("nmos", p.w_switch, short)
        found[f"dummy{k}"] = ("nmos", p.w_switch / 2, short)
    for name in ("back", "hold2"):
        found[f"{name}_n"] = ("nmos", p.w_latch, short)
        found[f"{name}_p"] = ("pmos", 2 * p.w_latch, short)
    found |= {"holdfoot": ("nmos", p.w_latch, short), "holdhead": ("pmos", 2 * p.w_latch, short)}
    for side in ("p", "n"):  # output gates: p is the one whose output stays high for a 1
        for pin in ("a", "b"):
            found[f"gate{pin}n_{side}"] = ("nmos", p.w_latch, short)
            found[f"gate{pin}p_{side}"] = ("pmos", p.w_latch, short)
    return found


class AutoZeroParameters(ComparingParameters, ZeroingSizes):
    pass


class AutoZero(Comparing[AutoZeroParameters]):
    name = "auto-zero"
    summary = "auto-zeroed sense amplifier, offset stored on capacitors: decision, delay, offset, energy"
    template = "benches/auto-zero.cir.j2"
    supplies: ClassVar = {
        "amplifier": "both inverters, zeroing included",
        "latch": "latch and output gates",
        "drive": "drivers of switches and inverters",
    }
    latch: ClassVar = ("outp", "outn")
    scaled: ClassVar = ("w_driver", "w_amplify", "w_switch", "w_latch", "c_sample", "c_couple")
    noise_dt: ClassVar = 5e-12
    quiet: ClassVar = ("zero", "unzero", "sel", "unsel", "amp_", "hold_", "gate")
    turned: ClassVar = 0.6

    @property
    def t_on(self) -> float:
        """When the inverters are switched on, in seconds."""
        return T_START

    @property
    def t_start(self) -> float:
        return self.t_on + self.p.t_zero + self.p.t_skip

    @property
    def period(self) -> float:
        """Of the comparisons of the offset search, in seconds; the switches close again before the next zeroing."""
        return self.p.t_window + self.t_start

    def amplifier_devices(self) -> dict[str, Sized]:
        return zeroing_devices(self.p, self.p.w_driver, self.technology.l_min)

    def analysis(self) -> TranAnalysis:
        if self.p.measure == "offset":
            nodes = ("dv", "out2_off", "low_off", "outp_off", "outn_off", *(f"sl_{tag}" for tag in self.cells))
            save: tuple[str, ...] = tuple(f"v({node})" for node in nodes)
            stop = self.t_start + self.comparisons * self.period
        else:
            inner = ("ref", "zero1", "sel", "in1", "out1", "out2", "hold")
            save = (*self.decision_save(), *(f"v({node}_{tag})" for tag in self.amplifiers for node in inner))
            save += self.reference_save()
            stop = self.t_off + self.p.t_recover
        return self.comparison(save, stop)

    def panels(self) -> tuple[Panel, ...]:
        if self.p.measure == "offset":
            inner = {"v(out2_off)": "second inverter", "v(outp_off)": "OUT+", "v(outn_off)": "OUT-"}
            return (Panel("applied", "V", {"v(dv)": "input - v_mid"}), Panel("outputs", "V", inner))
        names = {"in": "", "p": " (P)", "ap": " (AP)"}
        first = next(iter(self.amplifiers))
        inputs = {f"v(sl_{tag})": f"input{names[tag]}" for tag in self.amplifiers}
        return (
            Panel("inputs", "V", inputs | {f"v(ref_{first})": f"reference{names[first]}"}),
            Panel("control", "V", {f"v({n}_{first})": t for n, t in (("zero1", "zero"), ("sel", "select"), ("hold", "hold"))}),
            *(
                Panel(
                    f"amplifier{names[tag]}",
                    "V",
                    {f"v(in1_{tag})": "in 1", f"v(out1_{tag})": "out 1", f"v(out2_{tag})": "out 2"}
                    | {f"v(outp_{tag})": "OUT+", f"v(outn_{tag})": "OUT-"},
                )
                for tag in self.amplifiers
            ),
            Panel("supply", "A", {f"i(vdd_{name}_{first})": meaning for name, meaning in self.supplies.items()}),
        )
