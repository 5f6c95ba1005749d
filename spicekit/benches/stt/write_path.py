"""The write path of a 1T1MTJ cell: its parameters, when its pulses come, its transistors."""

from __future__ import annotations

from typing import Any, Generic, Literal

from typing_extensions import TypeVar

from spicekit.benches.junction.switching import check_stop
from spicekit.benches.stt.cell import CellParameters, SttCell
from spicekit.parameters import channel_width, option, quantity, voltage
from spicekit.point import VariationPoint

START = 0.5e-9  # the first write pulse begins here, after the word line has risen
OPEN = 0.4e-9  # the word line stays high so long after the last pulse


class WriteCell(CellParameters):
    direction: Literal["ap-p", "p-ap"] = option("ap-p", "written state: antiparallel to parallel, or back")
    t_pulse: float = quantity(10e-9, "s", "length of the write pulse", gt=1e-11, le=1e-6)
    pulses: int = quantity(1, "", "write attempts at most: another pulse where the read after one does not find the new state",
                           ge=1, le=16)  # fmt: skip
    t_gap: float = quantity(2e-9, "s", "from the end of a pulse to the next one, in which it is verified", ge=2e-10, le=1e-6)
    t_stop: float | None = quantity(None, "s", "end of the simulation; 2 ns after the last pulse if not given", gt=1e-11, le=1e-4)
    w_driver: float = channel_width(2e-6, "width of the NMOS of the bit-line and source-line drivers; PMOS twice that", le=1e-4)
    v_wl: float | None = voltage(None, "word-line high level; the supply if not given", gt=0, le=5)
    c_line: float = quantity(30e-15, "F", "capacitance of the bit line, and of the source line", ge=0, le=1e-11)


W = TypeVar("W", bound=WriteCell, default=WriteCell, covariant=True)


class SttWritePath(SttCell[W], Generic[W]):
    """What the benches of a write share."""

    attempts = 1  # pulses that are simulated

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        check_stop(self.name, self.t_stop, self.end)

    def start(self, attempt: int) -> float:
        """When the pulse of ``attempt``, counted from 0, begins, in seconds."""
        return START + attempt * (self.p.t_pulse + self.p.t_gap)

    @property
    def end(self) -> float:
        """End of the last pulse that is simulated, in seconds."""
        return self.start(self.attempts - 1) + self.p.t_pulse

    @property
    def t_stop(self) -> float:
        """End of the simulation in seconds."""
        return self.end + 2e-9 if self.p.t_stop is None else self.p.t_stop

    @property
    def v_wl(self) -> float:
        """Word-line high level in volts."""
        return self.vdd if self.p.v_wl is None else self.p.v_wl

    def subtitle(self) -> str:
        return f"{self.p.device} {self.p.direction}"

    @property
    def from_bl(self) -> bool:
        """Whether the write current flows from BL to SL."""
        return (self.p.direction == "ap-p") == (self.p.free_to == "bl")

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "starts": [self.start(attempt) for attempt in range(self.attempts)],
            "end": self.end,
            "from_bl": self.from_bl,
            "v_wl": self.v_wl,
            "l_min": self.technology.l_min,
        }

    def transistors(self) -> list[VariationPoint]:
        """Variation points of the access transistor and of the drivers."""
        points = self.transistor("c0", self.p.w_access, self.l_access)
        for line in ("bl", "sl"):
            points += self.transistor(f"{line}n", self.p.w_driver, self.technology.l_min)
            points += self.transistor(f"{line}p", 2 * self.p.w_driver, self.technology.l_min, "pmos")
        return points
