"""The bench that a netlist file is: a class made from it, whose parameters are the ``.param`` of the file."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pydantic import create_model

from spicekit import inputs
from spicekit.analysis import TranAnalysis
from spicekit.bench import Bench
from spicekit.benches.deck import measured
from spicekit.benches.deck.circuit import Contents, Device, Listing, contents, listing, parameters, with_parameter, write
from spicekit.benches.deck.measured import Reading
from spicekit.benches.deck.source import ANALYSES, OUTPUT, Source, Subcircuit, read_library, read_source
from spicekit.devices.spread import DEFAULT, IMCE
from spicekit.errors import UserError
from spicekit.measures.measure import Margin, Measure
from spicekit.parameters import BenchParameters, named_file, quantity
from spicekit.point import VariationPoint
from spicekit.technology import Technology, load_technology
from spicekit.units import parse_value

NONE = "none"
_COMMAND = re.compile(r"[\w.+\-(),#@\[\] =]+")  # of an analysis: what reaches ngspice's interpreter


class DeckParameters(BenchParameters):
    """What every netlist has beside its own ``.param``."""

    technology: str = named_file(NONE, "process of its transistors: their mismatch, and their models where it includes none")
    temperature: float = quantity(27.0, "C", "temperature of all devices")
    vdd: ClassVar[None] = None  # type: ignore[misc]  # the supplies are the netlist's own sources


@dataclass(frozen=True)
class DeckAnalysis(TranAnalysis):
    """The analyses of a netlist, one after the other, with the solver's settings of the netlist itself."""

    readings: tuple[Reading, ...] = ()
    commands: Mapping[str, str] = field(default_factory=dict)  # op, dc, ... -> the command


