"""Netlists from Jinja templates: an undefined name is an error, never an empty string, and a template computes and writes text.

It may read what it is given and call what is listed in :class:`_Sandbox`; no method of an object that comes with it, which might
read or write files, and no file outside the template folders.

A bench's template extends ``netlists/bench.cir.j2``.  It is rendered in one of two forms, with the same circuit:

- stand-alone: every variation point is a constant source, and a ``.control`` block runs the analysis and prints the
  measures, so that plain ``ngspice -b`` gives the numbers of ``spicekit run``; what was calibrated is told there;
- for a campaign of DC trials: every variation point is a ``pwl`` of the trial number, which is itself a swept source.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import jinja2.runtime
import jinja2.utils
import numpy as np
from jinja2.sandbox import ImmutableSandboxedEnvironment

from spicekit import calibration, inputs
from spicekit.devices.device import Placed
from spicekit.drawn import with_draws
from spicekit.errors import SpicekitError, UserError
from spicekit.netlist_check import check_once, place_of_template_error
from spicekit.paths import data_root, own_folder
from spicekit.point import VariationPoint
from spicekit.technology import Technology
from spicekit.technology_tables import Statistics
from spicekit.units import KELVIN
from spicekit.waves import Array

if TYPE_CHECKING:
    from spicekit.bench import Bench


class _Function:
    """A function that the bench hands to its template by name, in :meth:`Bench.context`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._function(*arguments, **options)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Calls of a template: its own macros and blocks, methods of plain data, functions of the context, and three of ours."""

    _own = (jinja2.runtime.Macro, jinja2.runtime.BlockReference, jinja2.runtime.LoopContext, _Function)
    _data = (str, list, tuple, dict, int, float, jinja2.runtime.LoopContext, jinja2.utils.Cycler, jinja2.utils.Joiner)

    def _load_template(self, *arguments: Any, **options: Any) -> jinja2.Template:
        """Where Jinja comes by for every template, included ones too, whether it is in its cache or not."""
        template = super()._load_template(*arguments, **options)
        if template.filename is not None:
            inputs.note(Path(template.filename))
        return template

    def is_safe_callable(self, obj: Any) -> bool:
        owner, name = getattr(obj, "__self__", None), getattr(obj, "__name__", "")
        ours = (
            name in ("cards", "device", "instance", "drawn_instance", "statistics", "compiled")
            if isinstance(owner, Technology)
            else name == "given"
            if isinstance(owner, Statistics)
            else name == "measures" and hasattr(owner, "measures")
        )
        plain = type(obj) in self._own or type(owner) in self._data or any(obj is known for known in self.globals.values())
        return (ours or plain) and super().is_safe_callable(obj)


class _Folder(jinja2.FileSystemLoader):
    """Templates of a user's folder and, as Jinja sees to, not from above it; nor by way of a symbolic link."""

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        source, file, fresh = super().get_source(environment, template)
        if not any(Path(file).resolve().is_relative_to(Path(folder).resolve()) for folder in self.searchpath):
            raise jinja2.TemplateError(f"'{template}' is a link to a file outside {self.searchpath[0]}")
        return source, file, fresh


