"""A grid of operating points, each a campaign (or the nominal simulation), in one folder with one table.

::

    sweep.json                      what is simulated: bench, grid, trials, variations, seed
    points/0000/ ...                a campaign folder a grid point, last parameter fastest
    table.nc .csv .parquet .json .npz   the table, when every point is finished

All points share one pool of workers.  Every point uses the same seed, so that neighbouring points differ by the swept
parameter and not by their draws.  Running the same sweep again on its folder resumes it.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Unpack

import xarray as xr

from montecarlo import records
from montecarlo.identity import code_hash, versions
from montecarlo.jobs.campaign import Campaign
from montecarlo.jobs.job import Job
from montecarlo.running.crew import Crew, Settings
from montecarlo.running.schedule import Source, simulate_sources
from montecarlo.running.store import Store
from montecarlo.statistics.tabulate import check_complete, tabulate, write_table
from montecarlo.variation import Correlation, Variation
from spicekit.bench import unit_of
from spicekit.calibration import recorded
from spicekit.engines import NGSPICE
from spicekit.errors import Uncalibrated, UserError, unknown
from spicekit.files import output_folder
from spicekit.registry import bench_class
from spicekit.units import parse_quantity

MOST_POINTS = 10_000


class Sweep(Job):
    """``bench`` over the product of ``over`` (parameter -> values).  ``trials`` 0: the nominal simulation alone.

    ``measures`` names those that the table keeps; all if not given.  ``surrogate`` adds estimates with a regression to it.
    ``tolerant`` leaves out the points at which the bench cannot be calibrated (``left_out`` says why), unless it can at none.
    Raises :class:`UserError` for anything wrong with it, before anything is simulated.
    """

    noun, file, kind = "sweep", "sweep.json", records.SweepRecord

    def __init__(
        self,
        bench: str,
        over: Mapping[str, Sequence[Any]],
        *,
        trials: int = 0,
        seed: int = 1,
        parameters: Mapping[str, Any] | None = None,
        variations: Sequence[Variation] = (),
        correlations: Sequence[Correlation] = (),
        sampler: str = "random",
        measures: Sequence[str] | None = None,
        engine: str = NGSPICE,
        tolerant: bool = False,
        variation_file: str = "",
        surrogate: bool = False,
    ) -> None:
        given = dict(parameters or {})
        if not over:
            raise UserError("--over: give at least one parameter to sweep")
        if trials < 0:
            raise UserError(f"--trials {trials}: 0 or above")
        if not trials and (variations or correlations or variation_file):
            raise UserError("--sigma, --correlate and --variation need --trials: without them the sweep is nominal")
        if not trials and surrogate:
            raise UserError("--surrogate needs --trials: without them the sweep is nominal")
        self.surrogate = surrogate
        self.over = {name: grid_values(bench, name, values) for name, values in over.items()}
        for name in self.over:
            if name in given:
                raise UserError(f"'{name}' is given by -p and swept by --over")
        count = math.prod(len(values) for values in self.over.values())
        if count > MOST_POINTS:
            raise UserError(f"--over: {count} grid points; at most {MOST_POINTS}")
        self.trials = trials
        self._campaigns = [
            Campaign(
                bench,
                trials=max(trials, 1),
                seed=seed,
                parameters=given | dict(zip(self.over, values, strict=True)),
                variations=variations,
                correlations=correlations,
                sampler=sampler if trials else "nominal",
                engine=engine,
                variation_file=variation_file,
            )
            for values in itertools.product(*self.over.values())
        ]
        self.measures = measures
        self._tolerant = tolerant
        self.left_out: dict[int, str] = {}  # by the point's number in the grid
        if all(campaign.settled for campaign in self._campaigns):  # else once it is known whether a folder has calibrations
            self.settle()

    @property
    def campaigns(self) -> Sequence[Campaign]:
        """One a point that is not left out, in the order of the grid, last parameter fastest."""
        return [campaign for index, campaign in enumerate(self._campaigns) if index not in self.left_out]

    def settle(self, folder: Path | None = None) -> None:
        """Calibrate the bench at every point that is not yet, with what ``folder`` holds (see :meth:`Campaign.settle`)."""
        for index, campaign in enumerate(self._campaigns):
            if index in self.left_out:
                continue
            try:
                campaign.settle(None if folder is None else _point(folder, index))
            except Uncalibrated as error:
                if not self._tolerant:
                    raise
                self.left_out[index] = str(error)
                if not self.campaigns:
                    self.left_out.clear()
                    raise
        if len({campaign.engine for campaign in self.campaigns}) > 1:  # there is a point that the engine does not know
            for campaign in self.campaigns:
                campaign.engine = NGSPICE
        _ = self.inputs
        known = {measure.name for campaign in self.campaigns for measure in campaign.bench.measures()}
        for name in self.measures or ():
            if name not in known:
                raise unknown("measure", name, known, of=f"bench '{self.campaigns[0].bench_name}'")

    @property
    def inputs(self) -> dict[str, str]:
        """The files that all points were made from: absolute path -> SHA-256."""
        found: dict[str, str] = {}
        for one in self.campaigns:
            for path, sha in one.inputs.items():
                if found.setdefault(path, sha) != sha:
                    raise UserError(f"{path} changed while the points of the sweep were set up; run the command again")
        return found

    def calibrations(self) -> dict[str, list[float | None]]:
        """What was found at each point, None where nothing had to be."""
        found = [{} if index in self.left_out else recorded(one.bench) for index, one in enumerate(self._campaigns)]
        return {
            name: [point[name].value if name in point else None for point in found]
            for name in dict.fromkeys(name for point in found for name in point)
        }

    def record(self) -> dict[str, Any]:
        """What ``sweep.json`` holds."""
        first = self.campaigns[0]
        return {
            "bench": first.bench_name,
            "over": self.over,
            "trials": self.trials,
            "seed": first.seed,
            "sampler": first.sampler,
            "given": {k: v for k, v in first.parameters.items() if k not in self.over},
            "variations": [asdict(variation) for variation in first.space.variations],
            "correlations": [asdict(correlation) for correlation in first.space.correlations],
            **({"variation_file": first.variation_file} if first.variation_file else {}),
            "inputs": self.inputs,
            "code_sha256": code_hash(),
            "engine": first.engine,
            **({"comparison": first.comparison.model_dump()} if first.comparison else {}),
            "calibrations": self.calibrations(),
        }

    def run(self, out: str | Path, crew: Crew | None = None, **settings: Unpack[Settings]) -> xr.Dataset:
        """Simulate what is missing in folder ``out``, write the table there and return it.

        The arguments are those of :meth:`Campaign.run`.  Raises :class:`UserError` if the folder holds something else.
        """
        with self.at_work(out, crew, settings) as (folder, crew):
            simulate_sources(self.prepare(folder, crew), crew)
            dataset = self.table(folder)
            check_complete({"": dataset}, crew.keep_going)
            write_table(dataset, folder, tuple(self.over))
            return dataset

    def prepare(self, folder: Path, crew: Crew) -> list[Source]:
        """Find what is missing in each point of this sweep's folder, which the caller has locked and claimed."""
        sources = []
        for campaign, store in filter(None, self.points(folder)):
            campaign.claim(output_folder(store.folder), crew.warn)
            sources.append(campaign.prepare(store, crew))
        return sources

    def table(self, folder: Path) -> xr.Dataset:
        """The table of the finished points in ``folder``."""
        return tabulate(self.over, self.points(folder), self.provenance(), self.measures, self.surrogate)

    def provenance(self) -> dict[str, Any]:
        """Where the numbers come from, kept inside the table."""
        hashes = "\n".join(campaign.netlist_hash() for campaign in self.campaigns)
        parameters = {k: v for k, v in self.campaigns[0].bench.parameters().items() if k not in self.over}
        found = {"parameters": parameters, "netlist_sha256": hashlib.sha256(hashes.encode()).hexdigest(), "versions": versions()}
        return records.checked(self.record() | found, records.Provenance)

    def points(self, folder: Path) -> list[tuple[Campaign, Store] | None]:
        """Each point's campaign with its store in ``folder``, in the order of the grid (see ``campaigns``); None: left out."""
        return [
            None if index in self.left_out else (campaign, campaign.store(_point(folder, index)))
            for index, campaign in enumerate(self._campaigns)
        ]


