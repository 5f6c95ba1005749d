"""Monte Carlo of the amplifiers, arrays and the current-summing column: a campaign's trial is the circuit with its samples.

Blocks of trials alter or sweep one netlist in ngspice's library; beside the last of them stands a netlist of its own, with the
trial's samples written into it, in the program ``ngspice -b``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from montecarlo import Campaign
from spicekit.block import simulate_block
from spicekit.netlist import render_at

TRIALS = 2
CIRCUITS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {  # bench: parameters, measures that mismatch moves
    "auto-zero": ({"t_window": 1e-9, "t_recover": 0.5e-9}, ("t_decision", "e_total")),
    "double-tail": ({"t_window": 1e-9, "t_recover": 0.5e-9}, ("t_decision", "e_total")),
    "current-mode": ({"source": "cell", "t_recover": 0.5e-9}, ("v_p", "v_ap", "e_total")),
    "self-reference": ({"source": "cell", "alpha": 0.3651, "t_recover": 0.5e-9}, ("v_p", "signal_p", "signal_ap")),
    "stt-array": ({"rows": 4, "columns": 4}, ("i_p", "i_ap", "drop_bl")),
    "sot-array": ({"rows": 4, "columns": 4}, ("v_p", "v_ap", "drop_rbl")),
    "c3cim-conventional": ({"n": 8}, ("i_col", "v_far")),
}


@pytest.mark.parametrize("bench", CIRCUITS)
def test_a_trial_is_the_circuit_with_its_samples(bench: str, ngspice_batch: Callable[[str], dict[str, float]]) -> None:
    given, moved = CIRCUITS[bench]
    campaign = Campaign(bench, trials=TRIALS, seed=3, parameters=given)
    samples = campaign.samples(0, TRIALS)
    block = simulate_block(campaign.bench, samples)
    assert set(block.outcomes) == {"ok"}
    alone = ngspice_batch(render_at(campaign.bench, {name: float(values[-1]) for name, values in samples.items()}))
    for name in moved:
        first, last = block.measures[name]
        assert last == pytest.approx(alone[name], rel=1e-4), name
        assert abs(last - first) > max(20 * abs(last - alone[name]), 1e-4 * abs(first)), name  # it varies
