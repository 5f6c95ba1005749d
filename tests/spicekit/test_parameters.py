"""What a bench says of parameters that are wrong, and where its parameters come from."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spicekit import Bench, BenchParameters, DcAnalysis, Measure, UserError, VariationPoint, make_bench, quantity
from spicekit.benches.stt.cell import CellParameters
from spicekit.benches.stt.read import ReadParameters, SttRead
from spicekit.errors import MOST
from spicekit.registry import bench_names

Cli = Callable[..., subprocess.CompletedProcess[str]]

W, L = 40e-9, 20e-9  # m, below the 120 nm and 65 nm of ptm65


class SizeParameters(BenchParameters):
    w: float = quantity(1e-6, "m", "width, not declared as one of a channel")
    length: float = quantity(1e-6, "m", "length, likewise")


class Sized(Bench[SizeParameters]):
    name = "sized"
    summary = "one transistor"
    template = "none"
    factor = 1.0

    def points(self) -> tuple[VariationPoint, ...]:
        return tuple(self.transistor("m1", self.factor * self.p.w, self.p.length))

    def analysis(self) -> DcAnalysis:
        return DcAnalysis(save=())

    def measures(self) -> tuple[Measure, ...]:
        return ()


def said(name: str, **given: Any) -> list[str]:
    """What the error for a bench with ``given`` says of each parameter."""
    with pytest.raises(UserError) as error:
        make_bench(name, given)
    line = str(error.value)
    assert "\n" not in line
    assert line.startswith(f"bench '{name}': parameter ")
    return line.removeprefix(f"bench '{name}': parameter ").split("; parameter ")


def test_a_size_below_the_technologys_names_its_parameter() -> None:
    assert said("stt-read", w_access=W) == [
        "w_access: 40 nm given; allowed: at least 120 nm, the smallest W of technology 'ptm65'"
    ]


def test_all_that_is_wrong_is_said_at_once() -> None:
    """By pydantic (v_read, t_read), by the technology (sizes, temperature) and as no number (ra)."""
    found = said("stt-read", w_access=W, v_read=3, t_read=0, ra="x", temperature=200)
    assert sorted(line.partition(":")[0] for line in found) == ["'ra'", "t_read", "temperature", "v_read", "w_access"]
    assert "temperature: 200 C is outside -40.0 to 125.0 C of technology 'ptm65'" in found
    assert "v_read: allowed: less than or equal to 2 (given: 3)" in found


def test_what_parameters_break_together_is_said_with_what_the_technology_refuses() -> None:
    found = said("sot-logic", fan_in=6, rows=3, w_read=1e-9)
    assert [line.partition(":")[0] for line in found] == ["w_read", "fan_in"]


def test_a_long_list_is_cut() -> None:
    wrong = dict.fromkeys(("w_st", "l_st", "w_load", "l_load", "w_latch", "w_line", "w_buffer"), 1e-9)
    found = said("tbs-sense", **wrong)
    assert len(found) == MOST
    assert found[-1].endswith(f"; and {len(wrong) - MOST} more")


@pytest.mark.parametrize("given", [{"technology": "none"}, {"corner": "none"}, {"device": "none"}])
def test_what_the_technology_cannot_say_is_said_too(given: dict[str, str]) -> None:
    found = said("stt-read", t_read=0, **given)
    assert found[0].startswith("t_read: ")
    assert "unknown" in found[0]


def test_a_transistors_size_is_that_of_a_parameter() -> None:
    with pytest.raises(UserError) as error:
        Sized(technology="ptm65", w=W, length=L).points()
    smallest = "given; allowed: at least 65 nm, the smallest L of technology 'ptm65'; parameter w: 40 nm given"
    assert f"parameter length: 20 nm {smallest}; allowed: at least 120 nm, the smallest W" in str(error.value)


def test_a_transistors_size_that_is_computed_names_the_transistor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sized, "factor", 0.5)
    with pytest.raises(UserError, match="transistor 'm1': W = 20 nm is below the 120 nm of technology 'ptm65'"):
        Sized(technology="ptm65", w=W).points()


def test_parameters_are_those_of_the_type_argument_or_declared() -> None:
    class Declared(Sized):
        class Parameters(SizeParameters):
            more: float = quantity(1.0, "", "another")

    class Bare(Bench):
        name, summary, template = "bare", "", ""
        analysis = measures = None  # type: ignore[assignment]

    assert Sized.Parameters is SizeParameters
    assert Declared(more=2).p.more == 2  # type: ignore[attr-defined]
    assert SttRead.Parameters is ReadParameters
    assert Bare.Parameters is BenchParameters


def test_a_mixed_in_group_leaves_the_parameters_of_every_bench_alone() -> None:
    """The temperature of a junction's bench is by default its card's: None, and not that of BenchParameters."""
    assert CellParameters().temperature is None
    assert BenchParameters().temperature == 27


@pytest.mark.parametrize(
    ("bench", "given"),
    [
        ("stt-read", {}),
        ("stt-write", {}),
        ("stt-wer", {}),
        ("stt-settle", {}),
        ("stt-bnn-row", {"n": 8}),
        ("tbs-sense", {"source": "cell", "trim": 0}),
    ],
)
def test_a_junction_on_a_rail_is_refused_where_there_is_no_place_for_one(bench: str, given: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=f"bench '{bench}': parameter device: 'imce-45nm' has a rail; allowed: two terminals"):
        make_bench(bench, {"device": "imce-45nm", **given}).points()


def test_a_junction_without_a_rail_is_refused_where_one_is_written() -> None:
    with pytest.raises(UserError, match="bench 'sot-write': parameter device: 'umn-i-pmtj' has no rail; give a SOT card"):
        make_bench("sot-write", {"device": "umn-i-pmtj"})


def test_a_voltage_far_beyond_the_process_is_noted(cli: Cli, tmp_path: Path) -> None:
    """Of every shipped bench: nothing at the defaults nor at a supply 10 % high, a line for each voltage at twice the supply."""
    for name in bench_names():
        bench = make_bench(name, {})
        assert bench.strained() == ()
        if bench.roles:
            high = round(1.1 * bench.technology.vdd, 6)
            assert make_bench(name, {"vdd": high}).strained() == ()
    (line,) = make_bench("c3cim-settle", {"v_column": 2.0}).strained()
    assert line.startswith("c3cim-settle: v_column = 2 V is far beyond the 1 V of technology 'ptm45'")
    run = cli("run", "sot-logic", "-p", "vdd=1.5")
    campaign = cli("mc", "sot-logic", "-p", "vdd=1.5", "--trials", "3", "--workers", "1", "--out", tmp_path / "mc")
    for done in (run, campaign):
        assert done.returncode == 0
        assert "spicekit: warning: sot-logic: vdd = 1.5 V is far beyond the 1 V of technology" in done.stderr
