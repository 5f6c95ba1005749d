"""What one simulation of a bench is: a DC operating point or a transient.

A bench that needs several settings of its digital inputs in one trial (a cell in either state) holds the circuit once for
each, with the same variation points: all are solved together, which costs half of solving them one after the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import ClassVar, Literal

from spicekit.errors import UserError, unknown

# Numbers that the solver of ngspice takes in `.options`, where it ignores a name that it does not know.  Not those of the
# circuit, as `temp`, which the bench has.
OPTIONS = frozenset({
    "abstol", "chgtol", "gmin", "reltol", "vntol", "trtol", "gminsteps", "srcsteps", "itl1", "itl2", "itl3", "itl4", "itl5",
    "itl6", "pivrel", "pivtol", "rshunt", "cshunt", "rseries", "maxord", "xmu", "minbreak", "ramptime", "convstep",
    "convabsstep", "maxopalter", "maxevtiter", "absdv", "reldv", "bypass", "noopiter", "epsmin", "gshunt",
})  # fmt: skip


@dataclass(frozen=True)
class DcAnalysis:
    """An operating point; a campaign sweeps the trial number ``V(trial)`` over a block of them.

    ``reltol`` is far below ngspice's 1e-3 because a sense margin is a small difference of node voltages.
    """

    save: tuple[str, ...]  # vectors as ngspice names them: "v(rbl)", "i(vdd)"
    reltol: float = 1e-7
    options: Mapping[str, float] = field(default_factory=dict)  # further ngspice options
    inner: tuple[str, int, int, int] | None = None  # source swept within each trial: name, first, last, step

    def __post_init__(self) -> None:
        _check(self.options)

    # trials a sweep: longer pwl tables cost more a point, shorter ones more set-up; trials a task: a second of work
    block: ClassVar[int] = 500
    chunk: ClassVar[int] = 2000

    def option_line(self) -> str:
        """The words of the netlist's ``.options`` line."""
        return _words({"reltol": self.reltol, "abstol": 1e-15, "vntol": 1e-9, "gmin": 1e-15, **self.options})

    def netlist_lines(self, standalone: bool) -> str:
        """``.save`` and, for a stand-alone netlist, the analysis."""
        analysis = f".dc {self._inner_words}" if self.inner else ".op"
        return " ".join((".save", *self.save)) + (f"\n{analysis}" if standalone else "")

    @property
    def points(self) -> int:
        """Operating points of a trial: with an inner sweep, vectors hold those of one trial after those of another."""
        if self.inner is None:
            return 1
        _, first, last, step = self.inner
        return (last - first) // step + 1

    @property
    def _inner_words(self) -> str:
        return " ".join(str(word) for word in self.inner or ())

    def command(self, first: int, last: int) -> str:
        """The ngspice command that simulates trials ``first`` to ``last`` (inclusive)."""
        return " ".join(f"dc {self._inner_words} vtrial {first} {last} 1".split())


@dataclass(frozen=True)
class TranAnalysis:
    """A transient from the operating point at time 0 to ``stop`` seconds, with steps of at most ``step`` seconds.

    ``step`` decides cost and accuracy; a bench chooses it by comparing with a ten times finer one and says so.
    ``trtol`` is ngspice's factor on its truncation-error estimate (1 with XSPICE built in, 7 as SPICE meant it).
    """

    save: tuple[str, ...]
    step: float
    stop: float
    reltol: float = 1e-4
    method: Literal["trap", "gear"] = "trap"
    trtol: float = 7.0
    options: Mapping[str, float] = field(default_factory=dict)
    seed: str | None = None  # variation point whose value seeds ngspice's noise sources before each run
    drawn: str | None = None  # vector of a noise source, which a run without an end of its draws has to show
    # node that rises above 0.5 V when everything measured has happened: a campaign ends the run there, the same netlist run
    # by itself goes on to ``stop``
    until: str | None = None

    def __post_init__(self) -> None:
        _check(self.options)

    block: ClassVar[int] = 50
    chunk: ClassVar[int] = 50

    def option_line(self) -> str:
        """The words of the netlist's ``.options`` line."""
        # at ngspice's own 1 pS across every junction a node of a femtofarad drifts, and latches stop with a time step too small
        numbers = {"reltol": self.reltol, "abstol": 1e-13, "vntol": 1e-7, "gmin": 1e-15, "trtol": self.trtol, **self.options}
        return f"method={self.method} {_words(numbers)}"

    def netlist_lines(self, standalone: bool) -> str:
        """``.save`` and, for a stand-alone netlist, the analysis."""
        until = () if self.until is None else (f"v({self.until})",)
        return " ".join((".save", *self.save, *until)) + (f"\n.{self.command()}" if standalone else "")

    def command(self) -> str:
        """The ngspice command of one run."""
        return f"tran {self.step!r} {self.stop!r} 0 {self.step!r}"


class LongTranAnalysis(TranAnalysis):
    """Of hundreds of transistors: a trial takes seconds, so a task has fewer."""

    block: ClassVar[int] = 10
    chunk: ClassVar[int] = 10


Analysis = DcAnalysis | TranAnalysis


def _check(options: Mapping[str, float]) -> None:
    """Raises :class:`UserError` for an option that ngspice would ignore, and for a value that is no number."""
    for name, value in options.items():
        if name.lower() not in OPTIONS:
            raise unknown("option", name, OPTIONS, of="ngspice")
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise UserError(f"option {name} of ngspice: {value!r} given; allowed: a finite number")


def _words(values: Mapping[str, float]) -> str:
    return " ".join(f"{name}={float(value)!r}" for name, value in values.items())
