"""Finding what a bench declares to be calibrated: once, before it is simulated, by the engine that simulates it then."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spicekit import inputs
from spicekit.bench import Bench, Calibration, Nominal
from spicekit.blame import checked_bench
from spicekit.block import simulate_block
from spicekit.calibration import Calibrated
from spicekit.engines import NGSPICE, unable
from spicekit.errors import SpicekitError, Uncalibrated, UserError
from spicekit.limit import LOADING, isolated, uncounted

MOST = 1024  # values that a process remembers

Key = tuple[Any, ...]


@dataclass(frozen=True)
class _Known:
    value: float
    files: dict[str, str]  # that were read for it


_known: dict[Key, _Known] = {}
_searching: list[Key] = []


def calibrated(bench: Bench, engine: str = NGSPICE) -> Bench:
    """``bench`` itself, with all found that it declares.  Raises :class:`Uncalibrated` where a search finds nothing."""
    if _search(bench, engine):
        _look_again(bench)
    return bench


def calibrated_apart(bench: Bench, engine: str = NGSPICE) -> Bench:
    """The same in a process of its own, which the engine may take with it.  It may take :data:`spicekit.limit.LOADING`."""
    first = missing(bench)
    for one in first:
        known = _remembered(_key(bench, one, engine))
        if known is None:
            break
        _adopt(bench, one, known)
    waiting = missing(bench)
    if waiting:
        try:
            answers = isolated(lambda: _search(bench, engine), LOADING)
        except (ChildProcessError, TimeoutError) as error:
            ended = "the simulator died" if isinstance(error, ChildProcessError) else f"{LOADING:.0f} s were over"
            raise SpicekitError(f"bench '{bench.name}': {ended} while it was calibrated{bench.because}") from None
        for one, known in zip(waiting, answers, strict=True):
            _remember(_key(bench, one, engine), known)
            _adopt(bench, one, known)
    if first:
        _look_again(bench)
    return bench


def missing(bench: Bench) -> list[Calibration]:
    """What is to be found before ``bench`` can be simulated."""
    return [one for one in bench.calibrations() if one.wanted is None and one.name not in bench.found]


def wanted(bench: Bench, measures: Mapping[str, float], engine: str = NGSPICE) -> dict[str, Calibrated]:
    """What the notes on a run with these ``measures`` ask for; what is not known yet is found now."""
    asked = [one for one in bench.calibrations() if one.wanted is not None and one.wanted(measures)]
    for one in asked:
        if one.name not in bench.found:
            _adopt(bench, one, _find(bench, one, engine, {}))
    return {one.name: Calibrated.of(bench, one) for one in asked}


def notes(bench: Bench, measures: Mapping[str, float], engine: str = NGSPICE) -> tuple[str, ...]:
    """The bench's notes on a run with these ``measures``, with what they ask for, and on its voltages."""
    wanted(bench, measures, engine)
    return (*bench.strained(), *bench.notes(measures))


def _search(bench: Bench, engine: str) -> list[_Known]:
    """Find what is missing, one after the other: a later search may ask for what an earlier one has found."""
    found, seen = [], dict[Key, Nominal]()
    for one in missing(bench):
        found.append(_find(bench, one, engine, seen))
        _adopt(bench, one, found[-1])
    return found


def _find(bench: Bench, one: Calibration, engine: str, seen: dict[Key, Nominal]) -> _Known:
    key = _key(bench, one, engine)
    if key in _searching:
        raise UserError(f"bench '{bench.name}': the calibration of {one.name} needs itself: give its variant what it searches")
    known = _remembered(key)
    if known is None:
        _searching.append(key)
        try:
            with inputs.recording() as files, uncounted():
                value = float(one.find(Variant(one.variant(), engine, seen)))
        except UserError as error:
            raise Uncalibrated(error) from error
        finally:
            _searching.pop()
        if not math.isfinite(value):
            raise Uncalibrated(f"bench '{bench.name}': the calibration of {one.name} gives {value:g}{bench.because}")
        known = _Known(value, files)
        _remember(key, known)
    return known


def _key(bench: Bench, one: Calibration, engine: str) -> Key:
    """What a search depends on; what another bench's looks at beside its variant, nobody knows."""
    variant = one.variant()
    return (type(bench), "" if one.shared else repr(bench.p), type(variant), repr(variant.p), one.name, engine)


def _remembered(key: Key) -> _Known | None:
    known = _known.get(key)
    return None if known is None or inputs.changed(known.files) else known


def _remember(key: Key, known: _Known) -> None:
    if len(_known) >= MOST:
        _known.clear()
    _known[key] = known


def _adopt(bench: Bench, one: Calibration, known: _Known) -> None:
    bench.found[one.name] = known.value
    inputs.put(known.files)


def _look_again(bench: Bench) -> None:
    """What depends on what was found can be checked only now."""
    if bench.template_folder() is not None:
        checked_bench(bench)


class Variant:
    """The nominal simulation of a variant with some parameters changed; of the same ones it is done once."""

    def __init__(self, variant: Bench, engine: str = NGSPICE, seen: dict[Key, Nominal] | None = None) -> None:
        self._variant, self._engine = variant, engine
        self._seen = {} if seen is None else seen

    def __call__(self, **changed: Any) -> Nominal:
        kind = type(self._variant)
        bench = kind(**self._variant.p.model_dump() | changed)
        key = (kind, repr(bench.p))
        if key not in self._seen:
            calibrated(bench, self._engine)
            values = {point.name: np.array([point.nominal]) for point in bench.points()}
            block = simulate_block(bench, values, NGSPICE if unable(self._engine, bench) else self._engine)
            measures = {name: float(column[0]) for name, column in block.measures.items()}
            self._seen[key] = Nominal(bench, block.outcomes[0], measures, block.waves)
        return self._seen[key]
