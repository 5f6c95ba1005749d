"""A netlist that is the same is read once a process; every block starts from the circuit as it was read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spicekit import make_bench
from spicekit.block import simulate_block
from spicekit.engines import reading
from spicekit.engines.calibrate import calibrated
from spicekit.netlist import render_at
from spicekit.simulator import simulator


@pytest.fixture
def resets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The times at which a circuit that was there was taken again."""
    seen: list[str] = []
    ngspice = simulator()
    command = ngspice.command

    def heard(line: str) -> None:
        if line == "reset":
            seen.append(line)
        command(line)

    monkeypatch.setattr(ngspice, "command", heard)
    return seen


@pytest.mark.parametrize("given", [{"temperature": 85, "overdrive": 0.02}, {"noise": "on"}])
def test_blocks_do_not_see_one_another(given: dict[str, object], resets: list[str]) -> None:
    """To the bit: at another temperature, with trials that move the thresholds, and with noise drawn by ngspice."""
    bench = calibrated(make_bench("vsa-sense", given))
    draw = np.random.default_rng(1)
    points = [point for point in bench.points() if point.sigma]
    samples = {point.name: point.nominal + point.sigma * draw.standard_normal(2) for point in points}
    samples |= {
        point.name: np.array([11.0, 12.0]) for point in bench.points() if point.name == getattr(bench.analysis(), "seed", None)
    }
    blocks = []
    for again in (False, True, False):
        if not again:
            simulator().load("* another\nR1 a 0 1k\nV1 a 0 1\n.op\n.end\n")
        count = len(resets)
        blocks.append(simulate_block(bench, samples))
        assert len(resets) == count + again
    assert all(outcome == "ok" for outcome in blocks[0].outcomes)
    assert blocks[0].measures["e_total"][0] != blocks[0].measures["e_total"][1]
    for other in blocks[1:]:
        for name, values in blocks[0].measures.items():
            np.testing.assert_array_equal(other.measures[name], values, err_msg=name)


LIBRARY = ".model nch nmos level=54 version=4.5 vth0={}\n.model pch pmos level=54 version=4.5 vth0=-0.4\n"


def process(folder: Path) -> str:
    """A process whose cards are in a file."""
    sizes = {"vdd": (1.0, "V"), "l_min": (45, "nm"), "w_min": (90, "nm")}
    lines = ['name = "mini"', 'description = "x"', 'source = "x"']
    lines += [f'{key} = {{ value = {value}, unit = "{unit}", source = "x" }}' for key, (value, unit) in sizes.items()]
    lines += [f'[devices.{role}]\nkind = "model"\nname = "{role[0]}ch"' for role in ("nmos", "pmos")]
    lines += ["[mismatch]", 'a_vt = { value = 1.8, unit = "mV um", source = "x" }']
    lines += ['a_beta = { value = 0.7, unit = "% um", source = "x" }', "[corners.tt]", 'file = "mini.lib"']
    (folder / "mini.toml").write_text("\n".join(lines) + "\n")
    return str(folder / "mini.toml")


def test_a_library_that_changed_is_read_again(tmp_path: Path, resets: list[str]) -> None:
    currents = []
    for vth in (0.4, 0.4, 0.5):
        text = LIBRARY.format(vth)
        if not currents or text != (tmp_path / "mini.lib").read_text():
            (tmp_path / "mini.lib").write_text(text)
        bench = make_bench("stt-settle", {"technology": process(tmp_path), "rows": 1, "columns": 1, "t_read": 2e-9})
        reading.read(simulator(), bench, render_at(bench, {}, standalone=False), again=True)
        simulator().command("op")
        currents.append({name: float(value[0]) for name, value in simulator().vectors(bench.analysis().save).items()})
    assert len(resets) == 1
    assert currents[0] == currents[1] != currents[2]


def test_a_library_that_takes_long_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SLOW", 0.0)
    monkeypatch.setattr(reading, "_told", set())
    (tmp_path / "mini.lib").write_text(LIBRARY.format(0.4))
    bench = make_bench("stt-settle", {"technology": process(tmp_path), "rows": 1, "columns": 1})
    for again, often in ((True, "once a worker"), (False, "for every block of trials")):
        with pytest.warns(
            UserWarning, match=rf"library of technology 'mini' takes \d+ s to parse, {often}: `spicekit technology trim"
        ):
            reading.read(simulator(), bench, render_at(bench, {}, standalone=False), again)
        reading._told.clear()
    (tmp_path / "own.spice").write_text("t\n.include mini.lib\nVd a 0 1\nM1 a a 0 0 nch w=1u l=1u\n.op\n.print op i(vd)\n.end\n")
    deck = make_bench(str(tmp_path / "own.spice"), {})
    with pytest.warns(UserWarning, match=r"the libraries of own take \d+ s to parse, in every trial") as told:
        simulate_block(deck, {"vd": np.array([0.9, 1.1])})
    assert len(told) == 1
