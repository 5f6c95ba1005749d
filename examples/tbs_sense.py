"""Time-based sensing in pictures: waveforms for three inputs, arrival against V_SL, energy and read BER with a voltage amplifier,
delay against offset around both designs, trim over corners and temperature.

python examples/tbs_sense.py --out out/tbs-sense [--trials 1000] [--engine batch] [NAME ...]

The read bit error rate of a 1T1MTJ cell is the distribution of the cell's voltages (the trials of one campaign a read current)
convolved with a normal distribution of the amplifier's trip point, whose sigma is that of its points' derivatives on a line like
the cell's.  Each amplifier's levels are shifted together (v_source) to where its rate is lowest.  Rates below
FLOOR are not given: so many trials do not carry them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from montecarlo import Campaign
from spicekit import calibrated, make_bench, run
from spicekit.benches.sensing.tbs import TbsSense
from spicekit.block import simulate_block
from spicekit.style import COLOURS, new_figure, save
from spicekit.waves import Array

CURRENTS = (1e-6, 1.5e-6, 2e-6, 3e-6)  # A, at which rates are above FLOOR
FLOOR = 1e-6


def waveforms(folder: Path, *_: Any) -> None:
    """LOAD, arrivals and latch outputs for an input below, at and above the decision threshold."""
    figure = new_figure(9, 8)
    axes = figure.subplots(3, 1, sharex=True)
    for colour, overdrive in zip(COLOURS, (-10e-3, 2e-3, 20e-3), strict=False):
        result = run("tbs-sense", overdrive=overdrive)
        time = result.waves("time") * 1e9
        label = f"V_SL {400 + overdrive * 1e3:g} mV"
        axes[0].plot(time, result.waves("v(load_in)"), color=colour, label=label)
        axes[1].plot(time, result.waves("v(arrive_in)"), color=colour, label=label)
        axes[2].plot(time, result.waves("v(q_in)"), color=colour, label=f"Q, {label}")
        axes[2].plot(time, result.waves("v(qb_in)"), color=colour, ls="--", label=f"QB, {label}")
    axes[1].plot(time, result.waves("v(delayed)"), color="black", lw=2, alpha=0.6, label="delay line")
    for axis, name in zip(axes, ("LOAD (V)", "arrivals (V)", "latch (V)"), strict=True):
        axis.set_ylabel(name)
        axis.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    axes[2].set_xlabel("time (ns); START rises at 0.2 ns")
    figure.suptitle("tbs-sense: ptm65 tt, 27 °C, VDD 1.1 V", fontsize=11)
    print("plot:", save(figure, folder / "waveforms.png"))


def arrival(folder: Path, *_: Any) -> None:
    """Arrival of LOAD against the input, the delay line's as a line."""
    inputs = np.linspace(0.36, 0.5, 15)
    results = [run("tbs-sense", v_in=float(v), t_window=16e-9).measures for v in inputs]
    figure = new_figure(7, 4.5)
    axis = figure.subplots()
    axis.semilogy(inputs * 1e3, [m["t_load"] * 1e9 for m in results], "o-", color=COLOURS[0], label="LOAD")
    axis.semilogy(inputs * 1e3, [m["t_delay"] * 1e9 for m in results], color=COLOURS[1], label="delay line, trimmed at 400 mV")
    axis.semilogy(inputs * 1e3, [m["t_decision"] * 1e9 for m in results], ":", color="black", label="decision")
    axis.set_xlabel("V_SL (mV)")
    axis.set_ylabel("time from START (ns)")
    axis.set_yticks([1, 2, 5, 10, 15], ["1", "2", "5", "10", "15"])
    axis.set_title("tbs-sense: arrival at the latch, ptm65 tt, 27 °C, VDD 1.1 V", fontsize=11)
    axis.legend()
    print("plot:", save(figure, folder / "arrival.png"))


