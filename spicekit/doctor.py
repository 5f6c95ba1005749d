"""What spicekit finds on this machine, what is missing, and the command that installs it."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from spicekit.simulator import find_library

_PROBE = (
    "import json; from spicekit.simulator import simulator; s = simulator();"
    "print(json.dumps({'version': s.version, 'xspice': s.has_xspice}))"
)


@dataclass(frozen=True)
class Finding:
    """One thing that spicekit needs or can use."""

    name: str
    found: str  # what was found, "" if nothing
    needed: bool  # False: works without
    remedy: str  # the command that installs it, or what it is for

    @property
    def good(self) -> bool:
        return bool(self.found)


@functools.cache
def _probe() -> dict[str, object]:
    """Load the library in a process of its own: a broken one may not take this process along."""
    try:
        done = subprocess.run([sys.executable, "-P", "-c", _PROBE], capture_output=True, text=True, timeout=60, check=True)
        answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, OSError, ValueError, IndexError):
        return {}
    return answer


def library_version() -> str | None:
    """Version of libngspice, None if it cannot be loaded."""
    found = _probe().get("version")
    return None if found is None else str(found)


def diagnose() -> list[Finding]:
    """Everything that ``spicekit doctor`` reports."""
    library = find_library()
    install = install_command()
    program = shutil.which("ngspice")
    findings = [
        Finding("libngspice", f"{library}, version {library_version()}" if library_version() else "", True, install),
        Finding("XSPICE code models", "built in" if _probe().get("xspice") else "", False, f"digital models; {install}"),
        Finding("ngspice program", program or "", False, f"to run rendered netlists by hand: {install}"),
    ]
    for package, needed, purpose in (
        ("PySpice", True, "pip install spicekit"),
        ("distributed", False, "campaigns on a cluster: pip install 'spicekit[dask]'"),
        ("openturns", False, "rare-failure search: pip install 'spicekit[yield]'"),
    ):
        try:
            found = version(package)
        except PackageNotFoundError:
            found = ""
        findings.append(Finding(package, found, needed, purpose))
    return findings


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
