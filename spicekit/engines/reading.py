"""Reading a netlist with its libraries, and saying once that this takes most of the time."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Collection

from spicekit.bench import Bench
from spicekit.benches.deck import Deck
from spicekit.errors import UserError
from spicekit.parameters import parameter_extra
from spicekit.simulator import NoBin, Simulator
from spicekit.units import format_value

SLOW = 2.0  # s of reading a netlist: it is said how to make it faster
_told: set[str] = set()


def read(ngspice: Simulator, bench: Bench, netlist: str, again: bool = False, varying: Collection[str] = ()) -> None:
    """Load ``netlist``, one of ``bench``; ``again``: what was read is to serve again if it is the same but for the values of
    the variation points ``varying``.

    Of libraries that take more than :data:`SLOW` seconds it warns, once a process.  Raises :class:`UserError` that names the
    parameters of a size for which the library has no model.
    """
    technology = bench.technology
    start = time.perf_counter()
    try:
        files = tuple(bench.model_files) if again else None
        ngspice.load(netlist, technology.compatibility, technology.compiled(), files, varying)
    except NoBin as error:
        raise _outside(bench, error) from None
    seconds = time.perf_counter() - start
    if seconds < SLOW or bench.name in _told or not (bench.model_files or isinstance(bench, Deck)):
        return
    _told.add(bench.name)
    if not bench.model_files:
        warnings.warn(
            f"the libraries of {bench.name} take {seconds:.0f} s to parse, in every trial: include less, or give them as a "
            "technology and trim that (`spicekit technology trim`)",
            stacklevel=2,
        )
        return
    often = "in every trial" if isinstance(bench, Deck) else "once a worker" if again else "for every block of trials"
    warnings.warn(
        f"the library of technology '{technology.name}' takes {seconds:.0f} s to parse, {often}: "
        f"`spicekit technology trim {technology.file} -o trimmed.toml` writes one with only the devices named",
        stacklevel=2,
    )


def _outside(bench: Bench, error: NoBin) -> UserError:
    """A library's models are for sizes in a range: the parameters of the one that is in none."""
    technology = bench.technology
    sizes = {"W": error.width / technology.units, "L": error.length / technology.units}
    names = [
        name
        for name, value in bench.p.model_dump().items()
        if isinstance(value, float)
        and parameter_extra(bench.Parameters, name).get("size")
        and math.isclose(value, sizes[parameter_extra(bench.Parameters, name)["size"]], rel_tol=1e-6)
    ]
    size = ", ".join(f"{letter} = {format_value(value, 'm')}" for letter, value in sizes.items())
    whose = f"parameter {', '.join(names)}: " if names else ""
    return UserError(
        f"bench '{bench.name}': {whose}technology '{technology.name}' has no model '{error.model}' for {size} (transistor "
        f"{error.transistor}); allowed: sizes of one of its bins"
    )
