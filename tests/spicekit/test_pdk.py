"""A user's own PDK: a TOML of theirs beside a `.lib` file of subcircuits, and everything that can be wrong with the two."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from spicekit import make_bench, run
from spicekit.block import simulate_block
from spicekit.errors import SpicekitError, UserError
from spicekit.technology import load_technology

Complaint = Callable[[subprocess.CompletedProcess[str], int], str]
Cli = Callable[..., subprocess.CompletedProcess[str]]

TOML = """
name = "mypdk"
description = "ptm45 wrapped as a foundry would"
source = "this test"
vdd = { value = 1.0, unit = "V", source = "test" }
l_min = { value = 45e-9, unit = "m", source = "test" }
w_min = { value = 90e-9, unit = "m", source = "test" }

[devices.nmos]
kind = "subckt"
name = "nch_mac"
width = "wid"
length = "len"

[devices.pmos]
kind = "subckt"
name = "pch_mac"
width = "wid"
length = "len"

[diffusion]
unshared = { value = 105, unit = "nm", source = "test" }
shared = { value = 140, unit = "nm", source = "test" }

[mismatch]
a_vt = { value = 1.8e-9, unit = "V m", source = "test" }
a_beta = { value = 0.7e-8, unit = "m", source = "test" }

[corners.tt]
file = "models/all.lib"
section = "TT"

