"""The batch engine: closed forms, ngspice, and that a trial does not depend on those beside it."""

from __future__ import annotations

import math
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montecarlo import Campaign
from spicekit import UserError, make_bench
from spicekit.analysis import DcAnalysis, TranAnalysis
from spicekit.engines import ngspice
from spicekit.engines.batch import compiler, engine
from spicekit.engines.batch import machine as machines
from spicekit.engines.batch.engine import machine_of, solve
from spicekit.engines.batch.machine import KNOWN_OPTIONS, Machine
from spicekit.engines.batch.reader import read
from spicekit.engines.batch.unsupported import Unsupported
from spicekit.simulator import simulator
from spicekit.waves import Array

OPTIONS = ".options method=trap reltol=1e-4 abstol=1e-13 vntol=1e-7 trtol=7 chgtol=1e-16"


@pytest.fixture(scope="module", autouse=True)
def with_compiler() -> None:
    if compiler.compiler() is None:
        pytest.skip("no C++ compiler")


def simulated(
    elements: str, save: tuple[str, ...], step: float, stop: float, names: tuple[str, ...] = (), rows: object = ((),)
) -> list[dict[str, Array] | None]:
    machine = Machine(f"* test\n{OPTIONS}\n{elements}\n.end\n", names, TranAnalysis(save=save, step=step, stop=stop))
    given = [list(row) for row in rows]  # type: ignore[attr-defined]
    return machine.run(np.array(given, dtype=float).reshape(len(given), len(names)))


def by_ngspice(elements: str, save: tuple[str, ...], step: float, stop: float) -> dict[str, Array]:
    simulator().load(f"* test\n{OPTIONS}\n{elements}\n.save {' '.join(save)}\n.end\n")
    simulator().command(f"tran {step} {stop} 0 {step}")
    return simulator().vectors(("time", *save))


def test_a_capacitor_charges_as_its_closed_form() -> None:
    """A ramp into 1 kohm and 1 pF, for three supplies: voltage, and the source's current by Kirchhoff's law."""
    supplies = (0.5, 1.0, 2.0)
    elements = "Vtop top 0 1\nVwave wave 0 PULSE(0 1 1n 0.1n 0.1n 20n 1)\nBin in 0 V = V(top) * V(wave)\n"
    elements += "Ra in x 1k\nVsense x out 0\nCa out 0 1p"
    found = simulated(elements, ("v(out)", "i(vsense)"), 1e-10, 1e-8, ("top",), [[v] for v in supplies])
    tau, rise = 1e-9, 1e-10
    for supply, vectors in zip(supplies, found, strict=True):
        assert vectors is not None
        t = vectors["time"] - 1e-9
        ramp = np.maximum(t, 0) - tau * (1 - np.exp(-np.maximum(t, 0) / tau))
        late = np.maximum(t - rise, 0) - tau * (1 - np.exp(-np.maximum(t - rise, 0) / tau))
        exact = supply * (ramp - late) / rise
        assert vectors["v(out)"] == pytest.approx(exact, abs=1e-3 * supply)
        source = supply * np.clip(t / rise, 0, 1)
        assert vectors["i(vsense)"] == pytest.approx((source - vectors["v(out)"]) / 1e3, abs=1e-9)
        assert vectors["time"][-1] == pytest.approx(1e-8, rel=1e-12)


def test_controlled_sources_at_the_operating_point() -> None:
    """E, F, G, H, B and I: each with a value by hand."""
    elements = """
V1 a 0 2
R1 a b 1k
Vm b 0 0
E1 e 0 a 0 3
Re e 0 1k
G1 0 g a 0 1m
Rg g 0 2k
F1 0 f Vm 2
Rf f 0 500
H1 h 0 Vm 100
Rh h 0 1k
B1 bb 0 V = V(g)*V(f) + (V(a,b) > 1 ? 1 : -1)
I1 0 i 1m
Ri i 0 3k
B2 j 0 I = -V(i)*1m
Rj j 0 1k
"""
    expected = {"e": 6.0, "g": 4.0, "f": 2.0, "h": 0.2, "bb": 9.0, "i": 3.0, "j": 3.0}
    save = tuple(f"v({node})" for node in expected)
    (found,) = simulated(elements, (*save, "i(vm)"), 1e-9, 1e-8)
    assert found is not None
    for node, value in expected.items():
        assert found[f"v({node})"][[0, -1]] == pytest.approx([value, value], rel=1e-9)
    assert found["i(vm)"][0] == pytest.approx(2e-3, rel=1e-9)
    reference = by_ngspice(elements, save, 1e-9, 1e-8)
    for vector in save:
        assert found[vector][0] == pytest.approx(reference[vector][0], rel=1e-6)


