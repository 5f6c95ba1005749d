"""Rare failures: the methods against probabilities known in closed form, and the command on real circuits."""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.stats import chi2, norm

from montecarlo import Campaign, Variation, YieldStudy
from montecarlo.rare import importance, library, plain, subset
from montecarlo.rare.crosscheck import CrossCheck, crosscheck
from montecarlo.rare.density import Mixture, Shifted, Tail
from montecarlo.rare.estimate import Estimate, from_counts, from_weights, interval, sigma_of
from montecarlo.rare.explore import Exploration, explore
from montecarlo.rare.form import DesignPoint
from montecarlo.rare.importance import Sampled
from montecarlo.rare.regions import find_regions
from montecarlo.rare.state import LimitState, Spent
from montecarlo.report import make_page, write_report
from montecarlo.report.content import Chart, Command, Table
from spicekit import SpicekitError, UserError
from spicekit.files import read_record, write_record

Array = NDArray[np.float64]
Surface = Callable[[Array], Array]
Cli = Callable[..., subprocess.CompletedProcess[str]]

DIMENSIONS = 7
NORMAL = np.arange(1.0, DIMENSIONS + 1) / np.linalg.norm(np.arange(1.0, DIMENSIONS + 1))
ACROSS = np.eye(DIMENSIONS)[0] - NORMAL[0] * NORMAL
ACROSS /= np.linalg.norm(ACROSS)


def plane(beta: float) -> tuple[Surface, float]:
    return lambda z: beta - z @ NORMAL, float(norm.sf(beta))


def bowl(beta: float, curvature: float) -> tuple[Surface, float]:
    """A paraboloid, curved alike in all directions across: P = E[Phi(-beta - curvature r / 2)], r chi-squared."""

    def g(z: Array) -> Array:
        t = z @ NORMAL
        return np.asarray(beta - t + curvature / 2 * ((z**2).sum(axis=1) - t * t))

    def integrand(r: float) -> float:
        return float(norm.sf(beta + curvature / 2 * r) * chi2.pdf(r, DIMENSIONS - 1))

    return g, quad(integrand, 0, 300, epsabs=0, limit=500)[0]


def corner(beta: float) -> tuple[Surface, float]:
    """Two planes at right angles, either of which fails."""
    p, q = norm.sf(beta), norm.sf(beta + 0.2)
    return lambda z: np.minimum(beta - z @ NORMAL, beta + 0.2 - z @ ACROSS), float(p + q - p * q)


def decision(beta: float) -> tuple[Surface, float]:
    """A plane of which only the side is seen."""
    return lambda z: np.where(z @ NORMAL > beta, -1.0, 1.0), float(norm.sf(beta))


SURFACES = {
    "plane 4.2": plane(4.2), "plane 6": plane(6.0), "bowl 4.2": bowl(4.2, 0.15), "bowl 6": bowl(6.0, 0.15),
    "dome 4.2": bowl(4.2, -0.1), "corner 4.2": corner(4.2), "corner 5": corner(5.0), "decision 4.2": decision(4.2),
}  # fmt: skip


def limit_state(g: Surface, most: int = 20_000, dimensions: int = DIMENSIONS) -> LimitState:
    return LimitState(lambda _, z: g(z)[None], dimensions, most)


def search(
    g: Surface, seed: int, target: float, most: int = 20_000
) -> tuple[LimitState, Exploration, list[DesignPoint], Sampled]:
    rng = np.random.default_rng(seed)
    state = limit_state(g, most)
    explored = explore(state, rng)
    points = find_regions(state, explored, rng)
    sampled = importance.sample(state, explored, points, target, rng)
    assert sampled is not None
    return state, explored, points, sampled


# --- importance sampling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plane 4.2", "plane 6", "bowl 4.2", "bowl 6"])
def test_seven_normals_within_15_per_cent_by_2000_trials(name: str) -> None:
    g, exact = SURFACES[name]
    state, _, points, sampled = search(g, 1, 0.06, most=2000)
    assert state.used <= 2000
    assert sampled.estimate(0).probability == pytest.approx(exact, rel=0.15)
    assert points[0].beta == pytest.approx(float(name.split()[1]), abs=0.02)
    assert points[0].direction == pytest.approx(NORMAL, abs=0.08)


