"""A library that draws numbers while it is read: no two runs have the same transistors.

ngspice evaluates ``agauss`` and its like in a parameter once for each time that it reads a netlist.  A campaign's block would
share one draw, copies of one transistor in both states of a cell would have two, and the mismatch of the technology would come
on top.  Such a library is read under two seeds and must give the same circuit; the technology's ``params`` switch its statistics
off.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from spicekit.errors import UserError
from spicekit.model_file import Stamp
from spicekit.simulator import simulator
from spicekit.technology import Technology


def check_draws(technology: Technology, corner: str) -> None:
    """Raise :class:`UserError` if the model files of ``corner`` draw numbers that are at work in its transistors."""
    drawn = [found for found in technology.definitions(corner) if found.kind == "random"]
    if not drawn:
        return
    netlist = _probe(technology, corner)
    if _repeats(netlist, technology.compatibility, technology.compiled(), tuple(technology.model_files(corner))):
        return
    call, place = drawn[0].name, drawn[0].place
    more = f" ({len(drawn)} such lines)" if len(drawn) > 1 else ""
    raise UserError(
        f"{place}: {call}{more} is drawn whenever the library is read: no two runs would have the same transistors. Set the "
        f"parameters that switch it off, as params = {{ NAME = 0 }} in {technology.file} or in a corner of it, or name a "
        "section without statistics; spread comes from [mismatch], or `spicekit technology trim` makes variation points of them"
    )


def changes(
    technology: Technology, role: str, library: str, given: str, setting: str = "", size: tuple[float, float] | None = None
) -> bool:
    """Whether the device of ``role`` of the text ``library`` is another one when its instance is ``given`` parameters
    (``a=1``), or the library a ``setting``, a line behind it; ``size`` is its W and L in metres, the smallest if not given."""
    listings = []
    for words, line in (("", ""), (given, setting)):
        netlist = _netlist(technology, f"{library}\n{line}", [role], words, size)
        listings.append(simulator().expanded(netlist, technology.compatibility, technology.compiled()))
    first, second = (_numbers(listing) for listing in listings)
    return first != second


def _numbers(listing: str) -> list[str]:
    """What a listing says of devices and models, without the parameters that led to it."""
    zero = re.compile(r"-(?=0\.0*e)")  # what a draw times nothing leaves of its sign
    return [zero.sub(" ", line) for line in listing.splitlines() if not line.strip().lower().startswith((".param", "x"))]


def _probe(technology: Technology, corner: str) -> str:
    """A netlist with one of each device of the technology."""
    return _netlist(technology, technology.cards(corner), technology.devices)


def _netlist(
    technology: Technology, library: str, roles: Iterable[str], given: str = "", size: tuple[float, float] | None = None
) -> str:
    width, length = size or (technology.w_min, technology.l_min)
    lines = ["* draws", library, f"Vdd d 0 {technology.vdd!r}"]
    for role in roles:
        lines += [
            f".subckt {role}_drawn d g s b params: w={width!r} l={length!r} shared_d=0 shared_s=0",
            f"{technology.instance(technology.devices[role], 'd g s b')} {given}",
            ".ends",
            f"X{role} d d 0 0 {role}_drawn",
        ]
    return "\n".join([*lines, ".end"]) + "\n"


@functools.lru_cache(maxsize=32)
def _repeats(netlist: str, compatibility: str, osdi: tuple[str, ...], files: tuple[Stamp, ...]) -> bool:
    """Whether two readings of ``netlist``, and of the ``files`` that it includes, give the same circuit."""
    ngspice, listings = simulator(), []
    for seed in (1, 2):
        ngspice.command(f"setseed {seed}")
        listings.append(_numbers(ngspice.expanded(netlist, compatibility, osdi)))
    return listings[0] == listings[1]
