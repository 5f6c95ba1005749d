"""The compiled Verilog-A twins in ngspice, in the place of the macromodel in a bench's own netlist: the same measures.

Needs an ngspice with OSDI and an OpenVAF that writes ``.osdi`` (``OPENVAF``, or ``openvaf-r`` or ``openvaf`` in the path).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spicekit import make_bench, run
from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.measures.numpy_writer import Evaluation
from spicekit.netlist import render
from spicekit.paths import data_root
from spicekit.simulator import simulator
from spicekit.waves import Waves

COMPILER = os.environ.get("OPENVAF") or shutil.which("openvaf-r") or shutil.which("openvaf")

pytestmark = [
    pytest.mark.skipif(COMPILER is None, reason="no OpenVAF that writes .osdi"),
    pytest.mark.skipif(not simulator().has_osdi, reason="this ngspice takes no OSDI models"),
]


def compiled(name: str, folder: Path) -> str:
    """Path of the compiled ``models/mtj/NAME.va``."""
    assert COMPILER is not None
    target = folder / f"{name}.osdi"
    subprocess.run([COMPILER, str(data_root() / "models" / "mtj" / f"{name}.va"), "-o", str(target)], check=True)
    return str(target)


def with_twin(netlist: str, name: str, numbers: dict[str, Any]) -> str:
    """The netlist with the twin for its macromodel of a junction, and without its commands."""
    source = (data_root() / "models" / "mtj" / "mtj_stt.va").read_text()
    known = set(re.findall(r"parameter real (\w+)", source))
    given = {key: float(value) for key, value in numbers.items() if key in known}
    given["theta0"] = float(re.findall(r"^Vtheta0\S* \S+ 0 (\S+)", netlist, re.M)[0])
    given["state"] = float(re.findall(r"^Vstate state 0 (\S+)", netlist, re.M)[0])
    words = "\n+ ".join(f"{key}={value!r}" for key, value in given.items())
    body = r"(\.subckt junction )(.*?)( mx my mz)(.*?\n).*?\.ends"
    twin = rf"\g<1>\g<2>\g<3>\g<4>N1 \g<2>\g<3> twin\nRheat heat 0 1\n.ends\n.model twin {name}\n+ {words}"
    text, replaced = re.subn(body, twin, netlist, count=1, flags=re.S)
    assert replaced == 1
    return re.sub(r"\.control.*?\.endc\n", "", text, flags=re.S)


@pytest.mark.parametrize(("name", "twin"), [("stt-write", "mtj_stt"), ("sot-write", "mtj_sot")])
def test_a_twin_in_a_bench_gives_its_measures(tmp_path: Path, name: str, twin: str) -> None:
    bench = make_bench(name, {"model": "llg"} if "model" in type(make_bench(name, {}).p).model_fields else {})
    numbers = load_device(bench.p.device, MtjCard).at(bench.temperature + 273.15).numbers  # type: ignore[attr-defined]
    ngspice = simulator()
    ngspice.load(with_twin(render(bench), twin, asdict(numbers)), "ngspice", (compiled(twin, tmp_path),))
    ngspice.command("run")
    vectors = ngspice.vectors([*bench.vectors(), "time"])
    waves = Waves({key: np.asarray(value) for key, value in vectors.items()})
    ours = run(name).measures
    value = Evaluation(waves)
    found = {one.name: float(value(one.definition)) for one in bench.measures() if one.definition is not None}
    assert found["t_switch"] > 0
    for key in ("t_switch", "e_total"):  # both solvers choose their own steps
        assert found[key] == pytest.approx(ours[key], rel=2e-3), key