@pytest.mark.parametrize("name", list(SURFACES))
def test_it_has_no_bias_and_its_interval_covers(name: str) -> None:
    """Over 30 seeds: the mean is the exact value to 4 standard errors, the 95 % interval holds it at least 23 times."""
    g, exact = SURFACES[name]
    estimates = [search(g, seed, 0.1)[3].estimate(0) for seed in range(100, 130)]
    ratios = np.array([estimate.probability for estimate in estimates]) / exact
    assert abs(ratios.mean() - 1) < 4 * ratios.std(ddof=1) / math.sqrt(len(ratios)) + 0.01
    covered = sum(estimate.ci[0] <= exact <= estimate.ci[1] for estimate in estimates)
    assert covered >= 23  # of 30; 4e-4 by chance at 95 %
    assert all(estimate.cov <= 0.1 and estimate.effective >= importance.FEWEST for estimate in estimates)
    assert ratios.std(ddof=1) < 0.16  # what they promise is 0.1


def test_both_regions_are_found_and_weighed() -> None:
    g, exact = SURFACES["corner 4.2"]
    _, _, points, sampled = search(g, 3, 0.05)
    assert [round(point.beta, 1) for point in points] == [4.2, 4.4]
    share = norm.sf(4.2) / exact
    assert sampled.shares() == pytest.approx([share, 1 - share], abs=0.08)


def test_a_region_that_the_gradient_does_not_see_is_found() -> None:
    """The slope at the origin points to a plane at 7 sigma; failures are behind another one at 4."""
    _, _, points, sampled = search(lambda z: np.minimum(7 - z @ NORMAL, 3 * (4 - z @ ACROSS)), 1, 0.1)
    assert points[0].beta == pytest.approx(4, abs=0.05)
    assert points[0].direction == pytest.approx(ACROSS, abs=0.1)
    assert sampled.estimate(0).probability == pytest.approx(norm.sf(4), rel=0.4)


def test_several_units_are_weighed_by_their_spread() -> None:
    """Volts of a nanovolt's size or seconds of a kilosecond's: the same numbers in other units give the same search."""

    def run(scale: Array) -> tuple[float, int]:
        rng = np.random.default_rng(1)
        state = LimitState(
            lambda _, z: np.array([4 - z @ NORMAL, 4.3 - z @ ACROSS]) * scale, DIMENSIONS, 20_000, lambda rows: rows.min(axis=0)
        )
        explored = explore(state, rng)
        sampled = importance.sample(state, explored, find_regions(state, explored, rng), 0.1, rng)
        assert sampled is not None
        return sampled.estimate(0).probability, state.used

    one = run(np.array([[1.0], [1.0]]))
    assert run(np.array([[2.0**-30], [2.0**10]])) == one  # units that round nothing
    other = run(np.array([[1e-9], [1e3]]))
    assert other[0] == pytest.approx(one[0], rel=1e-6)
    assert other[1] == one[1]


def test_trials_that_are_lost_bound_the_result() -> None:
    """Beyond 4.6 sigma nothing converges: the failures of 4.2 to 4.6 are certain, the rest are not."""
    _, explored, _, sampled = search(lambda z: np.where(z @ NORMAL > 4.6, np.nan, 4.2 - z @ NORMAL), 2, 0.1)
    estimate = sampled.estimate(explored.lost)
    assert estimate.lowest == pytest.approx(norm.sf(4.2) - norm.sf(4.6), rel=0.3)
    assert estimate.highest == pytest.approx(norm.sf(4.2), rel=0.3)
    assert estimate.lowest <= estimate.probability <= estimate.highest


def test_what_plain_trials_lose_bounds_the_result_too() -> None:
    """One trial in 50 is lost far from all failures, where the importance sampling hardly looks."""
    _, explored, _, sampled = search(lambda z: np.where(z[:, 0] < norm.ppf(0.02), np.nan, 4.2 - z @ NORMAL), 2, 0.1)
    estimate = sampled.estimate(explored.lost)
    assert 0.005 < estimate.highest < 0.04
    assert estimate.lowest == pytest.approx(norm.sf(4.2), rel=0.3)


def test_no_failure_in_reach_gives_no_point() -> None:
    rng = np.random.default_rng(1)
    state = limit_state(lambda z: 100 - z @ NORMAL)
    assert find_regions(state, explore(state, rng), rng) == []


def test_the_trials_allowed_are_not_exceeded() -> None:
    for most in (600, 760, 1000, 1300):
        rng = np.random.default_rng(1)
        state = limit_state(SURFACES["plane 6"][0], most)
        explored = explore(state, rng)
        points = find_regions(state, explored, rng)
        if points:
            importance.sample(state, explored, points, 0.01, rng)
        assert state.used <= most
    with pytest.raises(Spent):
        state("more", np.zeros((most, DIMENSIONS)))


