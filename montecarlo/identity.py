"""What a result folder is bound to: the files that it was made from, the code that made it, the versions that it ran on.

Two results belong together only if all of that is the same.  A campaign keeps the SHA-256 of every input (:mod:`spicekit.inputs`)
and of the code; a task carries both, and a worker that has others refuses it.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from spicekit import __version__, inputs
from spicekit.doctor import library_problem, library_version
from spicekit.errors import SpicekitError
from spicekit.paths import data_root

BINDING = ("spicekit", "ngspice")  # versions that decide results: others are noted, and said where they differ
LIBRARIES = ("numpy", "scipy", "pyarrow")


@functools.cache
def code_hash() -> str:
    """SHA-256 of the packages with their models and netlists: the same in a checkout and in a wheel."""
    digest = hashlib.sha256()
    for name, folder in _trees():
        for path in sorted(folder.rglob("*")):
            parts = path.relative_to(folder).parts
            if path.is_file() and not {"__pycache__", "_data"} & set(parts):
                content = path.read_bytes()
                digest.update(f"{name}/{'/'.join(parts)} {len(content)}\n".encode())
                digest.update(content)
    return digest.hexdigest()


def _trees() -> list[tuple[str, Path]]:
    found = []
    for name in ("spicekit", "montecarlo"):
        specification = importlib.util.find_spec(name)
        assert specification is not None
        assert specification.origin is not None
        found.append((name, Path(specification.origin).parent))
    return [*found, *((name, data_root() / name) for name in ("models", "netlists"))]


def versions() -> dict[str, str]:
    """Versions of what makes the numbers.  Raises :class:`SpicekitError` if there is no simulator: nothing can be made then."""
    ngspice = library_version()
    if ngspice is None:
        raise SpicekitError(library_problem())
    libraries = {name: version(name) for name in LIBRARIES}
    return {"spicekit": __version__, "ngspice": ngspice, "python": platform.python_version(), **libraries}


def differing(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Versions that are not the same, in words."""
    return [f"{name} {then.get(name, 'unknown')} then, {found} now" for name, found in now.items() if then.get(name) != found]


def digest(record: Mapping[str, Any]) -> str:
    """SHA-256 of a record, whatever the order of its keys."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def check(code: str, files: Mapping[str, str]) -> None:
    """Raise :class:`SpicekitError` unless code and input files are those that a task was made for."""
    if code != code_hash():
        raise SpicekitError(
            f"the code of spicekit has changed (SHA-256 {code[:12]} then, {code_hash()[:12]} now) and results of both may not be "
            "mixed; the finished trials are kept: give another --out for the new code"
        )
    found = inputs.changed(files)
    if found:
        raise SpicekitError(
            f"{found[0]}, and results of both may not be mixed; the finished trials are kept: put the file back, or give "
            "another --out"
        )