[corners.ss]
file = "models/all.lib"
section = "SS"
"""


def write_pdk(folder: Path, toml: str = TOML) -> Path:
    """A PDK-like library: sections a corner, subcircuits with parameters `wid` and `len`, cards in an included file."""
    models = folder / "models"
    models.mkdir(parents=True)
    library = ["* all corners"]
    for corner in ("tt", "ss"):
        cards = load_technology("ptm45").cards(corner)
        cards = cards.replace("ptm45_nmos", f"nch_{corner}").replace("ptm45_pmos", f"pch_{corner}")
        (models / f"core_{corner}.inc").write_text(f"* cores\n{cards}\n")
        library += [
            f".LIB {corner.upper()}",
            f".include 'core_{corner}.inc'",
            ".subckt nch_mac d g s b wid=1u len=1u ad=0 as=0 pd=0 ps=0",
            f"M0 d g s b nch_{corner} W='wid' L='len' ad='ad' as='as' pd='pd' ps='ps'",
            ".ends nch_mac",
            ".subckt pch_mac d g s b wid=1u len=1u ad=0 as=0 pd=0 ps=0",
            f"M0 d g s b pch_{corner} W='wid' L='len' ad='ad' as='as' pd='pd' ps='ps'",
            ".ends pch_mac",
            f".ENDL {corner.upper()}",
        ]
    (models / "all.lib").write_text("\n".join(library) + "\n")
    file = folder / "mypdk.toml"
    file.write_text(toml)
    return file


@pytest.mark.parametrize(
    "parameters",
    [{}, {"corner": "ss", "temperature": 125.0}, {"fan_in": 3, "inputs": "all", "rows": 1024, "temperature": -40.0}],
)
def test_the_same_bench_gives_the_same_numbers(tmp_path: Path, parameters: dict[str, object]) -> None:
    pdk = write_pdk(tmp_path)
    theirs = run("sot-logic", technology=str(pdk), **parameters)
    ours = run("sot-logic", technology="ptm45", **parameters)
    assert theirs.outcome == ours.outcome == "ok"
    for name, value in ours.measures.items():
        # the same equations in another order of unknowns: solver tolerance (reltol 1e-7, vntol 1 nV), and margins are
        # differences of some 0.1 V, so 1e-8 V absolute
        assert theirs.measures[name] == pytest.approx(value, rel=1e-6, abs=1e-8 if name.startswith("margin") else 0), name


def test_the_section_of_the_corner_is_used(tmp_path: Path) -> None:
    pdk = str(write_pdk(tmp_path))
    tt, ss = (run("sot-read", technology=pdk, corner=corner, rows=4096, temperature=125).measures for corner in ("tt", "ss"))
    assert abs(tt["v_ap"] / ss["v_ap"] - 1) > 1e-4


def test_rendered_netlist_names_the_file_and_runs_anywhere(
    tmp_path: Path, cli: Cli, ngspice_batch: Callable[[str], dict[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pdk = write_pdk(tmp_path / "pdk")
    netlist = cli("render", "sot-read", "-p", f"technology={pdk}", cwd=tmp_path).stdout
    assert f".lib '{(tmp_path / 'pdk' / 'models' / 'all.lib').resolve()}' TT" in netlist
    monkeypatch.chdir("/")
    printed = ngspice_batch(netlist)
    assert printed["dv"] == pytest.approx(run("sot-read", technology="ptm45").measures["dv"], rel=1e-6)


def test_relative_path_counts_from_where_the_user_is(tmp_path: Path, cli: Cli) -> None:
    write_pdk(tmp_path)
    done = cli("run", "sot-read", "-p", "technology=mypdk.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "dv" in done.stdout


def test_include_without_sections(tmp_path: Path) -> None:
    pdk = write_pdk(tmp_path, re.sub(r'file = ".*"\nsection = "(..)"', r'file = "models/flat_\1.inc"', TOML))
    text = (tmp_path / "models" / "all.lib").read_text()
    for corner in ("TT", "SS"):
        body = text.split(f".LIB {corner}\n")[1].split(".ENDL")[0]
        (tmp_path / "models" / f"flat_{corner}.inc").write_text(body)
    measures = run("sot-read", technology=str(pdk)).measures
    assert measures["dv"] == pytest.approx(run("sot-read").measures["dv"], rel=1e-6)


def edited(tmp_path: Path, old: str, new: str) -> Path:
    assert old in TOML
    return write_pdk(tmp_path, TOML.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("models/all.lib", "models/none.lib", r"corners.tt.file: cannot read model file .*none.lib: No such file"),
        ("models/all.lib", "models", r"cannot read model file .*models: Is a directory"),
        ("[mismatch]\n", "[mismatch]\na_vth = 1\n", r"unknown key 'mismatch.a_vth'; did you mean a_vt"),
        ("[mismatch]\n", "lmin = 1\n[mismatch]\n", r"unknown key 'diffusion.lmin'"),
        ('name = "mypdk"', 'nam = "mypdk"', r"(missing key 'name'|unknown key 'nam'; did you mean name)"),
        ("value = 1.0, unit", "value = -1.0, unit", r"vdd: value -1.0 given; allowed: 0.1 to 50 V"),
        ('value = 1.0, unit = "V"', 'value = "one", unit = "V"', r"vdd: value one given; allowed: 0.1 to 50 V"),
        ('value = 1.0, unit = "V"', 'value = 1.0, unit = "mV"', r"vdd: value 1.0 mV given; allowed: 0.1 to 50 V"),
        ("vdd = {", "vdd = 1.0 #", r"vdd: give it as \{value = NUMBER"),
        ('"subckt"\nname = "nch_mac"', '"diode"\nname = "nch_mac"', r"devices.nmos.kind: allowed: 'model' or 'subckt'"),
        ('"nch_mac"', '"nch mac"', r"devices.nmos.name: .*pattern"),
        ("[devices.pmos]", "[devices.pfet]", r"no \[devices.pmos\]; this technology has nmos, pfet"),
        ("[corners.tt]", "[corners.typ]", r"technology 'mypdk': unknown corner 'tt'; choose from ss, typ"),
        ("[corners.tt]", "[corners.tt\n", r"not valid TOML"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_one_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    pdk = edited(tmp_path, old, new)
    with pytest.raises(UserError, match=says) as caught:
        make_bench("sot-read", {"technology": str(pdk)})
    assert "\n" not in str(caught.value)
    assert str(pdk) in str(caught.value) or "corner" in str(caught.value)


def test_a_corner_without_models_is_refused(tmp_path: Path) -> None:
    pdk = edited(tmp_path, '[corners.ss]\nfile = "models/all.lib"\nsection = "SS"\n', "[corners.ss]\n")
    with pytest.raises(UserError, match=r"corners.ss needs a file"):
        make_bench("sot-read", {"technology": str(pdk), "corner": "ss"})


def test_a_corner_with_a_section_that_the_file_lacks_is_refused(tmp_path: Path) -> None:
    pdk = edited(tmp_path, 'section = "SS"', 'section = "SSG"')
    with pytest.raises(UserError, match=r".*all.lib: unknown section 'SSG'; choose from ss, tt"):
        make_bench("sot-read", {"technology": str(pdk), "corner": "ss"})


def test_missing_technology_file(tmp_path: Path, cli: Cli, complaint: Complaint) -> None:
    line = complaint(cli("run", "sot-read", "-p", "technology=none.toml", cwd=tmp_path), 2)
    assert line == f"cannot read {tmp_path.resolve() / 'none.toml'}: No such file or directory"


def test_unreadable_model_file(tmp_path: Path) -> None:
    pdk = write_pdk(tmp_path)
    library = tmp_path / "models" / "all.lib"
    library.unlink()
    library.symlink_to(library)  # a loop cannot be read by anyone, root included
    with pytest.raises(UserError, match=r"all\.lib"):
        make_bench("sot-read", {"technology": str(pdk)})


ATTACKS = {
    "control block": ".control\nshell touch {mark}\n.endc\n",
    "control block, indented and in capitals": "  \t.CONTROL\nshell touch {mark}\n.ENDC\n",
    "command comment": "*#shell touch {mark}\n",
    "command comment, indented": "   *#shell touch {mark}\n",
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("where", ["all.lib", "core_tt.inc"])
def test_model_files_with_commands_are_refused(tmp_path: Path, attack: str, where: str) -> None:
    pdk = write_pdk(tmp_path)
    mark = tmp_path / "mark"
    file = tmp_path / "models" / where
    file.write_text(file.read_text() + ATTACKS[attack].format(mark=mark))
    with pytest.raises(UserError, match=rf"{where}:\d+: a model file may not hold a \.control block or \*# line"):
        run("sot-read", technology=str(pdk))
    assert not mark.exists()


def test_a_model_file_with_commands_ends_the_command_line(tmp_path: Path, cli: Cli, complaint: Complaint) -> None:
    pdk = write_pdk(tmp_path)
    file = tmp_path / "models" / "all.lib"
    file.write_text(file.read_text() + ".control\nshell touch mark\n.endc\n")
    line = complaint(cli("mc", "sot-read", "--trials", 5, "--out", "out", "-p", "technology=mypdk.toml", cwd=tmp_path), 2)
    assert line.startswith(f"{file.resolve()}:")
    assert line.endswith(f"(given by {pdk.resolve()}: corners.tt.file)")
    assert not (tmp_path / "mark").exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("keyword", [".incl", ".INC", ".includes", ".include", ".lib"])
@pytest.mark.parametrize("folder", ["beside", "working"])
def test_commands_in_an_included_file_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keyword: str, folder: str
) -> None:
    """ngspice takes `.inc` with any ending, and looks for a file in the working folder too: neither is a way around."""
    pdk = write_pdk(tmp_path / "pdk")
    mark = tmp_path / "mark"
    include = f"{keyword} evil.lib {'evil' if keyword == '.lib' else ''}"
    library = tmp_path / "pdk" / "models" / "all.lib"
    library.write_text(library.read_text().replace(".include 'core_tt.inc'", f".include 'core_tt.inc'\n{include}"))
    evil = (library.parent if folder == "beside" else tmp_path) / "evil.lib"
    evil.write_text(f"* evil\n.lib evil\n.control\nshell touch {mark}\n.endc\n.endl\n")
    monkeypatch.chdir(tmp_path)
    says = "may not hold a .control block" if folder == "beside" else "evil.lib, which is not a file"
    with pytest.raises(UserError, match=says):
        run("sot-read", technology=str(pdk))
    assert not mark.exists()


COMMANDS = ".control\nshell touch {mark}\n.endc\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        # ngspice runs or reads each of these: it knows a line by how it begins
        (".control!\nshell touch {mark}\n.endc\n", "may not hold a .control block"),
        ("\t.CONTROLX\nshell touch {mark}\n.endc\n", "may not hold a .control block"),
        (".inc! evil\n", r"may not hold '\.inc!'"),
        ('.include"x evil\n', r"may not hold '\.include\"x'"),
        (".incpslt evil\n", r"may not hold '\.incpslt'"),
        (".libx evil tt\n", r"may not hold '\.libx'"),
        (".lib\n+ evil tt\n", r"a \.lib line may not be continued"),
        (".lib evil\n* between\n+ tt\n", r"a \.lib line may not be continued"),
        (".lib evil \\\\\n tt\n", r"a \.lib line may not be continued"),
        (".lib evil\n* between \\\\\ntt\n", r"a \.lib line may not be continued"),
        (".lib evil tt more\n", r"give it as \.lib FILE SECTION"),
        (".include $EVIL\n", "environment variable"),
        (".lib '$EVIL' tt\n", "environment variable"),
        ("* comment \\\\\n" + COMMANDS, "may not hold a .control block"),
        ("* x\0\n.control\0\nshell touch {mark}\n.endc\n", "not a plain text file"),
        (".end\n" + COMMANDS, "may not hold a .control block"),
        (".if (1==0)\n" + COMMANDS + ".endif\n", "may not hold a .control block"),
        # and other versions of it, or what they read or set
        ("* a\r" + COMMANDS.replace("\n", "\r"), "not a plain text file"),
        ("\ufeff" + COMMANDS, "is neither a device"),
        ("@\n", "is neither a device"),
        (".csparam x=1\n", r"may not hold '\.csparam'"),
        (".temp 300\n", r"may not hold '\.temp'"),
        (".save all\n", r"may not hold '\.save'"),
        (".options scale=1 reltol=0.1\n", "may not set the option 'reltol'"),
        (".option\n+ noopiter\n", "may not set the option 'noopiter'"),
        ('A1 [a] x\n.model x d_process(process_file="{mark}")\n', "may not hold an A device"),
        (".model x\n+ numos\n", "kind 'numos'"),
    ],
)
def test_what_is_not_a_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str) -> None:
    pdk = write_pdk(tmp_path)
    mark = tmp_path / "mark"
    (tmp_path / "models" / "evil").write_text(f"* evil\n.lib tt\n{COMMANDS.format(mark=mark)}.endl\n")
    monkeypatch.setenv("EVIL", str(tmp_path / "models" / "evil"))
    file = tmp_path / "models" / "core_tt.inc"
    file.write_bytes(file.read_bytes() + text.format(mark=mark).encode())
    with pytest.raises(UserError, match=says):
        run("sot-read", technology=str(pdk))
    assert not mark.exists()


DEVICE = ".subckt {} d g s b dvth dbeta w=1u l=1u\nR1 d s 1k\n.ends\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        # names of ours: each changed the answer of a bench, or ended in words of ngspice's that name no file
        (DEVICE.format("NMOS_mc"), r"core_tt.inc:\d+: \.subckt 'nmos_mc' of a model file would change the netlist of bench"),
        (".subckt junction a b\nR1 a b 1\n.ends\n", r"\.subckt 'junction'"),
        (".func cos(x) '0.3'\n", r"\.func 'cos'"),
        (".param Cos(x)='0.3'\n", r"\.func 'cos'"),
        (".param nmos_mc=1\n", r"\.param 'nmos_mc'"),
        (".param a1=1 dc='1'\n", r"\.param 'dc'"),
        (".global gnd! D\n", r"\.global 'd'"),
        (".subckt q a\n.global mx\nR1 a 0 1\n.ends\n", r"\.global 'mx'"),
        # what would be added to the circuit
        ("Rx bl_p 0 1k\n", r"core_tt.inc:\d+: a device at top level \(rx\)"),
        # of two definitions one is taken without a word
        (".model nch_tt nmos level=54 vth0=0.1\n", r"core_tt.inc:\d+: \.model 'nch_tt' is defined otherwise at .*core_tt.inc:2 "),
        (".subckt q a b\nR1 a b 1\n.ends\n.subckt Q a b\nR1 a b 2\n.ends\n", r"\.subckt 'q' is defined otherwise"),
        (".if (1==0)\n.subckt q a\nR1 a 0 1\n.ends\n.else\n.subckt q a\n.ends\n.endif\n", r"\.subckt 'q' is def"),
        (".func q(x) 'x'\n.func q(x) '2*x'\n", r"\.func 'q' is defined otherwise"),
        (".param q=1\n.param Q=2\n", r"\.param 'q' is defined otherwise"),
        # what does not end goes on in our netlist
        (".if (1==0)\n", r"core_tt.inc:\d+: this \.if has no \.endif"),
        (".endif\n", r"this \.endif belongs to no \.if"),
        (".subckt q a\nR1 a 0 1\n", r"core_tt.inc:\d+: this \.subckt has no \.ends"),
        (".ends\n", r"this \.ends closes no subcircuit"),
        # ngspice drops the rest of the section
        (".endl\n", r"core_tt.inc:\d+: this \.endl closes no section of its file"),
        (".lib q\n.endl\n", r"core_tt.inc:\d+: a file that is read whole may not hold sections"),
        (".lib all.lib nosuch\n", r"core_tt.inc:\d+: .*all.lib has no section 'nosuch'; it has ss, tt"),
        # ngspice dies of these
        (".include core_tt.inc\n", r"core_tt.inc:\d+: files may not include each other in a circle: core_tt.inc -> core_tt.inc"),
        (".include all.lib\n", r"core_tt.inc:\d+: files may not include each other in a circle: .*all.lib -> core_tt"),
        (".lib all.lib tt\n", r"core_tt.inc:\d+: a library may not read itself: all.lib tt -> core_tt.inc -> all.lib tt"),
    ],
)  # fmt: skip
def test_a_library_that_would_change_our_netlist_is_refused(tmp_path: Path, text: str, says: str) -> None:
    pdk = write_pdk(tmp_path)
    file = tmp_path / "models" / "core_tt.inc"
    file.write_text(file.read_text() + text)
    with pytest.raises(UserError, match=says) as caught:
        run("stt-read", technology=str(pdk))
    assert "\n" not in str(caught.value)


def test_a_section_of_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    pdk = write_pdk(tmp_path)
    file = tmp_path / "models" / "all.lib"
    file.write_text(file.read_text() + ".lib Tt\n.endl\n")
    with pytest.raises(UserError, match=r"all.lib:\d+: section 'tt' stands at line 2 already"):
        make_bench("stt-read", {"technology": str(pdk)})


def test_files_that_include_too_deep_are_refused(tmp_path: Path) -> None:
    """ngspice holds each on its stack: it died of 1500."""
    pdk = write_pdk(tmp_path)
    models = tmp_path / "models"
    for k in range(1500):
        (models / f"{k}.inc").write_text(f".include {k + 1}.inc\n")
    (models / "1500.inc").write_text("* end\n")
    (models / "core_tt.inc").write_text((models / "core_tt.inc").read_text() + ".include 0.inc\n")
    with pytest.raises(UserError, match=r"\d+.inc:1: included files may be 100 deep, not more"):
        make_bench("stt-read", {"technology": str(pdk)})


@pytest.mark.parametrize("line", [".lib evil", ".lib evil x"])
def test_in_the_dialects_of_pspice_lib_is_no_way_around_the_check(tmp_path: Path, line: str) -> None:
    """There it is another word for .include: the file, with its commands, was read unseen."""
    mark = tmp_path / "mark"
    flat = re.sub(r'file = ".*"\nsection = "(..)"', r'file = "models/core_tt.inc"', TOML)
    flat = re.sub(
        r'kind = "subckt"\nname = "(.)ch_mac"\nwidth = "wid"\nlength = "len"', r'kind = "model"\nname = "\1ch_tt"', flat
    )
    pdk = write_pdk(tmp_path, flat.replace("[devices.nmos]", 'compatibility = "psa"\n[devices.nmos]'))
    assert run("stt-read", technology=str(pdk)).outcome == "ok"
    file = tmp_path / "models" / "core_tt.inc"
    (file.parent / "evil").write_text(f"* evil\n.model x d\n{COMMANDS.format(mark=mark) if line == '.lib evil' else ''}")
    file.write_text(file.read_text() + f"{line}\n")
    with pytest.raises(UserError, match=r"core_tt.inc:\d+: .*\.include FILE"):
        run("stt-read", technology=str(pdk))
    assert not mark.exists()


def test_a_scale_of_sizes_that_are_in_metres_is_refused(tmp_path: Path) -> None:
    """It holds for our own M lines too; a subcircuit's are the library's."""
    flat = re.sub(
        r'kind = "subckt"\nname = "(.)ch_mac"\nwidth = "wid"\nlength = "len"', r'kind = "model"\nname = "\1ch_tt"', TOML
    )
    pdk = write_pdk(tmp_path, flat)
    file = tmp_path / "models" / "core_tt.inc"
    file.write_text(file.read_text() + ".option scale=1.0\n")
    assert run("stt-read", technology=str(pdk)).outcome == "ok"
    file.write_text(file.read_text() + ".option scale=0.9\n")
    with pytest.raises(UserError, match=r"core_tt.inc:\d+: \.option scale=0.9: the sizes of devices are not in metres"):
        run("stt-read", technology=str(pdk))


def test_what_libraries_may_define(tmp_path: Path) -> None:
    """Names that hold within a subcircuit, bins, models of different conditions, the same twice, parameters of ours' names."""
    pdk = write_pdk(tmp_path)
    file = tmp_path / "models" / "core_tt.inc"
    local = ".subckt {0} a b\n.model rr r rsh={1}\n.param p1={1}\n.func f1(x) 'x*{1}'\nR1 a b 1\n.ends\n"
    nested = f".subckt outer a b\n{DEVICE.format('nmos')}.model nch_tt d\nX1 a b a b a b nmos\n.ends\n"
    branches = ".param q=1\n.if (q==0)\n.model dd d is=1e-9\n.elseif (q==1)\n.model dd d is=1e-8\n.else\n.model dd d\n.endif\n"
    bins = ".model nb.1 nmos level=54 lmin=1n lmax=1u\n.model nb.2 nmos level=54 lmin=1u lmax=1m\n"
    names = ".param sigma=1 w=2 l=3 alpha=4 f2(x)='x*sigma'\n.func f3(x, y) 'x+y'\n.global vss! sub!\n"
    (file.parent / "again.inc").write_text(".model same d is=1e-9\n")
    (file.parent / "self.lib").write_text(".lib all\n.lib self.lib part\n.endl\n.lib part\n.model part d\n.endl\n")
    more = local.format("one", 1) + local.format("two", 2) + nested + branches + bins + names
    file.write_text(file.read_text() + more + ".include again.inc\n" * 2 + ".lib self.lib all\n")
    assert run("stt-read", technology=str(pdk)).measures == pytest.approx(
        dict(run("stt-read", technology="ptm45").measures), rel=1e-6, nan_ok=True
    )


