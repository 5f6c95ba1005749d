"""Three forms of one model: the Verilog-A twins, the ngspice macromodel and the Python reference agree to 1e-6, term by term.

The Verilog-A is compiled by OpenVAF and evaluated by its interpreter; ngspice solves the macromodel with its magnetisation
held by voltage sources (``probe``), so that the currents into them are the right-hand side of the LLG equation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spicekit.devices import list_devices, load_device
from spicekit.devices.mtj import MtjCard
from spicekit.paths import data_root
from spicekit.physics import conductance, llg
from spicekit.physics.initial import direction
from spicekit.physics.mtj_numbers import MtjNumbers
from spicekit.simulator import simulator

openvaf_py: Any = pytest.importorskip("openvaf_py", reason="openvaf-py, which compiles Verilog-A, has no wheel for this Python")

Array = NDArray[np.float64]
Device = Callable[..., str]

SIZE = 40  # random points a device
TOLERANCE = 1e-6
KEYS = {field.name for field in fields(MtjNumbers)}
FACTORS = {"cd_factor", "hk_factor", "state"}
#: keys that no equation reads: they serve campaigns, the behavioural model and the thermal field
UNREAD = {
    "area",
    "volume",
    "tmr",
    "delta",
    "hk",
    "hk_size",
    "stiffness_size",
    "stiffness",
    "tau_d",
    "ic_ap_p",
    "ic_p_ap",
    "theta0_sampled",
}
RAIL = {"sot", "sot_coefficient", "sot_fieldlike", "sx", "sy", "sz", "r_rail"}

CARDS = {name: load_device(name, MtjCard).at().numbers for name in list_devices("mtj")}
#: a card at another temperature, and devices with every term that the cards leave out
HOT = {
    name: load_device(name, MtjCard).at(400.0).numbers
    for name in ("umn-i-pmtj", "umn-imtj", "stt-bnn-65nm", "imce-45nm", "arm-50nm")
}
_LAWS = {"p_b": 2e-5, "thermal": 1.0, "k_exponent": 2.7}
_TERMS = {"hx": 1e4, "hy": 2e4, "hz": 3e4, "stt_fieldlike": 0.3, "stt_qm": 0.4, "stt_am": 0.5, "stt_asymmetry": 0.7}
_TENSOR = {"angle_umn": 0.0, "nxx": 0.1, "nyy": 0.3, "nzz": 0.6, "k_easy": 1e5, "k_perp": 1.2e5, "n_perp": 0.1, "k_vcma": 4e4}
MADE = {
    f"{name}, {title}": replace(CARDS[name], **changes)
    for name in ("umn-i-pmtj", "imce-45nm")
    for title, changes in {
        "heated": _LAWS | _TERMS | {"r_th": 1e5},
        "brinkman, easy x": _TENSOR | _TERMS | {"conductance": 3.0, "gp1": 0.1, "gp2": 0.2, "ex": 1.0, "ez": 0.0},
        "tunnel fit, easy y": _TENSOR | {"conductance": 2.0, "gp2": 0.2, "gap2": 0.4, "ey": 1.0, "ez": 0.0, "gilbert": 1.0},
        "any spin": {"sx": 0.6 * CARDS[name].sot, "sy": 0.5 * CARDS[name].sot, "sz": 0.3 * CARDS[name].sot},
    }.items()
}
DEVICES = CARDS | {f"{name}, 400 K": k for name, k in HOT.items()} | MADE


@dataclass(frozen=True)
class Bias:
    """Random points: potentials in V of the terminals (pinned 0), magnetisation, and what varies from device to device."""

    m: Array  # (3, SIZE), unit within some per cent
    free: Array  # two terminals
    head: Array  # three terminals
    tail: Array
    ra: Array  # ohm um2
    tmr: Array
    cd: Array
    hk: Array


@dataclass(frozen=True)
class Result:
    """What one form of the model says at the points."""

    junction: Array  # A, out of the free side
    head: Array  # A, into the rail
    tail: Array
    rate: Array  # (3, SIZE), 1/s
    heating: Array  # W, what heats the junction


def bias(k: MtjNumbers) -> Bias:
    rng = np.random.default_rng(20)
    m = rng.standard_normal((3, SIZE))
    m *= (1 + 0.01 * rng.standard_normal(SIZE)) / np.linalg.norm(m, axis=0)
    ra = k.r_p * k.area * 1e12
    spread = [rng.uniform(0.75, 1.3, SIZE) for _ in range(4)]
    return Bias(
        m, *(rng.uniform(-0.8, 0.8, SIZE) for _ in range(3)), ra * spread[0], k.tmr * spread[1], spread[2], spread[3]
    )  # fmt: skip


def varied(k: MtjNumbers, b: Bias) -> MtjNumbers:
    """The parameters of each point, as arrays where they vary."""
    bloch = 1 - k.p_b * k.temperature**1.5
    easy = next(f"n{axis}{axis}" for axis in "xyz" if getattr(k, f"e{axis}"))
    arrays: dict[str, Any] = {
        "r_p": b.ra * 1e-12 / (k.area * b.cd**2),
        "p_tmr0": np.sqrt(b.tmr / (b.tmr + 2)) / bloch,
        "stt_coefficient": k.stt_coefficient / b.cd**2,
        "k_easy": k.k_easy + (b.hk - 1) * k.mu0 * k.ms * k.hk / 2,
        # the demagnetising field of the size goes with Ms, as the tensor does
        easy: getattr(k, easy) - b.hk * k.net_size * (1 / b.cd - 1) / k.ms,
    }
    return replace(k, **arrays)


def in_ngspice(device: Device, k: MtjNumbers, b: Bias) -> tuple[Result, Array, Array]:
    """The macromodel's answer, with the potential of the rail's middle (V) and the temperature (K) that it solved for."""
    driven = {"mx": b.m[0], "my": b.m[1], "mz": b.m[2], "ra": b.ra, "tmr": b.tmr, "cd": b.cd, "hk": b.hk}
    driven |= {"head": b.head, "tail": b.tail} if k.sot else {"free": b.free}
    lines = ["* probe", ".options reltol=1e-12 abstol=1e-16 vntol=1e-15 gmin=1e-18", device(k, probe=True), "Vtrial trial 0 0"]
    for name, values in driven.items():
        knots = ",".join(f"{index},{value!r}" for index, value in enumerate(values.tolist()))
        lines += [f"B{name} {name}s 0 V = pwl(V(trial),{knots})", f"V{name} {name}s {name} 0"]
    lines += [f"V{name} {name} 0 0" for name in ("pinned", "state", "theta0", "phi0")]
    terminals = "pinned head tail" if k.sot else "free pinned"
    currents = [f"i(v{name})" for name in ("mx", "my", "mz", "pinned", *(("head", "tail") if k.sot else ("free",)))]
    lines += [f"X1 {terminals} mx my mz state theta0 phi0 ra tmr cd hk dut", ".end"]
    ngspice = simulator()
    ngspice.load("\n".join(lines))
    ngspice.command(f"dc vtrial 0 {SIZE - 1} 1")
    found = ngspice.vectors([*currents, "v(x1.mid)", "v(x1.temp)"])
    assert all(len(found[name]) == SIZE for name in currents), ngspice.last_words()
    temperature = found.get("v(x1.temp)", np.full(SIZE, k.temperature))
    rate = -1e9 * np.array([found[f"i(vm{j})"] for j in "xyz"])  # 1 nF: an ampere is one per ns
    heating = (temperature - k.temperature) / k.r_th
    head, tail = (found[f"i(v{end})"] if k.sot else np.zeros(SIZE) for end in ("head", "tail"))
    if not k.sot:  # what goes in at one end comes out at the other
        np.testing.assert_allclose(found["i(vfree)"], found["i(vpinned)"], rtol=1e-9, atol=1e-15)
    middle = found["v(x1.mid)"] if k.sot else b.free
    return Result(found["i(vpinned)"], head, tail, rate, heating), middle, temperature


def in_python(k: MtjNumbers, b: Bias, v: Array, temperature: Array) -> Result:
    p = varied(k, b)
    i = v * conductance.conductance(p, v, conductance.cosine(p, *b.m), temperature)
    i_rail = (b.head - b.tail) / k.r_rail if k.sot else np.zeros(SIZE)
    rate = np.array(llg.rate(p, (b.m[0], b.m[1], b.m[2]), temperature, v, i, i_rail))
    head, tail = ((end - v) * 2 / k.r_rail * k.sot for end in (b.head, b.tail))
    return Result(i, head, tail, rate, v * i + i_rail**2 * k.r_rail)


class Twin:
    """A compiled Verilog-A module."""

    def __init__(self, path: Path) -> None:
        (self.module,) = openvaf_py.compile_va(str(path))
        self.nodes = [node["name"] for node in self.module.get_dae_system()["nodes"]]
        kinds = zip(self.module.param_names, self.module.param_kinds, strict=True)
        self.parameters = {name for name, kind in kinds if kind == "param"}

    def evaluate(
        self, given: Mapping[str, float], potential: Mapping[str, float], time: float = 1e-9
    ) -> tuple[dict[str, float], dict[str, float], Array]:
        """(current out of each node into the device in A, charge at each node in C, jacobian of the currents in S)."""
        values = dict.fromkeys((*self.module.param_names, *self.module.init_param_names), 0.0) | {
            "mfactor": 1.0,
            "$abstime": time,
        }
        values |= {name: given[name] for name in self.parameters if name in given}
        for name, kind in zip(self.module.param_names, self.module.param_kinds, strict=True):
            if kind == "voltage":
                ends = name[2:-1].split(",")
                values[name] = potential[ends[0]] - (potential[ends[1]] if len(ends) > 1 else 0.0)
        residuals, entries = self.module.run_init_eval(values)
        jacobian = np.zeros((len(self.nodes), len(self.nodes)))
        for row, column, resistive, _ in entries:
            jacobian[row, column] += resistive
        pairs = list(zip(self.nodes, residuals, strict=True))
        return {name: value[0] for name, value in pairs}, {name: value[1] for name, value in pairs}, jacobian


@pytest.fixture(scope="module")
def twins() -> dict[float, Twin]:
    """By the key ``sot``."""
    folder = data_root() / "models" / "mtj"
    return {0.0: Twin(folder / "mtj_stt.va"), 1.0: Twin(folder / "mtj_sot.va")}


def point(k: MtjNumbers, b: Bias, v: Array, temperature: Array, n: int) -> tuple[dict[str, float], dict[str, float]]:
    """Parameters and potentials of one point for a twin."""
    p = varied(k, b)
    given = asdict(k) | {"r_p": float(b.ra[n] * 1e-12 / k.area), "p_tmr0": float(p.p_tmr0[n])}
    given |= {"cd_factor": float(b.cd[n]), "hk_factor": float(b.hk[n]), "state": 0.0}
    potential = {"rise": float(temperature[n] - k.temperature), "mx": b.m[0, n], "my": b.m[1, n], "mz": b.m[2, n]}
    if k.sot:
        potential |= {"pinned": 0.0, "head": b.head[n], "tail": b.tail[n], "mid": v[n]}
    else:
        potential |= {"t1": v[n], "t2": 0.0}
    return given, {name: float(value) for name, value in potential.items()}


def in_verilog(twin: Twin, k: MtjNumbers, b: Bias, v: Array, temperature: Array) -> Result:
    columns: list[list[float]] = []
    for n in range(SIZE):
        current, charge, _ = twin.evaluate(*point(k, b, v, temperature, n))
        for j, node in enumerate(("mx", "my", "mz")):
            assert charge[node] == pytest.approx(1e-9 * b.m[j, n], rel=1e-12)
        assert sum(current[node] for node in twin.nodes if node not in {"mx", "my", "mz", "rise"}) == pytest.approx(0, abs=1e-15)
        if k.thermal:
            assert charge["rise"] == pytest.approx(k.c_th * (temperature[n] - k.temperature), rel=1e-12)
        heating = (temperature[n] - k.temperature) / k.r_th - current["rise"]
        rail = (current["head"], current["tail"]) if k.sot else (0.0, 0.0)
        into = -current["pinned" if k.sot else "t2"]
        columns.append([into, *rail, *(-1e9 * current[node] for node in ("mx", "my", "mz")), heating])
    table = np.array(columns).T
    return Result(table[0], table[1], table[2], table[3:6], table[6])


def agree(one: Result, other: Result, *, rail: bool, thermal: bool) -> None:
    """Within 1e-6 of the size of what is compared: of each current, of the vector of the rate at each point."""
    np.testing.assert_allclose(one.junction, other.junction, rtol=TOLERANCE)
    distance = np.linalg.norm(one.rate - other.rate, axis=0)
    assert np.max(distance / np.linalg.norm(other.rate, axis=0)) < TOLERANCE
    if rail:
        size = np.abs(other.head) + np.abs(other.tail)
        assert np.max((np.abs(one.head - other.head) + np.abs(one.tail - other.tail)) / size) < TOLERANCE
    if thermal:
        np.testing.assert_allclose(one.heating, other.heating, rtol=TOLERANCE)


@pytest.mark.parametrize("name", DEVICES)
def test_the_three_forms_agree(device: Device, twins: dict[float, Twin], name: str) -> None:
    k = DEVICES[name]
    b = bias(k)
    simulated, v, temperature = in_ngspice(device, k, b)
    reference = in_python(k, b, v, temperature)
    compiled = in_verilog(twins[k.sot], k, b, v, temperature)
    options = {"rail": bool(k.sot), "thermal": bool(k.thermal)}
    agree(simulated, reference, **options)
    agree(compiled, reference, **options)
    agree(compiled, simulated, **options)
    assert np.min(np.abs(reference.junction)) > 0
    assert np.ptp(temperature) > 10 or not k.thermal


@pytest.mark.parametrize("name", ["umn-i-pmtj, heated", "imce-45nm, heated", "umn-i-pmtj, tunnel fit, easy y"])
def test_a_twins_jacobian_is_the_slope_of_its_currents(twins: dict[float, Twin], name: str) -> None:
    k = DEVICES[name]
    b, twin = bias(k), twins[k.sot]
    rise = np.linspace(5, 50, SIZE) * k.thermal
    for n in range(0, SIZE, 8):
        given, potential = point(k, b, b.free, k.temperature + rise, n)
        jacobian = twin.evaluate(given, potential)[2]
        for column, node in enumerate(twin.nodes):
            step = 1e-3 if node == "rise" else 1e-6
            up, down = (twin.evaluate(given, potential | {node: potential[node] + s})[0] for s in (step, -step))
            slope = np.array([(up[row] - down[row]) / (2 * step) for row in twin.nodes])
            np.testing.assert_allclose(jacobian[:, column], slope, rtol=1e-5, atol=1e-6 * np.max(np.abs(jacobian)), err_msg=node)


def test_a_twin_has_the_keys_of_the_model_as_parameters(twins: dict[float, Twin]) -> None:
    assert twins[1.0].parameters - FACTORS == KEYS - UNREAD - {"sot"}
    assert twins[0.0].parameters - FACTORS == KEYS - UNREAD - RAIL


@pytest.mark.parametrize("time", [0.0, 1e-9])
@pytest.mark.parametrize("name", ["mtj_stt", "mtj_sot"])
def test_a_twin_starts_at_its_angle(tmp_path: Path, name: str, time: float) -> None:
    """At time 0, or where ``analysis("static")`` is written as true: the interpreter knows no operating point."""
    folder = data_root() / "models" / "mtj"
    for file in ("mtj_stt.va", "mtj_sot.va"):
        text = (folder / file).read_text()
        (tmp_path / file).write_text(text.replace('analysis("static")', "(state >= 0)") if time else text)
    twin = Twin(tmp_path / f"{name}.va")
    for card in ("umn-i-pmtj", "umn-imtj", "umn-i-pmtj, brinkman, easy x"):
        k = replace(DEVICES[card], r_rail=1e3)
        for state in (0.0, 1.0):
            m0 = direction(k, 0.3, 0.7, bool(state))
            potential = dict.fromkeys(("t1", "t2", "pinned", "head", "tail", "mid", "rise"), 0.3)
            given = asdict(k) | {"cd_factor": 1.0, "hk_factor": 1.0, "state": state, "theta0": 0.3, "phi0": 0.7}
            current = twin.evaluate(given, potential | dict(zip(("mx", "my", "mz"), m0, strict=True)), time)[0]
            np.testing.assert_allclose([current[node] for node in ("mx", "my", "mz")], 0, atol=1e-9)
