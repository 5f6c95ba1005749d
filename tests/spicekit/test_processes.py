"""What the files of real processes bring along, in libraries of a few lines: units, sections, switches, statistics."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from mini_process import MODELS, SUBCIRCUITS, read_current, write

from spicekit import make_bench, run
from spicekit.engines import BATCH
from spicekit.engines.calibrate import calibrated
from spicekit.errors import SpicekitError, UserError
from spicekit.netlist import render
from spicekit.paths import data_root
from spicekit.registry import bench_names
from spicekit.technology import load_technology

TOP = ("[devices.nmos]", "{}\n[devices.nmos]")


def top(line: str) -> tuple[str, str]:
    return TOP[0], TOP[1].format(line)


def in_corner(line: str) -> tuple[str, str]:
    return 'file = "mini.lib"', line


@pytest.fixture
def expected(tmp_path: Path) -> float:
    folder = tmp_path / "plain"
    folder.mkdir()
    return read_current(write(folder, MODELS.format("")))


@pytest.mark.parametrize("kind", ["model", "subckt"])
@pytest.mark.parametrize(("unit", "scale"), [("um", "1u"), ("um", "1.0e-6\n.options parser scale=1u"), ("nm", "1n")])
def test_sizes_in_another_unit(tmp_path: Path, expected: float, kind: str, unit: str, scale: str) -> None:
    library = f".option scale={scale}\n" + MODELS.format("") + SUBCIRCUITS
    file = write(tmp_path, library, top(f'lengths = "{unit}"'), kind=kind)
    assert read_current(file) == pytest.approx(expected, rel=1e-6)


def test_a_unit_of_sizes_ends_with_its_circuit(tmp_path: Path, expected: float) -> None:
    """In HSPICE's dialect ngspice kept it for the next netlists: their transistors were a million times too small."""
    library = ".option scale=1u\n" + MODELS.format("") + SUBCIRCUITS
    scaled = write(tmp_path, library, top('lengths = "um"\ncompatibility = "hsa"'), kind="subckt")
    assert read_current(scaled) == pytest.approx(expected, rel=1e-6)
    plain = tmp_path / "after"
    plain.mkdir()
    assert read_current(write(plain, MODELS.format(""))) == pytest.approx(expected, rel=1e-9)


def test_sizes_in_another_unit_with_bins(tmp_path: Path, expected: float) -> None:
    bins = re.sub(r"(model .ch)", r"\1.1", MODELS.format("")).replace("=0.4\n", "=0.4 BIN\n").replace("=-0.4\n", "=-0.4 BIN\n")
    bins = bins.replace("BIN", "lmin=1e-8 lmax=1e-5 wmin=5e-8 wmax=1e-4")
    file = write(tmp_path, ".option scale=1u\n" + bins + SUBCIRCUITS, top('lengths = "um"'), kind="subckt")
    assert read_current(file) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("unit", "scale"), [("m", 1), ("um", 1e-6)])
def test_a_size_without_a_bin_names_its_parameters(tmp_path: Path, unit: str, scale: float) -> None:
    """`w_access` is 300 nm and the only bin begins at 1 um."""
    bins = re.sub(r"(model .ch)", r"\1.1", MODELS.format("")).replace("4\n", "4 lmin=1e-8 lmax=1e-5 wmin=1e-6 wmax=1e-4\n")
    devices = SUBCIRCUITS if scale == 1 else SUBCIRCUITS.replace("w={w*nf} l={l}", "l={l} ad=0 w={w*nf}")
    library = (f".option scale={scale}\n" if scale != 1 else "") + bins + devices
    file = write(tmp_path, library, top(f'lengths = "{unit}"'), kind="subckt")
    with pytest.raises(
        UserError,
        match=r"^bench 'stt-read': parameter w_access: technology 'mini' has no model 'nch' for W = 300 nm, L = 45 nm",
    ):
        run("stt-read", technology=file)


@pytest.mark.parametrize("kind", ["model", "subckt"])
def test_a_scale_without_a_unit_is_refused(tmp_path: Path, kind: str) -> None:
    """Transistors of 300 nm would be of 0.3 pm: 2.5 nA, or no model for them."""
    file = write(tmp_path, MODELS.format("") + SUBCIRCUITS + ".option scale=1u\n", kind=kind)
    with pytest.raises(UserError, match=r'mini.lib:9: .option scale=1u: .* say in .*mini.toml their unit: lengths = "um"'):
        make_bench("stt-read", {"technology": file})


