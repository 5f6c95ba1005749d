"""Variations: distributions, scopes, correlations, and what may not be asked for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from montecarlo import Correlation, Space, Variation
from montecarlo.samplers import make_sampler
from montecarlo.variation import Scope
from spicekit import UserError, VariationPoint, make_bench

N = 100_000
POINTS = (
    VariationPoint("ra_c0", "ra", 18.0, "ohm um2", sigma=0.9, low=0.0),
    VariationPoint("tmr_c0", "tmr", 1.5, "", sigma=0.15, low=0.0),
    VariationPoint("ra_c1", "ra", 18.0, "ohm um2", sigma=0.9, low=0.0),
    VariationPoint("tmr_c1", "tmr", 1.5, "", sigma=0.15, low=0.0),
    VariationPoint("vth_m", "vth", 0.0, "V", sigma=0.02),
    VariationPoint("fixed", "c", 1e-15, "F"),
)


def drawn(variations: list[Variation], correlations: list[Correlation] | None = None, seed: int = 1) -> dict[str, Any]:
    space = Space(POINTS, variations, correlations or [])
    return space.values(make_sampler("random", seed, N, space.dimensions).normals(0, N))


def test_defaults_are_the_points_own() -> None:
    values = drawn([])
    for point in POINTS[:-1]:
        # standard errors: sigma/sqrt(N) of the mean, sigma/sqrt(2N) of sigma; five of them
        assert values[point.name].mean() == pytest.approx(point.nominal, abs=5 * point.sigma / math.sqrt(N))
        assert values[point.name].std() == pytest.approx(point.sigma, rel=5 / math.sqrt(2 * N))
    assert (values["fixed"] == 1e-15).all()
    assert stats.kstest(values["ra_c0"], stats.norm(18.0, 0.9).cdf).pvalue > 1e-3
    # every device on its own
    names = ("ra_c0", "tmr_c0", "ra_c1", "tmr_c1", "vth_m")
    off_diagonal = np.corrcoef([values[name] for name in names]) - np.eye(5)
    assert np.abs(off_diagonal).max() < 5 / math.sqrt(N)


@pytest.mark.parametrize(
    ("text", "target", "mean", "std"),
    [
        ("ra=10%", "ra_c1", 18.0, 1.8),
        ("ra=0.5", "ra_c0", 18.0, 0.5),
        ("vth=35m", "vth_m", 0.0, 0.035),
        ("ra_c1=20%", "ra_c1", 18.0, 3.6),
        ("c=5%", "fixed", 1e-15, 5e-17),
        ("tmr=0", "tmr_c0", 1.5, 0.0),
    ],
)
def test_normal(text: str, target: str, mean: float, std: float) -> None:
    values = drawn([Variation.parse(text)])[target]
    assert values.mean() == pytest.approx(mean, abs=5 * std / math.sqrt(N))
    assert values.std() == pytest.approx(std, rel=5 / math.sqrt(2 * N))
    if std:
        assert stats.kstest(values, stats.norm(mean, std).cdf).pvalue > 1e-3


def test_a_point_by_its_name_beats_its_kind() -> None:
    for order in (["ra=10%", "ra_c1=1%"], ["ra_c1=1%", "ra=10%"]):
        values = drawn([Variation.parse(text) for text in order])
        assert values["ra_c0"].std() == pytest.approx(1.8, rel=0.02)
        assert values["ra_c1"].std() == pytest.approx(0.18, rel=0.02)


def test_the_later_of_two_alike_wins() -> None:
    values = drawn([Variation.parse("ra=10%"), Variation.parse("ra=1%")])
    assert values["ra_c0"].std() == pytest.approx(0.18, rel=0.02)


@pytest.mark.parametrize("sigma", ["5%", "30%", "100%"])
def test_lognormal_has_the_mean_and_sigma_asked_for(sigma: str) -> None:
    values = drawn([Variation.parse(f"ra={sigma}:lognormal")])["ra_c0"]
    relative = float(sigma[:-1]) / 100
    s = math.sqrt(math.log1p(relative**2))
    # fourth moment of a lognormal: the standard error of its sigma
    w = math.exp(s * s)
    kurtosis = w**4 + 2 * w**3 + 3 * w**2 - 3
    assert values.mean() == pytest.approx(18.0, rel=5 * relative / math.sqrt(N))
    assert values.std() == pytest.approx(18.0 * relative, rel=5 * math.sqrt((kurtosis - 1) / (4 * N)))
    assert values.min() > 0
    assert stats.kstest(np.log(values / 18.0), stats.norm(-s * s / 2, s).cdf).pvalue > 1e-3


@pytest.mark.parametrize("cut", [0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("distribution", ["normal", "lognormal"])
def test_truncation(cut: float, distribution: str) -> None:
    values = drawn([Variation.parse(f"ra=10%:{distribution}:{cut}")])["ra_c0"]
    if distribution == "lognormal":
        s = math.sqrt(math.log1p(0.01))
        scores = (np.log(values / 18.0) + s * s / 2) / s
    else:
        scores = (values - 18.0) / 1.8
    assert np.abs(scores).max() <= cut * (1 + 1e-9)
    assert np.abs(scores).max() > 0.98 * cut
    assert stats.kstest(scores, stats.truncnorm(-cut, cut).cdf).pvalue > 1e-3


@given(st.floats(0.1, 6), st.floats(-40, 40))
def test_truncation_never_leaves_its_bounds(cut: float, z: float) -> None:
    value = Variation("ra", 1.0, relative=False, truncate=cut).normal(np.array([z]))[0]
    assert -cut <= value <= cut


def test_the_map_is_monotone() -> None:
    z = np.linspace(-8, 8, 1001)
    for text in ("ra=10%", "ra=10%:lognormal", "ra=10%:normal:3", "ra=50%:lognormal:2"):
        space = Space(POINTS, [Variation.parse(text)])
        grid = np.zeros((len(z), space.dimensions))
        grid[:, 0] = z
        values = space.values(grid)["ra_c0"]
        assert (np.diff(values) >= 0).all()
        assert (np.diff(values[400:601]) > 0).all()


def test_local_and_global_add() -> None:
    values = drawn([Variation.parse("ra=4%"), Variation.parse("ra=3%", "global")])
    for name in ("ra_c0", "ra_c1"):
        assert values[name].std() == pytest.approx(18 * 0.05, rel=5 / math.sqrt(2 * N))  # 3-4-5
    # two devices share the global part: correlation 9/25
    assert np.corrcoef(values["ra_c0"], values["ra_c1"])[0, 1] == pytest.approx(0.36, abs=5 / math.sqrt(N))
    assert abs(np.corrcoef(values["ra_c0"], values["tmr_c0"])[0, 1]) < 5 / math.sqrt(N)


def test_global_lognormal_multiplies() -> None:
    values = drawn([Variation.parse("ra=4%"), Variation.parse("ra=30%:lognormal", "global")])
    ratio = values["ra_c0"] / values["ra_c1"]
    assert ratio.std() == pytest.approx(math.sqrt(2) * 0.04, rel=0.02)  # the common factor cancels
    assert values["ra_c0"].std() / 18 == pytest.approx(math.sqrt(1.09 * 1.0016 - 1), rel=0.02)


def test_global_for_one_point_alone() -> None:
    values = drawn([Variation.parse("ra=0"), Variation.parse("ra_c1=3%", "global")])
    assert (values["ra_c0"] == 18.0).all()
    assert values["ra_c1"].std() == pytest.approx(0.54, rel=0.02)


@pytest.mark.parametrize("rho", [-0.9, -0.4, 0.0, 0.7])
def test_correlation_is_recovered_within_each_device(rho: float) -> None:
    values = drawn([], [Correlation.parse(f"ra,tmr={rho}")])
    for device in ("c0", "c1"):
        found = np.corrcoef(values[f"ra_{device}"], values[f"tmr_{device}"])[0, 1]
        assert found == pytest.approx(rho, abs=5 * (1 - rho**2) / math.sqrt(N) + 1e-12)
    assert abs(np.corrcoef(values["ra_c0"], values["tmr_c1"])[0, 1]) < 5 / math.sqrt(N)
    # the marginal distributions stay
    for name, sigma in (("ra_c0", 0.9), ("tmr_c1", 0.15)):
        assert values[name].std() == pytest.approx(sigma, rel=5 / math.sqrt(2 * N))


def test_correlations_that_contradict_each_other() -> None:
    points = [VariationPoint(f"{kind}_m", kind, 1.0, "", sigma=0.1) for kind in ("a", "b", "c")]
    allowed = [Correlation("a", "b", 0.9), Correlation("b", "c", 0.9), Correlation("a", "c", 0.7)]
    Space(points, [], allowed)
    with pytest.raises(UserError, match="contradict each other"):
        Space(points, [], [*allowed[:2], Correlation("a", "c", -0.9)])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ra", r"--sigma 'ra': give TARGET=SIGMA\[:normal\|lognormal\[:TRUNCATE\]\]"),
        ("=5%", "give TARGET=SIGMA"),
        ("ra=", r"--sigma 'ra=': '' is not a number"),
        ("ra=five", r"--sigma 'ra=five': 'five' is not a number"),
        ("ra=-5%", "sigma must be a finite number, 0 or above"),
        ("ra=inf", "sigma must be a finite number, 0 or above"),
        ("ra=5%:uniform", "unknown distribution 'uniform'; choose from lognormal, normal"),
        ("ra=5%:normal:0", "truncation must be a positive number of sigmas"),
        ("ra=5%:normal:x", "'x' is not a number"),
        ("ra=5%:normal:3:4", "give TARGET=SIGMA"),
    ],
)
def test_wrong_sigmas(text: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        Variation.parse(text)
    assert "\n" not in str(caught.value)
    if "--sigma" in says:
        with pytest.raises(UserError, match="--sigma-global"):
            Variation.parse(text, "global")


@pytest.mark.parametrize(
    "text", ["ra", "ra,tmr", "ra=0.5", "ra,=0.5", ",tmr=0.5", "ra,ra=0.5", "ra,tmr=1", "ra,tmr=-1", "ra,tmr=x"]
)
def test_wrong_correlations(text: str) -> None:
    with pytest.raises(UserError, match="--correlate"):
        Correlation.parse(text)


@pytest.mark.parametrize(
    ("variations", "correlations", "says"),
    [
        (["rra=5%"], [], "unknown variation point 'rra'; did you mean ra"),
        (["ra_c7=5%"], [], "unknown variation point 'ra_c7'; did you mean ra_c"),
        (["vth=5%"], [], "the nominal value of 'vth_m' is 0, so give a normal sigma in V"),
        (["vth=10m:lognormal"], [], "the nominal value of 'vth_m' is 0"),
        ([], ["ra,vth=0.5"], "no device has both 'ra' and 'vth'; kinds are c, ra, tmr, vth"),
    ],
)
def test_variations_that_do_not_fit_the_bench(variations: list[str], correlations: list[str], says: str) -> None:
    with pytest.raises(UserError, match=says):
        Space(POINTS, [Variation.parse(text) for text in variations], [Correlation.parse(text) for text in correlations])


def test_a_global_given_twice() -> None:
    with pytest.raises(UserError, match="'ra' is given twice"):
        Space(POINTS, [Variation.parse("ra=1%", "global"), Variation.parse("ra=2%", "global")])


def test_transistors_vary_by_pelgrom_and_junctions_as_published() -> None:
    bench = make_bench("sot-logic", {})
    space = Space(bench.points())
    values = space.values(make_sampler("random", 3, 20_000, space.dimensions).normals(0, 20_000))
    for point in bench.points():
        assert values[point.name].std() == pytest.approx(point.sigma, rel=5 / math.sqrt(40_000), abs=1e-14 * point.nominal)
    assert values["ra_c0"].std() == pytest.approx(0.05 * 32, rel=0.03)
    assert values["tmr_c1"].std() == pytest.approx(0.10 * 2.5, rel=0.03)


@pytest.mark.parametrize(
    ("text", "scope", "said"),
    [
        ("vth=0.6", "local", "--sigma vth: a sigma of 600 mV given; allowed for 'vth_m': at most 500 mV"),
        ("vth=0.6", "global", "--sigma-global vth: a sigma of 600 mV given"),
        ("beta=101%", "local", "a sigma of 1.01 given; allowed for 'beta_m': at most 1"),
        ("r=101%", "local", "a sigma of 1.01 kohm given; allowed for 'r_m': at most 1 kohm"),
        ("r=1001%:lognormal", "local", "at most 10 kohm"),
        ("r=5V", "local", "'5V' is not in ohm"),
    ],
)
def test_a_sigma_that_no_device_has_is_refused(text: str, scope: Scope, said: str) -> None:
    points = [
        VariationPoint("vth_m", "vth", 0.0, "V", sigma=0.02, most=0.5),
        VariationPoint("beta_m", "beta", 0.0, "", sigma=0.02, low=-1.0),
        VariationPoint("r_m", "r", 1e3, "ohm", sigma=10.0, low=0.0),
    ]
    with pytest.raises(UserError) as error:
        Space(points, [Variation.parse(text, scope)])
    assert said in str(error.value)
    for allowed in ("vth=0.5V", "vth=500m", "beta=100%", "r=1k", "r=1kohm", "r=1000%:lognormal"):
        Space(points, [Variation.parse(allowed, scope)])


def test_the_coordinates_that_move_are_those_with_a_spread() -> None:
    """And those that a point with one is correlated with; what they leave out changes no value."""
    assert list(Space(POINTS).moving) == [0, 1, 2, 3, 4]
    assert list(Space(POINTS, [Variation.parse("c=5%"), Variation.parse("vth=0")]).moving) == [0, 1, 2, 3, 5]
    assert list(Space(POINTS, [Variation.parse("ra=0")]).moving) == [1, 3, 4]
    space = Space(POINTS, [Variation.parse("ra=0"), Variation.parse("vth=3m", "global")], [Correlation("ra", "tmr", 0.5)])
    assert list(space.moving) == [0, 1, 2, 3, 4, 6]  # TMR is drawn from both of its device
    z = np.random.default_rng(1).standard_normal((50, space.dimensions))
    kept = space.values(space.widened(z[:, space.moving]))
    for name, values in space.values(z).items():
        np.testing.assert_array_equal(kept[name], values)


SIZES = (VariationPoint("cd_c0", "cd", 1.0, "", sigma=0.02, low=0.0, square="area"),
         VariationPoint("ra_c0", "ra", 10.0, "ohm um2", sigma=0.3, low=0.0),
         VariationPoint("x1.xj.cd", "cd", 0.0, "", low=-1.0, square="area"))  # fmt: skip


@pytest.mark.parametrize("text", ["area=10%", "area_c0=10%", "area_*=0.1", "area=10%:lognormal", "area_c0=10%:normal:3"])
def test_the_area_is_asked_for_as_before_and_is_the_diameters_square(text: str) -> None:
    space = Space(SIZES[:2], [Variation.parse(text)])
    values = space.values(make_sampler("random", 1, N, space.dimensions).normals(0, N))
    area = values["cd_c0"] ** 2
    cut = 0.98658 if ":3" in text else 1.0  # a normal cut at 3 sigma: sqrt(1 - 6 pdf(3)/(2 cdf(3) - 1))
    assert area.std() == pytest.approx(0.1 * cut, rel=5 / math.sqrt(2 * N) + 1e-3)
    if "lognormal" in text:
        assert stats.kstest(np.log(values["cd_c0"]), stats.norm(*_lognormal(0.1)).cdf).pvalue > 1e-3
    assert np.corrcoef(area, values["ra_c0"])[0, 1] == pytest.approx(0, abs=5 / math.sqrt(N))
    assert space.variations[0].target in ("cd", "cd_c0", "cd_*")


@pytest.mark.parametrize(
    ("text", "says"),
    [("area=150%", "--sigma area: a sigma of 1.5 given; allowed for 'area': at most 1"), ("area=0.05V", "--sigma area: .*V")],
)
def test_an_area_is_checked_in_its_own_terms(text: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        Space(SIZES, [Variation.parse(text)])


def _lognormal(sigma: float) -> tuple[float, float]:
    """Mean and deviation of ln d, where d^2 has the relative deviation ``sigma`` and d the mean 1."""
    s = math.sqrt(math.log1p(sigma**2)) / 2
    return -s * s / 2, s


def test_a_size_of_a_netlist_is_relative() -> None:
    space = Space(SIZES, [Variation.parse("x1.xj.area=10%")], [Correlation.parse("area,ra=0.5")])
    values = space.values(make_sampler("random", 1, N, space.dimensions).normals(0, N))
    assert ((1 + values["x1.xj.cd"]) ** 2).std() == pytest.approx(0.1, rel=5 / math.sqrt(2 * N))
    assert values["cd_c0"].std() == pytest.approx(0.02, rel=5 / math.sqrt(2 * N))
    assert np.corrcoef(values["cd_c0"], values["ra_c0"])[0, 1] == pytest.approx(0.5, abs=5 / math.sqrt(N))
    with pytest.raises(UserError, match="variation point 'surface'"):
        Space(SIZES, [Variation.parse("surface=10%")])


def test_what_devices_say_of_correlations_holds_unless_another_is_given() -> None:
    points = (
        VariationPoint("cd_a", "cd", 1.0, "", sigma=0.02, correlated=(("hk", -0.6),)),
        VariationPoint("hk_a", "hk", 1.0, "", sigma=0.05),
        VariationPoint("cd_b", "cd", 1.0, "", sigma=0.02, correlated=(("hk", -0.6),)),  # at rest: it has no hk
    )
    for asked, rho in (([], -0.6), ([Correlation("hk", "cd", 0.3)], 0.3)):
        space = Space(points, [], asked)
        values = space.values(make_sampler("random", 1, N, space.dimensions).normals(0, N))
        assert np.corrcoef(values["cd_a"], values["hk_a"])[0, 1] == pytest.approx(rho, abs=5 / math.sqrt(N))
        assert np.corrcoef(values["cd_b"], values["hk_a"])[0, 1] == pytest.approx(0, abs=5 / math.sqrt(N))
        assert [pair.rho for pair in space.correlations] == [rho]
