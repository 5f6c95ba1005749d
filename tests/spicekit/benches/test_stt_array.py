"""The array of 1T1MTJ cells: a single cell against stt-read and stt-write, its lines against a network solved apart, the reduced
netlist against the full one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.linalg import spsolve
from scipy.stats import norm

import spicekit
from spicekit.benches.arrays.array import _share
from spicekit.benches.arrays.layout import Crossing, Group, grouped
from spicekit.benches.arrays.stt import SttArray
from spicekit.errors import UserError

ALONE = {"rows": 1, "columns": 1, "r_bl": 1e-3, "r_word": 1e-3, "c_word": 0}
LINEAR = {"access": "ideal", "v_half": "inf", "r_bl": 3.0, "r_word": 7.0}


def measures(**given: object) -> dict[str, float]:
    result = spicekit.run("stt-array", **given)
    assert result.outcome == "ok"
    return result.measures


def solved(bench: SttArray, ap: int) -> dict[str, float]:
    """The lines and junctions of ``bench`` as a network of resistors, whose read cell is in state ``ap``: nodal analysis."""
    p, chosen = bench.p, (bench.row, bench.column)
    rows, columns = p.rows, p.columns
    known: dict[tuple[object, ...], float] = {}
    branches: list[tuple[tuple[object, ...], tuple[object, ...], float]] = []
    for c in range(columns):
        known["bl", "driver", c] = p.v_read if c in bench.accessed else 0.0
        for r in range(rows):
            branches.append((("bl", r, c), ("bl", r - 1, c) if r else ("bl", "driver", c), p.r_bl))
    order = 1 if p.sl_end == "same" else -1
    along, across, pitch = (rows, columns, p.r_bl) if p.sl == "column" else (columns, rows, p.r_word)
    for line in range(across):
        known["sl", "driver", line] = 0.0
        previous: tuple[object, ...] = ("sl", "driver", line)
        for k in list(range(along))[::order]:
            node = ("sl", k, line) if p.sl == "column" else ("sl", line, k)
            branches.append((node, previous, pitch))
            previous = node
    for c in range(columns):
        odd = (bench.row + c) % 2
        worst = ap if c in bench.accessed else 1 - ap
        state = ap if (bench.row, c) == chosen else {"worst": worst, "p": 0, "ap": 1, "checker": odd}[p.data]
        r = bench.junction.r_p * (1 + state * bench.junction.tmr)
        branches.append((("bl", bench.row, c), ("sl", bench.row, c), r))
    free = {node: k for k, node in enumerate({end for branch in branches for end in branch[:2]} - known.keys())}
    matrix, right = np.zeros((len(free), len(free))), np.zeros(len(free))
    for first, second, r in branches:
        for here, there in ((first, second), (second, first)):
            if here in free:
                matrix[free[here], free[here]] += 1 / r
                if there in free:
                    matrix[free[here], free[there]] -= 1 / r
                else:
                    right[free[here]] += known[there] / r
    volts = known | dict(zip(free, spsolve(csr_array(matrix), right), strict=True))
    line = bench.column if p.sl == "column" else bench.row
    bl, sl = volts["bl", *chosen], volts["sl", *chosen]
    halves = [(a, b, r) for a, b, r in branches if a[0] != b[0] and a[2] not in bench.accessed]
    return {
        "i": (volts["bl", "driver", bench.column] - volts["bl", 0, bench.column]) / p.r_bl,
        "v_mtj": bl - sl,
        "drop_bl": p.v_read - bl,
        "drop_sl": sl - volts["sl", "driver", line],
        "i_half": max((abs(volts[a] - volts[b]) / r for a, b, r in halves), default=0.0),
    }


@pytest.mark.parametrize(
    "given",
    [
        {"rows": 6, "columns": 4, "row": 3, "column": 1, "data": "checker"},
        {"rows": 5, "columns": 6, "word": 3, "sl": "row", "data": "worst"},
        {"rows": 3, "columns": 8, "word": 2, "sl": "row", "sl_end": "opposite", "column": 2, "data": "ap"},
        {"rows": 7, "columns": 2, "sl_end": "opposite", "row": 0, "data": "p"},
    ],
    ids=str,
)
def test_the_lines_are_those_of_a_network_solved_apart(given: dict[str, object]) -> None:
    """Currents, drops and the sneak current through a common source line, with junctions of which the bias changes nothing."""
    bench = spicekit.make_bench("stt-array", LINEAR | given)
    assert isinstance(bench, SttArray)
    found = spicekit.run(bench).measures
    p, ap = solved(bench, 0), solved(bench, 1)
    assert found["i_p"] == pytest.approx(p["i"], rel=1e-6)
    assert found["i_ap"] == pytest.approx(ap["i"], rel=1e-6)
    assert found["v_mtj_p"] == pytest.approx(p["v_mtj"], rel=1e-6)
    assert found["drop_bl"] == pytest.approx(p["drop_bl"], rel=1e-5)
    assert found["drop_sl"] == pytest.approx(p["drop_sl"], rel=1e-5)
    assert found["i_half"] == pytest.approx(max(p["i_half"], ap["i_half"]), rel=1e-5, abs=1e-14)


def test_a_single_cell_is_that_of_stt_read() -> None:
    """But for the drivers, 200 um wide: some ohm, and their gate current."""
    array = measures(**ALONE, w_driver=2e-4)
    cell = spicekit.run("stt-read").measures
    for state in ("p", "ap"):
        assert array[f"i_cell_{state}"] == pytest.approx(cell[f"i_{state}"], rel=5e-3)
        assert array[f"v_mtj_{state}"] == pytest.approx(cell[f"v_mtj_{state}"], rel=5e-3)
    assert np.log(array["disturb"]) == pytest.approx(np.log(cell["disturb"]), rel=1e-2)


@pytest.mark.parametrize("direction", ["ap-p", "p-ap"])
def test_a_single_cell_is_that_of_stt_write(direction: str) -> None:
    line = {"c_bl": 30e-15, "c_sl": 30e-15}
    array = measures(**ALONE, **line, operation="write", direction=direction)
    cell = spicekit.run("stt-write", direction=direction).measures
    for name in ("t_switch", "i_start", "i_end", "v_gs", "v_mtj"):
        assert array[name] == pytest.approx(cell[name], rel=3e-3, abs=0), name
    assert array["e_write"] - array["e_wl"] == pytest.approx(cell["e_write"] - cell["e_wl"], rel=1e-2, abs=0)


def test_drivers_at_opposite_ends_make_every_place_alike() -> None:
    near, far = (measures(**LINEAR, rows=8, columns=2, sl_end="opposite", row=row) for row in (0, 7))
    assert near["i_p"] == pytest.approx(far["i_p"], rel=1e-9)
    assert near["drop_bl"] + near["drop_sl"] == pytest.approx(9 * 3.0 * near["i_p"], rel=1e-6)
    near, far = (measures(**LINEAR, rows=8, columns=2, row=row) for row in (0, 7))
    assert near["drop_bl"] == pytest.approx(3.0 * near["i_p"], rel=1e-5)
    assert far["drop_bl"] == pytest.approx(8 * 3.0 * far["i_p"], rel=1e-5)


@pytest.mark.parametrize(
    "given", [{}, {"sl": "row", "word": 4, "row": 7, "column": 9}, {"data": "checker", "sl_end": "opposite"}], ids=str
)
def test_the_reduced_netlist_is_the_full_one(given: dict[str, object]) -> None:
    """Within what docs/array.md says, with leakage and wires raised so that they matter."""
    given = {"rows": 20, "columns": 20, "temperature": 125, "r_bl": 20, "r_word": 20} | given
    full, reduced = (measures(**given, netlist=netlist) for netlist in ("full", "reduced"))
    for name in ("i_p", "i_ap", "di", "v_mtj_p", "v_mtj_ap", "drop_bl", "drop_sl", "disturb"):
        assert reduced[name] == pytest.approx(full[name], rel=2e-3, abs=0), name
    for name in ("i_leak", "i_half"):
        assert reduced[name] == pytest.approx(full[name], rel=2e-2, abs=0), name


def test_a_reduced_write_is_the_full_one() -> None:
    given = {"operation": "write", "rows": 8, "columns": 8, "r_bl": 10, "r_word": 10, "lumps": 1, "t_pulse": 4e-9}
    full, reduced = (measures(**given, netlist=netlist) for netlist in ("full", "reduced"))
    for name in ("t_switch", "i_start", "i_end", "v_mtj", "drop_bl", "drop_sl", "e_write"):
        assert reduced[name] == pytest.approx(full[name], rel=5e-3, abs=0), name


def test_leakage_is_that_of_the_rows_that_are_off() -> None:
    few, many = (measures(rows=rows, columns=1, data="p", temperature=125)["i_leak"] for rows in (5, 9))
    assert many / few == pytest.approx(8 / 4, rel=0.01)


def test_hundreds_of_half_selected_cells_are_measured() -> None:
    """More than a definition may be deep, if each were joined to the ones before."""
    found = measures(**LINEAR, rows=300, columns=4, word=2, sl="row", data="p")
    near = measures(**LINEAR, rows=300, columns=4, word=2, sl="row", data="p", netlist="reduced")
    assert found["i_half"] == pytest.approx(near["i_half"], rel=1e-6, abs=0)
    assert abs(found["i_leak"]) < 1e-24  # an ideal switch: nothing but rounding


def test_the_worst_data_leave_the_smallest_signal() -> None:
    given = {"rows": 12, "columns": 6, "word": 3, "sl": "row", "temperature": 125, "r_word": 20}
    signals = {data: measures(**given, data=data)["di"] for data in ("worst", "p", "ap", "checker")}
    assert min(signals, key=lambda data: signals[data]) == "worst"


def test_the_time_step_is_fine_enough() -> None:
    given = {"operation": "write", "rows": 2, "columns": 2, "sl": "row", "t_pulse": 4e-9, "t_stop": 5.5e-9}
    bench = spicekit.make_bench("stt-array", dict(given))
    assert isinstance(bench, SttArray)
    coarse, fine = (measures(**given, step=step) for step in (None, bench.junction.step / 5))
    for name, value in coarse.items():
        assert value == pytest.approx(fine[name], rel=5e-3, abs=1e-6 if name.startswith("drop") else 0), name


def test_drawn_data_are_even_bits() -> None:
    z = norm.ppf((np.arange(4000) + 0.5) / 4000)
    for count in (1, 7):
        share = _share(count)(z)
        assert set(np.round(share * count)) <= set(range(count + 1))
        assert share.mean() == pytest.approx(0.5, abs=2e-3)
        assert share.var() == pytest.approx(0.25 / count, rel=1e-2)


def test_groups_hold_every_row_once() -> None:
    for alone in (None, {0, 7, 8, 9, 30}, {0, 30}):
        groups = grouped(31, alone, 3)
        assert [k for group in groups for k in range(group.first, group.last + 1)] == list(range(31))
        assert {group.first for group in groups if group.count == 1} >= (alone or set(range(31)))
    odd = [r + c for r in range(3, 8) for c in range(2, 5)]
    assert Crossing(Group(3, 7), Group(2, 4), False, False).odd == pytest.approx(np.mean(np.array(odd) % 2))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"row": 16}, "row: 16 given; allowed: 0 to 15"),
        ({"columns": 8, "column": 9}, "column: 9 given; allowed: 0 to 7"),
        ({"word": 3}, "word: 3 given; allowed: a divisor of columns = 16"),
        ({"rows": 128, "columns": 64}, "rows, columns: 128 x 64 given; allowed: at most 4096 cells, or netlist=reduced"),
        ({"access": "ideal", "operation": "write"}, "access: ideal given with operation=write; allowed: nmos"),
        ({"device": "imce-45nm"}, "has a rail"),
        ({"operation": "write", "t_stop": 5e-9}, "at least 1.05e-08 s, the end of the write pulse"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_said_in_one_line(given: dict[str, object], said: str) -> None:
    with pytest.raises(UserError) as error:
        spicekit.make_bench("stt-array", dict(given))
    assert said in str(error.value)
    assert "\n" not in str(error.value)
