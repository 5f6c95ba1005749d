"""Benches of users' own: what is known to be wrong when one is made or calibrated, and one line for an error raised later."""

from __future__ import annotations

import math
import re
import traceback
from collections.abc import Iterable
from pathlib import Path

from spicekit.analysis import DcAnalysis, TranAnalysis
from spicekit.bench import Bench
from spicekit.errors import SpicekitError, UserError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# columns of a campaign's table beside the measures
_COLUMNS = frozenset({"trial", "outcome", "attempt", "weight"})
_NODES = frozenset({"trial", "gnd"})


def checked_bench(bench: Bench) -> Bench:
    """``bench`` itself.  Raises :class:`UserError` for a declaration that tables or netlists cannot hold."""
    where = f"bench '{getattr(bench, 'name', type(bench).__name__)}'".replace("\n", " ")
    for attribute in ("name", "summary", "template"):
        text = getattr(bench, attribute, None)
        if not isinstance(text, str) or not text or not text.isprintable():
            raise UserError(f"{where}: {attribute}: {text!r} given; give one line of text")
    _check_names(where, "calibration", [one.name for one in bench.calibrations()], frozenset())
    if any(one.wanted is None and one.name not in bench.found for one in bench.calibrations()):
        return bench  # what depends on them can be asked for only then
    if not isinstance(bench.analysis(), DcAnalysis | TranAnalysis):
        raise UserError(f"{where}: analysis() gives {bench.analysis()!r}; give a DcAnalysis or TranAnalysis")
    measures = [measure.name for measure in bench.measures()]
    _check_names(where, "measure", measures, _COLUMNS)
    points = bench.points()
    _check_names(where, "variation point", [point.name for point in points], _NODES)
    for point in points:
        if not math.isfinite(point.nominal):
            raise UserError(f"{where}: variation point '{point.name}': nominal value {point.nominal!r}; give a finite number")
    for margin in bench.margins():
        for measure in (margin.low, margin.high, *((margin.reference,) if margin.reference else ())):
            if measure not in measures:
                raise UserError(f"{where}: margin '{margin.name}': '{measure}' is no measure; there are {', '.join(measures)}")
    return bench


def _check_names(where: str, kind: str, names: Iterable[str], taken: frozenset[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise UserError(f"{where}: {kind} {name!r}: a name has letters, digits and _ and does not begin with a digit")
        if name.lower() in taken:
            raise UserError(f"{where}: {kind} '{name}': this name is taken; choose another than {', '.join(sorted(taken))}")
        if name.lower() in seen:  # ngspice knows no capitals
            raise UserError(f"{where}: {kind} '{name}' is there twice")
        seen.add(name.lower())


def blamed(error: BaseException) -> SpicekitError | None:
    """One line for ``error`` if it was raised in, or below, a bench of a user's own: bench, method, file and line."""
    if isinstance(error, SpicekitError):
        return error
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        module, owner = str(frame.f_globals.get("__name__", "")), frame.f_locals.get("self")
        ours = module.partition(".")[0] in ("spicekit", "montecarlo")
        if not ours and (module.startswith("_spicekit_bench_") or isinstance(owner, Bench)):
            name = f"bench '{owner.name}': " if isinstance(owner, Bench) else ""
            words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            place = f"{Path(frame.f_code.co_filename)}:{line}"
            return UserError(f"{name}{frame.f_code.co_qualname}() raised {words} ({place})")
    return None
