"""The nominal simulation of a bench, or one at given values of its variation points; its netlist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from spicekit import netlist
from spicekit.bench import Bench
from spicekit.beyond import Beyond, shown_measure, warnings
from spicekit.block import Block, simulate_block
from spicekit.calibration import recorded
from spicekit.engines import NGSPICE
from spicekit.engines.calibrate import calibrated, calibrated_apart, notes
from spicekit.errors import SpicekitError, unknown
from spicekit.expression import condition
from spicekit.limit import checked, isolated
from spicekit.outcome import Outcome
from spicekit.registry import make_bench
from spicekit.waves import Array, Waves

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MOST = 8  # measures that the text form shows


@dataclass(frozen=True)
class RunResult:
    """One simulation of a bench."""

    bench: Bench
    outcome: Outcome
    measures: dict[str, float]  # NaN if the outcome is not ok; not finite beyond a measure's limits
    waves: Waves
    values: dict[str, float]  # of the variation points
    attempt: int = 0  # solver fallback that was needed, 0 none
    reason: str = ""  # why it is invalid, if it is
    engine: str = NGSPICE

    def warnings(self) -> tuple[str, ...]:
        """A line for each measure that lies beyond its limits, for a condition of the bench that is not met, and its notes."""
        if self.outcome is not Outcome.OK:
            return ()
        measures = self.bench.measures()
        beyond = {name: Beyond.of(np.array([value])) for name, value in self.measures.items()}
        lines = [f"{self.bench.name}: {line}" for line in warnings(measures, beyond, 1)]
        works = condition(self.bench)
        if works is not None and works.limit_state({name: np.array([value]) for name, value in self.measures.items()})[0] > 0:
            found = ", ".join(f"{m.name} is {shown_measure(m, self.measures[m.name])}" for m in measures if m.name in works.names)
            lines.append(f"{self.bench.name}: does not work here: {works.text} is not met, {found}")
        return (*lines, *notes(self.bench, self.measures, self.engine))

    def as_json(self) -> dict[str, Any]:
        """The object that ``spicekit run --json`` prints."""
        units = {measure.name: measure.unit for measure in self.bench.measures()}
        return {
            "bench": self.bench.name,
            "parameters": self.bench.parameters(),
            "outcome": str(self.outcome),
            "measures": {
                name: {"value": value if np.isfinite(value) else None, "unit": units[name]}
                for name, value in self.measures.items()
            },
            **({"calibrations": found} if (found := {k: asdict(one) for k, one in recorded(self.bench).items()}) else {}),
        }

    def rows(self) -> list[tuple[str, str, str]]:
        """Name, value with unit, meaning of each measure."""
        return [(m.name, shown_measure(m, self.measures[m.name]), m.meaning) for m in self.bench.measures()]

    def to_frame(self) -> pd.DataFrame:
        """The measures, one a row: value in SI units, unit, meaning."""
        import pandas as pd

        rows = [(m.name, self.measures[m.name], m.unit, m.meaning) for m in self.bench.measures()]
        return pd.DataFrame(rows, columns=["measure", "value", "unit", "meaning"]).set_index("measure")

    def plot(self) -> Figure:
        """The waveforms of a transient, the voltages and currents of operating points."""
        from spicekit.plots import draw_run

        if self.outcome is not Outcome.OK:
            raise SpicekitError(f"{self._head()}: there is nothing to plot; {self.outcome.advice}")
        return draw_run(self.bench, self.waves)

    def __str__(self) -> str:
        rows = [f"  {name:14} {value:>14}   {meaning}" for name, value, meaning in self.rows()]
        more = [f"  and {len(rows) - MOST} more: see .to_frame()"] if len(rows) > MOST else []
        return "\n".join([self._head(), *rows[:MOST], *more])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in self.rows())
        return (
            f"<p>{escape(self._head())}</p><table><thead><tr><th>measure</th><th>value</th><th>meaning</th></tr></thead>"
            f"<tbody>{cells}</tbody></table>"
        )

    def _head(self) -> str:
        bench = self.bench
        circuit = f"{bench.technology.name} {bench.p.corner}, {bench.vdd:g} V, " if bench.roles else ""
        return f"{bench.name}: {self.outcome}, {circuit}{bench.temperature:.4g} °C"


def run(bench: str | Bench, values: Mapping[str, float] | None = None, *, engine: str = NGSPICE, **parameters: Any) -> RunResult:
    """Simulate ``bench`` (a name with ``parameters``, or a Bench) once, calibrated if it is not yet.

    ``values`` sets variation points (``{"ra_c0": 17.2}``); the others stay nominal.  Raises :class:`UserError` for one that the
    bench does not have.

    >>> run("sot-read", tmr="250%").measures["dv"]  # doctest: +SKIP
    """
    made = make_bench(bench, parameters) if isinstance(bench, str) else bench
    points = _points(calibrated(made, engine), values)
    return _result(made, points, _simulate(made, points, engine), engine)


def render(bench: Bench, samples: Mapping[str, Array] | None = None) -> str:
    """:func:`spicekit.netlist.render` of ``bench``, calibrated if it is not yet."""
    return netlist.render(calibrated(bench), samples)


def run_within(seconds: float, bench: Bench, values: Mapping[str, float] | None = None, engine: str = NGSPICE) -> RunResult:
    """:func:`run` in a process of its own, with a limit of ``seconds`` of processor time (:mod:`spicekit.limit`).

    Its outcome is ``timeout`` at the limit, and ``crashed`` if ngspice takes its process with it.
    """
    checked(seconds)
    points = _points(calibrated_apart(bench, engine), values)
    try:
        return _result(bench, points, isolated(lambda: _simulate(bench, points, engine), seconds), engine)
    except TimeoutError:
        outcome = Outcome.TIMEOUT
    except ChildProcessError:
        outcome = Outcome.CRASHED
    return RunResult(bench, outcome, {measure.name: np.nan for measure in bench.measures()}, Waves({}), points)


def _points(bench: Bench, values: Mapping[str, float] | None) -> dict[str, float]:
    nominal = {point.name: point.nominal for point in bench.points()}
    if odd := [name for name in values or () if name not in nominal]:
        raise unknown("variation point", odd, nominal, of=f"bench '{bench.name}'")
    return nominal | dict(values or {})


def _simulate(bench: Bench, points: Mapping[str, float], engine: str) -> Block:
    return simulate_block(bench, {name: np.array([value]) for name, value in points.items()}, engine)


def _result(bench: Bench, points: dict[str, float], block: Block, engine: str) -> RunResult:
    measures = {name: float(column[0]) for name, column in block.measures.items()}
    return RunResult(bench, block.outcomes[0], measures, block.waves, points, block.attempts[0], block.reason, engine)
