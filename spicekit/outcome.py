"""How one trial ended.  A failed simulation is data: it is counted and reported, and never taken for a failing circuit."""

from __future__ import annotations

import enum


class Outcome(enum.StrEnum):
    """The way in which one trial ended."""

    OK = "ok"
    NONCONVERGED = "nonconverged"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    INVALID = "invalid"

    @property
    def advice(self) -> str:
        """What to do about it, for the user."""
        return _ADVICE[self]


_ADVICE = {
    Outcome.OK: "",
    Outcome.NONCONVERGED: "no solution was found, also with the fallbacks; look at one with `spicekit replay DIR --trial ID`",
    Outcome.TIMEOUT: "the trial took longer than allowed; raise --timeout or look at it with `spicekit replay DIR --trial ID`",
    Outcome.CRASHED: "the simulator died; `spicekit replay DIR --trial ID` writes the netlist of the trial",
    Outcome.INVALID: "a sample is outside its physical range (say a TMR below 0), or a measure is not finite; lower the sigma",
}
