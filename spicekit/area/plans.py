"""Which regions the circuit of a bench has: a function a family, found by the bench's class.

A bench of one's own that derives from a shipped one has that one's; another one registers a function:
``@regions.register`` before ``def _(bench: MyBench, rule: Rule) -> tuple[Region, ...]``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import singledispatch
from typing import Any

from spicekit.area.plan import Part, Plan, Published, Region
from spicekit.area.rule import Rule
from spicekit.bench import Bench
from spicekit.benches.arrays.sot import SotArray
from spicekit.benches.arrays.stt import SttArray
from spicekit.benches.bnn.array import RowBench
from spicekit.benches.bnn.macro_circuit import MacroCircuit
from spicekit.benches.c3cim.baseline import C3cimConventional
from spicekit.benches.c3cim.column import C3cimBench
from spicekit.benches.digital.adder_tree import AdderTree
from spicekit.benches.digital.gates import SIZES
from spicekit.benches.digital.logic import LogicBench
from spicekit.benches.digital.sram_cell import SramCell
from spicekit.benches.neurons.charge_if import ChargeIf
from spicekit.benches.neurons.circuit import C_BIAS, NeuronCircuit
from spicekit.benches.sensing.current_mode import CurrentMode
from spicekit.benches.sensing.sot_sense import SotSense
from spicekit.benches.sensing.source import SenseBench
from spicekit.benches.sensing.tbs import TbsSense
from spicekit.benches.sensing.vsa import VsaSense
from spicekit.benches.sot.column import SotColumn
from spicekit.benches.sot.write_path import SotWritePath
from spicekit.benches.stt.cell import SttCell
from spicekit.errors import UserError
from spicekit.netlist import render

Sized = tuple[str, float, float]  # type, width and length in metres
Regions = tuple[Region, ...]

NVSIM = "the STT-MRAM cell in NVSim's samples"
ROWS = COLUMNS = 128  # of the array beside which TBS and VSA are held, that of STT-BNN

_TRANSISTOR = re.compile(r"^X(\S+) .*?\b[np]mos_(?:mc|tt) w=(\S+) l=(\S+)(.*)$", re.MULTILINE)
# how the names of the transistors begin that several neurons share
PHASES = ("g_ph", "g_d", "g_sub", "g_az", "g_off", "g_take", "g_strobe")
BIAS = ("bias_", "replica")
# what drives the row is no part of its neuron; the gates of its access transistors are those of the cells
LINES, WORD = ("line_i", "line_h", "line_l"), ("word_n", "word_p")
ROW = (*LINES, "word_")


def floor_plan(bench: Bench[Any]) -> Plan:
    """The areas of what ``bench`` simulates.

    Raises :class:`UserError` for a technology without a layout rule and for a bench whose circuit has no area that is known.
    """
    rule = Rule(bench.technology)
    found = regions(bench, rule)
    areas = {region.name: region.area for region in found}
    return Plan(bench.name, bench.technology.name, rule.feature, found, tuple(published(bench, rule, areas)))


@singledispatch
def regions(bench: Bench[Any], rule: Rule) -> Regions:
    """The regions of ``bench``; a later one may have earlier ones as parts."""
    raise UserError(
        f"bench '{bench.name}': no area is known of its circuit; allowed: cells, amplifiers, columns, neurons, macros"
    )


@singledispatch
def published(bench: Bench[Any], rule: Rule, areas: Mapping[str, float]) -> Iterable[Published]:
    """Published figures beside those of ``areas``, the regions' in m2 by their names."""
    return ()


def drawn(rule: Rule, devices: Mapping[str, Sized], count: float = 1.0) -> list[Part]:
    """A part for each group of ``devices``: the sides of a pair, the transistors of a gate, the stages of a line."""
    groups: dict[str, list[Sized]] = {}
    for name, device in devices.items():
        groups.setdefault(_group(name), []).append(device)
    parts = []
    for name, group in groups.items():
        area = sum(rule.transistor(width, length).area for _, width, length in group)
        sizes = sorted({f"{width * 1e6:.3g}/{length * 1e6:.3g}" for _, width, length in group})
        parts.append(Part(name, count, area, f"{len(group)} transistor{'s' if len(group) > 1 else ''}, {', '.join(sizes)} um"))
    return parts