def energy(folder: Path, *_: Any) -> None:
    """Energy of an operation by part, both amplifiers, input 10 mV above the threshold."""
    figure = new_figure(7.5, 3.2)
    axis = figure.subplots()
    names = {
        "e_load": "LOAD",
        "e_latch": "inverters and latch",
        "e_line": "delay line, share",
        "e_amplifier": "comparator and output latch",
        "e_drive": "START driver",
        "e_reference": "reference buffer, share",
    }
    colours = dict(zip(names, COLOURS, strict=False))
    benches: dict[str, tuple[str, dict[str, Any]]] = {
        "tbs-sense, fine": ("tbs-sense", {}),
        "tbs-sense, fast": ("tbs-sense", {"design": "fast"}),
        "vsa-sense": ("vsa-sense", {}),
    }
    for row, (bench, given) in enumerate(benches.values()):
        measures = run(bench, **given).measures
        start = 0.0
        for name in (name for name in names if name in measures):
            value = measures[name] * 1e15
            axis.barh(row, value, left=start, color=colours[name])
            start += value
        axis.text(start + 1, row, f"{measures['e_total'] * 1e15:.1f} fJ", va="center")
    for name, text in names.items():
        axis.barh(0, 0, color=colours[name], label=text)
    axis.set_yticks(range(len(benches)), benches)
    axis.set_xlabel("energy an operation (fJ)")
    axis.margins(x=0.15)
    axis.set_title("410 mV in, ptm65 tt, 27 °C, VDD 1.1 V, equal gate area", fontsize=10)
    axis.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    print("plot:", save(figure, folder / "energy.png"))


def trials(bench: str, parameters: dict[str, object], count: int, engine: str, folder: Path) -> pd.DataFrame:
    """Samples and measures of the trials of a campaign, run or resumed in ``folder``."""
    Campaign(bench, trials=count, seed=1, parameters=parameters, engine=engine).run(folder)
    table = pd.concat([pd.read_parquet(part) for part in sorted((folder / "trials").glob("*.parquet"))])
    return table[table["outcome"] == "ok"].merge(pd.read_parquet(folder / "samples.parquet"), on="trial")


def error_rate(levels: tuple[Array, Array], sigma: float) -> float:
    """Read bit error rate, both states as likely, at the best common shift of both levels; NaN below FLOOR."""
    thresholds = np.linspace(levels[0].mean(), levels[1].mean(), 201)[:, None]
    too_high = ndtr((levels[0] - thresholds) / sigma).mean(axis=1)  # the trip point is below a P level
    too_low = ndtr((thresholds - levels[1]) / sigma).mean(axis=1)
    best = float((too_high + too_low).min() / 2)
    return best if best >= FLOOR else float("nan")


def ber(folder: Path, count: int, engine: str) -> None:
    """Read bit error rate of the 1T1MTJ cell against the read current, through both amplifiers."""
    cells = {}
    for current in CURRENTS:
        # the cells alone: an operation of 50 ps, which no amplifier needs to finish
        short = {"source": "cell", "i_read": current, "t_window": 50e-12, "t_recover": 50e-12}
        table = trials("vsa-sense", short, count, engine, folder / f"cells-{current * 1e6:g}u")
        cells[current] = (table["v_p"].to_numpy(), table["v_ap"].to_numpy())
    figure = new_figure(7, 4.5)
    axis = figure.subplots()
    fine, fast, vsa = (
        spread(bench, source="cell", **given)
        for bench, given in (("tbs-sense", {}), ("tbs-sense", {"design": "fast"}), ("vsa-sense", {}))
    )
    amplifiers = {
        "TBS, fine": fine[0],
        "TBS, fast": fast[0],
        "VSA": float(np.hypot(*vsa)),
        "VSA, ideal reference": vsa[0],
    }
    for index, (name, sigma) in enumerate(amplifiers.items()):
        rates = [error_rate(cells[current], sigma) for current in CURRENTS]
        print(f"{name}: sigma of the trip point {sigma * 1e3:.2f} mV")
        for current, rate in zip(CURRENTS, rates, strict=True):
            p, ap = cells[current]
            signal = f"signal {(ap.mean() - p.mean()) * 1e3:.1f} mV, sigma P {p.std() * 1e3:.2f} mV, AP {ap.std() * 1e3:.2f} mV"
            print(f"  {current * 1e6:g} uA: BER {f'{rate:.2g}' if rate > 0 else f'below {FLOOR:g}'}   {signal}")
        axis.semilogy([current * 1e6 for current in CURRENTS], rates, "o-", color=COLOURS[index], label=name)
    axis.set_xlabel("read current (µA)")
    axis.set_ylabel("read bit error rate")
    axis.set_title("1T1MTJ read, σ(RA) 3 %, σ(diameter) 2 %, σ(TMR) 10 %, equal gate area, ptm65 tt, 27 °C", fontsize=10)
    axis.legend()
    print("plot:", save(figure, folder / "ber.png"))


