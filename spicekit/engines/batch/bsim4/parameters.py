"""Names and defaults of the parameters, the manual's appendix A; modes, and what is told apart as being without effect here."""

from __future__ import annotations

MODES = {
    "mobmod": (0, 1, 2), "capmod": (2,), "rdsmod": (0,), "igcmod": (0, 1, 2), "igbmod": (0, 1), "diomod": (1,), "rbodymod": (0,),
    "rgatemod": (0,), "permod": (0, 1), "geomod": (0, 1), "acnqsmod": (0,), "trnqsmod": (0,), "tempmod": (0,), "binunit": (1, 2),
    "rgeomod": (0,),
}  # fmt: skip
MODE_DEFAULTS = {"capmod": 2, "diomod": 1, "permod": 1, "binunit": 1}
# parameters of effects that are not here: these values switch them off
OFF = {
    "lambda": 0.0, "vtl": 0.0, "jtss": 0.0, "jtsd": 0.0, "jtssws": 0.0, "jtsswd": 0.0, "jtsswgs": 0.0, "jtsswgd": 0.0,
    "ku0": 0.0, "kvth0": 0.0, "kvsat": 0.0, "web": 0.0, "wec": 0.0, "kvth0we": 0.0, "ku0we": 0.0, "cvchargemod": 0.0,
    "mtrlmod": 0.0, "wpemod": 0.0, "gidlmod": 0.0, "mtrlcompatmod": 0.0,
}  # fmt: skip

BOTH = {
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
N = {"u0": 0.067, "eu": 1.67, "aigc": 0.0136, "bigc": 0.00171, "cigc": 0.075, "aigsd": 0.0136, "bigsd": 0.00171, "cigsd": 0.075}
P = {"u0": 0.025, "eu": 1.0, "aigc": 0.0098, "bigc": 7.59e-4, "cigc": 0.03, "aigsd": 0.0098, "bigsd": 7.59e-4, "cigsd": 0.03}
BY_OTHER = {
    "llc": "ll", "lwc": "lw", "lwlc": "lwl", "wlc": "wl", "wwc": "ww", "wwlc": "wwl", "dlc": "lint", "dwc": "wint",
    "dlcig": "lint", "dmci": "dmcg", "cjswgs": "cjsws", "mjswgs": "mjsws", "pbswgs": "pbsws",
}  # fmt: skip
BY_DRAIN = {"ijthdfwd": "ijthsfwd", "jsd": "jss", "jswd": "jsws", "jswgd": "jswgs", "njd": "njs", "xtid": "xtis", "cjd": "cjs",
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
BINNED = [*BOTH, *N, "vth0", "k1", "k2", "vfb", "ua", "uc", "uc1", "dsub", "rsw", "rdw", "rswmin", "rdwmin", "vfbcv"]
NAMES = {
    *BOTH, *N, *BY_OTHER, *BY_DRAIN, *_WITHOUT_EFFECT, "toxe", "toxp", "toxm", "dtox", "vth0", "k1", "k2", "vfb", "ua", "uc",
    "uc1", "dsub", "pigcd", "cf", "cgso", "cgdo", "cgbo", "dwj",
}  # fmt: skip
