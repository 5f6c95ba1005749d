"""Every kind of node against a closed form: its value in numpy, and what ngspice prints by itself for the same definition."""

from __future__ import annotations

import math
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

from spicekit import Bench, DcAnalysis, Measure, TranAnalysis, VariationPoint, render, run
from spicekit.analysis import Analysis
from spicekit.errors import UserError
from spicekit.limits import Limits
from spicekit.measures import (
    ITEM,
    STATE,
    VALUE,
    At,
    Choose,
    Crossing,
    Differences,
    Final,
    First,
    Fit,
    Integral,
    Largest,
    Mean,
    Point,
    Python,
    Residual,
    Scan,
    Settling,
    Smallest,
    Sum,
    Taken,
    Usable,
    Vector,
    deviation,
    energy,
    exp,
    floor,
    i,
    listed,
    ln,
    maximum,
    mean,
    minimum,
    rounded,
    sqrt,
    total,
    v,
)
from spicekit.measures.numpy_writer import Evaluation
from spicekit.waves import Waves

Batch = Callable[[str], dict[str, float]]
START, RC, AMPLITUDE, PERIOD = 1e-9, 1e-9, 0.5, 4e-9
STOP = 21e-9  # 20 time constants after the step; 5 periods and a quarter of the sine
T_HALF = START + RC * math.log(2)

# the RC at 1, 2 and 3 time constants, of which each is 1 - e^-1 nearer to 1 than the one before; and a list of one
CHARGED = listed(At(v("out"), START + k * RC) for k in (1, 2, 3))
ONCE = listed([At(v("out"), START + RC)])
E = math.exp(-1)

# name -> definition and closed form: 1 kohm charges 1 pF from 0 to 1 V at 1 ns, beside 0.5 sin(2 pi t / 4 ns)
OF_WAVES: dict[str, tuple[Any, float]] = {
    "t_half": (Crossing(v("out"), 0.5), T_HALF),
    "delay": (Crossing(v("out"), 0.5, edge="rise") - START, RC * math.log(2)),
    "to_final": (Crossing(v("out"), Final(v("out")) / 2), T_HALF),
    "never": (Crossing(v("out"), 1.5), math.inf),
    "never_falls": (Crossing(v("out"), 0.5, edge="fall"), math.inf),
    "later": (Crossing(v("sine"), 0.0, after=0.6 * PERIOD, edge="rise"), PERIOD),
    "falls": (Crossing(v("sine"), 0.0, after=0.25e-9, edge="fall"), PERIOD / 2),
    "after_half": (Crossing(v("sine"), 0.0, after=Crossing(v("out"), 0.5)), PERIOD / 2),
    "parted": (Crossing(abs(v("in") - v("out")), 0.25, after=1.1e-9), START + RC * math.log(4)),
    "settled": (Settling(abs(v("out") - 1), 0.01), START + RC * math.log(100)),
    # outside again after 1.5 ns, and there for the last time at pi - asin(0.2) before the end of the first half-wave
    "settled_early": (Settling(abs(v("sine")), 0.1, stop=2.1e-9), PERIOD / 2 * (1 - math.asin(0.2) / math.pi)),
    "unsettled_early": (Settling(v("sine"), 0.1, stop=1.5e-9), math.inf),
    "settled_again": (Settling(-v("sine"), 0.1, start=3e-9, stop=5.9e-9), PERIOD * (1 - math.asin(0.2) / (2 * math.pi))),
    "settled_before": (Settling(v("in") - 1, 0.5, start=START), START),
    "unsettled": (Settling(abs(v("sine")), 0.1), math.inf),
    "at": (At(v("out"), START + RC), 1 - math.exp(-1)),
    "at_half": (At(v("in") - v("out"), Crossing(v("out"), 0.5)), 0.5),
    "beyond": (At(v("out"), 1e-6), 1.0),
    "before": (At(v("out"), -1e-9), 0.0),
    "first": (First(v("out") + 2), 2.0),
    "final": (Final(v("out")), 1.0),
    "e_source": (Integral(-i("vs") * v("in")), 1e-12),  # C V^2: half of it is stored
    "e_minus": (energy("vs", 1.0), -1e-12),
    "e_stored": (Integral(-i("vs") * v("out")), 0.5e-12),
    "charge": (Integral(-i("vs"), START, START + RC), 1e-12 * (1 - math.exp(-1))),
    "charge_half": (Integral(-i("vs"), 0.0, Crossing(v("out"), 0.5)), 0.5e-12),
    "from_half": (Integral(-i("vs"), Crossing(v("out"), 0.5)), 0.5e-12),
    "squared": (Integral(v("sine") * v("sine"), 0.0, PERIOD), AMPLITUDE**2 * PERIOD / 2),
    "half_wave": (Integral(v("sine"), 0.0, PERIOD / 2), AMPLITUDE * PERIOD / math.pi),
    "largest": (Largest(v("sine")), AMPLITUDE),
    "smallest": (Smallest(v("sine")), -AMPLITUDE),
    "largest_early": (Largest(-v("sine") - 2, PERIOD / 2), -2.0),
    "smallest_early": (Smallest(v("out") + 3, 0.9e-9), 3.0),
    "rectified": (Integral(maximum(v("sine"), 0.0 * v("sine")), 0.0, PERIOD), AMPLITUDE * PERIOD / math.pi),
    "clipped": (Largest(minimum(v("sine"), v("out") / 8)), 0.125),
    "listed": (Sum(CHARGED), 3 - E - E**2 - E**3),
    "middle": (Point(CHARGED, 1), 1 - E**2),
    "reversed": (First(Taken(CHARGED, (2, 0))) - Final(CHARGED), 0.0),
    "ratios": (Smallest(Differences(CHARGED) / listed([E, E**2])), 1 - E),
    "remembered": (Point(Scan((CHARGED,), STATE + ITEM[0], VALUE), 1), 2 - E - E**2),
    "once": (Mean(ONCE) + First(ONCE) + Final(ONCE) + Point(ONCE, 0) + Sum(Scan((ONCE,), ITEM[0], STATE)), 5 * (1 - E)),
}