def _group(name: str) -> str:
    """What the transistor ``name`` belongs to."""
    of = re.sub(r"_(?:[np]\d*|rbl|ref)$", "", name)
    if gate := re.match(r"(nand|nor|hold)[ab][nps]?$", of):
        return gate[1]
    return re.sub(r"^(line|reset|buffer|sharp|z|line_|rest_)\d+$", lambda match: match[1].rstrip("_"), of)


def inverter(rule: Rule, width: float) -> float:
    """Area in m2 of an NMOS of ``width`` and a PMOS of twice that, of the shortest length."""
    short = rule.technology.l_min
    return rule.transistor(width, short).area + rule.transistor(2 * width, short).area


# --- cells


def stt_cell(rule: Rule, width: float, length: float) -> Region:
    """1T1MTJ with BL and SL along the column."""
    box = rule.stt_cell(width, length)
    return Region("cell", (Part("1T1MTJ", 1, box.area, _sides(box.along, box.across)),))


def sot_cell(rule: Rule, read: float, write: float, length: float) -> Region:
    """2T1R with RBL, WBL and SL along the column."""
    box = rule.sot_cell(read, write, length)
    return Region("cell", (Part("2T1R", 1, box.area, _sides(box.along, box.across)),))


def _sides(along: float, across: float) -> str:
    return f"{along * 1e9:.0f} nm along the bit line, {across * 1e9:.0f} nm along the word line"


@regions.register
def _(bench: SttCell, rule: Rule) -> Regions:
    return (stt_cell(rule, bench.p.w_access, bench.l_access),)


@regions.register
def _(bench: SotColumn, rule: Rule) -> Regions:
    cell = sot_cell(rule, bench.p.w_read, bench.p.w_write, bench.l_access)
    return (cell, Region("column", (cell.as_part(bench.p.rows),), "cells alone"))


@regions.register
def _(bench: SotWritePath, rule: Rule) -> Regions:
    return (sot_cell(rule, bench.p.w_read, bench.p.w_write, bench.l_access),)


@published.register(SttCell)
@published.register(SotColumn)
@published.register(SotWritePath)
@published.register(SttArray)
@published.register(SotArray)
def _(bench: Bench[Any], rule: Rule, areas: Mapping[str, float]) -> Iterable[Published]:
    return (Published("cell", "F2", rule.features(areas["cell"]), 54, NVSIM),)


@regions.register
def _(bench: SramCell, rule: Rule) -> Regions:
    p = bench.p
    port = bench.devices()["port"][1] if bench.port else 0.0
    box = rule.sram_cell(p.w_pd, p.w_pg, p.w_pu, bench.l_cell, port)
    return (Region("cell", (Part("8T" if port else "6T", 1, box.area, _sides(box.along, box.across)),)),)


@published.register
def _(bench: SramCell, rule: Rule, areas: Mapping[str, float]) -> Iterable[Published]:
    if not bench.port:
        yield Published(
            "cell", "F2", rule.features(areas["cell"]), 171, "0.346 um2 at 45 nm; Intel, January 2006; Mistry et al., IEDM 2007"
        )


# --- digital


@regions.register
def _(bench: LogicBench, rule: Rule) -> Regions:
    return (Region("circuit", tuple(_gates(bench, rule, {})), f"{bench.circuit.transistors} transistors"),)


@regions.register
def _(bench: AdderTree, rule: Rule) -> Regions:
    """Each level's adder as often as there are; those that only feed others are no part of the tree."""
    counts = {f"vdd_level{level}": float(bench.count(level)) for level in range(1, bench.levels + 1)}
    return (Region("tree", tuple(_gates(bench, rule, counts)), f"{bench.p.inputs} words of {bench.p.width} bits"),)


def _gates(bench: LogicBench, rule: Rule, counts: Mapping[str, float]) -> list[Part]:
    """A part a kind of gate; ``counts``: supply -> how often its gates count, in place of once each."""
    found: dict[str, tuple[float, float]] = {}  # kind -> count, area of one
    for gate in bench.circuit.gates:
        count, _ = found.get(gate.kind, (0.0, 0.0))
        area = sum(rule.transistor(*bench.devices[f"{gate.name}_{part}"][1:]).area for part in SIZES[gate.kind])
        found[gate.kind] = (count + (counts.get(gate.supply, 0.0) if counts else 1.0), area)
    return [Part(kind, count, area, f"{len(SIZES[kind])} transistors") for kind, (count, area) in found.items()]