def test_the_tail_is_a_density() -> None:
    """Its mass over the standard normal is 1, and a mixture's weights give the probability of a region it knows nothing of."""
    rng = np.random.default_rng(1)
    curvature = np.outer(ACROSS, ACROSS) * 0.3
    tail = Tail(NORMAL, 1.2, 1.5, curvature, 1.5)
    ratio = np.exp(tail.log_ratio(rng.standard_normal((400_000, DIMENSIONS))))
    assert ratio.mean() == pytest.approx(1, abs=5 * ratio.std() / math.sqrt(len(ratio)))
    mixture = Mixture([tail, Shifted(1.5 * NORMAL)], [0.7, 0.3])
    z = mixture.draw(200_000, rng)
    values = np.exp(-mixture.log_ratio(z)) * ((z @ NORMAL > 1) & (z @ ACROSS > 0))
    assert values.mean() == pytest.approx(norm.sf(1) / 2, abs=5 * values.std() / math.sqrt(len(values)))


# --- the other methods --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plane 4.2", "bowl 4.2", "corner 4.2"])
def test_subset_simulation(name: str) -> None:
    """Over 12 seeds of one or two runs each: no bias to 4 standard errors, and the stated variation is of the right size."""
    g, exact = SURFACES[name]
    ratios, stated = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        state = limit_state(g)
        found = subset.estimate(state, explore(state, rng), 0.4, rng)
        assert found is not None
        ratios.append(found[0].probability / exact)
        stated.append(found[0].cov)
        assert found[1].fails.all()
    assert abs(np.mean(ratios) - 1) < 4 * np.std(ratios, ddof=1) / math.sqrt(len(ratios))
    assert 0.4 < np.mean(stated) / np.std(ratios, ddof=1) < 2


def test_subset_simulation_of_many_variables() -> None:
    """300 coordinates; the answer does not mind how many there are."""
    direction = np.ones(300) / math.sqrt(300)
    rng = np.random.default_rng(1)
    state = limit_state(lambda z: 4 - z @ direction, dimensions=300)
    found = subset.estimate(state, explore(state, rng), 0.3, rng)
    assert found is not None
    assert found[0].ci[0] / 1.3 < norm.sf(4) < found[0].ci[1] * 1.3


def test_subset_simulation_without_levels_says_so() -> None:
    rng = np.random.default_rng(1)
    state = limit_state(SURFACES["decision 4.2"][0])
    found = subset.estimate(state, explore(state, rng), 0.3, rng)
    assert found is not None
    assert found[0].ci == (0.0, 1.0)
    assert found[0].cov == math.inf


def test_plain_monte_carlo() -> None:
    rng = np.random.default_rng(1)
    state = limit_state(plane(1.5)[0])
    estimate, trials = plain.estimate(state, explore(state, rng), 0.1, rng)
    assert estimate.cov <= 0.1
    assert estimate.ci[0] < norm.sf(1.5) < estimate.ci[1]
    assert estimate.effective == trials.fails.sum() >= 90
    state = limit_state(plane(6)[0], 3000)
    estimate, _ = plain.estimate(state, explore(state, rng), 0.1, rng)
    assert state.used == 3000
    assert estimate.probability == 0
    assert estimate.ci[1] == pytest.approx(3.69 / 3000, rel=0.01)


def test_openturns_agrees() -> None:
    """The same plane by an independent implementation: its design point and its probability are ours."""
    pytest.importorskip("openturns")
    g, exact = SURFACES["plane 4.2"]
    rng = np.random.default_rng(1)
    state = limit_state(g)
    theirs = library.estimate(state, explore(state, rng), 0.1, 1)
    assert theirs is not None
    estimate, _, points = theirs
    assert estimate.ci[0] < exact < estimate.ci[1]
    ours = search(g, 1, 0.1)[2]
    assert points[0].u == pytest.approx(ours[0].u, abs=0.15)


def test_a_failure_of_the_bench_comes_through_openturns() -> None:
    pytest.importorskip("openturns")

    def broken(stage: str, z: Array) -> Array:
        if stage == "search":
            raise UserError("what is wrong")
        return (4 - z @ NORMAL)[None]

    state = LimitState(broken, DIMENSIONS, 20_000)
    with pytest.raises(UserError, match="what is wrong"):
        library.estimate(state, explore(state, np.random.default_rng(1)), 0.1, 1)


