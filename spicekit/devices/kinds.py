"""The kinds of device, and finding a device by name: a card that ships, or a user's own by the path of its file.

A card says its kind by the key ``kind``.  A kind ships, or an installed package brings it (entry point), or it is a class in a
user's file, which is then named before the card: ``path/to/pcm.py:Pcm:path/to/card.toml``.  A card itself names no Python: it is
data, and the program is one that the user asks for, as a bench is.
"""

from __future__ import annotations

import importlib
import re
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeVar, overload

from spicekit.devices.device import DeviceCard
from spicekit.errors import UserError, unknown
from spicekit.inputs import cached
from spicekit.paths import OWN_KIND, absolute, data_root
from spicekit.registry import from_file
from spicekit.toml import read_table, read_toml, to_record

C = TypeVar("C", bound=DeviceCard)

SHIPPED = {"mtj": "spicekit.devices.mtj:MtjCard", "resistive": "spicekit.devices.resistive:ResistiveCard"}
ENTRY_POINT_GROUP = "spicekit.devices"


def device_kinds() -> list[str]:
    """Names of the kinds that ship and of those that installed packages bring."""
    return [*SHIPPED, *sorted(point.name for point in entry_points(group=ENTRY_POINT_GROUP))]


def device_kind(name: str) -> type[DeviceCard]:
    """The class of cards of a kind.  Raises :class:`UserError` for a kind that does not exist."""
    if name in SHIPPED:
        module, _, attribute = SHIPPED[name].partition(":")
        found: type[DeviceCard] = getattr(importlib.import_module(module), attribute)
        return found
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name == name:
            return _checked(point.load(), f"entry point '{name}'")
    raise unknown("kind of device", name, device_kinds())


def list_devices(kind: str | None = None) -> list[str]:
    """The names of the cards that ship, sorted; those of one kind if it is given."""
    return sorted(name for name in _shipped() if kind is None or load_device(name).kind == kind)


@overload
def load_device(name: str) -> DeviceCard: ...
@overload
def load_device(name: str, kind: type[C]) -> C: ...
def load_device(name: str, kind: type[DeviceCard] = DeviceCard) -> DeviceCard:
    """A shipped card by name, or a user's own by the path of its ``.toml`` file, read and checked once for each content.

    Raises :class:`UserError` with one line (file, key, what was given, what is allowed) for anything wrong with it, and for a
    card that is not of ``kind``.
    """
    card = _load(absolute(str(name)))
    if not isinstance(card, kind):
        raise UserError(f"device '{name}' is of kind '{card.kind}'; allowed: {kind.model_fields['kind'].default}")
    return card


@cached
def _load(name: str) -> DeviceCard:
    own = re.fullmatch(OWN_KIND, name, re.DOTALL)
    if own is not None:
        origin = f"{own[1]}:{own[2]}"
        found = _checked(from_file(Path(own[1]), own[2], "kind of device"), origin)
        return read_toml(_file(own[3]), found)
    file = _file(name)
    table = read_table(file)
    kind = table.get("kind", "resistive" if "states" in table else "mtj")  # cards of version 0.2 do not say it
    if kind not in device_kinds():
        raise UserError(
            f"{file}: kind {kind!r} given; allowed: {', '.join(device_kinds())}, or that of a file of yours, if the device is "
            "given as FILE.py:KIND:CARD.toml"
        )
    return to_record(file, table, device_kind(kind))


def _file(name: str) -> Path:
    if "/" in name:
        return Path(name)
    shipped = _shipped()
    if name not in shipped:
        raise unknown("device", name, shipped)
    return shipped[name]


def _shipped() -> dict[str, Path]:
    """Name -> file of the cards that ship; the files in ``models/cmos`` and ``models/pdk`` are processes."""
    files = (data_root() / "models").glob("*/*.toml")
    return {file.stem: file for file in files if file.parent.name not in ("cmos", "pdk")}


def _checked(found: Any, origin: str) -> type[DeviceCard]:
    if not (isinstance(found, type) and issubclass(found, DeviceCard) and isinstance(found.model_fields["kind"].default, str)):
        raise UserError(f"{origin} is not a subclass of spicekit.devices.DeviceCard that says its kind")
    return found
