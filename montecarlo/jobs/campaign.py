"""A campaign: bench, variations and sampler, run over many trials into a folder.

>>> from montecarlo import Campaign                                      # doctest: +SKIP
>>> result = Campaign("sot-logic", trials=10_000, seed=1).run("out")     # doctest: +SKIP
>>> result.margins["and"]["error_rate"]                                  # doctest: +SKIP

The samples are drawn and stored first; then chunks of trials go to an executor, and every finished chunk is written at once.
Running a campaign again on its folder resumes it.  The trials table is the same for any executor, any number of workers
and any number of interruptions.
"""

from __future__ import annotations

import copy
import hashlib
import json
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from montecarlo import records
from montecarlo.identity import BINDING, code_hash, differing, versions
from montecarlo.jobs.comparison import warnings_of
from montecarlo.jobs.job import Job
from montecarlo.jobs.result import CampaignResult
from montecarlo.joint import read_joint
from montecarlo.running.crew import Crew, Settings, Warn
from montecarlo.running.schedule import Source, simulate_sources
from montecarlo.running.store import Store, identity_of
from montecarlo.samplers import NOMINAL, make_sampler
from montecarlo.statistics.summary import summarise
from montecarlo.variation import Correlation, Space, Variation
from spicekit import inputs
from spicekit.bench import Bench
from spicekit.calibration import recorded
from spicekit.engines import NGSPICE, unable
from spicekit.engines import engine as find_engine
from spicekit.engines.calibrate import calibrated_apart, wanted
from spicekit.errors import UserError
from spicekit.files import output_folder, write_text
from spicekit.netlist import render
from spicekit.paths import absolute
from spicekit.registry import full_name, make_bench
from spicekit.waves import Array


