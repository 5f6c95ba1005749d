"""What a report is made of.  All of it is plain text and numbers: the HTML is made, and escaped, in one place."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from spicekit.errors import SpicekitError
from spicekit.files import read_bytes

Kind = Literal["text", "prose", "number", "code"]


@dataclass(frozen=True)
class Column:
    """A table's column: short ``text``, ``prose`` that wraps, a ``number`` set right, ``code`` in fixed width."""

    heading: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """Rows of text; the first cell of a row is its heading."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    note: str = ""
    folded: bool = False  # shown when asked for


@dataclass(frozen=True)
class Chart:
    """An interactive plot in plotly's terms.  ``title`` stands above it, ``description`` is for those who cannot see it.

    Legend and menu are the page's own, as plotly's overlap in a narrow plot: an entry of ``menu`` shows the traces whose
    number in ``groups`` is its place.
    """

    title: str
    description: str
    data: Sequence[dict[str, Any]]
    layout: dict[str, Any]
    wide: bool = True  # the page's full width; else several beside each other
    menu: Sequence[str] = ()
    groups: Sequence[int] = ()  # one for each trace, if there is a menu

    def legend(self) -> list[tuple[str, list[Entry]]]:
        """Entries by panel: its label (empty if there is one panel only), and what its lines are."""
        panels: dict[str, dict[tuple[str, str, str], list[int]]] = {}
        for number, trace in enumerate(self.data):
            entries = panels.setdefault(trace.get("yaxis", "y"), {})
            if trace.get("showlegend") is False or not trace.get("name"):
                continue
            line = trace.get("line", {})
            colour = trace.get("marker", {}).get("color") or line.get("color", "black")
            drawn = (
                "points" if trace.get("mode") == "markers" else "bars" if trace["type"] == "bar" else line.get("dash", "solid")
            )
            entries.setdefault((html.unescape(trace["name"]), colour, drawn), []).append(number)
        for panel in panels.values():
            for numbers in panel.values():
                together = {self.data[number].get("legendgroup") for number in numbers} - {None}
                numbers += [n for n, trace in enumerate(self.data) if trace.get("legendgroup") in together and n not in numbers]
        several = len(panels) > 1
        return [
            (self._label(axis) if several else "", [Entry(*key, numbers) for key, numbers in entries.items()])
            for axis, entries in panels.items()
            if entries
        ]

    def _label(self, axis: str) -> str:
        title: str = self.layout[f"yaxis{axis.removeprefix('y')}"]["title"]["text"]
        return html.unescape(title).rpartition(" (")[0] or html.unescape(title)


@dataclass(frozen=True)
class Entry:
    """One entry of a plot's legend; ``drawn`` is ``points``, ``bars`` or a dash pattern, ``traces`` are their numbers."""

    label: str
    colour: str
    drawn: str
    traces: list[int]


@dataclass(frozen=True)
class Picture:
    """A PNG file, embedded."""

    caption: str
    content: bytes


@dataclass(frozen=True)
class Note:
    """A paragraph; a warning stands out."""

    text: str
    warning: bool = False


@dataclass(frozen=True)
class Command:
    """A command line to copy."""

    meaning: str
    line: str


Block = Table | Chart | Picture | Note | Command


@dataclass(frozen=True)
class Section:
    """A part of the page with its heading."""

    heading: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """A report."""

    title: str
    subtitle: str
    facts: Sequence[tuple[str, str]]  # name, value: the summary in a few words
    sections: Sequence[Section] = field(default_factory=tuple)


def pictures(folder: Path, captions: dict[str, str]) -> list[Picture]:
    """The PNG files in ``folder``, those named in ``captions`` first; ``{name}`` without a caption has its name as one."""
    found = {path.name: path for path in sorted(folder.glob("*.png"))}
    order = [*(name for name in captions if name in found), *(name for name in found if name not in captions)]
    result = []
    for name in order:
        try:
            content = read_bytes(found[name])
        except OSError as error:
            raise SpicekitError(f"{found[name]} cannot be read: {error.strerror}") from None
        if not content.startswith(b"\x89PNG\r\n\x1a\n") or b"IEND" not in content[-12:]:
            raise SpicekitError(f"{found[name]} is damaged: it is not a whole PNG file")
        result.append(Picture(captions.get(name, name.removesuffix(".png").replace("-", " ").replace("_", " ")), content))
    return result
