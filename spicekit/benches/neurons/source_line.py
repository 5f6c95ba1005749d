"""The source line of a neuron's row: its voltage for a number of matches, in closed form or from a table, and what it costs."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spicekit.benches.neurons.parameters import NeuronParameters
from spicekit.benches.neurons.row import read_table
from spicekit.errors import UserError
from spicekit.physics import bnn_row
from spicekit.physics.constants import E_CHARGE, K_B
from spicekit.units import KELVIN


@dataclass(frozen=True)
class SourceLine:
    """Of the row of parameters ``p``; ``table`` holds numbers of matches and volts, of shape (lines, 2), if one is given."""

    bench: str  # its name, for messages
    p: NeuronParameters
    table: NDArray[np.float64] | None

    @classmethod
    def of(cls, bench: str, p: NeuronParameters) -> SourceLine:
        """Raises :class:`UserError` for a table that is none."""
        return cls(bench, p, read_table(bench, p.row_table) if p.row_table else None)

    @property
    def r_p(self) -> float:
        """Resistance of a parallel junction with its access transistor in ohm."""
        return float(self.p.ra / (math.pi * (self.p.diameter * 1e6) ** 2 / 4) + self.p.r_access)

    @property
    def tmr(self) -> float:
        """TMR of a junction with its access transistor."""
        rolled = self.p.tmr / (1 + ((self.p.v_high - self.p.v_low) / 2 / self.p.v_half) ** 2)
        return float((rolled if self.p.roll_off == "on" else self.p.tmr) * (1 - self.p.r_access / self.r_p))

    @functools.cached_property
    def rails(self) -> tuple[float, float]:
        """Voltages in V between which the junctions lie, half of all synapses matching: V_H and V_L less what the lines drop."""
        p = self.p
        across = p.v_high - p.v_low
        row = across / bnn_row.row_current(p.synapses, p.synapses / 2, self.tmr, self.r_p, p.v_high, p.v_low)
        lines = p.r_lines / p.synapses  # on either side
        drop = across * lines / (row + 2 * lines)
        return p.v_high - drop, p.v_low + drop

    @property
    def r_out(self) -> float:
        """Output resistance of the row in ohm."""
        return (self.r_p / (1 + 1 / (1 + self.tmr)) + self.p.r_lines / 2) / self.p.synapses

    @property
    def shot(self) -> float:
        """Noise power of the row over the thermal one of ``r_out``: junctions have shot noise, here at their mean bias."""
        part = 1 - self.p.r_access / self.r_p  # of a junction in its cell
        x = part * (self.p.v_high - self.p.v_low) / 2 * E_CHARGE / (2 * K_B * (self.p.temperature + KELVIN))
        return part * x / math.tanh(x) + 1 - part

    @property
    def lsb(self) -> float:
        """What a match adds, in volts."""
        if self.table is not None:
            return float((self.table[-1, 1] - self.table[0, 1]) / (self.table[-1, 0] - self.table[0, 0]))
        return bnn_row.lsb(self.p.synapses, self.tmr, *self.rails)

    @property
    def sigma(self) -> float:
        """Standard deviation by mismatch of the junctions, in matches, for half of all synapses."""
        return bnn_row.sigma_in_lsb(self.p.synapses, self.p.synapses // 2, self.tmr, self.p.spread.r_p, self.p.sigma_tmr)

    def volts(self, n1: float) -> float:
        """Voltage for ``n1`` matches, which need not be a whole number.  Raises :class:`UserError` for one beyond the table."""
        if self.table is None:
            return bnn_row.source_line(self.p.synapses, n1, self.tmr, *self.rails)
        low, high = self.table[0, 0], self.table[-1, 0]
        if not low <= n1 <= high:
            raise UserError(
                f"bench '{self.bench}': row_table {self.p.row_table} holds {low:g} to {high:g} matches; {n1:g} are needed"
            )
        return float(np.interp(n1, self.table[:, 0], self.table[:, 1]))

    def currents(self) -> list[float]:
        """Constant, linear and quadratic coefficient in N1 of the current that flows from V_H to V_L, in amperes."""
        p = self.p
        n1 = np.array([0.0, p.synapses / 2, p.synapses])
        current = [bnn_row.row_current(p.synapses, x, self.tmr, self.r_p, *self.rails) for x in n1]
        fit = np.polynomial.polynomial.polyfit(n1, np.array(current), 2)
        return [float(x) for x in fit]
