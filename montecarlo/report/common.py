"""What the reports of several kinds of folder share: parameters, variations, outcomes, provenance, command lines."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from montecarlo.records import Calibration, CorrelationRecord, PointRecord, VariationRecord
from montecarlo.report.content import Column, Note, Section, Table
from montecarlo.variation_text import spread_text
from spicekit.bench import Bench, shown_value
from spicekit.engines.calibrate import calibrated
from spicekit.errors import SpicekitError
from spicekit.names import grouped
from spicekit.outcome import Outcome
from spicekit.registry import bench_class
from spicekit.units import format_value


def find_bench(name: str, parameters: Mapping[str, Any], found: Mapping[str, float] | None = None) -> Bench | None:
    """The bench, for the meanings of its names; None if this installation does not have it (any more).

    ``found`` are the values of its calibrations; what is not among them is searched for.
    """
    try:
        bench = bench_class(name)(**parameters)
        bench.found |= found or {}
        return calibrated(bench)
    except SpicekitError:
        return None


def calibrated_values(calibrations: Mapping[str, Calibration]) -> dict[str, float]:
    """Those that were found."""
    return {name: one.value for name, one in calibrations.items()}


def short(bench: str) -> str:
    """The name of a bench without the path of its file."""
    return Path(bench).name if "/" in bench else bench


def shown(value: float | None, unit: str) -> str:
    """A number with its unit, a dash where there is none."""
    return "–" if value is None else format_value(value, unit)


def rate(value: float | None, interval: Sequence[float | None] | None) -> str:
    """A probability with its 95 % interval."""
    if value is None:
        return "–"
    if interval is None or None in interval:
        return f"{value:.3g}"
    return f"{value:.3g} ({interval[0]:.2g} to {interval[1]:.2g})"


def meanings(bench: Bench | None) -> dict[str, str]:
    """Measure -> meaning."""
    return {measure.name: measure.meaning for measure in bench.measures()} if bench else {}


def conditions(bench: Bench | None, parameters: Mapping[str, Any], swept: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Technology, corner, temperature and supply: facts for the head of the page, without those that are ``swept``."""
    if bench is None:
        return [
            (name.capitalize(), str(parameters[name])) for name in ("technology", "corner", "temperature") if name in parameters
        ]
    facts = {"temperature": ("Temperature", f"{bench.temperature:.4g} °C")}
    if bench.roles:
        facts = {
            "technology": ("Technology", bench.technology.name),
            "corner": ("Corner", str(bench.p.corner)),
            **facts,
            "vdd": ("Supply", f"{bench.vdd:g} V"),
        }
    return [fact for name, fact in facts.items() if name not in swept]


def _advice(outcome: Outcome, subject: str) -> str:
    look = "; look at one with `spicekit replay DIR --trial ID`" if outcome.advice and subject == "trials" else ""
    return outcome.advice + look


def outcome_blocks(outcomes: Mapping[Outcome, int], subject: str = "trials") -> list[Table | Note]:
    """The outcome table; without it a sentence if all went well."""
    total = sum(outcomes.values())
    if outcomes.get(Outcome.OK, 0) == total:
        return [Note(f"All {total:,} {subject} ended ok.")]
    rows = [
        (str(outcome), f"{count:,}", f"{count / total:.3%}", _advice(outcome, subject))
        for outcome, count in outcomes.items()
        if count or outcome is Outcome.OK
    ]
    columns = (Column("outcome"), Column(subject, "number"), Column("share", "number"), Column("what to do", "prose"))
    note = f"{subject.capitalize()} that are not ok take no part in the statistics."
    return [Table("Outcomes", columns, rows, note)]


def parameter_section(bench: Bench | None, parameters: Mapping[str, Any], given: Iterable[str]) -> Section:
    """Every parameter with its meaning; those that were given are marked."""
    chosen = set(given)
    rows = []
    for name, value in parameters.items():
        field = bench.Parameters.model_fields.get(name) if bench else None
        text = shown_value(bench.Parameters, name, getattr(bench.p, name)) if bench and field else _plain(value)
        rows.append((name, f"{text} (given)" if name in chosen else text, (field.description or "") if field else ""))
    columns = (Column("parameter"), Column("value"), Column("meaning", "prose"))
    return Section("Parameters", [Table("Parameters of the bench", columns, rows)])


