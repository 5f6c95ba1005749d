"""What a card of kind ``mtj`` holds; what its sections and keys mean to the model is in :mod:`spicekit.physics.macromodel`."""

from __future__ import annotations

import math
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from spicekit.devices.device import DeviceCard
from spicekit.devices.spread import Spread
from spicekit.physics import quantities as q


class Geometry(q.Section):
    shape: Literal["rectangle", "ellipse", "disc"]  # the area: lx ly, or pi/4 lx ly
    lx: q.Edge
    ly: q.Edge
    t_free: q.Length  # free layer
    t_ox: q.Length | None = None  # barrier; for tunnel-fit, brinkman and VCMA

    @model_validator(mode="after")
    def _round(self) -> Geometry:
        if self.shape == "disc" and self.lx.value != self.ly.value:
            raise ValueError("a disc has ly = lx; allowed for two diameters: shape = 'ellipse'")
        return self

    @property
    def area(self) -> float:
        """Area of the junction in m2."""
        return self.lx.value * self.ly.value * (1.0 if self.shape == "rectangle" else math.pi / 4)


class Magnet(q.Section):
    easy_axis: Literal["x", "y", "z"]  # z is out of the plane
    ms: q.Magnetisation  # at 0 K, or temperature.ms_temperature, if there is a temperature law
    alpha: q.Damping


class Anisotropy(q.Section):
    ki: q.SurfaceEnergy | None = None  # interface, along z; as ku at the card's temperature
    t_c: q.Length | None = None  # interface as UMN's critical thickness: Ki = mu0 Ms^2 t_c/2, along z
    ku: q.EnergyDensity | None = None  # bulk, along the easy axis
    exponent: q.AnisotropyExponent | None = None  # of ki, ku and the barrier's: they go with Ms(T)^exponent (Callen and Callen)
    barrier: q.Barrier | None = None  # the whole barrier, instead of ki, t_c and ku
    barrier_temperature: q.Temperature | None = None  # of barrier and the kT in it; the card's temperature if left out
    convention: Literal["net", "axis"] = "net"  # of Delta and Hk: shape as N_easy - N_hard, or N_easy alone (UMN, Arm)

    @model_validator(mode="after")
    def _one_way(self) -> Anisotropy:
        if self.barrier and (self.ki or self.t_c or self.ku):
            raise ValueError("barrier given with ki, t_c or ku; allowed: the barrier or its parts")
        if self.barrier_temperature and not self.barrier:
            raise ValueError("barrier_temperature given without barrier, to whose kT it belongs; allowed: both, or neither")
        if self.ki and self.t_c:
            raise ValueError("ki and t_c given; allowed: one of them")
        return self


class Demagnetisation(q.Section):
    model: Literal["prism", "ellipsoid", "cylinder", "tensor", "none"]  # cylinder: exact for a disc and an ellipse
    nxx: q.DemagnetisingFactor | None = None  # for model = "tensor"
    nyy: q.DemagnetisingFactor | None = None
    nzz: q.DemagnetisingFactor | None = None

    @model_validator(mode="after")
    def _tensor(self) -> Demagnetisation:
        factors = [n.value for n in (self.nxx, self.nyy, self.nzz) if n]
        if self.model != "tensor" and factors:
            raise ValueError(f"nxx, nyy, nzz given with model = '{self.model}'; allowed with model = 'tensor' only")
        if self.model == "tensor" and (len(factors) < 3 or abs(sum(factors) - 1) > 1e-3):  # published to three digits
            raise ValueError(f"nxx + nyy + nzz is {sum(factors):g}; allowed: all three given, with sum 1 within 0.001")
        return self


class Polarisation(q.Section):
    p0: q.Fraction | None = None  # both layers, at 0 K if there is a temperature law
    p_pinned: q.Fraction | None = None
    p_free: q.Fraction | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Polarisation:
        if (self.p0 is None) == (self.p_pinned is None) or (self.p_pinned is None) != (self.p_free is None):
            raise ValueError("allowed: p0 alone, or p_pinned and p_free")
        return self


class Torque(q.Section):
    # umn: constant efficiency P; fong, arm: Slonczewski's, with Lambda; tunnel: P/(1 + P^2 cos) of a tunnel junction, P from TMR
    model: Literal["umn", "fong", "arm", "tunnel"]
    slonczewski_lambda: q.AtLeastOne | None = None  # 1 if left out
    fieldlike: q.Real | None = None  # over the damping-like torque; 0 if left out
    asymmetry: q.Positive | None = None  # efficiency of I < 0 over that of I > 0; 1 if left out
    efficiency: q.Positive | None = None  # further factor on both; 1 if left out

    @model_validator(mode="after")
    def _lambda(self) -> Torque:
        if self.model in {"umn", "tunnel"} and self.slonczewski_lambda:
            raise ValueError(f"slonczewski_lambda given with model = '{self.model}'; allowed with 'fong' and 'arm'")
        return self


