"""The technology files of open PDKs, on miniature libraries of the same form: the foundries' own are not here (`make pdk`)."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from spicekit import make_bench, run
from spicekit.area import floor_plan
from spicekit.errors import SpicekitError, UserError
from spicekit.netlist import render
from spicekit.registry import bench_names
from spicekit.simulator import simulator
from spicekit.technology import load_technology, pdk_names
from spicekit.trim_files import write_trimmed

Cli = Callable[..., subprocess.CompletedProcess[str]]
BIN = "lmin=1e-7 lmax=1e-4 wmin=1e-7 wmax=1e-4"


def put(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def sky130(root: Path) -> None:
    """The two libraries of an installation: models in bins within the subcircuit, and continuous ones outside, with a shift."""
    binned = (
        ".subckt sky130_fd_pr__{0}fet_01v8 d g s b\n+ l=1 w=1 ad=0 as=0 pd=0 ps=0 nrd=0 nrs=0 sa=0 sb=0 sd=0 mult=1 nf=1\n"
        "M1 d g s b sky130_fd_pr__{0}fet_01v8__model l={{l}} w={{w}} ad={{ad}} as={{as}} pd={{pd}} ps={{ps}}\n"
        f".model sky130_fd_pr__{{0}}fet_01v8__model.0 {{0}}mos level=54 version=4.5 {BIN}\n"
        "+ vth0={{{1}0.5+MC_MM_SWITCH*AGAUSS(0,1.0,1)*(slope/sqrt(l*w*mult))}}\n.ends\n"
    )
    continuous = (
        ".subckt sky130_fd_pr__{0}fet_01v8 d g s b mult=1\n.param l = 1 w = 1 nf = 1 ad = 0 as = 0 pd = 0 ps = 0\n"
        "+ swx = {{MC_MM_SWITCH*AGAUSS(0,1.0,1)*slope/sqrt(l*w*mult)}}\n"
        "M1 d g s b {0}short l={{l}} w={{w}} ad={{ad}} as={{as}} pd={{pd}} ps={{ps}}\n+ delvto={{swx*(0.01/l+0.99)}}\n.ends\n"
        ".model {0}short {0}mos level=54 version=4.5 vth0={1}0.5\n"
    )
    for folder, device in (("ngspice", binned), ("combined", continuous)):
        sections = [
            f".lib {corner}{mm}\n.param mc_mm_switch={int(bool(mm))}\n.param mc_pr_switch=0 slope=5e-3\n"
            f'.include "devices.spice"\n.include "all.spice"\n.endl\n'
            for corner in ("tt", "ff", "ss", "sf", "fs")
            for mm in ("", "_mm")
        ]
        put(root, f"sky130A/libs.tech/{folder}/sky130.lib.spice", "\n".join(sections))
        put(root, f"sky130A/libs.tech/{folder}/all.spice", ".option scale=1.0u\n")
        put(root, f"sky130A/libs.tech/{folder}/devices.spice", device.format("n", "") + device.format("p", "-"))


def gf180(root: Path) -> None:
    device = (
        ".subckt {0}fet_03v3 d g s b w=1e-5 l=2.8e-7\n+ as=0 ad=0 ps=0 pd=0 nrd=0 nrs=0 par=1 nf=1 m=1\n"
        ".param\n+ var_k='0.7e-8/sqrt(par*l*w)'\n+ mis_k=agauss(0,var_k,1)\n"
        ".param\n+ mis_vth=agauss(0,5e-9/sqrt(par*l*w),1)\n"
        "m0 d g s b {0}fet_03v3 w=w l=l as=as ad=ad ps=ps pd=pd\n"
        "+delvto='mis_vth*sw_stat_mismatch' mulu0='1-mis_k*sw_stat_mismatch'\n.ends {0}fet_03v3\n"
        f".model {{0}}fet_03v3.0 {{0}}mos\n+level = 54\n+version = 4.5\n+{BIN}\n+vth0 = '{{1}}0.7+shift'\n"
    )
    devices = device.format("n", "") + device.format("p", "-")
    sections = "".join(
        f".lib {name}\n.param shift=0\n .lib 'sm141064.ngspice' fets\n.endl\n" for name in ("typical", "ff", "ss", "fs", "sf")
    )
    sections += ".LIB statistical\n .param\n + mc_vth = agauss(0, 1, 3)\n + shift = '0.03*mc_vth*sw_stat_global*mc_skew'\n"
    sections += f" .lib 'sm141064.ngspice' fets\n.ENDL\n.lib fets\n{devices}.endl fets\n"
    put(root, "gf180mcuD/libs.tech/ngspice/sm141064.ngspice", sections)
    switches = ".param\n+  sw_stat_global = 1\n+  sw_stat_mismatch = 1\n+ mc_skew = 3\n"
    put(root, "gf180mcuD/libs.tech/ngspice/design.ngspice", switches)


def freepdk(root: Path) -> None:
    for corner in ("nom", "ff", "ss"):
        for kind in ("N", "P"):
            name = f"FreePDK45/ncsu_basekit/models/hspice/tran_models/models_{corner}/{kind}MOS_VTG.inc"
            put(root, name, f".model {kind}MOS_VTG {kind.lower()}mos level=54 version=4.0 vth0={'' if kind == 'N' else '-'}0.4\n")


def ihp(root: Path) -> None:
    device = (
        ".subckt sg13_lv_{0}mos d g s b\n+ w=0.35u l=0.34u ng=1 m=1 mm_ok=1 as=0 ad=0 pd=0 ps=0\n.include parm.lib\n"
        ".if (as <= 1e-50)\nN1 d g s b psp w='agauss(w, 4e-9, (mm_ok != 1 ? 0 : 1))' l=l\n"
        "+ delvto='agauss(0, 0.0039/sqrt(m*l*w*1e12), (mm_ok != 1 ? 0 : 1))'\n"
        ".else\nN1 d g s b psp w='agauss(w, 4e-9, 1)' l=l delvto='agauss(0, 0.0039/sqrt(m*l*w*1e12), 1)'\n.endif\n.ends\n"
    )
    folder = "ihp-sg13g2/libs.tech/ngspice"
    names = [f"{c}{mm}" for c in ("tt", "ff", "ss", "sf", "fs") for mm in ("", "_mismatch")]
    put(root, f"{folder}/models/cornerMOSlv.lib", "".join(f".LIB mos_{name}\n.include d.lib\n.ENDL\n" for name in names))
    put(root, f"{folder}/models/d.lib", "*#######\n" + device.format("n") + device.format("p"))
    put(root, f"{folder}/models/parm.lib", ".model psp psp103va\n+ type=1\n")
    for name in ("psp103", "psp103_nqs"):
        put(root, f"{folder}/osdi/{name}.osdi", "")


MINIATURES = {"sky130A": sky130, "sky130A-binned": sky130, "gf180mcu": gf180, "freepdk45": freepdk, "ihp-sg13g2": ihp}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for make in MINIATURES.values():
        make(tmp_path / "root")
    monkeypatch.setenv("PDK_ROOT", str(tmp_path / "root"))
    return tmp_path / "root"


def test_each_has_a_miniature_here(root: Path) -> None:
    assert set(pdk_names()) == set(MINIATURES)
    for name in pdk_names():
        technology = load_technology(name)
        for corner in technology.corners:
            assert technology.model_files(corner)


def test_without_the_root_it_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PDK_ROOT", raising=False)
    with pytest.raises(UserError, match=r"sky130A.toml: file '\$PDK_ROOT/.*': the environment has no PDK_ROOT"):
        make_bench("stt-read", {"technology": "sky130A"})


@pytest.mark.parametrize("name", ["sky130A", "sky130A-binned", "gf180mcu", "freepdk45"])
def test_a_bench_runs_on_it(root: Path, name: str) -> None:
    result = run("stt-read", technology=name, w_access=1e-6)
    assert result.outcome == "ok"
    assert 1e-6 < result.measures["i_ap"] < result.measures["i_p"] < 1e-4


def test_freepdk45_has_the_areas_of_its_rules(root: Path) -> None:
    """1T1MTJ: drain 105 nm, gate 50 nm, half of a shared contact's 140 nm and of the 80 nm between diffusions; 1 um and 80 nm."""
    found = floor_plan(make_bench("stt-read", {"technology": "freepdk45", "w_access": "1u"}))
    assert found.feature == pytest.approx(45e-9)
    assert found["cell"].area == pytest.approx((105e-9 + 50e-9 + 70e-9 + 40e-9) * (1e-6 + 80e-9))