def test_a_rule_of_stars_and_hashes_is_a_comment(tmp_path: Path) -> None:
    """IHP's open PDK begins its files so."""
    pdk = write_pdk(tmp_path)
    file = tmp_path / "models" / "all.lib"
    file.write_text("*" + "#" * 60 + "\n" + file.read_text())
    assert run("sot-read", technology=str(pdk)).outcome == "ok"


def test_how_foundries_write_is_read(tmp_path: Path) -> None:
    """Comments of every kind, blank lines, continuations, Windows line ends, quotes, a section closed without its name."""
    pdk = write_pdk(tmp_path)
    file = tmp_path / "models" / "core_tt.inc"
    comments = "$ dollar\n; semicolon\n// slashes\n*\n\n"
    more = ".param a1=1 $ text .control\n+ b1='a1*2' ; more\n.global gnd!\n.options tnom=27\n* \xb5m in Latin-1\n"
    file.write_bytes((comments + more).encode("latin-1") + file.read_bytes().replace(b"\n", b"\r\n"))
    library = tmp_path / "models" / "all.lib"
    text = library.read_text().replace("'core_tt.inc'", '"core_tt.inc"  $ of .lib').replace(".ENDL TT", ".endl")
    library.write_text(text)
    assert run("sot-read", technology=str(pdk)).measures == pytest.approx(dict(run("sot-read").measures), rel=1e-6)


