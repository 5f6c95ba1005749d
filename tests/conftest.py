"""What the tests share: the real ngspice (as a program and in this process), the real command line, fingerprints of folders."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from scipy.special import ndtr

from spicekit.physics.bnn_row import lsb, sigma_in_lsb
from spicekit.simulator import simulator
from spicekit.table import LookupTable
from spicekit.waves import Array

# The same examples in every run, and no deadline: this machine may be busy with something else.
settings.register_profile("spicekit", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("spicekit")

_PRINTED = re.compile(r"^(\w+) = (\S+)$", re.MULTILINE)


LONGEST = (  # files of half a minute and more, the longest first: side by side, all workers then end together
    "montecarlo/test_faults.py", "montecarlo/test_cluster.py", "montecarlo/test_soak.py", "montecarlo/test_identity.py",
    "montecarlo/test_qualify.py", "montecarlo/test_campaign.py", "montecarlo/test_figures_neurons.py",
    "spicekit/benches/test_tbs.py", "spicekit/benches/test_sot_sense.py", "montecarlo/test_figures.py",
    "spicekit/benches/test_junction_benches.py", "montecarlo/test_stt_bnn.py", "montecarlo/test_characterize.py",
    "spicekit/test_folders.py", "spicekit/benches/test_stt_wer.py", "montecarlo/test_engines.py", "montecarlo/test_joint.py",
    "spicekit/benches/test_c3cim.py", "spicekit/benches/test_vsa.py", "spicekit/test_surroundings.py",
    "montecarlo/test_published_margins.py", "montecarlo/test_rare.py", "montecarlo/test_sweep.py", "montecarlo/test_report.py",
)  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    said = "what simulates where a test asks for ngspice: itself, or the engine batch for the benches that it knows"
    parser.addoption("--engine", choices=("ngspice", "batch"), default="ngspice", help=said)


def pytest_configure(config: pytest.Config) -> None:
    """With ``--engine batch`` the engine is put in ngspice's place here and, by PYTHONPATH, in workers and commands."""
    if config.getoption("--engine") == "batch":
        folder = str(Path(__file__).resolve().parent / "by_batch")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH", ""))))
        sys.path.insert(0, folder)
        importlib.import_module("batch_where_it_can").install()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; within a file and among the others the order stays."""
    tests = Path(__file__).resolve().parent
    place = {str(tests / name): number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(str(item.path), len(place)))


@pytest.fixture(scope="session")
def of_ngspice(pytestconfig: pytest.Config) -> None:
    """Of tests that say what ngspice itself does: beside the engine batch, or in process beside alone, to four digits and more.

    With ``--engine batch`` they are left out: that is as near to ngspice as ngspice with finer tolerances is to itself, which
    tests of its own and every campaign hold it to.
    """
    if pytestconfig.getoption("--engine") == "batch":
        pytest.skip("of ngspice itself")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def user_benches() -> Path:
    """The folder of benches written as a user would write them."""
    return Path(__file__).resolve().parent / "benches"


@pytest.fixture(scope="session")
def ngspice_batch(of_ngspice: None) -> Callable[[str], dict[str, float]]:
    """Run a netlist with the ngspice program (``ngspice -b``, netlist on standard input); returns what it ``print``s."""

    def run(netlist: str) -> dict[str, float]:
        done = subprocess.run(["ngspice", "-b"], input=netlist, capture_output=True, text=True, timeout=120, check=False)
        return {name: float(value) for name, value in _PRINTED.findall(done.stdout)}

    return run


@pytest.fixture
def solve() -> Callable[[str, str, Iterable[str]], dict[str, Array]]:
    """Load a netlist into the ngspice of this process, run one command, return the named vectors."""

    def run(netlist: str, command: str, names: Iterable[str]) -> dict[str, Array]:
        ngspice = simulator()
        ngspice.load(netlist)
        ngspice.command(command)
        return ngspice.vectors(names)

    return run


Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Make a folder of some name once for all workers of pytest-xdist: the first makes it, the others wait for that."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder, part = shared / name, shared / f"{name}.part"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                shutil.rmtree(part, ignore_errors=True)  # of a worker that failed
                make(part)
                part.rename(folder)
        return folder

    return made


@pytest.fixture(scope="session")
def cli_command() -> list[str]:
    """The command line as a program."""
    return [sys.executable, "-m", "spicekit.cli"]


@pytest.fixture(scope="session")
def forked() -> Iterator[Any]:
    """The process that has imported everything and forks one for each command (tests/forked_cli.py)."""
    spec = importlib.util.spec_from_file_location("forked_cli", Path(__file__).with_name("forked_cli.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with contextlib.closing(module.Forked()) as client:
        yield client


@pytest.fixture(scope="session")
def cli(cli_command: list[str], forked: Any) -> Cli:
    """Run the command line as a user does, in a process of its own, with neither stream a terminal.

    With another environment that process is a new Python: what it imports may look there.
    """

    def run(
        *arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout: float = 240
    ) -> subprocess.CompletedProcess[str]:
        if not env and forked.unchanged():
            found: subprocess.CompletedProcess[str] = forked.run([str(argument) for argument in arguments], cwd, timeout)
            return found
        return subprocess.run(
            [*cli_command, *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def complaint() -> Callable[[subprocess.CompletedProcess[str], int], str]:
    """Check that a command failed in the promised way (exit code, one line on stderr, nothing on stdout); return the line."""

    def check(done: subprocess.CompletedProcess[str], code: int) -> str:
        assert done.returncode == code, done.stderr
        assert done.stdout == ""
        assert done.stderr.endswith("\n")
        assert done.stderr.count("\n") == 1, done.stderr
        assert done.stderr.startswith("spicekit: ")
        assert "Traceback" not in done.stderr
        return done.stderr.removeprefix("spicekit: ").strip()

    return check


@pytest.fixture(scope="session")
def fingerprint() -> Callable[[Path], dict[str, str]]:
    """SHA-256 of the samples and of every part of a campaign's trials table."""

    def hashes(folder: Path) -> dict[str, str]:
        files = [folder / "samples.parquet", *sorted((folder / "trials").iterdir())]
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    return hashes


