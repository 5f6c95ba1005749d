"""What of a transistor does not depend on bias."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace

from spicekit.engines.batch.bsim4.constants import EPS0, EPS_SI, K_OVER_Q, LARGEST, MAX_EXP, MIN_EXP, Q
from spicekit.engines.batch.bsim4.parameters import BINNED, BOTH, BY_DRAIN, BY_OTHER, MODE_DEFAULTS, MODES, NAMES, OFF, N, P
from spicekit.engines.batch.unsupported import Unsupported


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


def size(card: Mapping[str, float], n: bool, geometry: Geometry, celsius: float, gmin: float) -> SimpleNamespace:
    """All that does not depend on bias, chapters 1, 2, 8, 11 and 12; ``card`` has lower-case names, ``n`` is the type."""
    given = dict(card)
    version = given.pop("version", 4.5)
    if not 4.0 <= version < 4.6:
        raise Unsupported(f"BSIM4 version {version:g}")
    modes = {}
    for name, allowed in MODES.items():
        modes[name] = int(given.get(name, MODE_DEFAULTS.get(name, 0)))
        if modes[name] not in allowed:
            raise Unsupported(f"BSIM4 {name}={modes[name]}")
    for name, off in OFF.items():
        if given.get(name, off) != off:
            raise Unsupported(f"BSIM4 {name}={given[name]:g}")
    binned = {letter + name for letter in "lwp" for name in BINNED}
    unknown = sorted(given.keys() - binned - NAMES - MODES.keys() - OFF.keys())
    if unknown:
        raise Unsupported(f"the BSIM4 parameter {unknown[0]}")
    for name in ("toxe", "vth0", "k1", "k2"):
        if name not in given:
            raise Unsupported(f"a BSIM4 card without {name}")
    if geometry.nf != 1:
        raise Unsupported("a BSIM4 transistor of several fingers (nf)")

    c: dict[str, float] = BOTH | (N if n else P) | given
    c.setdefault("toxp", c["toxe"] - given.get("dtox", 0.0))
    c.setdefault("toxm", c["toxe"])
    c.setdefault("dsub", c["drout"])
    c.setdefault("ua", 1e-15 if modes["mobmod"] == 2 else 1e-9)
    c.setdefault("uc", -0.0465 if modes["mobmod"] == 1 else -0.0465e-9)
    c.setdefault("uc1", -0.056 if modes["mobmod"] == 1 else -0.056e-9)
    for name, other in {**BY_OTHER, **BY_DRAIN}.items():
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
    for name in BINNED:
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
    s.theta0vb0 = theta(c["dsub"] * s.l / xdep_length)
    s.theta_rout = c["pdiblc1"] * theta(c["drout"] * s.l / xdep_length) + c["pdiblc2"]
    lateral = math.sqrt(1 + c["lpe0"] / s.l)
    s.lpe_vb = math.sqrt(1 + c["lpeb"] / s.l)
    s.vth_constant = s.k1ox * (lateral - 1) * s.sqrt_phi + (c["kt1"] + c["kt1l"] / s.l) * rise
    s.kt2 = c["kt2"] * rise
    s.narrow = s.toxe * s.phi / (s.w + c["w0"])
    short = c["dvt0"] * theta(c["dvt1"] * s.l / xdep_length) * (s.vbi - s.phi)
    narrow = c["dvt0w"] * theta(c["dvt1w"] * s.w * s.l / xdep_length) * (s.vbi - s.phi)
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


def theta(x: float) -> float:
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
