"""The command about areas."""

from __future__ import annotations

from spicekit.cli.options import BenchName, Json, Parameters, read_bench
from spicekit.cli.output import print_json, say


def area(bench: BenchName, parameter: Parameters = None, as_json: Json = False) -> None:
    """Area of cell, amplifier, neuron, column and macro in F^2 and um2, item by item, beside the published ones."""
    from spicekit.area import floor_plan

    plan = floor_plan(read_bench(bench, parameter, None, None))
    if as_json:
        print_json(plan.as_json())
    else:
        say(plan.as_text())
