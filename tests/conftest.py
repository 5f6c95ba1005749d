"""What the tests share: the real ngspice (as a program and in this process), the real command line, fingerprints of folders."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

from spicekit.simulator import simulator

Array = NDArray[np.float64]

# The same examples in every run, and no deadline: this machine may be busy with something else.
settings.register_profile("spicekit", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("spicekit")

_PRINTED = re.compile(r"^(\w+) = (\S+)$", re.MULTILINE)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def user_benches() -> Path:
    """The folder of benches written as a user would write them."""
    return Path(__file__).resolve().parent / "benches"


@pytest.fixture(scope="session")
def ngspice_batch() -> Callable[[str], dict[str, float]]:
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
def cli_command() -> list[str]:
    """The command line as a program."""
    return [sys.executable, "-m", "spicekit.cli"]


@pytest.fixture(scope="session")
def cli(cli_command: list[str]) -> Cli:
    """Run the command line as a user does, in a process of its own, with neither stream a terminal."""

    def run(
        *arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout: float = 240
    ) -> subprocess.CompletedProcess[str]:
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
