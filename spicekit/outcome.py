"""How one trial ended.  A failed simulation is data: it is counted and reported, and never taken for a failing circuit."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any


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


LOST = (Outcome.TIMEOUT, Outcome.CRASHED)  # of which nobody knows how they would have ended
SHARE = 0.01  # of trials that are not ok: what is above is said at the end, and of lost trials makes no table


def in_words(counts: Mapping[Any, int]) -> str:
    """Outcomes that occur, with their numbers of trials."""
    return ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items() if count)


_ADVICE = {
    Outcome.OK: "",
    Outcome.NONCONVERGED: "no solution was found, also with the fallbacks",
    Outcome.TIMEOUT: "it took longer than allowed; the same command with a longer --timeout (a campaign: and --retry) goes on",
    Outcome.CRASHED: "the simulator died",
    Outcome.INVALID: "a sample is outside its physical range (say a TMR below 0), or a measure is not finite",
}
