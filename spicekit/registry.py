"""Finding a bench or an engine by name: shipped, a user's file (``path/to/file.py:Name``; a netlist), an installed entry point.

What a user's file holds is Python that the user asks for by its path or has installed: it is trusted as any program of theirs is.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import sys
import sysconfig
import traceback
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from spicekit import inputs
from spicekit.errors import UserError, unknown
from spicekit.files import read_bytes
from spicekit.inputs import cached
from spicekit.paths import absolute

if TYPE_CHECKING:
    from spicekit.bench import Bench

SHIPPED = {
    "mtj-iv": "spicekit.benches.junction.iv:MtjIv",
    "mtj-switch": "spicekit.benches.junction.switch:MtjSwitch",
    "mtj-vcma": "spicekit.benches.junction.vcma:MtjVcma",
    "stt-read": "spicekit.benches.stt.read:SttRead",
    "stt-write": "spicekit.benches.stt.write:SttWrite",
    "stt-wer": "spicekit.benches.stt.wer:SttWer",
    "stt-settle": "spicekit.benches.stt.settle:SttSettle",
    "stt-array": "spicekit.benches.arrays.stt:SttArray",
    "stt-bnn-row": "spicekit.benches.bnn.row:BnnRow",
    "stt-bnn-macro": "spicekit.benches.bnn.macro:BnnMacro",
    "sot-read": "spicekit.benches.sot.read:SotRead",
    "sot-logic": "spicekit.benches.sot.logic:SotLogic",
    "sot-sense": "spicekit.benches.sensing.sot_sense:SotSense",
    "sot-write": "spicekit.benches.sot.write:SotWrite",
    "sot-wer": "spicekit.benches.sot.wer:SotWer",
    "sot-array": "spicekit.benches.arrays.sot:SotArray",
    "c3cim-column": "spicekit.benches.c3cim.column:C3cimColumn",
    "c3cim-settle": "spicekit.benches.c3cim.settle:C3cimSettle",
    "c3cim-conventional": "spicekit.benches.c3cim.baseline:C3cimConventional",
    "tbs-sense": "spicekit.benches.sensing.tbs:TbsSense",
    "vsa-sense": "spicekit.benches.sensing.vsa:VsaSense",
    "auto-zero": "spicekit.benches.sensing.auto_zero:AutoZero",
    "double-tail": "spicekit.benches.sensing.double_tail:DoubleTail",
    "current-mode": "spicekit.benches.sensing.current_mode:CurrentMode",
    "self-reference": "spicekit.benches.sensing.self_reference:SelfReference",
    "sram-6t": "spicekit.benches.digital.sram_6t:Sram6t",
    "sram-8t": "spicekit.benches.digital.sram_8t:Sram8t",
    "logic-gate": "spicekit.benches.digital.logic_gate:LogicGate",
    "multiplier": "spicekit.benches.digital.multiplier:Multiplier",
    "adder-tree": "spicekit.benches.digital.adder_tree:AdderTree",
    "shift-accumulate": "spicekit.benches.digital.shift_accumulate:ShiftAccumulate",
    "charge-if": "spicekit.benches.neurons.charge_if:ChargeIf",
    "dynamic-if": "spicekit.benches.neurons.dynamic_if:DynamicIf",
}
ENTRY_POINT_GROUP = "spicekit.benches"
NETLISTS = frozenset({".spice", ".sp", ".spi", ".cir", ".ckt", ".net"})  # how the files end that are benches as they are


def bench_names() -> list[str]:
    """Names of the shipped benches and of those that installed packages bring."""
    return names(SHIPPED, ENTRY_POINT_GROUP)


def names(shipped: Mapping[str, str], group: str) -> list[str]:
    """The names in ``shipped`` and those that installed packages bring in the entry-point ``group``."""
    return [*shipped, *sorted(point.name for point in entry_points(group=group))]


def find(kind: str, name: str, shipped: Mapping[str, str], group: str) -> Any:
    """What a ``kind`` of that name is: one of ``shipped`` ("module:attribute"), in a user's file, an entry point of ``group``.

    Raises :class:`UserError` if there is none.
    """
    if name in shipped:
        module, _, attribute = shipped[name].partition(":")
        return getattr(importlib.import_module(module), attribute)
    path, colon, attribute = name.rpartition(":")
    if colon and attribute and path.endswith(".py"):
        return from_file(Path(absolute(path)), attribute, kind)
    if (file := name.removesuffix(":")).endswith(".py"):
        raise _without_name(kind, file)
    for point in entry_points(group=group):
        if point.name == name:
            return point.load()
    raise unknown(kind, name, names(shipped, group))


def bench_class(name: str) -> type[Bench]:
    """The class of a bench.  Raises :class:`UserError` for a name, a file or a class that does not exist."""
    from spicekit.bench import Bench

    if _is_deck(name):
        from spicekit.benches.deck import deck_class

        return deck_class(absolute(name))
    found = find("bench", name, SHIPPED, ENTRY_POINT_GROUP)
    if not (isinstance(found, type) and issubclass(found, Bench)):
        raise UserError(f"{full_name(name)} is not a subclass of spicekit.Bench")
    return found


def make_bench(name: str, parameters: dict[str, Any]) -> Bench:
    """The bench ``name`` with ``parameters``.  Raises :class:`UserError` also for whatever a user's own class does wrong."""
    made = bench_class(name)
    from spicekit.blame import blamed, checked_bench

    try:
        with contextlib.redirect_stdout(sys.stderr):
            bench = made(**parameters)
            return bench if name in SHIPPED or _is_deck(name) else checked_bench(bench)
    except (Exception, SystemExit) as error:
        said = blamed(error)  # of a bench or a kind of device of the user's own
        if said is None and name in SHIPPED:
            raise
        raise said or UserError(f"bench '{name}': {type(error).__name__}: {error}") from error