class Sweeps(Job):
    """A job of several sweeps, by name, each in a folder of its own, which share the crew."""

    sweeps: Mapping[str, Sweep]

    @abstractmethod
    def place(self, folder: Path, name: str) -> Path:
        """Where in ``folder`` a sweep has its own."""

    @property
    def campaigns(self) -> Sequence[Campaign]:
        """Those of all sweeps."""
        return [campaign for sweep in self.sweeps.values() for campaign in sweep.campaigns]

    def settle(self, folder: Path | None = None) -> None:
        """Settle every sweep."""
        for name, sweep in self.sweeps.items():
            sweep.settle(None if folder is None else self.place(folder, name))

    def simulate(self, folder: Path, crew: Crew) -> None:
        """Simulate what is missing from every sweep, in ``folder``, which the caller has locked and claimed."""
        sources = []
        for name, sweep in self.sweeps.items():
            place = output_folder(self.place(folder, name))
            sweep.claim(place, crew.warn)
            sources += sweep.prepare(place, crew)
        simulate_sources(sources, crew)


def _point(folder: Path, index: int) -> Path:
    return folder / "points" / f"{index:04d}"


def parse_over(bench: str, text: str) -> tuple[str, list[Any]]:
    """Read ``tmr=1:2.5:4`` (start:stop:num), ``corner=tt,ff,ss`` or ``fan_in=2,3,4`` for a parameter of ``bench``."""
    name, equals, rest = (word.strip() for word in text.partition("="))
    if not equals or not name or not rest:
        raise UserError(f"--over '{text}': give NAME=START:STOP:NUM or NAME=VALUE,VALUE,...")
    values: list[Any] = [word.strip() for word in rest.split(",")]
    if not all(values):
        raise UserError(f"--over '{text}': a value is missing between the commas")
    if _kind(bench, name) is not str and ":" in rest:
        words = rest.split(":")
        if len(words) != 3:
            raise UserError(f"--over '{text}': give START:STOP:NUM")
        try:
            start, stop = (parse_quantity(word, _unit(bench, name)) for word in words[:2])
            count = parse_quantity(words[2], "")
        except UserError as error:
            raise UserError(f"--over '{text}': {error}") from None
        if not (math.isfinite(start) and math.isfinite(stop)):
            raise UserError(f"--over '{text}': START and STOP must be finite")
        if not 1 <= count <= MOST_POINTS or count != int(count):
            raise UserError(f"--over '{text}': NUM must be a whole number from 1 to {MOST_POINTS}")
        if count == 1 and start != stop:
            raise UserError(f"--over '{text}': NUM 1 leaves out STOP; allowed: 2 and more, or NAME=VALUE")
        step = (stop - start) / (count - 1) if count > 1 else 0.0
        values = [float(f"{start + index * step:.12g}") for index in range(int(count))]  # without the rounding noise
    return name, grid_values(bench, name, values)


