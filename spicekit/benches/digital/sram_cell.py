"""An SRAM cell: what `sram-6t` and `sram-8t` share.

``static``: operating points.  The loop is cut: each half of the cell (pull-up, pull-down, pass gate) has an input of its own, and
the butterfly is swept along its diagonal.  With x the voltage of node R and y that of node L, left half y = F_l(x), right half
x = F_r(y), a sweep sets d = x - y: the left half's input is its output plus d, the right half's its output minus d.  Both curves
fall, so each has one point for every d, whatever the loop gain.  Where a line of slope 1 meets both curves are two corners of a
square between them, whose side is the difference of the points' x (or y)::

    side(d) = F_l + d - F_r

above 0 where the left curve lies above.  The largest square of the lobe with L high is that of d <= 0, of the lobe with R high
that of d >= 0 with the sign turned; the smaller of both is the static noise margin (Seevinck, List and Lohstroh, IEEE JSSC 22,
748 (1987), whose coordinates are these turned by 45 degrees).  Where a lobe has closed, the largest side is below 0: how far the
curves are from touching, so that the margin goes on through 0.

``write``: a transient of the whole cell, in either direction, through drivers and loaded lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal

import numpy as np
from typing_extensions import TypeVar

from spicekit.analysis import Analysis, DcAnalysis, TranAnalysis
from spicekit.bench import Bench, Panel
from spicekit.limits import Limits
from spicekit.measures import Crossing, Final, Largest, Node, Taken, i, maximum, minimum, v
from spicekit.measures.measure import Measure
from spicekit.parameters import BenchParameters, channel_length, channel_width, option, quantity, voltage
from spicekit.point import VariationPoint
from spicekit.rails import Item, RailSupply, Spent
from spicekit.waves import Waves

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDES = ("l", "r")
START = 0.2e-9  # s: the drivers' inputs switch
EDGE = 20e-12  # s, of these inputs
TAIL = 0.5e-9  # s from the end of the word line's pulse: the bit lines are precharged again, which is energy of the write
RISEN = 0.9  # of the supply, at which a node has its new value


class SramParameters(BenchParameters, RailSupply):
    operation: Literal["static", "write"] = option(
        "static", "static: margins, read current and leakage at operating points; write: a write through its drivers"
    )
    # of the FreePDK45 cell of OpenRAM (VLSIDA/OpenRAM, technology/freepdk45/sp_lib/cell_6t.sp), whose length is 50 nm
    w_pd: float = channel_width(205e-9, "width of the pull-down transistors (NMOS to ground)", le=1e-5)
    w_pg: float = channel_width(135e-9, "width of the pass gates (NMOS to the bit lines)", le=1e-5)
    w_pu: float = channel_width(90e-9, "width of the pull-up transistors (PMOS)", le=1e-5)
    l_cell: float | None = channel_length(
        None, "length of the cell's transistors; the technology's shortest if not given", le=1e-6
    )
    v_wl: float | None = voltage(None, "word line when on; VDD if not given", ge=0)
    steps: int = quantity(100, "", "static: steps of the butterfly from its middle to an end", ge=10, le=1000)
    rows: int = quantity(128, "", "write: cells on the bit lines", ge=1, le=4096)
    columns: int = quantity(128, "", "write: cells on the word line", ge=1, le=4096)
    # chosen: 0.2 fF/um, the usual figure of a local wire, over the cell's 0.4 um along the bit line, 1.2 um along the word line
    c_bit: float = quantity(0.08e-15, "F", "write: wire of a bit line a cell; the pass gates are in the netlist", ge=0, le=1e-12)
    c_word: float = quantity(0.24e-15, "F", "write: wire of the word line a cell; the gates are in the netlist", ge=0, le=1e-12)
    w_driver: float = channel_width(2e-6, "write: width of the drivers' NMOS; PMOS twice that", le=1e-4)
    t_wl: float = quantity(0.5e-9, "s", "write: pulse of the word line's driver", ge=4e-11, le=1e-6)
    step: float = quantity(2e-12, "s", "write: largest time step", ge=1e-14, le=1e-9)


S = TypeVar("S", bound=SramParameters, default=SramParameters, covariant=True)


class SramCell(Bench[S], Generic[S]):
    """What both cells share: six transistors, pull-up ``pu``, pull-down ``pd`` and pass gate ``pg`` of sides l and r."""

    template = "benches/sram.cir.j2"

    port = False  # whether a read has a port of its own

    @property
    def l_cell(self) -> float:
        """Length of the cell's transistors in metres."""
        return self.technology.l_min if self.p.l_cell is None else self.p.l_cell

    @property
    def v_wl(self) -> float:
        """Level of the word line when it is on, in volts."""
        return self.vdd if self.p.v_wl is None else self.p.v_wl

    @property
    def stop(self) -> float:
        """End of the write's simulation in seconds."""
        return START + self.p.t_wl + TAIL

    def devices(self) -> dict[str, tuple[str, float, float]]:
        """The cell's transistors: name -> type, width and length in metres."""
        kinds = {"pd": ("nmos", self.p.w_pd), "pu": ("pmos", self.p.w_pu), "pg": ("nmos", self.p.w_pg)}
        return {f"{name}_{side}": (*kind, self.l_cell) for side in SIDES for name, kind in kinds.items()}

    def points(self) -> tuple[VariationPoint, ...]:
        return tuple(
            point
            for name, (role, width, length) in self.devices().items()
            for point in self.transistor(name, width, length, role)
        )

    def context(self) -> dict[str, Any]:
        return {
            "devices": self.devices(),
            "l_min": self.technology.l_min,
            "v_wl": self.v_wl,
            "start": START,
            "edge": EDGE,
            "port": self.port,
        }

    def analysis(self) -> Analysis:
        if self.p.operation == "write":
            shown = (vector for panel in self.panels() for vector in panel.vectors)
            save = tuple(dict.fromkeys((*self.vectors(), *shown)))
            return TranAnalysis(save=save, step=self.p.step, stop=self.stop, options={"chgtol": 1e-18})
        return DcAnalysis(save=self.vectors(), inner=("vstep", -self.p.steps, self.p.steps, 1))

    def measures(self) -> tuple[Measure, ...]:
        return self.write_measures() if self.p.operation == "write" else self.static_measures()

    # --- operating points

    def lobe(self, side: Node, high: Literal["l", "r"]) -> Node:
        """The largest square, in volts, of the lobe in which node ``high`` is high; ``side`` is the list side(d)."""
        n = self.p.steps
        places = tuple(range(n + 1)) if high == "l" else tuple(range(n, 2 * n + 1))
        return Largest(Taken(side if high == "l" else -side, places))

    def side(self, left: str, right: str) -> Node:
        """side(d) between the curves of the left half ``left`` and of the right half ``right``, a list."""
        return v(f"out_{left}_l") + v("d") - v(f"out_{right}_r")

    def margin(self, mode: str) -> Node:
        """Static noise margin in volts of the halves called ``mode``."""
        side = self.side(mode, mode)
        return minimum(self.lobe(side, "l"), self.lobe(side, "r"))

    def static_measures(self) -> tuple[Measure, ...]:
        to_l, to_r = (-self.lobe(self.side("write", "on"), "l"), -self.lobe(self.side("on", "write"), "r"))
        half = "snm_half" if self.port else "snm_read"
        when = "half-selected: in a row that is written, its bit lines high" if self.port else "while it is read"
        return (
            Measure(
                "snm_hold", "V", "static noise margin, word line off: the largest square in the smaller lobe", self.margin("hold")
            ),
            Measure(half, "V", f"the same {when}; below 0 its state is lost", self.margin("on")),
            Measure(
                "margin_write",
                "V",
                "write margin, the worse direction: the smallest square that parts the curves where the old state was; below 0 "
                "it stays",
                minimum(to_l, to_r),
            ),
            *self.read_measures(),
            Measure("i_leak", "A", "leakage of an idle cell, bit lines at VDD", self.leakage()),
        )

    def read_measures(self) -> tuple[Measure, ...]:
        return (
            Measure("i_read", "A", "current that a read takes from the bit line, the weaker side", minimum(*self.currents())),
            Measure("v_low", "V", "low node while it is read, the higher side", maximum(*(Final(v(f"low_{x}")) for x in SIDES))),
        )

    def currents(self) -> list[Node]:
        """Currents in A out of the bit lines into the sides that hold a 0."""
        return [-Final(i(f"vread_{side}")) for side in SIDES]

    def leakage(self) -> Node:
        """Current in A that an idle cell takes from its supply and its bit lines."""
        return -Final(i("vidle")) - Final(i("vidle_l")) - Final(i("vidle_r"))

    # --- write

    def write_measures(self) -> tuple[Measure, ...]:
        window = Limits("raise t_wl", high=self.stop - START, event=True)
        # copy l: L is high and becomes low, so that R rises
        rising, falling = {"l": "r_l", "r": "l_r"}, {"l": "l_l", "r": "r_r"}
        flips = [Crossing(v(rising[x]) - v(falling[x]), 0.0, after=START) - START for x in SIDES]
        risen = [Crossing(v(rising[x]), RISEN * self.vdd, after=START, edge="rise") - START for x in SIDES]
        kept = [Final(v(rising[x])) - Final(v(falling[x])) for x in SIDES]
        items = (
            Item.of("lines", "bit lines, with their precharge", self.vdd, self._from("lines")),
            Item.of("cell", "supply of the cell", self.vdd, self._from("cell")),
            Item.of(
                "wl",
                "word line, a column's share",
                self.v_wl,
                self._from("wl"),
                rail="" if self.p.v_wl is None else "word line",
                users=self.p.columns,
            ),
        )
        return (
            Measure("written", "", "both directions written", minimum(*kept) > 0, fraction=True),
            Measure(
                "t_flip",
                "s",
                "from the drivers' inputs until the nodes meet, the later direction",
                maximum(*flips),
                limits=window,
            ),
            Measure(
                "t_write",
                "s",
                f"until the node that rises is at {RISEN:g} VDD, the later direction",
                maximum(*risen),
                limits=window,
            ),
            *Spent(self.p, self.vdd, items).measures("energy of a write", ", mean of both directions"),
        )

    @staticmethod
    def _from(supply: str) -> Node:
        """Current in A out of ``supply``, mean of both copies."""
        return (i(f"vdd_{supply}_l") + i(f"vdd_{supply}_r")) * -0.5

    def works(self) -> str:
        if self.p.operation == "write":
            return "written > 0.5"
        return f"min({'snm_half' if self.port else 'snm_read'}, margin_write) > 0"

    def panels(self) -> tuple[Panel, ...]:
        return (
            Panel("lines", "V", {"v(wl_l)": "WL", "v(bl_l)": "BL"}),
            Panel("0 into L", "V", {"v(l_l)": "L", "v(r_l)": "R"}),
            Panel("0 into R", "V", {"v(l_r)": "L", "v(r_r)": "R"}),
        )

    def figures(self, waves: Waves) -> dict[str, Figure]:
        if self.p.operation == "write":
            return {}
        from spicekit.benches.digital.butterfly_plot import butterfly_figure
        from spicekit.plots import conditions

        outputs = {(mode, side): np.asarray(waves(f"v(out_{mode}_{side})")) for mode in ("hold", "on", "write") for side in SIDES}
        names = {"hold": "hold", "on": "half-selected" if self.port else "read", "write": "write of a 0 into L"}
        title = f"{self.name}: {conditions(self)}"
        return {"butterfly.png": butterfly_figure(title, names, np.asarray(waves("v(d)")), outputs)}
