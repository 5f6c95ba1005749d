"""A table as people read it: what ``spicekit table show`` and ``spicekit table query`` answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spicekit.binomial import trials_for
from spicekit.outcome import Outcome
from spicekit.table import LookupTable
from spicekit.units import format_value, parse_quantity

SHOWN_QUANTILES = (0.001, 0.01, 0.05, 0.5, 0.95, 0.99, 0.999)


def describe_text(table: LookupTable) -> str:
    """What the table holds: dimensions, measures, trials that are not ok, provenance."""
    about = table.describe()
    lines = [f"{table.origin}: {_made_by(table.provenance)}", "", "Dimensions (-p name=value):"]
    for dimension in about["dimensions"]:
        name, values, unit = dimension["name"], dimension["values"], dimension["unit"]
        if isinstance(values[0], str):
            lines.append(f"  {name:16} {' | '.join(values)}")
        elif len(values) == 1:
            lines.append(f"  {name:16} {format_value(values[0], unit)}")
        else:
            low, high = format_value(values[0], unit), format_value(values[-1], unit)
            lines.append(f"  {name:16} {low} to {high}, {len(values)} values")
    lines += ["", "Measures (s: with standard deviation, q: with quantiles):"]
    grid = set(table.provenance.get("over", table.coordinates))
    for measure in about["measures"]:
        if "outcome_" in measure["name"]:
            continue
        marks = ("s" if measure["std"] else "-") + ("q" if measure["quantiles"] else "-")
        dimensions = measure["dimensions"]
        over = "" if set(dimensions) == grid else f" [over {', '.join(dimensions)}]" if dimensions else " [constant]"
        lines.append(f"  {measure['name']:32} {measure['unit']:8} {marks} {measure['meaning']}{over}")
    lines += ["", _outcomes(table), "", "Provenance:", *_provenance(table.provenance, "  ")]
    return "\n".join(lines)


def answer(table: LookupTable, measure: str, where: Mapping[str, str]) -> dict[str, Any]:
    """``measure`` at one operating point, given in words, with all that the table says about it; what is not known is None.

    Of the quantiles those that its trials suffice for (:func:`spicekit.binomial.trials_for`).
    """

    def known(value: Any) -> float | None:
        return float(value) if np.isfinite(value) else None

    found: dict[str, Any] = {
        "measure": measure,
        "unit": table.units.get(measure, ""),
        "meaning": table.meanings.get(measure, ""),
        "value": known(table.query(measure, **where)),
        "at": {
            name: value if table.coordinates[name].dtype.kind == "U" else parse_quantity(value, table.units.get(name, ""))
            for name, value in where.items()
        },
    }
    for suffix in ("std", "low", "high"):
        if f"{measure}_{suffix}" in table.variables:
            found[suffix] = known(table.query(f"{measure}_{suffix}", **where))
    if f"{measure}_quantiles" in table.variables:
        levels, values = table.quantiles(measure, **where)
        trials = _trials(table, measure, where)
        found["quantiles"] = {
            f"{level:g}": known(value)
            for level, value in zip(levels, values, strict=True)
            if level in (0, 1) or not trials or trials >= trials_for(level)
        }
    return found


def _trials(table: LookupTable, measure: str, where: Mapping[str, str]) -> float | None:
    """How many trials are behind the statistics of ``measure`` at a point; None if the table does not say it."""
    counts = [
        name for name in table.variables if name.endswith("outcome_ok") and measure.startswith(name.removesuffix("outcome_ok"))
    ]
    if not counts:
        return None
    count = max(counts, key=len)
    return float(table.query(count, **{name: value for name, value in where.items() if name in table.variables[count][0]}))


def _counts(name: str, measure: str) -> bool:
    """Whether a variable holds the number of trials of ``measure``: of the whole table, or of its part of a system's."""
    return name.endswith("outcome_ok") and measure.startswith(name.removesuffix("outcome_ok"))


def answer_text(found: Mapping[str, Any]) -> str:
    """An :func:`answer` in lines."""

    def shown(value: float | None) -> str:
        return "not known" if value is None else format_value(value, found["unit"], 6)

    lines = [f"{found['measure']} = {shown(found['value'])}   {found['meaning']}".rstrip()]
    if "std" in found:
        lines.append(f"  {'std':8} {shown(found['std'])}")
    if "low" in found and "high" in found:
        lines.append(f"  {'95 %':8} {shown(found['low'])} to {shown(found['high'])}")
    for level in SHOWN_QUANTILES:
        if f"{level:g}" in found.get("quantiles", {}):
            lines.append(f"  {f'{100 * level:g} %':8} {shown(found['quantiles'][f'{level:g}'])}")
    return "\n".join(lines)


def _made_by(record: Mapping[str, Any]) -> str:
    if "system" in record:
        return f"standard table of {record['system']}"
    trials = record.get("trials", 0)
    return f"sweep of {record.get('bench', 'an unknown bench')}, " + (f"{trials:,} trials a point" if trials else "nominal")


def _outcomes(table: LookupTable) -> str:
    counts = {
        outcome: sum(
            int(values.sum())
            for name, (_, values) in table.variables.items()
            if name == f"outcome_{outcome}" or name.endswith(f"_outcome_{outcome}")
        )
        for outcome in Outcome
    }
    return "Trials: " + ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items() if count or outcome is Outcome.OK)


def _provenance(record: Mapping[str, Any], indent: str) -> list[str]:
    lines = []
    for name, value in record.items():
        if name == "parts":
            for prefix, part in value.items():
                kept = ("bench", "trials", "given", "netlist_sha256")
                lines.append(f"{indent}part {prefix}:")
                lines += _provenance({key: part[key] for key in kept if key in part}, indent + "  ")
        elif name not in ("over", "parameters") and value not in ([], {}, None):
            text = ", ".join(f"{k} {_word(v)}" for k, v in value.items()) if isinstance(value, dict) else _word(value)
            lines.append(f"{indent}{name:16} {text}")
    return lines


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
