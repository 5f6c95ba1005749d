"""The command that writes an example to begin with."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from typing import Annotated

import typer

from spicekit.cli.output import say

_BENCH = '''"""A bench: a transistor that discharges a capacitor.  Try it:

    spicekit run {file}.py:{kind} -p w=1u --out out/run
    spicekit mc {file}.py:{kind} --trials 200 --sigma c_load=2% --out out/mc
"""

from spicekit import Bench, BenchParameters, Limits, Measure, TranAnalysis, VariationPoint, channel_width, quantity
from spicekit.measures import Crossing, Largest, i, v


class {kind}Parameters(BenchParameters):
    """Beside technology, corner, temperature and vdd, which every bench has.  Each is a `-p name=value`."""

    w: float = channel_width(500e-9, "width of the transistor", le=1e-5)
    c_load: float = quantity(200e-15, "F", "load", gt=0, le=1e-11)
    t_stop: float = quantity(2e-9, "s", "end of the run", gt=0, le=1e-6)


class {kind}(Bench[{kind}Parameters]):
    name = "{name}"
    summary = "a transistor discharges a capacitor"
    template = "{file}.cir.j2"  # beside this file
    roles = ("nmos",)  # transistors that the technology must have

    def points(self):
        """What may vary, each a node of its name in the netlist: vth_m0 and beta_m0 of the transistor, the load."""
        load = VariationPoint("c_load", "c", self.p.c_load, "F", sigma=0.01 * self.p.c_load, low=0.0)
        return (*self.transistor("m0", self.p.w, self.technology.l_min), load)

    def analysis(self):
        """The step by comparison with a ten times finer one: t_fall moves by less than a thousandth."""
        return TranAnalysis(save=self.vectors(), step=self.p.t_stop / 400, stop=self.p.t_stop)

    def measures(self):
        """Said once: for numpy, for the netlist that runs by itself, and for `spicekit show`."""
        window = Limits("raise w or t_stop", high=self.p.t_stop, event=True)  # it may not happen at all
        return (
            Measure("t_fall", "s", "until the output is at half of the supply", Crossing(v("out"), self.vdd / 2), limits=window),
            Measure("i_peak", "A", "largest current of the transistor", Largest(i("vdrain"))),
        )

    def works(self):
        """By which `spicekit qualify` judges."""
        return "t_fall < 1n"
'''

_TEMPLATE = """{{% extends "bench.cir.j2" %}}
{{#
Brings the transistors (nmos_mc: drain gate source bulk, then the nodes of its two variation points), the options, the analysis
and the sources of the variation points.  p: the parameters; vdd: the supply; technology, bench: see docs/bench.md.
#}}
{{% block circuit %}}
* the gate opens at time 0; the load, a capacitor whose size is the voltage of node c_load, starts at the supply
Vgate gate 0 PULSE(0 {{{{ vdd }}}} 0 10p 10p 1 2)
Vdrain out drain 0
Xm0 drain gate 0 0 vth_m0 beta_m0 nmos_mc w={{{{ p.w }}}} l={{{{ technology.l_min }}}}
Cload out 0 Q = 'V(c_load) * V(out)'
.ic v(out)={{{{ vdd }}}}
{{% endblock %}}
"""


def new_bench(
    name: Annotated[str, typer.Argument(help="Name of the bench; its files NAME.py and NAME.cir.j2 go to the working folder.")],
) -> None:
    """A bench of one's own to begin with: a commented example, two files that run at once."""
    from spicekit.errors import UserError
    from spicekit.files import write_text
    from spicekit.registry import bench_names

    if not re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", name) or keyword.iskeyword(name):
        raise UserError(f"name '{name}': give small letters and digits with - or _ between them, as in my-cell")
    if name in bench_names():
        raise UserError(f"name '{name}': a bench that ships is called so; give another")
    file = name.replace("-", "_")
    kind = "".join(word.capitalize() for word in re.split("[-_]", name))
    written = {Path(f"{file}.py"): _BENCH, Path(f"{file}.cir.j2"): _TEMPLATE}
    for path in written:
        if path.exists() or path.is_symlink():
            raise UserError(f"{path} is there already; give another name, or move it away")
    for path, text in written.items():
        write_text(path, text.format(file=file, kind=kind, name=name))
    say(f"Files: {', '.join(map(str, written))}\nTry:   spicekit run {file}.py:{kind}")
