"""A campaign of the batch engine is compared with ngspice, by ngspice's own error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from montecarlo import Campaign, Variation
from montecarlo.jobs.comparison import allowed, measured, warnings_of
from montecarlo.records import Comparison, Summary, read
from spicekit import UserError, make_bench
from spicekit.engines import engine
from spicekit.engines.batch import compiler


def test_what_two_engines_and_two_tolerances_differ_by() -> None:
    reference, fine = np.array([1.0, 2.0, np.inf, 4.0]), np.array([1.01, 2.0, 3.0])
    one = measured(np.array([1.1, 2.0, 3.0, np.nan]), reference, reference[:3], fine)
    assert one.difference == pytest.approx(np.sqrt(0.01 / 2))
    assert one.convergence == pytest.approx(np.sqrt(1e-4 / 2))
    assert one.size == pytest.approx(np.sqrt(5 / 2))
    assert one.jumps == 2


def test_what_is_beyond_is_said() -> None:
    good = Comparison(trials=20, outcomes_apart=0, measures={}, beyond=[])
    assert warnings_of(good, "batch") == []
    bad = Comparison(trials=20, outcomes_apart=3, measures={}, beyond=["dt", "kick"])
    first, second = warnings_of(bad, "batch")
    assert "3 of 20 trials" in first
    assert "dt, kick differ by more than 3 times" in second
    assert second.endswith("simulate with --engine ngspice")


def test_a_campaign_of_the_batch_engine_is_compared(tmp_path: Path) -> None:
    """Its summary says how far each measure is from ngspice's; resumed, it is not compared anew."""
    if compiler.compiler() is None:
        pytest.skip("no C++ compiler")
    mismatch = [Variation.parse("vth=20m")]
    campaign = Campaign("tbs-sense", trials=6, parameters={"trim": 649}, variations=mismatch, engine="batch")
    comparison = campaign.run(tmp_path / "out", workers=1).record.comparison
    assert comparison is not None
    assert comparison.trials == 6
    assert set(comparison.beyond) <= {"e_load"}  # 3e-4 off, where ngspice is 1e-4 off: docs/batch.md
    assert comparison.outcomes_apart == 0
    for name in ("t_delay", "t_load", "e_total"):
        one = comparison.measures[name]
        assert 0 < one.difference <= allowed(one, 3e-4) < 0.1 * one.size
    before = (tmp_path / "out" / "summary.json").read_bytes()
    campaign.run(tmp_path / "out", workers=1)
    assert read(tmp_path / "out" / "summary.json", Summary).comparison == comparison
    assert (tmp_path / "out" / "summary.json").read_bytes() == before


def test_finer_tolerances_are_set_behind_the_bench_s() -> None:
    """A read of one cell by both: the voltages move by less than the coarser tolerance, and they move."""
    bench = make_bench("stt-read", {})
    samples = Campaign("stt-read", trials=6).samples(0, 6)
    coarse, fine = engine("ngspice")(bench, samples), engine("ngspice-fine")(bench, samples)
    moved = [abs(fine.waves(name) - values).max() / abs(values).max() for name, values in coarse.waves.vectors.items()]
    assert 0 < max(moved) < 1e-6


def test_what_has_no_tolerances_is_not_refined(tmp_path: Path) -> None:
    deck = tmp_path / "own.cir"
    deck.write_text("* own\nV1 a 0 1\nR1 a 0 1k\n.op\n.print op v(a)\n.end\n")
    with pytest.raises(UserError, match="no tolerances"):
        engine("ngspice-fine")(make_bench(str(deck), {}), {})
