"""Figures of the integrate-and-fire neurons: a train, energy, errors against frequency and corner, sigma against sizes, and what
a larger LSB and a trim of the threshold give; tables of what the row and what each device of the comparator do.

python examples/neuron_figures.py --out out/neurons [--trials 40] [--only train energy frequency corners ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from montecarlo import clopper_pearson
from montecarlo.systems.neuron_figures import wrong_steps
from montecarlo.variation import Space
from spicekit import make_bench, run
from spicekit.benches.neurons.charge_if import ChargeIf
from spicekit.benches.neurons.dynamic_if import DynamicIf
from spicekit.benches.neurons.measures import PARTS
from spicekit.benches.neurons.neuron import Neuron
from spicekit.block import simulate_block
from spicekit.style import COLOURS, new_figure, save
from spicekit.waves import Waves

NEURONS: dict[str, type[Neuron]] = {"charge-if": ChargeIf, "dynamic-if": DynamicIf}
PUBLISHED = {"charge-if": (285e6, 5.10e-15), "dynamic-if": (166e6, 5.48e-15)}  # Hz, J a synapse


def train(folder: Path) -> None:
    """Membrane, phases and spikes over eight steps against the ideal staircase."""
    for name in PUBLISHED:
        bench = NEURONS[name](n1="150,146,133,165,140,152,151,160")
        waves = run(bench).waves
        ns, period = waves("time") * 1e9, bench.period * 1e9
        expected, spikes = bench.integer.train(bench.sequence())
        figure = new_figure(10, 6.5)
        top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=(1.2, 2.2, 0.8))
        for row, phase in enumerate(("strobe", "sub", "take", "az")):
            top.plot(ns, waves(f"v({phase})") / bench.vdd * 0.8 + row, color=COLOURS[row], lw=1)
        top.set_yticks(np.arange(4) + 0.4, ("strobe: compare", "sub: ρ", "take: V_SL", "az: zero, reset"))
        top.grid(False)
        middle.plot(ns, (waves("v(x)") - waves("v(m)")) / bench.v_step, color=COLOURS[0], lw=1.2, label="V_C1 of the circuit")
        middle.hlines(
            expected, (np.arange(8) + 0.75) * period, (np.arange(8) + 1) * period, color=COLOURS[1], lw=3,
            label="integer recursion, in the phase that compares",
        )  # fmt: skip
        middle.axhline(bench.p.theta + 0.5, color="black", ls="--", lw=1, label="θ + ½")
        middle.set_ylabel("membrane (matches)")
        middle.legend(loc="upper left", fontsize=8, ncols=3)
        middle.set_ylim(min(-20, expected.min() - 10), expected.max() + 35)
        bottom.plot(ns, waves("v(spike)"), color=COLOURS[0], lw=1.2, label="circuit")
        bottom.plot((np.flatnonzero(spikes) + 1) * period, np.full(spikes.sum(), bench.vdd), "v", color=COLOURS[1], label="ideal")
        bottom.set_ylabel("spike (V)")
        bottom.set_xlabel("time (ns)")
        bottom.set_xlim(0, 8 * period)
        bottom.legend(loc="upper left", fontsize=8)
        figure.suptitle(f"{name}: {bench.subtitle()}, {bench.technology.name} {bench.p.corner}, 27 °C", fontsize=11)
        print("plot:", save(figure, folder / f"{name}-train.png"), "largest deviation after a step:", _deviation(bench, waves))


def _deviation(bench: Neuron, waves: Waves) -> str:
    u = np.array([bench.membrane(waves, step) for step in range(bench.count)])
    return f"{np.abs(u - bench.integer.train(bench.sequence())[0]).max():.2f} matches"


def frequency(folder: Path) -> None:
    """Largest error of a step over rho - 64 to rho + 64 matches, with the default trims and trimmed at each frequency."""
    figure = new_figure(8, 5)
    axis = figure.subplots()
    for colour, (name, (published, _)) in zip(COLOURS, PUBLISHED.items(), strict=False):
        scan = published * np.array([0.5, 0.71, 1, 1.2, 1.41, 1.7])
        errors = []
        for hertz in scan:
            first, again = trimmed(name, frequency=float(hertz))
            errors.append((first["error_max"], again["error_max"]))
            print(
                f"{name} {hertz / 1e6:6.1f} MHz: error_max {first['error_max']:.2f}, trimmed {again['error_max']:.2f} matches",
                flush=True,
            )
        as_is, after = np.array(errors).T
        axis.loglog(
            scan / 1e6, as_is, "o--", color=colour, lw=1, mfc="white", label=f"{name}, trimmed at {published / 1e6:.0f} MHz"
        )
        axis.loglog(scan / 1e6, after, "o-", color=colour, label=f"{name}, trimmed at each frequency")
        axis.axvline(published / 1e6, color=colour, ls=":", lw=1)
    axis.axhline(0.5, color="black", ls="--", lw=1, label="half a step")
    ticks = (80, 100, 150, 200, 300, 400, 500)
    axis.set_xticks(ticks, map(str, ticks))
    axis.set_xticks([], minor=True)
    axis.set_xlabel("frequency (MHz)")
    axis.set_ylabel("largest error of a step (matches)")
    axis.legend(fontsize=8)
    axis.set_title("Membrane step over N1 = ρ ± 64: ptm65 tt, 27 °C; dotted: published frequencies")
    print("plot:", save(figure, folder / "frequency.png"))


def trimmed(name: str, **given: Any) -> tuple[dict[str, float], dict[str, float]]:
    """Linearity of a design with the default trims, and trimmed for it."""
    given["measure"] = "linearity"
    first = run(name, **given).measures
    trim = NEURONS[name](**given).trim
    gain, rho = trim.gain * first["gain"], trim.rho + first["rho_error"] / first["gain"]
    return first, run(name, trim_gain=gain, trim_rho=rho, **given).measures


def corners(folder: Path) -> None:
    """Largest error of a step over corner, temperature and supply, with the trims of tt, 27 C, and with those found there."""
    figure = new_figure(11, 7)
    places = [(corner, celsius, 1.1) for corner in ("tt", "ff", "ss") for celsius in (-40.0, 27.0, 85.0)]
    places += [("tt", 27.0, 0.99), ("tt", 27.0, 1.21), ("ss", -40.0, 0.99), ("ss", 85.0, 0.99), ("ff", 85.0, 1.21)]
    for axis, name in zip(figure.subplots(2, 1, sharex=True), PUBLISHED, strict=True):
        found = [trimmed(name, corner=corner, temperature=celsius, vdd=vdd) for corner, celsius, vdd in places]
        as_is, after = ([m["error_max"] for m in pair] for pair in zip(*found, strict=True))
        x = np.arange(len(places))
        axis.bar(x - 0.2, as_is, 0.4, color=COLOURS[0], label="trims of tt, 27 °C, 1.1 V")
        axis.bar(x + 0.2, after, 0.4, color=COLOURS[1], label="trimmed there")
        axis.axhline(0.5, color="black", ls="--", lw=1, label="half a match")
        axis.set_yscale("log")
        axis.set_ylim(0.1, 8)
        axis.set_yticks((0.1, 0.2, 0.5, 1, 2, 5), ("0.1", "0.2", "0.5", "1", "2", "5"))
        axis.set_yticks([], minor=True)
        axis.set_xticks(x, [f"{corner}\n{celsius:.0f} °C\n{vdd:g} V" for corner, celsius, vdd in places], fontsize=8)
        axis.set_ylabel("matches")
        axis.set_title(f"{name}, {PUBLISHED[name][0] / 1e6:.0f} MHz", fontsize=10)
        for (corner, celsius, vdd), (first, again) in zip(places, found, strict=True):
            print(
                f"{name} {corner} {celsius:g} C {vdd:g} V: error_max {first['error_max']:.2f},"
                f" rho_error {first['rho_error']:+.2f}, gain {first['gain']:.4f};"
                f" trimmed {again['error_max']:.2f}, INL {again['inl']:.2f}, leak {again['leak']:.4f}",
                flush=True,
            )
    figure.axes[0].legend(fontsize=8, ncols=3)
    figure.suptitle("Largest error of a step over N1 = ρ ± 64 by corner, temperature and supply: ptm65", fontsize=11)
    print("plot:", save(figure, folder / "corners.png"))


def trade(folder: Path, trials: int) -> None:
    """Wrong steps and energy of charge-if against the row's LSB, by V_H, with and without a trim of the threshold."""
    figure = new_figure(8, 5)
    axis = figure.subplots()
    energies = axis.twinx()
    rails = (0.45, 0.6, 1.0)
    designs: list[tuple[str, dict[str, Any]]] = [("no trim", {}), ("4 bits of trim", {"trim_bits": 4})]
    for index, (label, given) in enumerate(designs):
        points = []
        for v_high in rails:
            bench = make_bench("charge-if", {"phases": "ideal", "v_high": v_high, **given})
            assert isinstance(bench, Neuron)
            space = Space(bench.points())
            values = space.values(np.random.default_rng(1).standard_normal((trials, space.dimensions)))
            found = simulate_block(bench, values).measures
            wrong = round(float(np.sum(found["spike_errors"])))
            low, high = clopper_pearson(wrong, trials * bench.p.steps)
            points.append(
                (bench.line.lsb * 1e3, wrong / trials / bench.p.steps, low, high, float(np.mean(found["e_synapse"])) * 1e15)
            )
            print(f"{label}, V_H {v_high:g} V: LSB {points[-1][0]:.3f} mV, wrong {points[-1][1]:.3f} ({low:.3f} to {high:.3f}),"
                  f" {points[-1][4]:.2f} fJ a synapse", flush=True)  # fmt: skip
        lsb, share, low, high, energy = np.array(points).T
        axis.errorbar(
            lsb, share * 100, [(share - low) * 100, (high - share) * 100], fmt="o-", color=COLOURS[index], capsize=3, label=label
        )
        if not given:
            energies.plot(lsb, energy, "s:", color="grey", ms=4, label="energy")
    bound = wrong_steps(make_bench("charge-if", {}).line.sigma) * 100  # type: ignore[attr-defined]
    axis.axhline(bound, color="black", ls="--", lw=1, label=f"what the row's spread leaves: {bound:.1f} %")
    axis.set_ylim(0, None)
    axis.set_xlabel("LSB of the row (mV), by V_H of 0.45, 0.6 and 1 V")
    axis.set_ylabel(f"wrong steps (%), {trials} trains of 8, 95 % interval")
    energies.set_ylabel("energy a synapse (fJ), dotted")
    energies.set_ylim(0, None)
    energies.grid(visible=False)
    axis.legend(fontsize=8, loc="upper right")
    axis.set_title("charge-if, 285 MHz: mismatch of row and neuron, ptm65 tt, 27 °C", fontsize=11)
    print("plot:", save(figure, folder / "trade.png"))


