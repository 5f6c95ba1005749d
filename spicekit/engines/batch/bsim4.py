"""BSIM4, versions 4.0 to 4.5 (level 54), from its published equations.

Source: X. Xi, M. Dunga, J. He, W. Liu, K. M. Cao, X. Jin, J. J. Ou, M. Chan, A. M. Niknejad and C. Hu, BSIM4.5.0 MOSFET Model:
User's Manual, University of California, Berkeley (2004); "chapter" below is a chapter of it, and the names are the manual's.
What the manual leaves open, how a formula is bounded where it would overflow or change its sign, is SPICE's, found against
ngspice (tests/spicekit/engines/test_bsim4.py compares currents, charges and all derivatives on a grid).

:func:`size` has what does not depend on bias (floats); :func:`model` the rest (graphs of the bias, see
:mod:`spicekit.engines.batch.graph`). The modes are those of the PTM cards: mobMod 0 to 2, capMod 2, rdsMod 0, igcMod 0 to 2,
igbMod, dioMod 1, no gate or body resistance, no non-quasi-static charge. Others raise :class:`Unsupported`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from spicekit.engines.batch.graph import Node, both, exp, log, maximum, sqrt, where
from spicekit.engines.batch.unsupported import Unsupported

Value = Any  # Node | float: arithmetic of either

K_OVER_Q = 8.617087e-5  # V/K; the constants are those of the manual, which fitted cards belong to
Q = 1.60219e-19  # C
Q_GATE = 1.6021766208e-19  # C: ngspice has another one here
EPS0 = 8.85418e-12  # F/m
EPS_SI = 1.03594e-10  # F/m
LARGEST = 34.0  # an exponent beyond which exp is bounded
MIN_EXP, MAX_EXP = 1.713908431e-15, 5.834617425e14

MODES = {
    "mobmod": (0, 1, 2), "capmod": (2,), "rdsmod": (0,), "igcmod": (0, 1, 2), "igbmod": (0, 1), "diomod": (1,), "rbodymod": (0,),
    "rgatemod": (0,), "permod": (0, 1), "geomod": (0, 1), "acnqsmod": (0,), "trnqsmod": (0,), "tempmod": (0,), "binunit": (1, 2),
    "rgeomod": (0,),
}  # fmt: skip
_MODE_DEFAULTS = {"capmod": 2, "diomod": 1, "permod": 1, "binunit": 1}
# parameters of effects that are not here: these values switch them off
_OFF = {
    "lambda": 0.0, "vtl": 0.0, "jtss": 0.0, "jtsd": 0.0, "jtssws": 0.0, "jtsswd": 0.0, "jtsswgs": 0.0, "jtsswgd": 0.0,
    "ku0": 0.0, "kvth0": 0.0, "kvsat": 0.0, "web": 0.0, "wec": 0.0, "kvth0we": 0.0, "ku0we": 0.0, "cvchargemod": 0.0,
    "mtrlmod": 0.0, "wpemod": 0.0, "gidlmod": 0.0, "mtrlcompatmod": 0.0,
}  # fmt: skip

_BOTH = {
    "xj": 1.5e-7, "ndep": 1.7e17, "ngate": 0.0, "nsd": 1e20, "epsrox": 3.9, "k3": 80.0, "k3b": 0.0, "w0": 2.5e-6,
    "lpe0": 1.74e-7, "lpeb": 0.0, "dvt0": 2.2, "dvt1": 0.53, "dvt2": -0.032, "dvt0w": 0.0, "dvt1w": 5.3e6, "dvt2w": -0.032,
    "dvtp0": 0.0, "dvtp1": 0.0, "phin": 0.0, "vbm": -3.0, "ub": 1e-19, "ud": 1e14, "up": 0.0, "lp": 1e-8, "vsat": 8e4,
    "a0": 1.0, "ags": 0.0, "b0": 0.0, "b1": 0.0, "keta": -0.047, "a1": 0.0, "a2": 1.0, "wint": 0.0, "lint": 0.0, "dwg": 0.0,
    "dwb": 0.0, "voff": -0.08, "voffl": 0.0, "minv": 0.0, "nfactor": 1.0, "eta0": 0.08, "etab": -0.07, "drout": 0.56,
    "cit": 0.0, "cdsc": 2.4e-4, "cdscb": 0.0, "cdscd": 0.0, "pclm": 1.3, "pdiblc1": 0.39, "pdiblc2": 0.0086, "pdiblcb": 0.0,
    "pscbe1": 4.24e8, "pscbe2": 1e-5, "pvag": 0.0, "delta": 0.01, "fprout": 0.0, "pdits": 0.0, "pditsl": 0.0, "pditsd": 0.0,
    "rdsw": 200.0, "rdswmin": 0.0, "prwg": 1.0, "prwb": 0.0, "wr": 1.0, "alpha0": 0.0, "alpha1": 0.0, "beta0": 30.0,
    "agidl": 0.0, "bgidl": 2.3e9, "cgidl": 0.5, "egidl": 0.8, "aigbacc": 0.0136, "bigbacc": 0.00171, "cigbacc": 0.075,
    "nigbacc": 1.0, "aigbinv": 0.0111, "bigbinv": 9.49e-4, "cigbinv": 0.006, "eigbinv": 1.1, "nigbinv": 3.0, "nigc": 1.0,
    "poxedge": 1.0, "ntox": 1.0, "toxref": 3e-9, "xpart": 0.0, "cgsl": 0.0, "cgdl": 0.0, "ckappas": 0.6, "clc": 1e-7,
    "cle": 0.6, "noff": 1.0, "voffcv": 0.0, "acde": 1.0, "moin": 15.0, "xl": 0.0, "xw": 0.0, "ll": 0.0, "lw": 0.0, "lwl": 0.0,
    "wl": 0.0, "ww": 0.0, "wwl": 0.0, "lln": 1.0, "lwn": 1.0, "wln": 1.0, "wwn": 1.0, "kt1": -0.11, "kt1l": 0.0, "kt2": 0.022,
    "ute": -1.5, "ua1": 1e-9, "ub1": -1e-18, "at": 3.3e4, "prt": 0.0, "tcj": 0.0, "tpb": 0.0, "tcjsw": 0.0, "tpbsw": 0.0,
    "tcjswg": 0.0, "tpbswg": 0.0, "dmcg": 0.0, "dmdg": 0.0, "dmcgt": 0.0, "rsh": 0.0, "ijthsfwd": 0.1, "jss": 1e-4,
    "jsws": 0.0, "jswgs": 0.0, "njs": 1.0, "xtis": 3.0, "cjs": 5e-4, "mjs": 0.5, "cjsws": 5e-10, "mjsws": 0.33, "pbs": 1.0,
    "pbsws": 1.0,
}  # fmt: skip
_N = {"u0": 0.067, "eu": 1.67, "aigc": 0.0136, "bigc": 0.00171, "cigc": 0.075, "aigsd": 0.0136, "bigsd": 0.00171, "cigsd": 0.075}
_P = {"u0": 0.025, "eu": 1.0, "aigc": 0.0098, "bigc": 7.59e-4, "cigc": 0.03, "aigsd": 0.0098, "bigsd": 7.59e-4, "cigsd": 0.03}
_BY_OTHER = {
    "llc": "ll", "lwc": "lw", "lwlc": "lwl", "wlc": "wl", "wwc": "ww", "wwlc": "wwl", "dlc": "lint", "dwc": "wint",
    "dlcig": "lint", "dmci": "dmcg", "cjswgs": "cjsws", "mjswgs": "mjsws", "pbswgs": "pbsws",
}  # fmt: skip
_BY_DRAIN = {"ijthdfwd": "ijthsfwd", "jsd": "jss", "jswd": "jsws", "jswgd": "jswgs", "njd": "njs", "xtid": "xtis", "cjd": "cjs",
             "mjd": "mjs", "cjswd": "cjsws", "mjswd": "mjsws", "cjswgd": "cjswgs", "mjswgd": "mjswgs", "pbd": "pbs",
             "pbswd": "pbsws",
             "pbswgd": "pbswgs", "ckappad": "ckappas"}  # fmt: skip
# of noise, of networks of resistors that MODES switch off, of breakdown (dioMod 1 has none), of checks and of other modes
_WITHOUT_EFFECT = {
    "paramchk", "fnoimod", "tnoimod", "noia", "noib", "noic", "em", "ef", "af", "kf", "ntnoi", "tnoia", "tnoib",
    "rnoia", "rnoib", "xrcrg1", "xrcrg2", "rshg", "gbmin", "rbpb", "rbpd", "rbps", "rbdb", "rbsb", "ngcon", "xgw",
    "xgl", "bvs", "bvd", "xjbvs", "xjbvd", "ijthsrev", "ijthdrev", "rsw", "rdw", "rswmin", "rdwmin", "vfbcv", "tnom",
    "lintnoi",
}  # fmt: skip
_BINNED = [*_BOTH, *_N, "vth0", "k1", "k2", "vfb", "ua", "uc", "uc1", "dsub", "rsw", "rdw", "rswmin", "rdwmin", "vfbcv"]
_NAMES = {
    *_BOTH, *_N, *_BY_OTHER, *_BY_DRAIN, *_WITHOUT_EFFECT, "toxe", "toxp", "toxm", "dtox", "vth0", "k1", "k2", "vfb", "ua", "uc",
    "uc1", "dsub", "pigcd", "cf", "cgso", "cgdo", "cgbo", "dwj",
}  # fmt: skip


@dataclass(frozen=True)
class Geometry:
    """One transistor: metres, square metres; None where the netlist gives nothing."""

    w: float
    l: float  # noqa: E741 - SPICE's name
    nf: float = 1.0
    ad: float | None = None
    as_: float | None = None
    pd: float | None = None
    ps: float | None = None


@dataclass(frozen=True)
class Model:
    """Currents into drain, gate and bulk (A) and their charges (C) as graphs of v_gs, v_ds and v_bs; the source has the rest."""

    currents: tuple[Value, Value, Value]
    charges: tuple[Value, Value, Value]


def size(card: Mapping[str, float], n: bool, geometry: Geometry, celsius: float, gmin: float) -> SimpleNamespace:
    """All that does not depend on bias, chapters 1, 2, 8, 11 and 12; ``card`` has lower-case names, ``n`` is the type."""
    given = dict(card)
    version = given.pop("version", 4.5)
    if not 4.0 <= version < 4.6:
        raise Unsupported(f"BSIM4 version {version:g}")
    modes = {}
    for name, allowed in MODES.items():
        modes[name] = int(given.get(name, _MODE_DEFAULTS.get(name, 0)))
        if modes[name] not in allowed:
            raise Unsupported(f"BSIM4 {name}={modes[name]}")
    for name, off in _OFF.items():
        if given.get(name, off) != off:
            raise Unsupported(f"BSIM4 {name}={given[name]:g}")
    binned = {letter + name for letter in "lwp" for name in _BINNED}
    unknown = sorted(given.keys() - binned - _NAMES - MODES.keys() - _OFF.keys())
    if unknown:
        raise Unsupported(f"the BSIM4 parameter {unknown[0]}")
    for name in ("toxe", "vth0", "k1", "k2"):
        if name not in given:
            raise Unsupported(f"a BSIM4 card without {name}")
    if geometry.nf != 1:
        raise Unsupported("a BSIM4 transistor of several fingers (nf)")

    c: dict[str, float] = _BOTH | (_N if n else _P) | given
    c.setdefault("toxp", c["toxe"] - given.get("dtox", 0.0))
    c.setdefault("toxm", c["toxe"])
    c.setdefault("dsub", c["drout"])
    c.setdefault("ua", 1e-15 if modes["mobmod"] == 2 else 1e-9)
    c.setdefault("uc", -0.0465 if modes["mobmod"] == 1 else -0.0465e-9)
    c.setdefault("uc1", -0.056 if modes["mobmod"] == 1 else -0.056e-9)
    for name, other in {**_BY_OTHER, **_BY_DRAIN}.items():
        c.setdefault(name, c[other])

    # chapter 1: effective sizes
    s = SimpleNamespace(n=n, modes=modes, gmin=gmin)
    length, width = geometry.l + c["xl"], geometry.w / geometry.nf + c["xw"]
    by_l, by_w = length ** c["lln"], width ** c["lwn"]
    dl, dlc = (c[a] + c[x] / by_l + c[y] / by_w + c[z] / (by_l * by_w)
               for a, x, y, z in (("lint", "ll", "lw", "lwl"), ("dlc", "llc", "lwc", "lwlc")))  # fmt: skip
    by_l, by_w = length ** c["wln"], width ** c["wwn"]
    dw, dwc, dwj = (a + c[x] / by_l + c[y] / by_w + c[z] / (by_l * by_w)
                    for a, x, y, z in ((c["wint"], "wl", "ww", "wwl"), (c["dwc"], "wlc", "wwc", "wwlc"),
                                       (given.get("dwj", c["dwc"]), "wlc", "wwc", "wwlc")))  # fmt: skip
    s.l, s.w, s.l_cv, s.w_cv, s.w_cj = length - 2 * dl, width - 2 * dw, length - 2 * dlc, width - 2 * dwc, width - 2 * dwj
    if min(s.l, s.w, s.l_cv, s.w_cv, s.w_cj) <= 0:
        raise Unsupported(f"a BSIM4 transistor without an effective size (w={geometry.w:g} l={geometry.l:g})")

    # binning: P + LP/L + WP/W + PP/(L W), in micrometres with binunit=1
    unit = 1e6 if modes["binunit"] == 1 else 1.0
    inverse = {"l": 1 / (unit * s.l), "w": 1 / (unit * s.w), "p": 1 / (unit * s.l * unit * s.w)}
    for name in _BINNED:
        for letter, by in inverse.items():
            if letter + name in given:
                c[name] = c.get(name, 0.0) + given[letter + name] * by
                given[name] = c[name]

    kelvin, nominal = celsius + 273.15, given.get("tnom", 27.0) + 273.15
    ratio, s.vtm, vtm0 = kelvin / nominal, K_OVER_Q * kelvin, K_OVER_Q * nominal
    gap0, gap = (1.16 - 7.02e-4 * t * t / (t + 1108.0) for t in (nominal, kelvin))
    ni = 1.45e10 * (nominal / 300.15) ** 1.5 * math.exp(21.5565981 - gap0 / (2 * vtm0))
    s.toxe, s.toxp = c["toxe"], c["toxp"]
    s.coxe, s.coxp = (c["epsrox"] * EPS0 / t for t in (s.toxe, s.toxp))
    s.factor1 = math.sqrt(EPS_SI / (c["epsrox"] * EPS0) * s.toxe)

    # chapter 12: temperature
    rise = ratio - 1.0
    s.ua, s.ub, s.uc = c["ua"] + c["ua1"] * rise, c["ub"] + c["ub1"] * rise, c["uc"] + c["uc1"] * rise
    u0 = c["u0"] / 1e4 if c["u0"] > 1 else c["u0"]
    s.u0 = u0 * ratio ** c["ute"] * (1 - c["up"] * math.exp(-s.l / c["lp"]))
    s.vsat = c["vsat"] - c["at"] * rise
    by_width = (s.w_cj * 1e6) ** c["wr"] * geometry.nf
    s.rds0, s.rdswmin = ((c[name] + c["prt"] * rise) * geometry.nf / by_width for name in ("rdsw", "rdswmin"))

    # chapter 2: threshold voltage, what of it is the same at every bias
    s.vth0 = c["vth0"] if n else -c["vth0"]
    s.phi = vtm0 * math.log(c["ndep"] / ni) + c["phin"] + 0.4
    s.sqrt_phi = math.sqrt(s.phi)
    s.xdep0 = math.sqrt(2 * EPS_SI / (Q * c["ndep"] * 1e6)) * s.sqrt_phi
    s.litl = math.sqrt(3.0 * c["xj"] * s.toxe)
    s.vbi = vtm0 * math.log(c["nsd"] * c["ndep"] / (ni * ni))
    s.vfbsd = vtm0 * math.log(c["ngate"] / c["nsd"]) if c["ngate"] > 0 else 0.0
    s.cdep0 = math.sqrt(Q * EPS_SI * c["ndep"] * 1e6 / 2 / s.phi)
    s.k1ox, s.k2ox = (c[name] * s.toxe / c["toxm"] for name in ("k1", "k2"))
    s.vfb = given.get("vfb", s.vth0 - s.phi - c["k1"] * s.sqrt_phi)
    over = s.vth0 - s.vfb - s.phi
    s.vtfbphi1, s.vtfbphi2 = max((2.0 if n else 2.5) * over, 0.0), max(4.0 * over, 0.0)
    if c["k2"] < 0:
        s.vbsc = min(max(0.9 * (s.phi - (0.5 * c["k1"] / c["k2"]) ** 2), -30.0), -3.0)
    else:
        s.vbsc = -30.0
    s.vbsc = min(s.vbsc, c["vbm"])
    xdep_length = math.sqrt(s.factor1**2 * s.xdep0)
    s.theta0vb0 = _theta(c["dsub"] * s.l / xdep_length)
    s.theta_rout = c["pdiblc1"] * _theta(c["drout"] * s.l / xdep_length) + c["pdiblc2"]
    lateral = math.sqrt(1 + c["lpe0"] / s.l)
    s.lpe_vb = math.sqrt(1 + c["lpeb"] / s.l)
    s.vth_constant = s.k1ox * (lateral - 1) * s.sqrt_phi + (c["kt1"] + c["kt1l"] / s.l) * rise
    s.kt2 = c["kt2"] * rise
    s.narrow = s.toxe * s.phi / (s.w + c["w0"])
    short = c["dvt0"] * _theta(c["dvt1"] * s.l / xdep_length) * (s.vbi - s.phi)
    narrow = c["dvt0w"] * _theta(c["dvt1w"] * s.w * s.l / xdep_length) * (s.vbi - s.phi)
    s.vfbzb = s.vth0 - narrow - short + c["k3"] * s.narrow + s.vth_constant - s.phi - c["k1"] * s.sqrt_phi
    s.mstar = 0.5 + math.atan(c["minv"]) / math.pi
    s.voffcbn = c["voff"] + c["voffl"] / s.l
    s.abulk_cv = 1 + (c["clc"] / s.l_cv) ** c["cle"]
    s.ldeb = math.sqrt(EPS_SI * vtm0 / (Q * c["ndep"] * 1e6)) / 3
    s.acde = c["acde"] * (c["ndep"] / 2e16) ** -0.25

    # chapter 4: gate tunnelling; the constants are of electrons and of holes
    tox_ratio = (c["toxref"] / s.toxe) ** c["ntox"] / s.toxe**2
    edge_ratio = (c["toxref"] / (s.toxe * c["poxedge"])) ** c["ntox"] / (s.toxe * c["poxedge"]) ** 2
    area, slope = (4.97232e-7, 7.45669e11) if n else (3.42537e-7, 1.16645e12)
    s.a_channel, s.b_channel = area * s.w * s.l * tox_ratio, -slope * s.toxe
    s.a_edge, s.b_edge = area * s.w * c["dlcig"] * edge_ratio, -slope * s.toxe * c["poxedge"]
    s.a_acc, s.b_acc = 4.97232e-7 * s.w * s.l * tox_ratio, -7.45669e11 * s.toxe
    s.a_inv, s.b_inv = 0.75610 * s.a_acc, 1.31724 * s.b_acc
    s.pigcd = given.get("pigcd")

    # chapter 7: overlap and fringe
    fringe = given.get("cf", 2 * c["epsrox"] * EPS0 / math.pi * math.log(1 + 0.4e-6 / s.toxe))
    overlap = c["dlc"] * s.coxe if "dlc" in given and c["dlc"] > 0 else None
    s.cgso, s.cgdo = ((given.get(name, 0.6 * c["xj"] * s.coxe if overlap is None else overlap - c[inner]) + fringe) * s.w_cv
                      for name, inner in (("cgso", "cgsl"), ("cgdo", "cgdl")))  # fmt: skip
    s.cgbo = given.get("cgbo", 2 * c["dwc"] * s.coxe) * s.l_cv

    # chapter 11: junctions
    s.junctions = [_junction(c, modes, geometry, s.w_cj, end, gap0 / vtm0 - gap / s.vtm, kelvin, nominal) for end in "ds"]
    for name in (
        "k1", "k3", "k3b", "dvt0", "dvt1", "dvt2", "dvt0w", "dvt1w", "dvt2w", "eta0", "etab", "nfactor", "cdsc", "cdscb",
        "cdscd", "cit", "dvtp0", "dvtp1", "ngate", "dwg", "dwb", "prwg", "prwb", "a0", "ags", "b0", "b1", "keta", "xj", "ud",
        "eu", "a1", "a2", "delta", "fprout", "pvag", "pclm", "pdiblcb", "pdits", "pditsl", "pditsd", "pscbe1", "pscbe2",
        "alpha0", "alpha1", "beta0", "agidl", "bgidl", "cgidl", "egidl", "nigc", "aigc", "bigc", "cigc", "aigsd", "bigsd",
        "cigsd", "nigbacc", "aigbacc", "bigbacc", "cigbacc", "nigbinv", "aigbinv", "bigbinv", "cigbinv", "eigbinv", "noff",
        "voffcv", "moin", "xpart", "cgsl", "cgdl", "ckappas", "ckappad",
    ):  # fmt: skip
        setattr(s, name, c[name])
    return s


def _theta(x: float) -> float:
    """1/(2 (cosh x - 1)), chapter 2."""
    if x >= LARGEST:
        return 1.0 / (MAX_EXP - 2.0)
    e = math.exp(x)
    return e / ((e - 1) ** 2 + 2 * e * MIN_EXP)


def _junction(
    c: Mapping[str, float],
    modes: Mapping[str, int],
    g: Geometry,
    w_cj: float,
    end: str,
    gap: float,
    kelvin: float,
    nominal: float,
) -> SimpleNamespace:
    """Areas, saturation current and capacitances of the junction of drain or source, chapters 11 and 12."""
    area, perimeter = (g.ad, g.pd) if end == "d" else (g.as_, g.ps)
    dmcg, dmci = c["dmcg"] - c["dmcgt"], c["dmci"]
    shared = end == "d" and modes["geomod"] == 1
    if perimeter is not None:
        perimeter -= w_cj if modes["permod"] == 1 else 0.0
    else:
        perimeter = 2 * dmcg if shared else 2 * (dmcg + dmci) + w_cj
    if area is None:
        area = dmcg * w_cj if shared else (dmcg + dmci) * w_cj
    j = SimpleNamespace()
    vtm = K_OVER_Q * kelvin
    j.nvtm = c["nj" + end] * vtm
    hot = math.exp((gap + c["xti" + end] * math.log(kelvin / nominal)) / c["nj" + end])
    area, perimeter = max(area, 0.0), max(perimeter, 0.0)
    # a junction without a size of its own has what SPICE gives it, the same at every width and temperature
    j.i_sat = (
        1e-14 if area == perimeter == 0 else hot * (area * c["js" + end] + perimeter * c["jsw" + end] + w_cj * c["jswg" + end])
    )
    j.v_knee = j.nvtm * math.log(1 + c[f"ijth{end}fwd"] / j.i_sat) if j.i_sat > 0 else 0.0
    j.i_knee = j.i_sat * math.exp(j.v_knee / j.nvtm)
    rise = kelvin - nominal
    j.caps = []
    for size, kind, by_c, by_p in (
        (area, "", "tcj", "tpb"),
        (perimeter, "sw", "tcjsw", "tpbsw"),
        (w_cj, "swg", "tcjswg", "tpbswg"),
    ):
        j.caps.append((
            c[f"cj{kind}{end}"] * max(1 + c[by_c] * rise, 0.0) * size,
            max(c[f"pb{kind}{end}"] - c[by_p] * rise, 0.01),
            c[f"mj{kind}{end}"],
        ))  # fmt: skip
    return j


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

    theta0 = _theta_of(s.dvt1 * s.l / length(s.dvt2))
    theta_w = _theta_of(s.dvt1w * s.w * s.l / length(s.dvt2w)) if s.dvt0w else 0.0
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
    down = s.mstar + n * (s.coxe / s.cdep0) * _bounded_exp(x)
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
    vdseff = _smaller(vdsat, vds, s.delta)
    vdseff = where(vdseff > vds, vds, vdseff)
    excess = vds - vdseff
    vasat = (esat_l + vdsat + 2.0 * wv_rds * vg * (1.0 - 0.5 * abulk * vdsat / vg2)) / (2.0 / saturated - 1.0 + wv_rds * abulk)

    # chapter 5: drain current without and with the four Early voltages
    cox = _quantum(s, vg)
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
        aux = _softplus(vge - (s.vth0 if s.modes["igcmod"] == 1 else vth), s.vtm * s.nigc)
        igc = s.a_channel * vge * aux * _tunnel(s.b_channel, s.aigc, s.bigc, s.cigc, vox)
        if s.pigcd is not None:
            pigcd: Value = s.pigcd
        else:
            pigcd = -s.b_channel / power2(vg + 1e-20) * (1.0 - 0.5 * vdseff / (vg + 1e-20))
        x = -pigcd * vdseff
        e = _bounded_exp(x)
        norm = x * x + 2e-4
        igcs, igcd = igc * (e - 1.0 + 1e-4 - x) / norm, igc * (x * e - e + 1.0 + 1e-4) / norm
        igs, igd = (_edge(s, v) for v in (vgs, vgd))
    if s.modes["igbmod"]:
        drive = vge - vb
        acc = s.a_acc * drive * _softplus(vb + s.vfbzb - vge, s.vtm * s.nigbacc)
        inv = s.a_inv * drive * _softplus(vox - s.eigbinv, s.vtm * s.nigbinv)
        igb = acc * _tunnel(s.b_acc, s.aigbacc, s.bigbacc, s.cigbacc, vox_acc) + inv * _tunnel(
            s.b_inv, s.aigbinv, s.bigbinv, s.cigbinv, vox
        )

    i_drain = channel + body + gidl - igcd - igd
    i_gate = igcs + igcd + igs + igd + igb
    i_bulk = -igb - body - gidl - gisl
    q_gate, q_bulk, q_drain = _intrinsic(s, vds, vge, vb, vth, n, abulk0, vfb_eff)
    return Model((i_drain, i_gate, i_bulk), (q_drain, q_gate, q_bulk))


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


def power2(x: Value) -> Value:
    return x * x


def _theta_of(x: Value) -> Value:
    if not isinstance(x, Node):
        return _theta(x)
    e = exp(x)
    return where(x < LARGEST, e / (power2(e - 1.0) + 2.0 * MIN_EXP * e), 1.0 / (MAX_EXP - 2.0))


def _bounded_exp(x: Value) -> Value:
    return where(x > LARGEST, MAX_EXP, where(x < -LARGEST, MIN_EXP, exp(x)))


def _softplus(x: Value, width: float) -> Value:
    """width * log(1 + exp(x/width)), bounded."""
    e = x * (1.0 / width)
    return where(e > LARGEST, x, where(e < -LARGEST, width * math.log(1 + MIN_EXP), width * log(1.0 + exp(e))))


def _smaller(a: Value, b: Value, delta: float) -> Value:
    """The smaller of ``a`` > 0 and ``b``, smoothly; in the form that keeps its digits where ``b`` is the larger."""
    t = a - b - delta
    root = sqrt(t * t + 4.0 * delta * a)
    return where(t >= 0.0, a - 0.5 * (t + root), a * (1.0 - 2.0 * delta / (root - t)))


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


def _quantum(s: SimpleNamespace, vg: Value) -> Value:
    """Capacitance per area with the inversion charge's own thickness, chapter 1."""
    x = exp(0.7 * log((vg + s.vtfbphi2) / (2e8 * s.toxp)))
    per = EPS_SI / 1.9e-9 * (1.0 + x)
    return s.coxp * per / (s.coxp + per)


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
    return _bounded_exp(b * (one + (one * three - two) * v - two * three * v * v))