def test_a_resonance_by_controlled_sources_keeps_its_frequency() -> None:
    """Two integrators in a ring, 100 MHz: a cosine for three periods."""
    omega = 2 * math.pi * 1e8
    g = omega * 1e-9
    elements = "Istart 0 x PWL(0 0 1p 0)\nCx x 0 1n\nCy y 0 1n\nRx x 0 1e12\nRy y 0 1e12\nVon on 0 PWL(0 0 10p 1)\n"
    elements += f"Gx x 0 y 0 {g}\nBy y 0 I = -{g}*(V(x) - V(on))"
    (found,) = simulated(elements, ("v(x)", "v(y)"), 5e-11, 3e-8)
    assert found is not None
    t = found["time"] - 5e-12
    late = t > 2e-11
    assert found["v(x)"][late] == pytest.approx(1 - np.cos(omega * t[late]), abs=0.02)


def test_initial_voltages_and_guesses() -> None:
    """A capacitor that starts at 0.25 V, and a latch that falls to the side of its guess, or to the other one."""
    (found,) = simulated("V1 in 0 1\nR1 in a 1k\nC1 a 0 1p\n.ic v(a)=0.25", ("v(a)",), 5e-11, 5e-9)
    assert found is not None
    assert found["v(a)"] == pytest.approx(1 - 0.75 * np.exp(-found["time"] / 1e-9), abs=2e-3)
    latch = "B1 0 a I = 0.5m*(1 - tanh(10*(V(b) - 0.5)))\nB2 0 b I = 0.5m*(1 - tanh(10*(V(a) - 0.5)))\nRa a 0 1k\nRb b 0 1k\n"
    for a, b in ((1, 0), (0, 1)):
        (found,) = simulated(f"{latch}.nodeset v(a)={a} v(b)={b}", ("v(a)", "v(b)"), 1e-9, 1e-8)
        assert found is not None
        assert found["v(a)"][-1] == pytest.approx(a, abs=1e-3)
        assert found["v(b)"][-1] == pytest.approx(b, abs=1e-3)


def test_sources_are_ngspice_s_at_every_point() -> None:
    elements = "V1 a 0 EXP(0.1 1 1n 1n 4n 0.5n)\nV2 b 0 SIN(0.2 1 200meg 1n 1e8)\nV3 c 0 PWL(0 0 1n 1 3n 0.5)\n"
    elements += "V4 d 0 PULSE(0 1 1n 0.1n 0.2n 1n 3n)\nR1 a b 1k\nR2 c d 1k"
    save = ("v(a)", "v(b)", "v(c)", "v(d)")
    (found,) = simulated(elements, save, 5e-11, 8e-9)
    assert found is not None
    reference = by_ngspice(elements, save, 5e-12, 8e-9)
    for vector in save:
        at = np.interp(found["time"], reference["time"], reference[vector])
        assert found[vector] == pytest.approx(at, abs=2e-3), vector
        assert found[vector][0] == reference[vector][0]


def test_the_end_of_an_edge_far_shorter_than_the_largest_step_is_met() -> None:
    """An edge of a hundred-thousandth of the largest step: a point at both its ends, and all of the charge flows in it."""
    edge, stop = 1e-14, 5e-8
    elements = f"V1 a 0 PULSE(0 1 1n {edge} {edge} 20n 1)\nV2 a b 0\nC1 b 0 1p"
    (found,) = simulated(elements, ("v(a)", "i(v2)"), 1e-9, stop)
    assert found is not None
    time = found["time"]
    for at in (1e-9, 1e-9 + edge, 21e-9 + edge, 21e-9 + 2 * edge):
        assert abs(time - at).min() <= 1e-9 * edge + 1e-15 * stop
    assert found["v(a)"][np.searchsorted(time, 1e-9 + edge * (1 - 1e-4)) :][0] == pytest.approx(1, abs=1e-3)
    rising = time < 10e-9
    charge = np.sum(found["i(v2)"][rising][1:] * np.diff(time[rising]))  # an Euler step's current holds over the step
    assert charge == pytest.approx(1e-12, rel=1e-2)


