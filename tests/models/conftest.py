"""What the tests of the switching junctions share: one device in a small circuit, and a transient run of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from spicekit.netlist import environment
from spicekit.physics.mtj_numbers import MtjNumbers
from spicekit.simulator import simulator

Array = NDArray[np.float64]
Netlist = Callable[..., str]
Transient = Callable[..., dict[str, Array]]

_PORTS = ("state", "theta0", "phi0", "ra", "tmr", "cd", "hk")


@pytest.fixture(scope="session")
def device() -> Callable[..., str]:
    """The text of the subcircuit ``dut``: ``model`` is llg or fast, the rest are the options of its macro."""

    def render(k: MtjNumbers, model: str = "llg", **options: object) -> str:
        macro = "mtj_sot" if k.sot and model == "llg" else "mtj"
        given = "".join(f", {name}={name}" for name in options)
        text = environment().from_string(
            f'{{% import "mtj/mtj-{model}.lib.j2" as m %}}{{{{ m.{macro}("dut", k{given}) }}}}'
        )  # fmt: skip
        return "\n".join(line for line in text.render(k=k, **options).splitlines() if line.strip()) + "\n"

    return render


@pytest.fixture(scope="session")
def netlist(device: Callable[..., str]) -> Netlist:
    """``X1``, its free terminal at node ``d`` (of a SOT device: its pinned one, and the rail from ``head``), the other grounded.

    ``circuit`` drives ``d`` and ``head``; each number of the device is a source ``Vra``, ``Vhk`` ... with the values of ``k``
    unless given in ``values``.
    """

    def build(
        k: MtjNumbers,
        circuit: str,
        *,
        solver: str = "method=trap reltol=1e-4",
        model: str = "llg",
        noise_dt: float = 0.0,
        values: Mapping[str, float] | None = None,
    ) -> str:
        numbers = {"state": 0.0, "ra": k.r_p * k.area * 1e12, "cd": 1.0, "hk": 1.0} | {
            name: getattr(k, name) for name in ("theta0", "phi0", "tmr")
        }
        numbers |= values or {}
        sources = "\n".join(f"V{name} {name} 0 {numbers[name]!r}" for name in _PORTS)
        terminals = "d head 0" if k.sot and model == "llg" else "d 0"
        text = device(k, model, **({"noise_dt": noise_dt} if noise_dt else {}))
        return (
            f"* one junction\n.options {solver}\n{text}{circuit}\n{sources}\n"
            f"X1 {terminals} mx my mz {' '.join(_PORTS)} dut\n.end\n"
        )

    return build


@pytest.fixture
def transient() -> Transient:
    """Load ``text`` (unless None), give ngspice ``commands``, run ``tran step stop``, return the vectors."""

    def run(
        text: str | None, step: float, stop: float, *, commands: Iterable[str] = (), names: Iterable[str] = ()
    ) -> dict[str, Array]:
        ngspice = simulator()
        if text is not None:
            ngspice.load(text)
        ngspice.clear()
        for command in commands:
            ngspice.command(command)
        ngspice.command(f"tran {step!r} {stop!r}")
        found = ngspice.vectors(["time", "v(mx)", "v(my)", "v(mz)", *names])
        assert found["time"][-1] == pytest.approx(stop, rel=1e-9), ngspice.last_words()
        return found

    return run


@pytest.fixture(scope="session")
def crossing() -> Callable[[dict[str, Array], str], float]:
    """The first time at which a component of m is 0, in s; inf if there is none."""

    def first(found: dict[str, Array], node: str = "v(mz)") -> float:
        t, m = found["time"], found[node]
        at = np.flatnonzero(m[:-1] * m[1:] <= 0)
        if not at.size:
            return float("inf")
        i = int(at[0])
        return float(t[i] - m[i] * (t[i + 1] - t[i]) / (m[i + 1] - m[i]))

    return first
