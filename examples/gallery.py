"""Every picture in docs/images, each from a real run (see docs/gallery.md).

python examples/gallery.py [--out out/gallery] [--images docs/images] [NAME ...]

Without names, all of them: some three minutes on two cores.  What the runs leave is kept in --out; a campaign goes on there.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

import spicekit
from montecarlo.report import write_report
from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.netlist import render
from spicekit.physics import behavioural, llg
from spicekit.simulator import simulator
from spicekit.style import COLOURS, new_figure, save
from spicekit.units import KELVIN

DEVICE = "stt-bnn-65nm"
MOST_BYTES = 150_000
Pictures = dict[str, Path]  # name in docs/images, without .png -> the picture as it was made


def command(words: str, pictures: dict[str, str]) -> Callable[[Path], Pictures]:
    """A command line of spicekit (its --out is added) and the pictures that are taken from its folder."""

    def make(folder: Path) -> Pictures:
        subprocess.run(
            [sys.executable, "-m", "spicekit.cli", *words.split(), "--out", str(folder)], check=True, stdout=subprocess.DEVNULL
        )
        return {name: folder / file for name, file in pictures.items()}

    return make


def fan_in(folder: Path) -> Pictures:
    """Margins of in-memory logic against fan-in: examples/fan_in.py."""
    script = Path(__file__).with_name("fan_in.py")
    subprocess.run([sys.executable, script, "--out", str(folder)], check=True, stdout=subprocess.DEVNULL)
    return {"sot-logic-fan-in": folder / "fan_in.png"}


def array_size(folder: Path) -> Pictures:
    """Signal and write current against the size of an array: examples/array_size.py."""
    script = Path(__file__).with_name("array_size.py")
    subprocess.run([sys.executable, script, "--out", str(folder)], check=True, stdout=subprocess.DEVNULL)
    return {"array-size": folder / "array-size.png"}


def cell_layouts(folder: Path) -> Pictures:
    """Cells to scale: examples/cell_layouts.py."""
    script = Path(__file__).with_name("cell_layouts.py")
    subprocess.run([sys.executable, script, "--out", str(folder)], check=True, stdout=subprocess.DEVNULL)
    return {"area-cells": folder / "area-cells.png"}


def switching_time(folder: Path) -> Pictures:
    """Switching time of a junction against voltage: the scipy reference, ngspice, and the closed forms."""
    p = load_device(DEVICE, MtjCard).at().numbers
    critical, delta, theta0, tau = p.ic_p_ap * p.r_p, p.delta, p.theta0, p.tau_d  # in either direction: its torque goes with V
    ratios = np.linspace(1.15, 5, 40)
    stop = 40e-9
    reference = [
        llg.integrate(p, drive="voltage", value=float(r * critical), stop=stop, antiparallel=True, rtol=1e-7).t_switch
        for r in ratios
    ]
    chosen = np.array([1.25, 1.5, 2, 2.5, 3, 4, 5])
    simulated = [
        spicekit.run("mtj-switch", device=DEVICE, drive="voltage", value=float(r * critical), t_stop=stop).measures["t_switch"]
        for r in chosen
    ]
    figure = new_figure(8, 5)
    axis = figure.subplots()
    every = np.linspace(0.45, 5, 400)
    mean = behavioural.switching_time(every * critical, critical, delta, theta0, tau)
    axis.semilogy(every, mean * 1e9, color=COLOURS[1], lw=2, label="behavioural model: mean over thermal noise")
    axis.semilogy(
        ratios, np.array(reference) * 1e9, color=COLOURS[0], lw=2, label="LLG equation (scipy), nominal initial angle, no noise"
    )
    axis.semilogy(chosen, np.array(simulated) * 1e9, "o", color="black", ms=6, label="macromodel in ngspice, the same")
    axis.axvline(1, color="grey", lw=1, ls=":")
    axis.annotate("critical voltage", (1, 2e7), rotation=90, va="top", ha="right", fontsize=9)
    axis.set_ylim(0.8, 1e8)
    axis.set_xlabel(f"voltage / critical voltage ({critical * 1e3:.0f} mV)")
    axis.set_ylabel("switching time (ns)")
    axis.set_title(f"{DEVICE}, AP → P: Δ {delta:.0f}, {p.temperature - KELVIN:.0f} °C", fontsize=10)
    axis.legend(fontsize=9)
    return {"switching-time": save(figure, folder / "switching-time.png")}


def hysteresis(folder: Path) -> Pictures:
    """Resistance of a junction under a slow triangular voltage with thermal noise: its netlist, with another source."""
    peak, quarter, loops = 0.5, 100e-9, 3
    corners = [(0.0, 0.0)]
    for loop in range(loops):
        corners += [((4 * loop + n) * quarter, level) for n, level in ((1, peak), (3, -peak), (4, 0.0))]
    bench = spicekit.make_bench("mtj-switch", {"device": DEVICE, "noise_dt": 20e-12, "step": 20e-12, "t_stop": corners[-1][0]})
    netlist = render(bench).partition(".control")[0] + ".end\n"
    constant = "Vsource source 0 0.6"
    assert constant in netlist
    points = " ".join(f"{moment:.12g} {level:.12g}" for moment, level in corners)
    ngspice = simulator()
    ngspice.load(netlist.replace(constant, f"Vsource source 0 PWL({points})"))
    ngspice.command("setseed 1")
    ngspice.command(f"tran 20p {corners[-1][0]:.12g} 0 20p")
    waves = ngspice.vectors(["time", "v(drive)", "v(resistance)"])
    figure = new_figure(7.5, 5)
    axis = figure.subplots()
    for loop in range(loops):
        inside = (waves["time"] >= 4 * loop * quarter) & (waves["time"] <= 4 * (loop + 1) * quarter)
        axis.plot(
            waves["v(drive)"][inside],
            waves["v(resistance)"][inside] / 1e3,
            color=COLOURS[loop],
            lw=1,
            alpha=0.85,
            label=f"loop {loop + 1}",
        )
    for text, place in (("antiparallel", (0.0, 10.2)), ("parallel", (0.08, 4.1))):
        axis.annotate(text, place, fontsize=10, ha="center")
    axis.set_xlabel("voltage, free minus pinned terminal (V)")
    axis.set_ylabel("resistance (kohm)")
    axis.set_ylim(bottom=0)
    axis.set_title(f"{DEVICE}: triangular voltage, {4 * quarter * 1e9:.0f} ns a loop, thermal field at 300 K", fontsize=10)
    axis.legend(fontsize=9)
    return {"mtj-hysteresis": save(figure, folder / "mtj-hysteresis.png")}


def report(folder: Path) -> Pictures:
    """The head of a report, as Chromium shows it; none where there is no Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        print("report: no Chromium found (apt-get install chromium); its picture stays as it is")
        return {}
    campaign = folder.parent / "sot-logic"
    if not (campaign / "summary.json").exists():
        GALLERY["sot-logic"](campaign)
    page = write_report(campaign).resolve()
    picture = folder / "report.png"
    subprocess.run(
        [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
            "--host-resolver-rules=MAP * ~NOTFOUND",  # it waits for its own requests for ever where there is no network
            "--hide-scrollbars", f"--user-data-dir={folder / 'browser'}", "--virtual-time-budget=10000",
            "--window-size=1200,1250", f"--screenshot={picture.resolve()}", page.as_uri(),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return {"report": picture}


GALLERY: dict[str, Callable[[Path], Pictures]] = {
    "mtj-iv": command("run mtj-iv -p steps=40", {"mtj-iv-resistance": "resistance.png"}),
    "mtj-switch": command("run mtj-switch", {"mtj-switch-waveforms": "waveforms.png", "mtj-switch-trajectory": "trajectory.png"}),
    "mtj-vcma": command("run mtj-vcma", {"mtj-vcma-waveforms": "waveforms.png", "mtj-vcma-trajectory": "trajectory.png"}),
    "switching-time": switching_time,
    "mtj-hysteresis": hysteresis,
    "wer": command(f"wer {DEVICE} --current 30u --pulse 1n:40n:79 --sigma ra=5% --sigma hk=3%", {"wer": "wer.png"}),
    "stt-write": command("run stt-write", {"stt-write-ap-p": "waveforms.png"}),
    "stt-write-back": command("run stt-write -p direction=p-ap", {"stt-write-p-ap": "waveforms.png"}),
    "sot-write": command("run sot-write", {"sot-write": "waveforms.png"}),
    "sot-sense": command("run sot-sense", {"sot-sense": "waveforms.png"}),
    "fan-in": fan_in,
    "array-size": array_size,
    "cell-layouts": cell_layouts,
    "sot-logic": command(
        "mc sot-logic --trials 100000 --seed 1 --engine batch",
        {"sot-logic-distributions": "distributions.png", "sot-logic-tails": "tails.png"},
    ),
    "report": report,
}


def publish(picture: Path, target: Path) -> None:
    """Copy a picture; a large one with a palette of 256 colours, which these plots never need more of."""
    if picture.stat().st_size <= MOST_BYTES:
        shutil.copyfile(picture, target)
        return
    with Image.open(picture) as image:
        image.convert("RGB").quantize(256).save(target, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(GALLERY)}; all if not given")
    parser.add_argument("--out", type=Path, default=Path("out/gallery"))
    parser.add_argument("--images", type=Path, default=Path("docs/images"))
    options = parser.parse_args()
    for name in options.names:
        if name not in GALLERY:
            parser.error(f"unknown picture '{name}'; choose from {', '.join(GALLERY)}")
    options.images.mkdir(parents=True, exist_ok=True)
    for name in options.names or GALLERY:
        folder = options.out / name
        folder.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        for picture, path in GALLERY[name](folder).items():
            publish(path, options.images / f"{picture}.png")
        print(f"{name:16} {time.monotonic() - started:5.1f} s")


if __name__ == "__main__":  # worker processes import this file
    main()
