"""The failure probability of a bench: what is asked for, the search for it in a folder, and the answer.

>>> from montecarlo import YieldStudy                                                # doctest: +SKIP
>>> YieldStudy("sot-logic", "margin_and < 2m").run("out")["probability"]             # doctest: +SKIP

::

    yield.json              what is asked for: bench, failure, method, seed, versions, netlist hash
    netlist.cir             the nominal netlist, stand-alone
    batches/NNNN-STAGE/     the trials in the order in which they were asked for, each batch like a campaign's folder
    summary.json            the answer
    yield.png               its plot

The same command again resumes: it goes through the batches on disk and simulates what is missing.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from montecarlo import records
from montecarlo.identity import BINDING
from montecarlo.jobs.campaign import Campaign
from montecarlo.jobs.comparison import LEAST, warnings_of
from montecarlo.jobs.job import Job
from montecarlo.rare import crosscheck, importance, library, plain, subset
from montecarlo.rare.batches import Batches
from montecarlo.rare.explore import PLAIN, Exploration, explore
from montecarlo.rare.found import Found, nothing
from montecarlo.rare.regions import find_regions
from montecarlo.rare.state import LimitState
from montecarlo.running.crew import Crew, Settings
from montecarlo.samplers import NOMINAL
from montecarlo.variation import Correlation, Variation
from spicekit.engines import NGSPICE
from spicekit.errors import SpicekitError, UserError, unknown
from spicekit.expression import Expression
from spicekit.files import write_text

METHODS = ("auto", "fis", "subset", "mc", "openturns")
MOST = 1_000_000  # trials that may be allowed
GRADIENT = 100  # variation points up to which a gradient by differences is worth its trials
PLAIN_ENOUGH = 3000  # trials in which plain Monte Carlo has to meet the target for `auto` to choose it


class YieldStudy(Job):
    """What is to be found out.  Raises :class:`UserError` for anything wrong with it, before anything is simulated."""

    noun, file, kind = "study", "yield.json", records.StudyRecord

    def __init__(
        self,
        bench: str,
        fail: str,
        *,
        target: float = 0.1,
        method: str = "auto",
        most: int = 20_000,
        seed: int = 1,
        parameters: dict[str, Any] | None = None,
        variations: Sequence[Variation] = (),
        correlations: Sequence[Correlation] = (),
        engine: str = NGSPICE,
        variation_file: str = "",
    ) -> None:
        if method not in METHODS:
            raise unknown("method", method, METHODS)
        if not 0.01 <= target <= 1:
            raise UserError(f"--target-cov {target:g}: from 0.01 to 1")
        if not PLAIN <= most <= MOST:
            raise UserError(f"--trials {most}: from {PLAIN} to {MOST}")
        if method == "openturns":
            library.check_installed()
        self.campaign = Campaign(
            bench, trials=1, seed=seed, parameters=parameters, variations=variations, correlations=correlations, sampler=NOMINAL,
            engine=engine, variation_file=variation_file,
        )  # fmt: skip
        if not len(self.campaign.space.moving):
            kinds = ", ".join(sorted({point.kind for point in self.campaign.space.points}))
            raise UserError(f"{bench}: nothing varies; give --sigma KIND=SIGMA, allowed for KIND: {kinds}")
        self._fail = fail
        if self.campaign.settled:  # else once it is known whether a folder has calibrations
            _ = self.expression
        self.target, self.method, self.most, self.seed = target, method, most, seed

    @functools.cached_property
    def expression(self) -> Expression:
        """What is a failure."""
        return Expression(self._fail, self.campaign.bench.measures())

    def record(self) -> dict[str, Any]:
        """What ``yield.json`` holds."""
        theirs = self.campaign.record()
        for key in ("trials", "sampler", "block", "chunk"):
            del theirs[key]
        theirs["versions"] = {name: theirs["versions"][name] for name in BINDING}
        return theirs | {"fail": self.expression.text, "target_cov": self.target, "method": self.method, "most": self.most}

    @property
    def campaigns(self) -> Sequence[Campaign]:
        """The bench with its variations; which trials there are of it, the search decides."""
        return [self.campaign]

    @property
    def drawn(self) -> Sequence[Campaign]:
        """Trials as the variations have them."""
        return [self.campaign.redrawn(LEAST)]

    def settle(self, folder: Path | None = None) -> None:
        """Calibrate the bench, with what ``folder`` holds of the same."""
        self.campaign.settle_by(None if folder is None else folder / self.file, records.StudyRecord)

    def run(self, out: str | Path, crew: Crew | None = None, **settings: Unpack[Settings]) -> dict[str, Any]:
        """Find the failure probability, with what folder ``out`` holds already, and return the answer (also written there).

        The arguments are those of :meth:`montecarlo.Campaign.run`.  Raises :class:`UserError` if the folder holds something
        else or is in use, and for a failure that the method cannot treat.
        """
        from montecarlo.rare.plot import plot_yield
        from montecarlo.rare.result import summarise

        started = time.monotonic()
        with self.at_work(out, crew, settings) as (folder, crew):
            write_text(folder / "netlist.cir", self.campaign.netlist)
            batches = Batches(self.campaign, self.expression, folder / "batches", crew, self.most)
            state = LimitState(batches, len(self.campaign.space.moving), self.most, self.expression.combine)
            found = self.find(state)
            if self.campaign.comparison is not None:
                found.warnings += warnings_of(self.campaign.comparison)
            elapsed = time.monotonic() - started if batches.simulated else None
            summary = summarise(self, state, found, batches.outcomes, elapsed, folder)
            plot_yield(self, state, found, summary, folder / "yield.png")
            return summary

    def find(self, state: LimitState) -> Found:
        """Explore, choose the method, let it search."""
        rng = np.random.default_rng(self.seed)
        explored = explore(state, rng)
        method = self.choose(explored, state.dimensions) if self.method == "auto" else self.method
        if explored.lost == 1:
            raise SpicekitError("no trial converged; see `spicekit run` for what is wrong with the nominal circuit")
        if method == "subset" and explored.discrete:
            raise UserError(
                f"--method subset: '{self.expression.text}' takes a few values only, so it has no levels to climb; "
                "use --method fis, or a measure that tells by how much the decision was missed"
            )
        found = self._by_method(method, state, explored, rng)
        if explored.discrete and found.points:
            found.warnings.append(
                "the limit state takes a few values only and has no gradient: the failure point comes from where trials begin "
                "to fail; a measure that tells by how much gives a better one"
            )
        return found

    def choose(self, explored: Exploration, dimensions: int) -> str:
        """The method for what the first trials have shown."""
        p = explored.probability
        if p > 0 and (1 - p) / (p * self.target**2) <= PLAIN_ENOUGH:
            return "mc"
        return "fis" if explored.discrete or dimensions <= GRADIENT else "subset"

    def _by_method(self, method: str, state: LimitState, explored: Exploration, rng: np.random.Generator) -> Found:
        if method == "mc":
            estimate, trials = plain.estimate(state, explored, self.target, rng)
            return Found(method, estimate, trials)
        if method == "subset":
            climbed = subset.estimate(state, explored, self.target, rng)
            return Found(method, *climbed) if climbed else nothing(method, explored, "the trials do not suffice for one run")
        if method == "openturns":
            theirs = library.estimate(state, explored, self.target, self.seed)
            if theirs is None:
                return nothing(method, explored, "OpenTURNS found no design point, or the trials did not suffice")
            return Found(method, theirs[0], theirs[1].trials, theirs[2], theirs[1])
        points = find_regions(state, explored, rng)
        if not points:
            return nothing(
                method, explored, "no trial was made to fail, neither down the slope nor with sigmas six times as large"
            )
        sampled = importance.sample(state, explored, points, self.target, rng)
        if sampled is None:
            return nothing(method, explored, "the trials do not suffice for the sampling")
        check = crosscheck.crosscheck(state, explored, points, rng)
        return Found(method, sampled.estimate(explored.lost), sampled.trials, points, sampled, check)
