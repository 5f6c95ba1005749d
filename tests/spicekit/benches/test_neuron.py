"""`charge-if` and `dynamic-if` against the recursion, against closed forms for what each device does, and against themselves.

Most runs take ideal phases (the generator's are compared once), which halves their cost.
"""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from montecarlo.variation import Space
from spicekit import UserError, make_bench, render, run
from spicekit.analysis import TranAnalysis
from spicekit.benches.neurons.charge_if import ChargeIf
from spicekit.benches.neurons.dynamic_if import DynamicIf
from spicekit.benches.neurons.measures import PARTS, membrane, train
from spicekit.benches.neurons.neuron import Neuron
from spicekit.benches.neurons.row import pattern
from spicekit.crossing import value_at
from spicekit.measures import listed
from spicekit.measures.numpy_writer import Evaluation
from spicekit.nominal import RunResult
from spicekit.physics.neuron import IntegerNeuron
from spicekit.waves import Waves

Cli = Callable[..., subprocess.CompletedProcess[str]]
LSB = 0.4 / 288 * (126.79 - 38.37) / (126.79 + 38.37)  # V: dV (g_P - g_AP) / (N (g_P + g_AP)), with 3 kohm of access in kohm


def simulated(bench: Neuron | str, values: Mapping[str, float] | None = None, **given: Any) -> RunResult:
    result = run(bench, values, **given)
    assert result.outcome == "ok"
    assert result.attempt == 0
    return result


def measures(bench: Neuron | str, values: Mapping[str, float] | None = None, **given: Any) -> dict[str, float]:
    return simulated(bench, values, **({} if isinstance(bench, Neuron) else {"phases": "ideal", **given})).measures


def membranes(bench: Neuron, result: RunResult) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    steps = range(bench.count)
    spikes = np.array([bench.high(result.waves, "spike", k) for k in steps])
    return np.array([bench.membrane(result.waves, k) for k in steps]), spikes


@pytest.mark.parametrize(
    ("kind", "given"), [(ChargeIf, {}), (ChargeIf, {"integrate": 6}), (DynamicIf, {"theta": 40, "rho": 130})]
)
def test_ideal_components_are_the_integer_recursion(kind: type[Neuron], given: dict[str, Any]) -> None:
    bench = kind(components="ideal", steps=32, seed=5, **given)
    u, fired = membranes(bench, simulated(bench))
    expected, spikes = IntegerNeuron(bench.p.rho, bench.p.theta, bench.p.integrate).train(bench.sequence())
    np.testing.assert_allclose(u, expected, atol=1e-3)  # 0.1 % of a match, over all 32 steps
    assert fired.tolist() == spikes.tolist()
    assert 2 < spikes.sum() < 32
    assert not fired[: bench.p.integrate].any()
    assert bench.v_step == pytest.approx(LSB * 2, rel=1e-3)  # C_S / C_1 is 2


def test_ideal_threshold() -> None:
    for name, theta in (("charge-if", 30), ("dynamic-if", 101), ("dynamic-if", -77)):
        m = measures(name, measure="threshold", components="ideal", theta=theta)
        assert m["in_range"] == 1
        assert abs(m["offset"]) <= m["resolution"] + 0.01 < 0.2


def test_the_row_as_a_table(tmp_path: Path) -> None:
    """The closed form's own values as a table give the same train; a straight line of twice the slope, twice the step."""
    bench = ChargeIf()
    (tmp_path / "row.csv").write_text("n1,v_sl\n" + "".join(f"{n},{bench.line.volts(n)!r}\n" for n in range(0, 289, 16)))
    table = ChargeIf(components="ideal", row="table", row_table=str(tmp_path / "row.csv"))
    assert table.line.lsb == pytest.approx(bench.line.lsb, rel=1e-9)
    assert simulated(table).measures["u_end"] == pytest.approx(measures("charge-if", components="ideal")["u_end"], abs=2e-3)
    for text, says in (("n1,v_sl\n0,0.3\n", "at least two lines"), ("0,0.3\n288,0.2\n", "both rising"), ("0;0.3\n", "row.csv")):
        (tmp_path / "row.csv").write_text(text)
        with pytest.raises(UserError, match=says):
            ChargeIf(row="table", row_table=str(tmp_path / "row.csv"))
    with pytest.raises(UserError, match="row_table: none given; row=table needs a file"):
        ChargeIf(row="table")
    with pytest.raises(UserError, match="row_table: given with row=closed-form"):
        ChargeIf(row_table="row.csv")