# --- arrays


@regions.register
def _(bench: SttArray, rule: Rule) -> Regions:
    p = bench.p
    cell = stt_cell(rule, p.w_access, bench.l_access)
    lines = p.columns + (p.columns if p.sl == "column" else p.rows)
    drivers = (
        Part("drivers of BL and SL", lines, inverter(rule, p.w_driver), f"inverters, NMOS of {p.w_driver * 1e6:g} um"),
        Part("drivers of WL", p.rows, inverter(rule, p.w_word), f"inverters, NMOS of {p.w_word * 1e6:g} um"),
    )
    return (cell, Region("macro", (cell.as_part(p.rows * p.columns), *drivers), f"{p.rows} x {p.columns}, no decoders"))


@regions.register
def _(bench: SotArray, rule: Rule) -> Regions:
    p, short = bench.p, rule.technology.l_min
    cell = sot_cell(rule, p.w_read, p.w_write, bench.l_access)
    lines = 2 * p.columns + (p.columns if p.sl == "column" else p.rows)
    drivers = (
        Part("drivers of RBL, WBL and SL", lines, rule.transistor(p.w_driver, short).area, f"NMOS of {p.w_driver * 1e6:g} um"),
        Part("drivers of RWL and WWL", 2 * p.rows, inverter(rule, p.w_word), f"inverters, NMOS of {p.w_word * 1e6:g} um"),
        Part("mirror", p.columns, rule.transistor(p.w_mirror, p.l_mirror).area, "output for each column"),
    )
    return (cell, Region("macro", (cell.as_part(p.rows * p.columns), *drivers), f"{p.rows} x {p.columns}, no decoders"))


# --- IMCE's sense amplifier


@regions.register
def _(bench: SotSense, rule: Rule) -> Regions:
    p, length, devices = bench.p, bench.logic.l_access, bench.devices()
    cell = sot_cell(rule, p.w_read, p.w_write, length)

    def those(*beginnings: str) -> dict[str, Sized]:
        return {name: device for name, device in devices.items() if name.startswith(beginnings)}

    mirror = rule.transistor(p.w_mirror, p.l_mirror).area
    legs = [
        Part(f"reference leg {leg}", 1, rule.transistor(fingers * p.w_read, length).area, where)
        for leg, fingers, where in (("M", 1, "of a read"), ("AND", p.fan_in, "of logic"), ("OR", p.fan_in, "of logic"))
    ]
    amplifier = Region(
        "amplifier",
        (
            *drawn(rule, those("tail", "input", "latch", "reset", "nor")),
            *drawn(rule, those("enable", "discharge", "equal")),
            Part("mirror", 3, mirror, "diode and two outputs"),
            *legs,
            Part("drivers of EN", 3, inverter(rule, p.w_driver), "one for each leg"),
            *drawn(rule, those("se_", "sae_")),
        ),
        "of one column",
    )
    dummy = rule.stt_cell(p.w_read, length, lines=1).area
    column = Region(
        "column",
        (cell.as_part(p.rows), Part("replica of RBL", p.rows, dummy, "a read transistor for each cell"), amplifier.as_part()),
    )
    words = Part("drivers of RWL", p.rows, inverter(rule, p.w_driver))
    return (
        cell,
        amplifier,
        column,
        Region("macro", (column.as_part(p.columns), words), f"{p.rows} x {p.columns}, read and logic"),
    )


@published.register
def _(bench: SotSense, rule: Rule, areas: Mapping[str, float]) -> Iterable[Published]:
    p, cells = bench.p, bench.p.rows * bench.p.columns * areas["cell"]
    leg = rule.transistor(p.fan_in * p.w_read, bench.logic.l_access).area
    logic = p.columns * 2 * (leg + inverter(rule, p.w_driver))
    source = "Fan, ASP-DAC 2018; over what could not be read"
    yield Published("cell", "F2", rule.features(areas["cell"]), 54, NVSIM)
    yield Published("AND and OR over an array that is only read", "%", 100 * logic / (areas["macro"] - logic), 15.4, source)
    yield Published("amplifiers over the cells", "%", 100 * p.columns * areas["amplifier"] / cells, 15.4, source)