def test_currents_of_sources_in_subcircuits_and_expressions_that_divide() -> None:
    """A source's current by ngspice's name, one scaled by a node that is ground, and a quotient of two expressions."""
    elements = """
.subckt part a b dbeta
Vsense a x 0
R1 x b 1k
Bbeta a b I = V(dbeta)*I(Vsense)
.ends
V1 top 0 1
X1 top 0 0 part
Vbeta beta 0 0.5
X2 top 0 beta part
B1 up 0 V = 2 + V(top)
B2 down 0 V = 4*V(top)
B3 q 0 V = V(down)/V(up)
B4 c 0 V = time < 0 ? 1 : 7
Rq q 0 1k
"""
    save = ("i(v.x1.vsense)", "i(v.x2.vsense)", "i(v1)", "v(q)", "v(c)")
    (found,) = simulated(elements, save, 1e-9, 1e-8)
    assert found is not None
    assert [found[vector][-1] for vector in save] == pytest.approx([1e-3, 1e-3, -2.5e-3, 4 / 3, 7.0], rel=1e-9)
    reference = by_ngspice(elements, save, 1e-9, 1e-8)
    for vector in save:
        assert found[vector][-1] == pytest.approx(reference[vector][-1], rel=1e-4)


def test_tbs_sense_decides_and_measures_as_ngspice() -> None:
    """With mismatch: the same decisions, and times and energies within the convergence error of ngspice's tolerances."""
    bench = make_bench("tbs-sense", {"trim": 649})
    random = np.random.default_rng(3)
    trials = 12
    samples = {p.name: random.normal(0, 0.02, trials) for p in bench.points() if p.name.startswith(("vth", "beta"))}
    found, reference = solve(bench, samples), ngspice.solve(bench, samples)
    assert found.converged.all()
    assert found.attempts == [0] * trials
    for name in ("decision", "wrong", "late"):
        np.testing.assert_array_equal(found.measures[name], reference.measures[name], err_msg=name)
    for name, tolerance in {
        "t_load": 1e-3,
        "t_delay": 1e-3,
        "t_decision": 3e-3,
        "kick": 2e-3,
        "e_total": 0.02,
        "e_load": 5e-3,
    }.items():
        a, b = found.measures[name], reference.measures[name]
        finite = np.isfinite(b)
        assert np.isfinite(a).tolist() == finite.tolist()
        assert abs(a[finite] - b[finite]).max() <= tolerance * abs(b[finite]).mean(), name


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("current-mode", {"source": "cell", "t_window": 1.2e-9, "t_recover": 0.5e-9}),
        ("self-reference", {"source": "cell", "alpha": 0.3658, "t_recover": 0.5e-9}),
    ],
)
def test_sense_amplifiers_decide_and_measure_as_ngspice(name: str, given: dict[str, Any]) -> None:
    """With cells and mismatch; capacitors, zeroed inverters, a divider of B sources, reference cells."""
    bench = make_bench(name, given)
    random, trials = np.random.default_rng(3), 3
    samples = {p.name: random.normal(p.nominal, p.sigma, trials) for p in bench.points() if p.sigma}
    found, reference = solve(bench, samples), ngspice.solve(bench, samples)
    assert found.attempts == [0] * trials
    for measure in ("decision_p", "decision_ap", "late"):
        np.testing.assert_array_equal(found.measures[measure], reference.measures[measure], err_msg=measure)
    for measure, tolerance in {"t_decision": 2e-3, "v_p": 1e-3, "v_ap": 1e-3, "e_total": 2e-3, "e_drive": 5e-3}.items():
        a, b = found.measures[measure], reference.measures[measure]
        assert abs(a - b).max() <= tolerance * abs(b).mean(), measure


