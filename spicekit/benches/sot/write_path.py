"""The write path of a 2T1R SOT-MRAM cell: a current along the heavy-metal rail, switched by the write transistor.

Fan, ASP-DAC 2018: WWL = VDD, RWL = 0, SL = 0, and WBL at V_WP or V_WN: about 120 uA for 1 ns through the rail.
"""

from __future__ import annotations

from typing import Any, Generic, Literal

from typing_extensions import TypeVar

from spicekit.benches.junction.bench import JunctionBench
from spicekit.benches.junction.parameters import JunctionParameters
from spicekit.benches.junction.switching import check_stop
from spicekit.benches.sot.column import Access
from spicekit.errors import UserError
from spicekit.parameters import channel_width, named_file, option, quantity, voltage
from spicekit.physics.mtj_numbers import MtjNumbers
from spicekit.physics.sampled import rail_sign
from spicekit.point import VariationPoint

START = 0.3e-9  # the write pulse begins here, after the write word line has risen
OPEN = 0.25e-9  # the write word line stays high so long after the last pulse


class Pulse(JunctionParameters):
    device: str = named_file("imce-45nm", "device card with a rail: a shipped one or the path of a TOML file")
    direction: Literal["ap-p", "p-ap"] = option("ap-p", "written state: antiparallel to parallel, or back")
    polarity: Literal["auto", "positive", "negative"] = option(
        "auto", "of the rail current; auto: the one that sets the written state of a card with an assist field along the rail"
    )
    v_write: float = voltage(0.135, "magnitude of V_WP and V_WN on WBL", gt=0, le=3)
    t_pulse: float = quantity(1e-9, "s", "length of the write pulse", gt=1e-11, le=1e-6)
    t_stop: float | None = quantity(None, "s", "end of simulation; 1.5 ns after the last pulse if not given", gt=1e-11, le=1e-5)


def current_sign(p: Pulse, numbers: MtjNumbers) -> int:
    """Sign of the rail current of a write: the one asked for, else the one that writes (:func:`rail_sign`)."""
    if p.polarity != "auto":
        return 1 if p.polarity == "positive" else -1
    return rail_sign(numbers, p.direction)


class RailCell(Access, Pulse):
    w_driver: float = channel_width(4e-6, "width of the WBL driver's transistor", le=1e-4)
    c_line: float = quantity(20e-15, "F", "capacitance of WBL", ge=0, le=1e-11)


W = TypeVar("W", bound=RailCell, default=RailCell, covariant=True)


class SotWritePath(JunctionBench[W], Generic[W]):
    """What the benches of a write along the rail share."""

    attempts = 1  # pulses that are simulated
    t_gap = 0.0  # s, between them

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if not self.junction.card.three_terminal:
            raise UserError(f"bench '{self.name}': parameter device: '{self.p.device}' has no rail; give a SOT card")
        check_stop(self.name, self.t_stop, self.end)

    def start(self, attempt: int) -> float:
        """When the pulse of ``attempt``, counted from 0, begins, in seconds."""
        return START + attempt * (self.p.t_pulse + self.t_gap)

    @property
    def end(self) -> float:
        """End of the last pulse that is simulated, in seconds."""
        return self.start(self.attempts - 1) + self.p.t_pulse

    @property
    def t_stop(self) -> float:
        """End of the simulation in seconds."""
        return self.end + 1.5e-9 if self.p.t_stop is None else self.p.t_stop

    def subtitle(self) -> str:
        return f"{self.p.device} {self.p.direction}"

    @property
    def sign(self) -> int:
        """Sign of the rail current: positive flows from WBL into the head of the rail (:func:`rail_sign`)."""
        return current_sign(self.p, self.junction.numbers)

    @property
    def l_access(self) -> float:
        """Length of the cell transistors in metres."""
        return self.technology.l_min if self.p.l_access is None else self.p.l_access

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "l_access": self.l_access,
            "l_min": self.technology.l_min,
            "starts": [self.start(attempt) for attempt in range(self.attempts)],
            "end": self.end,
            "sign": self.sign,
        }

    def transistors(self) -> tuple[VariationPoint, ...]:
        """Variation points of the cell's transistors and of the driver."""
        cell = (*self.transistor("wr", self.p.w_write, self.l_access), *self.transistor("rd", self.p.w_read, self.l_access))
        return (*cell, *self.transistor("drv", self.p.w_driver, self.technology.l_min))
