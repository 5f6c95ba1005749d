"""The junction alone: resistance and TMR against bias, and switching under a constant voltage or current."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np
from scipy.special import ndtr

from spicekit.analysis import Analysis, DcAnalysis, TranAnalysis
from spicekit.bench import Bench, BenchParameters, Measure, Panel, VariationPoint, named_file, option, quantity
from spicekit.errors import UserError
from spicekit.junction import Junction, JunctionParameters
from spicekit.limits import Limits
from spicekit.measures import At, Choose, Crossing, Final, First, Integral, Node, Number, i, total, v
from spicekit.measures.numpy_writer import Evaluation
from spicekit.waves import Array, Waves

SHORTEST = 1e-14  # s, of a drawn thermal field: four solver steps
SEED = "seed_noise"  # the variation point that seeds the thermal field


def _seed(z: Array) -> Array:
    """A seed for ngspice from 1 to 2^31 - 2, from a standard normal."""
    return np.asarray(1 + np.floor(ndtr(z) * (2**31 - 3)))


class JunctionBench(Bench):
    """A bench around one junction."""

    Parameters: ClassVar[type[BenchParameters]] = JunctionParameters

    @property
    def junction(self) -> Junction:
        """The card at the temperature of the bench."""
        return Junction.of(self.p)

    @property
    def easy_axis(self) -> Node:
        """m along the easy axis."""
        parts = [(self.junction.k[f"e{axis}"], v(f"m{axis}")) for axis in "xyz"]
        return total([m if cosine == 1 else cosine * m for cosine, m in parts if cosine])

    @property
    def temperature(self) -> float:
        return self.junction.celsius

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        card = self.junction.card
        left_out = {"a rail": card.rail, "[field]": card.field.given, "[vcma]": card.vcma, "[thermal]": card.thermal}
        for section in (name for name, given in left_out.items() if given and self.p.model == "fast"):
            raise UserError(
                f"bench '{self.name}': parameter model: 'fast' given; device '{self.p.device}' has {section}: allowed: llg"
            )

    def subtitle(self) -> str:
        return " ".join(str(word) for word in (self.p.device, getattr(self.p, "direction", "")) if word)

    def context(self) -> dict[str, Any]:
        return {"k": self.junction.k, "sot": self.junction.card.three_terminal}


class IvParameters(JunctionParameters):
    v_max: float = quantity(1.0, "V", "largest bias, both signs", gt=0, le=5)
    steps: int = quantity(10, "", "bias points for each sign", ge=2, le=200)


class MtjIv(JunctionBench):
    name = "mtj-iv"
    summary = "resistance and TMR of a junction against bias, both states"
    template = "benches/mtj-iv.cir.j2"
    roles = ()
    Parameters = IvParameters

    def biases(self) -> list[float]:
        """Bias voltages; the middle one stands for zero bias and is 1 mV, so that a resistance exists."""
        values = np.linspace(-self.p.v_max, self.p.v_max, 2 * self.p.steps + 1)
        values[self.p.steps] = 1e-3
        return [float(value) for value in values]

    def points(self) -> tuple[VariationPoint, ...]:
        return tuple(self.junction.points("mtj", dynamic=False))

    def context(self) -> dict[str, Any]:
        return super().context() | {"biases": self.biases()}

    def analysis(self) -> Analysis:
        tags = [f"{state}{index}" for state in ("p", "ap") for index in range(len(self.biases()))]
        middles = [f"v(x{tag}.mid)" for tag in tags] if self.junction.card.three_terminal else []
        return DcAnalysis(save=(*(f"i(v{tag})" for tag in tags), *middles))

    def resistance(self, state: str, n: int) -> Node:
        """Resistance of the junction (without a rail's) in ohm at bias ``n``."""
        drop = v(f"x{state}{n}.mid") if self.junction.card.three_terminal else Number(self.biases()[n])
        return drop / -i(f"v{state}{n}")

    def resistances(self, waves: Waves, state: str) -> Array:
        """Those at all biases, shape (biases, trials)."""
        value = Evaluation(waves)
        return np.array([value(self.resistance(state, n)) for n in range(len(self.biases()))])

    def measures(self) -> tuple[Measure, ...]:
        zero, last = self.p.steps, 2 * self.p.steps
        r_p, r_ap = self.resistance("p", zero), self.resistance("ap", zero)
        r_p_max, r_ap_max = self.resistance("p", last), self.resistance("ap", last)
        return (
            Measure("r_p", "ohm", "parallel resistance at zero bias", r_p),
            Measure("r_ap", "ohm", "antiparallel resistance at zero bias", r_ap),
            Measure("tmr", "", "TMR at zero bias", r_ap / r_p - 1),
            Measure("r_p_max", "ohm", "parallel resistance at v_max", r_p_max),
            Measure("r_ap_max", "ohm", "antiparallel resistance at v_max", r_ap_max),
            Measure("tmr_max", "", "TMR at v_max", r_ap_max / r_p_max - 1),
        )

    def figures(self, waves: Waves) -> dict[str, Any]:
        from spicekit.style import COLOURS, new_figure

        figure = new_figure(7.5, 5.5)
        upper, lower = figure.subplots(2, 1, sharex=True)
        r_p, r_ap = self.resistances(waves, "p")[:, 0], self.resistances(waves, "ap")[:, 0]
        upper.plot(self.biases(), r_ap / 1e3, "o-", color=COLOURS[1], label="antiparallel")
        upper.plot(self.biases(), r_p / 1e3, "o-", color=COLOURS[0], label="parallel")
        upper.set_ylabel("resistance (kohm)")
        upper.legend()
        lower.plot(self.biases(), 100 * (r_ap / r_p - 1), "o-", color=COLOURS[2])
        lower.set_ylabel("TMR (%)")
        lower.set_ylim(bottom=0)
        lower.set_xlabel("bias (V), free minus pinned terminal")
        upper.set_title(f"{self.junction.card.name}: resistance and TMR against bias, {self.temperature:.0f} °C")
        return {"resistance.png": figure}


class SwitchParameters(JunctionParameters):
    device: str = named_file("umn-i-pmtj", "device card: a shipped one or the path of a TOML file")
    direction: Literal["ap-p", "p-ap"] = option("ap-p", "from antiparallel to parallel, or back")
    drive: Literal["voltage", "current"] = option("voltage", "what is held constant")
    value: float = quantity(
        0.6, "", "magnitude of the drive: V or A; for a SOT device that across or along its rail", ge=0, le=100
    )
    t_stop: float = quantity(5e-9, "s", "end of the simulation", gt=1e-12, le=1e-5)
    noise_dt: float = quantity(
        0.0, "s", "time step of the fluctuating thermal field; 0: none, the initial angle alone", ge=0, le=1e-9
    )
    step: float | None = quantity(None, "s", "largest time step; 0.06 rad of the precession if not given", ge=1e-14, le=1e-10)

    @classmethod
    def unit_given(cls, name: str, given: Mapping[str, Any]) -> str:
        if name == "value":
            return {"current": "A"}.get(str(given.get("drive")), "V")
        return super().unit_given(name, given)


class MtjSwitch(JunctionBench):
    """Switching of the device alone.

    The time step follows the card (:attr:`spicekit.junction.Junction.step`); a drawn thermal field takes four steps a draw.
    """

    name = "mtj-switch"
    summary = "switching of one junction under a constant voltage or current"
    template = "benches/mtj-switch.cir.j2"
    roles = ()
    Parameters = SwitchParameters

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.p.drive == "current" and self.p.value > 0.1:
            raise UserError(
                f"bench '{self.name}': parameter value: {self.p.value:g} A given; allowed: 0 to 0.1 A with drive=current"
            )
        if 0 < self.p.noise_dt < SHORTEST:
            raise UserError(
                f"bench '{self.name}': parameter noise_dt: {self.p.noise_dt:g} s given; allowed: 0, or at least {SHORTEST:g} s"
            )

    @property
    def step(self) -> float:
        """Largest time step in seconds."""
        if self.p.step is not None:
            return float(self.p.step)
        return min(self.junction.step, self.p.noise_dt / 4 or np.inf)

    def points(self) -> tuple[VariationPoint, ...]:
        points = self.junction.points("mtj")
        if self.p.noise_dt:  # every trial has its own thermal field, which replay repeats
            points.append(VariationPoint(SEED, "seed", 1.0, "", low=0.0, draw=_seed))
        return tuple(points)

    def analysis(self) -> Analysis:
        return TranAnalysis(
            save=("v(mx)", "v(my)", "v(mz)", "v(drive)", "i(vdrive)", "v(resistance)"),
            step=self.step,
            stop=self.p.t_stop,
            reltol=1e-5,
            options={"vntol": 1e-7},
            seed=SEED if self.p.noise_dt else None,
        )

    def measures(self) -> tuple[Measure, ...]:
        window = Limits("raise t_stop or value", high=self.p.t_stop, event=True)
        m = self.easy_axis
        t_switch = Crossing(m, 0.0)
        delivered = Integral(i("vdrive") * v("drive"), 0.0, t_switch)
        return (
            Measure("t_switch", "s", "first zero of m along the easy axis", t_switch, limits=window),
            Measure("switched", "", "1 if m ended on the other side of the hard plane", Final(m) * First(m) < 0, fraction=True),
            Measure("i_1ns", "A", "current at 1 ns (at t_stop if that is earlier)", At(i("vdrive"), min(1e-9, self.p.t_stop))),
            Measure(
                "energy",
                "J",
                "energy from the drive until t_switch",
                Choose(t_switch < np.inf, delivered, np.inf),
                limits=replace(window, high=np.inf),
            ),
            Measure("m_end", "", "m along the easy axis at t_stop", Final(m)),
        )

    def works(self) -> str:
        return "switched > 0.5"

    def panels(self) -> tuple[Panel, ...]:
        return (
            Panel("magnetisation", "", {"v(mx)": "m_x", "v(my)": "m_y", "v(mz)": "m_z"}),
            Panel("current", "A", {"i(vdrive)": "into the device"}),
            Panel("voltage", "V", {"v(drive)": "across the device"}),
            Panel("resistance", "ohm", {"v(resistance)": "junction"}),
        )

    def figures(self, waves: Waves) -> dict[str, Any]:
        from spicekit.style import sphere

        title = f"{self.junction.card.name}, {self.p.direction.upper().replace('-', ' to ')}, {self.p.t_stop * 1e9:g} ns"
        return {"trajectory.png": sphere([(waves("v(mx)"), waves("v(my)"), waves("v(mz)"))], title)}
