"""The intrinsic charges: capMod 2, chapter 7."""

from __future__ import annotations

from types import SimpleNamespace

from spicekit.engines.batch.bsim4.constants import EPS_SI, Value
from spicekit.engines.batch.bsim4.smooth import bounded_exp, smaller, softplus_of
from spicekit.engines.batch.graph import exp, log, sqrt, where


def quantum(s: SimpleNamespace, vg: Value) -> Value:
    """Capacitance per area with the inversion charge's own thickness, chapter 1."""
    x = exp(0.7 * log((vg + s.vtfbphi2) / (2e8 * s.toxp)))
    per = EPS_SI / 1.9e-9 * (1.0 + x)
    return s.coxp * per / (s.coxp + per)


def intrinsic(
    s: SimpleNamespace, vds: Value, vge: Value, vb: Value, vth: Value, n: Value, abulk0: Value, vfb_eff: Value
) -> tuple[Value, Value, Value]:
    """Charges of gate, bulk and drain without overlap and junctions: capMod 2, chapter 7."""
    area = s.coxe * s.w_cv * s.l_cv
    vg = softplus_of(vge - vth - s.voffcv, n * (s.noff * s.vtm))

    # accumulation and depletion: the charge centroid
    x = (vge - vb - s.vfbzb) * (s.acde / (1e8 * s.toxp))
    link = 1e-3 * s.toxp
    t = s.ldeb - s.ldeb * bounded_exp(x) - link
    center = s.ldeb - 0.5 * (t + sqrt(t * t + 4.0 * link * s.ldeb))
    per = EPS_SI / center
    cap = area / s.coxe * (s.coxp * per / (s.coxp + per))
    half = 0.5 * s.k1ox
    above = vge - vfb_eff - vb - vg
    q_acc = cap * (vfb_eff - s.vfbzb)
    q_sub = cap * s.k1ox * (where(above < 0.0, half + above / s.k1ox, sqrt(half * half + above)) - half) if s.k1ox else 0.0

    # inversion: surface potential, centroid, bulk charge, saturation
    if s.k1ox <= 0:
        denominator, t0 = 0.25 * s.moin * s.vtm, 0.5 * s.sqrt_phi
    else:
        denominator, t0 = s.moin * s.vtm * s.k1ox**2, s.k1ox * s.sqrt_phi
    t = vg - s.vtm * log(1.0 + (2.0 * t0 + vg) * vg * (1.0 / denominator)) - 0.001
    vgdp = 0.5 * (t + sqrt(t * t + 0.004 * vg))
    cap = area / s.coxe * quantum(s, vg)
    abulk = abulk0 * s.abulk_cv
    vd = smaller(vgdp / abulk, vds, 0.02)
    t0 = abulk * vd
    t2 = 12.0 * (vgdp - 0.5 * t0 + 1e-20)
    t3 = t0 / t2
    q_gate = cap * (vgdp - t0 * (0.5 - t3))
    q_bulk = cap * (1.0 - abulk) * (0.5 * vd - t3 * vd)
    if s.xpart > 0.5:
        q_source = -cap * (0.5 * vgdp + 0.25 * t0 - t0 * t3 * 0.5)
    elif s.xpart < 0.5:
        t2 = t2 * (1.0 / 12.0)
        t4 = vgdp * (2.0 / 3.0 * t0 * t0 + vgdp * (vgdp - 4.0 / 3.0 * t0)) - 2.0 / 15.0 * t0 * t0 * t0
        q_source = -0.5 * cap * t4 / (t2 * t2)
    else:
        q_source = -0.5 * (q_gate + q_bulk)
    q_gate = q_gate + q_acc + q_sub - q_bulk
    q_bulk = q_bulk - (q_acc + q_sub)
    return q_gate, q_bulk, -(q_gate + q_bulk + q_source)