def test_a_file_that_is_not_regular_is_refused_at_once(tmp_path: Path) -> None:
    """A pipe would wait for ever."""
    pdk = write_pdk(tmp_path)
    os.mkfifo(tmp_path / "models" / "pipe")
    library = tmp_path / "models" / "all.lib"
    library.write_text(library.read_text().replace("'core_tt.inc'", "pipe"))
    with pytest.raises(UserError, match="pipe: it is not a regular file"):
        make_bench("sot-read", {"technology": str(pdk)})


@pytest.mark.parametrize("encode", [lambda text: text.encode("utf-16"), lambda text: gzip.compress(text.encode())])
def test_a_file_that_is_no_plain_text_is_refused(tmp_path: Path, encode: Callable[[str], bytes]) -> None:
    pdk = write_pdk(tmp_path)
    library = tmp_path / "models" / "all.lib"
    library.write_bytes(encode(library.read_text()))
    with pytest.raises(UserError, match=r"all\.lib:\d+: not a plain text file"):
        make_bench("sot-read", {"technology": str(pdk)})


def test_a_file_of_the_same_name_in_the_working_folder_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ngspice looks in the working folder before the library's own."""
    pdk = write_pdk(tmp_path / "pdk")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "core_tt.inc").write_text(
        (tmp_path / "pdk" / "models" / "core_tt.inc").read_text().replace("vth0=0.4", "vth0=0.5")
    )
    with pytest.raises(UserError, match=r"all\.lib:\d+: ngspice would take 'core_tt.inc' from the working folder"):
        run("sot-read", technology=str(pdk))