@pytest.mark.parametrize("floor", [-math.inf, -20.0])
def test_the_ideal_train_of_the_measures_is_the_integer_recursion(floor: float) -> None:
    """Of membranes that are those of the recursion: the same spikes in every step, and no error of a step."""
    bench = ChargeIf(steps=64, integrate=5, floor=floor)
    n1 = np.random.default_rng(4).binomial(288, 0.5, 64) + 0.25
    u, spikes = IntegerNeuron(bench.p.rho, bench.p.theta, 5, floor).train(n1)
    period = bench.period
    ends = [0.0, *(period * k for k in range(1, 65)), *(period * (k + 0.15) for k in range(1, 65))]
    order = np.argsort(ends)
    vectors = {"time": np.array(ends)[order], "v(m)": np.zeros(129)}
    vectors["v(x)"] = np.concatenate([[0.0], u, np.zeros(64)])[order] * bench.v_step
    vectors["v(spike)"] = np.concatenate([[0.0], np.zeros(64), spikes * bench.vdd])[order]
    value = Evaluation(Waves(vectors))
    found = {
        measure.name: value(measure.definition)
        for measure in train(bench, listed(n1), [membrane(bench, step) for step in range(64)])
        if measure.definition is not None
    }
    assert found["spikes"] == found["spikes_ideal"] == spikes.sum() > 5
    assert found["spike_errors"] == found["train_wrong"] == 0
    assert found["u_end"] == pytest.approx(u[-1])
    if floor == -math.inf:
        assert found["step_error"] == pytest.approx(0, abs=1e-9)


# All edges of ideal phases are 20 ps, those of the generator 13 to 31 ps, and what switches inject depends on them: the INL of
# dynamic-if is 0.08 with the generator, 0.26 with ideal phases, 0.08 with these at 40 ps.  Half a step is 0.5.
@pytest.mark.parametrize(
    ("name", "phases", "inl", "leak"),
    [
        ("charge-if", "real", 0.2, 0.003),
        ("dynamic-if", "real", 0.2, 0.004),
        ("charge-if", "ideal", 0.25, 0.003),
        ("dynamic-if", "ideal", 0.3, 0.003),
    ],
)
def test_accumulation_is_linear(name: str, phases: str, inl: float, leak: float) -> None:
    m = measures(name, measure="linearity", phases=phases)
    assert m["gain"] == pytest.approx(1, abs=0.002)
    assert m["v_step"] == pytest.approx(2 * LSB, rel=0.025)  # stray capacitance takes two per cent
    assert abs(m["rho_error"]) < 0.05
    assert abs(m["leak"]) < leak
    assert m["inl"] < inl
    assert m["dnl"] < 0.05
    assert m["error_max"] < 0.3


def test_a_leak_is_seen(ngspice_batch: Callable[[str], dict[str, float]]) -> None:
    """A megohm across C_1 takes 1 - exp(-T / RC) of the membrane in a step."""

    bench = ChargeIf(measure="linearity", phases="ideal")
    netlist = render(bench)
    assert "\nXc_1 x m" in netlist
    printed = ngspice_batch(netlist.replace("\nXc_1 x m", "\nRleak x m 1meg\nXc_1 x m"))
    assert printed["leak"] == pytest.approx(1 - math.exp(-bench.period / (1e6 * 50e-15)), rel=0.05)