def grid_values(bench: str, name: str, given: Sequence[Any]) -> list[Any]:
    """The values of parameter ``name`` over which ``bench`` is swept, as its type; numbers different and increasing."""
    kind = _kind(bench, name)
    values: list[Any] = [str(value) for value in given]
    if kind is not str:
        try:
            values = [parse_quantity(value, _unit(bench, name)) for value in given]
        except UserError as error:
            raise UserError(f"--over {name}: {error}") from None
        if not all(math.isfinite(value) for value in values):
            raise UserError(f"--over {name}: values must be finite")
        if kind is int:
            if any(value != int(value) for value in values):
                raise UserError(f"--over {name}: values must be whole numbers")
            values = [int(value) for value in values]
        if values != sorted(values):
            raise UserError(f"--over {name}: values must be in increasing order")
    if not values:
        raise UserError(f"--over {name}: give at least one value")
    if len(set(values)) != len(values):
        raise UserError(f"--over {name}: values must be different")
    return values


def _kind(bench: str, name: str) -> type:
    """The type of a bench's parameter: float, int or (all else) str."""
    known = bench_class(bench).Parameters.model_fields
    if name not in known:
        raise unknown("parameter", name, known, of=f"bench '{bench}'")
    annotation: Any = known[name].annotation
    if annotation in (float, float | None):
        return float
    return int if annotation in (int, int | None) else str


def _unit(bench: str, name: str) -> str:
    return unit_of(bench_class(bench).Parameters, name)
