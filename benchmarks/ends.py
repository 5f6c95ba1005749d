"""Every parameter of every bench at both ends of its range and between, one at a time: what comes of it.

    python benchmarks/ends.py [--bench NAME ...] [--parameter NAME ...] [--render] [--seconds 20] [--workers 2]

A probe shall end in one of two ways:

- ``ok``: all measures are finite, or beyond limits that they declare; energies and times are not below 0, voltages stay within
  a few times the largest that is applied;
- ``refused``: one line that names the parameter, before the end's own simulation.

A parameter that sets how much there is to simulate (cells, steps, times: :data:`SIZES`) may take its time: ``slow``, if a probe
is not done after ``--seconds`` of the processor.

Everything else is a fault: an error in Python, a line without the parameter's name, an outcome other than ``ok``, a probe that
takes longer than ``--seconds`` of the processor.  The faults are printed, and the exit code is 1 if there are any.
``--render`` makes and renders the benches without simulating them.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from spicekit import calibrated
from spicekit.bench import unit_of
from spicekit.errors import SpicekitError, UserError
from spicekit.limit import exceeded
from spicekit.nominal import RunResult, render, run
from spicekit.outcome import Outcome
from spicekit.registry import SHIPPED, bench_class
from spicekit.simulator import simulator
from spicekit.units import KELVIN

FAR = 1e3  # times the default or one over it, where a range has no end
TINY = 1e-30  # stands for an end "above 0"
SIGNED_ENERGY = {
    "e_sense",
    "e_lift",
    "e_rails",
    "e_high",
    "e_low",
    "e_row",
    "e_wl",
    "e_load",
}  # parts: charge may come back to a supply
SIGNED_TIME = {"dt"}
SIZES = {
    "n", "n_sel", "rows", "columns", "sections", "steps", "synapses", "span", "stages", "measure", "step", "t_stop",
    "t_pulse", "pulses", "t_gap", "samples", "t_read", "t_window", "t_recover", "t_row", "t_mac", "t_settle", "t_latch",
    "noise_dt", "frequency", "row", "transfer",
    "column", "word", "lumps",
}  # fmt: skip


@dataclass(frozen=True)
class Probe:
    """One parameter of one bench at one value."""

    bench: str
    parameter: str
    value: Any

    def __str__(self) -> str:
        value = f"{self.value:.6g}" if isinstance(self.value, float) else str(self.value)
        return f"{self.bench} -p {self.parameter}={value}"


@dataclass(frozen=True)
class Finding:
    """What came of a probe."""

    probe: Probe
    verdict: Literal["ok", "refused", "slow", "fault"]
    words: str = ""


def probes(bench: str) -> Iterator[Probe]:
    """Both ends of each parameter's range and values between, the other words of each option."""
    made = bench_class(bench)()
    for name, field in made.Parameters.model_fields.items():
        low, high, _ = made.technology_limits(name)
        ends = [value for value in (low, high) if math.isfinite(value) and value != field.default]
        for value in [*_values(field, unit_of(made.Parameters, name)), *ends]:
            yield Probe(bench, name, value)


def _values(field: FieldInfo, unit: str) -> list[Any]:
    kinds = [kind for kind in _kinds(field.annotation) if kind is not NoneType]
    if get_origin(kinds[0]) is Literal:
        return [word for kind in kinds for word in get_args(kind) if word != field.default]
    if unit == "C":
        return [-KELVIN, -100.0, -40.0, 85.0, 125.0, 200.0, 1726.0]
    if kinds[0] not in (int, float):
        return []
    whole = kinds[0] is int
    given = field.default
    default = float(given) if isinstance(given, int | float) and math.isfinite(given) and given else 1.0
    bounds = {key: getattr(limit, key) for limit in field.metadata for key in ("ge", "gt", "le", "lt") if hasattr(limit, key)}
    low = float(bounds.get("ge", bounds.get("gt", default / FAR)))
    high = float(bounds.get("le", bounds.get("lt", default * FAR)))
    values = [low, high, *_between(low, high, default)]
    if "gt" in bounds:
        values += [TINY if low == 0 else low * (1 + 1e-9)] if not whole else []
    if not bounds:
        values += [-default * FAR, math.inf, -math.inf]
    if "le" not in bounds and "lt" not in bounds:
        values.append(math.inf)
    found = sorted({round(value) if whole and math.isfinite(value) else value for value in values})
    return [value for value in found if value != given]


