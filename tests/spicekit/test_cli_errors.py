"""Wrong input on the command line: exit code 2, one line that says what and what is allowed, and nothing is written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from spicekit.cli import main

Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]

RUN = ("run", "sot-logic")
MC = ("mc", "sot-logic", "--trials", "10", "--out", "out")

WRONG: list[tuple[tuple[str, ...], str]] = [
    (("ru", "sot-logic"), "No such command 'ru'"),
    (("run", "sot-lgic"), "unknown bench 'sot-lgic'; did you mean sot-logic"),
    (("show", "zzz"), "unknown bench 'zzz'; choose from "),
    (("render", "none.py:Bench"), "bench file not found: "),
    (RUN[:1], "Missing argument"),
    ((*MC[:-1], "\udcff\udcfe"), "its name is not UTF-8; give another"),
    (("qualify", "sot-logic", "--out", "\udcff"), "its name is not UTF-8; give another"),
    (("qualify", "sot-logic", "--out", ""), "an empty path given"),
    (("render", "sot-logic", "-o", "\udcff"), "its name is not UTF-8; give another"),
    ((*RUN, "extra"), "extra"),
    ((*RUN, "--jsn"), "No such option: --jsn"),
    ((*RUN, "-p", "diametre=45n"), "bench 'sot-logic': unknown parameter 'diametre'; did you mean diameter"),
    (
        (*RUN, "-p", "diametre=45n", "-p", "fan_inn=2", "-p", "tmr=big"),
        "bench 'sot-logic': unknown parameters 'diametre' (did you mean diameter?), 'fan_inn' (did you mean fan_in?); "
        "parameter 'tmr': 'big' is not a number",
    ),
    ((*RUN, "-p", "fooo=1", "-p", "barr=2"), "bench 'sot-logic': unknown parameters 'fooo', 'barr'; choose from access, "),
    ((*RUN, "-p", "fooo=1", "-p", "technology=ptm54"), "'fooo'; choose from access, "),
    ((*RUN, "-p", "tmr"), "-p 'tmr': give NAME=VALUE"),
    ((*RUN, "-p", "tmr=big"), "bench 'sot-logic': parameter 'tmr': 'big' is not a number; give e.g. 200n, 1meg, 5% or 1.5e-9"),
    ((*RUN, "-p", "tmr=nan"), "is not a number"),
    ((*RUN, "-p", "fan_in=9"), "parameter fan_in: allowed: less than or equal to 6 (given: 9"),
    ((*RUN, "-p", "access=pmos"), "parameter access: allowed: 'nmos' or 'ideal' (given: 'pmos')"),
    ((*RUN, "-p", "vdd=inf"), "parameter vdd: allowed: a finite number"),
    ((*RUN, "--corner", "st"), "technology 'ptm45': unknown corner 'st'; "),
    ((*RUN, "--corner", "tt1"), "technology 'ptm45': unknown corner 'tt1'; did you mean tt"),
    ((*RUN, "--temperature", "200"), " C is outside -40.0 to 125.0 C of technology 'ptm45'"),
    ((*RUN, "--temperature", "hot"), "'hot' is not a temperature; give e.g. 85 or 85C"),
    ((*RUN, "--temperature", "27F"), "'27F' is not a temperature; give e.g. 85 or 85C"),
    ((*RUN, "-p", "temperature=-280"), "'-280' is -280 C; allowed: above -273.15 C (0 K)"),
    ((*RUN, "--temperature", "300"), "300 C is outside -40.0 to 125.0 C of technology 'ptm45'"),
    ((*RUN, "-p", "vdd=90%"), "'90%' is not in V"),
    ((*RUN, "-p", "i_read=10mV"), "'10mV' is not in A"),
    ((*RUN, "-p", "i_read=1A"), "'1A' is 1 times 1e-18 A to SPICE; give 1 or 1e-18"),
    ((*RUN, "-p", "technology=ptm54"), "unknown technology 'ptm54'; did you mean "),
    ((*RUN, "-p", "technology=none.toml"), "none.toml: No such file or directory"),
    ((*RUN, "--out", "/dev/null/x"), "--out /dev/null/x: cannot make this folder: Not a directory"),
    ((*RUN, "--out", "/proc/none"), "--out /proc/none: cannot make this folder: /proc takes no new files or folders"),
    ((*MC[:-1], "/proc/none"), "--out /proc/none: cannot make this folder: /proc takes no new files or folders"),
    ((*MC[:-1], "/proc/none", "--until", "nonsense"), "--out /proc/none: cannot make this folder"),
    ((*RUN, "--out", "-"), "path '-': standard input and output have no name here"),
    (("render", "sot-logic", "-o", "-"), "path '-': standard input and output have no name here"),
    (("render", "sot-logic", "-o", "none/x"), "-o none/x: its folder does not exist; give a file to write"),
    (("render", "sot-logic", "-o", "/dev/null/x"), "-o /dev/null/x: cannot write this file: Not a directory"),
    (("render", "sot-logic", "-o", "/proc/none"), "-o /proc/none: /proc takes no new files"),
    (("render", "sot-logic", "-o", "/"), "-o /: is a folder; give a file to write"),
    ((*RUN, "--temperature", "20", "--temperature", "30"), "--temperature is given 2 times; allowed: once"),
    ((*MC, "--trials", "20"), "--trials is given 2 times; allowed: once"),
    (("table", "export", "none.nc", "--to", "csv", "--to", "npz"), "--to is given 2 times; allowed: once"),
    (("render", "sot-logic", "-o", "a", "--output", "b"), "--output is given 2 times; allowed: once"),
    (("mc", "sot-logic", "--trials", "10"), "Missing option '--out'"),
    (("mc", "sot-logic", "--out", "out"), "Missing option '--trials'"),
    (("mc", "sot-logic", "--trials", "0", "--out", "out"), "--trials"),
    (("mc", "sot-logic", "--trials", "ten", "--out", "out"), "--trials"),
    (("mc", "sot-lgic", "--trials", "10", "--out", "out"), "unknown bench 'sot-lgic'; did you mean sot-logic"),
    ((*MC, "--seed", "-1"), "--seed"),
    ((*MC, "--workers", "0"), "--workers"),
    ((*MC, "--timeout", "0"), "--timeout"),
    ((*MC, "--workers", "1000000"), "--workers 1000000: allowed: at most "),
    ((*MC, "--timeout", "inf"), "--timeout"),
    ((*MC, "--timeout", "nan"), "--timeout"),
    ((*RUN, "--timeout", "inf"), "--timeout"),
    ((*RUN, "--timeout", "nan"), "--timeout"),
    ((*MC, "--sampler", "sobel"), "unknown sampler 'sobel'; did you mean sobol"),
    ((*MC, "--sigma", "rra=5%"), "unknown variation point 'rra'; did you mean ra"),
    ((*MC, "--sigma", "ra"), "--sigma 'ra': give TARGET=SIGMA"),
    ((*MC, "--sigma", "ra=x"), "--sigma 'ra=x': 'x' is not a number"),
    ((*MC, "--sigma", "ra=-5%"), "sigma must be a finite number, 0 or above"),
    ((*MC, "--sigma", "vth=20mA"), "--sigma vth: '20mA' is not in V"),
    ((*MC, "--sigma", "ra=5ohm"), "--sigma ra: '5ohm' is not in ohm um2"),
    ((*MC, "--sigma", "tmr=1V"), "--sigma tmr: '1V' has a unit, but is to be a plain number"),
    ((*MC, "--sigma-global", "vth=20mA"), "--sigma-global vth: '20mA' is not in V"),
    ((*MC, "--sigma", "ra=5%:normal:3V"), "'3V' has a unit, but is to be a plain number"),
    ((*MC, "--sigma", "vth=20"), "--sigma vth: a sigma of 20 V given; allowed for 'vth_c0': at most 500 mV"),
    ((*MC, "--sigma-global", "vth=20"), "--sigma-global vth: a sigma of 20 V given"),
    ((*MC, "--sigma", "beta=5"), "--sigma beta: a sigma of 5 given; allowed for 'beta_c0': at most 1"),
    ((*MC, "--sigma", "ra=200%"), "--sigma ra: a sigma of "),
    ((*MC, "--sigma", "tmr=1100%:lognormal"), "--sigma tmr: a sigma of "),
    ((*MC, "--correlate", "ra,tmr=-0.4V"), "has a unit, but is to be a plain number"),
    ((*RUN, "-p", "tmr=1.5V"), "parameter 'tmr': '1.5V' has a unit, but is to be a plain number"),
    (("run", "mtj-switch", "-p", "value=50uA"), "parameter 'value': '50uA' is not in V"),
    (("run", "mtj-switch", "-p", "drive=current", "-p", "value=0.5V"), "parameter 'value': '0.5V' is not in A"),
    (("sweep", "sot-read", "--over", "tmr=1:3:1", "--out", "out"), "--over 'tmr=1:3:1': NUM 1 leaves out STOP"),
    (("sweep", "sot-read", "--over", "tmr=1:3:2V", "--out", "out"), "'2V' has a unit, but is to be a plain number"),
    (("yield", "stt-read", "--fail", "di < 1e400"), "'1e400' is beyond what a number can hold"),
    ((*MC, "--sigma", "ra=5%:flat"), "unknown distribution 'flat'; choose from lognormal, normal"),
    ((*MC, "--sigma", "vth=5%"), "the nominal value of 'vth_c0' is 0, so give a normal sigma in V"),
    ((*MC, "--sigma-global", "ra"), "--sigma-global 'ra': give TARGET=SIGMA"),
    ((*MC, "--sigma", "ra=5%", "--sigma", "ra=10%"), "--sigma: 'ra' is given twice"),
    ((*MC, "--correlate", "ra,tmr=-0.4", "--correlate", "tmr,ra=0.4"), "--correlate: 'ra,tmr' is given twice"),
    ((*MC, "-p", "ra=5", "-p", "ra=6"), "'ra' is given twice: '5' and '6'"),
    ((*MC, "-p", "corner=ss", "--corner", "ff"), "'corner' is given twice: 'ss' and 'ff'"),
    (("wer", "stt-bnn-65nm", "--current", "60u", "--pulse", "1n", "--sigma", "ra=5%", "--sigma", "ra=6%"), "'ra' is given twice"),
    (
        ("run", "vsa-sense", "-p", "r_source=10Mohm"),
        "'10Mohm' is in milliohm to SPICE, in megaohm to people; give 10mohm or 10megohm",
    ),
    ((*MC, "--correlate", "ra,tmr=2"), "--correlate 'ra,tmr=2': give KIND,KIND=RHO with RHO between -1 and 1"),
    ((*MC, "--correlate", "ra,r_ref=0.2"), "no device has both 'ra' and 'r_ref'"),
    ((*MC, "-p", "technology=none.toml"), "none.toml: No such file or directory"),
    (("replay", "none", "--trial", "1"), "none holds no campaign (no campaign.json)"),
    (("replay", "none"), "Missing option '--trial'"),
]


@pytest.mark.parametrize(("arguments", "says"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_wrong_input(
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    complaint: Complaint,
    tmp_path: Path,
    arguments: tuple[str, ...],
    says: str,
) -> None:
    """The program's own entry point, called in this process: the start of Python is most of what a process of its own costs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["spicekit", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    stdout, stderr = capfd.readouterr()
    assert isinstance(end.value.code, int)
    line = complaint(subprocess.CompletedProcess(arguments, end.value.code, stdout, stderr), 2)
    assert says in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "says"), WRONG[1::6], ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_wrong_input_to_the_program(
    cli: Cli, complaint: Complaint, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    line = complaint(cli(*arguments, cwd=tmp_path), 2)
    assert says in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("empty.py", "", "empty.py: no bench 'Bench' in it"),
        ("wrong.py", "Bench = dict", "is not a subclass of spicekit.Bench"),
        ("broken.py", "import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("syntax.py", "x = (", "SyntaxError: "),
        ("raises.py", "raise ValueError('two\\nlines')", "ValueError: two lines"),
    ],
)
def test_wrong_bench_files(cli: Cli, complaint: Complaint, tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text)
    assert says in complaint(cli("show", f"{name}:Bench", cwd=tmp_path), 2)


@pytest.mark.parametrize("name", ["mine.py", "mine.py:"])
def test_a_bench_file_without_its_class(cli: Cli, complaint: Complaint, tmp_path: Path, name: str) -> None:
    """The file is not run to find out what is in it."""
    assert complaint(cli("run", name, cwd=tmp_path), 2) == f"bench file not found: {tmp_path / 'mine.py'}"
    (tmp_path / "mine.py").write_text("class One: pass\nclass Two: pass\ndef f(): pass\nopen('ran', 'w')\n")
    line = complaint(cli("run", name, cwd=tmp_path), 2)
    assert line == "bench 'mine.py' is a file without the name of a bench in it: give mine.py:NAME; defined in it: One, Two"
    (tmp_path / "mine.py").write_text("x = 1\n")
    assert complaint(cli("run", name, cwd=tmp_path), 2).endswith("give mine.py:NAME")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]