def test_capacitors_and_m_s5_do_what_the_closed_forms_say() -> None:
    base = measures("charge-if", measure="linearity")
    # C_2 stops where M_s5, a source follower, cuts off: 20 mV less V_TH subtracts C_2 20 mV / n more, over C_S LSB for a match,
    # with a slope factor n that the body effect puts between 1.1 and 1.5
    m = measures("charge-if", {"c_1": 0.02, "vth_s5": -0.02}, measure="linearity")
    assert m["gain"] / base["gain"] == pytest.approx(1 / 1.02, abs=0.001)
    c_2 = ChargeIf().capacitors()["c_2"] + 1e-15  # with what hangs beside it
    assert 1.1 < -c_2 * 0.02 / (100e-15 * LSB) / ((m["rho_error"] - base["rho_error"]) * 1.02) < 1.5
    # 20 mV on the amplifier's input, 14 matches, leave next to nothing: it finds its own level in every step
    m = measures("charge-if", {"c_s": 0.02, "vth_amp": 0.02}, measure="linearity")
    assert m["gain"] / base["gain"] == pytest.approx(1.02, abs=0.004)
    assert m["rho_error"] == pytest.approx(base["rho_error"], abs=0.6)


def test_the_comparator_finds_its_own_level() -> None:
    m = measures("charge-if", {"vth_z1_n": 0.02}, measure="threshold")  # 14 matches
    assert m["in_range"] == 1
    assert abs(m["offset"]) < 1


@pytest.mark.parametrize("theta", [-100, 77])
def test_programmed_threshold(theta: int) -> None:
    m = measures("dynamic-if", measure="threshold", theta=theta)
    assert m["in_range"] == 1
    assert abs(m["offset"]) < 0.7


@pytest.mark.parametrize(
    ("kind", "given", "published"), [(ChargeIf, {}, 5.10e-15), (DynamicIf, {}, None), (DynamicIf, {"design": "light"}, 5.48e-15)]
)
def test_trains_of_the_real_circuit(kind: type[Neuron], given: dict[str, Any], published: float | None) -> None:
    """Every transistor, the phase generator too: right spikes, and energies that add up; at a named design the published one."""
    bench = kind(**given)
    result = simulated(bench)
    m = result.measures
    assert m["spike_errors"] == 0
    assert m["spikes"] == m["spikes_ideal"] >= 1
    assert m["step_error"] < 0.25
    parts = [f"e_{part}" for part in PARTS]
    assert all(m[part] > 0 for part in parts if part != "e_word")  # a static word line draws nothing
    assert m["e_word"] == 0
    assert m["e_step"] == pytest.approx(sum(m[part] for part in parts), rel=1e-12)
    assert m["e_synapse"] == pytest.approx(m["e_step"] / 288, rel=1e-12)
    if published is not None:
        assert m["e_synapse"] == pytest.approx(published, rel=0.15)
    # closed forms: VDD I T for the amplifier; for the row V^2 / R with half the junctions in each state
    assert m["e_amplifier"] == pytest.approx(1.1 * bench.p.i_amp * bench.period, rel=0.05)
    conductance = 288 / 4 * (1 / 38.37e3 + 1 / 126.79e3)
    assert m["e_row"] == pytest.approx(0.4**2 * conductance * bench.period / 4, rel=0.01)
    assert m["e_bias"] == pytest.approx(1.1 * (0.75 * bench.p.i_amp + 1.2e-6) * bench.period / 16, rel=0.05)


def test_ideal_phases_are_those_of_the_generator() -> None:
    bench, other = ChargeIf(), ChargeIf(phases="ideal")
    u, fired = membranes(bench, simulated(bench))
    v, spikes = membranes(other, simulated(other))
    assert fired.tolist() == spikes.tolist()
    np.testing.assert_allclose(u, v, atol=0.5)  # a trim of its own belongs to either


