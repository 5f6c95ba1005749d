"""One STT-MRAM cell, 1T1MTJ: what its benches share."""

from __future__ import annotations

from typing import Any, Generic, Literal

from typing_extensions import TypeVar

from spicekit.benches.junction.bench import JunctionBench
from spicekit.benches.junction.parameters import JunctionParameters, refuse_rail
from spicekit.parameters import Group, channel_length, channel_width, named_file, option

# A read below V_c, 0.11 V at 27 C in this card and technology: the layer is disturbed with 1e-12 a read of 5 ns (0.15 V: 1e-7)
V_READ = 0.1  # V, over the whole cell


class Access(Group):
    """The access transistor of a cell."""

    w_access: float = channel_width(300e-9, "width of the access transistor", le=1e-5)
    l_access: float | None = channel_length(None, "its length; the technology's shortest if not given", le=1e-6)


class CellParameters(Access, JunctionParameters):
    technology: str = named_file("ptm65", "CMOS technology: a shipped one or the path of a TOML file")
    free_to: Literal["bl", "sl"] = option(
        "bl", "terminal of the free layer: bl (pinned layer on the transistor), or the transistor"
    )


C = TypeVar("C", bound=CellParameters, default=CellParameters, covariant=True)


class SttCell(JunctionBench[C], Generic[C]):
    """What the benches of the cell share."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        refuse_rail(self.name, self.p, self.junction)

    @property
    def l_access(self) -> float:
        """Length of the access transistor in metres."""
        return self.technology.l_min if self.p.l_access is None else self.p.l_access

    def context(self) -> dict[str, Any]:
        return super().context() | {"l_access": self.l_access}