def full_name(name: str) -> str:
    """``name`` in a form that is valid from any folder: a user's file by its absolute path."""
    if _is_deck(name):
        return absolute(name)
    path, colon, attribute = name.rpartition(":")
    if name not in SHIPPED and colon and path.endswith(".py"):
        return f"{absolute(path)}:{attribute}"
    return name


def _is_deck(name: str) -> bool:
    """Whether ``name`` is that of a netlist file (:mod:`spicekit.benches.deck`)."""
    return Path(name).suffix.lower() in NETLISTS


def from_file(path: Path, attribute: str, noun: str) -> Any:
    """What a user's file calls ``attribute``, a ``noun``.  Raises :class:`UserError` if the file or that is not there."""
    if not path.is_file():
        raise UserError(f"{noun} file not found: {path}")
    module = _module(str(path))
    if not hasattr(module, attribute):
        raise UserError(f"{path}: no {noun} '{attribute}' in it")
    return getattr(module, attribute)


def _without_name(kind: str, name: str) -> UserError:
    """The error for a user's file without the name of what is meant in it; the file is read, not run."""
    path = Path(absolute(name))
    try:
        tree = ast.parse(read_bytes(path))
    except OSError:
        return UserError(f"{kind} file not found: {path}")
    except (SyntaxError, ValueError) as error:
        return UserError(f"{path}: {type(error).__name__}: {error}")
    sort = ast.ClassDef if kind == "bench" else ast.FunctionDef
    there = [node.name for node in tree.body if isinstance(node, sort)]
    has = f"; defined in it: {', '.join(there)}" if there else ""
    return UserError(f"{kind} '{name}' is a file without the name of a {kind} in it: give {name}:NAME{has}")


@cached
def _module(path: str) -> ModuleType:
    """The module in a user's file, loaded again when the file has changed: the code is that of the content which is noted."""
    name = f"_spicekit_bench_{abs(hash(path))}"
    before = set(sys.modules)
    module = ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module
    try:
        with contextlib.redirect_stdout(sys.stderr):  # standard output is for answers
            exec(compile(inputs.read(Path(path)), path, "exec"), module.__dict__)
    except SyntaxError as error:
        raise UserError(f"{error.filename or path}:{error.lineno}: SyntaxError: {error.msg}") from error
    except (Exception, SystemExit) as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
        raise UserError(f"{path}{f':{lines[-1]}' if lines else ''}: {type(error).__name__}: {error}") from error
    for other in set(sys.modules) - before - {name}:
        file = getattr(sys.modules[other], "__file__", None)
        if file and not _installed(Path(file)):
            inputs.note(Path(file))
    return module


def _installed(file: Path) -> bool:
    """Whether a module belongs to Python, to an installed package or to this one, and not to the user's own code."""
    places = [Path(sysconfig.get_paths()[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    packages = Path(__file__).parent.parent
    return any(file.is_relative_to(place) for place in [*places, packages / "spicekit", packages / "montecarlo"])
