"""Improved estimates in words, for the terminal and for reports."""

from __future__ import annotations

from collections.abc import Iterator

from montecarlo import records
from spicekit.units import format_value

WORDS = {"mean": "mean", "std": "sigma", "q001": "0.1 %", "q50": "median", "q999": "99.9 %"}
RATES = {"error_rate": "error rate", "circuit_error_rate": "error rate, circuit's reference"}


def improved_rows(found: records.Surrogate) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Rows: of what, R2, which estimate, plain, improved, what a trial is worth."""
    for name, measure in found.measures.items():
        label, r2 = name, f"{measure.r2:.4f}"
        for key, word in WORDS.items():
            one: records.Improvement = getattr(measure, key)
            plain, better = (_with_interval(side, measure.unit) for side in (one.plain, one.improved))
            yield (label, r2, word, plain, better, _worth(one))
            label = r2 = ""
    for name, rates in found.margins.items():
        for key, one in rates.items():
            plain, better = (_rate(side) for side in (one.plain, one.improved))
            yield (name, "", RATES[key], plain, better, _worth(one))


def control_title(found: records.Control) -> str:
    """What the control is, and what its trials cost."""
    given = ", ".join(f"{name}={value}" for name, value in found.given.items())
    cost = "" if found.cost is None else f", each {found.cost:.2g} times the time of one"
    return f"With {found.bench}{f' ({given})' if given else ''} as control: {found.pairs:,} pairs, {found.trials:,} more{cost}"


def control_rows(found: records.Control) -> Iterator[tuple[str, str, str, str, str, str]]:
    """As :func:`improved_rows`."""
    for name, measure in found.measures.items():
        label, r2 = name, f"{measure.r2:.4f}"
        for key, one in (("mean", measure.mean), ("std", measure.std)):
            if one is not None:
                plain, better = (_with_interval(side, measure.unit) for side in (one.plain, one.improved))
                yield (label, r2, WORDS[key], plain, better, _worth(one))
                label = r2 = ""


def refused_lines(found: records.Surrogate | records.Control) -> list[str]:
    """Why there is no improved estimate, those with one reason together."""
    reasons: dict[str, list[str]] = {}
    for name, reason in found.refused.items():
        reasons.setdefault(reason, []).append(name)
    what = "regression" if isinstance(found, records.Surrogate) else "control"
    return [f"no {what} of {', '.join(names)}: {reason}" for reason, names in reasons.items()]


def _with_interval(side: tuple[float | None, float | None, float | None], unit: str) -> str:
    value, low, high = side
    if value is None:
        return "-"
    if low is None or high is None:
        return format_value(value, unit, 5)
    return f"{format_value(value, unit, 5)} \u00b1 {format_value((high - low) / 2, unit, 3)}"


def _rate(side: tuple[float | None, float | None, float | None]) -> str:
    value, low, high = side
    return "-" if value is None or low is None or high is None else f"{value:.2g} ({low:.1e} to {high:.1e})"


def _worth(one: records.Improvement) -> str:
    return "-" if one.worth is None else f"{one.worth:,.2g}" if one.worth < 10 else f"{one.worth:,.0f}"