@functools.lru_cache(maxsize=8)
def environment(extra: Path | None = None, devices: tuple[Path, ...] = ()) -> _Sandbox:
    """The template environment; ``extra`` is the folder of a user's own bench, searched first, ``devices`` those of kinds of
    device of theirs, searched last."""
    shipped = jinja2.FileSystemLoader([data_root() / "netlists", data_root() / "models"])
    return _Sandbox(
        loader=jinja2.ChoiceLoader([*([_Folder(extra)] if extra else []), shipped, *map(_Folder, devices)]),
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


def render(bench: Bench, samples: Mapping[str, Array] | None = None) -> str:
    """The netlist of ``bench``.

    Without ``samples`` it stands alone, at the nominal values.  With ``samples`` (variation point -> one value a trial) each
    point follows the swept source ``Vtrial``; a point that is missing from ``samples`` keeps its nominal value.
    """
    own = bench.netlist({})
    if own is not None:
        return own
    return _render(bench, [_source(point, samples) for point in bench.points()], samples is None)


def render_at(bench: Bench, values: Mapping[str, float], standalone: bool = True) -> str:
    """The netlist of ``bench`` with constant ``values`` at its variation points: one trial of a campaign."""
    own = bench.netlist(values)
    if own is not None:
        return own
    sources = [_constant(point, values.get(point.name, point.nominal)) for point in bench.points()]
    return _render(bench, sources, standalone, values)


def _render(bench: Bench, sources: list[str], standalone: bool, values: Mapping[str, float] = types.MappingProxyType({})) -> str:
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
        "calibrations": calibration.lines(bench) if standalone else (),
        "measure_lines": bench.measure_lines() if standalone else "",
        "seed": _seed(bench, values),
        **{name: _Function(value) if _is_function(value) else value for name, value in bench.context().items()},
    }
    try:
        text = environment(bench.template_folder(), _device_folders(bench, context)).get_template(bench.template).render(context)
    except jinja2.TemplateNotFound as error:
        raise UserError(f"bench '{bench.name}': no template '{error.name}'") from None
    except SpicekitError:  # what the template asked the bench for says it itself
        raise
    except Exception as error:  # any: a template computes
        kind = "" if isinstance(error, jinja2.TemplateError) else f"{type(error).__name__}: "
        raise UserError(f"bench '{bench.name}': {place_of_template_error(error, bench.template)}: {kind}{error}") from error
    # a line ends here where it ends for ngspice: Unicode's other line breaks, which may stand in a comment, begin none
    netlist = "\n".join(line for line in text.split("\n") if line.strip()) + "\n"
    netlist = with_draws(netlist, bench.technology.statistics(bench.p.corner), bench.points())
    check_once(bench, netlist)
    return netlist


def _seed(bench: Bench, values: Mapping[str, float]) -> int:
    """What seeds ngspice's noise sources at ``values`` of the variation points; 0: nothing."""
    name = getattr(bench.analysis(), "seed", None)
    return next((int(values.get(name, point.nominal)) for point in bench.points() if point.name == name), 0)


def _device_folders(bench: Bench, context: Mapping[str, Any]) -> tuple[Path, ...]:
    """Folders of the models of devices of a user's own kind, which the bench hands to its template.

    Raises :class:`UserError` for a model that has the name of another template.
    """
    bench_folder = bench.template_folder()
    taken = [*([bench_folder] if bench_folder else []), data_root() / "netlists", data_root() / "models"]
    found: dict[Path, None] = {}
    for device in context.values():
        folder = own_folder(type(device)) if isinstance(device, Placed) else None
        if folder is None:
            continue
        for other in (*taken, *found):
            if other != folder and (folder / device.model).is_file() and (other / device.model).is_file():
                raise UserError(f"{folder / device.model}: a template of this name is in {other} too; give it another name")
        found[folder] = None
    return tuple(found)


def _is_function(value: Any) -> bool:
    return isinstance(value, types.FunctionType | types.MethodType | functools.partial)


def _constant(point: VariationPoint, value: float) -> str:
    if point.parameter:
        return f".param {point.parameter}={value!r}"
    return f"V{point.name} {point.name} 0 {value!r}"


def _source(point: VariationPoint, samples: Mapping[str, Array] | None) -> str:
    name, nominal = point.name, point.nominal
    values = None if samples is None else samples.get(name)
    if values is None or np.all(values == nominal):
        return _constant(point, nominal)
    if len(values) == 1:
        return _constant(point, float(values[0]))
    if point.parameter:
        raise SpicekitError(f"variation point {name} is a parameter of the library: one trial a netlist")
    knots = ",".join(f"{index},{value!r}" for index, value in enumerate(values.tolist()))
    return f"B{name} {name} 0 V = pwl(V(trial),{knots})"