def test_a_unit_that_models_do_not_take_is_refused(tmp_path: Path) -> None:
    for library in (MODELS.format(""), ".option scale=1n\n" + MODELS.format("")):
        file = write(tmp_path, library, top('lengths = "um"'))
        with pytest.raises(
            UserError, match=r"lengths = 'um' given; devices.nmos is of kind 'model', and its files scale sizes by"
        ):
            make_bench("stt-read", {"technology": file})


def test_units_are_those_of_device_cards(tmp_path: Path) -> None:
    technology = load_technology(write(tmp_path, MODELS.format("")))
    assert (technology.l_min, technology.w_min) == pytest.approx((45e-9, 90e-9))
    assert technology.sigma_vth(1e-6, 1e-6) == pytest.approx(1.8e-3)
    assert technology.sigma_beta(1e-6, 1e-6) == pytest.approx(0.7e-2)
    with pytest.raises(UserError, match=r"mismatch\.a_vt: unit 'mV' given; allowed: 'V m', 'V um', 'mV um'"):
        load_technology(write(tmp_path, MODELS.format(""), ("mV um", "mV")))
    with pytest.raises(UserError, match=r"l_min: value 450 um given; allowed: 1e-09 to 0\.0001 m"):
        load_technology(write(tmp_path, MODELS.format(""), ('45, unit = "nm"', '450, unit = "um"')))


def test_terminals_in_another_order_are_refused(tmp_path: Path) -> None:
    """Gate and drain the other way round would be a working circuit of other transistors."""
    swapped = SUBCIRCUITS.replace(".subckt pfet d g s b", ".subckt pfet g d s b")
    file = write(tmp_path, MODELS.format("") + swapped, kind="subckt")
    with pytest.raises(
        UserError, match=r"devices.pmos.name: .subckt 'pfet' has the terminals g d s b; allowed: drain, gate, source"
    ):
        make_bench("stt-read", {"technology": file})
    for order in ("D G S B", "drain gate source bulk", "1 2 3 4"):
        named = SUBCIRCUITS.replace("d g s b w=1", f"{order} w=1").replace("M1 d g s b", f"M1 {order}")
        make_bench("stt-read", {"technology": write(tmp_path, MODELS.format("") + named, kind="subckt")})


def test_a_parameter_of_a_netlist_that_the_library_has_too(tmp_path: Path) -> None:
    """ngspice would take the library's, and -p would change nothing."""
    file = write(tmp_path, ".param vth=0.4\n" + MODELS.format("").replace("vth0=0.4", "vth0={vth}"))
    deck = "t\n.param vth=0.9\nVd d 0 1\nM1 d d 0 0 nch w=1u l=65n\nR1 d 0 {vth}\n.op\n.print op i(vd)\n.end\n"
    (tmp_path / "own.spice").write_text(deck)
    with pytest.raises(UserError, match=r"own.spice:2: parameter 'vth' is one of technology 'mini' too \(.*mini.lib:1\)"):
        run(str(tmp_path / "own.spice"), technology=file)
    (tmp_path / "own.spice").write_text(deck.replace("vth", "vx"))
    assert run(str(tmp_path / "own.spice"), technology=file).outcome == "ok"


def test_several_files_each_with_its_section(tmp_path: Path, expected: float) -> None:
    (tmp_path / "n.lib").write_text(
        ".lib fast\n.model nch nmos level=54 vth0=0.1\n.endl\n.lib typ\n" + MODELS.format("").split("\n")[0] + "\n.endl\n"
    )
    (tmp_path / "p.lib").write_text(MODELS.format("").split("\n")[1] + "\n")
    file = write(tmp_path, "", in_corner('files = [{ file = "n.lib", section = "typ" }, { file = "p.lib" }]'))
    assert read_current(file) == pytest.approx(expected, rel=1e-6)
    faster = write(tmp_path, "", in_corner('files = [{ file = "n.lib", section = "fast" }, { file = "p.lib" }]'))
    assert read_current(faster) > 1.05 * expected


def test_several_files_may_not_define_a_name_twice(tmp_path: Path) -> None:
    (tmp_path / "n.lib").write_text(".model nch nmos level=54 vth0=0.1\n")
    file = write(tmp_path, MODELS.format(""), in_corner('files = [{ file = "n.lib" }, { file = "mini.lib" }]'))
    with pytest.raises(UserError, match=r"mini.lib:1: .model 'nch' is defined otherwise at .*n.lib:1"):
        make_bench("stt-read", {"technology": file})
    both = write(tmp_path, MODELS.format(""), in_corner('file = "mini.lib"\nfiles = [{ file = "n.lib" }]'))
    with pytest.raises(UserError, match=r"corners.tt: file or section given with files; allowed: file and section, or files"):
        load_technology(both)


