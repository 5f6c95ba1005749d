"""The arrays that the compiled engine reads (``struct Circuit`` of transient.cpp), and the order in which it eliminates."""

from __future__ import annotations

import ctypes
import heapq
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spicekit.engines.batch.program import Current, Program, merged
from spicekit.engines.batch.unsupported import Unsupported

COUNTS = (
    "unknowns", "nodes", "knowns", "devices", "outputs", "saves", "entries", "operations", "breaks", "parameters", "until",
    "iterations_op", "iterations",
)  # fmt: skip
_ITEMS = (
    "node_start:i", "node_unknown:i", "node_factor:d", "part_start:i", "part_known:i", "part_factor:d", "kernel:i", "constant:i",
    "input_start:i", "output_start:i", "column_start:i", "block:i", "constants:d", "plus:i", "minus:i", "has_current:i",
    "has_charge:i", "row_start:i", "row:i", "row_weight:i", "row_factor:d", "column:i", "term_start:i", "term_input:i",
    "term_factor:d", "position:i", "diagonal:i", "limited:i", "program:i", "known_kind:i", "known_start:i",
    "known_data:d", "break_times:d",
    "tolerance:d", "save_node:i", "save_start:i", "save_output:i", "save_weight:i", "save_factor:d",
)  # fmt: skip
ARRAYS = dict(item.split(":") for item in _ITEMS)  # name -> i or d
NUMBERS = ("reltol", "abstol", "chgtol", "trtol", "stop", "step", "largest", "resting")


class Circuit(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int) for name in COUNTS),
        *((name, ctypes.c_void_p) for name in ARRAYS),
        *((name, ctypes.c_double) for name in NUMBERS),
    ]


class Layout:
    """The arrays of a circuit, which live as long as this object; ``arrays`` are int32 or double as ``ARRAYS`` says."""

    def __init__(self, counts: Mapping[str, int], numbers: Mapping[str, float], arrays: Mapping[str, NDArray[Any]]) -> None:
        self.counts, self.numbers, self.arrays = counts, numbers, arrays
        self.circuit = Circuit(**counts, **numbers)
        for name, array in arrays.items():
            setattr(self.circuit, name, array.ctypes.data)


def laid_out(program: Program, save: Sequence[str], until: str | None, numbers: Mapping[str, float], parameters: int) -> Layout:
    """The arrays of ``program``; ``save`` are vectors as ngspice names them."""
    names = list(program.node)
    number = {name: k for k, name in enumerate(names)}
    of_output: dict[int, list[tuple[int, Current]]] = {}
    for row, currents in program.rows.items():
        for current in currents:
            of_output.setdefault(current.output, []).append((row, current))

    a: dict[str, list[Any]] = {name: [] for name in ARRAYS}
    for starts in (
        "node_start",
        "part_start",
        "input_start",
        "output_start",
        "column_start",
        "block",
        "row_start",
        "term_start",
    ):
        a[starts].append(0)
    for name in names:
        place = program.node[name]
        a["node_unknown"] += place.unknown
        a["node_factor"] += place.unknown.values()
        a["node_start"].append(len(a["node_unknown"]))
        a["part_known"] += place.known
        a["part_factor"] += place.known.values()
        a["part_start"].append(len(a["part_known"]))

    used: list[tuple[int, int]] = []  # (row, column), in the order in which the engine stamps
    tables: dict[tuple[float, ...], int] = {}
    for device in program.devices:
        if len(device.inputs) > 32:
            raise Unsupported("an expression of more than 32 voltages")
        terms: dict[int, list[tuple[int, float]]] = {}
        for k, (plus, minus) in enumerate(device.inputs):
            a["plus"].append(number[plus])
            a["minus"].append(number[minus])
            for unknown, factor in program.node[plus].plus(program.node[minus], -1.0).unknown.items():
                terms.setdefault(unknown, []).append((k, factor))
        if len(terms) > 32:
            raise Unsupported("an expression of more than 32 unknowns")
        if device.constants not in tables:
            tables[device.constants] = len(a["constants"])
            a["constants"] += device.constants
        a["kernel"].append(device.kernel)
        a["constant"].append(tables[device.constants])
        a["input_start"].append(len(a["plus"]))
        a["output_start"].append(device.first + device.outputs)
        a["block"].append(a["block"][-1] + 2 * device.outputs * (1 + len(device.inputs)))
        for unknown, parts in terms.items():
            a["column"].append(unknown)
            a["term_input"] += [k for k, _ in parts]
            a["term_factor"] += [factor for _, factor in parts]
            a["term_start"].append(len(a["term_input"]))
        a["column_start"].append(len(a["column"]))
        for output in range(device.first, device.first + device.outputs):
            a["has_current"].append(int(device.has_current))
            a["has_charge"].append(int(device.has_charge))
            for row, current in of_output.get(output, []):
                a["row"].append(row)
                a["row_weight"].append(current.weight)
                a["row_factor"].append(current.factor)
                used += [(row, unknown) for unknown in terms]
            a["row_start"].append(len(a["row"]))

    places: dict[tuple[int, int], int] = {}
    for pair in [*used, *((k, k) for k in program.voltages)]:
        places.setdefault(pair, len(places))
    a["position"] = [places[pair] for pair in used]
    a["diagonal"] = [places[(k, k)] if k in program.voltages else -1 for k in range(program.unknowns)]
    limited = {unknown for name in program.limited for unknown in program.node[name].unknown}
    a["limited"] = [int(k in limited) for k in range(program.unknowns)]
    a["program"] = eliminated(places, program.unknowns)
    for kind, data in program.known:
        a["known_kind"].append(kind)
        a["known_start"].append(len(a["known_data"]))
        a["known_data"] += data
    stop = numbers["stop"]
    a["break_times"] = [*sorted(t for t in program.breaks if t < stop), stop]
    a["tolerance"] = [numbers["vntol"]] * program.unknowns
    a["save_start"].append(0)
    for vector in save:
        _save(program, vector, number, a)

    counts = {
        "unknowns": program.unknowns, "nodes": len(names), "knowns": len(program.known), "devices": len(program.devices),
        "outputs": program.outputs, "saves": len(save), "entries": len(places), "operations": len(a["program"]),
        "breaks": len(a["break_times"]), "parameters": parameters,
        "until": -1 if until is None else _node(until, number), "iterations_op": 100, "iterations": 10,
    }  # fmt: skip
    arrays = {name: np.array(a[name], dtype=np.int32 if kind == "i" else np.float64) for name, kind in ARRAYS.items()}
    return Layout(counts, {name: numbers[name] for name in NUMBERS}, arrays)