# of arrays, rows and trains little, and no search for a trim
SMALL: dict[str, dict[str, object]] = {
    "stt-array": {"rows": 2, "columns": 2}, "sot-array": {"rows": 2, "columns": 2}, "stt-settle": {"rows": 2, "columns": 2},
    "stt-bnn-row": {"n": 8}, "stt-bnn-macro": {"n": 8, "trim": 0}, "c3cim-column": {"n": 8}, "c3cim-settle": {"n": 8},
    "c3cim-conventional": {"n": 8}, "sot-wer": {"samples": 64}, "tbs-sense": {"trim": 0},
    "sram-6t": {"steps": 10}, "sram-8t": {"steps": 10}, "adder-tree": {"inputs": 2, "bits": 1, "operations": 4},
    "multiplier": {"operations": 4, "input_bits": 2}, "shift-accumulate": {"bits": 1, "cycles": 1},
    **{
        name: {"trim_gain": 1, "trim_rho": 0, "trim_theta": 0, "trim_start": 0, "hold_ratio": 1.2, "steps": 2}
        for name in ("charge-if", "dynamic-if")
    },
}  # fmt: skip


@pytest.mark.parametrize("bench", [name for name in bench_names() if make_bench(name, {}).roles])
def test_every_bench_runs_on_130_and_180_nm(root: Path, bench: str) -> None:
    """With the sizes that its defaults have there, within the bins of the library; what its measures are is the circuit's."""
    for name in ("sky130A", "gf180mcu"):
        result = run(bench, technology=name, **SMALL.get(bench, {}))
        assert result.outcome == "ok", (name, result.reason)


