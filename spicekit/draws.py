"""A library that draws numbers while it is read: no two runs have the same transistors.

ngspice evaluates ``agauss`` and its like in a parameter once for each time that it reads a netlist.  A campaign's block would
share one draw, copies of one transistor in both states of a cell would have two, and the mismatch of the technology would come
on top.  Such a library is read under two seeds and must give the same circuit; the technology's ``params`` switch its statistics
off.
"""

from __future__ import annotations

import functools

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
    if _repeats(netlist, technology.compatibility, tuple(technology.model_files(corner))):
        return
    call, place = drawn[0].name, drawn[0].place
    more = f" ({len(drawn)} such lines)" if len(drawn) > 1 else ""
    raise UserError(
        f"{place}: {call}{more} is drawn whenever the library is read: no two runs would have the same transistors. Set the "
        f"parameters that switch it off, as params = {{ NAME = 0 }} in {technology.file} or its [corners.{corner}], or name a "
        "section without statistics; spread comes from [mismatch]"
    )


def _probe(technology: Technology, corner: str) -> str:
    """A netlist with one of each device of the technology."""
    lines = ["* draws", technology.cards(corner), f"Vdd d 0 {technology.vdd!r}"]
    for role, device in technology.devices.items():
        lines += [
            f".subckt {role}_drawn d g s b params: w={technology.w_min!r} l={technology.l_min!r} shared_d=0 shared_s=0",
            technology.instance(device, "d g s b"),
            ".ends",
            f"X{role} d d 0 0 {role}_drawn",
        ]
    return "\n".join([*lines, ".end"]) + "\n"


@functools.lru_cache(maxsize=32)
def _repeats(netlist: str, compatibility: str, files: tuple[Stamp, ...]) -> bool:
    """Whether two readings of ``netlist``, and of the ``files`` that it includes, give the same circuit."""
    ngspice, listings = simulator(), []
    for seed in (1, 2):
        ngspice.command(f"setseed {seed}")
        ngspice.load(netlist, compatibility)
        listings.append(ngspice.listing())
    return listings[0] == listings[1]
