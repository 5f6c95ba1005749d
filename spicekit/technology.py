"""A CMOS technology: transistor models, device names, supply, corners and mismatch, all from one TOML file.

The two that ship (``ptm45``, ``ptm65``) carry BSIM4 parameters in the file; a user's PDK names a model file and section a
corner instead and never leaves the user's disk.  Either way a netlist sees the same wrapped transistors (see
``models/cmos/transistor.lib.j2``), so a bench works with any technology.
"""

from __future__ import annotations

import difflib
import functools
import math
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from spicekit.errors import UserError, unknown
from spicekit.inputs import cached, note
from spicekit.model_file import SCALED, Definition, Stamp, definitions, model_stamps, sections, subcircuits, terminals
from spicekit.paths import absolute, data_root, user_path
from spicekit.technology_tables import (
    NAME,
    TERMINALS,
    Compatibility,
    Corner,
    Device,
    Diffusion,
    Layout,
    Line,
    Mismatch,
    Name,
    Size,
    Statistics,
    Supply,
    TemperatureRange,
    Value,
    Word,
)
from spicekit.toml import Record, read_toml
from spicekit.units import format_value, parse_value


class Technology(Record):
    """One CMOS process.  All lengths in metres, voltages in volts, temperatures in degrees Celsius."""

    name: str = Field(pattern=NAME)
    description: Line
    source: Line
    vdd: Supply
    l_min: Size
    w_min: Size
    temperature: TemperatureRange = TemperatureRange(low=-40, high=125, unit="C")
    lengths: Literal["m", "um", "nm"] | None = None  # unit in which the devices take W and L; metres if not given
    params: dict[Name, Value] = Field(default_factory=dict)  # .param of the model files, set at every corner
    compatibility: Compatibility = "ngspice"  # dialect of the model files: ngspice's variable `ngbehavior`
    osdi: tuple[Path, ...] = ()  # compiled Verilog-A models, which ngspice loads before the netlist
    devices: dict[str, Device]
    diffusion: Diffusion | None = None  # without it the junctions have what the model takes of itself
    layout: Layout | None = None  # without it no area is known
    mismatch: Mismatch
    corners: dict[Word, Corner]
    bsim4: dict[Name, dict[Name, Annotated[float, Field(allow_inf_nan=False)] | Word]] = Field(default_factory=dict)

    _file: Path = Path()  # where it was read

    @property
    def file(self) -> Path:
        """The TOML file."""
        return self._file

    @property
    def units(self) -> float:
        """Of the lengths that the devices take, a metre."""
        return {"m": 1.0, "um": 1e6, "nm": 1e9}[self.lengths or "m"]

    @property
    def junctions(self) -> str:
        """What a netlist's transistors have for drain and source, in words."""
        if self.diffusion is None:
            return "no [diffusion] is given: areas and perimeters of junctions are what the model takes by itself"
        alone, between = (format_value(length, "m") for length in (self.diffusion.unshared, self.diffusion.shared))
        return f"junctions of diffusions {alone} long, {between} between two gates that share one"

    def device(self, role: str) -> Device:
        """The device that plays ``role`` (``nmos``, ``pmos``, ...); an unknown one is a :class:`UserError`."""
        if role not in self.devices:
            raise UserError(f"{self._file}: no [devices.{role}]; this technology has {', '.join(sorted(self.devices))}")
        return self.devices[role]

    def sigma_vth(self, width: float, length: float, role: str = "nmos") -> float:
        """Standard deviation of one transistor's V_TH in volts (Pelgrom); ``width`` and ``length`` in metres."""
        return self.mismatch.sigma("a_vt", width * length, role)

    def sigma_beta(self, width: float, length: float, role: str = "nmos") -> float:
        """Relative standard deviation of one transistor's current factor (Pelgrom)."""
        return self.mismatch.sigma("a_beta", width * length, role)

    def sigma_c(self, area: float) -> float:
        """Relative standard deviation of one capacitor of ``area`` m2 (Pelgrom)."""
        return self.mismatch.sigma("a_c", area)

    def cards(self, corner: str) -> str:
        """The netlist lines that define the transistors at ``corner``: ``.model`` cards, or a ``.lib`` line."""
        if corner not in self.corners:
            raise unknown("corner", corner, self.corners, of=f"technology '{self.name}'")
        chosen = self.corners[corner]
        self.model_files(corner)
        self.compiled()
        if not chosen.external:
            return "\n".join(self._model_card(role, chosen) for role in self.bsim4)
        lines = [f".lib '{path}' {section}" if section else f".include '{path}'" for path, section in self.roots(corner)]
        # after them: of two values of a parameter ngspice takes the last
        return "\n".join([*lines, *(f".param {name}={value!r}" for name, value in self.set_params(corner).items())])

    def set_params(self, corner: str) -> dict[str, float]:
        """Parameters of the model files that are set at ``corner``."""
        return {**self.params, **self.corners[corner].params}

    def instance(self, device: Device, nodes: str, multiplied: bool = False) -> str:
        """The lines of ``device`` at ``nodes`` in a subcircuit with parameters ``w`` and ``l``, ``m`` if ``multiplied``, and
        ``shared_d`` and ``shared_s``: 1 if the drain's, the source's diffusion is another transistor's too."""
        names = [device.width, device.length, *(device.junctions.values() if self.diffusion else ()), *device.parameters]
        own, lines = {"w": "w", "l": "l"}, []
        if self.units != 1:
            own = {name: f"({name}*{self.units:g})" for name in own}
        if device.kind == "subckt" and (self.units != 1 or len(names) > 2) and own.keys() & {name.lower() for name in names}:
            # ngspice takes a name on an X line for the parameter of the called subcircuit, once that has its value
            lines = [f".param drawn_{name}={{{text}}}" for name, text in own.items()]
            own = {name: f"drawn_{name}" for name in own}
        words = {device.width: own["w"], device.length: own["l"]}
        if self.diffusion:
            told = self.diffusion.junctions(own["w"], self.units)
            words |= {parameter: told[name] for name, parameter in device.junctions.items()}
        for name, text in device.parameters.items():
            words[name] = re.sub(r"(?<![\w.])[wl](?!\w)", lambda match: own[match[0]], text)
        sizes = " ".join(f"{name}={{{text}}}" for name, text in words.items()) + (" m={m}" if multiplied else "")
        return "\n".join([*lines, f"{'M' if device.kind == 'model' else 'X'}1 {nodes} {device.name} {sizes}"])

    def statistics(self, corner: str) -> Statistics:
        """The draws of the foundry's that are variation points at ``corner``."""
        found = self.corners.get(corner)
        return Statistics() if found is None else found.statistics

    def drawn_instance(self, role: str, nodes: str, corner: str) -> str:
        """:meth:`instance` of the device of ``role``, which gives it the draws of the subcircuit around it."""
        words = "".join(f" {name}={{{own}}}" for own, name in self.statistics(corner).given(role))
        return self.instance(self.device(role), nodes) + words

    def roots(self, corner: str) -> list[tuple[Path, str | None]]:
        """The model files of ``corner`` where they are, each with its section.

        Raises :class:`UserError` for a path that names a variable of the environment that is not set.
        """
        return [(self._found(external.file, "file"), external.section) for external in self.corners[corner].external]

    def compiled(self) -> tuple[str, ...]:
        """The paths of the compiled models.  Raises :class:`UserError` for one that is not there."""
        paths = [self._found(file, "osdi") for file in self.osdi]
        for path in paths:
            if not path.is_file():
                raise UserError(f"{self._file}: osdi: {path} is not a file: the PDK's installation compiles it (OpenVAF)")
            if not re.fullmatch(r"[\w/.+-]+", str(path)):
                raise UserError(f"{self._file}: osdi: {path}: allowed in the path: letters, digits and _ / . + -")
            note(path)
        return tuple(str(path) for path in paths)

    def _found(self, file: Path, key: str) -> Path:
        name = os.path.expandvars(str(file))
        if missing := re.search(r"\$(\w+|\{[^}]*\})", name):
            raise UserError(f"{self._file}: {key} '{file}': the environment has no {missing[0].strip('${}')}")
        return self._file.parent / user_path(name)

    def model_files(self, corner: str) -> list[Stamp]:
        """The external model files that ``corner`` reads, includes followed; empty for parameters kept in the TOML.

        Raises :class:`UserError` for a file that cannot be read or that may not be used.
        """
        origin = f"{self._file}: corners.{corner}.file"
        roots = self.roots(corner)
        files = list(dict.fromkeys(stamp for path, _ in roots for stamp in model_stamps(path, origin)))
        if not files:
            return []
        for path, section in roots:
            if section and section.lower() not in sections(path, origin):
                raise unknown("section", section, sections(path, origin), of=str(path))
        self._check_subcircuits(subcircuits(files, origin))
        self._check_terminals(terminals(files, origin))
        self._check_statistics(corner, subcircuits(files, origin))
        self._check_lengths(definitions(files, roots, origin, self.has_sections))
        return files

    def definitions(self, corner: str) -> tuple[Definition, ...]:
        """What a netlist gets from the external model files of ``corner``; see :func:`spicekit.model_file.definitions`."""
        files = self.model_files(corner)
        origin = f"{self._file}: corners.{corner}.file"
        return definitions(files, self.roots(corner), origin, self.has_sections) if files else ()

    def _check_lengths(self, found: Iterable[Definition]) -> None:
        """A library that scales sizes takes them in another unit than metres: nothing says which, but the user."""
        scales = [(name, place) for kind, name, place in found if kind == "option" and SCALED.fullmatch(name)]
        if scales and self.lengths is None:
            name, place = scales[0]
            raise UserError(
                f"{place}: .option {name}: the sizes of devices are not in metres there; say in {self._file} their unit: "
                'lengths = "um" (or "nm", or "m" if the subcircuits take metres all the same)'
            )
        unit = {None: 1.0, "m": 1.0, "um": 1e-6, "nm": 1e-9}[self.lengths]
        factors = [parse_value(name.partition("=")[2].strip()) for name, _ in scales] or [1.0]
        plain = [role for role, device in self.devices.items() if device.kind == "model"]
        if plain and self.lengths != "m" and any(not math.isclose(factor, unit, rel_tol=1e-9) for factor in factors):
            raise UserError(
                f"{self._file}: lengths = '{self.lengths}' given; devices.{plain[0]} is of kind 'model', and its files scale "
                f"sizes by {factors[0]:g}: allowed: the unit that this makes metres of"
            )

    @property
    def has_sections(self) -> bool:
        """Whether a model file may be read by its sections, in the dialect of the model files."""
        return not {"ps", "lt"} & {self.compatibility[:2], self.compatibility[-3:-1]}

    def _check_subcircuits(self, found: Mapping[str, set[str]]) -> None:
        """ngspice takes any parameter of a subcircuit and ignores those that it has not: all devices would have one size."""
        for role, device in self.devices.items():
            if device.kind == "model":
                continue
            where, known = f"{self._file}: devices.{role}", found.get(device.name.lower())
            if known is None:
                raise UserError(f"{where}.name: the model files hold no .subckt '{device.name}'")
            named = {"width": device.width, "length": device.length, **{f"parameters.{name}": name for name in device.parameters}}
            named |= device.junctions if self.diffusion else {}
            for key, parameter in named.items():
                if parameter.lower() not in known:
                    has = ", ".join(sorted(known)) or "none"
                    why = ", which [diffusion] is told by" if key in device.junctions else ""
                    raise UserError(f"{where}.{key}: .subckt '{device.name}' has no parameter '{parameter}'{why}; it has {has}")

    def _check_terminals(self, found: Iterable[tuple[str, tuple[str, ...]]]) -> None:
        """By their names: with the gate elsewhere than second, every transistor would be another circuit without a word."""
        roles = {device.name.lower(): role for role, device in self.devices.items() if device.kind == "subckt"}
        for name, nodes in found:
            order = [TERMINALS.get(node) for node in nodes]
            if name in roles and None not in order and order != [0, 1, 2, 3]:
                raise UserError(
                    f"{self._file}: devices.{roles[name]}.name: .subckt '{name}' has the terminals {' '.join(nodes)}; allowed: "
                    "drain, gate, source, bulk in this order (wrap it in a .subckt of its own)"
                )

    def _check_statistics(self, corner: str, found: Mapping[str, set[str]]) -> None:
        """As of sizes: a parameter that the subcircuit has not would be ignored."""
        for role, names in self.statistics(corner).local.items():
            name = self.devices[role].name
            for missing in (given for given in names if given.lower() not in found.get(name.lower(), set())):
                where = f"{self._file}: corners.{corner}.statistics.local.{role}"
                raise UserError(f"{where}: .subckt '{name}' has no parameter '{missing}'")

    def _model_card(self, role: str, corner: Corner) -> str:
        parameters = dict(self.bsim4[role])
        for key, shift in getattr(corner, role, {}).items():
            nominal = float(parameters[key])
            # V_TH is shifted, in the direction that makes it larger in magnitude; everything else is scaled
            parameters[key] = nominal + math.copysign(shift, nominal * shift) if key == "vth0" else nominal * shift
        words = [f"{key}={value if isinstance(value, str) else repr(value)}" for key, value in parameters.items()]
        lines = [" ".join(words[i : i + 8]) for i in range(0, len(words), 8)]
        return f".model {self.devices[role].name} {role} level=54\n+ " + "\n+ ".join(lines)


