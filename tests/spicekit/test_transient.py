"""Ending a transient when everything measured has happened gives the measures of the full run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from spicekit.analysis import TranAnalysis
from spicekit.benches.junction.switch import MtjSwitch
from spicekit.benches.sensing.tbs import TbsSense
from spicekit.block import simulate_block
from spicekit.engines.altered import transient
from spicekit.simulator import simulator


class ToTheEnd(TbsSense):
    template = TbsSense.template

    def template_folder(self) -> None:
        return None  # its template is the shipped one

    def analysis(self) -> TranAnalysis:
        return replace(super().analysis(), until=None)


def test_a_run_that_ends_early() -> None:
    given: dict[str, Any] = {"measure": "offset", "trim": 1000}
    bench, full = TbsSense(**given), ToTheEnd(**given)
    samples = {"vth_st": np.array([0.0, 0.004, -0.004])}
    early, whole = simulate_block(bench, samples), simulate_block(full, samples)
    assert early.waves("time")[-1] < 0.9 * bench.t_off
    assert whole.waves("time")[-1] >= bench.t_off * (1 - 1e-9)
    assert set(early.outcomes) == set(whole.outcomes) == {"ok"}
    for name, values in whole.measures.items():
        np.testing.assert_array_equal(early.measures[name], values, err_msg=name)


def test_a_run_at_voltages_that_no_circuit_has() -> None:
    """Complete and finite, but from a false operating point: not a result."""
    ngspice, bench = simulator(), MtjSwitch()
    for node, value, believed in (("a", 2e6, False), ("a", -2e6, False), ("a", 2e5, True), ("resistance", 2e6, True)):
        analysis = TranAnalysis(save=(f"v({node})",), step=1e-10, stop=1e-9)
        ngspice.load(f"a source\nV1 {node} 0 {value}\nR1 {node} 0 1k\n.save v({node})\n.end")
        assert (transient(ngspice, bench, analysis) is not None) == believed
