"""A made-up process of a few lines, which tests change and give libraries of their own."""

from __future__ import annotations

from pathlib import Path

from spicekit import run

MODELS = ".model {0}nch nmos level=54 version=4.5 vth0=0.4\n.model {0}pch pmos level=54 version=4.5 vth0=-0.4\n"
TOML = """name = "mini"
description = "a few lines"
source = "this test"
vdd   = { value = 1.0, unit = "V", source = "x" }
l_min = { value = 45, unit = "nm", source = "x" }
w_min = { value = 0.09, unit = "um", source = "x" }
[devices.nmos]
kind = "KIND"
name = "nN"
[devices.pmos]
kind = "KIND"
name = "pN"
[mismatch]
a_vt   = { value = 1.8, unit = "mV um", source = "x" }
a_beta = { value = 0.7, unit = "% um", source = "x" }
[corners.tt]
file = "mini.lib"
"""


def write(folder: Path, library: str, *changes: tuple[str, str], kind: str = "model") -> str:
    """A process of devices of ``kind``, its TOML with ``changes`` (old, new)."""
    text = TOML.replace("KIND", kind).replace('N"', 'ch"' if kind == "model" else 'fet"')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "mini.lib").write_text(library)
    (folder / "mini.toml").write_text(text)
    return str(folder / "mini.toml")


def read_current(file: str, **given: object) -> float:
    """Of a cell with an access transistor of 300 nm by 45 nm, in A."""
    result = run("stt-read", technology=file, **given)
    assert result.outcome == "ok", result.reason
    return result.measures["i_p"]


# the transistors as subcircuits, whose channel is `nf` times as wide
SUBCIRCUITS = """.subckt nfet d g s b w=1 l=1 nf=1
M1 d g s b nch w={w*nf} l={l}
.ends
.subckt pfet d g s b w=1 l=1 nf=1
M1 d g s b pch w={w*nf} l={l}
.ends
"""
