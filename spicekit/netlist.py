"""Netlists from Jinja templates: sandboxed, and an undefined name is an error, never an empty string.

A bench's template extends ``netlists/bench.cir.j2``.  It is rendered in one of two forms, with the same circuit:

- stand-alone: every variation point is a constant source, and a ``.control`` block runs the analysis and prints the
  measures, so that plain ``ngspice -b`` gives the numbers of ``spicekit run``;
- for a campaign of DC trials: every variation point is a ``pwl`` of the trial number, which is itself a swept source.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
from jinja2.sandbox import ImmutableSandboxedEnvironment
from numpy.typing import NDArray

from spicekit.errors import UserError
from spicekit.netlist_check import check_once, place_of_template_error
from spicekit.paths import data_root
from spicekit.units import KELVIN

if TYPE_CHECKING:
    from spicekit.bench import Bench


@functools.lru_cache(maxsize=8)
def environment(extra: Path | None = None) -> jinja2.Environment:
    """The template environment; ``extra`` is a user's own template folder, searched first."""
    folders = [data_root() / "netlists", data_root() / "models"]
    return ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader([extra, *folders] if extra else folders),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_exact,
    )


def _exact(value: Any) -> Any:
    """Numbers reach the netlist with every digit they have."""
    if isinstance(value, float | np.floating):
        return repr(float(value))
    return value


def render(bench: Bench, samples: Mapping[str, NDArray[np.float64]] | None = None) -> str:
    """The netlist of ``bench``.

    Without ``samples`` it stands alone, at the nominal values.  With ``samples`` (variation point -> one value a trial) each
    point follows the swept source ``Vtrial``; a point that is missing from ``samples`` keeps its nominal value.
    """
    return _render(bench, [_source(point.name, point.nominal, samples) for point in bench.points()], samples is None)


def render_at(bench: Bench, values: Mapping[str, float], standalone: bool = True) -> str:
    """The netlist of ``bench`` with constant ``values`` at its variation points: one trial of a campaign."""
    return _render(bench, [_constant(point.name, values.get(point.name, point.nominal)) for point in bench.points()], standalone)


def _render(bench: Bench, sources: list[str], standalone: bool) -> str:
    sources = [*([] if standalone else ["Vtrial trial 0 0"]), *sources]
    context = {
        "bench": bench,
        "p": bench.p,
        "given": bench.shown(),
        "technology": bench.technology,
        "corner": bench.p.corner,
        "vdd": bench.vdd,
        "temperature_k": bench.temperature + KELVIN,
        "roles": bench.roles,
        "options": bench.analysis().option_line(),
        "analysis_lines": bench.analysis().netlist_lines(standalone),
        "sources": sources,
        "standalone": standalone,
        **bench.context(),
    }
    try:
        text = environment(bench.template_folder()).get_template(bench.template).render(context)
    except jinja2.TemplateNotFound as error:
        raise UserError(f"bench '{bench.name}': no template '{error.name}'") from None
    except jinja2.TemplateError as error:
        raise UserError(f"bench '{bench.name}': {place_of_template_error(error, bench.template)}: {error}") from None
    netlist = "\n".join(line for line in text.splitlines() if line.strip()) + "\n"
    check_once(bench, netlist)
    return netlist


def _constant(name: str, value: float) -> str:
    return f"V{name} {name} 0 {value!r}"


def _source(name: str, nominal: float, samples: Mapping[str, NDArray[np.float64]] | None) -> str:
    values = None if samples is None else samples.get(name)
    if values is None or np.all(values == nominal):
        return _constant(name, nominal)
    if len(values) == 1:
        return _constant(name, float(values[0]))
    knots = ",".join(f"{index},{value!r}" for index, value in enumerate(values.tolist()))
    return f"B{name} {name} 0 V = pwl(V(trial),{knots})"
