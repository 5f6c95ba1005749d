"""Kinds of device of a user's own: the one that docs/device.md writes down, taken from the page, and one written from it."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import spicekit
from montecarlo import Campaign
from montecarlo.jobs.replay import replay
from spicekit.devices import device_kinds, load_device
from spicekit.errors import UserError
from spicekit.inputs import recording
from spicekit.netlist import render
from spicekit.paths import absolute

HERE = Path(__file__).parent
TERNARY = f"{HERE / 'ternary.py'}:Ternary:{HERE / 'ternary.toml'}"
K_B = 1.380649e-23 / 1.602176634e-19  # eV/K


@pytest.fixture
def pcm(tmp_path: Path) -> Path:
    """A folder with the files of the page."""
    page = (Path(__file__).parents[3] / "docs" / "device.md").read_text(encoding="utf-8")
    files = re.findall(r"^`([\w.]+\.\w+)`[^\n]*(?:\n[^\n]+)*\n\n```\w*\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for name, text in files:
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert {name for name, _ in files} == {"pcm.py", "pcm.lib.j2", "gst.toml", "pcm_read.py", "pcm_read.cir.j2"}
    return tmp_path


def drifted(share: float, age: float, nu: float = 0.1, amorphous: float = 1e6) -> float:
    """Resistance in ohm of the page's cell: both parts in series, the amorphous one grown by (age / 1 s)^nu."""
    return 10e3 * (1 - share) + amorphous * share * age**nu


@pytest.mark.parametrize("age", [1.0, 1e3, 1e-3, 1e7])
def test_the_pages_cell_drifts_by_its_power_law(pcm: Path, age: float) -> None:
    found = spicekit.run(f"{pcm / 'pcm_read.py'}:PcmRead", age=age).measures
    for state, share in (("set", 0.0), ("half", 0.5), ("reset", 1.0)):
        assert found[f"r_{state}"] == pytest.approx(drifted(share, age), rel=1e-6), state
    assert load_device(f"{pcm / 'pcm.py'}:Pcm:{pcm / 'gst.toml'}").kind == "pcm"


def test_the_pages_cell_is_thermally_activated(pcm: Path) -> None:
    """R goes with exp(0.2 eV / kT)."""
    found = spicekit.run(f"{pcm / 'pcm_read.py'}:PcmRead", temperature=85).measures
    amorphous = 1e6 * math.exp(0.2 / K_B * (1 / 358.15 - 1 / 300.15))
    assert found["r_reset"] == pytest.approx(drifted(1.0, 1.0, amorphous=amorphous), rel=1e-6)


def test_a_campaign_of_the_page_draws_the_drift_exponent(pcm: Path, tmp_path: Path) -> None:
    """ln R has the mean and spread of nu ln t and of the amorphous resistance; a trial is its own sample's closed form."""
    campaign = Campaign(f"{pcm / 'pcm_read.py'}:PcmRead", trials=400, seed=3, parameters={"age": 1e6})
    summary = campaign.run(tmp_path / "c", workers=2).summary
    assert summary["outcomes"]["ok"] == 400
    r = pq.read_table(tmp_path / "c" / "trials").sort_by("trial")["r_reset"].to_numpy()
    drawn = campaign.samples(0, 400)
    expected = [drifted(1.0, 1e6, nu, ra) for nu, ra in zip(drawn["nu_c0"], drawn["amorphous_c0"], strict=True)]
    np.testing.assert_allclose(r, expected, rtol=1e-6)
    sigma = math.hypot(0.015 * math.log(1e6), 0.1)
    assert np.std(np.log(r)) == pytest.approx(sigma, rel=4 / math.sqrt(2 * 400))  # four standard errors
    assert replay(tmp_path / "c", 7).measures["r_reset"] == pytest.approx(r[7], rel=1e-9)