def sigma(folder: Path, trials: int) -> None:
    """Standard deviation of a step's error over devices against C_1 (C_S twice that) and the size of M_s5."""
    figure = new_figure(10, 4.2)
    left, right = figure.subplots(1, 2, sharey=True)
    c_1 = np.array([25, 35, 50, 75, 100])
    area = np.array([0.25, 0.5, 1, 2, 4])
    cases: list[tuple[Any, Any, str, list[dict[str, float]]]] = [
        (left, c_1, "C_1 (fF), C_S = 2 C_1", [{"c_1": float(c) * 1e-15, "c_s": 2 * float(c) * 1e-15} for c in c_1]),
        (right, area * 0.4, "gate area of M_s5 (µm²), L = 0.4 µm", [{"w_s5": float(a) * 1e-6} for a in area]),
    ]
    for axis, places, label, designs in cases:
        deviations = []
        for design in designs:
            bench = make_bench("charge-if", {"phases": "ideal", "steps": 3, "integrate": 3, "n1": "140,140,140", **design})
            space = Space(bench.points())
            values = space.values(np.random.default_rng(1).standard_normal((trials, space.dimensions)))
            values |= {name: np.zeros(trials) for name in values if name.startswith("sl_")}
            deviations.append(float(np.std(simulate_block(bench, values).measures["step_bias"], ddof=1)))
            print(f"{label}: {design}: sigma {deviations[-1]:.3f} matches, {deviations[-1] / 288:.3%} of full scale")
        spread = np.array(deviations) / np.sqrt(2 * (trials - 1))
        axis.errorbar(
            places, deviations, 2 * spread, fmt="o-", color=COLOURS[0], capsize=3, label=f"{trials} trials, ± 2 standard errors"
        )
        axis.set_xscale("log")
        axis.set_xticks(places, [f"{place:.3g}" for place in places])
        axis.set_xticks([], minor=True)
        axis.set_xlabel(label)
        axis.legend(fontsize=8)
    left.set_ylabel("σ of a step's error over devices (matches)")
    left.set_ylim(0, None)
    figure.suptitle("charge-if, 285 MHz: mismatch of the neuron alone (V_TH, β, C), ptm65 tt, 27 °C", fontsize=11)
    print("plot:", save(figure, folder / "sigma.png"))


