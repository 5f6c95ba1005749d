"""What a campaign says about its variations: in the unit and in per cent, points of a kind together."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from montecarlo import Correlation, Space, Variation
from montecarlo.variation_text import variation_lines
from spicekit.bench import VariationPoint
from spicekit.names import grouped

CELLS = [VariationPoint(f"ra_c{cell}", "ra", 10.0, "ohm um2", sigma=0.5) for cell in range(6)]
SHIFTS = [VariationPoint("vth_a", "vth", 0.0, "V", sigma=5e-3), VariationPoint("vth_b", "vth", 0.0, "V", sigma=12e-3)]
GAIN = VariationPoint("beta_a", "beta", 0.0, "", sigma=0.02)
STILL = VariationPoint("area_a", "area", 1.0, "")
POINTS = [*CELLS, *SHIFTS, GAIN, STILL]


def test_a_bare_sigma_shows_what_it_is_of_the_nominal_value() -> None:
    """0.05 is 0.05 ohm um2, half a per cent of 10, and not 5 %."""
    lines = variation_lines([Space(POINTS, [Variation.parse("ra=0.05")])])
    assert lines == [
        "variations, each device on its own:",
        "  ra         nominal 10 ohm um2, sigma 0.05 ohm um2 = 0.5 %, normal: ra_c0 ... ra_c5 (6)",
        "  vth        nominal 0 V, sigma 5 mV to 12 mV, normal: vth_a vth_b",
        "  beta       nominal 0, sigma 0.02 = 2 %, normal: beta_a",
        "not varied: area",
    ]


def test_global_correlated_cut_and_one_point_apart() -> None:
    given = [Variation.parse("ra=5%:lognormal:3"), Variation.parse("ra_c2=1"), Variation.parse("area=4%", "global")]
    lines = variation_lines([Space(POINTS, given, [Correlation("vth", "beta", -0.4)])])
    assert (
        "  ra         nominal 10 ohm um2, sigma 0.5 ohm um2 = 5 %, lognormal cut at 3 sigma: ra_c0 ra_c1 ra_c3 ra_c4 ra_c5"
        in [re.sub(r"ra_c0 \.\.\. ra_c5 \(5\)", "ra_c0 ra_c1 ra_c3 ra_c4 ra_c5", line) for line in lines]
    )
    assert "  ra         nominal 10 ohm um2, sigma 1 ohm um2 = 10 %, normal: ra_c2" in lines
    place = lines.index("variations, once a trial for all devices:")
    assert lines[place + 1] == "  area       nominal 1, sigma 0.04 = 4 %, normal: area_a"
    assert lines[-1] == "correlated within a device: vth, beta: -0.4"


def test_the_points_of_a_sweep_give_ranges() -> None:
    spaces = [Space([VariationPoint("tmr_a", "tmr", tmr, "", sigma=0.1 * tmr)], []) for tmr in (1.5, 2.5)]
    assert variation_lines(spaces)[1] == "  tmr        nominal 1.5 to 2.5, sigma 0.15 to 0.25 = 10 %, normal: tmr_a"


def test_names_in_few_words() -> None:
    assert grouped(["ra_ref", *(f"ra_c{cell}" for cell in range(256))]) == "ra_ref ra_c0 ... ra_c255 (256)"
    assert grouped(["vth_a", "vth_b", "vth_c1", "vth_c2"]) == "vth_a vth_b vth_c1 vth_c2"


def test_show_groups_a_thousand_points_and_json_has_them_all(cli: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    text = cli("show", "stt-bnn-row").stdout
    assert "ra_c0 ... ra_c127 (128)" in text
    assert max(map(len, text.splitlines())) < 250
    points = json.loads(cli("show", "stt-bnn-row", "--json").stdout)["points"]
    assert {f"ra_c{cell}" for cell in range(128)} <= {point["name"] for point in points}


@pytest.mark.parametrize("words", [("mc",), ("sweep", "--over", "tmr=2,2.5")])
def test_the_commands_say_it_above_their_answer(
    cli: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = cli(words[0], "sot-read", *words[1:], "--trials", 4, "--sigma", "ra=0.05", "--workers", 1, "--out", tmp_path / "a")
    assert (done.returncode, done.stderr) == (0, "")
    place = done.stdout.index("nominal 32 ohm um2, sigma 0.05 ohm um2 = 0.156 %, normal: ra_c0")
    assert place < done.stdout.rindex("v_ap")
