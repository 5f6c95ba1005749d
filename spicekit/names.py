"""Many names in few words: ``ra_c0 ... ra_c255``."""

from __future__ import annotations

import re
from collections.abc import Iterable

FEW = 4  # names that are alike and still written out
_NUMBER = re.compile(r"\d+")


def grouped(names: Iterable[str]) -> str:
    """The names in one line; more than four that differ by their numbers alone become the first, the last and their number.

    >>> grouped(["ra_ref", *(f"ra_c{cell}" for cell in range(256))])
    'ra_ref ra_c0 ... ra_c255 (256)'
    """
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(_NUMBER.sub("#", name), []).append(name)
    return " ".join(
        " ".join(group) if len(group) <= FEW else f"{group[0]} ... {group[-1]} ({len(group)})" for group in alike.values()
    )