class Transport(q.Section):
    conductance: Literal["cosine-resistance", "cosine-conductance", "tunnel-fit", "brinkman"]
    angle: Literal["exact", "umn"] = "exact"  # umn: that library's straight line in place of the arc cosine
    ra: q.ResistanceArea | None = None  # parallel, at zero bias
    tmr: q.NotNegative | None = None  # at zero bias and the card's temperature; from the polarisation if left out
    v_half: q.Voltage | None = None  # bias at which TMR is halved; inf if left out
    barrier_height: q.BarrierHeight | None = None  # brinkman
    barrier_difference: q.HeightDifference | None = None  # brinkman; 0 if left out


class TemperatureLaws(q.Section):
    default: q.Temperature
    t_curie: q.Temperature | None = None  # Ms(T) goes with (1 - T/t_curie)^ms_exponent; no law if left out
    ms_exponent: q.Positive | None = None
    ms_temperature: q.Temperature | None = None  # of magnet.ms; 0 K if left out
    p_coefficient: q.Bloch | None = None  # P(T) = P0 (1 - b T^1.5), and TMR with it; no law if left out

    @model_validator(mode="after")
    def _within(self) -> TemperatureLaws:
        if (self.t_curie is None) != (self.ms_exponent is None):
            raise ValueError("allowed: t_curie and ms_exponent together, or neither")
        if self.ms_temperature and not self.t_curie:
            raise ValueError("ms_temperature given without t_curie, of whose law it is a point; allowed: both, or neither")
        for key, given in (("default", self.default), ("ms_temperature", self.ms_temperature)):
            if self.t_curie and given and given.value >= self.t_curie.value:
                raise ValueError(f"{key} {given.value:g} K given; allowed: below t_curie")
        if self.p_coefficient and self.p_coefficient.value * self.default.value**1.5 >= 1:
            raise ValueError(f"p_coefficient {self.p_coefficient.value:g} given; allowed: 1 - b T^1.5 above 0")
        return self


class Initial(q.Section):
    theta0_rule: Literal["boltzmann", "umn", "small-angle", "given"]
    theta0: q.Angle | None = None  # for "given"
    phi0: q.Azimuth | None = None  # about the easy axis; towards the softest axis across it if left out

    @model_validator(mode="after")
    def _angle(self) -> Initial:
        if (self.theta0_rule == "given") != (self.theta0 is not None):
            raise ValueError("allowed: theta0 with theta0_rule = 'given', and with no other rule")
        return self


class Vcma(q.Section):
    xi: q.VcmaCoefficient  # a positive voltage lowers the perpendicular anisotropy if xi > 0


class Thermal(q.Section):
    r_th: q.ThermalResistance
    c_th: q.HeatCapacity


class AppliedField(q.Section):
    """What acts on the free layer beside its own fields: applied, of the reference layers, and of the neighbours' free layers."""

    hx: q.FieldStrength | None = None
    hy: q.FieldStrength | None = None
    hz: q.FieldStrength | None = None
    stray: q.FieldStrength | None = None  # of the reference layers, along the easy axis; positive holds the parallel state
    pitch: q.Length | None = None  # of a square array of such junctions, whose free layers act too
    neighbours: Literal["p", "ap"] = "p"  # the state that all of them hold

    @property
    def given(self) -> bool:
        """Whether there is a field."""
        strengths = (self.hx, self.hy, self.hz, self.stray)
        return self.pitch is not None or any(h is not None and h.value != 0 for h in strengths)


class Breakdown(q.Section):
    """Life of the barrier under a constant voltage V: t63 exp(-acceleration (|V| - voltage)), the E model."""

    t63: q.Duration  # to 63 % of failures at `voltage`, of junctions of this area
    voltage: q.Voltage
    acceleration: q.FieldAcceleration


class Rail(q.Section):
    """The heavy metal under a SOT junction; its current flows along x, its spins point along +y if theta_sh > 0."""

    width: q.Length
    length: q.Length
    thickness: q.Length
    theta_sh: q.Real
    lambda_sf: q.Length | None = None  # factor 1 - sech(thickness/lambda_sf); 1 if left out
    rho: q.Resistivity | None = None
    resistance: q.Resistance | None = None
    fieldlike: q.Real | None = None  # over the damping-like torque; 0 if left out
    shunt: q.Share | None = None  # share of the current that flows in the heavy metal; 1 if left out
    j_max: q.CurrentDensity | None = None  # limit of electromigration

    @model_validator(mode="after")
    def _one_way(self) -> Rail:
        if (self.rho is None) == (self.resistance is None):
            raise ValueError("allowed: rho or resistance, one of them")
        if self.theta_sh.value == 0:
            raise ValueError("theta_sh 0 given; allowed: any other number")
        return self


KINDS = ("ra", "tmr", "cd", "hk")
Kind = Literal["ra", "tmr", "cd", "hk"]


class Correlated(q.Section):
    between: tuple[Kind, Kind]
    value: float = Field(gt=-1, lt=1)
    source: str = Field(min_length=1)


