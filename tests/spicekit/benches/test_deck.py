"""Netlists of a user's own, as xschem writes them or by hand: against ngspice itself, and against the same circuit as a bench."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

import spicekit
from montecarlo import Campaign
from montecarlo.jobs.replay import replay
from montecarlo.variation import Variation
from spicekit.errors import UserError
from spicekit.nominal import render, run
from spicekit.registry import make_bench
from spicekit.technology import load_technology

CHAIN = """** sch_path: /home/me/chain.sch
**.subckt chain OUT
*.opin OUT
.PARAM wn=200n vlow={half/2} half=0.5
XINV1 IN MID VDD GND inv wid='wn*2'
XINV2 MID OUT VDD GND inv wid={wn}
V1 VDD GND 1
V2 IN GND PULSE(0 1 100p 20p 20p 500p 2n)
R1 OUT GND {1meg*
*  a comment between
+ 2}
C1 OUT GND 1f ; load
**** begin user architecture code
.OPTION reltol=1e-5
.tran 5p 1n
.meas tran tphl trig v(in) val='half' rise=1 targ v(OUT) val={half} rise=1
.MEASURE TRAN low MIN v(mid)
.meas tran e INTEG i(v1) from=0 to=1n
.meas tran twice param='2*tphl + vlow'
**** end user architecture code
**.ends
* expanding   symbol:  inv.sym # of pins=4
** sym_path: /home/me/inv.sym
.subckt INV A Y VP VN params: wid=1u
*.ipin A
*.opin Y
XM1 Y A VN VN half_n w2={wid}
M2 Y A VP VP PMOS W={2*wid} L=45n m=1
.ends
.subckt half_n d g s b w2=1u
MN d g s b nmos w={w2} l=45n
.ends
.GLOBAL GND
.GLOBAL VDD
.end
"""

MTJ = """* a junction at rest
.subckt mtj_imce free pinned params: state=0 dra=0 dtmr=0 darea=0
.param g = {1.5904312808798328e-15 * 1e12 / 18 * (1 + darea) / (1 + dra)}
.param tmr = {state * 2.5 * (1 + dtmr)}
B1 free pinned I = V(free,pinned) * {g} / (1 + {tmr} / (1 + 4 * V(free,pinned) * V(free,pinned)))
.ends
"""

COLUMN = """** sch_path: /home/me/column.sch
**.subckt column RBL_P RBL_AP
.include mtj.lib
XDIODE PBIAS PBIAS VDD VDD mirror
IBIAS PBIAS GND 10u
VON ON GND 1
VSUP VDD GND 1
XBIAS_P RBL_P PBIAS VDD VDD mirror
XBIAS_AP RBL_AP PBIAS_COPY VDD VDD mirror
EP PBIAS_COPY GND PBIAS GND 1
XP RBL_P ON cell st=0
XAP RBL_AP ON cell st=1
.option reltol=1e-7 abstol=1e-15 vntol=1e-9 gmin=1e-15
.op
.print op v(rbl_p) v(rbl_ap)
* spicekit margin read low=v_rbl_p high=v_rbl_ap
**.ends
.subckt mirror d g s b
M1 d g s b pmos W=4u L=1u
.ends
.subckt CELL rbl rwl st=0
XMTJ top mid mtj_imce state={st}
MREAD rbl rwl top GND nmos W=150n L=45n
RTAIL mid GND 280
* the other 63 cells of the column
MLEAK rbl GND GND GND nmos W=150n L=45n m=63
.ends
.GLOBAL GND
.end
"""


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    (tmp_path / "chain.spice").write_text(CHAIN)
    return tmp_path / "chain.spice"


@pytest.fixture
def column(tmp_path: Path) -> Path:
    (tmp_path / "mtj.lib").write_text(MTJ)
    (tmp_path / "column.spice").write_text(COLUMN)
    return tmp_path / "column.spice"


def by_itself(netlist: str, names: list[str], folder: Path) -> dict[str, float]:
    """What ``ngspice -b`` says of the .meas, with every digit: it prints seven of a measure, all of a parameter."""
    more = "".join(f".meas tran full_{name} param='{name}'\n" for name in names)
    file = folder / "alone.cir"
    file.write_text(netlist.replace("\n.end\n", f"\n{more}.end\n"))
    answer = subprocess.run(
        ["ngspice", "-b", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NGSPICE_MEAS_PRECISION": "15"},
    )
    return {name: float(re.search(rf"full_{name}\s*=\s*(\S+)", answer.stdout)[1]) for name in names}  # type: ignore[index]


def within(values: np.ndarray, mean: float, std: float, of: int) -> None:
    """Mean and deviation of ``values`` agree with those of ``of`` trials of another campaign, at 99.9 % each."""
    n = len(values)
    assert abs(values.mean() - mean) < norm.ppf(0.9995) * np.hypot(values.std(ddof=1) / n**0.5, std / of**0.5)
    assert abs(np.log(values.std(ddof=1) / std)) < norm.ppf(0.9995) * np.hypot(1 / (2 * n) ** 0.5, 1 / (2 * of) ** 0.5)


def test_a_run_gives_what_ngspice_measures_by_itself(chain: Path, tmp_path: Path) -> None:
    bench = make_bench(str(chain), {"technology": "ptm45"})
    result = run(bench)
    alone = by_itself(render(bench), ["tphl", "low", "e", "twice"], tmp_path)
    assert result.measures == pytest.approx(alone, rel=1e-9)
    assert result.measures["twice"] == pytest.approx(2 * result.measures["tphl"] + 0.25, rel=1e-12)


def test_what_runs_is_the_text_of_the_user(chain: Path) -> None:
    rendered = render(make_bench(str(chain), {"technology": "ptm45"})).split("\n")
    own = CHAIN.split("\n")[:-2]
    assert rendered[: len(own)] == own
    assert "wn=3e-07 vlow={half/2} half=0.5" in render(make_bench(str(chain), {"technology": "ptm45", "wn": "300n"}))


def test_every_transistor_has_the_spread_of_its_own_size(chain: Path) -> None:
    points = {point.name: point for point in make_bench(str(chain), {"technology": "ptm45"}).points()}
    law = load_technology("ptm45")
    for name, width in (("xinv1.xm1.mn", 400e-9), ("xinv2.xm1.mn", 200e-9), ("xinv1.m2", 800e-9), ("xinv2.m2", 400e-9)):
        assert points[f"{name}.vth"].sigma == pytest.approx(law.sigma_vth(width, 45e-9), rel=1e-9)
        assert points[f"{name}.beta"].sigma == pytest.approx(law.sigma_beta(width, 45e-9), rel=1e-9)
    assert points["c1"].nominal == 1e-15
    assert points["wn"].nominal == 200e-9
    assert "vlow" not in points  # follows from another
    assert "r1" not in points


def test_a_column_has_the_statistics_of_its_bench(column: Path, tmp_path: Path) -> None:
    """The hierarchy, the junctions of a library, .print op and a margin; our bench's states share their devices, these do not."""
    found = Campaign(str(column), trials=300, seed=5, parameters={"technology": "ptm45"}).run(tmp_path / "own", workers=2)
    given = {"i_read": 10e-6}
    ours = Campaign("sot-read", trials=10_000, seed=6, parameters=given).run(tmp_path / "ours", workers=2)
    nominal, reference = (
        run(make_bench(str(column), {"technology": "ptm45"})).measures,
        spicekit.run("sot-read", **given).measures,
    )
    for name in ("v_p", "v_ap"):
        mine = f"v_rbl_{name[2:]}"
        assert nominal[mine] == pytest.approx(reference[name], rel=1e-6)
        theirs = ours.summary["measures"][name]
        within(found.trials[mine].to_numpy(), theirs["mean"], theirs["std"], 10_000)
    assert found.margins["read"]["mean"] == pytest.approx(ours.margins["read"]["mean"], rel=0.05)


