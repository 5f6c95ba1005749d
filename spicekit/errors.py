"""Errors that a user can act on.

Everything that is the user's to mend (an unknown name, a value out of range, an unreadable file) is a
:class:`UserError`: the command line prints its one line and exits with 2.  Everything else that spicekit itself
detects (no simulator, a full disk) is a :class:`SpicekitError`: one line, exit code 1.  A failed simulation is neither:
it is an outcome (see :mod:`spicekit.outcome`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class SpicekitError(Exception):
    """A failure with a one-line explanation; not the user's doing."""

    def __init__(self, line: object) -> None:
        super().__init__(" ".join(str(line).splitlines()))  # what it quotes may hold line breaks


class UserError(SpicekitError):
    """A wrong input.  The message names the file, key or option, what was given and what is allowed."""


class Uncalibrated(UserError):
    """A search that a bench declares finds nothing, so that there is no circuit to simulate with its other parameters."""


def unknown(kind: str, name: str | Sequence[str], choices: Iterable[str], of: str = "") -> UserError:
    """The error for a ``name`` that does not exist, or several: says the nearest valid ones, or all if one has none that is near.

    ``kind`` is the noun ("bench", "parameter"), ``choices`` the valid names, ``of`` whose they are ("bench 'stt-read'").
    """
    names, valid = [name] if isinstance(name, str) else name, sorted(choices)
    near = {one: " or ".join(difflib.get_close_matches(one, valid, n=3, cutoff=0.6)) for one in names}
    said = ", ".join(f"'{one}'" + (f" (did you mean {found}?)" if found and len(near) > 1 else "") for one, found in near.items())
    what = f"{of}: " * bool(of) + f"unknown {kind}{'s' * (len(near) > 1)} {said}"
    if not all(near.values()):
        more = f" and {len(valid) - MOST_CHOICES} more" if len(valid) > MOST_CHOICES else ""
        return UserError(f"{what}; choose from {', '.join(valid[:MOST_CHOICES]) or '(none)'}{more}")
    return UserError(what if len(near) > 1 else f"{what}; did you mean {near[names[0]]}?")


MOST = 5  # faults that one line tells
MOST_CHOICES = 60  # names that one line lists


def listed(wrong: Iterable[str]) -> str:
    """All that is wrong as one line."""
    lines = list(wrong)
    return "; ".join([*lines[:MOST], *([f"and {len(lines) - MOST} more"] if len(lines) > MOST else [])])
