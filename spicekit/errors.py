"""Errors that a user can act on.

Everything that is the user's to mend (an unknown name, a value out of range, an unreadable file) is a
:class:`UserError`: the command line prints its one line and exits with 2.  Everything else that spicekit itself
detects (no simulator, a full disk) is a :class:`SpicekitError`: one line, exit code 1.  A failed simulation is neither:
it is an outcome (see :mod:`spicekit.outcome`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SpicekitError(Exception):
    """A failure with a one-line explanation; not the user's doing."""

    def __init__(self, line: object) -> None:
        super().__init__(" ".join(str(line).splitlines()))  # what it quotes may hold line breaks


class UserError(SpicekitError):
    """A wrong input.  The message names the file, key or option, what was given and what is allowed."""


class Uncalibrated(UserError):
    """A search that a bench declares finds nothing, so that there is no circuit to simulate with its other parameters."""


def unknown(kind: str, name: str, choices: Iterable[str]) -> UserError:
    """The error for a name that does not exist: names the nearest valid ones, or all of them if none is near.

    ``kind`` is the noun ("bench", "parameter"), ``choices`` the valid names.
    """
    valid = sorted(choices)
    near = difflib.get_close_matches(name, valid, n=3, cutoff=0.6)
    if near:
        return UserError(f"unknown {kind} '{name}'; did you mean {' or '.join(near)}?")
    return UserError(f"unknown {kind} '{name}'; choose from {', '.join(valid) or '(none)'}")