def test_a_flat_netlist_has_the_statistics_of_its_bench(tmp_path: Path) -> None:
    """A current mirror, its own bench beside it; the ratio depends on both transistors, in weak inversion strongly."""
    (tmp_path / "mirror.spice").write_text(
        "** sch_path: mirror\n.OPTION reltol=1e-7 abstol=1e-15 vntol=1e-9\nVD D GND 0.5\nIB GND G 100n\n"
        "M1 G G GND GND ptm65_nmos W=240n L=65n\nM2 D G GND GND ptm65_nmos W=240n L=65n\n"
        ".dc VD 0.4 0.6 0.1\n.meas dc i_out FIND i(vd) AT=0.5\n.GLOBAL GND\n.end\n"
    )
    (tmp_path / "mirror.py").write_text(
        "from spicekit import Bench, DcAnalysis, Measure\nfrom spicekit.measures import i\n"
        "class Mirror(Bench):\n    name, summary, template = 'mirror', 'a current mirror', 'mirror.cir.j2'\n"
        "    def points(self):\n        return [p for m in ('m1', 'm2') for p in self.transistor(m, 240e-9, 65e-9)]\n"
        "    def analysis(self):\n        return DcAnalysis(save=('i(vd)',))\n"
        "    def measures(self):\n        return (Measure('i_out', 'A', 'output', i('vd')),)\n"
    )
    (tmp_path / "mirror.cir.j2").write_text(
        '{% extends "bench.cir.j2" %}\n{% block circuit %}\nVd d 0 0.5\nIb 0 g 100n\n'
        "X1 g g 0 0 vth_m1 beta_m1 nmos_mc w=240n l=65n\nX2 d g 0 0 vth_m2 beta_m2 nmos_mc w=240n l=65n\n{% endblock %}\n"
    )
    given = {"technology": "ptm65"}
    found = Campaign(str(tmp_path / "mirror.spice"), trials=400, seed=3, parameters=given).run(tmp_path / "a", workers=2)
    ours = Campaign(f"{tmp_path / 'mirror.py'}:Mirror", trials=10_000, seed=4, parameters=given).run(tmp_path / "b", workers=2)
    theirs = ours.summary["measures"]["i_out"]
    within(found.trials["i_out"].to_numpy(), theirs["mean"], theirs["std"], 10_000)


