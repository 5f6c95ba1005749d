"""Integrate-and-fire neurons on a binary row's source line, every transistor of them: what `charge-if` and `dynamic-if` share.

One step takes four phases of a quarter of the period, decoded from two clocks in quadrature:

1. *az*: the amplifier's input x and output y meet, so that x stands at the amplifier's own level, offset included; C_S between x
   and V_ref.  C_1, which holds the membrane, is cut off from y (*off*), or, after a spike, shorted between x and y: u = 0.
2. *take*: C_1 closes the loop and the lower plate of C_S goes from V_ref to V_SL: C_S (V_SL - V_ref) moves to C_1.
3. *sub*: C_2, empty, draws charge from x through M_s5 until M_s5 cuts itself off.
4. *strobe*: the comparator's decision is latched; C_1 then parts from y, before the amplifier is zeroed again.

The membrane is V_C1 = V(x) - V(m).  Because the amplifier holds x, a transfer does not depend on V_C1, and what is conserved is
the charge at x: nothing of the old state is shared away.  Units are matches (see :mod:`spicekit.physics.neuron`).

Solver: internal nodes hold fractions of a femtofarad, hence ``chgtol`` of 1e-16 C.  Against a largest step of 10 ps, reltol
1e-5, chgtol 1e-18 and trtol 1, what a step adds is off by less than 0.05 matches, of which the trims (found with the same
settings) take out the mean; energies are within 0.2 %.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Generic, NamedTuple

import numpy as np
from scipy.special import ndtr
from typing_extensions import TypeVar

from spicekit.analysis import TranAnalysis
from spicekit.benches.neurons.devices import SWITCHES, devices
from spicekit.benches.neurons.parameters import GROUPS, Kind, NeuronParameters
from spicekit.benches.neurons.row import cell_points, given_matches, knots, pattern, place_junction
from spicekit.benches.neurons.source_line import SourceLine
from spicekit.benches.neurons.timing import (
    EDGE,
    INPUTS_CHANGE,
    LATCHED,
    LEVELS,
    PHASES,
    balanced,
    pulse,
    staircase,
    trim_times,
    window,
)
from spicekit.benches.noise import noise_context, noise_points, with_noise
from spicekit.errors import UserError
from spicekit.physics.neuron import IntegerNeuron
from spicekit.point import VariationPoint
from spicekit.session import SteppedBench
from spicekit.technology import load_technology
from spicekit.waves import Array

C_BIAS = 500e-15  # F, decoupling of each bias node
C_STRAY = 1e-15  # F at C_2's node beside C_2: junctions and overlaps of its two transistors
G_ON, G_OFF = 1e-2, 1e-13  # S, of an ideal switch
NOISE_DT = 20e-12  # s, between two numbers of a transistor's noise: a fifth of what C_S settles with
QUIET = ("ampc", "loadc")  # cascodes: their noise goes round in themselves
V_LEVEL = 0.43  # V, own level of an ideal amplifier: that of the real one
# Steps of the threshold search in matches.  They shrink by less than a half, because what rho is off by adds to each of them.
SEARCH = (8.0, 5.0, 3.0, 2.0, 1.5, 1.0, 0.8, 0.7, 0.6, 0.5, 0.5, 0.4, 0.4)


class Trim(NamedTuple):
    """What a chip's references are set to, once for a design: found by ``measure=linearity`` and ``measure=threshold``.

    Of the benches' own process they are kept here; in another one they are found before anything is simulated
    (:mod:`spicekit.benches.neurons.references`).
    """

    gain: float  # membrane step of a match over LSB C_S / C_1
    rho: float  # matches by which V_ref is moved
    theta: float  # matches by which the threshold is moved


N = TypeVar("N", bound=NeuronParameters, default=NeuronParameters, covariant=True)


class NeuronCircuit(SteppedBench[N], Generic[N]):
    """The common part of both neurons; a subclass adds its threshold's capacitors and its :class:`Trim`."""

    spare_points: ClassVar = True  # those of components that are ideal
    TRIM: ClassVar[Mapping[Kind, Trim]]  # at the default design, for real and for ideal phases
    HOLD_RATIO: ClassVar[float]  # PMOS over NMOS of the switch between C_1 and the amplifier's output
    # Matches by which the first step, which starts from an operating point, is larger than one after any other reset, likewise.
    # Taken out of that step, except in a session and with row=cells.
    START: ClassVar[Mapping[Kind, float]]

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.line = SourceLine.of(self.name, self.p)
        self._check_capacitors()
        self._drawn_capacitors = self.capacitors()  # for mismatch: with the trims that are known before any is found

    def _scaled(self, given: Mapping[str, Any]) -> dict[str, float]:
        """Where lengths grow, the period grows as they do.  A switch then settles with its width as it is, and its charge, which
        grows with its area and the supply, needs it narrower: between what it would be and what its area would be."""
        sizes = super()._scaled(given)
        own = load_technology(type(self.p).model_fields["technology"].default)
        longer = self.technology.l_min / own.l_min
        if not sizes or longer <= 1:
            return sizes
        slower = {"frequency": type(self.p).model_fields["frequency"].default / longer, "w_switch": self.p.w_switch / longer**0.5}
        slower["w_switch"] = max(slower["w_switch"], self.technology.w_min)
        return sizes | {name: value for name, value in slower.items() if name not in given}

    def _check_capacitors(self) -> None:
        for name, capacitance in self.capacitors().items():
            if capacitance <= 0:
                parts = (
                    "c_2, or subtract, c_s, tmr, ra (raise), v_low, diameter, r_access, synapses (lower)"
                    if name == "c_2"
                    else "c_c, theta, trim_theta, trim_gain"
                )
                raise UserError(
                    f"bench '{self.name}': capacitor {name} comes out as {capacitance * 1e15:.3g} fF{self.because}; allowed: "
                    f"above 0: change {parts}"
                )

    def technology_limits(self, name: str) -> tuple[float, float, str]:
        low, high, why = super().technology_limits(name)
        if name == "v_high" and self.vdd < high:  # above, junctions of PMOS carry current from the row to the supply
            return low, self.vdd, "vdd"
        return low, high, why

    @abstractmethod
    def threshold_capacitors(self) -> dict[str, tuple[float, str]]:
        """Capacitors that shift the comparator's input: name -> (farad, node of its other plate)."""

    @property
    def period(self) -> float:
        """Of a step, in seconds."""
        return 1 / self.p.frequency

    @property
    def ideal(self) -> tuple[str, ...]:
        """The groups of components that are ideal."""
        return tuple(group for group in GROUPS if (getattr(self.p, group) or self.p.components) == "ideal")

    @property
    def _phases(self) -> Kind:
        return "ideal" if "phases" in self.ideal else "real"

    @cached_property
    def kept(self) -> bool:
        """Whether the numbers of this class are of the technology, or none is needed."""
        fields = type(self.p).model_fields
        own, here = load_technology(fields["technology"].default), self.technology
        typical = fields["corner"].default
        same = typical in here.corners and all(
            getattr(own, name) == getattr(here, name) for name in ("vdd", "l_min", "w_min", "devices", "diffusion", "lengths")
        )
        return (same and own.cards(typical) == here.cards(typical)) or len(self.ideal) == len(GROUPS)

    def _reference(self, name: str, kept: float) -> float:
        """One of the numbers in force.  Before it is found, ``kept``: what `context` refuses to simulate."""
        given = getattr(self.p, name)
        if given is not None:
            return float(given)
        return kept if self.kept else self.found.get(name, kept)

    @property
    def trim(self) -> Trim:
        """The trims in force; a circuit of ideal components needs none."""
        if len(self.ideal) == len(GROUPS) or not self.kept:
            usual = Trim(1.0, 0.0, 0.0)
        else:
            usual = self.TRIM[self._phases]
            # what is injected is a charge: more matches of a smaller LSB
            default = type(self.p)()
            larger = SourceLine.of(self.name, default).lsb * default.c_s / (self.line.lsb * self.p.c_s)
            usual = Trim(usual.gain, usual.rho * larger, usual.theta * larger)
        return Trim(*(self._reference(f"trim_{name}", value) for name, value in usual._asdict().items()))

    @property
    def hold_ratio(self) -> float:
        """PMOS over NMOS of the switch between C_1 and the amplifier's output."""
        return self._reference("hold_ratio", self.HOLD_RATIO)

    @property
    def too_large(self) -> float:
        """Matches that are taken out of the first step."""
        if self.live or self.p.row == "cells":
            return 0.0
        trimmed = self.kept and len(self.ideal) < len(GROUPS)
        return self._reference("trim_start", self.START[self._phases] if trimmed else 0.0)

    @property
    def integer(self) -> IntegerNeuron:
        """The ideal neuron."""
        return IntegerNeuron(self.p.rho, self.p.theta, self.p.integrate, self.p.floor)

    @property
    def v_step(self) -> float:
        """What a match adds to V_C1, in volts: nominal value."""
        return float(self.line.lsb * self.p.c_s / self.p.c_1 * self.trim.gain)

    def sequence(self) -> Array:
        """Matches of each step in a nominal run."""
        p = self.p
        if p.measure == "linearity":
            return np.asarray(p.rho + balanced(p.span))
        if p.measure == "threshold":
            return np.concatenate([[p.rho + p.theta + 0.5], np.full(len(SEARCH), float(p.rho))])
        given = given_matches(p)
        return (
            given
            if given is not None
            else np.asarray(np.random.default_rng(p.seed).binomial(p.synapses, p.p_match, p.steps), dtype=float)
        )

    @property
    def lead(self) -> int:
        """Number of steps before the first, in which the threshold is trimmed."""
        return 0 if self.p.measure == "linearity" else self.p.trim_bits

    @property
    def count(self) -> int:
        """Number of steps that are measured."""
        return {"train": self.p.steps, "linearity": LEVELS, "threshold": len(SEARCH) + 1}[self.p.measure]

    def capacitors(self) -> dict[str, float]:
        """Capacitors with mismatch: name -> farad."""
        p = self.p
        stray = 0.0 if "subtractor" in self.ideal else C_STRAY
        c_2 = p.subtract * self.line.lsb * p.c_s / p.v_low - stray if p.c_2 is None else p.c_2
        threshold = {name: farad for name, (farad, _) in self._threshold().items()}
        return {"c_s": p.c_s, "c_1": p.c_1, "c_2": c_2, "c_c": p.c_c, **threshold}

    def _threshold(self) -> dict[str, tuple[float, str]]:
        """Capacitors of the threshold with those of its trim, which is 0 in the middle of its range: the base pulls down."""
        p = self.p
        unit = p.c_c * self.v_step / (p.v_high - p.v_low) * p.trim_step
        bits = {f"c_trim{bit}": (unit * 2**bit, f"trim_plate_{bit}") for bit in range(p.trim_bits)}
        base = {"c_trim": (unit * 2 ** (p.trim_bits - 1), "falling")} if bits else {}
        return {**self.threshold_capacitors(), **base, **bits}

    def points(self) -> tuple[VariationPoint, ...]:
        """Devices first: a trial number with a seed stands for the same devices in every measure and for any number of steps."""
        p = self.p
        points: list[VariationPoint] = []
        drawn = devices(p, self.technology, p.hold_ratio or self.HOLD_RATIO)  # a ratio that is found is not known yet
        for name, (role, width, length) in drawn.items():
            own = self.transistor(name, width, length, role)
            points += [point for point in own if point.kind != "beta"] if name.split("_")[0] in SWITCHES else own
        for name, farad in self._drawn_capacitors.items():
            points.append(VariationPoint(name, "c", 0.0, "", sigma=self.technology.sigma_c(farad / p.c_density), low=-1.0))
        if p.row == "cells":
            return (*points, *cell_points(self), *noise_points(self.p))
        if p.measure != "train" or self.live:
            return (*points, *noise_points(p))
        sigma = self.line.sigma
        draw = self._drawn if given_matches(p) is None else None
        for step, n1 in enumerate(self.sequence(), 1):
            points.append(VariationPoint(f"n1_{step}", "n1", float(n1), "", low=-0.5, draw=draw))
            points.append(VariationPoint(f"sl_{step}", "sl", 0.0, "", sigma=sigma, most=p.synapses))
        return (*points, *noise_points(self.p))

    def _drawn(self, z: Array) -> Array:
        """Matches of random weights and inputs, from standard normals."""
        from scipy.stats import binom  # a second to import

        return np.asarray(binom.ppf(ndtr(z), self.p.synapses, self.p.p_match), dtype=float)

    def context(self) -> dict[str, Any]:
        p, period, lead = self.p, self.period, self.lead
        if self.live and p.trim_bits:
            raise UserError(f"bench '{self.name}': parameter trim_bits: {p.trim_bits} given; allowed in a session: 0")
        t_first = (lead + INPUTS_CHANGE) * period  # the inputs of the first step come
        firing = [(0.0, 1.0)]  # the reset at the start needs it
        integrate = p.integrate if p.measure == "train" else self.count
        if integrate:
            start, end = ((lead + step + INPUTS_CHANGE) * period for step in (0, integrate))
            firing += [(start, 1.0), (start + EDGE, 0.0), (end, 0.0), (end + EDGE, 1.0)]
        for calibration in self.calibrations():
            self.calibrated(calibration.name)  # none is left to a guess
        self._check_capacitors()
        transistors = devices(p, self.technology, self.hold_ratio)
        noisy = [name for name in transistors if name not in QUIET]
        return (
            self._row_context()
            | noise_context(p, NOISE_DT, noisy)
            | {
                "shot": self.line.shot,
                "period": period,
                "ideal": self.ideal,
                "devices": transistors,
                "capacitors": self.capacitors(),
                "threshold": self._threshold(),
                "trim": trim_times(lead, period),
                "t_trimmed": (lead + 0.5) * period,
                "known": (p.rho + p.theta + 0.5 + p.trim_step / 2) / p.synapses,  # the search ends up to a step below it
                "lead": [(0.0, 1.0), (t_first, 1.0), (t_first + EDGE, 0.0)] if lead else [],
                "w_bit": 2 * self.technology.w_min,
                "too_large": self.too_large,
                "t_second": (1 + INPUTS_CHANGE) * period,
                "table": self.line.table.tolist() if self.line.table is not None and p.row == "table" else None,
                "sequence": self.sequence().tolist(),
                "windows": [window(lead + k, lead + self.count, period) for k in range(self.count)],
                "search": staircase([0.0] * lead + self.search(), period),
                "firing": firing,
                "v_zero": self.line.volts(0),
                "v_full": self.line.volts(p.synapses),
                "v_ref": self.line.volts(p.rho - p.subtract + self.trim.rho),
                "r_out": self.line.r_out,
                "phase_times": [(name, *pulse(name, period)) for name in PHASES],
                "edge": EDGE,
                "g_on": G_ON,
                "g_off": G_OFF,
                "v_level": V_LEVEL,
                "c_bias": C_BIAS,
                "w_gate": 2 * self.technology.w_min,
                "l_min": self.technology.l_min,
                "live": self.live,
                "drives_row": self.drives_row,
                "supplies": self.supplies(),
            }
        )

    def _row_context(self) -> dict[str, Any]:
        """What the template reads of a row cell by cell."""
        if self.p.row != "cells":
            return {"cells": []}
        spikes, weights = pattern(self.p, self.sequence())
        junction = place_junction(self.p, self.temperature)
        return {
            "cells": [(int(weight), knots(spikes[:, j], self.period)) for j, weight in enumerate(weights)],
            "shown": staircase([float(n1) / self.p.synapses for n1 in self.sequence()], self.period),
            "device": junction,
            "k": junction.numbers,
        }

    def search(self) -> list[float]:
        """By how many matches each step of the threshold search goes, up or down by the decision before it."""
        if self.p.measure != "threshold":
            return []
        return [0.0, *SEARCH]

    def supplies(self) -> tuple[str, ...]:
        """Supplies of the circuit; those of the threshold's rails are V_H and V_L, the others VDD."""
        ideal = self.ideal
        found = [] if "phases" in ideal else ["phases"]
        if "comparator" not in ideal or "phases" not in ideal or "switches" not in ideal:
            found.append("drive")
        if "amplifier" not in ideal:
            found.append("integrator")
        if "amplifier" not in ideal or "subtractor" not in ideal:
            found.append("bias")
        if "comparator" not in ideal:
            found.append("comparator")
        if self.drives_row:
            found += ["line_high", "line_low", "drivers", *(["word"] if self.p.word_line == "toggle" else [])]
        return (*found, "high", "low")

    @property
    def drives_row(self) -> bool:
        """Whether the drivers of the row are in the netlist: they take energy and nothing else, and are real if anything is."""
        return self.p.measure == "train" and not self.live and len(self.ideal) < len(GROUPS)

    def analysis(self) -> TranAnalysis:
        nodes = ["x", "y", "m", "bottom", "n2", "zin", "q", "spike", "off", "az", "take", "sub", "strobe", "matches", "sl"]
        save = [*(f"v({node})" for node in nodes), *(f"i(vdd_{supply})" for supply in self.supplies())]
        if self.p.measure == "train" and not self.live and self.p.row != "cells":
            save += [f"v(n1_{step})" for step in range(1, self.count + 1)]
        # ideal components have no other error than the solver's, and are checked to 0.1 % of a match
        precise = len(self.ideal) == len(GROUPS)
        analysis = TranAnalysis(
            save=tuple(save),
            # ngspice forgets breakpoints of ideal phases where it pauses: no step of a session may pass over an edge
            step=0.75 * EDGE if self.live and "phases" in self.ideal else self.period / 70,
            stop=(self.lead + self.count + LATCHED + 0.01) * self.period,
            reltol=1e-5 if precise else 1e-3 if "phases" in self.ideal else 3e-4,
            # a capacitor's current is an unknown here, and on a tiny step rounding alone moves it by more than 1e-13 A
            options={"chgtol": 1e-17 if precise else 1e-16, "abstol": 1e-10, "rshunt": 1e13},
        )
        return with_noise(self.p, analysis)