def test_a_file_that_changes_while_it_is_in_use_ends_the_run(tmp_path: Path) -> None:
    bench = make_bench("sot-read", {"technology": str(write_pdk(tmp_path))})
    file = tmp_path / "models" / "core_tt.inc"
    file.write_text(file.read_text().replace("vth0=0.4", "vth0=0.5"))
    with pytest.raises(SpicekitError, match="technology 'mypdk' was changed while it was in use"):
        simulate_block(bench, {})


BREAK = "\\n.control\\nshell touch {mark}\\n.endc\\n"  # as TOML writes line breaks


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('source = "this test"', f'source = "x{BREAK}"'),
        ('description = "ptm45', f'description = "x{BREAK}'),
        ('"nch_mac"', f'"nch_mac{BREAK}"'),
        ('section = "TT"', f'section = "TT{BREAK}"'),
        ("[corners.tt]", f'[corners."tt{BREAK}"]'),
        ("[corners.tt]", f'[bsim4.nmos]\n"a{BREAK}" = 1\n[corners.tt]'),
        ("[corners.tt]", f'[bsim4.nmos]\na = "1{BREAK}"\n[corners.tt]'),
        ('"models/all.lib"\nsection = "TT"', f'"models/a{BREAK}"\nsection = "TT"'),
    ],
)
def test_no_text_of_the_file_becomes_a_command(tmp_path: Path, old: str, new: str) -> None:
    mark = tmp_path / "mark"
    pdk = edited(tmp_path, old, new.replace("{mark}", str(mark)))
    with pytest.raises(UserError):
        run("sot-read", technology=str(pdk))
    assert not mark.exists()