def test_all_files_of_a_kind_are_noted(pcm: Path) -> None:
    with recording() as files:
        render(spicekit.make_bench(f"{pcm / 'pcm_read.py'}:PcmRead", {}))
    names = ("pcm.py", "pcm.lib.j2", "gst.toml", "pcm_read.py", "pcm_read.cir.j2")
    assert {str(pcm / name) for name in names} <= set(files)


def test_a_card_is_read_again_when_it_or_its_class_has_changed(pcm: Path) -> None:
    name = f"{pcm / 'pcm.py'}:Pcm:{pcm / 'gst.toml'}"
    first = load_device(name)
    assert load_device(name) is first
    card = pcm / "gst.toml"
    card.write_text(card.read_text().replace("value = 10, unit", "value = 12.5, unit"))
    assert load_device(name).at().numbers.crystalline == 12.5e3  # type: ignore[attr-defined]
    kind = pcm / "pcm.py"
    kind.write_text(kind.read_text().replace("PcmNumbers(r.crystalline.value,", "PcmNumbers(2 * r.crystalline.value,"))
    assert load_device(name).at().numbers.crystalline == 25e3  # type: ignore[attr-defined]


def test_three_states_are_read_as_a_divider() -> None:
    bench = f"{HERE / 'ternary.py'}:TernaryRead"
    found = spicekit.run(bench, vdd=1.0).measures
    for state, ohm in enumerate((20e3, 50e3, 200e3)):
        assert found[f"v_{state}"] == pytest.approx(ohm / (ohm + 50e3), rel=1e-6)


def test_a_spread_of_three_states_is_the_closed_form_of_each_trial(tmp_path: Path) -> None:
    campaign = Campaign(f"{HERE / 'ternary.py'}:TernaryRead", trials=50, seed=2, parameters={"vdd": 1.0})
    campaign.run(tmp_path / "c", workers=1)
    table = pq.read_table(tmp_path / "c" / "trials").sort_by("trial")
    factor = campaign.samples(0, 50)["spread_c0"]
    np.testing.assert_allclose(table["v_1"].to_numpy(), factor / (factor + 1), rtol=1e-6)
    assert np.ptp(factor) > 0.1


def test_a_device_with_two_states_sits_in_a_shipped_column() -> None:
    """A column of 16 such cells, one selected: 20 or 200 kohm under 50 nA."""
    text = render(spicekit.make_bench("c3cim-column", {"device": TERNARY, "n": 16}))
    assert "Vr_lrs_c0 r_lrs_c0 0 20000.0" in text
    assert "Vr_hrs_c0 r_hrs_c0 0 200000.0" in text


def test_a_device_without_two_states_is_refused_in_one(pcm: Path) -> None:
    with pytest.raises(UserError, match=r"parameter device: device 'gst' is of kind 'pcm', which has no two states"):
        spicekit.make_bench("c3cim-column", {"device": f"{pcm / 'pcm.py'}:Pcm:{pcm / 'gst.toml'}"})


