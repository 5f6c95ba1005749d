"""The rendered netlist on plain ``ngspice -b`` gives the measures of ``spicekit run``."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from spicekit import make_bench, render, run

Cli = Callable[..., subprocess.CompletedProcess[str]]
Batch = Callable[[str], dict[str, float]]

PARAMETERS: list[dict[str, str]] = [
    {},
    {"access": "ideal", "bias": "ideal"},
    {"access": "ideal", "bias": "ideal", "v_half": "inf", "tmr": "150%"},
    {"access": "nmos", "bias": "ideal", "temperature": "85"},
    {"corner": "ss", "temperature": "125", "technology": "ptm65", "rows": "1024"},
    {"ra": "5", "diameter": "60n", "i_read": "30u", "vdd": "0.9", "t_sense": "2n"},
]
LOGIC: list[dict[str, str]] = [{"fan_in": "3"}, {"fan_in": "6"}, {"fan_in": "4", "inputs": "all", "corner": "sf"}]


def agree(printed: dict[str, float], measures: dict[str, float]) -> None:
    """To 1e-6 relative: the two share equations, starting point and tolerances, and differ in 12 digits."""
    assert set(measures) <= set(printed)
    for name, value in measures.items():
        assert printed[name] == pytest.approx(value, rel=1e-6, abs=0), name


@pytest.mark.parametrize("given", PARAMETERS + LOGIC, ids=lambda given: "-".join(given.values()) or "defaults")
def test_sot_logic(ngspice_batch: Batch, given: dict[str, str]) -> None:
    agree(ngspice_batch(render(make_bench("sot-logic", given))), run("sot-logic", **given).measures)


@pytest.mark.parametrize("given", PARAMETERS, ids=lambda given: "-".join(given.values()) or "defaults")
def test_sot_read(ngspice_batch: Batch, given: dict[str, str]) -> None:
    agree(ngspice_batch(render(make_bench("sot-read", given))), run("sot-read", **given).measures)


@pytest.mark.parametrize("bench", ["sot-logic", "sot-read"])
def test_through_a_pipe_as_the_readme_says(cli: Cli, cli_command: list[str], bench: str) -> None:
    options = ["-p", "tmr=200%", "--corner", "ff", "--temperature", "60"]
    renderer = subprocess.Popen([*cli_command, "render", bench, *options], stdout=subprocess.PIPE)
    ngspice = subprocess.run(["ngspice", "-b"], stdin=renderer.stdout, capture_output=True, text=True, timeout=60, check=False)
    assert renderer.wait(60) == 0
    answer = json.loads(cli("run", bench, *options, "--json").stdout)
    assert answer["outcome"] == "ok"
    printed = dict(line.split(" = ") for line in ngspice.stdout.splitlines() if line.count(" = ") == 1)
    agree(
        {name: float(printed[name]) for name in answer["measures"]},
        {name: measure["value"] for name, measure in answer["measures"].items()},
    )
