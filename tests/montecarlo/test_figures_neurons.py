"""Figures and standard tables of the integrate-and-fire neurons: from trials made by hand, and from a few simulated ones."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import binomtest

import spicekit
from montecarlo import Campaign, Characterisation
from montecarlo.systems import charge_if, load_system, stt_bsnn, system_table
from montecarlo.systems.neuron_figures import NO_SPREAD, TRAIN, neuron_figures, plans, sigma_bsnn, wrong_steps
from montecarlo.systems.neuron_table import STEPS, step_errors
from montecarlo.systems.system import Figure
from spicekit.benches.neurons.measures import PARTS
from spicekit.export.macro import Operations, macro_of
from spicekit.table import LookupTable

Array = NDArray[np.float64]
N = 288


def table(**trials: Array | list[float]) -> LookupTable:
    """What a sweep with one operating point makes of measures, (trials,)."""
    variables = {"count": (("measure",), np.array([float(len(next(iter(trials.values()))))]))}
    for name, values in trials.items():
        variables[name] = (("measure",), np.array([np.mean(values)]))
        variables[f"{name}_std"] = (("measure",), np.array([np.std(values, ddof=1)]))
    return LookupTable({"measure": np.array(["train"])}, variables, {}, {})


def errors_of_steps(trials: int, sigma_step: float, sigma_bias: float, mean: float, seed: int) -> Array:
    """Errors of the steps of trains, in matches: (trials, steps)."""
    rng = np.random.default_rng(seed)
    bias = mean + sigma_bias * rng.standard_normal((trials, 1))
    return np.asarray(bias + sigma_step * rng.standard_normal((trials, STEPS)))


def train_measures(errors: Array, wrong: list[int]) -> dict[str, Array]:
    """The measures of trains with these ``errors`` of their steps and numbers of ``wrong`` steps."""
    rms = np.sqrt(np.mean(errors**2, axis=1))
    counts = np.array(wrong, dtype=float)
    return {
        "step_error": rms,
        "step_bias": errors.mean(axis=1),
        "sigma_scale": rms / N,
        "spike_error": counts / STEPS,
        "train_wrong": (counts > 0).astype(float),
    }


ROW, ALONE = errors_of_steps(6, 0.7, 0.3, 0.1, 1), errors_of_steps(5, 0.1, 0.3, 0.1, 2)


@pytest.fixture(scope="module")
def tables() -> dict[str, LookupTable]:
    ways = {"word_line": np.array(["static", "toggle"]), "rails": np.array(["ideal", "ldo"])}
    whole = np.array([[28e-15, 42e-15], [35e-15, 49e-15]])
    energies = {f"e_{part}": np.full((2, 2), (1 + k) * 1e-15) for k, part in enumerate(PARTS)} | {"e_step": whole}
    spent = {name: (tuple(ways), values) for name, values in {**energies, "e_synapse": whole / N}.items()}
    made = {
        "energy": LookupTable(ways, spent, {}, {}),
        "train": table(**train_measures(ROW, [0, 3, 0, 1, 0, 0])),
        "alone": table(**train_measures(ALONE, [0, 0, 0, 0, 0])),
        "trimmed": table(**train_measures(ROW, [0, 1, 0, 1, 0, 0])),
        "trimmed-alone": table(**train_measures(ALONE, [0, 0, 0, 0, 0])),
        "array": table(**train_measures(ROW, [0, 2, 0, 1, 0, 0])),
        "line": table(v_step=[1.4e-3, 1.6e-3], inl=[0.1, 0.2], leak=[1e-3, 3e-3]),
        "threshold": table(offset=[-0.5, 0.5, 0.3], in_range=[1.0, 1.0, 1.0]),
        "trimmed-threshold": table(offset=[-0.1, 0.1, 0.0], in_range=[1.0, 1.0, 1.0]),
    }
    assert list(made) == [plan.name for plan in plans("charge-if")]
    return made


@pytest.fixture(scope="module")
def found(tables: dict[str, LookupTable]) -> dict[str, Figure]:
    made = charge_if.figures(tables)
    assert len({one.name for one in made}) == len(made)
    for one in made:
        assert set(one.plans) <= {plan.name for plan in plans("charge-if")}
        assert one.plans or one.origin.startswith("the recursion"), one.name  # which needs no simulation
    return {one.name: one for one in made}


def test_sigma_bsnn_is_the_rms_of_all_steps(tables: dict[str, LookupTable], found: dict[str, Figure]) -> None:
    for name, errors in (("row and neuron", ROW), ("neuron alone", ALONE)):
        expected = math.sqrt(np.mean(errors**2)) / N
        figure = found[f"sigma_BSNN, {name}"]
        assert figure.simulated == pytest.approx(expected, rel=1e-12)
        assert figure.ratio == pytest.approx(expected / 0.0029)
        assert "charge-based" in figure.source
    assert sigma_bsnn(tables["alone"]) == found["sigma_BSNN, neuron alone"].simulated
    bias = found["bias of a step, sigma from device to device, in matches"].simulated
    assert bias == pytest.approx(np.std(ALONE.mean(axis=1), ddof=1))


def test_wrong_steps_have_exact_intervals(found: dict[str, Figure]) -> None:
    for name, wrong, of in (
        ("wrong steps, row and neuron", 4, 48),
        ("wrong steps, neuron alone", 0, 40),
        ("wrong steps, row and neuron, threshold trimmed", 2, 48),
        ("wrong steps, row of the array, threshold trimmed", 3, 48),
        ("trains with a wrong step, row and neuron", 2, 6),
    ):
        interval = binomtest(wrong, of).proportion_ci(0.95, "exact")
        assert found[name].simulated == pytest.approx(wrong / of)
        assert f"{wrong} of {of}" in found[name].origin
        assert f"{interval.low:.3g} to {interval.high:.3g}" in found[name].origin


def test_energy_frequency_and_threshold(found: dict[str, Figure], tables: dict[str, LookupTable]) -> None:
    assert found["frequency"].ratio == 1
    assert found["energy a synapse"].ratio == pytest.approx(28 / N / 5.10)
    assert found["energy a synapse, rails from 1.1 V"].ratio == pytest.approx(42 / N / 5.10)
    assert found["energy a synapse, both"].simulated == pytest.approx(49e-15 / N)
    assert found["threshold after its trim, sigma, in matches"].simulated == pytest.approx(0.1)
    assert found["energy of a step"].published == pytest.approx(1.4688e-12)
    assert "row 1 fJ, lines 2 fJ" in found["energy of a step"].origin
    assert found["membrane step of a match"].simulated == pytest.approx(1.5e-3)
    assert found["leak a step"].simulated == pytest.approx(2e-3)
    sigma = np.std([-0.5, 0.5, 0.3], ddof=1)
    assert found["threshold, sigma, in matches"].simulated == pytest.approx(sigma)
    assert found["threshold, sigma"].simulated == pytest.approx(1.5e-3 * sigma)
    other = {one.name: one for one in neuron_figures("dynamic-if", 83e6, stt_bsnn.PUBLISHED, tables)}
    assert other["frequency"].ratio == pytest.approx(0.5)
    assert other["energy a synapse"].ratio == pytest.approx(28 / N / 5.48)


def test_the_light_design_stands_beside_the_default(tables: dict[str, LookupTable]) -> None:
    values = {"e_synapse": 6e-15, "step_error": 0.15, "spike_errors": 0.0}
    light = LookupTable({"design": np.array(["light"])}, {k: (("design",), np.array([v])) for k, v in values.items()}, {}, {})
    made = stt_bsnn.figures(tables | {"light": light})
    names = [one.name for one in made]
    figure = made[names.index("energy a synapse") + 1]
    assert (figure.name, figure.plans) == ("energy a synapse, design light", ("light",))
    assert figure.ratio == pytest.approx(6 / 5.48)
    assert "off by 0.15 matches rms, 0 of 8 spikes are wrong" in figure.remark


def test_what_bounds_the_wrong_steps(found: dict[str, Figure]) -> None:
    """None without errors, and none if the threshold is ten sigmas away from the whole numbers."""
    assert wrong_steps(0.0) == 0
    assert wrong_steps(0.05) < 1e-3
    alone = found["wrong steps that the row's spread leaves"].simulated
    assert 0.03 < alone < 0.04
    assert found["wrong steps at the published sigma_BSNN"].simulated > alone
    most = found["error of a step with wrong steps below 1 %, in matches"]
    assert wrong_steps(most.simulated) < 0.01 < wrong_steps(most.simulated + 0.02)
    assert "averaging over 8 rows" in most.remark or "averaging over 7 rows" in most.remark


def test_both_systems_simulate_their_benches_on_whole_rows() -> None:
    for name, bench, frequency in (("charge-if", "charge-if", 285e6), ("stt-bsnn", "dynamic-if", 166e6)):
        system = load_system(name)
        made = spicekit.make_bench(bench, {})
        assert (made.p.synapses, made.p.steps, made.p.frequency) == (N, STEPS, frequency)
        for plan in system.plans:
            for campaign in plan.sweep(1).campaigns:
                assert campaign.bench.name == bench


def test_alone_has_the_same_devices_and_matches_without_the_rows_spread() -> None:
    row, alone = (Campaign("charge-if", trials=3, parameters=given, seed=1).samples(0, 3) for given in (TRAIN, TRAIN | NO_SPREAD))
    assert row.keys() == alone.keys()
    for name in row:
        if name.startswith("sl_"):
            assert not np.any(alone[name])
            assert np.all(row[name] != 0)
        else:
            np.testing.assert_array_equal(row[name], alone[name])


def test_errors_of_a_step_are_told_apart() -> None:
    """From 4000 trains with known deviations, the two standard deviations and what the row adds."""
    drawn = {
        "train": errors_of_steps(4000, 0.7, 0.3, 0.2, 3),
        "alone": errors_of_steps(4000, 0.1, 0.3, 0.2, 4),
        "around": errors_of_steps(4000, 0.5, 0.0, -0.4, 5),
    }
    simulated = xr.Dataset()
    for part, errors in drawn.items():
        made = table(**train_measures(errors, [0] * len(errors)))
        for name, (_, values) in made.variables.items():
            simulated[f"{part}_{name}"] = ((), values[0])
    computed = step_errors(simulated)
    for part, step, bias in (("train", 0.7, 0.3), ("alone", 0.1, 0.3), ("around", 0.5, 0.0)):
        assert float(computed[f"{part}_sigma_step"]) == pytest.approx(step, rel=4 / math.sqrt(2 * 4000 * (STEPS - 1)))
        spread = 4 * math.sqrt(2 / 4000) * (bias**2 + step**2 / STEPS)  # of a variance
        assert float(computed[f"{part}_sigma_bias"]) ** 2 == pytest.approx(bias**2, abs=spread)
        direct = math.sqrt(np.mean(drawn[part] ** 2)) / N
        assert float(computed[f"{part}_sigma_bsnn"]) == pytest.approx(direct, rel=1e-9)
    assert float(computed["sigma_row"]) == pytest.approx(math.sqrt(0.7**2 - 0.1**2), rel=0.03)


def test_the_standard_table(tmp_path: Path) -> None:
    """At its nominal point with two trials a part."""
    system = system_table("dynamic-if")
    over = {name: [value] for name, value in system.nominal.items()} | {"theta": [-48]}
    Characterisation(system, over=over, trials_scale=0.01).run(tmp_path, workers=1)
    made = LookupTable.load(tmp_path)
    outcomes = {name: values.sum() for name, (_, values) in made.variables.items() if "_outcome_" in name}
    assert all(count == 0 for name, count in outcomes.items() if not name.endswith("_ok"))
    assert all(np.isfinite(values).all() for name, (_, values) in made.variables.items() if not name.endswith("correlation"))
    assert float(made.query("train_count")) == 2
    assert float(made.query("threshold_in_range")) == 1
    assert float(made.query("programmed_in_range")) == 1
    # the default design is trimmed at this point, with phases as with ideal ones
    assert float(made.query("line_gain")) == pytest.approx(1, abs=0.01)
    assert abs(float(made.query("line_rho_error"))) < 0.1
    assert abs(float(made.query("line_leak"))) < 0.01
    parts = sum(float(made.query(f"energy_e_{part}")) for part in PARTS)
    assert float(made.query("energy_e_step")) == pytest.approx(parts)
    assert float(made.query("energy_e_phases")) > 0
    roles = macro_of(made)  # what exporters take for an operation
    assert roles is not None
    (action,) = Operations(made, roles, {"theta": -48}, "csv").actions
    assert (action.name, action.cells, action.energy) == ("neuron_step", 288, made.query("energy_e_step"))
    assert action.latency == pytest.approx(1 / 166e6)
    # the same two trials, at the nominal point of either grid
    assert float(made.query("around_step_error")) == float(made.query("train_step_error"))
    assert float(made.query("alone_sigma_step")) < 0.5 * float(made.query("train_sigma_step"))


def test_the_other_table_differs_by_its_bench_alone() -> None:
    charge, dynamic = system_table("charge-if"), system_table("dynamic-if")
    assert [part.prefix for part in charge.parts] == [part.prefix for part in dynamic.parts if part.prefix != "programmed"]
    assert {part.bench for part in charge.parts} == {"charge-if"}
    assert 285e6 in charge.over["frequency"]
    assert charge.over["corner"] == dynamic.over["corner"]
    Characterisation(charge)  # every point is a valid design
    Characterisation(dynamic)