def technology_names() -> list[str]:
    """Names of the technologies that ship with spicekit."""
    return sorted(file.stem for file in (data_root() / "models" / "cmos").glob("*.toml"))


def pdk_names() -> list[str]:
    """Names of the open PDKs whose technology file ships with spicekit, and whose library is found by ``PDK_ROOT``."""
    return sorted(file.stem for file in (data_root() / "models" / "pdk").glob("*.toml"))


@functools.cache
def bsim4_parameters() -> frozenset[str]:
    """Names of the model parameters that BSIM4 has in ngspice, in lower case."""
    text = (data_root() / "models" / "cmos" / "bsim4.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def load_technology(name: str) -> Technology:
    """Load a shipped technology by name or a user's by the path of its TOML file.

    Raises :class:`UserError` that names the file and key for a missing file, a missing or unknown key, a bad value.
    """
    if name in technology_names():
        return _load(str(data_root() / "models" / "cmos" / f"{name}.toml"))
    if name in pdk_names():
        return _load(str(data_root() / "models" / "pdk" / f"{name}.toml"))
    if name.endswith(".toml"):
        return _load(absolute(name))
    raise unknown("technology", name, [*technology_names(), *pdk_names(), "path/to/your.toml"])


@cached
def _load(path: str) -> Technology:
    file = Path(path)
    technology = read_toml(file, Technology)
    technology._file = file.resolve()  # model files are found from where the file really is
    for role in technology.mismatch.roles:
        if role not in technology.devices:
            raise UserError(f"{file}: {unknown('device', role, technology.devices, of='[mismatch]')}")
    for role, card in technology.bsim4.items():
        if role not in technology.devices:
            raise UserError(f"{file}: [bsim4.{role}] is a card of no device; this technology has {', '.join(technology.devices)}")
        if technology.diffusion and card.get("permod") == 0:
            raise UserError(
                f"{file}: bsim4.{role}.permod = 0 given; allowed with [diffusion]: 1, perimeters with the gate's edge"
            )
        for parameter in card:
            if parameter not in bsim4_parameters():  # ngspice would ignore it
                near = difflib.get_close_matches(parameter.lower(), bsim4_parameters(), n=2, cutoff=0.6)
                hint = f"; did you mean {' or '.join(near)}?" if near else "; ngspice's `devhelp bsim4` lists them"
                raise UserError(f"{file}: bsim4.{role}: unknown BSIM4 parameter '{parameter}'{hint}")
    if technology.bsim4 and technology.corners and all(corner.external for corner in technology.corners.values()):
        raise UserError(f"{file}: [bsim4] is not read, as all corners take a file: give one of them")
    for key, corner in technology.corners.items():
        if any(external.section for external in corner.external) and not technology.has_sections:
            raise UserError(
                f"{file}: corners.{key}.section: libraries have no sections in the dialect '{technology.compatibility}'"
            )
        for role in corner.statistics.local:
            if role not in technology.devices:
                raise UserError(f"{file}: {unknown('device', role, technology.devices, of=f'corners.{key}.statistics.local')}")
        for role, device in technology.devices.items():
            if not corner.external and (corner.section or role not in technology.bsim4 or device.kind != "model"):
                raise UserError(f"{file}: corners.{key} needs a file, or devices.{role} kind = 'model' and [bsim4.{role}]")
        for role in ("nmos", "pmos"):
            if corner.external and getattr(corner, role):
                raise UserError(
                    f"{file}: corners.{key}.{role} shifts [bsim4.{role}], which is not read beside a file: give one of them"
                )
            for parameter in getattr(corner, role):
                if parameter not in technology.bsim4.get(role, {}):
                    raise UserError(f"{file}: corners.{key}.{role}.{parameter} is not in [bsim4.{role}]")
    return technology
