"""Junctions and overlaps of drain and source."""

from __future__ import annotations

from types import SimpleNamespace

from spicekit.engines.batch.bsim4.constants import LARGEST, MIN_EXP, Value
from spicekit.engines.batch.bsim4.intrinsic import Model
from spicekit.engines.batch.graph import Node, exp, log, sqrt, where


def parasitics(s: SimpleNamespace, vgs: Node, vds: Node, vbs: Node) -> Model:
    """Junctions and overlaps, chapters 7 and 11: of drain and source as they stand, for v_ds of either sign."""
    vbd, vgd = vbs - vds, vgs - vds
    drain, source = s.junctions
    ibd, ibs = _diode(drain, vbd, s.gmin), _diode(source, vbs, s.gmin)
    qbd, qbs = _junction_charge(drain, vbd), _junction_charge(source, vbs)
    qgd = _overlap(s.cgdo, s.w_cv * s.cgdl, s.ckappad, vgd)
    qgs = _overlap(s.cgso, s.w_cv * s.cgsl, s.ckappas, vgs)
    qgb = s.cgbo * (vgs - vbs)
    return Model((-ibd, 0.0, ibd + ibs), (-qgd - qbd, qgd + qgs + qgb, qbd + qbs - qgb))


def _diode(j: SimpleNamespace, v: Value, gmin: float) -> Value:
    """A junction without breakdown, linear beyond the knee current, chapter 11."""
    if j.i_sat <= 0:
        return gmin * v
    x = v * (1.0 / j.nvtm)
    knee = j.i_knee - j.i_sat + (v - j.v_knee) * (j.i_knee / j.nvtm)
    low = j.i_sat * (where(x < -LARGEST, MIN_EXP, exp(x)) - 1.0)
    return where(v <= j.v_knee, low, knee) + gmin * v


def _overlap(fixed: float, light: float, kappa: float, v: Value) -> Value:
    """Charge of a gate over a lightly doped drain or source, chapter 7."""
    if light == 0:
        return fixed * v
    t = v + 0.02
    low = 0.5 * (t - sqrt(t * t + 4.0 * 0.02))
    return (fixed + light) * v - light * (low + 0.5 * kappa * (sqrt(1.0 - 4.0 / kappa * low) - 1.0))


def _junction_charge(j: SimpleNamespace, v: Value) -> Value:
    """Depletion charge of area, side wall and gate edge, chapter 7; quadratic under forward bias."""
    reverse: Value = 0.0
    linear = bent = 0.0
    for cap, pb, mj in j.caps:
        if cap > 0:
            x = 1.0 - where(v < 0.0, v, 0.0) * (1.0 / pb)
            grown = sqrt(x) if mj == 0.5 else exp((1.0 - mj) * log(x))
            reverse = reverse + cap * pb / (1.0 - mj) * (1.0 - grown)
            linear, bent = linear + cap, bent + cap * mj / pb
    return where(v < 0.0, reverse, v * (linear + 0.5 * bent * v))
