"""Circuit fragments on their own, by hand-computable circuits around them."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pytest
from numpy.typing import NDArray

from spicekit import make_bench, render
from spicekit.errors import UserError
from spicekit.netlist import environment, render_at

Array = NDArray[np.float64]
Solve = Callable[[str, str, Iterable[str]], dict[str, Array]]


def test_templates_are_sandboxed() -> None:
    for attack in ("{{ ''.__class__.__mro__ }}", "{{ bench.__init__.__globals__ }}", "{{ [].append(1) }}"):
        with pytest.raises(jinja2.exceptions.SecurityError):
            environment().from_string(attack).render(bench=make_bench("sot-read", {}))


def test_an_undefined_name_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="nope"):
        environment().from_string("R1 a 0 {{ nope }}").render()


@pytest.mark.parametrize("value", [1 / 3, 4.5e-8, 1e-15, 0.1 + 0.2])
def test_numbers_keep_every_digit(value: float) -> None:
    assert float(environment().from_string("{{ value }}").render(value=value)) == value
    assert float(environment().from_string("{{ value }}").render(value=np.float64(value))) == value


def test_only_templates_live_in_netlists_and_models(repository: Path) -> None:
    for folder, allowed in (("netlists", {".j2"}), ("models", {".j2", ".toml", ".va"})):
        files = [file for file in (repository / folder).rglob("*") if file.is_file() and "__pycache__" not in file.parts]
        found = {file.suffix for file in files if file.name != "bsim4.txt"}  # the names of ngspice's parameters
        assert found <= allowed


@pytest.mark.parametrize("bench", ["sot-read", "sot-logic"])
def test_a_netlist_has_no_blank_line_and_ends(bench: str) -> None:
    text = render(make_bench(bench, {}))
    assert "\n\n" not in text
    assert text.endswith("\n.end\n")
    assert text.startswith(f"* spicekit {bench}: ")
    # for a campaign: the same circuit without commands, its points following the trial number
    swept = render_at(make_bench(bench, {}), {}, standalone=False)
    assert ".control" not in swept
    assert "Vtrial trial 0 0" in swept


def test_every_point_is_one_source() -> None:
    bench = make_bench("sot-logic", {"fan_in": 3})
    text = render_at(bench, {"ra_c2": 19.25})
    for point in bench.points():
        (source,) = re.findall(rf"^V{point.name} {point.name} 0 (\S+)$", text, re.M)
        assert float(source) == (19.25 if point.name == "ra_c2" else point.nominal)
    samples = {point.name: point.nominal + 0.001 * np.arange(4.0) for point in bench.points()}
    swept = render(bench, samples)
    for point in bench.points():
        (knots,) = re.findall(rf"^B{point.name} {point.name} 0 V = pwl\(V\(trial\),(.*)\)$", swept, re.M)
        numbers = [float(word) for word in knots.split(",")]
        assert numbers[::2] == [0, 1, 2, 3]
        assert numbers[1::2] == samples[point.name].tolist()  # every digit


def test_swept_trials_are_the_trials_one_by_one(solve: Solve) -> None:
    """The trial number picks exactly its own sample: no neighbour is mixed in by the pwl."""
    bench = make_bench("sot-read", {"access": "ideal", "bias": "ideal", "v_half": "inf"})
    rng = np.random.default_rng(5)
    samples = {"ra_c0": rng.uniform(10, 30, 700), "tmr_c0": rng.uniform(0.5, 4, 700)}
    text = re.sub(r"^\.save .*$", ".save v(ra_c0) v(tmr_c0)", render(bench, samples), flags=re.MULTILINE)
    found = solve(text, "dc vtrial 0 699 1", ["v(ra_c0)", "v(tmr_c0)"])
    # pwl interpolates between two knots: the sample comes back to the rounding of V(trial) times the slope between samples
    np.testing.assert_allclose(found["v(ra_c0)"], samples["ra_c0"], rtol=1e-12)
    np.testing.assert_allclose(found["v(tmr_c0)"], samples["tmr_c0"], rtol=1e-12)


def test_sot_cell_write_path_is_the_rail(solve: Solve) -> None:
    """With the read transistor off and the write transistor on, the current of WBL flows through the rail to SL alone."""
    bench = make_bench("sot-read", {"r_rail": 1000.0})
    text = render_at(bench, {}, standalone=False)
    library = "\n".join(
        re.findall(r"^\.model .*(?:\n\+.*)*", text, re.M) + re.findall(r"^\.subckt [\s\S]*?^\.ends", text, re.M)
    )  # fmt: skip
    found = solve(
        f"* cell\n.options reltol=1e-7 gmin=1e-15\n{library}\n"
        "Vwbl wbl 0 0.3\nVwwl wwl 0 1\nVrwl rwl 0 0\nVrbl rbl 0 0\nVsl sl 0 0\nVstate state 0 1\nVra ra 0 18\nVtmr tmr 0 2\n"
        "Vcd cd 0 1\nVvth vth 0 0\nVbeta beta 0 0\nX1 rbl wbl sl rwl wwl state ra tmr cd vth beta sot_2t1r\n"
        ".save v(x1.mid) v(x1.head) i(vwbl) i(vsl) i(vrbl)\n.end\n",
        "op",
        ["v(x1.mid)", "v(x1.head)", "i(vwbl)", "i(vsl)", "i(vrbl)"],
    )
    rail = found["i(vsl)"][0]
    assert rail > 20e-6
    assert found["v(x1.mid)"][0] == pytest.approx(rail * 500, rel=1e-6)  # each half of the rail is 500 ohm
    assert found["v(x1.head)"][0] == pytest.approx(rail * 1000, rel=1e-3)  # beside what the off read transistor leaks
    assert abs(found["i(vrbl)"][0]) < 1e-3 * rail
    assert -found["i(vwbl)"][0] == pytest.approx(rail, rel=1e-3)


def test_mirror_copies_its_current(solve: Solve) -> None:
    """Each branch of the bias carries its current within the mirror's error of a few per cent."""
    for technology, vdd in (("ptm45", 1.0), ("ptm65", 1.1)):
        bench = make_bench("sot-logic", {"technology": technology, "i_read": 12e-6, "i_logic": 9e-6})
        text = render_at(bench, {}, standalone=False)
        sources = re.findall(r"^V(dd_\w+) ", text, re.M)
        text = re.sub(r"^\.save .*$", ".save " + " ".join(f"i(v{name})" for name in sources), text, flags=re.M)
        found = solve(text, "dc vtrial 0 0 1", [f"i(v{name})" for name in sources])
        reads = {f"i(vdd_{name})" for name in ("diode", "p", "ap", "ref_m")}
        assert len(found) == len(sources) > len(reads)
        assert reads <= found.keys()
        for name, current in found.items():
            assert -current[0] == pytest.approx(12e-6 if name in reads else 9e-6, rel=0.05), (name, vdd)