def _edge(s: SimpleNamespace, v: Value) -> Value:
    t = v - s.vfbsd
    size = sqrt(t * t + 1e-4)
    return s.a_edge * v * size * _tunnel(s.b_edge, s.aigsd, s.bigsd, s.cigsd, size)


def _diode(j: SimpleNamespace, v: Value, gmin: float) -> Value:
    """A junction without breakdown, linear beyond the knee current, chapter 11."""
    if j.i_sat <= 0:
        return gmin * v
    x = v * (1.0 / j.nvtm)
    knee = j.i_knee - j.i_sat + (v - j.v_knee) * (j.i_knee / j.nvtm)
    low = j.i_sat * (where(x < -LARGEST, MIN_EXP, exp(x)) - 1.0)
    return where(v <= j.v_knee, low, knee) + gmin * v


def _intrinsic(
    s: SimpleNamespace, vds: Value, vge: Value, vb: Value, vth: Value, n: Value, abulk0: Value, vfb_eff: Value
) -> tuple[Value, Value, Value]:
    """Charges of gate, bulk and drain without overlap and junctions: capMod 2, chapter 7."""
    area = s.coxe * s.w_cv * s.l_cv
    vg = _softplus_of(vge - vth - s.voffcv, n * (s.noff * s.vtm))

    # accumulation and depletion: the charge centroid
    x = (vge - vb - s.vfbzb) * (s.acde / (1e8 * s.toxp))
    link = 1e-3 * s.toxp
    t = s.ldeb - s.ldeb * _bounded_exp(x) - link
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
    cap = area / s.coxe * _quantum(s, vg)
    abulk = abulk0 * s.abulk_cv
    vd = _smaller(vgdp / abulk, vds, 0.02)
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


def _softplus_of(x: Value, width: Value) -> Value:
    e = x / width
    return where(e > LARGEST, x, width * where(e < -LARGEST, math.log(1 + MIN_EXP), log(1.0 + exp(e))))


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