class Deck(Bench[DeckParameters]):
    """A netlist file; :func:`deck_class` makes the class of one."""

    template = ""
    roles = ()
    takes_draws = False
    source: ClassVar[Source]
    files: ClassVar[Mapping[str, str]]  # that it was read from: path -> SHA-256
    own: ClassVar[Mapping[str, tuple[float, Any]]]  # its .param: name -> value, line
    readings: ClassVar[tuple[Reading, ...]]

    def load_technology(self) -> Technology:
        return _none() if self.p.technology == NONE else load_technology(self.p.technology)

    @property
    def vdd(self) -> float:
        """A parameter ``vdd`` of the netlist, if it has one."""
        own = getattr(self.p, "vdd", None)
        return self.technology.vdd if own is None else float(own)

    def process(self) -> tuple[str, ...]:
        """Its supplies are sources of its own."""
        return () if self.p.technology == NONE else super().process()[:1]

    @functools.cached_property
    def _parts(self) -> dict[str, Subcircuit]:
        """Subcircuits of the technology."""
        return self._library[0]

    @functools.cached_property
    def _library(self) -> tuple[dict[str, Subcircuit], frozenset[str]]:
        parts: dict[str, Subcircuit] = {}
        models: frozenset[str] = frozenset()
        for path, section in self.technology.roots(self.p.corner):
            theirs, others = read_library(path, section, self.p.technology)
            parts, models = parts | theirs, models | others
        return parts, models

    @functools.cached_property
    def _more(self) -> tuple[str, ...]:
        """What is added at the end of the netlist: models of the technology that it has none of, a temperature."""
        lines: list[str] = []
        technology, missing = self.technology, self._missing_models()
        if missing or (self._missing_parts() and self.model_files):
            cards = technology.cards(self.p.corner)
            self._check_parameters()
            lines += [f"* models of technology {technology.name}, corner {self.p.corner}", cards]
            for name, role in missing.items():
                own = technology.devices[role].name
                if name != own.lower():
                    card = re.search(rf"(?ms)^\.model {re.escape(own)} .*?(?=^\.model |\Z)", cards)
                    if card is None:
                        raise UserError(
                            f"{self.source.path}: its transistors are called '{name}'; call them '{own}', as technology "
                            f"'{technology.name}' does"
                        )
                    lines.append(card[0].replace(f".model {own} ", f".model {name} ", 1).rstrip())
        if self.p.temperature != self._own_temperature() and not any(s.word == ".temp" for s in self.source.top):
            lines.append(f".temp {self.p.temperature!r}")
        return tuple(lines)

    def _check_parameters(self) -> None:
        """A parameter that the technology's library gives too would have the library's value: of two ngspice takes the last."""
        theirs = {d.name: d.place for d in self.technology.definitions(self.p.corner) if d.kind == "param"}
        theirs |= {name.lower(): str(self.technology.file) for name in self.technology.set_params(self.p.corner)}
        for statement in self.source.top:
            for name in statement.words()[1] if statement.word in (".param", ".params") else ():
                if name in theirs:
                    raise UserError(
                        f"{statement.place}: parameter '{name}' is one of technology '{self.technology.name}' too "
                        f"({theirs[name]}): give it another name"
                    )

    @classmethod
    def _own_temperature(cls) -> float:
        return float(cls.Parameters.model_fields["temperature"].default)

    def _missing_parts(self) -> bool:
        """Whether a subcircuit is called that only the technology can have."""
        known = self.source.subcircuits
        called = {s.words()[0][-1].lower() for s in self._statements() if s.word[0] == "x"}
        return bool(called - known.keys())

    def _statements(self) -> list[Any]:
        return [*self.source.top, *(line for part in self.source.subcircuits.values() if not part.outside for line in part.body)]

    def _missing_models(self) -> dict[str, str]:
        """Models of transistors that the netlist does not define: name -> the technology's role of that name."""
        defined = {re.sub(r"\.\d+$", "", name) for name in self.source.models} | self.source.models
        roles = {device.name.lower(): role for role, device in self.technology.devices.items()}
        found = {}
        for statement in self._statements():
            if statement.word[0] != "m":
                continue
            plain, _ = statement.words()
            name = plain[5].lower() if len(plain) > 5 else ""
            if name in defined:
                continue
            role = roles.get(name) or (name if name in self.technology.devices else "")
            if not role:
                has = ", ".join(sorted({*roles, *self.technology.devices})) or "none"
                hint = (
                    "say whose it is, as -p technology=ptm45, or include it"
                    if not roles
                    else f"'{self.technology.name}' has {has}"
                )
                raise UserError(f"{statement.place}: no .model '{name}' in the netlist, nor in what it includes: {hint}")
            found[name] = role
        return found

    @functools.cached_property
    def _listing(self) -> Listing:
        files = {**self.files, **{str(stamp.path): f"{stamp.size} {stamp.changed}" for stamp in self.model_files}}
        technology = self.technology
        return listing(self.source, self.netlist({}), technology.compatibility, technology.compiled(), files)

    @functools.cached_property
    def contents(self) -> Contents:
        """The devices, and what is left alone."""
        return contents(self.source, self._parts, self._listing)

    @functools.cached_property
    def _devices(self) -> dict[str, Device]:
        return {device.path: device for device in self.contents.devices}

    def netlist(self, values: Mapping[str, float]) -> str:
        """The netlist with ``values`` of the variation points: the file's own text where they are nominal."""
        top: dict[int, str] = {}
        for name, (value, statement) in self.own.items():
            chosen = values.get(name, getattr(self.p, name))
            if chosen != value:
                top[statement.first] = with_parameter(top.get(statement.first, statement.text), name, float(chosen))
        if self.p.temperature != self._own_temperature():
            top |= {s.first: f".temp {self.p.temperature!r}" for s in self.source.top if s.word == ".temp"}
        changes: dict[str, dict[str, float]] = {}
        if values:
            for point in self.points():
                value = values.get(point.name, point.nominal)
                if value != point.nominal and point.kind != "param":
                    path = point.name if point.name in self._devices else point.name.removesuffix(f".{point.kind}")
                    changes.setdefault(path, {})[point.kind] = value
        return write(self.source, self._parts, self._devices if changes else {}, changes, top, self._more)

    def points(self) -> tuple[VariationPoint, ...]:
        return self._points

    @functools.cached_property
    def _points(self) -> tuple[VariationPoint, ...]:
        found: list[VariationPoint] = []
        for device in self.contents.devices:
            if device.kind == "mosfet":
                found += self._transistor_points(device)
            elif device.kind == "junction":
                spread = DEFAULT if "cd" in device.kinds else IMCE
                sizes = {"cd": "area"}
                found += [
                    VariationPoint(
                        f"{device.path}.{kind}", kind, 0.0, "", getattr(spread, kind), low=-1.0, square=sizes.get(kind, "")
                    )
                    for kind in device.kinds
                ]
            else:
                low = 0.0 if device.letter in "rcl" and device.nominal > 0 else -float("inf")
                found.append(VariationPoint(device.path, device.letter, device.nominal, device.unit, low=low))
        found += [VariationPoint(name, "param", float(getattr(self.p, name)), "") for name in self.own]
        return tuple(found)

    def _transistor_points(self, device: Device) -> list[VariationPoint]:
        """Shift of |V_TH| and relative deviation of the current, with Pelgrom's sigma of the technology if it is given."""
        law = self.technology.mismatch
        known = device.area > 0 and self.p.technology != NONE
        role = "pmos" if device.sign > 0 else "nmos"
        vth, beta = (law.sigma(name, device.area, role) if known else 0.0 for name in ("a_vt", "a_beta"))
        most = self.technology.vdd / 2 if self.p.technology != NONE else float("inf")
        return [
            VariationPoint(f"{device.path}.vth", "vth", 0.0, "V", sigma=vth, most=most),
            VariationPoint(f"{device.path}.beta", "beta", 0.0, "", sigma=beta, low=-1.0),
        ]

    def analysis(self) -> DeckAnalysis:
        return self._analysis

    @functools.cached_property
    def _analysis(self) -> DeckAnalysis:
        commands = {name: command for name, command in self._listing.analyses.items() if name in ANALYSES}
        for name, command in commands.items():
            if not _COMMAND.fullmatch(command) or len(command) > 1000:
                raise UserError(f"{self.source.path}: .{name}: '{command}' holds what an analysis cannot")
        step = stop = 0.0
        if "tran" in commands:
            numbers = [parse_value(word) for word in commands["tran"].split()[1:3]]
            step, stop = numbers[0], numbers[1]
        save = measured.vectors(self.source, self.readings)
        return DeckAnalysis(save or (), step=step, stop=stop, readings=self.readings, commands=commands)

    def measures(self) -> tuple[Measure, ...]:
        return tuple(reading.measure for reading in self.readings)

    def margins(self) -> tuple[Margin, ...]:
        return measured.margins(self.source, [reading.measure.name for reading in self.readings])

    def simulated(self, values: Mapping[str, float]) -> str:
        """The netlist as it is simulated: without what it prints and saves, with what makes ngspice say every digit."""
        chosen = self.analysis()
        save = measured.vectors(self.source, self.readings)
        inside = measured.internal(self.source, self.readings)
        alone = list(chosen.commands) == ["tran"]
        kept = f".save all {' '.join(inside)}" if inside else f".save {' '.join(save)}" if save and alone else ""
        more = [*measured.twins(self.readings), *([kept] if kept else [])]
        lines = self.netlist(values).split("\n")
        left, skipping = [lines[0]], False
        for line in lines[1:-2]:
            word = line.split(None, 1)[0].lower() if line.strip() else ""
            skipping = word in OUTPUT or (skipping and word.startswith("+"))
            left += [] if skipping else [line]
        return "\n".join([*left, *more, ".end"]) + "\n"

    def details(self) -> dict[str, tuple[str, ...]]:
        alone = [
            f"{len(paths)} {why}: {', '.join(paths[:4])}{' ...' if len(paths) > 4 else ''}"
            for why, paths in self.contents.alone.items()
        ]
        lawless = [device.path for device in self.contents.devices if device.kind == "mosfet" and self.p.technology == NONE]
        if lawless:
            alone.append(f"mismatch of {len(lawless)} transistors, sigma 0: give -p technology=, or --sigma vth=5m")
        unsized = [device.path for device in self.contents.devices if device.kind == "mosfet" and not device.area > 0]
        if unsized:
            alone.append(f"mismatch of {len(unsized)} transistors without W and L, sigma 0: {', '.join(unsized[:4])}")
        return {"Analyses": tuple(f".{command}" for command in self.analysis().commands.values()), "Left alone": tuple(alone)}