# --- estimates ----------------------------------------------------------------------------------------------------------------


def test_counts() -> None:
    estimate = from_counts(5, 10, 1010)
    assert estimate.probability == 0.005
    assert (estimate.lowest, estimate.highest) == (5 / 1010, 15 / 1010)
    assert estimate.ci == pytest.approx((0.001625, 0.011630), rel=1e-3)  # R: binom.test(5, 1000)
    assert estimate.cov == pytest.approx(math.sqrt(0.995 / 5))


def test_weights() -> None:
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    fails = np.array([True, True, False, False])
    lost = np.array([False, False, False, True])
    estimate = from_weights(weights, fails, lost)
    assert estimate.probability == pytest.approx(0.3 / 4)
    assert estimate.highest == pytest.approx(0.7 / 4)
    assert estimate.effective == pytest.approx(0.3**2 / 0.05)
    assert from_weights(weights, ~fails & ~lost & False, lost).probability == 0


def test_the_interval_is_the_lognormal_one() -> None:
    rng = np.random.default_rng(1)
    cov = 0.3
    spread = math.sqrt(math.log1p(cov**2))
    estimates = np.exp(spread * rng.standard_normal(20_000))
    inside = [low <= 1 <= high for low, high in (interval(float(p), cov) for p in estimates)]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.01)
    assert sigma_of(1.3498980316301e-3) == pytest.approx(3)
    assert sigma_of(0) == math.inf


# --- the cross-check ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plane 6", "corner 4.2", "bowl 4.2"])
def test_the_cross_check_agrees_with_itself(name: str) -> None:
    state, explored, points, _ = search(SURFACES[name][0], 1, 0.1)
    check = crosscheck(state, explored, points, np.random.default_rng(1))
    assert isinstance(check, CrossCheck)
    assert check.agree
    assert check.plain.probability == pytest.approx(0.02)
    assert 0.01 < check.sampled.probability < 0.04


def test_the_cross_check_sees_a_missed_region() -> None:
    """Failures at -3 sigma in every coordinate, of which the search is told one."""
    state = limit_state(lambda z: np.min(3 + z, axis=1))
    explored = explore(state, np.random.default_rng(1))
    distances = np.linspace(0, 4, 9)
    known = DesignPoint(np.eye(DIMENSIONS)[0] * -3, (distances, (3 - distances) / state.scale[0]))
    check = crosscheck(state, explored, [known], np.random.default_rng(1))
    assert isinstance(check, CrossCheck)
    assert not check.agree or check.sampled.probability == pytest.approx(0.02, rel=0.5)  # or the sampling found the others


def test_a_disagreement_is_one() -> None:
    def at(p: float, cov: float) -> Estimate:
        return Estimate(p, cov, interval(p, cov), p, p, 1 / cov**2)

    assert CrossCheck(1.0, at(0.02, 0.2), at(0.03, 0.1)).agree
    assert not CrossCheck(1.0, at(0.02, 0.2), at(0.005, 0.1)).agree


# --- on circuits --------------------------------------------------------------------------------------------------------------

DIVIDER_FAILS = "v_out < 0.44"


def divider(user_benches: Path, name: str = "Divider", **options: Any) -> YieldStudy:
    """Ends of v_out = 1k / (1k + r_top) with r_top normal: P(v_out < x) = P(r_top > 1k / x - 1k)."""
    given: dict[str, Any] = {"seed": 2} | options
    return YieldStudy(f"{user_benches / 'faults.py'}:{name}", given.pop("fail", DIVIDER_FAILS), **given)