def test_transistors_that_rest_on_their_tangents_cost_less_than_a_tenth_of_the_tolerance() -> None:
    """Of tbs-sense with mismatch: times with and without differ by less than that, and they do differ."""
    bench = make_bench("tbs-sense", {"trim": 649})
    random, machine = np.random.default_rng(3), machine_of(bench)
    samples = {p.name: random.normal(0, 0.02, 8) for p in bench.points() if p.name.startswith(("vth", "beta"))}
    resting = solve(bench, samples)
    machine.rest(0.0)
    try:
        full = solve(bench, samples)
    finally:
        machine.rest(1.0)
    np.testing.assert_array_equal(resting.measures["decision"], full.measures["decision"])
    off = [np.nanmax(abs(resting.measures[name] / full.measures[name] - 1)) for name in ("t_load", "t_delay", "t_decision")]
    analysis = bench.analysis()
    assert isinstance(analysis, TranAnalysis)
    assert 0 < max(off) < 0.1 * analysis.reltol


def test_operating_points_are_those_of_the_closed_form_for_each_value_of_a_swept_source() -> None:
    """A divider of two trials, a source swept within each of them, and one whose DC value is not where its wave begins."""
    text = "* test\nVr r 0 1\nVsel sel 0 0\nVwave w 0 dc 2 pulse(5 6 0 1n 1n 1n)\nR1 sel m 1k\nB1 m 0 I = V(m)/(1k*V(r))\n"
    text += "Rw w 0 1k\nC1 m 0 1p\n.end\n"
    machine = Machine(text, ("r",), DcAnalysis(save=("v(m)", "v(w)", "i(vsel)"), inner=("vsel", 0, 4, 2)))
    vectors, good = machine.points_of(np.array([[1.0], [3.0]]))
    assert good.tolist() == [True, True]
    assert vectors["v(m)"] == pytest.approx([0, 1, 2, 0, 1.5, 3], rel=1e-9)
    assert vectors["i(vsel)"] == pytest.approx([0, -1e-3, -2e-3, 0, -0.5e-3, -1e-3], rel=1e-9)
    assert vectors["v(w)"].tolist() == [2.0] * 6
    assert max(machine.iterations) <= 3


@pytest.mark.parametrize("bench", ["sot-read", "mtj-iv"])
def test_operating_points_are_those_of_the_swept_engine(bench: str) -> None:
    """With spread in every variation point, all vectors to a millionth."""
    made, random = make_bench(bench, {}), np.random.default_rng(8)
    samples = {p.name: p.nominal * (1 + 0.05 * random.normal(size=20)) for p in made.points() if p.nominal}
    samples |= {p.name: 0.02 * random.normal(size=20) for p in made.points() if not p.nominal}
    found, reference = solve(made, samples), ngspice.solve(made, samples)
    assert found.converged.all()
    assert found.attempts == [0] * 20
    for name, values in reference.waves.vectors.items():
        assert found.waves(name) == pytest.approx(values, abs=1e-6 * abs(values).max()), name
    for name, column in reference.measures.items():
        np.testing.assert_allclose(found.measures[name], column, rtol=1e-5, err_msg=name)


def test_a_trial_is_the_same_to_the_bit_whatever_runs_beside_it() -> None:
    machine = machine_of(make_bench("tbs-sense", {"trim": 649}))
    random = np.random.default_rng(4)
    nominal = np.array([point.nominal for point in make_bench("tbs-sense", {"trim": 649}).points()])
    rows = nominal + random.normal(0, 0.01, (11, len(nominal))) * (nominal == 0)
    together = machine.run(rows)
    order = random.permutation(11)
    for trial, vectors in zip(order, machine.run(rows[order]), strict=True):
        for name, values in together[trial].items():  # type: ignore[union-attr]
            assert vectors is not None
            np.testing.assert_array_equal(values, vectors[name])
    (alone,) = machine.run(rows[[7]])
    assert alone is not None
    np.testing.assert_array_equal(alone["time"], together[7]["time"])  # type: ignore[index]


