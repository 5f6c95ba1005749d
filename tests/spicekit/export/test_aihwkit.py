"""The noise model for aihwkit: by the kit itself where it is installed, and by its documented signature and polynomial."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spicekit.export import export
from spicekit.table import LookupTable

CENTRE: dict[str, Any] = {"tmr": 1.5, "vdd": 1.1, "temperature": 27, "corner": "tt"}


class Model:
    """Accepts what ``StateIndependentNoiseModel`` documents, and nothing else."""

    def __init__(
        self, g_converter: Any = None, g_max: float | None = None, prog_coeff: list[float] | None = None,
        prog_noise_scale: float = 1.0, drift_nu_mean: float = 0.1, drift_nu_std: float = 0.05, drift_scale: float = 1.0,
        t_0: float = 20.0, read_noise_scale: float = 1.0, t_read: float = 250.0e-9,
    ) -> None:  # fmt: skip
        assert g_converter.g_max > g_converter.g_min >= 0
        assert prog_coeff is not None
        self.converter, self.coefficients, self.scale = g_converter, prog_coeff, prog_noise_scale
        self.drift, self.read_noise_scale = (drift_nu_mean, drift_nu_std), read_noise_scale

    def sigma(self, g: float) -> float:
        """In uS, for a target of ``g`` uS."""
        return self.scale * sum(c * (g / self.converter.g_max) ** k for k, c in enumerate(self.coefficients))


class Converter:
    def __init__(self, g_max: float | None = None, g_min: float | None = None) -> None:
        self.g_max, self.g_min = g_max, g_min


@pytest.fixture
def kit() -> Iterator[None]:
    names = {name: types.ModuleType(name) for name in ("aihwkit", "aihwkit.inference")}
    names["aihwkit.inference"].SinglePairConductanceConverter = Converter  # type: ignore[attr-defined]
    names["aihwkit.inference"].StateIndependentNoiseModel = Model  # type: ignore[attr-defined]
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update(names)
    yield
    for name, module in before.items():
        if module is None:
            del sys.modules[name]
        else:
            sys.modules[name] = module


def made(table: LookupTable, folder: Path) -> Any:
    (path,) = export(table, "aihwkit", folder / "noise.py")
    specification = importlib.util.spec_from_file_location("generated", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    (function,) = [f for name, f in inspect.getmembers(module, inspect.isfunction) if name.endswith("_noise_model")]
    return function()


def states(table: LookupTable) -> dict[str, tuple[float, float]]:
    """Mean and sigma of the conductance in uS."""
    values = {s: [float(table.query(f"read_i_{s}{x}", **CENTRE)) for x in ("", "_std")] for s in ("p", "ap")}
    return {state: (mean / 0.15 * 1e6, sigma / 0.15 * 1e6) for state, (mean, sigma) in values.items()}


@pytest.mark.usefixtures("kit")
def test_both_states_keep_their_deviation(stt: LookupTable, tmp_path: Path) -> None:
    model = made(stt, tmp_path)
    for state, limit in (("p", model.converter.g_max), ("ap", model.converter.g_min)):
        mean, sigma = states(stt)[state]
        assert limit == pytest.approx(mean, rel=1e-5)
        assert model.sigma(mean) == pytest.approx(sigma, rel=1e-4)
    assert model.drift == (0.0, 0.0)
    assert model.read_noise_scale == 0


@pytest.mark.usefixtures("kit")
def test_sot(sot: LookupTable, tmp_path: Path) -> None:
    model = made(sot, tmp_path)
    r = float(sot.query("read_r_p", **CENTRE))
    assert model.converter.g_max == pytest.approx(1e6 / r, rel=0.01)  # the mean of 1/R lies sigma^2 above 1 over the mean
    assert model.sigma(model.converter.g_max) == pytest.approx(0.05e6 / r, rel=0.02)


def test_the_kit_itself(stt: LookupTable, tmp_path: Path) -> None:
    pytest.importorskip("aihwkit")
    torch = pytest.importorskip("torch")
    model = made(stt, tmp_path)
    torch.manual_seed(1)
    for state, (mean, sigma) in states(stt).items():
        target = torch.full((200_000,), mean)
        programmed = model.apply_programming_noise_to_conductance(target)
        assert float(programmed.mean()) == pytest.approx(mean, rel=1e-3), state
        assert float(programmed.std()) == pytest.approx(sigma, rel=0.01), state
        drift = model.generate_drift_coefficients(programmed)
        later = model.apply_drift_noise_to_conductance(programmed, drift, 1e6)
        assert torch.allclose(later, programmed)