OF_NUMBERS: dict[str, tuple[Any, float]] = {  # a divider: 2 V over 1 kohm and 3 kohm
    "v_out": (v("out"), 1.5),
    "current": (-i("vs"), 0.5e-3),
    "r_total": (v("in") / -i("vs"), 4e3),
    "ratio": (v("out") / v("in") - 1, -0.25),
    "reversed": (3 - 3 / v("out"), 1.0),
    "arithmetic": (2 * (v("in") - v("out")) + abs(-v("out")) * 4, 7.0),
    "functions": (ln(v("in")) + exp(v("out")) + sqrt(v("in")), math.log(2) + math.exp(1.5) + math.sqrt(2)),
    "floored": (floor(v("out")) + floor(-v("out")), -1.0),
    "smaller": (minimum(v("in"), v("out"), 1.75), 1.5),
    "larger": (maximum(1.75, v("out"), v("in")), 2.0),
    "summed": (total([v("in"), v("out"), v("in")]), 5.5),
    "averaged": (mean([v("in"), v("out")]), 1.75),
    "above": (v("in") > 1.75, 1.0),
    "below": (v("in") < 1.75, 0.0),
    "at_most": (v("out") <= 1.6, 1.0),
    "at_least": (v("out") >= 1.6, 0.0),
    "both": ((v("in") > 1) & (v("out") > 1.75), 0.0),
    "either": ((v("in") > 1) | (v("out") > 1.75), 1.0),
    "neither": (~((v("in") > 1) | (v("out") > 1.75)), 0.0),
    "differ": ((v("in") > 1) ^ (v("out") > 1.75), 1.0),
    "counted": ((v("in") > 1) + (v("out") > 1) - 5 * (v("out") > 1.75), 2.0),
    "chosen": (Choose(v("in") > v("out"), v("out") * 2, -1.0), 3.0),
    "not_chosen": (Choose(v("in") < v("out"), v("out") * 2, -1.0) + 1, 0.0),
    "guarded": (Choose(v("in") > 3, ln(-v("in")), 5.0), 5.0),  # ngspice has no logarithm of -2, and must not look for it
    "guarded_twice": (Choose(v("in") > 3, 2 * ln(-v("in")), 6.0), 6.0),
}