def test_parameters_of_the_library_are_set(tmp_path: Path, expected: float) -> None:
    library = ".param dv=0.2\n" + MODELS.format("").replace("vth0=0.4", "vth0={0.4+dv}")
    assert read_current(write(tmp_path, library)) < 0.99 * expected
    assert read_current(write(tmp_path, library, top("params = { dv = 0 }"))) == pytest.approx(expected, rel=1e-6)
    corner = write(tmp_path, library, top("params = { dv = 0.3 }"), in_corner('file = "mini.lib"\nparams = { dv = 0.0 }'))
    assert read_current(corner) == pytest.approx(expected, rel=1e-6)


def test_further_parameters_of_an_instance(tmp_path: Path, expected: float) -> None:
    """Two fingers of half the width: an expression of w and l, in the unit of lengths."""
    library = ".option scale=1u\n" + MODELS.format("") + SUBCIRCUITS.replace("nf=1", "nf=1 ww=1").replace("{w*nf}", "{ww*nf}")
    change = ('name = "nfet"', 'name = "nfet"\nparameters = { nf = 2, ww = "w / 2 + 0 * l" }')
    file = write(tmp_path, library, top('lengths = "um"'), change, kind="subckt")
    assert read_current(file) == pytest.approx(expected, rel=1e-6)
    change = ('name = "nfet"', 'name = "nfet"\nparameters = { fins = 2 }')
    wrong = write(tmp_path, MODELS.format("") + SUBCIRCUITS, change, kind="subckt")
    with pytest.raises(UserError, match=r"devices.nmos.parameters.fins: .subckt 'nfet' has no parameter 'fins'; it has l, nf, w"):
        make_bench("stt-read", {"technology": wrong})


@pytest.mark.parametrize("before", ["+\n", ".param later=1\n"])
def test_parameters_on_lines_of_their_own(tmp_path: Path, expected: float, before: str) -> None:
    """As SKY130's devices have them: ngspice takes them from an instance, like those of the .subckt line."""
    library = MODELS.format("") + SUBCIRCUITS.replace(" w=1 l=1 nf=1\n", f"\n{before}.param w = 1 l = 1 nf = 1\n")
    assert read_current(write(tmp_path, library, kind="subckt")) == pytest.approx(expected, rel=1e-6)
    wrong = write(tmp_path, library, ('name = "nfet"', 'name = "nfet"\nparameters = { fins = 2 }'), kind="subckt")
    with pytest.raises(UserError, match=r"\.subckt 'nfet' has no parameter 'fins'; it has l, (later, )?nf, w"):
        make_bench("stt-read", {"technology": wrong})


@pytest.mark.parametrize("text", ["1} m=5 {1", "1\\n.control", "`shell`", "$w", "w;l"])
def test_a_parameter_of_an_instance_is_arithmetic(tmp_path: Path, text: str) -> None:
    change = ('name = "nch"', f'name = "nch"\nparameters = {{ nf = "{text}" }}')
    with pytest.raises(UserError, match=r"devices.nmos.parameters.nf: .*pattern"):
        load_technology(write(tmp_path, MODELS.format(""), change))


def test_the_folder_of_the_pdk_comes_from_the_environment(
    tmp_path: Path, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, MODELS.format(""), in_corner('file = "$PDK_ROOT/libs/${MINI_LIB}.lib"'))
    (tmp_path / "root" / "libs").mkdir(parents=True)
    (tmp_path / "mini.lib").rename(tmp_path / "root" / "libs" / "any.lib")
    monkeypatch.setenv("PDK_ROOT", str(tmp_path / "root"))
    with pytest.raises(UserError, match=r"mini.toml: file '.*MINI_LIB}.lib': the environment has no MINI_LIB"):
        make_bench("stt-read", {"technology": file})
    monkeypatch.setenv("MINI_LIB", "any")
    assert read_current(file) == pytest.approx(expected, rel=1e-6)
    monkeypatch.setenv("HOME", str(tmp_path / "root"))
    home = write(tmp_path, "", in_corner('file = "~/libs/any.lib"'))
    assert read_current(home) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("line", ["*#####################", "*#### NMOS, 1.8 V", "*## shell touch mark", "*##*"])