# width and length of M_ST in um, 3 um2 each, with the other sizes of the design
SHAPES = {"fast": ((12, 0.25), (11, 0.273), (10.4, 0.29), (9, 0.333), (6, 0.5)), "fine": ((4.3, 0.7), (3, 1))}


def trim_of(**given: Any) -> int:
    """The trim that centres the decision."""
    made = calibrated(TbsSense(**given))
    assert isinstance(made, TbsSense)
    return made.trim


def spread(bench: str, **given: Any) -> tuple[float, float]:
    """Standard deviation of the offset in V, to first order: of the amplifier without its reference, and of the reference.

    Each variation point is moved by two of its sigmas; the cell's do not take part.
    """
    made = calibrated(make_bench(bench, given | {"measure": "offset"}))
    points = [point for point in made.points() if point.sigma and not point.name.endswith(("_c0", "_md", "_mr"))]
    # trial 0 is nominal; each other one moves one point
    samples = {
        point.name: np.where(np.arange(len(points) + 1) == k + 1, point.nominal + 2 * point.sigma, point.nominal)
        for k, point in enumerate(points)
    }
    offset = simulate_block(made, samples).measures["offset"]
    moved = (offset[1:] - offset[0]) / 2
    of_reference = np.array([point.kind == "vref" for point in points])
    return float(np.sqrt(np.sum(moved[~of_reference] ** 2))), float(np.sqrt(np.sum(moved[of_reference] ** 2)))


def delay(bench: str, **given: Any) -> tuple[float, float]:
    """Mean t_decision in s and e_total in J at 10 mV above and below the threshold."""
    found = [run(bench, overdrive=x, **given).measures for x in (-10e-3, 10e-3)]
    return tuple(float(np.mean([one[name] for one in found])) for name in ("t_decision", "e_total"))  # type: ignore[return-value]


def trade(folder: Path, *_: Any) -> None:
    """Delay against the offset's sigma for shapes of M_ST of one area, with the sizes of either design; the VSA beside them."""
    figure = new_figure(7, 4.6)
    axis = figure.subplots()
    t_vsa, e_vsa = delay("vsa-sense")
    own, reference = spread("vsa-sense")
    whole = float(np.hypot(own, reference))
    print(
        f"VSA: t {t_vsa * 1e9:.3f} ns, {e_vsa * 1e15:.1f} fJ, sigma {own * 1e3:.2f} mV, with the reference {whole * 1e3:.2f} mV"
    )
    for colour, (design, shapes) in zip(COLOURS, SHAPES.items(), strict=False):
        points = []
        for width, length in shapes:
            given: dict[str, Any] = {"design": design, "w_st": width * 1e-6, "l_st": length * 1e-6, "t_window": 12e-9}
            trim = trim_of(**given)
            time, spent = delay("tbs-sense", trim=trim, **given)
            sigma = spread("tbs-sense", trim=trim, **given)[0]
            points.append((time * 1e9, sigma * 1e3))
            print(
                f"TBS {design}, {width:g} / {length:g} um: trim {trim}, t {time * 1e9:.3f} ns ({time / t_vsa:.2f} of the VSA), "
                f"{spent * 1e15:.1f} fJ, sigma {sigma * 1e3:.2f} mV"
            )
        axis.plot(*zip(*points, strict=True), "o-", color=colour, label=f"TBS, other sizes of design={design}")
        for at, shape in zip(points, shapes, strict=True):
            axis.annotate(f"{shape[1]:g}", at, textcoords="offset points", xytext=(0, 6), rotation=60, fontsize=7)
    axis.plot(t_vsa * 1e9, whole * 1e3, "s", color=COLOURS[2], label="VSA with its reference")
    axis.plot(t_vsa * 1e9, own * 1e3, "s", mfc="none", color=COLOURS[2], label="VSA alone")
    axis.axvline(1.135 * t_vsa * 1e9, color="black", lw=0.8, ls=":", label="13 to 14 % above the VSA (published)")
    axis.set_xscale("log")
    axis.set_xticks([0.4, 0.6, 1, 2, 4, 6], ["0.4", "0.6", "1", "2", "4", "6"])
    axis.minorticks_off()
    axis.set_ylim(bottom=0)
    axis.set_xlabel("delay at threshold ± 10 mV (ns)")
    axis.set_ylabel("σ(offset) (mV)")
    axis.set_title("equal gate area; numbers: length of M_ST (µm), 3 µm² each; ptm65 tt, 27 °C", fontsize=10)
    axis.legend(fontsize=8)
    print("plot:", save(figure, folder / "trade.png"))


