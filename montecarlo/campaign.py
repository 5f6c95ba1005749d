"""A campaign: bench, variations and sampler, run over many trials into a folder.

>>> from montecarlo import Campaign                                      # doctest: +SKIP
>>> result = Campaign("sot-logic", trials=10_000, seed=1).run("out")     # doctest: +SKIP
>>> result.margins["and"]["error_rate"]                                  # doctest: +SKIP

The samples are drawn and stored first; then chunks of trials go to an executor, and every finished chunk is written at once.
Running a campaign again on its folder resumes it.  The trials table is the same for any executor, any number of workers
and any number of interruptions.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo import records
from montecarlo.executor import Pool
from montecarlo.identity import BINDING, code_hash, differing, versions
from montecarlo.preflight import preflight
from montecarlo.result import CampaignResult
from montecarlo.samplers import NOMINAL, make_sampler
from montecarlo.schedule import Source, simulate_sources
from montecarlo.store import Store, identity_of
from montecarlo.summary import summarise
from montecarlo.variation import Correlation, Space, Variation
from spicekit import __version__, inputs
from spicekit.bench import Bench
from spicekit.calibration import recorded
from spicekit.engines import NGSPICE
from spicekit.engines import engine as find_engine
from spicekit.engines.calibrate import calibrated, wanted
from spicekit.errors import UserError
from spicekit.files import write_text
from spicekit.netlist import render
from spicekit.registry import full_name, make_bench

Progress = Callable[[int, int], None]  # finished trials, all trials


class Campaign:
    """What is to be simulated.  Raises :class:`UserError` for anything wrong with it, before anything is simulated."""

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
        with inputs.recording() as self._files:
            find_engine(self.engine)
            made = self._bench = make_bench(self.bench_name, dict(parameters or {}))
            self.space = Space(made.points(), variations, correlations)
        self.parameters = {name: made.given(name, value) for name, value in (parameters or {}).items()}
        if not self.space.points:
            raise UserError(f"bench '{made.name}' has no variation points: there is nothing to vary")
        self._netlist: str | None = None
        if not made.calibrations():  # else once it is known whether a folder has them
            self.settle()
        if sampler != NOMINAL:
            self._draw = make_sampler(sampler, seed, trials if sampler == "lhs" else 0, self.space.dimensions)
        self.goal: dict[str, Any] = {}  # of a campaign in stages (montecarlo.until): what ends it, and the most trials

    @property
    def settled(self) -> bool:
        """Whether the bench is calibrated."""
        return self._netlist is not None

    def settle(self, record: Path | None = None, kind: type[records.Campaign | records.Study] = records.Campaign) -> None:
        """Calibrate the bench, by its engine in this process; with what the file ``record`` holds, if it is of the same.

        Whoever has a folder does it first.  Without, it is done when something is asked for that depends on it.
        """
        if self.settled:
            return
        with inputs.recording() as files:
            if record is not None and record.exists():
                self._bench.found |= self._known(records.read(record, kind))
            self._netlist = render(calibrated(self._bench, self.engine))
        self._files |= files

    def _known(self, record: records.Campaign | records.Study) -> dict[str, float]:
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
        record = records.typed(store.read_record(), records.Campaign, store.record)
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
            )
        except UserError as error:
            raise UserError(f"{store.record}: {error}") from error
        found.settle(store.record)
        if record.code_sha256 and found.inputs != record.inputs:  # a link on the way to them leads elsewhere now
            odd = min(found.inputs.items() ^ record.inputs.items())[0]
            raise UserError(f"{folder}: {odd} is not read as it was when the campaign was set up; put links and folders back")
        if record.code_sha256 and found.netlist_hash() != record.netlist_sha256:
            raise UserError(
                f"{folder}: the bench gives another netlist than the one that was simulated: it is of "
                f"spicekit {record.versions.get('spicekit')}, this is {__version__}"
            )
        return found

    def record(self) -> dict[str, Any]:
        """What ``campaign.json`` holds, in the order in which differences are told: what was given and its causes first."""
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
            "inputs": self.inputs,
            "code_sha256": code_hash(),
            "calibrations": {name: asdict(one) for name, one in recorded(self.bench).items()},
            "points": self.space.describe()["local"],
            "block": self.bench.analysis().block,
            "chunk": self.bench.analysis().chunk,
            "netlist_sha256": self.netlist_hash(),
            "versions": versions(),
            **self.goal,
        }

    def netlist_hash(self) -> str:
        """SHA-256 of the nominal netlist; what it reads is among the inputs."""
        return hashlib.sha256(self.netlist.encode()).hexdigest()

    def run(
        self,
        out: str | Path,
        *,
        executor: Executor | None = None,
        workers: int | None = None,
        timeout: float = 120.0,
        retry: bool = False,
        keep_going: bool = False,
        progress: Progress = lambda done, total: None,
        warn: Callable[[str], None] = lambda line: None,
    ) -> CampaignResult:
        """Simulate what is missing in folder ``out``, write the summary there and return the result.

        ``executor`` is any ``concurrent.futures.Executor``; without one, ``workers`` local processes (default: every core)
        with ``timeout`` seconds of the processor a trial (:mod:`spicekit.limit`).  ``retry`` simulates again what an earlier run
        lost as ``timeout`` or ``crashed``; ``keep_going`` goes on where the first trials all fail in the same way.  Raises
        :class:`UserError` if the folder holds another campaign or is in use, :class:`SpicekitError` where it gives up.
        """
        self.settle(Path(out) / "campaign.json")
        store = Store(Path(out), identity_of(self.record()))
        started = time.monotonic()
        with Pool(executor, workers, timeout) as pool:
            if not store.record.exists():
                preflight([self], store.folder, pool, keep_going, warn)
            with store.lock():
                source = self.prepare(store, warn, retry)
                missing = sum(last - first for first, last in source.missing)
                done_before = self.trials - missing
                progress(done_before, self.trials)
                if missing:
                    simulate_sources([source], pool(), lambda done: progress(done_before + done, self.trials), keep_going)
                elapsed = time.monotonic() - started if missing else None
                return CampaignResult(self.bench, store.folder, summarise(self, store, elapsed))

    def prepare(self, store: Store, warn: Callable[[str], None], retry: bool = False) -> Source:
        """Make the folder (which the caller has locked) this campaign's, draw its samples, and find what is missing."""
        store.clean()
        self._claim(store, warn)
        if store.samples.exists():
            store.check_samples(self.trials)
        else:
            store.write_samples(self.trials, self.samples)
        finished = store.finished(warn, retry)
        size = self.bench.analysis().chunk
        chunks = [(first, min(first + size, self.trials)) for first in range(0, self.trials, size)]
        return Source(self, store, [(first, last) for first, last in chunks if finished.get(first) != last - first])

    def samples(self, first: int, last: int) -> dict[str, Any]:
        """Values of every variation point for trials ``first`` to ``last - 1``: point -> array."""
        if self.sampler == NOMINAL:
            return {point.name: np.full(last - first, point.nominal) for point in self.space.points}
        return self.space.values(self.normals(first, last))

    def normals(self, first: int, last: int) -> NDArray[np.float64]:
        """The standard-normal coordinates behind :meth:`samples`, shape (last - first, dimensions)."""
        return self._draw.normals(first, last)

    def notes(self, folder: Path, summary: dict[str, Any]) -> tuple[str, ...]:
        """The bench's notes on its ``summary``; what it has to find for them is kept in ``summary.json``."""
        means = {name: row["mean"] for name, row in summary["measures"].items()}
        self.bench.found |= {name: one["value"] for name, one in summary.get("calibrations", {}).items()}
        found = {name: asdict(one) for name, one in wanted(self.bench, means, self.engine).items()}
        if found and found != summary.get("calibrations"):
            summary |= records.write(folder / "summary.json", records.Summary, summary | {"calibrations": found})
        return self.bench.notes(means)

    def _claim(self, store: Store, warn: Callable[[str], None]) -> None:
        """Make the folder this campaign's, or check that it is."""
        mine = json.loads(json.dumps(self.record()))
        if store.record.exists():
            theirs = store.read_record()
            if self.goal and self._grows(theirs, mine):
                store.samples.unlink(missing_ok=True)  # before the record: samples of fewer trials must not be taken for these
                records.write(store.record, records.Campaign, mine)
                return
            for key in mine:
                shown = _difference(theirs.get(key), mine[key], BINDING if key == "versions" else None)
                if shown:
                    raise UserError(f"{store.folder} holds another campaign: '{key}' differs ({shown}); give another --out")
            other = differing(theirs.get("versions", {}), mine["versions"])
            if other:
                warn(f"{store.folder} was begun with other versions: {', '.join(other)}; the last digits may differ")
            return
        if any(store.folder.glob("*.parquet")) or store.parts() or (store.folder / "yield.json").exists():
            raise UserError(f"{store.folder} holds results but no campaign.json; give another --out")
        write_text(store.folder / "netlist.cir", self.netlist)
        records.write(store.record, records.Campaign, mine)

    def _grows(self, theirs: dict[str, Any], mine: dict[str, Any]) -> bool:
        """Whether the folder's campaign is an earlier stage of this one: the same, with fewer trials."""

        def rest(record: dict[str, Any]) -> Any:
            return record | {"trials": 0, "versions": {name: record.get("versions", {}).get(name) for name in BINDING}}

        return bool(rest(mine) == rest(theirs) and theirs["trials"] < self.trials)


def _difference(theirs: Any, mine: Any, keys: Sequence[str] | None = None) -> str:
    """The first difference between two records (in ``keys`` of them, if given), for a message; empty if there is none."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        for key in keys or [*mine, *theirs]:
            if theirs.get(key) != mine.get(key):
                return f"{key}: {theirs.get(key)} there, {mine.get(key)} now"
        return ""
    return "" if theirs == mine else f"{theirs} there, {mine} now"
