"""Method ``openturns``: FORM and importance sampling as the library OpenTURNS does them, to check this package's own by.

Its search (Abdo-Rackwitz) takes its line search one trial at a time, which leaves workers idle and sweeps empty, knows one design
point, and takes a trial that did not converge for an error; here such a trial counts as good and widens the upper bound.
``benchmarks/yield.py`` compares the numbers of trials.  See Baudin, Dutfoy, Iooss and Popelin, "OpenTURNS: an industrial software
for uncertainty quantification in simulation" (2017), doi:10.1007/978-3-319-12385-1_64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from montecarlo.rare.density import Shifted
from montecarlo.rare.estimate import Estimate, interval
from montecarlo.rare.explore import Exploration
from montecarlo.rare.form import DIFFERENCE, DesignPoint, line
from montecarlo.rare.importance import Sampled
from montecarlo.rare.state import LimitState, Spent, joined
from spicekit.errors import UserError
from spicekit.waves import Array

BATCH = 100
NEEDED = "--method openturns needs the extra 'yield': pip install 'spicekit-imc[yield]'"


def check_installed() -> None:
    """Raises :class:`UserError` if OpenTURNS is not installed."""
    try:
        import openturns  # noqa: F401
    except ImportError:
        raise UserError(NEEDED) from None


def estimate(
    state: LimitState, explored: Exploration, target: float, seed: int
) -> tuple[Estimate, Sampled, list[DesignPoint]] | None:
    """Its estimate, the trials that it drew, and its design point; None if it found none."""
    import openturns as ot

    caught: list[BaseException] = []
    stage = "search"

    def batch(points: Any) -> Array:
        try:
            g = state(stage, np.array(points)).g
        except BaseException as error:  # the library turns it into an error of its own
            caught.append(error)
            raise
        return np.where(np.isnan(g), 1.0, g)[:, None]

    ot.RandomGenerator.SetSeed(seed)
    dimensions = state.dimensions
    function = ot.PythonFunction(dimensions, 1, func_sample=batch)
    function.setGradient(ot.NonCenteredFiniteDifferenceGradient([DIFFERENCE] * dimensions, function.getEvaluation()))
    event = ot.ThresholdEvent(ot.CompositeRandomVector(function, ot.RandomVector(ot.Normal(dimensions))), ot.Less(), 0.0)
    solver = ot.AbdoRackwitz()
    solver.setStartingPoint([0.0] * dimensions)
    solver.setMaximumIterationNumber(30)
    for limit in ("AbsoluteError", "RelativeError", "ResidualError", "ConstraintError"):
        getattr(solver, f"setMaximum{limit}")(0.02)
    try:
        form = ot.FORM(solver, event)
        form.run()
        u = np.array(form.getResult().getStandardSpaceDesignPoint())
        if not np.isfinite(u).all() or not u.any():
            return None
        stage = "sampling"
        sampling = ot.PostAnalyticalImportanceSampling(form.getResult())
        sampling.setMaximumCoefficientOfVariation(target)
        sampling.setBlockSize(BATCH)
        sampling.setMaximumOuterSampling(max(state.left // BATCH, 1))
        sampling.run()
        result = sampling.getResult()
    except Exception:
        if caught and isinstance(caught[0], Spent):
            return None
        if caught:
            raise caught[0] from None
        return None
    trials = joined([batch for stage_, batch in state.history if stage_ == "sampling"])
    sampled = Sampled(trials, np.exp(-Shifted(u).log_ratio(trials.z)), [])
    mine = sampled.estimate(explored.lost)
    p, cov = float(result.getProbabilityEstimate()), float(result.getCoefficientOfVariation())
    found = Estimate(p, cov, interval(p, cov), p, p + mine.highest - mine.lowest, mine.effective)
    beta = float(np.linalg.norm(u))
    points = [DesignPoint(u, line(state, u / beta, 1.3 * beta))]
    return found, Sampled(trials, sampled.weights, points), points
