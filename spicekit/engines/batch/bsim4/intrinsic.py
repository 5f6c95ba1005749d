"""Currents and charges within a transistor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import SimpleNamespace

from spicekit.engines.batch.bsim4.charges import intrinsic, quantum
from spicekit.engines.batch.bsim4.constants import EPS_SI, LARGEST, MAX_EXP, MIN_EXP, Q_GATE, Value
from spicekit.engines.batch.bsim4.smooth import bounded_exp, power2, smaller, softplus, theta_of
from spicekit.engines.batch.graph import Node, both, exp, log, maximum, sqrt, where


@dataclass(frozen=True)
class Model:
    """Currents into drain, gate and bulk (A) and their charges (C) as graphs of v_gs, v_ds and v_bs; the source has the rest."""

    currents: tuple[Value, Value, Value]
    charges: tuple[Value, Value, Value]


def model(s: SimpleNamespace, vgs: Node, vds: Node, vbs: Node) -> Model:
    """Currents and charges within a transistor of type n with v_ds >= 0, chapters 1 to 7; :mod:`.transistor` has the others."""
    vbd, vgd = vbs - vds, vgs - vds

    # chapter 2: effective body bias, threshold voltage
    t = vbs - s.vbsc - 0.001
    root = sqrt(t * t - 0.004 * s.vbsc)
    vb = where(t >= 0.0, s.vbsc + 0.5 * (t + root), s.vbsc * (1.0 - 0.002 / (root - t)))
    top = 0.95 * s.phi
    t = top - vb - 0.001
    vb = top - 0.5 * (t + sqrt(t * t + 0.004 * top))
    phis = s.phi - vb
    sqrt_phis = sqrt(phis)
    xdep = s.xdep0 / s.sqrt_phi * sqrt_phis
    sqrt_xdep = sqrt(xdep)

    def length(bend: float) -> Value:
        x = bend * vb
        return s.factor1 * sqrt_xdep * where(x >= -0.5, 1.0 + x, (1.0 + 3.0 * x) / (3.0 + 8.0 * x))

    theta0 = theta_of(s.dvt1 * s.l / length(s.dvt2))
    theta_w = theta_of(s.dvt1w * s.w * s.l / length(s.dvt2w)) if s.dvt0w else 0.0
    eta = s.eta0 + s.etab * vb
    eta = where(eta < 1e-4, (2e-4 - eta) / (3.0 - 2e4 * eta), eta)
    vth = (
        s.vth0
        + (s.k1ox * sqrt_phis - s.k1 * s.sqrt_phi) * s.lpe_vb
        - s.k2ox * vb
        - (s.dvt0 * theta0 + s.dvt0w * theta_w) * (s.vbi - s.phi)
        + (s.k3 + s.k3b * vb) * s.narrow
        + s.vth_constant
        + s.kt2 * vb
        - eta * s.theta0vb0 * vds
    )
    # chapter 3: subthreshold swing; pocket implants shift the threshold by it
    x = (s.nfactor * EPS_SI / xdep + (s.cdsc + s.cdscb * vb + s.cdscd * vds) * theta0 + s.cit) / s.coxe
    n = where(x >= -0.5, 1.0 + x, (1.0 + 3.0 * x) / (3.0 + 8.0 * x))
    if s.dvtp0 > 0:
        x = -s.dvtp1 * vds
        vth = vth - n * s.vtm * log(s.l / (s.l + s.dvtp0 * (1.0 + where(x < -LARGEST, MIN_EXP, exp(x)))))

    # chapter 1: depletion of the gate
    vge, vde = _poly(s, vgs), _poly(s, vgd)
    vgst = vge - vth

    # chapter 3: effective gate overdrive
    nvtm = n * s.vtm
    x = s.mstar * vgst / nvtm
    up = where(x > LARGEST, s.mstar * vgst, nvtm * where(x < -LARGEST, math.log(1 + MIN_EXP), log(1.0 + exp(x))))
    x = (s.voffcbn - (1 - s.mstar) * vgst) / nvtm
    down = s.mstar + n * (s.coxe / s.cdep0) * bounded_exp(x)
    vg = up / down

    # chapter 1: bias dependence of the width; chapter 5: resistance, bulk charge, mobility
    bent = sqrt_phis - s.sqrt_phi
    w = s.w - 2.0 * (s.dwg * vg + s.dwb * bent)
    w = where(w < 2e-8, 2e-8 * (4e-8 - w) / (6e-8 - 2.0 * w), w) if isinstance(w, Node) else w
    t = 1.0 / (1.0 + s.prwg * vg) + s.prwb * bent
    rds = s.rdswmin + 0.5 * s.rds0 * (t + sqrt(t * t + 0.01))
    t = 0.5 * s.k1ox * s.lpe_vb / sqrt_phis + s.k2ox - s.k3b * s.narrow
    share = s.l / (s.l + 2.0 * sqrt(s.xj * xdep))
    abulk0 = 1.0 + t * (s.a0 * share + s.b0 / (s.w + s.b1))
    abulk = abulk0 - t * s.ags * s.a0 * share * share * share * vg
    x = s.keta * vb
    by_keta = where(x >= -0.9, 1.0 / (1.0 + x), (17.0 + 20.0 * x) / (0.8 + x))
    abulk0, abulk = (where(a < 0.1, (0.2 - a) / (3.0 - 20.0 * a), a) * by_keta for a in (abulk0, abulk))

    coulomb = 0.0 if s.ud == 0 else s.ud * power2(vth * s.toxe / (vg + 2.0 * sqrt(vth * vth + 1e-4)))
    if s.modes["mobmod"] == 2:
        x = exp(s.eu * log((vg + s.vtfbphi1) / s.toxe)) * (s.ua + s.uc * vb) + coulomb
    else:
        field = (vg + 2.0 * vth) / s.toxe
        if s.modes["mobmod"] == 0:
            x = field * (s.ua + s.uc * vb + s.ub * field) + coulomb
        else:
            x = field * (s.ua + s.ub * field) * (1.0 + s.uc * vb) + coulomb
    mobility = s.u0 / where(x >= -0.8, 1.0 + x, (0.6 + x) / (7.0 + 10.0 * x))

    # chapter 5: saturation voltage
    wv_rds = w * s.vsat * s.coxe * rds
    esat = 2.0 * s.vsat / mobility
    esat_l = esat * s.l
    vg2 = vg + 2.0 * s.vtm
    saturated = _lambda(s, vg)
    if rds == 0.0 and saturated == 1.0:
        vdsat = esat_l * vg2 / (abulk * esat_l + vg2)
    else:
        a = 2.0 * abulk * (abulk * wv_rds - 1.0 + 1.0 / saturated)
        b = vg2 * (2.0 / saturated - 1.0) + abulk * esat_l + 3.0 * vg2 * abulk * wv_rds
        vdsat = (b - sqrt(b * b - 2.0 * a * vg2 * (esat_l + 2.0 * vg2 * wv_rds))) / a
    vdseff = smaller(vdsat, vds, s.delta)
    vdseff = where(vdseff > vds, vds, vdseff)
    excess = vds - vdseff
    vasat = (esat_l + vdsat + 2.0 * wv_rds * vg * (1.0 - 0.5 * abulk * vdsat / vg2)) / (2.0 / saturated - 1.0 + wv_rds * abulk)

    # chapter 5: drain current without and with the four Early voltages
    cox = quantum(s, vg)
    gche = mobility * cox * w / s.l * vg * (1.0 - 0.5 * vdseff * abulk / vg2) / (1.0 + vdseff / esat_l)
    idl = gche / (1.0 + gche * rds)
    fp = 1.0 / (1.0 + s.fprout * math.sqrt(s.l) / vg2) if s.fprout > 0 else 1.0
    x = s.pvag / esat_l * vg
    pvag = where(x > -0.9, 1.0 + x, (0.8 + x) / (17.0 + 20.0 * x)) if isinstance(x, Node) else 1.0 + x
    if s.pclm > MIN_EXP:
        cclm = fp * pvag * (1.0 + rds * idl) * (s.l + vdsat / esat) / (s.pclm * s.litl)
        wide = excess > 1e-10
        vaclm, cclm = where(wide, cclm * excess, MAX_EXP), where(wide, cclm, MAX_EXP)
    else:
        vaclm = cclm = MAX_EXP
    by_bias = 1.0
    if s.theta_rout > MIN_EXP:
        t = abulk * vdsat
        vadibl = (vg2 - vg2 * t / (vg2 + t)) / s.theta_rout
        x = s.pdiblcb * vb
        vadibl = vadibl * where(x >= -0.9, 1.0 / (1.0 + x), (17.0 + 20.0 * x) / (0.8 + x)) * pvag
        by_bias = 1.0 + excess / vadibl
    ids = idl * by_bias
    if s.pdits > MIN_EXP:
        x = s.pditsd * vds
        vadits = (1.0 + (1.0 + s.pditsl * s.l) * where(x > LARGEST, MAX_EXP, exp(x))) / s.pdits * fp
        ids = ids * (1.0 + excess / vadits)
    else:
        ids = ids * (1.0 + excess / MAX_EXP)
    ids = ids * (1.0 + log((vasat + vaclm) / vasat) / cclm)

    # chapter 6: impact ionisation
    body: Value = 0.0
    strength = s.alpha0 + s.alpha1 * s.l
    if strength > 0 and s.beta0 > 0:
        x = -s.beta0 / excess
        body = strength / s.l * excess * where(excess > s.beta0 / LARGEST, exp(x), MIN_EXP) * ids * vdseff
    if s.pscbe2 > 0:
        near = s.pscbe1 * s.litl
        vascbe = where(excess > near / LARGEST, exp(near / maximum(excess, near / LARGEST)), MAX_EXP) * (s.l / s.pscbe2)
        ids = ids * (1.0 + excess / vascbe)
    else:
        ids = ids * (1.0 + excess / MAX_EXP)
    channel = ids * vdseff

    gidl = _gidl(s, vds - vge, vbd)
    gisl = _gidl(s, -vds - vde, vbs)

    # chapter 4: gate tunnelling
    vfb_eff = _flat_band(s, vge, vb)
    igcs = igcd = igs = igd = igb = 0.0
    above = vge - vfb_eff - vb - vg
    if s.modes["igcmod"] or s.modes["igbmod"]:
        vox_acc = maximum(s.vfbzb - vfb_eff, 0.0)
        half = 0.5 * s.k1ox
        vox = vg + (where(above < 0.0, -above, s.k1ox * (sqrt(half * half + above) - half)) if s.k1ox else 0.0)
    if s.modes["igcmod"]:
        aux = softplus(vge - (s.vth0 if s.modes["igcmod"] == 1 else vth), s.vtm * s.nigc)
        igc = s.a_channel * vge * aux * _tunnel(s.b_channel, s.aigc, s.bigc, s.cigc, vox)
        if s.pigcd is not None:
            pigcd: Value = s.pigcd
        else:
            pigcd = -s.b_channel / power2(vg + 1e-20) * (1.0 - 0.5 * vdseff / (vg + 1e-20))
        x = -pigcd * vdseff
        e = bounded_exp(x)
        norm = x * x + 2e-4
        igcs, igcd = igc * (e - 1.0 + 1e-4 - x) / norm, igc * (x * e - e + 1.0 + 1e-4) / norm
        igs, igd = (_edge(s, v) for v in (vgs, vgd))
    if s.modes["igbmod"]:
        drive = vge - vb
        acc = s.a_acc * drive * softplus(vb + s.vfbzb - vge, s.vtm * s.nigbacc)
        inv = s.a_inv * drive * softplus(vox - s.eigbinv, s.vtm * s.nigbinv)
        igb = acc * _tunnel(s.b_acc, s.aigbacc, s.bigbacc, s.cigbacc, vox_acc) + inv * _tunnel(
            s.b_inv, s.aigbinv, s.bigbinv, s.cigbinv, vox
        )

    i_drain = channel + body + gidl - igcd - igd
    i_gate = igcs + igcd + igs + igd + igb
    i_bulk = -igb - body - gidl - gisl
    q_gate, q_bulk, q_drain = intrinsic(s, vds, vge, vb, vth, n, abulk0, vfb_eff)
    return Model((i_drain, i_gate, i_bulk), (q_drain, q_gate, q_bulk))


def _poly(s: SimpleNamespace, vg: Value) -> Value:
    """The gate voltage less what drops in the depleted gate, chapter 1."""
    if not 1e18 < s.ngate < 1e25:
        return vg
    start = s.vfb + s.phi
    t1 = 1e6 * Q_GATE * EPS_SI * s.ngate / s.coxe**2
    above = vg - start
    x = 2.0 * above / (sqrt(1.0 + maximum(above, 0.0) * (2.0 / t1)) + 1.0)
    bend = 1.12 - 0.5 / t1 * x * x - 0.05
    return where(vg > start, vg - (1.12 - 0.5 * (bend + sqrt(bend * bend + 0.224))), vg)


def _lambda(s: SimpleNamespace, vg: Value) -> Value:
    if s.a1 == 0:
        return s.a2
    if s.a1 > 0:
        rest = 1.0 - s.a2
        t = rest - s.a1 * vg - 1e-4
        return s.a2 + rest - 0.5 * (t + sqrt(t * t + 4e-4 * rest))
    t = s.a2 + s.a1 * vg - 1e-4
    return 0.5 * (t + sqrt(t * t + 4e-4 * s.a2))


def _gidl(s: SimpleNamespace, over: Value, vbd: Value) -> Value:
    """Leakage of the drain (the source) induced by the gate, chapter 6."""
    if s.agidl <= 0 or s.bgidl <= 0 or s.cgidl <= 0:
        return 0.0
    field = (over - s.egidl) / (3.0 * s.toxe)
    safe = where(field > 0.0, field, 1.0)
    x = s.bgidl / safe
    cube = -vbd * vbd * vbd
    current = s.agidl * s.w_cj * safe * where(x < 100.0, exp(-x), 3.720075976e-44) * cube / (s.cgidl + cube)
    return where(both(field > 0.0, vbd <= 0.0), current, 0.0)


def _flat_band(s: SimpleNamespace, vge: Value, vb: Value) -> Value:
    t = s.vfbzb - vge + vb - 0.02
    return s.vfbzb - 0.5 * (t + sqrt(t * t + 4.0 * 0.02 * abs(s.vfbzb)))


def _tunnel(b: float, one: float, two: float, three: float, v: Value) -> Value:
    return bounded_exp(b * (one + (one * three - two) * v - two * three * v * v))


def _edge(s: SimpleNamespace, v: Value) -> Value:
    t = v - s.vfbsd
    size = sqrt(t * t + 1e-4)
    return s.a_edge * v * size * _tunnel(s.b_edge, s.aigsd, s.bigsd, s.cigsd, size)
