"""The hwcomponents package: by hwcomponents itself where it is installed (Python 3.12), and by its documented contract."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import tomllib
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spicekit.export import export
from spicekit.table import LookupTable

CENTRE: dict[str, Any] = {"tmr": 1.5, "vdd": 1.1, "temperature": 27, "corner": "tt"}


class ActionCost:
    def __init__(self, energy: float, latency: float, throughput: float) -> None:
        self.energy, self.latency, self.throughput = energy, latency, throughput


class ComponentModel:
    component_name: Any = None
    priority: float = 0.5

    def __init__(self, leak_power: float | None = None, area: float | None = None, subcomponents: Any = None) -> None:
        assert leak_power is not None
        assert area is not None
        self.leak_power, self.area = leak_power, area


def action(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, *arguments: Any) -> Any:
        cost = function(self, *arguments)
        assert isinstance(cost, ActionCost)
        return cost

    call.is_action = True  # type: ignore[attr-defined]
    return call


@pytest.fixture
def contract() -> Iterator[None]:
    module = types.ModuleType("hwcomponents")
    for thing in (ActionCost, ComponentModel, action):
        setattr(module, thing.__name__, thing)
    before = sys.modules.get("hwcomponents")
    sys.modules["hwcomponents"] = module
    yield
    del sys.modules["hwcomponents"]
    if before is not None:
        sys.modules["hwcomponents"] = before


def made(table: LookupTable, folder: Path) -> Any:
    """The component: what is written is checked as a package, imported and instantiated."""
    module, project = export(table, "hwcomponents", folder / "package")
    package = module.parent.name
    assert package.startswith("hwcomponents_spicekit_")
    assert package.isidentifier()
    settings = tomllib.loads(project.read_text())
    assert settings["tool"]["setuptools"]["packages"] == [package]
    assert settings["project"]["dependencies"] == ["hwcomponents"]
    specification = importlib.util.spec_from_file_location(package, module)
    assert specification is not None
    assert specification.loader is not None
    generated = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(generated)
    base = generated.ComponentModel
    (kind,) = [c for _, c in inspect.getmembers(generated, inspect.isclass) if issubclass(c, base) and c is not base]
    assert 0 <= kind.priority <= 1
    return kind()


def check(component: Any, name: str, energy: float, latency: float) -> None:
    cost = getattr(component, name)()
    assert cost.energy == pytest.approx(energy, rel=1e-5)
    assert cost.latency == pytest.approx(latency, rel=1e-5)
    assert cost.throughput == pytest.approx(1 / latency, rel=1e-5)


def check_stt(component: Any, table: LookupTable) -> None:
    names = ("settle_e_p", "settle_e_ap", "settle_t_settle", "set_e_write", "reset_e_write")
    v = {name: float(table.query(name, **CENTRE)) for name in names}
    assert component.area == pytest.approx(41.6 * 65e-9**2)
    assert component.leak_power == 0
    check(component, "read", (v["settle_e_p"] + v["settle_e_ap"]) / 2, v["settle_t_settle"])
    check(component, "write", (v["set_e_write"] + v["reset_e_write"]) / 2, 10e-9)


def check_sot(component: Any, table: LookupTable) -> None:
    for name, operation in (("read", "read"), ("logic_and", "and"), ("logic_or", "or")):
        energy, latency = (float(table.query(f"sense_{operation}_{what}", **CENTRE)) for what in ("e_total", "t_sense"))
        check(component, name, energy, latency)


@pytest.mark.usefixtures("contract")
def test_stt(stt: LookupTable, tmp_path: Path) -> None:
    component = made(stt, tmp_path)
    check_stt(component, stt)
    assert {name for name in dir(component) if hasattr(getattr(component, name), "is_action")} == {"read", "write"}


@pytest.mark.usefixtures("contract")
def test_a_table_without_drivers_and_with_a_leak(stt: LookupTable, tmp_path: Path) -> None:
    """The bit line alone for the whole read, which the action then says; the cell's leak is the component's."""
    del stt.variables["settle_t_settle"]
    stt.variables["cell_leak"] = ((), np.asarray(1.5e-12))
    component = made(stt, tmp_path)
    e_p, e_ap = (float(stt.query(f"read_e_{state}", **CENTRE)) for state in ("p", "ap"))
    check(component, "read", (e_p + e_ap) / 2, 5e-9)
    assert component.leak_power == 1.5e-12
    (text,) = [file.read_text() for file in tmp_path.rglob("__init__.py")]
    assert "bit line alone, without drivers" in text


@pytest.mark.usefixtures("contract")
def test_sot(sot: LookupTable, tmp_path: Path) -> None:
    check_sot(made(sot, tmp_path), sot)


def test_hwcomponents_itself(stt: LookupTable, sot: LookupTable, tmp_path: Path) -> None:
    hwcomponents = pytest.importorskip("hwcomponents")
    check_stt(made(stt, tmp_path / "stt"), stt)
    component = made(sot, tmp_path / "sot")
    assert isinstance(component, hwcomponents.ComponentModel)
    check_sot(component, sot)


def test_no_folder_can_be_made_below_a_file(stt: LookupTable, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(Exception, match=r"cannot write .*file/package: Not a directory"):
        export(stt, "hwcomponents", tmp_path / "file" / "package")
    assert (tmp_path / "file").read_text() == "mine"