SQUARE, LEVELS = v("out") * v("out") * (16 / 9), (0.0, 1.0, 2.0, 3.0, 4.0)
LINE = Fit(SQUARE, (listed(LEVELS), listed([1.0] * 5)))
PARABOLA = Fit(v("out"), (1.0 + 0 * v("in"), v("in"), v("in") * v("in")))
AWAY = deviation(SQUARE, LEVELS)
AGAIN = Scan((v("out"),), STATE + ITEM[0], VALUE * (VALUE <= 1))  # a sum that starts again once it is above 1
UP_TO_THREE = Scan((v("in"), listed([1, 1, 0, 1, 1])), minimum(STATE + ITEM[0] * ITEM[1], 3.0), VALUE)

OF_LISTS: dict[str, tuple[Any, float]] = {  # the divider from 0 to 4 V in steps of 1 V: v(out) is 0, 0.75 ... 3; its square k^2
    "mean_out": (Mean(v("out")), 1.5),
    "sum_out": (Sum(v("out")), 7.5),
    "last_less_first": (Final(v("out")) - First(v("out")), 3.0),
    "third": (Point(v("out"), 2), 1.5),
    "largest_of_all": (Largest(abs(v("out") - 2)), 2.0),
    "smallest_of_all": (Smallest(v("out") - v("in")), -1.0),
    "off_mean": (Sum(abs(v("out") - Mean(v("out")))), 4.5),
    "counted": (Sum(rounded(v("out")) > 1), 3.0),  # 0 1 2 2 3
    "taken": (Sum(Taken(v("out"), (4, 0, 4))), 6.0),
    "steepest": (Largest(Differences(SQUARE)), 7.0),
    "inl": (Largest(abs(AWAY)), 1.0),  # k^2 / 4 - k, at 2
    "dnl": (Largest(abs(Differences(AWAY) / Differences(listed(LEVELS)))), 0.75),
    "usable": (Usable(SQUARE, LEVELS, 0.6), 2.0),  # up to m it bends by m / 4 if m is even, by 2 / 3 up to 3
    "all_usable": (Usable(v("out"), LEVELS), 4.0),
    "slope": (Point(LINE, 0), 4.0),
    "constant": (Point(LINE, 1), -2.0),
    "off_line": (Largest(abs(Residual(LINE))), 2.0),  # k^2 - 4 k + 2
    "squares_off_line": (Sum(Residual(LINE) * Residual(LINE)), 14.0),
    "straight": (Point(PARABOLA, 1) + Point(PARABOLA, 2) + Point(PARABOLA, 0), 0.75),
    "again": (Sum(AGAIN), 8.25),  # 0, 0.75, 2.25; 2.25; 3
    "started_again": (Sum(AGAIN > 1), 3.0),
    "up_to_three": (Sum(UP_TO_THREE), 8.0),  # 0 1 1 3 3
    "clipped": (Sum(minimum(v("out"), 1.0)), 3.75),
    "taps": (Largest(abs(listed([0, Mean(v("out")), Mean(v("in"))]) - listed([0, 1, 2]))), 0.5),
}


class Charging(Bench):
    name = "charging"
    summary = "RC and sine"
    template = "charging.cir.j2"
    roles: ClassVar = ()
    definitions: ClassVar = OF_WAVES

    def points(self) -> tuple[VariationPoint, ...]:
        return ()

    def analysis(self) -> Analysis:
        return TranAnalysis(save=self.vectors(), step=5e-12, stop=STOP, reltol=1e-6)

    def measures(self) -> tuple[Measure, ...]:
        limits = {
            "never": Limits("", event=True),
            "never_falls": Limits(""),
            "unsettled": Limits(""),
            "unsettled_early": Limits(""),
        }
        return tuple(Measure(name, "", "", x, limits=limits.get(name)) for name, (x, _) in self.definitions.items())


class Divided(Charging):
    name = "divided"
    summary = "divider"
    template = "divided.cir.j2"
    definitions: ClassVar = OF_NUMBERS

    def analysis(self) -> Analysis:
        return DcAnalysis(save=self.vectors())


class Swept(Divided):
    name = "swept"
    summary = "divider, its supply swept within a trial"
    definitions: ClassVar = OF_LISTS

    def analysis(self) -> Analysis:
        return DcAnalysis(save=self.vectors(), inner=("vs", 0, 4, 1))


