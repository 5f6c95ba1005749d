"""What a system's table says about one cell at one operating point, in the terms that the formats share.

The formats differ in names and units; what they ask for (resistances, currents, pulses, energies, area) is the same, and so
is the choice of the operating point.  Everything here is in SI units, area in F^2 as in the table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np

from spicekit.errors import UserError
from spicekit.export.place import Footprint, Point, number, record_of, system_of
from spicekit.export.roles import BY_SYSTEM, Roles, SramRoles, Write
from spicekit.records import parse
from spicekit.table import LookupTable

STATES = ("p", "ap")  # parallel: low resistance, "on", written by SET; antiparallel: "off", written by RESET
WRITES = ("set", "reset")

OF_STATIC = ("nvsim", "neurosim", "csv", "npz")  # formats that know a static cell
_OTHERS = {2: "SOT:", 3: "STT:"}  # terminals -> beginning of a limit that is not of such a cell


def roles_of(table: LookupTable) -> Roles | SramRoles | None:
    """What its variables are of a cell; None if it is the table of none.  Raises :class:`SpicekitError` for a damaged record."""
    recorded = record_of(table).get("cell")
    if recorded is not None:
        text = json.dumps(recorded)
        static = isinstance(recorded, dict) and recorded.get("kind") == "sram"
        return parse(text, SramRoles, table.origin) if static else parse(text, Roles, table.origin)
    return BY_SYSTEM.get(system_of(table))


class Cell(Footprint):
    """One cell at one operating point.  ``given`` are the user's coordinates, ``to`` the format that asks (for messages).

    Raises :class:`UserError` if the table is not a system's, if the point lies outside, or, when it is asked for, if the
    table lacks a field.
    """

    def __init__(self, table: LookupTable, given: Point, to: str) -> None:
        roles, system = roles_of(table), system_of(table)
        if roles is None:
            found = f"system '{system}'" if system else f"bench '{record_of(table).get('bench', 'unknown')}'"
            raise UserError(
                f"{table.origin} is a table of {found}, and its record does not say under 'cell' what the variables are of a "
                f"memory cell; format '{to}' needs one that does: spicekit characterize SYSTEM --out DIR, of a system with a cell"
            )
        if isinstance(roles, SramRoles):
            raise UserError(
                f"{table.origin} is a table of a static cell, which format '{to}' does not know; allowed: {', '.join(OF_STATIC)}"
            )
        super().__init__(table, given, to)
        self.roles: Roles = roles

    @property
    def r(self) -> tuple[float, float]:
        """Junction resistances in ohm at the read's operating point: parallel, antiparallel."""
        return self._pair(self.roles.resistance)

    @property
    def v_read(self) -> float:
        """Read voltage in V; of a cell read by a current the voltage that it takes with a parallel junction."""
        return self.value(self.roles.v_read)

    @property
    def i_read(self) -> float:
        """Read current in A: the forced one, or that of the parallel state."""
        return self.value(self.roles.i_read)

    @property
    def t_read(self) -> float:
        """Time in s in which the read energy is spent."""
        return self.value(self.roles.t_read)

    @property
    def e_read(self) -> float:
        """Energy of one read in J, mean of both states."""
        return sum(self._pair(self.roles.e_read)) / 2

    @property
    def read_cost(self) -> tuple[float, float, str]:
        """Energy in J (mean of both states) and time in s of one read without its sense amplifier, and what they are of.

        Through drivers and lines where the table has that; otherwise the bit line's alone, for the time of the read.
        """
        if self.roles.settle is not None:
            energies, time = self.roles.settle
            if all(name in self.table.variables for name in (*energies, time)):
                what = f"bit line, its driver and a share of the word line, {number(self.t_read * 1e9)} ns long; settled to 1 %"
                return sum(self._pair(energies)) / 2, self.value(time), what
        return self.e_read, self.t_read, "bit line alone, without drivers; as long as it is read"

    @property
    def leak(self) -> float:
        """Power in W of an idle cell; 0 if the table says none: no line of a magnetic cell stands under voltage then."""
        found = self.optional(self.roles.leak)
        return 0.0 if found is None else found

    @property
    def p_read(self) -> float:
        """Power in W of a read as NVSim means it: the current of a parallel cell, all of it from the supply ``vdd``."""
        return self.value("vdd") * self.i_read

    @property
    def v_access(self) -> float:
        """Voltage in V over the access path (transistor, and rail of a SOT cell) while a parallel cell is read.

        Current and resistance of a junction move against each other over its trials: the product of their means is its mean
        voltage only where the current is forced.
        """
        junction = self.optional(self.roles.junction)
        found = self.v_read - (self.value(self.roles.current) * self.r[0] if junction is None else junction)
        if found <= 0:
            raise UserError(
                f"{self.table.origin}: at {self.where()} the junction's mean voltage is {self.v_read - found:.4g} V of a read at "
                f"{self.v_read:.4g} V: name a variable that holds it ('junction' of the cell's roles)"
            )
        return found

    @property
    def r_access(self) -> float:
        """Resistance in ohm of that path."""
        return self.v_access / self.value(self.roles.current)

    def write_current(self, write: str) -> float:
        """Current of ``write`` in A.

        Through an STT junction it changes when the state flips; the larger of both ends, for which drivers are sized.
        """
        return max(self.value(name) for name in self._write(write).current)

    def write_energy(self, write: str) -> float:
        """Energy of ``write`` in J."""
        return self.value(self._write(write).energy)

    @property
    def e_write(self) -> float:
        """Energy of one write in J, mean of both directions."""
        return sum(self.write_energy(write) for write in WRITES) / 2

    @property
    def v_write(self) -> float | None:
        """Voltage of a write in V; None if the table does not have it."""
        return self.optional(self.roles.v_write)

    @property
    def t_pulse(self) -> float:
        """Length of a write's pulse in s."""
        return self.value(self.roles.t_pulse)

    @property
    def access_width(self) -> float:
        """Width in F of the transistor through which the cell is read."""
        return self.value(self.roles.access_width)

    @property
    def aspect_ratio(self) -> float:
        """Height over width of the cell; 1 if the table does not have it (see :meth:`aspect_note`)."""
        found = self.optional(self.roles.aspect_ratio)
        return 1.0 if found is None else found

    def aspect_note(self) -> str:
        """Where the aspect ratio comes from."""
        return "the table's" if self.roles.aspect_ratio in self.table.variables else "not in the table: a square is assumed"

    def conductance(self, state: str) -> tuple[float, float]:
        """Mean and standard deviation over devices of the conductance in S that an array sees of a cell in ``state``.

        Where the read voltage is forced: cell current over read voltage, access transistor included.  Where the current is: of
        the junction alone, 1/R integrated over the stored quantiles of R (straight lines between them).
        """
        index = STATES.index(state)
        if self.roles.forced == "voltage":
            current = self.roles.sensed[index]
            if f"{current}_std" not in self.table.variables:
                raise self._missing(f"{current}_std")
            return self.value(current) / self.v_read, self.value(f"{current}_std") / self.v_read
        name = self.roles.resistance[index]
        if f"{name}_quantiles" not in self.table.variables:
            raise self._missing(f"{name}_quantiles")
        self._used.update(self._where(name))
        levels, r = self.table.quantiles(name, **self._where(name))
        weight, low, high = np.diff(levels), r[:-1], r[1:]
        ratio = (high - low) / low
        # mean of 1/R for R uniform from low to high is ln(high/low)/(high - low), that of 1/R^2 is 1/(low high)
        slope = np.where(ratio > 1e-9, np.log1p(ratio) / np.where(ratio > 1e-9, ratio, 1.0), 1 - ratio / 2)
        mean = float(np.sum(weight * slope / low))
        square = float(np.sum(weight / (low * high)))
        if not np.isfinite(mean):
            raise UserError(f"{self.table.origin}: '{name}' is not known at {self.where()}: no trial was ok there")
        return mean, float(np.sqrt(max(square - mean**2, 0.0)))

    def conductance_note(self) -> str:
        """What :meth:`conductance` is of."""
        if self.roles.forced == "current":
            return "conductances are the junction's alone: read transistor and rail are in series with it"
        return "conductances are the cell's, read current over read voltage: the access transistor is included"

    def sense_voltage(self) -> tuple[float | None, str]:
        """What the sense amplifier of a cell that is read by a current needs in V, |mean| + 6 sigma of its offset; a remark.

        None if the table has no spread of the offset: it depends on the amplifier, not on the cell.
        """
        parallel, antiparallel = self._pair(self.roles.sensed)
        signal = f"this cell's signal, (V_AP - V_P)/2, is {number((antiparallel - parallel) / 2 * 1e3)} mV"
        sigma = self.optional(f"{self.roles.offset}_std")
        if sigma is None:
            return None, f"set it to k sigma of your sense amplifier's offset; {signal}"
        mean = abs(self.value(self.roles.offset))
        count = self.optional(self.roles.offset_count)  # few trials know a sigma badly, so say how many they were
        trials = "" if count is None else f" ({number(count)} trials)"
        return mean + 6 * sigma, f"|mean| + 6 sigma of the simulated sense amplifier's offset{trials}; {signal}"

    def remarks(self, cannot_express: Iterable[str]) -> list[str]:
        """As :meth:`Place.remarks`, without what is said of cells of other terminals."""
        return super().remarks(text for text in cannot_express if not text.startswith(_OTHERS[self.roles.terminals]))

    def attention(self) -> list[str]:
        """Writes that did not switch the cell."""
        found = []
        for write in WRITES:
            switched = self.optional(self._write(write).switched)
            if switched is not None and switched < 1:
                found.append(f"Attention: only {number(100 * switched)} % of the simulated {write} pulses switched the cell.")
        return found

    def _pair(self, names: tuple[str, str]) -> tuple[float, float]:
        return self.value(names[0]), self.value(names[1])

    def _write(self, write: str) -> Write:
        return {"set": self.roles.set, "reset": self.roles.reset}[write]
