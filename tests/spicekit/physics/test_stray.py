"""Fields of neighbours and reference layers: against numerical sums, the dipole, and where they enter."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import j0, j1

from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.errors import UserError
from spicekit.paths import data_root
from spicekit.physics.fokker_planck import read_disturb
from spicekit.physics.magnetics import SQUARE_LATTICE, array_factor, mutual_factor
from spicekit.retention import retention
from spicekit.units import KELVIN
from spicekit.wer import write_error_curve

R, THICK = 25e-9, 1.2e-9


@pytest.mark.parametrize("distance", [55e-9, 80e-9, 200e-9])
def test_two_discs_in_fourier_space(distance: float) -> None:
    """N(d) = 2/t int J1(qR)^2 J0(qd) (1 - exp(-qt))/q^2 dq, which at d = 0 is the layer's own factor."""

    def density(x: float) -> float:  # x = q R
        return float(j1(x) ** 2 * j0(x * distance / R) * -math.expm1(-x * THICK / R) / x**2)

    edges = np.arange(0, 4000.5, 0.5)
    total = sum(quad(density, a, b)[0] for a, b in pairwise(edges)) * 2 * R / THICK
    assert mutual_factor(2 * R, 2 * R, THICK, (distance, 0.0), "disc") == pytest.approx(total, rel=2e-3)


@pytest.mark.parametrize("shape", ["disc", "rectangle"])
def test_far_away_it_is_a_dipole(shape: str) -> None:
    volume = (1.0 if shape == "rectangle" else math.pi / 4) * 4 * R * R * THICK
    apart = (1.2e-6, 0.9e-6)
    expected = volume / (4 * math.pi * 1.5e-6**3)
    assert mutual_factor(2 * R, 2 * R, THICK, apart, shape) == pytest.approx(expected, rel=2e-3)


def test_rectangles_by_a_sum_of_small_dipoles() -> None:
    n, lx, ly, gap = 40, 40e-9, 60e-9, 55e-9
    x, y = ((np.arange(n) + 0.5) / n - 0.5 for _ in range(2))
    grid = np.array([(lx * a, ly * b) for a in x for b in y])
    away = grid[:, None, :] - grid[None, :, :] + np.array([gap, 0.0])
    r = np.hypot(away[..., 0], away[..., 1])
    expected = lx * ly * THICK / (4 * math.pi) * np.mean(r**-3.0)
    assert mutual_factor(lx, ly, THICK, (gap, 0.0), "rectangle") == pytest.approx(expected, rel=2e-3)


def test_the_whole_array() -> None:
    pitch = 70e-9
    assert array_factor(2 * R, 2 * R, THICK, pitch, "disc") == pytest.approx(
        array_factor(2 * R, 2 * R, THICK, pitch, "disc", 7), rel=2e-3
    )
    n = 400
    i, j = np.meshgrid(np.arange(-n, n + 1), np.arange(-n, n + 1))
    r = np.hypot(i, j).ravel()
    # what is outside of the square: 8 sqrt(2)/(2 n + 1) of an integral over it
    assert np.sum(r[r > 0] ** -3.0) + 8 * math.sqrt(2) / (2 * n + 1) == pytest.approx(SQUARE_LATTICE, rel=1e-5)


def placed(folder: Path, field: str, name: str = "stt-bnn-65nm") -> MtjCard:
    text = (data_root() / "models" / "mtj" / f"{name}.toml").read_text(encoding="utf-8")
    (folder / "own.toml").write_text(f"{text}\n[field]\n{field}\n", encoding="utf-8")
    return load_device(str(folder / "own.toml"), MtjCard)


def test_they_act_as_an_applied_field(tmp_path: Path) -> None:
    """Numbers, write error rate and retention of a card with a stray field and neighbours are those of their sum, applied."""
    stray = 'stray = {value = 100, unit = "Oe", source = "test"}'
    pitch = 'pitch = {value = 100, unit = "nm", source = "test"}'
    card = placed(tmp_path, f'{stray}\n{pitch}\nneighbours = "ap"')
    k = card.at(None).numbers
    shape = card.geometry
    factor = array_factor(shape.lx.value, shape.ly.value, shape.t_free.value, 100e-9, shape.shape)
    expected = 100 * 1e3 / (4 * math.pi) + k.ms * factor  # neighbours that are antiparallel hold it parallel
    assert k.hz == pytest.approx(expected, rel=1e-12)
    other = placed(tmp_path, f'hz = {{value = {expected!r}, unit = "A/m", source = "test"}}')
    pulses = np.array([3e-9, 10e-9])
    theirs, ours = (write_error_curve(one, 25e-6, pulses) for one in (other, card))
    assert ours.field == pytest.approx(-expected / k.hk)
    np.testing.assert_allclose(ours.wer, theirs.wer, rtol=1e-6)
    assert not np.allclose(ours.wer, write_error_curve(load_device("stt-bnn-65nm", MtjCard), 25e-6, pulses).wer, rtol=0.1)
    own = k.temperature - KELVIN  # at another temperature the neighbours have another magnetisation
    assert retention(card, [own])[0].mean_time == pytest.approx(retention(other, [own])[0].mean_time, rel=1e-9)
    parallel = placed(tmp_path, f'{pitch}\nneighbours = "p"').at(None).numbers
    assert parallel.hz == pytest.approx(-k.ms * factor, rel=1e-12)


def test_a_field_in_the_rate_against_langevin() -> None:
    """Ito's equation of u = cos(theta) under a field: du = ((1 - u^2)(u + h) - u/D) dt + sqrt((1 - u^2)/D) dW."""
    delta, field, stop, step, count = 6.0, -0.15, 20.0, 2e-3, 20_000
    rng = np.random.default_rng(5)
    grid = np.linspace(-field, 1, 20001)
    weight = np.exp(delta * (grid**2 + 2 * field * grid - 1))
    level = np.cumsum(weight)
    u = np.interp(rng.random(count), level / level[-1], grid)  # Boltzmann's distribution in the well
    for _ in range(round(stop / step)):
        room = np.maximum(1 - u * u, 0)
        u = u + (room * (u + field) - u / delta) * step + np.sqrt(room / delta * step) * rng.standard_normal(count)
        u = np.clip(u, -1, 1)
    flipped = float(np.mean(u < -field))
    expected = float(read_disturb(delta, 0.0, stop, field=field))
    assert flipped == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / count) + 0.01 * expected)
    assert abs(flipped - float(read_disturb(delta, 0.0, stop))) > 10 * math.sqrt(expected / count)


@pytest.mark.parametrize(
    ("name", "pitch", "says"),
    [
        ("stt-bnn-65nm", 20, "field.pitch 2e-08 m given; allowed: above geometry.lx and ly"),
        ("umn-imtj", 200, "easy_axis = 'z' only"),
    ],
)
def test_arrays_that_cannot_be(tmp_path: Path, name: str, pitch: float, says: str) -> None:
    with pytest.raises(UserError, match=says):
        placed(tmp_path, f'pitch = {{value = {pitch}, unit = "nm", source = "test"}}', name)