def test_a_campaign_of_what_it_does_not_know_is_ngspice_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"'stt-write': the engine batch does not know noise"):
        solve(make_bench("stt-write", {}), {})
    with pytest.warns(UserWarning, match=r"'stt-write' is simulated by ngspice: batch does not know noise"):
        campaign = Campaign("stt-write", trials=2, engine="batch")
    assert campaign.engine == "ngspice" == campaign.record()["engine"]
    monkeypatch.setattr(compiler, "compiler", lambda: None)
    monkeypatch.setattr(compiler, "_machine", lambda: "a machine without one")
    engine._machine.cache_clear()
    with pytest.warns(UserWarning, match=r"by ngspice: batch cannot compile: no C\+\+ compiler"):
        Campaign("tbs-sense", trials=2, parameters={"trim": 649}, engine="batch").settle()


def test_a_library_is_compiled_once_and_only_trusted_folders_hold_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    text = 'extern "C" int answer() { return 42; }\n'
    assert compiler.library(text).answer() == 42
    (made,) = compiler.cache_folder().iterdir()
    before = made.stat().st_mtime_ns
    assert compiler.library(text).answer() == 42
    assert made.stat().st_mtime_ns == before
    compiler.cache_folder().chmod(0o777)
    other = text.replace("42", "43")
    assert compiler.library(other).answer() == 43
    assert [file.name for file in compiler.cache_folder().iterdir()] == [made.name]
    with pytest.raises(Unsupported, match="error"):
        compiler.library("no C++")