class Campaign(Job):
    """What is to be simulated.  Raises :class:`UserError` for anything wrong with it, before anything is simulated."""

    noun, file, kind = "campaign", "campaign.json", records.CampaignRecord

    def __init__(
        self,
        bench: str,
        *,
        trials: int,
        seed: int = 1,
        parameters: dict[str, Any] | None = None,
        variations: Sequence[Variation] = (),
        correlations: Sequence[Correlation] = (),
        sampler: str = "random",
        engine: str = NGSPICE,
        variation_file: str = "",
        surrogate: bool = False,
    ) -> None:
        if trials < 1:
            raise UserError(f"--trials {trials}: at least 1")
        if seed < 0:
            raise UserError(f"--seed {seed}: 0 or above")
        self.bench_name = full_name(bench)
        self.trials = trials
        self.seed = seed
        self.sampler = sampler
        self.engine = full_name(engine)
        self.surrogate = surrogate  # of its summary, not of what is simulated
        with inputs.recording() as self._files:
            find_engine(self.engine)
            made = self._bench = make_bench(self.bench_name, dict(parameters or {}))
            points = made.points()
            self.variation_file = absolute(variation_file) if variation_file else ""
            if self.variation_file:
                variations, correlations = read_joint(self.variation_file).under(variations, correlations, points)
            self.space = Space(points, variations, correlations)
        values = made.parameters()  # as the bench reads them: 128, "128" and 1.28e2 are one number
        self.parameters = {name: values[name] for name in parameters or {}}
        if not self.space.points:
            raise UserError(f"bench '{made.name}' has no variation points: there is nothing to vary")
        self._netlist: str | None = None
        if not made.calibrations():  # else once it is known whether a folder has them
            self.settle()
        if sampler != NOMINAL:
            self._draw = make_sampler(sampler, seed, trials if sampler == "lhs" else 0, self.space.dimensions)
        self.comparison: records.Comparison | None = None  # with ngspice, of an engine of ours: see Job.trust
        self.goal: dict[str, Any] = {}  # of a campaign in stages (montecarlo.jobs.until): what ends it, and the most trials

    @property
    def settled(self) -> bool:
        """Whether the bench is calibrated."""
        return self._netlist is not None

    @property
    def campaigns(self) -> Sequence[Campaign]:
        """This one."""
        return [self]

    def settle(self, folder: Path | None = None) -> None:
        """Calibrate the bench, by its engine in a process of its own.

        What the record in ``folder`` holds is taken from there, if it is of the same.  Whoever has a folder does it first.
        Without, it is done when something is asked for that depends on it.
        """
        self.settle_by(None if folder is None else folder / self.file, records.CampaignRecord)

    def settle_by(self, record: Path | None, kind: type[records.CampaignRecord | records.StudyRecord]) -> None:
        """Calibrate the bench with what the file ``record`` holds, if it is there."""
        if self.settled:
            return
        with inputs.recording() as files:
            if record is not None and record.exists():
                self._bench.found |= self._known(records.read(record, kind))
            self._netlist = render(calibrated_apart(self._bench, self.engine))
        self._files |= files
        reason = unable(self.engine, self._bench)
        if reason:
            warnings.warn(f"bench '{self._bench.name}' is simulated by ngspice: {self.engine} {reason}", stacklevel=3)
            self.engine = NGSPICE

    def _known(self, record: records.CampaignRecord | records.StudyRecord) -> dict[str, float]:
        """The values in a record of the same calibrations: of the same bench with the same inputs.  None of another's."""
        if (record.bench, record.given, record.engine) != (self.bench_name, self.parameters, self.engine):
            return {}
        if self._files.items() - record.inputs.items() or inputs.changed(record.inputs):
            return {}
        self._files |= record.inputs  # those that were read to find it, too
        return {name: one.value for name, one in record.calibrations.items()}

    @property
    def bench(self) -> Bench:
        """The bench, calibrated."""
        self.settle()
        return self._bench

    @property
    def netlist(self) -> str:
        """Its nominal netlist, stand-alone."""
        self.settle()
        return str(self._netlist)

    @property
    def inputs(self) -> dict[str, str]:
        """The files that it was made from: absolute path -> SHA-256."""
        self.settle()
        return dict(sorted(self._files.items()))

    @classmethod
    def load(cls, folder: Path) -> Campaign:
        """The campaign that ``folder`` holds.  Raises :class:`UserError` if its inputs or its netlist are not what they were."""
        store = Store(folder)
        record = records.typed(store.read_record(), records.CampaignRecord, store.record)
        if record.control_of:
            raise UserError(f"{folder} holds the control of a campaign, which is drawn by it: give that campaign's folder")
        gone = inputs.changed(record.inputs)
        if gone:
            raise UserError(f"{folder}: {gone[0]}; put the file back as it was")
        try:
            found = cls(
                record.bench,
                trials=record.trials,
                seed=record.seed,
                parameters=record.given,
                variations=[Variation(**variation.model_dump()) for variation in record.variations],
                correlations=[Correlation(**correlation.model_dump()) for correlation in record.correlations],
                sampler=record.sampler,
                engine=record.engine,
                variation_file=record.variation_file,
            )
        except UserError as error:
            raise UserError(f"{store.record}: {error}") from error
        found.comparison = record.comparison
        found.settle(folder)
        if record.code_sha256 and found.inputs != record.inputs:  # a link on the way to them leads elsewhere now
            odd = min(found.inputs.items() ^ record.inputs.items())[0]
            raise UserError(f"{folder}: {odd} is not read as it was when the campaign was set up; put links and folders back")
        if record.code_sha256 and found.netlist_hash() != record.netlist_sha256:
            other = made_otherwise(store.read_record()) or [
                "inputs, code and versions are the same, so that it is not settled by them"
            ]
            raise UserError(
                f"{folder}: the bench gives another netlist than the one that was simulated ({store.folder / 'netlist.cir'}): "
                f"{', '.join(other)}"
            )
        return found

    def record(self) -> dict[str, Any]:
        """What ``campaign.json`` holds."""
        return {
            "bench": self.bench_name,
            "given": self.parameters,
            "parameters": self.bench.parameters(),
            "trials": self.trials,
            "seed": self.seed,
            "sampler": self.sampler,
            "engine": self.engine,
            "variations": [asdict(variation) for variation in self.space.variations],
            "correlations": [asdict(correlation) for correlation in self.space.correlations],
            **({"variation_file": self.variation_file} if self.variation_file else {}),
            "inputs": self.inputs,
            "code_sha256": code_hash(),
            "calibrations": {name: asdict(one) for name, one in recorded(self.bench).items()},
            "points": self.space.describe()["local"],
            "block": self.bench.analysis().block,
            "chunk": self.bench.analysis().chunk,
            "netlist_sha256": self.netlist_hash(),
            "versions": versions(),
            **({"comparison": self.comparison.model_dump()} if self.comparison else {}),
            **self.goal,
        }

    def netlist_hash(self) -> str:
        """SHA-256 of the nominal netlist; what it reads is among the inputs."""
        return hashlib.sha256(self.netlist.encode()).hexdigest()

    def run(self, out: str | Path, crew: Crew | None = None, **settings: Unpack[Settings]) -> CampaignResult:
        """Simulate what is missing in folder ``out``, write the summary there and return the result.

        ``crew`` says who simulates and how; ``settings`` are those of its fields that differ, by name.  Raises
        :class:`UserError` if the folder holds another campaign or is in use, :class:`SpicekitError` where it gives up.
        """
        started = time.monotonic()
        with self.at_work(out, crew, settings) as (folder, crew):
            store = self.store(folder)
            simulated = simulate_sources([self.prepare(store, crew)], crew)
            elapsed = time.monotonic() - started if simulated else None
            summary = summarise(self, store, elapsed, self.surrogate)
            if self.comparison is not None:
                said = [*summary.get("warnings", ()), *warnings_of(self.comparison)]
                added = {"comparison": self.comparison.model_dump(), "warnings": said}
                summary |= records.write(folder / "summary.json", records.Summary, summary | added)
            return CampaignResult(self.bench, folder, summary)

    def store(self, folder: Path) -> Store:
        """``folder`` as this campaign's."""
        return Store(folder, identity_of(self.record()))

    def prepare(self, store: Store, crew: Crew) -> Source:
        """Draw the samples in this campaign's folder (which the caller has locked and claimed), and find what is missing."""
        output_folder(store.parts.folder)
        store.clean()
        if not (store.folder / "netlist.cir").exists():
            write_text(store.folder / "netlist.cir", self.netlist)
        if store.samples.path.exists():
            store.samples.check(self.trials)
        else:
            store.samples.write(self.trials, self.samples)
        finished = store.parts.finished(crew.warn, crew.retry)
        size = self.bench.analysis().chunk
        chunks = [(first, min(first + size, self.trials)) for first in range(0, self.trials, size)]
        return Source(self, store, [(first, last) for first, last in chunks if finished.get(first) != last - first])

    def samples(self, first: int, last: int) -> dict[str, Any]:
        """Values of every variation point for trials ``first`` to ``last - 1``: point -> array."""
        if self.sampler == NOMINAL:
            return {point.name: np.full(last - first, point.nominal) for point in self.space.points}
        return self.space.values(self.normals(first, last))

    def redrawn(self, trials: int) -> Campaign:
        """The same with ``trials`` trials drawn at random, whatever its own are."""
        other = copy.copy(self)
        other.trials, other.sampler = trials, "random"
        other._draw = make_sampler("random", self.seed, 0, self.space.dimensions)
        return other

    def normals(self, first: int, last: int) -> Array:
        """The standard-normal coordinates behind :meth:`samples`, shape (last - first, dimensions)."""
        return self._draw.normals(first, last)

    def notes(self, folder: Path, summary: dict[str, Any]) -> tuple[str, ...]:
        """The bench's notes on its ``summary``; what it has to find for them is kept in ``summary.json``."""
        means = {name: row["mean"] for name, row in summary["measures"].items()}
        self.bench.found |= {name: one["value"] for name, one in summary.get("calibrations", {}).items()}
        found = {name: asdict(one) for name, one in wanted(self.bench, means, self.engine).items()}
        if found and found != summary.get("calibrations"):
            summary |= records.write(folder / "summary.json", records.Summary, summary | {"calibrations": found})
        return (*self.bench.strained(), *self.bench.notes(means))

    def claim(self, folder: Path, warn: Warn) -> None:
        """As every job does; a campaign in stages goes on from an earlier one."""
        if self.goal and (folder / self.file).exists() and self._grows(Store(folder).read_record()):
            (folder / "samples.parquet").unlink(missing_ok=True)  # first: samples of fewer trials must not be taken for these
            records.write(folder / self.file, records.CampaignRecord, self.record())
        else:
            super().claim(folder, warn)

    def _grows(self, theirs: dict[str, Any]) -> bool:
        """Whether ``theirs`` is the record of an earlier stage of this campaign: the same, with fewer trials."""

        def rest(record: Mapping[str, Any]) -> Any:
            return {**record, "trials": 0, "versions": {name: record.get("versions", {}).get(name) for name in BINDING}}

        return bool(rest(json.loads(json.dumps(self.record()))) == rest(theirs) and theirs["trials"] < self.trials)


def made_otherwise(record: Mapping[str, Any]) -> list[str]:
    """What a campaign was made with that is not the same now, in words: versions, the code of spicekit."""
    other = differing(record.get("versions", {}), versions())
    code = record.get("code_sha256", "")
    if code != code_hash():
        then = f"SHA-256 {code[:12]}" if code else "not recorded"
        other.insert(0, f"code of spicekit {then} then, {code_hash()[:12]} now")
    return other
