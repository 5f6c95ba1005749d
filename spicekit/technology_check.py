"""What a technology's transistors do here: currents and thresholds at every corner, mismatch, and which benches take it.

The threshold is that of constant current: V_GS at which I_D = 100 nA W/L, at V_DS = 50 mV, interpolated on a logarithmic axis.
Mismatch by a library's own draws is to first order: half the difference between plus and minus one sigma of each, their squares
added.  The same figures by Pelgrom's law of [mismatch] stand beside it: sigma(V_TH), and of the on-current
(g_m sigma(V_TH) / I)^2 + sigma(beta)^2.
"""

from __future__ import annotations

import math
import time
import types
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spicekit.draws import check_draws
from spicekit.errors import SpicekitError, UserError
from spicekit.simulator import simulator
from spicekit.technology import Technology
from spicekit.waves import Array

UNIT_CURRENT = 100e-9  # A, of a square transistor at its threshold
LINEAR = 0.05  # V, drain to source, where the threshold is read
POINTS = 501  # of a transfer curve
TEMPERATURES = 5
ROOM = 27.0  # C


@dataclass(frozen=True)
class Transistor:
    """One device at one corner, at 27 C; currents and voltages are magnitudes."""

    role: str
    device: str
    corner: str
    i_on: float  # A, all terminals at the supply
    i_off: float  # A, gate at the source
    v_th: float  # V; NaN if the current never reaches the threshold's
    temperatures: tuple[float, ...]  # C
    i_on_at: tuple[float, ...]  # A, at these
    sigma_vth: float  # V, by [mismatch]
    sigma_on: float  # of the on-current, relative, by [mismatch]
    sigma_vth_library: float  # by the library's draws; NaN if it has none
    sigma_on_library: float
    gate: tuple[float, ...]  # V, of the curve at V_DS = V_DD
    current: tuple[float, ...]  # A

    @property
    def ratio(self) -> float:
        """On-current over off-current."""
        return self.i_on / self.i_off if self.i_off > 0 else math.inf


@dataclass(frozen=True)
class Check:
    """What was found of a technology."""

    technology: str
    width: float  # m
    length: float
    vdd: float
    transistors: list[Transistor]
    parse: dict[str, float]  # corner -> s to read its library
    failed: dict[str, str]  # corner -> why it was not simulated
    users: bool  # whether all of these are the user's to mend
    benches: dict[str, str]  # name -> why it does not fit; empty if it does

    def as_json(self) -> dict[str, Any]:
        """Ready for JSON; what has no value is None."""
        transistors = [{**asdict(one), "on_off": one.ratio} for one in self.transistors]
        finite = [
            {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in one.items()}
            for one in transistors
        ]
        return {**{name: value for name, value in asdict(self).items() if name != "users"}, "transistors": finite}


def check_technology(technology: Technology, given: str, size: tuple[float, float] | None = None) -> Check:
    """Simulate every device at every corner, ``size`` (W, L) in metres; the smallest if None.

    ``given`` is how a bench would be given the technology.  A corner that cannot be simulated is told, not raised.
    """
    width, length = size or (technology.w_min, technology.l_min)
    transistors, parse, failed, users = [], dict[str, float](), dict[str, str](), True
    for corner in technology.corners:
        try:
            technology.cards(corner)
            check_draws(technology, corner)
            found, parse[corner] = _corner(technology, corner, width, length)
            transistors += found
        except SpicekitError as error:
            failed[corner] = str(error)
            users = users and isinstance(error, UserError)
            if "cannot go on in this process" in failed[corner]:
                break
    return Check(technology.name, width, length, technology.vdd, transistors, parse, failed, users, fitting(given, failed))


def fitting(given: str, failed: Mapping[str, str] = types.MappingProxyType({})) -> dict[str, str]:
    """Of each bench that takes a technology, why this one does not fit its defaults; empty if it does.  Nothing is simulated.

    ``failed`` are corners that cannot be simulated, and why: no bench fits whose corner is one of them.
    """
    from spicekit.registry import bench_names, make_bench

    found = {}
    for name in bench_names():
        if not make_bench(name, {}).roles:
            continue
        try:
            bench = make_bench(name, {"technology": given})
            bench.points()
            found[name] = f"corner {bench.p.corner} cannot be simulated" if bench.p.corner in failed else ""
        except UserError as error:
            reason = str(error).removeprefix(f"bench '{name}': ")
            found[name] = next((f"corner {corner} cannot be simulated" for corner in failed if failed[corner] == reason), reason)
    return found