@inputs.cached
def deck_class(path: str) -> type[Deck]:
    """The bench of the netlist ``path``.  Raises :class:`UserError` for what is wrong with the file."""
    with inputs.recording() as files:
        source = read_source(Path(path))
    analyses = [statement.word[1:] for statement in source.top if statement.word[1:] in ANALYSES]
    for name in analyses:
        if analyses.count(name) > 1:
            raise UserError(
                f"{path}: there are {analyses.count(name)} .{name}; allowed: one, as .meas says no more than its kind"
            )
    if not analyses:
        raise UserError(f"{path}: there is no analysis in it: give one of {', '.join(f'.{name}' for name in ANALYSES)}")
    found = measured.readings(source, analyses)
    if not found:
        raise UserError(f"{path}: nothing is measured: add a .meas (of an operating point: .print op v(NODE))")
    own = parameters(source)
    fields: dict[str, Any] = {
        name: (float, quantity(value, "", f"line {statement.first}")) for name, (value, statement) in own.items() if _free(name)
    }
    own = {name: own[name] for name in fields}
    fields["temperature"] = (float, quantity(_temperature(source), "C", "temperature of all devices"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that pydantic has for methods of its own
        kind = create_model("Parameters", __base__=DeckParameters, __module__=__name__, **fields)
    attributes = {
        "__module__": __name__, "name": Path(path).stem, "summary": f"netlist {Path(path).name}", "Parameters": kind,
        "source": source, "files": dict(files), "own": own, "readings": found,
    }  # fmt: skip
    made = type("Deck", (Deck,), attributes)
    measured.margins(source, [reading.measure.name for reading in found])
    measured.internal(source, found)
    return made


def _free(name: str) -> bool:
    """Whether a parameter of a bench may have this name."""
    return name == "vdd" or not (name in DeckParameters.model_fields or hasattr(DeckParameters, name))


def _temperature(source: Source) -> float:
    for statement in source.top:
        plain, given = statement.words()
        text = (
            plain[1] if statement.word == ".temp" and len(plain) > 1 else given.get("temp") if ".opt" in statement.word else None
        )
        if text is not None:
            try:
                return parse_value(text)
            except UserError:
                raise UserError(f"{statement.place}: the temperature '{text}' is no plain number") from None
    return 27.0


@functools.cache
def _none() -> Technology:
    figure = {"source": "none"}
    return Technology.model_validate({
        "name": NONE, "description": "no technology", "source": NONE, "vdd": {"value": 1.0, "unit": "V", **figure},
        "l_min": {"value": 1e-9, "unit": "m", **figure}, "w_min": {"value": 1e-9, "unit": "m", **figure},
        "temperature": {"low": -273, "high": 1700, "unit": "C"}, "devices": {}, "corners": {"tt": {}},
        "mismatch": {"a_vt": {"value": 0, "unit": "V m", **figure}, "a_beta": {"value": 0, "unit": "m", **figure}},
    })  # fmt: skip
