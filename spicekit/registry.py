"""Finding a bench by name: shipped, a user's file (``path/to/file.py:Name``), or an installed entry point.

A user's bench is Python that the user asks for by its path or has installed: it is trusted as any program of theirs is.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import sys
import traceback
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spicekit.errors import UserError, unknown
from spicekit.paths import user_path

if TYPE_CHECKING:
    from spicekit.bench import Bench

SHIPPED = {
    "mtj-iv": "spicekit.benches.mtj:MtjIv",
    "mtj-switch": "spicekit.benches.mtj:MtjSwitch",
    "stt-read": "spicekit.benches.stt:SttRead",
    "stt-write": "spicekit.benches.stt:SttWrite",
    "stt-settle": "spicekit.benches.stt_settle:SttSettle",
    "stt-bnn-row": "spicekit.benches.bnn_row:BnnRow",
    "stt-bnn-macro": "spicekit.benches.bnn_macro:BnnMacro",
    "sot-read": "spicekit.benches.sot:SotRead",
    "sot-logic": "spicekit.benches.sot:SotLogic",
    "sot-sense": "spicekit.benches.sot_sense:SotSense",
    "sot-write": "spicekit.benches.sot_write:SotWrite",
    "c3cim-column": "spicekit.benches.c3cim:C3cimColumn",
    "c3cim-settle": "spicekit.benches.c3cim_settle:C3cimSettle",
    "c3cim-conventional": "spicekit.benches.c3cim_baseline:C3cimConventional",
    "tbs-sense": "spicekit.benches.tbs:TbsSense",
    "vsa-sense": "spicekit.benches.vsa:VsaSense",
    "charge-if": "spicekit.benches.charge_if:ChargeIf",
    "dynamic-if": "spicekit.benches.dynamic_if:DynamicIf",
}
ENTRY_POINT_GROUP = "spicekit.benches"


def bench_names() -> list[str]:
    """Names of the shipped benches and of those that installed packages bring."""
    return [*SHIPPED, *sorted(point.name for point in entry_points(group=ENTRY_POINT_GROUP))]


@functools.lru_cache(maxsize=64)
def bench_class(name: str) -> type[Bench]:
    """The class of a bench.  Raises :class:`UserError` for a name, a file or a class that does not exist."""
    if name in SHIPPED:
        module, _, attribute = SHIPPED[name].partition(":")
        found: Any = getattr(importlib.import_module(module), attribute)
        return found  # type: ignore[no-any-return]
    path, colon, attribute = name.rpartition(":")
    if colon and path.endswith(".py"):
        return _from_file(user_path(path).resolve(), attribute)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name == name:
            return _checked(point.load(), f"entry point '{name}'")
    raise unknown("bench", name, bench_names())


def make_bench(name: str, parameters: dict[str, Any]) -> Bench:
    """The bench ``name`` with ``parameters``.  Raises :class:`UserError` also for whatever a user's own class does wrong."""
    made = bench_class(name)
    if name in SHIPPED:
        return made(**parameters)
    from spicekit.blame import blamed, checked_bench

    try:
        with contextlib.redirect_stdout(sys.stderr):
            return checked_bench(made(**parameters))
    except (Exception, SystemExit) as error:
        raise blamed(error) or UserError(f"bench '{name}': {type(error).__name__}: {error}") from error


def full_name(name: str) -> str:
    """``name`` in a form that is valid from any folder: a user's file by its absolute path."""
    path, colon, attribute = name.rpartition(":")
    if name not in SHIPPED and colon and path.endswith(".py"):
        return f"{user_path(path).resolve()}:{attribute}"
    return name


def _from_file(path: Path, attribute: str) -> type[Bench]:
    if not path.is_file():
        raise UserError(f"bench file not found: {path}")
    module_name = f"_spicekit_bench_{abs(hash(path))}"
    specification = importlib.util.spec_from_file_location(module_name, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[module_name] = module
    try:
        with contextlib.redirect_stdout(sys.stderr):  # standard output is for answers
            specification.loader.exec_module(module)
    except SyntaxError as error:
        raise UserError(f"{error.filename or path}:{error.lineno}: SyntaxError: {error.msg}") from error
    except (Exception, SystemExit) as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        raise UserError(f"{path}{f':{lines[-1]}' if lines else ''}: {type(error).__name__}: {error}") from error
    if not hasattr(module, attribute):
        raise UserError(f"{path}: no bench '{attribute}' in it")
    return _checked(getattr(module, attribute), f"{path}:{attribute}")


def _checked(found: Any, origin: str) -> type[Bench]:
    from spicekit.bench import Bench

    if not (isinstance(found, type) and issubclass(found, Bench)):
        raise UserError(f"{origin} is not a subclass of spicekit.Bench")
    return found