class Variation(q.Section):
    """Standard deviations from junction to junction over nominal, normal; 0 where left out."""

    ra: q.Spread | None = None
    tmr: q.Spread | None = None
    cd: q.Spread | None = None  # the diameter: both lateral dimensions
    hk: q.Spread | None = None  # the effective anisotropy field, beside what the diameter does to it
    correlations: tuple[Correlated, ...] = ()

    @model_validator(mode="after")
    def _possible(self) -> Variation:
        matrix = np.eye(len(KINDS))
        for pair in self.correlations:
            i, j = (KINDS.index(kind) for kind in pair.between)
            if i == j or matrix[i, j]:
                raise ValueError(f"correlations: {', '.join(pair.between)} given; allowed: two kinds, and each pair once")
            matrix[i, j] = matrix[j, i] = pair.value
        if np.linalg.eigvalsh(matrix)[0] <= 0:
            raise ValueError("correlations: they contradict each other; allowed: a positive definite matrix")
        return self

    @property
    def spread(self) -> Spread:
        """As plain numbers."""
        ra, tmr, cd, hk = (getattr(self, kind).value if getattr(self, kind) else 0.0 for kind in KINDS)
        return Spread(ra, tmr, cd, hk, tuple((*pair.between, pair.value) for pair in self.correlations))


class Constants(q.Section):
    """Constants as a published parameter set used them; CODATA where left out."""

    gamma: q.Gyromagnetic | None = None
    k_b: q.Boltzmann | None = None


class MtjFigures(DeviceCard):
    """One published junction.  ``rail`` makes it a three-terminal SOT device."""

    kind: Literal["mtj"] = "mtj"
    geometry: Geometry
    magnet: Magnet
    anisotropy: Anisotropy
    demagnetisation: Demagnetisation
    polarisation: Polarisation | None = None
    torque: Torque
    transport: Transport
    temperature: TemperatureLaws
    initial: Initial
    vcma: Vcma | None = None
    thermal: Thermal | None = None
    field: AppliedField = AppliedField()
    breakdown: Breakdown | None = None
    rail: Rail | None = None
    variation: Variation | None = None
    constants: Constants = Constants()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        given, model = self.transport, self.transport.conductance
        if model == "tunnel-fit" and (given.ra or given.tmr or given.v_half):
            raise ValueError("transport: ra, tmr or v_half given with tunnel-fit; allowed: geometry.t_ox alone")
        if model != "tunnel-fit" and not given.ra:
            raise ValueError("missing key 'transport.ra'")
        if model != "tunnel-fit" and not given.tmr and not self.polarisation:
            raise ValueError("missing key 'transport.tmr' (or the section polarisation)")
        if given.tmr and given.tmr.value == 0 and not self.polarisation:
            raise ValueError("transport.tmr 0 given; allowed: > 0, or the section polarisation for the torque")
        if (model in {"tunnel-fit", "brinkman"} or self.vcma) and not self.geometry.t_ox:
            raise ValueError(f"missing key 'geometry.t_ox' (needed by {'vcma' if self.vcma else model})")
        if (model == "brinkman") != (given.barrier_height is not None):
            raise ValueError("transport.barrier_height: allowed with conductance = 'brinkman', and needed there")
        if given.barrier_difference and model != "brinkman":
            raise ValueError("transport.barrier_difference: allowed with conductance = 'brinkman' only")
        if given.angle == "umn" and self.magnet.easy_axis != "z":
            raise ValueError("transport.angle 'umn' given; allowed with magnet.easy_axis = 'z' only")
        shapes = {"prism": ("rectangle",), "ellipsoid": ("ellipse", "disc"), "cylinder": ("ellipse", "disc")}
        shape, allowed = self.geometry.shape, shapes.get(self.demagnetisation.model)
        if allowed and shape not in allowed:
            raise ValueError(
                f"demagnetisation.model '{self.demagnetisation.model}' given with geometry.shape '{shape}'; allowed: "
                f"{'prism' if shape == 'rectangle' else 'cylinder or ellipsoid'}, tensor or none"
            )
        if pitch := self.field.pitch:
            if self.magnet.easy_axis != "z":
                raise ValueError("field.pitch given; allowed with magnet.easy_axis = 'z' only")
            if pitch.value <= max(self.geometry.lx.value, self.geometry.ly.value):
                raise ValueError(f"field.pitch {pitch.value:g} m given; allowed: above geometry.lx and ly")
        own = self.anisotropy
        if self.temperature.t_curie and (own.ki or own.ku or own.barrier) and not own.exponent:
            raise ValueError(
                "missing key 'anisotropy.exponent' (temperature.t_curie is given: the anisotropy goes with Ms(T)^exponent)"
            )
        if own.exponent and not (self.temperature.t_curie and (own.ki or own.ku or own.barrier)):
            raise ValueError("anisotropy.exponent given; allowed with temperature.t_curie, and ki, ku or barrier")
        if self.torque.model == "tunnel" and (self.polarisation and (given.tmr or not self.polarisation.p0)):
            raise ValueError(
                "torque.model 'tunnel' takes the polarisation of transport.tmr, or of p0 alone; allowed: one of them"
            )
        if self.demagnetisation.model == "none" and not self.anisotropy.barrier:
            raise ValueError("demagnetisation.model 'none' given; allowed with anisotropy.barrier only")
        return self

    @property
    def three_terminal(self) -> bool:
        """Whether the card has a rail."""
        return self.rail is not None
