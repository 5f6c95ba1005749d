"""A device card, or a technology, as a plain ngspice library that any deck can include, without spicekit.

A junction becomes ``.subckt mtj_NAME free pinned params: state=0 ...`` (on a rail ``pinned head tail``), any other two-state
memory ``.subckt KIND_NAME top bot params: state=0 ...``, a technology its ``.model`` cards.  The macromodels are those of the
benches; what are variation points there are parameters here, as relative changes.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import spicekit
from spicekit.devices import DeviceCard, Placed, load_device
from spicekit.devices.junction import Form, Junction
from spicekit.devices.resistive import Resistive, two_state
from spicekit.errors import UserError, unknown
from spicekit.inputs import fingerprint, shipped
from spicekit.netlist import environment
from spicekit.paths import absolute
from spicekit.technology import Technology, load_technology, pdk_names, technology_names
from spicekit.toml import read_table
from spicekit.units import KELVIN, format_value

MODELS: dict[str, Form] = {"llg": "llg", "fast": "fast", "static": "fixed"}
_LICENCE = "Licence: the macromodel is spicekit's, GPL-3.0-or-later; the figures are those of the source above."


def library(
    name: str, *, model: str | None = None, corner: str | None = None, celsius: float | None = None, file: str = "FILE"
) -> str:
    """The text of the library of a device card or of a technology, by name or path.

    ``model`` is the macromodel of a junction (``llg`` if None), ``corner`` that of a technology (``tt``), ``celsius`` the
    temperature (the card's own; for a technology that of the deck), ``file`` the name by which its comments include it.
    Raises :class:`UserError` for a name that is neither, and for an option that it does not have.
    """
    if _is_technology(name):
        if model is not None:
            raise UserError(f"--model {model} given; '{name}' is a technology: allowed with a device card")
        return _technology_library(load_technology(name), _origin(name), corner, celsius, file)
    if corner is not None:
        raise UserError(f"--corner {corner} given; '{name}' is a device card: allowed with a technology")
    if not _is_path(name):
        _check_known(name)
    return _device_library(load_device(name), _origin(name), model, celsius, file)


def _is_path(name: str) -> bool:
    return "/" in name or name.endswith(".toml")


def _is_technology(name: str) -> bool:
    return name in (*technology_names(), *pdk_names()) or (
        name.endswith(".toml") and ":" not in name and "corners" in _table(name)
    )


def _table(name: str) -> dict[str, object]:
    return read_table(Path(absolute(name)))


def _check_known(name: str) -> None:
    from spicekit.devices import list_devices

    if name not in (known := list_devices()):
        raise unknown("device or technology", name, [*known, *technology_names(), *pdk_names(), "path/to/your.toml"])


def _origin(name: str) -> str:
    """The card or technology, and if it is a user's file what identifies its content."""
    path = Path(absolute(name.rpartition(":")[2]))
    if not path.is_file() or shipped(path):
        return f"'{name}'"
    return f"{path.name} (SHA-256 {fingerprint(path)[:16]})"


def _device_library(card: DeviceCard, origin: str, model: str | None, celsius: float | None, file: str) -> str:
    kelvin = None if celsius is None else celsius + KELVIN
    placed: Placed = card.at(kelvin)
    subcircuit = re.sub(r"[^a-z0-9]", "_", f"{card.kind}_{card.name}".lower())
    if isinstance(placed, Junction):
        form = model or "llg"
        if form not in MODELS:
            raise unknown("--model", form, MODELS)
        placed = replace(placed, form=MODELS[form])
        if form == "fast" and (section := placed.beyond_fast):
            raise UserError(f"--model fast given; device '{card.name}' has {section}: allowed: llg, static")
        temperature, about = placed.celsius, _junction_comments(placed, form)
        template = "mtj/library.lib.j2"
    else:
        if model not in (None, "static"):
            raise UserError(f"--model {model} given; device '{card.name}' is of kind '{card.kind}': allowed: static")
        default = getattr(getattr(card, "temperature", None), "default", None)
        kelvin = kelvin if kelvin is not None else default.value if default is not None else 300.15
        form, placed = "static", two_state(card, kelvin)
        temperature, about = kelvin - KELVIN, _memory_comments(placed)
        template = "rram/library.lib.j2"
    head = [
        f"{subcircuit}: {card.title}",
        f"Source: {card.reference}",
        f"Made by spicekit {spicekit.__version__} from the device card {origin}, model {form}, at {temperature:g} C: the deck's "
        ".temp does not change it (`spicekit library ... --temperature` does).",
        _LICENCE,
        *about,
    ]
    head.append(f"Use: .include {file}, then e.g. Xj1 {_terminals(placed)} {subcircuit} state=0")
    body = environment().get_template(template).render(name=subcircuit, device=placed, k=placed.numbers)
    return _text(head, body)


def _terminals(placed: Placed) -> str:
    if isinstance(placed, Junction):
        return "pinned head tail" if placed.card.three_terminal else "free pinned"
    return "top bot"


def _junction_comments(junction: Junction, form: str) -> Iterable[str]:
    k, step = junction.numbers, f"{junction.step:.2g}"
    r_p, r_ap = format_value(junction.r_p, "ohm"), format_value(junction.r_p * (1 + junction.tmr), "ohm")
    yield f"R_P {r_p}, R_AP {r_ap} at zero bias, area {k.area * 1e12:.4g} um2."
    rail = (
        f"; the rail, {format_value(k.r_rail, 'ohm')}, runs from head to tail, the junction sits at its middle" if k.sot else ""
    )
    yield f"Terminals: a positive current from the free layer to pinned drives to parallel{rail}."
    yield (
        "Parameters: state (0 parallel, 1 antiparallel"
        + ("" if form == "static" else ", at the start")
        + "); dra, dtmr, darea: relative changes of the resistance-area product, of TMR and of the area (0.05 is 5 %)"
        + ("; theta0: angle from the easy axis at the start, rad" if form != "static" else "")
        + "; m: devices in parallel."
    )
    if form == "static":
        yield "The state is given: no current changes it."
        return
    currents = f"{format_value(k.ic_ap_p, 'A')} (AP to P), {format_value(k.ic_p_ap, 'A')} (P to AP)"
    yield f"Delta {k.delta:.4g}, critical current {currents}."
    if form == "fast":
        yield "Switching time alone, without precession: for arrays."
    else:
        yield (
            f"Transient: steps of at most {step} s, as in `.tran {step} STOP 0 {step}`, and `.options method=trap reltol=1e-4` "
            "put the switching time within about 0.1 %. Gear's method damps the precession: half the step."
        )
    yield "In an operating point, a .dc and an .ac the device keeps its state. No thermal field: theta0 stands for it."
    yield "Nodes to plot: v(xj1.mx), v(xj1.my), v(xj1.mz), the magnetisation; do not load them."


def _memory_comments(memory: Resistive) -> Iterable[str]:
    k = memory.numbers
    yield f"{format_value(k.r_lrs, 'ohm')} in the low, {format_value(k.r_hrs, 'ohm')} in the high state, at low voltage."
    yield (
        "Parameters: state (0 low resistance, 1 high); dr_lrs, dr_hrs: relative changes of the two resistances (0.05 is 5 %); m: "
        "devices in parallel. The state is given: no current changes it."
    )


def _technology_library(technology: Technology, origin: str, corner: str | None, celsius: float | None, file: str) -> str:
    at = corner or "tt"
    cards = technology.cards(at)
    models = ", ".join(f"{device.name} ({role})" for role, device in technology.devices.items())
    instance = next(iter(technology.devices.values()))
    head = [
        f"{technology.name}: {technology.description}",
        f"Source: {technology.source}",
        f"Made by spicekit {spicekit.__version__} from the technology {origin}, corner {at}.",
        f"Models: {models}. Nominal supply {technology.vdd:g} V, smallest gate {format_value(technology.l_min, 'm')} long and "
        f"{format_value(technology.w_min, 'm')} wide. No mismatch.",
    ]
    letter = "M" if instance.kind == "model" else "X"
    width, factor = technology.w_min * technology.units, technology.units
    size = f"{instance.width}={width:g} {instance.length}={technology.l_min * factor:g}"
    if technology.diffusion:
        length = technology.diffusion.unshared * factor
        area, perimeter = f"{width * length:g}", f"{2 * (width + length):g}"
        told = {name: area if name.endswith("area") else perimeter for name in instance.junctions}
        size += "".join(f" {instance.junctions[name]}={value}" for name, value in told.items())
    head.append(f"{technology.junctions[0].upper()}{technology.junctions[1:]}.")
    head.append(f"Use: .include {file}, then e.g. {letter}1 drain gate source bulk {instance.name} {size}")
    if technology.compatibility != "ngspice":
        head.append(f"Run the deck as: ngspice -D ngbehavior={technology.compatibility} -b")
    if celsius is not None:
        limits = technology.temperature
        if not limits.low <= celsius <= limits.high:
            raise UserError(
                f"--temperature {celsius:g} C is outside {limits.low} to {limits.high} C of technology '{technology.name}'"
            )
        head.append(f"It sets the temperature of the whole deck to {celsius:g} C; of several .temp lines ngspice takes the last.")
        cards = f".temp {celsius!r}\n{cards}"
    return _text(head, cards)


def _text(head: Iterable[str], body: str) -> str:
    """Comments, each a paragraph, and the lines of the library; nothing of a card's text begins a line of its own."""
    plain = (" ".join(part.split()).replace("µ", "u") for part in head)
    comments = [line for part in plain for line in textwrap.wrap(part, 110, break_on_hyphens=False)]
    lines = [line for line in body.split("\n") if line.strip()]
    return "\n".join([*(f"* {line}" for line in comments), *lines]) + "\n"
