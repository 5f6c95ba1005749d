"""CrossSim's JSON against the keys of its parameter classes, and the device class against its device interface.

CrossSim is not on the package index; the two modules that the generated file imports are stood in for by what its own
``simulator/devices/idevice.py`` promises to a subclass of ``EmptyDevice``.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spicekit.export import export
from spicekit.table import LookupTable

DEVICE_KEYS = {
    "cell_bits", "Rmin", "Rmax", "Vread", "time", "infinite_on_off_ratio", "clip_conductance", "read_noise",
    "programming_error", "drift_error", "nonlinear_IV",
}  # fmt: skip
ERROR_KEYS = {"enable", "model", "magnitude"}


class EmptyDevice:
    """The interface: three methods over a matrix of conductances normalised to the largest, which keep its shape and type."""

    def __init__(self, device_params: Any, weight_error_params: Any) -> None:
        self.device_params = device_params
        self.Gmin_norm = device_params["Rmin"] / device_params["Rmax"]

    def read_noise(self, input: Any) -> Any:
        raise NotImplementedError

    programming_error = drift_error = read_noise


@pytest.fixture
def crosssim() -> Iterator[None]:
    names = {name: types.ModuleType(name) for name in ("simulator", "simulator.backend", "simulator.devices")}
    names["simulator.devices.idevice"] = idevice = types.ModuleType("simulator.devices.idevice")
    names["simulator.backend"].ComputeBackend = lambda: np  # type: ignore[attr-defined]
    idevice.EmptyDevice = EmptyDevice  # type: ignore[attr-defined]
    sys.modules.update(names)
    yield
    for name in names:
        del sys.modules[name]


def made(table: LookupTable, folder: Path, **point: float | str) -> tuple[dict[str, Any], Any]:
    """The JSON's device section, and an instance of the class that it names, built as CrossSim builds it."""
    config, module = export(table, "crosssim", folder / "cell.json", **point)
    content = json.loads(config.read_text())
    assert set(content) == {"xbar"}
    assert set(content["xbar"]) == {"device"}
    device = content["xbar"]["device"]
    assert set(device) <= DEVICE_KEYS
    assert device["drift_error"] == device["programming_error"]  # in place of which it is taken at a time other than 0
    for error in ("programming_error", "drift_error", "read_noise"):
        assert set(device[error]) <= ERROR_KEYS
    specification = importlib.util.spec_from_file_location("generated", module)
    assert specification is not None
    assert specification.loader is not None
    generated = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(generated)
    kind = getattr(generated, device["programming_error"]["model"])
    assert issubclass(kind, EmptyDevice)
    instance = kind(device, device["programming_error"])
    for call in (instance.read_noise, instance.programming_error, lambda g: instance.drift_error(g, 0)):
        assert call(np.zeros(1)).shape == (1,)  # what CrossSim tries first
    return device, instance


def check_spread(device: dict[str, Any], instance: Any, states: dict[float, tuple[float, float]]) -> None:
    """``states``: normalised conductance -> mean and sigma in S, from the table."""
    np.random.seed(3)  # noqa: NPY002  # the generated class draws from the array module's global generator, as CrossSim does
    for conductance, (mean, sigma) in states.items():
        target = np.full((200, 500), conductance, dtype=np.float32)
        drawn = instance.programming_error(target)
        assert drawn.dtype == np.float32
        assert np.all(target == np.float32(conductance))  # not changed in place
        assert drawn.mean() / device["Rmin"] == pytest.approx(mean, rel=1e-3)
        assert drawn.std() / device["Rmin"] == pytest.approx(sigma, rel=0.01)
        assert np.array_equal(instance.read_noise(target), target)


@pytest.mark.usefixtures("crosssim")
def test_stt_conductance_is_current_over_read_voltage(stt: LookupTable, tmp_path: Path) -> None:
    where = {"tmr": 2.0, "vdd": 1.2, "temperature": 85, "corner": "ff"}
    device, instance = made(stt, tmp_path, **where)
    states = {s: tuple(float(stt.query(f"read_i_{s}{x}", **where)) / 0.15 for x in ("", "_std")) for s in ("p", "ap")}
    assert device["Rmin"] == pytest.approx(1 / states["p"][0], rel=1e-5)
    assert device["Rmax"] == pytest.approx(1 / states["ap"][0], rel=1e-5)
    assert device["Vread"] == 0.15
    assert device["cell_bits"] == 1
    assert instance.Gmin_norm == pytest.approx(states["ap"][0] / states["p"][0], rel=1e-5)
    check_spread(device, instance, {1.0: states["p"], instance.Gmin_norm: states["ap"]})  # type: ignore[dict-item]


@pytest.mark.usefixtures("crosssim")
def test_sot_conductance_is_that_of_the_stored_distribution(sot: LookupTable, tmp_path: Path) -> None:
    device, instance = made(sot, tmp_path)
    where = {"tmr": 1.5, "vdd": 1.1, "temperature": 27, "corner": "tt"}
    states = {}
    for state in ("p", "ap"):
        g = 1 / sot.sample(np.random.default_rng(1), f"read_r_{state}", 400_000, **where)
        states[state] = (float(g.mean()), float(g.std()))
    assert 1 / device["Rmin"] == pytest.approx(states["p"][0], rel=1e-3)
    check_spread(device, instance, {1.0: states["p"], instance.Gmin_norm: states["ap"]})


@pytest.mark.usefixtures("crosssim")
def test_a_simulated_table(simulated: LookupTable, tmp_path: Path) -> None:
    device, instance = made(simulated, tmp_path)
    assert 0.02 < instance.programming_error(np.ones(20_000)).std() < 0.08  # 5 % RA, and of the STT cell its access transistor
    assert device["Rmax"] > device["Rmin"]
