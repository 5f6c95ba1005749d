"""STT-BNN: 128 x 128 binary MAC rows on STT-MRAM with time-based sensing (Pham et al., JETCAS 2022; Trinh et al., TCAS-I 2018).

The macro's figures are means over end-to-end trials, each with weights and inputs of its own and the mismatch of every
device; the error is also that of the two-step flow (:mod:`montecarlo.systems.stt_bnn.two_step`), which resolves it with far fewer
transients.  What is published as throughput a watt is turned into an energy by arithmetic, and said to be.  Boosting means here
that rails 200 mV lower are lifted back to where M_ST senses.  Each energy is there twice: at the rails, and from the supply where
linear regulators make V_H and the lifts' rail of it (docs/energy.md).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import ndtr

from montecarlo.statistics.margins import clopper_pearson
from montecarlo.systems.stt_bnn.two_step import average_error
from montecarlo.systems.system import Figure, Plan, made_of
from spicekit.benches.bnn.macro_parameters import LIFTED
from spicekit.table import LookupTable
from spicekit.units import format_value

PHAM = "Pham et al., JETCAS 2022"
TRINH = "Trinh et al., TCAS-I 2018"
N = ROWS = 128
OPERATIONS = 2 * N * ROWS  # of the array: a product and an addition a cell
BOOSTS = (0, 1, 2)
EFFICIENCY = {0: 319e12, 2: 311e12}  # OPS/W
READS = (1e-6, 2e-6)  # A, of the 1T1MTJ cell
CELL = {"source": "cell"}
DESIGNS = {"fine": "tbs", "fast": "tbs-fast"}  # of tbs-sense, and the name of its plans
NOT_COUNTED = "not counted: source of the clock edges, decoder, registers of inputs and outputs"

PLANS = (
    Plan("row", "stt-bnn-row", {"n": [N]}, 300),
    Plan("row-low", "stt-bnn-row", {"n": [N]}, 300, {name: LIFTED[1][name] for name in ("v_high", "v_low")}),
    Plan("sense", "stt-bnn-macro", {"boost": BOOSTS}, 150, {"n": N, "source": "thevenin", "measure": "offset"}),
    Plan("macro", "stt-bnn-macro", {"boost": BOOSTS}, 60, {"n": N, "data": "trial", "rails": "ldo"}),
    Plan("tbs", "tbs-sense", {"overdrive": [-10e-3, 10e-3]}, 20),
    Plan("tbs-fast", "tbs-sense", {"overdrive": [-10e-3, 10e-3]}, 20, {"design": "fast"}),
    Plan("vsa", "vsa-sense", {"overdrive": [-10e-3, 10e-3]}, 20),
    # an operation of 50 ps: the cell's levels are wanted, which no amplifier needs to finish
    Plan("cells", "vsa-sense", {"i_read": READS}, 300, CELL | {"t_window": 50e-12, "t_recover": 50e-12}),
    Plan("tbs-offset", "tbs-sense", {"measure": ["offset"]}, 150, CELL),
    Plan("tbs-fast-offset", "tbs-sense", {"measure": ["offset"]}, 150, CELL | {"design": "fast"}),
    Plan("vsa-offset", "vsa-sense", {"measure": ["offset"]}, 150, CELL),
)


def figures(tables: Mapping[str, LookupTable]) -> list[Figure]:
    """All figures, from the tables of :data:`PLANS`."""
    found = []
    for boost in BOOSTS:
        found += macro_figures(tables, boost)
    return found + amplifier_figures(tables)


def macro_figures(tables: Mapping[str, LookupTable], boost: int) -> list[Figure]:
    """Array of 128 rows of 128 cells with ``boost`` lifts of the sense node."""
    table, name = tables["macro"], f"boost {boost}, "
    trials = int(table.query("count", boost=boost))
    cycle = float(table.quantiles("t_cycle", boost=boost)[1][-1])
    row, at_v_h, lift = (float(table.query(f"e_{part}", boost=boost)) for part in ("row_supply", "row", "lift_supply"))
    lifted = f", lifts {format_value(lift, 'J', 3)}" if boost else ""
    error = float(table.query("error", boost=boost))
    low, high = clopper_pearson(round(error * trials), trials)
    each = f"mean of {trials} trials"
    found = [
        Figure(name + "latency", "s", float(table.query("t_latency", boost=boost)), f"stt-bnn-macro t_latency: {each}"),
        Figure(name + "cycle", "s", cycle, f"stt-bnn-macro t_cycle: longest of {trials} trials, decision and reset", PHAM, 10e-9),
        Figure(
            name + "throughput", "OPS", OPERATIONS / cycle, f"2 x {N} x {ROWS} / cycle", f"{PHAM}, at 10 ns", OPERATIONS / 10e-9
        ),
        *energy_figures(table, boost, "e_total", "", f"V_H is a supply of its own; {NOT_COUNTED}"),
        *energy_figures(
            table,
            boost,
            "e_supply",
            ", from the supply",
            f"a linear regulator makes V_H: the row takes {format_value(row, 'J', 3)}, {format_value(at_v_h, 'J', 3)} at its rail"
            f"{lifted}; {NOT_COUNTED}",
        ),
        *error_figures(tables, boost),
        Figure(
            name + "average error, end to end",
            "",
            error,
            f"stt-bnn-macro error, weights and inputs drawn: {each}, 95 % interval {low:.3g} to {high:.3g}",
            PHAM if boost == 0 else "",
            0.085 if boost == 0 else None,
        ),
    ]
    return made_of("macro", found)


def energy_figures(table: LookupTable, boost: int, measure: str, which: str, remark: str) -> list[Figure]:
    """What follows from the energy ``measure`` of a row's operation, called ``which``."""
    name, trials, energy = f"boost {boost}, ", int(table.query("count", boost=boost)), float(table.query(measure, boost=boost))
    parts = ("row", "wordline", "drivers", "sense", "lift", "load", "latch", "drive", "line")
    from_supply = {part: f"{part}_supply" if measure == "e_supply" and part in ("row", "lift") else part for part in parts}
    values = {part: float(table.query(f"e_{column}", boost=boost)) for part, column in from_supply.items()}
    shares = ", ".join(f"{part} {format_value(value, 'J', 3)}" for part, value in values.items() if value)
    published = EFFICIENCY.get(boost)
    derived = f"derived from {published / 1e12:.0f} TOPS/W, {PHAM}" if published else ""
    each = f"stt-bnn-macro {measure}: mean of {trials} trials"
    return [
        Figure(f"{name}energy of a row's operation{which}", "J", energy, f"{each}; {shares}", remark=remark),
        Figure(
            f"{name}energy of an array operation{which}",
            "J",
            ROWS * energy,
            f"{ROWS} x energy of a row's operation",
            derived,
            OPERATIONS / published if published else None,
        ),
        Figure(
            f"{name}efficiency{which}",
            "TOPS/W",
            OPERATIONS / (ROWS * energy) / 1e12,
            f"2 x {N} x {ROWS} / energy of an array operation",
            PHAM if published else "",
            published / 1e12 if published else None,
            remark,
        ),
        Figure(
            f"{name}energy of an XNOR and accumulate{which}",
            "J",
            energy / N,
            f"energy of a row's operation / {N}",
            derived,
            2 / published if published else None,
        ),
    ]