def test_comments_that_begin_with_rules(tmp_path: Path, expected: float, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_current(write(tmp_path, f"{line}\n{MODELS.format('')}")) == pytest.approx(expected, rel=1e-9)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    "line", ["*#shell touch mark", "*# #shell", "*##x; shell touch mark", "*##`touch mark`", "*#*#shell touch mark"]
)
def test_what_may_be_a_command_is_none_of_them(tmp_path: Path, line: str) -> None:
    with pytest.raises(UserError, match=r"mini.lib:1: a model file may not hold a .control block or \*# line"):
        run("stt-read", technology=write(tmp_path, f"{line}\n{MODELS.format('')}"))


@pytest.mark.parametrize("line", [".inc '$DIR/x.inc", '.include "x.inc', ".lib 'x.lib tt"])
def test_a_quote_that_is_not_closed(tmp_path: Path, line: str) -> None:
    with pytest.raises(UserError, match=r"mini.lib:3: a quote is not closed: \.(inc|include|lib) .x|\$DIR"):
        make_bench("stt-read", {"technology": write(tmp_path, MODELS.format("") + line + "\n")})


def test_a_library_that_is_missing_in_a_section_that_is_not_used(tmp_path: Path, expected: float) -> None:
    """ngspice looks for it when it takes that section."""
    library = f".lib tt\n{MODELS.format('')}.endl\n.lib mc\n.lib 'none.lib' mc\n.endl\n"
    file = write(
        tmp_path, library, in_corner('file = "mini.lib"\nsection = "tt"\n[corners.mc]\nfile = "mini.lib"\nsection = "mc"')
    )
    assert read_current(file) == pytest.approx(expected, rel=1e-9)
    with pytest.raises(UserError, match=r"mini.lib:6 includes .*none.lib, which is not a file"):
        make_bench("stt-read", {"technology": file, "corner": "mc"})


def test_a_parameter_that_nothing_defines_is_one_short_line(tmp_path: Path) -> None:
    long = " ".join(f"k{n}=0.1" for n in range(200))
    library = MODELS.format("").replace("vth0=0.4", f"vth0={{0.4+missing}} {long}")
    code = f"from spicekit import run\nrun('stt-read', technology={write(tmp_path, library)!r})"
    with pytest.raises(SpicekitError, match=r"^ngspice refuses the netlist: undefined parameter missing$"):
        _in_a_process(code)


def _in_a_process(code: str) -> None:
    """ngspice does not go on after such an error."""
    import sys

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    raise SpicekitError(done.stderr.strip().splitlines()[-1].partition("SpicekitError: ")[2])


STATISTICS = {
    "subcircuit": ".param sw=1\n" + MODELS.format("") + SUBCIRCUITS.replace(
        "M1 d g s b nch", ".param dv=sw*agauss(0,0.03,1)\nM1 d g s b nch delvto={dv}"
    ),
    "model": ".param sw=1\n" + MODELS.format("").replace("vth0=0.4", "vth0={0.4+sw*AGAUSS(0, 0.03, 1)}") + SUBCIRCUITS,
    "capacitance": ".param sw=1\n.param dcap={aunif(0,0.1)*sw}\n"
    + MODELS.format("").replace("vth0=0.4", "vth0=0.4 cgso={1e-10*(1+dcap)}")
    + SUBCIRCUITS,
}  # fmt: skip


@pytest.mark.parametrize("where", STATISTICS)
def test_statistics_that_are_drawn_while_a_library_is_read_are_refused(tmp_path: Path, where: str) -> None:
    file = write(tmp_path, STATISTICS[where], kind="subckt")
    with pytest.raises(
        UserError, match=r"mini.lib:\d+: (agauss|aunif)\(.*\) is drawn whenever the library is read.*params = \{ NAME = 0 \}"
    ):
        run("stt-read", technology=file)
    off = write(tmp_path, STATISTICS[where], top("params = { sw = 0 }"), kind="subckt")
    assert read_current(off) == read_current(off)


def test_statistics_of_another_section_do_not_count(tmp_path: Path, expected: float) -> None:
    library = f".lib tt\n{MODELS.format('')}.endl\n.lib mc\n{STATISTICS['model']}.endl\n"
    file = write(
        tmp_path, library, in_corner('file = "mini.lib"\nsection = "tt"\n[corners.mc]\nfile = "mini.lib"\nsection = "mc"')
    )
    assert read_current(file) == pytest.approx(expected, rel=1e-9)
    with pytest.raises(UserError, match="is drawn whenever the library is read"):
        run("stt-read", technology=file, corner="mc")


