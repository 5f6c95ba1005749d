"""A memory of many bits from the energies of one cell: arrays of cells, row decoders, an H-tree.

An access goes from the port, in the middle of one side, along an H-tree to one array, of which a row is ``mux`` words: one for
cells that a row half-selects (SRAM), eight where columns that are not chosen stay still and share an amplifier (MRAM).  What it
spends::

    H-tree     length x c_wire x VDD^2 x (word + address bits) / 4      a line rises in a quarter of the accesses (random data)
    decoder    predecoded lines over the array's height, the row's NAND, the stages before the word line's driver
    row        word x mux x e_row                                       simulated: the cells' gates, wire, driver
    cells      word x read(rows), or word x write(rows)                 simulated: bit lines with their cells, sense amplifiers

Formulas of the length and the stages: CACTI's and NVSim's (Dong et al., IEEE Trans. CAD 31, 994 (2012)) in their simplest form:
H-tree by halves, stages each four times the one before.  docs/snn-hierarchy.md says how far it is from NVSim.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from spicekit.area.rule import Box
from spicekit.errors import UserError

C_WIRE = 0.2e-15 / 1e-6  # F/m: 0.2 fF/um, the usual figure of a wire with neighbours
RISES = 0.25  # of a line's accesses: it changes in half of them, and half of those are rises
STAGES = 4 / 3  # 1 + 1/4 + 1/16 ...: a driver's gate and those of the stages before it
FAN_IN = 4  # rows that one predecoded line serves: a row's NAND is on one of the four lines of each pair of address bits
CHANGES = 0.75  # of the accesses in which a pair of random address bits changes
ROWS = (16, 32, 64, 128, 256, 512)  # of an array


@dataclass(frozen=True)
class Line:
    """An energy in J that grows with the cells on a bit line: ``fixed`` + ``each`` x rows."""

    fixed: float
    each: float = 0.0

    def at(self, rows: int) -> float:
        return self.fixed + self.each * rows


@dataclass(frozen=True)
class Cell:
    """What a memory cell costs, from simulations; energies in J a bit."""

    name: str
    box: Box
    vdd: float  # V
    read: Line  # bit line, cell and sense amplifier
    write: Line
    row: float  # word line, a column's share, where read and write do not hold it
    leak: float  # W, of an idle cell
    t_read: float  # s: an access, the memory's own part
    t_write: float
    drivers: float  # m: NMOS width of the bit lines' drivers, a bit of a word
    column: float  # m2: amplifier and drivers, a bit of a word
    mux: int = 1  # columns that share them


@dataclass(frozen=True)
class Periphery:
    """What all memories of a process have in common."""

    off: float  # A/m: leakage of a transistor that is off
    w_row: float  # m: NMOS width of a word line's driver; PMOS twice that
    row: float  # m2: that driver
    gate: float  # F/m: of a transistor of the shortest length
    w_min: float  # m


@dataclass(frozen=True)
class Bank:
    """A memory of ``bits`` with words of ``word`` bits, as ``across`` x ``along`` arrays of ``rows`` x word x mux cells."""

    cell: Cell
    periphery: Periphery
    bits: int
    word: int
    rows: int
    across: int
    along: int

    @property
    def arrays(self) -> int:
        return self.across * self.along

    @property
    def columns(self) -> int:
        """Of an array."""
        return self.word * self.cell.mux

    @property
    def cells(self) -> Box:
        """The cells of an array."""
        return Box(self.rows * self.cell.box.along, self.columns * self.cell.box.across)

    @property
    def array(self) -> Box:
        """An array with the strips of its drivers and amplifiers; decoders are not counted."""
        cells = self.cells
        return Box(
            cells.along + self.word * self.cell.column / cells.across, cells.across + self.rows * self.periphery.row / cells.along
        )

    @property
    def area(self) -> float:
        """In m2."""
        return self.arrays * self.array.area

    @property
    def efficiency(self) -> float:
        """Cells over the whole area."""
        return self.cells.area / self.array.area

    @property
    def path(self) -> float:
        """Metres from the port to an array: to the middle, then by halves."""
        along, across = self.along * self.array.along, self.across * self.array.across
        return along / 2 + along / 2 * (1 - 1 / self.along) + across / 2 * (1 - 1 / self.across)

    @property
    def address(self) -> int:
        """Address bits."""
        return math.ceil(math.log2(self.bits // self.word))

    def parts(self, operation: str) -> Mapping[str, float]:
        """Energy in J of an access, ``read`` or ``write``: part -> energy."""
        cell, volts = self.cell, self.cell.vdd**2
        nand = 3 * self.periphery.w_min * self.periphery.gate  # an NMOS and a PMOS of twice the width
        predecoded = self.rows * cell.box.along * C_WIRE + self.rows / FAN_IN * nand
        groups = math.ceil(math.log2(self.rows) / 2)
        driver = 3 * self.periphery.w_row * self.periphery.gate * STAGES
        line = cell.read if operation == "read" else cell.write
        return {
            "H-tree": self.path * C_WIRE * volts * (self.word + self.address) * RISES if self.arrays > 1 else 0.0,
            "decoder": (groups * CHANGES * predecoded + nand + driver) * volts,
            "row": self.columns * cell.row,
            "cells": self.word * line.at(self.rows),
        }

    def energy(self, operation: str) -> float:
        """J a bit of a word that is read or written."""
        return sum(self.parts(operation).values()) / self.word

    @functools.cached_property
    def energies(self) -> tuple[float, float]:
        """J a bit of a word that is read, and of one that is written."""
        return self.energy("read"), self.energy("write")

    @functools.cached_property
    def leakage(self) -> float:
        """W: cells, and the drivers of the arrays' rows and columns, of which NMOS or PMOS is off."""
        width = 1.5 * (self.rows * self.periphery.w_row + self.word * self.cell.drivers)
        return self.bits * self.cell.leak + self.arrays * width * self.periphery.off * self.cell.vdd


def bank(cell: Cell, periphery: Periphery, size: int, word: int, clock: float) -> Bank:
    """The memory of ``size`` bytes that spends least in a read a ``clock`` with its leakage, over rows and places of arrays.

    Raises :class:`UserError` if the size is no whole number of words.
    """
    bits = 8 * size
    if size < 1 or bits % word:
        raise UserError(f"a memory of {size} B: not a multiple of its words of {word} bits ({word // 8} B)")
    lines = math.ceil(bits / (word * cell.mux))  # word lines
    found = []
    for rows in {min(rows, lines) for rows in ROWS}:
        arrays = math.ceil(lines / rows)
        for across in {2**k for k in range(arrays.bit_length())}:
            found.append(Bank(cell, periphery, bits, word, rows, across, math.ceil(arrays / across)))
    return min(found, key=lambda made: (word * made.energies[0] + made.leakage / clock, made.rows, made.across))