def energy(folder: Path) -> None:
    """Energy of a step by part, beside the published figures."""
    figure = new_figure(8, 4.5)
    axis = figure.subplots()
    shades = [*COLOURS, "silver", "peru"]
    for place, (name, (_, published)) in enumerate(PUBLISHED.items()):
        m = run(name).measures
        below = 0.0
        for part, colour in zip(PARTS, shades, strict=False):
            value = m[f"e_{part}"] * 1e15
            axis.bar(place, value, 0.5, below, color=colour, label=part if place == 0 else None)
            if value > 60:
                axis.text(place, below + value / 2, f"{part} {value:.0f}", ha="center", va="center", color="white", fontsize=9)
            below += value
        axis.text(place, below + 40, f"{below:.0f} fJ: {m['e_synapse'] * 1e15:.2f} fJ a synapse", ha="center", fontsize=9)
        axis.hlines(published * 288e15, place - 0.3, place + 0.3, color="black", ls="--")
        axis.text(place + 0.32, published * 288e15, f"published:\n{published * 1e15:.2f} fJ", va="center", fontsize=9)
        print(name, {part: f"{m[f'e_{part}'] * 1e15:.1f} fJ" for part in PARTS}, f"{m['e_synapse'] * 1e15:.2f} fJ a synapse")
    axis.set_xticks(range(2), [f"{name}\n{hertz / 1e6:.0f} MHz" for name, (hertz, _) in PUBLISHED.items()])
    axis.set_xlim(-0.5, 2.2)
    axis.set_ylim(0, 2100)
    axis.set_ylabel("energy of a step (fJ)")
    axis.legend(fontsize=8, loc="center right")
    axis.set_title("A step of 288 synapses: ptm65 tt, 27 °C, RA 100 Ω µm²")
    print("plot:", save(figure, folder / "energy.png"))