def test_mismatch_by_size(tmp_path: Path) -> None:
    """SKY130's published a_vt: 7.1, 4.6, 3.5 mV um at 1/0.15, 1/1, 5/2."""
    table = '{ values = [4.6, 7.1, 3.5], sizes = [[1, 1], [1, 0.15], [5, 2]], unit = "mV um", source = "x" }'
    change = ('{ value = 1.8, unit = "mV um", source = "x" }', table)
    technology = load_technology(write(tmp_path, MODELS.format(""), change))
    for width, length, a in (
        (1, 0.15, 7.1),
        (1, 1, 4.6),
        (5, 2, 3.5),
        (0.42, 0.15, 7.1),
        (10, 10, 3.5),
        (2, 5**0.5 / 2**0.5, None),
    ):
        if a is None:  # half way between 1 and 10 um2 on a logarithmic scale
            length, a = 10**0.5 / 2, (4.6 + 3.5) / 2
        assert technology.sigma_vth(width * 1e-6, length * 1e-6) == pytest.approx(a * 1e-3 / (width * length) ** 0.5, rel=1e-12)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("values = [1, 2], sizes = [[1, 1]]", r"mismatch.a_vt: sizes: allowed: \[\[W, L\], ...\] in um, as many as values"),
        ("values = [1, 2], sizes = [[1, 1], [2, 0.5]]", r"mismatch.a_vt: sizes: two of the same area given"),
        ("values = [1, 2000], sizes = [[1, 1], [2, 1]]", r"mismatch.a_vt: value 2000 mV um given; allowed: 0 to 1e-06 V m"),
        ("values = 1, sizes = [[1, 1], [2, 1]]", r"mismatch.a_vt: give it as"),
    ],
)  # fmt: skip
def test_a_table_of_mismatch_that_is_none(tmp_path: Path, table: str, says: str) -> None:
    change = ('{ value = 1.8, unit = "mV um", source = "x" }', f'{{ {table}, unit = "mV um", source = "x" }}')
    with pytest.raises(UserError, match=says):
        load_technology(write(tmp_path, MODELS.format(""), change))


def test_mismatch_of_a_role_that_is_none(tmp_path: Path) -> None:
    change = ("[corners.tt]", '[mismatch.pmso]\na_vt = { value = 3, unit = "mV um", source = "x" }\n[corners.tt]')
    with pytest.raises(UserError, match=r"mini.toml: \[mismatch\]: unknown device 'pmso'; did you mean pmos"):
        load_technology(write(tmp_path, MODELS.format(""), change))


def test_sizes_at_their_defaults_follow_the_smallest(tmp_path: Path) -> None:
    """To a process of 420 nm by 150 nm: what is given stays, and what fits is left alone."""
    changes = (('0.09, unit = "um"', '0.42, unit = "um"'), ('45, unit = "nm"', '150, unit = "nm"'))
    file = write(tmp_path, MODELS.format(""), *changes)
    ours, theirs = make_bench("vsa-sense", {}).p, make_bench("vsa-sense", {"technology": file, "w_access": 1e-6}).p
    own = load_technology(ours.technology)
    assert theirs.w_access == 1e-6
    assert theirs.l_input == pytest.approx(ours.l_input * 150e-9 / own.l_min)
    assert theirs.w_latch == pytest.approx(ours.w_latch * 420e-9 / own.w_min)
    changes = (('0.09, unit = "um"', '0.22, unit = "um"'), ('45, unit = "nm"', '280, unit = "nm"'))
    lines = make_bench("stt-bnn-row", {"technology": file}).p  # the drivers of lines end with a foundry's models
    assert lines.w_driver == pytest.approx(50e-6)
    narrow = make_bench("vsa-sense", {"technology": write(tmp_path, MODELS.format(""), *changes)}).p
    assert narrow.w_latch / narrow.l_latch == pytest.approx(ours.w_latch / ours.l_latch)  # no transistor is weaker
    file = write(
        tmp_path, MODELS.format(""), *(('0.09, unit = "um"', '0.42, unit = "um"'), ('45, unit = "nm"', '150, unit = "nm"'))
    )
    assert make_bench("sot-read", {"technology": "ptm65"}).p.w_read == make_bench("sot-read", {}).p.w_read
    with pytest.raises(UserError, match="parameter w_access: 300 nm given; allowed: at least 420 nm, the smallest W"):
        make_bench("stt-read", {"technology": file, "w_access": 3e-7})


