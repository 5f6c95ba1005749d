"""What an amplifier that is given a time can do wrong: decide the other way, or not decide at all.

The two have different causes and remedies (an offset against a slow corner), so that they are two measures everywhere.
"""

from __future__ import annotations

from spicekit.measures import Node
from spicekit.measures.measure import Measure

WORKS = "error < 0.5"  # an amplifier that is late has not answered: whoever reads it takes what is not there
SLOW = "wrong < 0.5"  # of one that does not work: it was late alone


def verdicts(late: Node, wrong: Node, within: str, which: str = "") -> tuple[Measure, ...]:
    """The measures `error`, `wrong` and `late`, each 1 if so: ``within`` names the time given, ``which`` of several decisions."""
    return (
        Measure("error", "", f"1 if wrong or late{which}", wrong | late, fraction=True),
        Measure("wrong", "", f"1 if it decided the other way{which}", wrong, fraction=True),
        Measure("late", "", f"1 if it did not decide within {within}{which}", late, fraction=True),
    )