def test_trials_do_not_depend_on_workers_and_replay_to_the_bit(column: Path, tmp_path: Path) -> None:
    variations = [Variation.parse("xp.xmtj.tmr=20%"), Variation.parse("rtail=1%"), Variation.parse("*.rtail=3%")]
    with pytest.raises(UserError, match="unknown variation point 'rtail'"):
        Campaign(str(column), trials=2, parameters={"technology": "ptm45"}, variations=variations)
    given = {"trials": 60, "seed": 2, "parameters": {"technology": "ptm45"}, "variations": [variations[0], variations[2]]}
    one = Campaign(str(column), **given).run(tmp_path / "one", workers=1)
    two = Campaign(str(column), **given).run(tmp_path / "two", workers=2)
    assert one.trials.equals(two.trials)
    drawn = one.samples
    assert drawn["xp.xmtj.tmr"].std() == pytest.approx(0.2, rel=0.4)
    assert drawn["xap.xmtj.tmr"].std() == pytest.approx(0.1, rel=0.4)
    assert drawn["xp.rtail"].std() == pytest.approx(0.03 * 280, rel=0.4)
    warned: list[str] = []
    again = replay(tmp_path / "two", 57, warn=warned.append)  # compares with the stored trial, bit by bit
    assert not warned
    assert again.measures["v_rbl_ap"] == one.trials["v_rbl_ap"][57]


def test_a_changed_include_is_another_campaign(column: Path, tmp_path: Path) -> None:
    def campaign() -> Campaign:
        return Campaign(str(column), trials=4, parameters={"technology": "ptm45"})

    campaign().run(tmp_path / "out", workers=1)
    assert str(column) in campaign().inputs
    assert str(tmp_path / "mtj.lib") in campaign().inputs
    (tmp_path / "mtj.lib").write_text(MTJ.replace("2.5", "2.4"))
    with pytest.raises(UserError, match=r"mtj\.lib"):
        campaign().run(tmp_path / "out", workers=1)