@pytest.fixture(params=[Charging, Divided, Swept], ids=["transient", "dc", "sweep"])
def bench(request: pytest.FixtureRequest) -> Charging:
    made: Charging = request.param()
    return made


def test_values(bench: Charging) -> None:
    result = run(bench)
    assert result.outcome == "ok"
    assert result.measures == pytest.approx({name: value for name, (_, value) in bench.definitions.items()}, rel=2e-4, abs=1e-16)


def test_ngspice_prints_the_same(bench: Charging, ngspice_batch: Batch) -> None:
    printed = ngspice_batch(render(bench))
    assert printed == pytest.approx({name: value for name, (_, value) in bench.definitions.items()}, rel=2e-4, abs=1e-16)
    assert printed == pytest.approx(run(bench).measures, rel=2e-5, abs=1e-18)


def test_dc_trials_are_evaluated_side_by_side() -> None:
    waves = Waves({"v(a)": np.array([1.0, 2.0, np.nan]), "v(b)": np.array([2.0, 1.0, 0.0])})
    value = Evaluation(waves)
    np.testing.assert_array_equal(value(minimum(v("a"), v("b"))), [1, 1, np.nan])
    np.testing.assert_array_equal(value(Choose(v("a") > v("b"), v("a"), 5 * v("b"))), [10, 2, 0])
    np.testing.assert_array_equal(value((v("a") > v("b")) + (v("b") > 0)), [1, 2, 0])


def test_lists_of_several_trials_are_those_of_each() -> None:
    ins = np.array([LEVELS, np.array(LEVELS) ** 2])
    outs = np.array([[0, 0.75, 1.5, 2.25, 3], [0, 1, 1, 2, 4]])
    together = Evaluation(Waves({"v(in)": ins.ravel(), "v(out)": outs.ravel()}), 5)
    for trial in range(2):
        alone = Evaluation(Waves({"v(in)": ins[trial], "v(out)": outs[trial]}), 5)
        for name, (definition, value) in OF_LISTS.items():
            assert np.shape(together(definition)) == (2,)
            np.testing.assert_allclose(np.asarray(together(definition))[trial], alone(definition), atol=1e-12, err_msg=name)
            if trial == 0:
                np.testing.assert_allclose(alone(definition), [value], atol=1e-12, err_msg=name)
    np.testing.assert_array_equal(together(v("out")), outs)


class Limited(Charging):
    """Windows that the RC's half-way time is in, at the end of, and beyond."""

    name = "limited"

    def measures(self) -> tuple[Measure, ...]:
        half = Crossing(v("out"), 0.5)
        return (
            Measure("within", "s", "", half, limits=Limits("", high=2e-9)),
            Measure("late", "s", "", half - 0.0, limits=Limits("", high=1.5e-9)),
            Measure("early", "s", "", -half, limits=Limits("", low=-1.5e-9)),
            Measure("from_late", "s", "", half - 0.0 - 1e-9),  # of the time itself, not of the `inf` that is shown for it
        )


def test_a_value_beyond_its_limits_is_printed_as_infinite(ngspice_batch: Batch) -> None:
    expected = pytest.approx({"within": T_HALF, "late": math.inf, "early": -math.inf, "from_late": T_HALF - 1e-9}, rel=1e-4)
    assert run(Limited()).measures == expected
    assert ngspice_batch(render(Limited())) == expected


class Named(Charging):
    """Measures called like the nodes that other measures read, and one that only Python knows."""

    name = "named"

    def measures(self) -> tuple[Measure, ...]:
        python = Python(lambda waves: float(waves("v(out)")[-1]), ("v(out)",), "read in Python")
        return (
            Measure("sine", "V", "", Final(v("out"))),
            Measure("out", "V", "", Largest(v("sine")) + Final(v("out"))),
            Measure("wave_1", "V", "", Largest(v("sine") + v("out") - v("out"))),
            Measure("other", "V", "", python),
            Measure("same", "V", "", Final(v("out"))),
        )