def test_a_library_that_is_cut_or_damaged_is_compiled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One bit of an instruction would be another number, and a cut file the end of the process."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    text = 'extern "C" int answer() { return 42; }\n'
    made = compiler._compile(text, compiler.folder(), compiler.identity(text))
    whole = made.read_bytes()
    code = whole.index((42).to_bytes(4, "little"))
    for content in (b"", whole[:4096], whole[:code] + b"\x2b" + whole[code + 1 :]):
        made.unlink()  # mapped by this process
        made.write_bytes(content)
        assert compiler.library(text).answer() == 42
        (made,) = compiler.folder().iterdir()
        assert made.read_bytes() == whole


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("#!/bin/sh\nexit 0", "No such file"),
        ("#!/bin/sh\nexit 7", "exit code 7"),
        ('#!/bin/sh\n[ "$1" = --version ] || while [ "$1" != -o ]; do shift; done; echo none > "$2"', "not loaded"),
        ("\0", "Exec format error"),
        (None, "CXX: .*/c.. -m64' is no compiler here"),
    ],
)
def test_a_compiler_that_is_none(script: str | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c++"
    if script is not None:
        path.write_text(script)
        path.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CXX", str(path) if script is not None else f"{path} -m64")
    monkeypatch.setattr(compiler, "compiler", compiler.compiler.__wrapped__)
    monkeypatch.setattr(compiler, "_machine", compiler._machine.__wrapped__)
    with pytest.raises(Unsupported, match=words):
        compiler.library('extern "C" int answer() { return 42; }\n')
    assert not list(compiler.folder().glob("compile-*"))


def test_what_a_killed_compiler_left_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an hour, if its process is gone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kept = compiler.folder()
    done = subprocess.Popen(["true"])
    done.wait()
    left = [f"compile-{done.pid}-abcdefgh", "compile-abcdefgh", f"compile-{os.getpid()}-abcdefgh", f"compile-{done.pid}-young"]
    for name in left:
        (kept / name).mkdir()
        (kept / name / "batch.cpp").write_text("//")
        if not name.endswith("young"):
            os.utime(kept / name, (0, 0))
    assert compiler.library('extern "C" int answer() { return 44; }\n').answer() == 44
    assert sorted(path.name for path in kept.glob("compile-*")) == sorted(left[2:])


def test_without_a_cache_all_processes_of_a_user_share_a_temporary_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers compile nothing that another has compiled, and nothing piles up; a link of somebody else is not followed."""
    monkeypatch.setattr(compiler.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(compiler.tempfile, "tempdir", str(tmp_path))
    common = compiler._temporary.__wrapped__()
    assert common == compiler._temporary.__wrapped__()
    assert common.parent == tmp_path
    assert common.stat().st_mode & 0o777 == 0o700
    common.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    common.symlink_to(tmp_path / "elsewhere")
    assert compiler._temporary.__wrapped__().parent == tmp_path
    assert compiler._temporary.__wrapped__() not in (common, tmp_path / "elsewhere")


def test_a_circuit_is_made_ready_once_and_only_a_whole_file_of_its_own_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither cut nor damaged nor another circuit's file, and the same bits from what was kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made: list[str] = []
    prepared = machines._prepared

    def counted(text: str, *more: Any) -> Any:
        made.append(text)
        return prepared(text, *more)

    monkeypatch.setattr(machines, "_prepared", counted)

    def voltage(resistance: str) -> Array:
        (found,) = simulated(f"V1 in 0 1\nR1 in a 1k\nR2 a 0 {resistance}\nC1 a 0 1p", ("v(a)",), 1e-10, 1e-9)
        assert found is not None
        return found["v(a)"]

    first = voltage("1k")
    (file,) = compiler.cache_folder().glob("*.circuit")
    whole = file.read_bytes()
    np.testing.assert_array_equal(voltage("1k"), first)
    assert len(made) == 1
    assert voltage("3k")[-1] == pytest.approx(0.75, rel=1e-9)
    (other,) = {*compiler.cache_folder().glob("*.circuit")} - {file}
    middle = len(whole) // 2
    damaged = (
        b"",
        whole[:-1],
        whole[:middle],
        whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        other.read_bytes(),
    )
    for count, content in enumerate(damaged, start=3):
        file.write_bytes(content)
        np.testing.assert_array_equal(voltage("1k"), first)
        assert len(made) == count
        assert file.read_bytes() == whole
    assert {path.suffix for path in compiler.cache_folder().iterdir()} == {".so", ".circuit"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("L1 a 0 1n", "kind L"),
        ("D1 a 0 d", "kind D"),
        ("V2 a 0 1", "loop"),
        ("M1 a a 0 0 none w=1u l=1u", "model none"),
        ("R2 a 0 0", "zero"),
        ("B1 a 0 I = ddt(V(a))", "ddt"),
        ("X1 a nothing", "nothing"),
        (".noise v(a) V1 dec 10 1 10", ".noise"),
        ("V2 b 0 SFFM(0 1)", "sffm"),
    ],
)
def test_what_a_netlist_holds_that_is_not_known_is_named(line: str, words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        simulated(f"V1 a 0 1\nR1 a 0 1k\n{line}", ("v(a)",), 1e-9, 1e-8)


def test_no_word_of_a_netlist_reaches_the_compiler() -> None:
    text = "* title\nV1 evil_node 0 1\nR1 evil_node 0 1k\nB1 evil_node 0 I = evil_a*V(evil_node)\n.param evil_a=1u\n.end"
    machine = Machine(text, (), TranAnalysis(save=("v(evil_node)",), step=1e-9, stop=1e-8))
    assert "evil" not in machine.source
    assert "title" not in machine.source


def test_subcircuits_parameters_and_continued_lines_are_read() -> None:
    netlist = read(
        """title
.param r0=1k
* comment
.subckt half top bottom params: r=2k k=1
.param both={r*k}
R1 top mid {both/2} ; half
R2 mid bottom
+ {both/2}
.ends
X1 a 0 half r={2*r0} k=3
X2 a 0 half
V1 a 0 dc 1
.temp 85
.options reltol=1e-5 abstol = 1e-12
.control
anything at all
.endc
.end
R9 never 0 1
"""
    )
    values = {element.name: (element.nodes, float(element.rest)) for element in netlist.elements if element.kind == "r"}
    assert values == {
        "x1.r1": (("a", "x1.mid"), 3000.0), "x1.r2": (("x1.mid", "0"), 3000.0),
        "x2.r1": (("a", "x2.mid"), 1000.0), "x2.r2": (("x2.mid", "0"), 1000.0),
    }  # fmt: skip
    assert netlist.celsius == 85.0
    assert netlist.options == {"reltol": "1e-5", "abstol": "1e-12"}
    assert netlist.options.keys() <= KNOWN_OPTIONS