def rows(folder: Path) -> None:
    """Linearity of charge-if on V_SL in closed form, from a table of `stt-bnn-row`, and of cells in the netlist; no picture."""
    table = folder / "row.csv"
    lines = [f"{n1},{_level(n1):.9g}" for n1 in (0, 40, 80, 110, 140, 170, 200, 240, 288)]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    cases: list[tuple[str, dict[str, Any]]] = [
        ("closed form", {}),
        ("table of stt-bnn-row", {"row": "table", "row_table": str(table)}),
        ("cells, no wire resistance", {"row": "cells", "r_sl": 1e-3}),
        ("cells, 0.3 ohm of wire a cell", {"row": "cells"}),
    ]
    for label, given in cases:
        _, again = trimmed("charge-if", **given)
        print(f"{label}: INL {again['inl']:.2f}, largest error of a step {again['error_max']:.2f} matches", flush=True)


def _level(n1: int) -> float:
    """V_SL of a row of 288 cells of the neuron's junctions, V."""
    return run("stt-bnn-row", n=288, n1=n1, ra=100, tmr=2.5, temperature=27).measures["v_sl"]


def threshold(_: Path) -> None:
    """What each device adds to the spread of charge-if's threshold: by how much 3 sigma of it move the offset, over three."""
    bench = make_bench("charge-if", {"measure": "threshold", "phases": "ideal"})
    nominal = run(bench).measures["offset"]
    for point in bench.points():
        if point.name.startswith(("vth_z", "beta_z1", "beta_z2", "vth_amp", "vth_s5", "c_")):
            moved = run(bench, {point.name: point.nominal + 3 * point.sigma}).measures["offset"]
            print(f"{point.name}: {abs(moved - nominal) / 3:.3f} matches", flush=True)


PICTURES: dict[str, Callable[..., None]] = {
    picture.__name__: picture for picture in (train, energy, frequency, corners, sigma, trade, rows, threshold)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/neurons"))
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--only", nargs="+", choices=PICTURES, default=None)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.only or PICTURES:
        picture = PICTURES[name]
        picture(options.out, options.trials) if name in ("sigma", "trade") else picture(options.out)


if __name__ == "__main__":
    main()
