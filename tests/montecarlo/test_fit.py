"""Fits to tables that numpy drew from a known joint model: each parameter in its interval, as often as that says."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import gmean

from montecarlo import Campaign
from montecarlo.fit import as_toml, fit_variation
from spicekit import UserError
from spicekit.devices import load_device
from spicekit.devices.mtj import MtjCard

Cli = Callable[..., subprocess.CompletedProcess[str]]
LOCAL = {"ra": 0.03, "tmr": 0.05, "cd": 0.02, "hk": 0.04}
GLOBAL = {"ra": 0.05, "tmr": 0.02, "cd": 0.015, "hk": 0.03}
RHO = -0.5  # of ra and tmr, local
JUNCTION = load_device("stt-bnn-65nm", MtjCard).at()


def coercive(hk: np.ndarray, cd: np.ndarray, dwell: float) -> np.ndarray:
    """Sharrock's law for junctions of that relative Hk and diameter, whole and not in first order."""
    k = JUNCTION.numbers
    field = hk * (1 + k.hk_size / k.hk * (1 / cd - 1))
    return k.hk * field * (1 - np.sqrt(math.log(1e9 * dwell / math.log(2)) / (k.delta * field * cd**2)))


def drawn(seed: int, dies: int, each: int, columns: str) -> str:
    rng = np.random.default_rng(seed)
    size = dies * each
    die = np.repeat(np.arange(dies), each)
    own = {kind: rng.standard_normal(size) for kind in LOCAL}
    own["tmr"] = RHO * own["ra"] + math.sqrt(1 - RHO**2) * own["tmr"]
    factor = {kind: np.exp(GLOBAL[kind] * rng.standard_normal(dies)[die] + LOCAL[kind] * own[kind]) for kind in LOCAL}
    r_p = 3500 * factor["ra"] / factor["cd"] ** 2
    found = {
        "r_p": r_p, "r_ap": r_p * (1 + 1.2 * factor["tmr"]), "cd": 60 * factor["cd"],
        "h_c": coercive(factor["hk"], factor["cd"], 1.0), "die": die,
    }  # fmt: skip
    names = columns.split()
    return "\n".join([",".join(names), *(",".join(f"{found[name][n]:.9g}" for name in names) for n in range(size))])


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., str]:
    def write(text: str) -> str:
        (tmp_path / "data.csv").write_text(text + "\n", encoding="utf-8")
        return str(tmp_path / "data.csv")

    return write


def test_a_known_model_is_in_its_intervals_as_often_as_they_say(table: Callable[..., str]) -> None:
    """40 tables of 40 dies, eight sigmas each: 304 of 320 are to be inside; fewer than 289 are one case in 10^4."""
    inside = []
    pairs = []
    for seed in range(40):
        found = fit_variation(table(drawn(seed, 40, 25, "r_p r_ap cd h_c die")), junction=JUNCTION)
        for spreads, truth in ((found.local, LOCAL), (found.overall, GLOBAL)):
            for kind, sigma in truth.items():
                inside.append(spreads[kind].low <= sigma <= spreads[kind].high)
        pair = next(pair for pair in found.pairs["local"] if {pair.first, pair.second} == {"ra", "tmr"})
        pairs.append(pair.low <= RHO <= pair.high)
    assert sum(inside) >= 289
    assert sum(pairs) >= 33
    assert found.source == "column"


def test_the_analysis_of_variance_is_unbiased_where_a_die_has_few_junctions(table: Callable[..., str]) -> None:
    """The variance of the means of 3 junctions would count a third of the local variance to the global one."""
    found = [fit_variation(table(drawn(seed, 300, 3, "r_p r_ap cd die"))).overall["cd"].sigma ** 2 for seed in range(12)]
    error = math.sqrt(2 / 300) * (GLOBAL["cd"] ** 2 + LOCAL["cd"] ** 2 / 3) / math.sqrt(12)
    assert np.mean(found) == pytest.approx(GLOBAL["cd"] ** 2, abs=4 * error)
    assert 4 * error < LOCAL["cd"] ** 2 / 3


def test_what_the_resistance_alone_does_not_tell(table: Callable[..., str]) -> None:
    path = table(drawn(3, 40, 50, "r_p r_ap die"))
    blind = fit_variation(path)
    assert blind.source == "none"
    assert any("does not tell RA from the diameter" in note for note in blind.notes)
    together = math.hypot(LOCAL["ra"], 2 * LOCAL["cd"])
    assert blind.local["ra"].low <= together <= blind.local["ra"].high
    assert blind.local["cd"].sigma == 0
    known = fit_variation(path, cd=LOCAL["cd"], cd_global=GLOBAL["cd"])
    assert known.local["ra"].low <= LOCAL["ra"] <= known.local["ra"].high < together
    assert known.overall["ra"].low <= GLOBAL["ra"] <= known.overall["ra"].high
    with pytest.raises(UserError, match=r"--cd 9 %: R_P would spread by 18 % at least"):
        fit_variation(path, cd=0.09)


