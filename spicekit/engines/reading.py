"""Reading a netlist with its libraries, and saying once that this takes most of the time."""

from __future__ import annotations

import time
import warnings

from spicekit.bench import Bench
from spicekit.benches.deck import Deck
from spicekit.simulator import Simulator

SLOW = 2.0  # s of reading a netlist: it is said how to make it faster
_told: set[str] = set()


def read(ngspice: Simulator, bench: Bench, netlist: str, again: bool = False) -> None:
    """Load ``netlist``, one of ``bench``; ``again``: what was loaded is to serve again if it is the same.

    Of libraries that take more than :data:`SLOW` seconds it warns, once a process.
    """
    technology = bench.technology
    start = time.perf_counter()
    ngspice.load(netlist, technology.compatibility, technology.compiled(), tuple(bench.model_files) if again else None)
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