def test_a_path_that_a_netlist_cannot_carry(tmp_path: Path) -> None:
    pdk = write_pdk(tmp_path / "o'brien")
    with pytest.raises(UserError, match="holds a quote"):
        make_bench("sot-read", {"technology": str(pdk)})


def test_the_dialect_of_a_technology(tmp_path: Path, cli: Cli) -> None:
    flat = re.sub(r'file = ".*"\nsection = "(..)"', r'file = "models/flat_\1.inc"', TOML)
    write_pdk(tmp_path, flat)
    text = (tmp_path / "models" / "all.lib").read_text()
    body = text.split(".LIB TT\n")[1].split(".ENDL")[0]
    body = body.replace("W='wid'", "W={wid}").replace("L='len'", "L={len}")
    body = body.replace(
        ".ends nch_mac", "S1 d y d 0 sm\nR1 y 0 1G\n.model sm VSWITCH(Ron=1 Roff=1e6 Von=0.6 Voff=0.4)\n.ends nch_mac"
    )
    for corner in ("TT", "SS"):
        (tmp_path / "models" / f"flat_{corner}.inc").write_text(body)
    # a switch as PSPICE names it
    with pytest.raises(SpicekitError, match="ngspice refuses the netlist"):
        run("sot-read", technology=str(tmp_path / "mypdk.toml"))
    spoken = tmp_path / "spoken.toml"
    spoken.write_text(flat.replace("[devices.nmos]", 'compatibility = "psa"\n[devices.nmos]'))
    assert run("sot-read", technology=str(spoken)).outcome == "ok"
    assert run("sot-read").outcome == "ok"
    rendered = cli("render", "sot-read", "-p", f"technology={spoken}").stdout
    assert "* Run it as: ngspice -D ngbehavior=psa -b\n" in rendered


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('compatibility = "hspice"', r"compatibility: allowed: 'ngspice', 'hs', 'hsa'"),
        ('compatibility = "psa"', r"corners.tt.section: libraries have no sections in the dialect 'psa'"),
        ('compatibility = "ltpsa"', r"corners.tt.section: libraries have no sections in the dialect 'ltpsa'"),
    ],
)
def test_a_wrong_dialect_is_one_line(tmp_path: Path, line: str, says: str) -> None:
    pdk = write_pdk(tmp_path, TOML.replace("[devices.nmos]", f"{line}\n[devices.nmos]"))
    with pytest.raises(UserError, match=says):
        load_technology(str(pdk))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            'width = "wid"',
            'width = "w"',
            r"devices.nmos.width: .subckt 'nch_mac' has no parameter 'w'; it has ad, as, len, pd",
        ),
        ('name = "pch_mac"', 'name = "pch"', r"devices.pmos.name: the model files hold no .subckt 'pch'"),
    ],
)
def test_a_size_that_the_subcircuit_has_not_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    """ngspice takes any parameter of a subcircuit and ignores those that it has not: every transistor would have one size."""
    with pytest.raises(UserError, match=says):
        make_bench("sot-read", {"technology": str(edited(tmp_path, old, new))})


