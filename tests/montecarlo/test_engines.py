"""Engines by name: the shipped one, and one of a user's own in a campaign."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from montecarlo import Campaign, Characterisation, Sweep
from montecarlo.jobs.replay import replay
from montecarlo.records import CampaignRecord, CharacterisationRecord, read
from montecarlo.running.store import Store
from montecarlo.systems.figures import system_figures
from montecarlo.systems.system import Figure, Part, Plan, System, SystemTable
from spicekit import UserError, make_bench, run
from spicekit.engines import SHIPPED, engine

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def divider(user_benches: Path) -> str:
    return f"{user_benches / 'faults.py'}:Divider"


@pytest.fixture
def closed_form(user_benches: Path) -> str:
    return f"{user_benches / 'closed_form.py'}:solve"


def test_every_shipped_engine_is_there() -> None:
    for name in SHIPPED:
        assert callable(engine(name))


def test_an_engine_of_ones_own_simulates_a_campaign(tmp_path: Path, divider: str, closed_form: str) -> None:
    """Bit by bit the closed form of its samples, with one worker and with two, and ngspice's answer within its reltol."""
    for workers in (1, 2):
        Campaign(divider, trials=2500, engine=closed_form).run(tmp_path / str(workers), workers=workers)
    Campaign(divider, trials=2500).run(tmp_path / "ngspice")
    samples = pq.read_table(tmp_path / "1" / "samples.parquet")["r_top"].to_numpy()
    found = {name: Store(tmp_path / name).parts.results() for name in ("1", "2", "ngspice")}
    assert np.array_equal(found["1"]["v_out"], 1e3 / (1e3 + samples))
    assert np.array_equal(found["2"]["v_out"], found["1"]["v_out"])
    np.testing.assert_allclose(found["ngspice"]["v_out"], found["1"]["v_out"], rtol=1e-6)


def test_the_engine_belongs_to_the_campaign(tmp_path: Path, divider: str, closed_form: str, user_benches: Path) -> None:
    Campaign(divider, trials=5, engine=closed_form).run(tmp_path / "out")
    record = read(tmp_path / "out" / "campaign.json", CampaignRecord)
    assert record.engine == closed_form
    assert str(user_benches / "closed_form.py") in record.inputs
    with pytest.raises(UserError, match="holds another campaign: 'engine' differs"):
        Campaign(divider, trials=5).run(tmp_path / "out")
    row = Store(tmp_path / "out").parts.results()["v_out"][3]
    assert replay(tmp_path / "out", 3).measures["v_out"] == row  # by the same engine: the same bits
    assert replay(tmp_path / "out", 3, timeout=60).measures["v_out"] == row


def test_by_the_command_line(tmp_path: Path, divider: str, closed_form: str, cli: Cli) -> None:
    for command in (["mc", "--trials", 5], ["sweep", "--over", "threshold=1,2"], ["yield", "--fail", "v_out > 0.55"]):
        word, *options = command
        done = cli(word, divider, *options, "--engine", closed_form, "--out", tmp_path / str(word))
        assert done.returncode == 0, done.stderr
    for file in ("mc/campaign.json", "sweep/sweep.json", "yield/yield.json"):
        assert f'"engine": "{closed_form}"' in (tmp_path / file).read_text()


def test_what_is_no_engine_is_said(tmp_path: Path, divider: str, closed_form: str, cli: Cli) -> None:
    for name, words in (
        ("nspice", "unknown engine 'nspice'; did you mean ngspice"),
        (closed_form.replace("solve", "solver"), "no engine 'solver' in it"),
        (closed_form.replace("solve", "NoFunction"), "is no function of a bench and samples"),
        (str(tmp_path / "none.py:solve"), "engine file not found"),
    ):
        with pytest.raises(UserError, match=words):
            Campaign(divider, trials=5, engine=name)
    with pytest.raises(UserError, match="the engine closed_form knows dividers only"):
        Campaign("stt-read", trials=5, engine=closed_form).run(tmp_path / "out")
    assert not (tmp_path / "out" / "campaign.json").exists()
    done = cli("mc", divider, "--trials", 5, "--engine", "nspice", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "ngspice" in done.stderr


def test_one_simulation_by_another_engine(divider: str, closed_form: str) -> None:
    found = run(make_bench(divider, {}), {"r_top": 3e3}, engine=closed_form)
    assert found.measures["v_out"] == 0.25


def test_the_points_of_a_sweep_have_the_engine(tmp_path: Path, divider: str, closed_form: str) -> None:
    table = Sweep(divider, {"threshold": [1.0, 2.0]}, engine=closed_form).run(tmp_path / "out")
    assert table["v_out"].to_numpy().tolist() == [0.5, 0.5]


def test_a_system_and_its_table_by_another_engine(tmp_path: Path, divider: str, closed_form: str, cli: Cli) -> None:
    """What the plan's own command makes with the engine is what the system resumes; the same for a table's part."""
    grid = {"threshold": (1.0, 2.0)}
    plan = Plan("half", divider, grid, 4)
    table = SystemTable("small", "a divider", grid, {}, (Part("half", divider, trials=4),))
    system = System("small", table, (plan,), lambda tables: [Figure("level", "V", 0.5, "", plans=("half",))])
    done = cli(*shlex.split(plan.command(3, closed_form).replace("DIR", str(tmp_path / "system")))[1:])
    assert done.returncode == 0, done.stderr
    (figure,) = system_figures(system, tmp_path / "system", seed=3, engine=closed_form)
    assert figure.command == f"{plan.command(3, closed_form)}; spicekit system small --seed 3 --engine {closed_form} --out DIR"
    job = Characterisation(table, seed=3, engine=closed_form)
    for _ in range(2):  # the second resumes
        job.run(tmp_path / "table")
    assert read(tmp_path / "table" / "characterize.json", CharacterisationRecord).engine == closed_form
    with pytest.raises(UserError, match="holds another characterisation: 'engine' differs"):
        Characterisation(table, seed=3).run(tmp_path / "table")
    for part in (tmp_path / "system" / "half", tmp_path / "table" / "parts" / "half"):
        store = Store(part / "points" / "0001")
        samples = pq.read_table(store.folder / "samples.parquet")["r_top"].to_numpy()
        assert np.array_equal(store.parts.results()["v_out"], 1e3 / (1e3 + samples))
