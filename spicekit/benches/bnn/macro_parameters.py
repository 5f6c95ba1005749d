"""Parameters of `stt-bnn-macro`: those of the row and of the amplifier, and what is between and around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import model_validator

from spicekit.benches.bnn.array import RowParameters
from spicekit.benches.noise import ThermalNoise
from spicekit.benches.sensing.tbs import TbsSizes
from spicekit.parameters import channel_width, option, quantity, voltage
from spicekit.rails import RailSupply

# where an operation with lifts starts if rails and v_lift are not given: the lifts bring the sense node to where the default
# rails, 0.6 and 0.2 V, put it without
LIFTED = {
    1: {"v_high": 0.4, "v_low": 0.0, "v_lift": 0.42},
    2: {"v_high": 0.4, "v_low": 0.0, "v_lift": 0.25},
}


class MacroParameters(RowParameters, TbsSizes, ThermalNoise, RailSupply):
    source: Literal["row", "thevenin"] = option(
        "row", "what the sense node hangs on: all cells of the row, or a voltage behind the row's resistance"
    )
    measure: Literal["decision", "offset"] = option(
        "decision", "one operation, or with source=thevenin the input-referred offset of sense node and amplifier"
    )
    v_in: float | None = voltage(None, "voltage of source=thevenin; the nominal row's if not given", ge=0, le=5)
    v_idle: float | None = voltage(
        None, "its voltage before it is switched on; that of the nominal row at rest if not given", ge=0, le=5
    )
    v_mid: float | None = voltage(
        None, "SL at which the decision shall turn; halfway between n/2 - 1 and n/2 matches if not given", gt=0, le=5
    )
    t_window: float | None = quantity(
        None,
        "s",
        "time in which the amplifier must decide; what the nominal delay line takes and a margin if not given",
        ge=1e-11,
        le=1e-6,
    )
    t_recover: float = quantity(1e-9, "s", "from the end of t_window to the end of the simulation", ge=5e-11, le=1e-6)
    w_start: float = channel_width(0.5e-6, "width of the NMOS of the START driver; PMOS twice that", le=1e-4)
    boost: int = quantity(
        0,
        "",
        "lifts of the sense node: 0, 1 or 2; with one the defaults are 0.4/0 V and v_lift 0.42 V, with two 0.25 V",
        ge=0,
        le=2,
    )
    # the gate of M_ST is the load of the sense node: some 25 fF at 0.4 V
    c_load: float = quantity(0.0, "F", "load of the sense node beside M_ST", ge=0, le=1e-12)
    c_boost: float = quantity(20e-15, "F", "each capacitor that lifts", gt=0, le=1e-12)
    w_iso: float = channel_width(
        400e-9,
        "width of the isolation NMOS, and of those in the inverters at its gate and the capacitors' switches",
        le=1e-5,
    )

    @model_validator(mode="before")
    @classmethod
    def _lifted(cls, given: Any) -> Any:
        """Rails and lift that belong to ``boost``, unless they are given."""
        lifts = str(given.get("boost", 0)) if isinstance(given, Mapping) else "0"
        return {**LIFTED.get(int(lifts), {}), **given} if lifts in ("1", "2") else given

    @model_validator(mode="after")
    def _source_fits(self) -> Self:
        if self.source == "row":
            if self.measure == "offset":
                raise ValueError("measure: offset given with source=row; allowed: source=thevenin")
            given = [name for name in ("v_in", "v_idle") if getattr(self, name) is not None]
            if given:
                raise ValueError(f"{given[0]}: {getattr(self, given[0]):g} V given with source=row; allowed: source=thevenin")
            if self.access == "ideal":
                raise ValueError("access: ideal given; allowed: nmos, ideal switches have no drivers to switch on")
        elif self.data == "trial":
            raise ValueError("data: trial given with source=thevenin; allowed: source=row, which has the cells")
        return self
