"""A macro's operations for hwcomponents and AccelForge: energy, time and cells of the table at the point, and no memory cell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from spicekit.errors import UserError
from spicekit.export import export
from spicekit.export.macro import Operations, macro_of
from spicekit.table import LookupTable

Written = Callable[..., str]


class Loader(yaml.SafeLoader):
    """AccelForge's tags as plain mappings that hold their tag."""


Loader.add_multi_constructor("!", lambda loader, tag, node: {"tag": tag, **loader.construct_mapping(node, deep=True)})


def nodes(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.load(text, Loader)["arch"]["nodes"]
    return found


def test_a_row_operation_in_accelforge(macro: LookupTable, written: Written) -> None:
    outside, row, compute = nodes(written(macro, "accelforge"))
    assert outside["tag"] == "Memory"
    assert row["spatial"] == [{"name": "cells", "fanout": 128, "reuse": "output", "min_usage": 1}]
    (action,) = compute["actions"]
    assert (compute["tag"], compute["name"], action["name"]) == ("Compute", "row_mac", "compute")
    assert action["energy"] * 128 == pytest.approx(3e-12)
    assert 1 / action["throughput"] == pytest.approx(9e-9, rel=1e-5)
    (_, row, compute) = nodes(written(macro, "accelforge", n=32, vdd=1.1))
    assert row["spatial"][0]["fanout"] == 32
    assert compute["actions"][0]["energy"] * 32 == pytest.approx(1.5e-12)


def test_a_row_operation_in_hwcomponents(macro: LookupTable, tmp_path: Path) -> None:
    (model, project) = export(macro, "hwcomponents", tmp_path / "package", vdd=1.2)
    text = model.read_text()
    assert "ActionCost(energy=5e-12, latency=7e-09, throughput=1 / 7e-09)" in text
    assert 'component_name = ["my_macro_macro", "spicekit_my_macro_macro"]' in text
    assert "128 multiply-accumulates" in text
    assert 'name = "hwcomponents-spicekit-my-macro"' in project.read_text()


def test_a_step_at_a_frequency(macro: LookupTable) -> None:
    record = json.loads(macro.attributes["spicekit"])
    step = {"meaning": "a step", "cells": 288, "energy": "energy", "latency": "1/frequency"}
    record["macro"] = {"operations": {"step": step}}
    macro.attributes["spicekit"] = json.dumps(record)
    roles = macro_of(macro)
    assert roles is not None
    (action,) = Operations(macro, roles, {"frequency": 2e8, "vdd": 1.2, "n": 32}, "x").actions
    assert (action.cells, action.energy, action.latency) == (288, pytest.approx(2e-12), pytest.approx(5e-9))


def test_a_cell_in_accelforge(stt: LookupTable, written: Written) -> None:
    _, cells, _ = nodes(written(stt, "accelforge"))
    read, write = cells["actions"]
    where = {"tmr": 1.5, "vdd": 1.1, "temperature": 27, "corner": "tt"}
    mean = {name: float(np.mean([stt.query(f"{a}{name}{b}", **where) for a, b in ends])) for name, ends in
            (("settle_e", (("", "_p"), ("", "_ap"))), ("_e_write", (("set", ""), ("reset", ""))))}  # fmt: skip
    assert read["energy"] == pytest.approx(mean["settle_e"], rel=1e-5)
    assert write["energy"] == pytest.approx(mean["_e_write"], rel=1e-5)
    assert 1 / write["throughput"] == pytest.approx(10e-9)
    assert cells["area"] / cells["size"] == pytest.approx(41.6 * 65e-9**2, rel=1e-5)
    assert read["bits_per_action"] == 1


def test_what_is_no_operation(macro: LookupTable, tmp_path: Path) -> None:
    record = json.loads(macro.attributes["spicekit"])
    with pytest.raises(UserError, match="its record does not say under 'cell'"):
        export(macro, "nvsim", tmp_path / "out")
    operation = record["macro"]["operations"]["row_mac"]
    for name, changed, says in (
        ("x(): pass", operation, r"calls an operation 'x\(\): pass'; allowed: letters"),
        ("class", operation, r"calls an operation 'class'"),
        ("row_mac", operation | {"energy": "e_none"}, "holds no 'e_none', which format 'hwcomponents' needs"),
    ):
        macro.attributes["spicekit"] = json.dumps(record | {"macro": {"operations": {name: changed}}})
        with pytest.raises(UserError, match=says):
            export(macro, "hwcomponents", tmp_path / "out")
    macro.attributes["spicekit"] = json.dumps(record | {"macro": {"operations": {"a": operation, "b": operation}}})
    with pytest.raises(UserError, match="2 operations in its record; format 'accelforge' takes one"):
        export(macro, "accelforge", tmp_path / "out")
    macro.attributes["spicekit"] = json.dumps(
        record | {"macro": {"operations": {"row_mac": operation | {"meaning": 'x\nimport os\n"""'}}}}
    )
    (model, _) = export(macro, "hwcomponents", tmp_path / "package")
    assert "os" not in compile(model.read_text(), "generated", "exec").co_names
    assert not (tmp_path / "out").exists()