def test_parameters_that_ngspice_ignores_are_named_once(tmp_path: Path) -> None:
    pdk = write_pdk(tmp_path)
    file = tmp_path / "models" / "core_tt.inc"
    file.write_text(file.read_text().replace("vsat=", "vsatt="))
    with pytest.warns(UserWarning, match=r"^ngspice ignores model parameters: vsatt$"):
        run("sot-read", technology=str(pdk))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run("sot-read", technology=str(pdk))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("vsat = 170000.0", "vsatt = 170000.0", r"bsim4.nmos: unknown BSIM4 parameter 'vsatt'; did you mean vsat"),
        ("vth0 = 0.46893", "VTH0 = 0.46893", r"bsim4.nmos: unknown BSIM4 parameter 'VTH0'; did you mean vth0"),
        ("vsat = 170000.0", "level = 14", r"bsim4.nmos: unknown BSIM4 parameter 'level'"),
        ("vsat = 170000.0", "vsat = nan", r"bsim4.nmos.vsat.*finite"),
        (
            "[corners.ff]",
            '[corners.ff]\nfile = "a.lib"',
            r"corners.ff.nmos shifts \[bsim4.nmos\], which is not read beside a file: give one of them",
        ),
        ("[bsim4.nmos]", "[bsim4.nmoss]\nvsat = 1.0\n[bsim4.nmos]", r"\[bsim4.nmoss\] is a card of no device"),
    ],
)
def test_a_card_with_a_wrong_key_is_refused(tmp_path: Path, repository: Path, old: str, new: str, says: str) -> None:
    text = (repository / "models" / "cmos" / "ptm45.toml").read_text()
    assert old in text
    (tmp_path / "mine.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(UserError, match=says):
        load_technology(str(tmp_path / "mine.toml"))


def test_cards_that_no_corner_reads_are_refused(tmp_path: Path, repository: Path) -> None:
    text = (repository / "models" / "cmos" / "ptm45.toml").read_text()
    head, cards = text.partition("\n[corners.tt]")[0], text[text.index("[bsim4.nmos]") :]
    (tmp_path / "mine.toml").write_text(f'{head}\n[corners.tt]\nfile = "a.lib"\n{cards}')
    with pytest.raises(UserError, match=r"\[bsim4\] is not read, as all corners take a file"):
        load_technology(str(tmp_path / "mine.toml"))