def error_figures(tables: Mapping[str, LookupTable], boost: int) -> list[Figure]:
    """Row and amplifier of the two-step flow: their spread, and the average error that follows from it."""
    row, sense, name = tables["row-low" if boost else "row"], tables["sense"], f"boost {boost}, "
    lsb, spread, offset = float(row.query("lsb")), float(row.query("v_sl_std")), float(sense.query("offset_std", boost=boost))
    sigma = float(np.hypot(spread, offset)) / lsb
    counts = f"{int(row.query('count'))} rows, {int(sense.query('count', boost=boost))} amplifiers"
    first = boost == 0
    found = [
        Figure(name + "LSB", "V", lsb, "stt-bnn-row lsb at n/2 matches"),
        Figure(name + "sigma of SL in LSB", "", spread / lsb, f"stt-bnn-row v_sl: {format_value(spread, 'V', 3)}"),
        Figure(
            name + "sigma of the trip point in LSB", "", offset / lsb, f"stt-bnn-macro offset: {format_value(offset, 'V', 3)}"
        ),
        Figure(
            name + "sigma of both in LSB",
            "",
            sigma,
            f"root of the sum of squares, {counts}",
            "derived from an average error of 0.085" if first else "",
            1.6 if first else None,
        ),
        Figure(
            name + "average error, two-step",
            "",
            float(average_error(N, sigma)),
            "normal deviations of that sigma, N1 binomial(128, 1/2)",
            PHAM if first else "",
            0.085 if first else None,
            f"row {spread / lsb:.2f} LSB, trip point {offset / lsb:.2f} LSB: an error of 0.085 is 1.6 LSB" if first else "",
        ),
    ]
    return made_of("row-low" if boost else "row", found, "sense")