BENCH = """
from spicekit import Bench, DcAnalysis, Measure, VariationPoint
class Mine(Bench):
    name, summary, template = "mine", "mine", "mine.cir.j2"
    def analysis(self): return DcAnalysis(save=("v(a)",))
    def points(self): return (VariationPoint("r_a", "r", 1.0, "ohm", sigma=0.1),)
    def measures(self): return (Measure("v", "V", "v"),)
    def evaluate(self, waves): return {"v": waves("v(a)")}
"""
TEMPLATE = (
    '{% extends "bench.cir.j2" %}{% block circuit %}V1 a 0 1\nB1 a 0 I = V(a)/V(r_a)\nCIRCUIT{% endblock %}'
    "{% block control %}{% endblock %}"
)


@pytest.mark.parametrize(
    ("circuit", "code", "says"),
    [
        (None, 2, "bench 'mine': no template 'mine.cir.j2'"),
        ("R2 a 0 {{ nope }}", 2, "'nope' is undefined"),
        ("R2 a 0 {{ 1 +", 2, "mine.cir.j2:"),
        ("{{ bench.__class__.__base__ }}", 2, "mine.cir.j2"),  # the sandbox
        ("M1 a b c d nomodel", 1, "ngspice refuses the netlist: "),
    ],
)
@pytest.mark.parametrize("command", ["run", "mc"])
def test_wrong_templates(
    cli: Cli, complaint: Complaint, tmp_path: Path, circuit: str | None, code: int, says: str, command: str
) -> None:
    (tmp_path / "mine.py").write_text(BENCH)
    if circuit is not None:
        (tmp_path / "mine.cir.j2").write_text(TEMPLATE.replace("CIRCUIT", circuit))
    options = ("--trials", "5", "--out", "out") if command == "mc" else ()
    assert says in complaint(cli(command, "mine.py:Mine", *options, cwd=tmp_path), code)
    assert code == 1 or not (tmp_path / "out").exists()


