"""Where a circuit works: corners x temperature x supply, at each point the nominal circuit and some trials with mismatch.

::

    qualify.json                what is simulated: bench, grid, trials, variations, seed
    nominal/ trials/            the folder of a sweep each
    table.nc .csv .parquet .json .npz   the trials' table, with the verdicts
    summary.json qualify.png

Both sweeps share one pool; the same command on its folder resumes.  The rule of the verdicts is that of
:mod:`montecarlo.verdict`.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import xarray as xr

from montecarlo import records
from montecarlo.jobs.sweep import Sweep, Sweeps, grid_values
from montecarlo.running.crew import Crew, Settings
from montecarlo.statistics.tabulate import write_table
from montecarlo.variation import Correlation, Variation
from montecarlo.verdict import Judgement, KeyFigure, Results, Verdict, judge
from spicekit.bench import Bench
from spicekit.engines import NGSPICE
from spicekit.engines.calibrate import calibrated
from spicekit.errors import Uncalibrated, UserError
from spicekit.expression import condition
from spicekit.files import write_record
from spicekit.nominal import render
from spicekit.outcome import Outcome
from spicekit.registry import make_bench

AXES = ("corner", "temperature", "vdd")
ROOM = 27.0  # C
SUPPLIES = (0.9, 1.0, 1.1)  # of the nominal one


class Qualification(Sweeps):
    """``bench`` at every corner, temperature and supply; ``trials`` 0: the nominal circuit alone.

    An axis that ``parameters`` gives stays at that value; one in ``over`` takes those.  One on which the netlist does not depend
    is left out.  ``figure`` names the measure that is shown beside the verdicts.  Raises :class:`UserError` for anything wrong
    with it, before anything is simulated.
    """

    noun, file, kind = "qualification", "qualify.json", records.SweepRecord

    def __init__(
        self,
        bench: str,
        *,
        trials: int = 20,
        seed: int = 1,
        parameters: Mapping[str, Any] | None = None,
        over: Mapping[str, Sequence[Any]] | None = None,
        variations: Sequence[Variation] = (),
        correlations: Sequence[Correlation] = (),
        variation_file: str = "",
        figure: str | None = None,
        engine: str = NGSPICE,
    ) -> None:
        given = dict(parameters or {})
        for name in over or {}:
            if name not in AXES:
                raise UserError(f"--over {name}: a qualification is over {', '.join(AXES)}; `spicekit sweep` takes any parameter")
        self.bench = calibrated(make_bench(bench, given))
        condition(self.bench)
        self.figure = KeyFigure.choose(self.bench, figure)
        asked = {name: grid_values(bench, name, values) for name, values in (over or {}).items()}
        standard = {name: values for name, values in standard_grid(self.bench).items() if name not in given}
        self.over = {name: asked.get(name, standard.get(name, [])) for name in AXES}
        self.over = {
            name: values
            for name, values in self.over.items()
            if name in asked or (len(values) > 1 and self._matters(bench, given, name, values))
        }
        if not self.over:
            raise UserError(f"bench '{self.bench.name}': no corner, temperature or supply is left to go over; give fewer by -p")
        nominal = Sweep(bench, self.over, parameters=given, seed=seed, engine=engine, tolerant=True)
        self.sweeps = {"nominal": nominal}
        if trials:
            self.sweeps["trials"] = Sweep(
                bench,
                self.over,
                trials=trials,
                seed=seed,
                parameters=given,
                variations=variations,
                correlations=correlations,
                variation_file=variation_file,
                engine=engine,
                tolerant=True,
            )
        elif variations or correlations or variation_file:
            raise UserError("--sigma, --correlate and --variation need --trials: without them the circuit is nominal")
        self.trials, self.seed = trials, seed

    def _matters(self, bench: str, given: Mapping[str, Any], name: str, values: Sequence[Any]) -> bool:
        """Whether the circuit depends on an axis: its netlist does, apart from comments and from models that it does not use."""
        if name == "corner" and not self.bench.roles:
            return False
        try:
            return len({_without_comments(render(make_bench(bench, {**given, name: value}))) for value in values}) > 1
        except Uncalibrated:  # only at some of them
            return True

    def record(self) -> dict[str, Any]:
        """What ``qualify.json`` holds."""
        return self._main.record() | {"trials": self.trials}

    @property
    def _main(self) -> Sweep:
        return self.sweeps.get("trials", self.sweeps["nominal"])

    def run(self, out: str | Path, crew: Crew | None = None, **settings: Unpack[Settings]) -> dict[str, Any]:
        """Simulate what is missing in folder ``out``, judge, write all files but the picture there, return the summary.

        The arguments are those of :meth:`montecarlo.Campaign.run`; it keeps going where all trials fail.
        """
        with self.at_work(out, crew, settings | {"keep_going": True}) as (folder, crew):
            self.simulate(folder, crew)
            points = self._points(folder)
            summary = self._summary(points)
            table = self._main.table(self.place(folder, "trials" if self.trials else "nominal"))
            write_table(self._with_verdicts(table, points), folder, tuple(self.over))
            write_record(folder / "summary.json", summary)
            return summary

    def place(self, folder: Path, name: str) -> Path:
        """Where in ``folder`` a sweep has its own."""
        return folder / name

    def _points(self, folder: Path) -> list[dict[str, Any]]:
        """Each point: where it is, its verdict, and why."""
        stores = {name: sweep.points(self.place(folder, name)) for name, sweep in self.sweeps.items()}
        points = []
        for index, values in enumerate(itertools.product(*self.over.values())):
            found: dict[str, Judgement] = {}
            spread: dict[str, Any] = {}
            outcomes: Counter[str] = Counter()
            for name, sweep in self.sweeps.items():
                point = stores[name][index]
                if point is None:
                    found[name], spread[name] = Judgement.uncalibrated(max(sweep.trials, 1)), (np.nan, np.nan)
                    continue
                campaign, store = point
                results = store.parts.results()
                found[name] = judge(campaign.bench, results)
                outcomes += Counter(str(outcome) for outcome in results["outcome"])
                spread[name] = _ends(self.figure, results)
            reasons: Counter[str] = sum((Counter(judged.reasons) for judged in found.values()), Counter())
            points.append(
                dict(zip(self.over, values, strict=True))
                | {
                    "verdict": max(judged.worst for judged in found.values()).words,
                    "nominal": found["nominal"].worst.words,
                    "trials": found["trials"].counts if self.trials else {},
                    "figure": spread["nominal"][0],
                    "figure_low": spread["trials"][0] if self.trials else None,
                    "figure_high": spread["trials"][1] if self.trials else None,
                    "outcomes": dict(outcomes),
                    "why": dict(reasons),
                    "uncalibrated": self._main.left_out.get(index),
                }
            )
        return points

    def _summary(self, points: list[dict[str, Any]]) -> dict[str, Any]:
        figure = self.figure
        counts = Counter(point["verdict"] for point in points)
        summary: dict[str, Any] = records.without_nan(
            {
                "bench": self._main.campaigns[0].bench_name,
                "technology": self.bench.technology.name,
                "given": self._main.record()["given"],
                "over": self.over,
                "trials": self.trials,
                "seed": self.seed,
                "works": self.bench.works() or None,
                "figure": {"name": figure.name, "unit": figure.unit, "meaning": figure.meaning},
                "verdicts": {verdict.words: counts[verdict.words] for verdict in Verdict},
                "points": points,
            }
        )
        return summary

    def _with_verdicts(self, table: xr.Dataset, points: list[dict[str, Any]]) -> xr.Dataset:
        shape = tuple(len(values) for values in self.over.values())
        codes = {verdict.words: int(verdict) for verdict in Verdict}
        meaning = ", ".join(f"{code} {words}" for words, code in codes.items())

        def put(name: str, values: list[int], long_name: str) -> None:
            column = np.asarray(values, dtype=np.int64).reshape(shape)
            table[name] = (tuple(self.over), column, {"units": "", "long_name": long_name})

        put("verdict", [codes[point["verdict"]] for point in points], f"verdict, the worst of all: {meaning}")
        put("verdict_nominal", [codes[point["nominal"]] for point in points], f"verdict of the nominal circuit: {meaning}")
        for verdict in Verdict if self.trials else ():
            counts = [point["trials"][verdict.words] for point in points]
            put(f"verdict_{verdict.name.lower()}", counts, f"trials of which the verdict is: {verdict.words}")
        return table


def standard_grid(bench: Bench) -> dict[str, list[Any]]:
    """All corners of the technology; its lowest and highest temperature, and 27 C between; the supply and 10 % either side."""
    limits = bench.technology.temperature
    return {
        "corner": list(bench.technology.corners),
        "temperature": sorted({limits.low, limits.high, min(max(ROOM, limits.low), limits.high)}),
        "vdd": [float(f"{share * bench.vdd:.6g}") for share in SUPPLIES],
    }


def _without_comments(netlist: str) -> str:
    return "\n".join(line for line in netlist.splitlines()[1:] if not line.lstrip().startswith("*"))


def _ends(figure: KeyFigure, results: Results) -> tuple[float, float]:
    """Lowest and highest key figure of the trials that are ok; inf for one beyond its window, NaN where there is none."""
    values = figure.of(results)[results["outcome"] == str(Outcome.OK)]
    return (float(values.min()), float(values.max())) if len(values) else (np.nan, np.nan)