# --- sense amplifiers behind one interface


@regions.register
def _(bench: SenseBench, rule: Rule) -> Regions:
    devices = bench.amplifier_devices()
    if not isinstance(bench, TbsSense):
        # of what several of them use only the gates' area is known: that of transistors of 2 um / 1 um
        shared = Part("share of the reference", bench.shared_area / 2e-12, rule.transistor(2e-6, 1e-6).area, "of 2/1 um")
        bias = drawn(rule, bench.bias_devices(), 1 / bench.p.users) if isinstance(bench, CurrentMode) else []
        return (Region("amplifier", (*drawn(rule, devices), *bias, *([shared] if shared.count else []))),)
    line = bench.line_devices()
    own = {name: device for name, device in devices.items() if name not in line}
    parts = (*drawn(rule, own), *drawn(rule, line, 1 / bench.p.amplifiers))
    return (Region("amplifier", parts, f"delay line shared by {bench.p.amplifiers}"),)


@published.register
def _(bench: TbsSense, rule: Rule, areas: Mapping[str, float]) -> Iterable[Published]:
    other = regions(VsaSense(technology=bench.p.technology), rule)[0].area
    cells = ROWS * COLUMNS * stt_cell(rule, bench.p.w_access, rule.technology.l_min).area
    name = f"{COLUMNS} TBS in place of VSA, in an array of {ROWS} x {COLUMNS}"
    more = 100 * COLUMNS * (areas["amplifier"] - other) / (cells + COLUMNS * other)
    yield Published(name, "%", more, 1, "Trinh et al., TCAS-I 2018", at_most=True)


# --- the binary row


def xnor_cell(rule: Rule, width: float, length: float) -> Region:
    """Two 1T1MTJ cells side by side, BL over the one and BLB over the other; SL runs along the row."""
    box = rule.stt_cell(width, length, lines=1)
    return Region("cell", (Part("1T1MTJ", 2, box.area, _sides(box.along, box.across)),), "of an XNOR")


@regions.register
def _(bench: RowBench, rule: Rule) -> Regions:
    p = bench.p
    cell = xnor_cell(rule, p.w_access, bench.l_access)
    sense = drawn(rule, bench.sense_devices())
    lifts = [Part("capacitors of the lift", p.boost, rule.capacitor(p.c_boost))] if p.boost else []
    word = Part("driver of WL", 1, inverter(rule, p.w_word))
    row = Region("row", (cell.as_part(p.n), *sense, *lifts, word), f"{p.n} cells")
    lines = Part("drivers of BL and BLB", 2 * p.n, inverter(rule, p.w_driver), f"inverters, NMOS of {p.w_driver * 1e6:g} um")
    if not isinstance(bench, MacroCircuit):
        return (cell, row)
    (amplifier,) = regions(bench.amplifier, rule)
    parts = (row.as_part(p.rows), amplifier.as_part(p.rows), lines)
    return (cell, row, amplifier, Region("macro", parts, f"{p.rows} rows, an amplifier each, no decoders"))


@published.register
def _(bench: RowBench, rule: Rule, areas: Mapping[str, float]) -> Iterable[Published]:
    yield Published("half a cell, 1T1MTJ", "F2", rule.features(areas["cell"]) / 2, 54, NVSIM)


# --- neurons


