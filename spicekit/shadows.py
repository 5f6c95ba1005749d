"""Whether the packages that Python imports are those of this distribution, spicekit-imc.

Another project has the name ``spicekit`` on the Python package index, another one ``montecarlo``.  This file is also run by
itself, by the program, where ``import spicekit`` would find theirs: it needs the standard library alone.
"""

from __future__ import annotations

import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from importlib.util import find_spec
from pathlib import Path

DISTRIBUTION = "spicekit-imc"
PACKAGES = ("spicekit", "montecarlo")


def shadows() -> list[str]:
    """What stands in for our packages, a sentence each: found in our place, or installed over our files."""
    sentences = []
    for name in PACKAGES:
        ours, found = _ours(name), _found(name)
        if found != ours:
            owner = next((one for one in distributions() if found and _holds(one, found)), None)
            by = f" (distribution {owner.name} {owner.version})" if owner else ""
            sentences.append(f"import {name} finds {found or 'no file'}{by} instead of {ours}")
            continue
        try:
            other = distribution(name)
        except PackageNotFoundError:
            continue
        if _holds(other, ours):
            sentences.append(f"distribution {other.name} {other.version} has its files in {ours.parent} too")
    return sentences


def remedy() -> str:
    """The commands that mend it, for the Python that runs this."""
    pip = f"{sys.executable} -m pip"
    return f"{pip} uninstall {' '.join(PACKAGES)}; {pip} install --force-reinstall --no-deps {DISTRIBUTION}"


def _ours(package: str) -> Path:
    return Path(__file__).resolve().parent.parent / package / "__init__.py"


def _found(package: str) -> Path | None:
    """What ``import package`` finds, without importing it."""
    spec = find_spec(package)
    return Path(spec.origin).resolve() if spec and spec.origin else None


def _holds(one: Distribution, file: Path) -> bool:
    """Whether ``one`` has installed ``file``, the ``__init__.py`` of a package."""
    parts = [part for part in one.files or () if part.parts == (file.parent.name, file.name)]
    return any(Path(str(part.locate())).resolve() == file for part in parts)