def _node(name: str, number: Mapping[str, int]) -> int:
    if name not in number:
        raise Unsupported(f"v({name}), which the circuit does not have")
    return number[name]


def _save(program: Program, vector: str, number: Mapping[str, int], a: dict[str, list[Any]]) -> None:
    kind, name = vector[0].lower(), vector[2:-1].strip().lower()
    name = name.removeprefix("v.") if kind == "i" else name  # ngspice's name of a source in a subcircuit
    if kind not in "vi" or "," in name:
        raise Unsupported(f"the vector {vector}")
    currents = merged(program.currents(name)) if kind == "i" else []
    a["save_node"].append(_node(name, number) if kind == "v" else -1)
    a["save_output"] += [c.output for c in currents]
    a["save_weight"] += [c.weight for c in currents]
    a["save_factor"] += [c.factor for c in currents]
    a["save_start"].append(len(a["save_output"]))


def eliminated(places: dict[tuple[int, int], int], size: int) -> list[int]:
    """The elimination as the engine runs it; entries that it fills in are added to ``places``.

    The pivots are the unknowns in their own equations, the one that fills in least next (H. M. Markowitz, Management Science 3,
    255 (1957)).
    """
    rows: list[set[int]] = [set() for _ in range(size)]
    columns: list[set[int]] = [set() for _ in range(size)]
    for row, column in places:
        rows[row].add(column)
        columns[column].add(row)
    left, order = set(range(size)), []
    forward: list[int] = []
    back: list[list[int]] = []

    def cost(k: int) -> int:
        return (len(rows[k]) - 1) * (len(columns[k]) - 1)

    waiting = [(cost(k), k) for k in range(size) if k in rows[k]]  # a heap, with what was true earlier left in it
    heapq.heapify(waiting)
    while left:
        while waiting and (waiting[0][1] not in left or waiting[0][0] != cost(waiting[0][1])):
            heapq.heappop(waiting)
        if not waiting:
            raise Unsupported("equations that need a pivot beside their diagonal")
        _, pivot = heapq.heappop(waiting)
        left.remove(pivot)
        order.append(pivot)
        across = sorted(rows[pivot] - {pivot})
        down = sorted(columns[pivot] - {pivot})
        forward += [places[(pivot, pivot)], pivot, len(down)]
        for row in down:
            forward += [places[(row, pivot)], row, len(across)]
            for column in across:
                places.setdefault((row, column), len(places))
                rows[row].add(column)
                columns[column].add(row)
                forward += [places[(row, column)], places[(pivot, column)]]
            rows[row].discard(pivot)
        for column in across:
            columns[column].discard(pivot)
        for k in {*down, *across}:
            if k in rows[k]:
                heapq.heappush(waiting, (cost(k), k))
        back.append([places[(pivot, pivot)], pivot, pivot, len(across), *(x for c in across for x in (places[(pivot, c)], c))])
    return forward + [x for part in reversed(back) for x in part]
