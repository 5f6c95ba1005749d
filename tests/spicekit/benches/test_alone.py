"""A netlist alone, run by plain ``ngspice -b``, prints the measures of ``spicekit run``; what does not happen as ``inf``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spicekit import render, run
from spicekit.measures import Python
from spicekit.netlist import render_at
from spicekit.registry import make_bench


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("mtj-iv", {"device": "umn-i-pmtj"}),
        ("mtj-iv", {"device": "imce-45nm", "steps": 3}),
        ("mtj-switch", {}),
        ("mtj-switch", {"value": 0.05, "t_stop": 1e-9}),  # never switches
        ("stt-read", {"free_to": "sl"}),
        ("stt-write", {}),
        ("stt-write", {"direction": "p-ap", "t_pulse": 1e-9}),  # too short
        ("stt-write", {"t_pulse": 1.7e-9, "pulses": 2, "t_gap": 0.3e-9, "e_verify": 1e-13}),  # the first too short
        ("stt-wer", {"t_pulse": 2e-9, "free_to": "sl"}),
        ("stt-settle", {"rows": 64}),
        ("stt-settle", {"t_read": 2e-10}),  # too short
        ("stt-array", {"rows": 3, "columns": 2, "data": "random"}),
        ("stt-array", {"rows": 3, "columns": 2, "operation": "write", "sl": "row", "direction": "p-ap"}),
        ("sot-wer", {"direction": "p-ap", "samples": 100}),
        ("sot-write", {"direction": "p-ap", "rails": "pump"}),
        ("sot-write", {"t_pulse": 2e-10}),  # too short
        ("sot-write", {"t_pulse": 3e-10, "pulses": 2, "t_gap": 4e-10, "e_verify": 1e-13}),
        ("sot-array", {"rows": 2, "columns": 3, "word": 3, "sl": "row"}),
        ("sot-array", {"rows": 2, "columns": 2, "operation": "write", "rails": "pump"}),
        ("mtj-switch", {"noise_dt": 2e-12, "t_stop": 2e-9, "value": 0.8}),
        ("mtj-vcma", {}),
        ("mtj-vcma", {"mode": "assisted", "direction": "p-ap"}),  # raises the barrier
        ("sram-6t", {"steps": 40}),
        ("sram-6t", {"operation": "write", "t_wl": 4e-11, "v_wl": 0.8}),  # too short
        ("sram-8t", {"steps": 40, "corner": "sf"}),
        ("sram-8t", {"operation": "write", "v_wl": 0.9, "rails": "ldo"}),
        ("logic-gate", {"cell": "nor2"}),
        ("logic-gate", {"cell": "half-adder", "operation": "static", "corner": "ss"}),
        ("logic-gate", {"cell": "flip-flop", "period": 1.2e-10}),  # too short
        ("multiplier", {"operations": 4}),
        ("adder-tree", {"inputs": 4, "bits": 1, "operations": 4}),
        ("shift-accumulate", {"bits": 1, "cycles": 1}),
        ("c3cim-column", {"n": 16, "n_hrs": 5}),
        ("c3cim-column", {"n": 16, "transfer": 2, "trim": 0, "placement": "first"}),
        ("c3cim-column", {"n": 16, "data": "random", "driver": "ideal"}),
        ("c3cim-column", {"n": 16, "n_sel": 9, "trim": "inf", "device": "imce-45nm"}),
        ("c3cim-settle", {"n": 16, "t_mac": 200e-9}),
        ("c3cim-conventional", {"n": 16, "n_hrs": 5}),
        ("c3cim-conventional", {"n": 16, "transfer": 4, "trim": 0, "clamp": "ideal"}),
        ("c3cim-conventional", {"n": 16, "data": "uniform", "trim": "inf"}),
    ],
    ids=str,
)
def test_the_netlist_alone_prints_the_measures(
    name: str, given: dict[str, Any], ngspice_batch: Callable[[str], dict[str, float]]
) -> None:
    bench = make_bench(name, dict(given))
    only_python = {
        measure.name
        for measure in bench.measures()
        if measure.definition is not None and any(isinstance(part, Python) for part in measure.definition.walk())
    }
    measures = {name: value for name, value in run(bench).measures.items() if name not in only_python}
    assert ngspice_batch(render(bench)) == pytest.approx(measures, rel=2e-4, abs=1e-18)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("mtj-switch", {"device": "stt-bnn-65nm", "noise_dt": 5e-12, "t_stop": 2.5e-9, "value": 0.8}),
        ("stt-write", {"t_pulse": 2.2e-9, "t_stop": 3e-9}),
        ("sot-write", {"t_pulse": 0.3e-9}),
    ],
)
def test_the_netlist_of_a_trial_has_its_thermal_field(
    name: str, given: dict[str, Any], ngspice_batch: Callable[[str], dict[str, float]]
) -> None:
    bench = make_bench(name, dict(given))
    nominal, trial = run(bench), run(bench, {"seed_noise": 7.0})
    assert ngspice_batch(render_at(bench, {"seed_noise": 7.0})) == pytest.approx(trial.measures, rel=2e-4, abs=1e-18)
    assert trial.measures["t_switch"] != nominal.measures["t_switch"]
