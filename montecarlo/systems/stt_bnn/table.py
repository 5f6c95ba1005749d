"""The standard table of the STT-BNN macro in 65 nm: row, sense amplifier, its time, decision error, latency, energy.

The error is the two-step flow's with normal deviations: the row's source line and the amplifier's trip point, each with the
standard deviation of its own trials.  With lifts of the sense node the row has the rails that belong to them, part ``low``.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from montecarlo.systems.stt_bnn.two_step import average_error, error_rate
from montecarlo.systems.system import Part, SystemTable
from spicekit.benches.bnn.array import START
from spicekit.benches.bnn.macro import BnnMacro
from spicekit.benches.bnn.macro_parameters import LIFTED
from spicekit.export.roles import Macro, Operation
from spicekit.technology import load_technology

VDD = load_technology("ptm65").vdd
N = (32, 64, 128)
BOOST = (0, 1, 2)
ROW = ("v_sl", "lsb", "i_row", "e_row")
SENSE = {"source": "thevenin", "measure": "offset"}
# no decision is wanted of these: a fixed delay line saves the search for its trim
FREE = {"trim": 360, "t_window": 6e-9}
DISTANCES = np.arange(-16.5, 17)  # cells
ENERGIES = (
    "e_total",
    "e_supply",
    "e_row",
    "e_wordline",
    "e_drivers",
    "e_sense",
    "e_lift",
    "e_load",
    "e_latch",
    "e_drive",
    "e_line",
)


def macro(simulated: xr.Dataset) -> xr.Dataset:
    """What follows for the macro, with the dimension ``boost``: sigma, error, latency, energy of a row's operation."""
    boosts = simulated["boost"]
    lsb, spread = (
        xr.concat([simulated[f"{'low' if lifts else 'row'}_{name}"] for lifts in boosts.values], dim=boosts)
        for name in ("lsb", "v_sl_std")
    )
    sigma = (spread**2 + simulated["sense_offset_std"] ** 2) ** 0.5 / lsb
    distance = xr.DataArray(DISTANCES, dims="distance", coords={"distance": DISTANCES})
    average = xr.concat([_average(int(n), sigma.sel(n=n)) for n in sigma["n"].values], dim=sigma["n"])
    before = [BnnMacro(boost=int(lifts)).t_ready - START for lifts in boosts.values]
    energy = simulated["operation_e_total"]
    found: dict[str, tuple[xr.DataArray, str, str]] = {
        "lsb": (lsb, "V", "what one match more adds to SL at n/2"),
        "sigma_row": (spread / lsb, "", "standard deviation of SL in LSB"),
        "sigma_total": (sigma, "", "that of SL and trip point together, in LSB"),
        "error": (_rate(distance, sigma), "", "error rate at N1 = n/2 - 1/2 + distance matches, normal deviations"),
        "average_error": (average, "", "error rate for uniformly random weights and inputs"),
        "latency": (
            simulated["sense_t_delay"] + xr.DataArray(before, dims="boost", coords={"boost": boosts}),
            "s",
            "from when the row is switched on until the edge of the delay line",
        ),
        "energy": (energy, "J", "energy of a row's operation, n/2 matches, tt 27 C"),
        "energy_supply": (simulated["operation_e_supply"], "J", "the same where a linear regulator makes V_H of the supply"),
        "tops_per_watt": (2e-12 * energy["n"] / energy, "TOPS/W", "two operations a cell over the energy at the rails"),
    }
    values = {name: array.assign_attrs({"units": unit, "long_name": text}) for name, (array, unit, text) in found.items()}
    return xr.Dataset(values).assign_coords(distance=("distance", DISTANCES, {"units": "matches"}))


def _rate(distance: xr.DataArray, sigma: xr.DataArray) -> xr.DataArray:
    rate: xr.DataArray = xr.apply_ufunc(error_rate, distance, sigma)
    return rate


def _average(n: int, sigma: xr.DataArray) -> xr.DataArray:
    rate: xr.DataArray = xr.apply_ufunc(lambda values: average_error(n, values), sigma)
    return rate


TABLE = SystemTable(
    name="stt-bnn",
    summary="binary MAC row on STT-MRAM with time-based sensing, 65 nm: decision error, sigma, latency, energy",
    over={
        "tmr": (1.0, 1.5, 2.0, 2.5, 3.0),
        "vdd": tuple(round(factor * VDD, 6) for factor in (0.9, 1.0, 1.1)),
        "temperature": (-40.0, 27.0, 85.0),
        "corner": ("tt", "ff", "ss"),
    },
    nominal={"tmr": 2.5, "vdd": VDD, "temperature": 27.0, "corner": "tt", "n": 128, "boost": 0},
    parts=(
        Part("row", "stt-bnn-row", over=("tmr", "temperature", "corner"), own={"n": N}, trials=30, measures=ROW),
        Part(
            "low",
            "stt-bnn-row",
            {name: LIFTED[1][name] for name in ("v_high", "v_low")},
            over=("tmr", "temperature", "corner"),
            own={"n": N},
            trials=30,
            measures=ROW,
        ),
        Part("sense", "stt-bnn-macro", SENSE, over=("vdd", "temperature", "corner"), own={"boost": BOOST}, trials=30),
        Part(
            "time",
            "stt-bnn-macro",
            {"source": "thevenin", "v_mid": 0.3928, "temperature": 27.0, "trim": FREE["trim"], "t_window": 60e-9},
            over=(),
            own={"v_in": tuple(round(0.3 + 0.02 * k, 2) for k in range(10))},
            trials=30,
            measures=("t_load",),
        ),
        Part(
            "operation",
            "stt-bnn-macro",
            FREE | {"temperature": 27.0, "rails": "ldo"},
            over=("tmr", "vdd"),
            own={"n": N, "boost": BOOST},
            measures=ENERGIES,
        ),
    ),
    computed=(macro,),
    macro=Macro(
        operations={
            "row_mac": Operation(
                meaning="a row compares its weights with the inputs and answers one bit",
                cells="n",
                energy="energy",
                latency="latency",
            )
        }
    ),
)
