"""The layout rule: what a transistor and what a memory cell take of a chip, from the figures of a technology.

A transistor alone is a strip of diffusion that its gate crosses, with half of the spacing to its neighbours on each side: along
the channel ``2 unshared + n L + (n - 1) shared + active_spacing`` with n fingers, across it ``W / n + 2 gate_end +
gate_spacing``.  There are as many fingers as make it the most nearly square.  Two transistors share no diffusion, wires and wells
lie above or in the spacings; standard cells drawn by the same design rules show what that is worth (tests).

In a cell the gates are word lines that run on from cell to cell, so that across only the spacing of the diffusions is added, or
the cell is as wide as the lines that run over it; a diffusion that two neighbours use is half of each.  The memory itself lies
above and takes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from spicekit.errors import UserError
from spicekit.technology import Technology


@dataclass(frozen=True)
class Box:
    """The sides of a rectangle in metres."""

    along: float  # the channel; of a cell the bit line
    across: float  # of a cell along the word line

    @property
    def area(self) -> float:
        """In m2."""
        return self.along * self.across


class Rule:
    """The layout rule of ``technology``.  Raises :class:`UserError` for one without ``[layout]`` or ``[diffusion]``."""

    def __init__(self, technology: Technology) -> None:
        for name in ("layout", "diffusion"):
            if getattr(technology, name) is None:
                raise UserError(f"{technology.file}: no [{name}], from which areas follow (docs/area.md)")
        assert technology.layout is not None
        assert technology.diffusion is not None
        self.technology, self.layout, self.diffusion = technology, technology.layout, technology.diffusion

    @property
    def feature(self) -> float:
        """F in metres."""
        return self.layout.feature

    @property
    def gate_pitch(self) -> float:
        """Of the shortest gates with a contact between them, in metres."""
        return self.technology.l_min + self.diffusion.shared

    def features(self, area: float) -> float:
        """``area``, in m2, in F^2."""
        return area / self.feature**2

    def transistor(self, width: float, length: float) -> Box:
        """A transistor by itself, with its share of the spacings around it."""

        def folded(fingers: int) -> Box:
            d, rules = self.diffusion, self.layout
            along = 2 * d.unshared + fingers * length + (fingers - 1) * d.shared + rules.active_spacing
            return Box(along, width / fingers + 2 * rules.gate_end + rules.gate_spacing)

        most = max(1, math.floor(width / self.technology.w_min))
        return min((folded(n) for n in range(1, most + 1)), key=lambda box: abs(math.log(box.along / box.across)))

    def capacitor(self, farad: float) -> float:
        """Area in m2 of a capacitor of metal."""
        return farad / self.layout.metal_capacitance

    def decoupling(self, farad: float) -> float:
        """Area in m2 of a capacitor that may be the gate of a transistor."""
        return farad / self.layout.gate_capacitance

    def stt_cell(self, width: float, length: float, lines: int = 2) -> Box:
        """1T1R: the drain, under the memory, its own, the source line's contact shared with the cell on its other side."""
        along = self.diffusion.unshared + length + (self.diffusion.shared + self.layout.active_spacing) / 2
        return Box(along, self._across(width, lines))

    def sot_cell(self, read: float, write: float, length: float, lines: int = 3) -> Box:
        """2T1R: read and write transistor one behind the other, the contacts of RBL and of WBL shared with the neighbours."""
        one = self.diffusion.shared / 2 + length + self.diffusion.unshared
        return Box(2 * one + self.layout.active_spacing, self._across(max(read, write), lines))

    def series_cell(self, width: float, length: float, lines: int = 1) -> Box:
        """1T1R with a bypass: both transistors on one diffusion, the node between them the cell's lower end."""
        d = self.diffusion
        along = 2 * d.unshared + 2 * length + d.shared + self.layout.active_spacing
        return Box(along, self._across(width, lines))

    def sram_cell(self, pull_down: float, pass_gate: float, pull_up: float, length: float, port: float = 0.0) -> Box:
        """The thin cell: four strips of diffusion along the bit line, an NMOS and a PMOS one for each node, crossed by two gates.

        All contacts at its ends are shared with the neighbours.  Between two strips that differ in type, and to the next cell,
        gates end; between the PMOS lies the spacing of diffusions.  A read ``port`` is one more NMOS strip of that width.
        """
        rules = self.layout
        ends = 2 * rules.gate_end + rules.gate_spacing
        across = 2 * max(pull_down, pass_gate) + 2 * pull_up + 3 * ends + rules.active_spacing
        return Box(2 * (length + self.diffusion.shared), across + (port + ends if port else 0.0))

    def _across(self, width: float, lines: int) -> float:
        return max(width + self.layout.active_spacing, lines * self.layout.metal_pitch)
