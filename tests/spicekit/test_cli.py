"""The command line as a program: answers on stdout, one JSON object with --json, messages on stderr, exit codes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spicekit import run
from spicekit.registry import bench_names

Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]


def one_object(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The answer, after a check that it is exactly one JSON object and the only thing that was said."""
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.endswith("}\n")
    answer = json.loads(done.stdout, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert isinstance(answer, dict)
    return answer


def test_list(cli: Cli) -> None:
    answer = one_object(cli("list", "--json"))
    assert list(answer) == ["benches"]
    assert [bench["name"] for bench in answer["benches"]] == bench_names()
    assert {"sot-logic", "sot-read"} <= set(bench_names())
    assert all(set(bench) == {"name", "summary"} and bench["summary"] for bench in answer["benches"])
    text = cli("list").stdout
    assert all(name in text for name in bench_names())


def test_show(cli: Cli) -> None:
    answer = one_object(cli("show", "sot-logic", "--json"))
    assert list(answer) == ["bench", "summary", "parameters", "points", "measures", "margins", "works"]
    parameters = {parameter["name"]: parameter for parameter in answer["parameters"]}
    asked_for = {"ra", "diameter", "tmr", "v_half", "i_read", "fan_in", "access", "bias", "technology", "temperature"}
    assert asked_for <= set(parameters)
    for parameter in parameters.values():
        assert set(parameter) == {"name", "default", "unit", "allowed", "meaning"}
        assert parameter["meaning"]
    assert (parameters["diameter"]["unit"], parameters["fan_in"]["allowed"]) == ("m", ">= 2, <= 6")
    assert parameters["access"]["allowed"] == "nmos | ideal"
    assert [margin["name"] for margin in answer["margins"]] == ["read", "and", "or"]
    assert answer["works"] == "min(margin_read, margin_and, margin_or) > 0"
    assert {point["kind"] for point in answer["points"]} == {"ra", "tmr", "cd", "vth", "beta", "r_ref"}
    text = cli("show", "sot-logic").stdout
    for word in (*parameters, "margin_and", "default sigma", f"Works if: {answer['works']}"):
        assert word in text


def test_run(cli: Cli, tmp_path: Path) -> None:
    answer = one_object(cli("run", "sot-read", "-p", "tmr=200%", "-p", "v_half=inf", "--corner", "ff", "--json"))
    assert list(answer) == ["bench", "parameters", "outcome", "measures"]
    assert (answer["bench"], answer["outcome"]) == ("sot-read", "ok")
    assert answer["parameters"]["tmr"] == 2.0
    assert answer["parameters"]["corner"] == "ff"
    assert answer["parameters"]["v_half"] == "inf"  # JSON has no infinity
    here = run("sot-read", tmr=2, v_half="inf", corner="ff").measures
    assert {name: measure["value"] for name, measure in answer["measures"].items()} == here
    assert answer["measures"]["dv"]["unit"] == "V"


def test_run_into_a_folder(cli: Cli, tmp_path: Path) -> None:
    done = cli("run", "sot-read", "--temperature", "85", "--out", tmp_path / "new" / "folder")
    assert (done.returncode, done.stderr) == (0, "")
    assert {file.name for file in (tmp_path / "new" / "folder").iterdir()} == {"run.json", "waveforms.png", "waveforms.raw"}
    assert "dv" in done.stdout
    assert str(tmp_path / "new" / "folder" / "waveforms.png") in done.stdout
    assert json.loads((tmp_path / "new" / "folder" / "run.json").read_text())["parameters"]["temperature"] == 85


def test_render(cli: Cli, tmp_path: Path) -> None:
    done = cli("render", "sot-read", "-p", "ra=12.5")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Vra_c0 ra_c0 0 12.5\n" in done.stdout
    cli("render", "sot-read", "-p", "ra=12.5", "-o", tmp_path / "a.cir")
    assert (tmp_path / "a.cir").read_text() == done.stdout


def test_mc(cli: Cli, tmp_path: Path) -> None:
    options = ("mc", "sot-read", "--trials", 300, "--seed", 3, "--sigma", "ra=8%:lognormal:4", "--sigma-global", "tmr=2%")
    options += ("--correlate", "ra,tmr=0.2", "--sampler", "sobol", "--workers", 1)
    answer = one_object(cli(*options, "--out", tmp_path / "a", "--json"))
    keys = [
        "bench",
        "trials",
        "seed",
        "elapsed_s",
        "outcomes",
        "measures",
        "margins",
        "sensitivity",
        "identity",
        "schema",
        "checksum",
    ]
    assert list(answer) == keys
    assert (answer["bench"], answer["trials"], answer["seed"]) == ("sot-read", 300, 3)
    assert answer["outcomes"] == {"ok": 300, "nonconverged": 0, "timeout": 0, "crashed": 0, "invalid": 0}
    assert set(answer["measures"]["dv"]) == {"unit", "mean", "std", "min", "max", "q001", "q50", "q999"}
    assert answer["measures"]["dv"]["q50"] is not None
    assert answer["measures"]["dv"]["q999"] is None  # of 300 trials
    assert {"unit", "low", "high", "mean", "worst", "sigma3", "sigma6", "reference", "error_rate", "error_rate_ci"} <= set(
        answer["margins"]["read"]
    )
    assert json.loads((tmp_path / "a" / "summary.json").read_text()) == answer
    # the same again: nothing is simulated, the same answer in the text form, with the paths of tables and plots
    done = cli(*options, "--out", tmp_path / "a")
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("300 ok", "summary.json", "samples.parquet", "trials", "distributions.png", "Margins", "read"):
        assert word in done.stdout
    for plot in (tmp_path / "a").glob("*.png"):
        assert str(plot) in done.stdout.replace("\n", "")


def test_doctor(cli: Cli) -> None:
    answer = one_object(cli("doctor", "--json"))
    assert list(answer) == ["findings"]
    findings = {finding["name"]: finding for finding in answer["findings"]}
    for finding in findings.values():
        assert {"name", "found", "needed", "remedy", "good"} <= set(finding)
        assert finding["good"] or finding["remedy"]
    assert findings["libngspice"]["good"]
    assert "version" in findings["libngspice"]["found"]
    assert findings["XSPICE code models"]["good"]


def test_doctor_without_a_library(cli: Cli) -> None:
    done = cli("doctor", env={"NGSPICE_LIBRARY_PATH": "/nonexistent/libngspice.so"})
    assert done.returncode == 1
    line = next(line for line in done.stdout.splitlines() if "libngspice" in line)
    assert line.startswith("MISSING")
    assert "install" in line
    assert "Traceback" not in done.stderr


def test_a_library_that_is_not_there(cli: Cli, complaint: Complaint) -> None:
    line = complaint(cli("run", "sot-read", env={"NGSPICE_LIBRARY_PATH": "/nonexistent/libngspice.so"}), 1)
    assert line.startswith("NGSPICE_LIBRARY_PATH names no file: /nonexistent/libngspice.so; install it with: ")


def test_help(cli: Cli) -> None:
    done = cli("--help")
    assert done.returncode == 0
    for command in ("list", "show", "render", "run", "mc", "replay", "doctor"):
        assert command in done.stdout
    bare = cli()
    assert bare.returncode == 2
    assert "Usage" in bare.stderr
    assert bare.stdout == ""


def test_help_imports_nothing_heavy(cli_command: list[str]) -> None:
    """What makes --help answer at once; its time is measured in benchmarks/."""
    heavy = ("numpy", "scipy", "PySpice", "matplotlib", "pandas", "pyarrow")
    code = f"import sys, spicekit.cli, montecarlo.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([cli_command[0], "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_a_closed_pipe_is_no_traceback(cli_command: list[str]) -> None:
    process = subprocess.Popen([*cli_command, "render", "sot-logic"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.wait(60)


def test_progress_on_a_terminal_only(cli_command: list[str], tmp_path: Path) -> None:
    """With stderr on a terminal a bar with rate and time left; stdout stays the one JSON object."""
    leader, follower = pty.openpty()
    command = [*cli_command, "mc", "sot-read", "--trials", "8000", "--json", "--out", str(tmp_path / "a")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=follower, text=True, env={**os.environ, "TERM": "xterm"})
    os.close(follower)
    said = b""
    try:
        while chunk := os.read(leader, 65536):
            said += chunk
    except OSError:  # Linux's way to say that the other end is closed
        pass
    os.close(leader)
    assert process.stdout is not None
    answer = json.loads(process.stdout.read())
    assert process.wait(60) == 0
    assert answer["outcomes"]["ok"] == 8000
    assert b"8000/8000" in said
    assert b"trials/s" in said


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion_of_bench_names(cli_command: list[str], shell: str) -> None:
    variable = {"bash": "complete_bash", "zsh": "complete_zsh", "fish": "complete_fish"}[shell]
    environment = {"_SPICEKIT_COMPLETE": variable, "COMP_WORDS": "spicekit run sot-l", "COMP_CWORD": "2"}
    environment |= {"_TYPER_COMPLETE_ARGS": "spicekit run sot-l", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    script = Path(cli_command[0]).with_name("spicekit")
    if not script.exists():
        pytest.skip("spicekit is not installed in this environment as a program")
    done = subprocess.run([script], env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False)
    assert "sot-logic" in done.stdout
    assert "sot-read" not in done.stdout
