"""What is measured of `stt-bnn-macro`: of one operation, or of the amplifier's threshold."""

from __future__ import annotations

import math

from spicekit.benches.bnn.array import START
from spicekit.benches.bnn.macro_circuit import DELTA, RESET, SUPPLIES, MacroCircuit
from spicekit.benches.sensing.tbs import FOUND
from spicekit.benches.sensing.verdict import verdicts
from spicekit.limits import Limits
from spicekit.measures import At, Choose, Crossing, First, Integral, Node, Number, Settling, floor, i, ln, maximum, v
from spicekit.measures.measure import Measure
from spicekit.rails import Item, Spent

WINDOW = Limits("raise t_window", event=True)
RECOVERY = Limits("raise t_window or t_recover", event=True)


def measures(macro: MacroCircuit) -> tuple[Measure, ...]:
    """Those of the parameter ``measure``."""
    return _offset_measures(macro) if macro.p.measure == "offset" else _decision_measures(macro)


def _offset_measures(macro: MacroCircuit) -> tuple[Measure, ...]:
    t_lo, t_hi, t_delay = (arrival(macro, node) for node in (*(f"arrive_{tag}" for tag in macro.tags), "delayed"))
    arrived = (t_lo < math.inf) & (t_hi < t_lo) & (t_hi > 0) & (t_delay < math.inf) & (t_delay > 0)
    ratio = ln(t_lo / t_hi)  # ln t is all but linear in SL
    offset = Choose(arrived, -DELTA + 2 * DELTA * ln(t_lo / t_delay) / ratio, math.nan)
    slope = Choose(arrived, t_delay * ratio / (2 * DELTA), math.nan)
    return (
        Measure("offset", "V", "SL at which LOAD and the delay line arrive together, less v_mid", offset, limits=FOUND),
        Measure("trip", "V", "that SL", macro.v_mid + offset, limits=FOUND),
        Measure("slope", "s/V", "how much sooner LOAD arrives for a higher SL, there", slope, limits=FOUND),
        Measure("t_delay", "s", "arrival of the delay line, from START", t_delay, limits=WINDOW),
    )


def _decision_measures(macro: MacroCircuit) -> tuple[Measure, ...]:
    row = macro.p.source == "row"
    apart, line = v("q_in") - v("qb_in"), v(f"sl_{macro.p.n - 1 if row else 'in'}")
    parted = Crossing(abs(apart), macro.vdd / 2, after=macro.t_ready)
    late = parted >= macro.t_off
    decision = At(apart, macro.t_off) > macro.vdd / 2
    n1 = _matches(macro)
    right = 2 * n1 >= macro.p.n if row else Number(float(macro.inputs["in"] > macro.v_mid))
    wrong = (parted < macro.t_off) & (decision ^ right)
    t_decision = Choose(late, math.inf, parted - macro.t_from)
    t_latency = macro.t_from + t_decision - START
    t_load, t_delay = arrival(macro, "arrive_in"), arrival(macro, "delayed")
    # the logarithm of the ratio, but of arrivals of which one is missing the side on which it is
    lead = Choose(maximum(t_delay, t_load) < math.inf, ln(t_delay / t_load), ln(t_delay) - ln(t_load))
    return (
        *((Measure("n1", "", "matching cells", n1),) if row else ()),
        Measure("v_sl", "V", "source line when the sense node is isolated", At(line, macro.t_sample)),
        Measure("v_sense", "V", "sense node when START rises", At(v("sense_in"), macro.t_ready)),
        Measure("decision", "", "decision at the end of t_window", decision, fraction=True),
        *verdicts(late, wrong, "t_window", "; right is 1 for n/2 or more matches, SL above v_mid"),
        Measure("t_decision", "s", "from START until the latch's outputs parted by VDD/2", t_decision, limits=WINDOW),
        Measure("t_latency", "s", "the same from when the row was switched on", t_latency, limits=WINDOW),
        Measure(
            "t_cycle",
            "s",
            "t_latency and the time that LOAD and the delay line then need to be reset",
            t_latency + _reset(macro),
            limits=RECOVERY,
        ),
        Measure("t_load", "s", "arrival of LOAD at the latch, from START", t_load, limits=WINDOW),
        Measure("t_delay", "s", "arrival of the delay line at the latch, from START", t_delay, limits=WINDOW),
        Measure("lead", "", "ln(t_delay / t_load): above 0 the answer is 1; all but linear in SL", lead, limits=WINDOW),
        *spent(macro).measures(),
    )


def spent(macro: MacroCircuit) -> Spent:
    """Where the energy of one operation goes."""
    p, vdd = macro.p, macro.vdd
    found: list[Item] = []
    if p.source == "row":
        found += [
            # V_L takes up all of that and gives nothing: no item
            Item.of("row", "bit lines at V_H, and through the cells the current to V_L", p.v_high, i("vhigh"), rail="V_H"),
            Item.of("wordline", "word line", macro.v_wl, i("vword"), rail="" if p.v_wl is None else "V_WL"),
            Item.of("drivers", "gates of the bit lines' drivers, this row's share", vdd, i("vgate")),
        ]
    none = Number(0.0)
    gates = "gates of the isolation switch and of those of the lifting capacitors"
    found += [
        Item.of("sense", gates, vdd, i("vctl")) if macro.sense_devices() else Item("sense", gates, vdd, none),
        Item("lift", "lifting capacitors", p.v_lift, Integral(i("vlift_in")) if p.boost else none, rail="V_LIFT"),
    ]
    found += [Item.of(name, meaning, vdd, i(f"vdd_{name}_in")) for name, meaning in SUPPLIES.items()]
    found += [Item.of("line", "delay line, one amplifier's share", vdd, i("vdd_line"), users=p.amplifiers)]
    return Spent(p, vdd, tuple(found))


def arrival(macro: MacroCircuit, node: str) -> Node:
    """When ``node`` first passes VDD/2, in seconds from START; inf if it does not within t_window."""
    found = Crossing(v(node), macro.vdd / 2, after=macro.t_ready)
    return Choose(found < macro.t_off, found - macro.t_from, math.inf)


def _reset(macro: MacroCircuit) -> Node:
    """Time in s from the fall of START until LOAD and the stages of the delay line are where they start from, or inf."""
    waves = [v(node) for node in ("load_in", *(f"d{k}" for k in range(macro.p.stages)))]
    # of nodes that go back to 1, whose rounding the values of t_cycle have
    back = [Settling(abs(1 + (wave - First(wave)) / macro.vdd - 1), RESET, start=macro.t_off) for wave in waves]
    return maximum(*back) - macro.t_off


def _matches(macro: MacroCircuit) -> Node:
    if macro.p.source == "row" and macro.p.data == "trial":
        return floor(First(v("matches")) * macro.p.n + 0.5)
    return Number(sum(cell.match for cell in macro.cells) if macro.p.source == "row" else 0)