@pytest.mark.parametrize(
    ("attack", "says"),
    [
        ("{{ p.parse_file('evil.pickle', content_type='application/pickle', allow_pickle=true) }}", "is not safely callable"),
        ("{{ bench.template_folder().joinpath('mark').write_text('x') }}", "is not safely callable"),
        ("{{ technology.corners.tt.model_copy() }}", "is not safely callable"),
        ("{{ bench.session() }}", "is not safely callable"),
        ("{{ here.write_text('x') }}", "is not safely callable"),
        ("{{ numbers.tofile('mark') }}", "is not safely callable"),
        (
            "{{ [here] | map(attribute='parent') | map('attr', 'write_text') | first }}{{ here.touch() }}",
            "is not safely callable",
        ),
        ("{% include 'link.cir.j2' %}", "'link.cir.j2' is a link to a file outside"),
        ("{% include '../outside.cir.j2' %}", "no template '../outside.cir.j2'"),
        ("{{ 1 / 0 }}", "mine.cir.j2:2: ZeroDivisionError: division by zero"),
    ],
)
def test_what_a_template_may_not_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attack: str, says: str) -> None:
    """It computes and writes text: methods of the objects it is given are out of reach, and so are files beside its own."""

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "mark",))

    folder = tmp_path / "benches"
    folder.mkdir()
    (tmp_path / "evil.pickle").write_bytes(pickle.dumps(Evil()))
    (tmp_path / "outside.cir.j2").write_text("* outside")
    (folder / "link.cir.j2").symlink_to(tmp_path / "outside.cir.j2")
    (folder / "mine.cir.j2").write_text('{% extends "bench.cir.j2" %}{% block circuit %}\n' + attack + "{% endblock %}")
    (folder / "mine.py").write_text(
        "from pathlib import Path\nimport numpy\nfrom spicekit.benches.stt.read import SttRead\nclass Mine(SttRead):\n"
        "    name, template = 'mine', 'mine.cir.j2'\n"
        "    def context(self): return {'here': Path('mark'), 'numbers': numpy.arange(3)}\n"
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=re.escape(says)):
        render(make_bench(f"{folder / 'mine.py'}:Mine", {}))
    assert not (tmp_path / "mark").exists()


def test_what_a_template_may_call(tmp_path: Path) -> None:
    """Methods of plain data, its own macros, and functions that the bench hands to it by name."""
    (tmp_path / "mine.cir.j2").write_text(
        '{% extends "bench.cir.j2" %}{% block circuit %}{% macro m(x) %}[{{ x }}]{% endmacro %}\nR1 a 0 1\nV1 a 0 1\n'
        "* {{ m(twice(3)) }} {{ 'a,b'.split(',') | length }} {{ {'k': 1}.items() | length }} {{ half(3.0) }}\n{% endblock %}"
        "{% block control %}{% endblock %}"
    )
    (tmp_path / "mine.py").write_text(
        "from spicekit import Bench, DcAnalysis, Measure\nclass Mine(Bench):\n"
        "    name, summary, template = 'mine', 'mine', 'mine.cir.j2'\n"
        "    def analysis(self): return DcAnalysis(save=('v(a)',))\n"
        "    def measures(self): return (Measure('v', 'V', 'v'),)\n"
        "    def evaluate(self, waves): return {'v': waves('v(a)')}\n"
        "    def context(self): return {'twice': lambda x: 2 * x, 'half': self.half}\n"
        "    def half(self, x): return x / 2\n"
    )
    assert "\n* [6] 2 1 1.5\n" in render(make_bench(f"{tmp_path / 'mine.py'}:Mine", {}))


@pytest.mark.parametrize("odd", ["\\u2028", "\\u0085", "\\u000b", "\\u000c", "\\u001d"])
def test_a_description_with_a_line_break_of_any_kind(tmp_path: Path, repository: Path, odd: str) -> None:
    text = (repository / "models" / "cmos" / "ptm45.toml").read_text()
    file = tmp_path / "mine.toml"
    file.write_text(text.replace('description = "', f'description = "x{odd}.control{odd}shell'))
    with pytest.raises(UserError, match=r"mine\.toml: description: "):
        make_bench("sot-read", {"technology": str(file)})
