"""The constant-current column in pictures and tables, beside the conventional column.

python examples/c3cim_column.py --out out/c3cim [--trials 1000] [--workers 2] [PART ...]
with parts transfer, settling, errors, energy, trade, comparison, ratios, headroom; all of them if none is given
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from montecarlo import Campaign, clopper_pearson
from spicekit import run
from spicekit.benches.c3cim.baseline import C3cimConventional
from spicekit.benches.c3cim.column import C3cimColumn
from spicekit.benches.c3cim.headroom import current_range, largest_cells
from spicekit.benches.c3cim.settle import C3cimSettleParameters
from spicekit.linearity import deviation
from spicekit.style import COLOURS, new_figure, save

BENCHES: dict[str, type[C3cimColumn | C3cimConventional]] = {
    "constant current": C3cimColumn,
    "current summing": C3cimConventional,
}
DEVICES = ("rram-hfo2", "fefet-like", "stt-bnn-65nm")
CURRENTS = (10e-9, 15e-9, 20e-9, 25e-9, 30e-9, 40e-9, 50e-9, 60e-9, 70e-9, 80e-9, 100e-9, 120e-9, 150e-9)


def transfer(folder: Path, _: int, __: int) -> None:
    """Column voltage against n_hrs, and its distance from a line, for both placements and three gate voltages."""
    figure = new_figure(8, 6)
    upper, lower = figure.subplots(2, 1, sharex=True)
    for colour, v_gate in zip(COLOURS, (0.8, 0.9, 1.0), strict=False):
        for style, placement in (("-", "first"), ("--", "last")):
            result = run("c3cim-column", transfer=1, placement=placement, v_gate=v_gate)
            level, reading = np.arange(65.0), result.waves("v(d_top)")
            label = f"gates {v_gate:g} V, HRS {'from ground up' if placement == 'first' else 'from the top down'}"
            upper.plot(level, reading * 1e3, color=colour, ls=style, label=label)
            lower.plot(level, deviation(level, reading), color=colour, ls=style)
            print(f"{label}: INL {result.measures['inl']:.3f}, DNL {result.measures['dnl']:.3f} steps")
    for half in (-0.5, 0.5):
        lower.axhline(half, color="black", lw=0.8, ls=":")
    upper.set_ylabel("column voltage (mV)")
    upper.legend(fontsize=8)
    lower.set_ylabel("from line through ends (steps)")
    lower.set_xlabel("selected cells in HRS (of 64)")
    figure.suptitle("c3cim-column: rram-hfo2, 50 nA, ptm45 tt, 27 °C, VDD 1 V", fontsize=11)
    print("plot:", save(figure, folder / "transfer.png"))


def settling(folder: Path, _: int, __: int) -> None:
    """Column and held voltage in time for four numbers of cells in HRS."""
    figure = new_figure(8, 5.5)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    for colour, n_hrs in zip(COLOURS, (0, 16, 32, 64), strict=False):
        result = run("c3cim-settle", n_hrs=n_hrs)
        time, column, m = result.waves("time") * 1e9, result.waves("v(d_top)"), result.measures
        upper.plot(time, column * 1e3, color=colour, label=f"n_hrs {n_hrs}")
        upper.plot(time, result.waves("v(hold)") * 1e3, color=colour, ls=":")
        lower.semilogy(time, np.maximum(np.abs(column - m["v_final"]) / 4.5e-3, 1e-3), color=colour)
        print(
            f"n_hrs {n_hrs}: t_settle {m['t_settle'] * 1e9:.0f} ns,"
            f" residual {m['residual']:+.3f}, pedestal {m['pedestal']:+.3f} steps"
        )
    lower.axhline(0.5, color="black", lw=0.8, ls=":")
    upper.axvline(1105, color="grey", lw=0.8)
    upper.set_ylabel("column; dotted: held (mV)")
    upper.legend(fontsize=8)
    lower.set_ylabel("from final (steps)")
    lower.set_xlabel("time (ns); rows switch at 5 ns, sample at 1105 ns")
    figure.suptitle("c3cim-settle: rram-hfo2, 50 nA, ptm45 tt, 27 °C, VDD 1 V", fontsize=11)
    print("plot:", save(figure, folder / "settling.png"))


def errors(folder: Path, trials: int, workers: int) -> None:
    """Error rate of the count against n_hrs, n_hrs even over 0 to 64, for both columns and three devices."""
    figure = new_figure(8, 4.8)
    axis = figure.subplots()
    shown = [(*column, device) for column in BENCHES.items() for device in DEVICES]
    for index, (title, kind, device) in enumerate(shown):
        campaign = Campaign(kind.name, trials=trials, seed=1, parameters={"data": "uniform", "device": device})
        where = folder / f"{kind.name}-{device}"
        result = campaign.run(where, workers=workers)
        n_hrs, wrong, error = (result.trials[name].to_numpy() for name in ("n_hrs", "wrong", "error"))
        edges = np.array([-0.5, 0.5, *np.arange(4.5, 65, 4)])
        group = np.digitize(n_hrs, edges)
        rows = [(n_hrs[group == g].mean(), wrong[group == g].mean(), int((group == g).sum())) for g in np.unique(group)]
        x, rate, count = np.array(rows).T
        low, high = np.array([clopper_pearson(round(r * c), int(c)) for r, c in zip(rate, count, strict=True)]).T
        axis.errorbar(
            x, rate, [rate - low, high - rate], color=COLOURS[index % 3], ls="-" if index < 3 else "--", marker=".", lw=1,
            capsize=2, label=f"{title}, {device}",
        )  # fmt: skip
        mean = result.measures["wrong"]["mean"]
        print(
            f"{title}, {device}: {trials} trials in {result.summary['elapsed_s']:.0f} s; wrong {mean:.4f},"
            f" |error| > 1.5: {(np.abs(error) > 1.5).mean():.4f}, sigma(error) {error.std():.3f} steps,"
            f" outcomes {result.outcomes}"
        )
    axis.set_xlabel("selected cells in HRS (of 64)")
    axis.set_ylabel("error rate of the count")
    axis.set_ylim(0, 1.35)
    axis.set_yticks(np.arange(0, 1.1, 0.2))
    axis.legend(fontsize=8, ncols=2, loc="upper center")
    figure.suptitle("error rate with 95 % interval, ptm45 tt, 27 °C, mismatch and spread of the cards", fontsize=11)
    print("plot:", save(figure, folder / "errors.png"))


def energy(folder: Path, _: int, __: int) -> None:
    """Settling time and energy of a MAC against the current and the number of cells."""
    figure = new_figure(9.5, 4.2)
    left, right = figure.subplots(1, 2)
    parts = ("e_column", "e_driver", "e_gates")

    def measured(n: int, i_col: float) -> dict[str, float]:
        # as long as it takes to settle: the time found is the time of the MAC
        time = 1100e-9 * max((n / 64) ** 2, 0.05)
        slow = run("c3cim-settle", n=n, i_col=i_col, t_mac=2 * time).measures["t_settle"]
        return run("c3cim-settle", n=n, i_col=i_col, t_mac=slow).measures | {"time": slow}

    for axis, label, cases in (
        (left, "column current (nA), 64 cells", [(i * 1e9, measured(64, i)) for i in (10e-9, 20e-9, 30e-9, 50e-9, 70e-9)]),
        (right, "cells, 50 nA", [(float(n), measured(n, 50e-9)) for n in (8, 16, 32, 48, 64)]),
    ):
        x = [at for at, _ in cases]
        base = np.zeros(len(x))
        for colour, part in zip(COLOURS, parts, strict=False):
            values = np.array([m[part] for _, m in cases]) * 1e15
            axis.bar([str(round(at)) for at in x], values, bottom=base, color=colour, label=part)
            base += values
        twin = axis.twinx()
        twin.plot([str(round(at)) for at in x], [m["time"] * 1e9 for _, m in cases], "ko-", ms=4, label="t_settle")
        twin.set_ylabel("t_settle (ns)")
        twin.set_ylim(0, None)
        twin.grid(visible=False)
        axis.set_xlabel(label)
        axis.set_ylabel("energy of a MAC (fJ)")
        axis.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
        for at, m in cases:
            print(
                label, f"{at:g}: t_settle {m['time'] * 1e9:.0f} ns, " + ", ".join(f"{p} {m[p] * 1e15:.2f}" for p in parts), "fJ"
            )
    figure.suptitle("c3cim-settle with t_mac = t_settle: rram-hfo2, all cells to HRS, ptm45 tt, 27 °C, VDD 1 V", fontsize=11)
    print("plot:", save(figure, folder / "energy.png"))


def trade(folder: Path, _: int, __: int) -> None:
    """Energy of the column and its bias against the time it settles in, by current, for memories and rails of both designs."""
    figure = new_figure(8, 5)
    axis = figure.subplots()
    rails: list[tuple[str, dict[str, Any], tuple[float, ...]]] = [
        ("10 k and 100 kohm, 1 V, hold 10 fF", {}, (30e-9, 40e-9, 50e-9, 60e-9)),
        ("5 k and 50 kohm, 0.7 V, hold 2 fF", {"design": "100nA"}, (50e-9, 60e-9, 80e-9, 100e-9)),
    ]
    for colour, (label, given, currents) in zip(COLOURS, rails, strict=False):
        points = []
        for i_col in currents:
            time = run("c3cim-settle", i_col=i_col, t_mac=1.5e-6, **given).measures["t_settle"]
            m = run("c3cim-settle", i_col=i_col, t_mac=time, **given).measures
            points.append((time * 1e9, (m["e_column"] + m["e_driver"]) * 1e15, i_col * 1e9))
            print(f"{label}, {i_col * 1e9:.0f} nA: settles in {time * 1e9:.0f} ns, {points[-1][1]:.1f} fJ", flush=True)
        times, energies, _nano = np.array(points).T
        axis.plot(times, energies, "o-", color=colour, label=label)
        for at, e, nano in points:
            axis.annotate(f"{nano:.0f} nA", (at, e), textcoords="offset points", xytext=(5, 5), fontsize=8)
    axis.axhline(30, color="black", ls="--", lw=1, label="published: 30 fJ")
    axis.set_xlim(0, None)
    axis.set_ylim(0, None)
    axis.set_xlabel("settles in (ns), all cells from bypassed to HRS")
    axis.set_ylabel("column and bias, for as long (fJ)")
    axis.legend(fontsize=8)
    figure.suptitle("c3cim-settle: 64 cells of rram-hfo2, ptm45 tt, 27 °C", fontsize=11)
    print("plot:", save(figure, folder / "trade.png"))


def comparison(folder: Path, trials: int, workers: int) -> None:
    """Linearity, energy, power and error of both columns, a device a row; distance from a line."""
    figure = new_figure(8, 4.5)
    axis = figure.subplots()
    for colour, device in zip(COLOURS, DEVICES, strict=False):
        for title, kind in BENCHES.items():
            bench = kind(transfer=1, device=device)
            result = run(bench)
            level, out = bench.transfer(result.waves)
            m = result.measures
            axis.plot(
                level,
                deviation(level, out[0]),
                color=colour,
                ls="-" if kind is C3cimColumn else "--",
                label=f"{title}, {device}",
            )
            print(
                f"{title}, {device}: INL {m['inl']:.3f}, DNL {m['dnl']:.3f}, usable {m['usable']:.0f},"
                f" e_mac {m['e_mac'] * 1e15:.1f} fJ in {bench.p.t_mac * 1e9:.0f} ns,"
                f" power {m['e_mac'] / bench.p.t_mac * 1e6:.3g} uW"
            )
    for half in (-0.5, 0.5):
        axis.axhline(half, color="black", lw=0.8, ls=":")
    axis.set_xlabel("selected cells in HRS (of 64)")
    axis.set_ylabel("from line through ends (steps)")
    axis.legend(fontsize=8)
    figure.suptitle("constant current beside current summing, 64 cells, ptm45 tt, 27 °C, VDD 1 V", fontsize=11)
    print("plot:", save(figure, folder / "comparison.png"))


def ratios(folder: Path, _: int, __: int) -> None:
    """What a current-summing column takes over what the constant-current one does, against the time that is chosen for it."""
    data: dict[str, Any] = {"n_sel": 32, "n_hrs": 16}
    own = C3cimSettleParameters(design="100nA")
    m = run("c3cim-settle", design="100nA", **data).measures
    constant = m["e_mac"] + m["e_readout"]
    print(f"constant current, 100nA: {constant * 1e15:.0f} fJ in {own.t_mac * 1e9:.0f} ns")
    columns: list[tuple[str, dict[str, Any]]] = [
        ("5 k and 50 kohm, 20 µA clamp", {"r_lrs": 5e3, "r_hrs": 50e3}),
        ("10 k and 100 kohm, 20 µA clamp", {}),
        ("100 k and 1 Mohm, 20 µA clamp", {"r_lrs": 100e3, "r_hrs": 1e6}),
        ("design=bitwise: 100 k and 1 Mohm, 4 µA clamp", {"design": "bitwise"}),
    ]
    figure = new_figure(10, 5)
    panels = figure.subplots(1, 2)
    times = np.geomspace(4e-9, 400e-9, 60)
    for colour, (label, given) in zip(COLOURS, columns, strict=False):
        bench = C3cimConventional(**data, **given)
        m = run(bench).measures
        drawn = m["e_mac"] / bench.p.t_mac  # W
        energy, power = conventional_ratios(times, drawn, m["e_convert"], constant, own.t_mac)
        at = [float(one) for one in conventional_ratios(bench.p.t_mac, drawn, m["e_convert"], constant, own.t_mac)]
        both = np.flatnonzero(np.all([abs(r / said - 1) <= 0.15 for r, said in ((energy, 6.7), (power, 35))], axis=0))
        span = f"{times[both[0]] * 1e9:.0f} to {times[both[-1]] * 1e9:.0f} ns" if len(both) else "never"
        print(
            f"{label}: {drawn * 1e6:.1f} uW; in {bench.p.t_mac * 1e9:.0f} ns energy {at[0]:.2f}, power {at[1]:.1f};"
            f" both within 15 % of the published ones: {span}"
        )
        for axis, curve, point in zip(panels, (energy, power), at, strict=True):
            axis.loglog(times * 1e9, curve, color=colour, label=label)
            axis.plot(bench.p.t_mac * 1e9, point, "o", color=colour)
    ticks = ((1, 2, 5, 10, 20, 50, 100, 200), (30, 50, 100, 200, 300))
    for axis, said, name, levels in zip(panels, (6.7, 35), ("energy of a MAC", "power"), ticks, strict=True):
        axis.axhspan(0.85 * said, 1.15 * said, color="grey", alpha=0.3, label=f"{said:g} ± 15 %, published of networks")
        for which, places in ((axis.set_xticks, (5, 10, 20, 50, 100, 200, 400)), (axis.set_yticks, levels)):
            which(places, [str(place) for place in places])
            which([], minor=True)
        axis.set_xlabel("time of the current-summing column's MAC (ns)")
        axis.set_ylabel(f"{name}: current summing over constant current")
    panels[0].legend(fontsize=7)
    figure.suptitle("64 cells, 32 inputs on, 16 of them HRS, read-out on both sides; dots: times chosen here", fontsize=11)
    print("plot:", save(figure, folder / "ratios.png"))


def conventional_ratios(time: Any, drawn: float, readout: float, constant: float, t_constant: float) -> tuple[Any, Any]:
    """Energy's and power's ratio of a column that takes ``drawn`` W for ``time`` s and ``readout`` J, over ``constant`` J."""
    energy = drawn * time + readout
    return energy / constant, energy / time / (constant / t_constant)


def headroom(folder: Path, _: int, __: int) -> None:
    """Largest N at 50 and 100 nA, and the currents at which 64 cells are linear, over HRS, VDD and gate voltage."""
    figure = new_figure(7.5, 4.5)
    axis = figure.subplots()
    print("r_hrs (kohm) | VDD (V) | gates (V) | largest N at 50 nA | at 100 nA | currents for N = 64 (nA)")
    for colour, r_hrs in zip(COLOURS, (50e3, 100e3, 200e3), strict=False):
        for style, vdd in (("-", 1.0), ("--", 0.8)):
            gates = (0.8, 1.0, 1.2)
            cells = []
            for v_gate in gates:
                given = {"r_hrs": r_hrs, "vdd": vdd, "v_gate": v_gate}
                at_50, at_100 = (largest_cells(C3cimColumn(**given, i_col=i)) for i in (50e-9, 100e-9))
                low, high = current_range(64, CURRENTS, **given)
                span = "none" if math.isnan(low) else f"{low * 1e9:.0f} to {high * 1e9:.0f}"
                print(f"{r_hrs / 1e3:.0f} | {vdd:g} | {v_gate:g} | {at_50} | {at_100} | {span}", flush=True)
                cells.append(at_50)
            axis.plot(gates, cells, color=colour, ls=style, marker="o", ms=4, label=f"HRS {r_hrs / 1e3:.0f} kohm, VDD {vdd:g} V")
    axis.set_xlabel("gate voltage (V)")
    axis.set_ylabel("largest N with INL < 0.5 step")
    axis.legend(fontsize=8)
    figure.suptitle("headroom of c3cim-column at 50 nA: rram-hfo2, ptm45 tt, 27 °C; N tried: 8, 16, ... 128", fontsize=11)
    print("plot:", save(figure, folder / "headroom.png"))


PARTS: dict[str, Callable[[Path, int, int], None]] = {
    part.__name__: part for part in (transfer, settling, errors, energy, trade, comparison, ratios, headroom)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/c3cim"))
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all if none is given")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}")
    options.out.mkdir(parents=True, exist_ok=True)
    for part in options.parts or PARTS:
        PARTS[part](options.out, options.trials, options.workers)


if __name__ == "__main__":  # worker processes import this file
    main()