def amplifier_figures(tables: Mapping[str, LookupTable]) -> list[Figure]:
    """Time-based against voltage sensing at equal gate area: delay, energy, read bit error rate of a 1T1MTJ cell.

    Of both named designs of the time-based amplifier: ``fine`` senses near the threshold of M_ST, ``fast`` is sized for the
    published delay.
    """
    return [figure for design in DESIGNS for figure in design_figures(tables, design)]


def design_figures(tables: Mapping[str, LookupTable], design: str) -> list[Figure]:
    """Of one design, whose plans carry ``DESIGNS[design]``."""
    own, option = DESIGNS[design], "" if design == "fine" else f",design={design}"

    def mean(name: str, measure: str) -> float:
        return float(np.mean([tables[name].query(measure, overdrive=volts) for volts in (-10e-3, 10e-3)]))

    delays, energies = ([mean(name, measure) for name in (own, "vsa")] for measure in ("t_decision", "e_total"))
    found = [
        Figure(
            f"TBS over VSA, {what}, design={design}",
            "",
            values[0] / values[1],
            f"tbs-sense{option} {{}}, vsa-sense {{}}: {measure} at 10 mV".format(*(format_value(one, unit, 3) for one in values)),
            source,
            published,
            plans=(own, "vsa"),
        )
        for what, values, unit, measure, source, published in (
            ("delay", delays, "s", "t_decision", f"{TRINH}: 1.13 to 1.14", 1.135),
            ("energy", energies, "J", "e_total", TRINH, 1.02),
        )
    ]
    for current in READS:
        cells = tables["cells"]
        p, ap = (
            (float(cells.query(f"v_{state}", i_read=current)), float(cells.query(f"v_{state}_std", i_read=current)))
            for state in ("p", "ap")
        )
        trips = {name: float(tables[f"{name}-offset"].query("trip_std", measure="offset")) for name in (own, "vsa")}
        rates = {name: bit_error_rate(p, ap, sigma) for name, sigma in trips.items()}
        benches = {own: f"tbs-sense{option}", "vsa": "vsa-sense"}
        said = "; ".join(f"{benches[name]} {rates[name]:.2g}, sigma {format_value(trips[name], 'V', 3)}" for name in rates)
        found.append(
            Figure(
                f"read BER at {format_value(current, 'A')}, VSA over TBS, orders of magnitude, design={design}",
                "",
                float(np.log10(rates["vsa"] / rates[own])),
                f"{said}; signal {format_value(ap[0] - p[0], 'V', 3)}; normal distributions, best common level",
                f"{TRINH}: 2 to 3, signal not known",
                2.5,
                plans=("cells", f"{own}-offset", "vsa-offset"),
            )
        )
    return found


def bit_error_rate(p: tuple[float, float], ap: tuple[float, float], sigma: float) -> float:
    """Of a cell whose states give (mean, standard deviation) in V and a trip point of ``sigma``, at its best level."""
    levels = np.linspace(p[0], ap[0], 2001)
    high, low = (ndtr(sign * (mean - levels) / np.hypot(std, sigma)) for sign, (mean, std) in ((1, p), (-1, ap)))
    return float((high + low).min() / 2)