def test_a_bench_without_anything_to_vary(cli: Cli, complaint: Complaint, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(BENCH.replace('VariationPoint("r_a", "r", 1.0, "ohm", sigma=0.1),', ""))
    (tmp_path / "mine.cir.j2").write_text(TEMPLATE.replace("V(r_a)", "1").replace("CIRCUIT", ""))
    line = complaint(cli("mc", "mine.py:Mine", "--trials", "5", "--out", "out", cwd=tmp_path), 2)
    assert line == "bench 'mine' has no variation points: there is nothing to vary"


def test_a_missing_device(cli: Cli, complaint: Complaint, tmp_path: Path, repository: Path) -> None:
    text = (repository / "models" / "cmos" / "ptm45.toml").read_text().replace("[devices.pmos]", "[devices.pfet]")
    (tmp_path / "mine.toml").write_text(text.replace("[bsim4.pmos]", "[bsim4.pfet]").replace("pmos = {", "#"))
    line = complaint(cli("run", "sot-read", "-p", "technology=mine.toml", cwd=tmp_path), 2)
    assert line.endswith("mine.toml: no [devices.pmos]; this technology has nmos, pfet")


@pytest.mark.parametrize(
    "words",
    [
        ("run", "stt-read", "-p", "device=NAME.toml"),
        ("run", "sot-read", "-p", "technology=NAME.toml"),
        ("run", "NAME.py:Bench"),
        ("run", "sot-read", "--out", "NAME"),
        ("mc", "sot-read", "--trials", "5", "--out", "NAME"),
        ("sweep", "sot-read", "--over", "tmr=1,2", "--out", "NAME"),
        ("yield", "sot-read", "--fail", "v_p > 1", "--out", "NAME"),
        ("replay", "NAME", "--trial", "0"),
        ("report", "NAME"),
        ("table", "show", "NAME"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("name", ["n" * 300, "a/" * 2048 + "b"], ids=["name", "path"])
def test_a_name_that_is_too_long(
    name: str, words: tuple[str, ...], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["spicekit", *(word.replace("NAME", name) for word in words)])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capfd.readouterr()
    assert (ended.value.code, out, err.count("\n")) == (2, "", 1)
    missing = ("bench file not found", "holds no campaign", "no folder", "no table")  # pathlib's answer from Python 3.14 on
    assert "File name too long" in err or (sys.version_info >= (3, 14) and any(words in err for words in missing))
