"""The Liberty library, read by liberty-parser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spicekit.table import LookupTable

CENTRE: dict[str, Any] = {"tmr": 1.5, "vdd": 1.1, "temperature": 27, "corner": "tt"}
parse: Callable[[str], Any] = pytest.importorskip("liberty.parser").parse_liberty


def test_stt(stt: LookupTable, written: Callable[..., str]) -> None:
    library = parse(written(stt, "liberty"))
    assert library.group_name == "library"
    assert (library["nom_voltage"], library["nom_temperature"]) == (1.1, 27)
    (cell,) = library.get_groups("cell")
    assert cell["area"] == pytest.approx(2 * 41.6 * 0.065**2, rel=1e-5)
    memory = cell.get_group("memory")
    assert (memory["type"], memory["address_width"], memory["word_width"]) == ("ram", 1, 1)

    assert cell["cell_leakage_power"] == 0
    names = ("settle_e_p", "settle_e_ap", "settle_t_settle", "set_e_write", "reset_e_write")
    v = {name: float(stt.query(name, **CENTRE)) for name in names}
    (clock,) = [pin for pin in cell.get_groups("pin") if pin.args == ["CK"]]
    powers = {power["when"].value: power for power in clock.get_groups("internal_power")}
    read, write = (v["settle_e_p"] + v["settle_e_ap"]) / 2, (v["set_e_write"] + v["reset_e_write"]) / 2
    assert set(powers) == {"!EN", "EN & !WE", "EN & WE"}
    for when, energy in (("EN & !WE", read), ("EN & WE", write), ("!EN", 0)):
        halves = [powers[when].get_group(edge).get_array("values") for edge in ("rise_power", "fall_power")]
        assert np.allclose(halves[0] + halves[1], energy * 1e15, rtol=1e-5)
    assert clock["min_period"] == pytest.approx(10)

    (output,) = [bus for bus in cell.get_groups("bus") if bus.args == ["Q"]]
    assert output.get_group("memory_read")["address"] == "A"
    timing = output.get_group("timing")
    for edge in ("cell_rise", "cell_fall"):
        table = timing.get_group(edge)
        template = library.get_group("lu_table_template", table.args[0])
        shape = (template.get_array("index_1").size, template.get_array("index_2").size)
        assert table.get_array("values").shape == shape
        assert np.allclose(table.get_array("values"), v["settle_t_settle"] * 1e9)
    assert [pin["direction"] for pin in cell.get_groups("pin") if pin.args == ["EN"]] == ["input"]
    (data,) = [bus for bus in cell.get_groups("bus") if bus.args == ["D"]]
    assert data.get_group("memory_write")["clocked_on"] == "CK"
    types = {group.args[0] for group in library.get_groups("type")}
    assert {bus["bus_type"] for bus in cell.get_groups("bus")} <= types


def test_sot_at_a_point(sot: LookupTable, written: Callable[..., str]) -> None:
    library = parse(written(sot, "liberty", temperature=85, vdd=1.2))
    assert (library["nom_voltage"], library["nom_temperature"]) == (1.2, 85)
    (cell,) = library.get_groups("cell")
    sot.variables["cell_leak"] = ((), np.asarray(2e-12))
    (leaking,) = parse(written(sot, "liberty")).get_groups("cell")
    assert leaking["cell_leakage_power"] == pytest.approx(2 * 2e-3)  # nW of two cells
    assert cell["area"] == pytest.approx(2 * 69 * 0.045**2, rel=1e-5)


def test_a_name_from_the_table_cannot_end_the_comment(stt: LookupTable, written: Callable[..., str]) -> None:
    stt.origin = "x */ evil (1) {} /* \n.nc"
    library = parse(written(stt, "liberty"))
    assert len(library.get_groups("evil")) == 0
