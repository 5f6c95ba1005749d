"""What spicekit finds on this machine, what is missing, and the command that installs it."""

from __future__ import annotations

import functools
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from spicekit.shadows import DISTRIBUTION, remedy, shadows
from spicekit.shared_library import find_library

_PROBE = """
import json
from spicekit.errors import SpicekitError
from spicekit.simulator import simulator
try:
    found = simulator()
    answer = {"version": found.version, "xspice": found.has_xspice, "osdi": found.has_osdi}
except SpicekitError as error:
    answer = {"problem": str(error)}
print(json.dumps(answer))
"""


@dataclass(frozen=True)
class Finding:
    """One thing that spicekit needs or can use."""

    name: str
    found: str  # what was found, "" if nothing
    needed: bool  # False: works without
    remedy: str  # the command that installs it, or what it is for
    problem: str = ""  # why what is there is of no use, and what to do

    @property
    def good(self) -> bool:
        return bool(self.found)


@functools.cache
def _probe() -> dict[str, object]:
    """Load the library in a process of its own: a broken one may not take this process along."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _PROBE], capture_output=True, text=True, errors="replace", timeout=60, check=False
        )
        answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"problem": f"{find_library()} did not load within 60 s"}
    except OSError as error:
        return {"problem": f"cannot start {sys.executable}: {error.strerror}"}
    except (ValueError, IndexError):  # it died before it could answer
        if done.returncode < 0:
            return {"problem": f"{find_library()} crashed while it was loaded ({signal.Signals(-done.returncode).name})"}
        return {"problem": (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]}
    return answer


def library_version() -> str | None:
    """Version of libngspice, None if it cannot be loaded."""
    found = _probe().get("version")
    return None if found is None else str(found)


def library_problem() -> str:
    """Why libngspice cannot be loaded, in the loader's words; empty if it can be."""
    return str(_probe().get("problem", ""))


def diagnose() -> list[Finding]:
    """Everything that ``spicekit doctor`` reports."""
    install = install_command()
    program = shutil.which("ngspice")
    library, loaded, problem = find_library(), library_version(), library_problem()
    findings = [
        Finding("libngspice", f"{library}, version {loaded}", True, install)
        if loaded
        else Finding("libngspice", "", True, install if library else problem, problem if library else ""),
        Finding("XSPICE code models", "built in" if _probe().get("xspice") else "", False, f"digital models; {install}"),
        Finding(
            "OSDI models",
            "built in" if _probe().get("osdi") else "",
            False,
            "compiled Verilog-A (IHP's PDK): an ngspice built with --enable-osdi",
        ),
        Finding("ngspice program", program or "", False, f"to run rendered netlists by hand: {install}"),
        _packages(),
    ]
    for package, needed, purpose in (
        ("PySpice", True, f"pip install {DISTRIBUTION}"),
        ("distributed", False, f"campaigns on a cluster: pip install '{DISTRIBUTION}[dask]'"),
        ("openturns", False, f"rare-failure search: pip install '{DISTRIBUTION}[yield]'"),
    ):
        try:
            found = version(package)
        except PackageNotFoundError:
            found = ""
        findings.append(Finding(package, found, needed, purpose))
    return findings


def _packages() -> Finding:
    """Whether the packages that Python imports are ours."""
    found = shadows()
    problem = "; ".join([*found, remedy()]) if found else ""
    return Finding("spicekit, montecarlo", "" if problem else str(Path(__file__).parent.parent), True, remedy(), problem)


def install_command() -> str:
    """How to install ngspice on this system."""
    for program, command in (
        ("apt-get", "sudo apt-get install libngspice0 ngspice"),
        ("dnf", "sudo dnf install libngspice ngspice"),
        ("pacman", "sudo pacman -S ngspice"),
        ("zypper", "sudo zypper install libngspice0 ngspice"),
        ("brew", "brew install libngspice ngspice"),
        ("conda", "conda install -c conda-forge ngspice-lib ngspice"),
    ):
        if shutil.which(program):
            return command
    return "install libngspice (https://ngspice.sourceforge.io) and set NGSPICE_LIBRARY_PATH to its file"