def grouped(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    """Reason -> the names that have it, in the order of ``reasons`` (name -> reason)."""
    found: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        found.setdefault(reason, []).append(name)
    return found


def _corner(technology: Technology, corner: str, width: float, length: float) -> tuple[list[Transistor], float]:
    """The devices at ``corner``, and the seconds that reading the netlist took."""
    statistics = technology.statistics(corner)
    variants = {role: _variants([own for own, _ in statistics.given(role)]) for role in technology.devices}
    lines = ["* check", technology.cards(corner), f".temp {ROOM!r}", "Vg g 0 0", "Em m 0 g 0 -1"]
    for role in technology.devices:
        sign, node = (-1, "m") if role.startswith("p") else (1, "g")
        given = "".join(f" {own}=0" for own, _ in statistics.given(role))
        lines += [
            f".subckt {role}_checked d g s b params: w={width!r} l={length!r} shared_d=0 shared_s=0{given}",
            technology.drawn_instance(role, "d g s b", corner),
            ".ends",
        ]
        for k, words in enumerate(variants[role]):
            for drain, volts in (("lin", LINEAR), ("sat", technology.vdd)):
                name = f"{role}_{drain}_{k}"
                lines += [f"V{name} d{name} 0 {sign * volts!r}", f"X{name} d{name} {node} 0 0 {role}_checked {words}"]
    start = time.perf_counter()
    ngspice = simulator()
    ngspice.load("\n".join([*lines, ".end"]) + "\n", technology.compatibility, technology.compiled())
    seconds = time.perf_counter() - start
    gate = np.linspace(0, technology.vdd, POINTS)
    names = [
        f"v{role}_{drain}_{k}" for role in technology.devices for k in range(len(variants[role])) for drain in ("lin", "sat")
    ]
    swept = _swept(f"dc vg 0 {technology.vdd!r} {technology.vdd / (POINTS - 1)!r}", names, POINTS, corner)
    limits = technology.temperature
    celsius = np.linspace(limits.low, limits.high, TEMPERATURES)
    step = (limits.high - limits.low) / (TEMPERATURES - 1)
    hot = _swept(
        f"dc vg {technology.vdd!r} {technology.vdd!r} 1 temp {limits.low!r} {limits.high!r} {step!r}", names, TEMPERATURES, corner
    )
    found = []
    for role, device in technology.devices.items():
        threshold = UNIT_CURRENT * width / length
        saturated = [swept[f"v{role}_sat_{k}"] for k in range(len(variants[role]))]
        v_th = [_crossing(gate, swept[f"v{role}_lin_{k}"], threshold) for k in range(len(variants[role]))]
        i_on = [float(current[-1]) for current in saturated]
        sigma_vth = technology.sigma_vth(width, length, role)
        g_m = float((saturated[0][-1] - saturated[0][-2]) / (gate[-1] - gate[-2]))
        sigma_on = math.hypot(g_m * sigma_vth / i_on[0], technology.sigma_beta(width, length, role))
        found.append(
            Transistor(
                role=role,
                device=device.name,
                corner=corner,
                i_on=i_on[0],
                i_off=float(saturated[0][0]),
                v_th=v_th[0],
                temperatures=tuple(celsius.tolist()),
                i_on_at=tuple(hot[f"v{role}_sat_0"].tolist()),
                sigma_vth=sigma_vth,
                sigma_on=sigma_on,
                sigma_vth_library=_spread(v_th),
                sigma_on_library=_spread(i_on) / i_on[0],
                gate=tuple(gate.tolist()),
                current=tuple(saturated[0].tolist()),
            )
        )
    return found, seconds


def _variants(names: Sequence[str]) -> list[str]:
    """The nominal device, then each draw at plus and at minus one sigma."""
    return ["", *(f"{name}={sign}" for name in names for sign in (1, -1))]


def _spread(values: Sequence[float]) -> float:
    """Standard deviation to first order, of a nominal value and those at plus and minus one sigma of each draw."""
    pairs = list(zip(values[1::2], values[2::2], strict=True))
    return math.sqrt(sum((plus - minus) ** 2 for plus, minus in pairs)) / 2 if pairs else math.nan


def _swept(command: str, names: Sequence[str], points: int, corner: str) -> Mapping[str, Array]:
    """The magnitudes of the currents of voltage sources."""
    ngspice = simulator()
    ngspice.clear()
    ngspice.command(command)
    found = ngspice.vectors([f"{name}#branch" for name in names])
    if len(found) != len(names) or any(len(values) < points or not np.isfinite(values).all() for values in found.values()):
        raise SpicekitError(f"corner {corner}: ngspice finds no operating point: {ngspice.last_words()}")
    return {name: np.abs(found[f"{name}#branch"][:points]) for name in names}


def _crossing(gate: Array, current: Array, level: float) -> float:
    """The first gate voltage at which ``current`` reaches ``level``; NaN if it does not."""
    above = np.flatnonzero(current >= level)
    if not len(above):
        return math.nan
    k = int(above[0])
    if k == 0:
        return float(gate[0])
    low, high = (math.log(max(float(value), 1e-30)) for value in current[k - 1 : k + 1])
    return float(gate[k - 1] + (gate[k] - gate[k - 1]) * (math.log(level) - low) / (high - low))


def plot_check(check: Check, path: Path) -> Path:
    """I_D against V_GS of every device and corner, and the on-current over temperature."""
    from spicekit.style import COLOURS, new_figure, save

    figure = new_figure(10, 4.6)
    transfer, hot = figure.subplots(1, 2)
    corners = list(dict.fromkeys(one.corner for one in check.transistors))
    roles = list(dict.fromkeys(one.role for one in check.transistors))
    for one in check.transistors:
        colour, line = COLOURS[corners.index(one.corner) % len(COLOURS)], ("-", "--", ":", "-.")[roles.index(one.role) % 4]
        label = f"{one.role} {one.corner}"
        transfer.semilogy(one.gate, np.maximum(one.current, 1e-16), color=colour, ls=line, label=label)
        hot.plot(one.temperatures, np.array(one.i_on_at) * 1e6, color=colour, ls=line, marker=".", label=label)
    transfer.set_xlabel("|V_GS| (V)")
    transfer.set_ylabel(f"|I_D| at |V_DS| = {check.vdd:g} V (A)")
    hot.set_xlabel("temperature (°C)")
    hot.set_ylabel("on-current (µA)")
    transfer.legend(fontsize=8, loc="lower right")  # the best place among so many points takes long to find
    figure.suptitle(f"{check.technology}: W = {check.width * 1e6:g} µm, L = {check.length * 1e6:g} µm, left at {ROOM:g} °C")
    return save(figure, path)
