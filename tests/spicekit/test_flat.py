"""Libraries that are read once a worker: the blocks after the first are other text, and the same numbers to the bit."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mini_process import MODELS, SUBCIRCUITS, write

from spicekit import flat, make_bench, run
from spicekit.bench import Bench
from spicekit.engines.ngspice import solve
from spicekit.errors import UserError
from spicekit.simulator import Simulator, simulator
from spicekit.waves import Array

# a card of more than the 4095 characters at which ngspice cuts its own listing, what matters at its end
LONG = " ".join(f"{name}={value:.60f}" for name in ("cgdl", "cgsl", "cgbo", "xpart") for value in (0.0,) * 20)
CARDS = ".param shift=0.01\n" + MODELS.format("").replace("vth0=0.4", f"{LONG} vth0={{0.4+shift}}")
BENCHES: dict[str, dict[str, Any]] = {
    "sot-read": {"temperature": -40},
    "sot-logic": {},
    "sram-6t": {},  # a sweep within each trial, and initial guesses
}


@pytest.fixture
def technology(tmp_path: Path) -> Path:
    """In the dialect of HSPICE and in um, as SKY130."""
    head = 'compatibility = "hsa"\nlengths = "um"\n[devices.nmos]'
    return write(tmp_path, f".option scale=1.0u\n{CARDS}{SUBCIRCUITS}", ("[devices.nmos]", head), kind="subckt")


def blocks(bench: Bench, count: int) -> list[dict[str, Array]]:
    """Of three trials each; one point keeps its nominal value in every second, so that it is another kind of source there."""
    rng = np.random.default_rng(3)
    points = bench.points()
    drawn = [{p.name: p.nominal + 0.01 * (p.nominal or 1) * rng.standard_normal(3) for p in points} for _ in range(count)]
    for block in drawn[1::2]:
        block[points[0].name] = np.full(3, points[0].nominal)
    return drawn


def solved(bench: Bench, drawn: list[dict[str, Array]]) -> list[bytes]:
    found = [solve(bench, block) for block in drawn]
    assert all(one.converged.all() for one in found)
    return [column.tobytes() for one in found for column in one.measures.values()]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The netlists that ngspice reads in this process."""
    seen: list[str] = []
    circuit = Simulator._circuit
    monkeypatch.setattr(Simulator, "_circuit", lambda self, netlist: seen.append(netlist) or circuit(self, netlist))
    return seen


def libraries(read: list[str]) -> int:
    return sum("mini.lib" in netlist for netlist in read)


@pytest.mark.parametrize(("name", "given"), BENCHES.items())
def test_a_library_is_read_once_for_all_blocks(
    technology: Path, read: list[str], monkeypatch: pytest.MonkeyPatch, name: str, given: dict[str, Any]
) -> None:
    bench = make_bench(name, {"technology": technology, **given})
    bench.model_files  # noqa: B018  checks them, which reads them
    drawn = blocks(bench, 3)
    read.clear()
    once = solved(bench, drawn)
    assert (libraries(read), len(read)) == (1, 3)
    monkeypatch.setattr(Simulator, "_confirmed", lambda *_: False)
    read.clear()
    assert solved(bench, drawn) == once
    assert libraries(read) == 3


FAULTS: dict[str, Callable[[str], str]] = {
    "digits are lost": lambda line: line,
    "ngspice refuses it": lambda line: line.replace("nch", "nothing"),
    "a fatal error to ngspice": lambda line: line.replace("1.0", "{1/}"),
    "ngspice dies of it": lambda line: os.kill(os.getpid(), signal.SIGKILL) or line,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_text_that_is_not_the_circuit_is_not_used(
    technology: Path, read: list[str], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    bench = make_bench("sot-read", {"technology": technology})
    drawn = blocks(bench, 2)
    read.clear()
    expected = solved(bench, drawn)
    assert libraries(read) == 1
    simulator()._flat.clear()
    text = flat.Flat.text

    def bad(self: flat.Flat, netlist: str) -> str:
        lines = self._listed if fault == "digits are lost" else text(self, netlist).split("\n")
        return "\n".join(["* bad", *map(FAULTS[fault], lines), ".end"])

    monkeypatch.setattr(flat.Flat, "text", bad)
    read.clear()
    assert solved(bench, drawn) == expected
    assert libraries(read) == 2


def test_a_draw_far_along_a_line_is_found(tmp_path: Path) -> None:
    library = f"{CARDS.replace('{0.4+shift}', '{0.4+agauss(0,0.03,1)}')}{SUBCIRCUITS}"
    file = write(tmp_path, library, kind="subckt")
    with pytest.raises(UserError, match="is drawn whenever the library is read"):
        run("sot-read", technology=file)
