"""The read of one SOT-MRAM cell in its column."""

from __future__ import annotations

from spicekit.analysis import DcAnalysis
from spicekit.benches.sot.column import SotColumn
from spicekit.measures import i, v
from spicekit.measures.measure import Margin, Measure


class SotRead(SotColumn):
    name = "sot-read"
    summary = "DC read of one 2T1R SOT-MRAM cell in a column, both states"
    template = "benches/sot-read.cir.j2"

    def analysis(self) -> DcAnalysis:
        save = [
            vector
            for case in self.cases()
            for vector in (
                f"v(rbl_{case})",
                f"v(x{case}_c0.top)",
                f"v(x{case}_c0.mid)",
                f"i(v.x{case}_c0.vread)",
                f"i(vdd_{case})",
            )
        ]
        return DcAnalysis(save=(*save, *self.diode_supply()))

    def measures(self) -> tuple[Measure, ...]:
        v_p, v_ap = v("rbl_p"), v("rbl_ap")
        i_p, i_ap = i("v.xp_c0.vread"), i("v.xap_c0.vread")
        r_p, r_ap = (v("xp_c0.top") - v("xp_c0.mid")) / i_p, (v("xap_c0.top") - v("xap_c0.mid")) / i_ap
        e_p, e_ap = (self.supply_current(case) * self.vdd * self.p.t_sense for case in ("p", "ap"))
        return (
            Measure("v_p", "V", "RBL voltage, cell parallel (stores 0)", v_p),
            Measure("v_ap", "V", "RBL voltage, cell antiparallel (stores 1)", v_ap),
            Measure("dv", "V", "read signal, v_ap - v_p", v_ap - v_p),
            Measure("i_p", "A", "current through the junction, cell parallel", i_p),
            Measure("i_ap", "A", "current through the junction, cell antiparallel", i_ap),
            Measure("r_p", "ohm", "junction resistance at its operating point, parallel", r_p),
            Measure("r_ap", "ohm", "junction resistance at its operating point, antiparallel", r_ap),
            Measure("tmr_read", "", "TMR at the operating points, r_ap / r_p - 1", r_ap / r_p - 1),
            Measure("e_p", "J", "energy from the supply in t_sense, cell parallel", e_p),
            Measure("e_ap", "J", "energy from the supply in t_sense, cell antiparallel", e_ap),
        )

    def margins(self) -> tuple[Margin, ...]:
        return (Margin("read", low="v_p", high="v_ap"),)
