"""The answer of a yield study in device terms, as plain data."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from montecarlo import records
from montecarlo.identity import digest
from montecarlo.rare.estimate import TWO_SIDED, Estimate
from montecarlo.rare.found import Found, Question
from montecarlo.rare.state import LimitState
from montecarlo.statistics.summary import elapsed_before
from montecarlo.variation import Space
from spicekit.waves import Array

FEW = 30.0  # effective failing trials below which an estimate deserves a warning
FEWEST_CENTRE = 10  # failing trials whose centre stands for a failure point
STEPS = 200  # rows of the running estimate that are kept
LOST = 0.1  # part of the probability that trials without convergence may make up before that is said


def summarise(
    study: Question, state: LimitState, found: Found, outcomes: dict[str, int], elapsed: float | None, folder: Path
) -> dict[str, Any]:
    """Write ``summary.json`` and return it.  ``elapsed`` in seconds; None keeps that of the run which simulated."""
    path = folder / "summary.json"
    if elapsed is None:
        elapsed = elapsed_before(path)
    estimate = found.estimate
    summary = {
        "bench": study.campaign.bench.name,
        "fail": study.expression.text,
        "method": found.method,
        "seed": study.seed,
        "elapsed_s": round(elapsed, 3),
        "probability": estimate.probability,
        "sigma": estimate.sigma,
        "ci": list(estimate.ci),
        "cov": estimate.cov,
        "target_cov": study.target,
        "reached": estimate.cov <= study.target,
        "lowest": estimate.lowest,
        "highest": estimate.highest,
        "effective_sample_size": estimate.effective,
        "simulations": state.used,
        "stages": dict(state.counts),
        "outcomes": outcomes,
        "failure_points": failure_points(study.campaign.space, found),
        "cross_check": cross_check(study, state, found),
        "warnings": [*found.warnings, *warnings(found, study.target)],
        "convergence": thinned(found),
        "identity": digest(study.record() | {"schema": None}),
    }
    return records.write(path, records.YieldSummary, records.without_nan(summary))


def running(found: Found) -> tuple[Array, Array, Array] | None:
    """Number of trials, the estimate from so many, its standard error: arrays, or None if the method has none."""
    if found.method == "subset" or not found.estimate.probability or not len(found.trials):
        return None
    weights = np.ones(len(found.trials)) if found.sampled is None else found.sampled.weights
    share = np.where(found.trials.fails, weights, 0.0)
    count = np.arange(1.0, len(share) + 1)
    mean = np.cumsum(share) / count
    error = np.sqrt(np.maximum(np.cumsum(share**2) / count - mean**2, 0) / count)
    keep = count >= min(20, len(share))
    return count[keep], mean[keep], error[keep]


def thinned(found: Found) -> list[list[float]]:
    """At most :data:`STEPS` rows of the running estimate: trials, estimate, lower and upper end of its 95 % interval."""
    rows = running(found)
    if rows is None:
        return []
    count, mean, error = rows
    keep = np.unique(np.linspace(0, len(count) - 1, min(STEPS, len(count))).round().astype(int))
    low = np.maximum(mean - TWO_SIDED * error, 0)
    return [[int(count[k]), float(mean[k]), float(low[k]), float(mean[k] + TWO_SIDED * error[k])] for k in keep]


def failure_points(space: Space, found: Found) -> list[dict[str, Any]]:
    """Where failures happen: the design point of every region, or the centre of the failing trials."""
    if found.points:
        shares = found.sampled.shares() if found.sampled is not None else np.array([1.0])
        return [
            {"kind": "design point", "beta": point.beta, "share": float(share)} | {"points": device_terms(space, point.u)}
            for point, share in zip(found.points, shares, strict=True)
        ]
    failing = found.trials.z[found.trials.fails]
    if len(failing) < FEWEST_CENTRE:
        return []
    centre = failing.mean(axis=0)
    beta = float(np.linalg.norm(centre))
    return [{"kind": "centre of the failing trials", "beta": beta, "share": 1.0, "points": device_terms(space, centre)}]


def device_terms(space: Space, u: Array) -> list[dict[str, Any]]:
    """Every coordinate of ``u``, the largest contribution first: name, value, nominal value, sigmas, contribution (alpha^2)."""
    values = space.values(space.widened(u[None]))
    points = {point.name: point for point in space.points}
    total = float(u @ u)
    rows = []
    for index in np.argsort(-np.abs(u), kind="stable"):
        name = space.labels[space.moving[index]]
        point = points.get(name)
        rows.append(
            {
                "name": name,
                "value": float(values[name][0]) if point else None,
                "nominal": float(point.nominal) if point else None,
                "unit": point.unit if point else "",
                "sigmas": float(u[index]),
                "contribution": float(u[index] ** 2 / total),
            }
        )
    return rows


def cross_check(study: Question, state: LimitState, found: Found) -> dict[str, Any]:
    """The check at a relaxed limit, its move in the units of the comparisons."""
    if isinstance(found.check, str):
        return {"made": False, "reason": found.check}

    def row(estimate: Estimate) -> dict[str, Any]:
        return {"probability": estimate.probability, "ci": list(estimate.ci)}

    moves = [
        {"by": float(found.check.moved * scale), "unit": unit}
        for scale, unit in zip(state.scale, study.expression.units, strict=True)
    ]
    return {
        "made": True,
        "limits_moved": moves,
        "plain": row(found.check.plain),
        "sampled": row(found.check.sampled),
        "agree": found.check.agree,
    }


def warnings(found: Found, target: float) -> list[str]:
    """What a reader must know before believing the estimate."""
    lines = []
    estimate = found.estimate
    if not found.warnings and estimate.cov > target:
        shown = f"{estimate.cov:.2g}" if math.isfinite(estimate.cov) else "unknown"
        lines.append(f"the coefficient of variation is {shown}, not {target:g}: allow more trials (--trials)")
    if 0 < estimate.effective < FEW:
        lines.append(f"the estimate rests on {estimate.effective:.0f} effective failing trials: its interval is too narrow")
    if estimate.highest - estimate.lowest > LOST * max(estimate.probability, 1e-300):
        lines.append(
            f"trials that did not converge leave the probability between {estimate.lowest:.2g} and {estimate.highest:.2g}"
        )
    if not isinstance(found.check, str) and not found.check.agree:
        lines.append(
            f"plain Monte Carlo disagrees at a relaxed limit ({found.check.plain.probability:.2g} against "
            f"{found.check.sampled.probability:.2g}): a failure region may have been missed"
        )
    if found.method == "subset":
        lines.append("subset simulation's coefficient of variation is a lower bound: its levels are taken as independent")
    if found.method == "openturns" and found.points:
        lines.append("one failure point, found from the nominal circuit; other failure regions were not looked for")
    return lines