def _between(low: float, high: float, default: float) -> list[float]:
    """Two values on either side of the default: in the middle of what is left, of its logarithm if that makes sense."""
    bottom = low if low > 0 else default / FAR if default > 0 else low
    if bottom > 0 and high > 0 and default > 0:
        return [math.sqrt(bottom * default), math.sqrt(default * high)]
    return [(low + default) / 2, (default + high) / 2]


def _kinds(annotation: Any) -> list[Any]:
    union = isinstance(annotation, UnionType) or get_origin(annotation) not in (None, Literal)
    return list(get_args(annotation)) if union else [annotation]


def look(probe: Probe, simulate: bool = True) -> Finding:
    """Make, render and simulate in this process."""
    try:
        bench = bench_class(probe.bench)(**{probe.parameter: probe.value})
        bench.points()
        calibrated(bench).measures()
        if not simulate:
            render(bench)
            return Finding(probe, "ok")
        result = run(bench)
    except UserError as error:
        named = re.search(rf"\b{re.escape(probe.parameter)}\b", str(error))
        return Finding(probe, "refused" if named else "fault", str(error))
    except SpicekitError as error:
        return Finding(probe, "fault", f"SpicekitError: {error}")
    except Exception as error:
        return Finding(probe, "fault", f"{type(error).__name__}: {error}")
    odd = unphysical(result)
    return Finding(probe, "fault" if odd else "ok", odd)


def unphysical(result: RunResult) -> str:
    """What is wrong with a result, empty if nothing."""
    if result.outcome is not Outcome.OK:
        return f"{result.outcome} {result.reason}".strip()
    p, bench = result.bench.p.model_dump(), result.bench
    applied = [abs(value) for name, value in p.items() if isinstance(value, float) and unit_of(bench.Parameters, name) == "V"]
    highest = 3 * max([bench.vdd, *(value for value in applied if math.isfinite(value))])
    for measure in bench.measures():
        value, unit, name = result.measures[measure.name], measure.unit, measure.name
        if not math.isfinite(value):
            if measure.limits is None:
                return f"{name} is {value:g}"
        elif (
            (unit == "J" and value < 0 and name not in SIGNED_ENERGY)
            or (unit == "s" and value < 0 and name not in SIGNED_TIME)
            or (unit == "V" and abs(value) > highest)
            or (measure.fraction and not -1e-9 <= value <= 1 + 1e-9)
        ):
            return f"{name} is {value:g} {unit}"
    return ""


def look_within(probe: Probe, seconds: float, simulate: bool = True) -> Finding:
    """:func:`look` in a copy of this process, which ends after ``seconds`` of processor time."""
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)

    def child() -> None:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        writer.send(look(probe, simulate))

    process = context.Process(target=child, daemon=True)
    process.start()
    writer.close()
    try:
        found: Finding = reader.recv()
    except EOFError:
        process.join()
        if exceeded(process.exitcode) and probe.parameter in SIZES:
            return Finding(probe, "slow")
        words = f"more than {seconds:g} s" if exceeded(process.exitcode) else f"crashed, exit code {process.exitcode}"
        return Finding(probe, "fault", words)
    process.join()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", nargs="+", default=list(SHIPPED), choices=list(SHIPPED))
    parser.add_argument("--parameter", nargs="+")
    parser.add_argument("--render", action="store_true", help="without simulating")
    parser.add_argument("--seconds", type=float, default=20.0, help="processor time of a probe")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--verbose", action="store_true", help="print what is refused, too")
    args = parser.parse_args()
    for bench in args.bench:
        bench_class(bench)  # imported before the copies are made
    if not args.render:
        simulator()
    tried = [probe for bench in args.bench for probe in probes(bench) if not args.parameter or probe.parameter in args.parameter]
    count: dict[str, Counter[str]] = {bench: Counter() for bench in args.bench}
    with ThreadPoolExecutor(args.workers) as pool:
        for found in pool.map(lambda probe: look_within(probe, args.seconds, not args.render), tried):
            count[found.probe.bench][found.verdict] += 1
            if found.verdict == "fault" or args.verbose:
                print(f"{found.verdict:8} {found.probe}: {found.words}".removesuffix(": "), flush=True)
    print(f"\n{'bench':20} {'probes':>7} {'ok':>7} {'refused':>8} {'slow':>6} {'fault':>6}")
    for bench, n in count.items():
        print(f"{bench:20} {n.total():7} {n['ok']:7} {n['refused']:8} {n['slow']:6} {n['fault']:6}")
    return int(any(verdicts["fault"] for verdicts in count.values()))


if __name__ == "__main__":
    sys.exit(main())
