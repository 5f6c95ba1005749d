"""What all jobs have in common: the crew that is handed on, the folder that is claimed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from montecarlo import Campaign, Characterisation, Sweep, YieldStudy
from montecarlo.jobs.job import Job
from montecarlo.jobs.qualification import Qualification
from montecarlo.rare.explore import PLAIN
from montecarlo.running.crew import Crew, Settings
from montecarlo.systems.system import Part, SystemTable
from spicekit import SpicekitError, UserError

BENCH = "sot-read"
JOBS: dict[str, Callable[[str], Job]] = {
    "campaign": lambda bench: Campaign(bench, trials=20),
    "sweep": lambda bench: Sweep(bench, {"temperature": [27, 85]}, trials=4),
    "characterisation": lambda bench: Characterisation(
        SystemTable("small", "", {"temperature": (27, 85)}, {"temperature": 27}, (Part("read", bench, trials=4),))
    ),
    "qualification": lambda bench: Qualification(bench, trials=2, over={"temperature": [27, 85]}),
    "study": lambda bench: YieldStudy(bench, "dv < 10m" if bench == BENCH else "v_out < 0.3", method="mc", most=PLAIN),
}


class Direct(Executor):
    """Simulates in this process; counts the tasks and whether it was told to end."""

    workers = 1

    def __init__(self) -> None:
        self.tasks, self.ended = 0, False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.tasks += 1
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.ended = True


def test_the_settings_are_the_fields_of_a_crew() -> None:
    assert list(Settings.__annotations__) == [field.name for field in fields(Crew)]


@pytest.mark.parametrize("noun", JOBS)
def test_a_crew_works_for_one_job_after_another(noun: str, tmp_path: Path) -> None:
    """An executor that is given is used, told of the progress to the end, and not ended; a finished folder needs none."""
    direct, seen = Direct(), list[tuple[int, int]]()
    crew = Crew(direct, progress=lambda done, total: seen.append((done, total)))
    job = JOBS[noun](BENCH)
    assert (job.noun, job.file) == (noun, job.file)
    job.run(tmp_path / "a", crew)
    assert (tmp_path / "a" / job.file).exists()
    assert direct.tasks > 1
    assert not direct.ended
    assert seen == sorted(seen)
    if noun != "study":  # which is done when it is precise enough
        assert seen[-1][0] == seen[-1][1]
    before = direct.tasks
    job.run(tmp_path / "a", crew, progress=lambda done, total: None)
    assert direct.tasks == before


def test_settings_by_name_take_the_place_of_the_crews(tmp_path: Path) -> None:
    direct, other = Direct(), Direct()
    Campaign(BENCH, trials=20).run(tmp_path, Crew(direct), executor=other)
    assert direct.tasks == 0
    assert other.tasks > 0


def test_own_processes_end_with_the_crew_and_start_again() -> None:
    crew = Crew(workers=1)
    with crew as same:
        first = same.pool
        assert crew.part(2, 5).pool is first
        with crew.part(2, 5):  # a part of the job does not send them away
            pass
        assert first.submit(abs, -3).result() == 3
    with pytest.raises(RuntimeError):
        first._pool.schedule(abs, args=[1])  # type: ignore[attr-defined]
    with crew:
        assert crew.pool is not first
        assert crew.pool.submit(abs, -4).result() == 4


def test_a_part_of_a_job_counts_after_what_comes_before() -> None:
    seen: list[tuple[int, int]] = []
    part = Crew(Direct(), progress=lambda done, total: seen.append((done, total))).part(30, 100)
    part.progress(0, 20)
    part.progress(20, 20)
    assert seen == [(30, 100), (50, 100)]


@pytest.mark.parametrize("noun", [noun for noun in JOBS if noun != "qualification"])  # which goes on, to say where
def test_a_job_that_cannot_be_simulated_leaves_nothing(noun: str, tmp_path: Path, user_benches: Path) -> None:
    job = JOBS[noun](f"{user_benches / 'faults.py'}:Parallel")
    with pytest.raises(SpicekitError, match="the nominal trial is"):
        job.run(tmp_path / "out", workers=1)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("noun", JOBS)
def test_a_folder_of_another_job_is_refused_unchanged(noun: str, tmp_path: Path) -> None:
    other = "sweep.json" if noun == "campaign" else "campaign.json"
    (tmp_path / other).write_text("{}")
    with pytest.raises(UserError, match=f"holds {other} but no {JOBS[noun](BENCH).file}; give another --out"):
        JOBS[noun](BENCH).run(tmp_path, Crew(Direct()))
    assert {path.name for path in tmp_path.iterdir()} == {other}
    assert (tmp_path / other).read_text() == "{}"
