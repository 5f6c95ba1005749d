"""`spicekit retention`: mean time against the Fokker-Planck equation, the array against a count of cells, the command."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard
from spicekit.errors import UserError
from spicekit.paths import data_root
from spicekit.physics.fokker_planck import read_disturb
from spicekit.retention import YEAR, parse_delta, retention

Cli = Callable[..., subprocess.CompletedProcess[str]]

CARD = load_device("stt-bnn-65nm", MtjCard)


def weaker(tmp_path: Path, ki: float, field: str = "") -> MtjCard:
    """The card with another interface anisotropy in mJ/m2."""
    text = (data_root() / "models" / "mtj" / "stt-bnn-65nm.toml").read_text(encoding="utf-8")
    assert "ki = {value = 0.825" in text
    (tmp_path / "weaker.toml").write_text(text.replace("ki = {value = 0.825", f"ki = {{value = {ki}") + field, encoding="utf-8")
    return load_device(str(tmp_path / "weaker.toml"), MtjCard)


def test_the_mean_time_is_that_of_the_fokker_planck_equation(tmp_path: Path) -> None:
    """A short time later a share t/tau of the cells is on the other side."""
    for ki, field in ((0.825, ""), (0.78, ""), (0.8, '\n[field]\nhz = {value = -20, unit = "mT", source = "a test"}\n')):
        card = weaker(tmp_path, ki, field)
        (row,) = retention(card, [85.0])
        k = card.at(358.15).numbers
        taus = np.array([50.0, 150.0])
        h = row.field
        assert h <= 0
        assert h == pytest.approx(k.hz / k.hk, abs=1e-12)
        flips = read_disturb(k.delta, 0.0, taus, field=h)
        rate = (flips[1] - flips[0]) / (100 * k.tau_d)
        barrier = k.delta * (1 + h) ** 2
        assert row.mean_time * rate == pytest.approx(1, rel=4e-3 + 10 / barrier**2 + abs(h) / barrier * 4)


def test_retention_falls_with_temperature_and_a_larger_barrier_keeps_longer() -> None:
    rows = retention(CARD, [-40.0, 25.0, "85C", "398.15K"])
    assert [row.temperature for row in rows] == pytest.approx([-40, 25, 85, 125])
    assert np.all(np.diff([math.log(row.mean_time) for row in rows]) < -5)
    assert np.all(np.diff([row.failure for row in rows]) > 0)
    assert retention(load_device("umn-i-pmtj", MtjCard), [85.0])[0].mean_time > rows[2].mean_time


def test_cells_drawn_one_by_one_lose_as_many(tmp_path: Path) -> None:
    """A hundred thousand cells with their own barriers, and arrays of a hundred of them."""
    card = weaker(tmp_path, 0.794)
    (row,) = retention(card, [45.0], bits=100, years=1e-6, sigma_delta=0.08)
    k = card.at(318.15).numbers
    rng = np.random.default_rng(5)
    factor = 1 + 0.08 * rng.standard_normal(200_000)
    delta = k.delta * factor
    mean = k.tau_d / factor * np.sqrt(np.pi / delta) * np.exp(delta) * (1 + 1 / delta)
    lost = rng.exponential(mean) < 1e-6 * YEAR
    assert 0.001 < row.failure < 0.1
    assert np.mean(lost) == pytest.approx(row.failure, rel=0.05)
    assert np.mean(lost.reshape(-1, 100).any(axis=1)) == pytest.approx(row.array_failure, rel=0.08)
    assert row.failure > 3 * row.nominal_failure


def test_a_tiny_probability_is_not_lost_in_one() -> None:
    (row,) = retention(CARD, [-40.0], bits=1e9)
    assert 0 < row.failure < 1e-20
    assert row.array_failure == pytest.approx(1e9 * row.failure, rel=1e-6)


def slowest(delta: float, h: float) -> float:
    """Smallest rate of the Fokker-Planck equation of u = cos(theta) in units of 1/tau_D, from its 60 lowest Legendre moments:
    that of both wells together."""
    ell = np.arange(60)
    u = np.zeros((60, 60))  # u P_l in terms of P_k
    u[ell[1:], ell[:-1]] = ell[1:] / (2 * ell[1:] + 1)
    u[ell[:-1], ell[1:]] = (ell[:-1] + 1) / (2 * ell[:-1] + 1)
    gradient = np.zeros_like(u)  # (1 - u^2) P_l' = l(l + 1)/(2l + 1) (P_{l-1} - P_{l+1})
    factor = ell * (ell + 1) / (2 * ell + 1)
    gradient[ell[1:], ell[:-1]], gradient[ell[:-1], ell[1:]] = factor[1:], -factor[:-1]
    matrix = gradient @ (u + h * np.eye(60)) - np.diag(ell * (ell + 1) / (2 * delta))
    return float(np.sort(-np.linalg.eigvals(matrix[1:, 1:]).real)[0])  # the zeroth moment, the norm, stays


def test_a_barrier_too_low_for_the_formula_is_remarked_on(tmp_path: Path, cli: Cli) -> None:
    """The formula is within 5 % of the equation where nothing is said, and off where there is hardly a barrier left."""
    off, said = [], []
    for celsius in (0.0, 25.0, 30.0, 35.0, 50.0):
        (row,) = retention(weaker(tmp_path, 0.7457), [celsius])
        off.append(abs(row.mean_time * slowest(row.delta, 0.0) / 2 / row.tau_d - 1))
        said.append(bool(row.remark))
    assert max(error for error, told in zip(off, said, strict=True) if not told) < 0.05
    assert off[-1] > 0.3
    assert said == sorted(said)
    assert said[-1]
    assert not said[0]
    told = cli("retention", str(tmp_path / "weaker.toml"), "--temperature", "50").stdout
    assert f"a barrier of {row.delta:.3g} kT: the formula is for high ones" in told


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "spicekit.cli", "retention", *words], capture_output=True, text=True, check=False
    )


def test_the_command_prints_a_table_and_one_object() -> None:
    words = ("stt-bnn-65nm", "--temperature", "85", "--bits", "1k", "--sigma", "delta=5%")
    done = command(*words, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    (row,) = retention(CARD, [85.0], bits=1000, sigma_delta=0.05)
    assert answer["temperatures"] == [row.as_json(1000)]
    assert (answer["bits"], answer["years"], answer["sigma_delta"]) == (1000, 10, 0.05)
    table = command(*words)
    assert table.returncode == 0
    assert f"{row.delta:.2f}" in table.stdout
    assert len(table.stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("umn-imtj",), "is an in-plane junction"),
        (("imce-45nm",), "field.hx"),
        (("stt-bnn-65nm", "--temperature", "2000"), "temperature"),
        (("stt-bnn-65nm", "--bits", "0"), "--bits 0: allowed: 1 to 1e15"),
        (("stt-bnn-65nm", "--years", "-1"), "--years -1: allowed: above 0"),
        (("stt-bnn-65nm", "--sigma", "hk=3%"), "give delta=SIGMA"),
        (("stt-bnn-65nm", "--sigma", "delta=0.05"), "give delta=SIGMA"),
    ],
)
def test_wrong_input_is_one_line(words: tuple[str, ...], said: str) -> None:
    done = command(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_a_sigma_may_say() -> None:
    assert parse_delta(["delta=8%"]) == pytest.approx(0.08)
    for texts in (["delta=60%"], ["delta=-1%"]):
        with pytest.raises(UserError, match="allowed: 0 % to below 50 %"):
            retention(CARD, [25.0], sigma_delta=parse_delta(texts))
