"""A joint model of variation as a file: what is drawn from it, what stands over it, what binds a folder to it, and errors."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from montecarlo import Campaign
from montecarlo.jobs.replay import replay
from montecarlo.joint import read_joint
from montecarlo.variation import Correlation, Variation
from spicekit import UserError

MODEL = """
source = "wafer 7"
[local.ra]
sigma = {value = 4, unit = "%", source = "wafer 7"}
[local.cd]
sigma = {value = 3, unit = "%", source = "wafer 7"}
distribution = "lognormal"
truncate = 4
[global.ra]
sigma = {value = 6, unit = "%", source = "wafers 1 to 25"}
[global.cd]
sigma = {value = 2, unit = "%", source = "wafers 1 to 25"}
[local.vth]
sigma = {value = 20, unit = "mV", source = "chosen"}
[[correlations]]
between = ["ra", "tmr"]
rho = -0.4
[[correlations]]
between = ["ra", "cd"]
rho = 0.7
scope = "global"
"""
N = 40_000
Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "joint.toml"
    file.write_text(MODEL, encoding="utf-8")
    return file


def test_the_draws_have_the_moments_of_the_file_in_both_scopes(model: Path) -> None:
    campaign = Campaign("sot-logic", trials=N, seed=3, variation_file=str(model))
    drawn = campaign.samples(0, N)
    error = 5 / math.sqrt(2 * N)
    ra = np.array([drawn["ra_c0"], drawn["ra_c1"]]) / 32
    # a global draw is in all devices, a local one in its own: the half difference and the covariance of two devices
    assert np.std(ra[0] - ra[1]) == pytest.approx(0.04 * math.sqrt(2), rel=error)
    assert np.cov(ra)[0, 1] == pytest.approx(0.06**2, rel=5 / math.sqrt(N) * 1.5)
    size = np.log(np.array([drawn["cd_c0"], drawn["cd_c1"]]))
    assert np.std(size[0] - size[1]) == pytest.approx(0.03 * math.sqrt(2), rel=error + 2e-3)  # cut at 4 sigma
    # across devices only the globals correlate: 0.7 times the shares of the globals
    share = 0.06 / math.hypot(0.04, 0.06) * 0.02 / math.hypot(0.03, 0.02)
    assert np.corrcoef(ra[0], size[1])[0, 1] == pytest.approx(0.7 * share, abs=5 / math.sqrt(N))
    # and within a device RA and TMR, whose globals are RA's alone
    assert np.corrcoef(ra[0], drawn["tmr_c0"])[0, 1] == pytest.approx(-0.4 * 0.04 / math.hypot(0.04, 0.06), abs=5 / math.sqrt(N))
    assert np.std(drawn["vth_c0"]) == pytest.approx(0.02, rel=error)


def test_the_command_stands_over_the_file(model: Path) -> None:
    own = [Variation.parse("ra=1%"), Variation.parse("cd=0", "global")]
    campaign = Campaign(
        "sot-logic", trials=10, variations=own, correlations=[Correlation("tmr", "ra", 0.2)], variation_file=str(model)
    )
    found = {(one.scope, one.target): one.sigma for one in campaign.space.variations}
    assert found == {
        ("local", "ra"): 0.01, ("local", "cd"): 0.03, ("local", "vth"): 0.02, ("global", "ra"): 0.06, ("global", "cd"): 0.0
    }  # fmt: skip
    assert {(one.scope, one.rho) for one in campaign.space.correlations} == {("local", 0.2), ("global", 0.7)}


def test_what_a_junction_of_given_state_does_not_have_is_left_out(model: Path) -> None:
    more = '[local.hk]\nsigma = {value = 3, unit = "%", source = "x"}\n[[correlations]]\nbetween = ["hk", "cd"]\nrho = 0.3\n'
    model.write_text(MODEL.replace("[[correlations]]", more + "[[correlations]]", 1), encoding="utf-8")
    still, moving = (Campaign(bench, trials=10, variation_file=str(model)).space for bench in ("stt-read", "stt-write"))
    assert "hk" in {one.target for one in moving.variations}
    assert {one.target for one in still.variations} == {one.target for one in moving.variations} - {"hk"}
    assert len(moving.correlations) - len(still.correlations) == 1


def test_a_folder_is_bound_to_the_file_and_resumes_and_replays(cli: Cli, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [
        "mc",
        "sot-read",
        "--trials",
        "20",
        "--workers",
        "1",
        "--out",
        str(out),
        "--variation",
        str(model),
        "--sigma",
        "tmr=0",
    ]
    answer = cli(*command)
    assert answer.returncode == 0, answer.stderr
    assert "correlated once a trial: ra, cd: 0.7" in answer.stdout
    record = json.loads((out / "campaign.json").read_text())
    assert record["variation_file"] == str(model)
    assert str(model) in record["inputs"]
    table = pq.read_table(out / "trials")
    assert cli(*command).returncode == 0  # resumed
    assert replay(out, 7).measures["v_p"] == pytest.approx(table["v_p"][7].as_py(), rel=1e-9)
    model.write_text(MODEL.replace("rho = 0.7", "rho = 0.6"), encoding="utf-8")
    answer = cli(*command)
    assert answer.returncode == 2
    assert "'correlations'" in answer.stderr
    model.write_text(MODEL + "# said besides\n", encoding="utf-8")  # the same numbers in another file
    for again in (command, ["replay", str(out), "--trial", "7", "--out", str(tmp_path / "r")]):
        answer = cli(*again)
        assert answer.returncode == 2
        assert "joint.toml" in answer.stderr


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('unit = "%", source = "wafer 7"}\ndist', 'source = "wafer 7"}\ndist', r"missing key 'local.cd.sigma.unit'"),
        ("[local.vth]", "[local.vht]", r"local\.vht: unknown variation point 'vht'"),
        ('"mV"', '"mA"', r"local\.vth: .*mA"),
        ('value = 20, unit = "mV"', 'value = 2, unit = "V"', r"local\.vth: a sigma of 2 V given; allowed for"),
        ('"lognormal"', '"gamma"', r"local\.cd\.distribution"),
        ("truncate = 4", "truncate = 0", r"local\.cd\.truncate"),
        ("rho = 0.7", "rho = 1.7", r"correlations\.1\.rho"),
        ('["ra", "cd"]', '["ra", "tmr"]', r"correlations, ra, tmr: 'tmr' is not drawn for all devices; allowed: cd, ra"),
        ('["ra", "tmr"]', '["ra", "c"]', r"correlations, ra, c: no device has both"),
        ("[global.cd]", "[overall.cd]", r"unknown key 'overall'"),
        ('scope = "global"', 'scope = "die"', r"correlations\.1\.scope"),
        ("[local.ra]", "[local.ra", r"not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line_with_its_key(model: Path, old: str, new: str, says: str) -> None:
    assert old in MODEL
    model.write_text(MODEL.replace(old, new), encoding="utf-8")
    with pytest.raises(UserError, match=says) as error:
        Campaign("sot-logic", trials=10, variation_file=str(model))
    assert "joint.toml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot read .*nowhere\.toml"):
        read_joint(str(tmp_path / "nowhere.toml"))
