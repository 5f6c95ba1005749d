"""A bench of a user's own that is wrong: one line with its name, method, file and line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from spicekit.errors import SpicekitError, UserError
from spicekit.registry import make_bench

Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]

BENCH = """from spicekit import Bench, DcAnalysis, Margin, Measure, VariationPoint
class Mine(Bench):
    name, summary, template = "mine", "two resistors", "mine.cir.j2"
    def analysis(self): return DcAnalysis(save=("v(a)",))
    def points(self): return (VariationPoint("r_a", "r", 1.0, "ohm", sigma=0.1),)
    def measures(self): return (Measure("v", "V", "v"),)
    def evaluate(self, waves): return {"v": waves("v(a)")}
"""
TEMPLATE = (
    '{% extends "bench.cir.j2" %}{% block circuit %}V1 a 0 1\nB1 a 0 I = V(a)/V(r_a)\n{% endblock %}'
    "{% block control %}{% endblock %}"
)


def write_bench(folder: Path, old: str = "", new: str = "") -> str:
    assert old in BENCH
    (folder / "mine.py").write_text(BENCH.replace(old, new) if old else BENCH + new)
    (folder / "mine.cir.j2").write_text(TEMPLATE)
    return f"{folder / 'mine.py'}:Mine"


METHODS = {
    "__init__": "    def __init__(self, **given): raise KeyError('x')\n",
    "analysis": "    def analysis(self): raise KeyError('x')\n",
    "points": "    def points(self): raise KeyError('x')\n",
    "measures": "    def measures(self): raise KeyError('x')\n",
    "margins": "    def margins(self): raise KeyError('x')\n",
    "context": "    def context(self): raise KeyError('x')\n",
    "evaluate": "    def evaluate(self, waves): raise KeyError('x')\n",
    "notes": "    def notes(self, measures): raise KeyError('x')\n",
}


@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_raises(cli: Cli, complaint: Complaint, tmp_path: Path, method: str) -> None:
    name = write_bench(tmp_path, new=METHODS[method])
    line = complaint(cli("run", name, cwd=tmp_path), 2)
    assert line == f"bench 'mine': Mine.{method}() raised KeyError: 'x' ({tmp_path / 'mine.py'}:8)"


@pytest.mark.parametrize("error", ["1 / 0", "exit(3)"])
def test_a_method_that_raises_in_a_worker(cli: Cli, tmp_path: Path, error: str) -> None:
    name = write_bench(tmp_path, new=f"    def evaluate(self, waves): return {{'v': {error}}}\n")
    done = cli("mc", name, "--trials", 5, "--workers", 1, "--out", "out", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    assert "bench 'mine': Mine.evaluate() raised " in done.stderr
    assert f"({tmp_path / 'mine.py'}:8)" in done.stderr


def test_debug_prints_the_traceback(cli: Cli, tmp_path: Path) -> None:
    name = write_bench(tmp_path, new=METHODS["evaluate"])
    done = cli("--debug", "run", name, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback (most recent call last)" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("spicekit: bench 'mine': ")


def test_a_syntax_error_is_found(cli: Cli, complaint: Complaint, tmp_path: Path) -> None:
    name = write_bench(tmp_path, new="    def oops(:\n")
    assert complaint(cli("run", name, cwd=tmp_path), 2).startswith(f"{tmp_path / 'mine.py'}:8: SyntaxError: ")


@pytest.mark.parametrize("command", [("run",), ("mc", "--trials", 5, "--workers", 1, "--out", "out")])
def test_what_a_bench_prints_is_no_answer(cli: Cli, tmp_path: Path, command: tuple[object, ...]) -> None:
    name = write_bench(
        tmp_path,
        new="    def evaluate(self, waves):\n        print('chatter')\n        return {'v': waves('v(a)')}\nprint('hello')\n"
        "_init = Mine.__init__\ndef init(self, **given):\n    print('made')\n    _init(self, **given)\nMine.__init__ = init\n",
    )
    done = cli(command[0], name, *command[1:], "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)
    assert {"chatter", "hello", "made"} <= set(done.stderr.split())


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('Measure("v", "V", "v"),', 'Measure("trial", "V", "v"),', "measure 'trial': this name is taken"),
        ('Measure("v", "V", "v"),', 'Measure("Outcome", "V", "v"),', "measure 'Outcome': this name is taken"),
        ('Measure("v", "V", "v"),', 'Measure("a/b", "V", "v"),', "measure 'a/b': a name has letters, digits and _"),
        ('Measure("v", "V", "v"),', 'Measure("v", "V", "v"), Measure("v", "V", "w")', "measure 'v' is there twice"),
        ('VariationPoint("r_a"', 'VariationPoint("r a"', "variation point 'r a': a name has letters"),
        ('VariationPoint("r_a"', 'VariationPoint("trial"', "variation point 'trial': this name is taken"),
        ('"r", 1.0', '"r", float("nan")', "variation point 'r_a': nominal value nan; give a finite number"),
        ('"two resistors"', '"two\\n.control\\nshell touch mark"', "summary: 'two\\n.control"),
        ('"mine", "two', '"", "two', "name: '' given; give one line of text"),
        ('DcAnalysis(save=("v(a)",))', "None", "analysis() gives None; give a DcAnalysis or TranAnalysis"),
    ],
)
def test_a_wrong_declaration_is_said_when_the_bench_is_made(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(UserError) as caught:
        make_bench(write_bench(tmp_path, old, new), {})
    assert says.replace("\n", " ") in str(caught.value).replace("\\n", " ") or says in str(caught.value)


def test_a_margin_of_no_measure(tmp_path: Path) -> None:
    name = write_bench(tmp_path, new="    def margins(self): return (Margin('m', low='v', high='w'),)\n")
    with pytest.raises(UserError, match=r"bench 'mine': margin 'm': 'w' is no measure; there are v"):
        make_bench(name, {})


@pytest.mark.parametrize("answer", ["None", "{'v': [1.0, 2.0, 3.0]}", "{'v': 'x'}"])
def test_an_evaluation_that_is_no_answer(tmp_path: Path, answer: str) -> None:
    from spicekit import run

    with pytest.raises(SpicekitError, match=r"bench 'mine': evaluate\(\) gives "):
        run(write_bench(tmp_path, new=f"    def evaluate(self, waves): return {answer}\n"))