HEAD = "title\nV1 a 0 1\nR1 a 0 1k\n"
TRAN = ".tran 1n 10n\n.meas tran x max v(a)\n.end\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (HEAD + ".control\nshell touch owned\n.endc\n" + TRAN, 4, "a .control block is refused: it is a program"),
        (HEAD + "*# shell touch owned\n" + TRAN, 4, "may not hold"),
        ("*ng_script\nshell touch owned\n", 1, "ng_script"),
        (HEAD + "A1 [a] [b] nothing\n" + TRAN, 4, "A device"),
        (HEAD + ".model x d_process(process_file=\"/bin/sh\")\nN1 a b x\n.probe alli\n" + TRAN, 6, "'.probe'"),
        (HEAD + ".options sourcepath=/tmp\n" + TRAN, 4, "unknown option 'sourcepath'"),
        (HEAD + ".include nowhere.lib\n" + TRAN, 4, "nowhere.lib, which is not a file"),
        (HEAD + "X1 a b nope\n" + TRAN, 4, "nope"),
        (HEAD + "M1 a a 0 0 nch w=1u l=1u\n" + TRAN, 4, "no .model 'nch'"),
        (HEAD + "C1 a 0 bogus=3\n" + TRAN, 4, "ngspice refuses this line"),
        (HEAD + ".param q={1*\n" + TRAN, 4, "ngspice refuses this line"),
        (HEAD + ".tran 1n 1n\n" + TRAN, 0, "2 .tran"),
        (HEAD + ".meas ac y max v(a)\n" + TRAN, 4, "there is no .ac"),
        (HEAD + ".meas tran x max v(a)\n" + TRAN, 6, "'x' is there twice"),
        (HEAD + ".meas tran y max v(nosuch)\n" + TRAN, 4, "no node nosuch"),
        (HEAD + ".param q=agauss(1,0.1,3)\nR2 a 0 {q}\n" + TRAN, 0, "drawn by ngspice"),
        (HEAD + "* spicekit margin m low=x high=z\n" + TRAN, 4, "unknown measure 'z'"),
        (HEAD + TRAN + "R9 a 0 1\n", 7, "stands behind .end"),
        (HEAD + ".meas tran y when b=0.5\n" + TRAN, 4, "the circuit has no vector b (a node is v(b))"),
        (HEAD + ".meas tran y max v(a,b)\n" + TRAN, 4, "the circuit has no vector v(a,b) (give par('v(a)-v(b)'))"),
        (HEAD + "* spicekit works x\n" + TRAN, 4, "allowed: * spicekit margin"),
        (HEAD + ".tran 1n 10n\n.end\n", 0, "nothing is measured"),
        (HEAD + ".end\n", 0, "there is no analysis"),
        (HEAD + ".subckt s a\n" + TRAN, 4, "has no .ends"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    file = tmp_path / "wrong.spice"
    file.write_text(text)
    with pytest.raises(UserError) as error:
        run(make_bench(str(file), {}))
    assert words in str(error.value)
    assert str(error.value).startswith(f"{file}:{line}:" if line else str(file))
    assert "\n" not in str(error.value)


RC = "rc\nV1 in 0 PULSE(0 1 1n 1p 1p 1 2)\nR1 in out {}\nC1 out 0 1p\n.option reltol=1e-6\n{}"
AT_3NS = ".tran 10p 6n\n.meas tran x find v(out) at=3n\n.end\n"


@pytest.mark.parametrize(
    ("value", "more", "ohm"),
    [
        ("{a}", ".param a = 500 * 3\n", 1500),
        ("{a}", ".param b=2 a= 500*b\n", 1000),
        ("{a}", ".param a=1k\n.include later.inc\n", 3000),
        ("1.5kohm $ 2k", "", 1500),
        ("\n\n* a comment between\n+\t2k;3k", "", 2000),
        ("2k", ".param k=2\n.if (k==1)\nR9 in out 1k\n.elseif (k==2)\nR9 in out 2k\n.else\nR9 in out 3k\n.endif\n", 1000),
    ],
)  # fmt: skip
def test_odd_ways_to_write_are_read_as_ngspice_reads_them(tmp_path: Path, value: str, more: str, ohm: float) -> None:
    (tmp_path / "later.inc").write_text(".param a=3k\n")
    text = RC.format(value, more + AT_3NS)
    for k, end in enumerate(("\n", "\r\n")):
        (tmp_path / f"odd{k}.spice").write_bytes(text.replace("\n", end).encode())
        found = run(make_bench(str(tmp_path / f"odd{k}.spice"), {})).measures["x"]
        assert found == pytest.approx(1 - np.exp(-2e-9 / (ohm * 1e-12)), rel=2e-4)


def points_of(folder: Path, text: str) -> dict[str, float]:
    (folder / "points.spice").write_text(text)
    return {point.name: point.nominal for point in make_bench(str(folder / "points.spice"), {}).points()}


def test_what_another_line_decides_is_no_point(tmp_path: Path) -> None:
    """A value in an .if would be that of the branch read last; a parameter that an include gives again would not change."""
    branches = ".if (k==1)\nR9 in out 1k\n.else\nR9 in out 2k\n.endif\n"
    assert points_of(tmp_path, RC.format("1k", f".param k=2\n{branches}{AT_3NS}")).keys() == {"r1", "c1", "k"}
    (tmp_path / "later.inc").write_text(".param a=3k\n")
    assert "a" not in points_of(tmp_path, RC.format("{a}", f".param a=1k\n.include later.inc\n{AT_3NS}"))
    assert points_of(tmp_path, RC.format("{a}", f".include later.inc\n.param a=1k\n{AT_3NS}"))["a"] == 1000
    assert "a" not in points_of(tmp_path, RC.format("{a}", f".param a = 500 * 3\n{AT_3NS}"))


@pytest.mark.parametrize(
    ("text", "value"),
    [("1Meg", 1e6), ("1M", 1e-3), (".5k", 500), ("1F", 1e-15), ("1kk", 1e3), ("1x", 1), ("1e3k", 1e6),
     ("1a", None), ("1mil", None), ("1k2", None), ("10_000", None), ("5%", None), ("1D3", None), ("2,2k", None)],
)  # fmt: skip
def test_a_value_is_ngspices_or_none(tmp_path: Path, text: str, value: float | None) -> None:
    """What the point says is what ngspice simulates: a point of another value would change the circuit when it varies."""
    deck = f"ohm's law\nI1 0 a 1\nR1 a 0 {text}\n.op\n.print op v(a)\n.end\n"
    assert points_of(tmp_path, deck).get("r1") == (None if value is None else pytest.approx(value))
    if value is not None:
        assert run(make_bench(str(tmp_path / "points.spice"), {})).measures["v_a"] == pytest.approx(value, rel=1e-6)


def test_the_inside_of_a_device_is_kept_over_time(tmp_path: Path) -> None:
    """Without .save, ngspice has one value of it, the last."""
    text = RC.format("1k", ".save all @r1[i]\n.tran 10p 6n\n.meas tran x max @r1[i]\n.end\n")
    (tmp_path / "inside.spice").write_text(text)
    assert run(make_bench(str(tmp_path / "inside.spice"), {})).measures["x"] == pytest.approx(1e-3, rel=0.01)
    (tmp_path / "none.spice").write_text(text.replace(".save all @r1[i]\n", ""))
    with pytest.raises(
        UserError, match=r"none.spice:7: measure 'x': ngspice keeps the course of @r1\[i\] only if .*add .save all"
    ):
        make_bench(str(tmp_path / "none.spice"), {})


def test_a_vector_by_its_bare_name(tmp_path: Path) -> None:
    """It is found as if it stood in v(), whatever else is measured."""
    measures = ".meas tran x when out=0.5 rise=1\n.meas tran z max v(in)\n"
    (tmp_path / "bare.spice").write_text(RC.format("1k", f".tran 2p 6n\n{measures}.end\n"))
    assert run(make_bench(str(tmp_path / "bare.spice"), {})).measures["x"] == pytest.approx(1e-9 + 1e-9 * np.log(2), rel=1e-3)


def test_an_expression_in_a_measure_is_that_of_ngspice(tmp_path: Path) -> None:
    (tmp_path / "par.spice").write_text(RC.format("1k", ".tran 2p 9n\n.meas tran x integ par('v(in)*i(v1)')\n.end\n"))
    assert run(make_bench(str(tmp_path / "par.spice"), {})).measures["x"] == pytest.approx(-1e-12, rel=0.01)  # C V^2


@pytest.mark.parametrize(("ports", "varied"), [("d g s b", True), ("g d s b", False), ("s g d b", False)])
def test_a_transistor_of_a_subcircuit_has_its_gate_second(tmp_path: Path, ports: str, varied: bool) -> None:
    """Its V_TH is a source in series with the second terminal."""
    (tmp_path / "pdk.inc").write_text(
        f".subckt nfet {ports}\nM1 d g s b nm w=1u l=65n\n.model nm nmos level=54 version=4.5 vth0=0.4\n.ends\n"
    )
    found = points_of(tmp_path, "t\n.include pdk.inc\nX1 a b 0 0 nfet\nVa a 0 1\nVb b 0 1\n.op\n.print op i(va)\n.end\n")
    assert ("x1.vth" in found) == varied


def test_what_does_not_happen_is_no_value(tmp_path: Path) -> None:
    (tmp_path / "never.spice").write_text(HEAD + ".meas tran late when v(a)=7\n.meas tran more param='late+1'\n" + TRAN)
    result = run(make_bench(str(tmp_path / "never.spice"), {}))
    assert result.outcome == "ok"
    assert np.isnan([result.measures["late"], result.measures["more"]]).all()
    assert result.measures["x"] == 1
    assert "late: not found" in " ".join(result.warnings())


def test_each_analysis_has_its_measures(tmp_path: Path) -> None:
    """An RC low-pass: closed forms."""
    (tmp_path / "rc.cir").write_text(
        "rc\nV1 in 0 dc 0.5 ac 1 PULSE(0 1 1n 1p 1p 1 2)\nR1 in out 1k\nC1 out 0 1p\nR2 out 0 1e15\n.option reltol=1e-6\n"
        ".tran 2p 6n\n.meas tran t when v(out)=0.5 rise=1\n.ac dec 200 1meg 10g\n"
        ".meas ac f when vm(out)=0.70710678118654752 fall=1\n"
        ".dc v1 0 1 0.25\n.meas dc half find v(out) when v(in)=0.6\n.op\n.print op v(out) i(v1)\n"
        ".noise v(out) v1 dec 50 1 1e15\n.end\n"
    )
    found = run(make_bench(str(tmp_path / "rc.cir"), {})).measures
    assert found["t"] == pytest.approx(1e-9 + 1e-9 * np.log(2), rel=1e-4)
    assert found["f"] == pytest.approx(1 / (2 * np.pi * 1e-9), rel=1e-4)
    assert found["half"] == pytest.approx(0.6, rel=1e-9)
    assert found["v_out"] == pytest.approx(0.5, rel=1e-6)
    assert found["onoise_total"] == pytest.approx((1.380649e-23 * 300.15 / 1e-12) ** 0.5, rel=1e-3)


def test_the_diameter_of_a_junction_is_given_as_its_area(column: Path) -> None:
    bench = make_bench(str(column), {"technology": "ptm45"})
    sizes = [point for point in bench.points() if point.kind == "cd"]
    assert len(sizes) == 2
    assert {(point.nominal, point.sigma) for point in sizes} == {(0.0, 0.02)}
    text = bench.netlist({sizes[0].name: 0.02})  # type: ignore[attr-defined]
    found = re.findall(r"darea=([\d.e-]+)", text.partition(".subckt mtj_imce")[0] + text.partition(".subckt CELL")[2])
    assert float(found[0]) == pytest.approx(1.02**2 - 1, rel=1e-12)
