"""From a device card to the flat set of numbers that every form of the model reads.

The ngspice macromodel, its Verilog-A twin and :mod:`spicekit.physics.llg` take these numbers and nothing else, so that
they compute the same thing.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from spicekit.errors import UserError
from spicekit.physics import magnetics
from spicekit.physics.conductance import LAWS, brinkman_coefficients, conductance, tunnel_conductance, voltage
from spicekit.physics.constants import E_CHARGE, GAMMA, HBAR, K_B, MU0
from spicekit.physics.initial import nominal_angle
from spicekit.physics.mtj_numbers import MtjNumbers
from spicekit.units import KELVIN
from spicekit.waves import Array

if TYPE_CHECKING:
    from spicekit.devices.mtj_figures import MtjFigures

Tensor = magnetics.Tensor


_STATES: Final[tuple[Literal["p", "ap"], ...]] = ("p", "ap")
_NORMALISATION_RATE = 1e9  # slow beside the precession, fast beside the drift of a simulator's integration


def macromodel(card: MtjFigures, temperature: float | None = None) -> MtjNumbers:
    """The numbers of ``card`` at ``temperature`` (K; the card's own if None).

    Raises :class:`UserError` for a temperature beyond the card's laws, or at which its easy axis is not stable.
    """
    temp = card.temperature.default.value if temperature is None else float(temperature)
    laws = card.temperature
    t_curie = laws.t_curie.value if laws.t_curie else 1e9
    p_b = laws.p_coefficient.value if laws.p_coefficient else 0.0
    bloch = 1 - p_b * temp**1.5
    transport = _transport(card, card.geometry.area, p_b)
    p_temp = transport["p_tmr0"] * bloch
    if not 0 < temp < t_curie or not bloch > 0 or p_temp >= 1:
        raise UserError(
            f"{card.name}: temperature {temp - KELVIN:g} C ({temp:g} K) given; allowed: above 0 K, below the Curie point, "
            "polarisation 0 to 1"
        )
    exponent = laws.ms_exponent.value if laws.ms_exponent else 0.0

    def magnetisation(kelvin: float) -> float:
        return float(magnetics.magnetisation(ms0, kelvin, t_curie, exponent))

    given_at = laws.ms_temperature.value if laws.ms_temperature else 0.0
    ms0 = card.magnet.ms.value / (1 - given_at / t_curie) ** exponent
    ms = magnetisation(temp)
    gamma = card.constants.gamma.value if card.constants.gamma else GAMMA
    k_b = card.constants.k_b.value if card.constants.k_b else K_B
    alpha = card.magnet.alpha.value
    area, volume = card.geometry.area, card.geometry.area * card.geometry.t_free.value
    easy = "xyz".index(card.magnet.easy_axis)
    demag, size = _demagnetisation(card), _demagnetisation_by_size(card)

    own_temp = (card.anisotropy.barrier_temperature or laws.default).value  # of what the card says about its anisotropy
    k_exponent = card.anisotropy.exponent.value if card.anisotropy.exponent else 0.0
    weaker = (ms / magnetisation(own_temp)) ** k_exponent  # H. B. Callen and E. Callen, J. Phys. Chem. Solids 27, 1271 (1966)
    k_easy, k_perp, n_perp = _anisotropy(card, demag, easy, volume, k_b * own_temp, magnetisation(own_temp))
    k_easy, k_perp = weaker * k_easy, weaker * k_perp
    extra = [0.0, 0.0, 2 * k_perp / (MU0 * ms) + n_perp * ms]
    extra[easy] += 2 * k_easy / (MU0 * ms)
    own = extra[easy] - demag[easy] * ms
    net = [own - (extra[j] - demag[j] * ms) for j in range(3) if j != easy]  # stiffness towards each transverse axis
    stiff = net if card.anisotropy.convention == "net" else [own, own]
    hk = min(stiff)
    if min(hk, *net) <= 0:
        worst = min(hk, *net)
        raise UserError(
            f"{card.name}: magnet.easy_axis '{card.magnet.easy_axis}' is not stable at {temp - KELVIN:g} C ({temp:g} K): "
            f"its anisotropy field is {worst:.3g} A/m; allowed: > 0 (raise the anisotropy or name the true easy axis)"
        )
    own_size = -size[easy] * ms
    net_sizes = [own_size + size[j] * ms for j in range(3) if j != easy]
    net_size = net_sizes[net.index(min(net))]
    delta = float(magnetics.thermal_stability(ms, hk, volume, temp, k_b))

    softest = min((h, j) for j, h in zip([j for j in range(3) if j != easy], net, strict=True))[1]
    # towards the y axis of a layer that is as soft along x, as the UMN library tilts it
    soft = math.pi / 2 if easy == 2 and net[0] == net[1] else (softest - easy - 1) % 3 * math.pi / 2

    rule = card.initial.theta0_rule
    given = card.initial.theta0.value if card.initial.theta0 else 0.0
    small = 1 / math.sqrt(2 * delta)
    theta0 = {"given": given, "small-angle": small}.get(rule, nominal_angle(delta))
    field, thermal = card.field, card.thermal
    applied = [h.value if h else 0.0 for h in (field.hx, field.hy, field.hz)]
    applied[easy] += field.stray.value if field.stray else 0.0
    if field.pitch:
        shape = card.geometry
        factor = magnetics.array_factor(shape.lx.value, shape.ly.value, shape.t_free.value, field.pitch.value, shape.shape)
        applied[easy] += (ms if field.neighbours == "ap" else -ms) * factor
    xi = card.vcma.xi.value if card.vcma else 0.0
    t_ox = card.geometry.t_ox.value if card.geometry.t_ox else 1.0
    numbers = MtjNumbers(
        temperature=temp,
        area=area,
        volume=volume,
        alpha=alpha,
        gamma=gamma,
        mu0=MU0,
        ms0=ms0,
        t_curie=t_curie,
        ms_exponent=exponent,
        ms=ms,
        ex=float(easy == 0),
        ey=float(easy == 1),
        ez=float(easy == 2),
        nxx=demag[0],
        nyy=demag[1],
        nzz=demag[2],
        k_easy=k_easy,
        k_eff=MU0 * ms * hk / 2,
        k_exponent=k_exponent,
        k_perp=k_perp,
        n_perp=n_perp,
        k_vcma=xi / (t_ox * card.geometry.t_free.value),
        hx=applied[0],
        hy=applied[1],
        hz=applied[2],
        **_torque(card, transport["p_tmr0"], volume),
        p_b=p_b,
        **_rail(card, area, volume),
        **transport,
        tmr=float(magnetics.julliere_tmr(p_temp, p_temp)),
        thermal=float(thermal is not None),
        r_th=thermal.r_th.value if thermal else 1.0,
        c_th=thermal.c_th.value if thermal else 1.0,
        theta0=theta0,
        phi0=card.initial.phi0.value if card.initial.phi0 else soft,
        theta0_sampled=float(rule == "boltzmann"),
        delta=delta,
        hk=hk,
        hk_size=net_size if card.anisotropy.convention == "net" else own_size,
        net_size=net_size,
        stiffness=sum(stiff) / 2,
        stiffness_size=sum(net_sizes) / 2 if card.anisotropy.convention == "net" else own_size,
        tau_d=float(magnetics.relaxation_time(alpha, hk, gamma)),
        ic_ap_p=1.0,
        ic_p_ap=1.0,
        k_norm=_NORMALISATION_RATE,
    )
    return with_critical_currents(numbers)


def with_critical_currents(p: MtjNumbers) -> MtjNumbers:
    """``p`` with the critical currents of its torque: a_stt = alpha stiffness in either state, at the bias that they make."""
    ap_p, p_ap = (
        magnetics.critical_current(p.alpha, p.ms, p.volume, efficiency(p, c, p.temperature), p.stiffness, p.stiffness)
        for c in (-1.0, 1.0)
    )
    ap_p, p_ap = np.asarray(ap_p), np.asarray(p_ap / p.stt_asymmetry)
    if p.stt_tunnel:  # at the voltage at which the parallel state carries what it needs, the antiparallel one carries less
        v = voltage(p, p.stt_asymmetry * p_ap, 1.0, p.temperature)
        ap_p = np.asarray(v * conductance(p, v, -1.0, p.temperature))
    found: dict[str, Any] = {"ic_ap_p": ap_p, "ic_p_ap": p_ap}  # arrays if the numbers of ``p`` are
    return replace(p, **{name: x if x.ndim else float(x) for name, x in found.items()})


def overdrive(p: MtjNumbers, current: ArrayLike, state: Literal["p", "ap"]) -> Array:
    """Torque over critical torque on ``state`` at ``current`` (A, counted in the direction that drives it out): I/I_c, unless
    the torque goes with the voltage."""
    i = np.asarray(current, float)
    if not p.stt_tunnel:
        return np.asarray(i / (p.ic_ap_p if state == "ap" else p.ic_p_ap))
    sign, c = (1.0, -1.0) if state == "ap" else (-1.0, 1.0)
    v = voltage(p, sign * i, c, p.temperature)
    drawn = sign * v * conductance(p, v, 1.0, p.temperature)  # by the parallel state at this voltage
    return np.asarray(drawn / p.ic_p_ap / (p.stt_asymmetry if state == "ap" else 1.0))


def efficiency(p: MtjNumbers, c: Any, temperature: Any) -> Any:
    """g of :class:`MtjNumbers` in a state of cosine ``c``, in a tunnel torque that for the parallel state's current."""
    if p.stt_tunnel:
        polarisation = p.p_tmr0 * (1 - p.p_b * temperature**1.5)
        return p.stt_qp / p.stt_ap * polarisation / (1 + polarisation**2)
    slope = p.stt_am * c
    return (1 - p.p_b * temperature**1.5) * (p.stt_qp / (p.stt_ap + slope) + p.stt_qm / (p.stt_ap - slope))


def _demagnetisation_by_size(card: MtjFigures) -> Tensor:
    """Derivatives of the demagnetising factors in 1/d, d a factor on both lateral dimensions.

    In 1/d they are nearly straight: of the shipped cards Hk is within 1.5e-3 of the exact one for d from 0.9 to 1.1.  A tensor
    that is given is taken to change as that of the body of its shape; without demagnetisation nothing does.
    """
    shape, model = card.geometry, card.demagnetisation.model
    if model == "none":
        return 0.0, 0.0, 0.0
    body = {"ellipsoid": magnetics.ellipsoid_demagnetisation}.get(model) or (
        magnetics.prism_demagnetisation if shape.shape == "rectangle" else magnetics.cylinder_demagnetisation
    )
    small, large = (body(shape.lx.value / x, shape.ly.value / x, shape.t_free.value) for x in (1 + 1e-4, 1 - 1e-4))
    nxx, nyy, nzz = ((a - b) / 2e-4 for a, b in zip(small, large, strict=True))
    return nxx, nyy, nzz


def _demagnetisation(card: MtjFigures) -> Tensor:
    shape, given = card.geometry, card.demagnetisation
    edges = (shape.lx.value, shape.ly.value, shape.t_free.value)
    if given.model == "prism":
        return magnetics.prism_demagnetisation(*edges)
    if given.model == "ellipsoid":
        return magnetics.ellipsoid_demagnetisation(*edges)
    if given.model == "cylinder":
        return magnetics.cylinder_demagnetisation(*edges)
    if given.nxx and given.nyy and given.nzz:
        return given.nxx.value, given.nyy.value, given.nzz.value
    return 0.0, 0.0, 0.0


def _anisotropy(card: MtjFigures, demag: Tensor, easy: int, volume: float, kt: float, ms: float) -> tuple[float, float, float]:
    """(k_easy in J/m3, k_perp in J/m3, n_perp) at the temperature of ``kt`` (J) and ``ms`` (A/m), the card's own.

    A given barrier is the whole barrier: shape is taken off k_easy.
    """
    given, t_free = card.anisotropy, card.geometry.t_free.value
    k_easy = given.ku.value if given.ku else 0.0
    if given.barrier:
        shape = demag[easy] - min(n for axis, n in enumerate(demag) if axis != easy)
        k_easy = given.barrier.value * kt / volume + MU0 * ms**2 * shape / 2
    k_perp = given.ki.value / t_free if given.ki else 0.0
    n_perp = given.t_c.value / t_free if given.t_c else 0.0  # UMN: K_i = 2 pi Ms^2 t_c in CGS
    return k_easy, k_perp, n_perp


def _torque(card: MtjFigures, p_tmr0: float, volume: float) -> dict[str, float]:
    """Slonczewski's angular factor in one form for three of the models.

    Fong et al.: q(+-) = Lambda^2 (P_pinned +- P_free).  UMN is Lambda = 1, where it is the constant P_pinned; Arm (the
    form of OOMMF's Oxs_SpinXferEvolve) is P_pinned = P_free.

    A tunnel junction's torque is P/(1 + P^2 cos) an ampere (Slonczewski, Phys. Rev. B 71, 024411 (2005)), with a conductance
    that goes with 1 + P^2 cos: the same volt makes the same torque at any angle, P/(1 + P^2) of the parallel state's current.
    That is what is taken at any bias: where the bias lowers TMR, the antiparallel state's further current brings no torque.
    (By the same theory the torque at one polarity stays where the bias has taken most of the TMR.)
    """
    given, p = card.torque, card.polarisation
    factor = given.efficiency.value if given.efficiency else 1.0
    pinned = free = p_tmr0
    if p is not None:
        pinned = (p.p_pinned or p.p0).value  # type: ignore[union-attr]  # the card has checked that one is there
        free = (p.p_free or p.p0).value  # type: ignore[union-attr]
    square = given.slonczewski_lambda.value**2 if given.slonczewski_lambda else 1.0
    scale, tunnel = square * factor, given.model == "tunnel"
    return {
        "gilbert": float(given.model != "umn"),
        "stt_coefficient": HBAR / (2 * E_CHARGE * MU0 * volume),
        "stt_tunnel": float(tunnel),
        "stt_qp": 2 * factor if tunnel else scale * (pinned + free),
        "stt_qm": 0.0 if tunnel else scale * (pinned - free),
        "stt_ap": square + 1,
        "stt_am": square - 1,
        "stt_asymmetry": given.asymmetry.value if given.asymmetry else 1.0,
        "stt_fieldlike": given.fieldlike.value if given.fieldlike else 0.0,
    }


def _rail(card: MtjFigures, area: float, volume: float) -> dict[str, float]:
    rail = card.rail
    if rail is None:
        return dict.fromkeys(("sot", "sot_coefficient", "sot_fieldlike", "sx", "sy", "sz"), 0.0) | {"r_rail": 1.0}
    width, thickness = rail.width.value, rail.thickness.value
    sech = 1 / math.cosh(thickness / rail.lambda_sf.value) if rail.lambda_sf else 0.0
    spin = rail.theta_sh.value * (1 - sech) * (rail.shunt.value if rail.shunt else 1.0) * area / (width * thickness)
    resistance = rail.resistance.value if rail.resistance else 0.0
    if rail.rho:
        resistance = rail.rho.value * rail.length.value / (width * thickness)
    return {
        "sot": 1.0,
        "sot_coefficient": spin * HBAR / (2 * E_CHARGE * MU0 * volume),
        "sot_fieldlike": rail.fieldlike.value if rail.fieldlike else 0.0,
        "sx": 0.0,
        "sy": 1.0,
        "sz": 0.0,
        "r_rail": resistance,
    }


def _transport(card: MtjFigures, area: float, p_b: float) -> dict[str, float]:
    given, p = card.transport, card.polarisation
    v_half = given.v_half.value if given.v_half else math.inf
    gp1 = gp2 = gap2 = 0.0
    bloch = 1 - p_b * card.temperature.default.value**1.5
    t_ox = card.geometry.t_ox.value if card.geometry.t_ox else 0.0
    if given.conductance == "tunnel-fit":
        # both branches are 1 + c V^2 over their value at 0 V; the value at 1 V gives c
        p0, p1, ap0, ap1 = (float(tunnel_conductance(t_ox, v, s)) for s in _STATES for v in (0.0, 1.0))
        r_p, tmr = 1 / (p0 * area), p0 / ap0 - 1
        gp2, gap2 = p1 / p0 - 1, ap1 / ap0 - 1
    else:
        r_p = given.ra.value * 1e-12 / area if given.ra else 0.0
        tmr = given.tmr.value if given.tmr else -1.0
    if given.conductance == "brinkman" and given.barrier_height:
        difference = given.barrier_difference.value if given.barrier_difference else 0.0
        gp1, gp2 = brinkman_coefficients(t_ox, given.barrier_height.value, difference)
    if tmr >= 0:  # given at the card's temperature
        p_tmr0 = float(magnetics.julliere_polarisation(tmr)) / bloch
    elif p is not None and p.p_pinned and p.p_free:
        p_tmr0 = math.sqrt(p.p_pinned.value * p.p_free.value)
    else:
        p_tmr0 = p.p0.value  # type: ignore[union-attr]  # the card has checked that one of the three is there
    return {
        "conductance": float(LAWS[given.conductance]),
        "angle_umn": float(given.angle == "umn"),
        "r_p": r_p,
        "p_tmr0": p_tmr0,
        "tmr_v2": v_half**-2,
        "gp1": gp1,
        "gp2": gp2,
        "gap2": gap2,
    }