@regions.register
def _(bench: NeuronCircuit, rule: Rule) -> Regions:
    p = bench.p
    own: dict[str, Sized] = {}
    shared: dict[str, Sized] = {}
    row: dict[str, Sized] = {}
    for name, width, length, rest in _TRANSISTOR.findall(render(bench)):
        several = re.search(r"\bm=(\S+)", rest)
        copies = float(several[1]) if several else 1.0
        # one of m transistors in parallel is a finger of theirs
        place = row if name.startswith(ROW) else shared if name.startswith(PHASES + BIAS) else own
        place[name] = ("", copies * float(width), float(length))

    def those(devices: Mapping[str, Sized], beginnings: tuple[str, ...]) -> list[Sized]:
        return [device for name, device in devices.items() if name.startswith(beginnings)]

    parts = drawn(rule, {name: device for name, device in own.items() if not name.startswith("g_")})
    groups = (
        ("gates", 1.0, those(own, ("g_",))),
        ("phases", 1 / p.neurons, those(shared, PHASES)),
        ("bias", 1 / p.neurons, those(shared, BIAS)),
    )
    for name, count, devices in groups:
        area = sum(rule.transistor(width, length).area for _, width, length in devices)
        parts.append(Part(name, count, area, f"{len(devices)} transistors"))
    decoupling = Part("decoupling of the bias", 4 / p.neurons, rule.decoupling(C_BIAS), f"gate of {C_BIAS * 1e15:g} fF")
    transistors = Region("transistors", (*parts, decoupling), f"phases and bias shared by {p.neurons}")
    capacitors = Region(
        "capacitors",
        tuple(Part(name, 1, farad / p.c_density, f"{farad * 1e15:.3g} fF") for name, farad in bench.capacitors().items()),
        f"of metal, {p.c_density * 1e3:g} fF/um2",
    )
    neuron = Region("neuron", (transistors.as_part(), capacitors.as_part()), "side by side")
    above = max((transistors, capacitors), key=lambda layer: layer.area)
    stacked = Region("neuron, stacked", (above.as_part(),), "capacitors above the transistors: the larger of both")
    cell = xnor_cell(rule, p.w_access, rule.technology.l_min)
    lines, word = (
        Part(name, 1, sum(rule.transistor(width, length).area for _, width, length in those(row, beginnings)), about)
        for name, beginnings, about in (
            ("drivers of BL and BLB", LINES, f"this row's share of {p.rows} rows"),
            ("driver of WL", WORD, "of a word line that toggles"),
        )
    )
    drivers = (lines, word) if word.area else (lines,)
    whole = Region("row", (cell.as_part(p.synapses), neuron.as_part(), *drivers), f"{p.synapses} synapses")
    return (cell, transistors, capacitors, neuron, stacked, whole)


@published.register
def _(bench: NeuronCircuit, rule: Rule, areas: Mapping[str, float]) -> Iterable[Published]:
    charge = isinstance(bench, ChargeIf)
    source = "Duong et al., Int. J. Circuit Theory Appl." if charge else "IEEE Access 2021, 10.1109/ACCESS.2021.3125685"
    for name in ("neuron", "neuron, stacked"):
        yield Published(name, "F2", rule.features(areas[name]), 19e3 if charge else 32e3, source)


# --- C3CIM


@regions.register
def _(bench: C3cimBench, rule: Rule) -> Regions:
    p = bench.p
    length = rule.technology.l_min if p.l_cell is None else p.l_cell
    box = rule.series_cell(p.w_cell, length)
    cell = Region("cell", (Part("2T1R", 1, box.area, _sides(box.along, box.across)),))
    sizes = {"mirror": (p.w_mirror, p.l_mirror), "cascode": (p.w_cascode, p.l_cascode), "weak": (p.w_weak, p.l_weak)}
    source = drawn(rule, {name: ("pmos", width, long) for name, (width, long) in sizes.items()})
    return (cell, Region("column", (cell.as_part(p.n), *source), f"{p.n} cells and the current, no read-out"))


@regions.register
def _(bench: C3cimConventional, rule: Rule) -> Regions:
    length = rule.technology.l_min if bench.p.l_cell is None else bench.p.l_cell
    box = rule.stt_cell(bench.p.w_cell, length)
    cell = Region("cell", (Part("1T1R", 1, box.area, _sides(box.along, box.across)),))
    amplifier = drawn(
        rule,
        {
            "follower": ("nmos", bench.p.w_follower, rule.technology.l_min),
            "input_p": ("nmos", bench.p.w_input, bench.p.l_input),
            "input_n": ("nmos", bench.p.w_input, bench.p.l_input),
        },
    )
    return (cell, Region("column", (cell.as_part(bench.p.n), *amplifier), f"{bench.p.n} cells and the clamp, no read-out"))