def test_an_amplifier_is_trimmed_where_the_cells_default_is_too_narrow(tmp_path: Path) -> None:
    """The trim does not depend on the cell, nor on how wide one must be: of the same sizes it is that of another process."""
    models = load_technology("ptm45").cards("tt").replace("ptm45_nmos", "nch").replace("ptm45_pmos", "pch")
    found, sizes = [], {"w_access": 500e-9}
    for w_min in ("0.42", "0.09"):
        folder = tmp_path / w_min
        folder.mkdir()
        file = write(folder, models, ('0.09, unit = "um"', f'{w_min}, unit = "um"'))
        bench = make_bench("tbs-sense", {"technology": file, **sizes})
        kinds = type(bench.p).model_fields
        sizes = {name: value for name, value in bench.p if name[:2] in ("w_", "l_") and kinds[name].annotation is float}
        found.append(calibrated(bench, BATCH).found["trim"])
    assert found[0] == found[1] > 0


VARYING = re.compile(r"^X\S+ .*\bvth_(\w+) .*\b(nmos|pmos)_mc\b", re.M)


@pytest.mark.parametrize("bench", [name for name in bench_names() if not name.startswith("mtj-")])
def test_mismatch_by_role_is_that_of_the_device_in_the_netlist(tmp_path: Path, bench: str) -> None:
    """V_TH of p devices varies three times as much as it did, of n devices as it did."""
    name = make_bench(bench, {}).p.technology
    a_vt = load_technology(name).mismatch.a_vt
    assert isinstance(a_vt, float)
    own = f'[mismatch.pmos]\na_vt = {{ value = {3 * a_vt!r}, unit = "V m", source = "x" }}\n[corners.tt]'
    text = (data_root() / "models" / "cmos" / f"{name}.toml").read_text().replace("[corners.tt]", own, 1)
    (tmp_path / "mine.toml").write_text(text)
    ours, theirs = (make_bench(bench, {"technology": file}) for file in (name, str(tmp_path / "mine.toml")))
    before = {point.name: point.sigma for point in ours.points()}
    after = {point.name: point.sigma for point in theirs.points()}
    # at the top of the netlist; those of a cell come to their transistor by a port of its subcircuit
    roles = {name: role for name, role in VARYING.findall(render(calibrated(theirs))) if f"vth_{name}" in before}
    assert roles or bench.startswith(("stt-bnn", "c3cim"))
    for name, role in roles.items():
        assert after[f"vth_{name}"] == pytest.approx((3 if role == "pmos" else 1) * before[f"vth_{name}"], rel=1e-9), name
        assert after.get(f"beta_{name}") == before.get(f"beta_{name}")


WIDE = {
    "stt-settle": {"w_access": 3.2e-7},
    "sot-write": {"w_read": 3.2e-7},
    "tbs-sense": {"w_access": 5e-7, "w_enable": 4e-7, "w_precharge": 4e-7, "w_latch": 7e-7, "w_buffer": 1.5e-6},
}


@pytest.mark.parametrize(("bench", "given"), WIDE.items())
def test_nothing_within_a_bench_is_narrower_than_the_process_makes_it(
    tmp_path: Path, bench: str, given: dict[str, float]
) -> None:
    """Models that end at the smallest width, as those of a foundry with bins do."""
    text = (data_root() / "models" / "cmos" / "ptm65.toml").read_text()
    text = re.sub(r"^w_min = .*", 'w_min = { value = 310, unit = "nm", source = "x" }', text, flags=re.MULTILINE)
    text = re.sub(r"\n\[corners.tt\].*", '\n[corners.tt]\nfile = "all.lib"\n', text, flags=re.DOTALL)
    library, bins = re.subn(
        r"(\.model \w+)( \w+)", r"\1.1\2 lmin=1n lmax=1m wmin=309n wmax=1m", load_technology("ptm65").cards("tt")
    )
    assert bins == 2
    (tmp_path / "all.lib").write_text(library + "\n")
    (tmp_path / "mine.toml").write_text(text)
    result = run(bench, technology=str(tmp_path / "mine.toml"), **given)
    assert result.outcome == "ok", result.reason
