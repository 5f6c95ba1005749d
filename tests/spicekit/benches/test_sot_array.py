"""The array of 2T1R SOT cells: a single cell against sot-read and sot-write, drops in closed form, the reduced netlist against
the full one."""

from __future__ import annotations

import pytest

import spicekit
from spicekit.benches.arrays.sot import SotArray
from spicekit.errors import UserError

ALONE = {"rows": 1, "columns": 1, "r_bl": 1e-3, "r_word": 1e-3, "w_driver": 1e-4}


def measures(**given: object) -> dict[str, float]:
    result = spicekit.run("sot-array", **given)
    assert result.outcome == "ok"
    return result.measures


def test_a_single_cell_is_that_of_sot_read() -> None:
    """The disc of the card's resistance; SL is held by a driver of 100 um in place of 0 V."""
    bench = spicekit.make_bench("sot-array", dict(ALONE))
    assert isinstance(bench, SotArray)
    array = measures(**ALONE, temperature=27)
    cell = spicekit.run("sot-read", tmr=bench.junction.tmr, rows=1, i_read=bench.p.i_read).measures
    for name in ("v_p", "v_ap", "dv"):
        assert array[name] == pytest.approx(cell[name], rel=2e-3, abs=0), name
    for state in ("p", "ap"):
        assert array[f"i_cell_{state}"] == pytest.approx(cell[f"i_{state}"], rel=2e-3)


@pytest.mark.parametrize("direction", ["ap-p", "p-ap"])
def test_a_single_cell_is_that_of_sot_write(direction: str) -> None:
    same = {"direction": direction, "w_driver": 1e-4, "v_write": 0.135}
    array = measures(**ALONE | same, operation="write", c_bl=20e-15)
    cell = spicekit.run("sot-write", **same).measures
    for name in ("i_write", "v_rail", "t_switch", "e_rail"):
        assert array[name] == pytest.approx(cell[name], rel=1e-2, abs=0), name


def test_drops_are_the_current_times_the_wire() -> None:
    for row in (0, 7):
        found = measures(operation="write", rows=8, columns=2, row=row, r_bl=4)
        assert found["drop_wbl"] == pytest.approx((row + 1) * 4 * found["i_write"], rel=1e-2)
        assert found["drop_sl"] == pytest.approx((row + 1) * 4 * found["i_write"], rel=1e-2)


@pytest.mark.parametrize("given", [{"sl": "row", "word": 3, "row": 4}, {"data": "checker", "sl_end": "opposite"}], ids=str)
def test_the_reduced_netlist_is_the_full_one(given: dict[str, object]) -> None:
    given = {"rows": 12, "columns": 12, "temperature": 125, "r_bl": 30, "r_word": 30, "lumps": 1} | given
    full, reduced = (measures(**given, netlist=netlist) for netlist in ("full", "reduced"))
    for name in ("v_p", "v_ap", "dv", "i_cell_p", "i_cell_ap", "drop_rbl", "drop_sl"):
        assert reduced[name] == pytest.approx(full[name], rel=2e-3, abs=0), name
    for name in ("i_leak", "i_half"):
        assert reduced[name] == pytest.approx(full[name], rel=2e-2, abs=0), name


def test_a_reduced_write_is_the_full_one() -> None:
    given = {"operation": "write", "rows": 8, "columns": 8, "r_bl": 6, "r_word": 6, "lumps": 1, "sl": "row"}
    full, reduced = (measures(**given, netlist=netlist) for netlist in ("full", "reduced"))
    for name in ("t_switch", "i_write", "v_rail", "drop_wbl", "drop_sl", "i_half", "e_write"):
        assert reduced[name] == pytest.approx(full[name], rel=1e-2, abs=0), name


def test_the_far_cell_is_written_either_way() -> None:
    """Below ground WBL turns the cells that are off on a little: the gate-source voltage is V_WN's."""
    up, down = (measures(operation="write", netlist="reduced", direction=direction) for direction in ("ap-p", "p-ap"))
    assert up["switched"] == down["switched"] == 1
    leaks = sorted((up["i_leak"], down["i_leak"]))
    assert leaks[1] > 5 * leaks[0]


def test_the_time_step_is_fine_enough() -> None:
    given = {"operation": "write", "rows": 2, "columns": 2, "sl": "row"}
    bench = spicekit.make_bench("sot-array", dict(given))
    assert isinstance(bench, SotArray)
    coarse, fine = (measures(**given, step=step) for step in (None, bench.junction.step / 10))
    for name, value in coarse.items():
        assert value == pytest.approx(fine[name], rel=5e-3, abs={"d": 1e-6, "i": 1e-9}.get(name[0], 0)), name


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"row": 16}, "row: 16 given; allowed: 0 to 15"),
        ({"device": "stt-bnn-65nm"}, "'stt-bnn-65nm' has no rail; give a SOT card"),
        ({"rows": 65, "columns": 64}, "rows, columns: 65 x 64 given; allowed: at most 4096 cells, or netlist=reduced"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_said_in_one_line(given: dict[str, object], said: str) -> None:
    with pytest.raises(UserError) as error:
        spicekit.make_bench("sot-array", dict(given))
    assert said in str(error.value)
    assert "\n" not in str(error.value)
