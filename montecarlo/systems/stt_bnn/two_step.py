"""Error rates of a binary row from two campaigns: its source line (DC trials) and the amplifier's trip point, convolved.

A trial of the whole macro is a transient with every cell.  An error needs only the source line and the trip point, which
have no device in common: the row's distribution at a number of matches and that of the trip point, all pairs of their
trials, make the error rate, with far more trials than end-to-end ones cost.  :func:`simulate` runs both campaigns;
``examples/stt_bnn_error.py`` sets the result beside trials of ``stt-bnn-macro``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr
from scipy.stats import binom

from montecarlo.jobs.campaign import Campaign
from montecarlo.running.store import Store
from spicekit.benches.bnn.array import RowParameters
from spicekit.beyond import Beyond
from spicekit.engines import NGSPICE
from spicekit.errors import SpicekitError
from spicekit.outcome import Outcome
from spicekit.waves import Array

DEGREE = 3  # of the source line over the matches: what is left of its bend is below 0.01 LSB within six sigma of random data
RESAMPLES = 300  # of a bootstrap


@dataclass(frozen=True)
class TwoStep:
    """``matches`` and ``v_sl`` of the row's trials, shape (trials,), and ``trips``, the SL in V at which the amplifiers turn."""

    n: int
    matches: Array
    v_sl: Array
    trips: Array

    @functools.cached_property
    def line(self) -> np.polynomial.Polynomial:
        """Mean source line in V over the number of matches."""
        return np.polynomial.Polynomial.fit(self.matches, self.v_sl, DEGREE)

    @property
    def deviations(self) -> Array:
        """Of each trial's source line from that mean, in V; they do not depend on the matches near n/2."""
        scale = np.sqrt(len(self.v_sl) / (len(self.v_sl) - DEGREE - 1))
        return np.asarray((self.v_sl - self.line(self.matches)) * scale)

    @property
    def lsb(self) -> float:
        """What a match adds at n/2, in V."""
        return float(self.line.deriv()(self.n / 2))

    @property
    def sigma(self) -> dict[str, float]:
        """Standard deviations in LSB: of the row, of the amplifier, and both together."""
        row, amplifier = float(self.deviations.std()) / self.lsb, float(self.trips.std(ddof=1)) / self.lsb
        return {"row": row, "amplifier": amplifier, "total": float(np.hypot(row, amplifier))}

    @property
    def threshold(self) -> float:
        """Mean trip point in matches; n/2 - 0.5 is halfway between the last -1 and the first +1."""
        return float(self.n / 2 + (self.trips.mean() - self.line(self.n / 2)) / self.lsb)

    def error(self, n1: ArrayLike) -> Array:
        """Share of wrong decisions at ``n1`` matches, over all pairs of a row's and an amplifier's trial."""
        counts = np.asarray(n1)
        lines = self.line(counts)[..., None] + self.deviations
        below = 1 - np.searchsorted(np.sort(self.trips), lines).mean(axis=-1) / len(self.trips)
        return np.asarray(np.where(2 * counts >= self.n, below, 1 - below))

    @property
    def average(self) -> float:
        """Error rate for uniformly random weights and inputs: N1 is binomial(n, 1/2)."""
        counts = np.arange(self.n + 1)
        return float(binom.pmf(counts, self.n, 0.5) @ self.error(counts))

    def resampled(self, rng: np.random.Generator) -> TwoStep:
        """One draw of both campaigns' trials with replacement."""
        row, trip = (rng.integers(0, len(values), len(values)) for values in (self.v_sl, self.trips))
        return TwoStep(self.n, self.matches[row], self.v_sl[row], self.trips[trip])

    def intervals(self, n1: ArrayLike, seed: int = 1) -> tuple[Array, tuple[float, float]]:
        """95 % bootstrap intervals: of :meth:`error` at ``n1``, shape (2, len(n1)), and of :attr:`average`."""
        rng = np.random.default_rng(seed)
        draws = [self.resampled(rng) for _ in range(RESAMPLES)]
        errors = np.quantile([draw.error(n1) for draw in draws], (0.025, 0.975), axis=0)
        low, high = np.quantile([draw.average for draw in draws], (0.025, 0.975))
        return np.asarray(errors), (float(low), float(high))


def simulate(
    out: Path,
    *,
    rows: int,
    amplifiers: int,
    parameters: Mapping[str, Any] | None = None,
    seed: int = 1,
    workers: int | None = None,
    engine: str = NGSPICE,
) -> TwoStep:
    """Simulate ``rows`` operating points of `stt-bnn-row` with drawn data and ``amplifiers`` offsets of `stt-bnn-macro`.

    ``parameters`` are those of `stt-bnn-macro`.  What folder ``out`` holds of them is not simulated again.
    """
    from spicekit.benches.bnn.macro import BnnMacro

    given = dict(parameters or {})
    macro = BnnMacro(**given)
    row = {
        name: getattr(macro.p, name)
        for name in RowParameters.model_fields
        if name not in ("n1", "data_seed", "weights", "inputs")
    }
    row = {name: value for name, value in row.items() if value is not None} | {"data": "trial", "boost": 0}
    offset = given | {"source": "thevenin", "measure": "offset"}
    line = trials("stt-bnn-row", row | {"analysis": "dc"}, rows, out / "row", seed, workers, engine)
    amplifier = trials("stt-bnn-macro", offset, amplifiers, out / "offset", seed, workers, engine)
    return TwoStep(macro.p.n, line["n1"], line["v_sl"], amplifier["trip"])


def trials(
    bench: str,
    parameters: dict[str, Any],
    count: int,
    out: Path,
    seed: int = 1,
    workers: int | None = None,
    engine: str = NGSPICE,
) -> dict[str, Array]:
    """Measures of all trials of a campaign, run or resumed in ``out``.  Raises :class:`SpicekitError` if one is missing."""
    campaign = Campaign(bench, trials=count, seed=seed, parameters=parameters, engine=engine)
    campaign.run(out, workers=workers)
    results = Store(out).parts.results()
    failed = int(np.count_nonzero(results["outcome"] != str(Outcome.OK)))
    if failed:
        raise SpicekitError(
            f"{failed} of {count} trials in {out} failed: an error rate over the others would not be the circuit's"
        )
    for measure in campaign.bench.measures():
        if measure.limits is not None and not measure.limits.event and (beyond := Beyond.of(results[measure.name]).total):
            raise SpicekitError(
                f"{beyond} of {count} trials in {out} have {measure.name} beyond its limits: {measure.limits.remedy}"
            )
    return {measure.name: results[measure.name] for measure in campaign.bench.measures()}


def error_rate(distance: ArrayLike, sigma: ArrayLike) -> Array:
    """Error rate of a decision ``distance`` matches from the threshold, for a normal deviation of ``sigma`` LSB."""
    return np.asarray(ndtr(-np.abs(distance) / np.asarray(sigma)))


def average_error(n: int, sigma: ArrayLike) -> Array:
    """The same for uniformly random data: N1 is binomial(n, 1/2) and the threshold lies at n/2 - 1/2; shape of ``sigma``."""
    counts = np.arange(n + 1)
    weights = binom.pmf(counts, n, 0.5)
    return np.asarray(error_rate(counts - (n + 1) // 2 + 0.5, np.asarray(sigma)[..., None]) @ weights)