@pytest.mark.parametrize(
    ("name", "corner", "local", "common"),
    [
        ("sky130A", "tt_mm", ["mm_1"], []),
        ("sky130A-binned", "tt_mm", ["mm_1"], []),
        ("gf180mcu", "mm", ["mm_1", "mm_2"], []),
        ("gf180mcu", "mc", ["mm_1", "mm_2"], ["process_1"]),
    ],
)
def test_its_statistics_become_points(
    root: Path, tmp_path: Path, name: str, corner: str, local: list[str], common: list[str]
) -> None:
    """GF180's draw of the process is 30 mV in sigma."""
    with pytest.raises(UserError, match="is drawn whenever the library is read"):
        run("stt-read", technology=name, corner=corner, w_access=1e-6)
    found = write_trimmed(load_technology(name), tmp_path / "t.toml", [corner])[corner]
    assert found.local == {"nmos": local, "pmos": local}
    assert found.globals == common
    assert run("stt-read", technology=str(tmp_path / "t.toml"), corner=corner, w_access=1e-6).outcome == "ok"


def test_compiled_models_need_an_ngspice_that_takes_them(root: Path, cli: Cli) -> None:
    bench = make_bench("stt-read", {"technology": "ihp-sg13g2", "w_access": "1u"})
    lines = render(bench).split("\n") if simulator().has_osdi else []
    if simulator().has_osdi:
        assert any(line.startswith("pre_osdi ") for line in lines)
    else:
        with pytest.raises(
            SpicekitError, match=r"takes no OSDI models, and .*psp103_nqs.osdi is one: use one that is built with"
        ):
            run("stt-read", technology="ihp-sg13g2", w_access=1e-6)
    (root / "ihp-sg13g2/libs.tech/ngspice/osdi/psp103.osdi").unlink()
    with pytest.raises(
        UserError, match=r"ihp-sg13g2.toml: osdi: .*psp103.osdi is not a file: the PDK's installation compiles it"
    ):
        make_bench("stt-read", {"technology": "ihp-sg13g2", "w_access": "1u"})
    assert "OSDI models" in cli("doctor").stdout


def test_a_rendered_netlist_loads_the_compiled_models_first(root: Path, tmp_path: Path) -> None:
    (tmp_path / "my.osdi").write_bytes(b"")
    text = load_technology("freepdk45").file.read_text()
    (tmp_path / "my.toml").write_text(text.replace("[devices.nmos]", 'osdi = ["my.osdi"]\n[devices.nmos]', 1))
    bench = make_bench("stt-read", {"technology": str(tmp_path / "my.toml")})
    vars(bench)["_netlist_checked"] = True  # else it is read by this ngspice, which may not take OSDI
    text = render(bench)
    assert f".control\npre_osdi {tmp_path}/my.osdi\n.endc\n" in text
    assert text.index("pre_osdi") < text.index(".include")