def variation_section(
    points: Mapping[str, PointRecord],
    variations: Sequence[VariationRecord],
    correlations: Sequence[CorrelationRecord],
    sampler: str,
) -> Section:
    """What varies: the points by kind, then what is drawn once a trial, then correlations."""
    kinds: dict[tuple[str, ...], list[tuple[str, PointRecord]]] = {}
    for name, point in points.items():
        key = (point.kind, point.unit, point.distribution, _plain(point.truncate), str(point.relative))
        kinds.setdefault(key, []).append((name, point))
    rows = []
    for (kind, unit, distribution, truncate, _), members in kinds.items():
        nominals = [p.nominal for _, p in members]
        sigmas = [p.sigma * (abs(p.nominal) or 1.0) if p.relative else p.sigma for _, p in members]
        sigma = spread_text(list(zip(nominals, sigmas, strict=True)), unit)
        nominal = _span([format_value(n, unit) for n in (min(nominals), max(nominals))])
        cut = "" if truncate == "–" else f", cut at {truncate} σ"
        rows.append((kind, nominal, sigma, distribution + cut, str(len(members)), grouped(name for name, _ in members)))
    numbers = ("nominal", "sigma", "distribution", "points")
    columns = (Column("kind"), *(Column(heading, "number") for heading in numbers), Column("names", "code"))
    note = (
        "A point of sigma 0 stays nominal, or follows the bench's own distribution (the initial angle of a junction). "
        f"Sampler: {sampler}."
    )
    blocks: list[Table | Note] = [Table("Drawn for each device", columns, rows, note)]
    globals_ = [variation for variation in variations if variation.scope == "global"]
    if globals_:
        spread = [
            (v.target, f"{v.sigma:.3%}" if v.relative else f"{v.sigma:g}", v.distribution, _plain(v.truncate)) for v in globals_
        ]
        headings = (Column("kind or point"), Column("sigma", "number"), Column("distribution"), Column("cut at σ", "number"))
        blocks.append(Table("Drawn once a trial, for all devices", headings, spread))
    if correlations:
        pairs = [(c.first, c.second, f"{c.rho:g}") for c in correlations]
        blocks.append(Table("Correlated within a device", (Column("kind"), Column("kind"), Column("ρ", "number")), pairs))
    return Section("Variations", blocks)


def provenance_table(rows: Sequence[tuple[str, str]], versions: Mapping[str, str]) -> Table:
    """Where the numbers come from."""
    known = [*rows, *((f"version of {name}", version) for name, version in versions.items())]
    return Table("Where the numbers come from", (Column("what"), Column("value", "code")), known)


def command(*words: str | Path | int) -> str:
    """A command line that a shell reads back as these words."""
    return shlex.join(str(word) for word in words)


def parameter_words(given: Mapping[str, Any]) -> list[str]:
    """``-p name=value`` for each."""
    return [word for name, value in given.items() for word in ("-p", f"{name}={value}")]


def variation_words(variations: Sequence[VariationRecord], correlations: Sequence[CorrelationRecord]) -> list[str]:
    """The options ``--sigma``, ``--sigma-global`` and ``--correlate`` that give these."""
    words = []
    for v in variations:
        sigma = f"{v.sigma * 100:.12g}%" if v.relative else f"{v.sigma!r}"
        tail = "" if v.truncate is None else f":{v.truncate:g}"
        shape = f":{v.distribution}{tail}" if v.distribution != "normal" or tail else ""
        words += ["--sigma" if v.scope == "local" else "--sigma-global", f"{v.target}={sigma}{shape}"]
    for c in correlations:
        words += ["--correlate" if c.scope == "local" else "--correlate-global", f"{c.first},{c.second}={c.rho:g}"]
    return words


def _span(ends: Sequence[str]) -> str:
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _plain(value: Any) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