def fingerprint(folder: Path) -> dict[str, str]:
    files = sorted((folder / "batches").rglob("*.parquet"))
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.fixture(scope="module")
def reference(user_benches: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("yield")
    divider(user_benches).run(folder, workers=1)
    return folder


def test_the_report_says_what_the_summary_does(reference: Path, tmp_path: Path) -> None:
    """The running estimate ends at the result, and the answer of another study is not shown as this one's."""
    summary = read_record(reference / "summary.json")
    rows = np.array(summary["convergence"])
    assert 20 <= len(rows) <= 200
    assert rows[-1, 0] == summary["stages"]["sampling"]
    assert rows[-1, 1] == pytest.approx(summary["probability"], rel=1e-9)
    assert (rows[:, 2] <= rows[:, 1]).all()
    assert (rows[:, 1] <= rows[:, 3]).all()
    page = make_page(reference)
    assert [section.heading for section in page.sections][:5] == [
        "Estimate", "Convergence", "Where it fails", "Cross-check", "Outcomes",
    ]  # fmt: skip
    blocks = [block for section in page.sections for block in section.blocks]
    estimate = next(block for block in blocks if isinstance(block, Table) and block.caption == "The failure probability")
    low, high = summary["ci"]
    assert dict(map(tuple, estimate.rows))["failure probability"] == f"{summary['probability']:.4g}"  # type: ignore[arg-type]
    assert dict(map(tuple, estimate.rows))["95 % interval"] == f"{low:.4g} to {high:.4g}"  # type: ignore[arg-type]
    bars = next(block for block in blocks if isinstance(block, Chart) and "contributions" in block.title)
    assert bars.data[0]["y"] == ["pick_1", "r_top"]
    assert bars.data[0]["x"][-1] == pytest.approx(100, abs=0.1)  # r_top alone decides
    line = next(block.line for block in blocks if isinstance(block, Command))
    assert f"--fail '{DIVIDER_FAILS}'" in line
    assert write_report(reference, tmp_path / "page.html").stat().st_size > 100_000
    shutil.copytree(reference, tmp_path / "other")
    record = read_record(tmp_path / "other" / "yield.json")
    write_record(tmp_path / "other" / "yield.json", record | {"seed": 3})
    with pytest.raises(SpicekitError, match=r"summary\.json is that of another study"):
        make_page(tmp_path / "other")


def test_a_divider_against_its_closed_form(reference: Path) -> None:
    summary = json.loads((reference / "summary.json").read_text())
    sigmas = (1000 / 0.44 - 1000 - 1000) / 50
    assert summary["probability"] == pytest.approx(norm.sf(sigmas), rel=0.3)
    assert summary["ci"][0] / 1.1 < norm.sf(sigmas) < summary["ci"][1] * 1.1
    assert summary["sigma"] == pytest.approx(sigmas, abs=0.06)
    point = summary["failure_points"][0]
    assert point["beta"] == pytest.approx(sigmas, abs=0.02)
    first = point["points"][0]
    assert (first["name"], first["unit"], first["nominal"]) == ("r_top", "ohm", 1000)
    assert first["value"] == pytest.approx(1000 / 0.44 - 1000, abs=2)
    assert first["contribution"] > 0.99
    assert summary["cross_check"]["agree"]
    assert summary["reached"]
    assert sum(summary["stages"].values()) == summary["simulations"] == summary["outcomes"]["ok"]
    assert (reference / "yield.png").stat().st_size > 20_000


def test_it_is_the_same_for_any_workers_and_after_an_interruption(reference: Path, user_benches: Path, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop_at(limit: int) -> Callable[[int, int], None]:
        def progress(done: int, total: int) -> None:
            if done >= limit:
                raise Stop

        return progress

    for limit in (100, 600):
        with pytest.raises(Stop):
            divider(user_benches).run(tmp_path, workers=2, progress=stop_at(limit))
    part = next((tmp_path / "batches").rglob("part-*.parquet"))
    part.write_bytes(part.read_bytes()[:100])
    said: list[str] = []
    summary = divider(user_benches).run(tmp_path, workers=2, warn=said.append)
    assert len(said) == 1
    assert "damaged" in said[0]
    assert fingerprint(tmp_path) == fingerprint(reference)
    there = json.loads((reference / "summary.json").read_text())
    same = {"elapsed_s": 0, "checksum": ""}
    assert summary | same == there | same


def test_any_executor_will_do(reference: Path, user_benches: Path, tmp_path: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("forkserver")) as pool:
        divider(user_benches).run(tmp_path, executor=pool)
    assert fingerprint(tmp_path) == fingerprint(reference)


def test_another_study_is_not_mixed_in(reference: Path, user_benches: Path) -> None:
    with pytest.raises(UserError, match="another study: 'fail'"):
        divider(user_benches, fail="v_out < 0.45").run(reference)
    with pytest.raises(UserError, match="another study: 'seed'"):
        divider(user_benches, seed=3).run(reference)
    with pytest.raises(UserError, match=r"holds yield\.json but no campaign\.json"):
        Campaign("sot-read", trials=10).run(reference)


def test_trials_of_a_bench_that_do_not_converge_bound_the_result(user_benches: Path, tmp_path: Path) -> None:
    study = divider(user_benches, "Infinite", parameters={"threshold": 2.0})  # 2.3 % of the trials end as `invalid`
    summary = study.run(tmp_path, workers=1)
    assert summary["outcomes"]["invalid"] > 0
    assert summary["lowest"] == pytest.approx(norm.sf((1000 / 0.44 - 2000) / 50) * norm.cdf(2), rel=0.35)
    assert 0.01 < summary["highest"] < 0.05
    assert any("did not converge" in line for line in summary["warnings"])


def test_global_variations_have_a_coordinate_of_their_own(user_benches: Path, tmp_path: Path) -> None:
    study = divider(user_benches, variations=[Variation.parse("r=100", "global"), Variation.parse("r=50")])
    summary = study.run(tmp_path, workers=1)
    rows = {row["name"]: row for row in summary["failure_points"][0]["points"]}
    assert rows["global r"]["contribution"] == pytest.approx(0.8, abs=0.02)
    assert rows["r_top"]["contribution"] == pytest.approx(0.2, abs=0.02)
    assert rows["global r"]["value"] is None
    assert summary["sigma"] == pytest.approx((1000 / 0.44 - 2000) / math.hypot(50, 100), abs=0.06)


def test_a_frequent_failure_is_counted(user_benches: Path, tmp_path: Path) -> None:
    summary = divider(user_benches, fail="v_out < 0.49").run(tmp_path, workers=1)
    assert summary["method"] == "mc"
    assert summary["ci"][0] < norm.sf((1000 / 0.49 - 2000) / 50) < summary["ci"][1]
    assert summary["failure_points"][0]["kind"] == "centre of the failing trials"


NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


def words(lines: Iterable[str]) -> list[str]:
    return [NUMBER.sub("#", " ".join(line.split())) for line in lines]


def numbers(lines: Iterable[str]) -> list[float]:
    return [float(number.replace(",", "")) for line in lines for number in NUMBER.findall(line)]


def test_the_command(cli: Cli, tmp_path: Path, repository: Path) -> None:
    """Its answer, and that it is what docs/yield.md shows: its words, and its numbers to 5 % (other versions of
    ngspice answer in other last digits, and the search goes another way; the interval is ten times as wide)."""
    command = ("yield", "sot-logic", "--fail", "margin_and < 2m", "--workers", 1, "--out", tmp_path)
    answer = json.loads(cli(*command, "--json").stdout)
    assert answer["method"] == "fis"
    assert answer["simulations"] <= 3000
    assert answer["cov"] <= 0.1
    assert answer["probability"] == pytest.approx(2.0e-6, rel=0.35)
    assert answer == json.loads((tmp_path / "summary.json").read_text())
    names = [row["name"] for row in answer["failure_points"][0]["points"][:4]]
    assert sorted(names) == ["ra_c0", "ra_c1", "tmr_c0", "tmr_c1"]
    again = cli(*command)
    assert again.returncode == 0
    assert "tmr_c0" in again.stdout
    assert "they agree" in again.stdout
    page = (repository / "docs" / "yield.md").read_text(encoding="utf-8")
    shown = [line for line in re.findall(r"^```\n(.*?)^```$", page, re.M | re.S)[1].splitlines() if line]
    printed = [line for line in again.stdout.splitlines() if words([line])[0] in words(shown)]
    assert words(printed) == words(shown)
    assert numbers(printed) == pytest.approx(numbers(shown), rel=0.05)


@pytest.mark.parametrize(
    ("fail", "options", "words"),
    [
        ("margin_end < 0", {}, "did you mean margin_and"),
        ("margin_and < 2ms", {}, "'<' between V and s"),
        ("margin_and < 0", {"method": "form"}, "unknown method 'form'"),
        ("margin_and < 0", {"target": 0.0}, "--target-cov 0: from 0.01 to 1"),
        ("margin_and < 0", {"most": 10}, "--trials 10: from 500"),
        ("margin_and < 0", {"variations": [Variation.parse("rho=5%")]}, "unknown variation point 'rho'"),
    ],
)
def test_wrong_input(fail: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        YieldStudy("sot-logic", fail, **options)


def test_wrong_input_of_the_command(cli: Cli, complaint: Callable[..., str]) -> None:
    assert "did you mean margin_and" in complaint(cli("yield", "sot-logic", "--fail", "margin_end < 0"), 2)


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openturns", None)
    with pytest.raises(UserError, match=r"pip install 'spicekit-imc\[yield\]'"):
        YieldStudy("sot-logic", "margin_and < 0", method="openturns")
