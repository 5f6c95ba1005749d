"""Sense amplifiers side by side at equal gate area: error, delay, offset, noise, kickback and energy of each.

Any bench of :class:`spicekit.benches.sensing.source.SenseBench` takes part: its widths are scaled by one factor until its
transistors have the area asked for, with its share of what several amplifiers use (a delay line, a reference).  Each then is
simulated with mismatch, one campaign in a folder of its own for the input above and below the threshold (or for the cell, whose
states are those inputs) and one for the offset; with ``noise`` trials also without mismatch, with thermal noise, a little above
and below.  All have the same seed, so that amplifiers see the same cells.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

import numpy as np
from scipy.special import ndtri
from scipy.stats import chi2

from montecarlo import records
from montecarlo.jobs.campaign import Campaign
from montecarlo.running.crew import Crew, Settings
from montecarlo.variation import Variation
from spicekit.benches.noise import SEED
from spicekit.benches.sensing.source import SenseBench
from spicekit.binomial import clopper_pearson
from spicekit.engines import NGSPICE
from spicekit.errors import UserError
from spicekit.files import output_folder, write_text
from spicekit.folders import check_folder, check_same
from spicekit.outcome import Outcome
from spicekit.registry import make_bench
from spicekit.waves import Array

SHIPPED = (
    "tbs-sense",
    "vsa-sense",
    "auto-zero",
    "double-tail",
    "current-mode",
    "self-reference",
)  # those behind the interface, for messages
MOST = 1e-9  # m2
AREA = re.compile(r"area=\s*([0-9.]+(?:e[+-]?[0-9]+)?)\s*(?:([uµμn])m?2|m2)?", re.IGNORECASE)
STEP = 0.3e-3  # V above and below the threshold, at which noise is looked at
SUMMARY = "summary.json"
RECORD = "compare.json"


def parse_at(text: str) -> float:
    """Square metres of ``area=4.9u2``, ``area=4.9um2`` or ``area=4.9e-12``.  Raises :class:`UserError` for anything else."""
    match = AREA.fullmatch(text.strip())
    try:
        found = float(match[1]) * {None: 1.0, "n": 1e-18}.get(match[2] and match[2].lower(), 1e-12) if match else math.nan
    except ValueError:
        found = math.nan
    if math.isnan(found):
        raise UserError(f"--at '{text}': allowed: area=NUMBER in u2 (square micrometres) or m2, e.g. area=4.9u2")
    if not 0 < found <= MOST:
        raise UserError(f"--at '{text}': {found:g} m2; allowed: above 0, at most {MOST:g} m2")
    return found


@dataclass(frozen=True)
class Rival:
    """One amplifier at the common area."""

    label: str
    bench: str
    parameters: dict[str, Any]
    gate_area: float  # m2

    @classmethod
    def of(cls, text: str, area: float, common: dict[str, Any]) -> Rival:
        """That of ``BENCH`` or ``BENCH,name=value,...`` with the parameters that all of them have."""
        bench, *words = text.split(",")
        own: dict[str, Any] = {}
        for word in words:
            name, equals, value = word.partition("=")
            if not equals or not name or not value or name in own:
                raise UserError(f"'{text}': '{word}': give BENCH or BENCH,NAME=VALUE,... with each name once")
            own[name] = value
        for name in ("measure", "overdrive", "v_in", "noise"):
            if name in own or (name != "overdrive" and name in common):
                raise UserError(f"'{text}': parameter {name} is chosen by the comparison; allowed: -p overdrive=, for all")
        parameters = common | own
        made = make_bench(bench, dict(parameters))
        if not isinstance(made, SenseBench):
            raise UserError(f"bench '{bench}' cannot be compared; allowed: sense amplifiers: {', '.join(SHIPPED)}")
        try:
            parameters |= made.at_area(area)
            scaled = make_bench(bench, dict(parameters))
        except UserError as error:
            raise UserError(f"--at area={area * 1e12:g}u2: {error}") from None
        assert isinstance(scaled, SenseBench)
        return cls(text, bench, parameters, scaled.gate_area)

    @property
    def folder(self) -> str:
        """Name of the folder of its campaigns."""
        return re.sub(r"[^A-Za-z0-9._=+-]+", "_", self.label)


class EqualArea:
    """What is to be compared.  Raises :class:`UserError` for anything wrong with it, before anything is simulated."""

    def __init__(
        self,
        benches: Sequence[str],
        *,
        area: float,
        trials: int,
        seed: int = 1,
        parameters: dict[str, Any] | None = None,
        engine: str = NGSPICE,
        noise: int = 0,
    ) -> None:
        if len(benches) < 2:
            raise UserError(f"{len(benches)} bench given; allowed: 2 or more, to be compared")
        if len(set(benches)) != len(benches):
            raise UserError("a bench is given twice; allowed: each once, or with other parameters: tbs-sense,design=fast")
        if trials < 2:
            raise UserError(f"--trials {trials}: at least 2")
        self.area, self.trials, self.seed, self.engine, self.noise = area, trials, seed, engine, noise
        self.given = dict(parameters or {})
        self.rivals = [Rival.of(text, area, self.given) for text in benches]
        if len({rival.folder for rival in self.rivals}) != len(benches):
            raise UserError("two benches have the same name; give files of different names")
        first = make_bench(self.rivals[0].bench, dict(self.rivals[0].parameters))
        assert isinstance(first, SenseBench)
        self.overdrive, self.cell = abs(first.p.overdrive), bool(first.cells)
        self.plans = [(rival, self._campaigns(rival)) for rival in self.rivals]

    def _campaigns(self, rival: Rival) -> dict[str, Campaign]:
        """What is simulated of one amplifier, by the name of its folder."""

        def campaign(trials: int, variations: Sequence[Variation] = (), **more: Any) -> Campaign:
            return Campaign(
                rival.bench,
                trials=trials,
                seed=self.seed,
                parameters=rival.parameters | more,
                variations=variations,
                engine=NGSPICE if variations else self.engine,
            )

        found = {"offset": campaign(self.trials, measure="offset")}
        if self.cell:
            found["decision"] = campaign(self.trials)
        else:
            found["above"] = campaign(self.trials, overdrive=self.overdrive)
            found["below"] = campaign(self.trials, overdrive=-self.overdrive)
        if self.noise:
            kinds = {point.kind for point in make_bench(rival.bench, dict(rival.parameters)).points() if point.sigma}
            alike = [Variation(kind, 0.0, False) for kind in sorted(kinds - {SEED, "seed"})]
            for name, step in (("noise-above", STEP), ("noise-below", -STEP)):
                found[name] = campaign(self.noise, alike, source="voltage", overdrive=step, noise="on")
        return found

    def run(self, out: str | Path, crew: Crew | None = None, **settings: Unpack[Settings]) -> records.AmplifierSummary:
        """Simulate what is missing in folder ``out``, write ``summary.json`` and ``table.csv`` there and return the answer.

        Raises :class:`UserError` for a folder that holds something else; more amplifiers may be compared in it later.
        """
        mine = {
            "area": self.area,
            "trials": self.trials,
            "seed": self.seed,
            "given": {name: str(value) for name, value in self.given.items()},
        }
        check_folder(Path(out), RECORD, (SUMMARY, "table.csv", "compare.png"))
        check_same(Path(out) / RECORD, "comparison", mine)
        folder = output_folder(Path(out))
        records.write(folder / RECORD, records.EqualAreaRecord, mine)
        total = sum(campaign.trials for _, campaigns in self.plans for campaign in campaigns.values())
        rows, done = [], 0
        with Crew.of(crew, settings) as crew:
            for rival, campaigns in self.plans:
                tables = {}
                for name, campaign in campaigns.items():
                    result = campaign.run(folder / rival.folder / name, crew.part(done, total))
                    tables[name] = result.trials[result.trials["outcome"] == str(Outcome.OK)]
                    done += campaign.trials
                rows.append(self._row(rival, tables))
        answer = mine | {
            "overdrive": None if self.cell else self.overdrive,
            "noise_trials": self.noise,
            "amplifiers": [row.model_dump() for row in rows],
        }
        written = records.write(folder / SUMMARY, records.AmplifierSummary, answer)
        summary = records.typed(written, records.AmplifierSummary, folder / SUMMARY)
        write_text(folder / "table.csv", csv(summary))
        return summary

    def _row(self, rival: Rival, tables: dict[str, Any]) -> records.AmplifierRow:
        decisions = [tables[name] for name in ("decision", "above", "below") if name in tables]

        def values(name: str) -> Array:
            return np.concatenate([table[name].to_numpy(float) for table in decisions])

        error, delay, offset = values("error"), values("t_decision"), tables["offset"]["offset"].to_numpy(float)
        delay = delay[np.isfinite(delay)]
        low, high = clopper_pearson(int(error.sum()), len(error)) if len(error) else (0.0, 1.0)
        spread = float(np.std(offset, ddof=1)) if len(offset) > 1 and np.isfinite(offset).all() else None
        return records.AmplifierRow(
            name=rival.label,
            gate_area=rival.gate_area,
            ok=sum(len(table) for table in tables.values()),
            error=records.Estimate(value=mean(error), low=float(low), high=float(high)),
            wrong=mean(values("wrong")),
            late=mean(values("late")),
            t_decision=mean(delay),
            t_decision_std=float(np.std(delay, ddof=1)) if len(delay) > 1 else None,
            offset=mean(offset),
            sigma_offset=sigma_estimate(spread, len(offset)),
            noise=noise_estimate(*(tables[name]["decision"].to_numpy(float) for name in ("noise-above", "noise-below")))
            if self.noise
            else None,
            kick=mean(values("kick")),
            e_total=mean(values("e_total")),
        )


def mean(values: Array) -> float | None:
    """Mean of ``values``, None if there are none or one of them is not finite."""
    return float(values.mean()) if len(values) and np.isfinite(values).all() else None


def sigma_estimate(spread: float | None, count: int) -> records.Estimate:
    """A standard deviation with its 95 % interval, of ``count`` normal values."""
    if spread is None:  # values beyond the search
        return records.Estimate(value=None, low=None, high=None)
    n = count - 1
    low, high = (spread * math.sqrt(n / float(chi2.ppf(q, n))) for q in (0.975, 0.025))
    return records.Estimate(value=spread, low=low, high=high)


def noise_estimate(above: Array, below: Array) -> records.Estimate:
    """Input-referred noise in V (standard deviation) from the decisions (1 or 0) at :data:`STEP` above and below the threshold.

    Of a normal distribution of width s about any offset z(above) - z(below) = 2 STEP/s.  The interval takes the ends of both
    exact intervals, 95 % or more; without a wrong decision there is an upper end alone.
    """
    ends = []
    for ones, n in ((int(above.sum()), len(above)), (int(below.sum()), len(below))):
        low, high = clopper_pearson(ones, n) if n else (0.0, 1.0)
        ends.append((float(low), float(high), ones / n if n else math.nan))
    (a_low, a_high, a), (b_low, b_high, b) = ends

    def sigma(p_above: float, p_below: float) -> float | None:
        apart = float(ndtri(p_above) - ndtri(p_below))
        return 2 * STEP / apart if math.isfinite(apart) and apart > 0 else None

    return records.Estimate(value=sigma(a, b), low=sigma(a_high, b_low), high=sigma(a_low, b_high))


def csv(summary: records.AmplifierSummary) -> str:
    """The table, a line an amplifier, in SI units."""
    lines: list[str] = []
    for row in summary.amplifiers:
        flat: dict[str, Any] = {}
        for name, value in row.model_dump().items():
            flat |= {f"{name}_{end}": x for end, x in value.items()} if isinstance(value, dict) else {name: value}
        flat["name"] = f'"{row.name}"'
        lines = lines or [",".join(flat)]
        lines.append(",".join("" if value is None else str(value) for value in flat.values()))
    return "\n".join(lines) + "\n"