@pytest.mark.parametrize("kind", [ChargeIf, DynamicIf])
def test_time_step(kind: type[Neuron]) -> None:
    class Fine(kind):  # type: ignore[misc, valid-type]
        template = "benches/neuron.cir.j2"

        def analysis(self) -> TranAnalysis:
            usual = super().analysis()
            options = {**usual.options, "chgtol": 1e-18}
            return replace(usual, step=usual.step / 10, reltol=1e-5, trtol=1.0, options=options)

    given: dict[str, Any] = {"phases": "ideal", "steps": 3, "n1": "150,170,130"}
    coarse, fine = kind(**given), Fine(**given)
    first, second = simulated(coarse), simulated(fine)
    u, fired = membranes(coarse, first)
    v, spikes = membranes(fine, second)
    assert fired.tolist() == spikes.tolist() == [False, True, False]
    steps = np.diff([0, *u[:2]]) - np.diff([0, *v[:2]])
    np.testing.assert_allclose(steps, 0, atol=0.05)
    assert u[2] - v[2] == pytest.approx(0, abs=0.05)
    for name in ("e_amplifier", "e_comparator", "e_step"):
        assert first.measures[name] == pytest.approx(second.measures[name], rel=2e-3), name


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("charge-if", {"phases": "ideal", "integrate": "2", "steps": "6", "n1": "170,150,120,190,140,140", "floor": "-3"}),
        ("dynamic-if", {"steps": "2"}),
        ("charge-if", {"measure": "linearity", "components": "ideal"}),
        ("dynamic-if", {"measure": "threshold", "components": "ideal"}),
    ],
    ids=["train", "real", "linearity", "threshold"],
)
def test_rendered_netlist(ngspice_batch: Callable[[str], dict[str, float]], name: str, given: dict[str, str]) -> None:
    printed = ngspice_batch(render(make_bench(name, given)))
    for measure, value in simulated(name, **given).measures.items():
        # rounding errors move time steps, which the finite tolerance turns into some hundredths of a match
        tolerance = {"rel": 2e-3} if measure.startswith(("e_", "v_", "gain")) else {"abs": 0.06}
        assert printed[measure] == pytest.approx(value, **tolerance), measure


def test_a_session_is_the_transient_in_steps() -> None:
    bench = ChargeIf(phases="ideal", integrate=1, n1="165,150,120,190,140,140,150,160")
    u, fired = membranes(bench, simulated(bench))
    with bench.session() as neuron:
        outputs = [neuron.step(n1=n1, fire=step >= 1) for step, n1 in enumerate(bench.sequence())]
    # where a session stops, time steps are other ones: some hundredths of a match each; its first step is as it starts
    start = np.where(np.arange(8) < 2, bench.START["ideal"], 0)
    np.testing.assert_allclose([output["membrane"] for output in outputs] - start, u, atol=0.15)
    assert [output["spike"] == 1 for output in outputs] == fired.tolist()
    # 25 over the threshold of 16, without permission; a permission that comes then is for the next decision
    np.testing.assert_allclose(u[:3], [25, 35, -20], atol=0.6)
    assert fired[:3].tolist() == [False, True, False]


def test_a_session_in_a_loop() -> None:
    """Inputs decided from the spikes: the circuit does what the integer neuron does with the same rule."""
    bench, inputs, u, expected = DynamicIf(components="ideal", theta=20), [], 0.0, []
    n1 = 155
    with bench.session() as neuron:
        for _ in range(12):
            output = neuron.step(n1=n1)
            u += n1 - 140
            spike = u > 20
            expected.append((float(spike), u))
            inputs.append((output["spike"], output["membrane"]))
            u = 0.0 if spike else u
            n1 = 130 if output["spike"] else n1 + 3  # inhibited after a spike
        assert neuron.steps == 12
    assert [spike for spike, _ in inputs] == [spike for spike, _ in expected]
    np.testing.assert_allclose([membrane for _, membrane in inputs], [membrane for _, membrane in expected], atol=2e-3)
    assert 2 <= sum(spike for spike, _ in inputs) <= 8


def test_a_campaign(cli: Cli, tmp_path: Path) -> None:
    options = ["-p", "phases=ideal", "-p", "steps=4", "--seed", 7, "--trials", 8]
    summary = json.loads(cli("mc", "charge-if", *options, "--out", tmp_path / "all", "--json").stdout)
    assert summary["outcomes"]["ok"] == 8
    trials = pd.concat([pd.read_parquet(part) for part in sorted((tmp_path / "all" / "trials").iterdir())])
    samples = pd.read_parquet(tmp_path / "all" / "samples.parquet").set_index("trial")
    # errors of the row (0.65 matches) and of the neuron (0.4) in each step, in quadrature: eight trials of four steps
    rms = math.sqrt((trials["step_error"] ** 2).mean())
    assert 0.5 < rms < 1.3
    assert (trials["attempt"] == 0).all()
    # the row's own part: what is drawn for each step comes back as the step's error
    row = samples[[f"sl_{step}" for step in range(1, 5)]].mean(axis=1)
    assert np.corrcoef(row, trials.set_index("trial")["step_bias"])[0, 1] > 0.2


