"""What is said of a vector that a bench asks for and its analysis does not save."""

from __future__ import annotations

import difflib
import inspect
import traceback
from collections.abc import Iterable
from pathlib import Path

from spicekit.analysis import Analysis, TranAnalysis
from spicekit.errors import UserError
from spicekit.waves import MissingVector
from spicekit.waves import __file__ as _WAVES


class NotSaved(UserError):
    """``evaluate`` asks for a vector that is not there."""


def not_saved(kind: type, name: str, analysis: Analysis, error: MissingVector) -> NotSaved:
    """The error for a vector that ``evaluate`` of the bench ``name``, of class ``kind``, asked for in vain; says where."""
    file = Path(str(inspect.getsourcefile(kind) or ""))
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != _WAVES]
    own = [frame for frame in frames if Path(frame.filename) == file] or frames
    where = f"{own[-1].filename}:{own[-1].lineno}" if own else "evaluate()"
    saved = ("time", *analysis.save) if isinstance(analysis, TranAnalysis) else analysis.save
    return NotSaved(
        f"bench '{name}': {where}: evaluate() asks for {error.vector}, which analysis() does not save"
        f"{near(error.vector, saved)}; saved: {listed(saved)}"
    )


def near(name: str, choices: Iterable[str]) -> str:
    near = difflib.get_close_matches(name.lower(), [choice.lower() for choice in choices if choice.lower() != name.lower()], n=1)
    return f"; did you mean {near[0]}?" if near else ""


def listed(names: Iterable[str], most: int = 12) -> str:
    shown = list(names)
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")