def test_an_installed_package_brings_a_kind(pcm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card with its kind is enough then; without the package the kind is unknown, and no Python is looked for."""
    card = str(pcm / "gst.toml")
    with pytest.raises(UserError, match=r"gst\.toml: kind 'pcm' given; allowed: mtj, resistive, or that of a file"):
        load_device(card)
    site = tmp_path / "site"
    (site / "cells-1.0.dist-info").mkdir(parents=True)
    (site / "cells-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: cells\nVersion: 1.0\n")
    (site / "cells-1.0.dist-info" / "entry_points.txt").write_text("[spicekit.devices]\npcm = installed_pcm:Pcm\n")
    (site / "installed_pcm.py").write_text((pcm / "pcm.py").read_text())
    (site / "pcm.lib.j2").write_text((pcm / "pcm.lib.j2").read_text())
    monkeypatch.syspath_prepend(str(site))
    assert device_kinds() == ["mtj", "resistive", "pcm"]
    assert load_device(card).at().numbers.nu == 0.1  # type: ignore[attr-defined]
    (pcm / "pcm.lib.j2").unlink()  # the model is the package's
    found = spicekit.run(f"{pcm / 'pcm_read.py'}:PcmRead", device=card, age=100).measures
    assert found["r_reset"] == pytest.approx(drifted(1.0, 100), rel=1e-6)


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ("{}/pcm.py:Nope:{}/gst.toml", r"pcm\.py: no kind of device 'Nope' in it"),
        ("{}/none.py:Pcm:{}/gst.toml", r"kind of device file not found: .*none\.py"),
        ("{}/pcm.py:PcmNumbers:{}/gst.toml", r"pcm\.py:PcmNumbers is not a subclass of spicekit\.devices\.DeviceCard"),
        ("{}/pcm.py:Pcm:{}/none.toml", r"cannot read .*none\.toml"),
        ("{}/pcm.py:Pcm:rram-hfo2", r"rram-hfo2\.toml: unknown key 'states'|rram-hfo2\.toml: .*kind"),
        ("{}/pcm.py:Pcm:nope", r"unknown device 'nope'"),
        ("{}/hot.toml", r"hot\.toml: kind \['pcm'\] given"),
    ],
)
def test_what_is_wrong_with_a_device_is_one_line(pcm: Path, device: str, said: str) -> None:
    (pcm / "hot.toml").write_text('kind = ["pcm"]\n')
    with pytest.raises(UserError, match=said) as caught:
        load_device(device.replace("{}", str(pcm)))
    assert "\n" not in str(caught.value)


def test_a_card_names_no_python(pcm: Path) -> None:
    """It is data: a file that it names is not run."""
    (pcm / "evil.py").write_text("from pathlib import Path\nPath(__file__).with_name('mark').touch()\n")
    card = pcm / "gst.toml"
    for kind in ("evil.py:Pcm", f"{pcm}/evil.py:Pcm", "evil:Pcm"):
        card.write_text(re.sub("^kind = .*", f'kind = "{kind}"', card.read_text()))
        with pytest.raises(UserError, match=r"gst\.toml: kind '.*' given; allowed: "):
            load_device(str(card))
    assert not (pcm / "mark").exists()


def test_a_bench_of_junctions_refuses_other_devices() -> None:
    with pytest.raises(UserError, match=r"device 'rram-hfo2' is of kind 'resistive'; allowed: mtj"):
        spicekit.make_bench("mtj-iv", {"device": "rram-hfo2"})


def test_an_error_in_a_kind_names_its_file_also_in_a_shipped_bench(tmp_path: Path) -> None:
    source = (
        (HERE / "ternary.py")
        .read_text()
        .replace("        k = self.numbers\n        return Res", "        1 / 0\n        return Res")
    )
    (tmp_path / "broken.py").write_text(source)
    device = f"{tmp_path / 'broken.py'}:Ternary:{HERE / 'ternary.toml'}"
    with pytest.raises(UserError, match=r"two_state\(\) raised ZeroDivisionError: .*broken\.py:\d+"):
        spicekit.make_bench("c3cim-column", {"device": device})


def test_a_model_with_the_name_of_another_template_is_refused(pcm: Path, tmp_path: Path) -> None:
    """Which of the two is meant nobody knows."""
    other = tmp_path / "other"
    other.mkdir()
    for name in ("pcm.py", "pcm.lib.j2", "gst.toml"):
        (other / name).write_text((pcm / name).read_text())
    bench = spicekit.make_bench(f"{pcm / 'pcm_read.py'}:PcmRead", {"device": f"{other / 'pcm.py'}:Pcm:{other / 'gst.toml'}"})
    with pytest.raises(UserError, match=r"other/pcm\.lib\.j2: a template of this name is in .* too; give it another name"):
        render(bench)


def test_both_paths_of_a_device_become_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute("a/pcm.py:Pcm:b/gst.toml") == f"{tmp_path}/a/pcm.py:Pcm:{tmp_path}/b/gst.toml"
    assert absolute("pcm.py:Pcm:gst") == f"{tmp_path}/pcm.py:Pcm:gst"  # a card that ships
