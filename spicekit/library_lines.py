"""The lines of a library as ngspice takes them: files and sections followed, continuations joined, comments left out.

What is read here was looked at before (:meth:`spicekit.technology.Technology.model_files`): it may be read, it ends, and it holds
nothing but models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from spicekit.model_text import COMMENT, INCLUDES, events_of
from spicekit.paths import user_path

_SAYS_NOTHING = frozenset({".end", ".title", ".prot", ".protect", ".unprot", ".unprotect"})
_NAME = r"[A-Za-z_][\w.$#@!]*"
_ASSIGNED = re.compile(rf"({_NAME})\s*(\([^()]*\))?\s*=(?!=)")
_MASKED = re.compile(r"'[^']*'|\"[^\"]*\"|\{[^{}]*\}")
_IDENTIFIER = re.compile(_NAME)


class Line(NamedTuple):
    """A logical line."""

    text: str
    place: str  # FILE:LINE

    @property
    def word(self) -> str:
        """What it begins with, in lower case."""
        return self.text.split(None, 1)[0].partition("(")[0].lower()


def used_lines(roots: Iterable[tuple[Path, str | None]], origin: str) -> Iterator[Line]:
    """What ngspice takes of ``roots``, each a file and its section or None for the whole of it."""
    for path, section in roots:
        yield from _used(path, section and section.lower(), origin)


def _used(path: Path, section: str | None, origin: str) -> Iterator[Line]:
    current: str | None = None
    for line in _logical(path):
        if line.word in INCLUDES or line.word in (".lib", ".endl"):
            number = int(line.place.rpartition(":")[2])
            (event,) = events_of(line.text, number, path, origin)
            if event.kind in ("section", "endl"):
                current = event.name if event.kind == "section" else None
            elif section in (None, current):
                yield from _used((path.parent / user_path(event.name)).resolve(), str(event.text) or None, origin)
        elif section in (None, current) and line.word not in _SAYS_NOTHING:
            yield line


def _logical(path: Path) -> Iterator[Line]:
    start, text, joined = 0, "", False
    for number, physical in enumerate(path.read_text(encoding="latin-1").split("\n"), 1):
        line = physical.strip(" \t\r")
        if line[:1] in ("*", "$", ";") or line.startswith("//"):
            continue
        line = (line if line.lower().startswith((".inc", ".lib")) else COMMENT.sub("", line)).rstrip()
        continued, joined = joined or line.startswith("+"), line.endswith("\\\\")
        line = line.removesuffix("\\\\")
        if continued:
            text += f" {line.removeprefix('+').strip()}"
        elif line:
            if start:
                yield Line(text, f"{path}:{start}")
            start, text = number, line
    if start:
        yield Line(text, f"{path}:{start}")


def identifiers(text: str) -> set[str]:
    """All that may be a name in ``text``, in lower case."""
    return {name.lower() for name in _IDENTIFIER.findall(text)}


def assignments(text: str) -> list[tuple[str, str]]:
    """The single definitions of a .param line or of a line's parameters: name in lower case, and the definition's text."""
    masked = _MASKED.sub(lambda match: "_" * len(match[0]), text)
    found = list(_ASSIGNED.finditer(masked))
    ends = [*(match.start() for match in found[1:]), len(text)]
    return [(match[1].lower(), text[match.start() : end].strip().rstrip(",")) for match, end in zip(found, ends, strict=True)]