@pytest.fixture(scope="session")
def arrivals() -> Callable[[Array], tuple[Array, Array]]:
    """Mean and standard deviation in s of a log-normal time against V: 6.4 ns at 0.4 V, 17.6 a volt, threshold 1.6 mV."""

    def times(v_in: Array) -> tuple[Array, Array]:
        sigma = 17.6 * 1.6e-3
        mean = 6.4e-9 * np.exp(-17.6 * (v_in - 0.4) + sigma**2 / 2)
        return mean, mean * np.sqrt(np.expm1(sigma**2))

    return times


@pytest.fixture(scope="session")
def stt_bnn_table(arrivals: Callable[[Array], tuple[Array, Array]]) -> LookupTable:
    """A table like that of `spicekit characterize stt-bnn`, from closed forms."""
    distance = np.arange(-12.0, 12) + 0.5
    tmr, n, v_in = np.array([1.0, 2.5]), np.array([32, 64, 128, 256]), np.linspace(0.30, 0.50, 11)
    step = np.array([[lsb(int(count), ratio, 0.6, 0.2) for count in n] for ratio in tmr])
    row = np.array([[sigma_in_lsb(int(count), count / 2, ratio, 0.05, 0.10) for count in n] for ratio in tmr])
    total = np.hypot(row, 1.6e-3 / step)
    mean, std = arrivals(v_in)
    return LookupTable(
        {"tmr": tmr, "n": n, "distance": distance, "v_in": v_in},
        {
            "lsb": (("tmr", "n"), step),
            "sigma_row": (("tmr", "n"), row),
            "sigma_total": (("tmr", "n"), total),
            "error": (("tmr", "n", "distance"), ndtr(-np.abs(distance) / total[..., None])),
            "time_t_load": (("v_in",), mean),
            "time_t_load_std": (("v_in",), std),
        },
        {},
        {"spicekit": json.dumps({"system": "stt-bnn", "nominal": {"tmr": 2.5, "vdd": 1.1, "corner": "tt"}})},
    )


@pytest.fixture(scope="session")
def neuron_table() -> Callable[[], LookupTable]:
    """Makes tables like that of `spicekit characterize dynamic-if`, with two temperatures."""

    def made() -> LookupTable:
        where, all_of = ("temperature", "corner"), ("frequency", "vdd", "temperature", "corner")
        values: dict[str, tuple[tuple[str, ...], Array]] = {
            "line_gain": (all_of, np.array([[[[0.9], [1.01]]]])),
            "line_leak": (all_of, np.array([[[[0.02], [0.001]]]])),
            "energy_e_step": (all_of, np.array([[[[2e-12], [1e-12]]]])),
            "alone_step_bias": (where, np.array([[1.0], [0.14]])),
            "alone_sigma_bias": (where, np.array([[0.5], [0.25]])),
            "alone_sigma_step": (where, np.array([[0.2], [0.1]])),
            "train_sigma_bsnn": (where, np.array([[0.0040], [0.00276]])),
            "sigma_row": (where, np.array([[0.7], [0.65]])),
            "threshold_offset": (where, np.array([[0.5], [0.1]])),
            "threshold_offset_std": (where, np.array([[0.8], [0.4]])),
            "programmed_offset": (("theta",), np.array([-0.2, 0.3])),
            "programmed_offset_std": (("theta",), np.array([0.7, 0.3])),
        }
        coordinates = {
            "frequency": np.array([166e6]), "vdd": np.array([1.1]), "temperature": np.array([-40.0, 27.0]),
            "corner": np.array(["tt"]), "theta": np.array([0.0, 40.0]),
        }  # fmt: skip
        nominal = '{"frequency": 166e6, "vdd": 1.1, "temperature": 27.0, "corner": "tt", "theta": 16}'
        attributes = {"spicekit": f'{{"system": "dynamic-if", "nominal": {nominal}}}'}
        return LookupTable(coordinates, values, {}, attributes)

    return made