def test_a_spread_that_is_called_that_of_ra_is_not_drawn_by_the_diameter_too(table: Callable[..., str], tmp_path: Path) -> None:
    """The card's own 2 % of the diameter would come on top: R_P would spread by 6.4 % where the table says 5 %."""
    blind = fit_variation(table(drawn(3, 40, 50, "r_p r_ap die")))
    (tmp_path / "joint.toml").write_text(as_toml(blind), encoding="utf-8")
    samples = Campaign("stt-read", trials=20_000, variation_file=str(tmp_path / "joint.toml")).samples(0, 20_000)
    r_p = np.log(samples["ra_c0"]) - 2 * np.log(samples["cd_c0"])
    assert np.std(r_p) == pytest.approx(math.hypot(blind.local["ra"].sigma, blind.overall["ra"].sigma), rel=0.02)


def test_the_coercive_field_of_a_known_card_tells_them_apart(table: Callable[..., str]) -> None:
    found = fit_variation(table(drawn(5, 40, 250, "r_p r_ap h_c die")), junction=JUNCTION)
    assert found.source == "h_c"
    for kind, sigma in LOCAL.items():
        assert found.local[kind].low <= sigma <= found.local[kind].high, kind


def test_the_command_writes_a_model_that_a_campaign_takes(cli: Cli, table: Callable[..., str], tmp_path: Path) -> None:
    path, out = table(drawn(1, 60, 40, "r_p r_ap cd die")), tmp_path / "joint.toml"
    answer = cli("fit-variation", path, "-o", str(out), "--json")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    data = np.genfromtxt(path, delimiter=",", names=True)
    measured = {"r_p": data["r_p"], "tmr": data["r_ap"] / data["r_p"] - 1, "cd": data["cd"]}
    assert found["geometric_means"] == pytest.approx({name: gmean(values) for name, values in measured.items()})
    assert (tmp_path / "joint.png").stat().st_size > 10_000
    drawn_again = Campaign("sot-logic", trials=40_000, variation_file=str(out)).samples(0, 40_000)
    ra = np.log([drawn_again["ra_c0"], drawn_again["ra_c1"]])
    assert np.std(ra[0] - ra[1]) / math.sqrt(2) == pytest.approx(found["local"]["ra"]["sigma"], rel=0.03)
    assert np.cov(ra)[0, 1] == pytest.approx(found["global"]["ra"]["sigma"] ** 2, rel=0.06)
    rho = np.corrcoef(ra[0] - ra[1], np.log(drawn_again["tmr_c0"]) - np.log(drawn_again["tmr_c1"]))[0, 1]
    assert rho == pytest.approx(RHO, abs=0.06)
    plain = cli("fit-variation", path, "-o", str(out), "--device", "stt-bnn-65nm")
    assert "local  ra" in plain.stdout
    assert "the card (--device) is not used: there is no column h_c" in plain.stdout
    nowhere = cli("fit-variation", path, "-o", str(tmp_path / "none" / "joint.toml"))
    assert (nowhere.returncode, "its folder does not exist" in nowhere.stderr) == (2, True)


def test_a_junction_that_is_none_is_told(table: Callable[..., str]) -> None:
    text = drawn(3, 10, 20, "r_p r_ap")
    assert not any("short" in note for note in fit_variation(table(text)).notes)
    (told,) = [note for note in fit_variation(table(text + "\n3500000,7700000")).notes if "short" in note]
    assert told.startswith("1 junction(s) with r_p")
    assert "line 202:" in told


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("r_p,r_ap\n1,2\n", r"1 junctions; at least 10"),
        ("", r"no column 'r_p'"),
        ("r_p,tmr\n1,2\n", r"column 'tmr' given; allowed: r_p, r_ap"),
        ("r_p,r_ap,r_p\n1,2,3\n", r"given twice"),
        ("r_p,r_ap\n" + "1,2\n" * 12, r"column r_(p|ap): all values are the same"),
        ("r_p,r_ap\n" + "1,2\n" * 12 + "1\n", r"line 14 has 1 values; 2 are named"),
        ("r_p,r_ap\n" + "1,2\n" * 12 + "x,2\n", r"line 14: r_p 'x' given; allowed: a number above 0"),
        ("r_p,r_ap\n" + "1,2\n" * 12 + "3,2\n", r"line 14: r_ap is not above r_p"),
        ("r_p,r_ap,die\n" + "".join(f"{1 + n / 99},{2 + n / 9},a\n" for n in range(12)), r"column die: 1 dies"),
    ],
)
def test_a_bad_table_is_one_line(table: Callable[..., str], text: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as error:
        fit_variation(table(text))
    assert "data.csv" in str(error.value)
    assert "\n" not in str(error.value)
