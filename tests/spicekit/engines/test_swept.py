"""What the sweep of DC benches takes for a solution."""

from __future__ import annotations

from pathlib import Path

import pytest

from spicekit import run

BENCH = """
from spicekit import Bench, DcAnalysis, Measure
from spicekit.measures import i
from spicekit.parameters import BenchParameters, quantity
class P(BenchParameters):
    r: float = quantity(1.0, "ohm", "resistance", gt=0)
class Load(Bench[P]):
    name, summary, template = "load", "a resistor at 1 V", "load.cir.j2"
    def analysis(self):
        return DcAnalysis(save=("i(v1)",))
    def measures(self):
        return (Measure("current", "A", "through it", -i("v1")),)
"""
CIRCUIT = """{% extends "bench.cir.j2" %}
{% block circuit %}
V1 a 0 1
R1 a 0 {{ p.r }}
{% endblock %}
"""


@pytest.mark.parametrize(("ohms", "outcome"), [(1.0, "ok"), (0.11, "ok"), (0.02, "nonconverged")])
def test_no_circuit_on_a_chip_takes_tens_of_amperes(tmp_path: Path, ohms: float, outcome: str) -> None:
    (tmp_path / "load.py").write_text(BENCH)
    (tmp_path / "load.cir.j2").write_text(CIRCUIT)
    found = run(f"{tmp_path / 'load.py'}:Load", r=ohms)
    assert found.outcome == outcome
    if outcome == "ok":
        assert found.measures["current"] == pytest.approx(1 / ohms, rel=1e-6)
