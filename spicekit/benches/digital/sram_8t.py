"""The SRAM cell of eight transistors: six, and a read port of two in series that leaves the nodes alone."""

from __future__ import annotations

from spicekit.benches.digital.sram_cell import SramCell, SramParameters
from spicekit.measures import Final, Node, i
from spicekit.measures.measure import Measure
from spicekit.parameters import channel_width


class Sram8tParameters(SramParameters):
    w_port: float = channel_width(205e-9, "width of the read port's two NMOS in series", le=1e-5)


class Sram8t(SramCell[Sram8tParameters]):
    """Chang et al., VLSI 2005: the port's lower transistor has its gate at node R, so that a read only loads it.

    The margin of a read is that of holding; a cell in a row that is written and whose own bit lines are high is disturbed as a
    read disturbs a 6T cell.
    """

    name = "sram-8t"
    summary = (
        "SRAM cell of eight transistors, read by a port of its own: margins, read current, leakage; write through its drivers"
    )
    port = True

    def devices(self) -> dict[str, tuple[str, float, float]]:
        port = ("nmos", self.p.w_port, self.l_cell)
        return {**super().devices(), "port": port, "select": port}

    def read_measures(self) -> tuple[Measure, ...]:
        on, off = -Final(i("vport_on")), -Final(i("vport_off"))
        return (
            Measure("i_read", "A", "current that a read takes from the read bit line, R high", on),
            Measure("i_off", "A", "the same, R low: leakage of the port", off),
        )

    def leakage(self) -> Node:
        """With the read bit line at VDD, its word line off, and R high: the state in which the port leaks most."""
        return super().leakage() - Final(i("vidle_port"))
