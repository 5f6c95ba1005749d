"""Amplifiers at equal gate area: the areas, the estimates against closed forms, and the command end to end."""

from __future__ import annotations

import csv
import json
import math
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from montecarlo.jobs.equal_area import STEP, EqualArea, Rival, noise_estimate, parse_at, sigma_estimate
from spicekit.benches.sensing.auto_zero import AutoZero
from spicekit.benches.sensing.tbs import TbsSense
from spicekit.cli.options import read_parameters
from spicekit.errors import UserError
from spicekit.registry import make_bench

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    "bench",
    [
        "tbs-sense",
        "tbs-sense,design=fast",
        "vsa-sense",
        "auto-zero",
        "double-tail",
        "current-mode",
        "self-reference",
        "vsa-sense,reference=ideal",
    ],
)
def test_every_amplifier_has_the_area(bench: str) -> None:
    for area in (4.0e-12, 9.8e-12):
        assert Rival.of(bench, area, {}).gate_area == pytest.approx(area, rel=1e-9)


def test_all_sizes_grow_by_one_factor() -> None:
    own = TbsSense(design="fast").p
    rival = Rival.of("tbs-sense,design=fast", 2 * TbsSense(design="fast").gate_area, {})
    bench = make_bench("tbs-sense", dict(rival.parameters))
    assert isinstance(bench, TbsSense)
    grown = bench.p
    for name in TbsSense.scaled:
        assert getattr(grown, name) == pytest.approx(2 * getattr(own, name)), name
    assert grown.l_st == own.l_st
    # what the reference's buffer takes does not grow
    share = 4 * 2e-12 / 16
    area = AutoZero().gate_area
    assert Rival.of("auto-zero", area, {}).parameters["w_amplify"] == pytest.approx(AutoZero().p.w_amplify)
    wide = Rival.of("auto-zero", 2 * area - share, {}).parameters["w_amplify"]
    assert wide == pytest.approx(2 * AutoZero().p.w_amplify)


@pytest.mark.parametrize(
    ("text", "m2"), [("area=4.9u2", 4.9e-12), ("area=4.9um2", 4.9e-12), ("area=5e-12", 5e-12), ("area=5e6n2", 5e-12)]
)
def test_areas_are_read(text: str, m2: float) -> None:
    assert parse_at(text) == pytest.approx(m2, rel=1e-12)


def test_estimates() -> None:
    one = sigma_estimate(2e-3, 101)
    assert (one.value, one.low, one.high) == pytest.approx((2e-3, 1.757e-3, 2.323e-3), rel=1e-3)  # tables of chi-square, 100
    assert sigma_estimate(None, 5).value is None
    # decisions of a normal distribution about an offset of its own
    rng = np.random.default_rng(1)
    sigma, offset = 0.4e-3, 0.1e-3
    above, below = ((rng.normal(offset, sigma, 20_000) + step > 0).astype(float) for step in (STEP, -STEP))
    noise = noise_estimate(above, below)
    assert noise.value == pytest.approx(sigma, rel=0.03)
    assert noise.low is not None
    assert noise.high is not None
    assert noise.low < sigma < noise.high
    quiet = noise_estimate(np.ones(20), np.zeros(20))
    assert (quiet.value, quiet.low) == (None, None)
    assert quiet.high == pytest.approx(2 * STEP / (2 * 0.9661), rel=0.01)  # 16.8 %: the exact upper end of 0 of 20


def test_command(cli: Cli, tmp_path: Path) -> None:
    given = ["vsa-sense", "auto-zero", "--at", "area=4.9u2", "--trials", 3, "-p", "t_window=1.2n", "--workers", 1]
    answer = json.loads(cli("compare", *given, "--out", tmp_path, "--json").stdout)
    with (tmp_path / "table.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [row["name"] for row in answer["amplifiers"]] == [line["name"] for line in lines] == ["vsa-sense", "auto-zero"]
    for row, line in zip(answer["amplifiers"], lines, strict=True):
        assert row["ok"] == 9
        assert float(line["gate_area"]) == pytest.approx(4.9e-12)
        assert float(line["error_value"]) == pytest.approx(row["error"]["value"])
        assert row["error"]["high"] == pytest.approx(0.459, abs=0.002)  # 0 of 6
        assert (row["error"]["value"], row["noise"]) == (0, None)
        summary = json.loads((tmp_path / row["name"] / "offset" / "summary.json").read_text())
        assert row["sigma_offset"]["value"] == pytest.approx(summary["measures"]["offset"]["std"])
        assert math.isfinite(row["t_decision"])
    assert (tmp_path / "compare.png").stat().st_size > 10_000
    again = json.loads(cli("compare", *given, "--out", tmp_path, "--json").stdout)  # nothing is left to simulate
    assert again == answer
    before = (tmp_path / "summary.json").read_bytes()
    for changed, says in ((["--seed", 2], "holds another comparison: 'seed' differs"), (["-p", "vdd=1"], "'given' differs")):
        answered = cli("compare", *given, *changed, "--out", tmp_path)
        assert answered.returncode == 2
        assert says in answered.stderr
    other = cli("mc", "stt-read", "--trials", 2, "--out", tmp_path)
    assert (other.returncode, "holds compare.json but no campaign.json" in other.stderr) == (2, True)
    assert (tmp_path / "summary.json").read_bytes() == before


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "campaign.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match=r"holds campaign\.json but no compare\.json; give another --out"):
        EqualArea(["vsa-sense", "auto-zero"], area=4.9e-12, trials=2).run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["campaign.json"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("vsa-sense", "--at", "area=4.9u2"), "1 bench given; allowed: 2 or more"),
        (("vsa-sense", "vsa-sense", "--at", "area=4.9u2"), "a bench is given twice"),
        (("vsa-sense", "sot-read", "--at", "area=4.9u2"), "bench 'sot-read' cannot be compared; allowed: sense amplifiers"),
        (("vsa-sense", "tbs-sens", "--at", "area=4.9u2"), "unknown bench 'tbs-sens'; did you mean tbs-sense"),
        (("vsa-sense", "tbs-sense", "--at", "4.9u2"), "--at '4.9u2': allowed: area=NUMBER in u2"),
        (("vsa-sense", "tbs-sense", "--at", "area=0"), "--at 'area=0': 0 m2; allowed: above 0"),
        (("vsa-sense", "tbs-sense", "--at", "area=0.4u2"), "share of the reference alone has 0.5 um2"),
        (("auto-zero", "tbs-sense", "--at", "area=1u2"), "--at area=1u2: bench 'auto-zero': parameter w_"),
        (("vsa-sense", "tbs-sense,design", "--at", "area=5u2"), "'tbs-sense,design': 'design': give BENCH or BENCH,NAME=VALUE"),
        (("vsa-sense", "tbs-sense", "-p", "noise=on", "--at", "area=5u2"), "parameter noise is chosen by the comparison"),
    ],
)
def test_wrong_input(arguments: tuple[str, ...], says: str) -> None:
    """As the command does, which prints the one line of such an error (tests/spicekit/test_cli_errors.py)."""
    words = list(arguments)
    given = read_parameters([words.pop(words.index("-p") + 1)], None, None) if "-p" in words else {}
    benches = [word for word in words[: words.index("--at")] if word != "-p"]
    with pytest.raises(UserError, match=re.escape(says)) as caught:
        EqualArea(benches, area=parse_at(words[words.index("--at") + 1]), trials=2, parameters=given)
    assert "\n" not in str(caught.value)
