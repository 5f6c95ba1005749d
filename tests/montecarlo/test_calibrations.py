"""What a bench declares to be found is found once a campaign, recorded, and used by all that belongs to it."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montecarlo import Campaign, Sweep, YieldStudy
from montecarlo.jobs.replay import replay
from montecarlo.report import write_report
from montecarlo.running.store import Store
from spicekit import SpicekitError, UserError, calibrated, limit, make_bench, run
from spicekit.engines import calibrate
from spicekit.files import read_record, write_record
from spicekit.netlist import render
from spicekit.registry import bench_class

Cli = Callable[..., subprocess.CompletedProcess[str]]
OVER = ["sweep", "--over", "target=0.2,0.3", "--out"]
R_BOTTOM = 1e3 * 0.3 / 0.7  # 1 kohm over it, 0.3 of 1 V


@pytest.fixture
def tuned(user_benches: Path) -> str:
    return f"{user_benches / 'tuned.py'}:Tuned"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the bench's searches leave the number of their process; what this process remembers of others is forgotten."""
    calibrate._known.clear()
    return tmp_path / "searches.txt"


def searches(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def forget(log: Path) -> None:
    """As in a new process."""
    calibrate._known.clear()
    log.unlink()


def test_once_a_campaign_in_its_own_process_and_never_again(tmp_path: Path, tuned: str, log: Path) -> None:
    """The same bits for 1 and 2 workers; neither these nor resuming, replaying nor reporting calibrates."""
    given = {"log": str(log)}
    for workers in (1, 2):
        Campaign(tuned, trials=2500, parameters=given).run(tmp_path / str(workers), workers=workers)
        (searched,) = searches(log)
        assert searched != os.getpid()
        forget(log)
    one, two = (Store(tmp_path / name).parts.results() for name in ("1", "2"))
    assert np.array_equal(one["v_out"], two["v_out"])
    (found,) = read_record(tmp_path / "2" / "campaign.json")["calibrations"].items()
    assert found[0] == "r_bottom"
    assert found[1]["value"] == pytest.approx(R_BOTTOM, abs=1e-3)
    assert (found[1]["unit"], found[1]["how"]) == ("ohm", "r_bottom of tuned at which v_out = 0.3 V")
    sorted((tmp_path / "2" / "trials").iterdir())[1].unlink()
    Campaign(tuned, trials=2500, parameters=given).run(tmp_path / "2")
    assert np.array_equal(Store(tmp_path / "2").parts.results()["v_out"], one["v_out"])
    assert replay(tmp_path / "2", 7).measures["v_out"] == pytest.approx(one["v_out"][7], rel=1e-6)
    assert replay(tmp_path / "2", 7, timeout=60).outcome == "ok"
    write_report(tmp_path / "2")
    assert searches(log) == []


def test_the_next_campaign_of_a_process_shares_what_was_found(tmp_path: Path, tuned: str, log: Path) -> None:
    """Of an equal bench only: another target is searched for."""
    for target in (0.3, 0.3, 0.4):
        Campaign(tuned, trials=3, parameters={"log": str(log), "target": target})
        run(tuned, log=str(log), target=target)
    assert len(searches(log)) == 2


def test_by_the_engine_of_the_campaign(tmp_path: Path, tuned: str, user_benches: Path) -> None:
    """One without a simulator finds the closed form to the search's tolerance."""
    campaign = Campaign(tuned, trials=5, engine=f"{user_benches / 'closed_form.py'}:solve")
    campaign.run(tmp_path / "out")
    found = read_record(tmp_path / "out" / "campaign.json")["calibrations"]["r_bottom"]["value"]
    assert found == pytest.approx(R_BOTTOM, abs=2e-6)


def edited(record: Path, value: float) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(record.read_text())
    content["calibrations"]["r_bottom"]["value"] = value
    return content


def test_an_edited_calibration_is_refused(tmp_path: Path, tuned: str) -> None:
    """By the checksum of the record; and with that made anew by the netlist, which is another."""
    out = tmp_path / "out"
    Campaign(tuned, trials=20).run(out)
    record = out / "campaign.json"
    record.write_text(json.dumps(edited(record, 500.0)))
    for again in (lambda: Campaign(tuned, trials=20).run(out), lambda: replay(out, 3)):
        with pytest.raises(SpicekitError, match=r"campaign.json .*changed"):
            again()
    write_record(record, {k: v for k, v in edited(record, 500.0).items() if k != "checksum"})
    with pytest.raises(UserError, match="'netlist_sha256' differs"):
        Campaign(tuned, trials=20).run(out)
    with pytest.raises(UserError, match="gives another netlist"):
        replay(out, 3)
    assert [path.name for path in (out / "trials").iterdir()] == ["part-000000000.parquet"]  # nothing was touched


def test_each_point_of_a_sweep_has_its_own(tmp_path: Path, tuned: str, log: Path) -> None:
    def sweep() -> Sweep:
        return Sweep(tuned, {"target": [0.2, 0.5]}, parameters={"log": str(log)}, trials=3)

    table = sweep().run(tmp_path / "out")
    assert len(searches(log)) == 2
    expected = pytest.approx([250.0, 1000.0], abs=1e-2)
    assert read_record(tmp_path / "out" / "sweep.json")["calibrations"]["r_bottom"] == expected
    assert json.loads(table.attrs["spicekit"])["calibrations"]["r_bottom"] == expected
    forget(log)
    sweep().run(tmp_path / "out")
    write_report(tmp_path / "out")
    assert searches(log) == []


def test_a_study_of_failures_keeps_its_own(tmp_path: Path, tuned: str, log: Path) -> None:
    def study() -> YieldStudy:
        return YieldStudy(tuned, "v_out > 0.31", method="mc", target=0.3, most=2000, parameters={"log": str(log)})

    first = study().run(tmp_path / "out")
    assert len(searches(log)) == 1
    assert read_record(tmp_path / "out" / "yield.json")["calibrations"]["r_bottom"]["value"] == pytest.approx(R_BOTTOM, abs=1e-3)
    forget(log)
    assert study().run(tmp_path / "out")["probability"] == first["probability"]
    assert searches(log) == []


def test_what_is_given_is_not_searched_for(tmp_path: Path, tuned: str, log: Path) -> None:
    Campaign(tuned, trials=5, parameters={"log": str(log), "r_bottom": 500}).run(tmp_path / "out")
    assert read_record(tmp_path / "out" / "campaign.json")["calibrations"] == {}
    assert searches(log) == []


def test_a_simulator_that_dies_or_hangs_while_it_calibrates(tmp_path: Path, tuned: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: Any) -> float:
        os.kill(os.getpid(), signal.SIGKILL)
        return 1.0

    def hangs(*_: Any) -> float:
        time.sleep(60)
        return 1.0

    for search, why in ((dies, "the simulator died"), (hangs, "[0-9]+ s were over")):
        calibrate._known.clear()
        monkeypatch.setattr(bench_class(tuned), "search", search)
        monkeypatch.setattr(limit, "LOADING", 0.5)
        with pytest.raises(SpicekitError, match=rf"bench 'tuned': {why} while it was calibrated"):
            Campaign(tuned, trials=5).run(tmp_path / "out")
        assert list(tmp_path.iterdir()) == []


def test_a_full_memory_loses_nothing_that_was_just_found(tuned: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind: Any = bench_class(tuned)
    (one,) = kind().calibrations()
    both = (one, dataclasses.replace(one, name="again", parameter="again"))
    monkeypatch.setattr(kind, "calibrations", lambda self: both if self.p.r_bottom is None else ())
    monkeypatch.setattr(calibrate, "MOST", 1)
    calibrate._known.clear()
    found = calibrate.calibrated_apart(kind()).found
    assert [found["r_bottom"], found["again"]] == pytest.approx([R_BOTTOM, R_BOTTOM], abs=1e-3)


def test_a_sweep_without_a_calibration_says_so_every_time(tuned: str) -> None:
    """And does not go on without that point, as a qualification does; nor does one that has none left."""
    for tolerant, targets in ((False, [0.05, 0.3]), (True, [0.3])):
        sweep = Sweep(tuned, {"target": targets}, parameters={"most": 100}, tolerant=tolerant)
        for _ in range(2):
            with pytest.raises(UserError, match="not reached with 100 ohm"):
                sweep.settle()


def test_a_search_that_finds_nothing_is_said_and_leaves_nothing(tmp_path: Path, tuned: str, cli: Cli) -> None:
    for command in (["run"], ["mc", "--trials", 5, "--out", tmp_path / "mc"], [*OVER, tmp_path / "sweep"]):
        done = cli(command[0], tuned, "-p", "most=100", *command[1:])
        assert done.returncode == 2
        assert done.stderr == "spicekit: bench 'tuned': parameter target: not reached with 100 ohm: raise most\n"
    assert list(tmp_path.iterdir()) == []


def test_the_netlist_alone_tells_what_was_found(tuned: str, cli: Cli, ngspice_batch: Callable[[str], dict[str, float]]) -> None:
    netlist = cli("render", tuned).stdout
    (line,) = [line for line in netlist.splitlines() if line.startswith("* calibrated: ")]
    assert line.startswith("* calibrated: r_bottom = 428.57")
    assert line.endswith(" ohm: lower resistor (r_bottom of tuned at which v_out = 0.3 V)")
    assert ngspice_batch(netlist)["v_out"] == pytest.approx(0.3, abs=1e-6)


def test_a_bench_does_not_simulate_itself(tuned: str) -> None:
    bench = make_bench(tuned, {})
    with pytest.raises(SpicekitError, match=r"bench 'tuned' is not calibrated \(r_bottom\)"):
        render(bench)
    assert render(calibrated(bench)) == render(bench)


@pytest.mark.parametrize("given", [{}, {"measure": "offset", "overdrive": "20m", "device": "umn-i-pmtj"}])
def test_tbs_sense_benches_that_differ_in_what_does_not_matter_share_a_trim(given: dict[str, Any]) -> None:
    bench = calibrated(make_bench("tbs-sense", given))
    assert bench.found == {"trim": 619}