def trim(folder: Path, *_: Any) -> None:
    """Trim that centres the decision over corners and temperature, and where the threshold goes with that of tt, 27 C."""
    figure = new_figure(9, 4.6)
    upper = figure.subplots(2, 2, sharex=True)
    for column, design in enumerate(("fine", "fast")):
        fixed = trim_of(design=design)
        print(f"{design}: trim {fixed} at tt, 27 C")
        for colour, corner in zip(COLOURS, ("tt", "ss", "ff", "sf", "fs"), strict=False):
            rows = []
            for celsius in (-40, 27, 125):
                given: dict[str, Any] = {
                    "design": design,
                    "corner": corner,
                    "temperature": celsius,
                    "t_window": 30e-9 if design == "fine" else 6e-9,
                }
                found = trim_of(**given)
                own, kept = (run("tbs-sense", measure="offset", trim=units, **given).measures for units in (found, fixed))
                rows.append((celsius, found, kept["offset"] * 1e3))
                print(
                    f"  {corner} {celsius} C: trim {found}, offset {own['offset'] * 1e3:.2f} mV, "
                    f"t_delay {own['t_delay'] * 1e9:.2f} ns, slope {own['slope'] * 1e9:.1f} ps/mV; "
                    f"with trim {fixed}: {kept['offset'] * 1e3:.1f} mV"
                )
            x, units, offsets = zip(*rows, strict=True)
            upper[0][column].semilogy(x, units, "o-", color=colour, label=corner)
            upper[1][column].plot(x, offsets, "o-", color=colour)
        upper[0][column].set_title(f"design={design}", fontsize=10)
        upper[1][column].set_xlabel("temperature (°C)")
    upper[0][0].set_ylabel("trim (units)")
    upper[1][0].set_ylabel("offset at the trim\nof tt, 27 °C (mV)")
    upper[0][1].legend(fontsize=8)
    figure.suptitle("tbs-sense: ptm65, VDD 1.1 V", fontsize=11)
    print("plot:", save(figure, folder / "trim.png"))


PICTURES: dict[str, Callable[[Path, int, str], None]] = {
    "waveforms": waveforms,
    "arrival": arrival,
    "energy": energy,
    "ber": ber,
    "trade": trade,
    "trim": trim,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PICTURES)}; all if not given")
    parser.add_argument("--out", type=Path, default=Path("out/tbs-sense"))
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--engine", default="ngspice", help="what simulates the trials of ber: ngspice or batch")
    options = parser.parse_args()
    for name in options.names:
        if name not in PICTURES:
            parser.error(f"unknown picture '{name}'; choose from {', '.join(PICTURES)}")
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names or PICTURES:
        PICTURES[name](options.out, options.trials, options.engine)


if __name__ == "__main__":  # worker processes import this file
    main()
