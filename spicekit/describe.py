"""What a bench is, for ``spicekit show``: parameters with units, ranges and meaning, points, measures, margins."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt

from spicekit.bench import Bench
from spicekit.measures.text import definitions_text
from spicekit.names import grouped
from spicekit.parameters import shown_value
from spicekit.units import format_value

LONGEST = 120  # characters of a formula on a terminal; of many devices' outputs it may have thousands


def describe(bench: Bench) -> dict[str, Any]:
    """The bench as plain data; ``definition`` of a measure is None if its bench computes it in Python."""
    parameters = []
    definitions = definitions_text(bench.measures())
    for name, field in bench.Parameters.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        parameters.append(
            {
                "name": name,
                "default": bench.parameters()[name],
                "unit": extra.get("unit", ""),
                "allowed": _allowed(field, *bench.technology_limits(name)[:2]),
                "meaning": field.description or "",
            }
        )
    return {
        "bench": bench.name,
        "summary": bench.summary,
        "parameters": parameters,
        "points": [
            {"name": point.name, "kind": point.kind, "nominal": point.nominal, "unit": point.unit, "sigma": point.sigma}
            for point in bench.points()
        ],
        "measures": [
            {"name": m.name, "unit": m.unit, "meaning": m.meaning, "definition": definitions.get(m.name)}
            for m in bench.measures()
        ],
        "margins": [{"name": m.name, "low": m.low, "high": m.high} for m in bench.margins()],
        "works": bench.works() or None,
        **{heading.lower().replace(" ", "_"): list(lines) for heading, lines in bench.details().items()},
    }


def describe_text(bench: Bench) -> str:
    """The bench as text for a terminal."""
    about = describe(bench)
    lines = [f"{bench.name}: {bench.summary}", "", "Parameters (-p name=value):"]
    for parameter in about["parameters"]:
        name = parameter["name"]
        default = shown_value(bench.Parameters, name, getattr(bench.p, name))
        lines.append(
            f"  {name:13} {default:14} {parameter['meaning']}" + (f" [{parameter['allowed']}]" if parameter["allowed"] else "")
        )
    lines += ["", "Variation points (--sigma kind=..., or one point by its name):"]
    kinds: dict[str, list[dict[str, Any]]] = {}
    for point in about["points"]:
        kinds.setdefault(point["kind"], []).append(point)
    for kind, points in kinds.items():
        low, high = (format_value(pick(p["sigma"] for p in points), points[0]["unit"], 3) for pick in (min, max))
        shown = low if low == high else f"{low} to {high}"
        lines.append(f"  {kind:13} default sigma {shown}: " + grouped(point["name"] for point in points))
    lines += ["", "Measures:"]
    for measure in about["measures"]:
        lines.append(f"  {measure['name']:13} {measure['unit']:4} {measure['meaning']}")
        if measure["definition"]:
            lines.append(f"  {'':18} = {_shown(bench, measure['name'], measure['definition'])}")
    if about["margins"]:
        lines += ["", "Margins:"]
        lines += [f"  {margin['name']:13} between {margin['low']} and {margin['high']}" for margin in about["margins"]]
    if about["works"]:
        lines += ["", f"Works if: {about['works']}"]
    for heading, details in bench.details().items():
        lines += ["", f"{heading}:", *(f"  {line}" for line in details)] if details else []
    return "\n".join(lines)


def _shown(bench: Bench, name: str, definition: str) -> str:
    """``definition`` on a line: shortened if it is long, and if it still is, where it stands whole."""
    if len(definition) <= LONGEST:
        return definition
    brief = definitions_text(bench.measures(), brief=True)[name]
    return brief if len(brief) <= LONGEST else "a long formula: whole with --json"


def _allowed(field: Any, low: float, high: float) -> str:
    """The choices, or the limits: those declared, or ``low`` and ``high`` where they are narrower."""
    if get_origin(field.annotation) is Literal:
        return " | ".join(str(word) for word in get_args(field.annotation))
    ends = {"from": (low, ">="), "to": (high, "<=")}
    for limit in field.metadata:
        for kind, attribute, sign in ((Gt, "gt", ">"), (Ge, "ge", ">="), (Lt, "lt", "<"), (Le, "le", "<=")):
            if isinstance(limit, kind):
                end, value = "from" if sign[0] == ">" else "to", getattr(limit, attribute)
                if (value >= low) if end == "from" else (value <= high):
                    ends[end] = (value, sign)
    return ", ".join(f"{sign} {value:g}" for value, sign in ends.values() if math.isfinite(value))
