"""The ``.meas`` of a netlist: what they are called and in which unit, and their values in what ngspice says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spicekit.benches.deck.source import MEASURES, Source, Statement
from spicekit.errors import UserError, unknown
from spicekit.limits import Limits
from spicekit.measures.measure import Margin, Measure

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TAKEN = frozenset({"trial", "outcome", "attempt", "weight"})
_VALUE = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(?:\s|$)", re.IGNORECASE)
VECTOR = re.compile(r"(?<![\w.#])(v|i)\(\s*([^(),\s]+)\s*(?:,\s*([^(),\s]+)\s*)?\)", re.IGNORECASE)
_PARTS = re.compile(r"(?<![\w.#])v(?:db|m|p|r|i|g)\(\s*([^(),\s]+)\s*(?:,\s*([^(),\s]+)\s*)?\)", re.IGNORECASE)
_INTERNAL = re.compile(r"@[^\s\[\]]+\[\w+\]")
# a vector by its bare name: `when out=0.5`, `max out`
_BARE = re.compile(
    r"\b(?:when|find|max|min|avg|rms|pp|integ\w*|deriv\w*|trig|targ|m(?:in|ax)_at)\s+(?!at\b|v\w{0,2}\s*\(|i\s*\()[a-z_]",
    re.IGNORECASE,
)
_AXES = {"tran": "s", "ac": "Hz", "dc": ""}
_EVENTS = frozenset({"trig", "when"})


@dataclass(frozen=True)
class Reading:
    """One measure of a netlist."""

    measure: Measure
    analysis: str
    vector: str = ""  # whose value it is at the operating point, or after a noise analysis; empty: a .meas
    exact: bool = False  # a .meas of param, which ngspice prints with all digits
    statement: Statement | None = None


def readings(source: Source, analyses: Iterable[str]) -> tuple[Reading, ...]:
    """Raises :class:`UserError`, with file and line, for a ``.meas`` that is none, and for one of an analysis that is missing."""
    there = list(analyses)
    found: list[Reading] = []
    for statement in source.top:
        if statement.word in MEASURES:
            found.append(_reading(statement, there, {reading.measure.name: reading for reading in found}))
        elif statement.word == ".print":
            found += _printed(statement, there)
    if "noise" in there:
        names = {reading.vector for reading in found}
        found += [
            Reading(Measure(name, unit, meaning), "noise", name)
            for name, unit, meaning in (
                ("onoise_total", "V", "noise at the output over the band of .noise, rms"),
                ("inoise_total", "", "noise at the input over the band of .noise, rms"),
            )
            if name not in names
        ]
    seen: set[str] = set()
    for reading in found:
        name = reading.measure.name
        place = reading.statement.place if reading.statement else str(source.path)
        if name in _TAKEN or not _NAME.fullmatch(name):
            raise UserError(
                f"{place}: measure '{name}': a name has letters, digits and _, and is none of {', '.join(sorted(_TAKEN))}"
            )
        if name in seen:
            raise UserError(f"{place}: measure '{name}' is there twice")
        seen.add(name)
    return tuple(found)


def _reading(statement: Statement, analyses: list[str], before: Mapping[str, Reading]) -> Reading:
    words = statement.text.split(None, 3)
    if len(words) < 4:
        raise UserError(f"{statement.place}: give it as .meas ANALYSIS NAME WHAT")
    analysis, name, what = words[1].lower(), words[2].lower(), words[3]
    if analysis not in _AXES:
        raise UserError(f"{statement.place}: {unknown('analysis of .meas', analysis, _AXES)}")
    if analysis not in analyses:
        raise UserError(f"{statement.place}: this .meas is of {analysis}, and there is no .{analysis} in the netlist")
    kind = re.split(r"[\s=]", what, maxsplit=1)[0].lower()
    words_of = set(re.findall(r"[a-z_]\w*", what.lower()))
    exact = kind in ("param", "expr")
    event = kind == "trig" or "when" in words_of or (exact and any(n in words_of and before[n].measure.limits for n in before))
    remedy = f"see {statement.file.name}:{statement.first}: another level, or a longer .{analysis}"
    limits = Limits(remedy, event=True) if event else None
    return Reading(Measure(name, _unit(kind, what, analysis), what, limits=limits), analysis, exact=exact, statement=statement)


def _unit(kind: str, what: str, analysis: str) -> str:
    axis = _AXES[analysis]
    if kind in (*_EVENTS, "min_at", "max_at"):
        return axis
    looked_at = VECTOR.search(what)
    unit = {"v": "V", "i": "A"}[looked_at[1].lower()] if looked_at else ""
    if re.search(r"\bvdb\(", what, re.IGNORECASE):
        return "dB"
    if kind.startswith("integ"):
        return f"{unit} {axis}".strip() if unit and axis else ""
    return unit if kind in ("find", "avg", "min", "max", "pp", "rms") else ""


def _printed(statement: Statement, analyses: list[str]) -> list[Reading]:
    """Those of a ``.print op``: its voltages and currents."""
    words = statement.text.split(None, 2)
    if len(words) < 3 or words[1].lower() != "op" or "op" not in analyses:
        return []
    found = []
    for kind, name, second in VECTOR.findall(words[2]):
        if second:
            raise UserError(f"{statement.place}: give the two nodes of {kind}({name},{second}) one by one")
        vector = f"{kind}({name})".lower()
        measure = Measure(
            re.sub(r"\W", "_", f"{kind}_{name}".lower()), "V" if kind.lower() == "v" else "A", f"{vector} at the operating point"
        )
        found.append(Reading(measure, "op", vector, statement=statement))
    return found


def vectors(source: Source, chosen: Iterable[Reading]) -> tuple[str, ...] | None:
    """The vectors that the measures of a transient and its ``.save`` need; None if that cannot be told."""
    found: dict[str, None] = {}
    texts = [
        reading.statement.text for reading in chosen if reading.analysis == "tran" and reading.statement and not reading.exact
    ]
    texts += [s.text for s in source.top if s.word in (".save", ".print") and "tran" in [*s.text.lower().split()[1:2], "tran"]]
    for text in texts:
        for kind, *names in VECTOR.findall(text):
            found |= {f"{kind}({name})".lower(): None for name in names if name}
        for names in _PARTS.findall(text):
            found |= {f"v({name})".lower(): None for name in names if name}
        if "@" in text or re.search(r"\ball\b|\bpar\s*\(", text, re.IGNORECASE) or _BARE.search(text):
            return None
    return tuple(found)


def internal(source: Source, chosen: Iterable[Reading]) -> tuple[str, ...]:
    """What of the inside of devices (``@m1[id]``) the measures look at, or the netlist saves.

    Raises :class:`UserError` for a measure of one that is not saved: ngspice then takes its last value for its whole course.
    """
    options = " ".join(s.text.lower() for s in source.top if s.word in (".option", ".options"))
    saved = {name.lower() for s in source.top if s.word == ".save" for name in _INTERNAL.findall(s.text)}
    found = dict.fromkeys(sorted(saved))
    for reading in chosen:
        for name in _INTERNAL.findall(reading.statement.text) if reading.statement else ():
            if name.lower() not in saved and "savecurrents" not in options:
                raise UserError(
                    f"{reading.statement.place if reading.statement else source.path}: measure '{reading.measure.name}': ngspice "
                    f"keeps the course of {name} only if it is told so: add .save all {name}"
                )
            found[name.lower()] = None
    return tuple(found)


def twins(chosen: Iterable[Reading]) -> list[str]:
    """Lines that make ngspice print every digit: of a ``.meas`` itself it prints seven, of its value as a parameter all."""
    return [
        f".meas {reading.analysis} spicekit_{number} param='{reading.measure.name}'"
        for number, reading in enumerate(chosen)
        if reading.statement is not None and not reading.vector and not reading.exact
    ]


def values(chosen: Iterable[Reading], said: Iterable[str]) -> dict[str, float]:
    """The measures that ngspice found, with all digits."""
    printed = {match[1].lower(): float(match[2]) for line in said if (match := _VALUE.match(line))}
    found = {}
    for number, reading in enumerate(chosen):
        name = reading.measure.name if reading.exact else f"spicekit_{number}"
        # of a measure that failed the twin may still be printed, with what the name was before
        if name in printed and reading.measure.name in printed:
            found[reading.measure.name] = printed[name]
    return found


def margins(source: Source, measures: Iterable[str]) -> tuple[Margin, ...]:
    """Those that comments declare: ``* spicekit margin read low=v_p high=v_ap``."""
    known = list(measures)
    found: list[Margin] = []
    for number, text in source.directives:
        place = f"{source.path}:{number}"
        words = text.split()
        given = dict(re.findall(r"(\w+)\s*=\s*(\w+)", text))
        if words[:1] != ["margin"] or len(words) < 2 or not {"low", "high"} <= given.keys() <= {"low", "high", "reference"}:
            raise UserError(
                f"{place}: '{text}' given; allowed: * spicekit margin NAME low=MEASURE high=MEASURE [reference=MEASURE]"
            )
        if not _NAME.fullmatch(words[1]) or words[1] in {margin.name for margin in found}:
            raise UserError(f"{place}: margin '{words[1]}': give a name of its own, of letters, digits and _")
        for measure in given.values():
            if measure.lower() not in known:
                raise UserError(f"{place}: {unknown('measure', measure, known)}")
        lowered = {key: value.lower() for key, value in given.items()}
        found.append(Margin(words[1], lowered["low"], lowered["high"], lowered.get("reference")))
    return tuple(found)