def test_what_a_campaign_draws() -> None:
    short, long = (ChargeIf(steps=steps) for steps in (4, 8))
    devices = [point.name for point in short.points()][:-8]
    assert [point.name for point in long.points()][: len(devices)] == devices
    assert [point.name for point in ChargeIf(measure="threshold").points()] == devices
    assert not {f"beta_{name}" for name in ("az_n", "hold_p", "take_n", "ref")} & set(devices)
    z = np.random.default_rng(2).standard_normal((20_000, len(short.points())))
    values = Space(short.points()).values(z)
    n1 = values["n1_2"]
    assert set(np.unique(n1)) <= set(range(289))
    assert n1.mean() == pytest.approx(144, abs=4 * math.sqrt(72 / 20_000))
    assert n1.std() == pytest.approx(math.sqrt(72), rel=0.02)
    # of V_SL in matches: 0.0391 sqrt(N) for sigma(RA) 5 %, sigma(TMR) 10 % and TMR 250 %; the access resistance dilutes it
    assert values["sl_2"].std() == pytest.approx(0.0391 * math.sqrt(288), rel=0.05)
    area = ChargeIf().capacitors()["c_1"] / 2e-3
    assert values["c_1"].std() == pytest.approx(0.7e-8 / math.sqrt(area), rel=0.02)
    fixed = ChargeIf(steps=2, n1="150,130")
    assert Space(fixed.points()).values(z[:, : len(fixed.points())])["n1_1"].tolist() == [150.0] * 20_000


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("charge-if", {"v_high": 1.11}, r"parameter v_high: 1.11 V given; allowed: at most 1.1 V"),
        ("dynamic-if", {"v_high": 1.05, "vdd": 1.0}, r"parameter v_high: 1.05 V given; allowed: at most 1 V"),
        ("dynamic-if", {"c_1": 1e-30}, r"parameter c_1: allowed: greater than or equal to 1e-17"),
        ("charge-if", {"steps": 0}, r"parameter steps: allowed: greater than or equal to 1 \(given: 0\)"),
        ("charge-if", {"theta": -1}, r"parameter theta: allowed: greater than or equal to 0"),
        ("dynamic-if", {"theta": 128}, r"parameter theta: allowed: less than or equal to 127 \(given: 128\)"),
        ("dynamic-if", {"theta": "-129"}, r"parameter theta: allowed: greater than or equal to -128"),
        ("charge-if", {"n1": "140,150"}, r"n1: 2 numbers given; allowed: 8, one a step"),
        ("charge-if", {"n1": [140, 150, 160]}, r"n1: 3 numbers given"),
        ("charge-if", {"n1": "140,289", "steps": 2}, r"n1: '289' given; allowed: whole numbers from 0 to 288"),
        ("charge-if", {"n1": "140,x", "steps": 2}, r"n1: 'x' given"),
        ("charge-if", {"weights": "01" * 144}, r"weights: given alone; allowed: weights and spikes together"),
        ("charge-if", {"weights": "01" * 144, "spikes": "01" * 144}, r"spikes: 1 words given; allowed: 8, one a step"),
        (
            "charge-if",
            {"weights": "01", "spikes": "01" * 144, "steps": 1},
            r"weights: '01' given; allowed: 288 characters, each 0",
        ),
        (
            "charge-if",
            {"weights": "01" * 144, "spikes": "012" * 96, "steps": 1},
            r"spikes: '0120120.*\.\.\. \(288 char.*each 0 or 1",
        ),
        ("charge-if", {"row": "cells", "trim_bits": 3}, r"trim_bits: 3 given with row=cells; allowed: 0"),
        ("charge-if", {"row": "cells", "measure": "threshold"}, r"row: cells given with measure=threshold"),
        ("charge-if", {"rho": 300}, r"rho: 300 given; allowed: 0 to 288"),
        ("charge-if", {"v_low": 0.7}, r"v_low: 0.7 V given; allowed: below v_high"),
        ("charge-if", {"switches": "none"}, r"parameter switches: allowed: 'real' or 'ideal'"),
        ("charge-if", {"subtract": 1}, r"capacitor c_2 comes out as -0.\d+ fF"),
        ("charge-if", {"w_s5": "50n"}, r"parameter w_s5: 50 nm given; allowed: at least 120 nm"),
    ],
)
def test_wrong_parameters(name: str, given: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        render(make_bench(name, given))
    assert "\n" not in str(caught.value)


SMALL: dict[str, Any] = {"row": "cells", "synapses": 32, "rho": 15, "steps": 2, "phases": "ideal", "v_half": math.inf}


def test_the_row_cell_by_cell() -> None:
    """SL of the cells in the neuron's netlist is that of `stt-bnn-row` with drivers as good as ideal."""
    bench = ChargeIf(**SMALL, n1="18,12")
    result = simulated(bench)
    for step, n1 in enumerate((18, 12)):
        # after the transfer, when C_S no longer loads the line
        sl = value_at(result.waves("time"), result.waves("v(sl)"), (step + 1) * bench.period)
        given = {"n": 32, "n1": n1, "ra": 100, "tmr": 2.5, "v_half": math.inf, "temperature": 27, "w_driver": 1e-3, "r_bl": 0}
        row = run("stt-bnn-row", **given)
        assert sl == pytest.approx(row.measures["v_sl"], abs=0.15e-3)  # LSB is 6.8 mV
    # a junction with a tenth more RA moves SL as a divider of 64 conductances does
    shift = measured_sl(bench, simulated(bench, {"ra_t3": 110.0})) - measured_sl(bench, result)
    spikes, weights = pattern(bench.p, bench.sequence())
    r = 36.4e3 if weights[3] else 124.8e3  # t3 on BL, with some 1 kohm of its transistor
    across = (0.6 if spikes[0, 3] else 0.2) - measured_sl(bench, result)
    assert shift == pytest.approx(-0.1 / 1.1 * across / r / (32 * (1 / 36.4e3 + 1 / 124.8e3)), rel=0.1)


def measured_sl(bench: Neuron, result: RunResult) -> float:
    """SL at the end of the first step, when C_S no longer loads it."""
    return value_at(result.waves("time"), result.waves("v(sl)"), bench.period)


def test_a_pattern_of_spikes_and_weights() -> None:
    weights, spikes = "1100" * 8, ",".join(("1100" * 8, "1111" * 8))
    given = {"weights": weights, "spikes": spikes}
    assert ChargeIf(synapses=32, rho=15, steps=2, **given).sequence().tolist() == [32.0, 16.0]
    netlist = render(ChargeIf(**SMALL, **given))
    # cells 0 and 1 store +1: P on BL; a spike is always there, the first word of cell 2 is none
    assert "Xt0 bl_0 nt0 ra_t0 tmr_t0 cd_t0 0 mtj_p" in netlist
    assert "Xt2 bl_2 nt2 ra_t2 tmr_t2 cd_t2 0 mtj_ap" in netlist
    assert "Vin_0 in_0 0 PWL(0.0 1.0 )" in netlist
    assert "Vin_2 in_2 0 PWL(0.0 0.0 " in netlist


def test_a_session_on_the_cells() -> None:
    """Spikes in, spikes out: the membrane follows the matches of each step's pattern."""
    rng = np.random.default_rng(3)
    bench = ChargeIf(**SMALL, components="ideal", n1="16,16")
    _, weights = pattern(bench.p, bench.sequence())
    words = [np.where(rng.permutation(32) < n1, weights, 1 - weights) for n1 in (24, 10)]
    with bench.session() as neuron:
        first, second = (neuron.step(spikes=word)["membrane"] for word in words)
        with pytest.raises(UserError, match=r"spikes of shape \(3,\) given; allowed: 32 of 0 or 1"):
            neuron.step(spikes=[0, 1, 1])
        with pytest.raises(UserError, match="spikes of shape"):
            neuron.step(n1=4)
    # 24 - 15 over theta resets no sooner than 16; the row's transistors and the closed form differ by some per cent of a step
    assert first == pytest.approx(9, abs=0.5)
    assert second == pytest.approx(4, abs=0.7)
