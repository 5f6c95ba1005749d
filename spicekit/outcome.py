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
        """What one simulation's end means and what to do about it, for the user; of a campaign, `replay` shows a trial."""
        return _ADVICE[self]


_ADVICE = {
    Outcome.OK: "",
    Outcome.NONCONVERGED: "no solution was found, also with the fallbacks",
    Outcome.TIMEOUT: "the trial took longer than allowed; raise --timeout",
    Outcome.CRASHED: "the simulator died",
    Outcome.INVALID: "a sample is outside its physical range (say a TMR below 0), or a measure is not finite",
}