def test_names_of_nodes_are_left_alone(ngspice_batch: Batch) -> None:
    expected = {"sine": 1.0, "out": 1.5, "wave_1": 0.5, "same": 1.0}
    assert run(Named()).measures == pytest.approx(expected | {"other": 1.0}, rel=1e-4)
    assert ngspice_batch(render(Named())) == pytest.approx(expected, rel=1e-4)


def test_vectors_are_those_that_the_definitions_need() -> None:
    assert set(Named().vectors()) == {"v(out)", "v(sine)"}
    assert set(Divided().vectors()) == {"v(in)", "v(out)", "i(vs)"}


@pytest.mark.parametrize(
    ("kind", "definition", "words"),
    [
        (Charging, v("out") + 1, "it is a waveform; a measure is a number"),
        (Charging, Crossing(v("out"), v("in")), "a level or a time of Crossing is a waveform"),
        (Charging, Final(Final(v("out"))), "Final needs a waveform"),
        (Charging, Final(Choose(v("out") > 1, v("in"), 0.0)), "Choose selects between numbers"),
        (Divided, Final(v("out")), "Final needs a transient"),
        (Swept, v("out") + 1, "it is a list; a measure is a number"),
        (Swept, At(v("out"), 1.0), "At needs a transient; in DC a vector is already a list"),
        (Swept, Largest(v("out"), 1e-9), "Largest needs a transient"),
        (Swept, Sum(v("out") + listed([1, 2])), "Binary combines a list of 2 and a list of 5"),
        (Swept, Sum(listed([v("out")])), "a list is made of numbers"),
        (Swept, Mean(Choose(v("out") > 1, v("in"), 0.0)), "Choose selects between numbers, and is given a list"),
        (Charging, Mean(v("out")), "Mean needs a list, and is given a waveform"),
        (Charging, Largest(CHARGED, 1e-9), "Largest needs a waveform, and is given a list"),
        (Charging, Largest(Differences(v("out"))), "Differences needs a list"),
        (Divided, Mean(v("out")), "Mean needs a list, and is given a number"),
    ],
)
def test_a_definition_that_is_none_is_said(kind: type[Charging], definition: Any, words: str) -> None:
    class Wrong(kind):  # type: ignore[valid-type,misc]
        definitions: ClassVar = {"wrong": (definition, 0.0)}

    with pytest.raises(UserError, match=rf"bench '{kind.name}': .*: measure 'wrong': {words}"):
        run(Wrong())


def test_a_vector_that_is_not_saved_is_said() -> None:
    class Forgetful(Divided):
        def analysis(self) -> Analysis:
            return DcAnalysis(save=("v(in)", "i(vs)"))

    with pytest.raises(UserError, match=r"measure 'v_out' needs v\(out\), which analysis\(\) does not save"):
        run(Forgetful())


def test_a_measure_without_a_definition_is_said() -> None:
    class Undefined(Divided):
        def measures(self) -> tuple[Measure, ...]:
            return (*super().measures(), Measure("unknown", "V", ""))

    with pytest.raises(UserError, match=r"bench 'divided': no definition of measure unknown, and no evaluate\(\)"):
        run(Undefined())


def test_a_definition_is_no_truth_value() -> None:
    with pytest.raises(TypeError, match="Choose"):
        bool(v("a") > 1)
    with pytest.raises(TypeError, match=r"a node's voltage is v\('b'\)"):
        v("a") + "b"  # type: ignore[operator]
    assert v("a") + 1 == Vector("v(a)") + 1.0


def test_equal_definitions_of_two_processes_are_one() -> None:
    definition = Crossing(abs(v("q") - v("qb")), 0.5, after=1e-9) - 1e-9
    assert hash(definition)  # kept by the node, and not to be carried over: another process gives text another hash
    script = (
        "import pickle, sys\n"
        "from spicekit.measures import Crossing, v\n"
        "given = pickle.load(sys.stdin.buffer)\n"
        "own = Crossing(abs(v('q') - v('qb')), 0.5, after=1e-9) - 1e-9\n"
        "print(len({given, own}), len({given, own - 1e-9}))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    done = subprocess.run([sys.executable, "-c", script], input=pickle.dumps(definition), capture_output=True, env=environment)
    assert done.stdout.split() == [b"1", b"2"], done.stderr
